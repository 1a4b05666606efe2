package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/symbolicate/symbolicate/bench/wire"
)

// This file knows the right answers: a slow, plain reader of maps that shares no code with any engine, and the choice
// of positions on which all engines that follow the specification must agree.

// A token is one segment with its running sums. Lines and columns are 0-based.
type token struct {
	line, column      int32
	source            int32 // −1: the segment has one field
	origLine, origCol int32
}

// shape is what a map is made of, for the table of the corpus.
type shape struct {
	Bytes         int64
	MappingsBytes int64
	Segments      int
	Lines         int
	Sources       int
	Names         int
	ContentBytes  int64 // of source texts, UTF-8, decoded
	Indexed       bool
}

type rawMap struct {
	Sources        []*string
	SourcesContent []*string
	Names          []json.RawMessage
	Mappings       string
	Sections       []struct {
		Offset struct{ Line, Column int32 }
		Map    *rawMap
	}
}

// readMap decodes a map, regular or indexed (one level of sections).
func readMap(data []byte) (tokens []token, sh shape, err error) {
	var m rawMap
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, shape{}, err
	}
	sh.Bytes = int64(len(data))
	add := func(m *rawMap, line, column int32) error {
		sh.MappingsBytes += int64(len(m.Mappings))
		sh.Sources += len(m.Sources)
		sh.Names += len(m.Names)
		for _, text := range m.SourcesContent {
			if text != nil {
				sh.ContentBytes += int64(len(*text))
			}
		}
		tokens, err = appendTokens(tokens, m.Mappings, line, column)
		return err
	}
	if m.Sections == nil {
		err = add(&m, 0, 0)
	}
	sh.Indexed = m.Sections != nil
	for _, s := range m.Sections {
		if err == nil && s.Map != nil {
			err = add(s.Map, s.Offset.Line, s.Offset.Column)
		}
	}
	sh.Segments = len(tokens)
	if len(tokens) > 0 {
		sh.Lines = int(tokens[len(tokens)-1].line) + 1
	}
	return tokens, sh, err
}

// appendTokens decodes mappings that start at a line and a column of the generated code.
func appendTokens(tokens []token, mappings string, line, column int32) ([]token, error) {
	var fields [5]int32 // running sums: column, source, original line and column, name
	fields[0] = column
	for i := 0; i < len(mappings); {
		switch mappings[i] {
		case ';':
			line++
			fields[0] = 0
			i++
			continue
		case ',':
			i++
			continue
		}
		n := 0
		for i < len(mappings) && mappings[i] != ',' && mappings[i] != ';' {
			value, next, err := vlq(mappings, i)
			if err != nil || n == len(fields) {
				return nil, fmt.Errorf("mappings: byte %d: not a segment", i)
			}
			fields[n] += value
			i = next
			n++
		}
		t := token{line: line, column: fields[0], source: -1}
		if n >= 4 {
			t.source, t.origLine, t.origCol = fields[1], fields[2], fields[3]
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// vlq decodes the value that starts at byte i, and returns where the next one starts.
func vlq(s string, i int) (value int32, next int, err error) {
	var bits uint32
	for shift := 0; ; shift += 5 {
		if i == len(s) || shift > 30 {
			return 0, 0, fmt.Errorf("byte %d: value does not end", i)
		}
		d := digit(s[i])
		if d < 0 {
			return 0, 0, fmt.Errorf("byte %d: no base64 digit", i)
		}
		i++
		bits |= uint32(d&31) << shift
		if d < 32 {
			break
		}
	}
	if value = int32(bits >> 1); bits&1 != 0 {
		value = -value
	}
	return value, i, nil
}

func digit(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// question is a position and its right answer.
type question struct{ at, answer wire.Position }

// questions are those asked on one map, by order: spread, random, sorted.
type questions map[string][]question

const spreadCount = 1000

// ask chooses the questions for a map: spreadCount spread evenly over its tokens, in order; count random ones (with
// repeats, where the map has fewer); and the random ones sorted.
func ask(tokens []token, indexed bool, count int) (questions, error) {
	sure := choose(tokens)
	if len(sure) == 0 {
		return nil, fmt.Errorf("no token that all engines must agree on")
	}
	rng := rand.New(rand.NewPCG(1, 2)) // the same questions in every run
	pick := func(i int) question {
		t := tokens[sure[i]]
		column := t.column
		// Up to the token behind it the answer is the same. Behind the last token of a line, and in indexed maps (where
		// a section may start in between), engines differ with reason: there, only the token's own column is asked for.
		if next := int(sure[i]) + 1; !indexed && next < len(tokens) && tokens[next].line == t.line && rng.IntN(2) == 0 {
			column += rng.Int32N(tokens[next].column - t.column)
		}
		return question{wire.Position{Line: t.line, Column: column}, wire.Position{Line: t.origLine, Column: t.origCol}}
	}
	q := questions{}
	for i := range spreadCount {
		q["spread"] = append(q["spread"], pick(i*len(sure)/spreadCount))
	}
	for range count {
		q["random"] = append(q["random"], pick(rng.IntN(len(sure))))
	}
	q["sorted"] = slices.Clone(q["random"])
	slices.SortFunc(q["sorted"], func(a, b question) int {
		if a.at.Line != b.at.Line {
			return int(a.at.Line) - int(b.at.Line)
		}
		return int(a.at.Column) - int(b.at.Column)
	})
	return q, nil
}

// choose returns the indices of tokens that every engine must find, and answer alike. Left out are tokens without an
// original position; those that share their column with another (which of them answers is a matter of rules); lines
// whose columns are not in order (not every engine sorts); and the tokens at a line's start that only repeat the last
// location of the line before, which symbolic drops.
func choose(tokens []token) []int32 {
	sure := make([]int32, 0, len(tokens))
	for start := 0; start < len(tokens); {
		end := start + 1
		inOrder := true
		for end < len(tokens) && tokens[end].line == tokens[start].line {
			inOrder = inOrder && tokens[end-1].column <= tokens[end].column
			end++
		}
		news := start == 0 // whether a location other than the line before's last has been seen on this line
		for i := start; i < end && inOrder; i++ {
			t := tokens[i]
			news = news || !sameOrigin(t, tokens[i-1])
			alone := (i == start || tokens[i-1].column < t.column) && (i+1 == end || tokens[i+1].column > t.column)
			if news && alone && t.source >= 0 && t.origLine >= 0 && t.origCol >= 0 {
				sure = append(sure, int32(i))
			}
		}
		start = end
	}
	return sure
}

func sameOrigin(a, b token) bool {
	return a.source == b.source && a.origLine == b.origLine && a.origCol == b.origCol
}

// write lays the positions out for drivers.
func (q questions) write(dir string) error {
	for order, list := range q {
		positions := make([]wire.Position, len(list))
		for i, question := range list {
			positions[i] = question.at
		}
		if err := wire.WritePositions(dir+"/"+order+".i32", positions); err != nil {
			return err
		}
	}
	return nil
}

// sum is the right checksum for the first n questions of an order.
func (q questions) sum(order string, n int) wire.Sum {
	sum := wire.Start
	for _, question := range q[order][:n] {
		sum = sum.Mix(question.answer.Line, question.answer.Column)
	}
	return sum
}
