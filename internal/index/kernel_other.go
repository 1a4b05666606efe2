//go:build purego || !amd64

package index

import (
	"github.com/symbolicate/symbolicate/internal/kernel"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

func machineKernels() []packKernel { return nil }

// packWhole packs nothing here.
func packWhole(kernel.Level, []byte, int, *vlq.Chunk, int) int { return 0 }
