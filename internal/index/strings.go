package index

import (
	"errors"
	"math"

	"github.com/symbolicate/symbolicate/internal/le"
)

// A list of texts is n+1 offsets of 32 bits into the UTF-8 text that follows them:
//
//	count    u32   n
//	ends     n×u32 where each text ends; it starts where the one before it ended
//	text

// Texts is a list of texts in an image. Nothing of it is read before a text is asked for.
type Texts struct {
	data []byte
	at   area
}

// Texts returns the list of that kind; an empty one where the image has none.
func (m *Image) Texts(kind Kind) Texts { return Texts{m.sections[kind], m.area(kind)} }

// Len returns how many there are; 0 where the list is damaged.
func (t Texts) Len() int {
	if len(t.data) < 4 || !t.at.read(0, 4) {
		return 0
	}
	if n := le.Load32(t.data, 0); uint64(n) <= uint64(len(t.data)-4)/4 {
		return int(n)
	}
	t.at.damaged()
	return 0
}

// Text returns text i, "" when there is none. It is a copy.
func (t Texts) Text(i int) string { return t.Within(i, math.MaxInt) }

// Within is Text for a text that has at most so many bytes: a longer one is damage.
func (t Texts) Within(i, most int) string {
	text, longer := t.UpTo(i, most)
	if longer {
		t.at.damaged()
	}
	return text
}

// UpTo is Text for texts that have at most so many bytes; of a longer one it says so.
func (t Texts) UpTo(i, most int) (content string, longer bool) {
	n := t.Len()
	if i < 0 || i >= n {
		return "", false
	}
	at := 4 * i // the end of the text before it, or for the first one the count
	// An image that was found out to contradict itself gives no more texts: of texts that overlap, all
	// together could be thousands of times as large as the image.
	if t.at.untrue() || !t.at.read(at, 8) {
		return "", false
	}
	start, end := uint32(0), le.Load32(t.data, at+4)
	if i > 0 {
		start = le.Load32(t.data, at)
	}
	text := t.data[4+4*n:]
	if start > end || uint64(end) > uint64(len(text)) {
		t.at.damaged()
		return "", false
	}
	if int(end-start) > most {
		return "", true
	}
	if !t.at.read(4+4*n+int(start), int(end-start)) {
		return "", false
	}
	return string(text[start:end]), false
}

// PutTexts writes a list of n texts; put hands each to add.
func (w *Writer) PutTexts(kind Kind, n int, put func(add func(text []byte))) {
	w.begin(kind)
	start := w.at
	if head := w.take(4 + 4*n); head != nil {
		le.Store32(head, 0, uint32(n))
	}
	begin, next := w.at, start+4
	put(func(text []byte) {
		data := w.room(len(text))
		if data == nil {
			return
		}
		copy(data[w.at:], text)
		w.at += len(text)
		le.Store32(data, next, uint32(w.at-begin))
		next += 4
	})
	if uint64(w.at-begin) > math.MaxUint32 && w.err == nil {
		w.err = errors.New("texts of more than 4 GiB")
	}
	w.end()
}
