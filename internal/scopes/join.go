package scopes

import (
	"math"
	"slices"
)

// A Shift says where the map of a section lies in the whole.
type Shift struct {
	Sources      []int32 // the number in the whole of each of its sources
	Names        int32   // the number of its first name
	Line, Column int64   // what is added to generated positions, to columns on line 0 only
}

// position returns the position in the whole; ok is false where it is out of range.
func (s *Shift) position(p *Position) (ok bool) {
	line, column := int64(p.Line)+s.Line, int64(p.Column)
	if p.Line == 0 {
		column += s.Column
	}
	*p = Position{int32(line), int32(column)}
	return 0 <= line && line <= math.MaxInt32 && 0 <= column && column <= math.MaxInt32
}

func (s *Shift) name(name int32) int32 {
	if name < 0 {
		return -1
	}
	return name + s.Names
}

func (s *Shift) source(source int32) int32 {
	if source < 0 {
		return -1
	}
	return s.Sources[source]
}

// Join adds the trees of a section's map, which are spent. Of a source that has scopes already, these stay those of the
// source. ok is false, and nothing added, where a position is out of range.
func (t *Trees) Join(more *Trees, shift *Shift) (ok bool) {
	for i := range more.Ranges {
		r := &more.Ranges[i]
		if !shift.position(&r.Start) || !shift.position(&r.End) {
			return false
		}
	}
	for i := range more.Pieces {
		if p := &more.Pieces[i]; !shift.position(&p.From) {
			return false
		}
	}
	scopes, ranges := int32(len(t.Scopes)), int32(len(t.Ranges))
	variables, bindings, pieces := int32(len(t.Variables)), int32(len(t.Bindings)), int32(len(t.Pieces))
	from := func(n, base int32) int32 {
		if n < 0 {
			return -1
		}
		return n + base
	}
	for i, tree := range more.Sources {
		if tree.Len == 0 {
			continue
		}
		source := int(shift.Sources[i])
		if n := source + 1 - len(t.Sources); n > 0 {
			t.Sources = append(t.Sources, make([]Tree, n)...)
		}
		if t.Sources[source].Len == 0 {
			t.Sources[source] = Tree{tree.Start + scopes, tree.Len}
		}
	}
	for _, s := range more.Scopes {
		s.Parent, s.Source, s.Name, s.Kind = from(s.Parent, scopes), shift.source(s.Source), shift.name(s.Name), shift.name(s.Kind)
		s.Variables.Start += variables
		t.Scopes = append(t.Scopes, s)
	}
	for _, r := range more.Ranges {
		r.Parent, r.Definition, r.CallSource = from(r.Parent, ranges), from(r.Definition, scopes), shift.source(r.CallSource)
		r.Bindings.Start += bindings
		t.Ranges = append(t.Ranges, r)
	}
	for _, v := range more.Variables {
		t.Variables = append(t.Variables, shift.name(v))
	}
	for _, b := range more.Bindings {
		b.Name = shift.name(b.Name)
		b.Pieces.Start += pieces
		t.Bindings = append(t.Bindings, b)
	}
	for _, p := range more.Pieces {
		p.Name = shift.name(p.Name)
		t.Pieces = append(t.Pieces, p)
	}
	return true
}

// SortRanges puts the trees of ranges in the order of their starts, as a search expects them: sections may come in any.
func (t *Trees) SortRanges() {
	inOrder := func(a, b Range) int { return a.Start.Compare(b.Start) }
	if slices.IsSortedFunc(t.Ranges, inOrder) {
		return
	}
	var trees []Span
	for i, r := range t.Ranges {
		if r.Parent < 0 {
			trees = append(trees, Span{int32(i), 0})
		}
		trees[len(trees)-1].Len++
	}
	slices.SortStableFunc(trees, func(a, b Span) int { return inOrder(t.Ranges[a.Start], t.Ranges[b.Start]) })
	sorted := make([]Range, 0, len(t.Ranges))
	for _, tree := range trees {
		by := int32(len(sorted)) - tree.Start
		for _, r := range t.Ranges[tree.Start:][:tree.Len] {
			if r.Parent >= 0 {
				r.Parent += by
			}
			sorted = append(sorted, r)
		}
	}
	t.Ranges = sorted
}
