// Command bench measures this project's engine beside others, on real maps: see README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := runBench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	corpus, cache, out, maps, engines, render string
	rounds, warm, lookups                     int
	short, noGrowth, scopes                   bool
}

func readOptions() options {
	var o options
	flag.StringVar(&o.corpus, "corpus", "../.cache/corpus", "folder that corpus.mjs and big/build.mjs filled")
	flag.StringVar(&o.cache, "cache", "../.cache/bench", "folder for drivers, cut maps and scratch files")
	flag.StringVar(&o.out, "out", "", "folder for RESULTS.md, results.json and plots (default: the cache; '.' for the committed ones)")
	flag.StringVar(&o.maps, "maps", "", "only maps whose id contains one of these comma-separated words (=word: is it)")
	flag.StringVar(&o.engines, "engines", "", "only rows whose name contains one of these words (=word: is it)")
	flag.StringVar(&o.render, "render", "", "measure nothing: make table and plots from this results.json")
	flag.IntVar(&o.rounds, "rounds", 11, "each round starts every engine once")
	flag.IntVar(&o.warm, "warm", 3, "so many more loads in each process")
	flag.IntVar(&o.lookups, "lookups", 200_000, "positions for the lookups")
	flag.BoolVar(&o.short, "short", false, "small maps, few rounds, drivers that are already built: under two minutes")
	flag.BoolVar(&o.noGrowth, "no-growth", false, "leave out the curve of growth")
	flag.BoolVar(&o.scopes, "scopes", false, "only: how fast functions are found, beside js-source-scopes; prints a table")
	flag.Parse()
	return o
}

func runBench() error {
	o := readOptions()
	if o.scopes {
		return compareScopes(o, os.Stdout)
	}
	if o.out == "" {
		o.out = o.cache
	}
	if o.render != "" {
		var r results
		if err := readJSON(o.render, &r); err != nil {
			return err
		}
		r.restyle()
		return write(&r, o.out)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	return measureAll(ctx, o)
}

func measureAll(ctx context.Context, o options) error {
	p := plan{
		rounds: o.rounds, warm: o.warm, lookups: o.lookups, lookupTime: 2 * time.Second, opens: 101, peakRounds: 3,
		timeout: 5 * time.Minute, growthSteps: []int{10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 9_000_000},
	}
	samples, err := readCorpus(o.corpus, o.maps)
	if err != nil {
		return err
	}
	if o.short {
		p.rounds, p.warm, p.lookups, p.lookupTime, p.growthSteps = 3, 1, 20_000, 200*time.Millisecond, nil
		samples = append(shopSamples("..", o.maps), withID(samples, "bootstrap", "swagger-ui")...)
	}
	if len(samples) == 0 {
		return errors.New("no maps: run node corpus.mjs and node big/build.mjs first, or use -short")
	}
	rows, err := readRows(o.engines)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.cache, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(absolute(o.cache), "scratch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	argv, skipped := prepare(rows, o.cache, o.short)
	if argv["go"] == nil {
		return fmt.Errorf("nothing to compare with: the Go driver: %s", skipped["go"])
	}
	command := "go run . " + strings.Join(os.Args[1:], " ")
	b := &bench{plan: p, rows: rows, argv: argv, scratch: scratch, results: newResults(command, p, rows, argv, skipped)}
	for i := range samples {
		if err := b.measure(ctx, &samples[i]); err != nil {
			return err
		}
	}
	if big := withID(samples, "big"); len(big) == 1 && !o.noGrowth && p.growthSteps != nil {
		cuts, err := cutMaps(big[0].Map, filepath.Join(o.cache, "growth"), p.growthSteps)
		if err != nil {
			return err
		}
		b.rounds = (b.rounds + 1) / 2
		for i := range cuts {
			if err := b.measure(ctx, &cuts[i]); err != nil {
				return err
			}
		}
	}
	return write(b.results, o.out)
}

func withID(samples []sample, ids ...string) []sample {
	var some []sample
	for _, s := range samples {
		for _, id := range ids {
			if s.ID == id {
				some = append(some, s)
			}
		}
	}
	return some
}

// write makes the three outputs from the results, and prints the tables.
func write(r *results, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(out, "results.json"), append(data, '\n')); err != nil {
		return err
	}
	if err := draw(r, filepath.Join(out, "plots")); err != nil {
		return err
	}
	text := report(r)
	fmt.Print(text)
	return replaceFile(filepath.Join(out, "RESULTS.md"), []byte(text))
}
