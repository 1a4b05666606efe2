package lines

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var terminator = regexp.MustCompile("\r\n|\n|\r|\u2028|\u2029")

func check(t *testing.T, text string) {
	t.Helper()
	want := terminator.Split(text, -1)
	x := New(text)
	require.Equal(t, len(want), x.Count, "%.100q", text)
	require.Len(t, x.Starts, (x.Count-1)/Step)
	for i, line := range want {
		require.Equal(t, line, x.Line(text, i), "line %d of %.100q", i, text)
	}
	require.Empty(t, x.Line(text, -1))
	require.Empty(t, x.Line(text, len(want)))
}

func TestAgainstSplit(t *testing.T) {
	for _, text := range []string{
		"", "a", "\n", "\r", "\r\n", "\n\r", "\u2028", "\u2029", "a\nb", "a\rb", "a\r\nb\r\n", "\r\r\n\n", "é\u2028\u2027\u202a\xe2\x80\na", "a\xe2", "\xe2\x80\xa8",
		strings.Repeat("x\n", 31), strings.Repeat("x\n", 32), strings.Repeat("x\n", 33), strings.Repeat("\r", 100), strings.Repeat("ab\u2028c\r\n", 500),
	} {
		check(t, text)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		var b strings.Builder
		for range random.IntN(300) {
			b.WriteString([]string{"a", "bc", "\n", "\r", "\r\n", "\u2028", "\u2029", "\xe2", "\x80", "é"}[random.IntN(10)])
		}
		check(t, b.String())
	}
}

// TestDamaged: an index that does not belong to the text gives some text, and does not panic.
func TestDamaged(t *testing.T) {
	for _, x := range []Index{{Count: 1000}, {Count: 100, Starts: []uint32{1 << 31, 5}}, {Count: -1}, {Count: 2, Starts: []uint32{0, 0, 0}}} {
		for i := range 1000 {
			_ = x.Line("a\nb", i)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	text := strings.Repeat(fmt.Sprintf("%40d\n", 1), 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		New(text)
	}
}
