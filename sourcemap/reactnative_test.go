package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// nativeMap is a map of one source with the function map, as JSON.
func nativeMap(functions string) string {
	return `{"version":3,"sources":["a.js","b.js"],"names":[],"mappings":"AAAA","x_facebook_sources":[[` + functions + `],null]}`
}

// A function map written by hand: what it lists, "line:column name" with 0-based numbers, or the words of the error.
var functionMapCases = []struct{ name, functions, want, err string }{
	{"one", `{"names":["<global>"],"mappings":"AAA"}`, "0:0 <global>", ""},
	// Metro's own, of testdata/hermes/src/price.js.
	{"Metro's", `{"names":["<global>","priceOf","convert","<anonymous>"],"mappings":"AAA;uBCE;kBCC;GDE;UEC;GFE;CDC"}`,
		"0:0 <global>,2:23 priceOf,3:18 convert,5:3 priceOf,6:10 <anonymous>,8:3 priceOf,9:1 <global>", ""},
	{"several on a line", `{"names":["a","b"],"mappings":"AAA,CCA,EDA;ECC,GD"}`, "0:0 a,0:1 b,0:3 a,1:2 b,1:5 a", ""},
	{"a column starts anew on each line", `{"names":["a"],"mappings":"gBAA;CAC"}`, "0:16 a,1:1 a", ""},
	{"nothing", `{"names":[],"mappings":""}`, "", ""},
	{"empty segments and lines", `{"names":["a"],"mappings":",;;AAA,;"}`, "0:0 a", ""},
	{"not in order", `{"names":["a","b"],"mappings":"EAC;ACD"}`, "0:0 b,1:2 a", ""},
	{"escapes", `{"names":["é\u20ac\"","\ud83d\ude00"],"mappings":"AA\u0041,\/BC"}`, "", "column"},
	{"names with escapes", `{"names":["é\u20ac\"","\ud83d\ude00"],"mappings":"AA\u0041;AC\u0043"}`, "0:0 é€\",1:0 😀", ""},
	{"a name that is no string", `{"names":[7,"b"],"mappings":"AAA,CC"}`, "0:0 ,0:1 b", ""},
	{"a name that is not there", `{"names":["a"],"mappings":"AAA,CC"}`, "0:0 a,0:1 ", ""},
	{"long zeros", `{"names":["a"],"mappings":"ggggggggggAAA"}`, "0:0 a", ""},
	{"the largest line", `{"names":["a"],"mappings":"AA+/////D"}`, "2147483647:0 a", ""},

	{"a line too large", `{"names":["a"],"mappings":"AA+/////D;AAC"}`, "", "line 2147483648"},
	{"a value too large", `{"names":["a"],"mappings":"AAggggggI"}`, "", "too large"},
	{"a value far too large", `{"names":["a"],"mappings":"AAggggggggggggggggggB"}`, "", "too large"},
	{"a column below 0", `{"names":["a"],"mappings":"DAA"}`, "", "column -1"},
	{"a line below 0", `{"names":["a"],"mappings":"AAD"}`, "", "line -1"},
	{"a name below 0", `{"names":["a"],"mappings":"ADA"}`, "", "no name -1"},
	{"a bad digit", `{"names":["a"],"mappings":"AA!A"}`, "", "bad digit '!' at byte 2"},
	{"one field", `{"names":["a"],"mappings":"AAA,A"}`, "", "1 field at byte 4"},
	{"four fields", `{"names":["a"],"mappings":"AAAA"}`, "", "more than 3 fields"},
	{"unfinished", `{"names":["a"],"mappings":"AAg"}`, "", "unfinished"},
	{"no mappings", `{"names":["a"]}`, "", "without mappings or names"},
	{"no names", `{"mappings":"AAA"}`, "", "without mappings or names"},
	{"mappings of another type", `{"names":["a"],"mappings":[]}`, "", "without mappings or names"},
	{"null", `null`, "", ""},
	{"a string", `"x"`, "", ""},
	{"nothing at all", ``, "", ""},
}

func listed(list []sourcemap.FunctionStart) string {
	var parts []string
	for _, f := range list {
		parts = append(parts, fmt.Sprintf("%d:%d %s", f.Start.Line, f.Start.Column, f.Name))
	}
	return strings.Join(parts, ",")
}

func TestFunctionMap(t *testing.T) {
	for _, c := range functionMapCases {
		t.Run(c.name, func(t *testing.T) {
			m := parseClean(t, nativeMap(c.functions))
			checkFunctionMaps(t, m)
			list, err := m.FunctionMap(0)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				assert.Empty(t, list)
				_, ok := m.FunctionMapName(0, sourcemap.Position{})
				assert.False(t, ok)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, listed(list))
			for _, i := range []int{-1, 1, 2} {
				list, err = m.FunctionMap(i)
				require.NoError(t, err)
				assert.Empty(t, list)
			}
		})
	}
}

func TestFunctionMapName(t *testing.T) {
	m := parseClean(t, nativeMap(functionMapCases[1].functions))
	for _, c := range []struct {
		line, column int32
		want         string
	}{
		{0, 0, "<global>"}, {2, 22, "<global>"}, {2, 23, "priceOf"}, {3, 17, "priceOf"}, {3, 18, "convert"}, {5, 2, "convert"}, {5, 3, "priceOf"},
		{7, 0, "<anonymous>"}, {100, 0, "<global>"},
	} {
		got, ok := m.FunctionMapName(0, sourcemap.Position{Line: c.line, Column: c.column})
		assert.True(t, ok)
		assert.Equal(t, c.want, got, "%d:%d", c.line, c.column)
	}
	_, ok := m.FunctionMapName(1, sourcemap.Position{})
	assert.False(t, ok)
	m = parseClean(t, nativeMap(`{"names":["a"],"mappings":"CAA"}`))
	_, ok = m.FunctionMapName(0, sourcemap.Position{})
	assert.False(t, ok, "before the first")
	m.Close()
	_, ok = m.FunctionMapName(0, sourcemap.Position{Line: 5})
	assert.False(t, ok)
}

const nativeFieldsMap = `{"version":3,"sources":["a.js"],"names":[],"mappings":"AAAA","x_facebook_offsets":[null,12,-1,"x",4294967296,7],` +
	`"x_hermes_function_offsets":{"0":[0,15,113],"2":[9],"x":[1],"3":null},"x_metro_module_paths":["a.js","\u00e9.js"]}`

func TestNativeFields(t *testing.T) {
	m := parseClean(t, nativeFieldsMap)
	check := func(m *sourcemap.Map) {
		t.Helper()
		for id, want := range []int32{-1, 12, -1, -1, -1, 7, -1} {
			line, ok := m.ModuleLine(id)
			assert.Equal(t, want >= 0, ok, "module %d", id)
			assert.Equal(t, max(want, 0), line)
		}
		for _, c := range [][3]int32{{0, 0, 0}, {0, 2, 113}, {0, 3, -1}, {2, 0, 9}, {1, 0, -1}, {3, 0, -1}, {0, -1, -1}} {
			address, ok := m.HermesFunction(int(c[0]), int(c[1]))
			assert.Equal(t, c[2] >= 0, ok, "%v", c)
			assert.Equal(t, max(c[2], 0), address)
		}
		assert.Equal(t, []string{"a.js", "é.js"}, m.ModulePaths())
		assert.True(t, m.IsHermes())
	}
	check(m)
	image, err := m.AppendIndex(nil, nil)
	require.NoError(t, err)
	saved, err := sourcemap.Parse(image, nil)
	require.NoError(t, err)
	require.NoError(t, saved.Verify())
	check(saved)
	head, err := sourcemap.Peek([]byte(nativeFieldsMap))
	require.NoError(t, err)
	assert.True(t, head.HasModules)

	for _, text := range []string{
		regular(`"sources":[],"x_facebook_offsets":{},"x_hermes_function_offsets":[],"x_metro_module_paths":[1],"x_facebook_sources":{},`, ""),
		regular(`"sources":[],"x_facebook_offsets":"[1]","x_hermes_function_offsets":"{}","x_metro_module_paths":"a","x_facebook_sources":[1,[],[[]],{}],`, ""),
		regular(`"sources":[],`, ""),
	} {
		m := parseClean(t, text)
		_, ok := m.ModuleLine(0)
		assert.False(t, ok)
		_, ok = m.HermesFunction(0, 0)
		assert.False(t, ok)
		assert.Empty(t, m.ModulePaths())
		assert.False(t, m.IsHermes())
	}
}

// TestSegments: a map holds maps of the segments of a bundle.
func TestSegments(t *testing.T) {
	one := func(source, extra string) string {
		return `{"version":3,"sources":["` + source + `"],"names":[],"mappings":"AAAA"` + extra + `}`
	}
	m := parseClean(t, one("main.js", `,"x_facebook_segments":{"3": `+one("three.js", `,"x_facebook_offsets":[null,5],"x_facebook_segments":{"1":`+one("x", "")+`}`)+
		`,"1":`+one("one.js", "")+`,"01":`+one("x", "")+`,"-1":`+one("x", "")+`,"x":`+one("x", "")+`,"7":null,"8":{"version":3},"9":{"version":3,"sections":[{"offset":{"line":0,"column":2},"map":`+one("nine.js", "")+`}]}}`))
	for _, m := range []*sourcemap.Map{m, reopened(t, m), parse(t, string(encoded(t, m, nil)))} {
		assert.Equal(t, []int{1, 3, 8, 9}, m.Segments())
		for id, want := range map[int]string{1: "0:0 one.js:0:0", 3: "0:0 three.js:0:0", 9: "0:2 nine.js:0:0"} {
			s, err := m.Segment(id)
			require.NoError(t, err)
			assert.Equal(t, want, in(s))
			again, err := m.Segment(id)
			require.NoError(t, err)
			assert.Same(t, s, again)
		}
		three, _ := m.Segment(3)
		line, ok := three.ModuleLine(1)
		assert.Equal(t, [2]any{int32(5), true}, [2]any{line, ok})
		assert.Empty(t, three.Segments(), "of a segment")
		for _, id := range []int{-1, 0, 7, 100} {
			s, err := m.Segment(id)
			assert.NoError(t, err)
			assert.Nil(t, s)
		}
		_, err := m.Segment(8)
		assert.ErrorIs(t, err, sourcemap.ErrFormat)
		assert.ErrorContains(t, err, "segment 8: ")
		size := m.Size()
		m.Close()
		assert.Less(t, m.Size(), size)
		assert.Empty(t, m.Segments())
		assert.Equal(t, "0:0 three.js:0:0", in(three), "it outlives its map")
	}
	head, err := sourcemap.Peek([]byte(one("a", `,"x_facebook_segments":{}`)))
	require.NoError(t, err)
	assert.True(t, head.HasSegments)

	// More than are kept.
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf(`"%d":%s`, i, one(fmt.Sprint(i), "")))
	}
	m = parseClean(t, one("main.js", `,"x_facebook_segments":{`+strings.Join(many, ",")+`}`))
	before := m.Size()
	var kept []*sourcemap.Map
	for i := range 200 {
		s, err := m.Segment(i)
		require.NoError(t, err)
		kept = append(kept, s)
	}
	assert.Greater(t, m.Size(), before)
	assert.Less(t, m.Size()-before, 65*kept[0].Size())
	for i, s := range kept {
		assert.Equal(t, fmt.Sprintf("0:0 %d:0:0", i), in(s))
	}
}

// TestFunctionMapsOfSections: each section brings its own; equal sources stay apart when their function maps differ.
func TestFunctionMapsOfSections(t *testing.T) {
	one := `{"version":3,"sources":["a.js"],"names":[],"mappings":"AAAA","x_facebook_sources":[[{"names":["f"],"mappings":"AAA"}]]}`
	other := strings.Replace(one, `"f"`, `"g"`, 1)
	m := parseClean(t, indexed(section(0, 0, one), section(1, 0, other), section(2, 0, one)))
	require.Equal(t, 2, m.NumSources())
	for line, want := range []string{"f", "g", "f"} {
		found, ok := m.Lookup(sourcemap.Position{Line: int32(line)})
		require.True(t, ok)
		name, _ := m.FunctionMapName(int(found.Source), found.Original)
		assert.Equal(t, want, name)
	}
}

// checkFunctionMaps is what holds for every map: what FunctionMap lists is what FunctionMapName answers, and a saved index says the same.
func checkFunctionMaps(t *testing.T, m *sourcemap.Map) {
	image, err := m.AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
	require.NoError(t, err)
	saved, err := sourcemap.Parse(image, nil)
	require.NoError(t, err)
	require.NoError(t, saved.Verify())
	for i := range m.NumSources() {
		list, err := m.FunctionMap(i)
		savedList, savedErr := saved.FunctionMap(i)
		require.Equal(t, list, savedList)
		require.Equal(t, err, savedErr)
		for k, f := range list {
			require.GreaterOrEqual(t, min(f.Start.Line, f.Start.Column), int32(0))
			if k+1 < len(list) && list[k+1].Start == f.Start {
				continue // the last of several counts
			}
			name, ok := m.FunctionMapName(i, f.Start)
			require.Equal(t, f.Name, name)
			require.Equal(t, name != "", ok)
		}
	}
}

func FuzzFunctionMap(f *testing.F) {
	for _, c := range functionMapCases {
		f.Add([]byte(c.functions), []byte("[1]"), []byte(`{"0":[1]}`))
	}
	f.Add([]byte("null"), []byte(`[null,12,-1]`), []byte(`{"0":[0,15],"2":[9]}`))
	f.Fuzz(func(t *testing.T, functions, offsets, hermes []byte) {
		m, err := sourcemap.Parse([]byte(`{"version":3,"sources":["a","b"],"mappings":"AAAA","x_facebook_offsets":`+string(offsets)+`,"x_hermes_function_offsets":`+string(hermes)+
			`,"x_facebook_sources":[[`+string(functions)+`],[`+string(functions)+`]]}`), nil)
		if err != nil {
			return
		}
		checkFunctionMaps(t, m)
		for i := range 4 {
			m.ModuleLine(i)
			m.HermesFunction(0, i)
		}
		m.ModulePaths()
	})
}

// TestFunctionMapAgainstMetro compares names at random places of random function maps, and of the sample's, with metro-symbolicate's.
func TestFunctionMapAgainstMetro(t *testing.T) {
	const peers = "../bench/peers/node"
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(peers + "/node_modules/metro-symbolicate")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: metro-symbolicate (needs node and npm ci in bench/peers/node)")
	}
	random := rand.New(rand.NewPCG(20, 26))
	var in bytes.Buffer
	var ours [][]*string
	ask := func(text []byte) {
		m, err := sourcemap.Parse(text, nil)
		require.NoError(t, err)
		var positions [][3]any
		var answers []*string
		for range 50 {
			i := random.IntN(m.NumSources())
			source, _ := m.Source(i)
			p := sourcemap.Position{Line: random.Int32N(40), Column: random.Int32N(60)}
			positions = append(positions, [3]any{source.URL, p.Line + 1, p.Column})
			var answer *string
			if name, ok := m.FunctionMapName(i, p); ok {
				answer = &name
			}
			answers = append(answers, answer)
		}
		ours = append(ours, answers)
		line, err := json.Marshal([]any{json.RawMessage(text), positions})
		require.NoError(t, err)
		in.Write(append(line, '\n'))
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	vlq := func(n int) (text string) {
		v := n << 1
		if n < 0 {
			v = -n<<1 | 1
		}
		for {
			digit := v & 31
			if v >>= 5; v == 0 {
				return text + digits[digit:digit+1]
			}
			text += digits[digit|32 : digit|32+1]
		}
	}
	for range 500 {
		names := []string{"<global>", "f", "Cart#total", "é", "map$argument_0"}
		var b strings.Builder
		line, column, name := 0, 0, 0
		for k := range 1 + random.IntN(12) {
			step := random.IntN(6)
			if k == 0 || step > 0 && random.IntN(2) == 0 {
				if k > 0 {
					b.WriteByte(';')
				}
				next, at := random.IntN(len(names)), random.IntN(50)
				b.WriteString(vlq(at) + vlq(next-name) + vlq(step))
				line, column, name = line+step, at, next
				continue
			}
			next := random.IntN(len(names))
			b.WriteString("," + vlq(step) + vlq(next-name))
			column, name = column+step, next
		}
		list, err := json.Marshal(names)
		require.NoError(t, err)
		functions := fmt.Sprintf(`{"names":%s,"mappings":%q}`, list, b.String())
		ask([]byte(nativeMap(functions)))
	}
	samples, err := filepath.Glob("../testdata/hermes/dist/*.map")
	require.NoError(t, err)
	asked := 0
	for _, path := range samples {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if bytes.Contains(text, []byte("x_facebook_sources")) {
			for range 20 {
				var compact bytes.Buffer
				require.NoError(t, json.Compact(&compact, text))
				ask(compact.Bytes())
				asked++
			}
		}
	}
	require.Equal(t, 40, asked)
	command := exec.Command("node", peers+"/metro.mjs")
	command.Stdin = &in
	out, err := command.Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, len(ours))
	named := 0
	for i, line := range lines {
		var theirs []*string
		require.NoError(t, json.Unmarshal([]byte(line), &theirs))
		require.Equal(t, theirs, ours[i], "%d", i)
		for _, name := range theirs {
			if name != nil {
				named++
			}
		}
	}
	t.Logf("%d names of %d", named, 50*len(ours))
	require.Greater(t, named, 10_000)
}
