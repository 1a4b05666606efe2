package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/symbolicate/symbolicate/bench/wire"
)

// A driver is a running process that speaks PROTOCOL.md.
type driver struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string // closed when stdout ends
	stderr *tail
}

// A refusal is a driver's "no": the engine can't do it, the driver lives on.
type refusal string

func (r refusal) Error() string { return string(r) }

// startDriver starts the driver argv for an engine, with the environment changed by env.
func startDriver(argv []string, engine string, env map[string]string) (*driver, error) {
	cmd := exec.Command(argv[0], slices.Concat(argv[1:], []string{engine})...)
	cmd.Env = os.Environ()
	for key, value := range env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.WaitDelay = 5 * time.Second // should something that it started keep its stderr open
	d := &driver{cmd: cmd, in: in, lines: make(chan string), stderr: &tail{}}
	cmd.Stderr = d.stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			d.lines <- scanner.Text()
		}
		close(d.lines)
	}()
	return d, nil
}

// reply is the words of an "ok", by key.
type reply map[string]string

// ask sends a request and waits for the reply. The error is a refusal, or says how the driver ended: after that it is
// of no more use.
func (d *driver) ask(timeout time.Duration, words ...string) (reply, error) {
	if _, err := io.WriteString(d.in, strings.Join(words, "\t")+"\n"); err != nil {
		return nil, d.died(words[0])
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case line, ok := <-d.lines:
		if !ok {
			return nil, d.died(words[0])
		}
		return parseReply(line)
	case <-timer.C:
		d.kill()
		return nil, fmt.Errorf("no reply to %s within %v", words[0], timeout)
	}
}

func parseReply(line string) (reply, error) {
	status, rest, _ := strings.Cut(line, "\t")
	switch status {
	case "ok":
		r := reply{}
		for word := range strings.SplitSeq(rest, "\t") {
			if key, value, ok := strings.Cut(word, "="); ok {
				r[key] = value
			}
		}
		return r, nil
	case "no":
		return nil, refusal(rest)
	}
	return nil, fmt.Errorf("not a reply: %.100q", line)
}

// number reads a whole number of a reply.
func (r reply) number(key string) (int64, error) {
	n, err := strconv.ParseInt(r[key], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reply has %s=%q", key, r[key])
	}
	return n, nil
}

// died waits for the process and says how it ended: exit code or signal, and the end of stderr.
func (d *driver) died(request string) error {
	go func() {
		for range d.lines { // what it still said
		}
	}()
	err := d.cmd.Wait()
	if err == nil {
		err = errors.New("exit code 0")
	}
	why := strings.TrimSpace(d.stderr.String())
	if i := strings.LastIndexByte(why, '\n'); i >= 0 {
		why = why[i+1:]
	}
	if why != "" {
		return fmt.Errorf("the process died at %s: %v: %s", request, err, why)
	}
	return fmt.Errorf("the process died at %s: %v", request, err)
}

// stop ends the driver in peace, or by force after a while.
func (d *driver) stop() {
	_, _ = io.WriteString(d.in, "quit\n")
	_ = d.in.Close()
	timer := time.AfterFunc(10*time.Second, d.kill)
	defer timer.Stop()
	for range d.lines {
	}
	_ = d.cmd.Wait()
}

func (d *driver) kill() { _ = d.cmd.Process.Kill() }

// tail keeps the last bytes written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, p...)
	if len(t.data) > tailBytes {
		t.data = bytes.Clone(t.data[len(t.data)-tailBytes:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}

// firstDifference asks the driver for its answers and names the first wrong one.
func (d *driver) firstDifference(dir, order string, n int, want []question) string {
	file := dir + "/answers.i32"
	if _, err := d.ask(time.Minute, "answers", order, strconv.Itoa(n), file); err != nil {
		return "and does not tell its answers: " + err.Error()
	}
	got, err := wire.ReadPositions(file)
	if err != nil {
		return err.Error()
	}
	for i, answer := range got {
		if answer != want[i].answer {
			return fmt.Sprintf("at %s it says %s, right is %s", show(want[i].at), show(answer), show(want[i].answer))
		}
	}
	return "in its checksum only"
}

// show writes a position, 0-based.
func show(p wire.Position) string {
	if p == wire.None {
		return "nothing"
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}
