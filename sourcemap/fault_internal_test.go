//go:build unix && !aix && !solaris

package sourcemap

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/mmap"
)

// TestTruncatedWhileOpened: the file becomes shorter between the moment it is mapped and the moment it is read. It is
// an error, and all memory is given back.
func TestTruncatedWhileOpened(t *testing.T) {
	segments := strings.Repeat("AAAA,CAACA,EAAE;", 40_000)
	text := `{"version":3,"sources":["a","\u0062"],"sourcesContent":["` + strings.Repeat("x", 100_000) + `"],"names":["n"],"mappings":"` + segments + `"}`
	m, err := Parse([]byte(text), nil)
	require.NoError(t, err)
	index, err := m.AppendIndex(nil, nil)
	require.NoError(t, err)
	m.Close()
	sections := `{"version":3,"sections":[` + strings.Repeat(`{"offset":{"line":0,"column":0},"map":`+text[:100_000]+`"],"names":[],"mappings":"AAAA"}},`, 3) + `0]}`
	escaped := strings.Replace(text, "AAAA,", `AA\u0041A,`, 1)
	page := os.Getpagesize()
	path := filepath.Join(t.TempDir(), "file")
	open := func(data []byte, cut int64, options *Options) error {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		region, err := mmap.File(f, len(data))
		require.NoError(t, err)
		require.NoError(t, os.Truncate(path, cut))
		m, err := openMapped(path, region, options)
		if err != nil {
			require.Nil(t, region.Bytes(), "the region is freed")
			return err
		}
		m.Close()
		return nil
	}
	runtime.GC()
	for name, data := range map[string]string{"map": text, "sections": sections, "escaped": escaped, "index": string(index)} {
		for _, workers := range []int{0, 2} {
			for cut := 0; cut < len(data)-page; cut += len(data) / 23 {
				options := &Options{Workers: workers}
				before := mmap.Live()
				err := open([]byte(data), int64(cut/page*page), options)
				if name == "index" && err == nil {
					continue // of the index, little is read
				}
				require.ErrorIs(t, err, ErrFault, "%s, %d of %d bytes", name, cut, len(data))
				require.ErrorContains(t, err, path)
				require.LessOrEqual(t, mmap.Live(), before, "%s, %d of %d bytes: memory", name, cut, len(data))
			}
			before := mmap.Live()
			err := open([]byte(data), int64(len(data)), &Options{Workers: workers})
			require.NoError(t, err, name)
			require.LessOrEqual(t, mmap.Live(), before, fmt.Sprint(name, " that is whole"))
		}
	}
}
