"""Starts the command that the wheel carries."""

import os
import sys
from pathlib import Path
from typing import NoReturn

BINARY = Path(__file__).with_name("_native") / "symbolicate"


def main() -> NoReturn:
    """Replace this process with the command, with the same arguments."""
    try:
        os.execv(BINARY, ["symbolicate", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"symbolicate: the command that belongs to this package can't be started: {error}")
