"""Ragged tensors and conditions: `where`, `tf.ragged.boolean_mask`, places."""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.ops.array import concat, stack
from rillet.ops.casting import cast
from rillet.ops.gather import gather
from rillet.ops.mask import boolean_mask as dense_mask
from rillet.ops.mask import where as dense_where
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import deepened, same_rows
from rillet.ops.ragged.indexing import rows_at
from rillet.ops.ragged.rows import RaggedRows, same_splits_type
from rillet.ops.shaping import reshape


def true_places(condition: Any) -> Any:
    """The handler of `tf.where` with a condition alone: where it holds."""
    if condition.dtype is not dtypes.bool_:
        condition = condition._with_flat(condition.flat_values != 0)
    found = places(condition.with_row_splits_dtype(dtypes.int64))
    mask = condition.flat_values
    if mask.shape.rank != 1:
        mask = reshape(mask, [-1])
    return gather(found, reshape(dense_where(mask), [-1]))


def places(rt: RaggedRows) -> Any:
    """The indices of all values, ``(values, rank)``, of the row splits' type."""
    kind = rt._splits.dtype
    columns: list[Any] = []
    value: Any = rt
    while isinstance(value, RaggedRows):
        lengths = parts.lengths_of_splits(value._splits)
        rows = parts.ids_of_lengths(lengths)
        outer = [gather(c, rows) for c in columns] if columns else [rows]
        columns = [*outer, parts.columns(lengths)]
        value = value._inner
    found = stack(columns, 1)
    for axis in range(1, value.shape.rank or 1):
        size = parts.size_of(value, axis, kind)
        rows = parts.size_of(found, 0, kind)
        again = parts.ids_of_lengths(parts.numbered(rows, kind) * 0 + size)
        column = parts.columns(parts.numbered(rows, kind) * 0 + size)
        found = concat([gather(found, again), column[:, None]], 1)
    return found


def boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """The values whose mask holds; rows keep their places.

    Args:
        data: a ragged tensor or tensor.
        mask: booleans of the form of `data`'s first axes.
        name: ignored.

    Returns:
        A `RaggedTensor` where `mask` has more than one axis, or data is ragged.

    Raises:
        ValueError: where the mask is a scalar.
        TypeError: where it is not boolean.
        InvalidArgumentError: where the forms differ.

    Example:
        >>> import rillet as tf
        >>> tf.ragged.boolean_mask([[1, 2, 3], [4, 5, 6]],
        ...                        [[True, False, True], [False, False, False]])
        <tf.RaggedTensor [[1, 3], []]>
    """
    owner = "ragged.boolean_mask"
    if not isinstance(mask, RaggedRows):
        mask = to_tensor(mask, dtypes.bool_)
    if not isinstance(data, RaggedRows):
        data = to_tensor(data)
    if mask.dtype is not dtypes.bool_:
        raise TypeError(house_message(owner, "mask must be boolean", mask.dtype.name))
    if not mask.shape.rank:
        raise ValueError(house_message(owner, "mask cannot be scalar", f"{mask.shape}"))
    same_splits_type(owner, [data, mask])
    kind = next(
        (v._splits.dtype for v in (data, mask) if isinstance(v, RaggedRows)),
        dtypes.int64,
    )
    return _masked(owner, data, mask, kind)


def _masked(owner: str, data: Any, mask: Any, kind: Any) -> Any:
    if mask.shape.rank == 1:
        if not isinstance(data, RaggedRows) and data.shape.is_fully_defined():
            return dense_mask(data, mask)
        return rows_at(data, reshape(dense_where(mask), [-1]))
    data, mask = deepened(data, 1, kind), deepened(mask, 1, kind)
    data, mask = (
        v if isinstance(v, RaggedRows) else deepened(v, 1, kind) for v in (data, mask)
    )
    if not same_rows(
        data._of(data.flat_values, data._splits),
        mask._of(mask.flat_values, mask._splits),
    ):
        rule = "mask and data have the same rows: inconsistent row_splits"
        if not data._splits.shape.is_compatible_with(mask._splits.shape):
            same = to_tensor(False)
        else:
            same = data._splits == mask._splits
        parts.check(owner, same, rule, mask._splits, data._splits)
    values = _masked(owner, data._inner, mask._inner, kind)
    if mask._inner.shape.rank > 1:
        return data._of(values, mask._splits, mask._uniform)
    # how many of each row are kept: differences of running counts
    kept = parts.splits_of_lengths(cast(mask._inner, kind))
    return data._of(values, gather(kept, mask._splits))
