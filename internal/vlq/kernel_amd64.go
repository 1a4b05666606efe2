//go:build !purego

package vlq

import (
	"math/bits"
	"sync"
	"unsafe"

	"github.com/symbolicate/symbolicate/internal/kernel"
)

func machineKernels() (list []namedKernel) {
	if kernel.Machine >= kernel.AVX2 {
		list = append(list, namedKernel{kernel.AVX2, decodeAVX2})
	}
	if kernel.Machine >= kernel.AVX512 {
		list = append(list, namedKernel{kernel.AVX512, decodeAVX512})
	}
	return list
}

// windowState is what a kernel in assembly starts from and leaves behind.
type windowState struct {
	text     *byte    // the next window
	limit    *byte    // the last place where one may start
	chunk    *int32   // the chunk's Column at the next segment
	full     *int32   // where it is nearly so
	sums     [4]int32 // column, source, original line, original column
	line     int32
	name     int32
	sources  int32 // how many there are
	names    int32
	unsorted int32 // not 0: a column went back
	size     int64 // of the stretch in bytes (AVX2)
}

//go:noescape
func windowsAVX512(s *windowState)

func decodeAVX512(d *Decoder, chunk *Chunk, n int) int {
	s := startWindows(d, chunk, n)
	windowsAVX512(&s)
	return s.end(d, chunk)
}

// startWindows is the state at d.at. The byte before it is a separator and is looked at.
func startWindows(d *Decoder, chunk *Chunk, n int) windowState {
	return windowState{
		text: &d.text[d.at], limit: &d.text[len(d.text)-kernelText], chunk: &chunk.Column[n], full: &chunk.Column[ChunkSize-kernelRoom],
		sums: [4]int32{int32(d.column), int32(d.source), int32(d.originalLine), int32(d.originalColumn)},
		line: d.line, name: int32(d.name), sources: int32(min(d.sources, maxInt32)), names: int32(min(d.names, maxInt32)),
	}
}

// end takes the state over and returns how many segments the chunk has.
func (s *windowState) end(d *Decoder, chunk *Chunk) int {
	d.at += int(uintptr(unsafe.Pointer(s.text)) - uintptr(unsafe.Pointer(&d.text[d.at])))
	d.column, d.source, d.originalLine, d.originalColumn = int64(s.sums[0]), int64(s.sums[1]), int64(s.sums[2]), int64(s.sums[3])
	d.line, d.name = s.line, int64(s.name)
	if s.unsorted != 0 {
		chunk.Unsorted = true
	}
	return int(uintptr(unsafe.Pointer(s.chunk))-uintptr(unsafe.Pointer(&chunk.Column[0]))) / 4
}

// The kernel for AVX2 works in two steps, because bytes just stored can't be loaded at another alignment without
// waiting for them: a stretch of text is classified, then decoded by windows of 56 bytes.

const stretchSize = 1024 // bytes

// A stretch is a piece of text, classified.
type stretch struct {
	//lint:ignore U1000 for assembly
	values [stretchSize + 64]byte // the 5 lowest bits of each digit
	//lint:ignore U1000 for assembly
	separators, semicolons, more [stretchSize/64 + 1]uint64
}

// classifyAVX2 fills the stretch from so many words of 64 bytes, and returns how many of them have no byte that
// does not belong there.
//
//go:noescape
func classifyAVX2(s *stretch, text *byte, words int) (good int)

// fieldTable is for the first 12 characters of a segment, a bit each that is set where a field ends: where the 5 bits of
// each digit go so that the first four fields get 16 bits each, and how many digits these have. 0: another number of
// digits than 1 to 3, or no four fields.
type fieldTable struct {
	masks  [1 << 12]uint64
	digits [1 << 12]uint8
}

var fields = sync.OnceValue(func() *fieldTable {
	t := new(fieldTable)
	for ends := range uint(len(t.masks)) {
		rest, start, mask := ends, 0, uint64(0)
		for field := 0; field < 4; field++ {
			end := bits.TrailingZeros(rest) + 1
			if rest == 0 || end-start > 3 {
				mask = 0
				break
			}
			mask |= (1<<(5*(end-start)) - 1) << (16 * field)
			start, rest = end, rest&(rest-1)
		}
		if mask != 0 {
			t.masks[ends], t.digits[ends] = mask, uint8(start)
		}
	}
	return t
})

// windowsAVX2 decodes windows of the stretch, which starts at the state's text.
//
//go:noescape
func windowsAVX2(w *windowState, s *stretch, fields *fieldTable)

func decodeAVX2(d *Decoder, chunk *Chunk, n int) int {
	if d.stretch == nil {
		d.stretch = new(stretch)
	}
	w := startWindows(d, chunk, n)
	for {
		left := int(uintptr(unsafe.Pointer(w.limit))-uintptr(unsafe.Pointer(w.text))) + kernelText - 1 // the last byte is left to Next
		good := classifyAVX2(d.stretch, w.text, min(left, stretchSize)/64)
		w.size = int64(good) * 64
		before := w.text
		windowsAVX2(&w, d.stretch, fields())
		done := int64(uintptr(unsafe.Pointer(w.text)) - uintptr(unsafe.Pointer(before)))
		// On, when the stretch was used up and another window is left.
		if w.size-done >= 64 || done == 0 || uintptr(unsafe.Pointer(w.text)) > uintptr(unsafe.Pointer(w.limit)) ||
			uintptr(unsafe.Pointer(w.chunk)) > uintptr(unsafe.Pointer(w.full)) {
			return w.end(d, chunk)
		}
	}
}
