package jslex_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/jslex"
)

// tokens writes the tokens of a text, white space left out: "//…" and "/*…*/" comments in brackets.
func tokens(text string, module bool) (list []string, err error) {
	l := jslex.New([]byte(text), module)
	for {
		t, err := l.Next()
		if err != nil {
			return list, err
		}
		switch t.Kind {
		case jslex.End:
			return list, nil
		case jslex.Code:
			list = append(list, text[t.Start:t.End])
		case jslex.SingleLine, jslex.MultiLine, jslex.Hashbang:
			list = append(list, "["+text[t.Start:t.End]+"]")
		}
	}
}

var cases = []struct{ text, want string }{ // tokens with a space between them
	{"", ""},
	{"a//b\nc", "a [//b] c"},
	{"a/*b\n*/c", "a [/*b\n*/] c"},
	{"/**/", "[/**/]"},
	{"/*/*/", "[/*/*/]"},
	{"//", "[//]"},
	{"#!/usr/bin/env node\na", "[#!/usr/bin/env node] a"},
	{"a\u2028//b\u2029c", "a [//b] c"},
	// Strings.
	{`"//"'/*'`, `"//" '/*'`},
	{`"\"//"`, `"\"//"`},
	{"'a\\\r\nb//'", "'a\\\r\nb//'"},
	{"'\u2028//'", "'\u2028//'"},
	// Templates.
	{"`//`", "`//`"},
	{"`${a//b\n}`", "`${ a [//b] }`"},
	{"`${{}/1}//`", "`${ { } / 1 }//`"},
	{"`${`${1}`}//`//x", "`${ `${ 1 }` }//` [//x]"},
	{"`\\`//${'`'}\\${`", "`\\`//${ '`' }\\${`"},
	{"`$`/1//c", "`$` / 1 [//c]"},
	{"`a${b}`/c/ //d", "`a${ b }` / c / [//d]"},
	// Regular expressions and divisions.
	{"/'/", "/'/"},
	{"x=/[/'\"]//*y*/", "x = /[/'\"]/ [/*y*/]"},
	{"a=b/c/'d'", "a = b / c / 'd'"},
	{"a/=1//x", "a / = 1 [//x]"},
	{"(a)/b/'c'", "( a ) / b / 'c'"},
	{"a[0]/b/'c'", "a [ 0 ] / b / 'c'"},
	{"if(a)/b'/.test(c)", "if ( a ) /b'/ . test ( c )"},
	{"while(a)/'/.b", "while ( a ) /'/ . b"},
	{"a.if(b)/c/'d'", "a . if ( b ) / c / 'd'"},
	{"return/'/", "return /'/"},
	{"a.return/b/'c'", "a . return / b / 'c'"},
	{"a?.in/b/'c'", "a ?. in / b / 'c'"},
	{"typeof/'/", "typeof /'/"},
	{"x=>/'/", "x => /'/"},
	{"{}/'/", "{ } /'/"},
	{"x={}/y/'z'", "x = { } / y / 'z'"},
	{"f({})/y/'z'", "f ( { } ) / y / 'z'"},
	{"({a:/'/})", "( { a : /'/ } )"},
	{"({a:{}/1/'b'})", "( { a : { } / 1 / 'b' } )"},
	{"a:{}/'/", "a : { } /'/"},
	{"switch(x){case 1:{}/'/}", "switch ( x ) { case 1 : { } /'/ }"},
	{"x?{}:{}/1/'2'", "x ? { } : { } / 1 / '2'"},
	{"x?.5:{}/1/'2'", "x ? .5 : { } / 1 / '2'"},
	{"function f(){}/'/", "function f ( ) { } /'/"},
	{"x=function(){}/1/'2'", "x = function ( ) { } / 1 / '2'"},
	{"x=async function*f(){}/1/'2'", "x = async function * f ( ) { } / 1 / '2'"},
	{"async function f(){}/'/", "async function f ( ) { } /'/"},
	{"export default function(){}/'/", "export default function ( ) { } /'/"},
	{"class A{}/'/", "class A { } /'/"},
	{"x=class extends(class{}){}/1/'2'", "x = class extends ( class { } ) { } / 1 / '2'"},
	{"class A{static{}x=/'/}", "class A { static { } x = /'/ }"},
	{"a++/b/'c'", "a ++ / b / 'c'"},
	{"a=++/'/.b", "a = ++ /'/ . b"},
	{"for(x of/'/){}", "for ( x of /'/ ) { }"},
	{"of/b/'c'", "of / b / 'c'"},
	{"for(;;/'/)/'/", "for ( ; ; /'/ ) /'/"},
	{"do{}while(0)/'/", "do { } while ( 0 ) /'/"},
	{"1.5e+3/2/'3'", "1.5e + 3 / 2 / '3'"},
	{"a/b\nc/'d'", "a / b c / 'd'"},
	{`x=/\//"y"`, `x = /\// "y"`},
	{"\\u{61}/b/'c'", "\\u{61} / b / 'c'"},
	{"é/b/'c'", "é / b / 'c'"},
	{"#p in/'/", "#p in /'/"},
	// Comments of HTML, in scripts.
	{"<!--'\na", "[<!--'] a"},
	{"a\n /**/ -->'", "a [/**/] [-->']"},
	{"a-->'b'", "a -- > 'b'"},
	{"/*\n*/-->'", "[/*\n*/] [-->']"},
	// More closing brackets than opening ones, nothing but brackets.
	{"})]/'x'/", "} ) ] / 'x' /"},
}

func TestTokens(t *testing.T) {
	for _, c := range cases {
		list, err := tokens(c.text, false)
		require.NoError(t, err, "%q", c.text)
		assert.Equal(t, c.want, strings.Join(list, " "), "%q", c.text)
	}
	list, err := tokens("a<!--b\n-->c", true)
	require.NoError(t, err)
	assert.Equal(t, "a < ! -- b -- > c", strings.Join(list, " "), "a module has no comments of HTML")
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
	}{{"a'b", 1}, {"a\"b\nc\"", 1}, {"a/*b", 1}, {"a`b", 1}, {"`a${b}c", 5}, {"'\\", 0}, {"`\\", 0}, {"'\\\r\n", 0}, {"`${a", 4}, {"x=/a", 2}, {"x=/a\n/", 2}, {"x=/\\\n/", 2}, {"x=/[/]", 2}} {
		_, err := tokens(c.text, false)
		var e *jslex.Error
		require.ErrorAs(t, err, &e, "%q", c.text)
		assert.Equal(t, c.offset, e.Offset, "%q", c.text)
	}
}

// check is what holds for every text: tokens follow one another without a gap, up to the end or the error.
func check(t *testing.T, text []byte) {
	for _, module := range []bool{false, true} {
		l, at := jslex.New(text, module), 0
		for {
			token, err := l.Next()
			if err != nil {
				var e *jslex.Error
				require.ErrorAs(t, err, &e)
				require.GreaterOrEqual(t, e.Offset, 0)
				require.LessOrEqual(t, e.Offset, len(text))
				break
			}
			require.Equal(t, at, token.Start)
			if token.Kind == jslex.End {
				require.Equal(t, len(text), token.End)
				break
			}
			require.Greater(t, token.End, token.Start)
			require.LessOrEqual(t, token.End, len(text))
			at = token.End
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.text))
	}
	f.Fuzz(check)
}

func TestLinear(t *testing.T) {
	const n = 1 << 18
	for _, piece := range []string{"(", "{", "`${", "/", "/*", "/[", "\\", "\\u{", "a?", "'\\", "\u2028", "é", "if(", "=/", "-->", "<!--"} {
		read := func(size int) time.Duration {
			l := jslex.New(bytes.Repeat([]byte(piece), size/len(piece)), false)
			start := time.Now()
			for {
				if token, err := l.Next(); err != nil || token.Kind == jslex.End {
					return time.Since(start)
				}
			}
		}
		once, more := read(n), read(4*n)
		for try := 0; try < 3 && more > 10*once; try++ { // the machine may be busy
			once, more = min(once, read(n)), min(more, read(4*n))
		}
		assert.True(t, more <= 10*once || more < 20*time.Millisecond, "%q: %v, %v for four times that", piece, once, more)
	}
}

// TestAgainstAcorn compares comments and regular expressions with those that acorn finds in the corpus.
func TestAgainstAcorn(t *testing.T) {
	const peers = "../../bench/peers/node"
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(peers + "/node_modules/acorn")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: acorn (needs node and npm ci in bench/peers/node)")
	}
	scripts, _ := filepath.Glob("../../.cache/corpus/*/*.js")
	modules, _ := filepath.Glob("../../.cache/corpus/*/*.mjs")
	own, _ := filepath.Glob("../../testdata/shop/dist/*/*.js")
	if len(scripts) == 0 {
		t.Log("skipped: corpus (run make corpus)")
	}
	for _, path := range append(append(scripts, modules...), own...) {
		const large = 3 << 20
		if info, err := os.Stat(path); err == nil && info.Size() > large && os.Getenv("SYMBOLICATE_SOAK") == "" {
			continue
		}
		if strings.Contains(path, "mermaid-indexed") {
			continue // modules put behind one another: acorn refuses names exported twice
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			args, module := []string{"--max-old-space-size=4000", peers + "/tokens.mjs", path}, strings.HasSuffix(path, ".mjs") || strings.HasSuffix(path, "/big.js")
			if module {
				args = append(args, "module")
			}
			out, err := exec.Command("node", args...).Output()
			require.NoError(t, err)
			var want, got []string
			if text := strings.TrimSpace(string(out)); text != "" {
				want = strings.Split(text, "\n")
			}
			l := jslex.New(text, module)
			for {
				token, err := l.Next()
				require.NoError(t, err)
				if token.Kind == jslex.End {
					break
				}
				switch s := text[token.Start:token.End]; {
				case token.Kind == jslex.SingleLine || token.Kind == jslex.MultiLine:
					got = append(got, fmt.Sprintf("comment %d %d", token.Start, token.End))
				case token.Kind == jslex.Code && s[0] == '/' && len(s) > 1:
					got = append(got, fmt.Sprintf("regexp %d %d", token.Start, token.End))
				}
			}
			for i := range min(len(want), len(got)) {
				if want[i] != got[i] {
					t.Fatalf("%d: acorn %s, we %s", i, want[i], got[i])
				}
			}
			require.Equal(t, len(want), len(got))
			t.Logf("%d comments and regular expressions", len(got))
		})
	}
}
