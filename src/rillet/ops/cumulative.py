"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import FLOATING, NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import gathering_loops
from rillet.ops.compare import greater_op, is_finite_op, logical_and_op
from rillet.ops.elementwise import (
    add_op,
    conjugate,
    div_no_nan_op,
    exp_op,
    log_op,
    mul_op,
    neg_op,
    sub_op,
)
from rillet.ops.host import integer
from rillet.ops.mask import select_op
from rillet.ops.registry import Op, define

Array = np.ndarray[Any, Any]

_ATTRS = {"exclusive": False, "reverse": False}


def scan_shape(name: str) -> Any:
    """The rule of running ops: the input's shape, along an axis that exists."""

    def infer(
        x: Spec, axis: Any, exclusive: bool = False, reverse: bool = False
    ) -> Any:
        if x.shape is not None and not isinstance(axis, Spec):
            rank = len(x.shape)
            if not -rank <= axis < rank:
                raise InvalidArgumentError(
                    house_message(
                        name,
                        f"Expected scan axis in the range [{-rank}, {rank})",
                        f"axis={axis} for a tensor of shape {x.shape}",
                    )
                )
        return x

    return infer


def scanned(
    x: Array, axis: int, exclusive: bool, reverse: bool, accumulate: Any, first: Any
) -> Array:
    """A running ufunc along an axis.

    Args:
        x: an array.
        axis: the axis to run along.
        exclusive: whether an element's own value is left out of its result.
        reverse: whether to run from the end.
        accumulate: ``accumulate(array, axis)``.
        first: what an exclusive run starts with.

    Returns:
        An array of the same shape and type.
    """
    if not -x.ndim <= axis < x.ndim:
        raise IndexError("the axis is out of range")
    kind = x.dtype
    if kind.itemsize == 2 and kind.kind in "fV":
        x = x.astype(np.float32)
    if not exclusive and not reverse:
        return accumulate(x, axis).astype(kind, copy=False)
    lines = np.moveaxis(x, axis, 0)
    if reverse:
        lines = lines[::-1]
    if exclusive and len(lines):
        out = np.empty(lines.shape, x.dtype)
        out[0] = first
        out[1:] = accumulate(lines[:-1], 0)
    else:
        out = accumulate(lines, 0)
    if reverse:
        out = out[::-1]
    out = np.moveaxis(out, 0, axis)
    return np.ascontiguousarray(out.astype(kind, copy=False))


def _cumsum(
    x: Array, axis: int, exclusive: bool = False, reverse: bool = False
) -> Array:
    return scanned(
        x,
        axis,
        exclusive,
        reverse,
        # The sum starts with 0: of minus zeros it is 0.
        lambda a, d: np.add.accumulate(a, d, dtype=a.dtype) + a.dtype.type(0),
        0,
    )


def _cumprod(
    x: Array, axis: int, exclusive: bool = False, reverse: bool = False
) -> Array:
    return scanned(
        x,
        axis,
        exclusive,
        reverse,
        lambda a, d: np.multiply.accumulate(a, d, dtype=a.dtype),
        1,
    )


cumsum_op: Op = define(
    "Cumsum",
    types=(NUMERIC, None),
    kernel=_cumsum,
    infer=scan_shape("cumsum"),
    grad=(
        lambda g, y, x, axis, exclusive=False, reverse=False: cumsum_op(
            g, axis, exclusive=exclusive, reverse=not reverse
        ),
        None,
    ),
    attrs=_ATTRS,
    lower=gathering_loops.running("sum"),
)


def _grad_cumprod(
    g: Any, y: Any, x: Any, axis: Any, exclusive: bool = False, reverse: bool = False
) -> Any:
    total = cumsum_op(
        mul_op(conjugate(y), g), axis, exclusive=exclusive, reverse=not reverse
    )
    return div_no_nan_op(total, conjugate(x))


cumprod_op: Op = define(
    "Cumprod",
    types=(NUMERIC, None),
    kernel=_cumprod,
    infer=scan_shape("cumprod"),
    grad=(_grad_cumprod, None),
    attrs=_ATTRS,
    lower=gathering_loops.running("product"),
)


def cumsum(
    x: Any,
    axis: Any = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Running sums along an axis.

    Args:
        x: a numeric tensor of rank 1 or more.
        axis: the axis to run along.
        exclusive: leave an element out of its own sum: ``[a, b, c]`` gives
            ``[0, a, a + b]``.
        reverse: run from the end.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        InvalidArgumentError: where the axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.cumsum([1, 2, 3], exclusive=True, reverse=True).numpy().tolist()
        [5, 3, 0]
    """
    at = integer("cumsum", "axis", axis)
    return cumsum_op.run(x, at, exclusive=bool(exclusive), reverse=bool(reverse))


def cumprod(
    x: Any,
    axis: Any = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: str | None = None,
) -> Tensor:
    """Running products along an axis; arguments and errors as those of `tf.cumsum`.

    Example:
        >>> import rillet as tf
        >>> tf.math.cumprod([2, 3, 4]).numpy().tolist()
        [2, 6, 24]
    """
    at = integer("cumprod", "axis", axis)
    return cumprod_op.run(x, at, exclusive=bool(exclusive), reverse=bool(reverse))


def _cumulative_logsumexp(
    x: Array, axis: int, exclusive: bool = False, reverse: bool = False
) -> Array:
    return scanned(x, axis, exclusive, reverse, np.logaddexp.accumulate, -np.inf)


def _log_part(g: Any, y: Any, x: Any, axis: Any, exclusive: bool, reverse: bool) -> Any:
    """The gradient that the positive elements of `g` send back, summed in logarithms.

    x[i] has the slope exp(x[i] - y[j]) in each y[j] that it is part of.
    """
    kind = x.dtype.numpy_dtype
    zero, one = Tensor(np.zeros((), kind)), Tensor(np.ones((), kind))
    lowest = Tensor(np.array(x.dtype.min, kind))
    known = is_finite_op(y)
    counts = logical_and_op(greater_op(g, zero), known)
    logs = select_op(counts, log_op(select_op(counts, g, one)), lowest)
    gaps = sub_op(logs, select_op(known, y, zero))
    total = cumulative_logsumexp_op(
        gaps, axis, exclusive=exclusive, reverse=not reverse
    )
    return exp_op(add_op(total, x))


def _grad_cumulative_logsumexp(
    g: Any, y: Any, x: Any, axis: Any, exclusive: bool = False, reverse: bool = False
) -> Any:
    up = _log_part(g, y, x, axis, exclusive, reverse)
    return sub_op(up, _log_part(neg_op(g), y, x, axis, exclusive, reverse))


cumulative_logsumexp_op: Op = define(
    "CumulativeLogsumexp",
    types=(FLOATING, None),
    kernel=_cumulative_logsumexp,
    infer=scan_shape("cumulative_logsumexp"),
    grad=(_grad_cumulative_logsumexp, None),
    attrs=_ATTRS,
    lower=gathering_loops.running_log,
)


def cumulative_logsumexp(
    x: Any,
    axis: Any = 0,
    exclusive: bool = False,
    reverse: bool = False,
    name: str | None = None,
) -> Tensor:
    """log of the running sum of exp(x), without overflow.

    Arguments and errors are those of `tf.cumsum`; an exclusive run starts with minus
    infinity.

    Example:
        >>> import rillet as tf
        >>> tf.math.cumulative_logsumexp([0., 0.]).numpy().tolist()
        [0.0, 0.6931471824645996]
    """
    at = integer("cumulative_logsumexp", "axis", axis)
    return cumulative_logsumexp_op.run(
        x, at, exclusive=bool(exclusive), reverse=bool(reverse)
    )
