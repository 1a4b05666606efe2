package symbolicate

import (
	"math"
	"strings"
	"unicode"
)

// ParseStack reads a stack trace as an engine or a log prints it. It never fails: a text without
// frames is a Stack of a message only.
//
// Lines that look like frames inside the message (an attacker's, or another trace quoted in it) are
// told from real ones by what stands behind them: frames of one stack stand together, so those that
// are followed by more of the message belong to it. A line that starts a stack of its own ("Caused by: …",
// "TypeError: …", behind a blank line any "name: …") ends one, so a log of several traces gives all frames.
func ParseStack(text string) Stack {
	var s Stack
	lines := strings.Split(text, "\n")
	skip := preamble(lines)
	at := 0
	for _, line := range lines[:skip] {
		at = min(at+len(line)+1, len(text))
	}
	s.Preamble, s.afterPreamble = cutLineEnd(text[:at])
	lines = lines[skip:]
	done := at // what stands before it is in s
	for i, f := range frameLines(lines) {
		if f != nil {
			s.Frames, s.between = append(s.Frames, *f), append(s.between, text[done:at])
			done = at + len(f.Raw)
		}
		at += len(lines[i]) + 1
	}
	s.between = append(s.between, text[done:])
	s.Message, s.between[0] = cutLineEnd(s.between[0])
	return s
}

// cutLineEnd takes the line end off the end of the text, if it has one.
func cutLineEnd(text string) (before, end string) {
	before, ok := strings.CutSuffix(text, "\n")
	if ok {
		before = strings.TrimSuffix(before, "\r")
	}
	return before, text[len(before):]
}

// preamble returns how many lines the excerpt has that Node.js prints above the message of an
// uncaught error: "file:line", code, a line of carets, a blank line. Of a long line of code Node.js cuts
// the line of carets to 1,020 spaces.
func preamble(lines []string) int {
	if len(lines) < 4 {
		return 0
	}
	if _, line, column := splitLocation(strings.TrimSuffix(lines[0], "\r")); line == 0 || column != 0 {
		return 0
	}
	const longest = 8 // lines of an excerpt
	for i := 1; i < min(longest, len(lines)-1); i++ {
		line := strings.TrimSuffix(lines[i], "\r")
		if line != "" && strings.Trim(line, " \t^") == "" && strings.TrimSpace(lines[i+1]) == "" {
			return i + 2
		}
	}
	return 0
}

// frameLines returns the frame of each line, nil for the lines that are none.
func frameLines(lines []string) []*Frame {
	frames := make([]*Frame, len(lines))
	start := 0        // no line before it is of the stack at hand
	seen := false     // the stack at hand has frames
	followed := false // and text behind the last of them
	blank := false    // the line before is blank
	for i, line := range lines {
		f := parseFrame(line)
		switch {
		case f == nil && (endsStack(line) || blank && startsEntry(line)):
			start, seen, followed = i, false, false
		case f == nil:
			followed = followed || seen && !likeFrame(line) && strings.TrimSpace(line) != ""
		default:
			if followed {
				// More of the message stood between: what looked like frames belongs to it.
				clear(frames[start:i])
			}
			if followed || blank {
				start, followed = i, false
			}
			frames[i], seen = f, true
		}
		blank = strings.TrimSpace(line) == ""
	}
	return frames
}

// likeFrame tells whether a line that could not be read is a frame all the same, of a form that this
// package does not know: it says nothing about the frames before it.
func likeFrame(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "at ") || strings.Contains(line, "@") && !strings.Contains(line, " ") || isCode(line)
}

// endsStack tells whether a line behind frames says that another stack, or none, follows.
func endsStack(line string) bool {
	if line = strings.TrimSpace(line); line == "" {
		return false
	}
	if line = strings.TrimLeft(line, "[({"); line == "" || line[0] == '}' || line[0] == ']' || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") {
		return true
	}
	for word := range strings.FieldsSeq(head(line, 200)) {
		name, _, colon := strings.Cut(word, ":")
		name = strings.TrimRight(name, "])")
		if strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception") || colon && (name == "cause" || name == "errors") {
			return true
		}
		if name == "Caused" || name == "Uncaught" {
			return true
		}
		if colon && (word[0] < '0' || word[0] > '9') {
			break // past the name; a time of day has colons too
		}
	}
	return false
}

// startsEntry tells whether a line behind a blank one looks like a name or the time of a log, and not
// like the next paragraph of a message.
func startsEntry(line string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return strings.HasSuffix(word, ":") || word != "" && (word[0] == '[' || word[0] >= '0' && word[0] <= '9')
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// parseFrame returns the frame that a line shows, nil when it shows none.
func parseFrame(line string) *Frame {
	var (
		f  Frame
		ok bool
	)
	_, body, _ := splitLine(line)
	if rest, at := strings.CutPrefix(body, "at "); at {
		f, ok = parseV8(strings.TrimSpace(rest))
	} else {
		f, ok = parseGecko(body)
	}
	if !ok {
		return nil
	}
	f.Raw = strings.TrimSuffix(line, "\r")
	return &f
}

// splitLine splits a line into indent, frame and what Node.js may print behind the last frame of an
// error that it shows with its fields (" {") or in a list (",").
func splitLine(line string) (indent, body, tail string) {
	body = strings.TrimLeftFunc(line, unicode.IsSpace)
	indent = line[:len(line)-len(body)]
	trimmed := strings.TrimSpace(body)
	if cut, ok := strings.CutSuffix(trimmed, " {"); ok {
		trimmed = cut
	} else {
		trimmed = strings.TrimSuffix(trimmed, ",")
	}
	return indent, trimmed, body[len(trimmed):]
}

// splitLocation takes ":line:column" or ":line" off the end of a location. A number that is not
// there is 0, and so is one that does not fit 31 bits.
func splitLocation(location string) (file string, line, column int) {
	file, last, ok := cutNumber(location)
	if !ok {
		return location, 0, 0
	}
	if rest, number, ok := cutNumber(file); ok {
		return rest, number, last
	}
	return file, last, 0
}

// cutNumber takes ":digits" off the end of the text.
func cutNumber(text string) (before string, number int, ok bool) {
	start := len(text)
	for start > 0 && text[start-1]-'0' <= 9 {
		start--
	}
	if start == len(text) || start == 0 || text[start-1] != ':' {
		return text, 0, false
	}
	for _, c := range []byte(text[start:]) {
		if number = number*10 + int(c-'0'); number > math.MaxInt32 {
			number = 0
			break
		}
	}
	return text[:start-1], number, true
}
