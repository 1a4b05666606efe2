package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
)

// A lock file of cargo names the registry that each crate comes from, which is this machine's business. So the
// repository keeps Cargo.pins, the lock file with the word "registry" in its place, and Cargo.lock is made from it
// and from what cargo itself writes here.

var lockSource = regexp.MustCompile(`(?m)^source = "(registry\+[^"]*)"$`)

// pinCrates writes Cargo.lock in the folder, if it is not there yet or not what the pins say.
func pinCrates(folder string) error {
	pins, err := os.ReadFile(filepath.Join(folder, "Cargo.pins"))
	if err != nil {
		return err
	}
	lock := filepath.Join(folder, "Cargo.lock")
	have, _ := os.ReadFile(lock)
	if bytes.Equal(lockSource.ReplaceAll(have, []byte(`source = "registry"`)), pins) {
		return nil
	}
	if err := os.RemoveAll(lock); err != nil {
		return err
	}
	if err := run("cargo", "generate-lockfile", "--quiet", "--manifest-path", filepath.Join(folder, "Cargo.toml")); err != nil {
		return err
	}
	if have, err = os.ReadFile(lock); err != nil {
		return err
	}
	source := lockSource.Find(have)
	if source == nil {
		return errors.New("cargo's lock file names no registry")
	}
	return os.WriteFile(lock, bytes.ReplaceAll(pins, []byte(`source = "registry"`), source), 0o666)
}
