package scope

import (
	"strconv"
	"strings"
)

// name is where the text names a function or a class.
type name struct {
	kind       nameKind
	static     bool  // a static member
	own        bool  // written in the function itself
	class      int32 // of a member, or around an assignment to a property of this; -1: of an object, or none
	start, end int32 // of the words
}

type nameKind uint8

const (
	unnamed     nameKind = iota
	byWord               // an identifier: its own, of a variable, of a key
	byChain              // a.b.c =
	byString             // a key that is a string
	byNumber             // a key that is a number
	byExpr               // a computed key: [expr]
	byDefault            // export default
	byThis               // this.a.b = inside class
	byClassOnly          // what is called after its class: constructor, initialisers
)

// NameAt returns the byte offset of the identifier that names function i, or -1: of "c" in a.b.c = function(){}. There a
// map from minified text has the original name, if it has it.
func (s *Scopes) NameAt(i int) int {
	switch n := &s.funcs[i].name; n.kind {
	case byWord:
		return int(n.start)
	case byChain, byThis:
		at := n.end
		for at > n.start && isWord[s.src[at-1]] {
			at--
		}
		if at < n.end {
			return int(at)
		}
	case byClassOnly:
		if n.class >= 0 && s.classes[n.class].kind == byWord {
			return int(s.classes[n.class].start)
		}
	}
	return -1
}

// Name returns what function i is called, "" for one that the language gives no name.
func (s *Scopes) Name(i int) string {
	f := &s.funcs[i]
	n := &f.name
	switch f.Kind {
	case Getter:
		return "get " + s.member(n)
	case Setter:
		return "set " + s.member(n)
	case Constructor:
		return "new " + s.className(n.class)
	case Field:
		if n.static {
			return "static " + s.className(n.class)
		}
		return "new " + s.className(n.class)
	case StaticBlock:
		return "static " + s.className(n.class)
	case Method:
		return s.member(n)
	}
	return s.text(n)
}

// text is the name of a function that is no member by itself, or of a class.
func (s *Scopes) text(n *name) string {
	words := s.src[n.start:n.end]
	switch n.kind {
	case unnamed:
		return ""
	case byDefault:
		return "default"
	case byChain:
		return chain(words)
	case byThis:
		keys := strings.TrimPrefix(chain(words), "this")
		if n.class < 0 {
			return strings.TrimPrefix(keys, ".")
		}
		return s.className(n.class) + keys
	default:
		return s.member(n)
	}
}

// member is the name of a member: with its class, or that of an object's by itself.
func (s *Scopes) member(n *name) string {
	key, plain := s.key(n)
	if n.class < 0 {
		return key
	}
	if plain {
		return s.className(n.class) + "." + key
	}
	return s.className(n.class) + key
}

// key is how a member's key is written behind its class; plain: with a dot.
func (s *Scopes) key(n *name) (text string, plain bool) {
	words := s.src[n.start:n.end]
	switch n.kind {
	case byString, byNumber, byExpr:
		text := keyOf(words)
		return strings.TrimPrefix(text, "."), text[0] == '.'
	}
	return word(words), true
}

func (s *Scopes) className(class int32) string {
	if class >= 0 {
		if text := s.text(&s.classes[class]); text != "" {
			return text
		}
	}
	return "<anonymous>"
}

// keyOf writes the key that an expression is behind an object: .k, ["k k"], [42], [Symbol.iterator], .<computed>.
func keyOf(expr string) string {
	start := trivia(expr, 0)
	end := start
	switch c := byteAt(expr, start); {
	case c >= '0' && c <= '9' || c == '.':
		end = number(expr, start)
	case c == '"' || c == '\'':
		end, _ = quoted(expr, start)
	case c == '`':
		end = wholeTemplate(expr, start)
	case strings.HasPrefix(expr[start:], "Symbol."):
		end = wordEnd(expr, start+len("Symbol."))
	}
	if end == start || trivia(expr, end) < len(expr) {
		return ".<computed>"
	}
	literal := expr[start:end]
	switch c := literal[0]; {
	case c == 'S':
		return "[" + literal + "]"
	case c != '"' && c != '\'' && c != '`':
		return "[" + numberKey(literal) + "]"
	case c == '`' && strings.Contains(literal, "${"):
		return ".<computed>"
	}
	if key := unquote(literal); !isIdentifier(key) {
		return `["` + key + `"]`
	} else {
		return "." + key
	}
}

// trivia returns the end of the white space and the comments at i.
func trivia(text string, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c <= ' ':
			i++
		case c == '/' && (byteAt(text, i+1) == '/' || byteAt(text, i+1) == '*'):
			i = comment(text, i)
		default:
			return i
		}
	}
	return i
}

// numberKey is the key that a number literal is: 16 for 0x10.
func numberKey(literal string) string {
	digits := strings.TrimSuffix(strings.ReplaceAll(literal, "_", ""), "n")
	if f, err := strconv.ParseInt(digits, 0, 64); err == nil && f < 1<<53 {
		return strconv.FormatInt(f, 10)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return literal
	}
	if f >= 1e21 || f > 0 && f < 1e-6 {
		return strings.Replace(strconv.FormatFloat(f, 'e', -1, 64), "e-0", "e-", 1)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// chain writes a.b.c as V8 does: without space, comments, groups and types, A.prototype.m as A.m.
func chain(words string) string {
	var out strings.Builder
	behind := false // a word, and no dot yet
	for i := 0; i < len(words); {
		switch c := words[i]; {
		case behind && isWord[c]: // as, satisfies: the type behind it ends with its group
			i = groupEnd(words, i)
		case isWord[c] || c == '#':
			end := wordEnd(words, i+1)
			part := word(words[i:end])
			i, behind = end, true
			if part == "prototype" && out.Len() > 0 {
				continue
			}
			if out.Len() > 0 {
				out.WriteByte('.')
			}
			out.WriteString(part)
		case c == '[':
			end := closing(words, i)
			out.WriteString(keyOf(words[i+1 : max(end-1, i+1)]))
			i, behind = end, true
		case c == '<': // (<T>a)
			i = anglesEnd(words, i)
		case c == '/' && i+1 < len(words) && (words[i+1] == '/' || words[i+1] == '*'):
			i = comment(words, i)
		default:
			behind = behind && c != '.'
			i++
		}
	}
	return out.String()
}

// groupEnd returns the offset of the bracket that closes the group around i.
func groupEnd(text string, i int) int {
	for i < len(text) && text[i] != ')' {
		switch c := text[i]; c {
		case '(', '[', '{':
			i = closing(text, i)
		case '"', '\'':
			i, _ = quoted(text, i)
		case '`':
			i = wholeTemplate(text, i)
		default:
			i++
		}
	}
	return i
}

// anglesEnd returns the end of the types in angle brackets at i.
func anglesEnd(text string, i int) int {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '<':
			depth++
		case '>':
			if text[i-1] != '=' {
				depth--
			}
		case '(', '[', '{':
			i = closing(text, i)
			continue
		}
		i++
		if depth == 0 {
			break
		}
	}
	return i
}

// word resolves the escapes of an identifier.
func word(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	return unescape(text)
}

func isIdentifier(text string) bool {
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		return false
	}
	for i := range len(text) {
		if !isWord[text[i]] || text[i] == '\\' {
			return false
		}
	}
	return true
}

// unquote is the value of a string literal.
func unquote(literal string) string {
	if len(literal) < 2 {
		return ""
	}
	inner := literal[1 : len(literal)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unescape(inner)
}

// unescape resolves what a name may need: \uXXXX, \u{X}, \xXX and a character that stands for itself.
func unescape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			continue
		}
		i++
		digits := 0
		switch {
		case text[i] == 'x':
			digits = 2
		case text[i] == 'u' && i+1 < len(text) && text[i+1] == '{':
			end := strings.IndexByte(text[i:], '}')
			if r, ok := hex(text[i+2 : max(i+end, i+2)]); ok && end > 0 {
				out.WriteRune(r)
				i += end
				continue
			}
		case text[i] == 'u':
			digits = 4
		}
		if digits > 0 && i+digits < len(text) {
			if r, ok := hex(text[i+1 : i+1+digits]); ok {
				out.WriteRune(r)
				i += digits
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

func hex(digits string) (r rune, ok bool) {
	if len(digits) == 0 || len(digits) > 6 {
		return 0, false
	}
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
