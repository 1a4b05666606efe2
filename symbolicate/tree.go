package symbolicate

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/symbolicate/symbolicate/sourcemap"
)

const (
	// MaxTreeFiles is how many files a search path may hold.
	MaxTreeFiles = 1_000_000
	// MaxFileBytes is the largest file (map, minified file, original source) that is read.
	MaxFileBytes = 1 << 30
)

// tree is a folder, or a single file, in which maps are searched. Only names are read until a frame
// asks for one. Nothing outside the folder can be opened through it (os.Root), whatever a
// sourceMappingURL or a source's path says.
type tree struct {
	name string // the path as given

	// Of an archive of packed indexes (sourcemap.Archive), which stands for a folder of maps: each is at the path of
	// its URL and ".map".
	archive *sourcemap.Archive
	keys    map[string]sourcemap.Key // by path

	root   *os.Root
	byBase map[string][]string // base name → slash-separated paths below the root
	maps   []string            // the paths that end in .map, sorted
	packed map[string]string   // of a map that is there compressed only, by its path without ".gz" or ".zst": the file

	// From the maps themselves, see peek: by the base name of their "file", and by debug id.
	byFile     map[string][]candidate
	byDebugID  map[string][]string
	ofBundles  []string // maps of RAM bundles
	ofSegments []string // maps of bundles split into segments
	peekOnce   sync.Once
}

func openTree(name string) (*tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("symbolicate: %w", err)
	}
	t := &tree{name: name, byBase: map[string][]string{}}
	dir := name
	if !info.IsDir() {
		if a, err := sourcemap.OpenArchive(name); err == nil {
			t.openArchive(a)
			return t, nil
		} else if !errors.Is(err, sourcemap.ErrNotArchive) {
			return nil, fmt.Errorf("symbolicate: %s", strings.TrimPrefix(err.Error(), "sourcemap: "))
		}
		dir = filepath.Dir(name)
	}
	if t.root, err = os.OpenRoot(dir); err != nil {
		return nil, fmt.Errorf("symbolicate: %w", err)
	}
	if !info.IsDir() {
		t.add(filepath.Base(name))
		return t, nil
	}
	files := 0
	err = fs.WalkDir(t.root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if p == "." {
				return err
			}
			return nil // a folder that can't be read hides its files, not the others
		}
		if d.IsDir() {
			return nil
		}
		if files++; files > MaxTreeFiles {
			return fmt.Errorf("more than %d files", MaxTreeFiles)
		}
		t.add(p)
		return nil
	})
	if err != nil {
		t.root.Close()
		return nil, fmt.Errorf("symbolicate: %s: %w", name, err)
	}
	return t, nil
}

// openArchive fills the tree from the keys of an archive.
func (t *tree) openArchive(a *sourcemap.Archive) {
	t.archive, t.keys, t.byDebugID = a, map[string]sourcemap.Key{}, map[string][]string{}
	for k := range a.Keys() {
		p := strings.Join(urlPath(k.URL), "/") + ".map"
		if k.DebugID != "" {
			p = "debug id " + k.DebugID
			t.byDebugID[k.DebugID] = []string{p}
		}
		t.keys[p] = k
		if k.URL != "" {
			t.add(p)
		}
	}
	t.peekOnce.Do(func() {})
}

// close ends the use of the tree.
func (t *tree) close() error {
	if t.archive != nil {
		t.archive.Close()
		return nil
	}
	return t.root.Close()
}

// open opens the packed index at the path of an archive; nil where the tree is none.
func (t *tree) open(p string) (*sourcemap.Map, error) {
	if t == nil || t.archive == nil {
		return nil, nil
	}
	m, found, err := t.archive.Get(t.keys[p])
	if err == nil && !found {
		err = fs.ErrNotExist
	}
	return m, err
}

// add makes a file known. Of a compressed map, x.map.gz or x.map.zst, the plain name stands for it too, unless there is a file
// of that name (which comes before it).
func (t *tree) add(p string) {
	base := path.Base(p)
	t.byBase[base] = append(t.byBase[base], p)
	if strings.HasSuffix(base, ".map") {
		t.maps = append(t.maps, p)
		return
	}
	for _, end := range []string{".gz", ".zst"} {
		if plain, is := strings.CutSuffix(p, end); is && strings.HasSuffix(plain, ".map") && !t.has(plain) {
			if t.packed == nil {
				t.packed = map[string]string{}
			}
			t.packed[plain] = p
			t.add(plain)
		}
	}
}

// actual returns the file that a path stands for.
func (t *tree) actual(p string) string {
	if t != nil && t.packed[p] != "" {
		return t.packed[p]
	}
	return p
}

// has tells whether the tree holds a file at the path.
func (t *tree) has(p string) bool {
	for _, have := range t.byBase[path.Base(p)] {
		if have == p {
			return true
		}
	}
	return false
}

// read returns the bytes of a file of the tree.
func (t *tree) read(p string) ([]byte, error) {
	if t.archive != nil || !t.has(p) { // a path that is a single file gives nothing else of its folder
		return nil, fs.ErrNotExist
	}
	p = filepath.FromSlash(t.actual(p))
	info, err := t.root.Stat(p)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file") // opening a pipe would wait for its writer
	}
	f, err := t.root.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > MaxFileBytes:
		return nil, fmt.Errorf("%w: %d bytes are more than %d", errTooLarge, info.Size(), MaxFileBytes)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("shorter than it was: %w", err)
	}
	return data, nil
}

var errTooLarge = errors.New("too large")

// urlPath returns the segments of the path of a URL or file path: without scheme, host, query,
// fragment and dots, percent-decoded.
func urlPath(location string) []string {
	if _, rest, found := strings.Cut(location, "://"); found {
		location = rest
		if slash := strings.IndexByte(rest, '/'); slash > 0 {
			location = rest[slash:]
		}
	}
	if end := strings.IndexAny(location, "?#"); end >= 0 {
		location = location[:end]
	}
	if plain, err := url.PathUnescape(location); err == nil {
		location = plain
	}
	var segments []string
	for segment := range strings.SplitSeq(strings.ReplaceAll(location, `\`, "/"), "/") {
		switch segment {
		case "", ".", "~":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, segment)
		}
	}
	return segments
}
