"""Arrow's C data interface, without pyarrow: capsules around what the library exports, and columns of others."""

import ctypes
from array import array
from collections.abc import Callable
from typing import Any

from ._library import open_library

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
# With a number for the capsule: a destructor must not count references to it.
_pointer_in = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)

_SCHEMA, _ARRAY = b"arrow_schema", b"arrow_array"

# Structs in capsules, by address. A consumer moves the content out; else the capsule's destructor releases it.
_exported: dict[int, Any] = {}


def _destructor(kind: bytes) -> Any:
    def destroy(
        capsule: int, exported: dict[int, Any] = _exported, pointer_in: Callable[..., int] = _pointer_in
    ) -> None:
        struct = exported.pop(pointer_in(capsule, kind))
        if struct.release:
            struct.release(struct)

    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(destroy)


_destructors = {_SCHEMA: _destructor(_SCHEMA), _ARRAY: _destructor(_ARRAY)}
for _d in _destructors.values():  # a capsule may live until the very end of the interpreter
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_d))


def capsules(export: Callable[[Any, Any], None]) -> tuple[object, object]:
    """Return what ``__arrow_c_array__`` returns; ``export`` fills a schema and an array."""
    ffi = open_library()[1]
    schema, content = ffi.new("struct ArrowSchema *"), ffi.new("struct ArrowArray *")
    export(schema, content)
    result = []
    for struct, kind in ((schema, _SCHEMA), (content, _ARRAY)):
        address = int(ffi.cast("uintptr_t", struct))
        _exported[address] = struct
        result.append(_new_capsule(address, kind, ctypes.cast(_destructors[kind], ctypes.c_void_p)))
    return result[0], result[1]


_FORMATS = {"c": "b", "C": "B", "s": "h", "S": "H", "i": "i", "I": "I", "l": "q", "L": "Q"}


def column(values: Any) -> tuple[Any, object]:
    """Return an Arrow array of integers as a buffer of 32-bit ones, and what must stay in memory for as long.

    32-bit integers are not copied. Nulls and other types are a TypeError.
    """
    ffi = open_library()[1]
    held = values.__arrow_c_array__()
    schema = ffi.cast("struct ArrowSchema *", _pointer_of(held[0], _SCHEMA))
    content = ffi.cast("struct ArrowArray *", _pointer_of(held[1], _ARRAY))
    kind = ffi.string(schema.format).decode()
    if kind not in _FORMATS or schema.dictionary:
        raise TypeError(f"a column holds integers, not Arrow's type {kind!r}")
    nulls = content.null_count
    if content.buffers[0] and nulls != 0:
        nulls = _nulls(ffi, content)
    if nulls > 0:
        raise TypeError(f"a column has no nulls, this one has {nulls}")
    n = content.length
    if n == 0:
        return array("i"), None
    code: Any = _FORMATS[kind]
    size = array(code).itemsize
    start = ffi.cast("char *", content.buffers[1]) + content.offset * size
    view = memoryview(ffi.buffer(start, n * size)).cast(code)
    if code == "i":
        return view, held
    return array("i", view.tolist()), None


def strings(values: Any) -> tuple[Any, Any, object]:
    """Return the bytes of an Arrow array of strings and its offsets as a buffer of 64-bit integers from 0 on.

    And what must stay in memory for as long. A null is an empty text.
    """
    ffi = open_library()[1]
    held = values.__arrow_c_array__()
    schema = ffi.cast("struct ArrowSchema *", _pointer_of(held[0], _SCHEMA))
    content = ffi.cast("struct ArrowArray *", _pointer_of(held[1], _ARRAY))
    kind = ffi.string(schema.format).decode()
    if kind not in ("u", "U") or schema.dictionary:
        raise TypeError(f"traces are strings, not Arrow's type {kind!r}")
    n = content.length
    if n == 0:
        return ffi.NULL, array("q", [0]), None
    code: Any = "i" if kind == "u" else "q"
    size = array(code).itemsize
    start = ffi.cast("char *", content.buffers[1]) + content.offset * size
    view = memoryview(ffi.buffer(start, (n + 1) * size)).cast(code)
    base = view[0]
    offsets = view if code == "q" and base == 0 else array("q", [at - base for at in view])
    return ffi.cast("char *", content.buffers[2]) + base, offsets, held


def _nulls(ffi: Any, content: Any) -> int:
    """Count the nulls of an array that does not know how many it has."""
    bits = ffi.cast("unsigned char *", content.buffers[0])
    places = range(content.offset, content.offset + content.length)
    return sum(not bits[i // 8] >> i % 8 & 1 for i in places)
