package scope_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// TestAgainstTypeScript compares functions and their names with what testdata/names makes of TypeScript's syntax tree, in the sources
// of the packages that are tuned on.
func TestAgainstTypeScript(t *testing.T) {
	const names, cache = "../../testdata/names", "../../.cache/names"
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(cache + "/npm/node_modules/typescript")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: typescript (needs node, run make names)")
	}
	data, err := os.ReadFile(names + "/packages.json")
	require.NoError(t, err)
	var packages struct{ Tuned []struct{ ID string } }
	require.NoError(t, json.Unmarshal(data, &packages))
	var paths []string
	for _, one := range packages.Tuned {
		require.NoError(t, filepath.WalkDir(filepath.Join(cache, "sources", one.ID), func(path string, d fs.DirEntry, err error) error {
			if _, ok := scope.LanguageOf(path); err == nil && ok && d.Type().IsRegular() && !strings.Contains(d.Name(), ".d.") && strings.Contains(d.Name(), ".") {
				paths = append(paths, path)
			}
			return err
		}))
	}
	cmd := exec.Command("node", names+"/list.mjs")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	out, err := cmd.Output()
	require.NoError(t, err)
	files, total := 0, 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); files++ {
		var file struct {
			Path      string
			Functions [][3]any // start, end, name
		}
		require.NoError(t, decoder.Decode(&file))
		text, err := os.ReadFile(file.Path)
		require.NoError(t, err)
		var want, got []string
		for _, f := range file.Functions {
			want = append(want, fmt.Sprintf("%v-%v %s", f[0], f[1], f[2]))
		}
		language, _ := scope.LanguageOf(file.Path)
		s := scope.Scan(string(text), language)
		for i := range s.Len() {
			f := s.Func(i)
			got = append(got, fmt.Sprintf("%d-%d %s", f.Start, f.End, s.Name(i)))
		}
		assert.Equal(t, want, got, file.Path)
		total += len(want)
	}
	assert.Greater(t, files, len(paths)*9/10, "files that TypeScript can read")
	assert.Positive(t, total)
	t.Logf("%d functions of %d files", total, files)
}
