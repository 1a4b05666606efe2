package scope

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// name is where the text names a function or a class.
type name struct {
	kind       nameKind
	static     bool  // a static member
	own        bool  // written in the function itself
	class      int32 // of a member, or around an assignment to a property of this; -1: of an object, or none
	start, end int32 // of the words
}

// set makes it that of no class' member, in place: a copy would have to wait for what was just written.
func (n *name) set(kind nameKind, start, end int) {
	n.kind, n.static, n.own, n.class, n.start, n.end = kind, false, false, -1, int32(start), int32(end)
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
	byTarget             // while scanning: what stands in front of an =, see target
)

// MaxName is how many bytes of the text a part of a name is made from, and about how long a name gets: a class may have
// thousands of members, each of which is called after it.
const MaxName = 4 << 10

// Name returns what function i is called, "" for one that the language gives no name.
func (s *Scopes) Name(i int) string { return s.OriginalName(i, nil) }

// OriginalName is Name with original names: original is asked what the identifier, or private name, at these byte offsets was
// before it was minified; "": what it is now. nil: none was anything else.
func (s *Scopes) OriginalName(i int, original func(start, end int) string) string {
	f, w := &s.funcs[i], namer{Scopes: s, original: original}
	n := &f.name
	switch f.Kind {
	case Getter:
		return "get " + w.member(n)
	case Setter:
		return "set " + w.member(n)
	case Constructor:
		return "new " + w.className(n.class)
	case Field:
		if n.static {
			return "static " + w.className(n.class)
		}
		return "new " + w.className(n.class)
	case StaticBlock:
		return "static " + w.className(n.class)
	case Method:
		return w.member(n)
	}
	return w.text(n)
}

// A namer writes names.
type namer struct {
	*Scopes
	original func(start, end int) string
	depth    int // of the class at work, of those that the name has
}

// words is the part of the text where a name stands.
func (w *namer) words(n *name) string {
	return cut(w.src[n.start:n.end], MaxName)
}

// word is the original name of an identifier at the offset, or what it says with its escapes resolved.
func (w *namer) word(offset int32, text string) string {
	if w.original != nil {
		if name := w.original(int(offset), int(offset)+len(text)); name != "" {
			return name
		}
	}
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	return unescape(text)
}

// text is the name of a function that is no member by itself, or of a class.
func (w *namer) text(n *name) string {
	switch n.kind {
	case unnamed:
		return ""
	case byDefault:
		return "default"
	case byChain:
		return w.chain(n.start, w.words(n))
	case byThis:
		keys := strings.TrimPrefix(w.chain(n.start, w.words(n)), "this")
		if n.class < 0 {
			return strings.TrimPrefix(keys, ".")
		}
		return w.className(n.class) + keys
	default:
		return w.member(n)
	}
}

// member is the name of a member: with its class, or that of an object's by itself.
func (w *namer) member(n *name) string {
	key, plain := w.key(n)
	if n.class < 0 {
		return key
	}
	if plain {
		return w.className(n.class) + "." + key
	}
	return w.className(n.class) + key
}

// key is how a member's key is written behind its class; plain: with a dot.
func (w *namer) key(n *name) (text string, plain bool) {
	words := w.words(n)
	switch n.kind {
	case byString, byNumber, byExpr:
		text := keyOf(words)
		return strings.TrimPrefix(text, "."), text[0] == '.'
	}
	return w.word(n.start, words), true
}

func (w *namer) className(class int32) string {
	if class >= 0 && w.depth < maxClasses {
		w.depth++
		text := w.text(&w.classes[class])
		w.depth--
		if text != "" {
			return cut(text, MaxName)
		}
	}
	return "<anonymous>"
}

// maxClasses is how many classes in one another a name tells of.
const maxClasses = 16

// cut returns the text, or about so many bytes of it.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// keyOf writes the key that an expression is behind an object: .k, ["k k"], [42], [Symbol.iterator], .<computed>.
func keyOf(expr string) string {
	p := scanner{src: expr}
	start, _ := p.after(0)
	end, key := start, ".<computed>"
	switch c := p.at(start); {
	case c >= '0' && c <= '9' || c == '.':
		end = number(expr, start)
		key = "[" + numberKey(expr[start:end]) + "]"
	case c == '"' || c == '\'' || c == '`':
		if c != '`' {
			end, _ = quoted(expr, start)
		} else if end = closing(expr, start); strings.Contains(expr[start:end], "${") {
			return key
		}
		if text := unquote(expr[start:end]); isIdentifier(text) {
			key = "." + text
		} else {
			key = `["` + text + `"]`
		}
	case strings.HasPrefix(expr[start:], "Symbol."):
		end = wordEnd(expr, start+len("Symbol."))
		key = "[" + expr[start:end] + "]"
	}
	if behind, _ := p.after(end); behind < len(expr) {
		return ".<computed>"
	}
	return key
}

// numberKey is the key that a number literal is: 16 for 0x10.
func numberKey(literal string) string {
	digits := strings.TrimSuffix(strings.ReplaceAll(literal, "_", ""), "n")
	if i, err := strconv.ParseInt(digits, 0, 64); err == nil && i < 1<<53 {
		return strconv.FormatInt(i, 10)
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

// chain writes a.b.c, which stands at the offset, as V8 does: without space, comments, groups and types, A.prototype.m as A.m.
func (w *namer) chain(at int32, words string) string {
	var out strings.Builder
	behind := false // a word, and no dot yet
	for i := 0; i < len(words) && out.Len() < MaxName; {
		if n, _ := wideSpace(words[i:]); n > 0 {
			i += n
			continue
		}
		switch c := words[i]; {
		case behind && isWord[c]: // as, satisfies: the type behind it ends with its group
			i = groupEnd(words, i)
		case isWord[c] || c == '#':
			start := i
			i, behind = wordEnd(words, i+1), true
			part := words[start:i]
			if part != "this" {
				part = w.word(at+int32(start), part)
			}
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
		switch text[i] {
		case '(', '[', '{':
			i = closing(text, i)
		case '"', '\'':
			i, _ = quoted(text, i)
		case '`':
			i = closing(text, i)
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
	inner := strings.TrimSuffix(literal[1:], literal[:1]) // a long one was cut
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
