package main

// #include "include/symbolicate.h"
import "C"

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"sync"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// limit is how much the objects of all handles may keep in memory together, by the count of [live].
var limit struct {
	sync.Mutex
	bytes    int64 // 0: none
	reserved int64 // by calls at work
}

// setLimit sets the limit; it is also the soft limit of Go's own memory, where the collector works harder.
func setLimit(bytes int64) {
	limit.Lock()
	defer limit.Unlock()
	limit.bytes = bytes
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	debug.SetMemoryLimit(bytes)
}

// admit reserves memory for a call that will keep about so many bytes, until done is called.
func admit(cost int64) (done func(), s status) {
	limit.Lock()
	defer limit.Unlock()
	if limit.bytes == 0 {
		return func() {}, ok
	}
	_, used := live()
	if used += limit.reserved; cost > limit.bytes-used {
		return nil, status{C.SYM_ERR_LIMIT, -1, fmt.Sprintf("about %d bytes more would pass the memory limit of %d, of which %d are in use", cost, limit.bytes, used)}
	}
	limit.reserved += cost
	return func() {
		limit.Lock()
		limit.reserved -= cost
		limit.Unlock()
	}, ok
}

// parseCost is about what a map of so many bytes keeps in memory: itself, and its index, which has a third of its bytes
// where names and URLs are few.
func parseCost(n int) int64 { return int64(n) + int64(n)/2 }

// functionCost is about what reading a map of so many bytes for functions takes besides: as much again, while it is read.
func functionCost(o *sourcemap.Options, n int) int64 {
	if !o.Functions && o.Generated == nil {
		return 0
	}
	return int64(n) + int64(len(o.Generated))
}

// mayUnpack is how many bytes a compressed map may unpack to within the limit; 0: there is none.
func mayUnpack() int64 {
	limit.Lock()
	defer limit.Unlock()
	if limit.bytes == 0 {
		return 0
	}
	_, used := live()
	return max(1, (limit.bytes-used-limit.reserved)*2/3)
}

// openCost is parseCost for a file; a saved index costs nothing but pages that the system can take back.
func openCost(path string) int64 {
	if limited := func() bool { limit.Lock(); defer limit.Unlock(); return limit.bytes != 0 }(); !limited {
		return 0
	}
	f, err := os.Open(path)
	if err != nil {
		return 0 // Open says it
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err == nil && sourcemap.IsIndex(head[:]) {
		return 0
	}
	return parseCost(int(min(info.Size(), sourcemap.MaxBytes)))
}
