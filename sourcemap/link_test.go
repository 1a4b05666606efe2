package sourcemap_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The reference: JavaScriptExtractSourceMapURL "without parsing" and MatchSourceMapURL of ECMA-426, word for
// word, over ECMA-262's white space and line terminators (JavaScript's \s is both).
const (
	jsWhiteSpace     = "\t\v\f\ufeff \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
	jsSpaceClass     = jsWhiteSpace + "\n\r\u2028\u2029"
	commentValueTail = "([^" + jsSpaceClass + "]*?)[" + jsSpaceClass + "]*$"
)

var (
	urlPattern     = regexp.MustCompile("^[@#][" + jsSpaceClass + "]*sourceMappingURL=" + commentValueTail)
	debugIDPattern = regexp.MustCompile("^[@#][" + jsSpaceClass + "]*debugId=" + commentValueTail)
	lineTerminator = regexp.MustCompile("\r\n|\n|\r|\u2028|\u2029")
)

func extract(source string, pattern *regexp.Regexp) (string, bool) {
	lines := lineTerminator.Split(source, -1)
	for i := len(lines) - 1; i >= 0; i-- {
		line := []rune(lines[i])
		for position := 0; position < len(line); {
			first := line[position]
			switch {
			case first == '/' && position+1 < len(line):
				position++
				if line[position] != '/' {
					return "", false
				}
				position++
				comment := string(line[position:])
				if strings.ContainsAny(comment, "\"'`") || strings.Contains(comment, "*/") {
					return "", false
				}
				if match := pattern.FindStringSubmatch(comment); match != nil {
					return match[1], true
				}
				position = len(line)
			case strings.ContainsRune(jsWhiteSpace, first):
				position++
			default:
				return "", false
			}
		}
	}
	return "", false
}

const comment = "//# sourceMappingURL=app.js.map"

var linkCases = []struct{ source, url string }{ // "-": none
	{"", "-"}, {"\n", "-"}, {" ", "-"}, {"code()", "-"}, {"code()\n", "-"},
	{comment, "app.js.map"},
	{"code()\n" + comment, "app.js.map"},
	{"code()\n" + comment + "\n", "app.js.map"},
	{"code()\n" + comment + "\r\n", "app.js.map"},
	{"code()\r" + comment + "\r", "app.js.map"},
	{"code()\u2028" + comment + "\u2028", "app.js.map"},
	{"code()\u2029" + comment + "\u2029\u2028", "app.js.map"},
	{"code()\n" + comment + "\n\n \t\n\n", "app.js.map"},
	{"code()\n" + comment + strings.Repeat("\n", 1000), "app.js.map"},
	{"code()\n  \t\v\f\u00a0\ufeff" + comment + "  ", "app.js.map"},
	{"code()\n\u3000\u2003\u1680" + comment + "\u3000\u205f", "app.js.map"},
	{"code()\n//#\u3000sourceMappingURL=x\u3000y", "-"},
	{"code()\n" + comment + "\u0085", "app.js.map\u0085"}, // NEL is no white space in JavaScript
	{"code()\n\u0085" + comment, "-"},
	{"code()\n//# sourceMappingURL=x\u2003", "x"},
	{"code()\n//# sourceMappingURL=x\ufeff", "x"},
	{"code();" + comment, "-"},
	{"code() " + comment, "-"},
	{comment + "\ncode()", "-"},
	{comment + "\n// a comment", "app.js.map"},
	{comment + "\n//", "app.js.map"},
	{comment + "\n///", "app.js.map"},
	{comment + "\n/", "-"},
	{comment + "\n/ /", "-"},
	{comment + "\n/* a comment */", "-"},
	{comment + "\n/**/", "-"},
	{comment + "\n<!-- x", "-"},
	{comment + "\n// don't", "-"},
	{comment + "\n// \"", "-"},
	{comment + "\n// `", "-"},
	{comment + "\n// */", "-"},
	{comment + "\n// * /", "app.js.map"},
	{comment + "\n//# debugId=85314830-023f-4cf1-a267-535f4e37bb17", "app.js.map"},
	{comment + "\n//# sourceMappingURL=second.map", "second.map"},
	{"//# sourceMappingURL=first.map\n" + comment, "app.js.map"},
	{comment + "\n//# sourceMappingURL=two words", "app.js.map"},
	{comment + "\n//# sourceMappingURL=it's", "-"},
	{comment + "\n//# sourceMappingURL=", ""},
	{"//# sourceMappingURL=   ", ""},
	{"//@ sourceMappingURL=old.map", "old.map"},
	{"//#sourceMappingURL=x", "x"},
	{"//#  \t sourceMappingURL=x  \t", "x"},
	{"//@\vsourceMappingURL=x\f", "x"},
	{"// # sourceMappingURL=x", "-"},
	{"//## sourceMappingURL=x", "-"},
	{"//#@ sourceMappingURL=x", "-"},
	{"//# SourceMappingURL=x", "-"},
	{"//# sourceMappingURL =x", "-"},
	{"//# sourceMappingURL= x", "-"},
	{"//# sourceMappingURL:x", "-"},
	{"//# sourceMappingURLs=x", "-"},
	{"//# sourceMappingURL=a=b", "a=b"},
	{"//# sourceMappingURL=a//b", "a//b"},
	{"//# sourceMappingURL=x*/", "-"},
	{"//# sourceMappingURL=é/😀.map", "é/😀.map"},
	{"//# sourceMappingURL=data:application/json;charset=utf-8;base64,e30=", "data:application/json;charset=utf-8;base64,e30="},
	{"/*# sourceMappingURL=app.css.map */", "-"},
	{"/*\n//# sourceMappingURL=x\n*/", "-"},
	{"let a = `\n//# sourceMappingURL=foo.js.map\n// `", "-"}, // the standard's example
	{"let a = `\n//# sourceMappingURL=foo.js.map\n`", "-"},
	{"\n/// # sourceMappingURL=x", "-"},
	{"//\n" + comment + "\n\n//\n// x\n", "app.js.map"},
	{"\xff\xfe\n" + comment, "app.js.map"},
	{"code()\xe2\x80\xa8" + comment, "app.js.map"},
	{"code()\xe2\x80" + comment, "-"},
	{"\xa8" + comment, "-"},
	{"\x80\xa8" + comment, "-"},
	{"\u20a8\n" + comment, "app.js.map"},
	{comment + "\n\u20a8", "-"},
}

func TestFindSourceMapURL(t *testing.T) {
	for _, c := range linkCases {
		got, ok := sourcemap.FindSourceMapURL([]byte(c.source))
		assert.Equal(t, c.url != "-", ok, "%.200q", c.source)
		if ok {
			assert.Equal(t, c.url, got, "%.200q", c.source)
		} else {
			assert.Empty(t, got)
		}
		want, wantOK := extract(c.source, urlPattern)
		assert.Equal(t, wantOK, ok, "the standard, %.200q", c.source)
		assert.Equal(t, want, got, "the standard, %.200q", c.source)
	}
}

func TestFindDebugID(t *testing.T) {
	const id = "85314830-023f-4cf1-a267-535f4e37bb17"
	for source, want := range map[string]string{
		"//# debugId=" + id:                                           id,
		"//# debugId=" + strings.ToUpper(id) + "\n":                   id,
		"//@ debugId=" + strings.ReplaceAll(id, "-", ""):              id,
		"code()\n//# debugId=" + id + "\n" + comment + "\n\n":         id,
		"code()\n" + comment + "\n//# debugId=" + id:                  id,
		"//# debugId=" + id + "\ncode()":                              id, // one of the last five lines
		"//# debugId=" + id + "\n1\n2\n3\n4\n":                        id,
		"//# debugId=" + id + "\r\n1\r\n2\r\n3\r\n4":                  id,
		"//# debugId=" + id + "\n1\n2\n3\n4\n5":                       "",
		" //# debugId=" + id + "\ncode()":                             "",
		"//# debugId=" + id + " \ncode()":                             "",
		"//@ debugId=" + id + "\ncode()":                              "",
		"//# debugId=" + strings.ReplaceAll(id, "-", "") + "\ncode()": "",

		`e._sentryDebugIds[n]="` + id + `"}catch(e){}}();code()`:                                        id,
		`e._sentryDebugIds = e._sentryDebugIds || {}, e._sentryDebugIds[ n ] = '` + id + `'`:            id,
		`e._sentryDebugIdIdentifier="sentry-dbid-` + strings.ToUpper(id) + `"`:                          id,
		`e._sentryDebugIds[n]="` + id + `",e._sentryDebugIdIdentifier="sentry-dbid-` + id + `"`:         id,
		`e._sentryDebugIds[n]="` + id + `";e._sentryDebugIds[n]="00000000-0000-0000-0000-000000000000"`: "", // two bundles in one
		`e._sentryDebugIds[n]="` + id + `";` + "\n//# debugId=00000000-0000-0000-0000-000000000000":     "00000000-0000-0000-0000-000000000000",
		`e._sentryDebugIds[n]="` + id: "", `_sentryDebugIds[`: "", `_sentryDebugIds[n]=x`: "", `_sentryDebugIds[` + strings.Repeat("n", 200) + `]="` + id + `"`: "", "sentry-dbid-": "",
		"//# debugId=" + id + "x":    "",
		"//# debugId=":               "",
		"//# debugid=" + id:          "",
		"//# debug_id=" + id:         "",
		"//# debugId=\"" + id + "\"": "",
		"// debugId=" + id:           "",
		comment:                      "",
		"":                           "",
		"//# debugId=" + id + "\n//# debugId=nonsense":                        "",
		"//# debugId=00000000-0000-0000-0000-000000000000\n//# debugId=" + id: id,
	} {
		got, ok := sourcemap.FindDebugID([]byte(source))
		assert.Equal(t, want != "", ok, "%q", source)
		assert.Equal(t, want, got, "%q", source)
	}
}

// TestLinkAgainstTheStandard puts pieces together at random.
func TestLinkAgainstTheStandard(t *testing.T) {
	const id = "85314830-023f-4cf1-a267-535f4e37bb17"
	pieces := []string{"//", "#", "@", " ", "\t", "\n", "\n", "\r", "\r\n", "\u2028", "\u2029", "sourceMappingURL=", "debugId=", "//# sourceMappingURL=", "//# debugId=", "x", "a.map", id,
		"'", "`", "\"", "*/", "/*", "/", "*", "=", "\u00a0", "\ufeff", "\u3000", "\u200a", "\u200b", "\u0085", "\u180e", "\u202f", "é", "\v", "\f", "\n//# sourceMappingURL=y", "\n// c\n"}
	random := rand.New(rand.NewPCG(8, 9))
	hits := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + random.IntN(9) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		source := b.String()
		got, ok := sourcemap.FindSourceMapURL([]byte(source))
		want, wantOK := extract(source, urlPattern)
		require.Equal(t, wantOK, ok, "%q", source)
		require.Equal(t, want, got, "%q", source)
		if ok {
			hits++
		}
		if _, ok = sourcemap.FindDebugID([]byte(source)); ok {
			if want, wantOK = extract(source, debugIDPattern); !wantOK {
				lines := lineTerminator.Split(source, -1)
				if lines[len(lines)-1] == "" {
					lines = lines[:len(lines)-1]
				}
				wantOK, want = slices.Contains(lines[max(len(lines)-5, 0):], "//# debugId="+id), id
			}
			require.True(t, wantOK, "%q", source)
			require.Equal(t, id, want, "%q", source)
		}
	}
	assert.Greater(t, hits, 2_000)
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		text  string
		lines []string
	}{
		{"", []string{""}}, {"a", []string{"a"}}, {"a\n", []string{"a", ""}}, {"a\r\nb", []string{"a", "b"}}, {"a\n\rb", []string{"a", "", "b"}}, {"\r\r\n\n", []string{"", "", "", ""}},
		{"a\u2028b\u2029c", []string{"a", "b", "c"}}, {"é\u20a8\u2027\n", []string{"é\u20a8\u2027", ""}}, {"\xe2\x80", []string{"\xe2\x80"}}, {"a\r", []string{"a", ""}}, {"\u2028\r\n", []string{"", "", ""}},
	} {
		text := sourcemap.NewText(c.text)
		require.Equal(t, len(c.lines), text.NumLines(), "%q", c.text)
		for i, want := range c.lines {
			assert.Equal(t, want, text.Line(i), "line %d of %q", i, c.text)
		}
		assert.Equal(t, c.lines, lineTerminator.Split(c.text, -1), "%q is no example", c.text)
		assert.Empty(t, text.Line(-1))
		assert.Empty(t, text.Line(len(c.lines)))
	}
}
