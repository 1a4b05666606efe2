package vlq

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDecode decodes the mappings of the corpus with each kernel that this machine has.
func BenchmarkDecode(b *testing.B) {
	paths, err := filepath.Glob("../../.cache/corpus/*/*.map")
	require.NoError(b, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(b, err)
		_, text, found := bytes.Cut(data, []byte(`"mappings":"`))
		text, _, _ = bytes.Cut(text, []byte(`"`))
		if !found || len(path) > 0 && strings.Contains(path, "indexed") {
			continue
		}
		for _, k := range kernels {
			b.Run(strings.TrimSuffix(filepath.Base(path), ".map")+"/"+k.name(), func(b *testing.B) {
				segments := 0
				chunk := new(Chunk)
				for b.Loop() {
					segments = 0
					d := NewDecoder(text, 1<<30, 1<<30, nil)
					d.kernel = k.run
					for {
						require.NoError(b, d.Next(chunk))
						if chunk.Len == 0 {
							break
						}
						segments += chunk.Len
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(segments), "ns/segment")
			})
		}
	}
}
