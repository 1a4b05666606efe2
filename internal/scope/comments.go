package scope

import "strings"

// A Comment is what one says, without the marks at its ends.
type Comment struct {
	Text      string
	MultiLine bool // /* */
}

// Trailing returns the comments behind the last token of a JavaScript text. module tells that it is a module, where
// "<!--" and "-->" are no comments. ok is false where the text can't be split into tokens: a string, a template, a regular
// expression or a comment does not end, or there are more brackets in one another, or functions, than [MaxDepth] and [MaxFunctions].
func Trailing(src string, module bool) (comments []Comment, ok bool) {
	if len(src) > MaxBytes {
		return nil, false
	}
	p := scanner{src: src, html: !module}
	p.scan()
	if p.broken {
		return nil, false
	}
	at := int(p.end)
	if strings.HasPrefix(src, "#!") && !p.started() {
		at = lineEnd(src, 0)
	}
	add := func(mark int) {
		end := lineEnd(src, at)
		comments = append(comments, Comment{Text: src[at+mark : end]})
		at = end
	}
	for fresh := !p.started(); at < len(src); {
		switch rest := src[at:]; {
		case strings.HasPrefix(rest, "//"):
			add(2)
		case strings.HasPrefix(rest, "/*"):
			end := comment(src, at)
			fresh = fresh || hasLineEnd(src[at:end])
			comments = append(comments, Comment{src[at+2 : end-2], true})
			at = end
		case !module && strings.HasPrefix(rest, "<!--"):
			add(4)
		case !module && fresh && strings.HasPrefix(rest, "-->"):
			add(3)
		default:
			fresh = fresh || lineEnd(src, at) == at
			at++ // white space
		}
	}
	return comments, true
}
