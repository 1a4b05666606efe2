package sourcemap_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

var makeGolden = flag.Bool("golden", false, "make the files of testdata/index that are not there")

const goldenFolder = "../testdata/index/v1"

type goldenMap struct {
	name, path string
	text       func() string
	options    *sourcemap.SaveOptions
}

// goldenMaps are the maps of which testdata/index/v1 has the saved index. text makes those that are not of testdata/shop.
var goldenMaps = []goldenMap{
	{"features", goldenFolder + "/features.map", func() string { return features(72_000) }, nil},
	{"sections", goldenFolder + "/sections.map", sectionsText, nil},
	{"empty", goldenFolder + "/empty.map", func() string { return `{"version":3,"sources":[],"mappings":""}` + "\n" }, nil},
	{"shop-esbuild", "../testdata/shop/dist/esbuild-names/shop.min.js.map", nil, nil},
	{"proposals", goldenFolder + "/proposals.map", proposalsText, nil},
	{"shop-terser", "../testdata/shop/dist/terser-names/shop.min.js.map", nil, &sourcemap.SaveOptions{NoSources: true}},
}

// sectionsText is an indexed map: roots, and mappings out of order.
func sectionsText() string {
	return indexed(
		section(0, 5, regular(`"file":"x","sourceRoot":"one","sources":["a.js","b.js",null],"sourcesContent":["a\nb\n"],"names":["n","m"],"ignoreList":[1],`, "AAAAA,EAACC;;GCAA,A;AACAA")),
		section(9, 0, regular(`"sourceRoot":"two/","sources":["a.js"],"names":["n"],`, "IAAAA,JAAC,A,IAAA")),
		section(8, 0, regular(`"sources":["https://example.com/c.js"],"sourcesContent":[""],`, "A,AAAA")), // before the section before it
		section(20, 0, regular(`"sources":["d.js"],`, "AA")),                                              // broken
	) + "\n"
}

// proposalsText is a map with range mappings and scopes.
func proposalsText() string {
	return regular(`"file":"out.js","sources":["a.js","b.js",null],"names":["f","function","x","y","_x","1+1"],"sourcesContent":["one\ntwo\n"],`+
		`"rangeMappings":"B;;A;A","scopes":"BHBCAC,DEC,BABC,CBA,CAB,A,BAAA,CAA,EDCDA,GFG,IBEF,HBABFBAA,HAABG,EMA,FCB,FG,EHBAC,FBC",`,
		"AAAAA,EAACC;;GCAA,EAAE;AACAA") + "\n"
}

// goldenFunctions is an index of goldenCode's map with functions, without source texts.
const (
	goldenFunctions = goldenFolder + "/functions.symidx"
	goldenCode      = "../testdata/shop/dist/terser-names/shop.min.js"
)

// goldenKeys are the keys of the map in the archive.
func goldenKeys(name string, m *sourcemap.Map) (keys []sourcemap.Key) {
	keys = append(keys, urlKey("https://example.com/"+name+".js"), urlKey(name+".js"))
	if id := m.DebugID(); id != "" {
		keys = append(keys, sourcemap.Key{DebugID: id})
	}
	return keys
}

func writeGolden(t *testing.T) {
	t.Helper()
	require.NoError(t, os.MkdirAll(goldenFolder, 0o755))
	missing := func(path string) bool {
		_, err := os.Stat(path)
		return os.IsNotExist(err)
	}
	for _, g := range goldenMaps {
		if g.text != nil && missing(g.path) {
			require.NoError(t, os.WriteFile(g.path, []byte(g.text()), 0o644))
		}
		if path := filepath.Join(goldenFolder, g.name+".symidx"); missing(path) {
			require.NoError(t, openFile(t, g.path).Save(path, g.options))
		}
	}
	if missing(goldenFunctions) {
		code, err := os.ReadFile(goldenCode)
		require.NoError(t, err)
		m, err := sourcemap.Open(goldenCode+".map", &sourcemap.Options{Functions: true, Generated: code})
		require.NoError(t, err)
		require.NoError(t, m.Save(goldenFunctions, &sourcemap.SaveOptions{NoSources: true}))
	}
	path := filepath.Join(goldenFolder, "maps.symarc")
	if !missing(path) {
		return
	}
	// Three updates, the second of which takes away what the first one wrote.
	for i, part := range [][]int{{1, 2}, {1}, {0, 3, 5}} { // without proposals, which joined later
		require.NoError(t, sourcemap.UpdateArchive(path, func(w *sourcemap.ArchiveWriter) error {
			if i == 1 {
				w.Remove(urlKey("empty.js"))
			}
			for _, n := range part {
				g := &goldenMaps[n]
				m := openFile(t, g.path)
				if err := w.Add(m, g.options, goldenKeys(g.name, m)...); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// requireSameAnswers is requireSame, and all answers of lookups; without source texts where they were left out.
func requireSameAnswers(t *testing.T, want, got *sourcemap.Map, options *sourcemap.SaveOptions) {
	t.Helper()
	require.NoError(t, got.Verify())
	at := places(want)
	wantAll, gotAll := askAll(want, at, math.MaxInt), askAll(got, at, math.MaxInt)
	if options != nil && options.NoSources {
		require.Equal(t, wantAll.mappings, gotAll.mappings)
		require.Equal(t, wantAll.found, gotAll.found)
		require.Equal(t, names(want), names(got))
		require.Equal(t, urls(want), urls(got))
		_, has := got.SourceText(0)
		require.False(t, has)
		return
	}
	require.Equal(t, wantAll, gotAll)
	requireSame(t, want, got)
}

// TestGolden: files of version 1 open, and say what the maps say that they were made of.
func TestGolden(t *testing.T) {
	if *makeGolden {
		writeGolden(t)
	}
	a := openArchive(t, filepath.Join(goldenFolder, "maps.symarc"))
	require.NoError(t, a.Verify())
	n := 0
	for _, g := range goldenMaps {
		t.Run(g.name, func(t *testing.T) {
			want := openFile(t, g.path)
			requireSameAnswers(t, want, openFile(t, filepath.Join(goldenFolder, g.name+".symidx")), g.options)
			for _, k := range goldenKeys(g.name, want) {
				if g.name == "proposals" {
					continue // joined later than the archive was made
				}
				if g.name == "empty" && k == urlKey("empty.js") {
					_, found, err := a.Get(k)
					require.NoError(t, err)
					require.False(t, found)
					continue
				}
				requireSameAnswers(t, want, get(t, a, k), g.options)
				n++
			}
		})
	}
	assert.Equal(t, n, a.Len())

	// They are small, and all are known here.
	list, err := os.ReadDir(goldenFolder)
	require.NoError(t, err)
	total := int64(0)
	for _, e := range list {
		info, err := e.Info()
		require.NoError(t, err)
		total += info.Size()
		known := e.Name() == "README.md" || e.Name() == "maps.symarc" || e.Name() == filepath.Base(goldenFunctions) || slices.ContainsFunc(goldenMaps, func(g goldenMap) bool {
			return e.Name() == g.name+".symidx" || e.Name() == filepath.Base(g.path)
		})
		assert.True(t, known, e.Name())
	}
	assert.Less(t, total, int64(200_000))
}

// TestGoldenFunctions: functions of version 1 are read.
func TestGoldenFunctions(t *testing.T) {
	m := openFile(t, goldenFunctions)
	require.NoError(t, m.Verify())
	for _, c := range []struct {
		column         int32
		at, in, around string // by FunctionAt, by FunctionIn, and what that one says is around
	}{{580, "Cart._add", "Cart._add", ""}, {660, "Cart.#checked", "Cart.#checked", ""}, {770, "", "", "get Cart._total"}, {310, "static ShopError", "static ShopError", ""}, {3170, "Bus._on", "<anonymous>._on", ""}} {
		f, ok := m.FunctionAt(sourcemap.Position{Column: c.column})
		assert.True(t, ok)
		assert.Equal(t, c.at, f.Name, c.column)
		f, ok = m.FunctionIn(nil, sourcemap.Position{Column: c.column})
		assert.True(t, ok)
		assert.Equal(t, sourcemap.Function{Name: c.in, In: c.around}, f, c.column)
	}
}

// TestGoldenIsEqual: the same map makes the same file today, byte for byte, but for zstd's. Whoever changes how mappings
// are packed changes this, on purpose.
func TestGoldenIsEqual(t *testing.T) {
	for _, g := range goldenMaps {
		want, err := os.ReadFile(filepath.Join(goldenFolder, g.name+".symidx"))
		require.NoError(t, err)
		for _, workers := range []int{1, 3} {
			options := &sourcemap.SaveOptions{Workers: workers, NoSources: g.options != nil && g.options.NoSources}
			m, err := sourcemap.Open(g.path, &sourcemap.Options{Workers: workers})
			require.NoError(t, err)
			got, err := m.AppendIndex(nil, options)
			require.NoError(t, err)
			m.Close()
			wantParts, gotParts := partsOf(want), partsOf(got)
			require.Len(t, gotParts, len(wantParts))
			for kind, content := range wantParts {
				if kind < 14 || kind > 17 {
					require.True(t, bytes.Equal(content, gotParts[kind]), "%s: section %d", g.name, kind)
				}
			}
			if !bytes.Equal(want, got) {
				t.Logf("%s: source texts are compressed in other bytes than once", g.name)
			}
			// And what is opened is saved as it was.
			saved := openFile(t, filepath.Join(goldenFolder, g.name+".symidx"))
			other, err := saved.AppendIndex(nil, nil)
			require.NoError(t, err)
			wantParts = partsOf(other)
			require.Len(t, wantParts, len(gotParts))
			for kind, content := range partsOf(want) {
				require.True(t, bytes.Equal(content, wantParts[kind]), "%s: section %d", g.name, kind)
			}
		}
	}
}

// TestGoldenMappings is TestGoldenIsEqual for the mappings alone.
func TestGoldenMappings(t *testing.T) {
	for _, g := range goldenMaps {
		want, err := os.ReadFile(filepath.Join(goldenFolder, g.name+".symidx"))
		require.NoError(t, err)
		got, err := openFile(t, g.path).AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
		require.NoError(t, err)
		wantParts, gotParts := partsOf(want), partsOf(got)
		for kind := uint32(8); kind <= 11; kind++ {
			require.True(t, bytes.Equal(wantParts[kind], gotParts[kind]), "%s: section %d", g.name, kind)
		}
	}
}

// TestGoldenMappingsOfEveryKernel runs it in a process for each kernel; for those that this machine lacks, a lower one.
func TestGoldenMappingsOfEveryKernel(t *testing.T) {
	for _, kernel := range []string{"go", "avx2", "avx512"} {
		command := exec.Command(os.Args[0], "-test.run=^TestGoldenMappings$", "-test.count=1")
		command.Env = append(os.Environ(), "SYMBOLICATE_KERNEL="+kernel, "GORACE=atexit_sleep_ms=0")
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s: %s", kernel, out)
		require.Contains(t, string(out), "PASS")
	}
}

// TestSavedAlike: what a process did before makes no difference to the file.
func TestSavedAlike(t *testing.T) {
	texts := []string{
		features(3000), lookupMap, everything, nestedMap,
		// Mappings that are given up in the middle.
		regular(`"sources":["a"],`, strings.Repeat("AAAA,CACC,", 3000)+"!"),
		indexed(section(0, 0, regular(`"sources":["a"],`, "AAAA,CAAC")), section(0, 100, regular(`"sources":["b"],`, strings.Repeat("CAC+C,", 500)+"AA")), section(1, 0, regular(`"sources":["c"],`, "EAAE"))),
		regular(`"sources":["a"],`, strings.Repeat("+/AAA,DACC,", 2000)),
		regular(`"sources":["a"],`, ""),
	}
	want := make([][]byte, len(texts)) // the first time
	for i, text := range texts {
		for j := range texts {
			before := parse(t, texts[j])
			if j%2 == 0 {
				before.Close()
			}
			m := parse(t, text)
			data, err := m.AppendIndex(nil, &sourcemap.SaveOptions{NoSources: true})
			require.NoError(t, err)
			if want[i] == nil {
				want[i] = data
			}
			require.True(t, bytes.Equal(want[i], data), "map %d behind map %d", i, j)
			m.Close()
		}
	}
}
