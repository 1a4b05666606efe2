package index

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// TestImagesOfUsedMemory: memory is used again for the next image, whatever an image before left in it; equal maps make
// equal images all the same, to the last byte of the padding.
func TestImagesOfUsedMemory(t *testing.T) {
	chunk := new(vlq.Chunk)
	var sorted, unsorted twin
	for i := range int32(vlq.ChunkSize) {
		sorted = append(sorted, Segment{i / 8, i * 977, i % 5, i * 31, i * 77777, i % 9})
		unsorted = append(unsorted, Segment{5 - i%5, i, 0, i, 0, -1})
	}
	makes := []struct {
		name string
		make func(b *Builder)
	}{
		{"nothing", func(b *Builder) {}},
		{"one", func(b *Builder) { b.Append(fill(chunk, sorted[7:8])) }},
		{"sorted", func(b *Builder) { b.Append(fill(chunk, sorted)) }},
		{"unsorted", func(b *Builder) { b.Append(fill(chunk, sorted)); b.Append(fill(chunk, unsorted)) }},
		{"rewound", func(b *Builder) {
			mark := b.Mark()
			for range 3 {
				b.Append(fill(chunk, sorted))
			}
			b.Rewind(mark)
		}},
		{"rewound, to something", func(b *Builder) {
			b.Append(fill(chunk, sorted[:3]))
			mark := b.Mark()
			b.Append(fill(chunk, sorted))
			b.Append(fill(chunk, unsorted))
			b.Rewind(mark)
		}},
		{"large", func(b *Builder) {
			lines := slices.Clone(sorted)
			for line := range int32(40) {
				for i := range lines {
					lines[i].Line = line
				}
				b.Append(fill(chunk, lines))
			}
		}},
	}
	image := func(kernel *packKernel, size int, make func(b *Builder)) []byte {
		w := NewWriter(size)
		b := NewBuilder(w)
		b.packer.kernel = kernel
		make(b)
		b.Finish()
		w.PutInfo(&Info{Segments: b.Len(), Sources: 5, Names: 9})
		w.PutTexts(KindNames, 3, func(add func([]byte)) { add([]byte("a")); add(nil); add([]byte("bcdef")) })
		w.Put(KindProblemOffsets, []byte{1, 2, 3})
		image, err := w.Finish()
		require.NoError(t, err)
		defer image.Free()
		return bytes.Clone(image.Bytes())
	}
	for _, i := range []int{0, len(packKernels) - 1} {
		var want [][]byte
		for _, m := range makes {
			want = append(want, image(&packKernels[i], 0, m.make))
		}
		for _, before := range makes {
			for n, m := range makes {
				for _, size := range []int{0, 1 << 20} { // in Go's heap, and outside
					image(&packKernels[i], size, before.make)
					w := NewWriter(size)
					fillWith(w.room(0), 0xA5)
					w.Discard()
					if !bytes.Equal(want[n], image(&packKernels[i], size, m.make)) {
						assert.Fail(t, "other bytes", "%s behind %s, %v", m.name, before.name, packKernels[i].level)
					}
				}
			}
		}
	}
}

// TestNothingIsReadAfterSave: when Save ends early, all that it began has ended too: its caller may then give the memory
// of the texts back.
func TestNothingIsReadAfterSave(t *testing.T) {
	w := NewWriter(0)
	w.PutInfo(&Info{})
	image, err := w.Finish()
	require.NoError(t, err)
	defer image.Free()
	var over atomic.Bool
	stop := errors.New("stop")
	texts := &SourceTexts{
		N:    12,
		Size: func(int) int { return groupSize },
		Text: func(i int) ([]byte, bool) {
			// When the first is done, others are still read.
			for start := time.Now(); i > 0 && time.Since(start) < 400*time.Millisecond && !over.Load(); {
				time.Sleep(time.Millisecond)
			}
			assert.False(t, over.Load(), "text %d is read after the end", i)
			return []byte("text"), true
		},
	}
	for _, end := range []struct {
		name string
		make func()
		out  io.WriteSeeker
	}{
		{"by Progress", func() { texts.Progress = func(done, total int) error { return stop } }, new(file)},
		{"by a full disk", func() { texts.Progress = nil }, failing{stop}},
	} {
		over.Store(false)
		end.make()
		require.ErrorIs(t, image.Save(end.out, texts, 4), stop, end.name)
		over.Store(true)
		time.Sleep(10 * time.Millisecond)
	}
}

// failing is a file that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error)               { return 0, f.err }
func (f failing) Seek(offset int64, _ int) (int64, error) { return offset, nil }
