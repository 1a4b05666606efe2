package sourcemap

import (
	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
)

// Source is an original source, as the map describes it.
type Source struct {
	URL        string // sourceRoot and the entry of sources; "" where Null
	Null       bool   // the entry is null: the source has no name
	Ignored    bool   // in the ignore list: third-party code
	HasContent bool   // sourcesContent has its text, see Map.SourceText
}

// Source flags in an image.
const (
	sourceNull = 1 << iota
	sourceIgnored
	sourceHasContent
)

// NumSources returns the number of sources.
func (m *Map) NumSources() int { return m.info.Sources }

// Source returns source i (0-based); ok is false when there is no such source.
func (m *Map) Source(i int) (s Source, ok bool) {
	s.Null = true
	m.read(func() {
		pair, has := m.image.Pair(index.KindSourceInfo, i)
		if !has {
			return
		}
		flags := pair[0]
		s, ok = Source{Null: flags&sourceNull != 0, Ignored: flags&sourceIgnored != 0}, true
		s.HasContent = flags&sourceHasContent != 0 && (m.data != nil || m.image.Size(index.KindTexts) > 0)
		if !s.Null {
			s.URL = m.strings.Within(int(pair[1]), MaxSourceRootBytes) + m.sources.Text(i)
		}
	})
	return s, ok
}

// SourceText returns the text of source i (0-based) from sourcesContent, decoded anew at each call.
// ok is false when the map does not have it. What is not Unicode in it (lone surrogates, bytes that
// are not UTF-8) is U+FFFD.
func (m *Map) SourceText(i int) (text string, ok bool) {
	t, ok := m.SourceLines(i)
	if !ok {
		return "", false
	}
	return t.text, true
}

// SourceLines is [Map.SourceText] with the text cut into lines; a saved index knows where they start.
func (m *Map) SourceLines(i int) (t *Text, ok bool) {
	if m.data == nil {
		var text Text
		m.read(func() { text.text, text.lines, ok = m.image.SourceText(i) })
		return &text, ok
	}
	if text, has := m.appendText(nil, i); has {
		return NewText(string(text)), true
	}
	return nil, false
}

// Lines returns so many lines of the text of source i, from line first on (0-based), or as many of them as there are, each
// with its end as it stands in the text. Of the last texts asked for the map keeps where their lines start. ok is false when
// the map does not have the text.
func (m *Map) Lines(i, first, n int) (list []string, ok bool) {
	t := m.readText(i)
	if t == nil {
		return nil, false
	}
	first = max(first, 0)
	for k := range min(n, t.NumLines()-first) {
		list = append(list, t.wholeLine(first+k))
	}
	return list, true
}

// appendText appends the text of source i of a map that was parsed.
func (m *Map) appendText(dst []byte, i int) (text []byte, ok bool) {
	span, ok := m.image.Pair(index.KindTextSpans, i)
	if !ok || span[0] >= span[1] || int(span[1]) > len(m.data) {
		return dst, false
	}
	ok = false
	m.guard(m.dataFile, func() { text, ok = jsonscan.AppendUnescaped(dst, m.data[span[0]:span[1]]), true })
	return text, ok
}
