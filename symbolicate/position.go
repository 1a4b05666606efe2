package symbolicate

import (
	"math"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// position is the frame's place for a map: the only way from the 1-based numbers that an engine
// printed to the 0-based ones of a map. ok is false where line or column are not given.
func (f *Frame) position() (p sourcemap.Position, ok bool) {
	if f.Line < 1 || f.Column < 1 || f.Line > math.MaxInt32 || f.Column > math.MaxInt32 {
		return sourcemap.Position{}, false
	}
	return sourcemap.Position{Line: int32(f.Line - 1), Column: int32(f.Column - 1)}, true
}

// addressColumn is the column of a frame in bytecode (WebAssembly, Hermes), whose engine prints an address, in bytes and counted from 0: so
// that columns of frames count from 1, whatever the engine. 2³¹−1 has none: 0.
func addressColumn(address int) int {
	if address >= math.MaxInt32 {
		return 0
	}
	return address + 1
}

// inBundle is the position of a frame whose file is a module of a RAM bundle ("12.js"), in the map of the bundle, or of the segment that the
// module is in ("seg-3_12.js"); that of another frame it leaves as it is.
func (f *Frame) inBundle(p sourcemap.Position, m *sourcemap.Map) sourcemap.Position {
	if b, is := bundledFile(f.File); is && b.module >= 0 {
		if start, ok := m.ModuleLine(b.module); ok && p.Line <= math.MaxInt32-start {
			p.Line += start
		}
	}
	return p
}

// setPosition is the way back.
func (f *Frame) setPosition(p sourcemap.Position) {
	f.Line, f.Column = int(p.Line)+1, int(p.Column)+1
}
