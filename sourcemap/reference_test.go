package sourcemap_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The reference decoder: the algorithms of ECMA-426, step by step and one function each, named as there. It is slow, keeps
// everything in plain lists, and shares no code with the engine. Where the engine goes by a rule of its own, the rule is
// marked "Ours:" here, and docs/RATIONALE.md, or the documentation of the package, gives the reason.

// errReference is what the standard throws. Its kind is one of the package's.
type errReference struct {
	kind error
	what string
}

func (e *errReference) Error() string { return e.what }

// A refSource is a Decoded Source Record.
type refSource struct {
	url, content *string
	ignored      bool
	written      string // the content as it is written, "" for none
}

// A refMapping is a Decoded Mapping Record. Source and name are indices, -1 for none.
type refMapping struct {
	line, column                 int64
	source                       int
	originalLine, originalColumn int64
	name                         int
}

// A refMap is a Decoded Source Map Record, with what optional errors were reported on the way.
type refMap struct {
	file, debugID string
	sources       []refSource
	names         []string
	mappings      []refMapping
	indexed       bool
}

// reference decodes one file.
type reference struct {
	problems []sourcemap.ProblemKind
}

func (r *reference) report(kind sourcemap.ProblemKind) { r.problems = append(r.problems, kind) }

// jsonObject is a JSON object, of whose members with one key the last counts.
type jsonObject map[string]json.RawMessage

func asObject(value json.RawMessage) (object jsonObject, ok bool) {
	if len(value) == 0 || value[0] != '{' {
		return nil, false
	}
	return object, json.Unmarshal(value, &object) == nil
}

func asArray(value json.RawMessage) (array []json.RawMessage, ok bool) {
	if len(value) == 0 || value[0] != '[' {
		return nil, false
	}
	return array, json.Unmarshal(value, &array) == nil
}

func asString(value json.RawMessage) (text string, ok bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(value, &text) == nil
}

// asNumber gives the Number that JSON.parse makes of the value: past the largest it is infinite.
func asNumber(value json.RawMessage) (number float64, ok bool) {
	if len(value) == 0 || value[0] != '-' && (value[0] < '0' || value[0] > '9') {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(value), 64)
	return number, err == nil || errors.Is(err, strconv.ErrRange)
}

// asIntegral is asNumber for integral Numbers, which are finite.
func asIntegral(value json.RawMessage) (number float64, ok bool) {
	number, ok = asNumber(value)
	if !ok || math.IsInf(number, 0) || math.Trunc(number) != number {
		return 0, false
	}
	return number, true
}

// refBody takes off a byte order mark, and a guard line up to its end. Ours: the guard is ")]}" without the apostrophe, too,
// and may stand behind a byte order mark.
func refBody(data []byte) []byte {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if bytes.HasPrefix(data, []byte(")]}")) {
		for i, c := range data {
			if c == '\n' || c == '\r' {
				return data[i:]
			}
		}
	}
	return data
}

// refDecode is ParseSourceMap.
func refDecode(data []byte) (*refMap, []sourcemap.ProblemKind, error) {
	r := &reference{}
	body := refBody(data)
	if !json.Valid(body) {
		return nil, nil, &errReference{sourcemap.ErrNotJSON, "not JSON"}
	}
	top, ok := asObject(bytes.Trim(body, " \t\r\n"))
	if !ok {
		return nil, nil, &errReference{sourcemap.ErrFormat, "not an object"}
	}
	var m *refMap
	var err error
	if _, has := top["sections"]; has {
		m, err = r.decodeIndexSourceMap(top, 0)
	} else {
		m, err = r.decodeSourceMap(top)
	}
	if err != nil {
		return nil, nil, err
	}
	m.debugID = r.debugID(top)
	return m, r.problems, nil
}

var refUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$`)

// debugID is by the proposal. Ours: debug_id stands in for a debugId that is missing, hyphens may be, null is none.
func (r *reference) debugID(top jsonObject) string {
	value, has := top["debugId"]
	if !has {
		value, has = top["debug_id"]
	}
	if !has || string(value) == "null" {
		return ""
	}
	text, ok := asString(value)
	if !ok || !refUUID.MatchString(text) {
		r.report(sourcemap.ProblemDebugID)
		return ""
	}
	hex := strings.ToLower(strings.ReplaceAll(text, "-", ""))
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}

func (r *reference) version(json jsonObject) {
	if number, ok := asNumber(json["version"]); !ok || number != 3 {
		r.report(sourcemap.ProblemVersion)
	}
}

func (r *reference) decodeSourceMap(json jsonObject) (*refMap, error) {
	r.version(json)
	mappingsField, ok := asString(json["mappings"])
	if !ok {
		return nil, &errReference{sourcemap.ErrFormat, "mappings is not a string"}
	}
	if _, ok := asArray(json["sources"]); !ok {
		return nil, &errReference{sourcemap.ErrFormat, "sources is not an array"}
	}
	fileField := r.getOptionalString(json, "file", sourcemap.ProblemFile)
	sourceRootField := r.getOptionalString(json, "sourceRoot", sourcemap.ProblemSourceRoot)
	sourcesField := r.getOptionalListOfOptionalStrings(json, "sources", sourcemap.ProblemSourcesItem, sourcemap.ProblemSourcesItem)
	sourcesContentField := r.getOptionalListOfOptionalStrings(json, "sourcesContent", sourcemap.ProblemSourcesContent, sourcemap.ProblemSourcesContentItem)
	key := "ignoreList"
	if _, has := json[key]; !has {
		key = "x_google_ignoreList" // "some browsers may also use" it
	}
	ignoreListField := r.getOptionalListOfArrayIndexes(json, key)
	sources := r.decodeSourceMapSources(sourceRootField, sourcesField, sourcesContentField, ignoreListField)
	if list, ok := asArray(json["sourcesContent"]); ok {
		for i := range min(len(list), len(sources)) {
			if sources[i].content != nil {
				sources[i].written = string(list[i])
			}
		}
	}
	namesField := r.getOptionalListOfStrings(json, "names")
	mappings, err := r.decodeMappings(mappingsField, len(namesField), len(sources))
	if err != nil {
		return nil, err
	}
	refSort(mappings)
	m := &refMap{sources: sources, names: namesField, mappings: mappings}
	if fileField != nil {
		m.file = *fileField
	}
	return m, nil
}

// refSort sorts by generated position, stably.
func refSort(mappings []refMapping) {
	slices.SortStableFunc(mappings, func(a, b refMapping) int { return comparePositions(a.line, a.column, b.line, b.column) })
}

func comparePositions(line, column, otherLine, otherColumn int64) int {
	return cmp.Or(cmp.Compare(line, otherLine), cmp.Compare(column, otherColumn))
}

func (r *reference) getOptionalString(json jsonObject, key string, kind sourcemap.ProblemKind) *string {
	value, has := json[key]
	if text, ok := asString(value); ok {
		return &text
	}
	if has {
		r.report(kind)
	}
	return nil
}

func (r *reference) getOptionalListOfStrings(json jsonObject, key string) (list []string) {
	values, has := json[key]
	if !has {
		return nil
	}
	array, ok := asArray(values)
	if !ok {
		r.report(sourcemap.ProblemNames)
	}
	for _, item := range array {
		text, ok := asString(item)
		if !ok {
			r.report(sourcemap.ProblemNamesItem)
		}
		list = append(list, text)
	}
	return list
}

func (r *reference) getOptionalListOfOptionalStrings(json jsonObject, key string, kind, itemKind sourcemap.ProblemKind) (list []*string) {
	values, has := json[key]
	if !has {
		return nil
	}
	array, ok := asArray(values)
	if !ok {
		r.report(kind)
	}
	for _, item := range array {
		if text, ok := asString(item); ok {
			list = append(list, &text)
			continue
		}
		if string(item) != "null" {
			r.report(itemKind)
		}
		list = append(list, nil)
	}
	return list
}

func (r *reference) getOptionalListOfArrayIndexes(json jsonObject, key string) (list []float64) {
	values, has := json[key]
	if !has {
		return nil
	}
	array, ok := asArray(values)
	if !ok {
		r.report(sourcemap.ProblemIgnoreList)
	}
	for _, item := range array {
		if number, ok := asIntegral(item); ok && number >= 0 {
			list = append(list, number)
		} else {
			r.report(sourcemap.ProblemIgnoreListItem)
		}
	}
	return list
}

// decodeSourceMapSources leaves URLs as they are. Ours: an empty sourceRoot adds nothing, nor does one that is too long, and
// an entry of the ignore list that is no source's is reported.
func (r *reference) decodeSourceMapSources(sourceRoot *string, sources, sourcesContent []*string, ignoreList []float64) (decoded []refSource) {
	prefix := ""
	if sourceRoot != nil && *sourceRoot != "" {
		prefix = *sourceRoot
		if !strings.HasSuffix(prefix, "/") {
			prefix += "/"
		}
		if len(prefix) > sourcemap.MaxSourceRootBytes {
			r.report(sourcemap.ProblemSourceRoot)
			prefix = ""
		}
	}
	for index, source := range sources {
		var record refSource
		if source != nil {
			url := prefix + *source
			record.url = &url
		}
		record.ignored = slices.Contains(ignoreList, float64(index))
		if index < len(sourcesContent) {
			record.content = sourcesContent[index]
		}
		decoded = append(decoded, record)
	}
	for _, index := range ignoreList {
		if index >= float64(len(sources)) {
			r.report(sourcemap.ProblemIgnoreListItem)
		}
	}
	return decoded
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// parseMappings is the grammar of the mappings field: lines of mappings of VLQs, which are digits without their
// continuation bits, least significant first.
func parseMappings(text string) (lines [][][][]uint64, ok bool) {
	for line := range strings.SplitSeq(text, ";") {
		var mappings [][][]uint64
		if line != "" {
			for mapping := range strings.SplitSeq(line, ",") {
				vlqs, ok := parseVLQs(mapping)
				if n := len(vlqs); !ok || n != 1 && n != 4 && n != 5 {
					return nil, false
				}
				mappings = append(mappings, vlqs)
			}
		}
		lines = append(lines, mappings)
	}
	return lines, true
}

func parseVLQs(text string) (vlqs [][]uint64, ok bool) {
	var digits []uint64
	for i := range len(text) {
		digit := strings.IndexByte(base64Digits, text[i])
		if digit < 0 {
			return nil, false
		}
		digits = append(digits, uint64(digit%32))
		if digit < 32 { // a terminal digit
			vlqs, digits = append(vlqs, digits), nil
		}
	}
	return vlqs, digits == nil
}

func vlqUnsignedValue(digits []uint64) (value uint64, err error) {
	for _, digit := range slices.Backward(digits) {
		if value = value*32 + digit; value >= 1<<32 {
			return 0, &errReference{sourcemap.ErrMappings, "a value of 2^32 or more"}
		}
	}
	return value, nil
}

func vlqSignedValue(digits []uint64) (int64, error) {
	unsigned, err := vlqUnsignedValue(digits)
	if err != nil {
		return 0, err
	}
	sign, value := int64(1), int64(unsigned/2)
	if unsigned%2 == 1 {
		sign = -1
	}
	if value == 0 && sign == -1 {
		return -1 << 31, nil
	}
	if value >= 1<<31 {
		return 0, &errReference{sourcemap.ErrMappings, "a value of 2^31 or more"}
	}
	return sign * value, nil
}

// decodeMappings: Ours: positions have 31 bits; those beyond are as wrong as those below 0.
func (r *reference) decodeMappings(rawMappings string, names, sources int) (mappings []refMapping, err error) {
	lines, ok := parseMappings(rawMappings)
	if !ok {
		r.report(sourcemap.ProblemMappingsGrammar)
		return nil, nil
	}
	beyond := func(n int64) bool { return n < 0 || n > math.MaxInt32 }
	var column, source, originalLine, originalColumn, name int64
	for line, segments := range lines {
		column = 0
		for _, vlqs := range segments {
			// Each field is evaluated where the algorithm comes to it.
			add := func(to *int64, field int) {
				if err == nil {
					var relative int64
					relative, err = vlqSignedValue(vlqs[field])
					*to += relative
				}
			}
			if add(&column, 0); err != nil {
				return nil, err
			}
			if beyond(column) {
				r.report(sourcemap.ProblemColumnRange)
				continue
			}
			decoded := refMapping{line: int64(line), column: column, source: -1, name: -1}
			if len(vlqs) > 1 {
				add(&source, 1)
				add(&originalLine, 2)
				if add(&originalColumn, 3); err != nil {
					return nil, err
				}
				if source < 0 || source >= int64(sources) || beyond(originalLine) || beyond(originalColumn) {
					r.report(sourcemap.ProblemOriginalRange)
				} else {
					decoded.source, decoded.originalLine, decoded.originalColumn = int(source), originalLine, originalColumn
				}
			}
			if len(vlqs) == 5 {
				if add(&name, 4); err != nil {
					return nil, err
				}
				if name < 0 || name >= int64(names) {
					r.report(sourcemap.ProblemNameRange)
				} else {
					decoded.name = int(name)
				}
			}
			mappings = append(mappings, decoded)
		}
	}
	return mappings, nil
}

// decodeIndexSourceMap flattens. Ours: names, which the standard has in the mappings, are joined; a section's map may be
// indexed itself; all mappings are sorted together; mappings beside sections, and a section that starts where the one
// before it does, are reported, if that has mappings.
func (r *reference) decodeIndexSourceMap(json jsonObject, depth int) (*refMap, error) {
	if depth > sourcemap.MaxSectionDepth {
		return nil, &errReference{sourcemap.ErrLimit, "nested too deep"}
	}
	sections, ok := asArray(json["sections"])
	if !ok {
		return nil, &errReference{sourcemap.ErrFormat, "sections is not an array"}
	}
	// Ours: what throws throws before anything is reported.
	for _, section := range sections {
		if section, ok := asObject(section); ok {
			_, hasOffset := asObject(section["offset"])
			if _, hasMap := asObject(section["map"]); !hasOffset || !hasMap {
				return nil, &errReference{sourcemap.ErrFormat, "a section without offset or map"}
			}
		}
	}
	r.version(json)
	m := &refMap{indexed: true}
	if file := r.getOptionalString(json, "file", sourcemap.ProblemFile); file != nil {
		m.file = *file
	}
	if _, has := json["mappings"]; has {
		r.report(sourcemap.ProblemSectionsBeside)
	}
	type position struct{ line, column int64 }
	var previousOffset, previousLast *position
	previousMappings := 0
	for _, section := range sections {
		section, ok := asObject(section)
		if !ok {
			r.report(sourcemap.ProblemSection)
			continue
		}
		offset, _ := asObject(section["offset"])
		integral := func(key string) int64 {
			number, ok := asIntegral(offset[key])
			if !ok {
				r.report(sourcemap.ProblemSectionOffset)
				return 0
			}
			return int64(max(-1<<53, min(number, 1<<53))) // far beyond all positions
		}
		at := position{integral("line"), integral("column")}
		if previousOffset != nil && comparePositions(at.line, at.column, previousOffset.line, previousOffset.column) < 0 {
			r.report(sourcemap.ProblemSectionOrder)
		}
		if previousOffset != nil && at == *previousOffset && previousMappings > 0 {
			r.report(sourcemap.ProblemSectionOverlap)
		}
		if previousLast != nil && comparePositions(at.line, at.column, previousLast.line, previousLast.column) < 0 {
			r.report(sourcemap.ProblemSectionOverlap)
		}
		mapField, _ := asObject(section["map"])
		var decoded *refMap
		var err error
		if _, nested := mapField["sections"]; nested {
			r.report(sourcemap.ProblemSectionNested)
			decoded, err = r.decodeIndexSourceMap(mapField, depth+1)
		} else {
			decoded, err = r.decodeSourceMap(mapField)
		}
		if e := (*errReference)(nil); errors.As(err, &e) {
			if e.kind == sourcemap.ErrLimit {
				return nil, err
			}
			r.report(sourcemap.ProblemSectionMap)
			continue
		}
		var to []int // of the section's sources, in the whole
		for _, additional := range decoded.sources {
			i := slices.IndexFunc(m.sources, additional.equal)
			if i < 0 {
				i = len(m.sources)
				m.sources = append(m.sources, additional)
			}
			to = append(to, i)
		}
		previousOffset, previousMappings = &at, 0
		for _, mapping := range decoded.mappings {
			if mapping.line == 0 {
				mapping.column += at.column
			}
			mapping.line += at.line
			if mapping.source >= 0 {
				mapping.source = to[mapping.source]
			}
			if mapping.name >= 0 {
				mapping.name += len(m.names)
			}
			previousLast = &position{mapping.line, mapping.column}
			previousMappings++
			m.mappings = append(m.mappings, mapping)
		}
		m.names = append(m.names, decoded.names...)
	}
	if depth == 0 {
		// Ours: positions have 31 bits.
		m.mappings = slices.DeleteFunc(m.mappings, func(mapping refMapping) bool {
			gone := mapping.line < 0 || mapping.line > math.MaxInt32 || mapping.column < 0 || mapping.column > math.MaxInt32
			if gone {
				r.report(sourcemap.ProblemColumnRange)
			}
			return gone
		})
	}
	refSort(m.mappings)
	return m, nil
}

// equal tells whether two Decoded Source Records are the same. Ours: contents are compared as they are written.
func (s refSource) equal(other refSource) bool {
	same := func(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
	return same(s.url, other.url) && (s.content == nil) == (other.content == nil) && s.written == other.written && s.ignored == other.ignored
}

// getOriginalPositions is the operation of that name, which gives all mappings of the nearest place, here as mappings.
func (m *refMap) getOriginalPositions(line, column int64) []refMapping {
	last := -1
	for i := len(m.mappings) - 1; i >= 0 && last < 0; i-- {
		if comparePositions(m.mappings[i].line, m.mappings[i].column, line, column) <= 0 {
			last = i
		}
	}
	first := last // the mappings are sorted, so those of one place stand side by side
	for first > 0 && comparePositions(m.mappings[first-1].line, m.mappings[first-1].column, m.mappings[last].line, m.mappings[last].column) == 0 {
		first--
	}
	return m.mappings[max(first, 0) : last+1]
}

// lookup picks one. Ours: of those that getOriginalPositions gives the first where they stand at the position itself, else
// the last; none where the line is another, unless across is set.
func (m *refMap) lookup(line, column int64, across bool) (found refMapping, ok bool) {
	list := m.getOriginalPositions(line, column)
	if len(list) == 0 {
		return refMapping{source: -1, name: -1}, false
	}
	found = list[len(list)-1]
	if found.line == line && found.column == column {
		found = list[0]
	}
	if found.line != line && !across {
		return refMapping{source: -1, name: -1}, false
	}
	return found, found.source >= 0
}

// mapping is the record in the engine's terms.
func (m refMapping) mapping() sourcemap.Mapping {
	return sourcemap.Mapping{
		Generated: sourcemap.Position{Line: int32(m.line), Column: int32(m.column)},
		Original:  sourcemap.Position{Line: int32(m.originalLine), Column: int32(m.originalColumn)},
		Source:    int32(m.source),
		Name:      int32(m.name),
	}
}
