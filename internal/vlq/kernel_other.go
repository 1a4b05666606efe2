//go:build purego || !amd64

package vlq

type stretch struct{}

func machineKernels() []namedKernel { return nil }
