"""The header and what the library exports say the same."""

import re
import subprocess
from pathlib import Path
from typing import Any

import cffi
import pytest
from support import ROOT

import symbolicate

HEADER = (ROOT / "cabi/include/symbolicate.h").read_text()
LIBRARY = Path(symbolicate.__file__).with_name("_native") / "libsymbolicate.so"


VERSION_1 = ROOT / "cabi/ctest/abi-1.txt"


def code_of(header: str) -> str:
    """Return the header without comments and inline functions."""
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return re.sub(r"^static inline .*?^}$", "", code, flags=re.DOTALL | re.MULTILINE)


def declared(header: str) -> set[str]:
    return set(re.findall(r"\b(sym_\w+)\(", code_of(header)))


def abi(header: str) -> set[str]:
    """Return what a header promises to programs that were built with it, a line each."""
    code = code_of(header)
    constants = re.findall(r"^#define (SYM_\w+) +(\S+)$", re.sub(r" +$", "", code, flags=re.MULTILINE), re.MULTILINE)
    lines = {f"constant {name} {value}" for name, value in constants if name != "SYM_VERSION"}
    code = re.sub(r"#ifdef __cplusplus.*?#endif", "", code, flags=re.DOTALL)
    code = re.sub(r"^#.*$", "", code, flags=re.MULTILINE)
    lines |= {
        "function " + " ".join(f"{result}{name}({arguments})".split())
        for result, name, arguments in re.findall(
            r"^(\w[\w *]*?[ *])(sym_\w+)\((.*?)\);", code, re.DOTALL | re.MULTILINE
        )
    }
    ffi: Any = cffi.FFI()
    ffi.cdef(code)
    typedefs, structs, _ = ffi.list_types()
    for name in typedefs:
        kind = ffi.typeof(name)
        if kind.kind != "struct" or kind.fields is None:
            lines.add(f"type {name} {kind.kind} of {ffi.sizeof(kind) if kind.kind != 'struct' else 'its own'}")
    for name in [*typedefs, *(f"struct {name}" for name in structs if not name.startswith("sym_"))]:
        kind = ffi.typeof(name)
        if kind.kind == "struct" and kind.fields is not None:
            lines.add(f"struct {name} {ffi.sizeof(kind)}")
            lines |= {
                f"field {name}.{f} {at.type.cname} at {at.offset}" for f, at in kind.fields if "reserved" not in f
            }
    return lines


def changes(header: str) -> dict[str, set[str]]:
    promised = set(VERSION_1.read_text().splitlines())
    return {"gone": promised - abi(header), "new": abi(header) - promised}


def test_version_1_stays() -> None:
    """What is gone or changed breaks programs; what is new is added to cabi/ctest/abi-1.txt, where it stays then."""
    assert changes(HEADER) == {"gone": set(), "new": set()}


@pytest.mark.parametrize(
    ("old", "new", "gone", "added"),
    [
        ("sym_status sym_close(sym_handle handle);", "", 1, 0),
        ("sym_status sym_close(sym_handle handle);", "sym_status sym_close(sym_handle *handle);", 1, 1),
        ("#define SYM_NOT_FOUND 1 ", "#define SYM_NOT_FOUND 2 ", 1, 1),
        ("typedef uint64_t sym_handle;", "typedef uint32_t sym_handle;", 2, 2),
        ("  int64_t offset;       /*", "  int32_t offset; int32_t more; /*", 1, 2),
        ("generated_line, generated_column;", "generated_column, generated_line;", 2, 2),
        ("sym_status sym_trim(void);", "sym_status sym_trim(void); sym_status sym_trim_all(void);", 0, 0),
        ("sym_status sym_trim(void);", "sym_status sym_trim(void);\nsym_status sym_trim_all(void);", 0, 1),
        ("char message[496];", "char message[400];", 2, 2),
    ],
)
def test_control_for_version_1(old: str, new: str, gone: int, added: int) -> None:
    assert old in HEADER
    found = changes(HEADER.replace(old, new))
    assert (len(found["gone"]), len(found["new"])) == (gone, added), found


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
    # A lookup is on the line, or across lines; a map comes with code or without.
    twice = ["symgo_map_lookup", "symgo_map_open", "symgo_map_parse"]
    assert sorted(calls) == sorted([*set(calls), *twice])
    exports = {
        n for f in (ROOT / "cabi").glob("*.go") for n in re.findall(r"^//export (\w+)$", f.read_text(), re.MULTILINE)
    }
    assert set(calls) == exports
