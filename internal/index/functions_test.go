package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/internal/le"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// randomTree makes functions that lie in one another at random; some have no name.
func randomTree(random *rand.Rand, n int) (tree []Function) {
	at := scopes.Position{}
	forward := func() scopes.Position {
		switch random.IntN(6) {
		case 0:
			at = scopes.Position{Line: at.Line + 1 + random.Int32N(2)}
		case 1, 2, 3:
			at.Column += random.Int32N(4)
		}
		return at
	}
	var make func(parent int32, depth int)
	make = func(parent int32, depth int) {
		for random.IntN(3) > 0 && len(tree) < n {
			number := int32(len(tree))
			f := Function{Start: forward(), Parent: parent}
			if random.IntN(3) > 0 {
				f.Name = fmt.Sprintf("f%d.é", random.IntN(20))
			}
			tree = append(tree, f)
			if depth < 20 {
				make(number, depth+1)
			}
			tree[number].End = forward()
		}
	}
	for len(tree) < n {
		make(-1, 0)
	}
	return tree
}

// functionAt is At, plainly: of all functions around the position the last one.
func functionAt(tree []Function, p scopes.Position) (name, in string) {
	inner := -1
	for i, f := range tree {
		if !p.Before(f.Start) && p.Before(f.End) {
			inner = i
		}
	}
	if inner < 0 {
		return "", ""
	}
	if tree[inner].Name != "" {
		return tree[inner].Name, ""
	}
	for up := tree[inner].Parent; up >= 0; up = tree[up].Parent {
		if tree[up].Name != "" {
			return "", tree[up].Name
		}
	}
	return "", ""
}

// functionsImage is the sample of all proposals, whose map has three sources, with functions of two of them and of the code.
func functionsImage(t testing.TB, trees FunctionTrees) []byte {
	t.Helper()
	image, err := open(proposalsImage(t))
	require.NoError(t, err)
	return withFunctions(t, image, nil, trees)
}

// withFunctions saves the image with functions.
func withFunctions(t testing.TB, image *Image, texts *SourceTexts, trees FunctionTrees) []byte {
	t.Helper()
	added, err := image.AddFunctions(trees)
	require.NoError(t, err)
	defer added.Free()
	require.NoError(t, added.Verify())
	var out file
	require.NoError(t, added.Save(&out, texts, 1))
	return out.data
}

func sampleFunctions() FunctionTrees {
	p := func(line, column int32) scopes.Position { return scopes.Position{Line: line, Column: column} }
	return FunctionTrees{
		{List: []Function{{p(0, 0), p(9, 0), -1, "a"}, {p(1, 0), p(2, 5), 0, ""}, {p(1, 2), p(1, 8), 1, "Cart.#row"}, {p(3, 0), p(4, 0), 0, "a"}}, FromMap: true},
		{}, {List: []Function{}, Lines: 7}, {Lines: 2, List: []Function{{p(0, 5), p(0, 900), -1, ""}, {p(0, 7), p(0, 20), 0, "get é.x"}}},
	}
}

func TestFunctions(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		trees := FunctionTrees{
			{List: randomTree(random, 1+random.IntN(200)), FromMap: random.IntN(2) > 0}, {}, {List: []Function{}, Lines: 3}, {List: randomTree(random, 50), Lines: 2},
		}
		image, _, err := openAll(functionsImage(t, trees))
		require.NoError(t, err)
		require.NoError(t, image.Verify())
		functions, ok := image.Functions()
		require.True(t, ok)
		require.Equal(t, 4, functions.NumTrees())
		for i, tree := range trees {
			end := scopes.Position{Line: 5}
			if n := len(tree.List); n > 0 {
				end = tree.List[n-1].End
			}
			require.Equal(t, tree.FromMap, functions.FromMap(i))
			for line := int32(-1); line <= end.Line+1; line++ {
				for column := int32(-1); column < 60; column++ {
					p := scopes.Position{Line: line, Column: column}
					name, in, read := functions.At(i, p)
					has := tree.List != nil && line >= 0 && (tree.Lines == 0 || line < tree.Lines)
					require.Equal(t, has, read)
					if !has {
						require.Empty(t, name+in)
						continue
					}
					wantName, wantIn := functionAt(tree.List, p)
					require.Equal(t, [2]string{wantName, wantIn}, [2]string{name, in}, "%v of %v", p, tree)
				}
			}
		}
		for _, i := range []int{-1, 4, 1 << 40} {
			_, _, read := functions.At(i, scopes.Position{})
			require.False(t, read)
			require.False(t, functions.FromMap(i))
		}
		var again file
		require.NoError(t, image.Save(&again, nil, 1))
		require.Equal(t, image.Bytes(), again.data)
	}
	plain, err := Open(proposalsImage(t), nil)
	require.NoError(t, err)
	_, ok := plain.Functions()
	require.False(t, ok)
}

// moreSections are the sections of an image that has all but those of texts and functions.
func moreSections(t testing.TB) parts {
	t.Helper()
	p := partsOf(t, proposalsImage(t))
	sample := partsOf(t, sampleImage(t))
	for _, kind := range []Kind{KindStrings, KindNames, KindSources, KindSourceInfo, KindProblems, KindProblemOffsets} {
		p[kind] = sample[kind]
	}
	p[KindReactNative] = sample[KindNames]
	return p
}

func moreSectionsImage(t testing.TB) []byte {
	t.Helper()
	image, err := open(moreSections(t).image())
	require.NoError(t, err)
	return withFunctions(t, image, textsOf(sampleTexts[:3]), sampleFunctions())
}

// TestMoreSections: of more sections than the head has room for the last ones stand in a section of their own.
func TestMoreSections(t *testing.T) {
	p := moreSections(t)
	data := moreSectionsImage(t)
	whole, err := Open(data, nil)
	require.NoError(t, err)
	require.NoError(t, whole.Verify())
	require.Equal(t, maxSections, int(le.Load32(data, 24)))
	require.Positive(t, whole.Size(KindMore))
	for kind := KindInfo; kind < KindMore; kind++ {
		switch kind {
		case KindTextLines:
		case KindTextSpans:
			assert.Zero(t, whole.Size(kind))
		case KindFunctions, KindFunctionNames, KindTextData, KindTexts, KindTextGroups:
			assert.Positive(t, whole.Size(kind), "%d", kind)
		default:
			assert.Equal(t, p[kind], whole.sections[kind], "%d", kind)
		}
	}
	functions, ok := whole.Functions()
	require.True(t, ok)
	name, _, _ := functions.At(0, scopes.Position{Line: 1, Column: 5})
	assert.Equal(t, "Cart.#row", name)
	var again file
	require.NoError(t, whole.Save(&again, nil, 1))
	second, err := Open(again.data, nil)
	require.NoError(t, err)
	require.NoError(t, second.Verify())
	assert.Equal(t, whole.sections[KindFunctionNames], second.sections[KindFunctionNames])

	// Its entries are looked at as those of the head.
	at := whole.starts[KindMore]
	for name, change := range map[string]func(data []byte){
		"outside":     func(data []byte) { le.Store64(data, at+8, 1<<40) },
		"in the head": func(data []byte) { le.Store64(data, at+8, 64) },
		"longer":      func(data []byte) { le.Store64(data, at+16, 1<<40) },
		"crooked":     func(data []byte) { le.Store64(data, at+8, le.Load64(data, at+8)+1) },
		"many": func(data []byte) {
			for i := range maxSections {
				if entry := headerSize + i*entrySize; Kind(le.Load32(data, entry)) == KindMore {
					le.Store64(data, entry+16, (kinds+1)*entrySize)
					le.Store64(data, entry+8, HeadSize)
				}
			}
		},
	} {
		data := slices.Clone(data)
		change(data)
		if name != "many" { // whose head is looked at first
			_, err = Open(data, nil)
			assert.ErrorIs(t, err, ErrDamaged, "%s, not mended", name)
		}
		mend(data)
		_, err = Open(data, nil)
		assert.ErrorIs(t, err, ErrDamaged, name)
	}
	unknown := slices.Clone(data)
	le.Store32(unknown, at, 1000)
	mend(unknown)
	_, err = Open(unknown, nil)
	assert.NoError(t, err)
}

// hostileFunctions are images whose functions contradict themselves; a row is a number of the table, behind the head and four trees.
var hostileFunctions = []struct {
	name   string
	change func(p parts)
}{
	{"too short", func(p parts) { p[KindFunctions] = p[KindFunctions][:12] }},
	{"a row too few", func(p parts) { p[KindFunctions] = p[KindFunctions][:len(p[KindFunctions])-functionSize] }},
	{"half a row", func(p parts) { p[KindFunctions] = p[KindFunctions][:len(p[KindFunctions])-4] }},
	{"counts that wrap", func(p parts) { le.Store32(p[KindFunctions], 0, 1<<31); le.Store32(p[KindFunctions], 4, 1<<31) }},
	{"no names", func(p parts) { delete(p, KindFunctionNames) }},
	{"a name too many", func(p parts) { setFunction(p, 2, 5, 99) }},
	{"the largest name", func(p parts) { setFunction(p, 2, 5, 1<<32-1) }},
	{"its own parent", func(p parts) { setFunction(p, 2, 4, 3) }},
	{"a parent behind it", func(p parts) { setFunction(p, 0, 4, 4) }},
	{"out of order", func(p parts) { setFunction(p, 2, 0, 0) }},
	{"ends before it starts", func(p parts) { setFunction(p, 1, 2, 0) }},
	{"a negative line", func(p parts) { setFunction(p, 0, 0, 1<<31) }},
	{"a negative column", func(p parts) { setFunction(p, 0, 1, 1<<31) }},
	{"a tree that is too long", func(p parts) { le.Store32(p[KindFunctions], functionsHead+4, 7) }},
	{"a tree of another", func(p parts) { le.Store32(p[KindFunctions], functionsHead+3*functionTree, 1) }},
	{"functions of nobody", func(p parts) { le.Store32(p[KindFunctions], functionsHead+3*functionTree, 0) }},
	{"another number of sources", func(p parts) { le.Store32(p[KindInfo], 16, 4) }},
	{"too deep", func(p parts) {
		const n = 2 * MaxFunctionDepth
		rows := u32(4, n, 0, 0, 1, n, 0, 0, 0, 0, 0, 0)
		for i := range uint32(n) {
			rows = append(rows, u32(0, i, 100, 0, i, 0)...)
		}
		p[KindFunctions] = rows
	}},
}

// setFunction changes number k of a row.
func setFunction(p parts, row, k int, value uint32) {
	le.Store32(p[KindFunctions], functionsHead+4*functionTree+row*functionSize+4*k, value)
}

// askFunctions asks for all there is.
func askFunctions(image *Image) string {
	var out strings.Builder
	if t, ok := image.Functions(); ok {
		for tree := range min(t.NumTrees(), 10) {
			for _, line := range []int32{-1, 0, 1, 2, 3, 100} {
				for _, column := range []int32{-1, 0, 3, 8, 5000} {
					name, in, ok := t.At(tree, scopes.Position{Line: line, Column: column})
					fmt.Fprintln(&out, name, in, ok)
				}
			}
		}
	}
	return out.String()
}

func TestHostileFunctions(t *testing.T) {
	sample := functionsImage(t, sampleFunctions())
	for _, c := range hostileFunctions {
		t.Run(c.name, func(t *testing.T) {
			p := partsOf(t, sample)
			c.change(p)
			data, done := guard(p.image())
			defer done()
			before := allocated()
			image, _, err := openAll(data)
			require.NoError(t, err)
			askFunctions(image)
			var out file
			_ = image.Save(&out, nil, 1)
			assert.ErrorIs(t, image.Verify(), ErrDamaged)
			fresh, _, err := openAll(data)
			require.NoError(t, err)
			assert.ErrorIs(t, fresh.Verify(), ErrDamaged, "without questions before")
			assert.Less(t, allocated()-before, uint64(16<<20), "bytes allocated")
		})
	}
}

// TestDamagedFunctions changes every byte of the two sections: with its checksum Verify tells, and answers are those of the undamaged
// image or none. With the checksum mended nothing breaks.
func TestDamagedFunctions(t *testing.T) {
	trees := sampleFunctions()
	trees[2].List = randomTree(rand.New(rand.NewPCG(4, 4)), 400) // so that there are several pieces with a checksum each
	sample := functionsImage(t, trees)
	good, _, err := openAll(sample)
	require.NoError(t, err)
	require.NoError(t, good.Verify())
	require.Equal(t, 1, strings.Count(askFunctions(good), "Cart.#row"))
	want := strings.Split(askFunctions(good), "\n")
	asked := 0
	for _, kind := range []Kind{KindFunctions, KindFunctionNames} {
		for i := range good.sections[kind] {
			data, done := guard(sample)
			data[good.starts[kind]+i] ^= byte(1 << (i % 8))
			if image, _, err := openAll(data); err == nil { // Info lies in another piece
				asked++
				for n, line := range strings.Split(askFunctions(image), "\n") {
					require.True(t, line == "  false" || line == want[n], line)
				}
				require.ErrorIs(t, image.Verify(), ErrDamaged)
			}
			mend(data)
			image, _, err := openAll(data)
			require.NoError(t, err)
			askFunctions(image)
			if err := image.Verify(); err != nil {
				require.ErrorIs(t, err, ErrDamaged)
			}
			done()
		}
	}
	assert.Greater(t, asked, 5_000)
}
