"""Where the package can be imported: C libraries, interpreters within a process.

Installing itself is tested by `make test-install`, which runs this file too, on every Python there is.
"""

import sys
import sysconfig

import pytest
from support import SHOP, run

DIST = SHOP / "dist/esbuild-names"
NO_SUBINTERPRETERS = (
    "symbolicate can't be imported in a subinterpreter of Python 3.12 before 3.12.8"
    if (3, 12) <= sys.version_info < (3, 12, 8)
    else "module _cffi_backend does not support loading in subinterpreters"
    if sysconfig.get_config_var("Py_GIL_DISABLED")
    else None
)


# What os.confstr does on musl; where its C library has no such name; and what would say that there is none.
@pytest.mark.parametrize("answer", ["raise OSError(22, 'Invalid argument')", "raise ValueError", "return None"])
def test_import_without_glibc(answer: str) -> None:
    code = f"""
import os, sys
def confstr(name):
    assert name == "CS_GNU_LIBC_VERSION"
    {answer}
os.confstr = confstr
try:
    import symbolicate
except ImportError as error:
    print(error)
assert "symbolicate" not in sys.modules and "cffi" not in sys.modules
"""
    result = run(sys.executable, "-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout == (
        "symbolicate needs glibc, and this Python has another C library (musl?), which can't load a library made "
        "by Go: use a Python on glibc, such as Debian's\n"
    )


# The private modules are all there is before Python 3.14.
INTERPRETERS = f"""
import os, sys, time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def create(isolated):
    if sys.version_info >= (3, 13):
        return interpreters.create("isolated" if isolated else "legacy")
    return interpreters.create(isolated=isolated)

def run(number, code):
    "Return what is wrong, None for nothing."
    try:
        error = interpreters.run_string(number, code)
    except Exception as error:
        return str(error)
    return error and error.formatted

def works(number, code):
    error = run(number, code)
    assert error is None, error

USE = '''
import symbolicate
m = symbolicate.SourceMap.open({str(DIST / "shop.min.js.map")!r})
assert m.lookup(0, 2683).line == 18
'''
"""


def run_code(code: str) -> None:
    result = run(sys.executable, "-W", "ignore::DeprecationWarning", "-c", INTERPRETERS + code, timeout=60)
    assert result.returncode == 0, (result.returncode, result.stderr)


@pytest.mark.parametrize("main_first", [True, False])
def test_interpreters_that_share_the_gil(main_first: bool) -> None:
    """They share one library, each has its objects, and the end of an interpreter frees those of its own."""
    if NO_SUBINTERPRETERS:
        refused(False, main_first, NO_SUBINTERPRETERS)
        return
    run_code(f"""
if {main_first}:
    exec(USE)
first, second = create(False), create(False)
works(first, USE)
works(second, USE + "cycle = [m]; cycle.append(cycle)")
if not {main_first}:
    exec(USE)
assert symbolicate.stats().handles == 3
with open("/proc/self/maps") as file:
    assert len({{line.split()[-1] for line in file if "libsymbolicate" in line}}) == 1
works(first, "m.close(); del m")
assert symbolicate.stats().handles == 2
interpreters.destroy(first)
interpreters.destroy(second)
assert symbolicate.stats().handles == 1
assert m.lookup(0, 2683).line == 18
m.close()
assert symbolicate.stats() == (0, 0)
""")


@pytest.mark.parametrize("main_first", [True, False])
def test_isolated_interpreters(main_first: bool) -> None:
    """They have a GIL of their own from Python 3.12 on, and cffi can't: a clean ImportError, and nothing is broken."""
    words = "symbolicate can't be imported in an isolated subinterpreter" if sys.version_info >= (3, 12) else None
    refused(True, main_first, words)


def refused(isolated: bool, main_first: bool, words: str | None) -> None:
    """The import fails with these words, or does not, and the main interpreter goes on."""
    run_code(f"""
if {main_first}:
    exec(USE)
words = {words!r}
for _ in range(3):
    number = create({isolated})
    error = run(number, USE)
    assert (error is None) == (words is None), error
    if words is not None:
        assert "ImportError" in error and words in error, error
    interpreters.destroy(number)
exec(USE)
m.close()
assert symbolicate.stats() == (0, 0)
""")


if sys.version_info >= (3, 14):

    def test_interpreter_pool() -> None:
        run_code("""
from concurrent.futures import InterpreterPoolExecutor
from concurrent import interpreters

def work():
    import symbolicate

with InterpreterPoolExecutor(1) as pool:
    try:
        pool.submit(exec, USE).result()
    except (ImportError, interpreters.ExecutionFailed) as error:
        assert "can't be imported in an isolated subinterpreter" in str(error)
    else:
        raise AssertionError("imported")
exec(USE)
""")


def test_fork_after_interpreters() -> None:
    """Python can't fork while there are subinterpreters, but before and after: calls answer or raise ForkError."""
    run_code("""
exec(USE)
number = create(False)
run(number, USE)
interpreters.destroy(number)
pid = os.fork()
if pid == 0:
    number = create(False)
    for _ in range(3):
        error = run(number, USE)
        assert error is None or "ForkError" in error or "ImportError" in error, error
    interpreters.destroy(number)
    assert m.lookup(0, 2683).line == 18
    assert symbolicate.stats().handles == 1
    os._exit(7)
for _ in range(3000):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        break
    time.sleep(0.01)
else:
    os.kill(pid, 9)
    raise AssertionError("the child hangs")
assert os.waitstatus_to_exitcode(status) == 7, status
assert m.lookup(0, 2683).line == 18
""")
