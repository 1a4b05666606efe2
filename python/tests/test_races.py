"""Threads, forks and signals against each other: only documented exceptions come out, and no handle stays.

Each race runs for a moment; with SYMBOLICATE_SOAK=SECONDS in the environment, for so many seconds.
"""

import contextlib
import ctypes
import faulthandler
import gc
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from support import HANGS, SHOP, in_child, wait

import symbolicate
from symbolicate import (
    Archive,
    ClosedError,
    FrameTable,
    LimitError,
    Mapping,
    Mappings,
    SourceMap,
    Stack,
    Symbolicator,
)

SECONDS = float(os.environ.get("SYMBOLICATE_SOAK") or 0.7)
DIST = SHOP / "dist/terser-names"
DATA = (DIST / "shop.min.js.map").read_bytes()
URL = "https://shop.example/static/shop.min.js"
TRACE = f"Error: no\n    at f ({URL}:1:501)\n    at g ({URL}:1:2001)"


class Interrupt(Exception):
    """What a signal handler raises."""


@pytest.fixture(autouse=True)
def no_handle_stays() -> Iterator[None]:
    lost: list[str] = []  # not the exceptions: their traces hold objects

    def note(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_type is not Interrupt:  # which may meet a finalizer of Python's, and ends there
            lost.append(f"{args.exc_type.__name__}: {args.exc_value}")

    hook, sys.unraisablehook = sys.unraisablehook, note
    gc.collect()
    handles = symbolicate.stats().handles
    faulthandler.dump_traceback_later(SECONDS + 2 * HANGS, exit=True)
    try:
        yield
        gc.collect()
        assert symbolicate.stats().handles <= handles
        assert not lost
    finally:
        faulthandler.cancel_dump_traceback_later()
        sys.unraisablehook = hook


def race(*bodies: Callable[[], object], allowed: tuple[type[Exception], ...] = ()) -> int:
    """Run each body again and again in a thread of its own until time is over; return how often in all.

    An exception that is not allowed ends the race and is raised.
    """
    end = time.monotonic() + SECONDS
    failures: list[BaseException] = []
    rounds = [0] * len(bodies)

    def run(i: int, body: Callable[[], object]) -> None:
        try:
            while time.monotonic() < end and not failures:
                with contextlib.suppress(*allowed):
                    body()
                rounds[i] += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i, body), daemon=True) for i, body in enumerate(bodies)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + HANGS)
        assert not thread.is_alive(), "a thread hangs"
    if failures:
        raise failures[0]
    assert all(rounds)
    return sum(rounds)


class Objects:
    """One of each kind, and calls of them whose answers are known."""

    def __init__(self, folder: Path) -> None:
        index, archive = folder / "shop.symidx", folder / "shop.symarc"
        if not index.exists():
            with SourceMap.from_bytes(DATA) as m:
                m.save(index)
            with Archive.open(archive, create=True) as a:
                a.add(DATA, url=URL)
        self.maps = [SourceMap.from_bytes(DATA), SourceMap.from_bytes(bytearray(DATA)), SourceMap.open(index)]
        self.archive = Archive.open(archive)
        self.symbolicator = Symbolicator()
        self.symbolicator.add(URL, source_map=DATA)
        self.calls: list[Callable[[], object]] = [
            *(lambda m=m: m.lookup(0, 500) for m in self.maps),
            *(lambda m=m: m.lookup_many([0] * 2000, range(2000)) for m in self.maps),
            *(lambda m=m: (m.sources, m.names, m.source_text(0)) for m in self.maps),
            lambda: opened(self.archive.get(url=URL)).lookup(0, 500),
            lambda: self.archive.keys(),
            lambda: self.symbolicator.symbolicate(TRACE),
            lambda: self.symbolicator.symbolicate_many([TRACE] * 10, threads=2),
        ]

    def all(self) -> list[SourceMap | Archive | Symbolicator]:
        return [*self.maps, self.archive, self.symbolicator]

    def answers(self) -> list[object]:
        return [plain(call()) for call in self.calls]


def opened(m: SourceMap | None) -> SourceMap:
    assert m is not None
    return m


def plain(answer: object) -> object:
    """Return an answer as what can be compared; tables are read to the end."""
    if isinstance(answer, Mappings):
        return [list(getattr(answer, name)) for name in answer.COLUMNS]
    if isinstance(answer, FrameTable):
        return list(answer.texts), [list(getattr(answer, name)) for name in answer.COLUMNS]
    assert isinstance(answer, Mapping | Stack | tuple | list)
    return answer


@pytest.fixture
def known(tmp_path: Path) -> list[object]:
    """What every call answers."""
    return Objects(tmp_path).answers()


def test_close_while_others_call(tmp_path: Path, known: list[object]) -> None:
    """A call gives the whole answer or ClosedError, whatever is closed meanwhile. Answers outlive what gave them."""
    current = [Objects(tmp_path)]
    kept: list[tuple[int, object]] = []

    def call() -> None:
        i = random.randrange(len(known))
        answer = current[0].calls[i]()
        if random.random() < 0.1:
            assert plain(answer) == known[i]
            kept[random.randrange(200) :] = [(i, answer)]

    def close() -> None:
        old, current[0] = current[0], Objects(tmp_path)
        victims = old.all()
        random.shuffle(victims)
        for x in victims:
            x.close()
            with pytest.raises(ClosedError):
                x.lookup(0, 500) if isinstance(x, SourceMap) else old.calls[-4 if isinstance(x, Archive) else -1]()

    race(call, call, call, close, allowed=(ClosedError,))
    for x in current.pop().all():
        x.close()
    assert kept
    for i, answer in kept:
        assert plain(answer) == known[i]


def test_close_from_many_threads(tmp_path: Path) -> None:
    """Threads that close the same objects: each is closed once, and only it."""
    stays = Objects(tmp_path)
    wanted = stays.answers()
    gate = threading.Barrier(4, timeout=HANGS)
    current = [Objects(tmp_path)]
    end = time.monotonic() + SECONDS
    failures: list[BaseException] = []

    def close() -> None:
        try:
            while gate.wait() >= 0 and current:
                for x in current[0].all():
                    x.close()
                if gate.wait() == 0:
                    if symbolicate.stats().handles != before:
                        raise AssertionError(symbolicate.stats())
                    current[:] = [Objects(tmp_path)] if time.monotonic() < end else []
        except BaseException as error:
            failures.append(error)
            gate.abort()

    before = symbolicate.stats().handles - len(stays.all())
    threads = [threading.Thread(target=close, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + HANGS)
        assert not thread.is_alive(), "a thread hangs"
    assert not failures, failures
    assert stays.answers() == wanted


def test_drop_in_another_thread(tmp_path: Path, known: list[object]) -> None:
    """Objects die where the collector happens to run: in other threads, in the middle of other calls."""
    shared = Objects(tmp_path)
    waiting: list[object] = []

    def make() -> None:
        for _ in range(20):
            gc.set_threshold(random.randrange(1, 50))  # it runs wherever objects are made, inside the package too
            ring: list[object] = [SourceMap.from_bytes(DATA)]
            ring.append(ring)
            del ring  # garbage as young as can be: it goes while the next one is made
        waiting.append(Objects(tmp_path))

    def drop() -> None:
        if waiting:
            waiting.pop()
        gc.collect()

    def call() -> None:
        i = random.randrange(len(known))
        assert plain(shared.calls[i]()) == known[i]

    thresholds = gc.get_threshold()
    try:
        race(make, drop, call)
    finally:
        gc.set_threshold(*thresholds)


def test_archive_that_is_updated(tmp_path: Path) -> None:
    """Readers of an archive see each key with its map, or not at all, while two others update and compact it."""
    path = tmp_path / "release.symarc"
    first = Archive.open(path, create=True)
    first.add(DATA, url=URL)
    second, reader = Archive.open(path), Archive.open(path)
    maps = {f"https://shop.example/{i}.js": map_number(i) for i in range(8)}

    def update(archive: Archive) -> None:
        url = random.choice(list(maps))
        with archive.update() as changes:
            if random.random() < 0.5:
                changes.add(maps[url], url=url)
            else:
                changes.remove(url=url)
        if random.random() < 0.1:
            archive.compact()

    def read() -> None:
        url = random.choice(list(maps))
        m = reader.get(url=url)
        if m is not None:
            assert m.sources == (url.removeprefix("https://shop.example/"),)
        assert opened(reader.get(url=URL)).lookup(0, 500) is not None

    def reload() -> None:
        reader.reload()
        assert {key.url for key in reader} <= {URL, *maps}
        reader.verify()

    race(lambda: update(first), lambda: update(second), read, read, reload)
    first.verify()


def map_number(i: int) -> bytes:
    return b'{"version":3,"sources":["%d.js"],"names":[],"mappings":"AAAA"}' % i


def test_fork_while_all_this_goes_on(tmp_path: Path, known: list[object]) -> None:
    """A child made while threads call, make and close goes on with what was open, and frees what it drops."""
    shared = Objects(tmp_path)

    def call() -> None:
        i = random.randrange(len(known))
        assert plain(shared.calls[i]()) == known[i]

    def make() -> None:
        objects = Objects(tmp_path)
        objects.calls[random.randrange(len(known))]()
        for x in objects.all():
            x.close()

    def child() -> None:
        assert shared.answers() == known
        for x in shared.all():
            x.close()
        gc.collect()
        assert symbolicate.stats().handles <= len(shared.all()), "what make() was at is left, if it was"

    def fork() -> None:
        assert in_child(child) == 0

    race(call, call, make, fork)


def test_first_calls_after_a_fork_that_python_does_not_see(tmp_path: Path) -> None:
    """Threads of a uWSGI worker make the first calls at once, and have right answers."""
    maps = [SourceMap.from_bytes(map_number(i)) for i in range(8)]

    def child() -> None:
        gate = threading.Barrier(len(maps))
        failures: list[BaseException] = []

        def call(i: int) -> None:
            try:
                gate.wait()
                for _ in range(200):
                    own = SourceMap.from_bytes(map_number(i))
                    assert [source_at(own), source_at(maps[i])] == [f"{i}.js"] * 2
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=call, args=(i,)) for i in range(len(maps))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pid = ctypes.PyDLL(None).fork()
        if pid == 0:
            try:
                child()
                os._exit(0)
            except BaseException as error:
                print(f"in the child: {error!r}", file=sys.stderr, flush=True)
                os._exit(1)
        assert wait(pid) == 0


def source_at(m: SourceMap) -> str | None:
    mapping = m.lookup(0, 0)
    return mapping.source if mapping else None


def test_limits_meanwhile(tmp_path: Path, known: list[object]) -> None:
    """The limit moves, memory is trimmed and counted while maps are made: a LimitError, or the whole answer."""
    shared = Objects(tmp_path)

    def make() -> None:
        for data in (DATA, bytearray(DATA)):
            with SourceMap.from_bytes(data) as m:
                assert m.lookup(0, 500) == known[0]

    def limit() -> None:
        symbolicate.set_memory_limit(random.choice([None, 100, 300_000, 1 << 30]))

    def count() -> None:
        stats = symbolicate.stats()
        assert stats.handles >= len(shared.all()) and stats.bytes > 0
        symbolicate.trim()

    def call() -> None:
        i = random.randrange(len(known))
        assert plain(shared.calls[i]()) == known[i]

    try:
        race(make, make, limit, count, call, allowed=(LimitError,))
    finally:
        symbolicate.set_memory_limit(None)


def interrupted(bodies: list[Callable[[], object]], act: Callable[[], None]) -> int:
    """Run the bodies in turn, each with a signal at a random moment whose handler calls act(); return how many met it.

    act() runs at most once a body, and never outside of one.
    """
    armed = met = 0

    def handler(number: int, frame: FrameType | None) -> None:
        nonlocal armed, met
        if armed:
            armed = 0
            met += 1
            act()

    before = signal.signal(signal.SIGALRM, handler)
    usual = dict.fromkeys(range(len(bodies)), 50e-6)
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            for i, body in enumerate(bodies):
                start = time.perf_counter()
                try:
                    armed = 1
                    signal.setitimer(signal.ITIMER_REAL, max(1e-6, random.uniform(0, 1.2 * usual[i])))
                    body()
                    armed = 0
                except Interrupt:
                    continue
                usual[i] = 0.9 * usual[i] + 0.1 * (time.perf_counter() - start)
    finally:
        armed = 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return met


def bodies_for(folder: Path, shared: Objects) -> list[Callable[[], object]]:
    """Each makes, uses and drops something."""

    def closed() -> None:
        with SourceMap.from_bytes(DATA) as m:
            m.lookup(0, 500)

    def ring() -> None:
        ring: list[object] = [SourceMap.from_bytes(bytearray(DATA))]
        ring.append(ring)
        del ring
        gc.collect()

    def added() -> None:
        s = Symbolicator()
        s.add(URL, source_map=DATA)
        s.symbolicate(TRACE)

    def updated() -> None:
        if random.random() < 0.95:  # it waits for the disk
            return
        with Archive.open(folder / "other.symarc", create=True) as archive:
            archive.add(DATA, url=URL)

    return [
        lambda: SourceMap.from_bytes(DATA),
        lambda: SourceMap.open(folder / "shop.symidx").lookup(0, 500),
        lambda: Archive.open(folder / "shop.symarc").get(url=URL),
        lambda: symbolicate.parse_stack(TRACE),
        closed,
        ring,
        added,
        updated,
        *shared.calls,
    ]


def test_signal_that_raises(tmp_path: Path, known: list[object]) -> None:
    """An exception from a signal handler passes through at any moment: nothing is lost, what is shared stays whole."""
    shared = Objects(tmp_path)

    def act() -> None:
        raise Interrupt

    assert interrupted(bodies_for(tmp_path, shared), act) > 0
    assert shared.answers() == known


def test_signal_that_calls(tmp_path: Path, known: list[object]) -> None:
    """A signal handler may use, close and collect whatever the code that it interrupts is at."""
    shared = Objects(tmp_path)
    victims: list[SourceMap] = []

    def act() -> None:
        i = random.randrange(len(known))
        assert plain(shared.calls[i]()) == known[i]
        if victims:
            victims.pop().close()
        gc.collect()

    def close() -> None:
        m = SourceMap.from_bytes(DATA)
        victims.append(m)
        with contextlib.suppress(ClosedError):
            m.lookup(0, 500)
        m.close()
        victims.clear()

    bodies = bodies_for(tmp_path, shared)
    assert interrupted([*bodies, *[close] * len(bodies)], act) > 0


def test_signal_and_threads(tmp_path: Path, known: list[object]) -> None:
    """The same as threads call, close and collect."""
    shared = Objects(tmp_path)
    stop = threading.Event()
    failures: list[BaseException] = []

    def busy() -> None:
        try:
            while not stop.is_set():
                i = random.randrange(len(known))
                assert plain(shared.calls[i]()) == known[i]
                SourceMap.from_bytes(DATA).close()
                gc.collect()
        except BaseException as error:
            failures.append(error)

    def act() -> None:
        raise Interrupt

    threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        assert interrupted(bodies_for(tmp_path, shared), act) > 0
    finally:
        stop.set()
        for thread in threads:
            thread.join(HANGS)
            assert not thread.is_alive(), "a thread hangs"
    assert not failures, failures
    assert shared.answers() == known
