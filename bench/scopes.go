package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// How fast the functions of a text are found, beside js-source-scopes, which symbolic uses: CPU time of the whole process, a text in memory at the
// start. In each round both read each file, one after the other; ours once as a lookup does, and once with all names and places written out.

const rustScopes = "peers/rust/target/release/scopes"

// compareScopes prints a table of the minified files of the corpus.
func compareScopes(o options, out io.Writer) error {
	samples, err := readCorpus(o.corpus, o.maps)
	if err != nil {
		return err
	}
	if len(samples) == 0 {
		return errors.New("no corpus: run node corpus.mjs first")
	}
	for _, t := range toolchains {
		if t.name == "rust" {
			if why := t.prepare(o.cache, false); why != "" {
				return errors.New(why)
			}
		}
	}
	peer, err := startScopes()
	if err != nil {
		return err
	}
	defer peer.stop()
	fmt.Fprintf(out, "| file | bytes | functions | symbolicate, MB/s | with all names | js-source-scopes, MB/s | ratio |\n|---|--:|--:|--:|--:|--:|--:|\n")
	for _, s := range samples {
		data, err := os.ReadFile(s.JS)
		if err != nil {
			return err
		}
		text := string(data)
		var found, named []float64
		ours, theirs := map[int]float64{}, map[int]float64{}
		functions := 0
		for round := range o.rounds {
			seconds := cpuSeconds(func() { _, _ = sourcemap.NewText(text).FunctionAt("x.js", sourcemap.Position{}) })
			found = append(found, seconds)
			ours[round] = seconds
			named = append(named, cpuSeconds(func() {
				list, _ := sourcemap.NewText(text).Functions("x.js")
				functions = len(list)
			}))
			if theirs[round], err = peer.read(s.JS); err != nil {
				break
			}
		}
		if functions == 0 {
			continue // longer than what is read for functions
		}
		speed := func(seconds []float64) float64 { return float64(len(text)) / 1e6 / spreadOf(seconds).Median }
		fmt.Fprintf(out, "| %s | %d | %d | %.0f | %.0f |", filepath.Base(s.JS), len(text), functions, speed(found), speed(named))
		if err != nil {
			fmt.Fprintf(out, " %v | |\n", err)
			continue
		}
		var all []float64
		for _, seconds := range theirs {
			all = append(all, seconds)
		}
		fmt.Fprintf(out, " %.1f | %.1f |\n", speed(all), spreadOf(ratios(theirs, ours)).Median)
	}
	return nil
}

// cpuSeconds is what the process computes meanwhile, its garbage collector included.
func cpuSeconds(call func()) float64 {
	used := func() float64 {
		var t unix.Timespec
		if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
			return 0
		}
		return float64(t.Nano()) / 1e9
	}
	start := used()
	call()
	return used() - start
}

// scopesPeer is the running program of peers/rust/src/scopes.rs.
type scopesPeer struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Reader
}

func startScopes() (*scopesPeer, error) {
	cmd := exec.Command(rustScopes)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	return &scopesPeer{cmd, in, bufio.NewReader(out)}, cmd.Start()
}

// read returns the seconds that a file takes.
func (p *scopesPeer) read(path string) (float64, error) {
	if _, err := fmt.Fprintln(p.in, path); err != nil {
		return 0, err
	}
	line, err := p.answers.ReadString('\n')
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(line)
	ns, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return 0, errors.New(strings.TrimSpace(line))
	}
	return ns / 1e9, nil
}

func (p *scopesPeer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
