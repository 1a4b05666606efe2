package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	oracle "github.com/go-sourcemap/sourcemap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// corpusMap is an entry of the manifest that bench/corpus.mjs writes.
type corpusMap struct{ ID, Map string }

// corpus returns the maps of `make corpus`, or skips the test.
func corpus(t *testing.T) (maps []corpusMap) {
	t.Helper()
	folder := os.Getenv("SYMBOLICATE_CORPUS")
	if folder == "" {
		folder = "../.cache/corpus"
	}
	manifest, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if os.IsNotExist(err) {
		t.Skip("skipped: corpus (run make corpus)")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(manifest, &maps))
	require.GreaterOrEqual(t, len(maps), 9)
	for i := range maps {
		maps[i].Map = filepath.Join(folder, maps[i].Map)
	}
	return maps
}

const seed = 1

// somePositions returns 2,000 generated positions: a third anywhere, a third at the start of a
// mapping, a third one column beside one.
func somePositions(m *sourcemap.Map) []sourcemap.Position {
	random := rand.New(rand.NewPCG(seed, 0))
	var starts []sourcemap.Position
	var end sourcemap.Position
	for mapping := range m.Mappings() {
		starts = append(starts, mapping.Generated)
		end.Line, end.Column = max(end.Line, mapping.Generated.Line), max(end.Column, mapping.Generated.Column)
	}
	positions := make([]sourcemap.Position, 2000)
	for i := range positions {
		p := starts[random.IntN(len(starts))]
		switch i % 3 {
		case 0:
			p = sourcemap.Position{Line: random.Int32N(end.Line + 1), Column: random.Int32N(end.Column + 10)}
		case 1:
			p.Column = max(0, p.Column+random.Int32N(3)-1)
		}
		positions[i] = p
	}
	return positions
}

// TestCorpusAgainstTraceMapping compares with @jridgewell/trace-mapping, which keeps the same rules of
// lookup: no answer may differ.
func TestCorpusAgainstTraceMapping(t *testing.T) {
	maps := corpus(t)
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: trace-mapping (needs node)")
	}
	if _, err := os.Stat("../bench/peers/node/node_modules/@jridgewell/trace-mapping"); err != nil {
		t.Skip("skipped: trace-mapping (run make corpus)")
	}
	for _, c := range maps {
		t.Run(c.ID, func(t *testing.T) {
			m, err := sourcemap.Open(c.Map, nil)
			require.NoError(t, err)
			positions := somePositions(m)
			var raw []string
			if !m.Indexed() {
				raw = []string{"--raw"} // indices; of an indexed map ours are of merged lists, so its texts are compared
			}
			theirs := traceMapping(t, c.Map, positions, raw)
			require.Len(t, theirs, len(positions))
			answered := 0
			for i, p := range positions {
				ours := "null"
				if found, ok := m.Lookup(p); ok {
					answered++
					ours = ourAnswer(m, found)
				}
				assert.Equal(t, string(theirs[i]), ours, "at %+v", p)
			}
			assert.Greater(t, answered, 1000)
			t.Logf("compared %d positions, %d with an answer (seed %d)", len(positions), answered, seed)
		})
	}
}

// ourAnswer is a mapping as the driver prints one.
func ourAnswer(m *sourcemap.Map, found sourcemap.Mapping) string {
	answer := []any{found.Source, found.Original.Line, found.Original.Column, found.Name}
	if m.Indexed() {
		source, _ := m.Source(int(found.Source))
		answer[0], answer[3] = filepath.ToSlash(source.URL), any(nil)
		if found.Name >= 0 {
			answer[3] = m.Name(int(found.Name))
		}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		panic(err)
	}
	return string(bytes.TrimSpace(text.Bytes()))
}

func traceMapping(t *testing.T, path string, positions []sourcemap.Position, flags []string) (answers []json.RawMessage) {
	t.Helper()
	var in bytes.Buffer
	for _, p := range positions {
		fmt.Fprintf(&in, "[%d,%d]\n", p.Line, p.Column)
	}
	command := exec.Command("node", append([]string{"../bench/peers/node/lookup.mjs", "trace-mapping", path}, flags...)...)
	command.Stdin = &in
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	require.NoError(t, err, errs.String())
	require.NoError(t, json.Unmarshal(out, &answers))
	return answers
}

// Rules by which go-sourcemap answers otherwise than DESIGN.md and ECMA-426 have it. Each explains a
// difference when it holds for the position; what none explains is a fault of ours.
var oracleRules = []struct {
	name  string
	holds func(p sourcemap.Position, found sourcemap.Mapping, ok bool, source string, line, column int) bool
}{
	{"a segment of one field does not end what stood before it", func(_ sourcemap.Position, found sourcemap.Mapping, ok bool, _ string, _, _ int) bool {
		return !ok && found.Generated != sourcemap.Position{} && found.Source < 0
	}},
	{"the answer crosses lines", func(p sourcemap.Position, found sourcemap.Mapping, ok bool, _ string, _, _ int) bool {
		return !ok && found.Generated == sourcemap.Position{}
	}},
}

// TestCorpusAgainstGoSourcemap compares with go-sourcemap where it is right.
func TestCorpusAgainstGoSourcemap(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.ID, func(t *testing.T) {
			data, err := os.ReadFile(c.Map)
			require.NoError(t, err)
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err)
			if m.Indexed() {
				// It ignores the column of a section's offset and refuses empty mappings, so every fifth
				// section of the sample is wrong and others are missing.
				_, err := oracle.Parse("", data)
				require.Error(t, err)
				t.Log("compared: it refuses the map, since sections have empty mappings")
				return
			}
			theirs, err := oracle.Parse("", data)
			require.NoError(t, err)
			used := map[string]int{}
			for _, p := range somePositions(m) {
				source, name, line, column, ok := theirs.Source(int(p.Line)+1, int(p.Column))
				found, hit := m.Lookup(p)
				if ok == hit && (!ok || equalsOracle(m, found, source, name, line, column)) {
					continue
				}
				explained := false
				for _, rule := range oracleRules {
					if rule.holds(p, found, hit, source, line, column) {
						used[rule.name]++
						explained = true
						break
					}
				}
				assert.True(t, explained, "at %+v: theirs %v %q %q %d:%d, ours %v %+v", p, ok, source, name, line, column, hit, found)
			}
			t.Logf("compared 2000 positions; differences by rule: %v", used)
		})
	}
}

func equalsOracle(m *sourcemap.Map, found sourcemap.Mapping, source, name string, line, column int) bool {
	ours := m.Name(int(found.Name))
	s, _ := m.Source(int(found.Source))
	return int(found.Original.Line)+1 == line && int(found.Original.Column) == column && ours == name &&
		cleanPath(s.URL) == cleanPath(source)
}

// cleanPath evens out how the two write a source: go-sourcemap normalises paths.
func cleanPath(path string) string { return filepath.Clean(path) }
