package scope

import "strings"

// Whether a < is an operator, and a ( a group, shows behind what it opens: that is read in vain now and then. Together that
// may be four times the text; when that is used up, a try is as short as minTry.
const minTry = 64

// tried returns the text up to where a try may read.
func (p *scanner) tried(at int) string {
	return p.src[:min(len(p.src), at+max(p.tries, minTry))]
}

// typeEnd returns the end of the type at the offset, or the offset itself where there is none. It is read as
// operands with operators between; what is in brackets is passed over whole.
func (p *scanner) typeEnd(at int) int {
	end := at // of the last operand
	wanted := true
	ternary := 0
	for i := at; ; {
		next, line := p.after(i)
		c := p.at(next)
		if c == 0 {
			return end
		}
		if wanted {
			switch {
			case c == '|' || c == '&': // in front of the first
				i = next + 1
				continue
			case c == '"' || c == '\'':
				i, _ = quoted(p.src, next)
			case c == '`':
				i = wholeTemplate(p.src, next)
			case c == '-' || c >= '0' && c <= '9':
				i = max(number(p.src, next+flag(c == '-')), next+1)
			case c == '{' || c == '[':
				i = closing(p.src, next)
			case c == '(':
				i = closing(p.src, next)
				if after, _ := p.after(i); p.at(after) == '=' && p.at(after+1) == '>' && p.parametersOfType(next+1) {
					i = after + 2
					continue
				}
			case c == '<': // of a generic function
				i = p.angles(next)
				if i == 0 {
					return end
				}
				continue
			case isWord[c] || c == '#':
				i = wordEnd(p.src, next+1)
				if after, _ := p.after(i); p.at(after) == '(' && p.wordAt(next, "import") {
					i = closing(p.src, after)
				}
				switch p.src[next:min(i, next+16)] {
				case "keyof", "unique", "readonly", "infer", "typeof", "new", "abstract", "asserts":
					// Operators, if a type follows; else names.
					if after, line := p.after(i); !line && p.startsType(after) {
						continue
					}
				}
			default:
				return end
			}
			end, wanted = i, false
			continue
		}
		switch {
		case c == '|' || c == '&':
			if p.at(next+1) == c || p.at(next+1) == '=' {
				return end
			}
			i, wanted = next+1, true
		case c == '.':
			i, wanted = next+1, true
		case c == '[' && !line:
			i = closing(p.src, next)
			end = i
		case c == '<' && !line:
			i = p.angles(next)
			if i == 0 {
				return end
			}
			end = i
		case c == '?' && ternary >= 0 && p.extended(at, next):
			ternary++
			i, wanted = next+1, true
		case c == ':' && ternary > 0:
			ternary--
			i, wanted = next+1, true
		case !line && (p.wordAt(next, "extends") || p.wordAt(next, "is")), line && p.wordAt(next, "extends"):
			i = next + len("is")
			if p.src[next] == 'e' {
				i = next + len("extends")
			}
			wanted = true
		default:
			return end
		}
	}
}

// parametersOfType tells whether what is in brackets from the offset on are the parameters of a function type, and not a
// type: the => behind it may be that of an arrow whose type it is.
func (p *scanner) parametersOfType(at int) bool {
	next, _ := p.after(at)
	switch c := p.at(next); {
	case c == ')' || c == '.':
		return true
	case c == '{' || c == '[':
		next = closing(p.src, next)
	case isWord[c]:
		next = wordEnd(p.src, next)
	default:
		return false
	}
	next, _ = p.after(next)
	switch c := p.at(next); c {
	case ':', ',', '?', '=':
		return true
	case ')':
		next, _ = p.after(next + 1)
		return p.at(next) == '=' && p.at(next+1) == '>'
	}
	return false
}

// shortTypeEnd is typeEnd for a try: it does not look far.
func (p *scanner) shortTypeEnd(at int) int {
	whole := p.src
	p.src = p.tried(at)
	end := p.typeEnd(at)
	p.src = whole
	p.tries -= end - at
	return end
}

// startsType tells whether a type may start at the offset.
func (p *scanner) startsType(at int) bool {
	c := p.at(at)
	return isWord[c] && !p.wordAt(at, "extends") && !p.wordAt(at, "is") || c == '{' || c == '[' || c == '(' || c == '"' || c == '\'' || c == '`' || c == '<'
}

// extended tells whether a conditional type is being read: A extends B ? C : D.
func (p *scanner) extended(from, to int) bool {
	return strings.Contains(p.src[from:to], "extends")
}

// typeList returns the end of types with commas between.
func (p *scanner) typeList(at int) int {
	for {
		end := p.typeEnd(at)
		next, _ := p.after(end)
		if end == at || p.at(next) != ',' {
			return end
		}
		at = next + 1
	}
}

// angles returns the end of what is in angle brackets at the offset, if it can be types or type parameters; 0: it can't.
func (p *scanner) angles(at int) int {
	src := p.tried(at)
	depth, i := 0, at
	defer func() { p.tries -= i - at }()
	for i < len(src) {
		switch c := src[i]; c {
		case '<':
			depth++
			i++
		case '>':
			if src[i-1] == '=' {
				i++
				continue
			}
			depth--
			i++
			if depth == 0 {
				return i
			}
		case '(', '[', '{':
			i = closing(src, i)
		case '"', '\'':
			i, _ = quoted(src, i)
		case '`':
			i = wholeTemplate(src, i)
		case '/':
			if i+1 == len(src) || src[i+1] != '/' && src[i+1] != '*' {
				return 0
			}
			i = comment(src, i)
		case '=':
			if next := p.at(i + 1); next == '=' {
				return 0
			}
			i++
		case '&', '|':
			if p.at(i+1) == c {
				return 0
			}
			i++
		case ' ', '\t', '\n', '\r', ',', '.', '?', ':', '-', '@', '#':
			i++
		default:
			if !isWord[c] {
				return 0
			}
			i++
		}
	}
	return 0
}

// endsTypeArguments tells whether what follows shows that a < b > was type arguments and no comparison.
func (p *scanner) endsTypeArguments(at int) bool {
	next, line := p.after(at)
	switch c := p.at(next); c {
	case '(', '`', ')', ']', '}', ',', ';', ':', '.', '?', '|', '&', 0:
		return true
	case '{':
		return p.top.kind == classHead
	case '=':
		return p.at(next+1) != '>'
	case '!':
		return p.at(next+1) == '='
	case '>':
		return false
	default:
		return line || p.wordAt(next, "implements") || p.wordAt(next, "as") || p.wordAt(next, "satisfies") || p.wordAt(next, "instanceof") || p.wordAt(next, "in")
	}
}

// typeParameters returns the end of the type parameters of an arrow at the < of the position, 0 where there are none.
func (p *scanner) typeParameters() int {
	end := p.angles(p.pos)
	if end == 0 {
		return 0
	}
	next, _ := p.after(end)
	if p.at(next) != '(' {
		return 0
	}
	if p.jsx { // there <T>( is an element: a parameter has a comma, a default or extends behind it
		first, _ := p.after(p.pos + 1)
		if p.wordAt(first, "const") {
			first, _ = p.after(first + len("const"))
		}
		first = wordEnd(p.src, first)
		first, _ = p.after(first)
		if p.at(first) != ',' && p.at(first) != '=' && !(p.wordAt(first, "extends") && p.at(first+len("extends")) != '=' && p.at(first+len("extends")) != '>') {
			return 0
		}
	}
	// Of an arrow, whose parameters are in brackets and have => or a type behind them.
	closed := closing(p.tried(next), next)
	p.tries -= closed - next
	after, _ := p.after(closed)
	if p.at(after) == '=' && p.at(after+1) == '>' || p.at(after) == ':' {
		return end
	}
	return 0
}

// tsWord reads a declaration of TypeScript that starts with the word; false: it is a name.
func (p *scanner) tsWord(word string) bool {
	next, line := p.after(p.pos)
	c := p.at(next)
	named := isWord[c] && !line && !(c >= '0' && c <= '9') && !p.wordAt(next, "in") && !p.wordAt(next, "instanceof") && !p.wordAt(next, "as")
	if word == "enum" {
		if p.state.operand() || !named {
			return false
		}
		p.identifier()
		p.pos, _ = p.after(p.pos)
		if p.at(p.pos) == '{' {
			p.pos++
			p.push(object).then = statement
		}
		return true
	}
	p.startOperand()
	if p.state != atStatement {
		return false
	}
	switch word {
	case "declare", "abstract":
		p.passed()
		return named
	case "global":
		if c != '{' {
			return false
		}
	case "interface":
		if !named {
			return false
		}
		p.identifier()
		p.pos, _ = p.after(p.pos)
		p.generic()
		if next, _ := p.after(p.pos); p.wordAt(next, "extends") {
			p.pos = p.typeList(next + len("extends"))
		}
		p.pos, _ = p.after(p.pos)
		if p.at(p.pos) == '{' {
			p.pos = closing(p.src, p.pos)
		}
		p.newStatement()
	case "type":
		if !named {
			return false
		}
		at := p.pos
		p.identifier()
		p.pos, _ = p.after(p.pos)
		p.generic()
		p.pos, _ = p.after(p.pos)
		if p.at(p.pos) != '=' {
			p.pos = at
			return false
		}
		p.pos = p.typeEnd(p.pos + 1)
		p.state = hasOperand
	case "namespace", "module":
		switch {
		case named:
			for isWord[p.at(next)] || p.at(next) == '.' {
				next++
			}
			p.pos = next
		case (c == '"' || c == '\'') && !line:
			p.pos, _ = quoted(p.src, next)
		default:
			return false
		}
		p.newStatement()
	}
	return true
}
