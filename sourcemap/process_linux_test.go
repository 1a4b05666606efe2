package sourcemap_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// The test program starts itself again as a process that can be killed. What it does then, this variable says.
const childEnv = "SYMBOLICATE_SOURCEMAP_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := child(strings.Split(what, " ")); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// start starts the program again; its lines come from the channel until it ends.
func start(t testing.TB, attributes *syscall.SysProcAttr, what ...string) (process *exec.Cmd, lines <-chan string, err error) {
	t.Helper()
	process = exec.Command(os.Args[0])
	process.Env = append(os.Environ(), childEnv+"="+strings.Join(what, " "), "GORACE=atexit_sleep_ms=0")
	process.SysProcAttr, process.Stderr = attributes, os.Stderr
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	if err := process.Start(); err != nil {
		return nil, nil, err
	}
	t.Cleanup(func() { _ = process.Process.Kill() })
	list := make(chan string, 100_000)
	go func() {
		defer close(list)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			list <- scanner.Text()
		}
	}()
	return process, list, nil
}

func child(args []string) error {
	number := func(i int) int { n, _ := strconv.Atoi(args[i]); return n }
	switch args[0] {
	case "save": // path, map files…: saves one after the other, for ever
		var maps []*sourcemap.Map
		for _, path := range args[2:] {
			m, err := sourcemap.Open(path, nil)
			if err != nil {
				return err
			}
			maps = append(maps, m)
		}
		for i := 0; ; i++ {
			if err := maps[i%len(maps)].Save(args[1], nil); err != nil {
				return err
			}
			fmt.Println(i)
		}
	case "append": // archive, first number: adds maps for ever
		for n := number(2); ; n++ {
			m, err := sourcemap.Parse([]byte(numberedText(n)), nil)
			if err != nil {
				return err
			}
			if err := sourcemap.UpdateArchive(args[1], func(w *sourcemap.ArchiveWriter) error {
				return w.Add(m, nil, urlKey(fmt.Sprint(n%killKeys)), urlKey("last"))
			}); err != nil {
				return err
			}
			m.Close()
			fmt.Println(n)
		}
	case "room": // folder: with a limit on the size of files
		signal.Ignore(syscall.SIGXFSZ)
		return childWithoutRoom(args[1], 0, func(bytes int) (func() error, error) {
			limit := func(bytes uint64) error {
				return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY})
			}
			return func() error { return limit(unix.RLIM_INFINITY) }, limit(uint64(bytes))
		})
	case "disk": // folder: on a disk of 256 KB, which is filled but for some bytes. Nobody else sees that disk.
		// The first mount keeps ours out of the namespace that we come from.
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
		if err := unix.Mount("tmpfs", args[1], "tmpfs", 0, "size=256k"); err != nil {
			return fmt.Errorf("mount: %w", err)
		}
		filler := filepath.Join(args[1], "filler")
		return childWithoutRoom(args[1], 4096, func(bytes int) (func() error, error) {
			f, err := os.Create(filler)
			if err != nil {
				return nil, err
			}
			for { // in pages, as the disk counts
				if _, err := f.Write(make([]byte, 4096)); err != nil {
					break
				}
			}
			info, err := f.Stat()
			if err != nil {
				return nil, err
			}
			return func() error { return os.Remove(filler) }, errors.Join(f.Truncate(max(info.Size()-int64(bytes), 0)), f.Close())
		})
	default:
		return fmt.Errorf("unknown %q", args)
	}
}

const killKeys = 10

// killed starts a child, kills it at a random moment, and returns the lines it had written until then.
func killed(t testing.TB, what ...string) (lines []string) {
	t.Helper()
	process, out, err := start(t, nil, what...)
	require.NoError(t, err)
	first, ok := <-out
	require.True(t, ok && !strings.Contains(first, "error"), first)
	time.Sleep(time.Duration(rand.Int64N(int64(10 * time.Millisecond))))
	require.NoError(t, process.Process.Kill())
	lines = []string{first}
	for line := range out {
		lines = append(lines, line)
	}
	_ = process.Wait() // not before all lines are read
	return lines
}

func killRounds() int {
	if soak {
		return 1000
	}
	return 12 // internal/archive kills more
}

// TestKillSave: whenever a process that saves is killed, the old file or the new one is there, from beginning to end. What
// else it leaves has the name of a temporary file.
func TestKillSave(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "index")
	var files []string
	var maps []*sourcemap.Map
	for i, text := range []string{features(500), features(30_000), large()} {
		file := filepath.Join(t.TempDir(), fmt.Sprint(i))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		files, maps = append(files, file), append(maps, parse(t, text))
	}
	// A reader that has had the file open from the beginning.
	require.NoError(t, maps[2].Save(path, nil))
	reader := openFile(t, path)
	found := map[int]int{}
	for range killRounds() {
		killed(t, append([]string{"save", path}, files...)...)
		m, err := sourcemap.Open(path, nil)
		require.NoError(t, err)
		require.NoError(t, m.Verify())
		which := -1
		for i := range maps {
			if m.Len() == maps[i].Len() && m.IndexSize().Texts == savedSize(t, maps[i]).Texts {
				which = i
			}
		}
		require.GreaterOrEqual(t, which, 0)
		requireSame(t, maps[which], m)
		m.Close()
		found[which]++
	}
	requireSame(t, maps[2], reader)
	require.NoError(t, reader.Verify())
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range list {
		if e.Name() != "index" {
			require.Regexp(t, `^\.index\.[0-9]+\.tmp$`, e.Name())
		}
	}
	t.Logf("%d kills left %d temporary files; maps found: %v", killRounds(), len(list)-1, found)
}

var savedSizes = map[*sourcemap.Map]sourcemap.IndexSize{}

func savedSize(t testing.TB, m *sourcemap.Map) sourcemap.IndexSize {
	t.Helper()
	if _, ok := savedSizes[m]; !ok {
		other, err := sourcemap.Parse(savedBytes(t, m), nil)
		require.NoError(t, err)
		savedSizes[m] = other.IndexSize()
	}
	return savedSizes[m]
}

// TestKillArchive: whenever a process that adds to an archive is killed, all maps are there that it said were, and whole; a
// reader from before goes on.
func TestKillArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	want := map[string]int{}
	next := 0
	var reader *sourcemap.Archive
	readerWant := map[string]int{}
	for round := range killRounds() {
		for _, line := range killed(t, "append", path, fmt.Sprint(next)) {
			n, err := strconv.Atoi(line)
			require.NoError(t, err, line)
			require.Equal(t, next, n)
			want[fmt.Sprint(n%killKeys)], want["last"] = n, n
			next++
		}
		a, err := sourcemap.OpenArchive(path)
		require.NoError(t, err)
		require.NoError(t, a.Verify())
		if isNumbered(get(t, a, urlKey("last")), next) == nil { // done, but it did not come to say so
			want[fmt.Sprint(next%killKeys)], want["last"] = next, next
			next++
		}
		require.Equal(t, len(want), a.Len())
		for k, n := range want {
			require.NoError(t, isNumbered(get(t, a, urlKey(k)), n))
		}
		for k, n := range readerWant {
			require.NoError(t, isNumbered(get(t, reader, urlKey(k)), n), "an old reader")
		}
		if round%5 == 0 {
			reader = a
			clear(readerWant)
			for k, n := range want {
				readerWant[k] = n
			}
		}
		if round%5 == 4 {
			require.NoError(t, sourcemap.CompactArchive(path))
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Less(t, info.Size(), int64(4096+(killKeys+2)*3000))
		}
	}
	t.Logf("%d kills, %d maps added", killRounds(), next)
}

// TestNoRoom: writing fails at each place in turn.
func TestNoRoom(t *testing.T) {
	process, lines, err := start(t, nil, "room", t.TempDir())
	require.NoError(t, err)
	for line := range lines {
		t.Log(line)
	}
	require.NoError(t, process.Wait())
}

// TestFullDisk is TestNoRoom on a disk that is full. Where nobody lets us mount one, TestNoRoom must do.
func TestFullDisk(t *testing.T) {
	attributes := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attributes.Cloneflags |= syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	process, lines, err := start(t, attributes, "disk", t.TempDir())
	if err != nil {
		t.Logf("no disk of our own here: %v", err)
		return
	}
	for line := range lines {
		if strings.Contains(line, "error: mount: ") {
			t.Logf("no disk of our own here: %v", line)
			_ = process.Wait()
			return
		}
		t.Log(line)
	}
	require.NoError(t, process.Wait())
}

// childWithoutRoom saves and adds to an archive, with room for ever more bytes (of a file, or of the disk) until it is
// enough. Until then nothing changes.
func childWithoutRoom(folder string, page int, leave func(bytes int) (back func() error, err error)) error {
	index, archive := filepath.Join(folder, "index"), filepath.Join(folder, "archive")
	var maps []*sourcemap.Map
	for _, text := range []string{numberedText(1), features(4000)} {
		m, err := sourcemap.Parse([]byte(text), nil)
		if err != nil {
			return err
		}
		maps = append(maps, m)
	}
	write := func(m *sourcemap.Map) map[string]func() error {
		return map[string]func() error{
			"save": func() error { return m.Save(index, nil) },
			"add": func() error {
				return sourcemap.UpdateArchive(archive, func(w *sourcemap.ArchiveWriter) error { return w.Add(m, nil, urlKey("a")) })
			},
			"compact": func() error { return sourcemap.CompactArchive(archive) },
		}
	}
	names := func() string {
		list, _ := os.ReadDir(folder)
		return fmt.Sprint(list)
	}
	for _, there := range []bool{false, true} {
		for _, name := range []string{"save", "add", "compact"} {
			do, path := write(maps[1])[name], archive
			if name == "save" {
				path = index
			}
			if there && name != "compact" { // an old file, of another map
				if err := os.Remove(path); err != nil {
					return err
				}
				if err := write(maps[0])[name](); err != nil {
					return err
				}
			}
			// An archive that was closed gives its file back, and so its place on the disk, when the collector comes.
			for range 3 {
				runtime.GC()
				time.Sleep(5 * time.Millisecond)
			}
			before, _ := os.ReadFile(path)
			old, failed := names(), 0
			for room := 0; ; room += max(page, 511) {
				back, err := leave(room)
				if err != nil {
					return err
				}
				err = do()
				if err := back(); err != nil {
					return err
				}
				if err == nil {
					break
				}
				failed++
				after, _ := os.ReadFile(path)
				if now := names(); now != old || !bytes.Equal(before, after) {
					return fmt.Errorf("%s changes %s to %s, %d bytes to %d, with room for %d: %w", name, old, now, len(before), len(after), room, err)
				}
				if !errors.Is(err, syscall.EFBIG) && !errors.Is(err, syscall.ENOSPC) {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			fmt.Printf("%s, there %v: no room %d times\n", name, there, failed)
			if failed == 0 {
				return fmt.Errorf("%s had room", name)
			}
			// What was written in the end is good.
			if name == "save" {
				m, err := sourcemap.Open(path, nil)
				if err != nil {
					return err
				}
				if err := m.Verify(); err != nil || m.Len() != maps[1].Len() {
					return fmt.Errorf("%d mappings, %w", m.Len(), err)
				}
				m.Close()
			} else {
				a, err := sourcemap.OpenArchive(path)
				if err != nil {
					return err
				}
				if err := a.Verify(); err != nil || a.Len() != 1 {
					return fmt.Errorf("%d keys, %w", a.Len(), err)
				}
				a.Close()
			}
		}
	}
	return nil
}
