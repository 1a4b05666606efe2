package sourcemap

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/replace"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// MaxEmptyLines is how many generated lines without a mapping [Map.Encode] writes: each is one byte, and a small indexed
// map may name line 2³¹−1.
const MaxEmptyLines = 1 << 26

// EncodeOptions change what Encode writes. The zero value and nil are the defaults.
type EncodeOptions struct {
	NoSources bool // leave the source texts out
}

// Encode writes the map as JSON, in the regular form of ECMA-426 whatever form it had: version, file, sourceRoot, sources,
// sourcesContent, names, mappings, rangeMappings, scopes, ignoreList, debugId and the fields of React Native, those of them that say something. What
// [Parse] makes of it has the same mappings, sources, texts, names, scopes and ranges, by the same indices, and answers the same. Left out
// are the name of a mapping without an original position, which has no written form, items of scopes with an unknown
// tag, and fields that this package does not know. sourceRoot is written where all sources share one, else it stands in the
// sources. What the scopes of sections are in the regular form, docs/WRITING.md tells.
//
// Nothing of the map's size is held in memory but its scopes: w gets pieces of some 64 KiB. Its errors are returned as they are,
// others are those of [Map.Err] and ErrLimit, see MaxEmptyLines.
func (m *Map) Encode(w io.Writer, options *EncodeOptions) error {
	if options == nil {
		options = &EncodeOptions{}
	}
	if m.image == nil {
		return fmt.Errorf("sourcemap: encode: %w", errClosed)
	}
	e := &jsonWriter{w: w}
	e.text(`{"version":3`)
	if file := m.File(); file != "" {
		e.text(`,"file":`)
		e.quoted(file)
	}
	root, shared := m.sharedRoot()
	if root != "" {
		e.text(`,"sourceRoot":`)
		e.quoted(root)
	}
	texts, ignored := false, []int(nil)
	e.list("sources", m.NumSources(), func(i int) {
		source, url := m.sourceParts(i)
		if source.HasContent {
			texts = true
		}
		if source.Ignored {
			ignored = append(ignored, i)
		}
		switch {
		case source.Null:
			e.text("null")
		case shared:
			e.quoted(url)
		default:
			e.quoted(source.URL)
		}
	})
	if texts && !options.NoSources {
		reader := m.newTextReader()
		e.list("sourcesContent", m.NumSources(), func(i int) {
			if text, ok := reader.text(i); ok {
				e.buffer = jsonscan.AppendQuoted(e.buffer, text)
			} else {
				e.text("null")
			}
		})
	}
	e.list("names", m.NumNames(), func(i int) { e.quoted(m.Name(i)) })
	m.encodeMappings(e)
	m.encodeRanges(e)
	m.encodeScopes(e)
	if len(ignored) > 0 {
		e.list("ignoreList", len(ignored), func(i int) { e.text(strconv.Itoa(ignored[i])) })
	}
	if id := m.DebugID(); id != "" {
		e.text(`,"debugId":`)
		e.quoted(id)
	}
	m.encodeNative(e)
	e.text("}")
	e.flush()
	if e.err != nil {
		return e.err
	}
	if err := m.Err(); err != nil {
		return fmt.Errorf("sourcemap: encode: %w", err)
	}
	return nil
}

// EncodeFile is Encode into a file, which is made anew and takes the place of one that is there only when it is complete.
func (m *Map) EncodeFile(path string, options *EncodeOptions) error {
	err := replace.File(path, func(f *os.File) error { return m.Encode(f, options) })
	if err != nil && !strings.HasPrefix(err.Error(), "sourcemap: ") {
		return fmt.Errorf("sourcemap: encode: %w", err)
	}
	return err
}

func (m *Map) encodeMappings(e *jsonWriter) {
	e.text(`,"mappings":"`)
	var encoder vlq.Encoder
	last, empty := -1, 0
	m.read(func() {
		m.table.All(func(s index.Segment) bool {
			if line := int(s.Line); line > last {
				if empty += line - last - 1; empty > MaxEmptyLines {
					e.fail(fmt.Errorf("sourcemap: encode: %w: more than %d lines without a mapping before line %d", ErrLimit, MaxEmptyLines, s.Line))
					return false
				}
				for lines := encoder.Lines(s.Line); lines > pieceSize && e.err == nil; lines -= pieceSize {
					e.buffer = encoder.End(e.buffer, pieceSize)
					e.room()
				}
				last = line
			}
			e.buffer = encoder.Append(e.buffer, s.Line, s.Column, s.Source, s.OriginalLine, s.OriginalColumn, s.Name)
			e.room()
			return e.err == nil
		})
	})
	e.text(`"`)
}

// encodeRanges writes which mappings of each line are range mappings.
func (m *Map) encodeRanges(e *jsonWriter) {
	if !m.ranges {
		return
	}
	e.text(`,"rangeMappings":"`)
	line, written := int32(-1), int32(0)
	index, before := uint32(0), uint32(0) // in the line
	for found := range m.Mappings() {
		if index++; found.Generated.Line != line {
			line, index, before = found.Generated.Line, 0, 0
		}
		if !found.Range {
			continue
		}
		for ; written < line; written++ {
			e.buffer = append(e.buffer, ';')
			e.room()
		}
		e.buffer = vlq.AppendUnsigned(e.buffer, index-before)
		before = index
	}
	e.text(`"`)
}

func (m *Map) encodeScopes(e *jsonWriter) {
	trees := m.trees()
	if trees == nil {
		return
	}
	trees.Regular(func(i int32) string { return m.Name(int(i)) })
	e.text(`,"scopes":"`)
	var err error
	e.buffer, err = trees.Append(e.buffer, m.NumSources(), m.NumNames(), func(text []byte) []byte {
		e.buffer = text
		e.room()
		return e.buffer
	})
	if err != nil {
		e.fail(fmt.Errorf("sourcemap: encode: %w: %w", ErrDamaged, err))
	}
	e.text(`"`)
}

// encodeNative writes the fields of React Native, those of the whole map as they were read.
func (m *Map) encodeNative(e *jsonWriter) {
	if m.native == nil {
		return
	}
	value := func(text string) {
		if !isJSON(text) {
			e.fail(fmt.Errorf("sourcemap: encode: %w: a field of React Native", ErrDamaged))
			return
		}
		e.text(text)
	}
	some := false
	for i := 0; i < m.NumSources() && !some; i++ {
		some = m.functionText(i) != ""
	}
	if some {
		e.list("x_facebook_sources", m.NumSources(), func(i int) {
			text := m.functionText(i)
			if text == "" {
				e.text("null")
				return
			}
			e.text("[")
			value(text)
			e.text("]")
		})
	}
	native := m.nativeTexts()
	for i, name := range nativeNames {
		if text := native.own[i]; text != "" {
			e.text(`,"` + name + `":`)
			value(text)
		}
	}
}

// isJSON tells whether the text is one JSON value.
func isJSON(text string) bool {
	data := []byte(text)
	end, err := jsonscan.Value(data, jsonscan.Space(data, 0))
	return err == nil && jsonscan.Space(data, end) == len(data)
}

// sharedRoot returns the source root that stands before every source; shared is false where they differ.
func (m *Map) sharedRoot() (root string, shared bool) {
	shared = true
	m.read(func() {
		first := true
		var index0 uint32
		for i := range m.NumSources() {
			pair, has := m.image.Pair(index.KindSourceInfo, i)
			if !has || pair[0]&sourceNull != 0 {
				continue
			}
			if first {
				index0, first = pair[1], false
			}
			if pair[1] != index0 {
				shared = false
				return
			}
		}
		if !first {
			root = m.strings.Within(int(index0), MaxSourceRootBytes)
		}
	})
	return root, shared
}

// sourceParts returns source i, and its entry of sources alone.
func (m *Map) sourceParts(i int) (s Source, url string) {
	s, _ = m.Source(i)
	if !s.Null {
		url = m.text(m.sources, i)
	}
	return s, url
}

// A textReader reads the texts of sources in their order, each once.
type textReader struct {
	m      *Map
	packed *index.TextReader // nil: of a map that was parsed
	buffer []byte
}

func (m *Map) newTextReader() *textReader {
	r := &textReader{m: m}
	if m.data == nil {
		r.packed = m.image.NewTextReader()
	}
	return r
}

// text returns the text of source i, which is behind that of the call before, until the next call.
func (r *textReader) text(i int) (text []byte, ok bool) {
	if r.packed == nil {
		r.buffer, ok = r.m.appendText(r.buffer[:0], i)
		return r.buffer, ok
	}
	r.m.read(func() { text, ok = r.packed.Text(i) })
	return text, ok
}

// pieceSize is from how many bytes on a jsonWriter hands on what it has.
const pieceSize = 64 << 10

// A jsonWriter gathers small pieces of JSON. The first error stays.
type jsonWriter struct {
	w      io.Writer
	buffer []byte
	err    error
}

func (e *jsonWriter) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *jsonWriter) flush() {
	if e.err == nil && len(e.buffer) > 0 {
		if n, err := e.w.Write(e.buffer); err != nil {
			e.err = err
		} else if n < len(e.buffer) {
			e.err = io.ErrShortWrite
		}
	}
	e.buffer = e.buffer[:0]
}

// room hands on what there is, if it is much.
func (e *jsonWriter) room() {
	if len(e.buffer) >= pieceSize {
		e.flush()
	}
}

func (e *jsonWriter) text(s string) { e.buffer = append(e.buffer, s...) }

func (e *jsonWriter) quoted(s string) { e.buffer = jsonscan.AppendQuoted(e.buffer, s) }

// list writes a member that is an array.
func (e *jsonWriter) list(name string, n int, item func(i int)) {
	e.text(`,"` + name + `":[`)
	for i := range n {
		if e.err != nil {
			return
		}
		if i > 0 {
			e.text(",")
		}
		item(i)
		e.room()
	}
	e.text("]")
}
