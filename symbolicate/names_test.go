package symbolicate_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// The generated file of these cases: at column 11 a call of the function that the sources name load, at
// 31 of one named total, at 51 of one without a name. Names of the generated code have one letter.
func namedMap(t *testing.T) *symbolicate.Symbolicator {
	m := mapFile{Sources: []any{"a.ts"}, Names: []string{"load", "total"}, Mappings: encode([]segment{
		{0, 0, 0, 0, 0, -1}, {0, 10, 0, 1, 0, 0}, {0, 20, 0, 2, 0, -1}, {0, 30, 0, 3, 0, 1}, {0, 40, 0, 4, 0, -1}, {0, 50, 0, 5, 0, -1},
	})}
	s := open(t)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/x.js", SourceMap: m.bytes()}))
	return s
}

func TestNameByCaller(t *testing.T) {
	s := namedMap(t)
	for _, c := range []struct {
		name, text string
		want       []string // name and, for one of the caller, " caller"
	}{
		{"from the caller", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:11)", []string{"load caller", "b"}},
		{"two", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:11)\n    at /srv/x.js:1:31", []string{"load caller", "total caller", ""}},
		{"anonymous as printed", "Error: x\n    at /srv/x.js:1:1\n    at b (/srv/x.js:1:11)", []string{"load caller", "b"}},
		{"token without a name", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:51)", []string{"a", "b"}},
		{"behind the token's start", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:14)", []string{"a", "b"}},
		{"last frame", "Error: x\n    at a (/srv/x.js:1:11)", []string{"a"}},
		{"alone, CR LF", "Error: x\r\n    at a (/srv/x.js:1:1)\r\n    at b (/srv/x.js:1:11)\r\n", []string{"load caller", "b"}},
		{"Firefox", "a@/srv/x.js:1:1\nb@/srv/x.js:1:11\n", []string{"load caller", "b"}},
		{"Firefox, at the parenthesis", "a@/srv/x.js:1:1\nb@/srv/x.js:1:12\n", []string{"load caller", "b"}},
		{"Firefox, at the parenthesis, by length", "q.é𝒳@/srv/x.js:1:1\nb@/srv/x.js:1:14\n", []string{"load caller", "b"}},
		{"Firefox, callback", "a/<@/srv/x.js:1:1\nb@/srv/x.js:1:11\n", []string{"a/<", "b"}},
		{"caller waits", "Error: x\n    at a (/srv/x.js:1:1)\n    at async b (/srv/x.js:1:11)", []string{"a", "async b"}},
		{"caller waits, no name", "Error: x\n    at a (/srv/x.js:1:1)\n    at async /srv/x.js:1:11", []string{"a", ""}},
		{"caller waits, Puppeteer", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (async /srv/x.js:1:11)", []string{"a", "b"}},
		{"callee waits", "Error: x\n    at async a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:11)", []string{"async a", "b"}},
		{"Firefox waits", "a@/srv/x.js:1:1\nasync*b@/srv/x.js:1:11\n", []string{"a", "async*b"}},
		{"native between", "Error: x\n    at a (/srv/x.js:1:1)\n    at Array.map (<anonymous>)\n    at b (/srv/x.js:1:11)", []string{"a", "Array.map", "b"}},
		{"frame that is not mapped", "Error: x\n    at a (/srv/y.js:1:1)\n    at b (/srv/x.js:1:11)", []string{"a", "b"}},
		{"caller that is not mapped", "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/y.js:1:11)", []string{"a", "b"}},
		{"another stack", "Error: x\n    at a (/srv/x.js:1:1)\nCaused by: Error: y\n    at b (/srv/x.js:1:11)", []string{"a", "b"}},
		{"another stack, blank line", "Error: x\n    at a (/srv/x.js:1:1)\n\n    at b (/srv/x.js:1:11)", []string{"a", "b"}},
		{"frame of an unknown form between", "Error: x\n    at a (/srv/x.js:1:1)\n    at something unheard of\n    at b (/srv/x.js:1:11)", []string{"a", "b"}},
		{"in evaluated code", "Error: x\n    at a (eval at c (/srv/x.js:1:1), <anonymous>:1:1)\n    at eval (eval at c (/srv/x.js:1:11), <anonymous>:2:1)", []string{"a", "eval"}},
		{"constructor", "Error: x\n    at new a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:11)", []string{"new a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stack := symbolicate.ParseStack(c.text)
			var got []string
			for _, f := range trace(t, s, c.text).Frames {
				name := f.Function
				if f.NameSource == symbolicate.NameCaller {
					name += " caller"
				} else {
					assert.Equal(t, symbolicate.NamePrinted, f.NameSource)
				}
				got = append(got, name)
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, symbolicate.ParseStack(c.text), stack, "the stack given is not changed")
		})
	}
}

// A mapped frame is written as its engine does, with what the engine says about waiting.
func TestMappedText(t *testing.T) {
	s := namedMap(t)
	for before, after := range map[string]string{
		"Error: x\n    at a (/srv/x.js:1:1)\n\tat b (/srv/x.js:1:11)\n": "Error: x\n    at load (a.ts:1:1)\n\tat b (a.ts:2:1)\n",
		"Error: x\r\n    at /srv/x.js:1:11\r\n":                         "Error: x\r\n    at a.ts:2:1\r\n",
		"    at async /srv/x.js:1:11":                                   "    at async a.ts:2:1",
		"    at async b (/srv/x.js:1:11) {\n  code: 1\n}":               "    at async b (a.ts:2:1) {\n  code: 1\n}",
		"    at b (async /srv/x.js:1:11),":                              "    at b (async a.ts:2:1),",
		"b@/srv/x.js:1:11\n@/srv/x.js:1:51":                             "b@a.ts:2:1\n@a.ts:6:1",
		"  async*b@/srv/x.js:1:11  ":                                    "  async*b@a.ts:2:1  ",
		"\u00a0at b (/srv/x.js:1:11)":                                   "\u00a0at b (a.ts:2:1)",
		"    at Array.map (<anonymous>)\n    at b (/srv/y.js:1:11)":     "    at Array.map (<anonymous>)\n    at b (/srv/y.js:1:11)",
	} {
		assert.Equal(t, after, trace(t, s, before).String())
	}
}

// The other way, a second symbolication starts from what was printed, so it does no harm.
func TestSymbolicateTwice(t *testing.T) {
	s := namedMap(t)
	once := trace(t, s, "Error: x\n    at a (/srv/x.js:1:1)\n    at b (/srv/x.js:1:11)\n    at c (/srv/y.js:1:11)")
	twice, err := s.Symbolicate(t.Context(), once)
	require.NoError(t, err)
	assert.Equal(t, once, twice)
	for i, f := range twice.Frames {
		require.NotNil(t, f.Minified, fmt.Sprint(i))
		assert.Nil(t, f.Minified.Minified)
	}
}
