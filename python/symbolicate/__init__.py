"""Turn minified JavaScript stack traces back into the code people wrote.

>>> import symbolicate
>>> with symbolicate.Symbolicator("dist/") as s:            # doctest: +SKIP
...     print(s.symbolicate(trace))

Two kinds of numbers meet here. *Positions* of a map (:class:`SourceMap`) are 0-based, with columns in
UTF-16 code units. *Frames* (:class:`Frame`) hold the 1-based numbers that an engine printed.

The native library is loaded on first use, not at import. Its memory is freed when the Python object
is garbage-collected, or earlier by ``close()`` or ``with``. After ``os.fork()`` a child goes on with a
copy of the library, see :func:`set_fork_mode`. What is wrong with a map, a file or the use
of an object is a :class:`SymbolicateError` of some kind; what is wrong with an argument (its type, its
range, columns of unequal length) is Python's own TypeError, ValueError, OverflowError or IndexError.
"""

from ._archive import Archive, ArchiveUpdate, Key
from ._columns import Table, Texts
from ._errors import (
    ArtifactError,
    ClosedError,
    ForkError,
    LimitError,
    ParseError,
    SymbolicateError,
)
from ._library import Stats, set_fork_mode, set_memory_limit, stats, trim, version
from ._sourcemap import Mapping, Mappings, MappingTable, Source, SourceMap, find_source_map_url
from ._stack import Frame, FrameTable, MinifiedFrame, Stack, Symbolicator, TraceTable, parse_stack

__version__ = version()


def _why_not() -> str | None:
    """Return a sentence where calls can only fail later, or crash. At import nothing native was loaded yet."""
    import _imp
    import _thread
    import os
    import sys

    if sys.platform == "linux":
        try:
            glibc = os.confstr("CS_GNU_LIBC_VERSION")
        except (OSError, ValueError):
            glibc = None
        if not glibc:
            return (
                "symbolicate needs glibc, and this Python has another C library (musl?), which can't load a library "
                "made by Go: use a Python on glibc, such as Debian's"
            )
    # Isolated interpreters are those that refuse daemon threads. cffi refuses them in turn, but in Python 3.12 so late
    # that the main interpreter crashes when it uses cffi afterwards.
    daemons_allowed = getattr(_thread, "daemon_threads_allowed", None)  # since Python 3.12
    if daemons_allowed and not daemons_allowed():
        return "symbolicate can't be imported in an isolated subinterpreter, since cffi can't: use threads or processes"
    # Where another interpreter than the main one is the first to load cffi, these crash at the latest at their end:
    # CPython's issue 116510.
    if (3, 12) <= sys.version_info < (3, 12, 8):
        override = vars(_imp)["_override_multi_interp_extensions_check"]
        try:
            override(override(0))  # set and set back: the main interpreter refuses that
        except RuntimeError:
            return None
        return "symbolicate can't be imported in a subinterpreter of Python 3.12 before 3.12.8, which would crash"
    return None


if _reason := _why_not():
    raise ImportError(_reason, name=__name__)

__all__ = [
    "Archive",
    "ArchiveUpdate",
    "ArtifactError",
    "ClosedError",
    "ForkError",
    "Frame",
    "FrameTable",
    "Key",
    "LimitError",
    "Mapping",
    "MappingTable",
    "Mappings",
    "MinifiedFrame",
    "ParseError",
    "Source",
    "SourceMap",
    "Stack",
    "Stats",
    "SymbolicateError",
    "Symbolicator",
    "Table",
    "Texts",
    "TraceTable",
    "find_source_map_url",
    "parse_stack",
    "set_fork_mode",
    "set_memory_limit",
    "stats",
    "trim",
]
