package scope

import "strings"

// A frame is an open bracket, or what ends without one of its own.
type frame struct {
	kind    frameKind
	then    then  // what comes when it closes
	stage   stage // of members, of a class' head, of JSX
	special bool  // head: of a for; block: has a case that waits for its colon; args: behind async; paren: holds what only parameters do
	ternary int32 // ? that wait for their colon
	start   int32 // of the bracket, or where a function starts that it may turn out to be the parameters of
	fn      int32 // number of the function, or of the class
	pending name  // what a function gets for a name that is all there is in the bracket, or whose parameters it holds
	key     name  // of the member being read
	getter  Kind  // what the member being read is
	chain   int32 // start of the operand that the bracket belongs to, -1: none that can be written
	self    int32 // number of the class whose object this is, -1: not known
}

type frameKind uint8

const (
	block     frameKind = iota // statements
	body                       // statements of a function
	paren                      // a group, or the parameters of an arrow
	args                       // of a call, or the parameters of an async arrow
	head                       // of if, for, while, with, switch, catch: a statement follows
	params                     // of a function
	bracket                    // an array, an index
	computed                   // key of a member
	object                     // literal or pattern, and an enum
	class                      // its body
	template                   // from ` to `
	hole                       // ${} of a template
	jsxTag                     // from < to >
	jsxText                    // between tags
	jsxHole                    // {} of JSX
	arrow                      // body that is an expression
	field                      // initialiser of a class field
	classHead                  // from class to {
)

// virtual frames have no closing bracket.
func (k frameKind) virtual() bool { return k >= arrow }

type then uint8

const (
	operand   then = iota // an operand has ended
	statement             // a statement has ended
	member                // a member of a class or an object has ended
	arrowEnd              // an arrow with a body in braces: nothing can go on with it
)

type stage uint8

const (
	memberStart stage = iota // a member, or the end
	afterKey
	value // of an object's member: an expression

	headName // of a class: no extends yet
	headExtends

	tagOpen
	tagClose
)

type scanner struct {
	src     string
	ts, jsx bool

	pos     int
	end     int32 // of the last token
	newline bool  // between it and the next one

	operand   bool // an operand stands before: an operator comes, or the end
	statement bool // a statement starts
	label     bool // what stands before may be a label
	property  bool // a dot stands before
	head      bool // the next ( opens a head
	forHead   bool // that of a for
	arrowDone bool // an arrow with a body in braces has just ended

	chain    int32 // where the operand that stands before starts, if it is one that can be written: a.b.c; -1: it is not
	chainEnd int32
	pending  name  // for a function that comes now
	async    int32 // start of an async that stands before, -1: none
	generics int32 // start of type parameters that stand before, -1: none
	last     int32 // function expression that has just ended, whose name goes if the expression goes on; -1: none

	tries    int  // bytes that may still be read in vain
	unclosed bool // no comment ends any more
	broken   bool // a string or a regular expression does not end
	html     bool // "<!--" and "-->" are comments, as in scripts (ECMA-262, B.1.1)
	started  bool // a token was read
	whole    int  // bytes of the whole text

	stack   []frame
	funcs   []Func
	classes []name
}

func (p *scanner) top() *frame { return &p.stack[len(p.stack)-1] }

// push opens a frame; what comes is at its start.
func (p *scanner) push(kind frameKind, start int32) *frame {
	p.stack = append(p.stack, frame{kind: kind, start: start, fn: -1, chain: -1, self: p.top().self})
	p.operand, p.statement, p.label, p.property, p.head, p.arrowDone = false, kind <= body, false, false, false, false
	p.chain, p.pending, p.async, p.generics, p.last = -1, name{}, -1, -1, -1
	return p.top()
}

// pop closes the innermost frame.
func (p *scanner) pop() frame {
	f := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	return f
}

// ended notes that an operand has ended that can't be written.
func (p *scanner) ended() {
	p.operand, p.statement, p.label, p.property = true, false, false, false
	p.chain, p.pending, p.async, p.generics, p.last = -1, name{}, -1, -1, -1
}

// operator notes that an operand comes.
func (p *scanner) operator() {
	p.goesOn()
	p.operand, p.statement, p.label = false, false, false
	p.chain, p.pending, p.async, p.generics = -1, name{}, -1, -1
}

// goesOn notes that the expression goes on behind a function: then it is not all that the name is given to.
func (p *scanner) goesOn() {
	if p.last >= 0 {
		if n := &p.funcs[p.last].name; !n.own {
			*n = name{class: -1}
		}
		p.last = -1
	}
}

func (p *scanner) newStatement() {
	p.operand, p.statement, p.label, p.property, p.head, p.arrowDone = false, true, false, false, false, false
	p.chain, p.pending, p.async, p.generics, p.last = -1, name{}, -1, -1, -1
}

// function notes a function; its end comes later, or never: then it is none.
func (p *scanner) function(kind Kind, start int32, n name) int32 {
	p.funcs = append(p.funcs, Func{Start: start, End: -1, Kind: kind, name: n})
	return int32(len(p.funcs) - 1)
}

func (p *scanner) scan() {
	p.stack = append(make([]frame, 0, 64), frame{kind: block, fn: -1, chain: -1, self: -1})
	p.newStatement()
	p.end, p.whole, p.tries = 0, len(p.src), 4*len(p.src)+1<<16
	if p.at(0) == '#' && p.at(1) == '!' {
		p.pos = lineEnd(p.src, 0)
		p.end = int32(p.pos)
	}
	for len(p.stack) <= MaxDepth && len(p.funcs) < MaxFunctions {
		p.newline = false
		if p.top().kind != jsxText {
			p.space()
		}
		if p.pos >= len(p.src) {
			break
		}
		start, depth := p.pos, len(p.stack)
		p.started = true
		p.token()
		if p.pos == start {
			if len(p.stack) != depth { // the token is for the frame around
				continue
			}
			p.pos++ // what is read as nothing is passed over
		}
		p.end = int32(p.pos)
	}
	p.broken = p.broken || p.unclosed || p.pos < len(p.src) // stopped at a limit
	end := p.end
	for len(p.stack) > 0 { // what is still open ends with the text
		f := p.pop()
		switch f.kind {
		case template, hole:
			p.broken = true
		case body:
			end = int32(len(p.src))
			p.funcs[f.fn].End = end
		case arrow, field:
			p.funcs[f.fn].End = max(end, p.funcs[f.fn].Start)
		}
	}
}

// token reads the next token, or as much more as its frame reads at once.
func (p *scanner) token() {
	f := p.top()
	switch f.kind {
	case object, class:
		if f.stage != value {
			p.member()
			return
		}
	case jsxTag:
		p.tag()
		return
	case jsxText:
		p.children()
		return
	case template:
		p.template()
		return
	}
	c := p.src[p.pos]
	if p.newline && p.operand && p.fieldEnds(c) {
		p.endArrows()
		p.endField()
		return
	}
	if p.newline && p.arrowDone && c != ',' && c != ';' && c != ')' && c != ']' && c != '}' && c != ':' {
		p.insertSemicolon()
	}
	p.arrowDone = false
	switch {
	case isWord[c] && (c > '9' || c == '$'):
		p.word()
	case c >= '0' && c <= '9':
		p.startOperand()
		p.pos = number(p.src, p.pos)
		p.ended()
	default:
		p.punctuation(c)
	}
}

// startOperand notes that an operand starts; where one has ended a line before, a statement starts with it.
func (p *scanner) startOperand() {
	if p.operand && p.newline {
		p.insertSemicolon()
	}
}

// insertSemicolon ends the statement before the token, if there are statements here.
func (p *scanner) insertSemicolon() {
	p.endArrows()
	switch p.top().kind {
	case block, body:
		p.newStatement()
	}
}

// fieldEnds tells whether a class field ends in front of the token, which starts a line behind an operand.
func (p *scanner) fieldEnds(c byte) bool {
	at := len(p.stack) - 1
	for p.stack[at].kind == arrow && len(p.stack)-at < 64 {
		at--
	}
	if p.stack[at].kind != field {
		return false
	}
	if p.arrowDone && c != ',' && c != ';' && c != ')' && c != ']' && c != '}' && c != ':' {
		return true
	}
	if isWord[c] {
		return !p.wordAt(p.pos, "in") && !p.wordAt(p.pos, "instanceof") && !(p.ts && (p.wordAt(p.pos, "as") || p.wordAt(p.pos, "satisfies")))
	}
	return c == '"' || c == '\'' || c == '#' || c == '@' || c == '{' || c == '*' && p.arrowDone
}

// endArrows ends the arrows whose bodies are expressions that end before the token.
func (p *scanner) endArrows() {
	for p.top().kind == arrow {
		p.endArrow()
	}
}

func (p *scanner) endArrow() {
	f := p.pop()
	p.funcs[f.fn].End = p.end
	p.ended()
	p.last = f.fn
}

func (p *scanner) endField() {
	f := p.pop()
	p.funcs[f.fn].End = max(p.end, p.funcs[f.fn].Start) // with nothing behind its = it lies there
	p.ended()
	p.top().stage = memberStart
}

// endVirtual ends all that ends with the bracket around it.
func (p *scanner) endVirtual() {
	for p.top().kind.virtual() {
		switch p.top().kind {
		case arrow:
			p.endArrow()
		case field:
			p.endField()
		default:
			p.pop()
			p.ended()
		}
	}
}

func (p *scanner) punctuation(c byte) {
	at := int32(p.pos)
	switch c {
	case '"', '\'':
		p.startOperand()
		p.string()
		p.ended()
	case '`':
		p.goesOn()
		p.pos++
		p.push(template, at)
		p.template()
	case '/':
		if !p.operand {
			if end, ok := regexp(p.src, p.pos); ok {
				p.pos = end
				p.ended()
				return
			}
			p.broken = true
		}
		p.pos++
		p.operator()
	case '(':
		p.openParen()
	case '[':
		chain := p.chain
		if !p.operand {
			chain = -1
		}
		p.goesOn()
		p.pos++
		p.push(bracket, at).chain = chain
	case '{':
		p.openBrace()
	case ')', ']', '}':
		p.endVirtual()
		p.close(c)
	case ';':
		p.pos++
		p.endVirtual()
		p.last = -1
		switch f := p.top(); f.kind {
		case block, body:
			f.special, f.ternary = false, 0
			p.newStatement()
		case class:
			f.stage = memberStart
		default:
			p.operator()
		}
	case ',':
		p.pos++
		p.endArrows()
		p.last = -1
		f := p.top()
		f.ternary = 0
		p.operator()
		if f.kind == object {
			f.stage = memberStart
		}
	case ':':
		p.colon()
	case '?':
		p.question()
	case '.':
		switch {
		case p.at(p.pos+1) >= '0' && p.at(p.pos+1) <= '9' && !p.operand:
			p.pos = number(p.src, p.pos)
			p.ended()
		case p.at(p.pos+1) == '.' && p.at(p.pos+2) == '.':
			p.pos += 3
			p.operator()
		default:
			p.pos++
			p.goesOn()
			p.property = true
		}
	case '=':
		p.equals()
	case '#':
		p.pos++
		if !p.property {
			p.startOperand()
			p.chain = -1
		}
		p.pos = wordEnd(p.src, p.pos)
		p.property, p.operand, p.statement, p.label = false, true, false, false
		p.pending, p.chainEnd = name{}, int32(p.pos)
	case '@':
		p.decorator()
	case '<':
		p.less()
	case '!', '~':
		switch {
		case p.operand && p.newline:
			p.insertSemicolon()
			p.operator()
		case p.operand && c == '!' && p.ts && p.at(p.pos+1) != '=': // x!: a type, as it were
		default:
			p.operator()
		}
		p.pos++
	case '+', '-':
		if p.at(p.pos+1) == c {
			p.pos += 2
			if p.operand && p.newline {
				p.insertSemicolon()
			}
			if p.operand {
				p.goesOn()
				p.chain = -1
			} else {
				p.operator()
			}
			return
		}
		p.pos++
		p.operator()
	case '&', '|':
		p.pos++
		if p.at(p.pos) == c {
			p.pos++
			if p.at(p.pos) == '=' {
				p.assign()
				return
			}
		}
		p.operator()
	default:
		p.pos++
		p.operator()
	}
}

// equals reads =, ==, ===, or the arrow of parameters that were none.
func (p *scanner) equals() {
	switch p.at(p.pos + 1) {
	case '=':
		p.pos += 2
		if p.at(p.pos) == '=' {
			p.pos++
		}
		p.operator()
	case '>':
		p.pos += 2
		p.operator()
	default:
		p.assign()
	}
}

// assign reads the = at the position: what comes gets the name of what stands before, if that can be written.
func (p *scanner) assign() {
	p.pos++
	var n name
	if p.operand && p.chain >= 0 {
		n = p.target()
	}
	p.operator()
	p.pending = n
}

// target is the operand that stands before as a name.
func (p *scanner) target() name {
	words := p.src[p.chain:p.chainEnd]
	n := name{kind: byWord, class: -1, start: p.chain, end: p.chainEnd}
	for i := range len(words) {
		if isWord[words[i]] {
			continue
		}
		n.kind = byChain
		if words[:i] == "this" || i == 0 && strings.HasPrefix(chain(words), "this.") {
			n.kind, n.class = byThis, p.top().self // of the class around, or of the function around that is written as one
		}
		return n
	}
	return n
}

func (p *scanner) question() {
	next := p.at(p.pos + 1)
	switch {
	case next == '.' && !(p.at(p.pos+2) >= '0' && p.at(p.pos+2) <= '9'):
		p.pos += 2
		p.goesOn()
		switch c := p.at(p.pos); {
		case c == '(' || c == '[' || c == '`':
			p.chain = -1
		default:
			p.property = true
		}
	case next == '?':
		p.pos += 2
		if p.at(p.pos) == '=' {
			p.assign()
			return
		}
		p.operator()
	default:
		p.pos++
		if p.ts && p.operand && p.optional() {
			return
		}
		p.top().ternary++
		p.operator()
	}
}

// optional tells whether the ? before the position marks an optional parameter: nothing but the end of its name can follow.
func (p *scanner) optional() bool {
	if k := p.top().kind; k != params && k != paren && k != args {
		return false
	}
	next, _ := p.after(p.pos)
	c := p.at(next)
	return c == ':' || c == ',' || c == ')' || c == '=' && p.at(next+1) != '>' && p.at(next+1) != '='
}

func (p *scanner) colon() {
	for p.top().kind == arrow && p.top().ternary == 0 {
		p.endArrow()
	}
	p.last = -1
	f := p.top()
	if f.ternary > 0 {
		f.ternary--
		p.pos++
		p.operator()
		return
	}
	p.pos++
	switch f.kind {
	case block, body:
		switch {
		case f.special: // of a case
			f.special = false
			p.newStatement()
		case p.label:
			p.newStatement()
		case p.ts && p.operand: // const x: T
			p.pos = p.typeEnd(p.pos)
		default:
			p.operator()
		}
	case params, paren, args, head:
		if p.ts {
			if f.kind == paren {
				f.special = true
			}
			p.pos = p.typeEnd(p.pos)
			return
		}
		p.operator()
	default:
		p.operator()
	}
}
