package sourcemap

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/archive"
	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/mmap"
)

// What is wrong with an archive; match with [errors.Is].
var (
	ErrNotArchive     = archive.ErrFormat  // no archive, or one of a version that this package does not know
	ErrDamagedArchive = archive.ErrDamaged // differs from what was written
)

// A Key finds a map in an archive. One of its fields is set.
type Key struct {
	DebugID string // as Map.DebugID gives it
	URL     string // of the generated file, or a path that its URL ends with
}

func (k Key) inner() archive.Key {
	if k.DebugID != "" {
		return archive.Key{Kind: archive.DebugID, Text: k.DebugID}
	}
	return archive.Key{Kind: archive.URL, Text: k.URL}
}

// An Archive is a file that holds many maps as packed indexes, found by debug id and by URL: what a release ships and
// a cluster shares. It is opened without reading more than its directory. Any number of goroutines may use it.
type Archive struct {
	path  string
	state atomic.Pointer[archiveState]
}

type archiveState struct {
	file      *sharedFile
	directory *archive.Directory
}

// sharedFile is a mapped file that goes when nobody uses it any more: the archive and each map from it have a share.
type sharedFile struct {
	region *mmap.Region
	shares atomic.Int64
}

// share returns a function that gives the share back, once.
func (f *sharedFile) share() (release func()) {
	f.shares.Add(1)
	return sync.OnceFunc(func() {
		if f.shares.Add(-1) == 0 {
			f.region.Free()
		}
	})
}

// OpenArchive opens an archive for reading. Later additions are seen after [Archive.Reload].
func OpenArchive(path string) (*Archive, error) {
	a := &Archive{path: path}
	if err := a.Reload(); err != nil {
		return nil, err
	}
	return a, nil
}

// Reload reads the directory anew. Maps that were had from the archive stay as they are.
func (a *Archive) Reload() error {
	f, err := os.Open(a.path)
	if err != nil {
		return fmt.Errorf("sourcemap: %w", err)
	}
	defer f.Close()
	directory, err := archive.ReadFile(f)
	if err != nil {
		return fmt.Errorf("sourcemap: %s: %w", a.path, err)
	}
	region, err := mmap.File(f, int(directory.End()))
	if err != nil {
		return fmt.Errorf("sourcemap: %w", err)
	}
	file := &sharedFile{region: region}
	state := &archiveState{file, directory}
	runtime.AddCleanup(state, func(release func()) { release() }, file.share())
	a.state.Store(state)
	return nil
}

// Close ends the use of the archive: it is empty afterwards. Maps that were had from it stay good.
func (a *Archive) Close() {
	// The memory goes when no call and no map uses it any more: the collector knows.
	a.state.Store(nil)
}

// Len returns the number of keys.
func (a *Archive) Len() int {
	if s := a.state.Load(); s != nil {
		return s.directory.Len()
	}
	return 0
}

// Keys returns the keys in order: debug ids, then URLs.
func (a *Archive) Keys() iter.Seq[Key] {
	return func(yield func(Key) bool) {
		s := a.state.Load()
		if s == nil {
			return
		}
		for i := range s.directory.Len() {
			inner, _ := s.directory.Key(i)
			k := Key{URL: inner.Text}
			if inner.Kind == archive.DebugID {
				k = Key{DebugID: inner.Text}
			}
			if !yield(k) {
				return
			}
		}
	}
}

// Get opens the map with the key; found is false when there is none. Closing the map, or dropping it, does not
// touch the archive.
func (a *Archive) Get(k Key) (m *Map, found bool, err error) {
	s := a.state.Load()
	if s == nil {
		return nil, false, nil
	}
	r, found := s.directory.Find(k.inner())
	if !found {
		return nil, false, nil
	}
	m, err = s.open(a.path, r)
	return m, true, err
}

func (s *archiveState) open(path string, r archive.Range) (m *Map, err error) {
	defer runtime.KeepAlive(s)
	data := s.file.region.Bytes()[r.Start : r.Start+r.Length]
	release := s.file.share()
	fault := s.file.region.Try(func() {
		var image *index.Image
		if image, err = index.Open(data, nil); err == nil {
			m, err = newMap(image, nil, s.file.region, release)
		}
	})
	if fault != nil {
		err = fault
	}
	if err != nil {
		release()
		return nil, fmt.Errorf("sourcemap: %s: the index at byte %d: %w", path, r.Start, err)
	}
	return m, nil
}

// Verify reads every map of the archive from end to end and returns the first thing that is wrong. Where the head of the
// archive is damaged so that it is read as it was before the last update, only Verify tells: it looks as if the
// update had been cut off.
func (a *Archive) Verify() error {
	s := a.state.Load()
	if s == nil {
		return nil
	}
	if err := s.directory.Damage(); err != nil {
		return fmt.Errorf("sourcemap: %s: %w", a.path, err)
	}
	for _, r := range s.directory.Items() {
		m, err := s.open(a.path, r)
		if err != nil {
			return err
		}
		err = m.Verify()
		m.Close()
		if err != nil {
			return fmt.Errorf("sourcemap: %s: the index at byte %d: %w", a.path, r.Start, err)
		}
	}
	return nil
}

// An ArchiveWriter adds to an archive, see [UpdateArchive].
type ArchiveWriter struct{ w *archive.Writer }

// Add writes a map into the archive under the keys; a map that had one of them loses it.
func (w *ArchiveWriter) Add(m *Map, options *SaveOptions, keys ...Key) error {
	return w.w.Add(inner(keys), func(out io.WriteSeeker) error { return m.WriteIndex(out, options) })
}

// AddIndex is Add for the bytes of an index, as WriteIndex makes them. Of these it checks the head; [Map.Verify] checks
// all.
func (w *ArchiveWriter) AddIndex(data []byte, keys ...Key) error {
	if _, err := index.Open(data, nil); err != nil {
		return fmt.Errorf("sourcemap: %w", err)
	}
	return w.w.Add(inner(keys), func(out io.WriteSeeker) error {
		_, err := out.Write(data)
		return err
	})
}

// Remove takes a key away. A map without keys is no longer in the archive; its space comes back with [CompactArchive].
func (w *ArchiveWriter) Remove(k Key) { w.w.Remove(k.inner()) }

func inner(keys []Key) (list []archive.Key) {
	for _, k := range keys {
		list = append(list, k.inner())
	}
	return list
}

// UpdateArchive changes the archive at the path, which is made where there is none. All that change does counts at
// once, when it has returned nil: readers, and a process that is killed on the way, leave the archive as it was. It
// waits while another process updates the archive.
func UpdateArchive(path string, change func(w *ArchiveWriter) error) error {
	err := archive.Update(path, func(w *archive.Writer) error { return change(&ArchiveWriter{w}) })
	if err != nil {
		return fmt.Errorf("sourcemap: archive: %w", err)
	}
	return nil
}

// CompactArchive makes the archive at the path anew, without the maps that have no key any more.
func CompactArchive(path string) error {
	if err := archive.Compact(path); err != nil {
		return fmt.Errorf("sourcemap: archive: %w", err)
	}
	return nil
}

// AppendIndex appends what [Map.Save] writes to dst.
func (m *Map) AppendIndex(dst []byte, options *SaveOptions) ([]byte, error) {
	out := &memory{data: dst, base: len(dst), at: len(dst)}
	err := m.WriteIndex(out, options)
	return out.data, err
}

// memory is a file in memory.
type memory struct {
	data     []byte
	base, at int
}

func (f *memory) Write(p []byte) (int, error) {
	if missing := f.at + len(p) - len(f.data); missing > 0 {
		f.data = append(f.data, make([]byte, missing)...)
	}
	f.at += copy(f.data[f.at:], p)
	return len(p), nil
}

func (f *memory) Seek(offset int64, whence int) (int64, error) {
	at := f.base + int(offset)
	switch whence {
	case io.SeekCurrent:
		at = f.at + int(offset)
	case io.SeekEnd:
		at = len(f.data) + int(offset)
	}
	if at < f.base {
		return 0, errors.New("seek before the start")
	}
	f.at = at
	return int64(at - f.base), nil
}
