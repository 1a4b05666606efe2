package symbolicate

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/symbolicate/symbolicate/internal/unwrap"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// location is where a map lies: in a file of a tree, or in bytes that were given or came out of a
// data URL.
type location struct {
	name string // for people, and the key of the cache
	tree *tree  // nil: data
	path string // below the tree's root
	data []byte
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
//  2. the file in the trees: its sourceMappingURL, else its name with ".map"
//  3. a map in the trees with the file's name and ".map", the file itself not being there
//  4. debug id of the file (its //# debugId= comment), then "file" field of the maps: this opens
//     every map of the trees once
//
// Of several files with the right name, that with the most folders in common with the URL is meant.
func (s *Symbolicator) find(url string) (*location, error) {
	if a, ok := s.artifact(url); ok {
		if l, err := s.ofArtifact(a); l != nil || err != nil {
			return l, err
		}
	}
	wanted := urlPath(url)
	if len(wanted) == 0 {
		return nil, &failure{ReasonNoFile, fmt.Sprintf("%q names no file", url)}
	}
	base := wanted[len(wanted)-1]
	for _, t := range s.trees {
		found, err := one(t, t.byBase[base], wanted, url)
		if err != nil {
			return nil, err
		}
		if found != "" {
			if l, err := s.fromFile(t, found); l != nil || err != nil {
				return l, err
			}
		}
		named := slices.Clone(wanted)
		named[len(named)-1] += ".map"
		found, err = one(t, t.byBase[base+".map"], named, url)
		if err != nil {
			return nil, err
		}
		if found != "" {
			return &location{name: found, tree: t, path: found}, nil
		}
	}
	for _, t := range s.trees {
		t.peek(&s.peeks)
		found, err := one(t, t.byFile[base], nil, url)
		if err != nil {
			return nil, err
		}
		if found != "" {
			return &location{name: found, tree: t, path: found}, nil
		}
	}
	return nil, &failure{ReasonNoMap, s.nothingFound(url, base)}
}

// one picks the best match; more than one of them is a failure. Without wanted segments any path fits.
func one(t *tree, paths, wanted []string, url string) (string, error) {
	if wanted != nil {
		paths = bestMatch(paths, wanted)
	}
	switch len(paths) {
	case 0:
		return "", nil
	case 1:
		return paths[0], nil
	default:
		return "", &failure{ReasonAmbiguous, fmt.Sprintf("%d files below %s fit %s equally well: %s, %s",
			len(paths), t.name, url, paths[0], paths[1])}
	}
}

// fromFile finds the map of a generated file that lies in a tree. No location and no error: the file
// does not say.
func (s *Symbolicator) fromFile(t *tree, file string) (*location, error) {
	source, err := t.read(file)
	if err != nil {
		if beside := file + ".map"; t.has(beside) {
			return &location{name: beside, tree: t, path: beside}, nil
		}
		return nil, unreadable(file, err)
	}
	id, hasID := sourcemap.FindDebugID(source)
	link, linked := sourcemap.FindSourceMapURL(source)
	if linked {
		if l, err := linkedMap(t, file, link); l != nil || err != nil {
			return l, err
		}
	}
	if beside := file + ".map"; t.has(beside) {
		return &location{name: beside, tree: t, path: beside}, nil
	}
	if hasID {
		return s.findByDebugID(id)
	}
	return nil, nil
}

// linkedMap follows a sourceMappingURL inside the tree.
func linkedMap(t *tree, file, link string) (*location, error) {
	data, err := unwrap.DataURL(link)
	if err == nil {
		return &location{name: file + " (data URL)", data: data}, nil
	}
	if !errors.Is(err, unwrap.ErrNotDataURL) {
		return nil, &failure{ReasonMalformed, fmt.Sprintf("%s: sourceMappingURL: %v", file, err)}
	}
	wanted := urlPath(link)
	if len(wanted) == 0 {
		return nil, nil
	}
	if !strings.Contains(link, "://") && !strings.HasPrefix(link, "/") {
		plain, _, _ := strings.Cut(link, "?")
		if p := path.Join(path.Dir(file), plain); t.has(p) {
			return &location{name: p, tree: t, path: p}, nil
		}
		wanted = urlPath(path.Join(path.Dir(file), plain))
	}
	found, err := one(t, t.byBase[wanted[len(wanted)-1]], wanted, link)
	if err != nil || found == "" {
		return nil, err
	}
	return &location{name: found, tree: t, path: found}, nil
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
			return &location{name: paths[0], tree: t, path: paths[0]}, nil
		}
	}
	return nil, nil
}

// peek reads the "file" and debug id of every map of the tree, once.
func (t *tree) peek(count *counter) {
	t.peekOnce.Do(func() {
		t.byFile, t.byDebugID = map[string][]string{}, map[string][]string{}
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
			if segments := urlPath(head.File); len(segments) > 0 {
				base := segments[len(segments)-1]
				t.byFile[base] = append(t.byFile[base], p)
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
