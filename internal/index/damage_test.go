package index

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/lines"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// SYMBOLICATE_SOAK=1 makes tests try all 255 other values of a byte instead of a few.
var soak = os.Getenv("SYMBOLICATE_SOAK") != ""

// file is an io.WriteSeeker in memory.
type file struct {
	data []byte
	at   int
}

func (f *file) Write(p []byte) (int, error) {
	f.data = append(f.data, make([]byte, max(f.at+len(p)-len(f.data), 0))...)
	f.at += copy(f.data[f.at:], p)
	return len(p), nil
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += int64(f.at)
	case io.SeekEnd:
		offset += int64(len(f.data))
	}
	f.at = int(offset)
	return offset, nil
}

// sampleBlocks are segments for blocks of every shape: each list becomes blocks of its own.
func sampleBlocks() []twin {
	var full, sameEverywhere, wideNames twin
	for i := range int32(70) {
		s := Segment{2, 10 + 7*i, i / 9 % 3, i / 3, i % 11 * 4, -1}
		if i%4 == 0 {
			s.Name = i % 5
		}
		full = append(full, s)
		sameEverywhere = append(sameEverywhere, Segment{3, 5, 1, 8, 9, 2})
		wideNames = append(wideNames, Segment{30 + i/8, i * 3, 1, i, 2 * i, (i * 7919) % 5})
	}
	big := Segment{0, 60, 0, most, most, -1}
	return []twin{
		{{0, 0, 0, 0, 0, -1}, {0, 4, 0, 0, 4, -1}, {0, 9, 1, 2, 0, -1}, {0, 30, 2, 5, 1, -1}},                                                 // one line
		{{0, 40, 0, 1, 2, -1}, big, {0, 61, 0, most, most, -1}, {0, 62, 0, most, most, -1}, {0, 63, 0, most, most, -1}, {0, 64, 0, 1, 2, -1}}, // repeats: mask own
		{{1, 0, -1, 0, 0, -1}, {1, 3, 0, 1, 1, -1}, {1, 3, -1, 0, 0, -1}, {1, 8, 1, 7, 7, -1}},                                                // mask bare
		{{1, 9, -1, 0, 0, -1}, {1, 11, -1, 0, 0, -1}},                                                                                         // nothing but bare ones
		{{1, 20, 0, 1, 1, 3}, {1, 24, 0, 1, 9, -1}, {1, 28, 0, 2, 9, 4}, {1, 30, -1, 0, 0, 1}},                                                // mask named
		{{1, 40, 0, 1, 1, 0}, {1, 44, 0, 1, 9, 0}},                                                                                            // all named
		{{1, 50, 0, 1, 1000, -1}, {1, 54, 0, 1, 1003, -1}},                                                                                    // column base
		{{1, 60, 600_000, 1, 1, -1}, {1, 61, 600_003, 1, 1, 1}},                                                                               // wide source base
		full,
		sameEverywhere,
		{{5, 3, 0, 0, 0, -1}, {5, 90, 0, 1, 0, -1}, {7, 0, 0, 2, 0, 1}, {9, 0, 1, 3, 0, -1}, {9, 0, 1, 4, 0, -1}}, // several lines
		wideNames,
		{{50, 1, 0, 0, 0, 0}, {50, 2, most - 1, most, most, 4}, {50, 1 << 30, 1 << 29, 1 << 28, 1 << 27, -1}}, // records of 93 bits
		{{100, most, 0, 0, 0, -1}}, // one
		{{101, most, 0, 1, 1, -1}, {1 << 20, 0, 0, 2, 2, -1}, {1 << 30, most, 0, 3, 3, -1}, {most, 0, 0, 4, 4, -1}, {most, most, 0, 5, 5, -1}}, // the widest keys
	}
}

// sampleTexts are texts of sources; nil: none. Each is said to be large, so that it has a group of its own,
// but for the first three.
var sampleTexts = []any{
	"", "let a = 1;\nlet b;", "one line", nil,
	strings.Repeat("line\n", 70) + strings.Repeat("x\r\n\u2028y\r", 20),
	noise(3000), "", noise(500) + "\n" + strings.Repeat(" ", 2000),
}

// noise is text that compression leaves large.
func noise(n int) string {
	var b strings.Builder
	for i, x := 0, uint32(12345); i < n; i++ {
		x = x*1664525 + 1013904223
		if b.WriteByte(' ' + byte(x>>25)%95); x>>12%40 == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// build writes the sample.
func sampleImage(t testing.TB) []byte {
	t.Helper()
	w := NewWriter(0)
	b := NewBuilder(w)
	for _, list := range sampleBlocks() {
		b.Append(fill(new(vlq.Chunk), list))
		b.Mark()
	}
	b.Finish()
	w.PutInfo(&Info{Segments: b.Len(), Sources: most, Names: 5, Problems: 2, Cut: 3, Indexed: true, InputSize: 4711})
	texts := func(kind Kind, list ...string) {
		w.PutTexts(kind, len(list), func(add func([]byte)) {
			for _, s := range list {
				add([]byte(s))
			}
		})
	}
	texts(KindStrings, "out.js", "85314830-023f-4cf1-a267-535f4e37bb17", "", "root/", "another/root/")
	texts(KindNames, "foo", "", "bär", "a", "zz")
	texts(KindSources, "a.js", "", "b.js")
	texts(KindProblems, "kind", "words and more words", "other kind", "")
	w.Put(KindSourceInfo, []byte("\x00\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x04\x00\x00\x00"))
	w.Put(KindProblemOffsets, []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"))
	image, err := w.Finish()
	require.NoError(t, err)
	defer image.Free()
	require.NoError(t, image.Verify())
	var out file
	require.NoError(t, image.Save(&out, textsOf(sampleTexts), 1))
	return out.data
}

func textsOf(list []any) *SourceTexts {
	return &SourceTexts{
		N: len(list),
		Size: func(i int) int {
			if i < 3 {
				return 0
			}
			return groupSize
		},
		Text: func(i int) ([]byte, bool) {
			s, ok := list[i].(string)
			return []byte(s), ok
		},
	}
}

// answers is everything that an image says.
type answers struct {
	info     Info
	length   int
	segments []Segment
	finds    []found
	texts    []string
	pairs    [][2]uint32
	numbers  []uint64
	sources  []sourceText
}

type found struct {
	s  Segment
	ok bool
}

type sourceText struct {
	text  string
	lines lines.Index
	line  []string
	ok    bool
}

// samplePositions are beside each segment of the sample.
func samplePositions() (list [][2]int32) {
	for _, block := range sampleBlocks() {
		for i, s := range block {
			if len(block) > 10 && i%16 > 1 {
				continue
			}
			list = append(list, [2]int32{s.Line, s.Column})
			if s.Column < most {
				list = append(list, [2]int32{s.Line, s.Column + 1})
			}
			if s.Column > 0 {
				list = append(list, [2]int32{s.Line, s.Column - 1})
			}
		}
	}
	return append(list, [2]int32{6, 0}, [2]int32{4, most}, [2]int32{-1, -1}, [2]int32{0, -1}, [2]int32{most, most}, [2]int32{12345, 5})
}

// somePositions are enough where all are asked for thousands of times.
func somePositions() (list [][2]int32) {
	for i, p := range samplePositions() {
		if soak || i%5 == 0 {
			list = append(list, p)
		}
	}
	return list
}

// ask puts every question to the image. Limits are for images that lie about how much is in them.
func ask(image *Image, table *Table, positions [][2]int32) (a answers) {
	const most = 1 << 16
	a.length = table.Len()
	table.All(func(s Segment) bool {
		a.segments = append(a.segments, s)
		return len(a.segments) < most
	})
	for _, p := range positions {
		s, ok := table.Find(p[0], p[1])
		a.finds = append(a.finds, found{s, ok})
		s, ok = table.FindAcross(p[0], p[1])
		a.finds = append(a.finds, found{s, ok})
	}
	for kind := range Kind(kinds) {
		switch kind {
		case KindStrings, KindNames, KindSources, KindProblems:
			texts := image.Texts(kind)
			a.texts = append(a.texts, fmt.Sprint(texts.Len()), texts.Text(-1), texts.Text(texts.Len()), texts.Text(math.MaxInt))
			for i := range min(texts.Len(), most) {
				a.texts = append(a.texts, texts.Text(i))
			}
		case KindSourceInfo, KindTextSpans:
			for i := -1; i < most; i++ {
				pair, ok := image.Pair(kind, i)
				if !ok && i >= 0 {
					break
				}
				a.pairs = append(a.pairs, pair)
			}
		case KindProblemOffsets:
			a.numbers = image.Numbers(kind)
		}
	}
	for i := -1; i < min(image.Size(KindTexts)/textSize, most)+1; i++ {
		var s sourceText
		s.text, s.lines, s.ok = image.SourceText(i)
		for _, line := range []int{-1, 0, 1, 31, 32, 33, 64, s.lines.Count - 1, s.lines.Count, math.MaxInt} {
			s.line = append(s.line, s.lines.Line(s.text, line))
		}
		a.sources = append(a.sources, s)
	}
	return a
}

// open reads an image to its end. err is of Open, or of Table, which openers of maps call at once.
func openAll(data []byte) (*Image, *Table, error) {
	image, err := Open(data, nil)
	if err != nil {
		return nil, nil, err
	}
	table, err := image.Table()
	if err != nil {
		return nil, nil, err
	}
	_, err = image.Info()
	return image, table, err
}

func TestSampleImage(t *testing.T) {
	data := sampleImage(t)
	t.Logf("%d bytes", len(data))
	assert.Greater(t, len(data), HeadSize+sumSize, "more than one checksum")
	assert.Less(t, len(data), 10_000, "small enough to be changed byte by byte")
	image, table, err := openAll(data)
	require.NoError(t, err)
	require.NoError(t, image.Verify())

	var want twin
	for _, list := range sampleBlocks() {
		want = append(want, list...)
	}
	require.Equal(t, want.sorted(), want)
	a := ask(image, table, samplePositions())
	require.Equal(t, want, twin(a.segments))
	for i, p := range samplePositions() {
		s, ok := want.find(p[0], p[1])
		require.Equal(t, found{s, ok}, a.finds[2*i], "Find %v", p)
		s, ok = want.findAcross(p[0], p[1])
		if p[0] < 0 || p == [2]int32{0, -1} {
			s, ok = Segment{}, false
		}
		require.Equal(t, found{s, ok}, a.finds[2*i+1], "FindAcross %v", p)
	}
	for i, text := range sampleTexts {
		s, has := text.(string)
		require.Equal(t, has, a.sources[1+i].ok)
		require.Equal(t, s, a.sources[1+i].text)
		if has {
			require.Equal(t, lines.New(s).Count, a.sources[1+i].lines.Count)
		}
	}

	// Blocks of all shapes are there.
	var shapes, flags uint32
	var b block
	widest := uint(0)
	for i := range table.blocks {
		require.True(t, table.open(&b, i))
		at := int(table.offsets[i])
		shapes |= le.Load32(table.data, at)
		flags |= le.Load32(table.data, at+4)
		widest = max(widest, b.sourceWidth+b.lineWidth+b.columnWidth)
	}
	assert.NotZero(t, shapes&shapeMulti)
	for _, flag := range []uint32{flagOwn, flagBare, flagNamed, flagAllNamed, flagColumnBase, flagWideSource} {
		assert.NotZero(t, flags&flag, "flag %#x", flag)
	}
	assert.EqualValues(t, 93, widest)
	assert.Greater(t, image.Size(KindTextGroups)/textGroup, 3, "groups of texts")
	assert.NotZero(t, image.Size(KindTextLines))
}

// changes are the values that a byte is changed to.
func changes(b byte) []byte {
	list := []byte{b ^ 0x01, b ^ 0x80, b ^ 0xFF, 0}
	if soak {
		list = list[:0]
		for i := range 256 {
			list = append(list, byte(i))
		}
	}
	return slices.DeleteFunc(list, func(v byte) bool { return v == b })
}

// everyByte calls try with copies of data in which one byte has another value, on all processors. A copy is good until
// try returns; at is -1 in the end, when nothing is changed. try returns what is wrong, "" for nothing.
func everyByte(t *testing.T, data []byte, values func(at int) []byte, try func(data []byte, at int) string) {
	t.Helper()
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		group.Go(func() {
			mine, done := guard(data)
			defer done()
			run := func(at int, was byte) {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("byte %d: %#x instead of %#x: panic %v", at, mine[max(at, 0)], was, p)
					}
				}()
				start := time.Now()
				if wrong := try(mine, at); wrong != "" {
					t.Errorf("byte %d: %#x instead of %#x: %s", at, mine[max(at, 0)], was, wrong)
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Errorf("byte %d: %#x instead of %#x takes %v", at, mine[max(at, 0)], was, took)
				}
			}
			for at := worker; at < len(data) && !t.Failed(); at += workers {
				for _, v := range values(at) {
					copy(mine, data)
					mine[at] = v
					run(at, data[at])
				}
			}
			copy(mine, data)
			run(-1, 0)
		})
	}
	group.Wait()
}

func isKnown(err error) bool {
	return errors.Is(err, ErrDamaged) || errors.Is(err, ErrFormat) || errors.Is(err, ErrTruncated)
}

// TestEveryByteChanged: whatever byte differs from what was written, opening fails, or every answer is right or else
// Err tells; and Verify finds it.
func TestEveryByteChanged(t *testing.T) {
	data := sampleImage(t)
	positions := somePositions()
	image, table, err := openAll(data)
	require.NoError(t, err)
	want := ask(image, table, positions)
	want.info, _ = image.Info()
	require.NoError(t, image.Err())
	everyByte(t, data, func(at int) []byte { return changes(data[at]) }, func(data []byte, at int) string {
		image, table, err := openAll(data)
		if err != nil {
			if at < 0 || !isKnown(err) {
				return fmt.Sprintf("error %v", err)
			}
			return ""
		}
		got := ask(image, table, positions)
		if got.info, err = image.Info(); err != nil || image.Err() != nil {
			if at < 0 || !errors.Is(image.Err(), ErrDamaged) {
				return fmt.Sprintf("error %v, %v", err, image.Err())
			}
		} else if !reflect.DeepEqual(want, got) {
			return "a wrong answer, and no error"
		}
		image, _, _ = openAll(data)
		if err := image.Verify(); (at < 0) != (err == nil) || err != nil && !errors.Is(err, ErrDamaged) {
			return fmt.Sprintf("Verify: %v", err)
		}
		return ""
	})
}

// TestEveryTruncation: an image that ends too early is none.
func TestEveryTruncation(t *testing.T) {
	data := sampleImage(t)
	for n := range data {
		_, err := Open(data[:n:n], nil)
		require.True(t, isKnown(err), "%d bytes: %v", n, err)
		if n >= HeadSize {
			require.ErrorIs(t, err, ErrTruncated)
		}
	}
	// What stands behind it is not looked at.
	image, _, err := openAll(append(slices.Clone(data), "more"...))
	require.NoError(t, err)
	require.NoError(t, image.Verify())
	assert.Equal(t, data, image.Bytes())
}

// mend makes the checksums right again, as somebody would who means harm. What it can't find stays as it is.
func mend(data []byte) {
	if len(data) < HeadSize {
		return
	}
	size, at := le.Load64(data, 16), le.Load64(data, 32)
	if size > uint64(len(data)) {
		size = uint64(len(data))
	}
	if at >= HeadSize && at <= size {
		sums := data[at:size]
		for i := 0; i < len(sums)/4; i++ {
			start := HeadSize + i*sumSize
			if start >= int(at) {
				break
			}
			le.Store32(sums, 4*i, crc32.Checksum(data[start:min(start+sumSize, int(at))], castagnoli))
		}
		le.Store32(data, 40, crc32.Checksum(sums, castagnoli))
	}
	le.Store32(data, 28, headSum(data))
}

// allocated returns how many bytes were allocated in Go's heap so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestEveryByteChangedAndMended is TestEveryByteChanged for a writer that means harm: all checksums are right. The
// answers may be anything.
func TestEveryByteChangedAndMended(t *testing.T) {
	data := sampleImage(t)
	positions := somePositions()
	sample, err := open(data)
	require.NoError(t, err)
	texts, size := sample.starts[KindTextData], sample.Size(KindTextData)
	few := func(at int) []byte {
		list := changes(data[at])
		unused := at >= headerSize+int(le.Load32(data, 24))*entrySize && at < HeadSize
		if !soak && (unused || at >= texts && at < texts+size) && at%16 > 0 { // nothing, or zstd's
			return nil
		}
		if !soak { // by turns
			list = list[at%len(list):][:1]
		}
		return list
	}
	everyByte(t, data, few, func(data []byte, at int) string {
		mend(data)
		before := allocated()
		image, table, err := openAll(data)
		if err != nil {
			if at < 0 || !isKnown(err) {
				return fmt.Sprintf("error %v", err)
			}
			return ""
		}
		ask(image, table, positions)
		if at%16 == 0 {
			var out file
			_ = image.Save(&out, nil, 1)
		}
		if err := image.Verify(); at < 0 && err != nil || err != nil && !errors.Is(err, ErrDamaged) {
			return fmt.Sprintf("Verify: %v", err)
		}
		if n := allocated() - before; n > 256<<20 { // of all workers together
			return fmt.Sprintf("%d bytes allocated", n)
		}
		return ""
	})
}

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
