// Package vlq decodes the mappings string of a source map (ECMA-426, Mappings structure) into chunks
// of columns. It knows digits, fields and running sums; what a source or a name is, it does not know.
package vlq

import "fmt"

// ChunkSize is how many segments a [Chunk] holds: six columns of it fit in a first-level cache.
const ChunkSize = 1024

// None in the Source or Name column says that the segment has none.
const None = -1

// A Chunk is a run of decoded segments, column by column. Lines, columns and indices are 0-based,
// columns in UTF-16 code units; the original columns count only where Source is not None.
type Chunk struct {
	Len                          int
	Unsorted                     bool // a column is below the one before it on its line
	Line, Column                 [ChunkSize]int32
	Source                       [ChunkSize]int32
	OriginalLine, OriginalColumn [ChunkSize]int32
	Name                         [ChunkSize]int32
}

// FaultKind names an optional error of ECMA-426: something wrong with one segment.
type FaultKind uint8

const (
	ColumnRange   FaultKind = iota // generated column below 0 or past int32: the segment is dropped
	OriginalRange                  // source, line or column out of bounds: kept, without its original position
	NameRange                      // name out of bounds: kept, without its name
)

// A Fault is one optional error and its place.
type Fault struct {
	Kind   FaultKind
	Offset int   // byte offset in the mappings of the segment's first byte
	Line   int32 // 0-based generated line
}

// An Error ends the decoding.
type Error struct {
	Offset int    // byte offset in the mappings
	Line   int32  // 0-based generated line
	What   string // in words
	// Overflow: a value of 2³¹ or more, which ECMA-426 has every consumer refuse. Otherwise the
	// text does not follow the grammar, and by the standard a lenient consumer takes no mapping at all.
	Overflow bool
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at byte %d, line %d", e.What, e.Offset, e.Line)
}

// digits gives the value of a base64 digit; above 63 the byte is none.
var digits = func() (table [256]uint8) {
	for i := range table {
		table[i] = 0xFF
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = uint8(i)
	}
	return
}()

// A Decoder reads the mappings of one map from front to back.
type Decoder struct {
	text    []byte
	at      int
	line    int32
	sources int64 // how many there are; an index at or past it is out of bounds
	names   int64
	report  func(Fault)
	kernel  decode   // nil: none
	plainTo int      // offset from which on the kernel is tried
	stretch *stretch // of the kernel, if it needs one
	checked bool     // the whole text follows the grammar

	// The running sums. 64 bits: fewer than 2³³ deltas below 2³¹ cannot overflow them.
	column, source, originalLine, originalColumn, name int64
}

// NewDecoder returns a decoder of text for a map with so many sources and names. report is called
// for each optional error; it may be nil.
func NewDecoder(text []byte, sources, names int, report func(Fault)) *Decoder {
	if report == nil {
		report = func(Fault) {}
	}
	return &Decoder{text: text, sources: int64(sources), names: int64(names), report: report, kernel: best}
}

const maxInt32 = 1<<31 - 1

// Next fills the chunk with segments that follow, not always to the brim; an empty chunk is the end. After
// an error the decoder is spent. Where a text has both a value too large and a fault of grammar, the
// latter is returned, because the standard looks for it first.
func (d *Decoder) Next(chunk *Chunk) error {
	n := 0
	chunk.Unsorted = false
	// d.at stands at the start of a segment, or at the ';' of an empty one.
	for d.at < len(d.text) && n <= ChunkSize-kernelRoom {
		if d.at >= d.plainTo && d.ready() {
			before := d.at
			if n = d.kernel(d, chunk, n); d.at == before {
				d.plainTo = d.at + plainText
			}
			continue
		}
		if c := d.text[d.at]; c == ',' || c == ';' {
			if d.at > 0 && d.text[d.at-1] == ',' {
				return d.grammar(d.at-1, "a segment with 0 fields")
			}
			if c == ',' {
				return d.grammar(d.at, "a segment with 0 fields")
			}
			d.at++
			d.line++
			d.column = 0
			continue
		}
		start := d.at
		var fields [5]int64
		count := 0
		for d.at < len(d.text) && d.text[d.at] != ',' && d.text[d.at] != ';' {
			if count == len(fields) {
				return d.grammar(start, "a segment with more than 5 fields")
			}
			value, end, err := d.value(d.at)
			if err != nil && !(count > 0 && err.(*Error).Overflow && d.drops(fields[0])) {
				return err
			}
			fields[count] = value
			count++
			d.at = end
		}
		if count != 1 && count != 4 && count != 5 {
			return d.grammar(start, fmt.Sprintf("a segment with %d fields", count))
		}
		if d.segment(chunk, n, start, fields[:count]) {
			n++
		}
		if d.at < len(d.text) && d.text[d.at] == ',' {
			if d.at++; d.at == len(d.text) {
				return d.grammar(d.at-1, "a segment with 0 fields")
			}
		}
	}
	chunk.Len = n
	return nil
}

// ready tells whether a kernel may go on from here: at the start of a segment, all sums in range.
func (d *Decoder) ready() bool {
	return d.kernel != nil && len(d.text)-d.at >= kernelText && d.at > 0 && (d.text[d.at-1] == ',' || d.text[d.at-1] == ';') &&
		0 <= d.column && d.column <= maxInt32 && 0 <= d.source && d.source < d.sources && 0 <= d.originalLine && d.originalLine <= maxInt32 &&
		0 <= d.originalColumn && d.originalColumn <= maxInt32 && 0 <= d.name && (d.name < d.names || d.name == 0)
}

// segment adds the fields to the sums and stores what they make as number n of the chunk; false
// when the segment is dropped.
func (d *Decoder) segment(chunk *Chunk, n, start int, fields []int64) bool {
	if fields[0] < 0 {
		chunk.Unsorted = true
	}
	dropped := d.drops(fields[0])
	d.column += fields[0]
	if dropped {
		// The standard returns here, before the other fields are added.
		d.report(Fault{ColumnRange, start, d.line})
		return false
	}
	chunk.Line[n], chunk.Column[n] = d.line, int32(d.column)
	chunk.Source[n], chunk.Name[n] = None, None
	chunk.OriginalLine[n], chunk.OriginalColumn[n] = 0, 0
	if len(fields) == 1 {
		return true
	}
	d.source += fields[1]
	d.originalLine += fields[2]
	d.originalColumn += fields[3]
	if d.source < 0 || d.source >= d.sources ||
		d.originalLine < 0 || d.originalLine > maxInt32 || d.originalColumn < 0 || d.originalColumn > maxInt32 {
		d.report(Fault{OriginalRange, start, d.line})
	} else {
		chunk.Source[n] = int32(d.source)
		chunk.OriginalLine[n], chunk.OriginalColumn[n] = int32(d.originalLine), int32(d.originalColumn)
	}
	if len(fields) == 5 {
		d.name += fields[4]
		if d.name < 0 || d.name >= d.names {
			d.report(Fault{NameRange, start, d.line})
		} else {
			chunk.Name[n] = int32(d.name)
		}
	}
	return true
}

// drops tells whether a segment whose first field this is will be dropped. The standard evaluates no other field of it, so
// none of them can be too large.
func (d *Decoder) drops(field int64) bool {
	return d.column+field < 0 || d.column+field > maxInt32
}

// value reads the signed value at the offset. For one that is too large there is an end beside the error.
func (d *Decoder) value(at int) (value int64, end int, err error) {
	var unsigned uint64
	for shift := uint(0); ; shift += 5 {
		if at >= len(d.text) || d.text[at] == ',' || d.text[at] == ';' {
			return 0, 0, d.grammar(at, "an unfinished value")
		}
		digit := digits[d.text[at]]
		if digit > 63 {
			return 0, 0, d.grammar(at, fmt.Sprintf("bad digit %q", d.text[at]))
		}
		at++
		// By value, not by digits: zeros may follow without end; any bit past the 32nd is too much.
		if bits := uint64(digit & 31); bits != 0 {
			if shift >= 35 || bits<<shift >= 1<<32 {
				end = at
				for digit >= 32 && end < len(d.text) {
					digit = digits[d.text[end]]
					end++
				}
				return 0, end, d.overflow(at - 1)
			}
			unsigned |= bits << shift
		}
		if digit < 32 {
			break
		}
	}
	value = int64(unsigned >> 1)
	if unsigned&1 != 0 {
		value = -value
		if value == 0 {
			value = -1 << 31
		}
	}
	return value, at, nil
}

func (d *Decoder) grammar(at int, what string) error {
	return &Error{Offset: at, Line: d.line, What: what}
}

// overflow is the error for a value too large, unless the rest breaks the grammar.
func (d *Decoder) overflow(at int) error {
	if !d.checked {
		if err := Check(d.text); err != nil {
			return err
		}
		d.checked = true
	}
	return &Error{Offset: at, Line: d.line, What: "a value of 2³¹ or more", Overflow: true}
}

// Check returns the first fault of grammar in the text, or nil: the one that [Decoder.Next] would return
// if no value were too large. It looks at no value.
func Check(text []byte) error {
	line, start, fields, inValue, afterComma := int32(0), 0, 0, false, false
	end := func(at int, separator byte) error {
		fault := func(at int, what string) error { return &Error{Offset: at, Line: line, What: what} }
		switch {
		case inValue:
			return fault(at, "an unfinished value")
		case fields == 0 && afterComma:
			return fault(start-1, "a segment with 0 fields") // at the comma that has nothing behind it
		case fields == 0 && separator == ',':
			return fault(at, "a segment with 0 fields")
		case fields == 2 || fields == 3:
			return fault(start, fmt.Sprintf("a segment with %d fields", fields))
		}
		return nil
	}
	for at, c := range text {
		if c == ',' || c == ';' {
			if err := end(at, c); err != nil {
				return err
			}
			fields, start, afterComma = 0, at+1, c == ','
			if c == ';' {
				line++
			}
			continue
		}
		if fields == 5 {
			return &Error{Offset: start, Line: line, What: "a segment with more than 5 fields"}
		}
		digit := digits[c]
		if digit > 63 {
			return &Error{Offset: at, Line: line, What: fmt.Sprintf("bad digit %q", c)}
		}
		if inValue = digit >= 32; !inValue {
			fields++
		}
	}
	return end(len(text), 0)
}
