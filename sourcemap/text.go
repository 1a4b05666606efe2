package sourcemap

import "strings"

// Text is a source text cut into lines, as ECMA-262 ends them: with LF, CR, CR LF, U+2028 or U+2029.
// The positions of a map count lines this way.
type Text struct {
	text   string
	starts []int // byte offset of each line
}

// NewText cuts a text into lines. An empty text is one empty line.
func NewText(text string) *Text {
	t := &Text{text: text, starts: []int{0}}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			t.starts = append(t.starts, i+1)
		case '\n':
			t.starts = append(t.starts, i+1)
		case 0xE2:
			if strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029") {
				t.starts = append(t.starts, i+3)
			}
		}
	}
	return t
}

// NumLines returns the number of lines; a text that ends in a line terminator has an empty last one.
func (t *Text) NumLines() int { return len(t.starts) }

// Line returns line i (0-based) without its end; "" when there is no such line. It shares the memory of
// the text.
func (t *Text) Line(i int) string {
	if i < 0 || i >= len(t.starts) {
		return ""
	}
	end := len(t.text)
	if i+1 < len(t.starts) {
		end = t.starts[i+1]
	}
	line := t.text[t.starts[i]:end]
	for _, terminator := range []string{"\r\n", "\n", "\r", "\u2028", "\u2029"} {
		if cut, ok := strings.CutSuffix(line, terminator); ok {
			line = cut
			break
		}
	}
	return line
}
