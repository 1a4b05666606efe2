package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	gosourcemap "github.com/go-sourcemap/sourcemap"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// Two other engines run over the random maps of TestReference. Each difference must be explained: a model of the engine,
// made of habits that the standard does not have, says what it answers. With all habits the model must say what the engine
// says, and without any what we say; those that it takes for a difference are its classes. docs/DIFFERENCES.md lists them; its
// tables are made by these tests.

// A habit is something that an engine does in another way than the standard. A set of them is a mask.
type habit uint

const (
	// go-sourcemap and trace-mapping
	habitGrammar  habit = 1 << iota // the grammar of mappings is not checked
	habitRange                      // columns, indices and original positions are not checked
	habitTooLarge                   // values of 2³¹ and more wrap round
	// go-sourcemap
	habitWrap     // values of 2³⁰ and more wrap round
	habitZero     // -0 is 0
	habitUnsorted // mappings are not sorted
	habitOneField // a segment of one field has the source of the one before
	habitAcross   // a position before the first mapping of its line gets the last one of a line above
	habitSections // sections are found by their line, and their column counts on all of their lines
	habitRoot     // sourceRoot and sources are joined as paths
	habitNames    // a name that is no string is its JSON
	// trace-mapping
	habitCut    // a section ends where the next one starts
	habitNested // the column of an indexed map counts on the first line of each of its sections
	habitJoined // mappings of several sections on one line are not sorted
)

var habitNamesOf = map[habit]string{
	habitGrammar: "grammar", habitRange: "ranges", habitTooLarge: "values too large", habitWrap: "values from 2³⁰", habitZero: "minus zero",
	habitUnsorted: "unsorted", habitOneField: "one field", habitAcross: "across lines", habitSections: "sections", habitRoot: "source root", habitNames: "names",
	habitCut: "sections cut", habitNested: "nested columns", habitJoined: "sections unsorted",
}

// countHabits counts an answer that it takes these habits to explain, under each of them.
func countHabits(classes map[string]int, h habit) {
	for rest := h; rest != 0; rest &= rest - 1 {
		classes[habitNamesOf[habit(1)<<bits.TrailingZeros(uint(rest))]]++
	}
}

const (
	goHabits    = habitGrammar | habitRange | habitWrap | habitZero | habitUnsorted | habitOneField | habitAcross | habitSections | habitRoot | habitNames
	traceHabits = habitGrammar | habitRange | habitTooLarge | habitCut | habitNested | habitJoined
)

// needed returns habits that explain, of which none can be left out; ok is false where all of them together do not explain.
func needed(all habit, explain func(habit) bool) (h habit, ok bool) {
	if !explain(all) {
		return all, false
	}
	h = all
	for one := habit(1); one <= all; one <<= 1 {
		if h&one != 0 && explain(h&^one) {
			h &^= one
		}
	}
	return h, true
}

// A peerSegment is a segment as a model has it.
type peerSegment struct {
	line, column, source, originalLine, originalColumn, name int64
	original, named                                          bool // whether these count
}

// looseSegments is a segmentation of mappings that knows no faults. Each line has segments, each of these values.
type looseSegments [][][][]uint64

// digitOf is the value of a digit with its continuation bit; what is none is 0.
func digitOf[T byte | uint16](c T) uint64 {
	if c < 128 {
		if i := strings.IndexByte(base64Digits, byte(c)); i >= 0 {
			return uint64(i)
		}
	}
	return 0
}

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

// traceSegments: trace-mapping looks for the end of the line first and then reads segments of 1, 4 or 5 values, past the
// ',' and the end of the line if need be, and takes the character behind a segment for a ','.
func traceSegments(text string) (lines looseSegments) {
	units := utf16.Encode([]rune(text))
	at := 0
	value := func() (digits []uint64) {
		for more := true; more; at++ {
			var digit uint64
			if at < len(units) {
				digit = digitOf(units[at])
			}
			digits, more = append(digits, digit&31), digit >= 32
		}
		return digits
	}
	for {
		end := len(units)
		if at < len(units) {
			if i := slices.Index(units[at:], ';'); i >= 0 {
				end = at + i
			}
		}
		more := func() bool { return at < end && units[at] != ',' }
		var line [][][]uint64
		for at < end {
			segment := [][]uint64{value()}
			if more() {
				segment = append(segment, value(), value(), value())
				if more() {
					segment = append(segment, value())
				}
			}
			line = append(line, segment)
			at++
		}
		lines = append(lines, line)
		if at = end + 1; at > len(units) {
			return lines
		}
	}
}

// peerValue is the value of a VLQ.
func peerValue(digits []uint64, h habit) (int64, error) {
	switch {
	case h&habitWrap != 0: // 32 bits with a sign, of which the lowest says that the rest is negative
		var n int32
		for i, digit := range digits {
			if i < 7 {
				n += int32(digit) << (5 * i)
			}
		}
		half := n >> 1
		if n&1 != 0 {
			half = -half
		}
		if half == 0 && n == 1 && h&habitZero == 0 {
			return math.MinInt32, nil
		}
		return int64(half), nil
	case h&habitTooLarge != 0: // 32 bits; shifts count modulo 32
		var n uint32
		for i, digit := range digits {
			n |= uint32(digit) << (5 * i % 32)
		}
		if n&1 != 0 {
			return int64(math.MinInt32 | -int32(n>>1)), nil
		}
		return int64(n >> 1), nil
	}
	value, err := vlqSignedValue(digits)
	if value == math.MinInt32 && h&habitZero != 0 {
		value = 0
	}
	return value, err
}

// peerDecode decodes the mappings of a map. loose is used where the grammar is not checked. An error is a value too large.
func peerDecode(text string, sources, names int, h habit, loose func(string) looseSegments) (list []peerSegment, err error) {
	var lines looseSegments
	if h&habitGrammar != 0 {
		lines = loose(text)
	} else {
		var ok bool
		if lines, ok = parseMappings(text); !ok {
			return nil, nil
		}
	}
	var sums [5]int64
	for line, segments := range lines {
		sums[0] = 0
	next:
		for _, segment := range segments {
			for i, digits := range segment {
				if i == 1 && h&habitRange == 0 && (sums[0] < 0 || sums[0] > math.MaxInt32) {
					continue next
				}
				value, err := peerValue(digits, h)
				if err != nil {
					return nil, err
				}
				sums[i%5] += value
				if h&habitRange != 0 && h&habitWrap != 0 {
					sums[i%5] = int64(int32(sums[i%5]))
				}
			}
			s := peerSegment{int64(line), sums[0], sums[1], sums[2], sums[3], sums[4], len(segment) > 1 || h&habitOneField != 0, len(segment) >= 5}
			if h&habitRange == 0 {
				if s.column < 0 || s.column > math.MaxInt32 {
					continue
				}
				if s.source < 0 || s.source >= int64(sources) || s.originalLine < 0 || s.originalLine > math.MaxInt32 || s.originalColumn < 0 || s.originalColumn > math.MaxInt32 {
					s.original = false
				}
				if s.name < 0 || s.name >= int64(names) {
					s.named = false
				}
			}
			list = append(list, s)
		}
	}
	return list, nil
}

func sortPeer(list []peerSegment) {
	slices.SortStableFunc(list, func(a, b peerSegment) int { return comparePositions(a.line, a.column, b.line, b.column) })
}

// A difference is a kind of difference, and how often it was met.
type difference struct {
	class         string
	maps, answers int // with at least one; answers that differ, 0 where the map was refused
}

type differences map[string]*difference

// add counts answers of one map.
func (d differences) add(of map[string]int) {
	for class, answers := range of {
		if d[class] == nil {
			d[class] = &difference{class: class}
		}
		d[class].maps++
		d[class].answers += answers
	}
}

// peerMap is one map to be given to an engine, with what we make of it.
type peerMap struct {
	text      string
	positions []sourcemap.Position
	m         *sourcemap.Map // nil: refused
	err       error
	problems  []sourcemap.ProblemKind
	reference *refMap
}

func newPeerMap(t *testing.T, text string, positions []sourcemap.Position) *peerMap {
	t.Helper()
	c := &peerMap{text: text, positions: positions}
	c.m, c.err = sourcemap.Parse([]byte(text), &sourcemap.Options{MaxProblems: 1 << 30})
	if c.err == nil {
		c.problems = kinds(c.m)
		var err error
		c.reference, _, err = refDecode([]byte(text))
		require.NoError(t, err)
	}
	return c
}

func (c *peerMap) has(kind sourcemap.ProblemKind) bool { return slices.Contains(c.problems, kind) }

// framed tells whether something stands in front of the JSON.
func (c *peerMap) framed() bool {
	return strings.HasPrefix(c.text, "\ufeff") || strings.HasPrefix(c.text, ")]}")
}

func (c *peerMap) object() jsonObject {
	object, _ := asObject(bytes.Trim(refBody([]byte(c.text)), " \t\r\n"))
	return object
}

// accepted is the class of a map that we refuse and a peer takes.
func (c *peerMap) accepted() (class string, ok bool) {
	text := c.err.Error()
	for part, class := range map[string]string{
		"a value of 2³¹ or more": "taken: values too large", "mappings is": "taken: mappings that are no string", "sources is": "taken: sources that are no list",
		"sections is": "taken: sections that are no list", "section: offset": "taken: a section without offset", "section: map": "taken: a section without map",
	} {
		if strings.Contains(text, part) {
			return class, true
		}
	}
	return "", false
}

// peerMaps are the maps of a seed, with positions that engines of all kinds can be asked for: none is below 0.
func peerMaps(t *testing.T, seed uint64, n int) (list []*peerMap) {
	t.Helper()
	for i := range uint64(n) {
		c := newPeerMap(t, randomMapText(seed, i), nil)
		if c.m != nil {
			c.positions = slices.DeleteFunc(positionsFor(c.reference, rand.New(rand.NewPCG(seed, i))), func(p sourcemap.Position) bool { return p.Line < 0 || p.Column < 0 })
		}
		list = append(list, c)
	}
	return list
}

// --- go-sourcemap ---

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

// --- trace-mapping ---

// traceAnswer is one of trace-mapping: the numbers of source, line, column and name; nil for nothing.
type traceAnswer []int64

func (a traceAnswer) String() string {
	if a == nil {
		return "nothing"
	}
	return fmt.Sprintf("%d %d:%d %d", a[0], a[1], a[2], a[3])
}

// traceModel is what trace-mapping makes of a map.
type traceModel struct {
	top     jsonObject
	answers map[habit][]traceAnswer
}

// traceLines is the decoded form: segments by line, and how many lines there are.
type traceLines struct {
	lines  map[int64][]peerSegment
	length int64
}

func (m *traceModel) decode(h habit) (d traceLines) {
	d.lines = map[int64][]peerSegment{}
	if _, indexed := m.top["sections"]; indexed {
		var sources, names int64
		d.sections(m.top, 0, 0, math.MaxInt64/2, math.MaxInt64/2, h, &sources, &names)
	} else {
		list, length, _ := traceDecode(m.top, h)
		for _, s := range list {
			d.lines[s.line] = append(d.lines[s.line], s)
		}
		d.length = length
	}
	if h&habitJoined == 0 {
		for _, line := range d.lines {
			sortPeer(line)
		}
	}
	return d
}

func traceDecode(object jsonObject, h habit) (list []peerSegment, lines int64, err error) {
	mappings, _ := asString(object["mappings"])
	sources, _ := asArray(object["sources"])
	names, _ := asArray(object["names"])
	list, err = peerDecode(mappings, len(sources), len(names), h, traceSegments)
	sortPeer(list)
	return list, int64(len(traceSegments(mappings))), err
}

func offsetOf(section jsonObject) (line, column int64) {
	offset, _ := asObject(section["offset"])
	l, _ := asIntegral(offset["line"])
	c, _ := asIntegral(offset["column"])
	return int64(l), int64(c)
}

// sections adds the sections of an indexed map that stands at the offset, up to where it is cut.
func (d *traceLines) sections(object jsonObject, lineOffset, columnOffset, stopLine, stopColumn int64, h habit, sources, names *int64) {
	place := func(line, column int64) (int64, int64) {
		if line == 0 || h&habitNested != 0 {
			column += columnOffset
		}
		return line + lineOffset, column
	}
	sections, _ := asArray(object["sections"])
	for i, raw := range sections {
		section, ok := asObject(raw)
		if !ok {
			continue
		}
		line, column := place(offsetOf(section))
		sl, sc := stopLine, stopColumn
		if h&habitCut != 0 && i+1 < len(sections) {
			next, _ := asObject(sections[i+1])
			nextLine, nextColumn := place(offsetOf(next))
			if nextLine < stopLine {
				sl, sc = nextLine, nextColumn
			} else {
				sc = min(stopColumn, nextColumn)
			}
		}
		inner, _ := asObject(section["map"])
		if _, nested := inner["sections"]; nested {
			d.sections(inner, line, column, sl, sc, h, sources, names)
			continue
		}
		list, length, err := traceDecode(inner, h)
		baseSource, baseName := *sources, *names
		array, _ := asArray(inner["sources"])
		*sources += int64(len(array))
		if array, ok := asArray(inner["names"]); ok {
			*names += int64(len(array))
		} else if text, ok := asString(inner["names"]); ok {
			*names += int64(len(utf16.Encode([]rune(text)))) // a string has a length, too
		}
		if err != nil {
			continue // a value too large: the section is skipped
		}
		d.length = max(d.length, min(line+length, sl+1))
		for _, s := range list {
			if s.line == 0 {
				s.column += column
			}
			s.line += line
			if s.line > sl || s.line == sl && s.column >= sc {
				d.length = max(d.length, min(s.line, sl)+1)
				break
			}
			if h&habitRange == 0 && (s.line < 0 || s.line > math.MaxInt32 || s.column < 0 || s.column > math.MaxInt32) {
				continue
			}
			s.source += baseSource
			s.name += baseName
			d.lines[s.line] = append(d.lines[s.line], s)
		}
	}
}

// answersWith is what trace-mapping with these habits says at each position. Its search starts where the last one on the
// same line ended, which shows where a line is not sorted.
func (m *traceModel) answersWith(positions []sourcemap.Position, h habit) (list []traceAnswer) {
	if list, ok := m.answers[h]; ok {
		return list
	}
	d := m.decode(h)
	lastLine, lastColumn, lastIndex := int64(-1), int64(-1), -1
	for _, p := range positions {
		line, column := int64(p.Line), int64(p.Column)
		if line >= d.length {
			list = append(list, nil)
			continue
		}
		segments := d.lines[line]
		low, high := 0, len(segments)-1
		again := false
		if line == lastLine {
			switch {
			case column == lastColumn:
				again = true
			case column > lastColumn:
				low = max(lastIndex, 0)
			default:
				high = lastIndex
			}
		}
		index := lastIndex
		for !again {
			if low > high {
				index = low - 1
				break
			}
			mid := (low + high) / 2
			if segments[mid].column == column {
				index = mid
				break
			} else if segments[mid].column < column {
				low = mid + 1
			} else {
				high = mid - 1
			}
		}
		lastLine, lastColumn, lastIndex = line, column, index
		if index >= 0 && segments[index].column == column {
			for index > 0 && segments[index-1].column == column {
				index--
			}
		}
		if index < 0 || !segments[index].original {
			list = append(list, nil)
			continue
		}
		s := segments[index]
		if !s.named {
			s.name = -1
		}
		list = append(list, traceAnswer{s.source, s.originalLine, s.originalColumn, s.name})
	}
	m.answers[h] = list
	return list
}

// traceReply is what bench/peers/node/answers.mjs says of a map.
type traceReply struct {
	Refused string
	Answers []traceAnswer
}

// traceAsk runs trace-mapping over the maps.
func traceAsk(t *testing.T, list []*peerMap) (replies []traceReply) {
	t.Helper()
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat("../bench/peers/node/node_modules")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: trace-mapping (needs node and npm ci in bench/peers/node)")
	}
	var in, errs bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, c := range list {
		positions := [][2]int32{}
		for _, p := range c.positions {
			positions = append(positions, [2]int32{p.Line, p.Column})
		}
		require.NoError(t, encoder.Encode(map[string]any{"map": c.text, "positions": positions}))
	}
	command := exec.Command("node", "../bench/peers/node/answers.mjs")
	command.Stdin, command.Stderr = &in, &errs
	out, err := command.Output()
	require.NoError(t, err, errs.String())
	decoder := json.NewDecoder(bytes.NewReader(out))
	for range list {
		var reply traceReply
		require.NoError(t, decoder.Decode(&reply))
		replies = append(replies, reply)
	}
	return replies
}

// farDown tells whether a section starts so far down that trace-mapping, which makes a list for each line, should not see
// the map.
func farDown(object jsonObject) bool {
	sections, _ := asArray(object["sections"])
	for _, raw := range sections {
		section, _ := asObject(raw)
		offset, _ := asObject(section["offset"])
		if line, ok := asNumber(offset["line"]); ok && line > 100_000 {
			return true
		}
		if inner, ok := asObject(section["map"]); ok && farDown(inner) {
			return true
		}
	}
	return false
}

func traceRefused(c *peerMap, refused string) (class string, ok bool) {
	switch {
	case strings.HasPrefix(refused, "SyntaxError") && c.framed():
		return "refused: byte order mark or guard line", true
	case c.has(sourcemap.ProblemSection) || c.has(sourcemap.ProblemSectionMap):
		return "refused: a section that is broken", true
	case c.has(sourcemap.ProblemSectionOffset):
		return "refused: an offset that is no integer", true
	case c.has(sourcemap.ProblemColumnRange) && c.m.Indexed():
		return "refused: a section before the first line", strings.HasPrefix(refused, "TypeError")
	}
	return "", false
}

// compareTrace compares one map and returns how many answers differ in each class.
func compareTrace(t *testing.T, c *peerMap, reply traceReply) map[string]int {
	t.Helper()
	switch {
	case reply.Refused != "" && c.err != nil:
		return nil
	case reply.Refused != "":
		class, ok := traceRefused(c, reply.Refused)
		require.True(t, ok, "trace-mapping refuses, unclassified: %v\n%.2000s", reply.Refused, c.text)
		return map[string]int{class: 0}
	case c.err != nil:
		class, ok := c.accepted()
		require.True(t, ok, "trace-mapping takes what we refuse, unclassified: %v\n%.2000s", c.err, c.text)
		return map[string]int{class: 0}
	}
	model := &traceModel{c.object(), map[habit][]traceAnswer{}}
	ours := model.answersWith(c.positions, 0)
	classes := map[string]int{}
	for i, p := range c.positions {
		// The model without habits is ours, with sources and names counted in another way.
		found, ok := c.m.Lookup(p)
		require.Equal(t, ok, ours[i] != nil, "%+v: %v, the model %v\n%.2000s", p, found, ours[i], c.text)
		if ok {
			require.Equal(t, traceAnswer{int64(found.Original.Line), int64(found.Original.Column)}, ours[i][1:3], "%+v", p)
		}
		theirs := reply.Answers[i]
		explains := func(h habit) bool { return slices.Equal(model.answersWith(c.positions, h)[i], theirs) }
		if slices.Equal(ours[i], theirs) {
			require.True(t, explains(traceHabits) || c.has(sourcemap.ProblemSectionOffset), "%+v: the model says %v of trace-mapping, it says %v as we do\n%.2000s", p, model.answersWith(c.positions, traceHabits)[i], theirs, c.text)
			continue
		}
		if c.has(sourcemap.ProblemSectionOffset) {
			classes["an offset that is no integer"]++
			continue
		}
		h, ok := needed(traceHabits, explains)
		require.True(t, ok, "no class explains what trace-mapping says at %+v: %v, ours %v, the model's %v\n%.2000s", p, theirs, ours[i], model.answersWith(c.positions, traceHabits)[i], c.text)
		countHabits(classes, h)
	}
	return classes
}

// A differenceClass is a row of docs/DIFFERENCES.md.
type differenceClass struct {
	class, text string
	at          sourcemap.Position
	why         string // who is right, and why
}

func aMap(mappings string) string { return regular(`"sources":["a"],`, mappings) }

func longVLQ(value int64) string { return (&mapMaker{}).vlq(value, 0) }

// twiceOrMore are reasons that hold for both engines.
const (
	whyFramed   = "We. A byte order mark is taken off by UTF-8 decode, the guard line by FetchSourceMap."
	whyTooLarge = "We. VLQSignedValue throws."
	whyRange    = "We. DecodeMappingsField gives such a segment no original position, or drops it."
	whyGrammar  = "We. What is not of the grammar gives no mappings."
)

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

var traceClasses = []differenceClass{
	{"ranges", aMap("AAAA,CCAA"), sourcemap.Position{Column: 1}, whyRange},
	{"grammar", aMap("AAAA,CA"), sourcemap.Position{}, whyGrammar},
	{"values too large", indexed(section(0, 0, aMap("AAAA,ggggggEAAA"))), sourcemap.Position{}, "We. VLQSignedValue throws, and the section is skipped."},
	{"sections cut", indexed(section(0, 0, aMap("AAAA,KAAA")), section(0, 3, aMap("EAAA"))), sourcemap.Position{Column: 5}, "We. DecodeIndexSourceMap joins all mappings (and has an optional error where sections overlap)."},
	{"sections unsorted", indexed(section(0, 5, aMap("AAAA")), section(0, 8, aMap("AAAA")), section(0, 0, aMap("AAAA"))), sourcemap.Position{Column: 1}, "We: the last mapping at or before the position. The standard has an optional error, and leaves open what an unsorted list answers."},
	{"nested columns", indexed(section(0, 10, indexed(section(1, 2, aMap("AAAA"))))), sourcemap.Position{Line: 1, Column: 2}, "We, by the rule for one level: a column counts on the first line. (The standard skips the section.)"},
	{"an offset that is no integer", strings.Replace(indexed(section(1, 0, aMap("AAAA"))), `"line":1`, `"line":true`, 1), sourcemap.Position{Line: 1}, "We. It counts as 0, with an optional error."},
	{"refused: byte order mark or guard line", ")]}'\n" + aMap("AAAA"), sourcemap.Position{}, whyFramed},
	{"refused: a section that is broken", `{"version":3,"sections":[null]}`, sourcemap.Position{}, "We. The section is skipped, with an optional error."},
	{"refused: an offset that is no integer", `{"version":3,"sections":[{"offset":{},"map":` + aMap("AAAA") + `}]}`, sourcemap.Position{}, "We. It counts as 0, with an optional error."},
	{"refused: a section before the first line", indexed(section(-1, 0, aMap("AAAA;AAAA"))), sourcemap.Position{}, "We. The standard has nothing against it; mappings below line 0 are never found."},
	{"taken: values too large", aMap("AAAA,ggggggE"), sourcemap.Position{}, whyTooLarge},
	{"taken: mappings that are no string", `{"version":3,"sources":["a"],"mappings":[]}`, sourcemap.Position{}, "We. DecodeSourceMap throws."},
	{"taken: sections that are no list", `{"version":3,"sections":0}`, sourcemap.Position{}, "We. DecodeIndexSourceMap throws."},
	{"taken: a section without offset", `{"version":3,"sections":[{"offset":0,"map":` + aMap("") + `}]}`, sourcemap.Position{}, "We. DecodeIndexSourceMap throws."},
	{"not asked: a section too far down", indexed(section(2147483647, 0, aMap("AAAA"))), sourcemap.Position{}, "Not compared: it makes a list for each line up to there."},
}

// differencesMaps is how many maps the tables are counted over.
const differencesMaps = 1000

// writeDifferences has the table of an engine written into docs/DIFFERENCES.md.
var writeDifferences = flag.Bool("differences", false, "write the tables of docs/DIFFERENCES.md")

// requireTable checks that docs/DIFFERENCES.md has the table of the engine as it is now.
func requireTable(t *testing.T, engine string, classes []differenceClass, total differences, row func(c differenceClass) (ours, theirs string)) {
	t.Helper()
	var b strings.Builder
	b.WriteString("| class | map, and position | we | it | right by the standard | maps | answers |\n|---|---|---|---|---|---|---|\n")
	for _, c := range classes {
		ours, theirs := row(c)
		n := total[c.class]
		if n == nil {
			n = &difference{}
		}
		delete(total, c.class)
		where, answers := fmt.Sprintf(" at %d:%d", c.at.Line, c.at.Column), strconv.Itoa(n.answers)
		if strings.Contains(c.class, ": ") {
			where, answers = "", ""
		}
		text := strings.NewReplacer("\n", "⏎", "|", `\|`).Replace(c.text)
		fmt.Fprintf(&b, "| %s | `%s`%s | %s | %s | %s | %d | %s |\n", c.class, text, where, ours, theirs, c.why, n.maps, answers)
	}
	for class, n := range total {
		t.Errorf("no row for class %q (%d maps)", class, n.maps)
	}
	const page = "../docs/DIFFERENCES.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(text), "<!-- "+engine+" -->\n")
	_, tail, foundEnd := strings.Cut(rest, "<!-- end -->")
	require.True(t, found && foundEnd, "no place for %s in %s", engine, page)
	now := head + "<!-- " + engine + " -->\n" + b.String() + "<!-- end -->" + tail
	if *writeDifferences {
		require.NoError(t, os.WriteFile(page, []byte(now), 0o644))
		return
	}
	require.Equal(t, now, string(text), "docs/DIFFERENCES.md is old; its first paragraph says how to write it")
}

// code is a piece of a table that stands as it is.
func code(v any) string { return fmt.Sprintf("`%v`", v) }

// exampleOf is the map of a row, to be asked at its position.
func exampleOf(t *testing.T, c differenceClass) *peerMap {
	t.Helper()
	return newPeerMap(t, c.text, []sourcemap.Position{c.at})
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

func TestTraceMappingDifferences(t *testing.T) {
	if soak {
		compareTraces(t, peerMaps(t, randomSeed(t), 10*differencesMaps))
	}
	total := compareTraces(t, peerMaps(t, referenceSeed, differencesMaps))
	logDifferences(t, total)
	var examples []*peerMap
	for _, row := range traceClasses {
		if c := exampleOf(t, row); !farDown(c.object()) {
			examples = append(examples, c)
		}
	}
	replies := map[string]traceReply{}
	for i, reply := range traceAsk(t, examples) {
		replies[examples[i].text] = reply
	}
	requireTable(t, "trace-mapping", traceClasses, total, func(row differenceClass) (ours, theirs string) {
		c := exampleOf(t, row)
		reply, asked := replies[row.text]
		ours, theirs = "refused", "refused"
		if c.err == nil {
			ours = code((&traceModel{c.object(), map[habit][]traceAnswer{}}).answersWith(c.positions, 0)[0])
		}
		if !asked {
			return ours, "–"
		}
		require.Contains(t, compareTrace(t, c, reply), row.class, row.text)
		if reply.Refused == "" {
			theirs = code(reply.Answers[0])
		}
		return ours, theirs
	})
}

// compareTraces compares the maps, but for those that trace-mapping should not see.
func compareTraces(t *testing.T, list []*peerMap) differences {
	t.Helper()
	near := slices.DeleteFunc(slices.Clone(list), func(c *peerMap) bool { return farDown(c.object()) })
	total := differences{}
	for range len(list) - len(near) {
		total.add(map[string]int{"not asked: a section too far down": 0})
	}
	for i, reply := range traceAsk(t, near) {
		total.add(compareTrace(t, near[i], reply))
	}
	return total
}

func logDifferences(t *testing.T, total differences) {
	t.Helper()
	for _, class := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%s: %d maps, %d answers", class, total[class].maps, total[class].answers)
	}
}
