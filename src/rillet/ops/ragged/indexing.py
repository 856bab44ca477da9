"""`rt[key]` on ragged tensors: rows, slices of rows and of columns, new axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.elementwise import maximum, minimum
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.mask import where
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.rearrange import expand_dims

_OWNER = "RaggedTensor[key]"


def get_item(rt: RaggedRows, key: Any) -> Any:
    """`rt[key]`.

    Args:
        rt: a ragged tensor.
        key: an index, a slice, `...`, None, or several of them.

    Returns:
        A ragged tensor, or a tensor where nothing ragged is left.

    Raises:
        IndexError: where a row does not exist.
        ValueError: where a ragged axis is indexed by a number.
        TypeError: where the key is of another type.
    """
    keys = list(key) if isinstance(key, list | tuple) else [key]
    return _item(rt, _without_ellipsis(rt, keys))


def _without_ellipsis(rt: Any, keys: list[Any]) -> list[Any]:
    places = [i for i, k in enumerate(keys) if k is Ellipsis]
    if not places:
        return keys
    if len(places) > 1:
        raise ValueError(house_message(_OWNER, "Only one ellipsis is allowed"))
    rank = rt.shape.rank
    at = places[0]
    if rank is None:
        if at == len(keys) - 1:
            return keys[:at]
        raise ValueError(
            house_message(_OWNER, "`...` needs a ragged tensor of known rank")
        )
    used = sum(k is not None and k is not Ellipsis for k in keys)
    if used > rank:
        raise IndexError(
            house_message(_OWNER, "Too many indices", f"{used} for rank {rank}")
        )
    return [*keys[:at], *[slice(None)] * (rank - used), *keys[at + 1 :]]


def _item(rt: Any, keys: list[Any]) -> Any:
    if not keys:
        return rt
    if not isinstance(rt, RaggedRows):
        return rt[tuple(keys)]
    first, rest = keys[0], keys[1:]
    if first is None:
        return expanded(_item(rt, rest), 0)
    if isinstance(first, slice):
        return _inner(_rows(rt, first), rest)
    return _item(_row(rt, _index(first)), rest)


def _index(key: Any) -> Any:
    """One index as a Python number or a scalar tensor."""
    if isinstance(key, bool | float | str | bytes):
        raise TypeError(
            house_message(
                _OWNER,
                "indices are integers, slices, `...` and tf.newaxis",
                f"got {key!r}",
            )
        )
    if hasattr(key, "_dense_tensor"):
        key = key._dense_tensor()
    if isinstance(key, Tensor):
        if not key.dtype.is_integer or key.shape.rank not in (0, None):
            raise TypeError(
                house_message(_OWNER, "an index is a scalar integer", f"got {key!r}")
            )
        return key if is_symbolic(key) else int(key._array)
    try:
        return int(key.__index__())
    except (AttributeError, TypeError):
        raise TypeError(
            house_message(
                _OWNER,
                "indices are integers, slices, `...` and tf.newaxis",
                f"got {key!r} of type {type(key).__name__}",
            )
        ) from None


def _row(rt: RaggedRows, index: Any) -> Any:
    """One row, of what the values are."""
    splits = rt._splits
    rows = rt.shape[0]
    if isinstance(index, int):
        if rows is not None and not -rows <= index < rows:
            kind = IndexError if index >= 0 else InvalidArgumentError
            raise kind(f"Row key {index} out of bounds")
        at = index if rows is None or index >= 0 else index + rows
        if at < 0:
            start, limit = splits[at - 1], splits[at:][0]
        else:
            start, limit = splits[at], splits[at + 1]
    else:
        at = cast(index, splits.dtype)
        at = where(at < 0, at + count_of(rt, splits.dtype), at)
        start, limit = gather(splits, at), gather(splits, at + 1)
    found = _item(rt._inner, [slice(start, limit)])
    if is_symbolic(start) and isinstance(rt._uniform, int):
        _tell_first(found, rt._uniform)
    return found


def _tell_first(found: Any, size: int) -> None:
    """Let a tensor of a graph know its first size."""
    if isinstance(found, Tensor) and found.shape.rank is not None:
        found.set_shape([size, *found.shape.as_list()[1:]])


def _rows(rt: RaggedRows, key: slice) -> Any:
    """Some rows."""
    start, stop, step = (_bound(v) for v in (key.start, key.stop, key.step))
    if step == 0:
        raise ValueError(house_message(_OWNER, "slice step cannot be zero"))
    if start is None and stop is None and step in (None, 1):
        return rt
    starts = rt._splits[:-1][slice(start, stop, step)]
    limits = rt._splits[1:][slice(start, stop, step)]
    if step in (None, 1):
        # one row more in front, so that there is a first one
        zero = Tensor(np.zeros(1, rt._splits.dtype.numpy_dtype))
        low = concat([starts, zero], 0)[0]
        bounds = concat([low[None], limits], 0)
        values = _item(rt._inner, [slice(bounds[0], bounds[-1])])
        return rt._of(values, bounds - bounds[0], rt._uniform)
    lengths = limits - starts
    values = rows_at(rt._inner, parts.spans(starts, lengths))
    return rt._of(values, parts.splits_of_lengths(lengths), rt._uniform)


def _bound(value: Any) -> Any:
    return None if value is None else _index(value)


def rows_at(values: Any, places: Any) -> Any:
    """Rows of a tensor or of a ragged tensor, by their numbers."""
    if not isinstance(values, RaggedRows):
        return gather(values, places)
    lengths, inner = parts.taken_rows(values._splits, places)
    taken = rows_at(values._inner, inner)
    return values._of(taken, parts.splits_of_lengths(lengths), values._uniform)


def _inner(rt: Any, keys: list[Any]) -> Any:
    """Keys applied within the rows of a ragged tensor."""
    if not keys:
        return rt
    if not isinstance(rt, RaggedRows):
        return rt[(slice(None), *keys)]
    first, rest = keys[0], keys[1:]
    if first is None:
        return expanded(_inner(rt, rest), 1)
    if isinstance(first, slice):
        return _columns(rt, first, rest)
    index = _index(first)
    if rt._uniform is None:
        raise ValueError(
            f"{_OWNER}: Cannot index into an inner ragged dimension.: got {first!r};"
            " Use a slice, or rt.to_tensor() first"
        )
    return _column(rt, index, rest)


def _column(rt: RaggedRows, index: Any, rest: list[Any]) -> Any:
    """What stands at one place of rows that have one length."""
    length = rt._uniform
    if isinstance(index, int) and isinstance(length, int):
        if not -length <= index < length:
            raise InvalidArgumentError(
                house_message(
                    _OWNER, f"index {index} out of bounds for rows of {length}"
                )
            )
    offset: Any = index
    if isinstance(index, int) and index < 0:
        offset = index + rt.uniform_row_length
    places = rt._splits[:-1] + cast(offset, rt._splits.dtype)
    return _inner(rows_at(rt._inner, places), rest)


def _columns(rt: RaggedRows, key: slice, rest: list[Any]) -> Any:
    """A slice of each row."""
    start, stop, step = (_bound(v) for v in (key.start, key.stop, key.step))
    if step == 0:
        raise ValueError(house_message(_OWNER, "slice step cannot be zero"))
    if start is None and stop is None and step in (None, 1):
        return rt._like(_inner(rt._inner, rest))
    step = 1 if step is None else step
    lengths = parts.lengths_of_splits(rt._splits)
    low, count = _within(lengths, start, stop, step)
    firsts = rt._splits[:-1] + low
    counted = parts.columns(count) * step
    rows = parts.ids_of_lengths(count)
    values = rows_at(rt._inner, gather(firsts, rows) + counted)
    uniform = None
    if isinstance(rt._uniform, int) and all(
        v is None or isinstance(v, int) for v in (start, stop)
    ):
        uniform = len(range(*slice(start, stop, step).indices(rt._uniform)))
    cut = rt._of(values, parts.splits_of_lengths(count), uniform)
    return cut._like(_inner(cut._inner, rest))


def _within(lengths: Any, start: Any, stop: Any, step: Any) -> tuple[Any, Any]:
    """Where a slice begins in rows of these lengths, and how much of each it takes."""
    kind = lengths.dtype
    zero = lengths * 0
    forward = step > 0
    lowest, highest = (zero, lengths) if forward else (zero - 1, lengths - 1)

    def placed(value: Any, without: Any) -> Any:
        if value is None:
            return without
        value = zero + cast(value, kind)
        value = where(value < 0, value + lengths, value)
        return minimum(maximum(value, lowest), highest)

    low = placed(start, lowest if forward else highest)
    high = placed(stop, highest if forward else lowest)
    pace = abs(step)
    gap = high - low if forward else low - high
    return low, maximum((gap + (pace - 1)) // pace, zero)


def expanded(value: Any, axis: int) -> Any:
    """A value with a new axis of size 1."""
    if not isinstance(value, RaggedRows):
        return expand_dims(value, axis)
    kind = value._splits.dtype
    rows = count_of(value, kind)
    if axis == 0:
        known = value.shape[0]
        splits = parts.numbered(parts.scalar(2, kind), kind) * rows
        return value._of(value, splits, rows if known is None else known)
    if axis == 1:
        return value._of(value, parts.numbered(rows + 1, kind), 1)
    return value._like(expanded(value._inner, axis - 1))
