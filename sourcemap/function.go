package sourcemap

import (
	"sync"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/lines"
	"github.com/symbolicate/symbolicate/internal/scope"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// A Function is the innermost function around a position of a source, as V8 writes it in a stack trace: docs/NAMES.md.
type Function struct {
	Name string // "": outside of functions, or in one that the language gives no name
	In   string // the nearest function with a name around one that has none; "": none
}

// MaxFunctionText is how many bytes a source may have to be read for functions, of generated code MaxGeneratedText. Of more than a
// million functions the first ones count.
const (
	MaxFunctionText  = 16 << 20
	MaxGeneratedText = 256 << 20
)

// FunctionAt returns the function around a position of the text, 0-based. Its URL tells the language: JavaScript with JSX,
// TypeScript or TSX. ok is false for other languages, for texts over [MaxFunctionText], and where the text has no such
// line. The text is read for functions at the first call.
func (t *Text) FunctionAt(url string, p Position) (f Function, ok bool) {
	language, ok := scope.LanguageOf(url)
	if !ok || len(t.text) > MaxFunctionText || p.Line < 0 || int(p.Line) >= t.NumLines() {
		return Function{}, false
	}
	functions := t.read(language)
	return functions.at(p, functions.scopes.Name), true
}

// functionsOf is what a text was read for, by language.
type functionsOf [scope.Languages]struct {
	once sync.Once
	functions
}

// functions are those of a text.
type functions struct {
	scopes *scope.Scopes
	places *lines.Places
}

func (t *Text) read(language scope.Language) *functions {
	of := &t.functions[language]
	of.once.Do(func() { of.functions = *readFunctions(t.text, language) })
	return &of.functions
}

func readFunctions(text string, language scope.Language) *functions {
	return &functions{scope.Scan(text, language), lines.NewPlaces(text)}
}

// at returns the innermost function around the position.
func (f *functions) at(p Position, name func(i int) string) (found Function) {
	i := f.scopes.At(f.places.Offset(max(p.Line, 0), max(p.Column, 0)))
	if i < 0 {
		return Function{}
	}
	found.Name = validText(name(i))
	for up := int(f.scopes.Func(i).Parent); found.Name == "" && found.In == "" && up >= 0; up = int(f.scopes.Func(up).Parent) {
		found.In = validText(name(up))
	}
	return found
}

// tree returns all of the functions, for a saved index.
func (f *functions) tree(name func(i int) string) index.FunctionTree {
	place := func(offset int32) scopes.Position { return scopes.Position(f.place(offset)) }
	n := f.scopes.Len()
	tree := make([]index.Function, 0, n)
	numbers, depths := make([]int32, n), make([]int16, n) // in the tree
	name = f.bounded(name)
	for i := range n {
		from := f.scopes.Func(i)
		parent, depth := int32(-1), int16(1)
		if from.Parent >= 0 {
			parent, depth = numbers[from.Parent], depths[from.Parent]+1
		}
		if depth > index.MaxFunctionDepth {
			numbers[i], depths[i] = parent, depth-1 // what lies in it is as deep
			continue
		}
		numbers[i], depths[i] = int32(len(tree)), depth
		tree = append(tree, index.Function{Start: place(from.Start), End: place(from.End), Parent: parent, Name: name(i)})
	}
	last, _ := f.places.Position(len(f.scopes.Text()))
	return index.FunctionTree{List: tree, Lines: last + 1}
}

// bounded returns a name that ends giving names when all together are many times as long as the text, which only a text has that means harm. What
// is no Unicode in them is U+FFFD.
func (f *functions) bounded(name func(i int) string) func(i int) string {
	left := 8*len(f.scopes.Text()) + 1<<10
	return func(i int) string {
		if left < 0 {
			return ""
		}
		text := name(i)
		left -= len(text)
		return validText(text)
	}
}

// FunctionIn returns the innermost function of the generated code around a position of it (0-based), with the names that the map has for
// the identifiers that name it: the best that can be told of a function without the text of its source. Where the compiler put one
// function into another, it is the outer one. ok is false where the code has no such line or column, or is longer than
// [MaxGeneratedText]. With a code of nil those functions count that the map was parsed or saved with
// (Options.Generated); of them only the number of lines is known. A map without names leaves those of the code.
//
// The code is read for functions at the first call.
func (m *Map) FunctionIn(code *Text, p Position) (f Function, ok bool) {
	if code == nil {
		return m.savedFunction(m.info.Sources, p)
	}
	if len(code.text) > MaxGeneratedText || p.Line < 0 || int(p.Line) >= code.NumLines() {
		return Function{}, false
	}
	functions := code.read(scope.JavaScript)
	if !functions.places.Has(p.Line, p.Column) {
		return Function{}, false
	}
	return functions.at(p, m.originalNames(functions)), true
}

// originalNames returns what names a function of the generated code by the map.
func (m *Map) originalNames(f *functions) func(i int) string {
	if m.NumNames() == 0 {
		return f.scopes.Name
	}
	original := func(start, end int) string {
		name := m.nameOf(f.place(int32(start)), f.place(int32(end)))
		if f.scopes.Private(start) && name != "" && name[0] != '#' {
			name = "#" + name
		}
		return name
	}
	return func(i int) string { return f.scopes.OriginalName(i, original) }
}

// nameOf returns the name of the identifier between two generated positions. It is that of the token that starts there; or else of the one
// before or behind the identifier, if that is the same one in the source: terser gives a key of a class the name of the token at
// the parenthesis behind it. "": the map has none.
func (m *Map) nameOf(start, end Position) (name string) {
	token, ok := m.Lookup(start)
	at := ok && token.Generated == start
	if !at || token.Name < 0 {
		other, ok := m.Lookup(end)
		same := ok && other.Generated == end && (!at || other.Source == token.Source && other.Original == token.Original)
		if (!same || other.Name < 0) && at && start.Column > 0 {
			other, ok = m.Lookup(Position{start.Line, start.Column - 1})
			same = ok && other.Generated.Line == start.Line && other.Source == token.Source && other.Original == token.Original
		}
		if !same {
			return ""
		}
		token = other
	}
	m.read(func() { name, _ = m.names.UpTo(int(token.Name), scope.MaxName) }) // one that is longer was made to cost something
	return name
}

// savedFunction returns the function around a position that the index has of a text: of a source, or, by the number of sources, of
// the generated code.
func (m *Map) savedFunction(tree int, p Position) (f Function, ok bool) {
	m.read(func() {
		if t, has := m.image.Functions(); has {
			f.Name, f.In, ok = t.At(tree, scopes.Position{Line: p.Line, Column: p.Column})
		}
	})
	return f, ok
}

// HasFunctions tells whether the map has the functions of its sources, or of its generated code: it was parsed with Options.Functions or
// Generated, or lists them itself, or was saved from such a map.
func (m *Map) HasFunctions() bool { return m.image != nil && m.image.Size(index.KindFunctions) > 0 }

// ListedFunctionAt returns the innermost function around a position (0-based) of source i (0-based) as the map itself has it: by the function
// maps of Metro (x_facebook_sources), or x_com_bloomberg_sourcesFunctionMappings. ok is false where it has neither for the source, or says nothing.
func (m *Map) ListedFunctionAt(i int, p Position) (f Function, ok bool) {
	if name, ok := m.FunctionMapName(i, p); ok {
		return Function{Name: fromFunctionMap(name)}, true
	}
	listed := false
	m.read(func() {
		if t, has := m.image.Functions(); has {
			listed = t.FromMap(i)
		}
	})
	if !listed || i >= m.info.Sources {
		return Function{}, false
	}
	return m.savedFunction(i, p)
}

// SourceFunctionAt returns the innermost function around a position (0-based) of source i (0-based): the one that the map has (HasFunctions), or else by
// the text of the source, of which the map keeps the last ones that were read. ok is false where there is neither, or the
// text is in a language that is not read for functions.
func (m *Map) SourceFunctionAt(i int, p Position) (f Function, ok bool) {
	if i < 0 || i >= m.info.Sources {
		return Function{}, false
	}
	if f, ok = m.savedFunction(i, p); ok {
		return f, true
	}
	text := m.readText(i)
	if text == nil {
		return Function{}, false
	}
	source, _ := m.Source(i)
	return text.FunctionAt(source.URL, p)
}

// FunctionAt returns the innermost function of the original program at a generated position (0-based): by the scopes of the
// map, or else by [Map.ListedFunctionAt], [Map.SourceFunctionAt], or [Map.FunctionIn] without code. ok is false where there is no mapping, and where none of
// them knows.
func (m *Map) FunctionAt(p Position) (f Function, ok bool) {
	at, ok := m.Lookup(p)
	if !ok {
		return Function{}, false
	}
	if m.HasScopes() {
		if frame := m.OriginalFrames(p)[0]; frame.Known {
			return Function{Name: frame.Function}, true
		}
	}
	if m.native != nil { // else what the map lists lies where SourceFunctionAt looks first
		if f, ok = m.ListedFunctionAt(int(at.Source), at.Original); ok {
			return f, true
		}
	}
	if f, ok = m.SourceFunctionAt(int(at.Source), at.Original); ok || !m.HasFunctions() {
		return f, ok
	}
	return m.FunctionIn(nil, p)
}

// maxReadBytes is how many bytes of source texts a map keeps that FunctionAt and Lines have read, the last of them in any case.
const maxReadBytes = 8 << 20

// readTexts are texts by their sources.
type readTexts struct {
	mu    sync.Mutex
	texts map[int]*Text
	bytes int
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
