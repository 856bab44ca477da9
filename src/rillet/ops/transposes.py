"""Transpose: axes in another order. Gradients of many families go through it."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.host import integers
from rillet.ops.registry import Op, define
from rillet.ops.whole_loops import transposed

Array = np.ndarray[Any, Any]


def _infer_transpose(x: Spec, perm: Any) -> Spec:
    if isinstance(perm, Spec):
        return Spec(None if x.shape is None else (None,) * len(x.shape), x.dtype)
    if x.shape is None:
        return Spec((None,) * len(perm), x.dtype)
    rank = len(x.shape)
    if len(perm) != rank:
        raise InvalidArgumentError(
            house_message(
                "transpose",
                f"transpose expects a vector of size {rank}, the tensor's rank",
                f"the tensor has shape {list(x.shape)}, perm={list(perm)} has"
                f" {len(perm)} axes",
            )
        )
    places = [p + rank if p < 0 else p for p in perm]
    if sorted(places) != list(range(rank)):
        raise InvalidArgumentError(
            house_message(
                "transpose",
                f"perm names each axis 0 to {rank - 1} once; an axis is missing",
                f"perm={list(perm)}",
            )
        )
    return Spec(tuple([x.shape[p] for p in places]), x.dtype)


def inverse(perm: Any) -> Any:
    """The permutation that undoes `perm`."""
    if isinstance(perm, Tensor):
        return invert_permutation_op(perm)
    rank = len(perm)
    out = [0] * rank
    for i, p in enumerate(perm):
        out[p] = i
    return tuple(out)


def _invert(x: Array) -> Array:
    if x.ndim != 1 or sorted(x.tolist()) != list(range(x.size)):
        raise InvalidArgumentError(
            house_message(
                "invert_permutation",
                "a permutation is a vector of each of 0 to n - 1 once",
                f"got {x.tolist()}",
            )
        )
    out = np.empty_like(x)
    out[x] = np.arange(x.size, dtype=x.dtype)
    return out


invert_permutation_op: Op = define(
    "InvertPermutation",
    types=(INDEX,),
    kernel=_invert,
    infer=lambda x: x,
    quiet=False,
)
transpose_op: Op = define(
    "Transpose",
    types=(ANY, None),
    kernel=lambda x, perm: x.transpose(perm),
    infer=_infer_transpose,
    grad=(lambda g, y, x, perm: transpose_op(g, inverse(perm)), None),
    quiet=False,
    lower=transposed,
)
conjugate_transpose_op: Op = define(
    "ConjugateTranspose",
    types=(ANY, None),
    kernel=lambda x, perm: np.conjugate(x.transpose(perm)),
    infer=_infer_transpose,
    grad=(lambda g, y, x, perm: conjugate_transpose_op(g, inverse(perm)), None),
    quiet=False,
)


def transpose(
    a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose"
) -> Tensor:
    """A tensor with its axes in another order.

    Args:
        a: any tensor.
        perm: for each axis of the result the axis of `a` it comes from; all in
            reverse where None.
        conjugate: also conjugate complex values.
        name: ignored when eager.

    Returns:
        A tensor of the same type.

    Raises:
        InvalidArgumentError: where `perm` does not name each axis once.

    Example:
        >>> import rillet as tf
        >>> tf.transpose([[1, 2, 3], [4, 5, 6]]).numpy().tolist()
        [[1, 4], [2, 5], [3, 6]]
    """
    a = to_tensor(a)
    if perm is None:
        order: Any = tuple(range(len(a.shape) - 1, -1, -1))
    else:
        order = integers("transpose", "perm", perm)
    if conjugate and a.dtype.is_complex:
        return conjugate_transpose_op(a, order)
    return transpose_op(a, order)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The permutation that undoes `x`.

    Args:
        x: a vector of each of 0 to n - 1 once, int32 or int64.
        name: ignored when eager.

    Returns:
        A vector `y` of the same type with ``y[x[i]] == i``.

    Raises:
        InvalidArgumentError: where `x` is no permutation.

    Example:
        >>> import rillet as tf
        >>> tf.math.invert_permutation([3, 4, 0, 2, 1]).numpy().tolist()
        [2, 4, 3, 0, 1]
    """
    return invert_permutation_op(x)
