package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A toolchain builds the driver of one language. All paths are relative to the folder bench.
type toolchain struct {
	name    string
	needs   []string // programs on PATH
	version []string // prints the toolchain's version
	// build makes the driver; cache is a folder for what is not kept in the tree.
	build func(cache string) error
	// built tells whether it is there, for -short, which builds only what takes a second.
	built func(cache string) bool
	// argv runs the driver; the engine's name is added.
	argv func(cache string) []string
}

var toolchains = []toolchain{
	{
		name: "go", needs: []string{"go"}, version: []string{"go", "version"},
		build: func(cache string) error {
			return run("go", "build", "-o", filepath.Join(cache, "go-driver"), "./peers/go")
		},
		built: func(string) bool { return false },
		argv:  func(cache string) []string { return []string{filepath.Join(cache, "go-driver")} },
	},
	{
		name: "rust", needs: []string{"cargo"}, version: []string{"rustc", "--version"},
		build: func(string) error {
			if err := pinCrates("peers/rust"); err != nil {
				return err
			}
			return run("cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", "peers/rust/Cargo.toml")
		},
		built: func(string) bool { return exists(rustDriver) },
		argv:  func(string) []string { return []string{rustDriver} },
	},
	{
		name: "node", needs: []string{"node", "npm"}, version: []string{"node", "--version"},
		build: func(string) error {
			if exists(nodeModules) {
				return nil
			}
			return run("npm", "ci", "--ignore-scripts", "--silent", "--prefix", "peers/node")
		},
		built: func(string) bool { return exists(nodeModules) },
		argv: func(string) []string {
			return []string{"node", "--expose-gc", "--max-old-space-size=12000", "peers/node/driver.mjs"}
		},
	},
	{
		name: "python", needs: []string{"python3"}, version: []string{"python3", "--version"},
		build: func(cache string) error {
			if exists(pythonIn(cache)) {
				return nil
			}
			// Under another name until it is whole; a virtual environment can't be moved, so it is made last.
			venv := filepath.Join(cache, "python")
			if err := os.RemoveAll(venv); err != nil {
				return err
			}
			if err := run("python3", "-m", "venv", venv); err != nil {
				return err
			}
			if err := run(filepath.Join(venv, "bin", "python"), "-m", "pip", "install", "-q", "-r", "peers/python/requirements.txt"); err != nil {
				return err
			}
			return os.Symlink("python", pythonIn(cache))
		},
		built: func(cache string) bool { return exists(pythonIn(cache)) },
		argv:  func(cache string) []string { return []string{pythonIn(cache), "peers/python/driver.py"} },
	},
}

const (
	rustDriver  = "peers/rust/target/release/peers"
	nodeModules = "peers/node/node_modules/source-map/package.json"
)

// pythonIn is a link made when everything is installed.
func pythonIn(cache string) string { return filepath.Join(cache, "python", "bin", "driver-python") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepare builds the drivers that the rows need, and returns how to run each, and why the others can't be.
func prepare(rows []row, cache string, short bool) (argv map[string][]string, skipped map[string]string) {
	wanted := map[string]bool{}
	for _, r := range rows {
		wanted[r.Driver] = true
	}
	argv, skipped = map[string][]string{}, map[string]string{}
	for _, t := range toolchains {
		if !wanted[t.name] {
			continue
		}
		if why := t.prepare(cache, short); why != "" {
			skipped[t.name] = why
			fmt.Fprintf(os.Stderr, "skipped: %s: %s\n", t.name, why)
			continue
		}
		argv[t.name] = t.argv(cache)
	}
	return argv, skipped
}

// prepare returns why the driver can't be had, or "".
func (t toolchain) prepare(cache string, short bool) string {
	for _, program := range t.needs {
		if _, err := exec.LookPath(program); err != nil {
			return "no " + program + " on PATH"
		}
	}
	if short && t.name != "go" {
		if !t.built(cache) {
			return "its driver is not built, and -short builds none"
		}
		return ""
	}
	if err := t.build(cache); err != nil {
		return err.Error()
	}
	return ""
}

// run runs a program; the error ends with the last lines it wrote.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args...), " "), err, strings.Join(lines[max(0, len(lines)-3):], "; "))
	}
	return nil
}
