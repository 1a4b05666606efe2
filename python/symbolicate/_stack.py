"""Stack traces: text to frames, and frames to original ones."""

import os
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, ClassVar, NamedTuple, overload

from ._columns import Table
from ._errors import ArtifactError
from ._library import OK, Handle, Owner, check, new_columns, new_error, new_result, open_library, text, texts, to_text
from ._sourcemap import Column

_CODE, _NATIVE = 0, 1


class MinifiedFrame(NamedTuple):
    """A frame as the engine printed it. ``lineno`` and ``colno`` are 1-based, 0: not given.

    Of bytecode (Hermes, WebAssembly) ``colno`` is 1 + the address.
    """

    function: str
    """As printed, "" for none."""
    filename: str
    """URL or path, "" for none."""
    lineno: int
    colno: int
    raw: str
    """The line of the trace."""


class Frame(NamedTuple):
    """One line of a stack trace. ``lineno`` and ``colno`` are 1-based, 0: not given.

    From :func:`parse_stack` it is as printed. From :meth:`Symbolicator.symbolicate` it is the original
    frame where ``mapped`` is true; otherwise it is as printed, and ``reason`` says why.
    """

    function: str
    """Name of the function, "" for none."""
    filename: str
    """URL or path, "" for none."""
    lineno: int
    colno: int
    native: bool = False
    """Inside the engine: there is no file."""
    mapped: bool = False
    in_app: bool = False
    """The application's own code: not native, not of a library."""
    context_line: str | None = None
    """The line of code, ``None`` where there is no source text."""
    context_cut: int = 0
    """UTF-16 code units that ``context_line`` lacks at its front: of lines over 10,000 bytes, only a part is given."""
    pre_context: tuple[str, ...] = ()
    post_context: tuple[str, ...] = ()
    module: str | None = None
    """The path of the original source without scheme, leading dots and extension."""
    name_source: str | None = None
    """Where ``function`` comes from: "scopes" of the map, "function_map" (the map lists them), "source" (the text of
    the original source), "names" (the function of the minified code, by the map's names), "caller" (the call in the
    next frame) or "printed"."""
    in_function: str | None = None
    """The nearest function with a name around one that has none."""
    inlined: bool = False
    """By the scopes of the map the function was inlined into that of the next frame: the engine had no frame for it."""
    hidden: bool = False
    """By the scopes of the map the compiler made the function: the original program has no such call."""
    map_name: str | None = None
    """The map that was used or tried."""
    reason: str | None = None
    """Stable code for why the frame is not mapped, or has no code; ``None`` when all is well."""
    detail: str | None = None
    """``reason`` in words; without one, what else is to be known."""
    minified: MinifiedFrame | None = None
    """The frame as printed; ``None`` before symbolication."""


class Stack(NamedTuple):
    """A stack trace. ``str()`` of it is the trace as text, with mapped frames rewritten."""

    message: str
    """What stands before the first frame."""
    frames: Sequence[Frame] = ()
    text: str = ""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Stack(message={self.message!r}, frames={self.frames!r})"


class TraceTable(Table):
    """The traces of :meth:`Symbolicator.symbolicate_many`, one row each, see :class:`Table`."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("message", "first_frame", "frames")
    __slots__ = COLUMNS

    message: memoryview
    """What stands before the first frame: a number of ``texts``, -1: nothing."""
    first_frame: memoryview
    """The row of its first frame in the table of frames."""
    frames: memoryview
    """How many frames it has."""


class FrameTable(Table):
    """The frames of many traces, one row each, trace after trace, see :class:`Table`.

    The columns have the names and meanings of :class:`Frame`'s fields; those from ``minified_function`` to
    ``minified_colno`` are of the frame as printed. ``function``, ``filename``, ``minified_function``,
    ``minified_filename``, ``module``, ``name_source``, ``map_name``, ``reason``, ``context_line`` and
    ``in_function`` hold numbers of ``texts``, -1 for none.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("trace", "function", "filename", "lineno", "colno", "mapped", "in_app", "kind"),
        *("minified_function", "minified_filename", "minified_lineno", "minified_colno"),
        *("module", "name_source", "map_name", "reason", "context_line", "in_function", "inlined"),
    )
    __slots__ = (*COLUMNS, "traces")

    traces: TraceTable
    """The traces that the frames are of."""
    trace: memoryview
    """The row of the frame's trace."""
    function: memoryview
    filename: memoryview
    lineno: memoryview
    colno: memoryview
    mapped: memoryview
    in_app: memoryview
    kind: memoryview
    """0: code, 1: native, 2: eval."""
    minified_function: memoryview
    minified_filename: memoryview
    minified_lineno: memoryview
    minified_colno: memoryview
    module: memoryview
    name_source: memoryview
    map_name: memoryview
    reason: memoryview
    context_line: memoryview
    in_function: memoryview
    inlined: memoryview


def _frame(raw: Any) -> Frame:
    line = text(raw.context_line)
    printed = MinifiedFrame(
        text(raw.printed_function) or "",
        text(raw.printed_file) or "",
        raw.printed_line,
        raw.printed_column,
        text(raw.raw) or "",
    )
    return Frame(
        function=text(raw.function) or "",
        filename=text(raw.file) or "",
        lineno=raw.line,
        colno=raw.column,
        native=raw.kind == _NATIVE,
        mapped=bool(raw.mapped),
        in_app=bool(raw.in_app),
        context_line=line,
        context_cut=raw.context_cut,
        pre_context=tuple(t or "" for t in texts(raw.pre_context)),
        post_context=tuple(t or "" for t in texts(raw.post_context)),
        module=text(raw.module),
        name_source=text(raw.name_source),
        in_function=text(getattr(raw, "in")),
        inlined=bool(raw.inlined),
        hidden=bool(raw.hidden),
        map_name=text(raw.map_name),
        reason=text(raw.reason),
        detail=text(raw.detail),
        minified=printed if raw.symbolicated else None,
    )


def _take_stack(function: str, trace: str, handle: Handle | None = None) -> Stack:
    """Make a call that gives a ``sym_stack``."""
    if not isinstance(trace, str):
        raise TypeError(f"a stack trace is a str, not {type(trace).__name__}")
    lib, _ = open_library()
    data = trace.encode("utf-8", "replace")
    out, error = new_result("sym_stack **"), new_error()
    handles = () if handle is None else (handle.number,)
    check(getattr(lib, function)(*handles, data, len(data), out, error), error)
    raw = out[0]
    frames = [_frame(raw.frames[i]) for i in range(raw.count)]
    return Stack(text(raw.message) or "", frames, text(raw.text) or "")


def parse_stack(text: str) -> Stack:
    """Read a stack trace as V8, Firefox or Safari print it. Text without frames is a message only."""
    return _take_stack("sym_parse_stack", text)


class Symbolicator(Owner):
    """Finds the source maps of frames, in folders or among artifacts, and applies them.

    ``paths`` are folders or files, searched by ``sourceMappingURL``, by name (``x.js`` and
    ``x.js.map``), by debug id and by the maps' ``file`` field; over all paths the best match wins.
    ``context_lines`` (0 to 5) is how much code a frame carries before and after its own line. Nothing
    is fetched, and nothing outside the paths is read. Any number of threads may use it. Pickled, it is its
    paths, unless something was added to it.
    """

    def __init__(self, *paths: str | os.PathLike[str], context_lines: int = 5) -> None:
        if not 0 <= context_lines <= 5:
            raise ValueError(f"context_lines is {context_lines}, want 0 to 5")
        names = [os.fsencode(p) for p in paths]
        # What was given to add, by URL and debug id: a child of fork adds it again.
        self._added: dict[tuple[str | None, str | None], _Artifact] = {}
        added = self._added

        def make(out: Any, error: Any) -> int:
            lib, ffi = open_library()
            keep: list[Any] = []
            raw = ffi.new("sym_str[]", [to_text(name, keep) for name in names])
            options = ffi.new(
                "sym_options *", {"size": ffi.sizeof("sym_options"), "context_lines": context_lines or -1}
            )
            status = int(lib.sym_symbolicator_new(raw, len(names), options, out, error))
            for artifact in tuple(added.values()):
                if status == OK:
                    status = artifact.add_to(out[0], error)
            return status

        self._paths, self._context_lines = [os.path.abspath(os.fsdecode(name)) for name in names], context_lines
        self._handle, error = Handle(make), new_error()
        check(make(self._handle.out, error), error)

    def add(
        self,
        url: str | None = None,
        source: bytes | os.PathLike[str] | None = None,
        source_map: bytes | os.PathLike[str] | None = None,
        debug_id: str | None = None,
    ) -> None:
        """Make a minified file and its map known for frames whose file is ``url``.

        ``source`` and ``source_map`` are bytes, or paths that are read now; the bytes are kept, and native memory has a
        copy: where many maps are used for long, an :class:`Archive` takes none. At least one of ``url`` and
        ``debug_id`` must be given; the artifact takes the place of an earlier one of that URL.
        """
        if not isinstance(url, str | None) or not isinstance(debug_id, str | None):
            raise TypeError("url and debug_id are str or None")
        artifact, error = _Artifact(url, debug_id, _contents(source), _contents(source_map)), new_error()
        check(artifact.add_to(self._handle.number, error), error)
        self._added[url, debug_id] = artifact

    def __reduce__(self) -> Any:
        if self._added or self._handle.closed:
            return super().__reduce__()
        return _symbolicator, (self._paths, self._context_lines)

    @overload
    def symbolicate(self, trace: str) -> Stack: ...
    @overload
    def symbolicate(self, trace: Sequence[Frame]) -> list[Frame]: ...
    def symbolicate(self, trace: str | Sequence[Frame]) -> Stack | list[Frame]:
        """Return the trace with every frame mapped that can be.

        It is a text, or frames that the caller has, the innermost first: of these ``function``, ``filename``,
        ``lineno``, ``colno`` and ``native`` count. Where the scopes of a map tell of functions that were
        inlined there are more frames than were given.
        """
        if isinstance(trace, str):
            return _take_stack("sym_symbolicate", trace, self._handle)
        for frame in trace:
            if not isinstance(frame, Frame):
                raise TypeError(f"a trace is a str or frames, this has {type(frame).__name__}")
            if frame.lineno < 0 or frame.colno < 0:
                raise ValueError(f"lineno is {frame.lineno}, colno {frame.colno}")
        lib, ffi = open_library()
        keep: list[Any] = []
        raw = [
            {
                "function": to_text(f.function, keep),
                "file": to_text(f.filename, keep),
                "line": f.lineno,
                "column": f.colno,
                "kind": _NATIVE if f.native else _CODE,
            }
            for f in trace
        ]
        frames = ffi.new("sym_frame[]", raw)
        out, error = new_result("sym_stack **"), new_error()
        number, size = self._handle.number, ffi.sizeof("sym_frame")
        check(lib.sym_symbolicate_frames(number, frames, len(trace), size, out, error), error)
        return [_frame(out[0].frames[i]) for i in range(out[0].count)]

    def symbolicate_many(self, traces: "Sequence[str] | Column", *, threads: int = 1) -> FrameTable:
        """Symbolicate many traces in one call, without an object for each frame.

        ``traces`` is a sequence of str, or an Arrow array of strings. So many native ``threads`` work on them; other
        Python threads run meanwhile.
        """
        if threads < 1:
            raise ValueError(f"{threads} threads")
        lib, ffi = open_library()
        if hasattr(traces, "__arrow_c_array__"):
            from . import _arrow

            data, offsets, keep = _arrow.strings(traces)
        else:
            texts: Any = traces
            if isinstance(texts, str):
                raise TypeError("symbolicate_many() takes many traces, this is one str")
            encoded = [trace.encode("utf-8", "replace") for trace in texts]
            offsets = array("q", accumulate(map(len, encoded), initial=0))
            keep = ffi.from_buffer(b"".join(encoded))
            data = ffi.cast("char *", keep)
        traces_out, frames_out, error = new_columns(), new_columns(), new_error()
        status = lib.sym_symbolicate_many(
            self._handle.number,
            data,
            ffi.from_buffer("int64_t[]", offsets),
            len(offsets) - 1,
            threads,
            traces_out,
            frames_out,
            error,
        )
        del keep  # until here
        check(status, error)
        table = FrameTable(frames_out)
        table.traces = TraceTable(traces_out)
        return table

    def __repr__(self) -> str:
        return f"<symbolicate.Symbolicator{', closed' if self._handle.closed else ''}>"


class _Artifact:
    """A minified file and its map, for the library."""

    __slots__ = ("_keep", "_raw")

    def __init__(self, url: str | None, debug_id: str | None, source: bytes | None, source_map: bytes | None) -> None:
        ffi = open_library()[1]
        self._keep: list[Any] = []
        parts = {"url": url, "debug_id": debug_id, "source": source, "source_map": source_map}
        self._raw = ffi.new("sym_artifact *", {name: to_text(part, self._keep) for name, part in parts.items()})

    def add_to(self, symbolicator: int, error: Any) -> int:
        return int(open_library()[0].sym_symbolicator_add(symbolicator, self._raw, 0, error))


def _symbolicator(paths: list[str], context_lines: int) -> Symbolicator:
    return Symbolicator(*paths, context_lines=context_lines)


def _contents(part: bytes | os.PathLike[str] | None) -> bytes | None:
    if part is None or isinstance(part, bytes):
        return part
    if isinstance(part, bytearray | memoryview):
        return bytes(part)
    path = os.fspath(part)  # not open(part): a number would be a file descriptor
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ArtifactError(str(error)) from error
