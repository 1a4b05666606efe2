// Package archive keeps many byte strings ("items": saved indexes) in one file, each found by keys. docs/FORMAT.md draws
// the file; in short:
//
//	head      4096 bytes: magic, version, two slots
//	items     each starts at a multiple of 64 bytes
//	directory where the items are, and their keys in order
//
// A slot says where the directory is, has a generation and a checksum; the valid one with the higher generation
// counts. Adding writes items and a new directory behind the old end, syncs, then writes the other slot and syncs
// again: whoever has the old directory open keeps it, and what a killed writer left behind the end is written over by the
// next. Nothing before the end is ever changed, so space is given back only by [Compact], which makes a new file.
package archive

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"sort"

	"github.com/symbolicate/symbolicate/internal/le"
)

const (
	magic     = "\x89symarc\n"
	version   = 1
	byteOrder = 0x0A0B0C0D

	headSize  = 4096
	slotAt    = 512 // of the first; the second lies in another disk sector
	slotStep  = 512
	slotSize  = 48
	alignment = 64
	keySize   = 16
	itemSize  = 16

	// maxDirectory is how many bytes a directory may have. Every reader takes that memory.
	maxDirectory = 1 << 30
)

var (
	// ErrFormat: not an archive, or one of a version that this reader does not know.
	ErrFormat = errors.New("not an archive")
	// ErrDamaged: an archive that differs from what was written.
	ErrDamaged = errors.New("damaged archive")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Is tells whether the data starts like an archive.
func Is(data []byte) bool { return len(data) >= len(magic) && string(data[:len(magic)]) == magic }

// A Kind says what a key is.
type Kind uint32

const (
	DebugID Kind = 1 // of the map, lower-case with hyphens
	URL     Kind = 2 // of the generated file, or a path that its URL ends with
)

// A Key finds an item.
type Key struct {
	Kind Kind
	Text string
}

func compare(a, b Key) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text)) }

// Range is a part of the file in bytes.
type Range struct{ Start, Length uint64 }

// slot is one of the two places that say where the directory is.
type slot struct {
	generation uint64
	directory  Range
	sum        uint32 // of the directory
}

func (s slot) end() uint64 { return s.directory.Start + s.directory.Length }

func (s slot) bytes() []byte {
	b := make([]byte, slotSize)
	le.Store64(b, 0, s.generation)
	le.Store64(b, 8, s.directory.Start)
	le.Store64(b, 16, s.directory.Length)
	le.Store32(b, 24, s.sum)
	le.Store32(b, slotSize-4, crc32.Checksum(b[:slotSize-4], castagnoli))
	return b
}

// readSlot returns a slot; the zero slot where nothing was written yet, or it is not whole, which is an error.
func readSlot(head []byte, i int) (s slot, err error) {
	b := head[slotAt+i*slotStep:][:slotSize]
	if bytes.Equal(b, make([]byte, slotSize)) {
		return slot{}, nil
	}
	s = slot{le.Load64(b, 0), Range{le.Load64(b, 8), le.Load64(b, 16)}, le.Load32(b, 24)}
	if s.generation == 0 || crc32.Checksum(b[:slotSize-4], castagnoli) != le.Load32(b, slotSize-4) {
		return slot{}, fmt.Errorf("%w: slot %d is not whole", ErrDamaged, i)
	}
	return s, nil
}

// A Directory says what is in an archive.
type Directory struct {
	slot   slot
	place  int   // 0 or 1: which slot it is in
	damage error // of the other slot

	items []Range
	keys  []byte // in order: u32 kind, u32 item, u32 start and end of the text
	text  []byte
}

// ReadFile reads the directory of an archive, which others may be adding to.
func ReadFile(file *os.File) (d *Directory, err error) {
	size := func() (int64, error) {
		info, err := file.Stat()
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	// A slot that somebody was just writing may look broken: then it is looked at again.
	for range 4 {
		if d, err = readFrom(file, size); err == nil && d.damage == nil || errors.Is(err, ErrFormat) {
			break
		}
	}
	return d, err
}

// Read reads the directory of an archive of so many bytes.
func Read(file io.ReaderAt, size int64) (*Directory, error) {
	return readFrom(file, func() (int64, error) { return size, nil })
}

// readFrom asks for the size when it has read the head, so that all that the head speaks of lies inside.
func readFrom(file io.ReaderAt, sizeOf func() (int64, error)) (*Directory, error) {
	head := make([]byte, headSize)
	if _, err := file.ReadAt(head, 0); err != nil {
		switch {
		case !errors.Is(err, io.EOF):
			return nil, err // the disk's, or it is a folder
		case !Is(head):
			return nil, ErrFormat
		}
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	if !Is(head) {
		return nil, ErrFormat
	}
	if order := le.Load32(head, 8); order != byteOrder {
		return nil, fmt.Errorf("%w: byte order mark %#x", ErrFormat, order)
	}
	if v := le.Load32(head, 12); v != version {
		return nil, fmt.Errorf("%w: version %d, this reader knows %d", ErrFormat, v, version)
	}
	var slots [2]slot
	var failed error
	for i := range slots {
		var err error
		if slots[i], err = readSlot(head, i); err != nil {
			failed = err
		}
	}
	size, err := sizeOf()
	if err != nil {
		return nil, err
	}
	// The newer one that is whole. What it speaks of was on the disk before it was written, so a directory that is not
	// whole was damaged later: the older one would answer for it, but not with what was added since.
	newer := 0
	if slots[1].generation > slots[0].generation {
		newer = 1
	}
	if slots[newer].generation == 0 {
		return nil, cmp.Or(failed, fmt.Errorf("%w: both slots are empty", ErrDamaged))
	}
	d, err := readDirectory(file, size, slots[newer])
	if err != nil {
		return nil, err
	}
	d.place, d.damage = newer, failed
	return d, nil
}

// Damage tells what is wrong with the slot that does not count: what was added last may be missing. The next update
// makes it good. nil: nothing.
func (d *Directory) Damage() error { return d.damage }

func readDirectory(file io.ReaderAt, size int64, s slot) (*Directory, error) {
	r := s.directory
	if r.Start < headSize || r.Start > uint64(size) || r.Length > min(uint64(size)-r.Start, maxDirectory) || r.Length < 8 {
		return nil, fmt.Errorf("%w: its directory lies outside", ErrDamaged)
	}
	data := make([]byte, r.Length)
	if _, err := file.ReadAt(data, int64(r.Start)); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: its directory: %v", ErrDamaged, err)
	} else if err != nil {
		return nil, err
	}
	if crc32.Checksum(data, castagnoli) != s.sum {
		return nil, fmt.Errorf("%w: checksum of its directory", ErrDamaged)
	}
	items, keys := uint64(le.Load32(data, 0)), uint64(le.Load32(data, 4))
	rest := data[8:]
	if items*itemSize+keys*keySize > uint64(len(rest)) {
		return nil, fmt.Errorf("%w: more in its directory than there is room for", ErrDamaged)
	}
	d := &Directory{slot: s, items: make([]Range, items)}
	for i := range d.items {
		item := Range{le.Load64(rest, i*itemSize), le.Load64(rest, i*itemSize+8)}
		if item.Start < headSize || item.Start > r.Start || item.Length > r.Start-item.Start || item.Start%alignment != 0 {
			return nil, fmt.Errorf("%w: item %d lies outside", ErrDamaged, i)
		}
		d.items[i] = item
	}
	rest = rest[items*itemSize:]
	d.keys, d.text = rest[:keys*keySize], rest[keys*keySize:]
	last, used := Key{}, uint64(0)
	for i := range d.Len() {
		at := i * keySize
		start, end := le.Load32(d.keys, at+8), le.Load32(d.keys, at+12)
		if uint64(le.Load32(d.keys, at+4)) >= items || start > end || uint64(end) > uint64(len(d.text)) {
			return nil, fmt.Errorf("%w: key %d", ErrDamaged, i)
		}
		// Keys don't share their text: they could be many times as large as the file.
		if used += uint64(end - start); used > uint64(len(d.text)) {
			return nil, fmt.Errorf("%w: key %d lies on others", ErrDamaged, i)
		}
		if k, _ := d.Key(i); i > 0 && compare(last, k) >= 0 {
			return nil, fmt.Errorf("%w: key %d is out of order", ErrDamaged, i)
		} else {
			last = k
		}
	}
	return d, nil
}

// Len returns the number of keys.
func (d *Directory) Len() int { return len(d.keys) / keySize }

// Key returns key i, in the order of kind and text, and where its item lies.
func (d *Directory) Key(i int) (Key, Range) {
	at := i * keySize
	text := d.text[le.Load32(d.keys, at+8):le.Load32(d.keys, at+12)]
	return Key{Kind(le.Load32(d.keys, at)), string(text)}, d.items[le.Load32(d.keys, at+4)]
}

// Find returns where the item with the key lies.
func (d *Directory) Find(k Key) (r Range, ok bool) {
	i := sort.Search(d.Len(), func(i int) bool { other, _ := d.Key(i); return compare(other, k) >= 0 })
	if i == d.Len() {
		return Range{}, false
	}
	other, r := d.Key(i)
	return r, other == k
}

// Items returns where the items lie, each once, in the order of the file.
func (d *Directory) Items() []Range { return d.items }

// End returns where the archive ends; what lies behind is of no use.
func (d *Directory) End() uint64 { return d.slot.end() }

// A Writer adds items to an archive. Between Begin and Commit it alone must write to the file.
type Writer struct {
	file  *os.File
	slot  slot
	place int
	at    uint64

	items []Range
	keys  map[Key]int // item
}

// Create writes the head of an archive into an empty file and begins to write to it.
func Create(file *os.File) (*Writer, error) {
	head := make([]byte, headSize)
	copy(head, magic)
	le.Store32(head, 8, byteOrder)
	le.Store32(head, 12, version)
	if _, err := file.WriteAt(head, 0); err != nil {
		return nil, err
	}
	return &Writer{file: file, at: headSize, place: 1, keys: map[Key]int{}}, nil
}

// Begin starts to write to an archive that is there. Whoever calls it holds a lock on the file.
func Begin(file *os.File) (*Writer, error) {
	d, err := ReadFile(file)
	if err != nil {
		return nil, err
	}
	if d.slot.generation == 1<<64-1 {
		return nil, fmt.Errorf("%w: no generation comes behind its last", ErrDamaged)
	}
	w := &Writer{file: file, slot: d.slot, place: d.place, at: d.slot.end(), items: slices.Clone(d.items), keys: map[Key]int{}}
	for i := range d.Len() {
		k, _ := d.Key(i)
		w.keys[k] = int(le.Load32(d.keys, i*keySize+4))
	}
	return w, nil
}

// Add writes an item and gives it the keys; an item that had one of them loses it.
func (w *Writer) Add(keys []Key, write func(out io.WriteSeeker) error) error {
	w.at = (w.at + alignment - 1) &^ (alignment - 1)
	out := &offsetWriter{file: w.file, base: int64(w.at)}
	if err := write(out); err != nil {
		return err
	}
	w.items = append(w.items, Range{w.at, uint64(out.size)})
	w.at += uint64(out.size)
	for _, k := range keys {
		w.keys[k] = len(w.items) - 1
	}
	return nil
}

// Remove takes a key away.
func (w *Writer) Remove(k Key) { delete(w.keys, k) }

// Commit makes what was added part of the archive. When it fails, or is never called, the archive stays as it was.
func (w *Writer) Commit() error {
	directory, err := w.directory()
	if err != nil {
		return err
	}
	w.at = (w.at + 7) &^ 7
	if _, err := w.file.WriteAt(directory, int64(w.at)); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	s := slot{w.slot.generation + 1, Range{w.at, uint64(len(directory))}, crc32.Checksum(directory, castagnoli)}
	place := 1 - w.place
	if _, err := w.file.WriteAt(s.bytes(), int64(slotAt+place*slotStep)); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return err
	}
	w.slot, w.place, w.at = s, place, s.end()
	// What a killed writer left behind the end.
	if info, err := w.file.Stat(); err == nil && uint64(info.Size()) > s.end() {
		_ = w.file.Truncate(int64(s.end()))
	}
	return nil
}

// Abort gives the space back that was written since Begin.
func (w *Writer) Abort() {
	if w.slot.generation > 0 {
		_ = w.file.Truncate(int64(w.slot.end()))
	}
}

// directory returns the bytes of the directory: items without a key are left out of it.
func (w *Writer) directory() ([]byte, error) {
	keys := make([]Key, 0, len(w.keys))
	for k := range w.keys {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	used := make([]int, len(w.items))
	for i := range used {
		used[i] = -1
	}
	for _, k := range keys {
		used[w.keys[k]] = 0
	}
	var items, entries, text []byte
	n := 0
	for i, r := range w.items {
		if used[i] < 0 {
			continue
		}
		used[i] = n
		n++
		items = le.AppendUint64(le.AppendUint64(items, r.Start), r.Length)
	}
	for _, k := range keys {
		start := len(text)
		text = append(text, k.Text...)
		for _, v := range []int{int(k.Kind), used[w.keys[k]], start, len(text)} {
			entries = le.AppendUint32(entries, uint32(v))
		}
	}
	head := le.AppendUint32(le.AppendUint32(nil, uint32(n)), uint32(len(keys)))
	if len(head)+len(items)+len(entries)+len(text) > maxDirectory {
		return nil, fmt.Errorf("a directory of more than %d bytes", maxDirectory)
	}
	return slices.Concat(head, items, entries, text), nil
}

// offsetWriter writes to a part of a file.
type offsetWriter struct {
	file           *os.File
	base, at, size int64
}

func (o *offsetWriter) Write(p []byte) (int, error) {
	n, err := o.file.WriteAt(p, o.base+o.at)
	o.at += int64(n)
	o.size = max(o.size, o.at)
	return n, err
}

func (o *offsetWriter) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start")
	}
	o.at = offset
	return offset, nil
}
