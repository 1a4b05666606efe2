package lines

import (
	"sort"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/eight"
)

// stepBytes is how far apart the places are that Places keeps.
const stepBytes = 256

// Places turn a byte offset of a text into a position (0-based, columns in UTF-16 code units), and back. Either costs a scan of
// 256 bytes at most, however long the line is.
type Places struct {
	text string
	kept []place // for each stepBytes the first character, or CR LF, that starts there or behind
}

type place struct {
	offset       uint32
	line, column int32
}

// NewPlaces reads a text of less than 2 GiB.
func NewPlaces(text string) *Places {
	p := &Places{text: text, kept: make([]place, 0, len(text)/stepBytes+1)}
	at := place{}
	for next := 0; int(at.offset) < len(text); {
		if int(at.offset) >= next {
			p.kept = append(p.kept, at)
			next += stepBytes
		}
		if at = run(text, at, next); int(at.offset) < min(next, len(text)) {
			at = step(text, at)
		}
	}
	if len(p.kept) == 0 {
		p.kept = append(p.kept, at)
	}
	return p
}

// plain are the bytes that are a character of one code unit, and end no line.
var plain = func() (is [256]bool) {
	for c := range utf8.RuneSelf {
		is[c] = c != '\n' && c != '\r'
	}
	return is
}()

// run goes over plain bytes, up to the offset at most.
func run(text string, at place, to int) place {
	part := text[at.offset:max(min(to, len(text)), int(at.offset))]
	n := 0
	for n+8 <= len(part) {
		x := eight.Load(part, n)
		if mark := x&eight.High | eight.Equal(x, '\n') | eight.Equal(x, '\r'); mark != 0 {
			n += eight.First(mark)
			return place{at.offset + uint32(n), at.line, at.column + int32(n)}
		}
		n += 8
	}
	for n < len(part) && plain[part[n]] {
		n++
	}
	return place{at.offset + uint32(n), at.line, at.column + int32(n)}
}

// step goes over a character, or CR LF.
func step(text string, at place) place {
	c := text[at.offset]
	if c >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(text[at.offset:])
		at.offset += uint32(size)
		switch {
		case r == '\u2028' || r == '\u2029':
			return place{at.offset, at.line + 1, 0}
		case r > 0xffff:
			at.column++
		}
		at.column++
		return at
	}
	at.offset++
	switch {
	case c == '\r' && int(at.offset) < len(text) && text[at.offset] == '\n':
		at.offset++
		fallthrough
	case c == '\n' || c == '\r':
		return place{at.offset, at.line + 1, 0}
	}
	at.column++
	return at
}

// Position returns the position of a byte offset, that of the character or line end that the byte belongs to; at the end of the text for
// offsets behind it.
func (p *Places) Position(offset int) (line, column int32) {
	i := min(max(offset, 0)/stepBytes, len(p.kept)-1)
	if i > 0 && int(p.kept[i].offset) > offset {
		i--
	}
	at := run(p.text, p.kept[i], offset)
	for int(at.offset) < len(p.text) {
		next := step(p.text, at)
		if int(next.offset) > offset {
			break
		}
		at = next
	}
	return at.line, at.column
}

// Has tells whether the text has a position: the end of a line is one.
func (p *Places) Has(line, column int32) bool {
	offset := p.Offset(line, column)
	l, c := p.Position(offset)
	if l == line && c == column-1 && offset < len(p.text) { // the second half of a character
		r, _ := utf8.DecodeRuneInString(p.text[offset:])
		return r > 0xffff
	}
	return l == line && c == column
}

// Offset returns the byte offset of a position: where its line ends, for columns behind that; of the character, for the second half of
// one; the length of the text for lines behind it.
func (p *Places) Offset(line, column int32) int {
	i := max(sort.Search(len(p.kept), func(i int) bool {
		k := &p.kept[i]
		return k.line > line || k.line == line && k.column > column
	})-1, 0)
	at := p.kept[i]
	if at.line == line && column > at.column {
		at = run(p.text, at, int(at.offset)+int(column-at.column))
	}
	for int(at.offset) < len(p.text) && (at.line < line || at.line == line && at.column < column) {
		next := step(p.text, at)
		if next.line > line || next.line == line && next.column > column {
			break
		}
		at = next
	}
	return int(at.offset)
}
