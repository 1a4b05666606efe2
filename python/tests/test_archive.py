import errno
import json
import os
import threading
from pathlib import Path

import pytest
from support import in_child

from symbolicate import Archive, ArtifactError, ClosedError, Key, ParseError, SourceMap, stats

ID = "85314830-023f-4cf1-a267-535f4e37bb17"


def a_map(name: str, debug_id: str | None = None) -> bytes:
    fields = {"version": 3, "sources": [name], "sourcesContent": [f"// {name}"], "names": [], "mappings": "AAAA"}
    return json.dumps(fields if debug_id is None else {**fields, "debugId": debug_id}).encode()


def test_add_and_get(tmp_path: Path, map_bytes: bytes) -> None:
    path = tmp_path / "ä.symarc"
    with pytest.raises(ArtifactError, match="no such file"):
        Archive.open(path)
    with Archive.open(path, create=True) as archive:
        assert (len(archive), archive.keys(), bool(archive)) == (0, [], True)
        archive.add(map_bytes)
        archive.add(a_map("b.ts"), url="https://x.example/b.js", debug_id=ID.upper().replace("8", "9"))
        with SourceMap.from_bytes(a_map("c.ts")) as m:
            archive.add(m, url="c.js", sources=False)
            assert m.lookup(0, 0), "it stays open"
        file = tmp_path / "d.js.map"
        file.write_bytes(a_map("d.ts", ID.replace("5", "6")))
        archive.add(file)
        nine, six = ID.replace("8", "9"), ID.replace("5", "6")
        assert archive.keys() == [
            *sorted([Key(ID, None), Key(nine, None), Key(six, None)]),
            Key(None, "c.js"),
            Key(None, "https://x.example/b.js"),
        ]
        assert list(archive) == archive.keys()
        for m_, name, text in [
            (archive.get(debug_id=ID), "src/é.ts", "let a\nlet 🛒b\n"),
            (archive.get(debug_id=ID.upper()), "src/é.ts", "let a\nlet 🛒b\n"),
            (archive.get(debug_id=nine), "b.ts", "// b.ts"),
            (archive.get(url="https://x.example/b.js"), "b.ts", "// b.ts"),
            (archive.get(url="c.js"), "c.ts", None),
            (archive.get(debug_id=six), "d.ts", "// d.ts"),
        ]:
            assert m_ is not None
            assert (m_.sources[0], m_.source_text(0)) == (name, text)
        assert archive.get(url="e.js") is None
        archive.verify()
        kept = archive.get(url="c.js")
        assert repr(archive) == f"<symbolicate.Archive {str(path)!r}>"
    assert repr(archive) == f"<symbolicate.Archive {str(path)!r}, closed>"
    assert kept is not None
    assert kept.lookup(0, 0), "a map outlives its archive"
    for call in (archive.keys, archive.verify, archive.reload, lambda: archive.get(url="c.js")):
        with pytest.raises(ClosedError):
            call()
    before = len(Archive.open(path).keys())
    assert len(Archive.open(path, create=True)) == before, "create leaves what is there"


def test_update_is_all_or_nothing(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a", create=True)
    archive.add(a_map("old"), url="old.js")

    class Failure(Exception):
        pass

    with pytest.raises(Failure), archive.update() as changes:
        changes.add(a_map("new"), url="new.js")
        changes.remove(url="old.js")
        raise Failure
    assert archive.keys() == [Key(None, "old.js")]
    closed = SourceMap.from_bytes(a_map("new"))
    with pytest.raises(ClosedError), archive.update() as changes:
        changes.add(a_map("new"), url="new.js")
        changes.add(closed, url="closed.js")
        closed.close()
    assert archive.keys() == [Key(None, "old.js")]
    with archive.update() as changes:
        changes.remove(url="old.js")
        changes.remove(url="never there")
        changes.add(a_map("new"), url="new.js")
    assert archive.keys() == [Key(None, "new.js")]
    before = archive.path.stat().st_size
    archive.compact()
    assert archive.path.stat().st_size < before
    assert [m.sources for m in [archive.get(url="new.js")] if m] == [("new",)]
    assert os.listdir(tmp_path) == ["a"]
    handles = stats().handles
    with archive.update():
        pass
    assert stats().handles == handles


def test_reload(tmp_path: Path) -> None:
    reader = Archive.open(tmp_path / "a", create=True)
    writer = Archive.open(tmp_path / "a")
    writer.add(a_map("x"), url="x.js")
    assert writer.get(url="x.js") is not None
    assert reader.get(url="x.js") is None
    reader.reload()
    assert reader.get(url="x.js") is not None
    writer.remove(url="x.js")
    assert reader.get(url="x.js") is not None, "an open directory stays as it is"


def test_arguments(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a", create=True)
    with pytest.raises(TypeError, match=r"use Archive\.open"):
        Archive()
    with pytest.raises(TypeError, match="one of"):
        archive.get()
    with pytest.raises(TypeError, match="one of"):
        archive.get(debug_id=ID, url="x")
    with pytest.raises(TypeError, match="takes debug_id"):
        archive.remove()
    with pytest.raises(TypeError, match="a key is a str, not bytes"):
        archive.get(url=b"x")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not empty"):
        archive.add(a_map("x"), url="")
    with pytest.raises(ValueError, match="needs a key"):
        archive.add(a_map("x"))
    with pytest.raises(ParseError):
        archive.add(b"{}", url="x.js")
    assert len(archive) == 0


def test_bad_files(tmp_path: Path, map_bytes: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(map_bytes)
    with pytest.raises(ParseError, match="not an archive"):
        Archive.open(path)
    archive = Archive.open(tmp_path / "a", create=True)
    archive.add(map_bytes)
    archive.add(a_map("x"), url="x.js")
    data = bytearray(archive.path.read_bytes())
    data[-3] ^= 1  # in the directory
    path.write_bytes(data)
    for create in (False, True):
        with pytest.raises(ParseError, match="damaged"):
            Archive.open(path, create=create)
    data[-3] ^= 1
    data[4096 + 600] ^= 1  # in an index
    path.write_bytes(data)
    with pytest.raises(ParseError, match="damaged"):
        Archive.open(path).verify()
    with pytest.raises(ArtifactError, match=os.strerror(errno.EISDIR).lower()):
        Archive.open(tmp_path)
    with pytest.raises(ArtifactError):
        Archive.open(tmp_path / "nowhere" / "a", create=True)


def test_many_threads(tmp_path: Path) -> None:
    """Threads add, each through an object of its own, and read: nothing is lost."""
    Archive.open(tmp_path / "a", create=True)
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            archive = Archive.open(tmp_path / "a")
            for i in range(5):
                archive.add(a_map(f"{n}-{i}"), url=f"{n}-{i}.js")
                m = archive.get(url=f"{n}-{i}.js")
                assert m is not None
                assert m.sources == (f"{n}-{i}",)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures
    archive = Archive.open(tmp_path / "a")
    assert len(archive) == 20
    archive.verify()


def test_fork(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path / "a", create=True)
    archive.add(a_map("x"), url="x.js")
    m = archive.get(url="x.js")
    assert m is not None

    def child() -> None:
        assert m.sources == ("x",)
        other = archive.get(url="x.js")
        assert other is not None
        assert other.source_text(0) == "// x"
        archive.add(a_map("y"), url="y.js")
        archive.close()
        m.close()

    assert in_child(child) == 0
    assert archive.get(url="y.js") is None
    archive.reload()
    assert archive.get(url="y.js") is not None
