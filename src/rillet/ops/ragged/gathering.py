"""Rows and elements of ragged tensors by number: `gather`, `gather_nd`, embeddings."""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.ops import embedding
from rillet.ops import gather as dense_gather
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.gather_nd import gather_nd as dense_nd
from rillet.ops.host import integer
from rillet.ops.mask import where
from rillet.ops.one_hot import one_hot as dense_one_hot
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.alignment import deepened
from rillet.ops.ragged.indexing import get_item, rows_at
from rillet.ops.ragged.rows import RaggedRows, count_of, same_splits_type
from rillet.ops.shaping import broadcast_to, reshape
from rillet.ops.sizes import shape as shape_of


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """`tf.gather` where the table or the numbers are ragged."""
    batch = int(batch_dims)
    if not isinstance(params, RaggedRows):
        params = to_tensor(params)
    if not isinstance(indices, RaggedRows):
        indices = parts.index_tensor("gather", "indices", indices)
    same_splits_type("gather", [params, indices])
    if batch < 0:
        batch += _rank("indices", indices)
    at = batch if axis is None else integer("gather", "axis", axis)
    if at < 0:
        at += _rank("params", params)
    if batch:
        return _batched(params, indices, at, batch)
    if at == 0:
        return _gathered(params, indices)
    return _inner(params, indices, at)


def _rank(name: str, value: Any) -> int:
    rank = value.shape.rank
    if rank is None:
        raise ValueError(house_message("gather", f"{name} must have a known rank"))
    return int(rank)


def _gathered(params: Any, indices: Any) -> Any:
    """The first axis: numbers of any shape are replaced by rows."""
    if isinstance(indices, RaggedRows):
        return indices._with_flat(_gathered(params, indices.flat_values))
    if not isinstance(params, RaggedRows):
        return dense_gather.gather(params, indices)
    kind = params._splits.dtype
    indices = cast(indices, kind)
    rank = indices.shape.rank
    if rank == 0:
        return get_item(params, indices)
    flat = reshape(indices, [-1])
    count = count_of(params, kind)
    good = (flat >= 0) & (flat < count)
    parts.check("gather", good, "indices are rows of params", flat, count)
    rows = rows_at(params, flat)
    if rank == 1:
        return rows
    like: Any = rows
    for cut in reversed(deepened(indices, rank - 1, kind).nested_row_splits):
        like = params._of(like, cut)
    return like


def _inner(params: Any, indices: Any, axis: int) -> Any:
    """A deeper axis, with the same numbers for all rows."""
    if not isinstance(params, RaggedRows):
        found = [indices]
        return _outer_dense(params, found[0], axis)
    if axis > 1:
        return params._like(_inner(params._inner, indices, axis - 1))
    kind = params._splits.dtype
    rows = count_of(params, kind)
    if isinstance(indices, RaggedRows):
        raise ValueError(
            house_message("gather", "ragged indices go with axis=0 or batch_dims")
        )
    sizes = shape_of(indices)
    many = concat([cast(rows, dtypes.int32)[None], sizes], 0)
    spread = broadcast_to(indices[None], many)
    if indices.shape.is_fully_defined() and params.shape[0] is not None:
        spread = reshape(spread, [params.shape[0], *indices.shape.as_list()])
    return _batched(params, spread, 1, 1)


def _outer_dense(params: Any, indices: Any, axis: int) -> Any:
    """A table with ragged numbers along a deeper axis."""
    if not isinstance(indices, RaggedRows):
        return dense_gather.gather(params, indices, axis=axis)
    raise ValueError(
        house_message("gather", "ragged indices go with axis=0 or batch_dims")
    )


def _batched(params: Any, indices: Any, axis: int, batch: int) -> Any:
    """Each row of numbers picks from its own row of the table."""
    if batch > axis:
        raise ValueError(
            house_message("gather", f"axis={axis} must be at least batch_dims={batch}")
        )
    kinds = [v._splits.dtype for v in (params, indices) if isinstance(v, RaggedRows)]
    if not kinds:
        return dense_gather.gather(params, indices, axis=axis, batch_dims=batch)
    kind = kinds[0]
    params, indices = _typed(params, kind), _typed(indices, kind)
    if batch > 1:
        _same_rows(params, indices)
        inner = _batched(params._inner, indices._inner, axis - 1, batch - 1)
        return (
            params._like(inner)
            if not isinstance(indices, RaggedRows)
            else (indices._like(inner))
        )
    if axis > 1:
        raise ValueError(
            house_message(
                "gather",
                "with ragged tensors axis is batch_dims",
                f"axis={axis}, batch_dims={batch}",
            )
        )
    if _rank("indices", indices) == 1:
        # one number a row: rows themselves
        places = _placed(params, cast(indices, kind))
        return rows_at(params._inner, places)
    lengths = parts.lengths_of_splits(indices._splits)
    rows = parts.ids_of_lengths(lengths)
    numbers = indices._inner
    flat = numbers.flat_values if isinstance(numbers, RaggedRows) else numbers
    if isinstance(numbers, RaggedRows) or numbers.shape.rank != 1:
        return _nested_numbers(params, indices, kind)
    starts = dense_gather.gather(params._splits, rows)
    sizes = dense_gather.gather(parts.lengths_of_splits(params._splits), rows)
    flat = cast(flat, kind)
    good = (flat >= 0) & (flat < sizes)
    parts.check("gather", good, "indices lie within their rows", flat, sizes)
    found = indices._like(rows_at(params._inner, starts + flat))
    return _evened(found)


def _nested_numbers(params: Any, indices: RaggedRows, kind: Any) -> Any:
    """Rows of several axes of numbers: those merged, and parted again."""
    merged = indices
    inner = indices._inner
    if not isinstance(inner, RaggedRows):
        inner = deepened(inner, inner.shape.rank - 1, kind)
    flat_rows = inner
    splits = indices._splits
    while isinstance(flat_rows, RaggedRows):
        splits = dense_gather.gather(flat_rows._splits, splits)
        flat_rows = flat_rows._inner
    merged = RaggedRows._of(flat_rows, splits)
    found = _batched(params, merged, 1, 1)
    values = found._inner if isinstance(found, RaggedRows) else reshape(found, [-1])
    return indices._like(inner._with_flat(values))


def _evened(found: Any) -> Any:
    """A tensor where all rows have one length that is known, as TensorFlow gives it."""
    if isinstance(found._uniform, int) and not isinstance(found._inner, RaggedRows):
        rows = found.shape[0]
        inner = found._inner
        if rows is not None and inner.shape[1:].is_fully_defined():
            return reshape(inner, [rows, found._uniform, *inner.shape.as_list()[1:]])
    return found


def _typed(value: Any, kind: Any) -> Any:
    if isinstance(value, RaggedRows):
        return value
    return deepened(value, 1, kind) if (value.shape.rank or 0) > 1 else value


def _same_rows(params: Any, indices: Any) -> None:
    a, b = params._splits, indices._splits
    if a is not b:
        rule = "params and indices have the same batch axes"
        parts.check("gather", a == b, rule, a, b)


def _placed(params: RaggedRows, numbers: Any) -> Any:
    lengths = parts.lengths_of_splits(params._splits)
    good = (numbers >= 0) & (numbers < lengths)
    parts.check("gather", good, "indices lie within their rows", numbers, lengths)
    return params._splits[:-1] + numbers


def gather_nd(
    params: Any,
    indices: Any,
    batch_dims: Any = 0,
    name: str | None = None,
    bad_indices_policy: str = "",
) -> Any:
    """`tf.gather_nd` where the table or the numbers are ragged."""
    if batch_dims:
        raise ValueError(
            house_message("gather_nd", "batch_dims != 0 is not supported for ragged")
        )
    same_splits_type("gather_nd", [params, indices])
    if isinstance(indices, RaggedRows):
        if indices.shape[-1] is None:
            raise ValueError(
                house_message(
                    "gather_nd",
                    "indices has a uniform innermost axis",
                    f"shape is {indices.shape}",
                )
            )
        if indices.flat_values.shape.rank == 1:
            size = indices.shape[-1]
            flat = reshape(indices.flat_values, [-1, size])
            outer = _without_last(indices)
            found = gather_nd(params, flat)
            return outer._with_flat(found) if outer is not None else found
        return indices._with_flat(gather_nd(params, indices.flat_values))
    if not isinstance(params, RaggedRows):
        return dense_nd(params, indices)
    numbers = parts.index_tensor("gather_nd", "indices", indices, params._splits.dtype)
    depth = numbers.shape[-1]
    outer_shape = numbers.shape[:-1]
    if outer_shape.rank != 1:
        flat = reshape(numbers, [-1, depth])
        found = gather_nd(params, flat)
        if outer_shape.rank == 0:
            return found[0]
        like = deepened(
            reshape(flat[:, 0], outer_shape), outer_shape.rank - 1, _splits_type(params)
        )
        if isinstance(found, RaggedRows):
            return like._with_flat(found)
        return reshape(found, outer_shape.concatenate(found.shape[1:]))
    value: Any = params
    at = numbers[:, 0]
    for i in range(1, depth):
        if not isinstance(value, RaggedRows):
            rest = concat([at[:, None], numbers[:, i:]], 1)
            return dense_nd(value, rest)
        starts = dense_gather.gather(value._splits, at)
        sizes = dense_gather.gather(parts.lengths_of_splits(value._splits), at)
        own = numbers[:, i]
        own = where(own < 0, own + sizes, own)
        good = (own >= 0) & (own < sizes)
        parts.check("gather_nd", good, "indices lie within their rows", own, sizes)
        value, at = value._inner, starts + own
    return rows_at(value, at)


def _splits_type(value: Any) -> Any:
    return value._splits.dtype if isinstance(value, RaggedRows) else dtypes.int64


def _without_last(value: RaggedRows) -> Any:
    """A ragged tensor without its innermost row splits; None where none are left."""
    inner = value._inner
    if not isinstance(inner, RaggedRows):
        return None
    below = _without_last(inner)
    if below is None:
        rows = parts.numbered(count_of(inner, inner._splits.dtype), inner._splits.dtype)
        return value._like(rows)
    return value._like(below)


def embedding_lookup(
    params: Any, ids: Any, max_norm: float | None = None, name: str | None = None
) -> Any:
    """`tf.nn.embedding_lookup` of ragged numbers."""
    if not isinstance(ids, RaggedRows):
        return NotImplemented
    return ids._with_flat(embedding.embedding_lookup(params, ids.flat_values, max_norm))


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """`tf.one_hot` of ragged numbers; the new axis comes last."""
    if isinstance(axis, int) and axis >= 0:
        at = axis - indices.ragged_rank
        if at <= 0:
            raise ValueError(
                house_message("one_hot", "axis must be greater than ragged_rank")
            )
    else:
        at = -1
    flat = indices.flat_values
    return indices._with_flat(
        dense_one_hot(flat, depth, on_value, off_value, at, dtype)
    )
