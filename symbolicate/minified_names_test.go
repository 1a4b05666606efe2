package symbolicate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

const (
	minifiedCode  = "class t{m(){u(()=>{e()})}static get p(){return new this}}function n(){(new t).m()}async function o(){n()}o();\n"
	minifiedTrace = "Error: x\n    at https://a.example/app.min.js:1:20\n    at t.m (https://a.example/app.min.js:1:13)\n    at get p (https://a.example/app.min.js:1:42)\n" +
		"    at n (https://a.example/app.min.js:1:79)\n    at async o (https://a.example/app.min.js:1:101)\n    at https://a.example/app.min.js:1:106\n"
)

// minifiedMap is the map of minifiedCode, without the text of its source.
func minifiedMap(names bool) []byte {
	m := mapFile{Sources: []any{"a.ts"}, Names: []string{"Cart", "load", "start", "wrap", "fail"}, Mappings: encode([]segment{
		{0, 0, 0, 0, 0, -1}, {0, 6, 0, 0, 6, 0}, {0, 12, 0, 1, 2, 3}, {0, 19, 0, 1, 9, 4}, {0, 24, 0, 2, 0, -1}, {0, 41, 0, 3, 2, -1},
		{0, 57, 0, 4, 0, -1}, {0, 66, 0, 4, 9, 1}, {0, 70, 0, 4, 16, -1}, {0, 83, 0, 6, 0, -1}, {0, 98, 0, 6, 15, 2}, {0, 102, 0, 7, 2, 1}, {0, 105, 0, 9, 0, 2},
	})}
	if !names {
		m.Names, m.Mappings = nil, "AAAA,kBAAA,gDAAA,6BAAA"
	}
	return m.bytes()
}

type name struct {
	function, in string
	source       symbolicate.NameSource
}

func names(t *testing.T, s *symbolicate.Symbolicator, text string) (list []name) {
	t.Helper()
	for _, f := range trace(t, s, text).Frames {
		require.True(t, f.Mapped, f.Raw)
		list = append(list, name{f.Function, f.In, f.NameSource})
	}
	return list
}

// Without source text the function of the minified code is looked for, and the map says what it was called.
func TestNamesOfMinifiedCode(t *testing.T) {
	const by = symbolicate.NameMinified
	want := []name{{"", "Cart.m", by}, {"Cart.m", "", by}, {"get Cart.p", "", by}, {"load", "", by}, {"async start", "", by}, {"", "", by}}
	write := func(dir string, files map[string][]byte) string {
		for name, data := range files {
			path := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, data, 0o644))
		}
		return dir
	}
	code, data := []byte(minifiedCode), minifiedMap(true)
	t.Run("artifact", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", Source: code, SourceMap: data}))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	t.Run("file beside the map", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t.TempDir(), map[string][]byte{"app.min.js": code, "app.min.js.map": data})))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	t.Run("file in other folders", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t.TempDir(), map[string][]byte{"x/app.min.js": code, "x/app.min.js.map": data})))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	t.Run("saved index", func(t *testing.T) {
		m, err := sourcemap.Parse(data, &sourcemap.Options{Generated: code})
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "app.min.js.map")
		require.NoError(t, m.Save(path, nil))
		s := open(t, symbolicate.WithPaths(path))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	t.Run("no code", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", SourceMap: data}))
		got := names(t, s, minifiedTrace)
		assert.Equal(t, name{"t.m", "", symbolicate.NamePrinted}, got[1])
	})
	t.Run("no names", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", Source: code, SourceMap: minifiedMap(false)}))
		for _, n := range names(t, s, minifiedTrace) {
			assert.Equal(t, symbolicate.NamePrinted, n.source)
		}
	})
	t.Run("code that is not the frame's", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", Source: []byte("<html>\n"), SourceMap: data}))
		for _, n := range names(t, s, minifiedTrace) {
			assert.NotEqual(t, by, n.source)
		}
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", Source: code, SourceMap: data}))
		assert.Equal(t, want, names(t, s, minifiedTrace), "what is added later counts")
	})
	t.Run("byte order mark", func(t *testing.T) {
		s := open(t)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", Source: append([]byte("\ufeff"), code...), SourceMap: data}))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	t.Run("artifact of a map, file in the paths", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t.TempDir(), map[string][]byte{"app.min.js": code})))
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://a.example/app.min.js", SourceMap: data}))
		assert.Equal(t, want, names(t, s, minifiedTrace))
	})
	other := []byte("function zz(){" + minifiedCode + "}")
	t.Run("another file of the name", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t.TempDir(), map[string][]byte{"other/app.min.js": other}), write(t.TempDir(), map[string][]byte{"app.min.js": code, "app.min.js.map": data})))
		assert.Equal(t, want, names(t, s, minifiedTrace))
		s = open(t, symbolicate.WithPaths(write(t.TempDir(), map[string][]byte{"maps/app.min.js.map": data, "other/app.min.js": other})))
		for _, n := range names(t, s, strings.ReplaceAll(minifiedTrace, "a.example/", "a.example/maps/")) {
			assert.NotEqual(t, by, n.source)
		}
	})
}

// An index that was saved without source texts has names from them.
func TestNamesOfSavedSources(t *testing.T) {
	text := "class Cart {\n  m() { wrap(() => { fail() }) }\n}\n"
	m := mapFile{Sources: []any{"a.ts"}, Contents: []*string{&text}, Mappings: encode([]segment{{0, 0, 0, 1, 8, -1}, {0, 10, 0, 1, 21, -1}})}
	parsed, err := sourcemap.Parse(m.bytes(), &sourcemap.Options{Functions: true})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "app.min.js.map")
	require.NoError(t, parsed.Save(path, &sourcemap.SaveOptions{NoSources: true}))
	s := open(t, symbolicate.WithPaths(path))
	const by = symbolicate.NameOriginal
	assert.Equal(t, []name{{"", "Cart.m", by}, {"Cart.m", "", by}}, names(t, s, "Error: x\n    at https://a.example/app.min.js:1:12\n    at t.m (https://a.example/app.min.js:1:3)\n"))
}
