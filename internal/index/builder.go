package index

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// ErrTooLarge: the blocks of an image would be larger than 4 GiB.
var ErrTooLarge = errors.New("the index would be larger than 4 GiB")

// keysAhead is how many bytes behind the keys of an image in memory are set.
const keysAhead = 4 * 8

// A Builder packs segments into the blocks of an image as they come. They are expected in the order of
// their generated positions; from the first one on that is not, all are kept unpacked and sorted at the end.
type Builder struct {
	w       *Writer
	start   int // of the section in w
	n       int // segments, those in pending included
	last    key // of the segment before
	keys    []key
	offsets []uint32

	packer  packer
	part    columns  // of a chunk, at work
	pending columns  // fewer than blockSize segments, or all of them once they are unsorted
	loose   bool     // unsorted
	ranged  []uint32 // which segments are range mappings, see ranged.go
}

// NewBuilder starts the blocks in the image being written.
func NewBuilder(w *Writer) *Builder {
	w.begin(KindBlocks)
	b := &Builder{w: w, start: w.at, packer: packer{kernel: best}}
	for _, c := range b.pending.all() {
		*c = make([]int32, 0, blockSize)
	}
	return b
}

func (c *columns) all() []*[]int32 {
	return []*[]int32{&c.line, &c.column, &c.source, &c.originalLine, &c.originalColumn, &c.name}
}

func (c *columns) append(more *columns) {
	own, other := c.all(), more.all()
	for i := range own {
		*own[i] = append(*own[i], *other[i]...)
	}
}

func (c *columns) truncate(n int) {
	for _, column := range c.all() {
		*column = (*column)[:n]
	}
}

// Append adds the segments of a chunk.
func (b *Builder) Append(chunk *vlq.Chunk) {
	n := chunk.Len
	if n == 0 {
		return
	}
	c := chunkColumns(chunk, 0, n)
	if !b.loose && (keyOf(c.line[0], c.column[0]) < b.last || chunk.Unsorted) {
		b.loosen()
	}
	b.n += n
	b.last = keyOf(c.line[n-1], c.column[n-1])
	if b.loose {
		b.pending.append(&c)
		return
	}
	b.pack(&c, chunk)
}

// pack makes blocks of what is pending and of c, which are the segments of the chunk, or of none (nil); what is left is
// pending.
func (b *Builder) pack(c *columns, chunk *vlq.Chunk) {
	n, at := len(c.line), 0
	if have := len(b.pending.line); have > 0 {
		at = min(blockSize-have, n)
		part := c.slice(0, at)
		b.pending.append(&part)
		if len(b.pending.line) < blockSize {
			return
		}
		b.flush()
	}
	for ; at+blockSize <= n; at += blockSize {
		if chunk != nil && b.whole(chunk, at) {
			continue
		}
		b.part = c.slice(at, at+blockSize)
		b.block(&b.part)
	}
	rest := c.slice(at, n)
	b.pending.append(&rest)
}

// whole writes a block of 64 segments of the chunk, if that can be done in one go.
func (b *Builder) whole(chunk *vlq.Chunk, from int) bool {
	data, at := b.w.room(maxBlock), b.w.at
	if data == nil || uint64(at-b.start) > math.MaxUint32-2*maxBlock {
		return false
	}
	size := packWhole(b.packer.kernel.level, data, at, chunk, from)
	if size == 0 {
		return false
	}
	b.add(keyOf(chunk.Line[from], chunk.Column[from]), at, at+size)
	return true
}

// add notes a block that lies there.
func (b *Builder) add(first key, at, end int) {
	b.keys = append(b.keys, first)
	b.offsets = append(b.offsets, uint32(at-b.start))
	b.w.at = end
}

// flush makes a block of what is pending.
func (b *Builder) flush() {
	if len(b.pending.line) > 0 {
		b.block(&b.pending)
		b.pending.truncate(0)
	}
}

// block writes one block, or two where the segments lie too far apart for one.
func (b *Builder) block(c *columns) {
	data := b.w.room(maxBlock)
	if data == nil {
		return
	}
	at := b.w.at
	if uint64(at-b.start) > math.MaxUint32-2*maxBlock {
		b.w.err = ErrTooLarge
		return
	}
	end, ok := b.packer.pack(data, at, c)
	if !ok {
		half := len(c.line) / 2
		first, second := c.slice(0, half), c.slice(half, len(c.line))
		b.block(&first)
		b.block(&second)
		return
	}
	b.add(keyOf(c.line[0], c.column[0]), at, end)
}

// loosen unpacks all that was packed.
func (b *Builder) loosen() {
	if b.w.err != nil {
		return
	}
	var all columns
	b.table().All(func(s Segment) bool {
		all.put(s)
		return true
	})
	all.append(&b.pending)
	b.pending, b.loose = all, true
	b.keys, b.offsets = b.keys[:0], b.offsets[:0]
	b.w.back(b.start)
}

func (c *columns) put(s Segment) {
	for i, v := range [...]int32{s.Line, s.Column, s.Source, s.OriginalLine, s.OriginalColumn, s.Name} {
		column := c.all()[i]
		*column = append(*column, v)
	}
}

// table is a table of the blocks so far.
func (b *Builder) table() *Table {
	data := b.w.region.Bytes()[b.start:]
	t := &Table{blocks: len(b.keys), data: data, offsets: append(slices.Clone(b.offsets), uint32(b.w.at-b.start))}
	for _, k := range b.keys {
		t.keys = append(t.keys, uint64(k))
	}
	return t
}

// Len returns the number of segments so far.
func (b *Builder) Len() int { return b.n }

// Last returns the place of the segment appended last; ok is false when there is none.
func (b *Builder) Last() (line, column int32, ok bool) {
	return b.last.line(), b.last.column(), b.n > 0
}

// A Mark is a number of segments to go back to.
type Mark struct {
	n, blocks, at int
	last          key
}

// Mark ends the block at work, so that [Builder.Rewind] can come back to here.
func (b *Builder) Mark() Mark {
	if !b.loose {
		b.flush()
	}
	return Mark{b.n, len(b.keys), b.w.at, b.last}
}

// Rewind forgets all segments since the mark.
func (b *Builder) Rewind(to Mark) {
	b.n, b.last = to.n, to.last
	if b.loose {
		b.pending.truncate(to.n)
		return
	}
	b.pending.truncate(0)
	b.keys, b.offsets = b.keys[:to.blocks], b.offsets[:to.blocks]
	b.w.back(to.at)
}

// Finish ends the blocks and writes the sections that find them. The builder is spent.
func (b *Builder) Finish() {
	if b.loose {
		all := b.pending
		b.pending, b.loose = columns{}, false
		b.moveRanged(all.sort())
		b.pack(&all, nil)
	}
	b.flush()
	blocks := b.w.at - b.start
	clear(b.w.take(padding))
	b.w.end()
	if len(b.keys) == 0 {
		return
	}
	b.w.words(KindKeys, 8, len(b.keys), func(i int) uint64 { return uint64(b.keys[i]) })
	// Behind the section: the kernel that finds a block compares up to four keys at a time.
	ahead := b.w.take(keysAhead)
	for i := range ahead {
		ahead[i] = 0xFF
	}
	offsets := append(b.offsets, uint32(blocks))
	b.w.words(KindOffsets, 4, len(offsets), func(i int) uint64 { return uint64(offsets[i]) })
	guide := buildGuide(b.keys)
	b.w.words(KindGuide, 4, len(guide), func(i int) uint64 { return uint64(guide[i]) })
	b.putRanged()
}

// words writes a section of n numbers of 4 or 8 bytes.
func (w *Writer) words(kind Kind, size, n int, value func(i int) uint64) {
	w.begin(kind)
	if out := w.take(size * n); out != nil {
		for i := range n {
			if size == 8 {
				le.Store64(out, 8*i, value(i))
			} else {
				le.Store32(out, 4*i, uint32(value(i)))
			}
		}
	}
	w.end()
}

// sort orders the segments by generated position, stably, as ECMA-426 has it. It returns where each was before.
func (c *columns) sort() (order []int32) {
	order = make([]int32, len(c.line))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(c.line[x], c.line[y]), cmp.Compare(c.column[x], c.column[y]))
	})
	for _, column := range c.all() {
		sorted := make([]int32, len(order))
		for i, from := range order {
			sorted[i] = (*column)[from]
		}
		*column = sorted
	}
	return order
}
