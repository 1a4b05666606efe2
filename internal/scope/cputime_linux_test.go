package scope_test

import (
	"runtime"
	"syscall"
	"time"
)

// cpuTime returns how long this thread computes for the call: other processes don't count.
func cpuTime(call func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const thisThread = 1
	used := func() time.Duration {
		var u syscall.Rusage
		if syscall.Getrusage(thisThread, &u) != nil {
			return 0
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start := used()
	call()
	return used() - start
}
