package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestTextFunctionAt(t *testing.T) {
	text := sourcemap.NewText("f(() => {\n  class A { '🛒' = 1; m() { é } }\n})\n")
	for _, c := range []struct {
		line, column int32
		name, in     string
		ok           bool
	}{
		{0, 0, "", "", true},
		{0, 8, "", "", true},
		{1, 27, "A.m", "", true}, // behind a character of two code units
		{1, 22, "", "", true},
		{3, 0, "", "", true},
		{4, 0, "", "", false},
		{-1, 0, "", "", false},
		{1, 1 << 30, "", "", true},
	} {
		f, ok := text.FunctionAt("a.ts", sourcemap.Position{Line: c.line, Column: c.column})
		assert.Equal(t, c.ok, ok, c)
		assert.Equal(t, sourcemap.Function{Name: c.name, In: c.in}, f, c)
	}
	ascii := sourcemap.NewText("a\nfunction g() { b }\n")
	for column, name := range map[int32]string{-1: "g", 0: "g", 17: "g", 18: "", 1 << 30: ""} {
		f, ok := ascii.FunctionAt("a.js", sourcemap.Position{Line: 1, Column: column})
		assert.Equal(t, name, f.Name, column)
		assert.True(t, ok)
	}
	_, ok := text.FunctionAt("a.vue", sourcemap.Position{})
	assert.False(t, ok, "another language")
	in, _ := sourcemap.NewText("function g() { f(() => 1) }").FunctionAt("", sourcemap.Position{Column: 20})
	assert.Equal(t, sourcemap.Function{In: "g"}, in)
	large := sourcemap.NewText("function g() {" + strings.Repeat(" ", sourcemap.MaxFunctionText) + "}")
	_, ok = large.FunctionAt("a.js", sourcemap.Position{Column: 20})
	assert.False(t, ok, "too large")
}

const (
	originalCode = `class Cart {
  #row(line) { return () => total(line) }
  get sum() { return this.#row(1) }
}
const load = wrap(function () { fail() })
async function start() { load() }
`
	minifiedCode = "class t{#n(t){return()=>e(t)}get sum(){return this.#n(1)}}const n=wrap((function(){r()}));async function o(){n()}"
)

// minified is the map of minifiedCode, which has names as terser (a key's behind it) and esbuild write them, with the source's text or without.
func minified(t *testing.T, text bool) *sourcemap.Map {
	t.Helper()
	var b sourcemap.Builder
	source := b.AddSource("a.js")
	if text {
		require.NoError(t, b.SetText(source, originalCode))
	}
	for _, token := range []struct {
		piece        string
		line, column int32
		name         string
	}{
		{"class t", 0, 0, ""}, {"t{#n", 0, 6, "Cart"}, {"#n(t){", 1, 2, ""}, {"(t){return()", 1, 2, "row"}, {"return()", 1, 15, ""}, {"e(t)", 1, 28, "total"},
		{"get sum", 2, 2, ""}, {"return this", 2, 14, ""}, {"n=wrap", 4, 6, "load"}, {"r()", 4, 32, "fail"}, {"async", 5, 0, ""}, {"o(){n", 5, 15, "start"}, {"n()}", 5, 25, "load"},
	} {
		name := int32(-1)
		if token.name != "" {
			name = b.AddName(token.name)
		}
		require.NoError(t, b.Add(sourcemap.Mapping{
			Generated: sourcemap.Position{Column: int32(strings.Index(minifiedCode, token.piece))}, Source: source,
			Original: sourcemap.Position{Line: token.line, Column: token.column}, Name: name,
		}))
	}
	m, err := b.Map()
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

// functionCases are places in minifiedCode, and the function that their source has there.
var functionCases = []struct {
	piece string
	want  sourcemap.Function
}{
	{"return()", sourcemap.Function{Name: "Cart.#row"}},
	{"e(t)", sourcemap.Function{In: "Cart.#row"}},
	{"return this", sourcemap.Function{Name: "get Cart.sum"}},
	{"r()", sourcemap.Function{}},
	{"n()}", sourcemap.Function{Name: "start"}},
	{"class t", sourcemap.Function{}},
}

func atPiece(piece string) sourcemap.Position {
	return sourcemap.Position{Column: int32(strings.Index(minifiedCode, piece))}
}

func TestFunctionIn(t *testing.T) {
	m, code := minified(t, false), sourcemap.NewText(minifiedCode)
	for _, c := range functionCases {
		f, ok := m.FunctionIn(code, atPiece(c.piece))
		assert.True(t, ok)
		assert.Equal(t, c.want, f, c.piece)
		_, ok = m.FunctionAt(atPiece(c.piece))
		assert.False(t, ok, "without text, and without functions of the code")
	}
	for _, p := range []sourcemap.Position{{Line: 1}, {Line: -1}, {Column: -1}, {Column: int32(len(minifiedCode) + 1)}} { // not of the code
		_, ok := m.FunctionIn(code, p)
		assert.False(t, ok, p)
	}
	_, ok := m.FunctionIn(nil, atPiece("r()"))
	assert.False(t, ok)
	// Without names the code's own stand.
	plain, err := sourcemap.Parse([]byte(`{"version":3,"sources":["a.js"],"mappings":"AAAA"}`), nil)
	require.NoError(t, err)
	f, ok := plain.FunctionIn(code, atPiece("return()"))
	assert.True(t, ok)
	assert.Equal(t, sourcemap.Function{Name: "t.#n"}, f)
}

// A map that was read for functions at once answers as the map, and the code, by themselves; so does its saved index, without either.
func TestSavedFunctions(t *testing.T) {
	code := sourcemap.NewText(minifiedCode)
	for _, c := range []struct {
		name      string
		text      bool // the map has the source's text
		options   sourcemap.Options
		noSources bool
		function  bool // FunctionAt knows when saved
	}{
		{"none", false, sourcemap.Options{}, false, false},
		{"of the text", true, sourcemap.Options{}, false, true},
		{"no text saved", true, sourcemap.Options{}, true, false},
		{"of sources", true, sourcemap.Options{Functions: true}, true, true},
		{"of sources, by two", true, sourcemap.Options{Functions: true, Workers: 2}, true, true},
		{"of no sources", false, sourcemap.Options{Functions: true}, false, false},
		{"of the code", false, sourcemap.Options{Generated: []byte(minifiedCode)}, false, true},
		{"of both", true, sourcemap.Options{Functions: true, Generated: []byte(minifiedCode)}, true, true},
		{"of code that is none", true, sourcemap.Options{Functions: true, Generated: []byte{}}, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := minified(t, c.text)
			var encoded bytes.Buffer
			require.NoError(t, m.Encode(&encoded, nil))
			text := encoded.Bytes()
			parsed, err := sourcemap.Parse(text, &c.options)
			require.NoError(t, err)
			t.Cleanup(parsed.Close)
			file := filepath.Join(t.TempDir(), "map")
			require.NoError(t, os.WriteFile(file, text, 0o644))
			opened, err := sourcemap.Open(file, &c.options)
			require.NoError(t, err)
			t.Cleanup(opened.Close)
			path, again := filepath.Join(t.TempDir(), "index"), filepath.Join(t.TempDir(), "again")
			require.NoError(t, parsed.Save(path, &sourcemap.SaveOptions{NoSources: c.noSources}))
			saved := openFile(t, path)
			require.NoError(t, saved.Save(again, nil))
			for i, have := range []*sourcemap.Map{parsed, opened, saved, openFile(t, again)} {
				require.NoError(t, have.Verify())
				assert.Equal(t, c.options.Functions || c.options.Generated != nil, have.HasFunctions())
				for column := range int32(len(minifiedCode) + 2) {
					p := sourcemap.Position{Column: column}
					_, mapped := m.Lookup(p)
					want, known := m.FunctionAt(p)
					inCode, has := m.FunctionIn(code, p)
					if !known && mapped && len(c.options.Generated) > 0 {
						want, known = inCode, true
					}
					f, ok := have.FunctionAt(p)
					if i < 2 || c.function {
						assert.Equal(t, known, ok)
						assert.Equal(t, want, f, "column %d", column)
					} else {
						assert.False(t, ok)
					}
					f, ok = have.FunctionIn(nil, p)
					assert.Equal(t, c.options.Generated != nil, ok)
					if len(c.options.Generated) > 0 && has {
						assert.Equal(t, inCode, f, "column %d of the code", column)
					}
				}
				f, ok := have.SourceFunctionAt(0, sourcemap.Position{Line: 1, Column: 20})
				assert.Equal(t, c.text && (i < 2 || !c.noSources || c.options.Functions), ok)
				if ok {
					assert.Equal(t, "Cart.#row", f.Name)
				}
				for _, i := range []int{-1, 1, 2} {
					_, ok = have.SourceFunctionAt(i, sourcemap.Position{})
					assert.False(t, ok)
				}
				for _, line := range []int32{-1, 7, 100} { // not of the text; the code has one line
					_, ok = have.SourceFunctionAt(0, sourcemap.Position{Line: line})
					assert.False(t, ok, line)
					_, ok = have.FunctionIn(nil, sourcemap.Position{Line: line})
					assert.False(t, ok, line)
				}
			}
		})
	}
}

// TestHostileNames: names that are long, and stand for much that is short, cost no more than what they are made from.
func TestHostileNames(t *testing.T) {
	before := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	const methods = 200_000
	class := "class " + strings.Repeat("A", 4000) + "{" + strings.Repeat("a(){}", methods) + "}"
	// Each a has a name of a megabyte.
	names := `{"version":3,"sources":["a.js"],"sourcesContent":["` + class + `"],"names":["` + strings.Repeat("n", 1<<20) + `"],"mappings":"` +
		vlqColumn(len("class ")+4000+1) + "AAAA" + strings.Repeat(",KAAAA", methods-1) + `"}`
	start := before()
	m, err := sourcemap.Parse([]byte(names), &sourcemap.Options{Functions: true, Generated: []byte(class)})
	require.NoError(t, err)
	defer m.Close()
	first, _ := m.FunctionIn(nil, sourcemap.Position{Column: 4010})
	assert.True(t, first.Name == strings.Repeat("A", 4000)+".a")
	last, ok := m.FunctionIn(nil, sourcemap.Position{Column: int32(len(class)) - 3})
	assert.True(t, ok)
	assert.Empty(t, last.Name, "there are too many bytes of names before it")
	assert.Less(t, before()-start, uint64(400<<20))
}

// vlqColumn is a number in the digits of mappings.
func vlqColumn(n int) (digits string) {
	for n *= 2; ; n >>= 5 {
		digit := n & 31
		if n > 31 {
			digit |= 32
		}
		digits += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit : digit+1]
		if n <= 31 {
			return digits
		}
	}
}

// FuzzFunctions: functions that the map lists, of a source text and of the code, in memory, saved, and asked for one by one.
func FuzzFunctions(f *testing.F) {
	f.Add(pastaFunctions, originalCode, minifiedCode, false)
	f.Add("", originalCode, minifiedCode, true)
	f.Add("", "a(() => {\r\n é })\u2028function f(){}", "\"🛒\";class t{#n(){}}", false)
	f.Add("AAAAU", "", "", true)
	f.Add("0", "0", "clas!{\xa7(){", false)
	f.Fuzz(func(t *testing.T, listed, text, code string, typed bool) {
		if len(listed)+len(text)+len(code) > 1<<16 {
			return
		}
		fields := map[string]any{
			"version": 3, "sources": []string{"a.js"}, "sourcesContent": []string{text}, "names": []string{"one", "two", "#three", "<anonymous>", "a.prototype.get b"},
			"mappings": "AAAAA,CAACC;AAAAC,IAECA,EAAIA;AAGDD", "x_com_bloomberg_sourcesFunctionMappings": []string{listed},
		}
		if typed {
			fields["sources"] = []string{"a.tsx"}
		}
		if listed == "" {
			delete(fields, "x_com_bloomberg_sourcesFunctionMappings")
		}
		data, err := json.Marshal(fields)
		require.NoError(t, err)
		m, err := sourcemap.Parse(data, &sourcemap.Options{Functions: true, Generated: []byte(code)})
		require.NoError(t, err)
		defer m.Close()
		image, err := m.AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
		require.NoError(t, err)
		saved, err := sourcemap.Parse(image, nil)
		require.NoError(t, err)
		defer saved.Close()
		require.NoError(t, saved.Verify())
		generated := sourcemap.NewText(code)
		for line := range min(int32(generated.NumLines()), 20) {
			for column := int32(0); column < 100; column += 1 + line {
				p := sourcemap.Position{Line: line, Column: column}
				want, has := m.FunctionAt(p)
				got, ok := saved.FunctionAt(p)
				require.Equal(t, has, ok)
				require.Equal(t, want, got)
				if want, has = m.FunctionIn(generated, p); has && !strings.HasPrefix(code, "\ufeff") {
					got, _ = saved.FunctionIn(nil, p)
					require.Equal(t, want, got)
				}
				want, has = m.ListedFunctionAt(0, p)
				got, ok = saved.ListedFunctionAt(0, p)
				require.Equal(t, has, ok)
				require.Equal(t, want, got)
			}
		}
	})
}

// What is no code of the map's: a byte order mark is no column, WebAssembly no JavaScript, and bytes that are no UTF-8 stand in no index.
func TestGeneratedBytes(t *testing.T) {
	data := []byte(`{"version":3,"sources":["a.js"],"names":[],"mappings":"AAAA"}`)
	for code, want := range map[string]string{
		"\ufefffunction f(){}": "f", "function a\xff(){}": "a\uFFFD", "\x00asm\x01\x00\x00\x00 function f(){}": "",
	} {
		m, err := sourcemap.Parse(data, &sourcemap.Options{Generated: []byte(code)})
		require.NoError(t, err)
		at := sourcemap.Position{Column: 12}
		f, ok := m.FunctionIn(nil, at)
		assert.Equal(t, want != "", ok, "%q", code)
		assert.Equal(t, want, f.Name, "%q", code)
		m.Close()
	}
	class := "class A {" + strings.Repeat("static x = class {", 3000) + strings.Repeat("}", 3000) + "}"
	list, ok := sourcemap.NewText(class).Functions("a.js")
	require.True(t, ok)
	total := 0
	for _, f := range list {
		total += len(f.Name)
	}
	assert.Less(t, total, 10*len(class), "names")
}
