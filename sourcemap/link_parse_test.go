package sourcemap_test

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// What through parsing answers otherwise than without; "-": none. The rest is linkCases.
var parsingCases = []struct{ source, url, multiLine string }{ // multiLine: with that option, "" where it is the same
	{"let a = `\n//# sourceMappingURL=foo.js.map\n// `", "-", ""},
	{"let a = `\n" + comment + "\n`", "-", ""},
	{"let a = `\n`\n" + comment, "app.js.map", ""},
	{"let a = '" + comment + "'", "-", ""},
	{"let a = /[" + comment + "]/", "-", ""},
	{"let a = /'/\n" + comment, "app.js.map", ""},
	{"let a = b / 'c'\n" + comment, "app.js.map", ""},
	{"code();" + comment, "app.js.map", ""},
	{"code() " + comment + " ", "app.js.map", ""},
	{comment + "\n// don't", "app.js.map", ""},
	{comment + "\n// */ ` \"", "app.js.map", ""},
	{"//# sourceMappingURL=it's", "it's", ""},
	{"//# sourceMappingURL=x*/", "x*/", ""},
	{comment + "\n/* a comment */", "-", "app.js.map"},
	{comment + "\n/**/", "-", "app.js.map"},
	{comment + "/*\n*/", "-", ""},
	{"/*# sourceMappingURL=app.css.map */", "-", "app.css.map"},
	{"/*@ sourceMappingURL=x\n*/", "-", "x"},
	{"/*#\n\u2028 sourceMappingURL=x\r\n\t*/", "-", "x"},
	{"/*# sourceMappingURL=x\ny */", "-", ""},
	{"/*# sourceMappingURL= x */", "-", ""},
	{"/*# sourceMappingURL=*/", "-", "+"},
	{"/*\n" + comment + "\n*/", "-", ""},
	{"/*\n*/" + comment, "app.js.map", ""},
	{"/*# sourceMappingURL=x */\n//# sourceMappingURL=y", "y", ""},
	{"//# sourceMappingURL=y\n/*# sourceMappingURL=x */", "-", "x"},
	{"<!-- x", "-", ""},
	{comment + "\n<!-- x", "app.js.map", ""},
	{comment + "\n--> x", "app.js.map", ""},
	{"<!--# sourceMappingURL=x", "x", ""}, // a SingleLineComment by ECMA-262's annex B
	{"#!" + comment, "-", ""},
	{"#!/usr/bin/env node\n" + comment, "app.js.map", ""},
	// What can't be split into tokens has none.
	{"'\n" + comment, "-", ""},
	{"`\n" + comment, "-", ""},
	{"/*\n" + comment, "-", ""},
	{"a = /b\n" + comment, "-", ""},
	{comment + "\n/", "-", ""},
}

// orNone is what an answer is in the tables: "-" for none, "+" for an empty URL.
func orNone(url string, ok bool) string {
	switch {
	case !ok && url == "":
		return "-"
	case ok && url == "":
		return "+"
	}
	return url
}

func TestFindSourceMapURLThroughParsing(t *testing.T) {
	for _, c := range parsingCases {
		assert.Equal(t, c.url, orNone(sourcemap.FindSourceMapURLThroughParsing([]byte(c.source), nil)), "%q", c.source)
		want := c.multiLine
		if want == "" {
			want = c.url
		}
		got := orNone(sourcemap.FindSourceMapURLThroughParsing([]byte(c.source), &sourcemap.ParsingOptions{MultiLine: true}))
		assert.Equal(t, want, got, "%q, multi-line", c.source)
	}
	for _, c := range linkCases {
		checkMethods(t, []byte(c.source))
	}
	html := []byte("a\n--> " + "\n" + comment + "\n<!-- b")
	assert.Equal(t, "app.js.map", orNone(sourcemap.FindSourceMapURLThroughParsing(html, nil)))
	assert.Equal(t, "-", orNone(sourcemap.FindSourceMapURLThroughParsing(html, &sourcemap.ParsingOptions{Module: true})))
}

// checkMethods is what the standard's note says of its two methods: where the text can be parsed and the one without
// parsing has a URL, the other has the same.
func checkMethods(t *testing.T, source []byte) {
	url, ok := sourcemap.FindSourceMapURL(source)
	if !ok {
		return
	}
	for _, options := range []*sourcemap.ParsingOptions{nil, {MultiLine: true}, {Module: true}} {
		parsed, found := sourcemap.FindSourceMapURLThroughParsing(source, options)
		// A text that ends in the middle of a token has no URL for it: such texts are recognised by what is put behind.
		if !found {
			_, whole := sourcemap.FindSourceMapURLThroughParsing(append(source[:len(source):len(source)], "\n//# sourceMappingURL=whole"...), options)
			require.False(t, whole, "%q: without parsing %q, through parsing none", source, url)
			continue
		}
		require.Equal(t, url, parsed, "%q", source)
	}
}

func TestMethodsAgree(t *testing.T) {
	pieces := []string{"//", "#", "@", " ", "\n", "\n", "\r\n", "\u2028", "sourceMappingURL=", "//# sourceMappingURL=", "x", "'", "`", "\"", "*/", "/*", "/", "[", "(", ")", "{", "}", "${", "=", "if", "é", "<!--", "-->", "#!", "\n//# sourceMappingURL=y\n"}
	random := rand.New(rand.NewPCG(1, 7))
	for range 50_000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		checkMethods(t, []byte(b.String()))
	}
}

var cssCases = []struct{ source, url string }{
	{"", "-"}, {"a{}", "-"},
	{"/*# sourceMappingURL=app.css.map */", "app.css.map"},
	{"a{}\n/*# sourceMappingURL=app.css.map */\n", "app.css.map"},
	{"a{}/*# sourceMappingURL=app.css.map*/", "app.css.map"},
	{"/*@ sourceMappingURL=x */", "x"},
	{"/*#sourceMappingURL=x*/", "x"},
	{"/*#\n sourceMappingURL=x\f*/", "x"},
	{"/*# sourceMappingURL=*/", "+"},
	{"/* # sourceMappingURL=x */", "-"},
	{"/*# sourceMappingURL=x y */", "-"},
	{"//# sourceMappingURL=x", "-"},
	{"/*# sourceMappingURL=x */ a{}", "-"},
	{"/*# sourceMappingURL=x */ /* b */\n/**/", "x"},
	{"/*# sourceMappingURL=x */ /*# sourceMappingURL=y */", "y"},
	{"/*# sourceMappingURL=x", "-"},
	{"/*# sourceMappingURL=x */ /*", "-"},
	{"/*# sourceMappingURL=x */ /", "-"},
	{"a{b:'/*# sourceMappingURL=x */'}", "-"},
	{`a{b:"\"/*# sourceMappingURL=x */`, "-"},
	{"a{b:'\n/*# sourceMappingURL=x */", "x"}, // a broken string ends with its line
	{"a{b:'\\\r\n/*# sourceMappingURL=x */'", "-"},
	{"a{b:url(/*# sourceMappingURL=x */", "-"},
	{"a{b:url( /*# sourceMappingURL=x */)}", "-"},
	{"a{b:URL(c)}/*# sourceMappingURL=x */", "x"},
	{"a{b:url(\\)/*# sourceMappingURL=x */", "-"},
	{"a{b:url('c'/*# sourceMappingURL=x */", "x"},
	{"a{b:curl(/*# sourceMappingURL=x */", "x"},
	{"a\\/*# sourceMappingURL=x */", "-"},
	{"\xef\xbb\xbf/*# sourceMappingURL=x */", "x"},
	{"/*# sourceMappingURL=data:application/json;base64,e30= */", "data:application/json;base64,e30="},
	{"<!-- /*# sourceMappingURL=x */ -->", "-"},
}

func TestFindSourceMapURLInCSS(t *testing.T) {
	for _, c := range cssCases {
		assert.Equal(t, c.url, orNone(sourcemap.FindSourceMapURLInCSS([]byte(c.source))), "%q", c.source)
	}
}

// wasmModule is a module of the given sections.
func wasmModule(sections ...string) string {
	return "\x00asm\x01\x00\x00\x00" + strings.Join(sections, "")
}

func leb(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

func wasmName(text string) string { return leb(len(text)) + text }

func wasmSection(id byte, content string) string {
	return string(rune(id)) + leb(len(content)) + content
}

func wasmLink(url string) string { return wasmSection(0, wasmName("sourceMappingURL")+wasmName(url)) }

var wasmCases = []struct {
	name, module, url string
	offset            int64 // of the error, -1: none
}{
	{"empty module", wasmModule(), "-", -1},
	{"a link", wasmModule(wasmLink("app.wasm.map")), "app.wasm.map", -1},
	{"a link behind others", wasmModule(wasmSection(1, "\x01\x60\x00\x00"), wasmSection(0, wasmName("name")+"x"), wasmLink("x")), "x", -1},
	{"an empty link", wasmModule(wasmLink("")), "+", -1},
	{"two links", wasmModule(wasmLink("x"), wasmLink("y")), "x", -1},
	{"other custom sections", wasmModule(wasmSection(0, wasmName("sourceMappingURLs")+wasmName("x"))), "-", -1},
	{"lengths with zeros", wasmModule("\x00\x95\x80\x80\x80\x00\x90\x00sourceMappingURL\x81\x00x"), "x", -1},
	{"the link of a longer length", wasmModule("\x00\x98\x80\x80\x80\x00\x90\x00sourceMappingURL\x81\x80\x80\x80\x00x"), "x", -1},
	{"a long URL", wasmModule(wasmLink(strings.Repeat("x", 300))), strings.Repeat("x", 300), -1},
	{"no module", "function", "-", 0},
	{"nothing", "", "-", 0},
	{"half a header", "\x00asm\x01", "-", 4},
	{"version 2", "\x00asm\x02\x00\x00\x00", "-", 4},
	{"a component", "\x00asm\x0d\x00\x01\x00", "-", 4},
	{"a section that goes on", wasmModule("\x00\x7fab"), "-", 8},
	{"a section without a length", wasmModule("\x00"), "-", 9},
	{"a length without an end", wasmModule("\x00\x80\x80"), "-", 9},
	{"a length of 33 bits", wasmModule("\x00\x80\x80\x80\x80\x10"), "-", 9},
	{"a length of six bytes", wasmModule("\x00\x80\x80\x80\x80\x80\x00"), "-", 9},
	{"a length of 4 GiB", wasmModule("\x00\xff\xff\xff\xff\x0f"), "-", 8},
	{"an unknown section", wasmModule("\x0e\x00"), "-", 8},
	{"a custom section without a name", wasmModule("\x00\x00"), "-", 10},
	{"a name longer than its section", wasmModule("\x00\x02\x05a"), "-", 10},
	{"a name that is not UTF-8", wasmModule(wasmSection(0, "\x01\xff")), "-", 11},
	{"a link without a URL", wasmModule(wasmSection(0, wasmName("sourceMappingURL"))), "-", 27},
	{"a URL longer than its section", wasmModule(wasmSection(0, wasmName("sourceMappingURL")+"\x05x")), "-", 27},
	{"more than a URL", wasmModule(wasmSection(0, wasmName("sourceMappingURL")+"\x01xy")), "-", 29},
	{"a URL that is not UTF-8", wasmModule(wasmLink("\xff")), "-", 28},
	{"broken behind the link", wasmModule(wasmLink("x"), "\x0e"), "-", 29},
}

func TestFindSourceMapURLInWebAssembly(t *testing.T) {
	for _, c := range wasmCases {
		t.Run(c.name, func(t *testing.T) {
			url, ok, err := sourcemap.FindSourceMapURLInWebAssembly([]byte(c.module))
			assert.Equal(t, c.url, orNone(url, ok))
			if c.offset < 0 {
				require.NoError(t, err)
				return
			}
			var e *sourcemap.WasmError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.offset, e.Offset, "%v", err)
		})
	}
}

func FuzzFindSourceMapURL(f *testing.F) {
	for _, c := range linkCases {
		f.Add([]byte(c.source))
	}
	for _, c := range parsingCases {
		f.Add([]byte(c.source))
	}
	for _, c := range cssCases {
		f.Add([]byte(c.source))
	}
	for _, c := range wasmCases {
		f.Add([]byte(c.module))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		checkMethods(t, source)
		want, wantOK := extract(string(source), urlPattern)
		if got, ok := sourcemap.FindSourceMapURL(source); strings.ToValidUTF8(string(source), "") == string(source) {
			require.Equal(t, wantOK, ok)
			require.Equal(t, want, got)
		}
		sourcemap.FindSourceMapURLInCSS(source)
		_, ok, err := sourcemap.FindSourceMapURLInWebAssembly(source)
		require.False(t, ok && err != nil)
		sourcemap.FindDebugID(source)
	})
}
