package jsonscan

import "unicode/utf8"

// escapes gives, for each byte, what it is written as inside a string; "" for itself.
var escapes = func() (table [256]string) {
	const hex = "0123456789abcdef"
	for c := range byte(' ') {
		table[c] = `\u00` + string(hex[c>>4]) + string(hex[c&15])
	}
	for c, text := range map[byte]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '"': `\"`, '\\': `\\`} {
		table[c] = text
	}
	for c := utf8.RuneSelf; c < 256; c++ {
		table[c] = "\uFFFD" // unless it is part of a character
	}
	return
}()

// AppendQuoted appends the text as a JSON string: only what JSON forbids is escaped, and each byte that is not UTF-8
// becomes U+FFFD, as in [Unescape].
func AppendQuoted[T string | []byte](dst []byte, text T) []byte {
	dst = append(dst, '"')
	from := 0
	for at := 0; at < len(text); {
		c := text[at]
		if escapes[c] == "" {
			at++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(string(text[at:min(at+utf8.UTFMax, len(text))])); r != utf8.RuneError || size > 1 {
				at += size
				continue
			}
		}
		dst = append(append(dst, text[from:at]...), escapes[c]...)
		at++
		from = at
	}
	return append(append(dst, text[from:]...), '"')
}
