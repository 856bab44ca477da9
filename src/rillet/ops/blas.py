"""Matrix products: every one that rillet computes outside native programs.

In flow NumPy arrays of any strides and numeric dtype; out flow new arrays (or
`out`, filled). Callers are the kernels of `MatMul`, `BatchMatMulV2`, `Einsum`, the
convolutions and the decompositions. Real and complex products go to OpenBLAS (`ops.
openblas`), on one thread, or in tiles over `core.threads` where they are large;
half precisions are computed in float32; integers exactly, with wrap-around.

Kernels refuse with ValueError or TypeError; the ops above word the public errors.
"""

from __future__ import annotations

import ctypes
import math
from typing import Final

import numpy as np

from rillet.ops.gemm import (
    DIRECT,
    HELD_WORK,
    ROUTINES,
    STACKED_WORK,
    bind,
    fill,
    fill_stack,
    is_target,
)
from rillet.ops.openblas import DATA_OFFSET, config, corename, thread_count

__all__ = ["batch_matmul", "config", "corename", "matmul", "thread_count"]

_READY: Final = 0x101  # NumPy's flag bits: C-contiguous and aligned
_DATA: Final = DATA_OFFSET
_empty: Final = np.empty
_at: Final = ctypes.c_void_p.from_address
_SMALL_INTEGER_WORK: Final = 1 << 12
_EXACT_TERMS: Final = 1 << 21

_BLAS_NAMES: Final = ("float32", "float64", "complex64", "complex128")


def matmul(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    out: np.ndarray | None = None,
    *,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    accumulate: bool = False,
) -> np.ndarray:
    """Returns the product of two matrices.

    Args:
      a: `(m, k)`, or `(k, m)` if transposed; any strides.
      b: `(k, n)`, or `(n, k)` if transposed; of a's dtype.
      transpose_a: use a's transpose.
      transpose_b: use b's transpose.
      out: `(m, n)` of the same dtype, filled and returned; it must not overlap
        a or b.
      adjoint_a: use a's conjugate transpose.
      adjoint_b: use b's conjugate transpose.
      accumulate: add to `out` instead of overwriting it.

    Returns:
      `(m, n)`, of a's dtype.

    Raises:
      ValueError: not two matrices, or the inner dimensions differ.
      TypeError: the dtypes differ or are not numeric.

    Example:
      >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
      array([[11.]])
    """
    if out is None and not (adjoint_a or adjoint_b or accumulate):
        return product(a, b, transpose_a, transpose_b)
    return _general(
        a,
        b,
        (transpose_a or adjoint_a, adjoint_a),
        (transpose_b or adjoint_b, adjoint_b),
        out,
        accumulate,
    )


def product(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> np.ndarray:
    """`matmul` by the shortest way for two small matrices that lie row by row.

    Args:
      a: `(m, k)`, or `(k, m)` if transposed; any strides.
      b: `(k, n)`, or `(n, k)` if transposed; of a's dtype.
      transpose_a: use a's transpose.
      transpose_b: use b's transpose.

    Returns:
      `(m, n)`, of a's dtype.

    Raises:
      ValueError: not two matrices, or the inner dimensions differ.
      TypeError: the dtypes differ or are not numeric.

    Example:
      >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
      array([[11.]])
    """
    use = DIRECT.get(a.dtype)
    if use is None or b.dtype is not a.dtype or a.ndim != 2 or b.ndim != 2:
        return _plain(a, b, transpose_a, transpose_b)
    rows, wide_a = a.shape
    inner, wide_b = b.shape
    m, k, flag_a = (wide_a, rows, 112) if transpose_a else (rows, wide_a, 111)
    n, inner, flag_b = (inner, wide_b, 112) if transpose_b else (wide_b, inner, 111)
    if (
        k != inner
        or not 0 < m * n * k <= HELD_WORK
        or a.flags.num & b.flags.num & _READY != _READY
    ):
        return _plain(a, b, transpose_a, transpose_b)
    out = _empty((m, n), a.dtype)
    at_a, at_b, at_out = _at(id(a) + _DATA), _at(id(b) + _DATA), _at(id(out) + _DATA)
    if n == 1:
        use.held_gemv(
            101,
            flag_a,
            rows,
            wide_a,
            use.one,
            at_a,
            wide_a,
            at_b,
            1,
            use.zero,
            at_out,
            1,
        )
    else:
        use.held_gemm(
            101, flag_a, flag_b, m, n, k,
            use.one, at_a, wide_a, at_b, wide_b, use.zero, at_out, n,
        )  # fmt: skip
    return out


def _plain(
    a: np.ndarray, b: np.ndarray, transpose_a: bool, transpose_b: bool
) -> np.ndarray:
    return _general(a, b, (transpose_a, False), (transpose_b, False), None, False)


def batch_matmul(
    a: np.ndarray,
    b: np.ndarray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    *,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
) -> np.ndarray:
    """Returns the products of two stacks of matrices, leading dimensions broadcast.

    Args:
      a: `(..., m, k)`, or `(..., k, m)` if transposed; any strides.
      b: `(..., k, n)`, or `(..., n, k)` if transposed; of a's dtype.
      transpose_a: use the transposes of a's matrices.
      transpose_b: use the transposes of b's matrices.
      adjoint_a: use the conjugate transposes of a's matrices.
      adjoint_b: use the conjugate transposes of b's matrices.

    Returns:
      `(..., m, n)`, of a's dtype.

    Raises:
      ValueError: fewer than two dimensions, or shapes that do not fit.
      TypeError: the dtypes differ or are not numeric.

    Example:
      >>> batch_matmul(np.ones((3, 1, 2, 4)), np.ones((5, 4, 6))).shape
      (3, 5, 2, 6)
    """
    if a.ndim == 2 and b.ndim == 2:
        return matmul(
            a, b, transpose_a, transpose_b, adjoint_a=adjoint_a, adjoint_b=adjoint_b
        )
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(
            "matmul: each input needs at least 2 dimensions: a has shape "
            f"{a.shape}, b has shape {b.shape}; add dimensions of size 1"
        )
    left = a.swapaxes(-1, -2) if transpose_a or adjoint_a else a
    right = b.swapaxes(-1, -2) if transpose_b or adjoint_b else b
    if adjoint_a and a.dtype.kind == "c":
        left = left.conj()
    if adjoint_b and b.dtype.kind == "c":
        right = right.conj()
    k = _inner_extent(left, right)
    if left.ndim > 2 and right.ndim == 2:
        # One product of all the rows: right is read once, not once a matrix.
        rows = matmul(left.reshape(-1, k) if k else left.reshape(_rows(left), 0), right)
        return rows.reshape(*left.shape[:-1], right.shape[1])
    leading = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    result = np.empty((*leading, left.shape[-2], right.shape[-1]), a.dtype)
    _prepare(a, b)
    _fill_stack(
        np.broadcast_to(left, (*leading, *left.shape[-2:])),
        np.broadcast_to(right, (*leading, *right.shape[-2:])),
        result,
    )
    return result


def _rows(stack: np.ndarray) -> int:
    return math.prod(stack.shape[:-1])


def _fill_stack(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """Multiplies stacks whose leading dimensions are equal."""
    if out.size == 0 or left.shape[-1] == 0:
        out.fill(0)
        return
    use = ROUTINES.get(out.dtype)
    work = left.shape[-2] * left.shape[-1] * right.shape[-1]
    if use is None or work >= STACKED_WORK:
        for index in np.ndindex(out.shape[:-2]):
            _general(left[index], right[index], _PLAIN, _PLAIN, out[index], False)
        return
    try:
        flat = [
            np.reshape(stack, (-1, *stack.shape[-2:]), copy=False)
            for stack in (left, right, out)
        ]
    except ValueError:  # broadcast along some of the dimensions only
        for i in range(len(out)):
            _fill_stack(left[i], right[i], out[i])
        return
    fill_stack(use, *flat)


def _inner_extent(left: np.ndarray, right: np.ndarray) -> int:
    k: int = left.shape[-1]
    if right.shape[-2] != k:
        raise ValueError(
            f"matmul: inner dimensions differ: {left.shape} times {right.shape} (after "
            f"transposition); the first's last dimension, {k}, must equal the second's "
            f"last but one, {right.shape[-2]}"
        )
    return k


def _prepare(a: np.ndarray, b: np.ndarray) -> None:
    """Checks the dtypes and binds BLAS for them."""
    if a.dtype == b.dtype and a.dtype in ROUTINES:
        return
    if a.dtype != b.dtype:
        raise TypeError(
            f"matmul: dtypes differ: a is {a.dtype}, b is {b.dtype}; cast one of them"
        )
    if a.dtype.kind not in "iufcV" or a.dtype.names is not None:
        raise TypeError(f"matmul: {a.dtype} is not numeric; cast it to float32")
    if a.dtype.name in _BLAS_NAMES and a.dtype.isnative:
        bind(a.dtype)


_Mode = tuple[bool, bool]  # transposed, conjugated
_PLAIN: Final = (False, False)


def _general(
    a: np.ndarray,
    b: np.ndarray,
    mode_a: _Mode,
    mode_b: _Mode,
    out: np.ndarray | None,
    accumulate: bool,
) -> np.ndarray:
    """The product of any two matrices: checks, then the road for its dtype."""
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(
            f"matmul: both inputs must be matrices: a has shape {a.shape}, b has "
            f"shape {b.shape}; use batch_matmul for stacks"
        )
    left = a.T if mode_a[0] else a
    right = b.T if mode_b[0] else b
    k = _inner_extent(left, right)
    _prepare(a, b)
    shape = (left.shape[0], right.shape[1])
    if out is None:
        out = np.empty(shape, a.dtype)
        accumulate = False
    elif out.shape != shape or out.dtype != a.dtype:
        raise ValueError(
            f"matmul: out must be {a.dtype} of shape {shape}: got {out.dtype} of "
            f"shape {out.shape}"
        )
    if k == 0 or out.size == 0:
        if not accumulate:
            out.fill(0)
        return out
    use = ROUTINES.get(a.dtype)
    if use is None:
        product = _other_dtype(left, right)
    elif is_target(out, use.itemsize):
        fill(use, left, right, mode_a[1], mode_b[1], out, accumulate)
        return out
    else:
        product = np.empty(shape, a.dtype)
        fill(use, left, right, mode_a[1], mode_b[1], product, False)
    if accumulate:
        np.add(out, product, out=out)
    else:
        out[...] = product
    return out


def _other_dtype(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The product of matrices in a dtype that BLAS does not know."""
    dtype = left.dtype
    if not dtype.isnative:
        native = dtype.newbyteorder("=")
        return matmul(left.astype(native), right.astype(native)).astype(dtype)
    if dtype.kind in "iu":
        return _integer_product(left, right)
    with np.errstate(over="ignore", invalid="ignore"):
        return matmul(left.astype(np.float32), right.astype(np.float32)).astype(dtype)


def _integer_product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The exact product of integers modulo two to their width.

    Small products are summed as they stand. Larger ones are cut into limbs of 16 bits,
    whose products BLAS adds without rounding in float64: 2**21 of them stay
    below 2**53.
    """
    m, k = left.shape
    n = right.shape[1]
    if m * n * k <= _SMALL_INTEGER_WORK:
        terms = left[:, :, np.newaxis] * right
        summed: np.ndarray = np.add.reduce(terms, axis=1, dtype=left.dtype)
        return summed
    width = left.dtype.itemsize * 8
    limbs = max(1, width // 16)
    total = np.zeros((m, n), np.uint64)
    for start in range(0, k, _EXACT_TERMS):
        a = _limbs(left[:, start : start + _EXACT_TERMS], limbs)
        b = _limbs(right[start : start + _EXACT_TERMS], limbs)
        for i in range(limbs):
            for j in range(limbs - i):
                part = matmul(a[i], b[j]).astype(np.uint64)
                total += part << np.uint64(16 * (i + j))
    return total.astype(left.dtype)


def _limbs(matrix: np.ndarray, count: int) -> list[np.ndarray]:
    """Cuts integers, as their two's complement, into 16 bits each, lowest first."""
    unsigned = matrix.astype(f"u{matrix.dtype.itemsize}")
    mask = 0xFFFF if matrix.dtype.itemsize > 1 else 0xFF
    return [((unsigned >> (16 * i)) & mask).astype(np.float64) for i in range(count)]
