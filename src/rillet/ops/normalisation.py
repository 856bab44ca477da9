"""Moments with weights or from sums, batch and local response normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import reordering_loops
from rillet.ops.elementwise import (
    add_op,
    cast,
    div_op,
    mul_op,
    pow_op,
    square_op,
    sub_op,
)
from rillet.ops.expressions import b
from rillet.ops.host import axis_or_none
from rillet.ops.matrix_rules import number, wide
from rillet.ops.neural import batch_normalization
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import axes_in
from rillet.ops.shaping import broadcast_to_op, reshape_op, static_dims, sum_op

Array = np.ndarray[Any, Any]


def sufficient_statistics(
    x: Any,
    axes: Any,
    shift: Any = None,
    keepdims: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """What a mean and a variance need: a count, a sum and a sum of squares.

    Args:
        x: a float tensor.
        axes: the axes to sum over.
        shift: what to subtract first, for accuracy; close to the mean.
        keepdims: keep those axes with size 1.
        name: ignored when eager.

    Returns:
        The count, the sum, the sum of squares, and the shift.
    """
    x = to_tensor(x)
    dims = static_dims(x)
    over = axes_in("sufficient_statistics", axis_or_none("moments", axes), len(dims))
    count = 1
    for a in over:
        count *= dims[a]
    by = None if shift is None else to_tensor(shift, x.dtype)
    centred = x if by is None else sub_op(x, by)
    return (
        number(x, count),
        sum_op(centred, over, keep_dims=keepdims),
        sum_op(square_op(centred), over, keep_dims=keepdims),
        by,
    )


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The mean and variance from what `tf.nn.sufficient_statistics` gives.

    Args:
        counts: how many elements.
        mean_ss: their sum, less the shift.
        variance_ss: the sum of their squares, less the shift.
        shift: the shift, or None.
        name: ignored when eager.

    Returns:
        The mean and the (biased) variance.
    """
    total = to_tensor(mean_ss)
    divisor = div_op(1.0, to_tensor(counts, hint=total.dtype))
    squares = to_tensor(variance_ss, hint=total.dtype)
    shifted = mul_op(total, divisor)
    mean = shifted if shift is None else add_op(shifted, shift)
    return mean, sub_op(mul_op(squares, divisor), square_op(shifted))


def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    keepdims: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and variance over axes of elements that count differently.

    Args:
        x: a float tensor.
        axes: the axes.
        frequency_weights: how much elements count, broadcast against `x`.
        keepdims: keep those axes with size 1.
        name: ignored when eager.

    Returns:
        The mean and the (biased) variance.

    Raises:
        InvalidArgumentError: where the shapes do not broadcast.

    Example:
        >>> import rillet as tf
        >>> mean, variance = tf.nn.weighted_moments([1., 5.], [0], [3., 1.])
        >>> float(mean), float(variance)
        (2.0, 3.0)
    """
    given = to_tensor(x)
    narrow = given.dtype in (dtypes.float16, dtypes.bfloat16)
    values = cast(given, "float32") if narrow else given
    weights = to_tensor(frequency_weights, hint=given.dtype)
    weights = cast(weights, values.dtype)
    over = axes_in(
        "weighted_moments", axis_or_none("moments", axes), len(static_dims(values))
    )
    products = mul_op(values, weights)
    wide = products.shape.as_list()
    if None in wide or weights.shape.as_list() != wide:
        weights = broadcast_to_op(weights, static_dims(products))
    total = sum_op(weights, over, keep_dims=True)
    mean = div_op(sum_op(products, over, keep_dims=True), total)
    away = mul_op(weights, square_op(sub_op(values, mean)))
    variance = div_op(sum_op(away, over, keep_dims=True), total)
    if not keepdims:
        sizes = static_dims(mean)
        kept = tuple([d for i, d in enumerate(sizes) if i not in over])
        mean, variance = reshape_op(mean, kept), reshape_op(variance, kept)
    if narrow:
        return cast(mean, given.dtype), cast(variance, given.dtype)
    return mean, variance


def batch_norm_with_global_normalization(
    input: Any,
    mean: Any,
    variance: Any,
    beta: Any,
    gamma: Any,
    variance_epsilon: float,
    scale_after_normalization: bool,
    name: str | None = None,
) -> Tensor:
    """Batch normalisation under its first name; see `tf.nn.batch_normalization`.

    Args:
        input: a float tensor.
        mean: its mean.
        variance: its variance.
        beta: what is added.
        gamma: the factor.
        variance_epsilon: ε.
        scale_after_normalization: whether `gamma` counts.
        name: ignored when eager.

    Returns:
        A tensor of the shape of `input`.
    """
    scale = gamma if scale_after_normalization else None
    return batch_normalization(input, mean, variance, beta, scale, variance_epsilon)


def _window_sum(x: Array, radius: int) -> Array:
    """Sums over channels no further than `radius` away."""
    out = x.copy()
    for step in range(1, min(radius, x.shape[-1] - 1) + 1):
        out[..., step:] += x[..., :-step]
        out[..., :-step] += x[..., step:]
    return out


def _infer_window(x: Spec, depth_radius: int = 5) -> Spec:
    if x.shape is not None and len(x.shape) != 4:
        raise InvalidArgumentError(
            house_message(
                "local_response_normalization",
                "in must be 4-dimensional",
                f"the input has shape {list(x.shape)}",
            )
        )
    return x


def _channel_sums(x: Array, depth_radius: int = 5) -> Array:
    if x.ndim != 4:
        raise ValueError("not four axes")
    return _window_sum(wide(x), depth_radius).astype(x.dtype)


def _lower_sums(ctx: Any, x: Any, depth_radius: int = 5) -> Any:
    if not x.size:
        return None
    sums = reordering_loops.channel_windows(ctx, x, depth_radius)
    return ctx.pointwise(x.shape, x.type, sums.at)


#: Sums over neighbouring channels: what local response normalisation divides by.
channel_sums_op: Op = define(
    "RilletChannelSums",
    types=(FLOATING,),
    kernel=_channel_sums,
    infer=_infer_window,
    grad=(
        lambda g, y, x, depth_radius=5: channel_sums_op(g, depth_radius=depth_radius),
    ),
    attrs={"depth_radius": 5},
    lower=_lower_sums,
)


def _lrn(
    x: Array,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
) -> Array:
    if x.ndim != 4:
        raise ValueError("not four axes")
    values = wide(x)
    sums = _window_sum(np.square(values), depth_radius)
    return (values * np.power(bias + alpha * sums, -beta)).astype(x.dtype)


def _grad_lrn(
    g: Any,
    y: Any,
    x: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
) -> Any:
    """With n = bias + alpha Σ x²: g n^-β - 2 α β x Σ g x n^(-β-1), sums by channels."""
    sums = channel_sums_op(square_op(x), depth_radius=depth_radius)
    n = add_op(mul_op(sums, number(x, alpha)), number(x, bias))
    power = pow_op(n, number(x, -beta))
    inner = div_op(mul_op(mul_op(g, x), power), n)
    spread = channel_sums_op(inner, depth_radius=depth_radius)
    rest = mul_op(mul_op(spread, x), number(x, 2 * alpha * beta))
    return sub_op(mul_op(g, power), rest)


def _lower_lrn(
    ctx: Any,
    x: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
) -> Any:
    if not x.size:
        return None
    x = ctx.settled(x)
    squares = ctx.pointwise(x.shape, x.type, lambda place: b.square(x.at(place)))
    sums = reordering_loops.channel_windows(ctx, squares, depth_radius)

    def at(place: Any) -> Any:
        divisor = sums.at(place) * alpha + bias
        return x.at(place) * b.pow(divisor, b.const(-beta, divisor.type))

    return ctx.pointwise(x.shape, x.type, at)


lrn_op: Op = define(
    "LRN",
    types=(FLOATING,),
    kernel=_lrn,
    infer=lambda x, depth_radius=5, **rest: _infer_window(x),
    grad=(_grad_lrn,),
    attrs={"depth_radius": 5, "bias": 1.0, "alpha": 1.0, "beta": 0.5},
    lower=_lower_lrn,
)


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """x / (bias + alpha Σ x²)^beta, summed over near channels (Krizhevsky, 2012).

    Args:
        input: a float tensor ``(batch, height, width, channels)``.
        depth_radius: how far neighbouring channels count.
        bias: what is added, to keep off zero.
        alpha: what the sum counts.
        beta: the exponent.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Raises:
        InvalidArgumentError: where the rank is not 4.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape([3., 4.], [1, 1, 1, 2])
        >>> tf.nn.lrn(x, bias=0.).numpy().ravel()
        array([0.6, 0.8], dtype=float32)
    """
    return lrn_op(
        input,
        depth_radius=int(depth_radius),
        bias=float(bias),
        alpha=float(alpha),
        beta=float(beta),
    )


lrn = local_response_normalization
