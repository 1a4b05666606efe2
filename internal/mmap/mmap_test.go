package mmap

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnonymous(t *testing.T) {
	page := os.Getpagesize()
	for _, size := range []int{1, 100, page, heapBelow - 1, heapBelow, heapBelow + 1, 1 << 20, 3<<20 + 5} {
		before := Live()
		r, err := Alloc(size)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(r.Bytes()), size)
		copy(r.Bytes()[:size], "start")
		r.Bytes()[size-1] = '!'
		start := string(r.Bytes()[:min(size, 5)])

		// Larger, in steps that make it move.
		for _, larger := range []int{0, size, size + 1, heapBelow + 1, 2 * size, 8<<20 + 3} {
			had := len(r.Bytes())
			require.NoError(t, r.Grow(larger))
			require.GreaterOrEqual(t, len(r.Bytes()), max(had, larger))
			require.Equal(t, start, string(r.Bytes()[:min(size, 5)]))
			require.EqualValues(t, '!', r.Bytes()[size-1])
		}
		if runtime.GOOS == "linux" {
			assert.Greater(t, Live(), before)
		}
		// Smaller. What is left is at least what was asked for.
		for _, smaller := range []int{8<<20 + 3, 1 << 20, size} {
			r.Shrink(max(smaller, size))
			require.GreaterOrEqual(t, len(r.Bytes()), max(smaller, size))
			require.Equal(t, start, string(r.Bytes()[:min(size, 5)]))
			require.EqualValues(t, '!', r.Bytes()[size-1])
		}
		assert.LessOrEqual(t, len(r.Bytes()), size*5/4+2*page)
		r.Seal()
		assert.EqualValues(t, '!', r.Bytes()[size-1])
		r.Free()
		r.Free()
		assert.Nil(t, r.Bytes())
		assert.Equal(t, before, Live(), "%d bytes", size)
	}
	(*Region)(nil).Free()
}

// TestUsedAgain: memory that comes back is used for the next region, and belongs to that one alone, whatever many
// goroutines do with theirs; it can be written to, though the region before was sealed.
func TestUsedAgain(t *testing.T) {
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 60 {
				size := []int{1 + worker*1000, heapBelow, heapBelow + 1, 3 * heapBelow}[(i+worker)%4]
				r, err := Alloc(size)
				if !assert.NoError(t, err) {
					return
				}
				own := byte(worker*60 + i)
				used := size
				fillWith(r.Bytes()[:used], own)
				switch i / 4 % 4 {
				case 1:
					used = size/2 + 1
					r.Shrink(used)
				case 2:
					r.Seal()
				case 3:
					if !assert.NoError(t, r.Grow(2*size)) {
						return
					}
				}
				if i%9 == 0 {
					runtime.GC()
				}
				for at := 0; at < used; at += 1 + used/200 {
					if !assert.Equal(t, own, r.Bytes()[at], "byte %d of %d", at, size) {
						return
					}
				}
				r.Free()
			}
		})
	}
	group.Wait()
}

func fillWith(data []byte, b byte) {
	for i := range data {
		data[i] = b
	}
}
func TestTooMuch(t *testing.T) {
	before := Live()
	_, err := Alloc(math.MaxInt / 4)
	if err == nil {
		return // a system that gives all one asks for
	}
	for _, size := range []int{10, 1 << 20} {
		r, err := Alloc(size)
		require.NoError(t, err)
		copy(r.Bytes(), "kept")
		require.Error(t, r.Grow(math.MaxInt/4))
		assert.Equal(t, "kept", string(r.Bytes()[:4]), "a region that could not grow is as it was")
		r.Free()
	}
	assert.Equal(t, before, Live())
}

// mapped returns a file of so many bytes, and its region.
func mapped(t *testing.T, size int) (path string, r *Region) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file")
	data := make([]byte, size)
	fillWith(data, 0xAB)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	f, err := os.Open(path)
	require.NoError(t, err)
	r, err = File(f, size)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	t.Cleanup(r.Free)
	return path, r
}

// sum reads the memory, as calls within Try do.
//
//go:noinline
func sum(data []byte) (n int) {
	for _, b := range data {
		n += int(b)
	}
	return n
}

func TestFile(t *testing.T) {
	page := os.Getpagesize()
	for _, size := range []int{1, page - 1, page, page + 1, 10*page + 7} {
		before := Live()
		path, r := mapped(t, size)
		require.Len(t, r.Bytes(), size)
		assert.Equal(t, size*0xAB, sum(r.Bytes()))
		assert.Equal(t, before, Live(), "files are not counted")
		// Removed, and another file there: the region is of the old one.
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		assert.Equal(t, size*0xAB, sum(r.Bytes()))
		r.Free()
		assert.Nil(t, r.Bytes())
		r.Free()
	}
	f, err := os.Open(filepath.Join(t.TempDir()))
	require.NoError(t, err)
	defer f.Close()
	_, err = File(f, 100)
	var e *os.PathError
	assert.ErrorAs(t, err, &e)
}

func TestPath(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(path, []byte("0123456789"), 0o600))
	for atLeast, maps := range map[int]bool{1: true, 10: true, 11: false, 1 << 40: false} {
		r, err := Path(path, atLeast)
		require.NoError(t, err)
		if r != nil { // a system may leave this to os.Open
			require.True(t, maps, "%d", atLeast)
			require.Equal(t, "0123456789", string(r.Bytes()))
			r.Free()
		}
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	r, err := Path(path, 1)
	require.NoError(t, err)
	assert.Nil(t, r)
	r, err = Path(folder, 1)
	assert.Nil(t, r)
	assert.NoError(t, err)
	if r, err = Path(filepath.Join(folder, "not there"), 1); err != nil {
		assert.ErrorIs(t, err, os.ErrNotExist)
	}
	assert.Nil(t, r)
}

func TestTry(t *testing.T) {
	_, r := mapped(t, 100)
	n := 0
	require.NoError(t, r.Try(func() { n = sum(r.Bytes()) }))
	assert.Equal(t, 100*0xAB, n)

	// Panics that are not of the region go on, as they are.
	mine := errors.New("mine")
	for _, thrown := range []any{mine, "text", 7, nil} {
		func() {
			defer func() {
				got := recover()
				if thrown == nil {
					assert.IsType(t, &runtime.PanicNilError{}, got)
				} else {
					assert.Equal(t, thrown, got)
				}
			}()
			_ = r.Try(func() { panic(thrown) })
			assert.Fail(t, "no panic")
		}()
	}
	var none *[1 << 20]byte
	assert.Panics(t, func() { _ = r.Try(func() { n = int(none[1<<19]) }) }, "a nil pointer")
	assert.Panics(t, func() { _ = r.Try(func() { n = sum(r.Bytes()[:n][200_000:]) }) })
	// A call that ends its goroutine.
	done := make(chan bool)
	go func() {
		defer close(done)
		_ = r.Try(runtime.Goexit)
		assert.Fail(t, "it goes on")
	}()
	<-done
}

func TestHolds(t *testing.T) {
	_, r := mapped(t, 100)
	start := addressOf(r.Bytes())
	page := uintptr(os.Getpagesize())
	for address, want := range map[uintptr]bool{
		start: true, start + 99: true, start + page - 1: true, start + page: false, start - 1: false, 0: false, ^uintptr(0): false,
	} {
		assert.Equal(t, want, r.Holds(address), "%#x of %#x", address, start)
	}
	r.Free()
	assert.False(t, r.Holds(start))
	assert.False(t, (&Region{}).Holds(0))
}
