package replace

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func writing(content string) func(f *os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(content)
		return err
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, text := range []string{"one", "", "another, longer one", "short"} {
		require.NoError(t, File(path, writing(text)))
		assert.Equal(t, text, content(t, path))
		assert.Equal(t, []string{"file"}, names(t, folder))
	}
}

// TestFileIsWhole: while it is written, the old file is there, and the new one beside it under the name that the doc says.
func TestFileIsWhole(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, there := range []bool{false, true} {
		require.NoError(t, File(path, func(f *os.File) error {
			require.NoError(t, writing("half")(f))
			if there {
				assert.Equal(t, "old", content(t, path))
			} else {
				assert.NoFileExists(t, path)
			}
			assert.Regexp(t, `^\.file\.[0-9]+\.tmp$`, filepath.Base(f.Name()))
			assert.Equal(t, folder, filepath.Dir(f.Name()))
			return writing(" and half")(f)
		}))
		assert.Equal(t, "half and half", content(t, path))
		require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	}
}

func TestFileFails(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	failed := errors.New("failed")
	failing := func(f *os.File) error { return errors.Join(writing("new")(f), failed) }
	closing := func(f *os.File) error { return f.Close() }
	for _, replace := range []func(string, func(*os.File) error) error{File, New} {
		require.ErrorIs(t, replace(path, failing), failed)
		require.ErrorIs(t, replace(path, closing), os.ErrClosed)
		assert.Empty(t, names(t, folder))
	}
	require.NoError(t, New(path, writing("old")))
	require.ErrorIs(t, File(path, failing), failed)
	require.ErrorIs(t, File(path, closing), os.ErrClosed)
	require.Panics(t, func() { _ = File(path, func(f *os.File) error { panic("a bug") }) })
	assert.Equal(t, "old", content(t, path))
	assert.Equal(t, []string{"file"}, names(t, folder))

	for name, bad := range map[string]string{
		"a folder that is not there": filepath.Join(folder, "no", "file"),
		"a folder":                   folder,
		"a file as a folder":         filepath.Join(path, "file"),
		"no name":                    "",
		"a zero byte":                path + "\x00",
	} {
		assert.Error(t, File(bad, writing("new")), name)
		assert.Error(t, New(bad, writing("new")), name)
	}
	assert.Equal(t, []string{"file"}, names(t, folder))
}

func TestNew(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, New(path, writing("one")))
	require.ErrorIs(t, New(path, writing("two")), os.ErrExist)
	assert.Equal(t, "one", content(t, path))
	assert.Equal(t, []string{"file"}, names(t, folder))
	// Of many, one wins.
	path = filepath.Join(folder, "other")
	var group sync.WaitGroup
	var won sync.Map
	for i := range 8 {
		group.Go(func() {
			if err := New(path, writing(strings.Repeat("x", i))); err == nil {
				won.Store(i, true)
			} else {
				assert.ErrorIs(t, err, os.ErrExist)
			}
		})
	}
	group.Wait()
	n := 0
	won.Range(func(i, _ any) bool {
		n++
		assert.Equal(t, strings.Repeat("x", i.(int)), content(t, path))
		return true
	})
	assert.Equal(t, 1, n)
	assert.Equal(t, []string{"file", "other"}, names(t, folder))
}

// TestRelativePath: a path without a folder means the one at work.
func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, File("file", writing("one")))
	require.NoError(t, File("./file", writing("two")))
	assert.Equal(t, "two", content(t, "file"))
	assert.Equal(t, []string{"file"}, names(t, "."))
}

func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, mode := range []os.FileMode{0o600, 0o644, 0o640, 0o444} {
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Chmod(path, mode))
		require.NoError(t, File(path, writing("new")))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm())
		require.NoError(t, os.Remove(path))
	}
}

// TestLongName: a name may be as long as the file system takes.
func TestLongName(t *testing.T) {
	for _, name := range []string{strings.Repeat("n", 250), strings.Repeat("é", 120) + "n", "n" + strings.Repeat("é", 120)} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, File(path, writing("new")))
		assert.Equal(t, "new", content(t, path))
		assert.Equal(t, []string{name}, names(t, folder))
	}
}

// TestReaders: readers see one of the files, from beginning to end, whenever they look.
func TestReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	text := func(n int) string { return strings.Repeat(string(rune('a'+n%26)), 5000+n*100) }
	require.NoError(t, File(path, writing(text(0))))
	stop := make(chan bool)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				data, err := os.ReadFile(path)
				if !assert.NoError(t, err) || !assert.Equal(t, strings.Repeat(string(data[:1]), len(data)), string(data)) {
					return
				}
				assert.Zero(t, (len(data)-5000)%100)
			}
		})
	}
	for n := range 50 {
		require.NoError(t, File(path, writing(text(n))))
	}
	close(stop)
	group.Wait()
}
