package symbolicate

import (
	"fmt"
	"strings"
)

// String returns the trace as text: every mapped frame in the engine's own form with its original
// function and place, all else as it was.
func (s Stack) String() string {
	var parts []string
	if s.Preamble != "" {
		parts = append(parts, s.Preamble)
	}
	if s.Message != "" || s.headed {
		parts = append(parts, s.Message)
	}
	for i := range s.Frames {
		parts = append(parts, s.between[i]...)
		parts = append(parts, s.Frames[i].String())
	}
	parts = append(parts, s.between[len(s.Frames)]...)
	text := strings.Join(parts, "\n")
	if s.ends {
		text += "\n"
	}
	return text
}

// String returns the frame as a line of a trace: as printed where it is not mapped, else in the form
// of the engine that printed it.
func (f Frame) String() string {
	if !f.Mapped && f.Raw != "" {
		return f.Raw
	}
	indent, gecko := "    ", false
	if f.Raw != "" {
		text := strings.TrimLeft(f.Raw, " \t")
		indent = f.Raw[:len(f.Raw)-len(text)]
		gecko = !strings.HasPrefix(text, "at ")
	}
	place := f.File
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			place += fmt.Sprintf(":%d", f.Column)
		}
	}
	switch {
	case gecko:
		return indent + f.Function + "@" + place
	case f.Function == "":
		return indent + "at " + place
	case place == "":
		return indent + "at " + f.Function + " (<anonymous>)"
	default:
		return indent + "at " + f.Function + " (" + place + ")"
	}
}
