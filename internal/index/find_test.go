package index

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

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
		got := make([]Segment, len(lines))
		table.FindMany(lines, columns, got)
		for i := range lines {
			require.Equal(t, table.findOne(lines[i], columns[i]), got[i], "%d:%d", lines[i], columns[i])
			one, found := table.Find(lines[i], columns[i])
			require.Equal(t, got[i].Line >= 0, found)
			if found {
				require.Equal(t, got[i], one)
			}
		}
	}
}
