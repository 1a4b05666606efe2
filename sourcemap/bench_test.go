package sourcemap_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// eachMap runs a benchmark on every map of the corpus (make corpus; the large one: bench/README.md).
func eachMap(b *testing.B, run func(b *testing.B, data []byte)) {
	paths, err := filepath.Glob("../.cache/corpus/*/*.map")
	require.NoError(b, err)
	if len(paths) == 0 {
		b.Skip("skipped: corpus (run make corpus)")
	}
	for _, path := range paths {
		b.Run(strings.TrimSuffix(filepath.Base(path), ".map"), func(b *testing.B) {
			data, err := os.ReadFile(path)
			require.NoError(b, err)
			run(b, data)
		})
	}
}

// BenchmarkParse reads maps from memory until they are ready for lookup.
func BenchmarkParse(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		segments := 0
		for b.Loop() {
			m, err := sourcemap.Parse(data, nil)
			require.NoError(b, err)
			segments = m.Len()
			m.Close()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(segments), "ns/segment")
	})
}

// positions returns generated positions spread over the map's mappings.
func positions(m *sourcemap.Map, n int) (list []sourcemap.Position) {
	random := rand.New(rand.NewPCG(1, 2))
	var all []sourcemap.Position
	for mapping := range m.Mappings() {
		all = append(all, mapping.Generated)
	}
	for range n {
		p := all[random.IntN(len(all))]
		p.Column += random.Int32N(3)
		list = append(list, p)
	}
	return list
}

// BenchmarkLookup looks single positions up, in random and in ascending order.
func BenchmarkLookup(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		m, err := sourcemap.Parse(data, nil)
		require.NoError(b, err)
		defer m.Close()
		list := positions(m, 1<<16)
		ascending := slices.Clone(list)
		slices.SortFunc(ascending, func(x, y sourcemap.Position) int {
			return int((int64(x.Line)-int64(y.Line))<<31 + int64(x.Column) - int64(y.Column))
		})
		for _, order := range []struct {
			name string
			list []sourcemap.Position
		}{{"random", list}, {"sorted", ascending}} {
			b.Run(order.name, func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					m.Lookup(order.list[i&(1<<16-1)])
					i++
				}
			})
			b.Run("many-"+order.name, func(b *testing.B) {
				lines, columns := make([]int32, len(order.list)), make([]int32, len(order.list))
				for i, p := range order.list {
					lines[i], columns[i] = p.Line, p.Column
				}
				column := func() []int32 { return make([]int32, len(lines)) }
				dst := sourcemap.Columns{Source: column(), Line: column(), Column: column(), Name: column()}
				for b.Loop() {
					require.NoError(b, m.LookupMany(lines, columns, dst))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(lines)), "ns/position")
			})
		}
	})
}

// BenchmarkOpen opens a saved index, looks one position up and closes it.
func BenchmarkOpen(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		m, err := sourcemap.Parse(data, nil)
		require.NoError(b, err)
		path := filepath.Join(b.TempDir(), "index")
		require.NoError(b, m.Save(path, &sourcemap.SaveOptions{NoSources: true}))
		p := positions(m, 1)[0]
		m.Close()
		b.ReportAllocs()
		for b.Loop() {
			m, err := sourcemap.Open(path, nil)
			if err != nil {
				b.Fatal(err)
			}
			m.Lookup(p)
			m.Close()
		}
	})
}

// BenchmarkFunctionAt asks a saved index, without source texts, for functions.
func BenchmarkFunctionAt(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		m, err := sourcemap.Parse(data, &sourcemap.Options{Functions: true})
		require.NoError(b, err)
		path := filepath.Join(b.TempDir(), "index")
		require.NoError(b, m.Save(path, &sourcemap.SaveOptions{NoSources: true}))
		size := m.IndexSize()
		asked := positions(m, 1000)
		m.Close()
		if m, err = sourcemap.Open(path, nil); err != nil {
			b.Fatal(err)
		}
		defer m.Close()
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			m.FunctionAt(asked[i%len(asked)])
		}
		b.ReportMetric(float64(size.Functions)/float64(len(data)), "bytes/byte-of-map")
	})
}

// BenchmarkSourceText takes source texts out of a saved index, one after the other.
func BenchmarkSourceText(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		m, err := sourcemap.Parse(data, nil)
		require.NoError(b, err)
		path := filepath.Join(b.TempDir(), "index")
		require.NoError(b, m.Save(path, nil))
		m.Close()
		if m, err = sourcemap.Open(path, nil); err != nil {
			b.Fatal(err)
		}
		defer m.Close()
		n, size, largest := 0, 0, 0
		for i := range m.NumSources() {
			if text, ok := m.SourceText(i); ok {
				n, size, largest = n+1, size+len(text), max(largest, len(text))
			}
		}
		if n == 0 {
			b.Skip("no source texts")
		}
		for b.Loop() {
			for i := range m.NumSources() {
				m.SourceLines(i)
			}
		}
		perText := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / 1000
		b.ReportMetric(perText/float64(n), "µs/text")
		b.ReportMetric(float64(size)/float64(n)/1024, "KiB/text")
		b.ReportMetric(float64(largest)/1024, "KiB/largest")
	})
}
