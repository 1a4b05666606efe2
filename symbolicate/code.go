package symbolicate

import (
	"path"
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// codeAround returns the line (1-based) of a source with up to so many before and after it; nil when
// there is no such line.
func codeAround(text *sourcemap.Text, line, around int) *Context {
	if line < 1 || line > text.NumLines() {
		return nil
	}
	out := &Context{Line: text.Line(line - 1)}
	for n := max(1, line-around); n < line; n++ {
		out.Pre = append(out.Pre, text.Line(n-1))
	}
	for n := line + 1; n <= min(text.NumLines(), line+around); n++ {
		out.Post = append(out.Post, text.Line(n-1))
	}
	return out
}

// module is the path of a source without scheme and host, leading dots and extension: "src/cart" for
// "webpack://shop/./src/cart.ts".
func module(url string) string {
	joined := strings.Join(urlPath(url), "/")
	return strings.TrimSuffix(joined, path.Ext(joined))
}

// builtIn tells whether a printed file is the runtime's own: "node:internal/…", "internal/…" of old
// Node.js, "self-hosted" of Firefox.
func builtIn(file string) bool {
	return file == "self-hosted" || strings.HasPrefix(file, "node:") || strings.HasPrefix(file, "internal/")
}

// inApp tells whether a file is the application's own: not in node_modules, not a bundler's or a
// browser extension's.
func inApp(file string) bool {
	for _, foreign := range []string{"chrome-extension://", "moz-extension://", "safari-extension://", "safari-web-extension://", "webpack/bootstrap", "webpack/runtime"} {
		if strings.HasPrefix(file, foreign) {
			return false
		}
	}
	return file != "" && !strings.Contains(file, "/node_modules/") && !strings.HasPrefix(file, "node_modules/") &&
		!strings.Contains(file, "/(webpack)/") && !strings.Contains(file, "/webpack/runtime/") && !strings.Contains(file, "/webpack/bootstrap")
}
