package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/kernel"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// TestKernelsWriteTheSameBytes packs random blocks with every kernel.
func TestKernelsWriteTheSameBytes(t *testing.T) {
	names := []string{}
	for _, k := range packKernels {
		names = append(names, k.level.String())
	}
	seed := rand.Uint64()
	t.Logf("kernels %v, seed %d", names, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		c := randomColumns(random)
		want := make([]byte, maxBlock+64)
		p := packer{kernel: &plain}
		end, ok := p.pack(want, 32, &c)
		for i := range packKernels[1:] {
			got := make([]byte, maxBlock+64)
			p := packer{kernel: &packKernels[1+i]}
			gotEnd, gotOK := p.pack(got, 32, &c)
			require.Equal(t, ok, gotOK)
			require.Equal(t, end, gotEnd)
			if string(want[:end]) != string(got[:end]) {
				require.Equal(t, fmt.Sprintf("%x", want[:end]), fmt.Sprintf("%x", got[:end]), "%s: %+v", packKernels[1+i].level, c)
			}
			require.Equal(t, make([]byte, 64), got[maxBlock:], "%s writes too far", packKernels[1+i].level)
		}
	}
}

// TestWholeBlocksHaveTheSameBytes packs random blocks in one call, where that can be done.
func TestWholeBlocksHaveTheSameBytes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	chunk := new(vlq.Chunk)
	whole, blocks := 0, 0
	for range 40_000 {
		c := randomColumns(random)
		if len(c.line) < blockSize {
			continue
		}
		blocks++
		from := random.IntN(vlq.ChunkSize - blockSize + 1)
		into := chunkColumns(chunk, from, from+blockSize)
		for i, column := range into.all() {
			copy(*column, *c.all()[i])
		}
		got := make([]byte, maxBlock+64)
		size := packWhole(packKernels[len(packKernels)-1].level, got, 32, chunk, from)
		if size == 0 {
			continue
		}
		whole++
		want := make([]byte, maxBlock+64)
		p := packer{kernel: &plain}
		end, ok := p.pack(want, 32, &c)
		require.True(t, ok)
		if end != 32+size || string(want[:end]) != string(got[:end]) {
			require.Equal(t, fmt.Sprintf("%x", want[:end]), fmt.Sprintf("%x", got[:32+size]), "%+v", c)
		}
		require.Equal(t, make([]byte, 64), got[maxBlock:], "it writes too far")
	}
	t.Logf("%d of %d blocks in one call", whole, blocks)
	if packKernels[len(packKernels)-1].level >= kernel.AVX512 {
		require.Greater(t, whole, blocks/20)
	}
}

// randomColumns are the sorted segments of a block, mostly a full one of the kind that tools write.
func randomColumns(random *rand.Rand) columns {
	n := blockSize
	if random.IntN(20) == 0 {
		n = 1 + random.IntN(blockSize)
	}
	// One array for all, so that nothing outside may be read either.
	var c columns
	width := func() int {
		if random.IntN(10) == 0 {
			return random.IntN(32)
		}
		return random.IntN(12)
	}
	base := func() int64 { return random.Int64N(1 << random.IntN(31)) }
	widths, bases := [6]int{}, [6]int64{}
	for i := range widths {
		widths[i], bases[i] = width(), base()
	}
	value := func(i int) int32 { return int32(min(bases[i]+random.Int64N(1<<widths[i]), 1<<31-1)) }
	newLine, repeat, named, bare := 1+random.IntN(200), 1+random.IntN(10), random.IntN(4), random.IntN(30)
	line, column := base(), base()
	for i := range n {
		if random.IntN(newLine) == 0 {
			line = min(line+random.Int64N(1<<widths[0]), 1<<31-1)
			if i > 0 && int32(line) != c.line[i-1] {
				column = 0
			}
		}
		column = min(column+random.Int64N(1<<widths[1]), 1<<31-1)
		c.line, c.column = append(c.line, int32(line)), append(c.column, int32(column))
		source, originalLine, originalColumn, name := value(2), value(3), value(4), value(5)
		if i > 0 && random.IntN(repeat) > 0 {
			source, originalLine, originalColumn = c.source[i-1], c.originalLine[i-1], c.originalColumn[i-1]
		}
		if named < 3 && random.IntN(3) >= named {
			name = -1
		}
		if bare == 0 && random.IntN(8) == 0 {
			source, originalLine, originalColumn = -1, 0, 0
		}
		c.source, c.originalLine, c.originalColumn = append(c.source, source), append(c.originalLine, originalLine), append(c.originalColumn, originalColumn)
		c.name = append(c.name, name)
	}
	return c
}
