package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/eight"
	"github.com/symbolicate/symbolicate/internal/le"
)

// Unescape returns the text of a JSON string, given with its quotes, as UTF-8.
//
// It is forgiving, because the text is somebody's source code and one odd character must not hide
// it: what is not a known escape stays as it is written; a lone surrogate and each byte that is not
// UTF-8 become U+FFFD (as in encoding/json), which is one UTF-16 code unit like the surrogate or the
// Latin-1 character it stands for, so columns stay right.
func Unescape(quoted []byte) string {
	body := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(body, '\\') < 0 && utf8.Valid(body) {
		return string(body)
	}
	return string(AppendUnescaped(nil, quoted))
}

// AppendUnescaped appends the text of a JSON string to dst.
func AppendUnescaped(dst, quoted []byte) []byte {
	body := quoted[1 : len(quoted)-1]
	next := bytes.IndexByte(body, '\\')
	if next < 0 {
		return appendValid(dst, body)
	}
	out, ascii := unescape(body)
	if dst == nil && (ascii || valid(out)) {
		return out
	}
	return appendValid(dst, out)
}

// unescape resolves the escapes of a string's body; ascii tells that it has nothing else but these.
func unescape(body []byte) (out []byte, ascii bool) {
	// An escape is never shorter than what it stands for (\uXXXX is 6 bytes for at most 3), so there is room for eight bytes at a time.
	out = make([]byte, len(body)+8)
	i, o, seen := 0, 0, uint64(0)
	for i+8 <= len(body) {
		x := le.Load64(body, i)
		le.Store64(out, o, x)
		mark := eight.Equal(x, '\\')
		if mark == 0 {
			seen |= x
			i, o = i+8, o+8
			continue
		}
		seen |= x & (mark&-mark - 1)
		n := eight.First(mark)
		i, o = i+n, o+n
		i, o = escape(out, o, body, i)
	}
	for i < len(body) {
		if body[i] == '\\' {
			i, o = escape(out, o, body, i)
			continue
		}
		out[o] = body[i]
		seen |= uint64(body[i])
		i, o = i+1, o+1
	}
	return out[:o], seen&eight.High == 0
}

// short is what an escape of two characters stands for.
var short = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape writes what the escape at body[i] stands for to out[o], and returns what is behind either.
func escape(out []byte, o int, body []byte, i int) (int, int) {
	if i+1 < len(body) {
		if c := short[body[i+1]]; c != 0 {
			out[o] = c
			return i + 2, o + 1
		}
	}
	longer, size := unescapeOne(out[:o], body[i:])
	return i + size, len(longer)
}

func valid(text []byte) bool { return utf8.Valid(text) }

func appendValid(dst, text []byte) []byte {
	if valid(text) {
		return append(dst, text...)
	}
	for len(text) > 0 {
		// Byte by byte: bytes.ToValidUTF8 would make one U+FFFD of a whole run.
		r, size := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, r)
		text = text[size:]
	}
	return dst
}

// unescapeOne appends what the escape at the start of body stands for and returns its size in bytes.
func unescapeOne(out, body []byte) ([]byte, int) {
	if len(body) < 2 {
		return append(out, body...), len(body)
	}
	if c := short[body[1]]; c != 0 {
		return append(out, c), 2
	}
	if unit, ok := hex4(body); ok {
		if !utf16.IsSurrogate(unit) {
			return utf8.AppendRune(out, unit), 6
		}
		if low, ok := hex4(body[6:]); ok {
			if pair := utf16.DecodeRune(unit, low); pair != utf8.RuneError {
				return utf8.AppendRune(out, pair), 12
			}
		}
		return utf8.AppendRune(out, utf8.RuneError), 6
	}
	return append(out, body[0]), 1
}

// hex4 reads the code unit of an escape \uXXXX at the start of body.
func hex4(body []byte) (rune, bool) {
	if len(body) < 6 || body[0] != '\\' || body[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range body[2:6] {
		switch {
		case c-'0' <= 9:
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

// RawOffset returns where byte n of the unescaped text stands in the quoted text: the way back from
// an offset in decoded bytes to the file. n at or past the end gives the closing quote.
func RawOffset(quoted []byte, n int) int {
	at, end := 1, len(quoted)-1
	for decoded := 0; at < end; {
		size, gives := 1, 1
		switch c := quoted[at]; {
		case c == '\\':
			var one []byte
			one, size = unescapeOne(nil, quoted[at:end])
			gives = len(one)
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(quoted[at:end])
			if r == utf8.RuneError && n == 1 {
				gives = len("\uFFFD")
			} else {
				size, gives = n, n
			}
		}
		if decoded+gives > n {
			if size == gives { // a character as it is written
				at += n - decoded
			}
			return at
		}
		decoded += gives
		at += size
	}
	return end
}
