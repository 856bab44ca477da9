"""LAPACK and BLAS routines that NumPy does not offer: trsm, getrf, gees.

In flow stacks of NumPy matrices, out flow new arrays; called by the kernels of linear
algebra. The library is the OpenBLAS that `ops.openblas` loads, on one thread.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.ops.openblas import (
    CONJUGATE_TRANSPOSE,
    NO_TRANSPOSE,
    PREFIX,
    ROW_MAJOR,
    address,
    library,
    routines,
)

Array = np.ndarray[Any, Any]

_LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}
_LEFT, _UPPER, _LOWER, _NON_UNIT = 141, 121, 122, 131
_int = ctypes.c_int


@functools.cache
def _entry(name: str) -> Callable[..., int]:
    found = getattr(library(), PREFIX + name)
    found.restype = ctypes.c_int
    return found


@functools.cache
def _one(dtype: np.dtype[Any]) -> Any:
    return routines(dtype).one


def solve_triangular(a: Array, b: Array, lower: bool, adjoint: bool) -> Array:
    """Solves a · x = b, or aᴴ · x = b, for stacks of triangular matrices.

    Args:
        a: `(..., n, n)`; the other triangle is not read.
        b: `(..., n, k)` of the same dtype and leading sizes.
        lower: whether the lower triangle of `a` holds it.
        adjoint: use the conjugate transpose of `a`.

    Returns:
        `(..., n, k)`.
    """
    x = np.array(b, order="C")
    if not x.size:
        return x
    a = np.ascontiguousarray(a)
    n, k = x.shape[-2:]
    trsm = _entry(f"cblas_{_LETTERS[a.dtype.name]}trsm")
    side = _LOWER if lower else _UPPER
    flag = CONJUGATE_TRANSPOSE if adjoint else NO_TRANSPOSE
    for matrix, values in zip(a.reshape(-1, n, n), x.reshape(-1, n, k), strict=True):
        trsm(
            ROW_MAJOR, _LEFT, side, flag, _NON_UNIT, _int(n), _int(k), _one(a.dtype),
            address(matrix), _int(n), address(values), _int(k),
        )  # fmt: skip
    return x


def factor_lu(a: Array) -> tuple[Array, Array, bool]:
    """Factors stacks of square matrices with partial pivoting.

    Args:
        a: `(..., n, n)`.

    Returns:
        Both factors packed in one array, row permutations `(..., n)` (row i of the
        product of factors is row p[i] of `a`), and whether a pivot was zero.
    """
    packed = np.array(a, order="C")
    n = a.shape[-1]
    orders = np.empty(a.shape[:-1], np.int64)
    singular = False
    if not packed.size:
        return packed, orders, singular
    getrf = _entry(f"LAPACKE_{_LETTERS[a.dtype.name]}getrf")
    swaps = np.empty(n, np.int32)
    for matrix, order in zip(
        packed.reshape(-1, n, n), orders.reshape(-1, n), strict=True
    ):
        status = getrf(
            ROW_MAJOR, _int(n), _int(n), address(matrix), _int(n), address(swaps)
        )
        singular = singular or status > 0
        order[:] = np.arange(n)
        for i, j in enumerate(swaps.tolist()):
            if j - 1 != i:
                order[[i, j - 1]] = order[[j - 1, i]]
    return packed, orders, singular


def schur(a: Array) -> tuple[Array, Array]:
    """The complex Schur form a = z · t · zᴴ of stacks of square matrices.

    Args:
        a: `(..., n, n)` of complex128.

    Returns:
        Upper triangular `t` and unitary `z`; NaN where LAPACK finds none.
    """
    form = np.array(a, order="C")
    z = np.empty_like(form)
    if not form.size:
        return form, z
    n = a.shape[-1]
    gees = _entry("LAPACKE_zgees")
    values, sorted_count = np.empty(n, np.complex128), _int(0)
    for t, u in zip(form.reshape(-1, n, n), z.reshape(-1, n, n), strict=True):
        status = -1
        if np.isfinite(t).all():
            status = gees(
                ROW_MAJOR, ctypes.c_char(b"V"), ctypes.c_char(b"N"), None, _int(n),
                address(t), _int(n), ctypes.byref(sorted_count), address(values),
                address(u), _int(n),
            )  # fmt: skip
        if status:
            t[...] = np.nan
            u[...] = np.nan
    return form, z
