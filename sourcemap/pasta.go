package sourcemap

import (
	"math"
	"strings"

	"github.com/symbolicate/symbolicate/internal/index"
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/scope"
	"github.com/symbolicate/symbolicate/internal/scopes"
)

// x_com_bloomberg_sourcesFunctionMappings, of npm's @bloomberg/pasta-sourcemaps (its spec.md is the reference), lists the functions of
// the sources: for each a string of segments with five fields of base64 VLQ,
//
//	name          index into names, less that of the segment before
//	start line    less the end line of the segment before
//	start column  less that of the segment before
//	end line      less the start line
//	end column    less that of the segment before
//
// in the order of their starts. Ends are exclusive, as those of the TypeScript compiler are from which pasta takes them (its own decoder has one column more). The functions come into the index with the map. What can't be read is as if it were not there, for the standard
// does not know the field.

// functionMapping is the functions of one source as they stand in the map.
type functionMapping struct {
	digits jsonscan.Span // a string
	names  nameRange
}

// noteFunctionMappings notes where the functions of a map's sources stand.
func (p *parser) noteFunctionMappings(f *fields, sources []int32, names nameRange) {
	for i, item := range f.functionMappings.items.All {
		if i >= len(sources) {
			break
		}
		if _, has := p.functionMappings[sources[i]]; has || p.data[item.Start] != '"' {
			continue
		}
		if p.functionMappings == nil {
			p.functionMappings = map[int32]functionMapping{}
		}
		p.functionMappings[sources[i]] = functionMapping{item, names}
	}
}

// listedTrees reads these functions.
func (m *Map) listedTrees(p *parser, trees index.FunctionTrees) {
	names := map[int]string{} // each once, for many functions may have one
	for source, list := range p.functionMappings {
		functions, ok := listedFunctions(jsonscan.Unescape(list.digits.Of(p.data)), func(i int64) (name string, ok bool) {
			if i < 0 || i >= int64(list.names.n) {
				return "", false
			}
			number := list.names.base + int(i)
			if name, ok = names[number]; !ok {
				name, _ = m.names.UpTo(number, scope.MaxName)
				name = fromPasta(name)
				names[number] = name
			}
			return name, true
		})
		if ok {
			trees[source] = index.FunctionTree{List: functions, FromMap: true}
		}
	}
}

// fromPasta turns a name as pasta writes it into the form that all names of frames have.
//
//	<top-level>, <anonymous>        ""
//	Cart.prototype.total            Cart.total
//	Cart.prototype.get total        get Cart.total     (without prototype if it is static)
//
// A constructor has the name of its class.
func fromPasta(name string) string {
	if name == "<anonymous>" || name == "<top-level>" {
		return ""
	}
	name = strings.ReplaceAll(name, ".prototype.", ".")
	dot := strings.LastIndexByte(name, '.')
	for _, kind := range []string{"get ", "set "} {
		if property, is := strings.CutPrefix(name[dot+1:], kind); is && dot >= 0 {
			return kind + name[:dot+1] + property
		}
	}
	return name
}

// listedFunctions reads the functions of one source; ok is false where they are not what they should be.
func listedFunctions(digits string, nameOf func(i int64) (string, bool)) (list []index.Function, ok bool) {
	list = []index.Function{}
	var name, startColumn, endLine, endColumn int64
	var open []int32                      // the functions around the one at work, by their places in the list
	for at := 0; at < len(digits); at++ { // over the comma
		var fields [5]int64
		for i := range fields {
			var err error
			if fields[i], at, err = functionValue(digits, at); err != nil {
				return nil, false
			}
		}
		if at < len(digits) && digits[at] != ',' {
			return nil, false
		}
		name += fields[0]
		startLine := endLine + fields[1]
		startColumn += fields[2]
		endLine = startLine + fields[3]
		endColumn += fields[4]
		if min(startLine, startColumn, endLine, endColumn) < 0 || max(startLine, startColumn, endLine, endColumn) > math.MaxInt32 {
			return nil, false
		}
		f := index.Function{
			Start: scopes.Position{Line: int32(startLine), Column: int32(startColumn)},
			End:   scopes.Position{Line: int32(endLine), Column: int32(endColumn)}, Parent: -1,
		}
		if f.Name, ok = nameOf(name); !ok || f.End.Before(f.Start) {
			return nil, false
		}
		for len(open) > 0 && !f.Start.Before(list[open[len(open)-1]].End) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			f.Parent = open[len(open)-1]
		}
		switch {
		case len(list) > 0 && f.Start.Before(list[len(list)-1].Start), // out of order
			f.Parent >= 0 && list[f.Parent].End.Before(f.End), // half in another one
			len(open) == index.MaxFunctionDepth:
			return nil, false
		}
		open = append(open, int32(len(list)))
		list = append(list, f)
	}
	return list, true
}
