// Command names counts how many names of functions are right: this engine's and symbolic's, on the truth set that
// testdata/names/make.mjs makes. `make names` runs both. It prints tables in Markdown.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "names:", err)
		os.Exit(1)
	}
}

func run() error {
	cache := flag.String("cache", "../.cache/names", "folder that testdata/names/make.mjs filled")
	python := flag.String("python", "", "the Python that has symbolic; empty: leave its columns out")
	wrong := flag.Int("wrong", 0, "instead of tables: so many of the most frequent wrong answers, of tuned packages only")
	flag.Parse()

	bundles, err := readTruth(*cache)
	if err != nil {
		return err
	}
	for _, b := range bundles {
		if err := b.ask(*cache); err != nil {
			return err
		}
	}
	probes, err := filepath.Glob(filepath.Join(*cache, "probes", "*", "*.jsonl"))
	if err != nil {
		return err
	}
	if *wrong > 0 {
		printWrong(bundles, *wrong)
		return printProbes(probes, *wrong)
	}
	if *python != "" {
		if err := askSymbolic(*python, *cache, bundles); err != nil {
			return err
		}
	}
	printTables(bundles)
	return printProbes(probes, 0)
}

// printWrong lists wrong answers with where they stand, the most frequent first.
func printWrong(bundles []*bundle, most int) {
	type mistake struct{ kind, want, got, in, gotIn string }
	counts, where := map[mistake]int{}, map[mistake]string{}
	for _, b := range bundles {
		if b.Half != "tuned" {
			continue
		}
		for i, p := range b.positions {
			got := b.ours[withNames][i]
			if p.head || got.name == p.name && got.in == p.in {
				continue
			}
			m := mistake{p.kind, p.name, got.name, p.in, got.in}
			counts[m]++
			where[m] = fmt.Sprintf("%s %s", b.id(), got.at)
		}
	}
	mistakes := slices.SortedFunc(maps.Keys(counts), func(a, b mistake) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a.want, b.want), strings.Compare(a.got, b.got))
	})
	for _, m := range mistakes[:min(most, len(mistakes))] {
		fmt.Printf("%5d  %-12s want %q in %q, got %q in %q: %s\n", counts[m], m.kind, m.want, m.in, m.got, m.gotIn, where[m])
	}
	fmt.Println(len(mistakes), "different ones")
}
