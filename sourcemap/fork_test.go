package sourcemap_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// TestInherit takes maps over within one process; python/tests/test_fork.py does it in children, where their memory is freed too.
func TestInherit(t *testing.T) {
	folder := t.TempDir()
	path, saved := filepath.Join(folder, "large.js.map"), filepath.Join(folder, "large.symidx")
	require.NoError(t, os.WriteFile(path, []byte(large()), 0o600))
	fromFile, err := sourcemap.Open(path, nil)
	require.NoError(t, err)
	require.NoError(t, fromFile.Save(saved, nil))
	index, err := sourcemap.Open(saved, nil)
	require.NoError(t, err)
	data, err := os.ReadFile(saved)
	require.NoError(t, err)
	borrowed, err := sourcemap.Parse(data, nil)
	require.NoError(t, err)
	copiedIndex, err := sourcemap.Parse(data, &sourcemap.Options{Copy: true})
	require.NoError(t, err)
	text := []byte(large())
	copied, err := sourcemap.Parse(text, &sourcemap.Options{Copy: true})
	require.NoError(t, err)
	clear(text)
	small, err := sourcemap.Parse([]byte(features(20)), nil)
	require.NoError(t, err)
	archive := filepath.Join(folder, "maps.symarc")
	require.NoError(t, sourcemap.UpdateArchive(archive, func(w *sourcemap.ArchiveWriter) error {
		return w.Add(fromFile, nil, sourcemap.Key{URL: "a.js"})
	}))
	a, err := sourcemap.OpenArchive(archive)
	require.NoError(t, err)
	archived, _, err := a.Get(sourcemap.Key{URL: "a.js"})
	require.NoError(t, err)

	for name, m := range map[string]*sourcemap.Map{
		"a map from a file": fromFile, "a small map": small, "an index from a file": index, "an index from memory": borrowed, "an index in an archive": archived,
		"a copied map": copied, "a copied index": copiedIndex,
	} {
		t.Run(name, func(t *testing.T) {
			at := places(m)
			want := askAll(m, at, 1000)
			memory := m.Memory()
			switch name {
			case "a copied map":
				require.True(t, memory.DataMapped)
			case "an index from a file":
				require.NotZero(t, memory.Mapping.Address)
			case "an index from memory", "an index in an archive":
				require.Zero(t, memory.Mapping.Address)
			}
			// Both would give the mappings back: here only the first one may.
			memory.Mapping, memory.DataMapped = sourcemap.Range{}, false
			other, err := sourcemap.Inherit(memory)
			require.NoError(t, err)
			require.Equal(t, want, askAll(other, at, 1000))
			require.NoError(t, other.Err())
			require.Equal(t, m.Size(), other.Size())
			other.Close()
			require.Equal(t, want, askAll(m, at, 1000))
		})
	}
	small.Close()
	require.Equal(t, sourcemap.Memory{}, small.Memory())
	_, err = sourcemap.Inherit(small.Memory())
	require.Error(t, err)
}
