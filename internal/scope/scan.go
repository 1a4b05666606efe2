package scope

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
	for len(p.stack) <= MaxDepth {
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
	p.broken = p.broken || p.unclosed || len(p.stack) > MaxDepth
	for len(p.stack) > 0 { // what is still open ends with the text
		f := p.pop()
		switch f.kind {
		case template, hole:
			p.broken = true
		case body:
			p.funcs[f.fn].End = int32(len(p.src))
		case arrow, field:
			p.funcs[f.fn].End = max(p.end, p.funcs[f.fn].Start)
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
		case p.operand && c == '!' && p.ts && p.at(p.pos+1) != '=':
			p.goesOn()
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
		if words[:i] == "this" {
			p.ofThis(&n)
		}
		return n
	}
	return n
}

// ofThis makes a name of this.x: of the class around, or of the function around that is written as one.
func (p *scanner) ofThis(n *name) {
	at := n.end
	for at > n.start && (isWord[p.src[at-1]] || p.src[at-1] == '#') {
		at--
	}
	if at == n.end || at < n.start+5 { // this[x] =
		n.kind = unnamed
		return
	}
	for i := int(n.start) + 5; i < int(at); i++ {
		if c := p.src[i]; isWord[c] || c == '[' || c == '#' { // this.a.b
			n.start = n.start + 5
			return
		}
	}
	n.kind, n.start, n.class = byThis, at, p.top().self
}

// enter opens the body of a function whose { is at the offset.
func (p *scanner) enter(fn int32, brace int, then then) {
	p.pos = brace + 1
	b := p.push(body, int32(brace))
	b.fn, b.then = fn, then
	f := &p.funcs[fn]
	switch f.Kind {
	case Function: // this is what was made by new, if the name is written like that of a class
		b.self = -1
		if f.name.kind == byWord && f.name.class < 0 && p.src[f.name.start] >= 'A' && p.src[f.name.start] <= 'Z' {
			p.classes = append(p.classes, f.name)
			b.self = int32(len(p.classes) - 1)
		}
	case Method, Getter, Setter:
		if f.name.class < 0 {
			b.self = -1
		}
	}
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

func (p *scanner) openParen() {
	at := int32(p.pos)
	start := at
	if p.generics >= 0 {
		start = p.generics
	}
	if p.async >= 0 {
		start = p.async
	}
	isAsync, pending, chain := p.async >= 0, p.pending, p.chain
	p.pos++
	switch {
	case p.head:
		p.head = false
		p.push(head, at).special = p.forHead
		p.forHead = false
	case p.operand && !isAsync:
		p.goesOn()
		p.push(args, at)
	case isAsync:
		f := p.push(args, start)
		f.pending, f.chain = pending, chain
		f.special = true
	default:
		f := p.push(paren, start)
		next, _ := p.after(p.pos)
		f.pending, f.special = pending, start < at || p.at(next) == ')'
		p.pending = pending
	}
}

func (p *scanner) openBrace() {
	at := int32(p.pos)
	f := p.top()
	if f.kind == classHead && (f.stage == headName || p.operand) {
		p.pos++
		p.openClass()
		return
	}
	if p.operand && p.newline {
		p.insertSemicolon()
	}
	p.pos++
	if p.statement || p.operand {
		p.push(block, at).then = statement
		return
	}
	p.push(object, at)
}

// maxMissing is how many brackets may be missing in front of one that closes.
const maxMissing = 8

// close reads a closing bracket.
func (p *scanner) close(c byte) {
	at := len(p.stack) - 1
	for at > 0 && closer(p.stack[at].kind) != c {
		if c != '}' && (closer(p.stack[at].kind) == '}' || len(p.stack)-at > maxMissing) {
			p.pos++
			return // one too many: a brace between holds
		}
		at--
	}
	p.pos++
	for len(p.stack)-1 > at { // brackets that are missing
		if f := p.pop(); f.kind == body || f.kind == arrow || f.kind == field {
			p.funcs[f.fn].End = max(int32(p.pos-1), p.funcs[f.fn].Start)
		}
	}
	if at == 0 {
		p.newStatement()
		return
	}
	last := p.last
	f := p.pop()
	switch f.kind {
	case block:
		p.newStatement()
		return
	case body:
		p.closeBody(f)
		return
	case class:
		p.ended()
		if f.then == statement {
			p.newStatement()
		}
		return
	case hole:
		p.template()
		return
	case jsxHole:
		return
	case head:
		p.newStatement()
		return
	case params:
		p.functionBody(f)
		return
	case computed:
		p.top().key.end = int32(p.pos - 1)
		return
	case bracket:
		p.ended()
		p.chain, p.chainEnd = f.chain, int32(p.pos)
		return
	case object:
		p.ended()
		if f.then == statement { // an enum
			p.newStatement()
		}
		return
	case paren, args:
		p.closeParen(f, last)
		return
	}
	p.ended()
}

func closer(k frameKind) byte {
	switch k {
	case paren, args, head, params:
		return ')'
	case bracket, computed:
		return ']'
	case block, body, object, class, hole, jsxHole:
		return '}'
	}
	return 0
}

// closeParen ends a group, arguments, or the parameters of an arrow.
func (p *scanner) closeParen(f frame, last int32) {
	next, line := p.after(p.pos)
	if f.kind == paren || f.special {
		if p.ts && p.at(next) == ':' && (f.special || p.enclosingTernary() == 0) {
			// A type behind a colon, which only parameters of an arrow have here.
			if end := p.shortTypeEnd(next + 1); end > next+1 {
				if after, _ := p.after(end); p.at(after) == '=' && p.at(after+1) == '>' {
					p.arrow(f.start, f.pending, after)
					return
				}
			}
		}
		if p.at(next) == '=' && p.at(next+1) == '>' && !line {
			p.arrow(f.start, f.pending, next)
			return
		}
	}
	if f.then == statement { // of a decorator
		p.newStatement()
		return
	}
	if f.then == member {
		p.operator()
		return
	}
	p.ended()
	if f.kind == paren && last >= 0 && f.pending.kind != unnamed && p.funcs[last].name == f.pending {
		p.last = last // a function in parentheses is still all there is
	}
}

// enclosingTernary returns how many ? wait for a colon where the position is.
func (p *scanner) enclosingTernary() int32 {
	n := p.top().ternary
	for i := len(p.stack) - 1; i > 0 && p.stack[i].kind == arrow && len(p.stack)-i < 64; i-- {
		n += p.stack[i-1].ternary
	}
	return n
}

// arrow starts the body of an arrow whose => is at the offset.
func (p *scanner) arrow(start int32, n name, at int) {
	fn := p.function(Arrow, start, n)
	p.pos = at + 2
	next, _ := p.after(p.pos)
	if p.at(next) == '{' {
		p.enter(fn, next, arrowEnd)
		return
	}
	p.push(arrow, int32(next)).fn = fn
}

// functionBody comes behind the parameters of a function: its body, or it has none and is none.
func (p *scanner) functionBody(f frame) {
	next, _ := p.after(p.pos)
	if p.ts && p.at(next) == ':' {
		p.pos = p.typeEnd(next + 1)
		next, _ = p.after(p.pos)
	}
	if p.at(next) != '{' {
		p.ended()
		if f.then == statement {
			p.newStatement()
		}
		return
	}
	p.enter(f.fn, next, f.then)
}

func (p *scanner) closeBody(f frame) {
	p.funcs[f.fn].End = int32(p.pos)
	switch f.then {
	case statement:
		p.newStatement()
	case member:
		p.ended()
	case arrowEnd:
		p.ended()
		p.arrowDone, p.last = true, f.fn
	default:
		p.ended()
		p.last = f.fn
	}
}

func (p *scanner) decorator() {
	if p.operand && p.newline {
		p.insertSemicolon()
	}
	p.pos++
	then := operand
	if p.statement {
		then = statement
	}
	if p.top().kind == params {
		then = member
	}
	p.pos, _ = p.after(p.pos)
	for isWord[p.at(p.pos)] || p.at(p.pos) == '.' || p.at(p.pos) == '#' {
		p.pos++
	}
	p.generic()
	if p.at(p.pos) == '(' {
		p.pos++
		p.push(args, int32(p.pos-1)).then = then
	}
}

// generic passes over type arguments.
func (p *scanner) generic() {
	if p.ts && p.at(p.pos) == '<' {
		if end := p.angles(p.pos); end > 0 {
			p.pos = end
		}
	}
}

func (p *scanner) word() {
	start := p.pos
	end := wordEnd(p.src, start+1)
	p.pos = end
	if p.property {
		p.property, p.operand, p.statement, p.label = false, true, false, false
		p.pending, p.async, p.chainEnd = name{}, -1, int32(end)
		return
	}
	if n := end - start; n >= 2 && n <= 10 && p.src[start] >= 'a' && p.src[start] <= 'y' {
		if p.keyword(p.src[start:end], start) {
			return
		}
	}
	p.startOperand()
	// x => …
	if !p.operand {
		next := end
		if c := p.at(next); c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '/' {
			next, _ = p.after(end)
		}
		if p.at(next) == '=' && p.at(next+1) == '>' {
			first := int32(start)
			if p.async >= 0 {
				first = p.async
			}
			p.arrow(first, p.pending, next)
			return
		}
	}
	p.label = p.statement
	p.operand, p.statement = true, false
	p.pending, p.async, p.generics, p.last = name{}, -1, -1, -1
	p.chain, p.chainEnd = int32(start), int32(end)
}

// keyword reads a word that may be more than a name; false: it is a name.
func (p *scanner) keyword(word string, start int) bool {
	switch word {
	case "function":
		p.startOperand()
		p.functionWord(start)
	case "class":
		p.startOperand()
		p.classWord()
	case "return", "throw", "break", "continue":
		p.startOperand()
		p.operator()
		if _, line := p.after(p.pos); line {
			p.newStatement()
		}
	case "if", "while", "for", "with", "switch", "catch":
		p.startOperand()
		p.newStatement()
		p.head, p.forHead = true, word[0] == 'f'
	case "else", "do", "try", "finally":
		p.startOperand()
		p.newStatement()
	case "case":
		p.startOperand()
		p.operator()
		if f := p.top(); f.kind == block {
			f.special = true
		}
	case "default":
		p.startOperand()
		p.defaultWord()
	case "export":
		p.startOperand()
		p.newStatement()
	case "import":
		p.startOperand()
		p.operator()
		if next, _ := p.after(p.pos); p.at(next) == '(' || p.at(next) == '.' {
			p.ended()
		}
	case "var", "const", "let", "using":
		if word[0] != 'v' && word[0] != 'c' {
			if next, _ := p.after(p.pos); p.operand || !isWord[p.at(next)] && p.at(next) != '{' && p.at(next) != '[' {
				return false
			}
		}
		p.startOperand()
		p.operator()
	case "new", "typeof", "void", "delete", "await", "yield":
		p.startOperand()
		p.operator()
	case "in", "instanceof":
		p.operator()
	case "extends":
		if f := p.top(); f.kind == classHead {
			f.stage = headExtends
		}
		p.operator()
	case "of":
		if f := p.top(); f.kind != head || !f.special || !p.operand {
			return false
		}
		p.operator()
	case "async":
		return p.asyncWord(start)
	case "as", "satisfies":
		if !p.ts || !p.operand || p.newline {
			return false
		}
		last := p.last
		p.pos = p.typeEnd(p.pos)
		p.last = last
	case "implements":
		if p.top().kind != classHead {
			return false
		}
		p.pos = p.typeList(p.pos)
		p.ended()
		p.top().stage = headName
	case "interface", "type", "namespace", "module", "declare", "abstract", "enum", "global":
		return p.ts && p.tsWord(word)
	default:
		return false
	}
	return true
}

func (p *scanner) asyncWord(start int) bool {
	if p.operand && !p.newline {
		return false
	}
	next, line := p.after(p.pos)
	if line {
		return false
	}
	switch c := p.at(next); {
	case isWord[c]:
		if p.wordAt(next, "of") || p.wordAt(next, "in") || p.wordAt(next, "instanceof") || p.wordAt(next, "as") {
			return false
		}
		p.startOperand()
		p.async = int32(start) // what comes is a function, or the parameter of an arrow
	case c == '(':
		p.startOperand()
		p.async = int32(start)
		p.pos = next
		p.openParen()
	case c == '<' && p.ts:
		end := p.angles(next)
		if end == 0 {
			return false
		}
		if after, _ := p.after(end); p.at(after) == '(' {
			p.startOperand()
			p.async = int32(start)
			p.pos = after
			p.openParen()
			return true
		}
		return false
	default:
		return false
	}
	return true
}

// wordAt tells whether the word stands at the offset.
func (p *scanner) wordAt(at int, word string) bool {
	return len(p.src)-at >= len(word) && p.src[at:at+len(word)] == word && !isWord[p.at(at+len(word))]
}

// identifier reads a name behind the position, if one is there.
func (p *scanner) identifier() (n name, ok bool) {
	p.pos, _ = p.after(p.pos)
	start := p.pos
	if c := p.at(p.pos); !isWord[c] || c >= '0' && c <= '9' {
		return name{class: -1}, false
	}
	p.pos = wordEnd(p.src, p.pos)
	return name{kind: byWord, class: -1, start: int32(start), end: int32(p.pos)}, true
}

func (p *scanner) functionWord(start int) {
	declared := p.statement
	n := p.pending
	if p.async >= 0 {
		start = int(p.async)
	}
	p.pos, _ = p.after(p.pos)
	if p.at(p.pos) == '*' {
		p.pos++
	}
	if own, ok := p.identifier(); ok {
		n = own
		n.own = true
	}
	p.pos, _ = p.after(p.pos)
	p.generic()
	p.pos, _ = p.after(p.pos)
	if p.at(p.pos) != '(' {
		p.ended()
		return
	}
	p.pos++
	fn := p.function(Function, int32(start), n)
	f := p.push(params, int32(p.pos-1))
	f.fn = fn
	if declared {
		f.then = statement
	}
}

func (p *scanner) classWord() {
	declared := p.statement
	n := p.pending
	at := p.pos
	if own, ok := p.identifier(); ok {
		switch p.src[own.start:own.end] {
		case "extends", "implements":
			p.pos = at
		default:
			n = own
		}
	}
	if next, _ := p.after(p.pos); p.ts && p.at(next) == '<' {
		p.pos = next
		p.generic()
	}
	p.classes = append(p.classes, n)
	f := p.push(classHead, int32(at))
	f.fn, f.stage = int32(len(p.classes)-1), headName
	if declared {
		f.then = statement
	}
}

func (p *scanner) openClass() {
	h := p.pop()
	f := p.push(class, int32(p.pos-1))
	f.fn, f.then, f.self = h.fn, h.then, h.fn
}

// defaultWord reads the default of a switch or an export.
func (p *scanner) defaultWord() {
	next, _ := p.after(p.pos)
	if p.at(next) == ':' {
		p.pos = next + 1
		p.newStatement()
		return
	}
	p.operator()
	p.pending = name{kind: byDefault, class: -1}
	if p.wordAt(next, "function") || p.wordAt(next, "class") || p.wordAt(next, "abstract") {
		p.statement = true
	}
	if p.wordAt(next, "async") {
		after, line := p.after(next + len("async"))
		p.statement = !line && p.wordAt(after, "function")
	}
	if p.at(next) == '@' {
		p.statement = true
	}
}
