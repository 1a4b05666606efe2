"""Fixtures. The package under test is the installed one, never the source folder."""

import json
from pathlib import Path

import pytest
from support import ROOT

import symbolicate


def pytest_configure() -> None:
    installed = Path(symbolicate.__file__).resolve()
    if (ROOT / "python") in installed.parents:
        raise pytest.UsageError(f"the source folder is being tested, not the installed package: {installed}")


@pytest.fixture
def map_bytes() -> bytes:
    """A map of three mappings on one line: two of them named, one that maps to nothing."""
    return json.dumps(
        {
            "version": 3,
            "file": "app.js",
            "sourceRoot": "src",
            "sources": ["é.ts", None],
            "sourcesContent": ["let a\nlet 🛒b\n", None],
            "names": ["total", "naïve"],
            "mappings": "AAAAA,UACIC,I",
            "ignoreList": [1],
            "debugId": "85314830-023F-4CF1-A267-535F4E37BB17",
        },
        ensure_ascii=False,
    ).encode()
