package sourcemap_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// scopesRecord is a Decoded Source Map Record with what the Scopes and the debug id proposal add to it.
type scopesRecord struct {
	File     *string         `json:"file"`
	Sources  []scopesSource  `json:"sources"`
	Mappings []recordMapping `json:"mappings"`
	Ranges   []rangeRecord   `json:"ranges"`
	DebugID  *string         `json:"debugId"`
}

type scopesSource struct {
	recordSource
	Scope *scopeRecord `json:"scope"`
}

type scopeRecord struct {
	Start        recordPosition `json:"start"`
	End          recordPosition `json:"end"`
	Name         *string        `json:"name"`
	Kind         *string        `json:"kind"`
	IsStackFrame bool           `json:"isStackFrame"`
	Variables    []string       `json:"variables"`
	Children     []*scopeRecord `json:"children"`
}

type rangeRecord struct {
	Start           recordPosition    `json:"start"`
	End             recordPosition    `json:"end"`
	DefinitionIndex *int              `json:"definitionIndex"`
	StackFrameType  string            `json:"stackFrameType"`
	Bindings        [][]bindingRecord `json:"bindings"`
	CallSite        *recordOriginal   `json:"callSite"`
	Children        []*rangeRecord    `json:"children"`
}

type bindingRecord struct {
	From    recordPosition `json:"from"`
	Binding *string        `json:"binding"`
}

// scopesRecordOf writes our map in the terms of the proposals' goldens.
func scopesRecordOf(m *sourcemap.Map) *scopesRecord {
	plain := recordOf(m)
	r := &scopesRecord{File: plain.File, Sources: []scopesSource{}, Mappings: plain.Mappings, Ranges: []rangeRecord{}}
	if id := m.DebugID(); id != "" {
		r.DebugID = &id
	}
	position := func(p sourcemap.Position) recordPosition { return recordPosition(p) }
	name := func(i int32) *string {
		if i < 0 {
			return nil
		}
		text := m.Name(int(i))
		return &text
	}
	for i, source := range plain.Sources {
		scopes := map[int]*scopeRecord{}
		entry := scopesSource{recordSource: source}
		for s := range m.Scopes(i) {
			record := &scopeRecord{Start: position(s.Start), End: position(s.End), Name: name(s.Name), Kind: name(s.Kind), IsStackFrame: s.StackFrame,
				Variables: []string{}, Children: []*scopeRecord{}}
			for _, v := range s.Variables {
				record.Variables = append(record.Variables, m.Name(int(v)))
			}
			scopes[s.Number] = record
			if s.Parent < 0 {
				entry.Scope = record
			} else {
				scopes[s.Parent].Children = append(scopes[s.Parent].Children, record)
			}
		}
		r.Sources = append(r.Sources, entry)
	}
	var ranges, roots []*rangeRecord
	for g := range m.Ranges() {
		record := &rangeRecord{Start: position(g.Start), End: position(g.End), StackFrameType: string(g.Frame), Bindings: [][]bindingRecord{}, Children: []*rangeRecord{}}
		if g.Definition >= 0 {
			record.DefinitionIndex = &g.Definition
		}
		if g.CallSource >= 0 {
			record.CallSite = &recordOriginal{&g.CallSource, g.CallSite.Line, g.CallSite.Column}
		}
		for _, list := range g.Bindings {
			var bindings []bindingRecord
			for _, b := range list {
				bindings = append(bindings, bindingRecord{position(b.From), name(b.Name)})
			}
			record.Bindings = append(record.Bindings, bindings)
		}
		if ranges = append(ranges, record); g.Parent < 0 {
			roots = append(roots, record)
		} else {
			ranges[g.Parent].Children = append(ranges[g.Parent].Children, record)
		}
	}
	for _, root := range roots {
		r.Ranges = append(r.Ranges, *root)
	}
	return r
}

// TestDecodingGoldens compares whole records with the goldens of the scopes and debug id proposals.
func TestDecodingGoldens(t *testing.T) {
	dir := needTC39(t)
	paths, err := filepath.Glob(filepath.Join(dir, "decoding", "*", "*.map"))
	require.NoError(t, err)
	assert.Len(t, paths, 8+4)
	// The two indexed maps, and the golden of one of them, have a comma too many, which is not JSON: it is taken out.
	trailingComma := regexp.MustCompile(`,(\s*[}\]])`)
	repaired := func(path string) []byte {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		return trailingComma.ReplaceAll(data, []byte("$1"))
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var want scopesRecord
			decoder := json.NewDecoder(strings.NewReader(string(repaired(path + ".golden"))))
			decoder.DisallowUnknownFields()
			require.NoError(t, decoder.Decode(&want))
			if want.Ranges == nil {
				want.Ranges = []rangeRecord{} // the goldens of debug ids leave them out
			}
			m, err := sourcemap.Parse(repaired(path), nil)
			require.NoError(t, err)
			assert.Equal(t, &want, scopesRecordOf(m))
			assert.Equal(t, &want, scopesRecordOf(reopened(t, m)), "saved")
			_, err = os.Stat(strings.TrimSuffix(path, ".map") + ".error")
			wrong := err == nil
			assert.Equal(t, wrong, len(kinds(m)) > 0, "%v", kinds(m))
			_, err = sourcemap.Parse(repaired(path), &sourcemap.Options{Strict: true})
			assert.Equal(t, wrong, err != nil, "strict: %v", err)
		})
	}
}

// withScopes is a map of two sources and three names with the scopes.
func withScopes(scopes string) string {
	return regular(`"sources":["a","b"],"names":["x","y","z"],"scopes":"`+scopes+`",`, "")
}

// scopeCases are texts of scopes with a mark before each fault: how many scopes and ranges are taken. broken: the mark is where the
// grammar ends, and nothing is taken.
var scopeCases = []struct {
	name, text     string
	scopes, ranges int
	broken         bool
}{
	{"nothing", "", 0, 0, false},
	{"a scope", "BAAA,CAA", 1, 0, false},
	{"two sources", "BAAA,CAA,BAAA,CAA", 2, 0, false},
	{"unknown items", "BAAA,J,CAA,KB,EAA,LggA,gA,FA,J", 1, 1, false}, // a tag is known by its digit: padded with zeros it is another
	{"vendor items", "BAAA,/A,/BCD,CAA,/A", 1, 0, false},
	{"an escape", "BAA\\u0041,CAA", 1, 0, false},
	{"unknown flags", "BgBAA,CAA,EgBA,FA", 1, 1, false},
	{"all of a range", "BCAAA,DAC,CKA,EPCAA,GAB,HABACAAB,FA", 1, 1, false},
	{"all of an inlined range", "BGAAA,DAC,CKA,ECAA,GAB,IBCD,EAA,FB,FC", 1, 2, false},
	{"zeros in front", "BAAgggA,CAA", 1, 0, false},

	{"more sources than there are", "A,A,¦A,BAAA,CAA", 1, 0, false},
	{"an empty item, as earlier drafts had it", "¦,BAAA,CAA", 1, 0, false},
	{"an empty item inside", "BAAA,¦,CAA", 1, 0, false},
	{"a comma at the end", "BAAA,CAA¦,", 1, 0, false},
	{"more values than an item has", "BAAA¦A,CAA¦AA,EAA¦B,FAA¦A", 1, 1, false},
	{"no such name", "¦BBAAG,CAA,BAAA,¦DD,CAA", 2, 0, false},
	{"a name below 0", "¦BDAADA,CAA", 1, 0, false},
	{"variables twice", "BAAA,DA,¦DC,CAA", 1, 0, false},
	{"variables behind a child", "BAAA,BAAA,CAA,¦DA,CAA", 2, 0, false},
	{"original scopes behind ranges", "EAA,FA,¦BAAA,CAA", 1, 1, false},
	{"no such definition", "¦ECAA,FA", 0, 1, false},
	{"hidden, but no function", "¦EIA,FA", 0, 1, false},
	{"more bindings than variables", "BAAA,CAA,ECAA,GA,¦FA", 1, 1, false},
	{"bindings twice", "BAAA,DA,CAA,ECAA,GA,¦GA,FA", 1, 1, false},
	{"bindings behind a call site", "BEAA,DA,CAA,ECAA,IAAA,¦GA,FA", 1, 1, false},
	{"no such binding", "BAAA,DA,CAA,ECAA,GA,¦HBAAA,FA", 1, 1, false},
	{"no such expression", "BAAA,DA,CAA,ECAA,¦GE,¦HAAAE,FA", 1, 1, false},
	{"a call site of no function", "BAAA,CAA,ECAA,IAAA,¦FA", 1, 1, false},
	{"a call site of a function that is there", "BEAA,CAA,EGAA,IAAA,¦FA", 1, 1, false},
	{"a call site in no source", "BEAA,CAA,ECAA,¦ICAA,FA", 1, 1, false},
	{"a second call site", "BEAA,CAA,ECAA,IAAA,¦IBAA,FA", 1, 1, false},
	{"a call site behind a child", "BEAA,CAA,ECAA,EAA,FA,¦IAAA,FA", 1, 2, false},

	{"a scope that does not end", "BAAA¦", 0, 0, true},
	{"a range that does not end", "EAA,EAA,FA¦", 0, 0, true},
	{"an end of nothing", "¦CAA", 0, 0, true},
	{"variables of nothing", "BAAA,CAA,¦DA", 0, 0, true},
	{"a range's end of nothing", "¦FA", 0, 0, true},
	{"bindings of nothing", "¦GA", 0, 0, true},
	{"a range inside a scope", "BAAA,¦EAA,FA,CAA", 0, 0, true},
	{"a scope inside a range", "EAA,¦BAAA,CAA,FA", 0, 0, true},
	{"the end of a range inside a scope", "BAAA,¦FA,CAA", 0, 0, true},
	{"no scopes inside a scope", "BAAA,¦A,CAA", 0, 0, true},
	{"too few values", "BAA¦,CAA", 0, 0, true},
	{"no variables", "BAAA,D¦,CAA", 0, 0, true},
	{"no bindings", "EAA,G¦,FA", 0, 0, true},
	{"half a binding", "EAA,¦HAAA¦,FA", 0, 0, true},
	{"a bad digit", "BAA¦!,CAA", 0, 0, true},
	{"a bad digit in an unknown item", "JAA¦;,A", 0, 0, true},
	{"a bad tag", "A,¦é", 0, 0, true},
	{"an unfinished value", "BAAg¦", 0, 0, true},
	{"a value of 2³²", "BAA//////¦H,CAA", 0, 0, true},
	{"a line of 2³¹", "¦BAggggggCA,CAA", 0, 0, true},
	{"lines of 2³¹ in all", "BA+/////BA,¦CCA", 0, 0, true},
	{"a call site at 2³¹", "EAA,¦IAggggggCA,FA", 0, 0, true},
}

func TestScopeFaults(t *testing.T) {
	for _, c := range scopeCases {
		t.Run(c.name, func(t *testing.T) {
			data, offsets := unmark(withScopes(c.text))
			m, err := sourcemap.Parse(data, nil)
			require.NoError(t, err)
			problems, _ := m.Problems()
			var at []int64
			for _, p := range problems {
				want := sourcemap.ProblemScopesItem
				if c.broken && p.Offset == offsets[len(offsets)-1] {
					want = sourcemap.ProblemScopes
				}
				if len(at) < len(offsets) {
					assert.Equal(t, want, p.Kind, "%v", p)
				}
				assert.NotContains(t, p.Detail, "%")
				at = append(at, p.Offset)
			}
			assert.Equal(t, offsets, at, "%v", problems)
			for _, m := range []*sourcemap.Map{m, reopened(t, m)} {
				assert.Equal(t, c.scopes, m.NumScopes())
				assert.Equal(t, c.ranges, m.NumRanges())
				assert.Equal(t, c.scopes+c.ranges > 0, m.HasScopes())
			}
			_, err = sourcemap.Parse(data, &sourcemap.Options{Strict: true})
			assert.Equal(t, len(offsets) > 0, err != nil, "strict: %v", err)
		})
	}
}

// TestGoldenProposals: a saved index has what the two proposals say, as its map has.
func TestGoldenProposals(t *testing.T) {
	m := openFile(t, goldenFolder+"/proposals.map")
	golden := openFile(t, goldenFolder+"/proposals.symidx")
	require.Equal(t, []sourcemap.ProblemKind(nil), kinds(m))
	assert.Equal(t, []int{1, 2, 4}, markedOf(golden))
	assert.Equal(t, scopesRecordOf(m), scopesRecordOf(golden))
	assert.Equal(t, 3, golden.NumScopes())
	assert.Equal(t, 3, golden.NumRanges())
	require.NoError(t, golden.Err())
}

// scopesEncoder writes the scopes field, plainly.
type scopesEncoder struct {
	names                            []string
	items                            []string
	at                               recordPosition
	name, kind, variable, definition int
}

func (e *scopesEncoder) move(p recordPosition) (line, column int) {
	line, column = int(p.Line-e.at.Line), int(p.Column)
	if line == 0 {
		column -= int(e.at.Column)
	}
	e.at = p
	return line, column
}

func (e *scopesEncoder) relative(name string, last *int) string {
	i := slices.Index(e.names, name)
	text := vlq(i - *last)
	*last = i
	return text
}

func (e *scopesEncoder) add(item string) { e.items = append(e.items, item) }

func (e *scopesEncoder) scope(s *scopeRecord) {
	line, column := e.move(s.Start)
	flags, rest := 0, unsigned(line)+unsigned(column)
	if s.Name != nil {
		flags |= 1
		rest += e.relative(*s.Name, &e.name)
	}
	if s.Kind != nil {
		flags |= 2
		rest += e.relative(*s.Kind, &e.kind)
	}
	if s.IsStackFrame {
		flags |= 4
	}
	e.add("B" + unsigned(flags) + rest)
	if len(s.Variables) > 0 {
		item := "D"
		for _, v := range s.Variables {
			item += e.relative(v, &e.variable)
		}
		e.add(item)
	}
	for _, child := range s.Children {
		e.scope(child)
	}
	line, column = e.move(s.End)
	e.add("C" + unsigned(line) + unsigned(column))
}

func (e *scopesEncoder) expression(name *string) string {
	if name == nil {
		return "A"
	}
	return unsigned(slices.Index(e.names, *name) + 1)
}

func (e *scopesEncoder) ranges(r *rangeRecord) {
	line, column := e.move(r.Start)
	flags, rest := 0, ""
	if line > 0 {
		flags, rest = 1, unsigned(line)
	}
	rest += unsigned(column)
	if r.DefinitionIndex != nil {
		flags |= 2
		rest += vlq(*r.DefinitionIndex - e.definition)
		e.definition = *r.DefinitionIndex
	}
	switch r.StackFrameType {
	case "original":
		flags |= 4
	case "hidden":
		flags |= 12
	}
	e.add("E" + unsigned(flags) + rest)
	if len(r.Bindings) > 0 {
		item := "G"
		for _, list := range r.Bindings {
			item += e.expression(list[0].Binding)
		}
		e.add(item)
	}
	if r.CallSite != nil {
		e.add("I" + unsigned(int(*r.CallSite.Source)) + unsigned(int(r.CallSite.Line)) + unsigned(int(r.CallSite.Column)))
	}
	outer := e.at
	for i, list := range r.Bindings {
		if len(list) > 1 {
			e.at = r.Start
			item := "H" + unsigned(i)
			for _, b := range list[1:] {
				line, column := e.move(b.From)
				item += unsigned(line) + unsigned(column) + e.expression(b.Binding)
			}
			e.add(item)
		}
	}
	e.at = outer
	for _, child := range r.Children {
		e.ranges(child)
	}
	line, column = e.move(r.End)
	item := "F"
	if line > 0 {
		item += unsigned(line)
	}
	e.add(item + unsigned(column))
}

// encodeScopes writes the scopes of a record.
func encodeScopes(r *scopesRecord, names []string) string {
	e := &scopesEncoder{names: names}
	for _, s := range r.Sources {
		if e.at = (recordPosition{}); s.Scope == nil {
			e.add("A")
		} else {
			e.scope(s.Scope)
		}
	}
	e.at = recordPosition{}
	for i := range r.Ranges {
		e.ranges(&r.Ranges[i])
	}
	return strings.Join(e.items, ",")
}

// randomScopes makes a record of scopes and ranges.
type randomScopes struct {
	*rand.Rand
	names []string
	at    recordPosition
	flat  []*scopeRecord
	left  int
	small bool // all within a few lines and columns
}

func (r *randomScopes) step() recordPosition {
	if r.small {
		if r.IntN(5) == 0 {
			r.at = recordPosition{r.at.Line + 1, int32(r.IntN(6))}
		} else {
			r.at.Column += int32(r.IntN(4))
		}
		return r.at
	}
	if r.IntN(3) == 0 {
		r.at = recordPosition{r.at.Line + 1 + int32(r.IntN(40)), int32(r.IntN(2000))}
	} else {
		r.at.Column += int32(r.IntN(50))
	}
	return r.at
}

func (r *randomScopes) name() *string {
	if r.IntN(3) == 0 {
		return nil
	}
	return &r.names[r.IntN(len(r.names))]
}

func (r *randomScopes) scope() *scopeRecord {
	s := &scopeRecord{Start: r.step(), Name: r.name(), Kind: r.name(), IsStackFrame: r.IntN(2) == 0, Variables: []string{}, Children: []*scopeRecord{}}
	r.flat = append(r.flat, s)
	for range r.IntN(4) {
		s.Variables = append(s.Variables, r.names[r.IntN(len(r.names))])
	}
	for r.left--; r.left > 0 && r.IntN(3) > 0; {
		s.Children = append(s.Children, r.scope())
	}
	s.End = r.step()
	return s
}

func (r *randomScopes) ranges(sources int) *rangeRecord {
	g := &rangeRecord{Start: r.step(), StackFrameType: []string{"none", "original", "hidden"}[r.IntN(3)], Bindings: [][]bindingRecord{}, Children: []*rangeRecord{}}
	if n := len(r.flat); n > 0 && r.IntN(4) > 0 {
		i := r.IntN(n)
		g.DefinitionIndex = &i
		if r.flat[i].IsStackFrame && g.StackFrameType == "none" && r.IntN(2) == 0 {
			source := int32(r.IntN(sources))
			g.CallSite = &recordOriginal{&source, int32(r.IntN(100)), int32(r.IntN(100))}
		}
		if r.IntN(2) == 0 {
			for range r.flat[i].Variables {
				list := []bindingRecord{{g.Start, r.name()}}
				before := r.at
				for r.IntN(3) == 0 {
					list = append(list, bindingRecord{r.step(), r.name()})
				}
				r.at = before
				g.Bindings = append(g.Bindings, list)
			}
		}
	}
	for r.left--; r.left > 0 && r.IntN(3) > 0; {
		g.Children = append(g.Children, r.ranges(sources))
	}
	g.End = r.step()
	return g
}

func randomRecord(r *rand.Rand, names []string) *scopesRecord {
	return randomRecordOf(r, 1+r.IntN(4), names)
}

func randomRecordOf(r *rand.Rand, sources int, names []string) *scopesRecord {
	return (&randomScopes{Rand: r, names: names}).record(sources)
}

func (s *randomScopes) record(sources int) *scopesRecord {
	r := s.Rand
	file := "f"
	record := &scopesRecord{File: &file, Sources: []scopesSource{}, Mappings: []recordMapping{}, Ranges: []rangeRecord{}}
	for i := range sources {
		url := fmt.Sprint("source", i)
		source := scopesSource{recordSource: recordSource{URL: &url}}
		if s.at, s.left = (recordPosition{}), 1+r.IntN(60); r.IntN(4) > 0 {
			source.Scope = s.scope()
		}
		record.Sources = append(record.Sources, source)
	}
	s.at = recordPosition{}
	for range r.IntN(5) {
		s.left = 1 + r.IntN(60)
		record.Ranges = append(record.Ranges, *s.ranges(len(record.Sources)))
	}
	return record
}

// scopesFor are small random scopes for a map with so many sources and names.
func scopesFor(r *rand.Rand, sources, names int) string {
	var numbered []string
	for i := range names {
		numbered = append(numbered, fmt.Sprint(i))
	}
	record := (&randomScopes{Rand: r, names: numbered, small: true}).record(max(sources, 1))
	record.Sources = record.Sources[:sources]
	return encodeScopes(record, numbered)
}

// mapOfRecord writes a map with the scopes of the record.
func mapOfRecord(r *scopesRecord, names []string) string {
	var sources []string
	for _, s := range r.Sources {
		sources = append(sources, *s.URL)
	}
	quote := func(v any) string { text, _ := json.Marshal(v); return string(text) }
	return fmt.Sprintf(`{"version":3,"file":"f","sources":%s,"names":%s,"mappings":"","scopes":%s}`, quote(sources), quote(names), quote(encodeScopes(r, names)))
}

var someNames = []string{"f", "g", "h", "function", "block", "a.b", "", "(() => 1)()", "ä"}

// TestScopesRoundTrip: random scopes, encoded plainly, come back equal: from the map, from a saved index, and from a
// section of an indexed map.
func TestScopesRoundTrip(t *testing.T) {
	for seed := range uint64(400) {
		want := randomRecord(rand.New(rand.NewPCG(seed, 1)), someNames)
		text := mapOfRecord(want, someNames)
		m := parseClean(t, text)
		require.Equal(t, want, scopesRecordOf(m), "seed %d: %s", seed, text)
		require.Equal(t, want, scopesRecordOf(reopened(t, m)), "seed %d, saved", seed)
		whole := parseClean(t, indexed(section(0, 0, text)))
		want.File = nil
		require.Equal(t, want, scopesRecordOf(whole), "seed %d, in a section", seed)
		checkScopes(t, m, 100)
	}
}

// TestScopesOfSections: scopes of sections are joined, each at its section's place.
func TestScopesOfSections(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		first, second := randomRecord(r, someNames), randomRecord(r, someNames)
		for i := range second.Sources {
			url := "other " + *second.Sources[i].URL
			second.Sources[i].URL = &url
		}
		names := []string{"p", "q"}
		names = append(names, someNames...) // other numbers for the same names
		line, column := 10_000+r.IntN(100), r.IntN(100)
		m := parseClean(t, indexed(section(0, 7, mapOfRecord(first, someNames)), section(line, column, mapOfRecord(second, names))))
		scopes := 0
		for _, s := range first.Sources {
			scopes += countScopes(s.Scope)
		}
		for i := range first.Ranges {
			shiftRange(&first.Ranges[i], 0, 7, 0, 0)
		}
		for i := range second.Ranges {
			shiftRange(&second.Ranges[i], int32(line), int32(column), scopes, int32(len(first.Sources)))
		}
		want := first
		want.File, want.Sources, want.Ranges = nil, append(first.Sources, second.Sources...), append(first.Ranges, second.Ranges...)
		require.Equal(t, want, scopesRecordOf(m), "seed %d", seed)
		require.Equal(t, want, scopesRecordOf(reopened(t, m)), "seed %d, saved", seed)
		checkScopes(t, m, 100)
	}
}

func countScopes(s *scopeRecord) (n int) {
	if s != nil {
		n = 1
		for _, child := range s.Children {
			n += countScopes(child)
		}
	}
	return n
}

// shiftRange puts a range where its section is.
func shiftRange(r *rangeRecord, line, column int32, scopes int, sources int32) {
	move := func(p *recordPosition) {
		if p.Line == 0 {
			p.Column += column
		}
		p.Line += line
	}
	move(&r.Start)
	move(&r.End)
	for _, list := range r.Bindings {
		for i := range list {
			move(&list[i].From)
		}
	}
	if r.DefinitionIndex != nil {
		*r.DefinitionIndex += scopes
	}
	if r.CallSite != nil {
		*r.CallSite.Source += sources
	}
	for _, child := range r.Children {
		shiftRange(child, line, column, scopes, sources)
	}
}

// TestScopesOfSectionsOutOfOrder: ranges are found all the same; a source that two sections have keeps the scopes of the first; what a
// section's offset puts out of range is left out.
func TestScopesOfSectionsOutOfOrder(t *testing.T) {
	one := `{"version":3,"sources":["a"],"names":["f"],"mappings":"","scopes":"BFAAA,CJA,EGAA,FK"}`
	m := parse(t, indexed(section(5, 0, one), section(2, 3, one), section(9, 0, one)))
	assert.Equal(t, 3, m.NumScopes())
	for _, c := range []struct{ line, column, definition int32 }{{5, 0, 0}, {5, 9, 0}, {5, 10, -1}, {2, 2, -1}, {2, 3, 1}, {2, 12, 1}, {2, 13, -1}, {9, 1, 2}, {8, 0, -1}} {
		definition := int32(-1)
		if list := m.RangesAt(sourcemap.Position{Line: c.line, Column: c.column}); len(list) > 0 {
			definition = int32(list[0].Definition)
		}
		assert.Equal(t, c.definition, definition, "%+v", c)
	}
	var numbers []int
	for s := range m.Scopes(0) {
		numbers = append(numbers, s.Number)
	}
	assert.Equal(t, []int{0}, numbers)

	m = parse(t, indexed(section(0, 1<<31-5, one)))
	assert.Equal(t, repeat(sourcemap.ProblemScopes, 1), kinds(m))
	assert.False(t, m.HasScopes())
}

// checkScopes compares what is found at the positions of so many scopes and ranges with a plain search, and checks what holds of all.
func checkScopes(t *testing.T, m *sourcemap.Map, most int) {
	t.Helper()
	before := func(a, b sourcemap.Position) bool { return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column }
	around := func(p sourcemap.Position) []sourcemap.Position {
		return []sourcemap.Position{p, {Line: p.Line, Column: max(p.Column-1, 0)}, {Line: p.Line, Column: p.Column / 2}, {Line: p.Line / 2, Column: p.Column}}
	}
	for source := range min(m.NumSources(), 50) {
		list := slices.Collect(m.Scopes(source))
		for _, s := range list[:min(len(list), most)] {
			require.Less(t, s.Parent, s.Number)
			require.False(t, before(s.End, s.Start))
			for _, p := range append(around(s.Start), around(s.End)...) {
				want := []int(nil)
				for _, s := range list {
					if !before(p, s.Start) && before(p, s.End) {
						want = append(want, s.Number)
					}
				}
				slices.Reverse(want)
				var got []int
				for _, s := range m.ScopesAt(source, p) {
					got = append(got, s.Number)
				}
				require.Equal(t, want, got, "source %d, %v", source, p)
				_, known := m.ScopeFunction(source, p)
				require.True(t, known)
			}
		}
	}
	ranges := slices.Collect(m.Ranges())
	for _, r := range ranges[:min(len(ranges), most)] {
		require.Less(t, r.Parent, r.Number)
		require.False(t, before(r.End, r.Start))
		for _, p := range append(around(r.Start), around(r.End)...) {
			want := []int(nil)
			for _, r := range ranges {
				if !before(p, r.Start) && before(p, r.End) {
					want = append(want, r.Number)
				}
			}
			slices.Reverse(want)
			var got []int
			for _, r := range m.RangesAt(p) {
				got = append(got, r.Number)
			}
			require.Equal(t, want, got, "%v", p)
			m.OriginalFrames(p)
		}
	}
}

func FuzzScopes(f *testing.F) {
	for _, c := range scopeCases {
		f.Add(strings.ReplaceAll(c.text, mark, ""), 2, 3, 0, 0)
	}
	for seed := range uint64(10) {
		f.Add(encodeScopes(randomRecord(rand.New(rand.NewPCG(seed, 3)), someNames), someNames), 4, len(someNames), int(seed), 5)
	}
	if dir := tc39Dir(); dir != "" {
		paths, _ := filepath.Glob(filepath.Join(dir, "decoding", "scopes", "*.map"))
		for _, path := range paths {
			var m struct {
				Scopes         string
				Sources, Names []string
			}
			if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &m) == nil {
				f.Add(m.Scopes, len(m.Sources), len(m.Names), 0, 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, sources, names, line, column int) {
		list := func(n int) string {
			items := make([]string, max(0, min(n, 20)))
			for i := range items {
				items[i] = fmt.Sprint(`"n`, i, `"`)
			}
			return "[" + strings.Join(items, ",") + "]"
		}
		quoted, _ := json.Marshal(text)
		one := fmt.Sprintf(`{"version":3,"sources":%s,"names":%s,"mappings":"","scopes":%s}`, list(sources), list(names), quoted)
		m, err := sourcemap.Parse([]byte(one), nil)
		require.NoError(t, err)
		problems, _ := m.Problems()
		for _, p := range problems {
			require.NotContains(t, p.Detail, "%!")
			require.Less(t, int(p.Offset), len(one))
		}
		_, err = sourcemap.Parse([]byte(one), &sourcemap.Options{Strict: true})
		require.Equal(t, len(problems) > 0, err != nil)
		checkScopes(t, m, 10)
		record := scopesRecordOf(m)
		require.Equal(t, record, scopesRecordOf(reopened(t, m)))
		whole, err := sourcemap.Parse([]byte(fmt.Sprintf(`{"version":3,"sections":[{"offset":{"line":%d,"column":%d},"map":%s}]}`, line, column, one)), nil)
		require.NoError(t, err)
		if line == 0 && column == 0 {
			require.Equal(t, record.Ranges, scopesRecordOf(whole).Ranges)
		}
		checkScopes(t, whole, 10)
		reopened(t, whole)
	})
}
