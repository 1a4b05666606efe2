package symbolicate_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/symbolicate"
)

// together runs f in so many goroutines that start at one time.
func together(n int, f func(i int)) {
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			f(i)
		})
	}
	ready.Done()
	done.Wait()
}

// All goroutines ask for all files, each from another one on: each map is parsed once.
func TestGoroutinesParseOnce(t *testing.T) {
	const n = 40
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf("%d.js.map", i)] = mapOf(fmt.Sprintf("%d.ts", i))
	}
	root := write(t, files)
	for round := range 10 {
		s := open(t, symbolicate.WithPaths(root))
		together(8, func(g int) {
			for k := range n {
				i := (k + g*round) % n // in round 0 all ask for the same one
				stack, err := s.Symbolicate(context.Background(), symbolicate.ParseStack(fmt.Sprintf("    at f (/srv/%d.js%s)\n    at /srv/gone.js:1:1", i, place11)))
				if assert.NoError(t, err) {
					assert.Equal(t, fmt.Sprintf("%d.ts", i), stack.Frames[0].File)
					assert.Equal(t, "line three", stack.Frames[0].Context.Line)
					assert.Equal(t, symbolicate.ReasonNoMap, stack.Frames[1].Reason)
				}
			}
		})
		assert.Equal(t, symbolicate.Stats{Parses: n, Peeks: n}, counts(s))
	}
}

// One stack, shared: Symbolicate only reads it. A cache too small and artifacts added meanwhile do not
// make an answer wrong.
func TestGoroutinesEvictAndAdd(t *testing.T) {
	const n = 20
	files := map[string]string{}
	var lines []string
	for i := range n {
		files[fmt.Sprintf("%d.js.map", i)] = mapOf(fmt.Sprintf("%d.ts", i))
		lines = append(lines, fmt.Sprintf("    at f (/srv/%d.js%s)", i, place11))
	}
	s := open(t, symbolicate.WithPaths(write(t, files)), symbolicate.WithCacheBytes(1000))
	stack := symbolicate.ParseStack(strings.Join(append(lines, "    at f (/srv/added.js"+place11+")"), "\n"))
	together(8, func(g int) {
		for k := range 10 {
			out, err := s.Symbolicate(context.Background(), stack)
			if !assert.NoError(t, err) {
				return
			}
			for i := range n {
				assert.Equal(t, fmt.Sprintf("%d.ts", i), out.Frames[i].File)
			}
			if g == 0 {
				source := fmt.Sprintf("added%d.ts", k)
				assert.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/added.js", SourceMap: []byte(mapOf(source))}))
				out, err = s.Symbolicate(context.Background(), stack)
				assert.NoError(t, err)
				assert.Equal(t, source, out.Frames[n].File)
			}
		}
	})
	// The books are in order after all that: what is in use is still kept.
	before := counts(s).Parses
	for range 5 {
		frameAt(t, s, "/srv/1.js"+place11)
	}
	assert.LessOrEqual(t, counts(s).Parses-before, int64(1))
}

func TestManyFrames(t *testing.T) {
	s := open(t)
	require.NoError(t, s.Add(symbolicate.Artifact{URL: "/srv/x.js", SourceMap: []byte(mapOf("a.ts"))}))
	out := trace(t, s, "Error: x\n"+strings.Repeat("    at f (/srv/x.js:1:11)\n", 100_000))
	require.Len(t, out.Frames, 100_000)
	for _, i := range []int{0, 50_000, 99_999} {
		assert.True(t, out.Frames[i].Mapped)
	}
	assert.EqualValues(t, 1, counts(s).Parses)
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := open(t).Symbolicate(ctx, symbolicate.ParseStack("    at f (/srv/x.js:1:11)"))
	assert.ErrorIs(t, err, context.Canceled)
}
