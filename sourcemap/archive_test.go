package sourcemap_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func urlKey(url string) sourcemap.Key { return sourcemap.Key{URL: url} }

// numberedText is a small map that tells its number.
func numberedText(n int) string {
	return fmt.Sprintf(`{"version":3,"file":"%d","sources":["%d.js"],"sourcesContent":["text %d"],"names":["n%d"],"mappings":"%sAAAAA"}`,
		n, n, n, n, strings.Repeat("AAAAA,CAACA;", n%50))
}

func numbered(t testing.TB, n int) *sourcemap.Map {
	t.Helper()
	return parse(t, numberedText(n))
}

func isNumbered(m *sourcemap.Map, n int) error {
	text, _ := m.SourceText(0)
	s, _ := m.Source(0)
	got, want := fmt.Sprintln(m.File(), s.URL, text, m.Name(0), m.Len()), fmt.Sprintf("%d %d.js text %d n%d %d\n", n, n, n, n, n%50*2+1)
	if got != want {
		return fmt.Errorf("%q instead of %q", got, want)
	}
	return errors.Join(m.Verify(), m.Err())
}

// add puts maps into the archive, each under the key of its number.
func add(t testing.TB, path string, numbers ...int) {
	t.Helper()
	require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
		for _, n := range numbers {
			if err := w.Add(numbered(t, n), nil, urlKey(fmt.Sprint(n))); err != nil {
				return err
			}
		}
		return nil
	}))
}

func openArchive(t testing.TB, path string) *sourcemap.Archive {
	t.Helper()
	a, err := sourcemap.OpenArchive(path)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	return a
}

func get(t testing.TB, a *sourcemap.Archive, k sourcemap.Key) *sourcemap.Map {
	t.Helper()
	m, found, err := a.Get(k)
	require.NoError(t, err)
	require.True(t, found, "%v", k)
	return m
}

func TestArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	first, second := parse(t, features(500)), parse(t, nestedMap)
	id := sourcemap.Key{DebugID: first.DebugID()}
	require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
		return errors.Join(
			w.Add(first, nil, id, urlKey("https://example.com/a.js"), urlKey("a.js")),
			w.Add(second, &sourcemap.SaveOptions{NoSources: true}, urlKey("b.js")),
			w.AddIndex(savedBytes(t, second), urlKey("a.js")), // which the first map loses
		)
	}))
	a := openArchive(t, path)
	assert.Equal(t, []sourcemap.Key{id, urlKey("a.js"), urlKey("b.js"), urlKey("https://example.com/a.js")}, slices.Collect(a.Keys()))
	assert.Equal(t, 4, a.Len())
	require.NoError(t, a.Verify())
	requireSame(t, first, get(t, a, id))
	requireSame(t, first, get(t, a, urlKey("https://example.com/a.js")))
	requireSame(t, second, get(t, a, urlKey("a.js")))
	require.True(t, equalMappings(second, get(t, a, urlKey("b.js"))))
	for _, k := range []sourcemap.Key{{}, urlKey("c.js"), {DebugID: "a.js"}, urlKey(id.DebugID)} {
		m, found, err := a.Get(k)
		assert.Nil(t, m)
		assert.False(t, found)
		assert.NoError(t, err)
	}
	for range a.Keys() { // stops where it is told to
		break
	}

	// Changes are seen after Reload; maps from before stay.
	old := get(t, a, urlKey("b.js"))
	require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
		w.Remove(urlKey("b.js"))
		return w.Add(numbered(t, 7), nil, urlKey("a.js"))
	}))
	assert.Equal(t, 4, a.Len())
	requireSame(t, second, get(t, a, urlKey("a.js")))
	require.NoError(t, a.Reload())
	assert.Equal(t, 3, a.Len())
	require.NoError(t, isNumbered(get(t, a, urlKey("a.js")), 7))
	require.True(t, equalMappings(second, old))

	// The same when the archive is made anew, or taken away.
	size := func() int64 {
		info, err := os.Stat(path)
		require.NoError(t, err)
		return info.Size()
	}
	before := size()
	require.NoError(t, sourcemap.CompactArchive(path))
	assert.Less(t, size(), before)
	require.NoError(t, isNumbered(get(t, a, urlKey("a.js")), 7))
	require.NoError(t, a.Reload())
	require.NoError(t, a.Verify())
	require.NoError(t, isNumbered(get(t, a, urlKey("a.js")), 7))
	last := get(t, a, id)
	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, a.Reload(), os.ErrNotExist)
	require.ErrorContains(t, a.Reload(), path)
	requireSame(t, first, get(t, a, id))

	// Closed, it is empty, and its maps are good, until they are closed too.
	a.Close()
	a.Close()
	assert.Zero(t, a.Len())
	assert.Empty(t, slices.Collect(a.Keys()))
	_, found, err := a.Get(id)
	assert.False(t, found)
	assert.NoError(t, err)
	assert.NoError(t, a.Verify())
	for range 3 {
		runtime.GC()
	}
	requireSame(t, first, last)
	require.True(t, equalMappings(second, old))
	last.Close()
	last.Close()
	assert.Zero(t, last.Len())
	require.True(t, equalMappings(second, old))
}

func TestArchiveErrors(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "archive")
	_, err := sourcemap.OpenArchive(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorIs(t, sourcemap.CompactArchive(path), os.ErrNotExist)
	for content, kind := range map[string]error{
		"": sourcemap.ErrNotArchive, "text": sourcemap.ErrNotArchive, features(100): sourcemap.ErrNotArchive, "\x89symarc\n": sourcemap.ErrDamagedArchive,
		string(savedBytes(t, numbered(t, 1))): sourcemap.ErrNotArchive,
	} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := sourcemap.OpenArchive(path)
		require.ErrorIs(t, err, kind)
		require.ErrorContains(t, err, path)
		require.ErrorIs(t, sourcemap.UpdateArchive(path, func(*sourcemap.ArchiveWriter) error { return nil }), kind)
		require.ErrorIs(t, sourcemap.CompactArchive(path), kind)
	}
	require.NoError(t, os.Remove(path))

	closed := numbered(t, 1)
	closed.Close()
	failed := errors.New("failed")
	for name, change := range map[string]func(w *sourcemap.ArchiveWriter) error{
		"no index":     func(w *sourcemap.ArchiveWriter) error { return w.AddIndex([]byte("text"), urlKey("a")) },
		"a closed map": func(w *sourcemap.ArchiveWriter) error { return w.Add(closed, nil, urlKey("a")) },
		"its own": func(w *sourcemap.ArchiveWriter) error {
			return errors.Join(w.Add(numbered(t, 1), nil, urlKey("a")), failed)
		},
	} {
		require.Error(t, sourcemap.UpdateArchive(path, change), name)
		require.NoFileExists(t, path, name)
	}
	add(t, path, 1)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
		return errors.Join(w.Add(numbered(t, 2), nil, urlKey("1")), failed)
	}), failed)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestEveryByteOfAnArchiveChanged: each map that is found is right, or opening it or Verify gives an error; and Verify of the
// archive finds every change but those in bytes that nobody reads: gaps, and what is not part of it any more.
func TestEveryByteOfAnArchiveChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	add(t, path, 1, 2)
	add(t, path, 3)
	require.NoError(t, sourcemap.CompactArchive(path))
	require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
		w.Remove(urlKey("2"))
		return w.Add(numbered(t, 4), nil, urlKey("3"), sourcemap.Key{DebugID: "an id"})
	}))
	changeEveryByte(t, path)
	// Made anew it has nothing old in it: all bytes count but those of the head that are left, and gaps.
	require.NoError(t, sourcemap.CompactArchive(path))
	assert.Less(t, changeEveryByte(t, path), 500)
}

func changeEveryByte(t *testing.T, path string) (unread int) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	want := map[sourcemap.Key]int{urlKey("1"): 1, urlKey("3"): 4, {DebugID: "an id"}: 4}
	step := 1
	if !soak {
		step = 7 // every seventh byte: internal/archive and the tests of an index have all
	}
	for at := 0; at < len(data); at += step {
		if at > 16 && at < 500 || at > 600 && at < 1000 || at > 1100 && at < 4000 {
			continue // the rest of the head is not used
		}
		was := data[at]
		data[at] = was ^ 0xFF
		require.NoError(t, os.WriteFile(path, data, 0o600))
		data[at] = was
		a, err := sourcemap.OpenArchive(path)
		if err != nil {
			require.True(t, errors.Is(err, sourcemap.ErrNotArchive) || errors.Is(err, sourcemap.ErrDamagedArchive), "byte %d: %v", at, err)
			continue
		}
		damage := a.Verify()
		if damage != nil {
			require.True(t, errors.Is(damage, sourcemap.ErrDamaged) || errors.Is(damage, sourcemap.ErrDamagedArchive) || errors.Is(damage, sourcemap.ErrNotIndex), "byte %d: %v", at, damage)
			require.ErrorContains(t, damage, path)
		} else {
			unread++
		}
		for k, n := range want {
			m, found, err := a.Get(k)
			if err != nil {
				require.Error(t, damage, "byte %d", at)
				continue
			}
			right := found && isNumbered(m, n) == nil
			require.True(t, right || damage != nil, "byte %d: %v", at, k)
			if found {
				m.Close()
			}
		}
		a.Close()
	}
	require.NoError(t, os.WriteFile(path, data, 0o600))
	t.Logf("%d bytes, %d changes in bytes that nobody reads", len(data), unread)
	return unread * step
}

// TestArchiveTruncatedWhileOpen: no method of an archive crashes.
func TestArchiveTruncatedWhileOpen(t *testing.T) {
	if !canFault() {
		return
	}
	path := filepath.Join(t.TempDir(), "archive")
	page := os.Getpagesize()
	for cut := range 6 {
		add(t, path, 1, 2)
		require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
			return w.Add(parse(t, large()), nil, urlKey("large"))
		}))
		add(t, path, 3)
		a := openArchive(t, path)
		m := get(t, a, urlKey("large"))
		require.NoError(t, os.Truncate(path, int64(cut*page)))
		assert.Equal(t, 4, a.Len())
		_, _, err := a.Get(urlKey("3"))
		require.ErrorIs(t, err, sourcemap.ErrFault, "%d pages", cut)
		require.ErrorContains(t, err, path)
		_, _, err = a.Get(urlKey("large"))
		require.ErrorIs(t, err, sourcemap.ErrFault)
		require.Error(t, a.Verify())
		require.Error(t, m.Verify())
		require.Error(t, a.Reload())
		require.Error(t, sourcemap.CompactArchive(path))
		a.Close()
		require.NoError(t, os.Remove(path))
	}
}

// TestArchiveInUse: goroutines read an archive, reload and verify it, while others add to it and compact it.
func TestArchiveInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	add(t, path, 1)
	a := openArchive(t, path)
	rounds := 10
	if soak {
		rounds = 2000
	}
	var group, writers sync.WaitGroup
	stop := make(chan bool)
	for worker := range 3 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				for k := range a.Keys() {
					m, found, err := a.Get(k)
					if !assert.NoError(t, err) {
						return
					}
					if !found {
						continue // after another one's Reload
					}
					n := 0
					_, _ = fmt.Sscan(k.URL, &n)
					if !assert.NoError(t, isNumbered(m, n)) {
						return
					}
					if i%2 == 0 {
						m.Close() // others are collected
					}
				}
				if worker == 0 {
					assert.NoError(t, a.Reload())
					assert.NoError(t, a.Verify())
				}
				if i%10 == 0 {
					runtime.GC()
				}
			}
		})
	}
	for worker := range 2 {
		writers.Go(func() {
			for i := range rounds {
				n := 10*(i%5) + worker
				m, err := sourcemap.Parse([]byte(numberedText(n)), nil)
				if !assert.NoError(t, err) {
					return
				}
				assert.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
					return w.Add(m, nil, urlKey(fmt.Sprint(n)))
				}))
				m.Close()
				if i%7 == 6 {
					assert.NoError(t, sourcemap.CompactArchive(path))
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	writers.Wait()
	close(stop)
	group.Wait()
	require.NoError(t, a.Reload())
	require.NoError(t, a.Verify())
	assert.Equal(t, 10, a.Len())
}
