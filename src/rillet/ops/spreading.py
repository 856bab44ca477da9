"""Large elementwise kernels, cut into blocks of rows over `core.threads`.

Dispatch brings a ufunc here where its operands are large; the kernels of softmax and
row sums come with functions of their own. Blocks follow from shapes alone, and no
result depends on another, so the bits are the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import threads

Array = np.ndarray[Any, Any]

LARGE = 1 << 17  # elements; below, handing work over costs more than it saves
_HALF = np.dtype(np.float16)  # NumPy computes it number by number: 4 ns each
_SHORT = 64  # columns below which rows are joined
_LONG = 256  # and how long they may become
_BLOCK = 1 << 16  # elements a block: several a thread, each within its cache


def rows_of(size: int, rows: int) -> list[slice]:
    """The blocks that `rows` rows with `size` elements in all are cut into."""
    count = max(1, min(rows, size // _BLOCK))
    edges = [rows * i // count for i in range(count + 1)]
    return [slice(edges[i], edges[i + 1]) for i in range(count)]


def unary(ufunc: Any, x: Array) -> Any:
    """`ufunc` of a large array."""
    if not x.flags.c_contiguous or x.dtype.itemsize < 4 and x.dtype != _HALF:
        return ufunc(x)
    flat = x.reshape(-1)
    out = np.empty(flat.shape, ufunc(flat[:1]).dtype)
    blocks = rows_of(x.size, x.size)

    def run(i: int) -> None:
        ufunc(flat[blocks[i]], out=out[blocks[i]])

    threads.parallel(run, len(blocks))
    return out.reshape(x.shape)


def binary(ufunc: Any, x: Array, y: Array) -> Any:
    """`ufunc` of two arrays of which the first is large, broadcast to its shape."""
    rank, rows = x.ndim, x.shape[0] if x.ndim else 0
    if (
        (x.dtype.itemsize < 4 and x.dtype != _HALF)
        or rows < 2
        or y.ndim > rank
        or any(
            b not in (1, a) for a, b in zip(x.shape[::-1], y.shape[::-1], strict=False)
        )
    ):
        return ufunc(x, y)
    whole = y.ndim < rank or y.shape[0] == 1
    if rank == 2 and whole and y.size == x.shape[1] < _SHORT and x.flags.c_contiguous:
        together = _together(rows, y.size)
        if together > 1:
            wide = x.reshape(rows // together, together * y.size)
            long = np.tile(y.reshape(-1), together)
            return binary(ufunc, wide, long).reshape(x.shape)
    out = np.empty(x.shape, ufunc(x[(slice(0, 1),) * rank], y.reshape(-1)[:1]).dtype)
    blocks = rows_of(x.size, rows)

    def run(i: int) -> None:
        s = blocks[i]
        ufunc(x[s], y if whole else y[s], out=out[s])

    threads.parallel(run, len(blocks))
    return out


def _together(rows: int, columns: int) -> int:
    """How many short rows make one long one: NumPy's loop over a row pays by length."""
    most = _LONG // columns
    return next((n for n in range(most, 1, -1) if rows % n == 0), 1)


def by_rows(kernel: Callable[[Array], Array], x: Array, like: Array) -> Array:
    """A kernel that treats rows alone, on blocks of rows of a large array.

    Args:
        kernel: takes some rows of `x`, gives as many of the result.
        x: an array of rank 2 or more.
        like: a row of the result, for its shape and type.

    Returns:
        The kernel's results, one above the other.
    """
    out = np.empty((x.shape[0], *like.shape[1:]), like.dtype)

    def fill(part: Array, to: Array) -> None:
        to[...] = kernel(part)

    fill_by_rows(fill, x, out)
    return out


def fill_by_rows(fill: Callable[[Array, Array], None], x: Array, out: Array) -> None:
    """Fills `out` with what becomes of blocks of rows of a large array.

    Args:
        fill: takes some rows of `x` and as many of `out`, which it writes.
        x: an array of rank 1 or more.
        out: an array with as many rows.
    """
    blocks = rows_of(x.size, x.shape[0])

    def run(i: int) -> None:
        fill(x[blocks[i]], out[blocks[i]])

    threads.parallel(run, len(blocks))
