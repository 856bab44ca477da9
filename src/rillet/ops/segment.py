"""Segments: rows that share an id, brought together to one row.

Sorted ids have ops of their own (SegmentSum and kin); ids in any order go with a number
of segments (UnsortedSegmentMax and kin; the sum stands in `ops.gather`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import INDEX, NUMERIC, REAL, TypeSet
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import gathering_loops
from rillet.ops.compare import equal_op, greater_op
from rillet.ops.elementwise import cast, div_op, maximum_op, mul_op, sqrt_op, truediv
from rillet.ops.filling import fill_op
from rillet.ops.gather import (
    INDICES,
    combine_rows,
    flat_segments,
    gather_op,
    gather_or_zero,
    infer_unsorted,
    unsorted_segment_sum_op,
)
from rillet.ops.host import integer
from rillet.ops.mask import select_op
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims

Array = np.ndarray[Any, Any]


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _infer_sorted(op: str) -> Callable[..., Spec]:
    def infer(data: Spec, segment_ids: Spec) -> Spec:
        if data.shape == ():
            raise _refused(op, "input must be at least rank 1", "it is a scalar")
        if segment_ids.shape is not None and len(segment_ids.shape) != 1:
            raise _refused(
                op, "segment_ids should be a vector", f"shape {segment_ids.shape}"
            )
        if data.shape is None or segment_ids.shape is None:
            return Spec(None, data.dtype)
        if data.shape[0] != segment_ids.shape[0] and None not in (
            data.shape[0],
            segment_ids.shape[0],
        ):
            raise _refused(
                op,
                "segment_ids should be the same size as dimension 0 of input",
                f"the input has shape {list(data.shape)}, ids"
                f" {list(segment_ids.shape)}",
            )
        return Spec((None, *data.shape[1:]), data.dtype)

    return infer


def _segment_count(op: str, ids: Array) -> int:
    """How many segments sorted ids name."""
    if not ids.size:
        return 0
    if (ids[1:] < ids[:-1]).any():
        raise _refused(op, "segment ids are not increasing", f"got {ids[:20].tolist()}")
    if ids[0] < 0:
        raise _refused(op, f"Segment id {int(ids[0])} out of range", "ids start at 0")
    return int(ids[-1]) + 1


def combine(rows: Array, ids: Array, count: int, how: Any, empty: Any) -> Array:
    """One row a segment, `empty` where it has none; narrow floats sum in float32."""
    kind = rows.dtype
    narrow = kind.itemsize == 2 and kind.kind in "fV" and how in (np.add, np.multiply)
    wide = rows.astype(np.float32) if narrow else rows
    out = np.full((count, *rows.shape[1:]), _neutral(how, wide.dtype), wide.dtype)
    combine_rows(wide, ids, out, how)
    if how in (np.maximum, np.minimum) and empty is not None:
        missing = np.ones(count, bool)
        missing[ids] = False
        out[missing] = empty
    return out.astype(kind) if narrow else out


def _neutral(how: Any, kind: np.dtype[Any]) -> Any:
    if how in (np.add, np.multiply):
        return 0 if how is np.add else 1
    limits = dtypes.FROM_NUMPY[kind]
    if limits.is_floating:
        return -np.inf if how is np.maximum else np.inf
    return limits.min if how is np.maximum else limits.max


def _sorted_op(name: str, types: TypeSet, how: Any, grad: Any) -> Op:
    op = f"segment_{name.lower()}"

    def kernel(data: Array, segment_ids: Array) -> Array:
        if not data.ndim or segment_ids.shape != data.shape[:1]:
            raise ValueError("segment_ids")
        count = _segment_count(op, segment_ids)
        if how is not None:
            return combine(data, segment_ids, count, how, 0)
        total = combine(data.astype(_wider(data.dtype)), segment_ids, count, np.add, 0)
        sizes = np.bincount(segment_ids, minlength=count)
        sizes = np.maximum(sizes, 1).reshape((count,) + (1,) * (data.ndim - 1))
        # Integers lose their fraction towards zero, as in TensorFlow.
        return (total / sizes).astype(data.dtype)

    return define(
        f"Segment{name}",
        types=(types, INDEX),
        kernel=kernel,
        infer=_infer_sorted(op),
        grad=(grad, None),
    )


def _wider(kind: np.dtype[Any]) -> np.dtype[Any]:
    if kind.itemsize == 2 and kind.kind in "fV":
        return np.dtype(np.float32)
    return np.dtype(np.int64) if kind.kind in "iu" else kind


def _counts(segment_ids: Any, like: Any, count: Any) -> Any:
    """How many rows each segment has, at least 1, in the form of `like`'s rows."""
    one = Tensor(np.ones((), like.dtype.numpy_dtype))
    ones = fill_op(static_dims(segment_ids), one)
    found = unsorted_segment_sum_op(ones, segment_ids, count)
    return reshape_op(found, (-1,) + (1,) * (len(like.shape) - 1))


def _grad_mean(g: Any, y: Any, data: Any, segment_ids: Any) -> Any:
    sizes = _counts(segment_ids, g, static_dims(y)[0])
    one = Tensor(np.ones((), g.dtype.numpy_dtype))
    return gather_op(div_op(g, maximum_op(sizes, one)), segment_ids, 0)


def _grad_extreme(
    g: Any, y: Any, data: Any, segment_ids: Any, count: Any = None
) -> Any:
    """The gradient of a maximum, split evenly over the rows that reach it."""
    count = static_dims(y)[0] if count is None else count
    won = cast(equal_op(data, gather_or_zero(y, segment_ids)), g.dtype)
    ties = unsorted_segment_sum_op(won, segment_ids, count)
    one = Tensor(np.ones((), g.dtype.numpy_dtype))
    share = div_op(g, maximum_op(ties, one))
    return mul_op(won, gather_or_zero(share, segment_ids))


def _grad_prod(
    g: Any, y: Any, data: Any, segment_ids: Any, num_segments: Any = None
) -> Any:
    """The product of the other rows: with one zero only that row has a gradient."""
    count = static_dims(y)[0] if num_segments is None else num_segments
    zero = Tensor(np.zeros((), data.dtype.numpy_dtype))
    one = Tensor(np.ones((), data.dtype.numpy_dtype))
    is_zero = equal_op(data, zero)
    zeros = unsorted_segment_sum_op(cast(is_zero, "int32"), segment_ids, count)
    filled = select_op(is_zero, one, data)
    rest = unsorted_segment_prod_op(filled, segment_ids, count)
    g = select_op(greater_op(zeros, Tensor(np.array(1, np.int32))), zero, g)
    without = gather_or_zero(rest, segment_ids)
    others = div_op(gather_or_zero(y, segment_ids), filled)
    return mul_op(gather_or_zero(g, segment_ids), select_op(is_zero, without, others))


segment_sum_op: Op = _sorted_op(
    "Sum",
    NUMERIC,
    np.add,
    lambda g, y, data, segment_ids: gather_op(g, segment_ids, 0),
)
segment_mean_op: Op = _sorted_op("Mean", NUMERIC, None, _grad_mean)
segment_max_op: Op = _sorted_op("Max", REAL, np.maximum, _grad_extreme)
segment_min_op: Op = _sorted_op("Min", REAL, np.minimum, _grad_extreme)
segment_prod_op: Op = _sorted_op("Prod", NUMERIC, np.multiply, _grad_prod)


_HOW = {"Max": "maximum", "Min": "minimum", "Prod": "product"}


def _unsorted_op(name: str, types: TypeSet, how: Any, grad: Any) -> Op:
    def kernel(data: Array, segment_ids: Array, num_segments: int) -> Array:
        if num_segments < 0:
            raise ValueError("num_segments")
        rows, ids = flat_segments(data, segment_ids, num_segments)
        limits = dtypes.FROM_NUMPY[data.dtype]
        empty = None
        if how in (np.maximum, np.minimum):
            empty = limits.min if how is np.maximum else limits.max
        out = combine(rows, ids, num_segments, how, empty)
        # As in TensorFlow, segments start from the limit that empty ones keep.
        return out if empty is None else how(out, out.dtype.type(empty))

    return define(
        f"UnsortedSegment{name}",
        types=(types, INDICES, None),
        kernel=kernel,
        infer=infer_unsorted,
        grad=(grad, None, None),
        lower=gathering_loops.unsorted_segments(_HOW[name]),
    )


unsorted_segment_max_op: Op = _unsorted_op("Max", REAL, np.maximum, _grad_extreme)
unsorted_segment_min_op: Op = _unsorted_op("Min", REAL, np.minimum, _grad_extreme)
unsorted_segment_prod_op: Op = _unsorted_op("Prod", NUMERIC, np.multiply, _grad_prod)


def _sorted_public(name: str, op: Op, what: str, result: str) -> Callable[..., Tensor]:
    def segment(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
        return op.run(data, segment_ids)

    segment.__name__ = segment.__qualname__ = f"segment_{name}"
    segment.__doc__ = f"""The {what} of the rows of each segment; ids are sorted.

    Args:
        data: a numeric tensor of shape ``(n, ...)``.
        segment_ids: int32 or int64, shape ``(n,)``, 0 or more, never decreasing.
        name: ignored when eager.

    Returns:
        A tensor of the same type, of shape ``(segment_ids[-1] + 1, ...)``.

    Raises:
        InvalidArgumentError: where ids decrease, or are not one a row.

    Example:
        >>> import rillet as tf
        >>> tf.math.segment_{name}([[1., 2.], [3., 4.], [5., 6.]], [0, 0, 1])[0]
        <tf.Tensor: shape=(2,), dtype=float32, numpy=array({result}, dtype=float32)>
    """
    return segment


segment_sum = _sorted_public("sum", segment_sum_op, "sum", "[4., 6.]")
segment_mean = _sorted_public("mean", segment_mean_op, "mean", "[2., 3.]")
segment_max = _sorted_public("max", segment_max_op, "largest", "[3., 4.]")
segment_min = _sorted_public("min", segment_min_op, "smallest", "[1., 2.]")
segment_prod = _sorted_public("prod", segment_prod_op, "product", "[3., 8.]")


def _unsorted_public(
    name: str, run: Callable[..., Tensor], what: str, result: str
) -> Callable[..., Tensor]:
    def segment(
        data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
    ) -> Tensor:
        count = integer(f"unsorted_segment_{name}", "num_segments", num_segments)
        return run(data, segment_ids, count)

    segment.__name__ = segment.__qualname__ = f"unsorted_segment_{name}"
    segment.__doc__ = f"""The {what} of the rows of each segment; ids in any order.

    Args:
        data: a numeric tensor.
        segment_ids: integers below `num_segments`, of the shape of the first axes of
            `data`; rows of negative ids are left out.
        num_segments: how many segments there are.
        name: ignored when eager.

    Returns:
        A tensor of shape ``(num_segments, ...)``.

    Raises:
        InvalidArgumentError: where an id is too large, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.math.unsorted_segment_{name}([1., 2., 3.], [1, 0, 1], 2).numpy()
        array({result}, dtype=float32)
    """
    return segment


def _mean(data: Any, segment_ids: Any, count: Any) -> Any:
    data, segment_ids = to_tensor(data), to_tensor(segment_ids)
    total = unsorted_segment_sum_op(data, segment_ids, count)
    return truediv(total, _sizes(total, data, segment_ids, count))


def _sqrt_n(data: Any, segment_ids: Any, count: Any) -> Any:
    data, segment_ids = to_tensor(data), to_tensor(segment_ids)
    total = unsorted_segment_sum_op(data, segment_ids, count)
    return truediv(total, sqrt_op(_sizes(total, data, segment_ids, count)))


def _sizes(total: Any, data: Any, segment_ids: Any, count: Any) -> Any:
    sizes = _counts(segment_ids, total, count)
    one = Tensor(np.ones((), sizes.dtype.numpy_dtype))
    return maximum_op(sizes, one)


unsorted_segment_sum = _unsorted_public(
    "sum", unsorted_segment_sum_op.run, "sum", "[2., 4.]"
)
unsorted_segment_mean = _unsorted_public("mean", _mean, "mean", "[2., 2.]")
unsorted_segment_max = _unsorted_public(
    "max", unsorted_segment_max_op.run, "largest", "[2., 3.]"
)
unsorted_segment_min = _unsorted_public(
    "min", unsorted_segment_min_op.run, "smallest", "[2., 1.]"
)
unsorted_segment_prod = _unsorted_public(
    "prod", unsorted_segment_prod_op.run, "product", "[2., 3.]"
)
unsorted_segment_sqrt_n = _unsorted_public(
    "sqrt_n",
    _sqrt_n,
    "sum, divided by the root of the number,",
    "[2.       , 2.828427]",
)
