package sourcemap_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestGeneratedPositions(t *testing.T) {
	//	0: a 5:2; 4: a 5:2 n; 8: a 5:9; 12: b 5:2; 16: nothing   line 1: 0: a 5:2; 1: a 7:0
	m := parseClean(t, regular(`"sources":["a","b","unused"],"names":["n"],`, "AAKE,IAAAA,IAAO,ICAP,I;ADAA,CAEF"))
	const any = sourcemap.AnyColumn
	first, second, third, fourth, fifth, sixth := mappingAt(0, 0, 0, 5, 2), mappingAt(0, 4, 0, 5, 2, 0), mappingAt(0, 8, 0, 5, 9), mappingAt(0, 12, 1, 5, 2), mappingAt(1, 0, 0, 5, 2), mappingAt(1, 1, 0, 7, 0)
	for _, c := range []struct {
		source       int
		line, column int32
		bias         sourcemap.Bias
		want         []sourcemap.Mapping
	}{
		{0, 5, 2, sourcemap.Exact, []sourcemap.Mapping{first, second, fifth}},
		{0, 5, 9, sourcemap.Exact, []sourcemap.Mapping{third}},
		{1, 5, 2, sourcemap.Exact, []sourcemap.Mapping{fourth}},
		{0, 7, 0, sourcemap.Exact, []sourcemap.Mapping{sixth}},
		{0, 5, any, sourcemap.Exact, []sourcemap.Mapping{first, second, third, fifth}},
		{0, 5, -9, sourcemap.AtOrAfter, []sourcemap.Mapping{first, second, third, fifth}},
		{0, 6, any, sourcemap.AtOrAfter, nil}, {0, 8, any, sourcemap.Exact, nil},
		{0, 5, 3, sourcemap.Exact, nil}, {0, 5, 0, sourcemap.Exact, nil}, {2, 5, 2, sourcemap.Exact, nil},
		{0, 5, 3, sourcemap.AtOrBefore, []sourcemap.Mapping{first, second, fifth}}, {0, 5, 8, sourcemap.AtOrBefore, []sourcemap.Mapping{first, second, fifth}},
		{0, 5, last, sourcemap.AtOrBefore, []sourcemap.Mapping{third}}, {0, 5, 9, sourcemap.AtOrBefore, []sourcemap.Mapping{third}},
		{0, 5, 1, sourcemap.AtOrBefore, nil}, {0, 6, 5, sourcemap.AtOrBefore, nil}, {0, 7, 5, sourcemap.AtOrBefore, []sourcemap.Mapping{sixth}},
		{0, 5, 3, sourcemap.AtOrAfter, []sourcemap.Mapping{third}}, {0, 5, 0, sourcemap.AtOrAfter, []sourcemap.Mapping{first, second, fifth}},
		{0, 5, 10, sourcemap.AtOrAfter, nil}, {0, 6, 0, sourcemap.AtOrAfter, nil}, {1, 5, 3, sourcemap.AtOrAfter, nil}, {0, last, last, sourcemap.AtOrAfter, nil},
		{0, last, last, sourcemap.AtOrBefore, nil}, {0, last, any, sourcemap.Exact, nil},
		{-1, 5, 2, sourcemap.Exact, nil}, {3, 5, 2, sourcemap.Exact, nil}, {0, -1, any, sourcemap.AtOrAfter, nil}, {0, -5, 2, sourcemap.AtOrAfter, nil},
	} {
		got := m.GeneratedPositions(c.source, sourcemap.Position{Line: c.line, Column: c.column}, c.bias)
		assert.Equal(t, c.want, got, "%+v", c)
	}
	m.Close()
	assert.Nil(t, m.GeneratedPositions(0, sourcemap.Position{Line: 5, Column: 2}, sourcemap.Exact))
}

// plainReverse is GeneratedPositions by going through all mappings.
func plainReverse(all []sourcemap.Mapping, source int, p sourcemap.Position, bias sourcemap.Bias) (list []sourcemap.Mapping) {
	best, found := int32(0), false
	for _, m := range all {
		if int(m.Source) != source || m.Original.Line != p.Line {
			continue
		}
		column := m.Original.Column
		switch {
		case p.Column < 0:
			list = append(list, m)
			continue
		case column < p.Column && bias != sourcemap.AtOrBefore, column > p.Column && bias != sourcemap.AtOrAfter:
			continue
		case found && (column == best || bias == sourcemap.AtOrBefore && column < best || bias == sourcemap.AtOrAfter && column > best):
		default:
			best, found = column, true
		}
	}
	if found {
		for _, m := range all {
			if int(m.Source) == source && m.Original == (sourcemap.Position{Line: p.Line, Column: best}) {
				list = append(list, m)
			}
		}
	}
	return list
}

func TestGeneratedPositionsAgainstPlain(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 434))
	some := 0
	for range 400 {
		m := parse(t, variedMap(random))
		all := mappings(m)
		opened, err := sourcemap.Parse(savedBytes(t, m), nil)
		require.NoError(t, err)
		for range 100 {
			source, p := random.IntN(m.NumSources()+2)-1, sourcemap.Position{Line: random.Int32N(8) - 1, Column: random.Int32N(20) - 2}
			if len(all) > 0 && random.IntN(2) == 0 {
				some := all[random.IntN(len(all))]
				source, p = int(some.Source), some.Original
				if random.IntN(3) == 0 {
					p.Column += random.Int32N(3) - 1
				}
			}
			for _, bias := range []sourcemap.Bias{sourcemap.Exact, sourcemap.AtOrBefore, sourcemap.AtOrAfter} {
				var want []sourcemap.Mapping
				if source >= 0 {
					want = plainReverse(all, source, p, bias)
				}
				require.Equal(t, want, m.GeneratedPositions(source, p, bias))
				require.Equal(t, want, opened.GeneratedPositions(source, p, bias))
				some += len(want)
			}
		}
	}
	assert.Greater(t, some, 50_000)
}

// TestTC39Reverse is what Mozilla's harness asks besides: the way back from each original position. A mapping whose source
// is null may not be unique.
func TestTC39Reverse(t *testing.T) {
	dir := needTC39(t)
	n := 0
	for _, c := range readCases(t, dir) {
		if !c.SourceMapIsValid {
			continue
		}
		for _, a := range c.TestActions {
			if a.ActionType != "checkMapping" || a.OriginalLine == nil {
				continue
			}
			m, err := open(t, dir, c.SourceMapFile)
			require.NoError(t, err)
			found := false
			for i := range m.NumSources() {
				s, _ := m.Source(i)
				if s.Null != (a.OriginalSource == nil) || !s.Null && s.URL != *a.OriginalSource {
					continue
				}
				for _, mapping := range m.GeneratedPositions(i, sourcemap.Position{Line: *a.OriginalLine, Column: *a.OriginalColumn}, sourcemap.Exact) {
					// The position asked for may lie behind the mapping that answers for it.
					answer, _ := m.Lookup(sourcemap.Position{Line: a.GeneratedLine, Column: a.GeneratedColumn})
					found = found || mapping == answer
				}
			}
			assert.True(t, found, "%s: %+v", c.Name, a)
			n++
		}
	}
	assert.Greater(t, n, 60)
}

// TestGeneratedPositionsOfManyGoroutines: the index is made once, and counted. (The race detector looks on.)
func TestGeneratedPositionsOfManyGoroutines(t *testing.T) {
	m := openFile(t, "../testdata/shop/dist/terser-names/shop.min.js.map")
	before := m.Size()
	all := mappings(m)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := i; j < len(all); j += 8 {
				want := all[j]
				if want.Source < 0 {
					continue
				}
				found := false
				for _, got := range m.GeneratedPositions(int(want.Source), want.Original, sourcemap.Exact) {
					found = found || got == want
				}
				assert.True(t, found)
			}
			_ = m.Size()
		})
	}
	group.Wait()
	grown := m.Size() - before
	assert.InDelta(t, 4*(m.Len()+m.NumSources()), grown, 200)
	_ = m.GeneratedPositions(0, sourcemap.Position{}, sourcemap.Exact)
	assert.Equal(t, grown, m.Size()-before)
}

// TestGeneratedPositionsOfDamage: a damaged index answers less, without a panic.
func TestGeneratedPositionsOfDamage(t *testing.T) {
	data := savedBytes(t, parse(t, features(3000)))
	everyByte(t, data, func(data []byte, at int) string {
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			return ""
		}
		defer m.Close()
		for line := range int32(20) {
			m.GeneratedPositions(int(line%5), sourcemap.Position{Line: line, Column: line}, sourcemap.AtOrAfter)
		}
		return ""
	})
	// With checksums mended, whatever the bytes say is believed.
	random := rand.New(rand.NewPCG(6, 435))
	for range 2000 {
		bad := append([]byte(nil), data...)
		for range 1 + random.IntN(4) {
			bad[random.IntN(len(bad))] = byte(random.Uint32())
		}
		mend(bad)
		m, err := sourcemap.Parse(bad, nil)
		if err != nil {
			continue
		}
		for range 20 {
			m.GeneratedPositions(random.IntN(5), sourcemap.Position{Line: random.Int32N(40), Column: random.Int32N(50) - 1}, sourcemap.Bias(random.IntN(3)))
		}
		m.Close()
	}
}

func BenchmarkGeneratedPositions(b *testing.B) {
	eachMap(b, func(b *testing.B, data []byte) {
		m, err := sourcemap.Parse(data, nil)
		require.NoError(b, err)
		list := positions(m, 1000)
		m.GeneratedPositions(0, sourcemap.Position{}, sourcemap.Exact)
		for i := 0; b.Loop(); i++ {
			found, _ := m.Lookup(list[i%len(list)])
			m.GeneratedPositions(int(found.Source), found.Original, sourcemap.Exact)
		}
	})
}
