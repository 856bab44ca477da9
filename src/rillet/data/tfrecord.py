"""TFRecord files: records with their lengths and checksums, compressed or not.

Each record is its length (8 bytes, little-endian), that length's masked CRC-32C (4),
the data, and the data's masked CRC-32C (4). `files` reads datasets of them; writers are
public.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rillet.core.checksums import masked
from rillet.core.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    house_message,
)

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")


#: Bytes that are read, or inflated, in one go.
_PIECE = 1 << 16
#: Bytes of a record that are read in one go: its length may be false.
_CHUNK = 1 << 24
#: What says that a compressed file is damaged.
_SPOILED = (EOFError, gzip.BadGzipFile, zlib.error)


class _Inflated(io.RawIOBase):
    """What a ZLIB file holds, inflated piece by piece.

    Args:
        path: its name.
    """

    def __init__(self, path: str) -> None:
        self._file = open(path, "rb")  # noqa: SIM115
        self._zlib = zlib.decompressobj()

    def readable(self) -> bool:
        """Whether it can be read: it can."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; 0 at the end.

        Raises:
            EOFError: where the file ends before what it holds.
        """
        while not self._zlib.eof:
            packed = self._zlib.unconsumed_tail or self._file.read(_PIECE)
            found = self._zlib.decompress(packed, len(buffer))
            if found:
                buffer[: len(found)] = found
                return len(found)
            if not packed:
                raise EOFError("the compressed data end too early")
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@contextmanager
def opened(path: str, compression: str | None) -> Iterator[Any]:
    """A file open for reading bytes, decompressed, in a ``with`` block.

    Args:
        path: its name.
        compression: ``"GZIP"``, ``"ZLIB"``, or empty or None.

    Raises:
        NotFoundError: where there is no such file.
        InvalidArgumentError: where the compression is unknown.
        DataLossError: in the block, where what is compressed is damaged.
    """
    try:
        if not compression:
            file: Any = open(path, "rb")  # noqa: SIM115
        elif compression == "GZIP":
            file = gzip.open(path, "rb")
        elif compression == "ZLIB":
            file = io.BufferedReader(_Inflated(path), _PIECE)
        else:
            raise unknown_compression(compression)
    except FileNotFoundError:
        raise missing(path) from None
    try:
        with file:
            yield file
    except _SPOILED as error:
        raise _damaged("the file cannot be decompressed", path) from error


def missing(path: str) -> NotFoundError:
    """The error for a file that is not there."""
    return NotFoundError(f"{path}; No such file or directory")


def unknown_compression(compression: Any) -> InvalidArgumentError:
    """The error for a compression that is not known."""
    return InvalidArgumentError(
        house_message(
            "tf.data",
            "Unsupported compression_type",
            f"got {compression!r}",
            'Use "", "GZIP" or "ZLIB"',
        )
    )


def read_records(file: Any, path: str) -> Iterator[bytes]:
    """The records of an open file.

    Args:
        file: open for reading bytes.
        path: its name, for messages.

    Raises:
        DataLossError: where a checksum does not fit, or a record is cut off.
    """
    at = 0
    while True:
        head = file.read(12)
        if not head:
            return
        if len(head) < 12:
            raise _damaged(f"truncated record at {at}", path)
        (length,) = _LENGTH.unpack_from(head)
        if _CRC.unpack_from(head, 8)[0] != masked(head[:8]):
            hint = " (Is this even a TFRecord file?)" if at == 0 else ""
            raise _damaged(f"corrupted record at {at}{hint}", path)
        data = _taken(file, length)
        tail = file.read(4)
        if len(data) < length or len(tail) < 4:
            raise _damaged(f"truncated record at {at}", path)
        if _CRC.unpack(tail)[0] != masked(data):
            raise _damaged(f"corrupted record at {at}", path)
        at += length + 16
        yield data


def _taken(file: Any, length: int) -> bytes:
    """So many bytes, or all that there are."""
    if length <= _CHUNK:
        return bytes(file.read(length))
    pieces = []
    while length > 0 and (piece := file.read(min(length, _CHUNK))):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _damaged(what: str, path: str) -> DataLossError:
    return DataLossError(house_message("TFRecordDataset", what, path))


def write_record(file: Any, data: bytes) -> None:
    """Write one record to an open file."""
    head = _LENGTH.pack(len(data))
    file.write(head + _CRC.pack(masked(head)) + data + _CRC.pack(masked(data)))


class RecordFile:
    """A TFRecord file being written.

    Args:
        path: its name.
        compression: ``"GZIP"``, ``"ZLIB"``, or empty or None.
    """

    def __init__(self, path: str, compression: str | None = None) -> None:
        self._zlib: Any = None
        if compression == "GZIP":
            self._file: Any = gzip.open(path, "wb")
        elif compression in ("", None, "ZLIB"):
            self._file = open(path, "wb")  # noqa: SIM115
            self._zlib = zlib.compressobj() if compression == "ZLIB" else None
        else:
            raise unknown_compression(compression)

    def write(self, record: bytes) -> None:
        """Add a record."""
        if self._zlib is None:
            write_record(self._file, record)
            return
        buffer = io.BytesIO()
        write_record(buffer, record)
        self._file.write(self._zlib.compress(buffer.getvalue()))

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._file.closed:
            return
        if self._zlib is not None:
            self._file.write(self._zlib.flush())
        self._file.close()

    def __enter__(self) -> RecordFile:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
