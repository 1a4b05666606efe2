package sourcemap

import "github.com/symbolicate/symbolicate/internal/jsonscan"

// Source is an original source, as the map describes it.
type Source struct {
	URL        string // sourceRoot and the entry of sources; "" where Null
	Null       bool   // the entry is null: the source has no name
	Ignored    bool   // in the ignore list: third-party code
	HasContent bool   // sourcesContent has its text, see Map.SourceText
}

// source is where an original source stands in the data. An empty span stands for null.
type source struct {
	root    string // the sourceRoot, ending in '/', or ""
	url     jsonscan.Span
	content jsonscan.Span
	ignored bool
}

// NumSources returns the number of sources.
func (m *Map) NumSources() int { return len(m.sources) }

// Source returns source i (0-based); ok is false when there is no such source.
func (m *Map) Source(i int) (s Source, ok bool) {
	if i < 0 || i >= len(m.sources) {
		return Source{Null: true}, false
	}
	entry := m.sources[i]
	s = Source{Null: none(entry.url), Ignored: entry.ignored, HasContent: !none(entry.content)}
	if !s.Null {
		s.URL = entry.root + m.text(entry.url)
	}
	return s, true
}

// SourceText returns the text of source i (0-based) from sourcesContent, decoded anew at each call.
// ok is false when the map does not have it. What is not Unicode in it (lone surrogates, bytes that
// are not UTF-8) is U+FFFD.
func (m *Map) SourceText(i int) (text string, ok bool) {
	if i < 0 || i >= len(m.sources) || none(m.sources[i].content) {
		return "", false
	}
	return m.text(m.sources[i].content), true
}

func none(s jsonscan.Span) bool { return s.Start == s.End }
