package sourcemap

import (
	"encoding/binary"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
)

// source is an original source as it was found. An empty span stands for null.
type source struct {
	root    string // the sourceRoot, ending in '/', or ""
	url     jsonscan.Span
	content jsonscan.Span
	ignored bool
	// functions is the source's function map in x_facebook_sources; empty: none.
	functions jsonscan.Span
}

func none(s jsonscan.Span) bool { return s.Start == s.End }

// Where texts of the whole map stand in KindStrings; source roots follow.
const (
	stringFile = iota
	stringDebugID
	stringRoot // the root "" of sources without one
)

// text returns what the JSON string at the span says; "" for a span that is empty.
func (p *parser) text(s jsonscan.Span) string {
	if none(s) {
		return ""
	}
	return jsonscan.Unescape(s.Of(p.data))
}

// write ends the mappings and writes all other sections of the image. Source texts stay where they are in the data.
func (p *parser) write(w *index.Writer, f *fields, file, debugID string) {
	texts := []string{file, debugID, ""}
	roots := map[string]uint32{"": stringRoot}
	var info, spans []byte
	for _, s := range p.sources {
		flags := uint32(0)
		if none(s.url) {
			flags |= sourceNull
		}
		if s.ignored {
			flags |= sourceIgnored
		}
		if !none(s.content) {
			flags |= sourceHasContent
		}
		root, ok := roots[s.root]
		if !ok {
			root = uint32(len(texts))
			roots[s.root] = root
			texts = append(texts, s.root)
		}
		info = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(info, flags), root)
		spans = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(spans, uint32(s.content.Start)), uint32(s.content.End))
	}
	p.table.SetRanged(p.ranged)
	p.table.Finish()
	w.PutInfo(&index.Info{
		Segments: p.table.Len(), Sources: len(p.sources), Names: p.numNames, Problems: len(p.problems), Cut: p.cut,
		Indexed: p.indexed, InputSize: int64(len(p.data)),
	})
	w.PutTexts(index.KindStrings, len(texts), func(add func(text []byte)) {
		for _, text := range texts {
			add([]byte(text))
		}
	})
	w.PutTexts(index.KindNames, p.numNames, p.addNames)
	w.PutTexts(index.KindSources, len(p.sources), func(add func(text []byte)) {
		var text []byte
		for _, s := range p.sources {
			text = p.appendText(text[:0], s.url)
			add(text)
		}
	})
	w.Put(index.KindSourceInfo, info)
	w.Put(index.KindTextSpans, spans)
	putProblems(w, p.problems)
	if p.scopes != nil {
		p.scopes.SortRanges()
		w.PutScopes(p.scopes, len(p.sources))
	}
	p.writeNative(w, f)
}

// putProblems writes the problems.
func putProblems(w *index.Writer, list []Problem) {
	var offsets []byte
	for _, problem := range list {
		offsets = binary.LittleEndian.AppendUint64(offsets, uint64(problem.Offset))
	}
	w.PutTexts(index.KindProblems, 2*len(list), func(add func(text []byte)) {
		for _, problem := range list {
			add([]byte(problem.Kind))
			add([]byte(problem.Detail))
		}
	})
	w.Put(index.KindProblemOffsets, offsets)
}

// addNames adds the names of all maps.
func (p *parser) addNames(add func(text []byte)) {
	var text []byte
	for _, list := range p.names {
		for _, item := range list.All {
			switch {
			case list.plain:
				add(p.data[item.Start+1 : item.End-1])
			case p.data[item.Start] != '"':
				add(nil)
			default:
				text = p.appendText(text[:0], item)
				add(text)
			}
		}
	}
}

// appendText appends what the JSON string at the span says.
func (p *parser) appendText(dst []byte, s jsonscan.Span) []byte {
	if none(s) {
		return dst
	}
	return jsonscan.AppendUnescaped(dst, s.Of(p.data))
}
