package symbolicate

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The cache's weight is that of what it holds, also when an entry goes while its map is being read.
func TestCacheWeight(t *testing.T) {
	c := newMapCache(100)
	a, b := c.get("a"), c.get("b")
	c.forget("a") // while it is loaded
	c.weigh("a", a, 40)
	assert.Zero(t, c.weight)
	a = c.get("a")
	c.weigh("a", a, 40)
	c.weigh("b", b, 50)
	assert.EqualValues(t, 90, c.weight)
	c.weigh("c", c.get("c"), 30) // b was asked for first
	assert.EqualValues(t, 70, c.weight)
	assert.Equal(t, []string{"a", "c"}, c.lru.Keys())
	c.weigh("big", c.get("big"), 1000)
	assert.EqualValues(t, 1000, c.weight, "the one in use stays")
	c.forget("big")
	assert.Zero(t, c.weight)
}

// What failed is forgotten with every Add, and only that.
func TestCacheForgetsFailures(t *testing.T) {
	c := newMapCache(100)
	failed := c.get("failed")
	failed.err = &failure{ReasonNoMap, "no map"}
	c.weigh("failed", failed, 0)
	c.weigh("good", c.get("good"), 10)
	c.forget("")
	assert.Equal(t, []string{"good"}, c.lru.Keys())
	assert.Empty(t, c.failed)
}
