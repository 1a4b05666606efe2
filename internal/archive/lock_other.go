//go:build !unix || aix || solaris

package archive

import "os"

// lock does nothing where there is no flock: one writer at a time is then the caller's business.
func lock(*os.File) error { return nil }
