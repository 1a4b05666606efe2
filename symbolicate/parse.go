package symbolicate

import (
	"math"
	"strings"
)

// ParseStack reads a stack trace as an engine or a log prints it. It never fails: a text without
// frames is a Stack of a message only.
//
// Lines that look like frames inside the message (an attacker's, or another trace quoted in it) are
// told from real ones by what stands behind them: frames of one stack stand together, so those that
// are followed by more of the message belong to it. A blank line and a line that starts a stack of
// its own ("Caused by: …", "TypeError: …") end a stack, so a log of several traces gives all frames.
func ParseStack(text string) Stack {
	s := Stack{ends: strings.HasSuffix(text, "\n")}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	if text == "" {
		return s
	}
	skip := preamble(lines)
	s.Preamble = strings.Join(lines[:skip], "\n")
	lines = lines[skip:]
	frames := frameLines(lines)
	message := len(lines)
	for i, f := range frames {
		if f != nil {
			message = i
			break
		}
	}
	s.Message, s.headed = strings.Join(lines[:message], "\n"), message > 0
	for i := message; i < len(lines); i++ {
		if f := frames[i]; f != nil {
			s.Frames = append(s.Frames, *f)
			continue
		}
		if s.between == nil {
			s.between = map[int][]string{}
		}
		s.between[len(s.Frames)] = append(s.between[len(s.Frames)], lines[i])
	}
	return s
}

// preamble returns how many lines the excerpt has that Node.js prints above the message of an
// uncaught error: "file:line", code, a line of carets, a blank line.
func preamble(lines []string) int {
	if len(lines) < 4 {
		return 0
	}
	if _, line, column := splitLocation(lines[0]); line == 0 || column != 0 || parseFrame(lines[0]) != nil {
		return 0
	}
	const longest = 8 // lines of an excerpt
	for i := 1; i < min(longest, len(lines)-1); i++ {
		if strings.Contains(lines[i], "^") && strings.Trim(lines[i], " \t^") == "" && strings.TrimSpace(lines[i+1]) == "" {
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
	for i, line := range lines {
		f := parseFrame(line)
		switch {
		case f == nil && endsStack(line):
			start, seen, followed = i, false, false
		case f == nil:
			followed = followed || seen && !likeFrame(line)
		default:
			if followed {
				// More of the message stood between: what looked like frames belongs to it.
				clear(frames[start:i])
				start, followed = i, false
			}
			frames[i], seen = f, true
		}
	}
	return frames
}

// likeFrame tells whether a line that could not be read is a frame all the same, of a form that this
// package does not know: it says nothing about the frames before it.
func likeFrame(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "at ") || strings.Contains(line, "@") && !strings.Contains(line, " ")
}

// endsStack tells whether a line behind frames says that another stack, or none, follows.
func endsStack(line string) bool {
	line = strings.TrimLeft(strings.TrimSpace(line), "[({")
	if line == "" || line[0] == '}' || line[0] == ']' || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") {
		return true
	}
	for word := range strings.FieldsSeq(head(line, 200)) {
		name, _, colon := strings.Cut(word, ":")
		name = strings.TrimRight(name, "])")
		if strings.HasSuffix(name, "Error") || strings.HasSuffix(name, "Exception") || name == "cause" && colon {
			return true
		}
		if name == "Caused" || name == "Uncaught" {
			return true
		}
		if colon {
			break // past the name
		}
	}
	return false
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// parseFrame returns the frame that a line shows, nil when it shows none.
func parseFrame(line string) *Frame {
	trimmed := strings.TrimSpace(line)
	var (
		f  Frame
		ok bool
	)
	if rest, at := strings.CutPrefix(trimmed, "at "); at {
		f, ok = parseV8(strings.TrimSpace(rest))
	} else {
		f, ok = parseGecko(trimmed)
	}
	if !ok {
		return nil
	}
	f.Raw = line
	return &f
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
