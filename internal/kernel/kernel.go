// Package kernel says which of several ways to do one thing this machine runs best: plain Go, or assembly for
// certain instructions. The rooms that have such kernels ask it once, when the program starts.
//
// The environment variable SYMBOLICATE_KERNEL (go, avx2, avx512) keeps from better ones; it is for measuring,
// and for somebody who mistrusts one. With the build tag purego there is no assembly.
package kernel

import "os"

// A Level is a set of instructions. Higher ones include the lower.
type Level int

const (
	Go     Level = iota // none but what the compiler uses
	AVX2                // AVX2, BMI1, BMI2 with a fast PEXT, LZCNT, POPCNT
	AVX512              // and AVX-512 F, BW, CD, DQ, VL, VBMI, VBMI2, VPOPCNTDQ, GFNI
)

var names = [...]string{"go", "avx2", "avx512"}

func (l Level) String() string { return names[l] }

// Machine is what this processor has; Best is what is to be used.
var (
	Machine = machine()
	Best    = limit(Machine, os.Getenv("SYMBOLICATE_KERNEL"))
)

func limit(have Level, name string) Level {
	for l, n := range names {
		if n == name {
			return min(have, Level(l))
		}
	}
	return have
}
