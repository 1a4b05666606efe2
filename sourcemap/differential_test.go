package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// referenceSeed is that of the maps which every run has; another set is new in each run, see randomSeed.
const referenceSeed = 426

// agreement counts what a comparison with the reference met.
type agreement struct {
	maps, refused, indexed, clean, mappings, lookups int
	kinds                                            map[sourcemap.ProblemKind]int
}

// seeded is a source of random numbers that is the same in each run.
func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// class is what kind of error a map is refused with; how JSON is broken is one.
func class(err error) error {
	for _, kind := range []error{sourcemap.ErrFormat, sourcemap.ErrMappings, sourcemap.ErrLimit} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	if e := (*errReference)(nil); errors.As(err, &e) && e.kind != sourcemap.ErrNotJSON {
		return e.kind
	}
	return sourcemap.ErrNotJSON
}

// usesProposals tells whether a map has range mappings or scopes, or what should be some.
func usesProposals(m *sourcemap.Map) bool {
	for mapping := range m.Mappings() {
		if mapping.Range {
			return true
		}
	}
	return m.HasScopes() || slices.ContainsFunc(kinds(m), func(k sourcemap.ProblemKind) bool {
		return strings.HasPrefix(string(k), "range-mappings") || strings.HasPrefix(string(k), "scopes")
	})
}

// checkReference compares the engine with the reference on one input: what is refused, what is decoded, what is wrong,
// what lookups answer, and the same from a saved index. path is where an index may be saved, or "".
func checkReference(t testing.TB, data []byte, random *rand.Rand, path string, count *agreement) {
	t.Helper()
	count.maps++
	want, problems, refErr := refDecode(data)
	m, err := sourcemap.Parse(data, &sourcemap.Options{MaxProblems: 1 << 30})
	_, strictErr := sourcemap.Parse(data, &sourcemap.Options{Strict: true})
	if errors.Is(err, sourcemap.ErrLimit) && bytes.Count(data, []byte("{")) > sourcemap.MaxSectionDepth {
		return // seen while the text is scanned, whatever follows
	}
	if refErr != nil {
		if class(refErr) == sourcemap.ErrNotJSON && json.Valid(withoutStrings(refBody(data))) {
			return // Ours: what is inside strings is not looked at.
		}
		require.Error(t, err, "the reference says %v", refErr)
		if bytes.HasPrefix(bytes.TrimLeft(refBody(data), " \t\r\n"), []byte("{")) { // of anything else the error says what it looks like
			require.Equal(t, class(refErr), class(err), "%v; the reference says %v", err, refErr)
		}
		require.Error(t, strictErr)
		count.refused++
		return
	}
	require.NoError(t, err)
	if usesProposals(m) {
		count.maps--
		return // the reference is of the standard alone
	}

	gotKinds := kinds(m)
	slices.Sort(gotKinds)
	slices.Sort(problems)
	if slices.Contains(problems, sourcemap.ProblemMappingsGrammar) {
		// Ours: what was wrong with segments before the fault is listed, too, though none of them is taken.
		gotKinds, problems = withoutRanges(gotKinds), withoutRanges(problems)
	}
	require.Equal(t, problems, gotKinds)
	require.Equal(t, len(problems) == 0, strictErr == nil, "strict: %v; the reference has %v", strictErr, problems)
	if len(problems) == 0 {
		count.clean++
	}
	for _, kind := range problems {
		count.kinds[kind]++
	}
	if want.indexed {
		count.indexed++
	}
	count.mappings += len(want.mappings)

	opened := []*sourcemap.Map{m}
	texts := slices.ContainsFunc(want.sources, func(s refSource) bool { return s.content != nil })
	if !texts || random.IntN(8) == 0 { // compressing them takes longer than all else
		index, err := m.AppendIndex(nil, &sourcemap.SaveOptions{Workers: 1})
		require.NoError(t, err)
		reopened, err := sourcemap.Parse(index, nil)
		require.NoError(t, err)
		opened = append(opened, reopened)
	}
	if path != "" {
		require.NoError(t, m.Save(path, &sourcemap.SaveOptions{Workers: 1}))
		saved, err := sourcemap.Open(path, nil)
		require.NoError(t, err)
		defer saved.Close()
		opened = append(opened, saved)
	}
	positions := positionsFor(want, random)
	for _, m := range opened {
		requireRecord(t, want, m)
		requireLookups(t, want, m, positions)
		require.NoError(t, m.Err())
	}
	count.lookups += len(positions)
}

func withoutRanges(kinds []sourcemap.ProblemKind) []sourcemap.ProblemKind {
	return slices.DeleteFunc(kinds, func(kind sourcemap.ProblemKind) bool {
		return kind == sourcemap.ProblemColumnRange || kind == sourcemap.ProblemOriginalRange || kind == sourcemap.ProblemNameRange
	})
}

// withoutStrings empties the strings of a JSON text.
func withoutStrings(text []byte) (out []byte) {
	for i := 0; i < len(text); i++ {
		out = append(out, text[i])
		if text[i] != '"' {
			continue
		}
		for i++; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		out = append(out, '"')
	}
	return out
}

// requireRecord compares what was decoded.
func requireRecord(t testing.TB, want *refMap, m *sourcemap.Map) {
	t.Helper()
	require.Equal(t, want.file, m.File())
	require.Equal(t, want.debugID, m.DebugID())
	require.Equal(t, want.indexed, m.Indexed())
	require.Equal(t, len(want.sources), m.NumSources())
	for i, source := range want.sources {
		wanted := sourcemap.Source{Null: source.url == nil, Ignored: source.ignored, HasContent: source.content != nil}
		if source.url != nil {
			wanted.URL = *source.url
		}
		got, ok := m.Source(i)
		require.True(t, ok)
		require.Equal(t, wanted, got)
		text, ok := m.SourceText(i)
		require.Equal(t, source.content != nil, ok)
		if ok {
			require.Equal(t, *source.content, text)
		}
	}
	require.Equal(t, want.names, names(m))
	require.Equal(t, len(want.mappings), m.Len())
	i := 0
	for mapping := range m.Mappings() {
		if wanted := want.mappings[i].mapping(); mapping != wanted {
			require.Equal(t, wanted, mapping, "mapping %d", i)
		}
		i++
	}
	require.Equal(t, len(want.mappings), i)
}

// positionsFor returns generated positions on, beside and beyond mappings.
func positionsFor(m *refMap, random *rand.Rand) (list []sourcemap.Position) {
	add := func(line, column int64) {
		if line == int64(int32(line)) && column == int64(int32(column)) {
			list = append(list, sourcemap.Position{Line: int32(line), Column: int32(column)})
		}
	}
	for range min(len(m.mappings), 20) {
		mapping := m.mappings[random.IntN(len(m.mappings))]
		add(mapping.line, mapping.column)
		add(mapping.line, mapping.column-1)
		add(mapping.line, mapping.column+1)
		add(mapping.line, mapping.column+random.Int64N(30))
		add(mapping.line+1, random.Int64N(mapping.column+1))
		add(mapping.line-1, mapping.column)
	}
	for _, line := range []int64{-1, 0, 1, random.Int64N(50), math.MaxInt32} {
		for _, column := range []int64{-1, 0, random.Int64N(100), math.MaxInt32} {
			add(line, column)
		}
	}
	return list
}

// requireLookups compares the answers, of one call each and of the call for many.
func requireLookups(t testing.TB, want *refMap, m *sourcemap.Map, positions []sourcemap.Position) {
	t.Helper()
	lines, cols, many := make([]int32, len(positions)), make([]int32, len(positions)), columns(len(positions))
	for i, p := range positions {
		lines[i], cols[i] = p.Line, p.Column
	}
	require.NoError(t, m.LookupMany(lines, cols, many))
	for i, p := range positions {
		wanted, wantedOK := want.lookup(int64(p.Line), int64(p.Column), false)
		found, ok := m.Lookup(p)
		if found != wanted.mapping() || ok != wantedOK {
			require.Equal(t, wanted.mapping(), found, "%+v", p)
			require.Equal(t, wantedOK, ok, "%+v", p)
		}
		row := [4]int32{-1, -1, -1, -1}
		if wantedOK {
			row = [4]int32{found.Source, found.Original.Line, found.Original.Column, found.Name}
		}
		require.Equal(t, row, [4]int32{many.Source[i], many.Line[i], many.Column[i], many.Name[i]}, "LookupMany %+v", p)
		wanted, wantedOK = want.lookup(int64(p.Line), int64(p.Column), true)
		found, ok = m.LookupAcrossLines(p)
		if found != wanted.mapping() || ok != wantedOK {
			require.Equal(t, wanted.mapping(), found, "across lines %+v", p)
			require.Equal(t, wantedOK, ok, "across lines %+v", p)
		}
	}
}

// TestReference compares the engine with the reference on random maps: 1,000 of each of two seeds, 10,000 with SYMBOLICATE_SOAK.
func TestReference(t *testing.T) {
	n := uint64(1000)
	if soak {
		n = 10_000
	}
	path := filepath.Join(t.TempDir(), "map.index")
	for _, seed := range []uint64{referenceSeed, randomSeed(t)} {
		count := agreement{kinds: map[sourcemap.ProblemKind]int{}}
		for i := range n {
			text := randomMapText(seed, i)
			where := ""
			if i%20 == 0 {
				where = path
			}
			func() {
				defer func() {
					if t.Failed() {
						t.Logf("SYMBOLICATE_SEED=%d, map %d: %.3000s", seed, i, text)
					}
				}()
				checkReference(t, []byte(text), rand.New(rand.NewPCG(seed, i)), where, &count)
			}()
		}
		t.Logf("seed %d: %d maps agree: %d refused by both, %d without problems, %d indexed; %d mappings, %d positions", seed, count.maps, count.refused, count.clean, count.indexed, count.mappings, count.lookups)
		var list []string
		for _, kind := range slices.Sorted(maps.Keys(count.kinds)) {
			list = append(list, fmt.Sprintf("%s %d", kind, count.kinds[kind]))
		}
		t.Logf("problems: %s", strings.Join(list, ", "))
	}
}

// FuzzReference compares the engine with the reference on any bytes.
func FuzzReference(f *testing.F) {
	for _, text := range []string{everything, nestedMap, lookupMap} {
		f.Add([]byte(text))
	}
	for _, c := range badCases {
		if data, _ := unmark(c.text); len(data) < 2000 {
			f.Add(data)
		}
	}
	for _, c := range problemCases {
		if data, _ := unmark(c.text); len(data) < 2000 {
			f.Add(data)
		}
	}
	for i := range uint64(100) {
		if text := randomMapText(referenceSeed, i); len(text) < 2000 {
			f.Add([]byte(text))
		}
	}
	paths, _ := filepath.Glob(filepath.Join(tc39Dir(), "resources", "*.map"))
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil && len(data) < 2000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 20_000 {
			t.Skip("the reference takes too long")
		}
		checkReference(t, data, rand.New(rand.NewPCG(1, uint64(len(data)))), "", &agreement{kinds: map[sourcemap.ProblemKind]int{}})
	})
}
