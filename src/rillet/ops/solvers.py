"""Inverses and solutions of linear equations: the records.

Gradients follow Giles, «Collected matrix derivative results for forward and reverse
mode algorithmic differentiation» (2008), with adjoints for complex types.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import type_set
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.ops import lapack
from rillet.ops.elementwise import mul_op, neg_op
from rillet.ops.matrix_rules import (
    MATRICES,
    checked_square,
    infer_square,
    matrix_dims,
    product,
    refused,
    square_dims,
    triangle_like,
    wide,
)
from rillet.ops.registry import Op, define
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]


def conjugated(x: Array) -> Array:
    """The conjugate transposes of a stack of arrays."""
    swapped = np.swapaxes(x, -1, -2)
    return swapped.conj() if x.dtype.kind == "c" else swapped


def _singular(op: str, rule: str, a: Array) -> Exception:
    return refused(
        op,
        rule,
        f"a matrix of shape {list(a.shape)} is singular",
        "Use tf.linalg.pinv or tf.linalg.lstsq, or add a small multiple of tf.eye(n)",
    )


def _inverse(a: Array, adjoint: bool = False) -> Array:
    x = wide(checked_square(a))
    try:
        y = np.linalg.inv(conjugated(x) if adjoint else x)
    except np.linalg.LinAlgError:
        raise _singular("inv", "Input is not invertible", a) from None
    return np.ascontiguousarray(y, a.dtype)


def _grad_inverse(g: Any, y: Any, a: Any, adjoint: bool = False) -> Any:
    if adjoint:
        return neg_op(product(y, product(g, y, adjoint_a=True)))
    return neg_op(product(y, product(g, y, adjoint_b=True), adjoint_a=True))


inverse_op: Op = define(
    "MatrixInverse",
    types=(MATRICES | type_set(dtypes.float16),),
    kernel=_inverse,
    infer=infer_square("inv"),
    grad=(_grad_inverse,),
    attrs={"adjoint": False},
)


def _infer_solve(a: Spec, b: Spec, adjoint: bool = False) -> Spec:
    if a.shape is None or b.shape is None:
        return b
    op = "solve"
    dims = square_dims(op, a, "First input (lhs) must be a square matrix")
    shown = f"matrix has shape {list(dims)}, rhs {list(b.shape)}"
    if len(b.shape) != len(dims):
        raise refused(
            op,
            "All input tensors must have the same rank",
            shown,
            "Add an axis to a vector with rhs[..., tf.newaxis]",
        )
    for one, other in zip(dims[:-2], b.shape[:-2], strict=True):
        if one != other and None not in (one, other):
            raise refused(
                op, "All input tensors must have the same outer dimensions", shown
            )
    if b.shape[-2] != dims[-1] and None not in (b.shape[-2], dims[-1]):
        raise refused(op, "Input matrix and rhs are incompatible", shown)
    return b


def _solve(a: Array, b: Array, adjoint: bool = False) -> Array:
    if a.shape[:-1] != b.shape[:-1] or a.ndim < 2:
        raise ValueError("shapes differ")
    checked_square(a)
    try:
        x = np.linalg.solve(conjugated(a) if adjoint else a, b)
    except np.linalg.LinAlgError:
        raise _singular("solve", "Input matrix is not invertible", a) from None
    return np.ascontiguousarray(x, b.dtype)


def _grad_solve_a(g: Any, x: Any, a: Any, b: Any, adjoint: bool = False) -> Any:
    z = solve_op(a, g, adjoint=not adjoint)
    left, right = (x, z) if adjoint else (z, x)
    return neg_op(product(left, right, adjoint_b=True))


solve_op: Op = define(
    "MatrixSolve",
    types=(MATRICES, 0),
    kernel=_solve,
    infer=_infer_solve,
    grad=(
        _grad_solve_a,
        lambda g, x, a, b, adjoint=False: solve_op(a, g, adjoint=not adjoint),
    ),
    attrs={"adjoint": False},
)


def _infer_triangular(
    a: Spec, b: Spec, lower: bool = True, adjoint: bool = False
) -> Spec:
    if a.shape is None or b.shape is None:
        return Spec(None, b.dtype)
    op = "triangular_solve"
    dims = matrix_dims(op, a)
    rhs = matrix_dims(op, b, 1)
    shown = f"matrix has shape {list(dims)}, rhs {list(rhs)}"
    if dims[-1] != dims[-2] and None not in dims[-2:]:
        raise refused(op, "In[0] matrices in the last dimensions must be square", shown)
    if dims[-1] != rhs[-2] and None not in (dims[-1], rhs[-2]):
        raise refused(op, "In[0] mismatch In[1] shape", shown)
    return Spec((*broadcast_dims(op, dims[:-2], rhs[:-2]), *rhs[-2:]), b.dtype)


def _triangular(a: Array, b: Array, lower: bool = True, adjoint: bool = False) -> Array:
    checked_square(a)
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise ValueError("shapes differ")
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*lead, *a.shape[-2:]))
    b = np.broadcast_to(b, (*lead, *b.shape[-2:]))
    return lapack.solve_triangular(a, b, lower, adjoint)


def _grad_triangular_a(
    g: Any, x: Any, a: Any, b: Any, lower: bool = True, adjoint: bool = False
) -> Any:
    z = triangular_solve_op(a, g, lower=lower, adjoint=not adjoint)
    left, right = (x, z) if adjoint else (z, x)
    whole = neg_op(product(left, right, adjoint_b=True))
    return sum_to(mul_op(whole, triangle_like(a, 0, lower)), a)


def _grad_triangular_b(
    g: Any, x: Any, a: Any, b: Any, lower: bool = True, adjoint: bool = False
) -> Any:
    return sum_to(triangular_solve_op(a, g, lower=lower, adjoint=not adjoint), b)


triangular_solve_op: Op = define(
    "MatrixTriangularSolve",
    types=(MATRICES, 0),
    kernel=_triangular,
    infer=_infer_triangular,
    grad=(_grad_triangular_a, _grad_triangular_b),
    attrs={"lower": True, "adjoint": False},
)
