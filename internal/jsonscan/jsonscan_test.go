package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// texts are inputs for Value: JSON and what is nearly JSON. They are also the seeds of FuzzValue.
var texts = []string{
	// values of one token
	`null`, `true`, `false`, `nul`, `nulL`, `nulls`, `tru`, `True`, `t`, `f`, `n`, `falsee`,
	`0`, `-0`, `-`, `--1`, `+1`, `01`, `-01`, `00`, `1`, `10`, `1.`, `1.0`, `.5`, `1.5e`, `1.5e+`, `1.5e+7`, `1e5`, `1E-5`, `1e5.5`,
	`1_0`, `0x10`, `Infinity`, `NaN`, `1e999`, `-1.0E+01`, `12345678901234567890123456789`, `0.`, `0e`, `0e1`, `1e05`, `/`, `:`,
	`"`, `""`, `"a"`, `"a`, `"\"`, `"\""`, `"\\"`, `"\\\"`, `"\\\""`, `"\\\\"`, `"a\\" "`, `"\/"`, `"é😀"`, `'a'`,
	// arrays
	`[`, `]`, `[]`, `[ ]`, `[[]]`, `[[]`, `[]]`, `[,]`, `[1,]`, `[,1]`, `[1,2]`, `[1 2]`, `[1,,2]`, `[1`, `[1,`, `["a","b"]`, `["]"]`, `[}`, `[1}`,
	`[[],{},[{}]]`, "[\t1 ,\r\n2 ]", "[\f1]", "[\v]", "[\u00a0]", `[true,false,null]`, `[truefalse]`, `[1:2]`, `[{]}`, `[nul]`,
	// objects
	`{`, `}`, `{}`, `{ }`, `{{}}`, `{"a"}`, `{"a":}`, `{"a":1}`, `{"a":1,}`, `{,"a":1}`, `{"a":1,"a":2}`, `{"a":1 "b":2}`, `{a:1}`, `{1:1}`, `{"a" : 1}`,
	`{"a":1`, `{"a":`, `{"a"`, `{"a`, `{"`, `{"a":1,`, `{"a":1,"b"`, `{"a"::1}`, `{"a":1]`, `{"a":{"b":{"c":[{}]}}}`, `{"}":"{"}`, `{"a":[}`, `{"a":"b":"c"}`,
	`{"\"":1}`, `{"a":1,,"b":2}`, `{[]:1}`, `{null:1}`, `{"":""}`, `{]`, `{:1}`,
	// white space and what stands behind
	``, ` `, "\n", ` 1`, `1 `, ` {} `, `{}{}`, `[] []`, `1 2`, `nullnull`, `""""`, "\ufeff{}", "{}\x00", "\x00", "\xff",
	// levels on both sides of a word of the bit stack, objects and arrays mixed
	nest(63), nest(64), nest(65), nest(128), nest(129), nest(1000),
	nest(64)[:64] + "}", strings.Repeat("[", 65) + strings.Repeat("]", 64), mixed(64), mixed(65), mixed(200),
	`[` + strings.Repeat(`{"a":[`, 40) + strings.Repeat(`]}`, 39) + `}]` + `]`,
}

func nest(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// mixed nests objects in arrays with siblings before and behind, so that each level is left and entered again.
func mixed(depth int) string {
	text := "0"
	for i := range depth {
		if i%3 == 0 {
			text = `{"a":[],"b":` + text + `,"c":{}}`
		} else {
			text = `[{},` + text + `,[]]`
		}
	}
	return text
}

// checkValue compares Value with encoding/json on one text.
func checkValue(t *testing.T, text []byte) {
	t.Helper()
	start := Space(text, 0)
	end, err := Value(text, start)
	if err != nil {
		var e *Error
		require.ErrorAs(t, err, &e)
		require.GreaterOrEqual(t, e.Offset, start)
		require.LessOrEqual(t, e.Offset, len(text))
		require.Equal(t, 0, end)
		require.NotEmpty(t, e.Error())
		if e.TooDeep {
			return
		}
		require.False(t, json.Valid(text), "Value refuses JSON: %v", err)
		require.Equal(t, e.Truncated, e.Offset == len(text), "%+v", e)
		return
	}
	require.Greater(t, end, start)
	require.LessOrEqual(t, end, len(text))
	whole := Space(text, end) == len(text)
	valid := json.Valid(text)
	if valid {
		require.True(t, whole, "Value stops at %d of %d", end, len(text))
		return
	}
	if !whole {
		return // something stands behind the value: the caller's business
	}
	// What encoding/json refuses and Value takes differs inside strings only (or is nested deeper than
	// encoding/json goes): with their contents replaced it must be valid.
	if depthOf(text) <= 10_000 {
		require.True(t, json.Valid(blankStrings(t, text)), "Value takes what is not JSON: %q", text)
	}
}

func depthOf(text []byte) int { return bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")) }

// blankStrings empties each string, found by the simplest rule: a backslash takes the byte behind it along.
func blankStrings(t *testing.T, text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		out = append(out, text[i])
		if text[i] != '"' {
			continue
		}
		for i++; i < len(text) && text[i] != '"'; i++ {
			if text[i] == '\\' {
				i++
			}
		}
		require.Less(t, i, len(text), "a string without end: %q", text)
		out = append(out, '"')
	}
	return out
}

func TestValueAgainstEncodingJSON(t *testing.T) {
	for _, text := range texts {
		t.Run(fmt.Sprintf("%.40q", text), func(t *testing.T) {
			checkValue(t, []byte(text))
			if json.Valid([]byte(text)) {
				for cut := range len(text) {
					checkValue(t, []byte(text[:cut])) // each prefix
				}
			}
		})
	}
}

func FuzzValue(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkValue(t, text) })
}

// TestValueTakesAnyStringContents: documented as not looked at.
func TestValueTakesAnyStringContents(t *testing.T) {
	for _, text := range []string{"\"\n\"", "\"\x00\"", `"\q"`, `"\u12"`, "\"\x1f\"", `{"\q":1}`, `["\x"]`} {
		end, err := Value([]byte(text), 0)
		require.NoError(t, err, "%q", text)
		assert.Equal(t, len(text), end)
		assert.False(t, json.Valid([]byte(text)), "%q is no example", text)
	}
}

func TestValueEndsWhereItEnds(t *testing.T) {
	for _, c := range []struct {
		text    string
		at, end int
	}{
		{`123,`, 0, 3}, {`01`, 0, 1}, {`1.5e3}`, 0, 5}, {`nullx`, 0, 4}, {`""""`, 2, 4}, {`[[],[]],1`, 0, 7}, {`x[1]y`, 1, 4},
		{`"a\"b"c"`, 0, 6}, {`"\\"",`, 0, 4}, {`-0-`, 0, 2}, {`{"a":{}}}`, 0, 8}, {`{"a":{}}}`, 5, 7},
	} {
		end, err := Value([]byte(c.text), c.at)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.end, end, c.text)
	}
}

func TestErrorOffsets(t *testing.T) {
	for _, c := range []struct {
		text      string
		offset    int
		truncated bool
	}{
		{``, 0, true}, {`x`, 0, false}, {`tru`, 3, true}, {`trux`, 3, false}, {`-`, 1, true}, {`-x`, 1, false}, {`1.`, 2, true}, {`1.x`, 2, false},
		{`1e+`, 3, true}, {`1e+x`, 3, false}, {`"abc`, 4, true}, {`"abc\"`, 6, true}, {`[1,2`, 4, true}, {`[1,2 x`, 5, false}, {`[1,]`, 3, false},
		{`{"a"`, 4, true}, {`{"a" x`, 5, false}, {`{"a":`, 5, true}, {`{"a":]`, 5, false}, {`{"a":1,}`, 7, false}, {`{"a":1]`, 6, false}, {`[1}`, 2, false},
		{`{a`, 1, false}, {`[[[nul`, 6, true}, {`[[[nux`, 5, false}, {`{"a`, 3, true}, {`[]`[:1], 1, true}, {"[ \n", 3, true},
	} {
		_, err := Value([]byte(c.text), 0)
		var e *Error
		require.ErrorAs(t, err, &e, c.text)
		assert.Equal(t, c.offset, e.Offset, "%q: %v", c.text, err)
		assert.Equal(t, c.truncated, e.Truncated, "%q: %v", c.text, err)
		assert.False(t, e.TooDeep)
	}
}

func TestMaxDepth(t *testing.T) {
	end, err := Value([]byte(nest(MaxDepth)), 0)
	require.NoError(t, err)
	assert.Equal(t, 2*MaxDepth, end)

	for _, text := range []string{nest(MaxDepth + 1), strings.Repeat("[", 1<<20), strings.Repeat(`{"":`, MaxDepth+1)} {
		_, err = Value([]byte(text), 0)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.TooDeep)
		assert.False(t, e.Truncated)
		step := len(text[:strings.IndexAny(text[1:], "[{]")+1])
		assert.Equal(t, MaxDepth*step, e.Offset)
	}
	// Siblings do not count as depth.
	_, err = Value([]byte("["+strings.Repeat("[],{},", MaxDepth)+"0]"), 0)
	assert.NoError(t, err)
}

// walk reads text with Members and Items all the way down and writes it anew without white space: the
// second reader of nested values, to be compared with encoding/json.
func walk(text []byte, at, depth int, out *bytes.Buffer) (int, error) {
	if at < len(text) && depth < 100 {
		switch text[at] {
		case '{':
			out.WriteByte('{')
			n := 0
			end, err := Members(text, at, func(key Span, value int) (int, error) {
				if n++; n > 1 {
					out.WriteByte(',')
				}
				out.Write(key.Of(text))
				out.WriteByte(':')
				return walk(text, value, depth+1, out)
			})
			out.WriteByte('}')
			return end, err
		case '[':
			out.WriteByte('[')
			n := 0
			end, err := Items(text, at, func(value int) (int, error) {
				if n++; n > 1 {
					out.WriteByte(',')
				}
				return walk(text, value, depth+1, out)
			})
			out.WriteByte(']')
			return end, err
		}
	}
	end, err := Value(text, at)
	if err == nil {
		out.Write(text[at:end])
	}
	return end, err
}

func TestMembersAndItemsAgainstEncodingJSON(t *testing.T) {
	for _, text := range texts {
		data := []byte(text)
		at := Space(data, 0)
		if at == len(data) || depthOf(data) > 100 {
			continue
		}
		var out bytes.Buffer
		end, err := walk(data, at, 0, &out)
		wantEnd, wantErr := Value(data, at)
		assert.Equal(t, wantErr == nil, err == nil, "%q: %v, %v", text, err, wantErr)
		assert.Equal(t, wantEnd, end, "%q", text)
		if err != nil {
			var e, want *Error
			require.ErrorAs(t, err, &e)
			require.ErrorAs(t, wantErr, &want)
			assert.Equal(t, want.Offset, e.Offset, "%q", text)
			assert.Equal(t, want.Truncated, e.Truncated, "%q", text)
		} else if json.Valid(data) {
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, data))
			assert.Equal(t, compact.String(), out.String())
		}
	}
}

func TestVisitErrorsComeBack(t *testing.T) {
	stop := &Error{Offset: 42}
	_, err := Members([]byte(`{"a":1}`), 0, func(Span, int) (int, error) { return 0, stop })
	assert.Same(t, stop, err)
	_, err = Items([]byte(`[1]`), 0, func(int) (int, error) { return 0, stop })
	assert.Same(t, stop, err)
}

func TestSpace(t *testing.T) {
	assert.Equal(t, 4, Space([]byte(" \t\n\rx"), 0))
	assert.Equal(t, 0, Space([]byte("\v"), 0), "not JSON's white space")
	assert.Equal(t, 2, Space([]byte("  "), 0))
	assert.Equal(t, 0, Space(nil, 0))
	assert.Equal(t, 5, Space([]byte("ab   c"), 2))
}

// strs are the insides of strings, valid by RFC 8259 as Go takes it: any bytes but control characters,
// any known escape. They are also the seeds of FuzzUnescape.
var strs = []string{
	``, `a`, `plain text`, `\"`, `\\`, `\/`, `\b\f\n\r\t`, `\\n`, `\\\n`, `a\/b`, `a\\`, `\\\\`,
	`\u0041`, `\u00e9`, `\u20AC`, `\u20ac`, `\u0000`, `\uFFFF`, `\ufffd`, `x\u0041y\u0042z`, `\u005c`, `\u0022`, `\u005cn`, `\\u0041`,
	// surrogates: pairs, alone, swapped, doubled, with text or another escape between
	`\ud83d\ude00`, `\uD83D\uDE00`, `a\ud83d\ude00b`, `\ud800\udc00`, `\udbff\udfff`, `\ud83d`, `\ude00`, `\ud83dx`, `x\ude00`,
	`\ude00\ud83d`, `\ud83d\ud83d\ude00`, `\ud83d\ud83d`, `\ud83d\u0041`, `\ud83d\n`, `\ud83d \ude00`, `\ud83d\\ude00`, `\ude00\ude00`, `\ud83d\ude00\ude00`,
	// not ASCII, not escaped
	`é`, `日本語`, `😀`, `é\n`, `\né`, `\u2028` + "\u2028", "\u00a0",
	// not UTF-8
	"\xff", "a\xffb", "\xff\xfe", "\xe9\xe8\xe0", "\xe2\x80", "\xe2\x80x", "\xc3\\u00a9", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\xaf", "\x80\x80\\n\x80", "\xff\\ud83d\xff",
}

// checkUnescape compares Unescape with encoding/json on a string (given with its quotes) that the latter takes.
func checkUnescape(t *testing.T, quoted []byte) {
	t.Helper()
	got := Unescape(quoted)
	require.True(t, utf8.ValidString(got), "%q", got)
	var want string
	if json.Unmarshal(quoted, &want) == nil {
		require.Equal(t, want, got, "%q", quoted)
	}

	// RawOffset is the way back: each byte of the text comes from the bytes between its own raw offset and the next one.
	require.Equal(t, len(quoted)-1, RawOffset(quoted, len(got)), "%q", quoted)
	require.Equal(t, len(quoted)-1, RawOffset(quoted, len(got)+7))
	before := 1
	for n := range len(got) {
		at := RawOffset(quoted, n)
		require.GreaterOrEqual(t, at, before, "byte %d of %q", n, quoted)
		require.Less(t, at, len(quoted)-1)
		before = at
		if n == 0 {
			require.Equal(t, 1, at)
		}
		// Cut the raw text at the start of a character: what stands before it must decode to what stood before it.
		if utf8.RuneStart(got[n]) && n > 0 {
			head := append(append([]byte{}, quoted[:at]...), '"')
			require.Equal(t, got[:n], Unescape(head), "byte %d of %q", n, quoted)
		}
	}
}

func TestUnescapeAgainstEncodingJSON(t *testing.T) {
	for _, inside := range strs {
		quoted := []byte(`"` + inside + `"`)
		require.True(t, json.Valid(quoted), "%q is no example", inside)
		checkUnescape(t, quoted)
		checkUnescape(t, []byte(`"`+inside+inside+`"`))
	}
	for _, a := range strs {
		for _, b := range strs {
			checkUnescape(t, []byte(`"`+a+`-`+b+`"`))
		}
	}
}

// TestUnescapeForgives: what is not JSON comes back as it is written.
func TestUnescapeForgives(t *testing.T) {
	for _, c := range []struct{ inside, want string }{
		{`\q`, `\q`}, {`\x41`, `\x41`}, {`\u12`, `\u12`}, {`\u12g4`, `\u12g4`}, {`\u`, `\u`}, {`\U0041`, `\U0041`}, {"a\nb", "a\nb"}, {"\x00", "\x00"},
		{`\ud83d\u12`, "\uFFFD" + `\u12`}, {`\ud83d\uzzzz`, "\uFFFD" + `\uzzzz`}, {`\q\n`, "\\q\n"}, {`\'`, `\'`}, {`\u+041`, `\u+041`}, {`\u 041`, `\u 041`},
	} {
		quoted := []byte(`"` + c.inside + `"`)
		assert.Equal(t, c.want, Unescape(quoted), "%q", c.inside)
		assert.False(t, json.Valid(quoted), "%q is no example", c.inside)
		checkUnescape(t, quoted)
	}
}

func TestRawOffset(t *testing.T) {
	for _, c := range []struct {
		inside string
		want   []int // for each byte of the unescaped text, and its end
	}{
		{``, []int{1}},
		{`abc`, []int{1, 2, 3, 4}},
		{`a\/b`, []int{1, 2, 4, 5}},
		{`\u0041B`, []int{1, 7, 8}},
		{`A\u0041\/A`, []int{1, 2, 8, 10, 11}},
		{`\u00e9x`, []int{1, 1, 7, 8}},
		{`éx`, []int{1, 2, 3, 4}},
		{`\ud83d\ude00x`, []int{1, 1, 1, 1, 13, 14}},
		{`\ud83dx`, []int{1, 1, 1, 7, 8}},
		{`\qx`, []int{1, 2, 3, 4}},
		{"\xffx", []int{1, 1, 1, 2, 3}}, // one bad byte becomes the three of U+FFFD
	} {
		quoted := []byte(`"` + c.inside + `"`)
		require.Len(t, c.want, len(Unescape(quoted))+1, c.inside)
		for n, want := range c.want {
			assert.Equal(t, want, RawOffset(quoted, n), "byte %d of %q", n, c.inside)
		}
	}
}

func FuzzUnescape(f *testing.F) {
	for _, inside := range strs {
		f.Add([]byte(inside))
	}
	for _, inside := range []string{`\q`, `\u12`, `\ud83d\u12`, "a\nb"} {
		f.Add([]byte(inside))
	}
	f.Fuzz(func(t *testing.T, inside []byte) {
		quoted := append(append([]byte{'"'}, inside...), '"')
		if end, err := String(quoted, 0); err != nil || end != len(quoted) || len(quoted) > 1024 { // the check takes the square of it
			t.Skip("not one string")
		}
		checkUnescape(t, quoted)
	})
}

// TestLinear: strings made of what could make the quote search look back again and again.
func TestLinear(t *testing.T) {
	for _, unit := range []string{`\\`, `\"`, `\\\"`, `\u005c`, `\`} {
		text := `"` + strings.Repeat(unit, 1<<20/len(unit))
		_, err := String([]byte(text), 0)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Truncated)
		assert.Equal(t, len(text), e.Offset)
		if unit == `\` {
			continue
		}
		end, err := String([]byte(text+`"`), 0)
		require.NoError(t, err)
		assert.Equal(t, len(text)+1, end)
	}
}
