package vlq

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The reference: ECMA-426 word for word, as slow as it likes.

// mappingsField is the grammar of section "Mappings grammar", over that of "base64 VLQ".
var mappingsField = func() *regexp.Regexp {
	const (
		value   = `[g-z0-9+/]*[A-Za-f]`
		mapping = value + `(?:(?:` + value + `){3,4})?`
		line    = `(?:` + mapping + `(?:,` + mapping + `)*)?`
	)
	return regexp.MustCompile(`^` + line + `(?:;` + line + `)*$`)
}()

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

type segment struct {
	Line, Column, Source, OriginalLine, OriginalColumn, Name int64
}

type result struct {
	grammar  bool // the text is not of the grammar: no segments
	overflow int  // offset of the digit that makes a value too large, -1: none
	segments []segment
	faults   []Fault
}

// signedValue is VLQSignedValue; tooLarge is the index of the digit that passes 2³², or -1.
func signedValue(digits string) (value int64, tooLarge int) {
	unsigned := new(big.Int)
	for i, c := range digits {
		digit := big.NewInt(int64(strings.IndexRune(base64Alphabet, c) % 32))
		unsigned.Add(unsigned, digit.Lsh(digit, uint(5*i)))
		if unsigned.Cmp(big.NewInt(1<<32)) >= 0 {
			return 0, i
		}
	}
	value = unsigned.Int64() / 2
	if unsigned.Int64()%2 == 1 {
		if value == 0 {
			return -1 << 31, -1
		}
		value = -value
	}
	return value, -1
}

var oneValue = regexp.MustCompile(`[g-z0-9+/]*[A-Za-f]`)

// reference decodes the text. It departs from the standard where doc comments of this package say so:
// numbers above 2³¹−1 are out of range, as those below 0 are.
func reference(text string, sources, names int64) (r result) {
	r.overflow = -1
	if !mappingsField.MatchString(text) {
		r.grammar = true
		return r
	}
	var column, source, line, originalColumn, name int64
	offset := 0
	for generatedLine, lineText := range strings.Split(text, ";") {
		column = 0
		start := offset
		for _, mapping := range strings.Split(lineText, ",") {
			var fields []int64
			for _, span := range oneValue.FindAllStringIndex(mapping, -1) {
				value, tooLarge := signedValue(mapping[span[0]:span[1]])
				if len(fields) > 0 && (column+fields[0] < 0 || column+fields[0] > maxInt32) {
					value, tooLarge = 0, -1 // of a segment with a bad column no other field is evaluated
				}
				if tooLarge >= 0 {
					r = result{overflow: start + span[0] + tooLarge}
					return r
				}
				fields = append(fields, value)
			}
			at := start
			start += len(mapping) + 1
			if len(fields) == 0 {
				continue
			}
			fault := func(kind FaultKind) { r.faults = append(r.faults, Fault{kind, at, int32(generatedLine)}) }
			column += fields[0]
			if column < 0 || column > maxInt32 {
				fault(ColumnRange)
				continue
			}
			s := segment{Line: int64(generatedLine), Column: column, Source: -1, Name: -1}
			if len(fields) > 1 {
				source, line, originalColumn = source+fields[1], line+fields[2], originalColumn+fields[3]
				if source < 0 || source >= sources || line < 0 || line > maxInt32 || originalColumn < 0 || originalColumn > maxInt32 {
					fault(OriginalRange)
				} else {
					s.Source, s.OriginalLine, s.OriginalColumn = source, line, originalColumn
				}
			}
			if len(fields) == 5 {
				name += fields[4]
				if name < 0 || name >= names {
					fault(NameRange)
				} else {
					s.Name = name
				}
			}
			r.segments = append(r.segments, s)
		}
		offset += len(lineText) + 1
	}
	return r
}

// name is how tests print the kernel; level -1 stands for none, which leaves all to Next.
func (k namedKernel) name() string {
	if k.run == nil {
		return "none"
	}
	return k.level.String()
}

// decodeWith reads the text with a kernel and checks what holds for every chunk.
func decodeWith(t testing.TB, k namedKernel, text string, sources, names int) (segments []segment, faults []Fault, err error) {
	// Nothing in front of the text or behind it may be looked at: an error there would differ.
	padded := []byte("!" + text + "!")
	d := NewDecoder(padded[1:len(padded)-1:len(padded)-1], sources, names, func(f Fault) { faults = append(faults, f) })
	d.kernel = k.run
	chunk := new(Chunk)
	for {
		if err = d.Next(chunk); err != nil {
			return segments, faults, err
		}
		require.LessOrEqual(t, chunk.Len, ChunkSize)
		if chunk.Len == 0 {
			break
		}
		for i := range chunk.Len {
			if i > 0 && chunk.Line[i] == chunk.Line[i-1] && chunk.Column[i] < chunk.Column[i-1] {
				require.True(t, chunk.Unsorted, "%s: unsorted at %d", k.name(), i)
			}
			segments = append(segments, segment{int64(chunk.Line[i]), int64(chunk.Column[i]), int64(chunk.Source[i]),
				int64(chunk.OriginalLine[i]), int64(chunk.OriginalColumn[i]), int64(chunk.Name[i])})
		}
	}
	// An empty chunk is the end, and stays it.
	require.NoError(t, d.Next(chunk))
	require.Zero(t, chunk.Len)
	return segments, faults, nil
}

func checkDecode(t *testing.T, text string, sources, names int) {
	t.Helper()
	want := reference(text, int64(sources), int64(names))
	for _, k := range append([]namedKernel{{-1, nil}}, kernels...) {
		checkKernel(t, k, want, text, sources, names)
	}
}

func checkKernel(t *testing.T, k namedKernel, want result, text string, sources, names int) {
	t.Helper()
	segments, faults, err := decodeWith(t, k, text, sources, names)
	check := Check([]byte(text))

	var e *Error
	switch {
	case want.grammar:
		require.ErrorAs(t, err, &e, k.name()+": %.200q is not of the grammar", text)
		require.False(t, e.Overflow, "%v", err)
		// Next finds the same fault as Check.
		require.Equal(t, check, err, k.name()+": %.200q", text)
		require.NotEmpty(t, e.What)
		require.GreaterOrEqual(t, e.Offset, 0)
		require.LessOrEqual(t, e.Offset, len(text))
		require.Equal(t, int32(strings.Count(text[:e.Offset], ";")), e.Line, k.name()+": %.200q: %v", text, err)
		return
	case want.overflow >= 0:
		require.NoError(t, check)
		require.ErrorAs(t, err, &e, k.name()+": %.200q overflows", text)
		require.True(t, e.Overflow)
		require.Equal(t, want.overflow, e.Offset)
		require.Equal(t, int32(strings.Count(text[:e.Offset], ";")), e.Line)
		return
	}
	require.NoError(t, check)
	require.NoError(t, err, k.name()+": %.200q", text)
	require.Equal(t, want.segments, segments, k.name()+": %.200q", text)
	require.Equal(t, want.faults, faults, k.name()+": %.200q", text)
}

// encode writes one value as the standard reads it; padding appends digits of zero.
func encode(value int64, padding int) string {
	unsigned := uint64(value) << 1
	switch {
	case value == -1<<31:
		unsigned = 1
	case value < 0:
		unsigned = uint64(-value)<<1 | 1
	}
	var b strings.Builder
	for {
		digit := unsigned & 31
		unsigned >>= 5
		if unsigned == 0 && padding == 0 {
			b.WriteByte(base64Alphabet[digit])
			return b.String()
		}
		if unsigned == 0 {
			padding--
		}
		b.WriteByte(base64Alphabet[digit|32])
	}
}

func encodeAll(values ...int64) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(encode(v, 0))
	}
	return b.String()
}

// texts are inputs of the table test and seeds of FuzzDecode; 3 sources and 2 names each.
var texts = func() []string {
	many := func(unit string, n int) string { return strings.TrimSuffix(strings.Repeat(unit+",", n), ",") }
	list := []string{
		// empty lines and the spec's examples
		``, `;`, `;;;`, `A`, `A;A`, `;A`, `A;`, `;A;`, `A,AAAB;;ABCDE`, `AAAA,E;;ABCDE`, `AAAA,E;AACA,C;ABCDE`, `iB`, `V`,
		// numbers of fields
		`AA`, `AAA`, `AAAA`, `AAAAA`, `AAAAAA`, `AAAAAAA`, `A,AA`, `AAAA,AAA`, `A;AA;A`, `AAAAA,AAAAAA,A`, `AAAAAg`, `AAAAA!`, `AAAAAgA`, `AAAAA,AAAAA!`, `AAAAAgg!`,
		// separators
		`,`, `,,`, `,A`, `A,`, `A,,A`, `A,;`, `;,`, `;,A`, `A;,A`, `A,;A`, `A;,`, `,;`, `A,A,`, `A;A,`, `A,A,,`, `;;,;;`,
		// digits that are none
		`!`, `A!`, `A=`, `A A`, "A\n", "A\x00", "\xff", `é`, `-`, `_`, `A.A`, `$`, `A,!`, `A;!`, `AA!`, `AAAA!`, ` `, `"`, `\`,
		// values not finished
		`g`, `Ag`, `gA`, `g,A`, `g;A`, `A,g`, `AAAg`, `AAAAg`, `gggggg`, `/`, `A;g`, `A;g;`, `AA,g`,
		// -0, signs, sums
		`B`, `gggggD`, `A,B`, `gB`, `ggB`, `C,D`, `C,D,D`, `C,F`, `D,E`, `D,C`, `D,C,E`, `E;D`, `ACAA,ADAA,ADAA,ACAA`, `AACA,AADA,AADA,AACA`, `AAAC,AAAD,AAAD,AAAC`,
		`AAAAC,AAAAD,AAAAD,AAAAC`, `AGAA`, `AGAA,ADAA`, `AEAA,ACAA`, `AAAAE`, `AAAAE,AAAAD`, `AGDDE`, `DGGGG,EAAAA`, `CAAA,DAAAA`, `AAAAC,AGAAC,ADAAD`,
		// zero padding
		`gA`, `ggggggggggggggggA`, `hB`, `hggggggggA`, `ggggggggggB`, `ggggggB`, strings.Repeat("g", 5000) + "A", strings.Repeat("g", 5000) + "B", "E" + strings.Repeat("g", 70) + "A",
		"2" + strings.Repeat("g", 300) + "A", "h" + strings.Repeat("g", 64) + "A", "h" + strings.Repeat("g", 64) + "B",
		// the largest values and those past them
		`+/////D`, `+/////H`, `//////D`, `//////E`, `//////f`, `ggggggC`, `ggggggD`, `ggggggE`, `hgggggE`, `hggggggA`, `ggggggggE`, `+/////D,C`, `+/////D,+/////D`, `//////D,C`,
		`A+/////DA A`, `AA+/////DA`, `AA+/////DA,AACA`, `AAA+/////D,AAAC`, `A+/////DAA`, `A+/////DAA,ACAA`, `AAAA+/////D`, `AAAA+/////D,AAAAC`, `ABAA`, `AABA`, `AAAB`, `AAAAB`, `BAAA`, `BAAAA,AAAA`,
		// a value too large and the grammar broken: before, behind, and in a dropped segment
		`ggggggE,!`, `!,ggggggE`, `ggggggE,`, `ggggggEA`, `ggggggEAA;AA`, `AAAA,ggggggE;A,,A`, `DggggggEAA`, `AggggggEAA`, `AAAAggggggE`, `A;A;ggggggE`, `ggggggEAAAAA`, `ggggggEgggg`,
		// a digit of each value, a digit behind
		many("ghijklmnopqrstuvwxyz0123456789A", 1), base64Alphabet, many("ABCD", 3),
	}
	for zeros := 5; zeros < 28; zeros++ { // where a shift in 64 bits would lose the digit
		padding := strings.Repeat("g", zeros)
		list = append(list, padding+"A", padding+"B", padding+"Q", padding+"wB", "h"+padding+"wA", "A,"+padding+"f")
	}
	for _, n := range []int{1023, 1024, 1025, 2048} {
		list = append(list,
			many("A", n), many("CAAA", n), many("CAACC", n)+";", strings.Repeat("A;", n), strings.Repeat(";A", n),
			many("A", n)+",", many("A", n)+",!", many("A", n)+",AA", many("A", n)+";,A", many("A", n)+",,A", many("A", n)+",ggggggE",
			// dropped segments at the border, and nothing but dropped ones
			many("A", n-1)+",D,C,A", many("A", n-1)+",D", many("D", n), many("D", n)+";A", "A,"+many("D", n), strings.Repeat("A,C;", n), strings.Repeat(";", n)+"A")
	}
	for _, v := range []int64{0, 1, -1, 15, 16, -15, -16, 511, 512, 1<<30 - 1, 1 << 30, 1<<31 - 1, -(1<<31 - 1), -1 << 31} {
		list = append(list, encodeAll(v), encodeAll(0, v, v, v), encodeAll(v, 0, 0, 0, v), encodeAll(5, 1, v, 0, 0)+","+encodeAll(5, 0, -v, 3, 1), encode(v, 3)+","+encode(-v, 9))
	}
	return list
}()

func TestDecodeAgainstReference(t *testing.T) {
	for i, text := range texts {
		t.Run(fmt.Sprintf("%d %.30q", i, text), func(t *testing.T) {
			checkDecode(t, text, 3, 2)
			if len(text) < 1000 { // the long ones are about chunks and padding
				checkDecode(t, text, 0, 0)
				checkDecode(t, text, 1<<31-1, 1<<31-1)
			}
		})
	}
}

// plain are segments that kernels take, with sums that stay in range for 3 sources and 2 names.
func plain(random *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString([]string{",", ",", ",", ",", ",", ";", ";;"}[random.IntN(7)])
		}
		// There and back, so that a pair of segments adds nothing but to the column.
		b.WriteString([]string{"CAAA", "kBAgBC", "4DAkCAA", "CCAA,EDAA", "GAggBA,CAhgBA", "CAAAC,CAAAD", "IAA6F,OAA7F", "6rBAAA", "EAAA"}[random.IntN(9)])
	}
	return b.String()
}

// TestDecodeInWindows puts every text between plain segments, at many places of a window.
func TestDecodeInWindows(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, text := range texts {
		if len(text) > 100 {
			continue
		}
		for range 6 {
			separators := []string{",", ";", ""}
			s := plain(random, random.IntN(40)) + separators[random.IntN(3)] + text + separators[random.IntN(3)] + plain(random, random.IntN(40))
			checkDecode(t, s, 3, 2)
		}
	}
}

// TestDecodePlainText has long texts of the kind that tools write, so that whole windows are taken.
func TestDecodePlainText(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 5))
	for range 200 {
		var b strings.Builder
		names, newLine, long := random.IntN(3), 1+random.IntN(30), random.IntN(40)
		value := func(limit int64) int64 {
			v := random.Int64N(limit)
			if long > 0 && random.IntN(40*long) == 0 {
				v = random.Int64N(1 << random.IntN(32))
			}
			if random.IntN(2) == 0 {
				v = -v
			}
			return v
		}
		for range random.IntN(1200) {
			if b.Len() > 0 {
				b.WriteString(strings.Repeat(";", max(0, random.IntN(newLine+3)-newLine)))
				if !strings.HasSuffix(b.String()[b.Len()-1:], ";") {
					b.WriteByte(',')
				}
			}
			fields := []int64{random.Int64N(40) - random.Int64N(200)/199, value(2) * value(3), value(20), value(60), value(400)}
			if random.IntN(5) == 0 {
				fields[0] *= 20
			}
			b.WriteString(encodeAll(fields[:4+min(random.IntN(3), names)/2]...))
		}
		checkDecode(t, b.String(), 1+random.IntN(1<<random.IntN(10)), 1+random.IntN(1<<random.IntN(16)))
		checkDecode(t, b.String(), 1<<31-1, 1<<31-1)
	}
}

// TestDecodePrefixes cuts and mutates a text with everything in it at every byte.
func TestDecodePrefixes(t *testing.T) {
	const text = `AAAA,E;;ACCDC,gggC;2HAAA,D,hBCCCC;AADCA,+/////DA,AD;A,A`
	for cut := range len(text) + 1 {
		checkDecode(t, text[:cut], 3, 2)
		checkDecode(t, text[cut:], 3, 2)
		for _, c := range []string{"A", "g", "D", ",", ";", "!", "\\", "ggggggE"} {
			checkDecode(t, text[:cut]+c+text[cut:], 3, 2)
			if cut < len(text) {
				checkDecode(t, text[:cut]+c+text[cut+1:], 3, 2)
			}
		}
	}
}

// TestDecodeRandom writes segments from a seeded source of numbers, with gaps, dropped segments and padding.
func TestDecodeRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		for range random.IntN(40) {
			switch random.IntN(8) {
			case 0:
				b.WriteString(";")
				continue
			case 1:
				b.WriteString(strings.Repeat(";", random.IntN(4)))
			}
			if s := b.String(); s != "" && !strings.HasSuffix(s, ";") {
				b.WriteString(",")
			}
			for range []int{1, 4, 4, 5}[random.IntN(4)] {
				b.WriteString(encode(random.Int64N(1<<uint(1+random.IntN(30)))-1, random.IntN(40)/37))
			}
		}
		checkDecode(t, b.String(), 1+random.IntN(1<<20), 1+random.IntN(1<<10))
	}
}

func TestValues(t *testing.T) {
	for text, want := range map[string]int64{
		`A`: 0, `C`: 1, `D`: -1, `E`: 2, `V`: -10, `iB`: 17, `gB`: 16, `hB`: -16, `+/////D`: 1<<31 - 1, `//////D`: -(1<<31 - 1), `B`: -1 << 31,
		`hA`: -1 << 31, `hgggggggA`: -1 << 31, `gA`: 0, `ghA`: 16, `ggggggC`: 1 << 30,
	} {
		// As the original line, which may be anything: 2³¹ behind it makes those below 0 visible.
		fields := "AA" + text + "A"
		if want < 0 {
			fields = "AA+/////DA,AA" + text + "A"
			want += 1<<31 - 1
		}
		segments, faults, err := decodeWith(t, namedKernel{}, fields, 1, 0)
		require.NoError(t, err, text)
		last := segments[len(segments)-1]
		if want < 0 {
			assert.Equal(t, OriginalRange, faults[0].Kind, text)
			assert.EqualValues(t, None, last.Source)
			continue
		}
		assert.Empty(t, faults, text)
		assert.Equal(t, want, last.OriginalLine, text)
	}
}

// TestErrorTexts: the error says where, in bytes and lines.
func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		text, want string
		overflow   bool
	}{
		{`!`, `bad digit '!' at byte 0, line 0`, false},
		{`A;AAA!`, `bad digit '!' at byte 5, line 1`, false},
		{`A;g`, `an unfinished value at byte 3, line 1`, false},
		{`g,A`, `an unfinished value at byte 1, line 0`, false},
		{`A;;AA`, `a segment with 2 fields at byte 3, line 2`, false},
		{`A,AAA,A`, `a segment with 3 fields at byte 2, line 0`, false},
		{`A,AAAAAA`, `a segment with more than 5 fields at byte 2, line 0`, false},
		{`A,AAAAA!`, `a segment with more than 5 fields at byte 2, line 0`, false},
		{`,A`, `a segment with 0 fields at byte 0, line 0`, false},
		{`A,,A`, `a segment with 0 fields at byte 1, line 0`, false},
		{`A,`, `a segment with 0 fields at byte 1, line 0`, false},
		{`A;A,;`, `a segment with 0 fields at byte 3, line 1`, false},
		{`A;ggggggE`, `a value of 2³¹ or more at byte 8, line 1`, true},
		{`A;gggggggC`, `a value of 2³¹ or more at byte 9, line 1`, true},
		{`A;ggggggEAA`, `a segment with 3 fields at byte 2, line 1`, false},
		{`ggggggE;AA`, `a segment with 2 fields at byte 8, line 1`, false},
	} {
		_, _, err := decodeWith(t, namedKernel{}, c.text, 3, 2)
		require.Error(t, err, c.text)
		assert.Equal(t, c.want, err.Error(), c.text)
		var e *Error
		require.True(t, errors.As(err, &e))
		assert.Equal(t, c.overflow, e.Overflow)
		if check := Check([]byte(c.text)); c.overflow {
			assert.NoError(t, check)
		} else {
			assert.EqualError(t, check, c.want)
		}
	}
}

// TestManyValuesTooLarge: in segments that are dropped they are no error, and the text is checked once for all of them.
func TestManyValuesTooLarge(t *testing.T) {
	const n = 1 << 17
	for _, one := range []string{"DggggggEAA", "DAggggggggggggggggggEA", "DAAAgggggggE"} {
		start := time.Now()
		segments, faults, err := decodeWith(t, namedKernel{}, strings.Repeat("A,"+one+";", n), 1, 0)
		require.NoError(t, err, one)
		assert.Equal(t, n, len(faults))
		assert.Equal(t, n, len(segments))
		assert.Less(t, time.Since(start), 20*time.Second) // each checking the text would take minutes
	}
	_, _, err := decodeWith(t, namedKernel{}, "DggggggEAA,gggggggI", 1, 0)
	require.ErrorContains(t, err, "at byte 18")
}

func TestNilReport(t *testing.T) {
	d := NewDecoder([]byte("D,AGAAE"), 0, 0, nil)
	assert.NoError(t, d.Next(new(Chunk)))
}

// TestKernelsDoTheWork: nearly all of a plain text is decoded by the kernel, whatever it is, and not left to Next.
func TestKernelsDoTheWork(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	text := []byte(plain(random, 20_000))
	for _, k := range kernels {
		d := NewDecoder(text, 3, 2, nil)
		decoded := 0
		d.kernel = func(d *Decoder, chunk *Chunk, n int) int {
			before := d.at
			n = k.run(d, chunk, n)
			decoded += d.at - before
			return n
		}
		for chunk := new(Chunk); ; {
			require.NoError(t, d.Next(chunk))
			if chunk.Len == 0 {
				break
			}
		}
		assert.Greater(t, decoded, len(text)*98/100, k.name())
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	text := []byte(strings.TrimSuffix(strings.Repeat("CACCA,", 5000), ","))
	chunk := new(Chunk)
	assert.LessOrEqual(t, testing.AllocsPerRun(3, func() {
		d := NewDecoder(text, 1, 1, nil)
		for {
			if err := d.Next(chunk); err != nil || chunk.Len == 0 {
				return
			}
		}
	}), 1.0, "the decoder itself")
}

func FuzzDecode(f *testing.F) {
	for _, text := range texts {
		f.Add(text, uint16(3), uint16(2))
	}
	f.Fuzz(func(t *testing.T, text string, sources, names uint16) {
		checkDecode(t, text, int(sources), int(names))
	})
}
