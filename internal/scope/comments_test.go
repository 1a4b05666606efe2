package scope_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// Texts that can be split into tokens, if it is known what is a comment, and what a regular expression, and what a division: whoever
// takes one for another sees a string that does not end.
var wholeTexts = []string{
	"a//b\nc",
	"a/*b\n*/c",
	"/**/",
	"/*/*/",
	"//",
	"#!/usr/bin/env node\na",
	"a\u2028//b\u2029c",
	`"//"'/*'`,
	`"\"//"`,
	"'a\\\r\nb//'",
	"'\u2028//'",
	"`//`",
	"`${a//b\n}`",
	"`${{}/1}//`",
	"`${`${1}`}//`//x",
	"`\\`//${'`'}\\${`",
	"`$`/1//c",
	"`a${b}`/c/ //d",
	"/'/",
	"x=/[/'\"]//*y*/",
	"a=b/c/'d'",
	"a/=1//x",
	"(a)/b/'c'",
	"a[0]/b/'c'",
	"if(a)/b'/.test(c)",
	"while(a)/'/.b",
	"a.if(b)/c/'d'",
	"return/'/",
	"a.return/b/'c'",
	"a?.in/b/'c'",
	"typeof/'/",
	"x=>/'/",
	"{}/'/",
	"x={}/y/'z'",
	"f({})/y/'z'",
	"({a:/'/})",
	"({a:{}/1/'b'})",
	"a:{}/'/",
	"switch(x){case 1:{}/'/}",
	"x?{}:{}/1/'2'",
	"x?.5:{}/1/'2'",
	"function f(){}/'/",
	"x=function(){}/1/'2'",
	"x=async function*f(){}/1/'2'",
	"async function f(){}/'/",
	"export default function(){}/'/",
	"class A{}/'/",
	"x=class extends(class{}){}/1/'2'",
	"class A{static{}x=/'/}",
	"a++/b/'c'",
	"a=++/'/.b",
	"for(x of/'/){}",
	"of/b/'c'",
	"for(;;/'/)/'/",
	"do{}while(0)/'/",
	"1.5e+3/2/'3'",
	"a/b\nc/'d'",
	`x=/\//"y"`,
	"\\u{61}/b/'c'",
	"é/b/'c'",
	"#p in/'/",
	"<!--'\na",
	"a\n /**/ -->'",
	"a-->'b'",
	"/*\n*/-->'",
	"})]/'x'/",
}

// Texts in which a token does not end.
var brokenTexts = []string{
	"a'b", "a\"b\nc\"", "a/*b", "a`b", "`a${b}c", "'\\", "`\\", "'\\\r\n", "`${a", "x=/a", "x=/a\n/", "x=/\\\n/", "x=/[/]", "x=/\u2028/",
	"({'a:1})", "class A { 'a }",
}

func TestTrailing(t *testing.T) {
	for _, text := range wholeTexts {
		for _, end := range []string{"\n//x", "\n/*x*/", "\n\u00a0//x\u2028\ufeff"} {
			comments, ok := scope.Trailing(text+end, false)
			assert.True(t, ok, "%q", text)
			if assert.NotEmpty(t, comments, "%q", text+end) {
				assert.Equal(t, "x", comments[len(comments)-1].Text, "%q", text+end)
			}
		}
	}
	for _, text := range brokenTexts {
		_, ok := scope.Trailing(text, false)
		assert.False(t, ok, "%q", text)
		_, ok = scope.Trailing(text+"\n//x", true)
		assert.False(t, ok, "%q", text)
	}
	for _, c := range []struct {
		text   string
		module bool
		want   []scope.Comment
	}{
		{"a//b\nc //d", false, []scope.Comment{{Text: "d"}}},
		{"a /*b*/ //c\n/*d\n*/", false, []scope.Comment{{Text: "b", MultiLine: true}, {Text: "c"}, {Text: "d\n", MultiLine: true}}},
		{"//a", false, []scope.Comment{{Text: "a"}}},
		{"#!//a", false, nil},
		{"#!a\n//b", true, []scope.Comment{{Text: "b"}}},
		{"a <!--b", false, []scope.Comment{{Text: "b"}}},
		{"a\n /**/ -->b", false, []scope.Comment{{Text: "", MultiLine: true}, {Text: "b"}}},
		{"a-->b//c", false, []scope.Comment{{Text: "c"}}},
		{"a<!--b\n-->c//d", true, []scope.Comment{{Text: "d"}}},
		{"-->a", false, []scope.Comment{{Text: "a"}}},
		{"`//`/*b*/", false, []scope.Comment{{Text: "b", MultiLine: true}}},
		{"", false, nil},
	} {
		comments, ok := scope.Trailing(c.text, c.module)
		assert.True(t, ok, "%q", c.text)
		assert.Equal(t, c.want, comments, "%q", c.text)
	}
}
