package index

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/kernel"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// checkFindMany looks positions up as a machine of that level does, all and one by one, against the plain way.
func checkFindMany(t *testing.T, table *Table, level kernel.Level, lines, columns []int32) {
	t.Helper()
	best, finder := kernel.Best, table.finder
	defer func() { kernel.Best, table.finder = best, finder }()
	kernel.Best = level
	if table.finder = nil; level > kernel.Go {
		table.useKernel()
	}
	n := len(lines)
	const untouched = 12345
	answers := make([]int32, 4*(n+1))
	for i := range answers {
		answers[i] = untouched
	}
	column := func(i int) []int32 { return answers[i*(n+1):][:n] }
	got := Columns{Source: column(0), Line: column(1), Column: column(2), Name: column(3)}
	table.FindMany(lines, columns, got)
	for i := range 4 {
		require.EqualValues(t, untouched, answers[i*(n+1)+n], "behind column %d of %d", i, n)
	}
	for i := range lines {
		want := table.findOne(lines[i], columns[i])
		one, found := table.Find(lines[i], columns[i])
		require.Equal(t, want.Line >= 0, found)
		if found {
			require.Equal(t, want, one)
		}
		if want.Source < 0 {
			want.OriginalLine, want.OriginalColumn, want.Name = -1, -1, -1
		}
		row := Segment{want.Line, want.Column, got.Source[i], got.Line[i], got.Column[i], got.Name[i]}
		require.Equal(t, want, row, "%v: %d of %d, %d:%d", level, i, n, lines[i], columns[i])
	}
}

// TestFindManyAgainstFindOne looks up on, beside and between the segments of random blocks, by the kernel and without.
func TestFindManyAgainstFindOne(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 2000 {
		var list twin
		var last key
		for range random.IntN(6) {
			c := randomColumns(random)
			if keyOf(c.line[0], c.column[0]) < last {
				continue
			}
			n := len(c.line) - 1
			last = keyOf(c.line[n], c.column[n])
			for i := range c.line {
				list = append(list, Segment{c.line[i], c.column[i], c.source[i], c.originalLine[i], c.originalColumn[i], c.name[i]})
			}
		}
		table := build(t, list, 1+random.IntN(vlq.ChunkSize))
		var lines, columns []int32
		for _, s := range list {
			for _, d := range []int64{-1, 0, 1, random.Int64N(1000)} {
				lines = append(lines, s.Line)
				columns = append(columns, int32(min(int64(s.Column)+d, most)))
			}
			lines, columns = append(lines, int32(min(int64(s.Line)+random.Int64N(3)-1, most))), append(columns, random.Int32())
		}
		for level := kernel.Go; level <= kernel.Machine; level++ {
			checkFindMany(t, table, level, lines, columns)
		}
	}
}
