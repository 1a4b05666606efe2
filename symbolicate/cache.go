package symbolicate

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxCached bounds the number of entries of a cache; what was not found is remembered too.
const maxCached = 1 << 16

// cache keeps values by key; the one used longest ago goes first when there are too many, or when
// together they weigh more than the limit. The one weighed last stays whatever it weighs.
type cache[K comparable, V any] struct {
	mu     sync.Mutex
	lru    *simplelru.LRU[K, *entry[V]]
	weight int64
	limit  int64
}

type entry[V any] struct {
	value  V
	weight int64
}

func newCache[K comparable, V any](limit int64) *cache[K, V] {
	c := &cache[K, V]{limit: limit}
	lru, err := simplelru.NewLRU(maxCached, func(_ K, e *entry[V]) { c.weight -= e.weight })
	if err != nil {
		panic(err) // only for a size below 1
	}
	c.lru = lru
	return c
}

// get returns the value of the key, a new zero one where there was none.
func (c *cache[K, V]) get(key K) *V {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.lru.Get(key)
	if !ok {
		e = &entry[V]{}
		c.lru.Add(key, e)
	}
	return &e.value
}

// weigh says what the value of the key weighs, once it is known, and makes room.
func (c *cache[K, V]) weigh(key K, value *V, weight int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.lru.Peek(key)
	if !ok || &e.value != value {
		return // dropped meanwhile: it must not be counted
	}
	c.weight += weight - e.weight
	e.weight = weight
	for c.weight > c.limit && c.lru.Len() > 1 {
		c.lru.RemoveOldest()
	}
}

func (c *cache[K, V]) remove(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lru.Remove(key)
}

// removeIf removes the keys for which drop says so.
func (c *cache[K, V]) removeIf(drop func(key K, value *V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range c.lru.Keys() {
		if e, ok := c.lru.Peek(key); ok && drop(key, &e.value) {
			c.lru.Remove(key)
		}
	}
}

// weighs returns what all values weigh together.
func (c *cache[K, V]) weighs() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.weight
}
