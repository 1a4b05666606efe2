package scope

// member reads on in the body of a class or an object: a member's modifiers and key, or what comes behind the key.
func (p *scanner) member() {
	f := p.top
	if f.stage == afterKey {
		p.afterKey(f)
		return
	}
	f.name, f.getter = name{class: -1}, Method
	if c := p.src[p.pos]; f.kind == object && startsWord[c] {
		end := wordEnd(p.src, p.pos+1)
		switch p.at(end) {
		case ':':
			f.name.kind, f.name.start, f.name.end = byWord, int32(p.pos), int32(end)
			p.pos = end
			p.value(f)
			return
		case ',':
			p.pos = end + 1
			return
		}
	}
	if f.kind == class {
		f.name.class = f.fn
	}
	switch c := p.src[p.pos]; c {
	case '}':
		p.close(c)
		return
	case ',', ';':
		p.pos++
		return
	case '@':
		p.state = wantsOperand
		p.decorator()
		return
	case '.':
		switch next := p.at(p.pos + 1); {
		case f.kind == object && next == '.':
			p.pos += 3
			f.kind = property
			p.operator()
			return
		case next < '0' || next > '9':
			p.pos++
			return
		}
	case ')', ']':
		p.close(c)
		return
	case '(': // an index or call signature of an interface can't be here; what else it is, it is no key
		p.pos++
		p.push(paren).start = int32(p.pos - 1)
		return
	}
	p.key(f)
}

// key reads modifiers and the key.
func (p *scanner) key(f *frame) {
	for {
		c := p.at(p.pos)
		switch {
		case c == '*':
			p.pos++
		case c == '"' || c == '\'':
			start := p.pos
			p.string()
			p.keyIs(f, byString, start, p.pos)
			return
		case c >= '0' && c <= '9' || c == '.':
			end := number(p.src, p.pos)
			p.keyIs(f, byNumber, p.pos, max(end, p.pos+1))
			return
		case c == '[':
			p.pos++
			f.stage = afterKey
			f.name.kind, f.name.start = byExpr, int32(p.pos)
			p.push(computed)
			return
		case isWord[c] || c == '#':
			end := wordEnd(p.src, p.pos+1)
			next, line := p.after(end)
			if f.kind == class && p.at(next) == '{' && p.wordAt(p.pos, "static") {
				p.enter(p.function(StaticBlock, int32(next), name{kind: byClassOnly, class: f.fn, static: true}), next, member)
				return
			}
			if !p.modifier(f, p.src[p.pos:end], next, line) {
				p.keyIs(f, byWord, p.pos, end)
				return
			}
			p.pos = next
			continue
		default:
			p.pos++
			return
		}
		p.pos, _ = p.after(p.pos)
	}
}

func (p *scanner) keyIs(f *frame, kind nameKind, start, end int) {
	f.name.kind, f.name.start, f.name.end = kind, int32(start), int32(end)
	f.stage = afterKey
	p.pos = end
}

// modifier tells whether the word is one, by the token behind it, and notes what it says.
func (p *scanner) modifier(f *frame, word string, next int, line bool) bool {
	c := p.at(next)
	starts := isWord[c] || c == '"' || c == '\'' || c == '[' || c == '#'
	switch word {
	case "get", "set":
		if !starts {
			return false
		}
		f.getter = Getter
		if word[0] == 's' {
			f.getter = Setter
		}
		return true
	case "async":
		return !line && (starts || c == '*')
	case "static":
		if f.kind != class || !starts && c != '*' {
			return false
		}
		f.name.static = true
		return true
	case "accessor":
		return f.kind == class && starts && !line
	case "public", "private", "protected", "readonly", "override", "declare", "abstract", "in", "out", "const":
		return p.ts && f.kind == class && (starts || c == '*') && !line
	}
	return false
}

// afterKey reads what follows the key: parameters, a value, an initialiser, or nothing.
func (p *scanner) afterKey(f *frame) {
	if p.ts {
		for c := p.at(p.pos); (c == '?' || c == '!') && p.at(p.pos+1) != '.' && p.at(p.pos+1) != '?'; c = p.at(p.pos) {
			p.pos, _ = p.after(p.pos + 1)
		}
		if p.at(p.pos) == '<' {
			p.generic()
			p.pos, _ = p.after(p.pos)
		}
	}
	switch c := p.at(p.pos); {
	case c == '(':
		p.method(f)
	case (c == ':' || c == '=') && f.kind == object:
		p.value(f)
	case c == ':':
		p.pos = p.typeEnd(p.pos + 1)
	case c == '=':
		p.pos++
		p.field(f)
	case c == ',' || c == ';' || c == '}' || f.kind == class:
		f.stage = memberStart
		if p.pos < len(p.src) {
			p.member()
		}
	default:
		f.kind = property // an object that is none
		p.state = hasOperand
	}
}

// value comes behind the colon, or the = of a pattern, at the position.
func (p *scanner) value(f *frame) {
	p.pos++
	f.kind = property
	p.operator()
	p.pending, p.pendAt = f.name, int32(p.pos)
}

func (p *scanner) method(f *frame) {
	kind := f.getter
	key := f.name
	if kind == Method && f.kind == class && !key.static && (key.kind == byWord || key.kind == byString) && p.isConstructor(key) {
		kind, key = Constructor, name{kind: byClassOnly, class: f.fn}
	}
	f.stage = memberStart
	fn := p.function(kind, int32(p.pos), key)
	p.pos++
	m := p.push(params)
	m.fn, m.then = fn, member
}

func (p *scanner) isConstructor(key name) bool {
	text := p.src[key.start:key.end]
	if key.kind == byString && len(text) > 2 {
		text = text[1 : len(text)-1]
	}
	return text == "constructor"
}

// field starts the initialiser of a class field, which is a function of its own.
func (p *scanner) field(f *frame) {
	key, owner := f.name, f.fn
	next, _ := p.after(p.pos)
	fn := p.function(Field, int32(next), name{kind: byClassOnly, class: owner, static: key.static})
	p.push(field).fn = fn
	p.pending, p.pendAt = key, int32(p.pos)
}
