"""Images of digits, packed so that they are small and quick to read.

Four fifths of MNIST's pixels are blank. An image is kept as one bit a pixel (ink or
blank) and the values of its inked pixels; both deflate well: 10.2 MB in place of 11.5,
read in less than half the time. In: images, or their two packed arrays. Out: the other.
`mnist` reads with it, `scripts/pack_mnist.py` writes with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rillet.core.errors import house_message

#: Images unpacked at a time: their mask (3 MB) stays in the second cache.
BLOCK = 4096

Bytes = NDArray[np.uint8]


def pack_images(images: Bytes) -> tuple[Bytes, Bytes]:
    """Pack images into a mask and the values that it marks.

    Args:
        images: `(count, height, width)` uint8; height times width a multiple of 8.

    Returns:
        The mask, `(count, height * width / 8)` uint8, lowest bit first, and the values
        that are not zero, `(inked,)` uint8, in the images' order.

    Example:
        >>> mask, ink = pack_images(np.array([[[0, 7], [0, 0], [0, 0], [0, 9]]], "u1"))
        >>> mask.tolist(), ink.tolist()
        ([[130]], [7, 9])
    """
    flat = images.reshape(len(images), -1)
    return np.packbits(flat != 0, axis=1, bitorder="little"), flat[flat != 0]


def unpack_images(mask: Bytes, ink: Bytes, height: int, width: int) -> Bytes:
    """Undo `pack_images`.

    Args:
        mask: `(count, height * width / 8)` uint8.
        ink: `(inked,)` uint8.
        height: an image's rows.
        width: an image's columns.

    Returns:
        Fresh images, `(count, height, width)` uint8.

    Raises:
        ValueError: the mask marks more or fewer pixels than `ink` has, or does not
            have the images' size.

    Example:
        >>> mask, ink = np.array([[130]], "u1"), np.array([7, 9], "u1")
        >>> unpack_images(mask, ink, 2, 4).tolist()
        [[[0, 7, 0, 0], [0, 0, 0, 9]]]
    """
    count, bytes_each = mask.shape
    inked = int(np.bitwise_count(mask).sum(dtype=np.int64))
    if inked != ink.size or bytes_each * 8 != height * width:
        raise ValueError(
            house_message(
                "datasets",
                "a packed file's mask and values disagree",
                f"the mask of shape {mask.shape} marks {inked} pixels of "
                f"{height}x{width} images, there are {ink.size} values",
                "Install rillet again",
            )
        )
    images = np.zeros((count, height * width), np.uint8)
    used = 0
    for start in range(0, count, BLOCK):
        bits = np.unpackbits(mask[start : start + BLOCK], axis=1, bitorder="little")
        # The bits are bytes of 0 and 1, which is what a bool array is made of.
        marks = bits.view(np.bool_)
        block = images[start : start + BLOCK]
        upto = used + int(np.count_nonzero(marks))
        block[marks] = ink[used:upto]
        used = upto
    return images.reshape(count, height, width)
