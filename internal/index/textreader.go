package index

import "github.com/symbolicate/symbolicate/internal/le"

// A TextReader reads the source texts of a saved image in the order of the sources, and each group once. That is also the
// order in which they lie there: another one is damage, since a small image could otherwise make it work for days.
type TextReader struct {
	image *Image
	group []byte
	at    int64  // number of the group, -1 for none
	end   uint32 // of the text before, in the group
	next  uint64 // where the group ends in KindTextData
}

// NewTextReader returns a reader at the first text.
func (m *Image) NewTextReader() *TextReader { return &TextReader{image: m, at: -1} }

// Text returns the text of source i, which is behind that of the call before, until the next call. ok is false where the
// image has none, or is damaged.
func (r *TextReader) Text(i int) (content []byte, ok bool) {
	t, ok := r.image.textEntry(i)
	if !ok || t.group == noGroup {
		return nil, false
	}
	if int64(t.group) > r.at {
		if !r.open(t.group) {
			return nil, false
		}
	} else if int64(t.group) < r.at {
		r.image.area(KindTexts).damaged()
		return nil, false
	}
	if t.offset < r.end || uint64(t.offset)+uint64(t.length) > uint64(len(r.group)) {
		r.image.area(KindTexts).damaged()
		return nil, false
	}
	r.end = t.offset + t.length
	return r.group[t.offset:r.end], true
}

func (r *TextReader) open(group uint32) bool {
	r.group, r.at, r.end = nil, int64(group), 0
	groups, at := r.image.sections[KindTextGroups], uint64(group)*textGroup
	if at+textGroup > uint64(len(groups)) || !r.image.area(KindTextGroups).read(int(at), textGroup) {
		r.image.area(KindTextGroups).damaged()
		return false
	}
	start, length := le.Load64(groups, int(at)), uint64(le.Load32(groups, int(at)+8))
	if start < r.next || start > 1<<62 {
		r.image.area(KindTextGroups).damaged()
		return false
	}
	r.next = start + length
	var ok bool
	r.group, ok = r.image.group(group)
	return ok
}
