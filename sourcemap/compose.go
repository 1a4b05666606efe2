package sourcemap

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

const (
	// MaxComposeDepth is how many maps [Compose] follows from a position of the outer map to an original.
	MaxComposeDepth = 32
	// MaxRangeCopies is how many times as many mappings as all maps have together, Compose puts in place of range mappings, if that is
	// more than a million: a few bytes of range mappings may name one long text again and again.
	MaxRangeCopies = 16
)

// ErrCycle says that a file comes from itself, by way of others. Match with [errors.Is].
var ErrCycle = errors.New("maps in a circle")

// ComposeOptions change what Compose makes. The zero value and nil are the defaults.
type ComposeOptions struct {
	NoSources   bool // leave the source texts out
	KeepRepeats bool // keep mappings that say what the one before them says
	// LikeRemapping makes the mappings that npm's @jridgewell/remapping makes. Left out are: a mapping that leads where an
	// inner map has none, so that the one before it answers in its stead; "nothing here" at the start of a line; and each
	// repeat, even where another mapping stands at its column. A mapping into a null source becomes "nothing here". It
	// knows no range mappings: they count as plain ones.
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
//   - A range mapping stands for all of its text: it becomes what the inner map has for that text, mapping by mapping. Where that
//     is a range mapping too, so is the result, and so on along the chain.
//   - A name is that of the innermost mapping that has one.
//   - Sources are the ends of the chains, in the order in which mappings first lead there, one for each URL; their texts, scopes and
//     function maps come from the first map that has them. The source of an inner map is resolved against the URL of the file
//     that the map is for ("../src/a.ts" of "dist/a.js" is "src/a.ts"); those of the outer map stay as they are.
//     Source roots stand in the URLs. A null source is an end, without a name.
//   - Generated ranges of outer stay if all sources that they refer to are ends. Those of inner maps, which are ranges of other
//     code, are left out, and so are the maps of segments.
//   - Of the fields of React Native that say where modules and functions are, outer's stay.
//   - A source is ignored when the map that names it says so, or one on the way there says so of the file that it became.
//   - A source with the URL of the file whose map names it is that file before it was worked on: an end, too.
//   - A mapping that repeats the one before it on its line is left out, unless another stands at its column: no answer changes.
//   - File and debug id are those of outer.
//
// What is left out is a problem of the kind ProblemDropped of the new map, each kind of thing once.
//
// The error is ErrCycle for a file that comes from itself by way of others, ErrLimit for more than MaxComposeDepth maps in a chain or
// MaxRangeCopies, or that of load, of [Map.Err], or of [Builder.Map].
func Compose(outer *Map, load func(url string) (*Map, error), options *ComposeOptions) (*Map, error) {
	if options == nil {
		options = &ComposeOptions{}
	}
	c := &composer{load: load, options: options, files: map[string]*file{}, has: map[int32]uint8{}}
	c.merge = merger{out: &c.out, options: options}
	c.out.File, c.out.DebugID = outer.File(), outer.DebugID()
	root, err := newFile("", outer)
	if err != nil {
		return nil, fmt.Errorf("sourcemap: compose: %w", err)
	}
	c.path, c.mappings = []*file{root}, outer.Len()
	if outer.ranges && !options.LikeRemapping {
		c.ranges(root)
	} else {
		outer.read(func() {
			outer.table.All(func(s index.Segment) bool {
				c.point(root, &s, trail{}, Position{s.Line, s.Column}, false)
				return c.err == nil
			})
		})
	}
	c.merge.end()
	if c.err == nil {
		c.scopes(root)
	}
	if c.err == nil {
		c.native(root)
	}
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
	load     func(url string) (*Map, error)
	options  *ComposeOptions
	files    map[string]*file // by URL, those that load was asked for
	order    []*file          // those of files with a map, as they came
	out      Builder
	merge    merger
	has      map[int32]uint8 // what sources of the result have
	path     []*file         // of the mapping at work: root, and the files that it leads to
	mappings int             // of all maps
	pieces   int             // put in place of range mappings
	err      error
}

// What a source of the result has.
const (
	hasText = 1 << iota
	hasScopes
)

// A file is one that a map is for, or a source without a map.
type file struct {
	url     string
	m       *Map
	sources []link  // by index in m
	names   []int32 // by index in m: 1 + the index in the result, 0: not yet there
	texts   []wantedText
	scoped  []wantedText // sources whose scopes are wanted
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

// A trail is what was gathered on the way to a mapping.
type trail struct {
	named   *file // whose map the innermost name is of; nil: none so far
	name    int32
	ignored bool
}

// ranges adds what the mappings of outer are in the result, where some are range mappings.
func (c *composer) ranges(root *file) {
	before, some := Mapping{}, false
	put := func(end place) { // where the text of a range mapping ends
		s := index.Segment{Source: before.Source, OriginalLine: before.Original.Line, OriginalColumn: before.Original.Column, Name: before.Name}
		switch {
		case !some:
		case before.Range && before.Source >= 0 && placeOf(before.Generated).before(end):
			c.stretch(root, s, trail{}, stretchOf(before, end))
		default:
			c.point(root, &s, trail{}, before.Generated, before.Range)
		}
	}
	for mapping := range root.m.Mappings() {
		if put(placeOf(mapping.Generated)); c.err != nil {
			return
		}
		before, some = mapping, true
	}
	put(endOfCode)
}

// point adds a mapping at the generated position that leads where the mapping s of the file leads. ranged: if it is an end, it
// is a range mapping, of no text.
func (c *composer) point(f *file, s *index.Segment, t trail, generated Position, ranged bool) {
	depth := len(c.path)
	if traced, ok := c.trace(f, s, t, generated); ok {
		traced.Range = ranged && len(c.path) == 1 && traced.Source >= 0
		c.merge.add(traced)
	}
	c.path = c.path[:depth]
}

// trace follows a mapping of the file to an end of its chain; ok is false when there is nothing to be kept of it. The path is
// left as it led there.
func (c *composer) trace(f *file, s *index.Segment, t trail, generated Position) (traced Mapping, ok bool) {
	nothing := Mapping{Generated: generated, Source: -1, Name: -1}
	for at := *s; ; {
		if at.Source < 0 || int(at.Source) >= len(f.sources) {
			return nothing, true
		}
		l := c.step(f, &at, &t)
		if l == nil {
			return nothing, false
		}
		if l.file == nil {
			if c.options.LikeRemapping && c.isNull(f, at.Source, l) {
				return nothing, true
			}
			return c.ended(f, &at, l, &t, generated), c.err == nil
		}
		if !c.enter(l.file) {
			return nothing, false
		}
		f = l.file
		found := false
		line, column := at.OriginalLine, at.OriginalColumn
		f.m.read(func() {
			if f.m.ranges && !c.options.LikeRemapping {
				at, _, found = f.m.table.FindRanged(line, column)
			} else {
				at, found = f.m.table.Find(line, column)
			}
		})
		if !found {
			return nothing, !c.options.LikeRemapping
		}
	}
}

// step takes what the mapping of the file adds to the trail, and returns what is known of its source; nil is an error.
func (c *composer) step(f *file, at *index.Segment, t *trail) *link {
	if at.Name >= 0 && int(at.Name) < len(f.names) {
		t.named, t.name = f, at.Name
	}
	l := &f.sources[at.Source]
	if !l.known && !c.open(f, at.Source, l) {
		return nil
	}
	t.ignored = t.ignored || l.ignored
	return l
}

// ended is the mapping to an end.
func (c *composer) ended(f *file, at *index.Segment, l *link, t *trail, generated Position) Mapping {
	m := Mapping{Generated: generated, Original: Position{at.OriginalLine, at.OriginalColumn}, Source: c.end(f, at.Source, l, t.ignored), Name: -1}
	if t.named != nil {
		m.Name = c.name(t.named, t.name)
	}
	return m
}

// enter goes on to the map of the file; false is an error.
func (c *composer) enter(f *file) bool {
	for i, before := range c.path {
		if before == f {
			c.err = c.circle(c.path[i:])
			return false
		}
	}
	if len(c.path) == MaxComposeDepth {
		c.err = fmt.Errorf("%w: more than %d maps in a chain, at %s", ErrLimit, MaxComposeDepth, f.url)
		return false
	}
	c.path = append(c.path, f)
	return true
}

// stretch adds what a range mapping s of the file, which stands for that stretch, is in the result: one range mapping, or what the
// map of its source has for the text.
func (c *composer) stretch(f *file, s index.Segment, t trail, whole stretch) {
	text, ok := whole.begin()
	if (!ok || text.start != whole.start) && whole.start.column <= math.MaxInt32 {
		c.merge.add(Mapping{Generated: whole.start.position(), Source: -1, Name: -1})
	}
	if !ok || int(s.Source) >= len(f.sources) {
		return
	}
	l := c.step(f, &s, &t)
	if l == nil {
		return
	}
	s.OriginalLine, s.OriginalColumn = int32(text.original.line), int32(text.original.column)
	if l.file == nil {
		m := c.ended(f, &s, l, &t, text.start.position())
		m.Range = true
		c.merge.add(m)
		return
	}
	depth := len(c.path)
	if !c.enter(l.file) {
		return
	}
	defer func() { c.path = c.path[:depth] }()
	f = l.file

	// Pieces of the text, each up to the next one; the first may be what stands before it.
	type piece struct {
		index.Segment
		ranged          bool
		start, original place
	}
	last, some := piece{}, false
	put := func(end place) {
		switch {
		case !some:
		case last.ranged && last.Source >= 0 && last.start.before(end):
			c.stretch(f, last.Segment, t, stretch{last.start, end, last.original})
		case last.start.column <= math.MaxInt32:
			c.point(f, &last.Segment, t, last.start.position(), false)
		}
	}
	f.m.read(func() {
		origin := place{int64(s.OriginalLine), int64(s.OriginalColumn)}
		at, ranged, found := f.m.table.At(s.OriginalLine, s.OriginalColumn)
		own := place{int64(at.Line), int64(at.Column)}
		switch {
		case found && own == origin:
		case found && (own.line == origin.line || ranged && at.Source >= 0):
			from := stretch{own, endOfCode, place{int64(at.OriginalLine), int64(at.OriginalColumn)}}.from(origin)
			last, some = piece{at, ranged, text.start, from.original}, true
		default:
			last, some = piece{index.Segment{Source: -1}, false, text.start, place{}}, true
		}
		f.m.table.From(s.OriginalLine, s.OriginalColumn, func(at index.Segment, ranged bool) bool {
			start := text.at(place{int64(at.Line), int64(at.Column)})
			if c.err != nil || !start.before(text.end) {
				return false
			}
			if c.pieces++; c.pieces > max(1<<20, MaxRangeCopies*c.mappings) {
				c.err = fmt.Errorf("%w: more than %d mappings in place of range mappings", ErrLimit, c.pieces-1)
				return false
			}
			put(start)
			last, some = piece{at, ranged, start, place{int64(at.OriginalLine), int64(at.OriginalColumn)}}, true
			return true
		})
	})
	if c.err == nil {
		put(text.end)
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
			c.mappings += m.Len()
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
		if s.HasContent && !c.options.NoSources && c.lacks(at, hasText) {
			f.texts = append(f.texts, wantedText{i, at})
		}
		if f.m.hasScopesOf(int(i)) && c.lacks(at, hasScopes) {
			f.scoped = append(f.scoped, wantedText{i, at})
		}
		if own := &c.out.sources[at]; own.functions == "" {
			own.functions = f.m.functionText(int(i))
		}
	}
	if ignored {
		c.out.sources[l.end-1].ignored = true
	}
	return l.end - 1
}

// lacks tells whether the source of the result lacks something, which it has from now on.
func (c *composer) lacks(source int32, what uint8) bool {
	if c.has[source]&what != 0 {
		return false
	}
	c.has[source] |= what
	return true
}

// scopes adds the scopes of the sources, and the ranges of outer.
func (c *composer) scopes(root *file) {
	ranges := c.rangesOf(root) // first, for they may lead to further sources
	out := &scopes.Trees{Sources: make([]scopes.Tree, len(c.out.sources))}
	inner := false
	for _, f := range append([]*file{root}, c.order...) {
		inner = inner || f != root && f.m.NumRanges() > 0
		if len(f.scoped) > 0 || f == root && ranges {
			if trees := f.m.trees(); trees != nil {
				c.pick(out, f, trees, f == root && ranges)
			}
		}
	}
	if len(out.Scopes) > 0 || len(out.Ranges) > 0 {
		out.Regular(func(i int32) string { return c.out.names[i] })
		c.out.trees = out
	}
	if inner {
		c.out.drop("scopes: generated ranges of inner maps")
	}
	if !ranges && root.m.NumRanges() > 0 {
		c.out.drop("scopes: generated ranges of the outer map, some of which were made from a file that has a map")
	}
}

// pick adds the scopes that are wanted of the file's map, and its ranges if they are.
func (c *composer) pick(out *scopes.Trees, f *file, trees *scopes.Trees, ranges bool) {
	source := func(i int32) int32 { return f.sources[i].end - 1 }
	picker := &scopes.Picker{From: trees, To: out, Source: source, Name: func(i int32) int32 {
		if int(i) >= len(f.names) {
			return -1 // a damaged file
		}
		return c.name(f, i)
	}}
	for _, w := range f.scoped {
		out.Sources[w.to] = picker.Tree(trees.Sources[w.from], w.to)
	}
	if !ranges {
		return
	}
	wanted := make([]bool, len(trees.Scopes))
	for _, r := range trees.Ranges {
		if r.Definition >= 0 {
			wanted[r.Definition] = true
		}
	}
	for tree := range trees.Roots { // of sources that have their scopes from another map, or are another tree of one
		if s := trees.Scopes[tree.Start]; !picker.Has(tree.Start) && slices.Contains(wanted[tree.Start:tree.Start+tree.Len], true) {
			picker.Tree(tree, source(s.Source))
		}
	}
	for _, r := range trees.Ranges {
		picker.Range(r, r.Parent, nil) // all are taken: they keep their numbers
	}
}

// native adds the fields of React Native that outer has; function maps came with their sources.
func (c *composer) native(root *file) {
	if root.m.HasFunctions() || slices.ContainsFunc(c.order, func(f *file) bool { return f.m.HasFunctions() }) {
		c.out.drop(lostFunctions)
	}
	for i, text := range root.m.nativeTexts().own {
		if text != "" && i == nativeSegments {
			c.out.drop(nativeNames[i] + ": of the outer map")
		} else if text != "" {
			c.out.native.set(i, text)
		}
	}
	dropped := [numNative]bool{}
	for _, f := range c.order {
		for i, text := range f.m.nativeTexts().own {
			if text != "" && !dropped[i] {
				dropped[i] = true
				c.out.drop(nativeNames[i] + ": of inner maps")
			}
		}
	}
	if c.options.LikeRemapping && (root.m.ranges || slices.ContainsFunc(c.order, func(f *file) bool { return f.m.ranges })) {
		c.out.drop("rangeMappings: they are plain mappings now")
	}
}

// rangesOf tells whether the ranges of outer have a meaning in the result: all sources that they refer to are ends.
func (c *composer) rangesOf(root *file) bool {
	var ends []int32
	is := func(source int32) bool {
		if source < 0 || int(source) >= len(root.sources) {
			return false
		}
		l := &root.sources[source]
		if !l.known && !c.open(root, source, l) || l.file != nil {
			return false
		}
		if l.end == 0 {
			ends = append(ends, source)
		}
		return true
	}
	some := false
	for r := range root.m.Ranges() {
		if some = true; r.CallSource >= 0 && !is(r.CallSource) {
			return false
		}
		if r.Definition >= 0 {
			if s, ok := root.m.Scope(r.Definition); !ok || !is(s.Source) {
				return false
			}
		}
	}
	for _, source := range ends {
		l := &root.sources[source]
		c.end(root, source, l, l.ignored)
	}
	return some
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
	repeats := onLine && r.last.Source == m.Source && r.last.Name == m.Name && (m.Source < 0 || r.last.Original == m.Original) && !m.Range && !r.last.Range
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
