"""The driver for engines in Python: python driver.py symbolic | symbolic-js | libsourcemap

../../PROTOCOL.md says what is spoken. Both packages are Rust behind cffi: a lookup's time is mostly that of the call
and of the objects it makes. They take the map as bytes. The checksum is Python code, about 0.2 µs a position, in the
time.

symbolic:     SourceMapCache.from_bytes(b"", map); lines and columns count from 1 in questions and in answers.
symbolic-js:  the same with the minified file, for function names.
libsourcemap: from_json(map), which flattens indexed maps; counts from 0. Its saved form is the MemDB.
"""

import array
import contextlib
import ctypes
import gc
import importlib.metadata
import os
import statistics
import sys
import time


class Symbolic:
    def __init__(self, js):
        from symbolic.sourcemapcache import SourceMapCache

        self.wants_js = js
        self.version = "symbolic " + importlib.metadata.version("symbolic")
        self.from_bytes = SourceMapCache.from_bytes

    def build(self, data, js):
        return self.from_bytes(js, data)

    def lookup(self, cache, line, column):
        token = cache.lookup(line + 1, column + 1, 0)
        return (-1, -1) if token is None else (token.line - 1, token.col - 1)


class Libsourcemap:
    wants_js = False

    def __init__(self):
        import libsourcemap

        self.version = "libsourcemap " + importlib.metadata.version("libsourcemap")
        self.module = libsourcemap

    def build(self, data, js):
        return self.module.from_json(data)

    def lookup(self, view, line, column):
        token = view.lookup_token(line, column)
        return (-1, -1) if token is None else (token.src_line, token.src_col)

    def save(self, view):
        return view.dump_memdb()

    def open(self, path):
        return self.module.View.from_memdb_file(os.fsencode(path) + b"\0")


ENGINES = {
    "symbolic": lambda: Symbolic(js=False),
    "symbolic-js": lambda: Symbolic(js=True),
    "libsourcemap": Libsourcemap,
}


class Refusal(Exception):
    pass


class Driver:
    def __init__(self, engine):
        self.engine = engine
        self.data = None  # the map
        self.js = b""
        self.object = None
        self.positions = {}  # by order: array of int, pairs
        self.base = 0  # VmRSS before the map was read, bytes

    def hello(self):
        return {"version": self.engine.version}

    def load(self, map_path, js_path, folder):
        self.object = self.data = None
        for order in ("spread", "random", "sorted"):
            numbers = array.array("i")
            with open(f"{folder}/{order}.i32", "rb") as file:
                numbers.frombytes(file.read())
            self.positions[order] = numbers
        tidy()
        self.base = status_bytes("VmRSS:")
        with open(map_path, "rb") as file:
            self.data = file.read()
        if self.engine.wants_js and js_path != "-":
            with open(js_path, "rb") as file:
                self.js = file.read()
        tidy()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # VmHWM from here on
        return {}

    def ready(self):
        if self.data is None:
            raise Refusal("load comes first")
        self.object = None
        gc.collect()
        clock = Clock()
        self.object = self.engine.build(self.data, self.js)
        total = self.checksum(self.positions["spread"])
        return clock.stop() | {"sum": total}

    def lookup(self, order, n):
        numbers = self.first(order, n)
        clock = Clock()
        total = self.checksum(numbers)
        return clock.stop() | {"sum": total}

    def answers(self, order, n, path):
        numbers = self.first(order, n)
        found = array.array("i")
        for i in range(0, len(numbers), 2):
            found.extend(as_signed(x) for x in self.engine.lookup(self.object, numbers[i], numbers[i + 1]))
        with open(path, "wb") as file:
            found.tofile(file)
        return {}

    def peak(self):
        return {"base": self.base, "peak": status_bytes("VmHWM:")}

    def save(self, path):
        if not hasattr(self.engine, "save"):
            raise Refusal("has no saved form")
        clock = Clock()
        data = self.engine.save(self.object)
        times = clock.stop()
        with open(path, "wb") as file:
            file.write(data)
        return times | {"bytes": len(data), "mappings": -1}

    def open(self, path, times):
        if not hasattr(self.engine, "open"):
            raise Refusal("has no saved form")
        line, column = self.positions["spread"][:2]
        walls = []
        for _ in range(int(times)):
            started = time.perf_counter_ns()
            view = self.engine.open(path)
            answer = self.engine.lookup(view, line, column)
            del view
            walls.append(time.perf_counter_ns() - started)
        total = mix(mix(START, answer[0]), answer[1])
        return {"wall": int(statistics.median_low(walls)), "least": min(walls), "sum": f"{total:08x}"}

    def first(self, order, n):
        if self.object is None:
            raise Refusal("ready comes first")
        if order.startswith("many-"):
            raise Refusal("has no batch function")
        if order not in self.positions or int(n) * 2 > len(self.positions[order]):
            raise Refusal(f"not that many positions: {order} {n}")
        return self.positions[order][: int(n) * 2]

    def checksum(self, numbers):
        total = START
        lookup, thing = self.engine.lookup, self.object
        for i in range(0, len(numbers), 2):
            line, column = lookup(thing, numbers[i], numbers[i + 1])
            total = (((total ^ (line & MASK)) * PRIME & MASK) ^ (column & MASK)) * PRIME & MASK
        return f"{total:08x}"


START, PRIME, MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


def mix(total, word):
    return (total ^ (word & MASK)) * PRIME & MASK


def as_signed(word):
    word &= MASK
    return word - (1 << 32) if word >= 1 << 31 else word


class Clock:
    def __init__(self):
        self.cpu = time.process_time_ns()  # user and system time, all threads
        self.wall = time.perf_counter_ns()

    def stop(self):
        wall = time.perf_counter_ns() - self.wall
        return {"cpu": time.process_time_ns() - self.cpu, "wall": wall}


def tidy():
    """Collects garbage and gives the C heap's free pages back, so that VmRSS is what is in use."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # a C library other than glibc
        ctypes.CDLL(None).malloc_trim(0)


def status_bytes(key):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    return 0


def words_of(error):
    """One line about an exception; libsourcemap's own can't be turned into str, and carry a backtrace."""
    text = " ".join(str(arg) for arg in error.args) or type(error).__name__
    return " ".join(text.split())[:200]


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ENGINES:
        print("usage: driver.py", " | ".join(ENGINES), file=sys.stderr)
        return 2
    driver = Driver(ENGINES[sys.argv[1]]())
    requests = {"hello", "load", "ready", "lookup", "answers", "peak", "save", "open"}
    for line in sys.stdin:
        request, *args = line.rstrip("\n").split("\t")
        if request == "quit":
            break
        try:
            if request not in requests:
                raise Refusal(f"no such request: {request}")
            reply = "\t".join(["ok", *(f"{key}={value}" for key, value in getattr(driver, request)(*args).items())])
        except Exception as error:
            reply = "no\t" + words_of(error)
        print(reply, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
