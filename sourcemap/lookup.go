package sourcemap

import (
	"errors"
	"runtime"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/kernel"
)

// Lookup returns the mapping that answers for the generated position, by the rules of the package
// comment. ok is false when there is none, and when the one there is has no original position: it is
// returned all the same, with Source -1. A range mapping answers for later lines too, see [Mapping].
func (m *Map) Lookup(p Position) (found Mapping, ok bool) {
	if m.ranges {
		return m.lookupRanges(p, m.table.FindRanged)
	}
	if m.imageFile == nil {
		found, ok = answer(m.table.Find(p.Line, p.Column))
		runtime.KeepAlive(m)
		return found, ok
	}
	found = Mapping{Source: -1, Name: -1}
	m.read(func() { found, ok = answer(m.table.Find(p.Line, p.Column)) })
	return found, ok
}

// LookupAcrossLines is Lookup without the end of the line: where the position's line has no mapping
// at or before it, the last one of the nearest line above answers, as the text of ECMA-426 has it
// (GetOriginalPositions). dart2js writes maps that need it.
func (m *Map) LookupAcrossLines(p Position) (found Mapping, ok bool) {
	if m.ranges {
		return m.lookupRanges(p, m.table.FindAcrossRanged)
	}
	found = Mapping{Source: -1, Name: -1}
	m.read(func() { found, ok = answer(m.table.FindAcross(p.Line, p.Column)) })
	return found, ok
}

func answer(s index.Segment, hit bool) (Mapping, bool) {
	if !hit {
		return Mapping{Source: -1, Name: -1}, false
	}
	return mapping(s), s.Source >= 0
}

// Columns are the answers of LookupMany, one row a position. Indices and positions are 0-based; -1
// stands for none, in all four columns where nothing was found.
type Columns struct {
	Source, Line, Column, Name []int32
}

// ErrColumns says that the columns given to LookupMany are not of one length.
var ErrColumns = errors.New("sourcemap: columns of unequal length")

// LookupMany looks up many generated positions, given as a column of lines and one of columns, and
// writes the answers into dst, whose columns must be of the same length. It allocates nothing. The error is
// ErrColumns, or that of [Map.Err].
func (m *Map) LookupMany(lines, columns []int32, dst Columns) error {
	n := len(lines)
	if len(columns) != n || len(dst.Source) != n || len(dst.Line) != n || len(dst.Column) != n || len(dst.Name) != n {
		return ErrColumns
	}
	if m.imageFile == nil {
		m.lookupMany(lines, columns, &dst)
		return nil
	}
	m.read(func() { m.lookupMany(lines, columns, &dst) })
	return m.Err()
}

func (m *Map) lookupMany(lines, columns []int32, dst *Columns) {
	if m.ranges {
		m.table.FindManyRanged(lines, columns, index.Columns(*dst))
	} else {
		m.table.FindMany(lines, columns, index.Columns(*dst))
	}
	runtime.KeepAlive(m)
}

// Kernel returns which instructions this package uses on this machine: "go" (none but the compiler's), "avx2" or
// "avx512". The environment variable SYMBOLICATE_KERNEL, read when the program starts, keeps from better ones.
func Kernel() string { return kernel.Best.String() }
