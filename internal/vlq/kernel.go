package vlq

import "github.com/symbolicate/symbolicate/internal/kernel"

// Most of a mappings string is plain: segments of 4 or 5 fields whose values are short and in range. A kernel
// decodes such text and knows nothing of errors: what is not plain (segments of one field, long values, faults
// of any kind) it leaves to [Decoder.Next], from the first byte of that segment on.
//
// It starts at d.at, which is behind a separator, appends segments to the chunk, of which n are there, and
// returns how many the chunk then has. It ends where the chunk is nearly full, near the end of the text, and
// before a segment that is not plain (or, where it works by windows, before a window with one).
type decode func(d *Decoder, chunk *Chunk, n int) int

const (
	// kernelText is how much text must lie ahead for a kernel to start: a window and a byte more, so
	// that a separator at the very end is seen by Next.
	kernelText = 65
	// kernelRoom is how many segments a kernel may store at a time.
	kernelRoom = 16
	// plainText is how many bytes Next decodes alone when a kernel got nowhere.
	plainText = 64
)

// A namedKernel is a kernel and what it needs.
type namedKernel struct {
	level kernel.Level
	run   decode
}

// kernels are those that this machine can run, from slow to fast.
var kernels = append([]namedKernel{{kernel.Go, decodeGo}}, machineKernels()...)

// best is the one that decoders use.
var best = func() (run decode) {
	for _, k := range kernels {
		if k.level <= kernel.Best {
			run = k.run
		}
	}
	return run
}()

// classes gives for each byte the value of the digit, or what else it is.
var classes = func() (table [256]uint8) {
	for i := range table {
		table[i] = classBad
	}
	for c, digit := range digits {
		if digit < 64 {
			table[c] = digit
		}
	}
	table[','] = classComma
	table[';'] = classSemicolon
	return
}()

const (
	classMore      = 0x20 // of a digit: the value goes on
	classComma     = 0x40
	classSemicolon = 0xC0
	classBad       = 0x80
)

// decodeGo is the kernel in Go, and the twin of the others. It goes digit by digit: the branches are foreseen well
// enough. The five fields are written out, because a function for a field would not be inlined.
func decodeGo(d *Decoder, chunk *Chunk, n int) int {
	text, at := d.text, d.at
	column, source, originalLine, originalColumn, name := int32(d.column), int32(d.source), int32(d.originalLine), int32(d.originalColumn), int32(d.name)
	line := d.line
	sources, names := int32(d.sources-1), int32(d.names-1)
	for n <= ChunkSize-1 && at+kernelText <= len(text) {
		from := at
		var wrong int32
		// column
		v := uint32(classes[text[at]])
		at++
		if v >= 32 {
			if v >= 64 {
				if v == classSemicolon && (at < 2 || text[at-2] != ',') {
					line++
					column = 0
					continue
				}
				at = from
				break
			}
			more := uint32(classes[text[at]])
			at++
			v = v&31 | more&31<<5
			if more >= 32 {
				third := uint32(classes[text[at]])
				at++
				v |= third & 31 << 10
				if (more|third) >= 64 || third >= 32 {
					at = from
					break
				}
			}
		}
		wrong |= int32(v^1) - 1
		delta := int32(v>>1) ^ -int32(v&1) + int32(v&1)
		nextColumn := column + (int32(v>>1) ^ -int32(v&1)) + int32(v&1)
		// source
		v = uint32(classes[text[at]])
		at++
		if v >= 32 {
			more := uint32(classes[text[at]])
			at++
			if v >= 64 || more >= 32 {
				at = from
				break
			}
			v = v&31 | more<<5
		}
		wrong |= int32(v^1) - 1
		nextSource := source + (int32(v>>1) ^ -int32(v&1)) + int32(v&1)
		// original line
		v = uint32(classes[text[at]])
		at++
		if v >= 32 {
			more := uint32(classes[text[at]])
			at++
			third := uint32(0)
			if more >= 32 {
				third = uint32(classes[text[at]])
				at++
			}
			if v >= 64 || more >= 64 || third >= 32 {
				at = from
				break
			}
			v = v&31 | more&31<<5 | third<<10
		}
		wrong |= int32(v^1) - 1
		nextLine := originalLine + (int32(v>>1) ^ -int32(v&1)) + int32(v&1)
		// original column
		v = uint32(classes[text[at]])
		at++
		if v >= 32 {
			more := uint32(classes[text[at]])
			at++
			third := uint32(0)
			if more >= 32 {
				third = uint32(classes[text[at]])
				at++
			}
			if v >= 64 || more >= 64 || third >= 32 {
				at = from
				break
			}
			v = v&31 | more&31<<5 | third<<10
		}
		wrong |= int32(v^1) - 1
		nextOriginal := originalColumn + (int32(v>>1) ^ -int32(v&1)) + int32(v&1)
		wrong |= nextColumn | nextSource | (sources - nextSource) | nextLine | nextOriginal
		chunk.Name[n] = None
		nextName := name
		separator := classes[text[at]]
		if separator < 64 {
			v = uint32(separator)
			at++
			if v >= 32 {
				more := uint32(classes[text[at]])
				at++
				third := uint32(0)
				if more >= 32 {
					third = uint32(classes[text[at]])
					at++
				}
				if v >= 64 || more >= 64 || third >= 32 {
					at = from
					break
				}
				v = v&31 | more&31<<5 | third<<10
			}
			nextName = name + (int32(v>>1) ^ -int32(v&1)) + int32(v&1)
			wrong |= int32(v^1) - 1 | nextName | (names - nextName)
			chunk.Name[n] = nextName
			separator = classes[text[at]]
		}
		if wrong < 0 || separator&classComma == 0 {
			at = from
			break
		}
		if delta < 0 {
			chunk.Unsorted = true
		}
		chunk.Line[n], chunk.Column[n], chunk.Source[n] = line, nextColumn, nextSource
		chunk.OriginalLine[n], chunk.OriginalColumn[n] = nextLine, nextOriginal
		column, source, originalLine, originalColumn, name = nextColumn, nextSource, nextLine, nextOriginal, nextName
		n++
		at++
		if separator == classSemicolon {
			line++
			column = 0
		}
	}
	d.at, d.line = at, line
	d.column, d.source, d.originalLine, d.originalColumn, d.name = int64(column), int64(source), int64(originalLine), int64(originalColumn), int64(name)
	return n
}
