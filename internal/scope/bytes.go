package scope

import "github.com/symbolicate/symbolicate/internal/eight"

// notWord marks the bytes that plainWord does not have.
func notWord(x uint64) uint64 {
	low := x &^ eight.High
	lower := low | 0x20*eight.Each
	letter := (lower + (0x80-'a')*eight.Each) &^ (lower + (0x7f-'z')*eight.Each)
	digit := (low + (0x80-'0')*eight.Each) &^ (low + (0x7f-'9')*eight.Each)
	isNot := (low ^ '_'*eight.Each + 0x7f*eight.Each) & (low ^ '$'*eight.Each + 0x7f*eight.Each)
	return (isNot&^letter&^digit | x) & eight.High
}
