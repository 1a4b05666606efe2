package unwrap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/symbolicate/symbolicate/internal/mmap"
)

const (
	// MaxLayers is how many wrappings may stand around one another: a data URL of gzip has two.
	MaxLayers = 4
	// maxWindow is the largest window of zstd that is taken, which is what the zstd command takes.
	maxWindow = 128 << 20
	// sniffed is how much is unpacked before it is asked whether it may be a map at all.
	sniffed = 4096
	// maxRatio is up to how many times as large as what it is packed in a text says it is, without being seen first.
	maxRatio = 64
)

// What is wrong with wrapped data; match with [errors.Is].
var (
	ErrLimit   = errors.New("unpacks to too much")
	ErrForeign = errors.New("holds no map")
	ErrBroken  = errors.New("cannot be unpacked")
)

// An Error says why data cannot be unpacked. Kind is one of the above.
type Error struct {
	Kind   error
	Layers []string // from the outermost to the one in which it stands
	Detail string
}

func (e *Error) Error() string { return Name(e.Layers) + " " + e.Detail }
func (e *Error) Unwrap() error { return e.Kind }

// Name names layers for people: "gzip", "data URL of gzip".
func Name(layers []string) string { return strings.Join(layers, " of ") }

// Wrapping names the wrapping that the data starts with: "gzip", "zstd", "data URL", or "" for none.
func Wrapping(data []byte) string {
	if len(data) < 4 {
		return ""
	}
	switch data[0] {
	case 0x1F:
		if data[1] == 0x8B {
			return "gzip"
		}
	case 0x28:
		if data[1] == 0xB5 && data[2] == 0x2F && data[3] == 0xFD {
			return "zstd"
		}
	case 'd', 'D':
		if IsDataURL(string(data[:min(len(data), len("data:"))])) {
			return "data URL"
		}
	}
	return ""
}

// Unpack takes all wrappings off the data, up to MaxLayers, none of which may hold more than limit bytes. It returns what was in
// them, in memory that the caller frees; region is nil, and plain the data, where there are none. The error is an [*Error].
//
// Of what is compressed no more is read than the limit, and no more than a few kilobytes where that shows that there is no map.
func Unpack(data []byte, limit int64) (plain []byte, region *mmap.Region, layers []string, err error) {
	plain = data
	for {
		wrapping := Wrapping(plain)
		if wrapping == "" {
			return plain, region, layers, nil
		}
		layers = append(layers, wrapping)
		if len(layers) > MaxLayers {
			region.Free()
			return nil, nil, nil, &Error{ErrLimit, layers[:MaxLayers], fmt.Sprintf("of more: wrapped more than %d times", MaxLayers)}
		}
		inner, n, err := open(wrapping, plain, limit)
		region.Free()
		if err != nil {
			inner.Free()
			var e *Error
			switch {
			case errors.As(err, &e):
			case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
				e = &Error{Kind: ErrLimit, Detail: "that is too large: " + err.Error()}
			default:
				e = &Error{Kind: ErrBroken, Detail: "that is broken: " + err.Error()}
			}
			e.Layers = layers
			return nil, nil, nil, e
		}
		region, plain = inner, inner.Bytes()[:n:n]
	}
}

// open takes off one wrapping.
func open(wrapping string, data []byte, limit int64) (region *mmap.Region, n int, err error) {
	var reader io.Reader
	hint := int64(0)
	switch wrapping {
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, 0, err
		}
		defer r.Close()
		reader, hint = r, int64(binary.LittleEndian.Uint32(data[len(data)-4:]))
	case "zstd":
		var head zstd.Header
		if head.Decode(data) == nil && head.HasFCS {
			hint = int64(min(head.FrameContentSize, 1<<62))
		}
		r, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(uint64(max(limit, maxWindow))))
		if err != nil {
			return nil, 0, err
		}
		defer r.Close()
		reader = r
	default:
		text, err := DataURL(string(data))
		if err != nil {
			return nil, 0, errors.New(strings.TrimPrefix(err.Error(), "data URL: "))
		}
		if int64(len(text)) > limit {
			return nil, 0, tooLarge(limit)
		}
		if err := sniff(text); err != nil {
			return nil, 0, err
		}
		reader, hint = bytes.NewReader(text), int64(len(text))
	}
	return drain(reader, limit, min(hint, int64(len(data))*maxRatio))
}

func tooLarge(limit int64) error {
	return &Error{Kind: ErrLimit, Detail: fmt.Sprintf("of more than %d bytes", limit)}
}

// drain reads all that the reader has into memory of its own. hint is how much that may be.
func drain(r io.Reader, limit, hint int64) (region *mmap.Region, n int, err error) {
	size := max(min(hint, limit)+1, sniffed) // one byte more tells that there is no more
	if region, err = mmap.Alloc(int(size)); err != nil {
		return nil, 0, &Error{Kind: ErrLimit, Detail: err.Error()}
	}
	seen := false
	for {
		if n == len(region.Bytes()) {
			if err := region.Grow(int(min(2*int64(n), limit+1))); err != nil {
				return region, 0, &Error{Kind: ErrLimit, Detail: err.Error()}
			}
		}
		more, err := r.Read(region.Bytes()[n:])
		n += more
		if int64(n) > limit {
			return region, 0, tooLarge(limit)
		}
		if !seen && (n >= sniffed || errors.Is(err, io.EOF)) {
			seen = true
			if err := sniff(region.Bytes()[:n]); err != nil {
				return region, 0, err
			}
		}
		if errors.Is(err, io.EOF) {
			region.Shrink(max(n, 1))
			return region, n, nil
		}
		if err != nil {
			return region, 0, err
		}
	}
}

// sniff returns an error where the first bytes show that no map follows.
func sniff(head []byte) error {
	head = head[:min(len(head), sniffed)]
	if Wrapping(head) != "" || bytes.HasPrefix(head, []byte("\x89symidx\n")) {
		return nil
	}
	rest := bytes.TrimLeft(head[Body(head):], " \t\r\n")
	if len(rest) == 0 || rest[0] == '{' || rest[0] == ')' {
		return nil
	}
	detail := noun(head)
	if detail == "" {
		detail = fmt.Sprintf("what starts with %q", rest[:min(len(rest), 16)])
	}
	return &Error{Kind: ErrForeign, Detail: "of " + detail}
}

// noun says what the bytes are, where they are known.
func noun(data []byte) string {
	has := func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) }
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(trimmed) > 0 && trimmed[0] == '<':
		return "an HTML page"
	case has("\x1f\x8b"):
		return "gzip"
	case has("\x28\xb5\x2f\xfd"):
		return "zstd"
	case has("PK\x03\x04"):
		return "a zip archive"
	case has("\x00asm"):
		return "a WebAssembly module"
	case has("\xff\xfe"), has("\xfe\xff"):
		return "UTF-16 text"
	case has("\xc6\x1f\xbc\x03"):
		return "Hermes bytecode"
	case has("\xe5\xd1\x0b\xfb"):
		return "a RAM bundle of React Native"
	case bytes.IndexByte(trimmed[:min(len(trimmed), 64)], 0) >= 0:
		return "binary data"
	case slices.ContainsFunc([]string{"//", "/*", "(function", "import ", "var ", `"use strict"`, "!function", "(()=>"}, func(start string) bool {
		return bytes.HasPrefix(trimmed, []byte(start))
	}):
		return "JavaScript"
	}
	return ""
}
