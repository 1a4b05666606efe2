//go:build unix && !aix && !solaris

package mmap

import (
	"os"

	"golang.org/x/sys/unix"
)

func alloc(size int) ([]byte, error) {
	data, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		advise(data)
	}
	return data, err
}

func protect(data []byte) { _ = unix.Mprotect(data, unix.PROT_READ) }

func free(data []byte) { _ = unix.Munmap(data) }

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
}
