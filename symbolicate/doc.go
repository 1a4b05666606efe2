// Package symbolicate turns minified JavaScript stack traces back into the code people wrote.
//
//	s, err := symbolicate.New(symbolicate.WithPaths("dist/"))
//	stack, err := s.Symbolicate(ctx, symbolicate.ParseStack(text))
//	fmt.Print(stack)
//
// # Frames
//
// A [Frame] is one line of a stack trace with the numbers that the engine printed: line and column
// are 1-based, columns count UTF-16 code units, and 0 stands for "not given". Package sourcemap counts
// from 0; the functions in position.go are the only ones that convert.
//
// Stack traces of V8 (Chrome, Node.js, Edge), SpiderMonkey (Firefox), JavaScriptCore (Safari) and Hermes (React Native) are
// understood, also mixed in one text. Where an engine prints an address in bytecode, the column is that address + 1.
//
// # Nothing is lost
//
// A frame that cannot be mapped stays in the result as it was printed, with a [Reason] (a stable
// code) and one line of words. Maps are looked for only in the paths and artifacts that a
// [Symbolicator] was given; nothing is fetched, nothing outside those paths is read, and where two
// files fit equally well neither is taken. A lone file with the right name in other folders than the URL
// says is taken last, and the frame's Detail says so.
//
// # Goroutines
//
// Any number of goroutines may use one Symbolicator: each map is found and parsed once, while frames
// of other maps go on.
package symbolicate
