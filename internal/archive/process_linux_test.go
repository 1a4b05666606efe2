package archive

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The test program starts itself again as a process that can be killed. What it does then, this variable says.
const childEnv = "SYMBOLICATE_ARCHIVE_CHILD"

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
func start(t testing.TB, what ...string) (process *exec.Cmd, lines <-chan string) {
	t.Helper()
	process = exec.Command(os.Args[0])
	process.Env = append(os.Environ(), childEnv+"="+strings.Join(what, " "), "GORACE=atexit_sleep_ms=0")
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	process.Stderr = os.Stderr
	require.NoError(t, process.Start())
	t.Cleanup(func() { _ = process.Process.Kill() })
	list := make(chan string, 100_000)
	go func() {
		defer close(list)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			list <- scanner.Text()
		}
	}()
	return process, list
}

func child(args []string) error {
	number := func(i int) int { n, _ := strconv.Atoi(args[i]); return n }
	switch args[0] {
	case "append": // path, first number, keys: adds items for ever
		for n := number(2); ; n++ {
			if err := Update(args[1], func(w *Writer) error { return put(w, numbered(n), slotKey(n, number(3)), url("last")) }); err != nil {
				return err
			}
			fmt.Println(n)
		}
	case "compact": // path: for ever
		for {
			if err := Compact(args[1]); err != nil {
				return err
			}
			fmt.Println("compacted")
			time.Sleep(2 * time.Millisecond) // others want the lock too
		}
	case "add": // path, first number, how many: adds items, each with a key of its own
		for n := number(2); n < number(2)+number(3); n++ {
			if err := Update(args[1], func(w *Writer) error { return put(w, numbered(n), url(fmt.Sprint(n))) }); err != nil {
				return err
			}
		}
		return nil
	case "full":
		return childWithoutRoom(args[1])
	default:
		return fmt.Errorf("unknown %q", args)
	}
}

// numbered is the content of item n: its text starts with n, and tells whether all of it is there.
func numbered(n int) string {
	return fmt.Sprintf("%d:%s.", n, strings.Repeat(string(rune('a'+n%26)), n*7919%20_000))
}

func slotKey(n, keys int) Key { return url(fmt.Sprint("key ", n%keys)) }

// TestKill kills processes that write to an archive, again and again: what they said was done is there, and the rest as if
// they had never begun.
func TestKill(t *testing.T) {
	const keys = 20
	rounds := 100
	if soak {
		rounds = 2000
	}
	path := filepath.Join(t.TempDir(), "archive")
	want := map[Key]string{}
	next, torn, killed := 0, 0, map[bool]int{}
	// A reader that has had the archive open since some rounds ago.
	var reader *os.File
	var readerDirectory *Directory
	readerWant := map[Key]string{}
	open := func() {
		var err error
		reader, err = os.Open(path)
		require.NoError(t, err)
		info, err := reader.Stat()
		require.NoError(t, err)
		readerDirectory, err = Read(reader, info.Size())
		require.NoError(t, err)
		clear(readerWant)
		for k, v := range want {
			readerWant[k] = v
		}
	}
	for round := range rounds {
		compacting := round%4 == 3 && len(want) > 0
		var process *exec.Cmd
		var lines <-chan string
		if compacting {
			process, lines = start(t, "compact", path)
		} else {
			process, lines = start(t, "append", path, fmt.Sprint(next), fmt.Sprint(keys))
		}
		first, ok := <-lines // it runs
		require.True(t, ok && !strings.Contains(first, "error"), first)
		time.Sleep(time.Duration(rand.Int64N(int64(12 * time.Millisecond))))
		require.NoError(t, process.Process.Kill())
		done := []string{first}
		for line := range lines {
			done = append(done, line)
		}
		_ = process.Wait() // not before all lines are read
		if !compacting {
			for _, line := range done {
				n, err := strconv.Atoi(line)
				require.NoError(t, err, line)
				require.Equal(t, next, n)
				want[slotKey(n, keys)], want[url("last")] = numbered(n), numbered(n)
				next++
			}
		}
		// One more may have been done than it came to say.
		got := read(t, path)
		if !compacting && got[url("last")] == numbered(next) {
			want[slotKey(next, keys)], want[url("last")] = numbered(next), numbered(next)
			next++
			killed[true]++
		}
		if !maps.Equal(want, got) { // their texts are long
			for k := range want {
				require.Equal(t, want[k][:min(len(want[k]), 9)], got[k][:min(len(got[k]), 9)], "round %d, %v", round, k)
			}
			require.Fail(t, "other contents", "round %d", round)
		}

		if reader != nil {
			for k, content := range readerWant {
				r, found := readerDirectory.Find(k)
				require.True(t, found)
				data := make([]byte, r.Length)
				_, err := reader.ReadAt(data, int64(r.Start))
				require.NoError(t, err)
				require.Equal(t, content, string(data), "an old reader")
			}
		}
		if round%7 == 0 {
			if reader != nil {
				require.NoError(t, reader.Close())
			}
			open()
		}

		// The tail is written over, and nothing of it is left.
		info, err := os.Stat(path)
		require.NoError(t, err)
		f, err := os.Open(path)
		require.NoError(t, err)
		d, err := Read(f, info.Size())
		require.NoError(t, err)
		require.NoError(t, d.Damage())
		require.NoError(t, f.Close())
		if uint64(info.Size()) > d.End() {
			torn++
		}
		update(t, path, "x", url("after"))
		want[url("after")] = "x"
		after := size(t, path)
		require.Less(t, after, int64(d.End())+5000)
		if after > 20<<20 {
			require.NoError(t, Compact(path))
			assert.Less(t, size(t, path), int64(keys+2)*21_000+headSize+5000)
		}
	}
	require.NoError(t, reader.Close())
	t.Logf("%d kills, %d items, %d torn tails, %d done and not said", rounds, next, torn, killed[true])
	// What is left lies beside the archive, and is named as it should be.
	list, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range list {
		if e.Name() != "archive" {
			require.Regexp(t, `^\.archive\.[0-9]+\.tmp$`, e.Name())
		}
	}
}

// TestProcesses: several processes add to one archive at a time, which none of them finds there, while another compacts it.
func TestProcesses(t *testing.T) {
	each := 10
	if soak {
		each = 200
	}
	path := filepath.Join(t.TempDir(), "archive")
	const processes = 3
	// add has each process add so many items, from the number on.
	add := func(from int) {
		var adding []*exec.Cmd
		var outputs []<-chan string
		for i := range processes {
			process, lines := start(t, "add", path, fmt.Sprint(from+i*each), fmt.Sprint(each))
			adding, outputs = append(adding, process), append(outputs, lines)
		}
		for i, process := range adding {
			for line := range outputs[i] {
				assert.Empty(t, line)
			}
			require.NoError(t, process.Wait())
		}
	}
	add(0)
	compacting, compacted := start(t, "compact", path)
	require.Equal(t, "compacted", <-compacted)
	add(processes * each)
	require.NoError(t, compacting.Process.Kill())
	n := 1
	for line := range compacted {
		require.Equal(t, "compacted", line)
		n++
	}
	_ = compacting.Wait()
	all := read(t, path)
	assert.Len(t, all, 2*processes*each)
	for n := range 2 * processes * each {
		require.Equal(t, numbered(n), all[url(fmt.Sprint(n))], "%d", n)
	}
	t.Logf("%d items of %d processes, %d times compacted", len(all), processes, n)
}

// TestGoroutines is the same within one process.
func TestGoroutines(t *testing.T) {
	const workers, each = 4, 10
	path := filepath.Join(t.TempDir(), "archive")
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			for n := i * each; n < (i+1)*each; n++ {
				assert.NoError(t, Update(path, func(w *Writer) error { return put(w, numbered(n), url(fmt.Sprint(n))) }))
				if n%3 == 0 {
					assert.NoError(t, Compact(path))
				}
			}
		})
	}
	group.Wait()
	all := read(t, path)
	assert.Len(t, all, workers*each)
	for n := range workers * each {
		require.Equal(t, numbered(n), all[url(fmt.Sprint(n))])
	}
	onlyFile(t, path)
}

// TestNoRoom: with a limit on the size of files, writing fails at each place in turn.
func TestNoRoom(t *testing.T) {
	process, lines := start(t, "full", t.TempDir())
	for line := range lines {
		t.Log(line)
	}
	require.NoError(t, process.Wait())
}

func childWithoutRoom(folder string) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(bytes uint64) error {
		return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY})
	}
	path := filepath.Join(folder, "archive")
	add := func(w *Writer) error {
		for n := range 3 {
			if err := put(w, strings.Repeat("x", 3000), url(fmt.Sprint("new ", n))); err != nil {
				return err
			}
		}
		return nil
	}
	names := func() string {
		list, err := os.ReadDir(folder)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(list)
	}
	failed := map[string]int{}
	// try does something with room for files of ever more bytes until it is enough. Until then nothing changes.
	try := func(name string, before []byte, do func() error) error {
		old := names()
		for bytes_ := uint64(0); ; bytes_ += 97 {
			if err := limit(bytes_); err != nil {
				return err
			}
			err := do()
			if err := limit(unix.RLIM_INFINITY); err != nil {
				return err
			}
			if err == nil {
				return nil
			}
			failed[name]++
			after, readErr := os.ReadFile(path)
			if before == nil && !os.IsNotExist(readErr) {
				return fmt.Errorf("%s: a file of %d bytes is left", name, len(after))
			}
			if !bytes.Equal(before, after) {
				return fmt.Errorf("%s: the archive changed, with room for %d bytes: %v", name, bytes_, err)
			}
			if now := names(); now != old {
				return fmt.Errorf("%s: files are %s", name, now)
			}
		}
	}
	content := func() []byte { data, _ := os.ReadFile(path); return data }

	if err := try("create", nil, func() error { return Update(path, add) }); err != nil {
		return err
	}
	if err := Update(path, func(w *Writer) error {
		w.Remove(url("new 1"))
		return put(w, "old", url("old"))
	}); err != nil {
		return err
	}
	if err := try("compact", content(), func() error { return Compact(path) }); err != nil {
		return err
	}
	if err := try("update", content(), func() error { return Update(path, add) }); err != nil {
		return err
	}
	all, err := contents(content())
	if err != nil {
		return err
	}
	if len(all) != 4 || all[url("old")] != "old" || all[url("new 2")] != strings.Repeat("x", 3000) {
		return fmt.Errorf("the archive is %v", all)
	}
	fmt.Println("no room:", failed)
	for _, name := range []string{"create", "compact", "update"} {
		if failed[name] < 50 {
			return fmt.Errorf("%s failed %d times", name, failed[name])
		}
	}
	return nil
}

// TestLocked: an update waits for one that another has begun.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "archive")
	update(t, path, "one", url("a"))
	begun, end, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- Update(path, func(w *Writer) error {
			close(begun)
			<-end
			return put(w, "two", url("b"))
		})
	}()
	<-begun
	var second error
	waited := make(chan bool)
	go func() {
		second = Update(path, func(w *Writer) error {
			// It starts from what the first one wrote.
			assert.Len(t, w.keys, 2)
			return put(w, "three", url("c"))
		})
		close(waited)
	}()
	select {
	case <-waited:
		assert.Fail(t, "it did not wait")
	case <-time.After(30 * time.Millisecond):
	}
	assert.Equal(t, map[Key]string{url("a"): "one"}, read(t, path), "readers don't wait")
	close(end)
	require.NoError(t, <-done)
	<-waited
	require.NoError(t, second)
	assert.Equal(t, map[Key]string{url("a"): "one", url("b"): "two", url("c"): "three"}, read(t, path))
}
