package index

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/lines"
	"github.com/symbolicate/symbolicate/internal/vlq"
)

// A stream gives numbers out of fuzzed bytes, zeros once they are used up.
type stream []byte

func (s *stream) next(bytes int) (v uint64) {
	var b [8]byte
	n := copy(b[:bytes], *s)
	*s = (*s)[n:]
	return binary.LittleEndian.Uint64(b[:])
}

// value is at least 0, mostly small.
func (s *stream) value() int32 {
	switch kind := s.next(1); {
	case kind < 0xC0:
		return int32(kind)
	case kind < 0xF0:
		return int32(s.next(2))
	default:
		return int32(s.next(4) & most)
	}
}

// FuzzOpen opens any bytes as an image. Where whole is set, the head's fixed parts and all checksums are made right first.
func FuzzOpen(f *testing.F) {
	sample := sampleImage(f)
	f.Add(sample, true)
	f.Add(sample, false)
	f.Add(sample[:HeadSize], true)
	for _, c := range hostileImages {
		p := partsOf(f, sample)
		c.change(p)
		if data := p.image(); len(data) < 10_000 {
			f.Add(data, true)
		}
	}
	// A small one, so that not all changes go into text data.
	p := partsOf(f, sample)
	oneText(p, compressed("text"), 4, 0, 4, 1, 0)
	f.Add(p.image(), true)
	for _, kind := range []Kind{KindTexts, KindTextData, KindTextGroups, KindTextLines, KindProblems, KindGuide} {
		delete(p, kind)
	}
	f.Add(p.image(), true)
	f.Add(proposalsImage(f), true)
	f.Add(functionsImage(f, sampleFunctions()), true)
	f.Add(moreSectionsImage(f), true)

	positions := samplePositions()
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		if len(data) > 1<<16 {
			return
		}
		copied, done := guard(data)
		defer done()
		if whole && len(copied) >= HeadSize {
			copy(copied, magic)
			le.Store32(copied, 8, byteOrder)
			le.Store32(copied, 12, version)
			le.Store64(copied, 16, uint64(len(copied)))
			// The checksums are the last bytes, as many as there must be.
			if at := le.Load64(copied, 32); at < HeadSize || uint64(len(copied)) != at+4*((at-HeadSize+sumSize-1)/sumSize) {
				n := (len(copied)-HeadSize+sumSize+3)/(sumSize+4) + 1
				for ; n > 0; n-- {
					at := len(copied) - 4*n
					if at >= HeadSize && at%8 == 0 && (at-HeadSize+sumSize-1)/sumSize == n {
						le.Store64(copied, 32, uint64(at))
						break
					}
				}
			}
			mend(copied)
		}
		before := allocated()
		image, table, err := openAll(copied)
		if err != nil {
			require.True(t, isKnown(err), "%v", err)
			return
		}
		ask(image, table, positions)
		askProposals(image, table)
		askFunctions(image)
		if err := image.Verify(); err != nil {
			require.ErrorIs(t, err, ErrDamaged)
		}
		var out file
		if err := image.Save(&out, nil, 1); err == nil {
			again, _, err := openAll(out.data)
			require.NoError(t, err)
			for i := range again.sums {
				require.True(t, again.checkSum(i))
			}
		} else {
			require.ErrorIs(t, err, ErrDamaged)
		}
		require.Less(t, allocated()-before, uint64(1<<30), "bytes allocated")
	})
}

// fuzzedSegments reads segments, in any order, out of fuzzed bytes.
func fuzzedSegments(s *stream, n int) (list twin) {
	var last Segment
	for range n {
		kind := s.next(1)
		if len(*s) == 0 {
			break
		}
		next := last
		switch kind & 7 {
		case 0: // another line, maybe one above
			next.Line, next.Column = s.value(), s.value()
		case 1:
			next.Line, next.Column = int32(min(int64(last.Line)+int64(s.value()), most)), 0
		case 2: // the same place
		case 3:
			next.Column = s.value()
		default:
			next.Column = int32(min(int64(last.Column)+int64(s.value()), most))
		}
		switch kind >> 3 & 7 {
		case 0:
			next.Source, next.OriginalLine, next.OriginalColumn = -1, 0, 0
		case 1, 2: // a repeat
		case 3:
			next.Source, next.OriginalLine, next.OriginalColumn = int32(s.next(4)&(most-1)), int32(s.next(4)&most), int32(s.next(4)&most)
		default:
			next.Source, next.OriginalLine, next.OriginalColumn = int32(s.next(1)&3), s.value(), s.value()
		}
		switch kind >> 6 {
		case 0, 1:
			next.Name = -1
		case 2:
			next.Name = s.value()
		case 3:
			next.Name = 7
		}
		if next.Source == most || next.Name == most {
			continue
		}
		list = append(list, next)
		last = next
	}
	return list
}

// FuzzTable builds tables, in chunks and with marks, with every kernel, and compares them with the plain twin of the rules.
func FuzzTable(f *testing.F) {
	f.Add([]byte{}, uint8(1))
	f.Add([]byte("\x04\x01\x04\x02\x0c\x03\x00\x01\x02\xc4\x09\x20\x02\x03\x01\x08\x00"), uint8(3))
	for _, list := range sampleBlocks() {
		var seed []byte
		for _, s := range list { // as "any line, any column, any original position, any name"
			seed = append(seed, 0x98)
			for _, v := range []int32{s.Line, s.Column} {
				seed = le.AppendUint32(append(seed, 0xFF), uint32(v))
			}
			for _, v := range []int32{s.Source, s.OriginalLine, s.OriginalColumn} {
				seed = le.AppendUint32(seed, uint32(v))
			}
			seed = le.AppendUint32(append(seed, 0xFF), uint32(s.Name))
		}
		f.Add(seed[:min(len(seed), 1000)], uint8(len(list)))
	}
	f.Fuzz(func(t *testing.T, data []byte, perChunk uint8) {
		s := stream(data)
		list := fuzzedSegments(&s, 250)
		want := list.sorted()
		var first []byte
		for i := range packKernels {
			w := NewWriter(0)
			b := NewBuilder(w)
			b.packer.kernel = &packKernels[i]
			chunk := new(vlq.Chunk)
			for n, part := range slices.Collect(slices.Chunk(list, max(1, int(perChunk)))) {
				b.Append(fill(chunk, part))
				if perChunk&1 != 0 && n%3 == 1 { // and back to where it was
					mark := b.Mark()
					b.Append(fill(chunk, part))
					b.Rewind(mark)
				}
			}
			require.Equal(t, len(list), b.Len())
			table := finish(t, w, b)
			checkTable(t, want, table)
			checkTable(t, want, savedTable(t, b, table))
			content := slices.Concat(table.data, u64(table.keys...), u32(table.offsets...), u32(table.guide...))
			if i == 0 {
				first = content
			}
			require.Equal(t, first, content, packKernels[i].level.String())
		}
	})
}

// savedTable is the table of a copy read back from a file, which is not taken on trust: every access is checked.
func savedTable(t *testing.T, b *Builder, table *Table) *Table {
	t.Helper()
	var out file
	p := parts{KindBlocks: table.data, KindKeys: u64(table.keys...), KindOffsets: u32(table.offsets...), KindGuide: u32(table.guide...)}
	p[KindInfo] = make([]byte, infoSize)
	le.Store64(p[KindInfo], 0, uint64(b.Len()))
	out.data = p.image()
	_, saved, err := openAll(out.data)
	require.NoError(t, err)
	return saved
}

// checkTable compares a table with the sorted list.
func checkTable(t *testing.T, want twin, table *Table) {
	t.Helper()
	var all twin
	table.All(func(s Segment) bool { all = append(all, s); return true })
	require.True(t, slices.Equal(want, all), "want %v\ngot %v", want, all)
	var lines, columns []int32
	at := func(line, column int32) {
		lines, columns = append(lines, line), append(columns, column)
		got, ok := table.Find(line, column)
		wantGot, wantOK := want.find(line, column)
		if got != wantGot || ok != wantOK {
			require.Equal(t, found{wantGot, wantOK}, found{got, ok}, "Find %d:%d of %v", line, column, want)
		}
		got, ok = table.FindAcross(line, column)
		wantGot, wantOK = want.findAcross(line, column)
		if got != wantGot || ok != wantOK {
			require.Equal(t, found{wantGot, wantOK}, found{got, ok}, "FindAcross %d:%d of %v", line, column, want)
		}
		var back twin
		table.Back(line, column, func(s Segment) bool { back = append(back, s); return len(back) < 70 })
		require.True(t, slices.Equal(want.back(line, column, 70), back), "Back %d:%d of %v", line, column, want)
	}
	for i, s := range want {
		if len(want) > 60 && i%7 > 2 {
			continue
		}
		at(s.Line, s.Column)
		at(s.Line, int32(min(int64(s.Column)+1, most)))
		at(s.Line, max(s.Column-1, 0))
		at(int32(min(int64(s.Line)+1, most)), 0)
	}
	at(0, 0)
	at(most, most)
	for _, k := range []key{0, 1, keyOf(0, most), keyOf(1, 0), keyOf(most, most)} {
		n, ok := table.blocksBefore(k)
		require.True(t, ok)
		require.Equal(t, table.blocksBeforePlain(k), n)
	}
	rows := func() []int32 { return make([]int32, len(lines)) }
	many := Columns{rows(), rows(), rows(), rows()}
	table.FindMany(lines, columns, many)
	for i := range lines {
		s, ok := want.find(lines[i], columns[i])
		if !ok || s.Source < 0 {
			s.Source, s.OriginalLine, s.OriginalColumn, s.Name = -1, -1, -1, -1
		}
		got := [4]int32{many.Source[i], many.Line[i], many.Column[i], many.Name[i]}
		require.Equal(t, [4]int32{s.Source, s.OriginalLine, s.OriginalColumn, s.Name}, got, "FindMany %d:%d of %v", lines[i], columns[i], want)
	}
}

// FuzzKernels packs a block with every kernel.
func FuzzKernels(f *testing.F) {
	f.Add(slices.Repeat([]byte("\x34\x12\x56\x9a\x00\x03\x41"), 100), uint8(64))
	f.Add([]byte{}, uint8(64))
	f.Add([]byte("\x01\x02"), uint8(1))
	for _, list := range sampleBlocks() {
		var seed []byte
		for range 6 {
			seed = append(seed, 0, 0, 0, 0, 31) // base 0, 31 bits
		}
		for _, s := range list[:min(len(list), blockSize)] {
			seed = append(seed, 0x48)
			for _, v := range []int32{s.Line, s.Column, max(s.Source, 0), s.OriginalLine, s.OriginalColumn, max(s.Name, 0)} {
				seed = le.AppendUint32(seed, uint32(v))
			}
		}
		f.Add(seed, uint8(len(list)))
	}
	f.Fuzz(func(t *testing.T, data []byte, count uint8) {
		s := stream(data)
		c := fuzzedColumns(&s, 1+(int(count)+blockSize-1)%blockSize)
		want := make([]byte, maxBlock+64)
		p := packer{kernel: &plain}
		end, ok := p.pack(want, 32, &c)
		require.True(t, ok)
		for i := range packKernels[1:] {
			got := make([]byte, maxBlock+64)
			p := packer{kernel: &packKernels[1+i]}
			gotEnd, gotOK := p.pack(got, 32, &c)
			require.True(t, gotOK)
			require.Equal(t, end, gotEnd)
			require.Equal(t, want[:end], got[:end], "%s: %+v", packKernels[1+i].level, c)
			require.Equal(t, make([]byte, 64), got[maxBlock:], "%s writes too far", packKernels[1+i].level)
			require.Equal(t, make([]byte, 32), got[:32], "%s writes too early", packKernels[1+i].level)
		}
		// And what was packed can be read.
		var b block
		packed := append(slices.Clone(want[32:end]), make([]byte, padding)...)
		require.True(t, openBlock(&b, packed, 0, keyOf(c.line[0], c.column[0])))
		i := 0
		more, fine := b.all(func(s Segment) bool {
			require.Equal(t, Segment{c.line[i], c.column[i], c.source[i], c.originalLine[i], c.originalColumn[i], c.name[i]}, s, "segment %d of %+v", i, c)
			i++
			return true
		})
		require.True(t, more && fine)
		require.Len(t, c.line, i)
	})
}

// fuzzedColumns are the sorted segments of a block.
func fuzzedColumns(s *stream, n int) (c columns) {
	var bases, widths [6]uint64
	for i := range bases {
		bases[i], widths[i] = s.next(4)&most, s.next(1)&31
	}
	value := func(i int) int32 {
		return int32(min(bases[i]+s.next(int(widths[i]+7)/8)&(1<<widths[i]-1), most))
	}
	for i := range n {
		kind := s.next(1)
		line, column := value(0), value(1)
		if i > 0 {
			switch kind & 3 {
			case 0:
				line = max(line, c.line[i-1])
			default:
				line = c.line[i-1]
			}
			if line == c.line[i-1] {
				column = max(column, c.column[i-1])
			}
		}
		source, originalLine, originalColumn, name := min(value(2), most-1), value(3), value(4), min(value(5), most-1)
		switch {
		case kind>>3&1 != 0 || i == 0:
		case kind>>4&7 == 0:
			source, originalLine, originalColumn = -1, 0, 0
		default:
			source, originalLine, originalColumn = c.source[i-1], c.originalLine[i-1], c.originalColumn[i-1]
		}
		if kind>>7 != 0 {
			name = -1
		}
		c.line, c.column, c.name = append(c.line, line), append(c.column, column), append(c.name, name)
		c.source, c.originalLine, c.originalColumn = append(c.source, source), append(c.originalLine, originalLine), append(c.originalColumn, originalColumn)
	}
	return c
}

// FuzzTexts saves source texts and reads them back, on one goroutine and on several.
func FuzzTexts(f *testing.F) {
	f.Add("", uint8(0), uint16(0))
	f.Add("a\nb\r\nc\u2028d|e||f", uint8('|'), uint16(7))
	f.Add(noise(5000), uint8('a'), uint16(groupSize/9))
	f.Add(sampleTexts[4].(string), uint8('x'), uint16(3))
	f.Fuzz(func(t *testing.T, text string, cut uint8, size uint16) {
		var list []any
		for start, i := 0, 0; i <= len(text); i++ {
			if i == len(text) || text[i] == cut {
				if list = append(list, text[start:i]); i%5 == 1 {
					list = append(list, nil)
				}
				start = i + 1
			}
		}
		if len(list) > 2000 {
			return
		}
		texts := textsOf(list)
		texts.Size = func(i int) int { return int(size) * (i % 3) }
		w := NewWriter(0)
		w.PutInfo(&Info{})
		image, err := w.Finish()
		require.NoError(t, err)
		defer image.Free()
		var first, second file
		require.NoError(t, image.Save(&first, texts, 1))
		require.NoError(t, image.Save(&second, texts, 3))
		require.Equal(t, first.data, second.data, "one goroutine and three")
		saved, err := Open(first.data, nil)
		require.NoError(t, err)
		require.NoError(t, saved.Verify())
		for i, item := range list {
			want, has := item.(string)
			got, x, ok := saved.SourceText(i)
			require.Equal(t, has, ok)
			require.Equal(t, want, got)
			if has {
				own := lines.New(want)
				require.Equal(t, own.Count, x.Count)
				require.Equal(t, fmt.Sprint(own.Starts), fmt.Sprint(x.Starts))
			}
		}
		_, _, ok := saved.SourceText(len(list))
		require.False(t, ok)
		require.NoError(t, saved.Err())
	})
}

// FuzzLists writes lists of texts and reads them back.
func FuzzLists(f *testing.F) {
	f.Add("a|b||c", uint8('|'))
	f.Fuzz(func(t *testing.T, text string, cut uint8) {
		var list []string
		for start, i := 0, 0; i <= len(text); i++ {
			if i == len(text) || text[i] == cut {
				list = append(list, text[start:i])
				start = i + 1
			}
		}
		w := NewWriter(0)
		w.PutInfo(&Info{})
		w.PutTexts(KindNames, len(list), func(add func([]byte)) {
			for _, s := range list {
				add([]byte(s))
			}
		})
		image, err := w.Finish()
		require.NoError(t, err)
		defer image.Free()
		var out file
		require.NoError(t, image.Save(&out, nil, 1))
		saved, err := Open(out.data, nil)
		require.NoError(t, err)
		for _, m := range []*Image{image, saved} {
			texts := m.Texts(KindNames)
			require.Equal(t, len(list), texts.Len())
			for i, want := range list {
				require.Equal(t, want, texts.Text(i))
			}
			require.NoError(t, m.Err())
		}
	})
}
