package index

import (
	"math/bits"
	"sort"
)

// The guide finds the block of a position: buckets of lines, each cut into cells of columns, and for each
// cell the number of blocks that start before it. A position of the cell belongs to the last of these or
// to one that starts inside the cell, so that a step or two along the keys find it.
//
//	lineShift u32   a bucket is 1<<lineShift lines
//	buckets   u32   how many there are
//	starts    (buckets+1)×u32   first cell of the bucket <<5 | columnShift: a cell is 1<<columnShift columns
//	cells     u32 each, and one more that ends the list

// buildGuide makes the guide for blocks that start at these keys, which ascend.
func buildGuide(keys []key) []uint32 {
	last := uint32(keys[len(keys)-1].line())
	shift := uint(0)
	for last>>shift > uint32(len(keys)) {
		shift++
	}
	buckets := last>>shift + 1
	guide := make([]uint32, 2, 2+int(buckets)+1+len(keys)+2)
	guide[0], guide[1] = uint32(shift), buckets
	var cells []uint32
	at := 0
	for bucket := range buckets {
		from := at
		for at < len(keys) && uint32(keys[at].line())>>shift == bucket {
			at++
		}
		columnShift := uint(31)
		if shift == 0 && at-from > 8 {
			columnShift = uint(bits.Len32(uint32(keys[at-1].column()) / uint32(at-from)))
		}
		guide = append(guide, uint32(len(cells))<<5|uint32(columnShift))
		n := uint32(1)
		if columnShift < 31 {
			n = uint32(keys[at-1].column())>>columnShift + 1
		}
		before := from
		for cell := range n {
			start := key(uint64(bucket)<<shift<<32 | uint64(cell)<<columnShift)
			for before < at && keys[before] < start {
				before++
			}
			cells = append(cells, uint32(before))
		}
	}
	guide = append(guide, uint32(len(cells))<<5)
	return append(append(guide, cells...), uint32(len(keys)))
}

// blocksBefore returns how many blocks start before the position; ok is false where the guide or the keys
// are damaged.
func (t *Table) blocksBefore(k key) (n int, ok bool) {
	from, to := 0, t.blocks
	if g := t.guide; len(g) > 3 && t.guideAt.read(0, 8) {
		bucket := uint32(k.line()) >> (g[0] & 31)
		if buckets := g[1]; bucket < buckets && uint64(buckets)+3 <= uint64(len(g)) && t.guideAt.read(8+4*int(bucket), 8) {
			start, end := g[2+bucket], g[3+bucket]
			first, last := uint64(start>>5), uint64(end>>5)
			cell := first + uint64(uint32(k.column())>>(start&31))
			if cell >= last {
				cell = last - 1
			}
			if cell += uint64(buckets) + 3; last > first && cell+1 < uint64(len(g)) {
				if !t.guideAt.read(4*int(cell), 8) {
					return 0, false
				}
				from, to = int(g[cell]), int(g[cell+1])
			}
		} else if bucket >= buckets {
			from = t.blocks
		}
	}
	to = min(to, t.blocks)
	for to-from > 8 {
		middle := int(uint(from+to) / 2)
		if !t.keysAt.read(8*middle, 8) {
			return 0, false
		}
		if key(t.keys[middle]) < k {
			from = middle + 1
		} else {
			to = middle
		}
	}
	if from > to {
		t.guideAt.damaged()
		return 0, false
	}
	if !t.keysAt.read(8*from, 8*(to-from)) {
		return 0, false
	}
	for from < to && key(t.keys[from]) < k {
		from++
	}
	return from, true
}

// blocksBeforePlain is the plain twin of blocksBefore: a binary search that needs no guide.
func (t *Table) blocksBeforePlain(k key) int {
	return sort.Search(t.blocks, func(i int) bool { return key(t.keys[i]) >= k })
}
