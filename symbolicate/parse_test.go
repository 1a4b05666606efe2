package symbolicate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// short writes a frame as "function | file | line:column", with a kind other than code behind it.
func short(f symbolicate.Frame) string {
	kind := map[symbolicate.Kind]string{symbolicate.KindNative: " native", symbolicate.KindEval: " eval"}[f.Kind]
	return fmt.Sprintf("%s | %s | %d:%d%s", f.Function, f.File, f.Line, f.Column, kind)
}

func shorts(s symbolicate.Stack) (list []string) {
	for _, f := range s.Frames {
		list = append(list, short(f))
	}
	return list
}

// One line each: what stands in it, "" for a line that is no frame.
var frameCases = []struct{ name, line, want string }{
	// V8
	{"v8 named", "    at total (https://shop.example/app.js:1:512)", "total | https://shop.example/app.js | 1:512"},
	{"v8 method", "    at Cart.total (https://shop.example/app.js:1:512)", "Cart.total | https://shop.example/app.js | 1:512"},
	{"v8 anonymous", "    at https://shop.example/app.js:1:900", " | https://shop.example/app.js | 1:900"},
	{"v8 <anonymous>", "    at <anonymous> (https://shop.example/app.js:1:900)", " | https://shop.example/app.js | 1:900"},
	{"v8 Object.<anonymous>", "    at Object.<anonymous> (/srv/app.js:3:9)", "Object.<anonymous> | /srv/app.js | 3:9"},
	{"v8 async named", "    at async Cart.load (/srv/app.js:1:2)", "async Cart.load | /srv/app.js | 1:2"},
	{"v8 async anonymous", "    at async file:///srv/app.mjs:1:2", " | file:///srv/app.mjs | 1:2"},
	{"v8 async in front of the place", "    at Object.callback (async http://localhost/:25:7)", "Object.callback | http://localhost/ | 25:7"},
	{"v8 new", "    at new Cart (/srv/app.js:1:2)", "new Cart | /srv/app.js | 1:2"},
	{"v8 as", "    at Cart.t [as total] (/srv/app.js:1:2)", "Cart.t [as total] | /srv/app.js | 1:2"},
	{"v8 getter", "    at get t [as t] (/srv/app.js:1:2)", "get t [as t] | /srv/app.js | 1:2"},
	{"v8 private", "    at #n (/srv/app.js:1:2)", "#n | /srv/app.js | 1:2"},
	{"v8 static", "    at Function.from (/srv/app.js:1:2)", "Function.from | /srv/app.js | 1:2"},
	{"v8 computed name", "    at Cart.a b(c) (/srv/app.js:1:2)", "Cart.a b(c) | /srv/app.js | 1:2"},
	{"v8 Promise.all", "    at async Promise.all (index 0)", "async Promise.all |  | 0:0 native"},
	{"v8 builtin", "    at Array.map (<anonymous>)", "Array.map |  | 0:0 native"},
	{"v8 new Promise", "    at new Promise (<anonymous>)", "new Promise |  | 0:0 native"},
	{"v8 native", "    at Array.forEach (native)", "Array.forEach |  | 0:0 native"},
	{"v8 <anonymous> alone", "    at <anonymous>", " |  | 0:0 native"},
	{"v8 console", "    at <anonymous>:1:7", " |  | 1:7"},
	{"v8 eval", "    at eval (eval at run (https://shop.example/app.js:1:10), <anonymous>:3:4)", "eval | https://shop.example/app.js | 1:10 eval"},
	{"v8 eval nested", "    at eval (eval at <anonymous> (eval at run (https://shop.example/app.js:1:10), <anonymous>:1:1), <anonymous>:3:4)", "eval | https://shop.example/app.js | 1:10 eval"},
	{"v8 eval three deep", "    at f (eval at a (eval at b (eval at c (/srv/app.js:5:6), <anonymous>:1:1), <anonymous>:1:2), <anonymous>:1:3)", "f | /srv/app.js | 5:6 eval"},
	{"v8 new Function", "    at eval (eval at new Run (/srv/app (1)/x.js:5:6), <anonymous>:1:1)", "eval | /srv/app (1)/x.js | 5:6 eval"},
	{"v8 wasm", "    at add (https://shop.example/a.wasm:wasm-function[3]:0x45)", "add | https://shop.example/a.wasm | 1:70"},
	{"v8 wasm anonymous", "    at wasm://wasm/0001c2d6:wasm-function[12]:0x1a3", " | wasm://wasm/0001c2d6 | 1:420"},
	{"v8 wasm without a file", "    at add (<anonymous>:wasm-function[3]:0x45)", "add |  | 1:70"},
	{"v8 spaces in the path", "    at f (/srv/my shop/app (copy).js:1:2)", "f | /srv/my shop/app (copy).js | 1:2"},
	{"v8 spaces, no name", "    at /srv/my shop/app.js:1:2", " | /srv/my shop/app.js | 1:2"},
	{"v8 parentheses", "    at f (https://shop.example/(group)/[id]/p.js:1:2)", "f | https://shop.example/(group)/[id]/p.js | 1:2"},
	{"v8 parentheses, no name", "    at https://shop.example/(group)/[id]/p.js:1:2", " | https://shop.example/(group)/[id]/p.js | 1:2"},
	{"v8 closing parenthesis only", "    at f (/srv/a)b/app.js:1:2)", "f | /srv/a)b/app.js | 1:2"},
	{"v8 opening parenthesis only", "    at f (/srv/a(b/app.js:1:2)", "f | /srv/a(b/app.js | 1:2"},
	{"v8 Windows", `    at f (C:\Program Files (x86)\shop\app.js:1:2)`, `f | C:\Program Files (x86)\shop\app.js | 1:2`},
	{"v8 Windows, no name", `    at C:\shop\app.js:1:2`, ` | C:\shop\app.js | 1:2`},
	{"v8 Windows, file URL", "    at f (file:///C:/shop/app.js:1:2)", "f | file:///C:/shop/app.js | 1:2"},
	{"v8 data URL", "    at f (data:text/javascript,f();g(')'):1:2)", "f | data:text/javascript,f();g(')') | 1:2"},
	{"v8 data URL, base64", "    at data:text/javascript;base64,Zigp:1:2", " | data:text/javascript;base64,Zigp | 1:2"},
	{"v8 blob URL", "    at f (blob:https://shop.example/1b2c-3d:1:2)", "f | blob:https://shop.example/1b2c-3d | 1:2"},
	{"v8 webpack-internal", "    at eval (webpack-internal:///./src/cart.ts:12:3)", "eval | webpack-internal:///./src/cart.ts | 12:3"},
	{"v8 webpack, query", "    at f (webpack:///./src/cart.ts?a1b2:12:3)", "f | webpack:///./src/cart.ts?a1b2 | 12:3"},
	{"v8 @ in the path", "    at f (/srv/node_modules/@scope/pkg/i.js:1:2)", "f | /srv/node_modules/@scope/pkg/i.js | 1:2"},
	{"v8 @ in the path, no name", "    at /srv/node_modules/@scope/pkg/i.js:1:2", " | /srv/node_modules/@scope/pkg/i.js | 1:2"},
	{"v8 node:", "    at node:internal/main/run_main_module:28:49", " | node:internal/main/run_main_module | 28:49"},
	{"v8 line only", "    at f (http://path.example/file.js:4283)", "f | http://path.example/file.js | 4283:0"},
	{"v8 no line", "    at f (http://path.example/file.js)", "f | http://path.example/file.js | 0:0"},
	{"v8 unknown location", "    at f (unknown location)", "f |  | 0:0"},
	// Hermes prints addresses from 0, columns of frames count from 1.
	{"v8 Hermes", "    at f (address at index.android.bundle:1:1234)", "f | index.android.bundle | 1:1235"},
	{"v8 Hermes, address 0", "    at f (address at index.android.bundle:1:0)", "f | index.android.bundle | 1:1"},
	{"v8 Hermes, another segment", "    at f (address at /data/app/seg-1.js:2:9)", "f | /data/app/seg-1.js | 2:10"},
	{"v8 Hermes, no name", "    at anonymous (address at main.jsbundle:1:9)", " | main.jsbundle | 1:10"},
	{"v8 Hermes, top level", "    at global (address at main.jsbundle:1:9)", " | main.jsbundle | 1:10"},
	{"v8 Hermes, address too large", "    at f (address at main.jsbundle:1:99999999999)", "f | main.jsbundle | 1:0"},
	{"v8 Hermes, the largest address", "    at f (address at main.jsbundle:1:2147483646)", "f | main.jsbundle | 1:2147483647"},
	{"v8 Hermes, one more", "    at f (address at main.jsbundle:1:2147483647)", "f | main.jsbundle | 1:0"},
	{"v8 Hermes, with debug info", "    at f (index.android.bundle:1:1234)", "f | index.android.bundle | 1:1234"},
	{"v8 Hermes native", "    at apply (native)", "apply |  | 0:0 native"},
	{"v8 inspected, with fields", "    at f (/srv/app.js:1:2) {", "f | /srv/app.js | 1:2"},
	{"v8 inspected, no name, with fields", "    at /srv/app.js:1:2 {", " | /srv/app.js | 1:2"},
	{"v8 inspected, in a list", "    at f (/srv/app.js:1:2),", "f | /srv/app.js | 1:2"},
	{"v8 tab", "\tat f (/srv/app.js:1:2)", "f | /srv/app.js | 1:2"},
	{"v8 not indented", "at f (/srv/app.js:1:2)", "f | /srv/app.js | 1:2"},
	{"v8 name in UTF-8", "    at Café.tarif (/srv/pâtisserie.js:1:2)", "Café.tarif | /srv/pâtisserie.js | 1:2"},
	{"v8 line 0", "    at f (/srv/app.js:0:0)", "f | /srv/app.js | 0:0"},
	{"v8 numbers over 31 bits", "    at f (/srv/app.js:99999999999999999999:4294967296)", "f | /srv/app.js | 0:0"},
	{"v8 largest numbers", "    at f (/srv/app.js:2147483647:2147483647)", "f | /srv/app.js | 2147483647:2147483647"},
	{"Edge eval code", "   at eval code (eval code:1:1)", "eval code |  | 1:1 eval"},
	{"Edge native code", "   at Array.prototype.map (native code)", "Array.prototype.map |  | 0:0 native"},
	{"Safari extension in V8's form", "      at ClipperError@safari-web-extension:(//32-A4/commons.js:223036:10)", "ClipperError | safari-web-extension://32-A4/commons.js | 223036:10"},
	{"Safari extension in V8's form, no name", "      at safari-web-extension:(//32-A4/commons.js:3:10)", " | safari-web-extension://32-A4/commons.js | 3:10"},

	// SpiderMonkey
	{"gecko named", "total@https://shop.example/app.js:1:512", "total | https://shop.example/app.js | 1:512"},
	{"gecko anonymous", "@https://shop.example/app.js:1:512", " | https://shop.example/app.js | 1:512"},
	{"gecko async", "async*load@https://shop.example/app.js:1:900", "async*load | https://shop.example/app.js | 1:900"},
	{"gecko async anonymous", "async*@https://shop.example/app.js:1:900", "async* | https://shop.example/app.js | 1:900"},
	{"gecko callback handler", "setTimeout handler*start@https://shop.example/app.js:1:900", "setTimeout handler*start | https://shop.example/app.js | 1:900"},
	{"gecko inner", "I/<@https://shop.example/app.js:1:900", "I/< | https://shop.example/app.js | 1:900"},
	{"gecko getter", "get u@https://shop.example/app.js:1:900", "get u | https://shop.example/app.js | 1:900"},
	{"gecko eval", "@https://shop.example/app.js line 3 > eval:1:1", " | https://shop.example/app.js | 3:0 eval"},
	{"gecko Function in eval", "f@https://shop.example/app.js line 3 > eval line 1 > Function:1:1", "f | https://shop.example/app.js | 3:0 eval"},
	{"gecko wasm", "add@https://shop.example/a.wasm:wasm-function[3]:0x45", "add | https://shop.example/a.wasm | 1:70"},
	{"gecko @ in the name", `obj["@who"]@https://shop.example/app.js:1:2`, `obj["@who"] | https://shop.example/app.js | 1:2`},
	{"gecko @ in the URL", "f@https://shop.example/@scope/app.js:1:2", "f | https://shop.example/@scope/app.js | 1:2"},
	{"gecko @ in both", `obj["@who"]@https://shop.example/@scope/app.js:1:2`, `obj["@who"] | https://shop.example/@scope/app.js | 1:2`},
	{"gecko @ in the URL, no name", "@https://shop.example/@scope/app.js:1:2", " | https://shop.example/@scope/app.js | 1:2"},
	{"gecko path", "f@/srv/app.js:1:2", "f | /srv/app.js | 1:2"},
	{"gecko relative path", "global code@stack_traces/test:83:55", "global code | stack_traces/test | 83:55"},
	{"gecko Scratchpad", `obj["@fn"]@Scratchpad/1:10:29`, `obj["@fn"] | Scratchpad/1 | 10:29`},
	{"gecko bundle", "f@index.ios.bundle:12:34", "f | index.ios.bundle | 12:34"},
	{"gecko old arguments", `bar(1,"x, y",[object Object])@http://path.example/file.js:13`, "bar | http://path.example/file.js | 13:0"},
	{"gecko old, no name", "()@http://path.example/file.js:44", " | http://path.example/file.js | 44:0"},
	{"gecko console", "f@debugger eval code:1:7", "f |  | 1:7 eval"},
	{"gecko self-hosted", "map@self-hosted:178:17", "map | self-hosted | 178:17"},
	{"gecko spaces in the path", "f@file:///C:/Program Files/app.js:1:2", "f | file:///C:/Program Files/app.js | 1:2"},
	{"gecko Windows", `f@C:\shop\app.js:1:2`, `f | C:\shop\app.js | 1:2`},

	// JavaScriptCore
	{"jsc native", "map@[native code]", "map |  | 0:0 native"},
	{"jsc native alone", "[native code]", " |  | 0:0 native"},
	{"jsc wasm", "f@[wasm code]", "f |  | 0:0 native"},
	{"jsc global code", "global code@https://shop.example/app.js:24:10", "global code | https://shop.example/app.js | 24:10"},
	{"jsc eval code", "eval code@", "eval code |  | 0:0 eval"},
	{"jsc in eval code", "baz@", "baz |  | 0:0"},
	{"jsc URL alone", "https://shop.example/app.js:1:900", " | https://shop.example/app.js | 1:900"},
	{"jsc URL alone with @", "https://shop.example/@scope/app.js:1:900", " | https://shop.example/@scope/app.js | 1:900"},
	{"jsc URL alone with @/", "https://shop.example/@/app.js:1:900", " | https://shop.example/@/app.js | 1:900"},
	{"jsc extension", "p_@safari-web-extension://46-A4/content.js:29:33314", "p_ | safari-web-extension://46-A4/content.js | 29:33314"},

	// No frames
	{"empty", "", ""},
	{"prose with parentheses", "at the store (downtown)", ""},
	{"prose with a URL", "at the store (see https://shop.example)", ""},
	{"time of day", "at 12:30:45", ""},
	{"prose with a number", "at the end of line:12", ""},
	{"at alone", "at ", ""},
	{"mail address", "write to bob@shop.example", ""},
	{"mail address with a port", "bob@shop.example:25", ""},
	{"password in a URL", "Error: connect ECONNREFUSED redis://user:secret@db.example:6379", ""},
	{"password in a URL with a path", "Error: no answer from mongodb://user:secret@db.example/shop:27017", ""},
	{"URL with @ in a sentence", "Failed to load module from http://localhost/@vite/client:12:5", ""},
	{"URL in a sentence", "see https://shop.example/help:1:2", ""},
	{"URL without a place", "https://shop.example/", ""},
	{"decorator", "@Component", ""},
	{"at, glued", "attention (a.js:1:2)", ""},
}

func TestParseFrame(t *testing.T) {
	for _, c := range frameCases {
		t.Run(c.name, func(t *testing.T) {
			stack := symbolicate.ParseStack(c.line)
			assert.Equal(t, c.line, stack.String())
			if c.want == "" {
				assert.Empty(t, shorts(stack))
				assert.Equal(t, c.line, stack.Message)
				return
			}
			assert.Equal(t, []string{c.want}, shorts(stack))
			assert.Equal(t, c.line, stack.Frames[0].Raw)
			assert.Empty(t, stack.Message)
		})
	}
}

// All forms in one text, one below the other: none takes another away.
func TestParseAllFormsInOneText(t *testing.T) {
	var lines, want []string
	for _, c := range frameCases {
		if c.want != "" {
			lines, want = append(lines, c.line), append(want, c.want)
		}
	}
	stack := symbolicate.ParseStack("Error: x\n" + strings.Join(lines, "\r\n"))
	assert.Equal(t, want, shorts(stack))
	for i, f := range stack.Frames {
		assert.Equal(t, lines[i], f.Raw)
	}
}

const real = "    at a (https://shop.example/app.js:1:10)\n    at b (https://shop.example/app.js:1:20)"

// Whole texts: message, functions of the frames.
var stackCases = []struct {
	name, text, message string
	functions           string // with a blank between
}{
	{"empty", "", "", ""},
	{"line end", "\n", "", ""},
	{"message", "TypeError: x is not a function", "TypeError: x is not a function", ""},
	{"message and line end", "TypeError: x\n", "TypeError: x", ""},
	{"V8", "TypeError: x\n" + real, "TypeError: x", "a b"},
	{"V8, line end", "TypeError: x\n" + real + "\n", "TypeError: x", "a b"},
	{"Firefox", "a@https://shop.example/app.js:1:10\nb@https://shop.example/app.js:1:20\n", "", "a b"},
	{"CR LF", "TypeError: x\r\n" + strings.ReplaceAll(real, "\n", "\r\n") + "\r\n", "TypeError: x", "a b"},
	{"CR LF mixed", "TypeError: x\r\ny\n" + strings.ReplaceAll(real, "\n", "\r\n") + "\n", "TypeError: x\r\ny", "a b"},
	{"CR at the end", "TypeError: x\n" + real + "\r", "TypeError: x", "a b"},
	{"message of lines", "Error: Problem at this\nlocation. Error code:1234\n" + real, "Error: Problem at this\nlocation. Error code:1234", "a b"},
	{"message with a blank line", "Error: x\n\ny\n" + real, "Error: x\n\ny", "a b"},
	{"message with a password", "Error: connect redis://u:p@db.example:6379\n" + real, "Error: connect redis://u:p@db.example:6379", "a b"},
	{"fake frame in the message", "Error: x\n    at evil (https://evil.example/x.js:1:1)\nand more\n" + real,
		"Error: x\n    at evil (https://evil.example/x.js:1:1)\nand more", "a b"},
	{"fake frames in the message", "Error: x\n    at evil (https://evil.example/x.js:1:1)\nand\n    at vile (https://evil.example/x.js:1:2)\nmore\n" + real,
		"Error: x\n    at evil (https://evil.example/x.js:1:1)\nand\n    at vile (https://evil.example/x.js:1:2)\nmore", "a b"},
	{"fake frame and a blank line in the message", "Error: x\n    at evil (https://evil.example/x.js:1:1)\n\nand more\n" + real,
		"Error: x\n    at evil (https://evil.example/x.js:1:1)\n\nand more", "a b"},
	{"fake frame, text and a blank line in the message", "Error: x\n    at evil (https://evil.example/x.js:1:1)\nand more\n\n" + real,
		"Error: x\n    at evil (https://evil.example/x.js:1:1)\nand more\n", "a b"},
	{"frames behind a blank line", "Error: x\n" + real + "\n\n    at c (/srv/c.js:1:1)\nbye", "Error: x", "a b c"},
	{"a blank line keeps what stands before it", "a@https://shop.example/app.js:1:10\n\nevil@https://evil.example/x.js:1:1\nmore\nb@https://shop.example/app.js:1:20", "", "a b"},
	{"two logs, blank line", "t: x\n" + real + "\n\n[18:59:01] it is over\n    at c (/srv/c.js:1:1)\n\n2026-11-24 so is it\n    at d (/srv/c.js:1:1)", "t: x", "a b c d"},
	{"fake Firefox frame in the message", "Error: x\nevil@https://evil.example/x.js:1:1\nand more\n" + real,
		"Error: x\nevil@https://evil.example/x.js:1:1\nand more", "a b"},
	{"fake frame as the message", "    at evil (https://evil.example/x.js:1:1)\nis bad\n" + real,
		"    at evil (https://evil.example/x.js:1:1)\nis bad", "a b"},
	{"text behind the frames", "Error: x\n" + real + "\nhave a nice day", "Error: x", "a b"},
	{"Caused by", "Error: x\n" + real + "\nCaused by: RangeError: y\n    at c (/srv/c.js:1:1)\n    ... 4 more\n    at d (/srv/d.js:1:1)", "Error: x", "a b c d"},
	{"two errors", "Error: x\n" + real + "\nTypeError: y\n    at c (/srv/c.js:1:1)", "Error: x", "a b c"},
	{"two errors, blank line", "t: x\n" + real + "\n\nu: y\n    at c (/srv/c.js:1:1)", "t: x", "a b c"},
	{"log", "2026-11-24T18:59:00.123Z TypeError: x\n" + real + "\n2026-11-24T18:59:01.000Z RangeError: y\n    at c (/srv/c.js:1:1)\n",
		"2026-11-24T18:59:00.123Z TypeError: x", "a b c"},
	{"log with brackets", "[18:59:00] TypeError: x\n" + real + "\n[18:59:01] Uncaught (in promise) t: y\n    at c (/srv/c.js:1:1)\n",
		"[18:59:00] TypeError: x", "a b c"},
	{"mixed engines", "Error: x\n" + real + "\n\nError: y\nc@https://shop.example/app.js:1:30\nhttps://shop.example/app.js:1:40\n", "Error: x", "a b c "},
	{"unknown form between", "Error: x\n    at a (/srv/a.js:1:1)\n    at something unheard of\n    at b (/srv/b.js:1:1)", "Error: x", "a b"},
	{"Safari eval", "Error: x\na@https://shop.example/app.js:1:10\neval code\neval@[native code]\nb@https://shop.example/app.js:1:20", "Error: x", "a eval b"},
	{"Node cause", "u [ShopError]: x\n    at a (/srv/app.js:1:1) {\n  code: 'E',\n  [cause]: t: y\n      at b (/srv/app.js:1:2) {\n    [cause]: RangeError: z\n        at c (/srv/app.js:1:3)\n  }\n}\n", "u [ShopError]: x", "a b c"},
	{"Node aggregate", "AggregateError: all\n    at a (/srv/app.js:1:1) {\n  [errors]: [\n    t: y\n        at b (/srv/app.js:1:2),\n    Error: z\n        at c (/srv/app.js:1:3)\n  ]\n}", "AggregateError: all", "a b c"},
	{"Node uncaught", "/srv/app.js:1\nthrow new Error('x')\n^\n\nError: x\n    at a (/srv/app.js:1:1)\n\nNode.js v20.20.2\n", "Error: x", "a"},
	{"Node uncaught, long line", "/srv/app.js:1\nvar a=1\n" + strings.Repeat(" ", 1020) + "\n\nError: x\n    at a (/srv/app.js:1:1)\n\nNode.js v20.20.2\n", "Error: x", "a"},
	{"Node uncaught, scoped package", "/srv/node_modules/@scope/pkg/i.js:10\n  throw e\n  ^\n\nError: x\n    at a (/srv/app.js:1:1)\n", "Error: x", "a"},
	{"Node uncaught, CR LF", "/srv/app.js:1\r\nthrow e\r\n^\r\n\r\nError: x\r\n    at a (/srv/app.js:1:1)\r\n", "Error: x", "a"},
	{"Node uncaught rejection", "node:internal/process/promises:288\n            triggerUncaughtException(err, true /* fromPromise */);\n            ^\n\nError: x\n    at a (/srv/app.js:1:1)\n", "Error: x", "a"},
	{"Node uncaught, code with frames", "/srv/app.js:1\n    at evil (/srv/evil.js:1:1)\n    ^\n\nError: x\n    at a (/srv/app.js:1:1)\n", "Error: x", "a"},
	{"no preamble", "host:80\nis down\n\nError: x\n    at a (/srv/app.js:1:1)\n", "host:80\nis down\n\nError: x", "a"},
}

func TestParseStack(t *testing.T) {
	for _, c := range stackCases {
		t.Run(c.name, func(t *testing.T) {
			stack := symbolicate.ParseStack(c.text)
			assert.Equal(t, c.text, stack.String())
			assert.Equal(t, c.message, stack.Message)
			var functions []string
			for _, f := range stack.Frames {
				functions = append(functions, f.Function)
				assert.NotContains(t, f.Raw, "\r")
				assert.False(t, f.Mapped)
				assert.Nil(t, f.Minified)
			}
			assert.Equal(t, c.functions, strings.Join(functions, " "))
		})
	}
}

func TestPreamble(t *testing.T) {
	stack := symbolicate.ParseStack("/srv/app.js:1\nthrow e\n^\n\nError: x\n    at a (/srv/app.js:1:1)")
	assert.Equal(t, "/srv/app.js:1\nthrow e\n^\n", stack.Preamble)
}

func TestBetween(t *testing.T) {
	stack := symbolicate.ParseStack("Error: x\r\n    at a (/srv/a.js:1:1)\r\nCaused by: y\r\n\r\n    at b (/srv/b.js:1:1)\r\n    at c (/srv/c.js:1:1)\r\n\r\nbye\r\n")
	require.Len(t, stack.Frames, 3)
	assert.Empty(t, stack.Between(0))
	assert.Equal(t, []string{"Caused by: y", ""}, stack.Between(1))
	assert.Empty(t, stack.Between(2))
	assert.Equal(t, []string{"", "bye"}, stack.Between(3))
	none := symbolicate.ParseStack("Error: x\n")
	assert.Empty(t, none.Between(0))
}

// Stacks that a program puts together, or changes, are text too.
func TestStackByHand(t *testing.T) {
	frames := []symbolicate.Frame{
		{Function: "a", File: "/srv/a.js", Line: 1, Column: 2},
		{File: "/srv/b.js", Line: 3},
		{Function: "Array.map", Kind: symbolicate.KindNative},
		{Raw: "c@/srv/c.js:1:1"},
	}
	const text = "    at a (/srv/a.js:1:2)\n    at /srv/b.js:3\n    at Array.map (<anonymous>)\nc@/srv/c.js:1:1"
	assert.Equal(t, text, symbolicate.Stack{Frames: frames}.String())
	assert.Equal(t, "Error: x\n"+text, symbolicate.Stack{Message: "Error: x", Frames: frames}.String())

	parsed := symbolicate.ParseStack("Error: x\n" + real + "\n")
	parsed.Frames = parsed.Frames[1:]
	assert.Equal(t, "Error: x\n    at b (https://shop.example/app.js:1:20)", parsed.String())
	parsed = symbolicate.ParseStack("a@https://shop.example/app.js:1:10\n")
	parsed.Message = "Error: x"
	assert.Equal(t, "Error: x\na@https://shop.example/app.js:1:10\n", parsed.String())
}

func FuzzParseStack(f *testing.F) {
	for _, c := range frameCases {
		f.Add(c.line)
		f.Add("Error: x\n" + c.line + "\r\n" + c.line + "\n")
	}
	for _, c := range stackCases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stack := symbolicate.ParseStack(text)
		if got := stack.String(); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
		for i, frame := range stack.Frames {
			if frame.Line < 0 || frame.Column < 0 || strings.Contains(frame.Raw, "\n") || !strings.Contains(text, frame.Raw) {
				t.Errorf("frame %d of %q: %+v", i, text, frame)
			}
			// A mapped frame is one line still, whatever its map says.
			frame.Mapped, frame.File, frame.Function = true, "a\nb", "c\r\u2028d"
			if line := frame.String(); strings.ContainsAny(line, "\n\u2028") {
				t.Errorf("%q", line)
			}
		}
		for i := range len(stack.Frames) + 1 {
			for _, line := range stack.Between(i) {
				if strings.Contains(line, "\n") {
					t.Errorf("between: %q", line)
				}
			}
		}
	})
}

// Four times the text takes about four times as long, whatever the text is. Both sizes are measured in
// this run; when the first try looks bad, the best of a few counts.
func TestParseInLinearTime(t *testing.T) {
	repeat := func(piece, end string) func(int) string {
		return func(n int) string { return strings.Repeat(piece, n/len(piece)) + end }
	}
	texts := map[string]func(int) string{
		"frames":          repeat("    at a (https://shop.example/app.js:1:10)\n", ""),
		"Firefox frames":  repeat("a@https://shop.example/app.js:1:10\n", ""),
		"@":               repeat("@", ""),
		"@ before a path": repeat("@", "/a:1:1"),
		"(":               repeat("(", ""),
		"at, ( )":         func(n int) string { return "at " + strings.Repeat("(", n/2) + strings.Repeat(")", n/2) },
		")":               repeat(")", ""),
		"at, )":           func(n int) string { return "at " + strings.Repeat(")", n) },
		"at, ( a )":       func(n int) string { return "at a" + strings.Repeat(" (", n/2) + ":1:1)" },
		"at":              repeat("at ", ""),
		"eval at":         repeat("(eval at ", ""),
		"eval at, closed": func(n int) string { return "at a " + strings.Repeat("(eval at ", n/9) + ":1:1)" },
		"eval at, pairs":  func(n int) string { return "at a " + strings.Repeat("(eval at ", n/10) + strings.Repeat(")", n/10) },
		"alternating":     repeat("    at a (https://shop.example/app.js:1:10)\nsome text\n", ""),
		"alternating, @":  repeat("a@https://shop.example/app.js:1:10\nsome text\n", ""),
		"errors":          repeat("    at a (https://shop.example/app.js:1:10)\nError: x\n", ""),
		"digits":          func(n int) string { return "at a (b:" + strings.Repeat("1", n) + ":1)" },
		"colons":          repeat(":1", ""),
		"a:":              repeat("@a:", ""),
		"[ code]":         repeat("@[", " code]"),
		"line > eval":     repeat("@a line 3 > eval", ":1:1"),
		"wasm":            repeat(":wasm-function[1]:0x", ""),
		"carets":          func(n int) string { return "/a.js:1\n" + strings.Repeat(strings.Repeat("^", n/8)+"\n", 8) },
		"line ends":       repeat("\n", ""),
		"CR LF":           repeat("\r\n", ""),
		"spaces":          repeat(" ", ""),
		"blanks behind":   repeat("    at a (/b:1:1)                 \t\t\t\n", ""),
	}
	for name, build := range texts {
		t.Run(name, func(t *testing.T) {
			n := 5_000_000 / 4
			if strings.Count(build(1000), "\n") > 30 {
				n /= 8 // many short lines
			}
			small, large := build(n), build(4*n)
			best := func(text string, runs int) time.Duration {
				least := time.Hour
				for range runs {
					start := time.Now()
					stack := symbolicate.ParseStack(text)
					_ = stack.String()
					least = min(least, time.Since(start))
				}
				return least
			}
			var a, b time.Duration
			for try := range 4 {
				a, b = best(small, 1+try), best(large, 1+try)
				if b < 10*a || b < 5*time.Millisecond { // below that the clock is what is measured
					return
				}
			}
			t.Errorf("%v for %d bytes, %v for %d", a, len(small), b, len(large))
		})
	}
	large := symbolicate.ParseStack(strings.Repeat("    at a (https://shop.example/app.js:1:10)\n", 100_000))
	assert.Len(t, large.Frames, 100_000)
}
