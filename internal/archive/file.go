package archive

import (
	"errors"
	"io"
	"os"

	"github.com/symbolicate/symbolicate/internal/replace"
)

// Update changes the archive at the path, which is made where there is none: change adds and removes, and
// when it returns nil all that counts at once. It waits while another process updates the archive. change is called
// a second time when another process made the archive meanwhile.
func Update(path string, change func(w *Writer) error) error {
	for {
		file, err := open(path)
		if errors.Is(err, os.ErrNotExist) {
			var failed error // of change: may be os.ErrExist as well
			err = replace.New(path, func(f *os.File) error {
				w, err := Create(f)
				if err != nil {
					return err
				}
				if failed = change(w); failed != nil {
					return failed
				}
				return w.Commit()
			})
			if failed == nil && errors.Is(err, os.ErrExist) {
				continue // another process was first
			}
			return err
		}
		if err != nil {
			return err
		}
		defer file.Close()
		w, err := Begin(file)
		if err != nil {
			return err
		}
		if err = change(w); err == nil {
			err = w.Commit()
		}
		if err != nil {
			w.Abort()
		}
		return err
	}
}

// open opens and locks the archive that the path names, also when it is replaced meanwhile.
func open(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		err = lock(file)
		if err == nil {
			var mine, named os.FileInfo
			if mine, err = file.Stat(); err == nil {
				if named, err = os.Stat(path); err == nil && os.SameFile(mine, named) {
					return file, nil
				}
			}
		}
		file.Close()
		if err != nil {
			return nil, err
		}
	}
}

// Compact makes the archive anew without what is in it no longer: items without a key, and old directories. Whoever
// has the old file open keeps it.
func Compact(path string) error {
	file, err := open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	d, err := ReadFile(file)
	if err != nil {
		return err
	}
	keys := map[Range][]Key{}
	for i := range d.Len() {
		k, r := d.Key(i)
		keys[r] = append(keys[r], k)
	}
	return replace.File(path, func(f *os.File) error {
		w, err := Create(f)
		if err != nil {
			return err
		}
		for _, r := range d.Items() {
			err := w.Add(keys[r], func(out io.WriteSeeker) error {
				_, err := io.Copy(out, io.NewSectionReader(file, int64(r.Start), int64(r.Length)))
				return err
			})
			if err != nil {
				return err
			}
		}
		return w.Commit()
	})
}
