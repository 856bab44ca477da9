"""Evenly spaced numbers: Range, and linspace made of other ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.describe import out_of_memory
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.array import concat_op, slice_op
from rillet.ops.compare import equal_op, greater_op, logical_and_op
from rillet.ops.dispatch import is_typed
from rillet.ops.elementwise import (
    add_op,
    cast_op,
    div_op,
    maximum_op,
    mul_op,
    sub_op,
)
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.mask import select_op
from rillet.ops.registry import Op, define
from rillet.ops.shaping import broadcast_to_op, reshape_op, static_dims

Array = np.ndarray[Any, Any]


def _scalar(name: str, value: Any, dtype: DType) -> Any:
    array = np.asarray(value)
    if array.ndim:
        raise InvalidArgumentError(
            house_message(
                "range", f"{name} must be a scalar", f"its shape is {array.shape}"
            )
        )
    return array.astype(dtype.numpy_dtype)[()]


def _range_size(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers there are, computed in their own type as TensorFlow does."""
    if delta == 0:
        raise InvalidArgumentError(
            house_message("range", "Requires delta != 0", f"delta is {delta}")
        )
    if (start > limit) if delta > 0 else (start < limit):
        sign, order = (">", "<=") if delta > 0 else ("<", ">=")
        raise InvalidArgumentError(
            house_message(
                "range",
                f"Requires start {order} limit when delta {sign} 0",
                f"start={start}, limit={limit}, delta={delta}",
            )
        )
    if isinstance(start, np.integer):
        whole, step = int(limit) - int(start), int(delta)
        return -(-whole // step)
    size = np.ceil(np.abs((limit - start) / delta))
    if not np.isfinite(size):
        raise InvalidArgumentError(
            house_message(
                "range",
                "Requires ((limit - start) / delta) to be finite",
                f"start={start}, limit={limit}, delta={delta}",
            )
        )
    return int(size)


def _range(start: Any, limit: Any, delta: Any, Tidx: DType) -> Array:
    start = _scalar("start", start, Tidx)
    limit, delta = _scalar("limit", limit, Tidx), _scalar("delta", delta, Tidx)
    size = _range_size(start, limit, delta)
    kind = Tidx.numpy_dtype
    if kind.kind in "iu":
        first = int(start)
        return np.arange(first, first + size * int(delta), int(delta), dtype=kind)
    if size > 2**48:
        raise MemoryError(f"{size} numbers")
    steps = np.arange(size).astype(kind)
    steps *= delta
    steps += start
    return steps


def _infer_range(start: Any, limit: Any, delta: Any, Tidx: DType) -> Spec:
    if any(isinstance(v, Spec) for v in (start, limit, delta)):
        return Spec((None,), Tidx)
    parts = zip(("start", "limit", "delta"), (start, limit, delta), strict=True)
    return Spec((_range_size(*[_scalar(n, v, Tidx) for n, v in parts]),), Tidx)


range_op: Op = define(
    "Range",
    types=(None, None, None),
    kernel=_range,
    infer=_infer_range,
    attrs={"Tidx": None},
    lower=moving_loops.counted,
)

#: The types that a range's arguments may have, from weak to strong.
_ORDER = (
    dtypes.int32,
    dtypes.int64,
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.float32,
    dtypes.float64,
)


def _common_type(values: tuple[Any, ...]) -> DType:
    """The strongest type among a range's arguments."""
    found = [v.dtype if is_typed(v) else to_tensor(v).dtype for v in values]
    for dtype in found:
        if dtype not in _ORDER:
            raise TypeError(
                house_message(
                    "range",
                    "start, limit and delta are int32, int64 or floating",
                    f"one of them is {dtype.name}",
                    "Cast it, or give dtype=",
                )
            )
    return max(found, key=_ORDER.index)


def range(
    start: Any,
    limit: Any = None,
    delta: Any = 1,
    dtype: Any = None,
    name: str = "range",
) -> Tensor:
    """The numbers start, start + delta, … that lie before `limit`.

    Args:
        start: the first number; the limit where `limit` is not given, the first then
            being 0.
        limit: where to stop; it is not among the numbers.
        delta: the distance between neighbours; may be negative.
        dtype: the type of the result; the strongest among the arguments where None.
        name: ignored when eager.

    Returns:
        A vector.

    Raises:
        InvalidArgumentError: where delta is 0 or leads away from `limit`.
        TypeError: where an argument does not fit the type.

    Example:
        >>> import rillet as tf
        >>> tf.range(3, 18, 3).numpy().tolist()
        [3, 6, 9, 12, 15]
    """
    if limit is None:
        start, limit = 0, start
    if dtype is not None:
        kind = as_dtype(dtype)
        values = (start, limit, delta)
        start, limit, delta = [plain(_in_type(v, kind)) for v in values]
    elif type(start) is int and type(limit) is int and type(delta) is int:
        big = max(abs(start), abs(limit), abs(delta)) > 2**31 - 1
        kind = dtypes.int64 if big else dtypes.int32
    else:
        kind = _common_type((start, limit, delta))
        start, limit, delta = plain(start), plain(limit), plain(delta)
    try:
        return range_op.run(start, limit, delta, Tidx=kind)
    except MemoryError as error:
        raise out_of_memory("range", str(error)) from None


def _in_type(value: Any, dtype: DType) -> Any:
    """One argument in the type that was asked for; tensors are cast."""
    if is_typed(value) or isinstance(value, np.ndarray | np.generic):
        tensor = to_tensor(value)
        return tensor if tensor.dtype is dtype else cast_op(tensor, DstT=dtype)
    return to_tensor(value, dtype)


def linspace(
    start: Any, stop: Any, num: Any, name: str | None = None, axis: int = 0
) -> Tensor:
    """`num` numbers from `start` to `stop`, both included, evenly spaced.

    Args:
        start: the first number, or a tensor of first numbers.
        stop: the last number or numbers, of the same type; broadcast with `start`.
        num: how many.
        name: ignored when eager.
        axis: where the axis of `num` stands in the result.

    Returns:
        A tensor with one axis more than `start`, of its type; float64 for integers.

    Raises:
        TypeError: where `stop` does not fit the type of `start`, or `num` is no
            integer.
        InvalidArgumentError: where `num` is negative or the axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.linspace(0., 1., 5).numpy().tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    first = to_tensor(start)
    last = to_tensor(stop, None if is_typed(stop) else first.dtype)
    if first.dtype.is_integer:
        first = cast_op(first, DstT=dtypes.float64)
        last = cast_op(last, DstT=dtypes.float64)
    count = integer("linspace", "num", num)
    if isinstance(count, Tensor) and getattr(count, "known", None) is not None:
        count = int(plain(count))
    if not is_symbolic(count) and count < 0:
        raise InvalidArgumentError(
            house_message("linspace", "num is 0 or more", f"num={count}")
        )
    shape = broadcast_dims("linspace", static_dims(first), static_dims(last))
    rank = len(shape)
    if not -rank - 1 <= axis <= rank:
        raise InvalidArgumentError(
            house_message(
                "linspace",
                f"Tried to expand dim index {axis} for tensor with {rank} dimensions",
                f"axes run from {-rank - 1} to {rank}",
            )
        )
    at = axis + rank + 1 if axis < 0 else axis
    spaced = _spaced_in_graph if is_symbolic(count) else _spaced
    return spaced(first, last, count, shape, at)


def _spaced_in_graph(first: Any, last: Any, count: Any, shape: Any, at: int) -> Any:
    """The numbers where the graph finds out how many."""
    kind = first.dtype
    sizes = (*shape[:at], 1, *shape[at:])
    first = reshape_op(broadcast_to_op(first, shape), sizes)
    last = reshape_op(broadcast_to_op(last, shape), sizes)
    line = [1] * len(sizes)
    line[at] = -1
    steps = reshape_op(range_op.run(0, count, 1, Tidx=count.dtype), tuple(line))
    gaps = maximum_op.run(sub_op.run(count, to_tensor(1, count.dtype)), 1)
    delta = div_op.run(sub_op.run(last, first), cast_op(gaps, DstT=kind))
    inner = add_op.run(first, mul_op.run(delta, cast_op(steps, DstT=kind)))
    # The last one to the bit, but where it is the only one.
    ends = logical_and_op.run(equal_op.run(steps, gaps), greater_op.run(steps, 0))
    return select_op.run(ends, last, inner)


def _spaced(first: Any, last: Any, count: int, shape: Any, at: int) -> Tensor:
    kind = first.dtype
    sizes = (*shape[:at], 1, *shape[at:])
    first = reshape_op(broadcast_to_op(first, shape), sizes)
    last = reshape_op(broadcast_to_op(last, shape), sizes)
    if count < 2:
        cut = (*shape[:at], count, *shape[at:])
        return slice_op(first, (0,) * len(sizes), cut)
    gaps = Tensor(np.array(count - 1, kind.numpy_dtype))
    delta = div_op.run(sub_op.run(last, first), gaps)
    inner = range_op.run(1, max(count - 1, 1), 1, Tidx=kind)
    line = [1] * len(sizes)
    line[at] = count - 2
    inner = reshape_op(inner, tuple(line))
    middle = add_op.run(first, mul_op.run(delta, inner))
    return concat_op([first, middle, last], at)
