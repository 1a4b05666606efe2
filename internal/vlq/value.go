package vlq

// The fields of the proposals (rangeMappings, scopes) are made of single values, signed or not.

// What a value may lack, in words; "" is a good one.
const (
	unfinished  = "an unfinished value"
	badDigit    = "a character that is no base64 digit"
	tooLarge    = "a value of 2³² or more"
	tooLargeSig = "a value of 2³¹ or more"
)

// Unsigned reads the unsigned value at the offset (ECMA-426, VLQUnsignedValue) and returns the offset behind it. what says
// what is wrong, and end is then where. Zeros may follow without end: a value counts, not its digits.
func Unsigned(text []byte, at int) (value uint32, end int, what string) {
	var sum uint64
	for shift := uint(0); ; shift += 5 {
		if at >= len(text) || text[at] == ',' || text[at] == ';' {
			return 0, at, unfinished
		}
		digit := digits[text[at]]
		if digit > 63 {
			return 0, at, badDigit
		}
		if bits := uint64(digit & 31); bits != 0 {
			if shift >= 35 || bits<<shift >= 1<<32 {
				return 0, at, tooLarge
			}
			sum |= bits << shift
		}
		at++
		if digit < 32 {
			return uint32(sum), at, ""
		}
	}
}

// Signed is Unsigned for a signed value (VLQSignedValue): its lowest bit is the sign, and −0 is −2³¹.
func Signed(text []byte, at int) (value int32, end int, what string) {
	unsigned, end, what := Unsigned(text, at)
	switch {
	case what == tooLarge:
		return 0, end, tooLargeSig
	case what != "":
		return 0, end, what
	case unsigned == 1:
		return -1 << 31, end, ""
	case unsigned&1 != 0:
		return -int32(unsigned >> 1), end, ""
	}
	return int32(unsigned >> 1), end, ""
}

// A Ranges reads the rangeMappings string of a map (a proposal to ECMA-426, draft of April 2026): for each generated
// line, which of its mappings are ranges, counted from 0 in the order of the file.
type Ranges struct {
	text  []byte
	at    int
	line  int32
	index int64 // of the range before on this line; -1: none
}

// NewRanges checks the grammar of the text. By the standard a text that breaks it has no ranges at all. The error is an
// [*Error].
func NewRanges(text []byte) (*Ranges, error) {
	line := int32(0)
	for at := 0; at < len(text); {
		if text[at] == ';' {
			line++
			at++
			continue
		}
		_, end, what := Unsigned(text, at)
		if what != "" {
			return nil, &Error{Offset: end, Line: line, What: what}
		}
		at = end
	}
	return &Ranges{text: text, index: -1}, nil
}

// Next returns the next range: its line, its number among the mappings of the line, and the offset of its value in the text.
// again: it is the one before once more, which the draft lets a consumer report. ok is false at the end.
func (r *Ranges) Next() (line int32, index int64, offset int, again, ok bool) {
	for r.at < len(r.text) && r.text[r.at] == ';' {
		r.at++
		r.line++
		r.index = -1
	}
	if r.at >= len(r.text) {
		return 0, 0, r.at, false, false
	}
	offset = r.at
	value, end, _ := Unsigned(r.text, r.at)
	r.at = end
	if r.index < 0 {
		r.index = int64(value)
	} else {
		again = value == 0
		r.index += int64(value)
	}
	return r.line, r.index, offset, again, true
}
