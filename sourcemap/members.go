package sourcemap

import (
	"github.com/symbolicate/symbolicate/internal/jsonscan"
	"github.com/symbolicate/symbolicate/internal/unwrap"
)

// A Field is a member of the object that a map is, known to the standard or not.
type Field struct {
	Name   string // as JSON has it, unescaped
	Offset int64  // byte offset of its value
	Bytes  int64  // of its value as it is written: quotes, brackets and escapes count
	Items  int    // of an array; -1 for anything else
}

// Fields lists the members of a map's object in the order of the file: what takes how much room in it. Nothing of
// them is decoded; of an indexed map it lists the outer object's. The data must be unpacked (see [Unwrap]). The error is a [*ParseError].
func Fields(data []byte) (list []Field, err error) {
	p := newParser(data, &Options{})
	at := jsonscan.Space(data, unwrap.Body(data))
	if len(data) > MaxBytes || at == len(data) || data[at] != '{' {
		_, err := p.envelope()
		return nil, err
	}
	_, err = jsonscan.Members(data, at, func(key jsonscan.Span, at int) (end int, err error) {
		f := Field{Name: jsonscan.Unescape(key.Of(data)), Offset: int64(at), Items: -1}
		if at < len(data) && data[at] == '[' {
			f.Items = 0
			end, err = jsonscan.Items(data, at, func(at int) (int, error) {
				f.Items++
				return jsonscan.Value(data, at)
			})
		} else {
			end, err = jsonscan.Value(data, at)
		}
		f.Bytes = int64(end - at)
		list = append(list, f)
		return end, err
	})
	if err != nil {
		return nil, p.syntax(err)
	}
	return list, nil
}
