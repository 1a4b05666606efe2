//go:build !purego

package index

import (
	"math/bits"
	"unsafe"

	"github.com/symbolicate/symbolicate/internal/kernel"
)

// finder is what the kernels need of a table.
type finder struct {
	guide, offsets *uint32
	keys           *uint64
	data           *byte
	blocks         int
	sixtyFour      uint64 // 64
}

// batch is one call of find512.
type batch struct {
	lines, columns             *int32 // positions
	source, line, column, name *int32 // their answers, -1 in all four where there is none
	n                          int    // of them, 1 to 64
	rest                       uint64 // which of them are for the plain way

	// The kernel's own: the number of each position's block, and where it lies.
	block [64]int64  //lint:ignore U1000 used in assembly
	at    [64]uint64 //lint:ignore U1000 used in assembly
}

//go:noescape
func findAVX2(f *finder, lines, columns *int32, n int, out *Segment) (done int)

//go:noescape
func find512(f *finder, b *batch)

// useKernel prepares the table for the kernels, which check nothing: the image must have been built in this process.
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

func (t *Table) findMany(lines, columns []int32, out Columns) {
	switch {
	case t.finder == nil:
		t.findManyPlain(lines, columns, out)
	case kernel.Best < kernel.AVX512:
		t.findManyAVX2(lines, columns, out)
	default:
		t.findMany512(lines, columns, out)
	}
}

func (t *Table) findManyAVX2(lines, columns []int32, out Columns) {
	var found [64]Segment
	for from := 0; from < len(lines); from += len(found) {
		n := min(len(found), len(lines)-from)
		for i := 0; i < n; i++ {
			i += findAVX2(t.finder, &lines[from+i], &columns[from+i], n-i, &found[i])
			if i < n {
				found[i] = t.findOne(lines[from+i], columns[from+i])
			}
		}
		for i := range n {
			out.set(from+i, &found[i])
		}
	}
}

func (t *Table) findMany512(lines, columns []int32, out Columns) {
	var b batch
	for from := 0; from < len(lines); from += 64 {
		b.n = min(64, len(lines)-from)
		b.lines, b.columns = &lines[from], &columns[from]
		b.source, b.line, b.column, b.name = &out.Source[from], &out.Line[from], &out.Column[from], &out.Name[from]
		find512(t.finder, &b)
		for rest := b.rest; rest != 0; rest &= rest - 1 {
			i := from + bits.TrailingZeros64(rest)
			s := t.findOne(lines[i], columns[i])
			out.set(i, &s)
		}
	}
}
