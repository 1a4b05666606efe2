"""Names of functions by symbolic, for bench/names: python names.py CACHE, where CACHE is what testdata/names/make.mjs filled.

For each bundle and each of its maps that symbolic reads differently, one line in JSON: {"bundle", "map", "names"}; the names in the
order of the positions of the truth, as symbolic writes them, "" where it has none.
"""

import json
import sys
from pathlib import Path

from symbolic.sourcemapcache import SourceMapCache


def main(cache):
    for truth in sorted(cache.glob("truth/*/*.jsonl")):
        bundle = f"{truth.parent.name}/{truth.stem}"
        positions = [json.loads(line)[:2] for line in truth.read_text().splitlines()[1:]]
        code = (cache / f"bundles/{bundle}.js").read_bytes()
        for kind in ("names", "nonames"):
            source_map = SourceMapCache.from_bytes(code, (cache / f"bundles/{bundle}.{kind}.map").read_bytes())
            found = [source_map.lookup(line + 1, column + 1, 0) for line, column in positions]
            names = [token.function_name or "" if token else "" for token in found]
            print(json.dumps({"bundle": bundle, "map": kind, "names": names}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
