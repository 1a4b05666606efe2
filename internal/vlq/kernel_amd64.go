//go:build !purego

package vlq

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// machineKernels returns the kernels in assembly that this processor has the instructions for. (GODEBUG=cpu.avx512vbmi2=off
// leaves the first out, cpu.bmi2=off both.)
func machineKernels() (list []namedKernel) {
	x := &cpu.X86
	if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VBMI && x.HasAVX512VBMI2 && x.HasAVX512GFNI &&
		x.HasAVX512VPOPCNTDQ && x.HasBMI1 && x.HasBMI2 && x.HasPOPCNT {
		list = append(list, namedKernel{"avx512", decodeAVX512})
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
