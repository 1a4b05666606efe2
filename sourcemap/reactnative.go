package sourcemap

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
)

// Fields that Metro, the bundler of React Native, and the Hermes compiler add to a map (packages metro-source-map and
// metro-symbolicate are the reference). Parse only notes where they are; what is wrong in them shows when they are used, since
// the standard knows none of them. In an image they are the texts of index.KindReactNative, as JSON:
//
//	0     x_facebook_offsets, "" where the map has none
//	1     x_hermes_function_offsets
//	2     x_metro_module_paths
//	3+i   the function map of source i: the first item of its item in x_facebook_sources
//	3+n   x_facebook_segments, of a map with n sources; not there where the map has none
const (
	nativeOffsets = iota
	nativeHermes
	nativePaths
	nativeFunctions
	nativeSegments = nativeFunctions // in nativeTexts
	numNative      = nativeSegments + 1
)

// nativeNames are the fields of the whole map in the order of nativeTexts.
var nativeNames = [numNative]string{nativeOffsets: "x_facebook_offsets", nativeHermes: "x_hermes_function_offsets", nativePaths: "x_metro_module_paths",
	nativeSegments: "x_facebook_segments"}

// A FunctionStart says from where on the code of a source is that of a function, up to the next one. Code behind the end of a
// nested function is listed under the outer one's name again.
type FunctionStart struct {
	Start Position // in the original source
	Name  string   // as Metro writes it: "<global>", "<anonymous>", "Cart#total", "map$argument_0"
}

// How many decoded function maps, and maps of segments, a Map keeps.
const (
	maxFunctionMaps = 64
	maxSegments     = 64
)

// nativeCache is what was decoded so far.
type nativeCache struct {
	mu        sync.Mutex
	functions map[int]functionMap
	opened    map[int]*Map // segments

	once     sync.Once
	modules  []int32
	paths    []string
	hermes   map[int][]int32
	segments map[int][]byte // their maps, as JSON
}

// functionMap is the function map of one source, or why it can't be read.
type functionMap struct {
	starts []functionStart
	names  []string
	err    error
}

// functionStart is small, since there are many.
type functionStart struct{ line, column, name int32 }

// FunctionMap returns the function map of source i (0-based), from x_facebook_sources, in the order of its positions; nil when it
// has none. The error says what is wrong with one that can't be read.
func (m *Map) FunctionMap(i int) (list []FunctionStart, err error) {
	f := m.functionMap(i)
	for _, s := range f.starts {
		list = append(list, FunctionStart{Position{s.line, s.column}, f.name(s)})
	}
	return list, f.err
}

// FunctionMapName returns the name that Metro gave to the function around a position of source i (0-based), from
// x_facebook_sources; ok is false when the map does not say. For the forms of names see [FunctionStart].
func (m *Map) FunctionMapName(i int, original Position) (name string, ok bool) {
	f := m.functionMap(i)
	n := sort.Search(len(f.starts), func(i int) bool { return original.before(f.starts[i]) })
	if n == 0 {
		return "", false
	}
	name = f.name(f.starts[n-1])
	return name, name != ""
}

func (p Position) before(s functionStart) bool {
	return p.Line < s.line || p.Line == s.line && p.Column < s.column
}

func (f functionMap) name(s functionStart) string {
	if s.name < 0 || int(s.name) >= len(f.names) {
		return ""
	}
	return f.names[s.name]
}

// fromFunctionMap turns a name as Metro writes it into the form that all names of frames have; what Metro invents for functions
// without a name becomes none.
//
//	<global>, <anonymous>, map$argument_0    ""
//	Cart#total                               Cart.total
//	Cart#get__total                          get Cart.total
//	Cart#constructor                         new Cart
//	cart.get__total                          get total         (of an object, or static: Metro does not say)
func fromFunctionMap(name string) string {
	if name == "<global>" || name == "<anonymous>" {
		return ""
	}
	if at := strings.LastIndex(name, "$argument_"); at >= 0 && strings.Trim(name[at+len("$argument_"):], "0123456789") == "" {
		return ""
	}
	class, member, is := strings.Cut(name, "#")
	if !is || class == "" || member == "" {
		dot := strings.LastIndexByte(name, '.')
		for _, kind := range []string{"get", "set"} {
			if property, is := strings.CutPrefix(name[dot+1:], kind+"__"); is && property != "" {
				return kind + " " + property
			}
		}
		return name
	}
	if member == "constructor" {
		return "new " + class
	}
	for _, kind := range []string{"get", "set"} {
		if property, is := strings.CutPrefix(member, kind+"__"); is && property != "" {
			return kind + " " + class + "." + property
		}
	}
	return class + "." + member
}

// functionMap decodes the function map of a source, or has it already.
func (m *Map) functionMap(i int) (f functionMap) {
	if i < 0 || i >= m.info.Sources || m.image == nil || m.image.Size(index.KindReactNative) == 0 {
		return f
	}
	m.native.mu.Lock()
	defer m.native.mu.Unlock()
	f, ok := m.native.functions[i]
	if ok {
		return f
	}
	f.starts, f.names, f.err = decodeFunctionMap([]byte(m.nativeText(nativeFunctions + i)))
	if m.native.functions == nil || len(m.native.functions) == maxFunctionMaps {
		m.native.functions = map[int]functionMap{}
	}
	m.native.functions[i] = f
	return f
}

func (m *Map) nativeText(i int) string { return m.text(m.image.Texts(index.KindReactNative), i) }

// decodeFunctionMap reads {"names": […], "mappings": "…"}; nothing is a map of nothing.
//
// mappings are segments of base64 VLQ with ',' between them, and ';' where a line ends that has any: column (from the start
// of the line), index of the name (less the one before), and, in the first segment of a line, the line (less the one before).
func decodeFunctionMap(text []byte) (starts []functionStart, names []string, err error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, nil
	}
	var namesAt, mappings jsonscan.Span
	_, err = jsonscan.Members(text, 0, func(key jsonscan.Span, at int) (int, error) {
		end, err := jsonscan.Value(text, at)
		switch string(key.Of(text)) {
		case `"names"`:
			namesAt = jsonscan.Span{Start: at, End: end}
		case `"mappings"`:
			mappings = jsonscan.Span{Start: at, End: end}
		}
		return end, err
	})
	if err != nil || none(mappings) || text[mappings.Start] != '"' || none(namesAt) || text[namesAt.Start] != '[' {
		return nil, nil, fmt.Errorf("sourcemap: a function map without mappings or names")
	}
	list, _, err := jsonscan.Elements(text, namesAt.Start)
	if err != nil {
		return nil, nil, err
	}
	for _, item := range list.All {
		name := ""
		if text[item.Start] == '"' {
			name = jsonscan.Unescape(item.Of(text))
		}
		names = append(names, name)
	}
	var line, column, name int64
	digits := jsonscan.Unescape(mappings.Of(text))
	sorted := true
	for at := 0; at < len(digits); {
		switch digits[at] {
		case ';':
			column = 0
			at++
			continue
		case ',':
			at++
			continue
		}
		var fields [3]int64
		n, start := 0, at
		for at < len(digits) && digits[at] != ',' && digits[at] != ';' {
			if n == len(fields) {
				return nil, nil, fmt.Errorf("sourcemap: function map: a segment with more than 3 fields at byte %d of its mappings", start)
			}
			if fields[n], at, err = functionValue(digits, at); err != nil {
				return nil, nil, err
			}
			n++
		}
		if n < 2 {
			return nil, nil, fmt.Errorf("sourcemap: function map: a segment with 1 field at byte %d of its mappings", start)
		}
		column, name, line = column+fields[0], name+fields[1], line+fields[2]
		if min(column, line) < 0 || max(column, line) > math.MaxInt32 {
			return nil, nil, fmt.Errorf("sourcemap: function map: line %d, column %d at byte %d of its mappings", line, column, start)
		}
		if name < 0 || name > math.MaxInt32 {
			return nil, nil, fmt.Errorf("sourcemap: function map: no name %d at byte %d of its mappings", name, start)
		}
		s := functionStart{int32(line), int32(column), int32(name)}
		if k := len(starts); k > 0 && (Position{s.line, s.column}).before(starts[k-1]) {
			sorted = false
		}
		starts = append(starts, s)
	}
	if !sorted {
		sort.SliceStable(starts, func(i, j int) bool { return (Position{starts[i].line, starts[i].column}).before(starts[j]) })
	}
	return starts, names, nil
}

// functionValue reads one number of base64 VLQ, of at most 31 bits and a sign.
func functionValue(digits string, at int) (value int64, next int, err error) {
	start := at
	for shift := 0; at < len(digits); shift += 5 {
		digit, ok := base64Value(digits[at])
		if !ok {
			return 0, 0, fmt.Errorf("sourcemap: function map: bad digit %q at byte %d of its mappings", digits[at], at)
		}
		at++
		if shift > 31 && digit&31 != 0 || value > math.MaxUint32 {
			return 0, 0, fmt.Errorf("sourcemap: function map: a value too large at byte %d of its mappings", start)
		}
		if shift <= 31 {
			value |= int64(digit&31) << shift
		}
		if digit < 32 {
			if value > math.MaxUint32 {
				return 0, 0, fmt.Errorf("sourcemap: function map: a value too large at byte %d of its mappings", start)
			}
			if value&1 != 0 {
				return -(value >> 1), at, nil
			}
			return value >> 1, at, nil
		}
	}
	return 0, 0, fmt.Errorf("sourcemap: function map: an unfinished value at byte %d of its mappings", start)
}

func base64Value(c byte) (byte, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A', true
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26, true
	case c-'0' <= 9:
		return c - '0' + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}

// nativeFields decodes the small fields, once.
func (m *Map) nativeFields() *nativeCache {
	if m.image == nil || m.image.Size(index.KindReactNative) == 0 {
		return &nativeCache{}
	}
	m.native.once.Do(func() {
		m.native.modules = lines32([]byte(m.nativeText(nativeOffsets)))
		if text := m.nativeText(nativePaths); text != "" && json.Unmarshal([]byte(text), &m.native.paths) != nil {
			m.native.paths = nil
		}
		m.native.segments = decodeSegments([]byte(m.nativeText(nativeFunctions + m.NumSources())))
		text := []byte(m.nativeText(nativeHermes))
		if len(text) == 0 || text[0] != '{' {
			return
		}
		_, _ = jsonscan.Members(text, 0, func(key jsonscan.Span, at int) (int, error) {
			end, err := jsonscan.Value(text, at)
			segment, bad := strconv.Atoi(jsonscan.Unescape(key.Of(text)))
			if err == nil && bad == nil {
				if m.native.hermes == nil {
					m.native.hermes = map[int][]int32{}
				}
				m.native.hermes[segment] = lines32(text[at:end])
			}
			return end, err
		})
	})
	return m.native
}

// lines32 reads an array of numbers; -1 stands for what is none of 31 bits.
func lines32(text []byte) (numbers []int32) {
	if len(text) == 0 || text[0] != '[' {
		return nil
	}
	list, _, err := jsonscan.Elements(text, 0)
	if err != nil {
		return nil
	}
	numbers = make([]int32, list.Len())
	for i, item := range list.All {
		n, err := strconv.ParseInt(string(item.Of(text)), 10, 32)
		if err != nil || n < 0 {
			n = -1
		}
		numbers[i] = int32(n)
	}
	return numbers
}

// ModuleLine returns on which line (0-based) of the whole bundle the code of a module starts, from x_facebook_offsets. A frame in a RAM bundle
// names the module ("12.js") and counts lines from there. ok is false when the map does not say.
func (m *Map) ModuleLine(id int) (line int32, ok bool) { return at32(m.nativeFields().modules, id) }

// ModulePaths returns the paths of the bundle's modules, from x_metro_module_paths; nil when the map has none.
func (m *Map) ModulePaths() []string { return m.nativeFields().paths }

// HermesFunction returns at which address (0-based, in bytes) of a segment of Hermes bytecode a function starts, from
// x_hermes_function_offsets: what a crash dump names by function and offset is at the column of their sum, on the line of the segment, both
// 0-based. ok is false when the map does not say.
func (m *Map) HermesFunction(segment, function int) (address int32, ok bool) {
	return at32(m.nativeFields().hermes[segment], function)
}

// IsHermes tells whether the map is one for Hermes bytecode: columns are addresses in bytes.
func (m *Map) IsHermes() bool { return len(m.nativeFields().hermes) > 0 }

func at32(list []int32, i int) (n int32, ok bool) {
	if i < 0 || i >= len(list) || list[i] < 0 {
		return 0, false
	}
	return list[i], true
}

// functionMaps notes where the function maps of the sources are.
func (p *parser) functionMaps(f *fields, list []source) {
	for i, item := range f.facebookSources.items.All {
		if i >= len(list) {
			break
		}
		if p.data[item.Start] != '[' {
			continue
		}
		at := jsonscan.Space(p.data, item.Start+1)
		if at >= item.End || p.data[at] != '{' {
			continue
		}
		if end, err := jsonscan.Value(p.data, at); err == nil {
			list[i].functions = jsonscan.Span{Start: at, End: end}
			p.hasNative = true
		}
	}
}

// writeNative writes what of these fields the map has.
func (p *parser) writeNative(w *index.Writer, f *fields) {
	text := func(span jsonscan.Span) []byte {
		text := span.Of(p.data)
		if !utf8.Valid(text) { // texts of an image are UTF-8
			text = []byte(string([]rune(string(text))))
		}
		return text
	}
	native := nativeTexts{some: p.hasNative}
	for i, v := range nativeOwn(f) {
		native.set(i, string(text(v.span)))
	}
	putNative(w, &native, len(p.sources), func(i int) []byte { return text(p.sources[i].functions) })
}

// nativeOwn are the fields of the whole map, in the order of nativeTexts.
func nativeOwn(f *fields) []value {
	return []value{nativeOffsets: f.facebookOffsets, nativeHermes: f.hermesOffsets, nativePaths: f.modulePaths, nativeSegments: f.facebookSegments}
}

// nativeTexts are the fields of React Native of a whole map, as JSON; "" for none.
type nativeTexts struct {
	own  [numNative]string
	some bool // the map has any of them, or a function map
}

func (n *nativeTexts) set(i int, text string) {
	n.own[i] = text
	n.some = n.some || text != ""
}

// putNative writes these fields; maps without any get no section.
func putNative(w *index.Writer, n *nativeTexts, sources int, functions func(i int) []byte) {
	if !n.some {
		return
	}
	count := nativeFunctions + sources
	if n.own[nativeSegments] != "" {
		count++
	}
	w.PutTexts(index.KindReactNative, count, func(add func(text []byte)) {
		for _, text := range n.own[:nativeFunctions] {
			add([]byte(text))
		}
		for i := range sources {
			add(functions(i))
		}
		if n.own[nativeSegments] != "" {
			add([]byte(n.own[nativeSegments]))
		}
	})
}

// nativeTexts returns the fields of the whole map.
func (m *Map) nativeTexts() (n nativeTexts) {
	if m.native == nil {
		return n
	}
	for i := range n.own {
		at := i
		if i == nativeSegments {
			at = nativeFunctions + m.NumSources()
		}
		n.set(i, m.nativeText(at))
	}
	return n
}

// functionText returns the function map of a source as JSON, "" for none.
func (m *Map) functionText(i int) string {
	if m.native == nil {
		return ""
	}
	return m.nativeText(nativeFunctions + i)
}

// Segments returns the numbers of the segments of a split bundle that the map holds maps of (x_facebook_segments), in order. Each
// is the map of a file of its own, which traces name "seg-3.js".
func (m *Map) Segments() (list []int) {
	for id := range m.nativeFields().segments {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// Segment returns the map of a segment, nil where there is none. It is read when it is first asked for, and stays in use when m was closed; the
// caller must not close it, since others may use it. A segment's own segments are not read. The error is that of [Parse].
func (m *Map) Segment(id int) (*Map, error) {
	n := m.nativeFields()
	text, ok := n.segments[id]
	if !ok {
		return nil, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.opened[id]; s != nil {
		return s, nil
	}
	p := newParser(text, &Options{})
	p.noSegments = true
	image, err := p.parse()
	var s *Map
	if err == nil {
		s, err = newMap(image, text, nil, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("segment %d: %w", id, err)
	}
	if n.opened == nil || len(n.opened) == maxSegments {
		n.opened = map[int]*Map{}
	}
	n.opened[id] = s
	return s, nil
}

// size is what the maps of segments weigh that were opened.
func (n *nativeCache) size() (bytes int64) {
	if n != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, s := range n.opened {
			bytes += s.Size()
		}
	}
	return bytes
}

// decodeSegments reads {"3": map, …}.
func decodeSegments(data []byte) (segments map[int][]byte) {
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	_, _ = jsonscan.Members(data, 0, func(key jsonscan.Span, at int) (int, error) {
		end, err := jsonscan.Value(data, at)
		name := jsonscan.Unescape(key.Of(data))
		if id, bad := strconv.Atoi(name); err == nil && bad == nil && id >= 0 && strconv.Itoa(id) == name && data[at] == '{' {
			if segments == nil {
				segments = map[int][]byte{}
			}
			segments[id] = data[at:end:end]
		}
		return end, err
	})
	return segments
}
