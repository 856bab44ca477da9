"""Reductions of ragged tensors along ragged and other axes.

Records' handlers (`versions` enters them): a ragged tensor, an axis or several, and
whether to keep the axes flow in; a ragged tensor, or a tensor where no ragged axis is
left, flows out. Rows are reduced all at once, as segments of their values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.errors import house_message
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.cumulative import cumsum
from rillet.ops.elementwise import exp, log, maximum, sqrt, square
from rillet.ops.filling import ones_like
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic, plain
from rillet.ops.identity import stop_gradient
from rillet.ops.quotients import truediv
from rillet.ops.ragged import dense
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.indexing import expanded
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
)
from rillet.ops.segment import (
    unsorted_segment_max,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sum,
)
from rillet.ops.shaping import reduce_sum

_Pair = tuple[Callable[..., Any], Callable[..., Any]]


def _logical(reduce: Callable[..., Any], segments: Callable[..., Any]) -> _Pair:
    """A reduction of booleans, whose segments are reduced as numbers."""

    def by_segments(data: Any, ids: Any, count: Any) -> Any:
        found = segments(cast(data, dtypes.int32), ids, count)
        return found > 0

    return reduce, by_segments


_SUM: _Pair = (reduce_sum, unsorted_segment_sum)
_PROD: _Pair = (reduce_prod, unsorted_segment_prod)
_MAX: _Pair = (reduce_max, unsorted_segment_max)
_MIN: _Pair = (reduce_min, unsorted_segment_min)
_ANY = _logical(reduce_any, unsorted_segment_max)
_ALL = _logical(reduce_all, unsorted_segment_min)


def reduced(name: str, pair: _Pair) -> Callable[..., Any]:
    """The handler of a reduction's record.

    Args:
        name: the public name.
        pair: the reduction of a tensor, and that of its segments.
    """

    def handler(x: Any, axis: Any, keep_dims: bool = False) -> Any:
        if not isinstance(x, RaggedRows):
            return NotImplemented
        return _along(name, pair, x, axis, keep_dims)

    return handler


def _along(name: str, pair: _Pair, x: Any, axis: Any, keep_dims: bool) -> Any:
    axes = axes_of(name, x, axis)
    if axes is None:
        found = pair[0](x.flat_values)
        if keep_dims:
            for _ in range(x.shape.rank):
                found = expanded(found, 0)
        return found
    for at in reversed(axes):
        x = _one(pair, x, at) if isinstance(x, RaggedRows) else pair[0](x, at)
        if keep_dims:
            x = expanded(x, at)
    return x


def axes_of(name: str, x: Any, axis: Any) -> list[int] | None:
    """Axes in ascending order, counted from the front; None for all.

    Raises:
        ValueError: where one does not exist, or only the graph's run knows them.
    """
    if axis is None:
        return None
    given = plain(axis)
    if is_symbolic(given):
        raise ValueError(
            house_message(name, "axis must be known while a ragged tensor is traced")
        )
    listed = np.atleast_1d(np.asarray(given, np.int64)).tolist()
    rank = x.shape.rank
    found = []
    for at in listed:
        if rank is None and at < 0:
            raise ValueError(
                house_message(name, "axis may only be negative if the rank is known")
            )
        place = at + rank if at < 0 else at
        if rank is not None and not 0 <= place < rank:
            raise ValueError(
                house_message(
                    name, f"axis={at} out of bounds: expected -{rank}<=axis<{rank}"
                )
            )
        found.append(place)
    if rank is not None and sorted(set(found)) == list(range(rank)):
        return None
    return sorted(set(found))


def _one(pair: _Pair, x: RaggedRows, axis: int) -> Any:
    """One axis reduced."""
    if axis == 0:
        lengths = parts.lengths_of_splits(x._splits)
        width = dense.longest(x._splits)
        return segments_of(pair[1], x._inner, parts.columns(lengths), width)
    if axis == 1:
        count = count_of(x, x._splits.dtype)
        return segments_of(pair[1], x._inner, x.value_rowids(), count)
    inner = x._inner
    if isinstance(inner, RaggedRows):
        return x._like(_one(pair, inner, axis - 1))
    return x._like(pair[0](inner, axis - 1))


def segments_of(reduce: Callable[..., Any], data: Any, ids: Any, count: Any) -> Any:
    """The rows of values reduced by segments; ragged rows place by place.

    Args:
        reduce: reduces the segments of a tensor.
        data: a tensor or ragged tensor.
        ids: the segment of each row.
        count: how many segments there are, a scalar tensor.
    """
    if not isinstance(data, RaggedRows):
        return reduce(data, ids, count)
    lengths = parts.lengths_of_splits(data._splits)
    none = parts.scalar(0, lengths.dtype)
    widths = maximum(unsorted_segment_max(lengths, ids, count), none)
    splits = parts.splits_of_lengths(widths)
    places = parts.spans(gather(splits, ids), lengths)
    inner = segments_of(reduce, data._inner, places, splits[-1])
    return data._of(inner, splits)


reduce_sum_version = reduced("reduce_sum", _SUM)
reduce_prod_version = reduced("reduce_prod", _PROD)
reduce_max_version = reduced("reduce_max", _MAX)
reduce_min_version = reduced("reduce_min", _MIN)
reduce_any_version = reduced("reduce_any", _ANY)
reduce_all_version = reduced("reduce_all", _ALL)


def mean(x: Any, axis: Any, keep_dims: bool = False) -> Any:
    """The handler of `reduce_mean`: sums divided by counts, NaN for empty rows."""
    if not isinstance(x, RaggedRows):
        return NotImplemented
    axes = axes_of("reduce_mean", x, axis)
    if axes is None:
        found = _mean_of_all(x.flat_values)
        for _ in range(x.shape.rank or 0 if keep_dims else 0):
            found = expanded(found, 0)
        return found
    total = _along("reduce_mean", _SUM, x, axes, keep_dims)
    ones = x._with_flat(ones_like(x.flat_values))
    count = _along("reduce_mean", _SUM, ones, axes, keep_dims)
    return truediv(total, count)


def _mean_of_all(flat: Any) -> Any:
    """The mean of values: a quotient, where they are whole numbers, as along axes."""
    if not flat.dtype.is_integer:
        return reduce_mean(flat)
    return truediv(reduce_sum(flat), reduce_sum(ones_like(flat)))


def variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """`tf.math.reduce_variance` of a ragged tensor: the mean of squares less the
    square of the mean, as TensorFlow computes it, of whole numbers too."""
    x = input_tensor
    of_squares = mean(square(x), axis, keepdims)
    found = of_squares - square(mean(x, axis, keepdims))
    return maximum(found, 0)


def deviation(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """`tf.math.reduce_std` of a ragged tensor."""
    return sqrt(variance(input_tensor, axis, keepdims))


def log_sum_exp(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Any:
    """`tf.reduce_logsumexp` of a ragged tensor; -infinity for empty rows."""
    x = input_tensor
    top = reduce_max(x, axis, keepdims=True)
    top = maximum(top, top * 0) if axis is None else top
    total = reduce_sum(exp(x - stop_gradient(top)), axis, keepdims=keepdims)
    kept = top if keepdims else reduce_max(x, axis)
    return log(total) + stop_gradient(kept)


def by_segments(reduce: Callable[..., Any], data: Any, ids: Any, count: Any) -> Any:
    """The handler of reductions by segments: rows of a segment, place by place.

    Args:
        reduce: the reduction of a tensor's segments.
        data: the ragged rows.
        ids: the segment of each row, or of each value where they are ragged too.
        count: how many segments there are.
    """
    if isinstance(ids, RaggedRows):
        flat = data.flat_values if isinstance(data, RaggedRows) else data
        return reduce(flat, ids.flat_values, count)
    if not isinstance(data, RaggedRows):
        return NotImplemented
    kind = data._splits.dtype
    numbers = parts.index_tensor("segments", "segment_ids", ids, kind)
    size = parts.index_tensor("segments", "num_segments", count, kind)
    return segments_of(reduce, data, numbers, size)


def running_sum(x: RaggedRows, axis: Any, exclusive: bool, reverse: bool) -> Any:
    """The handler of `tf.cumsum`: along the innermost ragged axis, or a deeper one."""
    found = axes_of("cumsum", x, axis)
    at = found[0] if found else 0
    flat = x.flat_values
    if at > x.ragged_rank:
        deep = at - x.ragged_rank
        return x._with_flat(cumsum(flat, deep, exclusive=exclusive, reverse=reverse))
    if at < 1 or at != x.ragged_rank:
        if at > 1 or (at == 1 and not isinstance(x._inner, RaggedRows)):
            return x._like(running_sum(x._inner, at - 1, exclusive, reverse))
        return NotImplemented
    splits = x.nested_row_splits[-1]
    ids = parts.ids_of_lengths(parts.lengths_of_splits(splits))
    total = cumsum(flat, exclusive=True)
    whole = concat([total, (total[-1:] + flat[-1:])], 0)
    before = gather(whole, gather(splits, ids))
    after = gather(whole, gather(splits, ids + 1))
    run = after - total - flat if reverse else total - before
    return x._with_flat(run if exclusive else run + flat)
