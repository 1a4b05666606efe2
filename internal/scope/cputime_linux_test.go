package scope_test

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns how long this thread computes for the call: other processes don't count.
func cpuTime(call func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var t unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
			return 0
		}
		return time.Duration(t.Nano())
	}
	start := used()
	call()
	return used() - start
}
