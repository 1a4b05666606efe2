package sourcemap_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// everything is a map with something in each field, in valid JSON and without problems.
const everything = "\ufeff \n" + `{ "version" : 3, "file":"out.js","sourceRoot":"src", "sources" :["a.js",null,"b\/\u00e9.js"],
 "sourcesContent":["let a = \"x\";\n",null,"\ud83d\ude00"],"names":["foo","b\u0061r",""], "x_other":{"deep":[1,-2.5e3,true,[{}]]},
 "mappings":"AAAAA,C;;ECAAC,EACC,g\/AAA\u0041;A","ignoreList":[2],"debugId":"85314830-023F-4CF1-A267-535F4E37BB17" }` + "\n"

const nestedMap = `{"version":3,"file":"i","sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"names":["n"],"mappings":"AAAAA"}},
{"offset":{"line":5,"column":7},"map":{"version":3,"sections":[{"offset":{"line":0,"column":3},"map":{"version":3,"sources":["b"],"mappings":"CAAA;C"}}]}}]}`

// badCases are files that no consumer takes. The mark is where the error is expected.
var badCases = []struct {
	name, text string
	kind       error
}{
	{"no bytes", "¦", sourcemap.ErrEmpty},
	{"white space", "¦ \n\t\r ", sourcemap.ErrEmpty},
	{"byte order mark only", "¦\ufeff", sourcemap.ErrEmpty},
	{"guard line only", "¦)]}'\n", sourcemap.ErrEmpty},

	{"HTML", "¦<!DOCTYPE html><html></html>", sourcemap.ErrNotJSON},
	{"HTML behind a byte order mark", "\ufeff¦<!DOCTYPE html>", sourcemap.ErrNotJSON},
	{"HTML behind white space", "\n\n  ¦<html>", sourcemap.ErrNotJSON},
	{"text", "¦Not Found", sourcemap.ErrNotJSON},
	{"JavaScript", "¦//# sourceMappingURL=x.map", sourcemap.ErrNotJSON},
	{"JavaScript that starts like JSON", `¦"use strict";var a=1`, sourcemap.ErrNotJSON},
	{"gzip", "¦\x1f\x8b\x08\x00\x00", sourcemap.ErrPacked},
	{"binary", "¦\x00\x01\x02\x03\xff\xfe", sourcemap.ErrNotJSON},
	{"UTF-16", "¦\xff\xfe{\x00}\x00", sourcemap.ErrNotJSON},
	{"guard line that does not end", "¦)]}'{}", sourcemap.ErrNotJSON},

	{"an array", ` ¦[{"version":3}]`, sourcemap.ErrFormat},
	{"a string", `¦"{}"`, sourcemap.ErrFormat},
	{"a number", `¦3`, sourcemap.ErrFormat},
	{"null", `¦null`, sourcemap.ErrFormat},
	{"true", `¦true`, sourcemap.ErrFormat},
	{"a word that starts like null", `¦nullable`, sourcemap.ErrNotJSON},
	{"a number and text", `¦404 page not found`, sourcemap.ErrNotJSON},
	{"a string and text", `¦"a" b`, sourcemap.ErrNotJSON},
	{"an array that is not JSON", `¦[1,x]`, sourcemap.ErrNotJSON},
	{"an array that ends too early", `[1,2¦`, sourcemap.ErrTruncated},

	{"key without quotes", `{¦version:3}`, sourcemap.ErrNotJSON},
	{"a comma too many", `{"version":3,¦}`, sourcemap.ErrNotJSON},
	{"no comma", `{"version":3 ¦"sources":[]}`, sourcemap.ErrNotJSON},
	{"no colon", `{"version"¦3}`, sourcemap.ErrNotJSON},
	{"bad number", `{"version":0¦3}`, sourcemap.ErrNotJSON},
	{"bad word", `{"version":nul¦x}`, sourcemap.ErrNotJSON},
	{"wrong bracket", `{"version":3,"sources":[¦}`, sourcemap.ErrNotJSON},
	{"wrong bracket in a field that is not read", `{"x":[{"y":[1¦}]}`, sourcemap.ErrNotJSON},
	{"bad item", `{"names":["a",¦]}`, sourcemap.ErrNotJSON},
	{"text behind it", `{"sources":[],"mappings":""} ¦x`, sourcemap.ErrNotJSON},
	{"a second map behind it", `{"sources":[],"mappings":""}¦{}`, sourcemap.ErrNotJSON},
	{"a second byte order mark", "\ufeff¦\ufeff{}", sourcemap.ErrNotJSON},
	{"broken section", `{"sections":[{"offset":{"line":0,"column":0},"map":{¦]}}]}`, sourcemap.ErrNotJSON},
	{"broken offset", `{"sections":[{"offset":{"line":¦}}]}`, sourcemap.ErrNotJSON},
	{"broken sections", `{"sections":[¦`, sourcemap.ErrTruncated},
	{"not a section", `{"sections":[¦x]}`, sourcemap.ErrNotJSON},

	{"no fields", `¦{}`, sourcemap.ErrFormat},
	{"no fields behind white space", "\n ¦{}", sourcemap.ErrFormat},
	{"no mappings", `¦{"version":3,"sources":[]}`, sourcemap.ErrFormat},
	{"no sources", `¦{"version":3,"mappings":""}`, sourcemap.ErrFormat},
	{"mappings null", `{"version":3,"sources":[],"mappings":¦null}`, sourcemap.ErrFormat},
	{"mappings number", `{"version":3,"sources":[],"mappings":¦5}`, sourcemap.ErrFormat},
	{"mappings array", `{"version":3,"sources":[],"mappings":¦["AAAA"]}`, sourcemap.ErrFormat},
	{"sources null", `{"version":3,"sources":¦null,"mappings":""}`, sourcemap.ErrFormat},
	{"sources string", `{"version":3,"sources":¦"a.js","mappings":""}`, sourcemap.ErrFormat},
	{"sources object", `{"version":3,"sources":¦{"0":"a.js"},"mappings":""}`, sourcemap.ErrFormat},
	{"the last of two mappings counts", `{"sources":[],"mappings":"AAAA","mappings":¦7}`, sourcemap.ErrFormat},
	{"the last of two sources counts", `{"sources":[],"mappings":"","sources":¦7}`, sourcemap.ErrFormat},
	{"another map's keys in another case", `¦{"Version":3,"Sources":[],"Mappings":""}`, sourcemap.ErrFormat},

	{"a value too large", `{"version":3,"sources":["a"],"mappings":"AAAA,gggggg¦E"}`, sourcemap.ErrMappings},
	{"a value too large on a later line", `{"version":3,"sources":["a"],"mappings":";;A,CAAAgggggggggggg¦B"}`, sourcemap.ErrMappings},
	{"a value too large behind an escape", `{"version":3,"sources":["a"],"mappings":"A\u0041AA,ggg\u0067gg¦E"}`, sourcemap.ErrMappings},
	{"a value too large, written as an escape", `{"version":3,"sources":["a"],"mappings":"A\u0041AA,\/ggggg¦\u0045"}`, sourcemap.ErrMappings},

	{"sections null", `{"version":3,"sections":¦null}`, sourcemap.ErrFormat},
	{"sections object", `{"version":3,"sections":¦{}}`, sourcemap.ErrFormat},
	{"sections string", `{"version":3,"sections":¦"x","sources":[],"mappings":""}`, sourcemap.ErrFormat},
	{"section without offset", `{"version":3,"sections":[¦{"map":{"version":3,"sources":[],"mappings":""}}]}`, sourcemap.ErrFormat},
	{"section without map", `{"version":3,"sections":[¦{"offset":{"line":0,"column":0}}]}`, sourcemap.ErrFormat},
	{"second section without map", `{"version":3,"sections":[` + section(0, 0, regular(`"sources":[],`, "")) + `,¦{"offset":{"line":1,"column":0}}]}`, sourcemap.ErrFormat},
	{"offset is a number", `{"version":3,"sections":[{"offset":¦5,"map":{}}]}`, sourcemap.ErrFormat},
	{"offset is an array", `{"version":3,"sections":[{"offset":¦[0,0],"map":{}}]}`, sourcemap.ErrFormat},
	{"map is a string", `{"version":3,"sections":[{"offset":{},"map":¦"x"}]}`, sourcemap.ErrFormat},
	{"map is null", `{"version":3,"sections":[{"offset":{},"map":¦null}]}`, sourcemap.ErrFormat},
	{"the last of two section maps counts", `{"version":3,"sections":[{"offset":{},"map":{},"map":¦null}]}`, sourcemap.ErrFormat},
	{"the last of two offsets counts", `{"version":3,"sections":[{"offset":{},"map":{},"offset":¦1}]}`, sourcemap.ErrFormat},
	{"the last of two sections counts", `{"version":3,"sections":[],"sections":¦1}`, sourcemap.ErrFormat},

	{"nested too deep", `{"x":` + strings.Repeat("[", 100_000) + "¦[", sourcemap.ErrLimit},
	{"an array nested too deep", strings.Repeat("[", 100_000) + "¦[", sourcemap.ErrLimit},
	{"sections nested too deep", strings.Repeat(`{"sections":[{"offset":{},"map":`, 17) + "¦{", sourcemap.ErrLimit},
}

func TestParseErrors(t *testing.T) {
	for _, c := range badCases {
		t.Run(c.name, func(t *testing.T) {
			data, offsets := unmark(c.text)
			for _, options := range []*sourcemap.Options{nil, {}, {Strict: true}, {MaxProblems: 1}} {
				m, err := sourcemap.Parse(data, options)
				assert.Nil(t, m)
				requireParseError(t, err, c.kind, offsets[0])
			}
		})
	}
}

func requireParseError(t *testing.T, err error, kind error, offset int64) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var e *sourcemap.ParseError
	require.ErrorAs(t, err, &e)
	require.Equal(t, offset, e.Offset, "%v", err)
	require.NotEmpty(t, e.Detail)
	require.NotContains(t, err.Error(), "\n")
	require.True(t, strings.HasPrefix(err.Error(), "sourcemap: "), err.Error())
	for _, other := range []error{sourcemap.ErrEmpty, sourcemap.ErrNotJSON, sourcemap.ErrTruncated, sourcemap.ErrFormat, sourcemap.ErrMappings, sourcemap.ErrLimit} {
		require.Equal(t, errors.Is(kind, other), errors.Is(err, other))
	}
}

// TestParseTruncated cuts maps at every byte: always an error that says so, never a panic or a map.
func TestParseTruncated(t *testing.T) {
	for _, text := range []string{everything, nestedMap, ")]}'\n" + nestedMap} {
		parse(t, text)
		text = strings.TrimRight(text, "\n")
		start := strings.IndexByte(text, '{')
		for cut := range len(text) {
			for _, tail := range []string{"", " \n"} {
				data := []byte(text[:cut] + tail)
				_, err := sourcemap.Parse(data, nil)
				_, peekErr := sourcemap.Peek(data)
				var e *sourcemap.ParseError
				require.ErrorAs(t, err, &e)
				require.Equal(t, err, peekErr)
				switch {
				case cut > start && tail != "": // the space may be what does not fit
					require.True(t, errors.Is(err, sourcemap.ErrTruncated) || errors.Is(err, sourcemap.ErrNotJSON), "cut at %d: %v", cut, err)
				case cut > start:
					require.ErrorIs(t, err, sourcemap.ErrTruncated, "cut at %d: %q", cut, text[max(cut-20, 0):cut])
					require.Equal(t, int64(len(data)), e.Offset)
				default: // the byte order mark or the guard line, or half of them
					require.True(t, errors.Is(err, sourcemap.ErrEmpty) || errors.Is(err, sourcemap.ErrNotJSON), "cut at %d: %v", cut, err)
				}
			}
		}
	}
}

func TestParseEverything(t *testing.T) {
	m := parseClean(t, everything)
	assert.Equal(t, "out.js", m.File())
	assert.Equal(t, "85314830-023f-4cf1-a267-535f4e37bb17", m.DebugID())
	assert.False(t, m.Indexed())
	assert.Equal(t, []string{"src/a.js", "null", "src/b/é.js"}, urls(m))
	assert.Equal(t, []string{"foo", "bar", ""}, names(m))
	assert.Equal(t, 6, m.Len())
	assert.Positive(t, m.Size())

	text, ok := m.SourceText(0)
	assert.True(t, ok)
	assert.Equal(t, "let a = \"x\";\n", text)
	_, ok = m.SourceText(1)
	assert.False(t, ok)
	text, ok = m.SourceText(2)
	assert.True(t, ok)
	assert.Equal(t, "😀", text)

	for i, want := range []sourcemap.Source{
		{URL: "src/a.js", HasContent: true}, {Null: true}, {URL: "src/b/é.js", HasContent: true, Ignored: true},
	} {
		source, ok := m.Source(i)
		assert.True(t, ok)
		assert.Equal(t, want, source)
	}
	head, err := sourcemap.Peek([]byte(everything))
	require.NoError(t, err)
	assert.Equal(t, sourcemap.Head{File: "out.js", DebugID: m.DebugID()}, head)
}

// TestOutOfRange: asking for what is not there is no error.
func TestOutOfRange(t *testing.T) {
	m := parseClean(t, everything)
	for _, i := range []int{-1, 3, 1 << 40, -1 << 40} {
		source, ok := m.Source(i)
		assert.False(t, ok)
		assert.Equal(t, sourcemap.Source{Null: true}, source)
		_, ok = m.SourceText(i)
		assert.False(t, ok)
		assert.Empty(t, m.Name(i))
	}
	empty := parseClean(t, regular(`"sources":[],`, ""))
	assert.Zero(t, empty.Len())
	assert.Zero(t, empty.NumSources())
	assert.Empty(t, mappings(empty))
	assert.Empty(t, empty.File())
	assert.Empty(t, empty.DebugID())
	_, ok := empty.Lookup(sourcemap.Position{})
	assert.False(t, ok)
}

// problemCases are maps with something wrong that is passed over. A mark stands before each problem, in order.
var problemCases = []struct {
	name, text string
	kinds      []sourcemap.ProblemKind
	mappings   int // left
}{
	{"version missing", `¦{"sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version 2", `{"version":¦2,"sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version 3.5", `{"version":¦3.5,"sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version -3", `{"version":¦-3,"sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version string", `{"version":¦"3","sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version array of lines", "{\"version\":¦[\n3\n],\"sources\":[\"a\"],\"mappings\":\"AAAA\"}", []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"version of the last of two", `{"version":3,"version":¦4,"sources":["a"],"mappings":"AAAA"}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 1},
	{"file number", regular(`"file":¦5,"sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemFile}, 1},
	{"file null", regular(`"file":¦null,"sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemFile}, 1},
	{"source root", regular(`"sourceRoot":¦["x"],"sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourceRoot}, 1},
	{"source root too long", regular(`"sourceRoot":¦"`+strings.Repeat("r", sourcemap.MaxSourceRootBytes)+`","sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourceRoot}, 1},
	{"sources item", regular(`"sources":["a",¦1,null,¦{"b":[]}],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourcesItem, sourcemap.ProblemSourcesItem}, 1},
	{"sourcesContent", regular(`"sources":["a"],"sourcesContent":¦"x",`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourcesContent}, 1},
	{"sourcesContent item", regular(`"sources":["a","b"],"sourcesContent":["x",¦true],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourcesContentItem}, 1},
	{"sourcesContent item past the sources", regular(`"sources":["a"],"sourcesContent":["x","y",¦0],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemSourcesContentItem}, 1},
	{"names", regular(`"sources":["a"],"names":¦{},`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemNames}, 1},
	{"names null", regular(`"sources":["a"],"names":¦null,`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemNames}, 1},
	{"names item", regular(`"sources":["a"],"names":[¦1,"b",¦null,¦[]],`, "AAAAC"), []sourcemap.ProblemKind{sourcemap.ProblemNamesItem, sourcemap.ProblemNamesItem, sourcemap.ProblemNamesItem}, 1},
	{"ignoreList", regular(`"sources":["a"],"ignoreList":¦0,`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemIgnoreList}, 1},
	{"x_google_ignoreList", regular(`"sources":["a"],"x_google_ignoreList":¦null,`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemIgnoreList}, 1},
	{"ignoreList items", regular(`"sources":["a"],"ignoreList":[¦1,¦-1,¦"0",¦0.5,¦null,¦[0],¦1e300,¦1e999,0,0.0,0e5],`, "AAAA"), repeat(sourcemap.ProblemIgnoreListItem, 8), 1},
	{"ignoreList item of lines", regular("\"sources\":[\"a\"],\"ignoreList\":[¦[\n0\n]],", "AAAA"), repeat(sourcemap.ProblemIgnoreListItem, 1), 1},
	{"debugId", regular(`"debugId":¦"xyz","sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemDebugID}, 1},
	{"debugId number", regular(`"debugId":¦1,"sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemDebugID}, 1},
	{"debug_id", regular(`"debug_id":¦"85314830-023f-4cf1-a267-535f4e37bb1","sources":["a"],`, "AAAA"), []sourcemap.ProblemKind{sourcemap.ProblemDebugID}, 1},

	{"mappings: bad digit", regular(`"sources":["a"],`, "AAAA,C¦!"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: two fields", regular(`"sources":["a"],`, "AAAA;A,¦AA"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: six fields", regular(`"sources":["a"],`, "A,¦AAAAAA"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: unfinished", regular(`"sources":["a"],`, "AAAA,g¦"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: no fields", regular(`"sources":["a"],`, "AAAA¦,"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: grammar behind a value too large", regular(`"sources":["a"],`, "ggggggE,C¦!"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: grammar behind other problems", regular(`"sources":["a"],`, "¦D,¦CCAA;¦AA"), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange, sourcemap.ProblemOriginalRange, sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: escapes before the fault", regular(`"sources":["a"],`, `\u0041AAA,g\/A,C¦!`), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: the fault is an escape", regular(`"sources":["a"],`, `\u0041AAA,C¦\u0021`), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: an escape that is none", regular(`"sources":["a"],`, `AAAA,C¦\q`), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: not ASCII", regular(`"sources":["a"],`, `AAAA,\u0041¦é`), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: not UTF-8", regular(`"sources":["a"],`, "AAAA,\\u0041¦\xff\xff"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: grammar behind some chunks", regular(`"sources":["a"],`, strings.Repeat("AAAA,", 3000)+"¦!"), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 0},
	{"mappings: grammar behind some chunks of a section", indexed(section(0, 0, regular(`"sources":["a"],`, "AAAA")), section(1, 0, regular(`"sources":["a"],`, strings.Repeat("AAAA,", 3000)+"¦!"))), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 1},
	{"column below 0", regular(`"sources":["a"],`, "AAAA;A,¦D,E"), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 3},
	{"column past 2³¹−1", regular(`"sources":["a"],`, "+/////D,¦C,D;A"), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 3},
	{"column below 0 behind escapes", regular(`"sources":["a"],`, `AA\u0041A\u003b;A\u002c¦D,E`), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 3},
	{"column below 0 before a value too large", regular(`"sources":["a"],`, "AAAA,¦DggggggEAA,EAAA"), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 2},
	{"no such source", regular(`"sources":["a"],`, "AAAA,¦CCAA,CDAA"), []sourcemap.ProblemKind{sourcemap.ProblemOriginalRange}, 3},
	{"source below 0", regular(`"sources":["a"],`, "AAAA,¦CDAA,CCAA"), []sourcemap.ProblemKind{sourcemap.ProblemOriginalRange}, 3},
	{"line below 0", regular(`"sources":["a"],`, "AAAA,¦CADA,CACA"), []sourcemap.ProblemKind{sourcemap.ProblemOriginalRange}, 3},
	{"original column below 0", regular(`"sources":["a"],`, "AAAA,¦CAAD,CAAC"), []sourcemap.ProblemKind{sourcemap.ProblemOriginalRange}, 3},
	{"no such name", regular(`"sources":["a"],"names":["n"],`, "AAAAA,¦CAAAC,CAAAD"), []sourcemap.ProblemKind{sourcemap.ProblemNameRange}, 3},
	{"name below 0", regular(`"sources":["a"],"names":["n"],`, "AAAAA,¦CAAAD,CAAAC"), []sourcemap.ProblemKind{sourcemap.ProblemNameRange}, 3},
	{"original and name", regular(`"sources":["a"],`, "¦¦ACAAA"), []sourcemap.ProblemKind{sourcemap.ProblemOriginalRange, sourcemap.ProblemNameRange}, 1},
	{"at the border of a chunk", regular(`"sources":["a"],`, strings.Repeat("C,", 1023)+"¦CADA,¦CADA"), repeat(sourcemap.ProblemOriginalRange, 2), 1025},

	{"index version", `{"version":¦1,"sections":[]}`, []sourcemap.ProblemKind{sourcemap.ProblemVersion}, 0},
	{"index file", `{"version":3,"file":¦1,"sections":[]}`, []sourcemap.ProblemKind{sourcemap.ProblemFile}, 0},
	{"section", `{"version":3,"sections":[¦null,¦1,¦"x",¦[],` + section(0, 0, regular(`"sources":["a"],`, "AAAA")) + `]}`, repeat(sourcemap.ProblemSection, 4), 1},
	{"section offset line", `{"version":3,"sections":[{"offset":{"line":¦"1","column":0},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 1), 1},
	{"section offset column", `{"version":3,"sections":[{"offset":{"line":1,"column":¦1.5},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 1), 1},
	{"section offset infinite", `{"version":3,"sections":[{"offset":{"line":¦1e999,"column":¦-1e999},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 2), 1},
	{"section offset too large", indexed(section(0, 0, regular(`"sources":["a"],`, "AAAA")), strings.Replace(section(2147483648, 0, regular(`"sources":["a"],`, "AAAA;A")), `"AAAA;`, `¦¦"AAAA;`, 1)), repeat(sourcemap.ProblemColumnRange, 2), 1},
	{"section offset far too large", `{"version":3,"sections":[{"offset":{"line":1e99,"column":-1e99},"map":` + strings.Replace(regular(`"sources":["a"],`, "AAAA"), `"AAAA`, `¦"AAAA`, 1) + `}]}`, repeat(sourcemap.ProblemColumnRange, 1), 0},
	{"section offset missing", `{"version":3,"sections":[{"offset":¦¦{},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 2), 1},
	{"section offset of the last of two", `{"version":3,"sections":[{"offset":{"line":0,"column":0,"line":¦null},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 1), 1},
	{"section offset of the last of two offsets", `{"version":3,"sections":[{"offset":{"line":5,"column":6},"offset":¦¦{},"map":` + regular(`"sources":["a"],`, "AAAA") + `}]}`, repeat(sourcemap.ProblemSectionOffset, 2), 1},
	{"section order", indexed(section(1, 0, regular(`"sources":["a"],`, "")), "¦"+section(0, 9, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOrder}, 1},
	{"section order by column", indexed(section(1, 5, regular(`"sources":["a"],`, "")), "¦"+section(1, 4, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOrder}, 1},
	{"section order and overlap", indexed(section(1, 0, regular(`"sources":["a"],`, "AAAA")), "¦¦"+section(0, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOrder, sourcemap.ProblemSectionOverlap}, 2},
	{"section overlap", indexed(section(0, 0, regular(`"sources":["a"],`, "AAAA;;A")), "¦"+section(1, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOverlap}, 3},
	{"section overlap at one offset", indexed(section(0, 3, regular(`"sources":["a"],`, "AAAA")), "¦"+section(0, 3, regular(`"sources":["b"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOverlap}, 2},
	{"section overlap with an unsorted one", indexed(section(0, 0, regular(`"sources":["a"],`, "IAAA,JAAA")), "¦"+section(0, 2, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOverlap}, 3},
	{"section behind mappings that were given up", indexed(section(0, 0, regular(`"sources":["a"],`, "oyC"+strings.Repeat(",AAAA", 3000)+",¦!")), section(0, 2, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 1},
	{"section overlap with mappings out of range", indexed(strings.Replace(section(2147483647, 0, regular(`"sources":["a"],`, "A;A")), `"A;`, `¦"A;`, 1), "¦"+section(2147483647, 1, regular(`"sources":["a"],`, "A"))), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange, sourcemap.ProblemSectionOverlap}, 2},
	{"section order beside a broken one", indexed(section(1, 0, regular(`"sources":["a"],`, "AAAA")), section(9, 0, `¦{"version":3}`), section(2, 0, regular(`"sources":["a"],`, "AAAA"))), repeat(sourcemap.ProblemSectionMap, 1), 2},
	{"section overlap with a nested one", indexed("¦"+section(0, 0, indexed(section(5, 0, regular(`"sources":["a"],`, "A;A")), section(7, 0, regular(`"sources":[],`, "")))), "¦"+section(5, 9, regular(`"sources":[],`, ""))), []sourcemap.ProblemKind{sourcemap.ProblemSectionNested, sourcemap.ProblemSectionOverlap}, 2},
	{"mappings beside sections", `{"version":3,"mappings":¦"AAAA","sections":[` + section(0, 0, regular(`"sources":["a"],`, "AAAA")) + `]}`, []sourcemap.ProblemKind{sourcemap.ProblemSectionsBeside}, 1},
	{"section overlap by column", indexed(section(0, 0, regular(`"sources":["a"],`, "A,E")), "¦"+section(0, 1, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionOverlap}, 3},
	{"section overlap with the one before an empty one", indexed(section(0, 0, regular(`"sources":["a"],`, "A;;E")), "¦"+section(1, 0, regular(`"sources":[],`, "")), "¦"+section(2, 0, regular(`"sources":["a"],`, "AAAA"))), repeat(sourcemap.ProblemSectionOverlap, 2), 3},
	{"section map without mappings", indexed(section(0, 0, `¦{"version":3,"sources":[]}`), section(1, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionMap}, 1},
	{"section map with wrong mappings", indexed(section(0, 0, `{"version":3,"sources":[],"mappings":¦1}`), section(1, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionMap}, 1},
	{"section map with a value too large", indexed(section(0, 0, regular(`"sources":["b"],`, "AAAA,gggggg¦E")), section(1, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemSectionMap}, 1},
	{"section map with broken grammar", indexed(section(0, 0, regular(`"sources":["b"],`, "AAAA,¦!")), section(1, 0, regular(`"sources":["a"],`, "AAAA"))), []sourcemap.ProblemKind{sourcemap.ProblemMappingsGrammar}, 1},
	{"section nested", indexed("¦" + section(1, 2, indexed(section(3, 4, regular(`"sources":["a"],`, "AAAA"))))), []sourcemap.ProblemKind{sourcemap.ProblemSectionNested}, 1},
	{"section nested and broken", indexed("¦"+section(1, 2, indexed(section(3, 4, regular(`"sources":["a"],`, "AAAA")), `¦{"offset":{}}`)), section(9, 9, regular(`"sources":["a"],`, "AAAA"))),
		[]sourcemap.ProblemKind{sourcemap.ProblemSectionNested, sourcemap.ProblemSectionMap}, 1},
	{"section nested and sections of the wrong type", indexed("¦" + section(1, 2, `{"version":3,"sections":¦7}`)), []sourcemap.ProblemKind{sourcemap.ProblemSectionNested, sourcemap.ProblemSectionMap}, 0},
	{"section nested, and what is wrong beside sections of the wrong type", indexed("¦" + section(1, 2, `{"version":2,"file":1,"sections":¦7}`)), []sourcemap.ProblemKind{sourcemap.ProblemSectionNested, sourcemap.ProblemSectionMap}, 0},
	{"section past the last line", indexed(strings.Replace(section(2147483647, 0, regular(`"sources":["a"],`, "AAAA;AAAA")), `"AAAA;`, `¦"AAAA;`, 1)), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 1},
	{"section past the last column", indexed(strings.Replace(section(0, 2147483647, regular(`"sources":["a"],`, "AAAA,CAAA;CAAA")), `"AAAA,`, `¦"AAAA,`, 1)), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 2},
	{"range mappings of the wrong type", regular(`"sources":["a"],"rangeMappings":¦[],`, "AAAA"), repeat(sourcemap.ProblemRangeMappings, 1), 1},
	{"range mappings that are not there", regular(`"sources":["a"],"rangeMappings":"A¦A¦B;;¦A",`, "AAAA"), repeat(sourcemap.ProblemRangeMappingsItem, 3), 1},
	{"scopes of the wrong type", regular(`"sources":["a"],"scopes":¦[],`, "AAAA"), repeat(sourcemap.ProblemScopes, 1), 1},
	{"scopes with a bad name", regular(`"sources":["a"],"scopes":"¦BBAAA,CAA",`, "AAAA"), repeat(sourcemap.ProblemScopesItem, 1), 1},
	{"section before the first line", indexed(strings.Replace(section(-1, 0, regular(`"sources":["a"],`, "AAAA;AAAA")), `"AAAA;`, `¦"AAAA;`, 1)), []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}, 1},
}

func repeat(kind sourcemap.ProblemKind, n int) (list []sourcemap.ProblemKind) {
	for range n {
		list = append(list, kind)
	}
	return list
}

func TestProblems(t *testing.T) {
	for _, c := range problemCases {
		t.Run(c.name, func(t *testing.T) {
			data, offsets := unmark(c.text)
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err)
			problems, more := m.Problems()
			assert.Zero(t, more)
			require.Equal(t, c.kinds, kinds(m), "%v", problems)
			for i, p := range problems {
				assert.Equal(t, offsets[i], p.Offset, "%v", p)
				assert.NotEmpty(t, p.Detail)
				assert.NotContains(t, p.String(), "\n")
				assert.Contains(t, p.String(), string(p.Kind))
			}
			assert.Equal(t, c.mappings, m.Len())

			// Strict: the first problem is the error.
			_, err = sourcemap.Parse(data, &sourcemap.Options{Strict: true})
			kind := sourcemap.ErrFormat
			switch c.kinds[0] {
			case sourcemap.ProblemMappingsGrammar, sourcemap.ProblemColumnRange, sourcemap.ProblemOriginalRange, sourcemap.ProblemNameRange:
				kind = sourcemap.ErrMappings
			}
			requireParseError(t, err, kind, offsets[0])
			assert.ErrorContains(t, err, string(c.kinds[0]))

			// Fewer listed, the rest counted.
			m, err = sourcemap.Parse(data, &sourcemap.Options{MaxProblems: 1})
			require.NoError(t, err)
			cut, more := m.Problems()
			assert.Equal(t, problems[:1], cut)
			assert.Equal(t, len(problems)-1, more)
			assert.Equal(t, c.mappings, m.Len())
		})
	}
}

// TestProblemKindsAllTested: a new kind needs a case.
func TestProblemKindsAllTested(t *testing.T) {
	tested := map[sourcemap.ProblemKind]bool{sourcemap.ProblemDropped: true} // by TestRewriteDrops and TestComposeScopes: Parse has none
	for _, c := range problemCases {
		for _, kind := range c.kinds {
			tested[kind] = true
		}
	}
	source, err := os.ReadFile("errors.go")
	require.NoError(t, err)
	for line := range strings.Lines(string(source)) {
		if fields := strings.Fields(line); len(fields) > 3 && fields[1] == "ProblemKind" && fields[2] == "=" {
			kind := sourcemap.ProblemKind(strings.Trim(fields[3], `"`))
			assert.True(t, tested[kind], "no case for %s", kind)
			delete(tested, kind)
		}
	}
	assert.Empty(t, tested)
}

func TestMaxProblems(t *testing.T) {
	text := regular(`"names":[`+strings.TrimSuffix(strings.Repeat("1,", 150), ",")+`],"sources":[],`, strings.TrimSuffix(strings.Repeat("AAAA,", 150), ","))
	for max, want := range map[int]int{0: sourcemap.DefaultMaxProblems, -5: sourcemap.DefaultMaxProblems, 1: 1, 149: 149, 151: 151, 299: 299, 300: 300, 301: 300, 1 << 30: 300} {
		m, err := sourcemap.Parse([]byte(text), &sourcemap.Options{MaxProblems: max})
		require.NoError(t, err)
		problems, more := m.Problems()
		assert.Len(t, problems, want)
		assert.Equal(t, 300-want, more)
	}
}

func TestSourceRoot(t *testing.T) {
	for _, c := range []struct {
		root string
		want []string
	}{
		{``, []string{"a.js", "/b.js", "http://x/c.js", "", "null"}},
		{`"sourceRoot":"",`, []string{"a.js", "/b.js", "http://x/c.js", "", "null"}},
		{`"sourceRoot":"r",`, []string{"r/a.js", "r//b.js", "r/http://x/c.js", "r/", "null"}},
		{`"sourceRoot":"r/",`, []string{"r/a.js", "r//b.js", "r/http://x/c.js", "r/", "null"}},
		{`"sourceRoot":"webpack:\/\/\u0061",`, []string{"webpack://a/a.js", "webpack://a//b.js", "webpack://a/http://x/c.js", "webpack://a/", "null"}},
		{`"sourceRoot":"x","sourceRoot":"y",`, []string{"y/a.js", "y//b.js", "y/http://x/c.js", "y/", "null"}},
	} {
		m := parseClean(t, regular(c.root+`"sources":["a.js","/b.js","http://x/c.js","",null],`, ""))
		assert.Equal(t, c.want, urls(m), c.root)
	}
}

// TestSourceRootTooLong: it is left out, and one at the limit (with the slash put behind it) is not.
func TestSourceRootTooLong(t *testing.T) {
	limit := sourcemap.MaxSourceRootBytes
	m := parseClean(t, regular(`"sourceRoot":"`+strings.Repeat("r", limit-1)+`","sources":["a"],`, ""))
	assert.Equal(t, []string{strings.Repeat("r", limit-1) + "/a"}, urls(m))
	m = parse(t, regular(`"sourceRoot":"`+strings.Repeat("r", limit)+`","sources":["a"],`, ""))
	assert.Equal(t, []string{"a"}, urls(m))
}

// TestNullSourceIsKept: a mapping to a source without a name is a mapping.
func TestNullSourceIsKept(t *testing.T) {
	m := parseClean(t, regular(`"sources":[null,"b"],"sourcesContent":["text"],`, "AAAA,CCAA"))
	found, ok := m.Lookup(sourcemap.Position{})
	assert.True(t, ok)
	assert.EqualValues(t, 0, found.Source)
	source, ok := m.Source(0)
	assert.True(t, ok)
	assert.Equal(t, sourcemap.Source{Null: true, HasContent: true}, source)
	text, ok := m.SourceText(0)
	assert.True(t, ok)
	assert.Equal(t, "text", text)
}

func TestSourceTexts(t *testing.T) {
	m := parseClean(t, regular(`"sources":["a","b","c","d"],"sourcesContent":["",null,"x\u0000\ud800y"],`, ""))
	for i, want := range []struct {
		text string
		ok   bool
	}{{"", true}, {"", false}, {"x\x00\ufffdy", true}, {"", false}} {
		text, ok := m.SourceText(i)
		assert.Equal(t, want.ok, ok, i)
		assert.Equal(t, want.text, text, i)
		source, _ := m.Source(i)
		assert.Equal(t, want.ok, source.HasContent, i)
	}
	// More texts than sources are nothing wrong by the standard.
	parseClean(t, regular(`"sources":["a"],"sourcesContent":["x","y",null],`, ""))
}

func TestIgnoreList(t *testing.T) {
	for _, c := range []struct {
		field string
		want  []int
	}{
		{``, nil}, {`"ignoreList":[],`, nil}, {`"ignoreList":[1],`, []int{1}}, {`"ignoreList":[2,0,2],`, []int{0, 2}}, {`"ignoreList":[1.0,2e0,-0],`, []int{0, 1, 2}},
		{`"x_google_ignoreList":[1],`, []int{1}}, {`"x_google_ignoreList":[1],"ignoreList":[2],`, []int{2}}, {`"ignoreList":[2],"x_google_ignoreList":[1],`, []int{2}},
		{`"ignoreList":[],"x_google_ignoreList":[1],`, nil}, {`"ignoreList":[0],"ignoreList":[1],`, []int{1}},
	} {
		m := parseClean(t, regular(c.field+`"sources":["a","b",null],`, ""))
		var got []int
		for i := range 3 {
			if source, _ := m.Source(i); source.Ignored {
				got = append(got, i)
			}
		}
		assert.Equal(t, c.want, got, c.field)
	}
}

func TestDebugID(t *testing.T) {
	const id = "85314830-023f-4cf1-a267-535f4e37bb17"
	for field, want := range map[string]string{
		``:                         "",
		`"debugId":"` + id + `",`:  id,
		`"debug_id":"` + id + `",`: id,
		`"debugId":"` + strings.ToUpper(id) + `",`:                                  id,
		`"debugId":"` + strings.ReplaceAll(id, "-", "") + `",`:                      id,
		`"debugId":"` + id + `","debug_id":"00000000-0000-0000-0000-000000000000",`: id,
		`"debug_id":"00000000-0000-0000-0000-000000000000","debugId":"` + id + `",`: id,
		`"debugId":"\u0038` + id[1:] + `",`:                                         id,
		`"debugId":null,`:                                                           "",
	} {
		text := regular(field+`"sources":[],"file":"f",`, "")
		m := parseClean(t, text)
		assert.Equal(t, want, m.DebugID(), field)
		head, err := sourcemap.Peek([]byte(text))
		require.NoError(t, err)
		assert.Equal(t, sourcemap.Head{File: "f", DebugID: want}, head)
	}
	for _, bad := range []string{`"x"`, `""`, `1`, `[]`, `"` + id + `0"`, `" ` + id + `"`, `"` + id + `\n"`, `"{` + id + `}"`, `"8531483-0023f-4cf1-a267-535f4e37bb17"`, `"` + id[:35] + `g"`} {
		m := parse(t, regular(`"debugId":`+bad+`,"sources":[],`, ""))
		assert.Empty(t, m.DebugID(), bad)
		assert.Equal(t, repeat(sourcemap.ProblemDebugID, 1), kinds(m), bad)
	}
	// The id of an indexed map is that of the whole, not of a section.
	m := parseClean(t, `{"version":3,"debugId":"`+id+`","sections":[`+section(0, 0, regular(`"debugId":"00000000-0000-0000-0000-000000000000","sources":[],`, ""))+`]}`)
	assert.Equal(t, id, m.DebugID())
}

func TestPeek(t *testing.T) {
	// Peek leaves the mappings alone, and what else is wrong inside.
	head, err := sourcemap.Peek([]byte(`{"file":"f","mappings":"!!","sources":7}`))
	require.NoError(t, err)
	assert.Equal(t, sourcemap.Head{File: "f"}, head)
	head, err = sourcemap.Peek([]byte(`{"file":1,"debugId":2}`))
	require.NoError(t, err)
	assert.Equal(t, sourcemap.Head{}, head)
	head, err = sourcemap.Peek([]byte(nestedMap))
	require.NoError(t, err)
	assert.Equal(t, sourcemap.Head{File: "i"}, head)
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.map"), filepath.Join(dir, "bad.map")
	require.NoError(t, os.WriteFile(good, []byte(everything), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("<html>"), 0o600))

	m, err := sourcemap.Open(good, nil)
	require.NoError(t, err)
	assert.Equal(t, 6, m.Len())

	m, err = sourcemap.Open(bad, nil)
	assert.Nil(t, m)
	requireParseError(t, err, sourcemap.ErrNotJSON, 0)
	assert.ErrorContains(t, err, bad)

	m, err = sourcemap.Open(filepath.Join(dir, "none.map"), nil)
	assert.Nil(t, m)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestEscapedKeys: a key is its text, however it is written.
func TestEscapedKeys(t *testing.T) {
	m := parseClean(t, `{"v\u0065rsion":3,"\u0073ources":["a"],"m\u0061ppings":"AAAA\u0041,g\/A","nam\u0065s":["n"],"fil\u0065":"f"}`)
	assert.Equal(t, "f", m.File())
	assert.Equal(t, [][]int32{{0, 0, 0, 0, 0, 0}, {0, 496}}, allAt(m))
}

// TestDuplicateKeys: the last counts, as for JSON.parse.
func TestDuplicateKeys(t *testing.T) {
	m := parseClean(t, `{"version":2,"sources":["x","y"],"names":["p","q"],"mappings":"!!","file":"f","sourcesContent":["t"],"ignoreList":[1],
		"version":3,"sources":["a"],"names":["n"],"mappings":"AAAAA","file":"g","sourcesContent":[],"ignoreList":[]}`)
	assert.Equal(t, []string{"a"}, urls(m))
	assert.Equal(t, []string{"n"}, names(m))
	assert.Equal(t, "g", m.File())
	assert.Equal(t, [][]int32{{0, 0, 0, 0, 0, 0}}, allAt(m))
	source, _ := m.Source(0)
	assert.Equal(t, sourcemap.Source{URL: "a"}, source)

	m = parseClean(t, `{"version":3,"sections":[1,2],"sections":[`+section(7, 7, "1")[:len(section(7, 7, "1"))-1]+`,"offset":{"line":1,"column":1,"column":2},"map":`+regular(`"sources":["a"],`, "AAAA")+`}]}`)
	assert.Equal(t, [][]int32{{1, 2, 0, 0, 0}}, allAt(m))
}

// TestSectionsWin: a map with sections is an indexed one, whatever else it has.
func TestSectionsWin(t *testing.T) {
	m := parse(t, `{"version":3,"sources":["z"],"names":["z"],"mappings":"AAAA,C","sections":[`+section(0, 5, regular(`"sources":["a"],`, "AAAA"))+`]}`)
	assert.True(t, m.Indexed())
	assert.Equal(t, []string{"a"}, urls(m))
	assert.Equal(t, [][]int32{{0, 5, 0, 0, 0}}, allAt(m))
}
