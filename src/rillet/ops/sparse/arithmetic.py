"""Sums, extremes and products of sparse tensors with sparse and dense ones; softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, INDEX, NUMERIC, REAL, int64
from rillet.core.errors import house_message
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.ops.casting import cast
from rillet.ops.elementwise import div_op, mul_op, neg_op, sub_op
from rillet.ops.gather_nd import gather_nd, scatter_nd
from rillet.ops.registry import Op, define
from rillet.ops.sizes import shape as shape_of
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
)

Array = np.ndarray[Any, Any]


def _same_shape(op: str, a: Array, b: Array) -> None:
    if not np.array_equal(a, b):
        raise refused(
            op,
            "Operands' shapes do not match",
            f"got {a.tolist()} for dimensions of the first, {b.tolist()} of the second",
        )


def _merged(*tables: Array) -> tuple[Array, list[Array]]:
    """All places of several tensors in order, and where each one's own stand there."""
    keys = keys_of(*tables)
    _, first, inverse = np.unique(
        np.concatenate(keys), return_index=True, return_inverse=True
    )
    whole = np.concatenate(tables)[first]
    ends = np.cumsum([len(t) for t in tables])[:-1]
    return whole, list(np.split(inverse.reshape(-1), ends))


def _add(
    a_indices: Array,
    a_values: Array,
    a_shape: Array,
    b_indices: Array,
    b_values: Array,
    b_shape: Array,
    thresh: Array,
) -> tuple[Array, Array, Array]:
    op = "sparse.add"
    check_parts(op, a_indices, a_values, a_shape)
    check_parts(op, b_indices, b_values, b_shape)
    if a_shape.shape != b_shape.shape:
        raise refused(
            op,
            "Ranks of input tensors must match, but saw ranks",
            f"{len(a_shape)} and {len(b_shape)}",
        )
    _same_shape(op, a_shape, b_shape)
    whole, (at, bt) = _merged(a_indices, b_indices)
    total = np.zeros(len(whole), a_values.dtype)
    np.add.at(total, at, a_values)
    np.add.at(total, bt, b_values)
    size = np.abs(total)
    kept = ~(size < thresh) if thresh > 0 else np.ones(len(total), bool)
    return whole[kept], total[kept], a_shape


def _infer_add(
    ai: Spec, av: Spec, shape: Spec, bi: Spec, bv: Spec, bs: Spec, thresh: Spec
) -> tuple[Spec, ...]:
    return sparse_specs(rank_of(shape), av.dtype)


def _grad_add(gs: Any, ys: Any, *inputs: Any) -> Any:
    a_grad, b_grad = add_grad_op.run(gs[1], inputs[0], inputs[3], ys[0])
    return None, a_grad, None, None, b_grad, None, None


def _add_grad(
    g: Array, a_indices: Array, b_indices: Array, sum_indices: Array
) -> tuple[Array, Array]:
    total, a_keys, b_keys = keys_of(sum_indices, a_indices, b_indices)
    order = np.argsort(total, kind="stable")
    out = []
    for keys in (a_keys, b_keys):
        found = np.zeros(len(keys), g.dtype)
        if len(total):
            place = np.minimum(np.searchsorted(total[order], keys), len(total) - 1)
            there = total[order][place] == keys
            found[there] = g[order][place[there]]
        out.append(found)
    return out[0], out[1]


def _count(indices: Spec) -> Any:
    return indices.shape[0] if indices.shape else None


add_grad_op: Op = define(
    "SparseAddGrad",
    types=(NUMERIC, INDEX, INDEX, INDEX),
    kernel=_add_grad,
    infer=lambda g, a, b, s: (
        Spec((_count(a),), g.dtype),
        Spec((_count(b),), g.dtype),
    ),
    outputs=2,
)
add_op: Op = define(
    "SparseAdd",
    types=(INDEX, NUMERIC, INDEX, INDEX, 1, INDEX, REAL),
    kernel=_add,
    infer=_infer_add,
    grad=_grad_add,
    outputs=3,
)


def _add_dense(indices: Array, values: Array, shape: Array, dense: Array) -> Array:
    op = "sparse.add"
    check_parts(op, indices, values, shape)
    if dense.ndim != len(shape) or dense.shape != tuple(shape.tolist()):
        raise refused(
            op,
            "Dimensions of a sparse and a dense operand must be equal",
            f"{shape.tolist()} and {list(dense.shape)}",
        )
    check_bounds(op, indices, shape)
    out = dense.copy()
    np.add.at(out, tuple(indices.T), values)
    return out


add_dense_op: Op = define(
    "SparseTensorDenseAdd",
    types=(INDEX, NUMERIC, INDEX, 1),
    kernel=_add_dense,
    infer=lambda indices, values, shape, dense: dense,
    grad=lambda g, y, indices, values, shape, dense: (
        None,
        gather_nd(g, indices),
        None,
        g,
    ),
)


@placed("sparse.add")
def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """The sum of two tensors, at least one of which is sparse.

    Args:
        a: a sparse or dense tensor.
        b: another of the same shape and type.
        threshold: sums of two sparse tensors that are smaller are left out.

    Returns:
        A sparse tensor where both are; else a dense one.

    Raises:
        TypeError: where neither is sparse.
        InvalidArgumentError: where shapes or types differ.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> tf.sparse.add(x, x).values.numpy().tolist()
        [2, 4]
        >>> tf.sparse.add(x, tf.ones([2, 3], tf.int32)).numpy().tolist()
        [[1, 1, 2], [3, 1, 1]]
    """
    op = "sparse.add"
    if not isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        raise TypeError(
            house_message(
                op,
                "At least one input should be SparseTensor; do you mean"
                " to use tf.add()?",
            )
        )
    if isinstance(a, SparseTensor) and isinstance(b, SparseTensor):
        _same_type(op, a, b)
        kind = a.dtype.real_dtype
        least = cast(to_tensor(threshold), kind)
        parts = add_op.run(*a._flat_tensors(), *b._flat_tensors(), least)
        known = a.shape.merge_with(b.shape) if a.shape.rank == b.shape.rank else a.shape
        return made(parts, known)
    x, dense = (a, b) if isinstance(a, SparseTensor) else (b, a)
    return add_dense_op.run(*x._flat_tensors(), to_tensor(dense, hint=x.dtype))


def _same_type(op: str, a: SparseTensor, b: SparseTensor) -> None:
    if a.dtype is not b.dtype:
        raise refused(
            op,
            "both operands must have one dtype",
            f"they are {a.dtype.name} and {b.dtype.name}",
            f"Convert one of them, e.g. tf.cast(x, tf.{a.dtype.name})",
        )


def _extreme(name: str, how: Any) -> Op:
    op = f"sparse.{name.lower()}"

    def kernel(
        ai: Array, av: Array, shape: Array, bi: Array, bv: Array, b_shape: Array
    ) -> tuple[Array, Array]:
        check_parts(op, ai, av, shape)
        check_parts(op, bi, bv, b_shape)
        _same_shape(op, shape, b_shape)
        check_bounds(op, ai, shape)
        check_bounds(op, bi, shape)
        whole, (at, bt) = _merged(ai, bi)
        sides = np.zeros((2, len(whole)), av.dtype)
        sides[0, at] = av
        sides[1, bt] = bv
        return whole, how(*sides)

    return define(
        f"SparseSparse{name}",
        types=(INDEX, REAL, INDEX, INDEX, 1, INDEX),
        kernel=kernel,
        infer=lambda ai, av, shape, *rest: sparse_specs(rank_of(shape), av.dtype)[:2],
        outputs=2,
    )


maximum_op: Op = _extreme("Maximum", np.maximum)
minimum_op: Op = _extreme("Minimum", np.minimum)


@placed("sparse.maximum")
def maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The larger of two sparse tensors' elements; what is left out counts as zero.

    Args:
        sp_a: a sparse tensor.
        sp_b: another of the same shape and type.
        name: ignored when eager.

    Returns:
        A sparse tensor with the places of both.

    Example:
        >>> import rillet as tf
        >>> a = tf.SparseTensor([[0], [2]], [1, -2], [7])
        >>> b = tf.SparseTensor([[1]], [1], [7])
        >>> tf.sparse.maximum(a, b).values.numpy().tolist()
        [1, 1, 0]
    """
    return _pairwise("sparse.maximum", maximum_op, sp_a, sp_b)


@placed("sparse.minimum")
def minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The smaller of two sparse tensors' elements; see `maximum`."""
    return _pairwise("sparse.minimum", minimum_op, sp_a, sp_b)


def _pairwise(op: str, record: Op, sp_a: Any, sp_b: Any) -> SparseTensor:
    a, b = sparse(op, sp_a), sparse(op, sp_b)
    _same_type(op, a, b)
    indices, values = record.run(*a._flat_tensors(), *b._flat_tensors())
    return made((indices, values, a.dense_shape), a.shape)


def _dense_at(op: str, indices: Array, shape: Array, dense: Array) -> Array:
    """The elements of a dense tensor, spread over a shape, at places."""
    if dense.ndim > len(shape):
        raise refused(
            op,
            "the dense side may not have more axes",
            f"shapes are {shape.tolist()} and {list(dense.shape)}",
        )
    own = shape[len(shape) - dense.ndim :]
    for size, whole in zip(dense.shape, own.tolist(), strict=True):
        if size not in (1, whole):
            raise refused(
                op,
                "SparseDenseBinaryOpShared broadcasts dense to sparse only; got"
                " incompatible shapes",
                f"{shape.tolist()} and {list(dense.shape)}",
            )
    check_bounds(op, indices, shape)
    at = [
        indices[:, len(shape) - dense.ndim + k] * (size != 1)
        for k, size in enumerate(dense.shape)
    ]
    return dense[tuple(at)] if at else np.broadcast_to(dense, len(indices))


def _places(indices: Any, dense: Any) -> Any:
    """Where in a dense tensor the elements stand that it is spread to."""
    rank = dense.shape.rank
    moved = indices[:, indices.shape.as_list()[1] - rank :] if rank else indices[:, :0]
    many = cast(shape_of(dense, int64) > 1, int64)
    return mul_op(moved, many)


def _gathered(indices: Any, dense: Any) -> Any:
    return gather_nd(dense, _places(indices, dense))


def _grad_dense_mul(
    g: Any, y: Any, indices: Any, values: Any, shape: Any, dense: Any
) -> Any:
    back = scatter_nd(
        _places(indices, dense), mul_op(g, values), shape_of(dense, int64)
    )
    return None, mul_op(g, _gathered(indices, dense)), None, back


def _grad_dense_div(
    g: Any, y: Any, indices: Any, values: Any, shape: Any, dense: Any
) -> Any:
    each = _gathered(indices, dense)
    down = mul_op(g, neg_op(div_op(values, mul_op(each, each))))
    back = scatter_nd(_places(indices, dense), down, shape_of(dense, int64))
    return None, div_op(g, each), None, back


def _quotient(x: Array, y: Array) -> Any:
    if x.dtype.kind in "iu":
        if (y == 0).any():
            raise refused("sparse /", "Integer division by zero")
        down = np.abs(x) // np.abs(y) if x.dtype.kind == "i" else x // y
        return (down * np.sign(x) * np.sign(y)).astype(x.dtype)
    return x / y


def _with_dense(name: str, how: Any, grad: Any) -> Op:
    op = f"SparseDenseCwise{name}"

    def kernel(indices: Array, values: Array, shape: Array, dense: Array) -> Any:
        check_parts(op, indices, values, shape)
        return how(values, _dense_at(op, indices, shape, dense))

    return define(
        op,
        types=(INDEX, NUMERIC, INDEX, 1),
        kernel=kernel,
        infer=lambda indices, values, shape, dense: values,
        grad=grad,
    )


dense_mul_op: Op = _with_dense("Mul", np.multiply, _grad_dense_mul)
dense_div_op: Op = _with_dense("Div", _quotient, _grad_dense_div)


def _softmax(indices: Array, values: Array, shape: Array) -> Array:
    op = "sparse.softmax"
    check_parts(op, indices, values, shape)
    if len(shape) < 2:
        raise refused(op, "Input should have rank >= 2", f"its rank is {len(shape)}")
    if not len(values):
        return values
    rows = keys_of(indices[:, :-1])[0]
    order = np.argsort(rows, kind="stable")
    first = np.flatnonzero(np.diff(rows[order], prepend=rows[order[0]] - 1))
    row = np.repeat(np.arange(len(first)), np.diff(first, append=len(rows)))
    sorted_ = values[order]
    shifted = np.exp(sorted_ - np.maximum.reduceat(sorted_, first)[row])
    out = np.empty_like(values)
    out[order] = shifted / np.add.reduceat(shifted, first)[row]
    return out


def _grad_softmax(g: Any, y: Any, indices: Any, values: Any, shape: Any) -> Any:
    total = sum_rows_op.run(indices, mul_op(g, y), shape)
    return None, mul_op(y, sub_op(g, total)), None


def _sum_rows(indices: Array, values: Array, shape: Array) -> Array:
    check_parts("sparse.softmax", indices, values, shape)
    if not len(values):
        return values
    _, rows = np.unique(keys_of(indices[:, :-1])[0], return_inverse=True)
    total = np.zeros(rows.max() + 1, values.dtype)
    np.add.at(total, rows, values)
    return total[rows]


#: For each element the sum of its row: what softmax's gradient takes off.
sum_rows_op: Op = define(
    "RilletSparseRowSums",
    types=(INDEX, FLOATING, INDEX),
    kernel=_sum_rows,
    infer=lambda indices, values, shape: values,
    grad=lambda g, y, indices, values, shape: (
        None,
        sum_rows_op.run(indices, g, shape),
        None,
    ),
)
softmax_op: Op = define(
    "SparseSoftmax",
    types=(INDEX, FLOATING, INDEX),
    kernel=_softmax,
    infer=lambda indices, values, shape: values,
    grad=_grad_softmax,
)


@placed("sparse.softmax")
def softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Softmax over the elements of each row that are not left out.

    Args:
        sp_input: a sparse tensor of floats, in order, of rank 2 or more.
        name: ignored when eager.

    Returns:
        A sparse tensor in the same places.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1.0, 1.0, 5.0], [2, 3])
        >>> tf.sparse.softmax(x).values.numpy().tolist()
        [0.5, 0.5, 1.0]
    """
    x = sparse("sparse.softmax", sp_input)
    return x.with_values(softmax_op.run(x.indices, x.values, x.dense_shape))


def with_dense(record: Op, x: SparseTensor, dense: Any) -> SparseTensor:
    """A sparse tensor times or over a dense one that is spread to its shape."""
    other = to_tensor(dense, hint=x.dtype)
    return x.with_values(record.run(x.indices, x.values, x.dense_shape, other))
