package sourcemap_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// pastaMap is what @bloomberg/pasta-sourcemaps 1.7.0 makes of this source, in TypeScript:
//
//	class Cart<T> {
//	  private lines: T[] = [];
//	  add(line: T) { return () => this.lines.push(line); }
//	  static of() { return new Cart(); }
//	  get total() { return this.lines.map((l) => 1).length; }
//	  constructor() { load(); }
//	}
//	function load() { fetch("x").then(function (r) { return r.json(); }); }
//	const f = async () => { await load(); };
//	const o = { m() { f(); }, p: () => 1 };
//	load();
const (
	pastaNames     = `["x","<top-level>","Cart.prototype.add","<anonymous>","Cart.of","Cart.prototype.get total","Cart","load","f","o.m","o.p"]`
	pastaFunctions = "CAAWA,CV0BCsD,CAHAH,CA+BCf,CAlBCqB,FAEAX,GAmBCnB,CCxDC4C,JAiCAJ,KCzBA5B,CCEAf,CAiBAY"
)

func pastaMap(functions, texts string) string {
	return `{"version":3,"sources":["cart.ts","b.ts",null],"sourcesContent":` + texts + `,"names":` + pastaNames + `,"mappings":"AAEyB,CCFV,C",
		"x_com_bloomberg_sourcesFunctionMappings":` + functions + `}`
}

func TestPasta(t *testing.T) {
	m := parse(t, pastaMap(`["`+pastaFunctions+`",null]`, `[null,"function g() { a; b; c; }"]`))
	path := filepath.Join(t.TempDir(), "index")
	require.NoError(t, m.Save(path, &sourcemap.SaveOptions{NoSources: true}))
	saved := openFile(t, path)
	require.NoError(t, saved.Verify())
	for _, m := range []*sourcemap.Map{m, saved} {
		for _, c := range []struct {
			line, column int32
			name, in     string
		}{ // as its decoder answers, inside of the functions' ends
			{0, 3, "", ""}, {1, 27, "Cart.add", ""}, {2, 22, "Cart.add", ""}, {2, 23, "", "Cart.add"}, {2, 50, "", "Cart.add"}, {2, 53, "Cart.add", ""},
			{2, 54, "Cart.of", ""}, {3, 35, "Cart.of", ""}, {3, 36, "get Cart.total", ""}, {4, 38, "", "get Cart.total"}, {4, 45, "", "get Cart.total"},
			{5, 20, "Cart", ""}, {6, 0, "", ""}, {6, 1, "load", ""}, {7, 34, "", "load"}, {8, 9, "f", ""}, {9, 11, "o.m", ""}, {9, 30, "o.p", ""}, {10, 0, "", ""}, {12, 0, "", ""},
		} {
			f, ok := m.ListedFunctionAt(0, sourcemap.Position{Line: c.line, Column: c.column})
			assert.True(t, ok)
			assert.Equal(t, sourcemap.Function{Name: c.name, In: c.in}, f, "%d:%d", c.line, c.column)
			f, ok = m.SourceFunctionAt(0, sourcemap.Position{Line: c.line, Column: c.column})
			assert.True(t, ok)
			assert.Equal(t, sourcemap.Function{Name: c.name, In: c.in}, f)
		}
		f, ok := m.FunctionAt(sourcemap.Position{})
		assert.True(t, ok)
		assert.Equal(t, sourcemap.Function{In: "Cart.add"}, f)
		for _, i := range []int{-1, 1, 2, 3, 4} {
			_, ok = m.ListedFunctionAt(i, sourcemap.Position{})
			assert.False(t, ok)
		}
	}
	f, ok := m.FunctionAt(sourcemap.Position{Column: 1})
	assert.True(t, ok, "null in the list: by the text")
	assert.Equal(t, "g", f.Name)

	// They come before functions of the text, and in a map of sections by the names and the source of their section.
	both, err := sourcemap.Parse([]byte(pastaMap(`["`+pastaFunctions+`"]`, `["function other() {`+strings.Repeat(`\n`, 20)+`}","function g() { a; b; c; }"]`)), &sourcemap.Options{Functions: true})
	require.NoError(t, err)
	defer both.Close()
	f, _ = both.FunctionAt(sourcemap.Position{})
	assert.Equal(t, "Cart.add", f.In)
	_, ok = both.ListedFunctionAt(1, sourcemap.Position{})
	assert.False(t, ok)
	sections := parse(t, indexed(
		section(0, 0, regular(`"sources":["x.ts"],"names":["a","b"],`, "AAAA")), section(1, 0, pastaMap(`["`+pastaFunctions+`"]`, `[]`)),
		section(2, 0, pastaMap(`["AAAAA"]`, `[]`)), // of the same source: the first counts
	))
	f, ok = sections.FunctionAt(sourcemap.Position{Line: 1})
	assert.True(t, ok)
	assert.Equal(t, "Cart.add", f.In)
	_, ok = sections.FunctionAt(sourcemap.Position{})
	assert.False(t, ok)
}

// What can't be read is as if it were not there.
func TestPastaForgives(t *testing.T) {
	for name, functions := range map[string]string{
		"no array": `"x"`, "numbers": `[1,2]`, "null": `null`, "an object": `{}`, "no base64": `["!"]`, "few fields": `["AAAA"]`, "many fields": `["AAAAAA"]`, "cut": `["AAAAg"]`,
		"no such name": `["WAAWA"]`, "a negative name": `["DAAWA"]`, "a negative line": `["ADAWA"]`, "a negative column": `["AADWA"]`, "ends before it starts": `["AACAA"]`,
		"out of order": `["ACAWA,ADAAA,AZAAA"]`, "half in another": `["AAAAU,AAKAK"]`, "too large": `["AAggggggE"]`, "very large": `["AA+/////////DAA"]`,
	} {
		m := parse(t, pastaMap(functions, `["function g() {\n\n`+strings.Repeat(" ", 40)+`}"]`))
		_, ok := m.ListedFunctionAt(0, sourcemap.Position{})
		assert.False(t, ok, name)
		f, ok := m.FunctionAt(sourcemap.Position{})
		assert.True(t, ok, name)
		assert.Equal(t, "g", f.Name, name)
		problems, _ := m.Problems()
		assert.Empty(t, problems)
	}
	// None at all is fine.
	_, ok := parse(t, pastaMap(`[""]`, `[]`)).ListedFunctionAt(0, sourcemap.Position{})
	assert.True(t, ok)
	nested := parse(t, pastaMap(`["`+strings.Repeat("AAAAA,", 5000)+`AAAAA"]`, `[]`))
	_, ok = nested.ListedFunctionAt(0, sourcemap.Position{})
	assert.True(t, ok, "empty ones do not lie in one another")
	_, ok = parse(t, pastaMap(`["AAAAU`+strings.Repeat(",AAAAA", 4095)+`"]`, `[]`)).ListedFunctionAt(0, sourcemap.Position{})
	assert.True(t, ok)
	_, ok = parse(t, pastaMap(`["AAAAU`+strings.Repeat(",AAAAA", 4096)+`"]`, `[]`)).ListedFunctionAt(0, sourcemap.Position{})
	assert.False(t, ok, "too deep")
}

// A new map has none of the functions that the old one listed, and says so.
func TestPastaIsDropped(t *testing.T) {
	m := parse(t, pastaMap(`["`+pastaFunctions+`"]`, `[]`))
	rewritten, err := sourcemap.Rewrite(m, nil)
	require.NoError(t, err)
	composed, err := sourcemap.Compose(m, func(string) (*sourcemap.Map, error) { return nil, nil }, nil)
	require.NoError(t, err)
	for _, made := range []*sourcemap.Map{rewritten, composed} {
		problems, _ := made.Problems()
		require.Len(t, problems, 1)
		assert.Equal(t, sourcemap.ProblemDropped, problems[0].Kind)
		assert.Contains(t, problems[0].String(), "functions")
		made.Close()
	}
}
