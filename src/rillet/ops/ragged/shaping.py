"""Ragged tensors with other axes or rows: new axes, squeezed ones, tiles, reversals,
splits, sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.ops import rearrange, tiling
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.gather import gather
from rillet.ops.host import integer, is_symbolic, plain
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.indexing import expanded, get_item, rows_at
from rillet.ops.ragged.reductions import axes_of
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.shaping import reshape
from rillet.ops.sizes import rank as rank_of_tensor
from rillet.ops.sizes import size as size_of_tensor


def expand_dims(x: Any, axis: Any) -> Any:
    """The handler of `tf.expand_dims`."""
    rank = x.shape.rank
    if axis < 0:
        if rank is None:
            raise ValueError(
                house_message(
                    "expand_dims", "axis may only be negative if the rank is known"
                )
            )
        axis += rank + 1
    if axis < 0 or (rank is not None and axis > rank):
        limit = f"expected -{rank + 1}<=axis<={rank}" if rank is not None else ""
        raise ValueError(house_message("expand_dims", "axis out of bounds", limit))
    return expanded(x, axis)


def squeeze(x: Any, squeeze_dims: Any = ()) -> Any:
    """The handler of `tf.squeeze`: ragged tensors need to be told which axes."""
    axes = axes_of("squeeze", x, squeeze_dims) if len(squeeze_dims) else None
    if axes is None:
        raise ValueError(
            house_message(
                "squeeze",
                "Ragged.squeeze must have an axis argument",
                f"shape is {x.shape}",
                "Give axis=",
            )
        )
    return _squeezed(x, axes)


def _squeezed(x: Any, axes: list[int]) -> Any:
    if not axes:
        return x
    if not isinstance(x, RaggedRows):
        return rearrange.squeeze(x, axes)
    if axes[0] == 0:
        rows = count_of(x, x._splits.dtype)
        rule = "Can not squeeze dim[0]: it has one row"
        parts.check("squeeze", rows == 1, rule, rows)
        return _squeezed(x._inner, [a - 1 for a in axes[1:]])
    if axes[0] == 1:
        lengths = parts.lengths_of_splits(x._splits)
        rule = "Can not squeeze dim[1]: its rows have the length 1"
        parts.check("squeeze", lengths == 1, rule, lengths)
        return _squeezed(x._inner, [a - 1 for a in axes[1:]])
    return x._like(_squeezed(x._inner, [a - 1 for a in axes]))


def tile(x: Any, multiples: Any) -> Any:
    """The handler of `tf.tile`: rows repeated, and what is in them."""
    rank = x.shape.rank
    counts = _counts(multiples)
    if rank is not None and len(counts) != rank:
        raise ValueError(
            house_message(
                "tile",
                "multiples has one number for each axis",
                f"{len(counts)} for rank {rank}",
            )
        )
    return _tiled(x, counts)


def _counts(multiples: Any) -> list[Any]:
    if not is_symbolic(multiples):
        return np.asarray(plain(multiples)).tolist()
    count = multiples.shape[0]
    return [multiples[i] for i in range(count)]


def _tiled(x: Any, counts: list[Any]) -> Any:
    if not isinstance(x, RaggedRows):
        if all(isinstance(n, int) for n in counts):
            return x if all(n == 1 for n in counts) else tiling.tile(x, counts)
        return tiling.tile(x, stack([cast(n, dtypes.int32) for n in counts]))
    kind = x._splits.dtype
    inner = x._inner
    if any(not isinstance(n, int) or n != 1 for n in counts[2:]):
        inner = _tiled(inner, [1, *counts[2:]])
        x = x._like(inner)
    rows = count_of(x, kind)
    first = parts.numbered(rows, kind)
    if not isinstance(counts[1], int) or counts[1] != 1:
        times = parts.index_tensor("tile", "multiples", counts[1], kind)
        every = first * 0 + times
        taken = rows_at(x, parts.ids_of_lengths(every))
        ends = gather(taken._splits, parts.numbered(rows + 1, kind) * times)
        known = x._uniform
        fixed = isinstance(known, int) and isinstance(counts[1], int)
        x = x._of(taken._inner, ends, known * counts[1] if fixed else None)
    if not isinstance(counts[0], int) or counts[0] != 1:
        times = parts.index_tensor("tile", "multiples", counts[0], kind)
        again = parts.numbered(times, kind)[:, None] * 0 + first
        x = rows_at(x, reshape(again, [-1]))
    return x


def reverse(x: Any, axis: Any) -> Any:
    """The handler of `tf.reverse`."""
    listed = [axis] if isinstance(axis, int) else list(axis)
    rank = x.shape.rank
    axes = sorted({a + rank if a < 0 else a for a in listed})
    if rank is not None and any(not 0 <= a < rank for a in axes):
        raise ValueError(
            house_message("reverse", f"axis={axis} out of bounds for rank {rank}")
        )
    key: list[Any] = [slice(None)] * (max(axes, default=-1) + 1)
    for a in axes:
        key[a] = slice(None, None, -1)
    return get_item(x, key) if key else x


def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
) -> list[Any]:
    """`tf.split` of a ragged tensor along its first axis, or along a uniform one."""
    at = integer("split", "axis", axis)
    rank = value.shape.rank
    if at < 0 and rank is not None:
        at += rank
    sizes = plain(num_or_size_splits)
    if at > 0:
        if value._uniform is None and at == 1:
            raise ValueError(
                house_message(
                    "split", "ragged dimension 1 cannot be split", f"{value.shape}"
                )
            )
        key: list[Any] = [slice(None)] * at
        total = value._uniform if at == 1 else value.shape[at]
        if not isinstance(total, int):
            raise ValueError(
                house_message("split", f"axis {at} must have a known size")
            )
        return _parts_of(value, key, _bounds(sizes, total))
    if not is_symbolic(sizes) and np.ndim(sizes) == 0:
        rows = value.shape[0]
        if rows is not None:
            return _parts_of(value, [], _bounds(sizes, rows))
        each = count_of(value, dtypes.int64) // int(sizes)
        return [value[i * each : (i + 1) * each] for i in range(int(sizes))]
    if is_symbolic(sizes):
        count = sizes.shape[0] if num is None else num
        ends = parts.splits_of_lengths(sizes)
        return [value[ends[i] : ends[i + 1]] for i in range(count)]
    return _parts_of(value, [], _bounds(list(np.asarray(sizes)), value.shape[0]))


def _bounds(sizes: Any, total: Any) -> list[Any]:
    if np.ndim(sizes) == 0:
        count = int(sizes)
        if count < 1:
            raise ValueError(house_message("split", "num_splits is 1 or more"))
        if total % count:
            raise ValueError(
                house_message(
                    "split",
                    f"axis size {total} is not divisible by {count}",
                )
            )
        return [i * (total // count) for i in range(count + 1)]
    listed = [int(n) for n in sizes]
    if -1 in listed and total is not None:
        listed[listed.index(-1)] = total - (sum(listed) + 1)
    ends = [0]
    for n in listed:
        ends.append(ends[-1] + n)
    if total is not None and ends[-1] != total:
        raise InvalidArgumentError(
            house_message("split", f"sizes add up to {ends[-1]}, the axis has {total}")
        )
    return ends


def _parts_of(value: Any, key: list[Any], ends: list[Any]) -> list[Any]:
    pairs = zip(ends[:-1], ends[1:], strict=True)
    return [get_item(value, [*key, slice(a, b)]) for a, b in pairs]


def size(x: Any, out_type: Any = dtypes.int32) -> Any:
    """The handler of `tf.size`: how many values there are."""
    return size_of_tensor(x.flat_values, out_type)


def rank(x: Any) -> Any:
    """The handler of `tf.rank`."""
    known = x.shape.rank
    if known is None:
        inner = rank_of_tensor(x.flat_values)
        return inner + x.ragged_rank
    return parts.scalar(known, dtypes.int32)
