package scope

import "github.com/symbolicate/symbolicate/internal/eight"

// What frequent does with a token is told by its first byte.
type token uint8

const (
	anOther token = iota
	aWord
	aDigit
	aQuote
	aSpace
	aLineEnd
	aComma
	aDot
	aSemicolon
	anEquals
	anOpenParen
	aCloseParen
	anOpenBracket
	aCloseBracket
	anOpenBrace
	aCloseBrace
	aColon
	aQuestion
	aNot    // ! and ~
	aDouble // an operator that is another one twice in a row
	aSingle // an operator
)

var tokens = func() (t [256]token) {
	for c := range t {
		if letter[c] {
			t[c] = aWord
		}
	}
	for bytes, kind := range map[string]token{
		"0123456789": aDigit, "\"'": aQuote, " ": aSpace, "\n": aLineEnd, ",": aComma, ".": aDot, ";": aSemicolon, "=": anEquals, "(": anOpenParen, ")": aCloseParen, "[": anOpenBracket,
		"]": aCloseBracket, "{": anOpenBrace, "}": aCloseBrace, ":": aColon, "?": aQuestion, "!~": aNot, "&|+-": aDouble, "*%^>": aSingle,
	} {
		for i := range len(bytes) {
			t[bytes[i]] = kind
		}
	}
	return t
}()

// frequent reads on as long as the tokens are those that most of a text consists of. It does what token does, without asking for
// what is rare, and with what changes all the time in variables.
func (p *scanner) frequent() {
	src, i, end, state, f := p.src, p.pos, p.end, p.state, p.top
	p.newline = false
loop:
	for i < len(src) {
		c := src[i]
		if f.kind >= object {
			if c == ' ' && f.kind != jsxText {
				i++
				continue
			}
			if f.kind != object || f.stage != memberStart {
				break
			}
			if c == '}' && f.then == operand {
				i++
				state, end = hasOperand, int32(i)
				p.pop()
				f = p.top
				continue
			}
			if !letter[c] {
				break
			}
			behind := wordEnd(src, i+1)
			switch {
			case behind == len(src):
				break loop
			case src[behind] == ':':
				f.kind = property
				f.getter = Method
				f.name.set(byWord, i, behind)
				p.pending.set(byWord, i, behind)
				state = wantsOperand
				i = behind + 1
				p.pendAt = int32(i)
			case src[behind] == ',':
				i = behind + 1
			default:
				break loop
			}
			end = int32(i)
			continue
		}
		switch tokens[c] {
		case aSpace:
			i++
			continue
		case aLineEnd: // it may end a statement, but not in front of an operand that has to come
			if state.operand() || p.html {
				break loop
			}
			i = spaces(src, i+1)
			continue
		case aWord:
			start := i
			i++
			if i < len(src) && isWord[src[i]] {
				if i+8 <= len(src) {
					i += eight.First(notWord(eight.Load(src, i)))
				}
				if i < len(src) && isWord[src[i]] {
					i = wordEnd(src, i)
				}
			}
			if state == hasDot {
				state = hasOperand
				if p.chainAt == end {
					p.chainEnd, p.chainAt = int32(i), int32(i)
				}
				break
			}
			if text := src[start:i]; mayBeKeyword(text) {
				p.pos, p.end, p.state = i, end, state
				if p.keyword(text, start) {
					i, state, f = p.pos, p.state, p.top
					if len(p.stack) > MaxDepth || len(p.funcs) == MaxFunctions {
						end = int32(i)
						break loop
					}
					break
				}
			}
			switch {
			case i < len(src) && src[i] == '.':
				for i+1 < len(src) && src[i] == '.' && letter[src[i+1]] {
					i = wordEnd(src, i+2)
				}
				state = hasOperand
			case state.operand():
				state = hasOperand
			default: // behind a statement's start it may be a label
				state += hasOperand - wantsOperand
				p.before, p.aloneAt = end, int32(i)
			}
			p.chain, p.chainEnd, p.chainAt = int32(start), int32(i), int32(i)
		case aDigit:
			i++
			if i < len(src) && (isWord[src[i]] || src[i] == '.') {
				i = number(src, i-1)
			}
			state = hasOperand
		case aQuote:
			behind, closed := quoted(src, i)
			if !closed {
				break loop
			}
			i = behind
			state = hasOperand
		case aComma:
			if f.kind == arrow {
				break loop
			}
			i++
			state, p.lastAt = wantsOperand, -1
			f.ternary = 0
			if f.kind == property {
				f.kind, f.stage = object, memberStart
			}
		case aDot:
			if i+1 == len(src) || !letter[src[i+1]] {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			state = hasDot
			if p.chainAt == end {
				p.chainAt = int32(i)
			}
		case aSemicolon:
			if f.kind > body {
				break loop
			}
			i++
			f.special, f.ternary = false, 0
			state, p.lastAt = atStatement, -1
		case anEquals:
			if i+1 == len(src) || src[i+1] == '>' {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			if src[i] == '=' {
				i++
				if i < len(src) && src[i] == '=' {
					i++
				}
			} else {
				if p.chainAt == end && state.operand() {
					p.pendAt = int32(i)
					p.pending.set(byTarget, int(p.chain), int(p.chainEnd))
				}
			}
			state = wantsOperand
		case anOpenParen:
			if len(p.stack) == MaxDepth {
				break loop
			}
			if state.operand() {
				if p.lastAt == end {
					p.dropName()
				}
				i++
				f = p.push(args)
			} else {
				if p.genAt == end {
					break loop
				}
				n := p.wantedAt(end)
				f = p.push(paren)
				f.start, f.name = int32(i), n
				i++
				if p.pendAt == end {
					p.pendAt = int32(i)
				}
			}
			state = wantsOperand
		case aCloseParen:
			if f.kind != args || f.special || f.then != operand {
				break loop
			}
			i++
			p.pop()
			f = p.top
			state = hasOperand
		case anOpenBracket:
			if len(p.stack) == MaxDepth {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			f = p.push(bracket)
			if p.chainAt == end && state.operand() {
				f.start = p.chain
			}
			state = wantsOperand
		case aCloseBracket:
			if f.kind != bracket {
				break loop
			}
			i++
			state = hasOperand
			if f.start >= 0 {
				p.chain, p.chainEnd, p.chainAt = f.start, int32(i), int32(i)
			}
			p.pop()
			f = p.top
		case anOpenBrace:
			if state != wantsOperand || f.kind == classHead || len(p.stack) == MaxDepth {
				break loop
			}
			i++
			f = p.push(object)
		case aCloseBrace:
			switch {
			case f.kind == block:
				if len(p.stack) == 1 {
					break loop
				}
				state, p.lastAt = atStatement, -1
			case f.kind == property && f.then == operand:
				state = hasOperand
			default:
				break loop
			}
			i++
			p.pop()
			f = p.top
		case aColon:
			if f.ternary == 0 {
				break loop
			}
			f.ternary--
			i++
			state, p.lastAt = wantsOperand, -1
		case aQuestion:
			if p.ts || i+1 == len(src) || src[i+1] == '.' || src[i+1] == '?' {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			f.ternary++
			state = wantsOperand
		case aNot:
			if p.ts && state.operand() {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			state = wantsOperand
		case aDouble:
			if i+1 == len(src) || src[i+1] == c && (c == '+' || c == '-') || c == '-' && p.html {
				break loop
			}
			if p.lastAt == end {
				p.dropName()
			}
			i++
			if src[i] == c {
				i++
				if i < len(src) && src[i] == '=' {
					i -= 2
					break loop
				}
			}
			state = wantsOperand
		case aSingle:
			if p.lastAt == end {
				p.dropName()
			}
			i++
			state = wantsOperand
		default:
			break loop
		}
		end = int32(i)
	}
	p.pos, p.end, p.state = i, end, state
}
