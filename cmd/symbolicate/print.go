package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/fatih/color"
	"github.com/mattn/go-runewidth"

	"github.com/symbolicate/symbolicate/symbolicate"
)

var styles []*color.Color

// style returns a function that writes its arguments with the attributes.
func style(attributes ...color.Attribute) func(...any) string {
	styles = append(styles, color.New(attributes...))
	return styles[len(styles)-1].SprintFunc()
}

var (
	bold   = style(color.Bold)
	dim    = style(color.Faint)
	red    = style(color.FgRed, color.Bold)
	cyan   = style(color.FgCyan)
	yellow = style(color.FgYellow)
	green  = style(color.FgGreen)
)

// printStack prints a symbolicated stack for people.
func printStack(w io.Writer, stack *symbolicate.Stack) error {
	var out bytes.Buffer
	if stack.Message != "" {
		fmt.Fprintln(&out, bold(cleanLines(stack.Message)))
	}
	for i := range stack.Frames {
		for _, line := range stack.Between(i) {
			fmt.Fprintln(&out, show(strings.TrimSuffix(line, "\r")))
		}
		printFrame(&out, &stack.Frames[i])
		if out.Len() > 1<<16 {
			if _, err := w.Write(out.Bytes()); err != nil {
				return err
			}
			out.Reset()
		}
	}
	for _, line := range stack.Between(len(stack.Frames)) {
		fmt.Fprintln(&out, show(strings.TrimSuffix(line, "\r")))
	}
	mapped := mappedFrames(stack)
	if mapped < len(stack.Frames) {
		fmt.Fprintln(&out, dim(fmt.Sprintf("%d of %d frames mapped", mapped, len(stack.Frames))))
	}
	_, err := w.Write(out.Bytes())
	return err
}

func printFrame(out *bytes.Buffer, f *symbolicate.Frame) {
	function := f.Function
	in := ""
	if function == "" {
		function = "<anonymous>"
		if f.In != "" {
			in = dim(" in ") + clean(f.In)
		}
	}
	if !f.Mapped {
		fmt.Fprintf(out, "  %s %s\n", dim("at"), dim(clean(strings.TrimPrefix(strings.TrimSpace(f.Raw), "at "))))
		if f.Reason != symbolicate.ReasonNative {
			fmt.Fprintf(out, "     %s\n", yellow(fmt.Sprintf("not mapped [%s]: %s", f.Reason, clean(f.Detail))))
		}
		return
	}
	file := clean(f.File)
	if file == "" {
		file = "(a source without a name)"
	}
	fmt.Fprintf(out, "  %s %s%s  %s\n", dim("at"), bold(clean(function)), in, placeText(file, f.Line, f.Column))
	if f.Reason == "" && f.Detail != "" {
		fmt.Fprintf(out, "     %s\n", yellow("note: "+clean(f.Detail)))
	}
	if f.Context == nil {
		fmt.Fprintf(out, "     %s\n", yellow(fmt.Sprintf("no code [%s]: %s", f.Reason, clean(f.Detail))))
		return
	}
	c := f.Context
	width := len(strconv.Itoa(f.Line + len(c.Post)))
	for i, line := range c.Pre {
		codeLine(out, f.Line-len(c.Pre)+i, width, line, -1, false)
	}
	codeLine(out, f.Line, width, c.Line, f.Column-1-c.Cut, true)
	for i, line := range c.Post {
		codeLine(out, f.Line+1+i, width, line, -1, false)
	}
}

// placeText is file:line:column, as editors and terminals know it.
func placeText(file string, line, column int) string {
	return fmt.Sprintf("%s:%d:%d", cyan(file), line, column)
}

// lineWidth is how many cells of a line of code are shown; of a longer one, those around the column.
const lineWidth = 110

// codeLine prints a line of code behind its number and, under it, a caret at the column (0-based,
// UTF-16 code units; below 0: none).
func codeLine(out *bytes.Buffer, number, width int, text string, column int, own bool) {
	mark := " "
	if own {
		mark = red(">")
	}
	before, after := text, ""
	if column >= 0 {
		before, after = cutUTF16(text, column)
	}
	before, after = show(before), show(after)
	if over := runewidth.StringWidth(before) - lineWidth*2/3; over > 0 && runewidth.StringWidth(before+after) > lineWidth {
		before = runewidth.TruncateLeft(before, over, "…")
	}
	after = runewidth.Truncate(after, max(1, lineWidth-runewidth.StringWidth(before)), "…")
	if column < 0 {
		before, after = runewidth.Truncate(before, lineWidth, "…"), ""
	}
	line := strings.TrimRight(before+after, " ")
	if !own {
		line = dim(line)
	}
	fmt.Fprintf(out, "   %s %s %s %s\n", mark, dim(fmt.Sprintf("%*d", width, number)), dim("|"), line)
	if column >= 0 {
		fmt.Fprintf(out, "     %*s %s %s%s\n", width, "", dim("|"), strings.Repeat(" ", runewidth.StringWidth(before)), red("^"))
	}
}

// cutUTF16 splits the text at a column in UTF-16 code units, or at its end.
func cutUTF16(text string, column int) (before, after string) {
	for i, r := range text {
		if column <= 0 {
			return text[:i], text[i:]
		}
		column -= utf16.RuneLen(r)
	}
	return text, ""
}

// show makes a line fit for a terminal: tabs to spaces, nothing that moves the cursor.
func show(text string) string { return clean(strings.ReplaceAll(text, "\t", "    ")) }

// clean keeps text from a trace or a map from controlling the terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, text)
}

func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = show(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(lines, "\n")
}
