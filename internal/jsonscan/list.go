package jsonscan

import (
	"bytes"
	"math/bits"

	"github.com/symbolicate/symbolicate/internal/le"
)

// A List holds the spans of an array's elements. It grows by pieces, so that a long one is never copied, and
// takes 8 bytes for each: the text is shorter than 4 GiB. nil is an empty list.
type List struct {
	first  []pair // up to listPiece
	pieces []*[listPiece]pair
	n      int
}

const listPiece = 1024

type pair struct{ start, end uint32 }

// Len returns the number of elements.
func (l *List) Len() int {
	if l == nil {
		return 0
	}
	return l.n
}

// At returns element i, which must be there.
func (l *List) At(i int) Span {
	var p pair
	if i < listPiece {
		p = l.first[i]
	} else {
		p = l.pieces[i/listPiece-1][i%listPiece]
	}
	return Span{int(p.start), int(p.end)}
}

// All calls yield for each element in order until it returns false.
func (l *List) All(yield func(i int, s Span) bool) {
	for i := range l.Len() {
		if !yield(i, l.At(i)) {
			return
		}
	}
}

func (l *List) add(start, end int) {
	p := pair{uint32(start), uint32(end)}
	if l.n < listPiece {
		l.first = append(l.first, p)
	} else {
		if l.n%listPiece == 0 {
			l.pieces = append(l.pieces, new([listPiece]pair))
		}
		l.pieces[l.n/listPiece-1][l.n%listPiece] = p
	}
	l.n++
}

// Elements returns the elements of the array whose '[' is at the offset, and the offset behind it.
func Elements(text []byte, at int) (list *List, end int, err error) {
	list = &List{}
	end, err = Items(text, at, func(at int) (int, error) {
		// Most are short strings, one behind the other.
		for {
			end := shortString(text, at)
			if end < 0 {
				break
			}
			list.add(at, end)
			if text[end] != ',' || text[end+1] != '"' {
				return end, nil
			}
			at = end + 1
		}
		end, err := Value(text, at)
		list.add(at, end)
		return end, err
	})
	return list, end, err
}

// shortString returns the offset behind the string at the offset when it has no escape and is short, and when
// at least two bytes of text follow it; else -1.
func shortString(text []byte, at int) int {
	const ones, tops, quotes, escapes = 0x0101010101010101, 0x8080808080808080, 0x2222222222222222, 0x5C5C5C5C5C5C5C5C
	if at >= len(text) || text[at] != '"' {
		return -1
	}
	for from := at + 1; from < at+33 && from+10 <= len(text); from += 8 {
		eight := le.Load64(text, from)
		quote, escape := eight^quotes, eight^escapes
		// The lowest top bit set is that of the first byte that is zero.
		found := ((quote-ones)&^quote | (escape-ones)&^escape) & tops
		if found == 0 {
			continue
		}
		if at = from + bits.TrailingZeros64(found)/8; text[at] == '"' {
			return at + 1
		}
		return -1
	}
	return -1
}

// Plain tells whether the texts of all strings in the span are what stands between their quotes: without escapes,
// and UTF-8.
func Plain(text []byte, s Span) bool {
	part := s.Of(text)
	return bytes.IndexByte(part, '\\') < 0 && valid(part)
}
