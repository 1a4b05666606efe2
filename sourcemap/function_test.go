package sourcemap_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func TestTextFunctionAt(t *testing.T) {
	text := sourcemap.NewText("f(() => {\n  class A { '🛒' = 1; m() { é } }\n})\n")
	for _, c := range []struct {
		line, column int32
		name, in     string
		ok           bool
	}{
		{0, 0, "", "", true},
		{0, 8, "", "", true},
		{1, 27, "A.m", "", true}, // behind a character of two code units
		{1, 22, "", "", true},
		{3, 0, "", "", true},
		{4, 0, "", "", false},
		{-1, 0, "", "", false},
		{1, 1 << 30, "", "", true},
	} {
		f, ok := text.FunctionAt("a.ts", sourcemap.Position{Line: c.line, Column: c.column})
		assert.Equal(t, c.ok, ok, c)
		assert.Equal(t, sourcemap.Function{Name: c.name, In: c.in}, f, c)
	}
	ascii := sourcemap.NewText("a\nfunction g() { b }\n")
	for column, name := range map[int32]string{-1: "g", 0: "g", 17: "g", 18: "", 1 << 30: ""} {
		f, ok := ascii.FunctionAt("a.js", sourcemap.Position{Line: 1, Column: column})
		assert.Equal(t, name, f.Name, column)
		assert.True(t, ok)
	}
	_, ok := text.FunctionAt("a.vue", sourcemap.Position{})
	assert.False(t, ok, "another language")
	in, _ := sourcemap.NewText("function g() { f(() => 1) }").FunctionAt("", sourcemap.Position{Column: 20})
	assert.Equal(t, sourcemap.Function{In: "g"}, in)
	large := sourcemap.NewText("function g() {" + strings.Repeat(" ", sourcemap.MaxFunctionText) + "}")
	_, ok = large.FunctionAt("a.js", sourcemap.Position{Column: 20})
	assert.False(t, ok, "too large")
}
