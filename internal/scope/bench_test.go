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
	language string // js, jsx, ts, tsx
	texts    []string
}

// corpusSets are the minified files of the corpus (make corpus), and the TypeScript in maps of it.
func corpusSets(tb testing.TB) (sets []set) {
	files, _ := filepath.Glob("../../.cache/corpus/*/*.*js")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		sets = append(sets, set{filepath.Base(file), "js", []string{string(text)}})
	}
	for _, file := range []string{"mapbox-gl/mapbox-gl.js", "antd/antd.min.js", "babel-standalone/babel.js"} {
		sets = append(sets, sourcesOf(tb, "../../.cache/corpus/"+file+".map")...)
	}
	return sets
}

// sourcesOf are the sources in a map whose text it has, a set for each language.
func sourcesOf(tb testing.TB, path string) (sets []set) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	type regular struct {
		Sources        []string
		SourcesContent []*string
	}
	var m struct {
		regular
		Sections []struct{ Map regular }
	}
	if err := json.Unmarshal(text, &m); err != nil {
		tb.Fatal(err)
	}
	maps := []regular{m.regular}
	for _, s := range m.Sections {
		maps = append(maps, s.Map)
	}
	for _, language := range []string{"ts", "tsx", "jsx"} {
		s := set{name: filepath.Base(path) + ":" + language, language: language}
		for _, m := range maps {
			for i, content := range m.SourcesContent {
				if l, ok := scope.LanguageOf(m.Sources[i]); ok && content != nil && l == languageNames[language] {
					s.texts = append(s.texts, *content)
				}
			}
		}
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
						scope.Scan(text, languageNames[s.language])
					}
				}))
			}
			b.ReportMetric(float64(size)/1e6/best.Seconds(), "cpu-MB/s")
		})
	}
}
