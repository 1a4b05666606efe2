"""Builds the Python package: the Go core as a C library, the command, and cffi's view of the header.

Everything else about the package stands in pyproject.toml.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


def fail(sentence):
    sys.exit(f"symbolicate: {sentence}")


def version():
    return re.search(r'Version = "(.+)"', (ROOT / "symbolicate/version.go").read_text())[1]


def run(*command, **environment):
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        fail(f"'{' '.join(command[:2])}' failed, see above")
    return result.stdout.strip()


def numbers(text):
    return tuple(int(n) for n in re.findall(r"\d+", text)[:2])


def check_tools():
    """Stop with one sentence when Go or a C compiler is missing or too old, or builds for a system that can't do."""
    wanted = re.search(r"^go (\S+)", (ROOT / "go.mod").read_text(), re.MULTILINE)[1]
    if not shutil.which("go"):
        fail(f"building from source needs Go {wanted} or newer on the PATH, and there is none")
    # GOTOOLCHAIN=local: go.mod of this very folder must not make an old Go fetch a newer one.
    found = run("go", "env", "GOVERSION", GOTOOLCHAIN="local", GOFLAGS="-mod=mod", GO111MODULE="off")
    if numbers(found) < numbers(wanted):
        fail(f"building from source needs Go {wanted} or newer, this is {found}")
    system = run("go", "env", "GOOS", GO111MODULE="off")
    if system != "linux":
        fail(f"the package is for Linux, and this builds for {system}: docs/INSTALL.md says what a port needs")
    compiler = shlex.split(run("go", "env", "CC", GO111MODULE="off"))
    if not shutil.which(compiler[0]):
        fail(f"building from source needs a C compiler, and '{compiler[0]}' is not on the PATH")
    # Asked of the compiler, since it may be one for another machine, and of its header, since musl-gcc names a glibc
    # target. Go's shared libraries use initial-exec TLS, which musl gives to programs only.
    macros = run(*compiler, "-E", "-dM", "-include", "limits.h", "-x", "c", os.devnull)
    if "__GLIBC__" not in macros:
        fail(
            f"'{compiler[0]}' builds for a C library that is not glibc (musl?), which can't load a library made by Go: "
            "use a system with glibc, such as Debian"
        )


def build_native(folder):
    """Put the library, the command, the header's declarations and the version into the folder."""
    check_tools()
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-trimpath", "-buildvcs=false"]
    hide = f"-extldflags=-Wl,--version-script={ROOT / 'cabi/exports.map'}"
    library = folder / "libsymbolicate.so"
    run(
        *("go", "build", *flags, "-buildmode=c-shared", f"-ldflags=-s -w '{hide}'"),
        *("-o", str(library), "./cabi"),
        CGO_ENABLED="1",
    )
    library.with_suffix(".h").unlink()  # Go writes a header of its own; ours is cabi/include/symbolicate.h
    run(
        "go", "build", *flags, "-ldflags=-s -w", "-o", str(folder / "symbolicate"), "./cmd/symbolicate", CGO_ENABLED="0"
    )
    (folder / "VERSION").write_text(version() + "\n")
    (folder / "__init__.py").write_text("")
    write_cdef(folder / "_cdef.py")


def write_cdef(path):
    """Write cffi's out-of-line form of the header: nothing is parsed when the package is imported."""
    import cffi

    header = (ROOT / "cabi/include/symbolicate.h").read_text()
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    header = re.sub(r"^static inline .*?^}$", "", header, flags=re.DOTALL | re.MULTILINE)
    header = re.sub(r"#ifdef __cplusplus.*?#endif", "", header, flags=re.DOTALL)
    header = re.sub(r"^#.*$", "", header, flags=re.MULTILINE)
    ffi = cffi.FFI()
    ffi.cdef(header)
    ffi.set_source("symbolicate._native._cdef", None)
    ffi.emit_python_code(str(path))


class BuildNative(build_py):
    def run(self):
        super().run()
        base = ROOT / "python" if self.editable_mode else Path(self.build_lib)
        build_native(base / "symbolicate" / "_native")


class PlatformWheel(bdist_wheel):
    """One wheel for every Python 3 of a platform: the library knows nothing of Python."""

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(
    version=version(),
    cmdclass={"build_py": BuildNative, "bdist_wheel": PlatformWheel},
    distclass=PlatformDistribution,
)
