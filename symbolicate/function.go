package symbolicate

import (
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
	l.mu.Lock()
	defer l.mu.Unlock()
	if t, ok := l.generated[url]; ok {
		return t
	}
	var t *sourcemap.Text
	if data := s.generatedCode(url); len(data) > 0 && len(data) <= sourcemap.MaxGeneratedText && !sourcemap.IsWebAssembly(data) {
		t = sourcemap.NewText(string(data))
	}
	if l.generated == nil || len(l.generated) == maxGenerated {
		l.generated = map[string]*sourcemap.Text{}
	}
	l.generated[url] = t
	return t
}

// maxGenerated is how many generated files are kept with a map: there is one, which may have several URLs.
const maxGenerated = 4

// generatedCode returns the bytes of a generated file: of its artifact, or of the file in the trees.
func (s *Symbolicator) generatedCode(url string) []byte {
	if a, ok := s.artifact(url); ok {
		return a.Source
	}
	wanted := urlPath(url)
	if len(wanted) == 0 {
		return nil
	}
	base := wanted[len(wanted)-1]
	for _, names := range [][]string{wanted, {base}} {
		if found, err := pick(s.named(base), names, url); found != nil && err == nil {
			data, _ := found.tree.read(found.path)
			return data
		}
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
