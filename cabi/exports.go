package main

// #include <stdlib.h>
// #include "include/symbolicate.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

// status is an outcome on its way to the caller: a code, its words, and an offset (-1: none).
type status struct {
	code   C.sym_status
	offset int64
	words  string
}

var ok = status{}

func argument(format string, args ...any) status {
	return status{C.SYM_ERR_ARGUMENT, -1, fmt.Sprintf(format, args...)}
}

// errClosed is closed as an error, for a way through the Go packages.
var errClosed = errors.New("no such handle: closed, or of another kind")

var (
	closed = status{C.SYM_ERR_CLOSED, -1, errClosed.Error()}
	noRoom = status{C.SYM_ERR_LIMIT, -1, "the result is larger than 1 GiB, or there is no memory for it"}
)

// panicked is a panic on its way to the caller as an error.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// failed turns an error of the Go packages into a status.
func failed(err error) status {
	var parse *sourcemap.ParseError
	var path *fs.PathError
	switch {
	case err == nil:
		return ok
	case errors.Is(err, errClosed):
		return closed
	case errors.As(err, &panicked{}):
		return status{C.SYM_ERR_INTERNAL, -1, err.Error()}
	case errors.As(err, &parse) && errors.Is(err, sourcemap.ErrLimit):
		return status{C.SYM_ERR_LIMIT, parse.Offset, err.Error()}
	case errors.As(err, &parse):
		return status{C.SYM_ERR_PARSE, parse.Offset, err.Error()}
	case errors.As(err, &path), errors.Is(err, sourcemap.ErrFault):
		return status{C.SYM_ERR_IO, -1, err.Error()}
	case isAny(err, sourcemap.ErrNotIndex, sourcemap.ErrDamaged, sourcemap.ErrTruncatedIndex, sourcemap.ErrNotArchive, sourcemap.ErrDamagedArchive):
		return status{C.SYM_ERR_PARSE, -1, err.Error()}
	default:
		return status{C.SYM_ERR_ARGUMENT, -1, err.Error()}
	}
}

func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// guard makes the call, turns a panic into SYM_ERR_INTERNAL, and writes the outcome into the caller's
// error, if there is one.
func guard(out *C.sym_error, call func() status) (code C.sym_status) {
	defer func() {
		if r := recover(); r != nil {
			code = failed(panicked{r}).tell(out)
		}
	}()
	return call().tell(out)
}

func (s status) tell(out *C.sym_error) C.sym_status {
	if out == nil {
		return s.code
	}
	words := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) { // of a path, say: the message is one line of text
			return utf8.RuneError
		}
		return r
	}, s.words)
	const room = len(out.message) - 1
	for len(words) > room || !utf8.ValidString(words) {
		words = words[:min(room, len(words)-1)]
	}
	out.status, out.offset, out.message_len = s.code, C.int64_t(s.offset), C.uint32_t(len(words))
	message := unsafe.Slice((*byte)(unsafe.Pointer(&out.message[0])), len(out.message))
	copy(message, words)
	message[len(words)] = 0
	return s.code
}

// bytesAt is the caller's memory, not a copy; [present] has refused lengths that can't be.
func bytesAt(data unsafe.Pointer, n C.size_t) []byte {
	return unsafe.Slice((*byte)(data), int(n))
}

func text(s C.sym_str) string { return C.GoStringN(s.data, C.int(s.len)) }

func tooLong(n C.size_t) bool { return uint64(n) > math.MaxInt32 }

// present checks that a pointer is there for so many bytes.
func present(data unsafe.Pointer, n C.size_t) status {
	switch {
	case data == nil && n != 0:
		return argument("NULL with a length of %d", uint64(n))
	case tooLong(n):
		return status{C.SYM_ERR_LIMIT, -1, fmt.Sprintf("%d bytes are more than %d", uint64(n), math.MaxInt32)}
	}
	return ok
}

//export symgo_close
func symgo_close(handle C.sym_handle) C.sym_status {
	return guard(nil, func() status {
		if !closeHandle(uint64(handle)) {
			return closed
		}
		return ok
	})
}

//export symgo_get_stats
func symgo_get_stats(out *C.sym_stats) C.sym_status {
	return guard(nil, func() status {
		if out == nil {
			return argument("NULL")
		}
		n, bytes := live()
		*out = C.sym_stats{handles: C.int64_t(n), bytes: C.int64_t(bytes)}
		return ok
	})
}

//export symgo_set_memory_limit
func symgo_set_memory_limit(bytes C.int64_t) C.sym_status {
	return guard(nil, func() status {
		if bytes < 0 {
			return argument("a limit of %d bytes", int64(bytes))
		}
		setLimit(int64(bytes))
		return ok
	})
}

//export symgo_trim
func symgo_trim() C.sym_status {
	return guard(nil, func() status {
		debug.FreeOSMemory()
		return ok
	})
}

//export symgo_map_parse
func symgo_map_parse(data unsafe.Pointer, n C.size_t, code unsafe.Pointer, codeN C.size_t, flags C.uint32_t, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if s := present(data, n); s != ok {
			return s
		}
		options, s := parseOptions(flags, C.SYM_STRICT|C.SYM_BORROW|C.SYM_FUNCTIONS, code, codeN, out)
		if s != ok {
			return s
		}
		input := bytesAt(data, n)
		done, s := admit(parseCost(len(input)+len(options.Generated)) + functionCost(options, len(input)))
		if s != ok {
			return s
		}
		defer done()
		options.Copy = flags&C.SYM_BORROW == 0
		m, err := sourcemap.Parse(input, options)
		if err != nil {
			return failed(err)
		}
		*out = C.sym_handle(newHandle(m))
		return ok
	})
}

func parseOptions(flags, known C.uint32_t, code unsafe.Pointer, codeN C.size_t, out *C.sym_handle) (*sourcemap.Options, status) {
	if s := present(code, codeN); s != ok {
		return nil, s
	}
	switch {
	case out == nil:
		return nil, argument("no place for the handle")
	case flags&^known != 0:
		return nil, argument("unknown flags %#x", uint32(flags&^known))
	}
	options := &sourcemap.Options{Strict: flags&C.SYM_STRICT != 0, MaxUnpacked: mayUnpack(), Functions: flags&C.SYM_FUNCTIONS != 0}
	if code != nil {
		options.Generated = bytesAt(code, codeN)
	}
	return options, ok
}

//export symgo_map_open
func symgo_map_open(path *C.char, n C.size_t, code unsafe.Pointer, codeN C.size_t, flags C.uint32_t, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if s := present(unsafe.Pointer(path), n); s != ok {
			return s
		}
		options, s := parseOptions(flags, C.SYM_STRICT|C.SYM_FUNCTIONS, code, codeN, out)
		if s != ok {
			return s
		}
		name := C.GoStringN(path, C.int(n))
		done, s := admit(openCost(name) + parseCost(len(options.Generated)) + functionCost(options, int(openCost(name))))
		if s != ok {
			return s
		}
		defer done()
		m, err := sourcemap.Open(name, options)
		if err != nil {
			return failed(err)
		}
		*out = C.sym_handle(newHandle(m))
		return ok
	})
}

// with is guard for a call on the object of a handle.
func with[T any](handle C.sym_handle, e *C.sym_error, call func(T) status) C.sym_status {
	return guard(e, func() (s status) {
		if !use(uint64(handle), func(value T) { s = call(value) }) {
			return closed
		}
		return s
	})
}

// withMap is guard for a call on a map with a place for its result.
func withMap[T any](handle C.sym_handle, out *T, e *C.sym_error, call func(m *sourcemap.Map) status) C.sym_status {
	return guard(e, func() (s status) {
		if out == nil {
			return argument("no place for the result")
		}
		if !use(uint64(handle), func(m *sourcemap.Map) {
			// What was met on the way in a damaged file makes the answer one that can't be relied on.
			if s = call(m); s.code >= 0 && m.Err() != nil {
				s = failed(m.Err())
			}
		}) {
			return closed
		}
		return s
	})
}

//export symgo_map_save
func symgo_map_save(handle C.sym_handle, path *C.char, n C.size_t, flags C.uint32_t, e *C.sym_error) C.sym_status {
	// The flags are as good as any other place for a result.
	return withMap(handle, &flags, e, func(m *sourcemap.Map) status {
		if s := present(unsafe.Pointer(path), n); s != ok {
			return s
		}
		if flags&^C.SYM_NO_SOURCES != 0 {
			return argument("unknown flags %#x", uint32(flags))
		}
		return failed(m.Save(C.GoStringN(path, C.int(n)), &sourcemap.SaveOptions{NoSources: flags&C.SYM_NO_SOURCES != 0, Workers: 1}))
	})
}

//export symgo_map_verify
func symgo_map_verify(handle C.sym_handle, e *C.sym_error) C.sym_status {
	var none C.int32_t
	return withMap(handle, &none, e, func(m *sourcemap.Map) status { return failed(m.Verify()) })
}

// Flags of a sym_memory, and its version: they may change whenever the library does.
const (
	memorySaved = 1 << iota
	memoryFile
	memoryDataMapped

	memoryVersion = 1
)

//export symgo_map_get_memory
func symgo_map_get_memory(handle C.sym_handle, out *C.sym_memory, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		at := m.Memory()
		memory := C.sym_memory{version: memoryVersion}
		memory.image, memory.image_len = C.uint64_t(at.Image.Address), C.uint64_t(at.Image.Bytes)
		memory.mapping, memory.mapping_len = C.uint64_t(at.Mapping.Address), C.uint64_t(at.Mapping.Bytes)
		memory.data, memory.data_len = C.uint64_t(at.Data.Address), C.uint64_t(at.Data.Bytes)
		memory.flags = C.uint32_t(flag(at.Saved)*memorySaved | flag(at.File)*memoryFile | flag(at.DataMapped)*memoryDataMapped)
		*out = memory
		return ok
	})
}

//export symgo_map_inherit
func symgo_map_inherit(memory *C.sym_memory, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if memory == nil || out == nil {
			return argument("NULL")
		}
		if memory.version != memoryVersion {
			return argument("memory of version %d, this library knows %d", uint32(memory.version), memoryVersion)
		}
		part := func(address, n C.uint64_t) sourcemap.Range {
			return sourcemap.Range{Address: uintptr(address), Bytes: int(n)}
		}
		m, err := sourcemap.Inherit(sourcemap.Memory{
			Image: part(memory.image, memory.image_len), Mapping: part(memory.mapping, memory.mapping_len),
			Data:  part(memory.data, memory.data_len),
			Saved: memory.flags&memorySaved != 0, File: memory.flags&memoryFile != 0, DataMapped: memory.flags&memoryDataMapped != 0,
		})
		if err != nil {
			return failed(err)
		}
		*out = C.sym_handle(newHandle(m))
		return ok
	})
}

//export symgo_map_get_info
func symgo_map_get_info(handle C.sym_handle, out *C.sym_map_info, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		problems, more := m.Problems()
		*out = C.sym_map_info{
			mappings: C.int64_t(m.Len()), sources: C.int64_t(m.NumSources()), names: C.int64_t(m.NumNames()),
			problems: C.int64_t(len(problems) + more), bytes: C.int64_t(m.Size()), indexed: flag(m.Indexed()),
		}
		return ok
	})
}

// recovered is deferred by calls that can't afford [guard].
func recovered(e *C.sym_error, code *C.sym_status) {
	if r := recover(); r != nil {
		*code = failed(panicked{r}).tell(e)
	}
}

// A lookup takes less time than the closures of withMap and guard would.
//
//export symgo_map_lookup
func symgo_map_lookup(handle C.sym_handle, line, column, acrossLines C.int32_t, out *C.sym_mapping, e *C.sym_error) (code C.sym_status) {
	defer recovered(e, &code)
	if out == nil {
		return argument("no place for the result").tell(e)
	}
	o := find(uint64(handle))
	if o == nil {
		return closed.tell(e)
	}
	o.RLock()
	defer o.RUnlock()
	m, isMap := o.value.(*sourcemap.Map)
	if !isMap {
		return closed.tell(e)
	}
	var found sourcemap.Mapping
	var hit bool
	if at := (sourcemap.Position{Line: int32(line), Column: int32(column)}); acrossLines != 0 {
		found, hit = m.LookupAcrossLines(at)
	} else {
		found, hit = m.Lookup(at)
	}
	// What was met on the way in a damaged file makes the answer one that can't be relied on.
	if err := m.Err(); err != nil {
		return failed(err).tell(e)
	}
	if !hit {
		return status{C.SYM_NOT_FOUND, -1, ""}.tell(e)
	}
	*out = C.sym_mapping{
		generated_line: C.int32_t(found.Generated.Line), generated_column: C.int32_t(found.Generated.Column),
		source: C.int32_t(found.Source), line: C.int32_t(found.Original.Line), column: C.int32_t(found.Original.Column),
		name: C.int32_t(found.Name),
	}
	return C.SYM_OK
}

//export symgo_map_function_at
func symgo_map_function_at(handle C.sym_handle, line, column C.int32_t, out **C.sym_strings, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		f, found := m.FunctionAt(sourcemap.Position{Line: int32(line), Column: int32(column)})
		if !found {
			return status{C.SYM_NOT_FOUND, -1, ""}
		}
		texts := make([]*string, 2)
		for i, text := range []string{f.Name, f.In} {
			if text != "" {
				texts[i] = &text
			}
		}
		block := stringsBlock(texts)
		if block == nil {
			return noRoom
		}
		*out = block
		return ok
	})
}

//export symgo_map_lookup_many
func symgo_map_lookup_many(handle C.sym_handle, n C.size_t, lines, columns, source, line, column, name *C.int32_t, e *C.sym_error) C.sym_status {
	return withMap(handle, source, e, func(m *sourcemap.Map) status {
		if uint64(n) > math.MaxInt32 {
			return argument("%d positions", uint64(n))
		}
		if lines == nil || columns == nil || line == nil || column == nil || name == nil {
			return argument("a column is NULL")
		}
		int32s := func(p *C.int32_t) []int32 { return unsafe.Slice((*int32)(p), int(n)) }
		return failed(m.LookupMany(int32s(lines), int32s(columns),
			sourcemap.Columns{Source: int32s(source), Line: int32s(line), Column: int32s(column), Name: int32s(name)}))
	})
}

//export symgo_map_strings
func symgo_map_strings(handle C.sym_handle, kind C.uint32_t, first, n C.size_t, out **C.sym_strings, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		count, item := stringsOf(m, kind)
		if item == nil {
			return argument("unknown kind %d", uint32(kind))
		}
		from := int(min(uint64(first), uint64(count)))
		texts, size := make([]*string, min(uint64(n), uint64(count-from))), 0
		for i := range texts {
			text, has := item(from + i)
			if !has {
				continue
			}
			texts[i] = &text
			if size += len(text); size > maxBlock { // texts of a hostile index may be one and the same
				return noRoom
			}
		}
		if *out = stringsBlock(texts); *out == nil {
			return noRoom
		}
		return ok
	})
}

// stringsOf returns how many texts of a kind a map has, and a function that gives them.
func stringsOf(m *sourcemap.Map, kind C.uint32_t) (int, func(i int) (string, bool)) {
	switch kind {
	case C.SYM_SOURCES:
		return m.NumSources(), func(i int) (string, bool) {
			s, _ := m.Source(i)
			return s.URL, !s.Null
		}
	case C.SYM_NAMES:
		return m.NumNames(), func(i int) (string, bool) { return m.Name(i), true }
	case C.SYM_PROBLEMS:
		problems, _ := m.Problems()
		return len(problems), func(i int) (string, bool) { return problems[i].String(), true }
	case C.SYM_IDENTITY:
		return 2, func(i int) (string, bool) {
			text := [2]string{m.File(), m.DebugID()}[i]
			return text, text != ""
		}
	case C.SYM_SOURCE_TEXTS:
		return m.NumSources(), m.SourceText
	}
	return 0, nil
}

//export symgo_map_source_lines
func symgo_map_source_lines(handle C.sym_handle, source, first, n C.size_t, out **C.sym_strings, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		whole := func(n C.size_t) int { return int(min(uint64(n), math.MaxInt32)) }
		lines, has := m.Lines(whole(source), whole(first), whole(n))
		if !has {
			return status{C.SYM_NOT_FOUND, -1, ""}
		}
		texts := make([]*string, len(lines))
		for i := range lines {
			texts[i] = &lines[i]
		}
		if *out = stringsBlock(texts); *out == nil {
			return noRoom
		}
		return ok
	})
}

//export symgo_map_ignored
func symgo_map_ignored(handle C.sym_handle, source C.size_t, out *C.int32_t, e *C.sym_error) C.sym_status {
	return withMap(handle, out, e, func(m *sourcemap.Map) status {
		s, has := m.Source(int(min(uint64(source), math.MaxInt32)))
		if !has {
			return argument("there is no source %d", uint64(source))
		}
		*out = flag(s.Ignored)
		return ok
	})
}

//export symgo_parse_stack
func symgo_parse_stack(trace *C.char, n C.size_t, out **C.sym_stack, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if out == nil {
			return argument("no place for the result")
		}
		if s := present(unsafe.Pointer(trace), n); s != ok {
			return s
		}
		stack := symbolicate.ParseStack(C.GoStringN(trace, C.int(n)))
		return give(out, &stack)
	})
}

func give(out **C.sym_stack, stack *symbolicate.Stack) status {
	block := stackBlock(stack)
	if block == nil {
		return noRoom
	}
	*out = block
	return ok
}

//export symgo_symbolicator_new
func symgo_symbolicator_new(paths *C.sym_str, n C.size_t, options *C.sym_options, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if out == nil || paths == nil && n != 0 || tooLong(n) {
			return argument("no place for the handle, or no paths")
		}
		names := make([]string, int(n))
		for i, p := range unsafe.Slice(paths, int(n)) {
			if s := present(unsafe.Pointer(p.data), p.len); s != ok {
				return s
			}
			names[i] = text(p)
		}
		given, s := symbolicatorOptions(options)
		if s != ok {
			return s
		}
		made, err := symbolicate.New(append(given, symbolicate.WithPaths(names...))...)
		if err != nil {
			return failed(err)
		}
		*out = C.sym_handle(newHandle(made))
		return ok
	})
}

func symbolicatorOptions(o *C.sym_options) (list []symbolicate.Option, s status) {
	switch {
	case o.size == math.MaxUint64 || o.reserved != 0:
		return nil, argument("options that this library does not know")
	case o.context_lines < -1 || o.context_lines > symbolicate.MaxContextLines:
		return nil, argument("%d context lines, want -1 to %d", int(o.context_lines), symbolicate.MaxContextLines)
	case o.cache_bytes < 0:
		return nil, argument("a cache of %d bytes", int64(o.cache_bytes))
	}
	if o.context_lines != 0 {
		list = append(list, symbolicate.WithContextLines(max(int(o.context_lines), 0)))
	}
	if o.cache_bytes != 0 {
		list = append(list, symbolicate.WithCacheBytes(int64(o.cache_bytes)))
	}
	return list, ok
}

//export symgo_symbolicator_add
func symgo_symbolicator_add(handle C.sym_handle, a *C.sym_artifact, flags C.uint32_t, e *C.sym_error) C.sym_status {
	return with(handle, e, func(to *symbolicate.Symbolicator) status {
		switch {
		case a == nil:
			return argument("no artifact")
		case flags&^C.SYM_BORROW != 0:
			return argument("unknown flags %#x", uint32(flags))
		}
		for _, part := range []C.sym_str{a.url, a.debug_id, a.source, a.source_map} {
			if s := present(unsafe.Pointer(part.data), part.len); s != ok {
				return s
			}
		}
		contents := func(part C.sym_str) []byte {
			switch {
			case part.data == nil:
				return nil
			case flags&C.SYM_BORROW != 0:
				return bytesAt(unsafe.Pointer(part.data), part.len)
			}
			return C.GoBytes(unsafe.Pointer(part.data), C.int(part.len))
		}
		return failed(to.Add(symbolicate.Artifact{
			URL: text(a.url), DebugID: text(a.debug_id), Source: contents(a.source), SourceMap: contents(a.source_map),
		}))
	})
}

//export symgo_symbolicate
func symgo_symbolicate(handle C.sym_handle, trace *C.char, n C.size_t, out **C.sym_stack, e *C.sym_error) C.sym_status {
	return with(handle, e, func(s *symbolicate.Symbolicator) status {
		if out == nil {
			return argument("no place for the result")
		}
		if s := present(unsafe.Pointer(trace), n); s != ok {
			return s
		}
		stack, err := s.Symbolicate(context.Background(), symbolicate.ParseStack(C.GoStringN(trace, C.int(n))))
		if err != nil {
			return failed(err)
		}
		return give(out, &stack)
	})
}

//export symgo_symbolicate_frames
func symgo_symbolicate_frames(handle C.sym_handle, frames *C.sym_frame, n, frameSize C.size_t, out **C.sym_stack, e *C.sym_error) C.sym_status {
	return with(handle, e, func(s *symbolicate.Symbolicator) status {
		if out == nil || frames == nil && n != 0 || tooLong(n) || frameSize < C.sizeof_sym_frame || tooLong(frameSize) {
			return argument("no place for the result, no frames, or smaller ones than this library's")
		}
		printed := symbolicate.Stack{Frames: make([]symbolicate.Frame, int(n))}
		for i := range printed.Frames {
			given := (*C.sym_frame)(unsafe.Add(unsafe.Pointer(frames), i*int(frameSize)))
			for _, part := range []C.sym_str{given.function, given.file, given.raw} {
				if s := present(unsafe.Pointer(part.data), part.len); s != ok {
					return s
				}
			}
			if given.line < 0 || given.column < 0 || given.kind < C.SYM_KIND_CODE || given.kind > C.SYM_KIND_EVAL {
				return argument("frame %d has line %d, column %d, kind %d", i, int64(given.line), int64(given.column), int32(given.kind))
			}
			printed.Frames[i] = symbolicate.Frame{
				Function: text(given.function), File: text(given.file), Line: int(given.line), Column: int(given.column),
				Kind: symbolicate.Kind(given.kind), Raw: text(given.raw),
			}
		}
		stack, err := s.Symbolicate(context.Background(), printed)
		if err != nil {
			return failed(err)
		}
		return give(out, &stack)
	})
}

//export symgo_find_source_map_url
func symgo_find_source_map_url(source unsafe.Pointer, n C.size_t, out **C.sym_strings, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if out == nil {
			return argument("no place for the result")
		}
		if s := present(source, n); s != ok {
			return s
		}
		url, has := sourcemap.FindSourceMapURL(bytesAt(source, n))
		if !has {
			return status{C.SYM_NOT_FOUND, -1, ""}
		}
		if *out = stringsBlock([]*string{&url}); *out == nil {
			return noRoom
		}
		return ok
	})
}
