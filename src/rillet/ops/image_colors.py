"""Colours from one system to another: grey, HSV, YIQ and YUV.

In flow images whose last axis holds the channels; `tf.image` shows these functions and
`ops.image_adjustments` builds on them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING
from rillet.core.errors import FailedPreconditionError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import color_loops
from rillet.ops.array import stack, unstack
from rillet.ops.casting import cast
from rillet.ops.compare import equal, greater, less, logical_not
from rillet.ops.einsum import tensordot
from rillet.ops.elementwise import abs as absolute
from rillet.ops.elementwise import maximum, minimum, sign
from rillet.ops.image_rules import refused
from rillet.ops.image_types import convert_image_dtype
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_max, reduce_min
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reduce_sum
from rillet.ops.tiling import tile

Array = np.ndarray[Any, Any]

# The share of red, green and blue in what the eye sees as light (ITU-R BT.601).
_GREY: Final = (0.2989, 0.5870, 0.1140)
_TO_YIQ: Final = (
    (0.299, 0.59590059, 0.2115),
    (0.587, -0.27455667, -0.52273617),
    (0.114, -0.32134392, 0.31119955),
)
_FROM_YIQ: Final = (
    (1.0, 1.0, 1.0),
    (0.95598634, -0.27201283, -1.10674021),
    (0.6208248, -0.64720424, 1.70423049),
)
_TO_YUV: Final = (
    (0.299, -0.14714119, 0.61497538),
    (0.587, -0.28886916, -0.51496512),
    (0.114, 0.43601035, -0.10001026),
)
_FROM_YUV: Final = (
    (1.0, 1.0, 1.0),
    (0.0, -0.394642334, 2.03206185),
    (1.13988303, -0.58062185, 0.0),
)


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """Images without colour.

    Args:
        images: RGB, of any type.
        name: ignored when eager.

    Returns:
        Images with one channel, in the same type.

    Raises:
        InvalidArgumentError: where there are other than 3 channels.

    Example:
        >>> import rillet as tf
        >>> tf.image.rgb_to_grayscale([[[1.0, 1.0, 1.0]]]).shape
        TensorShape([1, 1, 1])
    """
    images = to_tensor(images)
    light = convert_image_dtype(images, dtypes.float32) * np.array(_GREY, np.float32)
    return convert_image_dtype(reduce_sum(light, -1, keepdims=True), images.dtype)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Grey images with three equal channels.

    Args:
        images: images with one channel.
        name: ignored when eager.

    Returns:
        Images with three channels.

    Raises:
        ValueError: where there is more than one channel.

    Example:
        >>> import rillet as tf
        >>> tf.image.grayscale_to_rgb([[[2.0]]]).numpy().ravel().tolist()
        [2.0, 2.0, 2.0]
    """
    images = to_tensor(images)
    if not images.shape.rank or images.shape[-1] not in (1, None):
        raise refused(
            "image.grayscale_to_rgb",
            "Last dimension of a grayscale image should be size 1",
            f"shape is {images.shape}",
        )
    return tile(images, [1] * (images.shape.rank - 1) + [3])


def _mixed(images: Any, matrix: Any) -> Tensor:
    images = to_tensor(images)
    mix = cast(np.array(matrix), images.dtype)
    return tensordot(images, mix, [[images.shape.rank - 1], [0]])


def rgb_to_yiq(images: Any) -> Tensor:
    """Images from RGB to YIQ, the system of American television.

    Args:
        images: floats with 3 channels.

    Returns:
        Images in the same shape and type.

    Raises:
        InvalidArgumentError: where there are other than 3 channels.

    Example:
        >>> import rillet as tf
        >>> float(tf.image.rgb_to_yiq([[[1.0, 1.0, 1.0]]])[0, 0, 0])
        1.0
    """
    return _mixed(images, _TO_YIQ)


def yiq_to_rgb(images: Any) -> Tensor:
    """Images from YIQ to RGB; see `rgb_to_yiq`."""
    return _mixed(images, _FROM_YIQ)


def rgb_to_yuv(images: Any) -> Tensor:
    """Images from RGB to YUV, the system of European television; see `rgb_to_yiq`."""
    return _mixed(images, _TO_YUV)


def yuv_to_rgb(images: Any) -> Tensor:
    """Images from YUV to RGB; see `rgb_to_yiq`."""
    return _mixed(images, _FROM_YUV)


def _infer(x: Spec) -> Spec:
    if x.shape is not None and (not x.shape or x.shape[-1] not in (3, None)):
        count = x.shape[-1] if x.shape else 0
        raise FailedPreconditionError(
            house_message(
                "image.rgb_to_hsv",
                f"input must have 3 channels but input only has {count} channels",
                f"shape is {list(x.shape)}",
            )
        )
    return x


def _to_hsv(x: Array) -> Array:
    if not x.ndim or x.shape[-1] != 3:
        raise ValueError("input must have 3 channels")
    exact = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    r, g, b = exact[..., 0], exact[..., 1], exact[..., 2]
    value, low = exact.max(-1), exact.min(-1)
    spread = value - low
    saturation = np.where(value > 0, spread / value, 0)
    sixth = 1 / (6 * spread)
    hue = np.where(
        r == value,
        sixth * (g - b),
        np.where(g == value, sixth * (b - r) + 2 / 6, sixth * (r - g) + 4 / 6),
    )
    hue = np.where(spread > 0, hue, 0)
    hue = np.where(hue < 0, hue + 1, hue)
    return np.stack([hue, saturation, value], -1).astype(x.dtype)


def _channels(x: Any) -> list[Any]:
    return unstack(x, 3, axis=-1)


def _to_hsv_gradient(g: Any, y: Any, x: Any) -> Any:
    """The chain rule through `_to_hsv`: each share of hue, saturation and value."""
    gh, gs, gv = _channels(g)
    parts = _channels(x)
    value, low = reduce_max(x, -1), reduce_min(x, -1)
    spread = value - low
    zero, kind = cast(0.0, x.dtype), x.dtype
    first = equal(parts[0], value)
    second = cast(equal(parts[1], value), kind) * cast(logical_not(first), kind)
    tops = [cast(first, kind), second, 1 - cast(first, kind) - second]
    lows = [cast(equal(part, low), kind) for part in parts]
    total = lows[0] + lows[1] + lows[2]
    lows = [part / total for part in lows]
    coloured = greater(spread, zero)
    safe = where(coloured, spread, cast(1.0, kind))
    bright = where(greater(value, zero), value, cast(1.0, kind))
    r, gr, b = parts
    gap = tops[0] * (gr - b) + tops[1] * (b - r) + tops[2] * (r - gr)
    gh = where(coloured, gh, zero) / 6
    gs = where(greater(value, zero), gs, zero)
    out = []
    for i in range(3):
        spreads = tops[i] - lows[i]
        gaps = tops[(i + 2) % 3] - tops[(i + 1) % 3]
        hue = gh * (gaps / safe - gap * spreads / (safe * safe))
        saturation = gs * (spreads / bright - spread * tops[i] / (bright * bright))
        out.append(hue + saturation + gv * tops[i])
    return stack(out, axis=-1)


def _from_hsv(x: Array) -> Array:
    if not x.ndim or x.shape[-1] != 3:
        raise ValueError("input must have 3 channels")
    exact = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    hue, saturation, value = exact[..., 0] * 6, exact[..., 1], exact[..., 2]
    ramps = (np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4))
    pale = 1 - saturation
    parts = [(pale + saturation * np.clip(d, 0, 1)) * value for d in ramps]
    return np.stack(parts, -1).astype(x.dtype)


def _from_hsv_gradient(g: Any, y: Any, x: Any) -> Any:
    hue, saturation, value = _channels(x)
    kind = x.dtype
    hue = hue * 6
    gh, gs, gv = 0, 0, 0
    for part, centre, slope, rise in zip(
        _channels(g), (3, 2, 4), (1, -1, -1), (-1, 2, 2), strict=True
    ):
        ramp = rise + slope * absolute(hue - centre)
        d = minimum(maximum(ramp, cast(0.0, kind)), cast(1.0, kind))
        inside = cast(greater(ramp, cast(0.0, kind)), kind)
        inside = inside * cast(less(ramp, cast(1.0, kind)), kind)
        gv = gv + part * (1 + saturation * (d - 1))
        gs = gs + part * value * (d - 1)
        gh = gh + part * value * saturation * inside * (6 * slope) * sign(hue - centre)
    return stack([gh, gs, gv], axis=-1)


to_hsv_op: Op = define(
    "RGBToHSV",
    types=(FLOATING,),
    kernel=_to_hsv,
    infer=_infer,
    grad=(_to_hsv_gradient,),
    lower=color_loops.to_hsv,
)
from_hsv_op: Op = define(
    "HSVToRGB",
    types=(FLOATING,),
    kernel=_from_hsv,
    infer=_infer,
    grad=(_from_hsv_gradient,),
    lower=color_loops.from_hsv,
)


def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Images from RGB to hue, saturation and value.

    Args:
        images: floats from 0 to 1 with 3 channels.
        name: ignored when eager.

    Returns:
        Images in the same shape and type, every channel from 0 to 1.

    Raises:
        FailedPreconditionError: where there are other than 3 channels.

    Example:
        >>> import rillet as tf
        >>> tf.image.rgb_to_hsv([[[0.0, 1.0, 0.0]]]).numpy().round(3).ravel().tolist()
        [0.3330000042915344, 1.0, 1.0]
    """
    return to_hsv_op.run(images)


def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Images from hue, saturation and value to RGB; see `rgb_to_hsv`."""
    return from_hsv_op.run(images)
