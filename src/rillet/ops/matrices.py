"""Diagonals, bands and transposes of matrices, as `tf.linalg` names them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import REAL
from rillet.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import reordering_loops
from rillet.ops.diagonals import (
    matrix_band_part_op,
    matrix_diag_op,
    matrix_diag_part_op,
    matrix_set_diag_op,
    tensor_diag_op,
    tensor_diag_part_op,
    trace_of,
)
from rillet.ops.elementwise import neg_op
from rillet.ops.host import integer, integers
from rillet.ops.registry import Op, define
from rillet.ops.transposes import conjugate_transpose_op, transpose_op

Array = np.ndarray[Any, Any]


def _band(op: str, k: Any) -> Any:
    """One diagonal as an int, several as a pair."""
    found = integers(op, "k", k)
    if isinstance(found, tuple):
        if not 1 <= len(found) <= 2:
            raise InvalidArgumentError(
                house_message(
                    op, "diag_index must have one or two elements", f"k={k!r}"
                )
            )
        return found[0] if found[0] == found[-1] else found
    return found


def _padding(value: Any, x: Tensor) -> Any:
    if x.dtype is dtypes.string and value == 0:
        value = b""
    return to_tensor(bool(value) if x.dtype.is_bool else value, x.dtype)


def diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Matrices with the given diagonals.

    Args:
        diagonal: ``(..., n)`` for one diagonal, ``(..., diagonals, longest)`` for a
            band, the highest diagonal first.
        name: ignored when eager.
        k: which diagonal: 0 the main one, above it positive; or the lowest and highest
            of a band.
        num_rows: rows of the matrices; as many as are needed where -1.
        num_cols: columns of the matrices; as many as are needed where -1.
        padding_value: what stands elsewhere.
        align: "RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT" or "RIGHT_RIGHT": at which end
            shorter superdiagonals and subdiagonals start in their rows.

    Returns:
        A tensor ``(..., num_rows, num_cols)`` of the same type.

    Raises:
        InvalidArgumentError: where sizes and `k` do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.diag([1, 2]).numpy().tolist()
        [[1, 0], [0, 2]]
    """
    x = to_tensor(diagonal)
    rows = integer("diag", "num_rows", num_rows)
    cols = integer("diag", "num_cols", num_cols)
    pad = _padding(padding_value, x)
    return matrix_diag_op(x, _band("diag", k), rows, cols, pad, align=align)


def diag_part(
    input: Any,
    name: str = "diag_part",
    k: Any = 0,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Diagonals of matrices.

    Args:
        input: ``(..., rows, columns)``.
        name: ignored when eager.
        k: which diagonal, or the lowest and highest of a band.
        padding_value: what fills up shorter diagonals of a band.
        align: at which end shorter diagonals start, as with `tf.linalg.diag`.

    Returns:
        A tensor ``(..., length)``, or ``(..., diagonals, longest)`` for a band.

    Raises:
        InvalidArgumentError: where there is no such diagonal.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.diag_part([[1, 2], [3, 4]], k=1).numpy().tolist()
        [2]
    """
    x = to_tensor(input)
    band = _band("diag_part", k)
    return matrix_diag_part_op(x, band, _padding(padding_value, x), align=align)


def set_diag(
    input: Any,
    diagonal: Any,
    name: str = "set_diag",
    k: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Matrices with other diagonals.

    Args:
        input: ``(..., rows, columns)``.
        diagonal: the new diagonals, in the form that `tf.linalg.diag_part` gives.
        name: ignored when eager.
        k: which diagonal, or the lowest and highest of a band.
        align: at which end shorter diagonals start, as with `tf.linalg.diag`.

    Returns:
        A tensor of the shape of `input`.

    Raises:
        InvalidArgumentError: where the diagonals do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.set_diag([[1, 2], [3, 4]], [0, 0]).numpy().tolist()
        [[0, 2], [3, 0]]
    """
    return matrix_set_diag_op(input, diagonal, _band("set_diag", k), align=align)


def band_part(
    input: Any, num_lower: Any, num_upper: Any, name: str | None = None
) -> Tensor:
    """Matrices with zeros outside a band around the main diagonal.

    Args:
        input: ``(..., rows, columns)``.
        num_lower: how many subdiagonals to keep; all where negative.
        num_upper: how many superdiagonals to keep; all where negative.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.

    Raises:
        InvalidArgumentError: where the matrices have no so many diagonals.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.band_part([[1, 2], [3, 4]], -1, 0).numpy().tolist()
        [[1, 0], [3, 4]]
    """
    low = integer("band_part", "num_lower", num_lower)
    high = integer("band_part", "num_upper", num_upper)
    return matrix_band_part_op(input, low, high)


def tensor_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank with `diagonal` where both halves of axes agree.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.tensor_diag([1, 2]).numpy().tolist()
        [[1, 0], [0, 2]]
    """
    return tensor_diag_op(diagonal)


def tensor_diag_part(input: Any, name: str | None = None) -> Tensor:
    """What `tf.linalg.tensor_diag` was given: elements where both halves agree.

    Raises:
        InvalidArgumentError: where the shape is not one that repeats itself.
    """
    return tensor_diag_part_op(input)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the main diagonal of each matrix.

    Args:
        x: a numeric tensor ``(..., rows, columns)``.
        name: ignored when eager.

    Returns:
        A tensor ``(...)``.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.trace([[1, 2], [3, 4]]).numpy()
        np.int32(5)
    """
    return trace_of(to_tensor(x))


def matrix_transpose(
    a: Any, name: str = "matrix_transpose", conjugate: bool = False
) -> Tensor:
    """Matrices with rows and columns exchanged.

    Args:
        a: ``(..., rows, columns)``.
        name: ignored when eager.
        conjugate: also conjugate complex values.

    Returns:
        A tensor ``(..., columns, rows)``.

    Raises:
        ValueError: where the rank is below 2.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.matrix_transpose([[1, 2], [3, 4]]).numpy().tolist()
        [[1, 3], [2, 4]]
    """
    a = to_tensor(a)
    rank = len(a.shape)
    if rank < 2:
        raise ValueError(
            house_message(
                "matrix_transpose",
                "Argument `a` should be a (batch) matrix with rank >= 2",
                f"its shape is {a.shape}",
            )
        )
    order = (*range(rank - 2), rank - 1, rank - 2)
    if conjugate and a.dtype.is_complex:
        return conjugate_transpose_op(a, order)
    return transpose_op(a, order)


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The conjugate transposes of matrices.

    Args:
        matrix: ``(..., rows, columns)``.
        name: ignored when eager.

    Returns:
        A tensor ``(..., columns, rows)``.
    """
    return matrix_transpose(matrix, conjugate=True)


def _infer_cross(a: Spec, b: Spec) -> Spec:
    if a.shape is None or b.shape is None:
        return a
    if a.shape != b.shape and None not in (*a.shape, *b.shape):
        raise InvalidArgumentError(
            house_message(
                "cross", "Both inputs must be of same shape", f"{a.shape} vs. {b.shape}"
            )
        )
    if not a.shape or a.shape[-1] not in (3, None):
        raise FailedPreconditionError(
            house_message(
                "cross",
                "Cross-products are only defined for 3-element vectors",
                f"the inputs have shape {a.shape}",
            )
        )
    return a


def _cross(a: Array, b: Array) -> Array:
    if a.shape != b.shape or a.shape[-1:] != (3,):
        raise ValueError("not vectors of 3")
    out = np.empty_like(a)
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


cross_op: Op = define(
    "Cross",
    types=(REAL, 0),
    kernel=_cross,
    infer=_infer_cross,
    grad=(
        lambda g, y, a, b: cross_op(b, g),
        lambda g, y, a, b: neg_op(cross_op(a, g)),
    ),
    lower=reordering_loops.cross,
)


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The vector products of pairs of vectors of three.

    Args:
        a: a real tensor ``(..., 3)``.
        b: another of its shape and type.
        name: ignored when eager.

    Returns:
        A tensor ``(..., 3)``.

    Raises:
        InvalidArgumentError: where the shapes differ.
        FailedPreconditionError: where they do not end in 3.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.cross([1, 0, 0], [0, 1, 0]).numpy().tolist()
        [0, 0, 1]
    """
    return cross_op(a, b)
