"""Embeddings of sets of ids: rows of a table that are summed or averaged."""

from __future__ import annotations

from typing import Any

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import bfloat16, float16, float32, int64
from rillet.core.errors import OperandTypeError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.compare import greater, greater_equal, logical_and
from rillet.ops.elementwise import divide_no_nan, mul_op, sqrt, square
from rillet.ops.embedding import embedding_lookup
from rillet.ops.filling import zeros_like
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_prod
from rillet.ops.segment import segment_mean_op, segment_sum_op
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import reshape
from rillet.ops.sizes import shape as shape_of
from rillet.ops.sizes import size
from rillet.ops.sparse.joining import fill_empty_rows
from rillet.ops.sparse.moving import reshape as reshape_sparse
from rillet.ops.sparse.moving import retain
from rillet.ops.sparse.reducing import segment_sqrt_n_op

_COMBINERS = ("mean", "sqrtn", "sum")


def _combiner(op: str, combiner: str | None) -> str:
    found = combiner or "mean"
    if found not in _COMBINERS:
        raise ValueError(
            house_message(
                op, f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}"
            )
        )
    return found


def _ids(op: str, name: str, value: Any) -> SparseTensor:
    if isinstance(value, SparseTensor):
        return value
    if isinstance(value, CompositeTensor) and hasattr(value, "to_sparse"):
        found: SparseTensor = value.to_sparse()
        return found
    raise OperandTypeError(
        house_message(op, f"{name} must be SparseTensor", f"got {type(value).__name__}")
    )


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    combiner: str | None = None,
    max_norm: float | None = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Rows of a table, combined for each row of ids.

    Args:
        params: the table, or a list of tables whose rows follow one another.
        sp_ids: a sparse (or ragged) matrix of ids.
        sp_weights: what each id counts for, in the same places; 1 where None.
        combiner: ``"sum"``; ``"mean"``, weighted; ``"sqrtn"``: the sum over the root of
            the weights' squares. The mean where None.
        max_norm: the largest L2 norm of a row of the table.
        name: ignored when eager.
        allow_fast_lookup: accepted.

    Returns:
        A row for each row of ids, up to the last that has one.

    Raises:
        TypeError: where ids or weights are not sparse.
        ValueError: where the combiner is unknown.

    Example:
        >>> import rillet as tf
        >>> table = tf.constant([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
        >>> ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 2, 1], [2, 2])
        >>> tf.nn.embedding_lookup_sparse(table, ids, None, "sum").numpy().tolist()
        [[6.0, 5.0], [0.0, 1.0]]
    """
    op = "nn.embedding_lookup_sparse"
    how = _combiner(op, combiner)
    ids = _ids(op, "sp_ids", sp_ids)
    segments = ids.indices[:, 0]
    rows = embedding_lookup(params, ids.values, max_norm)
    if rows.dtype in (float16, bfloat16):
        rows = cast(rows, float32)
    kind = embedding_kind(params)
    if sp_weights is None:
        found = _plain(rows, segments, how)
        return cast(found, kind)
    weights = cast(_ids(op, "sp_weights", sp_weights).values, rows.dtype)
    more = [1] * (rows.shape.rank - 1)  # type: ignore[operator]
    column = reshape(weights, [-1, *more])
    total = segment_sum_op.run(mul_op(rows, column), segments)
    if how == "mean":
        total = divide_no_nan(total, segment_sum_op.run(column, segments))
    elif how == "sqrtn":
        squares = segment_sum_op.run(square(column), segments)
        total = divide_no_nan(total, sqrt(squares))
    return cast(total, kind)


def embedding_kind(params: Any) -> Any:
    """The type of a table, or of the first of several."""
    first = params[0] if isinstance(params, list | tuple) else params
    return first.dtype if hasattr(first, "dtype") else to_tensor(first).dtype


def _plain(rows: Any, segments: Any, how: str) -> Any:
    if how == "sum":
        return segment_sum_op.run(rows, segments)
    if how == "mean":
        return segment_mean_op.run(rows, segments)
    places = range_(cast(size(segments), int64))
    return segment_sqrt_n_op.run(rows, places, segments)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: Any = None,
    max_norm: float | None = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """Combined rows of a table, also where ids are missing or negative.

    Args:
        embedding_weights: the table, or a list of tables.
        sparse_ids: a sparse tensor of ids ``(..., ids)``; negative ones do not count.
        sparse_weights: what each counts for; those that are not positive leave their
            ids out, unless the combiner is ``"sum"``.
        combiner: as for `embedding_lookup_sparse`.
        default_id: the id that rows without any have; zeros where None.
        max_norm: the largest L2 norm of a row of the table.
        name: ignored when eager.
        allow_fast_lookup: accepted.

    Returns:
        A row for each row of ids, of shape ``(..., *row)``.

    Raises:
        TypeError: where ids or weights are not sparse.
        ValueError: where there is no table, or the combiner is unknown.

    Example:
        >>> import rillet as tf
        >>> table = tf.constant([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
        >>> ids = tf.SparseTensor([[0, 0], [1, 0]], [2, -1], [2, 2])
        >>> tf.nn.safe_embedding_lookup_sparse(table, ids).numpy().tolist()
        [[5.0, 5.0], [0.0, 0.0]]
    """
    op = "nn.safe_embedding_lookup_sparse"
    how = _combiner(op, combiner)
    if embedding_weights is None:
        raise ValueError(house_message(op, "Missing embedding_weights"))
    ids = _ids(op, "sparse_ids", sparse_ids)
    lead = ids.dense_shape[:-1]
    flat = concat([reshape(reduce_prod(lead), [1]), ids.dense_shape[-1:]], 0)
    known = ids.shape
    ids = reshape_sparse(ids, flat)
    weights = None
    kept = greater_equal(ids.values, 0)
    if sparse_weights is not None:
        given = _ids(op, "sparse_weights", sparse_weights)
        weights = SparseTensor(ids.indices, given.values, ids.dense_shape)
        if how != "sum":
            kept = logical_and(kept, greater(weights.values, 0))
        weights = retain(weights, kept)
    ids = retain(ids, kept)
    full, empty = fill_empty_rows(ids, default_id or 0)
    if weights is not None:
        weights, _ = fill_empty_rows(weights, 1.0)
    found = embedding_lookup_sparse(embedding_weights, full, weights, how, max_norm)
    rank = found.shape.rank or 2
    if default_id is None:
        column = reshape(empty, [-1, *[1] * (rank - 1)])
        found = where(column, zeros_like(found), found)
    dims = concat([cast(lead, int64), shape_of(found, int64)[1:]], 0)
    out = reshape(found, dims)
    if type(out) is not Tensor and known.rank is not None:
        own = TensorShape(known.as_list()[:-1])
        out.set_shape(own.concatenate(found.shape[1:]))
    return out
