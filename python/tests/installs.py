"""The ways to install the package, each from a clean copy of the checkout and checked by smoke.py: `make test-install`.

The wheel is also tried on every Python here: those in the variable PYTHONS, or ~/.pyenv/versions/3.1*/bin/python, and
the one that runs this. A version that is missing is named, not failed.
"""

import glob
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support import ROOT, SHOP, run

VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
OLDEST_CFFI = "cffi==1.17.0"
TESTS = ["test_sourcemap.py", "test_stack.py", "test_columns.py", "test_install.py", "test_fork.py"]
SLOW = "not (while or threads or nested or many or 100_000)"


def version_of(python: str) -> str:
    """Return the version, with a t for a build without GIL, or nothing for what does not start."""
    code = (
        "import platform, sysconfig; free = sysconfig.get_config_var('Py_GIL_DISABLED');"
        "print(platform.python_version() + ('t' if free else ''))"
    )
    try:
        return run(python, "-I", "-c", code).stdout.strip()
    except OSError:
        return ""


def find_pythons() -> dict[str, str]:
    """Return the interpreters by version."""
    named = os.environ.get("PYTHONS")
    found = named.split() if named else sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.1*/bin/python")))
    pythons = {version_of(python): python for python in [*found, sys.executable]}
    pythons.pop("", None)
    return pythons


PYTHONS = find_pythons()


def checked(*command: str | Path, **keywords: object) -> str:
    result = run(*map(str, command), timeout=600, **keywords)
    assert result.returncode == 0, f"{command}\n{result.stdout[-5000:]}\n{result.stderr[-5000:]}"
    return result.stdout


def clean_copy(folder: Path) -> Path:
    """Copy what git knows of the checkout: a file that was built, or forgotten in git, is not there."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    copy = folder / "checkout"
    for name in filter(None, names.split("\0")):
        if not name.startswith(("testdata/", "bench/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def environment(folder: Path, python: str = sys.executable) -> Path:
    """Make an environment with nothing in it; return its Python."""
    checked(python, "-m", "venv", "--without-pip", folder / "venv")
    return folder / "venv/bin/python"


def pip_install(python: Path, *arguments: str | Path) -> None:
    checked(sys.executable, "-m", "pip", "--python", python, "install", "-q", *arguments)


def smoke(python: Path, capsys: pytest.CaptureFixture[str], what: str) -> str:
    printed = checked(
        python, "-W", "error", "-W", "ignore::DeprecationWarning", Path(__file__).with_name("smoke.py"), SHOP
    )
    with capsys.disabled():
        print(f"\n{what}: {printed.strip()}", end=" ")
    return printed


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as file:
        return sorted(file.namelist())


def test_versions(capsys: pytest.CaptureFixture[str]) -> None:
    missing = [version for version in VERSIONS if not any(found.startswith(version + ".") for found in PYTHONS)]
    free = "" if any(found.endswith("t") for found in PYTHONS) else "; none without GIL"
    with capsys.disabled():
        print(f"\nPythons: {', '.join(PYTHONS)}; not here: {', '.join(missing) or 'none'}{free}", end=" ")
    assert PYTHONS


def test_pip_install(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = environment(tmp_path)
    pip_install(python, clean_copy(tmp_path), OLDEST_CFFI)
    assert f"in {tmp_path}/venv/" in smoke(python, capsys, f"pip install ., {OLDEST_CFFI}")


def test_editable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The package of the checkout itself is used: what is changed there is seen."""
    copy = clean_copy(tmp_path)
    python = environment(tmp_path)
    pip_install(python, "-e", copy)
    assert f"in {copy}/python/symbolicate" in smoke(python, capsys, "pip install -e .")
    with (copy / "python/symbolicate/__init__.py").open("a") as file:
        file.write("\nchanged = 42\n")
    assert checked(python, "-c", "import symbolicate; print(symbolicate.changed)") == "42\n"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the sdist, which is built from the copy."""
    folder = tmp_path_factory.mktemp("build")
    copy = clean_copy(folder)
    checked(sys.executable, "-m", "build", "-o", folder / "dist", copy)
    (sdist,) = folder.glob("dist/*.tar.gz")
    (wheel,) = folder.glob("dist/*.whl")
    with tarfile.open(sdist) as file:
        stray = [name for name in file.getnames() if "_test.go" in name or "/_native" in name or name.endswith(".so")]
    assert not stray
    return wheel


def test_build(wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert wheel.name.endswith(f"-py3-none-linux_{platform.machine()}.whl")
    names = [name for name in names_in(wheel) if ".dist-info/" not in name]
    modules = [f"symbolicate/{path.name}" for path in (ROOT / "python/symbolicate").iterdir() if path.is_file()]
    built = ["VERSION", "__init__.py", "_cdef.py", "libsymbolicate.so", "symbolicate"]
    native = [f"symbolicate/_native/{name}" for name in built]
    assert names == sorted([*modules, *native])
    python = environment(tmp_path)
    pip_install(python, wheel)
    smoke(python, capsys, "python -m build")


@pytest.mark.parametrize("version", PYTHONS)
def test_one_wheel_everywhere(wheel: Path, version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = environment(tmp_path, PYTHONS[version])
    pip_install(python, wheel)
    smoke(python, capsys, wheel.name)
    if PYTHONS[version] != sys.executable:  # which runs all tests anyway
        pip_install(python, "pytest", "numpy", "pyarrow")
        files = [str(Path(__file__).with_name(name)) for name in TESTS]
        checked(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", SLOW, *files, cwd=ROOT)
