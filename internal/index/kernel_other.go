//go:build purego || !amd64

package index

func machineKernels() []packKernel { return nil }
