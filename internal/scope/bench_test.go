package scope_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/symbolicate/symbolicate/internal/scope"
)

// BenchmarkScan reads the minified files of the corpus (make corpus), or those of the pattern in SCOPE_FILES.
func BenchmarkScan(b *testing.B) {
	pattern, language := "../../.cache/corpus/*/*.*js", scope.JavaScript
	if own := os.Getenv("SCOPE_FILES"); own != "" {
		pattern = own
	}
	files, _ := filepath.Glob(pattern)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		if pattern == os.Getenv("SCOPE_FILES") {
			language, _ = scope.LanguageOf(file)
		}
		b.Run(filepath.Base(file), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				scope.Scan(string(text), language)
			}
		})
	}
}
