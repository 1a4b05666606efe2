package sourcemap_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/mmap"
	"github.com/symbolicate/symbolicate/sourcemap"
)

// mappingAt is a mapping from numbers, as at writes them; shorter ones lack a source, or a name.
func mappingAt(numbers ...int32) sourcemap.Mapping {
	m := sourcemap.Mapping{Generated: sourcemap.Position{Line: numbers[0], Column: numbers[1]}, Source: -1, Name: -1}
	if len(numbers) > 2 {
		m.Source, m.Original = numbers[2], sourcemap.Position{Line: numbers[3], Column: numbers[4]}
	}
	if len(numbers) > 5 {
		m.Name = numbers[5]
	}
	return m
}

func TestBuilder(t *testing.T) {
	b := sourcemap.Builder{File: "out.js", DebugID: "85314830023F4CF1A267535F4E37BB17", SourceRoot: "root"}
	a, c := b.AddSource("a.ts"), b.AddSource("c.ts")
	assert.Equal(t, a, b.AddSource("a.ts"))
	null, other := b.AddNullSource(), b.AddNullSource()
	assert.NotEqual(t, null, other)
	n := b.AddName("n")
	assert.Equal(t, n, b.AddName("n"))
	odd := b.AddName("\xff\xfe")
	assert.Equal(t, odd, b.AddName("\uFFFD\uFFFD"))
	require.NoError(t, b.SetText(a, "first"))
	require.NoError(t, b.SetText(a, "text\n\xff"))
	require.NoError(t, b.SetText(null, ""))
	require.NoError(t, b.SetIgnored(c))
	assert.EqualError(t, b.SetText(9, ""), "sourcemap: build: there is no source 9")
	assert.Error(t, b.SetIgnored(-1))
	for _, m := range []sourcemap.Mapping{mappingAt(2, 0, c, 5, 6), mappingAt(0, 4), mappingAt(0, 0, a, 1, 2, n), mappingAt(2, 0, null, 0, 0, odd), mappingAt(0, 4, other, 0, 0)} {
		require.NoError(t, b.Add(m))
	}
	assert.Equal(t, 5, b.Len())
	m, err := b.Map()
	require.NoError(t, err)
	assert.Equal(t, `{"version":3,"file":"out.js","sourceRoot":"root/","sources":["a.ts","c.ts",null,null],"sourcesContent":["text\n`+"\uFFFD"+`",null,"",null],`+
		`"names":["n","`+"\uFFFD\uFFFD"+`"],"mappings":"AACEA,I,AGDF;;AFKM,ACLNC","ignoreList":[1],"debugId":"85314830-023f-4cf1-a267-535f4e37bb17"}`, string(encoded(t, m, nil)))
	requireRoundTrip(t, m)
	found, ok := m.Lookup(sourcemap.Position{Line: 2})
	assert.True(t, ok)
	assert.Equal(t, mappingAt(2, 0, c, 5, 6), found)
	assert.Greater(t, m.Size(), int64(0))
	requireSame(t, m, openFile(t, saved(t, m, nil)))

	// The builder is as new.
	assert.Zero(t, b.Len())
	m, err = b.Map()
	require.NoError(t, err)
	assert.Equal(t, `{"version":3,"sources":[],"names":[],"mappings":""}`, string(encoded(t, m, nil)))
	_, ok = m.SourceText(0)
	assert.False(t, ok)
	requireSame(t, m, openFile(t, saved(t, m, nil)))
}

func TestBuilderRefuses(t *testing.T) {
	var b sourcemap.Builder
	b.AddSource("a")
	b.AddName("n")
	for _, m := range []sourcemap.Mapping{
		mappingAt(-1, 0), mappingAt(0, -1), mappingAt(0, 0, 1, 0, 0), mappingAt(0, 0, -2, 0, 0), mappingAt(0, 0, 0, -1, 0), mappingAt(0, 0, 0, 0, -1),
		mappingAt(0, 0, 0, 0, 0, 1), mappingAt(0, 0, 0, 0, 0, -2), mappingAt(0, 0, -1, 0, 0, 0), mappingAt(math.MinInt32, math.MinInt32),
	} {
		assert.ErrorIs(t, b.Add(m), sourcemap.ErrMapping, "%+v", m)
	}
	assert.EqualError(t, b.Add(mappingAt(0, 0, 7, 0, 0)), "sourcemap: build: not a mapping of a map: mapping 0: there is no source 7")
	most := int32(math.MaxInt32)
	require.NoError(t, b.Add(mappingAt(3, most, 0, most, most, 0)))
	require.NoError(t, b.Add(mappingAt(3, 0, 0, 0, 0, 0)))
	m, err := b.Map()
	require.NoError(t, err)
	assert.Equal(t, [][]int32{{3, 0, 0, 0, 0, 0}, {3, most, 0, most, most, 0}}, allAt(m))
	requireRoundTrip(t, m)

	_, err = (&sourcemap.Builder{DebugID: "x\ny"}).Map()
	assert.EqualError(t, err, `sourcemap: build: debug id "x\ny" is not a UUID`)
	_, err = (&sourcemap.Builder{SourceRoot: strings.Repeat("x", sourcemap.MaxSourceRootBytes)}).Map()
	assert.ErrorIs(t, err, sourcemap.ErrLimit)
	_, err = (&sourcemap.Builder{SourceRoot: strings.Repeat("x", sourcemap.MaxSourceRootBytes-1)}).Map()
	assert.NoError(t, err)
}

// TestBuilderSorts: mappings in any order come out sorted, stably.
func TestBuilderSorts(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 432))
	for _, n := range []int{0, 1, 2, 63, 64, 65, 1023, 1024, 1025, 5000} {
		for _, disorder := range []int{0, 1, n} {
			var b sourcemap.Builder
			source := b.AddSource("a")
			list := make([]sourcemap.Mapping, n)
			for i := range list {
				list[i] = mappingAt(int32(i/50), int32(i%50/3), source, int32(i), 0)
			}
			for range disorder {
				if n > 0 {
					i, j := random.IntN(n), random.IntN(n)
					list[i], list[j] = list[j], list[i]
				}
			}
			for _, m := range list {
				require.NoError(t, b.Add(m))
			}
			m, err := b.Map()
			require.NoError(t, err)
			slices.SortStableFunc(list, func(a, b sourcemap.Mapping) int {
				return cmp.Or(cmp.Compare(a.Generated.Line, b.Generated.Line), cmp.Compare(a.Generated.Column, b.Generated.Column))
			})
			require.Equal(t, list, append([]sourcemap.Mapping{}, mappings(m)...), "%d, %d", n, disorder)
		}
	}
}

// TestBuilderDropped: a builder that never makes a map gives its memory back.
func TestBuilderDropped(t *testing.T) {
	before := mmap.Live()
	func() {
		var builders [8]sourcemap.Builder
		for k := range builders {
			b := &builders[k]
			source := b.AddSource("a")
			for i := range int32(200_000) {
				require.NoError(t, b.Add(mappingAt(i, i*7919&0xFFFF, source, i*31&0xFFFF, i*7&0xFFF)))
			}
		}
		require.Greater(t, mmap.Live(), before+8<<20)
		runtime.KeepAlive(&builders)
	}()
	assert.Eventually(t, func() bool {
		runtime.GC()
		return mmap.Live() <= before+1<<20
	}, 10*time.Second, 10*time.Millisecond)
}

func FuzzBuilder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "a", "n")
	f.Add([]byte("\x00\x00\x00\xff\xff\xff\x7f\x80\x01\x02\x03\x04"), "\xff", "")
	f.Fuzz(func(t *testing.T, data []byte, url, text string) {
		b := sourcemap.Builder{File: text, SourceRoot: text}
		next := func() int32 {
			if len(data) == 0 {
				return 0
			}
			v := int32(data[0])
			data = data[1:]
			switch v {
			case 0xFF:
				return math.MaxInt32
			case 0xFE:
				return -1
			case 0xFD:
				return math.MinInt32
			}
			return v & 15
		}
		var want []sourcemap.Mapping
		for len(data) > 0 {
			switch next() {
			case 0:
				b.AddSource(strings.Repeat(url, int(next()&3)))
			case 1:
				b.AddName(strings.Repeat(text, int(next()&3)))
			case 2:
				b.AddNullSource()
			case 3:
				_ = b.SetText(next(), text)
			case 4:
				_ = b.SetIgnored(next())
			default:
				// Lines stay few: each is a byte of the text.
				m := mappingAt(min(next(), 100), next(), next(), next(), next(), next())
				if b.Add(m) != nil {
					continue
				}
				if m.Source < 0 {
					m.Original = sourcemap.Position{}
				}
				want = append(want, m)
			}
		}
		m, err := b.Map()
		if err != nil {
			require.ErrorIs(t, err, sourcemap.ErrLimit)
			return
		}
		slices.SortStableFunc(want, func(a, b sourcemap.Mapping) int {
			return cmp.Or(cmp.Compare(a.Generated.Line, b.Generated.Line), cmp.Compare(a.Generated.Column, b.Generated.Column))
		})
		require.Equal(t, want, mappings(m))
		requireRoundTrip(t, m)
	})
}
