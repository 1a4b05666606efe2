"""The package as installed: import, command, memory."""

import gc
import sys
from pathlib import Path

import pytest
from support import ROOT, SHOP, run

import symbolicate
from symbolicate import SourceMap

TRACE = SHOP / "traces/terser-names/node-checkout.txt"
DIST = SHOP / "dist/terser-names"


def test_import_loads_nothing() -> None:
    code = (
        "import sys, symbolicate; maps = open('/proc/self/maps').read();"
        "assert 'libsymbolicate' not in maps; assert 'cffi' not in sys.modules;"
        "symbolicate.parse_stack(''); assert 'libsymbolicate' in open('/proc/self/maps').read()"
    )
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "command", [[str(Path(sys.executable).with_name("symbolicate"))], [sys.executable, "-m", "symbolicate"]]
)
def test_command(command: list[str]) -> None:
    result = run(*command, "stack", str(TRACE), "--maps", str(DIST))
    assert result.returncode == 0, result.stderr
    assert "src/numbers.ts:7:40" in result.stdout
    assert run(*command, "stack", "nowhere.txt", "--maps", str(DIST)).returncode == 2
    assert run(*command, "--version").stdout.strip() == f"symbolicate version {symbolicate.__version__}"


@pytest.mark.parametrize(
    ("go", "compiler", "system", "words"),
    [
        (None, "cc", "linux", "building from source needs Go 1.26.0 or newer on the PATH, and there is none"),
        ("go1.20.3", "cc", "linux", "building from source needs Go 1.26.0 or newer, this is go1.20.3"),
        ("go1.26.1", "none", "linux", "building from source needs a C compiler, and 'none' is not on the PATH"),
        ("go1.26.1", "cc", "darwin", "the package is for Linux, and this builds for darwin: "),
        ("go1.26.1", "none", "windows", "the package is for Linux, and this builds for windows: "),
        ("go1.26.1", "musl", "linux", "'musl' builds for a C library that is not glibc (musl?), which can't load "),
        ("go1.26.1", "musl -target 'a b'", "linux", "'musl' builds for a C library that is not glibc (musl?), "),
    ],
)
def test_build_without_tools(tmp_path: Path, go: str | None, compiler: str, system: str, words: str) -> None:
    """What is missing for a build from source, or can't be loaded when it is built, is said in one sentence."""
    tools = {"musl": "echo '#define __linux__ 1'"}
    if go:
        tools["go"] = f'case "$2" in CC) echo "{compiler}";; GOOS) echo {system};; *) echo {go};; esac'
    for name, script in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    command = [sys.executable, "setup.py", "-q", "build_py", "-d", str(tmp_path / "out")]
    result = run(*command, cwd=ROOT, env={"PATH": f"{tmp_path}:/bin"})
    assert result.returncode == 1
    assert result.stderr.strip().splitlines()[-1].startswith(f"symbolicate: {words}"), result.stderr


def test_versions_agree() -> None:
    header = (ROOT / "cabi/include/symbolicate.h").read_text()
    assert f'#define SYM_VERSION "{symbolicate.__version__}"' in header
    assert f'Version = "{symbolicate.__version__}"' in (ROOT / "symbolicate/version.go").read_text()
    assert f"## {symbolicate.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_nothing_leaks() -> None:
    """The short form of `make soak-leaks`."""
    kinds = ("map of bytes", "map in a reference cycle", "map in an exception", "lookup_many", "symbolicate.compat")
    result = run(sys.executable, str(Path(__file__).with_name("soak_leaks.py")), "--cycles", "40000", *kinds)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count(": flat") == len(kinds)


def test_control_for_leaks() -> None:
    """The leak test can fail: objects that are kept are counted."""
    data = (DIST / "shop.min.js.map").read_bytes()
    before = symbolicate.stats()
    kept = [SourceMap.from_bytes(data) for _ in range(100)]
    now = symbolicate.stats()
    assert now.handles == before.handles + 100
    assert now.bytes > before.bytes
    kept.clear()
    gc.collect()
    assert symbolicate.stats() == before


def test_interrupted_calls_leak_nothing() -> None:
    """A signal handler that raises, be it behind a native call or while an object dies, must not lose native memory."""
    code = """
import gc, signal, symbolicate

class Interrupt(Exception): pass
def interrupt(*_): raise Interrupt
signal.signal(signal.SIGALRM, interrupt)
large = b'{"version":3,"sources":["a"],"names":[],"mappings":"' + b",".join([b"AAAA"] * 2_000_000) + b'"}'
small = large[:60] + b'"}'

def often(call):
    for _ in range(100_000):
        call()

def cycle():
    m = symbolicate.SourceMap.from_bytes(small)
    m.self = m

kept = symbolicate.SourceMap.from_bytes(small)
symbolicator = symbolicate.Symbolicator()
for call in (
    lambda: symbolicate.SourceMap.from_bytes(large),
    lambda: often(lambda: symbolicate.SourceMap.from_bytes(small)),
    lambda: often(lambda: symbolicate.SourceMap.from_bytes(small).close()),
    lambda: often(cycle),
    lambda: often(symbolicate.Symbolicator),
    lambda: often(lambda: symbolicate.parse_stack("at f (u.js:1:1)")),
    lambda: often(lambda: kept.lookup_many([0, 1], [0, 1])),
    lambda: often(lambda: symbolicator.symbolicate_many(["at f (u.js:1:1)"])),
):
    interrupted = 0
    for i in range(40):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.002 + i * 0.00037)
            call()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Interrupt:
            interrupted += 1
    assert interrupted > 5, interrupted
    gc.collect()
    assert symbolicate.stats().handles == 2, symbolicate.stats()
kept.close()
symbolicator.close()
assert symbolicate.stats() == (0, 0), symbolicate.stats()
"""
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr


def test_shutdown_with_open_objects() -> None:
    code = (
        f"import symbolicate; m = symbolicate.SourceMap.open({str(DIST / 'shop.min.js.map')!r}); x = [m]; x.append(x);"
        f"s = symbolicate.Symbolicator({str(DIST)!r})"
    )
    result = run(sys.executable, "-c", code)
    assert (result.returncode, result.stderr) == (0, "")
