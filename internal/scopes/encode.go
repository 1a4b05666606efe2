package scopes

import (
	"errors"
	"slices"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// ErrTrees says that trees are none that a text can have: scopes or ranges that lie outside their parents, or in no order.
var ErrTrees = errors.New("scopes that are no trees")

type encoder struct {
	t       *Trees
	out     []byte
	room    func(text []byte) []byte
	started bool // an item stands before
	names   int64

	at                               Position // of the item before
	name, kind, variable, definition int64
}

// Append appends the text that [Decode] makes these trees of, for a map with so many sources and names; they must be those of a regular
// map, see [Trees.Regular]. A variable without a name is written as a name behind the last one, which is a fault again: there is no other
// way to say it. room, unless nil, is called before each item with all that there is, and returns what to go on with. The error is ErrTrees.
func (t *Trees) Append(dst []byte, sources, names int, room func(text []byte) []byte) ([]byte, error) {
	if room == nil {
		room = func(text []byte) []byte { return text }
	}
	e := &encoder{t: t, out: dst, names: int64(names), room: room}
	next := int32(0)
	for i := range sources {
		tree := Tree{}
		if i < len(t.Sources) {
			tree = t.Sources[i]
		}
		if tree.Len == 0 {
			e.item(tagEmpty)
			continue
		}
		if tree.Start != next || int(tree.Len) > len(t.Scopes)-int(next) || !e.scopes(next, next+tree.Len, 1) {
			return e.out, ErrTrees
		}
		next += tree.Len
	}
	// What is left are scopes of more sources than there are.
	if !e.scopes(next, int32(len(t.Scopes)), len(t.Scopes)) || !e.ranges() {
		return e.out, ErrTrees
	}
	return e.out, nil
}

// item starts an item.
func (e *encoder) item(tag byte) {
	e.out = e.room(e.out)
	if e.started {
		e.out = append(e.out, ',')
	}
	e.started = true
	e.out = append(e.out, tag)
}

func (e *encoder) unsigned(value int32) { e.out = vlq.AppendUnsigned(e.out, uint32(value)) }

// relative writes how far an index is from the one before of its kind.
func (e *encoder) relative(last *int64, index int64) {
	e.out = vlq.AppendSigned(e.out, index-*last)
	*last = index
}

// move goes on to a position; ok is false where it stands before the last one.
func (e *encoder) move(to Position) (line, column int32, ok bool) {
	if to.Before(e.at) || to.Line < 0 || to.Column < 0 {
		return 0, 0, false
	}
	line, column = to.Line-e.at.Line, to.Column
	if line == 0 {
		column -= e.at.Column
	}
	e.at = to
	return line, column, true
}

// up ends what is open, from the innermost on, down to the parent (-1: all); ok is false where that is not open.
func up(open []int32, parent int32, end func(i int32) bool) (left []int32, ok bool) {
	for len(open) > 0 && open[len(open)-1] != parent {
		if !end(open[len(open)-1]) {
			return nil, false
		}
		open = open[:len(open)-1]
	}
	return open, parent < 0 || len(open) > 0
}

// scopes writes those scopes, at most so many trees.
func (e *encoder) scopes(from, to int32, trees int) bool {
	var open []int32
	end := func(i int32) bool {
		line, column, ok := e.move(e.t.Scopes[i].End)
		e.item(tagScopeEnd)
		e.unsigned(line)
		e.unsigned(column)
		return ok
	}
	for i := from; i < to; i++ {
		s := &e.t.Scopes[i]
		var ok bool
		if open, ok = up(open, s.Parent, end); !ok || len(open) == MaxDepth {
			return false
		}
		if s.Parent < 0 {
			if trees--; trees < 0 {
				return false
			}
			e.at = Position{}
		}
		open = append(open, i)
		line, column, ok := e.move(s.Start)
		if !ok {
			return false
		}
		e.scopeStart(s, line, column)
	}
	_, ok := up(open, -1, end)
	return ok
}

func (e *encoder) scopeStart(s *Scope, line, column int32) {
	flags := int32(0)
	if s.Name >= 0 {
		flags |= scopeHasName
	}
	if s.Kind >= 0 {
		flags |= scopeHasKind
	}
	if s.StackFrame {
		flags |= scopeStackFrame
	}
	e.item(tagScopeStart)
	e.unsigned(flags)
	e.unsigned(line)
	e.unsigned(column)
	if s.Name >= 0 {
		e.relative(&e.name, int64(s.Name))
	}
	if s.Kind >= 0 {
		e.relative(&e.kind, int64(s.Kind))
	}
	if s.Variables.Len == 0 {
		return
	}
	e.item(tagScopeVariables)
	for _, v := range e.t.Variables[s.Variables.Start:][:s.Variables.Len] {
		index := int64(v)
		if v < 0 {
			index = e.names
		}
		e.relative(&e.variable, index)
	}
}

func (e *encoder) ranges() bool {
	var open []int32
	e.at = Position{}
	end := func(i int32) bool {
		line, column, ok := e.move(e.t.Ranges[i].End)
		e.item(tagRangeEnd)
		if line > 0 {
			e.unsigned(line)
		}
		e.unsigned(column)
		return ok
	}
	for i := range e.t.Ranges {
		r := &e.t.Ranges[i]
		var ok bool
		if open, ok = up(open, r.Parent, end); !ok || len(open) == MaxDepth {
			return false
		}
		open = append(open, int32(i))
		line, column, ok := e.move(r.Start)
		if !ok || !e.rangeStart(r, line, column) {
			return false
		}
	}
	_, ok := up(open, -1, end)
	return ok
}

func (e *encoder) rangeStart(r *Range, line, column int32) bool {
	flags := [...]int32{FrameNone: 0, FrameOriginal: rangeStackFrame, FrameHidden: rangeStackFrame | rangeHidden}[r.Frame]
	if line > 0 {
		flags |= rangeHasLine
	}
	if r.Definition >= 0 {
		flags |= rangeHasDefinition
	}
	e.item(tagRangeStart)
	e.unsigned(flags)
	if line > 0 {
		e.unsigned(line)
	}
	e.unsigned(column)
	if r.Definition >= 0 {
		e.relative(&e.definition, int64(r.Definition))
	}
	bindings := e.t.Bindings[r.Bindings.Start:][:r.Bindings.Len]
	if len(bindings) > 0 {
		e.item(tagBindings)
		for _, b := range bindings {
			e.unsigned(b.Name + 1)
		}
	}
	if r.CallSource >= 0 {
		e.item(tagCallSite)
		e.unsigned(r.CallSource)
		e.unsigned(r.CallSite.Line)
		e.unsigned(r.CallSite.Column)
	}
	outer := e.at
	defer func() { e.at = outer }()
	for i, b := range bindings {
		last := Position{-1, -1}
		for _, p := range e.t.Pieces[b.Pieces.Start:][:b.Pieces.Len] {
			if last.Line < 0 || p.From.Before(last) { // a text may list the pieces of a variable in several goes
				e.item(tagSubBinding)
				e.unsigned(int32(i))
				e.at = r.Start
			}
			line, column, ok := e.move(p.From)
			if !ok {
				return false
			}
			e.unsigned(line)
			e.unsigned(column)
			e.unsigned(p.Name + 1)
			last = p.From
		}
	}
	return true
}

// Regular makes the trees those of a regular map, where they were put together from sections. name returns the text of a name.
//
// Scopes come in the order of their sources. Of a source that has several trees of scopes, those that are equal to the first become it; others,
// for which a regular map has no room, stand behind all others, as scopes of no source. Where trees of ranges overlap, each ends where the
// next one starts: lookups find nothing of it there.
func (t *Trees) Regular(name func(i int32) string) {
	t.sourcesInOrder(name)
	for i := len(t.Ranges) - 1; i >= 0; {
		last := i
		for t.Ranges[i].Parent >= 0 && i > 0 {
			i--
		}
		if last+1 < len(t.Ranges) {
			limit := t.Ranges[last+1].Start
			for k := i; k <= last; k++ {
				for _, p := range []*Position{&t.Ranges[k].Start, &t.Ranges[k].End} {
					if limit.Before(*p) {
						*p = limit
					}
				}
			}
		}
		i--
	}
}

func (t *Trees) sourcesInOrder(name func(i int32) string) {
	inOrder, next := true, int32(0)
	for _, tree := range t.Sources {
		if tree.Len > 0 {
			inOrder = inOrder && tree.Start == next
			next = tree.Start + tree.Len
		}
	}
	if inOrder && !slices.ContainsFunc(t.Scopes[min(int(next), len(t.Scopes)):], func(s Scope) bool { return s.Source >= 0 }) {
		return
	}
	moved := make([]int32, len(t.Scopes)) // 1 + the new number, 0: not yet there
	out := make([]Scope, 0, len(t.Scopes))
	put := func(tree Tree, source int32) {
		for i, s := range t.Scopes[tree.Start:][:tree.Len] {
			if s.Source = source; s.Parent >= 0 {
				s.Parent = moved[s.Parent] - 1
			}
			out = append(out, s)
			moved[int(tree.Start)+i] = int32(len(out))
		}
	}
	sources := make([]Tree, len(t.Sources))
	for i, tree := range t.Sources {
		if tree.Len > 0 {
			sources[i] = Tree{int32(len(out)), tree.Len}
			put(tree, int32(i))
		}
	}
	for tree := range t.Roots {
		if moved[tree.Start] > 0 {
			continue
		}
		source := t.Scopes[tree.Start].Source
		if source >= 0 && int(source) < len(t.Sources) && t.same(t.Sources[source], tree, name) {
			for k := range tree.Len {
				moved[tree.Start+k] = sources[source].Start + k + 1
			}
			continue
		}
		put(tree, -1)
	}
	for i := range t.Ranges {
		if r := &t.Ranges[i]; r.Definition >= 0 {
			r.Definition = moved[r.Definition] - 1
		}
	}
	t.Sources, t.Scopes = sources, out
}

// same tells whether two trees of scopes say the same.
func (t *Trees) same(a, b Tree, name func(i int32) string) bool {
	if a.Len != b.Len {
		return false
	}
	named := func(a, b int32) bool { return a == b || a >= 0 && b >= 0 && name(a) == name(b) }
	for i := range a.Len {
		x, y := &t.Scopes[a.Start+i], &t.Scopes[b.Start+i]
		if x.Start != y.Start || x.End != y.End || max(x.Parent-a.Start, -1) != max(y.Parent-b.Start, -1) || x.StackFrame != y.StackFrame ||
			!named(x.Name, y.Name) || !named(x.Kind, y.Kind) || x.Variables.Len != y.Variables.Len {
			return false
		}
		for k := range x.Variables.Len {
			if !named(t.Variables[x.Variables.Start+k], t.Variables[y.Variables.Start+k]) {
				return false
			}
		}
	}
	return true
}
