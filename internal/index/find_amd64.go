//go:build !purego

package index

import (
	"unsafe"

	"github.com/symbolicate/symbolicate/internal/kernel"
)

// finder is what the kernel needs of a table.
type finder struct {
	guide, offsets *uint32
	keys           *uint64
	data           *byte
	blocks         int
	sixtyFour      uint64 // 64
}

//go:noescape
func findAVX2(f *finder, lines, columns *int32, n int, out *Segment) (done int)

// useKernel prepares the table for the kernel, which checks nothing: the image must have been built in this process.
func (t *Table) useKernel() {
	if kernel.Best < kernel.AVX2 || t.blocks == 0 {
		return
	}
	t.finder = &finder{
		guide: unsafe.SliceData(t.guide), offsets: unsafe.SliceData(t.offsets), keys: unsafe.SliceData(t.keys), data: unsafe.SliceData(t.data),
		blocks: t.blocks, sixtyFour: 64,
	}
}

// findFast looks one position up with the kernel; false where there is none, or the position is not for it.
func (t *Table) findFast(line, column int32, out *Segment) bool {
	return t.finder != nil && findAVX2(t.finder, &line, &column, 1, out) == 1
}

// findMany looks positions up; a Line of -1 says that there is nothing.
func (t *Table) findMany(lines, columns []int32, out []Segment) {
	for i := 0; i < len(lines); i++ {
		if t.finder != nil {
			i += findAVX2(t.finder, &lines[i], &columns[i], len(lines)-i, &out[i])
			if i == len(lines) {
				return
			}
		}
		out[i] = t.findOne(lines[i], columns[i])
	}
}
