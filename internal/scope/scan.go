package scope

import (
	"slices"
	"strings"
)

// A frame is an open bracket, or what ends without one of its own.
type frame struct {
	kind    frameKind
	then    then  // what comes when it closes
	stage   stage // of members, of a class' head, of JSX
	special bool  // head: of a for; block: has a case that waits for its colon; args: behind async; paren: holds what only parameters do
	getter  Kind  // class, object: what the member being read is
	name    name  // class, object: key of the member being read; paren, args: what a function gets for a name that is all there is in it, or whose parameters it holds
	ternary int32 // ? that wait for their colon
	start   int32 // paren, args: where a function starts if these are its parameters; bracket: where the operand does that it belongs to, -1: none that can be written
	fn      int32 // number of the function, or of the class
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
	hole                       // ${} of a template
	jsxHole                    // {} of JSX
	property                   // an object, behind the colon of a member
	arrow                      // body that is an expression
	field                      // initialiser of a class field
	classHead                  // from class to {
	object                     // literal or pattern, and an enum
	class                      // its body
	template                   // from ` to `
	jsxTag                     // from < to >
	jsxText                    // between tags
)

// virtual frames have no closing bracket.
func (k frameKind) virtual() bool { return k >= arrow && k <= classHead }

// closers are the brackets that close the kinds, 0: none does.
var closers = [...]byte{
	paren: ')', args: ')', head: ')', params: ')', bracket: ']', computed: ']',
	block: '}', body: '}', property: '}', object: '}', class: '}', hole: '}', jsxHole: '}', jsxText: 0,
}

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

	headName // of a class: no extends yet
	headExtends

	tagOpen
	tagClose
)

// state is what stands before the next token.
type state uint8

const (
	wantsOperand state = iota // an operator, or what else an operand follows
	atStatement               // nothing: a statement starts
	// An operand stands before, an operator comes, or the end.
	hasDot // and a dot: the name of a property comes
	hasOperand
	hasLabel // it may be a label
	hasArrow // it is an arrow with a body in braces
)

func (s state) operand() bool { return s >= hasDot }

// What a token leaves to the one that follows it is kept with the offset where it ends: nothing has to be cleared when it
// doesn't follow.
type scanner struct {
	src     string
	ts, jsx bool
	plainly bool // without frequent: for tests

	pos     int
	end     int32 // of the last token
	newline bool  // between it and the next one
	state   state

	chain    int32 // where the operand starts that stands before, if it can be written: a.b.c
	chainEnd int32
	chainAt  int32
	// wasted is how many bytes were read for ends of regular expressions that are not there.
	wasted   int
	aloneAt  int32 // a word that may be the parameter of an arrow, behind before
	before   int32
	pending  name // for a function that comes now
	pendAt   int32
	async    int32 // start of an async
	asyncAt  int32
	generics int32 // start of type parameters
	genAt    int32
	last     int32 // function expression, or ^ number of a class, whose name goes if the expression goes on
	lastAt   int32

	tries    int   // bytes that may still be read in vain
	unclosed bool  // no comment ends any more
	broken   bool  // a string or a regular expression does not end
	html     bool  // "<!--" and "-->" are comments, as in scripts (ECMA-262, B.1.1)
	first    int32 // where the first token may start
	whole    int   // bytes of the whole text

	top     *frame // the innermost
	stack   []frame
	funcs   []Func
	classes []name
}

// started tells whether a token was read.
func (p *scanner) started() bool { return p.end > p.first }

// push opens a frame; what comes is at its start.
func (p *scanner) push(kind frameKind) *frame {
	n := len(p.stack)
	if n == cap(p.stack) {
		p.grow()
	}
	p.stack = p.stack[:n+1]
	f := &p.stack[n]
	*f = frame{} // in place: a copy of what was just written in pieces has to wait for them
	f.kind, f.fn, f.start, f.self = kind, -1, -1, p.stack[n-1].self
	p.top = f
	p.state = wantsOperand
	if kind <= body {
		p.state = atStatement
	}
	return f
}

func (p *scanner) grow() { p.stack = slices.Grow(p.stack, 1) }

// pop closes the innermost frame. What it returns is good until the next push.
func (p *scanner) pop() *frame {
	f := p.top
	p.stack = p.stack[:len(p.stack)-1]
	if n := len(p.stack); n > 0 {
		p.top = &p.stack[n-1]
	}
	return f
}

// operator notes that an operand comes.
func (p *scanner) operator() {
	p.goesOn()
	p.state = wantsOperand
}

// goesOn notes that the expression goes on behind a function: then it is not all that the name is given to.
func (p *scanner) goesOn() {
	if p.lastAt == p.end {
		p.dropName()
	}
}

func (p *scanner) dropName() {
	if n := p.nameOfLast(); !n.own {
		*n = name{class: -1}
	}
	p.lastAt = -1
}

// nameOfLast is that of the function or the class expression that has just ended.
func (p *scanner) nameOfLast() *name {
	if p.last < 0 {
		return &p.classes[^p.last]
	}
	return &p.funcs[p.last].name
}

func (p *scanner) newStatement() {
	p.state, p.lastAt = atStatement, -1
}

// passed notes that what the token before left is still good behind what was read since.
func (p *scanner) passed() {
	for _, at := range []*int32{&p.chainAt, &p.pendAt, &p.asyncAt, &p.genAt, &p.lastAt} {
		if *at == p.end {
			*at = int32(p.pos)
		}
	}
}

// function notes a function; its end comes later, or never: then it is none.
func (p *scanner) function(kind Kind, start int32, n name) int32 {
	p.funcs = append(p.funcs, Func{Start: start, End: -1, Kind: kind, name: n})
	return int32(len(p.funcs) - 1)
}

func (p *scanner) scan() {
	p.stack = append(make([]frame, 0, 64), frame{kind: block, fn: -1, start: -1, self: -1})
	p.top = &p.stack[0]
	p.chainAt, p.aloneAt, p.pendAt, p.asyncAt, p.genAt = -1, -1, -1, -1, -1
	p.newStatement()
	p.whole, p.tries = len(p.src), 4*len(p.src)+1<<16
	if p.at(0) == '#' && p.at(1) == '!' {
		p.pos = lineEnd(p.src, 0)
		p.first = int32(p.pos)
	}
	p.end = p.first
	for len(p.stack) <= MaxDepth && len(p.funcs) < MaxFunctions {
		if !p.plainly {
			p.frequent()
		}
		if p.pos >= len(p.src) {
			break
		}
		c := p.src[p.pos]
		p.newline = false
		if mayBeSpace[c] && p.top.kind != jsxText {
			p.space()
			if p.pos >= len(p.src) {
				break
			}
			c = p.src[p.pos]
		}
		start, depth := p.pos, len(p.stack)
		p.token(c)
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
func (p *scanner) token(c byte) {
	if p.top.kind >= object {
		p.part()
		return
	}
	if p.newline && p.state > hasDot {
		if p.fieldEnds(c) {
			p.endArrows()
			p.endField()
			return
		}
		if p.state == hasArrow && !goesOnBehindArrow(c) {
			p.insertSemicolon()
		}
	}
	switch {
	case startsWord[c]:
		p.word()
	case c >= '0' && c <= '9':
		p.startOperand()
		p.pos = number(p.src, p.pos)
		p.state = hasOperand
	default:
		p.punctuation(c)
	}
}

// part reads on in what does not consist of statements and expressions.
func (p *scanner) part() {
	switch p.top.kind {
	case object, class:
		p.member()
	case jsxTag:
		p.tag()
	case jsxText:
		p.children()
	case template:
		p.template()
	}
}

// goesOnBehindArrow tells whether the token that starts so can stand behind an arrow with a body in braces, a line later.
func goesOnBehindArrow(c byte) bool {
	return c == ',' || c == ';' || c == ')' || c == ']' || c == '}' || c == ':'
}

// startOperand notes that an operand starts; where one has ended a line before, a statement starts with it.
func (p *scanner) startOperand() {
	if p.newline && p.state.operand() {
		p.insertSemicolon()
	}
}

// insertSemicolon ends the statement before the token, if there are statements here.
func (p *scanner) insertSemicolon() {
	p.endArrows()
	switch p.top.kind {
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
	if p.state == hasArrow && !goesOnBehindArrow(c) {
		return true
	}
	if isWord[c] {
		return !p.wordAt(p.pos, "in") && !p.wordAt(p.pos, "instanceof") && !(p.ts && (p.wordAt(p.pos, "as") || p.wordAt(p.pos, "satisfies")))
	}
	return c == '"' || c == '\'' || c == '#' || c == '@' || c == '{' || c == '*' && p.state == hasArrow
}

// endArrows ends the arrows whose bodies are expressions that end before the token.
func (p *scanner) endArrows() {
	for p.top.kind == arrow {
		p.endArrow()
	}
}

func (p *scanner) endArrow() {
	f := p.pop()
	p.funcs[f.fn].End = p.end
	p.state = hasOperand
	p.chainAt, p.last, p.lastAt = -1, f.fn, p.end
}

func (p *scanner) endField() {
	f := p.pop()
	p.funcs[f.fn].End = max(p.end, p.funcs[f.fn].Start) // with nothing behind its = it lies there
	p.state, p.chainAt, p.lastAt = hasOperand, -1, -1
	p.top.stage = memberStart
}

// endVirtual ends all that ends with the bracket around it.
func (p *scanner) endVirtual() {
	for p.top.kind.virtual() {
		switch p.top.kind {
		case arrow:
			p.endArrow()
		case field:
			p.endField()
		default:
			p.pop()
			p.state, p.chainAt, p.lastAt = hasOperand, -1, -1
		}
	}
}

func (p *scanner) punctuation(c byte) {
	switch c {
	case '"', '\'':
		p.startOperand()
		p.string()
		p.state = hasOperand
	case '`':
		p.goesOn()
		p.pos++
		p.push(template)
		p.template()
	case '/':
		if !p.state.operand() {
			src := p.src
			if p.wasted > 4*len(src)+1<<16 { // in a text that has many of these, and no ends
				src = src[:min(p.pos+256, len(src))]
			}
			end, ok := regexp(src, p.pos)
			if ok {
				p.pos = end
				p.state = hasOperand
				return
			}
			p.wasted += end - p.pos
			p.broken = true
		}
		p.pos++
		p.operator()
	case '(':
		p.openParen(-1)
	case '[':
		p.goesOn()
		p.pos++
		if p.chainAt == p.end && p.state.operand() {
			p.push(bracket).start = p.chain
		} else {
			p.push(bracket)
		}
	case '{':
		p.openBrace()
	case ')', ']', '}':
		p.endVirtual()
		p.close(c)
	case ';':
		p.pos++
		p.endVirtual()
		p.lastAt = -1
		switch f := p.top; f.kind {
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
		p.comma()
	case ':':
		p.colon()
	case '?':
		p.question()
	case '.':
		switch {
		case p.at(p.pos+1) >= '0' && p.at(p.pos+1) <= '9' && !p.state.operand():
			p.pos = number(p.src, p.pos)
			p.state = hasOperand
		case p.at(p.pos+1) == '.' && p.at(p.pos+2) == '.':
			p.pos += 3
			p.operator()
		default:
			p.dot(1)
		}
	case '=':
		p.equals()
	case '#':
		p.pos++
		end := wordEnd(p.src, p.pos)
		if p.state == hasDot {
			p.property(end)
			return
		}
		p.startOperand()
		p.pos = end
		p.state = hasOperand
	case '@':
		p.decorator()
	case '<':
		p.less()
	case '!', '~':
		switch {
		case p.newline && p.state.operand():
			p.insertSemicolon()
			p.operator()
		case p.state.operand() && c == '!' && p.ts && p.at(p.pos+1) != '=': // x!: a type, as it were
			p.pos++
			p.passed()
			return
		default:
			p.operator()
		}
		p.pos++
	case '+', '-':
		if p.at(p.pos+1) == c {
			p.pos += 2
			p.startOperand()
			if p.state.operand() {
				p.goesOn()
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

// comma notes that a comma was read.
func (p *scanner) comma() {
	p.state, p.lastAt = wantsOperand, -1
	f := p.top
	f.ternary = 0
	if f.kind == property {
		f.kind, f.stage = object, memberStart
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
		if p.aloneAt == p.end {
			p.arrowOfWord()
			return
		}
		p.pos += 2
		p.operator()
	default:
		p.assign()
	}
}

// dot reads the dot, or ?., that the property of an operand follows.
func (p *scanner) dot(length int) {
	p.goesOn()
	p.pos += length
	p.state = hasDot
	if p.chainAt == p.end {
		p.chainAt = int32(p.pos)
	}
}

// property reads the name of a property behind a dot.
func (p *scanner) property(end int) {
	p.pos = end
	p.state = hasOperand
	if p.chainAt == p.end {
		p.chainEnd, p.chainAt = int32(end), int32(end)
	}
}

// assign reads the = at the position: what comes gets the name of what stands before, if that can be written.
func (p *scanner) assign() {
	var n name
	if p.chainAt == p.end && p.state.operand() {
		n = name{kind: byTarget, class: -1, start: p.chain, end: p.chainEnd}
	}
	p.pos++
	p.operator()
	p.pending, p.pendAt = n, int32(p.pos)
}

// target is the operand in front of an = as a name.
func (p *scanner) target(n name) name {
	words := p.src[n.start:n.end]
	n.kind = byWord
	for i := range len(words) {
		if isWord[words[i]] {
			continue
		}
		n.kind = byChain
		if words[:i] == "this" || i == 0 && strings.HasPrefix((&namer{}).chain(0, words), "this.") {
			n.kind, n.class = byThis, p.top.self // of the class around, or of the function around that is written as one
		}
		return n
	}
	return n
}

func (p *scanner) question() {
	next := p.at(p.pos + 1)
	switch {
	case next == '.' && !(p.at(p.pos+2) >= '0' && p.at(p.pos+2) <= '9'):
		switch c := p.at(p.pos + 2); {
		case c == '(' || c == '[' || c == '`':
			p.pos += 2
			p.goesOn()
		default:
			p.dot(2)
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
		if p.ts && p.state.operand() && p.optional() {
			p.passed()
			return
		}
		p.top.ternary++
		p.operator()
	}
}

// optional tells whether the ? before the position marks an optional parameter: nothing but the end of its name can follow.
func (p *scanner) optional() bool {
	if k := p.top.kind; k != params && k != paren && k != args {
		return false
	}
	next, _ := p.after(p.pos)
	c := p.at(next)
	return c == ':' || c == ',' || c == ')' || c == '=' && p.at(next+1) != '>' && p.at(next+1) != '='
}

func (p *scanner) colon() {
	for p.top.kind == arrow && p.top.ternary == 0 {
		p.endArrow()
	}
	p.lastAt = -1
	f := p.top
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
		case p.state == hasLabel:
			p.newStatement()
		case p.ts && p.state.operand(): // const x: T
			p.pos = p.typeEnd(p.pos)
			p.passed()
		default:
			p.operator()
		}
	case params, paren, args, head:
		if p.ts {
			if f.kind == paren {
				f.special = true
			}
			p.pos = p.typeEnd(p.pos)
			p.passed()
			return
		}
		p.operator()
	default:
		p.operator()
	}
}
