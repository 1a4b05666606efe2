package symbolicate_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

// scopedShop is the map of shop.min.js, made by hand:
//
//	shop.js                                    shop.min.js
//	0  import { check } from "./check.js"      0:0–0:50    the module
//	1  function pay(cart) {                    0:0–0:40      a function, pay
//	2    total(cart)                           0:10–0:30       total, inlined for the call at 2:2
//	3  }                                       0:15–0:25         check, inlined for the call at 6:4
//	4  function total(cart) {
//	5    {                                     0:40–0:50      a function made of the block at 5:2
//	6      check(cart)
//	7    }
//	8  }
//	9  pay([])
//
//	check.js
//	0  export const check = cart => { throw cart }
func scopedShop(t testing.TB) []byte {
	t.Helper()
	shop := "import { check } from \"./check.js\"\nfunction pay(cart) {\n  total(cart)\n}\nfunction total(cart) {\n  {\n    check(cart)\n  }\n}\npay([])\n"
	check := "export const check = cart => { throw cart }\n"
	mappings := encode([]segment{
		{0, 0, 0, 1, 0, -1}, {0, 5, 0, 2, 2, -1}, {0, 10, 0, 4, 0, -1}, {0, 15, 1, 0, 31, -1}, {0, 25, 0, 6, 9, -1},
		{0, 30, 0, 3, 0, -1}, {0, 40, 0, 6, 4, -1}, {0, 50, 0, 9, 0, 2}, // with a name, which is not asked
	})
	scopes := []string{
		"BAAA", "BFBAA", "CCB", "BFBAC", "BABC", "CCD", "CBB", "CCA", // shop.js: module; pay; total and its block
		"BAAA", "BFAVC", "CAW", "CBA", // check.js: module; check
		"EAA",          // 0:0
		"EGAC",         // 0:0 pay, a function
		"ECKC", "IACC", // 0:10 total
		"ECFG", "IAGE", "FK", // 0:15 check
		"FF",   // 0:30
		"FK",   // 0:40
		"EOAF", // 0:40 the block of total, hidden
		"FK",   // 0:50
		"FK",   // 0:60
	}
	data, err := json.Marshal(map[string]any{
		"version": 3, "sources": []string{"shop.js", "check.js"}, "sourcesContent": []string{shop, check}, "names": []string{"pay", "total", "check"},
		"mappings": mappings, "scopes": strings.Join(scopes, ","),
	})
	require.NoError(t, err)
	m, err := sourcemap.Parse(data, &sourcemap.Options{Strict: true})
	require.NoError(t, err)
	m.Close()
	return data
}

func TestScopes(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: "https://shop.example/shop.min.js", SourceMap: scopedShop(t)}))
	text := "Error: no\n" +
		"    at https://shop.example/shop.min.js:1:18\n" +
		"    at p (https://shop.example/shop.min.js:1:12)\n" +
		"    at t (https://shop.example/shop.min.js:1:42)\n" +
		"    at https://shop.example/shop.min.js:1:51 {\n" +
		"  code: 1\n}"
	want := "Error: no\n" +
		"    at check (check.js:1:32)\n" +
		"    at total (shop.js:7:5)\n" +
		"    at pay (shop.js:3:3)\n" +
		"    at total (shop.js:5:1)\n" +
		"    at pay (shop.js:3:3)\n" +
		"    at total (shop.js:7:5)\n" +
		"    at shop.js:10:1 {\n" +
		"  code: 1\n}"
	out := trace(t, s, text)
	assert.Equal(t, want, out.String())
	type kind struct{ inlined, hidden bool }
	var kinds []kind
	for _, f := range out.Frames {
		kinds = append(kinds, kind{f.Inlined, f.Hidden})
		assert.Equal(t, symbolicate.NameScopes, f.NameSource)
		assert.True(t, f.Mapped)
		assert.NotNil(t, f.Context)
		assert.NotNil(t, f.Minified)
		assert.Empty(t, f.Reason)
	}
	assert.Equal(t, []kind{{true, false}, {true, false}, {}, {true, false}, {}, {false, true}, {}}, kinds)
	assert.Same(t, out.Frames[0].Minified, out.Frames[2].Minified)
	assert.Equal(t, "    check(cart)", out.Frames[1].Context.Line)

	again, err := s.Symbolicate(t.Context(), out)
	require.NoError(t, err)
	assert.Equal(t, want, again.String(), "symbolicated twice")

	windows := trace(t, s, strings.ReplaceAll(text, "\n", "\r\n"))
	assert.Equal(t, strings.ReplaceAll(want, "\n", "\r\n"), windows.String())

	firefox := trace(t, s, "p@https://shop.example/shop.min.js:1:18\n@https://shop.example/shop.min.js:1:51\n")
	assert.Equal(t, "check@check.js:1:32\ntotal@shop.js:7:5\npay@shop.js:3:3\n@shop.js:10:1\n", firefox.String())

	byHand, err := s.Symbolicate(t.Context(), symbolicate.Stack{Frames: []symbolicate.Frame{{File: "https://shop.example/shop.min.js", Line: 1, Column: 18}}})
	require.NoError(t, err)
	assert.Len(t, byHand.Frames, 3)
	assert.Equal(t, "    at check (check.js:1:32)\n    at total (shop.js:7:5)\n    at pay (shop.js:3:3)", byHand.String())
}
