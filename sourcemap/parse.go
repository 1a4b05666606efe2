package sourcemap

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"unicode"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/internal/scopes"
	"github.com/symbolicate/symbolicate/internal/unwrap"
)

const (
	// MaxBytes is the largest map that Parse takes: offsets of 31 bits are enough for its lists.
	MaxBytes = 1<<31 - 1
	// MaxSectionDepth is how deep indexed maps may be nested in one another. The standard allows no
	// nesting; tools that concatenate twice make two levels.
	MaxSectionDepth = 16
	// MaxSourceRootBytes is how long a sourceRoot may be: it stands before every source, so a long one
	// multiplies. A longer one is left out, with a problem.
	MaxSourceRootBytes = 4096
	// DefaultMaxUnpacked is how many bytes a compressed map, or one in a data URL, may unpack to unless Options say otherwise.
	DefaultMaxUnpacked = 1 << 30
	// MaxWrappings is how many wrappings (gzip, zstd, data URL) may stand around a map, one around the other.
	MaxWrappings = unwrap.MaxLayers
	// DefaultMaxProblems is how many problems a Map lists unless Options say otherwise.
	DefaultMaxProblems = 100
)

// Options change how a map is read. The zero value and nil are the defaults.
type Options struct {
	// Strict refuses every map that ECMA-426 lets a consumer refuse: the first problem is an error.
	Strict bool
	// MaxProblems is how many problems are listed; the rest are counted. 0 is DefaultMaxProblems.
	MaxProblems int
	// Workers is how many goroutines may work on one map: with 2 or more, mappings are packed while further ones
	// are decoded, if there are many. 0 is 1.
	Workers int
	// Functions has all source texts that the map has read for their functions, with names, at once, instead of when [Map.FunctionAt]
	// first asks. So they are in what [Map.Save] writes, where it answers without any text.
	Functions bool
	// Generated is the generated code, nil: not at hand. It is read for functions, which [Map.FunctionIn] names by the map; with
	// them [Map.FunctionAt] answers where there is no source text. The code is not kept. Both are of no effect on a saved index.
	Generated []byte
	// MaxUnpacked is how many bytes a map in gzip, zstd or a data URL may unpack to, at each of its wrappings. 0 is
	// DefaultMaxUnpacked; more than MaxBytes is MaxBytes.
	MaxUnpacked int64
	// Copy has Parse keep a copy of its data, outside Go's heap, which goes when the map is closed: the caller may change
	// or drop the data. Open does not look at it.
	Copy bool
}

// Parse reads a source map, regular or indexed. The Map keeps data, which must not change while the
// Map is in use. The error is a [*ParseError]. Of the bytes of a saved index it makes what [Open] makes of the file,
// with Open's errors.
//
// Data that is compressed (gzip, zstd), or is the text of a data URL, is unpacked first, see Options.MaxUnpacked; the Map keeps
// what was in it, outside Go's heap, and not the data. Offsets of errors and problems count there.
func Parse(data []byte, options *Options) (*Map, error) {
	if options == nil {
		options = &Options{}
	}
	if unwrap.Wrapping(data) != "" {
		return parseWrapped(data, options)
	}
	if !options.Copy || len(data) == 0 {
		return parse(data, options, nil)
	}
	copied, err := mmap.Alloc(len(data))
	if err != nil {
		return nil, &ParseError{Kind: ErrLimit, Detail: err.Error()}
	}
	copy(copied.Bytes(), data)
	copied.Shrink(len(data)) // room for a small one comes in a standard size
	m, err := parse(copied.Bytes()[:len(data)], options, copied)
	if err != nil {
		copied.Free()
	}
	return m, err
}

// parse is Parse for data that lies in the region, or is the caller's.
func parse(data []byte, options *Options, region *mmap.Region) (m *Map, err error) {
	var image *index.Image
	if index.Is(data) {
		if image, err = index.Open(data, nil); err == nil {
			m, err = newMap(image, nil, nil, region.Free)
		}
	} else {
		p := newParser(data, options)
		if image, err = p.parse(); err == nil {
			m, err = newParsed(p, image, nil, region.Free, options)
		}
	}
	if err != nil {
		return nil, err
	}
	m.copied = region
	return m, nil
}

// Head is what tells one map from another.
type Head struct {
	File    string // the "file" field, "" where it has none
	DebugID string // lower-case UUID with hyphens, "" where it has none
	// HasModules: the map is of a RAM bundle of React Native, and says where its modules are, see [Map.ModuleLine].
	HasModules bool
	// HasSegments: the map holds maps of the segments of a split bundle, see [Map.Segment].
	HasSegments bool
}

// Peek reads the head of a map and leaves its mappings alone. The error is a [*ParseError].
func Peek(data []byte) (Head, error) {
	if unwrap.Wrapping(data) != "" {
		return peekWrapped(data)
	}
	p := newParser(data, &Options{})
	f, err := p.envelope()
	if err != nil {
		return Head{}, err
	}
	return Head{File: p.text(f.file.stringSpan()), DebugID: p.debugID(f), HasModules: f.facebookOffsets.kind == '[', HasSegments: f.facebookSegments.kind == '{'}, nil
}

// parser carries one call of Parse: fields are found first (fields.go), then decoded.
type parser struct {
	data        []byte
	strict      bool
	maxProblems int
	workers     int
	err         error // the first problem, where strict

	// What was found so far.
	table    *index.Builder
	sources  []source
	names    []nameList
	numNames int
	problems []Problem
	cut      int // problems beyond maxProblems
	indexed  bool
	extent   extent // of the mappings of the section at work

	ranged []uint32      // numbers of the range mappings
	scopes *scopes.Trees // nil: none
	// hasNative: there is something of reactnative.go.
	hasNative  bool
	noSegments bool // of a segment: its own are not read

	functionMappings map[int32]functionMapping // by source, see pasta.go

	seen map[sourceKey]int32 // sources of an indexed map so far
	seed maphash.Seed
}

func newParser(data []byte, options *Options) *parser {
	p := &parser{data: data, strict: options.Strict, maxProblems: options.MaxProblems, workers: options.Workers}
	if p.maxProblems <= 0 {
		p.maxProblems = DefaultMaxProblems
	}
	return p
}

// envelope finds the fields of the map.
func (p *parser) envelope() (*fields, error) {
	if len(p.data) > MaxBytes {
		return nil, &ParseError{Kind: ErrLimit, Offset: MaxBytes, Detail: fmt.Sprintf("%d bytes are more than %d", len(p.data), MaxBytes)}
	}
	at := jsonscan.Space(p.data, unwrap.Body(p.data))
	if at == len(p.data) {
		return nil, &ParseError{Kind: ErrEmpty, Offset: 0, Detail: fmt.Sprintf("%d bytes, nothing in them", len(p.data))}
	}
	if p.data[at] != '{' {
		return nil, p.notAnObject(at)
	}
	f, end, err := p.scan(at, 0)
	if err != nil {
		return nil, p.syntax(err)
	}
	if end = jsonscan.Space(p.data, end); end != len(p.data) {
		return nil, &ParseError{Kind: ErrNotJSON, Offset: int64(end), Detail: "something stands behind the closing '}'"}
	}
	return f, nil
}

func (p *parser) parse() (image *index.Image, err error) {
	f, err := p.envelope()
	if err != nil {
		return nil, err
	}
	// Blocks take half as many bytes as the text that they are made from, names and sources about as many.
	length := func(v value) int { return v.span.End - v.span.Start }
	w := index.NewWriter(length(f.mappings)*5/8 + length(f.names)*5/4 + length(f.sources) + 24*f.sources.items.Len() + 4096)
	defer func() {
		if image == nil { // a file that became shorter while it is read makes a panic
			w.Discard()
		}
	}()
	p.table = index.NewBuilder(w)
	if p.noSegments {
		f.facebookSegments = value{}
	}
	if f.hasSections {
		p.indexed = true
		err = p.sectionsOf(f, shift{}, 0)
	} else {
		err = p.regular(f, shift{})
	}
	debugID := ""
	if err == nil {
		debugID, err = p.debugID(f), p.err
	}
	if err != nil {
		return nil, err
	}
	p.write(w, f, p.text(f.file.stringSpan()), debugID)
	if image, err = w.Finish(); err != nil { // no memory, or more than the format holds
		return nil, &ParseError{Kind: ErrLimit, Detail: err.Error()}
	}
	return image, nil
}

// notAnObject says what the data is, since it is no JSON object.
func (p *parser) notAnObject(at int) error {
	detail := unwrap.Foreign(p.data)
	if detail == "" {
		end, err := jsonscan.Value(p.data, at)
		if err == nil && jsonscan.Space(p.data, end) == len(p.data) {
			return &ParseError{Kind: ErrFormat, Offset: int64(at), Detail: "the top level is not an object"}
		}
		if e := (*jsonscan.Error)(nil); errors.As(err, &e) && (e.Truncated || e.TooDeep) {
			return p.syntax(err)
		}
		detail = fmt.Sprintf("it starts with %q", p.data[at:min(at+16, len(p.data))])
	}
	return &ParseError{Kind: ErrNotJSON, Offset: int64(at), Detail: detail}
}

// syntax turns an error of jsonscan into one of this package.
func (p *parser) syntax(err error) error {
	var e *jsonscan.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := ErrNotJSON
	detail := "expected " + e.Expected
	switch {
	case e.TooDeep:
		kind, detail = ErrLimit, fmt.Sprintf("nested deeper than %d", jsonscan.MaxDepth)
	case e.Truncated:
		kind = ErrTruncated
	case e.Offset < len(p.data):
		detail += fmt.Sprintf(", found %q", p.data[e.Offset])
	}
	return &ParseError{Kind: kind, Offset: int64(e.Offset), Detail: detail}
}

// problem lists something wrong that a lenient consumer passes over.
func (p *parser) problem(kind ProblemKind, at int, format string, args ...any) {
	switch {
	case p.strict && p.err == nil:
		class := ErrFormat
		switch kind {
		case ProblemMappingsGrammar, ProblemColumnRange, ProblemOriginalRange, ProblemNameRange:
			class = ErrMappings
		}
		p.err = &ParseError{Kind: class, Offset: int64(at), Detail: string(kind) + ": " + fmt.Sprintf(format, args...)}
	case p.counting():
		p.cut++
	default:
		p.problems = append(p.problems, Problem{kind, int64(at), fmt.Sprintf(format, args...)})
	}
}

// counting tells whether further problems are only counted.
func (p *parser) counting() bool { return len(p.problems) >= p.maxProblems || p.err != nil }

// shift is what a section adds to the generated positions of its map.
type shift struct{ line, column int64 }

// regular decodes a regular map (DecodeSourceMap) and adds it to the result.
func (p *parser) regular(f *fields, by shift) error {
	p.version(f)
	if f.mappings.kind != '"' {
		return &ParseError{Kind: ErrFormat, Offset: int64(f.mappings.offset(f)), Detail: "mappings is " + f.mappings.name() + ", not a string"}
	}
	if f.sources.kind != '[' {
		return &ParseError{Kind: ErrFormat, Offset: int64(f.sources.offset(f)), Detail: "sources is " + f.sources.name() + ", not an array"}
	}
	sources, names := p.sourcesOf(f), p.namesOf(f)
	if err := p.mappings(f, sources, names, by); err != nil {
		return err
	}
	p.scopesOf(f, sources, names, by)
	p.noteFunctionMappings(f, sources, names)
	return nil
}

// version reports a version that is not the number 3.
func (p *parser) version(f *fields) {
	text := f.version.span.Of(p.data)
	if f.version.kind == '0' {
		if number, err := strconv.ParseFloat(string(text), 64); err == nil && number == 3 {
			return
		}
	}
	if f.version.kind == 0 {
		text = []byte("missing")
	}
	p.problem(ProblemVersion, f.version.offset(f), "version is %v, not the number 3", brief(text))
}

// brief is a piece of JSON that prints as one line, cut where it is long.
type brief []byte

func (b brief) String() string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, fmt.Sprintf("%.40s", []byte(b)))
}

// optionalString reports a field that is there and not a string.
func (p *parser) optionalString(kind ProblemKind, name string, v value) {
	if v.kind != 0 && v.kind != '"' {
		p.problem(kind, v.span.Start, "%s is %s, not a string", name, v.name())
	}
}
