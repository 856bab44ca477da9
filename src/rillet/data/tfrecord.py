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


def opened(path: str, compression: str | None) -> Any:
    """A file open for reading bytes, decompressed.

    Args:
        path: its name.
        compression: ``"GZIP"``, ``"ZLIB"``, or empty or None.

    Raises:
        NotFoundError: where there is no such file.
        InvalidArgumentError: where the compression is unknown.
    """
    try:
        if not compression:
            return open(path, "rb")  # noqa: SIM115
        if compression == "GZIP":
            return gzip.open(path, "rb")
        if compression == "ZLIB":
            with open(path, "rb") as file:
                return io.BytesIO(zlib.decompress(file.read()))
    except FileNotFoundError:
        raise missing(path) from None
    except zlib.error as error:
        raise DataLossError(
            house_message("TFRecordDataset", "the file cannot be decompressed", path)
        ) from error
    raise unknown_compression(compression)


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
        data = file.read(length)
        tail = file.read(4)
        if len(data) < length or len(tail) < 4:
            raise _damaged(f"truncated record at {at}", path)
        if _CRC.unpack(tail)[0] != masked(data):
            raise _damaged(f"corrupted record at {at}", path)
        at += length + 16
        yield data


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
