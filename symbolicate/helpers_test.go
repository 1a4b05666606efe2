package symbolicate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// segment is one mapping for encode: positions 0-based, source and name -1 for none.
type segment struct {
	line, column         int // generated
	source               int
	origLine, origColumn int
	name                 int
}

// encode writes the mappings string of segments in order.
func encode(segments []segment) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var b strings.Builder
	vlq := func(n int) {
		u := n << 1
		if n < 0 {
			u = -n<<1 | 1
		}
		for ; u > 31; u >>= 5 {
			b.WriteByte(digits[u&31|32])
		}
		b.WriteByte(digits[u])
	}
	var last segment
	first := true
	for _, s := range segments {
		for ; last.line < s.line; last.line++ {
			b.WriteByte(';')
			last.column, first = 0, true
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		vlq(s.column - last.column)
		last.column = s.column
		if s.source < 0 {
			continue
		}
		vlq(s.source - last.source)
		vlq(s.origLine - last.origLine)
		vlq(s.origColumn - last.origColumn)
		last.source, last.origLine, last.origColumn = s.source, s.origLine, s.origColumn
		if s.name >= 0 {
			vlq(s.name - last.name)
			last.name = s.name
		}
	}
	return b.String()
}

// mapFile is a source map to be written as JSON.
type mapFile struct {
	Version  int       `json:"version"`
	File     string    `json:"file,omitempty"`
	DebugID  string    `json:"debugId,omitempty"`
	Root     string    `json:"sourceRoot,omitempty"`
	Sources  []any     `json:"sources"`
	Contents []*string `json:"sourcesContent,omitempty"`
	Names    []string  `json:"names"`
	Mappings string    `json:"mappings"`
	Ignore   []int     `json:"ignoreList,omitempty"`
}

func (m mapFile) bytes() []byte {
	m.Version = 3
	if m.Names == nil {
		m.Names = []string{}
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

// oneSource is a map of one source with a text whose line 3, column 5 (1-based) stands at line 1, column
// 11 of the generated file. Before it the line has no mapping.
func oneSource(source, text string) mapFile {
	return mapFile{
		Sources: []any{source}, Contents: []*string{&text},
		Mappings: encode([]segment{{0, 10, 0, 2, 4, -1}}),
	}
}

// place11 is the position at which oneSource has its mapping, as a frame of V8 has it.
const place11 = ":1:11"

// threeLines is a function f, whose third line is that of place11.
const threeLines = "function f() { // line one\nline two\nline three\n} // line four"

// write makes a tree of files in a temporary folder.
func write(t testing.TB, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return root
}

func open(t testing.TB, options ...symbolicate.Option) *symbolicate.Symbolicator {
	t.Helper()
	s, err := symbolicate.New(options...)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// trace symbolicates a text.
func trace(t testing.TB, s *symbolicate.Symbolicator, text string) symbolicate.Stack {
	t.Helper()
	out, err := s.Symbolicate(t.Context(), symbolicate.ParseStack(text))
	require.NoError(t, err)
	return out
}

// frameAt symbolicates one frame of V8 at the place "file:line:column".
func frameAt(t testing.TB, s *symbolicate.Symbolicator, place string) symbolicate.Frame {
	t.Helper()
	out := trace(t, s, "Error: x\n    at f ("+place+")")
	require.Len(t, out.Frames, 1)
	return out.Frames[0]
}

// counts are the Stats without the bytes, which depend on how maps are stored.
func counts(s *symbolicate.Symbolicator) symbolicate.Stats {
	stats := s.Stats()
	stats.Bytes = 0
	return stats
}
