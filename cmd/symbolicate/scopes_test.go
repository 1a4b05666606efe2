package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestScopes(t *testing.T) {
	path := write(t, "cart.ts", "class Cart<T> {\n  m(): void { wrap(() => 1) }\n}\nconst f = (x?: number) => x\n")
	status, out, errs := command(t, "", "scopes", path)
	require.Equal(t, exitMapped, status, errs)
	assert.Equal(t, "2:4–2:30   Cart.m  method\n2:20–2:27    <anonymous>  arrow\n4:11–4:28  f  arrow\n", out)

	status, out, _ = command(t, "", "scopes", "--json", path)
	require.Equal(t, exitMapped, status)
	var list []functionReport
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 3)
	assert.Equal(t, functionReport{Name: "Cart.m", Kind: "method", Start: place{2, 4}, End: place{2, 30}}, list[0])
	assert.Equal(t, "Cart.m", *list[1].In)
	assert.Equal(t, 0, *list[1].Parent)
	assert.Nil(t, list[2].Parent)

	status, out, errs = command(t, "", "scopes", "--map", shop+"/dist/terser-names/shop.min.js.map", shop+"/dist/terser-names/shop.min.js")
	require.Equal(t, exitMapped, status, errs)
	assert.Contains(t, out, "Cart.#checked  method\n")
	assert.NotContains(t, out, "Cart.#r ")

	for _, c := range []struct {
		says string
		args []string
	}{
		{"want one file", nil},
		{"no such file", []string{path + ".none"}},
		{"neither JavaScript nor TypeScript", []string{write(t, "a.css", "a{}")}},
		{"not JSON", []string{path, "--map", path}},
	} {
		status, _, errs := command(t, "", append([]string{"scopes"}, c.args...)...)
		assert.Equal(t, exitBadInput, status)
		assert.Contains(t, errs, c.says)
	}
}
