package symbolicate

import (
	"strconv"
	"strings"
)

// The forms of a frame, as the engines print them. Each is read by hand in one pass over the line: a
// regular expression over a hostile megabyte is a minute of CPU.

// parseV8 reads what stands behind "at " in a line of V8 (and of old Edge and IE):
//
//	at Cart.total (https://shop.example/app.js:1:512)
//	at async https://shop.example/app.js:1:900
//	at Array.map (<anonymous>)
//	at async Promise.all (index 0)
//	at eval (eval at run (https://shop.example/app.js:1:10), <anonymous>:1:1)
//	at foo (https://shop.example/a.wasm:wasm-function[3]:0x45)
//	at foo (address at index.android.bundle:1:12345)                (Hermes, bytecode)
func parseV8(text string) (Frame, bool) {
	function, location, ok := splitCall(text)
	if !ok { // no parentheses: the whole is a location
		location = text
	}
	location, async := strings.CutPrefix(location, "async ")
	if address, is := strings.CutPrefix(location, "address at "); is {
		return inBytecode(function, address)
	}
	f := Frame{Function: function, Kind: KindNative, async: async}
	switch location {
	case "<anonymous>", "native":
		return f, true
	}
	if !ok {
		f, ok = place(location)
		f.async = async
		return f, ok
	}
	if origin, ok := strings.CutPrefix(location, "eval at "); ok {
		return parseEval(function, origin), true
	}
	switch {
	case location == "native code", strings.HasPrefix(location, "index "):
		return f, true
	case location == "unknown location", location == "":
		return Frame{Function: function}, true
	}
	if scheme, ok := strings.CutSuffix(function, ":"); ok && strings.HasPrefix(location, "//") {
		// Safari's extensions: "at name@safari-web-extension:(//ID/app.js:1:2)"
		at := strings.LastIndexByte(scheme, '@')
		location, function = scheme[at+1:]+":"+location, scheme[:max(0, at)]
	}
	if f, ok = place(location); !ok {
		if !hasAuthority(location) || strings.Contains(location, " ") {
			return Frame{}, false // "at the store (downtown)": prose
		}
		f = Frame{File: location}
	}
	f.Function, f.async = function, async
	return f, true
}

// splitCall splits "function (location)". The parenthesis that belongs to the last one opens the
// location; a URL may itself hold pairs of them.
func splitCall(text string) (function, location string, ok bool) {
	if !strings.HasSuffix(text, ")") {
		return "", "", false
	}
	open, depth := -1, 0
	for i := len(text) - 1; i >= 0 && open < 0; i-- {
		switch text[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				open = i
			}
		}
	}
	if open < 0 || open > 0 && text[open-1] != ' ' { // a URL with a parenthesis of its own
		if space := strings.Index(text, " ("); space >= 0 {
			open = space + 1
		}
	}
	if open < 0 {
		return "", "", false
	}
	return functionName(text[:open]), text[open+1 : len(text)-1], true
}

// functionName drops the words that stand for "no name".
func functionName(text string) string {
	text = strings.TrimSpace(text)
	switch text {
	case "<anonymous>", "?", "(anonymous function)", "(anonymous)":
		return ""
	}
	return text
}

// parseEval reads what stands behind "eval at": "run (URL:1:10), <anonymous>:1:1", perhaps nested.
// The place in a file is that of the outermost eval, which stands innermost in the text.
func parseEval(function, origin string) Frame {
	for {
		inner, found := cutAfter(origin, "(eval at ")
		if !found {
			break
		}
		origin = inner
	}
	f := Frame{Function: function, Kind: KindEval}
	if _, location, found := strings.Cut(origin, " ("); found {
		if end := strings.Index(location, "), <anonymous>"); end >= 0 {
			location = location[:end]
		}
		f.File, f.Line, f.Column = splitLocation(strings.TrimRight(location, ")"))
	}
	return f
}

func cutAfter(text, mark string) (string, bool) {
	_, after, found := strings.Cut(text, mark)
	return after, found
}

// parseGecko reads a line of SpiderMonkey or JavaScriptCore:
//
//	total@https://shop.example/app.js:1:512
//	async*load@https://shop.example/app.js:1:900
//	map@[native code]
//	@https://shop.example/app.js line 3 > eval:1:1
//	https://shop.example/app.js:1:900               (Safari, no name)
func parseGecko(text string) (Frame, bool) {
	switch text {
	case "[native code]":
		return Frame{Kind: KindNative}, true
	case "":
		return Frame{}, false
	}
	at := -1
	if !hasAuthority(text) { // else a URL without a name, whatever '@' it has
		at = nameEnd(text)
	}
	if at < 0 {
		f, ok := place(text)
		return f, ok && f.Column > 0 && hasAuthority(text) && !strings.ContainsAny(text, " \t")
	}
	function, location := functionName(text[:at]), text[at+1:]
	if prose(function) {
		return Frame{}, false
	}
	if open := strings.IndexByte(function, '('); open >= 0 && strings.HasSuffix(function, ")") {
		function = function[:open] // Firefox up to version 13 printed the arguments
	}
	switch {
	case location == "[native code]", location == "[wasm code]":
		return Frame{Function: function, Kind: KindNative}, true
	case location == "" && isCode(function):
		return Frame{Function: function, Kind: KindEval}, true
	case location == "" && function != "" && !strings.ContainsAny(function, " \t@:"):
		return Frame{Function: function}, true // Safari, in evaluated code
	}
	f, ok := place(location)
	f.Function = function
	// "FILE line 3 > eval:1:1", also nested: the place in the file is its line, the column is unknown.
	if outer, rest, found := strings.Cut(f.File, " line "); found && strings.Contains(rest, " > ") {
		digits, _, _ := strings.Cut(rest, " ")
		if _, line, ok := cutNumber(":" + digits); ok {
			return Frame{Function: function, File: outer, Line: line, Kind: KindEval}, true
		}
	}
	return f, ok
}

// isCode tells whether the name is one of those that JavaScriptCore gives to code outside functions.
func isCode(name string) bool {
	return name == "eval code" || name == "global code" || name == "module code"
}

// prose tells whether the text before an '@' is a sentence or the start of a URL with a password, and
// no name. What stands in brackets and quotes may be anything.
func prose(name string) bool {
	if open := strings.IndexAny(name, "([\"'"); open >= 0 {
		name = name[:open]
	}
	return strings.Contains(name, ": ") || strings.Contains(name, "://")
}

// nameEnd returns where the '@' between name and location stands, -1 when there is none. Names
// (obj["@x"]) and URLs (/@scope/) may have one themselves: it is the first that a URL, a path or
// "[native code]" follows, else the last.
func nameEnd(text string) int {
	for i := range len(text) {
		if text[i] == '@' && i+1 < len(text) {
			if rest := text[i+1:]; rest[0] == '/' || rest[0] == '[' && strings.HasSuffix(rest, " code]") || hasScheme(rest) {
				return i
			}
		}
	}
	return strings.LastIndexByte(text, '@')
}

// hasScheme tells whether the text starts like a URL ("https:", "C:" counts too).
func hasScheme(text string) bool { return schemeEnd(text) > 0 }

// hasAuthority tells whether the text starts with a scheme and "://".
func hasAuthority(text string) bool {
	end := schemeEnd(text)
	return end > 0 && strings.HasPrefix(text[end:], "://")
}

// schemeEnd returns where the ':' of a URL's scheme stands, 0 when the text starts with none. No
// scheme is longer than 32 letters, so a line of '@' alone costs no more than its length.
func schemeEnd(text string) int {
	for i := range min(len(text), 32) {
		switch c := text[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case c == ':':
			return i
		case i > 0 && (c-'0' <= 9 || c == '+' || c == '-' || c == '.'):
		default:
			return 0
		}
	}
	return 0
}

// place reads FILE:LINE:COLUMN and FILE:LINE. The latter counts only where the file is a path or a
// URL, and a file of digits never does: "host:80" and "12:30:00" are words of a message.
func place(location string) (f Frame, ok bool) {
	if url, rest, found := strings.Cut(location, ":wasm-function["); found {
		// V8 prints the byte offset of WebAssembly. Its API calls that line 1, column offset+1.
		_, digits, _ := strings.Cut(rest, "]:0x")
		if offset, err := strconv.ParseUint(digits, 16, 31); err == nil {
			return inFile(url, 1, addressColumn(int(offset))), true
		}
	}
	file, line, column := splitLocation(location)
	if file == location || strings.Trim(file, "0123456789.:-T") == "" {
		return Frame{}, false
	}
	single := !strings.Contains(location[len(file)+1:], ":")
	if single && !strings.ContainsAny(file, `/\`) {
		return Frame{}, false
	}
	return inFile(file, line, column), true
}

// inBytecode reads FILE:LINE:ADDRESS as Hermes prints it for bytecode without debug info. The line is the number of a segment, from 1 on.
func inBytecode(function, location string) (Frame, bool) {
	file, line, _ := splitLocation(location)
	numbers := strings.TrimPrefix(location[len(file):], ":")
	_, digits, both := strings.Cut(numbers, ":")
	if !both {
		return Frame{}, false
	}
	switch function {
	case "anonymous", "global": // a function without a name, the code outside functions
		function = ""
	}
	f := Frame{Function: function, File: file, Line: line}
	if address, err := strconv.ParseUint(digits, 10, 31); err == nil {
		f.Column = addressColumn(int(address))
	}
	return f, true
}

// inFile is a frame at a place in a file, or where the place's name stands for no file.
func inFile(file string, line, column int) Frame {
	f := Frame{File: file, Line: line, Column: column}
	switch file {
	case "<anonymous>", "native code", "[native code]":
		f.File = ""
	case "eval code", "debugger eval code":
		f.File, f.Kind = "", KindEval
	}
	return f
}
