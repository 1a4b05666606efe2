//go:build unix && !aix && !solaris

package mmap

import (
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func addressOf(data []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(data))) }

// TestFault: what a file that was cut short can no longer give, Try turns into an error, whatever reads it.
func TestFault(t *testing.T) {
	page := os.Getpagesize()
	sink := make([]byte, 10*page)
	for _, c := range []struct {
		name string
		read func(data []byte)
	}{
		{"one byte", func(data []byte) { sink[0] = data[5*page] }},
		{"all, one by one", func(data []byte) { sum(data) }},
		{"copy", func(data []byte) { copy(sink, data) }},
		{"a string", func(data []byte) { _ = bytes.Clone([]byte(string(data[:10*page]))) }},
		{"compare", func(data []byte) { _ = bytes.Equal(data, sink[:len(data)]) }},
		{"search", func(data []byte) { _ = bytes.IndexByte(data, 0) }},
		{"checksum", func(data []byte) { _ = crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }},
		{"8 bytes over the end", func(data []byte) { sink[0] = byte(*(*uint64)(unsafe.Pointer(&data[page-4]))) }},
		{"append", func(data []byte) { sink = append(sink[:0], data...) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, r := mapped(t, 10*page)
			require.NoError(t, os.Truncate(path, int64(page)))
			for range 3 {
				require.ErrorIs(t, r.Try(func() { c.read(r.Bytes()) }), ErrFault)
			}
			require.NoError(t, r.Try(func() { sum(r.Bytes()[:page]) }), "what is left of it can be read")
			// And again, when the file is long enough.
			require.NoError(t, os.Truncate(path, int64(10*page)))
			require.NoError(t, r.Try(func() { c.read(r.Bytes()) }))
		})
		if cap(sink) < 10*page {
			sink = make([]byte, 10*page)
		}
	}
}

// TestFaultInside: a Try within another one, of another region and of the same; and where the other one is at fault.
func TestFaultInside(t *testing.T) {
	page := os.Getpagesize()
	path, broken := mapped(t, 3*page)
	_, whole := mapped(t, 3*page)
	require.NoError(t, os.Truncate(path, 0))
	read := func() { sum(broken.Bytes()) }
	n := 0
	require.NoError(t, whole.Try(func() {
		require.ErrorIs(t, broken.Try(read), ErrFault)
		n = sum(whole.Bytes())
		require.ErrorIs(t, broken.Try(func() { require.ErrorIs(t, broken.Try(read), ErrFault); read() }), ErrFault)
	}))
	assert.Equal(t, len(whole.Bytes())*0xAB, n)
	// The fault goes through the Try of the region that has none.
	require.ErrorIs(t, broken.Try(func() {
		assert.Fail(t, "it goes on: %v", whole.Try(read))
	}), ErrFault)
	// Deferred functions run, locks are given back.
	var lock sync.Mutex
	require.ErrorIs(t, broken.Try(func() {
		lock.Lock()
		defer lock.Unlock()
		read()
	}), ErrFault)
	assert.True(t, lock.TryLock())
}

// TestFaultsOfGoroutines: faults of many goroutines at once, while others read what is whole and the collector runs.
func TestFaultsOfGoroutines(t *testing.T) {
	page := os.Getpagesize()
	path, r := mapped(t, 12*page)
	_, other := mapped(t, 12*page)
	var faults, whole atomic.Int64
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 100 {
				err := r.Try(func() { sum(r.Bytes()[(i+worker)%12*page:]) })
				switch {
				case errors.Is(err, ErrFault):
					faults.Add(1)
				case assert.NoError(t, err):
					whole.Add(1)
				}
				assert.NoError(t, other.Try(func() { sum(other.Bytes()[i%12*page:][:page]) }))
				if i%50 == worker {
					runtime.GC()
				}
			}
		})
	}
	for i := range 12 {
		runtime.Gosched()
		assert.NoError(t, os.Truncate(path, int64((12-i)*page)))
	}
	group.Wait()
	assert.Positive(t, faults.Load())
	t.Logf("%d faults, %d reads", faults.Load(), whole.Load())
}

// TestSealed: a write to memory that was sealed is a fault.
func TestSealed(t *testing.T) {
	r, err := Alloc(heapBelow + 1)
	require.NoError(t, err)
	defer r.Free()
	r.Bytes()[0] = 1
	r.Seal()
	assert.ErrorIs(t, r.Try(func() { r.Bytes()[0] = 2 }), ErrFault)
	assert.EqualValues(t, 1, r.Bytes()[0])
}
