package mmap

import "golang.org/x/sys/unix"

func resize(data []byte, size int) ([]byte, error) {
	data, err := unix.Mremap(data, size, unix.MREMAP_MAYMOVE)
	if err == nil {
		advise(data)
	}
	return data, err
}

// hugePage is from how many bytes on large pages are asked for. Building an index touches its memory for
// the first time, and a fault for every 4 KiB would cost a tenth of a parse; lookups miss the TLB less.
const hugePage = 2 << 20

func advise(data []byte) {
	if len(data) >= hugePage {
		_ = unix.Madvise(data, unix.MADV_HUGEPAGE)
	}
}
