package scope_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// A case is a text and the names of its functions in order. A mark in it, a string of a number, lies in the function of that
// number, from 1; not in one inside of it.
var cases = []struct {
	name     string
	language scope.Language
	text     string
	want     []string
}{
	// The table of NAMES.md.
	{"declaration", scope.JavaScript, `function f(){ "1" }`, []string{"f"}},
	{"variable", scope.JavaScript, `const f = () => "1", g = async x => "2"`, []string{"f", "g"}},
	{"assignment", scope.JavaScript, `f = function(){ "1" }; g ||= () => "2"; h ??= () => "3"; i &&= () => "4"`, []string{"f", "g", "h", "i"}},
	{"properties", scope.JavaScript, `x = { f: () => "1", f(){ "2" }, async *g(){ "3" } }`, []string{"f", "f", "g"}},
	{"default values", scope.JavaScript, `function a(f = () => "2", {g = () => "3"}, [h = () => "4"]){ "1" }`, []string{"a", "f", "g", "h"}},
	{"own name", scope.JavaScript, `x = function g(){ "1" }; (function h(){ "2" })()`, []string{"g", "h"}},
	{"class", scope.JavaScript, `class A { m(){ "1" } static s(){ "2" } #p(){ "3" } f = () => "5" }`, []string{"A.m", "A.s", "A.#p", "new A", "A.f"}},
	{"nameless class", scope.JavaScript, `foo(class { m(){ "1" } })`, []string{"<anonymous>.m"}},
	{"named by a variable", scope.JavaScript, `const B = class { m(){ "1" } }; C = class extends B { m(){ "2" } }`, []string{"B.m", "C.m"}},
	{"accessors", scope.JavaScript, `class A { get p(){ "1" } set p(v){ "2" } static get q(){ "3" } } x = { get p(){ "4" }, set p(v){ "5" } }`,
		[]string{"get A.p", "set A.p", "get A.q", "get p", "set p"}},
	{"construction", scope.JavaScript, `class A { x = "1"; static y = "2"; static { "3" } constructor(){ "4" } }`, []string{"new A", "static A", "static A", "new A"}},
	{"chains", scope.JavaScript, `a.b.c = function(){ "1" }; A.prototype.m = function(){ "2" }; a . b /* x */ . c = () => "3"; a["b c"] = () => "4"; a[0] = () => "5"; a[i] = () => "6"`,
		[]string{"a.b.c", "A.m", "a.b.c", `a["b c"]`, "a[0]", "a.<computed>"}},
	{"keys", scope.JavaScript, `class A { "k k"(){ "1" } 42(){ "2" } "id"(){ "3" } } x = { "k k": () => "4", 42: () => "5", "id": () => "6" }`,
		[]string{`A["k k"]`, "A[42]", "A.id", `["k k"]`, "[42]", "id"}},
	{"keys with comments", scope.JavaScript, `x = { ["a" /* b */]: () => "1" }; y[/* c */ "d"] = () => "2"; class A { .5(){ "3" } set .5(v){ "4" } }`, []string{"a", "y.d", "A[0.5]", "set A[0.5]"}},
	{"wide space", scope.JavaScript, "a.b\u00a0[c] = () => \"1\"; class A { static\u00a0{ \"2\" } }", []string{"a.b.<computed>", "static A"}},
	{"parts of this", scope.JavaScript, `this.a[0] = () => "1"; this["b c"].d = () => "2"; this[e] = () => "3"; this["f"] = () => "4"`, []string{"a[0]", `["b c"].d`, "<computed>", "f"}},
	{"a class that is called", scope.JavaScript, `A = class { m(){ "1" } }.b; B = (class { m(){ "2" } }); C = class D { m(){ "3" } }()`, []string{"<anonymous>.m", "B.m", "D.m"}},
	{"computed keys", scope.JavaScript, `class A { [k](){ "1" } [Symbol.iterator](){ "2" } ["m"](){ "3" } }`, []string{"A.<computed>", "A[Symbol.iterator]", "A.m"}},
	{"callbacks", scope.JavaScript, `const x = wrap(() => "1"); foo(function(){ "2" }); new P(r => "3"); y = (function(){ "4" })(); z = function(){ "5" }.bind(a); w = a || (() => "6"); v = (0, () => "7")`,
		[]string{"", "", "", "", "", "", ""}},
	{"in parentheses", scope.JavaScript, `x = (function(){ "1" }); y = ((() => "2"))`, []string{"x", "y"}},
	{"export default", scope.JavaScript, `export default function(){ "1" }`, []string{"default"}},
	{"export default class", scope.JavaScript, `export default class { m(){ "1" } }`, []string{"default.m"}},
	{"this", scope.JavaScript, `class A { constructor(){ this.f = () => "2"; "1" } } function B(){ this.g = function(){ "4" }; "3" } function c(){ this.h = () => "6"; "5" }`,
		[]string{"new A", "A.f", "B", "B.g", "c", "h"}},
	{"more of this", scope.JavaScript, `class A { m(){ this.a.b = () => "2"; this[k] = () => "3"; this["k k"] = () => "4"; this[0] ??= () => "5"; "1" } } this.x = () => "6"; this.a[k] = () => "7"`,
		[]string{"A.m", "A.a.b", "A.<computed>", `A["k k"]`, "A[0]", "x", "a.<computed>"}},
	{"keys of assignments", scope.JavaScript, "A.prototype[Symbol.iterator] = function(){ \"1\" }; a[`k`] = () => \"2\"; a[0x10] = () => \"3\"; a[1_0.50] = () => \"4\"; (a).b = () => \"5\"; (a || b).c = () => \"6\"; a[/* x */ 'k'] = () => \"7\"; a[1 + 2] = () => \"8\"; a[39 /* ' */] = () => \"9\"",
		[]string{"A[Symbol.iterator]", "a.k", "a[16]", "a[10.5]", "a.b", "", "a.k", "a.<computed>", "a[39]"}},
	{"keys that are numbers", scope.JavaScript, "x = { 0x10: () => \"1\", 1e3(){ \"2\" }, [1](){ \"3\" }, [`k`](){ \"4\" }, 5n(){ \"5\" }, 1e21(){ \"6\" }, 0.0: () => \"7\" }",
		[]string{"[16]", "[1000]", "[1]", "k", "[5]", "[1e+21]", "[0]"}},
	{"escapes", scope.JavaScript, `\u0061b = () => "1"; x = { "\x63\u{64}": () => "2" }`, []string{"ab", "cd"}},

	// What comes is a regular expression or a division.
	{"division", scope.JavaScript, `a = b / c; f = () => "1"; d = (e) / "g" / 2`, []string{"f"}},
	{"regexp", scope.JavaScript, `if (x) /}"/.test(y); a = /[/"]}/g; f = () => "1"; return /"/ `, []string{"f"}},
	{"behind a block", scope.JavaScript, `{} /"}/.test(x); function f(){ "1" } /"}/; x = {} / 2; g = () => "2"`, []string{"f", "g"}},
	{"behind a brace of a function", scope.JavaScript, `x = function(){ "1" } / 2 / '"'; f = () => "2"`, []string{"", "f"}},

	// Where an arrow's body ends.
	{"conditional", scope.JavaScript, `a ? b => "1" : c => "2"; f = a => b ? c => "4" : "3"`, []string{"", "", "f", ""}},
	{"case", scope.JavaScript, `switch (a) { case b ? c : d: f = () => "1"; case (x => "2"): default: g = () => "3" }`, []string{"f", "", "g"}},
	{"no semicolons", scope.JavaScript, "f = () => \"1\"\ng = () => { \"2\" }\n(h)\ni = x => x\n(\"3\")", []string{"f", "g", "i"}},
	{"argument", scope.JavaScript, `foo(a => "1", b => "2")[c => "3"]`, []string{"", "", ""}},
	{"templates", scope.JavaScript, "f = () => `a${(() => \"2\")()}b${`c${() => \"3\"}`}\"1\"`", []string{"f", "", ""}},
	{"field without a semicolon", scope.JavaScript, "class A { f = () => \"2\"\n g = x\n m(){ \"4\" }\n static\n n(){ \"5\" } }", []string{"new A", "A.f", "new A", "A.m", "A.n"}},

	// Words that are keywords elsewhere.
	{"words as keys", scope.JavaScript, `x = { get(){ "1" }, set: () => "2", async(){ "3" }, static(){ "4" }, function: () => "5", class(){ "6" } }; y.function = () => "7"`,
		[]string{"get", "set", "async", "static", "function", "class", "y.function"}},
	{"async", scope.JavaScript, `async = 1; async (x); f = async () => "1"; g = async (x) => "2"; async function h(){ "3" } i = async function(){ "4" }`, []string{"f", "g", "h", "i"}},
	{"labels", scope.JavaScript, `a: for (;;) { break a } b: { f = () => "1" }`, []string{"f"}},
	{"of", scope.JavaScript, `for (const x of y) f = () => "1"; for (of of of) g = () => "2"`, []string{"f", "g"}},
	{"hashbang", scope.JavaScript, "#!/usr/bin/env node '\nf = () => \"1\"", []string{"f"}},

	{"await and yield", scope.JavaScript, `f = await => "1"; function g([await = () => "3"]){ "2" } yield = () => "4"; async function h(){ await (() => "6"); "5" }`,
		[]string{"f", "g", "await", "yield", "h", ""}},
	{"words behind async", scope.JavaScript, `f = async as => "1"; g = async of => "2"`, []string{"f", "g"}},
	{"behind a line's end", scope.JavaScript, "class A { f = a.\nb\n g(){ \"2\" } }; h = /a/\u2028instanceof(() => \"3\")", []string{"new A", "A.g", ""}},

	// JSX.
	{"elements", scope.JSX, `f = () => <a b="x'" c={() => "2"}>it's {() => "3"} // <b/>{/* ' */}{"1"}</a>; g = () => "4"; h = a < b`, []string{"f", "", "", "g"}},
	{"fragments", scope.JSX, `f = () => <><A.B {...p} d=<i>'</i>/>text{"1"}</>; g = () => "2"`, []string{"f", "g"}},
	{"shift", scope.JSX, `x = 1 << i; f = () => "1"; y = "a" < b > c`, []string{"f"}},

	// TypeScript.
	{"types", scope.TypeScript, `const f: (a: string) => void = (a: string, b?: { c: () => void }): a is string => "1"`, []string{"f"}},
	{"return types", scope.TypeScript, `function f(): { a: 1 } { "1" } class A { m<T>(this: A, ...a: T[]): asserts a is T { "2" } }`, []string{"f", "A.m"}},
	{"overloads", scope.TypeScript, "function f(a: 1): 2\nfunction f(a: any) { \"1\" } abstract class A { abstract m(): void; m(a: 1): 2; m(a: any) { \"2\" } }", []string{"f", "A.m"}},
	{"generics", scope.TypeScript, `f = <T,>(x: T) => "1"; g = async <T>(x: T): Promise<T> => "2"; foo<A<B>>(() => "3"); a < b; c > (d); h = <T>x; i = () => "4"`, []string{"f", "g", "", "i"}},
	{"declarations", scope.TypeScript, `interface I extends J<{ a: () => 1 }> { m(): void } type T<U> = U extends () => infer R ? R : never; declare function d(): void; enum E { A = "x", B = 1 << 2 } namespace N.M { export const f = () => "1" } declare module "x" { function g(): void }`, []string{"f"}},
	{"assertions", scope.TypeScript, `f = (() => "1") as any as () => void; g = x!.y as const satisfies Z; h = () => "2"`, []string{"f", "h"}},
	{"types in chains", scope.TypeScript, `(A.prototype as any).m = function(){ "1" }; (<any>a).b = () => "2"; a.x!.y = () => "3"; ((a.b as C) satisfies D<(e: f) => g>).h = () => "4"; class B { m(){ (this as any).f = () => "6"; "5" } } let i = (() => "7")!`,
		[]string{"A.m", "a.b", "a.x.y", "a.b.h", "B.m", "B.f", "i"}},
	{"fields", scope.TypeScript, "class A { private readonly a?: string; declare b: () => void\n c!: number\n static d: X = () => \"2\"; constructor(private x: () => void, public y = () => \"4\") { \"3\" } }", []string{"static A", "A.d", "new A", "y"}},
	{"decorators", scope.TypeScript, `@Dec(() => "1") export class A { @Input() @B.C({ x: () => "2" }) m(@P() a: string) { "3" } @D f = "4" }`, []string{"", "x", "A.m", "new A"}},
	{"return type in a conditional", scope.TypeScript, `x = a ? (b: string): string => "1" : (c): void => "2"`, []string{"", ""}},
	{"type of a function in parentheses", scope.TypeScript, `f = (): undefined | (() => void) => "1"`, []string{"f"}},
	{"templates in types", scope.TypeScript, "f = <() => `${T extends 'a' ? `b` : 'c'}`>(x => \"1\"); type A = `a${`'`}`; g = () => \"2\"", []string{"f", "g"}},
	{"numbers as types", scope.TypeScript, "f = function(): - 1 { \"1\" }", []string{"f"}},
	{"constructor types", scope.TypeScript, "type of = abstract\nnew () => T[]; let a: keyof\nB = () => \"1\"", []string{"a"}},
	{"generics with JSX", scope.TSX, `f = <T extends X>(a: T) => <b>{"1"}</b>; g = <T,>(a: T) => "2"; h = <C<D> e={() => "3"}/>; i = <T = X, U = Y>(a: T) => "4"`, []string{"f", "g", "", "i"}},
}

func TestCases(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := scope.Scan(c.text, c.language)
			require.Equal(t, scope.ScanPlainly(c.text, c.language), s)
			var names []string
			for i := range s.Len() {
				names = append(names, s.Name(i))
			}
			require.Equal(t, c.want, names)
			marks := regexp.MustCompile(`"(\d)"`).FindAllStringSubmatchIndex(c.text, -1)
			require.NotEmpty(t, marks)
			for _, m := range marks {
				require.Equal(t, c.text[m[2]:m[3]], fmt.Sprint(s.At(m[0])+1))
			}
			check(t, s, len(c.text))
		})
	}
}

// check tells whether functions lie inside of their parents and in order.
func check(t *testing.T, s *scope.Scopes, size int) {
	t.Helper()
	for i := range s.Len() {
		f := s.Func(i)
		require.True(t, f.Start >= 0 && f.Start <= f.End && int(f.End) <= size, "%v", f)
		require.Less(t, int(f.Parent), i)
		if f.Parent >= 0 {
			p := s.Func(int(f.Parent))
			require.True(t, p.Start <= f.Start && f.End <= p.End, "%v in %v", f, p)
		}
		if i > 0 {
			require.LessOrEqual(t, s.Func(i-1).Start, f.Start)
		}
		require.Less(t, len(s.Name(i)), 4*scope.MaxName)
		s.OriginalName(i, func(start, end int) string {
			require.Less(t, start, end)
			require.LessOrEqual(t, end, size)
			return ""
		})
	}
}

func TestAt(t *testing.T) {
	text := `a(function f(){ b; (() => c)(); d }); e`
	s := scope.Scan(text, scope.JavaScript)
	for word, want := range map[string]string{"a(": "-", "b;": "f", "c)": "", "d }": "f", "e": "-"} {
		got := "-"
		if i := s.At(strings.LastIndex(text, word)); i >= 0 {
			got = s.Name(i)
		}
		assert.Equal(t, want, got, word)
	}
	assert.Equal(t, -1, s.At(-1))
	assert.Equal(t, -1, s.At(len(text)+10))
	assert.Equal(t, -1, scope.Scan("", scope.TSX).At(0))
}

func TestOriginalName(t *testing.T) {
	text := `function f(){} a.b.c = () => 1; x = { key(){} }; class A { #m(){} constructor(){} get p(){} static{} "q"(){} [e](){} }
		foo(() => 2); this.z = () => 3; B.prototype[1] = () => 4; export default () => 5; y = class { m(){} }`
	s := scope.Scan(text, scope.JavaScript)
	var names, some []string
	for i := range s.Len() {
		names = append(names, s.OriginalName(i, func(start, end int) string { return text[start:end] + "_" }))
		some = append(some, s.OriginalName(i, func(start, end int) string {
			if text[start:end] == "A" {
				return "Cart"
			}
			return ""
		}))
	}
	assert.Equal(t, []string{"f_", "a_.b_.c_", "key_", "A_.#m_", "new A_", "get A_.p_", "static A_", "A_.q", "A_.<computed>", "", "z_", "B_.prototype_[1]", "default", "y_.m_"}, names)
	assert.Equal(t, []string{"f", "a.b.c", "key", "Cart.#m", "new Cart", "get Cart.p", "static Cart", "Cart.q", "Cart.<computed>", "", "z", "B[1]", "default", "y.m"}, some)
}

// A name is made from a part of the text that has an end, so that a class with a long name does not cost as much for each member.
func TestLongNames(t *testing.T) {
	long := strings.Repeat("é", scope.MaxName)
	for _, text := range []string{"class X { X(){} }", "X = () => 1", "a.X.b.X = () => 1", "x = { 'X': () => 1 }", "this.X = () => 1", "X['X'] = () => 1"} {
		name := scope.Scan(strings.ReplaceAll(text, "X", long), scope.JavaScript).Name(0)
		assert.Less(t, len(name), 3*scope.MaxName, text)
		assert.Contains(t, name, "éé", text)
		assert.True(t, utf8.ValidString(name), text)
	}
}

func TestLanguageOf(t *testing.T) {
	for name, want := range map[string]scope.Language{
		"a.ts": scope.TypeScript, "webpack://x/./b.tsx?1234": scope.TSX, "c.mts#x": scope.TypeScript, "d.js": scope.JSX, "x.y/e": scope.JSX, "": scope.JSX,
	} {
		got, ok := scope.LanguageOf(name)
		assert.True(t, ok)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"f.vue?vue&type=script", "a.svelte", "b.css", "c.dart"} {
		_, ok := scope.LanguageOf(name)
		assert.False(t, ok, name)
	}
}

var languages = []scope.Language{scope.JavaScript, scope.JSX, scope.TypeScript, scope.TSX}

// TestHostile reads what repeats a piece, in a size and in four times that size: the time must not grow as its square.
func TestHostile(t *testing.T) {
	for _, piece := range []string{
		"(", "[", "{", "`${", "x=>", "(a)=>", "async (", "<", "<a>", "<a b={", "a<b", "<T>(", "function(", "function f(){", "class A{", "class A extends ",
		"a?b:", "a?", ":", "case a:", "if(", "(a):{", "(a):b<", "x as ", "/", "/*", "//", "'", "`", "\\", "#", "@a(", "@", ".", "?.", "=>", "=", "a=", "a.b=", "this.x=",
		"this.x=function(){", ")", "]", "}", "({", "[{", "type A=", "interface A{", "enum A{", "static{", "{a(){", "{get ", "a\n", "a\n(", "/*\n*/", "<a>/*{", "{x}/*",
		"x={a:", "({a=", "async x=>", "get", "=1\n", "\u2028", "\xff", "\x00", "a?(b):c=>", "<T,", "a<(", "(:", "a!", "let ", "\r\n", "x=>x?", "for(a of ", "${", "</", "<>", "=>{", "new ", "(a).b=", "(a as b).c=", "(<a>b).c=", "((a)", "this[a]=",
		"/[", "[*/", "a=/[", "\\/ import @", "/[/a/", "static x=class{", "class A{static x=class{", "{static =class ", "class A{a=class{",
	} {
		took := func(n int, l scope.Language) time.Duration {
			text := strings.Repeat(piece, n/len(piece))
			var s *scope.Scopes
			took := cpuTime(func() { s = scope.Scan(text, l) })
			check(t, s, len(text))
			return took
		}
		for _, l := range languages {
			const size = 1 << 15
			once, more := took(size, l), took(4*size, l)
			for try := 0; try < 5 && more > 12*once && more > 50*time.Millisecond; try++ { // the machine may be busy
				once, more = max(once, took(size, l)), min(more, took(4*size, l))
			}
			if more > 12*once && more > 50*time.Millisecond {
				t.Errorf("%q as language %d: %v for %d bytes, %v for four times that", piece, l, once, size, more)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	many := strings.Repeat("x=>1;", scope.MaxFunctions+100)
	assert.Equal(t, scope.MaxFunctions, scope.Scan(many, scope.JavaScript).Len())
	_, ok := scope.Trailing(many+"//x", false)
	assert.False(t, ok)
	deep := strings.Repeat("(", scope.MaxDepth+100) + "function f(){}"
	assert.Zero(t, scope.Scan(deep, scope.JavaScript).Len())
	_, ok = scope.Trailing(deep, false)
	assert.False(t, ok)
}

func FuzzScan(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text, uint8(c.language))
	}
	f.Fuzz(func(t *testing.T, text string, language uint8) {
		l := scope.Language(language & 3)
		s := scope.Scan(text, l)
		check(t, s, len(text))
		require.Equal(t, scope.ScanPlainly(text, l), s)
		scope.Trailing(text, language&1 != 0)
	})
}
