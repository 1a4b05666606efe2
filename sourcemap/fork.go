package sourcemap

import (
	"errors"
	"unsafe"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/mmap"
)

// A Memory says where in the memory of a process a map lies. It is for a library with a Go runtime of its own: in a
// child of fork that runtime is dead, but what it built is still there, and a fresh copy of the library can go on with
// it, see [Inherit]. Nothing is copied, and the child shares the pages with its parent.
type Memory struct {
	Image   Range // the packed index
	Mapping Range // what the index lies in, where it is mapped into memory for this map alone
	Data    Range // what the map was parsed from, where its source texts are there
	Saved   bool  // the index was saved, so it is not trusted
	File    bool  // Image is in a mapped file, which may become shorter
	// DataMapped: Data is a mapping for this map alone, of a file or a copy.
	DataMapped bool
}

// A Range is a part of a process's memory.
type Range struct {
	Address uintptr
	Bytes   int
}

func rangeOf(data []byte) Range {
	if len(data) == 0 {
		return Range{}
	}
	return Range{uintptr(unsafe.Pointer(unsafe.SliceData(data))), len(data)}
}

func (r Range) bytes() []byte {
	if r.Address == 0 {
		return nil
	}
	// Not a conversion of the number: the memory is no Go memory of this runtime, and stays where it is.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&r.Address)), r.Bytes)
}

// Memory returns where the map lies.
func (m *Map) Memory() Memory {
	if m.image == nil {
		return Memory{}
	}
	memory := Memory{
		Image: rangeOf(m.image.Bytes()), Mapping: rangeOf(m.image.Region().Mapping()), Data: rangeOf(m.data),
		Saved: m.image.Saved(), File: m.imageFile != nil, DataMapped: m.dataFile != nil,
	}
	if file := rangeOf(m.imageFile.Bytes()); file.Address == memory.Image.Address {
		memory.Mapping = file // else the image is a part of an archive, which others may have open
	}
	if copied := m.copied.Mapping(); copied != nil && m.data != nil {
		memory.DataMapped = true
	} else if copied != nil {
		memory.Mapping = rangeOf(copied)
	}
	return memory
}

// Inherit returns a map that lies in the memory of this process because another copy of this package, of the same
// version, had it there when the process was forked. The Map unmaps it when it is closed or collected. The Memory
// must be right: nothing can check it.
func Inherit(memory Memory) (*Map, error) {
	data := memory.Image.bytes()
	if data == nil {
		return nil, errors.New("sourcemap: no memory to inherit")
	}
	var own *mmap.Region
	if memory.Mapping.Address != 0 {
		own = mmap.Inherit(memory.Mapping.bytes(), true)
	}
	if memory.Saved {
		image, err := index.Open(data, nil)
		if err != nil {
			return nil, err
		}
		if !memory.File {
			return newMap(image, nil, nil, own.Free)
		}
		if own == nil {
			own = mmap.Inherit(data, false)
		}
		return newMap(image, nil, own, own.Free)
	}
	image, err := index.Inherit(data, own)
	if err != nil {
		return nil, err
	}
	input := memory.Data.bytes()
	if input == nil {
		input = []byte{}
	}
	if memory.DataMapped {
		file := mmap.Inherit(input, true)
		return newMap(image, input, file, file.Free)
	}
	return newMap(image, input, nil, nil)
}
