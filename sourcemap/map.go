package sourcemap

import (
	"iter"
	"runtime"

	"github.com/symbolicate/symbolicate/internal/index"
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
	image   *index.Image
	table   *index.Table
	info    index.Info
	strings index.Texts // file, debug id, source roots
	names   index.Texts
	sources index.Texts // as the map has them
	data    []byte      // what Parse was given, for source texts
	cleanup runtime.Cleanup
}

// newMap returns the map of an image, and frees the image when the map is collected. data is what the image
// was made from, nil when its texts are in the image.
func newMap(image *index.Image, data []byte) (*Map, error) {
	m := &Map{image: image, data: data}
	var err error
	if m.info, err = image.Info(); err == nil {
		m.table, err = image.Table()
	}
	if err != nil {
		image.Free()
		return nil, err
	}
	m.strings, m.names, m.sources = image.Texts(index.KindStrings), image.Texts(index.KindNames), image.Texts(index.KindSources)
	m.cleanup = runtime.AddCleanup(m, (*index.Image).Free, image)
	return m, nil
}

// Close gives the memory of the map back at once, instead of when it is garbage-collected. No other goroutine may
// use the map at that time; afterwards it is empty: it has no mappings, sources or names.
func (m *Map) Close() {
	if m.image == nil {
		return
	}
	m.cleanup.Stop()
	m.image.Free()
	*m = Map{table: &index.Table{}}
}

// Len returns the number of mappings.
func (m *Map) Len() int { return m.table.Len() }

// Mappings returns every mapping of the map in the order of their generated positions; those at one
// position come in the order of the file.
func (m *Map) Mappings() iter.Seq[Mapping] {
	return func(yield func(Mapping) bool) {
		defer runtime.KeepAlive(m)
		m.table.All(func(s index.Segment) bool { return yield(mapping(s)) })
	}
}

// File returns the map's "file" field: the name of the generated code, "" where it has none.
func (m *Map) File() string {
	defer runtime.KeepAlive(m)
	return m.strings.Text(stringFile)
}

// Indexed tells whether the map was an indexed one (made of sections).
func (m *Map) Indexed() bool { return m.info.Indexed }

// DebugID returns the debug id of the map as a lower-case UUID with hyphens, "" where it has none.
func (m *Map) DebugID() string {
	defer runtime.KeepAlive(m)
	return m.strings.Text(stringDebugID)
}

// NumNames returns the number of names.
func (m *Map) NumNames() int { return m.info.Names }

// Name returns name i (0-based), "" when there is no such name.
func (m *Map) Name(i int) string {
	defer runtime.KeepAlive(m)
	return m.names.Text(i)
}

// Problems returns what was wrong with parts of the map, in the order in which it was found, at most
// [Options.MaxProblems] of them; more tells how many were left out.
func (m *Map) Problems() (list []Problem, more int) {
	defer runtime.KeepAlive(m)
	if m.image == nil {
		return nil, 0
	}
	texts, offsets := m.image.Texts(index.KindProblems), m.image.Numbers(index.KindProblemOffsets)
	for i := range min(texts.Len()/2, len(offsets)) {
		list = append(list, Problem{ProblemKind(texts.Text(2 * i)), int64(offsets[i]), texts.Text(2*i + 1)})
	}
	return list, m.info.Cut
}

// Size returns the number of bytes that the Map keeps alive: those given to Parse, and its index.
func (m *Map) Size() int64 {
	if m.image == nil {
		return 0
	}
	return int64(len(m.data)) + int64(len(m.image.Bytes()))
}

func mapping(s index.Segment) Mapping {
	return Mapping{
		Generated: Position{s.Line, s.Column},
		Original:  Position{s.OriginalLine, s.OriginalColumn},
		Source:    s.Source,
		Name:      s.Name,
	}
}
