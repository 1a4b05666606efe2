package symbolicate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// Each frame of the shop has the true name of its function, minified by each tool, with names in the map and without.
func TestShopNames(t *testing.T) {
	root := filepath.Join("..", "testdata", "shop")
	data, err := os.ReadFile(filepath.Join(root, "expected.json"))
	require.NoError(t, err)
	var table struct {
		Cases []struct {
			Build, Trace string
			Frames       []struct{ Function *string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &table))
	names := 0
	for _, c := range table.Cases {
		text, err := os.ReadFile(filepath.Join(root, c.Trace))
		require.NoError(t, err)
		s := open(t, symbolicate.WithPaths(filepath.Join(root, "dist", c.Build)))
		out := trace(t, s, string(text))
		require.Len(t, out.Frames, len(c.Frames))
		for i, want := range c.Frames {
			if want.Function == nil {
				continue
			}
			f := out.Frames[i]
			name := strings.TrimPrefix(f.Function, "async ")
			assert.Equal(t, *want.Function, name, "%s: %s, line %d", c.Trace, f.Raw, f.Line)
			assert.Equal(t, symbolicate.NameOriginal, f.NameSource)
			names++
		}
	}
	assert.Equal(t, 1130, names)
}
