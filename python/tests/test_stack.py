import json
import os
import threading
from pathlib import Path

import pytest
from support import SHOP

from symbolicate import ArtifactError, ClosedError, Frame, Symbolicator, parse_stack

TABLE = json.loads((SHOP / "expected.json").read_text("utf-8"))["cases"]


def test_parse_stack() -> None:
    stack = parse_stack("TypeError: no\n    at f (https://x.example/a.js:1:20)\n    at Array.map (<anonymous>)\n")
    assert stack.message == "TypeError: no"
    first, second = stack.frames
    assert (first.function, first.filename, first.lineno, first.colno) == ("f", "https://x.example/a.js", 1, 20)
    assert first.minified is None
    assert not first.mapped
    assert second.native
    assert str(stack) == "TypeError: no\n    at f (https://x.example/a.js:1:20)\n    at Array.map (<anonymous>)\n"
    assert parse_stack("no frames").frames == []
    with pytest.raises(TypeError):
        parse_stack(b"bytes")  # type: ignore[arg-type]


@pytest.mark.parametrize("case", TABLE, ids=lambda c: f"{c['build']}-{c['engine']}-{c['scenario']}")
def test_shop(case: dict[str, object]) -> None:
    trace = (SHOP / str(case["trace"])).read_text("utf-8")
    with Symbolicator(SHOP / "dist" / str(case["build"])) as s:
        stack = s.symbolicate(trace)
    expected = case["frames"]
    assert isinstance(expected, list)
    assert len(stack.frames) == len(expected)
    for frame, want in zip(stack.frames, expected, strict=True):
        assert frame.minified is not None
        if "line" not in want:
            assert not frame.mapped
            assert frame.reason == "native"
            continue
        assert frame.filename.lstrip("./") == want["file"]
        assert (frame.lineno, frame.colno) == (want["line"], want["column"])
        assert frame.context_line == want["code"]
        assert frame.in_app
        assert frame.reason is None
        assert f":{want['line']}:{want['column']}" in str(stack)


def test_frames() -> None:
    """Frames that a service has are symbolicated as the text that they came from."""
    build = SHOP / "dist/terser-names"
    with Symbolicator(build) as s:
        for trace in (SHOP / "traces/terser-names").glob("*.txt"):
            text = trace.read_text("utf-8")
            printed = parse_stack(text).frames
            if any("eval" in f.filename for f in printed):
                continue
            mine = [Frame(f.function, f.filename, f.lineno, f.colno, f.native) for f in printed]
            found = s.symbolicate(mine)
            assert sum(f.mapped for f in found) > 2
            for frame, want in zip(found, s.symbolicate(text).frames, strict=True):
                assert frame.minified is not None
                assert want.minified is not None
                assert frame._replace(minified=frame.minified._replace(raw=want.minified.raw)) == want
        assert s.symbolicate([]) == []
        nothing = s.symbolicate([Frame("", "", 0, 0)])[0]
        assert (nothing.mapped, nothing.reason) == (False, "no_file")
        with pytest.raises(TypeError, match="this has int"):
            s.symbolicate(b"at f (a.js:1:1)")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="lineno is -1"):
            s.symbolicate([Frame("f", "a.js", -1, 1)])
    with pytest.raises(ClosedError):
        s.symbolicate([])


def test_artifacts(tmp_path: Path) -> None:
    js = SHOP / "dist/terser-names/shop.min.js"
    source_map = SHOP / "dist/terser-names/shop.min.js.map"
    trace = "Error\n    at f (https://cdn.example/v1/bundle.js:1:300)"
    with Symbolicator() as s:
        assert s.symbolicate(trace).frames[0].reason == "no_map"
        s.add("https://cdn.example/v1/bundle.js", source=js, source_map=source_map.read_bytes())
        frame = s.symbolicate(trace).frames[0]
        assert frame.mapped
        assert frame.minified is not None
        assert frame.minified.colno == 300
        with pytest.raises(ArtifactError):
            s.add()
        with pytest.raises(ArtifactError, match="nowhere"):
            s.add("u", source_map=tmp_path / "nowhere")


def test_frame_without_map(tmp_path: Path) -> None:
    (tmp_path / "a.js.map").write_text("<html>")
    line = "    at f (https://x.example/a.js:1:20)"
    frame = Symbolicator(tmp_path).symbolicate("Error\n" + line).frames[0]
    assert frame.reason == "not_json"
    assert frame.detail is not None
    assert "a.js.map" in frame.detail
    assert "byte 0" in frame.detail
    assert frame.minified is not None
    assert frame.minified.raw == line


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no such file"):
        Symbolicator(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="context_lines"):
        Symbolicator(tmp_path, context_lines=6)
    s = Symbolicator(tmp_path)
    s.close()
    s.close()
    with pytest.raises(ClosedError):
        s.symbolicate("x")
    assert repr(s) == "<symbolicate.Symbolicator, closed>"


def test_context_lines() -> None:
    trace = (SHOP / "traces/terser-names/node-checkout.txt").read_text("utf-8")
    for n in (0, 3):
        frame = Symbolicator(SHOP / "dist/terser-names", context_lines=n).symbolicate(trace).frames[2]
        assert len(frame.pre_context) == len(frame.post_context) == n
        assert frame.context_line is not None


def test_threads() -> None:
    trace = (SHOP / "traces/terser-names/node-checkout.txt").read_text("utf-8")
    s = Symbolicator(SHOP / "dist/terser-names")
    results: list[str] = []
    threads = [threading.Thread(target=lambda: results.append(str(s.symbolicate(trace)))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 8
    assert set(results) == {str(s.symbolicate(trace))}


def test_100_000_frames() -> None:
    line = "    at f (https://x.example/a.js:1:20)\n"
    stack = Symbolicator().symbolicate("Error\n" + line * 100_000)
    assert len(stack.frames) == 100_000
    assert {f.reason for f in stack.frames} == {"no_map"}
    assert str(stack).count(os.linesep) == 100_001
