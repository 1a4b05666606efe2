package sourcemap_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// fuzzUnpacked keeps the memory of compressed inputs small.
const fuzzUnpacked = 1 << 20

// checkParse is what holds for every input.
func checkParse(t *testing.T, data []byte) {
	m, err := sourcemap.Parse(data, &sourcemap.Options{MaxUnpacked: fuzzUnpacked})
	_, strictErr := sourcemap.Parse(data, &sourcemap.Options{Strict: true, MaxUnpacked: fuzzUnpacked})
	if plain, wrappings, unwrapErr := sourcemap.Unwrap(data, fuzzUnpacked); unwrapErr != nil {
		require.Equal(t, err, unwrapErr)
	} else if wrappings != nil {
		data = plain // offsets count there
	}
	_, peekErr := sourcemap.Peek(data)
	fields, fieldsErr := sourcemap.Fields(data)
	require.True(t, err != nil || fieldsErr == nil, "%v", fieldsErr)
	for _, f := range fields {
		require.LessOrEqual(t, f.Offset+f.Bytes, int64(len(data)))
	}
	for _, err := range []error{err, strictErr, peekErr} {
		if err == nil {
			continue
		}
		var e *sourcemap.ParseError
		require.ErrorAs(t, err, &e)
		require.GreaterOrEqual(t, e.Offset, int64(0))
		require.LessOrEqual(t, e.Offset, int64(len(data)))
		require.NotContains(t, err.Error(), "\n")
		if errors.Is(err, sourcemap.ErrTruncated) {
			require.Equal(t, int64(len(data)), e.Offset)
		}
	}
	if err != nil {
		require.Error(t, strictErr)
		require.Nil(t, m)
		return
	}
	require.NoError(t, peekErr)
	problems, more := m.Problems()
	require.Equal(t, strictErr == nil, len(problems) == 0, "%v", strictErr)
	require.True(t, more == 0 || len(problems) == sourcemap.DefaultMaxProblems)
	for _, p := range problems {
		require.GreaterOrEqual(t, p.Offset, int64(0), "%v", p)
		require.Less(t, p.Offset, int64(len(data)), "%v", p)
		require.NotContains(t, p.String(), "\n")
	}

	var before sourcemap.Position
	count := 0
	for mapping := range m.Mappings() {
		count++
		g := mapping.Generated
		require.GreaterOrEqual(t, g.Line, int32(0))
		require.GreaterOrEqual(t, g.Column, int32(0))
		require.True(t, before.Line < g.Line || before.Line == g.Line && before.Column <= g.Column, "%v behind %v", g, before)
		before = g
		require.GreaterOrEqual(t, mapping.Source, int32(-1))
		require.Less(t, int(mapping.Source), max(m.NumSources(), 0))
		require.GreaterOrEqual(t, mapping.Name, int32(-1))
		require.Less(t, int(mapping.Name), max(m.NumNames(), 0))
		require.GreaterOrEqual(t, mapping.Original.Line, int32(0))
		require.GreaterOrEqual(t, mapping.Original.Column, int32(0))

		found, ok := m.Lookup(g)
		require.Equal(t, g, found.Generated)
		require.Equal(t, found.Source >= 0, ok)
		across, acrossOK := m.LookupAcrossLines(g)
		require.Equal(t, found, across)
		require.Equal(t, ok, acrossOK)
		if g.Column < math.MaxInt32 {
			behind, _ := m.Lookup(sourcemap.Position{Line: g.Line, Column: g.Column + 1})
			require.Equal(t, g.Line, behind.Generated.Line)
			require.GreaterOrEqual(t, behind.Generated.Column, g.Column)
		}
	}
	require.Equal(t, count, m.Len())
	for i := range m.NumSources() {
		source, ok := m.Source(i)
		require.True(t, ok)
		_, ok = m.SourceText(i)
		require.Equal(t, source.HasContent, ok)
	}
	for i := range m.NumNames() {
		m.Name(i)
	}
	_ = m.File()
}

func FuzzParse(f *testing.F) {
	add := func(text string) { f.Add([]byte(text)) }
	add(everything)
	add(nestedMap)
	add(lookupMap)
	for _, c := range badCases {
		if data, _ := unmark(c.text); len(data) < 10_000 {
			f.Add(data)
		}
	}
	for _, c := range problemCases {
		if data, _ := unmark(c.text); len(data) < 10_000 {
			f.Add(data)
		}
	}
	for _, c := range wrappedCases {
		if len(c.data) < 10_000 {
			f.Add([]byte(c.data))
		}
	}
	maps, _ := filepath.Glob(filepath.Join(tc39Dir(), "resources", "*.map"))
	for _, path := range maps {
		if data, err := os.ReadFile(path); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(checkParse)
}
