"""PNG: files written from arrays, files of 16 bits read; other depths Pillow reads.

Rows are filtered as the format has it (W3C, «Portable Network Graphics», 2003).
`image_codecs` and `image_files` call these functions.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
#: How a file begins: the header's length follows.
_BEGIN: Final = SIGNATURE + b"\0\0\0\x0d"
#: Channels by the colour type that a header names, and back.
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_COLORS: Final = {1: 0, 2: 4, 3: 2, 4: 6}
#: Where the seven passes of interlaced files begin, and their steps.
_PASSES: Final = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
#: With fewer bytes to a step than this, rows go byte by byte in Python.
_FEW_LANES: Final = 128


def header(data: bytes) -> tuple[int, int, int, int, int] | None:
    """Width, height, depth, colour type and interlacing; None for a damaged file."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        return None
    width, height, depth, color, _, _, laced = struct.unpack(">IIBBBBB", data[16:29])
    return None if color not in CHANNELS else (width, height, depth, color, laced)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def encoded(image: Array, compression: int = -1) -> bytes:
    """A file of ``(height, width, channels)``, uint8 or uint16, 1 to 4 channels."""
    height, width, channels = image.shape
    depth = 8 * image.dtype.itemsize
    plain = np.ascontiguousarray(image, image.dtype.newbyteorder(">"))
    rows = plain.reshape(height, -1).view(np.uint8)
    step = channels * image.dtype.itemsize
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    # Of no filter, Sub and Up each row takes the one with the smallest differences.
    tried = np.stack([rows, rows - left, rows - above])
    cost = np.abs(tried.view(np.int8).astype(np.int32)).sum(2)
    chosen = cost.argmin(0)
    lines = np.empty((height, rows.shape[1] + 1), np.uint8)
    lines[:, 0] = chosen
    lines[:, 1:] = tried[chosen, np.arange(height)]
    head = struct.pack(">IIBBBBB", width, height, depth, _COLORS[channels], 0, 0, 0)
    return b"".join(
        [
            SIGNATURE,
            _chunk(b"IHDR", head),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), compression)),
            _chunk(b"IEND", b""),
        ]
    )


def decoded_deep(data: bytes) -> Array:
    """The values of a file of 16 bits: ``(height, width, channels)``, uint16.

    Raises:
        ValueError: where the file is damaged.
    """
    found = header(data)
    if found is None:
        raise ValueError("no header")
    width, height, _, color, laced = found
    channels = CHANNELS[color]
    step = 2 * channels
    sizes = [(height, width)]
    if laced:
        sizes = [
            (-(-(height - y) // dy), -(-(width - x) // dx)) for y, x, dy, dx in _PASSES
        ]
        sizes = [(h, w) if h > 0 and w > 0 else (0, 0) for h, w in sizes]
    total = sum(h * (w * step + 1) for h, w in sizes)
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(_pixels(data), total)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(raw) < total:
        raise ValueError("the image is cut off")
    parts, at = [], 0
    for h, w in sizes:
        size = h * (w * step + 1)
        lines = np.frombuffer(raw, np.uint8, size, at).reshape(h, w * step + 1)
        parts.append(_unfiltered(lines, step).view(">u2").reshape(h, w, channels))
        at += size
    if not laced:
        return parts[0].astype(np.uint16)
    out = np.zeros((height, width, channels), np.uint16)
    for (y, x, dy, dx), part in zip(_PASSES, parts, strict=True):
        if part.size:
            out[y::dy, x::dx] = part
    return out


def _pixels(data: bytes) -> bytes:
    """What stands in the chunks of pixels, joined."""
    at, found = 8, []
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        check = data[at + 8 + size : at + 12 + size]
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError("a checksum is wrong")
        if kind == b"IDAT":
            found.append(body)
        at += 12 + size
    return b"".join(found)


def lone_pixels(data: bytes) -> bytes | None:
    """The packed pixels of a whole file that has chunks of pixels alone, else None."""
    head = zlib.crc32(data[12:29]).to_bytes(4, "big")
    if data[:12] != _BEGIN or data[26:28] != b"\0\0" or head != data[29:33]:
        return None
    at = 33
    found: list[bytes] = []
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        stop = at + 8 + size
        kind = data[at + 4 : at + 8]
        check = zlib.crc32(data[at + 4 : stop]).to_bytes(4, "big")
        if check != data[stop : stop + 4]:
            return None
        if kind == b"IEND":
            return b"".join(found)
        if kind != b"IDAT":
            return None
        found.append(data[at + 8 : stop])
        at = stop + 4
    return None


def _unfiltered(lines: Array, step: int) -> Array:
    """Rows of bytes from filtered ones, whose first byte names the filter."""
    kinds = lines[:, 0]
    if kinds.size and kinds.max() > 4:
        raise ValueError(f"filter {kinds.max()} is unknown")
    slow = np.isin(kinds, (3, 4))
    if slow.any() and lines.shape[0] * step >= _FEW_LANES:
        return _swept(lines[:, 1:].reshape(len(lines), -1, step), kinds)
    rows = np.zeros((lines.shape[0], max(lines.shape[1] - 1, 0)), np.uint8)
    above = np.zeros(rows.shape[1], np.uint8)
    for y, line in enumerate(lines):
        kind, row = int(kinds[y]), line[1:]
        if kind == 1:
            sums = np.cumsum(row.reshape(-1, step), axis=0, dtype=np.uint8)
            row = sums.reshape(-1)
        elif kind == 2:
            row = row + above
        elif kind:
            row = _walked(row.tolist(), above.tolist(), step, kind)
        rows[y] = row
        above = rows[y]
    return rows


def _swept(pixels: Array, kinds: Array) -> Array:
    """All rows at once: a pixel follows from those left, above and above left of it.

    Pixel x of row y is found at time x + y, when all three are there, so that one step
    takes a slanting line of pixels.

    Args:
        pixels: ``(height, width, bytes)``, filtered.
        kinds: ``(height,)``, the filters.

    Returns:
        ``(height, width * bytes)``.
    """
    height, width, step = pixels.shape
    # What each row had at the last step and the one before; zeros above the first row
    # and where a row has not begun.
    now = np.zeros((height + 1, step), np.int16)
    before = np.zeros((height + 1, step), np.int16)
    out = np.empty_like(pixels)
    rows = np.arange(height)
    wide = pixels.astype(np.int16)
    one = [(kinds == kind).astype(np.int16)[:, None] for kind in range(5)]
    for time in range(height + width - 1):
        low, high = max(0, time - width + 1), min(height, time + 1)
        mine, upper = slice(low, high), slice(low + 1, high + 1)
        a, b, c = now[upper], now[mine], before[mine]
        guess = _paeth(a, b, c) * one[4][mine] + ((a + b) >> 1) * one[3][mine]
        guess += a * one[1][mine] + b * one[2][mine]
        at = rows[mine], time - rows[mine]
        found = (wide[at] + guess) & 255
        out[at] = found
        before[upper] = found
        before, now = now, before
    return out.reshape(height, -1)


def _paeth(a: Array, b: Array, c: Array) -> Array:
    """Of left, above and above left the one nearest to a + b - c; in this order."""
    near_a, near_b = np.abs(b - c), np.abs(a - c)
    near_c = np.abs(a + b - 2 * c)
    best = np.where(near_b <= near_c, b, c)
    return np.where((near_a <= near_b) & (near_a <= near_c), a, best)


def _walked(row: list[int], above: list[int], step: int, kind: int) -> Array:
    """A row of the filters Average and Paeth, byte by byte."""
    for i, value in enumerate(row):
        a = row[i - step] if i >= step else 0
        b = above[i]
        if kind == 3:
            row[i] = (value + ((a + b) >> 1)) & 255
            continue
        c = above[i - step] if i >= step else 0
        near_a, near_b, near_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
        guess = c
        if near_a <= near_b and near_a <= near_c:
            guess = a
        elif near_b <= near_c:
            guess = b
        row[i] = (value + guess) & 255
    return np.array(row, np.uint8)
