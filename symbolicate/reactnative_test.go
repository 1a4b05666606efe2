package symbolicate_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

const hermes = "../testdata/hermes/dist/"

// expectedFrame is what metro-symbolicate says of an address of the sample's trace (testdata/hermes/make.mjs).
type expectedFrame struct {
	Printed  string
	Line     int
	Address  int
	Source   string
	Original [2]int // line from 1, column from 0
	Function string
}

// TestHermes goes the whole way from a trace of Hermes, with the map and with its saved index.
func TestHermes(t *testing.T) {
	text, err := os.ReadFile(hermes + "trace.txt")
	require.NoError(t, err)
	data, err := os.ReadFile(hermes + "expected.json")
	require.NoError(t, err)
	var expected []expectedFrame
	require.NoError(t, json.Unmarshal(data, &expected))
	require.Len(t, expected, 9)
	// Their names in our words: those that Metro invents for functions without one are none here.
	ours := map[string]string{"<global>": "", "<anonymous>": "", "map$argument_0": "", "store.items.forEach$argument_0": ""}

	packed := filepath.Join(t.TempDir(), "index.android.bundle.map")
	m, err := sourcemap.Open(hermes+"index.android.bundle.map", nil)
	require.NoError(t, err)
	require.NoError(t, m.Save(packed, nil))
	archive := filepath.Join(t.TempDir(), "release.symarc")
	require.NoError(t, sourcemap.UpdateArchive(archive, func(w *sourcemap.ArchiveWriter) error {
		return w.Add(m, nil, sourcemap.Key{URL: "index.android.bundle"})
	}))

	for _, path := range []string{hermes + "index.android.bundle.map", packed, archive} {
		s := open(t, symbolicate.WithPaths(path))
		out := trace(t, s, string(text))
		require.Len(t, out.Frames, 11)
		k := 0
		for _, f := range out.Frames {
			if f.Kind == symbolicate.KindNative {
				assert.Equal(t, symbolicate.ReasonNative, f.Reason)
				continue
			}
			want := expected[k]
			k++
			require.True(t, f.Mapped, f.Detail)
			assert.Equal(t, []any{want.Source, want.Original[0], want.Original[1] + 1}, []any{f.File, f.Line, f.Column})
			function, is := ours[want.Function]
			if !is {
				function = want.Function
			}
			assert.Equal(t, function, f.Function)
			assert.Equal(t, symbolicate.NameFunctionMap, f.NameSource)
			assert.Equal(t, []int{want.Line, want.Address + 1}, []int{f.Minified.Line, f.Minified.Column})
			require.NotNil(t, f.Context)
		}
		assert.Equal(t, "    at convert (src/price.js:5:35)", out.Frames[0].String())
		// The code there, not only the numbers: what crashed is the access to a property.
		first := out.Frames[0]
		assert.Equal(t, "].factor", first.Context.Line[first.Column-1:][:8])
	}
}

func TestInternalBytecode(t *testing.T) {
	s := open(t, symbolicate.WithPaths(hermes))
	for _, place := range []string{"address at InternalBytecode.js:1:1180", "/root/react-native/lib/InternalBytecode/InternalBytecode.js:53:16"} {
		f := frameAt(t, s, place)
		assert.Equal(t, symbolicate.ReasonNative, f.Reason)
		assert.False(t, f.InApp)
	}
	f := frameAt(t, s, "address at MyInternalBytecode.js:1:1180")
	assert.Equal(t, symbolicate.ReasonNoMap, f.Reason)
}

// TestRAMBundle: frames name modules, and count lines from where a module starts.
func TestRAMBundle(t *testing.T) {
	var segments []segment
	for line := range 20 {
		segments = append(segments, segment{line, 4, 0, 2, line, -1})
	}
	bundle := oneSource("a.js", strings.Repeat("a line of twenty and more letters\n", 5))
	bundle.Mappings = encode(segments)
	text := strings.Replace(string(bundle.bytes()), `{`, `{"x_facebook_offsets":[0,null,7],`, 1)
	s := open(t, symbolicate.WithPaths(write(t, map[string]string{"main.bundle.map": text, "other.js.map": mapOf("b.js")})))
	f := frameAt(t, s, "2.js:4:9")
	require.True(t, f.Mapped, f.Detail)
	assert.Equal(t, []any{"a.js", 3, 11}, []any{f.File, f.Line, f.Column}, "line 4 of the module is line 7+3 of the bundle, both from 0")
	f = frameAt(t, s, "0.js:1:5")
	assert.Equal(t, []any{"a.js", 3, 1}, []any{f.File, f.Line, f.Column})
	// A module that the map doesn't know is read as the file itself.
	f = frameAt(t, s, "1.js:1:5")
	assert.Equal(t, 1, f.Column)

	s = open(t, symbolicate.WithPaths(write(t, map[string]string{"main.bundle.map": text, "second.bundle.map": text})))
	f = frameAt(t, s, "2.js:4:9")
	assert.Equal(t, symbolicate.ReasonAmbiguous, f.Reason)
	s = open(t, symbolicate.WithPaths(write(t, map[string]string{"2.js.map": mapOf("c.js"), "second.bundle.map": text})))
	f = frameAt(t, s, "2.js:1:11")
	assert.Equal(t, "c.js", f.File, "a map of its own comes first")
}

// splitBundle is a map of a bundle that Metro split: of the main one, with two modules of its own, and of two segments, the second of which
// has modules.
func splitBundle() string {
	lines := func(source, extra string) string {
		var segments []segment
		for line := range 20 {
			segments = append(segments, segment{line, 4, 0, line % 5, line, -1})
		}
		m := oneSource(source, strings.Repeat("a line of thirty letters and more\n", 5))
		m.Mappings = encode(segments)
		return strings.Replace(string(m.bytes()), `{`, `{`+extra+`"x_facebook_sources":[[{"names":["in `+source+`"],"mappings":"AAA"}]],`, 1)
	}
	return lines("main.js", `"x_facebook_offsets":[0,null,7],"x_facebook_segments":{"1":`+lines("one.js", "")+`,"3":`+lines("three.js", `"x_facebook_offsets":[null,9],`)+`,"4":{"version":3}},`)
}

// TestSegments: frames name the file of a segment, or a module in it.
func TestSegments(t *testing.T) {
	root := write(t, map[string]string{"main.bundle.map": splitBundle(), "other.js.map": mapOf("b.js")})
	s := open(t, symbolicate.WithPaths(root))
	for place, want := range map[string][]any{
		"seg-1.js:3:6":      {"one.js", 3, 3, "in one.js"},
		"/a/b/seg-1.js:1:5": {"one.js", 1, 1, "in one.js"},
		"seg-3.js:2:5":      {"three.js", 2, 2, "in three.js"},
		"seg-3_1.js:2:5":    {"three.js", 1, 11, "in three.js"}, // line 9+1 of the segment, both from 0
		"2.js:2:5":          {"main.js", 4, 9, "in main.js"},
	} {
		f := frameAt(t, s, place)
		require.True(t, f.Mapped, "%s: %s", place, f.Detail)
		assert.Equal(t, want, []any{f.File, f.Line, f.Column, f.Function}, place)
		assert.Equal(t, "main.bundle.map", f.MapName)
	}
	assert.Equal(t, int64(1), s.Stats().Parses)
	f := frameAt(t, s, "seg-2.js:1:5")
	assert.Equal(t, []any{symbolicate.ReasonNoMap, "main.bundle.map has no map of segment 2"}, []any{f.Reason, f.Detail})
	f = frameAt(t, s, "seg-4.js:1:5")
	assert.Equal(t, symbolicate.ReasonMalformed, f.Reason)
	assert.Contains(t, f.Detail, "main.bundle.map: segment 4: not a source map")
	// Without the segment's own map, a file of that name is one like any other; a map of its own comes first.
	s = open(t, symbolicate.WithPaths(write(t, map[string]string{"main.bundle.map": splitBundle(), "seg-1.js.map": mapOf("own.js")})))
	f = frameAt(t, s, "seg-1.js"+place11)
	assert.Equal(t, "own.js", f.File)
	s = open(t, symbolicate.WithPaths(write(t, map[string]string{"main.bundle.map": splitBundle(), "second.bundle.map": splitBundle()})))
	f = frameAt(t, s, "seg-1.js:3:6")
	assert.Equal(t, symbolicate.ReasonAmbiguous, f.Reason)
}

// TestSegmentsAgainstMetro compares frames at random places of the split bundle with metro-symbolicate's.
func TestSegmentsAgainstMetro(t *testing.T) {
	const peers = "../bench/peers/node"
	_, nodeErr := exec.LookPath("node")
	_, modulesErr := os.Stat(peers + "/node_modules/metro-symbolicate")
	if nodeErr != nil || modulesErr != nil {
		t.Skip("skipped: metro-symbolicate (needs node and npm ci in bench/peers/node)")
	}
	s := open(t, symbolicate.WithPaths(write(t, map[string]string{"main.bundle.map": splitBundle()})))
	random := rand.New(rand.NewPCG(20, 27))
	var asked [][]any
	for range 500 {
		file := []string{"0.js", "2.js", "seg-1.js", "seg-3.js", "seg-3_1.js"}[random.IntN(5)]
		asked = append(asked, []any{file, 1 + random.IntN(22), random.IntN(9)})
	}
	in, err := json.Marshal([]any{json.RawMessage(splitBundle()), asked})
	require.NoError(t, err)
	command := exec.Command("node", peers+"/metro.mjs", "frames")
	command.Stdin = bytes.NewReader(in)
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	var theirs [][]any
	require.NoError(t, json.Unmarshal(out, &theirs))
	require.Len(t, theirs, len(asked))
	mapped := 0
	for i, want := range theirs {
		f := frameAt(t, s, fmt.Sprintf("%s:%d:%d", asked[i][0], asked[i][1], asked[i][2].(int)+1))
		require.Equal(t, want[0] != nil, f.Mapped, "%v: %s", asked[i], f.Detail)
		if f.Mapped {
			mapped++
			require.Equal(t, want, []any{f.File, float64(f.Line), float64(f.Column - 1), f.Function}, "%v", asked[i])
		}
	}
	t.Logf("%d frames of %d mapped", mapped, len(asked))
	assert.Greater(t, mapped, 200)
}
