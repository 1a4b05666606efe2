package scopes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
		checkAppend(t, trees, int(sources), int(names))

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
		whole.Regular(func(i int32) string { return strconv.Itoa(int(i)) })
		check(t, whole, int(sources), int32(names)+7)
		checkAppend(t, whole, int(sources), int(names)+7)
	})
}

// checkAppend writes trees and reads them again.
func checkAppend(t *testing.T, trees *Trees, sources, names int) {
	t.Helper()
	text, err := trees.Append(nil, sources, names, nil)
	require.NoError(t, err)
	again, err := Decode(text, sources, names, nil)
	require.NoError(t, err, "%s", text)
	require.Equal(t, inOrder(trees), inOrder(again), "%s", text)
	var pieces []byte
	rest, err := trees.Append([]byte("x"), sources, names, func(text []byte) []byte {
		pieces = append(pieces, text...)
		return text[:0]
	})
	require.NoError(t, err)
	require.Equal(t, "x"+string(text), string(pieces)+string(rest))
}

// inOrder is a copy whose lists stand in the order of what they belong to: a text may have them in another.
func inOrder(t *Trees) *Trees {
	out := &Trees{Sources: append([]Tree{}, t.Sources...), Scopes: slices.Clone(t.Scopes), Ranges: slices.Clone(t.Ranges)}
	for i := range out.Sources {
		if out.Sources[i].Len == 0 {
			out.Sources[i] = Tree{}
		}
	}
	for i := range out.Scopes {
		s := &out.Scopes[i]
		own := t.Variables[s.Variables.Start:][:s.Variables.Len]
		s.Variables = Span{int32(len(out.Variables)), s.Variables.Len}
		out.Variables = append(out.Variables, own...)
	}
	for i := range out.Ranges {
		r := &out.Ranges[i]
		if r.CallSource < 0 {
			r.CallSite = Position{}
		}
		own := slices.Clone(t.Bindings[r.Bindings.Start:][:r.Bindings.Len])
		r.Bindings = Span{int32(len(out.Bindings)), r.Bindings.Len}
		for k := range own {
			pieces := t.Pieces[own[k].Pieces.Start:][:own[k].Pieces.Len]
			own[k].Pieces = Span{int32(len(out.Pieces)), own[k].Pieces.Len}
			out.Pieces = append(out.Pieces, pieces...)
		}
		out.Bindings = append(out.Bindings, own...)
	}
	return out
}

// TestAppend: the text with everything in it comes back as it was.
func TestAppend(t *testing.T) {
	const text = "BHBCAC,DCC,BABC,CBA,CAB,A,EDCDA,GBA,IBEF,HABAB,HBABCBAA,EMA,FCB,FG"
	got, err := decode(t, text).Append([]byte("scopes: "), 2, 3, nil)
	require.NoError(t, err)
	assert.Equal(t, "scopes: "+text, string(got))
	// Pieces of one variable that go back come in two items, as deep as may be is written, too.
	checkAppend(t, decode(t, "BAAA,DA,CAA,A,ECAA,GA,HABAB,HAABB,FK"), 2, 3)
	// A variable without a name keeps its place.
	unnamed, err := Decode([]byte("BAAA,DGDD,CAA"), 1, 3, nil)
	require.NoError(t, err)
	require.Equal(t, []int32{-1, 2, 1}, unnamed.Variables)
	checkAppend(t, unnamed, 1, 3)
	deep, err := Decode([]byte(strings.Repeat("EAA,", MaxDepth)+strings.Repeat("FA,", MaxDepth-1)+"FA"), 0, 0, nil)
	require.NoError(t, err)
	checkAppend(t, deep, 0, 0)
}

// TestAppendNoTrees: what no text makes is refused.
func TestAppendNoTrees(t *testing.T) {
	at := func(line int32) Position { return Position{Line: line} }
	scope := func(start, end, parent int32) Scope {
		return Scope{Start: at(start), End: at(end), Parent: parent, Name: -1, Kind: -1}
	}
	r := func(start, end, parent int32) Range {
		return Range{Start: at(start), End: at(end), Parent: parent, Definition: -1, CallSource: -1}
	}
	for name, trees := range map[string]*Trees{
		"a child behind its parent":       {Ranges: []Range{r(0, 2, -1), r(3, 4, 0)}},
		"a child that ends behind it":     {Ranges: []Range{r(0, 2, -1), r(1, 4, 0)}},
		"not in order":                    {Ranges: []Range{r(3, 4, -1), r(0, 2, -1)}},
		"a parent that has ended":         {Ranges: []Range{r(0, 1, -1), r(2, 3, -1), r(2, 3, 0)}},
		"an end before the start":         {Ranges: []Range{r(2, 1, -1)}},
		"a line below 0":                  {Ranges: []Range{r(-1, 1, -1)}},
		"a scope behind its parent":       {Sources: []Tree{{0, 2}}, Scopes: []Scope{scope(0, 1, -1), scope(2, 3, 0)}},
		"two trees of one source":         {Sources: []Tree{{0, 2}}, Scopes: []Scope{scope(0, 1, -1), scope(0, 1, -1)}},
		"sources in another order":        {Sources: []Tree{{1, 1}, {0, 1}}, Scopes: []Scope{scope(0, 1, -1), scope(0, 1, -1)}},
		"more scopes than there are":      {Sources: []Tree{{0, 9}}, Scopes: []Scope{scope(0, 1, -1)}},
		"a piece before its range starts": {Ranges: []Range{{Start: at(3), End: at(4), Parent: -1, Definition: -1, CallSource: -1, Bindings: Span{0, 1}}}, Bindings: []Binding{{0, Span{0, 1}}}, Pieces: []Piece{{at(1), 0}}},
	} {
		_, err := trees.Append(nil, 2, 3, nil)
		assert.ErrorIs(t, err, ErrTrees, name)
	}
}

// TestRegular: trees of sections become those of a regular map.
func TestRegular(t *testing.T) {
	names := []string{"f", "g", "f", "h"}
	name := func(i int32) string { return names[i] }
	scope := func(name, parent, source, end int32) Scope {
		return Scope{End: Position{Line: end}, Parent: parent, Name: name, Kind: -1, Source: source}
	}
	r := func(start, end, parent, definition int32) Range {
		return Range{Start: Position{Line: start}, End: Position{Line: end}, Parent: parent, Definition: definition, CallSource: -1}
	}
	trees := &Trees{
		Sources: []Tree{{1, 2}, {0, 1}},
		// That of source 1, those of source 0; an equal tree, by other names, and others of source 0.
		Scopes: []Scope{
			scope(1, -1, 1, 9), scope(0, -1, 0, 5), scope(-1, 1, 0, 3), scope(2, -1, 0, 5), scope(-1, 3, 0, 3),
			scope(3, -1, 0, 5), scope(0, -1, 0, 5), scope(-1, 6, 0, 4),
		},
		Ranges: []Range{r(0, 9, -1, 0), r(1, 8, 0, 1), r(6, 7, 1, 2), r(4, 5, -1, 4), r(5, 6, -1, 7)},
	}
	trees.Regular(name)
	assert.Equal(t, &Trees{
		Sources: []Tree{{0, 2}, {2, 1}},
		Scopes:  []Scope{scope(0, -1, 0, 5), scope(-1, 0, 0, 3), scope(1, -1, 1, 9), scope(3, -1, -1, 5), scope(0, -1, -1, 5), scope(-1, 4, -1, 4)},
		Ranges:  []Range{r(0, 4, -1, 2), r(1, 4, 0, 0), r(4, 4, 1, 1), r(4, 5, -1, 1), r(5, 6, -1, 5)},
	}, trees)
	checkAppend(t, trees, 2, 4)
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
