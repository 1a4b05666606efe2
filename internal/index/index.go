// Package index holds the mappings of one map in the form that lookups read.
package index

import (
	"cmp"
	"slices"
	"sort"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// A Segment is one mapping, decoded. Lines, columns and indices are 0-based; Source and Name are -1
// where the segment has none, and the original position counts only where there is a source.
type Segment struct {
	Line, Column                 int32
	Source                       int32
	OriginalLine, OriginalColumn int32
	Name                         int32
}

// A Table is a read-only list of segments in the order of their generated positions; segments at
// one position stand as the map had them. Any number of goroutines may read it.
type Table struct {
	column, source, originalLine, originalColumn, name []int32

	lines []line // one for each line that has segments, in order, and a last one that ends the list
}

// line says where the segments of one generated line start.
type line struct {
	number int32
	first  int
}

// Len returns the number of segments.
func (t *Table) Len() int { return len(t.column) }

// At returns segment i.
func (t *Table) At(i int) Segment {
	l := sort.Search(len(t.lines)-1, func(l int) bool { return t.lines[l+1].first > i })
	return t.at(i, t.lines[l].number)
}

// at is At for a caller who knows the line.
func (t *Table) at(i int, line int32) Segment {
	return Segment{line, t.column[i], t.source[i], t.originalLine[i], t.originalColumn[i], t.name[i]}
}

// All calls yield for each segment in order until it returns false.
func (t *Table) All(yield func(Segment) bool) {
	for l := 0; l+1 < len(t.lines); l++ {
		for i := t.lines[l].first; i < t.lines[l+1].first; i++ {
			if !yield(t.at(i, t.lines[l].number)) {
				return
			}
		}
	}
}

// Find returns the segment that answers for a generated position: the last one at or before it on
// the same line. Of several at one column, an exact hit gives the first and an inexact one the last.
func (t *Table) Find(line, column int32) (Segment, bool) {
	l := t.lineAtOrBefore(line)
	if l < 0 || t.lines[l].number != line {
		return Segment{}, false
	}
	return t.findIn(l, column)
}

// FindAcross is Find without the end of the line: where the position's own line has nothing at or
// before it, the last segment of the nearest line above answers.
func (t *Table) FindAcross(line, column int32) (Segment, bool) {
	l := t.lineAtOrBefore(line)
	if l < 0 {
		return Segment{}, false
	}
	if t.lines[l].number == line {
		if segment, ok := t.findIn(l, column); ok {
			return segment, true
		}
		if l--; l < 0 {
			return Segment{}, false
		}
	}
	return t.at(t.lines[l+1].first-1, t.lines[l].number), true
}

// lineAtOrBefore returns the place in t.lines of the last line at or before the number, or -1.
func (t *Table) lineAtOrBefore(number int32) int {
	if len(t.lines) == 0 {
		return -1
	}
	lines := t.lines[:len(t.lines)-1]
	return sort.Search(len(lines), func(l int) bool { return lines[l].number > number }) - 1
}

func (t *Table) findIn(l int, column int32) (Segment, bool) {
	from, to := t.lines[l].first, t.lines[l+1].first
	columns := t.column[from:to]
	n, exact := slices.BinarySearch(columns, column) // the first at or behind the column
	if !exact {
		if n--; n < 0 {
			return Segment{}, false
		}
	}
	return t.at(from+n, t.lines[l].number), true
}

// A Builder collects segments into a Table.
type Builder struct {
	table    Table
	line     []int32
	unsorted bool
}

// Append adds the segments of a chunk.
func (b *Builder) Append(chunk *vlq.Chunk) {
	n := chunk.Len
	last := Segment{Line: -1}
	if k := len(b.line); k > 0 {
		last.Line, last.Column = b.line[k-1], b.table.column[k-1]
	}
	for i := range n {
		line, column := chunk.Line[i], chunk.Column[i]
		if line < last.Line || line == last.Line && column < last.Column {
			b.unsorted = true
		}
		last.Line, last.Column = line, column
	}
	b.line = append(b.line, chunk.Line[:n]...)
	b.table.column = append(b.table.column, chunk.Column[:n]...)
	b.table.source = append(b.table.source, chunk.Source[:n]...)
	b.table.originalLine = append(b.table.originalLine, chunk.OriginalLine[:n]...)
	b.table.originalColumn = append(b.table.originalColumn, chunk.OriginalColumn[:n]...)
	b.table.name = append(b.table.name, chunk.Name[:n]...)
}

// Len returns the number of segments so far.
func (b *Builder) Len() int { return len(b.line) }

// Truncate forgets all segments from number n on.
func (b *Builder) Truncate(n int) {
	b.line = b.line[:n]
	for _, c := range b.columns() {
		*c = (*c)[:n]
	}
}

// Build returns the table. The builder is spent.
func (b *Builder) Build() *Table {
	if b.unsorted {
		b.sort()
	}
	t := new(Table) // not a part of b, which would stay in memory with it
	*t = b.table
	for i, number := range b.line {
		if i == 0 || number != b.line[i-1] {
			t.lines = append(t.lines, line{number, i})
		}
	}
	if len(t.lines) > 0 {
		t.lines = append(t.lines, line{0, len(b.line)})
	}
	return t
}

// sort orders the segments by generated position, stably, as ECMA-426 has it.
func (b *Builder) sort() {
	order := make([]int, len(b.line))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(b.line[x], b.line[y]), cmp.Compare(b.table.column[x], b.table.column[y]))
	})
	for _, column := range append(b.columns(), &b.line) {
		sorted := make([]int32, len(order))
		for i, from := range order {
			sorted[i] = (*column)[from]
		}
		*column = sorted
	}
}

func (b *Builder) columns() []*[]int32 {
	t := &b.table
	return []*[]int32{&t.column, &t.source, &t.originalLine, &t.originalColumn, &t.name}
}

// Last returns the segment appended last; ok is false when there is none.
func (b *Builder) Last() (last Segment, ok bool) {
	i := len(b.line) - 1
	if i < 0 {
		return Segment{}, false
	}
	return b.table.at(i, b.line[i]), true
}
