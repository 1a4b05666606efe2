package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// A probe is a place in a minified program, and what V8 called the function there before it was minified.
type probe struct {
	line, column  int32
	v8, own, ours string // own: without the receiver, "" for a function without a name
}

// A rule of the normaliser writes what V8 prints and what we say in one way. docs/NAMES.md lists them.
type rule struct {
	text  string
	apply func(v8, own, ours string) (string, string)
}

var (
	asKey       = regexp.MustCompile(` \[as .*\]$`)
	accessor    = regexp.MustCompile(`^(get|set) (?:.*\.)?`)
	digits      = regexp.MustCompile(`^\d*$`)
	worded      = regexp.MustCompile(`^(?:new|static|get|set) `)
	quotedKey   = regexp.MustCompile(`\["(.*)"\]$`)
	numberKey   = regexp.MustCompile(`\[(\d[^\]]*)\]$`)
	initialiser = regexp.MustCompile(`^(?:.*\.)?<(instance_members|static)_initializer>$`)
)

// The rules are tried one behind another, each on what the last one gave, until both names are equal.
var rules = []rule{
	{"V8 adds the key that the receiver has the function under: `[as k]`", func(v8, _, ours string) (string, string) {
		return asKey.ReplaceAllString(v8, ""), ours
	}},
	{"V8 calls a function without a name by the receiver, and by its property that holds the function: `Object.<anonymous>`, `Timer.callback`", func(v8, own, ours string) (string, string) {
		if own == "" {
			v8 = ""
		}
		return v8, ours
	}},
	{"V8 says `<instance_members_initializer>` for our `new A`, `<static_initializer>` for `static A`", func(v8, own, ours string) (string, string) {
		if m := initialiser.FindStringSubmatch(v8); m != nil && strings.HasPrefix(ours, map[string]string{"instance_members": "new ", "static": "static "}[m[1]]) {
			return ours, ours
		}
		return v8, ours
	}},
	{"keys: V8 writes `k k` and `42` for `[\"k k\"]` and `[42]`", func(v8, own, ours string) (string, string) {
		return v8, numberKey.ReplaceAllString(quotedKey.ReplaceAllString(ours, ".$1"), ".$1")
	}},
	{"accessors: V8 leaves the class out, `get p` for `get A.p`", func(v8, own, ours string) (string, string) {
		return accessor.ReplaceAllString(v8, "$1 "), accessor.ReplaceAllString(ours, "$1 ")
	}},
	{"V8 puts the receiver's class in front of a name that has none: `Object.f` and `f`", func(v8, _, ours string) (string, string) {
		if lastPart(ours) == ours && !worded.MatchString(v8) {
			v8 = lastPart(v8)
		}
		return v8, ours
	}},
	{"V8 leaves the class out: `m`, `#m` and `[Symbol.iterator]` for `A.m`, `A.#m` and `A[Symbol.iterator]`", func(v8, _, ours string) (string, string) {
		if lastPart(v8) == v8 && !worded.MatchString(ours) {
			ours = lastPart(ours)
		}
		return v8, ours
	}},
	{"V8 has the receiver's class in front, or that of the function around, we the one the function is written in: `B.m` and `A.m`", func(v8, _, ours string) (string, string) {
		if worded.MatchString(v8) || worded.MatchString(ours) {
			return v8, ours
		}
		return lastPart(v8), lastPart(ours)
	}},
	{"V8 puts `new` in front of a function called by it: `new F` and `F`", func(v8, own, ours string) (string, string) {
		if !strings.HasPrefix(ours, "new ") {
			v8 = strings.TrimPrefix(v8, "new ")
		}
		return v8, ours
	}},
	{"the bundler renames what two modules call alike: `f2`, `_A`, `x_default`", func(v8, own, ours string) (string, string) {
		word, last := "", v8
		if i := strings.LastIndexByte(v8, ' '); i >= 0 {
			word, last = v8[:i+1], v8[i+1:]
		}
		for _, last := range []string{last, strings.TrimPrefix(last, "_")} {
			added, ok := strings.CutPrefix(word+last, ours)
			if ok && ours != "" && digits.MatchString(added) {
				return ours, ours
			}
		}
		if ours == word+"default" && strings.HasSuffix(v8, "_default") {
			return ours, ours
		}
		return v8, ours
	}},
}

// A verdict says how two names came out.
type verdict int

const (
	equal verdict = iota
	computed
	guessed
	different
	verdicts
)

// compare puts both names through the rules; changed are those that changed something before the names were equal.
func compare(v8, own, ours string) (v verdict, changed []int) {
	for i, r := range rules {
		if v8 == ours {
			return equal, changed
		}
		a, b := r.apply(v8, own, ours)
		if a != v8 || b != ours {
			changed = append(changed, i)
		}
		v8, ours = a, b
	}
	switch {
	case v8 == ours:
		return equal, changed
	case strings.Contains(ours, "<computed>"):
		return computed, nil
	case ours == "" && v8 != "":
		return guessed, nil
	}
	return different, nil
}

func readProbes(path string) (head bundle, probes []probe, err error) {
	f, err := os.Open(path)
	if err != nil {
		return head, nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if head.Package == "" {
			if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
				return head, nil, err
			}
			continue
		}
		var p probe
		if err := json.Unmarshal(lines.Bytes(), &[]any{&p.line, &p.column, &p.v8, &p.own}); err != nil {
			return head, nil, err
		}
		probes = append(probes, p)
	}
	return head, probes, lines.Err()
}

// printProbes compares the names V8 prints for programs that aren't minified with ours for the same places once they are.
func printProbes(paths []string, wrong int) error {
	type count struct {
		all, printed int
		by           [verdicts]int
	}
	counts := map[string]*count{}
	rulesUsed := make([]int, len(rules))
	shuffledRight, all := 0, 0
	for _, path := range paths {
		head, probes, err := readProbes(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(path, ".jsonl") + ".names.map")
		if err != nil {
			return err
		}
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i := range probes {
			p := &probes[i]
			f, ok := m.FunctionAt(sourcemap.Position{Line: p.line, Column: p.column})
			if !ok {
				f.Name = "no source"
			}
			p.ours = f.Name
		}
		order := rand.New(rand.NewSource(1)).Perm(len(probes))
		for i, p := range probes {
			v, changed := compare(p.v8, p.own, p.ours)
			for _, key := range []string{head.Half + ": " + head.Package, head.Half} {
				c := counts[key]
				if c == nil {
					c = &count{}
					counts[key] = c
				}
				c.all++
				c.by[v]++
				if p.v8 == p.ours {
					c.printed++
				}
			}
			if v == equal {
				for _, r := range changed {
					rulesUsed[r]++
				}
			}
			if s, _ := compare(p.v8, p.own, probes[order[i]].ours); s == equal {
				shuffledRight++
			}
			all++
			if wrong > 0 && head.Half == "tuned" && (v == different || v == guessed) {
				hit, _ := m.Lookup(sourcemap.Position{Line: p.line, Column: p.column})
				source, _ := m.Source(int(hit.Source))
				fmt.Printf("V8 %q, ours %q: %s %s:%d:%d\n", p.v8, p.ours, filepath.Base(path), source.URL, hit.Original.Line+1, hit.Original.Column+1)
			}
		}
		m.Close()
	}
	if wrong > 0 {
		return nil
	}
	fmt.Printf("\n| probes in | places | equal as printed | equal | key known at run time only | V8 guesses a name where the language gives none | different |\n|---|--:|--:|--:|--:|--:|--:|\n")
	keys := make([]string, 0, len(counts))
	for key := range counts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		c := counts[key]
		fmt.Printf("| %s | %d | %d | %d | %d | %d | %d |\n", key, c.all, c.printed, c.by[equal], c.by[computed], c.by[guessed], c.by[different])
	}
	fmt.Printf("\n| rule of the normaliser | names it changed that came out equal |\n|---|--:|\n")
	for i, r := range rules {
		fmt.Printf("| %s | %d |\n", r.text, rulesUsed[i])
	}
	fmt.Printf("\nControl: shuffled within each program, %d of %d come out equal.\n", shuffledRight, all)
	return nil
}
