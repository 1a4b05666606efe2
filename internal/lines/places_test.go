package lines

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// TestPlaces compares with text that is cut into lines, and characters, one by one.
func TestPlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	pieces := []string{"a", "bc", "é", "🛒", "\n", "\r", "\r\n", "\u2028", "\xe2", "\x80", strings.Repeat("x", 300), strings.Repeat("é", 150), "\r\r\n"}
	texts := []string{"", "\n", "\r\n", "a\r", "🛒"}
	for range 200 {
		var b strings.Builder
		for range random.IntN(60) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		texts = append(texts, b.String())
	}
	for _, text := range texts {
		p := NewPlaces(text)
		start := 0
		for number, line := range terminator.Split(text, -1) {
			column := int32(0)
			for i, r := range line {
				_, size := utf8.DecodeRuneInString(line[i:])
				for inside := range size {
					line, got := p.Position(start + i + inside)
					require.Equal(t, [2]int32{int32(number), column}, [2]int32{line, got}, "%q at %d", text, start+i+inside)
				}
				require.Equal(t, start+i, p.Offset(int32(number), column))
				units := int32(max(1, utf16.RuneLen(r)))
				require.True(t, p.Has(int32(number), column))
				if column += units; units == 2 {
					require.True(t, p.Has(int32(number), column-1))
					require.Equal(t, start+i, p.Offset(int32(number), column-1), "the second half")
				}
			}
			end := start + len(line)
			for _, far := range []int32{0, 1, 1000, 1<<31 - 1 - column} {
				require.Equal(t, far == 0, p.Has(int32(number), column+far))
				require.Equal(t, end, p.Offset(int32(number), column+far), "%q, the end of line %d", text, number)
			}
			line, got := p.Position(end)
			require.Equal(t, [2]int32{int32(number), column}, [2]int32{line, got})
			start = end + len(terminator.FindString(text[end:]))
		}
		line, _ := p.Position(len(text) + 5)
		require.Equal(t, len(text), p.Offset(line+1, 0))
		require.Zero(t, p.Offset(-1, 7))
		require.False(t, p.Has(line+1, 0) || p.Has(-1, 0) || p.Has(0, -1))
		require.Zero(t, p.Offset(0, -1))
	}
}

func BenchmarkPlaces(b *testing.B) {
	text := strings.Repeat("function f(a,b){return a+b}", 40_000)
	p := NewPlaces(text)
	b.Run("make", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			NewPlaces(text)
		}
	})
	b.Run("position", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p.Position(i * 7919 % len(text))
		}
	})
}
