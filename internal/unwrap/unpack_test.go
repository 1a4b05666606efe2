package unwrap

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func zst(text string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(text), nil))
}

// zstStream is zstd without the size of its content.
func zstStream(text string) string {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	_, _ = w.Write([]byte(text))
	_ = w.Flush()
	_, _ = w.Write(nil)
	_ = w.Close()
	return b.String()
}

func dataURL(text string) string {
	return "data:application/json;base64," + base64.StdEncoding.EncodeToString([]byte(text))
}

const plainMap = `{"version":3,"sources":[],"names":[],"mappings":""}`

var unpackCases = []struct {
	name, data string
	layers     string
	plain      string
	kind       error  // nil: it works
	words      string // in the error
}{
	{"plain", plainMap, "", plainMap, nil, ""},
	{"nothing", "", "", "", nil, ""},
	{"gzip", gz(plainMap), "gzip", plainMap, nil, ""},
	{"gzip of nothing", gz(""), "gzip", "", nil, ""},
	{"gzip in two members", gz(plainMap[:10]) + gz(plainMap[10:]), "gzip", plainMap, nil, ""},
	{"zstd", zst(plainMap), "zstd", plainMap, nil, ""},
	{"zstd of a stream", zstStream(plainMap), "zstd", plainMap, nil, ""},
	{"zstd in two frames", zst(plainMap[:10]) + zst(plainMap[10:]), "zstd", plainMap, nil, ""},
	{"data URL", dataURL(plainMap), "data URL", plainMap, nil, ""},
	{"data URL of gzip", dataURL(gz(plainMap)), "data URL of gzip", plainMap, nil, ""},
	{"gzip of zstd", gz(zst(plainMap)), "gzip of zstd", plainMap, nil, ""},
	{"four layers", gz(gz(gz(gz(plainMap)))), "gzip of gzip of gzip of gzip", plainMap, nil, ""},
	{"five layers", gz(gz(gz(gz(gz(plainMap))))), "", "", ErrLimit, "more than 4 times"},
	{"gzip of a byte order mark", gz("\xEF\xBB\xBF" + plainMap), "gzip", "\xEF\xBB\xBF" + plainMap, nil, ""},
	{"gzip of the guard line", gz(")]}'\n" + plainMap), "gzip", ")]}'\n" + plainMap, nil, ""},
	{"gzip of an index", gz("\x89symidx\n"), "gzip", "\x89symidx\n", nil, ""},
	{"gzip of white space and a map", gz(strings.Repeat(" ", 10_000) + plainMap), "gzip", strings.Repeat(" ", 10_000) + plainMap, nil, ""},

	{"gzip of a page", gz("\n<!doctype html>"), "", "", ErrForeign, "gzip of an HTML page"},
	{"zstd of JavaScript", zst("!function(){}()"), "", "", ErrForeign, "zstd of JavaScript"},
	{"data URL of a page", dataURL("<html>"), "", "", ErrForeign, "data URL of an HTML page"},
	{"data URL of gzip of Hermes bytecode", dataURL(gz("\xc6\x1f\xbc\x03\xc1\x03\x19\x1f")), "", "", ErrForeign, "data URL of gzip of Hermes bytecode"},
	{"gzip of a zip", gz("PK\x03\x04"), "", "", ErrForeign, "gzip of a zip archive"},
	{"gzip of words", gz("Not Found"), "", "", ErrForeign, `gzip of what starts with "Not Found"`},
	{"gzip, cut in its head", gz(plainMap)[:6], "", "", ErrBroken, "gzip that is broken"},
	{"gzip, cut", gz(plainMap)[:30], "", "", ErrBroken, "gzip that is broken"},
	{"gzip with a wrong checksum", gz(plainMap)[:len(gz(plainMap))-8] + "\x00\x00\x00\x00\x00\x00\x00\x00", "", "", ErrBroken, "gzip that is broken"},
	{"gzip with something behind", gz(plainMap) + "abc", "", "", ErrBroken, "gzip that is broken"},
	{"zstd, cut", zst(plainMap)[:20], "", "", ErrBroken, "zstd that is broken"},
	{"zstd that needs a dictionary", "\x28\xb5\x2f\xfd\x21\x07\x05\x00\x00\x00", "", "", ErrBroken, "zstd that is broken"},
	{"zstd with a window of 3 TB", "\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", "", "", ErrLimit, "zstd that is too large"},
	{"bad data URL", "data:;base64,!!!", "", "", ErrBroken, "data URL that is broken"},
	{"too large", gz(`{"a":"` + strings.Repeat("a", 1<<20)), "", "", ErrLimit, "gzip of more than 1048576 bytes"},
	{"too large, zstd", zst(`{"a":"` + strings.Repeat("a", 1<<20)), "", "", ErrLimit, "zstd of more than 1048576 bytes"},
	{"too large, a stream of zstd", zstStream(`{"a":"` + strings.Repeat("a", 1<<20)), "", "", ErrLimit, "zstd of more than 1048576 bytes"},
	{"too large, a data URL", dataURL(`{"a":"` + strings.Repeat("a", 1<<20)), "", "", ErrLimit, "data URL of more than 1048576 bytes"},
	{"too large inside", gz(gz(`{"a":"` + strings.Repeat("a", 1<<20))), "", "", ErrLimit, "gzip of gzip of more than 1048576 bytes"},
	{"as large as allowed", gz(`{"a":"` + strings.Repeat("a", 1<<20-6)), "gzip", `{"a":"` + strings.Repeat("a", 1<<20-6), nil, ""},
	{"half the base64", dataURL(plainMap)[:40], "data URL", `{"versio`, nil, ""},
}

const testLimit = 1 << 20

func TestUnpack(t *testing.T) {
	for _, c := range unpackCases {
		t.Run(c.name, func(t *testing.T) {
			plain, region, layers, err := Unpack([]byte(c.data), testLimit)
			defer region.Free()
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				assert.Contains(t, err.Error(), c.words)
				assert.NotContains(t, err.Error(), "\n")
				assert.Nil(t, region)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.layers, Name(layers))
			require.Equal(t, c.plain, string(plain))
			assert.Equal(t, c.layers == "", region == nil)
		})
	}
}

func FuzzUnpack(f *testing.F) {
	for _, c := range unpackCases {
		f.Add([]byte(c.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, region, layers, err := Unpack(data, testLimit)
		defer region.Free()
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.NotContains(t, err.Error(), "\n")
			require.Nil(t, region)
			return
		}
		require.LessOrEqual(t, len(plain), max(testLimit, len(data)))
		require.LessOrEqual(t, len(layers), MaxLayers)
		require.Empty(t, Wrapping(plain))
		Foreign(plain)
	})
}
