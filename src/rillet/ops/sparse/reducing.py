"""Sums and maxima over axes of sparse tensors, and over segments of gathered rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, INDEX, NUMERIC, REAL
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.elementwise import div_op, maximum, mul_op, sqrt_op
from rillet.ops.filling import ones_like
from rillet.ops.gather import gather, gather_op, unsorted_segment_sum_op
from rillet.ops.gather_nd import gather_nd
from rillet.ops.host import integers, is_symbolic
from rillet.ops.registry import Op, define
from rillet.ops.segment import combine
from rillet.ops.shaping import reshape, static_dims
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    keys_of,
    made,
    rank_of,
    refused,
    sparse,
    sparse_specs,
    told,
)

Array = np.ndarray[Any, Any]


def _axes(op: str, axes: Any, rank: int) -> list[int]:
    """The axes that go, from the front."""
    given = list(range(rank)) if axes is None else np.asarray(axes).reshape(-1).tolist()
    for axis in given:
        if not -rank <= axis < rank:
            raise refused(
                op,
                f"Invalid reduction dimension {axis}, for input with {rank} dimensions",
            )
    return sorted({axis % rank for axis in given})


def _groups(
    op: str,
    indices: Array,
    values: Array,
    shape: Array,
    axes: Any,
    how: Any,
) -> tuple[list[int], Array, Array]:
    """The axes that go; the places that stay, with what comes out there."""
    check_parts(op, indices, values, shape)
    check_bounds(op, indices, shape)
    gone = _axes(op, axes, len(shape))
    stay = [i for i in range(len(shape)) if i not in gone]
    left = indices[:, stay]
    _, first, which = np.unique(
        keys_of(left)[0], return_index=True, return_inverse=True
    )
    order = np.argsort(which.reshape(-1), kind="stable")
    starts = np.flatnonzero(np.diff(which.reshape(-1)[order], prepend=-1))
    held = values[order]
    found = how.reduceat(held, starts) if len(held) else held
    return gone, left[first], found.astype(values.dtype, copy=False)


def _dense(name: str, how: Any) -> Callable[..., Array]:
    def kernel(
        indices: Array, values: Array, shape: Array, axes: Any, keep_dims: bool = False
    ) -> Array:
        gone, places, found = _groups(name, indices, values, shape, axes, how)
        stay = [i for i in range(len(shape)) if i not in gone]
        out = np.zeros([int(shape[i]) for i in stay], values.dtype)
        if len(found):
            out[tuple(places.T)] = found if stay else found[0]
        if keep_dims:
            dims = [1 if i in gone else int(d) for i, d in enumerate(shape)]
            return out.reshape(dims)
        return out

    return kernel


def _infer_dense(
    indices: Spec, values: Spec, shape: Spec, axes: Any, keep_dims: bool = False
) -> Spec:
    rank = rank_of(shape)
    if rank is None or isinstance(axes, Spec):
        return Spec(None, values.dtype)
    gone = _axes("sparse.reduce_sum", axes, rank)
    return Spec((None,) * (rank if keep_dims else rank - len(gone)), values.dtype)


def _sparse(name: str, how: Any) -> Callable[..., Any]:
    def kernel(
        indices: Array, values: Array, shape: Array, axes: Any, keep_dims: bool = False
    ) -> tuple[Array, Array, Array]:
        gone, places, found = _groups(name, indices, values, shape, axes, how)
        if keep_dims:
            whole = np.zeros((len(places), len(shape)), np.int64)
            stay = [i for i in range(len(shape)) if i not in gone]
            whole[:, stay] = places
            return whole, found, np.where(np.isin(range(len(shape)), gone), 1, shape)
        return places, found, np.delete(shape, gone)

    return kernel


def _infer_sparse(
    indices: Spec, values: Spec, shape: Spec, axes: Any, keep_dims: bool = False
) -> tuple[Spec, ...]:
    rank = rank_of(shape)
    if rank is not None and not keep_dims:
        known = not isinstance(axes, Spec)
        rank = rank - len(_axes("sparse", axes, rank)) if known else None
    return sparse_specs(rank, values.dtype)


def _grad_sum(
    g: Any,
    y: Any,
    indices: Any,
    values: Any,
    shape: Any,
    axes: Any,
    keep_dims: bool = False,
) -> Any:
    rank = indices.shape.as_list()[1]
    gone = _axes("sparse.reduce_sum", axes, rank)
    stay = [i for i in range(rank) if i not in gone]
    if keep_dims:
        sizes = static_dims(g)
        g = reshape(g, [sizes[i] for i in stay])
    if not stay:
        return None, mul_op(ones_like(values), g), None, None
    left = gather(indices, np.array(stay, np.int32), axis=1)
    return None, gather_nd(g, left), None, None


def _records(name: str, types: Any, how: Any, grad: Any) -> tuple[Op, Op]:
    shown = f"sparse.reduce_{name.lower()}"
    dense = define(
        f"SparseReduce{name}",
        types=(INDEX, types, INDEX, None),
        kernel=_dense(shown, how),
        infer=_infer_dense,
        grad=grad,
        attrs={"keep_dims": False},
    )
    sparse_ = define(
        f"SparseReduce{name}Sparse",
        types=(INDEX, types, INDEX, None),
        kernel=_sparse(shown, how),
        infer=_infer_sparse,
        attrs={"keep_dims": False},
        outputs=3,
    )
    return dense, sparse_


sum_op, sum_sparse_op = _records("Sum", NUMERIC, np.add, _grad_sum)
max_op, max_sparse_op = _records("Max", REAL, np.maximum, None)


@placed("sparse.reduce_sum")
def reduce_sum(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    output_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """Sums of a sparse tensor's elements over axes.

    Args:
        sp_input: a sparse tensor.
        axis: one axis or several; all where None.
        keepdims: whether axes that go stay with size 1.
        output_is_sparse: whether the result is sparse.
        name: ignored when eager.

    Returns:
        A dense tensor, or a sparse one.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 1, 1], [2, 3])
        >>> tf.sparse.reduce_sum(x, 1).numpy().tolist()
        [2, 1]
    """
    records = (sum_op, sum_sparse_op)
    return _reduced("reduce_sum", records, sp_input, axis, keepdims, output_is_sparse)


@placed("sparse.reduce_max")
def reduce_max(
    sp_input: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    output_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """Largest elements over axes of those that are not left out; see `reduce_sum`.

    Args:
        sp_input: a sparse tensor.
        axis: one axis or several; all where None.
        keepdims: whether axes that go stay with size 1.
        output_is_sparse: whether the result is sparse.
        name: ignored when eager.

    Returns:
        A dense tensor with zeros where there was no element, or a sparse one.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1, 2, -3], [3, 3])
        >>> tf.sparse.reduce_max(x, 1).numpy().tolist()
        [2, -3, 0]
    """
    records = (max_op, max_sparse_op)
    return _reduced("reduce_max", records, sp_input, axis, keepdims, output_is_sparse)


def _reduced(
    name: str, records: Any, sp_input: Any, axis: Any, keepdims: Any, as_sparse: bool
) -> Any:
    op = f"sparse.{name}"
    x = sparse(op, sp_input)
    axes = None if axis is None else integers(op, "axis", axis)
    keep = bool(keepdims)
    parts = (x.indices, x.values, x.dense_shape, axes)
    if as_sparse:
        return made(records[1].run(*parts, keep_dims=keep))
    found = records[0].run(*parts, keep_dims=keep)
    rank = x.shape.rank
    if rank is not None and not is_symbolic(axes):
        gone = _axes(op, axes, rank)
        dims = [
            1 if i in gone else d
            for i, d in enumerate(x.shape.as_list())
            if keep or i not in gone
        ]
        told(found, TensorShape(dims))
    return found


# Segments


def _check_segments(op: str, data: Array, indices: Array, ids: Array) -> None:
    if indices.ndim != 1 or ids.ndim != 1 or len(indices) != len(ids):
        raise refused(
            op,
            "segment_ids and indices are vectors of the same size",
            f"their shapes are {list(ids.shape)} and {list(indices.shape)}",
        )
    if not data.ndim:
        raise refused(op, "data has rows", "it is a scalar")
    if (np.diff(ids) < 0).any():
        raise refused(op, "segment ids are not increasing", f"{ids.tolist()[:20]}")
    if len(ids) and ids[0] < 0:
        raise refused(op, "segment ids must be >= 0", f"the first is {ids[0]}")
    wrong = (indices < 0) | (indices >= len(data))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise refused(
            op, f"indices[{at}] == {indices[at]} out of range [0, {len(data)})"
        )


def _segments(name: str, divide: Any) -> Op:
    op = f"sparse.segment_{name}"

    def kernel(data: Array, indices: Array, ids: Array, count: Any = None) -> Array:
        _check_segments(op, data, indices, ids)
        total = int(ids[-1]) + 1 if len(ids) else 0
        if count is not None:
            if total > count:
                raise refused(
                    op,
                    "segment ids must be < num_segments",
                    f"the last is {total - 1}, num_segments={count}",
                )
            total = int(count)
        wide = np.float32 if data.dtype.itemsize < 4 else data.dtype
        rows = data[indices].astype(wide, copy=False)
        out = combine(rows, ids.astype(np.int64), total, np.add, 0)
        if divide is not None:
            sizes = np.maximum(np.bincount(ids, minlength=total), 1)
            dims = (total, *[1] * (data.ndim - 1))
            out = out / divide(sizes.astype(wide)).reshape(dims)
        return out.astype(data.dtype, copy=False)

    def infer(data: Spec, indices: Spec, ids: Spec, count: Any = None) -> Spec:
        if data.shape is None:
            return data
        size = count if isinstance(count, int) else None
        return Spec((size, *data.shape[1:]), data.dtype)

    def grad(
        g: Any, y: Any, data: Any, indices: Any, ids: Any, count: Any = None
    ) -> Any:
        each = gather_op(g, ids, 0)
        if divide is not None:
            ones = ones_like(ids)
            many = unsorted_segment_sum_op(ones, ids, static_dims(g)[0])
            size = cast(maximum(gather_op(many, ids, 0), 1), g.dtype)
            if divide is np.sqrt:
                size = sqrt_op(size)
            rank = each.shape.rank
            each = div_op(each, reshape(size, [-1, *[1] * (rank - 1)]))
        back = unsorted_segment_sum_op(each, indices, static_dims(data)[0])
        return (back, None, None) if count is None else (back, None, None, None)

    types = (FLOATING, INDEX, INDEX)
    title = {"sum": "Sum", "mean": "Mean", "sqrt_n": "SqrtN"}[name]
    kinds = REAL if name == "sum" else FLOATING
    plain = define(
        f"SparseSegment{title}",
        types=(kinds, *types[1:]),
        kernel=kernel,
        infer=infer,
        grad=grad,
    )
    counted[plain.name] = define(
        f"SparseSegment{title}WithNumSegments",
        types=(kinds, *types[1:], None),
        kernel=kernel,
        infer=infer,
        grad=grad,
    )
    return plain


#: The forms of these records that are told how many segments there are.
counted: dict[str, Op] = {}
segment_sum_op = _segments("sum", None)
segment_mean_op = _segments("mean", lambda n: n)
segment_sqrt_n_op = _segments("sqrt_n", np.sqrt)


def _segment_public(name: str, record: Op, what: str, value: str) -> Any:
    def segment(
        data: Any,
        indices: Any,
        segment_ids: Any,
        num_segments: Any = None,
        name: str | None = None,
        sparse_gradient: bool = False,
    ) -> Tensor:
        parts = [to_tensor(v) for v in (data, indices, segment_ids)]
        if num_segments is None:
            found: Tensor = record.run(*parts)
            return found
        op = f"sparse.{segment.__name__}"
        count = integers(op, "num_segments", num_segments)
        count = count if is_symbolic(count) else count[0]
        found = counted[record.name].run(*parts, count)
        return found

    segment.__name__ = segment.__qualname__ = f"segment_{name}"
    segment.__doc__ = f"""{what} of rows that are gathered, a segment a row.

    Args:
        data: a tensor with rows.
        indices: which rows are taken, in order ``(n,)``.
        segment_ids: the segment of each, not falling ``(n,)``.
        num_segments: how many segments there are; one more than the last where None.
        name: ignored when eager.
        sparse_gradient: accepted.

    Returns:
        A tensor with a row a segment; zeros for empty ones.

    Raises:
        InvalidArgumentError: where segments fall, or rows do not exist.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> tf.sparse.segment_{name}(x, [0, 2], [0, 0]).numpy().round().tolist()
        {value}
    """
    return segment


segment_sum = _segment_public("sum", segment_sum_op, "Sums", "[[6.0, 8.0]]")
segment_mean = _segment_public("mean", segment_mean_op, "Means", "[[3.0, 4.0]]")
segment_sqrt_n = _segment_public(
    "sqrt_n",
    segment_sqrt_n_op,
    "Sums, over the root of their number,",
    "[[4.0, 6.0]]",
)
