"""Chebyshev series and functions in pieces, as expressions of one element.

In flow the series of `special_tables` and `bessel_tables` and float64 expressions; out
flow float64 expressions. `chebyshev` does the same over arrays.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rillet.ops.expressions import Expr, b

Series = tuple[float, float, tuple[float, ...]]


def series(given: Series, x: Expr) -> Expr:
    """A Chebyshev series at a point of its interval, by Clenshaw's recurrence."""
    low, high, factors = given
    twice = (x - low) * (4 / (high - low)) - 2.0
    b1: Expr = b.const(factors[-1], x.type)
    b2: Expr = b.const(0.0, x.type)
    for c in factors[-2:0:-1]:
        b1, b2 = b.fma(twice, b1, c - b2), b1
    return b.fma(twice * 0.5, b1, factors[0] - b2)


def pieces(*parts: tuple[Expr, Expr], rest: Expr | float) -> Expr:
    """A function made of others: the first whose condition holds, else `rest`."""
    out = rest
    for condition, value in reversed(parts):
        out = b.select(condition, value, out)
    if not isinstance(out, Expr):
        raise TypeError("pieces: at least one is needed")
    return out


def wide(function: Callable[..., Expr]) -> Callable[..., Expr]:
    """A function of float64 expressions made one of float32 ones as well."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Expr:
        type = arguments[0].type
        return b.cast(function(*[b.cast(x, "float64") for x in arguments]), type)

    return run
