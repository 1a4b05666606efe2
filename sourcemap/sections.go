package sourcemap

import (
	"errors"
	"math"
	"strconv"
)

// sectionsOf decodes an indexed map (DecodeIndexSourceMap): each section's map is put at its offset,
// all into one table.
func (p *parser) sectionsOf(f *fields, by shift, depth int) error {
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
	p.version(f)
	p.optionalString(ProblemFile, "file", f.file)
	// This and sections at one offset the standard forbids, but its algorithm does not look for them.
	if f.mappings.kind != 0 {
		p.problem(ProblemSectionsBeside, f.mappings.span.Start, "mappings beside sections are left out")
	}
	previous, before, ahead := shift{}, -1, 0 // before: the last section that was taken; ahead: the last that has mappings
	var own, last, all extent                 // of their mappings, and of those of all sections
	for i := range f.sections {
		s := &f.sections[i]
		if s.parts == nil {
			p.problem(ProblemSection, s.at, "section %d is not an object", i)
			continue
		}
		offset := shift{p.offset(i, "line", s.line, s), p.offset(i, "column", s.column, s)}
		if before >= 0 && (offset.line < previous.line || offset.line == previous.line && offset.column < previous.column) {
			p.problem(ProblemSectionOrder, s.at, "section %d starts before section %d", i, before)
		}
		if before >= 0 && offset == previous && own.any {
			p.problem(ProblemSectionOverlap, s.at, "section %d starts where section %d does", i, before)
		}
		at := offset.within(by)
		if last.any && at.before(last) {
			p.problem(ProblemSectionOverlap, s.at, "section %d starts before the last mapping of section %d", i, ahead)
		}
		p.extent = extent{}
		taken, err := p.section(i, s, at, depth)
		if err != nil {
			return err
		}
		if !taken {
			continue
		}
		previous, before, own = offset, i, p.extent
		if own.any {
			last, ahead = own, i
			all.add(own)
		}
	}
	p.extent = all
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

// section decodes the map of one section; one that is broken is passed over whole, and not taken.
func (p *parser) section(i int, s *section, at shift, depth int) (taken bool, err error) {
	start := p.mark()
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
		return false, nil
	}
	return err == nil, err
}

// offset reads the line or column of a section's offset; what is not an integer counts as 0. One that is out of reach for
// every position stays so.
func (p *parser) offset(i int, name string, v value, s *section) int64 {
	if v.kind == '0' {
		const far = 1 << 53
		number, err := strconv.ParseFloat(string(v.span.Of(p.data)), 64)
		if err == nil && number == math.Trunc(number) {
			return int64(max(-far, min(number, far)))
		}
	}
	p.problem(ProblemSectionOffset, max(v.span.Start, s.offset.span.Start), "the offset %s of section %d is %s, not an integer", name, i, v.name())
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

// before tells whether the offset lies before the end of the mappings.
func (s shift) before(e extent) bool {
	return s.line < e.line || s.line == e.line && s.column < e.column
}

// An extent is how far mappings reach: the generated position of the last one in order, out of range or not.
type extent struct {
	line, column int64
	any          bool
}

func (e *extent) add(other extent) {
	if !e.any || (shift{e.line, e.column}).before(other) {
		*e = other
	}
}
