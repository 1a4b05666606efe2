// Package scopes decodes the "scopes" field of a source map: the Scopes proposal to ECMA-426, draft of May 2026 (one string
// for original scopes and generated ranges).
//
// Original scopes are the lexical scopes of the sources, a tree for each. Generated ranges are pieces of the generated code,
// trees too, that refer to the scopes they were made from. Both come out as lists, parents before their children,
// in the order of their starts: nothing here recurses, however deep the input is.
package scopes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/symbolicate/symbolicate/internal/vlq"
)

// MaxDepth is how deep scopes, and ranges, may lie in one another: a search climbs as many steps.
const MaxDepth = 4096

// A Position is 0-based, its column in UTF-16 code units.
type Position struct{ Line, Column int32 }

// Before tells whether p stands before q.
func (p Position) Before(q Position) bool {
	return p.Line < q.Line || p.Line == q.Line && p.Column < q.Column
}

// Compare is as cmp.Compare.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// A Span is a part of a list.
type Span struct{ Start, Len int32 }

// A Scope is an original scope. -1 stands for none.
type Scope struct {
	Start, End Position // End is exclusive
	Parent     int32    // in Trees.Scopes, below the scope's own number
	Name, Kind int32    // in the names of the map
	Source     int32
	StackFrame bool
	Variables  Span // in Trees.Variables
}

// A FrameType says whether a generated range is a function.
type FrameType uint8

const (
	FrameNone     FrameType = iota // no function
	FrameOriginal                  // a function that may show in a stack trace
	FrameHidden                    // a function that the compiler made of something else
)

// A Range is a generated range. -1 stands for none.
type Range struct {
	Start, End Position // End is exclusive
	Parent     int32    // in Trees.Ranges, below the range's own number
	Definition int32    // in Trees.Scopes
	Frame      FrameType
	CallSource int32    // of the call that the range was inlined for
	CallSite   Position // if there is a CallSource
	Bindings   Span     // in Trees.Bindings
}

// A Binding is the expression that gives the value of a variable, one for each variable of the definition.
type Binding struct {
	Name   int32 // in the names of the map, from the start of the range on; -1: not to be had
	Pieces Span  // in Trees.Pieces: what holds from further positions on
}

// A Piece changes a binding from a position on.
type Piece struct {
	From Position
	Name int32
}

// A Tree says which scopes are those of a source: Len of them from Start on, 0 for none.
type Tree = Span

// Trees are the scopes and ranges of a map. The zero value has none.
type Trees struct {
	Sources   []Tree // for each source
	Scopes    []Scope
	Ranges    []Range
	Variables []int32 // names; -1: out of bounds
	Bindings  []Binding
	Pieces    []Piece
}

// A Fault is something wrong that leaves the rest in use.
type Fault struct {
	Offset int    // byte offset in the text
	What   string // in words, with %d for Arg; formatted only when somebody wants to read it
	Arg    int64
}

func (f Fault) String() string {
	if strings.Contains(f.What, "%d") {
		return fmt.Sprintf(f.What, f.Arg)
	}
	return f.What
}

// An Error ends the decoding: nothing of the text is to be used.
type Error struct {
	Offset int // byte offset in the text
	What   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.What, e.Offset) }

// The tags, each a single digit. All others are of items that are skipped.
const (
	tagEmpty          = 'A'
	tagScopeStart     = 'B'
	tagScopeEnd       = 'C'
	tagScopeVariables = 'D'
	tagRangeStart     = 'E'
	tagRangeEnd       = 'F'
	tagBindings       = 'G'
	tagSubBinding     = 'H'
	tagCallSite       = 'I'
)

// The flags of scopes and ranges.
const (
	scopeHasName    = 1
	scopeHasKind    = 2
	scopeStackFrame = 4

	rangeHasLine       = 1
	rangeHasDefinition = 2
	rangeStackFrame    = 4
	rangeHidden        = 8
)

const noName = "there is no name %d"

// The items of a range stand in this order.
const (
	stageStart = iota
	stageBindings
	stageCallSite
	stageRest // pieces of bindings, ranges and unknown items
)

type decoder struct {
	text    []byte
	at      int // of the item at work, then of its next value
	item    int // where the item at work starts
	sources int
	names   int64
	report  func(Fault)
	failure *Error

	out       Trees
	scopes    []int32 // those that are open
	ranges    []int32
	behind    bool // items other than original scopes stood at the top level
	tooMany   bool // original scopes
	variables bool // the open scope's are over: it had some, or children
	stage     int  // how far the open range has come
	pieces    []piece

	scopeAt, rangeAt                 Position
	name, kind, variable, definition int64
}

// piece is a piece of the binding with that number.
type piece struct {
	binding int32
	Piece
}

// Decode reads the text of a map that has so many sources and names. It calls report for each thing that the draft lets a
// consumer report, and goes on; report may be nil. The error, an [*Error], is for a text that breaks the grammar: by the draft
// it says nothing at all.
//
// The memory it takes is bounded by the text: at most about 24 bytes for each of it.
func Decode(text []byte, sources, names int, report func(Fault)) (*Trees, error) {
	if report == nil {
		report = func(Fault) {}
	}
	d := &decoder{text: text, sources: sources, names: int64(names), report: report}
	d.out.Sources = make([]Tree, 0, min(sources, len(text)/2+1))
	for d.at < len(text) && d.failure == nil {
		d.item = d.at
		d.next()
		switch {
		case d.failure != nil:
		case d.at < len(text) && text[d.at] == ',':
			if d.at++; d.at == len(text) {
				d.faultAt(d.at-1, "an empty item")
			}
		case d.at < len(text):
			d.skip("more values than the item has")
		}
	}
	switch {
	case d.failure != nil:
	case len(d.scopes) > 0:
		d.failAt(len(text), "an original scope that does not end")
	case len(d.ranges) > 0:
		d.failAt(len(text), "a generated range that does not end")
	}
	if d.failure != nil {
		return nil, d.failure
	}
	d.putPieces()
	for len(d.out.Sources) < sources {
		d.out.Sources = append(d.out.Sources, Tree{})
	}
	return &d.out, nil
}

func (d *decoder) failAt(at int, what string) {
	if d.failure == nil {
		d.failure = &Error{at, what}
	}
}

func (d *decoder) fail(what string)             { d.failAt(d.item, what) }
func (d *decoder) faultAt(at int, what string)  { d.report(Fault{Offset: at, What: what}) }
func (d *decoder) fault(what string)            { d.faultAt(d.item, what) }
func (d *decoder) faultOf(what string, n int64) { d.report(Fault{d.item, what, n}) }

// more tells whether the item has further values.
func (d *decoder) more() bool {
	return d.failure == nil && d.at < len(d.text) && d.text[d.at] != ','
}

func (d *decoder) unsigned() uint32 {
	if d.failure != nil {
		return 0
	}
	value, end, what := vlq.Unsigned(d.text, d.at)
	if d.at = end; what != "" {
		d.failAt(end, what)
	}
	return value
}

func (d *decoder) signed() int64 {
	if d.failure != nil {
		return 0
	}
	value, end, what := vlq.Signed(d.text, d.at)
	if d.at = end; what != "" {
		d.failAt(end, what)
	}
	return int64(value)
}

// skip passes over the rest of an item, and the comma behind it; what, unless "", is reported.
func (d *decoder) skip(what string) {
	if what != "" {
		d.faultAt(d.at, what)
	}
	for d.more() {
		d.unsigned()
	}
	if d.failure == nil && d.at < len(d.text) {
		d.at++
	}
}

// move adds to a position (AccumulatePosition).
func (d *decoder) move(p *Position, line, column uint32) Position {
	newLine, newColumn := int64(p.Line)+int64(line), int64(column)
	if line == 0 {
		newColumn += int64(p.Column)
	}
	if newLine > math.MaxInt32 || newColumn > math.MaxInt32 {
		d.fail("a position of 2³¹ or more")
		return *p
	}
	*p = Position{int32(newLine), int32(newColumn)}
	return *p
}

// add adds to an index (AccumulateIndex) and returns it, or -1 where there are no more than limit.
func (d *decoder) add(index *int64, relative, limit int64, missing string) int32 {
	if *index += relative; *index < 0 {
		d.fault("an index below 0")
		*index = 0
	}
	if *index >= limit {
		d.faultOf(missing, *index)
		return -1
	}
	return int32(*index)
}

// next reads an item up to what follows it.
func (d *decoder) next() {
	if d.text[d.at] == ',' {
		d.fault("an empty item") // which earlier drafts wrote for a source without scopes
		if len(d.scopes) == 0 && len(d.ranges) == 0 && !d.behind {
			d.tree(Tree{})
		}
		return
	}
	tag := d.text[d.at]
	if tag < tagEmpty || tag > tagCallSite {
		d.unknown()
		return
	}
	d.at++
	switch inScope, inRange := len(d.scopes) > 0, len(d.ranges) > 0; tag {
	case tagEmpty:
		if inScope || inRange {
			d.fail("an empty item inside a scope or range")
			return
		}
		d.top()
		d.tree(Tree{})
	case tagScopeStart:
		if inRange {
			d.fail("an original scope inside a generated range")
			return
		}
		d.scopeStart()
	case tagScopeEnd, tagScopeVariables:
		if !inScope {
			d.fail("no original scope is open here")
		} else if tag == tagScopeEnd {
			d.scopeEnd()
		} else {
			d.scopeVariables()
		}
	case tagRangeStart:
		if inScope {
			d.fail("a generated range inside an original scope")
			return
		}
		d.rangeStart()
	default:
		if !inRange {
			d.fail("no generated range is open here")
			return
		}
		switch tag {
		case tagRangeEnd:
			d.rangeEnd()
		case tagBindings:
			d.bindings()
		case tagSubBinding:
			d.subBinding()
		case tagCallSite:
			d.callSite()
		}
	}
}

// unknown reads an item that the draft leaves to others or to later editions.
func (d *decoder) unknown() {
	for d.more() {
		d.unsigned()
	}
	if len(d.scopes) == 0 && len(d.ranges) == 0 {
		d.behind = true
	}
	d.variables, d.stage = true, stageRest
}

// top reports an original scope, or its absence, that does not stand before all else.
func (d *decoder) top() {
	if d.behind {
		d.fault("original scopes behind other items")
	}
}

// tree notes the scopes of one more source.
func (d *decoder) tree(t Tree) {
	if len(d.out.Sources) < d.sources {
		d.out.Sources = append(d.out.Sources, t)
		return
	}
	if !d.tooMany {
		d.faultOf("scopes for more than %d sources", int64(d.sources))
		d.tooMany = true
	}
}

func (d *decoder) scopeStart() {
	flags, line, column := d.unsigned(), d.unsigned(), d.unsigned()
	s := Scope{Parent: -1, Name: -1, Kind: -1, Source: -1, StackFrame: flags&scopeStackFrame != 0}
	if n := len(d.scopes); n > 0 {
		s.Parent = d.scopes[n-1]
		s.Source = d.out.Scopes[s.Parent].Source
	} else {
		d.top()
		d.scopeAt = Position{}
		if n := len(d.out.Sources); n < d.sources {
			s.Source = int32(n)
		}
	}
	s.Start = d.move(&d.scopeAt, line, column)
	s.End = s.Start
	if flags&scopeHasName != 0 {
		s.Name = d.add(&d.name, d.signed(), d.names, noName)
	}
	if flags&scopeHasKind != 0 {
		s.Kind = d.add(&d.kind, d.signed(), d.names, noName)
	}
	if len(d.scopes) == MaxDepth {
		d.fail(fmt.Sprintf("scopes nested deeper than %d", MaxDepth))
		return
	}
	d.scopes = append(d.scopes, int32(len(d.out.Scopes)))
	d.out.Scopes = append(d.out.Scopes, s)
	d.variables = false
}

func (d *decoder) scopeEnd() {
	line, column := d.unsigned(), d.unsigned()
	n := len(d.scopes) - 1
	first := d.scopes[n]
	d.out.Scopes[first].End = d.move(&d.scopeAt, line, column)
	d.scopes = d.scopes[:n]
	d.variables = true
	if n == 0 {
		d.tree(Tree{first, int32(len(d.out.Scopes)) - first})
	}
}

func (d *decoder) scopeVariables() {
	if d.variables {
		d.fault("variables that do not stand behind the start of their scope")
	}
	s := &d.out.Scopes[d.scopes[len(d.scopes)-1]]
	keep := s.Variables.Len == 0
	start := len(d.out.Variables)
	for first := true; first && d.failure == nil || d.more(); first = false {
		if v := d.add(&d.variable, d.signed(), d.names, noName); keep {
			d.out.Variables = append(d.out.Variables, v)
		}
	}
	if keep {
		s.Variables = Span{int32(start), int32(len(d.out.Variables) - start)}
	}
	d.variables = true
}

func (d *decoder) rangeStart() {
	flags, line := d.unsigned(), uint32(0)
	if flags&rangeHasLine != 0 {
		line = d.unsigned()
	}
	r := Range{Parent: -1, Definition: -1, CallSource: -1}
	column := d.unsigned()
	r.Start = d.move(&d.rangeAt, line, column)
	r.End = r.Start
	if flags&rangeHasDefinition != 0 {
		r.Definition = d.add(&d.definition, d.signed(), int64(len(d.out.Scopes)), "there is no original scope %d")
	}
	switch {
	case flags&rangeStackFrame != 0 && flags&rangeHidden != 0:
		r.Frame = FrameHidden
	case flags&rangeStackFrame != 0:
		r.Frame = FrameOriginal
	case flags&rangeHidden != 0:
		d.fault("a generated range that is hidden, but no function")
	}
	if n := len(d.ranges); n > 0 {
		r.Parent = d.ranges[n-1]
	}
	if len(d.ranges) == MaxDepth {
		d.fail(fmt.Sprintf("ranges nested deeper than %d", MaxDepth))
		return
	}
	d.ranges = append(d.ranges, int32(len(d.out.Ranges)))
	d.out.Ranges = append(d.out.Ranges, r)
	d.behind, d.stage = true, stageStart
}

func (d *decoder) rangeEnd() {
	line, column := uint32(0), d.unsigned()
	if d.more() {
		line, column = column, d.unsigned()
	}
	r := d.open()
	r.End = d.move(&d.rangeAt, line, column)
	d.ranges = d.ranges[:len(d.ranges)-1]
	d.stage = stageRest
	if r.Bindings.Len > 0 && (r.Definition < 0 || d.out.Scopes[r.Definition].Variables.Len != r.Bindings.Len) {
		d.faultOf("%d bindings, which are not as many as the scope has variables", int64(r.Bindings.Len))
	}
	if r.CallSource >= 0 && (r.Definition < 0 || !d.out.Scopes[r.Definition].StackFrame || r.Frame != FrameNone) {
		d.fault("a call site of a range that is no inlined function")
	}
}

// open is the innermost range that is open.
func (d *decoder) open() *Range { return &d.out.Ranges[d.ranges[len(d.ranges)-1]] }

// binding reads an expression: its number in names, from 1 on.
func (d *decoder) binding() int32 {
	value := int64(d.unsigned())
	if value > d.names {
		d.faultOf(noName, value-1)
		return -1
	}
	return int32(value) - 1
}

func (d *decoder) bindings() {
	r := d.open()
	keep := r.Bindings.Len == 0
	if d.stage >= stageBindings {
		d.fault("bindings that do not stand behind the start of their range")
	}
	d.stage = max(d.stage, stageBindings)
	start := len(d.out.Bindings)
	for first := true; first && d.failure == nil || d.more(); first = false {
		if b := d.binding(); keep {
			d.out.Bindings = append(d.out.Bindings, Binding{Name: b})
		}
	}
	if keep {
		r.Bindings = Span{int32(start), int32(len(d.out.Bindings) - start)}
	}
}

func (d *decoder) subBinding() {
	r := d.open()
	variable := d.unsigned()
	known := int64(variable) < int64(r.Bindings.Len)
	if !known {
		d.faultOf("there is no binding %d", int64(variable))
	}
	d.stage = stageRest
	at := r.Start
	for first := true; first && d.failure == nil || d.more(); first = false {
		line, column := d.unsigned(), d.unsigned()
		from := d.move(&at, line, column)
		if name := d.binding(); known {
			d.pieces = append(d.pieces, piece{r.Bindings.Start + int32(variable), Piece{from, name}})
		}
	}
}

func (d *decoder) callSite() {
	source, line, column := d.unsigned(), d.unsigned(), d.unsigned()
	r := d.open()
	switch {
	case d.failure != nil:
	case r.CallSource >= 0:
		d.fault("a second call site")
	case int64(source) >= int64(d.sources):
		d.faultOf("there is no source %d", int64(source))
	case line > math.MaxInt32 || column > math.MaxInt32:
		d.fail("a position of 2³¹ or more")
	default:
		if d.stage >= stageCallSite {
			d.fault("a call site that does not stand behind the start or the bindings of its range")
		}
		d.stage = max(d.stage, stageCallSite)
		r.CallSource, r.CallSite = int32(source), Position{int32(line), int32(column)}
	}
}

// putPieces gives each binding its pieces.
func (d *decoder) putPieces() {
	slices.SortStableFunc(d.pieces, func(a, b piece) int { return cmp.Compare(a.binding, b.binding) })
	for i, p := range d.pieces {
		b := &d.out.Bindings[p.binding]
		if b.Pieces.Len == 0 {
			b.Pieces.Start = int32(i)
		}
		b.Pieces.Len++
		d.out.Pieces = append(d.out.Pieces, p.Piece)
	}
}
