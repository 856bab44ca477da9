"""One-hot rows and masks of lengths: integers written as places along a new axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, DType, as_dtype, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import moving_loops
from rillet.ops.compare import less_op
from rillet.ops.dispatch import is_typed
from rillet.ops.elementwise import cast, maximum_op
from rillet.ops.filling import allocated
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.rearrange import expand_dims_op
from rillet.ops.reduce import max_op
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range as range_

Array = np.ndarray[Any, Any]

_ONE_HOT = type_set(dtypes.uint8, dtypes.int8, dtypes.int32, dtypes.int64)


def _infer_one_hot(
    indices: Spec, depth: Any, on_value: Spec, off_value: Spec, axis: int = -1
) -> Spec:
    for label, spec in (("on_value", on_value), ("off_value", off_value)):
        if spec.shape:
            raise _one_hot_refused(
                f"{label} must be a scalar", f"got {list(spec.shape)}"
            )
    count = None if isinstance(depth, Spec) else depth
    if count is not None and count < 0:
        raise _one_hot_refused("depth must be non-negative", f"got: {count}")
    if indices.shape is None:
        return Spec(None, on_value.dtype)
    rank = len(indices.shape)
    if not -1 <= axis <= rank:
        raise _one_hot_refused(
            f"Expected axis to be -1 or between [0, {rank + 1})",
            f"But received: {axis}",
        )
    at = rank if axis == -1 else axis
    return Spec((*indices.shape[:at], count, *indices.shape[at:]), on_value.dtype)


def _one_hot_refused(rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message("one_hot", rule, values))


def _one_hot(
    indices: Array, depth: int, on: Array, off: Array, axis: int = -1
) -> Array:
    if on.ndim or off.ndim or depth < 0 or not -1 <= axis <= indices.ndim:
        raise ValueError("one_hot")
    at = indices.ndim if axis == -1 else axis
    shape = (*indices.shape[:at], depth, *indices.shape[at:])
    out = allocated("one_hot", shape, off[()], dtypes.FROM_NUMPY[on.dtype])
    inner = 1
    for d in indices.shape[at:]:
        inner *= d
    flat = indices.reshape(-1).astype(np.int64)
    spots = np.arange(flat.size)
    if inner != 1:
        spots = spots // inner * (inner * depth) + spots % inner + flat * inner
    else:
        spots = spots * depth + flat
    good = (flat >= 0) & (flat < depth)
    out.reshape(-1)[spots if good.all() else spots[good]] = on[()]
    return out


one_hot_op: Op = define(
    "OneHot",
    types=(_ONE_HOT, None, ANY, 2),
    kernel=_one_hot,
    infer=_infer_one_hot,
    attrs={"axis": -1},
    quiet=False,
    lower=moving_loops.one_hot,
)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """A new axis that is on at the index and off elsewhere.

    Args:
        indices: integers; one outside ``[0, depth)`` turns nothing on.
        depth: the size of the new axis.
        on_value: the value at the index; 1 where None.
        off_value: the value elsewhere; 0 where None.
        axis: where the new axis stands; last where None.
        dtype: the type; that of the values, or float32.
        name: ignored when eager.

    Returns:
        A tensor of one rank more than `indices`.

    Raises:
        TypeError: where the values and `dtype` differ in type.
        InvalidArgumentError: where `depth` is negative or `axis` does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.one_hot([0, 2], 3).numpy().tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    kind = None if dtype is None else as_dtype(dtype)
    on, off = on_value, off_value
    if kind is None:
        given = [to_tensor(v).dtype for v in (on, off) if v is not None]
        if len(given) == 2 and given[0] is not given[1]:
            raise TypeError(
                house_message(
                    "one_hot",
                    f"dtype {given[0]!r} of on_value does not match dtype {given[1]!r}"
                    " of off_value",
                )
            )
        kind = given[0] if given else dtypes.float32
    on = _one_hot_value("on_value", 1 if on is None else on, kind)
    off = _one_hot_value("off_value", 0 if off is None else off, kind)
    count = plain(depth)
    if not is_symbolic(count) and np.ndim(count):
        raise _one_hot_refused("depth must be a scalar", f"got: {np.shape(count)}")
    count = integer("one_hot", "depth", count)
    if axis in (None, -1):
        return one_hot_op.run(indices, count, on, off)
    return one_hot_op.run(indices, count, on, off, axis=axis)


def _one_hot_value(label: str, value: Any, kind: DType) -> Tensor:
    if type(value) is int and kind.is_bool:
        raise TypeError(
            house_message(
                "one_hot",
                f"Cannot convert {value} to a tensor of dtype bool",
                f"{label} is an integer",
                "Give on_value=True, off_value=False",
            )
        )
    if type(value) is int and kind.name != "string" and value in (0, 1):
        return Tensor(np.array(value, kind.numpy_dtype))
    tensor = to_tensor(value, hint=None if is_typed(value) else kind)
    if tensor.dtype is not kind:
        raise TypeError(
            house_message(
                "one_hot",
                f"dtype {tensor.dtype!r} of {label} does not match dtype {kind!r}",
                fix="Give both values in the type of `dtype`",
            )
        )
    return tensor


def sequence_mask(
    lengths: Any,
    maxlen: Any = None,
    dtype: Any = dtypes.bool_,
    name: str | None = None,
) -> Tensor:
    """A mask that is true in the first places of each row, as many as its length.

    Args:
        lengths: integers of any shape.
        maxlen: the size of the new axis; the largest length where None.
        dtype: the type of the mask.
        name: ignored when eager.

    Returns:
        A tensor of shape ``(*lengths.shape, maxlen)``.

    Raises:
        ValueError: where `maxlen` is no scalar.

    Example:
        >>> import rillet as tf
        >>> tf.sequence_mask([1, 3], 4, tf.int32).numpy().tolist()
        [[1, 0, 0, 0], [1, 1, 1, 0]]
    """
    lengths = to_tensor(lengths)
    if maxlen is None:
        longest = max_op(lengths, None, keep_dims=False)
        maxlen = maximum_op(to_tensor(0, lengths.dtype), longest)
    else:
        maxlen = to_tensor(maxlen)
        if maxlen.shape.rank:
            raise ValueError(
                house_message(
                    "sequence_mask",
                    "Argument `maxlen` must be scalar for sequence_mask",
                    f"its shape is {maxlen.shape}",
                )
            )
    row = range_(maxlen)
    return cast(less_op(row, expand_dims_op(cast(lengths, row.dtype), -1)), dtype)
