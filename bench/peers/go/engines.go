package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"runtime/debug"

	peer "github.com/go-sourcemap/sourcemap"
	"github.com/symbolicate/symbolicate/bench/wire"
	"github.com/symbolicate/symbolicate/sourcemap"
)

var engines = map[string]engine{
	"symbolicate":      {new: newOurs, open: openOurs},
	"symbolicate-open": {new: openPath, opensPath: true},
	"go-sourcemap":     {new: newPeer},
	"floor-read":       {new: newRead, noAnswers: true},
	"floor-quotes":     {new: newQuotes, noAnswers: true},
}

// version tells which version of an engine this is; this project's own is the tree that the driver was built from.
func version(e engine) string {
	if e.noAnswers {
		return runtime.Version()
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	object, _ := e.new(&input{data: []byte(`{"version":3,"sources":[],"mappings":"A"}`), path: os.DevNull})
	if _, isPeer := object.(*peerMap); isPeer {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/go-sourcemap/sourcemap" {
				return "go-sourcemap " + dep.Version
			}
		}
	}
	return "symbolicate, this tree"
}

// ---- this project's -----------------------------------------------------------------------------------------------

// ours keeps the caller's bytes; source texts are not decoded until asked for.
type ours struct {
	m              *sourcemap.Map
	lines, columns []int32
	dst            sourcemap.Columns
}

func newOurs(in *input) (object, error) {
	m, err := sourcemap.Parse(in.data, nil)
	if err != nil {
		return nil, err
	}
	return &ours{m: m}, nil
}

// openPath has the file's way into memory in the timed region.
func openPath(in *input) (object, error) {
	m, err := sourcemap.Open(in.path, nil)
	if err != nil {
		return nil, err
	}
	return &ours{m: m}, nil
}

func (o *ours) lookup(p wire.Position) (line, column int32) {
	found, ok := o.m.Lookup(sourcemap.Position{Line: p.Line, Column: p.Column})
	if !ok {
		return -1, -1
	}
	return found.Original.Line, found.Original.Column
}

func (o *ours) sum(positions []wire.Position) wire.Sum {
	sum := wire.Start
	for _, p := range positions {
		sum = sum.Mix(o.lookup(p))
	}
	return sum
}

func (o *ours) each(positions []wire.Position, answer func(wire.Position)) {
	for _, p := range positions {
		line, column := o.lookup(p)
		answer(wire.Position{Line: line, Column: column})
	}
}

func (o *ours) prepare(positions []wire.Position) {
	n := len(positions)
	o.lines, o.columns = make([]int32, n), make([]int32, n)
	for i, p := range positions {
		o.lines[i], o.columns[i] = p.Line, p.Column
	}
	o.dst = sourcemap.Columns{
		Source: make([]int32, n), Line: make([]int32, n), Column: make([]int32, n), Name: make([]int32, n),
	}
}

func (o *ours) sumMany() wire.Sum {
	if err := o.m.LookupMany(o.lines, o.columns, o.dst); err != nil {
		panic(err)
	}
	sum := wire.Start
	for i, line := range o.dst.Line {
		sum = sum.Mix(line, o.dst.Column[i])
	}
	return sum
}

func (o *ours) eachMany(answer func(wire.Position)) {
	o.sumMany()
	for i, line := range o.dst.Line {
		answer(wire.Position{Line: line, Column: o.dst.Column[i]})
	}
}

func (o *ours) close() { o.m.Close() }

// ---- go-sourcemap -------------------------------------------------------------------------------------------------

// peerMap decodes the JSON with encoding/json into new strings, source texts too. Lines count from 1.
type peerMap struct{ c *peer.Consumer }

func newPeer(in *input) (object, error) {
	c, err := peer.Parse("", in.data)
	if err != nil {
		return nil, err
	}
	return &peerMap{c}, nil
}

func (o *peerMap) lookup(p wire.Position) (int32, int32) {
	_, _, line, column, ok := o.c.Source(int(p.Line)+1, int(p.Column))
	if !ok {
		return -1, -1
	}
	return int32(line - 1), int32(column)
}

func (o *peerMap) sum(positions []wire.Position) wire.Sum {
	sum := wire.Start
	for _, p := range positions {
		sum = sum.Mix(o.lookup(p))
	}
	return sum
}

func (o *peerMap) each(positions []wire.Position, answer func(wire.Position)) {
	for _, p := range positions {
		line, column := o.lookup(p)
		answer(wire.Position{Line: line, Column: column})
	}
}

func (o *peerMap) close() {}

// ---- the floor ----------------------------------------------------------------------------------------------------

// floor is no engine: it answers nothing, and says what touching the bytes costs.
type floor struct{ seen uint64 }

// newRead adds up the bytes, eight at a time: every byte comes into a register.
func newRead(in *input) (object, error) {
	var a, b, c, d uint64
	data := in.data
	for len(data) >= 32 {
		a += binary.LittleEndian.Uint64(data)
		b += binary.LittleEndian.Uint64(data[8:])
		c += binary.LittleEndian.Uint64(data[16:])
		d += binary.LittleEndian.Uint64(data[24:])
		data = data[32:]
	}
	for _, x := range data {
		a += uint64(x)
	}
	return &floor{a + b + c + d}, nil
}

// newQuotes finds every quote with bytes.IndexByte: what a scan over the JSON can't do without.
func newQuotes(in *input) (object, error) {
	if len(in.data) == 0 {
		return nil, errors.New("empty")
	}
	var quotes uint64
	data := in.data
	for {
		i := bytes.IndexByte(data, '"')
		if i < 0 {
			return &floor{quotes}, nil
		}
		quotes++
		data = data[i+1:]
	}
}

func (o *floor) sum([]wire.Position) wire.Sum              { return wire.Sum(o.seen) }
func (o *floor) each([]wire.Position, func(wire.Position)) {}
func (o *floor) close()                                    {}
