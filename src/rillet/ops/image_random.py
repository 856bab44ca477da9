"""Images changed at random: flips, crops, brightness, contrast, hue, saturation.

Each function draws as TensorFlow's does, so one seed gives one change in both; those
named ``stateless_`` depend on their seed alone. `tf.image` shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.checks import Assert
from rillet.ops.compare import greater_equal
from rillet.ops.host import integers, is_symbolic, plain
from rillet.ops.image_adjustments import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
)
from rillet.ops.image_frames import flip_left_right, flip_up_down
from rillet.ops.image_rules import image_tensor, refused
from rillet.ops.mask import where
from rillet.ops.quotients import floormod
from rillet.ops.random import uniform
from rillet.ops.reduce import reduce_all
from rillet.ops.rounding import round as rounded
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape as shape_of
from rillet.ops.stateless import stateless_uniform
from rillet.ops.strided import slice_

#: Draws uniforms of a shape between two limits, of a type.
Draw = Callable[..., Any]


def _drawing(seed: Any) -> Draw:
    def draw(shape: Any, low: Any, high: Any, dtype: Any = dtypes.float32) -> Any:
        return uniform(shape, low, high, dtype, seed)

    return draw


def _stateless(seed: Any) -> Draw:
    def draw(shape: Any, low: Any, high: Any, dtype: Any = dtypes.float32) -> Any:
        return stateless_uniform(shape, seed, low, high, dtype)

    return draw


def _flipped(op: str, image: Any, draw: Draw, flip: Callable[[Any], Any]) -> Any:
    """One image, or each of a batch, flipped with a chance of a half."""
    image = image_tensor(op, image)
    if image.shape.rank == 3:
        return where(draw([], 0, 1.0) < 0.5, flip(image), image)
    if image.shape.rank != 4:
        raise refused(
            op, "'image' must have either 3 or 4 dimensions", f"shape is {image.shape}"
        )
    count = shape_of(image)[0]
    chosen = rounded(reshape(draw([count], 0, 1.0), [count, 1, 1, 1]))
    return where(cast(chosen, dtypes.bool_), flip(image), image)


def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """Images mirrored left to right with a chance of a half, each by itself.

    Args:
        image: ``(batch, height, width, channels)``, or one image without the batch.
        seed: the op's own seed, beside `tf.random.set_seed`'s.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where there are neither 3 nor 4 dimensions.

    Example:
        >>> import rillet as tf
        >>> tf.image.random_flip_left_right(tf.ones([2, 3, 1])).shape
        TensorShape([2, 3, 1])
    """
    op = "image.random_flip_left_right"
    return _flipped(op, image, _drawing(seed), flip_left_right)


def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """Images mirrored top to bottom by chance; see `random_flip_left_right`."""
    op = "image.random_flip_up_down"
    return _flipped(op, image, _drawing(seed), flip_up_down)


def stateless_random_flip_left_right(image: Any, seed: Any) -> Tensor:
    """Images mirrored by chance that `seed`, two integers, alone decides."""
    op = "image.stateless_random_flip_left_right"
    return _flipped(op, image, _stateless(seed), flip_left_right)


def stateless_random_flip_up_down(image: Any, seed: Any) -> Tensor:
    """Images mirrored by chance that `seed`, two integers, alone decides."""
    op = "image.stateless_random_flip_up_down"
    return _flipped(op, image, _stateless(seed), flip_up_down)


def _brightness(op: str, image: Any, max_delta: Any, draw: Draw) -> Any:
    if max_delta < 0:
        raise refused(op, "max_delta must be non-negative", f"it is {max_delta}")
    return adjust_brightness(image, draw([], -max_delta, max_delta))


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """Images brighter or darker by a random amount; see `adjust_brightness`.

    Args:
        image: images of any type.
        max_delta: the largest amount, not negative.
        seed: the op's own seed, beside `tf.random.set_seed`'s.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where `max_delta` is negative.

    Example:
        >>> import rillet as tf
        >>> tf.image.random_brightness([[[0.5]]], 0.0).numpy().item()
        0.5
    """
    return _brightness("image.random_brightness", image, max_delta, _drawing(seed))


def stateless_random_brightness(image: Any, max_delta: float, seed: Any) -> Tensor:
    """`random_brightness` that `seed`, two integers, alone decides."""
    op = "image.stateless_random_brightness"
    return _brightness(op, image, max_delta, _stateless(seed))


def _between(op: str, lower: Any, upper: Any, draw: Draw) -> Any:
    if upper <= lower:
        raise refused(op, "upper must be > lower", f"they are {upper} and {lower}")
    if lower < 0:
        raise refused(op, "lower must be non-negative", f"it is {lower}")
    return draw([], lower, upper)


def random_contrast(
    image: Any, lower: float, upper: float, seed: int | None = None
) -> Tensor:
    """Images of random contrast; see `adjust_contrast`.

    Args:
        image: images of three dimensions or more.
        lower: the smallest factor, not negative.
        upper: the limit of factors.
        seed: the op's own seed, beside `tf.random.set_seed`'s.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where the limits are no such numbers.

    Example:
        >>> import rillet as tf
        >>> tf.image.random_contrast(tf.ones([2, 2, 3]), 0.5, 2.0).shape
        TensorShape([2, 2, 3])
    """
    factor = _between("image.random_contrast", lower, upper, _drawing(seed))
    return adjust_contrast(image, factor)


def stateless_random_contrast(
    image: Any, lower: float, upper: float, seed: Any
) -> Tensor:
    """`random_contrast` that `seed`, two integers, alone decides."""
    op = "image.stateless_random_contrast"
    return adjust_contrast(image, _between(op, lower, upper, _stateless(seed)))


def random_saturation(
    image: Any, lower: float, upper: float, seed: int | None = None
) -> Tensor:
    """Images of random saturation; see `adjust_saturation` and `random_contrast`."""
    factor = _between("image.random_saturation", lower, upper, _drawing(seed))
    return adjust_saturation(image, factor)


def stateless_random_saturation(
    image: Any, lower: float, upper: float, seed: Any = None
) -> Tensor:
    """`random_saturation` that `seed`, two integers, alone decides."""
    op = "image.stateless_random_saturation"
    return adjust_saturation(image, _between(op, lower, upper, _stateless(seed)))


def _hue(op: str, image: Any, max_delta: Any, draw: Draw) -> Any:
    if max_delta > 0.5:
        raise refused(op, "max_delta must be <= 0.5", f"it is {max_delta}")
    if max_delta < 0:
        raise refused(op, "max_delta must be non-negative", f"it is {max_delta}")
    return adjust_hue(image, draw([], -max_delta, max_delta))


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """Images whose hues are turned by a random amount; see `adjust_hue`.

    Args:
        image: RGB images of any type.
        max_delta: the largest turn, from 0 to 0.5.
        seed: the op's own seed, beside `tf.random.set_seed`'s.

    Returns:
        Images in the same shape and type.

    Raises:
        ValueError: where `max_delta` lies outside.
    """
    return _hue("image.random_hue", image, max_delta, _drawing(seed))


def stateless_random_hue(image: Any, max_delta: float, seed: Any) -> Tensor:
    """`random_hue` that `seed`, two integers, alone decides."""
    return _hue("image.stateless_random_hue", image, max_delta, _stateless(seed))


def _cropped(op: str, value: Any, size: Any, draw: Draw) -> Any:
    value = to_tensor(value)
    known = value.shape.rank is not None and None not in value.shape.as_list()
    if not known or is_symbolic(size):
        return _cropped_unknown(value, size, draw)
    sizes, old = integers(op, "size", size), tuple(value.shape.as_list())
    if len(sizes) != len(old):
        raise InvalidArgumentError(
            house_message(
                op,
                "`size` must have a number for each dimension",
                f"size is {list(sizes)}, shape is {list(old)}",
            )
        )
    if any(new > have for new, have in zip(sizes, old, strict=True)):
        raise InvalidArgumentError(
            house_message(
                op,
                "Need value.shape >= size",
                f"got {list(old)} and {list(sizes)}",
            )
        )
    limit = to_tensor(np.array(old, np.int32) - np.array(sizes, np.int32) + 1)
    drawn = draw([len(old)], 0, dtypes.int32.max, dtypes.int32)
    return slice_(value, plain(floormod(drawn, limit)), list(sizes))


def _cropped_unknown(value: Tensor, size: Any, draw: Draw) -> Any:
    """The same where only the run knows how large the tensor is, or the part."""
    old, sizes = shape_of(value), cast(to_tensor(size), dtypes.int32)
    words = "Need value.shape >= size, got "
    Assert(reduce_all(greater_equal(old, sizes)), [words, old, sizes])
    drawn = draw(shape_of(old), 0, dtypes.int32.max, dtypes.int32)
    at = floormod(drawn, old - sizes + 1)
    if is_symbolic(size):
        return slice_(value, at, sizes)
    found = slice_(value, at, plain(sizes))
    found.set_shape(plain(sizes))
    return found


def random_crop(
    value: Any, size: Any, seed: int | None = None, name: str | None = None
) -> Tensor:
    """A part of a tensor, of a size, from a random place.

    Args:
        value: any tensor.
        size: a number for each dimension.
        seed: the op's own seed, beside `tf.random.set_seed`'s.
        name: ignored when eager.

    Returns:
        A tensor of that size.

    Raises:
        InvalidArgumentError: where the tensor is smaller.

    Example:
        >>> import rillet as tf
        >>> tf.image.random_crop(tf.ones([8, 8, 3]), [4, 4, 3]).shape
        TensorShape([4, 4, 3])
    """
    return _cropped("image.random_crop", value, size, _drawing(seed))


def stateless_random_crop(
    value: Any, size: Any, seed: Any, name: str | None = None
) -> Tensor:
    """`random_crop` that `seed`, two integers, alone decides."""
    return _cropped("image.stateless_random_crop", value, size, _stateless(seed))
