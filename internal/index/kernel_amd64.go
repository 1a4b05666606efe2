//go:build !purego

package index

import (
	"math/bits"
	"unsafe"

	"github.com/symbolicate/symbolicate/internal/kernel"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

func machineKernels() (list []packKernel) {
	if kernel.Machine >= kernel.AVX2 {
		list = append(list, packKernel{kernel.AVX2, stats256, keysAVX2, recordsAVX2, namesAVX2})
	}
	if kernel.Machine >= kernel.AVX512 {
		// Nearly all blocks are packed by packWhole; the rest is done as for AVX2.
		list = append(list, packKernel{kernel.AVX512, stats256, keysAVX2, recordsAVX2, namesAVX2})
	}
	return list
}

// Widths up to which the kernels pack: two values, moved by up to 7 bits, fit in 64. Keys are made in 32 bits.
const (
	maxPacked    = 28
	maxPackedLow = 24
)

// packDwords packs groups of 8 values to the width, 1 to maxPacked.
//
//go:noescape
func packDwords(dst *byte, values *dwords, groups int, width uint)

// maxWord is the width up to which packWhole makes words of values: four of them, moved by up to 7 bits, fit in 64.
const maxWord = 15

func packed(dst []byte, at int, values *dwords, n int, width uint) (end int) {
	packDwords(&dst[at], values, (n+7)/8, width)
	return at + (n*int(width)+7)/8
}

//go:noescape
func stats256(c *columns, s *stats)

// keys256 puts the keys into out.
//
//go:noescape
func keys256(c *columns, first, less int32, width, low uint, upper *[2]uint64, out *dwords)

// records256 makes a record of every segment.
//
//go:noescape
func records256(c *columns, s *stats, lineShift, columnShift uint, out *dwords)

// chosen puts the values with a bit in the mask, less base, side by side. values and out may be the same.
//
//go:noescape
func chosen(values *int32, mask uint64, base int32, out *dwords)

func keysAVX2(dst []byte, at int, c *columns, first, less int32, width, low uint, upper *[2]uint64, values *dwords) (end int) {
	if low > maxPackedLow {
		return keysGo(dst, at, c, first, less, width, low, upper, values)
	}
	keys256(c, first, less, width, low, upper, values)
	if low == 0 {
		return at
	}
	return packed(dst, at, values, blockSize, low)
}

func recordsAVX2(dst []byte, at int, c *columns, own uint64, s *stats, sourceWidth, lineWidth, columnWidth uint, values *dwords) (end int) {
	width := sourceWidth + lineWidth + columnWidth
	if width > maxPacked {
		return recordsGo(dst, at, c, own, s, sourceWidth, lineWidth, columnWidth, values)
	}
	records256(c, s, sourceWidth, sourceWidth+lineWidth, values)
	if own != 1<<64-1 {
		chosen((*int32)(unsafe.Pointer(values)), own, 0, values)
	}
	return packed(dst, at, values, bits.OnesCount64(own), width)
}

func namesAVX2(dst []byte, at int, name []int32, named uint64, base int32, width uint, values *dwords) (end int) {
	if width > maxPacked {
		return namesGo(dst, at, name, named, base, width, values)
	}
	chosen(&name[0], named, base, values)
	return packed(dst, at, values, bits.OnesCount64(named), width)
}

// Where the columns of a chunk are, from its Column on.
//
//lint:file-ignore U1000 assembly uses them
const (
	chunkColumn         = int(unsafe.Offsetof(vlq.Chunk{}.Column))
	chunkLine           = int(unsafe.Offsetof(vlq.Chunk{}.Line)) - chunkColumn
	chunkSource         = int(unsafe.Offsetof(vlq.Chunk{}.Source)) - chunkColumn
	chunkOriginalLine   = int(unsafe.Offsetof(vlq.Chunk{}.OriginalLine)) - chunkColumn
	chunkOriginalColumn = int(unsafe.Offsetof(vlq.Chunk{}.OriginalColumn)) - chunkColumn
	chunkName           = int(unsafe.Offsetof(vlq.Chunk{}.Name)) - chunkColumn
)

//go:noescape
func pack512(dst *byte, column *int32) (size int)

// packWhole packs 64 segments of the chunk in one call, if this machine and the segments are such; else it returns 0.
func packWhole(level kernel.Level, dst []byte, at int, chunk *vlq.Chunk, from int) (size int) {
	if level < kernel.AVX512 {
		return 0
	}
	return pack512(&dst[at], &chunk.Column[from])
}
