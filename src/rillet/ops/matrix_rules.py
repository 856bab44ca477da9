"""What ops of linear algebra share: shape rules, products, masks of diagonals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import Dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import pad_op, slice_op
from rillet.ops.products import batch_matmul_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import conjugate_transpose_op, transpose_op

Array = np.ndarray[Any, Any]

#: The types that LAPACK knows.
MATRICES = type_set(dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def refused(op: str, rule: str, values: str = "", fix: str = "") -> Exception:
    """The error for matrices that an op does not take."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def matrix_dims(op: str, x: Spec, index: int = 0) -> Dims:
    """The sizes of a stack of matrices.

    Raises:
        InvalidArgumentError: where the rank is below 2.
    """
    dims = x.shape or ()
    if len(dims) < 2:
        raise refused(
            op,
            f"Input tensor {index} must have rank >= 2, got {len(dims)}",
            f"its shape is {list(dims)}",
            "Matrices are the last two axes",
        )
    return dims


def square_dims(op: str, x: Spec, rule: str = "Input matrix must be square") -> Dims:
    """The sizes of a stack of square matrices.

    Raises:
        InvalidArgumentError: where it is none.
    """
    dims = matrix_dims(op, x)
    if dims[-1] != dims[-2] and None not in dims[-2:]:
        raise refused(op, rule, f"its shape is {list(dims)}")
    return dims


def infer_square(op: str) -> Callable[..., Spec]:
    """The rule of ops from square matrices to matrices of the same shape."""

    def infer(x: Spec, *rest: Any, **attrs: Any) -> Spec:
        if x.shape is not None:
            square_dims(op, x)
        return x

    return infer


def checked_square(x: Array) -> Array:
    """`x` where it is a stack of square matrices; `infer` words the error else."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError("not square matrices")
    return x


def wide(x: Array) -> Array:
    """float16 as float32, other types as they are."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def product(a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False) -> Any:
    """The matrix product of two stacks."""
    return batch_matmul_op(a, b, adj_x=adjoint_a, adj_y=adjoint_b)


def adjoint_of(x: Any) -> Any:
    """The conjugate transposes of a stack of matrices."""
    rank = len(static_dims(x))
    order = (*range(rank - 2), rank - 1, rank - 2)
    swap = conjugate_transpose_op if x.dtype.is_complex else transpose_op
    return swap(x, order)


def as_rows(x: Any) -> Any:
    """Vectors ``(..., n)`` as ``(..., 1, n)``, to multiply the columns of matrices."""
    dims = static_dims(x)
    return reshape_op(x, (*dims[:-1], 1, dims[-1]))


def as_columns(x: Any) -> Any:
    """Vectors ``(..., n)`` as ``(..., n, 1)``, to multiply the rows of matrices."""
    return reshape_op(x, (*static_dims(x), 1))


def as_matrices(x: Any) -> Any:
    """Numbers ``(...)`` as ``(..., 1, 1)``, to multiply matrices."""
    return reshape_op(x, (*static_dims(x), 1, 1))


def number(x: Any, value: float) -> Tensor:
    """A number in the type of `x`."""
    return Tensor(np.array(value, x.dtype.numpy_dtype))


def identity_like(x: Any) -> Tensor:
    """The identity matrix of the size and type of the square matrices `x`."""
    return Tensor(np.eye(static_dims(x)[-1], dtype=x.dtype.numpy_dtype))


def lower_half(x: Any) -> Tensor:
    """1 below the diagonal, 1/2 on it, 0 above, of the size and type of `x`."""
    size = static_dims(x)[-1]
    mask = np.tri(size, dtype=x.dtype.numpy_dtype)
    return Tensor(mask - np.eye(size, dtype=mask.dtype) / 2)


def triangle_like(x: Any, offset: int, lower: bool) -> Tensor:
    """1 in one triangle of square matrices, 0 in the other; diagonals from `offset`."""
    mask = np.tri(static_dims(x)[-1], k=offset, dtype=x.dtype.numpy_dtype)
    return Tensor(mask if lower else mask.T.copy())


def shifted_rows(x: Any, by: int) -> Any:
    """The rows of matrices moved down by a number of places; zeros come in."""
    *lead, rows, columns = static_dims(x)
    by = max(-rows, min(rows, by))
    start = (*(0,) * len(lead), max(0, -by), 0)
    part = slice_op(x, start, (*lead, rows - abs(by), columns))
    margins = (*((0, 0),) * len(lead), (max(0, by), max(0, -by)), (0, 0))
    return pad_op(part, margins)
