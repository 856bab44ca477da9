"""Matrix products: MatMul and BatchMatMulV2 over `ops.blas`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.core.composite import apply_op, has_whole
from rillet.core.convert import to_tensor
from rillet.core.dtypes import NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import blas
from rillet.ops.dispatch import matched
from rillet.ops.elementwise import cast_op, conjugate
from rillet.ops.expressions import Expr
from rillet.ops.expressions import b as build
from rillet.ops.indices import ZERO, Index
from rillet.ops.lowering import Call, Lazy, Lowering, spread
from rillet.ops.registry import Op, define
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]


def _inner_error(a: Spec, b: Spec, ta: bool, tb: bool) -> InvalidArgumentError:
    assert a.shape is not None and b.shape is not None
    inner_a, inner_b = (-2 if ta else -1), (-1 if tb else -2)
    have_a, have_b = a.shape[inner_a], b.shape[inner_b]
    fix = ""
    if len(b.shape) >= 2 and have_a == b.shape[-1 if inner_b == -2 else -2]:
        fix = f"Did you mean transpose_b={not tb}?"
    elif len(a.shape) >= 2 and have_b == a.shape[-1 if inner_a == -2 else -2]:
        fix = f"Did you mean transpose_a={not ta}?"
    return InvalidArgumentError(
        house_message(
            "matmul",
            "inner dimensions differ (Matrix size-incompatible)",
            f"a has shape {a.shape}, b has shape {b.shape};"
            f" a.shape[{inner_a}]={have_a} must equal b.shape[{inner_b}]={have_b}",
            fix,
        )
    )


def _infer(a: Spec, b: Spec, ta: bool, tb: bool) -> Spec:
    if a.shape is None or b.shape is None:
        return Spec(None, a.dtype)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise InvalidArgumentError(
            house_message(
                "matmul",
                "both operands are matrices, of rank 2 or more (In[0] and In[1] must be"
                " at least 2-D)",
                f"a has shape {a.shape}, b has shape {b.shape}",
                "Use tf.linalg.matvec for a vector, tf.tensordot, or add an axis with"
                " x[:, tf.newaxis]",
            )
        )
    m, k = (a.shape[-1], a.shape[-2]) if ta else (a.shape[-2], a.shape[-1])
    k2, n = (b.shape[-1], b.shape[-2]) if tb else (b.shape[-2], b.shape[-1])
    if k is not None and k2 is not None and k != k2:
        raise _inner_error(a, b, ta, tb)
    lead = broadcast_dims("matmul", a.shape[:-2], b.shape[:-2])
    return Spec((*lead, m, n), a.dtype)


def _grad_a(
    g: Any, y: Any, a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False
) -> Any:
    b = conjugate(b)
    if transpose_a:
        return matmul_op.run(b, g, transpose_a=transpose_b, transpose_b=True)
    return matmul_op.run(g, b, transpose_b=not transpose_b)


def _grad_b(
    g: Any, y: Any, a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False
) -> Any:
    a = conjugate(a)
    if transpose_b:
        return matmul_op.run(g, a, transpose_a=True, transpose_b=transpose_a)
    return matmul_op.run(a, g, transpose_a=not transpose_a)


def _lower(
    ctx: Lowering,
    a: Lazy,
    b: Lazy,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> Any:
    """A kernel; of a column and a row a product an element, fused with what follows."""
    rows, inner = a.shape[::-1] if transpose_a else a.shape
    if inner != 1 or a.type not in ("float32", "float64"):
        return ctx.call(
            "product", a, b, transpose_a=transpose_a, transpose_b=transpose_b
        )
    columns = b.shape[0] if transpose_b else b.shape[1]
    shape = (rows, columns)
    column, row = spread(ctx, a, shape), spread(ctx, b, shape)

    def element(position: Sequence[Index]) -> Expr:
        i, j = position
        first = column.at((ZERO, i) if transpose_a else (i, ZERO))
        return build.mul(first, row.at((j, ZERO) if transpose_b else (ZERO, j)))

    return ctx.pointwise(shape, a.type, element)


matmul_op: Op = define(
    "MatMul",
    types=(NUMERIC, 0),
    kernel=blas.product,
    quiet=False,
    infer=lambda a, b, transpose_a=False, transpose_b=False: _infer(
        a, b, transpose_a, transpose_b
    ),
    grad=(_grad_a, _grad_b),
    attrs={"transpose_a": False, "transpose_b": False},
    lower=_lower,
)


def _batch_grad_a(
    g: Any, y: Any, a: Any, b: Any, adj_x: bool = False, adj_y: bool = False
) -> Any:
    if adj_x:
        return sum_to(batch_matmul_op(b, g, adj_x=adj_y, adj_y=True), a)
    return sum_to(batch_matmul_op(g, b, adj_y=not adj_y), a)


def _batch_grad_b(
    g: Any, y: Any, a: Any, b: Any, adj_x: bool = False, adj_y: bool = False
) -> Any:
    if adj_y:
        return sum_to(batch_matmul_op(g, a, adj_x=True, adj_y=adj_x), b)
    return sum_to(batch_matmul_op(a, g, adj_x=not adj_x), b)


def _batch_kernel(a: Array, b: Array, adj_x: bool = False, adj_y: bool = False) -> Any:
    return blas.batch_matmul(a, b, adjoint_a=adj_x, adjoint_b=adj_y)


batch_matmul_op: Op = define(
    "BatchMatMulV2",
    types=(NUMERIC, 0),
    kernel=_batch_kernel,
    infer=lambda a, b, adj_x=False, adj_y=False: _infer(a, b, adj_x, adj_y),
    grad=(_batch_grad_a, _batch_grad_b),
    attrs={"adj_x": False, "adj_y": False},
    lower=Call("batch_product"),
)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: Any = None,
    grad_a: bool = False,
    grad_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product a · b, over leading dimensions where there are any.

    Args:
        a: a numeric tensor of shape ``(..., m, k)``.
        b: a tensor of the same type, of shape ``(..., k, n)``; leading sizes broadcast.
        transpose_a: use the transpose of `a`, which then is ``(..., k, m)``.
        transpose_b: use the transpose of `b`, which then is ``(..., n, k)``.
        adjoint_a: use the conjugate transpose of `a`.
        adjoint_b: use the conjugate transpose of `b`.
        a_is_sparse: a hint, ignored.
        b_is_sparse: a hint, ignored.
        output_type: the type of the result; that of the operands where None.
        grad_a: ignored.
        grad_b: ignored.
        name: ignored when eager.

    Returns:
        A tensor of shape ``(..., m, n)``.

    Raises:
        InvalidArgumentError: where inner sizes or types differ, or rank is below 2.
        ValueError: where both transpose and adjoint are asked for.

    Example:
        >>> import rillet as tf
        >>> tf.matmul([[1., 2.]], [[3.], [4.]]).numpy().tolist()
        [[11.0]]
    """
    if type(a) is not Tensor or type(b) is not Tensor:
        if has_whole(a, b):
            options = (transpose_a, transpose_b, adjoint_a, adjoint_b, output_type)
            return apply_op(matmul_op, (a, b, *options), {})
        a, b = matched(matmul_op, a, b)
    if not (transpose_a or transpose_b or adjoint_a or adjoint_b):
        if output_type is None and a.ndim <= 2 and b.ndim <= 2:
            return matmul_op.run(a, b)
    elif (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
        raise ValueError(
            house_message(
                "matmul", "an operand is either transposed or adjoint, not both"
            )
        )
    if a.ndim > 2 or b.ndim > 2:
        if a.dtype.is_complex and (transpose_a or transpose_b):
            a = conjugate(a) if transpose_a else a
            b = conjugate(b) if transpose_b else b
        out = batch_matmul_op.run(
            a, b, adj_x=transpose_a or adjoint_a, adj_y=transpose_b or adjoint_b
        )
    else:
        if adjoint_a:
            a, transpose_a = conjugate(a), True
        if adjoint_b:
            b, transpose_b = conjugate(b), True
        out = matmul_op.run(a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    if output_type is not None:
        return cast_op(out, DstT=to_tensor(0, output_type).dtype)
    return out
