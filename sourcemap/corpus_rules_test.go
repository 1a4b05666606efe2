package sourcemap_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"strconv"
	"testing"

	oracle "github.com/go-sourcemap/sourcemap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The stricter comparison with go-sourcemap. Where its answer is not ours, a named rule must say why and
// must also say what it answers instead: goSourcemap below predicts that from our mappings.

// randomSeed is new in each run; SYMBOLICATE_SEED repeats one.
func randomSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("SYMBOLICATE_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("SYMBOLICATE_SEED=%d", seed)
	return seed
}

// mixedPositions returns n positions: half anywhere on a line (as far as the line reaches, and behind it), a quarter at
// the start of a mapping, a quarter one column beside one; and a few lines past the last.
func mixedPositions(list []sourcemap.Mapping, seed uint64, n int) []sourcemap.Position {
	random := rand.New(rand.NewPCG(seed, 1))
	lastColumn := map[int32]int32{}
	var lastLine int32
	for _, mapping := range list {
		lastColumn[mapping.Generated.Line] = mapping.Generated.Column
		lastLine = mapping.Generated.Line
	}
	positions := make([]sourcemap.Position, n)
	for i := range positions {
		start := list[random.IntN(len(list))].Generated
		switch i % 4 {
		case 0: // a line that has mappings, weighed by their number
			start.Column = random.Int32N(lastColumn[start.Line] + 100)
		case 1: // any line
			start.Line = random.Int32N(lastLine + 3)
			start.Column = random.Int32N(lastColumn[start.Line] + 100)
		case 2:
			start.Column = max(0, start.Column+random.Int32N(2)*2-1)
		}
		positions[i] = start
	}
	return positions
}

// answer is one in go-sourcemap's terms: line and column 0-based here, texts instead of indices.
type answer struct {
	Source, Name string
	Line, Column int32
	OK           bool
}

func ourAnswerInTexts(m *sourcemap.Map, p sourcemap.Position) answer {
	found, ok := m.Lookup(p)
	if !ok {
		return answer{}
	}
	source, _ := m.Source(int(found.Source))
	return answer{source.URL, m.Name(int(found.Name)), found.Original.Line, found.Original.Column, true}
}

// goSourcemap tells what go-sourcemap answers for a position of the regular map m, and the rules that lead it there:
// of mappings that are all the map's, in order.
func goSourcemap(m *sourcemap.Map, all []sourcemap.Mapping, p sourcemap.Position) (a answer, rules []string) {
	found, here := m.Lookup(p)
	if !here && found == (sourcemap.Mapping{Source: -1, Name: -1}) || found.Generated.Line != p.Line {
		// Nothing at or before it on the line. If some mapping follows, it takes the one before that.
		end := all[len(all)-1].Generated
		if end.Line < p.Line {
			return answer{}, nil
		}
		if found, _ = m.LookupAcrossLines(p); found == (sourcemap.Mapping{Source: -1, Name: -1}) {
			return answer{}, nil
		}
		rules = append(rules, "crosses lines")
	}
	name := m.Name(int(found.Name))
	if found.Source < 0 {
		rules = append(rules, "1-field segment answers with the previous source")
		before := sourcemap.Mapping{}
		for i := range all {
			if all[i] == found {
				break
			}
			if all[i].Source >= 0 {
				before = all[i]
			}
		}
		found.Source, found.Original = before.Source, before.Original
	}
	source, _ := m.Source(int(found.Source))
	return answer{source.URL, name, found.Original.Line, found.Original.Column, true}, rules
}

func compareWithGoSourcemap(t *testing.T, theirs *oracle.Consumer, ours func(sourcemap.Position) answer, predict func(sourcemap.Position) (answer, []string), positions []sourcemap.Position) {
	equal, differ, used := 0, 0, map[string]int{}
	for _, p := range positions {
		source, name, line, column, ok := theirs.Source(int(p.Line)+1, int(p.Column))
		theirs := answer{}
		if ok {
			theirs = answer{source, name, int32(line) - 1, int32(column), ok}
		}
		if theirs == ours(p) {
			equal++
			continue
		}
		want, rules := predict(p)
		if want.Source != theirs.Source && path.Clean(want.Source) == path.Clean(theirs.Source) {
			want.Source = theirs.Source
			rules = append(rules, "source paths are cleaned")
		}
		if len(rules) == 0 || want != theirs {
			differ++
			assert.Equal(t, ours(p), theirs, "at %+v no rule explains it; the rules %v say %+v", p, rules, want)
		}
		for _, rule := range rules {
			used[rule]++
		}
	}
	t.Logf("%d positions: %d equal, %d unexplained, by rule %v", len(positions), equal, differ, used)
}

func TestCorpusGoSourcemapByRules(t *testing.T) {
	maps := corpus(t)
	seed := randomSeed(t)
	for _, c := range maps {
		t.Run(c.ID, func(t *testing.T) {
			data, err := os.ReadFile(c.Map)
			require.NoError(t, err)
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err)
			all := mappings(m)
			positions := mixedPositions(all, seed, 2000)
			theirs, err := oracle.Parse("", data)
			if !m.Indexed() {
				require.NoError(t, err)
				compareWithGoSourcemap(t, theirs, func(p sourcemap.Position) answer { return ourAnswerInTexts(m, p) },
					func(p sourcemap.Position) (answer, []string) { return goSourcemap(m, all, p) }, positions)
				return
			}

			// An indexed map. It refuses empty mappings, so sections that have them are taken out for it.
			var index struct {
				Version  int               `json:"version"`
				Sections []json.RawMessage `json:"sections"`
			}
			require.NoError(t, json.Unmarshal(data, &index))
			type sectionHead struct {
				Offset struct{ Line, Column int32 }
				Map    json.RawMessage
			}
			var heads []sectionHead
			var parts []*sourcemap.Map
			var lists [][]sourcemap.Mapping
			empty, sections := 0, index.Sections
			index.Sections = nil
			for _, raw := range sections {
				var head sectionHead
				require.NoError(t, json.Unmarshal(raw, &head))
				part, err := sourcemap.Parse(head.Map, nil)
				require.NoError(t, err)
				if part.Len() == 0 {
					empty++
					continue
				}
				index.Sections = append(index.Sections, raw)
				heads, parts, lists = append(heads, head), append(parts, part), append(lists, mappings(part))
			}
			if empty > 0 {
				require.ErrorContains(t, err, "mappings are empty")
				data, err = json.Marshal(index)
				require.NoError(t, err)
				theirs, err = oracle.Parse("", data)
			}
			require.NoError(t, err)
			t.Logf("%d sections, %d of them with empty mappings, which it refuses", len(sections), empty)
			compareWithGoSourcemap(t, theirs, func(p sourcemap.Position) answer { return ourAnswerInTexts(m, p) },
				func(p sourcemap.Position) (a answer, rules []string) {
					// It takes the last section that starts on the line or above, whatever its column, and takes that column
					// off on every line.
					for i := len(heads) - 1; i >= 0; i-- {
						if offset := heads[i].Offset; offset.Line <= p.Line {
							a, rules = goSourcemap(parts[i], lists[i], sourcemap.Position{Line: p.Line - offset.Line, Column: p.Column - offset.Column})
							if offset.Column != 0 {
								rules = append(rules, "the section's column")
							} else if !a.OK {
								rules = append(rules, "does not look into the section before")
							}
							return a, rules
						}
					}
					return answer{}, nil
				}, positions)
		})
	}
}

// TestCorpusTraceMappingRaw compares indices with trace-mapping on other positions in each run. Of the indexed map,
// whose sources we merge and whose names both of us join, the texts behind the indices are compared.
func TestCorpusTraceMappingRaw(t *testing.T) {
	maps := corpus(t)
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat("../bench/peers/node/node_modules")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: trace-mapping (needs node and npm ci in bench/peers/node)")
	}
	seed := randomSeed(t)
	for _, c := range maps {
		t.Run(c.ID, func(t *testing.T) {
			data, err := os.ReadFile(c.Map)
			require.NoError(t, err)
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err)
			positions := mixedPositions(mappings(m), seed, 2000)
			answers := traceMapping(t, c.Map, positions, []string{"--raw"})
			require.Len(t, answers, len(positions))

			// Their lists of an indexed map: all sections' sources, and names, one behind another.
			var theirSources []*string
			var theirNames []string
			if m.Indexed() {
				var index struct {
					Sections []struct {
						Map struct {
							Sources []*string
							Names   []string
						}
					}
				}
				require.NoError(t, json.Unmarshal(data, &index))
				for _, s := range index.Sections {
					theirSources, theirNames = append(theirSources, s.Map.Sources...), append(theirNames, s.Map.Names...)
				}
			}
			none, disagree := 0, 0
			for i, p := range positions {
				var theirs []int32
				require.NoError(t, json.Unmarshal(answers[i], &theirs))
				var ours []int32
				found, ok := m.Lookup(p)
				if ok {
					ours = []int32{found.Source, found.Original.Line, found.Original.Column, found.Name}
				} else {
					none++
				}
				if ok && theirs != nil && m.Indexed() {
					source, _ := m.Source(int(found.Source))
					if url := theirSources[theirs[0]]; url != nil && *url == source.URL {
						ours[0] = theirs[0]
					}
					if found.Name >= 0 && theirs[3] >= 0 && theirNames[theirs[3]] == m.Name(int(found.Name)) {
						ours[3] = theirs[3]
					}
				}
				if !assert.Equal(t, theirs, ours, "at %+v", p) {
					disagree++
				}
			}
			t.Logf("%d positions: %d disagreements, %d without an answer", len(positions), disagree, none)
			assert.Less(t, none, len(positions)*3/4)
		})
	}
}
