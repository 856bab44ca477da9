"""Images from one type of numbers to another: `tf.image.convert_image_dtype`.

Floats run from 0 to 1, integers over their whole positive range. Callers are the other
files of images and programs.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.casting import saturate_cast
from rillet.ops.elementwise import cast
from rillet.ops.quotients import floordiv


def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Tensor:
    """Images in another type, their values brought to its range.

    Args:
        image: an image, floats from 0 to 1 or integers.
        dtype: the new type, floating or integer.
        saturate: bring values beyond the range to its ends.
        name: ignored when eager.

    Returns:
        Images in the same shape.

    Raises:
        AttributeError: where a type is neither floating nor integer.

    Example:
        >>> import rillet as tf
        >>> image = tf.constant([[[0], [255]]], tf.uint8)
        >>> tf.image.convert_image_dtype(image, tf.float32).numpy().ravel().tolist()
        [0.0, 1.0]
    """
    image, wanted = to_tensor(image), as_dtype(dtype)
    source = image.dtype
    for kind in (wanted, source):
        if not (kind.is_floating or kind.is_integer):
            raise AttributeError(
                house_message(
                    "image.convert_image_dtype",
                    "dtype must be either floating point or integer",
                    f"dtype is {kind.name}, the image {describe(image)}",
                )
            )
    if source is wanted:
        return image
    change = saturate_cast if saturate else cast
    if source.is_floating and wanted.is_floating:
        return cast(image, wanted)
    if source.is_floating:
        # half a step more, so that 1 becomes the largest value and steps are even
        return change(image * (wanted.max + 0.5), wanted)
    if wanted.is_floating:
        return cast(image, wanted) * (1.0 / source.max)
    if source.max > wanted.max:
        # each value of the new type stands for as many of the old
        return change(floordiv(image, (source.max + 1) // (wanted.max + 1)), wanted)
    return change(image, wanted) * ((wanted.max + 1) // (source.max + 1))
