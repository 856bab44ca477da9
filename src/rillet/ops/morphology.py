"""Grey-scale dilation and erosion: Dilation2D, its gradients, and `tf.nn`'s functions.

A dilation is a convolution with maximum for sum and sum for product. Kernels fold taps
in one after the other; of equal sums the first tap takes the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import REAL
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import conv_rules
from rillet.ops.conv_rules import Window, refuse
from rillet.ops.registry import Op, define
from rillet.ops.window_arguments import plain_padding, whole_list
from rillet.ops.windows import Windows

Array = np.ndarray[Any, Any]
_ALL = (slice(None),)


def _window(strides: Any, rates: Any, padding: str) -> Window:
    made = conv_rules.window("dilation2d", 4, strides, padding, (), "NHWC", rates)
    conv_rules.slides_in_space_only(made)
    return made


def _check(x: Any, w: Any) -> None:
    ranks = len(x) == 4 and len(w) == 3
    if not ranks or (None not in (x[3], w[2]) and x[3] != w[2]):
        raise refuse(
            "dilation2d",
            "the input has 4 dimensions, the filter 3, and input and filter must have "
            "the same depth",
            f"the input has shape {list(x)}, the filter {list(w)}",
        )


def _at(x: Array, w: Array, strides: Any, rates: Any, padding: str) -> Windows:
    made = _window(strides, rates, padding)
    _check(x.shape, w.shape)
    return conv_rules.place_space(made, x.shape[1:3], w.shape[:2])


def _infer(
    x: Spec, w: Spec, strides: Any = None, rates: Any = None, padding: str = "VALID"
) -> Spec:
    made = _window(strides, rates, padding)
    if x.shape is None or w.shape is None:
        return Spec(None, x.dtype)
    _check(x.shape, w.shape)
    space = conv_rules.outputs(made, x.shape, w.shape[:2])
    return Spec((x.shape[0], *space, x.shape[3]), x.dtype)


def _candidates(x: Array, w: Array, at: Windows) -> Iterator[tuple[Any, Any, Any, Any]]:
    """What each tap offers: (tap, slices of outputs, slices of the input, sums)."""
    for tap in at.taps():
        meets = at.slices(tap)
        if meets is not None:
            of, to = (_ALL + place for place in meets)
            yield tap, of, to, x[to] + w[tap]


def _lowest(dtype: Any) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _dilate(
    x: Array, w: Array, strides: Any = None, rates: Any = None, padding: str = "VALID"
) -> Array:
    at = _at(x, w, strides, rates, padding)
    out = np.full((x.shape[0], *at.outputs, x.shape[3]), _lowest(x.dtype), x.dtype)
    for _, of, _, sums in _candidates(x, w, at):
        target = out[of]
        np.maximum(target, sums, out=target)
    return out


def _gradients(
    x: Array, w: Array, g: Array, strides: Any, rates: Any, padding: str
) -> tuple[Array, Array]:
    """The gradients of the input and of the filter."""
    at = _at(x, w, strides, rates, padding)
    best = _dilate(x, w, strides, rates, padding)
    if g.shape != best.shape:
        shown = f"it has shape {list(g.shape)}, the result {list(best.shape)}"
        raise refuse("dilation2d", "the gradient must have the result's shape", shown)
    unclaimed = np.ones(best.shape, np.bool_)
    of_x, of_w = np.zeros(x.shape, g.dtype), np.zeros(w.shape, g.dtype)
    nothing = np.zeros((), g.dtype)
    for tap, of, to, sums in _candidates(x, w, at):
        won = (sums == best[of]) & unclaimed[of]
        unclaimed[of] ^= won
        part = np.where(won, g[of], nothing)
        of_x[to] += part
        of_w[tap] = np.add.reduce(part, axis=(0, 1, 2), dtype=g.dtype)
    return of_x, of_w


def _input_gradient(x: Array, w: Array, g: Array, strides: Any = None,
                    rates: Any = None, padding: str = "VALID") -> Array:  # fmt: skip
    return _gradients(x, w, g, strides, rates, padding)[0]


def _filter_gradient(x: Array, w: Array, g: Array, strides: Any = None,
                     rates: Any = None, padding: str = "VALID") -> Array:  # fmt: skip
    return _gradients(x, w, g, strides, rates, padding)[1]


_ATTRIBUTES: dict[str, Any] = {
    "strides": (1, 1, 1, 1),
    "rates": (1, 1, 1, 1),
    "padding": "VALID",
}

input_op: Op = define(
    "Dilation2DBackpropInput",
    types=(REAL, 0, 0),
    kernel=_input_gradient,
    infer=lambda x, w, g, **attrs: x,
    attrs=_ATTRIBUTES,
)

filter_op: Op = define(
    "Dilation2DBackpropFilter",
    types=(REAL, 0, 0),
    kernel=_filter_gradient,
    infer=lambda x, w, g, **attrs: w,
    attrs=_ATTRIBUTES,
)

dilation_op: Op = define(
    "Dilation2D",
    types=(REAL, 0),
    kernel=_dilate,
    infer=_infer,
    grad=(
        lambda g, y, x, w, **attrs: input_op(x, w, g, **attrs),
        lambda g, y, x, w, **attrs: filter_op(x, w, g, **attrs),
    ),
    attrs=_ATTRIBUTES,
)


def _check_format(op: str, data_format: str) -> None:
    if data_format != "NHWC":
        raise ValueError(
            house_message(op, 'data_format must be "NHWC"', f"got {data_format!r}")
        )


def dilation2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Tensor:
    """The largest sum of input and filter over every window.

    Args:
        input: `(batch, height, width, channels)`, real numbers.
        filters: `(window height, window width, channels)`.
        strides: four numbers.
        padding: "SAME" or "VALID".
        data_format: "NHWC".
        dilations: four numbers, from a tap to the next.
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, channels)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 5.0, 2.0, 0.0], [1, 2, 2, 1])
        >>> ones = [1, 1, 1, 1]
        >>> y = tf.nn.dilation2d(x, tf.zeros([2, 2, 1]), ones, "SAME", "NHWC", ones)
        >>> y.numpy().ravel()
        array([5., 5., 2., 0.], dtype=float32)
    """
    _check_format("dilation2d", data_format)
    x = to_tensor(input)
    y: Tensor = dilation_op(
        x,
        to_tensor(filters, hint=x.dtype),
        strides=whole_list("dilation2d", "strides", strides),
        rates=whole_list("dilation2d", "dilations", dilations),
        padding=plain_padding("dilation2d", padding),
    )
    return y


def erosion2d(
    value: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Tensor:
    """The least difference of value and filter over every window.

    Args:
        value: `(batch, height, width, channels)`, real numbers.
        filters: `(window height, window width, channels)`.
        strides: four numbers.
        padding: "SAME" or "VALID".
        data_format: "NHWC".
        dilations: four numbers, from a tap to the next.
        name: ignored when eager.

    Returns:
        `(batch, new height, new width, channels)`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([1.0, 5.0, 2.0, 0.5], [1, 2, 2, 1])
        >>> ones = [1, 1, 1, 1]
        >>> y = tf.nn.erosion2d(x, tf.zeros([2, 2, 1]), ones, "VALID", "NHWC", ones)
        >>> y.numpy().item()
        0.5
    """
    _check_format("erosion2d", data_format)
    x = to_tensor(value)
    w = to_tensor(filters, hint=x.dtype)
    turned = w[::-1, ::-1]
    return -dilation2d(-x, turned, strides, padding, data_format, dilations)
