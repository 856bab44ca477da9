"""Eigenvalues and singular values: the records.

Sources of the gradients: Giles (2008) for symmetric eigenproblems; Boeddeker et al.,
«On the computation of complex-valued gradients with application to statistically
optimum beamforming» (2017) for the general one; Townsend, «Differentiating the
singular value decomposition» (2016), with the term of Wan and Zhang, «Automatic
differentiation for complex valued SVD» (2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.spec import Spec
from rillet.ops.diagonals import matrix_diag_part_op
from rillet.ops.elementwise import (
    add_op,
    cast,
    conjugate,
    div_no_nan_op,
    mul_op,
    sub_op,
)
from rillet.ops.matrix_rules import (
    MATRICES,
    adjoint_of,
    as_columns,
    as_rows,
    checked_square,
    identity_like,
    lower_half,
    matrix_dims,
    number,
    product,
    square_dims,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims
from rillet.ops.solvers import solve_op
from rillet.ops.strided import strided_slice

Array = np.ndarray[Any, Any]


def _vectors(dims: Any, x: Spec, compute: bool) -> Spec:
    """The spec of vectors, which are empty where they are not asked for."""
    return Spec(dims if compute else (0,), x.dtype)


def _infer_eigh(a: Spec, compute_v: bool = True) -> tuple[Spec, Spec]:
    if a.shape is None:
        return a, a
    dims = square_dims("eigh", a)
    return Spec(dims[:-1], a.dtype), _vectors(dims, a, compute_v)


def _eigh(a: Array, compute_v: bool = True) -> tuple[Array, Array]:
    checked_square(a)
    empty = np.empty((0,), a.dtype)
    try:
        if compute_v:
            values, vectors = np.linalg.eigh(a, "L")
            return values.astype(a.dtype), np.ascontiguousarray(vectors, a.dtype)
        return np.linalg.eigvalsh(a, "L").astype(a.dtype), empty
    except np.linalg.LinAlgError:
        values = np.full(a.shape[:-1], np.nan, a.dtype)
        return values, np.full_like(a, np.nan) if compute_v else empty


def _gaps(values: Any) -> Any:
    """1 / (value j - value i) at row i and column j; 0 where they are equal."""
    differences = sub_op(as_rows(values), as_columns(values))
    return div_no_nan_op(number(values, 1), differences)


def _grad_eigh(gs: Any, ys: Any, a: Any, compute_v: bool = True) -> tuple[Any]:
    values, vectors = ys
    if not compute_v:
        values, vectors = eigh_op(a, compute_v=True)
    middle = mul_op(identity_like(a), as_rows(gs[0]))
    if compute_v:
        turned = product(vectors, gs[1], adjoint_a=True)
        middle = add_op(middle, mul_op(turned, _gaps(values)))
    whole = product(vectors, product(middle, vectors, adjoint_b=True))
    # Only the lower triangle was read: the upper one's part is folded onto it.
    return (mul_op(add_op(whole, adjoint_of(whole)), lower_half(a)),)


eigh_op: Op = define(
    "SelfAdjointEigV2",
    types=(MATRICES,),
    kernel=_eigh,
    infer=_infer_eigh,
    grad=_grad_eigh,
    attrs={"compute_v": True},
    outputs=2,
)


def _infer_eig(
    a: Spec, compute_v: bool = True, Tout: DType = dtypes.complex64
) -> tuple[Spec, Spec]:
    if a.shape is None:
        return Spec(None, Tout), Spec(None, Tout)
    dims = square_dims("eig", a)
    vectors = _vectors(dims, Spec(dims, Tout), compute_v)
    return Spec(dims[:-1], Tout), vectors


def _eig(
    a: Array, compute_v: bool = True, Tout: DType = dtypes.complex64
) -> tuple[Array, Array]:
    checked_square(a)
    out = Tout.numpy_dtype
    empty = np.empty((0,), out)
    try:
        if compute_v:
            values, vectors = np.linalg.eig(a)
            return values.astype(out), np.ascontiguousarray(vectors, out)
        return np.linalg.eigvals(a).astype(out), empty
    except np.linalg.LinAlgError:  # NaN or infinity in the matrix
        values = np.full(a.shape[:-1], np.nan, out)
        return values, np.full(a.shape, np.nan, out) if compute_v else empty


def _grad_eig(
    gs: Any,
    ys: Any,
    a: Any,
    compute_v: bool = True,
    Tout: DType = dtypes.complex64,
) -> tuple[Any]:
    values, vectors = ys
    if not compute_v:
        values, vectors = eig_op(a, compute_v=True, Tout=Tout)
    middle = mul_op(identity_like(vectors), as_rows(gs[0]))
    if compute_v:
        turned = product(vectors, gs[1], adjoint_a=True)
        kept = matrix_diag_part_op(turned, 0, number(turned, 0))
        real = mul_op(add_op(kept, conjugate(kept)), number(turned, 0.5))
        # Vectors are normalised: growth along themselves does not count.
        along = mul_op(product(vectors, vectors, adjoint_a=True), as_rows(real))
        gaps = conjugate(_gaps(values))
        middle = add_op(middle, mul_op(sub_op(turned, along), gaps))
    back = adjoint_of(vectors)
    return (cast(solve_op(back, product(middle, back)), a.dtype),)


eig_op: Op = define(
    "Eig",
    types=(MATRICES,),
    kernel=_eig,
    infer=_infer_eig,
    grad=_grad_eig,
    attrs={"compute_v": True, "Tout": dtypes.complex64},
    outputs=2,
)


def _infer_svd(
    a: Spec, compute_uv: bool = True, full_matrices: bool = False
) -> tuple[Spec, Spec, Spec]:
    kind = a.dtype.real_dtype if a.dtype.is_complex else a.dtype
    if a.shape is None:
        return Spec(None, kind), a, a
    *lead, m, n = matrix_dims("svd", a)
    k = None if m is None or n is None else min(m, n)
    u = (*lead, m, m if full_matrices else k)
    v = (*lead, n, n if full_matrices else k)
    return (
        Spec((*lead, k), kind),
        _vectors(u, a, compute_uv),
        _vectors(v, a, compute_uv),
    )


def _svd(
    a: Array, compute_uv: bool = True, full_matrices: bool = False
) -> tuple[Array, Array, Array]:
    specs = _infer_svd(
        Spec(a.shape, dtypes.as_dtype(a.dtype)), compute_uv, full_matrices
    )
    kind, empty = specs[0].dtype.numpy_dtype, np.empty((0,), a.dtype)
    try:
        if not compute_uv:
            s = np.linalg.svd(a, compute_uv=False)
            return s.astype(kind, copy=False), empty, empty
        u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
        v = np.swapaxes(vh, -1, -2).conj()
        return s.astype(kind, copy=False), _whole(u, a), _whole(v, a)
    except np.linalg.LinAlgError:  # NaN or infinity in the matrix
        s, u, v = [_unknown(x) for x in specs]
        return s, u, v


def _unknown(x: Spec) -> Array:
    """NaN in the shape of a result that does not exist."""
    sizes: Any = x.shape
    return np.full(sizes, np.nan, x.dtype.numpy_dtype)


def _whole(x: Array, like: Array) -> Array:
    return np.ascontiguousarray(x, like.dtype)


def _grad_svd(
    gs: Any, ys: Any, a: Any, compute_uv: bool = True, full_matrices: bool = False
) -> tuple[Any]:
    gs0 = cast(gs[0], a.dtype)
    m, n = static_dims(a)[-2:]
    if not compute_uv:
        _, u, v = svd_op(a, compute_uv=True, full_matrices=False)
        return (product(mul_op(u, as_rows(gs0)), v, adjoint_b=True),)
    if full_matrices and abs(m - n) > 1:
        raise NotImplementedError(
            "svd: the gradient is not defined where full_matrices=True and"
            f" abs(rows - columns) > 1: the matrix has {m} rows and {n} columns. Use"
            " full_matrices=False."
        )
    s, (_, u, v), (_, gu, gv) = cast(ys[0], a.dtype), ys, gs
    if m < n:  # the adjoint's decomposition has the roles of u and v exchanged
        return (adjoint_of(_grad_tall(gs0, gv, gu, s, v, u)),)
    return (_grad_tall(gs0, gu, gv, s, u, v),)


def _grad_tall(gs: Any, gu: Any, gv: Any, s: Any, u: Any, v: Any) -> Any:
    """The gradient of a = u·s·vᴴ with no fewer rows than columns.

    Inside the span of u: u · (F∘(uᴴgu - guᴴu)·s + s·F∘(vᴴgv - gvᴴv) + gs) · vᴴ, with
    F = 1/(sj² - si²); outside: (1 - u·uᴴ) · gu · s⁻¹ · vᴴ.
    """
    rows, k = static_dims(u)[-2], static_dims(s)[-1]
    extra = None
    if static_dims(u)[-1] > k:  # the full form has one column more
        extra = (_columns(u, k, rows), _columns(gu, k, rows))
        u, gu = _columns(u, 0, k), _columns(gu, 0, k)
    gaps = _gaps(mul_op(s, s))
    inverse = div_no_nan_op(number(s, 1), s)
    into_u, into_v = product(u, gu, adjoint_a=True), product(v, gv, adjoint_a=True)
    middle = add_op(
        mul_op(mul_op(sub_op(into_u, adjoint_of(into_u)), gaps), as_rows(s)),
        mul_op(mul_op(sub_op(into_v, adjoint_of(into_v)), gaps), as_columns(s)),
    )
    one = identity_like(middle)
    middle = add_op(middle, mul_op(one, as_rows(gs)))
    if s.dtype.is_complex:  # the phases that u and v share
        turn = matrix_diag_part_op(into_v, 0, number(s, 0))
        phase = mul_op(sub_op(conjugate(turn), turn), mul_op(inverse, number(s, 0.5)))
        middle = add_op(middle, mul_op(one, as_rows(phase)))
    found = product(u, product(middle, v, adjoint_b=True))
    if rows == k:
        return found
    outside = sub_op(gu, product(u, into_u))
    if extra is not None:
        column, g = extra
        outside = sub_op(outside, product(column, product(g, u, adjoint_a=True)))
    scaled = mul_op(outside, as_rows(inverse))
    return add_op(found, product(scaled, v, adjoint_b=True))


def _columns(x: Any, start: int, stop: int) -> Any:
    dims = static_dims(x)
    begin = [0] * (len(dims) - 1) + [start]
    return strided_slice(x, begin, [*dims[:-1], stop], [1] * len(dims))


svd_op: Op = define(
    "Svd",
    types=(MATRICES,),
    kernel=_svd,
    infer=_infer_svd,
    grad=_grad_svd,
    attrs={"compute_uv": True, "full_matrices": False},
    outputs=3,
)
