// Package le reads and writes little-endian numbers. Built as usual it does so through unsafe pointers and
// without bounds checks, which the caller has made; with the tag purego, or on a machine with another byte
// order, through encoding/binary.
package le

import "encoding/binary"

// AppendUint32 appends 4 bytes.
func AppendUint32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

// AppendUint64 appends 8 bytes.
func AppendUint64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
