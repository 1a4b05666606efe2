"""Columns in and out: numpy and Arrow, both ways, without copies; many traces in one call."""

import gc
import random
from array import array
from collections.abc import Callable
from typing import Any

import numpy
import pyarrow  # type: ignore[import-untyped]
import pytest
from support import SHOP, in_child

from symbolicate import (
    ClosedError,
    Frame,
    FrameTable,
    Mappings,
    SourceMap,
    Symbolicator,
    Table,
    TraceTable,
    _stack,
)

DIST = SHOP / "dist/terser-names"
TRACES = [path.read_text() for path in sorted((SHOP / "traces/terser-names").glob("*.txt"))]


@pytest.fixture(scope="module")
def shop() -> SourceMap:
    return SourceMap.open(DIST / "shop.min.js.map")


def columns_of(table: Table) -> dict[str, list[int]]:
    return {name: list(getattr(table, name)) for name in table.COLUMNS}


POSITIONS = ([0] * 500, [random.Random(1).randrange(5000) for _ in range(500)])


@pytest.mark.parametrize(
    "make",
    [
        lambda v: array("i", v),
        lambda v: array("q", v),
        lambda v: numpy.array(v, numpy.int32),
        lambda v: numpy.array(v, numpy.int64),
        lambda v: numpy.array(v, numpy.int32).repeat(2)[::2],
        lambda v: memoryview(array("i", v)),
        lambda v: pyarrow.array(v, "int32"),
        lambda v: pyarrow.array([7, *v, 7], "int32")[1:-1],
        lambda v: pyarrow.array(v, "int64"),
        lambda v: pyarrow.array(v, "uint16"),
        lambda v: pyarrow.array([*v, None], "int32")[:-1],
    ],
)
def test_columns_in(shop: SourceMap, make: Callable[[list[int]], Any]) -> None:
    want = columns_of(shop.lookup_many(*POSITIONS))
    assert any(n >= 0 for n in want["source"])
    assert columns_of(shop.lookup_many(make(POSITIONS[0]), make(POSITIONS[1]))) == want


@pytest.mark.parametrize(
    ("column", "error", "words"),
    [
        (pyarrow.array([1, None], "int32"), TypeError, "no nulls, this one has 1"),
        (pyarrow.array(["a"]), TypeError, "integers, not Arrow's type 'u'"),
        (pyarrow.array([1.5]), TypeError, "integers, not Arrow's type 'g'"),
        (pyarrow.array(["a"]).dictionary_encode(), TypeError, "integers"),
        (pyarrow.array([2**31], "int64"), OverflowError, "."),
        (numpy.zeros((2, 2), numpy.int32), ValueError, "one dimension"),
        (numpy.zeros(2, numpy.float32), TypeError, "."),
        ("12", TypeError, "."),
        (b"1234", ValueError, "4 lines and 1"),
    ],
)
def test_columns_that_are_none(shop: SourceMap, column: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        shop.lookup_many(column, [0] if error is ValueError and words[0] == "4" else column)


def test_numpy_is_a_view(shop: SourceMap) -> None:
    found = shop.lookup_many(*POSITIONS)
    views = found.numpy()
    assert list(views) == list(Mappings.COLUMNS)
    views["line"][3] = 77
    assert found.line[3] == 77
    want = columns_of(found)
    del found
    gc.collect()
    assert {name: list(v) for name, v in views.items()} == want, "a view keeps the block"


def test_arrow_is_a_view(shop: SourceMap) -> None:
    found = shop.lookup_many(*POSITIONS)
    batch = found.arrow()
    assert isinstance(batch, pyarrow.RecordBatch)
    batch.validate(full=True)
    assert batch.column("line").buffers()[1].address == numpy.frombuffer(found.line, numpy.int32).ctypes.data
    want = columns_of(found)
    line = batch.column("line")
    del found, batch
    gc.collect()
    assert line.to_pylist() == want["line"], "a column keeps the block"


def test_capsules_that_nobody_takes(shop: SourceMap) -> None:
    from symbolicate import _arrow

    found = shop.lookup_many(*POSITIONS)
    pair = found.__arrow_c_array__()
    assert len(_arrow._exported) == 2
    array_ = pyarrow.Array._import_from_c_capsule(*pair)
    del pair
    gc.collect()
    assert _arrow._exported == {}
    assert array_.field(0).to_pylist() == list(found.source)
    del array_
    found.__arrow_c_array__()
    gc.collect()
    assert _arrow._exported == {}


def test_empty(shop: SourceMap) -> None:
    found = shop.lookup_many([], pyarrow.array([], "int32"))
    assert (len(found), found.arrow().num_rows, len(found.numpy()["line"])) == (0, 0, 0)
    assert repr(found) == "<symbolicate.Mappings of 0 rows>"


def check_frames(table: FrameTable, traces: list[str], s: Symbolicator) -> None:
    """Each row says what the frame of a single call does."""
    texts = table.texts

    def text(number: int) -> str | None:
        return None if number < 0 else texts[number]

    row = 0
    for i, trace in enumerate(traces):
        stack = s.symbolicate(trace)
        assert (text_of(table.traces, i) or "") == stack.message
        assert (table.traces.first_frame[i], table.traces.frames[i]) == (row, len(stack.frames))
        for frame in stack.frames:
            assert frame.minified
            assert table.trace[row] == i
            for name in ("function", "filename"):
                assert (text(getattr(table, name)[row]) or "") == getattr(frame, name)
                assert (text(getattr(table, f"minified_{name}")[row]) or "") == getattr(frame.minified, name)
            for name in ("lineno", "colno"):
                assert getattr(table, name)[row] == getattr(frame, name)
                assert getattr(table, f"minified_{name}")[row] == getattr(frame.minified, name)
            for name in ("module", "name_source", "map_name", "reason", "context_line"):
                assert text(getattr(table, name)[row]) == getattr(frame, name), name
            for name in ("mapped", "in_app"):
                assert bool(getattr(table, name)[row]) == getattr(frame, name)
            assert (table.kind[row] == _stack._NATIVE) == frame.native
            row += 1
    assert row == len(table)


def text_of(traces: TraceTable, i: int) -> str | None:
    number: int = traces.message[i]
    return None if number < 0 else traces.texts[number]


@pytest.mark.parametrize("threads", [1, 3])
def test_symbolicate_many(threads: int) -> None:
    with Symbolicator(DIST) as s:
        traces = [*TRACES, "", "no frames: é🛒", *TRACES, "Error\n    at f (a.js:1:2)"]
        assert len(TRACES) > 2
        table = s.symbolicate_many(traces, threads=threads)
        check_frames(table, traces, s)
        assert len(set(table.texts)) == len(table.texts) == len(table.texts[:])
        assert any(table.mapped)
        assert repr(table.texts) == f"<symbolicate.Texts, {len(table.texts)} of them>"
        for bad in (-1, len(table.texts)):
            with pytest.raises(IndexError):
                table.texts[bad]


@pytest.mark.parametrize(
    "make",
    [
        lambda v: pyarrow.array(v, "string"),
        lambda v: pyarrow.array(v, "large_string"),
        lambda v: pyarrow.array(["x", *v, "y"])[1:-1],
        lambda v: pyarrow.array([None, *v], "large_string")[1:],
    ],
)
def test_symbolicate_many_of_arrow(make: Callable[[list[str]], Any]) -> None:
    with Symbolicator(DIST) as s:
        check_frames(s.symbolicate_many(make(TRACES)), TRACES, s)
        assert len(s.symbolicate_many(make([]))) == 0
        assert len(s.symbolicate_many(pyarrow.array(["x", None])).traces) == 2


def test_symbolicate_many_as_arrow() -> None:
    with Symbolicator(DIST) as s:
        table = s.symbolicate_many(TRACES)
    batch = table.arrow()
    batch.validate(full=True)
    frames = [frame for trace in TRACES for frame in Symbolicator(DIST).symbolicate(trace).frames]

    def names(frame: Frame) -> list[str | None]:
        return [frame.function or None, frame.filename or None, frame.reason, frame.context_line]

    got = [batch.column(name).to_pylist() for name in ("function", "filename", "reason", "context_line")]
    want = [names(frame) for frame in frames]
    assert [list(row) for row in zip(*got, strict=True)] == want
    assert batch.column("reason").type == pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    del table
    gc.collect()
    batch.validate(full=True)
    assert pyarrow.record_batch(batch).column("lineno").to_pylist() == [frame.lineno for frame in frames]
    dictionary = batch.column("function").dictionary
    del batch
    gc.collect()
    dictionary.validate(full=True)


def test_symbolicate_many_arguments() -> None:
    s = Symbolicator(DIST)
    with pytest.raises(TypeError, match="this is one str"):
        s.symbolicate_many("Error")
    with pytest.raises(TypeError, match="strings, not Arrow's type 'i'"):
        s.symbolicate_many(pyarrow.array([1], "int32"))
    with pytest.raises(ValueError, match="0 threads"):
        s.symbolicate_many([], threads=0)
    with pytest.raises(AttributeError):
        s.symbolicate_many([b"x"])  # type: ignore[list-item]
    s.close()
    with pytest.raises(ClosedError):
        s.symbolicate_many([])


def test_tables_in_a_child(shop: SourceMap) -> None:
    """Results from before a fork are read, given on and freed in the child, without Go."""
    found = shop.lookup_many(*POSITIONS)
    with Symbolicator(DIST) as s:
        table = s.symbolicate_many(TRACES)
    want, texts = columns_of(found), list(table.texts)

    def child() -> None:
        nonlocal found, table
        batch = found.arrow()
        assert columns_of(found) == want
        assert list(table.texts) == texts
        frames = table.arrow()
        del found, table
        gc.collect()
        frames.validate(full=True)
        assert batch.column("source").to_pylist() == want["source"]

    assert in_child(child) == 0
    child_like = found.arrow()
    assert child_like.column("source").to_pylist() == want["source"]
