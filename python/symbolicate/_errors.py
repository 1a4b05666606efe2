"""The exceptions of the package."""


class SymbolicateError(Exception):
    """The root of all exceptions of this package."""


class ParseError(SymbolicateError):
    """The data is not a source map.

    ``offset`` is the byte offset in the data of the first byte that does not fit, or ``None``.
    """

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset

    def __reduce__(self) -> tuple[type["ParseError"], tuple[str, int | None]]:
        return type(self), (str(self), self.offset)


class ClosedError(SymbolicateError):
    """The object was closed."""


class LimitError(SymbolicateError):
    """Larger, or nested deeper, than a documented limit allows."""


class ArtifactError(SymbolicateError):
    """A file or folder can't be read, or an artifact is of no use."""


class ForkError(SymbolicateError):
    """The native library does not live on in a child of ``fork()``."""
