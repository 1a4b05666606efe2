package wire

import (
	"hash/fnv"
	"path/filepath"
	"slices"
	"testing"
)

func TestSum(t *testing.T) {
	if got := SumOf(nil).String(); got != "811c9dc5" {
		t.Errorf("over nothing: %s", got)
	}
	// With words below 256 and the zero bytes left out it is FNV-1a over bytes.
	h := fnv.New32a()
	h.Write([]byte{7, 42, 0, 255})
	if got := SumOf([]Position{{7, 42}, {0, 255}}); uint32(got) != h.Sum32() {
		t.Errorf("got %s, want %08x", got, h.Sum32())
	}
	if SumOf([]Position{None}) == SumOf([]Position{{0, 0}}) || SumOf([]Position{{1, 2}, {3, 4}}) == SumOf([]Position{{3, 4}, {1, 2}}) {
		t.Error("different answers, one sum")
	}
}

func TestFileOfPositions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.i32")
	want := []Position{{0, 0}, {1, 1<<31 - 1}, None}
	if err := WritePositions(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadPositions(path)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}
