package sourcemap

import (
	"github.com/symbolicate/symbolicate/internal/jsonscan"
)

// value is a member of the map's object as it was found: nothing of it is decoded yet.
type value struct {
	kind  byte // 0 missing, '"', '[', '{', '0' number, 't', 'f', 'n'
	span  jsonscan.Span
	items *jsonscan.List // of an array whose items are wanted
}

func (v value) name() string {
	switch v.kind {
	case 0:
		return "missing"
	case '"':
		return "a string"
	case '[':
		return "an array"
	case '{':
		return "an object"
	case '0':
		return "a number"
	case 'n':
		return "null"
	default:
		return "true or false"
	}
}

// stringSpan is the span of a string; empty for anything else.
func (v value) stringSpan() jsonscan.Span {
	if v.kind != '"' {
		return jsonscan.Span{}
	}
	return v.span
}

// offset is where the value stands, or the object that lacks it.
func (v value) offset(f *fields) int {
	if v.kind == 0 {
		return f.start
	}
	return v.span.Start
}

// fields are the members of a map's object that this package knows. Of members with one key the last
// counts, as for JSON.parse.
type fields struct {
	start int // offset of the '{'

	version, file, sourceRoot, sources, sourcesContent, names, mappings value
	ignoreList, googleIgnoreList, debugID, oldDebugID                   value
	rangeMappings, scopes                                               value
	facebookSources, facebookOffsets, hermesOffsets, modulePaths        value // see reactnative.go
	facebookSegments                                                    value
	functionMappings                                                    value // see pasta.go

	hasSections bool
	sectionsAt  value
	sections    []section
}

// section is an item of "sections" as it was found. It is small, because a hostile file may have one for
// every two bytes.
type section struct {
	at     int // offset of the item
	*parts     // nil where the item is not an object
}

// parts are the members of a section.
type parts struct {
	offset       value // '{' or whatever stands there
	line, column value
	mapKind      value
	fields       *fields // nil where mapKind is no object
}

// scan reads the object at the offset, which is the map itself or, deeper, a section's.
func (p *parser) scan(at, depth int) (*fields, int, error) {
	if depth > MaxSectionDepth {
		return nil, 0, &ParseError{Kind: ErrLimit, Offset: int64(at), Detail: "sections nested too deep"}
	}
	f := &fields{start: at}
	wanted := func(key jsonscan.Span) (v *value, list bool) {
		switch string(p.key(key)) {
		case "version":
			return &f.version, false
		case "file":
			return &f.file, false
		case "sourceRoot":
			return &f.sourceRoot, false
		case "sources":
			return &f.sources, true
		case "sourcesContent":
			return &f.sourcesContent, true
		case "names":
			return &f.names, true
		case "mappings":
			return &f.mappings, false
		case "ignoreList":
			return &f.ignoreList, true
		case "x_google_ignoreList":
			return &f.googleIgnoreList, true
		case "debugId":
			return &f.debugID, false
		case "debug_id":
			return &f.oldDebugID, false
		case "rangeMappings":
			return &f.rangeMappings, false
		case "scopes":
			return &f.scopes, false
		case "sections":
			return &f.sectionsAt, false
		case "x_facebook_sources":
			return &f.facebookSources, true
		case "x_facebook_offsets":
			return &f.facebookOffsets, false
		case "x_hermes_function_offsets":
			return &f.hermesOffsets, false
		case "x_metro_module_paths":
			return &f.modulePaths, false
		case "x_facebook_segments":
			return &f.facebookSegments, false
		case "x_com_bloomberg_sourcesFunctionMappings":
			return &f.functionMappings, true
		}
		return nil, false
	}
	end, err := jsonscan.Members(p.data, at, func(key jsonscan.Span, at int) (int, error) {
		v, list := wanted(key)
		if v == nil {
			return jsonscan.Value(p.data, at)
		}
		if v == &f.sectionsAt {
			f.hasSections, f.sections = true, nil
			if at < len(p.data) && p.data[at] == '[' {
				end, err := p.scanSections(f, at, depth)
				f.sectionsAt = value{kind: '[', span: jsonscan.Span{Start: at, End: end}}
				return end, err
			}
		}
		return p.scanValue(v, at, list)
	})
	return f, end, err
}

// key returns the text of a key: its own bytes, unless they hold an escape.
func (p *parser) key(quoted jsonscan.Span) []byte {
	text := p.data[quoted.Start+1 : quoted.End-1]
	for _, c := range text {
		if c == '\\' {
			return []byte(jsonscan.Unescape(quoted.Of(p.data)))
		}
	}
	return text
}

// scanValue fills v from the value at the offset, with its items if it is an array and list is set.
func (p *parser) scanValue(v *value, at int, list bool) (end int, err error) {
	*v = value{}
	if list && at < len(p.data) && p.data[at] == '[' {
		v.items, end, err = jsonscan.Elements(p.data, at)
	} else {
		end, err = jsonscan.Value(p.data, at)
	}
	if err != nil {
		return 0, err
	}
	v.kind, v.span = p.data[at], jsonscan.Span{Start: at, End: end}
	if v.kind == '-' || v.kind-'0' <= 9 {
		v.kind = '0'
	}
	return end, nil
}

// scanSections reads the items of "sections".
func (p *parser) scanSections(f *fields, at, depth int) (int, error) {
	return jsonscan.Items(p.data, at, func(at int) (int, error) {
		s := section{at: at}
		if at >= len(p.data) || p.data[at] != '{' {
			f.sections = append(f.sections, s)
			return jsonscan.Value(p.data, at)
		}
		s.parts = &parts{}
		end, err := jsonscan.Members(p.data, at, func(key jsonscan.Span, at int) (int, error) {
			switch string(p.key(key)) {
			case "offset":
				return p.scanOffset(s.parts, at)
			case "map":
				s.fields = nil
				if at < len(p.data) && p.data[at] == '{' {
					fields, end, err := p.scan(at, depth+1)
					s.fields, s.mapKind = fields, value{kind: '{', span: jsonscan.Span{Start: at, End: end}}
					return end, err
				}
				return p.scanValue(&s.mapKind, at, false)
			}
			return jsonscan.Value(p.data, at)
		})
		f.sections = append(f.sections, s)
		return end, err
	})
}

// scanOffset reads the "offset" of a section.
func (p *parser) scanOffset(s *parts, at int) (int, error) {
	s.line, s.column = value{}, value{}
	end, err := p.scanValue(&s.offset, at, false)
	if err != nil || s.offset.kind != '{' {
		return end, err
	}
	return jsonscan.Members(p.data, at, func(key jsonscan.Span, at int) (int, error) {
		switch string(p.key(key)) {
		case "line":
			return p.scanValue(&s.line, at, false)
		case "column":
			return p.scanValue(&s.column, at, false)
		}
		return jsonscan.Value(p.data, at)
	})
}
