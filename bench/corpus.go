package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A sample is one map to measure on.
type sample struct {
	ID     string
	Map    string `json:"-"` // path
	JS     string `json:"-"` // path of the minified file, "" where there is none
	Growth bool   // cut to a size, for the curve of growth only
	Shape  shape
}

// readCorpus lists the maps of a corpus folder, smallest first as corpus.json has them, `big` last; the words choose.
func readCorpus(dir, words string) ([]sample, error) {
	var samples []sample
	var manifest []struct{ ID, JS, Map string }
	if err := readJSON(filepath.Join(dir, "manifest.json"), &manifest); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range manifest {
		samples = append(samples, sample{ID: entry.ID, Map: filepath.Join(dir, entry.Map), JS: filepath.Join(dir, entry.JS)})
	}
	if big := filepath.Join(dir, "big"); exists(filepath.Join(big, "stamp.json")) {
		samples = append(samples, sample{ID: "big", Map: filepath.Join(big, "big.js.map"), JS: filepath.Join(big, "big.js")})
	}
	return chosen(samples, words), nil
}

// shopSamples are the maps in testdata, which are always there.
func shopSamples(root, words string) []sample {
	var samples []sample
	for _, name := range []string{"esbuild-names", "esbuild-nonames", "terser-names", "terser-nonames"} {
		js := filepath.Join(root, "testdata", "shop", "dist", name, "shop.min.js")
		samples = append(samples, sample{ID: "shop " + name, Map: js + ".map", JS: js})
	}
	return chosen(samples, words)
}

func chosen(samples []sample, words string) []sample {
	if words == "" {
		return samples
	}
	var some []sample
	for _, s := range samples {
		if matches(s.ID, words) {
			some = append(some, s)
		}
	}
	return some
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// replaceFile writes a file so that it is whole or as before.
func replaceFile(path string, data []byte) error {
	temporary := fmt.Sprintf("%s.tmp-%d", path, os.Getpid())
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		_ = os.Remove(temporary)
		return err
	}
	return nil
}
