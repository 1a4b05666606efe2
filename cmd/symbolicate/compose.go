package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func composeCommand() *cobra.Command {
	var out string
	var folders []string
	var noSources, keepRepeats bool
	c := &cobra.Command{
		Use:   "compose OUTER.map [SOURCE=MAP...] [--maps DIR] -o OUT",
		Short: "Join the maps of several build steps into one",
		Long: `Joins the map of the last step (a bundler's, a minifier's) with those of the files that it was made from, and theirs
in turn: OUT leads from the generated code to the first originals.

SOURCE=MAP names the map of one source, by its URL as the map before it has it; of several '=' the last counts. With --maps, the map of a source
is the file in DIR with the path of its URL and .map: webpack:///./lib/a.js is lib/a.js.map, and a leading ../ does not count. A
source without a map is an original, and stays.

Exit codes: 0 done; 1 done, but a SOURCE=MAP was of no use, or no map was found; 2 nothing was written.`,
		Example: "  symbolicate compose app.min.js.map app.js=app.js.map -o app.map\n  symbolicate compose dist/app.js.map --maps lib -o dist/app.js.map",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || out == "" {
				return errors.New("compose: want a source map, and -o FILE")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			writes.Add(1)
			defer writes.Add(-1)
			j := &joiner{ctx: c.Context(), c: c, outer: args[0], folders: folders, named: map[string]string{}, used: map[string]bool{}}
			defer j.close()
			for _, arg := range args[1:] {
				// A URL may hold a '=', the name of a file on disk seldom does.
				at := strings.LastIndexByte(arg, '=')
				if at <= 0 || at == len(arg)-1 {
					return fmt.Errorf("compose: %q is not SOURCE=MAP", arg)
				}
				if _, twice := j.named[arg[:at]]; twice {
					return fmt.Errorf("compose: the source %s has two maps", arg[:at])
				}
				j.named[arg[:at]] = arg[at+1:]
			}
			for _, folder := range folders {
				if info, err := os.Stat(folder); err != nil {
					return err
				} else if !info.IsDir() {
					return fmt.Errorf("compose: --maps %s: not a folder", folder)
				}
			}
			outer, err := j.open(args[0])
			if err != nil {
				return err
			}
			m, err := sourcemap.Compose(outer, j.load, &sourcemap.ComposeOptions{NoSources: noSources, KeepRepeats: keepRepeats})
			if err != nil {
				return plainError(err)
			}
			if err := writeMap(c, m, out, fmt.Sprintf("%s joined, %s", count(len(j.maps), "map"), count(m.NumSources(), "source"))); err != nil {
				return err
			}
			return j.verdict()
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write; - is standard output")
	c.Flags().StringArrayVarP(&folders, "maps", "m", nil, "folder with maps of the sources; may be given again")
	c.Flags().BoolVar(&noSources, "no-sources", false, "leave the source texts out")
	c.Flags().BoolVar(&keepRepeats, "keep-repeats", false, "keep mappings that say what the one before them says")
	return c
}

// joiner finds the maps of sources.
type joiner struct {
	ctx     context.Context
	c       *cobra.Command
	outer   string
	folders []string
	named   map[string]string // by URL
	used    map[string]bool   // URLs of named
	maps    []*sourcemap.Map
}

func (j *joiner) open(path string) (*sourcemap.Map, error) {
	m, err := sourcemap.Open(path, allCores())
	if err != nil {
		return nil, plainError(err)
	}
	warn(j.c.ErrOrStderr(), path, m)
	j.maps = append(j.maps, m)
	return m, nil
}

func (j *joiner) close() {
	for _, m := range j.maps {
		m.Close()
	}
}

// load returns the map of a source, nil for none.
func (j *joiner) load(url string) (*sourcemap.Map, error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	if path, ok := j.named[url]; ok {
		j.used[url] = true
		return j.open(path)
	}
	below := pathOf(url)
	if below == "" {
		return nil, nil
	}
	for _, folder := range j.folders {
		path := filepath.Join(folder, filepath.FromSlash(below)+".map")
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, err
		}
		if outer, err := os.Stat(j.outer); err == nil && os.SameFile(info, outer) {
			continue // a file that was worked on in place
		}
		return j.open(path)
	}
	return nil, nil
}

// verdict says what was asked for in vain.
func (j *joiner) verdict() error {
	var unused []string
	for url := range j.named {
		if !j.used[url] {
			unused = append(unused, url)
		}
	}
	slices.Sort(unused)
	for _, url := range unused {
		fmt.Fprintf(j.c.ErrOrStderr(), "symbolicate: warning: compose: no mapping leads to the source %s\n", clean(url))
	}
	if len(j.maps) == 1 && len(j.named) == 0 {
		fmt.Fprintf(j.c.ErrOrStderr(), "symbolicate: warning: compose: no map was found for a source of %s\n", clean(j.outer))
	}
	if len(unused) > 0 || len(j.maps) == 1 {
		return errNotMapped
	}
	return nil
}

// pathOf returns the path of a URL below a folder, with slashes: without scheme, host, query and what leads out of the
// folder; "" for none.
func pathOf(url string) string {
	if scheme, rest, ok := strings.Cut(url, "://"); ok && !strings.ContainsAny(scheme, "/\\") {
		_, url, _ = strings.Cut(rest, "/")
	}
	url, _, _ = strings.Cut(url, "?")
	below := path.Clean("/" + strings.ReplaceAll(url, "\\", "/"))[1:]
	if !filepath.IsLocal(filepath.FromSlash(below)) || below == "." || strings.ContainsRune(below, 0) {
		return ""
	}
	return below
}

// writeMap writes a map to the path, and says so; to standard output it writes nothing else.
func writeMap(c *cobra.Command, m *sourcemap.Map, out, note string) error {
	defer m.Close()
	if err := c.Context().Err(); err != nil {
		return err
	}
	warn(c.ErrOrStderr(), out, m) // what was left out
	if out == "-" {
		return plainError(m.Encode(c.OutOrStdout(), nil))
	}
	if err := m.EncodeFile(out, nil); err != nil {
		return plainError(err)
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: %s bytes, %s; %s\n", clean(out), thousands(int(info.Size())), count(m.Len(), "mapping"), note)
	return nil
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(n) + " " + what
}
