package unwrap

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const bom = "\xEF\xBB\xBF"

func TestBody(t *testing.T) {
	for _, c := range []struct{ name, data, rest string }{
		{"plain", `{"version":3}`, `{"version":3}`},
		{"empty", ``, ``},
		{"byte order mark", bom + `{}`, `{}`},
		{"byte order mark alone", bom, ``},
		{"half a byte order mark", "\xEF\xBB{}", "\xEF\xBB{}"},
		{"two byte order marks", bom + bom + `{}`, bom + `{}`},
		{"guard line", ")]}'\n{}", "\n{}"},
		{"guard line of the standard's example", ")]}'garbage here\n{\"version\": 3}", "\n{\"version\": 3}"},
		{"guard line with CR LF", ")]}'\r\n{}", "\r\n{}"},
		{"guard line with CR", ")]}'\r{}", "\r{}"},
		{"guard line with a comma", ")]}',\n{}", "\n{}"},
		{"guard without an apostrophe", ")]}\n{}", "\n{}"},
		{"byte order mark and guard line", bom + ")]}'\n{}", "\n{}"},
		{"guard without a line end", ")]}'{}", ")]}'{}"},
		{"guard alone", ")]}'", ")]}'"},
		{"not quite the guard", ")]\n{}", ")]\n{}"},
		{"guard behind a space", " )]}'\n{}", " )]}'\n{}"},
		{"guard in the middle", "{}\n)]}'\n", "{}\n)]}'\n"},
		{"only the first line", ")]}'\n)]}'\n{}", "\n)]}'\n{}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := Body([]byte(c.data))
			require.LessOrEqual(t, at, len(c.data))
			assert.Equal(t, c.rest, c.data[at:])
		})
	}
}

func TestForeign(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{"<!DOCTYPE html>", "HTML"},
		{"\n\t <html>", "HTML"},
		{"<?xml", "'<'"},
		{"\x1f\x8b\x08", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"PK\x03\x04", "zip"},
		{"\x00asm\x01", "WebAssembly"},
		{"\xff\xfe{\x00", "UTF-16"},
		{"\xfe\xff\x00{", "UTF-16"},
		{"abc\x00def", "binary"},
		{"//# sourceMappingURL=x", "JavaScript"},
		{"/*! banner */", "JavaScript"},
		{"(function(){", "JavaScript"},
		{"import x from 'y'", "JavaScript"},
		{"var a", "JavaScript"},
		{`"use strict";`, "JavaScript"},
		// What may be JSON, or nothing that is known.
		{"", ""}, {"   ", ""}, {"{}", ""}, {"[]", ""}, {`"a string"`, ""}, {"123", ""}, {"variable", ""}, {"Not Found", ""}, {"\x1f", ""},
		{strings.Repeat("a", 64) + "\x00", ""},
	} {
		got := Foreign([]byte(c.data))
		if c.want == "" {
			assert.Empty(t, got, "%q", c.data)
		} else {
			assert.Contains(t, got, c.want, "%q", c.data)
			assert.NotContains(t, got, "\n")
		}
	}
}

func TestDataURL(t *testing.T) {
	const text = `{"version":3,"sources":["é.js"],"mappings":"A+/A"}`
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	for _, c := range []struct{ name, url, want string }{
		{"base64", "data:application/json;base64," + encoded, text},
		{"base64 with a charset", "data:application/json;charset=utf-8;base64," + encoded, text},
		{"base64 with many parameters", "data:application/json;charset=utf-8;name=x;base64," + encoded, text},
		{"base64 without a type", "data:;base64," + encoded, text},
		{"base64 in capitals", "DATA:application/json;BASE64," + encoded, text},
		{"base64 behind a space", "data:application/json; base64," + encoded, text},
		{"base64 without padding", "data:;base64," + strings.TrimRight(encoded, "="), text},
		{"base64, percent-encoded", "data:;base64," + url.QueryEscape(encoded), text},
		{"base64 with line ends", "data:;base64," + encoded[:8] + "\r\n" + encoded[8:] + " \t\f\n", text},
		{"base64 of nothing", "data:;base64,", ""},
		{"one, two, three bytes: one", "data:;base64,YQ==", "a"},
		{"one, two, three bytes: two", "data:;base64,YWI=", "ab"},
		{"one, two, three bytes: three", "data:;base64,YWJj", "abc"},
		{"base64 of the alphabet for URLs", "data:;base64,-_-_", "\xfb\xff\xbf"},
		{"base64 of both alphabets", "data:;base64,-_+/", "\xfb\xff\xbf"},
		{"utf-16, little-endian", "data:application/json;charset=utf-16le;base64," + base64.StdEncoding.EncodeToString([]byte("{\x00\xe9\x00\x3d\xd8\x00\xde")), "{é😀"},
		{"utf-16, big-endian", "data:application/json;charset=UTF-16;base64," + base64.StdEncoding.EncodeToString([]byte("\x00{\x00\xe9")), "{é"},
		{"utf-16 with a byte order mark", "data:;charset=utf-16;base64," + base64.StdEncoding.EncodeToString([]byte("\xff\xfe{\x00")), "{"},
		{"utf-16 with half a pair", "data:;charset=utf-16,%00%7B%D8%3D%00%7D%D8%3D", "{\uFFFD}\uFFFD"},
		{"utf-16, but it isn't", "data:;charset=utf-16," + url.PathEscape(text), text},
		{"latin-1", "data:;charset=iso-8859-1,%7B%E9", "{é"},
		{"latin-1 in quotes", "data:;charset=\"Latin1\";base64,6Q==", "é"},
		{"latin-1, but it is UTF-8", "data:;charset=iso-8859-1," + url.PathEscape(text), text},
		{"another charset, but it is UTF-8", "data:;charset=shift_jis," + url.PathEscape(text), text},
		{"gzip of any charset", "data:;charset=utf-16;base64,H4sIAAAA", "\x1f\x8b\x08\x00\x00\x00"},
		{"percent", "data:application/json," + url.PathEscape(text), text},
		{"percent with a charset", "data:application/json;charset=utf-8," + url.PathEscape(text), text},
		{"percent: a plus is a plus", "data:,a+b%2Bc%20d", "a+b+c d"},
		{"plain", `data:application/json,{"version":3}`, `{"version":3}`},
		{"no type", "data:,x", "x"},
		{"nothing", "data:,", ""},
		{"a comma in the text", "data:,a,b,c", "a,b,c"},
		{"bytes that are not UTF-8", "data:,%ff%00", "\xff\x00"},
		{"base64 is a name here, not the mark", "data:text/base64,YQ==", "YQ=="},
		{"base64 without a semicolon is a type", "data:base64,YQ==", "YQ=="},
		{"base64 that is not last is a parameter", "data:x/y;base64;charset=utf-8,YQ==", "YQ=="},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := DataURL(c.url)
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
			assert.LessOrEqual(t, len(got), 2*len(c.url))
		})
	}
}

func TestDataURLErrors(t *testing.T) {
	for _, text := range []string{"", "data", "dat:,x", "https://example.test/a.map", "app.js.map", "xdata:,", "./data:,x"} {
		_, err := DataURL(text)
		assert.ErrorIs(t, err, ErrNotDataURL, "%q", text)
	}
	for _, text := range []string{"data:", "data:application/json;base64", "data:;base64,!!!", "data:;base64,A", "data:;base64,YQ==YQ==", "data:;base64,\xff\xff", "data:,%zz", "data:,%", "data:,%4", "data:;base64,%", "data:;charset=shift_jis,%82%a0", "data:;charset=utf-16,%00%7B%00"} {
		_, err := DataURL(text)
		require.Error(t, err, "%q", text)
		assert.NotErrorIs(t, err, ErrNotDataURL, "%q", text)
		assert.Contains(t, err.Error(), "data URL", "%q", text)
	}
}

// TestDataURLOfMegabytes: a whole map inline is common.
func TestDataURLOfMegabytes(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	got, err := DataURL("data:application/json;charset=utf-8;base64," + base64.StdEncoding.EncodeToString(data))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, got))
}
