package sourcemap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// urlKey is what stands before the URL in a comment, and names the section of a WebAssembly module.
const urlKey = "sourceMappingURL"

// ParsingOptions change what FindSourceMapURLThroughParsing takes for a comment. The zero value and nil are the defaults.
type ParsingOptions struct {
	// Module: the file is a module, in which "<!--" and "-->" start no comment (ECMA-262, B.1.1).
	Module bool
	// MultiLine takes comments of the form /*# sourceMappingURL=x */ too, and passes over other ones of that form behind
	// the last code, as ECMA-426 had it before its edition of 2026. There such a comment ends the search.
	MultiLine bool
}

// FindSourceMapURLThroughParsing returns the URL of the sourceMappingURL comment of a JavaScript file by ECMA-426's
// JavaScriptExtractSourceMapURL "through parsing": it reads the whole file, so it knows what is a comment and what
// only looks like one in a string, a template or a regular expression. Nothing but white space and comments may stand behind it.
// ok is false when there is none, and when the file can't be split into tokens. The syntax is checked no further.
func FindSourceMapURLThroughParsing(source []byte, options *ParsingOptions) (url string, ok bool) {
	if options == nil {
		options = &ParsingOptions{}
	}
	comments, whole := scope.Trailing(string(source), options.Module)
	if !whole {
		return "", false
	}
	for _, c := range comments {
		if c.MultiLine && !options.MultiLine {
			url, ok = "", false
		} else if value, is := multiLineAnnotation([]byte(c.Text)); is {
			url, ok = value, true
		}
	}
	return url, ok
}

// multiLineAnnotation matches a comment with the pattern ^[@#]\s*sourceMappingURL=(\S*?)\s*$, where \s is a line
// terminator too.
func multiLineAnnotation(comment []byte) (string, bool) {
	if len(comment) == 0 || comment[0] != '#' && comment[0] != '@' {
		return "", false
	}
	space := func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || whiteSpace(r)
	}
	value, ok := strings.CutPrefix(strings.TrimFunc(string(comment[1:]), space), urlKey+"=")
	if !ok || strings.ContainsFunc(value, space) {
		return "", false
	}
	return value, true
}

// FindSourceMapURLInCSS returns the URL of the /*# sourceMappingURL= */ comment (or /*@) of a CSS file, by ECMA-426's
// CSSExtractSourceMapURL: like through parsing of JavaScript, with the comments that CSS has. What looks like one in a
// string or in url(…) is none; nothing but white space and comments may stand behind it.
func FindSourceMapURLInCSS(source []byte) (url string, ok bool) {
	for at := 0; at < len(source); {
		switch c := source[at]; c {
		case ' ', '\t', '\n', '\r', '\f':
			at++
			continue
		case '/':
			if at+1 == len(source) || source[at+1] != '*' {
				break
			}
			n := bytes.Index(source[at+2:], []byte("*/"))
			if n < 0 {
				return "", false // a comment without an end
			}
			if value, is := multiLineAnnotation(source[at+2 : at+2+n]); is {
				url, ok = value, true
			}
			at += n + 4
			continue
		case '"', '\'':
			at, url, ok = cssString(source, at), "", false
			continue
		case '(':
			if at >= 3 && strings.EqualFold(string(source[at-3:at]), "url") && (at == 3 || !cssName(source[at-4])) {
				at, url, ok = cssURL(source, at+1), "", false
				continue
			}
		case '\\':
			at++ // what is escaped is a letter of a name
		case '\xEF':
			if at == 0 && bytes.HasPrefix(source, []byte("\xEF\xBB\xBF")) {
				at += 3
				continue
			}
		}
		at, url, ok = at+1, "", false
	}
	return url, ok
}

// cssString returns where the string that starts at the offset ends: at its quote, or the line's end, where it is broken.
func cssString(source []byte, at int) int {
	quote := source[at]
	for at++; at < len(source); at++ {
		switch source[at] {
		case quote:
			return at + 1
		case '\\':
			if at++; at+1 < len(source) && source[at] == '\r' && source[at+1] == '\n' {
				at++
			}
		case '\n', '\r', '\f':
			return at
		}
	}
	return len(source)
}

// cssURL returns where url(…) goes on as any function does (at a quote), or ends, its inside starting at the offset.
func cssURL(source []byte, at int) int {
	for at < len(source) && strings.IndexByte(" \t\n\r\f", source[at]) >= 0 {
		at++
	}
	if at < len(source) && (source[at] == '"' || source[at] == '\'') {
		return at
	}
	for ; at < len(source); at++ {
		switch source[at] {
		case ')':
			return at + 1
		case '\\':
			at++
		}
	}
	return len(source)
}

// cssName tells whether the byte may stand in a name.
func cssName(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' <= 9 || c == '-' || c == '_' || c == '\\' || c >= 0x80
}

// A WasmError says why bytes are no WebAssembly module.
type WasmError struct {
	Offset int64 // byte offset in the module
	Detail string
}

func (e *WasmError) Error() string {
	return fmt.Sprintf("sourcemap: not a WebAssembly module: %s (byte %d)", e.Detail, e.Offset)
}

// IsWebAssembly tells whether the data starts like a WebAssembly module.
func IsWebAssembly(data []byte) bool { return bytes.HasPrefix(data, []byte("\x00asm")) }

// FindSourceMapURLInWebAssembly returns the URL in the custom section "sourceMappingURL" of a WebAssembly module, by
// ECMA-426's WebAssemblyExtractSourceMapURL; ok is false when it has none. The section's content is the URL as a name:
// its length, then UTF-8. Of several such sections, which the standard forbids, the first counts.
//
// The error is a [*WasmError]: where the standard asks for a module that decodes, this checks the header and how sections
// follow one another up to the end, not what is in the others. Nothing is copied but the URL.
func FindSourceMapURLInWebAssembly(module []byte) (url string, ok bool, err error) {
	if !IsWebAssembly(module) {
		return "", false, &WasmError{0, `it does not start with "\0asm"`}
	}
	if len(module) < 8 || binary.LittleEndian.Uint32(module[4:]) != 1 {
		return "", false, &WasmError{4, "its version is not 1"}
	}
	const newest = 13 // the id of the last kind of section that there is: tags
	for at := 8; at < len(module); {
		start, id := at, module[at]
		if id > newest {
			return "", false, &WasmError{int64(at), fmt.Sprintf("a section of the unknown kind %d", id)}
		}
		size, at2, bad := leb128(module, at+1, len(module))
		if bad != nil {
			return "", false, bad
		}
		if size > uint32(len(module)-at2) {
			return "", false, &WasmError{int64(start), fmt.Sprintf("a section of %d bytes, of which %d are there", size, len(module)-at2)}
		}
		at = at2 + int(size)
		if id != 0 {
			continue
		}
		name, rest, bad := wasmName(module, at2, at)
		if bad != nil {
			return "", false, bad
		}
		if ok || name != urlKey {
			continue
		}
		value, end, bad := wasmName(module, rest, at)
		if bad != nil {
			return "", false, bad
		}
		if end != at {
			return "", false, &WasmError{int64(end), "something stands behind the URL in its section"}
		}
		url, ok = value, true
	}
	return url, ok, nil
}

// leb128 reads an unsigned number of 32 bits before the end and returns it and the offset behind it.
func leb128(data []byte, at, end int) (value uint32, next int, err error) {
	start := at
	for shift := 0; at < end; shift += 7 {
		b := data[at]
		at++
		if shift == 28 && b > 0x0F {
			return 0, 0, &WasmError{int64(start), "a number of more than 32 bits"}
		}
		value |= uint32(b&0x7F) << shift
		if b < 0x80 {
			return value, at, nil
		}
	}
	return 0, 0, &WasmError{int64(start), "a number without an end"}
}

// wasmName reads a name before the end and returns it and the offset behind it.
func wasmName(data []byte, at, end int) (name string, next int, err error) {
	n, from, err := leb128(data, at, end)
	switch {
	case err != nil:
		return "", 0, err
	case n > uint32(end-from):
		return "", 0, &WasmError{int64(at), fmt.Sprintf("a name of %d bytes, of which %d are there", n, end-from)}
	case !utf8.Valid(data[from : from+int(n)]):
		return "", 0, &WasmError{int64(from), "a name that is not UTF-8"}
	}
	return string(data[from : from+int(n)]), from + int(n), nil
}
