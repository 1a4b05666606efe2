package sourcemap

import "strings"

// resolve returns the URL of a source that is written relative to the URL of a file: what the URL Standard makes of them, but that
// both may be relative, too, nothing is percent-encoded, and a '?' or '#' is part of the path, as in names of files.
func resolve(base, url string) string {
	prefix, path := splitURL(url)
	switch {
	case prefix != "" && !strings.HasPrefix(prefix, "//") || url == "":
		return url
	case prefix != "": // "//host/path" takes the scheme along
		if scheme, _, ok := strings.Cut(prefixOf(base), "//"); ok {
			prefix = scheme + prefix
		}
	default:
		var folder string
		if prefix, folder = splitURL(base); strings.HasPrefix(path, "/") {
			folder = ""
		}
		path = folder[:strings.LastIndexByte(folder, '/')+1] + path
	}
	return prefix + cleanPath(path, prefix != "")
}

func prefixOf(url string) string {
	prefix, _ := splitURL(url)
	return prefix
}

// splitURL cuts what stands before the path off a URL: "scheme://host", "//host", or the whole of a "scheme:rest" whose rest
// is no path. A letter and a colon are a drive: the path is absolute, the drive its prefix.
func splitURL(url string) (prefix, path string) {
	scheme := 0
	for scheme < len(url) && (isLetter(url[scheme]) || scheme > 0 && (url[scheme]-'0' <= 9 || strings.IndexByte("+-.", url[scheme]) >= 0)) {
		scheme++
	}
	if scheme == 0 || scheme == len(url) || url[scheme] != ':' {
		scheme = -1
	}
	rest := url[scheme+1:]
	switch {
	case strings.HasPrefix(rest, "//"):
		host := strings.IndexByte(rest[2:], '/')
		if host < 0 {
			return url, ""
		}
		host += scheme + 3
		return url[:host], url[host:]
	case scheme == 1 || scheme > 1 && strings.HasPrefix(rest, "/"):
		return url[:scheme+1], rest
	case scheme > 1:
		return url, ""
	}
	return "", url
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 }

// cleanPath takes "." and ".." out of a path. Those that lead above a relative one stay, those that lead above the root of
// an absolute one go.
func cleanPath(path string, rooted bool) string {
	rooted = rooted || strings.HasPrefix(path, "/")
	var out []string
	up := 0 // how many ".." out starts with
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == ".":
		case part != "..":
			out = append(out, part)
			continue
		case len(out) > up:
			out = out[:len(out)-1]
		case !rooted:
			out, up = append(out, ".."), up+1
		}
		if last && len(out) > 0 {
			out = append(out, "") // "a/.." is a folder
		}
	}
	cleaned := strings.Join(out, "/")
	if rooted {
		cleaned = "/" + cleaned
	}
	return cleaned
}
