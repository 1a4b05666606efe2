package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// TestRangeMappingsSuite: the cases of the proposal, re-encoded to indices from 0, which lie beside the suite.
func TestRangeMappingsSuite(t *testing.T) {
	dir := filepath.Join(needTC39(t), "..", "extra", "range-mappings-0based")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("skipped: range mapping cases (no ../extra/range-mappings-0based beside SOURCE_MAP_TESTS)")
	}
	var suite struct {
		Tests []tc39Case `json:"tests"`
	}
	readJSON(t, filepath.Join(dir, "tests.json"), &suite)
	valid, invalid := 0, 0
	for _, c := range suite.Tests {
		t.Run(c.Name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, c.SourceMapFile))
			require.NoError(t, err)
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err, "lenient")
			_, err = sourcemap.Parse(data, &sourcemap.Options{Strict: true})
			problems, _ := m.Problems()
			if !c.SourceMapIsValid {
				invalid++
				var e *sourcemap.ParseError
				require.ErrorAs(t, err, &e)
				want := sourcemap.ProblemRangeMappings
				switch c.Name {
				case "rangeMappingsInvalidVLQZero":
					want = sourcemap.ProblemRangeMappingsItem
				case "rangeMappingsOutOfRange", "rangeMappingsOutOfRange2":
					want = sourcemap.ProblemMappingsGrammar // their mappings, "AAA", are broken: there is nothing to mark
				}
				require.NotEmpty(t, problems)
				assert.Equal(t, want, problems[0].Kind)
				return
			}
			valid++
			require.NoError(t, err, "strict")
			assert.Empty(t, problems)
			for _, again := range []*sourcemap.Map{m, reopened(t, m)} {
				for _, action := range c.TestActions {
					checkAction(t, dir, again, action)
				}
			}
		})
	}
	assert.Equal(t, 5, valid)
	assert.Equal(t, 8, invalid)
}

// reopened is the map after a way through a saved index.
func reopened(t testing.TB, m *sourcemap.Map) *sourcemap.Map {
	t.Helper()
	data, err := m.AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
	require.NoError(t, err)
	again, err := sourcemap.Parse(data, nil)
	require.NoError(t, err)
	require.NoError(t, again.Verify())
	return again
}

func ranged(mappings, ranges string) string {
	return regular(`"sources":["a","b"],"names":["n"],"rangeMappings":`+ranges+`,`, mappings)
}

// rangeCases are maps with range mappings: which mappings are marked, and what is wrong.
var rangeCases = []struct {
	name, text string
	marked     []int
	kinds      []sourcemap.ProblemKind
}{
	{"none", ranged("AAAA", `""`), nil, nil},
	{"only line ends", ranged("AAAA", `";;;;"`), nil, nil},
	{"the first", ranged("AAAA,CAAC", `"A"`), []int{0}, nil},
	{"the second", ranged("AAAA,CAAC", `"B"`), []int{1}, nil},
	{"both", ranged("AAAA,CAAC", `"AB"`), []int{0, 1}, nil},
	{"on several lines", ranged("AAAA;;CAAC,CAAC", `"A;;B"`), []int{0, 2}, nil},
	{"padded with zeros", ranged("AAAA,CAAC", `"hA"`), []int{1}, nil},
	{"an escape", ranged("AAAA,CAAC", `"\u0042"`), []int{1}, nil},
	{"one of many", ranged(strings.Repeat("CAAC,", 999)+"CAAC", `"nf"`), []int{999}, nil},
	{"behind a segment that is dropped", ranged("D,EAAA,CAAC", `"B"`), []int{1}, []sourcemap.ProblemKind{sourcemap.ProblemColumnRange}},
	{"unsorted", ranged("EAAA,DAAC,DAAC", `"AB"`), []int{1, 2}, nil}, // columns 2, 1, 0
	{"at one position", ranged("AAAA,AAAC,AAAC", `"B"`), []int{1}, nil},
	{"without original position", ranged("A,CAAA", `"A"`), []int{0}, repeat(sourcemap.ProblemRangeMappingsItem, 1)},
	{"twice", ranged("AAAA,CAAC", `"BAA"`), []int{1}, repeat(sourcemap.ProblemRangeMappingsItem, 2)},
	{"no such mapping", ranged("AAAA,CAAC", `"C"`), nil, repeat(sourcemap.ProblemRangeMappingsItem, 1)},
	{"no such line", ranged("AAAA;CAAC", `"A;A;A"`), []int{0, 1}, repeat(sourcemap.ProblemRangeMappingsItem, 1)},
	{"a line without mappings", ranged("AAAA;;CAAC", `"A;A;A"`), []int{0, 1}, repeat(sourcemap.ProblemRangeMappingsItem, 1)},
	{"far outside", ranged("AAAA", `"//////D//////D"`), nil, repeat(sourcemap.ProblemRangeMappingsItem, 2)},
	{"a value too large", ranged("AAAA", `"A//////E"`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"an unfinished value", ranged("AAAA", `"Ag"`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"an unfinished value before the line's end", ranged("AAAA", `"g;A"`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"a comma", ranged("AAAA", `"A,A"`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"null", ranged("AAAA", `null`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"a number", ranged("AAAA", `1`), nil, repeat(sourcemap.ProblemRangeMappings, 1)},
	{"broken mappings", ranged("AAAA,AA", `"A"`), nil, repeat(sourcemap.ProblemMappingsGrammar, 1)},
	{"sections", indexed(section(0, 5, ranged("AAAA", `"A"`)), section(1, 0, ranged("AAAA,CAAC", `""`)), section(2, 0, ranged("AAAA,CAAC", `"B"`))), []int{0, 4}, nil},
	{"sections, one broken", indexed(section(0, 5, ranged("AAAA", `"A"`)), section(1, 0, ranged("AAAA,gggggggC", `"A"`)), section(2, 0, ranged("AAAA,CAAC", `"B"`))), []int{0, 2},
		repeat(sourcemap.ProblemSectionMap, 1)},
	{"sections from back to front", indexed(section(1, 0, ranged("AAAA", `"A"`)), section(0, 0, ranged("AAAA,CAAC", `"B"`))), []int{1, 2},
		[]sourcemap.ProblemKind{sourcemap.ProblemSectionOrder, sourcemap.ProblemSectionOverlap}},
	{"a section out of range", indexed(section(0, math.MaxInt32-1, ranged("AAAA,CAAC,CAAC;AAAC", `"AC;A"`))), []int{0, 2}, repeat(sourcemap.ProblemColumnRange, 1)},
}

// markedOf returns the numbers of the range mappings.
func markedOf(m *sourcemap.Map) (list []int) {
	i := 0
	for mapping := range m.Mappings() {
		if mapping.Range {
			list = append(list, i)
		}
		i++
	}
	return list
}

func TestRangeMappings(t *testing.T) {
	for _, c := range rangeCases {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.text)
			assert.Equal(t, c.marked, markedOf(m))
			assert.Equal(t, c.kinds, kinds(m))
			assert.Equal(t, c.marked, markedOf(reopened(t, m)))
			problems, _ := m.Problems()
			for _, p := range problems {
				assert.NotEmpty(t, p.Detail)
				assert.NotContains(t, p.Detail, "%")
			}
			_, err := sourcemap.Parse([]byte(c.text), &sourcemap.Options{Strict: true})
			assert.Equal(t, len(c.kinds) > 0, err != nil, "strict: %v", err)
		})
	}
}

// TestRangeMappingsOffset: problems say where.
func TestRangeMappingsOffset(t *testing.T) {
	for _, c := range []struct{ text, at string }{
		{ranged("AAAA", `"A;B\u0042C"`), "B\\u0042"}, {ranged("AAAA", `"A;;\u0042%"`), "%"}, {ranged("AAAA", `7`), "7"},
	} {
		m := parse(t, c.text)
		problems, _ := m.Problems()
		require.NotEmpty(t, problems)
		assert.EqualValues(t, strings.LastIndex(c.text[:strings.Index(c.text, `"mappings"`)], c.at), problems[0].Offset, "%s: %v", c.text, problems)
	}
}

// TestRangeLookup: what a range mapping says about positions behind it.
func TestRangeLookup(t *testing.T) {
	// 1:2 → a 3:4 (range) · 1:9 → b 0:0 · 4:1 → a 9:9 (range) · 4:5 nothing · 8:0 → a 1:1 (range)
	m := parse(t, ranged(";EAGI,OCHJ;;;CDSS,I;;;;AARR", `";A;;;A;;;;A"`))
	require.Equal(t, []int{0, 2, 4}, markedOf(m))
	type answer struct{ source, line, column int32 }
	none := answer{-1, 0, 0}
	for _, c := range []struct {
		line, column int32
		same, across answer
	}{
		{0, 0, none, none}, {1, 1, none, none},
		{1, 2, answer{0, 3, 4}, answer{0, 3, 4}}, {1, 3, answer{0, 3, 5}, answer{0, 3, 5}}, {1, 8, answer{0, 3, 10}, answer{0, 3, 10}},
		{1, 9, answer{1, 0, 0}, answer{1, 0, 0}}, {1, 20, answer{1, 0, 0}, answer{1, 0, 0}},
		{2, 0, none, answer{1, 0, 0}}, {4, 0, none, answer{1, 0, 0}},
		{4, 1, answer{0, 9, 9}, answer{0, 9, 9}}, {4, 4, answer{0, 9, 12}, answer{0, 9, 12}}, {4, 5, none, none}, {7, 1, none, none},
		{8, 0, answer{0, 1, 1}, answer{0, 1, 1}}, {9, 0, answer{0, 2, 0}, answer{0, 2, 0}}, {9, 5, answer{0, 2, 5}, answer{0, 2, 5}},
		{math.MaxInt32, 7, answer{0, math.MaxInt32 - 7, 7}, answer{0, math.MaxInt32 - 7, 7}}, {8, math.MaxInt32, none, none}, {8, math.MaxInt32 - 1, answer{0, 1, math.MaxInt32}, answer{0, 1, math.MaxInt32}},
		{-1, 0, none, none}, {1, -1, none, none}, {9, -1, none, answer{0, 2, 0}},
	} {
		for _, m := range []*sourcemap.Map{m, reopened(t, m)} {
			p := sourcemap.Position{Line: c.line, Column: c.column}
			check := func(want answer, found sourcemap.Mapping, ok bool, how string) {
				got := none
				if ok {
					got = answer{found.Source, found.Original.Line, found.Original.Column}
				}
				assert.Equal(t, want, got, "%s %v", how, p)
			}
			found, ok := m.Lookup(p)
			check(c.same, found, ok, "Lookup")
			found, ok = m.LookupAcrossLines(p)
			check(c.across, found, ok, "LookupAcrossLines")
			columns := sourcemap.Columns{Source: make([]int32, 1), Line: make([]int32, 1), Column: make([]int32, 1), Name: make([]int32, 1)}
			require.NoError(t, m.LookupMany([]int32{p.Line}, []int32{p.Column}, columns))
			check(c.same, sourcemap.Mapping{Source: columns.Source[0], Original: sourcemap.Position{Line: columns.Line[0], Column: columns.Column[0]}}, columns.Source[0] >= 0, "LookupMany")
		}
	}
	found, _ := m.Lookup(sourcemap.Position{Line: 9, Column: 5})
	assert.True(t, found.Range)
	assert.Equal(t, sourcemap.Position{Line: 8}, found.Generated)
	found, _ = m.Lookup(sourcemap.Position{Line: 1, Column: 20})
	assert.False(t, found.Range)
}

// TestRangeLookupTwin compares lookups with what a plain reading of all mappings says, and range mappings with maps that have
// a mapping for every place instead.
func TestRangeLookupTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 300 {
		lines := 1 + r.IntN(5)
		var text, marks []string
		for range lines {
			var segments []string
			mark, before := "", -1
			for i := range r.IntN(200) {
				segment := vlq(r.IntN(3)) // delta of the column
				if r.IntN(6) > 0 {
					segment += vlq(0) + vlq(r.IntN(3)) + vlq(r.IntN(3))
				}
				segments = append(segments, segment)
				if r.IntN(4) == 0 {
					mark += unsigned(i - max(before, 0))
					before = i
				}
			}
			text, marks = append(text, strings.Join(segments, ",")), append(marks, mark)
		}
		m := parse(t, ranged(strings.Join(text, ";"), `"`+strings.Join(marks, ";")+`"`))
		all := mappings(m)
		for range 500 {
			p := sourcemap.Position{Line: int32(r.IntN(lines + 1)), Column: int32(r.IntN(250))}
			want, wantOK := plainRanges(all, p)
			got, ok := m.Lookup(p)
			require.Equal(t, wantOK, ok, "round %d, %v", round, p)
			if ok {
				require.Equal(t, want, got, "round %d, %v", round, p)
			}
		}
	}
}

// plainRanges reads the rule of lookup, and what the draft says of range mappings, over a list of all mappings.
func plainRanges(all []sourcemap.Mapping, p sourcemap.Position) (found sourcemap.Mapping, ok bool) {
	before := func(a, b sourcemap.Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }
	at := -1
	for i, m := range all {
		if m.Generated == p {
			at = i
			break
		}
		if before(m.Generated, p) {
			at = i
		}
	}
	if at < 0 || all[at].Source < 0 || all[at].Generated.Line != p.Line && !all[at].Range {
		return found, false
	}
	found = all[at]
	if found.Range {
		if p.Line == found.Generated.Line {
			found.Original.Column += p.Column - found.Generated.Column
		} else {
			found.Original.Line += p.Line - found.Generated.Line
			found.Original.Column = p.Column
		}
	}
	return found, true
}

// What is encoded has the same range mappings.
func TestEncodeRanges(t *testing.T) {
	for _, c := range rangeCases {
		m, err := sourcemap.Parse([]byte(c.text), nil)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, m.Encode(&out, nil))
		again, err := sourcemap.Parse(out.Bytes(), nil)
		require.NoError(t, err, out.String())
		require.Equal(t, slices.Collect(m.Mappings()), slices.Collect(again.Mappings()), out.String())
	}
	many := `{"version":3,"sources":["a"],"names":[],"mappings":"` + strings.Repeat("AAAA,", 99) + `AAAA;;;AACA,CAAC","rangeMappings":"ACgC;;;B"}`
	m, err := sourcemap.Parse([]byte(many), nil)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, m.Encode(&out, nil))
	require.Contains(t, out.String(), `"rangeMappings":"ACgC;;;B"`)
}

func unsigned(n int) (text string) {
	for ; n >= 32; n >>= 5 {
		text += string(base64Digits[n&31|32])
	}
	return text + string(base64Digits[n])
}

func vlq(n int) string {
	if n < 0 {
		return unsigned(-n<<1 | 1)
	}
	return unsigned(n << 1)
}

func FuzzRangeMappings(f *testing.F) {
	f.Add("AAAA,CAAC;CAAC", "A;A", 0, 0)
	for _, c := range rangeCases {
		var m struct{ Mappings, RangeMappings string }
		if json.Unmarshal([]byte(c.text), &m) == nil {
			f.Add(m.Mappings, m.RangeMappings, 0, 0)
			f.Add(m.Mappings, m.RangeMappings, 3, 5)
		}
	}
	if dir := tc39Dir(); dir != "" {
		paths, _ := filepath.Glob(filepath.Join(dir, "..", "extra", "range-mappings-0based", "*.map"))
		for _, path := range paths {
			var m struct{ Mappings, RangeMappings string }
			if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &m) == nil {
				f.Add(m.Mappings, m.RangeMappings, 0, 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text, ranges string, line, column int) {
		quote := func(s string) string { q, _ := json.Marshal(s); return string(q) }
		one := `{"version":3,"sources":["a","b"],"names":["n"],"mappings":` + quote(text) + `,"rangeMappings":` + quote(ranges) + `}`
		m, err := sourcemap.Parse([]byte(one), nil)
		if err != nil {
			return
		}
		checkRanges(t, m)
		whole, err := sourcemap.Parse([]byte(fmt.Sprintf(`{"version":3,"sections":[{"offset":{"line":%d,"column":%d},"map":%s}]}`, line, column, one)), nil)
		if err != nil {
			return
		}
		checkRanges(t, whole)
		if line == 0 && column == 0 && whole.Len() == m.Len() {
			require.Equal(t, markedOf(m), markedOf(whole))
		}
	})
}

// checkRanges compares lookups at and around each mapping with the plain reading.
func checkRanges(t *testing.T, m *sourcemap.Map) {
	all := mappings(m)
	if len(all) > 300 {
		return
	}
	for _, m := range []*sourcemap.Map{m, reopened(t, m)} {
		require.Equal(t, all, mappings(m))
		for _, mapping := range all {
			for _, p := range []sourcemap.Position{mapping.Generated, {Line: mapping.Generated.Line, Column: mapping.Generated.Column / 2},
				{Line: mapping.Generated.Line / 2, Column: 3}} {
				want, wantOK := plainRanges(all, p)
				if want.Original.Line < 0 || want.Original.Column < 0 {
					continue // past 2³¹
				}
				got, ok := m.Lookup(p)
				require.Equal(t, wantOK, ok, "%v", p)
				if ok {
					require.Equal(t, want, got, "%v", p)
				}
			}
		}
	}
}
