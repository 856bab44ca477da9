"""`tf.io.gfile.GFile`: a file opened by name, read and written as text or bytes.

`tf.io.gfile` shows it; the file is opened when it is first read or written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.errors import (
    InvalidArgumentError,
    PermissionDeniedError,
    house_message,
)
from rillet.ops.file_system import errors_of, local_name, stat

_MODES = ("r", "w", "a", "r+", "w+", "a+")


class GFile:
    """A file.

    Args:
        name: its path.
        mode: ``"r"``, ``"w"``, ``"a"``, with ``"+"`` for both ways, with ``"b"`` for
            bytes; text is UTF-8.

    Raises:
        InvalidArgumentError: for another mode.
        NotFoundError: when it is first read and does not exist.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "note.txt")
        >>> with GFile(path, "w") as file:
        ...     file.write("one\\ntwo")
        >>> list(GFile(path))
        ['one\\n', 'two']
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        plain = mode.replace("b", "")
        if plain not in _MODES:
            raise InvalidArgumentError(
                house_message(
                    "io.gfile.GFile",
                    "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'",
                    f"mode={mode!r}",
                )
            )
        self._name = name
        self._mode = plain
        self._binary = "b" in mode
        self._file: Any = None

    @property
    def name(self) -> Any:
        """The path that was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode, without ``"b"``."""
        return self._mode

    def _opened(self, wanted: str) -> Any:
        if wanted == "r" and self._mode in ("w", "a"):
            raise PermissionDeniedError("File isn't open for reading")
        if wanted == "w" and self._mode == "r":
            raise PermissionDeniedError("File isn't open for writing")
        if self._file is None:
            place = local_name(self._name)
            with errors_of(place):
                self._file = open(place, self._mode + "b")  # noqa: SIM115
        return self._file

    def _given(self, data: bytes) -> Any:
        return data if self._binary else data.decode()

    def read(self, n: int = -1) -> Any:
        """The next `n` bytes of the file, or all that is left.

        Returns:
            Text, or bytes where the mode says so.
        """
        file = self._opened("r")
        with errors_of(local_name(self._name)):
            return self._given(file.read(n))

    def readline(self) -> Any:
        """The next line with its end; empty at the end of the file."""
        line = self._opened("r").readline()
        if line.endswith(b"\r\n"):
            line = line[:-2] + b"\n"
        return self._given(line)

    def readlines(self) -> list[Any]:
        """All lines that are left."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def write(self, file_content: Any) -> None:
        """Add text, which is written as UTF-8, or bytes."""
        if isinstance(file_content, str):
            file_content = file_content.encode()
        file = self._opened("w")
        with errors_of(local_name(self._name)):
            file.write(file_content)

    def seek(self, offset: int = 0, whence: int = 0, position: Any = None) -> None:
        """Go to a place: from the beginning, from here (1) or from the end (2)."""
        wanted = "r" if self._mode[-1] in "r+" else "w"
        file = self._opened(wanted)
        if whence not in (0, 1, 2):
            raise InvalidArgumentError(
                house_message(
                    "GFile.seek", "whence must be 0, 1 or 2", f"whence={whence}"
                )
            )
        file.seek(offset if position is None else position, whence)

    def tell(self) -> int:
        """The place in the file."""
        wanted = "r" if self._mode[-1] in "r+" else "w"
        return int(self._opened(wanted).tell())

    def seekable(self) -> bool:
        """True."""
        return True

    def size(self) -> int:
        """The size of the file in bytes."""
        return stat(self._name).length

    def flush(self) -> None:
        """Hand what was written to the system."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file; it is opened again when it is used again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
