package index

import (
	"fmt"
	"math"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// Original scopes and generated ranges lie in one section, KindScopeTrees, as tables of 32-bit numbers, in the order of
// package scopes. A number that may be missing is written as one more than it is, 0 for none. docs/FORMAT.md draws them.
//
//	counts     8×u32  sources, scopes, ranges, variables, bindings, pieces; 2 reserved
//	sources    2×u32  first scope, how many
//	scopes    10×u32  start, end (line and column each), parent+1, name+1, kind+1, source+1, flags, first variable
//	ranges    11×u32  start, end, parent+1, definition+1, flags, source+1 of the call, its line and column, first binding
//	variables    u32  name+1
//	bindings   2×u32  name+1, first piece
//	pieces     3×u32  line, column, name+1
//
// What belongs to a scope, a range or a binding ends where that of the next one begins.
const (
	treesHead    = 32
	sourceSize   = 8
	scopeSize    = 40
	rangeSize    = 44
	variableSize = 4
	bindingSize  = 8
	pieceSize    = 12

	scopeFlagFrame  = 1
	rangeFlagFrame  = 1
	rangeFlagHidden = 2
	treeTables      = 6
	tableSources    = 0
	tableScopes     = 1
	tableRanges     = 2
	tableVariables  = 3
	tableBindings   = 4
	tablePieces     = 5
	maxTreeItems    = math.MaxInt32
)

// PutScopes writes the scopes, if there are any, of a map with so many sources.
func (w *Writer) PutScopes(t *scopes.Trees, sources int) {
	if t == nil || len(t.Scopes) == 0 && len(t.Ranges) == 0 {
		return
	}
	variables, bindings, pieces := 0, 0, 0
	for _, s := range t.Scopes {
		variables += int(s.Variables.Len)
	}
	for _, r := range t.Ranges {
		bindings += int(r.Bindings.Len)
		for _, b := range t.Bindings[r.Bindings.Start:][:r.Bindings.Len] {
			pieces += int(b.Pieces.Len)
		}
	}
	w.begin(KindScopeTrees)
	defer w.end()
	size := treesHead + sources*sourceSize + len(t.Scopes)*scopeSize + len(t.Ranges)*rangeSize + variables*variableSize + bindings*bindingSize + pieces*pieceSize
	out := w.take(size)
	if out == nil {
		return
	}
	at := 0
	put := func(values ...int32) {
		for _, v := range values {
			le.Store32(out, at, uint32(v))
			at += 4
		}
	}
	put(int32(sources), int32(len(t.Scopes)), int32(len(t.Ranges)), int32(variables), int32(bindings), int32(pieces), 0, 0)
	for i := range sources {
		tree := scopes.Tree{}
		if i < len(t.Sources) {
			tree = t.Sources[i]
		}
		put(tree.Start, tree.Len)
	}
	first := int32(0)
	for _, s := range t.Scopes {
		flags := int32(0)
		if s.StackFrame {
			flags = scopeFlagFrame
		}
		put(s.Start.Line, s.Start.Column, s.End.Line, s.End.Column, s.Parent+1, s.Name+1, s.Kind+1, s.Source+1, flags, first)
		first += s.Variables.Len
	}
	first = 0
	for _, r := range t.Ranges {
		flags := int32(0)
		switch r.Frame {
		case scopes.FrameOriginal:
			flags = rangeFlagFrame
		case scopes.FrameHidden:
			flags = rangeFlagFrame | rangeFlagHidden
		}
		put(r.Start.Line, r.Start.Column, r.End.Line, r.End.Column, r.Parent+1, r.Definition+1, flags,
			r.CallSource+1, r.CallSite.Line, r.CallSite.Column, first)
		first += r.Bindings.Len
	}
	for _, s := range t.Scopes {
		for _, v := range t.Variables[s.Variables.Start:][:s.Variables.Len] {
			put(v + 1)
		}
	}
	first = 0
	each := func(visit func(b *scopes.Binding)) {
		for _, r := range t.Ranges {
			for i := range r.Bindings.Len {
				visit(&t.Bindings[r.Bindings.Start+i])
			}
		}
	}
	each(func(b *scopes.Binding) {
		put(b.Name+1, first)
		first += b.Pieces.Len
	})
	each(func(b *scopes.Binding) {
		for _, p := range t.Pieces[b.Pieces.Start:][:b.Pieces.Len] {
			put(p.From.Line, p.From.Column, p.Name+1)
		}
	})
}

// Scopes are the original scopes and generated ranges of an image. Numbers of scopes, ranges and names are 0-based,
// -1 stands for none; what is damaged is not there.
type Scopes struct {
	data   []byte
	at     area
	counts [treeTables]int
	starts [treeTables]int // in data
}

// Scopes returns the scopes; ok is false where the image has none, or its tables do not fit.
func (m *Image) Scopes() (t *Scopes, ok bool) {
	data := m.sections[KindScopeTrees]
	if len(data) == 0 {
		return nil, false
	}
	t = &Scopes{data: data, at: m.area(KindScopeTrees)}
	if len(data) < treesHead {
		t.at.damaged()
		return nil, false
	}
	if !t.at.read(0, treesHead) {
		return nil, false
	}
	at := uint64(treesHead)
	for i, size := range [treeTables]uint64{sourceSize, scopeSize, rangeSize, variableSize, bindingSize, pieceSize} {
		n := le.Load32(data, 4*i)
		t.counts[i], t.starts[i] = int(n), int(at)
		at += uint64(n) * size
		if n > maxTreeItems || at > uint64(len(data)) {
			t.at.damaged()
			return nil, false
		}
	}
	if at != uint64(len(data)) {
		t.at.damaged()
		return nil, false
	}
	return t, true
}

// NumScopes, NumRanges and NumSources return how many there are.
func (t *Scopes) NumScopes() int  { return t.counts[tableScopes] }
func (t *Scopes) NumRanges() int  { return t.counts[tableRanges] }
func (t *Scopes) NumSources() int { return t.counts[tableSources] }

// row returns where row i of a table stands. The row behind it may be read, too.
func (t *Scopes) row(table, i, size int) (at int, ok bool) {
	if i < 0 || i >= t.counts[table] || t.untrue() {
		return 0, false
	}
	at = t.starts[table] + i*size
	n := size
	if i+1 < t.counts[table] {
		n += size
	}
	return at, t.at.read(at, n)
}

// untrue tells that the image was found out to contradict itself. It gives nothing more then: of lists that overlap, all
// together could be thousands of times as large as the image.
func (t *Scopes) untrue() bool { return t.at.untrue() }

func (t *Scopes) damaged() bool {
	t.at.damaged()
	return false
}

// number loads the number k of the row.
func (t *Scopes) number(row, k int) int32 { return int32(le.Load32(t.data, row+4*k)) }

// span returns the part of a list that is that of a row: from its number k up to the one in the next row.
func (t *Scopes) span(table, i, row, size, k, list int) (s scopes.Span, ok bool) {
	first, end := t.number(row, k), int32(t.counts[list])
	if i+1 < t.counts[table] {
		end = t.number(row+size, k)
	}
	if first < 0 || end < first || int(end) > t.counts[list] {
		return s, t.damaged()
	}
	return scopes.Span{Start: first, Len: end - first}, true
}

// Scope returns scope i.
func (t *Scopes) Scope(i int) (s scopes.Scope, ok bool) {
	row, ok := t.row(tableScopes, i, scopeSize)
	if !ok {
		return s, false
	}
	n := func(k int) int32 { return t.number(row, k) }
	s = scopes.Scope{
		Start: scopes.Position{Line: n(0), Column: n(1)}, End: scopes.Position{Line: n(2), Column: n(3)},
		Parent: n(4) - 1, Name: n(5) - 1, Kind: n(6) - 1, Source: n(7) - 1, StackFrame: n(8)&scopeFlagFrame != 0,
	}
	if !positions(s.Start, s.End) || s.Parent < -1 || int(s.Parent) >= i || s.Name < -1 || s.Kind < -1 || int(s.Source) >= t.counts[tableSources] || s.Source < -1 {
		return s, t.damaged()
	}
	s.Variables, ok = t.span(tableScopes, i, row, scopeSize, 9, tableVariables)
	return s, ok
}

// positions tells whether a start and an end are in range and in order.
func positions(start, end scopes.Position) bool {
	return start.Line >= 0 && start.Column >= 0 && end.Line >= 0 && end.Column >= 0 && !end.Before(start)
}

// Range returns range i.
func (t *Scopes) Range(i int) (r scopes.Range, ok bool) {
	row, ok := t.row(tableRanges, i, rangeSize)
	if !ok {
		return r, false
	}
	n := func(k int) int32 { return t.number(row, k) }
	r = scopes.Range{
		Start: scopes.Position{Line: n(0), Column: n(1)}, End: scopes.Position{Line: n(2), Column: n(3)},
		Parent: n(4) - 1, Definition: n(5) - 1, CallSource: n(7) - 1, CallSite: scopes.Position{Line: n(8), Column: n(9)},
	}
	switch flags := n(6); {
	case flags&rangeFlagHidden != 0:
		r.Frame = scopes.FrameHidden
	case flags&rangeFlagFrame != 0:
		r.Frame = scopes.FrameOriginal
	}
	if !positions(r.Start, r.End) || r.Parent < -1 || int(r.Parent) >= i || r.Definition < -1 || int(r.Definition) >= t.counts[tableScopes] ||
		r.CallSource < -1 || int(r.CallSource) >= t.counts[tableSources] || r.CallSite.Line < 0 || r.CallSite.Column < 0 {
		return r, t.damaged()
	}
	r.Bindings, ok = t.span(tableRanges, i, row, rangeSize, 10, tableBindings)
	return r, ok
}

// Variables returns the names of a scope's variables; -1 where there is no such name.
func (t *Scopes) Variables(s scopes.Span) []int32 {
	at := t.starts[tableVariables] + int(s.Start)*variableSize
	if s.Len == 0 || !t.at.read(at, int(s.Len)*variableSize) {
		return nil
	}
	list := make([]int32, s.Len)
	for i := range list {
		if list[i] = t.number(at, i) - 1; list[i] < -1 {
			t.damaged()
			return nil
		}
	}
	return list
}

// Binding returns the expression of binding i, and its pieces.
func (t *Scopes) Binding(i int) (name int32, pieces []scopes.Piece, ok bool) {
	row, ok := t.row(tableBindings, i, bindingSize)
	if !ok {
		return -1, nil, false
	}
	if name = t.number(row, 0) - 1; name < -1 {
		return -1, nil, t.damaged()
	}
	span, ok := t.span(tableBindings, i, row, bindingSize, 1, tablePieces)
	if !ok {
		return -1, nil, false
	}
	at := t.starts[tablePieces] + int(span.Start)*pieceSize
	if !t.at.read(at, int(span.Len)*pieceSize) {
		return -1, nil, false
	}
	for range span.Len {
		p := scopes.Piece{From: scopes.Position{Line: t.number(at, 0), Column: t.number(at, 1)}, Name: t.number(at, 2) - 1}
		if p.From.Line < 0 || p.From.Column < 0 || p.Name < -1 {
			return -1, nil, t.damaged()
		}
		pieces = append(pieces, p)
		at += pieceSize
	}
	return name, pieces, true
}

// Tree says which scopes are those of the source; Len is 0 where it has none.
func (t *Scopes) Tree(source int) (tree scopes.Tree) {
	row, ok := t.row(tableSources, source, sourceSize)
	if !ok {
		return scopes.Tree{}
	}
	tree = scopes.Tree{Start: t.number(row, 0), Len: t.number(row, 1)}
	if tree.Start < 0 || tree.Len < 0 || int64(tree.Start)+int64(tree.Len) > int64(t.counts[tableScopes]) {
		t.damaged()
		return scopes.Tree{}
	}
	return tree
}

// Trees returns all of them at once, as Go memory; ok is false where they are damaged. Names are not compared with how many there are.
func (t *Scopes) Trees() (trees *scopes.Trees, ok bool) {
	trees = &scopes.Trees{Sources: make([]scopes.Tree, t.NumSources())}
	all := 0 // scopes that trees of sources have
	for i := range trees.Sources {
		tree := t.Tree(i)
		if all += int(tree.Len); all > t.NumScopes() {
			return nil, t.damaged() // trees that overlap could be thousands of times as large as the image
		}
		trees.Sources[i] = tree
	}
	for i := range t.NumScopes() {
		s, ok := t.Scope(i)
		if !ok {
			return nil, false
		}
		variables := t.Variables(s.Variables)
		s.Variables = scopes.Span{Start: int32(len(trees.Variables)), Len: int32(len(variables))}
		trees.Variables = append(trees.Variables, variables...)
		trees.Scopes = append(trees.Scopes, s)
	}
	for i := range t.NumRanges() {
		r, ok := t.Range(i)
		if !ok {
			return nil, false
		}
		own := scopes.Span{Start: int32(len(trees.Bindings)), Len: r.Bindings.Len}
		for k := range r.Bindings.Len {
			name, pieces, ok := t.Binding(int(r.Bindings.Start + k))
			if !ok {
				return nil, false
			}
			trees.Bindings = append(trees.Bindings, scopes.Binding{Name: name, Pieces: scopes.Span{Start: int32(len(trees.Pieces)), Len: int32(len(pieces))}})
			trees.Pieces = append(trees.Pieces, pieces...)
		}
		r.Bindings = own
		trees.Ranges = append(trees.Ranges, r)
	}
	return trees, !t.untrue()
}

// ScopeAt returns the innermost scope of the source at the position in it, -1 for none.
func (t *Scopes) ScopeAt(source int, p scopes.Position) int {
	tree := t.Tree(source)
	return innermost(t.at, int(tree.Start), int(tree.Start+tree.Len), p, scopes.MaxDepth, func(i int) (start, end scopes.Position, parent int32, ok bool) {
		s, ok := t.Scope(i)
		return s.Start, s.End, s.Parent, ok
	})
}

// RangeAt returns the innermost range at the generated position, -1 for none. Where trees overlap, as those of sections may
// by mistake, one of them answers.
func (t *Scopes) RangeAt(p scopes.Position) int {
	return innermost(t.at, 0, t.NumRanges(), p, scopes.MaxDepth, func(i int) (start, end scopes.Position, parent int32, ok bool) {
		r, ok := t.Range(i)
		return r.Start, r.End, r.Parent, ok
	})
}

// innermost finds the last of the items from..to that starts at or before the position, and goes up from there to the first
// one that does not end before it. Items that lie deeper in one another than depth are damage.
func innermost(at area, from, to int, p scopes.Position, depth int, item func(i int) (start, end scopes.Position, parent int32, ok bool)) int {
	low, high := from, to
	for low < high {
		middle := int(uint(low+high) / 2)
		start, _, _, ok := item(middle)
		if !ok {
			return -1
		}
		if p.Before(start) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	for i, steps := low-1, 0; i >= from; steps++ {
		_, end, parent, ok := item(i)
		if !ok {
			return -1
		}
		if p.Before(end) {
			return i
		}
		if steps == depth {
			at.damaged()
			return -1
		}
		i = int(parent)
	}
	return -1
}

// verifyScopes reads all of the scopes.
func (m *Image) verifyScopes(info *Info) error {
	t, ok := m.Scopes()
	if !ok {
		return m.Err()
	}
	wrong := func(what string, i int) error {
		m.fail(fmt.Errorf("%w: %s %d", ErrDamaged, what, i))
		return m.Err()
	}
	names := int32(info.Names)
	if t.NumSources() != info.Sources {
		return wrong("scopes are for another number of sources:", t.NumSources())
	}
	for i := range t.NumSources() {
		t.Tree(i)
	}
	// How deep each item lies: a search climbs no further than it may.
	depths := make([]uint16, max(t.NumScopes(), t.NumRanges()))
	deeper := func(i int, parent int32) bool {
		depths[i] = 1
		if parent >= 0 {
			depths[i] = depths[parent] + 1
		}
		return depths[i] <= scopes.MaxDepth
	}
	for i := range t.NumScopes() {
		s, ok := t.Scope(i)
		if !ok {
			return m.Err()
		}
		if !deeper(i, s.Parent) || s.Name >= names || s.Kind >= names {
			return wrong("original scope", i)
		}
		for _, v := range t.Variables(s.Variables) {
			if v >= names {
				return wrong("the variables of original scope", i)
			}
		}
	}
	for i := range t.NumRanges() {
		r, ok := t.Range(i)
		if !ok {
			return m.Err()
		}
		if !deeper(i, r.Parent) {
			return wrong("generated range", i)
		}
	}
	for i := range t.counts[tableBindings] {
		name, pieces, ok := t.Binding(i)
		if !ok {
			return m.Err()
		}
		for _, p := range pieces {
			name = max(name, p.Name)
		}
		if name >= names {
			return wrong("binding", i)
		}
	}
	return m.Err()
}
