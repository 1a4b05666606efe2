package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
)

// FuzzRead opens any bytes as an archive; where whole is set, the head's fixed parts and all checksums are made right
// first. What opens can be compacted and written to.
func FuzzRead(f *testing.F) {
	sample, _, _ := sampleArchive(f)
	f.Add(sample, true)
	f.Add(sample, false)
	f.Add(sample[:headSize], true)
	f.Add(archiveOf(u32(0, 0)), true)
	f.Add(archiveOf(append(append(u32(1, 2), u64(headSize, 100)...), append(u32(1, 0, 0, 1, 2, 0, 1, 2), "ab"...)...)), true)
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		if len(data) > 1<<16 {
			return
		}
		data = bytes.Clone(data)
		if whole && len(data) >= headSize {
			copy(data, magic)
			le.Store32(data, 8, byteOrder)
			le.Store32(data, 12, version)
			mend(data)
		}
		before := allocated()
		all, err := contents(data)
		require.Less(t, allocated()-before, uint64(64<<20))
		if err != nil {
			require.True(t, errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat), "%v", err)
			return
		}
		path := filepath.Join(folder, "archive")
		write := func() { require.NoError(t, os.WriteFile(path, data, 0o600)) }
		write()
		require.NoError(t, Compact(path))
		require.Equal(t, all, read(t, path))
		write()
		if err := Update(path, func(w *Writer) error { return put(w, "more", url("more")) }); err != nil {
			require.ErrorIs(t, err, ErrDamaged) // the last generation there is
			return
		}
		all[url("more")] = "more"
		require.Equal(t, all, read(t, path))
		size(t, path)
	})
}

// FuzzUpdate runs a program of updates, and compares with a map in memory. An update is a byte for each key that it gets,
// the lowest five bits are the key, and what the others say: add, remove, fail, leave a tail, compact.
func FuzzUpdate(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\xe0\x03\x20\xc0\x01\xa0\x80\x02"))
	f.Add([]byte("\x01\x01\x01\xc0\xc0\x80\x20\x21\xa0"))
	f.Add([]byte("\x41\x42\x43\xa0\x61\xa0\x01"))
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 40 {
			return
		}
		path := filepath.Join(t.TempDir(), "archive")
		want := map[Key]string{}
		for i, op := range program {
			k := Key{Kind(1 + op&1), string(bytes.Repeat([]byte{'k'}, int(op>>1&15)))}
			content := string(bytes.Repeat([]byte{byte('0' + i)}, 100*i))
			switch op >> 5 {
			case 0, 1: // one key
				update(t, path, content, k)
				want[k] = content
			case 2: // many
				require.NoError(t, Update(path, func(w *Writer) error {
					for n := range i {
						more := Key{k.Kind, k.Text + string(rune('a'+n))}
						if err := put(w, content, more, k); err != nil {
							return err
						}
						want[more], want[k] = content, content
					}
					return nil
				}))
			case 3:
				require.NoError(t, Update(path, func(w *Writer) error { w.Remove(k); return nil }))
				delete(want, k)
			case 4:
				failed := errors.New("no")
				require.ErrorIs(t, Update(path, func(w *Writer) error { return errors.Join(put(w, content, k), failed) }), failed)
			case 5:
				if err := Compact(path); err != nil {
					require.ErrorIs(t, err, os.ErrNotExist)
				}
			default: // a killed writer's tail
				if file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
					_, err = file.WriteString(content)
					require.NoError(t, err)
					require.NoError(t, file.Close())
				}
			}
			if _, err := os.Stat(path); err == nil {
				require.Equal(t, want, read(t, path), "%d of %x", i, program)
			} else {
				require.Empty(t, want)
			}
		}
	})
}
