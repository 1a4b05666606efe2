// Package wire has what the runner and the Go driver both know of PROTOCOL.md: positions, their files, the checksum.
package wire

import (
	"encoding/binary"
	"fmt"
	"os"
)

// A Position is a generated position, or the original one that answers for it.
type Position struct {
	Line, Column int32 // both 0-based, columns in UTF-16 code units
}

// None is the answer where there is none.
var None = Position{-1, -1}

// Sum is the checksum over answers; start with Start and Mix them in, in order.
type Sum uint32

// Start is the sum over no answers.
const Start Sum = 0x811c9dc5

const prime = 0x01000193 // FNV-1a's

// Mix adds one answer.
func (s Sum) Mix(line, column int32) Sum {
	return ((s^Sum(uint32(line)))*prime ^ Sum(uint32(column))) * prime
}

func (s Sum) String() string { return fmt.Sprintf("%08x", uint32(s)) }

// SumOf is the sum over a list of answers.
func SumOf(answers []Position) Sum {
	sum := Start
	for _, a := range answers {
		sum = sum.Mix(a.Line, a.Column)
	}
	return sum
}

// ReadPositions reads a file of positions, or of answers.
func ReadPositions(path string) ([]Position, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data)%8 != 0 {
		return nil, fmt.Errorf("%s: %d bytes are no whole number of positions", path, len(data))
	}
	positions := make([]Position, len(data)/8)
	for i := range positions {
		pair := data[8*i:]
		positions[i] = Position{int32(binary.LittleEndian.Uint32(pair)), int32(binary.LittleEndian.Uint32(pair[4:]))}
	}
	return positions, nil
}

// WritePositions writes a file that ReadPositions reads.
func WritePositions(path string, positions []Position) error {
	data := make([]byte, 0, 8*len(positions))
	for _, p := range positions {
		data = binary.LittleEndian.AppendUint32(data, uint32(p.Line))
		data = binary.LittleEndian.AppendUint32(data, uint32(p.Column))
	}
	return os.WriteFile(path, data, 0o644)
}
