package sourcemap

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/scopes"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// ErrMapping says that a map cannot hold a mapping: a position below 0, a source or name that there is not, or a name without
// a source. Match with [errors.Is].
var ErrMapping = errors.New("not a mapping of a map")

var errClosed = errors.New("the map is closed")

// A Builder makes a map from mappings. The zero value is ready. One goroutine at a time may use it.
//
// Mappings are packed as they come, about 4 to 6 bytes each, as long as they come in the order of their generated positions;
// from the first one on that doesn't, all are kept unpacked, 24 bytes each, and sorted in the end.
type Builder struct {
	File       string // of the generated code, "" for none
	DebugID    string // a UUID, with hyphens or without; "" for none
	SourceRoot string // stands before every source, and a '/' after it; "" for none

	sources []builtSource
	names   []string
	byURL   map[string]int32
	byName  map[string]int32
	texts   []byte // JSON strings

	trees    *scopes.Trees
	native   nativeTexts // but for function maps, which sources have
	problems []Problem

	writer  *index.Writer
	table   *index.Builder
	cleanup runtime.Cleanup
	chunk   *vlq.Chunk
	last    Position // of the chunk
	count   int
	ranged  []uint32 // numbers of the range mappings, as they were added
}

type builtSource struct {
	url           string
	null, ignored bool
	start, end    uint32 // of its text in texts; equal: it has none
	functions     string // its function map, see reactnative.go; "" for none
}

// AddSource returns the index of the source with the URL, which is added unless it is there. What is not UTF-8 in a URL,
// name or text is read as U+FFFD, byte by byte.
func (b *Builder) AddSource(url string) int32 {
	url = validText(url)
	i, ok := b.byURL[url]
	if !ok {
		if b.byURL == nil {
			b.byURL = map[string]int32{}
		}
		i = b.push(builtSource{url: url})
		b.byURL[url] = i
	}
	return i
}

// AddNullSource adds a source without a name, another one at each call, and returns its index.
func (b *Builder) AddNullSource() int32 { return b.push(builtSource{null: true}) }

// push adds a source, even if there is one like it.
func (b *Builder) push(s builtSource) int32 {
	b.sources = append(b.sources, s)
	return int32(len(b.sources) - 1)
}

// AddName returns the index of the name, which is added unless it is there.
func (b *Builder) AddName(name string) int32 {
	name = validText(name)
	i, ok := b.byName[name]
	if !ok {
		if b.byName == nil {
			b.byName = map[string]int32{}
		}
		i = b.pushName(name)
		b.byName[name] = i
	}
	return i
}

func (b *Builder) pushName(name string) int32 {
	b.names = append(b.names, name)
	return int32(len(b.names) - 1)
}

// SetIgnored puts the source into the ignore list.
func (b *Builder) SetIgnored(source int32) error {
	s, err := b.source(source)
	if err != nil {
		return fmt.Errorf("sourcemap: build: %w", err)
	}
	s.ignored = true
	return nil
}

// SetText gives the source its text, in place of one that it has. The error is ErrLimit when all texts, as JSON, come to more
// than MaxBytes.
func (b *Builder) SetText(source int32, text string) error {
	if err := setText(b, source, text); err != nil {
		return fmt.Errorf("sourcemap: build: %w", err)
	}
	return nil
}

func setText[T string | []byte](b *Builder, source int32, text T) error {
	s, err := b.source(source)
	if err != nil {
		return err
	}
	if len(b.texts)+len(text)+2 > MaxBytes {
		return errTexts
	}
	start := len(b.texts)
	texts := jsonscan.AppendQuoted(b.texts, text)
	if len(texts) > MaxBytes {
		return errTexts
	}
	b.texts = texts
	s.start, s.end = uint32(start), uint32(len(texts))
	return nil
}

// A wantedText is a source of a map whose text is to be that of a source being built.
type wantedText struct{ from, to int32 }

// addTexts copies texts of a map.
func addTexts(b *Builder, m *Map, list []wantedText) error {
	slices.SortFunc(list, func(a, b wantedText) int { return cmp.Compare(a.from, b.from) })
	reader := m.newTextReader()
	for _, w := range list {
		if text, ok := reader.text(int(w.from)); ok {
			if err := setText(b, w.to, text); err != nil {
				return err
			}
		}
	}
	return nil
}

var errTexts = fmt.Errorf("%w: more than %d bytes of source texts", ErrLimit, MaxBytes)

func (b *Builder) source(i int32) (*builtSource, error) {
	if i < 0 || int(i) >= len(b.sources) {
		return nil, fmt.Errorf("there is no source %d", i)
	}
	return &b.sources[i], nil
}

// Add adds a mapping, in any order: those at one generated position stay in the order in which they were added. Source
// is -1 for a mapping without an original position, whose Original does not count; Name is -1 for none; Range makes it a range
// mapping. The error is ErrMapping.
func (b *Builder) Add(m Mapping) error {
	if what := b.fault(&m); what != "" {
		return fmt.Errorf("sourcemap: build: %w: mapping %d: %s", ErrMapping, b.count, what)
	}
	b.add(&m)
	return nil
}

// fault says what is wrong with a mapping, "" for nothing.
func (b *Builder) fault(m *Mapping) string {
	switch {
	case m.Generated.Line < 0 || m.Generated.Column < 0:
		return fmt.Sprintf("generated line %d, column %d", m.Generated.Line, m.Generated.Column)
	case m.Source < -1 || int(m.Source) >= len(b.sources):
		return fmt.Sprintf("there is no source %d", m.Source)
	case m.Source >= 0 && (m.Original.Line < 0 || m.Original.Column < 0):
		return fmt.Sprintf("original line %d, column %d", m.Original.Line, m.Original.Column)
	case m.Name < -1 || int(m.Name) >= len(b.names):
		return fmt.Sprintf("there is no name %d", m.Name)
	case m.Source < 0 && m.Name >= 0:
		return "a name without a source"
	case m.Source < 0 && m.Range:
		return "a range mapping without a source"
	}
	return ""
}

func (b *Builder) add(m *Mapping) {
	if b.table == nil {
		b.start()
	}
	c := b.chunk
	n, at := c.Len, m.Generated
	if n > 0 && (at.Line < b.last.Line || at.Line == b.last.Line && at.Column < b.last.Column) {
		c.Unsorted = true
	}
	b.last = at
	c.Line[n], c.Column[n], c.Source[n], c.Name[n] = at.Line, at.Column, m.Source, m.Name
	if m.Source >= 0 {
		c.OriginalLine[n], c.OriginalColumn[n] = m.Original.Line, m.Original.Column
	} else {
		c.OriginalLine[n], c.OriginalColumn[n] = 0, 0
	}
	if m.Range {
		b.ranged = append(b.ranged, uint32(b.count))
	}
	b.count++
	if c.Len++; c.Len == vlq.ChunkSize {
		b.flush()
	}
}

// start makes the table. Its memory goes with the builder, if that is dropped before it has made a map.
func (b *Builder) start() {
	b.writer = index.NewWriter(4096)
	b.table = index.NewBuilder(b.writer)
	b.cleanup = runtime.AddCleanup(b, func(w *index.Writer) { w.Discard() }, b.writer)
	b.chunk = new(vlq.Chunk)
}

func (b *Builder) flush() {
	b.table.Append(b.chunk)
	b.chunk.Len, b.chunk.Unsorted = 0, false
}

// Len returns how many mappings were added.
func (b *Builder) Len() int { return b.count }

// Map makes the map and empties the builder. The error is ErrLimit, or says that DebugID is no UUID.
func (b *Builder) Map() (*Map, error) {
	debugID := ""
	if b.DebugID != "" {
		var ok bool
		if debugID, ok = ParseDebugID(b.DebugID); !ok {
			return nil, fmt.Errorf("sourcemap: build: debug id %q is not a UUID", b.DebugID)
		}
	}
	root := validText(b.SourceRoot)
	if root != "" && !strings.HasSuffix(root, "/") {
		root += "/"
	}
	if len(root) > MaxSourceRootBytes {
		return nil, fmt.Errorf("sourcemap: build: %w: the source root is longer than %d bytes", ErrLimit, MaxSourceRootBytes)
	}
	if b.table == nil {
		b.start()
	}
	b.cleanup.Stop()
	b.flush()
	b.table.SetRanged(b.ranged)
	b.table.Finish()
	b.put(root, debugID)
	image, err := b.writer.Finish()
	texts := b.texts
	*b = Builder{}
	if err != nil {
		return nil, fmt.Errorf("sourcemap: build: %w: %w", ErrLimit, err)
	}
	if texts == nil {
		texts = []byte{} // nil would say that they are in the image
	}
	return newMap(image, texts, nil, nil)
}

// put writes all sections of the image but the mappings.
func (b *Builder) put(root, debugID string) {
	own := []string{validText(b.File), debugID, ""}
	rootAt := uint32(stringRoot)
	if root != "" {
		rootAt = uint32(len(own))
		own = append(own, root)
	}
	var info, spans []byte
	for _, s := range b.sources {
		flags, at := uint32(0), rootAt
		if s.null {
			flags, at = flags|sourceNull, stringRoot
		}
		if s.ignored {
			flags |= sourceIgnored
		}
		if s.start < s.end {
			flags |= sourceHasContent
		}
		info = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(info, flags), at)
		spans = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(spans, s.start), s.end)
	}
	w := b.writer
	w.PutInfo(&index.Info{Segments: b.table.Len(), Sources: len(b.sources), Names: len(b.names), Problems: len(b.problems), InputSize: int64(len(b.texts))})
	texts := func(kind index.Kind, n int, text func(i int) string) {
		w.PutTexts(kind, n, func(add func(text []byte)) {
			for i := range n {
				add([]byte(text(i)))
			}
		})
	}
	texts(index.KindStrings, len(own), func(i int) string { return own[i] })
	texts(index.KindNames, len(b.names), func(i int) string { return b.names[i] })
	texts(index.KindSources, len(b.sources), func(i int) string { return b.sources[i].url })
	w.Put(index.KindSourceInfo, info)
	w.Put(index.KindTextSpans, spans)
	putProblems(w, b.problems)
	w.PutScopes(b.trees, len(b.sources))
	for i := range b.sources {
		b.native.some = b.native.some || b.sources[i].functions != ""
	}
	putNative(w, &b.native, len(b.sources), func(i int) []byte { return []byte(b.sources[i].functions) })
}

// drop notes that something of the maps that the result was made from has no place in it.
func (b *Builder) drop(what string) {
	b.problems = append(b.problems, Problem{Kind: ProblemDropped, Detail: what})
}

// validText is the text with U+FFFD for each byte that is not UTF-8, as Parse reads them.
func validText(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(r)
	}
	return b.String()
}

// shifted is a position with lines and columns in front of its text; ok is false where it is out of range.
func shifted(p, by Position) (_ Position, ok bool) {
	line, column := int64(p.Line)+int64(by.Line), int64(p.Column)
	if p.Line == 0 {
		column += int64(by.Column)
	}
	return Position{int32(line), int32(column)}, 0 <= line && line <= math.MaxInt32 && 0 <= column && column <= math.MaxInt32
}
