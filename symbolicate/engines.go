package symbolicate

import "strings"

// The forms of a frame, as the engines print them. Each is read by hand in one pass over the line: a
// regular expression over a hostile megabyte is a minute of CPU.

// parseV8 reads what stands behind "at " in a line of V8 (and of old Edge and IE):
//
//	at Cart.total (https://shop.example/app.js:1:512)
//	at async https://shop.example/app.js:1:900
//	at Array.map (<anonymous>)
//	at async Promise.all (index 0)
//	at eval (eval at run (https://shop.example/app.js:1:10), <anonymous>:1:1)
func parseV8(text string) (Frame, bool) {
	function, location, ok := splitCall(text)
	if !ok {
		// No parentheses: the whole is a location, perhaps behind "async".
		location, _ = strings.CutPrefix(text, "async ")
		if location == "<anonymous>" || location == "native" {
			return Frame{Kind: KindNative}, true
		}
		file, line, column := splitLocation(location)
		if line == 0 && column == 0 && file == location || file == "" {
			return Frame{}, false
		}
		return inFile("", file, line, column), true
	}
	if origin, ok := strings.CutPrefix(location, "eval at "); ok {
		return parseEval(function, origin), true
	}
	switch {
	case location == "<anonymous>", location == "native", location == "native code", strings.HasPrefix(location, "index "):
		return Frame{Function: function, Kind: KindNative}, true
	case location == "unknown location", location == "":
		return Frame{Function: function}, true
	}
	file, line, column := splitLocation(location)
	if file == location && !strings.Contains(file, "://") {
		return Frame{}, false // "at the store (downtown)": prose
	}
	return inFile(function, file, line, column), true
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
	if open < 0 { // a URL with a ')' of its own
		if open = strings.Index(text, " ("); open < 0 {
			return "", "", false
		}
		open++
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
	at := nameEnd(text)
	if at < 0 {
		if !strings.Contains(text, "://") || strings.ContainsAny(text, " \t") {
			return Frame{}, false
		}
		file, line, column := splitLocation(text)
		if column == 0 || !hasScheme(text) {
			return Frame{}, false
		}
		return inFile("", file, line, column), true
	}
	function, location := functionName(text[:at]), text[at+1:]
	if open := strings.IndexByte(function, '('); open >= 0 && strings.HasSuffix(function, ")") {
		function = function[:open] // Firefox up to version 13 printed the arguments
	}
	if location == "[native code]" || location == "[wasm code]" {
		return Frame{Function: function, Kind: KindNative}, true
	}
	file, line, column := splitLocation(location)
	if file == location {
		return Frame{}, false
	}
	// "FILE line 3 > eval:1:1", also nested: the place in the file is its line, the column is unknown.
	if outer, rest, found := strings.Cut(file, " line "); found && strings.Contains(rest, " > ") {
		digits, _, _ := strings.Cut(rest, " ")
		if _, line, ok := cutNumber(":" + digits); ok {
			return Frame{Function: function, File: outer, Line: line, Kind: KindEval}, true
		}
	}
	return inFile(function, file, line, column), true
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

// hasScheme tells whether the text starts like a URL ("https:", "C:" counts too). No scheme is longer
// than 32 letters, so a line of '@' alone costs no more than its length.
func hasScheme(text string) bool {
	for i := range min(len(text), 32) {
		switch c := text[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case c == ':':
			return i > 0
		case i > 0 && (c-'0' <= 9 || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return false
}

// inFile is a frame at a place in a file, or where the place's name stands for no file.
func inFile(function, file string, line, column int) Frame {
	f := Frame{Function: function, File: file, Line: line, Column: column}
	switch file {
	case "<anonymous>", "native code", "[native code]":
		f.File = ""
	case "eval code":
		f.File, f.Kind = "", KindEval
	}
	return f
}
