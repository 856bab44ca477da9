"""Pseudo-inverses, ranks and least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import blas
from rillet.ops.compare import greater_op
from rillet.ops.decompositions import cholesky_op
from rillet.ops.dispatch import matched
from rillet.ops.elementwise import add_op, cast, div_op, mul_op, sub_op
from rillet.ops.extents import known, larger
from rillet.ops.host import plain
from rillet.ops.mask import select_op
from rillet.ops.matrix_rules import (
    MATRICES,
    as_columns,
    as_rows,
    identity_like,
    matrix_dims,
    number,
    product,
    refused,
)
from rillet.ops.reduce import max_op
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims, sum_op
from rillet.ops.solvers import conjugated, triangular_solve_op
from rillet.ops.spectra import svd_op

Array = np.ndarray[Any, Any]


def _infer_least_squares(
    a: Spec, b: Spec, l2_regularizer: Any, fast: bool = False
) -> Spec:
    if a.shape is None or b.shape is None:
        return Spec(None, b.dtype)
    op = "lstsq"
    dims, rhs = matrix_dims(op, a), matrix_dims(op, b, 1)
    shown = f"matrix has shape {list(dims)}, rhs {list(rhs)}"
    if dims[:-1] != rhs[:-1] and None not in (*dims[:-1], *rhs[:-1]):
        raise refused(op, "Input matrix and rhs are incompatible", shown)
    return Spec((*dims[:-2], dims[-1], rhs[-1]), b.dtype)


def _least_squares(
    a: Array, b: Array, l2_regularizer: float, fast: bool = False
) -> Array:
    """The least-norm solution, by singular values; with `fast` a regularized one."""
    if a.ndim < 2 or a.shape[:-1] != b.shape[:-1]:
        raise ValueError("shapes differ")
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    limit = np.finfo(a.dtype).eps * max(a.shape[-2:])
    top = s.max(axis=-1, keepdims=True, initial=0)
    if fast and l2_regularizer:
        inverse = s / (np.square(s) + l2_regularizer)
    else:
        inverse = np.where(s > limit * top, 1 / np.where(s == 0, 1, s), 0)
    inverse = inverse.astype(a.dtype)[..., None]
    parts = blas.batch_matmul(conjugated(u), b)
    return blas.batch_matmul(conjugated(vh), inverse * parts)


def _grad_a(
    g: Any, x: Any, a: Any, b: Any, l2_regularizer: Any, fast: bool = False
) -> Any:
    """With p the pseudo-inverse: (b - a·x)·(p·pᴴg)ᴴ - pᴴg·xᴴ + pᴴx·((1 - p·a)·g)ᴴ.

    Regularized by l, with h = (aᴴa + l)⁻¹g: (b - a·x)·hᴴ - a·h·xᴴ.
    """
    if fast and l2_regularizer:
        h = _regular_solution(a, g, l2_regularizer)
        left = product(sub_op(b, product(a, x)), h, adjoint_b=True)
        return sub_op(left, product(product(a, h), x, adjoint_b=True))
    p = pinv(a)
    h = product(p, g, adjoint_a=True)
    left = product(sub_op(b, product(a, x)), product(p, h), adjoint_b=True)
    right = product(h, x, adjoint_b=True)
    rest = sub_op(g, product(p, product(a, g)))
    outer = product(product(p, x, adjoint_a=True), rest, adjoint_b=True)
    return add_op(sub_op(left, right), outer)


def _grad_b(
    g: Any, x: Any, a: Any, b: Any, l2_regularizer: Any, fast: bool = False
) -> Any:
    if fast and l2_regularizer:
        return product(a, _regular_solution(a, g, l2_regularizer))
    return product(pinv(a), g, adjoint_a=True)


def _regular_solution(a: Any, g: Any, regular: float) -> Any:
    gram = _regular(product(a, a, adjoint_a=True), regular)
    return _by_cholesky(cholesky_op(gram), g)


least_squares_op: Op = define(
    "MatrixSolveLs",
    types=(MATRICES, 0, None),
    kernel=_least_squares,
    infer=_infer_least_squares,
    grad=(_grad_a, _grad_b, None),
    attrs={"fast": False},
)


def lstsq(
    matrix: Any,
    rhs: Any,
    l2_regularizer: Any = 0.0,
    fast: bool = True,
    name: str | None = None,
) -> Tensor:
    """The x for which the norm of matrix · x - rhs is least.

    Args:
        matrix: ``(..., m, n)`` of a float or complex type.
        rhs: ``(..., m, k)`` of the same type.
        l2_regularizer: what the squared norm of x counts beside that of the rest;
            only with `fast`.
        fast: solve the normal equations by Cholesky's decomposition, which needs full
            rank; else find the x of least norm by singular values.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        InvalidArgumentError: where shapes or types do not fit.

    Example:
        >>> import rillet as tf
        >>> x = tf.linalg.lstsq([[1., 0.], [1., 1.], [1., 2.]], [[1.], [3.], [5.]])
        >>> x.numpy().round(3).tolist()
        [[1.0], [2.0]]
    """
    a, b = matched(least_squares_op, matrix, rhs)
    regular = float(np.real(plain(to_tensor(l2_regularizer))))
    if not fast:
        return least_squares_op(a, b, regular, fast=False)
    dims, rhs_dims = static_dims(a), static_dims(b)
    if not known(*dims, *rhs_dims):
        return least_squares_op(a, b, regular, fast=True)
    _infer_least_squares(Spec(dims, a.dtype), Spec(rhs_dims, b.dtype), regular)
    rows, columns = dims[-2:]
    if rows >= columns:
        gram = _regular(product(a, a, adjoint_a=True), regular)
        return _by_cholesky(cholesky_op(gram), product(a, b, adjoint_a=True))
    gram = _regular(product(a, a, adjoint_b=True), regular)
    return product(a, _by_cholesky(cholesky_op(gram), b), adjoint_a=True)


def _regular(gram: Any, regular: float) -> Any:
    if not regular:
        return gram
    return add_op(gram, mul_op(identity_like(gram), number(gram, regular)))


def _by_cholesky(factor: Any, rhs: Any) -> Any:
    inner = triangular_solve_op(factor, rhs, lower=True, adjoint=False)
    return triangular_solve_op(factor, inner, lower=True, adjoint=True)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The x of a · x = rhs, for the `a` whose Cholesky factor is given.

    Args:
        chol: the lower triangular factors ``(..., n, n)``.
        rhs: ``(..., n, k)`` of the same type.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        InvalidArgumentError: where shapes or types do not fit.

    Example:
        >>> import rillet as tf
        >>> chol = tf.linalg.cholesky([[4., 0.], [0., 9.]])
        >>> tf.linalg.cholesky_solve(chol, [[4.], [18.]]).numpy().tolist()
        [[1.0], [2.0]]
    """
    factor, rhs = matched(triangular_solve_op, chol, rhs)
    return _by_cholesky(factor, rhs)


def _largest(s: Any) -> Any:
    return max_op(s, -1, keep_dims=True)


def _precision(x: Any) -> float:
    kind = x.dtype.real_dtype if x.dtype.is_complex else x.dtype
    return float(np.finfo(kind.numpy_dtype).eps)


def pinv(
    a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The pseudo-inverses of Moore and Penrose.

    Args:
        a: ``(..., m, n)`` of a float or complex type.
        rcond: singular values up to this part of the greatest count as zero; ten times
            the greater of m and n times the type's precision where None.
        validate_args: ignored; arguments are always checked.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, m)``.

    Raises:
        TypeError: where the type is no float.
        ValueError: where the rank is below 2.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.pinv([[2., 0.], [0., 4.]]).numpy().round(3).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    a = to_tensor(a)
    if not (a.dtype.is_floating or a.dtype.is_complex):
        raise TypeError(
            house_message(
                "pinv",
                "Input `a` must have `float`-like `dtype`",
                f"saw {a.dtype.name}",
            )
        )
    dims = static_dims(a)
    if len(dims) < 2:
        raise ValueError(
            house_message(
                "pinv",
                f"Input `a` must have at least 2 dimensions (saw: {len(dims)})",
                f"its shape is {list(dims)}",
            )
        )
    rows, columns = dims[-2:]
    s, u, v = svd_op(a, compute_uv=True, full_matrices=False)
    if rcond is None:
        rcond = cast(larger(rows, columns), s.dtype) * (10.0 * _precision(a))
    part = to_tensor(rcond, s.dtype)
    if len(part.shape):
        part = as_columns(part)
    kept = greater_op(s, mul_op(part, _largest(s)))
    inverse = div_op(number(s, 1), select_op(kept, s, number(s, np.inf)))
    return product(mul_op(v, as_rows(cast(inverse, a.dtype))), u, adjoint_b=True)


def matrix_rank(
    a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """How many singular values of each matrix are greater than a tolerance.

    Args:
        a: ``(..., m, n)`` of a numeric type; integers are taken as float32.
        tol: the tolerance; the greatest singular value times the greater of m and n
            times the type's precision where None.
        validate_args: ignored; arguments are always checked.
        name: ignored when eager.

    Returns:
        An int32 tensor ``(...)``.

    Raises:
        InvalidArgumentError: where the rank is below 2.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.matrix_rank([[1., 2.], [2., 4.]]).numpy()
        np.int32(1)
    """
    a = to_tensor(a)
    if a.dtype.is_integer:
        a = cast(a, "float32")
    rows, columns = matrix_dims("matrix_rank", Spec(static_dims(a), a.dtype))[-2:]
    s, _, _ = svd_op(a, compute_uv=False, full_matrices=False)
    if tol is None:
        least = cast(larger(rows, columns), s.dtype) * _precision(a)
        limit = mul_op(_largest(s), least)
    else:
        limit = to_tensor(tol, s.dtype)
        limit = as_columns(limit) if len(limit.shape) else limit
    return sum_op(cast(greater_op(s, limit), "int32"), -1)
