//go:build purego || !(386 || amd64 || arm64 || loong64 || riscv64)

package le

import "encoding/binary"

// Fast tells that loads and stores are unchecked.
const Fast = false

// Load64 returns the 8 bytes at the offset.
func Load64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

// Load32 returns the 4 bytes at the offset.
func Load32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// Store64 writes 8 bytes at the offset.
func Store64(b []byte, at int, v uint64) { binary.LittleEndian.PutUint64(b[at:], v) }

// Store32 writes 4 bytes at the offset.
func Store32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

// Uint32s returns the numbers that b consists of, as a copy.
func Uint32s(b []byte) []uint32 {
	list := make([]uint32, len(b)/4)
	for i := range list {
		list[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return list
}

// Uint64s returns the numbers that b consists of, as a copy.
func Uint64s(b []byte) []uint64 {
	list := make([]uint64, len(b)/8)
	for i := range list {
		list[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return list
}

// String returns b as a string.
func String(b []byte) string { return string(b) }
