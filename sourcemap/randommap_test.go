package sourcemap_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// A mapMaker writes random source maps, whole and broken ones, regular and indexed ones: everything that a map may have,
// and most of what it must not.
type mapMaker struct {
	*rand.Rand
	faulty bool // the map at work may have faults
}

// randomMapText returns map i of a seed.
func randomMapText(seed, i uint64) string {
	g := &mapMaker{Rand: rand.New(rand.NewPCG(seed, i))}
	g.faulty = g.IntN(2) == 0
	text := ""
	if g.IntN(4) == 0 {
		text = g.indexMap(0)
	} else {
		text, _ = g.regularMap()
	}
	if g.IntN(30) == 0 {
		text = ")]}'" + g.pick("", "garbage {") + g.pick("\n", "\r\n", "\r") + text
	}
	if g.IntN(30) == 0 {
		text = "\ufeff" + text
	}
	return text + g.pick("", "", "\n", "\r\n")
}

func (g *mapMaker) pick(from ...string) string { return from[g.IntN(len(from))] }

// oneIn is true once in n times.
func (g *mapMaker) oneIn(n int) bool { return g.IntN(n) == 0 }

// fault is true now and then in a faulty map.
func (g *mapMaker) fault(n int) bool { return g.faulty && g.oneIn(n) }

// space is white space as JSON has it.
func (g *mapMaker) space() string {
	if !g.oneIn(8) {
		return ""
	}
	return g.pick(" ", "\n", "\r\n", "\t", "  \n ")
}

// quote writes a JSON string, some characters of it as escapes.
func (g *mapMaker) quote(text string) string {
	var b strings.Builder
	escapes := g.oneIn(4)
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(g.pick(`\n`, `\u000a`))
		case escapes && r == '/' && g.oneIn(2):
			b.WriteString(`\/`)
		case escapes && r < 0x10000 && g.oneIn(6):
			fmt.Fprintf(&b, g.pick(`\u%04x`, `\u%04X`), r)
		case escapes && r >= 0x10000:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// junk is a JSON value of any kind.
func (g *mapMaker) junk() string {
	return g.pick(`null`, `true`, `false`, `0`, `-1.5e3`, `1e999`, `"x"`, `""`, `[]`, `{}`, `["a",null,{"b":[1]}]`, `{"version":2,"mappings":"AAAA","sections":[]}`, `"\ud800"`, `"\"\\"`)
}

type jsonMember struct{ key, value string }

// object writes the members in any order, with some more that mean nothing and some twice, of which the last counts.
func (g *mapMaker) object(members []jsonMember) string {
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	if g.oneIn(8) {
		members = slices.Insert(members, g.IntN(len(members)+1), jsonMember{g.pick("x_other", "", "Version", "mappings ", "é"), g.junk()})
	}
	if len(members) > 0 && g.oneIn(12) {
		twice := members[g.IntN(len(members))]
		members = slices.Insert(members, 0, jsonMember{twice.key, g.junk()})
	}
	var b strings.Builder
	b.WriteString("{" + g.space())
	for i, member := range members {
		if i > 0 {
			b.WriteString("," + g.space())
		}
		b.WriteString(g.quote(member.key) + g.space() + ":" + g.space() + member.value + g.space())
	}
	return b.String() + "}"
}

func (g *mapMaker) array(items []string) string {
	return "[" + g.space() + strings.Join(items, g.space()+","+g.space()) + g.space() + "]"
}

var sourceNames = []string{"a.js", "b.js", "src/c.ts", "../d.ts", "/e.js", "https://example.com/f.js", "webpack://x/./g.js", "é😀.js", "", "a b?c#d.js", `q"\.js`}

// list writes n items of a list, each by one, or null, or junk in a faulty map.
func (g *mapMaker) list(n int, null int, one func() string) string {
	items := make([]string, n)
	for i := range items {
		switch {
		case null > 0 && g.oneIn(null):
			items[i] = "null"
		case g.fault(12):
			items[i] = g.junk()
		default:
			items[i] = one()
		}
	}
	return g.array(items)
}

func (g *mapMaker) version() []jsonMember {
	if g.fault(20) {
		if g.oneIn(3) {
			return nil
		}
		return []jsonMember{{"version", g.pick(`"3"`, `2`, `4`, `null`, `3.5`, `[3]`)}}
	}
	if g.oneIn(40) {
		return []jsonMember{{"version", g.pick(`3.0`, `3e0`, `30e-1`)}}
	}
	return []jsonMember{{"version", "3"}}
}

// regularMap returns a regular map and the place of its last mapping.
func (g *mapMaker) regularMap() (text string, end [2]int64) {
	members := g.version()
	add := func(key, value string) {
		if g.fault(25) {
			value = g.junk()
		}
		members = append(members, jsonMember{key, value})
	}
	sources, names := g.IntN(6), g.IntN(6)
	if g.oneIn(4) {
		sources = 1
	}
	if !g.fault(80) {
		list := g.list(sources, 10, func() string { return g.quote(g.pick(sourceNames...)) })
		if g.fault(60) {
			list = g.junk()
		}
		members = append(members, jsonMember{"sources", list})
	}
	if g.oneIn(4) {
		names = 0
	} else {
		add("names", g.list(names, 0, func() string { return g.quote(g.pick("foo", "b", "", "$é", "a/b", "😀", "x\ny")) }))
	}
	if g.oneIn(3) {
		add("sourcesContent", g.list(g.IntN(sources+2), 3, func() string { return g.quote(g.pick("let a\n", "", "é\n😀", "x", "y")) }))
	}
	if g.oneIn(4) {
		add("sourceRoot", g.quote(g.pick("", "root", "root/", "https://example.com/r", "/abs", "a/../b", "webpack://x")))
	}
	if g.oneIn(3) {
		add("file", g.quote(g.pick("out.js", "", "é.js")))
	}
	for _, key := range []string{"ignoreList", "x_google_ignoreList"} {
		if g.oneIn(6) {
			add(key, g.list(g.IntN(3), 0, func() string {
				if sources == 0 || g.fault(4) {
					return g.pick("-1", "0.5", "99", "1e3", "-0", "1e999")
				}
				return strconv.Itoa(g.IntN(sources)) + g.pick("", "", ".0", "e0")
			}))
		}
	}
	for _, key := range []string{"debugId", "debug_id"} {
		if g.oneIn(15) {
			add(key, g.quote(g.pick("85314830-023f-4cf1-a267-535f4e37bb17", "85314830023F4CF1A267535F4E37BB17")))
		}
	}
	mappings, end := g.mappings(sources, names)
	value := g.quote(mappings)
	if g.fault(80) {
		value = g.junk()
	}
	if !g.fault(100) {
		members = append(members, jsonMember{"mappings", value})
	}
	return g.object(members), end
}

// vlq writes a value; -2³¹ is "-0".
func (g *mapMaker) vlq(value int64, padding int) string {
	unsigned := uint64(value) << 1
	if value < 0 {
		unsigned = uint64(-value)<<1 | 1
	}
	if value == -1<<31 {
		unsigned = 1
	}
	var digits []byte
	for {
		digits = append(digits, byte(unsigned&31))
		if unsigned >>= 5; unsigned == 0 {
			break
		}
	}
	digits = append(digits, make([]byte, padding)...)
	for i := range digits {
		if i < len(digits)-1 {
			digits[i] |= 32
		}
		digits[i] = base64Digits[digits[i]]
	}
	return string(digits)
}

// mappings returns the mappings of a map with so many sources and names, and the place of the last one in order.
func (g *mapMaker) mappings(sources, names int) (text string, end [2]int64) {
	segments := g.IntN(40)
	if g.oneIn(6) {
		segments = g.IntN(200)
	}
	if g.oneIn(40) {
		segments = g.IntN(3000)
	}
	// What this map is like.
	var (
		kinds    = [][]int{{1, 4, 5}, {4}, {5}, {1}, {4, 5}, {1, 4}, {4, 4, 4, 4, 5, 1}}[g.IntN(7)]
		unsorted = []int{0, 0, 4, 20}[g.IntN(4)]
		repeats  = []int{0, 3, 10}[g.IntN(3)]
		huge     = []int{0, 0, 0, 3, 40}[g.IntN(5)]
		padded   = []int{0, 0, 0, 5}[g.IntN(4)]
		newLine  = []int{0, 2, 10, 100}[g.IntN(4)]
		ranges   = []int{0, 0, 5, 40}[g.IntN(4)] // of faults in a faulty map
	)
	grammar := -1 // the segment with a fault of grammar, or a value too large
	if g.fault(8) {
		grammar = g.IntN(segments + 1)
	}
	now := func(n int) bool { return n > 0 && g.oneIn(n) }
	position := func() int64 {
		if now(huge) {
			return []int64{math.MaxInt32, math.MaxInt32 - 1, 1 << 30, g.Int64N(math.MaxInt32)}[g.IntN(4)]
		}
		return g.Int64N(200)
	}
	var b strings.Builder
	var line, column, source, originalLine, originalColumn, name int64
	value := func(v int64) {
		padding := 0
		if now(padded) {
			padding = 1 + g.IntN(9)
			if g.oneIn(10) {
				padding = 40
			}
		}
		b.WriteString(g.vlq(v, padding))
	}
	// to writes the way from a sum to its next value; what is too far for one step stops half-way.
	to := func(sum *int64, next int64) {
		step := max(-1<<31, min(next-*sum, math.MaxInt32))
		value(step)
		*sum += step
	}
	first := true
	for i := range segments {
		if now(newLine) {
			n := 1
			if g.oneIn(4) {
				n += g.IntN(4)
			}
			b.WriteString(strings.Repeat(";", n))
			line, column, first = line+int64(n), 0, true
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		if i == grammar {
			b.WriteString(g.pick("!", "AA", "AAA", "AAAAAA", "g", "AAAg", "", "A=", "é", "AA;A", ",", " A", "\x7f",
				"gggggggB", "gggggE", "AggggggI", "+/////H", "AAAAggggggC", "ggggggggggggggggggggggB", "C,ggggggD"))
			continue
		}
		next := column + 1 + g.Int64N(12)
		switch {
		case now(repeats):
			next = column
		case now(unsorted):
			next = g.Int64N(max(column, 0) + 1)
		case now(huge):
			next = max(column, position())
		}
		bad := func() bool { return g.faulty && now(ranges) && g.oneIn(3) }
		if bad() {
			next = []int64{-1, -5, math.MaxInt32 + 1, math.MinInt32}[g.IntN(4)]
		}
		next = min(next, math.MaxInt32+1)
		to(&column, next)
		kind := kinds[g.IntN(len(kinds))]
		if kind == 1 || sources == 0 && !g.faulty {
			if 0 <= column && column <= math.MaxInt32 && (line > end[0] || column > end[1]) {
				end = [2]int64{line, column}
			}
			continue
		}
		if column < 0 || column > math.MaxInt32 { // the other sums stay
			for range kind - 1 {
				value(g.Int64N(9) - 4)
			}
			continue
		}
		if line > end[0] || column > end[1] {
			end = [2]int64{line, column}
		}
		target := []int64{g.Int64N(int64(max(sources, 1))), position(), position()}
		for field := range target {
			if bad() {
				target[field] = []int64{-1, -3, int64(sources), math.MinInt32, math.MaxInt32 + 5}[g.IntN(5)]
			}
		}
		to(&source, target[0])
		to(&originalLine, target[1])
		to(&originalColumn, target[2])
		if kind == 5 && (names > 0 || g.faulty) {
			next := g.Int64N(int64(max(names, 1)))
			if bad() {
				next = []int64{-1, int64(names), 99}[g.IntN(3)]
			}
			to(&name, next)
		}
	}
	if grammar == segments {
		b.WriteString(g.pick(",", "!", ";,", "g", ";g", ",AA"))
	}
	if g.oneIn(6) {
		b.WriteString(strings.Repeat(";", 1+g.IntN(3)))
	}
	return b.String(), end
}

// indexMap writes an indexed map; its sections may be indexed too, in a faulty one.
func (g *mapMaker) indexMap(depth int) string {
	members := g.version()
	if g.oneIn(3) {
		value := g.quote("out.js")
		if g.fault(10) {
			value = g.junk()
		}
		members = append(members, jsonMember{"file", value})
	}
	if g.oneIn(15) {
		members = append(members, jsonMember{"debugId", g.quote("85314830-023f-4cf1-a267-535f4e37bb17")})
	}
	if g.fault(15) {
		members = append(members, jsonMember{"mappings", g.pick(`"AAAA"`, `""`, `1`)})
	}
	n := g.IntN(5)
	if g.oneIn(30) {
		n = g.IntN(40)
	}
	var sections []string
	var line, column int64 // of the next section
	for range n {
		if g.fault(25) {
			sections = append(sections, g.pick(`null`, `1`, `"x"`, `[]`))
			continue
		}
		var text string
		var end [2]int64
		if depth < 3 && g.fault(6) {
			text = g.indexMap(depth + 1)
		} else {
			text, end = g.regularMap()
		}
		if g.fault(12) && depth == 0 {
			line, column = []int64{-1, 0, 1, math.MaxInt32, math.MaxInt32 + 1, 1 << 60}[g.IntN(6)], []int64{-2, 0, 7, math.MaxInt32, 1 << 40}[g.IntN(5)]
		}
		if g.fault(8) {
			line, column = g.Int64N(max(line, 0)+1), g.Int64N(60)
		}
		number := func(n int64) string {
			if g.fault(20) {
				return g.pick(`"1"`, `1.5`, `null`, `1e999`, `[]`, `true`)
			}
			if n >= 0 && g.oneIn(30) {
				return strconv.FormatInt(n, 10) + g.pick(".0", "e0", ".00e0")
			}
			return strconv.FormatInt(n, 10)
		}
		offset := []jsonMember{{"line", number(line)}, {"column", number(column)}}
		if g.fault(40) {
			offset = offset[:1]
		}
		section := []jsonMember{{"offset", g.object(offset)}, {"map", text}}
		if g.fault(60) {
			section[g.IntN(2)].value = g.junk()
		}
		sections = append(sections, g.object(section))
		// The next one starts behind the last mapping of this one.
		if end[0] == 0 {
			column += end[1]
		} else {
			column = end[1]
		}
		line += end[0]
		if g.oneIn(3) || column > math.MaxInt32 {
			line, column = line+1+g.Int64N(3), g.Int64N(20)
		} else if column += 1 + g.Int64N(30); column > math.MaxInt32 {
			line, column = line+1, 0
		}
	}
	value := g.array(sections)
	if g.fault(60) {
		value = g.junk()
	}
	return g.object(append(members, jsonMember{"sections", value}))
}
