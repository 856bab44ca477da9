"""Joining ragged tensors: `concat` and `stack` along any axis, `tf.ragged.stack`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops import array
from rillet.ops.array import concat
from rillet.ops.host import integer
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import deepened
from rillet.ops.ragged.indexing import expanded, rows_at
from rillet.ops.ragged.rows import RaggedRows, count_of, same_splits_type
from rillet.ops.shaping import reshape


def concat_rows(values: Any, axis: Any, name: str = "concat") -> Any:
    """`tf.concat` of ragged tensors, and tensors among them."""
    return _joined("concat", values, axis, False)


def stack_rows(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """`tf.stack` of ragged tensors, and tensors among them."""
    return _joined("stack", values, axis, True)


def stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """A ragged tensor of several values, whose sizes may differ.

    Args:
        values: a list of tensors and ragged tensors of one rank.
        axis: where the new axis stands.
        name: ignored.

    Returns:
        A `RaggedTensor` of one rank more; a tensor where `values` are scalars.

    Raises:
        ValueError: where there are none, or the ranks differ.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.stack([tf.constant([1, 2]), tf.constant([3])])
        <tf.RaggedTensor [[1, 2], [3]]>
    """
    if not isinstance(values, list | tuple):
        values = [values]
    made = [v if isinstance(v, RaggedRows) else to_tensor(v) for v in values]
    if made and not made[0].shape.rank:
        return array.stack(made)
    return _joined("ragged.stack", made, axis, True)


def _joined(op: str, values: Any, axis: Any, stacking: bool) -> Any:
    if not isinstance(values, list | tuple):
        values = [values]
    if not values:
        raise ValueError(house_message(op, "values may not be empty"))
    made = _converted(values)
    same_splits_type(op, made)
    ranks = {v.shape.rank for v in made if v.shape.rank is not None}
    if len(ranks) > 1:
        raise ValueError(
            house_message(
                op,
                "all values must have the same rank",
                f"ranks are {[v.shape.rank for v in made]}",
            )
        )
    at = integer(op, "axis", axis)
    rank = ranks.pop() if ranks else None
    if rank is not None:
        limit = rank + stacking
        if not -limit <= at < limit:
            raise ValueError(
                house_message(
                    op, f"axis={at} out of bounds: expected -{limit}<=axis<{limit}"
                )
            )
        at %= limit
    elif at < 0:
        raise ValueError(
            house_message(op, "axis may only be negative if the rank is known")
        )
    if len(made) == 1 and not stacking:
        return made[0]
    return _along(op, _one_depth(made, stacking), at, stacking)


def _converted(values: Any) -> list[Any]:
    """Values as ragged tensors and tensors of one type."""
    kind = next((v.dtype for v in values if hasattr(v, "dtype")), None)
    if isinstance(kind, np.dtype):
        kind = dtypes.as_dtype(kind)
    made = []
    for value in values:
        if isinstance(value, RaggedRows | Tensor):
            made.append(value)
        else:
            made.append(to_tensor(value, hint=kind))
    kinds = {v.dtype for v in made}
    if len(kinds) > 1:
        raise ValueError(
            house_message(
                "concat",
                "all values must have one dtype",
                f"they have {sorted(k.name for k in kinds)}",
            )
        )
    return made


def _one_depth(values: list[Any], stacking: bool) -> list[Any]:
    """Values with equally many row splits; one where matrices are stacked."""
    depth = max([v.ragged_rank for v in values if isinstance(v, RaggedRows)] or [0])
    rank = values[0].shape.rank
    if not depth and (rank is None or rank < 2 or not stacking):
        return values
    depth = max(depth, 1)
    kinds = [v._splits.dtype for v in values if isinstance(v, RaggedRows)]
    kind = kinds[0] if kinds else dtypes.int64
    return [deepened(v, depth, kind) for v in values]


def _along(op: str, values: list[Any], axis: int, stacking: bool) -> Any:
    if not any(isinstance(v, RaggedRows) for v in values):
        if stacking and axis == 0:
            return _stack_first(values)
        return array.stack(values, axis) if stacking else concat(values, axis)
    if axis == 0:
        return _stack_first(values) if stacking else _concat_first(values)
    if axis == 1:
        return _concat_second(op, values, stacking)
    splits = values[0]._splits
    for other in values[1:]:
        if other._splits is not splits:
            rule = "Input tensors have incompatible shapes: rows have equal lengths"
            _check_equal(op, splits, other._splits, rule)
    inner = _along(op, [v._inner for v in values], axis - 1, stacking)
    return values[0]._like(inner)


def _check_equal(op: str, a: Any, b: Any, rule: str) -> None:
    if a.shape.rank and b.shape.rank and not a.shape.is_compatible_with(b.shape):
        parts.check(op, Tensor(np.zeros((), bool)), rule, a, b)
    parts.check(op, a == b, rule, a, b)


def _concat_first(values: list[Any]) -> Any:
    """The rows of all values, one after another."""
    if not isinstance(values[0], RaggedRows):
        return concat(values, 0)
    lengths = concat([parts.lengths_of_splits(v._splits) for v in values], 0)
    uniforms = {v._uniform if isinstance(v._uniform, int) else None for v in values}
    uniform = uniforms.pop() if len(uniforms) == 1 else None
    inner = _concat_first([v._inner for v in values])
    return RaggedRows._of(inner, parts.splits_of_lengths(lengths), uniform)


def _stack_first(values: list[Any]) -> Any:
    """Each value as one row."""
    first = next((v for v in values if isinstance(v, RaggedRows)), None)
    kind = first._splits.dtype if first is not None else dtypes.int32
    counts = array.stack([count_of(v, kind) for v in values])
    return RaggedRows._of(_concat_first(values), parts.splits_of_lengths(counts))


def _concat_second(op: str, values: list[Any], stacking: bool) -> Any:
    """Each row of the first value, then that of the second ..., as one or stacked."""
    if stacking:
        values = [expanded(v, 1) for v in values]
    kind = values[0]._splits.dtype
    rows = count_of(values[0], kind)
    for other in values[1:]:
        rule = "Input tensors have incompatible shapes: they have equally many rows"
        parts.check(
            op, count_of(other, kind) == rows, rule, count_of(other, kind), rows
        )
    every = _concat_first(values)
    many = len(values)
    # row r of value v stands at v * rows + r; wanted is all of r = 0, then of r = 1 ...
    order = parts.numbered(rows, kind)[:, None] + rows * Tensor(
        np.arange(many, dtype=kind.numpy_dtype)
    )
    taken = rows_at(every, reshape(order, [-1]))
    length = None
    if not stacking and all(isinstance(v._uniform, int) for v in values):
        length = sum(v._uniform for v in values)
    return RaggedRows._of(taken._inner, taken._splits[::many], length)
