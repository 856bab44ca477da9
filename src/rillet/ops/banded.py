"""Banded triangular equations, and eigenvalues of tridiagonal matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import pack_op
from rillet.ops.complexes import real
from rillet.ops.diagonals import matrix_diag_op
from rillet.ops.elementwise import add_op, conjugate, mul_op, neg_op
from rillet.ops.gather import gather_op
from rillet.ops.host import plain
from rillet.ops.matrix_rules import (
    MATRICES,
    matrix_dims,
    number,
    refused,
    shifted_rows,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims, sum_op, sum_to
from rillet.ops.spectra import eigh_op

Array = np.ndarray[Any, Any]


def _infer_banded(
    bands: Spec, rhs: Spec, lower: bool = True, adjoint: bool = False
) -> Spec:
    if bands.shape is None or rhs.shape is None:
        return Spec(None, rhs.dtype)
    op = "banded_triangular_solve"
    dims, other = matrix_dims(op, bands), matrix_dims(op, rhs, 1)
    if dims[-1] != other[-2] and None not in (dims[-1], other[-2]):
        raise refused(
            op,
            "In[0] mismatch In[1] shape",
            f"bands have shape {list(dims)}, rhs {list(other)}",
        )
    return Spec((*broadcast_dims(op, dims[:-2], other[:-2]), *other[-2:]), rhs.dtype)


def _banded(
    bands: Array, rhs: Array, lower: bool = True, adjoint: bool = False
) -> Array:
    """Row after row: each is its right-hand side less what is known already."""
    if bands.ndim < 2 or rhs.ndim < 2 or bands.shape[-1] != rhs.shape[-2]:
        raise ValueError("shapes differ")
    count, n = bands.shape[-2:]
    main = 0 if lower else count - 1
    if n and not bands[..., main, :].all():
        raise refused(
            "banded_triangular_solve",
            "Input matrix is not invertible",
            "the main diagonal holds 0",
        )
    lead = np.broadcast_shapes(bands.shape[:-2], rhs.shape[:-2])
    x = np.array(np.broadcast_to(rhs, (*lead, *rhs.shape[-2:])))
    a = bands.conj() if adjoint and bands.dtype.kind == "c" else bands
    downward = lower != adjoint
    for i in range(n) if downward else range(n - 1, -1, -1):
        for k in range(1, count):
            j = i - k if downward else i + k
            if 0 <= j < n:
                row = max(i, j) if lower else min(i, j)
                at = k if lower else count - 1 - k
                x[..., i, :] -= a[..., at, row, None] * x[..., j, :]
        x[..., i, :] /= a[..., main, i, None]
    return x


def _grad_bands(
    g: Any, x: Any, bands: Any, rhs: Any, lower: bool = True, adjoint: bool = False
) -> Any:
    """Minus z · xᴴ (or x · zᴴ), of which only the bands count."""
    z = banded_op(bands, g, lower=lower, adjoint=not adjoint)
    left, right = (x, z) if adjoint else (z, x)
    count = static_dims(bands)[-2]
    rows = []
    for k in range(count):
        by = k if lower else -(count - 1 - k)
        moved = shifted_rows(right, by)
        rows.append(neg_op(sum_op(mul_op(left, conjugate(moved)), -1)))
    return sum_to(pack_op(rows, axis=-2), bands)


banded_op: Op = define(
    "BandedTriangularSolve",
    types=(MATRICES, 0),
    kernel=_banded,
    infer=_infer_banded,
    grad=(
        _grad_bands,
        lambda g, x, bands, rhs, lower=True, adjoint=False: sum_to(
            banded_op(bands, g, lower=lower, adjoint=not adjoint), rhs
        ),
    ),
    attrs={"lower": True, "adjoint": False},
)


def banded_triangular_solve(
    bands: Any,
    rhs: Any,
    lower: bool = True,
    adjoint: bool = False,
    name: str | None = None,
) -> Tensor:
    """The x of a · x = rhs, for triangular matrices `a` with few diagonals.

    Args:
        bands: ``(..., bands, n)``. For lower matrices row k holds the k-th subdiagonal,
            element i that of row i; for upper ones the last row holds the main
            diagonal, the one before it the first superdiagonal.
        rhs: ``(..., n, k)`` of the same type; leading sizes broadcast.
        lower: whether the matrices are lower triangular, else upper.
        adjoint: solve with the conjugate transposes instead.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        InvalidArgumentError: where a matrix is singular, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> bands = [[2., 1.], [0., 1.]]
        >>> tf.linalg.banded_triangular_solve(bands, [[2.], [3.]]).numpy().tolist()
        [[1.0], [2.0]]
    """
    return banded_op(bands, rhs, lower=bool(lower), adjoint=bool(adjoint))


def eigh_tridiagonal(
    alpha: Any,
    beta: Any,
    eigvals_only: bool = True,
    select: str = "a",
    select_range: Any = None,
    tol: Any = None,
    name: str | None = None,
) -> Any:
    """The eigenvalues of self-adjoint tridiagonal matrices.

    Args:
        alpha: the main diagonals ``(n,)``; of complex ones the real part.
        beta: the superdiagonals ``(n - 1,)`` of the same type.
        eigvals_only: leave out the eigenvectors.
        select: "a" for all, "i" for those numbered, "v" for those within an interval.
        select_range: the first and last number, or the interval's ends (the first
            excluded).
        tol: ignored; values are as exact as the type allows.
        name: ignored when eager.

    Returns:
        Eigenvalues, the smallest first; without `eigvals_only` the eigenvectors too,
        as columns.

    Raises:
        ValueError: where `select` is unknown.
        InvalidArgumentError: where sizes do not fit, or the range is empty.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.eigh_tridiagonal([1., 1.], [2.]).numpy().round(4).tolist()
        [-1.0, 3.0]
    """
    if select not in ("a", "i", "v"):
        raise ValueError(
            house_message(
                "eigh_tridiagonal",
                "'select' must have a value in {'a', 'i', 'v'}",
                f"got {select!r}",
            )
        )
    main = to_tensor(alpha)
    above = to_tensor(beta, hint=main.dtype)
    n = static_dims(main)[-1]
    if static_dims(above)[-1] != max(n - 1, 0):
        raise _refused(
            "beta has one element less than alpha (Incompatible shapes)",
            f"alpha has {n}, beta {static_dims(above)[-1]}",
        )
    values, vectors = eigh_op(_dense(main, above, n), compute_v=not eigvals_only)
    values = real(values) if values.dtype.is_complex else values
    chosen = _chosen(select, select_range, values, n)
    if chosen is not None:
        values = gather_op(values, chosen, 0)
        vectors = vectors if eigvals_only else gather_op(vectors, chosen, 1)
    return values if eigvals_only else (values, vectors)


def _dense(main: Any, above: Any, n: int) -> Any:
    zero = number(main, 0)
    middle = add_op(main, conjugate(main))
    middle = mul_op(middle, number(main, 0.5))
    whole = matrix_diag_op(middle, 0, n, n, zero)
    if n < 2:
        return whole
    return add_op(whole, matrix_diag_op(conjugate(above), -1, n, n, zero))


def _refused(rule: str, values: str) -> InvalidArgumentError:
    return InvalidArgumentError(house_message("eigh_tridiagonal", rule, values))


def _chosen(select: str, select_range: Any, values: Any, n: int) -> Any:
    """The numbers of the eigenvalues asked for; None for all."""
    if select == "a":
        return None
    if select_range is None or len(select_range) != 2:
        raise ValueError(
            house_message(
                "eigh_tridiagonal",
                "select_range must have 2 elements",
                f"got {select_range}",
            )
        )
    first, last = [plain(to_tensor(end))[()] for end in select_range]
    if select == "i":
        if first > last:
            raise _refused("Got empty index range in select_range", f"{select_range}")
        if first < 0 or last >= n:
            raise _refused(
                "select_range lies outside the eigenvalues' numbers",
                f"{select_range} for {n} eigenvalues",
            )
        return np.arange(int(first), int(last) + 1, dtype=np.int32)
    if not first < last:
        raise _refused("Got empty interval in select_range", f"{select_range}")
    found = plain(values)
    return np.flatnonzero((found > first) & (found <= last)).astype(np.int32)
