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

// setPosition is the way back.
func (f *Frame) setPosition(p sourcemap.Position) {
	f.Line, f.Column = int(p.Line)+1, int(p.Column)+1
}
