package index

import (
	"cmp"
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/lines"
)

// Source texts lie in a saved image in groups, each compressed alone (zstd), so that one text can be had without
// the others. A group is filled up to groupSize; a larger text is a group of its own.
//
//	KindTexts       for each source, and once more for the end: u32 group (none: 2³²−1), u32 offset in the
//	                group, u32 length, u32 lines, u32 index of its first start in KindTextLines
//	KindTextGroups  for each group: u64 offset in KindTextData, u32 length there, u32 length of its texts
//	KindTextLines   u32 offsets in the text of lines 32, 64, … (lines.Step)
//	KindTextData    zstd frames
const (
	groupSize = 64 << 10
	textSize  = 20
	textGroup = 16
	noGroup   = 1<<32 - 1

	// MaxTextBytes is how long a text may be in a saved image: as much memory is taken for it before the first byte
	// of it is seen.
	MaxTextBytes = 256 << 20
	maxGroup     = MaxTextBytes // a text as long as that is alone in its group
)

// SourceTexts are the texts that go into a saved image.
type SourceTexts struct {
	N    int                                 // sources
	Size func(i int) int                     // about how many bytes text i has
	Text func(i int) (text []byte, has bool) // text i; any goroutine may call it
	// Progress, unless nil, is called with the number of texts written; its error ends the work.
	Progress func(done, total int) error
}

var newDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	// The capacity of what is decoded into is the limit: a frame that says or gives more is damaged.
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
})

// text is an entry of KindTexts.
type text struct{ group, offset, length, lines, starts uint32 }

func (m *Image) textEntry(i int) (t text, ok bool) {
	data := m.sections[KindTexts]
	if i < 0 || (i+1)*textSize > len(data) || !m.area(KindTexts).read(i*textSize, textSize) {
		return text{}, false
	}
	u := func(k int) uint32 { return le.Load32(data, i*textSize+4*k) }
	return text{u(0), u(1), u(2), u(3), u(4)}, true
}

// SourceText returns the text of source i and where its lines start; ok is false where the image has none, or it is
// damaged.
func (m *Image) SourceText(i int) (content string, x lines.Index, ok bool) {
	t, ok := m.textEntry(i)
	if !ok || t.group == noGroup {
		return "", lines.Index{}, false
	}
	group, ok := m.group(t.group)
	if !ok {
		return "", lines.Index{}, false
	}
	return m.textIn(group, &t)
}

// textIn returns a text of the group.
func (m *Image) textIn(group []byte, t *text) (content string, x lines.Index, ok bool) {
	if uint64(t.offset)+uint64(t.length) > uint64(len(group)) {
		m.area(KindTexts).damaged()
		return "", lines.Index{}, false
	}
	starts := m.sections[KindTextLines]
	n := (max(t.lines, 1) - 1) / lines.Step
	if (uint64(t.starts)+uint64(n))*4 > uint64(len(starts)) || !m.area(KindTextLines).read(4*int(t.starts), 4*int(n)) {
		m.area(KindTextLines).damaged()
		return "", lines.Index{}, false
	}
	x = lines.Index{Count: int(t.lines), Starts: make([]uint32, n)}
	for k := range x.Starts {
		x.Starts[k] = le.Load32(starts, 4*(int(t.starts)+k))
	}
	return string(group[t.offset : t.offset+t.length]), x, true
}

// maxContent is how much so many bytes of zstd can be at most: a block takes 4 bytes and holds 128 KiB. A group has a
// limit of its own.
func maxContent(length uint64) uint64 { return min(length/4*(128<<10), maxGroup) }

// group returns the texts of a group.
func (m *Image) group(i uint32) ([]byte, bool) {
	groups, data := m.sections[KindTextGroups], m.sections[KindTextData]
	at := uint64(i) * textGroup
	if at+textGroup > uint64(len(groups)) || !m.area(KindTextGroups).read(int(at), textGroup) {
		m.area(KindTextGroups).damaged()
		return nil, false
	}
	start, length, size := le.Load64(groups, int(at)), uint64(le.Load32(groups, int(at)+8)), uint64(le.Load32(groups, int(at)+12))
	if start > uint64(len(data)) || length > uint64(len(data))-start {
		m.area(KindTextGroups).damaged()
		return nil, false
	}
	if !m.area(KindTextData).read(int(start), int(length)) {
		return nil, false
	}
	frame := data[start : start+length]
	// Before memory is taken for it: the frame must say the same size, and be able to hold as much.
	var head zstd.Header
	if err := head.Decode(frame); err != nil || !head.HasFCS || head.FrameContentSize != size || size > maxContent(length) {
		m.fail(fmt.Errorf("%w: source texts, group %d", ErrDamaged, i))
		return nil, false
	}
	decoder, err := newDecoder()
	if err != nil {
		m.fail(err)
		return nil, false
	}
	texts, err := decoder.DecodeAll(frame, make([]byte, 0, size))
	if err != nil || uint64(len(texts)) != size {
		m.fail(fmt.Errorf("%w: source texts, group %d: %v", ErrDamaged, i, err))
		return nil, false
	}
	return texts, true
}

// verifyTexts reads all texts, and every byte of them once: groups, and texts in a group, stand in the order of the
// sources and don't overlap. Otherwise a small image could make it work for days.
func (m *Image) verifyTexts() error {
	next := uint64(0) // where a group may start
	for i := range len(m.sections[KindTextGroups]) / textGroup {
		start := le.Load64(m.sections[KindTextGroups], i*textGroup)
		if start < next {
			m.area(KindTextGroups).damaged()
			return m.Err()
		}
		next = start + uint64(le.Load32(m.sections[KindTextGroups], i*textGroup+8))
	}
	var group []byte
	current, end := int64(-1), uint32(0)
	for i := range len(m.sections[KindTexts]) / textSize {
		t, ok := m.textEntry(i)
		if ok && t.group == noGroup {
			continue
		}
		if ok && int64(t.group) > current {
			current, end = int64(t.group), 0
			group, ok = m.group(t.group)
		}
		if ok && (int64(t.group) < current || t.offset < end) {
			m.area(KindTexts).damaged()
			ok = false
		}
		if !ok {
			break
		}
		content, x, ok := m.textIn(group, &t)
		if !ok {
			break
		}
		end = t.offset + t.length
		if real := lines.New(content); real.Count != x.Count {
			m.fail(fmt.Errorf("%w: lines of source text %d", ErrDamaged, i))
			break
		}
	}
	return m.Err()
}

// textPack is the part of a saved image that one group makes.
type textPack struct {
	frame   []byte
	size    int
	entries []text
	starts  []uint32
	err     error
}

// putTexts writes the sections of source texts, compressing on so many goroutines.
func (w *fileWriter) putTexts(texts *SourceTexts, workers int) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(workers), zstd.WithSingleSegment(true))
	if err != nil {
		return err
	}
	// Groups of sources that follow one another, as [first, end).
	var groups [][2]int
	size := groupSize + 1 // as if one were full
	for i := range texts.N {
		own := texts.Size(i)
		if size += own; size > groupSize {
			groups = append(groups, [2]int{i, i})
			size = own
		}
		groups[len(groups)-1][1] = i + 1
	}
	// A few packs are under way at a time, and come out in order.
	packs := make(chan chan textPack, 2*workers)
	stop := make(chan struct{})
	defer func() { // nobody reads texts once this has returned, for the caller may give their memory back
		close(stop)
		for done := range packs {
			<-done
		}
	}()
	go func() {
		defer close(packs)
		for _, g := range groups {
			done := make(chan textPack, 1)
			select {
			case packs <- done:
			case <-stop:
				return
			}
			go func() { done <- packTexts(texts, g[0], g[1], encoder) }()
		}
	}()
	var entries, groupTable, starts []byte
	w.begin(KindTextData)
	n, offset, firstStart := uint32(0), uint64(0), uint32(0)
	for done := range packs {
		p := <-done
		if p.err != nil || w.err != nil {
			return cmp.Or(p.err, w.err)
		}
		if p.size > 0 {
			w.Write(p.frame)
			groupTable = le.AppendUint64(groupTable, offset)
			groupTable = le.AppendUint32(le.AppendUint32(groupTable, uint32(len(p.frame))), uint32(p.size))
			offset += uint64(len(p.frame))
		}
		for _, t := range p.entries {
			if t.group != noGroup {
				t.group = n
			}
			for _, v := range []uint32{t.group, t.offset, t.length, t.lines, t.starts + firstStart} {
				entries = le.AppendUint32(entries, v)
			}
		}
		for _, s := range p.starts {
			starts = le.AppendUint32(starts, s)
		}
		firstStart += uint32(len(p.starts))
		if p.size > 0 {
			n++
		}
		if texts.Progress != nil {
			if err := texts.Progress(len(entries)/textSize, texts.N); err != nil {
				return err
			}
		}
	}
	w.end()
	w.put(KindTexts, entries)
	w.put(KindTextGroups, groupTable)
	w.put(KindTextLines, starts)
	return w.err
}

// packTexts compresses the texts of some sources.
func packTexts(texts *SourceTexts, first, end int, encoder *zstd.Encoder) (p textPack) {
	var all []byte
	for i := first; i < end; i++ {
		content, has := texts.Text(i)
		if !has {
			p.entries = append(p.entries, text{group: noGroup, starts: uint32(len(p.starts))})
			continue
		}
		if len(all)+len(content) > maxGroup {
			return textPack{err: fmt.Errorf("source text %d is longer than %d bytes", i, maxGroup)}
		}
		x := lines.New(le.String(content))
		p.entries = append(p.entries, text{0, uint32(len(all)), uint32(len(content)), uint32(x.Count), uint32(len(p.starts))})
		p.starts = append(p.starts, x.Starts...)
		all = append(all, content...)
	}
	p.size = len(all)
	if p.size == 0 {
		for i := range p.entries { // empty texts need no group, but are there
			if p.entries[i].group != noGroup {
				p.size = 1
				all = append(all, 0)
				break
			}
		}
	}
	if p.size > 0 {
		p.frame = encoder.EncodeAll(all, nil)
	}
	return p
}
