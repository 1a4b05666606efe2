package sourcemap_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The examples of docs/WRITING.md. What stands there stands here, see TestWritingGuide.

func ExampleBuilder() {
	b := sourcemap.Builder{File: "greet.min.js"}
	source := b.AddSource("greet.ts")
	name := b.AddName("greet")
	err := b.Add(sourcemap.Mapping{
		Generated: sourcemap.Position{Line: 0, Column: 9},
		Source:    source,
		Original:  sourcemap.Position{Line: 4, Column: 16},
		Name:      name,
	})
	if err != nil {
		panic(err)
	}
	m, err := b.Map()
	if err != nil {
		panic(err)
	}
	if err := m.Encode(os.Stdout, nil); err != nil {
		panic(err)
	}
	// Output: {"version":3,"file":"greet.min.js","sources":["greet.ts"],"names":["greet"],"mappings":"SAIgBA"}
}

func ExampleCompose() {
	outer, err := sourcemap.Open("../testdata/chain/out/shop.min.js.map", nil)
	if err != nil {
		panic(err)
	}
	m, err := sourcemap.Compose(outer, func(url string) (*sourcemap.Map, error) {
		m, err := sourcemap.Open(filepath.Join("../testdata/chain", path.Clean("/"+url)+".map"), nil)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // an original
		}
		return m, err
	}, nil)
	if err != nil {
		panic(err)
	}
	first, _ := outer.Source(0)
	last, _ := m.Source(0)
	fmt.Println(first.URL, "has become", last.URL)
	// Output: ../bundle.js has become ../src/texts.ts
}

func ExampleRewrite() {
	m, err := sourcemap.Parse([]byte(`{"version":3,"sources":["webpack:///./a.ts"],"names":[],"mappings":"AAAA;AACA"}`), nil)
	if err != nil {
		panic(err)
	}
	m, err = sourcemap.Rewrite(m, &sourcemap.RewriteOptions{
		Offset: sourcemap.Position{Line: 1}, // a banner of one line
		URL:    func(url string) string { return strings.TrimPrefix(url, "webpack:///./") },
		Text: func(s sourcemap.Source) (string, bool, error) {
			return "text of " + s.URL, true, nil
		},
	})
	if err != nil {
		panic(err)
	}
	if err := m.Encode(os.Stdout, nil); err != nil {
		panic(err)
	}
	// Output: {"version":3,"sources":["a.ts"],"sourcesContent":["text of a.ts"],"names":[],"mappings":";AAAA;AACA"}
}

func ExampleRewrite_part() {
	m, err := sourcemap.Parse([]byte(`{"version":3,"sources":["a.ts","b.ts"],"names":[],"mappings":"AAAA,UCAA;AACA"}`), nil)
	if err != nil {
		panic(err)
	}
	m, err = sourcemap.Rewrite(m, &sourcemap.RewriteOptions{
		Part: &sourcemap.Span{From: sourcemap.Position{Line: 0, Column: 10}},
	})
	if err != nil {
		panic(err)
	}
	if err := m.Encode(os.Stdout, nil); err != nil {
		panic(err)
	}
	// Output: {"version":3,"sources":["b.ts"],"names":[],"mappings":"AAAA;AACA"}
}

func ExampleMap_GeneratedPositions() {
	m, err := sourcemap.Parse([]byte(`{"version":3,"sources":["a.ts"],"names":[],"mappings":"AAAA,IAIE;AAAA"}`), nil)
	if err != nil {
		panic(err)
	}
	line := sourcemap.Position{Line: 4, Column: sourcemap.AnyColumn}
	for _, mapping := range m.GeneratedPositions(0, line, sourcemap.Exact) {
		fmt.Println(mapping.Generated)
	}
	// Output:
	// {0 4}
	// {1 0}
}

// TestWritingGuide: the Go in docs/WRITING.md is that of the examples.
func TestWritingGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/WRITING.md")
	require.NoError(t, err)
	examples, err := os.ReadFile("writing_example_test.go")
	require.NoError(t, err)
	flat := func(text []byte) string {
		var lines []string
		for line := range bytes.Lines(text) {
			lines = append(lines, strings.TrimSpace(string(line)))
		}
		return strings.TrimSpace(strings.Join(lines, "\n"))
	}
	// Without what is done with errors, for a reader who knows.
	noErrors := regexp.MustCompile(`\nif err != nil \{\npanic\(err\)\n\}`)
	all := noErrors.ReplaceAllString(flat(examples), "")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(guide, -1)
	require.Len(t, blocks, 5)
	for _, block := range blocks {
		require.Contains(t, all, flat(block[1]))
	}
}
