//go:build !unix

package sourcemap_test

import "time"

var started = time.Now()

func cpuTime() time.Duration { return time.Since(started) }
