package sourcemap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestFields(t *testing.T) {
	text := "\ufeff)]}'\n" + ` {"version": 3, "sour\u0063es":["a" , [1,2]], "x":{"y":[]}, "names":[],"mappings":"A\"A" }`
	list, err := sourcemap.Fields([]byte(text))
	require.NoError(t, err)
	type field struct {
		name, value string
		items       int
	}
	var got []field
	for _, f := range list {
		got = append(got, field{f.Name, text[f.Offset : f.Offset+f.Bytes], f.Items})
	}
	assert.Equal(t, []field{
		{"version", "3", -1}, {"sources", `["a" , [1,2]]`, 2}, {"x", `{"y":[]}`, -1}, {"names", "[]", 0}, {"mappings", `"A\"A"`, -1},
	}, got)
	for _, c := range badCases {
		data, _ := unmark(c.text)
		list, err := sourcemap.Fields(data)
		if err != nil {
			assert.Nil(t, list)
			var e *sourcemap.ParseError
			require.ErrorAs(t, err, &e, c.name)
			assert.LessOrEqual(t, e.Offset, int64(len(data)))
		} else {
			_, err := sourcemap.Peek(data)
			assert.True(t, err == nil || c.kind == sourcemap.ErrNotJSON, "%s: %v", c.name, err)
		}
	}
}
