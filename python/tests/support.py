"""Where things lie, for tests."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "testdata" / "shop"
