//go:build !unix || aix || solaris

package mmap

import (
	"io"
	"os"
)

func alloc(size int) ([]byte, error) { return make([]byte, size), nil }

func resize(data []byte, size int) ([]byte, error) {
	other := make([]byte, size)
	copy(other, data)
	return other, nil
}

func protect([]byte) {}

func unprotect([]byte) {}

func free([]byte) {}

func unmap([]byte) {}

func mapFile(f *os.File, size int) ([]byte, error) {
	data := make([]byte, size)
	_, err := io.ReadFull(io.NewSectionReader(f, 0, int64(size)), data)
	return data, err
}

func mapPath(path string, atLeast int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < int64(atLeast) {
		return nil, err
	}
	return mapFile(f, int(info.Size()))
}
