package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func rewriteCommand() *cobra.Command {
	var out, stripPrefix, addPrefix, sourceRoot, contents, offset, extract string
	var dropContents, zeroBased bool
	c := &cobra.Command{
		Use:   "rewrite MAP -o OUT",
		Short: "Write a map anew: sources renamed, texts added or dropped, moved, cut",
		Long: `Writes a map, or a saved index of one, as plain JSON: regular form, no sourceRoot but that of --source-root.

What is asked for happens in this order: --extract, --offset, --strip-prefix, --add-prefix, --drop-contents, --contents. With
--contents, the text of a source that has none is the file in DIR with the path of its URL, as it is by then:
webpack:///./src/a.ts is src/a.ts. A leading ../ does not count, and nothing outside of DIR is read.

Exit codes: 0 done; 1 done, but no source had the prefix to strip, or a text was not found; 2 nothing was written.`,
		Example: `  symbolicate rewrite app.js.map -o app.js.map --strip-prefix webpack:///./ --contents .
  symbolicate rewrite app.js.map -o app.js.map --offset 1:0    # a banner of one line was put in front
  symbolicate rewrite bundle.js.map -o part.js.map --extract 10:1-20:1`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || out == "" {
				return errors.New("rewrite: want a source map, and -o FILE")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			writes.Add(1)
			defer writes.Add(-1)
			options := &sourcemap.RewriteOptions{SourceRoot: sourceRoot, NoSources: dropContents}
			var err error
			if offset != "" {
				if options.Offset, err = parseOffset(offset); err != nil {
					return err
				}
			}
			if extract != "" {
				base := 1
				if zeroBased {
					base = 0
				}
				if options.Part, err = parseSpan(extract, base); err != nil {
					return err
				}
			}
			stripped := 0
			options.URL = func(url string) string {
				if stripPrefix != "" && strings.HasPrefix(url, stripPrefix) {
					url = url[len(stripPrefix):]
					stripped++
				}
				return addPrefix + url
			}
			var texts *textFolder
			if contents != "" {
				if texts, err = newTextFolder(contents); err != nil {
					return err
				}
				defer texts.root.Close()
				options.Text = func(s sourcemap.Source) (string, bool, error) {
					if err := c.Context().Err(); err != nil {
						return "", false, err
					}
					return texts.text(s.URL)
				}
			}
			m, err := sourcemap.Open(args[0], allCores())
			if err != nil {
				return plainError(err)
			}
			defer m.Close()
			warn(c.ErrOrStderr(), args[0], m)
			rewritten, err := sourcemap.Rewrite(m, options)
			if err != nil {
				return plainError(err)
			}
			note := count(rewritten.NumSources(), "source")
			if texts != nil {
				note += fmt.Sprintf(", %s added", count(texts.found, "text"))
			}
			if err := writeMap(c, rewritten, out, note); err != nil {
				return err
			}
			all := true
			if stripPrefix != "" && stripped == 0 {
				fmt.Fprintf(c.ErrOrStderr(), "symbolicate: warning: rewrite: no source starts with %s\n", clean(stripPrefix))
				all = false
			}
			if texts != nil && len(texts.missing) > 0 {
				fmt.Fprintf(c.ErrOrStderr(), "symbolicate: warning: rewrite: no text in %s for %s, the first is %s\n",
					clean(contents), count(len(texts.missing), "source"), clean(texts.missing[0]))
				all = false
			}
			if !all {
				return errNotMapped
			}
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write; - is standard output")
	c.Flags().StringVar(&stripPrefix, "strip-prefix", "", "taken off the URLs that start with it")
	c.Flags().StringVar(&addPrefix, "add-prefix", "", "put before every URL")
	c.Flags().StringVar(&sourceRoot, "source-root", "", "the map's sourceRoot, which stands before every URL")
	c.Flags().BoolVar(&dropContents, "drop-contents", false, "leave out the source texts of the map")
	c.Flags().StringVar(&contents, "contents", "", "folder with the texts of sources that have none")
	c.Flags().StringVar(&offset, "offset", "", "LINES:COLUMNS of text that was put in front of the code")
	c.Flags().StringVar(&extract, "extract", "", "FROM-TO, both LINE:COL: keep a part of the code, up to before TO; without TO to the end")
	c.Flags().BoolVarP(&zeroBased, "zero-based", "0", false, "lines and columns of --extract count from 0, not from 1")
	return c
}

// parseOffset reads LINES:COLUMNS.
func parseOffset(text string) (sourcemap.Position, error) {
	lines, columns, found := strings.Cut(text, ":")
	l, err1 := strconv.ParseInt(lines, 10, 64)
	c, err2 := strconv.ParseInt(columns, 10, 64)
	if !found || err1 != nil || err2 != nil || l < 0 || c < 0 || l > math.MaxInt32 || c > math.MaxInt32 {
		return sourcemap.Position{}, fmt.Errorf("rewrite: --offset %q is not LINES:COLUMNS", text)
	}
	return sourcemap.Position{Line: int32(l), Column: int32(c)}, nil
}

// parseSpan reads LINE:COL-LINE:COL, or LINE:COL- for the rest, counted from base.
func parseSpan(text string, base int) (*sourcemap.Span, error) {
	from, to, found := strings.Cut(text, "-")
	if !found {
		return nil, fmt.Errorf("rewrite: --extract %q is not LINE:COL-LINE:COL", text)
	}
	var span sourcemap.Span
	var err error
	if span.From, err = parsePosition(from, base); err == nil && to != "" {
		if span.To, err = parsePosition(to, base); err == nil && span.To == (sourcemap.Position{}) {
			err = errors.New("lookup: ends where the code starts")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("rewrite: --extract %s: %s", text, strings.TrimPrefix(err.Error(), "lookup: "))
	}
	return &span, nil
}

// textFolder reads the texts of sources from files in a folder.
type textFolder struct {
	root    *os.Root
	found   int
	missing []string
}

func newTextFolder(path string) (*textFolder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("rewrite: --contents: %w", err)
	}
	return &textFolder{root: root}, nil
}

// text returns what the file of a source holds, if it is a regular one in the folder.
func (f *textFolder) text(url string) (text string, ok bool, err error) {
	data, err := f.read(pathOf(url))
	if err != nil {
		f.missing = append(f.missing, url)
		if errors.Is(err, errTooLarge) {
			return "", false, fmt.Errorf("%s: %w", url, err)
		}
		return "", false, nil
	}
	f.found++
	return string(data), true, nil
}

var errTooLarge = fmt.Errorf("a text of more than %d bytes", sourcemap.MaxBytes)

func (f *textFolder) read(path string) ([]byte, error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	if info, err := f.root.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	file, err := f.root.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, sourcemap.MaxBytes+1))
	if err == nil && len(data) > sourcemap.MaxBytes {
		err = errTooLarge
	}
	return data, err
}
