package index

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/scopes"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// What two proposals add: range mappings (ranged.go) and scopes (scopes.go).

// sampleScopes has two sources with scopes, and ranges with all that they may have.
func sampleScopes(t testing.TB) *scopes.Trees {
	t.Helper()
	text := "BHBCAC,DCC,BABC,CBA,CAB,A,BAAA,CAA,EDCDA,GBA,IBEF,HBABCBAA,HAABB,EMA,FCB,FG,EAA,FA"
	trees, err := scopes.Decode([]byte(text), 3, 3, func(f scopes.Fault) { t.Errorf("%v", f) })
	require.NoError(t, err)
	return trees
}

// proposalsImage is an image of 150 mappings, every third of which is a range mapping, with the sample's scopes.
func proposalsImage(t testing.TB) []byte {
	t.Helper()
	w := NewWriter(0)
	b := NewBuilder(w)
	var list []Segment
	var ranged []uint32
	for i := range int32(150) {
		list = append(list, Segment{Line: i / 10, Column: i % 10 * 3, Source: i%4 - 1, OriginalLine: i, OriginalColumn: 2 * i, Name: i%3 - 1})
		if i%3 == 0 {
			ranged = append(ranged, uint32(i))
		}
	}
	b.Append(fill(new(vlq.Chunk), list))
	b.SetRanged(ranged)
	b.Finish()
	w.PutInfo(&Info{Segments: b.Len(), Sources: 3, Names: 3})
	w.PutScopes(sampleScopes(t), 3)
	image, err := w.Finish()
	require.NoError(t, err)
	defer image.Free()
	require.NoError(t, image.Verify())
	var out file
	require.NoError(t, image.Save(&out, nil, 1))
	return out.data
}

// askProposals asks for all there is; the answers are for comparison.
func askProposals(image *Image, table *Table) string {
	var out bytes.Buffer
	tell := func(v ...any) {
		if out.Len() < 1<<20 {
			fmt.Fprintln(&out, v...)
		}
	}
	for _, line := range []int32{-1, 0, 1, 7, 14, 15, 100, math.MaxInt32} {
		for _, column := range []int32{-1, 0, 1, 13, 27, 28, math.MaxInt32} {
			if table.Ranged() {
				tell(table.FindRanged(line, column))
				tell(table.FindAcrossRanged(line, column))
				columns := Columns{make([]int32, 1), make([]int32, 1), make([]int32, 1), make([]int32, 1)}
				table.FindManyRanged([]int32{line}, []int32{column}, columns)
				tell(columns)
			}
			if t, ok := image.Scopes(); ok {
				tell(t.RangeAt(scopes.Position{Line: line, Column: column}))
				for source := -1; source < 5; source++ {
					tell(t.ScopeAt(source, scopes.Position{Line: line, Column: column}))
				}
			}
		}
	}
	if table.Ranged() {
		n := 0
		table.AllRanged(func(s Segment, ranged bool) bool {
			tell(s, ranged)
			n++
			return n < 1<<16
		})
	}
	t, ok := image.Scopes()
	if !ok {
		return out.String()
	}
	tell(t.counts)
	for i := -1; i < min(t.NumScopes(), 1<<10)+1; i++ {
		if s, ok := t.Scope(i); ok {
			tell(s, t.Variables(s.Variables))
		}
	}
	for i := -1; i < min(t.NumRanges(), 1<<10)+1; i++ {
		r, ok := t.Range(i)
		tell(r, ok)
		for k := range min(r.Bindings.Len, 1<<10) {
			tell(t.Binding(int(r.Bindings.Start + k)))
		}
	}
	return out.String()
}

// hostileProposals are changes by somebody who means harm.
var hostileProposals = []struct {
	name   string
	change func(p parts)
	verify verdict
}{
	{"nothing changed", func(p parts) {}, fine},
	{"no range mappings", func(p parts) { delete(p, KindRanged) }, fine},
	{"range mappings of no length", func(p parts) { p[KindRanged] = nil }, fine},
	{"a mask too few", func(p parts) { p[KindRanged] = p[KindRanged][8:] }, damaged},
	{"a mask too many", func(p parts) { p[KindRanged] = append(p[KindRanged], u64(0)...) }, damaged},
	{"half a mask", func(p parts) { p[KindRanged] = p[KindRanged][:4] }, damaged},
	{"masks without blocks", func(p parts) { delete(p, KindKeys) }, damaged},
	{"masks of 0", func(p parts) { clear(p[KindRanged]) }, fine},
	{"masks of -1", func(p parts) { fillWith(p[KindRanged], 0xFF) }, damaged},
	{"a mask of a mapping behind the last", func(p parts) { le.Store64(p[KindRanged], 16, 1<<22) }, damaged},
	{"range mappings far out", func(p parts) {
		oneBlock(p, 0, flagWideSource, whole>>1, 0, 1, 0, 0, 0, 0)
		p[KindRanged] = u64(1)
	}, either},

	{"no scopes", func(p parts) { delete(p, KindScopeTrees) }, fine},
	{"scopes of no length", func(p parts) { p[KindScopeTrees] = nil }, fine},
	{"scopes of a few bytes", func(p parts) { p[KindScopeTrees] = p[KindScopeTrees][:treesHead-1] }, damaged},
	{"scopes of nothing", func(p parts) { p[KindScopeTrees] = make([]byte, treesHead) }, damaged}, // for no sources
	{"scopes that are cut", func(p parts) { p[KindScopeTrees] = p[KindScopeTrees][:len(p[KindScopeTrees])-4] }, damaged},
	{"scopes with more behind", func(p parts) { p[KindScopeTrees] = append(p[KindScopeTrees], 0, 0, 0, 0) }, damaged},
	{"scopes of 0", func(p parts) { clear(p[KindScopeTrees][treesHead:]) }, fine},
	{"scopes of -1", func(p parts) { fillWith(p[KindScopeTrees], 0xFF) }, damaged},
	{"tables of -1", func(p parts) { fillWith(p[KindScopeTrees][treesHead:], 0xFF) }, damaged},
	{"4 billion sources", func(p parts) { le.Store32(p[KindScopeTrees], 0, whole) }, damaged},
	{"2 billion scopes", func(p parts) { le.Store32(p[KindScopeTrees], 4, math.MaxInt32) }, damaged},
	{"counts that wrap around", func(p parts) {
		for i := range treeTables {
			le.Store32(p[KindScopeTrees], 4*i, 1<<29)
		}
	}, damaged},
	{"scopes for other sources", func(p parts) { le.Store32(p[KindInfo], 16, 2) }, damaged},
	{"a source's scopes behind the end", func(p parts) { set(p, tableSources, 0, 1, 4) }, damaged},
	{"a source's scopes at 2³¹", func(p parts) { set(p, tableSources, 0, 0, 1<<31) }, damaged},
	{"a source with 2³¹ scopes", func(p parts) { set(p, tableSources, 0, 1, 1<<31) }, damaged},
	{"a source's scopes that overlap another's", func(p parts) { set(p, tableSources, 1, 1, 3) }, fine},
	{"a scope at line 2³¹", func(p parts) { set(p, tableScopes, 0, 0, 1<<31) }, damaged},
	{"a scope that ends before it starts", func(p parts) { set(p, tableScopes, 1, 2, 1) }, damaged},
	{"a scope in itself", func(p parts) { set(p, tableScopes, 0, 4, 1) }, damaged},
	{"a scope in a later one", func(p parts) { set(p, tableScopes, 0, 4, 3) }, damaged},
	{"a scope in number 2³¹", func(p parts) { set(p, tableScopes, 1, 4, 1<<31) }, damaged},
	{"a scope with a name that is not there", func(p parts) { set(p, tableScopes, 0, 5, 4) }, damaged},
	{"a scope with name 2³¹", func(p parts) { set(p, tableScopes, 0, 5, 1<<31) }, damaged},
	{"a scope with a kind that is not there", func(p parts) { set(p, tableScopes, 0, 6, 4) }, damaged},
	{"a scope of a source that is not there", func(p parts) { set(p, tableScopes, 0, 7, 4) }, damaged},
	{"a scope of source 2³¹", func(p parts) { set(p, tableScopes, 0, 7, 1<<31+1) }, damaged},
	{"a scope with all flags", func(p parts) { set(p, tableScopes, 0, 8, whole) }, fine},
	{"variables behind the end", func(p parts) { set(p, tableScopes, 2, 9, 3) }, damaged},
	{"variables that fall", func(p parts) { set(p, tableScopes, 0, 9, 2); set(p, tableScopes, 1, 9, 0) }, damaged},
	{"variables at 2³¹", func(p parts) { set(p, tableScopes, 1, 9, 1<<31) }, damaged},
	{"a variable that is no name", func(p parts) { set(p, tableVariables, 0, 0, 4) }, damaged},
	{"a variable of name 2³¹", func(p parts) { set(p, tableVariables, 0, 0, 1<<31) }, damaged},
	{"a range at column 2³¹", func(p parts) { set(p, tableRanges, 0, 1, 1<<31) }, damaged},
	{"a range that ends before it starts", func(p parts) { set(p, tableRanges, 2, 2, 1) }, damaged},
	{"a range in itself", func(p parts) { set(p, tableRanges, 1, 4, 2) }, damaged},
	{"a range of a scope that is not there", func(p parts) { set(p, tableRanges, 0, 5, 4) }, damaged},
	{"a range of scope 2³¹", func(p parts) { set(p, tableRanges, 0, 5, 1<<31+1) }, damaged},
	{"a range with all flags", func(p parts) { set(p, tableRanges, 0, 6, whole) }, fine},
	{"a call in a source that is not there", func(p parts) { set(p, tableRanges, 0, 7, 4) }, damaged},
	{"a call at line 2³¹", func(p parts) { set(p, tableRanges, 0, 8, 1<<31) }, damaged},
	{"bindings behind the end", func(p parts) { set(p, tableRanges, 1, 10, 3) }, damaged},
	{"bindings that fall", func(p parts) { set(p, tableRanges, 0, 10, 1); set(p, tableRanges, 1, 10, 0) }, damaged},
	{"a binding that is no name", func(p parts) { set(p, tableBindings, 0, 0, 4) }, damaged},
	{"a binding of name 2³¹", func(p parts) { set(p, tableBindings, 0, 0, 1<<31) }, damaged},
	{"pieces behind the end", func(p parts) { set(p, tableBindings, 1, 1, 4) }, damaged},
	{"pieces that fall", func(p parts) { set(p, tableBindings, 0, 1, 3); set(p, tableBindings, 1, 1, 0) }, damaged},
	{"a piece at line 2³¹", func(p parts) { set(p, tablePieces, 0, 0, 1<<31) }, damaged},
	{"a piece that is no name", func(p parts) { set(p, tablePieces, 0, 2, 4) }, damaged},
	{"ranges that lie too deep", func(p parts) {
		n := scopes.MaxDepth + 1
		p[KindScopeTrees] = u32(3, 0, uint32(n), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		for i := range n {
			p[KindScopeTrees] = append(p[KindScopeTrees], u32(0, 0, 0, 0, uint32(i), 0, 0, 0, 0, 0, 0)...)
		}
	}, damaged},
}

// set changes a number in a row of a table.
func set(p parts, table, row, k int, value uint32) {
	at := treesHead
	for i, size := range []int{sourceSize, scopeSize, rangeSize, variableSize, bindingSize, pieceSize} {
		if i == table {
			le.Store32(p[KindScopeTrees], at+row*size+4*k, value)
			return
		}
		at += int(le.Load32(p[KindScopeTrees], 4*i)) * size
	}
}

func TestHostileProposals(t *testing.T) {
	sample := proposalsImage(t)
	for _, c := range hostileProposals {
		t.Run(c.name, func(t *testing.T) {
			p := partsOf(t, sample)
			c.change(p)
			data, done := guard(p.image())
			defer done()
			before := allocated()
			image, table, err := openAll(data)
			if err == nil {
				askProposals(image, table)
				err = image.Verify()
				var out file
				_ = image.Save(&out, nil, 1)
			}
			assert.Less(t, allocated()-before, uint64(16<<20), "bytes allocated")
			if c.verify == damaged || c.verify == either && err != nil {
				assert.ErrorIs(t, err, ErrDamaged)
			} else {
				assert.NoError(t, err)
			}
			if fresh, _, err := openAll(data); err == nil && c.verify == damaged {
				assert.ErrorIs(t, fresh.Verify(), ErrDamaged, "without questions before")
			}
		})
	}
}

// TestDamagedProposals changes every byte of the two sections: with its checksum Verify tells, and answers are those of the
// undamaged image or none. With the checksum mended nothing breaks.
func TestDamagedProposals(t *testing.T) {
	sample := proposalsImage(t)
	good, err := open(sample)
	require.NoError(t, err)
	for _, kind := range []Kind{KindRanged, KindScopeTrees} {
		for i := range good.sections[kind] {
			data, done := guard(sample)
			data[good.starts[kind]+i] ^= byte(1 << (i % 8))
			if image, table, err := openAll(data); err == nil {
				askProposals(image, table)
				assert.ErrorIs(t, image.Verify(), ErrDamaged)
			}
			mend(data)
			if image, table, err := openAll(data); err == nil {
				askProposals(image, table)
				_ = image.Verify()
			}
			done()
		}
	}
}

// TestDamagedRow: of tables over many pages each row is checked when it is read.
func TestDamagedRow(t *testing.T) {
	p := partsOf(t, proposalsImage(t))
	const n = 1000
	rows := u32(3, n, n, 0, 0, 0, 0, 0, 0, n, 0, 0, 0, 0)
	for i := range uint32(n) {
		rows = append(rows, u32(i, 0, i, 1, 0, 0, 0, 1, 0, 0)...)
	}
	for i := range uint32(n) {
		rows = append(rows, u32(i, 0, i, 1, 0, 0, 0, 0, 0, 0, 0)...)
	}
	p[KindScopeTrees] = rows
	data := p.image()
	good, err := open(data)
	require.NoError(t, err)
	at := good.starts[KindScopeTrees] + treesHead + 3*sourceSize
	data[at+600*scopeSize+4] ^= 1 // a start that could be
	data[at+n*scopeSize+600*rangeSize+4] ^= 1
	image, _, err := openAll(data)
	require.NoError(t, err)
	trees, ok := image.Scopes()
	require.True(t, ok)
	_, ok = trees.Scope(0)
	assert.True(t, ok)
	assert.NoError(t, image.Err())
	_, ok = trees.Scope(600)
	assert.False(t, ok)
	_, ok = trees.Range(600)
	assert.False(t, ok)
	assert.Equal(t, -1, trees.RangeAt(scopes.Position{Line: 600}))
	assert.ErrorIs(t, image.Err(), ErrDamaged)
}

// TestProposalsSaved: a saved image answers like the one in memory, and saves to the same bytes.
func TestProposalsSaved(t *testing.T) {
	sample := proposalsImage(t)
	image, table, err := openAll(sample)
	require.NoError(t, err)
	require.NoError(t, image.Verify())
	inMemory, err := open(sample)
	require.NoError(t, err)
	plain, err := inMemory.Table()
	require.NoError(t, err)
	want := askProposals(inMemory, plain)
	assert.Equal(t, want, askProposals(image, table))
	assert.Greater(t, len(want), 5_000)
	var out file
	require.NoError(t, image.Save(&out, nil, 1))
	assert.Equal(t, sample, out.data)
}

// TestProposalsCost: lists that overlap are found out before they cost much.
func TestProposalsCost(t *testing.T) {
	p := partsOf(t, proposalsImage(t))
	const n, variables = 20_000, 100_000
	p[KindScopeTrees] = u32(3, n, 0, variables, 0, 0, 0, 0, 0, n, 0, 0, 0, 0)
	for i := range uint32(n) {
		p[KindScopeTrees] = append(p[KindScopeTrees], u32(0, 0, 0, 0, 0, 0, 0, 0, 0, i&1*variables)...)
	}
	p[KindScopeTrees] = append(p[KindScopeTrees], make([]byte, variables*variableSize)...)
	data := p.image()
	image, _, err := openAll(data)
	require.NoError(t, err)
	start, total := time.Now(), 0
	trees, ok := image.Scopes()
	require.True(t, ok)
	for i := range n {
		if s, ok := trees.Scope(i); ok {
			total += len(trees.Variables(s.Variables))
		}
	}
	assert.LessOrEqual(t, total, variables)
	assert.Less(t, time.Since(start), 5*time.Second)
	assert.ErrorIs(t, image.Verify(), ErrDamaged)
}

// TestRangedBlocks: marks follow their segments into blocks of any size, sorted or not, taken back or split.
func TestRangedBlocks(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(b *Builder) (list []Segment, ranged []uint32)
	}{
		{"short blocks", func(b *Builder) (list []Segment, ranged []uint32) {
			for i := range int32(200) {
				s := Segment{Line: i, Column: i, Source: 0, OriginalLine: i}
				b.Append(fill(new(vlq.Chunk), []Segment{s}))
				if list = append(list, s); i%7 == 0 {
					ranged = append(ranged, uint32(i))
				}
				if i%13 == 0 {
					b.Mark()
				}
			}
			return list, ranged
		}},
		{"blocks that are split", func(b *Builder) (list []Segment, ranged []uint32) {
			for i := range int32(64) {
				list = append(list, Segment{Line: i * 30_000_000, Column: math.MaxInt32, Source: 0, OriginalLine: i})
				if i%5 < 2 {
					ranged = append(ranged, uint32(i))
				}
			}
			b.Append(fill(new(vlq.Chunk), list))
			return list, ranged
		}},
		{"back to front", func(b *Builder) (list []Segment, ranged []uint32) {
			for i := int32(300); i > 0; i-- {
				list = append(list, Segment{Column: i / 2, Source: 0, OriginalLine: i})
				if i%4 == 0 {
					ranged = append(ranged, uint32(300-i))
				}
			}
			b.Append(fill(new(vlq.Chunk), list))
			return list, ranged
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := NewWriter(0)
			b := NewBuilder(w)
			list, ranged := c.make(b)
			want := map[int32]bool{}
			for _, i := range ranged {
				want[list[i].OriginalLine] = true
			}
			b.SetRanged(slices.Clone(ranged))
			b.Finish()
			w.PutInfo(&Info{Segments: b.Len(), Sources: 1})
			image, err := w.Finish()
			require.NoError(t, err)
			defer image.Free()
			table, err := image.Table()
			require.NoError(t, err)
			n := 0
			table.AllRanged(func(s Segment, ranged bool) bool {
				assert.Equal(t, want[s.OriginalLine], ranged, "%+v", s)
				n++
				return true
			})
			assert.Equal(t, len(list), n)
		})
	}
}
