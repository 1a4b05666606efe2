package index

import (
	"math/bits"

	"github.com/symbolicate/symbolicate/internal/kernel"
	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// columns are segments, column by column.
type columns struct {
	line, column, source, originalLine, originalColumn, name []int32
}

func chunkColumns(chunk *vlq.Chunk, from, to int) columns {
	return columns{
		chunk.Line[from:to], chunk.Column[from:to], chunk.Source[from:to],
		chunk.OriginalLine[from:to], chunk.OriginalColumn[from:to], chunk.Name[from:to],
	}
}

func (c *columns) slice(from, to int) columns {
	return columns{
		c.line[from:to], c.column[from:to], c.source[from:to],
		c.originalLine[from:to], c.originalColumn[from:to], c.name[from:to],
	}
}

// stats are what the packer must know of the segments of a block before it writes. Without any that are not bare
// the three smallest are largest and the largest are 0; so are names without any named.
type stats struct {
	own, bare, named   uint64
	minSource, minLine int32 // of those that are not bare
	minColumn, minName int32
	maxSource, maxLine int32
	maxColumn, maxName int32
	maxGenerated       int32 // column
}

// dwords are values on their way into a block. What a kernel stores behind the last one is zero, so
// that the last byte is filled up with zeros.
type dwords [blockSize + 16]uint32

// A packKernel does the loops over the segments of a block. The plain one is in Go and takes any; the others take
// full blocks without bare segments, for the rest is rare. All write the same bytes.
type packKernel struct {
	level kernel.Level
	// stats reads the segments.
	stats func(c *columns, s *stats)
	// keys returns the upper parts of the keys (line−first)<<width + column−less, and writes the lower parts,
	// low bits each, to dst. It returns where they end.
	keys func(dst []byte, at int, c *columns, first, less int32, width, low uint, upper *[2]uint64, values *dwords) (end int)
	// records writes what the segments with a bit in own have, less the smallest, in so many bits each.
	records func(dst []byte, at int, c *columns, own uint64, s *stats, sourceWidth, lineWidth, columnWidth uint, values *dwords) (end int)
	// names writes the names of the segments with a bit in named, less base.
	names func(dst []byte, at int, name []int32, named uint64, base int32, width uint, values *dwords) (end int)
}

var plain = packKernel{kernel.Go, statsGo, keysGo, recordsGo, namesGo}

// packKernels are those that this machine can run, from slow to fast.
var packKernels = append([]packKernel{plain}, machineKernels()...)

// best is the one that builders use.
var best = func() (k *packKernel) {
	for i := range packKernels {
		if packKernels[i].level <= kernel.Best {
			k = &packKernels[i]
		}
	}
	return k
}()

// statsGo is the plain twin of the kernels. It goes column by column and has no branches that are hard to foresee.
func statsGo(c *columns, s *stats) {
	n := len(c.column)
	source, line, column := c.source[:n], c.originalLine[:n], c.originalColumn[:n]
	sign := int32(0)
	for _, v := range source {
		sign |= v
	}
	if sign < 0 {
		statsBare(c, s)
		return
	}
	// A few columns at a time, as many as processors have registers for. Masks come in from the top, a bit at a time.
	generated, name := c.column[:n], c.name[:n]
	own, maxGenerated := uint64(1)<<63, generated[0]
	for i := 1; i < n; i++ {
		differs := (source[i] ^ source[i-1]) | (line[i] ^ line[i-1]) | (column[i] ^ column[i-1])
		own = own>>1 | uint64(uint32(differs|-differs)>>31)<<63
		maxGenerated = max(maxGenerated, generated[i])
	}
	s.own, s.bare, s.maxGenerated = own>>(64-n), 0, maxGenerated
	minSource, maxSource, minLine, maxLine := source[0], source[0], line[0], line[0]
	for i := 1; i < n; i++ {
		minSource, maxSource = min(minSource, source[i]), max(maxSource, source[i])
		minLine, maxLine = min(minLine, line[i]), max(maxLine, line[i])
	}
	s.minSource, s.maxSource, s.minLine, s.maxLine = minSource, maxSource, minLine, maxLine
	var none uint64
	minColumn, maxColumn, minName, maxName := column[0], column[0], uint32(big), int32(0)
	for i, k := range name {
		none = none>>1 | uint64(uint32(k)>>31)<<63
		minName, maxName = min(minName, uint32(k)), max(maxName, k)
		minColumn, maxColumn = min(minColumn, column[i]), max(maxColumn, column[i])
	}
	s.named, s.minName, s.maxName, s.minColumn, s.maxColumn = ^none>>(64-n), int32(minName), maxName, minColumn, maxColumn
}

const big = 1<<31 - 1

// statsBare is statsGo for any segments.
func statsBare(c *columns, s *stats) {
	*s = stats{minSource: big, minLine: big, minColumn: big, minName: big}
	lastSource, lastLine, lastColumn := int32(-1), int32(-1), int32(-1)
	bit := uint64(1)
	for i, generated := range c.column {
		s.maxGenerated = max(s.maxGenerated, generated)
		if k := c.name[i]; k >= 0 {
			s.named |= bit
			s.minName, s.maxName = min(s.minName, k), max(s.maxName, k)
		}
		source, line, column := c.source[i], c.originalLine[i], c.originalColumn[i]
		switch {
		case source < 0:
			s.bare |= bit
		case source != lastSource || line != lastLine || column != lastColumn:
			s.own |= bit
			lastSource, lastLine, lastColumn = source, line, column
			s.minSource, s.maxSource = min(s.minSource, source), max(s.maxSource, source)
			s.minLine, s.maxLine = min(s.minLine, line), max(s.maxLine, line)
			s.minColumn, s.maxColumn = min(s.minColumn, column), max(s.maxColumn, column)
		}
		bit <<= 1
	}
}

func bitsOf(x int32) uint { return uint(bits.Len32(uint32(x))) }

// A packer packs blocks with a kernel. What it has besides is room for the kernel's results.
type packer struct {
	kernel *packKernel
	stats  stats
	upper  [2]uint64
	values dwords
}

// pack writes the segments (1 to 64, sorted) as a block into dst at the offset, where maxBlock bytes are
// free, and returns the offset behind it. ok is false when a key would need more than maxLow bits
// below; fewer segments always fit.
func (p *packer) pack(dst []byte, at int, c *columns) (end int, ok bool) {
	n, k, s := len(c.column), p.kernel, &p.stats
	if n < blockSize {
		k = &plain
	}
	k.stats(c, s)
	if s.bare != 0 {
		k = &plain
		k.stats(c, s)
	}
	// Keys.
	shape := uint32(0)
	first, less, keyColumn := c.line[0], c.column[0], uint(0)
	last := uint64(c.column[n-1] - less)
	if lines := uint64(c.line[n-1] - first); lines != 0 {
		less, keyColumn = 0, bitsOf(s.maxGenerated)
		last = lines<<keyColumn | uint64(c.column[n-1])
		shape = shapeMulti | uint32(keyColumn)<<shiftKeyColumn
	}
	low := uint(max(0, bits.Len64(last)-7))
	for last>>low+uint64(n) > 128 {
		low++
	}
	if low > maxLow {
		return at, false
	}
	// Records.
	own, flags := s.own, uint32(n-1)
	all := ^uint64(0) >> (64 - n)
	mapped := all &^ s.bare
	if mapped == 0 {
		s.minSource, s.minLine, s.minColumn = 0, 0, 0
	}
	if s.maxColumn < 64 {
		s.minColumn = 0 // a width of at most 6 bits instead of a base of 32
	}
	sourceWidth, lineWidth, columnWidth := bitsOf(s.maxSource-s.minSource), bitsOf(s.maxLine-s.minLine), bitsOf(s.maxColumn-s.minColumn)
	if own != mapped {
		recordWidth := int(sourceWidth + lineWidth + columnWidth)
		if bits.OnesCount64(own)*recordWidth+64 < bits.OnesCount64(mapped)*recordWidth {
			flags |= flagOwn
		} else {
			own = mapped
		}
	}
	shape |= uint32(low)<<shiftLow | uint32(sourceWidth)<<shiftSource | uint32(lineWidth)<<shiftLine | uint32(columnWidth)<<shiftColumn
	le.Store32(dst, at+8, uint32(s.minLine))
	head := at
	at += 12
	if s.minColumn != 0 {
		flags |= flagColumnBase
		le.Store32(dst, at, uint32(s.minColumn))
		at += 4
	}
	nameWidth := uint(0)
	if s.named != 0 {
		nameWidth = bitsOf(s.maxName - s.minName)
		shape |= uint32(nameWidth) << shiftName
		flags |= flagNamed
		if s.named == all {
			flags ^= flagNamed | flagAllNamed
		}
		le.Store32(dst, at, uint32(s.minName))
		at += 4
	}
	if s.minSource < 1<<narrowSource {
		flags |= uint32(s.minSource) << shiftSourceBase
	} else {
		flags |= flagWideSource
		le.Store32(dst, at, uint32(s.minSource))
		at += 4
	}
	upperAt := at
	at += 16
	if flags&flagOwn != 0 {
		le.Store64(dst, at, own)
		at += 8
	}
	if s.bare != 0 {
		flags |= flagBare
		le.Store64(dst, at, s.bare)
		at += 8
	}
	if flags&flagNamed != 0 {
		le.Store64(dst, at, s.named)
		at += 8
	}
	le.Store32(dst, head, shape)
	le.Store32(dst, head+4, flags)
	p.upper = [2]uint64{}
	at = k.keys(dst, at, c, first, less, keyColumn, low, &p.upper, &p.values)
	le.Store64(dst, upperAt, p.upper[0])
	le.Store64(dst, upperAt+8, p.upper[1])
	if sourceWidth+lineWidth+columnWidth > 0 {
		at = k.records(dst, at, c, own, s, sourceWidth, lineWidth, columnWidth, &p.values)
	}
	if nameWidth > 0 {
		at = k.names(dst, at, c.name, s.named, s.minName, nameWidth, &p.values)
	}
	return at, true
}

// The streams of a block are written with 8 bytes at a time: values gather in pending, of which filled bits are
// used; after each value the whole bytes are written. A value has at most maxLow bits; the last byte is filled up with zeros.

func keysGo(dst []byte, at int, c *columns, first, less int32, width, low uint, upper *[2]uint64, _ *dwords) int {
	var keys [blockSize]uint64
	n := len(c.column)
	if lines := c.line[:n]; lines[n-1] != first {
		for i, column := range c.column[:min(n, blockSize)] {
			keys[i] = uint64(lines[i]-first)<<(width&63) + uint64(column-less)
		}
	} else {
		for i, column := range c.column[:min(n, blockSize)] {
			keys[i] = uint64(column - less)
		}
	}
	var upper0, upper1 uint64
	for i, key := range keys[:n] {
		if place := key>>(low&63) + uint64(i); place < 64 {
			upper0 |= 1 << (place & 63)
		} else {
			upper1 |= 1 << (place & 63)
		}
	}
	*upper = [2]uint64{upper0, upper1}

	mask := uint64(1)<<low - 1
	if low <= 8 { // eight values fill as many bytes as one has bits; the keys that are not there are zeros
		for i := 0; i < n; i += 8 {
			var lows uint64
			for _, key := range keys[i : i+8] {
				lows = bits.RotateLeft64(lows|key&mask, -int(low))
			}
			le.Store64(dst, at+i/8*int(low), bits.RotateLeft64(lows, 8*int(low)))
		}
		return at + (n*int(low)+7)/8
	}
	pending, filled := uint64(0), uint(0)
	for _, key := range keys[:n] {
		pending |= (key & mask) << (filled & 63)
		filled += low
		le.Store64(dst, at, pending)
		at += int(filled >> 3)
		pending >>= filled &^ 7 // may be 64
		filled &= 7
	}
	return at + int((filled+7)>>3)
}

func recordsGo(dst []byte, at int, c *columns, own uint64, s *stats, sourceWidth, lineWidth, columnWidth uint, _ *dwords) int {
	width := sourceWidth + lineWidth + columnWidth
	if width > maxLow-1 { // so that filled stays below 64
		return wideRecords(dst, at, c, own, s, sourceWidth, lineWidth, columnWidth)
	}
	n := len(c.column)
	sources, lines, columns := c.source[:n], c.originalLine[:n], c.originalColumn[:n]
	minSource, minLine, minColumn := s.minSource, s.minLine, s.minColumn
	columnShift := sourceWidth + lineWidth
	pending, filled := uint64(0), uint(0)
	for ; own != 0; own &= own - 1 {
		i := bits.TrailingZeros64(own)
		pending |= (uint64(sources[i]-minSource) | uint64(lines[i]-minLine)<<(sourceWidth&63) | uint64(columns[i]-minColumn)<<(columnShift&63)) << (filled & 63)
		filled += width
		le.Store64(dst, at, pending)
		at += int(filled >> 3)
		pending >>= filled & 56
		filled &= 7
	}
	return at + int((filled+7)>>3)
}

// wideRecords writes records that do not fit in maxLow bits.
func wideRecords(dst []byte, at int, c *columns, own uint64, s *stats, sourceWidth, lineWidth, columnWidth uint) int {
	pending, filled := uint64(0), uint(0)
	for ; own != 0; own &= own - 1 {
		i := bits.TrailingZeros64(own)
		for _, part := range [3]struct {
			value uint64
			width uint
		}{
			{uint64(c.source[i] - s.minSource), sourceWidth}, {uint64(c.originalLine[i] - s.minLine), lineWidth},
			{uint64(c.originalColumn[i] - s.minColumn), columnWidth},
		} {
			pending |= part.value << filled
			filled += part.width
			le.Store64(dst, at, pending)
			at += int(filled >> 3)
			pending >>= filled & 56
			filled &= 7
		}
	}
	return at + int((filled+7)>>3)
}

func namesGo(dst []byte, at int, name []int32, named uint64, base int32, width uint, _ *dwords) int {
	pending, filled := uint64(0), uint(0)
	for ; named != 0; named &= named - 1 {
		pending |= uint64(name[bits.TrailingZeros64(named)]-base) << (filled & 63)
		filled += width
		le.Store64(dst, at, pending)
		at += int(filled >> 3)
		pending >>= filled & 56
		filled &= 7
	}
	return at + int((filled+7)>>3)
}
