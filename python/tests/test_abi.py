"""The header and what the library exports say the same."""

import re
import subprocess
from pathlib import Path

from support import ROOT

import symbolicate

HEADER = (ROOT / "cabi/include/symbolicate.h").read_text()
LIBRARY = Path(symbolicate.__file__).with_name("_native") / "libsymbolicate.so"


def declared(header: str) -> set[str]:
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return set(re.findall(r"\b(sym_\w+)\(", code))


def exported(library: Path) -> set[str]:
    """Return the symbols that other libraries can see."""
    result = subprocess.run(["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True)
    return {line.split()[-1].split("@")[0] for line in result.stdout.splitlines()}


def test_header_and_exports() -> None:
    functions = declared(HEADER)
    assert len(functions) > 20
    assert exported(LIBRARY) == functions, "also nothing but the declared ones"


def test_every_function_looks_for_fork() -> None:
    """A call into Go in a child would hang: each wrapper that makes one asks first."""
    both = "".join((ROOT / "cabi" / name).read_text() for name in ("wrappers.c", "columns.c"))
    code = re.sub(r"/\*.*?\*/", "", both, flags=re.DOTALL)
    bodies = re.findall(r"^\w[\w *]*\b(sym_\w+)\([^{;]*\) \{(.*?)(?:^\}| \}$)", code, re.DOTALL | re.MULTILINE)
    assert {name for name, _ in bodies} == declared(HEADER)
    for name, body in bodies:
        assert "symgo_" not in body or body.strip().startswith("ALIVE("), name
    calls = re.findall(r"\b(symgo_\w+)\(", code)
    twice = ["symgo_map_lookup"]  # on the line, and across lines
    assert sorted(calls) == sorted([*set(calls), *twice])
    exports = {
        n for f in (ROOT / "cabi").glob("*.go") for n in re.findall(r"^//export (\w+)$", f.read_text(), re.MULTILINE)
    }
    assert set(calls) == exports
