package index

import (
	"bufio"
	"hash/crc32"
	"io"

	"github.com/symbolicate/symbolicate/internal/le"
)

// A fileWriter writes an image section by section: its bytes go to out from HeadSize on, its checksums and its
// head come last. The first error stays.
type fileWriter struct {
	out   *bufio.Writer
	at    int
	table []entry
	sums  []byte
	sum   uint32 // of the piece at work
	err   error
}

// Save writes an image to out, which starts at its beginning: the sections of this one, and the texts, which may be nil
// (then those in the image, if there are any). Compression uses so many goroutines, 0: all processors.
func (m *Image) Save(out io.WriteSeeker, texts *SourceTexts, workers int) error {
	if _, err := out.Seek(HeadSize, io.SeekStart); err != nil {
		return err
	}
	w := &fileWriter{out: bufio.NewWriterSize(out, 1<<20), at: HeadSize}
	for kind := range Kind(kinds) {
		content := m.sections[kind]
		own := kind != KindTextSpans && kind != KindMore && (texts == nil || kind < KindTextGroups || kind > KindTextData)
		if !own || content == nil {
			continue
		}
		if a := m.area(kind); !a.read(0, len(content)) {
			return m.Err()
		}
		w.put(kind, content)
	}
	if texts != nil {
		if err := w.putTexts(texts, workers); err != nil {
			return err
		}
	}
	head, err := w.finish()
	if err != nil {
		return err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := out.Write(head); err != nil {
		return err
	}
	_, err = out.Seek(0, io.SeekEnd)
	return err
}

func (w *fileWriter) begin(kind Kind) {
	w.align()
	w.table = append(w.table, entry{kind, w.at, 0})
}

func (w *fileWriter) end() {
	e := &w.table[len(w.table)-1]
	e.length = w.at - e.start
}

func (w *fileWriter) put(kind Kind, content []byte) {
	w.begin(kind)
	w.Write(content)
	w.end()
}

func (w *fileWriter) align() { w.Write(make([]byte, -w.at&7)) }

// Write adds bytes to the section at work. It never fails: the error comes from finish.
func (w *fileWriter) Write(p []byte) (int, error) {
	n := len(p)
	if _, err := w.out.Write(p); err != nil && w.err == nil {
		w.err = err
	}
	for len(p) > 0 {
		left := sumSize - (w.at-HeadSize)%sumSize
		piece := p[:min(left, len(p))]
		w.sum = crc32.Update(w.sum, castagnoli, piece)
		w.at += len(piece)
		p = p[len(piece):]
		if len(piece) == left {
			w.sums = le.AppendUint32(w.sums, w.sum)
			w.sum = 0
		}
	}
	return n, nil
}

// putMore writes the entries for which the head has no room as a section.
func (w *fileWriter) putMore() {
	if len(w.table) <= maxSections {
		return
	}
	more := w.table[maxSections-1:]
	w.table = w.table[: maxSections-1 : maxSections-1]
	table := make([]byte, len(more)*entrySize)
	for i, e := range more {
		e.put(table[i*entrySize:])
	}
	w.put(KindMore, table)
}

// finish writes the checksums and returns the head.
func (w *fileWriter) finish() (head []byte, err error) {
	w.putMore()
	w.align()
	sumsAt := w.at
	if (w.at-HeadSize)%sumSize != 0 {
		w.sums = le.AppendUint32(w.sums, w.sum)
	}
	if _, err := w.out.Write(w.sums); err != nil && w.err == nil {
		w.err = err
	}
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	head = make([]byte, HeadSize)
	putHead(head, w.table, sumsAt+len(w.sums), sumsAt, crc32.Checksum(w.sums, castagnoli))
	return head, w.err
}
