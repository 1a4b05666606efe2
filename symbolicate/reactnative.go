package symbolicate

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A bundled is what the file of a frame is in a bundle of Metro's that was split: a module ("12.js"), a segment ("seg-3.js"), or a module
// in a segment ("seg-3_12.js"). -1 stands for none: the module is in the main bundle, or the frame names no module.
type bundled struct{ segment, module int }

// bundledFile returns what the file is; is is false for any other name.
func bundledFile(file string) (b bundled, is bool) {
	name, is := strings.CutSuffix(path.Base(file), ".js")
	if !is {
		return b, false
	}
	segment, inSegment := strings.CutPrefix(name, "seg-")
	if !inSegment {
		b.segment = -1
		b.module, is = decimal(name)
		return b, is
	}
	segment, module, inModule := strings.Cut(segment, "_")
	b.segment, is = decimal(segment)
	if b.module = -1; is && inModule {
		b.module, is = decimal(module)
	}
	return b, is
}

func decimal(digits string) (n int, ok bool) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// segment returns the map that is for the frame's file: where that is a segment of a split bundle, and l the map of the bundle, the one
// that l holds for it.
func (s *Symbolicator) segment(l *loaded, f *Frame) (*loaded, *failure) {
	b, is := bundledFile(f.File)
	if !is || b.segment < 0 {
		return l, nil
	}
	m, err := l.m.Segment(b.segment)
	switch {
	case err != nil:
		return nil, &failure{ReasonMalformed, l.at.name() + ": " + strings.ReplaceAll(err.Error(), "sourcemap: ", "")}
	case m == nil && b.segment > 0 && len(l.m.Segments()) > 0:
		return nil, &failure{ReasonNoMap, fmt.Sprintf("%s has no map of segment %d", l.at.name(), b.segment)}
	case m == nil:
		return l, nil // the main bundle, or a map of the file's own
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if own := l.segments[b.segment]; own != nil && own.m == m {
		return own, nil
	}
	if l.segments == nil || len(l.segments) == maxSegments {
		l.segments = map[int]*loaded{}
	}
	own := &loaded{at: l.at, m: m}
	l.segments[b.segment] = own
	s.maps.weigh(l.at, l, l.m.Size())
	return own, nil
}

// maxSegments is how many maps of segments are kept with that of their bundle.
const maxSegments = 64

// ofBundle finds the map of the split bundle that has the module or segment: there must be just one that says where its modules are, or
// has maps of segments.
func (s *Symbolicator) ofBundle(url string, b bundled) (at *location, err error) {
	for _, t := range s.trees {
		list := t.ofBundles
		if b.segment >= 0 {
			list = t.ofSegments
		}
		for _, p := range list {
			if at != nil {
				return nil, &failure{ReasonAmbiguous, fmt.Sprintf("%s may be of the bundle of %s or of %s", url, at.name(), p)}
			}
			at = &location{tree: t, path: p}
		}
	}
	return at, nil
}
