package sourcemap

import (
	"bytes"
	"regexp"
)

// FindDebugID returns the debug id of a JavaScript file, lower-case with hyphens; ok is false when it has none. It is looked for
//   - in the //# debugId= comment, which stands as sourceMappingURL does (see [FindSourceMapURL]),
//   - in the last five lines, whatever stands behind it there, as the debug id proposal to ECMA-426 has it: a line of just
//     that comment, with the id in its usual form,
//   - in the code that Sentry's bundler plugins put into the body. Where it has several that differ, bundles were put together, and
//     none of them is that of the file.
func FindDebugID(source []byte) (id string, ok bool) {
	if id, ok = lastComment(source, "debugId="); ok {
		return ParseDebugID(id)
	}
	if bytes.Contains(source, debugIDKey) { // quick, in what may be one line of many megabytes
		if id, ok = debugIDLine(source); ok {
			return id, true
		}
	}
	return debugIDInBody(source)
}

// debugIDLines is how many lines, from the end, the proposal has consumers look at.
const debugIDLines = 5

var debugIDKey = []byte("//# debugId=")

var debugIDComment = regexp.MustCompile(`^//# debugId=([a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12})$`)

// debugIDLine looks at the last lines; a line end at the end of the source starts no line.
func debugIDLine(source []byte) (id string, ok bool) {
	if lineStart(source) == len(source) && len(source) > 0 {
		source = trimLineEnd(source)
	}
	for range debugIDLines {
		start := lineStart(source)
		if m := debugIDComment.FindSubmatch(source[start:]); m != nil {
			return ParseDebugID(string(m[1]))
		}
		if start == 0 {
			break
		}
		source = trimLineEnd(source[:start])
	}
	return "", false
}

// What the plugins write, in front of the id: _sentryDebugIds[stack]="…", _sentryDebugIdIdentifier="sentry-dbid-…".
var (
	debugIDMarks    = [][]byte{[]byte("_sentryDebugIds["), []byte("sentry-dbid-")}
	debugIDPatterns = []*regexp.Regexp{
		regexp.MustCompile(`^[^\]]{0,100}\]\s{0,10}=\s{0,10}["']([a-fA-F0-9-]{32,36})["']`), regexp.MustCompile(`^([a-fA-F0-9-]{32,36})`),
	}
)

// debugIDWindow is how far behind its mark an id ends at most.
const debugIDWindow = 200

func debugIDInBody(source []byte) (id string, ok bool) {
	for i, mark := range debugIDMarks {
		for rest := source; ; {
			at := bytes.Index(rest, mark)
			if at < 0 {
				break
			}
			rest = rest[at+len(mark):]
			m := debugIDPatterns[i].FindSubmatch(rest[:min(len(rest), debugIDWindow)])
			if m == nil {
				continue
			}
			if found, valid := ParseDebugID(string(m[1])); valid {
				if ok && found != id {
					return "", false
				}
				id, ok = found, true
			}
		}
	}
	return id, ok
}
