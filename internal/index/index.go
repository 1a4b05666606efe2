// Package index holds one source map in the packed form that lookups read: the same bytes in memory, where
// they lie outside Go's heap, and in a file. docs/FORMAT.md draws them byte by byte.
//
//	image.go    the whole: header, table of sections, page sums
//	block.go    64 mappings, packed
//	table.go    lookups: which block, which mapping in it
//	guide.go    the table that finds the block
//	builder.go  mappings as they are decoded, into blocks
//	strings.go  lists of texts
//
// What is read may be hostile or damaged: every offset is checked where it is used, and pages of a file are
// compared with their checksums when they are first touched. Any number of goroutines may read an
// image; nothing that a method returns points into it.
package index

// A Segment is one mapping, decoded. Lines, columns and indices are 0-based; Source and Name are -1
// where the segment has none, and the original position counts only where there is a source.
type Segment struct {
	Line, Column                 int32
	Source                       int32
	OriginalLine, OriginalColumn int32
	Name                         int32
}
