"""What must work wherever the package is installed: `python smoke.py testdata/shop`, with nothing but the package.

Prints one line: the Python, the package's folder and its size.
"""

import array
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

LIMIT = 25_000_000  # bytes of an installed package


def gil() -> bool:
    enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return enabled()


def installed_size(package: Path) -> int:
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def status_of_child(body: Callable[[], object]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            body()
            os._exit(0)
        except BaseException as error:
            print("in the child:", repr(error), file=sys.stderr)
            os._exit(1)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, 9)
    raise AssertionError("the child hangs")


def main(shop: Path) -> None:
    gil_before = gil()
    import symbolicate

    path = shop / "dist/esbuild-names/shop.min.js.map"
    trace = (shop / "traces/terser-names/node-checkout.txt").read_text()
    m = symbolicate.SourceMap.from_bytes(path.read_bytes())
    s = symbolicate.Symbolicator(shop / "dist/terser-names")

    def use() -> None:
        found = m.lookup(0, 2683)
        assert found is not None
        assert (found.source, found.line, found.column, found.name) == ("../../src/settings.ts", 18, 55, "_values")
        lines = m.lookup_many(array.array("i", [0, 0]), array.array("i", [2683, 2690])).line
        assert list(lines) == [18, 19]
        frame = next(frame for frame in s.symbolicate(trace).frames if frame.mapped)
        assert (frame.filename or "").endswith("src/numbers.ts") and (frame.lineno, frame.colno) == (7, 40), frame

    use()
    assert gil() == gil_before, "the import turned the GIL on"
    assert status_of_child(use) == 0
    use()

    command = Path(sysconfig.get_path("scripts")) / "symbolicate"
    arguments = ["stack", "-", "--maps", str(shop / "dist/terser-names")]
    printed = subprocess.run([command, *arguments], input=trace, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert "src/numbers.ts:7:40" in printed, printed

    assert importlib.metadata.version("symbolicate") == symbolicate.__version__
    package = Path(symbolicate.__file__).resolve().parent
    size = installed_size(package)
    assert size <= LIMIT, f"{size} bytes are installed, want no more than {LIMIT}"

    m.close()
    s.close()
    assert symbolicate.stats() == (0, 0), symbolicate.stats()
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Python {version}{'' if gil() else ' without GIL'}, {size / 1e6:.1f} MB in {package}")


main(Path(sys.argv[1]))
