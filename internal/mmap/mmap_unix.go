//go:build unix && !aix && !solaris

package mmap

import (
	"os"
	"unsafe"

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

func unprotect(data []byte) { _ = unix.Mprotect(data, unix.PROT_READ|unix.PROT_WRITE) }

func free(data []byte) { _ = unix.Munmap(data) }

// unmap is free for what was not mapped by this copy of the package unix, which knows its own.
func unmap(data []byte) {
	_ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(data)), uintptr(len(data)))
}

func mapFile(f *os.File, size int) ([]byte, error) {
	return unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_PRIVATE)
}

func mapPath(path string, atLeast int) (data []byte, err error) {
	// Looked at before it is opened: to open a pipe would wake its writer.
	var info unix.Stat_t
	if err := unix.Stat(path, &info); err != nil {
		return nil, err
	}
	wanted := func() bool {
		return info.Mode&unix.S_IFMT == unix.S_IFREG && info.Size >= int64(atLeast) && info.Size <= 1<<47
	}
	if !wanted() {
		return nil, nil
	}
	fd := -1
	for {
		if fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0); err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if err := unix.Fstat(fd, &info); err != nil || !wanted() {
		return nil, err
	}
	return unix.Mmap(fd, 0, int(info.Size), unix.PROT_READ, unix.MAP_PRIVATE)
}
