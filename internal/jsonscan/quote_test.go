package jsonscan

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// quoted are texts for AppendQuoted, and the seeds of FuzzAppendQuoted.
var quoted = []string{
	"", "a", `"`, `\`, `\"`, "a\"b", "\x00\x01\x1f\x20\x7f", "\b\f\n\r\t\v", "é😀\u2028\u2029\ufeff", "\xff", "a\xffb\xc3", "\xed\xa0\x80", "\xf0\x9f\x98", "\uFFFD",
	"\xc3\xa9\xc3", "</script>", strings.Repeat("é\n", 100),
}

func checkQuoted(t *testing.T, text string) {
	t.Helper()
	got := AppendQuoted([]byte("x"), text)
	require.Equal(t, got, AppendQuoted([]byte("x"), []byte(text)))
	got = got[1:]
	require.True(t, json.Valid(got), "%q", got)
	require.True(t, utf8.Valid(got), "%q", got)
	var back string
	require.NoError(t, json.Unmarshal(got, &back))
	// encoding/json makes U+FFFD of each byte that is not UTF-8, too.
	want, err := json.Marshal(text)
	require.NoError(t, err)
	var other string
	require.NoError(t, json.Unmarshal(want, &other))
	require.Equal(t, other, back)
	require.Equal(t, back, Unescape(got))
	end, err := Value(got, 0)
	require.NoError(t, err)
	require.Equal(t, len(got), end)
}

func TestAppendQuoted(t *testing.T) {
	for _, text := range quoted {
		checkQuoted(t, text)
	}
	require.Equal(t, `"a\"\\\n\u0000é`+"\u2028\uFFFD"+`/"`, string(AppendQuoted(nil, "a\"\\\n\x00é\u2028\xff/")))
}

func FuzzAppendQuoted(f *testing.F) {
	for _, text := range quoted {
		f.Add(text)
	}
	f.Fuzz(checkQuoted)
}
