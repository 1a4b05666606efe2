package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func inspectCommand() *cobra.Command {
	var asJSON, all bool
	var generated string
	c := &cobra.Command{
		Use:   "inspect MAP",
		Short: "Show what a source map holds: kind, sizes, sources and what each costs, coverage, problems",
		Long: `Shows what kind of map it is, what its fields take of its bytes, and its sources in the order of what they cost: how
much of the generated code comes from each and how many mappings it has. The generated file is the one beside the map with its name, or that
of its "file" field, or --generated; without it, sources stand in the order of their mappings.

Exit codes: 0 shown (problems or not: see validate), 2 bad usage, a file that can't be read, or no map.`,
		Example: "  symbolicate inspect app.js.map\n  symbolicate inspect app.js.map --generated dist/app.js --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			in, err := readMap(args[0])
			if err != nil {
				return err
			}
			if in.err != nil {
				return fmt.Errorf("%s: %s", args[0], strings.TrimPrefix(in.err.Error(), "sourcemap: "))
			}
			defer in.m.Close()
			r, err := inspect(args[0], in, generated)
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c.OutOrStdout(), r)
			}
			rows := 20
			if all {
				rows = len(r.Sources)
			}
			var out bytes.Buffer
			printInspected(&out, r, rows)
			_, err = c.OutOrStdout().Write(out.Bytes())
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, with all sources and problems")
	c.Flags().BoolVarP(&all, "all", "a", false, "print all sources, not the first 20")
	c.Flags().StringVarP(&generated, "generated", "g", "", "the generated file, where it is not beside the map")
	return c
}

// inspected is what inspect prints, and its JSON. Sizes are in bytes; null is "not known".
type inspected struct {
	Path      string   `json:"path"`
	Kind      string   `json:"kind"`      // "regular", "indexed", "saved index"
	Dialect   string   `json:"dialect"`   // "hermes", "metro", "wasm", or ""
	Wrappings []string `json:"wrappings"` // "gzip", "zstd", "data URL", from the outermost on
	File      string   `json:"file"`      // its "file" field
	DebugID   string   `json:"debug_id"`

	Bytes    int64   `json:"bytes"`    // of the file
	Unpacked int64   `json:"unpacked"` // of the map in it
	Fields   []field `json:"fields"`   // of the map's object, largest first
	Sections *int    `json:"sections"` // of an indexed map

	Mappings int   `json:"mappings"`
	Lines    int   `json:"lines"` // generated lines that have mappings
	Names    int   `json:"names"`
	Index    int64 `json:"index"` // bytes that the packed index takes, without texts

	Sources     []inspectedSource `json:"sources"` // by what they cost, most first
	WithText    int               `json:"with_text"`
	WithoutText int               `json:"without_text"`
	Ignored     int               `json:"ignored"`
	FunctionMap int               `json:"function_maps"`       // sources that have one (React Native)
	Sourceless  int               `json:"sourceless_mappings"` // mappings to no source

	Generated *coverage `json:"generated"` // null: the file is not at hand
	Problems  []fault   `json:"problems"`
	More      int       `json:"more_problems"` // that are not listed
}

type field struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"` // of its value, as it is written
	Items *int   `json:"items"` // of an array
}

type inspectedSource struct {
	Index    int    `json:"index"`
	URL      string `json:"url"`
	Null     bool   `json:"null"` // it has no URL
	Ignored  bool   `json:"ignored"`
	Mappings int    `json:"mappings"`
	Code     *int64 `json:"code"` // bytes of the generated file that come from it
	Text     *int64 `json:"text"` // bytes of its text in the map; null: the map lacks it
}

// coverage compares the map with its generated file.
type coverage struct {
	Path    string `json:"path"`
	Bytes   int64  `json:"bytes"`   // without line ends
	Covered int64  `json:"covered"` // of these, with an original position
	Lines   int    `json:"lines"`
	Behind  int    `json:"behind"` // mappings behind the end of a line or of the file: it is another version
}

func inspect(path string, in *input, generatedPath string) (*inspected, error) {
	m := in.m
	r := &inspected{
		Path: path, Kind: "regular", Wrappings: orEmpty(in.wrappings), File: m.File(), DebugID: m.DebugID(),
		Bytes: in.raw, Unpacked: int64(len(in.data)), Fields: []field{}, Mappings: m.Len(), Names: m.NumNames(), Index: m.IndexSize().All - m.IndexSize().Texts,
	}
	if m.Indexed() {
		r.Kind = "indexed"
	}
	if sourcemap.IsIndex(in.data) {
		r.Kind = "saved index"
	} else if err := r.fields(in.data); err != nil {
		return nil, err
	}
	r.Problems, r.More = in.faults()

	generated, text, err := generatedFile(path, r.File, generatedPath)
	if err != nil {
		return nil, err
	}
	wasm := sourcemap.IsWebAssembly(text)
	if wasm || text == nil && strings.HasSuffix(r.File, ".wasm") {
		r.Dialect = "wasm"
	}
	r.Sources = make([]inspectedSource, m.NumSources())
	for i := range r.Sources {
		s, _ := m.Source(i)
		r.Sources[i] = inspectedSource{Index: i, URL: s.URL, Null: s.Null, Ignored: s.Ignored}
		if s.Ignored {
			r.Ignored++
		}
		if list, _ := m.FunctionMap(i); list != nil {
			r.FunctionMap++
		}
		if text, ok := m.SourceText(i); ok {
			size := int64(len(text))
			r.Sources[i].Text = &size
			r.WithText++
		} else {
			r.WithoutText++
		}
	}
	r.count(m, generated, text, wasm)
	slices.SortStableFunc(r.Sources, func(a, b inspectedSource) int {
		if a.Code != nil && *a.Code != *b.Code {
			return cmp.Compare(*b.Code, *a.Code)
		}
		return cmp.Compare(b.Mappings, a.Mappings)
	})
	return r, m.Err()
}

// fields sums the map's fields up, and sees what tool's they are.
func (r *inspected) fields(data []byte) error {
	list, err := sourcemap.Fields(data)
	if err != nil {
		return err
	}
	for _, f := range list {
		shown := field{Name: f.Name, Bytes: f.Bytes}
		if f.Items >= 0 {
			shown.Items = &f.Items
		}
		r.Fields = append(r.Fields, shown)
		switch f.Name {
		case "sections":
			r.Sections = shown.Items
		case "x_hermes_function_offsets":
			r.Dialect = "hermes"
		case "x_facebook_sources", "x_facebook_offsets", "x_metro_module_paths":
			if r.Dialect == "" {
				r.Dialect = "metro"
			}
		}
	}
	slices.SortStableFunc(r.Fields, func(a, b field) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return nil
}

// generatedFile returns the generated file: the one named, or the one that lies beside the map. No text: there is none.
func generatedFile(path, file, named string) (found string, text []byte, err error) {
	if named != "" {
		text, err = os.ReadFile(named)
		return named, text, err
	}
	candidates := []string{}
	if name := generatedName(path); name != path {
		candidates = append(candidates, name)
	}
	if base := filepath.Base(filepath.FromSlash(file)); file != "" && base != "." && base != ".." && base != string(filepath.Separator) {
		candidates = append(candidates, filepath.Join(filepath.Dir(path), base))
	}
	for _, name := range candidates {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() > sourcemap.MaxBytes || name == path {
			continue
		}
		if text, err = os.ReadFile(name); err == nil {
			return name, text, nil
		} else if !errors.Is(err, os.ErrPermission) {
			return "", nil, err
		}
	}
	return "", nil, nil
}

// count goes through the mappings once. With the generated file it measures what each covers: up to the next one, or to the end of
// the line.
func (r *inspected) count(m *sourcemap.Map, path string, text []byte, wasm bool) {
	lastLine := int32(-1)
	var lines *sourcemap.Text
	if text != nil {
		r.Generated = &coverage{Path: path}
		if wasm {
			r.Generated.Bytes, r.Generated.Lines = int64(len(text)), 1
		} else {
			lines = sourcemap.NewText(string(text))
			r.Generated.Lines = lines.NumLines()
			for i := range lines.NumLines() {
				r.Generated.Bytes += int64(len(lines.Line(i)))
			}
		}
		for i := range r.Sources {
			r.Sources[i].Code = new(int64)
		}
	}
	before, open := sourcemap.Mapping{}, false // the mapping whose piece is not measured yet
	line, units, at := "", int32(0), 0         // of its line: the text, how far it was read in code units and in bytes
	measure := func(until int32) {             // column where the piece ends; -1: the line's end
		from := at
		for at < len(line) && (until < 0 || units < until) {
			if c := line[at]; c < utf8.RuneSelf {
				at, units = at+1, units+1
				continue
			}
			c, size := utf8.DecodeRuneInString(line[at:])
			at, units = at+size, units+int32(max(1, utf16.RuneLen(c)))
		}
		if open && before.Source >= 0 {
			r.Generated.Covered += int64(at - from)
			*r.Sources[before.Source].Code += int64(at - from)
		}
	}
	wasmMeasure := func(until int) {
		if from := min(int(before.Generated.Column), len(text)); open && before.Source >= 0 && before.Generated.Line == 0 {
			n := int64(max(0, min(until, len(text))-from))
			r.Generated.Covered += n
			*r.Sources[before.Source].Code += n
		}
	}
	for mapping := range m.Mappings() {
		g := mapping.Generated
		if g.Line != lastLine {
			r.Lines++
		}
		if mapping.Source < 0 {
			r.Sourceless++
		} else {
			r.Sources[mapping.Source].Mappings++
		}
		switch {
		case lines != nil:
			if g.Line != lastLine {
				if open {
					measure(-1)
				}
				line, units, at, open = lines.Line(int(g.Line)), 0, 0, false
			}
			measure(g.Column)
			if int(g.Line) >= lines.NumLines() || units < g.Column {
				r.Generated.Behind++
			}
		case wasm:
			wasmMeasure(int(g.Column))
			if g.Line > 0 || int(g.Column) > len(text) {
				r.Generated.Behind++
			}
		}
		before, open, lastLine = mapping, true, g.Line
	}
	if lines != nil && open {
		measure(-1)
	} else if wasm {
		wasmMeasure(len(text))
	}
}

// printInspected prints the report for people, with so many sources.
func printInspected(out *bytes.Buffer, r *inspected, rows int) {
	fmt.Fprintln(out, bold(clean(r.Path)))
	row := func(label, format string, args ...any) {
		fmt.Fprintf(out, "  %s  %s\n", dim(runewidth.FillRight(label, 9)), fmt.Sprintf(format, args...))
	}
	row("kind", "%s", kindText(r))
	if r.File != "" {
		row("file", "%s", clean(r.File))
	}
	if r.DebugID != "" {
		row("debug id", "%s", r.DebugID)
	}
	row("size", "%s", sizeText(r))
	row("mappings", "%s on %s; %s; packed %s%s", thousands(r.Mappings), counted(r.Lines, "line"), counted(r.Names, "name"), counted(int(r.Index), "byte"),
		ifAny(r.Sourceless, "; %s to no source"))
	row("sources", "%s; %s with text, %s without%s%s", thousands(len(r.Sources)), thousands(r.WithText), thousands(r.WithoutText),
		ifAny(r.Ignored, "; %s ignored"), ifAny(r.FunctionMap, "; %s with a function map"))
	if g := r.Generated; g != nil {
		text := fmt.Sprintf("%s, %s: %s covered", clean(g.Path), counted(int(g.Bytes), "byte"), share(g.Covered, g.Bytes))
		if g.Behind > 0 {
			text += "; " + yellow(counted(g.Behind, "mapping")+" behind its end: another version of it?")
		}
		row("generated", "%s", text)
	}
	if len(r.Sources) > 0 {
		out.WriteByte('\n')
		printSources(out, r, min(rows, len(r.Sources)))
	}
	if len(r.Problems) > 0 {
		fmt.Fprintf(out, "\n%s\n", bold(counted(len(r.Problems)+r.More, "problem")))
		const most = 5
		for i := range r.Problems[:min(most, len(r.Problems))] {
			printFault(out, &r.Problems[i], false)
		}
		if n := len(r.Problems) + r.More - most; n > 0 {
			fmt.Fprintf(out, "  %s\n", dim(fmt.Sprintf("and %s more: symbolicate validate lists them", thousands(n))))
		}
	}
}

// kindText says what the map is.
func kindText(r *inspected) string {
	text := map[string]string{"regular": "regular map", "indexed": "indexed map", "saved index": "saved index"}[r.Kind]
	if r.Sections != nil {
		text += " of " + counted(*r.Sections, "section")
	}
	text += map[string]string{"hermes": ", for Hermes bytecode", "metro": ", by Metro (React Native)", "wasm": ", for WebAssembly"}[r.Dialect]
	if len(r.Wrappings) > 0 {
		text += ", in " + strings.Join(r.Wrappings, " of ")
	}
	return text
}

// sizeText says what takes the map's bytes.
func sizeText(r *inspected) string {
	text := counted(int(r.Bytes), "byte")
	if r.Unpacked != r.Bytes {
		text += ", unpacked " + thousands(int(r.Unpacked))
	}
	var parts []string
	const most, least = 4, 0.01 // fields named, and the share from which on one is
	for i, f := range r.Fields {
		if i == most || float64(f.Bytes) < least*float64(r.Unpacked) {
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s", clean(f.Name), share(f.Bytes, r.Unpacked)))
	}
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text
}

// ifAny is the text about a number that is not 0.
func ifAny(n int, format string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(format, thousands(n))
}

// share is a part in per cent.
func share(part, whole int64) string {
	if whole == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// printSources prints so many sources as a table.
func printSources(out *bytes.Buffer, r *inspected, rows int) {
	head := []string{"mappings", "", "text"}
	if r.Generated != nil {
		head = []string{"code", "", "mappings", "", "text"}
	}
	table := [][]string{head}
	for _, s := range r.Sources[:rows] {
		text := "none"
		if s.Text != nil {
			text = thousands(int(*s.Text))
		}
		cells := []string{thousands(s.Mappings), share(int64(s.Mappings), int64(r.Mappings)), text}
		if s.Code != nil {
			cells = append([]string{thousands(int(*s.Code)), share(*s.Code, r.Generated.Bytes)}, cells...)
		}
		table = append(table, cells)
	}
	widths := make([]int, len(head))
	for _, cells := range table {
		for i, cell := range cells {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	for n, cells := range table {
		line := " "
		for i, cell := range cells {
			if line += " "; head[i] != "" {
				line += " " // a share stands closer to its number
			}
			line += runewidth.FillLeft(cell, widths[i])
		}
		if n == 0 {
			fmt.Fprintln(out, dim(line+"  source"))
			continue
		}
		s := r.Sources[n-1]
		name, note := cyan(clean(s.URL)), ""
		if s.Null {
			name = dim("(without a name)")
		}
		if s.Ignored {
			note = dim("  ignored")
		}
		fmt.Fprintf(out, "%s  %s%s\n", line, name, note)
	}
	if left := len(r.Sources) - rows; left > 0 {
		fmt.Fprintf(out, "  %s\n", dim(fmt.Sprintf("and %s (--all)", counted(left, "more source"))))
	}
}
