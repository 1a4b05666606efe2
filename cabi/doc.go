// Command cabi is the C library libsymbolicate, built with -buildmode=c-shared. Its interface is
// include/symbolicate.h; nothing else of it is seen from outside (exports.map).
//
// The way of a call: a C function (wrappers.c) that knows about fork, a Go function behind it
// (exports.go) that checks arguments, recovers panics and finds the object of a handle (handles.go),
// the Go packages, and on the way back one block of C memory (block.go). No Go pointer ever reaches C.
package main

func main() {}
