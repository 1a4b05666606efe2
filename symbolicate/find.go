package symbolicate

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/symbolicate/symbolicate/internal/unwrap"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// location is where a map lies: in a file of a tree or in an artifact, itself or, inline, in the data
// URL of the minified file there. Equal locations hold the same map.
type location struct {
	tree     *tree
	path     string // below the tree's root
	artifact *Artifact
	inline   bool
}

// name is the location for people.
func (l location) name() string {
	name, kind := l.tree.actual(l.path), ""
	if l.artifact != nil {
		name, kind = l.artifact.name(), " (map given)"
	}
	if l.inline {
		kind = " (data URL)"
	}
	return name + kind
}

// read returns the bytes of the map.
func (l location) read() (data []byte, err error) {
	if l.artifact != nil {
		data = l.artifact.SourceMap
		if l.inline {
			data = l.artifact.Source
		}
	} else if data, err = l.tree.read(l.path); err != nil {
		return nil, unreadable(l.path, err)
	}
	if l.inline {
		link, _ := findLink(data)
		if data, err = unwrap.DataURL(link); err != nil {
			return nil, &failure{ReasonMalformed, fmt.Sprintf("%s: sourceMappingURL: %v", l.name(), err)}
		}
	}
	return data, nil
}

// failure is why there is no map for a file.
type failure struct {
	reason Reason
	detail string
}

func (f *failure) Error() string { return string(f.reason) + ": " + f.detail }

// find looks for the map of a generated file, given as the frame names it, from what costs least to
// what costs most:
//
//  1. an artifact added for this URL
//  2. the file itself in the trees: its sourceMappingURL, else its name with ".map", else its debug id
//  3. a map in the trees with the file's name and ".map", the file itself not being there
//  4. a map whose "file" field names the file
//  5. for a module of a RAM bundle ("12.js"): the one map of the trees that says where its modules are; for a segment of a split
//     bundle ("seg-3.js"): the one that has maps of segments
//  6. 2 and 3 again, if just one file has the name but lies in other folders than the URL says; byName
//     tells so
//
// A debug id and the "file" field open every map of the trees, once. Of several files with the right
// name, that with the most folders in common with the URL is meant, see [pick].
func (s *Symbolicator) find(url string) (at *location, byName bool, err error) {
	if a, ok := s.artifact(url); ok {
		if at, err = s.ofArtifact(a); at != nil || err != nil {
			return at, false, err
		}
	}
	wanted := urlPath(url)
	if len(wanted) == 0 {
		return nil, false, &failure{ReasonNoFile, fmt.Sprintf("%q names no file", url)}
	}
	base := wanted[len(wanted)-1]
	mapped := append(wanted[:len(wanted)-1:len(wanted)-1], base+".map")
	files, maps := s.named(base), s.named(base+".map")
	if at, err = s.fromNamed(files, maps, wanted, mapped, url); at != nil || err != nil {
		return at, false, err
	}
	var written []candidate
	for _, t := range s.trees {
		t.peek(&s.peeks)
		written = append(written, t.byFile[base]...)
	}
	if found, err := pick(written, wanted, url); found != nil || err != nil {
		return found.location(), false, err
	}
	if b, is := bundledFile(url); is {
		if at, err = s.ofBundle(url, b); at != nil || err != nil {
			return at, false, err
		}
	}
	// By the base name alone.
	if at, err = s.fromNamed(files, maps, []string{base}, []string{base + ".map"}, url); at != nil || err != nil {
		return at, true, err
	}
	return nil, false, &failure{ReasonNoMap, s.nothingFound(url, base)}
}

// fromNamed finds the map through files of the right name, or maps of it.
func (s *Symbolicator) fromNamed(files, maps []candidate, wanted, mapped []string, url string) (*location, error) {
	found, err := pick(files, wanted, url)
	if err != nil {
		return nil, err
	}
	if found != nil {
		if l, err := s.fromFile(found.tree, found.path); l != nil || err != nil {
			return l, err
		}
	}
	found, err = pick(maps, mapped, url)
	return found.location(), err
}

// candidate is a file that may be the wanted one: its place, and the names to compare with.
type candidate struct {
	tree  *tree
	path  string
	names []string
}

func (c *candidate) location() *location {
	if c == nil {
		return nil
	}
	return &location{tree: c.tree, path: c.path}
}

// named returns the files of all trees with that base name.
func (s *Symbolicator) named(base string) (list []candidate) {
	for _, t := range s.trees {
		for _, p := range t.byBase[base] {
			list = append(list, candidate{t, p, strings.Split(p, "/")})
		}
	}
	return list
}

// pick returns the candidate with the most last names in common with the wanted ones, nil where there
// is none. Of equals, that of the tree given first; two of one tree are a failure. A candidate that has
// but the base name in common, while both have folders besides, is none.
func pick(candidates []candidate, wanted []string, url string) (*candidate, error) {
	var best []candidate
	most := 0
	for _, c := range candidates {
		n := 0
		for n < len(c.names) && n < len(wanted) && c.names[len(c.names)-1-n] == wanted[len(wanted)-1-n] {
			n++
		}
		switch {
		case n == 1 && len(c.names) > 1 && len(wanted) > 1:
		case n > most:
			best, most = []candidate{c}, n
		case n == most && n > 0 && c.tree == best[0].tree:
			best = append(best, c)
		}
	}
	switch len(best) {
	case 0:
		return nil, nil
	case 1:
		return &best[0], nil
	default:
		return nil, &failure{ReasonAmbiguous, fmt.Sprintf("%d files below %s fit %s equally well: %s, %s",
			len(best), best[0].tree.name, url, best[0].path, best[1].path)}
	}
}

// fromFile finds the map of a generated file that lies in a tree. No location and no error: the file
// does not say.
func (s *Symbolicator) fromFile(t *tree, file string) (*location, error) {
	var beside *location
	if t.has(file + ".map") {
		beside = &location{tree: t, path: file + ".map"}
	}
	source, err := t.read(file)
	if err != nil {
		if beside != nil {
			return beside, nil
		}
		return nil, unreadable(file, err)
	}
	if link, linked := findLink(source); linked {
		if unwrap.IsDataURL(link) {
			return &location{tree: t, path: file, inline: true}, nil
		}
		if l, err := linkedMap(t, file, link); l != nil || err != nil {
			return l, err
		}
	}
	if beside != nil {
		return beside, nil
	}
	if id, has := sourcemap.FindDebugID(source); has {
		return s.findByDebugID(id)
	}
	return nil, nil
}

// findLink returns the sourceMappingURL of a generated file, JavaScript or WebAssembly.
func findLink(source []byte) (url string, ok bool) {
	if sourcemap.IsWebAssembly(source) {
		url, ok, _ = sourcemap.FindSourceMapURLInWebAssembly(source)
		return url, ok
	}
	return sourcemap.FindSourceMapURL(source)
}

// linkedMap follows a sourceMappingURL, not a data URL, inside the tree.
func linkedMap(t *tree, file, link string) (*location, error) {
	wanted := urlPath(link)
	if len(wanted) == 0 {
		return nil, nil
	}
	if !strings.Contains(link, "://") && !strings.HasPrefix(link, "/") {
		plain, _, _ := strings.Cut(link, "?")
		if p := path.Join(path.Dir(file), plain); t.has(p) {
			return &location{tree: t, path: p}, nil
		}
		wanted = urlPath(path.Join(path.Dir(file), plain))
	}
	var candidates []candidate
	for _, p := range t.byBase[wanted[len(wanted)-1]] {
		candidates = append(candidates, candidate{t, p, strings.Split(p, "/")})
	}
	found, err := pick(candidates, wanted, link)
	return found.location(), err
}

// findByDebugID finds the map with the debug id among artifacts and trees.
func (s *Symbolicator) findByDebugID(id string) (*location, error) {
	if a, ok := s.artifactByID(id); ok {
		return s.ofArtifact(a)
	}
	for _, t := range s.trees {
		t.peek(&s.peeks)
		if paths := t.byDebugID[id]; len(paths) > 0 {
			// Maps of one debug id are equal by what a debug id means: the first will do.
			return &location{tree: t, path: paths[0]}, nil
		}
	}
	return nil, nil
}

// peek reads the "file" and debug id of every map of the tree, once.
func (t *tree) peek(count *counter) {
	t.peekOnce.Do(func() {
		t.byFile, t.byDebugID = map[string][]candidate{}, map[string][]string{}
		for _, p := range t.maps {
			data, err := t.read(p)
			if err != nil {
				continue
			}
			count.Add(1)
			head, err := sourcemap.Peek(data)
			if err != nil {
				continue
			}
			if names := urlPath(head.File); len(names) > 0 {
				base := names[len(names)-1]
				t.byFile[base] = append(t.byFile[base], candidate{t, p, names})
			}
			if head.HasModules {
				t.ofBundles = append(t.ofBundles, p)
			}
			if head.HasSegments {
				t.ofSegments = append(t.ofSegments, p)
			}
			if head.DebugID != "" {
				t.byDebugID[head.DebugID] = append(t.byDebugID[head.DebugID], p)
			}
		}
	})
}

func unreadable(name string, err error) error {
	reason := ReasonUnreadable
	if errors.Is(err, errTooLarge) {
		reason = ReasonLimit
	}
	return &failure{reason, fmt.Sprintf("%s: %v", name, err)}
}

// nothingFound says what was looked for, and where.
func (s *Symbolicator) nothingFound(url, base string) string {
	maps := 0
	var names []string
	for _, t := range s.trees {
		maps += len(t.maps)
		names = append(names, t.name)
	}
	if len(names) == 0 {
		return fmt.Sprintf("no map was given for %s", url)
	}
	return fmt.Sprintf("no map for %s: maps below %s: %d, none of them named %s.map, linked from %s or written for it",
		url, strings.Join(names, ", "), maps, base, base)
}
