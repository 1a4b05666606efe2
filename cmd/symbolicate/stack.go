package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// maxTraceBytes is the largest stack trace that is read.
const maxTraceBytes = 256 << 20

func stackCommand() *cobra.Command {
	var (
		maps       []string
		around     int
		asJSON     bool
		asTrace    bool
		requireAll bool
	)
	c := &cobra.Command{
		Use:   "stack [FILE|-] --maps PATH [--maps PATH ...]",
		Short: "Symbolicate a stack trace, from a file or standard input",
		Long: `Reads a stack trace as Chrome, Node.js, Firefox, Safari or Hermes print it, finds the source maps of its
frames below the given paths, and prints the original frames with the code around them.

A map is found by the sourceMappingURL of the minified file, by name (app.js and app.js.map), by debug
id, or by the "file" field of the map. Nothing is fetched. A frame that can't be mapped stays as it is,
with the reason.`,
		Example: `  symbolicate stack crash.txt --maps dist/
  pbpaste | symbolicate stack --maps dist/ --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(maps) == 0 {
				return errors.New("stack: say where the source maps are: --maps PATH")
			}
			name := "-"
			if len(args) == 1 {
				name = args[0]
			}
			text, err := readTrace(c, name)
			if err != nil {
				return err
			}
			stack := symbolicate.ParseStack(text)
			if len(stack.Frames) == 0 {
				return fmt.Errorf("%s: no stack frame in %d bytes", name, len(text))
			}
			s, err := symbolicate.New(symbolicate.WithPaths(maps...), symbolicate.WithContextLines(around))
			if err != nil {
				return errors.New(strings.TrimPrefix(err.Error(), "symbolicate: "))
			}
			defer s.Close()
			if stack, err = s.Symbolicate(c.Context(), stack); err != nil {
				return err
			}
			switch out := c.OutOrStdout(); {
			case asJSON:
				err = writeJSON(out, stackJSON(&stack))
			case asTrace:
				_, err = io.WriteString(out, strings.TrimSuffix(stack.String(), "\n")+"\n")
			default:
				err = printStack(out, &stack)
			}
			if err != nil {
				return err
			}
			return verdict(mappedFrames(&stack), len(stack.Frames), requireAll)
		},
	}
	flags := c.Flags()
	flags.StringArrayVarP(&maps, "maps", "m", nil, "folder or file with source maps (may be repeated; the best match wins, of equals the first)")
	flags.IntVarP(&around, "context", "C", 2, "lines of code before and after each frame's own, 0 to 5")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&asTrace, "trace", false, "print the trace itself with its frames replaced")
	flags.BoolVar(&requireAll, "require-all", false, "exit with 1 unless every frame is mapped")
	c.MarkFlagsMutuallyExclusive("json", "trace")
	return c
}

// verdict is the end of a command that mapped so many of all.
func verdict(mapped, all int, requireAll bool) error {
	if mapped == 0 || requireAll && mapped < all {
		return errNotMapped
	}
	return nil
}

func mappedFrames(stack *symbolicate.Stack) (n int) {
	for i := range stack.Frames {
		if stack.Frames[i].Mapped {
			n++
		}
	}
	return n
}

// readTrace reads the named file, or standard input for "-".
func readTrace(c *cobra.Command, name string) (string, error) {
	in := c.InOrStdin()
	if name == "-" {
		if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			fmt.Fprintln(c.ErrOrStderr(), "Paste a stack trace, then press Ctrl-D.")
		}
	} else {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxTraceBytes+1))
	switch {
	case err != nil:
		return "", err
	case len(text) == 0:
		return "", fmt.Errorf("%s: empty", name)
	case len(text) > maxTraceBytes:
		return "", fmt.Errorf("%s: larger than %d bytes", name, maxTraceBytes)
	}
	return string(text), nil
}

// What --json prints. Lines and columns are 1-based, 0 is "not given".
type (
	stackReport struct {
		Message string        `json:"message"`
		Mapped  int           `json:"mapped"`
		Total   int           `json:"total"`
		Frames  []frameReport `json:"frames"`
	}
	frameReport struct {
		Function   string         `json:"function"`
		File       string         `json:"file"`
		Line       int            `json:"line"`
		Column     int            `json:"column"`
		Mapped     bool           `json:"mapped"`
		InApp      bool           `json:"in_app"`
		NameSource string         `json:"name_source"`
		Module     string         `json:"module,omitempty"`
		Map        string         `json:"map,omitempty"`
		Reason     string         `json:"reason,omitempty"`
		Detail     string         `json:"detail,omitempty"`
		Context    *contextReport `json:"context,omitempty"`
		Printed    printedReport  `json:"printed"`
	}
	contextReport struct {
		Pre  []string `json:"pre"`
		Line string   `json:"line"`
		Post []string `json:"post"`
	}
	printedReport struct {
		Function string `json:"function"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Raw      string `json:"raw"`
	}
)

func stackJSON(stack *symbolicate.Stack) stackReport {
	report := stackReport{Message: stack.Message, Mapped: mappedFrames(stack), Total: len(stack.Frames)}
	for i := range stack.Frames {
		f := &stack.Frames[i]
		printed := f.Minified
		r := frameReport{
			Function: f.Function, File: f.File, Line: f.Line, Column: f.Column, Mapped: f.Mapped, InApp: f.InApp,
			NameSource: string(f.NameSource), Module: f.Module, Map: f.MapName, Reason: string(f.Reason), Detail: f.Detail,
			Printed: printedReport{printed.Function, printed.File, printed.Line, printed.Column, printed.Raw},
		}
		if f.Context != nil {
			r.Context = &contextReport{Pre: orEmpty(f.Context.Pre), Line: f.Context.Line, Post: orEmpty(f.Context.Post)}
		}
		report.Frames = append(report.Frames, r)
	}
	return report
}

// orEmpty keeps an empty list from becoming null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func writeJSON(out io.Writer, report any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
