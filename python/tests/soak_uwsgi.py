"""uWSGI, whose master loads the application and opens maps, and then forks workers with threads.

Not among the tests of `make test`: uWSGI is built from source. `make soak` runs it. Every answer of a worker is
compared; workers are killed, asked to reload, and hung until the master's harakiri kills them. With
SYMBOLICATE_SOAK=SECONDS that goes on for so long.
"""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import HANGS, SHOP

from symbolicate import Archive, SourceMap, Symbolicator

SECONDS = float(os.environ.get("SYMBOLICATE_SOAK") or 10)
DIST = SHOP / "dist/terser-names"
URL = "https://shop.example/static/shop.min.js"
TRACE = f"Error: no\n    at f ({URL}:1:501)"

APP = f"""
import gc, json, os, traceback
import symbolicate
from symbolicate import Archive, SourceMap, Symbolicator
MASTER = os.getpid()
PATH = {str(DIST / "shop.min.js.map")!r}
DATA = open(PATH, "rb").read()
MAPS = [SourceMap.from_bytes(DATA), SourceMap.from_bytes(bytearray(DATA)), SourceMap.open(PATH)]
SYMBOLICATOR, ARCHIVE = Symbolicator({str(DIST)!r}), Archive.open("maps.symarc")
assert MAPS[0].lookup(0, 500) and SYMBOLICATOR.symbolicate({TRACE!r}) and ARCHIVE.get(url={URL!r})
HANDLES = symbolicate.stats().handles
def answer(name):
    if name == "state":
        gc.collect()
        return [MASTER, HANDLES, symbolicate.stats().handles, len(os.listdir("/proc/self/fd"))]
    while name == "hang":
        answer("500")
    column = int(name)
    with SourceMap.from_bytes(DATA) as own:
        return [
            *(m.lookup(0, column) for m in (*MAPS, own, ARCHIVE.get(url={URL!r}))),
            *(list(m.lookup_many([0, 0], [column, 0]).line) for m in MAPS),
            str(SYMBOLICATOR.symbolicate({TRACE!r})),
        ]
def application(environ, start_response):
    start_response("200 OK", [])
    try:
        assert os.getpid() != MASTER
        body = answer(environ["PATH_INFO"][1:])
    except BaseException:
        body = traceback.format_exc()
    return [json.dumps([os.getpid(), body]).encode()]
"""


HOOKS = "--py-call-uwsgi-fork-hooks"
"""Without it uWSGI forks without Python's knowledge."""


class Server:
    """uWSGI with two workers of two threads, in a process group of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.socket, self.log = folder / "socket", folder / "log"
        (folder / "app.py").write_text(APP)
        program = shutil.which("uwsgi", path=str(Path(sys.executable).parent))
        assert program, "uWSGI is not installed: python/requirements-soak.txt"
        usual = f"--master --processes 2 --threads 2 --harakiri 3 --die-on-term --need-app --http-socket {self.socket}"
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [program, *usual.split(), *flags, "--wsgi-file", "app.py", "--worker-reload-mercy", "3"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=os.environ | {"PYTHONHOME": sys.base_prefix, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )

    def stop(self) -> None:
        """Ask it to stop; it must, and must have said nothing of crashes."""
        try:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(HANGS) == 0
            said = self.log.read_text()
            for bad in ("Segmentation", "!!! uWSGI process", "SIGSEGV", "fatal error", "Traceback", "SIGABRT"):
                assert bad not in said, said[-5000:]
        finally:
            self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask(self, name: object, *, timeout: float = HANGS) -> tuple[int, Any]:
        """Return the number of the worker's process and its answer. Where a connection breaks it is asked again."""
        end = time.monotonic() + timeout
        while True:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(max(0.1, end - time.monotonic()))
            try:
                connection.sock.connect(str(self.socket))
                connection.request("GET", f"/{name}")
                response = connection.getresponse()
                body = response.read()
                pid, answer = json.loads(body)  # a worker that is killed leaves half an answer
                break
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            finally:
                connection.close()
        assert not isinstance(answer, str), answer
        return pid, answer

    def workers(self) -> set[int]:
        return {self.ask("state")[0] for _ in range(20)}


@pytest.fixture(params=[(HOOKS,), ()], ids=["hooks", "plain"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with Archive.open(tmp_path / "maps.symarc", create=True) as archive:
        archive.add(DIST / "shop.min.js.map", url=URL)
    server = Server(tmp_path, *request.param)
    try:
        yield server
        server.stop()
    except BaseException:
        print(server.log.read_text()[-5000:])
        raise
    finally:
        server.kill()


def expected() -> list[Any]:
    """What workers answer for some columns."""
    m, s = SourceMap.open(DIST / "shop.min.js.map"), Symbolicator(DIST)
    lines = [list(m.lookup_many([0, 0], [column, 0]).line) for column in range(400, 500)]
    return [
        [*[list(m.lookup(0, 400 + i) or ())] * 5, *[lines[i]] * 3, str(s.symbolicate(TRACE))] for i in range(len(lines))
    ]


def test_uwsgi(server: Server) -> None:
    wanted = expected()
    end = time.monotonic() + SECONDS
    failures: list[BaseException] = []
    asked = 0

    def client() -> None:
        nonlocal asked
        try:
            while time.monotonic() < end and not failures:
                i = random.randrange(len(wanted))
                _, answer = server.ask(400 + i)
                assert answer == wanted[i], answer
                asked += 1
        except BaseException as error:
            failures.append(error)

    clients = [threading.Thread(target=client, daemon=True) for _ in range(4)]
    try:
        master, handles, _, descriptors = server.ask("state")[1]
        assert master == server.process.pid, "the application was loaded before the fork"
        for thread in clients:
            thread.start()
        rounds = 0
        troubles: list[Callable[[Server], None]] = [killed, reloaded, hung]
        while time.monotonic() < end and not failures:
            troubles[rounds % len(troubles)](server)
            rounds += 1
    finally:
        end = 0
        for thread in clients:
            if thread.ident:
                thread.join(HANGS)
    assert not any(thread.is_alive() for thread in clients), "a client waits for an answer"
    if failures:
        raise failures[0]
    for _ in range(50):
        server.ask(400)
    for _ in range(20):
        _, (_, _, left, now) = server.ask("state")
        assert left <= handles, "a worker frees what it makes"
        assert now <= descriptors + 4
    print(f"\nuwsgi: {asked:,} requests of 9 answers each, {rounds} times workers were killed, reloaded or hung")


def killed(server: Server) -> None:
    """A worker that is killed is made again, from a master that has long used the library."""
    pid, _ = server.ask("state")
    os.kill(pid, signal.SIGKILL)
    gone(server, {pid})


def reloaded(server: Server) -> None:
    """SIGHUP: the master executes itself anew; all workers go."""
    workers = server.workers()
    server.process.send_signal(signal.SIGHUP)
    gone(server, workers)


def hung(server: Server) -> None:
    """Requests that never end: harakiri kills a worker in the middle of calls of both its threads.

    While one thread answers, uWSGI does not see that the other hangs; of three that hang two are in one worker. Where
    the third is, a reload has to kill it.
    """
    workers, kills = server.workers(), server.log.read_text().count("HARAKIRI ON WORKER")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(HANGS)
            connection.connect(str(server.socket))
            connection.sendall(b"GET /hang HTTP/1.0\r\n\r\n")
        end = time.monotonic() + HANGS
        while server.log.read_text().count("HARAKIRI ON WORKER") == kills:
            assert time.monotonic() < end, "no harakiri"
            time.sleep(0.1)
        server.process.send_signal(signal.SIGHUP)
        gone(server, workers)


def gone(server: Server, workers: set[int]) -> None:
    """Wait until others answer."""
    end = time.monotonic() + HANGS
    while workers & server.workers():
        assert time.monotonic() < end, "the old workers stay"
        time.sleep(0.1)
