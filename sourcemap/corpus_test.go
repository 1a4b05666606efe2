package sourcemap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// corpusMap is an entry of the manifest that bench/corpus.mjs writes.
type corpusMap struct{ ID, Map string }

// corpus returns the maps of `make corpus`, or skips the test.
func corpus(t *testing.T) (maps []corpusMap) {
	t.Helper()
	folder := os.Getenv("SYMBOLICATE_CORPUS")
	if folder == "" {
		folder = "../.cache/corpus"
	}
	manifest, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if os.IsNotExist(err) {
		t.Skip("skipped: corpus (run make corpus)")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(manifest, &maps))
	require.GreaterOrEqual(t, len(maps), 9)
	for i := range maps {
		maps[i].Map = filepath.Join(folder, maps[i].Map)
	}
	return maps
}

// traceMapping returns what @jridgewell/trace-mapping answers, see bench/peers/node/lookup.mjs.
func traceMapping(t *testing.T, path string, positions []sourcemap.Position, flags []string) (answers []json.RawMessage) {
	t.Helper()
	var in bytes.Buffer
	for _, p := range positions {
		fmt.Fprintf(&in, "[%d,%d]\n", p.Line, p.Column)
	}
	command := exec.Command("node", append([]string{"../bench/peers/node/lookup.mjs", "trace-mapping", path}, flags...)...)
	command.Stdin = &in
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	require.NoError(t, err, errs.String())
	require.NoError(t, json.Unmarshal(out, &answers))
	return answers
}
