package sourcemap_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The tests of tc39/source-map-tests. Which cases must throw, and what is left of those that may, is in
// tc39-goldens-lenient.json beside them, made by a decoder transcribed from the standard.

// tc39Dir is where the suite lies; "" when it is not there.
func tc39Dir() string {
	if dir := os.Getenv("SOURCE_MAP_TESTS"); dir != "" {
		return dir
	}
	// This file's folder is the working directory; beside the repository:
	dir := filepath.Join("..", "..", "shared", "conformance", "tc39")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func needTC39(t *testing.T) string {
	t.Helper()
	dir := tc39Dir()
	if dir == "" {
		t.Skip("skipped: tc39 suite (set SOURCE_MAP_TESTS)")
	}
	return dir
}

type tc39Case struct {
	Name             string       `json:"name"`
	SourceMapFile    string       `json:"sourceMapFile"`
	SourceMapIsValid bool         `json:"sourceMapIsValid"`
	TestActions      []tc39Action `json:"testActions"`
}

type tc39Action struct {
	ActionType       string   `json:"actionType"`
	GeneratedLine    int32    `json:"generatedLine"`
	GeneratedColumn  int32    `json:"generatedColumn"`
	OriginalSource   *string  `json:"originalSource"`
	OriginalLine     *int32   `json:"originalLine"`
	OriginalColumn   *int32   `json:"originalColumn"`
	MappedName       *string  `json:"mappedName"`
	IntermediateMaps []string `json:"intermediateMaps"`
	Present          []string `json:"present"`
}

// golden is a Decoded Source Map Record, or what the decoder throws.
type golden struct {
	Record         *record  `json:"record"`
	OptionalErrors []string `json:"optionalErrors"`
	Throws         string   `json:"throws"`
}

type record struct {
	File     *string         `json:"file"`
	Sources  []recordSource  `json:"sources"`
	Mappings []recordMapping `json:"mappings"`
}

type recordSource struct {
	URL     *string `json:"url"`
	Content *string `json:"content"`
	Ignored bool    `json:"ignored"`
}

type recordMapping struct {
	Generated recordPosition  `json:"generatedPosition"`
	Original  *recordOriginal `json:"originalPosition"`
	Name      *string         `json:"name"`
}

type recordPosition struct{ Line, Column int32 }

type recordOriginal struct {
	Source *int32 `json:"sourceIndex"`
	Line   int32  `json:"line"`
	Column int32  `json:"column"`
}

// recordOf writes our map in the suite's terms.
func recordOf(m *sourcemap.Map) *record {
	r := &record{Sources: []recordSource{}, Mappings: []recordMapping{}}
	if file := m.File(); file != "" {
		r.File = &file
	}
	for i := range m.NumSources() {
		source, _ := m.Source(i)
		entry := recordSource{Ignored: source.Ignored}
		if !source.Null {
			entry.URL = &source.URL
		}
		if text, ok := m.SourceText(i); ok {
			entry.Content = &text
		}
		r.Sources = append(r.Sources, entry)
	}
	for mapping := range m.Mappings() {
		entry := recordMapping{Generated: recordPosition{mapping.Generated.Line, mapping.Generated.Column}}
		if mapping.Source >= 0 {
			entry.Original = &recordOriginal{&mapping.Source, mapping.Original.Line, mapping.Original.Column}
		}
		if mapping.Name >= 0 {
			name := m.Name(int(mapping.Name))
			entry.Name = &name
		}
		r.Mappings = append(r.Mappings, entry)
	}
	return r
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into), path)
}

func readGoldens(t *testing.T, dir string) (goldens map[string]golden) {
	t.Helper()
	path := filepath.Join(dir, "..", "extra", "tc39-goldens-lenient.json")
	if _, err := os.Stat(path); err != nil {
		t.Skip("skipped: goldens of the tc39 suite (no ../extra/tc39-goldens-lenient.json beside SOURCE_MAP_TESTS)")
	}
	readJSON(t, path, &goldens)
	return goldens
}

func readCases(t *testing.T, dir string) []tc39Case {
	t.Helper()
	var suite struct {
		Tests []tc39Case `json:"tests"`
	}
	readJSON(t, filepath.Join(dir, "source-map-spec-tests.json"), &suite)
	return suite.Tests
}

func open(t *testing.T, dir, name string) (*sourcemap.Map, error) {
	t.Helper()
	return sourcemap.Open(filepath.Join(dir, "resources", name), nil)
}

func TestTC39Valid(t *testing.T) {
	dir := needTC39(t)
	valid, actions := 0, 0
	for _, c := range readCases(t, dir) {
		if !c.SourceMapIsValid {
			continue
		}
		valid++
		t.Run(c.Name, func(t *testing.T) {
			m, err := open(t, dir, c.SourceMapFile)
			require.NoError(t, err)
			problems, _ := m.Problems()
			assert.Empty(t, problems)
			data, err := os.ReadFile(filepath.Join(dir, "resources", c.SourceMapFile))
			require.NoError(t, err)
			_, err = sourcemap.Parse(data, &sourcemap.Options{Strict: true})
			assert.NoError(t, err, "strict")
			for _, action := range c.TestActions {
				actions++
				checkAction(t, dir, m, action)
			}
		})
	}
	assert.Equal(t, 32, valid)
	assert.Equal(t, 94, actions)
}

func checkAction(t *testing.T, dir string, m *sourcemap.Map, a tc39Action) {
	t.Helper()
	switch a.ActionType {
	case "checkIgnoreList":
		var ignored []string
		for i := range m.NumSources() {
			if source, _ := m.Source(i); source.Ignored {
				ignored = append(ignored, source.URL)
			}
		}
		assert.Equal(t, a.Present, ignored)
	case "checkMapping", "checkMappingTransitive":
		p := sourcemap.Position{Line: a.GeneratedLine, Column: a.GeneratedColumn}
		found, ok := m.Lookup(p)
		for _, name := range a.IntermediateMaps {
			require.True(t, ok, "%+v", a)
			var err error
			m, err = open(t, dir, name)
			require.NoError(t, err)
			found, ok = m.Lookup(found.Original)
		}
		if a.OriginalLine == nil {
			assert.False(t, ok, "%+v: found %+v", p, found)
			return
		}
		require.True(t, ok, "%+v", a)
		assert.Equal(t, sourcemap.Position{Line: *a.OriginalLine, Column: *a.OriginalColumn}, found.Original, "%+v", p)
		source, _ := m.Source(int(found.Source))
		if a.OriginalSource == nil {
			assert.True(t, source.Null, "%+v", p)
		} else {
			assert.False(t, source.Null)
			assert.Equal(t, *a.OriginalSource, source.URL, "%+v", p)
		}
		if a.MappedName == nil {
			assert.EqualValues(t, -1, found.Name, "%+v", p)
		} else {
			assert.Equal(t, *a.MappedName, m.Name(int(found.Name)), "%+v", p)
		}
	default:
		t.Errorf("unknown action %q", a.ActionType)
	}
}

// TestTC39Invalid: what every consumer must refuse is refused; what it may is listed as a problem.
func TestTC39Invalid(t *testing.T) {
	dir := needTC39(t)
	goldens := readGoldens(t, dir)

	refused, listed := 0, 0
	for _, c := range readCases(t, dir) {
		if c.SourceMapIsValid {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			m, err := open(t, dir, c.SourceMapFile)
			if goldens[c.SourceMapFile].Throws != "" {
				refused++
				require.Error(t, err)
				var e *sourcemap.ParseError
				require.ErrorAs(t, err, &e)
				return
			}
			require.NoError(t, err)
			problems, _ := m.Problems()
			listed++
			assert.NotEmpty(t, problems)
			data, err := os.ReadFile(filepath.Join(dir, "resources", c.SourceMapFile))
			require.NoError(t, err)
			_, err = sourcemap.Parse(data, &sourcemap.Options{Strict: true})
			assert.Error(t, err, "strict")
		})
	}
	assert.Equal(t, 16, refused)
	assert.Equal(t, 67-16, listed)
}

// optionalErrors says which of our problems an optional error of the goldens is.
var optionalErrors = map[string]sourcemap.ProblemKind{
	"version": sourcemap.ProblemVersion, "file not a string": sourcemap.ProblemFile, "sourceRoot not a string": sourcemap.ProblemSourceRoot,
	"ignoreList item": sourcemap.ProblemIgnoreListItem, "ignoreList not a list": sourcemap.ProblemIgnoreList,
	"names not a list": sourcemap.ProblemNames, "names item type": sourcemap.ProblemNamesItem,
	"sources item type": sourcemap.ProblemSourcesItem, "sourcesContent not a list": sourcemap.ProblemSourcesContent, "sourcesContent item type": sourcemap.ProblemSourcesContentItem,
	"negative column": sourcemap.ProblemColumnRange, "original position out of bounds": sourcemap.ProblemOriginalRange, "name out of bounds": sourcemap.ProblemNameRange,
	"mappings grammar": sourcemap.ProblemMappingsGrammar, "section": sourcemap.ProblemSectionMap,
	"section order": sourcemap.ProblemSectionOrder, "section overlap": sourcemap.ProblemSectionOverlap,
	"offset line": sourcemap.ProblemSectionOffset, "offset column": sourcemap.ProblemSectionOffset,
}

// TestTC39Goldens compares whole records, and the problems with the standard's optional errors.
func TestTC39Goldens(t *testing.T) {
	dir := needTC39(t)
	goldens := readGoldens(t, dir)
	require.Greater(t, len(goldens), 100)

	// Problems of ours beyond the standard's.
	more := map[string]sourcemap.ProblemKind{
		// Class N of RUNNER.md: what the standard's algorithm does not detect.
		"ignore-list-out-of-bounds-1.js.map":     sourcemap.ProblemIgnoreListItem,
		"index-map-invalid-base-mappings.js.map": sourcemap.ProblemSectionsBeside,
		"index-map-invalid-overlap.js.map":       sourcemap.ProblemSectionOverlap,
	}
	detail := regexp.MustCompile(`^(mappings grammar|section): .*`)
	for name, want := range goldens {
		t.Run(name, func(t *testing.T) {
			m, err := open(t, dir, name)
			if want.Throws != "" {
				require.Error(t, err, want.Throws)
				return
			}
			require.NoError(t, err)
			got := recordOf(m)
			assert.Equal(t, want.Record.File, got.File)
			assert.Equal(t, want.Record.Sources, got.Sources)
			// The standard joins sections as they come; Mappings is in the order of generated positions.
			slices.SortStableFunc(want.Record.Mappings, func(a, b recordMapping) int {
				return cmp.Or(cmp.Compare(a.Generated.Line, b.Generated.Line), cmp.Compare(a.Generated.Column, b.Generated.Column))
			})
			assert.Equal(t, want.Record.Mappings, got.Mappings)

			var wantKinds []sourcemap.ProblemKind
			for _, text := range want.OptionalErrors {
				kind, ok := optionalErrors[detail.ReplaceAllString(text, "$1")]
				require.True(t, ok, text)
				wantKinds = append(wantKinds, kind)
			}
			if kind, ok := more[name]; ok {
				wantKinds = append(wantKinds, kind)
			}
			gotKinds := kinds(m)
			if strings.HasPrefix(name, "proposals/range-mappings/") {
				// Their indices count from 1, as in an earlier draft, and the goldens know of no range mappings.
				gotKinds = slices.DeleteFunc(gotKinds, func(kind sourcemap.ProblemKind) bool {
					return kind == sourcemap.ProblemRangeMappings || kind == sourcemap.ProblemRangeMappingsItem
				})
			}
			assert.ElementsMatch(t, wantKinds, gotKinds)
		})
	}
}
