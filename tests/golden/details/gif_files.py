"""GIF files of a few pixels: frames beside and beyond the canvas, and damaged files."""

from __future__ import annotations

import struct
from typing import Any

#: Two colour tables, of four colours each.
COMMON = bytes([10, 20, 30, 200, 0, 0, 0, 200, 0, 0, 0, 200])
OWN = bytes([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])


def packed(pixels: list[int], bits: int = 2) -> bytes:
    """Numbers as LZW codes, of which none grows: a clear code for each two."""
    codes: list[int] = []
    for i, pixel in enumerate(pixels):
        codes += [1 << bits, pixel] if i % 2 == 0 else [pixel]
    codes.append((1 << bits) + 1)
    whole = sum(code << (bits + 1) * i for i, code in enumerate(codes))
    body = whole.to_bytes(-(-len(codes) * (bits + 1) // 8), "little")
    return bytes([bits, len(body)]) + body + b"\0"


def frame(
    box: tuple[int, int, int, int],
    start: int = 1,
    pixels: list[int] | None = None,
    clear: int | None = None,
    disposal: int = 0,
    table: bytes = b"",
    flags: int = 0,
) -> bytes:
    """One image: where it lies (left, top, width, height) and what it holds."""
    count = box[2] * box[3]
    numbers = [(i + start) % 4 for i in range(count)] if pixels is None else pixels
    out = b""
    if clear is not None or disposal:
        marks = disposal << 2 | (clear is not None)
        out = b"\x21\xf9\x04" + struct.pack("<BHBB", marks, 5, clear or 0, 0)
    size = {0: 0, 6: 0x80, 12: 0x81}[len(table)]
    out += b"\x2c" + struct.pack("<HHHHB", *box, size | flags) + table
    return out + packed(numbers)


def gif(canvas: tuple[int, int], *frames: bytes, **options: Any) -> bytes:
    """A file of frames on a canvas (width, height)."""
    table = options.get("table", COMMON)
    flags = 0x91 if table else 0x10
    head = struct.pack("<HHBBB", *canvas, flags, options.get("background", 0), 0)
    return options.get("version", b"GIF89a") + head + table + b"".join(frames) + b";"


_WHOLE = (0, 0, 4, 3)
_PLAIN = gif((4, 3), frame(_WHOLE))
_CLEAR = gif((4, 3), frame(_WHOLE, clear=1))
FILES = {
    "small": gif((6, 5), frame((1, 1, 3, 2))),
    "small second": gif((6, 5), frame((0, 0, 6, 5)), frame((2, 1, 3, 2), 2)),
    "two small": gif((6, 5), frame((1, 1, 3, 2)), frame((2, 0, 2, 4), 2)),
    "outside": gif((4, 4), frame((0, 0, 4, 4)), frame((2, 2, 4, 4), 2)),
    "first outside": gif((4, 4), frame((2, 2, 4, 4), 2)),
    "no canvas": gif((0, 0), frame((0, 0, 3, 2))),
    "beyond canvas": gif((2, 2), frame((0, 0, 4, 3))),
    "shifted": gif((6, 5), frame((3, 3, 3, 2)), frame((0, 0, 2, 2))),
    "background": gif((6, 5), frame((1, 1, 3, 2)), background=2),
    "clear": _CLEAR,
    "clear second": gif(
        (4, 3),
        frame(_WHOLE),
        frame(_WHOLE, 2, clear=2, disposal=2),
        frame((1, 1, 2, 2)),
    ),
    "disposed": gif(
        (4, 3),
        frame(_WHOLE, disposal=2),
        frame((1, 1, 2, 2), disposal=1),
        frame((0, 0, 1, 1), disposal=3),
    ),
    "own table": gif((4, 3), frame(_WHOLE, table=OWN), frame((1, 1, 2, 2))),
    "no table": gif((4, 3), frame(_WHOLE), table=b""),
    "own table alone": gif((4, 3), frame(_WHOLE, table=OWN), table=b""),
    "no table second": gif((4, 3), frame(_WHOLE, table=OWN), frame(_WHOLE), table=b""),
    "interlaced": gif((3, 9), frame((0, 0, 3, 9), flags=0x40)),
    "no frames": gif((4, 3)),
    "no size": gif((4, 3), frame((0, 0, 0, 2))),
    "87a": gif((4, 3), frame((1, 0, 3, 3)), version=b"GIF87a"),
    "too few": gif((4, 3), frame(_WHOLE, pixels=[1] * 7)),
    "too few second": gif((4, 3), frame(_WHOLE), frame(_WHOLE, pixels=[1] * 7)),
    "too few between": gif(
        (4, 3), frame(_WHOLE), frame(_WHOLE, pixels=[1] * 7), frame(_WHOLE, 3)
    ),
    "too many": gif((4, 3), frame(_WHOLE, pixels=[1] * 17), frame((0, 0, 2, 3))),
    "no such colour": gif((4, 3), frame(_WHOLE, table=OWN[:6])),
    "cut": gif((4, 3), frame(_WHOLE), frame(_WHOLE))[:-12],
    "cut first": _PLAIN[:-12],
    "cut head": _PLAIN[:20],
    "no end": _PLAIN[:-1],
    "more after": _PLAIN + b"more",
    "more between": _PLAIN[:-1] + b"more;",
    "comment": _PLAIN[:-1] + b"\x21\xfe\x03abc\0;",
    "two controls": _CLEAR.replace(b"\x2c", b"\x21\xf9\x04\0\0\0\0\0\x2c", 1),
    "control before comment": _CLEAR.replace(b"\x2c", b"\x21\xfe\x03abc\0\x2c", 1),
    "huge canvas": gif((60000, 60000), frame((0, 0, 3, 2))),
}
