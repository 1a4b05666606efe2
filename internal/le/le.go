// Package le reads and writes little-endian numbers. Built as usual it does so through unsafe pointers and
// without bounds checks, which the caller has made; with the tag purego, or on a machine with another byte
// order, through encoding/binary.
package le
