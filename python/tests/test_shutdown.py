"""The end of the interpreter gives everything back: what is still open is counted when Python is gone.

A small C library, loaded into the process, counts in its destructor, which runs behind Python's end.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, SHOP, run

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include "symbolicate.h"
static sym_status (*get_stats)(sym_stats *);
void late(void *f) { get_stats = (sym_status (*)(sym_stats *))f; }
__attribute__((destructor)) static void count(void) {
  int (*alive)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "Py_IsInitialized");
  sym_stats stats = {-1, -1};
  if (!get_stats || !alive) return;
  sym_status status = get_stats(&stats);
  dprintf(1, "%d %d %ld %ld\n", alive(), status, (long)stats.handles, (long)stats.bytes);
}
"""

START = f"""
import atexit, ctypes, gc, sys, threading, time, weakref
import symbolicate
from symbolicate import Archive, SourceMap, Symbolicator
DIST = {str(SHOP / "dist/terser-names")!r}
DATA = open(DIST + "/shop.min.js.map", "rb").read()
TRACE = "Error: no\\n    at f (https://shop.example/shop.min.js:1:500)"
m = SourceMap.from_bytes(DATA)
copied = SourceMap.from_bytes(bytearray(DATA))
opened = SourceMap.open(DIST + "/shop.min.js.map")
s = Symbolicator(DIST)
s.symbolicate(TRACE)
archive = Archive.open(sys.argv[1] + "/a.symarc", create=True)
archive.add(DATA, url="https://shop.example/shop.min.js")
got = archive.get(url="https://shop.example/shop.min.js")
table = m.lookup_many([0] * 10, range(10))
frames = s.symbolicate_many([TRACE])
view, texts, capsules, batch = table.line, frames.texts, table.__arrow_c_array__(), frames.arrow()
library = ctypes.CDLL(sys.argv[2])
path = next(p for p in open("/proc/self/maps").read().split() if p.endswith("libsymbolicate.so"))
library.late(ctypes.cast(ctypes.CDLL(path).sym_get_stats, ctypes.c_void_p))
"""

ENDS = {
    "globals": "",
    "cycles": "ring = [m, copied, opened, s, archive, got]; ring.append(ring); del m, copied, opened, s, archive, got",
    "cycles, no collector": """
gc.disable()
ring = [m, copied, opened, s, archive, got]; ring.append(ring)
del m, copied, opened, s, archive, got, ring
""",
    "exception": """
def fail(m):
    raise ValueError(m)
fail(SourceMap.from_bytes(DATA))
""",
    "exit in a call": "def fail(m):\n    sys.exit(3)\nfail(SourceMap.from_bytes(DATA))",
    "atexit": """
@atexit.register
def last(m=m):
    assert m.lookup(0, 500) and SourceMap.from_bytes(DATA).lookup(0, 500)
    global late
    late = SourceMap.from_bytes(DATA)
""",
    "__del__": """
class Last:
    def __init__(self, m):
        self.m = m
    def __del__(self):
        self.m.close()
last = Last(m)
""",
    "modules": "sys.kept = m\nsymbolicate.kept = opened\nimport builtins\nbuiltins.kept = copied",
    "threads": """
local = threading.local()
def run():
    local.m = SourceMap.from_bytes(DATA)
    for _ in range(200):
        local.m.lookup(0, 500)
        local.m.lookup_many([0] * 1000, range(1000))
threads = [threading.Thread(target=run) for _ in range(4)]
for t in threads:
    t.start()
""",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("skipped: no C compiler")
    folder = tmp_path_factory.mktemp("late")
    (folder / "late.c").write_text(SOURCE)
    flags = ["-shared", "-fPIC", f"-I{ROOT}/cabi/include", "-ldl"]
    subprocess.run([compiler, "-o", folder / "late.so", folder / "late.c", *flags], check=True)
    return folder / "late.so"


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left(end: str, library: Path, tmp_path: Path) -> None:
    result = run(sys.executable, "-c", START + ENDS[end], str(tmp_path), str(library))
    code = {"exception": 1, "exit in a call": 3}.get(end, 0)
    assert result.returncode == code, result.stderr
    assert result.stdout == "0 0 0 0\n", "Python is gone, the call is fine, no handles, no bytes"
    assert bool(result.stderr) == (end == "exception"), result.stderr


def test_the_count_counts(library: Path, tmp_path: Path) -> None:
    """The control: a handle that nobody owns is seen."""
    forgotten = """
from symbolicate import _library
lib, ffi = _library.open_library()
place, keep = ffi.new("sym_handle *"), ffi.from_buffer(DATA)
assert lib.sym_map_parse(keep, len(keep), 0, place, ffi.NULL) == 0
"""
    result = run(sys.executable, "-c", START + forgotten, str(tmp_path), str(library))
    assert result.stdout.startswith("0 0 1 "), result


DAEMONS = """
def run():
    while True:
        local = SourceMap.from_bytes(DATA)
        local.lookup(0, 500)
        local.lookup_many([0] * 1000, range(1000))
        s.symbolicate(TRACE)
for _ in range(4):
    threading.Thread(target=run, daemon=True).start()
time.sleep(float(sys.argv[3]))
"""


def test_daemon_threads(library: Path, tmp_path: Path) -> None:
    """Daemon threads that are inside calls at the end don't hang or crash it. What they hold is never freed."""
    for i in range(8):
        result = run(sys.executable, "-c", START + DAEMONS, str(tmp_path), str(library), str(i * 0.01))
        assert result.returncode == 0, result.stderr
        assert "Fatal" not in result.stderr, (
            result.stderr
        )  # a ClosedError of such a thread may be printed, or a part of it
        assert result.stdout.startswith("0 0 "), result
