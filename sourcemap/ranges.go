package sourcemap

import (
	"bytes"
	"math"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// Range mappings: a proposal to ECMA-426, draft of April 2026, whose indices count from 0. The text of the draft gives
// positions on later lines the column of the mapping's original position; its explainer and its tests give them their own, as
// text that is equal in both codes has it. So does this package.

func rangeMapping(s index.Segment, ranged bool) Mapping {
	m := mapping(s)
	m.Range = ranged
	return m
}

// lookupRanges is a lookup in a map that has range mappings.
func (m *Map) lookupRanges(p Position, find func(line, column int32) (index.Segment, bool, bool)) (found Mapping, ok bool) {
	found = Mapping{Source: -1, Name: -1}
	m.read(func() {
		if s, ranged, hit := find(p.Line, p.Column); hit {
			found, ok = rangeMapping(s, ranged), s.Source >= 0
		}
	})
	return found, ok
}

// A place is a position that may lie beyond 2³¹−1.
type place struct{ line, column int64 }

// endOfCode is behind every position.
var endOfCode = place{math.MaxInt32 + 1, 0}

func placeOf(p Position) place { return place{int64(p.Line), int64(p.Column)} }

func (p place) before(q place) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

func (p place) position() Position { return Position{int32(p.line), int32(p.column)} }

// A stretch is generated code that is text of a source, as a range mapping says: from start up to end, which is exclusive. original is
// where the start comes from.
type stretch struct{ start, end, original place }

// stretchOf is the stretch of a range mapping that ends there.
func stretchOf(m Mapping, end place) stretch {
	return stretch{placeOf(m.Generated), end, placeOf(m.Original)}
}

// from is the rest of the stretch from a position in it on.
func (s stretch) from(at place) stretch {
	line, column := at.line-s.start.line, at.column
	if line == 0 {
		column += s.original.column - s.start.column
	}
	return stretch{at, s.end, place{s.original.line + line, column}}
}

// at is the generated position of an original one that is not before that of the start.
func (s stretch) at(original place) place {
	line, column := original.line-s.original.line, original.column
	if line == 0 {
		column += s.start.column - s.original.column
	}
	return place{s.start.line + line, column}
}

// begin is the part of the stretch that has positions: past 2³¹−1 there are none, but there may be on the next line. ok is false
// where it has none.
func (s stretch) begin() (_ stretch, ok bool) {
	if s.start.column > math.MaxInt32 || s.original.column > math.MaxInt32 {
		s = s.from(place{s.start.line + 1, 0})
	}
	return s, s.start.before(s.end) && s.start.line <= math.MaxInt32 && s.original.line <= math.MaxInt32
}

// put puts the stretch as range mappings like m.
func (s stretch) put(m Mapping, put func(Mapping)) {
	with, ok := s.begin()
	if !ok || with.start != s.start {
		put(Mapping{Generated: s.start.position(), Source: -1, Name: -1})
	}
	if ok {
		m.Generated, m.Original, m.Range = with.start.position(), with.original.position(), true
		put(m)
	}
}

// rangeMarks finds the range mappings among those of a map while they are decoded. nil stands for none.
type rangeMarks struct {
	p      *parser
	list   *vlq.Ranges
	offset func(at int) int
	start  int // of this map's in parser.ranged
	next   int // number that the first mapping of the chunk has in the result

	// The range looked for.
	line  int32
	index int64
	at    int
	more  bool

	lineOf  int32 // line and number of the mapping before
	indexOf int64

	marks, gone []int // in the chunk: range mappings, and those that were dropped
}

// rangesOf returns the range mappings of the map. It is called when the table holds all mappings before it.
func (p *parser) rangesOf(f *fields) *rangeMarks {
	p.optionalString(ProblemRangeMappings, "rangeMappings", f.rangeMappings)
	if f.rangeMappings.kind != '"' {
		return nil
	}
	text, offset := p.digits(f.rangeMappings.span)
	list, err := vlq.NewRanges(text)
	if err != nil {
		e := err.(*vlq.Error)
		p.problem(ProblemRangeMappings, offset(e.Offset), "%s, line %d", e.What, e.Line)
		return nil
	}
	r := &rangeMarks{p: p, list: list, offset: offset, start: len(p.ranged), next: p.table.Len(), lineOf: -1}
	if r.advance(); !r.more {
		return nil
	}
	return r
}

// digits returns the text of a string of base64 digits, and a function that gives the offset in the data of a byte of it.
func (p *parser) digits(s jsonscan.Span) (text []byte, offset func(at int) int) {
	quoted := s.Of(p.data)
	text = quoted[1 : len(quoted)-1]
	if bytes.IndexByte(text, '\\') < 0 {
		return text, func(at int) int { return s.Start + 1 + at }
	}
	return []byte(jsonscan.Unescape(quoted)), func(at int) int { return s.Start + jsonscan.RawOffset(quoted, at) }
}

// advance goes on to the next range.
func (r *rangeMarks) advance() {
	for {
		var again bool
		r.line, r.index, r.at, again, r.more = r.list.Next()
		if !again {
			return
		}
		r.fault("the range mapping before once more, line %d")
	}
}

func (r *rangeMarks) fault(what string) {
	if r.p.counting() {
		r.p.cut++
		return
	}
	r.p.problem(ProblemRangeMappingsItem, r.offset(r.at), what, r.line)
}

// mark finds the range mappings of the chunk, as it was decoded.
func (r *rangeMarks) mark(c *vlq.Chunk) {
	if r == nil {
		return
	}
	r.marks, r.gone = r.marks[:0], r.gone[:0]
	for i := 0; i < c.Len && r.more; i++ {
		if line := c.Line[i]; line != r.lineOf {
			r.lineOf, r.indexOf = line, 0
		} else {
			r.indexOf++
		}
		for r.more && r.line < r.lineOf {
			r.fault("there is no such mapping, line %d")
			r.advance()
		}
		if r.more && r.line == r.lineOf && r.index == r.indexOf {
			if c.Source[i] < 0 {
				r.fault("the mapping has no original position, line %d")
			}
			r.marks = append(r.marks, i)
			r.advance()
		}
	}
}

// drop says that mapping i of the chunk is not taken.
func (r *rangeMarks) drop(i int) {
	if r != nil {
		r.gone = append(r.gone, i)
	}
}

// add notes the range mappings of the chunk, of which some mappings were dropped since mark.
func (r *rangeMarks) add(c *vlq.Chunk) {
	if r == nil {
		return
	}
	gone := 0
	for _, i := range r.marks {
		for gone < len(r.gone) && r.gone[gone] < i {
			gone++
		}
		if gone == len(r.gone) || r.gone[gone] != i {
			r.p.ranged = append(r.p.ranged, uint32(r.next+i-gone))
		}
	}
	r.next += c.Len
}

// end reports the ranges that are left.
func (r *rangeMarks) end() {
	for r != nil && r.more {
		r.fault("there is no such mapping, line %d")
		r.advance()
	}
}

// forget takes all back: the mappings are.
func (r *rangeMarks) forget() {
	if r != nil {
		r.p.ranged = r.p.ranged[:r.start]
	}
}
