// Package sourcemap reads source maps (ECMA-426, "Source map format specification", edition of 2026)
// and answers for a position in generated code where it came from.
//
//	m, err := sourcemap.Parse(data, nil)
//	mapping, ok := m.Lookup(sourcemap.Position{Line: 0, Column: 5120})
//	source, _ := m.Source(int(mapping.Source))
//	fmt.Println(source.URL, mapping.Original.Line, mapping.Original.Column)
//
// # Positions
//
// Every line and column of this package is 0-based, and columns count UTF-16 code units, as the
// standard has it. The 1-based numbers that engines print belong to package symbolicate, which has
// the one function that converts.
//
// # Rules of lookup
//
// The answer for a position is the last mapping at or before it on the same generated line. Where
// several mappings stand at one column, an exact hit gives the first of them and an inexact one the
// last. A mapping without an original position (a segment of one field) answers "nothing here" and
// ends what stood before it. Nothing found is an answer, not an error. [Map.LookupAcrossLines] is the
// same without the end of the line.
//
// Two proposals add to this, for maps that have them: a range mapping answers for all positions up to the next mapping ([Mapping]),
// and scopes tell which functions a position lies in ([Map.OriginalFrames]). See docs/SCOPES.md.
//
// # Errors and problems
//
// Parse is lenient: it keeps every good part of a map and lists what was wrong in [Map.Problems].
// It fails, with a [*ParseError], where ECMA-426 has every consumer fail: what is not JSON, fields
// that must be there, values of 2³¹ or more. With [Options.Strict] every problem is such an error.
//
// # Finding maps
//
// A generated file names its map in a comment: FindSourceMapURL looks for it as ECMA-426 has it without parsing,
// FindSourceMapURLThroughParsing by the standard's other method; FindSourceMapURLInCSS and FindSourceMapURLInWebAssembly do it for these. Where
// the URL is a data URL, DecodeDataURL gives the map. Maps that are compressed, with gzip or zstd, are read as they are.
//
// # Memory and goroutines
//
// A Map never changes once Parse has returned it: any number of goroutines may use it. It keeps the
// bytes given to Parse and reads source texts from them when asked, so they must not change while the
// Map is in use. Strings that come out are copies and outlive everything.
//
// What is made of the bytes, the index, lies outside Go's heap when it is large. [Map.Close] gives it back at once, the
// garbage collector when the Map is no longer used.
//
// # Saved indexes and archives
//
// [Map.Save] writes the index to a file, with the source texts compressed; [Open] opens it without reading more than its
// head, by mapping it into memory. An [Archive] holds many in one file. The format is described in docs/FORMAT.md. What is
// read from files is checked when it is touched: a call that meets damage, or a file that became shorter, answers as if nothing
// were there, and [Map.Err] says what it met.
//
// # Speed
//
// There is assembly for amd64 with AVX-512, or AVX2 and BMI2, see [Kernel]. Everything else, and the build tag
// purego, runs Go code that does the same.
package sourcemap
