package main

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// fault is something wrong with a map file, and where. It is what inspect and validate print, and its JSON.
type fault struct {
	Kind    string `json:"kind"`
	Fatal   bool   `json:"fatal"`   // it keeps the map from being read at all
	Offset  int64  `json:"offset"`  // byte offset in the file, or in what it unpacks to; -1: nowhere in it
	Line    int    `json:"line"`    // 1-based; 0: nowhere
	Column  int    `json:"column"`  // 1-based, UTF-16 code units
	Detail  string `json:"detail"`  // one line of words
	Excerpt string `json:"excerpt"` // what stands around it on its line
	Caret   int    `json:"caret"`   // where in the excerpt, 0-based, UTF-16 code units

	cut bool // the line goes on behind the excerpt
}

// faultKinds are the codes of errors that keep a map from being read; those of problems are sourcemap's.
var faultKinds = []struct {
	err  error
	kind string
}{
	{sourcemap.ErrEmpty, "empty"}, {sourcemap.ErrNotJSON, "not-json"}, {sourcemap.ErrTruncated, "truncated"},
	{sourcemap.ErrFormat, "not-a-map"}, {sourcemap.ErrMappings, "mappings"}, {sourcemap.ErrPacked, "packed"},
	{sourcemap.ErrLimit, "limit"}, {sourcemap.ErrNotIndex, "not-an-index"}, {sourcemap.ErrDamaged, "damaged-index"},
	{sourcemap.ErrTruncatedIndex, "truncated-index"},
}

// around is how many bytes of a line an excerpt has on either side.
const around = 60

// placeFaults fills in line, column and excerpt of faults whose offset is set, and sorts them by it. It reads the data once.
func placeFaults(data []byte, faults []fault) {
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.Offset, b.Offset) })
	line, start := 1, 0 // the line at hand and where it starts
	at, units := 0, 0   // how far it was read, and UTF-16 code units up to there
	for i := range faults {
		f := &faults[i]
		if f.Offset < 0 || f.Offset > int64(len(data)) {
			continue
		}
		to := int(f.Offset)
		for {
			end := lineEndFrom(data, at, to)
			if end < 0 || end > to {
				break
			}
			line, start, at, units = line+1, end, end, 0
		}
		for at < to {
			r, size := utf8.DecodeRune(data[at:])
			if at+size > to {
				break // in the middle of a character
			}
			at, units = at+size, units+max(1, utf16.RuneLen(r))
		}
		f.Line, f.Column = line, units+1
		from, until := max(start, to-around), to
		for from > start && from < to && !utf8.RuneStart(data[from]) {
			from++
		}
		for until < len(data) && until < to+around && data[until] != '\n' && data[until] != '\r' {
			_, size := utf8.DecodeRune(data[until:])
			until += size
		}
		f.cut = until < len(data) && data[until] != '\n' && data[until] != '\r'
		f.Caret = utf16Units(data[from:to])
		f.Excerpt = string(bytes.ToValidUTF8(data[from:until], []byte("\uFFFD")))
	}
}

// lineEndFrom returns the offset behind the next line end that starts at or behind at and before to, -1 for none.
func lineEndFrom(data []byte, at, to int) int {
	n := bytes.IndexAny(data[at:to], "\r\n")
	if n < 0 {
		return -1
	}
	at += n + 1
	if data[at-1] == '\r' && at < len(data) && data[at] == '\n' {
		at++
	}
	return at
}

// utf16Units counts a text's UTF-16 code units.
func utf16Units(text []byte) (n int) {
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			n++
			text = text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		n += max(1, utf16.RuneLen(r))
		text = text[size:]
	}
	return n
}
