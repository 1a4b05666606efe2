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

// The shop's crashes, see testdata/shop/README.md. The table comes from markers in the sources, not from
// a source-map engine.

type shopFrame struct {
	File            string
	Line, Column    int // 1-based
	Code            string
	Function        string // its true name, minified by whichever tool, with names in the map and without
	Native, Outside bool
}

type shopCase struct {
	Build, Engine, Scenario, Trace, Message string
	Frames                                  []shopFrame
}

// says tells how a symbolicated frame differs from the table, "" for not at all.
func (want shopFrame) says(got symbolicate.Frame) string {
	switch {
	case want.Native:
		if got.Kind != symbolicate.KindNative || got.Reason != symbolicate.ReasonNative {
			return "is no native frame"
		}
		return ""
	case want.Outside:
		if got.Mapped || got.Reason != symbolicate.ReasonNative || got.InApp {
			return "is no frame of Node.js itself"
		}
		return ""
	case !got.Mapped:
		return "is not mapped: " + string(got.Reason) + ": " + got.Detail
	}
	file := got.File
	for strings.HasPrefix(file, "../") { // the table leaves them out
		file = file[len("../"):]
	}
	switch {
	case file != want.File:
		return "has the file " + got.File
	case got.Line != want.Line || got.Column != want.Column:
		return "has another place"
	case got.Context == nil:
		return "has no code: " + got.Detail
	case got.Context.Line != want.Code:
		return "has other code: " + got.Context.Line
	case strings.TrimPrefix(got.Function, "async ") != want.Function || got.NameSource != symbolicate.NameOriginal:
		return "has another function: " + got.Function + ", by " + string(got.NameSource)
	}
	return ""
}

func TestShop(t *testing.T) {
	root := filepath.Join("..", "testdata", "shop")
	data, err := os.ReadFile(filepath.Join(root, "expected.json"))
	require.NoError(t, err)
	var table struct{ Cases []shopCase }
	require.NoError(t, json.Unmarshal(data, &table))
	require.Greater(t, len(table.Cases), 100)

	builds := map[string]*symbolicate.Symbolicator{}
	for _, c := range table.Cases {
		if builds[c.Build] == nil {
			builds[c.Build] = open(t, symbolicate.WithPaths(filepath.Join(root, "dist", c.Build)))
		}
		t.Run(c.Build+"/"+c.Engine+"-"+c.Scenario, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.Trace)))
			require.NoError(t, err)
			parsed := symbolicate.ParseStack(string(text))
			assert.Equal(t, string(text), parsed.String())
			if c.Engine != "firefox" {
				assert.Equal(t, c.Message, parsed.Message)
			}
			require.Len(t, parsed.Frames, len(c.Frames))

			differences := func(shift int) (list []string) {
				moved := parsed
				moved.Frames = append([]symbolicate.Frame(nil), parsed.Frames...)
				for i := range moved.Frames {
					if moved.Frames[i].Column > 0 {
						moved.Frames[i].Column += shift
					}
				}
				out, err := builds[c.Build].Symbolicate(t.Context(), moved)
				require.NoError(t, err)
				for i, want := range c.Frames {
					got := out.Frames[i]
					if what := want.says(got); what != "" {
						list = append(list, got.Raw+" → "+got.String()+" "+what)
					}
					assert.NotEmpty(t, got.NameSource)
				}
				return list
			}
			assert.Empty(t, differences(0))
			// Columns that are one off must show: the usual mistake.
			assert.NotEmpty(t, differences(+1), "one column further")
			assert.NotEmpty(t, differences(-1), "one column before")
		})
	}
	for build, s := range builds {
		assert.Equal(t, symbolicate.Stats{Parses: counts(s).Parses}, counts(s), "%s: maps are found by name", build)
	}
}

// A symbolicated trace is text again, line by line, and can be symbolicated from what was printed.
func TestShopText(t *testing.T) {
	root := filepath.Join("..", "testdata", "shop")
	s := open(t, symbolicate.WithPaths(filepath.Join(root, "dist", "esbuild-names")))
	text, err := os.ReadFile(filepath.Join(root, "traces", "esbuild-names", "node-payment-uncaught.txt"))
	require.NoError(t, err)
	out := trace(t, s, string(text))
	before, after := strings.Split(string(text), "\n"), strings.Split(out.String(), "\n")
	require.Equal(t, len(before), len(after))
	mapped := 0
	for i := range before {
		if before[i] == after[i] {
			continue
		}
		mapped++
		assert.Contains(t, after[i], "src/")
		assert.Equal(t, strings.HasSuffix(before[i], " {"), strings.HasSuffix(after[i], " {"), after[i])
		assert.Equal(t, strings.Contains(before[i], "at async "), strings.Contains(after[i], "at async "), after[i])
		indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
		assert.Equal(t, indent(before[i]), indent(after[i]))
	}
	assert.Equal(t, 13, mapped)
	again, err := s.Symbolicate(t.Context(), out)
	require.NoError(t, err)
	assert.Equal(t, out, again)
}
