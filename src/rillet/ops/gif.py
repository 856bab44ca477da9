"""GIF: frames found in a file and laid over each other, as TensorFlow does it.

The format is CompuServe's, «Graphics Interchange Format, version 89a», 1990. An image
is as large as the largest frame, whatever the canvas of the file; what a frame leaves
free is what was there before it, black at first, and nothing is disposed of. Pillow
unpacks the pixels of a frame; `image_codecs` calls `frames_of`, `pixels` and `laid`.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

#: A colour table in which each number stands for itself, as grey.
_NUMBERS: Final = bytes(n for n in range(256) for _ in range(3))
_IMAGE, _EXTENSION, _CONTROL = 0x2C, 0x21, 0xF9


@dataclass(frozen=True)
class Frame:
    """One image of a file.

    Attributes:
        left: its first column on the canvas.
        top: its first row.
        width: its columns.
        height: its rows.
        laced: whether its rows come interlaced.
        colors: ``(n, 3)``, the colours that numbers stand for; None where the file has
            none.
        clear: the number that leaves a pixel as it was, or -1.
        packed: the pixels, packed.
    """

    left: int
    top: int
    width: int
    height: int
    laced: bool
    colors: Array | None
    clear: int
    packed: bytes


class _Reader:
    """Bytes taken one after the other; what is missing raises IndexError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        found = self._data[self.at : self.at + count]
        if len(found) < count:
            raise IndexError("the file is cut off")
        self.at += count
        return found

    def colors(self, flags: int) -> Array | None:
        """The colour table that a descriptor's flags announce."""
        if not flags & 0x80:
            return None
        count = 2 << (flags & 7)
        return np.frombuffer(self.take(3 * count), np.uint8).reshape(count, 3)

    def blocks(self) -> bytes:
        """Blocks up to an empty one, with their lengths."""
        first = self.at
        while size := self.take(1)[0]:
            self.take(size)
        return self._data[first : self.at]


def frames_of(data: bytes) -> list[Frame]:
    """The images of a file, as far as it goes.

    Args:
        data: the file.

    Returns:
        The images that are there whole; none for a damaged head.
    """
    reader, found = _Reader(data), list[Frame]()
    clear: int | None = None
    try:
        flags = reader.take(13)[10]
        common = reader.colors(flags)
        while True:
            kind = reader.take(1)[0]
            if kind == _EXTENSION:
                label = reader.take(1)[0]
                body = reader.blocks()
                # of several that precede an image the first one counts
                if label == _CONTROL and body[0] >= 4 and clear is None:
                    clear = body[4] if body[1] & 1 else -1
            elif kind == _IMAGE:
                left, top, width, height, own = struct.unpack("<HHHHB", reader.take(9))
                colors = reader.colors(own)
                packed = reader.take(1) + reader.blocks()
                if not width or not height:
                    return found
                colors = common if colors is None else colors
                laced = bool(own & 0x40)
                unseen = -1 if clear is None else clear
                frame = Frame(left, top, width, height, laced, colors, unseen, packed)
                found.append(frame)
                clear = None
            else:
                return found
    except IndexError:
        return found


def pixels(plugin: Any, frame: Frame) -> Array:
    """The numbers of a frame's colours, ``(height, width)``, uint8.

    Args:
        plugin: Pillow's module for GIF.
        frame: the frame.

    Raises:
        OSError: where the packed pixels are damaged.
    """
    size = struct.pack("<HH", frame.width, frame.height)
    head = b"GIF89a" + size + b"\xf7\0\0" + _NUMBERS
    place = b"\x2c\0\0\0\0" + size + (b"\x40" if frame.laced else b"\0")
    image = plugin.GifImageFile(io.BytesIO(head + place + frame.packed + b";"))
    return np.asarray(image)


def laid(below: Array, frame: Frame, numbers: Array) -> Array:
    """An image with a frame laid over another one.

    Args:
        below: ``(height, width, 3)``, uint8.
        frame: the frame; what lies outside is cut off.
        numbers: its pixels.

    Raises:
        ValueError: where a number stands for no colour, or there are no colours.
    """
    if frame.colors is None:
        raise ValueError("missing color map")
    rows = max(min(frame.height, below.shape[0] - frame.top), 0)
    columns = max(min(frame.width, below.shape[1] - frame.left), 0)
    shown = numbers[:rows, :columns]
    visible = shown != frame.clear
    used = shown[visible]
    if used.size and int(used.max()) >= len(frame.colors):
        raise ValueError(
            f"found color index {int(used.max())} outside of color map range"
            f" {len(frame.colors)}"
        )
    above = below.copy()
    part = above[frame.top : frame.top + rows, frame.left : frame.left + columns]
    part[visible] = frame.colors[used]
    return above
