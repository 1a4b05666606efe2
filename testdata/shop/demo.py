"""The sample's crash through Python: run by ``make demo``."""

from pathlib import Path

import symbolicate

shop = Path(__file__).parent
trace = (shop / "traces/terser-names/node-checkout.txt").read_text("utf-8")

with symbolicate.Symbolicator(shop / "dist/terser-names") as s:
    stack = s.symbolicate(trace)

print(stack.message)
for frame in stack.frames:
    if frame.mapped:
        print(f"{frame.filename}:{frame.lineno}:{frame.colno}  {frame.function or '<anonymous>'}")
        print(f"    {(frame.context_line or '').strip()}")
    else:
        print(f"{frame.minified.raw.strip() if frame.minified else ''}  [{frame.reason}]")
