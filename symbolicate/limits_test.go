package symbolicate_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// Of a long line, the part around the column is kept, and Cut leads to it.
func TestLongLines(t *testing.T) {
	at := func(text string, column int) symbolicate.Frame {
		m := mapFile{Sources: []any{"a.ts"}, Contents: []*string{&text}, Mappings: encode([]segment{{0, 0, 0, 1, column, -1}})}
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "x.js", SourceMap: m.bytes()}))
		return frameAt(t, s, "x.js:1:1")
	}
	for _, filler := range []string{"a", "é", "🛒"} {
		for _, column := range []int{0, 10, 4_000, 20_000, 39_990} { // in code units
			units := utf16.Encode([]rune(strings.Repeat(filler, 40_000)))[:40_000]
			line := string(utf16.Decode(units[:column])) + "HERE" + string(utf16.Decode(units[column:]))
			f := at("first\n"+line+"\n"+strings.Repeat("z", 50_000), column)
			require.NotNil(t, f.Context, "%s %d: %s", filler, column, f.Detail)
			assert.LessOrEqual(t, len(f.Context.Line), symbolicate.MaxContextLine)
			assert.LessOrEqual(t, len(f.Context.Post[0]), symbolicate.MaxContextLine)
			rest := utf16.Encode([]rune(f.Context.Line))[f.Column-1-f.Context.Cut:]
			assert.True(t, strings.HasPrefix(string(utf16.Decode(rest)), "HERE"), "%s at %d: cut %d", filler, column, f.Context.Cut)
		}
	}
	f := at("\n"+strings.Repeat("a", symbolicate.MaxCodeLine+1), 5)
	assert.True(t, f.Mapped)
	assert.Nil(t, f.Context)
	assert.Equal(t, symbolicate.ReasonSourceMissing, f.Reason)
	assert.Contains(t, f.Detail, "longer than")
}

// URLs that lead to one map share it.
func TestOneMapForManyURLs(t *testing.T) {
	s := open(t, symbolicate.WithPaths(write(t, map[string]string{"x.js.map": string(oneSource("a.ts", threeLines).bytes())})))
	var text strings.Builder
	for i := range 300 {
		fmt.Fprintf(&text, "at f (https://h%d.example/x.js?t=%d:1:11)\n", i, i)
	}
	for _, f := range trace(t, s, text.String()).Frames {
		require.True(t, f.Mapped, f.Detail)
	}
	assert.EqualValues(t, 1, counts(s).Parses)
}

// Frames that alternate between maps too large for the cache parse each map once.
func TestAlternatingMaps(t *testing.T) {
	files := map[string]string{}
	for i := range 5 {
		files[fmt.Sprintf("x%d.js.map", i)] = string(oneSource("a.ts", threeLines).bytes())
	}
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, "at f (/x%d.js:1:11)\n", i%5)
	}
	s := open(t, symbolicate.WithPaths(write(t, files)), symbolicate.WithCacheBytes(1))
	trace(t, s, text.String())
	assert.EqualValues(t, 5, counts(s).Parses)
}

// A path that is a single file gives nothing else of its folder.
func TestSingleFileOnly(t *testing.T) {
	m := mapFile{Sources: []any{"secret"}, Mappings: encode([]segment{{0, 10, 0, 0, 0, -1}})}
	dir := write(t, map[string]string{"x.js.map": string(m.bytes()), "secret": "SECRET", "y.js.map": string(m.bytes())})
	s := open(t, symbolicate.WithPaths(dir+"/x.js.map"))
	f := frameAt(t, s, "x.js"+place11)
	assert.True(t, f.Mapped)
	assert.Nil(t, f.Context)
	assert.False(t, frameAt(t, s, "y.js"+place11).Mapped)
	f = frameAt(t, open(t, symbolicate.WithPaths(dir)), "x.js"+place11)
	assert.Equal(t, "SECRET", f.Context.Line, "the folder gives it")
}

// The best match of all paths is taken, not the first path that has something of the name; and what
// fits by its name alone says so.
func TestBestOfAllPaths(t *testing.T) {
	file := func(source string) string { return string(oneSource(source, threeLines).bytes()) }
	s := open(t, symbolicate.WithPaths(
		write(t, map[string]string{"admin/index.js.map": file("admin.ts"), "only/lone.js.map": file("lone.ts")}),
		write(t, map[string]string{"static/js/index.js.map": file("index.ts")})))
	for _, c := range []struct{ url, file, detail string }{
		{"https://h/static/js/index.js", "index.ts", ""},
		{"https://h/admin/index.js", "admin.ts", ""},
		{"https://h/other/lone.js", "lone.ts", "only/lone.js.map has the right name, but lies in other folders than https://h/other/lone.js"},
		{"https://h/lone.js", "lone.ts", ""},
	} {
		f := frameAt(t, s, c.url+place11)
		assert.Equal(t, []any{c.file, c.detail, symbolicate.Reason("")}, []any{f.File, f.Detail, f.Reason}, c.url)
	}
}
