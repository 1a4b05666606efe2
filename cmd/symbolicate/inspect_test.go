package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func inspectJSON(t *testing.T, args ...string) (r inspected) {
	t.Helper()
	code, out, errs := command(t, "", append([]string{"inspect", "--json"}, args...)...)
	require.Equal(t, exitMapped, code, errs)
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	return r
}

func TestInspect(t *testing.T) {
	code, out, errs := command(t, "", "inspect", bootMap)
	assert.Equal(t, exitMapped, code)
	assert.Empty(t, errs)
	lines := strings.Split(out, "\n")
	for i, want := range []string{
		bootMap,
		"  kind       regular map",
		"  file       shop.min.js",
		"  size       22,957 bytes: sourcesContent 62.5 %, mappings 28.3 %, names 7.4 %, sources 1.4 %",
		"  mappings   1,151 on 1 line; 192 names; packed 6,528 bytes",
		"  sources    15; 15 with text, 0 without",
		"  generated  " + filepath.Clean(dist) + "/shop.min.js, 3,937 bytes: 99.1 % covered",
		"",
		"   code         mappings          text  source",
		"    585 14.9 %       192 16.7 %  2,210  ../../src/main.tsx",
		"    433 11.0 %       135 11.7 %  1,765  ../../src/checkout.ts",
	} {
		assert.Equal(t, want, strings.Replace(lines[i], dist, filepath.Clean(dist), 1))
	}
	_, out, _ = command(t, "", "inspect", bootMap, "--color", "always")
	assert.Contains(t, out, "\x1b[36m../../src/main.tsx\x1b[")
}

// TestInspectAgainstLookup asks for every byte of the generated files where it comes from.
func TestInspectAgainstLookup(t *testing.T) {
	folder := t.TempDir()
	odd := filepath.Join(folder, "odd.js.map")
	require.NoError(t, os.WriteFile(odd, []byte(`{"version":3,"sources":["a","b",null],"names":[],"mappings":"EAAA,CCAA,EDAA,C;;AEAA,KAAA;I"}`), 0o600))
	require.NoError(t, os.WriteFile(strings.TrimSuffix(odd, ".map"), []byte("xé😀y😀z\r\nunmapped\n€€€€€€€\n12"), 0o600))
	maps, err := filepath.Glob(shop + "/dist/*/*.map")
	require.NoError(t, err)
	for _, path := range append(maps, odd) {
		m, err := sourcemap.Open(path, nil)
		require.NoError(t, err)
		text, err := os.ReadFile(strings.TrimSuffix(path, ".map"))
		require.NoError(t, err)
		lines, all, covered := sourcemap.NewText(string(text)), int64(0), int64(0)
		code := make([]int64, m.NumSources())
		for i := range lines.NumLines() {
			column := int32(0)
			for _, c := range lines.Line(i) {
				size := int64(len(string(c)))
				all += size
				if found, ok := m.Lookup(sourcemap.Position{Line: int32(i), Column: column}); ok {
					covered += size
					code[found.Source] += size
				}
				column += int32(utf16.RuneLen(c))
			}
		}
		r := inspectJSON(t, path)
		require.NotNil(t, r.Generated)
		assert.Equal(t, all, r.Generated.Bytes)
		assert.Equal(t, covered, r.Generated.Covered, path)
		assert.Positive(t, covered)
		sum := 0
		for _, s := range r.Sources {
			assert.Equal(t, code[s.Index], *s.Code, "%s: %s", path, s.URL)
			sum += s.Mappings
		}
		assert.Equal(t, m.Len(), sum+r.Sourceless)
		if path == odd {
			assert.Equal(t, 1, r.Generated.Behind)
			assert.Equal(t, 2, r.Sourceless)
		} else {
			assert.Zero(t, r.Generated.Behind)
		}
	}
}

func TestInspectKinds(t *testing.T) {
	const fields = `"sources":["a","b"],"sourcesContent":["x"],"names":[],"ignoreList":[1],"mappings":"AAAA"`
	plain := `{"version":3,` + fields + `}`
	for _, c := range []struct{ name, text, kind, dialect, words string }{
		{"a.js.map", plain, "regular", "", "regular map\n"},
		{"a.js.map.gz", gz(plain), "regular", "", "regular map, in gzip\n"},
		{"a.map", `{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":` + plain + `}]}`, "indexed", "", "indexed map of 1 section\n"},
		{"a.wasm.map", `{"version":3,"file":"a.wasm",` + fields + `}`, "regular", "wasm", "for WebAssembly"},
		{"hermes.map", `{"version":3,"x_facebook_sources":[null],"x_hermes_function_offsets":{"0":[0]},` + fields + `}`, "regular", "hermes", "for Hermes bytecode"},
		{"metro.map", `{"version":3,"x_facebook_sources":[null],` + fields + `}`, "regular", "metro", "by Metro (React Native)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.name, c.text)
			r := inspectJSON(t, path)
			assert.Equal(t, c.kind, r.Kind)
			assert.Equal(t, c.dialect, r.Dialect)
			assert.Nil(t, r.Generated)
			assert.Equal(t, []int{1, 2, 1, 1, 1}, []int{r.Mappings, len(r.Sources), r.WithText, r.WithoutText, r.Ignored})
			_, out, _ := command(t, "", "inspect", path)
			assert.Contains(t, out, c.words)
		})
	}

	wasm := write(t, "b.wasm", "\x00asm\x01\x00\x00\x00abcdef")
	require.NoError(t, os.WriteFile(wasm+".map", []byte(`{"version":3,"sources":["a"],"names":[],"mappings":"QAAA,E,CAAA,SAAA"}`), 0o600))
	r := inspectJSON(t, wasm+".map")
	assert.Equal(t, "wasm", r.Dialect)
	assert.Equal(t, coverage{Path: wasm, Bytes: 14, Covered: 5, Lines: 1, Behind: 1}, *r.Generated)

	r = inspectJSON(t, "../../testdata/hermes/dist/index.android.bundle.map")
	assert.Equal(t, []any{"hermes", 4, 4}, []any{r.Dialect, len(r.Sources), r.FunctionMap})
	path := write(t, "a.map", `{"version":3,"sources":["a.js"],"names":[],"mappings":"","x_facebook_sources":[[{"names":[],"mappings":"A"}]]}`)
	code, out, _ := command(t, "", "validate", path)
	assert.Equal(t, exitNotMapped, code)
	assert.Equal(t, path+": 1 problem\n  function-map  of a.js: a segment with 1 field at byte 0 of its mappings\n", out)

	saved := filepath.Join(t.TempDir(), "a.index")
	code, _, _ = command(t, "", "index", bootMap, "-o", saved)
	require.Equal(t, exitMapped, code)
	r = inspectJSON(t, saved, "--generated", dist+"/shop.min.js")
	assert.Equal(t, "saved index", r.Kind)
	assert.Equal(t, int64(3937), r.Generated.Bytes)
	assert.Equal(t, 15, r.WithText)
}

func TestValidate(t *testing.T) {
	broken := write(t, "a.map", "{\"version\":4,\n \"sources\":[\"é\",7],\r\n\"names\":[],\"mappings\":\"AAAA,AEAA\"}")
	code, out, errs := command(t, "", "validate", bootMap, broken)
	assert.Equal(t, exitNotMapped, code)
	assert.Empty(t, errs)
	assert.Equal(t, bootMap+": valid\n"+broken+`: 3 problems
  version  version is 4, not the number 3  byte 11, 1:12
   > 1 | {"version":4,
       |            ^
  sources-item  source 1 is neither a string nor null  byte 31, 2:17
   > 2 |  "sources":["é",7],
       |                 ^
  original-range  original position out of range, line 0  byte 64, 3:29
   > 3 | "names":[],"mappings":"AAAA,AEAA"}
       |                             ^
2 maps: 1 valid, 1 not
`, out)

	code, out, _ = command(t, "", "validate", "--json", broken)
	assert.Equal(t, exitNotMapped, code)
	var report validateReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Len(t, report.Maps, 1)
	assert.Equal(t, fault{"sources-item", false, 31, 2, 17, "source 1 is neither a string nor null", ` "sources":["é",7],`, 16, false}, report.Maps[0].Problems[1])

	long := write(t, "b.map", `{"version":3,"sources":["`+strings.Repeat("é", 100)+`",7,"`+strings.Repeat("x", 100)+`"],"names":[],"mappings":""}`)
	_, out, _ = command(t, "", "validate", long)
	assert.Contains(t, out, "\n   > 1 | …"+strings.Repeat("é", 29)+`",7,"`+strings.Repeat("x", 57)+"…\n       | "+strings.Repeat(" ", 32)+"^\n")

	code, out, _ = command(t, "", "validate", "-q", bootMap)
	assert.Equal(t, exitMapped, code)
	assert.Empty(t, out)
	code, _, errs = command(t, "", "validate", bootMap, "/nowhere.map")
	assert.Equal(t, exitBadInput, code)
	assert.Contains(t, errs, "/nowhere.map")
}

// TestValidateFatal: what keeps a map from being read is a problem too, with its place.
func TestValidateFatal(t *testing.T) {
	whole, err := os.ReadFile(bootMap)
	require.NoError(t, err)
	index := filepath.Join(t.TempDir(), "a.index")
	code, _, _ := command(t, "", "index", bootMap, "-o", index)
	require.Equal(t, exitMapped, code)
	saved, err := os.ReadFile(index)
	require.NoError(t, err)
	saved[len(saved)/2] ^= 1
	for _, c := range []struct {
		name, text, kind string
		line, column     int
	}{
		{"empty", "", "empty", 1, 1},
		{"HTML", "\n <!doctype html>", "not-json", 2, 2},
		{"truncated", string(whole[:100]), "truncated", 1, 101},
		{"no map", `{"version":3}`, "not-a-map", 1, 1},
		{"an overflow", "{\"version\":3,\"sources\":[],\n\"mappings\":\"gggggggC\"}", "mappings", 2, 20},
		{"broken gzip", gz(string(whole))[:1000], "packed", 1, 1},
		{"gzip of a broken map", gz("{\"version\":3,\n,}"), "not-json", 2, 1},
		{"gzip of HTML", gz("<html>"), "not-json", 1, 1},
		{"damaged index", string(saved), "damaged-index", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, "a.map", c.text)
			code, out, errs := command(t, "", "validate", "--json", path)
			assert.Equal(t, exitNotMapped, code, errs)
			var report validateReport
			require.NoError(t, json.Unmarshal([]byte(out), &report))
			require.Len(t, report.Maps[0].Problems, 1)
			f := report.Maps[0].Problems[0]
			assert.True(t, f.Fatal)
			assert.Equal(t, []any{c.kind, c.line, c.column}, []any{f.Kind, f.Line, f.Column})
			code, out, _ = command(t, "", "validate", path)
			assert.Equal(t, exitNotMapped, code)
			assert.Contains(t, out, "no map: "+c.kind)
			code, out, errs = command(t, "", "inspect", path)
			assert.Equal(t, exitBadInput, code)
			assert.Empty(t, out)
			assert.Contains(t, errs, path)
		})
	}
}

// checkFaults compares places with a plain count.
func checkFaults(t *testing.T, data []byte, offsets ...int) {
	list := make([]fault, len(offsets))
	for i, offset := range offsets {
		list[i].Offset = int64(offset)
	}
	placeFaults(data, list)
	for _, f := range list {
		if f.Offset > int64(len(data)) {
			require.Zero(t, f.Line)
			continue
		}
		if f.Offset > 0 && f.Offset < int64(len(data)) && string(data[f.Offset-1:f.Offset+1]) == "\r\n" {
			continue
		}
		before := strings.ReplaceAll(strings.ReplaceAll(string(data[:f.Offset]), "\r\n", "\n"), "\r", "\n")
		start, units := 0, 0
		if n := strings.LastIndexAny(string(data[:f.Offset]), "\r\n"); n >= 0 {
			start = n + 1
		}
		rest := string(data[start:])
		for i, r := range rest {
			_, size := utf8.DecodeRuneInString(rest[i:])
			if start+i+size > int(f.Offset) {
				break
			}
			units += max(1, utf16.RuneLen(r))
		}
		require.Equal(t, 1+strings.Count(before, "\n"), f.Line)
		require.Equal(t, 1+units, f.Column, "%q at %d", data, f.Offset)
		require.LessOrEqual(t, len(f.Excerpt), 3*2*(around+4))
		require.NotContains(t, strings.TrimLeft(f.Excerpt, "\n"), "\n")
	}
}

func FuzzFaults(f *testing.F) {
	f.Add([]byte("a\r\nb\rc\n\né😀\xff\xe2\x80"), 3, 9)
	f.Add([]byte(strings.Repeat("é", 200)+"\n"+strings.Repeat("x", 500)), 199, 700)
	f.Fuzz(func(t *testing.T, data []byte, a, b int) {
		if a < 0 || b < 0 {
			return
		}
		checkFaults(t, data, a, b, len(data), 0)
	})
}

func TestValidateMany(t *testing.T) {
	text := `{"version":3,"sources":["a"],"names":[],"mappings":"` + strings.TrimSuffix(strings.Repeat("AEAA,ADAA,", maxFaults/2+10), ",") + `"}`
	path := write(t, "a.map", text)
	code, out, _ := command(t, "", "validate", path)
	assert.Equal(t, exitNotMapped, code)
	assert.Contains(t, out, "more\n")
	assert.Less(t, len(out), 400*maxFaults)
}
