package sourcemap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/symbolicate/symbolicate/internal/index"
)

// MaxComposeDepth is how many maps [Compose] follows from a position of the outer map to an original.
const MaxComposeDepth = 32

// ErrCycle says that a file comes from itself, by way of others. Match with [errors.Is].
var ErrCycle = errors.New("maps in a circle")

// ComposeOptions change what Compose makes. The zero value and nil are the defaults.
type ComposeOptions struct {
	NoSources   bool // leave the source texts out
	KeepRepeats bool // keep mappings that say what the one before them says
	// LikeRemapping makes the mappings that npm's @jridgewell/remapping makes. Left out are: a mapping that leads where an
	// inner map has none, so that the one before it answers in its stead; "nothing here" at the start of a line; and each
	// repeat, even where another mapping stands at its column. A mapping into a null source becomes "nothing here".
	LikeRemapping bool
}

// Compose joins a chain of maps into one: outer is the map of what was made last (by a bundler, say), and load returns the map
// of each file that it was made from (by a transpiler), whose sources may have maps in turn. load gets a source's URL and returns
// nil for a file without a map, which is an end of the chain. It is called once for each URL that a mapping leads to; its
// errors end the work and are wrapped. The maps stay the caller's, and are needed no longer when Compose has returned.
//
//   - Each mapping of the outer map is looked up, as [Map.Lookup] does, in the map of its source, and what was found there in
//     that of its own, until a source has no map. The answer for every position at which outer has a mapping is that
//     of looking up step by step. Where an inner map has nothing, or a mapping without an original position, the
//     composed map has a mapping without one.
//   - A name is that of the innermost mapping that has one.
//   - Sources are the ends of the chains, in the order in which mappings first lead there, one for each URL; their texts come
//     from the first map that has it. The source of an inner map is resolved against the URL of the file that the map
//     is for ("../src/a.ts" of "dist/a.js" is "src/a.ts"); those of the outer map stay as they are.
//     Source roots stand in the URLs. A null source is an end, without a name.
//   - Range mappings count as plain ones; scopes and the fields of React Native are left out.
//   - A source is ignored when the map that names it says so, or one on the way there says so of the file that it became.
//   - A source with the URL of the file whose map names it is that file before it was worked on: an end, too.
//   - A mapping that repeats the one before it on its line is left out, unless another stands at its column: no answer changes.
//   - File and debug id are those of outer.
//
// The error is ErrCycle for a file that comes from itself by way of others, ErrLimit for more than MaxComposeDepth maps in a chain,
// or that of load, of [Map.Err], or of [Builder.Map].
func Compose(outer *Map, load func(url string) (*Map, error), options *ComposeOptions) (*Map, error) {
	if options == nil {
		options = &ComposeOptions{}
	}
	c := &composer{load: load, options: options, files: map[string]*file{}, texts: map[int32]bool{}}
	c.out.File, c.out.DebugID = outer.File(), outer.DebugID()
	root, err := newFile("", outer)
	if err != nil {
		return nil, fmt.Errorf("sourcemap: compose: %w", err)
	}
	merge := merger{out: &c.out, options: options}
	outer.read(func() {
		outer.table.All(func(s index.Segment) bool {
			traced, ok := c.trace(root, &s)
			if ok {
				merge.add(traced)
			}
			return c.err == nil
		})
	})
	merge.end()
	for _, f := range append(c.order, root) {
		if c.err == nil {
			c.err = addTexts(&c.out, f.m, f.texts)
		}
		if c.err == nil {
			c.err = f.m.Err()
		}
	}
	if c.err != nil {
		return nil, fmt.Errorf("sourcemap: compose: %w", c.err)
	}
	return c.out.Map()
}

type composer struct {
	load    func(url string) (*Map, error)
	options *ComposeOptions
	files   map[string]*file // by URL, those that load was asked for
	order   []*file          // those of files with a map, as they came
	out     Builder
	texts   map[int32]bool // sources of the result that have a text
	path    []*file        // of the mapping at work
	err     error
}

// A file is one that a map is for, or a source without a map.
type file struct {
	url     string
	m       *Map
	sources []link  // by index in m
	names   []int32 // by index in m: 1 + the index in the result, 0: not yet there
	texts   []wantedText
}

// A link is what is known of a source of a file's map.
type link struct {
	known   bool
	ignored bool
	file    *file // with a map; nil: an end
	end     int32 // 1 + the index in the result of an end, 0: not yet there
}

func newFile(url string, m *Map) (*file, error) {
	f := &file{url: url, m: m}
	if m != nil {
		if m.image == nil {
			return nil, errClosed
		}
		f.sources, f.names = make([]link, m.NumSources()), make([]int32, m.NumNames())
	}
	return f, nil
}

// trace follows a mapping of the file to an end of its chain; ok is false when there is nothing to be kept of it.
func (c *composer) trace(f *file, s *index.Segment) (traced Mapping, ok bool) {
	nothing := Mapping{Generated: Position{s.Line, s.Column}, Source: -1, Name: -1}
	named, name := (*file)(nil), int32(-1)
	ignored := false
	c.path = append(c.path[:0], f)
	for at := *s; ; {
		if at.Source < 0 || int(at.Source) >= len(f.sources) {
			return nothing, true
		}
		if at.Name >= 0 && int(at.Name) < len(f.names) {
			named, name = f, at.Name
		}
		l := &f.sources[at.Source]
		if !l.known && !c.open(f, at.Source, l) {
			return nothing, false
		}
		ignored = ignored || l.ignored
		if l.file == nil {
			if c.options.LikeRemapping && c.isNull(f, at.Source, l) {
				return nothing, true
			}
			traced = Mapping{
				Generated: nothing.Generated, Original: Position{at.OriginalLine, at.OriginalColumn}, Source: c.end(f, at.Source, l, ignored), Name: -1,
			}
			if named != nil {
				traced.Name = c.name(named, name)
			}
			return traced, c.err == nil
		}
		for i, before := range c.path {
			if before == l.file {
				c.err = c.circle(c.path[i:])
				return nothing, false
			}
		}
		if len(c.path) == MaxComposeDepth {
			c.err = fmt.Errorf("%w: more than %d maps in a chain, at %s", ErrLimit, MaxComposeDepth, l.file.url)
			return nothing, false
		}
		f = l.file
		c.path = append(c.path, f)
		found := false
		line, column := at.OriginalLine, at.OriginalColumn
		f.m.read(func() { at, found = f.m.table.Find(line, column) })
		if !found {
			return nothing, !c.options.LikeRemapping
		}
	}
}

// open finds out what source i of the file is; false is an error.
func (c *composer) open(f *file, i int32, l *link) bool {
	s, _ := f.m.Source(int(i))
	l.known, l.ignored = true, s.Ignored
	if s.Null {
		return true
	}
	url := s.URL
	if len(c.path) > 1 { // not of the outer map
		if url = resolve(f.url, url); url == f.url {
			return true
		}
	}
	next, ok := c.files[url]
	if !ok {
		m, err := c.load(url)
		if err == nil {
			next, err = newFile(url, m)
		}
		if err != nil {
			c.err = fmt.Errorf("%s: %w", url, err)
			return false
		}
		c.files[url] = next
		if m != nil {
			c.order = append(c.order, next)
		}
	}
	if next.m != nil {
		l.file = next
	}
	return true
}

func (c *composer) isNull(f *file, i int32, l *link) bool {
	return l.end > 0 && c.out.sources[l.end-1].null || l.end == 0 && func() bool { s, _ := f.m.Source(int(i)); return s.Null }()
}

// end returns the index of an end in the result.
func (c *composer) end(f *file, i int32, l *link, ignored bool) int32 {
	if l.end == 0 {
		s, _ := f.m.Source(int(i))
		var at int32
		switch {
		case s.Null:
			at = c.out.AddNullSource()
		case len(c.path) > 1:
			at = c.out.AddSource(resolve(f.url, s.URL))
		default:
			at = c.out.AddSource(s.URL)
		}
		l.end = at + 1
		if s.HasContent && !c.options.NoSources && !c.texts[at] {
			c.texts[at] = true
			f.texts = append(f.texts, wantedText{i, at})
		}
	}
	if ignored {
		c.out.sources[l.end-1].ignored = true
	}
	return l.end - 1
}

// name returns the index in the result of a name of the file's map.
func (c *composer) name(f *file, i int32) int32 {
	if f.names[i] == 0 {
		f.names[i] = c.out.AddName(f.m.Name(int(i))) + 1
	}
	return f.names[i] - 1
}

// circle is the error for files each of which comes from the next, and the last from the first.
func (c *composer) circle(path []*file) error {
	const most = 4
	var urls []string
	for _, f := range path[:min(most, len(path))] {
		urls = append(urls, f.url)
	}
	if len(path) > most {
		urls = append(urls, "…")
	}
	return fmt.Errorf("%w: %s", ErrCycle, strings.Join(append(urls, path[0].url), " from "))
}

// A merger leaves out mappings that repeat the one before them.
type merger struct {
	out     *Builder
	options *ComposeOptions
	last    Mapping // the one before, as far as it was added
	held    Mapping // a repeat of it, left out unless the next one stands at its column
	holds   bool
	any     bool
}

func (r *merger) add(m Mapping) {
	if r.options.KeepRepeats && !r.options.LikeRemapping {
		r.out.add(&m)
		return
	}
	if r.holds && r.held.Generated == m.Generated {
		r.put(r.held)
	}
	r.holds = false
	onLine := r.any && r.last.Generated.Line == m.Generated.Line
	repeats := onLine && r.last.Source == m.Source && r.last.Name == m.Name && (m.Source < 0 || r.last.Original == m.Original)
	switch {
	case r.options.LikeRemapping:
		if repeats && !r.options.KeepRepeats || !onLine && m.Source < 0 {
			return
		}
	case repeats:
		r.held, r.holds = m, true
		return
	}
	r.put(m)
}

func (r *merger) put(m Mapping) {
	r.out.add(&m)
	r.last, r.any = m, true
}

// end ends the mappings: a repeat that is held is the last of its line.
func (r *merger) end() { r.holds = false }
