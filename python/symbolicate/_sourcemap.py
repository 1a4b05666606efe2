"""One source map: positions of generated code to original positions."""

import mmap
import os
import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple, NoReturn, Protocol

from . import _library
from ._columns import Table
from ._errors import SymbolicateError
from ._library import (
    BORROW,
    FORKED,
    FUNCTIONS,
    NOT_FOUND,
    STRICT,
    Handle,
    Owner,
    check,
    new_columns,
    new_error,
    open_library,
    release,
    take_strings,
)

_NO_SOURCES = 1
_SOURCES, _NAMES, _PROBLEMS, _IDENTITY, _SOURCE_TEXTS = range(5)

Numbers = tuple[int, int, int, int, int, int]
"""A sym_mapping: generated line and column, source, line, column, name."""

Buffer = bytes | bytearray | memoryview | mmap.mmap
"""What is taken where bytes are meant; anything else with the buffer protocol is fine, too."""


class Column(Protocol):
    """An Arrow array: what has Arrow's C data interface."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...


class Mapping(NamedTuple):
    """The answer for a position. Lines and columns are 0-based, columns in UTF-16 code units."""

    source: str | None
    """URL of the original source, with the map's ``sourceRoot``; ``None`` where the map names none."""
    line: int
    column: int
    name: str | None
    """The name that the map gives the token there, or ``None``."""
    generated_line: int
    generated_column: int
    """Where the mapping itself stands: at or before the position asked for."""


class Source(NamedTuple):
    """An original source of a map."""

    url: str | None
    """With the map's ``sourceRoot``; ``None`` where the map names none."""
    text: str | None
    """From ``sourcesContent``; ``None`` where it is not there."""
    ignored: bool
    """In the map's ignore list: third-party code."""

    def __repr__(self) -> str:
        text = "None" if self.text is None else f"<{len(self.text)} characters>"
        return f"Source(url={self.url!r}, text={text}, ignored={self.ignored})"


class Mappings(Table):
    """The answers of :meth:`SourceMap.lookup_many`: four columns, one row a position, see :class:`Table`.

    ``source`` and ``name`` are indices into the map's ``sources`` and ``names``. -1 stands for none, in all four
    where there is no mapping.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("source", "line", "column", "name")
    __slots__ = COLUMNS

    source: memoryview
    line: memoryview
    column: memoryview
    name: memoryview


class MappingTable(Table):
    """All mappings of a map, one row each in the order of their generated positions, see :class:`Table`.

    ``source`` and ``name`` are indices into the map's ``sources`` and ``names``. -1 stands for none; ``source``,
    ``line`` and ``column`` are -1 where a mapping has no original position.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("generated_line", "generated_column", "source", "line", "column", "name")
    __slots__ = COLUMNS

    generated_line: memoryview
    generated_column: memoryview
    source: memoryview
    line: memoryview
    column: memoryview
    name: memoryview


class SourceMap(Owner):
    """One source map, ready for lookup.

    Made by :meth:`from_bytes` or :meth:`open`. Any number of threads may use it. Its native memory is
    freed by :meth:`close`, at the end of ``with``, or on garbage collection.
    """

    def __init__(self) -> None:
        raise TypeError("use SourceMap.from_bytes() or SourceMap.open()")

    _source_texts: dict[int, str | None]  # those that were asked for
    _name_texts: dict[int, str | None]
    _memory: Any  # where the map lies, for a child of fork
    _reopen: tuple[str, bool, bool, bytes | None] | None  # what open() took

    @classmethod
    def _opened(cls, call: Callable[[Any, Any], int], lent: object = None) -> "SourceMap | None":
        """Return the map whose handle the call gives; ``None`` when not found."""
        lib, ffi = open_library()
        self = object.__new__(cls)
        self._memory = memory = ffi.new("sym_memory *")
        self._handle = Handle(lambda out, error: int(open_library()[0].sym_map_inherit(memory, out, error)), lent)
        self._source_texts, self._name_texts, self._reopen = {}, {-1: None}, None
        error = new_error()
        if check(call(self._handle.out, error), error) == NOT_FOUND:
            return None
        check(lib.sym_map_get_memory(self._handle.number, memory, error), error)
        return self

    @classmethod
    def _new(cls, call: Callable[[Any, Any], int], lent: object = None) -> "SourceMap":
        self = cls._opened(call, lent)
        assert self is not None
        return self

    @classmethod
    def from_bytes(
        cls,
        data: Buffer,
        *,
        strict: bool = False,
        borrow: bool = False,
        functions: bool = False,
        generated: Buffer | None = None,
    ) -> "SourceMap":
        """Parse a source map, or open a saved index, that lies in memory: anything with the buffer protocol.

        ``bytes`` are kept, not copied. Other buffers (bytearray, memoryview, mmap) are copied, unless ``borrow`` says
        that they will not change while the map is in use. With ``strict`` every problem that ECMA-426 lets a consumer
        refuse is a :class:`ParseError`; otherwise see :attr:`problems`.

        With ``functions`` all source texts are read for functions now, not when :meth:`function_at` asks: :meth:`save`
        writes them, and a saved index without texts has names. ``generated`` is the generated code (UTF-8): its
        functions, named by the map, answer where there is no source text. It is not kept. Neither does anything to a
        saved index.
        """
        lib, ffi = open_library()
        flags = _flags(strict, functions)
        if borrow or isinstance(data, bytes):
            flags |= BORROW
        view, code = ffi.from_buffer(data), _code(generated)
        try:
            return cls._new(
                lambda out, error: int(lib.sym_map_parse_with_code(view, len(view), *code, flags, out, error)),
                view if flags & BORROW else None,
            )
        except SymbolicateError:
            release(view, code[0])
            raise

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        strict: bool = False,
        functions: bool = False,
        generated: Buffer | None = None,
    ) -> "SourceMap":
        """Open a file: a source map, or an index written by :meth:`save`, which opens in microseconds.

        The file must not be written to while it is open; it may be removed, or replaced by a rename. If it is
        damaged, or becomes shorter meanwhile, calls raise :class:`ParseError` or :class:`ArtifactError`. Pickled, the
        map is its path. ``functions`` and ``generated`` are those of :meth:`from_bytes`; the latter is kept, since a
        pickle needs it.
        """
        lib, _ = open_library()
        name, code = os.fsencode(path), _code(generated)
        flags = _flags(strict, functions)
        try:
            self = cls._new(
                lambda out, error: int(lib.sym_map_open_with_code(name, len(name), *code, flags, out, error))
            )
        except SymbolicateError:
            release(code[0])
            raise
        kept = None if generated is None else bytes(generated)
        self._reopen = (os.path.abspath(os.fsdecode(name)), strict, functions, kept)
        return self

    def __reduce__(self) -> Any:
        if self._reopen is None or self._handle.closed:
            return super().__reduce__()
        return _open, self._reopen

    def save(self, path: str | os.PathLike[str], *, sources: bool = True) -> None:
        """Write the map as an index that :meth:`open` opens without reading it.

        The file is replaced whole, or stays as it was. Without ``sources`` the source texts are left out.
        """
        lib, _ = open_library()
        name, error = os.fsencode(path), new_error()
        check(lib.sym_map_save(self._handle.number, name, len(name), 0 if sources else _NO_SOURCES, error), error)

    def verify(self) -> None:
        """Read an opened index from end to end; :class:`ParseError` says what is damaged."""
        lib, _ = open_library()
        error = new_error()
        check(lib.sym_map_verify(self._handle.number, error), error)

    def __repr__(self) -> str:
        try:
            return f"<symbolicate.SourceMap of {len(self)} mappings>"
        except SymbolicateError as error:  # closed, or in a child of fork
            return f"<symbolicate.SourceMap, {error}>"

    def __bool__(self) -> bool:
        return True  # a map without mappings is a map

    def __len__(self) -> int:
        """Return the number of mappings."""
        return int(self._info().mappings)

    def _info(self) -> Any:
        lib, ffi = open_library()
        out, error = ffi.new("sym_map_info *"), new_error()
        check(lib.sym_map_get_info(self._handle.number, out, error), error)
        return out

    def lookup(self, line: int, column: int) -> Mapping | None:
        """Return the mapping for a generated position (0-based), ``None`` where there is none.

        That is the last mapping at or before the position on the same line.
        """
        # As much as can be is done here: calls of Python functions would take longer than the native one.
        handle = self._handle
        number = (handle.value if handle.epoch == _library._epoch else 0) or handle.number
        place = _places.pop() if _places else _place()
        status = _library.lib.sym_map_lookup(number, line, column, place[0], _library.NULL)
        if status:
            if status == FORKED:  # by C code, unseen by Python; number notices it
                _places.append(place)
                return self._lookup_again(line, column)
            return self._mapping(status, place)
        generated_line, generated_column, source, line, column, name = _six_numbers(place[1])
        _places.append(place)
        try:
            source_text = self._source_texts[source]
            name_text = self._name_texts[name]
        except KeyError:
            source_text, name_text = self._text(source, name)
        return _new_mapping(Mapping, (source_text, line, column, name_text, generated_line, generated_column))

    def _lookup_again(self, line: int, column: int) -> Mapping | None:
        number, place = self._handle.number, _place()
        return self._mapping(_library.lib.sym_map_lookup(number, line, column, place[0], _library.NULL), place)

    def lookup_across_lines(self, line: int, column: int) -> Mapping | None:
        """Like :meth:`lookup`, and where the line has none, the last mapping of a line above."""
        return self._named(self._find(line, column, True))

    def _find(self, line: int, column: int, across_lines: bool) -> Numbers | None:
        """Return what a lookup does, in numbers."""
        number = self._handle.number
        place = _places.pop() if _places else _place()
        lib = _library.lib
        call = lib.sym_map_lookup_across_lines if across_lines else lib.sym_map_lookup
        return self._numbers(call(number, line, column, place[0], _library.NULL), place)

    def _numbers(self, status: int, place: tuple[Any, bytearray, Any]) -> Numbers | None:
        if status:
            _places.append(place)
            if status == NOT_FOUND:
                return None
            self._raise(status)
        numbers = _six_numbers(place[1])
        _places.append(place)
        return numbers

    def _mapping(self, status: int, place: tuple[Any, bytearray, Any]) -> Mapping | None:
        return self._named(self._numbers(status, place))

    def _named(self, numbers: Numbers | None) -> Mapping | None:
        if numbers is None:
            return None
        generated_line, generated_column, source, line, column, name = numbers
        source_text, name_text = self._text(source, name)
        return Mapping(source_text, line, column, name_text, generated_line, generated_column)

    def _text(self, source: int, name: int) -> tuple[str | None, str | None]:
        """Return the texts of a source and a name; each is fetched once."""
        if source not in self._source_texts:
            self._source_texts[source] = self._strings(_SOURCES, source, 1)[0]
        if name not in self._name_texts:
            self._name_texts[name] = self._strings(_NAMES, name, 1)[0]
        return self._source_texts[source], self._name_texts[name]

    def _raise(self, status: int) -> NoReturn:
        """Raise what a call without a place for its words failed with: those of the next call are the same."""
        lib, ffi = open_library()
        error = new_error()
        check(lib.sym_map_get_info(self._handle.number, ffi.new("sym_map_info *"), error), error)
        check(status, None)
        raise AssertionError(status)

    def function_at(self, line: int, column: int) -> str | None:
        """Return the name of the innermost original function around a generated position (0-based).

        It is as V8 writes it in a trace: ``"Cart.total"``, ``"new Cart"``, ``"get Cart.total"``. ``None`` where the
        language gives the function no name, outside of functions, and where nothing is known: there is no
        mapping, or neither scopes, nor a source text in JavaScript or TypeScript, nor the generated code.
        """
        found = self._function_at(line, column)
        return found[0] if found else None

    def _function_at(self, line: int, column: int) -> list[str | None] | None:
        """Return the name of the function, and the nearest one around it if it has none; ``None``: nothing is known."""
        lib, _ = open_library()
        number = self._handle.number
        return take_strings(lambda out, error: lib.sym_map_function_at(number, line, column, out, error))

    def lookup_many(self, lines: "Sequence[int] | Column", columns: "Sequence[int] | Column") -> Mappings:
        """Look up many generated positions (0-based) in one call.

        The arguments are of one length: sequences, buffers (``array.array``, numpy) or Arrow arrays of integers.
        Those of 32-bit integers are not copied.
        """
        lib, ffi = open_library()
        (line_column, keep_lines), (column_column, keep_columns) = _int32s(lines), _int32s(columns)
        n = len(line_column)
        if n != len(column_column):
            raise ValueError(f"{n} lines and {len(column_column)} columns")
        rows, error = new_columns(), new_error()
        check(lib.sym_columns_new(4, n, rows, error), error)
        found = Mappings(rows)
        places = [found._values + i * n for i in range(4)]
        status = lib.sym_map_lookup_many(
            self._handle.number,
            n,
            ffi.from_buffer("int32_t[]", line_column),
            ffi.from_buffer("int32_t[]", column_column),
            *places,
            error,
        )
        del keep_lines, keep_columns  # until here
        check(status, error)
        return found

    def mappings(self) -> MappingTable:
        """Return all mappings as columns, 24 bytes each.

        :class:`LimitError` where they take more than 1 GiB.
        """
        lib, _ = open_library()
        rows, error = new_columns(), new_error()
        check(lib.sym_map_mappings(self._handle.number, rows, error), error)
        return MappingTable(rows)

    def mappings_back(self, line: int, column: int, n: int) -> MappingTable:
        """Return the mapping that :meth:`lookup_across_lines` answers with, and those in front of it, nearest first.

        There are ``n`` rows at most. The first may be a mapping without an original position.
        """
        lib, _ = open_library()
        rows, error = new_columns(), new_error()
        check(lib.sym_map_mappings_back(self._handle.number, line, column, n, rows, error), error)
        return MappingTable(rows)

    def __iter__(self) -> Iterator[Mapping]:
        """Go through all mappings in the order of their generated positions.

        ``line`` and ``column`` are -1 where a mapping has no original position. The whole of :meth:`mappings` is
        kept meanwhile.
        """
        table = self.mappings()
        for generated_line, generated_column, source, line, column, name in zip(
            *(getattr(table, c) for c in table.COLUMNS), strict=True
        ):
            source_text, name_text = (None, None) if source < 0 else self._text(source, name)
            yield Mapping(source_text, line, column, name_text, generated_line, generated_column)

    def _strings(self, kind: int, first: int = 0, n: int | None = None) -> list[str | None]:
        lib, _ = open_library()
        number = self._handle.number
        count = 2**63 - 1 if n is None else n
        found = take_strings(lambda out, error: lib.sym_map_strings(number, kind, first, count, out, error))
        return found or []

    @property
    def sources(self) -> tuple[str | None, ...]:
        """The URLs of the original sources, ``None`` where the map names none."""
        return tuple(self._strings(_SOURCES))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the map."""
        return tuple(name or "" for name in self._strings(_NAMES))

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong with parts of the map, a line each with kind and byte offset."""
        return tuple(problem or "" for problem in self._strings(_PROBLEMS))

    @property
    def file(self) -> str | None:
        """The map's ``file`` field: the name of the generated code."""
        return self._strings(_IDENTITY)[0]

    @property
    def debug_id(self) -> str | None:
        """The debug id, a lower-case UUID."""
        return self._strings(_IDENTITY)[1]

    @property
    def nbytes(self) -> int:
        """The memory that the map keeps in bytes: those that it was made from, and its index."""
        return int(self._info().bytes)

    def source(self, i: int) -> Source:
        """Return source i (0-based) as a whole."""
        return Source(self._strings(_SOURCES, self._index(i), 1)[0], self.source_text(i), self.ignored(i))

    def source_text(self, i: int) -> str | None:
        """Return the text of source i (0-based) from ``sourcesContent``, ``None`` where it is not there."""
        return self._strings(_SOURCE_TEXTS, self._index(i), 1)[0]

    def source_lines(self, i: int, first: int, n: int) -> list[str] | None:
        """Return lines of the text of source i (0-based), from line ``first`` on, each with its end; ``None``: no text.

        There are ``n`` of them, or as many as the text has.
        """
        return self._source_lines(self._index(i), first, n)

    def _source_lines(self, i: int, first: int, n: int) -> list[str] | None:
        lib, _ = open_library()
        number = self._handle.number
        found = take_strings(lambda out, error: lib.sym_map_source_lines(number, i, first, n, out, error))
        return None if found is None else [line or "" for line in found]

    def ignored(self, i: int) -> bool:
        """Tell whether source i (0-based) is in the ignore list: third-party code."""
        lib, ffi = open_library()
        out, error = ffi.new("int32_t *"), new_error()
        check(lib.sym_map_ignored(self._handle.number, self._index(i), out, error), error)
        return bool(out[0])

    def _index(self, i: int) -> int:
        n = int(self._info().sources)
        if not 0 <= i < n:
            raise IndexError(f"source {i} of {n}")
        return i


def _open(path: str, strict: bool, functions: bool = False, generated: bytes | None = None) -> SourceMap:
    return SourceMap.open(path, strict=strict, functions=functions, generated=generated)


def _flags(strict: bool, functions: bool) -> int:
    return (STRICT if strict else 0) | (FUNCTIONS if functions else 0)


def _code(generated: Buffer | None) -> tuple[Any, int]:
    """Return generated code as the library takes it."""
    _, ffi = open_library()
    if generated is None:
        return ffi.NULL, 0
    view = ffi.from_buffer(generated)
    return view, len(view)


# Mapping's own __new__ is a function of Python.
_new_mapping = tuple.__new__

# Places for a mapping that are in no use: a sym_mapping, the memory that it is in, and what keeps that in its place. A
# list gives and takes in one step, so threads need no lock.
_places: list[tuple[Any, bytearray, Any]] = []
_six_numbers = struct.Struct("6i").unpack


def _place() -> tuple[Any, bytearray, Any]:
    ffi = open_library()[1]
    memory = bytearray(24)
    keep = ffi.from_buffer(memory)
    return ffi.cast("sym_mapping *", keep), memory, keep


def _int32s(values: Any) -> tuple[Any, object]:
    """Return the values as a buffer of 32-bit integers, and what must stay in memory for as long."""
    if hasattr(values, "__arrow_c_array__"):
        from . import _arrow

        return _arrow.column(values)
    try:
        view = memoryview(values)
    except TypeError:
        return array("i", values), None
    if view.ndim != 1:
        raise ValueError(f"a column has one dimension, not {view.ndim}")
    if view.itemsize == 4 and view.format in ("i", "l", "=i", "<i", "@i") and view.c_contiguous:
        return view, None
    return array("i", view.tolist()), None


def find_source_map_url(source: str | Buffer) -> str | None:
    """Return the URL of a JavaScript file's ``sourceMappingURL`` comment, ``None`` where it has none."""
    data = source.encode("utf-8", "replace") if isinstance(source, str) else source
    lib, ffi = open_library()
    view = ffi.from_buffer(data)
    found = take_strings(lambda out, error: lib.sym_find_source_map_url(view, len(view), out, error))
    return found[0] if found else None
