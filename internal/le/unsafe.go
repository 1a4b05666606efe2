//go:build !purego && (386 || amd64 || arm64 || loong64 || riscv64)

package le

import "unsafe"

// Fast tells that loads and stores are unchecked.
const Fast = true

// Load64 returns the 8 bytes at the offset. They must lie in b.
func Load64(b []byte, at int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), at))
}

// Load32 returns the 4 bytes at the offset. They must lie in b.
func Load32(b []byte, at int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), at))
}

// Store64 writes 8 bytes at the offset. They must lie in b.
func Store64(b []byte, at int, v uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), at)) = v
}

// Store32 writes 4 bytes at the offset. They must lie in b.
func Store32(b []byte, at int, v uint32) {
	*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), at)) = v
}

// Uint32s returns the numbers that b consists of, in b's own memory. b must be aligned for them.
func Uint32s(b []byte) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

// Uint64s returns the numbers that b consists of, in b's own memory. b must be aligned for them.
func Uint64s(b []byte) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/8)
}

// String returns b as a string that shares its memory: it is good only as long as b is.
func String(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
