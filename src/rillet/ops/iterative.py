"""Iterative solutions of linear equations, for `tf.linalg.experimental`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import (
    add_op,
    conjugate,
    div_op,
    mul_op,
    sub_op,
    zeros_scalar,
)
from rillet.ops.norms import norm
from rillet.ops.shaping import sum_op


class CGState(NamedTuple):
    """Where the method of conjugate gradients stopped.

    Attributes:
        i: how many steps were taken.
        x: the solution.
        r: what is left of the right-hand side.
        p: the next direction.
        gamma: r · z, with z the preconditioned r.
    """

    i: Tensor
    x: Tensor
    r: Tensor
    p: Tensor
    gamma: Tensor


def _dot(x: Any, y: Any) -> Any:
    return sum_op(mul_op(conjugate(x), y), -1, keep_dims=True)


def conjugate_gradient(
    operator: Any,
    rhs: Any,
    preconditioner: Any = None,
    x: Any = None,
    tol: float = 1e-5,
    max_iter: int = 20,
    name: str = "conjugate_gradient",
) -> CGState:
    """Solves a · x = rhs by conjugate gradients (Hestenes and Stiefel, 1952).

    Args:
        operator: what multiplies vectors by the positive definite `a`: any object with
            a method `matvec`.
        rhs: vectors ``(..., n)``.
        preconditioner: an operator close to the inverse of `a`, or None.
        x: where to start; 0 where None.
        tol: the part of the norm of `rhs` that may be left.
        max_iter: how many steps to take at most.
        name: ignored when eager.

    Returns:
        The state at the end, with the solution as `x`.

    Raises:
        ValueError: where an operator is known not to be self-adjoint and positive
            definite.
    """
    for given in (operator, preconditioner):
        if given is None:
            continue
        for trait in ("is_self_adjoint", "is_positive_definite"):
            if getattr(given, trait, True) is False:
                raise ValueError(
                    house_message(
                        name,
                        "the operator must be self-adjoint and positive definite",
                        f"{trait} is False",
                    )
                )
    b = to_tensor(rhs)
    start = mul_op(b, zeros_scalar(b)) if x is None else to_tensor(x, b.dtype)
    r = b if x is None else sub_op(b, operator.matvec(start))
    z = r if preconditioner is None else preconditioner.matvec(r)
    state = (start, r, z, _dot(r, z))
    limit = tol * np.asarray(norm(b, axis=-1)).real
    count = 0
    while count < max_iter:
        if not (np.asarray(norm(state[1], axis=-1)).real > limit).any():
            break
        state = _step(operator, preconditioner, *state)
        count += 1
    found, r, p, gamma = state
    gamma = sum_op(gamma, -1)
    return CGState(Tensor(np.array(count, np.int32)), found, r, p, gamma)


def _step(
    operator: Any, preconditioner: Any, x: Any, r: Any, p: Any, gamma: Any
) -> tuple[Any, Any, Any, Any]:
    q = operator.matvec(p)
    alpha = div_op(gamma, _dot(p, q))
    x, r = add_op(x, mul_op(alpha, p)), sub_op(r, mul_op(alpha, q))
    z = r if preconditioner is None else preconditioner.matvec(r)
    after = _dot(r, z)
    return x, r, add_op(z, mul_op(div_op(after, gamma), p)), after
