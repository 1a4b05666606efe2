"""The source map classes of Sentry's ``symbolic``, on top of this package: one import line changes.

>>> from symbolicate.compat import SourceMapCache, SourceMapView, SourceView    # doctest: +SKIP

Names, arguments, bases and exceptions are those of symbolic 13.9: positions of a :class:`SourceMapView` are 0-based,
those of a :class:`SourceMapCache` 1-based; what is missing is ``None`` where it is there. docs/COMPAT.md says where
answers differ, and why.
"""

import operator
import re
from array import array
from collections.abc import Iterator
from typing import overload

from ._errors import SymbolicateError
from ._sourcemap import MappingTable, Numbers, SourceMap

__all__ = [
    "ParseSourceMapError",
    "SourceMapCache",
    "SourceMapCacheToken",
    "SourceMapTokenMatch",
    "SourceMapView",
    "SourceView",
    "SymbolicError",
    "Unknown",
]


class SymbolicError(SymbolicateError):
    """The root of what symbolic raises. Here it is also a :class:`symbolicate.SymbolicateError`."""

    code: int = None  # type: ignore[assignment]  # as there: the kinds that are raised have one
    message: str
    rust_info: str | None
    """Always ``None``: there is no Rust here."""

    def __init__(self, msg: str) -> None:
        super().__init__()
        self.message = msg
        self.rust_info = None

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type["SymbolicError"], tuple[str]]:
        return type(self), (self.message,)


class Unknown(SymbolicError):
    """What :meth:`SourceMapCache.from_bytes` raises for data that is no source map."""

    code: int = 2


class ParseSourceMapError(SymbolicError):
    """What :meth:`SourceMapView.from_json_bytes` raises for data that is no source map."""

    code: int = 5001


_NONE = 2**32 - 1  # what stands for "none" in the numbers of a token
_MOST = 2**31 - 1  # the largest line or column of a map
_TOKENS_BACK = 128  # how far a lookup with a function name looks for the function
_LINE_END = re.compile("\r\n|\n|\r")
_WIDE = re.compile("[\U00010000-\U0010ffff]")


def _uint32(value: int) -> int:
    number = operator.index(value)
    if not 0 <= number <= _NONE:
        raise OverflowError(f"{number} is not a number from 0 to {_NONE}")
    return number


def _open(data: bytes, kind: type[SymbolicError], minified: bytes | None = None) -> SourceMap:
    try:
        found = SourceMap.from_bytes(data, generated=minified)
    except SymbolicateError as error:
        raise kind(str(error)) from error
    # Such a map has no mappings. SourceMap lists the problem, but there is no such list here.
    for problem in found.problems:
        if problem.startswith("mappings-grammar: "):
            found.close()
            raise kind(problem)
    return found


class _Made:
    """An object that a class method makes."""

    def __init__(self) -> None:
        raise TypeError(f"Cannot instanciate {type(self).__name__!r} objects")


class SourceMapTokenMatch:
    """A token of a source map. All numbers are 0-based; those that it has not are 4294967295."""

    def __init__(
        self,
        src_line: int,
        src_col: int,
        dst_line: int,
        dst_col: int,
        src_id: int | None = None,
        name: str | None = None,
        src: str | None = None,
        function_name: str | None = None,
    ) -> None:
        self.src_line = src_line
        self.src_col = src_col
        self.dst_line = dst_line
        self.dst_col = dst_col
        self.src_id = src_id
        self.name = name
        self.src = src
        self.function_name = function_name

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self.__dict__ == other.__dict__

    def __repr__(self) -> str:
        return f"<SourceMapTokenMatch {self.src}:{self.src_line}>"


class SourceView(_Made):
    """The lines of a text. They end with LF, CR or CR LF."""

    _text: str
    _starts: "array[int] | None"  # of its lines
    _narrow: bool | None  # whether each character is one UTF-16 code unit
    _by_units: "SourceView"  # if not: with a character for each

    @classmethod
    def from_bytes(cls, data: bytes) -> "SourceView":
        """Make a view of bytes; what is not UTF-8 in them is U+FFFD."""
        return cls._of(bytes(data).decode("utf-8", "replace"))

    @classmethod
    def _of(cls, text: str) -> "SourceView":
        self = object.__new__(cls)
        self._text, self._starts, self._narrow = text, None, None
        return self

    def get_source(self) -> str:
        return self._text

    def _lines(self) -> "array[int]":
        starts = self._starts
        if starts is None:
            starts = array("I" if len(self._text) <= _NONE else "Q", [0])
            starts.extend(end.end() for end in _LINE_END.finditer(self._text))
            self._starts = starts
        return starts

    def __len__(self) -> int:
        return len(self._lines())

    @overload
    def __getitem__(self, idx: int) -> str: ...
    @overload
    def __getitem__(self, idx: slice) -> list[str]: ...
    def __getitem__(self, idx: int | slice) -> str | list[str]:
        if isinstance(idx, slice):
            return [self[i] for i in range(*idx.indices(len(self)))]
        if idx >= len(self):
            raise IndexError("No such line")
        start, end = self._span(_uint32(idx))
        return self._text[start:end]

    def _span(self, i: int) -> tuple[int, int]:
        """Return where line i starts, and where it ends without its terminator."""
        starts, text = self._lines(), self._text
        if i + 1 == len(starts):
            return starts[i], len(text)
        end = starts[i + 1] - 1
        return starts[i], end - (text[end] == "\n" and end > starts[i] and text[end - 1] == "\r")

    def __iter__(self) -> Iterator[str]:
        for i in range(len(self)):
            yield self[i]

    def _units(self) -> "SourceView":
        """Return the view with the columns of maps."""
        if self._narrow is None:
            units = _units(self._text)
            narrow = units is self._text
            if not narrow:
                self._by_units = SourceView._of(units)
            self._narrow = narrow
        return self if self._narrow else self._by_units

    def _standing(self, word: str, lines: memoryview, columns: memoryview) -> Iterator[int]:
        """Go through those of the positions at which the word, which is an identifier, stands."""
        starts, text = self._lines(), self._text
        for i, line in enumerate(lines):
            if line >= len(starts):
                continue
            at = starts[line] + columns[i]
            if (
                text.startswith(word, at)
                and (line + 1 == len(starts) or at < starts[line + 1])
                and not _is_part(text[at + len(word) : at + len(word) + 1])
            ):
                yield i


def _units(text: str) -> str:
    """Return the text with two characters where it has one of two UTF-16 code units."""
    if text.isascii():
        return text
    units, n = _WIDE.subn(lambda c: "".join(map(chr, memoryview(c[0].encode("utf-16-le")).cast("H"))), text)
    return units if n else text


def _is_part(character: str) -> bool:
    """Tell whether an identifier of JavaScript goes on with the character."""
    return character in ("$", "\u200c", "\u200d") or (character != "" and ("_" + character).isidentifier())


def _is_identifier(name: str) -> bool:
    start, rest = name[:1], name[1:]
    return (start == "$" or start.isidentifier()) and all(map(_is_part, rest))


class SourceMapView(_Made):
    """A source map whose tokens can be looked up. All numbers are 0-based."""

    _map: SourceMap
    _tokens: MappingTable | None  # all of them, when one was asked for by its number: 24 bytes each

    @classmethod
    def from_json_bytes(cls, data: bytes) -> "SourceMapView":
        """Parse a source map: :class:`ParseSourceMapError` where it is none."""
        self = object.__new__(cls)
        self._map, self._tokens = _open(bytes(data), ParseSourceMapError), None
        return self

    def lookup(
        self,
        line: int,
        col: int,
        minified_function_name: str | None = None,
        minified_source: SourceView | None = None,
    ) -> SourceMapTokenMatch | None:
        """Return the last token at or before a position, be it on a line above.

        With the name that a trace gives the function there, and the minified source, the token gets the
        ``function_name`` that the map has for it.
        """
        line, col = min(_uint32(line), _MOST), min(_uint32(col), _MOST)
        function_name = None
        if minified_function_name is not None and minified_source is not None:
            if not isinstance(minified_source, SourceView):
                raise TypeError("source view required")
            function_name = self._function_name(line, col, minified_function_name, minified_source)
        numbers = self._map._find(line, col, True)
        if numbers is None:  # or there is one, without an original position
            last = self._map.mappings_back(line, col, 1)
            if not len(last):
                return None
            numbers = _row(last, 0)
        return self._match(numbers, function_name)

    def _match(self, numbers: Numbers, function_name: str | None = None) -> SourceMapTokenMatch:
        dst_line, dst_col, source, src_line, src_col, name = numbers
        if source < 0:
            return SourceMapTokenMatch(_NONE, _NONE, dst_line, dst_col, _NONE, None, None, function_name)
        src_text, name_text = self._map._text(source, name)
        return SourceMapTokenMatch(
            src_line, src_col, dst_line, dst_col, source, name_text or None, src_text or None, function_name
        )

    def _function_name(self, line: int, col: int, minified: str, source: SourceView) -> str | None:
        """Look back from the token for ``function minified``, and return the name of the token of ``minified``."""
        if not _is_identifier(minified):
            return None
        tokens = self._map.mappings_back(line, col, _TOKENS_BACK)
        lines, columns = tokens.generated_line, tokens.generated_column
        source = source._units()
        for i in source._standing(_units(minified), lines, columns):
            if list(source._standing("function", lines[i + 1 : i + 2], columns[i + 1 : i + 2])):
                return self._map._text(tokens.source[i], tokens.name[i])[1] or None
        return None

    def get_sourceview(self, idx: int) -> SourceView | None:
        """Return the text of a source, ``None`` where the map does not have it."""
        text = self._text(idx)
        return None if text is None else SourceView._of(text)

    @property
    def source_count(self) -> int:
        return int(self._map._info().sources)

    def get_source_name(self, idx: int) -> str | None:
        return self._map._text(idx, -1)[0] or None if _uint32(idx) < self.source_count else None

    def get_source_contents(self, idx: int) -> str | None:
        return self._text(idx) or None

    def _text(self, idx: int) -> str | None:
        return self._map.source_text(idx) if _uint32(idx) < self.source_count else None

    def iter_sources(self) -> Iterator[tuple[int, str | None]]:
        """Go through the sources: number and name of each."""
        for i in range(self.source_count):
            yield i, self.get_source_name(i)

    def __len__(self) -> int:
        return len(self._map)

    def __getitem__(self, idx: int) -> SourceMapTokenMatch:
        i = _uint32(idx)
        tokens = self._tokens
        if tokens is None:
            tokens = self._tokens = self._map.mappings()
        if i >= len(tokens):
            raise IndexError("Token out of range")
        return self._match(_row(tokens, i))

    def __iter__(self) -> Iterator[SourceMapTokenMatch]:
        tokens = self._tokens or self._map.mappings()
        for i in range(len(tokens)):
            yield self._match(_row(tokens, i))


def _row(tokens: MappingTable, i: int) -> Numbers:
    return (
        tokens.generated_line[i],
        tokens.generated_column[i],
        tokens.source[i],
        tokens.line[i],
        tokens.column[i],
        tokens.name[i],
    )


class SourceMapCacheToken:
    """The answer of a :class:`SourceMapCache`. Line and column are 1-based; lines of context have their ends."""

    line: int
    col: int
    src: str | None
    name: str | None
    function_name: str | None
    context_line: str | None
    pre_context: list[str]
    post_context: list[str]

    def __repr__(self) -> str:
        return f"<SourceMapCacheToken {self.src}:{self.line}>"


class SourceMapCache(_Made):
    """A source map and its minified file, asked by lines and columns as a trace has them: 1-based."""

    _map: SourceMap

    @classmethod
    def from_bytes(cls, source_content: bytes, sourcemap_content: bytes) -> "SourceMapCache":
        """Make a cache of the minified file and its map: :class:`Unknown` where that is none."""
        self = object.__new__(cls)
        memoryview(source_content)  # a TypeError for what is no bytes
        self._map = _open(sourcemap_content, Unknown, source_content)
        return self

    def lookup(self, line: int, col: int, context_lines: int) -> SourceMapCacheToken | None:
        """Look a position up; the token has so many lines of context in front and behind.

        Column 0 stands for the end of the line.
        """
        line, col, context_lines = _uint32(line), _uint32(col), _uint32(context_lines)
        line, col = min(line - 1, _MOST), min(col - 1, _MOST) if col else _MOST  # line -1 has nothing
        numbers = self._map._find(line, col, False)
        if numbers is None:
            return None
        _, _, source, original_line, original_column, name = numbers
        src, name_text = self._map._text(source, name)
        token = SourceMapCacheToken()
        token.line, token.col = original_line + 1, original_column + 1
        token.src, token.name = src or None, name_text or None
        function = self._map._function_at(line, col) or (None, None)
        token.function_name = function[0] or ("<anonymous>" if function[1] else "<unknown>")
        first = max(original_line - context_lines, 0)
        at = original_line - first
        lines = self._map._source_lines(source, first, at + 1 + context_lines) or []
        token.pre_context, token.post_context = lines[:at], lines[at + 1 :]
        token.context_line = (lines[at] if at < len(lines) else None) or None
        return token
