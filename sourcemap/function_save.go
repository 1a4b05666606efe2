package sourcemap

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/scope"
)

// functionTrees reads all source texts, and the generated code, for functions, with so many goroutines (0: one for each processor).
func (m *Map) functionTrees(generated []byte, workers int) index.FunctionTrees {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	trees := make(index.FunctionTrees, m.info.Sources+1)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(workers, len(trees)) {
		all.Go(func() {
			for {
				// The generated code is the longest text, and comes first.
				switch i := int(next.Add(1)) - 1; {
				case i == 0:
					trees[m.info.Sources] = m.generatedTree(generated)
				case i <= m.info.Sources:
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
