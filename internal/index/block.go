package index

import (
	"math/bits"

	"github.com/symbolicate/symbolicate/internal/le"
)

// A block holds up to 64 segments, each value packed to the width that its block needs. docs/FORMAT.md
// draws it; in short:
//
//	shape   u32   widths, see shift… below
//	flags   u32   count−1, which of the optional parts are there, source base
//	line    u32   line base
//	        u32   column base, name base, source base: each only if its flag is set
//	upper   2×u64 keys, upper parts: bit (key>>low)+i is set for segment i (Elias and Fano)
//	masks   u64   own, bare, named, ranged: each only if its flag is set
//	lows    count × low bits: lower parts of the keys
//	records as many as segments have one × (source, line, column), each less its base
//	names   as many as segments have one, less the name base
//
// The key of a segment is its generated position within the block: on one line the distance to the first
// column; else, with the flag multi, line−first line, followed by the column in so many bits as the
// largest column of the block needs. A segment without a bit in own has the original position of the one
// before it; one with a bit in bare has none.
const (
	blockSize = 64 // segments
	// maxBlock is the largest block in bytes, with what kernels may write past its end.
	maxBlock = 6*4 + 2*8 + 3*8 + blockSize*(57+93+31)/8 + 3 + 64
	// padding stands behind the last block, so that loads of 8 bytes stay inside.
	padding = 8
)

// shape: where each width starts.
const (
	shiftLow        = 0  // 6 bits: lower part of a key
	shiftKeyColumn  = 6  // 5: column in the key, if multi
	shiftSource     = 11 // 5
	shiftLine       = 16 // 5
	shiftColumn     = 21 // 5
	shiftName       = 26 // 5
	shapeMulti      = 1 << 31
	maxLow          = 57 // a load of 8 bytes at any bit holds as many
	width5, width6  = 31, 63
	narrowSource    = 19 // bits of a source base that need no word of its own
	shiftSourceBase = 13
)

// flags.
const (
	flagCount      = 63      // count−1
	flagOwn        = 1 << 6  // mask own is there; else every segment that is not bare has a record
	flagBare       = 1 << 7  // mask bare is there; else none is
	flagNamed      = 1 << 8  // mask named is there
	flagAllNamed   = 1 << 9  // no mask: every segment has a name
	flagColumnBase = 1 << 10 // else 0
	flagWideSource = 1 << 11 // the source base has a word of its own
	flagRanged     = 1 << 12 // mask ranged is there: of range mappings, which no writer knows yet
)

// A block is an open block: its head, decoded, and where its parts stand.
type block struct {
	data  []byte // the section, with its padding
	first key    // generated position of its first segment

	n                                          int
	low, keyColumn                             uint
	sourceWidth, lineWidth, columnWidth        uint
	nameWidth                                  uint
	sourceBase, lineBase, columnBase, nameBase uint32
	multi                                      bool
	upper                                      [2]uint64
	own, bare, named                           uint64
	lows, records, names                       int // bit offsets in data
}

// key is a generated position, line<<32 | column.
type key uint64

func keyOf(line, column int32) key { return key(uint64(uint32(line))<<32 | uint64(uint32(column))) }

func (k key) line() int32   { return int32(k >> 32) }
func (k key) column() int32 { return int32(k) }

// openBlock reads the head of the block at the offset. ok is false when it does not fit into the data, or
// can't be a block.
func openBlock(b *block, data []byte, at int, first key) (ok bool) {
	limit := len(data) - padding
	// The longest head ends 64 bytes behind the offset; the padding makes up for a short last block.
	if at < 0 || at > limit-12 {
		return false
	}
	shape, flags := le.Load32(data, at), le.Load32(data, at+4)
	b.data, b.first = data, first
	b.n = int(flags&flagCount) + 1
	b.low, b.keyColumn = uint(shape>>shiftLow&width6), uint(shape>>shiftKeyColumn&width5)
	b.sourceWidth, b.lineWidth = uint(shape>>shiftSource&width5), uint(shape>>shiftLine&width5)
	b.columnWidth, b.nameWidth = uint(shape>>shiftColumn&width5), uint(shape>>shiftName&width5)
	b.multi = shape&shapeMulti != 0
	b.lineBase = le.Load32(data, at+8)
	b.sourceBase = flags >> shiftSourceBase
	head := 12 + 4*bits.OnesCount32(flags&(flagColumnBase|flagWideSource)) + 8*bits.OnesCount32(flags&(flagOwn|flagBare|flagNamed|flagRanged)) + 16
	if flags&(flagNamed|flagAllNamed) != 0 {
		head += 4
	}
	if at+head > limit || b.low > maxLow {
		return false
	}
	at += 12
	b.columnBase, b.nameBase = 0, 0
	if flags&flagColumnBase != 0 {
		b.columnBase = le.Load32(data, at)
		at += 4
	}
	all := ^uint64(0) >> (64 - b.n)
	b.own, b.bare, b.named = all, 0, 0
	if flags&(flagNamed|flagAllNamed) != 0 {
		b.nameBase = le.Load32(data, at)
		b.named = all
		at += 4
	}
	if flags&flagWideSource != 0 {
		b.sourceBase = le.Load32(data, at)
		at += 4
	}
	b.upper[0], b.upper[1] = le.Load64(data, at), le.Load64(data, at+8)
	at += 16
	if flags&flagOwn != 0 {
		b.own = le.Load64(data, at) & all
		at += 8
	}
	if flags&flagBare != 0 {
		b.bare = le.Load64(data, at)
		b.own &^= b.bare
		at += 8
	}
	if flags&flagNamed != 0 {
		b.named = le.Load64(data, at) & all
		at += 8
	}
	if flags&flagRanged != 0 {
		at += 8
	}
	b.lows = at * 8
	at += int(uint(b.n)*b.low+7) / 8
	b.records = at * 8
	at += (bits.OnesCount64(b.own)*int(b.sourceWidth+b.lineWidth+b.columnWidth) + 7) / 8
	b.names = at * 8
	at += (bits.OnesCount64(b.named)*int(b.nameWidth) + 7) / 8
	return at <= limit
}

// bitsAt returns so many bits (at most 57) at the bit offset.
func bitsAt(data []byte, at int, width uint) uint64 {
	return le.Load64(data, at>>3) >> (at & 7) & (1<<width - 1)
}

// within returns the key that a generated position would have in the block, the first of which is not behind
// it. exact is false when no segment of the block can stand there: the key is then that of the last
// place before it.
func (b *block) within(k key) (within uint64, exact bool) {
	if !b.multi {
		if k.line() != b.first.line() {
			return 1<<63 - 1, false // on a later line
		}
		return uint64(uint32(k) - uint32(b.first)), true
	}
	column, last := uint64(uint32(k)), uint64(1)<<b.keyColumn-1
	return uint64(k.line()-b.first.line())<<b.keyColumn | min(column, last), column <= last
}

// search returns how many segments stand at or before the key, the first of those at it (-1: none), and
// the place in upper behind the last one counted.
func (b *block) search(k uint64) (count, first, place int) {
	high := k >> b.low
	first = -1
	zeros := ^b.upper[0]
	in0 := uint64(bits.OnesCount64(zeros))
	switch {
	case high == 0:
		place = 0
	case high <= in0:
		place = selectBit(zeros, uint(high-1)) + 1
	case high <= in0+uint64(bits.OnesCount64(^b.upper[1])):
		place = 64 + selectBit(^b.upper[1], uint(high-in0-1)) + 1
	default:
		return b.n, -1, 128
	}
	count = place - int(high)
	low := k & (1<<b.low - 1)
	for count < b.n && b.upper[place>>6&1]>>(place&63)&1 != 0 {
		other := bitsAt(b.data, b.lows+count*int(b.low), b.low)
		if other > low {
			break
		}
		if other == low && first < 0 {
			first = count
		}
		count++
		if place++; place == 128 {
			break
		}
	}
	return min(count, b.n), first, place
}

// segment returns segment i, whose bit in upper is the last one before the place; with place 128 it is
// looked for. ok is false when the block contradicts itself.
func (b *block) segment(i, place int) (s Segment, ok bool) {
	var bit int
	switch below := b.upper[1] & (1<<max(place-64, 0) - 1); {
	case place > 64 && below != 0:
		bit = 127 - bits.LeadingZeros64(below)
	default:
		bit = 63 - bits.LeadingZeros64(b.upper[0]&(1<<min(place, 64)-1))
	}
	if bit < i {
		return Segment{Source: -1, Name: -1}, false
	}
	return b.at(i, uint64(bit-i)<<b.low|bitsAt(b.data, b.lows+i*int(b.low), b.low))
}

// at returns segment i, whose key is known. ok is false when the block contradicts itself.
func (b *block) at(i int, k uint64) (s Segment, ok bool) {
	lines := uint64(0)
	if b.multi {
		lines, k = k>>b.keyColumn, k&(1<<b.keyColumn-1)
	}
	if lines>>31 != 0 || k>>31 != 0 {
		return Segment{Source: -1, Name: -1}, false
	}
	s = Segment{Line: b.first.line() + int32(lines), Column: int32(k), Source: -1, Name: -1}
	if !b.multi {
		s.Column += b.first.column()
	}
	upTo := uint64(2)<<i - 1 // bits 0 to i
	if b.named>>i&1 != 0 {
		n := bits.OnesCount64(b.named&upTo) - 1
		s.Name = int32(b.nameBase + uint32(bitsAt(b.data, b.names+n*int(b.nameWidth), b.nameWidth)))
	}
	if b.bare>>i&1 != 0 {
		return s, true
	}
	n := bits.OnesCount64(b.own&upTo) - 1
	if n < 0 {
		return s, false
	}
	width := b.sourceWidth + b.lineWidth + b.columnWidth
	record := b.records + n*int(width)
	if width <= maxLow {
		v := bitsAt(b.data, record, width)
		s.Source = int32(b.sourceBase + uint32(v&(1<<b.sourceWidth-1)))
		s.OriginalLine = int32(b.lineBase + uint32(v>>b.sourceWidth&(1<<b.lineWidth-1)))
		s.OriginalColumn = int32(b.columnBase + uint32(v>>(b.sourceWidth+b.lineWidth)))
		return s, true
	}
	s.Source = int32(b.sourceBase + uint32(bitsAt(b.data, record, b.sourceWidth)))
	s.OriginalLine = int32(b.lineBase + uint32(bitsAt(b.data, record+int(b.sourceWidth), b.lineWidth)))
	s.OriginalColumn = int32(b.columnBase + uint32(bitsAt(b.data, record+int(b.sourceWidth+b.lineWidth), b.columnWidth)))
	return s, true
}

// all calls yield for each segment in order; more is false when yield ended it. ok is false when the block
// contradicts itself.
func (b *block) all(yield func(Segment) bool) (more, ok bool) {
	upper := b.upper
	for i := range b.n {
		var bit int
		switch {
		case upper[0] != 0:
			bit = bits.TrailingZeros64(upper[0])
			upper[0] &= upper[0] - 1
		case upper[1] != 0:
			bit = 64 + bits.TrailingZeros64(upper[1])
			upper[1] &= upper[1] - 1
		default:
			return false, false
		}
		s, ok := b.at(i, uint64(bit-i)<<b.low|bitsAt(b.data, b.lows+i*int(b.low), b.low))
		if !ok {
			return false, false
		}
		if !yield(s) {
			return false, true
		}
	}
	return true, true
}

// selectBit returns the place of set bit number k (from 0) of x, which has as many.
func selectBit(x uint64, k uint) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	// Bits counted byte by byte, then summed up from the lowest byte on.
	sums := x - x>>1&0x5555555555555555
	sums = sums&0x3333333333333333 + sums>>2&0x3333333333333333
	sums = (sums + sums>>4) & 0x0F0F0F0F0F0F0F0F * ones
	// The byte that holds the bit stands behind those whose sum is at most k. No byte borrows: 128 ≤ k|128.
	skip := bits.OnesCount64(((uint64(k)*ones|tops)-sums)&tops) * 8
	before := sums << 8 >> skip & 0xFF
	return skip + int(selectInByte[(uint64(k)-before)<<8|x>>skip&0xFF])
}

// selectInByte gives, for k<<8 | byte, the place of set bit number k of the byte.
var selectInByte = func() (table [8 << 8]uint8) {
	for b := range 256 {
		k := 0
		for bit := range 8 {
			if b>>bit&1 != 0 {
				table[k<<8|b] = uint8(bit)
				k++
			}
		}
	}
	return
}()
