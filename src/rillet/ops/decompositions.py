"""Cholesky, LU and QR: the records of triangular decompositions.

Sources of the gradients: Murray, «Differentiation of the Cholesky decomposition»
(2016); Walter and Lehmann, «Algorithmic differentiation of linear algebra functions»
(2018) for QR; de Hoog, Anderssen and Lukas, «Differentiation of matrix functionals
using triangular factorization» (2011) for LU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import INDEX, DType
from rillet.core.logger import get_logger
from rillet.core.spec import Spec
from rillet.ops import lapack
from rillet.ops.array import concat_op
from rillet.ops.diagonals import matrix_diag_part_op
from rillet.ops.elementwise import add_op, conjugate, mul_op, sub_op
from rillet.ops.gather import gather_op
from rillet.ops.matrix_rules import (
    MATRICES,
    adjoint_of,
    as_rows,
    checked_square,
    identity_like,
    infer_square,
    lower_half,
    matrix_dims,
    number,
    product,
    refused,
    square_dims,
    triangle_like,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims
from rillet.ops.solvers import triangular_solve_op
from rillet.ops.strided import strided_slice

Array = np.ndarray[Any, Any]


def _cholesky(a: Array) -> Array:
    """The factor; NaN in the lower triangle of matrices that have none."""
    checked_square(a)
    lower = np.tril(a)
    try:
        found: Array = np.linalg.cholesky(lower)
        if np.isfinite(found).all():
            return np.ascontiguousarray(found, a.dtype)
    except np.linalg.LinAlgError:
        pass
    get_logger().warning(
        "Cholesky decomposition was not successful: the input may not be positive"
        " definite. The lower triangle of the result is NaN."
    )
    out = np.zeros(a.shape, a.dtype)
    n = a.shape[-1]
    for i in np.ndindex(a.shape[:-2]):
        try:
            out[i] = np.linalg.cholesky(lower[i])
        except np.linalg.LinAlgError:
            out[i][np.tri(n, dtype=bool)] = np.nan
    return out


def _grad_cholesky(g: Any, y: Any, a: Any) -> Any:
    inner = mul_op(product(y, g, adjoint_a=True), lower_half(y))
    half = triangular_solve_op(y, inner, lower=True, adjoint=True)
    whole = adjoint_of(
        triangular_solve_op(y, adjoint_of(half), lower=True, adjoint=True)
    )
    return mul_op(add_op(whole, adjoint_of(whole)), number(a, 0.5))


cholesky_op: Op = define(
    "Cholesky",
    types=(MATRICES,),
    kernel=_cholesky,
    infer=infer_square("cholesky"),
    grad=(_grad_cholesky,),
)


#: For each permutation of a stack the one that undoes it.
argsort_rows_op: Op = define(
    "RilletInvertRows",
    types=(INDEX,),
    kernel=lambda p: np.argsort(p, axis=-1).astype(p.dtype),
    infer=lambda p: p,
    quiet=False,
)


def _infer_lu(a: Spec, output_idx_type: DType = dtypes.int32) -> tuple[Spec, Spec]:
    if a.shape is None:
        return a, Spec(None, output_idx_type)
    dims = square_dims("lu", a)
    return a, Spec(dims[:-1], output_idx_type)


def _lu(a: Array, output_idx_type: DType = dtypes.int32) -> tuple[Array, Array]:
    packed, orders, singular = lapack.factor_lu(checked_square(a))
    if singular:
        raise refused(
            "lu", "Input is not invertible", f"a matrix of shape {list(a.shape)}"
        )
    return packed, orders.astype(output_idx_type.numpy_dtype)


def _grad_lu(
    gs: Any, ys: Any, a: Any, output_idx_type: DType = dtypes.int32
) -> tuple[Any]:
    """From the packed factors' gradient to that of the matrix.

    With l and u the factors: lᴴ·g below the diagonal and g·uᴴ on and above it, taken
    through l⁻ᴴ on the left and u⁻ᴴ on the right, rows put back in their order.
    """
    g, packed, order = gs[0], ys[0], ys[1]
    below, above = triangle_like(a, -1, True), triangle_like(a, 0, False)
    low = add_op(mul_op(packed, below), identity_like(a))
    up = mul_op(packed, above)
    from_low = mul_op(product(low, mul_op(g, below), adjoint_a=True), below)
    from_up = mul_op(product(mul_op(g, above), up, adjoint_b=True), above)
    left = triangular_solve_op(low, add_op(from_low, from_up), lower=True, adjoint=True)
    right = adjoint_of(triangular_solve_op(up, adjoint_of(left), lower=False))
    back = argsort_rows_op(order)
    lead = len(static_dims(order)) - 1
    return (gather_op(right, back, lead, batch_dims=lead),)


lu_op: Op = define(
    "Lu",
    types=(MATRICES,),
    kernel=_lu,
    infer=_infer_lu,
    grad=_grad_lu,
    attrs={"output_idx_type": dtypes.int32},
    outputs=2,
)


def _infer_qr(a: Spec, full_matrices: bool = False) -> tuple[Spec, Spec]:
    if a.shape is None:
        return a, a
    dims = matrix_dims("qr", a)
    *lead, m, n = dims
    if full_matrices:
        return Spec((*lead, m, m), a.dtype), Spec((*lead, m, n), a.dtype)
    k = None if m is None or n is None else min(m, n)
    return Spec((*lead, m, k), a.dtype), Spec((*lead, k, n), a.dtype)


def _qr(a: Array, full_matrices: bool = False) -> tuple[Array, Array]:
    if a.ndim < 2:
        raise ValueError("no matrices")
    q, r = np.linalg.qr(a, "complete" if full_matrices else "reduced")
    return np.ascontiguousarray(q, a.dtype), np.ascontiguousarray(r, a.dtype)


def _grad_qr(gs: Any, ys: Any, a: Any, full_matrices: bool = False) -> tuple[Any]:
    (gq, gr), (q, r) = gs, ys
    m, n = static_dims(a)[-2:]
    if full_matrices and m > n:
        raise NotImplementedError(
            "qr: the gradient is not defined where full_matrices=True and rows are more"
            f" than columns: the matrix has {m} rows and {n} columns. Use"
            " full_matrices=False."
        )
    if m >= n:
        return (_grad_tall(gq, gr, q, r),)
    # With a = [x y]: x = q·u is square, and y = q·v.
    head, tail = (0, m), (m, n)
    gv, y = _columns(gr, tail), _columns(a, tail)
    gq = add_op(gq, product(y, gv, adjoint_b=True))
    gx = _grad_tall(gq, _columns(gr, head), q, _columns(r, head))
    return (concat_op([gx, product(q, gv)], -1),)


def _columns(x: Any, span: tuple[int, int]) -> Any:
    rank = len(static_dims(x))
    begin = [0] * (rank - 1) + [span[0]]
    end = [*static_dims(x)[:-1], span[1]]
    return strided_slice(x, begin, end, [1] * rank)


def _grad_tall(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """(gq + q · copyltu(r·grᴴ - gqᴴ·q)) · r⁻ᴴ.

    `copyltu` mirrors the strict lower triangle upwards; the diagonal stays, real.
    """
    whole = sub_op(product(r, gr, adjoint_b=True), product(gq, q, adjoint_a=True))
    low = mul_op(whole, triangle_like(whole, -1, True))
    mirrored = add_op(low, adjoint_of(low))
    diagonal = matrix_diag_part_op(whole, 0, number(whole, 0))
    real = mul_op(add_op(diagonal, conjugate(diagonal)), number(whole, 0.5))
    mirrored = add_op(mirrored, mul_op(identity_like(whole), as_rows(real)))
    right = add_op(gq, product(q, mirrored))
    return adjoint_of(triangular_solve_op(r, adjoint_of(right), lower=False))


qr_op: Op = define(
    "Qr",
    types=(MATRICES,),
    kernel=_qr,
    infer=_infer_qr,
    grad=_grad_qr,
    attrs={"full_matrices": False},
    outputs=2,
)
