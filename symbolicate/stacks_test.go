package symbolicate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// stackDifferences are the cases in which this package answers otherwise on purpose.
var stackDifferences = map[string]string{
	"st016-chrome":  "a URL of more than 1,024 characters keeps its line and column",
	"st018-chrome":  "a data: URL stays a file with its line and column, it is not made a name without them",
	"st036-opera":   "Opera 11's form (two lines a frame, 2010) is not read",
	"st057-opera":   "Opera 9's form (two lines a frame, 2006) is not read",
	"st066-edge":    "the name of evaluated code stays \"eval code\", as printed",
	"st084-v8-like": "a frame whose line has more than 1,024 characters is kept",
}

type stackCase struct {
	ID, Stack string
	Expect    []stackFrame
}

type stackFrame struct {
	Function, File *string
	Line, Column   *int
}

// in writes a frame in the convention of the cases: null for what is not given. Names that stand for no
// file ("native code", "<anonymous>", "eval code") are null on both sides: here Kind says it.
func in(f symbolicate.Frame) (out stackFrame) {
	if f.Function != "" {
		out.Function = &f.Function
	}
	if f.File != "" {
		out.File = &f.File
	}
	if f.Line > 0 {
		out.Line = &f.Line
	}
	if f.Column > 0 {
		out.Column = &f.Column
	}
	return out
}

func TestStacksOfOthers(t *testing.T) {
	tc39 := os.Getenv("SOURCE_MAP_TESTS")
	if tc39 == "" {
		tc39 = filepath.Join("..", "..", "shared", "conformance", "tc39")
	}
	data, err := os.ReadFile(filepath.Join(tc39, "..", "extra", "stacks.json"))
	if err != nil {
		t.Skip("skipped: stack traces (set SOURCE_MAP_TESTS)")
	}
	var cases []stackCase
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	known := map[string]bool{}
	for _, c := range cases {
		known[c.ID] = true
		t.Run(c.ID, func(t *testing.T) {
			stack := symbolicate.ParseStack(c.Stack)
			assert.Equal(t, c.Stack, stack.String())
			var got []stackFrame
			for _, f := range stack.Frames {
				got = append(got, in(f))
			}
			want := append([]stackFrame(nil), c.Expect...)
			for i := range want {
				if file := want[i].File; file != nil {
					switch *file {
					case "native code", "[native code]", "<anonymous>", "eval code":
						want[i].File = nil
					}
				}
			}
			reason, differs := stackDifferences[c.ID]
			if differs {
				assert.NotEqual(t, want, got, "it does not differ any more: %s", reason)
				return
			}
			assert.Equal(t, want, got)
		})
	}
	for id := range stackDifferences {
		assert.True(t, known[id], id)
	}
}
