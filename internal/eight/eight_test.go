package eight

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEqual(t *testing.T) {
	for c := range 256 {
		for other := range 256 {
			for at := range 9 {
				text := strings.Repeat(string([]byte{byte(other)}), at) + string([]byte{byte(c)}) + "01234567"
				want := strings.IndexByte(text[:8], byte(c))
				if want < 0 {
					want = 8
				}
				require.Equal(t, want, First(Equal(Load(text, 0), byte(c))), "%q in %q", c, text)
			}
		}
	}
	require.Equal(t, uint64(0x0807060504030201), Load("_\x01\x02\x03\x04\x05\x06\x07\x08", 1))
	require.Panics(t, func() { _ = Load("1234567", 0) + 1 })
}
