"""The native library: loading, calls and errors. No other module touches it.

The library is opened by the first call that needs it. Objects own a handle, which is a number that
:class:`Handle` gives back. What gives native memory back is always a function in C that cffi calls, never one in
Python: there the handler of a signal could raise before the memory is given back, and nobody would try again. (But for
the capsules of Arrow, whose content only Python can reach.)

After ``os.fork()`` a Go runtime is dead in the child: calls into it would hang. So the child forgets the
library, and its first call loads a fresh copy of it, under a new name and a new inode, because the dynamic
linker would otherwise give the dead one back. Objects of the parent go on in the copy: each knows how it is
taken over or made again. Nothing is ever called in the dead library but the functions in C that give memory
back, which know that they must not enter Go.
"""

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Literal, NamedTuple, TypeVar

from . import _errors

_DIRECTORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_native")
_NAME = "libsymbolicate.so"

# From cabi/include/symbolicate.h.
OK = 0
NOT_FOUND = 1
FORKED = -7
STRICT = 1
BORROW = 2
FUNCTIONS = 4
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

MAX_FORK_DEPTH = 16
"""How many copies of the library there may be in one process: forks of forks that all use it."""

ABI_VERSION = 1

OwnerT = TypeVar("OwnerT", bound="Owner")

_lock = threading.RLock()  # held while the library is loaded and while a process forks
lib: Any = None  # the open library: for calls on a handle, which is only there when the library is
NULL: Any = None
_ffi: Any = None
_file = -1  # the file of the library, open, so that a child makes copies of the very same
_identity: tuple[int, ...] = ()  # of that file
_process = os.getpid()  # whose state this is
_noticing: dict[int, int] = {}  # by process: the thread that saw a fork of which Python knows nothing
_epoch = 0  # how many forks lie between this process and the one that imported the package
_dead: list[Any] = []  # libraries of the processes that this one was forked from: never called, never closed
_spare: tuple[int, tuple[int, ...]] | None = None  # an open copy of it for children, and its identity
_fork_mode: Literal["copy", "raise"] = "copy"
_limit = 0  # of memory, for a copy of the library


def version() -> str:
    """Return the version of the package, without loading the library."""
    with open(os.path.join(_DIRECTORY, "VERSION"), encoding="ascii") as file:
        return file.read().strip()


def set_fork_mode(mode: Literal["copy", "raise"]) -> None:
    """Say what the package does in a child of ``fork()`` whose parent had used it.

    ``"copy"``, the default: the child loads a fresh copy of the native library (a few milliseconds and
    megabytes) and goes on with the objects that it inherited. Go promises nothing for two of its runtimes in
    one process, of which one is dead; it is tested on Linux. ``"raise"``: every call raises :class:`ForkError`.
    """
    global _fork_mode
    if mode not in ("copy", "raise"):
        raise ValueError(f"the mode is {mode!r}, want 'copy' or 'raise'")
    _fork_mode = mode


def open_library() -> tuple[Any, Any]:
    """Return cffi's ``lib`` and ``ffi``; the first call loads the library."""
    if os.getpid() != _process:
        _notice_fork()
    if lib is not None:
        return lib, _ffi
    return _load()


def _load() -> tuple[Any, Any]:
    global lib, NULL, _ffi, _file, _identity
    with _lock:
        if lib is None:
            from ._native._cdef import ffi  # type: ignore[import-not-found,unused-ignore]

            opened: Any
            if _dead:
                opened = _open_copy(ffi)
            else:
                path = os.path.join(_DIRECTORY, _NAME)
                _file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                _identity = _identity_of(_file)
                try:
                    opened = ffi.dlopen(path)
                except OSError as error:
                    raise _errors.SymbolicateError(f"the native library can't be loaded: {error}") from error
                if opened.sym_abi_version() != ABI_VERSION:
                    raise _errors.SymbolicateError(f"{path} is of another version of the package")
            # The runtime starts in a thread of its own: it is up when the first call has returned.
            check(opened.sym_get_stats(ffi.new("sym_stats *")), None)
            if _limit:  # else it stays what another interpreter of this process has set
                check(opened.sym_set_memory_limit(_limit), None)
            _ffi, NULL = ffi, ffi.NULL
            lib = opened
        return lib, _ffi


_ELSE = "use symbolicate in the children only, or start them with 'spawn' or 'forkserver'"


def _open_copy(ffi: Any) -> Any:
    """Load a copy of the library in a child of fork."""
    if _fork_mode == "raise":
        raise _errors.ForkError(f"symbolicate was used before fork(), and its fork mode is 'raise': {_ELSE}")
    if len(_dead) >= MAX_FORK_DEPTH:
        raise _errors.ForkError(f"symbolicate was used in {len(_dead)} processes that this one descends from: {_ELSE}")
    failures = []
    for make in (_copy_in_memory, _copy_in_file):
        try:
            return make(ffi)
        except (OSError, AttributeError) as error:
            failures.append(str(error))
    raise _errors.ForkError(
        f"no copy of the native library can be made for a child of fork ({'; '.join(failures)}): {_ELSE}"
    )


def _make_spare() -> None:
    """Make a copy of the library in memory for the children of this process, who share its pages."""
    global _spare
    if lib is None or _fork_mode == "raise" or (_spare and _is(*_spare)):
        return
    try:
        import fcntl

        file = os.memfd_create(_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        _copy_to(file)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        _spare = file, _identity_of(file)
    except (OSError, AttributeError, ImportError):
        _spare = None  # each child makes its own, or says what is wrong


def _take_spare(target: int) -> bool:
    """Make the descriptor one of the copy that an ancestor made, and that none of the ancestors has loaded."""
    global _spare
    spare, _spare = _spare, None
    if spare is None or not _is(*spare):
        return False
    os.dup2(spare[0], target, inheritable=False)
    os.close(spare[0])
    return True


def _copy_in_memory(ffi: Any) -> Any:
    # A descriptor's number can be that of a copy in an ancestor, whose name the dynamic linker still knows. As long as
    # it is open the next one is another.
    descriptors: list[int] = []
    try:
        for _ in range(MAX_FORK_DEPTH + 1):
            target = os.memfd_create(_NAME, os.MFD_CLOEXEC)
            descriptors.append(target)
            name = f"/proc/{os.getpid()}/fd/{target}"
            if not _loaded(ffi, name):
                if not _take_spare(target):
                    _copy_to(target)
                return ffi.dlopen(name, ffi.RTLD_NOW)
        raise OSError("all names for it are in use")
    finally:
        for target in descriptors:
            os.close(target)


def _copy_in_file(ffi: Any) -> Any:
    import tempfile  # which takes long to import

    with tempfile.NamedTemporaryFile(prefix=f"libsymbolicate-{os.getpid()}-", suffix=".so") as file:
        if _loaded(ffi, file.name):
            raise OSError(f"{file.name} is in use")
        _copy_to(file.fileno())
        return ffi.dlopen(file.name, ffi.RTLD_NOW)


def _loaded(ffi: Any, name: str) -> bool:
    """Tell whether the dynamic linker knows the name. The file must be empty: for a library dlopen() would not say
    why it does not give it, and cffi can't do without.
    """
    try:
        ffi.dlopen(name, ffi.RTLD_NOW | ffi.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _identity_of(file: int) -> tuple[int, ...]:
    info = os.fstat(file)
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


def _is(file: int, identity: tuple[int, ...]) -> bool:
    """Tell whether it is still open for the file: what makes daemons closes all, and others get the numbers."""
    try:
        return _identity_of(file) == identity
    except OSError:
        return False


def _copy_to(target: int) -> None:
    """Write what the parent loaded: a copy of another file could not read what the parent left in memory."""
    global _file
    if not _is(_file, _identity):
        _file = os.open(os.path.join(_DIRECTORY, _NAME), os.O_RDONLY | os.O_CLOEXEC)
        if _identity_of(_file) != _identity:
            raise OSError("the file of the library was replaced since it was loaded")
    at = 0
    while sent := os.sendfile(target, _file, at, 1 << 30):
        at += sent


def _before_fork() -> None:
    _lock.acquire()  # a library that is just being loaded must not be inherited half
    _make_spare()


def _in_parent() -> None:
    _lock.release()


def _in_child() -> None:
    global lib, _epoch, _lock, _process
    _lock = threading.RLock()  # the old one is held
    _epoch += 1
    if lib is not None:
        _dead.append(lib)
        lib = None
    _process = os.getpid()


def _notice_fork() -> None:
    """Do what :func:`_in_child` does, behind a fork of C code, which calls no hook: once, though all threads see it."""
    process, thread = os.getpid(), threading.get_ident()
    if _noticing.setdefault(process, thread) == thread:  # in one step, without a lock, which might be held for ever
        if _process != process:
            _in_child()
        _noticing.pop(process, None)
        return
    end = time.monotonic() + 10
    while _process != process:
        if time.monotonic() > end:
            raise _errors.ForkError("another thread that saw the fork does not come to an end")
        time.sleep(0.0001)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)


def check(status: int, error: Any) -> int:
    """Raise the exception for a negative status; return the others."""
    if status >= 0:
        return status
    kind = _ERRORS.get(status, _errors.SymbolicateError)
    if error is None:
        raise kind(f"status {status}")
    ffi = open_library()[1]
    message = ffi.unpack(error.message, error.message_len).decode("utf-8", "replace")
    message = message.removeprefix("sourcemap: ").removeprefix("symbolicate: ")
    if kind is _errors.ParseError:
        raise _errors.ParseError(message, None if error.offset < 0 else error.offset)
    raise kind(message)


def release(*views: Any) -> None:
    """Let go of views of buffers that a call which failed was given.

    The exception keeps the frames that they are in. When these become garbage in a cycle with it, Python's collector
    may clear a memoryview before cffi's view of it, which crashes (not from Python 3.13 on).
    """
    for view in filter(None, views):
        _ffi.release(view)


def new_error() -> Any:
    """Return a ``sym_error`` for a call to fill."""
    return open_library()[1].new("sym_error *")


def new_result(kind: str) -> Any:
    """Return a place for a result, which is freed with the place: whatever interrupts Python behind the call."""
    lib, ffi = open_library()
    return ffi.gc(ffi.new(kind), lib.sym_clear_result)


def new_columns() -> Any:
    """Return a place for a ``sym_columns *``, which is released with the place."""
    lib, ffi = open_library()
    return ffi.gc(ffi.new("sym_columns **"), lib.sym_clear_columns)


def text(value: Any) -> str | None:
    """Return what a ``sym_str`` says, ``None`` for none."""
    if not value.data:
        return None
    raw: bytes = _ffi.unpack(value.data, value.len)
    return raw.decode("utf-8", "replace")


def to_text(value: str | bytes | None, keep: list[Any]) -> dict[str, Any]:
    """Return a ``sym_str`` for a call; what must stay in memory meanwhile joins ``keep``."""
    if value is None:
        return {"data": _ffi.NULL, "len": 0}
    view = _ffi.from_buffer(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)
    keep.append(view)
    return {"data": _ffi.cast("char *", view), "len": len(view)}


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
    """A native handle that is given back on ``close()`` or when it is garbage-collected, with its owner.

    ``out`` is the place where a call puts the number; it is made before the call, so that the handle is
    given back whatever interrupts Python behind the call. ``lent`` is what must stay in memory for as
    long as the handle is open. ``again`` is called in a child of fork, with the place for a number and an error,
    and takes the parent's object over, or makes it again; it returns a status.
    """

    __slots__ = ("_again", "_guard", "epoch", "out", "value")

    def __init__(self, again: Callable[[Any, Any], int], lent: object = None) -> None:
        self.out, self._guard = _guarded(lent)
        self.value = 0  # what is in out, once it was asked for; for those who can't wait for number
        self.epoch = _epoch
        self._again = again

    @property
    def number(self) -> int:
        """The handle, for a call; raises when closed."""
        if os.getpid() != _process:
            _notice_fork()
        if self.epoch != _epoch:
            self._renew()
        number: int = self.out[0]
        if not number:
            raise _errors.ClosedError("closed")
        self.value = number
        return number

    def _renew(self) -> None:
        """Go on with the parent's object in a child of fork."""
        ffi = open_library()[1]
        with _lock:
            if self.epoch == _epoch or self.closed:
                return
            (out, guard), error = _guarded(self._guard), ffi.new("sym_error *")  # the old one holds what was lent
            check(self._again(out, error), error)
            self.out, self._guard, self.value, self.epoch = out, guard, out[0], _epoch

    @property
    def closed(self) -> bool:
        return not self.out[0]

    def close(self) -> None:
        if self.epoch == _epoch:
            self._close()
        else:
            with _lock:  # not while another thread renews it
                self._close()

    def _close(self) -> None:
        self.value = 0
        _ffi.release(self._guard)


def _guarded(lent: object) -> tuple[Any, Any]:
    """Return a place for a handle, and what gives the handle back when it is garbage-collected or released.

    What was lent is kept until that is done.
    """
    lib, ffi = open_library()
    out, give_back = ffi.new("sym_handle *"), partial(lib.sym_clear_handle)
    give_back.lent = lent  # type: ignore[attr-defined]
    return out, ffi.gc(out, give_back)


class Owner:
    """What owns a handle: the part that every such object has."""

    _handle: Handle

    def close(self) -> None:
        """Free the native memory now. Closing twice is allowed."""
        self._handle.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} can't be pickled or copied: it owns native memory of this process")

    def __enter__(self: OwnerT) -> OwnerT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stats(NamedTuple):
    """What the native side holds in this process."""

    handles: int
    """Objects that are open."""
    bytes: int
    """Estimated size of their tables and of input that was copied."""


def set_memory_limit(limit: int | None) -> None:
    """Limit the bytes that :func:`stats` counts for maps to be parsed; ``None``: no limit.

    ``SourceMap.from_bytes`` and ``open`` raise :class:`LimitError`, before they take memory, for a map that would pass
    it by an estimate of one and a half times its bytes. Maps that were lent count, since they are kept; what a
    :class:`Symbolicator` keeps counts, but is not refused; saved indexes opened from files do not count, since the
    system can take their pages back. The Go runtime's own soft limit is set with it. Children of ``fork()`` have it
    too.
    """
    global _limit
    if limit is not None and limit <= 0:
        raise ValueError(f"a limit of {limit} bytes")
    lib, _ = open_library()
    check(lib.sym_set_memory_limit(limit or 0), None)
    _limit = limit or 0


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
