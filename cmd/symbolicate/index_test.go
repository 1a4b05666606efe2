package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestIndexOneMap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.index")
	code, out, errs := command(t, "", "index", bootMap, "-o", path)
	require.Equal(t, exitMapped, code, errs)
	assert.Regexp(t, `shop\.index: [\d,]+ bytes, \d+ % of the map, 1,151 mappings\n`, out)

	// lookup answers the same from the index.
	_, fromMap, _ := command(t, "", "lookup", bootMap, "1:2684")
	_, fromIndex, _ := command(t, "", "lookup", path, "1:2684")
	assert.Equal(t, fromMap, fromIndex)
	assert.Contains(t, fromIndex, "settings.ts:19:56")

	code, out, _ = command(t, "", "index", "--verify", path)
	assert.Equal(t, exitMapped, code)
	assert.Contains(t, out, "whole")

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[len(data)/2] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	code, _, errs = command(t, "", "index", "--verify", path)
	assert.Equal(t, exitBadInput, code)
	assert.Contains(t, errs, "damaged")
}

func TestIndexArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "release.symarc")
	code, out, errs := command(t, "", "index", shop+"/dist", "-o", path)
	require.Equal(t, exitMapped, code, errs)
	assert.Regexp(t, `release\.symarc: 4 maps, [\d,]+ mappings added`, out)
	_, out, _ = command(t, "", "index", "--list", path)
	assert.Equal(t, "esbuild-names/shop.min.js\nesbuild-nonames/shop.min.js\nterser-names/shop.min.js\nterser-nonames/shop.min.js\n", out)

	// A trace is symbolicated from the archive as from the folder.
	_, fromFolder, _ := command(t, "", "stack", boot, "--maps", shop+"/dist")
	_, fromArchive, _ := command(t, "", "stack", boot, "--maps", path)
	assert.Equal(t, fromFolder, fromArchive)

	// Added again, the old ones are replaced; compact gives their space back.
	before := size(t, path)
	code, _, _ = command(t, "", "index", shop+"/dist", "-o", path)
	require.Equal(t, exitMapped, code)
	assert.Greater(t, size(t, path), before*3/2)
	code, _, _ = command(t, "", "index", "--compact", path)
	require.Equal(t, exitMapped, code)
	assert.InDelta(t, before, size(t, path), 100)
	a, err := sourcemap.OpenArchive(path)
	require.NoError(t, err)
	defer a.Close()
	require.NoError(t, a.Verify())
	assert.Equal(t, 4, a.Len())
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}

// TestIndexLeavesBrokenMapsOut: the good ones are kept, the others named, and the exit code says so.
func TestIndexLeavesBrokenMapsOut(t *testing.T) {
	folder := t.TempDir()
	data, err := os.ReadFile(bootMap)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "good.js.map"), data, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "page.js.map"), []byte("<!doctype html>"), 0o600))
	path := filepath.Join(t.TempDir(), "a.symarc")
	code, out, errs := command(t, "", "index", folder, "-o", path)
	assert.Equal(t, exitNotMapped, code)
	assert.Contains(t, out, "1 maps")
	assert.Contains(t, errs, "left out:")
	assert.Contains(t, errs, "page.js.map")

	require.NoError(t, os.Remove(filepath.Join(folder, "good.js.map")))
	other := filepath.Join(t.TempDir(), "b.symarc")
	code, _, _ = command(t, "", "index", folder, "-o", other)
	assert.Equal(t, exitBadInput, code)
	assert.NoFileExists(t, other)
}

func TestIndexUsage(t *testing.T) {
	for _, args := range [][]string{
		{"index"}, {"index", bootMap}, {"index", "-o", "x"}, {"index", "nowhere.map", "-o", filepath.Join(t.TempDir(), "x")},
		{"index", t.TempDir(), "-o", "x"}, {"index", "--list"}, {"index", "--list", bootMap}, {"index", "--compact", bootMap}, {"index", "--verify", "nowhere"},
		{"bench"}, {"bench", "nowhere.map"}, {"bench", bootMap, "-n", "0"},
	} {
		code, _, errs := command(t, "", args...)
		assert.Equal(t, exitBadInput, code, "%v", args)
		assert.NotEmpty(t, errs, "%v", args)
	}
}

// TestNoMap: each command says in one line which file is no map, and why.
func TestNoMap(t *testing.T) {
	for name, text := range map[string]string{"page.map": "<!doctype html>", "empty.map": "", "cut.map": `{"version":3,"sources":["a`, "cut.symidx": "\x89symidx\n"} {
		path := write(t, name, text)
		for _, args := range [][]string{{"lookup", path, "1:1"}, {"index", path, "-o", path + ".out"}, {"bench", path}} {
			code, out, errs := command(t, "", args...)
			assert.Equal(t, exitBadInput, code, "%v", args)
			assert.Empty(t, out)
			assert.Contains(t, errs, name)
			assert.Equal(t, 1, strings.Count(errs, "\n"), errs)
			assert.NoFileExists(t, path+".out")
		}
	}
}

func TestBench(t *testing.T) {
	code, out, errs := command(t, "", "bench", bootMap, "-n", "1")
	require.Equal(t, exitMapped, code, errs)
	for _, row := range []string{"floor", "ready for lookup", "in order", "at random", "save", "open it", "in memory"} {
		assert.Equal(t, 1, min(1, strings.Count(out, row)), "%s in %s", row, out)
	}
}

// TestIndexFunctions: frames have their names from an index without source texts, those of the sources and those of the generated code.
func TestIndexFunctions(t *testing.T) {
	const code = dist + "/shop.min.js"
	text, err := os.ReadFile(bootMap)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	delete(fields, "sourcesContent")
	bare, err := json.Marshal(fields)
	require.NoError(t, err)
	bareMap := write(t, "shop.min.js.map", string(bare))
	for _, c := range []struct {
		name   string
		args   []string
		source string // of the names
	}{
		{"of sources", []string{"--no-sources", bootMap}, "source"},
		{"of the code", []string{"--source", code, bareMap}, "names"},
		{"none", []string{"--no-sources", "--no-functions", bootMap}, "caller"},
		{"none, with the code", []string{"--no-functions", "--source", code, bareMap}, "caller"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shop.min.js.map")
			status, _, errs := command(t, "", append([]string{"index", "-o", path}, c.args...)...)
			require.Equal(t, exitMapped, status, errs)
			_, out, _ := command(t, "", "stack", "--json", boot, "--maps", path)
			var stack struct {
				Frames []struct {
					Function   *string
					NameSource string `json:"name_source"`
				}
			}
			require.NoError(t, json.Unmarshal([]byte(out), &stack))
			require.Len(t, stack.Frames, 5)
			assert.Equal(t, c.source, stack.Frames[3].NameSource)
			assert.Equal(t, "language", *stack.Frames[3].Function)
		})
	}
	path := filepath.Join(t.TempDir(), "bare.index")
	status, _, errs := command(t, "", "index", "--no-functions", bootMap, "-o", path)
	require.Equal(t, exitMapped, status, errs)
	assert.Empty(t, errs)
	_, _, errs = command(t, "", "index", path, "-o", path+".2")
	assert.Contains(t, errs, "a saved index, in which functions are no longer looked for")
	status, _, errs = command(t, "", "index", "--source", code, shop+"/dist", "-o", filepath.Join(t.TempDir(), "x"))
	assert.Equal(t, exitBadInput, status)
	assert.Contains(t, errs, "--source is for one map")
	status, _, errs = command(t, "", "index", "--source", code+".none", bootMap, "-o", filepath.Join(t.TempDir(), "x"))
	assert.Equal(t, exitBadInput, status)
	assert.Contains(t, errs, "no such file")
}

// TestIndexFindsCode: of maps in a folder the generated files that lie beside them are read.
func TestIndexFindsCode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "release.symarc")
	status, _, errs := command(t, "", "index", shop+"/dist", "-o", path)
	require.Equal(t, exitMapped, status, errs)
	a, err := sourcemap.OpenArchive(path)
	require.NoError(t, err)
	defer a.Close()
	m, found, err := a.Get(sourcemap.Key{URL: "terser-names/shop.min.js"})
	require.NoError(t, err)
	require.True(t, found)
	f, ok := m.FunctionIn(nil, sourcemap.Position{Column: 600})
	assert.True(t, ok)
	assert.Equal(t, "Cart._add", f.Name)

	// A map whose name does not say that it is one is not its own code.
	data, err := os.ReadFile(bootMap)
	require.NoError(t, err)
	one, two := write(t, "one.js", string(data)), write(t, "two.js", string(data))
	status, _, errs = command(t, "", "index", one, two, "-o", path)
	require.Equal(t, exitMapped, status, errs)
	require.NoError(t, a.Reload())
	m, found, err = a.Get(sourcemap.Key{URL: "two.js"})
	require.NoError(t, err)
	require.True(t, found)
	_, ok = m.FunctionIn(nil, sourcemap.Position{Column: 600})
	assert.False(t, ok)
}
