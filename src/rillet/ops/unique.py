"""Grouping by value: unique, dynamic_partition, dynamic_stitch."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, DType, as_dtype, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import concat_op
from rillet.ops.elementwise import add_op, maximum_op
from rillet.ops.filling import fill_op
from rillet.ops.gather_nd import scatter_update_op
from rillet.ops.host import integer, is_symbolic
from rillet.ops.reduce import max_op
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range_op
from rillet.ops.shaping import could_match, reshape_op, static_dims

Array = np.ndarray[Any, Any]


_FEW = 256  # elements for which sorting costs no more than a table
_SPREAD = 4  # entries of the table an element, at most


class Unique(NamedTuple):
    """What `tf.unique` gives."""

    y: Any
    idx: Any


class UniqueWithCounts(NamedTuple):
    """What `tf.unique_with_counts` gives."""

    y: Any
    idx: Any
    count: Any


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _infer_unique(count: int) -> Any:
    def infer(x: Spec, out_idx: DType = dtypes.int32) -> tuple[Spec, ...]:
        if x.shape is not None and len(x.shape) != 1:
            raise _refused(
                "unique", "unique expects a 1D vector", f"got shape {list(x.shape)}"
            )
        found = (Spec((None,), x.dtype), Spec(x.shape, out_idx), Spec((None,), out_idx))
        return found[:count]

    return infer


def _unique(x: Array, out_idx: DType = dtypes.int32) -> tuple[Array, Array, Array]:
    """Distinct values in order of appearance, where each stands, how often."""
    if x.ndim != 1:
        raise ValueError("rank")
    kind = out_idx.numpy_dtype
    if x.dtype.kind in "iu" and x.size > _FEW:
        low, high = x.min(), x.max()
        if int(high) - int(low) < _SPREAD * x.size:
            wide = x if x.itemsize == 8 else x.astype(np.int64)
            places = (wide - wide.dtype.type(low)).astype(np.int64, copy=False)
            firsts, idx, count = _unique_places(places, int(high) - int(low) + 1)
            return x[firsts], idx.astype(kind), count.astype(kind)
    plain = x.astype(np.float32) if x.dtype.kind == "V" else x
    _, first, places, counts = np.unique(
        plain,
        return_index=True,
        return_inverse=True,
        return_counts=True,
        equal_nan=False,
    )
    order = np.argsort(first, kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    return (
        x[first[order]],
        rank[places.reshape(-1)].astype(kind),
        counts[order].astype(kind),
    )


def _unique_places(places: Array, span: int) -> tuple[Array, Array, Array]:
    """The same for numbers from 0 to `span` - 1, by a table instead of a sort.

    Returns:
        Where each distinct number stands first, in order; the rank of every number;
        how often each occurs.
    """
    size = places.size
    first = np.full(span, size)
    # Written from the end: of equal numbers the first one is written last.
    first[places[::-1]] = np.arange(size - 1, -1, -1)
    present = np.flatnonzero(first < size)
    present = present[np.argsort(first[present])]
    rank = np.empty(span, np.int64)
    rank[present] = np.arange(present.size)
    return first[present], rank[places], np.bincount(places, minlength=span)[present]


unique_op: Op = define(
    "Unique",
    types=(ANY,),
    kernel=lambda x, out_idx=dtypes.int32: _unique(x, out_idx)[:2],
    infer=_infer_unique(2),
    attrs={"out_idx": dtypes.int32},
    outputs=2,
)
unique_with_counts_op: Op = define(
    "UniqueWithCounts",
    types=(ANY,),
    kernel=_unique,
    infer=_infer_unique(3),
    attrs={"out_idx": dtypes.int32},
    outputs=3,
)


def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Unique:
    """The distinct values of a vector, in order of appearance.

    Args:
        x: a vector.
        out_idx: `tf.int32` or `tf.int64`.
        name: ignored when eager.

    Returns:
        ``(y, idx)`` with ``y[idx[i]] == x[i]``.

    Raises:
        InvalidArgumentError: where `x` is no vector.

    Example:
        >>> import rillet as tf
        >>> y, idx = tf.unique([1, 1, 2, 4, 4, 7])
        >>> y.numpy().tolist(), idx.numpy().tolist()
        ([1, 2, 4, 7], [0, 0, 1, 2, 2, 3])
    """
    return Unique(*unique_op(x, out_idx=as_dtype(out_idx)))


def unique_with_counts(
    x: Any, out_idx: Any = dtypes.int32, name: str | None = None
) -> UniqueWithCounts:
    """The distinct values of a vector and how often each occurs.

    Args:
        x: a vector.
        out_idx: `tf.int32` or `tf.int64`.
        name: ignored when eager.

    Returns:
        ``(y, idx, count)``; the first two as those of `tf.unique`.

    Raises:
        InvalidArgumentError: where `x` is no vector.

    Example:
        >>> import rillet as tf
        >>> tf.unique_with_counts([1, 1, 2, 4, 4, 7]).count.numpy().tolist()
        [2, 1, 2, 1]
    """
    return UniqueWithCounts(*unique_with_counts_op(x, out_idx=as_dtype(out_idx)))


def _infer_partition(
    data: Spec, partitions: Spec, num_partitions: int
) -> tuple[Spec, ...]:
    if num_partitions < 1:
        raise _refused(
            "dynamic_partition",
            f"Value for attr 'num_partitions' of {num_partitions} must be at least"
            " minimum 1",
        )
    d, p = data.shape, partitions.shape
    if d is None or p is None:
        return (Spec(None, data.dtype),) * num_partitions
    if len(d) < len(p) or any(
        a != b and None not in (a, b) for a, b in zip(d, p, strict=False)
    ):
        raise _refused(
            "dynamic_partition",
            "data.shape must start with partitions.shape",
            f"got data.shape = {list(d)}, partitions.shape = {list(p)}",
        )
    return (Spec((None, *d[len(p) :]), data.dtype),) * num_partitions


def _partition(data: Array, partitions: Array, num_partitions: int) -> list[Array]:
    rank = partitions.ndim
    if num_partitions < 1 or data.shape[:rank] != partitions.shape:
        raise ValueError("shapes")
    wrong = (partitions < 0) | (partitions >= num_partitions)
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        raise _refused(
            "dynamic_partition",
            f"partitions[{','.join(str(int(i)) for i in at)}] ="
            f" {int(partitions[at])} is not in [0, {num_partitions})",
        )
    rows = data.reshape(partitions.size, *data.shape[rank:])
    flat = partitions.reshape(-1)
    return [rows[flat == i] for i in range(num_partitions)]


def _grad_partition(
    gs: Any, ys: Any, data: Any, partitions: Any, num_partitions: int
) -> Any:
    shape = static_dims(partitions)
    total: Any = math.prod(shape) if shape else 1
    places = reshape_op(range_op.run(0, total, 1, Tidx=dtypes.int32), shape)
    indices = partition_op(places, partitions, num_partitions=num_partitions)
    merged = dynamic_stitch(list(indices), list(gs))
    return reshape_op(merged, static_dims(data))


partition_op: Op = define(
    "DynamicPartition",
    types=(ANY, type_set(dtypes.int32)),
    kernel=_partition,
    infer=_infer_partition,
    grad=(_grad_partition, None),
    attrs={"num_partitions": None},
    outputs=-1,
    quiet=False,
)


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The rows of a tensor shared out among several.

    Args:
        data: any tensor.
        partitions: int32, of the shape of the first axes of `data`: where each row
            goes.
        num_partitions: how many tensors there are.
        name: ignored when eager.

    Returns:
        A list of `num_partitions` tensors, rows in their order.

    Raises:
        InvalidArgumentError: where a row goes nowhere, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> parts = tf.dynamic_partition([10, 20, 30], [0, 1, 0], 2)
        >>> [p.numpy().tolist() for p in parts]
        [[10, 30], [20]]
    """
    count = integer("dynamic_partition", "num_partitions", num_partitions)
    partitions = to_tensor(partitions, dtypes.int32)
    return list(partition_op(data, partitions, num_partitions=count))


def _stitch_rest(indices: list[Any], data: list[Any]) -> tuple[Any, ...]:
    """The sizes of one row, the same for every piece."""
    rest: tuple[Any, ...] | None = None
    for i, (places, values) in enumerate(zip(indices, data, strict=True)):
        if places.shape.rank is None or values.shape.rank is None:
            continue  # the others say it
        p, d = tuple(static_dims(places)), tuple(static_dims(values))
        if not could_match(d[: len(p)], p):
            raise _refused(
                "dynamic_stitch",
                f"data[{i}].shape = {list(d)} does not start with indices[{i}].shape ="
                f" {list(p)}",
            )
        if rest is not None and not could_match(d[len(p) :], rest):
            raise _refused(
                "dynamic_stitch",
                f"Need data[0].shape[{indices[0].shape.rank}:] ="
                f" data[{i}].shape[{len(p)}:]",
                f"rows have shape {list(rest)} and {list(d[len(p) :])}",
            )
        own = d[len(p) :]
        rest = own if rest is None else _surest(rest, own)
    return rest or ()


def _surest(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
    """Of two sizes of an axis the one that is a number."""
    pairs = zip(a, b, strict=True)
    return tuple([x if isinstance(x, int) else y for x, y in pairs])


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """Rows of several tensors put where their indices say.

    Args:
        indices: int32 tensors.
        data: a tensor for each, its first axes those of the indices.
        name: ignored when eager.

    Returns:
        A tensor of ``max(indices) + 1`` rows; of rows for one place the last stays,
        and a place that none is for holds zeros.

    Raises:
        ValueError: where there is not one tensor for each of `indices`.
        InvalidArgumentError: where an index is negative, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]).numpy().tolist()
        [10, 20, 30]
    """
    if len(indices) != len(data):
        raise ValueError(
            house_message(
                "dynamic_stitch",
                f"List argument 'data' to 'dynamic_stitch' Op with length {len(data)}"
                f" must match length {len(indices)} of argument 'indices'",
            )
        )
    if not len(indices):
        raise _refused("dynamic_stitch", "there is nothing to stitch", "[]")
    places = [to_tensor(i, dtypes.int32) for i in indices]
    values = [to_tensor(d) for d in data]
    rest = _stitch_rest(places, values)
    flat = [reshape_op(p, (-1,)) for p in places]
    at = concat_op(flat, 0)
    rows = [
        reshape_op(v, (*static_dims(p), *rest))
        for p, v in zip(flat, values, strict=True)
    ]
    given = concat_op(rows, 0)
    if is_symbolic(at):
        top = max_op(at, None, keep_dims=False)
        count = add_op(maximum_op(top, to_tensor(-1)), to_tensor(1))
    else:
        _check_places(places)
        count = int(at._array.max()) + 1 if at._array.size else 0
    zero = Tensor(np.zeros((), given.dtype.numpy_dtype))
    if given.dtype.name == "string":
        zero = to_tensor("")
    blank = fill_op((count, *rest), zero)
    return scatter_update_op(blank, reshape_op(at, (*static_dims(at), 1)), given)


def _check_places(places: list[Any]) -> None:
    for i, one in enumerate(places):
        if one._array.size and one._array.min() < 0:
            raise _refused(
                "dynamic_stitch",
                f"indices[{i}] is out of range",
                f"the smallest is {int(one._array.min())}",
            )
