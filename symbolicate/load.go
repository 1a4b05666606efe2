package symbolicate

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/symbolicate/symbolicate/internal/unwrap"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// loaded is the map of a file as frames name it, or why there is none.
type loaded struct {
	once sync.Once
	name string // the map, for people
	m    *sourcemap.Map
	tree *tree  // where it lies, nil: nowhere
	path string // below the tree's root
	size int64  // as counted in the cache, guarded by its lock
	err  *failure

	mu    sync.Mutex
	texts map[int]*sourcemap.Text // of its sources, as far as frames have asked
}

// load finds and parses the map of a file; each file of its own once, also when many ask at a time.
func (s *Symbolicator) load(url string) *loaded {
	l := s.cache.get(url)
	l.once.Do(func() {
		adds := s.adds.Load()
		var size int64
		found, err := s.find(url)
		if err == nil {
			size, err = s.parse(l, found)
		}
		if err != nil && !errors.As(err, &l.err) {
			l.err = &failure{ReasonUnreadable, err.Error()}
		}
		if l.err != nil && s.adds.Load() != adds {
			s.cache.forget(url) // what was added meanwhile may be what was missing
			return
		}
		s.cache.weigh(url, l, size)
	})
	return l
}

// parse parses the map and returns how many bytes it keeps alive.
func (s *Symbolicator) parse(l *loaded, at *location) (size int64, err error) {
	l.name, l.tree, l.path = at.name, at.tree, at.path
	data := at.data
	if at.tree != nil {
		if data, err = at.tree.read(at.path); err != nil {
			return 0, unreadable(at.name, err)
		}
	}
	s.parses.Add(1)
	m, err := sourcemap.Parse(data, nil)
	if err != nil {
		reason := ReasonMalformed
		switch {
		case errors.Is(err, sourcemap.ErrNotJSON):
			reason = ReasonNotJSON
		case errors.Is(err, sourcemap.ErrLimit):
			reason = ReasonLimit
		}
		return 0, &failure{reason, at.name + ": " + strings.TrimPrefix(err.Error(), "sourcemap: ")}
	}
	l.m = m
	return int64(len(data)) + m.Size(), nil
}

// ofArtifact is the location of an artifact's map. No location and no error: it does not lead to one.
func (s *Symbolicator) ofArtifact(a *Artifact) (*location, error) {
	name := a.URL
	if name == "" {
		name = a.DebugID
	}
	if a.SourceMap != nil {
		return &location{name: name + " (map given)", data: a.SourceMap}, nil
	}
	if link, ok := sourcemap.FindSourceMapURL(a.Source); ok {
		data, err := unwrap.DataURL(link)
		switch {
		case err == nil:
			return &location{name: name + " (data URL)", data: data}, nil
		case !errors.Is(err, unwrap.ErrNotDataURL):
			return nil, &failure{ReasonMalformed, fmt.Sprintf("%s: sourceMappingURL: %v", name, err)}
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
			return &failure{ReasonMalformed, l.name + ": " + p.String()}
		}
	}
	return nil
}

// nothingAt says what the map has instead of a mapping at the frame's position.
func (l *loaded) nothingAt(f *Frame, ended bool) string {
	switch {
	case l.m.Len() == 0:
		return l.name + " has no mappings at all"
	case ended:
		return fmt.Sprintf("%s says that line %d, column %d comes from no source", l.name, f.Line, f.Column)
	default:
		return fmt.Sprintf("%s has no mapping on line %d at or before column %d", l.name, f.Line, f.Column)
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
	if text, ok := l.m.SourceText(source); ok {
		t = sourcemap.NewText(text)
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
	if !ok || s.Null || l.tree == nil || strings.Contains(s.URL, ":") || strings.HasPrefix(s.URL, "/") {
		return "", false
	}
	data, err := l.tree.read(path.Join(path.Dir(l.path), s.URL))
	return string(data), err == nil
}

// mapCache keeps what was found for files, the one used longest ago goes first.
type mapCache struct {
	mu     sync.Mutex
	failed map[string]struct{} // files for which no map was found, or a broken one
	lru    *simplelru.LRU[string, *loaded]
	weight int64
	limit  int64
}

// maxCached bounds the number of entries: files without a map are remembered too.
const maxCached = 1 << 16

func newMapCache(limit int64) *mapCache {
	c := &mapCache{limit: limit, failed: map[string]struct{}{}}
	lru, err := simplelru.NewLRU(maxCached, func(url string, l *loaded) {
		c.weight -= l.size
		delete(c.failed, url)
	})
	if err != nil {
		panic(err) // only for a size below 1
	}
	c.lru = lru
	return c
}

func (c *mapCache) get(url string) *loaded {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.lru.Get(url)
	if !ok {
		l = &loaded{}
		c.lru.Add(url, l)
	}
	return l
}

// weigh counts an entry's bytes, once it is loaded, and makes room.
func (c *mapCache) weigh(url string, l *loaded, size int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.lru.Peek(url); !ok || have != l {
		return // dropped meanwhile; its size must not be counted
	}
	if l.err != nil {
		c.failed[url] = struct{}{}
	}
	l.size = size
	c.weight += size
	for c.weight > c.limit && c.lru.Len() > 1 {
		c.lru.RemoveOldest()
	}
}

// forget drops a file's entry and all that failed: what was added may be what those lacked, by its
// debug id or for a link to it.
func (c *mapCache) forget(url string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(url)
	for failed := range c.failed {
		c.lru.Remove(failed)
	}
}
