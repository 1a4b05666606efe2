"""docs/FORMAT.md says enough: a reader made from it alone agrees with the package."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import format_reader
import pytest
from format_reader import FormatError, Mapping, Range, ReactNative, Reader, Scope, ScopeTrees
from support import ROOT, SHOP

from symbolicate import SourceMap

MANIFEST = ROOT / ".cache/corpus/manifest.json"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SHOP_MAPS = sorted(SHOP.glob("dist/*/*.map"))
LINE = re.compile("[^\r\n\u2028\u2029]*(?:\r\n|[\r\n\u2028\u2029]|$)")

Position = tuple[int, int]
Original = tuple[int, int, int, int]


def saved(m: SourceMap, folder: Path, *, sources: bool = True) -> bytes:
    path = folder / "saved.symidx"
    m.save(path, sources=sources)
    data = path.read_bytes()
    path.unlink()
    return data


def decoded(mappings: str) -> list[Mapping]:
    """Decode the `mappings` of a map, in the plainest way."""
    found, state = [], [0, 0, 0, 0]  # source, line, column, name
    for generated_line, segments in enumerate(mappings.split(";")):
        generated_column = 0
        for segment in filter(None, segments.split(",")):
            fields, shift, value = [], 0, 0
            for digit in map(BASE64.index, segment):
                value |= (digit & 31) << shift
                shift += 5
                if digit < 32:
                    fields.append(-(value >> 1) if value & 1 else value >> 1)
                    shift = value = 0
            generated_column += fields[0]
            state = [have + more for have, more in zip(state, [*fields[1:], 0, 0, 0, 0], strict=False)]
            original = (*state[:3], state[3] if len(fields) == 5 else -1) if fields[1:] else (-1, -1, -1, -1)
            found.append(Mapping(generated_line, generated_column, *original))
    return sorted(found, key=lambda mapping: mapping[:2])  # stable: the map's order at one position


def encoded(mappings: Iterable[Mapping]) -> str:
    """Encode mappings that are in order of lines."""
    out, line, previous, state = [""], 0, 0, [0, 0, 0, 0]
    for m in mappings:
        if m.generated_line > line:
            out.append(";" * (m.generated_line - line))
            line, previous = m.generated_line, 0
        fields = [m.generated_column - previous]
        previous = m.generated_column
        if m.source >= 0:
            now = [m.source, m.line, m.column, m.name if m.name >= 0 else state[3]]
            fields += [new - old for new, old in zip(now, state, strict=True)][: 4 if m.name >= 0 else 3]
            state = now
        for field in fields:
            value = field << 1 if field >= 0 else -field << 1 | 1
            while value > 31:
                out.append(BASE64[value & 31 | 32])
                value >>= 5
            out.append(BASE64[value])
        out.append(",")
    return "".join(out).replace(",;", ";").rstrip(",")


def compare_lookups(reader: Any, m: SourceMap, positions: Sequence[Position]) -> None:
    lines, columns = zip(*positions, strict=True)
    found = m.lookup_many(lines, columns)
    answers = zip(found.source, found.line, found.column, found.name, strict=True)
    for (line, column), answer in zip(positions, answers, strict=True):
        assert reader.blocks_before_by_guide(line, column) == reader.blocks_before(line, column), (line, column)
        for lookup in (reader.lookup, reader.lookup_without_guide):
            mapping = lookup(line, column)
            assert (mapping[2:] if mapping else (-1, -1, -1, -1)) == answer, (line, column)


def compare_lists(reader: Any, m: SourceMap) -> None:
    """Compare all but mappings and source texts."""
    assert reader.info.mappings == len(m)
    assert tuple(reader.names) == m.names
    sources = reader.sources()
    assert tuple(source.url for source in sources) == m.sources
    assert [source.ignored for source in sources] == [m.ignored(i) for i in range(len(sources))]
    assert (len(reader.names), len(sources)) == (reader.info.names, reader.info.sources)
    assert (reader.strings[0] or None, reader.strings[1] or None, reader.strings[2]) == (m.file, m.debug_id, "")
    problems = [f"{kind}: {words} (byte {offset})" for kind, words, offset in reader.problems()]
    assert len(problems) == reader.info.problems
    assert problems == list(m.problems)


def compare_texts(reader: Any, m: SourceMap, which: Iterable[int]) -> None:
    sources = reader.sources()
    for i in which:
        text, data = m.source_text(i), reader.source_bytes(i)
        assert (None if data is None else data.decode()) == text
        assert sources[i].has_text == (text is not None)
        if text is not None:
            lines = LINE.findall(text)  # the last one is empty where an end of line ends the text
            if lines[-2:-1] and not lines[-2].endswith(("\r", "\n", "\u2028", "\u2029")):
                lines.pop()  # findall finds the end of the text once more
            assert [reader.source_line(i, line) for line in range(len(lines) + 1)] == [*lines, None]


def around(mappings: Iterable[Mapping]) -> list[Position]:
    """Return the positions, those beside them, and some on lines that may have no mapping."""
    near = {
        (line + down, max(column + right, 0))
        for line, column, *_ in mappings
        for down, right in ((0, -1), (0, 0), (0, 1), (1, 0), (1, 2**20))
    }
    return sorted((line, min(column, 2**31 - 1)) for line, column in near | {(0, 0), (2**31 - 1, 2**31 - 1)})


def compare_all(reader: Any, m: SourceMap, wanted: Sequence[Mapping]) -> None:
    mappings = list(reader.mappings())
    assert mappings == list(wanted)
    assert len(mappings) == len(m)
    compare_lookups(reader, m, around(mappings))
    compare_lists(reader, m)
    compare_texts(reader, m, range(reader.info.sources))


def made_map(seed: int) -> tuple[bytes, list[Mapping]]:
    """Return a map with what samples lack: all shapes of blocks, empty lines, several mappings at one position."""
    r = random.Random(seed)
    sources = 2**19 + 300 if seed == 0 else r.choice([1, 3, 200])  # that many need a source base of 32 bits
    largest = r.choice([3, 100, 2**17, 2**31 - 1])
    bare, named, lines_down = r.choice([0, 0.1, 0.5]), r.choice([0, 0.3, 1]), r.choice([0, 0, 1, 3, 2000])
    names = ["", "naïve", "🛒", *(f"n{i}" for i in range(r.choice([0, 50, 5000])))]
    mappings: list[Mapping] = []
    line = column = near = 0
    original: Original = (0, 0, 0, -1)
    for i in range(r.choice([1, 65, 1500, 1500])):
        if i % 200 == 0:  # sources and names of mappings that stand together are often near to each other
            near = r.choice([0, 2**31, r.randrange(2**20)])
        if r.random() < 0.1 and lines_down:
            line, column = line + r.randint(1, lines_down), 0
        column = min(column + r.choice([0, 0, 1, 5, 40, largest // r.randint(20, 4000)]), 2**31 - 1)
        for _ in range(r.choice([1] * 200 + [2, 3, 150])):
            if r.random() < bare:
                original = (-1, -1, -1, -1)
            elif r.random() < 0.7 or original[0] < 0:
                source = min(near, sources - 1) - r.randrange(2)
                original = (max(source, 0), r.randint(largest // 2, largest), r.randint(largest // 3, largest), -1)
            if original[0] >= 0:
                name = max(min(near, len(names)) - r.randint(1, 9), 0)
                source, line_there, column_there, _ = original
                original = (source, line_there, column_there, name if r.random() < named else -1)
            mappings.append(Mapping(line, column, *original))
    texts = ["", "a", "é\n", "a\r\n\rb\u2028c\u2029", None, *("🛒 x\r\n" * n + "end" * (n % 2) for n in range(28, 70))]
    fields = {
        "version": 3,
        "file": r.choice(["a.js", ""]),
        "sourceRoot": r.choice(["", "root", "/é/"]),
        "sources": [r.choice(["a.ts", "ü/b.ts", "", None]) if i < 300 else "" for i in range(sources)],
        "sourcesContent": texts[:sources],
        "names": names,
        "mappings": encoded(mappings),
        "ignoreList": [0, 10**6],  # the second is a problem
        "debugId": "85314830-023f-4cf1-a267-535f4e37bb17",
    }
    if seed % 2:
        del fields["file"], fields["debugId"]
    return json.dumps(fields).encode(), mappings


def features(reader: Reader) -> set[str]:
    """Return what the blocks have of shapes and flags."""
    names = {6: "own", 7: "bare", 8: "named", 9: "all named", 10: "column base", 11: "source base"}
    found = set()
    for start in reader.offsets[:-1]:
        shape, flags = format_reader.numbers("I", reader.section(8)[start : start + 8])
        found |= {name for bit, name in names.items() if flags >> bit & 1}
        found |= {"multi" if shape >> 31 else "one line", "full" if flags & 63 == 63 else "short"}
        found |= {"source base of 19 bits"} if not flags >> 11 & 1 and flags >> 13 else set()
    return found | ({"several lines to a bucket"} if reader.line_shift else set())


def vlq(value: int, *, signed: bool = False) -> str:
    if signed:
        value = -value << 1 | 1 if value < 0 else value << 1
    out = ""
    while value > 31:
        out += BASE64[value & 31 | 32]
        value >>= 5
    return out + BASE64[value]


class MadeTrees:
    """Random scopes and ranges, and the text of a map's `scopes` field that says the same."""

    def __init__(self, r: random.Random, sources: int, names: int) -> None:
        self.r, self.names = r, names
        self.items: list[str] = []
        self.at = (0, 0)
        self.last: dict[str, int] = {}
        self.scopes: list[Scope] = []
        self.ranges: list[Range] = []
        trees = []
        for source in range(sources):
            self.at, first = (0, 0), len(self.scopes)
            if r.random() < 0.7:
                self.scope(source, -1)
            else:
                self.items.append("A")
            trees.append(range(first, len(self.scopes)))
        self.at, self.sources = (0, 0), sources
        for _ in range(r.randrange(4)):
            self.generated_range(-1)
        self.trees = ScopeTrees(tuple(trees), tuple(self.scopes), tuple(self.ranges))
        self.text = ",".join(self.items)

    def move(self) -> list[int]:
        """Go on to a position; return the lines and columns that lie between."""
        down = self.r.choice([0, 0, 1, self.r.randrange(1000)])
        right = self.r.randrange(100 if self.r.random() < 0.9 else 10**6)
        self.at = (self.at[0] + down, right if down else self.at[1] + right)
        return [down, right]

    def index(self, kind: str, value: int) -> str:
        step, self.last[kind] = value - self.last.get(kind, 0), value
        return vlq(step, signed=True)

    def scope(self, source: int, parent: int) -> None:
        r, place = self.r, "".join(map(vlq, self.move()))
        start, name, kind = self.at, r.randrange(-1, self.names), r.randrange(-1, self.names)
        function, variables = r.random() < 0.5, tuple(r.randrange(self.names) for _ in range(r.randrange(4)))
        flags = (name >= 0) + 2 * (kind >= 0) + 4 * function
        item = "B" + vlq(flags) + place
        item += self.index("name", name) if name >= 0 else ""
        self.items.append(item + (self.index("kind", kind) if kind >= 0 else ""))
        if variables:
            self.items.append("D" + "".join(self.index("variable", v) for v in variables))
        number = len(self.scopes)
        self.scopes.append(Scope(start, start, parent, name, kind, source, function, variables))
        while r.random() < 0.45:
            self.scope(source, number)
        self.items.append("C" + "".join(map(vlq, self.move())))
        self.scopes[number] = self.scopes[number]._replace(end=self.at)

    def generated_range(self, parent: int) -> None:
        r, (down, right) = self.r, self.move()
        start, definition = self.at, r.randrange(-1, len(self.scopes))
        scope = self.scopes[definition] if definition >= 0 else None
        function, hidden = r.choice([(False, False), (True, False), (True, True)])
        flags = (down > 0) + 2 * (definition >= 0) + 4 * function + 8 * hidden
        item = "E" + vlq(flags) + (vlq(down) if down else "") + vlq(right)
        self.items.append(item + (self.index("definition", definition) if scope else ""))
        bindings: list[tuple[tuple[Position, int], ...]] = []
        further: list[str] = []
        if scope and r.random() < 0.7:
            for i in range(len(scope.variables)):
                pieces, item = [(start, r.randrange(-1, self.names))], "H" + vlq(i)
                while r.random() < 0.3:
                    item += "".join(map(vlq, self.move()))
                    pieces.append((self.at, r.randrange(-1, self.names)))
                    item += vlq(pieces[-1][1] + 1)
                self.at = start
                bindings.append(tuple(pieces))
                further += [item] if pieces[1:] else []
            if bindings:
                self.items.append("G" + "".join(vlq(pieces[0][1] + 1) for pieces in bindings))
        call_site = None
        if scope and scope.stack_frame and not function and r.random() < 0.7:
            call_site = (r.randrange(self.sources), r.randrange(10**4), r.randrange(10**4))
            self.items.append("I" + "".join(map(vlq, call_site)))
        self.items += further
        number = len(self.ranges)
        self.ranges.append(Range(start, start, parent, definition, function, hidden, call_site, tuple(bindings)))
        while r.random() < 0.45:
            self.generated_range(number)
        down, right = self.move()
        self.items.append("F" + (vlq(down) if down else "") + vlq(right))
        self.ranges[number] = self.ranges[number]._replace(end=self.at)


class Proposals(NamedTuple):
    """What a map has beyond the standard."""

    ranged: list[int]
    trees: ScopeTrees
    native: ReactNative


def made_proposals(seed: int) -> tuple[bytes, Proposals]:
    r = random.Random(seed)
    sources, names = r.randint(1, 5), r.randint(1, 40)
    mappings, lines, ranged = [], [], []
    for line in range(r.choice([3, 40])):
        marks, last, column = "", 0, 0
        for i in range(r.choice([0, 1, 5, 30])):
            column += r.randint(1, 30)
            mappings.append(Mapping(line, column, r.randrange(sources), r.randrange(500), r.randrange(100), -1))
            if r.random() < 0.2:
                marks, last = marks + vlq(i - last), i
                ranged.append(len(mappings) - 1)
        lines.append(marks)
    trees = MadeTrees(r, sources, names)
    functions = [
        r.choice(["", '{"names": ["f", "é"], "mappings": "AAA;CCC"}', '{"names":[],"mappings":""}'])
        for _ in range(sources)
    ]
    native = ReactNative(
        r.choice(["", "[null, 4]"]),
        r.choice(["", '{"0": [1,2]}']),
        r.choice(["", '["a.js"]']),
        r.choice(["", '{"1": {"version": 3}}']),
        tuple(functions),
    )
    fields = ("x_facebook_offsets", "x_hermes_function_offsets", "x_metro_module_paths", "x_facebook_segments")
    data = json.dumps(
        {
            "version": 3,
            "sources": [f"{i}.js" for i in range(sources)],
            "names": [f"n{i}" for i in range(names)],
            "mappings": encoded(mappings),
            "rangeMappings": ";".join(lines),
            "scopes": trees.text,
        }
    ).removesuffix("}")
    if any(functions):
        data += ', "x_facebook_sources": [' + ",".join(f"[{text}]" if text else "null" for text in functions) + "]"
    data += "".join(f', "{name}": {text}' for name, text in zip(fields, native, strict=False) if text) + "}"
    return data.encode(), Proposals(ranged, trees.trees, native)


def compare_proposals(reader: Any, m: SourceMap, wanted: Proposals) -> None:
    assert m.problems == ()
    assert reader.range_mappings() == wanted.ranged
    compare_lookups(reader, m, around(reader.mappings()))
    trees = reader.scope_trees()
    assert (trees or ScopeTrees(tuple(range(0) for _ in wanted.trees.sources), (), ())) == wanted.trees
    assert (reader.react_native() or ReactNative("", "", "", "", wanted.native.functions)) == wanted.native
    for source, numbers in enumerate(wanted.trees.sources):
        for i in numbers:
            start = wanted.trees.scopes[i].start
            holders = [k for k in numbers if wanted.trees.scopes[k].start <= start < wanted.trees.scopes[k].end]
            found = format_reader.innermost(trees.scopes, trees.sources[source], start)
            assert found == max(holders, default=None)


def test_proposals(tmp_path: Path) -> None:
    """Range mappings, scopes and the fields of React Native."""
    seen: set[str] = set()
    for seed in range(60):
        data, wanted = made_proposals(seed)
        with SourceMap.from_bytes(data) as m:
            reader = Reader(saved(m, tmp_path))
            compare_proposals(reader, m, wanted)
            seen |= {f"section {kind}" for kind in (18, 19, 20) if reader.section(kind)}
            seen |= {"hidden"} if any(item.hidden for item in wanted.trees.ranges) else set()
            seen |= {"a call"} if any(item.call_site for item in wanted.trees.ranges) else set()
            seen |= {"pieces"} if any(b[1:] for item in wanted.trees.ranges for b in item.bindings) else set()
            seen |= {"segments"} if wanted.native.segments else set()
    assert seen == {"section 18", "section 19", "section 20", "hidden", "a call", "pieces", "segments"}


def test_golden_proposals() -> None:
    """A file that an earlier writer made."""
    folder = ROOT / "testdata" / "index" / "v1"
    reader = Reader((folder / "proposals.symidx").read_bytes())
    with SourceMap.open(folder / "proposals.map") as m:
        compare_lists(reader, m)
        compare_lookups(reader, m, around(reader.mappings()))
    trees = reader.scope_trees()
    assert trees
    assert reader.range_mappings() == [1, 2, 4]
    assert [(reader.names[s.name] if s.name >= 0 else None, s.stack_frame) for s in trees.scopes] == [
        ("f", True),
        (None, False),
        (None, False),
    ]
    assert trees.ranges[0].call_site == (1, 4, 5)
    assert [(item.function, item.hidden) for item in trees.ranges] == [(False, False), (True, True), (True, False)]


def compare_functions(reader: Any, m: SourceMap) -> set[str]:
    """Compare the names at all mappings; of sources whose text was not read it is that of the generated code."""
    trees = reader.functions()
    assert len(trees) == len(m.sources) + 1
    seen = set()
    for at in reader.mappings():
        if at.source < 0:
            continue
        tree, position = trees[at.source], (at.line, at.column)
        if tree is None:
            tree, position = trees[-1] or (), (at.generated_line, at.generated_column)
        i = format_reader.innermost(tree, range(len(tree)), position)
        name = "" if i is None else tree[i].name
        assert name == (m.function_at(at.generated_line, at.generated_column) or "")
        seen.add(name)
    return seen


def made_functions(path: Path) -> Iterator[SourceMap]:
    """Make maps that have functions of sources, of the generated code, or of both."""
    data, code = path.read_bytes(), path.with_suffix("").read_bytes()
    yield SourceMap.from_bytes(data, functions=True)
    yield SourceMap.from_bytes(data, functions=True, generated=code)
    bare = json.loads(data)
    del bare["sourcesContent"][1:]
    yield SourceMap.from_bytes(json.dumps(bare).encode(), functions=True, generated=code)
    listed = {"x_com_bloomberg_sourcesFunctionMappings": [None, "AAAoDA", None, "CAAoDA"]}
    yield SourceMap.from_bytes(json.dumps(bare | listed).encode(), generated=code)


@pytest.mark.parametrize("path", SHOP_MAPS, ids=lambda path: path.parent.name)
def test_functions(path: Path, tmp_path: Path) -> None:
    for m in made_functions(path):
        reader = Reader(saved(m, tmp_path))
        assert len(compare_functions(reader, m)) > 20


def test_more_sections(tmp_path: Path) -> None:
    """An image with more sections than its head has room for."""
    seen = set()
    for seed in range(20):
        data = json.loads(made_proposals(seed)[0]) | {"ignoreList": ["x"], "sourcesContent": ["function f(){}"]}
        with SourceMap.from_bytes(json.dumps(data).encode(), functions=True) as m:
            reader = Reader(saved(m, tmp_path))
            assert reader.functions()[0] == (((0, 0), (0, 14), -1, "f"),)
            seen |= set(reader.sections)
    assert seen >= {12, 19, 20, 21, 22}


WRONG_FUNCTIONS = [
    ("parents", "parent - 1, names[name])", "parent - 2, names[name])"),
    (
        "names",
        'names = numbers("I", self.section(12)), ["", *self.texts(21)]',
        'names = numbers("I", self.section(12)), self.texts(21)',
    ),
    ("trees", "first - 1 + count % 2**31", "first - 1 + count % 2"),
    ("not read", "found.append(tree if first else None)", "found.append(tree)"),
    ("nothing", "", ""),
]

WRONG_PROPOSALS = [
    ("marks", "self.ranged[b] >> i & 1", "self.ranged[b] >> i & 2"),
    ("over line ends", "column if down else", "found.column if down else"),
    ("on its line", "column - found.generated_column", "column - found.generated_column // 2"),
    ("lines", "found.line + down", "found.line"),
    ("source of a scope", "source - 1, bool", "0, bool"),
    ("stack frame", "bool(flags & 1), names", "bool(flags & 2), names"),
    ("hidden", "bool(flags & 2), call_site", "bool(flags & 1), call_site"),
    ("call", "(source - 1, call_line", "(source, call_line"),
    ("definition", "definition - 1,", "definition,"),
    ("pieces", "((line, column), name - 1) for", "((line, column), name) for"),
    ("last row", "if i + 1 < len(table) else len(rows))", "if i + 1 < len(table) else 0)"),
    ("innermost", "while i >= 0 and items[i].end <= position:", "while i >= 0 and items[i].end < position:"),
    ("functions", "tuple(texts[3:end])", "tuple(texts[4:end])"),
    ("segments", "texts[end] if", "texts[2] if"),
    ("nothing", "", ""),
]


@pytest.mark.parametrize("path", SHOP_MAPS, ids=lambda path: path.parent.name)
def test_shop(path: Path, tmp_path: Path) -> None:
    wanted = decoded(json.loads(path.read_bytes())["mappings"])
    with SourceMap.open(path) as m:
        compare_all(Reader(saved(m, tmp_path)), m, wanted)


def test_made_maps(tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(24):
        data, wanted = made_map(seed)
        assert decoded(json.loads(data)["mappings"]) == wanted, "the test's own encoder"
        with SourceMap.from_bytes(data) as m:
            reader = Reader(saved(m, tmp_path))
            seen |= features(reader)
            if seed == 0:  # half a million sources
                assert list(reader.mappings()) == wanted
                compare_lookups(reader, m, around(wanted[::10]))
            else:
                compare_all(reader, m, wanted)
    flags = {"own", "bare", "named", "all named", "column base", "source base", "source base of 19 bits"}
    assert seen == flags | {"multi", "one line", "full", "short", "several lines to a bucket"}


def test_more_problems_than_are_listed(tmp_path: Path) -> None:
    data = json.dumps({"version": 3, "sources": [1] * 500, "names": [], "mappings": "A"}).encode()
    with SourceMap.from_bytes(data) as m:
        reader = Reader(saved(m, tmp_path))
        compare_all(reader, m, [Mapping(0, 0, -1, -1, -1, -1)])
        assert reader.info.problems + reader.info.more_problems == 500


def test_empty_map_and_no_texts(tmp_path: Path, map_bytes: bytes) -> None:
    with SourceMap.from_bytes(b'{"version":3,"sources":[],"mappings":""}') as m:
        compare_all(Reader(saved(m, tmp_path)), m, [])
    with SourceMap.from_bytes(map_bytes) as m:
        reader = Reader(saved(m, tmp_path, sources=False))
        compare_lists(reader, m)
        assert [source.has_text for source in reader.sources()] == [True, False]
        assert [reader.source_bytes(i) for i in range(2)] == [None, None]


def test_damage(tmp_path: Path, map_bytes: bytes) -> None:
    """One bit anywhere is noticed."""
    with SourceMap.from_bytes(map_bytes) as m:
        data = saved(m, tmp_path)
    for i in range(len(data)):
        with pytest.raises(FormatError):
            Reader(data[:i] + bytes([data[i] ^ 4]) + data[i + 1 :])
    with pytest.raises(FormatError):
        Reader(data[:-1])


def corpus() -> list[dict[str, str] | None]:
    return json.loads(MANIFEST.read_text()) if MANIFEST.exists() else [None]


def sampled(reader: Reader, r: random.Random) -> list[Position]:
    """Return 21,000 positions: of mappings and beside them, between the starts of blocks, and anywhere."""
    found, blocks, last_line = [], len(reader.keys), 0
    for b in r.choices(range(blocks), k=1000):
        near = r.choices(reader.block(b), k=10)
        found += [(m.generated_line, max(m.generated_column + r.choice([-1, 0, 0, 1]), 0)) for m in near]
        line, column = divmod(reader.keys[b], 2**32)
        last_line, last_column = divmod(reader.keys[min(b + 1, blocks - 1)], 2**32)
        for _ in range(10):
            if line == last_line:
                found.append((line, r.randint(column, last_column)))
            else:
                found.append((r.randint(line, last_line), r.randrange(2 ** r.randint(0, 31))))
    last_line += 2
    return found + [(r.randint(0, last_line), r.randrange(2 ** r.randint(0, 31))) for _ in range(1000)]


@pytest.mark.parametrize("entry", corpus(), ids=lambda entry: entry["id"] if entry else "")
def test_corpus(entry: dict[str, str] | None, tmp_path: Path) -> None:
    """A sample of each map, all of two."""
    if entry is None:
        pytest.skip("skipped: corpus (run make corpus)")
    r = random.Random(entry["id"])
    path = MANIFEST.parent / entry["map"]
    with SourceMap.open(path) as m:
        reader = Reader(saved(m, tmp_path), check_all=False)
        reader.check_pieces(r.choices(range(len(reader.checksums)), k=20))
        assert reader.info.map_size == path.stat().st_size
        compare_lookups(reader, m, sampled(reader, r))
        compare_lists(reader, m)
        compare_texts(reader, m, sorted(r.sample(range(reader.info.sources), k=10)))
        if entry["id"] in ("bootstrap", "swagger-ui"):
            assert list(reader.mappings()) == decoded(json.loads(path.read_bytes())["mappings"])


WRONG = [
    ("upper", "(place - i)", "(place - i + i // 9)"),
    ("key column", "shape >> 6 & 31", "shape >> 6 & 7"),
    ("first column", "first_column + key", "first_column + key + (i > 0)"),
    ("first line", "first_line + (key >> key_column)", "first_line + (key >> key_column) // 2"),
    ("source base", "else flags >> 13", "else flags >> 14"),
    ("line base", "line_base + (record", "(record"),
    ("column base", "column_base + (record", "(record"),
    ("name base", "name_base + next(names)", "next(names)"),
    ("own", "original = (\n", "original = (0, 0, 0) if i == 9 else (\n"),
    ("bare", "if bare >> i & 1", "if bare >> i & 2"),
    ("guide", "self.cells[cell + 1])", "self.cells[cell])"),
    ("column shift", "self.starts[bucket] & 31", "(self.starts[bucket] & 31) - 1"),
    ("bisect", "bisect_left(self.keys, line << 32 | column)\n", "bisect_left(self.keys, line << 32 | column + 1)\n"),
    ("first at a position", "bisect_left(before, position)", "bisect_left(before, (line, column, 0))"),
    ("same line", "return found if found.generated_line == line else None", "return found"),
    ("text lines", "range(line % 32)", "range(line % 31)"),
    ("UTF-8", 'str(text[i:j], "utf-8")', 'str(text[i:j], "latin-1")'),
    ("ignored", "bool(flags & 2), bool(flags & 4)", "bool(flags & 1), bool(flags & 4)"),
    ("nothing", "", ""),
]


@pytest.fixture(scope="module")
def small_maps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[bytes, SourceMap, list[Mapping]]]]:
    with ExitStack() as stack:
        made = []
        for seed in (2, 4, 5, 10, 12):
            data, wanted = made_map(seed)
            m = stack.enter_context(SourceMap.from_bytes(data))
            made.append((saved(m, tmp_path_factory.mktemp("saved")), m, wanted))
        yield made


def changed_reader(old: str, new: str) -> ModuleType:
    source = Path(format_reader.__file__).read_text()
    assert source.count(old) == 1 or not old
    changed = ModuleType("changed_reader")
    exec(compile(source.replace(old, new) if old else source, "changed_reader", "exec"), changed.__dict__)
    return changed


def must_fail(fails: bool, compare: Callable[[], None]) -> None:
    if fails:
        with pytest.raises(AssertionError):
            compare()
    else:
        compare()


@pytest.mark.parametrize(("old", "new"), [words[1:] for words in WRONG], ids=[words[0] for words in WRONG])
def test_wrong_reader(old: str, new: str, small_maps: list[tuple[bytes, SourceMap, list[Mapping]]]) -> None:
    """The comparison can fail: it finds each error that is put into the reader, and none where there is none."""
    changed = changed_reader(old, new)

    def compare() -> None:
        for data, m, wanted in small_maps:
            compare_all(changed.Reader(data, check_all=False), m, wanted)

    must_fail(bool(old), compare)


@pytest.mark.parametrize(
    ("old", "new"), [words[1:] for words in WRONG_PROPOSALS], ids=[words[0] for words in WRONG_PROPOSALS]
)
def test_wrong_reader_of_proposals(old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = changed_reader(old, new)
    monkeypatch.setattr(format_reader, "innermost", changed.innermost)

    def compare() -> None:
        for seed in range(20):
            data, wanted = made_proposals(seed)
            with SourceMap.from_bytes(data) as m:
                compare_proposals(changed.Reader(saved(m, tmp_path), check_all=False), m, wanted)

    must_fail(bool(old), compare)


@pytest.mark.parametrize(
    ("old", "new"), [words[1:] for words in WRONG_FUNCTIONS], ids=[words[0] for words in WRONG_FUNCTIONS]
)
def test_wrong_reader_of_functions(old: str, new: str, tmp_path: Path) -> None:
    changed = changed_reader(old, new)

    def compare() -> None:
        for m in made_functions(SHOP_MAPS[-1]):
            try:
                compare_functions(changed.Reader(saved(m, tmp_path), check_all=False), m)
            except (changed.FormatError, IndexError) as error:
                raise AssertionError from error

    must_fail(bool(old), compare)
