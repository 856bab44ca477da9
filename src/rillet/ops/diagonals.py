"""Diagonals of matrices: taken out, put in, set, banded; Diag of whole tensors.

Bands of diagonals are laid out as rows of a matrix, padded to one length: `places`
says where each of its elements lies. The public functions stand in `matrices`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from rillet.core.dtypes import ANY, NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops import reordering_loops
from rillet.ops.registry import Op, define
from rillet.ops.shaping import static_dims, sum_op

Array = np.ndarray[Any, Any]

ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


def refused(op: str, rule: str, values: str = "", fix: str = "") -> Exception:
    """The error for diagonals that do not fit."""
    return InvalidArgumentError(house_message(op, rule, values, fix))


def _length(rows: int, cols: int, d: int) -> int:
    return max(0, min(rows + min(d, 0), cols - max(d, 0)))


def band(op: str, k: Any, rows: int | None, cols: int | None) -> tuple[int, int]:
    """The lowest and highest diagonal that `k` names, checked against the sizes."""
    low, high = (k, k) if isinstance(k, int) else (k[0], k[-1])
    shown = f"k={list(k) if not isinstance(k, int) else k}"
    if low > high:
        raise refused(
            op, "lower_diag_index must not be larger than upper_diag_index", shown
        )
    if rows is not None and cols is not None:
        for name, d in (("lower_diag_index", low), ("upper_diag_index", high)):
            if not (-rows < d < cols) and d != 0:
                raise refused(
                    op,
                    f"{name} is out of bound",
                    f"{shown} for matrices of {rows} by {cols}",
                    f"Diagonals run from {1 - rows} to {cols - 1}",
                )
    return low, high


@functools.lru_cache(64)
def places(
    rows: int, cols: int, low: int, high: int, align: str
) -> tuple[Array, Array, Array]:
    """Where the elements of a band lie in a matrix.

    Args:
        rows: the matrix's rows.
        cols: its columns.
        low: the lowest diagonal.
        high: the highest diagonal, which comes first.
        align: at which end superdiagonals and subdiagonals are aligned.

    Returns:
        Arrays of shape ``(diagonals, longest)``: row, column, and whether there is an
        element at all.
    """
    longest = max([_length(rows, cols, d) for d in range(low, high + 1)])
    shape = (high - low + 1, longest)
    row, col = np.zeros(shape, np.intp), np.zeros(shape, np.intp)
    held = np.zeros(shape, bool)
    above, below = align.split("_")
    for i, d in enumerate(range(high, low - 1, -1)):
        length = _length(rows, cols, d)
        right = (above if d >= 0 else below) == "RIGHT"
        part = slice(longest - length, longest) if right else slice(0, length)
        steps = np.arange(length)
        row[i, part] = steps + max(-d, 0)
        col[i, part] = steps + max(d, 0)
        held[i, part] = True
    for array in (row, col, held):
        array.flags.writeable = False
    return row, col, held


def _check_align(op: str, align: str) -> None:
    if align not in ALIGNMENTS:
        raise refused(op, f"align must be one of {ALIGNMENTS}", repr(align))


def _infer_part(x: Spec, k: Any, padding: Spec, align: str = "RIGHT_LEFT") -> Spec:
    op = "diag_part"
    _check_align(op, align)
    if x.shape is None:
        return Spec(None, x.dtype)
    if len(x.shape) < 2:
        raise refused(op, "input must be at least 2-dim", f"its shape is {x.shape}")
    rows, cols = x.shape[-2:]
    low, high = band(op, k, rows, cols)
    longest = None
    if rows is not None and cols is not None:
        longest = max(_length(rows, cols, d) for d in range(low, high + 1))
    inner = (longest,) if low == high else (high - low + 1, longest)
    return Spec((*x.shape[:-2], *inner), x.dtype)


def _part(x: Array, k: Any, padding: Array, align: str = "RIGHT_LEFT") -> Array:
    if x.ndim < 2 or align not in ALIGNMENTS:
        raise ValueError("not matrices")
    rows, cols = x.shape[-2:]
    low, high = band("diag_part", k, rows, cols)
    if low == high:
        return np.diagonal(x, low, -2, -1).copy()
    row, col, held = places(rows, cols, low, high, align)
    if not x.size:
        return np.full((*x.shape[:-2], *row.shape), padding, x.dtype)
    return np.where(held, x[..., row, col], padding).astype(x.dtype, copy=False)


def _zero(x: Any) -> Any:
    return np.zeros((), x.dtype.numpy_dtype)


def _grad_part(
    g: Any, y: Any, x: Any, k: Any, padding: Any, align: str = "RIGHT_LEFT"
) -> Any:
    rows, cols = static_dims(x)[-2:]
    return matrix_diag_op(g, k, rows, cols, _zero(x), align=align)


def _lower_part(
    ctx: Any, x: Any, k: Any, padding: Any, align: str = "RIGHT_LEFT"
) -> Any:
    low, high = band("diag_part", k, *x.shape[-2:])
    return reordering_loops.diag_part(ctx, x, low, high, padding, align)


matrix_diag_part_op: Op = define(
    "MatrixDiagPartV3",
    types=(ANY, None, 0),
    kernel=_part,
    infer=_infer_part,
    grad=(_grad_part, None, None),
    attrs={"align": "RIGHT_LEFT"},
    quiet=False,
    lower=_lower_part,
)


def _matrix_sizes(
    longest: int, low: int, high: int, rows: int, cols: int
) -> tuple[int, int]:
    """Rows and columns of the matrix that a band of diagonals makes; -1: unsaid."""
    least_rows = longest - min(high, 0)
    least_cols = longest + max(low, 0)
    if rows == -1 and cols == -1:
        rows = cols = max(least_rows, least_cols)
    rows = least_rows if rows == -1 else rows
    cols = least_cols if cols == -1 else cols
    shown = f"{rows} by {cols} for diagonals of length {longest}"
    if rows < least_rows:
        raise refused("diag", "The number of rows is too small", shown)
    if cols < least_cols:
        raise refused("diag", "The number of columns is too small", shown)
    if rows != least_rows and cols != least_cols:
        raise refused(
            "diag", "The number of rows or columns is not consistent with k", shown
        )
    return rows, cols


def _infer_diag(
    diagonal: Spec,
    k: Any,
    num_rows: Any,
    num_cols: Any,
    padding: Spec,
    align: str = "RIGHT_LEFT",
) -> Spec:
    _check_align("diag", align)
    if diagonal.shape is None:
        return Spec(None, diagonal.dtype)
    if not diagonal.shape:
        raise refused("diag", "diagonal must be at least 1-dim", "it is a scalar")
    low, high = band("diag", k, None, None)
    lead = diagonal.shape[:-1] if low == high else diagonal.shape[:-2]
    _check_count(diagonal, low, high)
    if diagonal.shape[-1] is None:
        return Spec((*lead, None, None), diagonal.dtype)
    sizes = _matrix_sizes(diagonal.shape[-1], low, high, num_rows, num_cols)
    return Spec((*lead, *sizes), diagonal.dtype)


def _check_count(diagonal: Spec, low: int, high: int) -> None:
    """Refuse a band whose number of rows is not its number of diagonals."""
    assert diagonal.shape is not None
    count = high - low + 1
    if count > 1:
        rows = diagonal.shape[-2] if len(diagonal.shape) > 1 else 1
        if rows not in (None, count):
            raise refused(
                "diag",
                "The number of diagonals provided in the input does not match the"
                " lower_diag_index and upper_diag_index range",
                f"k=[{low}, {high}], diagonal has shape {diagonal.shape}",
            )


def _diag(
    diagonal: Array,
    k: Any,
    num_rows: int,
    num_cols: int,
    padding: Array,
    align: str = "RIGHT_LEFT",
) -> Array:
    low, high = band("diag", k, None, None)
    if low != high and diagonal.shape[-2:-1] != (high - low + 1,):
        raise ValueError("the number of diagonals differs")
    size = _matrix_sizes(diagonal.shape[-1], low, high, num_rows, num_cols)
    lead = diagonal.shape[:-1] if low == high else diagonal.shape[:-2]
    out = np.full((*lead, *size), padding, diagonal.dtype)
    _write(out, diagonal, low, high, align)
    return out


def _write(out: Array, diagonal: Array, low: int, high: int, align: str) -> None:
    """Put a band of diagonals into fresh matrices."""
    row, col, held = places(*out.shape[-2:], low, high, align)
    source = diagonal[..., None, :] if low == high else diagonal
    out[..., row[held], col[held]] = source[..., held]


def _grad_diag(
    g: Any, y: Any, x: Any, k: Any, r: Any, c: Any, p: Any, align: str = "RIGHT_LEFT"
) -> Any:
    return matrix_diag_part_op(g, k, _zero(g), align=align)


def _lower_diag(
    ctx: Any,
    diagonal: Any,
    k: Any,
    num_rows: Any,
    num_cols: Any,
    padding: Any,
    align: str = "RIGHT_LEFT",
) -> Any:
    low, high = band("diag", k, None, None)
    return reordering_loops.diag_write(
        ctx, lambda place: padding.at(()), diagonal, low, high, align
    )


matrix_diag_op: Op = define(
    "MatrixDiagV3",
    types=(ANY, None, None, None, 0),
    kernel=_diag,
    infer=_infer_diag,
    grad=(_grad_diag, None, None, None, None),
    attrs={"align": "RIGHT_LEFT"},
    quiet=False,
    lower=_lower_diag,
)


def _infer_set(x: Spec, diagonal: Spec, k: Any, align: str = "RIGHT_LEFT") -> Spec:
    if x.shape is None or diagonal.shape is None:
        return x
    want = _infer_part(x, k, x, align).shape
    if (
        want is None
        or len(want) != len(diagonal.shape)
        or any(
            a != b and None not in (a, b)
            for a, b in zip(want, diagonal.shape, strict=True)
        )
    ):
        raise refused(
            "set_diag",
            f"Expected diagonal of shape {list(want or ())}",
            f"it has shape {list(diagonal.shape)}, input {list(x.shape)}, k={k}",
        )
    return x


def _set(x: Array, diagonal: Array, k: Any, align: str = "RIGHT_LEFT") -> Array:
    low, high = band("set_diag", k, *x.shape[-2:])
    row, _, _ = places(*x.shape[-2:], low, high, align)
    inner = row.shape[1:] if low == high else row.shape
    if diagonal.shape != (*x.shape[:-2], *inner):
        raise ValueError("the diagonal has another shape")
    out = x.copy()
    _write(out, diagonal, low, high, align)
    return out


def _grad_set_input(
    g: Any, y: Any, x: Any, diagonal: Any, k: Any, align: str = "RIGHT_LEFT"
) -> Any:
    zeros = np.zeros(static_dims(diagonal), g.dtype.numpy_dtype)
    return matrix_set_diag_op(g, zeros, k, align=align)


def _grad_set_diagonal(
    g: Any, y: Any, x: Any, diagonal: Any, k: Any, align: str = "RIGHT_LEFT"
) -> Any:
    return matrix_diag_part_op(g, k, _zero(g), align=align)


def _lower_set(
    ctx: Any, x: Any, diagonal: Any, k: Any, align: str = "RIGHT_LEFT"
) -> Any:
    low, high = band("set_diag", k, *x.shape[-2:])
    return reordering_loops.diag_write(ctx, x.at, diagonal, low, high, align)


matrix_set_diag_op: Op = define(
    "MatrixSetDiagV3",
    types=(ANY, 0, None),
    kernel=_set,
    infer=_infer_set,
    grad=(_grad_set_input, _grad_set_diagonal, None),
    attrs={"align": "RIGHT_LEFT"},
    quiet=False,
    lower=_lower_set,
)


def _infer_band(x: Spec, num_lower: Any, num_upper: Any) -> Spec:
    if x.shape is None:
        return x
    if len(x.shape) < 2:
        raise refused(
            "band_part", "input must be at least 2-dim", f"its shape is {x.shape}"
        )
    pairs = (("num_lower", num_lower, "rows"), ("num_upper", num_upper, "columns"))
    for (name, given, what), size in zip(pairs, x.shape[-2:], strict=True):
        if isinstance(given, int) and size is not None and given > size:
            raise refused(
                "band_part",
                f"{name} must be negative or less or equal to number of {what}"
                f" ({size})",
                f"got {given}",
            )
    return x


def _band(x: Array, num_lower: int, num_upper: int) -> Array:
    rows, cols = x.shape[-2:]
    if num_lower > rows or num_upper > cols:
        raise ValueError("the band is wider than the matrix")
    away = np.arange(cols) - np.arange(rows)[:, None]
    kept = np.ones((rows, cols), bool)
    if num_lower >= 0:
        kept &= away >= -num_lower
    if num_upper >= 0:
        kept &= away <= num_upper
    return np.where(kept, x, x.dtype.type(0)).astype(x.dtype, copy=False)


matrix_band_part_op: Op = define(
    "MatrixBandPart",
    types=(ANY, None, None),
    kernel=_band,
    infer=_infer_band,
    grad=(
        lambda g, y, x, low, up: matrix_band_part_op(g, low, up),
        None,
        None,
    ),
    quiet=False,
    lower=reordering_loops.band_part,
)


def _tensor_diag(x: Array) -> Array:
    if not x.ndim:
        raise ValueError("a scalar")
    out = np.zeros((x.size, x.size), x.dtype)
    np.fill_diagonal(out, x.reshape(-1))
    return out.reshape(x.shape * 2)


def _infer_tensor_diag(x: Spec) -> Spec:
    if x.shape == ():
        raise refused("tensor_diag", "Input must be at least rank 1", "it is a scalar")
    return Spec(None if x.shape is None else x.shape * 2, x.dtype)


def _tensor_diag_part(x: Array) -> Array:
    half = x.ndim // 2
    if not x.ndim or x.ndim % 2 or x.shape[:half] != x.shape[half:]:
        raise ValueError("not a tensor's diagonal form")
    size = 1
    for d in x.shape[:half]:
        size *= d
    return np.diagonal(x.reshape(size, size)).reshape(x.shape[:half]).copy()


def _infer_tensor_diag_part(x: Spec) -> Spec:
    if x.shape is None:
        return x
    half = len(x.shape) // 2
    shown = f"the tensor has shape {list(x.shape)}"
    if not x.shape or len(x.shape) % 2:
        raise refused(
            "tensor_diag_part",
            "The rank of the tensor should be even and positive",
            shown,
        )
    for i in range(half):
        if x.shape[i] != x.shape[i + half]:
            raise refused(
                "tensor_diag_part",
                f"dimensions {i} and {i + half} do not match",
                shown,
            )
    return Spec(x.shape[:half], x.dtype)


tensor_diag_op: Op = define(
    "Diag",
    types=(NUMERIC,),
    kernel=_tensor_diag,
    infer=_infer_tensor_diag,
    grad=(lambda g, y, x: tensor_diag_part_op(g),),
    quiet=False,
    lower=reordering_loops.tensor_diag,
)
tensor_diag_part_op: Op = define(
    "DiagPart",
    types=(NUMERIC,),
    kernel=_tensor_diag_part,
    infer=_infer_tensor_diag_part,
    grad=(lambda g, y, x: tensor_diag_op(g),),
    quiet=False,
    lower=reordering_loops.tensor_diag_part,
)


def trace_of(x: Any) -> Any:
    """The sums of the main diagonals."""
    return sum_op(matrix_diag_part_op(x, 0, _zero(x)), -1)
