package scope

import "strings"

func (p *scanner) decorator() {
	if p.newline && p.state.operand() {
		p.insertSemicolon()
	}
	p.pos++
	then := operand
	if p.state == atStatement {
		then = statement
	}
	if p.top.kind == params {
		then = member
	}
	p.pos, _ = p.after(p.pos)
	for isWord[p.at(p.pos)] || p.at(p.pos) == '.' || p.at(p.pos) == '#' {
		p.pos++
	}
	p.generic()
	if p.at(p.pos) == '(' {
		p.pos++
		p.push(args).then = then
		return
	}
	p.passed()
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
	if p.state == hasDot {
		p.property(end)
		return
	}
	if text := p.src[start:end]; mayBeKeyword(text) && p.keyword(text, start) {
		return
	}
	p.startOperand()
	was := p.state
	p.state = hasOperand
	if end < len(p.src) && p.src[end] == '.' {
		for end+1 < len(p.src) && p.src[end] == '.' && startsWord[p.src[end+1]] {
			end = wordEnd(p.src, end+2)
		}
		p.pos = end
	} else if !was.operand() {
		p.before, p.aloneAt = p.end, int32(end)
		if was == atStatement {
			p.state = hasLabel
		}
	}
	p.chain, p.chainEnd, p.chainAt = int32(start), int32(end), int32(end)
}

// keywords are all words that keyword knows.
var keywords = strings.Fields(`function class return throw break continue if while for with switch catch else do try finally case default
	export import var const let using new typeof void delete await yield in instanceof extends of async as satisfies implements
	interface type namespace module declare abstract enum global`)

// keywordLengths has, by the first two letters of keywords, a bit for each length.
var keywordLengths = func() (t [1 << 10]uint16) {
	for _, word := range keywords {
		t[letters(word)] |= 1 << len(word)
	}
	return t
}()

func letters(word string) int { return int(word[0]&31)<<5 | int(word[1]&31) }

// mayBeKeyword tells most words that are none.
func mayBeKeyword(word string) bool {
	return len(word) >= 2 && len(word) < 16 && keywordLengths[letters(word)]>>len(word)&1 != 0
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
		p.headWord(word == "for")
	case "else", "do", "try", "finally":
		p.startOperand()
		p.newStatement()
	case "case":
		p.startOperand()
		p.operator()
		if f := p.top; f.kind == block {
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
			p.state = hasOperand
		}
	case "var", "const", "let", "using":
		if word[0] != 'v' && word[0] != 'c' {
			if next, _ := p.after(p.pos); p.state.operand() || !isWord[p.at(next)] && p.at(next) != '{' && p.at(next) != '[' {
				return false
			}
		}
		p.startOperand()
		p.operator()
	case "new", "typeof", "void", "delete":
		p.startOperand()
		p.operator()
	case "await", "yield":
		if !p.takesOperand() {
			return false
		}
		p.startOperand()
		p.operator()
	case "in", "instanceof":
		p.operator()
	case "extends":
		if f := p.top; f.kind == classHead {
			f.stage = headExtends
		}
		p.operator()
	case "of":
		if f := p.top; f.kind != head || !f.special || !p.state.operand() {
			return false
		}
		p.operator()
	case "async":
		return p.asyncWord(start)
	case "as", "satisfies":
		if !p.ts || !p.state.operand() || p.newline {
			return false
		}
		p.pos = p.typeEnd(p.pos)
		p.passed()
	case "implements":
		if p.top.kind != classHead {
			return false
		}
		p.pos = p.typeList(p.pos)
		p.state = hasOperand
		p.top.stage = headName
	case "interface", "type", "namespace", "module", "declare", "abstract", "enum", "global":
		return p.ts && p.tsWord(word)
	default:
		return false
	}
	return true
}

// takesOperand tells whether an await or a yield is an operator, and not a name, by what follows.
func (p *scanner) takesOperand() bool {
	next, _ := p.after(p.pos)
	switch c := p.at(next); c {
	case '=', ',', ')', ']', '}', ';', ':', '?', '&', '|', '^', '%', '>', 0:
		return false
	case '.':
		return p.at(next+1) >= '0' && p.at(next+1) <= '9'
	}
	return true
}

// headWord reads the ( behind if, for and their like: in it is a head.
func (p *scanner) headWord(isFor bool) {
	next, _ := p.after(p.pos)
	if isFor && p.wordAt(next, "await") {
		next, _ = p.after(next + len("await"))
	}
	if p.at(next) == '(' {
		p.pos = next + 1
		p.push(head).special = isFor
	}
}

func (p *scanner) asyncWord(start int) bool {
	if p.state.operand() && !p.newline {
		return false
	}
	next, line := p.after(p.pos)
	if line {
		return false
	}
	switch c := p.at(next); {
	case isWord[c]:
		if p.wordAt(next, "of") || p.wordAt(next, "in") || p.wordAt(next, "instanceof") || p.wordAt(next, "as") {
			if after, _ := p.after(wordEnd(p.src, next)); p.at(after) != '=' || p.at(after+1) != '>' {
				return false
			}
		}
		p.startOperand()
		p.passed()
		p.async, p.asyncAt = int32(start), int32(p.pos) // what comes is a function, or the parameter of an arrow
	case c == '(':
		p.startOperand()
		p.pos = next
		p.openParen(int32(start))
	case c == '<' && p.ts:
		end := p.angles(next)
		if end == 0 {
			return false
		}
		if after, _ := p.after(end); p.at(after) == '(' {
			p.startOperand()
			p.pos = after
			p.openParen(int32(start))
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
	end := at + len(word)
	return end <= len(p.src) && p.src[at:end] == word && (!isWord[p.at(end)] || wordEnd(p.src, end) == end)
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
	declared := p.state == atStatement
	n := p.wanted()
	if p.asyncAt == p.end {
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
		p.state = hasOperand
		return
	}
	p.pos++
	fn := p.function(Function, int32(start), n)
	f := p.push(params)
	f.fn = fn
	if declared {
		f.then = statement
	}
}

func (p *scanner) classWord() {
	declared := p.state == atStatement
	n := p.wanted()
	at := p.pos
	if own, ok := p.identifier(); ok {
		switch p.src[own.start:own.end] {
		case "extends", "implements":
			p.pos = at
		default:
			n = own
			n.own = true
		}
	}
	if next, _ := p.after(p.pos); p.ts && p.at(next) == '<' {
		p.pos = next
		p.generic()
	}
	p.classes = append(p.classes, n)
	f := p.push(classHead)
	f.fn, f.stage = int32(len(p.classes)-1), headName
	if declared {
		f.then = statement
	}
}

func (p *scanner) openClass() {
	h := *p.pop()
	f := p.push(class)
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
	p.pending, p.pendAt = name{kind: byDefault, class: -1}, int32(p.pos)
	declared := p.wordAt(next, "function") || p.wordAt(next, "class") || p.wordAt(next, "abstract") || p.at(next) == '@'
	if p.wordAt(next, "async") {
		after, line := p.after(next + len("async"))
		declared = !line && p.wordAt(after, "function")
	}
	if declared {
		p.state = atStatement
	}
}
