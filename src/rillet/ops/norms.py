"""`tf.norm` and `tf.linalg.normalize`: norms of vectors and of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import (
    abs as abs_,
)
from rillet.ops.elementwise import (
    cast,
    conjugate,
    div_op,
    mul_op,
    pow_op,
    sqrt_op,
)
from rillet.ops.reduce import max_op
from rillet.ops.shape_rules import axes_in
from rillet.ops.shaping import reshape_op, static_dims, sum_op
from rillet.ops.spectra import svd_op
from rillet.ops.transposes import transpose_op

_OF_MATRICES = ["euclidean", "fro", 1, 2, np.inf]


def _axis(axis: Any) -> Any:
    """None, one axis, or the two of matrices."""
    if isinstance(axis, list | tuple):
        pair = tuple([int(a) if isinstance(a, np.integer) else a for a in axis])
        if len(pair) == 2 and pair[0] != pair[1]:
            if all(isinstance(a, int) for a in pair):
                return pair
    elif axis is None or isinstance(axis, int | np.integer):
        return None if axis is None else int(axis)
    raise ValueError(
        house_message(
            "norm",
            "'axis' must be None, an integer, or a tuple of 2 unique integers",
            f"got {axis}",
        )
    )


def _check_order(order: Any, matrices: bool) -> None:
    if matrices:
        if not isinstance(order, str | int | float) or order not in _OF_MATRICES:
            raise ValueError(
                house_message(
                    "norm",
                    f"'ord' must be a supported matrix norm in {_OF_MATRICES}",
                    f"got {order}",
                )
            )
        return
    if order == "euclidean":
        return
    number = isinstance(order, int | float | np.integer | np.floating)
    if not number or not order > 0:
        raise ValueError(
            house_message(
                "norm",
                "'ord' must be a supported vector norm",
                f"got {order}",
                "Give 'euclidean', 1, 2, np.inf or another positive number",
            )
        )


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
) -> Tensor:
    """The norms of vectors or matrices.

    Args:
        tensor: a float or complex tensor.
        ord: 'euclidean' (for matrices the same as 'fro'), 1, 2, `np.inf`, or for
            vectors any positive number.
        axis: the axis of the vectors, the two axes of the matrices, or None for one
            vector of all elements.
        keepdims: keep those axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor without those axes. The gradient of the Euclidean norm at 0 is NaN, as
        in TensorFlow.

    Raises:
        ValueError: where `ord` or `axis` is none that is known.
        InvalidArgumentError: for integers, and where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> float(tf.norm([3., 4.]))
        5.0
    """
    where = _axis(axis)
    matrices = isinstance(where, tuple)
    _check_order(ord, matrices)
    x = to_tensor(tensor)
    axes = axes_in("norm", where, len(static_dims(x)))
    if ord in ("fro", "euclidean") or (ord == 2 and not matrices):
        found = sqrt_op(sum_op(mul_op(x, conjugate(x)), axes, keep_dims=True))
    elif matrices:
        pair = axes_in("norm", where, len(static_dims(x)))
        found = _spectral(x, pair) if ord == 2 else _of_sums(x, pair, ord)
    else:
        found = _of_vectors(abs_(x), axes, ord)
    if keepdims:
        return found
    kept = [d for i, d in enumerate(static_dims(x)) if i not in axes]
    return reshape_op(found, tuple(kept))


def _of_vectors(size: Any, axes: tuple[int, ...], order: Any) -> Any:
    if order == np.inf:
        return max_op(size, axes, keep_dims=True)
    if order == 1:
        return sum_op(size, axes, keep_dims=True)
    powers = sum_op(pow_op(size, float(order)), axes, keep_dims=True)
    return pow_op(powers, 1.0 / float(order))


def _of_sums(x: Any, pair: tuple[int, ...], order: Any) -> Any:
    """The greatest sum over columns (1) or rows (infinity)."""
    along, across = pair if order == 1 else pair[::-1]
    sums = sum_op(abs_(x), along, keep_dims=True)
    return max_op(sums, across, keep_dims=True)


def _spectral(x: Any, pair: tuple[int, ...]) -> Any:
    """The greatest singular value of the matrices on two axes."""
    dims = static_dims(x)
    rest = [i for i in range(len(dims)) if i not in pair]
    order = (*rest, *pair)
    if order != tuple(range(len(dims))):
        x = transpose_op(x, order)
    values = svd_op(x, compute_uv=False, full_matrices=False)[0]
    greatest = max_op(values, -1, keep_dims=False)
    return reshape_op(greatest, tuple([1 if i in pair else d for i, d in
                                       enumerate(dims)]))  # fmt: skip


def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Vectors or matrices over their norms, and the norms.

    Args:
        tensor: a float or complex tensor.
        ord: which norm; see `tf.norm`.
        axis: the axis of the vectors, or the two of the matrices, or None.
        name: ignored when eager.

    Returns:
        The tensor over the norms, and the norms with their axes of size 1.

    Raises:
        ValueError: where `ord` or `axis` is none that is known.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.normalize([3., 4.])[0].numpy()
        array([0.6, 0.8], dtype=float32)
    """
    x = to_tensor(tensor)
    size = norm(x, ord, axis, keepdims=True)
    return div_op(x, cast(size, x.dtype)), size
