package symbolicate

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// moduleID returns the number of a module of a RAM bundle, whose file frames name "12.js".
func moduleID(file string) (id int, is bool) {
	digits, is := strings.CutSuffix(path.Base(file), ".js")
	if !is || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	id, err := strconv.Atoi(digits)
	return id, err == nil
}

// ofBundle finds the map of the RAM bundle that has the module: there must be just one that says where its modules are.
func (s *Symbolicator) ofBundle(url string) (at *location, err error) {
	for _, t := range s.trees {
		for _, p := range t.ofBundles {
			if at != nil {
				return nil, &failure{ReasonAmbiguous, fmt.Sprintf("%s may be of the bundle of %s or of %s", url, at.name(), p)}
			}
			at = &location{tree: t, path: p}
		}
	}
	return at, nil
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
