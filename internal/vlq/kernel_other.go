//go:build purego || !amd64

package vlq

func machineKernels() []namedKernel { return nil }
