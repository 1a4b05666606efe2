package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/symbolicate/symbolicate/bench/wire"
	"github.com/symbolicate/symbolicate/sourcemap"
)

func at(line, column int32) wire.Position { return wire.Position{Line: line, Column: column} }

func TestReadMap(t *testing.T) {
	tokens, sh, err := readMap([]byte(`{"version":3,"sources":["a",null],"sourcesContent":["é"],"names":["n"],
		"mappings":"AAAA,IACEA;A;;CCDF"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []token{
		{line: 0, column: 0, source: 0, origLine: 0, origCol: 0},
		{line: 0, column: 4, source: 0, origLine: 1, origCol: 2},
		{line: 1, column: 0, source: -1},
		{line: 3, column: 1, source: 1, origLine: 0, origCol: 0},
	}
	if !slices.Equal(tokens, want) {
		t.Errorf("tokens %+v", tokens)
	}
	if sh.Segments != 4 || sh.Lines != 4 || sh.Sources != 2 || sh.Names != 1 || sh.ContentBytes != 2 || sh.Indexed {
		t.Errorf("shape %+v", sh)
	}
	for _, bad := range []string{`{"mappings":"A*"}`, `{"mappings":"g"}`, `{"mappings":"AAAAAA"}`, `{`} {
		if _, _, err := readMap([]byte(bad)); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestReadIndexedMap(t *testing.T) {
	tokens, sh, err := readMap([]byte(`{"version":3,"sections":[
		{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"AAAA"}},
		{"offset":{"line":0,"column":10},"map":{"version":3,"sources":["b"],"mappings":"CAAA;CAAC"}}]}`))
	if err != nil || !sh.Indexed || sh.Sources != 2 {
		t.Fatal(err, sh)
	}
	// The column counts in a section's first line only.
	if len(tokens) != 3 || tokens[1].column != 11 || tokens[2].line != 1 || tokens[2].column != 1 {
		t.Errorf("tokens %+v", tokens)
	}
}

func TestChoose(t *testing.T) {
	tokens := []token{
		{line: 0, column: 0, origLine: 1},  // sure
		{line: 0, column: 5, origLine: 2},  // shares its column
		{line: 0, column: 5, origLine: 3},  // shares its column
		{line: 0, column: 9, source: -1},   // no original position
		{line: 0, column: 11, origLine: 4}, // sure
		{line: 1, column: 0, origLine: 4},  // repeats the end of the line before
		{line: 1, column: 3, origLine: 5},  // sure
		{line: 1, column: 6, origLine: 5},  // sure: a repeat, but not of another line
		{line: 2, column: 7, origLine: 8},  // columns not in order
		{line: 2, column: 2, origLine: 9},  // columns not in order
	}
	if got := choose(tokens); !slices.Equal(got, []int32{0, 4, 6, 7}) {
		t.Errorf("got %v", got)
	}
}

// The oracle and this project's engine share no code; on real maps they must agree at every question.
func TestQuestionsHaveRightAnswers(t *testing.T) {
	for _, s := range shopSamples("..", "") {
		data, err := os.ReadFile(s.Map)
		if err != nil {
			t.Fatal(err)
		}
		tokens, sh, err := readMap(data)
		if err != nil {
			t.Fatal(err)
		}
		q, err := ask(tokens, sh.Indexed, 5000)
		if err != nil {
			t.Fatal(err)
		}
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		if m.Len() != sh.Segments {
			t.Errorf("%s: %d segments, the engine has %d", s.ID, sh.Segments, m.Len())
		}
		if len(q["spread"]) != spreadCount || len(q["random"]) != 5000 || len(q["sorted"]) != 5000 {
			t.Errorf("%s: %d, %d, %d questions", s.ID, len(q["spread"]), len(q["random"]), len(q["sorted"]))
		}
		behind := 0 // questions that aren't a token's own column
		for _, list := range q {
			for _, question := range list {
				found, ok := m.Lookup(sourcemap.Position{Line: question.at.Line, Column: question.at.Column})
				if !ok || at(found.Original.Line, found.Original.Column) != question.answer {
					t.Fatalf("%s: at %v: %v %+v, want %v", s.ID, question.at, ok, found, question.answer)
				}
				if found.Generated.Column != question.at.Column {
					behind++
				}
			}
		}
		if behind == 0 {
			t.Errorf("%s: every question is a token's own column", s.ID)
		}
		again, _ := ask(tokens, sh.Indexed, 5000)
		if again.sum("random", 5000) != q.sum("random", 5000) {
			t.Error("other questions the second time")
		}
	}
}

func TestCut(t *testing.T) {
	from := shopSamples("..", "esbuild-names")[0].Map
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	whole, sh, err := readMap(data)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	samples, err := cutMaps(from, dir, []int{1, 10, 500, sh.Segments, sh.Segments + 1})
	if err != nil || len(samples) != 4 {
		t.Fatalf("%v, %v", samples, err)
	}
	for i, n := range []int{1, 10, 500, sh.Segments} {
		data, err := os.ReadFile(samples[i].Map)
		if err != nil {
			t.Fatal(err)
		}
		tokens, part, err := readMap(data)
		if err != nil || !slices.Equal(tokens, whole[:n]) {
			t.Errorf("%d segments: %d tokens, %v", n, len(tokens), err)
		}
		if part.Sources > sh.Sources || n == 1 && part.Sources != 1 || part.ContentBytes == 0 {
			t.Errorf("%d segments: %+v", n, part)
		}
		m, err := sourcemap.Parse(data, &sourcemap.Options{Strict: true})
		if err != nil || m.Len() != n {
			t.Errorf("%d segments: %v", n, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*tmp*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestCorpusEntries(t *testing.T) {
	dir := t.TempDir()
	if samples, err := readCorpus(dir, ""); err != nil || samples != nil {
		t.Errorf("an empty folder: %v, %v", samples, err)
	}
	manifest, _ := json.Marshal([]map[string]string{{"id": "a", "js": "a/a.js", "map": "a/a.js.map"}})
	must(t, os.WriteFile(filepath.Join(dir, "manifest.json"), manifest, 0o644))
	must(t, os.MkdirAll(filepath.Join(dir, "big"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "big", "stamp.json"), nil, 0o644))
	samples, err := readCorpus(dir, "")
	if err != nil || len(samples) != 2 || samples[0].ID != "a" || samples[1].ID != "big" {
		t.Errorf("%v, %v", samples, err)
	}
	if samples, _ = readCorpus(dir, "=big"); len(samples) != 1 {
		t.Errorf("chosen: %v", samples)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
