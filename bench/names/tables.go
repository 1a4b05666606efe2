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
	positions                  int
	ours, symbolic             score // the whole name
	oursLast, symbolicLast     score // its last part: without class, object and words in front
	oursNamed, symbolicNamed   score // only where a name is expected
	oursInside, symbolicInside score // only inside of functions
	oursAnonymousIn            score
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
	printCounts(bundles)
	half := func(b *bundle, _ position) string { return b.Half }
	all := func(*bundle, position) string { return "all" }

	fmt.Print("\n| maps with | packages | positions | right | wrong | symbolic | inside functions | symbolic | with a name | symbolic | last part | symbolic |\n" +
		"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	line := func(kind kindOfMap, group string, r *row) {
		wrong := "not yet"
		if r.ours.of > 0 {
			wrong = fmt.Sprint(r.ours.of - r.ours.right)
		}
		fmt.Printf("| %s | %s | %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", kindOfMapText[kind], group, r.positions,
			r.ours, wrong, r.symbolic, r.oursInside, r.symbolicInside, r.oursNamed, r.symbolicNamed, r.oursLast, r.symbolicLast)
	}
	for kind := range kindsOfMap {
		rows := group(bundles, kind, false, half)
		for _, half := range slices.Sorted(maps.Keys(rows)) {
			line(kind, half, rows[half])
		}
	}
	for kind := range kindsOfMap {
		line(kind, "all, in front of parameters", group(bundles, kind, true, all)["all"])
	}

	for _, table := range []struct {
		title string
		key   func(*bundle, position) string
	}{
		{"bundler", func(b *bundle, _ position) string { return b.Bundler }},
		{"function", func(_ *bundle, p position) string { return p.kind }},
		{"package", func(b *bundle, _ position) string { return b.Half + ": " + b.Package }},
	} {
		fmt.Printf("\n| %s | positions |", table.title)
		rule := "|---|--:|"
		var rows [kindsOfMap]map[string]*row
		for kind := range kindsOfMap {
			rows[kind] = group(bundles, kind, false, table.key)
			fmt.Printf(" %s | symbolic |", kindOfMapText[kind])
			rule += "--:|--:|"
		}
		fmt.Println("\n" + rule)
		for _, key := range slices.Sorted(maps.Keys(rows[0])) {
			fmt.Printf("| %s | %d |", key, rows[0][key].positions)
			for kind := range kindsOfMap {
				fmt.Printf(" %s | %s |", rows[kind][key].ours, rows[kind][key].symbolic)
			}
			fmt.Println()
		}
	}
	in := group(bundles, withNames, false, half)
	fmt.Printf("\n`In` of functions without a name: tuned %s, unseen %s.\n", in["tuned"].oursAnonymousIn, in["unseen"].oursAnonymousIn)
	fmt.Printf("\nControl: the answers of each file given to other positions of it: %s right, %s where a name is expected.\n", shuffled(bundles, false), shuffled(bundles, true))
}

// printCounts says what was counted.
func printCounts(bundles []*bundle) {
	positions, heads, without, unread := 0, 0, 0, 0
	packages := map[string][]string{}
	for _, b := range bundles {
		if !slices.Contains(packages[b.Half], b.Package) {
			packages[b.Half] = append(packages[b.Half], b.Package)
		}
		without += b.Without
		unread += b.Unread
		positions += len(b.positions)
		for _, p := range b.positions {
			if p.head {
				heads++
			}
		}
	}
	fmt.Printf("%d positions of %d files; %d of them stand in front of a function's parameters and have rows of their own. ", positions, len(bundles), heads)
	fmt.Printf("Not counted: %d more that were drawn and have no source, and those in %d sources that TypeScript can't read.\n\n", without, unread)
	for _, half := range slices.Sorted(maps.Keys(packages)) {
		fmt.Printf("- %s: %s\n", half, strings.Join(packages[half], ", "))
	}
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
