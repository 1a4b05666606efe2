// Command go is the driver for engines in Go: this project's, go-sourcemap, and the floor. ../../PROTOCOL.md says what
// is spoken. The garbage collector is on, with its default settings.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/symbolicate/symbolicate/bench/wire"
	"golang.org/x/sys/unix"
)

// An object is what an engine makes of a map. The loops over positions are the engines' own, so that none pays for a
// call through an interface at each position.
type object interface {
	each(positions []wire.Position, answer func(wire.Position)) // one call of the engine for each position
	sum(positions []wire.Position) wire.Sum                     // the same, with nothing but the checksum
	close()
}

// A batcher has a batch function. prepare is called outside the timed region.
type batcher interface {
	prepare(positions []wire.Position)
	sumMany() wire.Sum
	eachMany(answer func(wire.Position))
}

// A saver has a saved form. saved returns the size of the file and that of the mappings in it (-1: not known).
type saver interface {
	save(path string) error
	saved(path string) (size, mappings int64, err error)
}

type input struct {
	path string
	data []byte // the map; nil for engines that open the path themselves
	base int64  // VmRSS before the map was read
	// Positions by the names of the protocol.
	positions map[string][]wire.Position
}

type engine struct {
	opensPath bool // reads the file itself, in the timed region
	noAnswers bool // the floor
	new       func(*input) (object, error)
	open      func(path string, first wire.Position) (wire.Position, error) // a saved form; nil: none
}

func main() {
	if len(os.Args) == 2 {
		if e, ok := engines[os.Args[1]]; ok {
			if err := serve(e, os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, "driver:", err)
				os.Exit(1)
			}
			return
		}
	}
	names := make([]string, 0, len(engines))
	for name := range engines {
		names = append(names, name)
	}
	slices.Sort(names)
	fmt.Fprintln(os.Stderr, "usage: go", strings.Join(names, " | "))
	os.Exit(2)
}

// session is the state between requests.
type session struct {
	engine engine
	input  *input
	object object
}

func serve(e engine, in io.Reader, out io.Writer) error {
	s := &session{engine: e}
	requests := bufio.NewReader(in)
	for {
		line, err := requests.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if words[0] == "quit" {
			return nil
		}
		reply, err := s.answer(words)
		if err != nil {
			reply = "no\t" + strings.NewReplacer("\n", " ", "\t", " ").Replace(err.Error())
		} else {
			reply = "ok" + reply
		}
		if _, err := fmt.Fprintln(out, reply); err != nil {
			return err
		}
	}
}

// answer carries out one request; the reply is tabs and words of the form key=value. A panic of an engine is a refusal.
func (s *session) answer(words []string) (reply string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	name, args := words[0], words[1:]
	if name != "hello" && name != "load" && s.input == nil {
		return "", errors.New("load comes first")
	}
	switch {
	case name == "hello" && len(args) == 0:
		return "\tversion=" + version(s.engine), nil
	case name == "load" && len(args) == 3:
		s.drop()
		s.input, err = load(args[0], args[2], s.engine.opensPath)
		return "", err
	case name == "ready" && len(args) == 0:
		return s.ready()
	case name == "lookup" && len(args) == 2:
		return s.lookup(args[0], args[1])
	case name == "answers" && len(args) == 3:
		return "", s.answers(args[0], args[1], args[2])
	case name == "peak" && len(args) == 0:
		return fmt.Sprintf("\tbase=%d\tpeak=%d", s.input.base, statusBytes("VmHWM:")), nil
	case name == "save" && len(args) == 1:
		return s.save(args[0])
	case name == "open" && len(args) == 2:
		return s.open(args[0], args[1])
	}
	return "", fmt.Errorf("no such request: %s", strings.Join(words, " "))
}

func load(path, dir string, opensPath bool) (*input, error) {
	in := &input{path: path, positions: map[string][]wire.Position{}}
	for _, order := range []string{"spread", "random", "sorted"} {
		positions, err := wire.ReadPositions(dir + "/" + order + ".i32")
		if err != nil {
			return nil, err
		}
		in.positions[order] = positions
	}
	debug.FreeOSMemory() // what reading the positions left
	in.base = statusBytes("VmRSS:")
	if !opensPath {
		var err error
		if in.data, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // VmHWM from here on
	return in, nil
}

func (s *session) drop() {
	if s.object != nil {
		s.object.close()
		s.object = nil
	}
	runtime.GC()
	runtime.GC() // what finalizers of the first one let go
}

func (s *session) ready() (string, error) {
	s.drop()
	spread := s.input.positions["spread"]

	clock := startClock()
	object, err := s.engine.new(s.input)
	if err != nil {
		return "", err
	}
	sum := object.sum(spread)
	times := clock.stop()

	s.object = object
	if s.engine.noAnswers {
		return times + "\tsum=-", nil
	}
	return times + "\tsum=" + sum.String(), nil
}

// positionsOf returns the first n positions of an order, and whether the batch function is asked for.
func (s *session) positionsOf(order, n string) (positions []wire.Position, many bool, err error) {
	if s.object == nil {
		return nil, false, errors.New("ready comes first")
	}
	order, many = strings.CutPrefix(order, "many-")
	if _, ok := s.object.(batcher); many && !ok {
		return nil, false, errors.New("has no batch function")
	}
	count, err := strconv.Atoi(n)
	if err != nil || count < 0 || count > len(s.input.positions[order]) {
		return nil, false, fmt.Errorf("not that many positions: %s %s", order, n)
	}
	return s.input.positions[order][:count], many, nil
}

func (s *session) lookup(order, n string) (string, error) {
	positions, many, err := s.positionsOf(order, n)
	if err != nil {
		return "", err
	}
	if s.engine.noAnswers {
		return "", errors.New("has no answers")
	}
	var sum wire.Sum
	var times string
	if many {
		b := s.object.(batcher)
		b.prepare(positions)
		clock := startClock()
		sum = b.sumMany()
		times = clock.stop()
	} else {
		clock := startClock()
		sum = s.object.sum(positions)
		times = clock.stop()
	}
	return times + "\tsum=" + sum.String(), nil
}

func (s *session) answers(order, n, path string) error {
	positions, many, err := s.positionsOf(order, n)
	if err != nil {
		return err
	}
	answers := make([]wire.Position, 0, len(positions))
	keep := func(p wire.Position) { answers = append(answers, p) }
	if many {
		b := s.object.(batcher)
		b.prepare(positions)
		b.eachMany(keep)
	} else {
		s.object.each(positions, keep)
	}
	return wire.WritePositions(path, answers)
}

func (s *session) save(path string) (string, error) {
	saver, ok := s.object.(saver)
	if !ok {
		return "", errors.New("has no saved form")
	}
	clock := startClock()
	if err := saver.save(path); err != nil {
		return "", err
	}
	times := clock.stop()
	size, mappings, err := saver.saved(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s\tbytes=%d\tmappings=%d", times, size, mappings), nil
}

func (s *session) open(path, n string) (string, error) {
	times, err := strconv.Atoi(n)
	if s.engine.open == nil || err != nil || times < 1 || len(s.input.positions["spread"]) == 0 {
		return "", errors.New("has no saved form, or not a number of times")
	}
	walls := make([]int64, times)
	var answer wire.Position
	for i := range walls {
		started := time.Now()
		answer, err = s.engine.open(path, s.input.positions["spread"][0])
		walls[i] = int64(time.Since(started))
		if err != nil {
			return "", err
		}
	}
	slices.Sort(walls)
	sum := wire.Start.Mix(answer.Line, answer.Column)
	return fmt.Sprintf("\twall=%d\tleast=%d\tsum=%s", walls[times/2], walls[0], sum), nil
}

// A clock measures CPU time of the whole process and wall time.
type clock struct {
	cpu  int64
	wall time.Time
}

func startClock() clock { return clock{cpuTime(), time.Now()} }

func (c clock) stop() string {
	wall := time.Since(c.wall)
	return fmt.Sprintf("\tcpu=%d\twall=%d", cpuTime()-c.cpu, wall.Nanoseconds())
}

// cpuTime is the user and system time of all threads of this process, in nanoseconds.
func cpuTime() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// statusBytes returns a line of /proc/self/status in bytes, 0 where there is none.
func statusBytes(key string) int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib * 1024
		}
	}
	return 0
}
