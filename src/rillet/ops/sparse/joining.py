"""Sparse tensors joined, and their empty rows filled: concat, fill_empty_rows.

Also what changes the shape around the elements: reset_shape, eye, map_values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.composite import composites_in
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX, as_dtype, bool_, float32, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import stack
from rillet.ops.casting import cast
from rillet.ops.elementwise import add, maximum, minimum, sub_op
from rillet.ops.filling import ones
from rillet.ops.gather import gather_op
from rillet.ops.host import integer
from rillet.ops.mask import where
from rillet.ops.reduce import reduce_max
from rillet.ops.registry import Op, define
from rillet.ops.sequences import range as range_
from rillet.ops.shaping import reduce_sum
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_parts,
    made,
    order_of,
    rank_of,
    refused,
    sparse,
    sparse_specs,
)

Array = np.ndarray[Any, Any]


def _concat(*parts: Array, concat_dim: int, N: int) -> tuple[Array, Array, Array]:
    op = "sparse.concat"
    indices, values, shapes = parts[:N], parts[N : 2 * N], parts[2 * N :]
    for i, v, s in zip(indices, values, shapes, strict=True):
        check_parts(op, i, v, s)
    rank = len(shapes[0])
    at = concat_dim + rank if concat_dim < 0 else concat_dim
    if not 0 <= at < rank:
        raise refused(op, f"axis is in [{-rank}, {rank})", f"axis={concat_dim}")
    for k, s in enumerate(shapes[1:], 1):
        if len(s) != rank:
            raise refused(
                op,
                "Ranks of all input tensors must match",
                f"expected {rank} but got {len(s)} at position {k}",
            )
        for axis in range(rank):
            if axis != at and s[axis] != shapes[0][axis]:
                raise refused(
                    op,
                    "Input shapes must match",
                    f"expected {shapes[0][axis]} for dimension {axis} but got"
                    f" {s[axis]} at position {k}",
                )
    moved, before = [], 0
    for i, s in zip(indices, shapes, strict=True):
        own = i.copy()
        own[:, at] += before
        before += int(s[at])
        moved.append(own)
    shape = shapes[0].copy()
    shape[at] = before
    whole = np.concatenate(moved)
    order = order_of(whole)
    return whole[order], np.concatenate(values)[order], shape


def _infer_concat(*specs: Spec, concat_dim: int, N: int) -> tuple[Spec, ...]:
    return sparse_specs(rank_of(specs[2 * N]), specs[N].dtype)


# No constraint: N tensors of places, of values and of shapes.
concat_op: Op = define(
    "SparseConcat",
    types=(),
    kernel=_concat,
    infer=_infer_concat,
    attrs={"concat_dim": 0, "N": 1},
    outputs=3,
    quiet=False,
)


@placed("sparse.concat")
def concat(
    axis: Any,
    sp_inputs: Any,
    expand_nonconcat_dims: bool = False,
    name: str | None = None,
) -> SparseTensor:
    """Sparse tensors one after another.

    Args:
        axis: along which axis.
        sp_inputs: a list of sparse tensors.
        expand_nonconcat_dims: whether other sizes may differ; the largest counts.
        name: ignored when eager.

    Returns:
        A sparse tensor, in row-major order.

    Raises:
        TypeError: where one is not sparse.
        InvalidArgumentError: where sizes do not fit.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> both = tf.sparse.concat(1, [x, x])
        >>> both.values.numpy().tolist(), both.shape
        ([1, 1, 2, 2], TensorShape([2, 6]))
    """
    op = "sparse.concat"
    given = sp_inputs if isinstance(sp_inputs, list | tuple) else [sp_inputs]
    xs = [sparse(op, x) for x in given]
    if not xs:
        raise ValueError(house_message(op, "there must be a sparse tensor"))
    if len({x.dtype for x in xs}) > 1:
        raise TypeError(
            house_message(
                op,
                "all inputs must have one dtype",
                f"they are {', '.join(x.dtype.name for x in xs)}",
            )
        )
    at = integer(op, "axis", axis)
    if len(xs) == 1:
        return xs[0]
    shapes = [x.dense_shape for x in xs]
    if expand_nonconcat_dims:
        most = reduce_max(stack(shapes), 0)
        rank = xs[0].shape.rank or 0
        own = Tensor(np.arange(rank) == at % rank)
        shapes = [where(own, s, most) for s in shapes]
    parts = concat_op.run(
        *[x.indices for x in xs],
        *[x.values for x in xs],
        *shapes,
        concat_dim=at,
        N=len(xs),
    )
    rank_ = xs[0].shape.rank
    known = TensorShape(None if rank_ is None else [None] * rank_)
    return made(parts, known)


def _fill_rows(
    indices: Array, values: Array, shape: Array, default: Array
) -> tuple[Array, ...]:
    op = "sparse.fill_empty_rows"
    check_parts(op, indices, values, shape)
    if not len(shape):
        raise refused(op, "the tensor has rows", "its rank is 0")
    rows = int(shape[0])
    if ((indices[:, :1] < 0) | (indices[:, :1] >= rows)).any():
        check_bounds(op, indices, shape)
    present = np.zeros(rows, bool)
    present[indices[:, 0]] = True
    empty = np.flatnonzero(~present)
    added = np.zeros((len(empty), len(shape)), np.int64)
    added[:, 0] = empty
    whole = np.concatenate([indices, added])
    order = np.argsort(whole[:, 0], kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    filled = np.concatenate([values, np.full(len(empty), default, values.dtype)])
    return whole[order], filled[order], ~present, place[: len(indices)]


def _infer_fill(
    indices: Spec, values: Spec, shape: Spec, default: Spec
) -> tuple[Spec, ...]:
    first = Spec((None, rank_of(shape)), int64)
    count = values.shape[0] if values.shape else None
    marks = Spec((None,), bool_)
    return first, Spec((None,), values.dtype), marks, Spec((count,), int64)


def _grad_fill(gs: Any, ys: Any, *inputs: Any) -> Any:
    own = gather_op(gs[1], ys[3], 0)
    return None, own, None, sub_op(reduce_sum(gs[1]), reduce_sum(own))


fill_rows_op: Op = define(
    "SparseFillEmptyRows",
    types=(INDEX, ANY, INDEX, 1),
    kernel=_fill_rows,
    infer=_infer_fill,
    grad=_grad_fill,
    outputs=4,
    quiet=False,
)


@placed("sparse.fill_empty_rows")
def fill_empty_rows(
    sp_input: Any, default_value: Any, name: str | None = None
) -> tuple[SparseTensor, Tensor]:
    """A sparse tensor whose empty rows got one element, in their first place.

    Args:
        sp_input: a sparse tensor.
        default_value: that element.
        name: ignored when eager.

    Returns:
        The sparse tensor, and booleans that say which rows were empty.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [2, 0]], [1, 2], [3, 3])
        >>> full, empty = tf.sparse.fill_empty_rows(x, 9)
        >>> full.values.numpy().tolist(), empty.numpy().tolist()
        ([1, 9, 2], [False, True, False])
    """
    x = sparse("sparse.fill_empty_rows", sp_input)
    default = to_tensor(default_value, hint=x.dtype)
    indices, values, empty, _ = fill_rows_op.run(
        x.indices, x.values, x.dense_shape, default
    )
    return made((indices, values, x.dense_shape), x.shape), empty


@placed("sparse.reset_shape")
def reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The same elements in a tensor of another size.

    Args:
        sp_input: a sparse tensor.
        new_shape: a shape that holds the old one; the smallest that holds all elements
            where None.

    Returns:
        A sparse tensor.

    Raises:
        ValueError: where the new shape is smaller or of another rank.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [4, 5])
        >>> tf.sparse.reset_shape(x).shape
        TensorShape([2, 3])
    """
    op = "sparse.reset_shape"
    x = sparse(op, sp_input)
    if new_shape is None:
        none = to_tensor(-1, int64)
        rank = x.shape.rank
        known = TensorShape(None if rank is None else [None] * rank)
        ends = add(maximum(reduce_max(x.indices, 0), none), 1)
        return made((x.indices, x.values, ends), known)
    shape = cast(to_tensor(_plain(new_shape), hint=int64), int64)
    old, new = x.shape, TensorShape(None)
    sizes = getattr(shape, "known", shape._array)
    if isinstance(sizes, np.ndarray):
        new = TensorShape(sizes.tolist())
        if old.rank is not None and old.rank != new.rank:
            raise ValueError(
                house_message(op, "the ranks must be equal", f"{old} and {new}")
            )
        pairs = zip(old.as_list() if old.rank is not None else (), new, strict=False)
        if any(a is not None and b is not None and a > b for a, b in pairs):
            raise ValueError(
                house_message(
                    op, "the new shape must hold the old one", f"{new} and {old}"
                )
            )
    return made((x.indices, x.values, shape), new)


def _plain(shape: Any) -> Any:
    return shape.as_list() if isinstance(shape, TensorShape) else shape


def eye(
    num_rows: Any,
    num_columns: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> SparseTensor:
    """A sparse identity matrix.

    Args:
        num_rows: the number of rows.
        num_columns: the number of columns; the same where None.
        dtype: the type.
        name: ignored when eager.

    Returns:
        A sparse tensor with ones along the diagonal.

    Example:
        >>> import rillet as tf
        >>> tf.sparse.eye(2, 3).indices.numpy().tolist()
        [[0, 0], [1, 1]]
    """
    rows = cast(to_tensor(num_rows), int64)
    columns = rows if num_columns is None else cast(to_tensor(num_columns), int64)
    count = minimum(rows, columns)
    places = range_(count)
    shape = stack([rows, columns])
    values = ones([count], as_dtype(dtype))
    return made((stack([places, places], 1), values, shape), [None, None])


def map_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> SparseTensor:
    """A sparse tensor of what a function makes of the elements.

    Args:
        op: a function of tensors.
        *args: its arguments; sparse ones among them, which must have the same places,
            are replaced by their elements.
        **kwargs: those by name.

    Returns:
        A sparse tensor in the same places.

    Raises:
        ValueError: where no argument is sparse.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.map_values(tf.add, x, 5).values.numpy().tolist()
        [6, 7]
    """
    name = "sparse.map_values"
    whole = composites_in((*args, *kwargs.values()))
    found = [x for x in whole if isinstance(x, SparseTensor)]
    if not found:
        raise ValueError(
            house_message(name, "No SparseTensor in argument list of map_values")
        )
    first = found[0]
    for other in found[1:]:
        _check_alike(name, first, other)

    def inner(value: Any) -> Any:
        if isinstance(value, SparseTensor):
            return value.values
        if isinstance(value, list | tuple):
            return type(value)([inner(v) for v in value])
        return value

    named = {key: inner(value) for key, value in kwargs.items()}
    return first.with_values(op(*map(inner, args), **named))


def _check_alike(name: str, a: SparseTensor, b: SparseTensor) -> None:
    if a.indices is b.indices and a.dense_shape is b.dense_shape:
        return
    parts = [p._array for p in (a.indices, b.indices, a.dense_shape, b.dense_shape)]
    if not all(isinstance(p, np.ndarray) for p in parts):
        return
    one, other, size, second = parts
    if not (np.array_equal(one, other) and np.array_equal(size, second)):
        raise refused(
            name,
            "sparse arguments must have the same places and shape",
            f"{a.indices.shape} in {a.shape} and {b.indices.shape} in {b.shape}",
        )
