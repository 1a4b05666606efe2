package sourcemap

import (
	"sync"
	"sync/atomic"

	"github.com/symbolicate/symbolicate/internal/index"
)

// Bias says which mappings [Map.GeneratedPositions] returns where none has exactly the column asked for.
type Bias = index.Bias

const (
	Exact      = index.Exact      // none
	AtOrBefore = index.AtOrBefore // those at the nearest column before it on the same original line
	AtOrAfter  = index.AtOrAfter  // those at the nearest column behind it on the same original line
)

// AnyColumn, as the column of an original position, stands for all of its line.
const AnyColumn = -1

// GeneratedPositions returns every mapping from a position of source i (0-based), in the order of generated positions: a
// line of code may have been copied to many places. It never looks on another original line, and of range mappings only at
// where they start. nil: there is none.
//
// The first call makes an index, which costs some 200 ns a mapping (ten times what parsing does), takes 4 bytes for each mapping
// that has a source, and 16 more while it is made. It is Go memory, counted by [Map.Size], and goes with the map; it is not
// saved. Other goroutines that ask meanwhile wait for it.
func (m *Map) GeneratedPositions(i int, original Position, bias Bias) (list []Mapping) {
	m.read(func() {
		m.reverse.of(m).Find(i, original.Line, original.Column, bias, func(s index.Segment, ranged bool) {
			list = append(list, rangeMapping(s, ranged))
		})
	})
	return list
}

// reverse is the index of original positions, made when it is first asked for.
type reverse struct {
	making sync.Mutex
	made   atomic.Pointer[index.Reverse]
}

func (r *reverse) of(m *Map) *index.Reverse {
	if made := r.made.Load(); made != nil {
		return made
	}
	r.making.Lock()
	defer r.making.Unlock()
	if made := r.made.Load(); made != nil {
		return made
	}
	made := index.NewReverse(m.table, m.info.Sources)
	r.made.Store(made)
	return made
}

func (r *reverse) size() int64 {
	if made := r.made.Load(); made != nil {
		return made.Size()
	}
	return 0
}
