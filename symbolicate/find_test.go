package symbolicate_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

const (
	idA = "85314830-023f-4cf1-a267-535f4e37bb17"
	idB = "0c0ffee0-0000-4000-8000-00000000000b"
)

// a map whose only source is named so, to tell which map was taken.
func mapOf(source string) string { return string(oneSource(source, threeLines).bytes()) }

func link(to string) string { return "var a;f()\n//# sourceMappingURL=" + to + "\n" }

func withID(id, source string) string {
	m := oneSource(source, threeLines)
	m.DebugID = id
	return string(m.bytes())
}

func withFile(file, source string) string {
	m := oneSource(source, threeLines)
	m.File = file
	return string(m.bytes())
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func zstded(text string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(text), nil))
}

// What lies in the tree, what the frame says, which map is found: by its source, or the reason.
var findCases = []struct {
	name   string
	files  map[string]string
	frame  string
	source string
	reason symbolicate.Reason
}{
	{"beside", map[string]string{"x.js": "f()", "x.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"map alone", map[string]string{"x.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"frame names a path", map[string]string{"x.js.map": mapOf("a.ts")}, "/srv/shop/x.js", "a.ts", ""},
	{"frame names a Windows path", map[string]string{"x.js.map": mapOf("a.ts")}, `C:\srv\x.js`, "a.ts", ""},
	{"frame names a file URL", map[string]string{"x.js.map": mapOf("a.ts")}, "file:///srv/shop/x.js", "a.ts", ""},
	{"frame names app:///", map[string]string{"x.js.map": mapOf("a.ts")}, "app:///x.js", "a.ts", ""},
	{"frame names ~/", map[string]string{"x.js.map": mapOf("a.ts")}, "~/x.js", "a.ts", ""},
	{"frame with a query", map[string]string{"x.js.map": mapOf("a.ts")}, "https://shop.example/x.js?v=1/2", "a.ts", ""},
	{"frame with a fragment", map[string]string{"x.js.map": mapOf("a.ts")}, "https://shop.example/x.js#a/b", "a.ts", ""},
	{"frame percent-encoded", map[string]string{"my app.js.map": mapOf("a.ts")}, "https://shop.example/my%20app.js", "a.ts", ""},
	{"frame with a bad percent", map[string]string{"100%.js.map": mapOf("a.ts")}, "https://shop.example/100%.js", "a.ts", ""},
	{"frame without a file", map[string]string{"x.js.map": mapOf("a.ts")}, "https://shop.example/", "", symbolicate.ReasonNoFile},

	{"link", map[string]string{"x.js": link("maps.map"), "maps.map": mapOf("a.ts"), "x.js.map": mapOf("b.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link down", map[string]string{"x.js": link("maps/x.map"), "maps/x.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link with ./", map[string]string{"d/x.js": link("./x.map"), "d/x.map": mapOf("a.ts"), "x.map": mapOf("b.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link up", map[string]string{"js/x.js": link("../maps/x.map"), "maps/x.map": mapOf("a.ts"), "js/x.map": mapOf("b.ts")}, "https://shop.example/js/x.js", "a.ts", ""},
	{"link with a query", map[string]string{"x.js": link("x.map?v=../1"), "x.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link up with a query", map[string]string{"d/x.js": link("../x.map?v=1"), "x.map": mapOf("a.ts"), "e/x.map": mapOf("b.ts")}, "https://shop.example/d/x.js", "a.ts", ""},
	{"link percent-encoded", map[string]string{"x.js": link("my%20x.map"), "my x.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link with a host", map[string]string{"x.js": link("https://cdn.example/maps/x.map?v=1"), "maps/x.map": mapOf("a.ts"), "other/x.map": mapOf("b.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link from the root", map[string]string{"js/x.js": link("/static/x.map"), "static/x.map": mapOf("a.ts"), "js/x.map": mapOf("b.ts")}, "https://shop.example/js/x.js", "a.ts", ""},
	{"link to a file that is not there", map[string]string{"x.js": link("gone.map"), "x.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link, old form", map[string]string{"x.js": "f()\n//@ sourceMappingURL=y.map", "y.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"link in base64", map[string]string{"x.js": link("data:application/json;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(mapOf("a.ts"))))}, "https://shop.example/x.js", "a.ts", ""},
	{"link in percent", map[string]string{"x.js": link("data:application/json," + url.PathEscape(mapOf("a.ts")))}, "https://shop.example/x.js", "a.ts", ""},
	{"link in bad base64", map[string]string{"x.js": link("data:application/json;base64,!!!"), "x.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"link to itself", map[string]string{"x.js": link("x.js")}, "https://shop.example/x.js", "", symbolicate.ReasonNotJSON},

	{"by folders", map[string]string{"a/x.js.map": mapOf("a.ts"), "b/x.js.map": mapOf("b.ts")}, "https://shop.example/static/b/x.js", "b.ts", ""},
	{"by folders, most", map[string]string{"one/b/x.js.map": mapOf("a.ts"), "two/b/x.js.map": mapOf("b.ts"), "b/x.js.map": mapOf("c.ts")}, "https://shop.example/two/b/x.js", "b.ts", ""},
	{"by folders of the file", map[string]string{"a/x.js": link("m.map"), "a/m.map": mapOf("a.ts"), "b/x.js": link("m.map"), "b/m.map": mapOf("b.ts")}, "https://shop.example/b/x.js", "b.ts", ""},
	{"ambiguous maps", map[string]string{"a/x.js.map": mapOf("a.ts"), "b/x.js.map": mapOf("b.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonAmbiguous},
	{"ambiguous files", map[string]string{"a/x.js": link("m.map"), "a/m.map": mapOf("a.ts"), "b/x.js": "f()"}, "https://shop.example/c/x.js", "", symbolicate.ReasonAmbiguous},
	{"ambiguous link", map[string]string{"x.js": link("https://cdn.example/m.map"), "a/m.map": mapOf("a.ts"), "b/m.map": mapOf("b.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonAmbiguous},
	{"ambiguous file field", map[string]string{"1.map": withFile("x.js", "a.ts"), "2.map": withFile("x.js", "b.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonAmbiguous},

	{"file field", map[string]string{"1.map": withFile("x.js", "a.ts"), "2.map": withFile("y.js", "b.ts"), "3.map": "no map"}, "https://shop.example/x.js", "a.ts", ""},
	{"file field with folders", map[string]string{"1.map": withFile("../out/x.js", "a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"debug id", map[string]string{"x.js": "f()\n//# debugId=" + idA, "1.map": withID(idA, "a.ts"), "2.map": withID(idB, "b.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"debug id in capitals", map[string]string{"x.js": "f()\n//# debugId=" + strings.ToUpper(idA), "1.map": withID(strings.ReplaceAll(idA, "-", ""), "a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"debug id before file field", map[string]string{"x.js": "f()\n//# debugId=" + idA, "1.map": withFile("x.js", "b.ts"), "2.map": withID(idA, "a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"debug id unknown", map[string]string{"x.js": "f()\n//# debugId=" + idA, "1.map": withID(idB, "b.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},

	{"nothing", map[string]string{"y.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},
	{"file without a map", map[string]string{"x.js": "f()"}, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},
	{"name is a suffix only", map[string]string{"max.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},
	{"empty tree", nil, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},
	{"a folder with the name of the map", map[string]string{"x.js": "f()", "x.js.map/readme": ""}, "https://shop.example/x.js", "", symbolicate.ReasonNoMap},
	{"HTML", map[string]string{"x.js.map": "<!doctype html><title>Shop</title>"}, "https://shop.example/x.js", "", symbolicate.ReasonNotJSON},
	{"JavaScript", map[string]string{"x.js.map": "var a = 1"}, "https://shop.example/x.js", "", symbolicate.ReasonNotJSON},
	{"empty map", map[string]string{"x.js.map": ""}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"truncated", map[string]string{"x.js.map": mapOf("a.ts")[:60]}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"JSON, no map", map[string]string{"x.js.map": `{"a":1}`}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"bad mappings", map[string]string{"x.js.map": `{"version":3,"sources":["a.ts"],"names":[],"mappings":"AA!A"}`}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"mappings too large", map[string]string{"x.js.map": `{"version":3,"sources":["a.ts"],"names":[],"mappings":"AAAA,ggggggggggggB"}`}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"no mappings", map[string]string{"x.js.map": `{"version":3,"sources":[],"names":[],"mappings":""}`}, "https://shop.example/x.js", "", symbolicate.ReasonNoMapping},
	{"gzip", map[string]string{"d/x.js": "f()", "d/x.js.map.gz": gzipped(mapOf("a.ts"))}, "https://shop.example/d/x.js", "a.ts", ""},
	{"zstd", map[string]string{"x.js.map.zst": zstded(mapOf("a.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"gzip beside the plain one", map[string]string{"x.js.map.gz": gzipped(mapOf("b.ts")), "x.js.map": mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
	{"gzip beside zstd", map[string]string{"x.js.map.gz": gzipped(mapOf("a.ts")), "x.js.map.zst": zstded(mapOf("b.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"gzip under the plain name", map[string]string{"x.js.map": gzipped(mapOf("a.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"link to what is gzip", map[string]string{"x.js": link("m/y.map"), "m/y.map.gz": gzipped(mapOf("a.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"link to gzip", map[string]string{"x.js": link("y.map.gz"), "y.map.gz": gzipped(mapOf("a.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"link in base64 of gzip", map[string]string{"x.js": link("data:application/gzip;base64," + base64.RawURLEncoding.EncodeToString([]byte(gzipped(mapOf("a.ts")))))}, "https://shop.example/x.js", "a.ts", ""},
	{"gzip by file field", map[string]string{"1.map.gz": gzipped(withFile("x.js", "a.ts"))}, "https://shop.example/x.js", "a.ts", ""},
	{"gzip of HTML", map[string]string{"x.js.map.gz": gzipped("<!doctype html>")}, "https://shop.example/x.js", "", symbolicate.ReasonNotJSON},
	{"gzip, truncated", map[string]string{"x.js.map.gz": gzipped(mapOf("a.ts"))[:50]}, "https://shop.example/x.js", "", symbolicate.ReasonMalformed},
	{"link of WebAssembly", map[string]string{"x.wasm": "\x00asm\x01\x00\x00\x00\x00\x17\x10sourceMappingURL\x05y.map", "y.map": mapOf("a.ts")}, "https://shop.example/x.wasm", "a.ts", ""},
	{"behind )]}'", map[string]string{"x.js.map": ")]}'\n" + mapOf("a.ts")}, "https://shop.example/x.js", "a.ts", ""},
}

func TestFind(t *testing.T) {
	for _, c := range findCases {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, symbolicate.WithPaths(write(t, c.files)))
			f := frameAt(t, s, c.frame+place11)
			assert.Equal(t, c.reason, f.Reason, f.Detail)
			if c.reason != "" {
				assert.False(t, f.Mapped)
				assert.Nil(t, f.Context)
				assert.Equal(t, c.frame, f.File, "it stays as printed")
				assert.Equal(t, f.Raw, f.String())
				explains(t, f)
				return
			}
			require.True(t, f.Mapped, f.Detail)
			assert.Equal(t, c.source, f.File)
			assert.Equal(t, 3, f.Line)
			assert.Equal(t, 5, f.Column)
			assert.Empty(t, f.Detail)
			assert.NotEmpty(t, f.MapName)
			require.NotNil(t, f.Context)
			assert.Equal(t, "line three", f.Context.Line)
			assert.Equal(t, "    at f ("+c.source+":3:5)", f.String())
			require.NotNil(t, f.Minified)
			assert.Equal(t, c.frame, f.Minified.File)
		})
	}
}

// explains checks the words of a reason: one line, and of what it speaks.
func explains(t *testing.T, f symbolicate.Frame) {
	t.Helper()
	assert.NotEmpty(t, f.Detail)
	assert.NotContains(t, f.Detail, "\n")
	if f.Minified.File == "" || f.Reason == symbolicate.ReasonNoColumn || f.Reason == symbolicate.ReasonNoLine {
		return // the frame itself is what is wrong, there is no other file
	}
	named := strings.Contains(f.Detail, f.Minified.File) || f.MapName != "" && strings.Contains(f.Detail, f.MapName)
	for _, part := range strings.Split(f.Minified.File, "/") {
		named = named || part != "" && strings.Contains(f.Detail, part)
	}
	assert.True(t, named, "%q names no file", f.Detail)
}

// Every reason has an input that gives it. Those of TestFind are not repeated.
func TestReasons(t *testing.T) {
	long := mapFile{Sources: []any{"a.ts"}, Contents: []*string{nil}, Mappings: encode([]segment{{0, 10, 0, 2, 4, -1}, {0, 20, -1, 0, 0, -1}, {1, 0, 0, 99, 0, -1}})}
	text := threeLines
	short := long
	short.Contents = []*string{&text}
	null := oneSource("", threeLines)
	null.Sources = []any{nil}
	root := write(t, map[string]string{
		"x.js.map": mapOf("a.ts"), "long.js.map": string(long.bytes()), "short.js.map": string(short.bytes()),
		"null.js.map": string(null.bytes()),
	})
	huge := filepath.Join(root, "huge.js.map")
	require.NoError(t, os.WriteFile(huge, nil, 0o644))
	require.NoError(t, os.Truncate(huge, symbolicate.MaxFileBytes+1)) // sparse
	require.NoError(t, os.Symlink("gone", filepath.Join(root, "dangling.js.map")))
	s := open(t, symbolicate.WithPaths(root))

	for _, c := range []struct {
		name, line string
		reason     symbolicate.Reason
		mapped     bool
	}{
		{"native", "    at Array.map (<anonymous>)", symbolicate.ReasonNative, false},
		{"native code of Safari", "map@[native code]", symbolicate.ReasonNative, false},
		{"Promise.all", "    at async Promise.all (index 0)", symbolicate.ReasonNative, false},
		{"Node.js", "    at node:internal/main/run_main_module:28:49", symbolicate.ReasonNative, false},
		{"old Node.js", "    at f (internal/modules/cjs/loader.js:28:49)", symbolicate.ReasonNative, false},
		{"Firefox itself", "map@self-hosted:178:17", symbolicate.ReasonNative, false},
		{"eval code", "   at eval code (eval code:1:1)", symbolicate.ReasonNoFile, false},
		{"console", "    at <anonymous>:1:7", symbolicate.ReasonNoFile, false},
		{"no line", "    at f (http://shop.example/x.js)", symbolicate.ReasonNoLine, false},
		{"line 0", "    at f (/srv/x.js:0:5)", symbolicate.ReasonNoLine, false},
		{"line over 31 bits", "    at f (/srv/x.js:4294967296:5)", symbolicate.ReasonNoLine, false},
		{"no column", "    at f (/srv/x.js:1)", symbolicate.ReasonNoColumn, false},
		{"column 0", "    at f (/srv/x.js:1:0)", symbolicate.ReasonNoColumn, false},
		{"line of an eval in Firefox", "@/srv/x.js line 1 > eval:1:1", symbolicate.ReasonNoColumn, false},
		{"before the first mapping", "    at f (/srv/x.js:1:10)", symbolicate.ReasonNoMapping, false},
		{"line without mappings", "    at f (/srv/x.js:2:11)", symbolicate.ReasonNoMapping, false},
		{"largest line", "    at f (/srv/x.js:2147483647:2147483647)", symbolicate.ReasonNoMapping, false},
		{"from no source", "    at f (/srv/long.js:1:21)", symbolicate.ReasonNoMapping, false},
		{"past the end of the line", "    at f (/srv/x.js:1:2147483647)", "", true},
		{"largest file", "    at f (/srv/huge.js:1:11)", symbolicate.ReasonLimit, false},
		{"unreadable", "    at f (/srv/dangling.js:1:11)", symbolicate.ReasonUnreadable, false},
		{"no text", "    at f (/srv/long.js:1:11)", symbolicate.ReasonSourceMissing, true},
		{"text too short", "    at f (/srv/short.js:2:1)", symbolicate.ReasonSourceMissing, true},
		{"source null", "    at f (/srv/null.js:1:11)", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := trace(t, s, c.line)
			require.Len(t, out.Frames, 1)
			f := out.Frames[0]
			assert.Equal(t, c.reason, f.Reason, f.Detail)
			assert.Equal(t, c.mapped, f.Mapped)
			assert.Equal(t, c.reason == "", f.Context != nil)
			if f.Context != nil {
				assert.Equal(t, symbolicate.NameOriginal, f.NameSource)
			} else {
				assert.Equal(t, symbolicate.NamePrinted, f.NameSource)
			}
			if c.reason != "" {
				explains(t, f)
			}
			if !c.mapped {
				assert.Equal(t, c.line, out.String())
			}
			if c.reason == symbolicate.ReasonNative {
				assert.False(t, f.InApp)
			}
		})
	}
	// A source without a name gives no text that looks like a place in nothing.
	assert.Equal(t, "    at f (<anonymous>:3:5)", frameAt(t, s, "/srv/null.js"+place11).String())
}

// Names in a map may hold anything; a detail and a frame stay one line.
func TestHostileNames(t *testing.T) {
	m := oneSource("a\n    at evil (https://evil.example/x.js:1:1)\r\u2028.ts", "")
	m.Contents = nil
	s := open(t)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/x.js", SourceMap: m.bytes()}))
	f := frameAt(t, s, "/srv/x.js"+place11)
	require.True(t, f.Mapped)
	assert.Equal(t, symbolicate.ReasonSourceMissing, f.Reason)
	for _, text := range []string{f.Detail, f.String()} {
		assert.False(t, strings.ContainsAny(text, "\n\r\u2028"), "%q", text)
	}
}

// Nothing outside the paths is read, whatever a link, a symbolic link or a source's path says.
func TestNothingOutside(t *testing.T) {
	const secret = "SECRET one\nSECRET two\nSECRET three\nSECRET four"
	outer := write(t, map[string]string{
		"secret.map": mapOf("secret.ts"), "secret.js": link("secret.map"), "secret.ts": secret, "src/secret.ts": secret,
	})
	sourceOf := func(path string) string {
		m := oneSource(path, "")
		m.Contents = nil
		return string(m.bytes())
	}
	root := filepath.Join(outer, "dist")
	absolute := filepath.ToSlash(filepath.Join(outer, "secret.map"))
	files := map[string]string{
		"up.js":          link("../secret.map"),
		"far.js":         link("../../../../../../../../.." + absolute),
		"absolute.js":    link(absolute),
		"url.js":         link("file://" + absolute),
		"encoded.js":     link("%2e%2e/secret.map"),
		"backslash.js":   link(`..\secret.map`),
		"symlink.js":     link("out.map"),
		"dir.js":         link("outdir/secret.map"),
		"source.js.map":  sourceOf("../secret.ts"),
		"deep.js.map":    sourceOf("../../" + filepath.Base(outer) + "/secret.ts"),
		"abs.js.map":     sourceOf(filepath.ToSlash(filepath.Join(outer, "secret.ts"))),
		"fileurl.js.map": sourceOf("file://" + filepath.ToSlash(filepath.Join(outer, "secret.ts"))),
		"linked.js.map":  sourceOf("out.ts"),
		"linkdir.js.map": sourceOf("outdir/secret.ts"),
		"rooted.js.map":  sourceOf("nothing/../../secret.ts"),
		"src/inside.ts":  "inside one\ninside two\ninside three",
		"ok.js.map":      sourceOf("src/../src/inside.ts"),
	}
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	for name, to := range map[string]string{
		"out.map": "../secret.map", "outside.js.map": "../secret.map", "away.js.map": filepath.Join(outer, "secret.map"),
		"away.js": "../secret.js", "out.ts": "../secret.ts", "outdir": "..", "within.js.map": "ok.js.map",
	} {
		require.NoError(t, os.Symlink(to, filepath.Join(root, name)))
	}
	s := open(t, symbolicate.WithPaths(root))
	for _, name := range []string{"up", "far", "absolute", "url", "encoded", "backslash", "symlink", "dir", "outside", "away"} {
		f := frameAt(t, s, "/srv/"+name+".js"+place11)
		assert.False(t, f.Mapped, "%s: %s", name, f.MapName)
		explains(t, f)
	}
	assert.Equal(t, symbolicate.ReasonUnreadable, frameAt(t, s, "/srv/outside.js"+place11).Reason)
	for _, name := range []string{"source", "deep", "abs", "fileurl", "linked", "linkdir", "rooted"} {
		f := frameAt(t, s, "/srv/"+name+".js"+place11)
		assert.True(t, f.Mapped, "%s: %s", name, f.Detail)
		assert.Nil(t, f.Context, name)
		assert.Equal(t, symbolicate.ReasonSourceMissing, f.Reason)
	}
	f := frameAt(t, s, "/srv/ok.js"+place11)
	require.NotNil(t, f.Context, f.Detail)
	assert.Equal(t, "inside three", f.Context.Line)
	assert.True(t, frameAt(t, s, "/srv/within.js"+place11).Mapped, "a link that stays inside is followed")
}

// A pipe in the tree must not be waited for.
func TestPipe(t *testing.T) {
	root := write(t, map[string]string{"other.map": withFile("z.js", "a.ts")})
	for _, name := range []string{"x.js.map", "y.js"} {
		require.NoError(t, syscall.Mkfifo(filepath.Join(root, name), 0o644))
	}
	require.NoError(t, os.Symlink("x.js.map", filepath.Join(root, "l.js.map")))
	s := open(t, symbolicate.WithPaths(root))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, name := range []string{"x.js", "y.js", "l.js"} {
			assert.False(t, frameAt(t, s, "/srv/"+name+place11).Mapped)
		}
		assert.True(t, frameAt(t, s, "/srv/z.js"+place11).Mapped)
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits")
	}
}

func TestPaths(t *testing.T) {
	one := write(t, map[string]string{"x.js": "f()", "only.js.map": mapOf("one.ts")})
	two := write(t, map[string]string{"x.js.map": mapOf("two.ts"), "only.js.map": mapOf("two.ts")})
	s := open(t, symbolicate.WithPaths(one), symbolicate.WithPaths(two))
	assert.Equal(t, "one.ts", frameAt(t, s, "/srv/only.js"+place11).File, "the first path given is taken")
	assert.Equal(t, "two.ts", frameAt(t, s, "/srv/x.js"+place11).File, "a file without a map is not the end")

	s = open(t, symbolicate.WithPaths(filepath.Join(two, "x.js.map")))
	assert.Equal(t, "two.ts", frameAt(t, s, "/srv/x.js"+place11).File, "a path may be one map")
	assert.Equal(t, symbolicate.ReasonNoMap, frameAt(t, s, "/srv/only.js"+place11).Reason, "and is no more than that")

	_, err := symbolicate.New(symbolicate.WithPaths(filepath.Join(one, "gone")))
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, symbolicate.ReasonNoMap, frameAt(t, open(t), "/srv/x.js"+place11).Reason)
}

// One frame among many maps opens one of them.
func TestOneOfManyMaps(t *testing.T) {
	files := map[string]string{}
	for i := range 5000 {
		files[fmt.Sprintf("%d/chunk-%d.js.map", i%50, i)] = mapOf(fmt.Sprintf("%d.ts", i))
	}
	files["7/chunk-1057.js"] = link("chunk-1057.js.map")
	s := open(t, symbolicate.WithPaths(write(t, files)))
	for range 3 {
		assert.Equal(t, "1057.ts", frameAt(t, s, "https://shop.example/7/chunk-1057.js"+place11).File)
	}
	assert.Equal(t, symbolicate.Stats{Parses: 1}, counts(s))
	// Only what is nowhere by name has them all opened, once.
	for i := range 3 {
		assert.Equal(t, symbolicate.ReasonNoMap, frameAt(t, s, fmt.Sprintf("/srv/gone%d.js:1:1", i)).Reason)
	}
	assert.Equal(t, symbolicate.Stats{Parses: 1, Peeks: 5000}, counts(s))
}

func TestAdd(t *testing.T) {
	const url = "https://shop.example/static/x.js"
	m := []byte(mapOf("a.ts"))
	inline := []byte(link("data:application/json;base64," + base64.StdEncoding.EncodeToString(m)))
	for name, artifacts := range map[string][]symbolicate.Artifact{
		"map":                        {{URL: url, SourceMap: m}},
		"map and source":             {{URL: url, SourceMap: m, Source: []byte(link("gone.map"))}},
		"map in the source":          {{URL: url, Source: inline}},
		"debug id in the source":     {{URL: url, Source: []byte("f()\n//# debugId=" + idA)}, {DebugID: idA, SourceMap: m}},
		"debug id given":             {{DebugID: strings.ToUpper(idA), SourceMap: m}, {URL: url, DebugID: idA}},
		"link to another artifact":   {{URL: url, Source: []byte(link("../maps/x.map"))}, {URL: "https://shop.example/maps/x.map", SourceMap: m}},
		"replaced":                   {{URL: url, SourceMap: []byte(mapOf("old.ts"))}, {URL: url, SourceMap: m}},
		"replaced, broken before it": {{URL: url, SourceMap: []byte("<html>")}, {URL: url, SourceMap: m}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			frameAt(t, s, url+place11) // fails, and what is remembered of it must not stay
			for i, a := range artifacts {
				require.NoError(t, s.Add(a))
				if i < len(artifacts)-1 {
					assert.NotEqual(t, "a.ts", frameAt(t, s, url+place11).File)
				}
			}
			f := frameAt(t, s, url+place11)
			assert.Equal(t, "a.ts", f.File, f.Detail)
		})
	}
	t.Run("debug id for a file in a tree", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t, map[string]string{"x.js": "f()\n//# debugId=" + idA})))
		assert.Equal(t, symbolicate.ReasonNoMap, frameAt(t, s, url+place11).Reason)
		require.NoError(t, s.Add(symbolicate.Artifact{DebugID: idA, SourceMap: m}))
		assert.Equal(t, "a.ts", frameAt(t, s, url+place11).File)
	})
	t.Run("source added, map in a tree", func(t *testing.T) {
		tree := symbolicate.WithPaths(write(t, map[string]string{"static/x.js.map": mapOf("a.ts"), "maps/y.map": mapOf("b.ts")}))
		s := open(t, tree)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: url, Source: []byte("f()")}))
		assert.Equal(t, "a.ts", frameAt(t, s, url+place11).File)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: url, Source: []byte(link("../maps/y.map"))}))
		assert.Equal(t, "b.ts", frameAt(t, s, url+place11).File)
	})
	t.Run("before the tree", func(t *testing.T) {
		s := open(t, symbolicate.WithPaths(write(t, map[string]string{"x.js.map": mapOf("tree.ts")})))
		require.NoError(t, s.Add(symbolicate.Artifact{URL: url, SourceMap: m}))
		assert.Equal(t, "a.ts", frameAt(t, s, url+place11).File)
		assert.Equal(t, "tree.ts", frameAt(t, s, "https://other.example/x.js"+place11).File)
	})
	s := open(t)
	assert.Error(t, s.Add(symbolicate.Artifact{SourceMap: m}))
	require.NoError(t, s.Add(symbolicate.Artifact{URL: url, Source: []byte(link("gone.map"))}))
	f := frameAt(t, s, url+place11)
	assert.Equal(t, symbolicate.ReasonNoMap, f.Reason)
	assert.Contains(t, f.Detail, url)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: url, Source: []byte(link("data:application/json;base64,!"))}))
	f = frameAt(t, s, url+place11)
	assert.Equal(t, symbolicate.ReasonMalformed, f.Reason)
	assert.Contains(t, f.Detail, url)
}

// A cache that holds nothing is slow, not wrong.
func TestCacheBytes(t *testing.T) {
	files := map[string]string{}
	for i := range 10 {
		files[fmt.Sprintf("%d.js.map", i)] = mapOf(fmt.Sprintf("%d.ts", i))
	}
	root := write(t, files)
	ask := func(limit int64) int64 {
		s := open(t, symbolicate.WithPaths(root), symbolicate.WithCacheBytes(limit))
		for range 3 {
			for i := range 10 {
				f := frameAt(t, s, fmt.Sprintf("/srv/%d.js%s", i, place11))
				assert.Equal(t, fmt.Sprintf("%d.ts", i), f.File)
				assert.NotNil(t, f.Context)
			}
			var lines []string
			for i := range 10 {
				lines = append(lines, fmt.Sprintf("    at f (/srv/%d.js%s)", i, place11))
			}
			for i, f := range trace(t, s, strings.Join(lines, "\n")).Frames {
				assert.Equal(t, fmt.Sprintf("%d.ts", i), f.File)
			}
		}
		return counts(s).Parses
	}
	assert.EqualValues(t, 10, ask(symbolicate.DefaultCacheBytes))
	assert.EqualValues(t, 60, ask(1), "each time anew")
	one := int64(len(files["0.js.map"]))
	assert.EqualValues(t, 60, ask(3*one), "in turn, fewer than there are")
	s := open(t, symbolicate.WithPaths(root), symbolicate.WithCacheBytes(1))
	for range 5 {
		frameAt(t, s, "/srv/1.js"+place11)
	}
	assert.EqualValues(t, 1, counts(s).Parses, "the map in use is kept whatever it weighs")
}

func TestContext(t *testing.T) {
	lines := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"}
	at := func(text string, line int, options ...symbolicate.Option) *symbolicate.Context {
		m := mapFile{Sources: []any{"a.ts"}, Contents: []*string{&text}, Mappings: encode([]segment{{0, 10, 0, line - 1, 0, -1}})}
		s := open(t, options...)
		require.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/x.js", SourceMap: m.bytes()}))
		return frameAt(t, s, "/srv/x.js"+place11).Context
	}
	for _, end := range []string{"\n", "\r\n", "\r", "\u2028", "\u2029"} {
		text := strings.Join(lines, end)
		assert.Equal(t, &symbolicate.Context{Pre: lines[1:6], Line: "7", Post: lines[7:12]}, at(text, 7), "%q", end)
		assert.Equal(t, &symbolicate.Context{Line: "1", Post: lines[1:6]}, at(text, 1), "%q", end)
		assert.Equal(t, &symbolicate.Context{Pre: lines[:1], Line: "2", Post: lines[2:7]}, at(text, 2), "%q", end)
		assert.Equal(t, &symbolicate.Context{Pre: lines[6:11], Line: "12"}, at(text, 12), "%q", end)
		assert.Nil(t, at(text, 13), "%q", end)
		assert.Equal(t, &symbolicate.Context{Pre: lines[7:12], Line: ""}, at(text+end, 13), "the empty line behind the last end")
	}
	text := strings.Join(lines, "\n")
	assert.Equal(t, &symbolicate.Context{Line: "7"}, at(text, 7, symbolicate.WithContextLines(0)))
	assert.Equal(t, &symbolicate.Context{Pre: lines[5:6], Line: "7", Post: lines[7:8]}, at(text, 7, symbolicate.WithContextLines(1)))
	assert.Equal(t, &symbolicate.Context{Line: ""}, at("", 1))
	for _, n := range []int{-1, symbolicate.MaxContextLines + 1} {
		_, err := symbolicate.New(symbolicate.WithContextLines(n))
		assert.Error(t, err)
	}
}

// Sources that the map only names are looked for beside it.
func TestSourceBeside(t *testing.T) {
	m := oneSource("", "")
	m.Contents, m.Sources, m.Root = nil, []any{"cart.ts"}, "../src"
	webpack := oneSource("", "")
	webpack.Contents, webpack.Sources = nil, []any{"webpack://shop/./src/cart.ts"}
	own := oneSource("../src/cart.ts", threeLines)
	root := write(t, map[string]string{
		"out/x.js.map": string(m.bytes()), "out/w.js.map": string(webpack.bytes()), "out/own.js.map": string(own.bytes()),
		"src/cart.ts": "a\nb\nc from the disk\nd",
	})
	s := open(t, symbolicate.WithPaths(root))
	f := frameAt(t, s, "/srv/x.js"+place11)
	assert.Equal(t, "../src/cart.ts", f.File)
	assert.Equal(t, "src/cart", f.Module)
	require.NotNil(t, f.Context, f.Detail)
	assert.Equal(t, "c from the disk", f.Context.Line)
	assert.Empty(t, f.Reason)
	assert.Equal(t, "line three", frameAt(t, s, "/srv/own.js"+place11).Context.Line, "the map's own text comes first")
	f = frameAt(t, s, "/srv/w.js"+place11)
	assert.Equal(t, "src/cart", f.Module)
	assert.Equal(t, symbolicate.ReasonSourceMissing, f.Reason)
}

func TestInApp(t *testing.T) {
	sources := []any{"src/a.ts", "../node_modules/lib/i.js", "node_modules/lib/i.js", "webpack/bootstrap", "webpack:///webpack/runtime/x", "src/ignored.ts", "internal/money.ts", nil}
	want := []bool{true, false, false, false, false, false, true, false}
	var segments []segment
	for i := range sources {
		segments = append(segments, segment{0, i, i, 0, 0, -1})
	}
	m := mapFile{Sources: sources, Mappings: encode(segments), Ignore: []int{5}}
	s := open(t)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/x.js", SourceMap: m.bytes()}))
	for i := range sources {
		f := frameAt(t, s, fmt.Sprintf("/srv/x.js:1:%d", i+1))
		require.True(t, f.Mapped)
		assert.Equal(t, want[i], f.InApp, "%v", sources[i])
	}
	assert.True(t, frameAt(t, s, "/srv/other.js:1:1").InApp)
	assert.False(t, frameAt(t, s, "/srv/node_modules/x/other.js:1:1").InApp)
	assert.False(t, frameAt(t, s, "chrome-extension://abc/x.js:1:1").InApp)
}
