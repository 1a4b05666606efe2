//go:build !unix || aix || solaris

package mmap

import "unsafe"

func addressOf(data []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(data))) }
