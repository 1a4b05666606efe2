package main

import (
	"fmt"
	"strings"
)

// A goal is a figure that the project has set itself; the first table of RESULTS.md says where it stands.
type goal struct {
	what        string
	reach, goal float64
	atLeast     bool // the figure must be at least so much; else at most
	unit        string
	value       func(r *results, maps []sample) (value float64, on string, ok bool)
}

// oxcRows are oxc with both ways of its allocator: the faster one counts.
var oxcRows = []string{"oxc", "oxc, heap kept"}

var goals = []goal{
	{"ready, oxc's time ÷ symbolicate's, worst map", 2.5, 4, true, "×", worst(oxcRows, "symbolicate", bothReady)},
	{"the same, AVX2", 1.5, 2.5, true, "×", worst(oxcRows, "symbolicate AVX2", bothReady)},
	{"the same, plain Go", 0.8, 1.2, true, "×", worst(oxcRows, "symbolicate plain Go", bothReady)},
	{"ready, symbolic's time (without JS) ÷ symbolicate's, worst map", 7, 15, true, "×", worst([]string{"symbolic"}, "symbolicate", bothReady)},
	{"random lookup, oxc's time ÷ symbolicate's, worst map", 1, 2, true, "×", worst([]string{"oxc"}, "symbolicate", lookupsOf("random"))},
	{"sorted lookup, slowest map", 35, 10, false, " ns", slowest("sorted")},
	{"sorted lookup in one call, slowest map", 35, 10, false, " ns", slowest("many-sorted")},
	{"bytes of the mapping section ÷ segments, median", 5.5, 4, false, "", medianOf(func(c *cell, s sample) (float64, bool) {
		return float64(c.Packed) / float64(s.Shape.Segments), c.Packed > 0
	})},
	{"saved file ÷ map, median of maps with source texts", 0.5, 0.3, false, "", medianOf(func(c *cell, s sample) (float64, bool) {
		// swagger-ui has no texts, babel-standalone few: the issue lists them apart.
		return float64(c.Saved) / float64(s.Shape.Bytes), c.Saved > 0 && s.Shape.ContentBytes > 0 && s.ID != "babel-standalone"
	})},
	{"open a saved index and answer, median", 30, 10, false, " µs", medianOf(func(c *cell, _ sample) (float64, bool) {
		var walls []float64
		for _, o := range c.Open {
			walls = append(walls, o.Median/1e3)
		}
		return spreadOf(walls).Median, len(walls) > 0
	})},
	{"peak memory ÷ map bytes on big", 1.4, 1.25, false, "", func(r *results, maps []sample) (float64, string, bool) {
		for _, s := range maps {
			if c := r.Cells[s.ID]["symbolicate"]; s.ID == "big" && c != nil && len(c.Peak) > 0 {
				return memoryRatio(c, s), "big", true
			}
		}
		return 0, "", false
	}},
}

// bothReady lists the two states in which ready is compared.
func bothReady(c *cell) []map[int]float64 {
	return []map[int]float64{cpuOf(c.Cold), cpuOf(c.Warm)}
}

func lookupsOf(order string) func(*cell) []map[int]float64 {
	return func(c *cell) []map[int]float64 { return []map[int]float64{cpuOf(c.Lookup[order])} }
}

// worst is the smallest ratio of other rows and one of ours over all maps (and states), pair by pair within the rounds.
func worst(others []string, ours string, of func(*cell) []map[int]float64) func(*results, []sample) (float64, string, bool) {
	return func(r *results, maps []sample) (least float64, on string, ok bool) {
		for _, s := range maps {
			for _, other := range others {
				a, b := r.Cells[s.ID][other], r.Cells[s.ID][ours]
				if a == nil || b == nil || a.Failure != "" || b.Failure != "" {
					continue
				}
				their, our := of(a), of(b)
				for i := range their {
					sp := spreadOf(ratios(their[i], our[i]))
					if sp.N > 0 && (!ok || sp.Median < least) {
						least, on, ok = sp.Median, s.ID, true
						if len(their) == 2 {
							on += []string{", cold", ", warm"}[i]
						}
					}
				}
			}
		}
		return least, on, ok
	}
}

func slowest(order string) func(*results, []sample) (float64, string, bool) {
	return func(r *results, maps []sample) (most float64, on string, ok bool) {
		for _, s := range maps {
			c := r.Cells[s.ID]["symbolicate"]
			if c == nil || c.Failure != "" {
				continue
			}
			if sp := spreadOf(values(cpuOf(c.Lookup[order]))); sp.N > 0 && sp.Median > most {
				most, on, ok = sp.Median, s.ID, true
			}
		}
		return most, on, ok
	}
}

// medianOf is the median over the maps that have the figure.
func medianOf(of func(*cell, sample) (float64, bool)) func(*results, []sample) (float64, string, bool) {
	return func(r *results, maps []sample) (float64, string, bool) {
		var list []float64
		for _, s := range maps {
			if c := r.Cells[s.ID]["symbolicate"]; c != nil && c.Failure == "" {
				if x, ok := of(c, s); ok {
					list = append(list, x)
				}
			}
		}
		return spreadOf(list).Median, fmt.Sprintf("of %d maps", len(list)), len(list) > 0
	}
}

func writeGoals(w *strings.Builder, r *results, maps []sample) {
	var lines []string
	for _, g := range goals {
		value, on, ok := g.value(r, maps)
		if !ok {
			continue
		}
		sign := "≤"
		if g.atLeast {
			sign = "≥"
		}
		lines = append(lines, fmt.Sprintf("| %s | %s %s%s | %s %s%s | %s%s (%s) | %s |", g.what, sign, short(g.reach), g.unit,
			sign, short(g.goal), g.unit, short(value), g.unit, on, g.verdict(value)))
	}
	if lines == nil {
		return
	}
	fmt.Fprint(w, "## Figures\n\nRatios are medians over the rounds, pair by pair, in both states (cold, warm); the worst map counts.\n\n")
	fmt.Fprintln(w, "| what | reach | goal | measured | |")
	fmt.Fprintln(w, "|---|--:|--:|--:|---|")
	fmt.Fprintln(w, strings.Join(lines, "\n"))
	fmt.Fprintln(w)
}

func (g goal) verdict(value float64) string {
	switch {
	case g.meets(value, g.goal):
		return "goal"
	case g.meets(value, g.reach):
		return "reached"
	}
	return "not reached"
}

func (g goal) meets(value, bar float64) bool {
	if g.atLeast {
		return value >= bar
	}
	return value <= bar
}
