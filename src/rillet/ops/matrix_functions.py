"""Determinants, exponentials, logarithms and square roots of matrices: the records.

Sources: Higham, «Functions of matrices» (2008), chapters 6, 10 and 11, for the
algorithms; Mathias, «A chain rule for matrix functions» (1996), for gradients by the
function of a block matrix.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rillet.core.dtypes import COMPLEX
from rillet.core.spec import Spec
from rillet.ops import blas, lapack
from rillet.ops.array import concat_op
from rillet.ops.elementwise import add_op, conjugate, mul_op, zeros_scalar
from rillet.ops.matrix_rules import (
    MATRICES,
    adjoint_of,
    as_matrices,
    checked_square,
    identity_like,
    infer_square,
    square_dims,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.solvers import conjugated, inverse_op, solve_op
from rillet.ops.strided import strided_slice

Array = np.ndarray[Any, Any]


def _infer_det(a: Spec) -> Spec:
    return Spec(None if a.shape is None else square_dims("det", a)[:-2], a.dtype)


det_op: Op = define(
    "MatrixDeterminant",
    types=(MATRICES,),
    kernel=lambda a: np.asarray(np.linalg.det(checked_square(a)), a.dtype),
    infer=_infer_det,
    grad=(
        lambda g, y, a: mul_op(
            as_matrices(mul_op(g, conjugate(y))), inverse_op(a, adjoint=True)
        ),
    ),
)


def _infer_logdet(a: Spec) -> tuple[Spec, Spec]:
    if a.shape is None:
        return a, a
    dims = square_dims("slogdet", a)[:-2]
    return Spec(dims, a.dtype), Spec(dims, a.dtype)


def _slogdet(a: Array) -> tuple[Array, Array]:
    sign, log = np.linalg.slogdet(checked_square(a))
    return np.asarray(sign, a.dtype), np.asarray(log, a.dtype)


log_determinant_op: Op = define(
    "LogMatrixDeterminant",
    types=(MATRICES,),
    kernel=_slogdet,
    infer=_infer_logdet,
    grad=lambda gs, ys, a: (mul_op(as_matrices(gs[1]), inverse_op(a, adjoint=True)),),
    outputs=2,
)


def _block(function: Op, g: Any, a: Any) -> Any:
    """The gradient of a matrix function: f of [[aᴴ, g], [0, aᴴ]], upper right block."""
    n = static_dims(a)[-1]
    back = adjoint_of(a)
    top = concat_op([back, g], -1)
    low = concat_op([mul_op(back, zeros_scalar(a)), back], -1)
    whole = function(concat_op([top, low], -2))
    lead = static_dims(a)[:-2]
    begin = [0] * len(lead)
    return strided_slice(
        whole, [*begin, 0, n], [*lead, n, 2 * n], [1] * (len(lead) + 2)
    )


#: Coefficients of the diagonal Padé approximant of degree 13 to the exponential.
PADE = tuple(
    [
        math.factorial(26 - k)
        * math.factorial(13)
        / (math.factorial(26) * math.factorial(k) * math.factorial(13 - k))
        for k in range(14)
    ]
)
PADE_RADIUS = 5.371920351148152  # Higham (2008), table 10.2: norm for unit roundoff


def _exponential(a: Array) -> Array:
    """Scaling and squaring with the Padé approximant of degree 13."""
    checked_square(a)
    kind = np.complex128 if a.dtype.kind == "c" else np.float64
    x = a.astype(kind)
    if not x.size:
        return a.copy()
    norm = np.abs(x).sum(axis=-2).max(axis=-1)
    finite = np.isfinite(norm)
    x[~finite] = 0
    ratio = np.where(finite & (norm > 0), norm, 1) / PADE_RADIUS
    steps = np.maximum(0, np.ceil(np.log2(ratio))).astype(np.int64)
    x = x * np.exp2(-steps.astype(np.float64))[..., None, None]
    y = _pade(x)
    for i in range(int(steps.max(initial=0))):
        squared = blas.batch_matmul(y, y)
        y = np.where((i < steps)[..., None, None], squared, y)
    y[~finite] = np.nan
    return y.astype(a.dtype)


def pade_sides(
    x: Any, one: Any, p: Sequence[Any], times: Callable[[Any, Any], Any]
) -> tuple[Any, Any]:
    """The Padé approximant of degree 13 as a quotient; Higham (2008), section 10.3.

    Args:
        x: square matrices, arrays or tensors.
        one: unit matrices.
        p: `PADE`, as numbers that go with `x`.
        times: the product of matrices.

    Returns:
        The denominator and the numerator.
    """
    x2 = times(x, x)
    x4 = times(x2, x2)
    x6 = times(x4, x2)
    odd = times(x6, p[13] * x6 + p[11] * x4 + p[9] * x2)
    odd = times(x, odd + p[7] * x6 + p[5] * x4 + p[3] * x2 + p[1] * one)
    even = times(x6, p[12] * x6 + p[10] * x4 + p[8] * x2)
    even = even + p[6] * x6 + p[4] * x4 + p[2] * x2 + p[0] * one
    return even - odd, even + odd


def _pade(x: Array) -> Array:
    one = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    return np.linalg.solve(*pade_sides(x, one, PADE, blas.batch_matmul))


exponential_op: Op = define(
    "RilletMatrixExponential",
    types=(MATRICES,),
    kernel=_exponential,
    infer=infer_square("expm"),
    grad=(lambda g, y, a: _block(exponential_op, g, a),),
)


def _root_of_triangle(t: Array) -> Array:
    """The principal square roots of upper triangular matrices, column by column."""
    n = t.shape[-1]
    root = np.zeros_like(t)
    diagonal = np.sqrt(np.diagonal(t, 0, -2, -1))
    for j in range(n):
        root[..., j, j] = diagonal[..., j]
        for i in range(j - 1, -1, -1):
            inner = root[..., i, i + 1 : j] * root[..., i + 1 : j, j]
            rest = t[..., i, j] - inner.sum(axis=-1)
            total = diagonal[..., i] + diagonal[..., j]
            found = rest / np.where(total == 0, 1, total)
            root[..., i, j] = np.where((total == 0) & (rest == 0), 0, found)
            root[..., i, j] = np.where(
                (total == 0) & (rest != 0), np.nan, root[..., i, j]
            )
    return root


def _square_root(a: Array) -> Array:
    """By the Schur form; NaN where a real matrix has no real principal root."""
    checked_square(a)
    t, z = lapack.schur(a.astype(np.complex128))
    if a.dtype.kind != "c":
        values = np.diagonal(t, 0, -2, -1)
        size = np.abs(values).max(axis=-1, keepdims=True, initial=0)
        flat = np.abs(values.imag) <= 1e-12 * size
        negative = flat & (values.real < -1e-12 * size)
        t[negative.any(axis=-1)] = np.nan
    root = _from_schur(_root_of_triangle(t), z)
    return (root if a.dtype.kind == "c" else root.real).astype(a.dtype)


def _from_schur(t: Array, z: Array) -> Array:
    return blas.batch_matmul(blas.batch_matmul(z, t), conjugated(z))


def _grad_root(g: Any, y: Any, a: Any) -> Any:
    """The x of yᴴ·x + x·yᴴ = g, as one linear system over all elements of x."""
    n = static_dims(a)[-1]
    lead = static_dims(a)[:-2]
    back, one = adjoint_of(y), identity_like(a)
    left = mul_op(reshape_op(back, (*lead, n, 1, n, 1)), reshape_op(one, (1, n, 1, n)))
    flipped = adjoint_of(conjugate(back))
    right = mul_op(
        reshape_op(one, (n, 1, n, 1)), reshape_op(flipped, (*lead, 1, n, 1, n))
    )
    system = reshape_op(add_op(left, right), (*lead, n * n, n * n))
    return reshape_op(solve_op(system, reshape_op(g, (*lead, n * n, 1))), (*lead, n, n))


square_root_op: Op = define(
    "MatrixSquareRoot",
    types=(MATRICES,),
    kernel=_square_root,
    infer=infer_square("sqrtm"),
    grad=(_grad_root,),
)


@functools.cache
def _gauss(count: int) -> tuple[Array, Array]:
    """Points and weights of Gauss and Legendre's quadrature on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


def _logarithm(a: Array) -> Array:
    """Inverse scaling and squaring on the Schur form, then a Padé approximant.

    log(1 + x) is the integral of x·(1 + s·x)⁻¹ over s in [0, 1]; Gauss's quadrature
    with 8 points is the Padé approximant of degree 8, good to 1e-16 for norms of x
    below 0.25.
    """
    checked_square(a)
    t, z = lapack.schur(a.astype(np.complex128))
    n = a.shape[-1]
    one = np.eye(n)
    values = np.log(np.diagonal(t, 0, -2, -1))
    steps = 0
    while steps < 64 and t.size:
        norm = np.abs(t - one).sum(axis=-2).max(axis=-1)
        if not (norm > 0.25).any():
            break
        t = _root_of_triangle(t)
        steps += 1
    x = t - one
    total = np.zeros_like(x)
    for point, weight in zip(*_gauss(8), strict=True):
        total += weight * lapack.solve_triangular(one + point * x, x, False, False)
    total *= 2.0**steps
    diagonal = np.arange(n)
    total[..., diagonal, diagonal] = values
    bad = ~np.isfinite(values).all(axis=-1)
    out = _from_schur(total, z)
    out[bad] = complex(math.nan, math.nan)
    return out.astype(a.dtype)


logarithm_op: Op = define(
    "MatrixLogarithm",
    types=(COMPLEX,),
    kernel=_logarithm,
    infer=infer_square("logm"),
    grad=(lambda g, y, a: _block(logarithm_op, g, a),),
)
