"""Sparse tensors in other orders and shapes: reordered, turned, cut, sifted.

Places move, values follow; gradients follow the values back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, BOOL, INDEX, int64
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.gather import gather, gather_op
from rillet.ops.host import integer, integers, is_symbolic
from rillet.ops.mask import boolean_mask, where
from rillet.ops.reduce import reduce_all
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import reshape as reshape_dense
from rillet.ops.sizes import size as count_of
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    flat_of,
    made,
    order_of,
    places_of,
    rank_of,
    refused,
    size_of,
    sparse,
)
from rillet.ops.transposes import invert_permutation

Array = np.ndarray[Any, Any]


def _reorder(indices: Array, values: Array, shape: Array) -> tuple[Array, Array]:
    check_parts("sparse.reorder", indices, values, shape)
    order = order_of(indices)
    return indices[order], values[order]


def _grad_reorder(gs: Any, ys: Any, indices: Any, values: Any, shape: Any) -> Any:
    places = range_(cast(count_of(values), int64))
    _, order = reorder_op.run(indices, places, shape)
    return None, gather_op(gs[1], invert_permutation(order), 0), None


reorder_op: Op = define(
    "SparseReorder",
    types=(INDEX, ANY, INDEX),
    kernel=_reorder,
    infer=lambda indices, values, shape: (indices, values),
    grad=_grad_reorder,
    outputs=2,
    quiet=False,
)


@placed("sparse.reorder")
def reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its elements in row-major order.

    Args:
        sp_input: a sparse tensor.
        name: ignored when eager.

    Returns:
        The same tensor, in order.

    Raises:
        TypeError: where `sp_input` is not sparse.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[1, 0], [0, 1]], ["b", "a"], [2, 2])
        >>> tf.sparse.reorder(x).values.numpy().tolist()
        [b'a', b'b']
    """
    x = sparse("sparse.reorder", sp_input)
    indices, values = reorder_op.run(x.indices, x.values, x.dense_shape)
    return made((indices, values, x.dense_shape), x.shape)


def _reshape(indices: Array, shape: Array, wanted: Array) -> tuple[Array, Array]:
    op = "sparse.reshape"
    dense = size_of(shape)
    unknown = np.flatnonzero(wanted == -1)
    sizes = wanted.astype(np.int64)
    if len(unknown) > 1:
        raise refused(op, "only one output dimension may be -1", f"{wanted.tolist()}")
    if (sizes < -1).any():
        raise refused(op, "sizes are not negative", f"shape is {wanted.tolist()}")
    if len(unknown):
        rest = int(np.prod(np.delete(sizes, unknown), dtype=object) or 0)
        if not rest or dense % rest:
            raise refused(
                op,
                f"Input to reshape is a SparseTensor with {dense} dense values, but the"
                f" requested shape requires a multiple of {rest}",
                f"input_shape={shape.tolist()} output_shape={wanted.tolist()}",
            )
        sizes[unknown] = dense // rest
    if size_of(sizes) != dense:
        raise refused(
            op,
            f"Input to reshape is a tensor with {dense} dense values, but the requested"
            f" shape has {size_of(sizes)}",
            f"input_shape={shape.tolist()} output_shape={sizes.tolist()}",
        )
    check_bounds(op, indices, shape)
    return places_of(flat_of(op, indices, shape), sizes), sizes


reshape_op: Op = define(
    "SparseReshape",
    types=(INDEX, INDEX, INDEX),
    kernel=_reshape,
    infer=lambda indices, shape, wanted: (
        Spec((indices.shape[0] if indices.shape else None, rank_of(wanted)), int64),
        Spec((rank_of(wanted),), int64),
    ),
    outputs=2,
    quiet=False,
)


@placed("sparse.reshape")
def reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements in another shape.

    Args:
        sp_input: a sparse tensor, in order.
        shape: the new shape, in which one size may be -1.
        name: ignored when eager.

    Returns:
        A sparse tensor of that shape.

    Raises:
        InvalidArgumentError: where the shapes have other numbers of elements.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 1], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.reshape(x, [-1]).indices.numpy().tolist()
        [[1], [3]]
    """
    x = sparse("sparse.reshape", sp_input)
    wanted = cast(to_tensor(_sizes("sparse.reshape", shape), hint=int64), int64)
    indices, sizes = reshape_op.run(x.indices, x.dense_shape, wanted)
    return made((indices, x.values, sizes), _reshaped(x.shape, wanted))


def _reshaped(known: TensorShape, wanted: Any) -> TensorShape:
    """What a graph knows of a new shape."""
    sizes = getattr(wanted, "known", None)
    if sizes is None:
        rank = wanted.shape.rank and wanted.shape.as_list()[0]
        return TensorShape(None if rank is None else [None] * rank)
    dims = [None if d < 0 else d for d in sizes.tolist()]
    whole = known.num_elements()
    if dims.count(None) == 1 and whole is not None:
        rest = int(np.prod([d for d in dims if d is not None]))
        dims[dims.index(None)] = whole // rest if rest else 0
    return TensorShape(dims)


def _sizes(op: str, shape: Any) -> Any:
    return shape.as_list() if isinstance(shape, TensorShape) else shape


@placed("sparse.transpose")
def transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its axes in another order.

    Args:
        sp_input: a sparse tensor.
        perm: the axes in their new order; reversed where None.
        name: ignored when eager.

    Returns:
        A sparse tensor, in row-major order.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.transpose(x).indices.numpy().tolist()
        [[0, 1], [2, 0]]
    """
    op = "sparse.transpose"
    x = sparse(op, sp_input)
    rank = x.indices.shape.as_list()[1]
    order: Any
    if perm is not None:
        order = integers(op, "perm", perm)
        if not is_symbolic(order) and rank is not None:
            if sorted(order) != list(range(rank)):
                raise ValueError(
                    house_message(
                        op, f"perm orders the {rank} axes", f"perm={list(order)}"
                    )
                )
    elif rank is None:
        raise ValueError(house_message(op, "the rank must be known", f"{x!r}"))
    else:
        order = tuple(range(rank - 1, -1, -1))
    known = x.shape
    if known.rank is not None and not is_symbolic(order):
        known = TensorShape([known[i] for i in order])
    axes = order if is_symbolic(order) else np.array(order, np.int32)
    parts = (gather(x.indices, axes, axis=1), x.values, gather(x.dense_shape, axes))
    return reorder(made(parts, known))


@placed("sparse.expand_dims")
def expand_dims(
    sp_input: Any, axis: Any = None, name: str | None = None
) -> SparseTensor:
    """A sparse tensor with a new axis of size 1.

    Args:
        sp_input: a sparse tensor.
        axis: where the axis comes; the last one where None.
        name: ignored when eager.

    Returns:
        A sparse tensor of one more rank.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.expand_dims(x, 1).indices.numpy().tolist()
        [[0, 0, 2], [1, 0, 0]]
    """
    op = "sparse.expand_dims"
    x = sparse(op, sp_input)
    rank = x.indices.shape.as_list()[1]
    if rank is None:
        raise ValueError(house_message(op, "the rank must be known", f"{x!r}"))
    place = -1 if axis is None else integer(op, "axis", axis)
    if not -rank - 1 <= place <= rank:
        raise ValueError(
            house_message(
                op,
                f"axis {place} not in [-{rank + 1}, {rank}]",
                f"the tensor has rank {rank}",
            )
        )
    place = place + rank + 1 if place < 0 else place
    column = x.indices[:, :1] * 0 if rank else _zeros_column(x)
    indices = concat([x.indices[:, :place], column, x.indices[:, place:]], 1)
    one = to_tensor([1], int64)
    shape = concat([x.dense_shape[:place], one, x.dense_shape[place:]], 0)
    known = [*x.shape.as_list()[:place], 1, *x.shape.as_list()[place:]]
    return made((indices, x.values, shape), TensorShape(known))


def _zeros_column(x: SparseTensor) -> Any:
    return reshape_dense(cast(range_(count_of(x.values)), int64) * 0, [-1, 1])


@placed("sparse.retain")
def retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Only some of the elements of a sparse tensor.

    Args:
        sp_input: a sparse tensor with n elements.
        to_retain: booleans ``(n,)``.

    Returns:
        A sparse tensor of the same shape.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.retain(x, [False, True]).values.numpy().tolist()
        [2]
    """
    x = sparse("sparse.retain", sp_input)
    kept = to_tensor(to_retain)
    if kept._array.dtype not in BOOL:
        kept = cast(kept, "bool")
    if kept.shape.rank == 1:
        x.values.shape.assert_is_compatible_with(kept.shape)
    places = where(kept)[:, 0]
    return made(
        (gather(x.indices, places), gather(x.values, places), x.dense_shape), x.shape
    )


def mask(a: Any, mask_indices: Any, name: str | None = None) -> Any:
    """`tf.IndexedSlices` without some of their rows.

    Args:
        a: `tf.IndexedSlices`.
        mask_indices: the numbers of the rows to leave out.
        name: ignored when eager.

    Returns:
        The other rows.

    Example:
        >>> import rillet as tf
        >>> rows = tf.IndexedSlices(tf.eye(3), [12, 26, 37])
        >>> tf.sparse.mask(rows, [12, 45]).indices.numpy().tolist()
        [26, 37]
    """
    if not isinstance(a, IndexedSlices):
        raise TypeError(
            house_message("sparse.mask", "`a` must be tf.IndexedSlices", f"got {a!r}")
        )
    gone = cast(to_tensor(mask_indices), a.indices.dtype)
    kept = reduce_all(a.indices[:, None] != gone[None, :], 1)
    values = boolean_mask(a.values, kept)
    return IndexedSlices(values, boolean_mask(a.indices, kept), a.dense_shape)
