package sourcemap

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// sourcesOf adds the sources of the map (DecodeSourceMapSources) and returns, for each of its indices,
// the index in the result.
func (p *parser) sourcesOf(f *fields) []int32 {
	p.optionalString(ProblemFile, "file", f.file)
	p.optionalString(ProblemSourceRoot, "sourceRoot", f.sourceRoot)
	root := ""
	if f.sourceRoot.kind == '"' {
		// ECMA-426 puts a '/' behind any sourceRoot, an empty one too; every tool that writes "" means none.
		if root = jsonscan.Unescape(f.sourceRoot.span.Of(p.data)); root != "" && !strings.HasSuffix(root, "/") {
			root += "/"
		}
		if len(root) > MaxSourceRootBytes {
			p.problem(ProblemSourceRoot, f.sourceRoot.span.Start, "sourceRoot is longer than %d bytes", MaxSourceRootBytes)
			root = ""
		}
	}
	if f.sourcesContent.kind != 0 && f.sourcesContent.kind != '[' {
		p.problem(ProblemSourcesContent, f.sourcesContent.span.Start, "sourcesContent is %s, not an array", f.sourcesContent.name())
	}
	list := make([]source, f.sources.items.Len())
	for i, item := range f.sources.items.All {
		list[i].root = root
		switch p.data[item.Start] {
		case '"':
			list[i].url = item
		case 'n':
		default:
			p.problem(ProblemSourcesItem, item.Start, "source %d is neither a string nor null", i)
		}
	}
	for i, item := range f.sourcesContent.items.All {
		switch first := p.data[item.Start]; {
		case first == '"' && i < len(list):
			list[i].content = item
		case first != '"' && first != 'n':
			p.problem(ProblemSourcesContentItem, item.Start, "the text of source %d is neither a string nor null", i)
		}
	}
	p.ignoreList(f, list)
	p.functionMaps(f, list)
	return p.addSources(list)
}

// ignoreList marks the ignored ones of the sources.
func (p *parser) ignoreList(f *fields, list []source) {
	field := f.ignoreList
	if field.kind == 0 {
		field = f.googleIgnoreList
	}
	if field.kind == 0 {
		return
	}
	if field.kind != '[' {
		p.problem(ProblemIgnoreList, field.span.Start, "ignoreList is %s, not an array", field.name())
		return
	}
	for _, item := range field.items.All {
		number, err := strconv.ParseFloat(string(item.Of(p.data)), 64)
		if err != nil || number < 0 || number != float64(int64(number)) || bytes.IndexByte(item.Of(p.data), '"') >= 0 {
			p.problem(ProblemIgnoreListItem, item.Start, "%v is not an index", brief(item.Of(p.data)))
			continue
		}
		if number >= float64(len(list)) {
			p.problem(ProblemIgnoreListItem, item.Start, "there is no source %v", brief(item.Of(p.data)))
			continue
		}
		list[int(number)].ignored = true
	}
}

// addSources adds the sources to the result. A regular map's are taken as they are; of an indexed
// map's sections, a source that is equal in everything to one already there is that one.
func (p *parser) addSources(list []source) []int32 {
	to := make([]int32, len(list))
	if !p.indexed {
		p.sources = list
		for i := range to {
			to[i] = int32(i)
		}
		return to
	}
	if p.seen == nil {
		p.seen = map[sourceKey]int32{}
		p.seed = maphash.MakeSeed()
	}
	for i, s := range list {
		key := p.sourceKey(s)
		at, ok := p.seen[key]
		if !ok {
			at = int32(len(p.sources))
			p.sources = append(p.sources, s)
			p.seen[key] = at
		}
		to[i] = at
	}
	return to
}

// sourceKey stands for a source in a set: two hashes of 64 bits with a seed of this process.
type sourceKey struct {
	url, content, functions  uint64
	null, noContent, ignored bool
}

// sourceKey returns the key of a source: of its whole URL, and of its text as it is written.
func (p *parser) sourceKey(s source) sourceKey {
	url := ""
	if !none(s.url) {
		url = s.root + p.text(s.url)
	}
	key := sourceKey{
		url:     maphash.String(p.seed, url),
		content: maphash.Bytes(p.seed, s.content.Of(p.data)),
		null:    none(s.url), noContent: none(s.content), ignored: s.ignored,
	}
	if !none(s.functions) {
		key.functions = maphash.Bytes(p.seed, s.functions.Of(p.data))
	}
	return key
}

// A mark is how far the result had come, to go back to when a section turns out to be broken.
type mark struct {
	mappings                 index.Mark
	sources, names, numNames int
}

func (p *parser) mark() mark { return mark{p.table.Mark(), len(p.sources), len(p.names), p.numNames} }

// rewind takes back what was added since the mark, but not the problems.
func (p *parser) rewind(to mark) {
	p.table.Rewind(to.mappings)
	for _, s := range p.sources[to.sources:] {
		delete(p.seen, p.sourceKey(s))
	}
	p.sources = p.sources[:to.sources]
	p.names, p.numNames = p.names[:to.names], to.numNames
}

// nameList is the names of one map, as they were found.
type nameList struct {
	*jsonscan.List
	plain bool // see jsonscan.Plain
}

// nameRange is where the names of a map stand in the result.
type nameRange struct{ base, n int }

// namesOf adds the names of the map.
func (p *parser) namesOf(f *fields) nameRange {
	base, n := p.numNames, f.names.items.Len()
	if f.names.kind != 0 && f.names.kind != '[' {
		p.problem(ProblemNames, f.names.span.Start, "names is %s, not an array", f.names.name())
	}
	if n == 0 {
		return nameRange{base, 0}
	}
	list := nameList{f.names.items, jsonscan.Plain(p.data, f.names.span)}
	for i, item := range list.All {
		if p.data[item.Start] != '"' {
			p.problem(ProblemNamesItem, item.Start, "name %d is not a string", i)
			list.plain = false
		}
	}
	p.names = append(p.names, list)
	p.numNames += n
	return nameRange{base, n}
}

// mappings decodes the mappings of a map and adds them to the table.
func (p *parser) mappings(f *fields, sources []int32, names nameRange, by shift) error {
	quoted := f.mappings.span.Of(p.data)
	text := quoted[1 : len(quoted)-1]
	offset := func(at int) int { return f.mappings.span.Start + 1 + at }
	if bytes.IndexByte(text, '\\') >= 0 {
		// Some encoders write "\/" for the digit '/'.
		text = []byte(jsonscan.Unescape(quoted))
		offset = func(at int) int { return f.mappings.span.Start + jsonscan.RawOffset(quoted, at) }
	}
	decoder := vlq.NewDecoder(text, len(sources), names.n, func(fault vlq.Fault) {
		if p.counting() {
			p.cut++
			return
		}
		switch fault.Kind {
		case vlq.ColumnRange:
			p.problem(ProblemColumnRange, offset(fault.Offset), "generated column out of range, line %d", fault.Line)
		case vlq.OriginalRange:
			p.problem(ProblemOriginalRange, offset(fault.Offset), "original position out of range, line %d", fault.Line)
		case vlq.NameRange:
			p.problem(ProblemNameRange, offset(fault.Offset), "no such name, line %d", fault.Line)
		}
	})
	start := p.table.Mark()
	ranges := p.rangesOf(f)
	pack, wait := p.packer(len(text))
	defer wait()
	chunk := chunkPool.Get().(*vlq.Chunk)
	defer func() { chunkPool.Put(chunk) }()
	for {
		err := decoder.Next(chunk)
		if e := (*vlq.Error)(nil); errors.As(err, &e) {
			wait()
			p.table.Rewind(start)
			ranges.forget()
			p.extent = extent{}
			if e.Overflow {
				return &ParseError{Kind: ErrMappings, Offset: int64(offset(e.Offset)), Detail: fmt.Sprintf("%s, line %d", e.What, e.Line)}
			}
			p.problem(ProblemMappingsGrammar, offset(e.Offset), "%s, line %d", e.What, e.Line)
			return nil
		}
		if chunk.Len == 0 {
			ranges.end()
			return nil
		}
		ranges.mark(chunk)
		p.place(chunk, f, sources, names, by, ranges)
		ranges.add(chunk)
		chunk = pack(chunk)
	}
}

// chunkPool spares a map of few mappings the memory for many.
var chunkPool = sync.Pool{New: func() any { return new(vlq.Chunk) }}

// parallelFrom is from how many bytes of mappings on a second goroutine is worth its start.
const parallelFrom = 256 << 10

// packer returns a function that adds a chunk to the table and returns one to decode into, and one that waits until all
// is added. With workers another goroutine packs, while this one decodes into the next of a few chunks.
func (p *parser) packer(size int) (pack func(*vlq.Chunk) *vlq.Chunk, wait func()) {
	if p.workers < 2 || size < parallelFrom {
		return func(chunk *vlq.Chunk) *vlq.Chunk {
			p.table.Append(chunk)
			return chunk
		}, func() {}
	}
	const chunks = 4
	full, empty, done := make(chan *vlq.Chunk, chunks), make(chan *vlq.Chunk, chunks), make(chan struct{})
	for range chunks - 1 {
		empty <- new(vlq.Chunk)
	}
	go func() {
		defer close(done)
		for chunk := range full {
			p.table.Append(chunk)
			empty <- chunk
		}
	}()
	return func(chunk *vlq.Chunk) *vlq.Chunk {
			full <- chunk
			return <-empty
		}, sync.OnceFunc(func() {
			close(full)
			<-done
		})
}

// place turns the chunk's indices and positions into those of the result.
func (p *parser) place(c *vlq.Chunk, f *fields, sources []int32, names nameRange, by shift, ranges *rangeMarks) {
	if !p.indexed {
		return
	}
	n, end := 0, max(c.Len-1, 0) // from end on a segment may be the last in order
	if c.Unsorted {
		end = 0
	}
	for i := range c.Len {
		line, column := int64(c.Line[i])+by.line, int64(c.Column[i])
		if c.Line[i] == 0 {
			column += by.column
		}
		if i >= end {
			p.extent.add(extent{line, column, true})
		}
		if line < 0 || line > math.MaxInt32 || column < 0 || column > math.MaxInt32 {
			p.problem(ProblemColumnRange, f.mappings.span.Start, "the section's offset puts line %d, column %d out of range", c.Line[i], c.Column[i])
			ranges.drop(i)
			continue
		}
		c.Line[n], c.Column[n] = int32(line), int32(column)
		c.Source[n], c.OriginalLine[n], c.OriginalColumn[n], c.Name[n] = c.Source[i], c.OriginalLine[i], c.OriginalColumn[i], c.Name[i]
		if c.Source[n] >= 0 {
			c.Source[n] = sources[c.Source[n]]
		}
		if c.Name[n] >= 0 {
			c.Name[n] += int32(names.base)
		}
		n++
	}
	c.Len = n
}
