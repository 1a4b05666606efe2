"""fork(): a child goes on with what its parent had, or says why it can't, and never hangs.

Each child is under a watchdog. `make soak` runs the loops longer.
"""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support import CORPUS, SHOP, fork, in_child, run, wait

import symbolicate
from symbolicate import ArtifactError, ClosedError, ForkError, SourceMap, Symbolicator, _library

DIST = SHOP / "dist/terser-names"
TRACE = (SHOP / "traces/terser-names/node-checkout.txt").read_text()
ROUNDS = 1000 if os.environ.get("SYMBOLICATE_SOAK") else 60


def large_map() -> bytes:
    """A map whose index is large enough to be a mapping of its own, with source texts."""
    line = ",".join(["AAAAA", *["SACGC", "GAAHA", "KAAKD", "UAEC"] * 35])
    text = "export function part(value) {\\n  return value.map((x) => x * 2)\\n}\\n"
    sources = ",".join(f'"src/part{i}.js"' for i in range(70))
    texts = ",".join(f'"{i} {text * 20}"' for i in range(70))
    names = ",".join(f'"name{i}"' for i in range(40_000))
    mappings = ";".join([line] * 1500)
    fields = f'"sources":[{sources}],"sourcesContent":[{texts}],"names":[{names}],"mappings":"{mappings}"'
    return f'{{"version":3,{fields}}}'.encode()


class Parent:
    """One object of each kind, and what they answer."""

    def __init__(self, folder: Path, small: bytes) -> None:
        large = large_map()
        path = folder / "large.js.map"
        path.write_bytes(large)
        self.maps = {
            "small, borrowed": SourceMap.from_bytes(small),
            "small, copied": SourceMap.from_bytes(bytearray(small)),
            "large, borrowed": SourceMap.from_bytes(large),
            "large, copied": SourceMap.from_bytes(memoryview(large)),
            "large, from a file": SourceMap.open(path),
        }
        index = folder / "large.symidx"
        self.maps["large, from a file"].save(index)
        self.maps["index, from a file"] = SourceMap.open(index)
        self.maps["index, borrowed"] = SourceMap.from_bytes(index.read_bytes())
        self.symbolicator = Symbolicator(DIST)
        self.adder = Symbolicator()
        self.adder.add(
            "https://shop.example/a.js", source_map=(DIST / "shop.min.js.map").read_bytes(), source=DIST / "shop.min.js"
        )
        self.answers = self.ask()

    def ask(self) -> list[object]:
        answers: list[object] = []
        for m in self.maps.values():
            found = m.lookup_many([0] * 200, range(200))
            answers += [
                m.lookup(0, 10),
                m.lookup_across_lines(7, 0),
                list(found.source),
                list(found.name),
                list(found.line),
            ]
            answers += [
                m.sources[:3],
                m.names[-3:],
                m.source_text(0),
                m.ignored(0),
                m.debug_id,
                m.problems,
                len(m),
                m.nbytes,
            ]
        answers.append(self.symbolicator.symbolicate(TRACE))
        answers.append(self.adder.symbolicate("Error: x\n    at f (https://shop.example/a.js:1:500)"))
        return answers

    def check(self) -> None:
        assert self.ask() == self.answers

    def close(self) -> None:
        for x in (*self.maps.values(), self.symbolicator, self.adder):
            x.close()


@pytest.fixture
def parent(tmp_path: Path, map_bytes: bytes) -> Parent:
    return Parent(tmp_path, map_bytes)


def test_parents_objects(parent: Parent) -> None:
    def child() -> None:
        parent.check()
        parent.check()
        assert symbolicate.stats().handles == len(parent.maps) + 2
        for m in parent.maps.values():
            m.close()
            with pytest.raises(ClosedError):
                m.lookup(0, 0)
        parent.close()
        assert symbolicate.stats() == (0, 0)

    for _ in range(3):
        assert in_child(child) == 0
    parent.check()


def test_new_objects(parent: Parent, map_bytes: bytes) -> None:
    def child() -> None:
        with SourceMap.from_bytes(map_bytes) as m:
            assert m.lookup(0, 0) is not None
        assert symbolicate.parse_stack(TRACE).frames
        assert symbolicate.stats() == (0, 0)

    assert in_child(child) == 0
    parent.check()


def test_nothing_loaded_before(tmp_path: Path) -> None:
    """Where the parent only imported the package, the child loads the library itself, not a copy."""
    code = f"""
import os, symbolicate
pid = os.fork()
if pid == 0:
    symbolicate.SourceMap.open({str(DIST / "shop.min.js.map")!r}).lookup(0, 0)
    maps = open("/proc/self/maps").read()
    os._exit(0 if "_native/libsymbolicate.so" in maps and "memfd" not in maps else 1)
assert os.waitpid(pid, 0)[1] == 0
assert "libsymbolicate" not in open("/proc/self/maps").read()
"""
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr


def test_many_forks(parent: Parent) -> None:
    m = parent.maps["large, borrowed"]
    want = m.lookup(3, 100)
    for _ in range(ROUNDS):
        assert in_child(lambda: None if m.lookup(3, 100) == want else os._exit(2)) == 0


def test_many_children_at_once(parent: Parent) -> None:
    children = [fork(parent.check) for _ in range(8)]
    assert [wait(pid) for pid in children] == [0] * 8


def nest(depth: int, body: Callable[[int], None], level: int = 1) -> None:
    body(level)
    if level < depth:
        code = in_child(lambda: nest(depth, body, level + 1))
        if code:
            os._exit(code)


def test_nested_forks(parent: Parent) -> None:
    assert in_child(lambda: nest(5, lambda _: parent.check())) == 0


def test_nested_forks_that_skip(parent: Parent) -> None:
    """Processes between that use nothing cost nothing, and hand on what they had."""
    assert in_child(lambda: nest(40, lambda level: parent.check() if level % 10 == 0 else None)) == 0


def test_too_deep(parent: Parent) -> None:
    m = parent.maps["small, copied"]

    def body(level: int) -> None:
        if level <= _library.MAX_FORK_DEPTH - 1:
            m.lookup(0, 0)
            return
        m.lookup(0, 0)

        def beyond() -> None:
            with pytest.raises(ForkError, match="descends from: use symbolicate in the children only"):
                m.lookup(0, 0)
            gc.collect()

        if code := in_child(beyond):
            os._exit(code)

    assert in_child(lambda: nest(_library.MAX_FORK_DEPTH - 1, body)) == 0


def test_mode_raise(parent: Parent) -> None:
    with pytest.raises(ValueError, match="'copy' or 'raise'"):
        symbolicate.set_fork_mode("hang")  # type: ignore[arg-type]
    symbolicate.set_fork_mode("raise")
    try:

        def child() -> None:
            for call in (lambda: parent.maps["small, copied"].lookup(0, 0), lambda: symbolicate.parse_stack("")):
                with pytest.raises(ForkError, match="spawn"):
                    call()
            assert repr(parent.maps["small, copied"]).startswith(
                "<symbolicate.SourceMap, symbolicate was used before fork()"
            )
            parent.close()
            gc.collect()
            symbolicate.set_fork_mode("copy")
            assert symbolicate.parse_stack("").frames == []

        assert in_child(child) == 0
    finally:
        symbolicate.set_fork_mode("copy")
    parent.check()


def test_no_copy_can_be_made(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> object:
        raise OSError("not here")

    monkeypatch.setattr(_library, "_copy_to", no)
    monkeypatch.setattr(_library, "_spare", None)

    def child() -> None:
        with pytest.raises(ForkError, match=r"no copy .* \(not here; not here\): use symbolicate in the children only"):
            parent.maps["small, copied"].lookup(0, 0)

    assert in_child(child) == 0


def test_copy_in_a_file(parent: Parent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where there is no memfd."""
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = sorted(tmp_path.iterdir())

    def child() -> None:
        parent.check()
        assert sorted(tmp_path.iterdir()) == before, "the copy is gone once it is loaded"
        assert "/libsymbolicate-" in Path("/proc/self/maps").read_text()

    assert in_child(child) == 0


def test_name_in_use(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that the dynamic linker knows gives the dead library back: it is not used."""
    asked: list[str] = []
    loaded = _library._loaded

    def first_is_taken(ffi: object, name: str) -> bool:
        asked.append(name)
        return len(asked) == 1 or loaded(ffi, name)

    monkeypatch.setattr(_library, "_loaded", first_is_taken)

    def child() -> None:
        descriptors = sorted(os.listdir("/proc/self/fd"))
        parent.maps["small, copied"].lookup(0, 0)
        assert len(set(asked)) == 2
        assert loaded(_library._ffi, asked[1]), "the check finds what is loaded"
        assert not loaded(_library._ffi, asked[0])
        assert len(os.listdir("/proc/self/fd")) <= len(descriptors) + 2, "Go keeps an epoll and an eventfd at most"
        parent.check()

    assert in_child(child) == 0


def test_all_names_in_use(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_library, "_loaded", lambda *_: True)

    def child() -> None:
        with pytest.raises(ForkError, match=r"all names for it are in use; .* is in use"):
            parent.maps["small, copied"].lookup(0, 0)

    assert in_child(child) == 0


def test_closed_descriptors(parent: Parent) -> None:
    """What makes daemons closes all files; the numbers are others' then."""

    def child() -> None:
        os.closerange(3, 100)
        others = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
        parent.check()
        assert len(others) == 20

    assert in_child(child) == 0


def test_children_share_the_copy(parent: Parent) -> None:
    """Its pages are there once for all children of a process, not once for each; their own children get another."""

    def copies() -> set[str]:
        return {line.split()[4] for line in Path("/proc/self/maps").read_text().splitlines() if "memfd:" in line}

    read, write = os.pipe()

    def grandchild() -> None:
        parent.check()
        assert len(copies()) == 2
        os.write(write, f"{max(copies() - before)}\n".encode())

    before: set[str] = set()

    def child() -> None:
        parent.check()
        before.update(copies())
        assert len(before) == 1
        os.write(write, f"{max(before)}\n".encode())
        assert in_child(grandchild) == 0

    assert [in_child(child) for _ in range(3)] == [0] * 3
    inodes = os.read(read, 1000).decode().split()
    os.close(read)
    os.close(write)
    assert len(set(inodes[::2])) == 1
    assert len(set(inodes[1::2])) == 3


def test_library_replaced(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that was updated meanwhile is not mixed with what is in memory."""

    def child() -> None:
        os.close(_library._file)
        monkeypatch.setattr(_library, "_spare", None)
        monkeypatch.setattr(_library, "_NAME", "VERSION")
        with pytest.raises(ForkError, match="was replaced since it was loaded"):
            parent.maps["small, copied"].lookup(0, 0)

    assert in_child(child) == 0


def test_fork_that_python_does_not_see(parent: Parent) -> None:
    """A fork of C code, such as uWSGI's, is noticed by the first call."""
    import ctypes

    m = parent.maps["large, copied"]
    want = m.lookup(3, 100)
    pid = ctypes.PyDLL(None).fork()
    if pid == 0:
        try:
            assert m.lookup(3, 100) == want
            parent.check()
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    assert wait(pid) == 0


@pytest.mark.parametrize("use", [False, True])
@pytest.mark.parametrize("end", ["return", "sys.exit()", "raise ValueError", "os._exit(0)", "os.abort()"])
def test_ways_to_end(end: str, use: bool) -> None:
    """A child that ends while it holds its parent's objects, used or not: the exit code is its own."""
    code = f"""
import os, sys, gc, symbolicate
m = symbolicate.SourceMap.open({str(DIST / "shop.min.js.map")!r})
s = symbolicate.Symbolicator({str(DIST)!r})
cycle = [m]; cycle.append(cycle)
def child():
    if {use}:
        assert m.lookup(0, 100) is not None
    {end}
pid = os.fork()
if pid == 0:
    child()
else:
    status = os.waitpid(pid, 0)[1]
    assert m.lookup(0, 100) is not None
    m.close()
    print(os.waitstatus_to_exitcode(status))
"""
    result = run(sys.executable, "-W", "ignore::DeprecationWarning", "-c", code)
    assert result.returncode == 0, result.stderr
    want = {"raise ValueError": "1", "os.abort()": "-6"}.get(end, "0")
    assert result.stdout.strip() == want, result.stderr
    wanted_words = "ValueError" if "raise" in end else ""
    lines = [line for line in result.stderr.splitlines() if "Warning" not in line]
    assert (wanted_words in result.stderr) and (bool(lines) == bool(wanted_words) or end == "os.abort()"), result.stderr


def test_finalizers_in_a_child(parent: Parent) -> None:
    def child() -> None:
        parent.maps.clear()
        gc.collect()
        assert symbolicate.stats() == (0, 0)

    assert in_child(child) == 0
    parent.check()


def test_close_in_a_child_first(parent: Parent) -> None:
    def child() -> None:
        m = parent.maps["large, copied"]
        m.close()
        with pytest.raises(ClosedError):
            m.lookup(0, 0)
        assert repr(m) == "<symbolicate.SourceMap, closed>"

    assert in_child(child) == 0
    parent.check()


def test_files_that_are_gone(parent: Parent, tmp_path: Path) -> None:
    """Maps that were open stay good in a child when their files are gone; a symbolicator reads its folders anew."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "a.js").write_text("x")
    s = Symbolicator(folder)
    for path in (*folder.iterdir(), tmp_path / "large.js.map", tmp_path / "large.symidx"):
        path.unlink()
    folder.rmdir()

    def child() -> None:
        parent.check()
        for _ in range(2):
            with pytest.raises(ArtifactError, match="no such file"):
                s.symbolicate(TRACE)
        s.close()

    assert in_child(child) == 0


def test_threads_in_the_child(parent: Parent) -> None:
    """Many threads take the parent's objects over at once: each is taken over once."""

    def child() -> None:
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                parent.check()
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not failures, failures
        assert symbolicate.stats().handles == len(parent.maps) + 2

    for _ in range(3):
        assert in_child(child) == 0


def test_fork_while_others_are_inside(parent: Parent) -> None:
    """Threads of the parent look up, parse and drop while it forks."""
    stop = threading.Event()
    data = large_map()

    def busy() -> None:
        while not stop.is_set():
            parent.maps["large, copied"].lookup_many([0] * 10_000, range(10_000))
            SourceMap.from_bytes(data).lookup(0, 0)
            parent.symbolicator.symbolicate(TRACE)

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        for _ in range(max(20, ROUNDS // 10)):
            assert in_child(parent.check) == 0
    finally:
        stop.set()
        for t in threads:
            t.join()
    parent.check()


def test_fork_while_the_library_is_loaded() -> None:
    code = f"""
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
import symbolicate
delay = float(sys.argv[1])
t = threading.Thread(target=lambda: symbolicate.SourceMap.open({str(DIST / "shop.min.js.map")!r}))
t.start()
time.sleep(delay)
pid = os.fork()
if pid == 0:
    symbolicate.SourceMap.open({str(DIST / "shop.min.js.map")!r}).lookup(0, 0)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
t.join()
"""
    for i in range(12):
        result = run(sys.executable, "-c", code, str(i * 0.001))
        assert result.returncode == 0, result.stderr


def pool_task(column: int) -> object:
    assert SHARED is not None
    return SHARED.lookup(3, column)


SHARED: SourceMap | None = None


def set_shared(data: bytes) -> None:
    global SHARED
    SHARED = SourceMap.from_bytes(data)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_multiprocessing(method: str) -> None:
    global SHARED
    data = large_map()
    set_shared(data)
    want = [pool_task(i) for i in range(50)]
    context = multiprocessing.get_context(method)
    start = None if method == "fork" else set_shared
    with context.Pool(3, start, () if start is None else (data,)) as pool:
        assert pool.map_async(pool_task, range(50)).get(60) == want
    SHARED = None


def test_private_memory() -> None:
    """A child that looks up in its parent's map shares its pages: what it has for itself does not grow with the map."""
    code = f"""
import os, re, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
import symbolicate
from symbolicate import SourceMap
def private():
    text = Path("/proc/self/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(r"^Private_\\w+: +(\\d+) kB", text, re.M)) * 1024
paths = sorted(Path({str(CORPUS)!r}).glob("*/*.map"), key=lambda p: -p.stat().st_size)
m = SourceMap.from_bytes(paths[0].read_bytes()) if paths else SourceMap.from_bytes(Path(sys.argv[1]).read_bytes())
index = m.nbytes - (paths[0].stat().st_size if paths else 0)
positions = [(line, column) for line in range(200) for column in range(0, 50_000, 977)]
pid = os.fork()
if pid == 0:
    before = private()
    for p in positions:
        m.lookup(*p)
    found = m.lookup_many([p[0] for p in positions], [p[1] for p in positions])
    print(index, private() - before, len(m), flush=True)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    result = run(sys.executable, "-c", code, str(DIST / "shop.min.js.map"))
    assert result.returncode == 0, result.stderr
    index, private, mappings = (int(n) for n in result.stdout.split())
    print(f"index of {index:,} bytes, {mappings:,} mappings: {private:,} bytes private")
    assert private < 12 << 20
