package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

// plan is how much to measure.
type plan struct {
	rounds      int           // each round starts every row's driver once
	warm        int           // `ready` so often again in the same process; the median counts
	lookups     int           // positions asked for, by order
	lookupTime  time.Duration // an engine that would take longer for all of them gets fewer
	opens       int           // so often a saved form is opened
	peakRounds  int           // memory and saved forms vary little: so many rounds are enough
	timeout     time.Duration // for one request
	growthSteps []int         // segments
}

// A timing is CPU time (user and system, all threads) and wall time in nanoseconds.
type timing struct {
	CPU, Wall float64
}

// An opening is the wall time, in nanoseconds, from a path to the first answer and close.
type opening struct {
	Median, Least float64
}

// A cell is one row on one map: samples by round (0-based).
type cell struct {
	Failure string                    `json:",omitempty"` // why the row doesn't count on this map
	Cold    map[int]timing            `json:",omitempty"` // the first `ready` of a process
	Warm    map[int]timing            `json:",omitempty"` // the median of those after it
	Lookup  map[string]map[int]timing `json:",omitempty"` // by order, for each lookup
	Asked   map[string]int            `json:",omitempty"` // by order, how many positions
	Peak    map[int]int64             `json:",omitempty"` // bytes above the process before it read the map
	Save    map[int]timing            `json:",omitempty"`
	Open    map[int]opening           `json:",omitempty"` // a saved form
	Saved   int64                     `json:",omitempty"` // bytes of the saved form
	Packed  int64                     `json:",omitempty"` // of those, bytes that hold mappings; 0: not known
	Unsaved string                    `json:",omitempty"` // why there is no saved form, where that is a failure
	lookups map[string]int            // decided in the first round
}

func newCell() *cell {
	return &cell{
		Cold: map[int]timing{}, Warm: map[int]timing{}, Lookup: map[string]map[int]timing{}, Asked: map[string]int{},
		Peak: map[int]int64{}, Save: map[int]timing{}, Open: map[int]opening{}, lookups: map[string]int{},
	}
}

// bench is a run of the runner.
type bench struct {
	plan
	rows    []row
	argv    map[string][]string // by driver; rows without are skipped
	scratch string              // folder for positions, answers, saved forms
	results *results
}

// measure runs all rounds on one map. Rounds alternate: each starts every row once, and begins with another row; every
// second one goes backwards. A row that failed on this map rests.
func (b *bench) measure(ctx context.Context, s *sample) error {
	data, err := os.ReadFile(s.Map)
	if err != nil {
		return err
	}
	tokens, sh, err := readMap(data)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Map, err)
	}
	s.Shape = sh
	q, err := ask(tokens, sh.Indexed, b.lookups)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Map, err)
	}
	if err := q.write(b.scratch); err != nil {
		return err
	}
	data, tokens = nil, nil
	debug.FreeOSMemory() // now, rather than while something is measured

	cells := map[string]*cell{}
	for _, r := range b.rows {
		if b.argv[r.Driver] != nil && !(s.Growth && (r.Memory || r.Every > 1)) {
			cells[r.Name] = newCell()
		}
	}
	for round := range b.rounds {
		started := time.Now()
		for _, r := range inTurn(b.rows, round) {
			c := cells[r.Name]
			if c == nil || c.Failure != "" || !r.takesPart(round) || r.Memory && round >= b.peakRounds {
				continue
			}
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			if err := b.once(r, s, q, round, c); err != nil {
				c.Failure = err.Error()
				fmt.Fprintf(os.Stderr, "%s: %s: %v\n", s.ID, r.Name, err)
			}
		}
		fmt.Fprintf(os.Stderr, "%s: round %d of %d in %.1f s\n", s.ID, round+1, b.rounds, time.Since(started).Seconds())
	}
	b.results.Maps = append(b.results.Maps, *s)
	b.results.Cells[s.ID] = cells
	return nil
}

// inTurn is the order of rows in a round.
func inTurn(rows []row, round int) []row {
	first := round % len(rows)
	turn := slices.Concat(rows[first:], rows[:first])
	if round%2 == 1 {
		slices.Reverse(turn)
	}
	return turn
}

// once starts a row's driver, measures all there is to measure in this process, and ends it.
func (b *bench) once(r row, s *sample, q questions, round int, c *cell) error {
	d, err := startDriver(b.argv[r.Driver], r.Engine, r.Env)
	if err != nil {
		return err
	}
	defer d.stop()
	hello, err := d.ask(b.timeout, "hello")
	if err != nil {
		return err
	}
	b.results.Versions[r.Name] = hello["version"]
	js := s.JS
	if js == "" {
		js = "-"
	}
	if _, err := d.ask(b.timeout, "load", absolute(s.Map), absolute(js), b.scratch); err != nil {
		return err
	}

	if c.Cold[round], err = b.ready(d, r, q); err != nil {
		delete(c.Cold, round)
		return err
	}
	if round < b.peakRounds && !r.Floor {
		if err := b.peak(d, round, c); err != nil {
			return err
		}
	}
	if r.Memory {
		return nil
	}
	if err := b.warm(d, r, q, round, c); err != nil {
		return err
	}
	if r.Floor || s.Growth {
		return nil
	}
	orders := []string{"random", "sorted"}
	if r.Batch {
		orders = append(orders, "many-random", "many-sorted")
	}
	for _, order := range orders {
		if err := b.lookup(d, order, q, round, c); err != nil {
			return err
		}
	}
	if r.Saves && round < b.peakRounds && c.Unsaved == "" {
		// Last, as it may end the driver; and no failure of the row.
		if err := b.saved(d, q, round, c); err != nil {
			c.Unsaved, c.Saved = err.Error(), 0
			fmt.Fprintf(os.Stderr, "%s: %s: saved form: %v\n", s.ID, r.Name, err)
		}
	}
	return nil
}

// ready asks for one timed region and checks the sum of its answers.
func (b *bench) ready(d *driver, r row, q questions) (timing, error) {
	reply, err := d.ask(b.timeout, "ready")
	if err != nil {
		return timing{}, err
	}
	if !r.Floor {
		if want := q.sum("spread", spreadCount); reply["sum"] != want.String() {
			return timing{}, fmt.Errorf("disagrees: %s", d.firstDifference(b.scratch, "spread", spreadCount, q["spread"]))
		}
	}
	return timingOf(reply, 1)
}

func (b *bench) warm(d *driver, r row, q questions, round int, c *cell) error {
	if b.plan.warm == 0 {
		return nil
	}
	var cpu, wall []float64
	for range b.plan.warm {
		t, err := b.ready(d, r, q)
		if err != nil {
			return err
		}
		cpu, wall = append(cpu, t.CPU), append(wall, t.Wall)
	}
	c.Warm[round] = timing{spreadOf(cpu).Median, spreadOf(wall).Median}
	return nil
}

// lookup measures one order. The first round tries a few positions first, to see how many the engine has time for.
func (b *bench) lookup(d *driver, order string, q questions, round int, c *cell) error {
	list := q[plainOrder(order)]
	n, decided := c.lookups[order]
	if !decided {
		few := min(spreadCount, len(list))
		t, err := b.lookupOnce(d, order, few, q)
		if err != nil {
			return err
		}
		n = len(list)
		if t.Wall*float64(n) > float64(b.lookupTime) {
			n = max(few, int(float64(b.lookupTime)/t.Wall))
		}
		c.lookups[order] = n
		c.Asked[order] = n
		c.Lookup[order] = map[int]timing{}
	}
	t, err := b.lookupOnce(d, order, n, q)
	if err != nil {
		return err
	}
	c.Lookup[order][round] = t
	return nil
}

func (b *bench) lookupOnce(d *driver, order string, n int, q questions) (timing, error) {
	reply, err := d.ask(b.timeout, "lookup", order, strconv.Itoa(n))
	if err != nil {
		return timing{}, err
	}
	plain := plainOrder(order)
	if want := q.sum(plain, n); reply["sum"] != want.String() {
		return timing{}, fmt.Errorf("disagrees: %s", d.firstDifference(b.scratch, order, n, q[plain]))
	}
	return timingOf(reply, n)
}

// plainOrder is the name of the positions that an order, perhaps a batch, goes through.
func plainOrder(order string) string {
	if order == "many-random" || order == "random" {
		return "random"
	}
	return "sorted"
}

func (b *bench) peak(d *driver, round int, c *cell) error {
	reply, err := d.ask(b.timeout, "peak")
	if err != nil {
		return err
	}
	base, err := reply.number("base")
	if err != nil {
		return err
	}
	peak, err := reply.number("peak")
	if err != nil {
		return err
	}
	c.Peak[round] = peak - base
	return nil
}

// saved measures the saved form.
func (b *bench) saved(d *driver, q questions, round int, c *cell) error {
	file := filepath.Join(b.scratch, "saved")
	defer os.Remove(file)
	reply, err := d.ask(b.timeout, "save", file)
	if err != nil {
		return fmt.Errorf("save: %w", err)
	}
	if c.Saved, err = reply.number("bytes"); err != nil {
		return err
	}
	if mappings, err := reply.number("mappings"); err == nil && mappings > 0 {
		c.Packed = mappings
	}
	if c.Save[round], err = timingOf(reply, 1); err != nil {
		return err
	}
	if reply, err = d.ask(b.timeout, "open", file, strconv.Itoa(b.opens)); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	if want := q.sum("spread", 1); reply["sum"] != want.String() {
		return fmt.Errorf("disagrees: the saved form answers another way at %s", show(q["spread"][0].at))
	}
	wall, err := reply.number("wall")
	if err != nil {
		return err
	}
	least, err := reply.number("least")
	if err != nil {
		return err
	}
	c.Open[round] = opening{Median: float64(wall), Least: float64(least)}
	return nil
}

// timingOf reads the times of a reply, divided by the number of things timed.
func timingOf(r reply, n int) (timing, error) {
	cpu, err := r.number("cpu")
	if err != nil {
		return timing{}, err
	}
	wall, err := r.number("wall")
	return timing{float64(cpu) / float64(n), float64(wall) / float64(n)}, err
}

func absolute(path string) string {
	if path == "-" {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}
