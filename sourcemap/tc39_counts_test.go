package sourcemap_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// What the suite counts as a whole: all of its 99 cases, by name, in both modes, and the reference decoder beside them.

// undetected are the invalid cases (class N of RUNNER.md) in which the standard's algorithm finds nothing: checks of our
// own refuse them in strict mode.
var undetected = map[string]sourcemap.ProblemKind{
	"ignoreListOutOfBounds1":      sourcemap.ProblemIgnoreListItem,
	"indexMapInvalidBaseMappings": sourcemap.ProblemSectionsBeside,
	"indexMapInvalidOverlap":      sourcemap.ProblemSectionOverlap,
}

func resource(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "resources", name))
	require.NoError(t, err)
	return data
}

// TestTC39Strict: with Options.Strict the valid cases are answered and the invalid ones refused.
func TestTC39Strict(t *testing.T) {
	dir := needTC39(t)
	valid, invalid, ours, mapping, transitive, ignored := 0, 0, 0, 0, 0, 0
	strict := &sourcemap.Options{Strict: true}
	for _, c := range readCases(t, dir) {
		t.Run(c.Name, func(t *testing.T) {
			m, err := sourcemap.Parse(resource(t, dir, c.SourceMapFile), strict)
			if !c.SourceMapIsValid {
				require.Error(t, err)
				var e *sourcemap.ParseError
				require.ErrorAs(t, err, &e)
				if kind, ok := undetected[c.Name]; ok {
					assert.ErrorContains(t, err, string(kind))
					ours++
					t.Logf("refused by a check of ours: %v", err)
				}
				invalid++
				return
			}
			require.NoError(t, err)
			for _, action := range c.TestActions {
				checkAction(t, dir, m, action)
				switch action.ActionType {
				case "checkMapping":
					mapping++
				case "checkMappingTransitive":
					checkSteps(t, dir, c.SourceMapFile, action)
					transitive++
				case "checkIgnoreList":
					ignored++
				}
			}
			if !t.Failed() {
				valid++
			}
		})
	}
	t.Logf("strict: %d/32 valid answered, %d/67 invalid refused (%d of them by checks of ours): %d/99; actions: %d/77 checkMapping, %d/16 checkMappingTransitive, %d/1 checkIgnoreList",
		valid, invalid, ours, valid+invalid, mapping, transitive, ignored)
	assert.Equal(t, []int{32, 67, 3, 77, 16, 1}, []int{valid, invalid, ours, mapping, transitive, ignored})
}

// checkSteps goes through a chain of maps with the engine and the reference side by side.
func checkSteps(t *testing.T, dir, first string, a tc39Action) {
	t.Helper()
	require.NotEmpty(t, a.IntermediateMaps)
	at := sourcemap.Position{Line: a.GeneratedLine, Column: a.GeneratedColumn}
	for step, name := range append([]string{first}, a.IntermediateMaps...) {
		m, err := open(t, dir, name)
		require.NoError(t, err)
		found, ok := m.Lookup(at)
		require.True(t, ok, "step %d of %+v", step, a)
		reference, _, err := refDecode(resource(t, dir, name))
		require.NoError(t, err)
		wanted, _ := reference.lookup(int64(at.Line), int64(at.Column), false)
		assert.Equal(t, wanted.mapping(), found, "step %d of %+v", step, a)
		at = found.Original
	}
	assert.Equal(t, sourcemap.Position{Line: *a.OriginalLine, Column: *a.OriginalColumn}, at)
}

// TestTC39Lenient: by default the valid cases are answered without a problem, what every consumer must refuse is refused,
// and of the others the good part is left, as the goldens have it, with a problem.
func TestTC39Lenient(t *testing.T) {
	dir := needTC39(t)
	goldens := readGoldens(t, dir)
	valid, refused, left, ours := 0, 0, 0, 0
	for _, c := range readCases(t, dir) {
		t.Run(c.Name, func(t *testing.T) {
			want, ok := goldens[c.SourceMapFile]
			require.True(t, ok, "no golden")
			m, err := open(t, dir, c.SourceMapFile)
			if want.Throws != "" {
				require.Error(t, err, want.Throws)
				require.False(t, c.SourceMapIsValid)
				refused++
				return
			}
			require.NoError(t, err)
			requireGolden(t, want.Record, m)
			got := kinds(m)
			switch kind, n := undetected[c.Name]; {
			case c.SourceMapIsValid:
				require.Empty(t, got)
				for _, action := range c.TestActions {
					checkAction(t, dir, m, action)
				}
				valid++
			case n:
				// The goldens' decoder, which is the standard's, finds nothing.
				require.Empty(t, want.OptionalErrors)
				require.Equal(t, []sourcemap.ProblemKind{kind}, got)
				ours++
				left++
			default:
				require.NotEmpty(t, want.OptionalErrors)
				require.NotEmpty(t, got)
				t.Logf("problems: %v", got)
				left++
			}
		})
	}
	t.Logf("lenient: %d/32 valid answered, %d/16 refused, %d/51 left with their good part and a problem (%d of them by checks of ours): %d/99", valid, refused, left, ours, valid+refused+left)
	assert.Equal(t, []int{32, 16, 51, 3}, []int{valid, refused, left, ours})
}

// requireGolden compares what was decoded with a record of the goldens, whose mappings of an indexed map are not sorted.
func requireGolden(t *testing.T, want *record, m *sourcemap.Map) {
	t.Helper()
	got := recordOf(m)
	sorted := slices.Clone(want.Mappings)
	slices.SortStableFunc(sorted, func(a, b recordMapping) int {
		return cmp.Or(cmp.Compare(a.Generated.Line, b.Generated.Line), cmp.Compare(a.Generated.Column, b.Generated.Column))
	})
	require.Equal(t, want.File, got.File)
	require.Equal(t, want.Sources, got.Sources)
	require.Equal(t, sorted, got.Mappings)
}

// TestTC39Reference: the reference decoder agrees with the engine on every map of the suite, and so with the goldens.
func TestTC39Reference(t *testing.T) {
	dir := needTC39(t)
	paths, err := filepath.Glob(filepath.Join(dir, "resources", "*.map"))
	require.NoError(t, err)
	more, err := filepath.Glob(filepath.Join(dir, "decoding", "*", "*.map"))
	require.NoError(t, err)
	paths = append(paths, more...)
	count := agreement{kinds: map[sourcemap.ProblemKind]int{}}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		t.Run(filepath.Base(path), func(t *testing.T) {
			checkReference(t, data, seeded(1), "", &count)
		})
	}
	t.Logf("%d maps agree: %d refused by both, %d without problems, %d indexed", count.maps, count.refused, count.clean, count.indexed)
	assert.Greater(t, count.maps, 100)
}

// TestTC39Decoding: the goldens of the proposals, as far as they are of the standard. Scopes and debug ids have tests of
// their own.
func TestTC39Decoding(t *testing.T) {
	dir := needTC39(t)
	paths, err := filepath.Glob(filepath.Join(dir, "decoding", "*", "*.map"))
	require.NoError(t, err)
	require.Len(t, paths, 12)
	comma := regexp.MustCompile(`,(\s*[}\]])`) // one too many, in some of them
	equal := 0
	for _, path := range paths {
		name := filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			want, err := os.ReadFile(path + ".golden")
			require.NoError(t, err)
			var golden record
			require.NoError(t, json.Unmarshal(comma.ReplaceAll(want, []byte("$1")), &golden))
			m, err := sourcemap.Parse(comma.ReplaceAll(data, []byte("$1")), nil)
			require.NoError(t, err)
			requireGolden(t, &golden, m)
			equal++
		})
	}
	t.Logf("%d/12 goldens of decoding/ equal in file, sources, ignore list and mappings", equal)
	assert.Equal(t, 12, equal)
}
