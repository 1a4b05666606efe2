package index

import (
	"fmt"
	"math"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// The functions of source texts, and of the generated code, lie in KindFunctions as tables of 32-bit numbers; their names are the
// texts of KindFunctionNames. docs/FORMAT.md draws them.
//
//	counts     4×u32  trees, functions; 2 reserved
//	trees      3×u32  first function +1, 0: nobody looked for them; how many, and the highest bit: the map itself lists them; lines of the
//	                  text, 0: not known
//	functions  6×u32  start, end (line and column each), parent+1, name+1
//
// There is a tree for each source, and one more for the generated code. A tree's functions stand in the order of their starts, parents
// before those inside them; a parent's number counts in the tree.
const (
	functionsHead = 16
	functionTree  = 12
	functionSize  = 24
	treeFromMap   = 1 << 31

	// MaxFunctionDepth is how deep the functions of a text may lie in one another in a saved image; deeper ones are left out.
	MaxFunctionDepth = 4096
)

// A Function is a function of a text.
type Function struct {
	Start, End scopes.Position // the end is exclusive
	Parent     int32           // number of the function around it, of the same text; -1: none
	Name       string          // "": none
}

// A FunctionTree is the functions of one text.
type FunctionTree struct {
	List    []Function // nil: nobody looked for them
	FromMap bool       // the map itself lists them, instead of the text
	Lines   int32      // of the text; 0: not known
}

// FunctionTrees are the functions of each source, and of the generated code behind those.
type FunctionTrees []FunctionTree

// AddFunctions returns an image with the functions besides what this one has, which was built in this process and had none; it
// stays, and is to be freed.
func (m *Image) AddFunctions(trees FunctionTrees) (*Image, error) {
	tables, names, err := trees.encode()
	if err != nil {
		return nil, err
	}
	w := NewWriter(len(m.data) - HeadSize + len(tables) + len(names) + 16)
	copy(w.take(len(m.data)-HeadSize), m.data[HeadSize:])
	for i := range int(le.Load32(m.data, 24)) {
		at := headerSize + i*entrySize
		w.table = append(w.table, entry{Kind(le.Load32(m.data, at)), int(le.Load64(m.data, at+8)), int(le.Load64(m.data, at+16))})
	}
	w.Put(KindFunctions, tables)
	w.Put(KindFunctionNames, names)
	return w.Finish()
}

// encode makes the two sections.
func (trees FunctionTrees) encode() (tables, names []byte, err error) {
	n := 0
	for _, tree := range trees {
		n += len(tree.List)
	}
	tables = make([]byte, 0, functionsHead+len(trees)*functionTree+n*functionSize)
	put := func(values ...int32) {
		for _, v := range values {
			tables = le.AppendUint32(tables, uint32(v))
		}
	}
	put(int32(len(trees)), int32(n), 0, 0)
	n = 0
	for _, tree := range trees {
		count := uint32(len(tree.List))
		switch {
		case tree.List == nil:
			put(0, 0, 0)
			continue
		case tree.FromMap:
			count |= treeFromMap
		}
		put(int32(n+1), int32(count), tree.Lines)
		n += len(tree.List)
	}
	numbers, size := map[string]int32{}, 0
	var texts []string
	for _, tree := range trees {
		for i := range tree.List {
			f := &tree.List[i]
			name := numbers[f.Name]
			if name == 0 && f.Name != "" {
				texts = append(texts, f.Name)
				size += len(f.Name)
				name = int32(len(texts))
				numbers[f.Name] = name
			}
			put(f.Start.Line, f.Start.Column, f.End.Line, f.End.Column, f.Parent+1, name)
		}
	}
	if n > math.MaxInt32 || uint64(size) > math.MaxUint32 {
		return nil, nil, fmt.Errorf("%d functions with names of %d bytes", n, size)
	}
	names = le.AppendUint32(make([]byte, 0, 4+4*len(texts)+size), uint32(len(texts)))
	size = 0
	for _, t := range texts {
		size += len(t)
		names = le.AppendUint32(names, uint32(size))
	}
	for _, t := range texts {
		names = append(names, t...)
	}
	return tables, names, nil
}

// Functions are the functions that an image has.
type Functions struct {
	data             []byte
	at               area
	names            Texts
	trees, functions int
}

// Functions returns the functions; ok is false where the image has none, or their tables do not fit.
func (m *Image) Functions() (t *Functions, ok bool) {
	data := m.sections[KindFunctions]
	if len(data) == 0 {
		return nil, false
	}
	t = &Functions{data: data, at: m.area(KindFunctions), names: m.Texts(KindFunctionNames)}
	if len(data) < functionsHead {
		t.at.damaged()
		return nil, false
	}
	if !t.at.read(0, functionsHead) {
		return nil, false
	}
	trees, functions := uint64(le.Load32(data, 0)), uint64(le.Load32(data, 4))
	if functionsHead+trees*functionTree+functions*functionSize != uint64(len(data)) {
		t.at.damaged()
		return nil, false
	}
	t.trees, t.functions = int(trees), int(functions)
	return t, true
}

// NumTrees returns the number of trees: one for each source, and that of the generated code.
func (t *Functions) NumTrees() int { return t.trees }

// FromMap tells whether the map itself lists the functions of a tree.
func (t *Functions) FromMap(tree int) bool {
	at := functionsHead + tree*functionTree
	return tree >= 0 && tree < t.trees && t.at.read(at, functionTree) && le.Load32(t.data, at+4)&treeFromMap != 0
}

// tree returns the number of a tree's first function, and how many it has; ok is false where nobody looked for them.
func (t *Functions) tree(i int) (first, n int, ok bool) {
	if i < 0 || i >= t.trees {
		return 0, 0, false
	}
	at := functionsHead + i*functionTree
	if !t.at.read(at, functionTree) {
		return 0, 0, false
	}
	start, count := uint64(le.Load32(t.data, at)), uint64(le.Load32(t.data, at+4)&^treeFromMap)
	if start == 0 {
		return 0, 0, false
	}
	if start-1+count > uint64(t.functions) {
		t.at.damaged()
		return 0, 0, false
	}
	return int(start - 1), int(count), true
}

// row returns where a function stands.
func (t *Functions) row(i int) (at int, ok bool) {
	at = functionsHead + t.trees*functionTree + i*functionSize
	return at, t.at.read(at, functionSize)
}

func (t *Functions) number(row, k int) int32 { return int32(le.Load32(t.data, row+4*k)) }

// parent returns the number of the function around number i of its tree, -1: none. It is below i.
func (t *Functions) parent(row, i int) (parent int, ok bool) {
	p := le.Load32(t.data, row+16)
	if uint64(p) > uint64(i) {
		t.at.damaged()
		return -1, false
	}
	return int(p) - 1, true
}

// At returns the name of the innermost function of a tree around the position; where it has none, in is the name of the nearest
// one around it that has one. read is false where nobody looked for functions, the text has no such line, or the image is damaged.
func (t *Functions) At(tree int, p scopes.Position) (name, in string, read bool) {
	first, n, ok := t.tree(tree)
	if !ok {
		return "", "", false
	}
	if lines := le.Load32(t.data, functionsHead+tree*functionTree+8); p.Line < 0 || lines > 0 && uint32(p.Line) >= lines {
		return "", "", false
	}
	whole := true
	i := innermost(t.at, 0, n, p, MaxFunctionDepth, func(i int) (start, end scopes.Position, parent int32, ok bool) {
		row, ok := t.row(first + i)
		if !ok {
			whole = false
			return start, end, -1, false
		}
		up, ok := t.parent(row, i)
		whole = whole && ok
		return scopes.Position{Line: t.number(row, 0), Column: t.number(row, 1)}, scopes.Position{Line: t.number(row, 2), Column: t.number(row, 3)}, int32(up), ok
	})
	if !whole || t.at.untrue() {
		return "", "", false
	}
	for depth := 0; i >= 0; depth++ {
		if depth == MaxFunctionDepth {
			t.at.damaged()
			return "", "", false
		}
		row, ok := t.row(first + i)
		if !ok {
			return "", "", false
		}
		if k := t.number(row, 5); k != 0 {
			text := t.names.Text(int(uint32(k)) - 1)
			if depth == 0 {
				return text, "", text != ""
			}
			return "", text, text != ""
		}
		if i, ok = t.parent(row, i); !ok {
			return "", "", false
		}
	}
	return "", "", true
}

// verifyFunctions reads all functions.
func (m *Image) verifyFunctions(info *Info) error {
	t, ok := m.Functions()
	if !ok {
		return m.Err()
	}
	wrong := func(what string, i int) error {
		m.fail(fmt.Errorf("%w: %s %d", ErrDamaged, what, i))
		return m.Err()
	}
	if t.trees != info.Sources+1 {
		return wrong("functions are for another number of sources:", t.trees-1)
	}
	names := t.names.Len()
	for i := range names {
		t.names.Text(i)
	}
	var depths []uint16
	next := 0 // trees stand one behind the other, so that no function is read twice
	for tree := range t.trees {
		first, n, ok := t.tree(tree)
		if !ok {
			if m.Err() != nil {
				return m.Err()
			}
			continue
		}
		if first != next {
			return wrong("functions of source", tree)
		}
		next += n
		depths = depths[:0]
		var last scopes.Position
		for i := range n {
			row, ok := t.row(first + i)
			if !ok {
				return m.Err()
			}
			up, ok := t.parent(row, i)
			if !ok {
				return m.Err()
			}
			depth := uint16(1)
			if up >= 0 {
				depth = depths[up] + 1
			}
			depths = append(depths, depth)
			start := scopes.Position{Line: t.number(row, 0), Column: t.number(row, 1)}
			end := scopes.Position{Line: t.number(row, 2), Column: t.number(row, 3)}
			if depth > MaxFunctionDepth || start.Before(last) || end.Before(start) || start.Line < 0 || start.Column < 0 ||
				uint64(le.Load32(t.data, row+20)) > uint64(names) {
				return wrong("function", first+i)
			}
			last = start
		}
	}
	if next != t.functions {
		return wrong("functions of no source:", t.functions-next)
	}
	return m.Err()
}
