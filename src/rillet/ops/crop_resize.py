"""Parts of images by boxes, each brought to one size: `tf.image.crop_and_resize`.

In flow images, boxes and the image that each box lies on; out flow crops in float32.
Both images and boxes have gradients. Box sides are parts of height and width.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import REAL, type_set
from rillet.core.errors import InvalidArgumentError, OutOfRangeError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integers
from rillet.ops.image_rules import typed
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]

_F32: Final = type_set(dtypes.float32)
_I32: Final = type_set(dtypes.int32)
_METHODS: Final = ("bilinear", "nearest")
_ATTRS: Final = {"method": "bilinear", "extrapolation_value": 0.0}


class _Axis(NamedTuple):
    """Where the pixels of crops lie along one axis, all ``(boxes, pixels)``."""

    low: Array
    high: Array
    part: Array
    inside: Array


def _axis(first: Array, last: Array, old: int, new: int, method: str) -> _Axis:
    at = _places(first, last, old, new)
    inside = (at >= 0) & (at <= old - 1)
    safe = np.where(inside, at, 0)
    if method == "nearest":
        whole = np.floor(safe + np.float32(0.5)).astype(np.int64)
        return _Axis(whole, whole, np.zeros_like(safe), inside)
    low, high = np.floor(safe), np.ceil(safe)
    return _Axis(low.astype(np.int64), high.astype(np.int64), safe - low, inside)


def _places(first: Array, last: Array, old: int, new: int) -> Array:
    size = np.float32(old - 1)
    if new == 1:
        return (np.float32(0.5) * (first + last) * size)[:, None]
    step = (last - first) * size / np.float32(new - 1)
    return first[:, None] * size + np.arange(new, dtype=np.float32) * step[:, None]


def _axes(boxes: Array, image: Any, crop: Any, method: str) -> tuple[_Axis, _Axis]:
    return (
        _axis(boxes[:, 0], boxes[:, 2], image[1], crop[0], method),
        _axis(boxes[:, 1], boxes[:, 3], image[2], crop[1], method),
    )


def _refused(rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("image.crop_and_resize", rule, values))


def _check(image: Any, boxes: Array, indices: Array, crop: Any, method: str) -> None:
    if len(image) != 4:
        raise _refused("input image must be 4-D", f"shape is {tuple(image)}")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise _refused("boxes must have shape (n, 4)", f"shape is {boxes.shape}")
    if indices.shape != boxes.shape[:1]:
        raise _refused(
            "there must be an index for each box",
            f"boxes have shape {boxes.shape}, box_indices {indices.shape}",
        )
    if min(crop) < 1:
        raise _refused("crop dimensions must be positive", f"crop_size is {crop}")
    if method not in _METHODS:
        raise _refused(
            f"Value for attr 'method' of \"{method}\" is not in the list of allowed"
            ' values: "bilinear", "nearest"'
        )
    if indices.size and not (0 <= indices.min() and indices.max() < image[0]):
        raise OutOfRangeError(
            house_message(
                "image.crop_and_resize",
                "box_index has values outside [0, batch_size)",
                f"they run from {indices.min()} to {indices.max()}, batch_size is"
                f" {image[0]}",
            )
        )


def _corners(x: Array, indices: Array, rows: _Axis, columns: _Axis) -> list[Array]:
    """Top left, top right, bottom left, bottom right: ``(n, height, width, depth)``."""
    box = indices[:, None, None]
    return [
        x[box, row[:, :, None], column[:, None, :]]
        for row in (rows.low, rows.high)
        for column in (columns.low, columns.high)
    ]


def _crop(
    x: Array,
    boxes: Array,
    indices: Array,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
) -> Array:
    _check(x.shape, boxes, indices, crop_size, method)
    rows, columns = _axes(boxes, x.shape, crop_size, method)
    x = x.astype(np.float32, copy=False)
    corners = _corners(x, indices, rows, columns)
    across, down = columns.part[:, None, :, None], rows.part[:, :, None, None]
    top = corners[0] + (corners[1] - corners[0]) * across
    bottom = corners[2] + (corners[3] - corners[2]) * across
    inside = (rows.inside[:, :, None] & columns.inside[:, None, :])[..., None]
    return np.where(
        inside, top + (bottom - top) * down, np.float32(extrapolation_value)
    )


def _infer(
    image: Spec, boxes: Spec, indices: Spec, crop_size: Any, **attrs: Any
) -> Spec:
    count = None if boxes.shape is None else boxes.shape[0]
    sizes = (None, None) if isinstance(crop_size, Spec) else tuple(crop_size)
    depth = None if image.shape is None else image.shape[3]
    return Spec((count, *sizes, depth), dtypes.float32)


def _image_gradient(
    g: Array, boxes: Array, indices: Array, image_size: Any, T: Any, method: str
) -> Array:
    """Each pixel's gradient: what the crops' pixels took from it."""
    rows, columns = _axes(boxes, image_size, g.shape[1:3], method)
    out = np.zeros(image_size, np.float32)
    inside = (rows.inside[:, :, None] & columns.inside[:, None, :])[..., None]
    g = np.where(inside, g, 0)
    across, down = columns.part[:, None, :, None], rows.part[:, :, None, None]
    box = indices[:, None, None]
    for row, weight in ((rows.low, 1 - down), (rows.high, down)):
        for column, share in ((columns.low, 1 - across), (columns.high, across)):
            at = (box, row[:, :, None], column[:, None, :])
            np.add.at(out, at, g * weight * share)
    return out.astype(T.numpy_dtype, copy=False)


def _box_gradient(
    g: Array, image: Array, boxes: Array, indices: Array, method: str = "bilinear"
) -> Array:
    """Each side's gradient: how pixels change as the places they come from move."""
    size, crop = image.shape[1:3], g.shape[1:3]
    rows, columns = _axes(boxes, image.shape, crop, method)
    corners = _corners(image.astype(np.float32), indices, rows, columns)
    top_left, top_right, low_left, low_right = corners
    across, down = columns.part[:, None, :, None], rows.part[:, :, None, None]
    by_row = (1 - across) * (low_left - top_left) + across * (low_right - top_right)
    by_column = (1 - down) * (top_right - top_left) + down * (low_right - low_left)
    inside = (rows.inside[:, :, None] & columns.inside[:, None, :])[..., None]
    g = np.where(inside, g, 0)
    down_sum, across_sum = (g * by_row).sum((2, 3)), (g * by_column).sum((1, 3))
    out = np.zeros((len(boxes), 4), np.float32)
    for axis, total in enumerate((down_sum, across_sum)):
        length = np.float32(size[axis] - 1)
        if crop[axis] > 1:
            share = np.arange(crop[axis], dtype=np.float32) / (crop[axis] - 1)
        else:
            share = np.full(1, 0.5, np.float32)
        out[:, axis] = (total * (1 - share)).sum(1) * length
        out[:, axis + 2] = (total * share).sum(1) * length
    return out


image_gradient_op: Op = define(
    "CropAndResizeGradImage",
    types=(_F32, _F32, _I32, None),
    kernel=_image_gradient,
    infer=lambda g, boxes, indices, image_size, T, method: Spec(tuple(image_size), T),
    grad=(
        lambda h, y, g, boxes, indices, image_size, T, method: crop_op.run(
            h, boxes, indices, static_dims(g)[1:3], method=method
        ),
        None,
        None,
        None,
    ),
    attrs={"T": dtypes.float32, "method": "bilinear"},
)
box_gradient_op: Op = define(
    "CropAndResizeGradBoxes",
    types=(_F32, REAL, _F32, _I32),
    kernel=_box_gradient,
    infer=lambda g, image, boxes, indices, **attrs: boxes,
    attrs={"method": "bilinear"},
)


def _to_image(
    g: Any, y: Any, x: Any, boxes: Any, indices: Any, crop_size: Any, **attrs: Any
) -> Any:
    method = attrs.get("method", "bilinear")
    return image_gradient_op.run(
        g, boxes, indices, static_dims(x), T=x.dtype, method=method
    )


def _to_boxes(
    g: Any, y: Any, x: Any, boxes: Any, indices: Any, crop_size: Any, **attrs: Any
) -> Any:
    # TensorFlow gives boxes the bilinear gradient whatever the method
    return box_gradient_op.run(g, x, boxes, indices, method="bilinear")


crop_op: Op = define(
    "CropAndResize",
    types=(REAL, _F32, _I32, None),
    kernel=_crop,
    infer=_infer,
    grad=(_to_image, _to_boxes, None, None),
    attrs=_ATTRS,
)


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_indices: Any,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
    name: str | None = None,
) -> Tensor:
    """Parts of images, each brought to one size.

    Args:
        image: ``(batch, height, width, channels)``.
        boxes: ``(n, 4)``, float32, ``(y1, x1, y2, x2)`` as parts of height and width;
            a box may reach outside, or run backwards to flip its part.
        box_indices: ``(n,)``, int32, the image that each box lies on.
        crop_size: height and width of the parts.
        method: ``"bilinear"`` or ``"nearest"``.
        extrapolation_value: what pixels outside the image are.
        name: ignored when eager.

    Returns:
        ``(n, height, width, channels)``, float32.

    Raises:
        InvalidArgumentError: where shapes do not fit.
        OutOfRangeError: where an index names no image.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
        >>> part = tf.image.crop_and_resize(x, [[0.0, 0.0, 1.0, 1.0]], [0], [2, 2])
        >>> part.numpy().ravel().tolist()
        [0.0, 3.0, 12.0, 15.0]
    """
    size = integers("image.crop_and_resize", "crop_size", crop_size)
    return crop_op.run(
        image,
        typed(boxes, dtypes.float32),
        typed(box_indices, dtypes.int32),
        size,
        method=method,
        extrapolation_value=float(extrapolation_value),
    )
