//go:build unix && !aix && !solaris

package archive

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until no other process or descriptor has the lock of the file. Closing the file gives it back.
func lock(file *os.File) error {
	for {
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != unix.EINTR {
			return err
		}
	}
}
