package sourcemap

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var resolveCases = []struct{ base, url, want string }{
	{"dist/a.js", "a.ts", "dist/a.ts"}, {"dist/a.js", "../src/a.ts", "src/a.ts"}, {"dist/a.js", "../../a.ts", "../a.ts"}, {"dist/a.js", "../../../a.ts", "../../a.ts"},
	{"../dist/a.js", "../a.ts", "../a.ts"}, {"a.js", "a.ts", "a.ts"}, {"a.js", "./a.ts", "a.ts"}, {"./a.js", "b.ts", "b.ts"}, {"", "x/../a.ts", "a.ts"},
	{"dist/a.js", "/a.ts", "/a.ts"}, {"/dist/a.js", "a.ts", "/dist/a.ts"}, {"/dist/a.js", "../../../a.ts", "/a.ts"}, {"dist/a.js", "", ""},
	{"https://x/dist/a.js", "a.ts", "https://x/dist/a.ts"}, {"https://x/dist/a.js", "../../a.ts", "https://x/a.ts"}, {"https://x/dist/a.js", "/a.ts", "https://x/a.ts"},
	{"https://x/dist/a.js", "//y/a.ts", "https://y/a.ts"}, {"dist/a.js", "//y/a.ts", "//y/a.ts"}, {"//x/d/a.js", "../a.ts", "//x/a.ts"}, {"https://x", "a.ts", "https://x/a.ts"},
	{"webpack:///./lib/a.js", "../src/a.ts", "webpack:///src/a.ts"}, {"webpack://app/./lib/a.js", "a.ts", "webpack://app/lib/a.ts"},
	{"dist/a.js", "https://x/./a.ts", "https://x/./a.ts"}, {"dist/a.js", "webpack:///a.ts", "webpack:///a.ts"}, {"dist/a.js", "data:,x", "data:,x"}, {"node:fs", "a", "node:fs/a"},
	{"dist/a.js", "C:/a.ts", "C:/a.ts"}, {"C:/dist/a.js", "../a.ts", "C:/a.ts"}, {"file:///C:/d/a.js", "../a.ts", "file:///C:/a.ts"},
	{"a/b/", "c", "a/b/c"}, {"a/b", "..", ""}, {"a/b/c", "..", "a/"}, {"a/b/c", ".", "a/b/"}, {"a//b", "c", "a//c"}, {"a/b", "c?d#e/f", "a/c?d#e/f"}, {"a/b", "é ü", "a/é ü"},
}

func TestResolve(t *testing.T) {
	for _, c := range resolveCases {
		assert.Equal(t, c.want, resolve(c.base, c.url), "%s of %s", c.url, c.base)
		// net/url says the same where it has a rule.
		base, err := url.Parse(c.base)
		ref, err2 := url.Parse(c.url)
		if err != nil || err2 != nil || !base.IsAbs() || base.Host == "" && base.Scheme != "webpack" || strings.ContainsAny(c.url, "?#é") || c.base == "https://x" {
			continue
		}
		assert.Equal(t, base.ResolveReference(ref).String(), resolve(c.base, c.url), "%s of %s", c.url, c.base)
	}
}

func FuzzResolve(f *testing.F) {
	for _, c := range resolveCases {
		f.Add(c.base, c.url)
	}
	f.Fuzz(func(t *testing.T, base, url string) {
		got := resolve(base, url)
		assert.LessOrEqual(t, len(got), len(base)+len(url)+1)
		if again := resolve("", got); got != url && !strings.Contains(got, ":") && !strings.HasPrefix(got, "/") {
			assert.Equal(t, got, again, "cleaned twice")
		}
	})
}
