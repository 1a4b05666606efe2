package symbolicate

import (
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/sourcemap"
)

const (
	// MaxContextLine is how many bytes of a line of code a Context holds: of a longer one, those
	// around the column.
	MaxContextLine = 10_000
	// MaxCodeLine is the longest line of which code is shown at all.
	MaxCodeLine = 256 << 10
)

// codeAround returns the line (1-based) of a source around the column (1-based, UTF-16 code units)
// with up to so many lines before and after it; nil when there is no such line, or it is too long.
func codeAround(text *sourcemap.Text, line, column, around int) *Context {
	own := text.Line(line - 1)
	if line < 1 || line > text.NumLines() || len(own) > MaxCodeLine {
		return nil
	}
	out := &Context{}
	out.Line, out.Cut = crop(own, column-1)
	for n := max(1, line-around); n <= min(text.NumLines(), line+around); n++ {
		other, _ := crop(text.Line(n-1), 0)
		switch {
		case n < line:
			out.Pre = append(out.Pre, other)
		case n > line:
			out.Post = append(out.Post, other)
		}
	}
	return out
}

// crop returns at most MaxContextLine bytes of the line around the column (0-based, UTF-16 code units)
// as a copy, so that no source is kept alive by a line of it, and how many code units it cut off the
// front.
func crop(line string, column int) (part string, cut int) {
	if len(line) <= MaxContextLine {
		return strings.Clone(line), 0
	}
	units, start, end := 0, 0, len(line)
	for i, r := range line {
		if i-start > MaxContextLine/2 && units < column { // the start follows half a window behind
			_, size := utf8.DecodeRuneInString(line[start:])
			cut += utf16Len(line[start : start+size])
			start += size
		}
		if i-start > MaxContextLine-utf8.UTFMax {
			end = i
			break
		}
		units += utf16Len(string(r))
	}
	return strings.Clone(line[start:end]), cut
}

func utf16Len(text string) (n int) {
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// module is the path of a source without scheme and host, leading dots and extension: "src/cart" for
// "webpack://shop/./src/cart.ts".
func module(url string) string {
	joined := strings.Join(urlPath(url), "/")
	return strings.TrimSuffix(joined, path.Ext(joined))
}

// builtIn tells whether a printed file is the runtime's own: "node:internal/…", "internal/…" of old
// Node.js, "self-hosted" of Firefox, InternalBytecode.js of Hermes, wherever that was built.
func builtIn(file string) bool {
	if file == "InternalBytecode.js" || strings.HasSuffix(file, "/InternalBytecode.js") {
		return true
	}
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
