// Package replace writes files whole: readers see the old file or the new one, never a part.
package replace

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// File makes the file at the path out of what write puts into a temporary one in the same folder: it is synced to
// the disk, then renamed. When write or anything else fails, the old file stays as it is and the temporary
// one is removed; only a killed process leaves it behind, as .NAME.NUMBER.tmp (of a long NAME the first 200 bytes).
func File(path string, write func(f *os.File) error) error { return file(path, write, os.Rename) }

// New is File for a path where nothing may be yet: else the error is os.ErrExist.
func New(path string, write func(f *os.File) error) error { return file(path, write, os.Link) }

func file(path string, write func(f *os.File) error, name func(from, to string) error) error {
	folder, base := filepath.Split(path)
	f, err := create(folder, base)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	defer f.Close()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	// Who may read the old file may read the new one.
	if old, err := os.Stat(path); err == nil {
		if err = f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = name(f.Name(), path); err != nil {
		return err
	}
	syncFolder(folder)
	return nil
}

func create(folder, name string) (f *os.File, err error) {
	name = strings.ToValidUTF8(name[:min(len(name), 200)], "") // file systems take 255 bytes for all
	for range 100 {
		temporary := filepath.Join(folder, fmt.Sprintf(".%s.%d.tmp", name, rand.Uint32()))
		// Not os.CreateTemp: its files are for their owner alone.
		if f, err = os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666); !os.IsExist(err) {
			return f, err
		}
	}
	return nil, err
}

// syncFolder makes the rename last through a crash. Not every file system can; then the rename is all there is.
func syncFolder(folder string) {
	if folder == "" {
		folder = "."
	}
	d, err := os.Open(folder)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Sync()
}
