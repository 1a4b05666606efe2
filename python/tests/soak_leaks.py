"""Makes and drops maps without close(), and compares the memory early and late.

    python soak_leaks.py [EARLY] [LATE] [TOLERANCE]

Each map is 300 kB or more. A tenth of them end in reference cycles, a tenth in exceptions. Exit code 1
when handles are left, or when resident memory after LATE maps is more than TOLERANCE above or below
that after EARLY.

Memory is read after trim(), because Go's collector otherwise leaves more or less of what is free
resident, as it happens; with one processor for Go, because each holds up to half a megabyte of free
pages back; and as the least of ten readings. A leak raises the least reading like any other.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

import symbolicate


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


class Failure(Exception):
    pass


def make_and_drop(data: bytes, n: int) -> None:
    for i in range(n):
        m = symbolicate.SourceMap.from_bytes(data)
        if i % 10 == 0:
            cycle: list[object] = [m]
            cycle.append(cycle)
        elif i % 10 == 1:
            try:
                raise Failure(m)
            except Failure:
                pass


def resident() -> int:
    """Resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def settled(data: bytes) -> int:
    """Return the resident memory when all garbage is gone: the least of ten readings."""
    readings = []
    for _ in range(10):
        make_and_drop(data, 100)
        gc.collect()
        symbolicate.trim()
        readings.append(resident())
    return min(readings)


def main(early: int, late: int, tolerance: float) -> int:
    os.environ["GOMAXPROCS"] = "1"  # read when the library is loaded, by the first call
    data = map_of_300_kb()
    print(f"map: {len(data):,} bytes, {len(symbolicate.SourceMap.from_bytes(data)):,} mappings")
    gc.collect()
    start = time.monotonic()
    figures = {}
    done = 0
    for n in (early, late):
        make_and_drop(data, n - done)
        done = n
        gc.collect()
        untrimmed = resident()
        figures[n] = settled(data)
        print(
            f"after {n:,} maps: {figures[n]:,} bytes resident ({untrimmed:,} before trim()), "
            f"{symbolicate.stats()}, {time.monotonic() - start:.0f} s"
        )
    change = figures[late] / figures[early] - 1
    print(f"change: {change:+.2%}")
    return int(symbolicate.stats().handles != 0 or abs(change) > tolerance)


if __name__ == "__main__":
    early, late, tolerance = (sys.argv[1:] + ["20000", "100000", "0.05"][len(sys.argv) - 1 :])[:3]
    sys.exit(main(int(early), int(late), float(tolerance)))
