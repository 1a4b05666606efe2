package sourcemap

import (
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/mmap"
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
	// Range marks a range mapping (a proposal to ECMA-426): it stands for every position up to the next mapping, on later
	// lines too. In what a lookup returns, Original is then that of the position asked for, and Generated, as always, where
	// the mapping starts.
	Range bool
}

// Map is one source map, regular or indexed, ready for lookup. See the package comment for what
// goroutines may share and what it keeps alive.
type Map struct {
	image   *index.Image
	table   *index.Table
	info    index.Info
	strings index.Texts // file, debug id, source roots
	names   index.Texts
	sources index.Texts  // as the map has them
	native  *nativeCache // nil: there is nothing in it
	data    []byte       // what was parsed, for source texts; nil: they are in the image
	ranges  bool         // there are range mappings: lookups take another way, see ranges.go

	imageFile *mmap.Region // the mapped file that the image lies in; nil: it is in memory
	dataFile  *mmap.Region // the mapped file that data is; nil: it is in memory
	copied    *mmap.Region // the copy that the map was made of; nil: none
	texts     *readTexts
	failure   *failure
	reverse   reverse
	free      func() // gives all memory back
	cleanup   runtime.Cleanup
}

// failure is the first error of a map that is read from a file.
type failure struct{ first atomic.Pointer[error] }

// newMap returns the map of an image, and frees its memory when the map is collected. data is what the image was
// made from, nil when its texts are in the image; file is the mapped file that data is, or else the image, or nil;
// release gives it back, or is nil.
func newMap(image *index.Image, data []byte, file *mmap.Region, release func()) (*Map, error) {
	if release == nil {
		release = func() {}
	}
	m := &Map{image: image, data: data, texts: &readTexts{}, failure: &failure{}}
	if data != nil {
		m.dataFile = file
	} else {
		m.imageFile = file
	}
	var err error
	if m.info, err = image.Info(); err == nil {
		m.table, err = image.Table()
	}
	if err == nil && data == nil && !plausible(image, &m.info) {
		err = fmt.Errorf("%w: it counts more than it has room for", ErrDamaged)
	}
	if err != nil {
		image.Free()
		release()
		return nil, err
	}
	m.ranges = m.table.Ranged()
	m.strings, m.names, m.sources = image.Texts(index.KindStrings), image.Texts(index.KindNames), image.Texts(index.KindSources)
	if image.Size(index.KindReactNative) > 0 {
		m.native = &nativeCache{}
	}
	m.free = func() {
		image.Free()
		release()
	}
	m.cleanup = runtime.AddCleanup(m, func(free func()) { free() }, m.free)
	return m, nil
}

// plausible tells whether the parts of a saved index are as large as its counts need: callers make room by these. A
// block holds up to 64 mappings.
func plausible(image *index.Image, info *index.Info) bool {
	size := func(kind index.Kind) uint64 { return uint64(image.Size(kind)) }
	texts := func(kind index.Kind, n int) bool { return n == 0 || size(kind) >= 4+4*uint64(n) }
	return uint64(info.Segments) <= size(index.KindKeys)/8*64 && uint64(info.Sources) <= size(index.KindSourceInfo)/8 &&
		texts(index.KindSources, info.Sources) && texts(index.KindNames, info.Names)
}

// Close gives the memory of the map back at once, instead of when it is garbage-collected. No other goroutine may
// use the map at that time; afterwards it is empty: it has no mappings, sources or names.
func (m *Map) Close() {
	if m.image == nil {
		return
	}
	m.cleanup.Stop()
	m.free()
	*m = Map{table: &index.Table{}, failure: m.failure}
}

// read makes a call that reads the image.
func (m *Map) read(call func()) {
	if m.image != nil {
		m.guard(m.imageFile, call)
	}
}

// guard makes a call that reads memory, which may be a mapped file. A fault becomes the map's error.
func (m *Map) guard(file *mmap.Region, call func()) {
	defer runtime.KeepAlive(m)
	if file == nil {
		call()
	} else if err := file.Try(call); err != nil {
		m.failure.first.CompareAndSwap(nil, &err)
	}
}

// Err returns the first thing that went wrong while a map opened from a file was read: it is damaged (see
// [ErrDamaged]), or became shorter. Calls that met it answered as if what they looked for were not there. A map that
// was parsed from bytes has no such error. Err of a map that was closed is that from before.
func (m *Map) Err() error {
	if err := m.failure.first.Load(); err != nil {
		return *err
	}
	if m.image != nil {
		return m.image.Err()
	}
	return nil
}

// Len returns the number of mappings.
func (m *Map) Len() int { return m.table.Len() }

// Mappings returns every mapping of the map in the order of their generated positions; those at one
// position come in the order of the file.
func (m *Map) Mappings() iter.Seq[Mapping] {
	return func(yield func(Mapping) bool) {
		m.read(func() {
			if m.ranges {
				m.table.AllRanged(func(s index.Segment, ranged bool) bool { return yield(rangeMapping(s, ranged)) })
				return
			}
			m.table.All(func(s index.Segment) bool { return yield(mapping(s)) })
		})
	}
}

// MappingsBack returns the mapping that [Map.LookupAcrossLines] answers with, as it stands in the map and also where it has
// no original position, and then those in front of it, backwards.
func (m *Map) MappingsBack(p Position) iter.Seq[Mapping] {
	return func(yield func(Mapping) bool) {
		m.read(func() {
			m.table.Back(p.Line, p.Column, func(s index.Segment) bool { return yield(mapping(s)) })
		})
	}
}

// File returns the map's "file" field: the name of the generated code, "" where it has none.
func (m *Map) File() string { return m.text(m.strings, stringFile) }

// Indexed tells whether the map was an indexed one (made of sections).
func (m *Map) Indexed() bool { return m.info.Indexed }

// DebugID returns the debug id of the map as a lower-case UUID with hyphens, "" where it has none.
func (m *Map) DebugID() string { return m.text(m.strings, stringDebugID) }

// NumNames returns the number of names.
func (m *Map) NumNames() int { return m.info.Names }

// Name returns name i (0-based), "" when there is no such name.
func (m *Map) Name(i int) string { return m.text(m.names, i) }

func (m *Map) text(list index.Texts, i int) (text string) {
	m.read(func() { text = list.Text(i) })
	return text
}

// Problems returns what was wrong with parts of the map, in the order in which it was found, at most
// [Options.MaxProblems] of them; more tells how many were left out.
func (m *Map) Problems() (list []Problem, more int) {
	m.read(func() {
		texts, offsets := m.image.Texts(index.KindProblems), m.image.Numbers(index.KindProblemOffsets)
		for i := range min(texts.Len()/2, len(offsets)) {
			list = append(list, Problem{ProblemKind(texts.Text(2 * i)), int64(offsets[i]), texts.Text(2*i + 1)})
		}
	})
	return list, m.info.Cut
}

// Size returns the number of bytes that the Map keeps alive: those given to Parse, and its index.
func (m *Map) Size() int64 {
	if m.image == nil {
		return 0
	}
	return int64(len(m.data)) + int64(len(m.image.Bytes())) + m.reverse.size() + m.native.size()
}

// Held is Size without what lies in a mapped file, whose pages the system can take back.
func (m *Map) Held() (bytes int64) {
	bytes = m.reverse.size() + m.native.size()
	if m.image != nil && m.imageFile == nil {
		bytes += int64(len(m.image.Bytes()))
	}
	if m.dataFile == nil {
		bytes += int64(len(m.data))
	}
	return bytes
}

func mapping(s index.Segment) Mapping {
	return Mapping{
		Generated: Position{s.Line, s.Column},
		Original:  Position{s.OriginalLine, s.OriginalColumn},
		Source:    s.Source,
		Name:      s.Name,
	}
}

// IndexSize is what the parts of a packed index take, in bytes.
type IndexSize struct {
	Mappings int64 // blocks, their keys and what finds them
	Names    int64
	Sources  int64 // their URLs
	Texts    int64 // of sources, compressed; 0 after Parse, which leaves them where they are
	Scopes   int64 // original scopes and generated ranges
	// Functions of the sources and of the generated code, with their names.
	Functions int64
	All       int64
}

// IndexSize returns what the parts of the map's index take.
func (m *Map) IndexSize() (s IndexSize) {
	if m.image == nil {
		return s
	}
	size := func(kinds ...index.Kind) (n int64) {
		for _, k := range kinds {
			n += int64(m.image.Size(k))
		}
		return n
	}
	return IndexSize{
		Mappings: size(index.KindBlocks, index.KindKeys, index.KindOffsets, index.KindGuide, index.KindRanged),
		Names:    size(index.KindNames), Sources: size(index.KindSources, index.KindSourceInfo, index.KindStrings),
		Texts:     size(index.KindTexts, index.KindTextGroups, index.KindTextLines, index.KindTextData),
		Scopes:    size(index.KindScopeTrees),
		Functions: size(index.KindFunctions, index.KindFunctionNames),
		All:       int64(len(m.image.Bytes())),
	}
}
