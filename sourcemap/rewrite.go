package sourcemap

import (
	"fmt"

	"github.com/symbolicate/symbolicate/internal/index"
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
// there is a Part. Range mappings become plain ones; scopes and the fields of React Native are left out. The error is ErrMapping for positions out of range, or that of Text, of [Map.Err], or of [Builder.Map].
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
	} else {
		r.sources, r.names = make([]int32, m.NumSources()), make([]int32, m.NumNames())
	}
	var first *Mapping // the last one before the part, on its first line
	m.read(func() {
		m.table.All(func(s index.Segment) bool {
			mapping := mapping(s)
			if part == nil {
				r.put(mapping)
				return r.err == nil
			}
			at := mapping.Generated
			switch {
			case at.Line < part.From.Line:
				return true
			case before(at, part.From):
				first = &mapping
				return true
			case part.To != (Position{}) && !before(at, part.To):
				return false
			}
			if first != nil {
				if at != part.From {
					first.Generated = part.From
					r.put(*first)
				}
				first = nil
			}
			r.put(mapping)
			return r.err == nil
		})
	})
	if first != nil && r.err == nil && part.From != part.To {
		first.Generated = part.From
		r.put(*first)
	}
	if r.err == nil {
		r.err = r.addTexts()
	}
	if r.err == nil {
		r.err = m.Err()
	}
	return r.err
}

func before(a, b Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }

// put adds a mapping of m to the result.
func (r *rewriter) put(m Mapping) {
	if part := r.options.Part; part != nil {
		if m.Generated.Line -= part.From.Line; m.Generated.Line == 0 {
			m.Generated.Column -= part.From.Column
		}
		if m.Source >= 0 {
			m.Source = r.used(r.sources, m.Source, r.source)
		}
		if m.Name >= 0 {
			m.Name = r.used(r.names, m.Name, func(i int) int32 { return r.out.pushName(r.m.Name(i)) })
		}
	}
	at, ok := shifted(m.Generated, r.options.Offset)
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
	at := r.out.push(builtSource{url: s.URL, null: s.Null, ignored: s.Ignored})
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
