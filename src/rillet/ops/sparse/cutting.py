"""Parts of sparse tensors: a rectangle, or pieces along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.ops.casting import cast
from rillet.ops.compare import greater_equal, less, logical_and
from rillet.ops.elementwise import add
from rillet.ops.gather_nd import scatter_nd
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_all
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape
from rillet.ops.sizes import size as count_of
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    made,
    rank_of,
    refused,
    sparse,
    sparse_specs,
)

Array = np.ndarray[Any, Any]


def _slice(
    indices: Array, values: Array, shape: Array, start: Array, size: Array
) -> tuple[Array, Array, Array]:
    op = "sparse.slice"
    check_parts(op, indices, values, shape)
    if start.shape != shape.shape or size.shape != shape.shape:
        raise refused(
            op,
            f"start and size have a number an axis: {len(shape)}",
            f"their shapes are {list(start.shape)} and {list(size.shape)}",
        )
    if (start < 0).any() or (size < 0).any():
        raise refused(
            op,
            "start and size are not negative",
            f"start={start.tolist()}, size={size.tolist()}",
        )
    left = np.maximum(shape - start, 0)
    dims = np.minimum(size, left)
    inside = ((indices >= start) & (indices < start + dims)).all(axis=1)
    return indices[inside] - start, values[inside], dims


def _grad_slice(
    gs: Any, ys: Any, indices: Any, values: Any, shape: Any, start: Any, size: Any
) -> Any:
    inside = logical_and(
        greater_equal(indices, start), less(indices, add(start, ys[2]))
    )
    places = where(reduce_all(inside, 1))
    whole = reshape(cast(count_of(values), int64), [1])
    return None, scatter_nd(places, gs[1], whole), None, None, None


slice_op: Op = define(
    "SparseSlice",
    types=(INDEX, ANY, INDEX, INDEX, INDEX),
    kernel=_slice,
    infer=lambda indices, values, shape, *rest: sparse_specs(
        rank_of(shape), values.dtype
    ),
    grad=_grad_slice,
    outputs=3,
    quiet=False,
)


@placed("sparse.slice")
def slice_(
    sp_input: Any, start: Any, size: Any, name: str | None = None
) -> SparseTensor:
    """A rectangular part of a sparse tensor.

    Args:
        sp_input: a sparse tensor.
        start: where the part begins, a number an axis.
        size: how large it is; it ends where the tensor does.
        name: ignored when eager.

    Returns:
        A sparse tensor.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> part = tf.sparse.slice(x, [0, 1], [2, 2])
        >>> part.indices.numpy().tolist(), part.shape
        ([[0, 1]], TensorShape([2, 2]))
    """
    x = sparse("sparse.slice", sp_input)
    ends = [to_tensor(v, hint=int64) for v in (start, size)]
    ends = [cast(v, int64) for v in ends]
    parts = slice_op.run(x.indices, x.values, x.dense_shape, *ends)
    rank = x.shape.rank
    return made(parts, TensorShape(None if rank is None else [None] * rank))


def _split(
    axis: Array, indices: Array, values: Array, shape: Array, num_split: int
) -> list[Array]:
    op = "sparse.split"
    check_parts(op, indices, values, shape)
    check_bounds(op, indices, shape)
    rank, at = len(shape), int(axis)
    if not -rank <= at < rank:
        raise refused(op, f"axis is in [-{rank}, {rank})", f"axis={at}")
    at = at + rank if at < 0 else at
    if not 1 <= num_split <= shape[at]:
        raise refused(
            op,
            f"num_split is in [1, {int(shape[at])}], the size of axis {at}",
            f"num_split={num_split}",
        )
    least, more = divmod(int(shape[at]), num_split)
    sizes = [least + (i < more) for i in range(num_split)]
    ends = np.cumsum(sizes)
    out: list[list[Array]] = [[], [], []]
    for end, size in zip(ends, sizes, strict=True):
        inside = (indices[:, at] >= end - size) & (indices[:, at] < end)
        part = indices[inside]
        part[:, at] -= end - size
        dims = shape.copy()
        dims[at] = size
        for kept, found in zip(out, (part, values[inside], dims), strict=True):
            kept.append(found)
    return [*out[0], *out[1], *out[2]]


def _infer_split(
    axis: Spec, indices: Spec, values: Spec, shape: Spec, num_split: int
) -> list[Spec]:
    specs = sparse_specs(rank_of(shape), values.dtype)
    return [spec for spec in specs for _ in range(num_split)]


split_op: Op = define(
    "SparseSplit",
    types=(INDEX, INDEX, ANY, INDEX),
    kernel=_split,
    infer=_infer_split,
    attrs={"num_split": 1},
    outputs=-1,
    quiet=False,
)


@placed("sparse.split")
def split(
    sp_input: Any = None,
    num_split: int | None = None,
    axis: Any = None,
    name: str | None = None,
) -> list[SparseTensor]:
    """A sparse tensor cut into parts along an axis.

    Args:
        sp_input: a sparse tensor.
        num_split: how many parts; the first ones are larger where they cannot be equal.
        axis: which axis.
        name: ignored when eager.

    Returns:
        A list of sparse tensors.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> [part.shape.as_list() for part in tf.sparse.split(x, 2, axis=1)]
        [[2, 2], [2, 1]]
    """
    op = "sparse.split"
    for name_, value in (
        ("sp_input", sp_input),
        ("num_split", num_split),
        ("axis", axis),
    ):
        if value is None:
            raise ValueError(house_message(op, f"{name_} is required"))
    x = sparse(op, sp_input)
    count = int(num_split)  # type: ignore[arg-type]
    place = cast(to_tensor(axis), int64)
    parts = split_op.run(place, x.indices, x.values, x.dense_shape, num_split=count)
    rank = x.shape.rank
    known = TensorShape(None if rank is None else [None] * rank)
    return [made(parts[i::count], known) for i in range(count)]
