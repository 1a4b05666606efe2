package sourcemap_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// full is a file that takes some bytes and no more.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left < len(p) {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func (f *full) Seek(offset int64, _ int) (int64, error) { return offset, nil }

// TestWriteIndexFails: the error of whatever is written to comes back, wherever it comes from.
func TestWriteIndexFails(t *testing.T) {
	small, big := parse(t, features(500)), parse(t, large())
	for _, m := range []*sourcemap.Map{small, big} {
		size := len(savedBytes(t, m))
		for _, left := range []int{0, 1, 511, 512, 513, size / 2, size - 513, size - 1} {
			require.ErrorIs(t, m.WriteIndex(&full{left}, nil), errFull, "%d bytes of %d", left, size)
		}
		require.NoError(t, m.WriteIndex(&full{size}, nil))
	}
	if f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		require.Error(t, small.WriteIndex(f, nil))
		require.Error(t, big.WriteIndex(f, nil))
		require.NoError(t, f.Close())
	}
	closed := parse(t, features(500))
	closed.Close()
	require.ErrorContains(t, closed.WriteIndex(&full{1 << 20}, nil), "closed")
	require.Error(t, closed.Save(filepath.Join(t.TempDir(), "index"), nil))
	_, err := closed.AppendIndex(nil, nil)
	require.Error(t, err)
	require.NoError(t, closed.Verify())
}

// TestAppendIndex: what was in the slice stays.
func TestAppendIndex(t *testing.T) {
	m := parse(t, features(500))
	data := savedBytes(t, m)
	for _, room := range []int{0, 100, 1 << 20} {
		dst := append(make([]byte, 0, room), "start"...)
		got, err := m.AppendIndex(dst, nil)
		require.NoError(t, err)
		require.Equal(t, "start", string(got[:5]))
		require.Equal(t, data, got[5:])
	}
}

var _ io.WriteSeeker = (*full)(nil)
