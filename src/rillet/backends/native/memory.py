"""Where temporary buffers lie: planned before the first run.

In flow buffers with the first and the last wave that needs each; out flow offsets in
one arena. Two buffers share bytes only where their waves do not overlap.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rillet.backends.native.codegen import item_bytes
from rillet.ops.lowering import Buffer

_LINE: Final = 64


def planned(ranges: Iterable[tuple[Buffer, int, int]]) -> tuple[dict[int, int], int]:
    """Offsets of buffers, and the bytes of all.

    Args:
        ranges: buffers with their first and last wave.

    Returns:
        For each buffer by id its offset, a multiple of 64; how long the arena is.
    """
    places: dict[int, int] = {}
    taken: list[tuple[int, int, int, int]] = []
    total = 0
    wanted = sorted(ranges, key=lambda r: (-_bytes(r[0]), r[1]))
    for buffer, first, last in wanted:
        size = _bytes(buffer)
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
    return places, total


def _bytes(buffer: Buffer) -> int:
    # Vectors at the end may read a line further.
    return -(-(buffer.size * item_bytes(buffer.type)) // _LINE) * _LINE + _LINE
