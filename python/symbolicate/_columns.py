"""Results of many rows: columns of 32-bit integers over one native block, and views of it."""

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Any, ClassVar, overload

from ._library import check, new_error, open_library, text

if TYPE_CHECKING:
    import numpy
    import pyarrow  # type: ignore[import-untyped,unused-ignore]


class Texts(Sequence[str]):
    """The distinct texts that the numbers of a table's text columns stand for. -1 in a column stands for none."""

    __slots__ = ("_columns", "_keep", "_n")

    def __init__(self, columns: Any, keep: object) -> None:
        self._columns, self._keep = columns, keep
        self._n = int(open_library()[0].sym_columns_texts(columns))

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[str]: ...
    def __getitem__(self, i: int | slice) -> str | Sequence[str]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(self._n))]
        if not 0 <= i < self._n:  # -1 is none, not the last
            raise IndexError(f"text {i} of {self._n}")
        lib, ffi = open_library()
        out = ffi.new("sym_str *")
        check(lib.sym_columns_text(self._columns, i, out), None)
        return text(out) or ""

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self._n))

    def __repr__(self) -> str:
        return f"<symbolicate.Texts, {self._n} of them>"


class Table:
    """Columns of one length, each a memoryview of 32-bit integers over one native block.

    The block lives as long as the table or one of its views does. Arrow's users take the whole as a struct array or
    record batch (``__arrow_c_array__``), in which text columns are dictionary-encoded.
    """

    __slots__ = ("_columns", "_values", "texts")

    COLUMNS: ClassVar[tuple[str, ...]] = ()
    """The names of the columns, which are attributes."""

    texts: Texts

    def __init__(self, place: Any) -> None:
        """Take what :func:`new_columns` gave, when it is filled."""
        lib, ffi = open_library()
        self._columns = columns = place[0]
        # A view keeps the values alive, and these the place, which releases the block.
        self._values = ffi.gc(lib.sym_columns_values(columns), partial(is_, place))
        n, names = int(lib.sym_columns_rows(columns)), self.COLUMNS
        view = memoryview(ffi.buffer(self._values, 4 * n * len(names))).cast("i") if n else memoryview(array("i"))
        for i, name in enumerate(names):
            setattr(self, name, view[i * n : (i + 1) * n])
        self.texts = Texts(columns, self._values)

    def __len__(self) -> int:
        return len(getattr(self, self.COLUMNS[0]))

    def __repr__(self) -> str:
        return f"<symbolicate.{type(self).__name__} of {len(self)} rows>"

    def numpy(self) -> "dict[str, numpy.ndarray[Any, Any]]":
        """Return the columns by name as numpy arrays of int32, without a copy. numpy must be installed."""
        import numpy

        return {name: numpy.frombuffer(getattr(self, name), numpy.int32) for name in self.COLUMNS}

    def arrow(self) -> "pyarrow.RecordBatch":
        """Return a record batch with the columns, without a copy. pyarrow must be installed."""
        import pyarrow

        return pyarrow.record_batch(self)

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Give the columns to a user of Arrow's C data interface, as a struct array."""
        from . import _arrow

        lib, ffi = open_library()
        keep = [ffi.new("char[]", name.encode()) for name in self.COLUMNS]
        names = ffi.new("char *[]", keep)

        def export(schema: Any, content: Any) -> None:
            error = new_error()
            check(lib.sym_columns_export(self._columns, names, schema, content, error), error)

        return _arrow.capsules(export)
