//go:build unix && !aix && !solaris

package index

import (
	"os"

	"golang.org/x/sys/unix"
)

// guard returns a copy of the data that ends where memory may not be read (or up to 7 bytes before), so that a read
// behind it is a fault. The loads of internal/le have no other bounds.
func guard(data []byte) (copied []byte, done func()) {
	page := os.Getpagesize()
	size := (len(data)+page-1)/page*page + page
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		err = unix.Mprotect(memory[size-page:], unix.PROT_NONE)
	}
	if err != nil {
		panic(err)
	}
	at := (size - page - len(data)) &^ 7
	copied = memory[at : at+len(data) : at+len(data)]
	copy(copied, data)
	return copied, func() { _ = unix.Munmap(memory) }
}
