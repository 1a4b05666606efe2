import copy
import gc
import json
import mmap
import pickle
import sys
import threading
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest
from support import SHOP, run

from symbolicate import (
    Archive,
    ArtifactError,
    ClosedError,
    Mapping,
    MappingTable,
    ParseError,
    Source,
    SourceMap,
    SymbolicateError,
    Symbolicator,
    find_source_map_url,
)


def test_lookup(map_bytes: bytes) -> None:
    with SourceMap.from_bytes(map_bytes) as m:
        assert len(m) == 3
        assert m.lookup(0, 0) == Mapping("src/é.ts", 0, 0, "total", 0, 0)
        assert m.lookup(0, 9) == Mapping("src/é.ts", 0, 0, "total", 0, 0)
        assert m.lookup(0, 10) == Mapping("src/é.ts", 1, 4, "naïve", 0, 10)
        assert m.lookup(0, 14) is None, "a segment of one field ends what stood before it"
        assert m.lookup(1, 0) is None, "the answer does not cross lines"
        assert m.lookup_across_lines(1, 0) is None
        assert m.sources == ("src/é.ts", None)
        assert m.names == ("total", "naïve")
        assert m.file == "app.js"
        assert m.debug_id == "85314830-023f-4cf1-a267-535f4e37bb17"
        assert m.problems == ()
        assert m.source_text(0) == "let a\nlet 🛒b\n"
        assert m.source_text(1) is None
        assert [m.ignored(0), m.ignored(1)] == [False, True]
        assert m.nbytes > 0


def test_mappings() -> None:
    m = SourceMap.open(SHOP / "dist/terser-names/shop.min.js.map")
    table, all_of_them = m.mappings(), list(m)
    assert len(table) == len(m) == len(all_of_them) > 800
    assert [f.generated_column for f in all_of_them] == list(table.generated_column)
    lines, columns = table.generated_line, table.generated_column
    assert sorted(zip(lines, columns, strict=True)) == list(zip(lines, columns, strict=True))
    places = [(f.generated_line, f.generated_column) for f in all_of_them]
    for found in all_of_them:
        if found.source is not None and places.count((found.generated_line, found.generated_column)) == 1:
            assert m.lookup(found.generated_line, found.generated_column) == found
    small = SourceMap.from_bytes(b'{"version":3,"sources":["a",null],"names":["n"],"mappings":"A,CAAAA;;CCAA"}')
    assert list(small) == [
        Mapping(None, -1, -1, None, 0, 0),
        Mapping("a", 0, 0, "n", 0, 1),
        Mapping(None, 0, 0, None, 2, 1),
    ]
    assert list(small.mappings().source) == [-1, 0, 1]
    assert small.mappings().arrow().num_rows == 3
    assert list(SourceMap.from_bytes(b'{"version":3,"sources":[],"mappings":""}')) == []


def test_function_at() -> None:
    text = "class Cart { total() { return this.x } }\\nf(() => 1)"
    sources = f'"sources":["a.ts","b.vue"],"sourcesContent":["{text}",""]'
    data = f'{{"version":3,{sources},"names":[],"mappings":"AAAuB,CCAA,C"}}'
    m = SourceMap.from_bytes(data.encode())
    assert m.function_at(0, 0) == "Cart.total"
    assert m.function_at(0, 1) is None  # another language
    assert m.function_at(0, 2) is None
    assert m.function_at(1, 0) is None


def test_functions_without_source_text(tmp_path: Path) -> None:
    data = b'{"version":3,"sources":["a.ts"],"names":["total"],"mappings":"SAASA,MAAC"}'
    code = "function t(){return 1}"
    path = tmp_path / "app.js.map"
    path.write_bytes(data)
    assert SourceMap.from_bytes(data, functions=True).function_at(0, 17) is None
    with_code = [
        SourceMap.from_bytes(data, generated=code.encode()),
        SourceMap.from_bytes(bytearray(data), generated=memoryview(code.encode()), functions=True),
        SourceMap.open(path, generated=code.encode()),
        pickle.loads(pickle.dumps(SourceMap.open(path, generated=bytearray(code.encode())))),
    ]
    for m in with_code:
        assert m.function_at(0, 17) == "total"
        m.save(tmp_path / "index")
        assert SourceMap.open(tmp_path / "index").function_at(0, 17) == "total"
    texts = b'{"version":3,"sources":["a.ts"],"sourcesContent":["function f(){ x }"],"names":[],"mappings":"AAAc"}'
    for functions in (False, True):
        SourceMap.from_bytes(texts, functions=functions).save(tmp_path / "index", sources=False)
        assert SourceMap.open(tmp_path / "index").function_at(0, 0) == ("f" if functions else None)
    with pytest.raises(TypeError):
        SourceMap.from_bytes(data, generated=code)  # type: ignore[arg-type]


def test_source() -> None:
    data = b'{"version":3,"sources":["a",null],"sourcesContent":["let a"],"names":[],"mappings":"","ignoreList":[1]}'
    m = SourceMap.from_bytes(data)
    assert m.source(0) == Source("a", "let a", False)
    assert m.source(1) == Source(None, None, True)
    assert repr(m.source(0)) == "Source(url='a', text=<5 characters>, ignored=False)"
    with pytest.raises(IndexError):
        m.source(2)


def test_source_lines(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    assert m.source_lines(0, 0, 9) == ["let a\n", "let 🛒b\n", ""]
    assert m.source_lines(0, 1, 1) == ["let 🛒b\n"]
    assert m.source_lines(0, 3, 1) == m.source_lines(0, 2**63, 2**63) == []
    assert m.source_lines(1, 0, 1) is None
    for i in (-1, 2):
        with pytest.raises(IndexError):
            m.source_lines(i, 0, 1)
    with pytest.raises(OverflowError):
        m.source_lines(0, -1, 1)
    m.close()
    with pytest.raises(ClosedError):
        m.source_lines(0, 0, 1)


def test_mappings_back(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    everything = list(zip(*(getattr(m.mappings(), c) for c in MappingTable.COLUMNS), strict=True))
    for line, column, n in (
        (0, 14, 9),
        (0, 13, 9),
        (0, 13, 1),
        (5, 0, 2),
        (0, 0, 9),
        (0, 0, 0),
        (0, -1, 9),
        (-1, 5, 9),
    ):
        back = m.mappings_back(line, column, n)
        want = [row for row in everything if row[:2] <= (line, column)][::-1][:n]
        assert list(zip(*(getattr(back, c) for c in back.COLUMNS), strict=True)) == want
    with pytest.raises(OverflowError):
        m.mappings_back(0, 0, -1)
    m.close()
    with pytest.raises(ClosedError):
        m.mappings_back(0, 0, 1)


def test_lookup_across_lines() -> None:
    data = json.dumps({"version": 3, "sources": ["a"], "names": [], "mappings": "AAAA;;"}).encode()
    m = SourceMap.from_bytes(data)
    assert m.lookup(2, 7) is None
    assert m.lookup_across_lines(2, 7) == Mapping("a", 0, 0, None, 0, 0)


@pytest.mark.parametrize("kind", [list, tuple, lambda v: array("i", v), lambda v: array("q", v), range])
def test_lookup_many_equals_lookup(map_bytes: bytes, kind: object) -> None:
    m = SourceMap.from_bytes(map_bytes)
    columns = range(20)
    lines = [0] * 20
    found = m.lookup_many(lines, columns) if kind is range else m.lookup_many(kind(lines), kind(columns))  # type: ignore[operator]
    assert len(found) == 20
    for i, column in enumerate(columns):
        one = m.lookup(0, column)
        if one is None:
            assert (found.source[i], found.line[i], found.column[i], found.name[i]) == (-1, -1, -1, -1)
        else:
            assert m.sources[found.source[i]] == one.source
            assert (found.line[i], found.column[i]) == (one.line, one.column)
            assert m.names[found.name[i]] == one.name
    m.close()
    assert found.line[10] == 1, "results outlive the map"


def test_lookup_many_edges(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    assert len(m.lookup_many([], [])) == 0
    with pytest.raises(ValueError, match="2 lines and 1 columns"):
        m.lookup_many([1, 2], [1])
    with pytest.raises(OverflowError):
        m.lookup_many([2**31], [0])
    square = memoryview(array("i", range(4))).cast("b").cast("i", (2, 2))
    with pytest.raises(ValueError, match="one dimension"):
        m.lookup_many(square, square)
    with pytest.raises(OverflowError):
        m.lookup(2**31, 0)
    with pytest.raises(TypeError):
        m.lookup("0", 0)  # type: ignore[arg-type]


def mapped(data: bytes) -> mmap.mmap:
    memory = mmap.mmap(-1, len(data))
    memory.write(data)
    return memory


@pytest.mark.parametrize("borrow", [False, True])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array("B", data), mapped])
def test_buffers(map_bytes: bytes, kind: Callable[[bytes], bytes], borrow: bool) -> None:
    data = kind(map_bytes)
    m = SourceMap.from_bytes(data, borrow=borrow)
    if isinstance(data, bytearray) and not borrow:
        data[:] = b" " * len(data)  # copied: changing it does no harm
    if isinstance(data, bytearray) and borrow:
        with pytest.raises(BufferError):
            data.clear()
    del data
    gc.collect()
    assert m.names == ("total", "naïve")
    assert m.source_text(0) == "let a\nlet 🛒b\n"
    m.close()


def test_exceptions_in_cycles() -> None:
    """A failed call lets go of what it was given: a memoryview in an exception's frames once crashed the collector."""
    code = """
import gc, symbolicate
good = b'{"version":3,"sources":[],"names":[],"mappings":""}'
for call in (
    lambda: symbolicate.SourceMap.from_bytes(memoryview(b"bad")),
    lambda: symbolicate.SourceMap.from_bytes(memoryview(b"bad"), borrow=True),
    lambda: symbolicate.SourceMap.from_bytes(b"bad", generated=memoryview(b"x")),
    lambda: symbolicate.SourceMap.open("/nowhere", generated=memoryview(b"x")),
):
    for _ in range(50):
        try:
            call()
        except symbolicate.SymbolicateError as error:
            error.cycle = error
        else:
            raise AssertionError
        gc.collect()
for borrow in (False, True):
    for _ in range(50):
        m = symbolicate.SourceMap.from_bytes(memoryview(good), borrow=borrow, generated=memoryview(b"x"))
        m.cycle = m
        del m
        gc.collect()
assert symbolicate.stats() == (0, 0), symbolicate.stats()
"""
    result = run(sys.executable, "-c", code)
    assert (result.returncode, result.stderr) == (0, "")


def test_borrowed_is_given_back(map_bytes: bytes) -> None:
    data = bytearray(map_bytes)
    with SourceMap.from_bytes(data, borrow=True) as m:
        assert m.names
    data.clear()


def test_pickle_of_what_can_be_reopened(tmp_path: Path, map_bytes: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.map").write_bytes(map_bytes)
    monkeypatch.chdir(tmp_path)
    m, s, a = SourceMap.open("a.map", strict=True), Symbolicator("."), Archive.open("archive", create=True)
    a.add(map_bytes)
    pickled = pickle.dumps((m, s, a))
    monkeypatch.chdir("/")
    other, symbolicator, archive = pickle.loads(pickled)
    assert other.lookup(0, 10) == m.lookup(0, 10)
    assert symbolicator.symbolicate("Error") == s.symbolicate("Error")
    assert archive.keys() == a.keys()
    assert copy.copy(m).names == m.names
    s.add("https://x.example/a.js", source_map=map_bytes)
    m.close()
    for closed in (m, s):
        with pytest.raises(TypeError, match="native memory"):
            pickle.dumps(closed)


def test_open(tmp_path: Path, map_bytes: bytes) -> None:
    path = tmp_path / "ä.js.map"
    path.write_bytes(map_bytes)
    for name in (path, str(path)):
        with SourceMap.open(name) as m:
            assert len(m) == 3
    with pytest.raises(ArtifactError, match="no such file"):
        SourceMap.open(tmp_path / "nowhere.map")
    with pytest.raises(ArtifactError, match="is a directory"):
        SourceMap.open(tmp_path)


@pytest.mark.parametrize(
    ("data", "words", "offset"),
    [
        (b"", "empty file", 0),
        (b"<!doctype html>", "HTML", 0),
        (b"\x00\x01\x02\x03", "binary", 0),
        (b'{"version":3,"sources":[', "truncated", 24),
        (b'{"version":3,"sources":[]}', "mappings is missing", 0),
        (b'{"version":3,"sources":[],"mappings":"gggggggC"}', "2³¹", 45),
        (b"[]", "not an object", 0),
    ],
)
def test_bad_input(data: bytes, words: str, offset: int) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        SourceMap.from_bytes(data)
    assert caught.value.offset == offset
    assert isinstance(caught.value, SymbolicateError)
    assert "\n" not in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.offset) == (str(caught.value), offset)


def test_problems_and_strict() -> None:
    data = b'{"version":4,"sources":[],"mappings":"A"}'
    assert SourceMap.from_bytes(data).problems == ("version: version is 4, not the number 3 (byte 11)",)
    with pytest.raises(ParseError, match="version"):
        SourceMap.from_bytes(data, strict=True)


def test_close(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    assert repr(m) == "<symbolicate.SourceMap of 3 mappings>"
    m.close()
    m.close()
    assert repr(m) == "<symbolicate.SourceMap, closed>"
    for call in (lambda: m.lookup(0, 0), lambda: m.lookup_many([0], [0]), lambda: m.sources, lambda: len(m)):
        with pytest.raises(ClosedError):
            call()
    with pytest.raises(TypeError):
        SourceMap()


def test_no_copies(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    for make in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="native memory"):
            make(m)
    assert bool(SourceMap.from_bytes(b'{"version":3,"sources":[],"mappings":""}'))


def test_index_errors(map_bytes: bytes) -> None:
    m = SourceMap.from_bytes(map_bytes)
    for i in (-1, 2, 2**40):
        with pytest.raises(IndexError):
            m.source_text(i)
        with pytest.raises(IndexError):
            m.ignored(i)


def test_close_while_others_look_up(map_bytes: bytes) -> None:
    """Bytes that were lent must not go while a call reads them: a crash, not an assertion, would tell."""
    for _ in range(50):
        m = SourceMap.from_bytes(bytes(map_bytes))

        def read(m: SourceMap = m) -> None:
            try:
                while True:
                    assert m.names == ("total", "naïve")
                    assert len(m.lookup_many(range(3), range(3))) == 3
            except ClosedError:
                pass

        threads = [threading.Thread(target=read) for _ in range(4)]
        for t in threads:
            t.start()
        m.close()
        for t in threads:
            t.join()


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("x()\n//# sourceMappingURL=x.js.map\n", "x.js.map"),
        (b"x()\n//@ sourceMappingURL=x.js.map", "x.js.map"),
        ("'//# sourceMappingURL=x.js.map'", None),
        ("", None),
    ],
)
def test_find_source_map_url(source: str | bytes, url: str | None) -> None:
    assert find_source_map_url(source) == url
