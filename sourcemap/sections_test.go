package sourcemap_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestSections(t *testing.T) {
	a := regular(`"sources":["a"],"names":["n"],`, "AAAAA,EAAC;EAACA")
	b := regular(`"sources":["b"],"names":["n","m"],`, "AAAAC,E;CAACD")
	for _, c := range []struct {
		name, text string
		sources    []string
		names      []string
		want       [][]int32
	}{
		{"none", indexed(), nil, nil, nil},
		{"one at the start", indexed(section(0, 0, a)), []string{"a"}, []string{"n"}, [][]int32{{0, 0, 0, 0, 0, 0}, {0, 2, 0, 0, 1}, {1, 2, 0, 0, 2, 0}}},
		{"the column counts on the first line only", indexed(section(3, 10, a)), []string{"a"}, []string{"n"}, [][]int32{{3, 10, 0, 0, 0, 0}, {3, 12, 0, 0, 1}, {4, 2, 0, 0, 2, 0}}},
		{"the column counts on line 0 of the section when that is empty", indexed(section(3, 10, regular(`"sources":["a"],`, ";EAAA"))), []string{"a"}, nil, [][]int32{{4, 2, 0, 0, 0}}},
		{"two on one line", indexed(section(0, 0, regular(`"sources":["a"],`, "AAAA")), section(0, 7, b)), []string{"a", "b"}, []string{"n", "m"},
			[][]int32{{0, 0, 0, 0, 0}, {0, 7, 1, 0, 0, 1}, {0, 9}, {1, 1, 1, 0, 1, 0}}},
		{"names are put one behind another, sources with equal ones made one", indexed(section(0, 0, a), section(5, 0, b), section(9, 0, a)), []string{"a", "b"}, []string{"n", "n", "m", "n"},
			[][]int32{{0, 0, 0, 0, 0, 0}, {0, 2, 0, 0, 1}, {1, 2, 0, 0, 2, 0}, {5, 0, 1, 0, 0, 2}, {5, 2}, {6, 1, 1, 0, 1, 1}, {9, 0, 0, 0, 0, 3}, {9, 2, 0, 0, 1}, {10, 2, 0, 0, 2, 3}}},
		{"an empty section between", indexed(section(0, 0, a), section(2, 0, regular(`"sources":["z"],"names":["y"],`, "")), section(2, 0, b)), []string{"a", "z", "b"}, []string{"n", "y", "n", "m"},
			[][]int32{{0, 0, 0, 0, 0, 0}, {0, 2, 0, 0, 1}, {1, 2, 0, 0, 2, 0}, {2, 0, 2, 0, 0, 3}, {2, 2}, {3, 1, 2, 0, 1, 2}}},
		{"a section's unsorted mappings", indexed(section(1, 5, regular(`"sources":["a"],`, "IAAA,JAAC"))), []string{"a"}, nil, [][]int32{{1, 5, 0, 0, 1}, {1, 9, 0, 0, 0}}},
		{"the map before the offset, and an offset of floats", `{"sections":[{"map":` + regular(`"sources":["a"],`, "AAAA") + `,"x":{},"offset":{"z":[],"column":1.0e1,"line":2.0}}],"version":3}`, []string{"a"}, nil, [][]int32{{2, 10, 0, 0, 0}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parseClean(t, c.text)
			assert.True(t, m.Indexed())
			assert.Equal(t, c.sources, urls(m))
			assert.Equal(t, c.names, names(m))
			assert.Equal(t, c.want, allAt(m))
			assert.Equal(t, len(c.want), m.Len())
		})
	}
}

// TestSectionsOutOfOrder: all mappings are in one order, whatever that of the sections.
func TestSectionsOutOfOrder(t *testing.T) {
	m := parse(t, indexed(section(4, 0, regular(`"sources":["a"],`, "AAAA;AAAC")), section(0, 3, regular(`"sources":["b"],`, "AAAA;;;;EAAC"))))
	assert.Equal(t, [][]int32{{0, 3, 1, 0, 0}, {4, 0, 0, 0, 0}, {4, 2, 1, 0, 1}, {5, 0, 0, 0, 1}}, allAt(m))
	found, ok := m.Lookup(sourcemap.Position{Line: 4, Column: 9})
	assert.True(t, ok)
	assert.EqualValues(t, 1, found.Source)
}

// TestSectionSourcesDedupe: a source is the same one if all that can be said of it is the same.
func TestSectionSourcesDedupe(t *testing.T) {
	one := func(fields string) string { return regular(fields, "AAAA") }
	for _, c := range []struct {
		name, first, second string
		same                bool
	}{
		{"equal", `"sources":["a"],`, `"sources":["a"],`, true},
		{"another URL", `"sources":["a"],`, `"sources":["b"],`, false},
		{"equal with content", `"sources":["a"],"sourcesContent":["x"],`, `"sources":["a"],"sourcesContent":["x"],`, true},
		{"another content", `"sources":["a"],"sourcesContent":["x"],`, `"sources":["a"],"sourcesContent":["y"],`, false},
		{"with and without content", `"sources":["a"],"sourcesContent":[""],`, `"sources":["a"],`, false},
		{"no content twice", `"sources":["a"],"sourcesContent":[null],`, `"sources":["a"],`, true},
		{"ignored and not", `"sources":["a"],"ignoreList":[0],`, `"sources":["a"],`, false},
		{"ignored twice", `"sources":["a"],"ignoreList":[0],`, `"sources":["a"],"x_google_ignoreList":[0],`, true},
		{"null twice", `"sources":[null],`, `"sources":[null],`, true},
		{"null under another source root", `"sources":[null],"sourceRoot":"r",`, `"sources":[null],`, true},
		{"null and empty", `"sources":[null],`, `"sources":[""],`, false},
		{"null and the word", `"sources":[null],`, `"sources":["null"],`, false},
		{"a source root", `"sources":["a"],"sourceRoot":"r",`, `"sources":["a"],`, false},
		{"the same source root", `"sources":["a"],"sourceRoot":"r",`, `"sources":["a"],"sourceRoot":"r/",`, true},
		{"the root in the URL", `"sources":["a"],"sourceRoot":"r",`, `"sources":["r/a"],`, true},
		{"written with escapes", `"sources":["x/a"],`, `"sources":["x\/\u0061"],`, true},
		{"moved between root and URL", `"sources":["b/c"],"sourceRoot":"a",`, `"sources":["c"],"sourceRoot":"a/b",`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := parseClean(t, indexed(section(0, 0, one(c.first)), section(1, 0, one(c.second))))
			want := int32(1)
			if c.same {
				want = 0
			}
			assert.EqualValues(t, want+1, m.NumSources())
			assert.Equal(t, [][]int32{{0, 0, 0, 0, 0}, {1, 0, want, 0, 0}}, allAt(m))
		})
	}
	// Twice in one section: both indices lead to the one.
	m := parseClean(t, indexed(section(0, 0, regular(`"sources":["a","b","a"],`, "AAAA,CCAA,CCAA"))))
	assert.Equal(t, []string{"a", "b"}, urls(m))
	assert.Equal(t, [][]int32{{0, 0, 0, 0, 0}, {0, 1, 1, 0, 0}, {0, 2, 0, 0, 0}}, allAt(m))
	// A regular map's sources stay as they are: their numbers are the file's.
	m = parseClean(t, regular(`"sources":["a","b","a"],`, "AAAA,CCAA,CCAA"))
	assert.Equal(t, []string{"a", "b", "a"}, urls(m))
}

// TestBrokenSectionIsSkippedWhole: nothing of it is left, and its neighbours are as if it were not there.
func TestBrokenSectionIsSkippedWhole(t *testing.T) {
	good := regular(`"sources":["a"],"names":["n"],`, "AAAAA")
	other := regular(`"sources":["b","c"],"names":["m"],`, "AAAAA,CCAAA")
	for name, broken := range map[string]string{
		"no mappings":      `{"version":3,"sources":["b","x"],"names":["y"]}`,
		"no sources":       `{"version":3,"names":["y"],"mappings":"AAAA"}`,
		"wrong mappings":   `{"version":3,"sources":["b","x"],"names":["y"],"mappings":[]}`,
		"value too large":  regular(`"sources":["b","x"],"names":["y"],`, "AAAAA,C,CCAAA,ggggggE"),
		"after one chunk":  regular(`"sources":["b","x"],"names":["y"],`, strings.Repeat("CAAAA,", 3000)+"ggggggE"),
		"empty":            `{}`,
		"nested, half bad": `{"version":3,"sections":[` + section(0, 0, regular(`"sources":["b","x"],"names":["y"],`, "AAAAA")) + `,{}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(t, indexed(section(0, 0, good), section(1, 0, broken), section(2, 0, other)))
			assert.Equal(t, []string{"a", "b", "c"}, urls(m))
			assert.Equal(t, []string{"n", "m"}, names(m))
			assert.Equal(t, [][]int32{{0, 0, 0, 0, 0, 0}, {2, 0, 1, 0, 0, 1}, {2, 1, 2, 0, 0, 1}}, allAt(m))
			assert.Contains(t, kinds(m), sourcemap.ProblemSectionMap)
		})
	}
}

func TestNestedSections(t *testing.T) {
	inner := regular(`"sources":["a"],"names":["n"],`, "AAAAA,E;EAAC")
	// On the nested map's first line both columns count, on the others neither.
	m := parse(t, indexed(section(10, 100, indexed(section(0, 20, inner), section(5, 30, inner)))))
	assert.Equal(t, [][]int32{{10, 120, 0, 0, 0, 0}, {10, 122}, {11, 2, 0, 0, 1}, {15, 30, 0, 0, 0, 1}, {15, 32}, {16, 2, 0, 0, 1}}, allAt(m))
	assert.Equal(t, repeat(sourcemap.ProblemSectionNested, 1), kinds(m))

	head, tail, _ := strings.Cut(indexed(section(1, 1, mark)), mark)
	nest := func(depth int) string {
		return strings.Repeat(head, depth) + inner + strings.Repeat(tail, depth)
	}
	m = parse(t, nest(sourcemap.MaxSectionDepth))
	assert.Equal(t, 3, m.Len())
	assert.Equal(t, []int32{16, 1, 0, 0, 0, 0}, at(mappings(m)[0]))
	_, err := sourcemap.Parse([]byte(nest(sourcemap.MaxSectionDepth+1)), nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	_, err = sourcemap.Parse([]byte(nest(100_000)), nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
}

// TestHugeOffsets: a section at the last line and column takes no more memory than one at the first.
func TestHugeOffsets(t *testing.T) {
	one := regular(`"sources":["a"],`, "AAAA")
	text := indexed(section(0, 0, one), section(1<<30, 1<<30, one), section(last, last, one))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := parseClean(t, text)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20))
	assert.Equal(t, [][]int32{{0, 0, 0, 0, 0}, {1 << 30, 1 << 30, 0, 0, 0}, {last, last, 0, 0, 0}}, allAt(m))
	for _, p := range []sourcemap.Position{{0, last}, {1 << 30, 1 << 30}, {1 << 30, last}, {last, last}} {
		found, ok := m.Lookup(p)
		assert.True(t, ok, "%v", p)
		assert.Equal(t, p.Line, found.Generated.Line)
	}
	_, ok := m.Lookup(sourcemap.Position{Line: last, Column: last - 1})
	assert.False(t, ok)
	found, ok := m.LookupAcrossLines(sourcemap.Position{Line: last, Column: last - 1})
	assert.True(t, ok)
	assert.EqualValues(t, 1<<30, found.Generated.Line)

	// Nested offsets add up without wrapping round.
	m = parse(t, indexed(section(last, last, indexed(section(last, last, one)))))
	assert.Zero(t, m.Len())
	assert.Contains(t, kinds(m), sourcemap.ProblemColumnRange)
}

// TestItemsThatAreNoSections: they take little more memory than the other lists of a map do.
func TestItemsThatAreNoSections(t *testing.T) {
	data := []byte(`{"version":3,"sections":[` + strings.Repeat("0,", 1<<19) + `0]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := sourcemap.Parse(data, nil)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.Less(t, (after.TotalAlloc-before.TotalAlloc)/uint64(len(data)), uint64(100), "bytes allocated for one of the file")
}

func TestManySections(t *testing.T) {
	var sections []string
	const n = 100_000
	for i := range n {
		sections = append(sections, section(i, i%7, regular(fmt.Sprintf(`"sources":["s%d"],"names":["n"],`, i%1000), "AAAAA")))
	}
	m := parseClean(t, indexed(sections...))
	require.Equal(t, n, m.Len())
	assert.Equal(t, 1000, m.NumSources())
	assert.Equal(t, n, m.NumNames())
	for i, mapping := range mappings(m) {
		require.Equal(t, []int32{int32(i), int32(i % 7), int32(i % 1000), 0, 0, int32(i)}, at(mapping))
	}
}
