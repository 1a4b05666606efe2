package index

import (
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
		n := 0
		table.Back(p[0], p[1], func(Segment) bool { n++; return n < 200 }) // over block ends
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
