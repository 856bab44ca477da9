"""What image ops share: images as tensors of 3 or 4 dimensions, checks, crops, pads.

Callers are the other files of images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import house_message
from rillet.ops.dispatch import is_typed
from rillet.ops.rearrange import expand_dims, squeeze


def image_tensor(op: str, image: Any) -> Any:
    """A value as a tensor of three dimensions or more.

    Raises:
        ValueError: where it has fewer.
    """
    image = to_tensor(image)
    rank = image.shape.rank
    if rank is not None and rank < 3:
        raise ValueError(
            house_message(
                op,
                f"'image' (shape {image.shape}) must be at least three-dimensional",
                "",
                "Add the axis of channels with image[..., tf.newaxis]",
            )
        )
    return image


def batched(op: str, images: Any, change: Callable[[Any], Any], name: str) -> Any:
    """What `change` makes of a batch; one image goes in and out alone.

    Raises:
        ValueError: where the images have neither 3 nor 4 dimensions.
    """
    images = to_tensor(images)
    rank = images.shape.rank
    if rank not in (3, 4):
        raise ValueError(
            house_message(
                op,
                f"'{name}' must have either 3 or 4 dimensions",
                f"shape is {images.shape}",
                "Add the axis of channels with images[..., tf.newaxis]"
                if rank == 2
                else "",
            )
        )
    if rank == 4:
        return change(images)
    return squeeze(change(expand_dims(images, 0)), [0])


def typed(value: Any, dtype: DType) -> Any:
    """A value as a tensor; of a type where it has none of its own."""
    return value if is_typed(value) else to_tensor(value, dtype)


def refused(op: str, rule: str, values: str = "") -> ValueError:
    """The error for a setting that breaks a rule."""
    return ValueError(house_message(op, rule, values))
