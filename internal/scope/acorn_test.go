package scope_test

import (
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

// TestAgainstAcorn compares where functions start and end with what acorn finds in the corpus.
func TestAgainstAcorn(t *testing.T) {
	const peers = "../../bench/peers/node"
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(peers + "/node_modules/acorn")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: acorn (needs node and npm ci in bench/peers/node)")
	}
	scripts, _ := filepath.Glob("../../.cache/corpus/*/*.*js")
	own, _ := filepath.Glob("../../testdata/shop/dist/*/*.js")
	if len(scripts) == 0 {
		t.Log("skipped: corpus (run make corpus)")
	}
	total := 0
	for _, path := range append(scripts, own...) {
		const large = 3 << 20
		if info, err := os.Stat(path); err == nil && info.Size() > large && os.Getenv("SYMBOLICATE_SOAK") == "" {
			continue
		}
		if strings.Contains(path, "mermaid-indexed") {
			continue // modules put behind one another: acorn refuses names exported twice
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			args := []string{"--max-old-space-size=4000", peers + "/functions.mjs", path}
			if strings.HasSuffix(path, ".mjs") {
				args = append(args, "module")
			}
			out, err := exec.Command("node", args...).Output()
			require.NoError(t, err)
			_, whole := scope.Trailing(string(text), strings.HasSuffix(path, ".mjs"))
			require.True(t, whole, "acorn reads it to its end")
			want := map[string]bool{}
			for _, line := range strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "-")) {
				want[line] = true
			}
			for _, language := range []scope.Language{scope.JavaScript, scope.JSX} {
				s := scope.Scan(string(text), language)
				got := 0
				for i := range s.Len() {
					f := s.Func(i)
					if f.Kind == scope.Field || f.Kind == scope.StaticBlock {
						continue // no functions in a syntax tree
					}
					got++
					if !want[fmt.Sprintf("%d-%d", f.Start, f.End)] {
						t.Fatalf("acorn has no function from %d to %d: %.60q", f.Start, f.End, text[f.Start:f.End])
					}
				}
				require.Equal(t, len(want), got)
			}
			total += len(want)
		})
	}
	assert.Positive(t, total)
	t.Logf("%d functions", total)
}
