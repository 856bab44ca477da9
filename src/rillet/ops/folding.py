"""Maxima and minima over axes of large arrays, at the speed of memory.

NumPy's reduction starts an inner loop for every row: 20 ns for a row of 32 numbers that
take 2. Here rows are joined until loops are long, and blocks run over `core.threads`.
Order does not matter to an extreme, so the result is the same bit for bit. `Max` and
`Min` come through here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core import threads
from rillet.ops.rows import combine_columns, is_narrow
from rillet.ops.spreading import LARGE, rows_of

Array = np.ndarray[Any, Any]

_SHORT = 128  # elements under which rows are joined
_JOINED = 512  # elements that joined rows aim at
_STRIPE = 256  # columns a block, at least


def fold(ufunc: Any, x: Array, axes: tuple[int, ...], keep_dims: bool) -> Any:
    """`ufunc` reduced over axes of an array that has elements.

    Args:
        ufunc: ``np.maximum`` or ``np.minimum``.
        x: an array, none of its sizes 0.
        axes: from 0 to its rank - 1, in any order.
        keep_dims: keep reduced axes with size 1.

    Returns:
        An array without those axes.

    Example:
        >>> fold(np.maximum, np.array([[1, 5], [7, 3]]), (1,), False).tolist()
        [5, 7]
    """
    first, last = min(axes, default=0), max(axes, default=-1)
    joined = last - first + 1 == len(axes) and x.flags.c_contiguous
    if not joined or x.itemsize < 4 or (x.size < LARGE and not is_narrow(x)):
        return ufunc.reduce(x, axis=axes, keepdims=keep_dims)
    sizes = x.shape[first : last + 1]
    middle = math.prod(sizes)
    block = x.reshape(-1, middle, math.prod(x.shape[last + 1 :]))
    kept = (1,) * len(sizes) if keep_dims else ()
    out = np.empty((block.shape[0], block.shape[2]), x.dtype)
    _fold_middle(ufunc, block, out)
    return out.reshape((*x.shape[:first], *kept, *x.shape[last + 1 :]))


def _fold_middle(ufunc: Any, x: Array, out: Array) -> None:
    """``(outer, middle, inner) -> (outer, inner)``, over threads where it is large."""
    outer, _, inner = x.shape
    if x.size < LARGE:
        out[...] = _fold(ufunc, x)
        return
    if outer > 1 or inner < 2 * _STRIPE:
        over_middle = outer == 1
        parts = rows_of(x.size, x.shape[over_middle])
        made = np.empty((len(parts), 1, inner), x.dtype) if over_middle else None

        def run(i: int) -> None:
            if made is None:
                out[parts[i]] = _fold(ufunc, x[parts[i]])
            else:
                made[i] = _fold(ufunc, x[:, parts[i]])

        threads.parallel(run, len(parts))
        if made is not None:
            ufunc.reduce(made, axis=0, out=out)
        return
    stripes = rows_of(x.size, inner // _STRIPE)

    def stripe(i: int) -> None:
        begin = stripes[i].start * _STRIPE
        end = inner if i == len(stripes) - 1 else stripes[i].stop * _STRIPE
        ufunc.reduce(x[:, :, begin:end], axis=1, out=out[:, begin:end])

    threads.parallel(stripe, len(stripes))


def _fold(ufunc: Any, x: Array) -> Array:
    outer, middle, inner = x.shape
    if inner == 1:
        flat = x[:, :, 0]
        if is_narrow(flat):
            return combine_columns(ufunc, flat)[:, np.newaxis]
        return np.asarray(ufunc.reduce(flat, axis=1, keepdims=True))
    together = _JOINED // inner
    count = middle // max(1, together)
    if inner >= _SHORT or count < 2:
        return np.asarray(ufunc.reduce(x, axis=1))
    whole = count * together
    rows = x[:, :whole].reshape(outer, count, together * inner)
    found = ufunc.reduce(rows, axis=1).reshape(outer, together, inner)
    folded: Array = ufunc.reduce(found, axis=1)
    if whole < middle:
        ufunc(folded, ufunc.reduce(x[:, whole:], axis=1), out=folded)
    return folded
