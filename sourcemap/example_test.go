package sourcemap_test

import (
	"fmt"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func ExampleMap_Lookup() {
	m, err := sourcemap.Open("../testdata/shop/dist/esbuild-names/shop.min.js.map", nil)
	if err != nil {
		panic(err)
	}
	mapping, ok := m.Lookup(sourcemap.Position{Line: 0, Column: 2683}) // 0-based
	source, _ := m.Source(int(mapping.Source))
	fmt.Println(ok, source.URL, mapping.Original.Line, mapping.Original.Column, m.Name(int(mapping.Name)))
	// Output: true ../../src/settings.ts 18 55 _values
}
