//go:build !linux

package scope_test

import "time"

func cpuTime(call func()) time.Duration {
	start := time.Now()
	call()
	return time.Since(start)
}
