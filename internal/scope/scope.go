// Package scope finds the functions of JavaScript, TypeScript and JSX text: where each starts and ends, and what it is
// called, by the rules of ECMA-262's NamedEvaluation and of V8's stack traces.
//
// It reads the text once, from front to end, without a syntax tree: a stack of open brackets, and at each token whether an
// operand or an operator comes next, is all that it keeps. Text that is not what it should be gives what can be
// had; nothing is an error. Time is linear in the text, memory in its functions and in the depth of its
// brackets, which [MaxFunctions] and [MaxDepth] bound.
//
//	scan.go     the loop over tokens, operators, the ends of statements
//	frequent.go the same for what most of a text consists of
//	brackets.go what a bracket is when it opens, and was when it closes
//	words.go    keywords, and what they start
//	members.go  members of classes and objects
//	bytes.go    eight bytes at a time
//	lexical.go  comments, strings, numbers, regular expressions, templates
//	types.go    TypeScript: types are passed over
//	jsx.go      JSX
//	names.go    from what stands around a function to its name
//	comments.go what stands behind the last token
package scope

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// MaxDepth is how many brackets may be open at once. Text behind that place is not looked at.
const MaxDepth = 1 << 16

// MaxFunctions is how many functions of a text are found, at 32 bytes each. Text behind the last one is not looked at.
const MaxFunctions = 1 << 20

// MaxBytes is the longest text that is looked at: offsets are 31-bit numbers.
const MaxBytes = 1<<31 - 1

// Language says what the text may hold besides JavaScript.
type Language uint8

const (
	JavaScript Language = 0
	JSX        Language = 1
	TypeScript Language = 2
	TSX                 = JSX | TypeScript

	Languages = 4 // how many there are
)

// LanguageOf returns the language by the name of a file, or a URL with a query. It is JSX for JavaScript, which often holds
// it before it is compiled, and where the name tells nothing; ok is false for what is no JavaScript.
func LanguageOf(name string) (l Language, ok bool) {
	name, _, _ = strings.Cut(name, "?")
	name, _, _ = strings.Cut(name, "#")
	name = name[strings.LastIndexByte(name, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return JSX, true
	}
	switch strings.ToLower(name[dot+1:]) {
	case "js", "jsx", "mjs", "cjs", "es6", "es", "jsm":
		return JSX, true
	case "ts", "mts", "cts":
		return TypeScript, true
	case "tsx":
		return TSX, true
	}
	return JavaScript, false
}

// Kind is what a function is.
type Kind uint8

const (
	Function    Kind = iota // function f(){}
	Arrow                   // () => x
	Method                  // of a class or an object
	Getter                  // get p(){}
	Setter                  // set p(v){}
	Constructor             // of a class
	Field                   // initialiser of a class field
	StaticBlock             // static {} of a class, initialiser of a static field
)

// Func is one function. Offsets count strings.
type Func struct {
	// Start and End are where it lies: from "function", "async" or the parameters, for members of classes and objects
	// always the parameters, to behind the body.
	Start, End int32
	// Parent is the number of the function around it, -1: none.
	Parent int32
	Kind   Kind
	name   name
}

// Scopes are the functions of a text.
type Scopes struct {
	src     string
	funcs   []Func // by Start; of those that start at one place the outer one first
	classes []name
}

// Len returns the number of functions.
func (s *Scopes) Len() int { return len(s.funcs) }

// Func returns function i, from 0; they are sorted by their starts.
func (s *Scopes) Func(i int) Func { return s.funcs[i] }

// At returns the number of the innermost function around the byte offset, -1 where there is none.
func (s *Scopes) At(offset int) int {
	i := sort.Search(len(s.funcs), func(i int) bool { return int(s.funcs[i].Start) > offset }) - 1
	for i >= 0 && int(s.funcs[i].End) <= offset {
		i = int(s.funcs[i].Parent)
	}
	return i
}

// Text returns the text that was scanned.
func (s *Scopes) Text() string { return s.src }

// Private tells whether a private name (#m) starts at the byte offset.
func (s *Scopes) Private(offset int) bool {
	return offset >= 0 && offset < len(s.src) && s.src[offset] == '#'
}

// Scan finds the functions of a text. It keeps the text.
func Scan(src string, language Language) *Scopes {
	return scan(src, language, false)
}

func scan(src string, language Language, plainly bool) *Scopes {
	if len(src) > MaxBytes {
		src = src[:MaxBytes]
	}
	p := scanner{src: src, ts: language&TypeScript != 0, jsx: language&JSX != 0, plainly: plainly}
	p.scan()
	funcs := slices.DeleteFunc(p.funcs, func(f Func) bool { return f.End < 0 })
	slices.SortFunc(funcs, func(a, b Func) int {
		// An initialiser that is nothing but a function lies around it.
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(b.Kind, a.Kind))
	})
	open := int32(-1)
	for i := range funcs {
		f := &funcs[i]
		for open >= 0 && funcs[open].End <= f.Start {
			open = funcs[open].Parent
		}
		f.Parent = open
		open = int32(i)
	}
	return &Scopes{src: src, funcs: funcs, classes: p.classes}
}
