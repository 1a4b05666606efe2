package sourcemap

import (
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/internal/scope"
)

// newParsed is newMap for a map that was parsed, with the functions that the options ask for.
func newParsed(image *index.Image, data []byte, file *mmap.Region, release func(), options *Options) (*Map, error) {
	m, err := newMap(image, data, file, release)
	if err != nil || !options.Functions && options.Generated == nil {
		return m, err
	}
	more, err := image.AddFunctions(m.functionTrees(options))
	m.cleanup.Stop() // whose memory is that of the next one
	image.Free()
	if err != nil {
		release()
		return nil, &ParseError{Kind: ErrLimit, Detail: "functions: " + err.Error()}
	}
	return newMap(more, data, file, release)
}

// functionTrees finds the functions that the options ask for.
func (m *Map) functionTrees(options *Options) index.FunctionTrees {
	trees := make(index.FunctionTrees, m.info.Sources+1)
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
					trees[i-1] = m.sourceTree(i - 1)
				default:
					return
				}
			}
		})
	}
	all.Wait()
	return trees
}

func (m *Map) generatedTree(code []byte) []index.Function {
	if code == nil || len(code) > MaxGeneratedText {
		return nil
	}
	functions := NewText(string(code)).read(scope.JavaScript)
	return functions.tree(m.originalNames(functions))
}

func (m *Map) sourceTree(i int) []index.Function {
	source, _ := m.Source(i)
	language, ok := scope.LanguageOf(source.URL)
	if !ok || !source.HasContent {
		return nil
	}
	text, ok := m.SourceText(i)
	if !ok || len(text) > MaxFunctionText {
		return nil
	}
	functions := NewText(text).read(language)
	return functions.tree(functions.scopes.Name)
}
