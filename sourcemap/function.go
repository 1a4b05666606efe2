package sourcemap

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// A Function is the innermost function around a position of a source, as V8 writes it in a stack trace: docs/NAMES.md.
type Function struct {
	Name string // "": outside of functions, or in one that the language gives no name
	In   string // the nearest function with a name around one that has none; "": none
}

// MaxFunctionText is how many bytes a text may have to be read for functions. Of more than a million functions the first ones count.
const MaxFunctionText = 16 << 20

// FunctionAt returns the function around a position of the text, 0-based. Its URL tells the language: JavaScript with JSX,
// TypeScript or TSX. ok is false for other languages, for texts over [MaxFunctionText], and where the text has no such
// line. The text is read for functions at the first call.
func (t *Text) FunctionAt(url string, p Position) (f Function, ok bool) {
	language, ok := scope.LanguageOf(url)
	if !ok || len(t.text) > MaxFunctionText || p.Line < 0 || int(p.Line) >= t.NumLines() {
		return Function{}, false
	}
	functions := &t.functions[language]
	functions.once.Do(func() {
		functions.scopes = scope.Scan(t.text, language)
		functions.ascii = strings.IndexFunc(t.text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	})
	s := functions.scopes
	start, line := t.lines.Find(t.text, int(p.Line))
	if functions.ascii { // a column is a byte: what is minified stands on one line, which need not be read each time
		start += min(max(int(p.Column), 0), len(line))
	} else {
		start += offsetOf(line, int(p.Column))
	}
	i := s.At(start)
	if i < 0 {
		return Function{}, true
	}
	f.Name = s.Name(i)
	for up := int(s.Func(i).Parent); f.Name == "" && f.In == "" && up >= 0; up = int(s.Func(up).Parent) {
		f.In = s.Name(up)
	}
	return f, true
}

// functionsOf is what a text was read for, by language.
type functionsOf [scope.Languages]struct {
	once   sync.Once
	scopes *scope.Scopes
	ascii  bool // the text has nothing else
}

// offsetOf returns the bytes in front of a column (0-based, UTF-16 code units), those of the line where it is shorter.
func offsetOf(line string, column int) int {
	for i, r := range line {
		if column <= 0 {
			return i
		}
		column--
		if r > 0xffff {
			column--
		}
	}
	return len(line)
}

// maxReadBytes is how many bytes of source texts a map keeps that FunctionAt and Lines have read, the last of them in any case.
const maxReadBytes = 8 << 20

// readTexts are texts by their sources.
type readTexts struct {
	mu    sync.Mutex
	texts map[int]*Text
	bytes int
}

// FunctionAt returns the innermost function of the original program at a generated position (0-based): by the scopes of the
// map, or else by the text of the source, of which it keeps the last ones. ok is false where there is no mapping, and no
// source text in a language that it can read.
func (m *Map) FunctionAt(p Position) (f Function, ok bool) {
	frames := m.OriginalFrames(p)
	if len(frames) == 0 {
		return Function{}, false
	}
	at := frames[0]
	if at.Known {
		return Function{Name: at.Function}, true
	}
	source, _ := m.Source(int(at.Source))
	text := m.readText(int(at.Source))
	if text == nil {
		return Function{}, false
	}
	return text.FunctionAt(source.URL, at.Original)
}

func (m *Map) readText(source int) *Text {
	if m.texts == nil {
		return nil
	}
	m.texts.mu.Lock()
	t, has := m.texts.texts[source]
	m.texts.mu.Unlock()
	if has {
		return t
	}
	t, has = m.SourceLines(source)
	if !has {
		t = nil
	}
	bytes := 64 // of the list
	if t != nil {
		bytes += len(t.text)
	}
	m.texts.mu.Lock()
	defer m.texts.mu.Unlock()
	if m.texts.texts == nil || m.texts.bytes+bytes > maxReadBytes {
		m.texts.texts, m.texts.bytes = map[int]*Text{}, 0
	}
	m.texts.texts[source] = t
	m.texts.bytes += bytes
	return t
}
