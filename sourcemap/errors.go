package sourcemap

import (
	"errors"
	"fmt"
	"strings"
)

// What a [ParseError] is about; match with [errors.Is].
var (
	ErrEmpty     = errors.New("empty file")                 // no bytes, or white space only
	ErrNotJSON   = errors.New("not JSON")                   // HTML, binary data, text, or JSON broken inside
	ErrTruncated = errors.New("truncated JSON")             // good so far, but it ends too early
	ErrFormat    = errors.New("not a source map")           // JSON, but a field is missing or of the wrong type
	ErrMappings  = errors.New("mappings cannot be decoded") // a value of 2³¹ or more; with Strict any fault in mappings
	ErrPacked    = errors.New("cannot be unpacked")         // gzip, zstd or a data URL that is broken
	ErrLimit     = errors.New("limit exceeded")             // nested deeper, or larger, than a documented limit
)

// A ParseError says why the bytes are not a source map, and where.
type ParseError struct {
	Kind   error  // one of the Err variables above
	Path   string // the file, where Open read one; else ""
	Within string // what the data was unpacked from: "gzip", "zstd", "data URL", "data URL of gzip"; "": it was not
	Offset int64  // byte offset in the data given to Parse, of the first byte that does not fit; where Within is set, in what it holds
	Detail string // one line of words
}

func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString("sourcemap: ")
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	fmt.Fprintf(&b, "%v: %s (byte %d", e.Kind, e.Detail, e.Offset)
	if e.Within != "" {
		b.WriteString(" of what the " + e.Within + " holds")
	}
	b.WriteString(")")
	return b.String()
}

func (e *ParseError) Unwrap() error { return e.Kind }

// A ProblemKind names what is wrong with a part of a map. The values are stable.
type ProblemKind string

const (
	ProblemVersion            ProblemKind = "version"              // is not the number 3
	ProblemFile               ProblemKind = "file"                 // is not a string
	ProblemSourceRoot         ProblemKind = "source-root"          // is not a string, or too long: left out
	ProblemSourcesItem        ProblemKind = "sources-item"         // neither string nor null: read as null
	ProblemSourcesContent     ProblemKind = "sources-content"      // is not an array: no texts
	ProblemSourcesContentItem ProblemKind = "sources-content-item" // neither string nor null: no text
	ProblemNames              ProblemKind = "names"                // is not an array: no names
	ProblemNamesItem          ProblemKind = "names-item"           // is not a string: read as ""
	ProblemIgnoreList         ProblemKind = "ignore-list"          // is not an array
	ProblemIgnoreListItem     ProblemKind = "ignore-list-item"     // is not an index of a source
	ProblemDebugID            ProblemKind = "debug-id"             // is not a UUID
	ProblemMappingsGrammar    ProblemKind = "mappings-grammar"     // not the grammar of ECMA-426: no mappings taken
	ProblemColumnRange        ProblemKind = "column-range"         // generated column below 0 or over 2³¹−1: segment dropped
	ProblemOriginalRange      ProblemKind = "original-range"       // no such source, or line or column below 0: no original position
	ProblemNameRange          ProblemKind = "name-range"           // no such name: no name
	ProblemRangeMappings      ProblemKind = "range-mappings"       // is not a string, or not the draft's grammar: none taken
	ProblemRangeMappingsItem  ProblemKind = "range-mappings-item"  // repeats the one before, or no such mapping, or one without original position
	ProblemScopes             ProblemKind = "scopes"               // is not a string, or not the draft's grammar: none taken
	ProblemScopesItem         ProblemKind = "scopes-item"          // one item of scopes is wrong or misplaced: see Detail for what is taken
	ProblemSection            ProblemKind = "section"              // is not an object: skipped
	ProblemSectionOffset      ProblemKind = "section-offset"       // line or column is not an integer: read as 0
	ProblemSectionOrder       ProblemKind = "section-order"        // starts before the section before it
	ProblemSectionOverlap     ProblemKind = "section-overlap"      // starts where the one before it does, or before its last mapping
	ProblemSectionsBeside     ProblemKind = "sections-beside"      // mappings stand beside sections: left out
	ProblemSectionMap         ProblemKind = "section-map"          // its map is broken: skipped
	ProblemSectionNested      ProblemKind = "section-nested"       // its map is itself indexed: read all the same
	ProblemDropped            ProblemKind = "dropped"              // of a map that Compose or Rewrite made: it lacks something that those it was made from had
)

// A Problem is something wrong with a map that does not keep the rest of it from being used.
type Problem struct {
	Kind   ProblemKind
	Offset int64  // byte offset in the data given to Parse, or in what that was unpacked to
	Detail string // one line of words
}

func (p Problem) String() string {
	if p.Kind == ProblemDropped { // stands nowhere
		return fmt.Sprintf("%s: %s", p.Kind, p.Detail)
	}
	return fmt.Sprintf("%s: %s (byte %d)", p.Kind, p.Detail, p.Offset)
}
