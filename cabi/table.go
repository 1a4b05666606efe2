package main

// #include "columns.h"
import "C"

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

// A table gathers rows of 32-bit integers. Texts are kept once each: what stands in their columns is a number.
type table struct {
	columns     int
	textColumns uint64
	rows        []int32 // row by row
	texts       []string
	bytes       int
	numbers     map[string]int32
}

func newTable(columns int, textColumns ...int) *table {
	t := &table{columns: columns, numbers: map[string]int32{}}
	for _, c := range textColumns {
		t.textColumns |= 1 << c
	}
	return t
}

// text returns the number of a text, -1 for "", which stands for none.
func (t *table) text(s string) int32 {
	if s == "" {
		return -1
	}
	return t.number(s)
}

// number returns the number of a text that is there, be it empty.
func (t *table) number(s string) int32 {
	n, has := t.numbers[s]
	if !has {
		n = int32(len(t.texts))
		t.numbers[s] = n
		t.texts = append(t.texts, s)
		t.bytes += len(s)
	}
	return n
}

// block returns the table as columns in C memory, nil when it is too large or there is no memory for it.
func (t *table) block() *C.sym_columns {
	n := len(t.rows) / t.columns
	if t.bytes > math.MaxInt32 || n > math.MaxInt32 || 4*len(t.rows)+t.bytes > maxBlock {
		return nil
	}
	c := C.symc_columns_new(C.size_t(t.columns), C.size_t(n), C.uint64_t(t.textColumns), C.size_t(len(t.texts)), C.size_t(t.bytes))
	if c == nil {
		return nil
	}
	values := unsafe.Slice((*int32)(C.sym_columns_values(c)), len(t.rows))
	for i, v := range t.rows {
		values[i%t.columns*n+i/t.columns] = v
	}
	starts := unsafe.Slice((*int32)(C.symc_columns_starts(c)), len(t.texts)+1)
	data := unsafe.Slice((*byte)(unsafe.Pointer(C.symc_columns_bytes(c))), t.bytes)
	at := 0
	for i, s := range t.texts {
		at += copy(data[at:], s)
		starts[i+1] = int32(at)
	}
	return c
}

//export symgo_map_mappings
func symgo_map_mappings(handle C.sym_handle, out **C.sym_columns, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status { return giveMappings(m.Len(), m.Mappings(), out) })
}

//export symgo_map_mappings_back
func symgo_map_mappings_back(handle C.sym_handle, line, column C.int32_t, n C.size_t, out **C.sym_columns, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		var list []sourcemap.Mapping
		for found := range m.MappingsBack(sourcemap.Position{Line: int32(line), Column: int32(column)}) {
			if uint64(len(list)) == uint64(n) || len(list) > maxBlock/mappingSize {
				break
			}
			list = append(list, found)
		}
		return giveMappings(len(list), slices.Values(list), out)
	})
}

const mappingSize = int(unsafe.Sizeof(C.sym_mapping{}))

// giveMappings makes columns of the mappings, of which there should be n.
func giveMappings(n int, all iter.Seq[sourcemap.Mapping], out **C.sym_columns) status {
	const columns = mappingSize / 4
	if n > maxBlock/mappingSize {
		return noRoom
	}
	c := C.symc_columns_new(C.size_t(columns), C.size_t(n), 0, 0, 0)
	if c == nil {
		return noRoom
	}
	values, i := unsafe.Slice((*int32)(C.sym_columns_values(c)), columns*n), 0
	for found := range all {
		if i == n {
			i++
			break
		}
		if found.Source < 0 {
			found.Original = sourcemap.Position{Line: -1, Column: -1}
		}
		for k, v := range [columns]int32{
			found.Generated.Line, found.Generated.Column, found.Source, found.Original.Line, found.Original.Column, found.Name,
		} {
			values[k*n+i] = v
		}
		i++
	}
	if i != n { // not as many as a damaged index promises
		C.sym_columns_release(c)
		return failed(sourcemap.ErrDamaged)
	}
	*out = c
	return ok
}

// Columns of symgo_symbolicate_many's tables, as symbolicate.h names them.
const (
	traceColumns = 3 // message, first frame, frames
	frameColumns = C.SYM_FRAME_COLUMNS
)

// clamp is for lines and columns as printed, which may be any number.
func clamp(n int) int32 { return int32(min(n, math.MaxInt32)) }

func (t *table) frame(trace int, f *symbolicate.Frame) {
	printed := f
	if f.Minified != nil {
		printed = f.Minified
	}
	context := int32(-1)
	if f.Context != nil {
		context = t.number(f.Context.Line)
	}
	t.rows = append(t.rows,
		clamp(trace), t.text(f.Function), t.text(f.File), clamp(f.Line), clamp(f.Column),
		int32(flag(f.Mapped)), int32(flag(f.InApp)), int32(f.Kind),
		t.text(printed.Function), t.text(printed.File), clamp(printed.Line), clamp(printed.Column),
		t.text(f.Module), t.text(string(f.NameSource)), t.text(f.MapName), t.text(string(f.Reason)), context,
		t.text(f.In), int32(flag(f.Inlined)))
}

//export symgo_symbolicate_many
func symgo_symbolicate_many(handle C.sym_handle, data *C.char, offsets *C.int64_t, n C.size_t, workers C.uint32_t, traces, frames **C.sym_columns, e *C.sym_error) C.sym_status {
	return with(handle, e, func(s *symbolicate.Symbolicator) status {
		if traces == nil || frames == nil || offsets == nil || tooLong(n) {
			return argument("no place for the result, or no offsets")
		}
		starts := unsafe.Slice((*int64)(offsets), int(n)+1)
		for i, at := range starts {
			if at < 0 || i > 0 && at < starts[i-1] {
				return argument("offset %d is %d", i, at)
			}
			if i > 0 && at-starts[i-1] > math.MaxInt32 {
				return status{C.SYM_ERR_LIMIT, -1, "a trace of 2 GiB or more"}
			}
		}
		if data == nil && starts[n] != 0 {
			return argument("NULL with a length of %d", starts[n])
		}
		// Copied trace by trace: frames keep parts of the text.
		trace := func(i int) string {
			return string(unsafe.Slice((*byte)(unsafe.Pointer(data)), starts[n])[starts[i]:starts[i+1]])
		}
		stacks, err := symbolicateAll(s, int(n), trace, max(int(workers), 1))
		if err != nil {
			return failed(err)
		}
		traceTable := newTable(traceColumns, 0)
		frameTable := newTable(frameColumns, 1, 2, 8, 9, 12, 13, 14, 15, 16, 17)
		for i := range stacks {
			traceTable.rows = append(traceTable.rows, traceTable.text(stacks[i].Message), int32(len(frameTable.rows)/frameColumns), int32(len(stacks[i].Frames)))
			for k := range stacks[i].Frames {
				frameTable.frame(i, &stacks[i].Frames[k])
			}
		}
		if *traces = traceTable.block(); *traces == nil {
			return noRoom
		}
		if *frames = frameTable.block(); *frames == nil {
			C.sym_columns_release(*traces)
			*traces = nil
			return noRoom
		}
		return ok
	})
}

// symbolicateAll symbolicates n traces on so many goroutines. The first error is returned when all have ended.
func symbolicateAll(s *symbolicate.Symbolicator, n int, trace func(i int) string, workers int) ([]symbolicate.Stack, error) {
	stacks, errs := make([]symbolicate.Stack, n), make([]error, n)
	one := func(i int) {
		defer func() {
			if r := recover(); r != nil { // nobody else would, outside the caller's goroutine
				errs[i] = panicked{r}
			}
		}()
		stacks[i], errs[i] = s.Symbolicate(context.Background(), symbolicate.ParseStack(trace(i)))
	}
	var group sync.WaitGroup
	var next atomic.Int64
	for range min(workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				one(i)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return stacks, nil
}
