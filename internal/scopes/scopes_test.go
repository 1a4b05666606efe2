package scopes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func decode(t *testing.T, text string) *Trees {
	t.Helper()
	trees, err := Decode([]byte(text), 2, 3, func(f Fault) { t.Errorf("%v at byte %d", f, f.Offset) })
	require.NoError(t, err)
	return trees
}

// TestDecode: one text with everything in it.
func TestDecode(t *testing.T) {
	assert.Equal(t, &Trees{
		Sources: []Tree{{0, 2}, {}},
		Scopes: []Scope{
			{Start: Position{1, 2}, End: Position{3, 1}, Parent: -1, Name: 0, Kind: 1, Source: 0, StackFrame: true, Variables: Span{0, 2}},
			{Start: Position{2, 2}, End: Position{3, 0}, Parent: 0, Name: -1, Kind: -1, Source: 0},
		},
		Variables: []int32{1, 2},
		Ranges: []Range{
			{Start: Position{2, 3}, End: Position{4, 7}, Parent: -1, Definition: 0, CallSource: 1, CallSite: Position{4, 5}, Bindings: Span{0, 2}},
			{Start: Position{2, 3}, End: Position{4, 1}, Parent: 0, Definition: -1, Frame: FrameHidden, CallSource: -1},
		},
		Bindings: []Binding{{Name: 0, Pieces: Span{0, 1}}, {Name: -1, Pieces: Span{1, 2}}},
		Pieces:   []Piece{{Position{2, 4}, 0}, {Position{2, 4}, 1}, {Position{3, 0}, -1}},
	}, decode(t, "BHBCAC,DCC,BABC,CBA,CAB,A,EDCDA,GBA,IBEF,HBABCBAA,HAABB,EMA,FCB,FG"))
}

// TestDepth: as deep as it may be, and one more.
func TestDepth(t *testing.T) {
	for _, unit := range []string{"BAAA,C", "EAA,F"} {
		start, end, _ := strings.Cut(unit, ",")
		values := map[string]string{"C": ",CAA", "F": ",FA"}[end]
		nested := func(n int) []byte {
			return []byte(strings.Repeat(start+",", n)[:n*(len(start)+1)-1] + strings.Repeat(values, n))
		}
		trees, err := Decode(nested(MaxDepth), 1, 0, nil)
		require.NoError(t, err)
		assert.Equal(t, MaxDepth, len(trees.Scopes)+len(trees.Ranges))
		_, err = Decode(nested(MaxDepth+1), 1, 0, nil)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, MaxDepth*(len(start)+1), e.Offset)
		assert.Contains(t, e.What, "4096")
	}
}

// TestSortRanges: trees of ranges move as wholes.
func TestSortRanges(t *testing.T) {
	r := func(line, parent int32) Range {
		return Range{Start: Position{line, 0}, End: Position{line + 1, 0}, Parent: parent}
	}
	trees := &Trees{Ranges: []Range{r(5, -1), r(5, 0), r(5, 1), r(1, -1), r(1, 3), r(3, -1)}}
	trees.SortRanges()
	assert.Equal(t, []Range{r(1, -1), r(1, 0), r(3, -1), r(5, -1), r(5, 3), r(5, 4)}, trees.Ranges)
}

var seeds = []string{
	"", "A", "A,A,A", "BAAA,CAA", "BHBCAC,DCC,BABC,CBA,CAF,A,EHCAC,GBA,IBEF,HBABCBACBAA,HABAB,FA", "EAA,EAA,FA,FA,EAA,FA", "J,/A,KBCD", "EIA,FA", ",,",
	"BGAAA,DAC,CKA,EOCAA,GAB,HABAC,FA", "BCAAA,CKA,A,BCAAA,CKA", "B//////B,CAA", "BA+/////BA,CCA", "gA,gB",
}

func FuzzDecode(f *testing.F) {
	for _, text := range seeds {
		f.Add([]byte(text), uint8(2), uint8(3))
	}
	if dir := os.Getenv("SOURCE_MAP_TESTS"); dir != "" {
		paths, _ := filepath.Glob(filepath.Join(dir, "decoding", "scopes", "*.map"))
		for _, path := range paths {
			var m struct {
				Scopes         string
				Sources, Names []string
			}
			if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &m) == nil {
				f.Add([]byte(m.Scopes), uint8(len(m.Sources)), uint8(len(m.Names)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, sources, names uint8) {
		trees, err := Decode(text, int(sources), int(names), func(f Fault) {
			require.LessOrEqual(t, f.Offset, len(text))
			require.NotContains(t, f.String(), "%")
		})
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Offset, len(text))
			require.Nil(t, trees)
			return
		}
		check(t, trees, int(sources), int32(names))

		whole := &Trees{}
		shift := &Shift{Names: 7, Line: 5, Column: 6}
		for i := range int(sources) {
			shift.Sources = append(shift.Sources, int32(i/2))
		}
		for range 2 {
			more, err := Decode(text, int(sources), int(names), nil)
			require.NoError(t, err)
			if !whole.Join(more, shift) {
				return
			}
		}
		whole.SortRanges()
		require.Len(t, whole.Ranges, 2*len(trees.Ranges))
		for len(whole.Sources) < int(sources) {
			whole.Sources = append(whole.Sources, Tree{})
		}
		check(t, whole, int(sources), int32(names)+7)
	})
}

// check holds for all trees that were decoded.
func check(t *testing.T, trees *Trees, sources int, names int32) {
	require.Len(t, trees.Sources, sources)
	for _, tree := range trees.Sources {
		require.True(t, tree.Start >= 0 && tree.Len >= 0 && int(tree.Start+tree.Len) <= len(trees.Scopes))
	}
	name := func(i int32) { require.True(t, -1 <= i && i < names) }
	span := func(s Span, n int) { require.True(t, s.Start >= 0 && s.Len >= 0 && int(s.Start+s.Len) <= n) }
	for i, s := range trees.Scopes {
		name(s.Name)
		name(s.Kind)
		require.True(t, -1 <= s.Source && int(s.Source) < sources)
		require.True(t, -1 <= s.Parent && int(s.Parent) < i)
		require.False(t, s.End.Before(s.Start))
		span(s.Variables, len(trees.Variables))
		if s.Parent >= 0 {
			outer := trees.Scopes[s.Parent]
			require.False(t, s.Start.Before(outer.Start) || outer.End.Before(s.End))
		}
	}
	for i, r := range trees.Ranges {
		require.True(t, -1 <= r.Definition && int(r.Definition) < len(trees.Scopes))
		require.True(t, -1 <= r.CallSource && int(r.CallSource) < sources)
		require.True(t, -1 <= r.Parent && int(r.Parent) < i)
		require.False(t, r.End.Before(r.Start))
		require.False(t, r.Start.Line < 0 || r.Start.Column < 0)
		span(r.Bindings, len(trees.Bindings))
		if r.Parent >= 0 {
			outer := trees.Ranges[r.Parent]
			require.False(t, r.Start.Before(outer.Start) || outer.End.Before(r.End))
		}
	}
	for _, v := range trees.Variables {
		name(v)
	}
	for _, b := range trees.Bindings {
		name(b.Name)
		span(b.Pieces, len(trees.Pieces))
	}
	for _, p := range trees.Pieces {
		name(p.Name)
	}
}
