//go:build purego || !amd64

package kernel

func machine() Level { return Go }
