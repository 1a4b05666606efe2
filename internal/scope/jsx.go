package scope

import "strings"

// element starts an element at the < of the position.
func (p *scanner) element() {
	p.pos++
	f := p.push(jsxTag)
	f.stage = tagOpen
	p.tagName()
}

func (p *scanner) tagName() {
	p.pos, _ = p.after(p.pos)
	for isWord[p.at(p.pos)] || p.at(p.pos) == '-' || p.at(p.pos) == '.' || p.at(p.pos) == ':' {
		p.pos++
	}
	p.generic()
}

// tag reads on between < and >.
func (p *scanner) tag() {
	f := p.top
	switch c := p.src[p.pos]; c {
	case '>':
		p.pos++
		if f.stage == tagOpen {
			f.kind = jsxText
			return
		}
		p.pop() // </x>
		if p.top.kind == jsxText {
			p.pop()
		}
		p.elementEnd()
	case '/':
		p.pos++
		if p.at(p.pos) == '>' {
			p.pos++
			p.pop()
			p.elementEnd()
		}
	case '"', '\'':
		if n := strings.IndexByte(p.src[p.pos+1:], c); n >= 0 {
			p.pos += n + 2
		} else {
			p.pos = len(p.src)
		}
	case '{':
		p.pos++
		p.push(jsxHole)
	case '<':
		p.element()
	default:
		p.pos++
		for isWord[p.at(p.pos)] || p.at(p.pos) == '-' {
			p.pos++
		}
	}
}

func (p *scanner) elementEnd() {
	if k := p.top.kind; k != jsxText && k != jsxTag {
		p.state = hasOperand
	}
}

// children reads on between tags: text as it stands, up to a hole or a tag.
func (p *scanner) children() {
	n := strings.IndexAny(p.src[p.pos:], "<{")
	if n < 0 {
		p.pos = len(p.src)
		return
	}
	p.pos += n
	if p.src[p.pos] == '{' {
		p.pos++
		p.push(jsxHole)
		return
	}
	if next, _ := p.after(p.pos + 1); p.at(next) == '/' {
		p.pos = next + 1
		p.push(jsxTag).stage = tagClose
		p.tagName()
		return
	}
	p.element()
}

// less reads a <: an operator, an element, or types.
func (p *scanner) less() {
	next := p.at(p.pos + 1)
	if !p.state.operand() {
		if p.ts {
			if end := p.typeParameters(); end > 0 {
				start := int32(p.pos)
				p.pos = end
				p.passed()
				p.generics, p.genAt = start, int32(end)
				return
			}
		}
		if p.jsx && (isWord[next] || next == '>' || next == ' ' || next == '\n' || next == '\r') {
			p.element()
			return
		}
		if p.ts { // <T>x
			if end := p.angles(p.pos); end > 0 {
				p.pos = end
				p.passed()
				return
			}
		}
	} else if p.ts && next != '<' && next != '=' {
		if end := p.angles(p.pos); end > 0 && p.endsTypeArguments(end) {
			p.pos = end
			p.passed()
			return
		}
	}
	p.pos++
	if p.at(p.pos) == '<' { // <<
		p.pos++
	}
	p.operator()
}
