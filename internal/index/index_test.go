package index

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// twin answers by the rules of lookup in the plainest way: a list in the order of the file.
type twin []Segment

// sorted is the list by generated position, stably: by insertion, so that no library sorts here.
func (list twin) sorted() twin {
	var out twin
	for _, s := range list {
		at := len(out)
		for at > 0 && (out[at-1].Line > s.Line || out[at-1].Line == s.Line && out[at-1].Column > s.Column) {
			at--
		}
		out = slices.Insert(out, at, s)
	}
	return out
}

// find, of a sorted list: on the same line, the first of those at the column; if there is none, the last before it.
func (list twin) find(line, column int32) (answer Segment, ok bool) {
	for _, s := range list {
		if s.Line != line {
			continue
		}
		if s.Column == column {
			return s, true
		}
		if s.Column < column {
			answer, ok = s, true
		}
	}
	return answer, ok
}

// findAcross: as find; where that has nothing, the last segment of any line above.
func (list twin) findAcross(line, column int32) (answer Segment, ok bool) {
	if answer, ok = list.find(line, column); ok {
		return answer, true
	}
	for _, s := range list {
		if s.Line < line {
			answer, ok = s, true
		}
	}
	return answer, ok
}

// build puts the segments into an image, so many in a chunk.
func build(t testing.TB, list twin, perChunk int) *Table {
	t.Helper()
	w := NewWriter(0)
	b := NewBuilder(w)
	chunk := new(vlq.Chunk)
	for part := range slices.Chunk(list, perChunk) {
		b.Append(fill(chunk, part))
	}
	return finish(t, w, b)
}

// finish ends the image and returns its table, that of a copy read back, which must have the same bytes.
func finish(t testing.TB, w *Writer, b *Builder) *Table {
	t.Helper()
	b.Finish()
	w.PutInfo(&Info{Segments: b.Len(), Sources: 1 << 31, Names: 1 << 31})
	image, err := w.Finish()
	require.NoError(t, err)
	t.Cleanup(image.Free)
	require.NoError(t, image.Verify())
	table, err := image.Table()
	require.NoError(t, err)
	return table
}

func fill(chunk *vlq.Chunk, part []Segment) *vlq.Chunk {
	chunk.Len, chunk.Unsorted = len(part), false
	for i, s := range part {
		if i > 0 && keyOf(s.Line, s.Column) < keyOf(part[i-1].Line, part[i-1].Column) {
			chunk.Unsorted = true
		}
		chunk.Line[i], chunk.Column[i], chunk.Source[i] = s.Line, s.Column, s.Source
		chunk.OriginalLine[i], chunk.OriginalColumn[i], chunk.Name[i] = s.OriginalLine, s.OriginalColumn, s.Name
	}
	return chunk
}

// at makes segments of [line, column] pairs, numbered so that each is told from the others.
func at(pairs ...int32) (list twin) {
	for i := 0; i < len(pairs); i += 2 {
		n := int32(i / 2)
		list = append(list, Segment{pairs[i], pairs[i+1], n, n + 100, n + 200, n % 3})
	}
	return list
}

// back returns n segments at most, backwards: the last one at or before the position, or the first one at it, and those in front.
func (list twin) back(line, column int32, n int) (back twin) {
	if line < 0 {
		return nil
	}
	i := len(list) - 1
	for i >= 0 && (list[i].Line > line || list[i].Line == line && list[i].Column > column) {
		i--
	}
	for i > 0 && list[i].Line == line && list[i].Column == column && list[i-1].Line == line && list[i-1].Column == column {
		i--
	}
	for ; i >= 0 && len(back) < n; i-- {
		back = append(back, list[i])
	}
	return back
}

const most = math.MaxInt32

var lists = []struct {
	name string
	list twin
}{
	{"empty", nil},
	{"one at the start", at(0, 0)},
	{"one behind the start", at(0, 5)},
	{"one on a later line", at(7, 3)},
	{"a line", at(0, 0, 0, 4, 0, 9)},
	{"two at one column", at(0, 4, 0, 4)},
	{"three at one column between others", at(0, 1, 0, 4, 0, 4, 0, 4, 0, 9)},
	{"repeats at the end of a line", at(0, 1, 0, 4, 0, 4, 1, 4, 1, 4)},
	{"repeats at the start of a line", at(0, 0, 0, 0, 0, 0, 1, 0, 1, 0)},
	{"lines with gaps", at(0, 3, 2, 1, 2, 8, 5, 0, 9, 4)},
	{"a line that starts late", at(0, 50, 1, 10)},
	{"sparse lines", at(0, 0, 1000000, 5, 1<<30, 7, most-1, 9, most, 1, most, most)},
	{"only the last line", at(most, most)},
	{"largest columns", at(0, most-1, 0, most, 0, most, 1, most)},
	{"unsorted columns", at(0, 9, 0, 4, 0, 1)},
	{"unsorted columns with repeats", at(0, 4, 0, 9, 0, 4, 0, 1, 0, 9, 0, 4)},
	{"unsorted lines", at(5, 0, 3, 0, 3, 1, 5, 1, 0, 0)},
	{"unsorted lines with repeats", at(5, 2, 3, 2, 5, 2, 3, 2, 5, 1, 3, 2, 5, 2)},
	{"unsorted only at the end", at(0, 0, 0, 1, 0, 2, 0, 3, 0, 2)},
	{"a lower column on a later line is sorted", at(0, 9, 1, 0, 2, 5)},
}

func check(t *testing.T, list twin, perChunk int) {
	t.Helper()
	table := build(t, list, perChunk)
	want := list.sorted()

	require.Equal(t, len(list), table.Len())
	var all twin
	table.All(func(s Segment) bool { all = append(all, s); return true })
	require.Equal(t, want, all)
	for n := range min(len(want), 70) { // stops where it is told to
		count := 0
		table.All(func(Segment) bool { count++; return count <= n })
		require.Equal(t, n+1, count)
	}

	// Positions on, before and behind each segment, on its line and the ones beside it.
	lines, columns := []int32{-1, 0, 1, most}, []int32{-1, 0, 1, most, math.MinInt32}
	for _, s := range list {
		for d := int64(-1); d <= 1; d++ {
			lines = append(lines, int32(min(int64(s.Line)+d, most)))
			columns = append(columns, int32(min(int64(s.Column)+d, most)))
		}
	}
	slices.Sort(lines)
	slices.Sort(columns)
	for _, line := range slices.Compact(lines) {
		for _, column := range slices.Compact(slices.Clone(columns)) {
			got, ok := table.Find(line, column)
			twinGot, twinOK := want.find(line, column)
			require.Equal(t, twinOK, ok, "Find %d:%d", line, column)
			require.Equal(t, twinGot, got, "Find %d:%d", line, column)

			got, ok = table.FindAcross(line, column)
			twinGot, twinOK = want.findAcross(line, column)
			require.Equal(t, twinOK, ok, "FindAcross %d:%d", line, column)
			require.Equal(t, twinGot, got, "FindAcross %d:%d", line, column)

			var back twin
			table.Back(line, column, func(s Segment) bool { back = append(back, s); return len(back) < 70 })
			require.Equal(t, want.back(line, column, 70), back, "Back %d:%d", line, column)
		}
	}
}

func TestAgainstLinearScan(t *testing.T) {
	for _, c := range lists {
		t.Run(c.name, func(t *testing.T) {
			for _, perChunk := range []int{1, 2, 3, vlq.ChunkSize} {
				check(t, c.list, perChunk)
			}
		})
	}
}

func TestRandomAgainstLinearScan(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for round := range 200 {
		var list twin
		line := int32(0)
		for range random.IntN(60) {
			if round%2 == 0 { // unsorted
				line = random.Int32N(6)
			} else {
				line += random.Int32N(10) / 8
			}
			list = append(list, at(line, random.Int32N(12))...)
			list[len(list)-1].OriginalLine = int32(len(list))
		}
		if round%4 == 1 {
			list = list.sorted()
		}
		check(t, list, 1+random.IntN(20))
	}
}

// TestRandomValues has long lists with values of all widths, so that blocks of every shape appear. The first seed has
// records of 57 bits, which once lost the last bits of a word.
func TestRandomValues(t *testing.T) {
	for _, seed := range []uint64{16146245269243313844, rand.Uint64(), rand.Uint64()} {
		testRandomValues(t, seed)
	}
}

func testRandomValues(t *testing.T, seed uint64) {
	t.Helper()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	value := func(width int) int32 { return random.Int32N(1<<width - 1 + 1) }
	for range 300 {
		widths := [6]int{}
		for i := range widths {
			widths[i] = random.IntN(12)
			if random.IntN(6) == 0 {
				widths[i] = random.IntN(31)
			}
		}
		var list twin
		line, column := int32(0), int32(0)
		for n := random.IntN(300); n > 0; n-- {
			if random.IntN(20) == 0 {
				line, column = int32(min(int64(line)+int64(value(widths[0])), most)), 0
			}
			column = int32(min(int64(column)+int64(value(widths[1])), most))
			s := Segment{line, column, value(widths[2]), value(widths[3]), value(widths[4]), value(widths[5])}
			if len(list) > 0 && random.IntN(2) == 0 { // a repeat
				last := list[len(list)-1]
				s.Source, s.OriginalLine, s.OriginalColumn = last.Source, last.OriginalLine, last.OriginalColumn
			}
			if random.IntN(3) == 0 {
				s.Name = -1
			}
			if random.IntN(10) == 0 {
				s.Source, s.OriginalLine, s.OriginalColumn = -1, 0, 0
			}
			list = append(list, s)
		}
		table := build(t, list, 1+random.IntN(100))
		var all twin
		table.All(func(s Segment) bool { all = append(all, s); return true })
		sorted := list.sorted()
		require.True(t, slices.Equal(sorted, all), "%d segments of widths %v", len(list), widths)
		for range 100 {
			line, column := random.Int32N(line+2-line/most*2), random.Int32()>>random.IntN(31)
			if len(list) > 0 && random.IntN(4) > 0 {
				s := list[random.IntN(len(list))]
				line, column = s.Line, min(s.Column, most-1)+random.Int32N(2)
			}
			got, ok := table.Find(line, column)
			want, wantOK := sorted.find(line, column)
			require.Equal(t, wantOK, ok, "Find %d:%d", line, column)
			require.Equal(t, want, got, "Find %d:%d", line, column)
		}
	}
}

// TestRules spells the rules out once more, as answers by number of the segment.
func TestRules(t *testing.T) {
	table := build(t, at(0, 1, 0, 4, 0, 4, 0, 4, 0, 9, 2, 3, 2, 3), 10)
	for _, c := range []struct {
		line, column   int32
		answer, across int32 // number of the segment, -1: none
	}{
		{0, 0, -1, -1}, {0, 1, 0, 0}, {0, 3, 0, 0}, {0, 4, 1, 1}, {0, 5, 3, 3}, {0, 8, 3, 3}, {0, 9, 4, 4}, {0, most, 4, 4},
		{1, 0, -1, 4}, {1, most, -1, 4}, {2, 0, -1, 4}, {2, 2, -1, 4}, {2, 3, 5, 5}, {2, 4, 6, 6}, {3, 0, -1, 6}, {most, most, -1, 6}, {-1, 0, -1, -1}, {0, -1, -1, -1},
	} {
		number := func(s Segment, ok bool) int32 {
			if !ok {
				return -1
			}
			return s.Source
		}
		assert.Equal(t, c.answer, number(table.Find(c.line, c.column)), "Find %d:%d", c.line, c.column)
		assert.Equal(t, c.across, number(table.FindAcross(c.line, c.column)), "FindAcross %d:%d", c.line, c.column)
	}
}

// TestOneFieldEndsWhatStoodBefore: the segment without a source is the answer, not the one before it.
func TestOneFieldEndsWhatStoodBefore(t *testing.T) {
	list := at(0, 0, 0, 5, 0, 9)
	list[1].Source, list[1].Name = -1, -1
	table := build(t, list, 10)
	for column, want := range map[int32]int32{0: 0, 4: 0, 5: -1, 8: -1, 9: 2} {
		got, ok := table.Find(0, column)
		assert.True(t, ok)
		assert.Equal(t, want, got.Source, "column %d", column)
	}
}

func TestBuilderRewind(t *testing.T) {
	for _, before := range []int{0, 1, 2, 63, 64, 65, 200} {
		for _, unsorted := range []bool{false, true} {
			w := NewWriter(0)
			b := NewBuilder(w)
			chunk := new(vlq.Chunk)
			var list twin
			for i := range before {
				list = append(list, at(int32(i/10), int32(i))...)
			}
			b.Append(fill(chunk, list))
			mark := b.Mark()
			// What was cut off does not come back, and does not leave its order behind.
			more := at(500, 9, 500, 30)
			if unsorted {
				more = at(500, 9, 500, 3)
			}
			b.Append(fill(chunk, more))
			b.Append(fill(chunk, nil))
			b.Rewind(mark)
			assert.Equal(t, before, b.Len())
			if before > 0 {
				assert.Equal(t, keyOf(list[before-1].Line, list[before-1].Column), b.last)
			}
			end := at(400, 0, 400, 7, 401, 1)
			b.Append(fill(chunk, end))
			var all twin
			finish(t, w, b).All(func(s Segment) bool { all = append(all, s); return true })
			assert.Equal(t, append(list, end...), all)
		}
	}
}

// TestUnsortedAcrossChunks: the order is broken between two chunks, not inside one.
func TestUnsortedAcrossChunks(t *testing.T) {
	for _, list := range []twin{at(1, 0, 0, 0), at(0, 5, 0, 4), at(3, 1, 3, 1, 3, 0)} {
		for perChunk := 1; perChunk <= len(list); perChunk++ {
			check(t, list, perChunk)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	table := build(t, lists[9].list, 10)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for column := range int32(12) {
			table.Find(2, column)
			table.FindAcross(column, 0)
		}
	}), fmt.Sprint(lists[9].name))
}
