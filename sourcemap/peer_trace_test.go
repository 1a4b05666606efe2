package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

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
