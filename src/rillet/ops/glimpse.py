"""Glimpses: windows of one size cut out of images, each where its offset says.

In flow images and offsets, out windows. `tf.image` shows `extract_glimpse`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import philox
from rillet.ops.host import integers, is_symbolic
from rillet.ops.image_rules import refused, typed
from rillet.ops.registry import Op, define
from rillet.ops.seeds import fresh_word

Array = np.ndarray[Any, Any]

_FLOAT = type_set(dtypes.float32)


def _noise(kind: str, shape: tuple[int, ...]) -> Array:
    """What stands outside the image: zeros, or numbers that no seed decides."""
    size = int(np.prod(shape))
    stream = philox.from_seeds(fresh_word(), fresh_word())
    if kind == "zero":
        return np.zeros(shape, np.float32)
    draw = philox.normal if kind == "gaussian" else philox.uniform
    return np.asarray(draw(stream, size, np.dtype(np.float32))).reshape(shape)


def _checked(images: Any, offsets: Any) -> None:
    if images.shape is not None and len(images.shape) != 4:
        raise _wrong("input must be 4-dimensional", f"{images.shape}")
    if images.shape is None or offsets.shape is None:
        return
    if len(offsets.shape) != 2 or offsets.shape[1] not in (2, None):
        raise _wrong("offsets must have shape [batch, 2]", f"{offsets.shape}")
    counts = (images.shape[0], offsets.shape[0])
    if None not in counts and counts[0] != counts[1]:
        raise _wrong("there must be an offset for each image", f"{counts}")


def _wrong(rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message("image.extract_glimpse", rule, values))


def _infer(images: Spec, size: Any, offsets: Spec, **attrs: Any) -> Spec:
    _checked(images, offsets)
    sides = size if isinstance(size, tuple) else (None, None)
    if images.shape is None:
        return Spec((None, *sides, None), images.dtype)
    return Spec((images.shape[0], *sides, images.shape[3]), images.dtype)


def _glimpse(
    images: Array,
    size: tuple[int, int],
    offsets: Array,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    noise: str = "uniform",
    _instance: Any = None,
) -> Array:
    _checked(images, offsets)
    count, height, width, channels = images.shape
    if len(size) != 2 or min(size) <= 0:
        raise _wrong("size must be two positive numbers", f"{size}")
    out = _noise(noise, (count, *size, channels))
    sides = np.array([height, width], np.float32)
    half = np.array(size, np.float32) / 2
    for k, place in enumerate(offsets.astype(np.float32)):
        if normalized:
            place = place * sides
            if centered:
                place = place / 2 + sides / 2 - half
        elif centered:
            place = place + sides / 2
        top, left = (int(p) for p in place)
        rows = slice(max(top, 0), max(min(top + size[0], height), 0))
        columns = slice(max(left, 0), max(min(left + size[1], width), 0))
        part = images[k, rows, columns]
        if part.size:
            y, x = rows.start - top, columns.start - left
            out[k, y : y + part.shape[0], x : x + part.shape[1]] = part
    return out


glimpse_op: Op = define(
    "ExtractGlimpseV2",
    types=(_FLOAT, None, _FLOAT),
    kernel=_glimpse,
    infer=_infer,
    attrs={
        "centered": True,
        "normalized": True,
        "uniform_noise": True,
        "noise": "uniform",
    },
    effects="random",
)


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    noise: str = "uniform",
    name: str | None = None,
) -> Tensor:
    """Windows cut out of images; what lies outside an image is noise.

    Args:
        input: ``(batch, height, width, channels)``, float32.
        size: the windows' height and width.
        offsets: ``(batch, 2)``, y and x of each.
        centered: whether offsets count from the image's centre.
        normalized: whether they are parts of its size: -1 to 1 from one side to the
            other where centred, else 0 to 1. Then they name the window's centre where
            they are centred, else its corner.
        noise: ``"uniform"``, ``"gaussian"`` or ``"zero"``.
        name: ignored when eager.

    Returns:
        float32, ``(batch, *size, channels)``.

    Raises:
        ValueError: for another noise.

    Example:
        >>> import rillet as tf
        >>> image = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
        >>> tf.image.extract_glimpse(image, [1, 1], [[0.0, 0.0]]).numpy().item()
        4.0
    """
    op = "image.extract_glimpse"
    if noise not in ("uniform", "gaussian", "zero"):
        raise refused(op, "noise must be 'uniform', 'gaussian' or 'zero'", repr(noise))
    sides = integers(op, "size", size)
    return glimpse_op.run(
        typed(input, dtypes.float32),
        sides if is_symbolic(sides) else tuple(sides),
        typed(offsets, dtypes.float32),
        centered=bool(centered),
        normalized=bool(normalized),
        uniform_noise=False,
        noise=noise,
    )
