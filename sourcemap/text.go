package sourcemap

import (
	"strings"

	"github.com/symbolicate/symbolicate/internal/lines"
)

// Text is a source text cut into lines, as ECMA-262 ends them: with LF, CR, CR LF, U+2028 or U+2029.
// The positions of a map count lines this way.
type Text struct {
	text      string
	lines     lines.Index
	functions functionsOf
}

// NewText cuts a text, of less than 4 GiB, into lines. An empty text is one empty line.
func NewText(text string) *Text { return &Text{text: text, lines: lines.New(text)} }

// String returns the whole text.
func (t *Text) String() string { return t.text }

// NumLines returns the number of lines; a text that ends in a line terminator has an empty last one.
func (t *Text) NumLines() int { return t.lines.Count }

// Line returns line i (0-based) without its end; "" when there is no such line. It shares the memory of
// the text.
func (t *Text) Line(i int) string { return t.lines.Line(t.text, i) }

// wholeLine is Line with its end.
func (t *Text) wholeLine(i int) string {
	start, line := t.lines.Find(t.text, i)
	end := start + len(line)
	for _, terminator := range [...]string{"\r\n", "\n", "\r", "\u2028", "\u2029"} {
		if strings.HasPrefix(t.text[end:], terminator) && i+1 < t.lines.Count {
			return t.text[start : end+len(terminator)]
		}
	}
	return line
}
