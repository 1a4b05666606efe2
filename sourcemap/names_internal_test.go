package sourcemap

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

func TestFromPasta(t *testing.T) {
	for name, want := range map[string]string{
		"f": "f", "<top-level>": "", "<anonymous>": "", "Cart.prototype.add": "Cart.add", "Cart.of": "Cart.of", "Cart.prototype.get total": "get Cart.total",
		"Cart.set total": "set Cart.total", "get total": "get total", "Cart": "Cart", "": "", ".": ".", ".get ": "get .",
	} {
		assert.Equal(t, want, fromPasta(name), name)
	}
}
