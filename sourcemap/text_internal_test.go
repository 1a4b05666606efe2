package sourcemap

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestReadTexts: texts that were read are kept, but no more than so many bytes of them.
func TestReadTexts(t *testing.T) {
	const size, n = maxReadBytes / 3, 9
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("%q", strings.Repeat("x", size))
	}
	sources := strings.Repeat(`"a",`, n)
	m, err := Parse([]byte(fmt.Sprintf(`{"version":3,"sources":[%s"b"],"sourcesContent":[%s],"names":[],"mappings":""}`, sources, strings.Join(texts, ","))), nil)
	require.NoError(t, err)
	line := func(i int) *byte {
		list, ok := m.Lines(i, 0, 1)
		require.True(t, ok)
		require.Len(t, list[0], size)
		require.LessOrEqual(t, m.texts.bytes, maxReadBytes)
		return unsafe.StringData(list[0])
	}
	first, second := line(0), line(1)
	require.Same(t, first, line(0))
	require.Same(t, second, line(1))
	for i := range n {
		line(i)
	}
	require.LessOrEqual(t, len(m.texts.texts), 3)
	_, ok := m.Lines(n, 0, 1)
	require.False(t, ok)
	require.Contains(t, m.texts.texts, n, "that there is no text is kept, too")
}
