"""README's Python is run, from the top of the repository, and must print what stands there."""

import doctest
import os

import pytest
from support import ROOT


def test_readme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(
        os.fspath(ROOT / "README.md"), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert attempted >= 5
    assert failed == 0
