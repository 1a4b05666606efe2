package index

// A Table answers for positions. It reads the sections of an image.
type Table struct {
	segments int
	blocks   int // how many there are

	data    []byte   // the blocks, with padding
	keys    []uint64 // where each starts
	offsets []uint32 // in data
	guide   []uint32
	ranged  []uint64 // a mask for each block; nil: no range mappings, see ranged.go

	dataAt, keysAt, offsetsAt, guideAt, rangedAt area
	finder                                       *finder // nil: no kernel
}

// Len returns the number of segments.
func (t *Table) Len() int { return t.segments }

// open opens block i; ok is false where it is damaged.
func (t *Table) open(b *block, i int) (ok bool) {
	if !t.offsetsAt.read(4*i, 8) || !t.keysAt.read(8*i, 8) {
		return false
	}
	at, end := int(t.offsets[i]), int(t.offsets[i+1])
	if at > end || end > len(t.data)-padding || !t.dataAt.read(at, end-at) || !openBlock(b, t.data, at, key(t.keys[i])) {
		t.dataAt.damaged()
		return false
	}
	return true
}

// All calls yield for each segment in order until it returns false.
func (t *Table) All(yield func(Segment) bool) {
	var b block
	for i := range t.blocks {
		if !t.open(&b, i) {
			return
		}
		more, ok := b.all(yield)
		if !ok {
			t.dataAt.damaged()
		}
		if !more {
			return
		}
	}
}

// Find returns the segment that answers for a generated position: the last one at or before it on
// the same line. Of several at one column, an exact hit gives the first and an inexact one the last.
// found is false when there is none; where the image is damaged there is none either.
func (t *Table) Find(line, column int32) (s Segment, found bool) {
	if !t.findFast(line, column, &s) {
		s = t.findOne(line, column)
	}
	if s.Line < 0 {
		return Segment{}, false
	}
	return s, true
}

// Columns are answers of FindMany, one row a position: -1 in all four where there is no original position.
type Columns struct {
	Source, Line, Column, Name []int32
}

func (c *Columns) set(i int, s *Segment) {
	if s.Source < 0 {
		c.Source[i], c.Line[i], c.Column[i], c.Name[i] = -1, -1, -1, -1
		return
	}
	c.Source[i], c.Line[i], c.Column[i], c.Name[i] = s.Source, s.OriginalLine, s.OriginalColumn, s.Name
}

// FindMany is Find for many positions. All columns are of one length.
func (t *Table) FindMany(lines, columns []int32, out Columns) { t.findMany(lines, columns, out) }

func (t *Table) findManyPlain(lines, columns []int32, out Columns) {
	for i, line := range lines {
		s := t.findOne(line, columns[i])
		out.set(i, &s)
	}
}

// findOne is Find without a kernel; a Line of -1 says that there is nothing.
func (t *Table) findOne(line, column int32) (s Segment) {
	if line >= 0 && column >= 0 {
		if s, _, found := t.find(keyOf(line, column)); found && s.Line == line {
			return s
		}
	}
	return Segment{Line: -1, Source: -1, Name: -1}
}

// FindAcross is Find without the end of the line: where the position's own line has nothing at or
// before it, the last segment of the nearest line above answers.
func (t *Table) FindAcross(line, column int32) (s Segment, found bool) {
	s, _, found = t.findAcross(line, column)
	return s, found
}

func (t *Table) findAcross(line, column int32) (s Segment, at place, found bool) {
	switch {
	case line < 0 || line == 0 && column < 0:
		return Segment{}, place{}, false
	case column < 0:
		return t.find(keyOf(line, 0) - 1) // behind all of the line above
	}
	return t.find(keyOf(line, column))
}

// Back calls yield for the segment that FindAcross gives and for those in front of it, backwards, until it returns false.
func (t *Table) Back(line, column int32, yield func(Segment) bool) {
	_, at, found := t.findAcross(line, column)
	if !found {
		return
	}
	var b block
	for i := at.block; i >= 0; i-- {
		if !t.open(&b, i) {
			return
		}
		k := b.n - 1
		if i == at.block {
			k = at.segment
		}
		for ; k >= 0; k-- {
			s, ok := b.number(k)
			if !ok {
				t.dataAt.damaged()
				return
			}
			if !yield(s) {
				return
			}
		}
	}
}

// place says which segment of which block.
type place struct{ block, segment int }

// find returns the last segment at or before the position; of those at it the first.
func (t *Table) find(k key) (s Segment, at place, found bool) {
	n, ok := t.blocksBefore(k)
	if !ok {
		return Segment{}, at, false
	}
	var b block
	if n > 0 {
		if !t.open(&b, n-1) {
			return Segment{}, at, false
		}
		within, possible := b.within(k)
		count, first, bit := b.search(within)
		if possible && first >= 0 {
			bit += first + 1 - count // the bits of segments at one key stand side by side
			count = first + 1
		} else if t.startsAt(n, k) {
			s, ok = t.first(n)
			return s, place{n, 0}, ok
		}
		if count > 0 {
			s, ok = b.segment(count-1, bit)
		}
		if count == 0 || !ok {
			t.dataAt.damaged()
			return Segment{}, at, false
		}
		return s, place{n - 1, count - 1}, true
	}
	if t.startsAt(0, k) {
		s, ok = t.first(0)
		return s, place{}, ok
	}
	return Segment{}, at, false
}

// startsAt tells whether block i starts at the position.
func (t *Table) startsAt(i int, k key) bool {
	return i < t.blocks && t.keysAt.read(8*i, 8) && key(t.keys[i]) == k
}

// first returns the first segment of block i.
func (t *Table) first(i int) (s Segment, ok bool) {
	var b block
	if !t.open(&b, i) {
		return Segment{}, false
	}
	within, _ := b.within(b.first)
	if s, ok = b.at(0, within); !ok {
		t.dataAt.damaged()
	}
	return s, ok
}
