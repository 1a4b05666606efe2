package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A row of the tables is an engine in a driver, with an environment. The rows are listed in rows.json; the first one
// marked "ours" is what all others are compared with.
type row struct {
	Name   string            `json:"name"`
	Driver string            `json:"driver"` // one of drivers
	Engine string            `json:"engine"` // the driver's argument
	Env    map[string]string `json:"env,omitempty"`
	Ours   bool              `json:"ours,omitempty"`   // the one compared with
	Kernel bool              `json:"kernel,omitempty"` // also this project's, with fewer instructions of the CPU
	Memory bool              `json:"memory,omitempty"` // reads the file itself: its memory counts, its time is another thing
	Batch  bool              `json:"batch,omitempty"`  // has a batch function
	Saves  bool              `json:"saves,omitempty"`  // has a saved form
	Floor  bool              `json:"floor,omitempty"`  // no engine, no answers
	Every  int               `json:"every,omitempty"`  // slow: takes part in every n-th round only
	Color  string            `json:"color"`            // in plots: #rrggbb
	Mark   string            `json:"mark"`             // in plots: one of marks
}

//go:embed rows.json
var rowsJSON []byte

// readRows returns the rows whose name contains one of the comma-separated words; "": all. Ours always takes part:
// without it there is nothing to compare with.
func readRows(words string) ([]row, error) {
	var all []row
	if err := json.Unmarshal(rowsJSON, &all); err != nil {
		return nil, fmt.Errorf("rows.json: %w", err)
	}
	if words == "" {
		return all, nil
	}
	rows := slices.DeleteFunc(all, func(r row) bool { return !r.Ours && !matches(r.Name, words) })
	return rows, nil
}

// matches tells whether a name contains one of the comma-separated words; a word with "=" in front must be all of it.
func matches(name, words string) bool {
	for word := range strings.SplitSeq(words, ",") {
		whole, ok := strings.CutPrefix(word, "=")
		if ok && name == whole || !ok && word != "" && strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// takesPart tells whether a row is measured in a round (0-based).
func (r row) takesPart(round int) bool {
	return r.Every <= 1 || round%r.Every == 0
}

// restyle gives the rows of older results the colours and marks of today's rows.json.
func (r *results) restyle() {
	today, err := readRows("")
	if err != nil {
		return
	}
	for i, old := range r.Rows {
		for _, row := range today {
			if row.Name == old.Name {
				r.Rows[i].Color, r.Rows[i].Mark = row.Color, row.Mark
			}
		}
	}
}
