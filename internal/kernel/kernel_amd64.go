//go:build !purego

package kernel

import "github.com/klauspost/cpuid/v2"

func machine() Level {
	c := &cpuid.CPU
	switch {
	case !c.Supports(cpuid.AVX2, cpuid.BMI1, cpuid.BMI2, cpuid.LZCNT, cpuid.POPCNT):
		return Go
	case c.VendorID == cpuid.AMD && c.Family < 0x19 || c.VendorID == cpuid.Hygon:
		return Go // before Zen 3, PEXT takes some hundred cycles
	case c.Supports(cpuid.AVX512F, cpuid.AVX512BW, cpuid.AVX512CD, cpuid.AVX512DQ, cpuid.AVX512VL, cpuid.AVX512VBMI, cpuid.AVX512VBMI2,
		cpuid.AVX512VPOPCNTDQ, cpuid.GFNI):
		return AVX512
	}
	return AVX2
}
