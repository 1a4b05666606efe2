package sourcemap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// TestLines: a text is its lines with their ends, of a map that was parsed and of a saved one.
func TestLines(t *testing.T) {
	for _, text := range []string{"", "a", "a\n", "\r", "a\r\nb\rc\u2028d\u2029e\n", "\n\r", strings.Repeat("é\u2027🛒\r\n", 70), strings.Repeat("\n", 64)} {
		parsed := parse(t, fmt.Sprintf(`{"version":3,"sources":["a",null],"sourcesContent":[%s],"names":[],"mappings":""}`, quoted(text)))
		saved, err := sourcemap.Parse(savedBytes(t, parsed), nil)
		require.NoError(t, err)
		for _, m := range []*sourcemap.Map{parsed, saved} {
			whole := sourcemap.NewText(text)
			all, ok := m.Lines(0, 0, 1000)
			require.True(t, ok)
			require.Len(t, all, whole.NumLines())
			require.Equal(t, text, strings.Join(all, ""))
			for i, line := range all {
				require.Equal(t, whole.Line(i), strings.TrimRight(line, "\n\r\u2028\u2029"), "line %d of %q", i, text)
				one, _ := m.Lines(0, i, 1)
				require.Equal(t, []string{line}, one)
			}
			last, _ := m.Lines(0, len(all)-1, 5)
			require.Len(t, last, 1)
			for _, none := range [][2]int{{len(all), 1}, {0, 0}, {0, -1}, {1 << 40, 1 << 40}} {
				list, ok := m.Lines(0, none[0], none[1])
				require.True(t, ok)
				require.Empty(t, list, "%v of %q", none, text)
			}
			for _, source := range []int{-1, 1, 2} {
				_, ok = m.Lines(source, 0, 1)
				require.False(t, ok, "source %d", source)
			}
			m.Close()
			_, ok = m.Lines(0, 0, 1)
			require.False(t, ok, "closed")
		}
	}
}
