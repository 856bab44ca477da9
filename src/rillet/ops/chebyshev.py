"""Evaluates Chebyshev series over arrays, and puts functions together from pieces.

In: float64 arrays and the series of `ops.special_tables` and `ops.bessel_tables`. Out:
float64 arrays. The kernels of special functions call this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core.quiet import quiet

Array = np.ndarray[Any, Any]
Series = tuple[float, float, tuple[float, ...]]

#: Elements worked on at a time: intermediate results stay in the cache, and the cost
#: of NumPy's calls, of which a function in pieces makes hundreds, stays small.
_BLOCK = 1 << 15


def evaluate(series: Series, x: Array) -> Array:
    """A Chebyshev series at points of its interval, by Clenshaw's recurrence.

    Args:
        series: the interval's ends and the coefficients.
        x: a float64 array.

    Returns:
        An array of the same shape.
    """
    low, high, factors = series
    twice = (x - low) * (4 / (high - low)) - 2
    b1: Array = np.full_like(x, factors[-1])
    b2: Array = np.zeros_like(x)
    spare: Array = np.empty_like(x)
    for c in factors[-2:0:-1]:
        np.multiply(twice, b1, out=spare)
        np.subtract(spare, b2, out=b2)
        np.add(b2, c, out=b2)
        b1, b2 = b2, b1
    out: Array = twice * b1
    out *= 0.5
    out -= b2
    out += factors[0]
    return out


def pieces(x: Array, *parts: tuple[Array, Callable[..., Array]], rest: Any) -> Array:
    """A function made of others, each on the part of `x` where its mask holds.

    Args:
        x: a float64 array.
        *parts: masks with functions; the first that holds wins.
        rest: what to give where none holds.

    Returns:
        An array of the same shape.
    """
    out = np.full(x.shape, rest, np.float64)
    free = np.ones(x.shape, bool)
    for mask, function in parts:
        mask = mask & free
        if mask.all() and mask.size:
            return np.asarray(function(x))
        if mask.any():
            out[mask] = function(x[mask])
            free &= ~mask
    return out


def kernel(function: Callable[..., Array]) -> Callable[..., Array]:
    """An op's kernel from a function of float64 vectors: any shape, any float type.

    Inputs are broadcast, and go through `function` in blocks.
    """

    def run(*arrays: Array) -> Array:
        kind = arrays[0].dtype
        if len(arrays) > 1:
            arrays = tuple(np.broadcast_arrays(*arrays))
        shape = arrays[0].shape
        flat = [a.reshape(-1) for a in arrays]
        out = np.empty(flat[0].size, kind)
        with quiet():
            for i in range(0, out.size, _BLOCK):
                part = [a[i : i + _BLOCK].astype(np.float64) for a in flat]
                out[i : i + _BLOCK] = function(*part)
        return out.reshape(shape)

    return run
