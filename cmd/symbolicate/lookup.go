package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func lookupCommand() *cobra.Command {
	var asJSON, zeroBased, requireAll bool
	c := &cobra.Command{
		Use:   "lookup MAP LINE:COL...",
		Short: "Look positions of the generated code up in one source map",
		Long: `Prints where each position of the generated code comes from. Lines and columns count from 1, as in
stack traces; with --zero-based from 0, as inside the map. Columns are UTF-16 code units.`,
		Example: "  symbolicate lookup app.js.map 1:5120 1:5188",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return errors.New("lookup: want a source map and one LINE:COL or more")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			base := 1
			if zeroBased {
				base = 0
			}
			positions := make([]sourcemap.Position, len(args)-1)
			for i, arg := range args[1:] {
				p, err := parsePosition(arg, base)
				if err != nil {
					return err
				}
				positions[i] = p
			}
			m, err := sourcemap.Open(args[0], allCores())
			if err != nil {
				return errors.New(strings.TrimPrefix(err.Error(), "sourcemap: "))
			}
			warn(c.ErrOrStderr(), args[0], m)
			answers := lookUp(m, positions, base)
			if asJSON {
				err = writeJSON(c.OutOrStdout(), answers)
			} else {
				err = printAnswers(c.OutOrStdout(), answers)
			}
			if err != nil {
				return err
			}
			mapped := 0
			for _, a := range answers {
				if a.Mapped {
					mapped++
				}
			}
			return verdict(mapped, len(answers), requireAll)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&zeroBased, "zero-based", "0", false, "lines and columns count from 0, in what is read and printed")
	c.Flags().BoolVar(&requireAll, "require-all", false, "exit with 1 unless every position is mapped")
	return c
}

// parsePosition reads LINE:COL that count from base.
func parsePosition(text string, base int) (sourcemap.Position, error) {
	line, column, found := strings.Cut(text, ":")
	l, err1 := strconv.ParseInt(line, 10, 64)
	col, err2 := strconv.ParseInt(column, 10, 64)
	switch {
	case !found || err1 != nil || err2 != nil:
		return sourcemap.Position{}, fmt.Errorf("lookup: %q is not LINE:COL", text)
	case l < int64(base) || col < int64(base):
		if base == 1 && l >= 0 && col >= 0 {
			return sourcemap.Position{}, fmt.Errorf("lookup: %s: lines and columns count from 1, as in stack traces (--zero-based: from 0)", text)
		}
		return sourcemap.Position{}, fmt.Errorf("lookup: %s: below %d", text, base)
	case l > math.MaxInt32 || col > math.MaxInt32:
		return sourcemap.Position{}, fmt.Errorf("lookup: %s: over %d", text, math.MaxInt32)
	}
	return sourcemap.Position{Line: int32(l) - int32(base), Column: int32(col) - int32(base)}, nil
}

// answer is what lookup prints for a position, and its JSON. All lines and columns count from Base.
type answer struct {
	Base      int     `json:"base"`
	Generated place   `json:"generated"` // as asked
	Mapped    bool    `json:"mapped"`
	Source    *string `json:"source"` // null: the map names no source
	Original  *place  `json:"original"`
	Name      *string `json:"name"`

	code   string             // the line, "" without text
	column sourcemap.Position // of the code, 0-based
}

type place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func lookUp(m *sourcemap.Map, positions []sourcemap.Position, base int) []answer {
	at := func(p sourcemap.Position) place { return place{int(p.Line) + base, int(p.Column) + base} }
	answers := make([]answer, len(positions))
	texts := map[int32]*sourcemap.Text{}
	for i, p := range positions {
		a := &answers[i]
		a.Base, a.Generated = base, at(p)
		found, ok := m.Lookup(p)
		if !ok {
			continue
		}
		original := at(found.Original)
		a.Mapped, a.Original = true, &original
		if source, _ := m.Source(int(found.Source)); !source.Null {
			a.Source = &source.URL
		}
		if found.Name >= 0 {
			name := m.Name(int(found.Name))
			a.Name = &name
		}
		text, ok := texts[found.Source]
		if !ok {
			text, _ = m.SourceLines(int(found.Source))
			texts[found.Source] = text
		}
		if text != nil {
			a.code, a.column = text.Line(int(found.Original.Line)), found.Original
		}
	}
	return answers
}

// warn says on standard error what is wrong with parts of the map: they may be why a position has no
// answer, or a wrong one.
func warn(w io.Writer, path string, m *sourcemap.Map) {
	const most = 3
	problems, more := m.Problems()
	for i, problem := range problems {
		if i == most {
			fmt.Fprintf(w, "symbolicate: warning: %s: %d more problems\n", clean(path), len(problems)-most+more)
			break
		}
		fmt.Fprintf(w, "symbolicate: warning: %s: %s\n", clean(path), clean(problem.String()))
	}
}

func printAnswers(w io.Writer, answers []answer) error {
	var out bytes.Buffer
	for _, a := range answers {
		generated := fmt.Sprintf("%d:%d", a.Generated.Line, a.Generated.Column)
		if !a.Mapped {
			fmt.Fprintf(&out, "%s %s\n", generated, dim("nothing here"))
			continue
		}
		source := "(a source without a name)"
		if a.Source != nil {
			source = clean(*a.Source)
		}
		fmt.Fprintf(&out, "%s %s", generated, placeText(source, a.Original.Line, a.Original.Column))
		if a.Name != nil {
			fmt.Fprintf(&out, "  %s", bold(clean(*a.Name)))
		}
		out.WriteByte('\n')
		if a.code != "" {
			codeLine(&out, a.Original.Line, len(strconv.Itoa(a.Original.Line)), a.code, int(a.column.Column), true)
		}
	}
	_, err := w.Write(out.Bytes())
	return err
}

// allCores are the options of a command that reads one map.
func allCores() *sourcemap.Options { return &sourcemap.Options{Workers: runtime.GOMAXPROCS(0)} }
