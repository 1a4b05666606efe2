package vlq

// An Encoder writes mappings as text, segment by segment. They come in the order of their generated positions.
type Encoder struct {
	line                                               int32
	behind                                             bool // a segment stands before, on this line
	column, source, originalLine, originalColumn, name int64
}

// Append appends a segment, with what separates it from the one before. Source and name may be None; a name
// without a source is left out, since there is no such segment.
func (e *Encoder) Append(dst []byte, line, column, source, originalLine, originalColumn, name int32) []byte {
	dst = e.End(dst, int(line-e.line))
	if e.behind {
		dst = append(dst, ',')
	}
	e.behind = true
	dst = appendDelta(dst, &e.column, column)
	if source < 0 {
		return dst
	}
	dst = appendDelta(dst, &e.source, source)
	dst = appendDelta(dst, &e.originalLine, originalLine)
	dst = appendDelta(dst, &e.originalColumn, originalColumn)
	if name < 0 {
		return dst
	}
	return appendDelta(dst, &e.name, name)
}

// Lines returns how many line ends stand between here and the line.
func (e *Encoder) Lines(line int32) int { return int(line - e.line) }

// End appends so many line ends.
func (e *Encoder) End(dst []byte, lines int) []byte {
	for range lines {
		dst = append(dst, ';')
	}
	if lines > 0 {
		e.line += int32(lines)
		e.behind, e.column = false, 0
	}
	return dst
}

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// appendDelta appends how far value is from the sum, which it becomes. Both are in [0, 2³¹), so that the
// difference is one that ECMA-426 allows.
func appendDelta(dst []byte, sum *int64, value int32) []byte {
	delta := int64(value) - *sum
	*sum = int64(value)
	return AppendSigned(dst, delta)
}

// AppendSigned appends a value of less than 2³¹ either way, which [Signed] reads.
func AppendSigned(dst []byte, value int64) []byte {
	bits := uint64(value) << 1
	if value < 0 {
		bits = uint64(-value)<<1 | 1
	}
	return appendBits(dst, bits)
}

// AppendUnsigned appends a value without a sign, which [Unsigned] reads.
func AppendUnsigned(dst []byte, value uint32) []byte { return appendBits(dst, uint64(value)) }

func appendBits(dst []byte, bits uint64) []byte {
	for ; bits > 31; bits >>= 5 {
		dst = append(dst, base64[bits&31|32])
	}
	return append(dst, base64[bits])
}
