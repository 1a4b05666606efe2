// Package mmap is the room for memory outside Go's heap: anonymous memory that an index is built in, and
// files that are read through the page cache.
//
// A [Region] belongs to one owner, who frees it; the bytes it gave out must not be used afterwards. Reading
// a mapped file can fault when the file was truncated behind our back: such reads go through [Try], which
// turns the fault into [ErrFault].
//
// Where the system has no mmap that we know, regions are ordinary Go memory and files are read whole.
package mmap

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// ErrFault says that mapped memory could not be read: the file became shorter, or the disk failed.
var ErrFault = errors.New("mapped file cannot be read: truncated meanwhile, or a disk error")

// A Region is a range of memory outside Go's heap; a small one lies in it, since a mapping of its own costs
// two system calls and a process can have only some ten thousands of them.
type Region struct {
	data []byte
	kind kind
}

type kind uint8

const (
	inHeap    kind = iota
	anonymous      // counted as memory in use
	ofFile
	inherited // from the process that this one was forked from
	lent      // somebody else's
)

// heapBelow is the size above which memory is mapped.
const heapBelow = 256 << 10

// scratch is memory for small regions while they grow. Shrink moves them to memory of their own size.
var scratch sync.Pool // of *[]byte

func putBack(data []byte) { scratch.Put(&data) }

// kept is a mapping that was freed a moment ago: to give one back and take it again, with a fault for each page, would
// cost some per cent of a parse. It goes when nobody takes it for a second.
// Large ones are not kept.
var kept atomic.Pointer[keptMapping]

const (
	keepBelow = 16 << 20
	keepFor   = time.Second
)

type keptMapping struct{ data []byte }

// keep puts a mapping away; false when it is to be freed at once.
func keep(data []byte) bool {
	if len(data) >= keepBelow || kept.Load() != nil {
		return false
	}
	unprotect(data)
	k := &keptMapping{data}
	if !kept.CompareAndSwap(nil, k) {
		return false
	}
	time.AfterFunc(keepFor, func() {
		if kept.CompareAndSwap(k, nil) {
			free(k.data)
		}
	})
	return true
}

// reuse returns the mapping that was kept, if it is of about that size.
func reuse(size int) *Region {
	k := kept.Swap(nil)
	if k == nil {
		return nil
	}
	if len(k.data) < size || len(k.data)/4 > size {
		free(k.data)
		return nil
	}
	count(len(k.data))
	return &Region{k.data, anonymous}
}

// Bytes returns the memory, that of nil is nil; it is valid until Grow, Shrink or Free.
func (r *Region) Bytes() []byte {
	if r == nil {
		return nil
	}
	return r.data
}

// Alloc returns memory of at least so many bytes, whatever is in it. size is above 0.
func Alloc(size int) (*Region, error) {
	if size <= heapBelow {
		if data, ok := scratch.Get().(*[]byte); ok && len(*data) >= size {
			return &Region{data: *data}, nil
		}
		return &Region{data: make([]byte, size)}, nil
	}
	if r := reuse(size); r != nil {
		return r, nil
	}
	data, err := alloc(roundUp(size))
	if err != nil {
		return nil, fmt.Errorf("no memory for %d bytes: %w", size, err)
	}
	count(len(data))
	return &Region{data, anonymous}, nil
}

// Grow makes the memory at least so many bytes large. The bytes may move.
func (r *Region) Grow(size int) error {
	if size <= len(r.data) {
		return nil
	}
	if r.kind == inHeap {
		other, err := Alloc(size)
		if err == nil {
			copy(other.data, r.data)
			putBack(r.data)
			*r = *other
		}
		return err
	}
	size = roundUp(size)
	data, err := resize(r.data, size)
	if err != nil {
		return fmt.Errorf("no memory for %d bytes: %w", size, err)
	}
	count(size - len(r.data))
	r.data = data
	return nil
}

// Shrink gives back what lies behind the first size bytes, which are all that were used, as far as whole pages
// allow and it is worth it. The bytes may move.
func (r *Region) Shrink(size int) {
	if r.kind == inHeap {
		used := r.data
		r.data = append(make([]byte, 0, size), used[:size]...)
		putBack(used)
		return
	}
	// What was never touched takes no memory, so a little too much may stay.
	if size = roundUp(size); size >= len(r.data)/5*4 {
		return
	}
	if data, err := resize(r.data, size); err == nil {
		count(size - len(r.data))
		r.data = data
	}
}

// Seal makes the memory read-only, if it lies outside Go's heap: a stray write is a fault from here on.
func (r *Region) Seal() {
	if r.kind == anonymous {
		protect(r.data)
	}
}

// Free gives the memory back. Free of nil, or twice, does nothing.
func (r *Region) Free() {
	if r == nil || r.data == nil {
		return
	}
	data := r.data
	r.data = nil
	switch {
	case r.kind == inHeap:
		putBack(data)
	case r.kind == inherited:
		unmap(data)
	case r.kind == lent:
	case r.kind == ofFile || !keep(data):
		free(data)
	}
	if r.kind == anonymous {
		count(-len(data))
	}
}

// Mapping returns the memory if it is a mapping that goes when the region is freed, else nil.
func (r *Region) Mapping() []byte {
	if r == nil || r.kind == inHeap || r.kind == lent {
		return nil
	}
	return r.data
}

// Inherit makes a region of memory that this process has from the one that it was forked from, where another copy of
// this package made it. Free unmaps it if it is a mapping of its own, and does nothing else.
func Inherit(data []byte, mapping bool) *Region {
	if mapping {
		return &Region{data, inherited}
	}
	return &Region{data, lent}
}

// File maps the first size bytes of the file for reading; the file may be closed afterwards. size is above 0.
func File(f *os.File, size int) (*Region, error) {
	data, err := mapFile(f, size)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: f.Name(), Err: err}
	}
	return &Region{data, ofFile}, nil
}

// Path maps the file at the path, if it is a regular one of at least so many bytes; else the region is nil. Where a
// system allows it this takes a third of the calls that os.Open does.
func Path(path string, atLeast int) (*Region, error) {
	data, err := mapPath(path, atLeast)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	if data == nil {
		return nil, nil
	}
	return &Region{data, ofFile}, nil
}

// Holds tells whether the address lies in the region.
func (r *Region) Holds(address uintptr) bool {
	if len(r.data) == 0 {
		return false
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(r.data)))
	return address >= start && address-start < uintptr(roundUp(len(r.data)))
}

// Try makes a call that reads the region and returns ErrFault if that faults. Other panics go on.
func (r *Region) Try(call func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			if !r.Holds(fault.Addr()) {
				panic(fault)
			}
			err = ErrFault
		default:
			panic(fault)
		}
	}()
	call()
	return nil
}

// live is how many bytes regions hold that are not files; next is from how many on a garbage collection
// is due, since Go's own count does not see them and dropped maps would pile up.
var live, next atomic.Int64

const firstCollection = 64 << 20

func init() { next.Store(firstCollection) }

// Live returns how many bytes all regions together hold outside Go's heap, mapped files not counted.
func Live() int64 { return live.Load() }

func count(bytes int) {
	total := live.Add(int64(bytes))
	if limit := next.Load(); bytes > 0 && total > limit && next.CompareAndSwap(limit, 1<<62) {
		go func() {
			runtime.GC() // cleanups of what is not reachable run right after it
			next.Store(max(firstCollection, 2*live.Load()))
		}()
	}
}

func roundUp(size int) int {
	page := os.Getpagesize()
	return (size + page - 1) / page * page
}
