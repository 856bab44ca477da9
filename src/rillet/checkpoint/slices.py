"""Variables that were saved in slices, as partitioned ones of TensorFlow 1 are.

The index names the slices; each stands under a key that encodes the variable's name and
where the slice lies, so that keys sort as numbers do. `bundle` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.checkpoint.messages import ENTRY
from rillet.checkpoint.wire import Record, decode
from rillet.core.errors import DataLossError, house_message


def _number(value: int) -> bytes:
    """An unsigned number: how many bytes follow, then they, the highest first."""
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(body)]) + body


def _signed(value: int) -> bytes:
    """A signed number; small ones in one byte, the sign's bit turned."""
    if -64 <= value < 64:
        return bytes([(value & 255) ^ 128])
    length = 2
    while not -(1 << 7 * length - 1) <= value < 1 << 7 * length - 1:
        length += 1
    bits = value & ((1 << 8 * length) - 1)
    # As many leading bits as there are bytes tell the length, the first one the sign.
    head = ((1 << length) - 1) << (8 * length - length)
    bits = bits & ~head if value < 0 else bits | head
    return bits.to_bytes(length, "big")


def _text(value: bytes) -> bytes:
    """A string that sorts before its continuations."""
    turned = {0: b"\0\xff", 255: b"\xff\0"}
    return b"".join(turned.get(b, bytes((b,))) for b in value) + b"\0\1"


def slice_key(name: str, extents: list[tuple[int, int]]) -> bytes:
    """The key of a slice.

    Args:
        name: the variable's name.
        extents: start and length in each dimension; 0 and -1 for all of it.
    """
    out = _number(0) + _text(name.encode()) + _number(len(extents))
    for start, length in extents:
        out += _signed(start) + _signed(length)
    return out


def read_sliced(reader: Any, name: str, entry: Record) -> Any:
    """The whole of a variable that was saved in slices.

    Raises:
        DataLossError: where slices are missing or do not fit.
    """
    shape = reader.shape(name)
    total: Any = None
    filled = 0
    for record in entry.slices:
        extents = [
            (e.start, e.length if e.has("length") else -1) for e in record.extent
        ]
        found = reader._table.get(slice_key(name, extents))
        if found is None or len(extents) != len(shape):
            raise _damaged(name, f"slice {extents} is missing")
        part_entry = decode(ENTRY, found)
        reader._check(name, part_entry)
        part = reader.read_entry(name, part_entry)
        if total is None:
            total = _whole(name, shape, part, len(entry.slices))
        place = tuple(
            slice(None) if length < 0 else slice(start, start + length)
            for start, length in extents
        )
        if total[place].shape != part.shape:
            raise _damaged(name, f"slice {extents} has shape {list(part.shape)}")
        total[place] = part
        filled += part.size
    if total is None or filled != total.size:
        raise _damaged(name, "the slices do not cover it")
    return total


def _whole(name: str, shape: list[int], part: Any, count: int) -> Any:
    size = 1
    for n in shape:
        size *= n
    if size > part.size * count * 64:
        # Slices are of like size; a file that says otherwise wants memory only.
        raise _damaged(name, f"{count} slices cannot fill shape {shape}")
    return np.empty(shape, part.dtype)


def _damaged(name: str, what: str) -> DataLossError:
    return DataLossError(
        house_message("checkpoint", f"variable {name} is damaged: {what}")
    )
