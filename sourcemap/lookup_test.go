package sourcemap_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

const last = math.MaxInt32

// lookupMap has 1-, 4- and 5-field segments, several at one column, an empty line and a null source.
//
//	line 0: 0 → a 0:0 n; 4 nothing; 8 → a 1:2, a 1:3, null 1:3 (three at one column)
//	line 2: 5 → b 9:9 m
const lookupMap = `{"version":3,"sources":["a",null,"b"],"names":["n","m"],"mappings":"AAAAA,I,IACE,AAAC,ACAA;;KCQMC"}`

func TestMappingsLoseNothing(t *testing.T) {
	m := parseClean(t, lookupMap)
	assert.Equal(t, [][]int32{
		{0, 0, 0, 0, 0, 0}, {0, 4}, {0, 8, 0, 1, 2}, {0, 8, 0, 1, 3}, {0, 8, 1, 1, 3}, {2, 5, 2, 9, 9, 1},
	}, allAt(m))
	assert.Equal(t, 6, m.Len())

	// Repeats, in every number of fields, and in the order of the file.
	m = parseClean(t, regular(`"sources":["a"],"names":["n"],`, "A,A,A,AAAA,AAAA,AAAAA,AAAAA,A;A;A"))
	assert.Equal(t, [][]int32{{0, 0}, {0, 0}, {0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, {0, 0}, {1, 0}, {2, 0}}, allAt(m))

	// Unsorted columns: by position, stably.
	m = parseClean(t, regular(`"sources":["a"],`, "IAAA,JAAC,AAAC,IAAC,JAAC;CAAC"))
	assert.Equal(t, [][]int32{{0, 0, 0, 0, 1}, {0, 0, 0, 0, 2}, {0, 0, 0, 0, 4}, {0, 4, 0, 0, 0}, {0, 4, 0, 0, 3}, {1, 1, 0, 0, 5}}, allAt(m))

	// The sequence stops where it is told to, and can be gone through again.
	seq := m.Mappings()
	for range 2 {
		count := 0
		for range seq {
			if count++; count == 3 {
				break
			}
		}
		assert.Equal(t, 3, count)
	}

	// One mapping more or less than a chunk of the decoder.
	for _, n := range []int{1023, 1024, 1025, 5000} {
		m = parseClean(t, regular(`"sources":["a"],`, strings.TrimSuffix(strings.Repeat("CAAC,", n), ",")))
		require.Equal(t, n, m.Len())
		for i, mapping := range mappings(m) {
			require.Equal(t, []int32{0, int32(i + 1), 0, 0, int32(i + 1)}, at(mapping))
		}
	}
}

func TestLookup(t *testing.T) {
	m := parseClean(t, lookupMap)
	for _, c := range []struct {
		line, column int32
		ok, across   bool
		want, far    []int32 // nil: no mapping at all
	}{
		{0, 0, true, true, []int32{0, 0, 0, 0, 0, 0}, []int32{0, 0, 0, 0, 0, 0}},
		{0, 3, true, true, []int32{0, 0, 0, 0, 0, 0}, []int32{0, 0, 0, 0, 0, 0}},
		{0, 4, false, false, []int32{0, 4}, []int32{0, 4}}, // "nothing here" ends what stood before it
		{0, 7, false, false, []int32{0, 4}, []int32{0, 4}},
		{0, 8, true, true, []int32{0, 8, 0, 1, 2}, []int32{0, 8, 0, 1, 2}}, // exact: the first
		{0, 9, true, true, []int32{0, 8, 1, 1, 3}, []int32{0, 8, 1, 1, 3}}, // inexact: the last
		{0, last, true, true, []int32{0, 8, 1, 1, 3}, []int32{0, 8, 1, 1, 3}},
		{1, 0, false, true, nil, []int32{0, 8, 1, 1, 3}},
		{2, 4, false, true, nil, []int32{0, 8, 1, 1, 3}},
		{2, 5, true, true, []int32{2, 5, 2, 9, 9, 1}, []int32{2, 5, 2, 9, 9, 1}},
		{2, 6, true, true, []int32{2, 5, 2, 9, 9, 1}, []int32{2, 5, 2, 9, 9, 1}},
		{3, 0, false, true, nil, []int32{2, 5, 2, 9, 9, 1}},
		{last, last, false, true, nil, []int32{2, 5, 2, 9, 9, 1}},
		{0, -1, false, false, nil, nil}, {-1, 0, false, false, nil, nil}, {-1, last, false, false, nil, nil}, {math.MinInt32, math.MinInt32, false, false, nil, nil},
		{2, -1, false, true, nil, []int32{0, 8, 1, 1, 3}},
	} {
		check := func(call string, want []int32, wantOK bool, found sourcemap.Mapping, ok bool) {
			assert.Equal(t, wantOK, ok, "%s %d:%d", call, c.line, c.column)
			if want == nil {
				assert.Equal(t, sourcemap.Mapping{Source: -1, Name: -1}, found, "%s %d:%d", call, c.line, c.column)
			} else {
				assert.Equal(t, want, at(found), "%s %d:%d", call, c.line, c.column)
			}
		}
		p := sourcemap.Position{Line: c.line, Column: c.column}
		found, ok := m.Lookup(p)
		check("Lookup", c.want, c.ok, found, ok)
		found, ok = m.LookupAcrossLines(p)
		check("LookupAcrossLines", c.far, c.across, found, ok)
	}
	// Across lines, "nothing here" at the end of the line above is the answer too.
	m = parseClean(t, regular(`"sources":["a"],`, "AAAA,C;"))
	_, ok := m.LookupAcrossLines(sourcemap.Position{Line: 5})
	assert.False(t, ok)
}

// randomMap writes a map of all kinds of segments, sorted or not.
func randomMap(random *rand.Rand) string {
	segments := []string{"A", "C", "I", "AAAA", "CAAC", "ECAA", "CDCA", "AAAAA", "GAACC", "CAADD", "KACAA", "D", "H", "CADD"}
	var b strings.Builder
	for range random.IntN(80) {
		if random.IntN(5) == 0 {
			b.WriteString(strings.Repeat(";", 1+random.IntN(3)))
		} else {
			if s := b.String(); s != "" && !strings.HasSuffix(s, ";") {
				b.WriteByte(',')
			}
			b.WriteString(segments[random.IntN(len(segments))])
		}
	}
	return regular(`"sources":["a","b"],"names":["n","m"],`, b.String())
}

// TestLookupAgainstMappings: lookups say what a scan of Mappings says.
func TestLookupAgainstMappings(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 80 {
		text := randomMap(random)
		m := parse(t, text)
		all := mappings(m)
		for line := int32(-1); line < 30; line++ {
			for column := int32(-1); column < 40; column++ {
				none := sourcemap.Mapping{Source: -1, Name: -1}
				want, across, at, exact := none, none, -1, false
				for i, mapping := range all {
					if mapping.Generated.Line < line {
						across, at = mapping, i
					}
					if mapping.Generated.Line == line && mapping.Generated.Column <= column && !exact {
						want, across, at, exact = mapping, mapping, i, mapping.Generated.Column == column
					}
				}
				found, ok := m.Lookup(sourcemap.Position{Line: line, Column: column})
				require.Equal(t, want, found, "%d:%d of %s", line, column, text)
				require.Equal(t, want.Source >= 0, ok)
				found, ok = m.LookupAcrossLines(sourcemap.Position{Line: line, Column: column})
				require.Equal(t, across, found, "%d:%d of %s", line, column, text)
				require.Equal(t, across.Source >= 0, ok)
				var back []sourcemap.Mapping
				for mapping := range m.MappingsBack(sourcemap.Position{Line: line, Column: column}) {
					if back = append(back, mapping); len(back) == 3 {
						break
					}
				}
				var wantBack []sourcemap.Mapping
				for i := at; i >= 0 && i > at-3; i-- {
					wantBack = append(wantBack, all[i])
				}
				require.Equal(t, wantBack, back, "%d:%d of %s", line, column, text)
			}
		}
	}
}

func columns(n int) sourcemap.Columns {
	return sourcemap.Columns{Source: make([]int32, n), Line: make([]int32, n), Column: make([]int32, n), Name: make([]int32, n)}
}

func TestLookupMany(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		m := parse(t, randomMap(random))
		n := random.IntN(300)
		lines, cols, dst := make([]int32, n), make([]int32, n), columns(n)
		for i := range n {
			lines[i], cols[i] = random.Int32N(30)-1, random.Int32N(40)-1
			dst.Source[i], dst.Line[i], dst.Column[i], dst.Name[i] = 77, 77, 77, 77 // what was there is overwritten
		}
		require.NoError(t, m.LookupMany(lines, cols, dst))
		for i := range n {
			found, ok := m.Lookup(sourcemap.Position{Line: lines[i], Column: cols[i]})
			want := []int32{found.Source, found.Original.Line, found.Original.Column, found.Name}
			if !ok {
				want = []int32{-1, -1, -1, -1}
			}
			require.Equal(t, want, []int32{dst.Source[i], dst.Line[i], dst.Column[i], dst.Name[i]})
		}
	}
}

func TestLookupManyUnequalColumns(t *testing.T) {
	m := parse(t, lookupMap)
	two, three := make([]int32, 2), make([]int32, 3)
	require.NoError(t, m.LookupMany(nil, nil, sourcemap.Columns{}))
	assert.ErrorIs(t, m.LookupMany(two, three, columns(2)), sourcemap.ErrColumns)
	assert.ErrorIs(t, m.LookupMany(three, two, columns(3)), sourcemap.ErrColumns)
	assert.ErrorIs(t, m.LookupMany(two, two, columns(3)), sourcemap.ErrColumns)
	for i := range 4 {
		dst := columns(2)
		*[]*[]int32{&dst.Source, &dst.Line, &dst.Column, &dst.Name}[i] = three
		assert.ErrorIs(t, m.LookupMany(two, two, dst), sourcemap.ErrColumns, i)
		*[]*[]int32{&dst.Source, &dst.Line, &dst.Column, &dst.Name}[i] = nil
		assert.ErrorIs(t, m.LookupMany(two, two, dst), sourcemap.ErrColumns, i)
	}
}

func TestLookupsAllocateNothing(t *testing.T) {
	m := parse(t, lookupMap)
	lines, cols := make([]int32, 100), make([]int32, 100)
	for i := range lines {
		lines[i], cols[i] = int32(i%4), int32(i%13)
	}
	dst := columns(100)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		if err := m.LookupMany(lines, cols, dst); err != nil {
			t.Error(err)
		}
	}))
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for column := range int32(13) {
			m.Lookup(sourcemap.Position{Column: column})
			m.LookupAcrossLines(sourcemap.Position{Line: 1, Column: column})
		}
	}))
}

// TestNameRangeKeepsTheRest and its like: what the standard keeps of a segment with a fault.
func TestFaultyPartsOfASegment(t *testing.T) {
	for _, c := range []struct {
		mappings string
		want     [][]int32
	}{
		{"AAAAC", [][]int32{{0, 0, 0, 0, 0}}},                 // no such name: the original position stays
		{"ACAAA", [][]int32{{0, 0, 0}}},                       // no such source: the name stays
		{"AADAA,CACA", [][]int32{{0, 0, 0}, {0, 1, 0, 0, 0}}}, // the sums go on
		{"D,EAAA", [][]int32{{0, 1, 0, 0, 0}}},                // a column below 0 counts in the sum
		{"DCCCC,EAAAA", [][]int32{{0, 1, 0, 0, 0, 0}}},        // the other fields of a dropped segment don't
		{"+/////D,C,D", [][]int32{{0, last}, {0, last}}},      // past 2³¹−1 likewise
		{"AA+/////DA,CACA,CADA", [][]int32{{0, 0, 0, last, 0}, {0, 1}, {0, 2, 0, last, 0}}},
	} {
		m := parse(t, regular(`"sources":["a"],"names":["n"],`, c.mappings))
		assert.Equal(t, c.want, allAt(m), c.mappings)
	}
}
