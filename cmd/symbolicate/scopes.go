package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func scopesCommand() *cobra.Command {
	var asJSON bool
	var mapPath string
	c := &cobra.Command{
		Use:   "scopes FILE",
		Short: "Show the functions of a JavaScript or TypeScript file, and their names",
		Long: `Prints each function of a file, in its place among the others, as names of frames are made from: from where to where it goes
(lines and columns count from 1, the end is behind it), what it is, and what it is called. The file's name says whether it is JavaScript (with JSX),
TypeScript or TSX. With --map the file is generated code, and its functions have the names that the map tells.`,
		Example: "  symbolicate scopes src/cart.ts\n  symbolicate scopes app.min.js --map app.min.js.map",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("scopes: want one file")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			data, err := readCode(args[0])
			if err != nil {
				return err
			}
			text := sourcemap.NewText(string(data))
			var list []sourcemap.FunctionRange
			if mapPath != "" {
				m, err := sourcemap.Open(mapPath, allCores())
				if err != nil {
					return plainError(err)
				}
				defer m.Close()
				warn(c.ErrOrStderr(), mapPath, m)
				list = m.FunctionsIn(text)
			} else if found, ok := text.Functions(args[0]); ok {
				list = found
			} else {
				return fmt.Errorf("scopes: %s: neither JavaScript nor TypeScript by its name, or more than %s bytes", args[0], thousands(sourcemap.MaxFunctionText))
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), functionReports(list))
			}
			_, err = c.OutOrStdout().Write(functionTree(list))
			return err
		},
	}
	c.Flags().StringVar(&mapPath, "map", "", "the source map of the file")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// readCode reads a file of generated or original code.
func readCode(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	tooLong := fmt.Errorf("%s: more than %s bytes", path, thousands(sourcemap.MaxGeneratedText))
	if info.Size() > sourcemap.MaxGeneratedText {
		return nil, tooLong
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, sourcemap.MaxGeneratedText+1)) // a device has no size
	if err == nil && len(data) > sourcemap.MaxGeneratedText {
		err = tooLong
	}
	return bytes.TrimPrefix(data, []byte("\ufeff")), err
}

type functionReport struct {
	Name   string  `json:"name"` // "": it has none
	Kind   string  `json:"kind"`
	Start  place   `json:"start"`
	End    place   `json:"end"`
	Parent *int    `json:"parent"` // index in the list; null: none
	In     *string `json:"in"`     // of one without a name: the nearest one around it that has one
}

func functionReports(list []sourcemap.FunctionRange) []functionReport {
	at := func(p sourcemap.Position) place { return place{int(p.Line) + 1, int(p.Column) + 1} }
	reports := make([]functionReport, len(list))
	for i, f := range list {
		r := &reports[i]
		*r = functionReport{Name: f.Name, Kind: string(f.Kind), Start: at(f.Start), End: at(f.End)}
		if f.Parent >= 0 {
			r.Parent = &f.Parent
		}
		for up := f.Parent; f.Name == "" && up >= 0; up = list[up].Parent {
			if list[up].Name != "" {
				r.In = &list[up].Name
				break
			}
		}
	}
	return reports
}

// maxIndent is how deep functions are shown in one another.
const maxIndent = 30

func functionTree(list []sourcemap.FunctionRange) []byte {
	var out bytes.Buffer
	depths := make([]int, len(list))
	places, width := make([]string, len(list)), 0
	for i, f := range list {
		if f.Parent >= 0 {
			depths[i] = depths[f.Parent] + 1
		}
		places[i] = fmt.Sprintf("%d:%d–%d:%d", f.Start.Line+1, f.Start.Column+1, f.End.Line+1, f.End.Column+1)
		width = max(width, len([]rune(places[i])))
	}
	for i, f := range list {
		name := bold(clean(f.Name))
		if f.Name == "" {
			name = dim("<anonymous>")
		}
		fmt.Fprintf(&out, "%s%s  %s%s  %s\n", cyan(places[i]), strings.Repeat(" ", width-len([]rune(places[i]))),
			strings.Repeat("  ", min(depths[i], maxIndent)), name, dim(string(f.Kind)))
	}
	return out.Bytes()
}
