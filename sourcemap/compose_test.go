package sourcemap_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// maps loads maps by URL from a table of texts.
func mapsOf(t testing.TB, texts map[string]string) func(url string) (*sourcemap.Map, error) {
	return func(url string) (*sourcemap.Map, error) {
		text, ok := texts[url]
		if !ok {
			return nil, nil
		}
		return parse(t, text), nil
	}
}

// in writes a map with its mappings as numbers: "line:column source:line:column name range, …", the last three where it has them.
func in(m *sourcemap.Map) string {
	var list []string
	for mapping := range m.Mappings() {
		text := fmt.Sprintf("%d:%d", mapping.Generated.Line, mapping.Generated.Column)
		if mapping.Source >= 0 {
			s, _ := m.Source(int(mapping.Source))
			url := s.URL
			if s.Null {
				url = "null"
			}
			text += fmt.Sprintf(" %s:%d:%d", url, mapping.Original.Line, mapping.Original.Column)
		}
		if mapping.Name >= 0 {
			text += " " + m.Name(int(mapping.Name))
		}
		if mapping.Range {
			text += " range"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// composeCases: a map, maps by URL, and what they make.
var composeCases = []struct {
	name, outer   string
	maps          map[string]string
	want          string
	likeRemapping string // where it differs
	repeats       string // where KeepRepeats differs
}{
	{
		"sources without a map", regular(`"sources":["a","b"],"names":["n"],`, "AAAAA,CCAA;A"), nil,
		"0:0 a:0:0 n, 0:1 b:0:0, 1:0", "0:0 a:0:0 n, 0:1 b:0:0", "",
	}, {
		"through one, past another", regular(`"sources":["a","b"],`, "AAAA,CACC,CCAA"),
		map[string]string{"a": regular(`"sources":["A"],`, "AAEE;AACC")}, // 0:0 → 2:2, 1:0 → 3:3
		"0:0 A:2:2, 0:1 A:3:3, 0:2 b:1:1", "", "",
	}, {
		"names: the innermost that there is", regular(`"sources":["a","b"],"names":["out","x"],`, "AAAAA,CAAGC,CCAHD,CAAK"),
		map[string]string{"a": regular(`"sources":["A"],"names":["in"],`, "AAAAA,GAAG"), "b": regular(`"sources":["B"],"names":["in"],`, "AAAA,KAAKA")},
		"0:0 A:0:0 in, 0:1 A:0:3 x, 0:2 B:0:0 out, 0:3 B:0:5 in", "", "",
	}, {
		"an inner map with nothing there", regular(`"sources":["a"],`, "AAAK,CAAA,CACL,CACA"),
		map[string]string{"a": regular(`"sources":["A"],`, "KAAA;A")}, // 0:5 → 0:0; 1:0 nothing; line 2 empty
		"0:0 A:0:0, 0:2", "", "0:0 A:0:0, 0:1 A:0:0, 0:2, 0:3",
	}, {
		"nowhere between two places", regular(`"sources":["a"],`, "AAAK,CAAL,CAAK"),
		map[string]string{"a": regular(`"sources":["A"],`, "KAAA")},
		"0:0 A:0:0, 0:1, 0:2 A:0:0", "0:0 A:0:0", "",
	}, {
		"nothing at the start of a line", regular(`"sources":["a"],`, "A,CAAA;AAAA;A"), nil,
		"0:0, 0:1 a:0:0, 1:0 a:0:0, 2:0", "0:1 a:0:0, 1:0 a:0:0", "",
	}, {
		"repeats", regular(`"sources":["a"],"names":["n"],`, "AAAA,CAAA,CAAA,CAAAA,CAAA;AAAA,C,C,C"), nil,
		"0:0 a:0:0, 0:3 a:0:0 n, 0:4 a:0:0, 1:0 a:0:0, 1:1", "", "0:0 a:0:0, 0:1 a:0:0, 0:2 a:0:0, 0:3 a:0:0 n, 0:4 a:0:0, 1:0 a:0:0, 1:1, 1:2, 1:3",
	}, {
		"a repeat with another mapping at its column", regular(`"sources":["a"],`, "AAAA,CAAA,AAAC,CAAA,A"), nil,
		"0:0 a:0:0, 0:1 a:0:0, 0:1 a:0:1, 0:2 a:0:1, 0:2", "0:0 a:0:0, 0:1 a:0:1, 0:2", "",
	}, {
		"URLs of sources", regular(`"sources":["dist/a.js","./e/../f.js"],`, "AAAA,CAAC,CAAC,CAAC,CCAA"),
		map[string]string{"dist/a.js": regular(`"sources":["../src/a.ts","/b.ts","https://x/c.ts","./d.ts"],`, "AAAA,CCAA,CCAA,CCAA")},
		"0:0 src/a.ts:0:0, 0:1 /b.ts:0:0, 0:2 https://x/c.ts:0:0, 0:3 dist/d.ts:0:0, 0:4 ./e/../f.js:0:3", "", "",
	}, {
		"a source root", regular(`"sources":["https://x/dist/a.js"],`, "AAAA"),
		map[string]string{"https://x/dist/a.js": regular(`"sourceRoot":"..","sources":["src/a.ts"],`, "AAAA")}, "0:0 https://x/src/a.ts:0:0", "", "",
	}, {
		"null sources", regular(`"sources":["a",null],`, "AAAA,CAAC,CCAA"),
		map[string]string{"a": regular(`"sources":[null,null],`, "AAAA,CCAA"), "": regular(`"sources":["wrong"],`, "AAAA")},
		"0:0 null:0:0, 0:1 null:0:0, 0:2 null:0:1", "", "",
	}, {
		"a file before it was worked on", regular(`"sources":["d/a.js"],`, "AAAA"),
		map[string]string{"d/a.js": regular(`"sources":["./a.js"],`, "AACC")}, "0:0 d/a.js:1:1", "", "",
	}, {
		"three in a row, one source by two ways", regular(`"sources":["a","c"],`, "AAAA,CCAA"),
		map[string]string{"a": regular(`"sources":["b"],`, "AAAA"), "b": regular(`"sources":["c"],`, "AACA"), "c": regular(`"sources":["C"],`, "AAAA;AACC")},
		"0:0 C:1:1, 0:1 C:0:0", "", "",
	}, {
		"a range mapping stays one", ranged("AAAA,KAEC", `"A"`), nil,
		"0:0 a:0:0 range, 0:5 a:2:1", "0:0 a:0:0, 0:5 a:2:1", "",
	}, {
		"a range mapping becomes what there is of its text", ranged("IAAC,UAEC", `"A"`), // columns 1–10 of a, from column 4 on
		map[string]string{"a": regular(`"sources":["A"],"names":["in"],`, "AAAA,GAAGA,KAAK,KAAK;EACA")},
		"0:4 A:0:0, 0:6 A:0:3 in, 0:11 A:0:8, 0:14", "0:4 A:0:0", "0:4 A:0:0, 0:6 A:0:3 in, 0:11 A:0:8, 0:14",
	}, {
		"over line ends", ranged("KACA;;;K", `"A"`), // from line 1 of a on; line 3 of the code is line 4 of a
		map[string]string{"a": regular(`"sources":["A"],`, "AAAA;CAAC,CAAA;;EAGE;AAAA,AAAC")},
		"0:5, 0:6 A:0:1, 2:2 A:3:3, 3:0 A:3:3, 3:0 A:3:4, 3:5", "", "0:5, 0:6 A:0:1, 0:7 A:0:1, 2:2 A:3:3, 3:0 A:3:3, 3:0 A:3:4, 3:5",
	}, {
		"ranges of ranges", ranged("AAEG", `"A"`), // from 2:3 of a on
		map[string]string{"a": ranged("AAAA;;;AACC", `"A;;;A"`)},
		"0:0 a:2:3 range, 1:0 a:1:1 range", "", "",
	},
}

func TestCompose(t *testing.T) {
	for _, c := range composeCases {
		t.Run(c.name, func(t *testing.T) {
			compose := func(options *sourcemap.ComposeOptions) string {
				m, err := sourcemap.Compose(parse(t, c.outer), mapsOf(t, c.maps), options)
				require.NoError(t, err)
				requireRoundTrip(t, m)
				return in(m)
			}
			assert.Equal(t, c.want, compose(nil))
			if c.repeats != "" {
				assert.Equal(t, c.repeats, compose(&sourcemap.ComposeOptions{KeepRepeats: true}))
			}
			if c.likeRemapping != "" {
				assert.Equal(t, c.likeRemapping, compose(&sourcemap.ComposeOptions{LikeRemapping: true}))
			}
		})
	}
}

func TestComposeKeeps(t *testing.T) {
	outer := parse(t, `{"version":3,"file":"out.js","debugId":"85314830-023f-4cf1-a267-535f4e37bb17","sources":["a","b","c","unused"],"sourcesContent":["text of a","text of b"],"names":["unused"],"ignoreList":[0],"mappings":"AAAA,CAAC,CCAA,CCAA"}`)
	asked := map[string]int{}
	load := func(url string) (*sourcemap.Map, error) {
		asked[url]++
		return mapsOf(t, map[string]string{
			"a": `{"version":3,"sources":["A","A2"],"sourcesContent":["text of A",null],"mappings":"AAAA,CCAA"}`,
			"c": `{"version":3,"sources":["A2"],"sourcesContent":["text of A2"],"ignoreList":[],"mappings":"AAAA"}`,
		})(url)
	}
	m, err := sourcemap.Compose(outer, load, nil)
	require.NoError(t, err)
	outer.Close()
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1, "A": 1, "A2": 1}, asked)
	assert.Equal(t, `{"version":3,"file":"out.js","sources":["A","A2","b"],"sourcesContent":["text of A","text of A2","text of b"],"names":[],`+
		`"mappings":"AAAA,CCAA,CCAC,CDAD","ignoreList":[0,1],"debugId":"85314830-023f-4cf1-a267-535f4e37bb17"}`, string(encoded(t, m, nil)))
}

// TestComposeFirstText: of one source with several texts the first is taken.
func TestComposeFirstText(t *testing.T) {
	one := func(content string) string {
		return `{"version":3,"sources":["A"],"sourcesContent":[` + content + `],"mappings":"AAAA"}`
	}
	m, err := sourcemap.Compose(parse(t, regular(`"sources":["a","b","c"],`, "AAAA,CCAA,CCAA")), mapsOf(t, map[string]string{"a": one(""), "b": one(`"1"`), "c": one(`"2"`)}), nil)
	require.NoError(t, err)
	assert.Equal(t, `{"version":3,"sources":["A"],"sourcesContent":["1"],"names":[],"mappings":"AAAA"}`, string(encoded(t, m, nil)))
}

func TestComposeFails(t *testing.T) {
	one := func(source string) string { return regular(`"sources":["`+source+`"],`, "AAAA") }
	outer := parse(t, one("a"))
	_, err := sourcemap.Compose(outer, mapsOf(t, map[string]string{"a": one("b"), "b": one("c"), "c": one("a")}), nil)
	assert.ErrorIs(t, err, sourcemap.ErrCycle)
	assert.EqualError(t, err, "sourcemap: compose: maps in a circle: a from b from c from a")

	endless := func(url string) (*sourcemap.Map, error) { return parse(t, one(url+"x")), nil }
	_, err = sourcemap.Compose(outer, endless, nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	long := func(url string) (*sourcemap.Map, error) {
		if len(url) < sourcemap.MaxComposeDepth {
			return parse(t, one(url+"x")), nil
		}
		return nil, nil
	}
	_, err = sourcemap.Compose(parse(t, one("")), long, nil) // one more
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	m, err := sourcemap.Compose(outer, long, nil)
	require.NoError(t, err)
	assert.Equal(t, "0:0 a"+strings.Repeat("x", sourcemap.MaxComposeDepth-1)+":0:0", in(m))

	// Through range mappings, too.
	ranges := func(source string) string {
		return regular(`"sources":["`+source+`"],"rangeMappings":"A",`, "AAAA")
	}
	_, err = sourcemap.Compose(parse(t, ranges("a")), mapsOf(t, map[string]string{"a": ranges("b"), "b": ranges("c"), "c": ranges("a")}), nil)
	assert.EqualError(t, err, "sourcemap: compose: maps in a circle: a from b from c from a")
	_, err = sourcemap.Compose(parse(t, ranges("a")), func(url string) (*sourcemap.Map, error) { return parse(t, ranges(url+"x")), nil }, nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)

	_, err = sourcemap.Compose(outer, func(string) (*sourcemap.Map, error) { return nil, errFull }, nil)
	assert.ErrorIs(t, err, errFull)
	assert.ErrorContains(t, err, "sourcemap: compose: a: ")

	closed := parse(t, one("a"))
	closed.Close()
	_, err = sourcemap.Compose(outer, func(string) (*sourcemap.Map, error) { return closed, nil }, nil)
	assert.ErrorContains(t, err, "closed")
	_, err = sourcemap.Compose(closed, long, nil)
	assert.ErrorContains(t, err, "closed")
}

// TestTC39Compose: the transitive cases, of a map composed of all steps at once, and of one composed step by step.
func TestTC39Compose(t *testing.T) {
	dir := needTC39(t)
	n := 0
	for _, c := range readCases(t, dir) {
		for _, a := range c.TestActions {
			if a.ActionType != "checkMappingTransitive" {
				continue
			}
			n++
			outer, err := open(t, dir, c.SourceMapFile)
			require.NoError(t, err)
			// Each map says which file it is for by its name: a.js.map is that of a.js.
			load := func(names ...string) func(url string) (*sourcemap.Map, error) {
				return func(url string) (*sourcemap.Map, error) {
					if slices.Contains(names, url+".map") {
						return open(t, dir, url+".map")
					}
					return nil, nil
				}
			}
			atOnce, err := sourcemap.Compose(outer, load(a.IntermediateMaps...), nil)
			require.NoError(t, err)
			stepwise := outer
			for _, name := range a.IntermediateMaps {
				stepwise, err = sourcemap.Compose(stepwise, load(name), nil)
				require.NoError(t, err)
			}
			for _, m := range []*sourcemap.Map{atOnce, stepwise, parse(t, string(encoded(t, atOnce, nil)))} {
				found, ok := m.Lookup(sourcemap.Position{Line: a.GeneratedLine, Column: a.GeneratedColumn})
				require.True(t, ok, "%+v", a)
				s, _ := m.Source(int(found.Source))
				assert.Equal(t, *a.OriginalSource, s.URL)
				assert.Equal(t, sourcemap.Position{Line: *a.OriginalLine, Column: *a.OriginalColumn}, found.Original)
				// The last map has no names; the composed one has those of the first, as remapping's has. The suite's harness
				// looks at a name only where one is expected.
				require.Nil(t, a.MappedName)
			}
		}
	}
	assert.Equal(t, 16, n)
}

// chain is an outer map and the maps of its sources, by URL.
type chain struct {
	outer string
	maps  map[string]string
}

// randomChain is a chain of plain maps: no null sources, no two mappings at one column.
func randomChain(random *rand.Rand, plain bool) chain {
	c := chain{maps: map[string]string{}}
	depth := 1 + random.IntN(3)
	layer := func(level int) (list []string) {
		for i := range 1 + random.IntN(3) {
			list = append(list, fmt.Sprintf("%c%d", 'a'+level, i))
		}
		return list
	}
	build := func(sources []string) string {
		names := []string{"n", "m", "o"}[:random.IntN(4)]
		var b sourcemap.Builder
		for _, s := range sources {
			i := b.AddSource(s)
			if random.IntN(2) == 0 {
				_ = b.SetText(i, "text of "+s)
			}
		}
		if !plain && random.IntN(3) == 0 {
			b.AddNullSource()
			sources = append(sources, "")
		}
		for _, name := range names {
			b.AddName(name)
		}
		for line := range int32(5) {
			column := int32(0)
			for range random.IntN(8) {
				m := sourcemap.Mapping{Generated: sourcemap.Position{Line: line, Column: column}, Source: -1, Name: -1}
				if random.IntN(6) > 0 {
					m.Source = random.Int32N(int32(len(sources)))
					m.Original = sourcemap.Position{Line: random.Int32N(5), Column: random.Int32N(12)}
					if len(names) > 0 && random.IntN(3) == 0 {
						m.Name = random.Int32N(int32(len(names)))
					}
				}
				m.Range = !plain && m.Source >= 0 && random.IntN(4) == 0
				if err := b.Add(m); err != nil {
					panic(err)
				}
				column += 1 + random.Int32N(3)
				if !plain && random.IntN(3) == 0 {
					column = m.Generated.Column
				}
			}
		}
		m, err := b.Map()
		if err != nil {
			panic(err)
		}
		var out strings.Builder
		if err := m.Encode(&out, nil); err != nil {
			panic(err)
		}
		return out.String()
	}
	files := layer(0)
	c.outer = build(files)
	for level := range depth {
		next := layer(level + 1)
		for _, f := range files {
			if random.IntN(5) > 0 {
				c.maps[f] = build(next)
			}
		}
		files = next
	}
	return c
}

// steps looks a position up map by map, and says where it leads and by which name.
func steps(outer *sourcemap.Map, maps map[string]*sourcemap.Map, p sourcemap.Position) string {
	m, name, url := outer, "", ""
	for {
		found, ok := m.Lookup(p)
		if !ok {
			return "nothing"
		}
		if found.Name >= 0 {
			name = m.Name(int(found.Name))
		}
		s, _ := m.Source(int(found.Source))
		p, url = found.Original, s.URL
		next, has := maps[url]
		if s.Null || !has {
			return fmt.Sprint(url, s.Null, p, name)
		}
		m = next
	}
}

// TestComposeIsStepByStep: every position has the answer of the maps one after the other.
func TestComposeIsStepByStep(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 430))
	somewhere, composed := 0, 0
	for range 600 {
		c := randomChain(random, false)
		outer, maps := parse(t, c.outer), map[string]*sourcemap.Map{}
		for url, text := range c.maps {
			maps[url] = parse(t, text)
		}
		for _, options := range []*sourcemap.ComposeOptions{nil, {KeepRepeats: true}} {
			m, err := sourcemap.Compose(outer, mapsOf(t, c.maps), options)
			require.NoError(t, err)
			requireRoundTrip(t, m)
			composed += len(markedOf(m))
			for line := range int32(9) {
				for column := range int32(24) {
					p := sourcemap.Position{Line: line, Column: column}
					got := "nothing"
					if found, ok := m.Lookup(p); ok {
						s, _ := m.Source(int(found.Source))
						name := ""
						if found.Name >= 0 {
							name = m.Name(int(found.Name))
						}
						got = fmt.Sprint(s.URL, s.Null, found.Original, name)
						somewhere++
					}
					if want := steps(outer, maps, p); want != got {
						require.Equal(t, want, got, "%v of %v", p, c)
					}
				}
			}
		}
	}
	t.Logf("%d answers, %d range mappings", somewhere, composed)
	assert.Greater(t, somewhere, 20_000)
	assert.Greater(t, composed, 1000)
}

// TestComposeFarRanges: what an inner range mapping would put past 2³¹−1 is nothing, and what lies there of a text is left out.
func TestComposeFarRanges(t *testing.T) {
	build := func(url string, mappings ...sourcemap.Mapping) *sourcemap.Map {
		var b sourcemap.Builder
		b.AddSource(url)
		for _, m := range mappings {
			m.Name, m.Range = -1, true
			require.NoError(t, b.Add(m))
		}
		m, err := b.Map()
		require.NoError(t, err)
		return m
	}
	at := func(line, column int32) sourcemap.Position {
		return sourcemap.Position{Line: line, Column: column}
	}
	compose := func(outer, inner *sourcemap.Map) string {
		m, err := sourcemap.Compose(outer, func(url string) (*sourcemap.Map, error) {
			if url == "a" {
				return inner, nil
			}
			return nil, nil
		}, nil)
		require.NoError(t, err)
		return in(m)
	}
	assert.Equal(t, "0:0, 1:0 A:4:0 range", compose(build("a", sourcemap.Mapping{Original: at(0, 5)}), build("A", sourcemap.Mapping{Original: at(3, last-2)})))
	assert.Equal(t, "0:0 A:3:2147483645 range", compose(build("a", sourcemap.Mapping{}), build("A", sourcemap.Mapping{Original: at(3, last-2)})))
	// A place of the text that no position of the code reaches; the text goes on below.
	assert.Equal(t, "0:5 A:0:0 range, 1:0 A:8:0 range", compose(build("a", sourcemap.Mapping{Generated: at(0, 5)}), build("A", sourcemap.Mapping{}, sourcemap.Mapping{Generated: at(0, last-2), Original: at(7, 0)})))
}

// TestComposeRangesLimit: few bytes that name one long text again and again.
func TestComposeRangesLimit(t *testing.T) {
	const texts, width = 1 << 12, 1 << 13
	var outer, inner sourcemap.Builder
	outer.AddSource("a")
	inner.AddSource("A")
	for i := range int32(texts) {
		require.NoError(t, outer.Add(sourcemap.Mapping{Generated: sourcemap.Position{Column: i * width}, Name: -1, Range: true}))
	}
	for i := range int32(width) {
		require.NoError(t, inner.Add(sourcemap.Mapping{Generated: sourcemap.Position{Column: i}, Original: sourcemap.Position{Line: i}, Name: -1}))
	}
	maps := [2]*sourcemap.Map{}
	for i, b := range []*sourcemap.Builder{&outer, &inner} {
		m, err := b.Map()
		require.NoError(t, err)
		maps[i] = m
	}
	_, err := sourcemap.Compose(maps[0], func(url string) (*sourcemap.Map, error) {
		if url == "a" {
			return maps[1], nil
		}
		return nil, nil
	}, nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	assert.EqualError(t, err, "sourcemap: compose: limit exceeded: more than 1048576 mappings in place of range mappings")
}

// TestComposeScopes: scopes and function maps are those of the originals; ranges are those of the outer map.
func TestComposeScopes(t *testing.T) {
	inner := `{"version":3,"sources":["A"],"names":["f","in"],"mappings":"AAAA;AACA","x_facebook_sources":[[{"names":["m"],"mappings":"AAA"}]],"x_facebook_offsets":[1],` +
		`"scopes":"BFAAC,DA,CKA,ECAA,FFA"}`
	outer := `{"version":3,"sources":["a","b"],"names":["x","f"],"mappings":"AAAA,KCAA","scopes":"A,BFAAC,DA,CJA,ECAA,GB,HABAB,FFA","x_hermes_function_offsets":{"0":[1]},"x_facebook_segments":{}}`
	compose := func(outer string, maps map[string]string) (m *sourcemap.Map, dropped []string) {
		m, err := sourcemap.Compose(parseClean(t, outer), mapsOf(t, maps), nil)
		require.NoError(t, err)
		requireRoundTrip(t, m)
		problems, _ := m.Problems()
		for _, p := range problems {
			require.Equal(t, sourcemap.ProblemDropped, p.Kind)
			dropped = append(dropped, p.Detail)
		}
		return m, dropped
	}
	m, dropped := compose(outer, map[string]string{"a": inner})
	assert.Equal(t, []string{"A", "b"}, urls(m))
	assert.Equal(t, "BFAAE,DA,CKA,BFAAF,DC,CJA,ECAC,GC,HABAC,FFA", scopesText(t, m))
	name, _ := m.FunctionMapName(0, sourcemap.Position{Line: 3})
	assert.Equal(t, "m", name)
	name, _ = m.ScopeFunction(0, sourcemap.Position{Line: 3})
	assert.Equal(t, "in", name)
	assert.True(t, m.IsHermes())
	assert.Equal(t, []string{"scopes: generated ranges of inner maps", "x_facebook_segments: of the outer map", "x_facebook_offsets: of inner maps"}, dropped)

	m, dropped = compose(outer, map[string]string{"b": inner})
	assert.Equal(t, []string{"a", "A"}, urls(m))
	assert.Equal(t, "A,BFAAA,DC,CKA", scopesText(t, m))
	assert.Equal(t, "scopes: generated ranges of the outer map, some of which were made from a file that has a map", dropped[1])

	// Without inner maps nothing is lost. A source that only a range leads to comes along.
	m, dropped = compose(strings.Replace(outer, "AAAA,KCAA", "AAAA", 1), nil)
	assert.Equal(t, []string{"a", "b"}, urls(m))
	assert.Equal(t, "A,BFAAA,DC,CJA,ECAA,GC,HABAC,FFA", scopesText(t, m))
	assert.Len(t, dropped, 1)

	plain, err := sourcemap.Compose(parse(t, ranged("AAAA", `"A"`)), mapsOf(t, nil), &sourcemap.ComposeOptions{LikeRemapping: true})
	require.NoError(t, err)
	assert.Equal(t, "0:0 a:0:0", in(plain))
	problems, _ := plain.Problems()
	assert.Equal(t, []sourcemap.Problem{{Kind: sourcemap.ProblemDropped, Detail: "rangeMappings: they are plain mappings now"}}, problems)
}

// TestComposeSaved: maps that were saved make the same.
func TestComposeSaved(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 436))
	open := func(text string) *sourcemap.Map {
		m, err := sourcemap.Parse(savedBytes(t, parse(t, text)), nil)
		require.NoError(t, err)
		return m
	}
	chains := []chain{shopChain(t)}
	for range 100 {
		chains = append(chains, randomChain(random, false))
	}
	for _, c := range chains {
		want, err := sourcemap.Compose(parse(t, c.outer), mapsOf(t, c.maps), nil)
		require.NoError(t, err)
		got, err := sourcemap.Compose(open(c.outer), func(url string) (*sourcemap.Map, error) {
			if text, ok := c.maps[url]; ok {
				return open(text), nil
			}
			return nil, nil
		}, nil)
		require.NoError(t, err)
		require.Equal(t, string(encoded(t, want, nil)), string(encoded(t, got, nil)))
		part := &sourcemap.RewriteOptions{Part: span(1, 3, 3, 5)}
		want, err = sourcemap.Rewrite(parse(t, c.outer), part)
		require.NoError(t, err)
		got, err = sourcemap.Rewrite(open(c.outer), part)
		require.NoError(t, err)
		require.Equal(t, string(encoded(t, want, nil)), string(encoded(t, got, nil)))
	}
}

// composedElsewhere is a map with its mappings decoded, as remapping gives it.
type composedElsewhere struct {
	Sources        []string    `json:"sources"`
	SourcesContent []*string   `json:"sourcesContent"`
	Names          []string    `json:"names"`
	IgnoreList     []int       `json:"ignoreList"`
	Mappings       [][][]int32 `json:"mappings"`
}

func requireLikeRemapping(t *testing.T, chains []chain) {
	t.Helper()
	var lines []string
	for _, c := range chains {
		maps := map[string]json.RawMessage{}
		for url, text := range c.maps {
			maps[url] = json.RawMessage(text)
		}
		line, err := json.Marshal(map[string]any{"outer": json.RawMessage(c.outer), "maps": maps})
		require.NoError(t, err)
		lines = append(lines, string(line))
	}
	n := 0
	for i, answer := range remapping(t, "compose", lines) {
		var want composedElsewhere
		require.NoError(t, json.Unmarshal(answer, &want))
		c := chains[i]
		m, err := sourcemap.Compose(parse(t, c.outer), mapsOf(t, c.maps), &sourcemap.ComposeOptions{LikeRemapping: true})
		require.NoError(t, err)
		var contents []*string
		for i := range m.NumSources() {
			contents = append(contents, nil)
			if text, ok := m.SourceText(i); ok {
				contents[i] = &text
			}
		}
		require.Equal(t, want.Sources, append([]string{}, urls(m)...))
		require.Equal(t, want.SourcesContent, append([]*string{}, contents...))
		require.Equal(t, want.Names, append([]string{}, names(m)...))
		require.Equal(t, append([][][]int32{}, want.Mappings...), decodedMappings(m), "%v", c)
		n += m.Len()
	}
	assert.Greater(t, n, 500)
}

func TestComposeAgainstRemapping(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 431))
	var chains []chain
	for range 1000 {
		chains = append(chains, randomChain(random, true))
	}
	requireLikeRemapping(t, chains)
}

// shopChain is testdata/chain: minified of bundled of transpiled.
func shopChain(t testing.TB) chain {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("../testdata/chain", name))
		require.NoError(t, err)
		return string(data)
	}
	c := chain{outer: read("out/shop.min.js.map"), maps: map[string]string{"../bundle.js": read("bundle.js.map")}}
	libs, err := filepath.Glob("../testdata/chain/lib/*.map")
	require.NoError(t, err)
	require.Len(t, libs, 15)
	for _, lib := range libs {
		name := path.Join("lib", filepath.Base(lib))
		c.maps["../"+strings.TrimSuffix(name, ".map")] = read(name)
	}
	return c
}

func TestComposeShop(t *testing.T) {
	c := shopChain(t)
	m, err := sourcemap.Compose(parse(t, c.outer), mapsOf(t, c.maps), nil)
	require.NoError(t, err)
	sources := urls(m)
	slices.Sort(sources)
	assert.Equal(t, "../src/bus.ts", sources[0])
	assert.Len(t, sources, 15)
	for i := range m.NumSources() {
		s, _ := m.Source(i)
		text, ok := m.SourceText(i)
		require.True(t, ok, s.URL)
		want, err := os.ReadFile("../testdata/shop/" + strings.TrimPrefix(s.URL, "../"))
		require.NoError(t, err)
		assert.Equal(t, string(want), text)
	}
	// A name stands in the original text where its mapping points, unless a step before gave it another.
	same, others := 0, 0
	for mapping := range m.Mappings() {
		if mapping.Name < 0 {
			continue
		}
		text, _ := m.SourceLines(int(mapping.Source))
		line := text.Line(int(mapping.Original.Line))
		if strings.HasPrefix(line[min(len(line), int(mapping.Original.Column)):], m.Name(int(mapping.Name))) {
			same++
		} else {
			others++
		}
	}
	assert.Greater(t, same, 2*others) // private members and what esbuild's helpers are called
	requireLikeRemapping(t, []chain{c})
}

func FuzzCompose(f *testing.F) {
	for _, c := range composeCases {
		f.Add([]byte(c.outer), []byte(cmp.Or(c.maps["a"], c.maps["dist/a.js"])), []byte(c.maps["b"]), byte(0))
	}
	f.Add([]byte(everything), []byte(lookupMap), []byte(sectionsText()), byte(3))
	random := rand.New(rand.NewPCG(6, 437))
	for range 10 {
		f.Add([]byte(variedMap(random)), []byte(variedMap(random)), []byte(variedMap(random)), byte(0))
	}
	f.Fuzz(func(t *testing.T, outer, first, second []byte, flags byte) {
		m, err := sourcemap.Parse(outer, nil)
		if err != nil {
			return
		}
		// Sources have these two maps in turn.
		var inner []*sourcemap.Map
		for _, data := range [][]byte{first, second} {
			if m, err := sourcemap.Parse(data, nil); err == nil {
				inner = append(inner, m)
			}
		}
		calls := 0
		asked := map[string]*sourcemap.Map{}
		load := func(url string) (*sourcemap.Map, error) {
			_, twice := asked[url]
			require.False(t, twice)
			calls++
			asked[url] = nil
			if len(inner) > 0 && calls%3 > 0 {
				asked[url] = inner[calls%len(inner)]
			}
			return asked[url], nil
		}
		options := &sourcemap.ComposeOptions{KeepRepeats: flags&1 != 0, LikeRemapping: flags&2 != 0, NoSources: flags&4 != 0}
		composed, err := sourcemap.Compose(m, load, options)
		if err != nil {
			require.True(t, errors.Is(err, sourcemap.ErrCycle) || errors.Is(err, sourcemap.ErrLimit), "%v", err)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		if !far(composed) {
			requireRoundTripOf(t, composed, true)
		}
		ranges := len(markedOf(m)) > 0
		require.True(t, composed.Len() <= m.Len() || ranges && !options.LikeRemapping)
		if options.LikeRemapping {
			return
		}
		if options.KeepRepeats && !ranges {
			require.Equal(t, m.Len(), composed.Len())
		}
		for mapping := range m.Mappings() {
			want, ok := m.Lookup(mapping.Generated)
			got, has := composed.Lookup(mapping.Generated)
			require.True(t, ok || !has)
			if s, _ := m.Source(int(want.Source)); ok && asked[s.URL] == nil {
				require.True(t, has)
				require.Equal(t, want.Original, got.Original)
				other, _ := composed.Source(int(got.Source))
				require.Equal(t, s.URL, other.URL)
			}
		}
	})
}
