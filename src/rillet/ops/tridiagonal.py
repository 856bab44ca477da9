"""Tridiagonal matrices: products and solutions of linear equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import concat_op, pack_op, unpack_op
from rillet.ops.diagonals import matrix_diag_part_op
from rillet.ops.dispatch import matched
from rillet.ops.elementwise import add_op, conjugate, mul_op, neg_op
from rillet.ops.matrix_rules import (
    MATRICES,
    adjoint_of,
    number,
    refused,
    shifted_rows,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import reshape_op, static_dims, sum_op
from rillet.ops.transposes import transpose_op

Array = np.ndarray[Any, Any]


def _infer_product(upper: Spec, main: Spec, lower: Spec, rhs: Spec) -> Spec:
    op = "tridiagonal_matmul"
    if rhs.shape is None:
        return rhs
    names = ("superdiagonal", "maindiagonal", "subdiagonal")
    for name, x in zip(names, (upper, main, lower), strict=True):
        if x.shape is None:
            continue
        if len(x.shape) != len(rhs.shape):
            raise refused(
                op,
                "All input tensors must have the same rank",
                f"the {name} has shape {x.shape}, rhs {rhs.shape}",
            )
        want = (*rhs.shape[:-2], 1, rhs.shape[-2])
        if x.shape != want and None not in (*x.shape, *want):
            raise refused(
                op, f"Invalid {name} shape", f"{x.shape} for rhs of shape {rhs.shape}"
            )
    return rhs


def _product(upper: Array, main: Array, lower: Array, rhs: Array) -> Array:
    want = (*rhs.shape[:-2], 1, rhs.shape[-2]) if rhs.ndim > 1 else ()
    if not upper.shape == main.shape == lower.shape == want:
        raise ValueError("the diagonals' shapes differ")
    u, m, w = [np.swapaxes(x, -1, -2) for x in (upper, main, lower)]
    out = m * rhs
    out[..., :-1, :] += u[..., :-1, :] * rhs[..., 1:, :]
    out[..., 1:, :] += w[..., 1:, :] * rhs[..., :-1, :]
    return out


def _to_diagonal(g: Any, b: Any) -> Any:
    """g · b̄ summed over right-hand sides, as ``(..., 1, n)``."""
    total = sum_op(mul_op(g, conjugate(b)), -1, keep_dims=False)
    dims = static_dims(total)
    return reshape_op(total, (*dims[:-1], 1, dims[-1]))


def _product_adjoint(g: Any, z: Any, upper: Any, main: Any, lower: Any, b: Any) -> Any:
    """The adjoint matrix times g: diagonals trade places, shifted by one row."""
    u, m, w = [adjoint_of(x) for x in (upper, main, lower)]
    from_below = shifted_rows(mul_op(w, g), -1)
    from_above = shifted_rows(mul_op(u, g), 1)
    return add_op(add_op(mul_op(m, g), from_below), from_above)


tridiagonal_matmul_op: Op = define(
    "TridiagonalMatMul",
    types=(MATRICES, 0, 0, 0),
    kernel=_product,
    infer=_infer_product,
    grad=(
        lambda g, z, u, m, w, b: _to_diagonal(g, shifted_rows(b, -1)),
        lambda g, z, u, m, w, b: _to_diagonal(g, b),
        lambda g, z, u, m, w, b: _to_diagonal(g, shifted_rows(b, 1)),
        _product_adjoint,
    ),
)


def _diagonals(op: str, diagonals: Any, form: str) -> Any:
    """The compact form ``(..., 3, n)``: super-, main and subdiagonal."""
    if form == "compact":
        return to_tensor(diagonals)
    if form == "sequence":
        if not isinstance(diagonals, list | tuple) or len(diagonals) != 3:
            raise ValueError(
                house_message(op, "Expected diagonals to be a sequence of length 3")
            )
        upper, main, lower = [to_tensor(x) for x in diagonals]
        n = static_dims(main)[-1]
        upper = _padded(op, upper, n, True)
        lower = _padded(op, lower, n, False)
        return pack_op([upper, main, lower], axis=-2)
    if form == "matrix":
        x = to_tensor(diagonals)
        dims = static_dims(x)
        if len(dims) < 2 or dims[-1] != dims[-2]:
            raise ValueError(
                house_message(
                    op,
                    "Expected last two dimensions of diagonals to be same",
                    f"got {list(dims)}",
                )
            )
        if dims[-1] == 1:
            zeros = mul_op(x, number(x, 0))
            return concat_op([zeros, x, zeros], -2)
        pad = number(x, 0)
        return matrix_diag_part_op(x, (-1, 1), pad, align="LEFT_RIGHT")
    raise ValueError(house_message(op, f"Unrecognized diagonals_format: {form}"))


def _padded(op: str, x: Any, n: int, at_end: bool) -> Any:
    dims = static_dims(x)
    if dims[-1] == n:
        return x
    if dims[-1] != n - 1:
        raise ValueError(
            house_message(
                op,
                f"Expected the diagonal to be of length {n - 1} or {n}",
                f"got {dims[-1]}",
            )
        )
    zeros = np.zeros((*dims[:-1], 1), x.dtype.numpy_dtype)
    return concat_op([x, zeros] if at_end else [zeros, x], -1)


def tridiagonal_matmul(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    name: str | None = None,
) -> Tensor:
    """The product of tridiagonal matrices and `rhs`.

    Args:
        diagonals: with "compact" ``(..., 3, n)``: the super-, main and subdiagonal,
            the first's last and the last's first element ignored; with "sequence" the
            three apart; with "matrix" ``(..., n, n)``.
        rhs: ``(..., n, k)`` of the same type.
        diagonals_format: "compact", "sequence" or "matrix".
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        ValueError: where the format is unknown.
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> diagonals = [[1., 0.], [2., 2.], [0., 1.]]
        >>> tf.linalg.tridiagonal_matmul(diagonals, [[1.], [1.]]).numpy().tolist()
        [[3.0], [3.0]]
    """
    band = _diagonals("tridiagonal_matmul", diagonals, diagonals_format)
    band, b = matched(tridiagonal_matmul_op, band, rhs)
    parts = unpack_op(band, num=static_dims(band)[-2], axis=-2)
    rows = [reshape_op(x, (*static_dims(x)[:-1], 1, static_dims(x)[-1])) for x in parts]
    return tridiagonal_matmul_op(*rows, b)


def _infer_solve(
    diagonals: Spec,
    rhs: Spec,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Spec:
    if diagonals.shape is None or rhs.shape is None:
        return rhs
    op = "tridiagonal_solve"
    if len(diagonals.shape) < 2 or diagonals.shape[-2] not in (3, None):
        raise refused(op, "Expected 3 diagonals", f"got shape {diagonals.shape}")
    want = (*diagonals.shape[:-2], diagonals.shape[-1])
    if len(rhs.shape) != len(diagonals.shape) or (
        rhs.shape[:-1] != want and None not in (*rhs.shape[:-1], *want)
    ):
        raise refused(
            op,
            "Expected number of left-hand sided and right-hand sides to be equal",
            f"diagonals have shape {diagonals.shape}, rhs {rhs.shape}",
        )
    return rhs


def _solve(
    diagonals: Array,
    rhs: Array,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Array:
    """Gauss's elimination over whole stacks; a pivot of 0 gives NaN everywhere."""
    if diagonals.shape[-2:-1] != (3,) or rhs.shape[:-1] != (
        *diagonals.shape[:-2],
        diagonals.shape[-1],
    ):
        raise ValueError("shapes differ")
    n = diagonals.shape[-1]
    upper, main, lower = [diagonals[..., i, :].copy() for i in range(3)]
    if n:
        upper[..., -1] = lower[..., 0] = 0
    second, x = np.zeros_like(upper), rhs.copy()
    tiny = np.finfo(main.dtype).tiny * 4 if perturb_singular else 0
    for i in range(n - 1):
        if partial_pivoting:
            _exchange(i, upper, main, lower, second, x)
        _perturb(main, i, tiny)
        factor = lower[..., i + 1] / main[..., i]
        main[..., i + 1] -= factor * upper[..., i]
        upper[..., i + 1] -= factor * second[..., i]
        x[..., i + 1, :] -= factor[..., None] * x[..., i, :]
    if n:
        _perturb(main, n - 1, tiny)
    singular = (main == 0).any(axis=-1)
    for i in range(n - 1, -1, -1):
        if i + 1 < n:
            x[..., i, :] -= upper[..., i, None] * x[..., i + 1, :]
        if i + 2 < n:
            x[..., i, :] -= second[..., i, None] * x[..., i + 2, :]
        x[..., i, :] /= main[..., i, None]
    x[singular] = np.nan
    return x


def _perturb(main: Array, i: int, tiny: Any) -> None:
    if tiny:
        main[..., i] = np.where(main[..., i] == 0, tiny, main[..., i])


def _exchange(
    i: int, upper: Array, main: Array, lower: Array, second: Array, x: Array
) -> None:
    """Exchange rows i and i + 1 where the lower one's pivot is greater."""
    swap = np.abs(lower[..., i + 1]) > np.abs(main[..., i])
    if not swap.any():
        return
    pairs = (
        (main[..., i], lower[..., i + 1]),
        (upper[..., i], main[..., i + 1]),
        (second[..., i], upper[..., i + 1]),
    )
    for a, b in pairs:
        kept = a.copy()
        a[...] = np.where(swap, b, a)
        b[...] = np.where(swap, kept, b)
    kept = x[..., i, :].copy()
    mask = swap[..., None]
    x[..., i, :] = np.where(mask, x[..., i + 1, :], x[..., i, :])
    x[..., i + 1, :] = np.where(mask, kept, x[..., i + 1, :])


def _transposed(diagonals: Any) -> Any:
    """The diagonals of the adjoint matrix."""
    upper, main, lower = unpack_op(diagonals, num=3, axis=-2)
    column = [reshape_op(x, (*static_dims(x), 1)) for x in (upper, lower)]
    up, low = shifted_rows(column[1], -1), shifted_rows(column[0], 1)
    n = static_dims(main)
    parts = [reshape_op(up, n), main, reshape_op(low, n)]
    return conjugate(pack_op(parts, axis=-2))


def _grad_rhs(g: Any, x: Any, diagonals: Any, rhs: Any, **attrs: Any) -> Any:
    return tridiagonal_solve_op(_transposed(diagonals), g, **attrs)


def _grad_diagonals(g: Any, x: Any, diagonals: Any, rhs: Any, **attrs: Any) -> Any:
    z = neg_op(_grad_rhs(g, x, diagonals, rhs, **attrs))
    beside = (shifted_rows(x, -1), x, shifted_rows(x, 1))
    parts = [sum_op(mul_op(z, conjugate(b)), -1, keep_dims=False) for b in beside]
    return pack_op(parts, axis=-2)


tridiagonal_solve_op: Op = define(
    "TridiagonalSolve",
    types=(MATRICES, 0),
    kernel=_solve,
    infer=_infer_solve,
    grad=(_grad_diagonals, _grad_rhs),
    attrs={"partial_pivoting": True, "perturb_singular": False},
)


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
    perturb_singular: bool = False,
) -> Tensor:
    """The x of a · x = rhs, for tridiagonal matrices `a`.

    Args:
        diagonals: the matrices, as with `tf.linalg.tridiagonal_matmul`.
        rhs: ``(..., n, k)`` of the same type, or ``(..., n)``.
        diagonals_format: "compact", "sequence" or "matrix".
        transpose_rhs: whether `rhs` is ``(..., k, n)``.
        conjugate_rhs: use the conjugate of `rhs`.
        name: ignored when eager.
        partial_pivoting: exchange rows where that is more accurate.
        perturb_singular: replace pivots of 0 by tiny ones.

    Returns:
        A tensor ``(..., n, k)``, or ``(..., n)``; NaN where a matrix is singular.

    Raises:
        ValueError: where the format is unknown, or shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> diagonals = [[1., 0.], [2., 2.], [0., 1.]]
        >>> tf.linalg.tridiagonal_solve(diagonals, [3., 3.]).numpy().tolist()
        [1.0, 1.0]
    """
    if perturb_singular and not partial_pivoting:
        raise ValueError(
            house_message(
                "tridiagonal_solve",
                "partial_pivoting must be True if perturb_singular is True",
            )
        )
    band = _diagonals("tridiagonal_solve", diagonals, diagonals_format)
    band, b = matched(tridiagonal_solve_op, band, rhs)
    vector = len(static_dims(b)) == len(static_dims(band)) - 1
    if conjugate_rhs:
        b = conjugate(b)
    if vector:
        b = reshape_op(b, (*static_dims(b), 1))
    elif transpose_rhs:
        b = _turned(b)
    try:
        x = tridiagonal_solve_op(
            band,
            b,
            partial_pivoting=bool(partial_pivoting),
            perturb_singular=bool(perturb_singular),
        )
    except InvalidArgumentError as error:
        raise ValueError(str(error)) from None
    if vector:
        return reshape_op(x, static_dims(x)[:-1])
    return x


def _turned(x: Any) -> Any:
    rank = len(static_dims(x))
    return transpose_op(x, (*range(rank - 2), rank - 1, rank - 2))
