package symbolicate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf16"

	"github.com/symbolicate/symbolicate/sourcemap"
)

const (
	// MaxContextLines is how many lines of code a frame carries on either side of its own at most.
	MaxContextLines = 5
	// DefaultCacheBytes is how much the maps that a Symbolicator keeps may weigh together: their files
	// and what was made of them. The map in use is kept whatever it weighs.
	DefaultCacheBytes = 512 << 20
)

// A Symbolicator finds the maps of frames and applies them. See the package comment.
type Symbolicator struct {
	trees   []*tree
	context int

	mu        sync.RWMutex
	byURL     map[string]*Artifact
	byDebugID map[string]*Artifact

	findings *cache[string, finding] // by file as frames name it
	maps     *cache[location, loaded]
	adds     counter // calls of Add
	parses   counter
	peeks    counter
}

type counter = atomic.Int64

// An Option changes what New makes.
type Option func(*Symbolicator) error

// WithPaths adds folders, single files, or archives (sourcemap.Archive), in which maps are searched: by
// sourceMappingURL, by name ("x.js" and "x.js.map"), by debug id and by the maps' "file" field. Folders are
// read once, now. What is found may be a source map or a packed index of one (sourcemap.Map.Save).
// Over all paths the best match is taken; of equals, that of the path given first.
func WithPaths(paths ...string) Option {
	return func(s *Symbolicator) error {
		for _, p := range paths {
			t, err := openTree(p)
			if err != nil {
				return err
			}
			s.trees = append(s.trees, t)
		}
		return nil
	}
}

// WithContextLines sets how many lines of code a frame carries before and after its own: 0 to
// MaxContextLines, the default.
func WithContextLines(n int) Option {
	return func(s *Symbolicator) error {
		if n < 0 || n > MaxContextLines {
			return fmt.Errorf("symbolicate: %d context lines, want 0 to %d", n, MaxContextLines)
		}
		s.context = n
		return nil
	}
}

// WithCacheBytes sets how much the maps kept may weigh, in place of DefaultCacheBytes.
func WithCacheBytes(n int64) Option {
	return func(s *Symbolicator) error {
		s.maps.limit = n
		return nil
	}
}

// New returns a Symbolicator. The error is that of a path that is not there.
func New(options ...Option) (*Symbolicator, error) {
	s := &Symbolicator{
		context:   MaxContextLines,
		byURL:     map[string]*Artifact{},
		byDebugID: map[string]*Artifact{},
		findings:  newCache[string, finding](math.MaxInt64),
		maps:      newCache[location, loaded](DefaultCacheBytes),
	}
	for _, option := range options {
		if err := option(s); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close closes the folders. Frames symbolicated before stay good.
func (s *Symbolicator) Close() error {
	var errs []error
	for _, t := range s.trees {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}

// An Artifact is a minified file and its map, as [Symbolicator.Add] takes them.
type Artifact struct {
	URL       string // as frames name the file
	DebugID   string // "" : taken from Source, if it has one
	Source    []byte // the minified file, nil where it is not at hand
	SourceMap []byte // its map; nil: Source has it in a data URL, or DebugID or sourceMappingURL lead to it
}

// Add makes the artifact known for frames whose file is its URL. It replaces an earlier one of that
// URL. The bytes are kept and must not change.
func (s *Symbolicator) Add(a Artifact) error {
	if a.URL == "" && a.DebugID == "" {
		return errors.New("symbolicate: an artifact needs a URL or a debug id")
	}
	if a.DebugID == "" && a.Source != nil {
		a.DebugID, _ = sourcemap.FindDebugID(a.Source)
	} else if id, ok := sourcemap.ParseDebugID(a.DebugID); ok {
		a.DebugID = id
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var replaced [2]*Artifact
	if a.URL != "" {
		replaced[0] = s.byURL[a.URL]
		s.byURL[a.URL] = &a
	}
	if a.DebugID != "" && a.SourceMap != nil {
		replaced[1] = s.byDebugID[a.DebugID]
		s.byDebugID[a.DebugID] = &a
	}
	s.adds.Add(1)
	// What failed may have lacked just this; what was found may have been replaced.
	s.findings.removeIf(func(url string, f *finding) bool {
		found := f.result.Load()
		return url == a.URL || found == nil || found.err != nil ||
			found.at.artifact != nil && (found.at.artifact == replaced[0] || found.at.artifact == replaced[1])
	})
	return nil
}

// name is the artifact for people.
func (a *Artifact) name() string {
	if a.URL == "" {
		return a.DebugID
	}
	return a.URL
}

func (s *Symbolicator) artifact(url string) (*Artifact, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.byURL[url]
	return a, ok
}

func (s *Symbolicator) artifactByID(id string) (*Artifact, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.byDebugID[id]
	return a, ok
}

// Stats are counts since New, and what is held now.
type Stats struct {
	Parses int64 // maps parsed
	Peeks  int64 // maps opened for their "file" and debug id only
	Bytes  int64 // that the maps kept weigh now, with their files
}

// Stats returns the counts.
func (s *Symbolicator) Stats() Stats { return Stats{s.parses.Load(), s.peeks.Load(), s.maps.weighs()} }

// Symbolicate returns the stack with every frame mapped that can be; the others stay as they are,
// with a Reason. The stack given is not changed. The error is ctx's, when it ends first.
func (s *Symbolicator) Symbolicate(ctx context.Context, stack Stack) (Stack, error) {
	stack = stack.printed()
	out := stack
	out.Frames = make([]Frame, len(stack.Frames))
	inlined := map[int][]Frame{}
	sites := make([]callSite, len(stack.Frames))
	maps := make([]location, len(stack.Frames))
	for i := range stack.Frames {
		if err := ctx.Err(); err != nil {
			return Stack{}, err
		}
		printed := &stack.Frames[i]
		if printed.Minified != nil {
			printed = printed.Minified // symbolicated before: start from what was printed
		}
		out.Frames[i], maps[i] = s.place(printed)
	}
	// Map by map: so each is read once for a stack, and none must be kept for frames to come.
	var order []location // as they first appear
	framesOf := map[location][]int{}
	for i, at := range maps {
		if out.Frames[i].Reason != "" {
			continue
		}
		if framesOf[at] == nil {
			order = append(order, at)
		}
		framesOf[at] = append(framesOf[at], i)
	}
	for _, at := range order {
		l := s.load(at)
		for _, i := range framesOf[at] {
			if err := ctx.Err(); err != nil {
				return Stack{}, err
			}
			var more []Frame
			if sites[i], more = s.apply(l, &out.Frames[i]); more != nil {
				inlined[i] = more
			}
		}
	}
	for i := range out.Frames {
		out.Frames[i].Detail = oneLine(out.Frames[i].Detail)
	}
	nameByCaller(&out, sites)
	return out.insert(inlined), nil
}

// callSite is the token at a frame's position: what the frame calls, when it calls.
type callSite struct {
	name string // of the token in the original source, "" for none
	gap  int    // UTF-16 code units from the token's start to the position
}

// fail says why the frame is not mapped.
func (f *Frame) fail(reason Reason, detail string) { f.Reason, f.Detail = reason, detail }

// place starts the symbolication of a frame: it finds the map, or the reason why there is none.
func (s *Symbolicator) place(printed *Frame) (f Frame, at location) {
	f = *printed
	f.Minified = printed
	f.NameSource = NamePrinted
	f.InApp = printed.Kind != KindNative && !builtIn(printed.File) && inApp(printed.File)
	switch {
	case printed.Kind == KindNative:
		f.fail(ReasonNative, "code of the engine itself")
	case printed.File == "":
		f.fail(ReasonNoFile, "the frame names no file")
	case builtIn(printed.File):
		f.fail(ReasonNative, printed.File+" is code of the runtime itself")
	case printed.Line < 1:
		f.fail(ReasonNoLine, "the frame has no line, or one that can't be; lines count from 1")
	case printed.Column < 1:
		f.fail(ReasonNoColumn, "the frame has no column, or one that can't be; columns count from 1")
	default:
		found := s.locate(printed.File)
		if found.err != nil {
			f.fail(found.err.reason, found.err.detail)
			return f, location{}
		}
		f.MapName = found.at.name()
		if found.byName {
			f.Detail = fmt.Sprintf("%s has the right name, but lies in other folders than %s", f.MapName, printed.File)
		}
		return f, found.at
	}
	return f, location{}
}

// apply maps the frame with the map found for it. inlined are the frames of functions that were inlined at its position, the
// innermost first.
func (s *Symbolicator) apply(l *loaded, f *Frame) (site callSite, inlined []Frame) {
	printed := f.Minified
	if l.err != nil {
		f.fail(l.err.reason, l.err.detail)
		return
	}
	position, ok := printed.position()
	if !ok {
		f.fail(ReasonNoMapping, "line or column is not a 32-bit number")
		return
	}
	l, failed := s.segment(l, printed)
	if failed != nil {
		f.fail(failed.reason, failed.detail)
		return
	}
	position = printed.inBundle(position, l.m)
	mapping, ok := l.m.Lookup(position)
	if !ok {
		if err := l.m.Err(); err != nil {
			f.fail(ReasonUnreadable, l.at.name()+": "+err.Error())
		} else if why := l.whyEmpty(); why != nil {
			f.fail(why.reason, why.detail)
		} else {
			f.fail(ReasonNoMapping, l.nothingAt(printed, mapping.Generated != sourcemap.Position{} || mapping.Source != -1))
		}
		return
	}
	if l.m.HasScopes() {
		inlined = s.applyScopes(l, f, position)
	} else {
		s.original(l, f, mapping.Source, mapping.Original)
		if own, _ := printed.position(); f.NameSource == NamePrinted && own == position && !l.m.IsHermes() && printed.Kind != KindEval {
			s.nameFromCode(l, f, position)
		}
	}
	if l.m.IsHermes() {
		return callSite{}, inlined // in bytes there is no gap
	}
	if printed.Kind == KindEval {
		return callSite{}, inlined // the place is where eval was called, which calls nothing in the stack
	}
	if mapping.Generated.Line != position.Line {
		return callSite{}, inlined // a range mapping of an earlier line
	}
	return callSite{l.m.Name(int(mapping.Name)), int(position.Column - mapping.Generated.Column)}, inlined
}

// original gives the frame its place in a source of the map, and the code there.
func (s *Symbolicator) original(l *loaded, f *Frame, number int32, position sourcemap.Position) {
	source, _ := l.m.Source(int(number))
	f.Mapped = true
	f.File = source.URL
	f.setPosition(position)
	f.Module = module(source.URL)
	f.InApp = !source.Ignored && inApp(source.URL)
	if f.NameSource != NameScopes {
		if function, ok := l.m.ListedFunctionAt(int(number), position); ok {
			f.Function, f.In, f.NameSource = function.Name, function.In, NameFunctionMap
		}
	}
	text := l.code(int(number))
	if f.NameSource == NamePrinted {
		l.nameFrom(f, int(number), source.URL, text, position)
	}
	switch {
	case text == nil:
		f.fail(ReasonSourceMissing, fmt.Sprintf("%s has no text for %s", l.at.name(), orNull(source)))
	case f.Line > text.NumLines():
		f.fail(ReasonSourceMissing, fmt.Sprintf("%s says line %d of %s, which has %d", l.at.name(), f.Line, orNull(source), text.NumLines()))
	default:
		if f.Context = codeAround(text, f.Line, f.Column, s.context); f.Context == nil {
			f.fail(ReasonSourceMissing, fmt.Sprintf("line %d of %s is longer than %d bytes", f.Line, orNull(source), MaxCodeLine))
		}
	}
}

func orNull(s sourcemap.Source) string {
	if s.Null {
		return "a source without a name"
	}
	return s.URL
}

// nameByCaller gives each mapped frame the name that its caller's frame has at the call site. That
// frame must have called it directly, and its position be that of the callee's identifier: its first
// character, as V8 prints it for f() and a.f(), or the parenthesis right behind it, as SpiderMonkey
// does for f().
func nameByCaller(stack *Stack, sites []callSite) {
	frames := stack.Frames
	for i := range frames {
		if !frames[i].Mapped || frames[i].NameSource != NamePrinted || i+1 == len(frames) || sites[i+1].name == "" {
			continue
		}
		if strings.Count(stack.gap(i+1), "\n") > 1 {
			continue // lines between: the next frame is of another stack, or not the next
		}
		printed := frames[i].Minified.Function
		if frames[i].isAsync() || frames[i+1].isAsync() || strings.HasPrefix(printed, "new ") {
			continue // resumed, not called, from there; or the token is "new" or "super"
		}
		if strings.HasSuffix(printed, "<") {
			continue // SpiderMonkey's mark of a callback; it leaves out the native frame that called it
		}
		if gap := sites[i+1].gap; gap == 0 || gap == identifierLen(printed) {
			frames[i].Function, frames[i].NameSource = sites[i+1].name, NameCaller
		}
	}
}

// identifierLen returns the length in UTF-16 code units of the last identifier of a function's name
// as printed: of "b" in "a.b" and "a.b [as c]".
func identifierLen(function string) int {
	function, _, _ = strings.Cut(function, " [as ")
	last := function[strings.LastIndexAny(function, ".#/ ")+1:]
	return len(utf16.Encode([]rune(last)))
}

// isAsync tells whether the engine marks the frame as one that waits.
func (f *Frame) isAsync() bool {
	function := f.Minified.Function
	return f.async || strings.HasPrefix(function, "async ") || strings.HasPrefix(function, "async*")
}
