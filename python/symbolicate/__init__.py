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
