package kernel

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		have Level
		name string
		want Level
	}{
		{AVX512, "", AVX512}, {AVX512, "avx512", AVX512}, {AVX512, "avx2", AVX2}, {AVX512, "go", Go}, {AVX512, "sse9", AVX512},
		{AVX2, "avx512", AVX2}, {Go, "avx512", Go}, {Go, "", Go},
	} {
		assert.Equal(t, c.want, limit(c.have, c.name), "%v limited to %q", c.have, c.name)
	}
	t.Logf("this machine: %v, in use: %v", Machine, Best)
}
