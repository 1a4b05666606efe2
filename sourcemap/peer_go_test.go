package sourcemap_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	gosourcemap "github.com/go-sourcemap/sourcemap"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// goSegments: go-sourcemap reads values of digits until one without a continuation bit, and looks at ',' and ';' between
// values only. Where the text ends inside a value the error is io.EOF.
func goSegments(text string) (lines looseSegments, err error) {
	lines = looseSegments{nil}
	var segment [][]uint64
	push := func() {
		if segment != nil {
			lines[len(lines)-1] = append(lines[len(lines)-1], segment)
		}
		segment = nil
	}
	for at := 0; at < len(text); {
		switch text[at] {
		case ',':
			push()
			at++
		case ';':
			push()
			at++
			lines = append(lines, nil)
		default:
			var value []uint64
			for more := true; more; at++ {
				if at == len(text) {
					return nil, io.EOF
				}
				digit := digitOf(text[at])
				value, more = append(value, digit&31), digit >= 32
			}
			segment = append(segment, value)
		}
	}
	push()
	return lines, nil
}

// A goMap is a map as go-sourcemap unmarshals it.
type goMap struct {
	SourceRoot string            `json:"sourceRoot"`
	Sources    []*string         `json:"sources"`
	Names      []json.RawMessage `json:"names"`
	Mappings   string            `json:"mappings"`
}

type goSection struct {
	Offset struct{ Line, Column int64 } `json:"offset"`
	Map    *goMap                       `json:"map"`
}

// goAnswer is one of go-sourcemap, with lines counted from 0. It panics where the index of a source is out of range.
type goAnswer struct {
	Source, Name string
	Line, Column int64
	OK, Panics   bool
}

func (a goAnswer) String() string {
	switch {
	case a.Panics:
		return "panics"
	case !a.OK:
		return "nothing"
	case a.Name != "":
		return fmt.Sprintf("%q %d:%d %s", a.Source, a.Line, a.Column, a.Name)
	}
	return fmt.Sprintf("%q %d:%d", a.Source, a.Line, a.Column)
}

// goList is the mappings of one section, or of all.
type goList struct {
	offset   [2]int64
	segments []goSegment
}

type goSegment struct {
	peerSegment
	in *goMap
}

// goModel is what go-sourcemap makes of a map.
type goModel struct {
	sections []goSection
	lists    map[habit][]goList
}

func newGoModel(t *testing.T, text string) *goModel {
	t.Helper()
	var top struct {
		goMap
		Sections []goSection `json:"sections"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &top))
	model := &goModel{sections: top.Sections, lists: map[habit][]goList{}}
	if len(model.sections) == 0 {
		model.sections = []goSection{{Map: &top.goMap}}
	}
	return model
}

// decode returns the mappings of each section, or of all in one list.
func (g *goModel) decode(h habit) (lists []goList) {
	if lists, ok := g.lists[h]; ok {
		return lists
	}
	var all goList
	for _, section := range g.sections {
		segments, err := peerDecode(section.Map.Mappings, len(section.Map.Sources), len(section.Map.Names), h, func(text string) looseSegments {
			lines, _ := goSegments(text) // that it ends too early is an error, and there is no answer
			return lines
		})
		if err != nil {
			continue
		}
		if h&habitUnsorted == 0 {
			sortPeer(segments)
		}
		list := goList{offset: [2]int64{section.Offset.Line, section.Offset.Column}}
		for _, s := range segments {
			list.segments = append(list.segments, goSegment{s, section.Map})
			if s.line == 0 {
				s.column += section.Offset.Column
			}
			s.line += section.Offset.Line
			if h&habitRange == 0 && (s.line < 0 || s.line > math.MaxInt32 || s.column < 0 || s.column > math.MaxInt32) {
				continue
			}
			all.segments = append(all.segments, goSegment{s, section.Map})
		}
		lists = append(lists, list)
	}
	if h&habitSections == 0 {
		if h&habitUnsorted == 0 {
			slices.SortStableFunc(all.segments, func(a, b goSegment) int { return comparePositions(a.line, a.column, b.line, b.column) })
		}
		lists = []goList{all}
	}
	g.lists[h] = lists
	return lists
}

// answer is what go-sourcemap with these habits says.
func (g *goModel) answer(p sourcemap.Position, h habit) goAnswer {
	lists := g.decode(h)
	line, column := int64(p.Line), int64(p.Column)
	if h&habitSections == 0 {
		return goFind(lists[0].segments, line, column, h)
	}
	for _, list := range slices.Backward(lists) { // the last one of the file
		if list.offset[0] <= line {
			return goFind(list.segments, line-list.offset[0], column-list.offset[1], h)
		}
	}
	return goAnswer{}
}

func goFind(list []goSegment, line, column int64, h habit) goAnswer {
	i := sort.Search(len(list), func(i int) bool {
		return list[i].line > line || list[i].line == line && list[i].column >= column
	})
	if i == len(list) || list[i].line != line || list[i].column != column {
		i--
		if i < 0 || list[i].line != line && (h&habitAcross == 0 || i == len(list)-1) {
			return goAnswer{}
		}
	}
	found := list[i]
	if !found.original {
		return goAnswer{}
	}
	if found.source >= int64(len(found.in.Sources)) {
		return goAnswer{Panics: true}
	}
	answer := goAnswer{Line: found.originalLine, Column: found.originalColumn, OK: true}
	if h&habitRange != 0 && h&habitWrap != 0 {
		answer.Line = int64(int32(found.originalLine+1)) - 1 // it counts from 1
	}
	if found.source >= 0 {
		answer.Source = found.in.source(int(found.source), h)
	}
	if found.named && found.name >= 0 && found.name < int64(len(found.in.Names)) {
		if text, ok := asString(found.in.Names[found.name]); ok {
			answer.Name = text
		} else if h&habitNames != 0 {
			answer.Name = string(found.in.Names[found.name])
		}
	}
	return answer
}

// source is the text of a source.
func (g *goMap) source(i int, h habit) (source string) {
	null := g.Sources[i] == nil
	if !null {
		source = *g.Sources[i]
	}
	root := g.SourceRoot
	switch {
	case root == "" || null && h&habitRoot == 0:
		return source
	case h&habitRoot == 0:
		return strings.TrimSuffix(root, "/") + "/" + source
	case path.IsAbs(source):
		return source
	}
	if u, err := url.Parse(source); err == nil && u.IsAbs() {
		return source
	}
	if u, err := url.Parse(root); err == nil && u.IsAbs() {
		u.Path = path.Join(u.Path, source)
		return u.String()
	}
	return path.Join(root, source)
}

// goRefused is the class of a map that go-sourcemap refuses, and we don't.
func goRefused(c *peerMap, err error) (class string, ok bool) {
	mismatch := (*json.UnmarshalTypeError)(nil)
	syntax := (*json.SyntaxError)(nil)
	switch {
	case errors.As(err, &syntax) && c.framed():
		return "refused: byte order mark or guard line", true
	case errors.As(err, &mismatch):
		number, isNumber := strings.CutPrefix(mismatch.Value, "number ")
		if value, err := strconv.ParseFloat(number, 64); isNumber && err == nil && value == math.Trunc(value) && value == float64(int64(value)) {
			return "refused: an integer with a point or an exponent", true
		}
		if len(c.problems) == 0 {
			return "refused: a field of the wrong type that does not count", true
		}
		return "refused: a field of the wrong type", true
	case strings.Contains(err.Error(), "got version"):
		return "refused: version", c.has(sourcemap.ProblemVersion)
	case errors.Is(err, io.EOF):
		return "refused: a value without end", c.has(sourcemap.ProblemMappingsGrammar)
	case strings.Contains(err.Error(), "mappings are empty"):
		switch {
		case c.has(sourcemap.ProblemSectionNested):
			return "refused: sections in sections", true
		case c.has(sourcemap.ProblemSectionMap):
			return "refused: a section without mappings", true
		}
		return "refused: empty mappings", true
	case err == errGoPanics:
		return "refused: panics at a section that is null", c.has(sourcemap.ProblemSection)
	}
	return "", false
}

var errGoPanics = errors.New("it panics")

func goParse(text string) (consumer *gosourcemap.Consumer, err error) {
	defer func() {
		if recover() != nil {
			consumer, err = nil, errGoPanics
		}
	}()
	return gosourcemap.Parse("", []byte(text))
}

func goAsk(consumer *gosourcemap.Consumer, p sourcemap.Position) (a goAnswer) {
	defer func() {
		if recover() != nil {
			a = goAnswer{Panics: true}
		}
	}()
	source, name, line, column, ok := consumer.Source(int(p.Line)+1, int(p.Column))
	if !ok {
		return goAnswer{}
	}
	return goAnswer{Source: source, Name: name, Line: int64(line) - 1, Column: int64(column), OK: true}
}

// ourGoAnswer is our answer in the same form.
func ourGoAnswer(m *sourcemap.Map, p sourcemap.Position) goAnswer {
	found, ok := m.Lookup(p)
	if !ok {
		return goAnswer{}
	}
	source, _ := m.Source(int(found.Source))
	return goAnswer{Source: source.URL, Name: m.Name(int(found.Name)), Line: int64(found.Original.Line), Column: int64(found.Original.Column), OK: true}
}

// compareGo compares one map and returns how many answers differ in each class.
func compareGo(t *testing.T, c *peerMap) map[string]int {
	t.Helper()
	theirs, err := goParse(c.text)
	switch {
	case err != nil && c.err != nil:
		return nil
	case err != nil:
		class, ok := goRefused(c, err)
		require.True(t, ok, "go-sourcemap refuses, unclassified: %v\n%.2000s", err, c.text)
		return map[string]int{class: 0}
	case c.err != nil:
		class, ok := c.accepted()
		require.True(t, ok, "go-sourcemap takes what we refuse, unclassified: %v\n%.2000s", c.err, c.text)
		return map[string]int{class: 0}
	}
	model := newGoModel(t, c.text)
	classes := map[string]int{}
	for _, p := range c.positions {
		ours, theirs := ourGoAnswer(c.m, p), goAsk(theirs, p)
		require.Equal(t, theirs, model.answer(p, goHabits), "no class explains what go-sourcemap says at %+v, we %v\n%.2000s", p, ours, c.text)
		if ours == theirs {
			continue
		}
		if model.answer(p, 0) != ours {
			require.Fail(t, "the model differs from us", "at %+v, ours %v, the model's %v\n%.2000s", p, ours, model.answer(p, 0), c.text)
		}
		h, ok := needed(goHabits, func(h habit) bool { return model.answer(p, h) == theirs })
		require.True(t, ok)
		countHabits(classes, h)
	}
	return classes
}

var goClasses = []differenceClass{
	{"one field", aMap("AAAA,C"), sourcemap.Position{Column: 1}, "We. A segment of one field has no original position."},
	{"across lines", aMap("AAAA;;AACA"), sourcemap.Position{Line: 1}, "Each for itself. Theirs is GetOriginalPositions by the letter, but not behind the last mapping. It is our LookupAcrossLines; Lookup keeps to the line, as browsers do."},
	{"unsorted", aMap("IAAA,JAAC"), sourcemap.Position{}, "We. DecodeSourceMap sorts."},
	{"ranges", aMap("AAAA,CCAA"), sourcemap.Position{Column: 1}, whyRange},
	{"values from 2³⁰", aMap("AA" + longVLQ(1<<30) + "A"), sourcemap.Position{}, "We. Values may have 31 bits and a sign."},
	{"minus zero", aMap("AAAA,CABA"), sourcemap.Position{Column: 1}, "We. It is −2³¹, and so the line is below 0."},
	{"grammar", aMap("AAAA,CA"), sourcemap.Position{}, whyGrammar},
	{"sections", indexed(section(0, 10, aMap("AAAA;CAAC,KAAC"))), sourcemap.Position{Line: 1, Column: 12}, "We. The column of an offset counts on the first line of the section."},
	{"source root", regular(`"sourceRoot":"r","sources":["/a"],`, "AAAA"), sourcemap.Position{}, "We. DecodeSourceMapSources puts the root before each source. (Where they only clean a path, as r/../a, both say the same.)"},
	{"names", regular(`"sources":["a"],"names":[5],`, "AAAAA"), sourcemap.Position{}, `We. GetOptionalListOfStrings makes it "".`},
	{"refused: byte order mark or guard line", ")]}'\n" + aMap("AAAA"), sourcemap.Position{}, whyFramed},
	{"refused: a field of the wrong type", regular(`"file":5,"sources":["a"],`, "AAAA"), sourcemap.Position{}, "Both. The standard has an optional error."},
	{"refused: a field of the wrong type that does not count", regular(`"file":5,"file":"f","sources":["a"],`, "AAAA"), sourcemap.Position{}, "We. The last of two members with one key counts, and keys are not compared without case."},
	{"refused: an integer with a point or an exponent", `{"version":3.0,"sources":["a"],"mappings":"AAAA"}`, sourcemap.Position{}, "We. It is the Number 3."},
	{"refused: version", `{"version":2,"sources":["a"],"mappings":"AAAA"}`, sourcemap.Position{}, "Both. The standard has an optional error."},
	{"refused: empty mappings", aMap(""), sourcemap.Position{}, "We. The grammar lets it be empty, in a section, too."},
	{"refused: a value without end", aMap("AAAA,g"), sourcemap.Position{}, "Both. The standard has an optional error, and no mappings."},
	{"refused: sections in sections", indexed(section(0, 0, indexed(section(0, 0, aMap("AAAA"))))), sourcemap.Position{}, "Neither quite. The standard skips the section, with an optional error; we read it."},
	{"refused: a section without mappings", indexed(section(0, 0, aMap("AAAA")), section(1, 0, `{"version":3,"sources":[]}`)), sourcemap.Position{}, "We. The section is skipped, with an optional error."},
	{"refused: panics at a section that is null", `{"version":3,"sections":[null]}`, sourcemap.Position{}, "We. The section is skipped, with an optional error."},
	{"taken: values too large", aMap("AAAA,ggggggE"), sourcemap.Position{}, whyTooLarge},
	{"taken: sources that are no list", `{"version":3,"mappings":"AAAA"}`, sourcemap.Position{}, "We. DecodeSourceMap throws."},
	{"taken: sections that are no list", `{"version":3,"sources":["a"],"mappings":"AAAA","sections":null}`, sourcemap.Position{}, "We. DecodeIndexSourceMap throws."},
	{"taken: a section without offset", `{"version":3,"sections":[{"map":` + aMap("AAAA") + `}]}`, sourcemap.Position{}, "We. DecodeIndexSourceMap throws."},
}

// differences of go-sourcemap: as many maps as the tables are of, and with SYMBOLICATE_SOAK as many others.
func TestGoSourcemapDifferences(t *testing.T) {
	if soak {
		for _, c := range peerMaps(t, randomSeed(t), 10*differencesMaps) {
			compareGo(t, c)
		}
	}
	total := differences{}
	for _, c := range peerMaps(t, referenceSeed, differencesMaps) {
		total.add(compareGo(t, c))
	}
	logDifferences(t, total)
	requireTable(t, "go-sourcemap", goClasses, total, func(row differenceClass) (ours, theirs string) {
		c := exampleOf(t, row)
		require.Contains(t, compareGo(t, c), row.class, row.text)
		ours, theirs = "refused", "refused"
		if c.err == nil {
			ours = code(ourGoAnswer(c.m, row.at))
		}
		if consumer, err := goParse(row.text); err == nil {
			theirs = code(goAsk(consumer, row.at))
		}
		return ours, theirs
	})
}
