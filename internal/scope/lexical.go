package scope

import (
	"strings"

	"github.com/symbolicate/symbolicate/internal/eight"
)

// isWord tells the bytes of identifiers: what is not ASCII counts, and the backslash of an escape.
var isWord = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '\\' || c >= 0x80
	}
	return t
}()

// startsWord tells those that one may start with.
var startsWord = func() (t [256]bool) {
	for c := range t {
		t[c] = isWord[c] && !(c >= '0' && c <= '9')
	}
	return t
}()

// letter tells those of them that are ASCII and no escape.
var letter = func() (t [256]bool) {
	for c := range t {
		t[c] = startsWord[c] && c < 0x80 && c != '\\'
	}
	return t
}()

// plainWord tells those that are ASCII and no escape: the bytes of nearly all words.
var plainWord = func() (t [256]bool) {
	for c := range t {
		t[c] = isWord[c] && c < 0x80 && c != '\\'
	}
	return t
}()

// wordEnd returns where the word that goes on at i ends: an identifier, a keyword, with its escapes.
func wordEnd(src string, i int) int {
	for i+8 <= len(src) {
		n := eight.First(notWord(eight.Load(src, i)))
		if i += n; n < 8 {
			if isWord[src[i]] || src[i] == '{' {
				return wideWordEnd(src, i)
			}
			return i
		}
	}
	for i < len(src) && plainWord[src[i]] {
		i++
	}
	if i < len(src) && (isWord[src[i]] || src[i] == '{') {
		return wideWordEnd(src, i)
	}
	return i
}

// wideWordEnd is wordEnd where there may be escapes and what is not ASCII.
func wideWordEnd(src string, i int) int {
	for ; i < len(src); i++ {
		switch c := src[i]; {
		case c >= 0x80:
			if n, _ := wideSpace(src[i:]); n > 0 {
				return i
			}
		case isWord[c]:
		case c == '{' && i >= 2 && src[i-2:i] == `\u`:
			n := strings.IndexByte(src[i:min(len(src), i+12)], '}')
			if n < 0 {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// space skips white space and comments, and notes line ends.
func (p *scanner) space() {
	src, i := p.src, p.pos
	for i < len(src) {
		switch c := src[i]; c {
		case ' ', '\t', '\v', '\f':
			i++
		case '\n', '\r':
			p.newline = true
			i = spaces(src, i+1)
		case '/':
			if i+1 == len(src) || src[i+1] != '/' && src[i+1] != '*' {
				p.pos = i
				return
			}
			end := len(src)
			if src[i+1] == '/' || !p.unclosed {
				end = comment(src, i)
				// So that it is not looked for again. A try does not see the whole text.
				if src[i+1] == '*' && end == p.whole && !strings.HasSuffix(src[i+2:], "*/") {
					p.unclosed = true
				}
			}
			p.newline = p.newline || src[i+1] == '*' && !p.unclosed && hasLineEnd(src[i:end])
			i = end
		case '<':
			if !p.html || !strings.HasPrefix(src[i:], "<!--") {
				p.pos = i
				return
			}
			i = lineEnd(src, i)
		case '-':
			if !p.html || !p.newline && p.started() || !strings.HasPrefix(src[i:], "-->") {
				p.pos = i
				return
			}
			i = lineEnd(src, i)
		default:
			if c < 0x80 {
				p.pos = i
				return
			}
			n, line := wideSpace(src[i:])
			if n == 0 {
				p.pos = i
				return
			}
			p.newline = p.newline || line
			i += n
		}
	}
	p.pos = i
}

// mayBeSpace tells the bytes that white space and comments start with; others may, too.
var mayBeSpace = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x80 || strings.IndexByte("\t\n\v\f\r /<-", byte(c)) >= 0
	}
	return t
}()

// spaces returns the end of the spaces at i.
func spaces(src string, i int) int {
	for i+8 <= len(src) {
		n := eight.First(eight.Load(src, i) ^ ' '*eight.Each)
		if i += n; n < 8 {
			return i
		}
	}
	for i < len(src) && src[i] == ' ' {
		i++
	}
	return i
}

// after returns where the next token starts behind the offset, and whether a line end lies between.
func (p *scanner) after(at int) (next int, newline bool) {
	if at < len(p.src) && !mayBeSpace[p.src[at]] {
		return at, false
	}
	return p.behindSpace(at)
}

func (p *scanner) behindSpace(at int) (next int, newline bool) {
	pos, was := p.pos, p.newline
	p.pos, p.newline = at, false
	p.space()
	next, newline = p.pos, p.newline
	p.pos, p.newline = pos, was
	return next, newline
}

// at returns the byte at an offset, 0 behind the end.
func (p *scanner) at(i int) byte { return byteAt(p.src, i) }

func byteAt(text string, i int) byte {
	if i < len(text) {
		return text[i]
	}
	return 0
}

// wideSpace returns how many bytes of white space outside of ASCII stand in front, and whether it is a line end.
func wideSpace(text string) (n int, line bool) {
	if strings.HasPrefix(text, "\u00a0") {
		return 2, false
	}
	if len(text) < 3 {
		return 0, false
	}
	switch text[:3] {
	case "\u2028", "\u2029":
		return 3, true
	case "\ufeff", "\u3000", "\u202f", "\u205f", "\u1680":
		return 3, false
	}
	return 3 * flag(text[0] == 0xe2 && text[1] == 0x80 && text[2] >= 0x80 && text[2] <= 0x8a), false
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// comment returns the end of the comment at i.
func comment(src string, i int) int {
	if src[i+1] == '*' {
		if n := strings.Index(src[i+2:], "*/"); n >= 0 {
			return i + 2 + n + 2
		}
		return len(src)
	}
	return lineEnd(src, i)
}

// hasLineEnd tells whether a comment counts as the end of a line.
func hasLineEnd(comment string) bool { return lineEnd(comment, 0) < len(comment) }

func lineEnd(src string, i int) int {
	for ; i < len(src); i++ {
		for i+8 <= len(src) {
			x := eight.Load(src, i)
			n := eight.First(eight.Equal(x, '\n') | eight.Equal(x, '\r') | eight.Equal(x, 0xe2))
			if i += n; n < 8 {
				break
			}
		}
		if i == len(src) || isLineEnd(src, i) {
			return i
		}
	}
	return i
}

// isLineEnd tells whether a line terminator stands at i.
func isLineEnd(src string, i int) bool {
	if i >= len(src) {
		return false
	}
	c := src[i]
	return c == '\n' || c == '\r' || c == 0xe2 && i+2 < len(src) && src[i+1] == 0x80 && src[i+2]|1 == 0xa9
}

// quoted returns the end of the string at i. One without an end stops at its line, and is not closed.
func quoted(src string, i int) (end int, closed bool) {
	quote := src[i]
	for i++; i < len(src); i++ {
		for i+8 <= len(src) {
			x := eight.Load(src, i)
			n := eight.First(eight.Equal(x, quote) | eight.Equal(x, '\\') | eight.Equal(x, '\n') | eight.Equal(x, '\r'))
			if i += n; n < 8 {
				break
			}
		}
		if i == len(src) {
			break
		}
		switch src[i] {
		case quote:
			return i + 1, true
		case '\\':
			i++
			if i+1 < len(src) && src[i] == '\r' && src[i+1] == '\n' {
				i++
			}
		case '\n', '\r':
			return i, false
		}
	}
	return len(src), false
}

// string reads the string at the position.
func (p *scanner) string() {
	end, closed := quoted(p.src, p.pos)
	p.pos = end
	p.broken = p.broken || !closed
}

// number returns the end of the number at i.
func number(src string, i int) int {
	start := i
	dots := 0
	for ; i < len(src); i++ {
		switch c := src[i]; {
		case c == '.' && dots == 0 && !(src[start] == '0' && i > start+1 && src[start+1]|0x20 == 'x'):
			dots++
		case c == '+' || c == '-':
			if src[i-1]|0x20 != 'e' || i < start+2 || src[start] == '0' && src[start+1]|0x20 == 'x' {
				return i
			}
		case !isWord[c] || c == '\\':
			return i
		}
	}
	return i
}

// regexp returns the end of the regular expression at i, with its flags; ok is false where its line has no end of one.
func regexp(src string, i int) (end int, ok bool) {
	class := false
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			if i++; isLineEnd(src, i) {
				return i, false
			}
		case '[':
			class = true
		case ']':
			class = false
		case '\n', '\r', 0xe2:
			if isLineEnd(src, i) {
				return i, false
			}
		case '/':
			if class {
				continue
			}
			return wordEnd(src, i+1), true
		}
	}
	return len(src), false
}

// template reads on in a template, behind its opening or a hole: to its end, or into the next hole.
func (p *scanner) template() {
	end, what := templatePart(p.src, p.pos, true)
	p.pos = end
	switch what {
	case '`':
		p.pop()
		p.state = hasOperand
	case '{':
		p.push(hole)
	}
}

// maxHoles is how many templates are told apart that stand in holes of one another, in what is passed over.
const maxHoles = 32

// closing returns the end of what is in brackets at i, or of the template there: brackets of all kinds count, strings, templates and comments are
// passed over.
func closing(src string, i int) int {
	var holes [maxHoles]int // by how many templates are open: how many brackets were in front of its hole
	open, depth := 0, 0
	for i < len(src) {
		c := src[i]
		switch c {
		case '(', '[', '{':
			depth++
			i++
		case ')', ']', '}':
			depth--
			i++
			if open == 0 {
				if depth <= 0 {
					return i
				}
				continue
			}
			if c != '}' || depth > holes[open-1] {
				continue
			}
			open--
			depth = holes[open]
		case '"', '\'':
			i, _ = quoted(src, i)
			continue
		case '`':
			i++
		case '/':
			if i+1 < len(src) && (src[i+1] == '/' || src[i+1] == '*') {
				i = comment(src, i)
			} else {
				i++
			}
			continue
		default:
			i++
			continue
		}
		if c != '`' && c != '}' {
			continue
		}
		// In a template, behind its start or a hole.
		end, what := templatePart(src, i, open < maxHoles)
		i = end
		if what == '{' {
			holes[open] = depth
			open++
			depth++
		} else if open == 0 && depth == 0 {
			return i
		}
	}
	return len(src)
}

// templatePart reads on in a template from i: up to behind its end, what is then "`", or of what starts a hole, "{"; 0: it does not end.
func templatePart(src string, i int, holes bool) (end int, what byte) {
	for ; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '`':
			return i + 1, '`'
		case '$':
			if holes && i+1 < len(src) && src[i+1] == '{' {
				return i + 2, '{'
			}
		}
	}
	return len(src), 0
}
