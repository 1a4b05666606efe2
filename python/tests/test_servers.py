"""Real servers that load the package, open maps, and then fork their workers."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import celery  # type: ignore[import-untyped]
import pytest
from support import HANGS, SHOP

from symbolicate import SourceMap, Symbolicator

DIST = SHOP / "dist/terser-names"
TRACE = (SHOP / "traces/terser-names/node-checkout.txt").read_text()

SHARED = f"""
from symbolicate import SourceMap, Symbolicator
MAP = SourceMap.open({str(DIST / "shop.min.js.map")!r})
SYMBOLICATOR = Symbolicator({str(DIST)!r})
TRACE = {TRACE!r}
assert MAP.lookup(0, 100) and SYMBOLICATOR.symbolicate(TRACE)
def answer(column):
    return [os.getpid(), MAP.lookup(0, column).line, str(SYMBOLICATOR.symbolicate(TRACE))]
"""


def expected(column: int) -> list[object]:
    mapping = SourceMap.open(DIST / "shop.min.js.map").lookup(0, column)
    assert mapping
    return [mapping.line, str(Symbolicator(DIST).symbolicate(TRACE))]


@contextmanager
def server(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server; at the end it is told to stop, and must do so."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=folder, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(HANGS) == 0, log.read_text()
    except BaseException:
        print(log.read_text())
        raise
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=HANGS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(HANGS)
        self.sock.connect(str(self.path))


def ask(path: Path, column: int) -> list[object]:
    end = time.monotonic() + HANGS
    while True:
        connection = UnixConnection(path)
        try:
            connection.request("GET", f"/{column}")
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            answer: list[object] = json.loads(body)
            return answer
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_gunicorn_preload(tmp_path: Path, kind: str) -> None:
    (tmp_path / "app.py").write_text(
        "import json, os\n" + SHARED + "PARENT = os.getpid()\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    assert os.getpid() != PARENT\n"
        "    return [json.dumps(answer(int(environ['PATH_INFO'][1:]))).encode()]\n"
    )
    path = tmp_path / "socket"
    with server(
        tmp_path, "gunicorn", "--preload", "-w", "3", "-k", kind, "--threads", "4", "-b", f"unix:{path}", "app:app"
    ) as process:
        workers = set()
        for column in range(100, 160):
            pid, *rest = ask(path, column)
            assert rest == expected(column)
            workers.add(pid)
        if kind == "sync":  # one that is killed is made again, from a parent that has long used the library
            for pid in workers:
                os.kill(int(str(pid)), signal.SIGKILL)
            pid, *rest = ask(path, 100)
            assert rest == expected(100)
            assert pid not in workers
        assert process.poll() is None


def test_celery_prefork(tmp_path: Path) -> None:
    for name in ("in", "results"):
        (tmp_path / name).mkdir()
    settings = {
        "broker_url": "filesystem://",
        "broker_transport_options": {
            "data_folder_in": f"{tmp_path}/in",
            "data_folder_out": f"{tmp_path}/in",
            "control_folder": f"{tmp_path}/control",
        },
        "result_backend": f"file://{tmp_path}/results",
    }
    (tmp_path / "tasks.py").write_text(
        f"import os\nfrom celery import Celery\n{SHARED}\n"
        f"app = Celery('tasks')\napp.conf.update({settings!r})\n"
        "PARENT = os.getpid()\n"
        "@app.task\ndef look(column):\n    assert os.getpid() != PARENT\n    return answer(column)\n"
    )
    sender = celery.Celery("tasks")
    sender.conf.update(settings)
    flags = ("--pool", "prefork", "-c", "3", "-l", "warning", "--without-gossip", "--without-mingle")
    with server(tmp_path, "celery", "-A", "tasks", "worker", *flags):
        workers: set[object] = set()
        end = time.monotonic() + HANGS
        while len(workers) < 2:  # one may be so fast that it takes all of them
            assert time.monotonic() < end, "there is one worker only"
            waiting = [sender.send_task("tasks.look", (column,)) for column in range(100, 130)]
            for column, result in zip(range(100, 130), waiting, strict=True):
                pid, *rest = result.get(timeout=HANGS)
                assert rest == expected(column)
                workers.add(pid)
