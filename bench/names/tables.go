package main

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
)

// A score is how many answers are right.
type score struct{ right, of int }

func (s *score) add(right bool) {
	s.of++
	if right {
		s.right++
	}
}

func (s score) String() string {
	if s.of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", 100*float64(s.right)/float64(s.of))
}

// A row counts one group of positions.
type row struct {
	positions                        int
	ours, symbolic                   score // the whole name
	oursLast, symbolicLast           score // its last part: without class, object and words in front
	oursNamed, symbolicNamed         score // only where a name is expected
	oursInside, symbolicInside       score // only inside of functions
	oursAnonymousIn, shuffledAnswers score
}

func (r *row) add(p position, ours, symbolic *answer) {
	r.positions++
	count := func(a *answer, whole, last, named, inside *score) {
		if a == nil {
			return
		}
		right := a.name == p.name
		whole.add(right)
		last.add(lastPart(a.name) == lastPart(p.name))
		if p.name != "" {
			named.add(right)
		}
		if p.kind != "module level" {
			inside.add(right)
		}
	}
	count(ours, &r.ours, &r.oursLast, &r.oursNamed, &r.oursInside)
	count(symbolic, &r.symbolic, &r.symbolicLast, &r.symbolicNamed, &r.symbolicInside)
	if p.kind == "anonymous" && ours != nil {
		r.oursAnonymousIn.add(ours.in == p.in)
	}
}

// lastPart is a name without the class, the object, "get", "new" and the like in front of it.
func lastPart(name string) string {
	if i := strings.LastIndexByte(name, ' '); i >= 0 && !strings.ContainsRune(name[i:], '"') {
		name = name[i+1:]
	}
	if i := strings.LastIndexByte(name, '['); i >= 0 {
		return name[i:]
	}
	return name[strings.LastIndexByte(name, '.')+1:]
}

// group counts all positions by a key; heads only if asked for.
func group(bundles []*bundle, kind kindOfMap, heads bool, key func(*bundle, position) string) map[string]*row {
	rows := map[string]*row{}
	for _, b := range bundles {
		for i, p := range b.positions {
			if p.head != heads {
				continue
			}
			k := key(b, p)
			if k == "" {
				continue
			}
			r := rows[k]
			if r == nil {
				r = &row{}
				rows[k] = r
			}
			var ours, symbolic *answer
			if b.ours[kind] != nil {
				ours = &b.ours[kind][i]
			}
			if b.symbolic[kind] != nil {
				symbolic = &b.symbolic[kind][i]
			}
			r.add(p, ours, symbolic)
		}
	}
	return rows
}

func printTables(bundles []*bundle) {
	halves := []string{"tuned", "unseen"}
	positions, heads, without, unread := 0, 0, 0, 0
	packages := map[string]map[string]bool{"tuned": {}, "unseen": {}}
	for _, b := range bundles {
		packages[b.Half][b.Package] = true
		without += b.Without
		unread += b.Unread
		for _, p := range b.positions {
			positions++
			if p.head {
				heads++
			}
		}
	}
	fmt.Printf("%d positions of %d files. Not counted: %d more that were drawn and have no source; those in %d sources that TypeScript can't read. ",
		positions, len(bundles), without, unread)
	fmt.Printf("%d stand between the start of a function and its parameters, where no program ever stands: they have a row of their own.\n\n", heads)
	for _, half := range halves {
		fmt.Printf("%s: %s\n", half, strings.Join(slices.Sorted(maps.Keys(packages[half])), ", "))
	}

	title := func(first string) {
		fmt.Printf("\n| %s | positions | right | symbolic | inside functions | symbolic | with a name | symbolic | last part | symbolic |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n", first)
	}
	line := func(name string, r *row) {
		fmt.Printf("| %s | %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, r.positions,
			r.ours, r.symbolic, r.oursInside, r.symbolicInside, r.oursNamed, r.symbolicNamed, r.oursLast, r.symbolicLast)
	}
	title("maps with, packages")
	for kind := range kindsOfMap {
		rows := group(bundles, kind, false, func(b *bundle, _ position) string { return b.Half })
		for _, half := range halves {
			line(kindOfMapText[kind]+", "+half, rows[half])
		}
	}
	for kind := range kindsOfMap {
		if r := group(bundles, kind, true, func(*bundle, position) string { return "all" })["all"]; r != nil {
			line(kindOfMapText[kind]+", in front of parameters", r)
		}
	}
	tables := []struct {
		title string
		key   func(*bundle, position) string
	}{
		{"bundler", func(b *bundle, _ position) string { return b.Bundler }},
		{"kind of function", func(_ *bundle, p position) string { return p.kind }},
		{"package", func(b *bundle, _ position) string { return b.Half + ": " + b.Package }},
	}
	for _, table := range tables {
		for _, kind := range []kindOfMap{withNames, withoutNames} {
			title(table.title + " (" + kindOfMapText[kind] + ")")
			rows := group(bundles, kind, false, table.key)
			for _, key := range slices.Sorted(maps.Keys(rows)) {
				line(key, rows[key])
			}
		}
	}
	in := group(bundles, withNames, false, func(b *bundle, _ position) string { return b.Half })
	fmt.Printf("\nFunctions without a name, `In`: tuned %s, unseen %s\n", in["tuned"].oursAnonymousIn, in["unseen"].oursAnonymousIn)
	fmt.Println("\nControl: the answers of a file, shuffled:", shuffled(bundles, false), "right; where a name is expected:", shuffled(bundles, true))
}

// shuffled scores the answers of each file given to the wrong positions of it.
func shuffled(bundles []*bundle, named bool) (s score) {
	random := rand.New(rand.NewSource(1))
	for _, b := range bundles {
		order := random.Perm(len(b.positions))
		for i, p := range b.positions {
			if !p.head && !(named && p.name == "") {
				s.add(b.ours[withNames][order[i]].name == p.name)
			}
		}
	}
	return s
}
