package scope_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/scope"
)

const peers = "../../bench/peers/node"

// An item is a text that another parser is asked for.
type item struct {
	Path     string `json:"path,omitempty"`
	Text     string `json:"text,omitempty"`
	Language string `json:"language"` // js, jsx, ts, tsx
	Module   bool   `json:"module,omitempty"`
}

var languageNames = map[string]scope.Language{"js": scope.JavaScript, "jsx": scope.JSX, "ts": scope.TypeScript, "tsx": scope.TSX}

// A found function as the other parser tells it; kind and name only from typescript.
type found struct {
	start, end int
	kind, name string
}

func (f *found) UnmarshalJSON(text []byte) error {
	fields := []any{&f.start, &f.end, &f.kind, &f.name}
	return json.Unmarshal(text, &fields)
}

// ask returns the functions of the texts by the parser, acorn or typescript; nil of a text that it refuses.
func ask(t *testing.T, parser string, items []item) [][]found {
	t.Helper()
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(filepath.Join(peers, "node_modules", parser))
	if nodeErr != nil || modulesErr != nil {
		t.Skipf("skipped: %s (needs node and npm ci in bench/peers/node)", parser)
	}
	input, err := json.Marshal(items)
	require.NoError(t, err)
	cmd := exec.Command("node", "--max-old-space-size=4000", "--stack-size=4000", peers+"/functions.mjs", parser)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", &stderr)
	var answers [][]found
	require.NoError(t, json.Unmarshal(out, &answers))
	require.Len(t, answers, len(items))
	return answers
}

// kindNames are the kinds as functions-typescript.mjs calls them.
var kindNames = map[scope.Kind]string{
	scope.Function: "function", scope.Arrow: "arrow", scope.Method: "method", scope.Getter: "getter", scope.Setter: "setter",
	scope.Constructor: "constructor", scope.Field: "field", scope.StaticBlock: "static block",
}

// differences tells where the scanner and the other parser don't agree on a text; by acorn's answers without kinds and names.
func differences(text string, language scope.Language, want []found) (list []string) {
	s := scope.Scan(text, language)
	left := map[found]int{}
	named := false
	for _, f := range want {
		left[f]++
		named = named || f.kind != ""
	}
	for i := range s.Len() {
		f := s.Func(i)
		got := found{start: int(f.Start), end: int(f.End)}
		if named {
			got.kind, got.name = kindNames[f.Kind], s.Name(i)
			if f.Kind == scope.StaticBlock && text[f.Start] != '{' {
				got.kind = "field"
			}
		} else if f.Kind == scope.Field || f.Kind == scope.StaticBlock {
			continue // no functions in acorn's tree
		}
		if left[got] == 0 {
			list = append(list, fmt.Sprintf("found %d–%d %s %q: %.60q", got.start, got.end, got.kind, got.name, text[got.start:got.end]))
			continue
		}
		left[got]--
	}
	for f, n := range left {
		if n > 0 {
			list = append(list, fmt.Sprintf("not found %d–%d %s %q: %.60q", f.start, f.end, f.kind, f.name, text[f.start:f.end]))
		}
	}
	return list
}

// TestAgainstAcorn compares where functions start and end with what acorn finds in the corpus.
func TestAgainstAcorn(t *testing.T) {
	scripts, _ := filepath.Glob("../../.cache/corpus/*/*.*js")
	own, _ := filepath.Glob("../../testdata/shop/dist/*/*.js")
	if len(scripts) == 0 {
		t.Log("skipped: corpus (run make corpus)")
	}
	var items []item
	for _, path := range append(scripts, own...) {
		const large = 3 << 20
		if info, err := os.Stat(path); err == nil && info.Size() > large && os.Getenv("SYMBOLICATE_SOAK") == "" {
			continue
		}
		if strings.Contains(path, "mermaid-indexed") {
			continue // modules put behind one another: acorn refuses names exported twice
		}
		items = append(items, item{Path: path, Language: "js", Module: strings.HasSuffix(path, ".mjs")})
	}
	total := 0
	for i, want := range ask(t, "acorn", items) {
		t.Run(filepath.Base(items[i].Path), func(t *testing.T) {
			require.NotNil(t, want, "acorn reads it")
			text, err := os.ReadFile(items[i].Path)
			require.NoError(t, err)
			_, whole := scope.Trailing(string(text), items[i].Module)
			require.True(t, whole, "acorn reads it to its end")
			for _, language := range []scope.Language{scope.JavaScript, scope.JSX} {
				require.Empty(t, differences(string(text), language, want))
			}
			total += len(want)
		})
	}
	assert.Positive(t, total)
	t.Logf("%d functions", total)
}

// TestAgainstTypeScript compares functions, kinds and names with what typescript finds in the sources of the corpus' maps.
func TestAgainstTypeScript(t *testing.T) {
	maps := []string{"mapbox-gl/mapbox-gl.js", "antd/antd.min.js", "babel-standalone/babel.js"}
	if os.Getenv("SYMBOLICATE_SOAK") != "" {
		maps = append(maps, "babylonjs/babylon.js", "mermaid-indexed/mermaid-indexed.mjs", "pdf.worker/pdf.worker.mjs", "tfjs/tf.min.js", "bootstrap/bootstrap.bundle.min.js", "big/big.js")
	}
	var items []item
	for _, path := range maps {
		for _, s := range sourcesOf(t, "../../.cache/corpus/"+path+".map") {
			for _, text := range s.texts {
				items = append(items, item{Text: text, Language: s.language})
			}
		}
	}
	if len(items) == 0 {
		t.Skip("skipped: corpus (run make corpus)")
	}
	total, refused, bad := 0, 0, 0
	for i, want := range ask(t, "typescript", items) {
		if want == nil {
			refused++
			continue
		}
		total += len(want)
		for _, d := range differences(items[i].Text, languageNames[items[i].Language], want) {
			if bad++; bad < 20 {
				t.Errorf("%.40q as %s: %s", items[i].Text, items[i].Language, d)
			}
		}
	}
	t.Logf("%d functions in %d texts, %d differences; %d texts refused by typescript", total, len(items)-refused, bad, refused)
	assert.Less(t, refused, len(items)/50)
}
