"""symbolicate.compat as it stands; test_compat_symbolic.py compares it with symbolic."""

import copy
import gc
import json
import pickle
import sys
import threading
import weakref
from pathlib import Path

import pytest
from support import SHOP, in_child, run

import symbolicate
from symbolicate import SymbolicateError
from symbolicate.compat import (
    ParseSourceMapError,
    SourceMapCache,
    SourceMapTokenMatch,
    SourceMapView,
    SourceView,
    SymbolicError,
    Unknown,
)

DIST = SHOP / "dist/esbuild-names"
DATA = (DIST / "shop.min.js.map").read_bytes()
MINIFIED = (DIST / "shop.min.js").read_bytes()


def test_view(map_bytes: bytes) -> None:
    view = SourceMapView.from_json_bytes(map_bytes)
    assert len(view) == len(list(view)) == 3
    assert view[0] == SourceMapTokenMatch(0, 0, 0, 0, 0, "total", "src/é.ts")
    assert view.lookup(0, 12) == view[1] == SourceMapTokenMatch(1, 4, 0, 10, 0, "naïve", "src/é.ts")
    none = 2**32 - 1
    assert view.lookup(5, 0) == view[2] == SourceMapTokenMatch(none, none, 0, 14, none)
    assert list(view.iter_sources()) == [(0, "src/é.ts"), (1, None)]
    assert view.get_source_contents(0) == "let a\nlet 🛒b\n"
    source = view.get_sourceview(0)
    assert source is not None
    assert list(source) == ["let a", "let 🛒b", ""]
    assert (view.get_source_contents(1), view.get_sourceview(1), view.get_sourceview(2)) == (None, None, None)
    assert SourceMapView.from_json_bytes(b'{"version":3,"sources":[],"mappings":""}').lookup(9, 9) is None


def test_cache() -> None:
    cache = SourceMapCache.from_bytes(MINIFIED, DATA)
    token = cache.lookup(1, 2684, 2)
    assert token is not None
    assert (token.src, token.line, token.col, token.name) == ("../../src/settings.ts", 19, 56, "_values")
    assert token.function_name == "language"
    assert token.context_line is not None
    assert token.context_line.endswith("_values;\n")
    assert len(token.pre_context) == len(token.post_context) == 2
    lines = (SHOP / "src/settings.ts").read_text().splitlines(keepends=True)
    assert [*token.pre_context, token.context_line, *token.post_context] == lines[16:21]
    assert cache.lookup(9, 1, 2) is None


def test_functions_of_the_minified_file() -> None:
    """Where the map has no texts of its sources, they answer, with the map's names."""
    bare = json.loads(DATA)
    del bare["sourcesContent"]
    token = SourceMapCache.from_bytes(MINIFIED, json.dumps(bare).encode()).lookup(1, 2684, 2)
    assert token is not None
    assert (token.function_name, token.context_line, token.pre_context, token.post_context) == (
        "language",
        None,
        [],
        [],
    )
    token = SourceMapCache.from_bytes(b"", json.dumps(bare).encode()).lookup(1, 2684, 2)
    assert token is not None
    assert token.function_name == "<unknown>"


def test_function_name() -> None:
    """The map's name of a function is found by the minified one, from anywhere in it."""
    view, source = SourceMapView.from_json_bytes(DATA), SourceView.from_bytes(MINIFIED)
    text = source[0]
    start = text.index("function $(")
    token = view.lookup(0, start + 30, "$", source)
    assert token is not None
    assert token.function_name == "language"
    other = view.lookup(0, start + 30, "nobody", source)
    assert other is not None
    assert other.function_name is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty file"),
        (b"<!doctype html>", "HTML"),
        (b'{"version":3,"sources":[', r"truncated.* \(byte 24\)"),
        (b'{"version":3,"sources":[],"mappings":"!"}', r"bad digit '!', line 0 \(byte 38\)"),
    ],
)
def test_errors(data: bytes, words: str) -> None:
    with pytest.raises(ParseSourceMapError, match=words) as caught:
        SourceMapView.from_json_bytes(data)
    assert caught.value.code == 5001
    with pytest.raises(Unknown, match=words) as unknown:
        SourceMapCache.from_bytes(b"", data)
    assert unknown.value.code == 2
    for error in (caught.value, unknown.value):
        assert isinstance(error, SymbolicError)
        assert isinstance(error, SymbolicateError)
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.message, str(again)) == (type(error), error.message, error.message)
    gc.collect()
    assert not symbolicate.stats().handles, "of the map that was opened and refused"


def test_memory_limit() -> None:
    symbolicate.set_memory_limit(10_000)
    try:
        with pytest.raises(ParseSourceMapError, match="limit"):
            SourceMapView.from_json_bytes(DATA)
        with pytest.raises(Unknown, match="limit"):
            SourceMapCache.from_bytes(MINIFIED, DATA)
    finally:
        symbolicate.set_memory_limit(None)


def test_memory_is_given_back() -> None:
    gc.collect()
    before = symbolicate.stats()
    view, cache = SourceMapView.from_json_bytes(DATA), SourceMapCache.from_bytes(MINIFIED, DATA)
    assert view[5] and cache.lookup(1, 2684, 2)
    assert symbolicate.stats().handles == before.handles + 2
    source, tokens = view.get_sourceview(0), iter(view)
    first, gone = next(tokens), weakref.ref(view)
    del view, cache, tokens
    gc.collect()
    assert gone() is None
    assert symbolicate.stats() == before
    assert source is not None
    assert len(source) > 5, "what outlives its map can be read"
    assert first.src == "../../src/texts.ts"


def test_no_copies() -> None:
    view = SourceMapView.from_json_bytes(DATA)
    for made in (view, SourceMapCache.from_bytes(MINIFIED, DATA)):
        with pytest.raises(TypeError, match="native memory"):
            pickle.dumps(made)
    assert copy.copy(view)[0] == view[0]


def test_fork() -> None:
    view, cache, source = (
        SourceMapView.from_json_bytes(DATA),
        SourceMapCache.from_bytes(MINIFIED, DATA),
        SourceView.from_bytes(MINIFIED),
    )
    column = source[0].index("function $(") + 30

    def answers() -> list[object]:
        token = cache.lookup(1, column, 3)
        return [vars(token), view[7], view.lookup(3, 0), view.lookup(0, column, "$", source), len(source), list(view)]

    want = answers()

    def child() -> None:
        assert answers() == want

    assert in_child(child) == 0


def test_threads() -> None:
    view, source = SourceMapView.from_json_bytes(DATA), SourceView.from_bytes(MINIFIED * 50)
    want, failures = list(SourceMapView.from_json_bytes(DATA)), []

    def work() -> None:
        if len(source) != MINIFIED.count(b"\n") * 50 + 1 or [view[i] for i in range(len(view))] != want:
            failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_import_line() -> None:
    """It is no part of `import symbolicate`, loads nothing, and works under the name of the other one."""
    code = (
        "import sys, symbolicate; assert 'symbolicate.compat' not in sys.modules;"
        "from symbolicate import compat as symbolic; assert 'cffi' not in sys.modules;"
        f"data = open({str(DIST / 'shop.min.js.map')!r}, 'rb').read();"
        "print(symbolic.SourceMapCache.from_bytes(b'', data).lookup(1, 2684, 0))"
    )
    result = run(sys.executable, "-c", code)
    assert result.stdout == "<SourceMapCacheToken ../../src/settings.ts:19>\n", result.stderr


def test_hostile_function_names() -> None:
    """A lookup with a function's name looks at so much of the text as the name is long, not at all of it."""
    source = SourceView.from_bytes(b"a" * 1_000_000)
    data = b'{"version":3,"sources":["a"],"names":[],"mappings":"' + b",".join([b"CAAA"] * 1000) + b'"}'
    view = SourceMapView.from_json_bytes(data)
    for name in ("a" * 900_000, "a", "", "\0", "\u200c", "a-b"):
        token = view.lookup(0, 1000, name, source)
        assert token is not None
        assert token.function_name is None


def test_bytes_are_not_kept_twice(tmp_path: Path) -> None:
    """A view keeps the bytes that it was given, and little besides."""
    large = (
        b'{"version":3,"sources":["a"],"sourcesContent":["' + b"x" * 10_000_000 + b'"],"names":[],"mappings":"AAAA"}'
    )
    before = symbolicate.stats().bytes
    view = SourceMapView.from_json_bytes(large)
    assert 10_000_000 < symbolicate.stats().bytes - before < 10_100_000
    assert view.lookup(0, 0)
