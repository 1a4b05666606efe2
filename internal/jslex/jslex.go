// Package jslex splits JavaScript into comments, white space, line ends and everything else, as ECMA-262's lexical
// grammar does. What it is for is telling real comments from text in strings, templates and regular expressions that
// looks like one.
//
// Whether a '/' divides or starts a regular expression depends in ECMA-262 on the syntax around it. A [Lexer] keeps as
// much of that as the question needs: the token before, and for each open bracket what it belongs to (2 bytes of memory).
// It does not check the syntax, and reads any text once, from front to back.
package jslex

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Kind is what a piece of the text is.
type Kind uint8

const (
	End        Kind = iota // of the text
	Space                  // WhiteSpace, a run of it
	LineEnd                // LineTerminatorSequence
	SingleLine             // SingleLineComment
	MultiLine              // MultiLineComment
	Hashbang               // HashbangComment
	Code                   // any other token; of a template a part between substitutions
)

// A Token is a piece of the text.
type Token struct {
	Kind       Kind
	Start, End int // byte offsets
	// Content is what a comment says: without the marks at its ends. nil for others.
	Content []byte
}

// An Error says why the text cannot be split further.
type Error struct {
	Offset int // byte offset of the token that does not end; the end of the text where a template goes on
	What   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s, from byte %d on", e.What, e.Offset) }

// A bracket is an open one: what it belongs to.
type bracket struct {
	flags   uint8
	ternary uint8 // '?' within it that wait for their ':'; from 255 on they are no longer counted
}

const (
	statement    = 1 << iota // '(' of if, while, for, with; '{' of a block
	function                 // '(' behind "function", or '{' of its body
	expression               // with function: the function is an expression, not a declaration; '{' alone: an object
	template                 // "${"
	loop                     // '(' of for: "of" may stand in it
	class                    // a class's '{' is awaited at this depth
	classIsValue             // and that class is an expression
	parenthesis              // '(' or '[': not a place for statements
)

// what the token before was, as far as it counts.
type before uint8

const (
	nothing  before = iota // the start of the text
	operand                // what a value ends with: '/' divides
	operator               // what a value follows: '/' starts a regular expression
	starts                 // what a statement follows: likewise
	arrow                  // "=>"
	closed                 // ')'
	dot                    // a name follows that is no keyword
)

// A Lexer reads one text.
type Lexer struct {
	text  []byte
	at    int
	html  bool // "<!--" and "-->" are comments, as in scripts
	fresh bool // nothing but white space and comments on the line so far

	before before
	head   uint8 // flags of the '(' to come: statement, loop, function, expression
	last   bracket
	stack  []bracket
}

// New returns a Lexer. module tells that the text is a module, where "<!--" and "-->" are no comments (ECMA-262, B.1.1).
func New(text []byte, module bool) *Lexer {
	return &Lexer{text: text, html: !module, fresh: true, stack: []bracket{{flags: statement}}}
}

// Next returns the next token, of kind End behind the last one. The error is an [*Error].
func (l *Lexer) Next() (Token, error) {
	start := l.at
	if start >= len(l.text) {
		for _, b := range l.stack {
			if b.flags&template != 0 {
				return Token{}, &Error{start, "a template without an end"}
			}
		}
		return Token{Kind: End, Start: start, End: start}, nil
	}
	kind, content, err := l.next()
	if err != nil {
		return Token{}, err
	}
	switch kind {
	case LineEnd:
		l.fresh = true
	case Code:
		l.fresh = false
	}
	return Token{Kind: kind, Start: start, End: l.at, Content: content}, nil
}

func (l *Lexer) next() (kind Kind, content []byte, err error) {
	start := l.at
	if n := lineEnd(l.text[start:]); n > 0 {
		l.at += n
		return LineEnd, nil, nil
	}
	if n := spaces(l.text[start:]); n > 0 {
		l.at += n
		return Space, nil, nil
	}
	switch rest := l.text[start:]; {
	case bytes.HasPrefix(rest, []byte("//")):
		return SingleLine, l.toLineEnd(2), nil
	case bytes.HasPrefix(rest, []byte("/*")):
		n := bytes.Index(rest[2:], []byte("*/"))
		if n < 0 {
			return 0, nil, &Error{start, "a comment without an end"}
		}
		l.at += n + 4
		content = rest[2 : n+2]
		for at := range content {
			if lineEnd(content[at:]) > 0 {
				l.fresh = true // it counts as a line end
				break
			}
		}
		return MultiLine, content, nil
	case start == 0 && bytes.HasPrefix(rest, []byte("#!")):
		l.toLineEnd(2)
		return Hashbang, nil, nil
	case l.html && bytes.HasPrefix(rest, []byte("<!--")):
		return SingleLine, l.toLineEnd(4), nil
	case l.html && l.fresh && bytes.HasPrefix(rest, []byte("-->")):
		return SingleLine, l.toLineEnd(3), nil
	}
	return Code, nil, l.code()
}

// toLineEnd moves to the end of the line and returns what stands before it, less the mark at its front.
func (l *Lexer) toLineEnd(mark int) []byte {
	start := l.at + mark
	for l.at = start; l.at < len(l.text) && lineEnd(l.text[l.at:]) == 0; l.at++ {
	}
	return l.text[start:l.at]
}

func (l *Lexer) code() error {
	c := l.text[l.at]
	switch {
	case c == '"' || c == '\'':
		l.before = operand
		return l.quoted(c)
	case c == '`':
		l.at++
		return l.template()
	case c-'0' <= 9 || c == '.' && l.at+1 < len(l.text) && l.text[l.at+1]-'0' <= 9:
		l.number()
	case c == '/':
		return l.slash()
	case c == '#' || c == '\\' || isName(c):
		l.name()
	default:
		return l.punctuator(c)
	}
	return nil
}

// quoted skips a string.
func (l *Lexer) quoted(quote byte) error {
	start := l.at
	for at := start + 1; at < len(l.text); at++ {
		switch l.text[at] {
		case quote:
			l.at = at + 1
			return nil
		case '\\':
			if at++; at+1 < len(l.text) && l.text[at] == '\r' && l.text[at+1] == '\n' {
				at++
			}
		case '\n', '\r':
			return &Error{start, "a string without an end"}
		}
	}
	return &Error{start, "a string without an end"}
}

// template skips the part of a template that starts here, up to "${" or its end.
func (l *Lexer) template() error {
	start := l.at
	for at := start; at < len(l.text); at++ {
		switch l.text[at] {
		case '`':
			l.at, l.before = at+1, operand
			return nil
		case '\\':
			at++
		case '$':
			if at+1 < len(l.text) && l.text[at+1] == '{' {
				l.at, l.before = at+2, operator
				l.stack = append(l.stack, bracket{flags: template})
				return nil
			}
		}
	}
	return &Error{start - 1, "a template without an end"}
}

// number skips a number. What is wrong with one, nobody asks.
func (l *Lexer) number() {
	l.before = operand
	for l.at++; l.at < len(l.text); l.at++ {
		switch c := l.text[l.at]; {
		case c == '.', c != '$' && c != '\\' && c < 0x80 && isName(c):
		default:
			return
		}
	}
}

// slash skips a regular expression, or '/' and "/=".
func (l *Lexer) slash() error {
	start := l.at
	divides := l.before == operand || l.before == closed && l.last.flags&statement == 0
	l.at++
	if !divides {
		inClass := false
		for at := l.at; at < len(l.text) && lineEnd(l.text[at:]) == 0; at++ {
			switch c := l.text[at]; {
			case c == '\\':
				at++
				if at < len(l.text) && lineEnd(l.text[at:]) > 0 {
					at = len(l.text)
				}
			case c == '[':
				inClass = true
			case c == ']':
				inClass = false
			case c == '/' && !inClass:
				for at++; at < len(l.text) && isName(l.text[at]); at++ { // flags
				}
				l.at, l.before = at, operand
				return nil
			}
		}
		return &Error{start, "a regular expression without an end"}
	}
	l.before = operator
	return nil
}

// name skips an identifier or keyword, also a private name.
func (l *Lexer) name() {
	start := l.at
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		if c == '{' && l.text[l.at-1] == 'u' && l.at >= 2 && l.text[l.at-2] == '\\' { // \u{61}
			if n := bytes.IndexByte(l.text[l.at:min(len(l.text), l.at+12)], '}'); n > 0 {
				l.at += n
				continue
			}
		}
		if c != '\\' && !isName(c) || c >= 0x80 && (lineEnd(l.text[l.at:]) > 0 || spaces(l.text[l.at:]) > 0) {
			break
		}
	}
	property := l.before == dot
	position := l.before
	l.before = operand
	if property {
		return
	}
	top := &l.stack[len(l.stack)-1]
	switch string(l.text[start:l.at]) {
	case "return", "typeof", "instanceof", "in", "new", "delete", "void", "throw", "case", "yield", "await", "extends":
		l.before = operator
	case "of":
		if top.flags&loop != 0 {
			l.before = operator
		}
	case "else", "do", "try", "finally", "export", "default":
		l.before = starts
	case "async":
		if position != operand {
			l.before = position // "async function" stands where "function" would
		}
	case "if", "while", "with":
		l.head = statement
	case "for":
		l.head = statement | loop
	case "function":
		l.head = function
		if l.isValue(position) {
			l.head |= expression
		}
	case "class":
		top.flags |= class
		top.flags &^= classIsValue
		if l.isValue(position) {
			top.flags |= classIsValue
		}
	}
}

// isValue tells whether what follows that token is an expression, not a statement.
func (l *Lexer) isValue(position before) bool { return position == operator || position == arrow }

// punctuator skips one. Those that are not told apart here are skipped byte by byte.
func (l *Lexer) punctuator(c byte) error {
	top := &l.stack[len(l.stack)-1]
	previous, closing := l.before, l.last
	width := 1
	next := func(text string) bool {
		if bytes.HasPrefix(l.text[l.at:], []byte(text)) {
			width = len(text)
			return true
		}
		return false
	}
	l.before = operator
	switch {
	case c == '(':
		l.stack = append(l.stack, bracket{flags: l.head | parenthesis})
		l.head = 0
	case c == '[':
		l.stack = append(l.stack, bracket{flags: parenthesis})
	case c == '{':
		flags := l.brace(previous, closing, top)
		l.stack = append(l.stack, bracket{flags: flags})
		if flags&statement != 0 {
			l.before = starts
		}
	case c == ')' || c == ']' || c == '}':
		l.before = operand
		if len(l.stack) == 1 {
			break // one too many
		}
		l.last = *top
		l.stack = l.stack[:len(l.stack)-1]
		switch flags := l.last.flags; {
		case c == ')':
			l.before = closed
		case c == '}' && flags&template != 0:
			l.at++
			return l.template()
		case c == '}' && flags&statement != 0 && flags&expression == 0:
			l.before = starts
		}
	case c == ';':
		l.before = starts
		if top.flags&parenthesis != 0 { // of a for
			l.before = operator
		}
	case next("=>"):
		l.before = arrow
	case next("++"), next("--"):
		l.before = previous // behind a value they belong to it, before one they don't
	case next("..."):
	case c == '.':
		l.before = dot
	case next("??"):
	case next("?."):
		l.before = dot
		if l.at+2 < len(l.text) && l.text[l.at+2]-'0' <= 9 { // "a?.5:b"
			width, l.before = 1, operator
			top.asked()
		}
	case c == '?':
		top.asked()
	case c == ':':
		switch {
		case top.ternary > 0:
			if top.ternary < 255 {
				top.ternary--
			}
		case top.flags&statement != 0:
			l.before = starts // of a label or a case
		}
	}
	l.at += width
	return nil
}

func (b *bracket) asked() {
	if b.ternary < 255 {
		b.ternary++
	}
}

// brace returns what a '{' belongs to.
func (l *Lexer) brace(previous before, closing bracket, top *bracket) uint8 {
	switch {
	case top.flags&class != 0:
		value := top.flags & classIsValue
		top.flags &^= class | classIsValue
		if value != 0 {
			return statement | expression
		}
		return statement
	case previous == closed && closing.flags&function != 0 && closing.flags&expression != 0:
		return statement | expression
	case previous == operator:
		return expression
	default:
		return statement
	}
}

// isName tells whether the byte may stand in an identifier.
func isName(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' <= 9 || c == '$' || c == '_' || c >= 0x80
}

// lineEnd returns the length of the line terminator that the text starts with, 0 for none.
func lineEnd(text []byte) int {
	switch {
	case len(text) == 0:
		return 0
	case text[0] == '\n':
		return 1
	case text[0] == '\r':
		if len(text) > 1 && text[1] == '\n' {
			return 2
		}
		return 1
	case len(text) > 2 && text[0] == 0xE2 && text[1] == 0x80 && (text[2] == 0xA8 || text[2] == 0xA9):
		return 3
	}
	return 0
}

// spaces returns the length of the white space that the text starts with.
func spaces(text []byte) (n int) {
	for n < len(text) {
		if c := text[n]; c == ' ' || c == '\t' || c == '\v' || c == '\f' {
			n++
			continue
		} else if c < 0x80 {
			break
		}
		r, size := utf8.DecodeRune(text[n:])
		if !WhiteSpace(r) {
			break
		}
		n += size
	}
	return n
}

// WhiteSpace is ECMA-262's WhiteSpace, and within a line JavaScript's \s. unicode.IsSpace differs: it takes
// U+0085 and does not take U+FEFF.
func WhiteSpace(r rune) bool {
	switch r {
	case '\t', '\v', '\f', ' ', '\u00A0', '\uFEFF':
		return true
	}
	return r > 0xFF && unicode.Is(unicode.Zs, r)
}
