"""From sparse to dense and back: to_dense, from_dense, indicators, products."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    ANY,
    COMPLEX,
    FLOATING,
    INDEX,
    as_dtype,
    bool_,
    float32,
    type_set,
)
from rillet.core.dtypes import int32 as int32_
from rillet.core.dtypes import int64 as int64_
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.casting import cast
from rillet.ops.compare import not_equal
from rillet.ops.complexes import conj
from rillet.ops.elementwise import mul_op, sub_op
from rillet.ops.filling import fill, zeros_like
from rillet.ops.gather import gather
from rillet.ops.gather_nd import gather_nd
from rillet.ops.mask import where
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reduce_sum
from rillet.ops.sizes import shape as shape_of
from rillet.ops.sizes import size
from rillet.ops.sparse.moving import reorder
from rillet.ops.sparse.placeholders import placed
from rillet.ops.sparse.places import (
    check_bounds,
    check_order,
    check_parts,
    made,
    rank_of,
    refused,
    sparse,
    told,
)
from rillet.ops.transposes import transpose

Array = np.ndarray[Any, Any]
_PRODUCTS = FLOATING | COMPLEX | type_set(int32_, int64_)
#: Elements of partial products at once.
_BLOCK = 1 << 21


def _to_dense(
    indices: Array, shape: Array, values: Array, default: Array, validate: bool
) -> Array:
    op = "sparse.to_dense"
    if indices.ndim < 2:
        indices = indices.reshape((-1, 1))
    check_parts(op, indices, np.broadcast_to(values, indices.shape[:1]), shape)
    if default.ndim:
        raise refused(
            op, "default_value should be a scalar", f"its shape is {default.shape}"
        )
    (check_order if validate else check_bounds)(op, indices, shape)
    try:
        out = np.empty(tuple(shape.tolist()), values.dtype)
    except ValueError:
        raise MemoryError(f"a tensor of shape {shape.tolist()}") from None
    out[...] = default
    out[tuple(indices.T)] = values
    return out


def _infer_to_dense(
    indices: Spec, shape: Spec, values: Spec, default: Spec, **attrs: Any
) -> Spec:
    rank = rank_of(shape)
    return Spec(None if rank is None else (None,) * rank, values.dtype)


def _grad_to_dense(
    g: Any, y: Any, indices: Any, shape: Any, values: Any, default: Any, **attrs: Any
) -> Any:
    own = gather_nd(g, indices)
    return None, None, own, sub_op(reduce_sum(g), reduce_sum(own))


to_dense_op: Op = define(
    "SparseToDense",
    types=(INDEX, 0, ANY, 2),
    kernel=lambda i, s, v, d, validate_indices=True: _to_dense(
        i, s, v, d, validate_indices
    ),
    infer=_infer_to_dense,
    grad=_grad_to_dense,
    attrs={"validate_indices": True},
    quiet=False,
)


@placed("sparse.to_dense")
def to_dense(
    sp_input: Any,
    default_value: Any = None,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """The whole tensor that a sparse one stands for.

    Args:
        sp_input: a sparse tensor.
        default_value: what stands everywhere else; zero where None, or the empty text.
        validate_indices: whether to check that places are in order and none comes
            twice.
        name: ignored when eager.

    Returns:
        A tensor of `sp_input`'s shape.

    Raises:
        TypeError: where `sp_input` is not sparse.
        InvalidArgumentError: where a place is outside, repeated or out of order.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 1], [2, 3]], [4, 5], [3, 4])
        >>> tf.sparse.to_dense(x).numpy().tolist()
        [[0, 4, 0, 0], [0, 0, 0, 0], [0, 0, 0, 5]]
    """
    x = sparse("sparse.to_dense", sp_input)
    default = default_value
    if default is None:
        default = b"" if x.dtype.name == "string" else np.zeros((), x.dtype.numpy_dtype)
    default = to_tensor(default, hint=x.dtype)
    found = to_dense_op.run(
        x.indices, x.dense_shape, x.values, default, validate_indices=validate_indices
    )
    return told(found, x.shape)


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """A sparse tensor of the elements of a tensor that are not zero.

    Args:
        tensor: a tensor; empty texts count as zero.
        name: ignored when eager.

    Returns:
        A sparse tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> x = tf.sparse.from_dense([[0, 7], [8, 0]])
        >>> x.indices.numpy().tolist(), x.values.numpy().tolist()
        ([[0, 1], [1, 0]], [7, 8])
    """
    x = to_tensor(tensor)
    nothing: Any = b"" if x.dtype.name == "string" else zeros_like(x)
    if x.dtype is bool_:
        present = x
    else:
        present = not_equal(x, nothing)
    indices = where(present)
    parts = (indices, gather_nd(x, indices), shape_of(x, int64_))
    return made(parts, x.shape)


@placed("sparse.to_indicator")
def to_indicator(sp_input: Any, vocab_size: int, name: str | None = None) -> Tensor:
    """Which ids stand in each row: booleans in place of the last axis.

    Args:
        sp_input: a sparse tensor of ids, int32 or int64.
        vocab_size: how many ids there are.
        name: ignored when eager.

    Returns:
        A boolean tensor of `sp_input`'s shape, its last size `vocab_size`.

    Raises:
        TypeError: where `sp_input` is not sparse.
        InvalidArgumentError: where an id is not among them.

    Example:
        >>> import rillet as tf
        >>> ids = tf.SparseTensor([[0, 0], [1, 1]], [2, 0], [2, 5])
        >>> tf.sparse.to_indicator(ids, 3).numpy().tolist()
        [[False, False, True], [True, False, False]]
    """
    x = sparse("sparse.to_indicator", sp_input)
    ids = cast(x.values, int64_)
    indices = concat([x.indices[:, :-1], ids[:, None]], 1)
    last = to_tensor([vocab_size], int64_)
    shape = concat([x.dense_shape[:-1], last], 0)
    values = fill([size(ids)], True)
    known = x.shape
    if known.rank:
        known = TensorShape([*known.as_list()[:-1], vocab_size])
    found = made((indices, values, shape), known)
    return to_dense(reorder(found), False, validate_indices=False)


def _matrix(op: str, shape: Array, b: Array, adjoint_a: bool, adjoint_b: bool) -> None:
    if shape.shape != (2,) or b.ndim != 2:
        raise refused(
            op,
            "both operands are matrices",
            f"they have ranks {shape.shape[0]} and {b.ndim}",
        )
    inner, other = shape[0 if adjoint_a else 1], b.shape[1 if adjoint_b else 0]
    if inner != other:
        raise refused(
            op,
            "Cannot multiply A and B because inner dimension does not match",
            f"{inner} vs. {other}",
            "Did you forget a transpose? adjoint_a and adjoint_b turn a matrix",
        )


def _product(
    indices: Array,
    values: Array,
    shape: Array,
    b: Array,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> Array:
    op = "sparse.sparse_dense_matmul"
    check_parts(op, indices, values, shape)
    _matrix(op, shape, b, adjoint_a, adjoint_b)
    check_bounds(op, indices, shape)
    if adjoint_b:
        b = b.conj().T
    rows, inner = (indices.T[::-1] if adjoint_a else indices.T).reshape(2, -1)
    if adjoint_a:
        values = values.conj()
    count = int(shape[1 if adjoint_a else 0])
    wide = np.result_type(b.dtype, np.float32) if b.dtype.itemsize < 4 else b.dtype
    out = np.zeros((count, b.shape[1]), wide)
    if not len(rows) or not out.size:
        return out.astype(b.dtype, copy=False)
    order = np.argsort(rows, kind="stable")
    rows, inner, values = rows[order], inner[order], values[order]
    step = max(_BLOCK // max(b.shape[1], 1), 1)
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        each = values[part, None].astype(wide, copy=False) * b[inner[part]]
        first = np.flatnonzero(np.diff(rows[part], prepend=-1))
        out[rows[part][first]] += np.add.reduceat(each, first, axis=0)
    return out.astype(b.dtype, copy=False)


def _infer_product(
    indices: Spec,
    values: Spec,
    shape: Spec,
    b: Spec,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> Spec:
    if b.shape is None:
        return Spec((None, None), b.dtype)
    if len(b.shape) != 2:
        raise refused(
            "sparse.sparse_dense_matmul",
            "both operands are matrices",
            f"b has shape {list(b.shape)}",
        )
    return Spec((None, b.shape[0 if adjoint_b else 1]), b.dtype)


def _grad_product(
    g: Any,
    y: Any,
    indices: Any,
    values: Any,
    shape: Any,
    b: Any,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> Any:
    back = product_op.run(indices, values, shape, g, adjoint_a=not adjoint_a)
    if adjoint_b:
        back = transpose(back, conjugate=True)
        b = transpose(b, conjugate=True)
    rows, columns = indices[:, 0], indices[:, 1]
    if adjoint_a:
        rows, columns = columns, rows
    own = reduce_sum(mul_op(gather(g, rows), conj(gather(b, columns))), 1)
    return None, conj(own) if adjoint_a else own, None, back


product_op: Op = define(
    "SparseTensorDenseMatMul",
    types=(INDEX, _PRODUCTS, INDEX, 1),
    kernel=_product,
    infer=_infer_product,
    grad=_grad_product,
    attrs={"adjoint_a": False, "adjoint_b": False},
)


@placed("sparse.sparse_dense_matmul")
def sparse_dense_matmul(
    sp_a: Any,
    b: Any,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of a sparse and a dense matrix.

    Args:
        sp_a: a sparse matrix; or a dense one, if `b` is sparse.
        b: a dense matrix of the same type.
        adjoint_a: whether to turn and conjugate the first.
        adjoint_b: the same for the second.
        name: ignored when eager.

    Returns:
        A dense matrix.

    Raises:
        InvalidArgumentError: where sizes or types do not fit.

    Example:
        >>> import rillet as tf
        >>> a = tf.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 2])
        >>> tf.sparse.sparse_dense_matmul(a, [[1.0], [10.0]]).numpy().tolist()
        [[20.0], [3.0]]
    """
    op = "sparse.sparse_dense_matmul"
    if isinstance(b, SparseTensor) and not isinstance(sp_a, SparseTensor):
        turned = sparse_dense_matmul(b, sp_a, not adjoint_b, not adjoint_a)
        return transpose(turned, conjugate=turned.dtype.is_complex)
    x = sparse(op, sp_a)
    dense = to_tensor(b, hint=x.dtype)
    found = product_op.run(
        x.indices,
        x.values,
        x.dense_shape,
        dense,
        adjoint_a=adjoint_a,
        adjoint_b=adjoint_b,
    )
    if x.shape.rank == 2:
        told(found, [x.shape[1 if adjoint_a else 0], None])
    return found


def sampled_addmm(
    indices: Any,
    values: Any,
    dense_shape: Any,
    mat1: Any,
    mat2: Any,
    beta: float = 1.0,
    alpha: float = 1.0,
    output_type: Any = float32,
) -> tuple[Tensor, Tensor, Tensor]:
    """Some elements of ``alpha · mat1 · mat2 + beta · values``, and no others.

    Args:
        indices: which elements, rows and columns ``(..., n, 2)``.
        values: what is added to them ``(..., n)``.
        dense_shape: the shape of the product.
        mat1: matrices ``(..., rows, inner)``.
        mat2: matrices ``(..., inner, columns)``.
        beta: what `values` are multiplied by.
        alpha: what the product is multiplied by.
        output_type: the type of the elements.

    Returns:
        The indices, the elements ``(..., n)`` and the shape.

    Raises:
        InvalidArgumentError: where the product has another shape.

    Example:
        >>> import rillet as tf
        >>> a, b = tf.constant([[1.0, 2.0]]), tf.constant([[3.0, 4.0], [5.0, 6.0]])
        >>> tf.sparse.sampled_addmm([[0, 1]], [0.5], [1, 2], a, b)[1].numpy().tolist()
        [16.5]
    """
    kind = as_dtype(output_type)
    places, shape = to_tensor(indices), to_tensor(dense_shape)
    a, b = cast(to_tensor(mat1), kind), cast(to_tensor(mat2), kind)
    dims = [a.shape[-2], b.shape[-1]]
    given = getattr(shape, "known", shape._array)
    if isinstance(given, np.ndarray) and None not in dims:
        if given[-2:].tolist() != dims:
            raise refused(
                "sparse.sampled_addmm",
                f"Dense shape: {given.tolist()} does not match output shape: {dims}",
            )
    batch = (a.shape.rank or 2) - 2
    rows = gather(a, places[..., 0], axis=batch, batch_dims=batch)
    turned = [*range(batch), batch + 1, batch]
    columns = gather(transpose(b, turned), places[..., 1], axis=batch, batch_dims=batch)
    product = reduce_sum(mul_op(rows, columns), -1)
    added = cast(to_tensor(values), kind)
    return places, product * alpha + added * beta, shape
