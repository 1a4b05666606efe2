package main

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// results is all that a run found out; it is results.json.
type results struct {
	Command    string
	Date       string // UTC
	Commit     string // of this project, "+" behind it when the tree had changes
	Machine    machine
	Rounds     int
	Warm       int
	Rows       []row
	Maps       []sample
	Cells      map[string]map[string]*cell // by map, by row
	Versions   map[string]string           // by row
	Toolchains map[string]string           // by driver
	Skipped    map[string]string           // by driver: why
}

type machine struct {
	CPU    string
	Cores  int
	Kernel string
	Memory string
	OS     string
}

func thisMachine() machine {
	return machine{
		CPU:    strings.TrimSpace(fieldOf("/proc/cpuinfo", "model name") + " " + kernels()),
		Cores:  runtime.NumCPU(),
		Kernel: output("uname", "-sr"),
		Memory: fieldOf("/proc/meminfo", "MemTotal"),
		OS:     strings.Trim(fieldOf("/etc/os-release", "PRETTY_NAME"), `"`),
	}
}

// kernels names the extensions of the CPU that engines choose code by.
func kernels() string {
	flags := strings.Fields(fieldOf("/proc/cpuinfo", "flags"))
	var have []string
	for _, want := range []string{"avx2", "bmi2", "avx512bw", "avx512_vbmi", "avx512_vbmi2"} {
		for _, flag := range flags {
			if flag == want {
				have = append(have, want)
			}
		}
	}
	if have == nil {
		return ""
	}
	return "(" + strings.Join(have, ", ") + ")"
}

// fieldOf returns the value of the first line "key: value" or "key=value" of a file, "" where there is none.
func fieldOf(path, key string) string {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		if i := strings.IndexAny(line, ":="); i >= 0 && strings.TrimSpace(line[:i]) == key {
			return strings.TrimSpace(line[i+1:])
		}
	}
	return ""
}

func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func newResults(command string, p plan, rows []row, argv map[string][]string, skipped map[string]string) *results {
	commit := output("git", "rev-parse", "--short", "HEAD")
	if output("git", "status", "--porcelain", "--", ":(top)", ":(top,exclude)bench") != "" {
		commit += "+"
	}
	r := &results{
		Command: command, Date: time.Now().UTC().Format("2006-01-02 15:04"), Commit: commit, Machine: thisMachine(),
		Rounds: p.rounds, Warm: p.warm, Rows: rows,
		Cells: map[string]map[string]*cell{}, Versions: map[string]string{}, Toolchains: map[string]string{}, Skipped: skipped,
	}
	for _, t := range toolchains {
		if argv[t.name] != nil {
			r.Toolchains[t.name] = output(t.version[0], t.version[1:]...)
		}
	}
	return r
}
