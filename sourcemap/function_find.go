package sourcemap

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/internal/scope"
)

// newParsed is newMap for a map that was parsed, with the functions that it lists itself, and those that the options ask for.
func newParsed(p *parser, image *index.Image, file *mmap.Region, release func(), options *Options) (*Map, error) {
	m, err := newMap(image, p.data, file, release)
	if err != nil || !options.Functions && options.Generated == nil && len(p.functionMappings) == 0 {
		return m, err
	}
	more, err := image.AddFunctions(m.functionTrees(p, options))
	m.cleanup.Stop() // whose memory is that of the next one
	image.Free()
	if err != nil {
		release()
		return nil, &ParseError{Kind: ErrLimit, Detail: "functions: " + err.Error()}
	}
	return newMap(more, p.data, file, release)
}

// functionTrees finds these functions.
func (m *Map) functionTrees(p *parser, options *Options) index.FunctionTrees {
	trees := make(index.FunctionTrees, m.info.Sources+1)
	m.guard(m.dataFile, func() { m.listedTrees(p, trees) })
	sources := 0
	if options.Functions {
		sources = m.info.Sources
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range max(options.Workers, 1) {
		all.Go(func() {
			for {
				// The generated code is the longest text, and comes first.
				switch i := int(next.Add(1)) - 1; {
				case i == 0:
					trees[m.info.Sources] = m.generatedTree(options.Generated)
				case i <= sources:
					if trees[i-1].List == nil {
						trees[i-1] = m.sourceTree(i - 1)
					}
				default:
					return
				}
			}
		})
	}
	all.Wait()
	return trees
}

func (m *Map) generatedTree(code []byte) (none index.FunctionTree) {
	if code == nil || len(code) > MaxGeneratedText || IsWebAssembly(code) {
		return none
	}
	code = bytes.TrimPrefix(code, []byte("\ufeff")) // which is no column
	functions := readFunctions(le.String(code), scope.JavaScript)
	return functions.tree(m.originalNames(functions))
}

func (m *Map) sourceTree(i int) (none index.FunctionTree) {
	source, _ := m.Source(i)
	language, ok := scope.LanguageOf(source.URL)
	if !ok || !source.HasContent {
		return none
	}
	text, ok := m.appendText(nil, i)
	if !ok || len(text) > MaxFunctionText {
		return none
	}
	functions := readFunctions(le.String(text), language)
	return functions.tree(functions.scopes.Name)
}

// A FunctionRange is a function as it stands in a text.
type FunctionRange struct {
	Name       string // as in [Function], "": it has none
	Kind       FunctionKind
	Start, End Position // 0-based; the end is exclusive
	Parent     int      // number of the function around it, in the same list; -1: none
}

// FunctionKind is what a function is.
type FunctionKind string

// The kinds of functions. A field is the code that gives the fields of an object their values, a static block that of a class.
const (
	KindFunction    FunctionKind = "function"
	KindArrow       FunctionKind = "arrow"
	KindMethod      FunctionKind = "method"
	KindGetter      FunctionKind = "getter"
	KindSetter      FunctionKind = "setter"
	KindConstructor FunctionKind = "constructor"
	KindField       FunctionKind = "field"
	KindStaticBlock FunctionKind = "static block"
)

var functionKinds = [...]FunctionKind{
	scope.Function: KindFunction, scope.Arrow: KindArrow, scope.Method: KindMethod, scope.Getter: KindGetter, scope.Setter: KindSetter,
	scope.Constructor: KindConstructor, scope.Field: KindField, scope.StaticBlock: KindStaticBlock,
}

// Functions returns the functions of the text in the order of their starts, a function before those inside it. Its URL tells the language, as
// for [Text.FunctionAt]; ok is false where that is none.
func (t *Text) Functions(url string) (list []FunctionRange, ok bool) {
	language, ok := scope.LanguageOf(url)
	if !ok || len(t.text) > MaxFunctionText {
		return nil, false
	}
	functions := t.read(language)
	return functions.list(functions.scopes.Name), true
}

// FunctionsIn returns the functions of the generated code likewise, with the names of [Map.FunctionIn]; none where it is longer than
// [MaxGeneratedText].
func (m *Map) FunctionsIn(code *Text) []FunctionRange {
	if len(code.text) > MaxGeneratedText {
		return nil
	}
	functions := code.read(scope.JavaScript)
	return functions.list(m.originalNames(functions))
}

func (f *functions) list(name func(i int) string) []FunctionRange {
	list := make([]FunctionRange, f.scopes.Len())
	name = f.bounded(name)
	for i := range list {
		from := f.scopes.Func(i)
		list[i] = FunctionRange{Name: name(i), Kind: functionKinds[from.Kind], Start: f.place(from.Start), End: f.place(from.End), Parent: int(from.Parent)}
	}
	return list
}

func (f *functions) place(offset int32) Position {
	line, column := f.places.Position(int(offset))
	return Position{line, column}
}
