package sourcemap_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func encoded(t testing.TB, m *sourcemap.Map, options *sourcemap.EncodeOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, m.Encode(&out, options))
	return out.Bytes()
}

// encodeCases are maps and what Encode makes of them; "" where that is the map itself.
var encodeCases = []struct{ name, in, out string }{
	{"empty", `{"version":3,"sources":[],"names":[],"mappings":""}`, ""},
	{"all fields", `{"version":3,"file":"a.js","sourceRoot":"r/","sources":["a.ts",null,"b.ts"],"sourcesContent":["a\n",null,""],"names":["n","m"],"mappings":"AAAAA,I,IACE,AAAC,ACAA;;KCQMC","ignoreList":[0,2],"debugId":"85314830-023f-4cf1-a267-535f4e37bb17"}`, ""},
	{"order, white space, unknown fields", `)]}'
		{ "x_y": [1], "mappings": "A", "names": ["n"], "sources": ["a"], "version": 3.0 }`, `{"version":3,"sources":["a"],"names":["n"],"mappings":"A"}`},
	{"x_google_ignoreList, debug_id, no names", `{"version":3,"sources":["a"],"mappings":"","x_google_ignoreList":[0],"debug_id":"85314830023F4CF1A267535F4E37BB17"}`,
		`{"version":3,"sources":["a"],"names":[],"mappings":"","ignoreList":[0],"debugId":"85314830-023f-4cf1-a267-535f4e37bb17"}`},
	{"a root without its slash", regular(`"sourceRoot":"r","sources":["a"],`, ""), `{"version":3,"sourceRoot":"r/","sources":["a"],"names":[],"mappings":""}`},
	{"a root of null sources alone", regular(`"sourceRoot":"r","sources":[null],`, ""), `{"version":3,"sources":[null],"names":[],"mappings":""}`},
	{"equal sources and names stay apart", `{"version":3,"sources":["a","a"],"names":["n","n"],"mappings":"AAAAA,CCAAC"}`, ""},
	{"unsorted", regular(`"sources":["a"],`, "IAAA,JAAC,AAAC,IAAC"), `{"version":3,"sources":["a"],"names":[],"mappings":"AAAC,AAAC,IAAF,AAAG"}`},
	{"repeats", `{"version":3,"sources":["a"],"names":["n"],"mappings":"A,A,AAAA,AAAA,AAAAA,AAAAA,A;A;;A"}`, ""},
	{"long zeros, trailing lines", regular(`"sources":["a"],`, "ggggA,AgAAA;;;;"), `{"version":3,"sources":["a"],"names":[],"mappings":"A,AAAA"}`},
	{"the largest values", `{"version":3,"sources":["a","b"],"names":[],"mappings":"+/////DA+/////D+/////D;+/////DAA,DCD/////D/////D"}`,
		`{"version":3,"sources":["a","b"],"names":[],"mappings":"+/////DA+/////D+/////D"}`},
	{"sections", indexed(section(1, 3, regular(`"sourceRoot":"r","sources":["a","b"],"names":["n"],`, "AAAAA;A")), section(4, 0, regular(`"sources":["r/a",null],"names":["n"],`, "CAAAA,CC"))),
		`{"version":3,"sources":["r/a","b"],"names":[],"mappings":""}`},
	{"strings", `{"version":3,"file":"\u00e9\"\\\/\u0001","sources":["\ud83d\ude00","\ud800","` + "\xff" + `"],"names":["\n"],"sourcesContent":["\ud800\u0041","\q` + "\xc3" + `"],"mappings":"A"}`,
		`{"version":3,"file":"é\"\\/\u0001","sources":["😀","` + "\uFFFD\",\"\uFFFD" + `"],"sourcesContent":["` + "\uFFFD" + `A","\\q` + "\uFFFD" + `",null],"names":["\n"],"mappings":"A"}`},
	{"out of range", regular(`"sources":["a"],"names":["n"],`, "AAAAA,CACAAA,CDAADA,DFFF"), `{"version":3,"sources":["a"],"names":["n"],"mappings":"AAAAA,C,CAAAA,AADF"}`},
}

func TestEncode(t *testing.T) {
	for _, c := range encodeCases {
		t.Run(c.name, func(t *testing.T) {
			m := parse(t, c.in)
			got := string(encoded(t, m, nil))
			switch c.name {
			case "the largest values", "sections", "out of range": // their texts are long to write out: the round trip tells
			default:
				want := c.out
				if want == "" {
					want = c.in
				}
				assert.Equal(t, want, got)
			}
			requireRoundTrip(t, m)
		})
	}
}

// requireRoundTrip encodes a map, parses that, and compares.
func requireRoundTrip(t testing.TB, m *sourcemap.Map) {
	t.Helper()
	requireRoundTripOf(t, m, hasFaults(m))
}

// writtenFaults are what stays wrong when it is written: there is no other way to say it.
var writtenFaults = []sourcemap.ProblemKind{sourcemap.ProblemScopesItem, sourcemap.ProblemRangeMappingsItem}

// hasFaults tells whether what Encode makes of the map may have faults: it has them, or its sections have scopes, which may not fit
// into a regular map.
func hasFaults(m *sourcemap.Map) bool {
	_, more := m.Problems()
	return more > 0 || m.Indexed() && m.HasScopes() || slices.ContainsFunc(kinds(m), func(kind sourcemap.ProblemKind) bool { return slices.Contains(writtenFaults, kind) })
}

// requireRoundTripOf is requireRoundTrip for a map of which is known whether it was made from one with faults.
func requireRoundTripOf(t testing.TB, m *sourcemap.Map, faulty bool) {
	t.Helper()
	text := encoded(t, m, nil)
	require.True(t, utf8.Valid(text))
	again, err := sourcemap.Parse(text, &sourcemap.Options{Strict: !faulty})
	require.NoError(t, err)
	defer again.Close()
	for _, kind := range kinds(again) {
		require.Contains(t, writtenFaults, kind)
	}
	requireSameScopes(t, m, again)
	requireSameNative(t, m, again)
	require.Equal(t, m.File(), again.File())
	require.Equal(t, m.DebugID(), again.DebugID())
	require.False(t, again.Indexed())
	require.Equal(t, m.NumNames(), again.NumNames())
	for i := range m.NumNames() {
		require.Equal(t, m.Name(i), again.Name(i))
	}
	require.Equal(t, m.NumSources(), again.NumSources())
	for i := range m.NumSources() {
		want, _ := m.Source(i)
		got, _ := again.Source(i)
		require.Equal(t, want, got)
		wantText, _ := m.SourceText(i)
		gotText, _ := again.SourceText(i)
		require.True(t, wantText == gotText, "text of source %d", i)
	}
	// Without a slice of all: a map may have millions.
	require.Equal(t, m.Len(), again.Len())
	next, stop := pull(again)
	defer stop()
	for want := range m.Mappings() {
		if want.Source < 0 {
			want.Name = -1 // has no written form
		}
		if got, _ := next(); got != want {
			require.Equal(t, want, got)
		}
	}
	require.True(t, bytes.Equal(text, encoded(t, again, nil)), "encoded twice")
}

// requireSameScopes compares scopes and ranges: of an indexed map what lookups say of them.
func requireSameScopes(t testing.TB, m, again *sourcemap.Map) {
	t.Helper()
	require.Equal(t, m.HasScopes(), again.HasScopes())
	if !m.HasScopes() {
		return
	}
	if !m.Indexed() {
		require.Equal(t, m.NumScopes(), again.NumScopes())
		for i := range m.NumScopes() {
			want, _ := m.Scope(i)
			got, _ := again.Scope(i)
			require.Equal(t, want, got)
		}
		for i := range m.NumSources() {
			require.Equal(t, slices.Collect(m.Scopes(i)), slices.Collect(again.Scopes(i)))
		}
		require.Equal(t, slices.Collect(m.Ranges()), slices.Collect(again.Ranges()))
		return
	}
	ranges := slices.Collect(m.Ranges())
	if !slices.IsSortedFunc(ranges, func(a, b sourcemap.GeneratedRange) int {
		return cmp.Or(cmp.Compare(a.Start.Line, b.Start.Line), cmp.Compare(a.Start.Column, b.Start.Column))
	}) {
		return // overlapping sections: what is found of them is not said
	}
	require.Len(t, slices.Collect(again.Ranges()), len(ranges))
	for _, r := range ranges {
		for _, p := range []sourcemap.Position{r.Start, r.End, {Line: r.Start.Line, Column: r.Start.Column + 1}, {Line: r.End.Line, Column: max(r.End.Column-1, 0)}} {
			require.Equal(t, rangesText(m, p), rangesText(again, p))
		}
	}
	for i := range m.NumSources() {
		for s := range m.Scopes(i) {
			for _, p := range []sourcemap.Position{s.Start, s.End} {
				want, known := m.ScopeFunction(i, p)
				got, knownAgain := again.ScopeFunction(i, p)
				require.Equal(t, want, got)
				require.Equal(t, known, knownAgain)
			}
		}
	}
}

// rangesText is what there is at a generated position, without numbers and ends.
func rangesText(m *sourcemap.Map, p sourcemap.Position) string {
	var b strings.Builder
	name := func(i int32) string {
		if i < 0 {
			return "-"
		}
		return m.Name(int(i))
	}
	for _, r := range m.RangesAt(p) {
		fmt.Fprint(&b, r.Start, r.Frame, r.CallSource, r.CallSite)
		if s, ok := m.Scope(r.Definition); ok {
			fmt.Fprint(&b, " of ", s.Start, s.End, name(s.Name), name(s.Kind), s.StackFrame)
			for _, v := range s.Variables {
				fmt.Fprintf(&b, " %q", name(v))
			}
		}
		for _, list := range r.Bindings {
			for _, binding := range list {
				fmt.Fprintf(&b, " %v=%q", binding.From, name(binding.Name))
			}
		}
		b.WriteString("; ")
	}
	return b.String()
}

// requireSameNative compares the fields of React Native.
func requireSameNative(t testing.TB, m, again *sourcemap.Map) {
	t.Helper()
	for i := range m.NumSources() {
		want, err := m.FunctionMap(i)
		got, errAgain := again.FunctionMap(i)
		require.Equal(t, want, got)
		require.Equal(t, err, errAgain)
	}
	require.Equal(t, m.ModulePaths(), again.ModulePaths())
	require.Equal(t, m.IsHermes(), again.IsHermes())
	for i := range 8 {
		want, ok := m.ModuleLine(i)
		got, okAgain := again.ModuleLine(i)
		require.Equal(t, [2]any{want, ok}, [2]any{got, okAgain})
		for segment := range 4 {
			want, ok := m.HermesFunction(segment, i)
			got, okAgain := again.HermesFunction(segment, i)
			require.Equal(t, [2]any{want, ok}, [2]any{got, okAgain})
		}
	}
	require.Equal(t, m.Segments(), again.Segments())
	for _, id := range m.Segments() {
		want, err := m.Segment(id)
		got, errAgain := again.Segment(id)
		require.Equal(t, err, errAgain)
		if err == nil {
			require.Equal(t, string(encoded(t, want, nil)), string(encoded(t, got, nil)))
		}
	}
}

// pull is iter.Pull of the mappings, a few thousand at a time.
func pull(m *sourcemap.Map) (next func() (sourcemap.Mapping, bool), stop func()) {
	var part []sourcemap.Mapping
	more, stop := iter.Pull(func(yield func(struct{}) bool) {
		for mapping := range m.Mappings() {
			if part = append(part, mapping); len(part) == 4096 && !yield(struct{}{}) {
				return
			}
		}
		yield(struct{}{})
	})
	at := 0
	return func() (mapping sourcemap.Mapping, ok bool) {
		if at == len(part) {
			part, at = part[:0], 0
			if more(); len(part) == 0 {
				return mapping, false
			}
		}
		at++
		return part[at-1], true
	}, stop
}

// variedMap is a map of all that the format has, with faults that Parse passes over.
func variedMap(random *rand.Rand) string {
	if random.IntN(5) == 0 {
		var list []string
		line := 0
		for range random.IntN(5) {
			list = append(list, section(line, random.IntN(9), variedRegular(random)))
			line += random.IntN(6)
		}
		return indexed(list...)
	}
	return variedRegular(random)
}

var variedTexts = []string{`"a"`, `"b.js"`, `"webpack:///./src/a.ts"`, `"\ud83d\ude00"`, `"\ud800x"`, "\"\xff\xfe\"", `"\u0000\n\t\"\\\/"`, `""`, `"../x/é"`, `"\q\u12"`, `"https://example.com/a?b#c"`}

func variedRegular(random *rand.Rand) string {
	text := func() string { return variedTexts[random.IntN(len(variedTexts))] }
	list := func(n int, nulls bool) (items []string) {
		for range n {
			if nulls && random.IntN(5) == 0 {
				items = append(items, "null")
			} else {
				items = append(items, text())
			}
		}
		return items
	}
	sources, names := random.IntN(5), random.IntN(4)
	var b strings.Builder
	b.WriteString(`{"version":3`)
	member := func(name, value string) { fmt.Fprintf(&b, `,"%s":%s`, name, value) }
	if random.IntN(3) == 0 {
		member("file", text())
	}
	if random.IntN(3) == 0 {
		member("sourceRoot", text())
	}
	member("sources", "["+strings.Join(list(sources, true), ",")+"]")
	if random.IntN(2) == 0 {
		member("sourcesContent", "["+strings.Join(list(random.IntN(sources+2), true), ",")+"]")
	}
	member("names", "["+strings.Join(list(names, false), ",")+"]")
	if random.IntN(3) == 0 {
		member("ignoreList", fmt.Sprintf("[%d]", random.IntN(5)))
	}
	if random.IntN(5) == 0 {
		member("debugId", `"85314830-023f-4cf1-a267-535f4e37bb17"`)
	}
	mappings := variedMappings(random, sources, names)
	member("mappings", `"`+mappings+`"`)
	if random.IntN(3) == 0 {
		member("rangeMappings", `"`+variedRanges(random, mappings)+`"`)
	}
	if random.IntN(3) == 0 {
		numbered := []string{"0"} // by their numbers; where the map has no names, it is one that there is not
		for i := 1; i < names+random.IntN(2); i++ {
			numbered = append(numbered, fmt.Sprint(i))
		}
		record := randomRecordOf(random, max(1, sources), numbered)
		if random.IntN(8) > 0 {
			record.Sources = record.Sources[:sources]
		}
		member("scopes", `"`+encodeScopes(record, numbered)+`"`)
	}
	for name, values := range variedNative {
		if random.IntN(8) == 0 {
			member(name, values[random.IntN(len(values))])
		}
	}
	return b.String() + "}"
}

// variedNative are fields of React Native and values of them, not all of which are good.
var variedNative = map[string][]string{
	"x_facebook_sources":        {`[[{"names":["f","g"],"mappings":"AAA,CCC"}],null,[{"names":["h"],"mappings":"AAA"},1]]`, `[[{"names":1}]]`, "[[{\"names\":[\"\xff\"],\"mappings\":\"AAA\"}]]", `[]`, `3`},
	"x_facebook_offsets":        {`[null, 12,-1 ,7]`, `null`, `{}`},
	"x_hermes_function_offsets": {`{"0":[0,15,113],"2":[9]}`, `[1]`},
	"x_metro_module_paths":      {`["a.js","\u00e9.js"]`, "[\"\xc3\"]"},
	"x_facebook_segments":       {`{"1":{"version":3,"sources":["s"],"mappings":"AAAA"},"3":{"version":3},"x":{}}`, `[]`},
}

// variedRanges marks some of the mappings that have an original position.
func variedRanges(random *rand.Rand, mappings string) string {
	var b strings.Builder
	for i, line := range strings.Split(mappings, ";") {
		if i > 0 {
			b.WriteString(";")
		}
		last := 0
		for i, segment := range strings.Split(line, ",") {
			if len(segment) >= 4 && random.IntN(5) == 0 {
				b.WriteString(unsigned(i - last))
				last = i
			}
		}
	}
	return b.String()
}

func variedMappings(random *rand.Rand, sources, names int) string {
	var b strings.Builder
	// The running sums, mostly of positions, sources and names that there are.
	var source, line, column, name int64
	to := func(sum *int64, below int) int64 {
		delta := random.Int64N(int64(below)) - *sum
		switch {
		case random.IntN(60) == 0:
			delta = random.Int64N(5) - 2
		case random.IntN(300) == 0:
			delta = random.Int64N(1<<32-1) - math.MaxInt32
		case delta < -math.MaxInt32 || delta > math.MaxInt32:
			delta /= 4
		}
		*sum += delta
		return delta
	}
	for i := range random.IntN(8) {
		if i > 0 {
			b.WriteString(strings.Repeat(";", 1+random.IntN(3)))
		}
		generated := int64(0)
		for i := range random.IntN(7) * random.IntN(30) {
			if i > 0 {
				b.WriteString(",")
			}
			fields := []int64{random.Int64N(4)}
			if random.IntN(30) == 0 {
				fields[0] = to(&generated, 40)
			} else {
				generated += fields[0]
			}
			if sources > 0 && random.IntN(6) > 0 {
				fields = append(fields, to(&source, sources), to(&line, 6), to(&column, 15))
				if names > 0 && random.IntN(3) == 0 {
					fields = append(fields, to(&name, names))
				}
			}
			for _, v := range fields {
				plainVLQ(&b, v)
			}
		}
	}
	return b.String()
}

// plainVLQ writes a value digit by digit, as ECMA-426 describes it.
func plainVLQ(b *strings.Builder, v int64) {
	u := v << 1
	if v < 0 {
		u = -v<<1 | 1
	}
	for {
		digit := u & 31
		if u >>= 5; u > 0 {
			digit |= 32
		}
		b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit])
		if u == 0 {
			return
		}
	}
}

func TestEncodeRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 426))
	mapped := 0
	scoped, ranged := 0, 0
	for range 5000 {
		text := variedMap(random)
		m, err := sourcemap.Parse([]byte(text), nil)
		require.NoError(t, err, text)
		requireRoundTrip(t, m)
		mapped += m.Len()
		scoped += m.NumScopes() + m.NumRanges()
		ranged += len(markedOf(m))
		m.Close()
	}
	t.Logf("%d mappings, %d of them ranges; %d scopes and ranges", mapped, ranged, scoped)
	assert.Greater(t, mapped, 100_000)
	assert.Greater(t, scoped, 10_000)
	assert.Greater(t, ranged, 1000)
	for i := range uint64(2000) {
		if m, err := sourcemap.Parse([]byte(randomMapText(426, i)), nil); err == nil {
			if !far(m) {
				requireRoundTrip(t, m)
			}
			m.Close()
		}
	}
}

// TestEncodeSaved: a map that was saved is written like the map that it was made from.
func TestEncodeSaved(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 427))
	texts := []string{features(72_000), sectionsText(), everything}
	for range 50 {
		texts = append(texts, variedMap(random))
	}
	for _, text := range texts {
		m := parse(t, text)
		want := encoded(t, m, nil)
		other, err := sourcemap.Parse(savedBytes(t, m), nil)
		require.NoError(t, err)
		require.Equal(t, string(want), string(encoded(t, other, nil)))
		opened := openFile(t, saved(t, m, nil))
		require.Equal(t, string(want), string(encoded(t, opened, nil)))
		require.Equal(t, string(encoded(t, m, &sourcemap.EncodeOptions{NoSources: true})), string(encoded(t, openFile(t, saved(t, m, &sourcemap.SaveOptions{NoSources: true})), nil)))
	}
}

// TestEncodeProposals: the maps of the proposals' suites, and those of React Native, come back.
func TestEncodeProposals(t *testing.T) {
	files := []string{goldenFolder + "/proposals.map"}
	for _, pattern := range []string{"../testdata/hermes/dist/*.map", filepath.Join(tc39Dir(), "decoding", "*", "*.map"), filepath.Join(tc39Dir(), "..", "extra", "range-mappings-0based", "*.map"),
		filepath.Join(tc39Dir(), "..", "extra", "range-mappings-0based", "*", "*.map")} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	scoped, ranged, native := 0, 0, 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			continue // a suite has broken maps, too
		}
		requireRoundTrip(t, m)
		if m.HasScopes() {
			scoped++
		}
		if len(markedOf(m)) > 0 {
			ranged++
		}
		if list, _ := m.FunctionMap(0); len(list) > 0 || m.IsHermes() {
			native++
		}
	}
	t.Logf("%d maps with scopes, %d with range mappings, %d of React Native", scoped, ranged, native)
	assert.Equal(t, 3, native)
	assert.GreaterOrEqual(t, scoped, 1)
	if tc39Dir() != "" {
		assert.Greater(t, scoped, 4)
		assert.Greater(t, ranged, 3)
	}
}

// TestEncodeSectionsWithScopes: scopes of sections become those of a regular map.
func TestEncodeSectionsWithScopes(t *testing.T) {
	one := func(name, scopes string) string {
		return `{"version":3,"sources":["b","a"],"names":["` + name + `"],"mappings":"","scopes":"` + scopes + `"}`
	}
	// Source a comes first, and equal scopes of it a second time; then other ones, and a range that goes on behind the next section's start.
	m := parseClean(t, indexed(section(0, 0, one("f", "A,BFAAA,CJA,ECAA,FK")), section(2, 0, one("f", "A,BFAAA,CJA,ECAA,FFA")), section(4, 0, one("g", "BFAAA,CJA,BFAAA,CJA,ECAA,FA,ECAC,FA"))))
	assert.Equal(t, 4, m.NumScopes())
	again := parse(t, string(encoded(t, m, nil)))
	assert.Equal(t, []string{"scopes-item"}, []string{string(kinds(again)[0])}, "a second tree of one source")
	require.Len(t, kinds(again), 1)
	assert.Equal(t, 3, again.NumScopes())
	assert.Equal(t, "BFAAE,CJA,BFAAF,CJA,BFAAE,CJA,ECAC,FK,EDCAA,FCA,ECAD,FA,ECAE,FA", scopesText(t, again))
	requireRoundTrip(t, m)
}

// scopesText is the scopes field that Encode writes.
func scopesText(t testing.TB, m *sourcemap.Map) string {
	var fields struct{ Scopes string }
	require.NoError(t, json.Unmarshal(encoded(t, m, nil), &fields))
	return fields.Scopes
}

func TestEncodeCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.ID, func(t *testing.T) {
			m, err := sourcemap.Open(c.Map, nil)
			require.NoError(t, err)
			defer m.Close()
			requireRoundTrip(t, m)
		})
	}
}

// needNode skips a test that runs a script of bench/peers/node.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: comparison with npm packages (no node)")
	}
	if _, err := os.Stat("../bench/peers/node/node_modules/@jridgewell/remapping"); err != nil {
		t.Skip("skipped: comparison with npm packages (run make corpus)")
	}
}

// remapping runs bench/peers/node/remapping.mjs on JSON lines and returns its answers.
func remapping(t *testing.T, job string, lines []string) (answers []json.RawMessage) {
	t.Helper()
	needNode(t)
	command := exec.Command("node", "../bench/peers/node/remapping.mjs", job)
	command.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	require.NoError(t, err, errs.String())
	for line := range bytes.Lines(out) {
		answers = append(answers, bytes.Clone(bytes.TrimSpace(line)))
	}
	require.Len(t, answers, len(lines))
	return answers
}

// decodedMappings are the mappings as trace-mapping gives them.
func decodedMappings(m *sourcemap.Map) [][][]int32 {
	lines := [][][]int32{}
	for mapping := range m.Mappings() {
		for int(mapping.Generated.Line) >= len(lines) {
			lines = append(lines, [][]int32{})
		}
		if mapping.Source < 0 {
			mapping.Name = -1
		}
		line := &lines[mapping.Generated.Line]
		*line = append(*line, at(mapping)[1:])
	}
	return lines
}

// TestEncodeDecodedElsewhere: trace-mapping reads the same mappings.
func TestEncodeDecodedElsewhere(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 428))
	var lines []string
	var maps []*sourcemap.Map
	for len(lines) < 500 {
		m := parse(t, variedMap(random))
		maps = append(maps, m)
		lines = append(lines, string(encoded(t, m, nil)))
	}
	for _, path := range []string{"../testdata/shop/dist/terser-names/shop.min.js.map", "../testdata/shop/dist/esbuild-names/shop.min.js.map"} {
		m := openFile(t, path)
		maps = append(maps, m)
		lines = append(lines, string(encoded(t, m, nil)))
	}
	for i, answer := range remapping(t, "decode", lines) {
		var got [][][]int32
		require.NoError(t, json.Unmarshal(answer, &got))
		for len(got) > 0 && len(got[len(got)-1]) == 0 {
			got = got[:len(got)-1]
		}
		require.Equal(t, decodedMappings(maps[i]), append([][][]int32{}, got...), lines[i])
	}
}

func TestEncodeFails(t *testing.T) {
	m := parse(t, features(200_000))
	size := len(encoded(t, m, nil))
	for _, room := range []int{0, 1, 100_000, size - 1} {
		assert.ErrorIs(t, m.Encode(&full{room}, nil), errFull)
	}
	assert.NoError(t, m.Encode(&full{size}, nil))
	assert.ErrorIs(t, m.Encode(shortWriter{}, nil), io.ErrShortWrite)

	// A few bytes that name a far line.
	far := parse(t, indexed(section(math.MaxInt32, 0, regular(`"sources":["a"],`, "AAAA"))))
	var out counter
	err := far.Encode(&out, nil)
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	assert.ErrorContains(t, err, "sourcemap: encode: limit exceeded: more than 67108864 lines without a mapping before line 2147483647")
	assert.Less(t, int(out), 1<<20)
	near := parse(t, indexed(section(sourcemap.MaxEmptyLines, 0, regular(`"sources":["a"],`, "AAAA"))))
	out = 0
	assert.NoError(t, near.Encode(&out, nil))
	assert.Greater(t, int(out), sourcemap.MaxEmptyLines)

	m.Close()
	assert.ErrorContains(t, m.Encode(io.Discard, nil), "closed")

	// A damaged index.
	data := savedBytes(t, parse(t, features(200_000)))
	found := 0
	for at := 600; at < len(data); at += len(data) / 50 {
		bad := bytes.Clone(data)
		bad[at] ^= 0xFF
		path := filepath.Join(t.TempDir(), "bad")
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		m, err := sourcemap.Open(path, nil)
		if err != nil {
			continue
		}
		if err := m.Encode(io.Discard, nil); err != nil {
			assert.True(t, errors.Is(err, sourcemap.ErrDamaged), "%v", err)
			found++
		}
		m.Close()
	}
	assert.Greater(t, found, 3)
}

// TestEncodeHostileTexts: texts of a saved index that overlap would be thousands of times as long as it.
func TestEncodeHostileTexts(t *testing.T) {
	var b sourcemap.Builder
	for i := range 2000 {
		require.NoError(t, b.SetText(b.AddSource(fmt.Sprint(i)), strings.Repeat("x", 1000)))
	}
	m, err := b.Map()
	require.NoError(t, err)
	good := savedBytes(t, m)
	for _, c := range []struct {
		name   string
		change func(p parts)
	}{
		{"one text", func(p parts) {
			for at := 20; at < len(p[15]); at += 20 {
				copy(p[15][at:], p[15][:20])
			}
		}},
		{"groups back and forth", func(p parts) {
			for at := 0; at+40 <= len(p[15]); at += 40 {
				copy(p[15][at:], u32(1))
				copy(p[15][at+20:], u32(0))
			}
		}},
		{"a text in the group before", func(p parts) { copy(p[15][20*66:], u32(0)) }},
		{"one group twice", func(p parts) { copy(p[14][16:], p[14][:16]) }},
		{"no groups", func(p parts) { delete(p, 14) }},
		{"a text behind its group", func(p parts) { copy(p[15][4:], u32(1<<31)) }},
	} {
		p := partsOf(good)
		c.change(p)
		for _, use := range []func(m *sourcemap.Map) error{
			func(m *sourcemap.Map) error {
				var out counter
				err := m.Encode(&out, nil)
				assert.Less(t, int(out), 10_000_000)
				return err
			},
			func(m *sourcemap.Map) error {
				_, err := sourcemap.Rewrite(m, nil)
				return err
			},
		} {
			m, err := sourcemap.Parse(p.index(), nil)
			require.NoError(t, err)
			require.ErrorIs(t, use(m), sourcemap.ErrDamaged, c.name)
		}
	}
}

// TestWriteHostileScopes: whatever stands in a saved index where scopes and fields of React Native should be, what is written can be
// read, or there is an error.
func TestWriteHostileScopes(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 438))
	good := partsOf(savedBytes(t, parse(t, strings.TrimSuffix(withScopes("BHBCAC,DCC,BABC,CBA,CAB,BFAAA,CJA,EDCDA,GBA,IBEF,HABAB,HBABCBAA,EMA,FCB,FG,ECHA,FJ"), "}")+`,"x_facebook_sources":[[{"names":["f"],"mappings":"AAA"}]],"x_facebook_offsets":[1]}`)))
	written, refused := 0, 0
	for range 4000 {
		p := parts{}
		for kind, content := range good {
			p[kind] = bytes.Clone(content)
		}
		if random.IntN(8) == 0 {
			text := p[20]
			text[4+random.IntN(len(text)-4)] = "]{}\"x"[random.IntN(5)]
		} else {
			for range 1 + random.IntN(3) {
				trees := p[19]
				at := 32 + 4*random.IntN(len(trees)/4-8)
				copy(trees[at:], u32(uint32([]int{0, 1, 2, 3, 5, 9, 1 << 20, math.MaxInt32, math.MaxUint32}[random.IntN(9)])))
			}
		}
		m, err := sourcemap.Parse(p.index(), nil)
		require.NoError(t, err)
		use := func(m *sourcemap.Map, err error) {
			if err == nil {
				var out bytes.Buffer
				if err = m.Encode(&out, nil); err == nil {
					written++
					_, err = sourcemap.Parse(out.Bytes(), nil)
					require.NoError(t, err)
					return
				}
			}
			refused++
			require.True(t, errors.Is(err, sourcemap.ErrDamaged) || errors.Is(err, sourcemap.ErrMapping), "%v", err)
		}
		use(m, nil)
		use(sourcemap.Rewrite(m, &sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: 1, Column: 1}}))
		use(sourcemap.Rewrite(m, &sourcemap.RewriteOptions{Part: span(1, 3, 7, 0)}))
		use(sourcemap.Compose(m, func(string) (*sourcemap.Map, error) { return nil, nil }, nil))
		use(sourcemap.Compose(parse(t, regular(`"sources":["x"],`, "AAAA")), func(url string) (*sourcemap.Map, error) {
			if url == "x" {
				return m, nil
			}
			return nil, nil
		}, nil))
	}
	t.Logf("%d maps written, %d refused", written, refused)
	assert.Greater(t, written, 1000)
	assert.Greater(t, refused, 1000)
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) / 2, nil }

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// far tells whether the text of a map has megabytes of line ends.
func far(m *sourcemap.Map) bool {
	last := int32(0)
	for mapping := range m.Mappings() {
		last = mapping.Generated.Line
	}
	return last > 1<<20
}

func FuzzEncode(f *testing.F) {
	for _, c := range encodeCases {
		f.Add([]byte(c.in))
	}
	for _, text := range []string{everything, nestedMap, lookupMap, sectionsText()} {
		f.Add([]byte(text))
	}
	random := rand.New(rand.NewPCG(6, 429))
	for range 20 {
		f.Add([]byte(variedMap(random)))
	}
	for _, c := range scopeCases {
		f.Add([]byte(withScopes(strings.ReplaceAll(c.text, mark, ""))))
	}
	for _, c := range rangeCases {
		f.Add([]byte(c.text))
	}
	f.Add([]byte(nativeFieldsMap))
	f.Add([]byte(nativeMap(functionMapCases[1].functions)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			return
		}
		defer m.Close()
		if !far(m) {
			requireRoundTrip(t, m)
		}
	})
}
