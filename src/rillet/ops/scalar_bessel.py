"""Bessel functions of one element, for native loops.

In flow float32 or float64 expressions; out flow expressions of the same type, computed
in float64 by the series of `bessel_tables`, as the NumPy kernels do. Sources are those
of `ops.bessel`; `scalar_math` offers these to `lower` functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rillet.ops import bessel_tables as tables
from rillet.ops.expressions import Expr, b
from rillet.ops.scalar_circle import cos, sin
from rillet.ops.scalar_exponentials import exp, log
from rillet.ops.scalar_formats import INFINITY
from rillet.ops.scalar_series import Series, pieces, series, wide

_TWO_OVER_PI = 2 / math.pi
_Function = Callable[[Expr], Expr]


def _far(given: Series, x: Expr) -> Expr:
    """A series by 1/x, over √x; 0 at infinity."""
    x = b.select(x > 1e300, 1e300, x)
    return series(given, 1.0 / x) / b.sqrt(x)


def _i0e(x: Expr) -> Expr:
    x = b.abs(x)
    near, far = series(tables.I0_NEAR, x), _far(tables.I0_FAR, x)
    return b.select(x > 8.0, far, near)


def _i1e(x: Expr) -> Expr:
    size = b.abs(x)
    near, far = size * series(tables.I1_NEAR, size), _far(tables.I1_FAR, size)
    return b.copysign(b.select(size > 8.0, far, near), x)


def _grown(scaled: _Function) -> _Function:
    """exp(|x|) times a scaled function, in two factors so that it overflows late."""

    def function(x: Expr) -> Expr:
        half = exp(b.abs(x) * 0.5)
        value = scaled(x)
        ends = b.copysign(b.const(INFINITY, x.type), value)
        return b.select(b.eq(b.abs(x), INFINITY), ends, half * value * half)

    return function


_i0, _i1 = _grown(_i0e), _grown(_i1e)


def _k0_near(x: Expr) -> Expr:
    return series(tables.K0_NEAR, x * x) - log(x * 0.5) * _i0(x)


def _k1_near(x: Expr) -> Expr:
    return series(tables.K1_NEAR, x * x) / x + log(x * 0.5) * _i1(x)


def _k(near: _Function, far: Series, scaled: bool) -> _Function:
    def function(x: Expr) -> Expr:
        low, high = near(x), _far(far, x)
        if scaled:
            low = low * exp(x)
        else:
            high = high * exp(-x)
        return pieces(
            (x <= 0.0, b.const(INFINITY, x.type)),
            (b.eq(x, INFINITY), b.const(0.0, x.type)),
            (x > 2.0, high),
            rest=low,
        )

    return function


def _wave(x: Expr, p: Series, q: Series, order: int, second: bool) -> Expr:
    """J or Y for large x: a cosine or sine with slowly changing amplitudes."""
    v = 1.0 / (x * x)
    even, odd = series(p, v), series(q, v) / x
    sine, cosine = sin(x), cos(x)
    if order == 0:
        c, s = cosine + sine, sine - cosine
    else:
        c, s = sine - cosine, -(sine + cosine)
    wave = even * s + odd * c if second else even * c - odd * s
    return b.select(b.eq(x, INFINITY), 0.0, wave / b.sqrt(x * math.pi))


def _j0(x: Expr) -> Expr:
    x = b.abs(x)
    near = series(tables.J0_NEAR, x * x)
    return b.select(x > 8.0, _wave(x, tables.J0_P, tables.J0_Q, 0, False), near)


def _j1(x: Expr) -> Expr:
    size = b.abs(x)
    near = size * series(tables.J1_NEAR, x * x)
    far = _wave(size, tables.J1_P, tables.J1_Q, 1, False)
    value = b.select(size > 8.0, far, near)
    return b.select(x < 0.0, -value, value)


def _second(near: Expr, far: Expr, x: Expr) -> Expr:
    out = b.select(x > 8.0, far, near)
    return b.select(x <= 0.0, -INFINITY, out)


def _y0(x: Expr) -> Expr:
    near = series(tables.Y0_NEAR, x * x) + _TWO_OVER_PI * log(x) * _j0(x)
    return _second(near, _wave(x, tables.J0_P, tables.J0_Q, 0, True), x)


def _y1(x: Expr) -> Expr:
    smooth = x * series(tables.Y1_NEAR, x * x)
    near = smooth + _TWO_OVER_PI * (log(x) * _j1(x) - 1.0 / x)
    return _second(near, _wave(x, tables.J1_P, tables.J1_Q, 1, True), x)


bessel_i0, bessel_i1 = wide(_i0), wide(_i1)
bessel_i0e, bessel_i1e = wide(_i0e), wide(_i1e)
bessel_k0 = wide(_k(_k0_near, tables.K0_FAR, False))
bessel_k1 = wide(_k(_k1_near, tables.K1_FAR, False))
bessel_k0e = wide(_k(_k0_near, tables.K0_FAR, True))
bessel_k1e = wide(_k(_k1_near, tables.K1_FAR, True))
bessel_j0, bessel_j1 = wide(_j0), wide(_j1)
bessel_y0, bessel_y1 = wide(_y0), wide(_y1)
