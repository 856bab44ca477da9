"""CRC-32C, which TFRecord files and checkpoints carry beside their data.

`google-crc32c` computes it where it is installed. Elsewhere long data is cut into lanes
of equal length, whose checksums NumPy advances together; they are then joined by the
linear map that a run of zero bytes is.

Source: Castagnoli, Bräuer, Herrmann: Optimization of cyclic redundancy-check codes
(IEEE Trans. Comm. 41, 1993); the mask is TFRecord's.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
#: Bytes of a lane. Shorter data is done byte by byte.
_LANE = 256


def _table() -> list[int]:
    rows = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return rows


_TABLE = _table()
_ROWS = np.array(_TABLE, np.uint32)


def _through(columns: list[int], value: int) -> int:
    """A linear map of 32 bits, given by where it takes each bit, of one value."""
    out = 0
    for bit, column in enumerate(columns):
        if value >> bit & 1:
            out ^= column
    return out


@functools.lru_cache
def _zeros(count: int) -> list[int]:
    """The map that `count` zero bytes are; `count` is a power of two."""
    if count == 1:
        return [_TABLE[1 << b & 255] ^ (1 << b >> 8) for b in range(32)]
    half = _zeros(count // 2)
    return [_through(half, column) for column in half]


@functools.lru_cache
def _tables(count: int) -> Any:
    """The same map as four tables, one for each byte."""
    columns = _zeros(count)
    return np.array(
        [[_through(columns, b << 8 * k) for b in range(256)] for k in range(4)],
        np.uint32,
    )


def _moved(states: Any, count: int) -> Any:
    tables = _tables(count)
    out = tables[0][states & 255]
    for k in range(1, 4):
        out ^= tables[k][states >> 8 * k & 255]
    return out


@functools.cache
def _native() -> Any:
    """The function of google-crc32c, or None where only its slow form is there."""
    try:
        import google_crc32c
    except ImportError:
        return None
    return google_crc32c.extend if google_crc32c.implementation == "c" else None


def crc32c(data: Any, before: int = 0) -> int:
    """The checksum of data.

    Args:
        data: bytes, or what holds some without gaps.
        before: the checksum of what stands before them.

    Example:
        >>> hex(crc32c(b"123456789")), hex(crc32c(b"6789", crc32c(b"12345")))
        ('0xe3069283', '0xe3069283')
    """
    native = _native()
    if native is not None:
        if not isinstance(data, bytes):
            # It takes arrays and bytes only; an array costs no copy.
            data = np.frombuffer(data, np.uint8) if memoryview(data).nbytes else b""
        return int(native(before, data))
    return portable_crc32c(data, before)


def portable_crc32c(data: Any, before: int = 0) -> int:
    """The same as `crc32c`, by NumPy alone."""
    view = memoryview(data)
    if view.nbytes:
        view = view.cast("B")
    state, at = before ^ 0xFFFFFFFF, 0
    while len(view) - at >= 2 * _LANE:
        lanes = 1 << ((len(view) - at) // _LANE).bit_length() - 1
        stop = at + lanes * _LANE
        state = _lanes(view[at:stop], lanes, state)
        at = stop
    for byte in view[at:]:
        state = _TABLE[(state ^ byte) & 255] ^ state >> 8
    return state ^ 0xFFFFFFFF


def _lanes(view: memoryview, lanes: int, state: int) -> int:
    data = np.frombuffer(view, np.uint8).reshape(lanes, _LANE).T
    columns = np.ascontiguousarray(data)
    states = np.zeros(lanes, np.uint32)
    states[0] = state
    for column in columns:
        states = _ROWS[(states ^ column) & 255] ^ (states >> 8)
    length = _LANE
    while len(states) > 1:
        states = _moved(states[0::2], length) ^ states[1::2]
        length *= 2
    return int(states[0])


def masked(data: Any) -> int:
    """The checksum as TFRecord files and checkpoints hold it.

    Example:
        >>> masked(b"") == 0xA282EAD8
        True
    """
    return mask(crc32c(data))


def mask(value: int) -> int:
    """A checksum in the form in which files hold it."""
    return ((value >> 15 | value << 17) + _MASK_DELTA) & 0xFFFFFFFF
