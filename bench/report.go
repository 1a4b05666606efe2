package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// report is RESULTS.md.
func report(r *results) string {
	var w strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&w, format+"\n", args...) }

	line("# Results")
	line("")
	line("Made by `%s` in bench/, %s UTC, commit %s. [README.md](README.md) says what is measured, and how; results.json", r.Command, r.Date, r.Commit)
	line("has every sample. Times are CPU time (user and system, all threads) unless called wall time; **± is half the distance")
	line("between the quartiles**, in per cent of the median. Ratios are taken within each round, then their median.")
	line("")
	writeMachine(&w, r)
	corpus := slices.DeleteFunc(slices.Clone(r.Maps), func(s sample) bool { return s.Growth })
	growth := slices.DeleteFunc(slices.Clone(r.Maps), func(s sample) bool { return !s.Growth })

	writeGoals(&w, r, corpus)
	line("## Plots")
	line("")
	for _, f := range figures(r) {
		line("![%s](plots/%s.svg)", f.title, f.name)
		line("")
	}
	line("## Maps")
	line("")
	writeCorpus(&w, corpus)

	line("## Ready, ms: bytes in memory to an engine object, and 1,000 lookups")
	line("")
	for _, state := range []string{"Warm", "Cold"} {
		line("%s", map[string]string{
			"Warm": "Warm: the same process has done it before.",
			"Cold": "Cold: the first one of a fresh process.",
		}[state])
		line("")
		writeTable(&w, r, corpus, func(c *cell) string { return spreadCell(readyMs(c, state)) }, anyRow)
	}
	if ours, ok := oursOf(r.Rows); ok {
		for _, state := range []string{"Warm", "Cold"} {
			line("%s: how many times %s's time the others take, median (least–most of the rounds).", state, ours.Name)
			line("")
			writeRatios(&w, r, corpus, ours, func(c *cell) map[int]float64 { return cpuOf(readyOf(c, state)) })
		}
	}

	line("## Lookup, ns each")
	line("")
	for _, order := range []struct{ key, words string }{
		{"random", "Random positions, one call each."},
		{"sorted", "The same positions sorted, one call each."},
		{"many-random", "Random positions in one call."},
		{"many-sorted", "Sorted positions in one call."},
	} {
		line("%s", order.words)
		line("")
		writeTable(&w, r, corpus, func(c *cell) string { return spreadCell(values(cpuOf(c.Lookup[order.key]))) }, func(row row) bool {
			return !row.Floor && !row.Memory && (row.Batch || !strings.HasPrefix(order.key, "many"))
		})
	}
	if ours, ok := oursOf(r.Rows); ok {
		line("Random: how many times %s's time the others take.", ours.Name)
		line("")
		writeRatios(&w, r, corpus, ours, func(c *cell) map[int]float64 { return cpuOf(c.Lookup["random"]) })
	}

	line("## Peak memory ÷ bytes of the map")
	line("")
	line("From before the map is read to behind the first `ready`. The input counts 1.0 (more where the engine takes the minified")
	line("file too, or strings of another encoding); `Open` reads the file itself.")
	line("")
	writeMemory(&w, r, corpus)

	writeSaved(&w, r, corpus)
	if len(growth) > 0 {
		line("## Growth: warm `ready`, ns a segment")
		line("")
		line("The first so many thousand segments of `big`, with the sources, texts and names they use.")
		line("")
		writeGrowth(&w, r, growth)
	}
	writeFailures(&w, r)
	return w.String()
}

func anyRow(row) bool { return true }

func writeMachine(w *strings.Builder, r *results) {
	m := r.Machine
	fmt.Fprintf(w, "| | |\n|---|---|\n| CPU | %s, %d cores |\n| memory | %s |\n| system | %s, %s |\n", m.CPU, m.Cores, m.Memory, m.OS, m.Kernel)
	for _, t := range toolchains {
		if version := r.Toolchains[t.name]; version != "" {
			fmt.Fprintf(w, "| %s | %s |\n", t.name, version)
		}
	}
	fmt.Fprintf(w, "| rounds | %d, in each a fresh process per engine: once cold, %d times warm |\n\n", r.Rounds, r.Warm)
	fmt.Fprintf(w, "Engines: %s.\n\n", strings.Join(versionsOf(r), " · "))
	for _, name := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(w, "Skipped: the engines of %s: %s.\n\n", name, r.Skipped[name])
	}
}

// versionsOf lists the packages of the rows, each once.
func versionsOf(r *results) []string {
	var list []string
	for _, row := range r.Rows {
		if v := r.Versions[row.Name]; v != "" && !row.Floor && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func writeCorpus(w *strings.Builder, samples []sample) {
	fmt.Fprintln(w, "| map | bytes | mappings, bytes | segments | lines | sources | names | source texts, bytes |")
	fmt.Fprintln(w, "|---|--:|--:|--:|--:|--:|--:|--:|")
	for _, s := range samples {
		sh := s.Shape
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", s.ID, grouped(sh.Bytes), grouped(sh.MappingsBytes),
			grouped(int64(sh.Segments)), grouped(int64(sh.Lines)), grouped(int64(sh.Sources)), grouped(int64(sh.Names)), grouped(sh.ContentBytes))
	}
	fmt.Fprintln(w)
}

// writeTable writes one line a row, one column a map. Rows without any value are left out.
func writeTable(w *strings.Builder, r *results, samples []sample, text func(*cell) string, want func(row) bool) {
	head(w, samples)
	for _, row := range r.Rows {
		if !want(row) {
			continue
		}
		var cells []string
		some := false
		for _, s := range samples {
			entry := ""
			switch c := r.Cells[s.ID][row.Name]; {
			case c == nil:
			case c.Failure != "":
				entry = failureWord(c.Failure)
			default:
				entry = text(c)
			}
			some = some || entry != ""
			cells = append(cells, cmp.Or(entry, "–"))
		}
		if some {
			fmt.Fprintf(w, "| %s | %s |\n", emphasised(row), strings.Join(cells, " | "))
		}
	}
	fmt.Fprintln(w)
}

func head(w *strings.Builder, samples []sample) {
	fmt.Fprint(w, "| engine |")
	for _, s := range samples {
		fmt.Fprintf(w, " %s |", s.ID)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(samples)))
}

// writeRatios compares every row with ours.
func writeRatios(w *strings.Builder, r *results, samples []sample, ours row, value func(*cell) map[int]float64) {
	withOurs := func(c *cell, s sample) string {
		base := r.Cells[s.ID][ours.Name]
		if base == nil || base.Failure != "" {
			return ""
		}
		sp := spreadOf(ratios(value(c), value(base)))
		if sp.N == 0 {
			return ""
		}
		return fmt.Sprintf("%s (%s–%s)", short(sp.Median), short(sp.Min), short(sp.Max))
	}
	head(w, samples)
	for _, row := range r.Rows {
		if row.Ours || row.Memory {
			continue
		}
		var cells []string
		some := false
		for _, s := range samples {
			entry := ""
			if c := r.Cells[s.ID][row.Name]; c != nil && c.Failure == "" {
				entry = withOurs(c, s)
			}
			some = some || entry != ""
			cells = append(cells, cmp.Or(entry, "–"))
		}
		if some {
			fmt.Fprintf(w, "| %s | %s |\n", emphasised(row), strings.Join(cells, " | "))
		}
	}
	fmt.Fprintln(w)
}

func writeMemory(w *strings.Builder, r *results, samples []sample) {
	head(w, samples)
	for _, row := range r.Rows {
		if row.Floor {
			continue
		}
		var cells []string
		some := false
		for _, s := range samples {
			entry := ""
			if c := r.Cells[s.ID][row.Name]; c != nil && c.Failure == "" && len(c.Peak) > 0 {
				entry = fmt.Sprintf("%.2f", memoryRatio(c, s))
				some = true
			}
			cells = append(cells, cmp.Or(entry, "–"))
		}
		if some {
			fmt.Fprintf(w, "| %s | %s |\n", emphasised(row), strings.Join(cells, " | "))
		}
	}
	fmt.Fprintln(w)
}

// memoryRatio is the median of the peaks over the bytes of the map.
func memoryRatio(c *cell, s sample) float64 {
	var peaks []float64
	for _, peak := range c.Peak {
		peaks = append(peaks, float64(peak))
	}
	return spreadOf(peaks).Median / float64(s.Shape.Bytes)
}

func writeSaved(w *strings.Builder, r *results, samples []sample) {
	var lines []string
	for _, row := range r.Rows {
		for _, s := range samples {
			c := r.Cells[s.ID][row.Name]
			if c == nil || c.Failure != "" || c.Saved == 0 {
				continue
			}
			packed := "–"
			if c.Packed > 0 {
				packed = fmt.Sprintf("%.2f", float64(c.Packed)/float64(s.Shape.Segments))
			}
			var open, save []float64
			for _, o := range c.Open {
				open = append(open, o.Median/1e3)
			}
			for _, t := range c.Save {
				if t.CPU > 0 { // 0: the object is its own saved form
					save = append(save, t.CPU/1e6)
				}
			}
			lines = append(lines, fmt.Sprintf("| %s | %s | %s | %.2f | %s | %s | %s | %s |", emphasised(row), s.ID, grouped(c.Saved),
				float64(c.Saved)/float64(s.Shape.Bytes), short(float64(c.Saved)/float64(s.Shape.Segments)), packed,
				spreadCell(open), cmp.Or(spreadCell(save), "–")))
		}
	}
	if lines == nil {
		return
	}
	fmt.Fprint(w, "## Saved form\n\nOpen: from a path to the first answer, and close; wall time, file in the page cache. Save: CPU time.\n\n")
	fmt.Fprintln(w, "| engine | map | bytes | ÷ map | bytes a segment, all | bytes a segment, mappings | open, µs | save, ms |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|")
	fmt.Fprintln(w, strings.Join(lines, "\n"))
	fmt.Fprintln(w)
}

func writeGrowth(w *strings.Builder, r *results, growth []sample) {
	fmt.Fprint(w, "| engine |")
	for _, s := range growth {
		fmt.Fprintf(w, " %s |", grouped(int64(s.Shape.Segments)))
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(growth)))
	for _, row := range r.Rows {
		var cells []string
		some := false
		for _, s := range growth {
			entry := ""
			if c := r.Cells[s.ID][row.Name]; c != nil && c.Failure == "" {
				perSegment := values(cpuOf(c.Warm))
				for i := range perSegment {
					perSegment[i] /= float64(s.Shape.Segments)
				}
				entry = spreadCell(perSegment)
			}
			some = some || entry != ""
			cells = append(cells, cmp.Or(entry, "–"))
		}
		if some {
			fmt.Fprintf(w, "| %s | %s |\n", emphasised(row), strings.Join(cells, " | "))
		}
	}
	fmt.Fprintln(w)
}

// writeFailures names each row that does not count, with the reason and the maps.
func writeFailures(w *strings.Builder, r *results) {
	type failure struct{ row, why string }
	var order []failure
	on := map[failure][]string{}
	add := func(row, why, id string) {
		if why == "" {
			return
		}
		f := failure{row, strings.ReplaceAll(why, "|", "\\|")}
		if on[f] == nil {
			order = append(order, f)
		}
		on[f] = append(on[f], id)
	}
	for _, row := range r.Rows {
		for _, s := range r.Maps {
			if c := r.Cells[s.ID][row.Name]; c != nil {
				add(row.Name, c.Failure, s.ID)
				add(row.Name+": saved form", c.Unsaved, s.ID)
			}
		}
	}
	if order == nil {
		return
	}
	fmt.Fprint(w, "## What does not count\n\nPositions are 0-based.\n\n| engine | why | maps |\n|---|---|---|\n")
	for _, f := range order {
		fmt.Fprintf(w, "| %s | %s | %s |\n", f.row, f.why, strings.Join(on[f], ", "))
	}
	fmt.Fprintln(w)
}

// ---- values -------------------------------------------------------------------------------------------------------

func oursOf(rows []row) (row, bool) {
	i := slices.IndexFunc(rows, func(r row) bool { return r.Ours })
	if i < 0 {
		return row{}, false
	}
	return rows[i], true
}

func readyOf(c *cell, state string) map[int]timing {
	if state == "Cold" {
		return c.Cold
	}
	return c.Warm
}

func readyMs(c *cell, state string) []float64 {
	list := values(cpuOf(readyOf(c, state)))
	for i := range list {
		list[i] /= 1e6
	}
	return list
}

func cpuOf(timings map[int]timing) map[int]float64 {
	cpu := make(map[int]float64, len(timings))
	for round, t := range timings {
		cpu[round] = t.CPU
	}
	return cpu
}

func values(m map[int]float64) []float64 { return slices.Collect(maps.Values(m)) }

// ---- text ---------------------------------------------------------------------------------------------------------

func emphasised(r row) string {
	if r.Ours || r.Kernel || r.Memory {
		return "**" + r.Name + "**"
	}
	return r.Name
}

// failureWord is what a table says instead of a number.
func failureWord(failure string) string {
	switch {
	case strings.HasPrefix(failure, "disagrees"):
		return "disagrees"
	case strings.HasPrefix(failure, "the process died"):
		return "crashes"
	}
	return "refuses"
}

// spreadCell is "median ±half the quartile distance in per cent", "" for no values.
func spreadCell(list []float64) string {
	sp := spreadOf(list)
	if sp.N == 0 {
		return ""
	}
	if sp.N == 1 || sp.Median == 0 {
		return short(sp.Median)
	}
	return fmt.Sprintf("%s ±%.0f%%", short(sp.Median), 50*(sp.Q3-sp.Q1)/sp.Median)
}

// short writes three significant digits, without an exponent.
func short(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x >= 100:
		return grouped(int64(math.Round(x)))
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 0.1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.2g", x)
}

// grouped writes a whole number with commas between thousands.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
