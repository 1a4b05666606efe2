package sourcemap_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// zstdBomb is a frame that says so many times 128 KiB of one letter, 4 bytes each.
func zstdBomb(blocks int, letter byte) []byte {
	bomb := []byte("\x28\xb5\x2f\xfd\x00\x58") // no size, a window of 2 MiB
	const rle, size = 1 << 1, (128 << 10) << 3
	for i := range blocks {
		header := uint32(rle | size)
		if i == blocks-1 {
			header |= 1
		}
		bomb = append(bomb, byte(header), byte(header>>8), byte(header>>16), letter)
	}
	return bomb
}

// gzipBomb is a map of 256 MB with little in it.
func gzipBomb() []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(`{"version":3,"x":"`))
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 256 {
		_, _ = w.Write(block)
	}
	_ = w.Close()
	return out.Bytes()
}

// bombs make small inputs that unpack to hundreds of megabytes and more.
var bombs = map[string]func() []byte{
	"zstd of zeros":       func() []byte { return zstdBomb(1<<15, 0) },
	"zstd of braces":      func() []byte { return zstdBomb(1<<15, '{') },
	"zstd of space":       func() []byte { return zstdBomb(1<<15, ' ') },
	"gzip of 256 MB":      gzipBomb,
	"gzip of zstd bomb":   func() []byte { return []byte(gzipped(string(zstdBomb(1<<15, '{')))) },
	"data URL of a bomb":  func() []byte { return []byte(asDataURL(string(zstdBomb(1<<15, '{')))) },
	"gzip of gzip of ...": func() []byte { return []byte(gzipped(gzipped(gzipped(string(zstdBomb(1<<15, ' ')))))) },
}

// TestBombs refuses each bomb in a process of its own, whose memory it measures.
func TestBombs(t *testing.T) {
	const limit = 16 << 20
	if name := os.Getenv("SYMBOLICATE_BOMB"); name != "" {
		bomb := bombs[name]() // making it is in the peak already
		var before, after syscall.Rusage
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
		start := time.Now()
		_, err := sourcemap.Parse(bomb, &sourcemap.Options{MaxUnpacked: limit})
		took := time.Since(start)
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
		require.Error(t, err)
		fmt.Printf("bomb of %d bytes: %v, %d KB more, %.100s\n", len(bomb), took, after.Maxrss-before.Maxrss, err)
		if strings.Contains(name, "zeros") {
			require.ErrorIs(t, err, sourcemap.ErrNotJSON)
		} else {
			require.ErrorIs(t, err, sourcemap.ErrLimit)
		}
		require.Less(t, after.Maxrss-before.Maxrss, int64(4*limit>>10), "KB")
		return
	}
	for name := range bombs {
		child := exec.Command(os.Args[0], "-test.run=^TestBombs$", "-test.v")
		child.Env = append(os.Environ(), "SYMBOLICATE_BOMB="+name)
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		line, _, _ := strings.Cut(string(out[bytes.Index(out, []byte("bomb of")):]), "\n")
		t.Logf("%s: %s", name, line)
	}
}
