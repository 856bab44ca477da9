"""Row partitions: where the rows of a ragged dimension begin, in its several forms.

Splits, lengths, starts, limits and row numbers of values flow in, as tensors of one
integer type; out flows another of those forms. All are made of ops, so that they trace,
run over all rows at once, and know as much of sizes as their inputs tell. All other
modules here call these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.checks import Assert
from rillet.ops.cumulative import cumsum
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.reduce import reduce_all
from rillet.ops.segment import unsorted_segment_sum
from rillet.ops.sequences import range as range_
from rillet.ops.sizes import shape as shape_of
from rillet.ops.tiling import repeat_places_op


def index_tensor(owner: str, name: str, value: Any, dtype: Any = None) -> Any:
    """A vector or scalar of indices as a tensor of an index type.

    Args:
        owner: the public function, for messages.
        name: the argument's name.
        value: integers; Python's become `dtype`, int64 where that is None.
        dtype: the type to have.

    Raises:
        ValueError: where it is no int32 or int64.
    """
    if not isinstance(value, Tensor) and not hasattr(value, "_dense_tensor"):
        known = np.asarray(value)
        narrow = known.dtype == np.int32 and isinstance(value, np.ndarray | np.generic)
        if not narrow and (known.dtype.kind in "iu" or not known.size):
            value = Tensor(known.astype((dtype or dtypes.int64).numpy_dtype))
    tensor = to_tensor(value)
    if tensor.dtype not in (dtypes.int32, dtypes.int64):
        raise ValueError(
            house_message(
                owner,
                f"{name} must have dtype int32 or int64",
                f"got {tensor.dtype.name}",
                "Convert it with tf.cast(x, tf.int64)",
            )
        )
    return tensor if dtype in (None, tensor.dtype) else cast(tensor, dtype)


def index_type(owner: str, value: Any) -> DType:
    """The type of row splits, from an argument.

    Raises:
        ValueError: where it is no int32 or int64.
    """
    kind = dtypes.as_dtype(value)
    if kind not in (dtypes.int32, dtypes.int64):
        raise ValueError(
            house_message(
                owner, "row_splits_dtype must be int32 or int64", f"got {kind.name}"
            )
        )
    return kind


def size_of(x: Any, axis: int, dtype: DType) -> Any:
    """The size of a tensor's axis as a scalar tensor of an index type."""
    known = None if x.shape.rank is None else x.shape[axis]
    if known is not None:
        return scalar(known, dtype)
    return cast(shape_of(x)[axis], dtype)


def scalar(value: int, dtype: DType) -> Any:
    """A Python integer as a scalar tensor."""
    return Tensor(np.array(value, dtype.numpy_dtype))


def numbered(count: Any, dtype: DType) -> Any:
    """0 to count - 1."""
    return range_(scalar(0, dtype), count, scalar(1, dtype))


def splits_of_lengths(lengths: Any) -> Any:
    """Row splits ``(n + 1,)`` of row lengths ``(n,)``."""
    zero = Tensor(np.zeros(1, lengths.dtype.numpy_dtype))
    return concat([zero, cumsum(lengths)], 0)


def lengths_of_splits(splits: Any) -> Any:
    """Row lengths ``(n,)`` of row splits ``(n + 1,)``."""
    return splits[1:] - splits[:-1]


def ids_of_lengths(lengths: Any) -> Any:
    """For each value the number of its row, from row lengths ``(n,)``."""
    return cast(repeat_places_op(lengths), lengths.dtype)


def splits_of_ids(ids: Any, count: Any) -> Any:
    """Row splits ``(count + 1,)`` of the sorted row numbers of values."""
    ones = ids - ids + scalar(1, ids.dtype)
    return splits_of_lengths(unsorted_segment_sum(ones, ids, count))


def uniform_splits(count: Any, length: Any) -> Any:
    """Row splits of `count` rows of one length, both scalars of one type."""
    one = scalar(1, length.dtype)
    return numbered(count + one, length.dtype) * length


def columns(lengths: Any) -> Any:
    """For each value its place in its row, from row lengths ``(n,)``."""
    splits = splits_of_lengths(lengths)
    firsts = gather(splits, repeat_places_op(lengths))
    return numbered(splits[-1], lengths.dtype) - firsts


def spans(starts: Any, lengths: Any) -> Any:
    """The numbers from each start on, as many as each length says, one after another.

    Args:
        starts: ``(n,)``.
        lengths: ``(n,)``, of the same type.
    """
    shift = starts - splits_of_lengths(lengths)[:-1]
    places = numbered(splits_of_lengths(lengths)[-1], lengths.dtype)
    return places + gather(shift, repeat_places_op(lengths))


def taken_rows(splits: Any, rows: Any) -> tuple[Any, Any]:
    """The lengths of some rows, and the places of their values.

    Args:
        splits: ``(n + 1,)``.
        rows: which rows, in any order, ``(k,)``.

    Returns:
        Lengths ``(k,)`` and places, all rows' one after another.
    """
    starts = gather(splits, rows)
    limits = gather(splits, rows + scalar(1, rows.dtype))
    lengths = limits - starts
    return lengths, spans(starts, lengths)


def check(owner: str, good: Any, rule: str, *values: Any) -> None:
    """Raise, now or when the graph runs, where a condition does not hold.

    Args:
        owner: the public function.
        good: a boolean tensor: all its elements must hold.
        rule: the rule, in words.
        values: what was compared.

    Raises:
        InvalidArgumentError: where it does not hold.
    """
    if is_symbolic(good):
        told = [f"{owner}: {rule}", *values]
        Assert(reduce_all(good), told, summarize=5)
        return
    if not np.all(good._array):
        shown = " and ".join(
            str(v._array) if isinstance(v, Tensor) and not is_symbolic(v) else repr(v)
            for v in values
        )
        raise InvalidArgumentError(house_message(owner, rule, f"got {shown}"))
