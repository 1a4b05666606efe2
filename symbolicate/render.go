package symbolicate

import (
	"fmt"
	"strings"
	"unicode"
)

// String returns the trace as text: every mapped frame in the engine's own form with its original
// function and place, all else as it was.
func (s Stack) String() string {
	var b strings.Builder
	b.WriteString(s.Preamble + s.afterPreamble + s.Message)
	for i := range s.Frames {
		b.WriteString(s.gap(i))
		b.WriteString(s.Frames[i].String())
	}
	b.WriteString(s.gap(len(s.Frames)))
	return b.String()
}

// gap returns the bytes before frame i, i = len(s.Frames) those behind the last one.
func (s *Stack) gap(i int) string {
	switch {
	case len(s.between) == len(s.Frames)+1 && (i > 0 || s.between[0] != ""):
		return s.between[i]
	case i == 0 && s.Message == "", i == len(s.Frames):
		return ""
	default:
		return "\n"
	}
}

// Between returns the lines that stand before frame i (behind the frame before it) and are no frames;
// i = len(s.Frames) gives those behind the last frame.
func (s *Stack) Between(i int) []string {
	if i == 0 {
		return nil
	}
	lines := strings.Split(s.gap(i), "\n")[1:] // the first is the end of the frame's own line
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	for j := range lines {
		lines[j] = strings.TrimSuffix(lines[j], "\r")
	}
	return lines
}

// String returns the frame as a line of a trace: as printed where it is not mapped, else in the form
// of the engine that printed it. Line ends in the map's names are escaped: it is one line always.
func (f Frame) String() string {
	if !f.Mapped && f.Raw != "" {
		return f.Raw
	}
	indent, body, tail := splitLine(f.Raw)
	if f.Raw == "" {
		indent, body = "    ", "at "
	}
	function, place := oneLine(f.Function), oneLine(f.File)
	if place == "" && f.Line > 0 {
		place = "<anonymous>" // a source without a name
	}
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			place += fmt.Sprintf(":%d", f.Column)
		}
	}
	async := ""
	if f.async {
		async = "async "
	}
	switch {
	case !strings.HasPrefix(body, "at "): // SpiderMonkey, JavaScriptCore
		return indent + function + "@" + place + tail
	case function == "":
		return indent + "at " + async + place + tail
	case place == "":
		return indent + "at " + function + " (<anonymous>)" + tail
	default:
		return indent + "at " + function + " (" + async + place + ")" + tail
	}
}

// oneLine escapes the control characters and line separators in a text that comes out of a map.
func oneLine(text string) string {
	foreign := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if strings.IndexFunc(text, foreign) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if foreign(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
