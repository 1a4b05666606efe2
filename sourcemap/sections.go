package sourcemap

import (
	"errors"
	"math"
	"strconv"
)

// sectionsOf decodes an indexed map (DecodeIndexSourceMap): each section's map is put at its offset,
// all into one table.
func (p *parser) sectionsOf(f *fields, by shift, depth int) error {
	p.version(f)
	p.optionalString(ProblemFile, "file", f.file)
	if f.sectionsAt.kind != '[' {
		return &ParseError{Kind: ErrFormat, Offset: int64(f.sectionsAt.offset(f)), Detail: "sections is " + f.sectionsAt.name() + ", not an array"}
	}
	if depth == 0 {
		// These two are for the whole map: a section that lacks them is no section (the standard
		// throws), and is not passed over like one whose map is broken inside.
		if err := checkSections(f); err != nil {
			return err
		}
	}
	// This and sections at one offset the standard forbids, but its algorithm does not look for them.
	if f.mappings.kind != 0 {
		p.problem(ProblemSectionsBeside, f.mappings.span.Start, "mappings beside sections are left out")
	}
	previous, started, before := shift{}, false, 0 // before: mappings ahead of the previous section's
	for i := range f.sections {
		s := &f.sections[i]
		if s.parts == nil {
			p.problem(ProblemSection, s.at, "section %d is not an object", i)
			continue
		}
		own := shift{p.offset(i, "line", s.line, s), p.offset(i, "column", s.column, s)}
		if started && (own.line < previous.line || own.line == previous.line && own.column < previous.column) {
			p.problem(ProblemSectionOrder, s.at, "section %d starts before section %d", i, i-1)
		}
		if started && own == previous && p.table.Len() > before {
			p.problem(ProblemSectionOverlap, s.at, "section %d starts where section %d does", i, i-1)
		}
		at := own.within(by)
		if line, column, ok := p.table.Last(); ok && started && at.before(line, column) {
			p.problem(ProblemSectionOverlap, s.at, "section %d starts before the last mapping of section %d", i, i-1)
		}
		before = p.table.Len()
		if err := p.section(i, s, at, depth); err != nil {
			return err
		}
		previous, started = own, true
	}
	return nil
}

// checkSections returns the error for the first section without an offset or a map.
func checkSections(f *fields) error {
	for _, s := range f.sections {
		if s.parts == nil {
			continue
		}
		at := s.offset.span.Start
		what := "offset is " + s.offset.name()
		if s.offset.kind == '{' {
			if s.fields != nil {
				continue
			}
			at, what = s.mapKind.span.Start, "map is "+s.mapKind.name()
		}
		return &ParseError{Kind: ErrFormat, Offset: int64(max(at, s.at)), Detail: "section: " + what + ", not an object"}
	}
	return nil
}

// section decodes the map of one section; one that is broken is passed over whole.
func (p *parser) section(i int, s *section, at shift, depth int) error {
	start := p.mark()
	var err error
	if s.fields.hasSections {
		p.problem(ProblemSectionNested, s.at, "the map of section %d is itself indexed", i)
		if err = checkSections(s.fields); err == nil {
			err = p.sectionsOf(s.fields, at, depth+1)
		}
	} else {
		err = p.regular(s.fields, at)
	}
	if e := (*ParseError)(nil); errors.As(err, &e) {
		p.rewind(start)
		p.problem(ProblemSectionMap, int(e.Offset), "the map of section %d: %s", i, e.Detail)
		return nil
	}
	return err
}

// offset reads the line or column of a section's offset; what is not an integer counts as 0.
func (p *parser) offset(i int, name string, v value, s *section) int64 {
	if v.kind == '0' {
		number, err := strconv.ParseFloat(string(v.span.Of(p.data)), 64)
		if err == nil && number == math.Trunc(number) && math.Abs(number) <= math.MaxInt32 {
			return int64(number)
		}
	}
	p.problem(ProblemSectionOffset, max(v.span.Start, s.offset.span.Start), "the offset %s of section %d is %s, not a 32-bit integer", name, i, v.name())
	return 0
}

// within is the place of an offset inside a map that itself stands at an offset.
func (s shift) within(outer shift) shift {
	if s.line == 0 {
		s.column += outer.column
	}
	s.line += outer.line
	return s
}

// before tells whether the offset lies before the position.
func (s shift) before(line, column int32) bool {
	return s.line < int64(line) || s.line == int64(line) && s.column < int64(column)
}
