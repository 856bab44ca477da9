"""Norms, moments and counts over axes, most of them made of other reductions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, NUMERIC, as_dtype
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.compare import equal_op, not_equal_op
from rillet.ops.elementwise import (
    cast_op,
    conjugate,
    div_op,
    exp_op,
    log_op,
    mul_op,
    sqrt_op,
    square_op,
    sub_op,
)
from rillet.ops.expressions import FLOATS, HALVES
from rillet.ops.host import axis_or_none
from rillet.ops.lowering import Reduce, least
from rillet.ops.reduce import kept, max_array, mean_op
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import reduced
from rillet.ops.shaping import reshape_op, static_dims, sum_array, sum_op

Array = np.ndarray[Any, Any]


def _euclidean(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    kind = x.dtype
    if kind.kind == "c":
        parts = np.square(x.real) + np.square(x.imag)
        return np.sqrt(sum_array(parts, axis, keep_dims)).astype(kind)
    if kind.itemsize == 2 and kind.kind in "fV":
        x = x.astype(np.float32)
    total = sum_array(np.square(x), axis, keep_dims)
    return np.sqrt(total).astype(kind)


def _grad_euclidean(g: Any, y: Any, x: Any, axis: Any, keep_dims: bool = False) -> Any:
    g, y = kept(g, x, axis, keep_dims), kept(y, x, axis, keep_dims)
    return mul_op(x, div_op(g, y))


def _lower_euclidean(ctx: Any, x: Any, axis: Any, **attrs: Any) -> Any:
    if x.type not in FLOATS | HALVES:
        return None  # whole numbers are rounded as the kernel does
    return _EUCLIDEAN(ctx, x, axis, **attrs)


_EUCLIDEAN = Reduce("sum", 0, lambda b, x: x * x, lambda b, total, count: b.sqrt(total))

euclidean_norm_op: Op = define(
    "EuclideanNorm",
    types=(NUMERIC, None),
    kernel=_euclidean,
    infer=reduced("reduce_euclidean_norm"),
    grad=(_grad_euclidean, None),
    attrs={"keep_dims": False},
    lower=_lower_euclidean,
)


def _finite_max(x: Array, axis: Any) -> Any:
    top = np.asarray(max_array(x, axis, True))
    return np.where(np.isfinite(top), top, x.dtype.type(0)).astype(x.dtype)


def _lower_finite_max(ctx: Any, x: Any, axis: Any, **attrs: Any) -> Any:
    return _FINITE_MAX(ctx, x, axis, keep_dims=True)


_FINITE_MAX = Reduce(
    "maximum",
    least,
    None,
    lambda b, top, count: b.select(b.abs(top) < math.inf, top, 0),
)


def _infer_finite_max(x: Spec, axis: Any) -> Spec:
    return reduced("reduce_logsumexp")(x, axis, keep_dims=True)


# The shift that keeps exp from overflowing in reduce_logsumexp. The result does not
# depend on it, so no gradient goes through it.
_shift_op: Op = define(
    "RilletFiniteMax",
    types=(FLOATING, None),
    kernel=_finite_max,
    infer=_infer_finite_max,
    grad=(None, None),
    lower=_lower_finite_max,
)


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the sum of squares over axes.

    Args:
        input_tensor: a numeric tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes; integers are rounded down.

    Example:
        >>> import rillet as tf
        >>> tf.math.reduce_euclidean_norm([3., 4.]).numpy()
        np.float32(5.0)
    """
    axis = axis_or_none("reduce_euclidean_norm", axis)
    return euclidean_norm_op.run(input_tensor, axis, keep_dims=bool(keepdims))


def refuse_whole_numbers(x: Any) -> None:
    """Raise for the variance of integers: it would hardly ever be one."""
    if x.dtype.is_integer:
        raise TypeError(
            house_message(
                "reduce_variance",
                "Input must be either real or complex",
                f"received integer type {x.dtype.name}",
                "Convert it with tf.cast(x, tf.float32)",
            )
        )


@dispatched
def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean squared distance from the mean, over axes (divided by n, not n - 1).

    Args:
        input_tensor: a real or complex floating tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A real tensor without the reduced axes.

    Raises:
        TypeError: for integers.

    Example:
        >>> import rillet as tf
        >>> tf.math.reduce_variance([[1., 2.], [3., 4.]], 0).numpy().tolist()
        [1.0, 1.0]
    """
    x, axis = to_tensor(input_tensor), axis_or_none("reduce_variance", axis)
    refuse_whole_numbers(x)
    away = sub_op.run(x, mean_op.run(x, axis, keep_dims=True))
    if x.dtype.is_complex:
        squares = cast_op(mul_op.run(away, conjugate(away)), DstT=x.dtype.real_dtype)
    else:
        squares = square_op.run(away)
    return mean_op.run(squares, axis, keep_dims=bool(keepdims))


@dispatched
def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of `tf.math.reduce_variance`, whose arguments it takes.

    Example:
        >>> import rillet as tf
        >>> tf.math.reduce_std([[1., 2.], [3., 4.]], 1).numpy().tolist()
        [0.5, 0.5]
    """
    return sqrt_op.run(reduce_variance(input_tensor, axis, keepdims))


@dispatched
def reduce_logsumexp(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """log(sum(exp(x))) over axes, without overflow.

    Args:
        input_tensor: a floating tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes; minus infinity of none.

    Example:
        >>> import rillet as tf
        >>> tf.reduce_logsumexp([1000., 1000.]).numpy()
        np.float32(1000.6932)
    """
    x, axis = to_tensor(input_tensor), axis_or_none("reduce_logsumexp", axis)
    shift = _shift_op(x, axis)
    total = sum_op(exp_op.run(sub_op.run(x, shift)), axis, keep_dims=bool(keepdims))
    if not keepdims:
        shift = reshape_op(shift, static_dims(total))
    return log_op.run(total) + shift


def count_nonzero(
    input: Any,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """How many elements over axes are not 0 (or, of strings, not empty).

    Args:
        input: a numeric, boolean or string tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        dtype: the type of the result.
        name: ignored when eager.

    Returns:
        A tensor of type `dtype` without the reduced axes.

    Example:
        >>> import rillet as tf
        >>> tf.math.count_nonzero([[0, 1, 0], [1, 1, 0]], axis=1).numpy().tolist()
        [1, 2]
    """
    x = to_tensor(input)
    none = b"" if x.dtype is dtypes.string else False if x.dtype.is_bool else 0
    hits = cast_op(not_equal_op.run(x, to_tensor(none, x.dtype)), DstT=dtypes.int64)
    total = sum_op(hits, axis_or_none("count_nonzero", axis), keep_dims=bool(keepdims))
    wanted = as_dtype(dtype)
    return total if wanted is dtypes.int64 else cast_op(total, DstT=wanted)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The fraction of a tensor's elements that are 0, as float32; NaN of none.

    Example:
        >>> import rillet as tf
        >>> tf.math.zero_fraction([0, 1, 0, 3]).numpy()
        np.float32(0.5)
    """
    x = to_tensor(value)
    zero = to_tensor(0, x.dtype)
    return mean_op.run(cast_op(equal_op.run(x, zero), DstT=dtypes.float32), None)
