package symbolicate

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/unwrap"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// finding is the search for the map of a file, made once.
type finding struct {
	once   sync.Once
	result atomic.Pointer[found]
}

// found is where the map of a file lies, or why there is none.
type found struct {
	at     location
	byName bool // the file's name fits, its folders do not
	err    *failure
}

// loaded is a map, or why it could not be read.
type loaded struct {
	once sync.Once
	at   location
	m    *sourcemap.Map
	err  *failure

	mu        sync.Mutex
	texts     map[int]*sourcemap.Text          // of its sources, as far as frames have asked
	generated map[generatedKey]*sourcemap.Text // likewise the generated code
	// segments are the maps that it holds of segments of a split bundle, as far as frames have asked.
	segments map[int]*loaded
}

// locate finds the map of a file; for each file once, also when many ask at a time.
func (s *Symbolicator) locate(url string) *found {
	f := s.findings.get(url)
	f.once.Do(func() {
		adds := s.adds.Load()
		var r found
		at, byName, err := s.find(url)
		switch {
		case err == nil && at == nil: // an artifact or a debug id that leads nowhere
			r.err = &failure{ReasonNoMap, "no map was given for " + url}
		case err == nil:
			r.at, r.byName = *at, byName
		case !errors.As(err, &r.err):
			r.err = &failure{ReasonUnreadable, err.Error()}
		}
		f.result.Store(&r)
		if r.err != nil && s.adds.Load() != adds {
			s.findings.remove(url) // what was added meanwhile may be what was missing
		}
	})
	return f.result.Load()
}

// load parses a map; each once, also when many ask at a time.
func (s *Symbolicator) load(at location) *loaded {
	l := s.maps.get(at)
	l.once.Do(func() {
		l.at = at
		var err error
		if l.m, err = at.tree.open(at.path); l.m == nil && err == nil {
			var data []byte
			if data, err = at.read(); err == nil {
				s.parses.Add(1)
				l.m, err = sourcemap.Parse(data, nil)
			}
		}
		if err == nil {
			s.maps.weigh(at, l, l.m.Size())
			return
		}
		if errors.As(err, &l.err) {
			return
		}
		reason := ReasonMalformed
		switch {
		case errors.Is(err, sourcemap.ErrNotJSON):
			reason = ReasonNotJSON
		case errors.Is(err, sourcemap.ErrLimit):
			reason = ReasonLimit
		}
		l.err = &failure{reason, at.name() + ": " + strings.TrimPrefix(err.Error(), "sourcemap: ")}
	})
	return l
}

// ofArtifact is the location of an artifact's map. No location and no error: it does not lead to one.
func (s *Symbolicator) ofArtifact(a *Artifact) (*location, error) {
	if a.SourceMap != nil {
		return &location{artifact: a}, nil
	}
	if link, ok := findLink(a.Source); ok {
		if unwrap.IsDataURL(link) {
			return &location{artifact: a, inline: true}, nil
		}
		if other, ok := s.artifact(resolve(a.URL, link)); ok && other.SourceMap != nil {
			return s.ofArtifact(other)
		}
		for _, t := range s.trees {
			if l, err := linkedMap(t, strings.Join(urlPath(a.URL), "/"), link); l != nil || err != nil {
				return l, err
			}
		}
	}
	if a.DebugID != "" {
		return s.findByDebugID(a.DebugID)
	}
	return nil, nil
}

// resolve returns the URL that a link in the file at base means, the link itself where they are no URLs.
func resolve(base, link string) string {
	if from, err := url.Parse(base); err == nil {
		if to, err := from.Parse(link); err == nil {
			return to.String()
		}
	}
	return link
}

// whyEmpty tells, of a map without any mapping, what is wrong with it; nil when it is just empty.
func (l *loaded) whyEmpty() *failure {
	if l.m.Len() > 0 {
		return nil
	}
	problems, _ := l.m.Problems()
	for _, p := range problems {
		if p.Kind == sourcemap.ProblemMappingsGrammar {
			return &failure{ReasonMalformed, l.at.name() + ": " + p.String()}
		}
	}
	return nil
}

// nothingAt says what the map has instead of a mapping at the frame's position.
func (l *loaded) nothingAt(f *Frame, ended bool) string {
	switch {
	case l.m.Len() == 0:
		return l.at.name() + " has no mappings at all"
	case ended:
		return fmt.Sprintf("%s says that line %d, column %d comes from no source", l.at.name(), f.Line, f.Column)
	default:
		return fmt.Sprintf("%s has no mapping on line %d at or before column %d", l.at.name(), f.Line, f.Column)
	}
}

// code returns the text of a source, from the map or from a file beside it in the same tree; nil
// where neither has it.
func (l *loaded) code(source int) *sourcemap.Text {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t, ok := l.texts[source]; ok {
		return t
	}
	var t *sourcemap.Text
	if text, ok := l.m.SourceLines(source); ok {
		t = text
	} else if text, ok := l.beside(source); ok {
		t = sourcemap.NewText(text)
	}
	if l.texts == nil || len(l.texts) == maxTexts {
		l.texts = map[int]*sourcemap.Text{}
	}
	l.texts[source] = t
	return t
}

// maxTexts is how many decoded sources are kept with a map.
const maxTexts = 32

// beside reads a source that lies where the map says, relative to itself.
func (l *loaded) beside(source int) (string, bool) {
	s, ok := l.m.Source(source)
	if !ok || s.Null || l.at.tree == nil || strings.Contains(s.URL, ":") || strings.HasPrefix(s.URL, "/") {
		return "", false
	}
	data, err := l.at.tree.read(path.Join(path.Dir(l.at.path), s.URL))
	return string(data), err == nil
}
