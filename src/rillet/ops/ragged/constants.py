"""Ragged tensors that a program writes down: `tf.ragged.constant`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows

_OWNER = "ragged.constant"


def constant(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> Any:
    """A ragged tensor of nested lists.

    Args:
        pylist: nested lists, tuples or NumPy arrays; scalars all at one depth.
        dtype: the type; inferred where None.
        ragged_rank: how many axes are ragged; all but the innermost where None.
        inner_shape: the shape of the innermost values.
        name: ignored.
        row_splits_dtype: int32 or int64.

    Returns:
        A `RaggedTensor`; a tensor where no axis is ragged.

    Raises:
        ValueError: where depths differ, or the ranks do not fit the lists.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.constant([[1, 2], [3]])
        <tf.RaggedTensor [[1, 2], [3]]>
    """
    kind = None if dtype is None else as_dtype(dtype)
    index = parts.index_type(_OWNER, row_splits_dtype)
    flat, splits = _cut(pylist, ragged_rank, inner_shape)
    value: Any = _tensor(flat, kind, inner_shape if not splits else None)
    for cut in reversed(splits):
        value = RaggedRows._of(value, Tensor(cut.astype(index.numpy_dtype)))
    return value


def _tensor(flat: Any, kind: DType | None, shape: Any) -> Any:
    if not isinstance(flat, np.ndarray) and not flat and kind is None:
        kind = dtypes.float32
    tensor = to_tensor(flat, kind)
    if shape is not None:
        tensor = to_tensor(np.reshape(tensor._array, tuple(shape)), tensor.dtype)
    return tensor


def _cut(pylist: Any, ragged_rank: Any, inner_shape: Any) -> tuple[Any, list[Any]]:
    """Nested lists as the innermost values and the splits of the outer ones."""
    scalars, deepest = _depths(pylist)
    depth = deepest if scalars is None else scalars
    if scalars is not None and deepest > scalars:
        raise _refused("Invalid pylist: empty list nesting is greater than scalar's")
    inner = None if inner_shape is None else tuple(np.atleast_1d(inner_shape).tolist())
    rank = _rank(pylist, depth, scalars, ragged_rank, inner)
    flat: Any = pylist
    splits = []
    for _ in range(rank):
        lengths = [len(row) for row in flat]
        splits.append(np.cumsum([0, *lengths]))
        if isinstance(flat, np.ndarray) and flat.dtype != object and flat.ndim > 1:
            flat = flat.reshape(-1, *flat.shape[2:])
        else:
            flat = [value for row in flat for value in row]
    if inner is not None and rank:
        array = to_tensor(flat)._array if len(flat) else _nothing(inner)
        if array.shape[1:] != inner and array.size:
            raise _refused(f"inner_shape {inner} does not fit values of the lists")
        flat = array.reshape(-1, *inner) if array.size else array
    elif rank and not isinstance(flat, np.ndarray):
        _check_inner(flat)
    return flat, splits


def _nothing(inner: tuple[int, ...]) -> Any:
    return np.zeros((0, *inner), np.float32)


def _rank(pylist: Any, depth: int, scalars: Any, ragged_rank: Any, inner: Any) -> int:
    """How many axes are ragged."""
    inner_rank = 0 if inner is None else len(inner)
    if ragged_rank is None:
        if depth == 0 or (inner is None and scalars is None and depth == 1):
            return 0
        return max(0, depth - 1 - inner_rank)
    if not isinstance(ragged_rank, int):
        raise TypeError(
            house_message(_OWNER, "ragged_rank must be an int", repr(ragged_rank))
        )
    if ragged_rank < 0 or (ragged_rank >= max(depth, 1) and scalars is not None):
        raise _refused(
            f"Invalid pylist: ragged_rank={ragged_rank} for lists of depth {depth}:"
            " it must be less than the depth"
        )
    # empty lists say nothing of what would be in them: any rank fits
    return ragged_rank


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def _depths(value: Any) -> tuple[int | None, int]:
    """The depth at which scalars stand (None without any), and the deepest list's.

    Raises:
        ValueError: where scalars stand at several depths.
    """
    if not _is_list(value):
        return 0, 0
    if isinstance(value, np.ndarray) and value.dtype != object:
        return (value.ndim if value.size else None), value.ndim
    found, deepest = None, 1
    for part in value:
        scalars, deep = _depths(part)
        deepest = max(deepest, deep + 1)
        if scalars is None:
            continue
        if found is not None and found != scalars + 1:
            raise _refused("all scalar values must have the same nesting depth")
        found = scalars + 1
    return found, deepest


def _check_inner(flat: list[Any]) -> None:
    """Raise where what is left as values has rows of several lengths."""
    sizes = {np.shape(v) if not isinstance(v, list) else _shape(v) for v in flat}
    if len(sizes) > 1:
        raise _refused("inner values have inconsistent shape")


def _shape(value: Any) -> tuple[int, ...]:
    if not _is_list(value):
        return ()
    inner = {_shape(v) for v in value}
    if len(inner) > 1:
        raise _refused("inner values have inconsistent shape")
    return (len(value), *(inner.pop() if inner else ()))


def _refused(rule: str) -> ValueError:
    return ValueError(house_message(_OWNER, rule))
