package index

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
)

// parts are the sections of an image, to be changed.
type parts map[Kind][]byte

func partsOf(t testing.TB, data []byte) parts {
	t.Helper()
	image, err := open(data)
	require.NoError(t, err)
	p := parts{}
	for kind, content := range image.sections {
		if content != nil {
			p[Kind(kind)] = slices.Clone(content)
		}
	}
	return p
}

// image puts the sections together, with right checksums.
func (p parts) image() []byte {
	var out file
	out.at = HeadSize
	kinds := make([]Kind, 0, len(p))
	for kind := range p {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	var table []entry
	pad := func() { _, _ = out.Write(make([]byte, -len(out.data)&7)) }
	for _, kind := range kinds {
		table = append(table, entry{kind, out.at, len(p[kind])})
		_, _ = out.Write(p[kind])
		pad()
	}
	return closed(out.data, table)
}

// closed writes sums and head for what stands behind the head.
func closed(data []byte, table []entry) []byte {
	at := max(len(data), HeadSize)
	data = append(data, make([]byte, at-len(data)+4*((at-HeadSize+sumSize-1)/sumSize))...)
	putHead(data, table, len(data), at, 0)
	mend(data)
	return data
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

// frame is a zstd frame that says it has so many bytes, and has blocks of one byte repeated.
func frame(says uint32, blocks int, each uint32) []byte {
	out := append([]byte("\x28\xb5\x2f\xfd\xa0"), u32(says)...)
	for i := range blocks {
		head := each<<3 | 1<<1
		if i == blocks-1 {
			head |= 1
		}
		out = append(out, byte(head), byte(head>>8), byte(head>>16), ' ')
	}
	return out
}

func compressed(text string) []byte {
	w, _ := zstd.NewWriter(nil, zstd.WithSingleSegment(true))
	return w.EncodeAll([]byte(text), nil)
}

const whole = 1<<32 - 1

// oneText sets the sections of one source text that lies in the frame.
func oneText(p parts, data []byte, says, offset, length, lines, starts uint32, lineStarts ...uint32) {
	p[KindTextData] = data
	p[KindTextGroups] = append(u64(0), u32(uint32(len(data)), says)...)
	p[KindTexts] = u32(0, offset, length, lines, starts)
	p[KindTextLines] = u32(lineStarts...)
}

type verdict int

const (
	fine verdict = iota
	damaged
	either // it does not notice, or only where a question met it
)

// hostileImages are written by somebody who means harm.
var hostileImages = []struct {
	name   string
	change func(p parts)
	verify verdict // what Verify must say after all questions were asked
}{
	{"nothing changed", func(p parts) {}, fine},
	{"no info", func(p parts) { delete(p, KindInfo) }, damaged},
	{"info too short", func(p parts) { p[KindInfo] = p[KindInfo][:infoSize-1] }, damaged},
	{"more mappings than there are", func(p parts) { le.Store64(p[KindInfo], 0, math.MaxUint64) }, damaged},
	{"fewer mappings than there are", func(p parts) { le.Store64(p[KindInfo], 0, 1) }, damaged},

	{"more texts than bytes", func(p parts) { le.Store32(p[KindNames], 0, whole) }, damaged},
	{"as many texts as bytes", func(p parts) { p[KindNames] = append(u32(6), make([]byte, 23)...) }, damaged},
	{"texts that wrap around", func(p parts) { p[KindNames] = append(u32(1<<30), make([]byte, 23)...) }, damaged},
	{"a list of three bytes", func(p parts) { p[KindNames] = []byte{1, 0, 0} }, fine},
	{"a text that ends outside", func(p parts) { p[KindNames] = u32(1, 1) }, damaged},
	{"a text that ends far outside", func(p parts) { p[KindNames] = u32(2, 0, whole) }, damaged},
	{"a text that ends before it starts", func(p parts) { p[KindNames] = append(u32(2, 4, 2), "text"...) }, damaged},

	{"no keys", func(p parts) { delete(p, KindKeys) }, damaged},
	{"no offsets", func(p parts) { delete(p, KindOffsets) }, damaged},
	{"no blocks", func(p parts) { delete(p, KindBlocks) }, damaged},
	{"no padding", func(p parts) { p[KindBlocks] = p[KindBlocks][:7] }, damaged},
	{"an offset too few", func(p parts) { p[KindOffsets] = p[KindOffsets][4:] }, damaged},
	{"an offset too many", func(p parts) { p[KindOffsets] = append(p[KindOffsets], 0, 0, 0, 0) }, damaged},
	{"offsets that fall", func(p parts) { le.Store32(p[KindOffsets], 4, whole) }, damaged},
	{"offsets of 0", func(p parts) { clear(p[KindOffsets]) }, damaged},
	{"offsets of the end", func(p parts) {
		for i := range len(p[KindOffsets]) / 4 {
			le.Store32(p[KindOffsets], 4*i, uint32(len(p[KindBlocks])-padding))
		}
	}, damaged},
	{"offsets of one before the end", func(p parts) {
		for i := range len(p[KindOffsets]) / 4 {
			le.Store32(p[KindOffsets], 4*i, uint32(len(p[KindBlocks])-padding-13))
		}
	}, damaged},
	{"keys that fall", func(p parts) { le.Store64(p[KindKeys], 8, math.MaxUint64) }, damaged},
	{"keys of 0", func(p parts) { clear(p[KindKeys]) }, damaged},
	{"keys of -1", func(p parts) { fillWith(p[KindKeys], 0xFF) }, damaged},
	{"keys of half a number", func(p parts) { p[KindKeys] = append(p[KindKeys], 1, 2, 3) }, fine},
	{"blocks of 0", func(p parts) { clear(p[KindBlocks]) }, damaged},
	{"blocks of -1", func(p parts) { fillWith(p[KindBlocks], 0xFF) }, damaged},
	{"blocks of 0x55", func(p parts) { fillWith(p[KindBlocks], 0x55) }, damaged},
	{"blocks of 0xAA", func(p parts) { fillWith(p[KindBlocks], 0xAA) }, damaged},
	{"a block that needs more than there is", func(p parts) { oneBlock(p, 57|31<<11|31<<16|31<<21|31<<26, 63|flagAllNamed, 0, 0, 1, 0, 1, 0) }, damaged},
	{"a block with no bit for a key", func(p parts) { oneBlock(p, 0, 1, 0, 0, 0, 0, 0) }, damaged},
	{"a block with bits for more keys", func(p parts) { oneBlock(p, 0, 1, 0, whole, whole, whole, whole) }, fine},
	{"a block whose keys are above 2³¹", func(p parts) { oneBlock(p, 57, 0, 0, 0, 0, 0, 1<<31, 0, 0) }, damaged},
	{"a block of lines above 2³¹", func(p parts) { oneBlock(p, 57|shapeMulti, 0, 0, 0, 0, 0, 1<<31, 0, 0) }, damaged},
	{"a block with no original position", func(p parts) { oneBlock(p, 0, flagOwn, 0, 1, 0, 0, 0, 0, 0) }, damaged},
	{"a block with ranged mappings", func(p parts) { oneBlock(p, 0, flagRanged, 0, 1, 0, 0, 0, 7, 7) }, fine},
	{"a source, line and name above 2³¹", func(p parts) { oneBlock(p, 0, flagWideSource|flagAllNamed, whole, whole, whole, 1, 0, 0, 0) }, damaged},

	{"a guide too short", func(p parts) { p[KindGuide] = u32(0, 1) }, either},
	{"a guide of 0", func(p parts) { clear(p[KindGuide]) }, either},
	{"a guide of -1", func(p parts) { fillWith(p[KindGuide], 0xFF) }, either},
	{"a guide with too many buckets", func(p parts) { le.Store32(p[KindGuide], 4, uint32(len(p[KindGuide])/4-2)) }, either},
	{"a guide with the most buckets", func(p parts) { le.Store32(p[KindGuide], 4, uint32(len(p[KindGuide])/4-3)) }, either},
	{"a guide whose cells give the last block", func(p parts) {
		g := p[KindGuide]
		for i := 2 + int(le.Load32(g, 4)) + 1; i < len(g)/4; i++ {
			le.Store32(g, 4*i, uint32(len(p[KindKeys])/8))
		}
	}, damaged},
	{"a guide of another map", func(p parts) { p[KindGuide] = u32(0, 1, 31, 1<<5, whole, whole) }, either},
	{"a guide whose cells fall", func(p parts) { p[KindGuide] = u32(0, 1, 31, 1<<5, 9, 0) }, either},
	{"a guide with a bucket of no cells", func(p parts) { p[KindGuide] = u32(0, 2, 0, 0, 0, 0, 0, 0) }, either},

	{"no groups", func(p parts) { delete(p, KindTextGroups) }, damaged},
	{"no text data", func(p parts) { delete(p, KindTextData) }, damaged},
	{"no starts of lines", func(p parts) { delete(p, KindTextLines) }, damaged},
	{"text data of 0", func(p parts) { clear(p[KindTextData]) }, damaged},
	{"a group outside", func(p parts) { le.Store32(p[KindTexts], 0, uint32(len(p[KindTextGroups])/textGroup)) }, damaged},
	{"a group far outside", func(p parts) { le.Store32(p[KindTexts], 0, whole-1) }, damaged},
	{"a group that starts outside", func(p parts) { le.Store64(p[KindTextGroups], 0, 1<<63) }, damaged},
	{"a group that ends outside", func(p parts) { le.Store32(p[KindTextGroups], 8, whole) }, damaged},
	{"a group with no frame", func(p parts) { le.Store32(p[KindTextGroups], 8, 0) }, damaged},
	{"a frame that is one", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 1, 0) }, fine},
	{"a text that ends outside its group", func(p parts) { oneText(p, compressed("text"), 4, 1, 4, 1, 0) }, damaged},
	{"a text that starts outside its group", func(p parts) { oneText(p, compressed("text"), 4, whole, 1, 1, 0) }, damaged},
	{"a group that says it is larger", func(p parts) { oneText(p, compressed("text"), 5, 0, 4, 1, 0) }, damaged},
	{"a group that says it is smaller", func(p parts) { oneText(p, compressed("text"), 3, 0, 3, 1, 0) }, damaged},
	{"a group and a frame of 4 GiB in a few bytes", func(p parts) { oneText(p, frame(whole, 1, 100), whole, 0, 4, 1, 0) }, damaged},
	{"a group and a frame of 1 GiB in a few bytes", func(p parts) { oneText(p, frame(1<<30, 1, 100), 1<<30, 0, 4, 1, 0) }, damaged},
	{"a frame with more than it says", func(p parts) { oneText(p, frame(1000, 1000, 100_000), 1000, 0, 4, 1, 0) }, damaged},
	{"a frame with less than it says", func(p parts) { oneText(p, frame(1001, 10, 100), 1001, 0, 4, 1, 0) }, damaged},
	{"a frame with a block too large", func(p parts) { oneText(p, frame(1<<20, 1, 1<<20), 1<<20, 0, 4, 1, 0) }, damaged},
	{"two frames", func(p parts) { oneText(p, append(compressed("text"), compressed("more")...), 4, 0, 4, 1, 0) }, damaged},
	{"two frames, of both sizes", func(p parts) { oneText(p, append(compressed("text"), compressed("more")...), 8, 0, 4, 1, 0) }, damaged},
	{"a frame and half of one", func(p parts) { oneText(p, append(compressed("text"), compressed("more")[:6]...), 4, 0, 4, 1, 0) }, damaged},
	{"half a frame", func(p parts) { oneText(p, compressed(noise(100))[:40], 100, 0, 4, 1, 0) }, damaged},
	{"a frame to be skipped", func(p parts) {
		oneText(p, append([]byte("\x50\x2a\x4d\x18\x00\x00\x00\x00"), compressed("text")...), 4, 0, 4, 1, 0)
	}, damaged},
	{"a frame without a size", func(p parts) { oneText(p, []byte("\x28\xb5\x2f\xfd\x00\x00\x21\x00\x00text"), 4, 0, 4, 1, 0) }, damaged},
	{"a frame with a window of 4 TiB", func(p parts) {
		oneText(p, []byte("\x28\xb5\x2f\xfd\x80\xff\x04\x00\x00\x00\x21\x00\x00text"), 4, 0, 4, 1, 0)
	}, damaged},
	{"a frame with a dictionary", func(p parts) {
		oneText(p, []byte("\x28\xb5\x2f\xfd\xa3\x01\x00\x00\x00\x04\x00\x00\x00\x21\x00\x00text"), 4, 0, 4, 1, 0)
	}, damaged},
	{"more lines than starts", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 33, 0) }, damaged},
	{"4 billion lines", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, whole, 0) }, damaged},
	{"starts outside", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 33, 1, 0) }, damaged},
	{"starts far outside", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 33, whole, 0) }, damaged},
	{"a start behind the text", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 33, 0, whole) }, damaged},
	{"starts that fall", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 65, 0, 3, 1) }, damaged},
	{"no lines", func(p parts) { oneText(p, compressed("text"), 4, 0, 4, 0, 0) }, damaged},
}

func fillWith(data []byte, b byte) {
	for i := range data {
		data[i] = b
	}
}

// oneBlock puts in one block, of these words.
func oneBlock(p parts, words ...uint32) {
	p[KindBlocks] = append(u32(words...), make([]byte, padding)...)
	p[KindKeys] = u64(uint64(keyOf(0, 1)))
	p[KindOffsets] = u32(0, uint32(4*len(words)))
	p[KindGuide] = u32(0, 1, 31, 1<<5, 0, 1)
	le.Store64(p[KindInfo], 0, uint64(words[1]&flagCount)+1)
	le.Store32(p[KindInfo], 16, 1)
	le.Store32(p[KindInfo], 20, 1)
}

func TestHostileImages(t *testing.T) {
	sample := sampleImage(t)
	positions := append(samplePositions(), [][2]int32{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {0, most}}...)
	for _, c := range hostileImages {
		t.Run(c.name, func(t *testing.T) {
			p := partsOf(t, sample)
			c.change(p)
			data, done := guard(p.image())
			defer done()
			before := allocated()
			image, table, err := openAll(data)
			if err == nil {
				ask(image, table, positions)
				err = image.Verify()
				var out file
				_ = image.Save(&out, nil, 1)
			}
			assert.Less(t, allocated()-before, uint64(16<<20), "bytes allocated")
			// Verify finds it by itself, too.
			if fresh, err := open(data); err == nil && fresh.openSums() == nil {
				fresh.file = true
				if err = fresh.Verify(); c.verify == damaged {
					assert.ErrorIs(t, err, ErrDamaged)
				}
			}
			if c.verify == damaged || c.verify == either && err != nil {
				assert.ErrorIs(t, err, ErrDamaged)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

// TestHostileHeads: heads and tables with right checksums that make no sense.
func TestHostileHeads(t *testing.T) {
	// Each checksum is over as many bytes as it can be: the place of one more would be outside.
	p := partsOf(t, sampleImage(t))
	p[90] = make([]byte, 2*sumSize-(int(le.Load64(p.image(), 32))-HeadSize))
	sample := p.image()
	sums := int(le.Load64(sample, 32))
	require.Equal(t, HeadSize+2*sumSize, sums)
	section := func(data []byte, i int) []byte { return data[headerSize+i*entrySize:][:entrySize] }
	for _, c := range []struct {
		name   string
		change func(data []byte)
		kind   error // nil: it opens and Verify is content
	}{
		{"nothing changed", func(data []byte) {}, nil},
		{"another byte order", func(data []byte) { copy(data[8:], "\x0a\x0b\x0c\x0d") }, ErrFormat},
		{"version 0", func(data []byte) { le.Store32(data, 12, 0) }, ErrFormat},
		{"version 2", func(data []byte) { le.Store32(data, 12, 2) }, ErrFormat},
		{"a size of 0", func(data []byte) { le.Store64(data, 16, 0) }, ErrDamaged},
		{"a size less than the head", func(data []byte) { le.Store64(data, 16, HeadSize-1) }, ErrDamaged},
		{"a size of one more", func(data []byte) { le.Store64(data, 16, uint64(len(data)+1)) }, ErrTruncated},
		{"a size of -1", func(data []byte) { le.Store64(data, 16, math.MaxUint64) }, ErrTruncated},
		{"a size without the checksums", func(data []byte) { le.Store64(data, 16, uint64(sums)) }, ErrDamaged},
		{"19 sections", func(data []byte) { le.Store32(data, 24, 19) }, ErrDamaged},
		{"4 billion sections", func(data []byte) { le.Store32(data, 24, whole) }, ErrDamaged},
		{"checksums in the head", func(data []byte) { le.Store64(data, 32, 8) }, ErrDamaged},
		{"checksums behind the end", func(data []byte) { le.Store64(data, 32, uint64(len(data)+8)) }, ErrDamaged},
		{"checksums at -8", func(data []byte) { le.Store64(data, 32, math.MaxUint64-7) }, ErrDamaged},
		{"checksums at an odd place", func(data []byte) { le.Store64(data, 32, uint64(sums-1)) }, ErrDamaged},
		{"too many checksums", func(data []byte) { le.Store64(data, 32, uint64(sums-8)) }, ErrDamaged},
		{"too few checksums", func(data []byte) { le.Store64(data, 32, uint64(sums+8)) }, ErrDamaged},
		{"no checksums", func(data []byte) { le.Store64(data, 32, 0) }, ErrDamaged},
		{"a section in the head", func(data []byte) { le.Store64(section(data, 0), 8, HeadSize-8) }, ErrDamaged},
		{"a section at an odd place", func(data []byte) { le.Store64(section(data, 0), 8, HeadSize+4) }, ErrDamaged},
		{"a section behind the end", func(data []byte) { le.Store64(section(data, 0), 8, uint64(len(data)+7)&^7) }, ErrDamaged},
		{"a section that ends behind the end", func(data []byte) { le.Store64(section(data, 0), 16, uint64(len(data))) }, ErrDamaged},
		{"a section that is too long to be added", func(data []byte) { le.Store64(section(data, 0), 16, math.MaxUint64) }, ErrDamaged},
		{"a section on the checksums", func(data []byte) {
			for i := range le.Load32(data, 24) {
				le.Store64(section(data, int(i)), 8, uint64(sums))
				le.Store64(section(data, int(i)), 16, uint64(len(data)-sums))
			}
		}, ErrDamaged},
		{"a section that reaches into the checksums", func(data []byte) {
			for i := range le.Load32(data, 24) {
				s := section(data, int(i))
				le.Store64(s, 16, uint64(len(data))-le.Load64(s, 8))
			}
		}, ErrDamaged},
		{"a section twice", func(data []byte) { copy(section(data, 1), section(data, 0)) }, nil}, // the last counts
		{"all sections at one place", func(data []byte) {
			for i := range le.Load32(data, 24) {
				le.Store64(section(data, int(i)), 8, HeadSize)
				le.Store64(section(data, int(i)), 16, uint64(sums-HeadSize))
			}
		}, ErrDamaged},
		{"sections of no length", func(data []byte) {
			for i := range le.Load32(data, 24) {
				le.Store64(section(data, int(i)), 16, 0)
			}
		}, ErrDamaged},
		{"an unknown section", func(data []byte) { le.Store32(section(data, 17), 0, 0); copy(section(data, 17), u32(77)) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, done := guard(sample)
			defer done()
			c.change(data)
			mend(data)
			image, table, err := openAll(data)
			if err == nil {
				ask(image, table, samplePositions())
				err = image.Verify()
				var out file
				_ = image.Save(&out, nil, 1)
			}
			if c.kind == nil {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, c.kind)
			}
		})
	}
}

// TestHostileCosts: images of a few hundred thousand bytes made to cost a reader time or memory.
func TestHostileCosts(t *testing.T) {
	sample := sampleImage(t)
	// swinging is a list of texts of which every second goes over all the text there is.
	swinging := func(n, text int) []byte {
		list := u32(uint32(n))
		for i := range n {
			list = append(list, u32(uint32(i&1*text))...)
		}
		return append(list, make([]byte, text)...)
	}
	// shared are texts of sources that are all the same group.
	shared := func(p parts, n int, size uint32) {
		oneText(p, frame(size, int(size>>17), 1<<17), size, 0, size, 1, 0)
		one := p[KindTexts]
		p[KindTexts] = bytes.Repeat(one, n)
	}
	for _, c := range []struct {
		name   string
		change func(p parts)
	}{
		{"names that overlap", func(p parts) { p[KindNames] = swinging(50_000, 200_000) }},
		{"problems that overlap", func(p parts) { p[KindProblems] = swinging(50_000, 200_000) }},
		{"a large group that all sources share", func(p parts) { shared(p, 10_000, 16<<20) }},
		{"a small group that all sources share", func(p parts) { shared(p, 20_000, 1<<17) }},
		{"two groups that sources have by turns", func(p parts) {
			shared(p, 10_000, 16<<20)
			p[KindTextGroups] = bytes.Repeat(p[KindTextGroups], 2)
			for i := range 5_000 {
				le.Store32(p[KindTexts], 2*i*textSize, 1)
			}
		}},
		{"a frame that many groups share", func(p parts) {
			shared(p, 10_000, 16<<20)
			p[KindTextGroups] = bytes.Repeat(p[KindTextGroups], 10_000)
			for i := range 10_000 {
				le.Store32(p[KindTexts], i*textSize, uint32(i))
			}
		}},
		{"blocks that overlap", func(p parts) {
			oneBlock(p, 0, 63|flagOwn, 0, whole, whole, 0, 0, 1, 0)
			n := 30_000
			p[KindKeys], p[KindOffsets] = nil, u32(0)
			for i := range n {
				p[KindKeys] = append(p[KindKeys], u64(uint64(i))...)
				p[KindOffsets] = append(p[KindOffsets], u32(0)...)
			}
			le.Store64(p[KindInfo], 0, uint64(n*64))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := partsOf(t, sample)
			c.change(p)
			data := p.image()
			image, table, err := openAll(data)
			require.NoError(t, err)
			before, start := allocated(), time.Now()
			_ = image.Verify()
			total := 0
			for _, kind := range []Kind{KindNames, KindProblems} {
				for texts, i := image.Texts(kind), 0; i < texts.Len(); i++ {
					total += len(texts.Text(i))
				}
			}
			assert.LessOrEqual(t, total, len(data))
			table.All(func(Segment) bool { return true })
			t.Logf("%d bytes, %d MB, %v", len(data), (allocated()-before)>>20, time.Since(start))
			assert.Less(t, allocated()-before, uint64(512<<20), "bytes allocated")
			assert.Less(t, time.Since(start), 5*time.Second)
		})
	}
}
