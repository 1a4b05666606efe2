package symbolicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBundledFile(t *testing.T) {
	for file, want := range map[string]bundled{
		"12.js": {-1, 12}, "/a/b/0.js": {-1, 0}, "https://x.example/7.js": {-1, 7}, "seg-3.js": {3, -1}, "/a/seg-0.js": {0, -1}, "seg-3_12.js": {3, 12},
	} {
		got, is := bundledFile(file)
		assert.True(t, is, file)
		assert.Equal(t, want, got, file)
	}
	for _, file := range []string{"x.js", ".js", "1.jsx", "-1.js", "1a.js", "99999999999999999999.js", "", "seg-.js", "seg-3_.js", "seg-_3.js", "seg-3_1_2.js", "seg-a.js", "seg-3", "xseg-3.js", "seg--3.js"} {
		_, is := bundledFile(file)
		assert.False(t, is, file)
	}
}
