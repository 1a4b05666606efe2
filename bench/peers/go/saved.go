package main

import (
	"encoding/binary"
	"errors"
	"os"

	"github.com/symbolicate/symbolicate/bench/wire"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// save writes the saved index with its default options; the file is synced, and comes into place by a rename.
func (o *ours) save(path string) error { return o.m.Save(path, nil) }

func (o *ours) saved(path string) (size, mappings int64, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	mappings, err = mappingBytes(data)
	return int64(len(data)), mappings, err
}

// mappingBytes adds up the sections that lookups need: blocks, their keys and offsets, and the guide. Layout of version
// 1: at byte 12 the version, at 24 the number of sections; from 64 on for each section 24 bytes: u32 kind, 4 bytes, u64
// start, u64 length.
func mappingBytes(data []byte) (total int64, err error) {
	const table, entry = 64, 24
	if len(data) < table || string(data[:8]) != "\x89symidx\n" || binary.LittleEndian.Uint32(data[12:]) != 1 {
		return 0, errors.New("not a saved index of version 1")
	}
	count := int(binary.LittleEndian.Uint32(data[24:]))
	if count < 0 || count > (len(data)-table)/entry {
		return 0, errors.New("the table of sections does not fit into the file")
	}
	for i := range count {
		at := data[table+entry*i:]
		switch binary.LittleEndian.Uint32(at) {
		case 8, 9, 10, 11: // blocks, keys, offsets, guide
			total += int64(binary.LittleEndian.Uint64(at[16:]))
		}
	}
	return total, nil
}

// openOurs opens a saved index, answers one position and closes it.
func openOurs(path string, first wire.Position) (wire.Position, error) {
	m, err := sourcemap.Open(path, nil)
	if err != nil {
		return wire.None, err
	}
	defer m.Close()
	found, ok := m.Lookup(sourcemap.Position{Line: first.Line, Column: first.Column})
	if !ok {
		return wire.None, nil
	}
	return wire.Position{Line: found.Original.Line, Column: found.Original.Column}, nil
}
