package sourcemap_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// fill repeats the unit until the text has about so many bytes.
func fill(unit string, size int) string { return strings.Repeat(unit, max(size/len(unit), 1)) }

// hostile are inputs made to cost time or memory: what they parse to, and that the work is in line with their size.
var hostile = []struct {
	name  string
	size  int
	text  func(size int) string
	kind  error // nil: they parse
	check func(t *testing.T, m *sourcemap.Map, size int)
}{
	{"brackets", 1 << 20, func(n int) string { return fill("[", n) }, sourcemap.ErrLimit, nil},
	{"brackets in a field", 1 << 20, func(n int) string { return `{"x":` + fill("[", n) }, sourcemap.ErrLimit, nil},
	{"braces", 1 << 20, func(n int) string { return fill(`{"":`, n) }, sourcemap.ErrLimit, nil},
	{"backslashes and quotes", 1 << 20, func(n int) string { return `{"x":"` + fill(`\\\"`, n) }, sourcemap.ErrTruncated, nil},
	{"escaped quotes in a value", 1 << 20, func(n int) string { return `{"x":"` + fill(`\"`, n) + `","sources":[],"mappings":""}` }, nil, nil},
	{"escaped backslashes in a value", 1 << 20, func(n int) string { return `{"x":"` + fill(`\\`, n) + `","sources":[],"mappings":""}` }, nil, nil},
	{"quotes", 1 << 20, func(n int) string { return `{"x":[` + fill(`"",`, n) + `""],"sources":[],"mappings":""}` }, nil, nil},
	{"a long key with escapes", 1 << 20, func(n int) string { return `{"` + fill(`\u0041`, n) + `":1,"sources":[],"mappings":""}` }, nil, nil},
	{"one key again and again", 1 << 20, func(n int) string { return `{` + fill(`"sources":["a","b"],`, n) + `"mappings":""}` }, nil, nil},
	{"sections again and again", 1 << 20, func(n int) string {
		return `{"version":3,` + fill(`"sections":[{"offset":{},"map":{"sources":[],"mappings":""}}],`, n) + `"sections":[]}`
	}, nil, nil},
	{"offset again and again", 1 << 20, func(n int) string {
		return `{"version":3,"sections":[{"map":{"sources":[],"mappings":""},` + fill(`"offset":{"line":1,"column":2},`, n) + `"x":0}]}`
	}, nil, nil},

	{"semicolons", 10 << 20, func(n int) string { return regular(`"sources":[],`, fill(";", n)) }, nil, func(t *testing.T, m *sourcemap.Map, size int) { assert.Zero(t, m.Len()) }},
	{"semicolons and one mapping", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill(";", n)+"A") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		require.Equal(t, 1, m.Len())
		_, ok := m.LookupAcrossLines(sourcemap.Position{Line: int32(size) - 1, Column: last})
		assert.False(t, ok)
		assert.EqualValues(t, size, mappings(m)[0].Generated.Line)
		assert.Less(t, m.Size()-int64(size), int64(1<<10), "besides the file")
	}},
	{"commas", 10 << 20, func(n int) string { return regular(`"sources":[],`, fill(",", n)) }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, repeat(sourcemap.ProblemMappingsGrammar, 1), kinds(m))
	}},
	{"A", 10 << 20, func(n int) string { return regular(`"sources":[],`, fill("A", n)) }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, repeat(sourcemap.ProblemMappingsGrammar, 1), kinds(m))
	}},
	{"g", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill("g", n)) }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, repeat(sourcemap.ProblemMappingsGrammar, 1), kinds(m))
	}},
	{"a value padded with zeros", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill("g", n)+"A") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, [][]int32{{0, 0}}, allAt(m))
	}},
	{"mappings at one position", 1 << 20, func(n int) string { return regular(`"sources":["a"],`, fill("A,", n)+"AAAA") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		require.Equal(t, size/2+1, m.Len())
		found, ok := m.Lookup(sourcemap.Position{Column: 1}) // inexact: the last
		assert.True(t, ok)
		assert.EqualValues(t, 0, found.Source)
		_, ok = m.Lookup(sourcemap.Position{}) // exact: the first
		assert.False(t, ok)
	}},
	{"mappings from back to front", 1 << 20, func(n int) string { return regular(`"sources":[],`, "+////B,"+fill("D,", n)+"D") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		require.Equal(t, size/2+2, m.Len())
	}},
	{"every segment dropped", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill("D,", n)+"D") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		problems, more := m.Problems()
		assert.Len(t, problems, sourcemap.DefaultMaxProblems)
		assert.Equal(t, size/2+1, len(problems)+more)
	}},
	{"every segment with two problems, behind an escape", 1 << 20, func(n int) string { return regular(`"sources":[],`, `\u0041,`+fill("A,", n)+fill("AAAAC,", n/4)+"A") }, nil, nil},
	{"mappings of escapes", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill(`\u003b`, n)) }, nil, nil},
	{"mappings of escapes that are none", 1 << 20, func(n int) string { return regular(`"sources":[],`, fill(`\q`, n)) }, nil, nil},
	{"names", 1 << 20, func(n int) string { return regular(`"sources":[],"names":[`+fill(`"",`, n)+`""],`, "A") }, nil, nil},
	{"names that are none", 1 << 20, func(n int) string { return regular(`"sources":[],"names":[`+fill(`0,`, n)+`0],`, "A") }, nil, nil},
	{"sources", 1 << 20, func(n int) string { return regular(`"sources":[`+fill(`"",`, n)+`""],`, "A") }, nil, nil},
	{"sources of an indexed map", 1 << 20, func(n int) string { return indexed(section(0, 0, regular(`"sources":[`+fill(`"",`, n)+`""],`, "A"))) }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, 1, m.NumSources())
	}},
	{"a source root before every source", 1 << 20, func(n int) string {
		root := `"sourceRoot":"` + fill("r", sourcemap.MaxSourceRootBytes-1) + `",`
		return indexed(section(0, 0, regular(root+`"sources":[`+fill(`"",`, n)+`""],`, "A")), section(1, 0, regular(root+`"sources":[""],`, "A")))
	}, nil, func(t *testing.T, m *sourcemap.Map, size int) { assert.Equal(t, 1, m.NumSources()) }},
	{"an ignore list longer than the sources", 1 << 20, func(n int) string { return regular(`"sources":["a"],"ignoreList":[`+fill(`0,9,`, n)+`0],`, "A") }, nil, nil},

	{"range mappings", 1 << 20, func(n int) string { return ranged(fill("AAAA,", n)+"AAAA", `"A`+fill("B", n)+`"`) }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Len(t, markedOf(m), size/5+1)
	}},
	{"range mappings that are not there", 1 << 20, func(n int) string { return ranged("AAAA", `"`+fill("AA;", n)+`"`) }, nil, nil},
	{"range mappings from back to front", 1 << 20, func(n int) string { return ranged("+////B,"+fill("D,", n)+"D", `"A`+fill("B", n/2)+`"`) }, nil, nil},
	{"scopes", 1 << 20, func(n int) string { return withScopes(fill("BAAA,CAA,", n) + "BAAA,CAA") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Equal(t, size/9+1, m.NumScopes())
	}},
	{"scopes that do not end", 1 << 20, func(n int) string { return withScopes(fill("BAAA,", n)) }, nil, nil},
	{"ranges one behind the other", 1 << 20, func(n int) string { return withScopes(fill("EAB,FB,", n) + "EAA,FB") }, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		require.Equal(t, size/7+1, m.NumRanges())
		assert.Len(t, m.RangesAt(sourcemap.Position{Column: 1}), 1)
	}},
	{"ranges as deep as they may be", 1 << 20, func(n int) string {
		return withScopes(strings.Repeat("EAA,", sourcemap.MaxScopeDepth-1) + fill("EAB,FB,", n) + strings.Repeat("FA,", sourcemap.MaxScopeDepth-2) + "FA")
	}, nil, func(t *testing.T, m *sourcemap.Map, size int) {
		assert.Len(t, m.RangesAt(sourcemap.Position{Column: 1}), sourcemap.MaxScopeDepth)
	}},
	{"variables", 1 << 20, func(n int) string { return withScopes("BAAA,D" + fill("A", n) + ",CAA") }, nil, nil},
	{"bindings with pieces", 1 << 20, func(n int) string {
		return withScopes("EAA,G" + fill("A", n/2) + ",HA" + fill("ABA", n/2) + ",FgggggA")
	}, nil, nil},
	{"empty items", 1 << 20, func(n int) string { return withScopes(fill(",", n)) }, nil, nil},
	{"unknown items", 1 << 20, func(n int) string { return withScopes(fill("J,", n) + "J") }, nil, nil},

	// Ten thousands of sections: equal, broken, overlapping, not sections at all (TestManySections has a hundred thousand).
	{"sections", 1 << 20, func(n int) string {
		return `{"version":3,"sections":[` + fill(`{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"AAAA"}},`, n) + `0]}`
	}, nil, func(t *testing.T, m *sourcemap.Map, size int) { assert.Equal(t, 1, m.NumSources()) }},
	{"sections with scopes and range mappings", 1 << 20, func(n int) string {
		return `{"version":3,"sections":[` + fill(`{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"AAAA","rangeMappings":"A","scopes":"BAAA,CAA,ECAA,FA"}},`, n) + `0]}`
	}, nil, nil},
	{"sections with scopes from back to front", 1 << 20, func(n int) string {
		var b strings.Builder
		for i := n / 100; i >= 0; i-- {
			b.WriteString(section(i, 0, withScopes("EAA,FB")) + ",")
		}
		return `{"version":3,"sections":[` + b.String() + `0]}`
	}, nil, nil},
	{"broken sections", 1 << 20, func(n int) string {
		return `{"version":3,"sections":[` + fill(`{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"ggggggE"}},`, n) + `0]}`
	}, nil, func(t *testing.T, m *sourcemap.Map, size int) { assert.Zero(t, m.NumSources()) }},
	{"broken sections behind many sources", 1 << 20, func(n int) string {
		var b strings.Builder
		for i := range n / 40 {
			b.WriteString(`"` + strings.Repeat("x", i%9) + string(rune(0x4e00+i%20000)) + `",`)
		}
		return `{"version":3,"sections":[` + section(0, 0, regular(`"sources":[`+b.String()+`""],`, "")) + `,` +
			fill(`{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["new"],"mappings":"ggggggE"}},`, n) + `0]}`
	}, nil, nil},
	{"sections that are none", 1 << 20, func(n int) string { return `{"version":3,"sections":[` + fill(`0,`, n) + `0]}` }, nil, nil},
	{"sections from back to front", 1 << 20, func(n int) string {
		var b strings.Builder
		for i := n / 80; i >= 0; i-- {
			b.WriteString(section(i, 0, regular(`"sources":["a"],`, "AAAA")) + ",")
		}
		return `{"version":3,"sections":[` + b.String() + `0]}`
	}, nil, nil},
	{"sections nested as deep as they may be", 1 << 20, func(n int) string {
		text := `{"sources":[],"mappings":""}`
		for range sourcemap.MaxSectionDepth {
			text = `{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":` + text + `},` + fill(`0,`, n/sourcemap.MaxSectionDepth) + `0]}`
		}
		return text
	}, nil, nil},
}

func TestHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			text := []byte(c.text(c.size))
			m, err := sourcemap.Parse(text, nil)
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
			} else {
				require.NoError(t, err)
				problems, _ := m.Problems()
				assert.LessOrEqual(t, len(problems), sourcemap.DefaultMaxProblems)
				if c.check != nil {
					c.check(t, m, c.size)
				}
			}
			if c.kind != nil {
				_, err = sourcemap.Parse(text, &sourcemap.Options{Strict: true})
				require.ErrorIs(t, err, c.kind)
			}
		})
	}
}

func TestHostileIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: times (-short)")
	}
	for _, c := range hostile {
		requireLinear(t, c.name, 1<<18, func(size int) func() {
			text := []byte(c.text(size))
			return func() { _, _ = sourcemap.Parse(text, nil) }
		})
	}
}

// TestHostileSourcesAreLinear: files that make the search for the comment look at many lines.
func TestHostileSourcesAreLinear(t *testing.T) {
	for i, unit := range []string{
		"\n", "\r\n", "\r", "\u2028", " ", "\t\n", "\u00a0\ufeff", "/", "//\n", "// \n", "//# sourceMappingURL=a b\n", "//#sourceMappingURL=", "//#", "//# \u3000", "*/", "'", "//'\n", "x", "x\n", "\xe2\x80", "\xa8", "\xe2\n",
		"// " + strings.Repeat("x", 1000) + "\n",
	} {
		size := 10 << 20
		if i >= 2 { // enough of the large ones
			size = 1 << 20
		}
		text := fill(unit, size)
		got, ok := sourcemap.FindSourceMapURL([]byte(text))
		want, wantOK := "", false
		if unit == "//#sourceMappingURL=" {
			want, wantOK = text[len(unit):], true
		}
		require.Equal(t, wantOK, ok, "%.30q", unit)
		require.True(t, want == got, "%.30q", unit)
		if testing.Short() {
			continue
		}
		requireLinear(t, unit, 1<<18, func(size int) func() {
			text := []byte("code()\n//# sourceMappingURL=x\n" + fill(unit, size))
			return func() {
				_, _ = sourcemap.FindSourceMapURL(text)
				_, _ = sourcemap.FindDebugID(text)
			}
		})
	}
}

// TestSourceTextIsLinear: unescaping.
func TestSourceTextIsLinear(t *testing.T) {
	for _, unit := range []string{`\n`, `\u0041`, `\ud83d\ude00`, `\ud83d`, `\\`, "x", "é", "\xff", `\q`, "\xff\\n"} {
		requireLinear(t, unit, 1<<18, func(size int) func() {
			m := parse(t, regular(`"sources":["a"],"sourcesContent":["`+fill(unit, size)+`"],`, ""))
			return func() { _, _ = m.SourceText(0) }
		})
	}
}
