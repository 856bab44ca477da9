"""Integrals without elementary form of one element, for native loops.

In flow float32 or float64 expressions; out flow expressions of the same type, computed
in float64 by the series of `special_tables`, as the NumPy kernels do. Sources are those
of `ops.special`; `scalar_math` offers these to `lower` functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rillet.ops import special_tables as tables
from rillet.ops.expressions import Expr, b
from rillet.ops.scalar_circle import cos, sin
from rillet.ops.scalar_exponentials import exp, log, log1p
from rillet.ops.scalar_formats import INFINITY, NAN, polynomial
from rillet.ops.scalar_series import Series, pieces, series, wide

_EULER = 0.5772156649015329


@wide
def dawsn(x: Expr) -> Expr:
    """Dawson's integral."""
    size = b.abs(x)
    inverse = 1.0 / size
    value = pieces(
        (size <= 3.0, size * series(tables.DAWSON_NEAR, x * x)),
        (size <= 6.0, series(tables.DAWSON_MIDDLE, size)),
        rest=series(tables.DAWSON_FAR, inverse * inverse) * inverse,
    )
    return b.copysign(value, x)


@wide
def expint(x: Expr) -> Expr:
    """The exponential integral Ei; minus infinity at 0, NaN below."""
    near = _EULER + log(b.abs(x)) + x * series(tables.EI_NEAR, x)
    inverse = 1.0 / x
    half = exp(x * 0.5)

    def far(given: Series) -> Expr:
        return half * (series(given, inverse) * inverse) * half

    return pieces(
        (x < 0.0, b.const(NAN, x.type)),
        (x <= 6.0, near),
        (x <= 12.0, far(tables.EI_ABOVE_6)),
        (x <= 24.0, far(tables.EI_ABOVE_12)),
        (x < INFINITY, far(tables.EI_ABOVE_24)),
        rest=x,
    )


def _fresnel(near: Series, sine: bool) -> Callable[..., Expr]:
    def function(x: Expr) -> Expr:
        size = b.abs(x)
        square = size * size
        fourth = square * square
        low = series(near, fourth) * (square * size if sine else size)
        v = 1.0 / fourth
        f = series(tables.FRESNEL_F, v) / (size * math.pi)
        g = series(tables.FRESNEL_G, v) / (square * size * math.pi**2)
        # πx²/2 less whole turns: x² modulo 4, the square taken in two exact parts.
        main = b.trunc(size * 1024.0) * (1 / 1024)
        rest = (size - main) * (size + main)
        whole = main * main
        turns = whole - b.trunc(whole * 0.25) * 4.0
        angle = (turns + rest) * (math.pi / 2)
        c, s = cos(angle), sin(angle)
        wave = f * c + g * s if sine else g * c - f * s
        high = b.select(size > 1e8, 0.5, 0.5 - wave)
        return b.copysign(b.select(size > 2.5, high, low), x)

    return wide(function)


fresnel_sin = _fresnel(tables.FRESNEL_S_NEAR, True)
fresnel_cos = _fresnel(tables.FRESNEL_C_NEAR, False)


def _spence_inside(x: Expr) -> Expr:
    """For x up to 3/2."""
    low = x < 0.5
    y = b.select(low, 1.0 - x, x)
    middle = (1.0 - y) * series(tables.SPENCE, y)
    product = b.select(b.eq(x, 0.0), 0.0, log(x) * log1p(-x))
    return b.select(low, math.pi**2 / 6 - product - middle, middle)


@wide
def spence(x: Expr) -> Expr:
    """Spence's integral; NaN below 0."""
    far = x > 1.5
    inside = _spence_inside(b.select(far, 1.0 / x, x))
    size = log(x)
    beyond = -inside - size * size * 0.5
    out = b.select(b.eq(x, INFINITY), -INFINITY, b.select(far, beyond, inside))
    return b.select(x < 0.0, NAN, out)


@wide
def log_slope(x: Expr) -> Expr:
    """log(x) / (1 - x), and -1 at 1."""
    away = 1.0 - x
    near = polynomial(away, tuple([-1 / k for k in range(1, 7)]))
    return b.select(b.abs(away) < 1e-3, near, log(x) / away)


@wide
def log_slope_slope(x: Expr) -> Expr:
    """(1/x + log(x) / (1 - x)) / (1 - x), and 1/2 at 1."""
    away = 1.0 - x
    near = polynomial(away, tuple([k / (k + 1) for k in range(1, 10)]))
    plain = (1.0 / x + log(x) / away) / away
    return b.select(b.abs(away) < 0.02, near, plain)
