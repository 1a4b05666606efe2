// Package lines finds the lines of a source text, as ECMA-262 ends them: with LF, CR, CR LF, U+2028 or U+2029. The
// positions of a map count lines this way.
package lines

import "strings"

// Step is how many lines apart the starts are that an [Index] keeps.
const Step = 32

// An Index says where lines start, each [Step]th of them; those between are found by a short scan.
type Index struct {
	Count  int      // lines of the text
	Starts []uint32 // byte offset of lines Step, 2·Step, …; line 0 starts at 0
}

// New reads a text, of less than 4 GiB. An empty text is one empty line; one that ends in a line terminator has
// an empty last line.
func New(text string) Index {
	x := Index{Count: 1}
	s := scan(text)
	for s.next() {
		if x.Count%Step == 0 {
			x.Starts = append(x.Starts, uint32(s.at))
		}
		x.Count++
	}
	return x
}

// Line returns line i (0-based) of the text, without its end; "" when there is no such line. It shares the memory
// of the text.
func (x *Index) Line(text string, i int) string {
	_, line := x.Find(text, i)
	return line
}

// Find is [Index.Line], with the byte offset where the line starts, 0 where there is no such line.
func (x *Index) Find(text string, i int) (start int, line string) {
	if i < 0 || i >= x.Count || i/Step > len(x.Starts) {
		return 0, ""
	}
	from, to := 0, len(text)
	if k := i / Step; k > 0 {
		from = int(min(uint64(x.Starts[k-1]), uint64(to)))
	}
	if k := i / Step; k < len(x.Starts) {
		to = int(min(uint64(x.Starts[k]), uint64(to)))
	}
	s := scan(text[from:max(from, to)])
	for range i % Step {
		if !s.next() {
			return 0, ""
		}
	}
	start = s.at
	s.next()
	return from + start, s.text[start:s.end]
}

// A scanner goes from line to line. Where each kind of terminator comes next it looks up only when it has passed
// the last one: so the whole costs a few passes over the text, whatever is in it.
type scanner struct {
	text string
	at   int // where the line at work starts
	end  int // where the line before it ended, without its terminator; at the last line where that ends

	lf, cr, separator int // the next ones at or behind at; len(text): none
}

func scan(text string) scanner { return scanner{text: text, lf: -1, cr: -1, separator: -1} }

// next goes to the next line; false when there is none.
func (s *scanner) next() bool {
	if s.lf < s.at {
		s.lf = s.find('\n', s.at)
	}
	if s.cr < s.at {
		s.cr = s.find('\r', s.at)
	}
	for s.separator < s.at || s.separator < len(s.text) && !s.isSeparator() {
		s.separator = s.find(0xE2, max(s.at, s.separator+1)) // the first byte of U+2028 and U+2029
	}
	s.end = min(s.lf, s.cr, s.separator)
	switch {
	case s.end == len(s.text):
		return false
	case s.end == s.separator:
		s.at = s.end + len("\u2028")
	case s.end == s.cr && s.end+1 == s.lf && s.lf < len(s.text):
		s.at = s.end + 2
	default:
		s.at = s.end + 1
	}
	return true
}

func (s *scanner) isSeparator() bool {
	rest := s.text[s.separator:]
	return strings.HasPrefix(rest, "\u2028") || strings.HasPrefix(rest, "\u2029")
}

func (s *scanner) find(c byte, from int) int {
	if n := strings.IndexByte(s.text[from:], c); n >= 0 {
		return from + n
	}
	return len(s.text)
}
