//go:build purego || !amd64

package index

type finder struct{}

func (t *Table) useKernel() {}

// findFast has no kernel here.
func (t *Table) findFast(int32, int32, *Segment) bool { return false }

func (t *Table) findMany(lines, columns []int32, out Columns) { t.findManyPlain(lines, columns, out) }
