package symbolicate

import (
	"path"
	"strings"
)

// code is the text of a source, cut into lines.
type code struct {
	text   string
	starts []int // byte offset of each line
}

// newCode cuts the text into lines as ECMA-262 does: LF, CR, CR LF, U+2028 and U+2029 end one.
func newCode(text string) *code {
	c := &code{text: text, starts: []int{0}}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			c.starts = append(c.starts, i+1)
		case '\n':
			c.starts = append(c.starts, i+1)
		case 0xE2:
			if strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029") {
				c.starts = append(c.starts, i+3)
			}
		}
	}
	return c
}

func (c *code) lines() int { return len(c.starts) }

// line returns a line (1-based) without its end.
func (c *code) line(n int) string {
	end := len(c.text)
	if n < len(c.starts) {
		end = c.starts[n]
	}
	line := c.text[c.starts[n-1]:end]
	for _, terminator := range []string{"\r\n", "\n", "\r", "\u2028", "\u2029"} {
		if cut, ok := strings.CutSuffix(line, terminator); ok {
			line = cut
			break
		}
	}
	return strings.Clone(line) // a line must not keep a source of megabytes alive
}

// context returns the line (1-based) with up to so many before and after it; nil when there is no
// such line.
func (c *code) context(line, around int) *Context {
	if line < 1 || line > c.lines() {
		return nil
	}
	out := &Context{Line: c.line(line)}
	for n := max(1, line-around); n < line; n++ {
		out.Pre = append(out.Pre, c.line(n))
	}
	for n := line + 1; n <= min(c.lines(), line+around); n++ {
		out.Post = append(out.Post, c.line(n))
	}
	return out
}

// module is the path of a source without scheme and host, leading dots and extension: "src/cart" for
// "webpack://shop/./src/cart.ts".
func module(url string) string {
	joined := strings.Join(urlPath(url), "/")
	return strings.TrimSuffix(joined, path.Ext(joined))
}

// builtIn tells whether a file is the runtime's own: "node:internal/…".
func builtIn(file string) bool {
	return strings.HasPrefix(file, "node:") || strings.HasPrefix(file, "internal/")
}

// inApp tells whether a file is the application's own: not in node_modules, not a bundler's or a
// browser extension's.
func inApp(file string) bool {
	for _, foreign := range []string{"node:", "internal/", "chrome-extension://", "moz-extension://", "safari-extension://", "safari-web-extension://", "webpack/bootstrap", "webpack/runtime"} {
		if strings.HasPrefix(file, foreign) {
			return false
		}
	}
	return file != "" && !strings.Contains(file, "/node_modules/") && !strings.HasPrefix(file, "node_modules/") &&
		!strings.Contains(file, "/(webpack)/") && !strings.Contains(file, "/webpack/runtime/") && !strings.Contains(file, "/webpack/bootstrap")
}
