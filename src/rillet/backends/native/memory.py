"""Where temporary buffers lie: planned before the first run.

In flow buffers with the first and the last wave that needs each; out flow offsets in
one arena. Two buffers share bytes only where their waves do not overlap.

To look for kernels that read or write beside their buffers, set the environment's
RILLET_GUARD to 1 before the first import: then each temporary buffer and each output
ends at a page's end, between pages that nobody may touch. That is slow, and for POSIX.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from rillet.backends.native.element_types import item_bytes
from rillet.ops.lowering import Buffer

GUARDED: Final = os.environ.get("RILLET_GUARD") == "1" and hasattr(mmap, "PROT_READ")
_LINE: Final = 64
_PAGE: Final = mmap.PAGESIZE

Array = np.ndarray[Any, Any]


class Plan(NamedTuple):
    """Where buffers lie in an arena.

    Attributes:
        places: of buffers by id, the offset: a multiple of 64 without guards.
        size: bytes of all.
        guards: offsets of pages that nobody may touch.
    """

    places: dict[int, int]
    size: int
    guards: tuple[int, ...] = ()


def planned(
    ranges: Iterable[tuple[Buffer, int, int]], of: Callable[[int], int] = int
) -> Plan:
    """Offsets of buffers, and the bytes of all.

    Args:
        ranges: buffers with their first and last wave.
        of: says what sizes are.

    Returns:
        The plan.
    """
    if GUARDED:
        return _apart([buffer for buffer, _, _ in ranges], of)
    places: dict[int, int] = {}
    taken: list[tuple[int, int, int, int]] = []
    total = 0
    sized = [(_bytes(buffer, of), buffer, a, z) for buffer, a, z in ranges]
    for size, buffer, first, last in sorted(sized, key=lambda r: (-r[0], r[2])):
        at = 0
        for begin, end, start, stop in sorted(taken):
            if stop < first or start > last:
                continue
            if at + size <= begin:
                break
            at = max(at, end)
        taken.append((at, at + size, first, last))
        places[id(buffer)] = at
        total = max(total, at + size)
    return Plan(places, total)


def _bytes(buffer: Buffer, of: Callable[[int], int]) -> int:
    # A line in between: two threads do not write into one.
    return -(-(of(buffer.size) * item_bytes(buffer.type)) // _LINE) * _LINE + _LINE


def _apart(buffers: list[Buffer], of: Callable[[int], int]) -> Plan:
    """Every buffer at the end of its own pages, with a forbidden one on either side."""
    places: dict[int, int] = {}
    guards = [0]
    at = _PAGE
    for buffer in buffers:
        size = of(buffer.size) * item_bytes(buffer.type)
        at += -(-size // _PAGE) * _PAGE
        places[id(buffer)] = at - size
        guards.append(at)
        at += _PAGE
    return Plan(places, at, tuple(guards))


def arena(size: int, guards: tuple[int, ...] = ()) -> Array:
    """Memory for an arena.

    Args:
        size: of the arena.
        guards: offsets of pages that nobody may touch.

    Returns:
        Bytes, with some room to begin the arena at a line; with guards they begin at
        a page.
    """
    return _forbidden(size, guards) if guards else np.empty(size + _LINE, np.uint8)


def guarded(shape: tuple[int, ...], dtype: Any) -> Array:
    """An array that ends where a forbidden page begins.

    Args:
        shape: its shape.
        dtype: its type.

    Returns:
        An array of zeros, aligned for its type alone.
    """
    wanted = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * wanted.itemsize
    pages = -(-size // _PAGE) * _PAGE
    memory = _forbidden(pages + 2 * _PAGE, (0, pages + _PAGE))
    begin = _PAGE + pages - size
    return memory[begin : begin + size].view(wanted).reshape(shape)


def _forbidden(size: int, pages: Iterable[int]) -> Array:
    """Memory with pages that end the process when they are touched."""
    memory = np.frombuffer(mmap.mmap(-1, size), np.uint8)
    protect = ctypes.CDLL(None).mprotect
    for at in pages:
        protect(ctypes.c_void_p(memory.ctypes.data + at), ctypes.c_size_t(_PAGE), 0)
    return memory


#: What makes the arrays that programs give.
empty: Final[Any] = guarded if GUARDED else np.empty
