"""Archives: one file with many maps."""

import os
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from ._library import Handle, Owner, check, new_error, open_library, take_strings, to_text
from ._sourcemap import Buffer, SourceMap

if TYPE_CHECKING:
    from pathlib import Path

_NO_SOURCES = 1


class Key(NamedTuple):
    """What finds a map in an archive: one of the two, the other is ``None``."""

    debug_id: str | None
    """As :attr:`SourceMap.debug_id` gives it."""
    url: str | None
    """Of the generated file, or a path that its URL ends with."""


class Archive(Owner):
    """One file that holds many maps as packed indexes, found by debug id and by URL.

    It is opened without reading more than its directory. Any number of threads and processes may read it, also
    while it is added to: they see the additions after :meth:`reload`. ``len()`` is the number of keys.
    """

    _path: str

    @property
    def path(self) -> "Path":
        """Where the archive is."""
        from pathlib import Path

        return Path(self._path)

    def __init__(self) -> None:
        raise TypeError("use Archive.open()")

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = False) -> "Archive":
        """Open an archive; with ``create`` an empty one is made where there is no file.

        :class:`ArtifactError` when the file can't be read, :class:`ParseError` when it is no archive or damaged.
        Pickled, the archive is its path.
        """
        name = os.fsencode(path)
        if create and not os.path.exists(path):
            _update(path, [])

        def again(out: Any, error: Any) -> int:
            return int(open_library()[0].sym_archive_open(name, len(name), out, error))

        self = object.__new__(cls)
        self._path = os.fsdecode(name)
        self._handle, error = Handle(again), new_error()
        check(again(self._handle.out, error), error)
        return self

    def __reduce__(self) -> Any:
        if self._handle.closed:
            return super().__reduce__()
        return Archive.open, (os.path.abspath(self._path),)

    def get(self, *, debug_id: str | None = None, url: str | None = None) -> SourceMap | None:
        """Open the map with the key; ``None`` where there is none. One of the two is given.

        Closing the map does not touch the archive, and it stays good when the archive is closed.
        """
        keys = _keys(debug_id, url)
        if len(keys) != 1:
            raise TypeError("get() takes one of debug_id and url")
        lib, _ = open_library()
        raw, keep = _raw_keys(keys)
        number = self._handle.number
        found = SourceMap._opened(lambda out, error: int(lib.sym_archive_get(number, raw, out, error)))
        del keep  # until here
        return found

    def keys(self) -> list[Key]:
        """Return all keys in order: debug ids, then URLs."""
        lib, _ = open_library()
        number = self._handle.number
        found = take_strings(lambda out, error: lib.sym_archive_keys(number, out, error)) or []
        return [Key(*pair) for pair in zip(found[::2], found[1::2], strict=True)]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return True  # an archive without maps is an archive

    def __repr__(self) -> str:
        return f"<symbolicate.Archive {self._path!r}{', closed' if self._handle.closed else ''}>"

    def add(
        self,
        source_map: "SourceMap | Buffer | os.PathLike[str]",
        *,
        debug_id: str | None = None,
        url: str | None = None,
        sources: bool = True,
    ) -> None:
        """Add a map under one key or two; a map that had one of them loses it.

        Without a key the map's own debug id is the key, and :class:`ValueError` says that it has none. Each call
        waits for the disk: :meth:`update` adds many at once.
        """
        with self.update() as changes:
            changes.add(source_map, debug_id=debug_id, url=url, sources=sources)

    def remove(self, *, debug_id: str | None = None, url: str | None = None) -> None:
        """Take keys away. A map without keys is no longer there; :meth:`compact` gives its space back."""
        with self.update() as changes:
            changes.remove(debug_id=debug_id, url=url)

    def update(self) -> "ArchiveUpdate":
        """Collect changes: ``with archive.update() as changes: changes.add(...)``.

        At the end of ``with`` all count at once, unless an exception left it. The archive is reloaded then.
        """
        return ArchiveUpdate(self)

    def reload(self) -> None:
        """See what was added since the archive was opened. Maps that were had from it stay as they are."""
        lib, _ = open_library()
        error = new_error()
        check(lib.sym_archive_reload(self._handle.number, error), error)

    def compact(self) -> None:
        """Make the file anew without maps that have no key any more. It waits while others update it."""
        lib, _ = open_library()
        name, error = os.fsencode(self._path), new_error()
        check(lib.sym_archive_compact(name, len(name), error), error)
        self.reload()

    def verify(self) -> None:
        """Read every map from end to end; :class:`ParseError` says what is damaged."""
        lib, _ = open_library()
        error = new_error()
        check(lib.sym_archive_verify(self._handle.number, error), error)


class ArchiveUpdate:
    """Changes of an archive that are made at once, see :meth:`Archive.update`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._changes: list[tuple[SourceMap | None, list[Key], bool]] = []
        self._opened: list[SourceMap] = []

    def add(
        self,
        source_map: "SourceMap | Buffer | os.PathLike[str]",
        *,
        debug_id: str | None = None,
        url: str | None = None,
        sources: bool = True,
    ) -> None:
        """Like :meth:`Archive.add`. The map must stay open until the end of ``with``."""
        if isinstance(source_map, SourceMap):
            m = source_map
        elif isinstance(source_map, os.PathLike):
            m = SourceMap.open(source_map)
            self._opened.append(m)
        else:
            m = SourceMap.from_bytes(source_map)
            self._opened.append(m)
        if debug_id is None and url is None:
            debug_id = m.debug_id
            if debug_id is None:
                raise ValueError("a map without a debug id needs a key: debug_id or url")
        self._changes.append((m, _keys(debug_id, url), sources))

    def remove(self, *, debug_id: str | None = None, url: str | None = None) -> None:
        """Like :meth:`Archive.remove`."""
        if not (keys := _keys(debug_id, url)):
            raise TypeError("remove() takes debug_id, url or both")
        self._changes.append((None, keys, False))

    def __enter__(self) -> "ArchiveUpdate":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._changes:
                _update(self._archive._path, self._changes)
                self._archive.reload()
        finally:
            for m in self._opened:
                m.close()


def _keys(debug_id: str | None, url: str | None) -> list[Key]:
    for value in (debug_id, url):
        if not isinstance(value, str | None):
            raise TypeError(f"a key is a str, not {type(value).__name__}")
        if value == "":
            raise ValueError("a key is not empty")
    keys = []
    if debug_id is not None:
        keys.append(Key(debug_id.lower(), None))
    if url is not None:
        keys.append(Key(None, url))
    return keys


def _raw_keys(keys: list[Key]) -> tuple[Any, list[Any]]:
    """Return keys for a call (``None`` for none), and what must stay in memory meanwhile."""
    _, ffi = open_library()
    keep: list[Any] = []
    raw = [{"debug_id": to_text(k.debug_id, keep), "url": to_text(k.url, keep)} for k in keys]
    return ffi.new("sym_key[]", raw) if keys else None, keep


def _update(path: str | os.PathLike[str], changes: list[tuple[SourceMap | None, list[Key], bool]]) -> None:
    lib, ffi = open_library()
    raw, keep = [], []
    for m, keys, sources in changes:
        raw_keys, views = _raw_keys(keys)
        keep.append((raw_keys, views))
        flags = 0 if sources or m is None else _NO_SOURCES
        number = 0 if m is None else m._handle.number
        raw.append({"map": number, "keys": raw_keys, "n": len(keys), "flags": flags})
    name, error = os.fsencode(path), new_error()
    check(lib.sym_archive_update(name, len(name), ffi.new("sym_change[]", raw), len(raw), error), error)
