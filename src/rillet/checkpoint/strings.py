"""Tensors of strings as a checkpoint's bytes.

The lengths as varints, a checksum of the lengths, then the strings one after the other.
The checksum of the whole sums lengths as 4 bytes each (8 above 4 GiB), not as they
stand in the file. `bundle` calls it.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from rillet.checkpoint.wire import read_varint
from rillet.core.checksums import crc32c, mask
from rillet.core.errors import DataLossError
from rillet.core.varints import varint

Array = np.ndarray[Any, Any]
_CRC = struct.Struct("<I")


def _sum_of_lengths(lengths: list[int]) -> int:
    return crc32c(b"".join(struct.pack("<Q" if n >> 32 else "<I", n) for n in lengths))


def pack_strings(array: Array) -> tuple[bytes, int]:
    """The bytes of strings, and their checksum before masking.

    Args:
        array: of bytes or texts; texts are written as UTF-8.
    """
    items = [x if isinstance(x, bytes) else str(x).encode() for x in array.flat]
    lengths = [len(item) for item in items]
    stored = mask(_sum_of_lengths(lengths))
    data = b"".join(items)
    checksum = crc32c(_CRC.pack(stored), _sum_of_lengths(lengths))
    checksum = crc32c(data, checksum)
    head = b"".join(varint(n) for n in lengths)
    return head + _CRC.pack(stored) + data, checksum


def unpack_strings(data: bytes, count: int) -> tuple[Array, int]:
    """Strings from their bytes, and the checksum before masking.

    Args:
        data: all bytes.
        count: how many strings there are.

    Returns:
        An array of shape (count,) and type object, and the checksum.

    Raises:
        DataLossError: where the bytes are no such strings.
    """
    lengths: list[int] = []
    at = 0
    for _ in range(count):
        length, at = read_varint(data, at, len(data))
        lengths.append(length)
    if at + 4 + sum(lengths) != len(data):
        raise DataLossError("the lengths of strings do not add up")
    before = _sum_of_lengths(lengths)
    if _CRC.unpack_from(data, at)[0] != mask(before):
        raise DataLossError("the checksum of the strings' lengths does not match")
    checksum = crc32c(data[at:], before)
    at += 4
    array = np.empty(count, object)
    for i, length in enumerate(lengths):
        array[i] = data[at : at + length]
        at += length
    return array, checksum
