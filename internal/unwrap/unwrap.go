// Package unwrap takes off what may stand around the JSON of a source map: a byte order mark, the
// ")]}'" line that guards against script inclusion, a data URL. It also recognises the usual things
// that are not a source map at all, so that an error can say what the file is.
package unwrap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Body returns the offset in data at which the JSON text starts: behind a UTF-8 byte order mark and
// behind a first line that starts with ")]}" (ECMA-426, Fetching source maps).
func Body(data []byte) int {
	at := 0
	if bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
		at = 3
	}
	if bytes.HasPrefix(data[at:], []byte(")]}")) {
		if n := bytes.IndexAny(data[at:], "\r\n"); n >= 0 {
			at += n
		}
	}
	return at
}

// Foreign says in a few words what data is when its first bytes show that it cannot be JSON, and ""
// when they don't.
func Foreign(data []byte) string {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	has := func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) }
	switch {
	case len(trimmed) > 0 && trimmed[0] == '<':
		return "it starts with '<': an HTML page? (a server may answer 200 with its start page)"
	case has("\x1f\x8b"):
		return "it is gzip-compressed"
	case has("\x28\xb5\x2f\xfd"):
		return "it is zstd-compressed"
	case has("PK\x03\x04"):
		return "it is a zip archive"
	case has("\x00asm"):
		return "it is a WebAssembly module"
	case has("\xff\xfe"), has("\xfe\xff"):
		return "it is UTF-16; a source map is UTF-8"
	case bytes.IndexByte(trimmed[:min(len(trimmed), 64)], 0) >= 0:
		return "it is binary data"
	case bytes.HasPrefix(trimmed, []byte("//")), bytes.HasPrefix(trimmed, []byte("/*")),
		bytes.HasPrefix(trimmed, []byte("(function")), bytes.HasPrefix(trimmed, []byte("import ")),
		bytes.HasPrefix(trimmed, []byte("var ")), bytes.HasPrefix(trimmed, []byte(`"use strict"`)):
		return "it looks like JavaScript, not its map"
	}
	return ""
}

// ErrNotDataURL says that a URL has another scheme than data.
var ErrNotDataURL = errors.New("not a data URL")

// DataURL returns the bytes that a data URL (RFC 2397) carries, base64 or percent-encoded, whatever
// its media type and parameters. They are at most as many as the URL's.
func DataURL(text string) ([]byte, error) {
	const scheme = "data:"
	if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return nil, ErrNotDataURL
	}
	kind, payload, found := strings.Cut(text[len(scheme):], ",")
	if !found {
		return nil, errors.New("data URL without a comma")
	}
	// Base64 may itself be percent-encoded (%2B, %3D), so that comes off first.
	plain, err := url.PathUnescape(payload)
	if err != nil {
		return nil, fmt.Errorf("data URL: %w", err)
	}
	fields := strings.Split(kind, ";") // the media type, which may be empty, then the parameters
	if len(fields) == 1 || !strings.EqualFold(strings.TrimSpace(fields[len(fields)-1]), "base64") {
		return []byte(plain), nil
	}
	plain = strings.TrimRight(strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\f", r) {
			return -1
		}
		return r
	}, plain), "=")
	data, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, fmt.Errorf("data URL: %w", err)
	}
	return data, nil
}
