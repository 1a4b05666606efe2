package symbolicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFromFunctionMap(t *testing.T) {
	for name, want := range map[string]string{
		"f": "f", "<global>": "", "<anonymous>": "", "map$argument_0": "", "a.b.map$argument_12": "", "map$argument_x": "map$argument_x",
		"Cart#total": "Cart.total", "Cart.total": "Cart.total", "Cart#get__total": "get Cart.total", "Cart#set__total": "set Cart.total", "Cart#constructor": "new Cart",
		"cart.get__total": "get total", "get__total": "get total", "cart.render": "cart.render", "#": "#", "a#": "a#", "#a": "#a", "Cart#get__": "Cart.get__", "": "",
		"View.props.onPress": "View.props.onPress",
	} {
		assert.Equal(t, want, fromFunctionMap(name), name)
	}
}

func TestModuleID(t *testing.T) {
	for file, want := range map[string]int{"12.js": 12, "/a/b/0.js": 0, "https://x.example/7.js": 7, "x.js": -1, ".js": -1, "1.jsx": -1, "-1.js": -1, "1a.js": -1, "99999999999999999999.js": -1, "": -1} {
		id, is := moduleID(file)
		assert.Equal(t, want >= 0, is, file)
		if is {
			assert.Equal(t, want, id)
		}
	}
}
