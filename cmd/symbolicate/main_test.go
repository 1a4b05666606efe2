package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	shop    = "../../testdata/shop"
	dist    = shop + "/dist/esbuild-names"
	bootMap = dist + "/shop.min.js.map"
	boot    = shop + "/traces/esbuild-names/chromium-boot.txt"
)

// command runs the command in this process.
func command(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestStack(t *testing.T) {
	code, out, errs := command(t, "", "stack", boot, "--maps", dist)
	assert.Equal(t, exitMapped, code)
	assert.Empty(t, errs)
	assert.Contains(t, out, "at language  ../../src/settings.ts:19:56\n")
	assert.Contains(t, out, "4 of 5 frames mapped")
	assert.NotContains(t, out, "\x1b", "no colour where the output is no terminal")

	// The caret stands under the column.
	lines := strings.Split(out, "\n")
	for i, line := range lines {
		if strings.Contains(line, "language(settings)") && strings.HasPrefix(line, "   >") {
			assert.Equal(t, strings.Index(line, "language(settings)"), strings.Index(lines[i+1], "^"))
			return
		}
	}
	t.Error("the line of code is missing")
}

func TestStackFromStandardInput(t *testing.T) {
	trace, err := os.ReadFile(boot)
	require.NoError(t, err)
	for _, args := range [][]string{{"stack", "-m", dist}, {"stack", "-", "-m", dist}} {
		code, out, _ := command(t, string(trace), args...)
		assert.Equal(t, exitMapped, code)
		assert.Contains(t, out, "settings.ts:19:56")
	}
}

func TestStackJSON(t *testing.T) {
	code, out, _ := command(t, "", "stack", boot, "--maps", dist, "--json")
	assert.Equal(t, exitMapped, code)
	var report stackReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Equal(t, 4, report.Mapped)
	assert.Equal(t, 5, report.Total)
	native, f := report.Frames[0], report.Frames[3]
	assert.Equal(t, "native", native.Reason)
	assert.False(t, native.Mapped)
	assert.Equal(t, "JSON.parse", native.Function)
	assert.Equal(t, []any{"../../src/settings.ts", 19, 56, true, true, "source"}, []any{f.File, f.Line, f.Column, f.Mapped, f.InApp, f.NameSource})
	assert.Equal(t, []any{1, 2684, "$"}, []any{f.Printed.Line, f.Printed.Column, f.Printed.Function})
	assert.Contains(t, f.Context.Line, "settings.")
	assert.Len(t, f.Context.Pre, 2)
}

func TestStackTrace(t *testing.T) {
	code, out, _ := command(t, "", "stack", boot, "--maps", dist, "--trace")
	assert.Equal(t, exitMapped, code)
	assert.Contains(t, out, "\n    at language (../../src/settings.ts:19:56)\n")
	assert.Contains(t, out, "\n    at JSON.parse (<anonymous>)\n")
}

func TestColour(t *testing.T) {
	t.Setenv("NO_COLOR", "1") // the flag overrules it
	_, out, _ := command(t, "", "stack", boot, "--maps", dist, "--color", "always")
	assert.Contains(t, out, "\x1b[1mlanguage\x1b[")
	_, out, _ = command(t, "", "stack", boot, "--maps", dist, "--color", "never")
	assert.NotContains(t, out, "\x1b")
}

// What a trace or a map says must not control the terminal.
func TestHostileText(t *testing.T) {
	m := write(t, "a.js.map", `{"version":3,"sources":["\u001b[2Jx.ts"],"sourcesContent":["a\u001b]0;title\u0007\u202eb"],"names":[],"mappings":"AAAA"}`)
	code, out, _ := command(t, "Er\x1b[31mror\n  at f\x1b[2J (a.js:1:1)\n  at g (b\x1b.js:1:1)", "stack", "--maps", m)
	assert.Equal(t, exitMapped, code)
	assert.NotContains(t, out, "\x1b")
	assert.NotContains(t, out, "\u202e")
}

func TestLookup(t *testing.T) {
	code, out, _ := command(t, "", "lookup", bootMap, "1:2684")
	assert.Equal(t, exitMapped, code)
	assert.True(t, strings.HasPrefix(out, "1:2684 ../../src/settings.ts:19:56"), out)

	code, zero, _ := command(t, "", "lookup", "--zero-based", bootMap, "0:2683")
	assert.Equal(t, exitMapped, code)
	assert.True(t, strings.HasPrefix(zero, "0:2683 ../../src/settings.ts:18:55"), zero)

	code, out, _ = command(t, "", "lookup", bootMap, "1:2684", "99:1", "--json")
	assert.Equal(t, exitMapped, code)
	var answers []answer
	require.NoError(t, json.Unmarshal([]byte(out), &answers))
	require.Len(t, answers, 2)
	assert.Equal(t, place{19, 56}, *answers[0].Original)
	assert.False(t, answers[1].Mapped)
	assert.Nil(t, answers[1].Original)

	code, out, _ = command(t, "", "lookup", bootMap, "99:1")
	assert.Equal(t, exitNotMapped, code)
	assert.Equal(t, "99:1 nothing here\n", out)
	code, _, _ = command(t, "", "lookup", bootMap, "1:2684", "99:1", "--require-all")
	assert.Equal(t, exitNotMapped, code)
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name  string
		stdin string
		args  []string
		code  int
		words string // in the one line on standard error, or in the output where code is below 2
	}{
		{"nothing mapped", "at f (other.js:1:1)", []string{"stack", "-m", dist}, 1, "[no_map]"},
		{"not all mapped", "at f (shop.min.js:1:2684)\nat g (x.js:1:1)", []string{"stack", "-m", dist, "--require-all"}, 1, "1 of 2 frames"},
		{"line 0", "at f (shop.min.js:0:7)", []string{"stack", "-m", dist}, 1, "[no_line]"},
		{"column past the end", "at f (shop.min.js:1:99999999)", []string{"stack", "-m", dist}, 0, "main.tsx"},
		{"line past the end", "at f (shop.min.js:9999:1)", []string{"stack", "-m", dist}, 1, "[no_mapping]"},
		{"no maps", "at f (a.js:1:1)", []string{"stack"}, 2, "--maps PATH"},
		{"maps that are not there", "at f (a.js:1:1)", []string{"stack", "-m", "/nowhere"}, 2, "/nowhere"},
		{"no trace", "", []string{"stack", "/nowhere.txt", "-m", dist}, 2, "/nowhere.txt"},
		{"a folder for a trace", "", []string{"stack", dist, "-m", dist}, 2, "is a directory"},
		{"empty trace", "", []string{"stack", "-m", dist}, 2, "empty"},
		{"trace without frames", "hello\nworld", []string{"stack", "-m", dist}, 2, "no stack frame"},
		{"binary junk for a trace", "\x00\xff\x7fELF\x80", []string{"stack", "-m", dist}, 2, "no stack frame"},
		{"bad context", "at f (a.js:1:1)", []string{"stack", "-m", dist, "-C", "9"}, 2, "0 to 5"},
		{"json and trace", "at f (a.js:1:1)", []string{"stack", "-m", dist, "--json", "--trace"}, 2, "json trace"},
		{"unknown command", "", []string{"stak"}, 2, "stak"},
		{"unknown flag", "", []string{"stack", "--map", dist}, 2, "--map"},
		{"bad colour", "", []string{"lookup", bootMap, "1:1", "--color", "blue"}, 2, "blue"},
		{"lookup of line 0", "", []string{"lookup", bootMap, "0:1"}, 2, "count from 1"},
		{"lookup of nonsense", "", []string{"lookup", bootMap, "1-1"}, 2, "LINE:COL"},
		{"lookup too large", "", []string{"lookup", bootMap, "1:99999999999"}, 2, "over 2147483647"},
		{"lookup without position", "", []string{"lookup", bootMap}, 2, "LINE:COL"},
		{"lookup in a folder", "", []string{"lookup", dist, "1:1"}, 2, "is a directory"},
		{"lookup in no file", "", []string{"lookup", "/nowhere.map", "1:1"}, 2, "/nowhere.map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := command(t, c.stdin, c.args...)
			assert.Equal(t, c.code, code)
			if code == exitBadInput {
				assert.Empty(t, out)
				assert.Contains(t, errs, c.words)
				assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
				return
			}
			assert.Empty(t, errs)
			assert.Contains(t, out, c.words)
		})
	}
}

// A file that is no map: one line with file and byte offset, as an error of lookup and as the reason
// of a frame.
func TestBrokenMaps(t *testing.T) {
	whole, err := os.ReadFile(bootMap)
	require.NoError(t, err)
	for _, c := range []struct{ name, text, reason, words string }{
		{"empty", "", "malformed", "empty file"},
		{"HTML", "<!doctype html><title>Shop</title>", "not_json", "HTML"},
		{"truncated", string(whole[:len(whole)/2]), "malformed", "truncated"},
		{"binary", "\x00\x01\x02", "not_json", "binary"},
		{"no map", `{"version":3}`, "malformed", "mappings"},
		{"overflow", `{"version":3,"sources":[],"mappings":"gggggggC"}`, "malformed", "2³¹"},
		{"truncated mappings", `{"version":3,"sources":["a"],"names":[],"mappings":"AAAA,AAg"}`, "malformed", "unfinished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, "a.js.map", c.text)
			code, out, errs := command(t, "at f (a.js:1:1)", "stack", "-m", path)
			assert.Equal(t, exitNotMapped, code)
			assert.Empty(t, errs)
			assert.Contains(t, out, "["+c.reason+"]")
			assert.Contains(t, out, c.words)
			assert.Regexp(t, regexp.MustCompile(`a\.js\.map: .*\(byte \d+\)`), out)

			code, _, errs = command(t, "", "lookup", path, "1:1")
			if c.name == "truncated mappings" { // the map is read, its mappings are not taken
				assert.Equal(t, exitNotMapped, code)
				return
			}
			assert.Equal(t, exitBadInput, code)
			assert.Contains(t, errs, c.words)
			assert.Regexp(t, regexp.MustCompile(`a\.js\.map: .*\(byte \d+\)\n$`), errs)
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs bytes.Buffer
	assert.Equal(t, exitInterrupted, run(ctx, []string{"stack", boot, "-m", dist}, nil, &out, &errs))
	assert.Empty(t, out.String())
}

func TestManyFrames(t *testing.T) {
	trace := "Error\n" + strings.Repeat("    at f (shop.min.js:1:2684)\n", 100_000)
	code, out, _ := command(t, trace, "stack", "-m", dist, "-C", "0")
	assert.Equal(t, exitMapped, code)
	assert.Equal(t, 100_000, strings.Count(out, "settings.ts:19:56"))
}

// README and the docs show the command as it is: each "$ symbolicate …" of them is run, from the top of the
// repository, and must print what stands below it.
func TestDocs(t *testing.T) {
	t.Chdir("../..")
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	ran := 0
	for _, path := range append(docs, "README.md") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		ran += runConsole(t, string(text))
	}
	assert.GreaterOrEqual(t, ran, 3)
}

func runConsole(t *testing.T, text string) (ran int) {
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			line, want, _ := strings.Cut(part, "\n")
			args, is := strings.CutPrefix(line, "symbolicate ")
			if !is {
				continue
			}
			ran++
			_, out, errs := command(t, "", strings.Fields(args)...)
			assert.Equal(t, strings.TrimSpace(want), strings.TrimSpace(out+errs), fmt.Sprintf("$ %s", line))
		}
	}
	return ran
}
