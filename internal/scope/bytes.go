package scope

import "math/bits"

// Eight bytes of a text are looked at in one number, the first one lowest. What is found is marked by the highest bit of its byte;
// the lowest mark is right, those above it need not be.

const (
	each = 0x0101010101010101 // a byte times each is that byte eight times
	high = 0x80 * each
)

// load returns the eight bytes at the offset.
func load(src string, at int) uint64 {
	s := src[at : at+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// first returns the number of the first byte that is marked, or not zero; 8: there is none.
func first(marks uint64) int { return bits.TrailingZeros64(marks) / 8 }

// equal marks the bytes that are c.
func equal(x uint64, c byte) uint64 {
	x ^= uint64(c) * each
	return (x - each) &^ x & high
}

// notWord marks the bytes that plainWord does not have.
func notWord(x uint64) uint64 {
	low := x &^ high
	lower := low | 0x20*each
	letter := (lower + (0x80-'a')*each) &^ (lower + (0x7f-'z')*each)
	digit := (low + (0x80-'0')*each) &^ (low + (0x7f-'9')*each)
	isNot := (low ^ '_'*each + 0x7f*each) & (low ^ '$'*each + 0x7f*each)
	return (isNot&^letter&^digit | x) & high
}
