package main

// #include <stdlib.h>
// #include "include/symbolicate.h"
import "C"

import (
	"unsafe"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// A block is a result in one piece of C memory. What goes into it is written twice by the same
// function: the first time only sizes are added up, the second time it is stored.
type block struct {
	base unsafe.Pointer // nil while measuring
	used uintptr
}

// maxBlock is the largest result in bytes.
const maxBlock = 1 << 30

// newBlock returns the memory that fill lays out, nil when it is too large or there is none to be had.
func newBlock(fill func(b *block)) unsafe.Pointer {
	var measure block
	fill(&measure)
	if measure.used > maxBlock {
		return nil
	}
	store := block{base: C.calloc(1, C.size_t(max(measure.used, 1)))}
	if store.base == nil {
		return nil
	}
	fill(&store)
	return store.base
}

// take reserves n values of T, aligned to 8 bytes. While measuring it returns nil.
func take[T any](b *block, n int) []T {
	var zero T
	at := (b.used + 7) &^ 7
	b.used = at + uintptr(n)*unsafe.Sizeof(zero)
	if b.base == nil {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Add(b.base, at)), n)
}

// text stores a text and a NUL.
func (b *block) text(s string) (out C.sym_str) {
	at := b.used
	b.used += uintptr(len(s)) + 1
	if b.base == nil {
		return
	}
	data := unsafe.Add(b.base, at)
	copy(unsafe.Slice((*byte)(data), len(s)), s)
	return C.sym_str{data: (*C.char)(data), len: C.size_t(len(s))}
}

// optional is text, and none for "".
func (b *block) optional(s string) (out C.sym_str) {
	if s == "" {
		return
	}
	return b.text(s)
}

// list stores texts; a nil entry is none.
func (b *block) list(texts []*string) (out C.sym_strings) {
	items := take[C.sym_str](b, len(texts))
	for i, text := range texts {
		if text == nil {
			continue
		}
		if s := b.text(*text); items != nil {
			items[i] = s
		}
	}
	out.count = C.size_t(len(texts))
	if len(items) > 0 {
		out.items = &items[0]
	}
	return out
}

// lines is list for texts that are all there.
func (b *block) lines(texts []string) C.sym_strings {
	pointers := make([]*string, len(texts))
	for i := range texts {
		pointers[i] = &texts[i]
	}
	return b.list(pointers)
}

// stringsBlock returns a sym_strings of the texts.
func stringsBlock(texts []*string) *C.sym_strings {
	return (*C.sym_strings)(newBlock(func(b *block) {
		head := take[C.sym_strings](b, 1)
		if l := b.list(texts); head != nil {
			head[0] = l
		}
	}))
}

// stackBlock returns a sym_stack.
func stackBlock(stack *symbolicate.Stack) *C.sym_stack {
	text := stack.String()
	return (*C.sym_stack)(newBlock(func(b *block) {
		head := take[C.sym_stack](b, 1)
		frames := take[C.sym_frame](b, len(stack.Frames))
		for i := range stack.Frames {
			if f := b.frame(&stack.Frames[i]); frames != nil {
				frames[i] = f
			}
		}
		out := C.sym_stack{message: b.text(stack.Message), text: b.text(text), count: C.size_t(len(stack.Frames)), frame_size: C.sizeof_sym_frame}
		if len(frames) > 0 {
			out.frames = &frames[0]
		}
		if head != nil {
			head[0] = out
		}
	}))
}

func (b *block) frame(f *symbolicate.Frame) C.sym_frame {
	printed, symbolicated := f, C.int32_t(0)
	if f.Minified != nil {
		printed, symbolicated = f.Minified, 1
	}
	out := C.sym_frame{
		function: b.optional(f.Function), file: b.optional(f.File),
		line: C.int64_t(f.Line), column: C.int64_t(f.Column),
		printed_function: b.optional(printed.Function), printed_file: b.optional(printed.File),
		printed_line: C.int64_t(printed.Line), printed_column: C.int64_t(printed.Column),
		raw:         b.text(f.Raw),
		name_source: b.optional(string(f.NameSource)), module: b.optional(f.Module), map_name: b.optional(f.MapName),
		reason: b.optional(string(f.Reason)), detail: b.optional(f.Detail),
		in: b.optional(f.In), inlined: flag(f.Inlined), hidden: flag(f.Hidden),
		kind: C.int32_t(f.Kind), mapped: flag(f.Mapped), in_app: flag(f.InApp), symbolicated: symbolicated,
	}
	if c := f.Context; c != nil {
		out.context_line, out.context_cut = b.text(c.Line), C.int64_t(c.Cut)
		out.pre_context, out.post_context = b.lines(c.Pre), b.lines(c.Post)
	}
	return out
}

func flag(set bool) C.int32_t {
	if set {
		return 1
	}
	return 0
}
