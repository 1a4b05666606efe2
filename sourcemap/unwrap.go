package sourcemap

import (
	"bytes"
	"errors"

	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/internal/unwrap"
)

// maxUnpacked is the limit that the options ask for.
func (o *Options) maxUnpacked() int64 {
	if o.MaxUnpacked <= 0 {
		return DefaultMaxUnpacked
	}
	return min(o.MaxUnpacked, MaxBytes)
}

// unpack takes the wrappings off the data, which has some: layers, from the outermost on. The error is a *ParseError.
func unpack(data []byte, options *Options) (plain []byte, region *mmap.Region, layers []string, err error) {
	if plain, region, layers, err = unwrap.Unpack(data, options.maxUnpacked()); err == nil {
		return plain, region, layers, nil
	}
	kind := ErrPacked
	switch {
	case errors.Is(err, unwrap.ErrLimit):
		kind = ErrLimit
	case errors.Is(err, unwrap.ErrForeign):
		kind = ErrNotJSON
	}
	return nil, nil, nil, &ParseError{Kind: kind, Detail: err.Error()}
}

// parseWrapped is Parse for data with a wrapping.
func parseWrapped(data []byte, options *Options) (*Map, error) {
	plain, region, layers, err := unpack(data, options)
	if err != nil {
		return nil, err
	}
	m, err := parse(plain, options, region)
	if err != nil {
		region.Free()
		return nil, withinError(err, layers)
	}
	return m, nil
}

// peekWrapped is Peek for data with a wrapping.
func peekWrapped(data []byte) (Head, error) {
	plain, region, layers, err := unpack(data, &Options{})
	if err != nil {
		return Head{}, err
	}
	defer region.Free()
	head, err := Peek(plain)
	return head, withinError(err, layers)
}

// withinError says in a *ParseError where its offset counts.
func withinError(err error, layers []string) error {
	if e := (*ParseError)(nil); errors.As(err, &e) && e.Within == "" {
		e.Within = unwrap.Name(layers)
	}
	return err
}

// Unwrap returns what the data holds without the wrappings that Parse takes off, and what those were, from the outermost on:
// "gzip", "zstd", "data URL". Data that has none is returned itself, anything else is a copy. limit is that of
// Options.MaxUnpacked. The error is a [*ParseError].
func Unwrap(data []byte, limit int64) (plain []byte, wrappings []string, err error) {
	if unwrap.Wrapping(data) == "" {
		return data, nil, nil
	}
	plain, region, wrappings, err := unpack(data, &Options{MaxUnpacked: limit})
	if err != nil {
		return nil, nil, err
	}
	defer region.Free()
	return bytes.Clone(plain), wrappings, nil
}

// ErrNotDataURL says that a URL given to DecodeDataURL has another scheme.
var ErrNotDataURL = unwrap.ErrNotDataURL

// IsDataURL tells whether a URL, as FindSourceMapURL returns it, is a data URL.
func IsDataURL(url string) bool { return unwrap.IsDataURL(url) }

// DecodeDataURL returns what a data URL (RFC 2397) carries, as UTF-8, for Parse. Base64 may be of either alphabet, padded or
// not, with white space, percent-encoded; anything else is percent-encoded text. Of charsets it knows UTF-8, UTF-16 and Latin-1; other
// text must be UTF-8, as the standard reads every map, or the error names the charset.
func DecodeDataURL(url string) ([]byte, error) {
	data, err := unwrap.DataURL(url)
	if err != nil && !errors.Is(err, ErrNotDataURL) {
		return nil, &ParseError{Kind: ErrPacked, Detail: err.Error()}
	}
	return data, err
}
