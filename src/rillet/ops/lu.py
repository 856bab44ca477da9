"""What follows from an LU decomposition: the matrix, its inverse, solutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.decompositions import argsort_rows_op
from rillet.ops.elementwise import add_op, mul_op
from rillet.ops.gather import gather_op
from rillet.ops.matrix_rules import (
    identity_like,
    product,
    refused,
    square_dims,
    triangle_like,
)
from rillet.ops.shaping import broadcast_to_op, static_dims
from rillet.ops.solvers import triangular_solve_op


def _parts(op: str, lower_upper: Any, perm: Any) -> tuple[Any, Any, Any]:
    packed = to_tensor(lower_upper)
    order = to_tensor(perm, hint=dtypes.int32)
    dims = square_dims(op, Spec(static_dims(packed), packed.dtype))
    if static_dims(order) != dims[:-1]:
        raise refused(
            op,
            "`perm` is one permutation a matrix",
            f"lower_upper has shape {list(dims)}, perm {list(static_dims(order))}",
        )
    low = add_op(mul_op(packed, triangle_like(packed, -1, True)), identity_like(packed))
    return low, mul_op(packed, triangle_like(packed, 0, False)), order


def _rows(x: Any, order: Any) -> Any:
    lead = len(static_dims(order)) - 1
    return gather_op(x, order, lead, batch_dims=lead)


def _solved(low: Any, up: Any, rhs: Any) -> Any:
    inner = triangular_solve_op(low, rhs, lower=True, adjoint=False)
    return triangular_solve_op(up, inner, lower=False, adjoint=False)


def lu_solve(
    lower_upper: Any,
    perm: Any,
    rhs: Any,
    validate_args: bool = False,
    name: str | None = None,
) -> Tensor:
    """The x of a · x = rhs, for the `a` whose LU decomposition is given.

    Args:
        lower_upper: the packed factors ``(..., n, n)``.
        perm: the order of rows ``(..., n)``.
        rhs: ``(..., n, k)`` of the factors' type.
        validate_args: ignored; arguments are always checked.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, k)``.

    Raises:
        InvalidArgumentError: where shapes or types do not fit.

    Example:
        >>> import rillet as tf
        >>> lu, p = tf.linalg.lu([[0., 2.], [4., 0.]])
        >>> tf.linalg.lu_solve(lu, p, [[2.], [8.]]).numpy().tolist()
        [[2.0], [1.0]]
    """
    low, up, order = _parts("lu_solve", lower_upper, perm)
    b = to_tensor(rhs, hint=low.dtype)
    dims = static_dims(b)
    shown = f"lower_upper has shape {list(static_dims(low))}, rhs {list(dims)}"
    if len(dims) < 2 or dims[-2] != static_dims(low)[-1]:
        raise refused(
            "lu_solve",
            "`lower_upper.shape[-1]` and `rhs.shape[-2]` must be equal",
            shown,
        )
    if dims[:-2] != static_dims(order)[:-1]:
        lead = np.broadcast_shapes(dims[:-2], static_dims(order)[:-1])
        b = broadcast_to_op(b, (*lead, *dims[-2:]))
        order = broadcast_to_op(order, (*lead, dims[-2]))
    return _solved(low, up, _rows(b, order))


def lu_matrix_inverse(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The inverse of the matrices whose LU decomposition is given.

    Args:
        lower_upper: the packed factors ``(..., n, n)``.
        perm: the order of rows ``(..., n)``.
        validate_args: ignored; arguments are always checked.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, n)``.

    Raises:
        InvalidArgumentError: where shapes do not fit.
    """
    low, up, order = _parts("lu_matrix_inverse", lower_upper, perm)
    one = broadcast_to_op(identity_like(low), static_dims(low))
    return _solved(low, up, _rows(one, order))


def lu_reconstruct(
    lower_upper: Any, perm: Any, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """The matrices whose LU decomposition is given.

    Args:
        lower_upper: the packed factors ``(..., n, n)``.
        perm: the order of rows ``(..., n)``.
        validate_args: ignored; arguments are always checked.
        name: ignored when eager.

    Returns:
        A tensor ``(..., n, n)``.

    Raises:
        InvalidArgumentError: where shapes do not fit.
    """
    low, up, order = _parts("lu_reconstruct", lower_upper, perm)
    return _rows(product(low, up), argsort_rows_op(order))
