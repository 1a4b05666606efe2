package sourcemap_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// mark stands in the texts of test tables where an error or a problem is expected; it is taken out.
const mark = "¦"

// unmark returns the text without its marks, and their byte offsets.
func unmark(text string) (data []byte, offsets []int64) {
	for {
		head, rest, found := strings.Cut(text, mark)
		data = append(data, head...)
		if !found {
			return data, offsets
		}
		offsets = append(offsets, int64(len(data)))
		text = rest
	}
}

// regular is a small map with the given fields put in front of mappings; fields end in a comma or are "".
func regular(fields, mappings string) string {
	return `{"version":3,` + fields + `"mappings":"` + mappings + `"}`
}

// section is an item of "sections".
func section(line, column int, m string) string {
	return fmt.Sprintf(`{"offset":{"line":%d,"column":%d},"map":%s}`, line, column, m)
}

func indexed(sections ...string) string {
	return `{"version":3,"sections":[` + strings.Join(sections, ",") + `]}`
}

func parse(t testing.TB, text string) *sourcemap.Map {
	t.Helper()
	m, err := sourcemap.Parse([]byte(text), nil)
	require.NoError(t, err, "%.200s", text)
	return m
}

// parseClean is parse of a map with nothing wrong in it, which Strict takes too.
func parseClean(t testing.TB, text string) *sourcemap.Map {
	t.Helper()
	m := parse(t, text)
	problems, more := m.Problems()
	require.Empty(t, problems, "%.200s", text)
	require.Zero(t, more)
	_, err := sourcemap.Parse([]byte(text), &sourcemap.Options{Strict: true})
	require.NoError(t, err, "%.200s", text)
	return m
}

func mappings(m *sourcemap.Map) (list []sourcemap.Mapping) {
	for mapping := range m.Mappings() {
		list = append(list, mapping)
	}
	return list
}

func urls(m *sourcemap.Map) (list []string) {
	for i := range m.NumSources() {
		source, ok := m.Source(i)
		if !ok {
			list = append(list, "missing")
		} else if source.Null {
			list = append(list, "null")
		} else {
			list = append(list, source.URL)
		}
	}
	return list
}

func names(m *sourcemap.Map) (list []string) {
	for i := range m.NumNames() {
		list = append(list, m.Name(i))
	}
	return list
}

func kinds(m *sourcemap.Map) (list []sourcemap.ProblemKind) {
	problems, _ := m.Problems()
	for _, p := range problems {
		list = append(list, p.Kind)
	}
	return list
}

// at writes a mapping as numbers: generated line, column, then source, line, column, name where it has them.
func at(m sourcemap.Mapping) []int32 {
	list := []int32{m.Generated.Line, m.Generated.Column}
	if m.Source >= 0 {
		list = append(list, m.Source, m.Original.Line, m.Original.Column)
	}
	if m.Name >= 0 {
		list = append(list, m.Name)
	}
	return list
}

func allAt(m *sourcemap.Map) (list [][]int32) {
	for _, mapping := range mappings(m) {
		list = append(list, at(mapping))
	}
	return list
}

// requireLinear runs f on an input of two sizes, the larger 16 times the smaller, and compares the CPU times: about 16
// for work in line with the size, 256 for its square. Caches and fresh memory make the former up to 50 here.
func requireLinear(t *testing.T, what string, size int, f func(size int) (run func())) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // collections come at any time and cost what the heap holds
	shortest := func(size int) time.Duration {
		run, best := f(size), time.Duration(1<<62)
		for range 2 {
			runtime.GC()
			start := cpuTime()
			run()
			best = min(best, cpuTime()-start)
		}
		return best
	}
	var ratio float64
	for range 5 { // another go for a machine that was busy just then
		small, large := shortest(size/16), shortest(size)
		// Below some 100 µs the fixed cost of a call and the clock count, not the work.
		ratio = float64(large) / float64(max(small, 100*time.Microsecond))
		if ratio < 100 {
			return
		}
	}
	t.Errorf("%s: 16 times the input takes %.0f times as long", what, ratio)
}
