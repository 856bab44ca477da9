"""Binary messages to a page: numbers and arrays in one piece.

In: a kind, values for JSON, arrays. Out: bytes: a little-endian 32-bit length, that
much JSON, then the arrays, each on a multiple of 8 bytes. `page/frames.js` reads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

_TYPES: Final[dict[str, str]] = {"<f4": "f4", "|u1": "u1", "<i4": "i4", "<i2": "i2"}


def pack(kind: str, head: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """One binary message.

    Args:
        kind: what it is.
        head: values that JSON can hold.
        arrays: arrays of float32, uint8, int16 or int32, by name.

    Returns:
        The message.

    Example:
        >>> message = pack("frame", {"epoch": 3}, {"w": np.zeros(2, np.float32)})
        >>> unpack(message)[0]["epoch"]
        3
    """
    at = 0
    table, parts = [], []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        little = data.astype(data.dtype.newbyteorder("<"), copy=False)
        raw = little.tobytes()
        table.append([name, _TYPES[little.dtype.str], list(data.shape), at])
        parts += [raw, b"\0" * (-len(raw) % 8)]
        at += len(raw) + (-len(raw) % 8)
    text = json.dumps({"kind": kind, "arrays": table, **head}, allow_nan=False)
    encoded = text.encode()
    encoded += b" " * (-(len(encoded) + 4) % 8)
    return b"".join([len(encoded).to_bytes(4, "little"), encoded, *parts])


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The head and the arrays of a message that `pack` made."""
    length = int.from_bytes(message[:4], "little")
    head = json.loads(message[4 : 4 + length])
    arrays = {}
    for name, kind, shape, at in head.pop("arrays"):
        dtype = np.dtype("<" + kind)
        count = int(np.prod(shape, dtype=np.int64))
        found = np.frombuffer(message, dtype, count, 4 + length + at)
        arrays[name] = found.reshape(shape)
    return head, arrays
