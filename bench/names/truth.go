package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// A bundle is one minified file with its maps, and what is expected of them.
type bundle struct {
	Package string `json:"package"`
	Half    string `json:"half"` // tuned, unseen
	Bundler string `json:"bundler"`
	Without int    `json:"without"` // positions drawn that have no source: not counted
	Unread  int    `json:"unread"`  // sources that TypeScript doesn't read: not counted

	positions []position
	ours      [kindsOfMap][]answer
	symbolic  [kindsOfMap][]answer // nil: not asked
}

func (b *bundle) id() string { return b.Package + "/" + b.Bundler }

// A position of the minified file, 0-based, and the true name.
type position struct {
	line, column int32
	kind         string // of the innermost function; anonymous, module level
	name, in     string
	head         bool // between the start of a function and its parameters
}

type answer struct {
	name, in string
	at       string // the original position
}

type kindOfMap int

const (
	withNames kindOfMap = iota
	withoutNames
	withoutSources
	kindsOfMap
)

var kindOfMapText = [kindsOfMap]string{"`names`, sources", "sources", "`names`"}

// readTruth reads all bundles, in the order of their files' names.
func readTruth(cache string) ([]*bundle, error) {
	paths, err := filepath.Glob(filepath.Join(cache, "truth", "*", "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s has no truth: run node testdata/names/make.mjs", cache)
	}
	var all []*bundle
	for _, path := range paths {
		b, err := readBundle(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, b)
	}
	return all, nil
}

func readBundle(path string) (*bundle, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := &bundle{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if b.Package == "" {
			if err := json.Unmarshal(lines.Bytes(), b); err != nil {
				return nil, err
			}
			continue
		}
		var p position
		if err := json.Unmarshal(lines.Bytes(), &[]any{&p.line, &p.column, &p.kind, &p.name, &p.in, &p.head}); err != nil {
			return nil, err
		}
		b.positions = append(b.positions, p)
	}
	return b, lines.Err()
}

// ask answers all positions by this engine, with each kind of map.
func (b *bundle) ask(cache string) error {
	for kind, file := range [kindsOfMap]string{"names", "nonames", "nosources"} {
		data, err := os.ReadFile(filepath.Join(cache, "bundles", b.id()+"."+file+".map"))
		if err != nil {
			return err
		}
		options := &sourcemap.Options{}
		if kindOfMap(kind) == withoutSources {
			if options.Generated, err = os.ReadFile(filepath.Join(cache, "bundles", b.id()+".js")); err != nil {
				return err
			}
		}
		m, err := sourcemap.Parse(data, options)
		if err != nil {
			return fmt.Errorf("%s: %w", b.id(), err)
		}
		b.ours[kind] = make([]answer, len(b.positions))
		hits := make([]sourcemap.Mapping, len(b.positions))
		order := make([]int, len(b.positions))
		for i, p := range b.positions {
			hits[i], _ = m.Lookup(sourcemap.Position{Line: p.line, Column: p.column})
			order[i] = i
		}
		// Source by source: a map keeps only the last texts that it read.
		slices.SortFunc(order, func(x, y int) int { return cmp.Compare(hits[x].Source, hits[y].Source) })
		for _, i := range order {
			p, hit := b.positions[i], hits[i]
			f, _ := m.FunctionAt(sourcemap.Position{Line: p.line, Column: p.column})
			source, _ := m.Source(int(hit.Source))
			b.ours[kind][i] = answer{f.Name, f.In, fmt.Sprintf("%s:%d:%d", source.URL, hit.Original.Line+1, hit.Original.Column+1)}
		}
		m.Close()
	}
	return nil
}

// askSymbolic answers all positions by symbolic, whose way to write names is made ours where it says the same.
func askSymbolic(python, cache string, bundles []*bundle) error {
	byID := map[string]*bundle{}
	for _, b := range bundles {
		byID[b.id()] = b
	}
	cmd := exec.Command(python, "peers/python/names.py", cache)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	replies := json.NewDecoder(out)
	for replies.More() {
		var reply struct {
			Bundle, Map string
			Names       []string
		}
		if err := replies.Decode(&reply); err != nil {
			return err
		}
		b := byID[reply.Bundle]
		answers := make([]answer, len(reply.Names))
		for i, name := range reply.Names {
			answers[i].name = restyle(name)
		}
		if reply.Map == "nonames" {
			b.symbolic[withoutNames] = answers
		} else { // it reads no sources
			b.symbolic[withNames], b.symbolic[withoutSources] = answers, answers
		}
	}
	return cmd.Wait()
}

// restyle writes a name of symbolic's as docs/NAMES.md does.
func restyle(name string) string {
	switch name {
	case "<unknown>", "<anonymous>":
		return ""
	}
	for _, word := range []string{"async ", "static "} {
		if rest, ok := strings.CutPrefix(name, word); ok && strings.ContainsRune(rest, '.') {
			name = rest
		}
	}
	name = strings.Replace(name, "<object>.", "", 1)
	return strings.ReplaceAll(name, ".prototype.", ".")
}
