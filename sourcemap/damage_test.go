package sourcemap_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// SYMBOLICATE_SOAK=1 makes tests try all 255 other values of a byte instead of a few, and kill more.
var soak = os.Getenv("SYMBOLICATE_SOAK") != ""

// encode writes mappings, sorted by line, as a map has them.
func encode(list []sourcemap.Mapping) string {
	var b strings.Builder
	number := func(v int64) {
		u := uint64(v) << 1
		if v < 0 {
			u = uint64(-v)<<1 | 1
		}
		for {
			digit := u & 31
			if u >>= 5; u > 0 {
				digit |= 32
			}
			b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit])
			if u == 0 {
				return
			}
		}
	}
	var last sourcemap.Mapping
	last.Name, last.Source = 0, 0
	for i, m := range list {
		if i > 0 && last.Generated.Line == m.Generated.Line {
			b.WriteByte(',')
		}
		for ; last.Generated.Line < m.Generated.Line; last.Generated = (sourcemap.Position{Line: last.Generated.Line + 1}) {
			b.WriteByte(';')
		}
		number(int64(m.Generated.Column) - int64(last.Generated.Column))
		last.Generated.Column = m.Generated.Column
		if m.Source >= 0 {
			number(int64(m.Source) - int64(last.Source))
			number(int64(m.Original.Line) - int64(last.Original.Line))
			number(int64(m.Original.Column) - int64(last.Original.Column))
			last.Source, last.Original = m.Source, m.Original
			if m.Name >= 0 {
				number(int64(m.Name) - int64(last.Name))
				last.Name = m.Name
			}
		}
	}
	return b.String()
}

// quoted is the text as JSON.
func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// noise is text that compression leaves large.
func noise(size int) string {
	b := []byte("start\n")
	for x := uint64(1); len(b) < size; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b = append(b, "abcdefghijklmnopqrstuvwxyz012345 ;(){}[]=+-*/\n\t'\"!?<>.,:AB\\$"[x%60])
	}
	return string(b)
}

// features is a map with everything that an index keeps, with problems, and with texts of about so many bytes.
func features(size int) string {
	var list []sourcemap.Mapping
	add := func(line, column, source, originalLine, originalColumn, name int32) {
		list = append(list, sourcemap.Mapping{Generated: sourcemap.Position{Line: line, Column: column}, Source: source,
			Original: sourcemap.Position{Line: originalLine, Column: originalColumn}, Name: name})
	}
	for i := range int32(150) { // blocks of one line, with names, repeats, and what has no original position
		switch {
		case i%17 == 3:
			add(0, 5*i, -1, 0, 0, -1)
		case i%5 == 2:
			add(0, 5*i, i%4, i/10, 0, i%3)
		default:
			add(0, 5*i, i/60, i/10, i%7*8, -1)
		}
	}
	for i := range int32(70) { // one position
		add(1, 9, 1, i/9, 4, 2)
	}
	for i := range int32(90) { // lines
		add(3+i/2, i%2*40, 2, 10+i, 100+i%3, -1)
	}
	add(90, math.MaxInt32, 3, math.MaxInt32, math.MaxInt32, 1) // wide
	add(95, 0, 0, 0, 0, 0)
	add(95, 1<<30, 3, 1<<30, 1<<29, 2)
	var texts []string
	for i, unit := range []string{"let a = %d; // é\n", "b(%d)\r\nc\u2028d\r", "function f%d(x, y) { return x + y }\n"} {
		var b strings.Builder
		for n := 0; b.Len() < size/3+i; n++ {
			fmt.Fprintf(&b, unit, n*n)
		}
		texts = append(texts, b.String())
	}
	texts[2] += noise(min(size/3, 4000))
	return `{"version":3,"file":"out.js","debugId":"85314830-023F-4CF1-A267-535F4E37BB17","sourceRoot":"some/root","x_other":[1,{}],
"sources":["a.js","é\u0000b.js",null,"c.js","d.js"],
"sourcesContent":[` + quoted(texts[0]) + `,` + quoted(texts[1]) + `,null,"",` + quoted(texts[2]) + `],
"names":["foo","","bär",7],"ignoreList":[1,99],
"mappings":"` + encode(list) + `,CgEAA,CAAAgE"}`
}

// everythingOf is what a map answers.
type everythingOf struct {
	length, numNames, numSources int
	indexed                      bool
	texts                        []string
	sources                      []sourcemap.Source
	has                          []bool
	mappings, found              []sourcemap.Mapping
	problems                     []sourcemap.Problem
	more                         int
	columns                      sourcemap.Columns
}

// places of interest in a map.
func places(m *sourcemap.Map) (list []sourcemap.Position) {
	list = []sourcemap.Position{{Line: -1}, {Column: -1}, {}, {Line: math.MaxInt32, Column: math.MaxInt32}, {Line: 92}}
	i := 0
	for mapping := range m.Mappings() {
		if i++; i > 20 && i%13 > 1 {
			continue
		}
		p := mapping.Generated
		list = append(list, p)
		if p.Column > 0 {
			list = append(list, sourcemap.Position{Line: p.Line, Column: p.Column - 1})
		}
		if p.Column < math.MaxInt32 {
			list = append(list, sourcemap.Position{Line: p.Line, Column: p.Column + 1})
		}
	}
	return list
}

// askAll puts every question to a map, but not more than the limit of one kind: a map may say that it has billions of names.
func askAll(m *sourcemap.Map, at []sourcemap.Position, limit int) (e everythingOf) {
	e.length, e.numNames, e.numSources, e.indexed = m.Len(), m.NumNames(), m.NumSources(), m.Indexed()
	e.texts = []string{m.File(), m.DebugID()}
	for i := -1; i <= min(e.numNames, limit); i++ {
		e.texts = append(e.texts, m.Name(i))
	}
	for i := -1; i <= min(e.numSources, limit); i++ {
		s, ok := m.Source(i)
		e.sources, e.has = append(e.sources, s), append(e.has, ok)
		text, ok := m.SourceText(i)
		e.texts, e.has = append(e.texts, text), append(e.has, ok)
		if lines, ok := m.SourceLines(i); ok {
			for _, n := range []int{-1, 0, 1, 31, 32, 33, 64, lines.NumLines() - 1, lines.NumLines()} {
				e.texts = append(e.texts, lines.Line(n))
			}
			e.texts = append(e.texts, lines.String(), fmt.Sprint(lines.NumLines()))
			some, _ := m.Lines(i, 30, 35)
			e.texts = append(e.texts, some...)
		}
	}
	for mapping := range m.Mappings() {
		if len(e.mappings) == limit {
			break
		}
		e.mappings = append(e.mappings, mapping)
	}
	var lines, columns []int32
	for _, p := range at {
		found, ok := m.Lookup(p)
		e.found, e.has = append(e.found, found), append(e.has, ok)
		found, ok = m.LookupAcrossLines(p)
		e.found, e.has = append(e.found, found), append(e.has, ok)
		lines, columns = append(lines, p.Line), append(columns, p.Column)
	}
	column := func() []int32 { return make([]int32, len(at)) }
	e.columns = sourcemap.Columns{Source: column(), Line: column(), Column: column(), Name: column()}
	_ = m.LookupMany(lines, columns, e.columns)
	e.problems, e.more = m.Problems()
	_, _ = m.Size(), m.IndexSize()
	return e
}

func savedBytes(t testing.TB, m *sourcemap.Map) []byte {
	t.Helper()
	data, err := m.AppendIndex(nil, nil)
	require.NoError(t, err)
	return data
}

// isKnown tells whether the error is one that opening a saved index gives.
func isKnown(err error) bool {
	return errors.Is(err, sourcemap.ErrDamaged) || errors.Is(err, sourcemap.ErrNotIndex) || errors.Is(err, sourcemap.ErrTruncatedIndex)
}

// everyByte is like the one in internal/index: it calls try with each change of a byte, on all processors.
func everyByte(t *testing.T, data []byte, try func(data []byte, at int) (wrong string)) {
	t.Helper()
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		group.Go(func() {
			mine := slices.Clone(data)
			for at := worker; at < len(data) && !t.Failed(); at += workers {
				// By turns: internal/index tries all of them.
				values := []byte{data[at] ^ 0x01, data[at] ^ 0x80, data[at] ^ 0xFF, 0}[at%4:][:1]
				if soak {
					values = values[:0]
					for v := range 256 {
						values = append(values, byte(v))
					}
				}
				for _, v := range values {
					if v == data[at] {
						continue
					}
					copy(mine, data)
					mine[at] = v
					if wrong := try(mine, at); wrong != "" {
						t.Errorf("byte %d: %#x instead of %#x: %s", at, v, data[at], wrong)
					}
				}
			}
			copy(mine, data)
			if wrong := try(mine, -1); wrong != "" {
				t.Errorf("nothing changed: %s", wrong)
			}
		})
	}
	group.Wait()
}

// TestEveryByteOfAnIndexChanged: opening fails, or every answer is right or else Err tells; and Verify finds it.
func TestEveryByteOfAnIndexChanged(t *testing.T) {
	m := parse(t, features(12_000))
	at := places(m)[:40]
	data := savedBytes(t, m)
	t.Logf("%d bytes", len(data))
	require.Less(t, 512+4096, len(data), "more than one checksum")
	want := askAll(m, at, math.MaxInt)
	everyByte(t, data, func(data []byte, changed int) string {
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			if changed < 0 || changed >= 8 && !isKnown(err) { // the first eight tell what it is
				return fmt.Sprintf("error %v", err)
			}
			return ""
		}
		defer m.Close()
		got := askAll(m, at, 10_000)
		if err := m.Err(); err != nil {
			if changed < 0 || !errors.Is(err, sourcemap.ErrDamaged) {
				return fmt.Sprintf("error %v", err)
			}
		} else if !reflect.DeepEqual(want, got) {
			return "a wrong answer, and no error"
		}
		m, _ = sourcemap.Parse(data, nil)
		defer m.Close()
		if err := m.Verify(); (changed < 0) != (err == nil) || err != nil && !errors.Is(err, sourcemap.ErrDamaged) {
			return fmt.Sprintf("Verify: %v", err)
		}
		return ""
	})
}

func TestEveryTruncationOfAnIndex(t *testing.T) {
	data := savedBytes(t, parse(t, features(500)))
	path := filepath.Join(t.TempDir(), "index")
	for n := range data {
		_, err := sourcemap.Parse(data[:n:n], nil)
		require.Error(t, err)
		require.True(t, n < 8 || isKnown(err), "%d bytes: %v", n, err)
		if n%97 == 0 {
			require.NoError(t, os.WriteFile(path, data[:n], 0o600))
			_, err = sourcemap.Open(path, nil)
			require.ErrorContains(t, err, path)
		}
	}
}

// TestUnalignedIndex: bytes of an index may start anywhere.
func TestUnalignedIndex(t *testing.T) {
	m := parse(t, features(500))
	data := savedBytes(t, m)
	for offset := range 9 {
		other, err := sourcemap.Parse(append(make([]byte, offset), data...)[offset:], nil)
		require.NoError(t, err)
		requireSame(t, m, other)
		require.NoError(t, other.Verify())
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// mend makes the checksums of an index right again, as somebody would who means harm.
func mend(data []byte) {
	if len(data) < 512 {
		return
	}
	size, at := binary.LittleEndian.Uint64(data[16:]), binary.LittleEndian.Uint64(data[32:])
	size = min(size, uint64(len(data)))
	if at >= 512 && at <= size {
		sums := data[at:size]
		for i := 0; i < len(sums)/4 && 512+i*4096 < int(at); i++ {
			binary.LittleEndian.PutUint32(sums[4*i:], crc32.Checksum(data[512+i*4096:min(512+i*4096+4096, int(at))], castagnoli))
		}
		binary.LittleEndian.PutUint32(data[40:], crc32.Checksum(sums, castagnoli))
	}
	binary.LittleEndian.PutUint32(data[28:], crc32.Update(crc32.Checksum(data[:28], castagnoli), castagnoli, data[32:512]))
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestEveryByteOfAnIndexChangedAndMended: the same from somebody who makes the checksums right. The answers may be
// anything, but they come, and cost no more memory than they should.
func TestEveryByteOfAnIndexChangedAndMended(t *testing.T) {
	m := parse(t, features(200))
	at := places(m)
	data := savedBytes(t, m)
	everyByte(t, data, func(data []byte, changed int) string {
		if changed%5 > 0 && !soak { // internal/index has the same for all bytes
			return ""
		}
		mend(data)
		before := allocated()
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			if changed < 0 || changed >= 8 && !isKnown(err) {
				return fmt.Sprintf("error %v", err)
			}
			return ""
		}
		defer m.Close()
		if n := m.NumNames() + m.NumSources() + m.Len(); n > len(data)*64 {
			return fmt.Sprintf("%d names, %d sources and %d mappings in %d bytes", m.NumNames(), m.NumSources(), m.Len(), len(data))
		}
		askAll(m, at, math.MaxInt)
		if err := m.Verify(); changed < 0 && err != nil || err != nil && !errors.Is(err, sourcemap.ErrDamaged) {
			return fmt.Sprintf("Verify: %v", err)
		}
		if n := allocated() - before; n > 256<<20 { // of all workers together
			return fmt.Sprintf("%d bytes allocated", n)
		}
		return ""
	})
}

// parts are the sections of an index, by kind (docs/FORMAT.md).
type parts map[uint32][]byte

func partsOf(data []byte) parts {
	p := parts{}
	for i := range binary.LittleEndian.Uint32(data[24:]) {
		entry := data[64+24*i:]
		start, length := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
		p[binary.LittleEndian.Uint32(entry)] = slices.Clone(data[start : start+length])
	}
	return p
}

// index puts the sections together, with right checksums.
func (p parts) index() []byte {
	data := make([]byte, 512)
	copy(data, "\x89symidx\n\x0d\x0c\x0b\x0a\x01")
	entry := 64
	for kind := range uint32(100) {
		if content, ok := p[kind]; ok {
			data = append(data, make([]byte, -len(data)&7)...)
			binary.LittleEndian.PutUint32(data[entry:], kind)
			binary.LittleEndian.PutUint64(data[entry+8:], uint64(len(data)))
			binary.LittleEndian.PutUint64(data[entry+16:], uint64(len(content)))
			data = append(data, content...)
			entry += 24
		}
	}
	data = append(data, make([]byte, -len(data)&7)...)
	binary.LittleEndian.PutUint32(data[24:], uint32(len(p)))
	binary.LittleEndian.PutUint64(data[32:], uint64(len(data)))
	data = append(data, make([]byte, (len(data)-512+4095)/4096*4)...)
	binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
	mend(data)
	return data
}

func u32(list ...uint32) (out []byte) {
	for _, v := range list {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

// swinging is a list of n texts of which every second is all the text there is.
func swinging(n, text int) []byte {
	list := u32(uint32(n))
	for i := range n {
		list = binary.LittleEndian.AppendUint32(list, uint32(i&1*text))
	}
	return append(list, strings.Repeat("x", text)...)
}

// TestHostileIndexes: what callers do with every map costs no more than the file should.
func TestHostileIndexes(t *testing.T) {
	good := savedBytes(t, parse(t, features(500)))
	const most = 1<<32 - 1
	put := func(p parts, kind uint32, at int, v uint32) { binary.LittleEndian.PutUint32(p[kind][at:], v) }
	for _, c := range []struct {
		name    string
		change  func(p parts)
		refused bool
	}{
		{"nothing changed", func(p parts) {}, false},
		{"unknown sections", func(p parts) { p[40], p[99] = []byte("unknown"), nil }, false},
		{"4 billion names", func(p parts) { put(p, 1, 20, most) }, true},
		{"4 billion sources", func(p parts) { put(p, 1, 16, most) }, true},
		{"4 billion mappings", func(p parts) { put(p, 1, 0, most) }, true},
		{"-1 mappings", func(p parts) { put(p, 1, 0, most); put(p, 1, 4, most) }, true},
		{"4 billion problems", func(p parts) { put(p, 1, 24, most); put(p, 1, 28, most) }, false},
		{"no names", func(p parts) { delete(p, 3) }, true},
		{"no sources", func(p parts) { delete(p, 4) }, true},
		{"nothing of sources", func(p parts) { delete(p, 5) }, true},
		{"no keys", func(p parts) { delete(p, 9) }, true},
		{"nothing at all", func(p parts) { clear(p) }, true},
		{"only counts", func(p parts) { clear(p); p[1] = make([]byte, 48) }, false},
		{"names that overlap", func(p parts) { p[3] = swinging(50_000, 200_000); put(p, 1, 20, 50_000) }, false},
		{"problems that overlap", func(p parts) {
			p[6], p[7] = swinging(50_000, 200_000), make([]byte, 25_000*8)
			put(p, 1, 24, 25_000)
		}, false},
		{"a long root before every source", func(p parts) {
			const n = 20_000
			p[2] = append(u32(3, 0, 0, 200_000), strings.Repeat("r", 200_000)...)
			p[4], p[5] = append(u32(n), make([]byte, 4*n)...), nil
			for range n {
				p[5] = append(p[5], u32(0, 2)...)
			}
			put(p, 1, 16, n)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := partsOf(good)
			c.change(p)
			data := p.index()
			before, start := allocated(), time.Now()
			m, err := sourcemap.Parse(data, nil)
			if c.refused {
				require.ErrorIs(t, err, sourcemap.ErrDamaged)
				return
			}
			require.NoError(t, err)
			defer m.Close()
			problems, _ := m.Problems()
			assert.LessOrEqual(t, len(problems), len(data)/8)
			// As the C library does it for all who ask for all at once.
			sum, slice := 0, make([]string, 0, m.NumNames()+m.NumSources())
			for i := range m.NumNames() {
				slice = append(slice, m.Name(i))
			}
			for i := range m.NumSources() {
				s, _ := m.Source(i)
				slice = append(slice, s.URL)
			}
			for _, text := range slice {
				sum += len(text)
			}
			assert.Less(t, sum, 100*len(data)+10_000, "bytes of names and URLs of %d", len(data))
			assert.Less(t, allocated()-before, uint64(256<<20))
			assert.Less(t, time.Since(start), 5*time.Second)
			_ = m.Verify()
		})
	}
}

// FuzzIndex opens any bytes as a saved index and puts every question to it. Where whole is set, the head's fixed parts and
// all checksums are made right first.
func FuzzIndex(f *testing.F) {
	for _, text := range []string{features(100), everything, nestedMap, lookupMap} {
		data := savedBytes(f, parse(f, text))
		f.Add(data, true)
		f.Add(data, false)
	}
	at := places(parse(f, features(100)))
	f.Fuzz(func(t *testing.T, data []byte, whole bool) {
		if len(data) > 1<<15 {
			return
		}
		data = append(slices.Clone([]byte("\x89symidx\n\x0d\x0c\x0b\x0a\x01\x00\x00\x00")), data[min(len(data), 16):]...)
		if whole && len(data) >= 64 {
			binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
			mend(data)
		}
		before := allocated()
		m, err := sourcemap.Parse(data, nil)
		if err != nil {
			require.True(t, isKnown(err), "%v", err)
			return
		}
		defer m.Close()
		askAll(m, at, 1<<14)
		if err := m.Verify(); err != nil {
			require.ErrorIs(t, err, sourcemap.ErrDamaged)
		} else {
			again, err := sourcemap.Parse(savedBytes(t, m), nil)
			require.NoError(t, err)
			require.True(t, equalMappings(m, again))
			again.Close()
		}
		require.Less(t, allocated()-before, uint64(1<<30))
	})
}
