package sourcemap_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// large is a map that is large enough for its index to be mapped, with texts that stay large.
func large() string {
	var list []sourcemap.Mapping
	for i := range int32(20_000) {
		list = append(list, sourcemap.Mapping{Generated: sourcemap.Position{Line: i / 100, Column: i % 100 * 9}, Source: i % 3,
			Original: sourcemap.Position{Line: i % 977, Column: i * 31 % 83}, Name: i%90 - 60})
	}
	var names, texts []string
	for i := range 30 {
		names = append(names, quoted(fmt.Sprint("name", i)))
	}
	for i := range 3 {
		texts = append(texts, quoted(fmt.Sprintf("// %d\n%s", i, noise(70_000+i))))
	}
	return `{"version":3,"file":"large.js","sources":["a","b","c"],"sourcesContent":[` + strings.Join(texts, ",") + `],"names":[` + strings.Join(names, ",") +
		`,3],"ignoreList":[2],"mappings":"` + encode(list) + `"}`
}

// methods reads a map in every way. What a method that returns an error returns, it returns.
var methods = []struct {
	name string
	call func(m *sourcemap.Map) error
}{
	{"Lookup", func(m *sourcemap.Map) error {
		for line := range int32(200) {
			m.Lookup(sourcemap.Position{Line: line, Column: 300})
		}
		return nil
	}},
	{"LookupAcrossLines", func(m *sourcemap.Map) error {
		for line := range int32(200) {
			m.LookupAcrossLines(sourcemap.Position{Line: line, Column: 300})
		}
		return nil
	}},
	{"LookupMany", func(m *sourcemap.Map) error {
		c := make([]int32, 6*200)
		for i := range 200 {
			c[i], c[200+i] = int32(i), 300
		}
		return m.LookupMany(c[:200], c[200:400], sourcemap.Columns{Source: c[400:600], Line: c[600:800], Column: c[800:1000], Name: c[1000:]})
	}},
	{"Mappings", func(m *sourcemap.Map) error {
		n := 0
		for range m.Mappings() {
			n++
		}
		if n < m.Len() && m.Err() == nil {
			return fmt.Errorf("%d of %d mappings, and no error", n, m.Len())
		}
		return nil
	}},
	{"Lookup inside of Mappings", func(m *sourcemap.Map) error {
		n := 0
		for mapping := range m.Mappings() {
			m.Lookup(mapping.Generated)
			if n++; n > 1000 {
				break
			}
		}
		return nil
	}},
	{"File", func(m *sourcemap.Map) error { _ = m.File(); return nil }},
	{"DebugID", func(m *sourcemap.Map) error { _ = m.DebugID(); return nil }},
	{"Name", func(m *sourcemap.Map) error {
		for i := range m.NumNames() {
			m.Name(i)
		}
		return nil
	}},
	{"Source", func(m *sourcemap.Map) error {
		for i := range m.NumSources() {
			m.Source(i)
		}
		return nil
	}},
	{"SourceText", func(m *sourcemap.Map) error {
		for i := range m.NumSources() {
			m.SourceText(i)
		}
		return nil
	}},
	{"SourceLines", func(m *sourcemap.Map) error {
		for i := range m.NumSources() {
			if text, ok := m.SourceLines(i); ok {
				text.Line(text.NumLines() - 1)
			}
		}
		return nil
	}},
	{"MappingsBack", func(m *sourcemap.Map) error {
		for range m.MappingsBack(sourcemap.Position{Line: math.MaxInt32}) {
			continue
		}
		return nil
	}},
	{"Problems", func(m *sourcemap.Map) error { m.Problems(); return nil }},
	{"Save", func(m *sourcemap.Map) error {
		folder, err := os.MkdirTemp("", "save")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		path := filepath.Join(folder, "index")
		err = m.Save(path, &sourcemap.SaveOptions{Workers: 2})
		if list, _ := os.ReadDir(folder); err != nil && len(list) > 0 {
			return fmt.Errorf("Save leaves %v", list)
		}
		return err
	}},
	{"AppendIndex", func(m *sourcemap.Map) error { _, err := m.AppendIndex(nil, nil); return err }},
	{"AppendIndex without sources", func(m *sourcemap.Map) error {
		_, err := m.AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
		return err
	}},
	{"Verify", func(m *sourcemap.Map) error { return m.Verify() }},
	{"counts", func(m *sourcemap.Map) error {
		_, _, _, _, _, _ = m.Len(), m.NumNames(), m.NumSources(), m.Indexed(), m.Size(), m.IndexSize()
		return nil
	}},
}

// canFault tells whether files are mapped here; elsewhere they are read whole.
func canFault() bool {
	return runtime.GOOS != "windows" && runtime.GOOS != "js" && runtime.GOOS != "wasip1"
}

// TestTruncatedWhileOpen: a file that becomes shorter under an open map. Each method gives an error, its own or through
// Err, or what it needs is still there; none crashes.
func TestTruncatedWhileOpen(t *testing.T) {
	if !canFault() {
		return
	}
	text := large()
	want := parse(t, text)
	data := savedBytes(t, want)
	folder := t.TempDir()
	page := int64(os.Getpagesize())
	require.Greater(t, int64(len(data)), 20*page)
	archive := filepath.Join(folder, "archive")
	require.NoError(t, sourcemap.UpdateArchive(archive, func(w *sourcemap.ArchiveWriter) error {
		return w.AddIndex(data, sourcemap.Key{URL: "a"})
	}))
	whole, err := os.ReadFile(archive)
	require.NoError(t, err)
	for _, kind := range []struct {
		name    string
		content []byte
		open    func(t *testing.T, path string) *sourcemap.Map
		// silent are methods that need nothing of the file.
		silent []string
	}{
		{"index", data, openFile, []string{"counts"}},
		{"archive", whole, func(t *testing.T, path string) *sourcemap.Map {
			a, err := sourcemap.OpenArchive(path)
			require.NoError(t, err)
			m, found, err := a.Get(sourcemap.Key{URL: "a"})
			require.NoError(t, err)
			require.True(t, found)
			t.Cleanup(m.Close)
			return m
		}, []string{"counts"}},
		// Of a map that was parsed, only texts of sources are still in the file.
		{"map", []byte(text), openFile, []string{
			"Lookup", "LookupAcrossLines", "LookupMany", "Mappings", "MappingsBack", "Lookup inside of Mappings", "File", "DebugID", "Name", "Source", "Problems", "Verify", "counts", "AppendIndex without sources",
		}},
	} {
		for _, cut := range []int64{0, 3 * page, int64(len(kind.content)) / 2, int64(len(kind.content)) - page} {
			for _, warm := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d bytes, warm %v", kind.name, cut, warm), func(t *testing.T) {
					for _, method := range methods {
						path := filepath.Join(folder, "file")
						require.NoError(t, os.WriteFile(path, kind.content, 0o600))
						m := kind.open(t, path)
						if warm {
							require.NoError(t, method.call(m), method.name)
							require.NoError(t, m.Err())
						}
						require.NoError(t, os.Truncate(path, cut))
						err := method.call(m)
						if err == nil {
							err = m.Err()
						}
						if slices.Contains(kind.silent, method.name) {
							require.NoError(t, err, method.name)
						} else if cut == 0 {
							require.ErrorIs(t, err, sourcemap.ErrFault, method.name)
						} else if err != nil {
							// A page of which a part is gone reads as zeros there: that is damage.
							require.True(t, errors.Is(err, sourcemap.ErrFault) || errors.Is(err, sourcemap.ErrDamaged), "%s: %v", method.name, err)
						}
						// Other maps are as they were, and this one closes.
						m.Close()
						_, _ = m.Lookup(sourcemap.Position{})
						require.NoError(t, os.Remove(path))
					}
				})
			}
		}
	}
	requireSame(t, want, parse(t, text))
}

// TestTruncatedInUse: the same while many goroutines read the map.
func TestTruncatedInUse(t *testing.T) {
	if !canFault() {
		return
	}
	data := savedBytes(t, parse(t, large()))
	rounds := 4
	if soak {
		rounds = 200
	}
	for round := range rounds {
		path := filepath.Join(t.TempDir(), "file")
		content := data
		if round%2 == 1 {
			content = []byte(large())
		}
		require.NoError(t, os.WriteFile(path, content, 0o600))
		m := openFile(t, path)
		var group sync.WaitGroup
		var calls atomic.Int64
		stop := make(chan bool)
		for worker := range 4 {
			group.Go(func() {
				for i := worker; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					_ = methods[i%len(methods)].call(m)
					_ = m.Err()
					calls.Add(1)
				}
			})
		}
		for calls.Load() < 4 {
			time.Sleep(time.Millisecond)
		}
		for n := int64(len(content)); n > 0; n -= int64(len(content)) / 10 {
			require.NoError(t, os.Truncate(path, n))
			time.Sleep(time.Millisecond)
		}
		require.NoError(t, os.Truncate(path, 0))
		for before := calls.Load(); calls.Load() < before+8; {
			time.Sleep(time.Millisecond)
		}
		close(stop)
		group.Wait()
		require.Error(t, m.Err())
		require.True(t, errors.Is(m.Err(), sourcemap.ErrFault) || errors.Is(m.Err(), sourcemap.ErrDamaged), "%v", m.Err())
		m.Close()
	}
}

// TestOverwrittenWhileOpen: somebody writes other bytes into the file under an open map. No crash; what was not looked at
// before is found out.
func TestOverwrittenWhileOpen(t *testing.T) {
	m := parse(t, large())
	data := savedBytes(t, m)
	path := filepath.Join(t.TempDir(), "index")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	for _, b := range []byte{0x00, 0xFF, 0x55} {
		for _, warm := range []bool{false, true} {
			require.NoError(t, os.WriteFile(path, data, 0o600))
			other := openFile(t, path)
			if warm {
				requireSame(t, m, other)
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.Write([]byte(strings.Repeat(string([]byte{b}), len(data))))
			require.NoError(t, err)
			require.NoError(t, f.Close())
			for _, method := range methods {
				_ = method.call(other)
			}
			require.Error(t, other.Verify())
			other.Close()
		}
	}
}
