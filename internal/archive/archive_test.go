package archive

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
)

// SYMBOLICATE_SOAK=1 makes tests try all 255 other values of a byte instead of a few, and kill more.
var soak = os.Getenv("SYMBOLICATE_SOAK") != ""

func debugID(text string) Key { return Key{DebugID, text} }
func url(text string) Key     { return Key{URL, text} }

// put adds an item with the keys.
func put(w *Writer, content string, keys ...Key) error {
	return w.Add(keys, func(out io.WriteSeeker) error {
		_, err := io.WriteString(out, content)
		return err
	})
}

// update adds one item to the archive at the path.
func update(t testing.TB, path, content string, keys ...Key) {
	t.Helper()
	require.NoError(t, Update(path, func(w *Writer) error { return put(w, content, keys...) }))
}

// contents returns what is behind each key, and checks the order of the keys, Find, and that nothing lies on another thing.
func contents(data []byte) (map[Key]string, error) {
	d, err := Read(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	all, last := map[Key]string{}, Key{}
	for i := range d.Len() {
		k, r := d.Key(i)
		if i > 0 && compare(last, k) >= 0 {
			return nil, fmt.Errorf("%v behind %v", k, last)
		}
		last = k
		if found, ok := d.Find(k); !ok || found != r {
			return nil, fmt.Errorf("%v is not found", k)
		}
		if r.Start+r.Length > d.End() || d.End() > uint64(len(data)) {
			return nil, fmt.Errorf("%v ends outside", k)
		}
		all[k] = string(data[r.Start : r.Start+r.Length])
	}
	return all, nil
}

func read(t testing.TB, path string) map[Key]string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	all, err := contents(data)
	require.NoError(t, err)
	return all
}

// size of the file, of which all belongs to the archive.
func size(t testing.TB, path string) int64 {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	d, err := Read(f, info.Size())
	require.NoError(t, err)
	require.EqualValues(t, d.End(), info.Size(), "something lies behind the end")
	return info.Size()
}

// onlyFile checks that nothing else lies in the folder of the file.
func onlyFile(t testing.TB, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range list {
		require.Equal(t, filepath.Base(path), e.Name())
	}
}

func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	want := map[Key]string{}
	for i, step := range []struct {
		content string
		keys    []Key
	}{
		{"one", []Key{url("a.js"), debugID("1")}},
		{"", []Key{url("empty")}},
		{"two", []Key{url("b.js")}},
		{"three", []Key{url("a.js")}}, // one loses it, and is still there under its id
		{"nothing leads to it", nil},
		{strings.Repeat("large ", 10_000), []Key{url(""), url("é/\x00\n"), debugID("")}},
		{"four", []Key{url("b.js"), url("b.js"), debugID("1"), {Kind: 77, Text: "of a later version"}}},
	} {
		update(t, path, step.content, step.keys...)
		for _, k := range step.keys {
			want[k] = step.content
		}
		require.Equal(t, want, read(t, path), "step %d", i)
		size(t, path)
	}
	// Several at once, and away with some.
	require.NoError(t, Update(path, func(w *Writer) error {
		w.Remove(url("b.js"))
		w.Remove(url("not there"))
		for i := range 100 {
			if err := put(w, fmt.Sprint(i), url(fmt.Sprint(i%50))); err != nil {
				return err
			}
		}
		return nil
	}))
	delete(want, url("b.js"))
	for i := range 100 {
		want[url(fmt.Sprint(i%50))] = fmt.Sprint(i)
	}
	require.Equal(t, want, read(t, path))
	before := size(t, path)
	require.NoError(t, Compact(path))
	require.Equal(t, want, read(t, path))
	assert.Less(t, size(t, path), before)
	onlyFile(t, path)

	// What is not there.
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	d, err := Read(f, size(t, path))
	require.NoError(t, err)
	for _, k := range []Key{url("a"), url("a.js "), debugID("a.js"), {}, {Kind: math.MaxUint32}, url("zzzz")} {
		_, found := d.Find(k)
		assert.False(t, found, "%v", k)
	}
}

// TestRandomUpdates does what comes to mind, and compares with a map in memory.
func TestRandomUpdates(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "archive")
	want := map[Key]string{}
	key := func() Key { return Key{Kind(1 + random.IntN(2)), strings.Repeat("k", random.IntN(10))} }
	for range 150 {
		switch action := random.IntN(10); {
		case action == 0:
			if len(want) > 0 {
				require.NoError(t, Compact(path))
			}
		case action == 1: // a killed writer's
			if f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
				_, err = f.Write(make([]byte, random.IntN(9000)))
				require.NoError(t, err)
				require.NoError(t, f.Close())
			}
		case action == 2:
			failed := errors.New("no")
			require.ErrorIs(t, Update(path, func(w *Writer) error {
				w.Remove(key())
				require.NoError(t, put(w, "lost", key()))
				return failed
			}), failed)
		default:
			require.NoError(t, Update(path, func(w *Writer) error {
				for range random.IntN(4) {
					if random.IntN(4) == 0 {
						k := key()
						w.Remove(k)
						delete(want, k)
					}
					content := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(5000))
					keys := []Key{key(), key()}[:random.IntN(3)]
					for _, k := range keys {
						want[k] = content
					}
					if err := put(w, content, keys...); err != nil {
						return err
					}
				}
				return nil
			}))
			require.Equal(t, want, read(t, path))
			size(t, path)
		}
	}
	onlyFile(t, path)
}

// TestUpdateFails: whatever change does before it fails, the archive stays byte for byte.
func TestUpdateFails(t *testing.T) {
	failed := errors.New("failed")
	path := filepath.Join(t.TempDir(), "archive")
	changes := map[string]func(w *Writer) error{
		"at once": func(w *Writer) error { return failed },
		"in an item": func(w *Writer) error {
			return w.Add([]Key{url("a")}, func(out io.WriteSeeker) error {
				_, _ = out.Write(make([]byte, 10_000))
				return failed
			})
		},
		"behind an item": func(w *Writer) error { return errors.Join(put(w, "more", url("a"), url("b")), failed) },
		"in a seek": func(w *Writer) error {
			return w.Add(nil, func(out io.WriteSeeker) error {
				_, err := out.Seek(-1, io.SeekStart)
				require.Error(t, err)
				return failed
			})
		},
	}
	for name, change := range changes {
		require.ErrorIs(t, Update(path, change), failed, name)
		_, err := os.Stat(path)
		require.ErrorIs(t, err, os.ErrNotExist, "%s: no archive where there was none", name)
		list, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Empty(t, list, name)
	}
	update(t, path, "one", url("a"))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, change := range changes {
		require.ErrorIs(t, Update(path, change), failed, name)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, before, after, name)
	}
	require.Panics(t, func() {
		_ = Update(path, func(w *Writer) error {
			require.NoError(t, put(w, "lost", url("a")))
			panic("a bug")
		})
	})
	require.Equal(t, map[Key]string{url("a"): "one"}, read(t, path))
	update(t, path, "two", url("b")) // nothing is locked
	onlyFile(t, path)
	size(t, path)

	// An item that was given up leaves nothing in the next one.
	require.NoError(t, Update(path, func(w *Writer) error {
		_ = changes["in an item"](w)
		return put(w, "three", url("c"))
	}))
	require.Equal(t, map[Key]string{url("a"): "one", url("b"): "two", url("c"): "three"}, read(t, path))
	size(t, path)
}

// TestUpdateFailsWithFileErrors: an error of change is not taken for one of the archive's own.
func TestUpdateFailsWithFileErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	for _, there := range []bool{false, true} {
		if there {
			update(t, path, "one", url("a"))
		}
		for _, failed := range []error{fs.ErrExist, fs.ErrNotExist, &fs.PathError{Op: "open", Path: "x", Err: fs.ErrExist}} {
			calls := 0
			err := Update(path, func(w *Writer) error {
				if calls++; calls > 3 {
					panic("change is called again and again")
				}
				return failed
			})
			assert.ErrorIs(t, err, failed)
			assert.Equal(t, 1, calls, "%v", failed)
		}
	}
}

func TestNotAnArchive(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, c := range []struct {
		name, content string
		kind          error
	}{
		{"empty", "", ErrFormat},
		{"text", "text", ErrFormat},
		{"much text", strings.Repeat("text", 2000), ErrFormat},
		{"half the magic", magic[:4], ErrFormat},
		{"the magic", magic, ErrDamaged},
		{"half a head", magic + strings.Repeat("\x00", 3000), ErrDamaged},
		{"a head of zeros", magic + strings.Repeat("\x00", headSize), ErrFormat},
		{"a head without slots", magic + "\x0d\x0c\x0b\x0a\x01\x00\x00\x00" + strings.Repeat("\x00", headSize), ErrDamaged},
		{"another byte order", magic + "\x0a\x0b\x0c\x0d\x01\x00\x00\x00" + strings.Repeat("\x00", headSize), ErrFormat},
		{"another version", magic + "\x0d\x0c\x0b\x0a\x02\x00\x00\x00" + strings.Repeat("\x00", headSize), ErrFormat},
		{"an image", "\x89symidx\n" + strings.Repeat("\x00", headSize), ErrFormat},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
		_, err := Read(strings.NewReader(c.content), int64(len(c.content)))
		assert.ErrorIs(t, err, c.kind, c.name)
		assert.ErrorIs(t, Compact(path), c.kind, c.name)
		assert.ErrorIs(t, Update(path, func(*Writer) error { panic("called") }), c.kind, c.name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, c.content, string(content), c.name)
	}
	onlyFile(t, path)
	assert.ErrorIs(t, Compact(filepath.Join(folder, "not there")), os.ErrNotExist)
	assert.Error(t, Update(folder, func(*Writer) error { panic("called") }))
	assert.Error(t, Update(filepath.Join(folder, "no", "folder"), func(w *Writer) error { return put(w, "") }))
}

// sampleArchive has two generations: of what is in the first, one thing is as it was, one has another content, one is gone.
func sampleArchive(t testing.TB) (data []byte, now, before map[Key]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive")
	require.NoError(t, Update(path, func(w *Writer) error {
		return errors.Join(put(w, "the first item", url("a.js"), debugID("1")), put(w, "the second item, gone", url("b.js")), put(w, "", url("empty")))
	}))
	before = read(t, path)
	require.NoError(t, Update(path, func(w *Writer) error {
		w.Remove(url("b.js"))
		return put(w, "the third item, with a new content", url("a.js"), url("c.js"))
	}))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	now = read(t, path)
	require.NotEqual(t, before, now)
	return data, now, before
}

// equalKeys tells whether the archives have the same keys for the same items; what is in the items, images say.
func equalKeys(data []byte, d, other *Directory) bool {
	if d.Len() != other.Len() {
		return false
	}
	for i := range d.Len() {
		k, r := d.Key(i)
		otherKey, otherRange := other.Key(i)
		if k != otherKey || r != otherRange {
			return false
		}
	}
	return true
}

// TestEveryByteChanged: opening fails, or the directory is that which was written last, or it is the one before and
// Damage tells.
func TestEveryByteChanged(t *testing.T) {
	data, _, _ := sampleArchive(t)
	t.Logf("%d bytes", len(data))
	good, err := Read(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.NoError(t, good.Damage())
	older := slices.Clone(data)
	clear(older[slotAt+good.place*slotStep:][:slotSize])
	old, err := Read(bytes.NewReader(older), int64(len(data)))
	require.NoError(t, err)
	require.False(t, equalKeys(data, good, old))
	stale := 0
	for at := range data {
		was := data[at]
		for _, v := range []byte{was ^ 1, was ^ 0x80, was ^ 0xFF, 0} {
			if v == was {
				continue
			}
			data[at] = v
			d, err := Read(bytes.NewReader(data), int64(len(data)))
			switch {
			case err != nil:
				require.True(t, errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat), "byte %d: %v", at, err)
			case equalKeys(data, d, good):
			case equalKeys(data, d, old) && errors.Is(d.Damage(), ErrDamaged):
				stale++
			default:
				require.Fail(t, "another directory", "byte %d", at)
			}
		}
		data[at] = was
	}
	t.Logf("%d changes give the directory before the last update", stale)
}

// TestEveryTruncation: the same for archives that end too early.
func TestEveryTruncation(t *testing.T) {
	data, now, _ := sampleArchive(t)
	for n := range data {
		_, err := contents(data[:n])
		require.Error(t, err, "%d bytes", n)
		require.True(t, errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat), "%d bytes: %v", n, err)
	}
	all, err := contents(append(slices.Clone(data), "what a killed writer left"...))
	require.NoError(t, err)
	require.Equal(t, now, all)
}

// mend makes the checksums of both slots and their directories right again.
func mend(data []byte) {
	if len(data) < headSize {
		return
	}
	for i := range 2 {
		b := data[slotAt+i*slotStep:][:slotSize]
		if start, length := le.Load64(b, 8), le.Load64(b, 16); start <= uint64(len(data)) && length <= uint64(len(data))-start {
			le.Store32(b, 24, crc32.Checksum(data[start:start+length], castagnoli))
		}
		le.Store32(b, slotSize-4, crc32.Checksum(b[:slotSize-4], castagnoli))
	}
}

// TestEveryByteChangedAndMended: whatever it is, all that is read lies inside; and the archive can be written to and compacted.
func TestEveryByteChangedAndMended(t *testing.T) {
	data, _, _ := sampleArchive(t)
	for at := range data {
		if at > slotAt+slotStep+slotSize && at < headSize {
			continue
		}
		was := data[at]
		for _, v := range []byte{was ^ 1, was ^ 0x80, was ^ 0xFF, 0} {
			copied := slices.Clone(data)
			copied[at] = v
			mend(copied)
			_, err := contents(copied)
			require.True(t, err == nil || errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat), "byte %d: %v", at, err)
		}
	}
}

func u32(list ...uint32) (out []byte) {
	for _, v := range list {
		out = le.AppendUint32(out, v)
	}
	return out
}

func u64(list ...uint64) (out []byte) {
	for _, v := range list {
		out = le.AppendUint64(out, v)
	}
	return out
}

// archiveOf is an archive of 8192 bytes of items and the directory.
func archiveOf(directory []byte) []byte {
	data := make([]byte, 2*headSize, 2*headSize+len(directory))
	copy(data, magic)
	le.Store32(data, 8, byteOrder)
	le.Store32(data, 12, version)
	copy(data[slotAt:], slot{7, Range{2 * headSize, uint64(len(directory))}, crc32.Checksum(directory, castagnoli)}.bytes())
	return append(data, directory...)
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

const whole = 1<<32 - 1

func TestHostileDirectories(t *testing.T) {
	item := u64(headSize, 100)
	for _, c := range []struct {
		name      string
		directory []byte
		good      bool
	}{
		{"empty", u32(0, 0), true},
		{"no bytes", nil, false},
		{"too short", u32(0), false},
		{"one item, no key", slices.Concat(u32(1, 0), item), true},
		{"one", slices.Concat(u32(1, 1), item, u32(2, 0, 0, 1), []byte("a")), true},
		{"more behind it", slices.Concat(u32(1, 1), item, u32(2, 0, 0, 1), []byte("abc")), true},
		{"4 billion items", slices.Concat(u32(whole, 0), item), false},
		{"4 billion keys", slices.Concat(u32(1, whole), item), false},
		{"4 billion of each", slices.Concat(u32(whole, whole), item), false},
		{"a key too many", slices.Concat(u32(1, 1), item, u32(2, 0, 0)), false},
		{"an item in the head", slices.Concat(u32(1, 0), u64(headSize-alignment, 100)), false},
		{"an item at an odd place", slices.Concat(u32(1, 0), u64(headSize+8, 100)), false},
		{"an item that ends in the directory", slices.Concat(u32(1, 0), u64(headSize, headSize+1)), false},
		{"an item that ends at the directory", slices.Concat(u32(1, 0), u64(headSize, headSize)), true},
		{"an item behind the directory", slices.Concat(u32(1, 0), u64(3*headSize, 0)), false},
		{"an item too long to be added", slices.Concat(u32(1, 0), u64(headSize, math.MaxUint64)), false},
		{"an item of the last byte there is", slices.Concat(u32(1, 0), u64(math.MaxUint64-63, 64)), false},
		{"a key without its item", slices.Concat(u32(1, 1), item, u32(2, 1, 0, 0)), false},
		{"a key of a far item", slices.Concat(u32(1, 1), item, u32(2, whole, 0, 0)), false},
		{"a key that ends before it starts", slices.Concat(u32(1, 1), item, u32(2, 0, 2, 1), []byte("abc")), false},
		{"a key that ends outside", slices.Concat(u32(1, 1), item, u32(2, 0, 0, 4), []byte("abc")), false},
		{"a key that starts far outside", slices.Concat(u32(1, 1), item, u32(2, 0, whole, whole), []byte("abc")), false},
		{"keys in the wrong order", slices.Concat(u32(1, 2), item, u32(2, 0, 1, 2, 2, 0, 0, 1), []byte("ab")), false},
		{"kinds in the wrong order", slices.Concat(u32(1, 2), item, u32(2, 0, 0, 1, 1, 0, 1, 2), []byte("ab")), false},
		{"a key twice", slices.Concat(u32(1, 2), item, u32(2, 0, 0, 1, 2, 0, 1, 2), []byte("aa")), false},
		{"items on one another", slices.Concat(u32(2, 2), item, item, u32(1, 0, 0, 1, 2, 1, 1, 2), []byte("aa")), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := archiveOf(c.directory)
			before := allocated()
			_, err := contents(data)
			assert.Less(t, allocated()-before, uint64(1<<20))
			path := filepath.Join(t.TempDir(), "archive")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			if !c.good {
				require.ErrorIs(t, err, ErrDamaged)
				require.ErrorIs(t, Compact(path), ErrDamaged)
				require.ErrorIs(t, Update(path, func(w *Writer) error { return nil }), ErrDamaged)
				return
			}
			require.NoError(t, err)
			all := read(t, path)
			require.NoError(t, Compact(path))
			require.Equal(t, all, read(t, path))
			require.NoError(t, os.WriteFile(path, data, 0o600))
			update(t, path, "more", url("more"))
			all[url("more")] = "more"
			require.Equal(t, all, read(t, path))
		})
	}
}

func TestHostileSlots(t *testing.T) {
	good, now, before := sampleArchive(t)
	d, err := Read(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err)
	newer, older := slotAt+d.place*slotStep, slotAt+(1-d.place)*slotStep
	for _, c := range []struct {
		name   string
		change func(data []byte)
		want   map[Key]string // nil: damaged
	}{
		{"nothing changed", func(data []byte) {}, now},
		{"generation 0", func(data []byte) { le.Store64(data, newer, 0) }, before},
		{"both of generation 0", func(data []byte) { le.Store64(data, newer, 0); le.Store64(data, older, 0) }, nil},
		{"the highest generation", func(data []byte) { le.Store64(data, older, math.MaxUint64) }, before},
		{"the highest generation but one", func(data []byte) { le.Store64(data, older, math.MaxUint64-1) }, before},
		{"a directory in the head", func(data []byte) { le.Store64(data, newer+8, 0) }, nil},
		{"a directory outside", func(data []byte) { le.Store64(data, newer+8, uint64(len(data))) }, nil},
		{"a directory far outside", func(data []byte) { le.Store64(data, newer+8, math.MaxUint64) }, nil},
		{"a directory that ends outside", func(data []byte) { le.Store64(data, newer+16, uint64(len(data))) }, nil},
		{"a directory too long to be added", func(data []byte) { le.Store64(data, newer+16, math.MaxUint64) }, nil},
		{"a directory of nothing", func(data []byte) { le.Store64(data, newer+16, 0) }, nil},
		{"both slots the same", func(data []byte) { copy(data[older:][:slotSize], data[newer:]) }, now},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := slices.Clone(good)
			c.change(data)
			mend(data)
			all, err := contents(data)
			if c.want == nil {
				require.ErrorIs(t, err, ErrDamaged)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, all)
			// The next update works, whatever was there.
			path := filepath.Join(t.TempDir(), "archive")
			require.NoError(t, os.WriteFile(path, data, 0o600))
			if c.name == "the highest generation" {
				require.ErrorIs(t, Update(path, func(*Writer) error { panic("called") }), ErrDamaged)
				require.NoError(t, Compact(path)) // that starts again
			}
			update(t, path, "more", url("more"))
			all[url("more")] = "more"
			require.Equal(t, all, read(t, path))
		})
	}
}

// busy is an archive that is added to whenever somebody reads its head.
type busy struct {
	*os.File
	add func()
}

func (f busy) ReadAt(p []byte, offset int64) (int, error) {
	if offset == 0 {
		f.add()
	}
	return f.File.ReadAt(p, offset)
}

// TestReadWhileWriting: who reads an archive while others add to it finds what was there last, or just before, and no damage.
func TestReadWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	n := 0
	add := func() {
		n++
		update(t, path, strings.Repeat("x", 5000), url(fmt.Sprint(n)))
	}
	add()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	d, err := readFrom(busy{f, func() { add(); add() }}, func() (int64, error) {
		info, err := f.Stat()
		require.NoError(t, err)
		return info.Size(), nil
	})
	require.NoError(t, err)
	require.NoError(t, d.Damage())
	require.Equal(t, 3, d.Len())

	stop, done := make(chan bool), make(chan int)
	go func() {
		reads, last := 0, 0
		for ; ; reads++ {
			select {
			case <-stop:
				done <- reads
				return
			default:
			}
			d, err := ReadFile(f)
			if assert.NoError(t, err) && assert.NoError(t, d.Damage()) {
				assert.GreaterOrEqual(t, d.Len(), last)
				last = d.Len()
			}
		}
	}()
	for range 100 {
		add()
	}
	close(stop)
	t.Logf("read %d times", <-done)
}

// TestHostileCosts: directories made to cost a reader time or memory.
func TestHostileCosts(t *testing.T) {
	const n, text = 30_000, 500_000
	keys := u32(1, n)
	keys = append(keys, u64(headSize, 100)...)
	for i := range n { // all are parts of one text, each longer by one than the one before
		keys = append(keys, u32(2, 0, 0, uint32(text-n+i))...)
	}
	data := archiveOf(append(keys, bytes.Repeat([]byte("k"), text)...))
	before, start := allocated(), time.Now()
	_, err := Read(bytes.NewReader(data), int64(len(data)))
	t.Logf("%d bytes: %v, %d MB, %v", len(data), time.Since(start), (allocated()-before)>>20, err)
	assert.Less(t, time.Since(start), 2*time.Second)
	assert.Less(t, allocated()-before, uint64(64<<20))

	// A file with a hole of a terabyte in it, which its slot says is the directory.
	path := filepath.Join(t.TempDir(), "archive")
	data = archiveOf(nil)
	copy(data[slotAt:], slot{1, Range{headSize, 1 << 40}, 0}.bytes())
	require.NoError(t, os.WriteFile(path, data, 0o600))
	if err := os.Truncate(path, 1<<41); err != nil {
		t.Logf("no sparse files here: %v", err)
		return
	}
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	before = allocated()
	_, err = Read(f, 1<<41)
	assert.ErrorIs(t, err, ErrDamaged)
	assert.Less(t, allocated()-before, uint64(1<<30))
}
