package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/symbolicate/symbolicate/sourcemap"
)

func indexCommand() *cobra.Command {
	var out string
	var source string
	var noFunctions, asArchive, noSources, list, verify, compact bool
	c := &cobra.Command{
		Use:   "index MAP... -o FILE",
		Short: "Save source maps as packed indexes, which open without being read",
		Long: `Saves one map as a packed index, or several as an archive of them. Either is what --maps of stack takes, and
lookup. To stack a single index is a map like others, which is found by its name: app.js.map for app.js.

A MAP may be compressed (gzip, zstd), or a folder: all files in it that end in .map, .map.gz or .map.zst. In an archive each is found by its debug id and by the path
of its generated file: that of the map below the folder, without .map. An archive that is there is added to; maps it has under
the same path or debug id are replaced, and their space comes back with --compact.

Source texts are kept, compressed, and where their functions lie and what they are called: so frames have names from an index made with
--no-sources, too. With --source, or of maps in a folder where the generated file lies beside its map, the functions of the generated code are
kept as well, for sources of which the map has no text.`,
		Example: "  symbolicate index app.js.map -o packed/app.js.map\n  symbolicate index --source app.js app.js.map -o packed/app.js.map\n  symbolicate index dist -o release.symarc\n  symbolicate index --list release.symarc",
		RunE: func(c *cobra.Command, args []string) error {
			if list || verify || compact {
				return archiveTask(c, args, list, verify, compact)
			}
			if len(args) == 0 || out == "" {
				return errors.New("index: want a source map or more, and -o FILE")
			}
			writes.Add(1)
			defer writes.Add(-1)
			options := &sourcemap.SaveOptions{NoSources: noSources}
			if len(args) == 1 && !asArchive {
				if info, err := os.Stat(args[0]); err == nil && !info.IsDir() {
					return indexOne(c, args[0], source, out, !noFunctions, options)
				}
			}
			if source != "" {
				return errors.New("index: --source is for one map; of maps in a folder the generated files are found beside them")
			}
			return indexMany(c, args, out, !noFunctions, options)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	c.Flags().BoolVar(&asArchive, "archive", false, "make an archive of one map, too")
	c.Flags().StringVar(&source, "source", "", "the generated file of the map")
	c.Flags().BoolVar(&noFunctions, "no-functions", false, "leave out where functions lie, and their names")
	c.Flags().BoolVar(&noSources, "no-sources", false, "leave the source texts out")
	c.Flags().BoolVar(&list, "list", false, "print the keys of the archives named")
	c.Flags().BoolVar(&verify, "verify", false, "read the indexes and archives named from end to end; exit with 2 if one is damaged")
	c.Flags().BoolVar(&compact, "compact", false, "make the archives named anew without what was replaced in them")
	return c
}

// plainError takes the name of the package off an error of it.
func plainError(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.TrimPrefix(err.Error(), "sourcemap: "))
}

func indexOne(c *cobra.Command, path, source, out string, functions bool, options *sourcemap.SaveOptions) error {
	parse := allCores()
	parse.Functions = functions
	if source != "" && functions {
		var err error
		if parse.Generated, err = readCode(source); err != nil {
			return err
		}
	}
	m, err := sourcemap.Open(path, parse)
	if err != nil {
		return plainError(err)
	}
	defer m.Close()
	warn(c.ErrOrStderr(), path, m)
	if functions && !m.HasFunctions() {
		fmt.Fprintf(c.ErrOrStderr(), "symbolicate: warning: %s: a saved index, in which functions are no longer looked for: make it of the map\n", clean(path))
	}
	bar := newBar(c.ErrOrStderr(), "compressing", int64(m.NumSources()))
	options.Progress = bar.of(c.Context())
	if err := m.Save(out, options); err != nil {
		return plainError(err)
	}
	bar.done()
	saved, err := os.Stat(out)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: %s, %s mappings\n", clean(out), ofMap(saved.Size(), path), thousands(m.Len()))
	return nil
}

// ofMap says how large an index is beside its map.
func ofMap(size int64, path string) string {
	text := thousands(int(size)) + " bytes"
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		text += fmt.Sprintf(", %.0f %% of the map", 100*float64(size)/float64(info.Size()))
	}
	return text
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// found is a map to be indexed, and the path of its generated file.
type found struct{ path, url string }

// mapsIn returns the maps that the arguments name: files, and folders of them.
func mapsIn(args []string) (list []found, err error) {
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			list = append(list, found{arg, generatedName(filepath.Base(arg))})
			continue
		}
		n := len(list)
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isMapName(path) {
				return err
			}
			below, err := filepath.Rel(arg, path)
			list = append(list, found{path, generatedName(filepath.ToSlash(below))})
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(list) == n {
			return nil, fmt.Errorf("index: no file below %s is named like a map", arg)
		}
	}
	return list, nil
}

// isMapName tells whether a file is a map by its name, which may say that it is compressed.
func isMapName(path string) bool { return generatedName(path) != path }

// generatedName is the name of the file that a map is for.
func generatedName(path string) string {
	for _, end := range []string{".map", ".map.gz", ".map.zst"} {
		if plain, is := strings.CutSuffix(path, end); is {
			return plain
		}
	}
	return path
}

// indexed is a map that was made an index.
type indexed struct {
	found
	data     []byte
	debugID  string
	mappings int
	err      error
}

// indexMany adds maps to an archive. Each processor makes indexes, which come into the archive in the order of the maps.
func indexMany(c *cobra.Command, args []string, out string, functions bool, options *sourcemap.SaveOptions) error {
	maps, err := mapsIn(args)
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	options.Workers = max(1, workers/len(maps))
	bar := newBar(c.ErrOrStderr(), "indexing", int64(len(maps)))
	ctx, stop := context.WithCancel(c.Context())
	defer stop()
	queue := make(chan chan indexed, 2*workers)
	go func() {
		defer close(queue)
		var slots sync.WaitGroup
		free := make(chan struct{}, workers)
		for _, m := range maps {
			done := make(chan indexed, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return
			}
			free <- struct{}{}
			slots.Go(func() {
				done <- makeIndex(m, functions, options)
				<-free
			})
		}
		slots.Wait()
	}()
	var failed []error
	written, mappings := 0, 0
	err = sourcemap.UpdateArchive(out, func(w *sourcemap.ArchiveWriter) error {
		for done := range queue {
			i := <-done
			if ctx.Err() != nil {
				return ctx.Err()
			}
			bar.add(1)
			if i.err != nil {
				failed = append(failed, i.err)
				continue
			}
			keys := []sourcemap.Key{{URL: i.url}}
			if i.debugID != "" {
				keys = append(keys, sourcemap.Key{DebugID: i.debugID})
			}
			if err := w.AddIndex(i.data, keys...); err != nil {
				return err
			}
			written++
			mappings += i.mappings
		}
		if written == 0 && len(failed) > 0 {
			return failed[0]
		}
		return ctx.Err()
	})
	bar.done()
	if err != nil {
		return plainError(err)
	}
	for _, err := range failed {
		fmt.Fprintf(c.ErrOrStderr(), "symbolicate: left out: %s\n", clean(err.Error()))
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: %s maps, %s mappings added; %s bytes\n", clean(out), thousands(written), thousands(mappings), thousands(int(info.Size())))
	if len(failed) > 0 {
		return errNotMapped
	}
	return nil
}

func makeIndex(m found, functions bool, options *sourcemap.SaveOptions) (i indexed) {
	i.found = m
	parse := &sourcemap.Options{Functions: functions}
	if functions {
		if info, err := os.Stat(generatedName(m.path)); err == nil && info.Mode().IsRegular() && isMapName(m.path) {
			parse.Generated, _ = readCode(generatedName(m.path)) // what can't be read is as if it were not there
		}
	}
	opened, err := sourcemap.Open(m.path, parse)
	if err != nil {
		i.err = plainError(err)
		return i
	}
	defer opened.Close()
	i.debugID, i.mappings = opened.DebugID(), opened.Len()
	i.data, i.err = opened.AppendIndex(nil, options)
	return i
}

// archiveTask lists, verifies or compacts files.
func archiveTask(c *cobra.Command, args []string, list, verify, compact bool) error {
	if len(args) == 0 {
		return errors.New("index: want an archive or more")
	}
	for _, path := range args {
		switch {
		case list:
			a, err := sourcemap.OpenArchive(path)
			if err != nil {
				return plainError(err)
			}
			for k := range a.Keys() {
				if k.DebugID != "" {
					fmt.Fprintf(c.OutOrStdout(), "debug id %s\n", k.DebugID)
				} else {
					fmt.Fprintln(c.OutOrStdout(), clean(k.URL))
				}
			}
			a.Close()
		case verify:
			if err := verifyFile(path); err != nil {
				return plainError(err)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: whole\n", clean(path))
		case compact:
			if err := sourcemap.CompactArchive(path); err != nil {
				return plainError(err)
			}
		}
	}
	return nil
}

func verifyFile(path string) error {
	a, err := sourcemap.OpenArchive(path)
	if err == nil {
		defer a.Close()
		return a.Verify()
	}
	if !errors.Is(err, sourcemap.ErrNotArchive) {
		return err
	}
	m, err := sourcemap.Open(path, nil)
	if err != nil {
		return err
	}
	defer m.Close()
	return m.Verify()
}

// bar shows on a terminal how far long work is; elsewhere it shows nothing.
type bar struct{ p *progressbar.ProgressBar }

func newBar(w io.Writer, what string, total int64) *bar {
	file, is := w.(*os.File)
	if !is || !term.IsTerminal(int(file.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetRenderBlankState(false))}
}

func (b *bar) add(n int) {
	if b.p != nil {
		_ = b.p.Add(n)
	}
}

// of returns what Save calls: it moves the bar, and ends the work with the context.
func (b *bar) of(ctx context.Context) func(done, total int) error {
	return func(done, _ int) error {
		if b.p != nil {
			_ = b.p.Set(done)
		}
		return ctx.Err()
	}
}

func (b *bar) done() {
	if b.p != nil {
		_ = b.p.Finish()
	}
}
