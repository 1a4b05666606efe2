package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

const chain = "../../testdata/chain"

// folderOf writes files, by name, into a folder of their own.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return folder
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func oneMap(source string) string {
	return `{"version":3,"sources":["` + source + `"],"mappings":"AAAA"}`
}

const composed = `{"version":3,"sources":["src/a.ts"],"names":[],"mappings":"AAAA"}`

func TestComposeChain(t *testing.T) {
	out := filepath.Join(t.TempDir(), "all.map")
	code, stdout, errs := command(t, "", "compose", chain+"/out/shop.min.js.map", "--maps", chain, "-o", out)
	assert.Equal(t, exitMapped, code)
	assert.Empty(t, errs)
	assert.Equal(t, out+": 23,346 bytes, 1,114 mappings; 17 maps joined, 15 sources\n", stdout)
	m, err := sourcemap.Open(out, nil)
	require.NoError(t, err)
	s, _ := m.Source(0)
	assert.Equal(t, "../src/texts.ts", s.URL)

	// By name, one step; the rest is not looked for.
	code, stdout, errs = command(t, "", "compose", chain+"/out/shop.min.js.map", "../bundle.js="+chain+"/bundle.js.map", "-o", out, "--no-sources")
	assert.Equal(t, exitMapped, code)
	assert.Empty(t, errs)
	assert.Contains(t, stdout, "; 2 maps joined, 15 sources\n")
	m, err = sourcemap.Open(out, nil)
	require.NoError(t, err)
	s, _ = m.Source(0)
	assert.Equal(t, "../lib/texts.js", s.URL)
}

func TestCompose(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"out.js.map": oneMap("webpack:///./lib/a=b.js"), "lib/a=b.js.map": oneMap("../src/a.ts"),
		"x/lib/a=b.js.map": oneMap("wrong"), "by-name.map": oneMap("../src/c.ts"), "in-place.js.map": oneMap("in-place.js"), "bad.map": "{",
		"out-of.js.map": oneMap("../../../../etc/a.js"), "etc/a.js.map": oneMap("b.js"), "problem.map": `{"version":3,"sources":["a"],"mappings":"AAAA,D"}`,
	})
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, c := range []struct {
		name string
		args []string
		code int
		errs string // part of it; "" is nothing
		want string // part of what is written to standard output
	}{
		{"folder", []string{"out.js.map", "-m", folder}, exitMapped, "", `"sources":["webpack:///src/a.ts"]`},
		{"two folders", []string{"out.js.map", "-m", in("lib"), "-m", folder}, exitMapped, "", `"sources":["webpack:///src/a.ts"]`},
		{"by name", []string{"out.js.map", "webpack:///./lib/a=b.js=" + in("by-name.map"), "-m", folder}, exitMapped, "", `"sources":["webpack:///src/c.ts"]`},
		{"no folder", []string{"out.js.map"}, exitNotMapped, "no map was found for a source of ", `"sources":["webpack:///./lib/a=b.js"]`},
		{"a file that was worked on in place", []string{"in-place.js.map", "-m", folder}, exitNotMapped, "no map was found", `"sources":["in-place.js"]`},
		{"stays in the folder", []string{"out-of.js.map", "-m", folder}, exitMapped, "", `"sources":["../../../../etc/b.js"]`},
		{"useless", []string{"out.js.map", "-m", folder, "no.js=no.map"}, exitNotMapped, "no mapping leads to the source no.js", `"sources":["webpack:///src/a.ts"]`},
		{"problems are told", []string{"problem.map", "-m", folder}, exitNotMapped, "problem.map: column-range", `"mappings":"AAAA"`},
		{"broken outer", []string{"bad.map"}, exitBadInput, "bad.map: truncated JSON: expected a key (byte 1)", ""},
		{"broken inner", []string{"out.js.map", "webpack:///./lib/a=b.js=" + in("bad.map")}, exitBadInput, "compose: webpack:///./lib/a=b.js: ", ""},
		{"no map", []string{"none.map"}, exitBadInput, "no such file", ""},
		{"bad argument", []string{"out.js.map", "x"}, exitBadInput, `"x" is not SOURCE=MAP`, ""},
		{"bad argument", []string{"out.js.map", "=x"}, exitBadInput, `"=x" is not SOURCE=MAP`, ""},
		{"twice", []string{"out.js.map", "a=x", "a=y"}, exitBadInput, "the source a has two maps", ""},
		{"no such folder", []string{"out.js.map", "-m", in("none")}, exitBadInput, "no such file", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.args[0] = in(c.args[0])
			code, out, errs := command(t, "", append([]string{"compose", "-o", "-"}, c.args...)...)
			assert.Equal(t, c.code, code, errs)
			if c.errs == "" {
				assert.Empty(t, errs)
			}
			assert.Contains(t, errs, c.errs)
			assert.Contains(t, out, c.want)
			if code == exitBadInput {
				assert.Empty(t, out)
				assert.Equal(t, 1, strings.Count(errs, "\n"), errs)
			}
		})
	}
	code, _, errs := command(t, "", "compose", in("out.js.map"))
	assert.Equal(t, exitBadInput, code)
	assert.Contains(t, errs, "-o FILE")
}

// TestComposeReplaces: the file is the old one or the new one.
func TestComposeReplaces(t *testing.T) {
	folder := folderOf(t, map[string]string{"a.js.map": oneMap("b.js"), "b.js.map": oneMap("src/a.ts"), "circle/b.js.map": oneMap("c.js"), "circle/c.js.map": oneMap("b.js")})
	path := filepath.Join(folder, "a.js.map")
	code, _, errs := command(t, "", "compose", path, "-m", filepath.Join(folder, "circle"), "-o", path)
	assert.Equal(t, exitBadInput, code)
	assert.Equal(t, "symbolicate: compose: maps in a circle: b.js from c.js from b.js\n", errs)
	assert.Equal(t, oneMap("b.js"), read(t, path))

	interrupted, stop := context.WithCancel(context.Background())
	stop()
	var out, err bytes.Buffer
	assert.Equal(t, exitInterrupted, run(interrupted, []string{"compose", path, "-m", folder, "-o", path}, nil, &out, &err))
	assert.Equal(t, exitInterrupted, run(interrupted, []string{"rewrite", path, "-o", path}, nil, &out, &err))
	assert.Equal(t, oneMap("b.js"), read(t, path))

	code, _, errs = command(t, "", "compose", path, "-m", folder, "-o", path)
	assert.Equal(t, exitMapped, code, errs)
	assert.Equal(t, composed, read(t, path))
	info, statErr := os.Stat(path)
	require.NoError(t, statErr)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, statErr := os.ReadDir(folder)
	require.NoError(t, statErr)
	assert.Len(t, entries, 3, "no temporary file is left")

	code, _, errs = command(t, "", "compose", path, "-o", filepath.Join(folder, "none", "x.map"))
	assert.Equal(t, exitBadInput, code)
	assert.Contains(t, errs, "no such file")
}

func TestRewriteCommand(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"m.map":    `{"version":3,"sourceRoot":"webpack:///","sources":["./src/a.ts","./src/b.ts",null],"sourcesContent":["text of a"],"names":["n"],"mappings":"AAAAA,KCAA,KAAA;ADAA"}`,
		"src/b.ts": "text of b\n", "outside": "secret", "root/src/x": "",
	})
	require.NoError(t, os.Symlink("../outside", filepath.Join(folder, "root", "link")))
	in := func(name string) string { return filepath.Join(folder, name) }
	save := filepath.Join(t.TempDir(), "saved")
	m, err := sourcemap.Open(in("m.map"), nil)
	require.NoError(t, err)
	require.NoError(t, m.Save(save, nil))
	const names = `,"names":["n"],"mappings":"AAAAA,KCAA,KAAA;ADAA"}`
	const whole = `{"version":3,"sources":["webpack:///./src/a.ts","webpack:///./src/b.ts",null],"sourcesContent":["text of a",null,null]` + names
	for _, c := range []struct {
		name string
		args []string
		code int
		errs string
		want string
	}{
		{"as it is", nil, exitMapped, "", whole},
		{"prefix", []string{"--strip-prefix", "webpack:///./", "--add-prefix", "x/", "--source-root", "r"}, exitMapped, "", `{"version":3,"sourceRoot":"r/","sources":["x/src/a.ts","x/src/b.ts",null],"sourcesContent":["text of a",null,null]` + names},
		{"no such prefix", []string{"--strip-prefix", "app:"}, exitNotMapped, "no source starts with app:", whole},
		{"without texts", []string{"--drop-contents"}, exitMapped, "", `{"version":3,"sources":["webpack:///./src/a.ts","webpack:///./src/b.ts",null]` + names},
		{"texts added", []string{"--contents", folder}, exitMapped, "", `["text of a","text of b\n",null]`},
		{"not all of them", []string{"--contents", folder, "--drop-contents"}, exitNotMapped, "for 1 source, the first is webpack:///./src/a.ts", `[null,"text of b\n",null]`},
		{"none of them", []string{"--contents", in("src")}, exitNotMapped, "for 1 source", `["text of a",null,null]`},
		{"offset", []string{"--offset", "2:3"}, exitMapped, "", `"mappings":";;GAAAA,KCAA,KAAA;ADAA"`},
		{"part", []string{"--extract", "1:6-2:1"}, exitMapped, "", `{"version":3,"sources":["webpack:///./src/b.ts"],"names":[],"mappings":"AAAA,KAAA"}`},
		{"part, from 0", []string{"--extract", "0:5-1:0", "-0"}, exitMapped, "", `"mappings":"AAAA,KAAA"`},
		{"part to the end, offset", []string{"--extract", "1:11-", "--offset", "1:0"}, exitMapped, "", `"mappings":";AAAA;ACAA"`},
		{"bad offset", []string{"--offset", "1"}, exitBadInput, `--offset "1" is not LINES:COLUMNS`, ""},
		{"bad offset", []string{"--offset", "1:-1"}, exitBadInput, "is not LINES:COLUMNS", ""},
		{"too far", []string{"--offset", "2147483647:0"}, exitBadInput, "the offset puts line 1, column 0 out of range", ""},
		{"bad part", []string{"--extract", "1:1"}, exitBadInput, "is not LINE:COL-LINE:COL", ""},
		{"bad part", []string{"--extract", "0:1-2:2"}, exitBadInput, "count from 1", ""},
		{"bad part", []string{"--extract", "2:1-1:1"}, exitBadInput, "ends where the code starts", ""},
		{"bad part", []string{"--extract", "3:1-2:1"}, exitBadInput, "a part from line 2, column 0 to line 1, column 0", ""},
		{"no folder", []string{"--contents", in("none")}, exitBadInput, "no such file", ""},
		{"far lines", []string{"--offset", "100000000:0"}, exitBadInput, "limit exceeded: more than 67108864 lines without a mapping before line 100000000", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, from := range []string{in("m.map"), save} {
				code, out, errs := command(t, "", append([]string{"rewrite", from, "-o", "-"}, c.args...)...)
				assert.Equal(t, c.code, code, errs)
				if c.errs == "" {
					assert.Empty(t, errs)
				}
				assert.Contains(t, errs, c.errs)
				if code != exitBadInput {
					assert.Contains(t, out, c.want)
				} else {
					assert.Equal(t, 1, strings.Count(errs, "\n"), errs)
				}
			}
		})
	}
	path := in("new.map")
	code, out, errs := command(t, "", "rewrite", in("m.map"), "-o", path, "--contents", folder)
	assert.Equal(t, exitMapped, code, errs)
	assert.Equal(t, path+": 176 bytes, 4 mappings; 3 sources, 1 text added\n", out)

	// What has no place in the result is told.
	bytecode := write(t, "hermes.map", `{"version":3,"sources":["a"],"names":[],"mappings":"AAAA","x_hermes_function_offsets":{"0":[1]}}`)
	code, out, errs = command(t, "", "rewrite", bytecode, "-o", "-", "--offset", "1:0")
	assert.Equal(t, exitMapped, code)
	assert.Equal(t, "symbolicate: warning: -: dropped: x_hermes_function_offsets: the code has moved\n", errs)
	assert.Equal(t, `{"version":3,"sources":["a"],"names":[],"mappings":";AAAA"}`, out)

	// What a map says leads to no file outside of the folder.
	for _, source := range []string{"../outside", "link", "/../outside", "..\\\\..\\\\outside", "src", "x\\u0000y", ".", ""} {
		hostile := write(t, "h.map", oneMap(source))
		code, out, _ := command(t, "", "rewrite", hostile, "-o", "-", "--contents", in("root"))
		assert.Equal(t, exitNotMapped, code, source)
		assert.NotContains(t, out, "secret")
	}

	code, _, errs = command(t, "", "rewrite", in("m.map"))
	assert.Equal(t, exitBadInput, code)
	assert.Contains(t, errs, "-o FILE")
}

func TestPathOf(t *testing.T) {
	for url, want := range map[string]string{
		"a.ts": "a.ts", "./a/../b.ts": "b.ts", "../../a.ts": "a.ts", "/a.ts": "a.ts", "webpack:///./src/a.ts": "src/a.ts", "webpack://app/./src/a.vue?1234": "src/a.vue",
		"https://example.com": "", "https://example.com/a//b": "a/b", "": "", "..": "", "/": "", "a\\b": "a/b", "a\x00": "",
	} {
		assert.Equal(t, want, pathOf(url), url)
	}
}
