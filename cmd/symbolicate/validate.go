package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// maxFaults is how many problems of a map validate lists; it says how many more there are.
const maxFaults = 100_000

func validateCommand() *cobra.Command {
	var asJSON, quiet bool
	c := &cobra.Command{
		Use:   "validate MAP...",
		Short: "Check source maps against the standard, with the place of every problem",
		Long: `Reads each map strictly, as ECMA-426 lets a consumer, and lists every problem: its kind, its byte offset, line and
column in the file (of one that is compressed: in what it holds), and the text there. A saved index is checked from
end to end; function maps of React Native (x_facebook_sources) are read too.

Exit codes: 0 every map is valid, 1 one has a problem or more, or is no map at all, 2 bad usage or a file that can't be read.`,
		Example: "  symbolicate validate dist/*.map\n  symbolicate validate --json app.js.map",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			report := validateReport{Maps: []validated{}}
			for _, path := range args {
				if err := c.Context().Err(); err != nil {
					return err
				}
				v, err := validate(path)
				if err != nil {
					return err
				}
				if v.Valid {
					report.Valid++
				} else {
					report.Invalid++
				}
				report.Maps = append(report.Maps, *v)
				if asJSON || quiet && v.Valid {
					continue
				}
				if err := printValidated(c.OutOrStdout(), v); err != nil {
					return err
				}
			}
			if asJSON {
				if err := writeJSON(c.OutOrStdout(), report); err != nil {
					return err
				}
			} else if len(args) > 1 {
				fmt.Fprintln(c.OutOrStdout(), dim(fmt.Sprintf("%d maps: %d valid, %d not", len(args), report.Valid, report.Invalid)))
			}
			if report.Invalid > 0 {
				return errNotMapped
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing of maps that are valid")
	return c
}

// What --json prints.
type (
	validateReport struct {
		Maps    []validated `json:"maps"` // in the order of the arguments
		Valid   int         `json:"valid"`
		Invalid int         `json:"invalid"`
	}
	validated struct {
		Path      string   `json:"path"`
		Valid     bool     `json:"valid"`
		Wrappings []string `json:"wrappings"` // taken off before: "gzip", "zstd", "data URL"
		Problems  []fault  `json:"problems"`  // in the order of their offsets
		More      int      `json:"more"`      // problems that are not listed
	}
)

// input is a map file, read and unpacked.
type input struct {
	raw       int64 // bytes of the file
	data      []byte
	wrappings []string
	m         *sourcemap.Map // nil where it can't be read
	err       error          // why
}

// readMap reads a map with all its problems. The error is that of reading the file.
func readMap(path string) (*input, error) {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Size() > sourcemap.MaxBytes {
		err = fmt.Errorf("%s: %d bytes are more than %d", path, info.Size(), sourcemap.MaxBytes)
	}
	if err != nil {
		return nil, err
	}
	in := &input{}
	if in.data, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	in.raw = int64(len(in.data))
	plain, wrappings, err := sourcemap.Unwrap(in.data, 0)
	if err != nil {
		in.err = err
		return in, nil
	}
	in.data, in.wrappings = plain, wrappings
	options := allCores()
	options.MaxProblems = maxFaults
	in.m, in.err = sourcemap.Parse(in.data, options)
	if in.err == nil && sourcemap.IsIndex(in.data) {
		in.err = in.m.Verify()
	}
	return in, nil
}

// faults lists what is wrong with the map.
func (in *input) faults() (list []fault, more int) {
	list = []fault{}
	if in.err != nil {
		f := fault{Kind: "broken", Fatal: true, Offset: -1, Detail: strings.TrimPrefix(in.err.Error(), "sourcemap: ")}
		for _, known := range faultKinds {
			if errors.Is(in.err, known.err) {
				f.Kind = known.kind
				break
			}
		}
		if e := (*sourcemap.ParseError)(nil); errors.As(in.err, &e) {
			f.Offset, f.Detail = e.Offset, e.Detail
		}
		list = append(list, f)
	}
	if in.m != nil {
		var problems []sourcemap.Problem
		problems, more = in.m.Problems()
		for _, p := range problems {
			f := fault{Kind: string(p.Kind), Offset: p.Offset, Detail: p.Detail}
			if sourcemap.IsIndex(in.data) {
				f.Offset, f.Detail = -1, fmt.Sprintf("%s (byte %d of the map that it was made from)", p.Detail, p.Offset)
			}
			list = append(list, f)
		}
	}
	if in.m != nil {
		// The standard knows nothing of them, so reading a map does not look into them.
		for i := range in.m.NumSources() {
			if _, err := in.m.FunctionMap(i); err != nil && len(list) < maxFaults {
				source, _ := in.m.Source(i)
				detail := fmt.Sprintf("of %s: %s", source.URL, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "sourcemap: "), "function map: "))
				list = append(list, fault{Kind: "function-map", Offset: -1, Detail: detail})
			}
		}
	}
	placeFaults(in.data, list)
	return list, more
}

func validate(path string) (*validated, error) {
	in, err := readMap(path)
	if err != nil {
		return nil, err
	}
	v := &validated{Path: path, Wrappings: orEmpty(in.wrappings)}
	v.Problems, v.More = in.faults()
	v.Valid = len(v.Problems) == 0
	if in.m != nil {
		in.m.Close()
	}
	return v, nil
}

func printValidated(w io.Writer, v *validated) error {
	var out bytes.Buffer
	inside := ""
	if len(v.Wrappings) > 0 {
		inside = dim(" (" + strings.Join(v.Wrappings, " of ") + ")")
	}
	if v.Valid {
		fmt.Fprintf(&out, "%s%s: %s\n", bold(clean(v.Path)), inside, green("valid"))
		_, err := w.Write(out.Bytes())
		return err
	}
	fmt.Fprintf(&out, "%s%s: %s\n", bold(clean(v.Path)), inside, red(counted(len(v.Problems)+v.More, "problem")))
	for i := range v.Problems {
		printFault(&out, &v.Problems[i], true)
		if out.Len() > 1<<16 {
			if _, err := w.Write(out.Bytes()); err != nil {
				return err
			}
			out.Reset()
		}
	}
	if v.More > 0 {
		fmt.Fprintf(&out, "  %s\n", dim(fmt.Sprintf("and %s more", thousands(v.More))))
	}
	_, err := w.Write(out.Bytes())
	return err
}

// printFault prints a problem, with the text around it and a caret where it stands.
func printFault(out *bytes.Buffer, f *fault, excerpt bool) {
	mark, kind := "", yellow(f.Kind)
	if f.Fatal {
		mark, kind = red("no map: "), red(f.Kind)
	}
	fmt.Fprintf(out, "  %s%s  %s", mark, kind, clean(f.Detail))
	if f.Line > 0 {
		fmt.Fprintf(out, "  %s", dim(fmt.Sprintf("byte %d, %d:%d", f.Offset, f.Line, f.Column)))
	}
	out.WriteByte('\n')
	if excerpt && strings.TrimSpace(f.Excerpt) != "" {
		text, caret := f.Excerpt, f.Caret
		if f.Column-1 > caret {
			text, caret = "…"+text, caret+1
		}
		if f.cut {
			text += "…"
		}
		codeLine(out, f.Line, len(strconv.Itoa(f.Line)), text, caret, true)
	}
}

// counted is a number of things.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}
