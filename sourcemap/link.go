package sourcemap

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FindSourceMapURL returns the URL of the sourceMappingURL comment of a JavaScript file, as it is
// written there; ok is false when it has none. It looks through the lines from the last one up, by
// ECMA-426's JavaScriptExtractSourceMapURL "without parsing": nothing but white space and comments of
// one line may stand behind it.
//
// This method is the one that the rest of the project uses: it reads no more than the end of the file, works for
// TypeScript and for what is no JavaScript at all, and by the standard gives no other URL than
// [FindSourceMapURLThroughParsing] does. It passes over some comments that parsing finds, since their line might
// as well be the end of a string: those with a quote or "*/" in them, or with code before them on their line.
func FindSourceMapURL(source []byte) (url string, ok bool) {
	return lastComment(source, "sourceMappingURL=")
}

// lastComment looks for the comment //# KEY=VALUE (or //@) in the lines of comments that end the source.
func lastComment(source []byte, key string) (value string, ok bool) {
	for len(source) > 0 {
		line := source[lineStart(source):]
		comment, kind := lineComment(line)
		switch kind {
		case code:
			return "", false
		case comments:
			if value, ok := annotation(comment, key); ok {
				return value, true
			}
		}
		source = trimLineEnd(source[:len(source)-len(line)])
	}
	return "", false
}

// lineStart returns where the last line of the source starts. Lines end as ECMA-262 has it, with LF,
// CR, CR LF, U+2028 or U+2029.
func lineStart(source []byte) int {
	for at := len(source); at > 0; at-- {
		switch source[at-1] {
		case '\n', '\r':
			return at
		case 0xA8, 0xA9: // the last byte of U+2028 and U+2029
			if at >= 3 && source[at-2] == 0x80 && source[at-3] == 0xE2 {
				return at
			}
		}
	}
	return 0
}

// trimLineEnd takes the line terminator off the end of the source.
func trimLineEnd(source []byte) []byte {
	if bytes.HasSuffix(source, []byte("\r\n")) {
		return source[:len(source)-2]
	}
	_, size := utf8.DecodeLastRune(source)
	return source[:len(source)-size]
}

// What a line holds.
const (
	blank = iota
	comments
	code
)

// lineComment returns what stands behind the "//" of a line that holds nothing else. Quotes and "*/"
// make it code: the line may be the end of a string or of a longer comment.
func lineComment(line []byte) ([]byte, int) {
	line = bytes.TrimLeftFunc(line, whiteSpace)
	switch {
	case len(line) == 0:
		return nil, blank
	case !bytes.HasPrefix(line, []byte("//")):
		return nil, code
	}
	comment := line[2:]
	if bytes.ContainsAny(comment, "\"'`") || bytes.Contains(comment, []byte("*/")) {
		return nil, code
	}
	return comment, comments
}

// whiteSpace is ECMA-262's WhiteSpace, and within a line JavaScript's \s. unicode.IsSpace differs: it takes U+0085
// and does not take U+FEFF.
func whiteSpace(r rune) bool {
	switch r {
	case '\t', '\v', '\f', ' ', '\u00A0', '\uFEFF':
		return true
	}
	return r > 0xFF && unicode.Is(unicode.Zs, r)
}

// annotation matches a comment with the pattern ^[@#]\s*KEY(\S*?)\s*$.
func annotation(comment []byte, key string) (string, bool) {
	if len(comment) == 0 || comment[0] != '#' && comment[0] != '@' {
		return "", false
	}
	value, ok := strings.CutPrefix(strings.TrimFunc(string(comment[1:]), whiteSpace), key)
	if !ok || strings.ContainsFunc(value, whiteSpace) {
		return "", false
	}
	return value, true
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)

// ParseDebugID returns a debug id in its usual form, a lower-case UUID with hyphens; ok is false when the
// text is no UUID, with hyphens or without.
func ParseDebugID(text string) (id string, ok bool) {
	text = strings.ToLower(text)
	if !uuid.MatchString(text) {
		return "", false
	}
	text = strings.ReplaceAll(text, "-", "")
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"), true
}

// debugID returns the debug id of the map, "" for none: debugId, or debug_id as older tools wrote it.
func (p *parser) debugID(f *fields) string {
	field := f.debugID
	if field.kind == 0 {
		field = f.oldDebugID
	}
	if field.kind == 0 || field.kind == 'n' {
		return ""
	}
	if field.kind == '"' {
		if id, ok := ParseDebugID(p.text(field.span)); ok {
			return id
		}
	}
	p.problem(ProblemDebugID, field.span.Start, "the debug id is not a UUID")
	return ""
}
