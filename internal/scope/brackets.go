package scope

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
	grouped := f.kind == paren && p.operand && p.chain >= 0 && p.chain == p.groupStart(f.start)
	p.ended()
	if grouped { // (a as T).b can be written, too
		p.chain, p.chainEnd = f.start, int32(p.pos)
	}
	if f.kind == paren && last >= 0 && f.pending.kind != unnamed && p.funcs[last].name == f.pending {
		p.last = last // a function in parentheses is still all there is
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
