package sourcemap

import (
	"runtime"

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
	defer runtime.KeepAlive(m)
	if i < 0 || i >= m.info.Sources {
		return Source{Null: true}, false
	}
	pair, ok := m.image.Pair(index.KindSourceInfo, i)
	if !ok {
		return Source{Null: true}, false
	}
	flags := pair[0]
	s = Source{Null: flags&sourceNull != 0, Ignored: flags&sourceIgnored != 0, HasContent: flags&sourceHasContent != 0}
	if !s.Null {
		s.URL = m.strings.Text(int(pair[1])) + m.sources.Text(i)
	}
	return s, true
}

// SourceText returns the text of source i (0-based) from sourcesContent, decoded anew at each call.
// ok is false when the map does not have it. What is not Unicode in it (lone surrogates, bytes that
// are not UTF-8) is U+FFFD.
func (m *Map) SourceText(i int) (text string, ok bool) {
	defer runtime.KeepAlive(m)
	if i < 0 || i >= m.info.Sources {
		return "", false
	}
	span, ok := m.image.Pair(index.KindTextSpans, i)
	if !ok || span[0] == span[1] {
		return "", false
	}
	return jsonscan.Unescape(m.data[span[0]:span[1]]), true
}
