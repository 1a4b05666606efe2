package scope

// enter opens the body of a function whose { is at the offset.
func (p *scanner) enter(fn int32, brace int, then then) {
	p.pos = brace + 1
	b := p.push(body)
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

// openParen reads the ( at the position; async is the start of an async in front of it, -1: there is none.
func (p *scanner) openParen(async int32) {
	at := int32(p.pos)
	p.pos++
	switch {
	case async >= 0:
		n := p.wanted()
		f := p.push(args)
		f.start, f.name, f.special = async, n, true
	case p.state.operand():
		p.goesOn()
		p.push(args)
	default:
		n := p.wanted()
		f := p.push(paren)
		f.start, f.name = at, n
		if p.genAt == p.end {
			f.start, f.special = p.generics, true
		}
		if p.pendAt == p.end {
			p.pendAt = int32(p.pos)
		}
	}
}

// wanted returns what a function that starts now gets for a name.
func (p *scanner) wanted() name {
	return p.wantedAt(p.end)
}

// wantedAt is wanted where the token before ended there.
func (p *scanner) wantedAt(end int32) name {
	switch {
	case p.pendAt != end:
		return name{}
	case p.pending.kind == byTarget:
		p.pending = p.target(p.pending)
	}
	return p.pending
}

func (p *scanner) openBrace() {
	f := p.top
	if f.kind == classHead && (f.stage == headName || p.state.operand()) {
		p.pos++
		p.openClass()
		return
	}
	if p.newline && p.state.operand() {
		p.insertSemicolon()
	}
	p.pos++
	if p.state != wantsOperand {
		p.push(block).then = statement
		return
	}
	p.push(object)
}

// maxMissing is how many brackets may be missing in front of one that closes.
const maxMissing = 8

// close reads a closing bracket.
func (p *scanner) close(c byte) {
	at := len(p.stack) - 1
	for at > 0 && closers[p.stack[at].kind] != c {
		if c != '}' && (closers[p.stack[at].kind] == '}' || len(p.stack)-at > maxMissing) {
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
	f := p.pop()
	switch f.kind {
	case block:
		p.newStatement()
		return
	case body:
		p.closeBody(f)
		return
	case class, object, property:
		p.state = hasOperand
		if f.then == statement { // for an object: an enum
			p.newStatement()
		} else if f.kind == class {
			p.last, p.lastAt = ^f.fn, int32(p.pos)
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
		p.top.name.end = int32(p.pos - 1)
		return
	case bracket:
		p.state = hasOperand
		if f.start >= 0 {
			p.chain, p.chainEnd, p.chainAt = f.start, int32(p.pos), int32(p.pos)
		}
		return
	case paren, args:
		p.closeParen(f)
		return
	}
	p.state = hasOperand
}

// closeParen ends a group, arguments, or the parameters of an arrow.
func (p *scanner) closeParen(f *frame) {
	if f.kind == paren || f.special {
		next, line := p.after(p.pos)
		if p.ts && p.at(next) == ':' && (f.special || p.end == f.start+1 || p.enclosingTernary() == 0) {
			// A type behind a colon, which only parameters of an arrow have here.
			if end := p.shortTypeEnd(next + 1); end > next+1 {
				if after, _ := p.after(end); p.at(after) == '=' && p.at(after+1) == '>' {
					p.arrow(f.start, f.name, after)
					return
				}
			}
		}
		if p.at(next) == '=' && p.at(next+1) == '>' && !line {
			p.arrow(f.start, f.name, next)
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
	if f.kind == paren && p.chainAt == p.end && p.state.operand() && p.chain == p.groupStart(f.start) { // (a as T).b can be written, too
		p.chain, p.chainEnd, p.chainAt = f.start, int32(p.pos), int32(p.pos)
	}
	p.state = hasOperand
	if f.kind == paren && p.lastAt == p.end && f.name.kind != unnamed && *p.nameOfLast() == f.name {
		p.lastAt = int32(p.pos) // a function in parentheses is still all there is
	}
}

// groupStart returns where the operand starts that is first in the group whose ( is at the offset.
func (p *scanner) groupStart(at int32) int32 {
	next, _ := p.after(int(at) + 1)
	if p.ts && p.at(next) == '<' {
		if end := p.angles(next); end > 0 {
			next, _ = p.after(end)
		}
	}
	return int32(next)
}

// enclosingTernary returns how many ? wait for a colon where the position is.
func (p *scanner) enclosingTernary() int32 {
	n := p.top.ternary
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
	p.push(arrow).fn = fn
}

// arrowOfWord starts the body of an arrow whose parameter is the word before the => at the position.
func (p *scanner) arrowOfWord() {
	start := p.chain
	if p.asyncAt == p.before {
		start = p.async
	}
	p.arrow(start, p.wantedAt(p.before), p.pos)
}

// functionBody comes behind the parameters of a function: its body, or it has none and is none.
func (p *scanner) functionBody(f *frame) {
	next, _ := p.after(p.pos)
	if p.ts && p.at(next) == ':' {
		p.pos = p.typeEnd(next + 1)
		next, _ = p.after(p.pos)
	}
	if p.at(next) != '{' {
		p.state = hasOperand
		if f.then == statement {
			p.newStatement()
		}
		return
	}
	p.enter(f.fn, next, f.then)
}

func (p *scanner) closeBody(f *frame) {
	p.funcs[f.fn].End = int32(p.pos)
	switch f.then {
	case statement:
		p.newStatement()
	case member:
		p.state = hasOperand
	case arrowEnd:
		p.state, p.last, p.lastAt = hasArrow, f.fn, int32(p.pos)
	default:
		p.state, p.last, p.lastAt = hasOperand, f.fn, int32(p.pos)
	}
}
