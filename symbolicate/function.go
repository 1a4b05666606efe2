package symbolicate

import (
	"path"
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// nameFrom gives the frame, at a position of the generated code, the name that its function has in a source of the map; its text is nil where
// nobody has it.
func (l *loaded) nameFrom(f *Frame, source int, url string, text *sourcemap.Text, position sourcemap.Position) {
	if l.m.HasFunctions() {
		if function, ok := l.m.SourceFunctionAt(source, position); ok {
			f.nameIs(function, NameOriginal)
			return
		}
	}
	if text != nil {
		if function, ok := text.FunctionAt(url, position); ok {
			f.nameIs(function, NameOriginal)
		}
	}
}

// nameFromCode gives the frame, at a position of the generated code, the name that the map has for the function there.
func (s *Symbolicator) nameFromCode(l *loaded, f *Frame, position sourcemap.Position) {
	if l.m.NumNames() == 0 {
		return
	}
	function, ok := l.m.FunctionIn(nil, position)
	if !ok {
		if code := s.generated(l, f.Minified.File); code != nil {
			function, ok = l.m.FunctionIn(code, position)
		}
	}
	if ok {
		f.nameIs(function, NameMinified)
	}
}

// generated returns the generated code of a map's file, as frames name it; nil where it is not at hand.
func (s *Symbolicator) generated(l *loaded, url string) *sourcemap.Text {
	key := generatedKey{url: strings.Join(urlPath(url), "/")}
	key.artifact, _ = s.artifact(url)
	l.mu.Lock()
	t, ok := l.generated[key]
	l.mu.Unlock()
	if ok {
		return t
	}
	size := l.m.Size()
	if data := s.generatedCode(l, url, key.artifact); len(data) > 0 && len(data) <= sourcemap.MaxGeneratedText && !sourcemap.IsWebAssembly(data) {
		t = sourcemap.NewText(strings.TrimPrefix(string(data), "\ufeff")) // which is no column
		size += 2 * int64(len(data))                                      // about what its functions take
	}
	l.mu.Lock()
	if l.generated == nil || len(l.generated) == maxGenerated {
		l.generated = map[generatedKey]*sourcemap.Text{}
	}
	l.generated[key] = t
	l.mu.Unlock()
	if t != nil {
		s.maps.weigh(l.at, l, size)
	}
	return t
}

// generatedKey is what a generated file is kept by: its path without host and query, and the artifact, if it is one.
type generatedKey struct {
	url      string
	artifact *Artifact
}

// maxGenerated is how many generated files are kept with a map: there is one, which may have several URLs.
const maxGenerated = 4

// generatedCode returns the bytes of a map's generated file: of its artifact, of the file beside the map, or of that in the trees.
func (s *Symbolicator) generatedCode(l *loaded, url string, a *Artifact) []byte {
	if a != nil && a.Source != nil {
		return a.Source
	}
	wanted := urlPath(url)
	if len(wanted) == 0 {
		return nil
	}
	base := wanted[len(wanted)-1]
	if file, is := strings.CutSuffix(l.at.path, ".map"); l.at.tree != nil && is && path.Base(file) == base && l.at.tree.has(file) {
		data, _ := l.at.tree.read(file)
		return data
	}
	if found, err := pick(s.named(base), wanted, url); found != nil && err == nil {
		data, _ := found.tree.read(found.path)
		return data
	}
	return nil
}

// nameIs gives the frame the name that its function has in the original program. What V8 prints before a name for the call stays:
// async, and new, which a constructor has already.
func (f *Frame) nameIs(function sourcemap.Function, source NameSource) {
	printed := f.Function
	f.Function, f.In, f.NameSource = function.Name, function.In, source
	for _, word := range []string{"async ", "new "} {
		if !strings.HasPrefix(printed, word) {
			continue
		}
		switch {
		case f.Function == "":
			f.async = f.async || word == "async "
		case !strings.HasPrefix(f.Function, word):
			f.Function = word + f.Function
		}
		return
	}
}
