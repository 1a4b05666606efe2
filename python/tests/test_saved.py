"""Saved indexes: written, opened, damaged, and cut short while they are open."""

import os
from pathlib import Path

import pytest
from support import SHOP

import symbolicate
from symbolicate import SourceMap

MAP = SHOP / "dist/terser-names/shop.min.js.map"


def large_map(lines: int) -> bytes:
    """Return a map large enough that its index is mapped into memory, not read."""
    mappings = ";;".join("wHAAG" if i % 3 == 0 else "AAQC" for i in range(lines))
    return b'{"version":3,"sources":["a.js"],"names":[],"mappings":"' + mappings.encode() + b'"}'


def test_a_saved_index_answers_as_the_map_does(tmp_path: Path) -> None:
    path = tmp_path / "shop.index"
    with SourceMap.open(MAP) as m:
        m.save(path)
        with SourceMap.open(path) as saved, SourceMap.from_bytes(path.read_bytes()) as from_bytes:
            for other in saved, from_bytes:
                other.verify()
                assert (len(other), other.sources, other.names) == (len(m), m.sources, m.names)
                assert [other.lookup(0, c) for c in range(0, 6000, 7)] == [m.lookup(0, c) for c in range(0, 6000, 7)]
                texts = [other.source_text(i) for i in range(len(m.sources))]
                assert texts == [m.source_text(i) for i in range(len(m.sources))]
                assert any(texts)
        m.save(path, sources=False)
        with SourceMap.open(path) as bare:
            assert bare.source_text(0) is None
            assert bare.lookup(0, 2683) == m.lookup(0, 2683)
        m.verify()


def test_a_file_that_was_there_stays_when_saving_fails(tmp_path: Path) -> None:
    with SourceMap.open(MAP) as m:
        with pytest.raises(symbolicate.ArtifactError):
            m.save(tmp_path / "no" / "such" / "folder")
        folder = tmp_path / "folder"
        folder.mkdir()
        with pytest.raises(symbolicate.ArtifactError):
            m.save(folder)
    assert os.listdir(tmp_path) == ["folder"]


def test_an_index_may_be_replaced_or_removed_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with SourceMap.from_bytes(large_map(100_000)) as m:
        m.save(path)
        with SourceMap.open(path) as saved:
            with SourceMap.open(MAP) as other:
                other.save(path)
            path.unlink()
            assert [saved.lookup(line, 1000) for line in range(0, 200_000, 999)] == [
                m.lookup(line, 1000) for line in range(0, 200_000, 999)
            ]
            saved.verify()


def test_an_index_cut_short_while_it_is_open_raises(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with SourceMap.from_bytes(large_map(100_000)) as m:
        m.save(path)
        with SourceMap.open(path) as saved:
            os.truncate(path, 4096)
            failed = 0
            for line in range(0, 200_000, 100):
                try:
                    found = saved.lookup(line, 1000)
                except (symbolicate.ParseError, symbolicate.ArtifactError):
                    failed += 1
                else:
                    assert found == m.lookup(line, 1000)
            assert failed > 1000
            with pytest.raises(symbolicate.SymbolicateError):
                saved.verify()
            with pytest.raises(symbolicate.SymbolicateError):
                saved.lookup_many([5], [5])
        with pytest.raises(symbolicate.ParseError, match="truncated"):
            SourceMap.open(path)


def test_a_damaged_index_says_so(tmp_path: Path) -> None:
    path = tmp_path / "index"
    with SourceMap.open(MAP) as m:
        m.save(path)
    good = path.read_bytes()
    for at in 3, 40, 700, len(good) // 2, len(good) - 3:
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(symbolicate.ParseError), SourceMap.open(path) as damaged:
            damaged.verify()
