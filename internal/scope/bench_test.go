package scope

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkScan reads what SCOPE_BENCH names: files by a pattern.
func BenchmarkScan(b *testing.B) {
	files, _ := filepath.Glob(os.Getenv("SCOPE_BENCH"))
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(file), func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				Scan(src, LanguageOf(file))
			}
		})
	}
}
