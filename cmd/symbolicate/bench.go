package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func benchCommand() *cobra.Command {
	var rounds int
	c := &cobra.Command{
		Use:   "bench MAP",
		Short: "Time this engine on a source map of yours",
		Long: `Reads the map from memory until it is ready for lookup, looks positions up, saves and opens the index; each several
times, and prints the median with the least and the most. The floor is one search for quotes through the same bytes: no
engine that reads all of a map can be faster. (The folder bench of the sources compares this engine with others.)`,
		Example: "  symbolicate bench app.js.map",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if rounds < 1 {
				return fmt.Errorf("bench: --rounds %d: want 1 or more", rounds)
			}
			data, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			return bench(c, filepath.Base(args[0]), data, rounds)
		},
	}
	c.Flags().IntVarP(&rounds, "rounds", "n", 15, "how often each is done")
	return c
}

// timed runs the work so many times and returns how long each took, in order.
func timed(rounds int, work func() error) (list []time.Duration, err error) {
	for range rounds {
		runtime.GC()
		start := time.Now()
		if err = work(); err != nil {
			return nil, err
		}
		list = append(list, time.Since(start))
	}
	slices.Sort(list)
	return list, nil
}

func bench(c *cobra.Command, name string, data []byte, rounds int) error {
	m, err := sourcemap.Parse(data, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", name, plainError(err))
	}
	defer m.Close()
	var out bytes.Buffer
	row := func(what string, list []time.Duration, per int, unit string) {
		median := list[len(list)/2]
		fmt.Fprintf(&out, "  %-34s %10s  (%s to %s)", what, short(median), short(list[0]), short(list[len(list)-1]))
		if per > 0 {
			fmt.Fprintf(&out, "  %.1f ns a %s", float64(median.Nanoseconds())/float64(per), unit)
		}
		out.WriteByte('\n')
	}
	fmt.Fprintf(&out, "%s: %s bytes, %s mappings, kernel %s, %d rounds\n", bold(clean(name)), thousands(len(data)), thousands(m.Len()), sourcemap.Kernel(), rounds)
	floor, err := timed(rounds, func() error {
		for rest := data; ; {
			i := bytes.IndexByte(rest, '"')
			if i < 0 {
				return nil
			}
			rest = rest[i+1:]
		}
	})
	if err != nil {
		return err
	}
	row("floor: every quote in the map", floor, 0, "")
	parse, err := timed(rounds, func() error {
		m, err := sourcemap.Parse(data, nil)
		if err == nil {
			m.Close()
		}
		return err
	})
	if err != nil {
		return err
	}
	row("read until ready for lookup", parse, m.Len(), "mapping")
	if m.Len() > 0 {
		if err := benchLookups(m, rounds, row); err != nil {
			return err
		}
	}
	if err := benchSaved(m, rounds, row, &out); err != nil {
		return err
	}
	size := m.IndexSize()
	fmt.Fprintf(&out, "  in memory %s bytes beside the map: mappings %s (%.2f each), names %s, sources %s\n", thousands(int(size.All)),
		thousands(int(size.Mappings)), float64(size.Mappings)/float64(max(m.Len(), 1)), thousands(int(size.Names)), thousands(int(size.Sources)))
	_, err = c.OutOrStdout().Write(out.Bytes())
	return err
}

func benchLookups(m *sourcemap.Map, rounds int, row func(string, []time.Duration, int, string)) error {
	const n = 100_000
	random := rand.New(rand.NewPCG(1, 1))
	step, i := max(1, m.Len()/n), 0
	var positions []sourcemap.Position
	for mapping := range m.Mappings() {
		if i%step == 0 {
			positions = append(positions, mapping.Generated)
		}
		i++
	}
	for _, order := range []string{"in order", "at random"} {
		if order == "at random" {
			random.Shuffle(len(positions), func(i, j int) { positions[i], positions[j] = positions[j], positions[i] })
		}
		lines, columns := make([]int32, len(positions)), make([]int32, len(positions))
		for i, p := range positions {
			lines[i], columns[i] = p.Line, p.Column
		}
		column := func() []int32 { return make([]int32, len(positions)) }
		dst := sourcemap.Columns{Source: column(), Line: column(), Column: column(), Name: column()}
		single, err := timed(rounds, func() error {
			for _, p := range positions {
				m.Lookup(p)
			}
			return nil
		})
		if err != nil {
			return err
		}
		row("look up, one by one, "+order, single, len(positions), "position")
		many, err := timed(rounds, func() error { return m.LookupMany(lines, columns, dst) })
		if err != nil {
			return err
		}
		row("look up, all in one call, "+order, many, len(positions), "position")
	}
	return nil
}

func benchSaved(m *sourcemap.Map, rounds int, row func(string, []time.Duration, int, string), out *bytes.Buffer) error {
	folder, err := os.MkdirTemp("", "symbolicate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "index")
	saved, err := timed(min(rounds, 3), func() error { return m.Save(path, nil) })
	if err != nil {
		return plainError(err)
	}
	row("save as an index", saved, 0, "")
	var first sourcemap.Position
	for mapping := range m.Mappings() {
		first = mapping.Generated
		break
	}
	opened, err := timed(rounds, func() error {
		m, err := sourcemap.Open(path, nil)
		if err == nil {
			m.Lookup(first)
			err = m.Err()
			m.Close()
		}
		return err
	})
	if err != nil {
		return plainError(err)
	}
	row("open it and look up once", opened, 0, "")
	if info, err := os.Stat(path); err == nil {
		fmt.Fprintf(out, "  saved %s bytes\n", thousands(int(info.Size())))
	}
	return nil
}

// short writes a duration with three digits.
func short(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= unit.size {
			text := fmt.Sprintf("%.3g", float64(d)/float64(unit.size))
			if strings.Contains(text, "e") {
				text = fmt.Sprintf("%.0f", float64(d)/float64(unit.size))
			}
			return text + " " + unit.name
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
