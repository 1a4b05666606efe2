package sourcemap

import (
	"iter"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
)

// A Position is a place in generated or original code.
type Position struct {
	Line   int32 // 0-based
	Column int32 // 0-based, UTF-16 code units (bytes for WebAssembly)
}

// A Mapping ties a generated position to an original one.
type Mapping struct {
	Generated Position
	Original  Position // counts only where Source is not -1
	Source    int32    // index for Map.Source; -1: the segment has no original position
	Name      int32    // index for Map.Name; -1: none
}

// Map is one source map, regular or indexed, ready for lookup. See the package comment for what
// goroutines may share and what it keeps alive.
type Map struct {
	data     []byte // what Parse was given
	file     jsonscan.Span
	debugID  string
	sources  []source
	names    []jsonscan.Span
	table    *index.Table
	problems []Problem
	cut      int // problems beyond MaxProblems
	indexed  bool
}

// Len returns the number of mappings.
func (m *Map) Len() int { return m.table.Len() }

// Mappings returns every mapping of the map in the order of their generated positions; those at one
// position come in the order of the file.
func (m *Map) Mappings() iter.Seq[Mapping] {
	return func(yield func(Mapping) bool) {
		m.table.All(func(s index.Segment) bool { return yield(mapping(s)) })
	}
}

// File returns the map's "file" field: the name of the generated code, "" where it has none.
func (m *Map) File() string { return m.text(m.file) }

// Indexed tells whether the map was an indexed one (made of sections).
func (m *Map) Indexed() bool { return m.indexed }

// DebugID returns the debug id of the map as a lower-case UUID with hyphens, "" where it has none.
func (m *Map) DebugID() string { return m.debugID }

// NumNames returns the number of names.
func (m *Map) NumNames() int { return len(m.names) }

// Name returns name i (0-based), "" when there is no such name.
func (m *Map) Name(i int) string {
	if i < 0 || i >= len(m.names) {
		return ""
	}
	return m.text(m.names[i])
}

// Problems returns what was wrong with parts of the map, in the order in which it was found, at most
// [Options.MaxProblems] of them; more tells how many were left out.
func (m *Map) Problems() (list []Problem, more int) { return m.problems, m.cut }

// Size returns the number of bytes that the Map keeps alive: those given to Parse, and an estimate of the
// rest from the lengths of its lists.
func (m *Map) Size() int64 {
	const mappingSize, spanSize, sourceSize = 24, 16, 64
	return int64(len(m.data)) + int64(m.table.Len())*mappingSize + int64(len(m.names))*spanSize + int64(len(m.sources))*sourceSize
}

// text returns what the JSON string at the span says; "" for a span that is empty.
func (m *Map) text(s jsonscan.Span) string {
	if s.Start == s.End {
		return ""
	}
	return jsonscan.Unescape(s.Of(m.data))
}

func mapping(s index.Segment) Mapping {
	return Mapping{
		Generated: Position{s.Line, s.Column},
		Original:  Position{s.OriginalLine, s.OriginalColumn},
		Source:    s.Source,
		Name:      s.Name,
	}
}
