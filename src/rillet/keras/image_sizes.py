"""Images brought to a size with their proportions kept: what sticks out is cut off.

In flow images as tensors or arrays; out flow images of the size, float32 save for the
nearest neighbour. Keras's layers of preprocessing call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.ops.resize import resize


def centred_part(height: int, width: int, size: tuple[int, int]) -> tuple[int, ...]:
    """The largest part in the middle of an image with the proportions of `size`.

    Returns:
        Its top, left, height and width.
    """
    # float32, as TensorFlow counts here.
    tall = int(np.float32(width * size[0]) / np.float32(size[1]))
    wide = int(np.float32(height * size[1]) / np.float32(size[0]))
    tall, wide = min(height, tall), min(width, wide)
    return (height - tall) // 2, (width - wide) // 2, tall, wide


def smart_resize(x: Any, size: Any, interpolation: str = "bilinear") -> Any:
    """Images of a size, cut to its proportions and then resized.

    Args:
        x: ``(height, width, channels)`` or ``(batch, height, width, channels)``.
        size: the new height and width.
        interpolation: as in `tf.image.resize`.

    Returns:
        The images; an array where `x` is one.

    Raises:
        ValueError: where `size` is no pair, or `x` no image.

    Example:
        >>> import rillet as tf
        >>> smart_resize(tf.ones([2, 9, 5, 3]), (4, 4)).shape
        TensorShape([2, 4, 4, 3])
    """
    if len(size) != 2:
        raise ValueError(
            house_message(
                "smart_resize",
                "Expected `size` to be a tuple of 2 integers",
                f"got {size!r}",
            )
        )
    images = to_tensor(x)
    if images.shape.rank not in (3, 4):
        raise ValueError(
            house_message(
                "smart_resize",
                "Expected an image array with shape `(height, width, channels)`, or"
                " `(batch_size, height, width, channels)`",
                f"got input of shape {tuple(images.shape)}",
            )
        )
    wanted = int(size[0]), int(size[1])
    height, width = list(images.shape)[-3:-1]
    top, left, tall, wide = centred_part(height, width, wanted)
    part = images[..., top : top + tall, left : left + wide, :]
    found = resize(part, wanted, interpolation)
    return found.numpy() if isinstance(x, np.ndarray) else found
