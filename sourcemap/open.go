package sourcemap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/internal/replace"
	"github.com/symbolicate/symbolicate/internal/unwrap"
)

// mapFrom is from how many bytes on Open maps a file instead of reading it.
const mapFrom = 64 << 10

// Open opens a file: a source map, which it parses, or an index saved by [Map.Save], of which it reads no more than
// the head; options are for the former. Errors name the path. It takes regular files and pipes, no devices and no
// folders, and no map of more than MaxBytes.
//
// Larger files are mapped into memory, not read: the file must not be written to while the map is in use, but may be
// removed, or replaced by a rename. What happens otherwise is no crash: see [Map.Err].
func Open(path string, options *Options) (*Map, error) {
	m, err := open(path, options)
	if parseError := (*ParseError)(nil); errors.As(err, &parseError) {
		parseError.Path = path
	} else if pathError := (*fs.PathError)(nil); errors.As(err, &pathError) {
		err = fmt.Errorf("sourcemap: %w", err)
	} else if err != nil {
		err = fmt.Errorf("sourcemap: %s: %w", path, err)
	}
	return m, err
}

func open(path string, options *Options) (*Map, error) {
	file, err := mmap.Path(path, mapFrom)
	if err != nil {
		return nil, err
	}
	if file != nil {
		return openMapped(path, file, options)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch kind := info.Mode().Type(); {
	case kind.IsDir():
		return nil, &fs.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	case kind&^fs.ModeNamedPipe != 0:
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("neither a regular file nor a pipe")}
	}
	var data bytes.Buffer
	data.Grow(int(min(info.Size(), MaxBytes)) + bytes.MinRead) // one more read finds the end
	if _, err = data.ReadFrom(io.LimitReader(f, MaxBytes+1)); err != nil {
		return nil, err
	}
	return Parse(data.Bytes(), options)
}

// openMapped opens what is in a mapped file, which it owns.
func openMapped(path string, file *mmap.Region, options *Options) (m *Map, err error) {
	if options == nil {
		options = &Options{}
	}
	var image *index.Image
	var p *parser
	data := file.Bytes()
	fault := file.Try(func() {
		if unwrap.Wrapping(data) != "" {
			if m, err = parseWrapped(data, options); err == nil {
				file.Free()
			}
			return
		}
		if index.Is(data) {
			m, err = openIndex(data, file)
			return
		}
		p = newParser(data, options)
		image, err = p.parse()
	})
	switch {
	case fault != nil:
		err = &fs.PathError{Op: "read", Path: path, Err: fault}
	case image != nil:
		return newParsed(p, image, file, file.Free, options)
	}
	if err != nil {
		file.Free()
		return nil, err
	}
	return m, nil
}

// IsIndex tells whether the data starts like a saved index.
func IsIndex(data []byte) bool { return index.Is(data) }

// openIndex opens a saved index.
func openIndex(data []byte, file *mmap.Region) (*Map, error) {
	image, err := index.Open(data, nil)
	if err != nil {
		return nil, err
	}
	return newMap(image, nil, file, file.Free)
}

// What is wrong with a saved index; match with [errors.Is].
var (
	ErrNotIndex       = index.ErrFormat    // no saved index, or one of a version that this package does not know
	ErrDamaged        = index.ErrDamaged   // differs from what was written
	ErrTruncatedIndex = index.ErrTruncated // ends too early
	ErrFault          = mmap.ErrFault      // the file became shorter while it was in use, or the disk failed
)

// MaxSourceTextBytes is how long a source text may be in a saved index.
const MaxSourceTextBytes = index.MaxTextBytes

// SaveOptions change what Save writes. The zero value and nil are the defaults.
type SaveOptions struct {
	NoSources bool // leave the source texts out
	Workers   int  // goroutines that compress source texts; 0: one for each processor
	// Progress is called now and then with the number of sources written and that of all; an error from
	// it ends the work, and is what Save returns.
	Progress func(done, total int) error
}

// Save writes the map as a packed index (docs/FORMAT.md) that [Open] opens without reading it. The file is made anew
// and takes the place of one that is there, or of a symbolic link, only when it is complete. A source text longer than
// [MaxSourceTextBytes] is an error.
func (m *Map) Save(path string, options *SaveOptions) error {
	err := replace.File(path, func(f *os.File) error { return m.WriteIndex(f, options) })
	if err != nil {
		return fmt.Errorf("sourcemap: save: %w", err)
	}
	return nil
}

// WriteIndex is [Map.Save] into a file, or the like, which is at its beginning and empty.
func (m *Map) WriteIndex(out io.WriteSeeker, options *SaveOptions) (err error) {
	if options == nil {
		options = &SaveOptions{}
	}
	var texts *index.SourceTexts
	switch {
	case options.NoSources:
		texts = &index.SourceTexts{}
	case m.data != nil:
		texts = m.sourceTexts()
	}
	if texts != nil {
		texts.Progress = options.Progress
	}
	if m.image == nil {
		return errors.New("the map is closed")
	}
	m.read(func() { err = m.image.Save(out, texts, max(options.Workers, 0)) })
	if err == nil {
		err = m.Err()
	}
	return err
}

// sourceTexts are the texts of a map that was parsed.
func (m *Map) sourceTexts() *index.SourceTexts {
	return &index.SourceTexts{
		N: m.info.Sources,
		Size: func(i int) int {
			span, _ := m.image.Pair(index.KindTextSpans, i)
			return int(span[1] - span[0])
		},
		Text: func(i int) (text []byte, has bool) { return m.appendText(nil, i) },
	}
}

// Verify reads a map that was opened from a saved index from end to end and returns the first thing that is wrong
// with it. Of a map that was parsed it returns nil.
func (m *Map) Verify() error {
	if m.data != nil || m.image == nil {
		return m.Err()
	}
	var err error
	m.read(func() { err = m.image.Verify() })
	if err == nil {
		err = m.Err()
	}
	return err
}
