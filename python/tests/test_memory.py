"""Memory: limits, counts, what close() gives back."""

import gc
import os
import sys
from pathlib import Path

import pytest
from support import in_child, run

import symbolicate
from symbolicate import LimitError, SourceMap, set_memory_limit


def a_map(text: int) -> bytes:
    return b'{"version":3,"sources":["a"],"sourcesContent":["' + b"x" * text + b'"],"names":[],"mappings":"AAAA"}'


def test_limit(tmp_path: Path) -> None:
    code = f"""
import gc, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_memory import a_map
import symbolicate
from symbolicate import LimitError, SourceMap, set_memory_limit, stats
for bad in (0, -1):
    try: set_memory_limit(bad)
    except ValueError: pass
    else: raise AssertionError
set_memory_limit(10_000_000)
kept = []
try:
    for i in range(100):
        kept.append(SourceMap.from_bytes(a_map(1_000_000)))
except LimitError as error:
    print(error)
assert 5 <= len(kept) <= 10, len(kept)
assert stats().bytes <= 10_000_000
path = {str(tmp_path / "map")!r}
open(path, "wb").write(a_map(6_000_000))
for make in (lambda: SourceMap.open(path), lambda: SourceMap.from_bytes(bytearray(a_map(6_000_000)))):
    try: make()
    except LimitError: pass
    else: raise AssertionError
del kept[:]
gc.collect()
assert stats() == (0, 0), stats()
SourceMap.open(path).save(path + ".symidx")
set_memory_limit(1_000_000)
with SourceMap.open(path + ".symidx") as m:
    assert m.source_text(0) == "x" * 6_000_000
    assert stats().bytes < 100_000, "an index in a file is the system's"
set_memory_limit(None)
SourceMap.from_bytes(a_map(20_000_000))
"""
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert "bytes more would pass the memory limit of 10000000, of which " in result.stdout


def test_limit_in_a_child() -> None:
    set_memory_limit(1_000_000)
    try:

        def child() -> None:
            with pytest.raises(LimitError):
                SourceMap.from_bytes(a_map(2_000_000))

        assert in_child(child) == 0
    finally:
        set_memory_limit(None)


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_close_gives_back(kind: type, tmp_path: Path) -> None:
    """What a large map took goes when it is closed, not when a collector finds time."""
    line = ",".join(["AAAAA", *["SACGC", "GAAHA", "KAAKD", "UAEC"] * 35])
    data = b'{"version":3,"sources":["a"],"names":["a"],"mappings":"' + ";".join([line] * 60_000).encode() + b'"}'
    symbolicate.stats()
    gc.collect()
    before = resident()
    m = SourceMap.from_bytes(kind(data))
    held = resident() - before
    assert m.nbytes > 40_000_000
    assert held > (m.nbytes - len(data)) // 2
    nbytes = m.nbytes
    m.close()
    left = resident() - before
    assert left < nbytes // 4, f"{left:,} of {nbytes:,} bytes left"
