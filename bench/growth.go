package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// cutMaps makes maps of the given numbers of segments out of one map, each a prefix of its mappings with just the
// sources, source texts and names that the prefix uses. Sizes that the map doesn't have are left out. The files lie in
// dir, named after the size, and are made anew when the map is newer.
func cutMaps(from, dir string, sizes []int) ([]sample, error) {
	source, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var samples []sample
	var m *wholeMap
	for _, size := range sizes {
		path := filepath.Join(dir, fmt.Sprintf("%d.js.map", size))
		if info, err := os.Stat(path); err != nil || info.ModTime().Before(source.ModTime()) {
			if m == nil {
				m = &wholeMap{}
				if err := readJSON(from, m); err != nil {
					return nil, err
				}
			}
			cut, ok, err := m.cut(size)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if err := replaceFile(path, cut); err != nil {
				return nil, err
			}
		}
		samples = append(samples, sample{ID: fmt.Sprintf("cut %d", size), Map: path, Growth: true})
	}
	return samples, nil
}

// wholeMap is what a cut needs; texts stay as they are written in the file.
type wholeMap struct {
	Version        int               `json:"version"`
	Sources        []json.RawMessage `json:"sources"`
	SourcesContent []json.RawMessage `json:"sourcesContent,omitempty"`
	Names          []json.RawMessage `json:"names"`
	Mappings       string            `json:"mappings"`
}

// cut returns the map with its first n segments only; ok is false when it has fewer.
func (m *wholeMap) cut(n int) (data []byte, ok bool, err error) {
	end, sources, names, err := prefix(m.Mappings, n)
	if err != nil || end < 0 {
		return nil, false, err
	}
	part := *m
	part.Mappings = m.Mappings[:end]
	part.Sources = firstOf(m.Sources, sources)
	part.SourcesContent = firstOf(m.SourcesContent, sources)
	part.Names = firstOf(m.Names, names)
	data, err = json.Marshal(part)
	return data, true, err
}

func firstOf(list []json.RawMessage, n int) []json.RawMessage {
	return list[:min(n, len(list))]
}

// prefix returns the length of the first n segments of mappings, −1 when there are fewer, and how many sources and names
// they use, counted up to the highest index.
func prefix(mappings string, n int) (length, sources, names int, err error) {
	var source, name int32
	for i := 0; i < len(mappings); {
		if mappings[i] == ',' || mappings[i] == ';' {
			i++
			continue
		}
		for field := 0; i < len(mappings) && mappings[i] != ',' && mappings[i] != ';'; field++ {
			value, next, err := vlq(mappings, i)
			if err != nil {
				return 0, 0, 0, err
			}
			switch field {
			case 1:
				source += value
				sources = max(sources, int(source)+1)
			case 4:
				name += value
				names = max(names, int(name)+1)
			}
			i = next
		}
		if n--; n == 0 {
			return i, sources, names, nil
		}
	}
	return -1, 0, 0, nil
}
