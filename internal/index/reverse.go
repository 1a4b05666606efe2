package index

import (
	"math/bits"
	"slices"
	"sort"
)

// A Reverse finds the segments of a table by their original positions. It holds 4 bytes for each segment that has one,
// 4 for each source and 4 for each block; making it takes 16 more for each segment while it lasts.
type Reverse struct {
	table  *Table
	starts []uint32 // where each source starts in order, and the end
	order  []uint32 // numbers of segments, by source, original position and number
	blocks []uint32 // the number of the first segment of each block
}

// NewReverse makes a Reverse of a table with so many sources. It reads all of the table.
func NewReverse(t *Table, sources int) *Reverse {
	r := &Reverse{table: t, starts: make([]uint32, sources+1)}
	type place struct {
		at     key
		number uint32
	}
	has := func(s *Segment) bool { return s.Source >= 0 && int(s.Source) < sources }
	// Once to count, once to put each into its source's part.
	r.segments(func(_ uint32, s *Segment) {
		if has(s) {
			r.starts[s.Source+1]++
		}
	})
	for i := range sources {
		r.starts[i+1] += r.starts[i]
	}
	places := make([]place, r.starts[sources])
	next := slices.Clone(r.starts)
	r.blocks = r.blocks[:0]
	r.segments(func(number uint32, s *Segment) {
		if has(s) && next[s.Source] < r.starts[s.Source+1] {
			places[next[s.Source]] = place{keyOf(s.OriginalLine, s.OriginalColumn), number}
			next[s.Source]++
		}
	})
	r.order = make([]uint32, len(places))
	for i := range sources {
		part := places[r.starts[i]:r.starts[i+1]]
		slices.SortFunc(part, func(a, b place) int {
			if a.at != b.at {
				if a.at < b.at {
					return -1
				}
				return 1
			}
			return int(a.number) - int(b.number)
		})
	}
	for i := range places {
		r.order[i] = places[i].number
	}
	return r
}

// segments calls visit for each segment that can be read, with its number, and notes where blocks start.
func (r *Reverse) segments(visit func(number uint32, s *Segment)) {
	n := uint32(0)
	var b block
	for i := range r.table.blocks {
		r.blocks = append(r.blocks, n)
		if !r.table.open(&b, i) {
			return
		}
		_, ok := b.all(func(s Segment) bool {
			visit(n, &s)
			n++
			return true
		})
		if !ok {
			r.table.dataAt.damaged()
			return
		}
	}
}

// Size returns its bytes.
func (r *Reverse) Size() int64 { return 4 * int64(len(r.starts)+len(r.order)+len(r.blocks)) }

// segment returns the segment with the number, and where it lies.
func (r *Reverse) segment(number uint32) (s Segment, at place, ok bool) {
	i := sort.Search(len(r.blocks), func(i int) bool { return r.blocks[i] > number }) - 1
	var b block
	if i < 0 || !r.table.open(&b, i) {
		return Segment{}, place{}, false
	}
	at = place{i, int(number - r.blocks[i])}
	if s, ok = b.number(at.segment); !ok {
		r.table.dataAt.damaged()
	}
	return s, at, ok
}

// number returns segment i; ok is false when the block contradicts itself.
func (b *block) number(i int) (s Segment, ok bool) {
	if i >= b.n {
		return Segment{}, false
	}
	bit, below := 0, bits.OnesCount64(b.upper[0])
	switch {
	case i < below:
		bit = selectBit(b.upper[0], uint(i))
	case i < below+bits.OnesCount64(b.upper[1]):
		bit = 64 + selectBit(b.upper[1], uint(i-below))
	default:
		return Segment{}, false
	}
	return b.at(i, uint64(bit-i)<<b.low|bitsAt(b.data, b.lows+i*int(b.low), b.low))
}

// part returns where the source's places from one key on, up to another, stand in order.
func (r *Reverse) part(source int, from, to key) (start, end int) {
	start = r.search(source, from)
	if to < from {
		return start, start
	}
	return start, r.search(source, to)
}

// search returns where the first of the source's places at or behind the key stands in order.
func (r *Reverse) search(source int, want key) int {
	from, to := int(r.starts[source]), int(r.starts[source+1])
	return from + sort.Search(to-from, func(i int) bool {
		s, _, ok := r.segment(r.order[from+i])
		return ok && keyOf(s.OriginalLine, s.OriginalColumn) >= want
	})
}

// Bias says what answers where no segment has exactly the original column.
type Bias int8

const (
	Exact      Bias = iota // nothing
	AtOrBefore             // the nearest column before it on the line
	AtOrAfter              // the nearest column behind it on the line
)

// Find calls yield for the segments at an original position, in the order of the table; a column below 0 stands for all on the
// line. ranged marks range mappings.
func (r *Reverse) Find(source int, line, column int32, bias Bias, yield func(s Segment, ranged bool)) {
	if source < 0 || source >= len(r.starts)-1 || line < 0 {
		return
	}
	all, next := keyOf(line, 0), keyOf(line, 0)+1<<32
	var start, end int
	if column < 0 {
		start, end = r.part(source, all, next)
	} else {
		at := keyOf(line, column)
		if start, end = r.part(source, at, at+1); start == end && bias != Exact {
			near := start // the first one behind, of any line
			if bias == AtOrBefore {
				near--
			}
			if near < int(r.starts[source]) || near >= int(r.starts[source+1]) {
				return
			}
			s, _, ok := r.segment(r.order[near])
			if !ok || s.OriginalLine != line {
				return
			}
			at = keyOf(line, s.OriginalColumn)
			start, end = r.part(source, at, at+1)
		}
	}
	numbers := r.order[start:max(start, end)]
	if column < 0 {
		numbers = slices.Clone(numbers)
		slices.Sort(numbers)
	}
	for _, number := range numbers {
		if s, at, ok := r.segment(number); ok {
			yield(s, r.table.Ranged() && r.table.isRanged(at))
		}
	}
}
