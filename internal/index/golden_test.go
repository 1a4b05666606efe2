package index

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// TestGoldenBlocks packs the mappings of the files in testdata/index with every kernel, in chunks of several sizes: all
// give the bytes that are in the files. (sourcemap has tests of the whole files.)
func TestGoldenBlocks(t *testing.T) {
	paths, err := filepath.Glob("../../testdata/index/v1/*.symidx")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		saved, table, err := openAll(data)
		require.NoError(t, err)
		require.NoError(t, saved.Verify())
		var list twin
		table.All(func(s Segment) bool { list = append(list, s); return true })
		for i := range packKernels {
			for _, size := range []int{vlq.ChunkSize, 63, 1} {
				w := NewWriter(0)
				b := NewBuilder(w)
				b.packer.kernel = &packKernels[i]
				chunk := new(vlq.Chunk)
				for from := 0; from < len(list); from += size {
					b.Append(fill(chunk, list[from:min(from+size, len(list))]))
				}
				b.Finish()
				w.PutInfo(&Info{Segments: b.Len()})
				image, err := w.Finish()
				require.NoError(t, err)
				for _, kind := range []Kind{KindBlocks, KindKeys, KindOffsets, KindGuide} {
					assert.Equal(t, saved.sections[kind], image.sections[kind], "%s: section %d, %v", path, kind, packKernels[i].level)
				}
				image.Free()
			}
		}
	}
}
