"""Maximum and minimum against one number, at the speed of NumPy's vector loops.

NumPy compares with a scalar one element at a time, a quarter as fast as with an array:
so the number is written out as an array that stays in cache, and large operands are
compared in blocks. `Relu`, `Maximum` and `Minimum` come through here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import threads
from rillet.ops.spreading import LARGE, binary

Array = np.ndarray[Any, Any]

_SMALL = 512  # elements below which writing the number out does not pay
_BLOCK = 1 << 15

_zeros: dict[np.dtype[Any], Array] = {}


def against_zero(ufunc: Any, x: Array) -> Any:
    """`ufunc` of an array and 0."""
    if x.size < _SMALL or x.dtype.itemsize < 4:
        return ufunc(x, x.dtype.type(0))
    zeros = _zeros.get(x.dtype)
    if zeros is None:
        zeros = _zeros.setdefault(x.dtype, np.zeros(_BLOCK, x.dtype))
    return _against(ufunc, x, zeros)


def _against(ufunc: Any, x: Array, written: Array) -> Any:
    """`ufunc` of an array and a number, which `written` holds `_BLOCK` times."""
    size = x.size
    if size <= _BLOCK:
        return ufunc(x, written[:size].reshape(x.shape))
    flat = x.reshape(-1)
    out = np.empty(size, x.dtype)

    def run(i: int) -> None:
        part = flat[i * _BLOCK : (i + 1) * _BLOCK]
        ufunc(part, written[: part.size], out=out[i * _BLOCK : (i + 1) * _BLOCK])

    blocks = -(-size // _BLOCK)
    if size < LARGE:
        for i in range(blocks):
            run(i)
    else:
        threads.parallel(run, blocks)
    return out.reshape(x.shape)


def extreme(ufunc: Any) -> Callable[[Array, Array], Any]:
    """The kernel of `Maximum` or `Minimum`, whose operands may change places."""

    def kernel(x: Array, y: Array) -> Any:
        if x.size < y.size:
            x, y = y, x
        if x.size < _SMALL or x.dtype.itemsize < 4:
            return ufunc(x, y)
        if y.size == 1 and y.ndim <= x.ndim:
            written = np.full(min(x.size, _BLOCK), y.reshape(-1)[0])
            return _against(ufunc, x, written)
        return binary(ufunc, x, y) if x.size >= LARGE else ufunc(x, y)

    return kernel
