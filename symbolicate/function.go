package symbolicate

import (
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// nameIs gives the frame the name that its function has in the original source. What V8 prints before a name for the call stays:
// async, and new, which a constructor has already.
func (f *Frame) nameIs(function sourcemap.Function) {
	printed := f.Function
	f.Function, f.In, f.NameSource = function.Name, function.In, NameOriginal
	for _, word := range []string{"async ", "new "} {
		if !strings.HasPrefix(printed, word) {
			continue
		}
		switch {
		case f.Function == "":
			f.async = f.async || word == "async "
		case !strings.HasPrefix(f.Function, word):
			f.Function = word + f.Function
		}
		return
	}
}
