"""symbolicate.compat beside the real symbolic: each answer is compared, and each difference has a rule.

The rules are the rows of the tables in docs/COMPAT.md. A rule is found by what the map and both answers have, never by
the mere fact that they differ.
"""

import base64
import gzip
import importlib
import inspect
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from format_reader import Mapping
from support import CORPUS, ROOT, SHOP
from test_format import LINE, encoded

from symbolicate import SourceMap, compat

symbolic: Any = importlib.import_module("symbolic")  # whose names are found out when it is imported

NONE = 2**32 - 1
LARGE = 2**31
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
TERMINATORS = re.compile("\r(?!\n)|[\u2028\u2029]")

Answer = dict[str, Any] | None


def fields(token: object) -> Answer:
    return None if token is None else dict(vars(token))


def outcome(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except Exception as error:
        return None, error


def same_error(theirs: BaseException, ours: BaseException) -> None:
    assert type(theirs).__name__ == type(ours).__name__
    assert getattr(theirs, "code", None) == getattr(ours, "code", None)
    assert isinstance(theirs, symbolic.SymbolicError) == isinstance(ours, compat.SymbolicError)


def refusal(data: bytes, theirs: BaseException | None, ours: BaseException | None) -> str:
    """Return the rule by which one of the two refuses the map."""
    words = str(ours)
    if theirs is None:
        for part, rule in {
            "mappings is ": "no mappings",
            "sections is null": "no mappings",
            "a value of 2³¹ or more": "large values",
            "mappings-grammar": "grammar",
        }.items():
            if part in words:
                return rule
        raise AssertionError(f"refused: {words}")
    if data.startswith((b"\xef\xbb\xbf", b"\x1f\x8b", b"data:")):
        return "wrappings"
    if SourceMap.from_bytes(data).problems:
        return "faults"
    json.loads(STRING.sub(b'""', data))  # is JSON but for what is in strings
    assert not all(good_string(string) for string in STRING.findall(data))
    return "bad strings"


def good_string(string: bytes) -> bool:
    """Tell whether a JSON string is one, and is Unicode."""
    try:
        return json.loads(string).encode() is not None
    except ValueError:
        return False


class Beside:
    """A map in both packages, and the rules by which answers differed so far."""

    def __init__(self, data: bytes, minified: bytes = b"") -> None:
        self.rules: Counter[str] = Counter()
        self.compared = 0
        self.functions = 0  # of how many cache tokens the names were compared
        theirs, their_error = outcome(lambda: symbolic.SourceMapView.from_json_bytes(data))
        ours, our_error = outcome(lambda: compat.SourceMapView.from_json_bytes(data))
        their_cache, their_cache_error = outcome(lambda: symbolic.SourceMapCache.from_bytes(minified, data))
        our_cache, our_cache_error = outcome(lambda: compat.SourceMapCache.from_bytes(minified, data))
        self.opened = not (their_error or our_error)
        if their_error and our_error:
            same_error(their_error, our_error)
        elif not self.opened:
            self.rules[refusal(data, their_error, our_error)] += 1
        if their_cache_error and our_cache_error:
            same_error(their_cache_error, our_cache_error)
        elif (their_cache_error or our_cache_error) and self.opened:
            self.rules[refusal(data, their_cache_error, our_cache_error)] += 1
        if not self.opened:
            return
        self.theirs, self.ours, self.their_cache, self.our_cache = theirs, ours, their_cache, our_cache
        self.raw = json.loads(data[data.index(b"{") :].decode("utf-8", "replace"))
        self.map = SourceMap.from_bytes(data, generated=minified)
        self.indexed = "sections" in self.raw
        self.texts: dict[int, str | None] = {}

    def equal(self, theirs: object, ours: object, *where: object) -> None:
        self.compared += 1
        assert theirs == ours, where

    def url(self, i: int, theirs: str | None) -> str | None:
        """Return the URL of source i as the standard has it, if it is not as they have it."""
        if self.indexed:
            roots = [section["map"].get("sourceRoot") for section in self.raw["sections"]]
            if theirs is not None and theirs in [f"{root}/" for root in roots if root]:
                self.rules["null under a root"] += 1
                return None
            return theirs
        item, root = self.raw["sources"][i], self.raw.get("sourceRoot")
        want = item if item is None or not root else root.removesuffix("/") + "/" + item
        if root and root.endswith("//"):
            want = root + item
        if (want or None) != theirs:
            self.rules["absolute sources" if item is not None else "null under a root"] += 1
        return want or None

    def token(self, theirs: Answer) -> tuple[Answer, bool]:
        """Return what is wanted for a token of theirs; kept is false where there is no such token."""
        if theirs is None:
            return None, True
        want = dict(theirs)
        if want["dst_col"] >= LARGE or want["dst_line"] >= LARGE:
            self.rules["below zero"] += 1
            return None, False
        if want["src_id"] == NONE:
            return want, True
        if want["src_line"] >= LARGE or want["src_col"] >= LARGE:
            self.rules["below zero"] += 1
            return {**want, "src_line": NONE, "src_col": NONE, "src_id": NONE, "src": None, "name": None}, True
        want["src"] = self.url(want["src_id"], want["src"])
        want["name"] = self.name(want["name"])
        return want, True

    def name(self, theirs: str | None) -> str | None:
        names = self.raw.get("names") or []
        if theirs is None or self.indexed or theirs in names:
            return theirs
        assert any(isinstance(n, int | float) and str(n) == theirs for n in names)
        self.rules["numbers as names"] += 1
        return None

    def numbers(self, want: Answer, ours: Answer) -> None:
        """Let the numbers of sources differ where the map has sections."""
        if self.indexed and want and ours and want["src_id"] != ours["src_id"]:
            assert want["src"] == ours["src"]
            self.rules["sources of sections"] += 1
            want["src_id"] = ours["src_id"]

    def sources(self, which: Iterable[int] | None = None) -> None:
        if self.indexed and self.theirs.source_count != self.ours.source_count:
            assert self.theirs.source_count < self.ours.source_count
            self.rules["sources of sections"] += 1
            return
        self.equal(self.theirs.source_count, self.ours.source_count)
        n = self.ours.source_count
        for i in range(n) if which is None else which:
            theirs, ours = self.theirs.get_source_name(i), self.ours.get_source_name(i)
            if self.indexed and theirs != ours and theirs in self.map.sources:
                self.rules["sources of sections"] += 1
                continue
            self.equal(self.url(i, theirs), ours)
            self.equal(self.theirs.get_source_contents(i), self.ours.get_source_contents(i), i)
            their_view, our_view = self.theirs.get_sourceview(i), self.ours.get_sourceview(i)
            self.equal(their_view is None, our_view is None)
            if their_view is not None and our_view is not None:
                source_views(their_view, our_view)

    def tokens(self, which: Iterable[int] | None = None) -> None:
        """Compare all tokens, or some by their numbers."""
        if which is not None:
            self.equal(len(self.theirs), len(self.ours))
        wanted, found = [], []
        for i in range(len(self.theirs)) if which is None else which:
            want, kept = self.token(fields(self.theirs[i]))
            if kept:
                wanted.append(want)
        for i in range(len(self.ours)) if which is None else which:
            found.append(fields(self.ours[i]))
        assert len(wanted) == len(found)
        for want, ours in zip(wanted, found, strict=True):
            self.numbers(want, ours)
            self.equal(want, ours)
        if which is None:
            assert [fields(token) for token in self.ours] == found

    def lookup(self, line: int, column: int) -> None:
        """Compare lookups at a 0-based position, in both classes."""
        self.view(line, column)
        if "below zero" not in self.rules:
            self.cache(line, column)

    def view(self, line: int, column: int) -> None:
        theirs, ours = fields(self.theirs.lookup(line, column)), fields(self.ours.lookup(line, column))
        if "rangeMappings" in self.raw and theirs != ours:
            self.rules["range mappings"] += 1
            return
        want, kept = self.token(theirs)
        self.numbers(want, ours)
        if kept:
            self.equal(want, ours, line, column)

    def cache(self, line: int, column: int, n: int = 2) -> None:
        theirs = fields(self.their_cache.lookup(line + 1, column + 1, n))
        ours = fields(self.our_cache.lookup(line + 1, column + 1, n))
        if "rangeMappings" in self.raw and theirs != ours:
            self.rules["range mappings"] += 1
            return
        back = self.map.mappings_back(line, column + 1, 200)
        rows = [Mapping(*row) for row in zip(*(getattr(back, name) for name in back.COLUMNS), strict=True)]
        rows = [row for row in rows if (row.generated_line, row.generated_column) <= (line, column)]
        here = [row for row in rows if row.generated_line == line]
        before = [self.place(row) for row in rows[len(here) :][:1]]
        at = [row for row in here if row.generated_column == column]
        if len(at) > 1 and at[0] != at[-1]:  # the last one, which is theirs, and the first one, which is ours
            self.mapped(ours, at[-1])
            if theirs is not None or [self.place(at[0])] != before:
                self.mapped(theirs, at[0])
            self.rules["one column"] += 1
        elif theirs is None and ours is not None:
            # All of the line up to the position repeats what stands in front of the line.
            assert here and {self.place(row) for row in here} == set(before), (line, column)
            self.rules["repeats"] += 1
        elif theirs is None or ours is None:
            assert theirs is ours, (line, column)
        else:
            self.same_cache_token(theirs, ours, rows[0].source, n, line, column)

    def mapped(self, answer: Answer, row: Mapping) -> None:
        """Check that an answer is that of a mapping."""
        if answer is None:
            assert row.source < 0
        else:
            _, original_line, original_column, name = self.place(row)
            assert (answer["line"], answer["col"]) == (original_line + 1, original_column + 1)
            assert self.name(answer["name"]) == (name or None)

    def place(self, row: Mapping) -> tuple[int, int, int, str]:
        """Return what a mapping says of the original."""
        return row.source, row.line, row.column, self.map.names[row.name] if row.name >= 0 else ""

    def same_cache_token(
        self, theirs: dict[str, Any], ours: dict[str, Any], source: int, n: int, line: int, column: int
    ) -> None:
        self.functions += 1
        if theirs["function_name"] != ours["function_name"]:
            known = self.map.function_at(line, column)
            assert ours["function_name"] == known or (known is None and ours["function_name"][0] == "<")
            self.rules["function names"] += 1
        if source not in self.texts:
            self.texts[source] = self.map.source_text(source)
        text = self.texts[source]
        keys = ["line", "col"]
        if self.indexed and self.map.sources.count(ours["src"]) > 1:
            self.rules["sources of sections"] += 1
        elif text is not None and TERMINATORS.search(text):
            at = ours["line"] - 1
            for answer, lines in ((theirs, re.findall("[^\n]*\n|[^\n]*$", text)), (ours, LINE.findall(text))):
                lines = lines[: sum(len(part) > 0 for part in lines) + (text == "" or text[-1] in "\n\r\u2028\u2029")]
                assert answer["context_line"] == ("".join(lines[at : at + 1]) or None), (text, at)
                assert answer["pre_context"] == lines[max(at - n, 0) : at]
                assert answer["post_context"] == lines[at + 1 : at + 1 + n]
            self.rules["line ends"] += 1
        else:
            keys += ["context_line", "pre_context", "post_context"]
        for key in keys:
            self.equal(theirs[key], ours[key], key, line, column)
        self.equal(self.url(source, theirs["src"]), ours["src"])
        self.equal(self.name(theirs["name"]), ours["name"])


def source_views(theirs: Any, ours: compat.SourceView) -> None:
    assert len(theirs) == len(ours)
    assert list(theirs) == list(ours)
    assert theirs.get_source() == ours.get_source()
    assert theirs[1:-1:2] == ours[1:-1:2]


def a_map(**more: Any) -> bytes:
    return json.dumps({"version": 3, "sources": ["a.js"], "names": ["n"], "mappings": "AAAA", **more}).encode()


def sections(*parts: tuple[int, int, bytes]) -> bytes:
    listed = [{"offset": {"line": line, "column": column}, "map": json.loads(data)} for line, column, data in parts]
    return json.dumps({"version": 3, "sections": listed}).encode()


TEXT = "one\ntwo\n\nfour\n"

# What both do alike: no rule.
ALIKE = [
    a_map(),
    a_map(mappings="AAAAA,C,EACA,C;;;C"),
    a_map(mappings="IAAA,FAAC"),
    a_map(mappings="AAAAA,C;;AAAAA;AAAA"),
    a_map(sources=["x", None, "", "x"], sourcesContent=[TEXT, None, "", "\r\n"], mappings="AAAA,CCAA,CCAA;CDAA,CDAA"),
    a_map(sourceRoot="r", sources=["a", ""], mappings="AAAA,CCAA"),
    a_map(sourceRoot="r/"),
    a_map(sourceRoot=""),
    a_map(sourceRoot=None, sourcesContent=None, file=5, version=4),
    a_map(names=[True, None, {}, ""], mappings="AAAAA,CAAAC,CAAAC,CAAAC"),
    a_map(names=["é🛒\0"], mappings="AAAAA"),
    a_map(ignoreList=[5], sources=["a", "b", "c"], sourcesContent=["x"]),
    sections((0, 0, a_map(mappings="AAAA,CAAA")), (3, 7, a_map(sources=["b"], mappings="AAAAA;CAAA"))),
    sections((0, 10, a_map(mappings="AAAA,EACA")), (0, 11, a_map(sources=["z"]))),
    b")]}'\n" + a_map(),
    b"\n" + a_map() + b" \n",
    b"",
    b"x",
    b"[]",
    b"null",
    b"<!doctype html>",
    b")]}'" + a_map(),
    a_map() + b"x",
    a_map()[:-1],
    a_map(mappings=5),
    a_map(mappings="!"),
    a_map(mappings="AA"),
    a_map(mappings="AAA"),
    a_map(mappings="AAAAAA"),
    a_map(mappings="g"),
    a_map(mappings="AAAA ,CAAA"),
    a_map(sources=5),
    a_map(sources=None),
    b'{"version":3,"sections":5}',
    b'{"version":3,"sections":[{"offset":{"line":0,"column":0}}]}',
]

# By rule, what shows it.
CASES: dict[str, list[bytes]] = {
    "faults": [
        a_map(mappings="AAAAC"),
        a_map(version="3"),
        a_map(names=None, mappings="AAAAA"),
        a_map(sourceRoot=5),
        a_map(sources=["a", 5]),
        a_map(sourcesContent=5),
        a_map(sourcesContent=[5]),
        a_map(debugId="x"),
        a_map(rangeMappings="!"),
    ],
    "wrappings": [
        b"\xef\xbb\xbf" + a_map(),
        gzip.compress(a_map()),
        b"data:application/json;base64," + base64.b64encode(a_map()),
    ],
    "bad strings": [a_map().replace(b"a.js", x) for x in (b"\xff", b"\\ud800", b"\\x")],
    "no mappings": [b"{}", b'{"version":3}', a_map(mappings=None), b'{"version":3,"sections":null}'],
    "large values": [a_map(mappings="gggggggC")],
    "grammar": [a_map(mappings="AAAA,,CAAA"), a_map(mappings="]AAAA")],
    "below zero": [a_map(mappings="AADA"), a_map(mappings="AAAD,CAAC"), a_map(mappings="DAAA,CAAA;AAAA,DAAA")],
    "absolute sources": [
        a_map(sourceRoot="r", sources=["/a"]),
        a_map(sourceRoot="r/", sources=["https://x.example/a"]),
    ],
    "null under a root": [
        a_map(sourceRoot="r", sources=[None]),
        sections((0, 0, a_map(sourceRoot="r", sources=[None]))),
    ],
    "numbers as names": [a_map(names=[5, 1.5], mappings="AAAAA,CAAAC")],
    "sources of sections": [
        sections((0, 0, a_map(sourcesContent=["1"])), (1, 0, a_map(sourcesContent=["2"], mappings="AACA,CAAAA"))),
        sections((5, 0, a_map()), (0, 0, a_map(sources=["b"]))),
    ],
    "range mappings": [a_map(mappings="AAAA,IAAA", rangeMappings="A")],
    "repeats": [a_map(mappings="AAAA;AAAA,CAAA,CACA")],
    "one column": [a_map(mappings="CAAA,AACA,AACA,CAAA"), a_map(mappings="EACA,A"), a_map(mappings="A,AAAA")],
    "line ends": [a_map(sourcesContent=["1\r2\r\n3\u20284\n5\n"], mappings="AAAA;AACA;AACA;AACA;AACA;AACA;AACA")],
    "function names": [a_map(sourcesContent=["function f() { g(() => 1) }"], mappings="AAAU;AAAgB")],
}

MINIFIED = b"xxxxxxxxxxxx\n" * 9  # symbolic drops no repeats where functions end in between


def whole(data: bytes) -> Beside:
    """Compare all that there is of a small map."""
    both = Beside(data, MINIFIED)
    if both.opened:
        both.sources()
        both.tokens()
        for line in range(9):
            for column in range(12):
                both.lookup(line, column)
        both.view(NONE, NONE)
    return both


@pytest.mark.parametrize("data", ALIKE)
def test_alike(data: bytes) -> None:
    rules = whole(data).rules
    rules.pop("function names", None)
    assert not rules


@pytest.mark.parametrize(("rule", "data"), [(rule, data) for rule, maps in CASES.items() for data in maps])
def test_cases(rule: str, data: bytes) -> None:
    """Each case shows its rule, and no other."""
    rules = whole(data).rules
    if rule != "function names":
        rules.pop("function names", None)
    assert set(rules) == {rule}


def test_documented() -> None:
    """The table of docs/COMPAT.md has each rule and its reason, and no other."""
    _, section, _ = re.split(
        "^## (?=Where answers differ|What is not)", (ROOT / "docs/COMPAT.md").read_text(), flags=re.M
    )
    rows = re.findall(r"^\| `(.+?)` \|(.*)\|$", section, re.MULTILINE)
    assert [rule for rule, _ in rows] == list(CASES)
    for rule, row in rows:
        example, theirs, ours, reason = (cell.strip() for cell in row.split(" | "))
        assert example and theirs and ours and len(reason) > 20, rule


def random_map(r: random.Random) -> dict[str, Any]:
    """Return a map that has much of what rules are about."""
    texts = ["", "a", TEXT, "1\r2\n3", "x\r\ny\r\n", "\u2028z\n", None, "é🛒\n" * 5]
    n = r.randint(1, 4)
    sources = r.choices(["a.js", "/a", "https://x.example/a", "webpack:///./a", "b", "", None], k=n)
    made: dict[str, Any] = {"version": 3, "sources": sources, "names": r.sample(["n", "", "é", 5, None, "m"], k=3)}
    if r.random() < 0.5:
        made["sourcesContent"] = r.choices(texts, k=r.randint(0, n))
    if r.random() < 0.4:
        made["sourceRoot"] = r.choice(["", "r", "r/", None])
    lowest = -1 if r.random() < 0.05 else 0
    mappings: list[Mapping] = []
    line = 0
    for _ in range(r.randint(0, 25)):
        line += max(r.randint(-3, 2), 0)
        if r.random() < 0.15:
            original = (-1, -1, -1, -1)
        elif mappings and r.random() < 0.3:
            original = mappings[-1][2:]
        else:
            name = r.choice([-1, 0, 1, 2, 3 if r.random() < 0.02 else -1])
            original = (r.randrange(n), r.randint(lowest, 6), r.randint(lowest, 6), name)
        mappings.append(Mapping(line, r.randint(0, 11), *original))
    made["mappings"] = encoded(mappings)
    if r.random() < 0.02:
        made["mappings"] += r.choice([",", "!", "AA", ",g"])
    return made


def test_random_maps() -> None:
    """What is compared is all that small maps can be asked; the seed is fixed, as are the rules that must come up."""
    r = random.Random(7)
    rules: Counter[str] = Counter()
    compared = 0
    for _ in range(400):
        data = json.dumps(random_map(r)).encode()
        try:
            both = whole(data)
        except AssertionError as error:
            raise AssertionError(data.decode()) from error
        rules += both.rules
        compared += both.compared
    print(f"{compared:,} comparisons; {dict(rules)}")
    assert compared > 100_000
    rare = {"wrappings", "bad strings", "no mappings", "large values", "sources of sections", "range mappings"}
    assert set(CASES) - rare - {"function names"} <= set(rules)


def test_damaged_maps() -> None:
    """Bytes changed at random: both refuse, with the same class, or a rule says why one does not."""
    r = random.Random(86)
    base = [a_map(sourcesContent=[TEXT], sourceRoot="r"), *CASES["sources of sections"], *ALIKE[:4]]
    refused = 0
    for _ in range(3000):
        data = bytearray(r.choice(base))
        for _ in range(r.randint(1, 2)):
            i = r.randrange(len(data))
            data[i : i + r.randint(0, 2)] = r.choice([b"", b"\xff", b'"', b",", b"]", b"}", b"null", b"5", b"A", b"\\"])
        refused += not Beside(bytes(data)).opened
    assert 1000 < refused < 2900


CORPUS_MAPS = sorted(CORPUS.glob("*/*.map"), key=lambda path: path.stat().st_size)
TOO_LARGE = 40_000_000


@pytest.mark.parametrize("path", CORPUS_MAPS or [None], ids=lambda path: path.parent.name if path else "")
def test_corpus(path: Path | None) -> None:
    """Many positions of large maps: on tokens, beside them, anywhere."""
    if path is None:
        pytest.skip("skipped: corpus (run make corpus)")
    if path.stat().st_size > TOO_LARGE:
        return  # of make big: symbolic takes seconds and gigabytes for it
    r = random.Random(path.parent.name)
    minified = path.with_suffix("").read_bytes()
    both = Beside(path.read_bytes(), minified)
    assert both.opened
    both.sources(r.sample(range(both.ours.source_count), k=min(40, both.ours.source_count)))
    source_views(symbolic.SourceView.from_bytes(minified), compat.SourceView.from_bytes(minified))
    n = len(both.theirs)
    some = [0, n - 1, *(r.randrange(n) for _ in range(150))]
    both.tokens(some)
    last = both.ours[n - 1].dst_line
    for i in some:
        token = both.ours[i]
        line, column = token.dst_line, token.dst_col
        places = [(line, column), (line, column + 1), (line, max(column - 1, 0)), (line, column + r.randrange(80))]
        for at in [*places, (r.randint(0, last + 1), r.randrange(400))]:
            both.lookup(*at)
    functions = with_function_names(both, minified, r)
    equal = 1 - both.rules["function names"] / both.functions
    print(f"{both.compared:,} comparisons, {equal:.0%} of function names equal, {dict(both.rules)}")
    print(f"{functions} functions found by their minified names")
    assert set(both.rules) <= {"repeats", "function names", "line ends"}


def with_function_names(both: Beside, minified: bytes, r: random.Random) -> int:
    """Compare lookups with a function's minified name, in and behind functions; return how many have a name."""
    theirs, ours = symbolic.SourceView.from_bytes(minified), compat.SourceView.from_bytes(minified)
    declared = []
    for number, text in enumerate(ours):
        if text.isascii() or max(text) < "\U00010000":
            declared += [(number, m.start(1), m[1]) for m in re.finditer(r"\bfunction ([\w$]+)", text)]
    found = 0
    for line, column, name in r.sample(declared, k=min(150, len(declared))):
        for asked in (name, r.choice(declared)[2], "no identifier", ""):
            at = column + r.randint(0, 60)
            want = both.theirs.lookup(line, at, asked, theirs)
            got = both.ours.lookup(line, at, asked, ours)
            both.equal(want and want.function_name, got and got.function_name, line, at, asked)
            found += bool(got and got.function_name)
    return found


@pytest.mark.parametrize("path", sorted(SHOP.glob("dist/*/*.map")), ids=lambda path: path.parent.name)
def test_shop(path: Path) -> None:
    minified = path.with_suffix("").read_bytes()
    both = Beside(path.read_bytes(), minified)
    both.sources()
    both.tokens()
    for token in both.ours:
        both.lookup(token.dst_line, token.dst_col)
        both.lookup(token.dst_line, token.dst_col + 1)
    with_function_names(both, minified, random.Random(1))
    assert set(both.rules) <= {"repeats", "function names"}


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb\rc\n\r", "a\u2028b", "é🛒\n", "\ufeffa", "\r\r\n\n"])
def test_source_views(text: str) -> None:
    source_views(symbolic.SourceView.from_bytes(text.encode()), compat.SourceView.from_bytes(text.encode()))


def test_bytes_that_are_no_text() -> None:
    r = random.Random(9)
    for _ in range(2000):
        data = bytes(r.choices([0x41, 0x0A, 0x0D, 0x80, 0xC3, 0xA9, 0xE2, 0x80, 0xED, 0xA0, 0xF0, 0x9F, 0xFF], k=8))
        source_views(symbolic.SourceView.from_bytes(data), compat.SourceView.from_bytes(data))


def tokens_of(minified: str, pattern: str) -> tuple[bytes, bytes]:
    """Return a map with a token for each match, named as what stands there, and the file."""
    mappings, names = [], []
    for m in re.finditer(pattern, minified):
        line = minified.count("\n", 0, m.start())
        column = len(minified[minified.rfind("\n", 0, m.start()) + 1 : m.start()].encode("utf-16-le")) // 2
        names.append(f"{m[0]} of {m.start()}")
        mappings.append(Mapping(line, column, 0, 0, m.start(), len(names) - 1))
    return a_map(names=names, mappings=encoded(mappings)), minified.encode()


# A reserved word is no name of a function; for "function" theirs finds the word itself behind a position in it.
NAMES = ["a", "b", "$b", "a$b", "a$", "é", "1a", "a\u200cb", "\u200cb", "x", "", "a b", "-"]


@pytest.mark.parametrize(
    "minified",
    [
        '"🛒🛒";function a(){};"🛒";function $b(){x}\n/*é*/function a(){y}',
        "function a$b(){x};function é(){x}",
        "function 1a(){x};function \u200cb(){x};function a\u200cb(){x}",
        "var a=function(){x};a.b=function a(){x};{a(b){x}}",
        "function a(){function b(){function a(){x}}}",
        "functions a(){x};function\na(){x}",
    ],
)
def test_function_names_of_odd_texts(minified: str) -> None:
    data, content = tokens_of(minified, r"function|[\w$\u200c]+")
    function_names(data, content, NAMES, range(60))


def function_names(data: bytes, content: bytes, names: list[str], columns: Iterable[int]) -> Counter[str | None]:
    """Compare lookups with names of functions; return what was found."""
    both = Beside(data, content)
    theirs, ours = symbolic.SourceView.from_bytes(content), compat.SourceView.from_bytes(content)
    found: Counter[str | None] = Counter()
    for line in range(len(ours) + 1):
        for column in columns:
            for name in names:
                want = both.theirs.lookup(line, column, name, theirs)
                got = both.ours.lookup(line, column, name, ours)
                assert fields(want) == fields(got), (line, column, name)
                found[got and got.function_name] += 1
    return found


def test_function_names_behind_the_line() -> None:
    """A token that stands behind the end of its line has no text, be it that of the next line."""
    content = b"function \na(){x}"
    mappings = [
        Mapping(0, 0, 0, 0, 0, 0),
        Mapping(0, 10, 0, 0, 0, 0),
        Mapping(1, 0, 0, 0, 0, 0),
        Mapping(1, 4, 0, 0, 0, 0),
    ]
    found = function_names(a_map(mappings=encoded(mappings)), content, ["a"], range(20))
    assert set(found) == {None}


def test_how_far_functions_are_looked_for() -> None:
    data, content = tokens_of("function a(){" + "x;" * 200 + "}", "function|[ax]")
    where = [token.dst_col for token in compat.SourceMapView.from_json_bytes(data)]
    found = function_names(data, content, ["a"], where)
    assert found["a of 9"] == 127


PUBLIC = [name for name in compat.__all__ if not issubclass(getattr(compat, name), Exception)]


@pytest.mark.parametrize("name", PUBLIC)
def test_surface(name: str) -> None:
    """What a class of theirs has, ours has, with the same parameters."""
    theirs, ours = getattr(symbolic, name), getattr(compat, name)
    public = [k for k in vars(theirs) if not k.startswith("_") or k in ("__len__", "__iter__", "__getitem__", "__eq__")]
    assert public or name == "SourceMapCacheToken"
    for attribute in public:
        member = getattr(theirs, attribute)
        if callable(member):
            want = inspect.signature(member).parameters
            got = inspect.signature(getattr(ours, attribute)).parameters
            assert [(p.name, p.kind, p.default) for p in want.values()] == [
                (p.name, p.kind, p.default) for p in got.values()
            ], attribute
        else:
            assert hasattr(ours, attribute)
    if name.endswith(("View", "Cache")):
        their_error, our_error = outcome(theirs)[1], outcome(ours)[1]
        assert (type(their_error), str(their_error)) == (type(our_error), str(our_error))


def test_exceptions() -> None:
    for name in ("SymbolicError", "Unknown", "ParseSourceMapError"):
        theirs, ours = getattr(symbolic.exceptions, name), getattr(compat, name)
        assert theirs.code == ours.code
        their_bases = [base.__name__ for base in theirs.__mro__]
        assert their_bases == [base.__name__ for base in ours.__mro__ if base.__name__ != "SymbolicateError"]
        theirs, ours = theirs("words"), ours("words")
        for attribute in ("message", "rust_info", "args", "__str__"):
            want, got = getattr(theirs, attribute), getattr(ours, attribute)
            assert (want() if callable(want) else want) == (got() if callable(got) else got)


def test_arguments() -> None:
    """Wrong arguments fail with the same class, good ones give the same."""
    data, content = a_map(mappings="AAAAA,CACA,C", sourcesContent=[TEXT]), b"x\ny"
    both = Beside(data, content)
    views = symbolic.SourceView.from_bytes(content), compat.SourceView.from_bytes(content)
    numbers = [0, 1, 2, 3, True, -1, LARGE, NONE, NONE + 1, 2**70]
    odd: list[Any] = [*numbers, "1", None, 1.0, b"1", slice(2), slice(9, 0, -1)]
    calls: list[Callable[[Any, Any, Any, int], Any]] = [
        lambda view, cache, source, x: source[x],
        lambda view, cache, source, x: fields(view[x]),
        lambda view, cache, source, x: view.get_source_name(x),
        lambda view, cache, source, x: view.get_source_contents(x),
        lambda view, cache, source, x: (found := view.get_sourceview(x)) and list(found),
        lambda view, cache, source, x: fields(view.lookup(x, 0)),
        lambda view, cache, source, x: fields(view.lookup(0, x)),
        lambda view, cache, source, x: fields(view.lookup(0, 0, "f", x)),
        lambda view, cache, source, x: fields(cache.lookup(x, 1, 1)),
        lambda view, cache, source, x: fields(cache.lookup(1, x, 1)),
        lambda view, cache, source, x: fields(cache.lookup(1, 1, x)),
    ]
    kinds = set()
    for i, call in enumerate(calls):
        for x in odd:
            if i == len(calls) - 1 and x in (LARGE, NONE):
                continue  # theirs takes seconds for so many lines of context
            theirs, their_error = outcome(lambda: call(both.theirs, both.their_cache, views[0], x))  # noqa: B023
            ours, our_error = outcome(lambda: call(both.ours, both.our_cache, views[1], x))  # noqa: B023
            assert type(their_error) is type(our_error), (i, x, their_error, our_error)
            assert theirs == ours, (i, x)
            kinds.add(type(our_error))
    assert kinds == {type(None), IndexError, OverflowError, TypeError}
    makers: list[Callable[[Any, Any], object]] = [
        lambda package, bad: package.SourceView.from_bytes(bad),
        lambda package, bad: package.SourceMapView.from_json_bytes(bad),
        lambda package, bad: package.SourceMapCache.from_bytes(bad, data),
        lambda package, bad: package.SourceMapCache.from_bytes(content, bad),
    ]
    for make in makers:
        for bad in ("x", 5, None):
            their_error, our_error = (outcome(lambda: make(package, bad))[1] for package in (symbolic, compat))  # noqa: B023
            assert type(their_error).__name__ == type(our_error).__name__


def test_tokens_compare() -> None:
    both = Beside(a_map(mappings="AAAA,CAAA"))
    for view in (both.theirs, both.ours):
        assert view[0] == view[0] and view[0] != view[1] and view[0] != 5
        assert repr(view[0]) == "<SourceMapTokenMatch a.js:0>"
        with pytest.raises(TypeError):
            hash(view[0])
    for cache in (both.their_cache, both.our_cache):
        assert repr(cache.lookup(1, 1, 0)) == "<SourceMapCacheToken a.js:1>"
