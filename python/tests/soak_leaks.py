"""Makes and drops objects a million times, one kind after another, and looks at what stays.

    python soak_leaks.py [--cycles N] [--control] [KIND ...]

Every kind runs in a process of its own. Twenty times on the way garbage is collected and these are read: resident
memory, open file descriptors, mappings, Python's allocated blocks, handles. The last quarter of the readings is
compared with the second: what grew by more than a limit is a leak, and so is a handle that was not there at the start.
Exit code 1 at the first kind that leaks.

Resident memory is read after trim(), because Go's collector otherwise leaves more or less of what is free resident, as
it happens; with one processor for Go, because each holds up to half a megabyte of free pages back; and as the least of
ten readings, with cycles between them. A leak raises the least reading like any other.

With --control deliberate mistakes are made: each must be found, by the figure that is meant for it.
"""

import argparse
import ctypes
import gc
import itertools
import json
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from support import in_child

import symbolicate
from symbolicate import Archive, ParseError, SourceMap, Symbolicator, _library
from symbolicate.compat import ParseSourceMapError, SourceMapCache, SourceMapView, SourceView

Cycle = Callable[[], object]

SMALL = json.dumps(
    {
        "version": 3,
        "sources": ["src/a.js", "src/b.js"],
        "sourcesContent": ["let a\nlet b\n", None],
        "names": ["total", "b"],
        "mappings": "AAAAA,UACIC,I",
        "debugId": "85314830-023F-4CF1-A267-535F4E37BB17",
    }
).encode()
URL = "https://shop.example/a.js"
TRACE = f"Error: x\n    at f ({URL}:1:1)\n    at g ({URL}:1:11)"

READINGS = 20


def map_of_300_kb() -> bytes:
    """Return a map with 14,000 mappings and 210 kB of source text, like that of a common library."""
    line = ",".join(["AAAAA", *["SACGC", "GAAHA", "KAAKD", "UAEC"] * 35])
    sources = [f"src/part{i}.js" for i in range(70)]
    text = "export function part(value) {\n  return value.map((x) => x * 2)\n}\n"
    fields = {
        "version": 3,
        "sources": sources,
        "sourcesContent": [text * 45 for _ in sources],
        "names": [f"name{i}" for i in range(8000)],
        "mappings": ";".join([line] * 100),
    }
    return json.dumps(fields).encode()


class Kind(NamedTuple):
    make: Callable[[Path], Cycle]
    """Takes an empty folder; returns what one cycle does."""
    share: float
    """Of the cycles asked for, so many are run."""


KINDS: dict[str, Kind] = {}


def kind(name: str, share: float = 1) -> Callable[[Callable[[Path], Cycle]], Callable[[Path], Cycle]]:
    def add(make: Callable[[Path], Cycle]) -> Callable[[Path], Cycle]:
        KINDS[name] = Kind(make, share)
        return make

    return add


@kind("map of bytes")
def _(folder: Path) -> Cycle:
    return lambda: SourceMap.from_bytes(SMALL)


@kind("map of a bytearray")
def _(folder: Path) -> Cycle:
    data = bytearray(SMALL)
    return lambda: SourceMap.from_bytes(data)


@kind("map of a borrowed bytearray")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        data = bytearray(SMALL)
        SourceMap.from_bytes(data, borrow=True)
        data.append(0)  # a BufferError if it were still lent

    return cycle


@kind("map used and closed")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        with SourceMap.from_bytes(SMALL) as m:
            m.lookup(0, 11)
        m.close()

    return cycle


@kind("map in a reference cycle")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        ring: list[object] = [SourceMap.from_bytes(SMALL)]
        ring.append(ring)

    return cycle


class Failure(Exception):
    pass


@kind("map in an exception")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        try:
            raise Failure(SourceMap.from_bytes(SMALL))
        except Failure as error:
            kept = error  # error, its trace, this frame and the name are a cycle
            assert kept

    return cycle


@kind("ParseError")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        try:
            SourceMap.from_bytes(b'{"version":3')
        except ParseError:
            return
        raise AssertionError

    return cycle


@kind("saved index")
def _(folder: Path) -> Cycle:
    path = folder / "small.symidx"
    with SourceMap.from_bytes(SMALL) as m:
        m.save(path)
    return lambda: SourceMap.open(path)


def archive_in(folder: Path) -> Path:
    path = folder / "small.symarc"
    with Archive.open(path, create=True) as archive:
        archive.add(SMALL, url=URL)
    return path


@kind("archive")
def _(folder: Path) -> Cycle:
    path = archive_in(folder)
    return lambda: Archive.open(path)


@kind("map of an archive")
def _(folder: Path) -> Cycle:
    archive = Archive.open(archive_in(folder))
    return lambda: archive.get(url=URL)


@kind("symbolicator with a map")
def _(folder: Path) -> Cycle:
    def cycle() -> None:
        s = Symbolicator()
        s.add(URL, source_map=SMALL)
        s.symbolicate(TRACE)

    return cycle


@kind("lookup_many")
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)
    return lambda: m.lookup_many([0, 0], [0, 11])


def symbolicator() -> Symbolicator:
    s = Symbolicator()
    s.add(URL, source_map=SMALL)
    return s


@kind("symbolicate_many")
def _(folder: Path) -> Cycle:
    s = symbolicator()
    return lambda: s.symbolicate_many([TRACE])


@kind("Arrow capsules")
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)
    return lambda: m.lookup_many([0], [0]).__arrow_c_array__()


@kind("parse_stack")
def _(folder: Path) -> Cycle:
    return lambda: symbolicate.parse_stack(TRACE)


# What is like one of those above, or takes long.


@kind("symbolicate", 0.2)
def _(folder: Path) -> Cycle:
    s = symbolicator()
    return lambda: s.symbolicate(TRACE)


@kind("record batches of frames", 0.1)
def _(folder: Path) -> Cycle:
    s = symbolicator()

    def cycle() -> None:
        frames = s.symbolicate_many([TRACE])
        batch, view = frames.arrow(), frames.lineno
        del frames
        assert batch.column("lineno").to_pylist() == view.tolist()

    return cycle


@kind("all mappings", 0.2)
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)

    def cycle() -> None:
        assert len(m.mappings()) == len(list(m))

    return cycle


@kind("texts of a map", 0.2)
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)

    def cycle() -> None:
        assert m.sources and m.names and not m.problems and m.source_text(0) and m.debug_id

    return cycle


@kind("map file", 0.2)
def _(folder: Path) -> Cycle:
    path = folder / "small.map"
    path.write_bytes(SMALL)
    return lambda: SourceMap.open(path)


@kind("index file, damaged", 0.2)
def _(folder: Path) -> Cycle:
    path = folder / "small.symidx"
    with SourceMap.from_bytes(SMALL) as m:
        m.save(path)
    path.write_bytes(path.read_bytes()[:-100])

    def cycle() -> None:
        try:
            SourceMap.open(path)
        except ParseError:
            return
        raise AssertionError

    return cycle


@kind("symbolicate.compat", 0.1)
def _(folder: Path) -> Cycle:
    source = SourceView.from_bytes(b"function f(){}\n")

    def cycle() -> None:
        view, cache = SourceMapView.from_json_bytes(SMALL), SourceMapCache.from_bytes(b"", SMALL)
        view.lookup(0, 11, "f", source)
        view.lookup(0, 99)
        view[1]
        view.get_sourceview(0)
        cache.lookup(1, 11, 5)
        with suppress(ParseSourceMapError):
            SourceMapView.from_json_bytes(b'{"version":3,"sources":[],"mappings":"!"}')

    return cycle


@kind("map of 300 kB", 0.02)
def _(folder: Path) -> Cycle:
    data = map_of_300_kb()
    return lambda: SourceMap.from_bytes(data)


@kind("threads", 0.01)
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)

    def cycle() -> None:
        thread = threading.Thread(target=m.lookup, args=(0, 11))
        thread.start()
        thread.join()

    return cycle


@kind("updates of an archive", 0.001)
def _(folder: Path) -> Cycle:
    archive = Archive.open(archive_in(folder))

    def cycle() -> None:
        archive.add(SMALL, url="https://shop.example/b.js")
        archive.compact()

    return cycle


@kind("children of fork", 0.001)
def _(folder: Path) -> Cycle:
    m = SourceMap.from_bytes(SMALL)

    def child() -> None:
        assert m.lookup(0, 11)

    def cycle() -> None:
        assert in_child(child) == 0

    return cycle


FIGURES = ("resident bytes", "descriptors", "mappings", "Python blocks", "handles")
LIMITS = (1_000_000, 2, 32, 200, 0)
"""How far the second quarter of the readings and the last may lie apart. Of a million cycles half are between them.

Two descriptors: Go opens an epoll and an eventfd when it first waits for something, which may be late.
"""

Readings = list["array[int]"]
"""For each figure all its readings."""


def resident() -> int:
    """Resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def read(readings: Readings, i: int, cycle: Cycle, between: int) -> None:
    """Read the figures when all garbage is gone: of resident memory, the least of ten readings."""
    least = sys.maxsize
    for _ in range(10):
        for _ in range(between):
            cycle()
        gc.collect()
        symbolicate.trim()
        least = min(least, resident())
    with open("/proc/self/maps", encoding="utf-8") as file:
        mappings = sum(1 for _ in file)
    descriptors = len(os.listdir("/proc/self/fd"))
    values = (least, descriptors, mappings, sys.getallocatedblocks(), symbolicate.stats().handles)
    for figure, value in zip(readings, values, strict=True):
        figure[i] = value


def growth(figure: "array[int]") -> int:
    """Compare the last quarter of the readings with the second."""
    quarter = len(figure) // 4
    return int(median(figure[-quarter:]) - median(figure[quarter : 2 * quarter]))


def soak(name: str, make: Callable[[Path], Cycle], cycles: int) -> list[str]:
    """Run the cycles of one kind and print what was read; return what leaks."""
    start = time.monotonic()
    readings = [array("q", [0]) * READINGS for _ in FIGURES]  # no object is made on the way: those are counted
    with tempfile.TemporaryDirectory() as folder:
        cycle = make(Path(folder))
        handles = symbolicate.stats().handles
        for i in range(READINGS):
            for _ in range(cycles // READINGS):
                cycle()
            read(readings, i, cycle, min(50, cycles // READINGS // 10))
    grown = [growth(figure) for figure in readings]
    grown[-1] = readings[-1][-1] - handles
    leaks = [figure for figure, by, limit in zip(FIGURES, grown, LIMITS, strict=True) if by > limit]
    figures = ", ".join(
        f"{figure[-1]:,} {name} ({by:+,})" for name, figure, by in zip(FIGURES, readings, grown, strict=True)
    )
    verdict = f"LEAK of {', '.join(leaks)}" if leaks else "flat"
    print(f"{name}: {cycles:,} cycles in {time.monotonic() - start:.0f} s; {figures}: {verdict}", flush=True)
    return leaks


# Deliberate mistakes, and the figure that must show each.

MISTAKES: dict[str, tuple[Callable[[Path], Cycle], str]] = {}


def mistake(name: str, figure: str) -> Callable[[Callable[[Path], Cycle]], Callable[[Path], Cycle]]:
    def add(make: Callable[[Path], Cycle]) -> Callable[[Path], Cycle]:
        MISTAKES[name] = make, figure
        return make

    return add


def now_and_then(do: Callable[[], object], every: int) -> Cycle:
    cycles = itertools.count(1)
    return lambda: next(cycles) % every or do()


@mistake("maps are kept", "handles")
def _(folder: Path) -> Cycle:
    kept: list[SourceMap] = []
    return now_and_then(lambda: kept.append(SourceMap.from_bytes(SMALL)), 1000)


@mistake("handles are forgotten", "handles")
def _(folder: Path) -> Cycle:
    library, ffi = _library.open_library()
    place = ffi.new("sym_handle *")
    keep = ffi.from_buffer(SMALL)

    def forget() -> None:
        assert library.sym_map_parse(keep, len(keep), 0, place, ffi.NULL) == 0

    return now_and_then(forget, 1000)


@mistake("native results are forgotten", "resident bytes")
def _(folder: Path) -> Cycle:
    library, ffi = _library.open_library()
    place = ffi.new("sym_columns **")
    return lambda: library.sym_columns_new(4, 2, place, ffi.NULL)


@mistake("16 bytes are forgotten", "resident bytes")
def _(folder: Path) -> Cycle:
    malloc = ctypes.CDLL(None).malloc
    return lambda: malloc(16)


@mistake("descriptors are forgotten", "descriptors")
def _(folder: Path) -> Cycle:
    return now_and_then(lambda: os.open(os.devnull, os.O_RDONLY), 5000)


@mistake("mappings are forgotten", "mappings")
def _(folder: Path) -> Cycle:
    kept: list[mmap.mmap] = []

    def forget() -> None:  # neighbours that may do the same would be one mapping
        kept.append(mmap.mmap(-1, 4096, prot=mmap.PROT_READ if len(kept) % 2 else mmap.PROT_WRITE))

    return now_and_then(forget, 500)


@mistake("objects are kept", "Python blocks")
def _(folder: Path) -> Cycle:
    kept: list[object] = []
    return now_and_then(lambda: kept.append(object()), 200)


CONTROL_CYCLES = 150_000
"""Few enough to take a second; 16 bytes, which malloc makes 32, pass the limit."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"one of: {', '.join(KINDS)}; all without")
    parser.add_argument("--cycles", type=int, default=1_000_000)
    parser.add_argument("--control", action="store_true", help="make mistakes, which must be found")
    parser.add_argument("--here", action="store_true", help="run the one kind, or mistake, in this process")
    arguments = parser.parse_args()
    os.environ["GOMAXPROCS"] = "1"  # read when the library is loaded, by the first call
    if arguments.here:
        (name,) = arguments.kinds
        if name in MISTAKES:
            make, figure = MISTAKES[name]
            return int(figure in soak(name, make, CONTROL_CYCLES))
        make, share = KINDS[name]
        return int(bool(soak(name, make, max(READINGS, int(arguments.cycles * share)))))
    if unknown := set(arguments.kinds) - set(KINDS):
        parser.error(f"unknown: {', '.join(unknown)}")
    wanted = int(arguments.control)
    for name in MISTAKES if arguments.control else arguments.kinds or KINDS:
        command = [sys.executable, __file__, "--here", "--cycles", str(arguments.cycles), name]
        if subprocess.run(command, check=False).returncode != wanted:
            print(f"{name}: {'was not found' if arguments.control else 'failed'}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
