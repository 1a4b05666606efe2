"""Runs the leak, fork, race and server tests for ten minutes: `make soak`.

    python soak.py [--seconds N]

Two lanes work at once on one list of jobs, each of which is a process: one takes leak tests from the front, the other
takes what forks and races from the back. With 600 seconds every kind of object is made and dropped a million times,
what takes long less often; with fewer or more seconds, in proportion. When the list is empty, races go on until time is
over; when time is over first, the list is still done. The first failure, or Ctrl-C, ends all. What jobs print is in
build/soak.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from soak_leaks import KINDS
from support import ROOT

TESTS = Path(__file__).parent
LOGS = ROOT / "build" / "soak"
STOPS = 20.0
"""Seconds that a job has to clean up when it is interrupted."""


class Job(NamedTuple):
    part: str
    name: str
    command: list[str]
    seconds: float
    """What SYMBOLICATE_SOAK says: races and uWSGI run each test for so long, forks a thousand times whatever it is."""


def pytest_job(part: str, seconds: float, *names: str) -> Job:
    command = [sys.executable, "-m", "pytest", "-q", "-s", *(str(TESTS / name) for name in names)]
    return Job(part, part, command, seconds)


def races(seconds: float) -> Job:
    """Races that take so long in all."""
    tests = len(re.findall(r"^def test_", (TESTS / "test_races.py").read_text(), re.MULTILINE))
    return pytest_job("races", seconds / tests, "test_races.py")


def jobs(seconds: float) -> Iterator[Job]:
    leaks = [sys.executable, str(TESTS / "soak_leaks.py")]
    cycles = int(1_000_000 * seconds / 600)
    yield Job("control", "deliberate mistakes", [*leaks, "--control"], 0)
    for name in KINDS:
        yield Job("leaks", name, [*leaks, "--cycles", str(cycles), name], 0)
    yield pytest_job("files", 1, "test_archive.py", "test_saved.py", "test_memory.py")
    yield pytest_job("servers", 1, "test_servers.py")
    yield pytest_job("shutdown", 1, "test_shutdown.py")
    yield pytest_job("uwsgi", seconds / 20, "soak_uwsgi.py")
    yield races(seconds / 6)
    yield pytest_job("forks", 1, "test_fork.py")


class Soak:
    def __init__(self, seconds: float) -> None:
        self.seconds, self.start = seconds, time.monotonic()
        self.waiting = deque(jobs(seconds))
        self.failed: Job | None = None
        self.stop = threading.Event()
        self.done: dict[str, list[float]] = {job.part: [] for job in self.waiting}
        self.lock = threading.Lock()

    def say(self, words: str) -> None:
        print(f"[{time.monotonic() - self.start:4.0f} s] {words}", flush=True)

    def lane(self, back: bool) -> None:
        while not self.stop.is_set():
            with self.lock:
                job = (self.waiting.pop() if back else self.waiting.popleft()) if self.waiting else None
            left = self.start + self.seconds - time.monotonic()
            if job is None:
                if left < 20:
                    return
                job = races(left - 5)
            if not self.run(job):
                self.stop.set()

    def run(self, job: Job) -> bool:
        """Run a job to its end; return whether it went well. One that is stopped by others counts as well."""
        start = time.monotonic()
        log = LOGS / f"{re.sub('[^a-z0-9]+', '-', f'{job.part} {job.name}'.lower())}-{threading.get_ident()}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                job.command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,  # a file: children that outlive the job can't hold it open
                stderr=out,
                start_new_session=True,
                env=os.environ | {"SYMBOLICATE_SOAK": f"{job.seconds:.2f}"},
            )
        end = start + 3 * self.seconds + 600
        try:
            while process.poll() is None and time.monotonic() < end and not self.stop.wait(0.2):
                pass
        finally:
            stopped = process.poll() is None
            if stopped:
                end_group(process)
        if stopped and self.stop.is_set():
            return True
        said = log.read_text(errors="replace").splitlines()
        if stopped or process.returncode:
            with self.lock:
                if self.failed is None:
                    self.failed = job
                    print("\n".join(said[-100:]))
                    why = "hangs" if stopped else f"exit code {process.returncode}"
                    self.say(f"{job.part}: {job.name} FAILED ({why}); all it printed: {log}")
            return False
        self.done[job.part].append(time.monotonic() - start)
        for line in [line for line in said[:-1] if line.startswith(f"{job.part}: ")] + said[-1:]:
            self.say(f"{job.part}: {line.removeprefix(f'{job.part}: ')}")
        return True

    def summary(self) -> None:
        waiting = [job.part for job in self.waiting]
        for part, seconds in self.done.items():
            verdict = "passed"
            if self.failed and self.failed.part == part:
                verdict = f"FAILED at {self.failed.name}"
            elif part in waiting or not seconds:
                verdict = "not finished"
            print(f"{part:9} {len(seconds):3} jobs in {sum(seconds):5.0f} s: {verdict}")


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a job, so that it ends the servers that it started; kill it when it does not end."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOPS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM is like Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    seconds: float = parser.parse_args().seconds
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    soak = Soak(seconds)
    lanes = [threading.Thread(target=soak.lane, args=(back,)) for back in (False, True)]
    with interruptible():
        try:
            for lane in lanes:
                lane.start()
            while any(lane.is_alive() for lane in lanes):
                time.sleep(0.2)
        except KeyboardInterrupt:
            soak.say("interrupted")
            soak.stop.set()
            for lane in lanes:
                lane.join()
            soak.summary()
            return 130
    soak.summary()
    return int(soak.failed is not None or bool(soak.waiting))


if __name__ == "__main__":
    sys.exit(main())
