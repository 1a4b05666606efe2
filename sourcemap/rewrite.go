package sourcemap

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/symbolicate/symbolicate/internal/scopes"
)

// A Span is a part of the generated code.
type Span struct {
	From Position
	To   Position // the first position behind it; the zero Position: it goes to the end
}

// RewriteOptions say what Rewrite changes. The zero value and nil change nothing.
type RewriteOptions struct {
	// Part keeps the mappings of a part of the generated code, counted from its start, and the sources and names that they
	// use, in the order in which they do. A mapping that stands before the part on its first line, and answers for its
	// start, comes along and stands there: answers are those of before.
	Part *Span
	// Offset is the text that was put in front of the code (after Part was taken out): so many lines, and columns on the
	// line where the code now starts.
	Offset Position
	// URL returns what a source's URL becomes; nil: it stays. It is not called for null sources.
	URL func(url string) string
	// SourceRoot becomes the map's sourceRoot, which stands before every source. Its old one stands in the URLs.
	SourceRoot string
	// Text returns the text of a source that has none; ok is false where it isn't to be had. The source has its
	// new URL, without SourceRoot. It is not called for null sources, and an error from it ends the work.
	Text func(s Source) (text string, ok bool, err error)
	// NoSources leaves out the source texts that the map has. Those from Text stay.
	NoSources bool
}

// Rewrite makes a map that says the same with other sources, or of other generated code that the old one is a part of, or a
// part of which it is. It needs m no longer when it has returned. All sources and names stay, by the same indices, unless
// there is a Part. The error is ErrMapping for positions out of range, or that of Text, of [Map.Err], or of [Builder.Map].
//
// Range mappings, scopes and the fields of React Native come along: generated ranges are moved and cut as the code is, and of
// the lines of modules those stay that the part has. What has no meaning in the result is left out, and is a problem of the
// kind ProblemDropped of the new map: the addresses of Hermes functions where the code has moved, and the maps of segments of a part.
func Rewrite(m *Map, options *RewriteOptions) (*Map, error) {
	if options == nil {
		options = &RewriteOptions{}
	}
	r := &rewriter{m: m, options: options}
	if err := r.run(); err != nil {
		return nil, fmt.Errorf("sourcemap: rewrite: %w", err)
	}
	return r.out.Map()
}

type rewriter struct {
	m              *Map
	options        *RewriteOptions
	out            Builder
	sources, names []int32 // with a Part: 1 + the index in the result, 0: not yet there
	texts          []wantedText
	lacking        []int32 // sources of the result that Text is asked for
	err            error
}

func (r *rewriter) run() error {
	m, part := r.m, r.options.Part
	if m.image == nil {
		return errClosed
	}
	if by := r.options.Offset; by.Line < 0 || by.Column < 0 {
		return fmt.Errorf("%w: an offset of %d lines and %d columns", ErrMapping, by.Line, by.Column)
	}
	if part != nil && (part.From.Line < 0 || part.From.Column < 0 || part.To != (Position{}) && before(part.To, part.From)) {
		return fmt.Errorf("%w: a part from line %d, column %d to line %d, column %d", ErrMapping, part.From.Line, part.From.Column, part.To.Line, part.To.Column)
	}
	r.out.File, r.out.DebugID, r.out.SourceRoot = m.File(), m.DebugID(), r.options.SourceRoot
	if part == nil {
		for i := range m.NumNames() {
			r.out.pushName(m.Name(i))
		}
		for i := range m.NumSources() {
			r.source(i)
		}
		for mapping := range m.Mappings() {
			if r.put(mapping); r.err != nil {
				break
			}
		}
	} else {
		r.sources, r.names = make([]int32, m.NumSources()), make([]int32, m.NumNames())
		r.cut(part)
	}
	if r.err == nil {
		r.scopes()
	}
	if r.err == nil {
		r.native()
	}
	if r.err == nil {
		r.err = r.addTexts()
	}
	if r.err == nil {
		r.err = m.Err()
	}
	return r.err
}

// cut puts the mappings of a part.
func (r *rewriter) cut(part *Span) {
	from, end := placeOf(part.From), endOfCode
	if part.To != (Position{}) {
		end = placeOf(part.To)
	}
	if from == end {
		return
	}
	first, some := Mapping{}, false // the one in force at the start of the part, from before it
	start := func(next place) {
		if some && from.before(next) {
			if first.Range {
				stretchOf(first, next).from(from).put(first, r.put)
			} else {
				first.Generated = part.From
				r.put(first)
			}
		}
		some = false
	}
	for mapping := range r.m.Mappings() {
		at := placeOf(mapping.Generated)
		if at.before(from) {
			mapping.Range = mapping.Range && mapping.Source >= 0
			first, some = mapping, mapping.Range || at.line == from.line
			continue
		}
		if start(at); !at.before(end) || r.err != nil {
			return
		}
		r.put(mapping)
	}
	start(end)
}

func before(a, b Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }

// put adds a mapping of m to the result.
func (r *rewriter) put(m Mapping) {
	if r.options.Part != nil {
		if m.Source >= 0 {
			m.Source = r.used(r.sources, m.Source, r.source)
		}
		if m.Name >= 0 {
			m.Name = r.name(m.Name)
		}
	}
	at, ok := r.moved(m.Generated)
	if !ok {
		r.err = fmt.Errorf("%w: the offset puts line %d, column %d out of range", ErrMapping, m.Generated.Line, m.Generated.Column)
		return
	}
	m.Generated = at
	r.out.add(&m)
}

// used returns the index in the result of item i of a list, which is added when it is first used.
func (r *rewriter) used(list []int32, i int32, add func(i int) int32) int32 {
	if int(i) >= len(list) { // a damaged file
		return -1
	}
	if list[i] == 0 {
		list[i] = add(int(i)) + 1
	}
	return list[i] - 1
}

// source adds source i to the result; its text comes last.
func (r *rewriter) source(i int) int32 {
	s, _ := r.m.Source(i)
	if r.options.URL != nil && !s.Null {
		s.URL = validText(r.options.URL(s.URL))
	}
	at := r.out.push(builtSource{url: s.URL, null: s.Null, ignored: s.Ignored, functions: r.m.functionText(i)})
	switch {
	case s.HasContent && !r.options.NoSources:
		r.texts = append(r.texts, wantedText{int32(i), at})
	case r.options.Text != nil && !s.Null:
		r.lacking = append(r.lacking, at)
	}
	return at
}

// addTexts gives the sources of the result their texts.
func (r *rewriter) addTexts() error {
	if err := addTexts(&r.out, r.m, r.texts); err != nil {
		return err
	}
	for _, at := range r.lacking {
		s := r.out.sources[at]
		text, ok, err := r.options.Text(Source{URL: s.url, Ignored: s.ignored})
		if err != nil {
			return err
		}
		if ok {
			if err := setText(&r.out, at, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// moved is where a generated position of m stands in the result.
func (r *rewriter) moved(p Position) (_ Position, ok bool) {
	if part := r.options.Part; part != nil {
		if p.Line -= part.From.Line; p.Line == 0 {
			p.Column -= part.From.Column
		}
	}
	return shifted(p, r.options.Offset)
}

// scopes adds the scopes.
func (r *rewriter) scopes() {
	trees := r.m.trees()
	if trees == nil {
		return
	}
	trees.Regular(func(i int32) string { return r.m.Name(int(i)) })
	if r.options.Part != nil {
		trees = r.cutScopes(trees, r.options.Part)
	}
	move := func(p *scopes.Position) {
		at, ok := r.moved(Position(*p))
		if !ok && r.err == nil {
			r.err = fmt.Errorf("%w: the offset puts a generated range out of range", ErrMapping)
		}
		*p = scopes.Position(at)
	}
	for i := range trees.Ranges {
		move(&trees.Ranges[i].Start)
		move(&trees.Ranges[i].End)
	}
	for i := range trees.Pieces {
		move(&trees.Pieces[i].From)
	}
	r.out.trees = trees
}

// cutScopes takes the ranges of a part, with the scopes of the sources that it uses. Positions stay those of the whole.
func (r *rewriter) cutScopes(t *scopes.Trees, part *Span) *scopes.Trees {
	from, to, open := scopes.Position(part.From), scopes.Position(part.To), part.To == (Position{})
	inside := make([]bool, len(t.Ranges))
	wanted := make([]bool, len(t.Scopes))
	for i, g := range t.Ranges {
		inside[i] = (open || g.Start.Before(to) && from != to) && (from.Before(g.End) || !g.Start.Before(from)) && (g.Parent < 0 || inside[g.Parent])
		if !inside[i] {
			continue
		}
		if g.Definition >= 0 {
			wanted[g.Definition] = true
			if source := t.Scopes[g.Definition].Source; source >= 0 {
				r.used(r.sources, source, r.source)
			}
		}
		if g.CallSource >= 0 {
			r.used(r.sources, g.CallSource, r.source)
		}
	}
	out := &scopes.Trees{Sources: make([]scopes.Tree, len(r.out.sources))}
	picker := &scopes.Picker{From: t, To: out, Name: r.name, Source: func(i int32) int32 { return r.used(r.sources, i, r.source) }}
	was := make([]int, len(r.out.sources)) // by source of the result
	for i, at := range r.sources {
		if at > 0 {
			was[at-1] = i
		}
	}
	for source, i := range was {
		if i < len(t.Sources) && t.Sources[i].Len > 0 {
			out.Sources[source] = picker.Tree(t.Sources[i], int32(source))
		}
	}
	for tree := range t.Roots { // those of no source
		if t.Scopes[tree.Start].Source < 0 && slices.Contains(wanted[tree.Start:tree.Start+tree.Len], true) {
			picker.Tree(tree, -1)
		}
	}
	numbers := make([]int32, len(t.Ranges))
	for i, g := range t.Ranges {
		if !inside[i] {
			continue
		}
		late := g.Start.Before(from)
		if late {
			g.Start = from
		}
		if !open && to.Before(g.End) {
			g.End = to
		}
		parent := int32(-1)
		if g.Parent >= 0 {
			parent = numbers[g.Parent]
		}
		numbers[i] = picker.Range(g, parent, func(name int32, list []scopes.Piece) (_ int32, kept []scopes.Piece) {
			for _, p := range list {
				switch {
				case late && !from.Before(p.From): // what held before the part does not count
					name = p.Name
				case open || p.From.Before(to):
					kept = append(kept, p)
				}
			}
			return name, kept
		})
	}
	return out
}

// name is the index in the result of a name that a part uses.
func (r *rewriter) name(i int32) int32 {
	return r.used(r.names, i, func(i int) int32 { return r.out.pushName(r.m.Name(i)) })
}

// lostFunctions says what a new map does not have of one that was read for functions, or that lists them.
const lostFunctions = "functions: they come back where there is text, when the map is parsed with Options.Functions"

// native adds the fields of React Native; function maps came with their sources.
func (r *rewriter) native() {
	if r.m.HasFunctions() {
		r.out.drop(lostFunctions)
	}
	options := r.options
	moves := options.Part != nil || options.Offset != (Position{})
	for i, text := range r.m.nativeTexts().own {
		switch {
		case text == "":
			continue
		case i == nativeOffsets && moves:
			text = r.moduleLines(text)
		case i == nativeHermes && moves:
			r.out.drop(nativeNames[i] + ": the code has moved")
			continue
		case i == nativeSegments && options.Part != nil:
			r.out.drop(nativeNames[i] + ": they are no part of the code")
			continue
		case i == nativeSegments:
			text = r.segments(text)
		}
		r.out.native.set(i, text)
	}
}

// moduleLines says where the modules start in the result; one that does not start on a line of its own there has no line.
func (r *rewriter) moduleLines(text string) string {
	lines := lines32([]byte(text))
	if lines == nil {
		return text
	}
	out := []byte{'['}
	for i, line := range lines {
		if i > 0 {
			out = append(out, ',')
		}
		at, ok := Position{Line: line}, line >= 0
		if part := r.options.Part; ok && part != nil {
			ok = !before(at, part.From) && (part.To == (Position{}) || before(at, part.To))
		}
		if ok {
			at, ok = r.moved(at)
		}
		if ok && at.Column == 0 {
			out = strconv.AppendInt(out, int64(at.Line), 10)
		} else {
			out = append(out, "null"...)
		}
	}
	return string(append(out, ']'))
}

// segments rewrites the maps of the segments, whose code stays where it is. One that cannot be read stays as it is.
func (r *rewriter) segments(text string) string {
	if r.options.URL == nil && r.options.SourceRoot == "" && r.options.Text == nil && !r.options.NoSources {
		return text
	}
	out := bytes.NewBufferString("{")
	for i, id := range r.m.Segments() {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, `"%d":`, id)
		s, err := r.m.Segment(id)
		if err != nil {
			out.Write(r.m.nativeFields().segments[id])
			continue
		}
		if err := r.segment(s, out); err != nil {
			r.err = fmt.Errorf("segment %d: %w", id, err)
			return ""
		}
	}
	out.WriteByte('}')
	return out.String()
}

func (r *rewriter) segment(m *Map, out *bytes.Buffer) error {
	own := &rewriter{m: m, options: &RewriteOptions{URL: r.options.URL, SourceRoot: r.options.SourceRoot, Text: r.options.Text, NoSources: r.options.NoSources}}
	if err := own.run(); err != nil {
		return err
	}
	rewritten, err := own.out.Map()
	if err != nil {
		return err
	}
	defer rewritten.Close()
	if err := rewritten.Encode(out, nil); err != nil {
		return err
	}
	if out.Len() > MaxBytes {
		return fmt.Errorf("%w: more than %d bytes of segments", ErrLimit, MaxBytes)
	}
	return nil
}
