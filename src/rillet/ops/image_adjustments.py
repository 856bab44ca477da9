"""Images made brighter, more contrasted, more colourful, or standardised.

In flow images of any type; out flow images in the same type, computed in floats.
`tf.image` shows these functions; `ops.image_random` draws their settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops.array import stack, unstack
from rillet.ops.casting import cast
from rillet.ops.clip import clip_by_value
from rillet.ops.elementwise import maximum, sqrt
from rillet.ops.extents import larger
from rillet.ops.host import is_symbolic, plain
from rillet.ops.image_colors import hsv_to_rgb, rgb_to_hsv
from rillet.ops.image_rules import image_tensor, refused
from rillet.ops.image_types import convert_image_dtype
from rillet.ops.quotients import floormod
from rillet.ops.reduce import reduce_mean
from rillet.ops.shaping import static_dims
from rillet.ops.statistics import reduce_std


def _adjusted(images: Any, change: Callable[[Any], Any]) -> Tensor:
    """What `change` makes of images as floats, in their own type."""
    images = to_tensor(images)
    own = images.dtype
    narrow = own in (dtypes.float16, dtypes.float32)
    floats = images if narrow else convert_image_dtype(images, dtypes.float32)
    return convert_image_dtype(change(floats), own, saturate=True)


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """Images with something added to every pixel.

    Args:
        image: images of any type.
        delta: what is added, where floats run from 0 to 1.

    Returns:
        Images in the same shape and type; integers stop at their ends.

    Example:
        >>> import rillet as tf
        >>> tf.image.adjust_brightness([[[0.5]]], 0.25).numpy().item()
        0.75
    """
    return _adjusted(image, lambda x: x + cast(delta, x.dtype))


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Images whose pixels lie farther from their channel's mean, or nearer.

    Args:
        images: images of three dimensions or more.
        contrast_factor: how many times farther.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where there are fewer than three dimensions.

    Example:
        >>> import rillet as tf
        >>> tf.image.adjust_contrast([[[1.0], [3.0]]], 2.0).numpy().ravel().tolist()
        [0.0, 4.0]
    """

    def change(x: Any) -> Any:
        mean = reduce_mean(x, [-3, -2], keepdims=True)
        return (x - mean) * cast(contrast_factor, x.dtype) + mean

    return _adjusted(image_tensor("image.adjust_contrast", images), change)


def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Tensor:
    """Images whose pixels become ``gain * pixel ** gamma``.

    Args:
        image: images of any type, floats from 0 to 1.
        gamma: the exponent, not negative.
        gain: the factor.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where `gamma` is negative.

    Example:
        >>> import rillet as tf
        >>> tf.image.adjust_gamma([[[0.5]]], 2.0).numpy().item()
        0.25
    """
    if np.any(np.asarray(plain(gamma)) < 0):
        raise refused(
            "image.adjust_gamma",
            "Gamma should be a non-negative real number",
            f"it is {gamma}",
        )
    return _adjusted(image, lambda x: cast(gain, x.dtype) * x ** cast(gamma, x.dtype))


def _in_hsv(x: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    parts = unstack(rgb_to_hsv(x), 3, axis=-1)
    return hsv_to_rgb(stack(change(parts), axis=-1))


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """Images whose colours are turned along the circle of hues.

    Args:
        image: RGB images of any type, floats from 0 to 1.
        delta: how far, from -1 to 1 for a whole turn.
        name: ignored when eager.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where `delta` lies outside.

    Example:
        >>> import rillet as tf
        >>> red = tf.constant([[[255, 0, 0]]], tf.uint8)
        >>> tf.image.adjust_hue(red, 1 / 3).numpy().ravel().tolist()
        [0, 255, 0]
    """
    turn = plain(delta)
    if not is_symbolic(turn) and np.any(np.abs(np.asarray(turn)) > 1):
        raise refused(
            "image.adjust_hue",
            "delta must be in the interval [-1, 1]",
            f"it is {delta}",
        )
    return _adjusted(
        image,
        lambda x: _in_hsv(
            x,
            lambda p: [floormod(p[0] + cast(delta, x.dtype), cast(1, x.dtype)), *p[1:]],
        ),
    )


def adjust_saturation(
    image: Any, saturation_factor: Any, name: str | None = None
) -> Tensor:
    """Images whose colours are stronger or paler.

    Args:
        image: RGB images of any type, floats from 0 to 1.
        saturation_factor: how many times stronger; 0 gives grey.
        name: ignored when eager.

    Returns:
        Images in the same shape and type.

    Example:
        >>> import rillet as tf
        >>> red = tf.constant([[[1.0, 0.0, 0.0]]])
        >>> tf.image.adjust_saturation(red, 0.5).numpy().ravel().tolist()
        [1.0, 0.5, 0.5]
    """

    def change(x: Any, parts: list[Any]) -> list[Any]:
        stronger = parts[1] * cast(saturation_factor, x.dtype)
        return [parts[0], clip_by_value(stronger, 0.0, 1.0), parts[2]]

    return _adjusted(image, lambda x: _in_hsv(x, lambda parts: change(x, parts)))


def per_image_standardization(image: Any) -> Tensor:
    """Images each of mean 0 and variance 1.

    Args:
        image: images of three dimensions or more.

    Returns:
        Images in float32, or float16 where they are. An even image becomes 0: the
        deviation counts as 1 / sqrt(pixels) at least.

    Raises:
        ValueError: where there are fewer than three dimensions.

    Example:
        >>> import rillet as tf
        >>> even = tf.image.per_image_standardization(tf.ones([2, 2, 1]))
        >>> float(tf.reduce_max(even))
        0.0
    """
    image = image_tensor("image.per_image_standardization", image)
    own = image.dtype
    x = (
        image
        if own in (dtypes.float16, dtypes.float32)
        else cast(image, dtypes.float32)
    )
    sides = static_dims(x)[-3:]
    count = larger(sides[0] * sides[1] * sides[2], 1)
    mean = reduce_mean(x, [-3, -2, -1], keepdims=True)
    spread = reduce_std(x, [-3, -2, -1], keepdims=True)
    least = cast(1.0 / sqrt(cast(count, dtypes.float32)), x.dtype)
    return (x - mean) / maximum(spread, least)
