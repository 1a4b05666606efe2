// Package eight looks at eight bytes of a text in one number, the first one lowest. What is found is marked by the highest bit of its
// byte; the lowest mark is right, those above it need not be.
package eight

import "math/bits"

const (
	Each = 0x0101010101010101 // a byte times Each is that byte eight times
	High = 0x80 * Each        // the highest bit of each byte
)

// Load returns the eight bytes at the offset.
func Load(src string, at int) uint64 {
	s := src[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Equal marks the bytes that are c.
func Equal(x uint64, c byte) uint64 {
	x ^= uint64(c) * Each
	return (x - Each) &^ x & High
}

// First returns how many bytes stand before the first one of which a bit is set, 8 where none is.
func First(mark uint64) int { return bits.TrailingZeros64(mark) >> 3 }
