// Package jsonscan walks JSON text without building anything: bytes and an offset in; a span, the
// next offset, an error out.
//
// A source map is a large JSON object of which a consumer needs a few spans. So strings are skipped
// by searching for the closing quote (their escapes and control characters are looked at only by
// [Unescape], when somebody asks for the text), and every other value is checked as RFC 8259 has it.
// Nesting is followed with a counter and a bit stack, never by recursion.
//
// Offsets are bytes into the text given. Nothing here keeps or changes the text.
package jsonscan

import (
	"bytes"
	"fmt"
)

// MaxDepth is how deep arrays and objects may be nested inside a skipped value. No tool writes more
// than a dozen levels; the limit keeps the memory of a hostile file at MaxDepth bits.
const MaxDepth = 100_000

// Span is the half-open byte range [Start, End) of a value in the text.
type Span struct{ Start, End int }

// Of returns the bytes of the span.
func (s Span) Of(text []byte) []byte { return text[s.Start:s.End] }

// Error says what is wrong with the text and where.
type Error struct {
	Offset    int    // byte offset of the first byte that does not fit
	Expected  string // what JSON wants there
	Truncated bool   // the text ended too early; the bytes that are there fit
	TooDeep   bool   // nested deeper than MaxDepth
}

func (e *Error) Error() string {
	switch {
	case e.TooDeep:
		return fmt.Sprintf("JSON nested deeper than %d at byte %d", MaxDepth, e.Offset)
	case e.Truncated:
		return fmt.Sprintf("JSON ends at byte %d, expected %s", e.Offset, e.Expected)
	default:
		return fmt.Sprintf("not JSON at byte %d: expected %s", e.Offset, e.Expected)
	}
}

func fail(text []byte, at int, expected string) error {
	return &Error{Offset: at, Expected: expected, Truncated: at >= len(text)}
}

// Space returns the offset of the first byte at or after at that is not JSON white space.
func Space(text []byte, at int) int {
	for at < len(text) {
		switch text[at] {
		case ' ', '\t', '\n', '\r':
			at++
		default:
			return at
		}
	}
	return at
}

// String skips the string whose opening quote is at the offset and returns the offset behind its
// closing quote.
func String(text []byte, at int) (int, error) {
	start := at + 1
	for from := start; ; {
		n := bytes.IndexByte(text[from:], '"')
		if n < 0 {
			return 0, &Error{Offset: len(text), Expected: `the closing '"' of a string`, Truncated: true}
		}
		quote := from + n
		// The quote is escaped when an odd number of backslashes stands before it. A run of
		// backslashes ends at the quote before this one, so each byte is counted once: linear.
		back := quote
		for back > from && text[back-1] == '\\' {
			back--
		}
		if (quote-back)%2 == 0 {
			return quote + 1, nil
		}
		from = quote + 1
	}
}

// Value skips the value that starts at the offset (no white space before it) and returns the offset
// behind it.
func Value(text []byte, at int) (int, error) {
	if at >= len(text) {
		return 0, fail(text, at, "a value")
	}
	switch text[at] {
	case '"':
		return String(text, at)
	case '{', '[':
		return nested(text, at)
	default:
		return scalar(text, at)
	}
}

// scalar skips a number, true, false or null.
func scalar(text []byte, at int) (int, error) {
	switch c := text[at]; {
	case c == 't':
		return literal(text, at, "true")
	case c == 'f':
		return literal(text, at, "false")
	case c == 'n':
		return literal(text, at, "null")
	case c == '-' || c-'0' <= 9:
		return number(text, at)
	}
	return 0, fail(text, at, "a value")
}

func literal(text []byte, at int, word string) (int, error) {
	for i := range len(word) {
		if at+i >= len(text) || text[at+i] != word[i] {
			return 0, fail(text, at+i, "'"+word+"'")
		}
	}
	return at + len(word), nil
}

func number(text []byte, at int) (int, error) {
	digits := func() bool {
		from := at
		for at < len(text) && text[at]-'0' <= 9 {
			at++
		}
		return at > from
	}
	if text[at] == '-' {
		at++
	}
	if at < len(text) && text[at] == '0' {
		at++
	} else if !digits() {
		return 0, fail(text, at, "a digit")
	}
	if at < len(text) && text[at] == '.' {
		at++
		if !digits() {
			return 0, fail(text, at, "a digit")
		}
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		if !digits() {
			return 0, fail(text, at, "a digit")
		}
	}
	return at, nil
}

// nested skips an array or object. The stack holds one bit a level (1: object).
func nested(text []byte, at int) (int, error) {
	var (
		stack []uint64
		depth int
		err   error
	)
	inObject := func() bool { return stack[(depth-1)/64]>>((depth-1)%64)&1 == 1 }
	push := func(object bool) {
		if depth/64 == len(stack) {
			stack = append(stack, 0)
		}
		bit := uint64(1) << (depth % 64)
		stack[depth/64] &^= bit
		if object {
			stack[depth/64] |= bit
		}
		depth++
	}
	// A state machine of one variable: what may stand at the offset.
	const (
		value      = iota // a value
		firstItem         // a value or ']'
		firstKey          // a key or '}'
		key               // a key
		afterValue        // ',' or a closing bracket
	)
	for state := value; ; {
		at = Space(text, at)
		if at >= len(text) {
			return 0, fail(text, at, "more of an array or object")
		}
		c := text[at]
		switch state {
		case firstItem, value:
			switch {
			case c == ']' && state == firstItem:
				state = afterValue
				continue
			case c == '{' || c == '[':
				if depth == MaxDepth {
					return 0, &Error{Offset: at, TooDeep: true}
				}
				push(c == '{')
				state = firstItem
				if c == '{' {
					state = firstKey
				}
				at++
			default:
				if at, err = Value(text, at); err != nil {
					return 0, err
				}
				state = afterValue
			}
		case firstKey, key:
			if c == '}' && state == firstKey {
				state = afterValue
				continue
			}
			if at, err = colon(text, at); err != nil {
				return 0, err
			}
			state = value
		case afterValue:
			object := inObject()
			switch {
			case c == ',':
				state = value
				if object {
					state = key
				}
			case c == '}' && object, c == ']' && !object:
				if depth--; depth == 0 {
					return at + 1, nil
				}
			case object:
				return 0, fail(text, at, "',' or '}'")
			default:
				return 0, fail(text, at, "',' or ']'")
			}
			at++
		}
	}
}

// colon skips a key and its colon.
func colon(text []byte, at int) (int, error) {
	if text[at] != '"' {
		return 0, fail(text, at, "a key")
	}
	at, err := String(text, at)
	if err != nil {
		return 0, err
	}
	at = Space(text, at)
	if at >= len(text) || text[at] != ':' {
		return 0, fail(text, at, "':'")
	}
	return at + 1, nil
}

// Members calls visit for each member of the object whose '{' is at the offset, in order, with the
// key's span (quotes included) and the offset of the value's first byte. visit returns the offset
// behind the value (usually by [Value]). Members returns the offset behind the object.
func Members(text []byte, at int, visit func(key Span, value int) (int, error)) (int, error) {
	at = Space(text, at+1)
	if at < len(text) && text[at] == '}' {
		return at + 1, nil
	}
	for {
		if at >= len(text) || text[at] != '"' {
			return 0, fail(text, at, "a key")
		}
		end, err := String(text, at)
		if err != nil {
			return 0, err
		}
		key := Span{at, end}
		if at, err = colon(text, at); err != nil {
			return 0, err
		}
		if at, err = visit(key, Space(text, at)); err != nil {
			return 0, err
		}
		at = Space(text, at)
		switch {
		case at < len(text) && text[at] == '}':
			return at + 1, nil
		case at >= len(text) || text[at] != ',':
			return 0, fail(text, at, "',' or '}'")
		}
		at = Space(text, at+1)
	}
}

// Items calls visit for each element of the array whose '[' is at the offset, in order, with the
// offset of the element's first byte; visit returns the offset behind the element. Items returns the
// offset behind the array.
func Items(text []byte, at int, visit func(value int) (int, error)) (int, error) {
	at = Space(text, at+1)
	if at < len(text) && text[at] == ']' {
		return at + 1, nil
	}
	for {
		var err error
		if at, err = visit(at); err != nil {
			return 0, err
		}
		at = Space(text, at)
		switch {
		case at < len(text) && text[at] == ']':
			return at + 1, nil
		case at >= len(text) || text[at] != ',':
			return 0, fail(text, at, "',' or ']'")
		}
		at = Space(text, at+1)
	}
}
