package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test binary is also a driver with a fault: which one, an environment variable says.
const faultVariable = "BENCH_TEST_FAULT"

func TestMain(m *testing.M) {
	if fault := os.Getenv(faultVariable); fault != "" {
		faultyDriver(fault)
		return
	}
	code := m.Run()
	if dir, err := builtDriver(); err == nil {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

// faultyDriver answers as a driver does up to `ready`.
func faultyDriver(fault string) {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		request, _, _ := strings.Cut(in.Text(), "\t")
		switch {
		case request == "quit":
			return
		case request != "ready":
			fmt.Println("ok\tversion=faulty 1.0")
		case fault == "dies":
			fmt.Fprintln(os.Stderr, "no such luck")
			os.Exit(3)
		case fault == "hangs":
			time.Sleep(time.Hour)
		case fault == "babbles":
			fmt.Println("hello?")
		case fault == "refuses":
			fmt.Println("no\tnot today")
		case fault == "wrong":
			fmt.Println("ok\tcpu=1\twall=1\tsum=00000000")
		}
	}
}

// builtDriver builds the Go driver once, in a folder of its own.
var builtDriver = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "bench-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "go-driver")
	if out, err := exec.Command("go", "build", "-o", path, "./peers/go").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func goDriver(t *testing.T) []string {
	t.Helper()
	path, err := builtDriver()
	must(t, err)
	return []string{path}
}

func testBench(t *testing.T, argv map[string][]string, rows []row, p plan) *bench {
	t.Helper()
	return &bench{plan: p, rows: rows, argv: argv, scratch: t.TempDir(), results: newResults("test", p, rows, argv, nil)}
}

var testPlan = plan{rounds: 2, warm: 1, lookups: 2000, lookupTime: time.Second, opens: 3, peakRounds: 1, timeout: time.Minute}

// All of it on the maps in testdata: the protocol, the measures, the outputs. What the numbers are, no test says.
func TestEndToEnd(t *testing.T) {
	rows, err := readRows("go-sourcemap,symbolicate,floor")
	must(t, err)
	b := testBench(t, map[string][]string{"go": goDriver(t)}, rows, testPlan)
	samples := shopSamples("..", "")
	for i := range samples {
		must(t, b.measure(context.Background(), &samples[i]))
	}
	cut, err := cutMaps(samples[0].Map, t.TempDir(), []int{100, 300})
	must(t, err)
	for i := range cut {
		must(t, b.measure(context.Background(), &cut[i]))
	}

	for _, s := range b.results.Maps {
		for _, r := range rows {
			c := b.results.Cells[s.ID][r.Name]
			if s.Growth && r.Memory {
				continue
			}
			if c.Failure != "" {
				t.Errorf("%s: %s: %s", s.ID, r.Name, c.Failure)
				continue
			}
			if r.Memory {
				if len(c.Peak) != 1 {
					t.Errorf("%s: %s: memory of %d rounds", s.ID, r.Name, len(c.Peak))
				}
				continue
			}
			if len(c.Cold) != 2 || len(c.Warm) != 2 || c.Cold[1].CPU <= 0 || c.Warm[0].Wall <= 0 {
				t.Errorf("%s: %s: cold %v, warm %v", s.ID, r.Name, c.Cold, c.Warm)
			}
			want := 2
			if r.Batch {
				want = 4
			}
			if r.Floor || s.Growth {
				want = 0
			}
			if r.Ours && !s.Growth && (c.Unsaved != "" || c.Saved == 0 || c.Packed == 0 || c.Packed > c.Saved || c.Open[0].Median <= 0) {
				t.Errorf("%s: %s: saved %d (%d), open %v, %s", s.ID, r.Name, c.Saved, c.Packed, c.Open, c.Unsaved)
			}
			if len(c.Lookup) != want || want > 0 && (c.Asked["random"] != 2000 || c.Lookup["sorted"][1].CPU <= 0) {
				t.Errorf("%s: %s: lookups %v", s.ID, r.Name, c.Lookup)
			}
		}
	}

	out := t.TempDir()
	must(t, write(b.results, out))
	text, err := os.ReadFile(filepath.Join(out, "RESULTS.md"))
	must(t, err)
	for _, want := range []string{"| **symbolicate** |", "| go-sourcemap |", "| shop esbuild-names |", "## Growth", "plots/load.svg"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("RESULTS.md lacks %q", want)
		}
	}
	for _, name := range []string{"load", "lookup", "size", "memory", "growth"} {
		svg, err := os.ReadFile(filepath.Join(out, "plots", name+".svg"))
		if err != nil || !strings.Contains(string(svg), "symbolicate") || !strings.HasSuffix(strings.TrimSpace(string(svg)), "</svg>") {
			t.Errorf("plot %s: %d bytes, %v", name, len(svg), err)
		}
	}
	var again results
	must(t, readJSON(filepath.Join(out, "results.json"), &again))
	if report(&again) != string(text) {
		t.Error("the table made from results.json differs")
	}
}

// Whatever a driver does, its row is out with a reason, and the others are measured.
func TestFaultyDrivers(t *testing.T) {
	self, err := os.Executable()
	must(t, err)
	for fault, want := range map[string]string{
		"dies":    "the process died at ready: exit status 3: no such luck",
		"hangs":   "no reply to ready within 2s",
		"babbles": `not a reply: "hello?"`,
		"refuses": "not today",
		"wrong":   "disagrees: ",
	} {
		rows := []row{
			{Name: "faulty", Driver: "faulty", Engine: "-", Env: map[string]string{faultVariable: fault}},
			{Name: "missing", Driver: "missing", Engine: "-"},
			{Name: "symbolicate", Driver: "go", Engine: "symbolicate", Ours: true},
		}
		p := testPlan
		p.timeout = 2 * time.Second
		b := testBench(t, map[string][]string{"faulty": {self}, "go": goDriver(t)}, rows, p)
		s := shopSamples("..", "esbuild-names")[0]
		must(t, b.measure(context.Background(), &s))
		cells := b.results.Cells[s.ID]
		if got := cells["faulty"].Failure; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", fault, got)
		}
		if cells["missing"] != nil || len(cells["symbolicate"].Cold) != 2 || cells["symbolicate"].Failure != "" {
			t.Errorf("%s: the others: %+v", fault, cells["symbolicate"])
		}
		if text := report(b.results); !strings.Contains(text, "## What does not count") {
			t.Errorf("%s: the report does not say so", fault)
		}
	}
}

// An engine that is wrong at one position is named with that position.
func TestDisagreementIsNamed(t *testing.T) {
	dir := t.TempDir()
	s := shopSamples("..", "esbuild-names")[0]
	data, err := os.ReadFile(s.Map)
	must(t, err)
	tokens, _, err := readMap(data)
	must(t, err)
	q, err := ask(tokens, false, 100)
	must(t, err)
	must(t, q.write(dir))
	d, err := startDriver(goDriver(t), "symbolicate", nil)
	must(t, err)
	defer d.stop()
	for _, request := range [][]string{{"hello"}, {"load", s.Map, "-", dir}, {"ready"}} {
		if _, err := d.ask(time.Minute, request...); err != nil {
			t.Fatal(request, err)
		}
	}
	wrong := q["random"]
	right := wrong[40].answer
	wrong[40].answer.Line += 7
	got := d.firstDifference(dir, "random", 100, wrong)
	want := fmt.Sprintf("at %s it says %s, right is %s", show(wrong[40].at), show(right), show(wrong[40].answer))
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := d.firstDifference(dir, "many-random", 100, wrong); got != want {
		t.Errorf("batch: got %q", got)
	}
	if _, err := d.ask(time.Minute, "lookup", "random", "101"); err == nil {
		t.Error("more positions than there are: no refusal")
	}
}

// An engine too slow for all positions gets as many as it has time for, in every round the same.
func TestSlowEngineIsAskedLess(t *testing.T) {
	rows := []row{{Name: "symbolicate", Driver: "go", Engine: "symbolicate", Ours: true}}
	p := testPlan
	p.lookups, p.lookupTime = 50_000, time.Nanosecond
	b := testBench(t, map[string][]string{"go": goDriver(t)}, rows, p)
	s := shopSamples("..", "esbuild-names")[0]
	must(t, b.measure(context.Background(), &s))
	c := b.results.Cells[s.ID]["symbolicate"]
	if c.Failure != "" || c.Asked["random"] != spreadCount || len(c.Lookup["random"]) != 2 {
		t.Errorf("%+v", c)
	}
}

func TestInterrupted(t *testing.T) {
	rows := []row{{Name: "symbolicate", Driver: "go", Engine: "symbolicate", Ours: true}}
	b := testBench(t, map[string][]string{"go": goDriver(t)}, rows, testPlan)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := shopSamples("..", "esbuild-names")[0]
	if err := b.measure(ctx, &s); err == nil || err.Error() != "interrupted" {
		t.Errorf("got %v", err)
	}
}

func TestRows(t *testing.T) {
	rows, err := readRows("")
	must(t, err)
	names := map[string]bool{}
	ours := 0
	for _, r := range rows {
		if names[r.Name] || r.Driver == "" || r.Engine == "" || marks[r.Mark] == nil || len(r.Color) != 7 {
			t.Errorf("row %+v", r)
		}
		names[r.Name] = true
		if r.Ours {
			ours++
		}
		if argv := toolchainNames(); !argv[r.Driver] {
			t.Errorf("row %s: no driver %s", r.Name, r.Driver)
		}
	}
	if ours != 1 {
		t.Errorf("%d rows are ours", ours)
	}
	for _, g := range goals {
		if g.value == nil {
			t.Errorf("goal %q has no value", g.what)
		}
	}
	for _, name := range append([]string{"symbolicate", "symbolicate AVX2", "symbolicate plain Go", "symbolic"}, oxcRows...) {
		if !names[name] {
			t.Errorf("the goals speak of %q, which is no row", name)
		}
	}
	some, err := readRows("=oxc")
	if err != nil || len(some) != 2 {
		t.Errorf("=oxc: %v, %v", some, err)
	}
}

func toolchainNames() map[string]bool {
	names := map[string]bool{}
	for _, t := range toolchains {
		names[t.name] = true
	}
	return names
}
