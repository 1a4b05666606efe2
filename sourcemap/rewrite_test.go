package sourcemap_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func span(fromLine, fromColumn, toLine, toColumn int32) *sourcemap.Span {
	return &sourcemap.Span{From: sourcemap.Position{Line: fromLine, Column: fromColumn}, To: sourcemap.Position{Line: toLine, Column: toColumn}}
}

// rewriteCases change lookupMap.
var rewriteCases = []struct {
	name    string
	options *sourcemap.RewriteOptions
	want    string // as in writes it; else the error
}{
	{"nothing", nil, "0:0 a:0:0 n, 0:4, 0:8 a:1:2, 0:8 a:1:3, 0:8 null:1:3, 2:5 b:9:9 m"},
	{"lines in front", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: 3}}, "3:0 a:0:0 n, 3:4, 3:8 a:1:2, 3:8 a:1:3, 3:8 null:1:3, 5:5 b:9:9 m"},
	{"columns in front", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Column: 2}}, "0:2 a:0:0 n, 0:6, 0:10 a:1:2, 0:10 a:1:3, 0:10 null:1:3, 2:5 b:9:9 m"},
	{"a banner and a wrapper", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: 1, Column: 10}}, "1:10 a:0:0 n, 1:14, 1:18 a:1:2, 1:18 a:1:3, 1:18 null:1:3, 3:5 b:9:9 m"},
	{"all of it", &sourcemap.RewriteOptions{Part: span(0, 0, 0, 0)}, "0:0 a:0:0 n, 0:4, 0:8 a:1:2, 0:8 a:1:3, 0:8 null:1:3, 2:5 b:9:9 m"},
	{"a part inside a line", &sourcemap.RewriteOptions{Part: span(0, 2, 0, 8)}, "0:0 a:0:0 n, 0:2"},
	{"from a mapping on", &sourcemap.RewriteOptions{Part: span(0, 8, 0, 9)}, "0:0 a:1:2, 0:0 a:1:3, 0:0 null:1:3"},
	{"the last of those at one place comes along", &sourcemap.RewriteOptions{Part: span(0, 9, 1, 0)}, "0:0 null:1:3"},
	{"nothing comes along", &sourcemap.RewriteOptions{Part: span(0, 5, 0, 6)}, "0:0"},
	{"not from the line before", &sourcemap.RewriteOptions{Part: span(1, 0, 3, 0)}, "1:5 b:9:9 m"},
	{"to the end", &sourcemap.RewriteOptions{Part: span(2, 6, 0, 0)}, "0:0 b:9:9 m"},
	{"to the end of a line", &sourcemap.RewriteOptions{Part: span(0, 1, 0, last)}, "0:0 a:0:0 n, 0:3, 0:7 a:1:2, 0:7 a:1:3, 0:7 null:1:3"},
	{"behind all", &sourcemap.RewriteOptions{Part: span(9, 9, 0, 0)}, ""},
	{"an empty part", &sourcemap.RewriteOptions{Part: span(0, 2, 0, 2)}, ""},
	{"a part with text in front", &sourcemap.RewriteOptions{Part: span(2, 4, 0, 0), Offset: sourcemap.Position{Line: 1, Column: 1}}, "1:2 b:9:9 m"},
	{"URLs", &sourcemap.RewriteOptions{URL: func(url string) string { return "x/" + url }, SourceRoot: "r"}, "0:0 r/x/a:0:0 n, 0:4, 0:8 r/x/a:1:2, 0:8 r/x/a:1:3, 0:8 null:1:3, 2:5 r/x/b:9:9 m"},
	{"a part that ends before it starts", &sourcemap.RewriteOptions{Part: span(1, 0, 0, 9)}, "not a mapping of a map: a part from line 1, column 0 to line 0, column 9"},
	{"a part before the start", &sourcemap.RewriteOptions{Part: span(-1, 0, 0, 0)}, "not a mapping of a map: a part from line -1, column 0 to line 0, column 0"},
	{"lines taken away", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: -1}}, "not a mapping of a map: an offset of -1 lines and 0 columns"},
	{"too many lines", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: last - 1}}, "not a mapping of a map: the offset puts line 2, column 5 out of range"},
	{"too many columns", &sourcemap.RewriteOptions{Offset: sourcemap.Position{Column: last}}, "not a mapping of a map: the offset puts line 0, column 4 out of range"},
	{"a text that cannot be had", &sourcemap.RewriteOptions{Text: func(sourcemap.Source) (string, bool, error) { return "", false, errFull }}, "no space left"},
	{"a long root", &sourcemap.RewriteOptions{SourceRoot: strings.Repeat("x", 5000)}, "limit exceeded: the source root is longer than 4096 bytes"},
}

func TestRewrite(t *testing.T) {
	for _, c := range rewriteCases {
		t.Run(c.name, func(t *testing.T) {
			m, err := sourcemap.Rewrite(parse(t, lookupMap), c.options)
			if err != nil {
				assert.ErrorContains(t, err, c.want)
				return
			}
			assert.Equal(t, c.want, in(m))
			requireRoundTrip(t, m)
		})
	}
}

func TestRewriteSources(t *testing.T) {
	m := parse(t, `{"version":3,"file":"f","sourceRoot":"webpack:///","sources":["app/a.ts","app/a.ts",null,"app/c.ts","app/d.ts"],"sourcesContent":["A","B","N"],"names":["n","n"],"ignoreList":[1],"mappings":"AAAAA,CCAAC,CEAA"}`)
	rewrite := func(options *sourcemap.RewriteOptions) string {
		r, err := sourcemap.Rewrite(m, options)
		require.NoError(t, err)
		return string(encoded(t, r, nil))
	}
	const rest = `"names":["n","n"],"mappings":"AAAAA,CCAAC,CEAA","ignoreList":[1]}`
	// The root stands in the URLs.
	assert.Equal(t, `{"version":3,"file":"f","sources":["webpack:///app/a.ts","webpack:///app/a.ts",null,"webpack:///app/c.ts","webpack:///app/d.ts"],"sourcesContent":["A","B","N",null,null],`+rest, rewrite(nil))
	strip := func(url string) string { return strings.TrimPrefix(url, "webpack:///") }
	assert.Equal(t, `{"version":3,"file":"f","sourceRoot":"src/","sources":["app/a.ts","app/a.ts",null,"app/c.ts","app/d.ts"],`+rest,
		rewrite(&sourcemap.RewriteOptions{URL: strip, SourceRoot: "src", NoSources: true}))
	var asked []string
	text := func(s sourcemap.Source) (string, bool, error) {
		asked = append(asked, s.URL)
		return "new " + s.URL, s.URL != "app/d.ts", nil
	}
	assert.Equal(t, `{"version":3,"file":"f","sources":["app/a.ts","app/a.ts",null,"app/c.ts","app/d.ts"],"sourcesContent":["A","B","N","new app/c.ts",null],`+rest,
		rewrite(&sourcemap.RewriteOptions{URL: strip, Text: text}))
	assert.Equal(t, []string{"app/c.ts", "app/d.ts"}, asked)
	asked = nil
	assert.Contains(t, rewrite(&sourcemap.RewriteOptions{URL: strip, Text: text, NoSources: true}), `"sourcesContent":["new app/a.ts","new app/a.ts",null,"new app/c.ts",null]`)
	assert.Len(t, asked, 4)
	// A part has what it uses.
	assert.Equal(t, `{"version":3,"file":"f","sources":["webpack:///app/a.ts"],"sourcesContent":["B"],"names":["n"],"mappings":"AAAAA","ignoreList":[0]}`,
		rewrite(&sourcemap.RewriteOptions{Part: span(0, 1, 0, 2)}))

	m.Close()
	_, err := sourcemap.Rewrite(m, nil)
	assert.ErrorContains(t, err, "closed")
}

// answerText is what a map says of a generated position: of its mapping, and of the ranges there; "" for nothing.
func answerText(m *sourcemap.Map, p sourcemap.Position) string {
	var b strings.Builder
	url := func(i int32) string {
		s, ok := m.Source(int(i))
		return fmt.Sprint(s.URL, s.Null, s.Ignored, ok)
	}
	name := func(i int32) string {
		if i < 0 {
			return "-"
		}
		return m.Name(int(i))
	}
	if found, ok := m.Lookup(p); ok {
		fmt.Fprint(&b, url(found.Source), found.Original, name(found.Name))
		for _, f := range m.OriginalFrames(p) {
			fmt.Fprint(&b, " ", f.Function, f.Known, f.Inlined, f.Hidden, url(f.Source), f.Original)
		}
		function, ok := m.FunctionMapName(int(found.Source), found.Original)
		fmt.Fprint(&b, function, ok)
	}
	for _, r := range m.RangesAt(p) {
		fmt.Fprint(&b, " in ", r.Frame, url(r.CallSource), r.CallSite)
		if s, ok := m.Scope(r.Definition); ok {
			fmt.Fprint(&b, url(s.Source), s.Start, s.End, name(s.Name), name(s.Kind), s.StackFrame)
			for i, v := range s.Variables {
				value := ""
				if i < len(r.Bindings) {
					for _, binding := range r.Bindings[i] {
						if binding.From.Line < p.Line || binding.From.Line == p.Line && binding.From.Column <= p.Column {
							value = name(binding.Name)
						}
					}
				}
				fmt.Fprintf(&b, " %s=%s", name(v), value)
			}
			for parent, ok := m.Scope(s.Parent); ok; parent, ok = m.Scope(parent.Parent) {
				fmt.Fprint(&b, " below ", name(parent.Name))
			}
		}
	}
	return b.String()
}

// allKinds is a random map with range mappings, scopes and function maps.
func allKinds(t testing.TB, random *rand.Rand) *sourcemap.Map {
	m := parse(t, randomChain(random, false).outer)
	text := strings.TrimSuffix(string(encoded(t, m, nil)), "}")
	if m.NumNames() > 0 {
		text += `,"scopes":"` + scopesFor(random, m.NumSources(), m.NumNames()) + `"`
	}
	return parseClean(t, text+`,"x_facebook_sources":[[{"names":["f","g"],"mappings":"AAA,CCC,CDC;CCC"}]]}`)
}

// TestRewriteAnswers: parts, with text in front, answer as the whole does.
func TestRewriteAnswers(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 433))
	somewhere, inRanges := 0, 0
	for range 400 {
		m := allKinds(t, random)
		part := span(random.Int32N(5), random.Int32N(12), random.Int32N(5), random.Int32N(12))
		if part.To != (sourcemap.Position{}) && (part.To.Line < part.From.Line || part.To.Line == part.From.Line && part.To.Column < part.From.Column) {
			part.From, part.To = part.To, part.From
		}
		offset := sourcemap.Position{Line: random.Int32N(3), Column: random.Int32N(3)}
		if random.IntN(4) == 0 {
			part = nil
		}
		r, err := sourcemap.Rewrite(m, &sourcemap.RewriteOptions{Part: part, Offset: offset})
		require.NoError(t, err)
		requireRoundTrip(t, r)
		require.Empty(t, kinds(r))
		if part == nil {
			part = span(0, 0, 0, 0)
		}
		for line := part.From.Line; line < 7; line++ {
			for column := int32(0); column < 20; column++ {
				behind := part.To != (sourcemap.Position{}) && (line > part.To.Line || line == part.To.Line && column >= part.To.Column)
				if line == part.From.Line && column < part.From.Column || behind {
					continue
				}
				p := sourcemap.Position{Line: line, Column: column}
				to := sourcemap.Position{Line: line - part.From.Line, Column: column}
				if to.Line == 0 {
					to.Column += offset.Column - part.From.Column
				}
				to.Line += offset.Line
				want := answerText(m, p)
				require.Equal(t, want, answerText(r, to), "%v of %+v, %s", p, part, encoded(t, m, nil))
				if want != "" {
					somewhere++
				}
				if len(m.RangesAt(p)) > 0 {
					inRanges++
				}
			}
		}
	}
	t.Logf("%d positions with an answer, %d in a range", somewhere, inRanges)
	assert.Greater(t, somewhere, 6000)
	assert.Greater(t, inRanges, 2000)
}

// TestRewriteFarRanges: a range mapping that is cut where it leads past 2³¹−1 says nothing there, and goes on below.
func TestRewriteFarRanges(t *testing.T) {
	var b sourcemap.Builder
	require.NoError(t, b.Add(sourcemap.Mapping{Source: b.AddSource("a"), Original: sourcemap.Position{Line: 3, Column: last - 2}, Name: -1, Range: true}))
	m, err := b.Map()
	require.NoError(t, err)
	cut := func(part *sourcemap.Span) string {
		r, err := sourcemap.Rewrite(m, &sourcemap.RewriteOptions{Part: part})
		require.NoError(t, err)
		return in(r)
	}
	assert.Equal(t, "0:0 a:3:2147483646 range", cut(span(0, 1, 0, 0)))
	assert.Equal(t, "0:0, 1:0 a:4:0 range", cut(span(0, 3, 0, 0)))
	assert.Equal(t, "0:0", cut(span(0, 3, 0, 9)))
	assert.Equal(t, "0:0 a:5:3 range", cut(span(2, 3, 2, 9)))
	assert.Equal(t, "0:0", cut(span(last-1, 0, 0, 0)))
	assert.Equal(t, "0:0 a:2147483647:0 range", cut(span(last-3, 0, 0, 0)))
}

// TestRewriteDrops: what has no meaning in the result is left out, and is a problem of it.
func TestRewriteDrops(t *testing.T) {
	m := parse(t, `{"version":3,"sources":["a.js"],"names":[],"mappings":"AAAA;AACA;AACA","x_facebook_offsets":[0,null,1,2],"x_hermes_function_offsets":{"0":[1]},"x_metro_module_paths":["a.js"],`+
		`"x_facebook_segments":{"1":{"version":3,"sources":["webpack:///s.js"],"names":[],"mappings":"AAAA"},"2":{"version":3}}}`)
	rewrite := func(options *sourcemap.RewriteOptions) (fields map[string]json.RawMessage, dropped []string) {
		r, err := sourcemap.Rewrite(m, options)
		require.NoError(t, err)
		problems, _ := r.Problems()
		for _, p := range problems {
			require.Equal(t, sourcemap.ProblemDropped, p.Kind)
			dropped = append(dropped, p.Detail)
		}
		again, _ := reopened(t, r).Problems()
		require.Equal(t, problems, again, "saved")
		require.NoError(t, json.Unmarshal(encoded(t, r, nil), &fields))
		return fields, dropped
	}
	const hermes, segments = "x_hermes_function_offsets: the code has moved", "x_facebook_segments: they are no part of the code"
	for _, c := range []struct {
		options *sourcemap.RewriteOptions
		modules string
		dropped []string
	}{
		{nil, "[0,null,1,2]", nil},
		{&sourcemap.RewriteOptions{NoSources: true}, "[0,null,1,2]", nil},
		{&sourcemap.RewriteOptions{Offset: sourcemap.Position{Line: 3}}, "[3,null,4,5]", []string{hermes}},
		{&sourcemap.RewriteOptions{Offset: sourcemap.Position{Column: 3}}, "[null,null,1,2]", []string{hermes}},
		{&sourcemap.RewriteOptions{Part: span(1, 0, 0, 0)}, "[null,null,0,1]", []string{hermes, segments}},
		{&sourcemap.RewriteOptions{Part: span(1, 1, 2, 0), Offset: sourcemap.Position{Line: 1}}, "[null,null,null,null]", []string{hermes, segments}},
		{&sourcemap.RewriteOptions{Part: span(0, 0, 2, 0), Offset: sourcemap.Position{Line: 1}}, "[1,null,2,null]", []string{hermes, segments}},
	} {
		fields, dropped := rewrite(c.options)
		assert.Equal(t, c.modules, string(fields["x_facebook_offsets"]))
		assert.Equal(t, `["a.js"]`, string(fields["x_metro_module_paths"]))
		assert.Equal(t, c.dropped, dropped)
		assert.Equal(t, len(dropped) == 0, fields["x_hermes_function_offsets"] != nil)
		assert.Equal(t, len(dropped) < 2, fields["x_facebook_segments"] != nil)
	}
	fields, _ := rewrite(&sourcemap.RewriteOptions{URL: func(url string) string { return strings.TrimPrefix(url, "webpack:///") }, Text: func(s sourcemap.Source) (string, bool, error) { return "of " + s.URL, true, nil }})
	assert.Equal(t, `{"1":{"version":3,"sources":["s.js"],"sourcesContent":["of s.js"],"names":[],"mappings":"AAAA"},"2":{"version":3}}`, string(fields["x_facebook_segments"]))
}

func FuzzRewrite(f *testing.F) {
	f.Add([]byte(lookupMap), int32(0), int32(2), int32(0), int32(8), int32(1), int32(1), "a")
	f.Add([]byte(everything), int32(0), int32(0), int32(0), int32(0), int32(0), int32(0), "")
	f.Add([]byte(sectionsText()), int32(1), int32(0), int32(3), int32(0), int32(0), int32(0), "x")
	f.Fuzz(func(t *testing.T, data []byte, fromLine, fromColumn, toLine, toColumn, lines, columns int32, prefix string) {
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			return
		}
		r, err := sourcemap.Rewrite(m, &sourcemap.RewriteOptions{
			Part: span(fromLine, fromColumn, toLine, toColumn), Offset: sourcemap.Position{Line: lines, Column: columns},
			URL: func(url string) string { return strings.TrimPrefix(url, prefix) }, Text: func(sourcemap.Source) (string, bool, error) { return prefix, true, nil },
		})
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.LessOrEqual(t, r.Len(), m.Len())
		for mapping := range r.Mappings() {
			if mapping.Generated.Line > math.MaxInt32/2048 {
				return // lines of the text, a byte each
			}
		}
		requireRoundTripOf(t, r, hasFaults(m))
	})
}
