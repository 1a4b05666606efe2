"""What calls from Python cost: this package beside symbolic and libsourcemap, all in one process, taking turns.

    python calls.py CORPUS [ROUNDS]        prints a table in Markdown

Times are CPU time of the process unless called wall time; each figure is the median over the rounds, each ratio the
median of the rounds' ratios. Questions are the same for all, and the answers are compared before anything is timed.
"""

import gc
import importlib.metadata
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import zlib
from array import array
from pathlib import Path

from libsourcemap import from_json
from symbolic.sourcemap import SourceMapView
from symbolic.sourcemapcache import SourceMapCache

import symbolicate
from symbolicate import compat

CALLS = 20_000
MANY = 200_000
UNITS = {"two threads": "×", "lookup": "ns", "private memory": "MB", "of an index": "%"}  # by what a figure's name holds


def cpu(work, *arguments):
    start = time.process_time_ns()
    result = work(*arguments)
    return time.process_time_ns() - start, result


def wall(work, *arguments):
    start = time.perf_counter_ns()
    work(*arguments)
    return time.perf_counter_ns() - start


def quiet(work):
    """Run a round's part with the same heap state for all: nothing of the last one is left, the collector is off."""
    gc.collect()
    gc.disable()
    try:
        return work()
    finally:
        gc.enable()


class Figures:
    """Samples by what was measured and by whom; samples of one round stand at one place."""

    def __init__(self):
        self.samples = {}

    def add(self, what, who, value):
        self.samples.setdefault(what, {}).setdefault(who, []).append(value)

    def median(self, what, who):
        return statistics.median(self.samples[what][who])

    def ratio(self, what, other):
        """How many times ours the other one takes: median, least and most of the rounds."""
        ratios = [b / a for a, b in zip(self.samples[what]["symbolicate"], self.samples[what][other], strict=True)]
        return statistics.median(ratios), min(ratios), max(ratios)


def parses(figures, name, data):
    makers = {
        "symbolicate": symbolicate.SourceMap.from_bytes,
        "symbolic, SourceMapCache": lambda data: SourceMapCache.from_bytes(b"", data),
        "symbolic, SourceMapView": SourceMapView.from_json_bytes,
        "libsourcemap": from_json,
        "symbolicate.compat, SourceMapCache": lambda data: compat.SourceMapCache.from_bytes(b"", data),
        "symbolicate.compat, SourceMapView": compat.SourceMapView.from_json_bytes,
    }
    for who, make in makers.items():
        taken, made = quiet(lambda make=make: cpu(make, data))
        figures.add(f"from_bytes, {name}", who, taken / 1e6)
        del made


def named(figures, name, data, code):
    """From a map and its minified file to the names of functions.

    symbolic reads the minified file; the first row does the same work. The second has the functions of all source texts
    besides. The third has just one name, from the source text that it is in, which symbolic can't.
    """

    with symbolicate.SourceMap.from_bytes(data) as m:
        all_of_them = m.mappings()
        middle = len(all_of_them.generated_line) // 2
        position = all_of_them.generated_line[middle], all_of_them.generated_column[middle]

    def one():
        m = symbolicate.SourceMap.from_bytes(data)
        m.function_at(*position)
        return m

    makers = {
        f"functions of the minified file, {name}": lambda: symbolicate.SourceMap.from_bytes(data, generated=code),
        f"and of all sources, {name}": lambda: symbolicate.SourceMap.from_bytes(data, generated=code, functions=True),
        f"one function, {name}": one,
    }
    theirs, made = quiet(lambda: cpu(SourceMapCache.from_bytes, code, data))
    del made
    for what, make in makers.items():
        taken, made = quiet(lambda make=make: cpu(make))
        figures.add(what, "symbolicate", taken / 1e6)
        figures.add(what, "symbolic, SourceMapCache", theirs / 1e6)
        del made


def lookups(figures, data, rounds):
    ours = symbolicate.SourceMap.from_bytes(data)
    cache = SourceMapCache.from_bytes(b"", data)
    view = SourceMapView.from_json_bytes(data)
    old = from_json(data)
    our_cache = compat.SourceMapCache.from_bytes(b"", data)
    our_view = compat.SourceMapView.from_json_bytes(data)
    asks = {
        "symbolicate": lambda p: ours.lookup(p[0], p[1]),
        "symbolic, SourceMapCache": lambda p: cache.lookup(p[0] + 1, p[1] + 1, 0),
        "symbolic, SourceMapView": lambda p: view.lookup(p[0], p[1]),
        "libsourcemap": lambda p: old.lookup_token(p[0], p[1]),
        "symbolicate.compat, SourceMapCache": lambda p: our_cache.lookup(p[0] + 1, p[1] + 1, 0),
        "symbolicate.compat, SourceMapView": lambda p: our_view.lookup(p[0], p[1]),
    }
    places = {
        "symbolicate": lambda m: (m.line, m.column),
        "symbolic, SourceMapCache": lambda t: (t.line - 1, t.col - 1),
        "symbolic, SourceMapView": lambda t: (t.src_line, t.src_col),
        "libsourcemap": lambda t: (t.src_line, t.src_col),
        "symbolicate.compat, SourceMapCache": lambda t: (t.line - 1, t.col - 1),
        "symbolicate.compat, SourceMapView": lambda t: (t.src_line, t.src_col),
    }
    # Tokens of the map, on which all agree: where two stand at one place each engine has a rule of its own.
    rng = random.Random(1)
    positions, refused = [], 0
    while len(positions) < CALLS:
        token = view[rng.randrange(len(view))]
        p = token.dst_line, token.dst_col
        if len({places[who](ask(p)) for who, ask in asks.items()}) == 1:
            positions.append(p)
        else:
            refused += 1
    assert refused < CALLS // 20, f"{refused} disagreements"

    def one_by_one(ask):
        for p in positions:
            ask(p)

    many = [rng.choice(positions) for _ in range(MANY)]
    line_column, column_column = array("i", [p[0] for p in many]), array("i", [p[1] for p in many])
    empty = lambda p: None  # noqa: E731  the loop and a call of Python
    for _ in range(rounds):
        for who, ask in asks.items():
            figures.add("lookup", who, quiet(lambda ask=ask: cpu(one_by_one, ask))[0] / CALLS)
        figures.add("lookup", "an empty function", quiet(lambda: cpu(one_by_one, empty))[0] / CALLS)
        taken, _ = quiet(lambda: cpu(ours.lookup_many, line_column, column_column))
        figures.add("lookup_many", "symbolicate", taken / MANY)


def in_threads(work, n):
    threads = [threading.Thread(target=work) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def two_threads(figures, data):
    m = symbolicate.SourceMap.from_bytes(data)
    rng = random.Random(2)
    lines, columns = array("i", bytes(4 * MANY)), array("i", [rng.randrange(400_000) for _ in range(MANY)])
    works = {
        ("lookup_many", "symbolicate"): lambda: [m.lookup_many(lines, columns) for _ in range(4)],
        ("from_bytes", "symbolicate"): lambda: [symbolicate.SourceMap.from_bytes(data).close() for _ in range(3)],
        ("what the machine gives", "zlib"): lambda: zlib.compress(data[:1_000_000]),
    }
    for (what, who), work in works.items():
        one, two = wall(in_threads, work, 1), wall(in_threads, work, 2)
        figures.add(f"two threads, {what}", who, 2 * one / two)


def forks(figures, m, position):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        start = time.perf_counter_ns()
        m.lookup(*position)
        os.write(write, str(time.perf_counter_ns() - start).encode())
        os._exit(0)
    os.close(write)
    figures.add("first call in a child, wall time", "symbolicate", int(os.read(read, 100)) / 1e6)
    os.close(read)
    os.waitpid(pid, 0)


def private_bytes():
    """Return the memory that this process shares with none."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private"))


def preload(figures, name, data):
    """Eight children look up in a map of their parent's, all alive at once: what each needs for itself, and how long."""
    m = symbolicate.SourceMap.from_bytes(data)
    index = m.nbytes - len(data)
    rng, lines = random.Random(3), 1 + data.count(b";")
    positions = [(rng.randrange(lines), rng.randrange(1000)) for _ in range(1000)]
    context = multiprocessing.get_context("fork")
    together, results = context.Barrier(8), context.SimpleQueue()

    def child():
        before, start = private_bytes(), time.perf_counter_ns()
        m.lookup(*positions[0])
        taken = time.perf_counter_ns() - start
        for p in positions:
            m.lookup(*p)
        together.wait()  # all have looked up
        private = private_bytes() - before
        together.wait()  # all have counted
        results.put((private, taken))

    children = [context.Process(target=child) for _ in range(8)]
    for process in children:
        process.start()
    for _ in children:
        private, taken = results.get()
        figures.add(f"{name}: private memory of each of 8 children", "symbolicate", private / 1e6)
        figures.add(f"{name}: that, of an index of {index / 1e6:.0f} MB", "symbolicate", 100 * private / index)
        figures.add(f"{name}: their first calls, wall time", "symbolicate", taken / 1e6)
    for process in children:
        process.join()


def imports(figures):
    def start(code):
        return wall(subprocess.run, [sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path!r}; {code}"])

    figures.add("import, wall time", "symbolicate", (start("import symbolicate") - start("pass")) / 1e6)


def main():
    corpus, rounds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 9
    maps = {p.parent.name: p.read_bytes() for p in sorted(corpus.glob("*/*.map"), key=lambda p: p.stat().st_size)}
    codes = {p.parent.name: p.with_suffix("").read_bytes() for p in corpus.glob("*/*.map")}
    chosen = [name for name in ("bootstrap", "antd", "mapbox-gl", "babel-standalone") if name in maps]
    figures = Figures()
    parses(Figures(), "", maps[chosen[0]])  # what is loaded at the first call is no part of it
    for _ in range(rounds):
        for name in chosen:
            parses(figures, name, maps[name])
        for name in (*chosen, "tfjs", "babylonjs"):
            if name in codes:
                named(figures, name, maps[name], codes[name])
    mapbox = maps["mapbox-gl"]
    mappings = len(symbolicate.SourceMap.from_bytes(mapbox))
    lookups(figures, mapbox, rounds)
    m = symbolicate.SourceMap.from_bytes(mapbox)
    position = (0, 5000)
    for _ in range(rounds):
        two_threads(figures, mapbox)
        forks(figures, m, position)
        imports(figures)
    large = max(maps, key=lambda name: len(maps[name]))  # the map of make big, if it was made
    preload(figures, large, maps[large])

    print(f"Python {sys.version.split()[0]}, symbolicate {symbolicate.__version__}, ", end="")
    print(", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("symbolic", "libsourcemap")), end="")
    print(f"; {rounds} rounds; lookups in mapbox-gl, {mappings:,} mappings.\n")
    print("| what | who | figure | times ours (least–most of the rounds) |\n|---|---|--:|--:|")
    for what, by in figures.samples.items():
        unit = next((unit for part, unit in UNITS.items() if part in what), "ms")
        for who in by:
            ratio = ""
            if who != "symbolicate" and "symbolicate" in by and who != "an empty function":
                middle, least, most = figures.ratio(what, who)
                ratio = f"{middle:.1f}× ({least:.1f}–{most:.1f})"
            figure = figures.median(what, who)
            print(f"| {what} | {who} | {figure:,.{2 if figure < 10 else 0}f} {unit} | {ratio} |")


if __name__ == "__main__":
    main()
