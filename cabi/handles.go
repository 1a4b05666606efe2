package main

import (
	"sync"

	"github.com/symbolicate/symbolicate/sourcemap"
	"github.com/symbolicate/symbolicate/symbolicate"
)

// object is what a handle stands for. Calls hold its lock for reading, close for writing: so memory
// that was lent to an object is no longer in use once close has returned.
type object struct {
	sync.RWMutex
	value any // *sourcemap.Map, *sourcemap.Archive or *symbolicate.Symbolicator, nil once closed
}

// handles gives numbers to objects. A number is a slot (low 32 bits, from 1) and its generation: a
// slot is used again with the next generation, so a stale number finds nothing.
var handles struct {
	sync.RWMutex
	slots []slot
	free  []uint32
}

type slot struct {
	generation uint32
	object     *object // nil: free
}

func newHandle(value any) uint64 {
	handles.Lock()
	defer handles.Unlock()
	var n uint32
	if k := len(handles.free); k > 0 {
		n = handles.free[k-1]
		handles.free = handles.free[:k-1]
	} else {
		n = uint32(len(handles.slots))
		handles.slots = append(handles.slots, slot{})
	}
	s := &handles.slots[n]
	s.object = &object{value: value}
	return uint64(s.generation)<<32 | uint64(n+1)
}

// find returns the object of a handle, nil where there is none.
func find(handle uint64) *object {
	handles.RLock()
	defer handles.RUnlock()
	if s := slotOf(handle); s != nil {
		return s.object
	}
	return nil
}

func slotOf(handle uint64) *slot {
	n := uint32(handle) - 1
	if uint64(n) >= uint64(len(handles.slots)) {
		return nil
	}
	if s := &handles.slots[n]; s.object != nil && s.generation == uint32(handle>>32) {
		return s
	}
	return nil
}

// closeHandle takes the object out of the table, waits until the calls at work on it have ended, and gives back what
// it stood for; false where there is none.
func closeHandle(handle uint64) bool {
	handles.Lock()
	s := slotOf(handle)
	if s == nil {
		handles.Unlock()
		return false
	}
	o := s.object
	s.object = nil
	// A slot whose generations are used up is never used again.
	if s.generation++; s.generation != 0 {
		handles.free = append(handles.free, uint32(handle)-1)
	}
	handles.Unlock()
	o.Lock()
	defer o.Unlock()
	switch value := o.value.(type) {
	case *symbolicate.Symbolicator:
		value.Close()
	case *sourcemap.Map:
		value.Close()
	case *sourcemap.Archive:
		value.Close()
	}
	o.value = nil
	return true
}

// use calls the function with the handle's object while it can't be closed; false where the handle
// has none of this kind.
func use[T any](handle uint64, call func(T)) bool {
	o := find(handle)
	if o == nil {
		return false
	}
	o.RLock()
	defer o.RUnlock()
	value, ok := o.value.(T)
	if ok {
		call(value)
	}
	return ok
}

// live returns how many objects there are, and an estimate of the bytes that they keep in memory.
func live() (n int, bytes int64) {
	handles.RLock()
	defer handles.RUnlock()
	for _, s := range handles.slots {
		if s.object == nil {
			continue
		}
		n++
		switch value := s.object.value.(type) {
		case *sourcemap.Map:
			bytes += value.Held()
		case *symbolicate.Symbolicator:
			bytes += value.Stats().Bytes
		}
	}
	return n, bytes
}
