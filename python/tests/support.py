"""Where things lie, and children under a watchdog, for tests."""

import os
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "testdata" / "shop"
CORPUS = ROOT / ".cache" / "corpus"

HANGS = 60.0
"""Seconds after which a child is taken to hang; a loaded machine needs a few for what takes milliseconds."""


def run(*arguments: str, timeout: float = 120, **keywords: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, check=False, **keywords)  # type: ignore[call-overload, no-any-return]


def fork(body: Callable[[], object]) -> int:
    """Run body() in a child of fork, which ends without Python's usual end; return its process number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads: that is what is tested
        pid = os.fork()
    if pid:
        return pid
    try:
        body()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def wait(pid: int) -> int:
    """Return the exit code of a child; one that hangs is an error."""
    end = time.monotonic() + HANGS
    pause = 0.0005
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the child hangs")


def in_child(body: Callable[[], object]) -> int:
    """Run body() in a child of fork and return its exit code."""
    return wait(fork(body))
