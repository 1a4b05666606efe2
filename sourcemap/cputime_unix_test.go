//go:build unix

package sourcemap_test

import (
	"syscall"
	"time"
)

// cpuTime is what the process has used: a busy machine does not show in it.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
