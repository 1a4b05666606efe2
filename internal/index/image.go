package index

import (
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/mmap"
)

// Kind names a section. The numbers stand in files and are never given another meaning; a reader skips
// sections that it does not know.
type Kind uint32

const (
	KindInfo           Kind = 1 // counts and flags, see Info
	KindStrings        Kind = 2 // texts of the whole map: file, debug id, then source roots
	KindNames          Kind = 3 // texts
	KindSources        Kind = 4 // texts: entries of "sources" as they are in the map
	KindSourceInfo     Kind = 5 // for each source: u32 flags, u32 index in KindStrings of its root
	KindProblems       Kind = 6 // texts: kind and words of each problem
	KindProblemOffsets Kind = 7 // for each problem: u64 byte offset in the map
	KindBlocks         Kind = 8 // see block.go
	KindKeys           Kind = 9 // for each block: u64 line<<32 | column where it starts
	KindOffsets        Kind = 10
	KindGuide          Kind = 11 // see guide.go
	KindFunctions      Kind = 12 // see functions.go
	KindTextSpans      Kind = 13 // in memory only: for each source u32 start, u32 end in the map's bytes
	KindTextGroups     Kind = 14 // see texts.go
	KindTexts          Kind = 15
	KindTextLines      Kind = 16
	KindTextData       Kind = 17
	KindRanged         Kind = 18 // for each block u64: which of its mappings are range mappings; absent: none is
	KindScopeTrees     Kind = 19 // see scopes.go
	KindReactNative    Kind = 20 // texts: fields of React Native, as JSON; not there for other maps
	KindFunctionNames  Kind = 21 // texts
	KindMore           Kind = 22 // entries of the sections that the head has no room for
	kinds                   = 23
)

const (
	// HeadSize is where the sections start: the header and up to maxSections entries of the table.
	HeadSize    = 512
	headerSize  = 64
	entrySize   = 24
	maxSections = (HeadSize - headerSize) / entrySize
	// sumSize is how many bytes one checksum is over: small enough to be checked at the first touch.
	sumSize = 4096
	version = 1
	// byteOrder reads so on a machine, or in a file, of the right byte order.
	byteOrder = 0x0A0B0C0D
)

// magic starts every image: a byte that no text starts with, the name, and a line end that a transfer as
// text would change.
const magic = "\x89symidx\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	// ErrFormat: not an image, or one of a version that this reader does not know.
	ErrFormat = errors.New("not a saved index")
	// ErrDamaged: an image that differs from what was written.
	ErrDamaged = errors.New("damaged index")
	// ErrTruncated: an image that ends too early.
	ErrTruncated = errors.New("truncated index")
)

// Is tells whether the data starts like an image.
func Is(data []byte) bool {
	return len(data) >= len(magic) && string(data[:len(magic)]) == magic
}

// An Image is a whole index. Its methods may be called from any goroutine until Free.
type Image struct {
	data     []byte
	sections [kinds][]byte
	starts   [kinds]int
	region   *mmap.Region // what Free gives back; nil for somebody else's memory
	file     bool         // not built in this process: nothing in it is taken on trust

	// Of an image from a file: a checksum for each sumSize bytes behind the head, and which have been
	// compared. nil for an image built in this process.
	sums     []uint32
	sumEnd   int // where the bytes that they are over end
	verified []atomic.Uint64
	damage   atomic.Pointer[error]
	untrue   atomic.Bool // a part contradicts itself: whoever wrote it meant harm, or is broken
}

// Open reads the head of an image; the rest is looked at when it is used, or by Verify. The image keeps
// data, and frees the region (which may be nil) when it is freed.
func Open(data []byte, region *mmap.Region) (*Image, error) {
	image, err := open(data)
	if err == nil {
		err = image.openSums()
	}
	if err != nil {
		return nil, err
	}
	image.region, image.file = region, true
	if err := image.openMore(); err != nil {
		return nil, err
	}
	return image, nil
}

func open(data []byte) (*Image, error) {
	if !Is(data) {
		return nil, ErrFormat
	}
	if len(data) < HeadSize {
		return nil, fmt.Errorf("%w: %d bytes, the head alone has %d", ErrTruncated, len(data), HeadSize)
	}
	if order := le.Load32(data, 8); order != byteOrder {
		return nil, fmt.Errorf("%w: byte order mark %#x", ErrFormat, order)
	}
	if v := le.Load32(data, 12); v != version {
		return nil, fmt.Errorf("%w: version %d, this reader knows %d", ErrFormat, v, version)
	}
	if crc := headSum(data); crc != le.Load32(data, 28) {
		return nil, fmt.Errorf("%w: checksum of the head", ErrDamaged)
	}
	size, count := le.Load64(data, 16), le.Load32(data, 24)
	if size > uint64(len(data)) {
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrTruncated, len(data), size)
	}
	if count > maxSections || size < HeadSize {
		return nil, fmt.Errorf("%w: %d sections in %d bytes", ErrDamaged, count, size)
	}
	image := &Image{data: data[:size:size]}
	end := size // of the sections: where the checksums start, if there are any
	if at := le.Load64(data, 32); at != 0 {
		end = min(end, at)
	}
	if err := image.addSections(data[headerSize:headerSize+int(count)*entrySize], end); err != nil {
		return nil, err
	}
	return image, nil
}

// addSections takes the sections that a table has; they end before the offset.
func (m *Image) addSections(table []byte, end uint64) error {
	for at := 0; at+entrySize <= len(table); at += entrySize {
		kind, start, length := le.Load32(table, at), le.Load64(table, at+8), le.Load64(table, at+16)
		if start < HeadSize || start > end || length > end-start || start%8 != 0 {
			return fmt.Errorf("%w: section %d lies outside", ErrDamaged, at/entrySize)
		}
		if kind < kinds {
			m.sections[kind] = m.data[start : start+length : start+length]
			m.starts[kind] = int(start)
		}
	}
	return nil
}

// openMore takes the sections that the head has no room for.
func (m *Image) openMore() error {
	table := m.sections[KindMore]
	if len(table) > kinds*entrySize {
		return fmt.Errorf("%w: %d bytes of entries of sections", ErrDamaged, len(table))
	}
	if !m.check(m.starts[KindMore], len(table)) {
		return m.Err()
	}
	return m.addSections(table, uint64(m.sumEnd))
}

// headSum is the checksum of header and table, with the checksum's own bytes left out.
func headSum(data []byte) uint32 {
	crc := crc32.Update(0, castagnoli, data[:28])
	return crc32.Update(crc, castagnoli, data[32:HeadSize])
}

// openSums reads the checksums, which stand at the end.
func (m *Image) openSums() error {
	at, size := le.Load64(m.data, 32), uint64(len(m.data))
	if at < HeadSize || at > size || at%8 != 0 {
		return fmt.Errorf("%w: place of the checksums", ErrDamaged)
	}
	count := (at - HeadSize + sumSize - 1) / sumSize
	if size-at != 4*count {
		return fmt.Errorf("%w: number of checksums", ErrDamaged)
	}
	// Their own checksum is for Verify: a wrong one makes good bytes look damaged, never the reverse.
	m.sums, m.sumEnd = le.Uint32s(m.data[at:]), int(at)
	m.verified = make([]atomic.Uint64, (count+63)/64)
	return nil
}

// Free gives the memory back; nothing may be called afterwards.
func (m *Image) Free() { m.region.Free() }

// Inherit opens an image that was built in the process that this one was forked from, in the region.
func Inherit(data []byte, region *mmap.Region) (*Image, error) {
	m, err := open(data)
	if err == nil {
		m.region = region
	}
	return m, err
}

// Region returns the memory that the image lies in, nil for somebody else's.
func (m *Image) Region() *mmap.Region { return m.region }

// Saved tells that the image was saved: it is checked when it is read.
func (m *Image) Saved() bool { return m.file }

// Bytes returns the whole image.
func (m *Image) Bytes() []byte { return m.data }

// Size returns the number of bytes of a section, 0 where there is none.
func (m *Image) Size(kind Kind) int { return len(m.sections[kind]) }

// Err returns the first damage found so far, nil for none. What was read from damaged parts is nothing.
func (m *Image) Err() error {
	if err := m.damage.Load(); err != nil {
		return *err
	}
	return nil
}

// fail remembers the first damage.
func (m *Image) fail(err error) { m.damage.CompareAndSwap(nil, &err) }

// check compares the checksums over so many bytes at the offset, each once.
func (m *Image) check(at, n int) bool {
	if n <= 0 {
		return true
	}
	for i := (at - HeadSize) / sumSize; i <= (at-HeadSize+n-1)/sumSize; i++ {
		if m.verified[i/64].Load()>>(i%64)&1 != 0 {
			continue
		}
		if !m.checkSum(i) {
			return false
		}
	}
	return true
}

func (m *Image) checkSum(i int) bool {
	start := HeadSize + i*sumSize
	if crc32.Checksum(m.data[start:min(start+sumSize, m.sumEnd)], castagnoli) != m.sums[i] {
		m.fail(fmt.Errorf("%w: checksum of the %d bytes from byte %d on", ErrDamaged, sumSize, start))
		return false
	}
	m.verified[i/64].Or(1 << (i % 64))
	return true
}

// Verify checks everything: all checksums, and that every part can be read.
func (m *Image) Verify() error {
	if m.file && crc32.Checksum(m.data[m.sumEnd:], castagnoli) != le.Load32(m.data, 40) {
		m.fail(fmt.Errorf("%w: checksum of the checksums", ErrDamaged))
		return m.Err()
	}
	for i := range m.sums {
		if !m.checkSum(i) {
			return m.Err()
		}
	}
	info, err := m.Info()
	if err != nil {
		return err
	}
	table, err := m.Table()
	if err != nil {
		return err
	}
	n, last := 0, key(0)
	table.All(func(s Segment) bool {
		if k := keyOf(s.Line, s.Column); k < last || s.Line < 0 || s.Column < 0 {
			m.fail(fmt.Errorf("%w: mapping %d is out of order", ErrDamaged, n))
			return false
		} else {
			last = k
		}
		if s.Source < -1 || int(s.Source) >= info.Sources || s.Name < -1 || int(s.Name) >= info.Names ||
			s.OriginalLine < 0 || s.OriginalColumn < 0 {
			m.fail(fmt.Errorf("%w: mapping %d is out of range", ErrDamaged, n))
			return false
		}
		n++
		return true
	})
	if err := m.Err(); err != nil {
		return err
	}
	if n != info.Segments {
		return fmt.Errorf("%w: %d mappings where there should be %d", ErrDamaged, n, info.Segments)
	}
	table.verifyRanged()
	if err := m.Err(); err != nil {
		return err
	}
	for i := range table.blocks {
		if before, ok := table.blocksBefore(key(table.keys[i])); !ok || before > i || table.keys[before] != table.keys[i] {
			table.guideAt.damaged()
			return m.Err()
		}
	}
	for _, kind := range []Kind{KindStrings, KindNames, KindSources, KindProblems, KindReactNative} {
		texts := m.Texts(kind)
		for i := 0; i < texts.Len() && m.Err() == nil; i++ {
			texts.Text(i)
		}
	}
	if err := m.verifyScopes(&info); err != nil {
		return err
	}
	if err := m.verifyFunctions(&info); err != nil {
		return err
	}
	return m.verifyTexts()
}

// An area is where a section lies, for checks before it is read. The zero area needs none.
type area struct {
	image *Image
	start int
}

// area returns the place of a section.
func (m *Image) area(kind Kind) area {
	if !m.file {
		return area{}
	}
	return area{m, m.starts[kind]}
}

// read tells whether so many bytes at the offset of the section are as they were written.
func (a area) read(at, n int) bool { return a.image == nil || a.image.check(a.start+at, n) }

// damaged says that a part contradicts itself.
func (a area) damaged() {
	if a.image != nil {
		a.image.untrue.Store(true)
		a.image.fail(fmt.Errorf("%w: the section at byte %d contradicts itself", ErrDamaged, a.start))
	}
}

// untrue tells that the image was found out to contradict itself.
func (a area) untrue() bool { return a.image != nil && a.image.untrue.Load() }

// Info is what an image says of the whole map.
type Info struct {
	Segments       int
	Sources, Names int
	Problems       int // listed
	Cut            int // problems beyond those listed
	Indexed        bool
	InputSize      int64 // bytes of the map that it was made from
}

const infoSize = 48

const infoIndexed = 1

// Info reads the counts.
func (m *Image) Info() (info Info, err error) {
	data := m.sections[KindInfo]
	if len(data) < infoSize || m.file && !m.check(m.starts[KindInfo], infoSize) {
		m.fail(fmt.Errorf("%w: no counts", ErrDamaged))
		return Info{}, m.Err()
	}
	count := func(at int) int { return int(le.Load32(data, at)) }
	return Info{
		Segments: int(le.Load64(data, 0)), InputSize: int64(le.Load64(data, 8)),
		Sources: count(16), Names: count(20), Problems: count(24), Cut: count(28), Indexed: le.Load32(data, 32)&infoIndexed != 0,
	}, nil
}

// Numbers returns the 64-bit numbers of a section as a copy; nil where it is damaged.
func (m *Image) Numbers(kind Kind) []uint64 {
	data := m.sections[kind]
	if !m.area(kind).read(0, len(data)) {
		return nil
	}
	list := make([]uint64, len(data)/8)
	for i := range list {
		list[i] = le.Load64(data, 8*i)
	}
	return list
}

// Pair returns pair i of 32-bit numbers of a section; ok is false where there is none, or it is damaged.
func (m *Image) Pair(kind Kind, i int) (pair [2]uint32, ok bool) {
	data := m.sections[kind]
	if i < 0 || i >= len(data)/8 || !m.area(kind).read(8*i, 8) {
		return pair, false
	}
	return [2]uint32{le.Load32(data, 8*i), le.Load32(data, 8*i+4)}, true
}

// Table returns the mappings.
func (m *Image) Table() (*Table, error) {
	info, err := m.Info()
	if err != nil {
		return nil, err
	}
	t := &Table{
		segments: info.Segments, data: m.sections[KindBlocks], keys: le.Uint64s(m.sections[KindKeys]),
		offsets: le.Uint32s(m.sections[KindOffsets]), guide: le.Uint32s(m.sections[KindGuide]),
		dataAt: m.area(KindBlocks), keysAt: m.area(KindKeys), offsetsAt: m.area(KindOffsets), guideAt: m.area(KindGuide),
	}
	t.blocks = len(t.keys)
	if t.blocks > 0 && (len(t.offsets) != t.blocks+1 || len(t.data) < padding) {
		m.fail(fmt.Errorf("%w: %d keys for %d blocks", ErrDamaged, t.blocks, len(t.offsets)))
		return nil, m.Err()
	}
	if ranged := m.sections[KindRanged]; len(ranged) > 0 {
		t.ranged, t.rangedAt = le.Uint64s(ranged), m.area(KindRanged)
		if len(ranged) != 8*t.blocks {
			m.fail(fmt.Errorf("%w: %d bytes of range mappings for %d blocks", ErrDamaged, len(ranged), t.blocks))
			return nil, m.Err()
		}
	}
	if !m.file {
		t.useKernel()
	}
	return t, nil
}

// A Writer builds an image in memory outside Go's heap, section by section. Its first error stays, and is
// what Finish returns.
type Writer struct {
	region *mmap.Region
	at     int
	table  []entry
	err    error
}

type entry struct {
	kind          Kind
	start, length int
}

func (e entry) put(out []byte) {
	le.Store32(out, 0, uint32(e.kind))
	le.Store64(out, 8, uint64(e.start))
	le.Store64(out, 16, uint64(e.length))
}

// NewWriter returns a writer that has room for about so many bytes; more is made when needed.
func NewWriter(size int) *Writer {
	region, err := mmap.Alloc(HeadSize + size)
	if err == nil {
		clear(region.Bytes()[:HeadSize])
	}
	return &Writer{region: region, at: HeadSize, err: err}
}

// room returns the memory, in which n bytes are free from w.at on; nil after an error.
func (w *Writer) room(n int) []byte {
	if w.err != nil {
		return nil
	}
	data := w.region.Bytes()
	if w.at+n <= len(data) {
		return data
	}
	if w.err = w.region.Grow(max(w.at+n, len(data)+len(data)/4)); w.err != nil {
		return nil
	}
	return w.region.Bytes()
}

// begin starts a section.
func (w *Writer) begin(kind Kind) {
	clear(w.take(-w.at & 7))
	w.table = append(w.table, entry{kind, w.at, 0})
}

// end ends the section.
func (w *Writer) end() {
	e := &w.table[len(w.table)-1]
	e.length = w.at - e.start
}

// take returns n bytes of the section, to be filled before the next call; nil after an error.
func (w *Writer) take(n int) []byte {
	data := w.room(n)
	if data == nil {
		return nil
	}
	w.at += n
	return data[w.at-n : w.at]
}

// back gives up what was written from the offset on: memory behind w.at is zero.
func (w *Writer) back(to int) {
	if w.err == nil {
		clear(w.region.Bytes()[to:w.at])
	}
	w.at = to
}

// Put writes a whole section.
func (w *Writer) Put(kind Kind, content []byte) {
	w.begin(kind)
	copy(w.take(len(content)), content)
	w.end()
}

// Finish writes the head and returns the image; the writer is spent.
func (w *Writer) Finish() (*Image, error) {
	clear(w.take(-w.at & 7))
	if w.room(0) == nil {
		w.Discard()
		return nil, w.err
	}
	w.region.Shrink(w.at)
	data := w.region.Bytes()[:w.at]
	putHead(data, w.table, len(data), 0, 0)
	w.region.Seal()
	image, err := open(data)
	if err != nil {
		panic(err) // a bug of this package
	}
	image.region = w.region
	return image, nil
}

// Discard gives the memory back.
func (w *Writer) Discard() { w.region.Free() }

// putHead fills the head of an image.
func putHead(head []byte, table []entry, size, sumsAt int, sumOfSums uint32) {
	copy(head, magic)
	le.Store32(head, 8, byteOrder)
	le.Store32(head, 12, version)
	le.Store64(head, 16, uint64(size))
	le.Store32(head, 24, uint32(len(table)))
	le.Store64(head, 32, uint64(sumsAt))
	le.Store32(head, 40, sumOfSums)
	for i, e := range table {
		e.put(head[headerSize+i*entrySize:])
	}
	le.Store32(head, 28, headSum(head))
}

// PutInfo writes the counts.
func (w *Writer) PutInfo(info *Info) {
	var data [infoSize]byte
	le.Store64(data[:], 0, uint64(info.Segments))
	le.Store64(data[:], 8, uint64(info.InputSize))
	for i, n := range []int{info.Sources, info.Names, info.Problems, info.Cut} {
		le.Store32(data[:], 16+4*i, uint32(n))
	}
	if info.Indexed {
		le.Store32(data[:], 32, infoIndexed)
	}
	w.Put(KindInfo, data[:])
}
