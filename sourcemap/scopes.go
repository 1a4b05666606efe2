package sourcemap

import (
	"iter"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// MaxScopeDepth is how deep original scopes, and generated ranges, may lie in one another. A map whose scopes lie deeper is
// taken without them, with a problem.
const MaxScopeDepth = scopes.MaxDepth

// An OriginalScope is a scope of a source as it was written: the "scopes" of a map (a proposal to ECMA-426, draft of
// May 2026). Scopes of a map are numbered, those of one source one after the other, a scope before those inside it.
type OriginalScope struct {
	Number     int // 0-based, for Map.Scope
	Parent     int // number of the scope around it; -1: none
	Source     int32
	Start, End Position // in the source; the end is exclusive
	Name       int32    // index for Map.Name: of the function, the class; -1: none
	Kind       int32    // index for Map.Name, a word for people ("function", "block"); -1: none
	StackFrame bool     // a function, or what else shows as a frame in a stack trace
	Variables  []int32  // indices for Map.Name; -1: the map has no such name
}

// FrameType says whether a generated range is a function.
type FrameType string

const (
	FrameNone     FrameType = "none"     // no function
	FrameOriginal FrameType = "original" // a function
	FrameHidden   FrameType = "hidden"   // a function that the compiler made, of a block for example: traces should leave it out
)

// A GeneratedRange is a piece of generated code that was made from an original scope, or from none. Ranges of a map are
// numbered, a range before those inside it.
type GeneratedRange struct {
	Number     int      // 0-based, for Map.Range
	Parent     int      // number of the range around it; -1: none
	Start, End Position // in the generated code; the end is exclusive
	Definition int      // number of the original scope, for Map.Scope; -1: none
	Frame      FrameType
	// The call that an inlined function stands in place of: CallSource is an index for Map.Source, -1 where the range is no
	// inlined function.
	CallSource int32
	CallSite   Position
	Bindings   [][]Binding // for each variable of Definition; nil: the map tells nothing about them
}

// A Binding is the expression that gives the value of an original variable in the generated code, from a position on up to
// the next binding of the variable, or the end of the range.
type Binding struct {
	From Position
	Name int32 // index for Map.Name: the expression; -1: the value is not to be had
}

// scopesOf adds the original scopes and generated ranges of the map.
func (p *parser) scopesOf(f *fields, sources []int32, names nameRange, by shift) {
	p.optionalString(ProblemScopes, "scopes", f.scopes)
	if f.scopes.kind != '"' {
		return
	}
	text, offset := p.digits(f.scopes.span)
	trees, err := scopes.Decode(text, len(sources), names.n, func(fault scopes.Fault) {
		if p.counting() {
			p.cut++
			return
		}
		p.problem(ProblemScopesItem, offset(fault.Offset), "%v", fault)
	})
	if err != nil {
		e := err.(*scopes.Error)
		p.problem(ProblemScopes, offset(e.Offset), "%s", e.What)
		return
	}
	if !p.indexed {
		p.scopes = trees
		return
	}
	if p.scopes == nil {
		p.scopes = &scopes.Trees{}
	}
	if !p.scopes.Join(trees, &scopes.Shift{Sources: sources, Names: int32(names.base), Line: by.line, Column: by.column}) {
		p.problem(ProblemScopes, f.scopes.span.Start, "the section's offset puts a generated range out of range")
	}
}

// HasScopes tells whether the map has original scopes or generated ranges.
func (m *Map) HasScopes() bool { return m.image != nil && m.image.Size(index.KindScopeTrees) > 0 }

// hasScopesOf tells whether the map has original scopes of the source.
func (m *Map) hasScopesOf(source int) (has bool) {
	m.scoped(func(t *index.Scopes) { has = t.Tree(source).Len > 0 })
	return has
}

// scoped makes a call with the map's scopes, if it has any.
func (m *Map) scoped(call func(t *index.Scopes)) {
	if !m.HasScopes() {
		return
	}
	m.read(func() {
		if t, ok := m.image.Scopes(); ok {
			call(t)
		}
	})
}

// trees returns the scopes as Go memory; nil where there are none, or they are damaged (see Err).
func (m *Map) trees() (trees *scopes.Trees) {
	m.scoped(func(t *index.Scopes) {
		if all, ok := t.Trees(); ok {
			trees = all
		}
	})
	return trees
}

// NumScopes returns the number of original scopes.
func (m *Map) NumScopes() (n int) {
	m.scoped(func(t *index.Scopes) { n = t.NumScopes() })
	return n
}

// Scope returns original scope i (0-based); ok is false when there is none.
func (m *Map) Scope(i int) (s OriginalScope, ok bool) {
	m.scoped(func(t *index.Scopes) { s, ok = originalScope(t, i) })
	return s, ok
}

// Scopes returns the original scopes of a source (0-based) in order, the one that holds all others first; none where the
// map does not have them.
func (m *Map) Scopes(source int) iter.Seq[OriginalScope] {
	return func(yield func(OriginalScope) bool) {
		m.scoped(func(t *index.Scopes) {
			tree := t.Tree(source)
			for i := range int(tree.Len) {
				if s, ok := originalScope(t, int(tree.Start)+i); !ok || !yield(s) {
					return
				}
			}
		})
	}
}

// NumRanges returns the number of generated ranges.
func (m *Map) NumRanges() (n int) {
	m.scoped(func(t *index.Scopes) { n = t.NumRanges() })
	return n
}

// Range returns generated range i (0-based); ok is false when there is none.
func (m *Map) Range(i int) (r GeneratedRange, ok bool) {
	m.scoped(func(t *index.Scopes) { r, ok = generatedRange(t, i) })
	return r, ok
}

// Ranges returns the generated ranges in order.
func (m *Map) Ranges() iter.Seq[GeneratedRange] {
	return func(yield func(GeneratedRange) bool) {
		m.scoped(func(t *index.Scopes) {
			for i := range t.NumRanges() {
				if r, ok := generatedRange(t, i); !ok || !yield(r) {
					return
				}
			}
		})
	}
}

// RangesAt returns the generated ranges that a generated position lies in, the innermost first; none where there are none.
func (m *Map) RangesAt(p Position) (list []GeneratedRange) {
	m.scoped(func(t *index.Scopes) {
		for i := t.RangeAt(scopes.Position(p)); i >= 0; {
			r, ok := generatedRange(t, i)
			if !ok || len(list) == MaxScopeDepth {
				return
			}
			list, i = append(list, r), r.Parent
		}
	})
	return list
}

// ScopesAt returns the original scopes that a position of a source (0-based) lies in, the innermost first; none where the
// map does not have them, or the position lies outside all.
func (m *Map) ScopesAt(source int, original Position) (list []OriginalScope) {
	m.scoped(func(t *index.Scopes) {
		for i := t.ScopeAt(source, scopes.Position(original)); i >= 0; {
			s, ok := originalScope(t, i)
			if !ok || len(list) == MaxScopeDepth {
				return
			}
			list, i = append(list, s), s.Parent
		}
	})
	return list
}

// ScopeFunction returns the name of the function that a position of a source (0-based) lies in, as the map's original
// scopes have it: "" for one without a name, and outside any. known is false where the map has no scopes of the source.
func (m *Map) ScopeFunction(source int, original Position) (name string, known bool) {
	m.scoped(func(t *index.Scopes) {
		if known = t.Tree(source).Len > 0; known {
			_, name = m.function(t, t.ScopeAt(source, scopes.Position(original)))
		}
	})
	return name, known
}

// function goes from a scope (-1: none) up to the function around it, and returns its number and name; -1 and "" for none.
func (m *Map) function(t *index.Scopes, scope int) (number int, name string) {
	for range MaxScopeDepth {
		s, ok := t.Scope(scope)
		if !ok {
			break
		}
		if s.StackFrame {
			return scope, m.names.Text(int(s.Name))
		}
		scope = int(s.Parent)
	}
	return -1, ""
}

// A ScopeFrame is a frame of the original program at a generated position.
type ScopeFrame struct {
	Function string // "" for one without a name, and outside any
	// Known is false where the map's scopes do not tell which function this is; Function is "" then.
	Known    bool
	Scope    int      // number of the function's original scope; -1: none
	Source   int32    // index for Map.Source
	Original Position // in the source: of the position asked for in the first frame, of a call in the others
	Inlined  bool     // the function stands in the code of the next frame's: the engine had no frame for it
	// Hidden is set in the last frame where the engine's function was made by the compiler, of a block for example. The
	// original has no such call: the frame is one with that of its caller, if that is the same function.
	Hidden bool
}

// OriginalFrames returns the frames that the original program would have at a generated position, the innermost first: one for
// each function that was inlined there, and at last the one that the engine has. Ranges that are no functions make none.
// The positions are those of the mapping at the position and of the call sites. nil stands for a position that is not
// mapped. A map without scopes gives one frame, of which nothing but the position is known.
func (m *Map) OriginalFrames(p Position) (frames []ScopeFrame) {
	mapping, ok := m.Lookup(p)
	if !ok {
		return nil
	}
	last := ScopeFrame{Source: mapping.Source, Original: mapping.Original, Scope: -1}
	m.scoped(func(t *index.Scopes) {
		definition := -1
		for i := t.RangeAt(scopes.Position(p)); i >= 0 && len(frames) < MaxScopeDepth; {
			r, ok := t.Range(i)
			if !ok {
				break
			}
			i = int(r.Parent)
			if r.Frame != scopes.FrameNone {
				definition, last.Hidden = int(r.Definition), r.Frame == scopes.FrameHidden
				break
			}
			if r.CallSource < 0 || r.Definition < 0 {
				continue
			}
			inlined := last
			inlined.Known, inlined.Inlined = true, true
			inlined.Scope, inlined.Function = m.function(t, int(r.Definition))
			frames = append(frames, inlined)
			last.Source, last.Original = r.CallSource, Position(r.CallSite)
		}
		if last.Known = definition >= 0; !last.Known && t.Tree(int(last.Source)).Len > 0 {
			last.Known, definition = true, t.ScopeAt(int(last.Source), scopes.Position(last.Original))
		}
		last.Scope, last.Function = m.function(t, definition)
	})
	return append(frames, last)
}

func originalScope(t *index.Scopes, i int) (scope OriginalScope, ok bool) {
	s, ok := t.Scope(i)
	if !ok {
		return OriginalScope{}, false
	}
	return OriginalScope{
		Number: i, Parent: int(s.Parent), Source: s.Source, Start: Position(s.Start), End: Position(s.End),
		Name: s.Name, Kind: s.Kind, StackFrame: s.StackFrame, Variables: t.Variables(s.Variables),
	}, true
}

func generatedRange(t *index.Scopes, i int) (out GeneratedRange, ok bool) {
	r, ok := t.Range(i)
	if !ok {
		return GeneratedRange{}, false
	}
	out = GeneratedRange{
		Number: i, Parent: int(r.Parent), Start: Position(r.Start), End: Position(r.End), Definition: int(r.Definition),
		Frame: [...]FrameType{FrameNone, FrameOriginal, FrameHidden}[r.Frame], CallSource: r.CallSource, CallSite: Position(r.CallSite),
	}
	for k := range int(r.Bindings.Len) {
		name, pieces, ok := t.Binding(int(r.Bindings.Start) + k)
		if !ok {
			return GeneratedRange{}, false
		}
		list := make([]Binding, 1, 1+len(pieces))
		list[0] = Binding{out.Start, name}
		for _, piece := range pieces {
			list = append(list, Binding{Position(piece.From), piece.Name})
		}
		out.Bindings = append(out.Bindings, list)
	}
	return out, true
}
