package scope_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// A set is what a benchmark reads in one go.
type set struct {
	name     string
	language scope.Language
	texts    []string
}

// corpusSets are the minified files of the corpus (make corpus), and the TypeScript in maps of it, by map.
func corpusSets(tb testing.TB) (sets []set) {
	files, _ := filepath.Glob("../../.cache/corpus/*/*.*js")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		sets = append(sets, set{filepath.Base(file), scope.JavaScript, []string{string(text)}})
	}
	for _, file := range []string{"mapbox-gl/mapbox-gl.js", "antd/antd.min.js", "babel-standalone/babel.js"} {
		sets = append(sets, sourcesOf(tb, "../../.cache/corpus/"+file+".map")...)
	}
	return sets
}

// sourcesOf are the TypeScript sources in a map.
func sourcesOf(tb testing.TB, path string) []set {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var m struct{ Sources, SourcesContent []string }
	if err := json.Unmarshal(text, &m); err != nil {
		tb.Fatal(err)
	}
	ts, tsx := set{name: filepath.Base(path) + ":ts", language: scope.TypeScript}, set{name: filepath.Base(path) + ":tsx", language: scope.TSX}
	for i, source := range m.Sources {
		if i >= len(m.SourcesContent) {
			break
		}
		switch l, _ := scope.LanguageOf(source); l {
		case scope.TypeScript:
			ts.texts = append(ts.texts, m.SourcesContent[i])
		case scope.TSX:
			tsx.texts = append(tsx.texts, m.SourcesContent[i])
		}
	}
	var sets []set
	for _, s := range []set{ts, tsx} {
		if len(s.texts) > 0 {
			sets = append(sets, s)
		}
	}
	return sets
}

// BenchmarkScan tells bytes by CPU time of the thread, the best of all rounds: other programs on the machine count little.
func BenchmarkScan(b *testing.B) {
	for _, s := range corpusSets(b) {
		b.Run(s.name, func(b *testing.B) {
			size := 0
			for _, text := range s.texts {
				size += len(text)
			}
			best := time.Duration(1<<63 - 1)
			for b.Loop() {
				best = min(best, cpuTime(func() {
					for _, text := range s.texts {
						scope.Scan(text, s.language)
					}
				}))
			}
			b.ReportMetric(float64(size)/1e6/best.Seconds(), "cpu-MB/s")
		})
	}
}
