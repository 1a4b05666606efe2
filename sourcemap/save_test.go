package sourcemap_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// requireSame compares all that two maps say.
func requireSame(t *testing.T, want, got *sourcemap.Map) {
	t.Helper()
	require.Equal(t, want.Len(), got.Len())
	require.Equal(t, want.File(), got.File())
	require.Equal(t, want.DebugID(), got.DebugID())
	require.Equal(t, want.Indexed(), got.Indexed())
	require.Equal(t, want.NumNames(), got.NumNames())
	for i := -1; i <= want.NumNames(); i++ {
		require.Equal(t, want.Name(i), got.Name(i))
	}
	require.Equal(t, want.NumSources(), got.NumSources())
	for i := -1; i <= want.NumSources(); i++ {
		wantSource, wantOK := want.Source(i)
		gotSource, gotOK := got.Source(i)
		require.Equal(t, wantOK, gotOK)
		require.Equal(t, wantSource, gotSource)
		wantText, wantOK := want.SourceLines(i)
		gotText, gotOK := got.SourceLines(i)
		require.Equal(t, wantOK, gotOK)
		if wantOK {
			require.True(t, wantText.String() == gotText.String(), "text of source %d", i)
			require.Equal(t, wantText.NumLines(), gotText.NumLines())
			for line := 0; line < wantText.NumLines(); line += 1 + wantText.NumLines()/50 {
				require.Equal(t, wantText.Line(line), gotText.Line(line))
			}
		}
	}
	wantProblems, wantMore := want.Problems()
	gotProblems, gotMore := got.Problems()
	require.Equal(t, wantProblems, gotProblems)
	require.Equal(t, wantMore, gotMore)
	require.True(t, equalMappings(want, got))
}

func equalMappings(want, got *sourcemap.Map) bool {
	list := mappings(got)
	i := 0
	for mapping := range want.Mappings() {
		if i == len(list) || list[i] != mapping {
			return false
		}
		i++
	}
	return i == len(list)
}

func saved(t *testing.T, m *sourcemap.Map, options *sourcemap.SaveOptions) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "index")
	require.NoError(t, m.Save(path, options))
	return path
}

func openFile(t *testing.T, path string) *sourcemap.Map {
	t.Helper()
	m, err := sourcemap.Open(path, nil)
	require.NoError(t, err)
	t.Cleanup(m.Close)
	return m
}

func TestSaveAndOpenCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.ID, func(t *testing.T) {
			m := openFile(t, c.Map)
			path := saved(t, m, nil)
			other := openFile(t, path)
			requireSame(t, m, other)
			require.NoError(t, other.Verify())
			require.NoError(t, other.Err())
			was, err := os.Stat(c.Map)
			require.NoError(t, err)
			is, err := os.Stat(path)
			require.NoError(t, err)
			t.Logf("%d bytes, %.3f of the map; %.2f bytes a mapping without texts", is.Size(), float64(is.Size())/float64(was.Size()), float64(m.IndexSize().Mappings)/float64(m.Len()))

			// A saved index saved again is the same, and without texts it has none.
			again := saved(t, other, nil)
			first, err := os.ReadFile(path)
			require.NoError(t, err)
			second, err := os.ReadFile(again)
			require.NoError(t, err)
			requireSame(t, other, openFile(t, again))
			assert.Len(t, second, len(first))
			bare := openFile(t, saved(t, other, &sourcemap.SaveOptions{NoSources: true}))
			require.True(t, equalMappings(m, bare))
			for i := range m.NumSources() {
				_, has := bare.SourceText(i)
				require.False(t, has)
				s, _ := bare.Source(i)
				require.False(t, s.HasContent)
			}
		})
	}
}

// TestWorkers: a map read by several goroutines is the same, and so is one with a fault far behind its start.
func TestWorkers(t *testing.T) {
	for _, c := range corpus(t) {
		data, err := os.ReadFile(c.Map)
		require.NoError(t, err)
		one, err := sourcemap.Parse(data, nil)
		require.NoError(t, err)
		two, err := sourcemap.Parse(data, &sourcemap.Options{Workers: 2})
		require.NoError(t, err)
		require.True(t, equalMappings(one, two), c.ID)
		one.Close()
		two.Close()
	}
	segments := strings.Repeat("AAAA,EAAC;", 100_000)
	for _, fault := range []string{"!", "AA", "ggggggE"} {
		text := []byte(regular(`"sources":["a"],`, segments+fault))
		one, oneErr := sourcemap.Parse(text, nil)
		two, twoErr := sourcemap.Parse(text, &sourcemap.Options{Workers: 2})
		require.Equal(t, oneErr, twoErr)
		if oneErr == nil {
			requireSame(t, one, two)
			require.Zero(t, two.Len())
		}
	}
	// Unsorted: all is unpacked and sorted in the end.
	text := []byte(regular(`"sources":["a"],`, segments+"EAAA,DAAA"))
	one, err := sourcemap.Parse(text, nil)
	require.NoError(t, err)
	two, err := sourcemap.Parse(text, &sourcemap.Options{Workers: 2})
	require.NoError(t, err)
	requireSame(t, one, two)
	require.Equal(t, 200_002, two.Len())
}
