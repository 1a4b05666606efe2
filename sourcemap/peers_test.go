package sourcemap_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

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

func logDifferences(t *testing.T, total differences) {
	t.Helper()
	for _, class := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%s: %d maps, %d answers", class, total[class].maps, total[class].answers)
	}
}
