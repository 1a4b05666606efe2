package symbolicate_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

func Example() {
	s, err := symbolicate.New(symbolicate.WithPaths("../testdata/shop/dist/esbuild-names"))
	if err != nil {
		panic(err)
	}
	defer s.Close()
	stack, _ := s.Symbolicate(context.Background(), symbolicate.ParseStack(`Error: no
    at $ (https://shop.example/static/esbuild-names/shop.min.js:1:2684)
    at $ (https://shop.example/static/esbuild-names/other.js:1:2684)`))
	for _, f := range stack.Frames {
		fmt.Printf("%s:%d:%d %q\n", f.File, f.Line, f.Column, f.Reason)
	}
	fmt.Print(stack)
	// Output:
	// ../../src/settings.ts:19:56 ""
	// https://shop.example/static/esbuild-names/other.js:1:2684 "no_map"
	// Error: no
	//     at language (../../src/settings.ts:19:56)
	//     at $ (https://shop.example/static/esbuild-names/other.js:1:2684)
}

// README shows the example above as it is.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(example), "func Example() {\n")
	body, _, _ = strings.Cut(body, "}\n\n//")
	body = strings.ReplaceAll("\n"+body, "\n\t", "\n")
	require.True(t, strings.Contains(string(readme), "```go"+body+"```"), "README lacks the example as it is:%s", body)
}
