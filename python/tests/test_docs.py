"""The Python of README and of the guide is run, from the top of the repository, and must print what stands there."""

import doctest
import os

import pytest
from support import ROOT


@pytest.mark.parametrize(("name", "examples"), [("README.md", 5), ("docs/PYTHON.md", 40), ("docs/COMPAT.md", 18)])
def test_examples(monkeypatch: pytest.MonkeyPatch, name: str, examples: int) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(
        os.fspath(ROOT / name), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert attempted >= examples
    assert failed == 0
