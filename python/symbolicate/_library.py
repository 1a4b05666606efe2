"""The native library: loading, calls and errors. No other module touches it.

The library is opened by the first call that needs it. Objects own a handle, which is a number that
:class:`Handle` gives back. After ``os.fork()`` a Go runtime is dead in the child; so the child forgets
the library and raises :class:`ForkError` instead of hanging, and finalizers do nothing there.
"""

import os
import re
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, TypeVar

from . import _errors

_DIRECTORY = Path(__file__).with_name("_native")
_NAME = "libsymbolicate.so"

# From cabi/include/symbolicate.h.
OK = 0
NOT_FOUND = 1
_ERRORS: dict[int, type[_errors.SymbolicateError]] = {
    -1: _errors.ArtifactError,
    -2: _errors.ClosedError,
    -3: _errors.ParseError,
    -4: _errors.LimitError,
    -5: _errors.ArtifactError,
    -6: _errors.LimitError,
    -7: _errors.ForkError,
    -8: _errors.SymbolicateError,
}

OwnerT = TypeVar("OwnerT", bound="Owner")

_lock = threading.Lock()
_lib: Any = None  # the open library
_ffi: Any = None
_epoch = 0  # how many forks lie between this process and the one that imported the package
_lost = False  # the library was loaded before a fork


def version() -> str:
    """Return the version of the package, without loading the library."""
    return re.sub(r"\s", "", (_DIRECTORY / "VERSION").read_text("ascii"))


def open_library() -> tuple[Any, Any]:
    """Return cffi's ``lib`` and ``ffi``; the first call loads the library."""
    if _lib is not None:
        return _lib, _ffi
    return _load()


def _load() -> tuple[Any, Any]:
    global _lib, _ffi
    with _lock:
        if _lost:
            raise _errors.ForkError(
                "symbolicate was used before fork() and can't be used in the child: "
                "use it in the children only, or start them with 'spawn' or 'forkserver'"
            )
        if _lib is None:
            from ._native._cdef import ffi  # type: ignore[import-not-found,unused-ignore]

            try:
                lib = ffi.dlopen(str(_DIRECTORY / _NAME))
            except OSError as error:
                raise _errors.SymbolicateError(f"the native library can't be loaded: {error}") from error
            _ffi = ffi
            _lib = lib
        return _lib, _ffi


def _in_child() -> None:
    global _lib, _epoch, _lost, _lock
    _lock = threading.Lock()  # another thread may have held it
    _epoch += 1
    _lost = _lost or _lib is not None
    _lib = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


def check(status: int, error: Any) -> int:
    """Raise the exception for a negative status; return the others."""
    if status >= 0:
        return status
    kind = _ERRORS.get(status, _errors.SymbolicateError)
    if error is None:
        raise kind(f"status {status}")
    message = _ffi.unpack(error.message, error.message_len).decode("utf-8", "replace")
    message = message.removeprefix("sourcemap: ").removeprefix("symbolicate: ")
    if kind is _errors.ParseError:
        raise _errors.ParseError(message, None if error.offset < 0 else error.offset)
    raise kind(message)


def new_error() -> Any:
    """Return a ``sym_error`` for a call to fill."""
    return open_library()[1].new("sym_error *")


def new_result(kind: str) -> Any:
    """Return a place for a result, which is freed with the place."""
    lib, ffi = open_library()
    return ffi.gc(ffi.new(kind), lambda out: lib.sym_free(out[0]))


def text(value: Any) -> str | None:
    """Return what a ``sym_str`` says, ``None`` for none."""
    if not value.data:
        return None
    raw: bytes = _ffi.unpack(value.data, value.len)
    return raw.decode("utf-8", "replace")


def texts(value: Any) -> list[str | None]:
    """Return what a ``sym_strings`` says."""
    return [text(value.items[i]) for i in range(value.count)]


def take_strings(call: Callable[[Any, Any], int]) -> list[str | None] | None:
    """Make a call that gives a ``sym_strings``; return its texts, ``None`` when not found."""
    out, error = new_result("sym_strings **"), new_error()
    if check(call(out, error), error) == NOT_FOUND:
        return None
    return texts(out[0])


class Handle:
    """A native handle that is given back on ``close()`` or when its owner is garbage-collected.

    ``out`` is the place where a call puts the number; it is made before the call, so that the handle is
    given back whatever interrupts Python behind the call. ``lent`` is what must stay in memory for as
    long as the handle is open.
    """

    __slots__ = ("_finalizer", "out")

    def __init__(self, owner: object, lent: object = None) -> None:
        self.out = open_library()[1].new("sym_handle *")
        self._finalizer = weakref.finalize(owner, _give_back, _epoch, self.out, lent)

    @property
    def number(self) -> int:
        """The handle, for a call; raises when closed, or when it belongs to another process."""
        arguments = self._finalizer.peek()
        if arguments is None:
            raise _errors.ClosedError("closed")
        if arguments[2][0] != _epoch:
            _load()
            raise _errors.ForkError("this object was made before fork() and can't be used in the child")
        return int(self.out[0])

    @property
    def closed(self) -> bool:
        return not self._finalizer.alive

    def close(self) -> None:
        self._finalizer()


class Owner:
    """What owns a handle: the part that every such object has."""

    _handle: Handle

    def close(self) -> None:
        """Free the native memory now. Closing twice is allowed."""
        self._handle.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} can't be pickled or copied: it owns native memory of this process")

    def __enter__(self: OwnerT) -> OwnerT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _give_back(epoch: int, out: Any, lent: object) -> None:
    # At exit of a child this runs too, for the parent's objects. 0: the call failed.
    if epoch == _epoch and _lib is not None and out[0]:
        _lib.sym_close(out[0])


class Stats(NamedTuple):
    """What the native side holds in this process."""

    handles: int
    """Objects that are open."""
    bytes: int
    """Estimated size of their tables and of input that was copied."""


def trim() -> None:
    """Give native memory that is not in use back to the operating system (about 10 ms).

    Without it that happens little by little.
    """
    lib, _ = open_library()
    check(lib.sym_trim(), None)


def stats() -> Stats:
    """Return counts of what the native side holds; it loads the library."""
    lib, ffi = open_library()
    out = ffi.new("sym_stats *")
    check(lib.sym_get_stats(out), None)
    return Stats(out.handles, out.bytes)
