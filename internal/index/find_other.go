//go:build purego || !amd64

package index

type finder struct{}

func (t *Table) useKernel() {}

// findFast has no kernel here.
func (t *Table) findFast(int32, int32, *Segment) bool { return false }

// findMany looks positions up; a Line of -1 says that there is nothing.
func (t *Table) findMany(lines, columns []int32, out []Segment) {
	for i, line := range lines {
		out[i] = t.findOne(line, columns[i])
	}
}
