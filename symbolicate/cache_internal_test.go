package symbolicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The cache's weight is that of what it holds, also when an entry goes while its map is being read.
func TestCacheWeight(t *testing.T) {
	c := newCache[string, int](100)
	a, b := c.get("a"), c.get("b")
	c.remove("a") // while it is loaded
	c.weigh("a", a, 40)
	assert.Zero(t, c.weighs())
	a = c.get("a")
	c.weigh("a", a, 40)
	c.weigh("b", b, 50)
	assert.EqualValues(t, 90, c.weighs())
	c.weigh("c", c.get("c"), 30) // b was asked for first
	assert.EqualValues(t, 70, c.weighs())
	assert.Equal(t, []string{"a", "c"}, c.lru.Keys())
	c.weigh("big", c.get("big"), 1000)
	assert.EqualValues(t, 1000, c.weighs(), "the one in use stays")
	c.remove("big")
	assert.Zero(t, c.weighs())
}

func TestCacheRemoveIf(t *testing.T) {
	c := newCache[string, int](100)
	*c.get("odd"), *c.get("even") = 1, 2
	c.removeIf(func(_ string, value *int) bool { return *value%2 == 1 })
	assert.Equal(t, []string{"even"}, c.lru.Keys())
	assert.Equal(t, 2, *c.get("even"))
}
