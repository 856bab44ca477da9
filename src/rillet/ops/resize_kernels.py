"""The records of resized images: one for each of TensorFlow's resizing ops.

In flow images ``(batch, height, width, channels)`` and a size; out flow images of that
size, in float32 save for the nearest neighbour. Every one is linear, so each gradient
is the way back and the gradient's gradient the way forth. The caller is `ops.resize`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import FLOATING, REAL
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops import resize_loops, resize_weights
from rillet.ops.expressions import FLOATS, HALVES
from rillet.ops.registry import Op, define
from rillet.ops.resize_weights import Taps, add_up, turned
from rillet.ops.shaping import static_dims

Array = np.ndarray[Any, Any]
Method = Callable[[int, int, bool, bool], Taps]

_ATTRS: Final = {"align_corners": False, "half_pixel_centers": False}


def _checked(op: str, x: Array, size: Any) -> None:
    if x.ndim != 4:
        raise InvalidArgumentError(
            house_message(op, "input must be 4-dimensional", f"shape is {x.shape}")
        )
    if min(size) < 1:
        raise InvalidArgumentError(
            house_message(op, "output dimensions must be positive", f"size is {size}")
        )
    if not x.shape[1] or not x.shape[2]:
        raise InvalidArgumentError(
            house_message(
                op, "input image must be of non-zero size", f"shape is {x.shape}"
            )
        )


def apply(x: Array, rows: Taps, columns: Taps) -> Array:
    """An array resized along axes 1 and 2, first along the one that shrinks more."""
    x = x if x.dtype == np.float64 else x.astype(np.float32)
    shrink = len(rows.source) * x.shape[2] <= len(columns.source) * x.shape[1]
    for taps, axis in (
        ((rows, 1), (columns, 2)) if shrink else ((columns, 2), (rows, 1))
    ):
        x = add_up(x, taps, axis)
    return x


def _infer(dtype: dtypes.DType | None) -> Callable[..., Spec]:
    def infer(x: Spec, size: Any, *rest: Any, **attrs: Any) -> Spec:
        kind = dtype or x.dtype
        if x.shape is None:
            return Spec(None, kind)
        known = (None, None) if isinstance(size, Spec) else tuple(size)
        return Spec((x.shape[0], *known, x.shape[3]), kind)

    return infer


def _pair(
    method: Method, old: Any, new: Any, align_corners: bool, half_pixel_centers: bool
) -> tuple[Taps, Taps]:
    return (
        method(old[0], new[0], align_corners, half_pixel_centers),
        method(old[1], new[1], align_corners, half_pixel_centers),
    )


def _define_linear(name: str, gradient: str, method: Method) -> Op:
    """The record of a method, and that of its gradient."""

    def forward(x: Array, size: Any, **attrs: Any) -> Array:
        _checked(name, x, size)
        rows, columns = _pair(method, x.shape[1:3], size, **{**_ATTRS, **attrs})
        return apply(x, rows, columns).astype(np.float32, copy=False)

    def backward(g: Array, image: Array, **attrs: Any) -> Array:
        old = image.shape[1:3]
        rows, columns = _pair(method, old, g.shape[1:3], **{**_ATTRS, **attrs})
        back = apply(g, turned(rows, old[0]), turned(columns, old[1]))
        return back.astype(image.dtype, copy=False)

    def lower(ctx: Any, x: Any, size: Any, **attrs: Any) -> Any:
        settings = {**_ATTRS, **attrs}
        pair = _pair(method, x.shape[1:3], [int(n) for n in size], **settings)
        return resize_loops.resized(ctx, x, *pair)

    def lower_back(ctx: Any, g: Any, image: Any, **attrs: Any) -> Any:
        old = image.shape[1:3]
        rows, columns = _pair(method, old, g.shape[1:3], **{**_ATTRS, **attrs})
        back = turned(rows, old[0]), turned(columns, old[1])
        return resize_loops.resized(ctx, g, *back)

    backward_op: Op = define(
        gradient,
        types=(FLOATING, FLOATING),
        kernel=backward,
        infer=lambda g, image, **attrs: image,
        grad=(
            lambda h, y, g, image, **attrs: forward_op.run(
                h, static_dims(g)[1:3], **attrs
            ),
            None,
        ),
        attrs=_ATTRS,
        lower=lower_back,
    )
    forward_op: Op = define(
        name,
        types=(REAL, None),
        kernel=forward,
        infer=_infer(dtypes.float32),
        grad=(lambda g, y, x, size, **attrs: backward_op.run(g, x, **attrs), None),
        attrs=_ATTRS,
        lower=lower,
    )
    return forward_op


bilinear_op: Op = _define_linear(
    "ResizeBilinear", "ResizeBilinearGrad", resize_weights.bilinear
)
bicubic_op: Op = _define_linear(
    "ResizeBicubic", "ResizeBicubicGrad", resize_weights.bicubic
)
area_op: Op = _define_linear("ResizeArea", "RilletResizeAreaGrad", resize_weights.area)


def _nearest(x: Array, size: Any, **attrs: Any) -> Array:
    _checked("ResizeNearestNeighbor", x, size)
    settings = {**_ATTRS, **attrs}
    rows, columns = _pair(resize_weights.nearest, x.shape[1:3], size, **settings)
    return x.take(rows.source[:, 0], 1).take(columns.source[:, 0], 2)


def _nearest_gradient(g: Array, size: Any, **attrs: Any) -> Array:
    settings = {**_ATTRS, **attrs}
    rows, columns = _pair(resize_weights.nearest, size, g.shape[1:3], **settings)
    back = apply(g, turned(rows, size[0]), turned(columns, size[1]))
    return back.astype(g.dtype, copy=False)


def _lower_nearest(ctx: Any, x: Any, size: Any, **attrs: Any) -> Any:
    if not x.size:
        return None
    new, settings = [int(n) for n in size], {**_ATTRS, **attrs}
    pair = _pair(resize_weights.nearest, x.shape[1:3], new, **settings)
    return resize_loops.picked(ctx, x, *pair)


def _lower_nearest_gradient(ctx: Any, g: Any, size: Any, **attrs: Any) -> Any:
    if g.type not in FLOATS | HALVES:
        return None  # whole numbers wrap where floats do not
    old, settings = [int(n) for n in size], {**_ATTRS, **attrs}
    rows, columns = _pair(resize_weights.nearest, old, g.shape[1:3], **settings)
    back = turned(rows, old[0]), turned(columns, old[1])
    return resize_loops.resized(ctx, g, *back)


nearest_op: Op = define(
    "ResizeNearestNeighbor",
    types=(REAL, None),
    kernel=_nearest,
    infer=_infer(None),
    grad=(
        lambda g, y, x, size, **attrs: nearest_gradient_op.run(
            g, static_dims(x)[1:3], **attrs
        ),
        None,
    ),
    attrs=_ATTRS,
    quiet=False,
    lower=_lower_nearest,
)
nearest_gradient_op: Op = define(
    "ResizeNearestNeighborGrad",
    types=(REAL, None),
    kernel=_nearest_gradient,
    infer=_infer(None),
    grad=(
        lambda h, y, g, size, **attrs: nearest_op.run(h, static_dims(g)[1:3], **attrs),
        None,
    ),
    attrs=_ATTRS,
    lower=_lower_nearest_gradient,
)


def _spans(
    old: Any, new: Any, scale: Any, translation: Any, kernel_type: str, antialias: bool
) -> list[Taps]:
    return [
        resize_weights.sampled(
            old[i], new[i], scale[i], translation[i], kernel_type, antialias
        )
        for i in range(2)
    ]


def _scaled(
    x: Array,
    size: Any,
    scale: Any,
    translation: Any,
    kernel_type: str = "lanczos3",
    antialias: bool = True,
) -> Array:
    _checked("ScaleAndTranslate", x, size)
    spans = _spans(x.shape[1:3], size, scale, translation, kernel_type, antialias)
    return apply(x, *spans).astype(np.float32, copy=False)


def _scaled_gradient(
    g: Array,
    image: Array,
    scale: Any,
    translation: Any,
    kernel_type: str = "lanczos3",
    antialias: bool = True,
) -> Array:
    old = image.shape[1:3]
    rows, columns = _spans(
        old, g.shape[1:3], scale, translation, kernel_type, antialias
    )
    back = apply(g, turned(rows, old[0]), turned(columns, old[1]))
    return back.astype(image.dtype, copy=False)


def _lower_scaled(
    ctx: Any, x: Any, size: Any, scale: Any, translation: Any, **attrs: Any
) -> Any:
    new = [int(n) for n in size]
    spans = _spans(x.shape[1:3], new, scale, translation, **{**_SCALED, **attrs})
    return resize_loops.resized(ctx, x, *spans)


def _lower_scaled_gradient(
    ctx: Any, g: Any, image: Any, scale: Any, translation: Any, **attrs: Any
) -> Any:
    old = image.shape[1:3]
    settings = {**_SCALED, **attrs}
    rows, columns = _spans(old, g.shape[1:3], scale, translation, **settings)
    back = turned(rows, old[0]), turned(columns, old[1])
    return resize_loops.resized(ctx, g, *back)


_SCALED: Final[dict[str, Any]] = {"kernel_type": "lanczos3", "antialias": True}

scale_op: Op = define(
    "ScaleAndTranslate",
    types=(REAL, None, None, None),
    kernel=_scaled,
    infer=_infer(dtypes.float32),
    grad=(
        lambda g, y, x, size, scale, translation, **attrs: scale_gradient_op.run(
            g, x, scale, translation, **attrs
        ),
        None,
        None,
        None,
    ),
    attrs=_SCALED,
    lower=_lower_scaled,
)
scale_gradient_op: Op = define(
    "ScaleAndTranslateGrad",
    types=(FLOATING, FLOATING, None, None),
    kernel=_scaled_gradient,
    infer=lambda g, image, *rest, **attrs: image,
    grad=(
        lambda h, y, g, image, scale, translation, **attrs: scale_op.run(
            h, static_dims(g)[1:3], scale, translation, **attrs
        ),
        None,
        None,
        None,
    ),
    attrs=_SCALED,
    lower=_lower_scaled_gradient,
)
