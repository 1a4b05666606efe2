package index

import (
	"math"

	"github.com/symbolicate/symbolicate/internal/le"
)

// Range mappings (a proposal to ECMA-426) are segments that stand for every position up to the next segment, over line
// ends too. They are marked in a section of their own, KindRanged, so that maps without them, and the kernels, know nothing of
// them: for each block 64 bits, bit i for its segment i.

// SetRanged says which segments are range mappings: their numbers in the order in which they were appended, ascending. It
// is called once, before Finish.
func (b *Builder) SetRanged(numbers []uint32) { b.ranged = numbers }

// moveRanged follows segments that were sorted.
func (b *Builder) moveRanged(order []int32) {
	if len(b.ranged) == 0 {
		return
	}
	was := make([]bool, len(order))
	for _, n := range b.ranged {
		was[n] = true
	}
	b.ranged = b.ranged[:0]
	for i, from := range order {
		if was[from] {
			b.ranged = append(b.ranged, uint32(i))
		}
	}
}

// putRanged writes the masks.
func (b *Builder) putRanged() {
	if len(b.ranged) == 0 || b.w.err != nil {
		return
	}
	masks := make([]uint64, len(b.keys))
	left, first := b.ranged, uint32(0)
	data := b.w.region.Bytes()[b.start:]
	for i := range masks {
		n := le.Load32(data, int(b.offsets[i])+4)&flagCount + 1
		for len(left) > 0 && left[0] < first+n {
			masks[i] |= 1 << (left[0] - first)
			left = left[1:]
		}
		first += n
	}
	b.w.words(KindRanged, 8, len(masks), func(i int) uint64 { return masks[i] })
}

// Ranged tells whether there are range mappings. Then answers come from the methods below, and those of the same
// name without "Ranged" do not know about them.
func (t *Table) Ranged() bool { return t.ranged != nil }

func (t *Table) isRanged(at place) bool {
	return t.rangedAt.read(8*at.block, 8) && t.ranged[at.block]>>(at.segment&63)&1 != 0
}

// AllRanged is All with the mark of each segment.
func (t *Table) AllRanged(yield func(s Segment, ranged bool) bool) {
	var b block
	for i := range t.blocks {
		if !t.open(&b, i) || !t.rangedAt.read(8*i, 8) {
			return
		}
		mask := t.ranged[i]
		more, ok := b.all(func(s Segment) bool {
			more := yield(s, mask&1 != 0)
			mask >>= 1
			return more
		})
		if !ok {
			t.dataAt.damaged()
		}
		if !more {
			return
		}
	}
}

// At is the segment that stands before all others at the position, or else the last one before it, on any line, as it is; found is
// false where there is none.
func (t *Table) At(line, column int32) (s Segment, ranged, found bool) {
	s, at, found := t.find(keyOf(line, column))
	return s, found && t.Ranged() && t.isRanged(at), found
}

// From calls yield for each segment from the position on until it returns false, in order.
func (t *Table) From(line, column int32, yield func(s Segment, ranged bool) bool) {
	first, ok := t.blocksBefore(keyOf(line, column))
	if !ok {
		return
	}
	var b block
	for i := max(first-1, 0); i < t.blocks; i++ {
		mask := uint64(0)
		if t.Ranged() && t.rangedAt.read(8*i, 8) {
			mask = t.ranged[i]
		}
		if !t.open(&b, i) {
			return
		}
		more, ok := b.all(func(s Segment) bool {
			ranged := mask&1 != 0
			mask >>= 1
			return keyOf(s.Line, s.Column) < keyOf(line, column) || yield(s, ranged)
		})
		if !ok {
			t.dataAt.damaged()
		}
		if !more {
			return
		}
	}
}

// FindRanged is Find, but a range mapping of an earlier line answers too where nothing stands between it and the position.
// The original position that comes back is that of the position asked for. ranged tells that a range mapping answered.
func (t *Table) FindRanged(line, column int32) (s Segment, ranged, found bool) {
	if line < 0 || column < 0 {
		return Segment{}, false, false
	}
	s, at, found := t.find(keyOf(line, column))
	if !found {
		return Segment{}, false, false
	}
	ranged = t.isRanged(at)
	if s.Line != line && (!ranged || s.Source < 0) {
		return Segment{}, false, false
	}
	if ranged && !s.follow(line, column) {
		return Segment{}, false, false
	}
	return s, ranged, true
}

// FindAcrossRanged is FindAcross for a table with range mappings.
func (t *Table) FindAcrossRanged(line, column int32) (s Segment, ranged, found bool) {
	s, at, found := t.findAcross(line, column)
	if !found {
		return Segment{}, false, false
	}
	if ranged = t.isRanged(at); ranged && !s.follow(line, max(column, 0)) {
		return Segment{}, false, false
	}
	return s, ranged, true
}

// follow moves the original position of a range mapping on to what it says for the generated position: as far behind it
// on its line, and on later lines, which are equal in both codes, at the same column. ok is false where that is no position.
func (s *Segment) follow(line, column int32) (ok bool) {
	if s.Source < 0 {
		return true
	}
	originalLine, originalColumn := int64(s.OriginalLine)+int64(line-s.Line), int64(column)
	if line == s.Line {
		originalColumn += int64(s.OriginalColumn - s.Column)
	}
	if originalLine > math.MaxInt32 || originalColumn > math.MaxInt32 {
		return false
	}
	s.OriginalLine, s.OriginalColumn = int32(originalLine), int32(originalColumn)
	return true
}

// FindManyRanged is FindMany for a table with range mappings.
func (t *Table) FindManyRanged(lines, columns []int32, out Columns) {
	for i, line := range lines {
		s, _, found := t.FindRanged(line, columns[i])
		if !found {
			s.Source = -1
		}
		out.set(i, &s)
	}
}

// verifyRanged looks for marks of segments that are not there.
func (t *Table) verifyRanged() {
	var b block
	for i, mask := range t.ranged {
		if !t.rangedAt.read(8*i, 8) || !t.open(&b, i) {
			return
		}
		if b.n < blockSize && mask>>b.n != 0 {
			t.rangedAt.damaged()
			return
		}
	}
}
