package sourcemap_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func zstded(text string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(text), nil))
}

func asDataURL(text string) string {
	return "data:application/json;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(text))
}

var wrappedCases = []struct{ name, data, wrappings string }{
	{"gzip", gzipped(everything), "gzip"},
	{"zstd", zstded(everything), "zstd"},
	{"data URL", asDataURL(everything), "data URL"},
	{"data URL in percent", "data:application/json," + url.PathEscape(everything), "data URL"},
	{"data URL of gzip", asDataURL(gzipped(everything)), "data URL,gzip"},
	{"gzip of zstd", gzipped(zstded(everything)), "gzip,zstd"},
	{"gzip of a sectioned map", gzipped(nestedMap), "gzip"},
}

func TestWrapped(t *testing.T) {
	for _, c := range wrappedCases {
		t.Run(c.name, func(t *testing.T) {
			plain, wrappings, err := sourcemap.Unwrap([]byte(c.data), 0)
			require.NoError(t, err)
			assert.Equal(t, c.wrappings, strings.Join(wrappings, ","))
			want := parse(t, string(plain))
			path := filepath.Join(t.TempDir(), "x.map")
			require.NoError(t, os.WriteFile(path, []byte(c.data), 0o600))
			for _, make := range []func() (*sourcemap.Map, error){
				func() (*sourcemap.Map, error) { return sourcemap.Parse([]byte(c.data), nil) },
				func() (*sourcemap.Map, error) {
					data := []byte(c.data)
					m, err := sourcemap.Parse(data, &sourcemap.Options{Copy: true})
					clear(data)
					return m, err
				},
				func() (*sourcemap.Map, error) { return sourcemap.Open(path, nil) },
			} {
				m, err := make()
				require.NoError(t, err)
				assert.Equal(t, allAt(want), allAt(m))
				assert.Equal(t, urls(want), urls(m))
				assert.Equal(t, names(want), names(m))
				for i := range want.NumSources() {
					wantText, wantOK := want.SourceText(i)
					text, ok := m.SourceText(i)
					assert.Equal(t, wantOK, ok)
					assert.Equal(t, wantText, text)
				}
				wantProblems, _ := want.Problems()
				problems, _ := m.Problems()
				assert.Equal(t, wantProblems, problems)
				m.Close()
			}
			wantHead, err := sourcemap.Peek(plain)
			require.NoError(t, err)
			head, err := sourcemap.Peek([]byte(c.data))
			require.NoError(t, err)
			assert.Equal(t, wantHead, head)
		})
	}
}

// TestWrappedLarge: a file large enough to be mapped into memory, and an index.
func TestWrappedLarge(t *testing.T) {
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = "abcdefghijklmnopqrstuvwxyz0123456789+/"[i*i*7919%10007%38]
	}
	text := regular(`"x_noise":"`+string(noise)+`","sources":["a"],"sourcesContent":["b"],`, "AAAA")
	m := parse(t, text)
	index, err := m.AppendIndex(nil, nil)
	require.NoError(t, err)
	for _, data := range []string{gzipped(text), zstded(text), gzipped(string(index)), asDataURL(string(index))} {
		path := filepath.Join(t.TempDir(), "x.map.gz")
		require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
		opened, err := sourcemap.Open(path, nil)
		require.NoError(t, err)
		assert.Equal(t, allAt(m), allAt(opened))
		source, ok := opened.SourceText(0)
		assert.True(t, ok)
		assert.Equal(t, "b", source)
		require.NoError(t, opened.Err())
		opened.Close()
	}
}

func TestWrappedErrors(t *testing.T) {
	broken := regular(`"sources":["a"],`, "AAAA")[:30]
	for _, c := range []struct {
		name, data string
		kind       error
		words      string
	}{
		{"a broken map in gzip", gzipped(broken), sourcemap.ErrTruncated, "(byte 30 of what the gzip holds)"},
		{"a broken map in gzip in a data URL", asDataURL(gzipped(broken)), sourcemap.ErrTruncated, "(byte 30 of what the data URL of gzip holds)"},
		{"a page", gzipped("<!doctype html>"), sourcemap.ErrNotJSON, "gzip of an HTML page"},
		{"nothing", gzipped(""), sourcemap.ErrEmpty, "of what the gzip holds"},
		{"broken", gzipped(everything)[:100], sourcemap.ErrPacked, "gzip that is broken"},
		{"too often", gzipped(gzipped(gzipped(gzipped(gzipped("{}"))))), sourcemap.ErrLimit, "more than 4 times"},
		{"too large", gzipped(strings.Repeat(" ", 3000)), sourcemap.ErrLimit, "gzip of more than 2000 bytes"},
		{"a charset", "data:;charset=big5,%a4%40", sourcemap.ErrPacked, `charset "big5"`},
		{"an index that is broken", gzipped("\x89symidx\n"), sourcemap.ErrTruncatedIndex, "truncated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.map")
			require.NoError(t, os.WriteFile(path, []byte(c.data), 0o600))
			options := &sourcemap.Options{MaxUnpacked: 2000}
			_, err := sourcemap.Parse([]byte(c.data), options)
			require.ErrorIs(t, err, c.kind)
			assert.Contains(t, err.Error(), c.words)
			_, err = sourcemap.Open(path, options)
			require.ErrorIs(t, err, c.kind)
			assert.Contains(t, err.Error(), c.words)
			assert.Contains(t, err.Error(), path)
		})
	}
}

func TestDecodeDataURL(t *testing.T) {
	data, err := sourcemap.DecodeDataURL(asDataURL("{}"))
	require.NoError(t, err)
	assert.Equal(t, "{}", string(data))
	_, err = sourcemap.DecodeDataURL("app.js.map")
	require.ErrorIs(t, err, sourcemap.ErrNotDataURL)
	_, err = sourcemap.DecodeDataURL("data:;base64,!")
	require.ErrorIs(t, err, sourcemap.ErrPacked)
	assert.True(t, sourcemap.IsDataURL("DATA:,"))
	assert.False(t, sourcemap.IsDataURL("data.map"))
}
