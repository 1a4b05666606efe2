// Package unwrap takes off what may stand around the JSON of a source map: a byte order mark, the
// ")]}'" line that guards against script inclusion, a data URL, gzip, zstd. It also recognises the usual things
// that are not a source map at all, so that an error can say what the file is.
package unwrap

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
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
	switch what := noun(data); what {
	case "":
		return ""
	case "an HTML page":
		return "it starts with '<': an HTML page? (a server may answer 200 with its start page)"
	case "gzip", "zstd":
		return "it is " + what + "-compressed"
	case "UTF-16 text":
		return "it is UTF-16; a source map is UTF-8"
	case "JavaScript":
		return "it looks like JavaScript, not its map"
	default:
		return "it is " + what
	}
}

// ErrNotDataURL says that a URL has another scheme than data.
var ErrNotDataURL = errors.New("not a data URL")

// IsDataURL tells whether the text has the scheme of a data URL.
func IsDataURL(text string) bool {
	const scheme = "data:"
	return len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme)
}

// DataURL returns the text that a data URL (RFC 2397) carries, base64 or percent-encoded, as UTF-8.
//
// Base64 may be of the standard alphabet or the one for URLs, with or without padding, with white space in it, and itself
// percent-encoded. The charset parameter counts for UTF-16 and Latin-1; what is labelled so and is UTF-8 all the same stays (the
// standard has every map read as UTF-8). Text of another charset is an error that names it, unless it is UTF-8. The result is at most twice as
// long as the URL.
func DataURL(text string) ([]byte, error) {
	if !IsDataURL(text) {
		return nil, ErrNotDataURL
	}
	kind, payload, found := strings.Cut(text[len("data:"):], ",")
	if !found {
		return nil, errors.New("data URL: without a comma")
	}
	// Base64 may itself be percent-encoded (%2B, %3D), so that comes off first.
	plain, err := url.PathUnescape(payload)
	if err != nil {
		return nil, fmt.Errorf("data URL: %w", err)
	}
	fields := strings.Split(kind, ";") // the media type, which may be empty, then the parameters
	charset := ""
	for _, field := range fields[1:] {
		if name, value, is := strings.Cut(field, "="); is && charset == "" && strings.EqualFold(strings.TrimSpace(name), "charset") {
			charset = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
		}
	}
	data := []byte(plain)
	if len(fields) > 1 && strings.EqualFold(strings.TrimSpace(fields[len(fields)-1]), "base64") {
		if data, err = decodeBase64(data); err != nil {
			return nil, fmt.Errorf("data URL: %w", err)
		}
	}
	return decodeCharset(data, charset)
}

// decodeBase64 decodes base64 of either alphabet; it changes the text.
func decodeBase64(text []byte) ([]byte, error) {
	n := 0
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\n', '\f':
			continue
		case '-':
			c = '+'
		case '_':
			c = '/'
		}
		text[n] = c
		n++
	}
	text = bytes.TrimRight(text[:n], "=")
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	n, err := base64.RawStdEncoding.Decode(data, text)
	return data[:n], err
}

// decodeCharset returns the text of the charset as UTF-8.
func decodeCharset(data []byte, charset string) ([]byte, error) {
	if Wrapping(data) != "" {
		return data, nil // compressed: no text
	}
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return data, nil
	case "utf-16", "utf-16le", "utf-16be", "unicode":
		return fromUTF16(data)
	}
	if utf8.Valid(data) {
		return data, nil
	}
	switch charset {
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1", "l1":
		out := make([]byte, 0, len(data)+len(data)/8)
		for _, c := range data {
			out = utf8.AppendRune(out, rune(c))
		}
		return out, nil
	}
	return nil, fmt.Errorf("data URL: text in charset %.40q, which is neither UTF-8 nor known here", charset)
}

// fromUTF16 turns UTF-16 into UTF-8. Its order is seen from a byte order mark or from the zero byte of the first character,
// which is ASCII in a map; what has neither is UTF-8, whatever its label says.
func fromUTF16(data []byte) ([]byte, error) {
	bigEndian := len(data) > 0 && data[0] == 0
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		data = data[2:]
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, bigEndian = data[2:], true
	case len(data) < 2 || data[0] != 0 && data[1] != 0:
		return data, nil
	}
	if len(data)%2 != 0 {
		return nil, errors.New("data URL: UTF-16 of an odd number of bytes")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if bigEndian {
		order = binary.BigEndian
	}
	out := make([]byte, 0, len(data)/2)
	for at := 0; at < len(data); at += 2 {
		r := rune(order.Uint16(data[at:]))
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if at+2 < len(data) {
				low = rune(order.Uint16(data[at+2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				at += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
