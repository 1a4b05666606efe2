"""A reader of packed indexes and archives, made from docs/FORMAT.md alone: it shows that the page says enough.

It is plain and slow. The words are those of the page.
"""

import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import zstandard

BYTE_ORDER_MARK, VERSION, HEAD, PIECE = 0x0A0B0C0D, 1, 512, 4096
NO_TEXT = 2**32 - 1
LARGEST, DEEPEST = 2**31 - 1, 4096
LINE_END = re.compile(rb"\r\n|\r|\n|\xe2\x80[\xa8\xa9]")

Bytes = bytes | memoryview


class FormatError(ValueError):
    pass


class Mapping(NamedTuple):
    generated_line: int
    generated_column: int
    source: int  # -1, like the next three, for none
    line: int
    column: int
    name: int


class Source(NamedTuple):
    url: str | None
    ignored: bool
    has_text: bool


class Info(NamedTuple):
    mappings: int
    map_size: int
    sources: int
    names: int
    problems: int
    more_problems: int
    flags: int


class Text(NamedTuple):
    group: int
    offset: int
    length: int
    lines: int
    first_entry: int


Position = tuple[int, int]


class Scope(NamedTuple):
    start: Position
    end: Position
    parent: int  # -1, like the next three, for none
    name: int
    kind: int
    source: int
    stack_frame: bool
    variables: tuple[int, ...]


class Range(NamedTuple):
    start: Position
    end: Position
    parent: int  # -1, like the next one, for none
    definition: int
    function: bool
    hidden: bool
    call_site: tuple[int, int, int] | None  # source, line, column
    bindings: tuple[tuple[tuple[Position, int], ...], ...]  # for each variable: from where on, which expression


class ScopeTrees(NamedTuple):
    sources: tuple[range, ...]  # the scopes of each source
    scopes: tuple[Scope, ...]
    ranges: tuple[Range, ...]


class Function(NamedTuple):
    start: Position
    end: Position
    parent: int  # -1: none
    name: str  # "": none


class ReactNative(NamedTuple):
    """JSON as in the map, "" for none."""

    offsets: str
    function_offsets: str
    module_paths: str
    segments: str
    functions: tuple[str, ...]  # for each source


def innermost(items: Sequence[Scope | Range | Function], candidates: range, position: Position) -> int | None:
    before = bisect_right([items[i].start for i in candidates], position)
    i = candidates[before - 1] if before else -1
    while i >= 0 and items[i].end <= position:
        i = items[i].parent
    return None if i < 0 else i


def depth(items: Sequence[Scope | Range | Function]) -> int:
    """Return how deep the deepest lies."""
    found: list[int] = []
    for i, item in enumerate(items):
        check(item.parent < i and item.start <= item.end, f"item {i} is no part of a tree")
        found.append(1 + (found[item.parent] if item.parent >= 0 else 0))
    return max(found, default=0)


def crc_table() -> Iterator[int]:
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # 0x1EDC6F41, reflected
        yield value


CRC_TABLE = tuple(crc_table())


def crc32c(data: Bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def numbers(code: str, data: Bytes) -> tuple[int, ...]:
    """Return all of data as numbers: I for u32, Q for u64."""
    return struct.unpack(f"<{len(data) // struct.calcsize('<' + code)}{code}", data)


def check(ok: bool, words: str) -> None:
    if not ok:
        raise FormatError(words)


def check_head(data: Bytes, magic: bytes) -> None:
    check(len(data) >= HEAD and data[:8] == magic, "not this format")
    check(struct.unpack_from("<II", data, 8) == (BYTE_ORDER_MARK, VERSION), "another byte order or version")


class Bits:
    """Reads one block from its first byte on."""

    def __init__(self, data: Bytes) -> None:
        self.data, self.at = data, 0

    def number(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "little")

    def stream(self, n: int, width: int) -> Iterator[int]:
        whole = self.number((n * width + 7) // 8)
        return (whole >> i * width & (1 << width) - 1 for i in range(n))


class Reader:
    """One image. With check_all every byte is compared with its checksum first, 10 MB a second."""

    def __init__(self, data: Bytes, *, check_all: bool = True) -> None:
        self.data = memoryview(data)
        check_head(self.data, b"\x89symidx\n")
        size, sections, crc, self.checksums_start, checksums_crc = struct.unpack_from("<QIIQI", self.data, 16)
        check(size == len(data), "another size")
        check(crc == crc32c(self.data[:28].tobytes() + self.data[32:HEAD].tobytes()), "the head is damaged")
        self.checksums = numbers("I", self.data[self.checksums_start :]) if self.checksums_start else ()
        if self.checksums:
            check(checksums_crc == crc32c(self.data[self.checksums_start :]), "the checksums are damaged")
        if check_all:
            self.check_pieces(range(len(self.checksums)))
        self.sections: dict[int, memoryview] = {}
        for i in range(sections):
            kind, _, start, length = struct.unpack_from("<IIQQ", self.data, 64 + 24 * i)
            self.sections[kind] = self.data[start : start + length]
        for kind, _, start, length in struct.iter_unpack("<IIQQ", self.section(22)):
            self.sections[kind] = self.data[start : start + length]
        self.info = Info(*struct.unpack_from("<QQIIIII", self.section(1)))
        self.strings, self.names = self.texts(2), self.texts(3)
        self.keys, self.offsets = numbers("Q", self.section(9)), numbers("I", self.section(10))
        guide = numbers("I", self.section(11)) or (0, 0)
        self.line_shift, self.buckets = guide[:2]
        self.starts, self.cells = guide[2 : 3 + self.buckets], guide[3 + self.buckets :]
        self.groups = list(struct.iter_unpack("<QII", self.section(14)))
        self.source_texts = [Text(*entry) for entry in struct.iter_unpack("<5I", self.section(15))]
        self.text_lines = numbers("I", self.section(16))
        self.ranged = numbers("Q", self.section(18))
        self._blocks: dict[int, list[Mapping]] = {}
        self._group: tuple[int, bytes] = (-1, b"")

    def section(self, kind: int) -> memoryview:
        return self.sections.get(kind, memoryview(b""))

    def texts(self, kind: int) -> list[str]:
        data = self.section(kind)
        n = numbers("I", data[:4])[0] if data else 0
        ends, text = numbers("I", data[4 : 4 + 4 * n]), data[4 + 4 * n :]
        return [str(text[i:j], "utf-8") for i, j in zip((0, *ends), ends, strict=False)]

    def check_pieces(self, which: Iterable[int]) -> None:
        for i in which:
            start = HEAD + i * PIECE
            piece = self.data[start : min(start + PIECE, self.checksums_start)]
            check(self.checksums[i] == crc32c(piece), f"the piece at byte {start} is damaged")

    def sources(self) -> list[Source]:
        return [
            Source(None if flags & 1 else self.strings[root] + text, bool(flags & 2), bool(flags & 4))
            for text, (flags, root) in zip(self.texts(4), struct.iter_unpack("<II", self.section(5)), strict=True)
        ]

    def problems(self) -> list[tuple[str, str, int]]:
        """Return kind, words and byte offset of each."""
        texts = self.texts(6)
        return list(zip(texts[::2], texts[1::2], numbers("Q", self.section(7)), strict=True))

    def scope_trees(self) -> ScopeTrees | None:
        data = numbers("I", self.section(19))
        if not data:
            return None
        tables, at = [], 8
        for rows, width in zip(data[:6], (2, 10, 11, 1, 2, 3), strict=True):
            tables.append([data[i : i + width] for i in range(at, at + rows * width, width)])
            at += rows * width
        check(at == len(data) and max(data) <= LARGEST, "scope trees of another size")
        sources, scopes, ranges, variables, bindings, pieces = tables

        def own(table: list[tuple[int, ...]], i: int, rows: list[tuple[int, ...]]) -> range:
            """Return the rows that belong to row i of a table, whose last number is the first of them."""
            return range(table[i][-1], table[i + 1][-1] if i + 1 < len(table) else len(rows))

        def binding(start: Position, k: int) -> tuple[tuple[Position, int], ...]:
            further = (pieces[p] for p in own(bindings, k, pieces))
            return ((start, bindings[k][0] - 1), *(((line, column), name - 1) for line, column, name in further))

        def scope(i: int) -> Scope:
            line, column, end_line, end_column, parent, name, kind, source, flags, _ = scopes[i]
            names = tuple(variables[v][0] - 1 for v in own(scopes, i, variables))
            place = (line, column), (end_line, end_column)
            return Scope(*place, parent - 1, name - 1, kind - 1, source - 1, bool(flags & 1), names)

        def generated_range(i: int) -> Range:
            line, column, end_line, end_column, parent, definition, flags, source, call_line, call_column, _ = ranges[i]
            call_site = (source - 1, call_line, call_column) if source else None
            values = tuple(binding((line, column), k) for k in own(ranges, i, bindings))
            place = (line, column), (end_line, end_column)
            return Range(*place, parent - 1, definition - 1, bool(flags & 1), bool(flags & 2), call_site, values)

        found = ScopeTrees(
            tuple(range(first, first + n) for first, n in sources),
            tuple(scope(i) for i in range(len(scopes))),
            tuple(generated_range(i) for i in range(len(ranges))),
        )
        check(max(depth(found.scopes), depth(found.ranges)) <= DEEPEST, "scopes that lie too deep")
        return found

    def functions(self) -> list[tuple[Function, ...] | None]:
        """Return those of each source, and of the generated code; none where nobody looked for them."""
        data, names = numbers("I", self.section(12)), ["", *self.texts(21)]
        if not data:
            return []
        trees, n = data[:2]
        check(trees == self.info.sources + 1 and len(data) == 4 + 3 * trees + 6 * n, "functions of another size")
        rows = [data[i : i + 6] for i in range(4 + 3 * trees, len(data), 6)]
        found: list[tuple[Function, ...] | None] = []
        for first, count in zip(data[4 : 4 + 3 * trees : 3], data[5 : 4 + 3 * trees : 3], strict=True):
            tree = tuple(
                Function((line, column), (end_line, end_column), parent - 1, names[name])
                for line, column, end_line, end_column, parent, name in rows[first - 1 : first - 1 + count % 2**31]
            )
            check(depth(tree) <= DEEPEST, "functions that lie too deep")
            found.append(tree if first else None)
        return found

    def react_native(self) -> ReactNative | None:
        texts = self.texts(20)
        if not texts:
            return None
        end = 3 + self.info.sources
        return ReactNative(texts[0], texts[1], texts[2], texts[end] if len(texts) > end else "", tuple(texts[3:end]))

    def source_bytes(self, i: int) -> bytes | None:
        if not self.source_texts or self.source_texts[i].group == NO_TEXT:
            return None
        group, offset, length, _, _ = self.source_texts[i]
        if self._group[0] != group:
            start, packed, unpacked = self.groups[group]
            whole = zstandard.decompress(self.section(17)[start : start + packed])
            check(len(whole) == unpacked, "a group of another length")
            self._group = group, whole
        return self._group[1][offset : offset + length]

    def source_line(self, i: int, line: int) -> str | None:
        """Return a line of a source text, with what ends it."""
        text = self.source_bytes(i)
        if text is None or line >= self.source_texts[i].lines:
            return None
        start = self.text_lines[self.source_texts[i].first_entry + line // 32 - 1] if line >= 32 else 0
        for _ in range(line % 32):
            end = LINE_END.search(text, start)
            assert end
            start = end.end()
        end = LINE_END.search(text, start)
        return str(text[start : end.end() if end else None], "utf-8")

    def mappings(self) -> Iterator[Mapping]:
        for b in range(len(self.keys)):
            yield from self.block(b)

    def block(self, b: int) -> list[Mapping]:
        """Return the mappings of block b."""
        if b not in self._blocks:
            self._blocks[b] = self._read_block(b)
        return self._blocks[b]

    def _read_block(self, b: int) -> list[Mapping]:
        bits = Bits(self.section(8)[self.offsets[b] : self.offsets[b + 1]])
        shape, flags, line_base = (bits.number(4) for _ in range(3))
        low, key_column = shape & 63, shape >> 6 & 31
        source_width, line_width, column_width, name_width = (shape >> i & 31 for i in (11, 16, 21, 26))
        multi, n = shape >> 31, (flags & 63) + 1
        all_named = flags >> 9 & 1
        column_base = bits.number(4) if flags >> 10 & 1 else 0
        name_base = bits.number(4) if flags >> 8 & 1 or all_named else 0
        source_base = bits.number(4) if flags >> 11 & 1 else flags >> 13
        upper = bits.number(16)
        own, bare, named, _ = (bits.number(8) if flags >> i & 1 else None for i in (6, 7, 8, 12))
        bare = bare or 0
        if own is None:
            own = ~bare & (1 << n) - 1
        if named is None:
            named = (1 << n) - 1 if all_named else 0
        lows = bits.stream(n, low)
        records = bits.stream(own.bit_count(), source_width + line_width + column_width)
        names = bits.stream(named.bit_count(), name_width)
        check(bits.at == len(bits.data), f"block {b} has another size")

        first_line, first_column = self.keys[b] >> 32, self.keys[b] & 0xFFFFFFFF
        places = [place for place in range(128) if upper >> place & 1]
        check(len(places) == n, f"block {b} has another number of mappings")
        original, found = (-1, -1, -1), []
        for i, place in enumerate(places):
            key = (place - i) << low | next(lows)
            line = first_line + (key >> key_column) if multi else first_line
            column = key & (1 << key_column) - 1 if multi else first_column + key
            if own >> i & 1:
                record = next(records)
                original = (
                    source_base + (record & (1 << source_width) - 1),
                    line_base + (record >> source_width & (1 << line_width) - 1),
                    column_base + (record >> source_width + line_width),
                )
            name = name_base + next(names) if named >> i & 1 else -1
            found.append(Mapping(line, column, *((-1, -1, -1) if bare >> i & 1 else original), name))
        check(found[0][:2] == (first_line, first_column), f"block {b} does not start at its key")
        return found

    def is_range(self, b: int, i: int) -> bool:
        return bool(self.ranged) and bool(self.ranged[b] >> i & 1)

    def range_mappings(self) -> list[int]:
        """Return which mappings are range mappings."""
        marks = [self.is_range(b, i) for b in range(len(self.keys)) for i in range(len(self.block(b)))]
        return [i for i, marked in enumerate(marks) if marked]

    def blocks_before(self, line: int, column: int) -> int:
        """Return how many blocks have a key that is less than the position's."""
        return bisect_left(self.keys, line << 32 | column)

    def blocks_before_by_guide(self, line: int, column: int) -> int:
        if not self.starts:  # no guide: it may be missing
            return self.blocks_before(line, column)
        bucket = line >> self.line_shift
        if bucket >= self.buckets:
            return len(self.keys)
        first, column_shift = self.starts[bucket] >> 5, self.starts[bucket] & 31
        cell = min(first + (column >> column_shift), (self.starts[bucket + 1] >> 5) - 1)
        return bisect_left(self.keys, line << 32 | column, self.cells[cell], self.cells[cell + 1])

    def lookup(self, line: int, column: int) -> Mapping | None:
        return self._answer(line, column, self.blocks_before_by_guide(line, column))

    def lookup_without_guide(self, line: int, column: int) -> Mapping | None:
        return self._answer(line, column, self.blocks_before(line, column))

    def _answer(self, line: int, column: int, n: int) -> Mapping | None:
        position = (line, column)
        before = self.block(n - 1) if n else []
        i = bisect_left(before, position)  # a tuple of two is less than the mappings that start with it
        if i < len(before) and before[i][:2] == position:
            return before[i]
        if n < len(self.keys) and self.keys[n] == line << 32 | column:
            return self.block(n)[0]
        if not i:
            return None
        found = before[i - 1]
        if found.source >= 0 and self.is_range(n - 1, i - 1):
            down = line - found.generated_line
            there = found.line + down, column if down else found.column + column - found.generated_column
            return found._replace(line=there[0], column=there[1]) if max(there) <= LARGEST else None
        return found if found.generated_line == line else None


class ArchiveReader:
    """Many images, by debug id and URL."""

    def __init__(self, data: Bytes) -> None:
        self.data = memoryview(data)
        check_head(self.data, b"\x89symarc\n")
        slots = [slot for slot in (self._slot(512), self._slot(1024)) if slot]
        check(bool(slots), "both slots are damaged")
        self.generation, start, length, directory_crc = max(slots)
        directory = self.data[start : start + length].tobytes()
        check(directory_crc == crc32c(directory), "the directory is damaged")
        items, keys = struct.unpack_from("<II", directory)
        self.items = list(struct.iter_unpack("<QQ", directory[8 : 8 + 16 * items]))
        entries = directory[8 + 16 * items : 8 + 16 * items + 16 * keys]
        texts = directory[8 + 16 * items + 16 * keys :]
        self.keys = [
            (kind, str(texts[start:end], "utf-8"), item)
            for kind, item, start, end in struct.iter_unpack("<4I", entries)
        ]
        order = [(kind, text.encode()) for kind, text, _ in self.keys]
        check(order == sorted(set(order)), "the keys are not in order")

    def _slot(self, at: int) -> tuple[int, int, int, int] | None:
        slot = struct.unpack_from("<QQQI", self.data, at)
        (crc,) = struct.unpack_from("<I", self.data, at + 44)
        return slot if slot[0] and crc == crc32c(self.data[at : at + 44]) else None

    def image(self, item: int) -> Reader:
        start, length = self.items[item]
        return Reader(self.data[start : start + length])

    def find(self, kind: int, text: str) -> Reader | None:
        """Return the image of a debug id (kind 1), or of a URL or path as it was given (kind 2)."""
        return next((self.image(item) for k, t, item in self.keys if (k, t) == (kind, text)), None)
