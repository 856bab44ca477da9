"""Error functions, gamma's logarithm and their kin of one element, for native loops.

In flow float32 or float64 expressions; out flow expressions of the same type. float64
goes by the Chebyshev series of `special_tables`, as the NumPy kernels do; `erf` and
`erfc` of float32 have polynomials of their own, the rest of float32 goes through
float64. `scalar_math` offers these to `lower` functions. Sources are those of
`error_functions` and `gamma_kernels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rillet.ops import scalar_tables, special_tables
from rillet.ops.expressions import Expr, b
from rillet.ops.scalar_exponentials import exp, log
from rillet.ops.scalar_formats import INFINITY, NAN, polynomial, product_rest
from rillet.ops.scalar_series import pieces, series, wide

_ROOT2 = math.sqrt(2.0)
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
#: B(2k) / 2k for k = 1, 2, …, with Bernoulli's numbers B.
_BERNOULLI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 5 / 660, -691 / 32760, 1 / 12)
_LAST_BERNOULLI = -3617 / 8160


def _erf_single(x: Expr) -> Expr:
    size = b.abs(x)
    z = x * x
    near = b.fma(x, polynomial(z, scalar_tables.ERF_NEAR["float32"]), x)
    end = b.select(size > 4.0, 4.0, size)
    tail = exp(polynomial(end, scalar_tables.ERFC_LOG["float32"]))
    return b.select(size < 1.0, near, b.copysign(1.0 - tail, x))


def _square_exp(x: Expr) -> Expr:
    """exp(-x²): what the square loses by rounding is a factor of its own."""
    square = x * x
    if x.type == "float32":
        wide = b.cast(x, "float64")
        lost = b.cast(wide * wide - b.cast(square, "float64"), x.type)
    else:
        lost = product_rest(x, x, square)
    whole = exp(-square)
    return b.fma(whole, -lost, whole)


def _erfc_single(x: Expr) -> Expr:
    size = b.abs(x)
    size = b.select(size > 10.5, 10.5, size)
    inverse = 1.0 / (size + 2.0)
    tail = polynomial((size - 2.0) * inverse, special_tables.ERFCX_SINGLE)
    tail = tail * inverse * _square_exp(size)
    near = b.fma(-x, polynomial(x * x, scalar_tables.ERF_NEAR["float32"]), 1.0 - x)
    far = b.select(x < 0.0, 2.0 - tail, tail)
    return b.select(size < 0.5, near, far)


def _complement(x: Expr) -> Expr:
    """erfc(x) for x of 1 or more, float64."""
    x = b.select(x > 40.0, 40.0, x)
    scaled = series(special_tables.ERFCX, (x - 4.0) / (x + 4.0))
    return _square_exp(x) * scaled


def erf(x: Expr) -> Expr:
    """The error function, within 1.5 ULP (float32) or 3 (float64)."""
    if x.type == "float32":
        return _erf_single(x)
    size = b.abs(x)
    near = x * series(special_tables.ERF_SMALL, x * x)
    far = b.copysign(1.0 - _complement(size), x)
    return b.select(b.ge(size, 1.0), far, near)


def erfc(x: Expr) -> Expr:
    """1 - erf(x), within 4 ULP (float32) or 12 (float64)."""
    if x.type == "float32":
        return _erfc_single(x)
    size = b.abs(x)
    tail = _complement(size)
    near = 1.0 - x * series(special_tables.ERF_SMALL, x * x)
    return b.select(size < 1.0, near, b.select(x < 0.0, 2.0 - tail, tail))


def _middle(q: Expr) -> Expr:
    """The normal quantile of 1/2 + q, for |q| up to 3/8."""
    return q * series(special_tables.QUANTILE_MIDDLE, q * q)


def _tail(p: Expr) -> Expr:
    """Minus the normal quantile of p, for p up to 1/8."""
    r = b.sqrt(-log(p))
    inverse = 1.0 / r
    gap = pieces(
        (r < 4.0, series(special_tables.QUANTILE_TAIL, r)),
        (r < 8.0, series(special_tables.QUANTILE_FAR, inverse) * inverse),
        (r < INFINITY, series(special_tables.QUANTILE_FARTHEST, inverse) * inverse),
        rest=0.0,
    )
    return r * _ROOT2 + gap


@wide
def ndtri(p: Expr) -> Expr:
    """The normal quantile; infinite at 0 and 1, NaN beyond."""
    upper = p > 0.5
    tail = _tail(b.select(upper, 1.0 - p, p))
    q = p - 0.5
    out = b.select(upper, tail, -tail)
    return b.select(b.abs(q) <= 0.375, _middle(q), out)


@wide
def erfinv(x: Expr) -> Expr:
    """The number whose error function is x; infinite at ±1, NaN beyond."""
    size = b.abs(x)
    near = _middle(x * 0.5)
    far = b.copysign(_tail((1.0 - size) * 0.5), x)
    return b.select(size <= 0.75, near, far) * (1 / _ROOT2)


def _bernoulli(v: Expr, divisor: Callable[[int], float]) -> Expr:
    """Σ B(2k) / (2k · divisor(k)) · v^(k - 1)."""
    factors = [*_BERNOULLI, _LAST_BERNOULLI]
    return polynomial(v, tuple([c / divisor(k + 1) for k, c in enumerate(factors)]))


def _lgamma_positive(x: Expr, log_x: Expr) -> Expr:
    low = x < 0.5
    y = b.select(low, x + 1.0, x)
    smooth = b.select(
        y < 1.5,
        series(special_tables.LGAMMA_LOW, y),
        series(special_tables.LGAMMA_MIDDLE, y),
    )
    near = (y - 1.0) * (y - 2.0) * smooth + 0.0
    near = b.select(low, near - log_x, near)
    inverse = 1.0 / x
    rest = _bernoulli(inverse * inverse, lambda k: 2 * k - 1) * inverse
    stirling = (x - 0.5) * (log_x - 1.0) + (_HALF_LOG_2PI - 0.5)
    huge = b.select(x > 1e305, INFINITY, x * (log_x - 1.0))
    far = b.select(x > 1e300, huge, stirling + rest)
    return pieces(
        (x < 3.0, near),
        (x < 10.0, series(special_tables.LGAMMA_HIGH, x)),
        rest=far,
    )


def _half_turn(x: Expr) -> tuple[Expr, Expr]:
    """The sine and the cosine of πx for |x| up to 1/2."""
    size = b.abs(x)
    steep = size > 0.25
    r = b.select(steep, 0.5 - size, size) * math.pi
    z = r * r
    sine = b.fma(r * z, polynomial(z, scalar_tables.SIN["float64"]), r)
    rest = b.fma(z * z, polynomial(z, scalar_tables.COS["float64"]), -0.5 * z)
    cosine = 1.0 + rest
    out = b.select(steep, cosine, sine)
    return b.copysign(out, x), b.select(steep, sine, cosine)


@wide
def lgamma(x: Expr) -> Expr:
    """log |Γ(x)|; infinite at 0, -1, -2, … and at both infinities."""
    positive = x > 0.0
    y = b.select(x <= 0.0, 1.0 - x, x)
    value = _lgamma_positive(y, log(y))
    sine, _ = _half_turn(x - b.rint(x))
    sine = b.abs(sine)
    reflected = log(math.pi / sine) - value
    whole = b.eq(sine, 0.0) | b.eq(x, -INFINITY)
    out = b.select(whole, INFINITY, reflected)
    return b.select(b.is_nan(x), NAN, b.select(positive, value, out))


@wide
def digamma(x: Expr) -> Expr:
    """The derivative of log Γ; NaN at 0, -1, -2, … and at minus infinity."""
    y = b.select(x <= 0.0, 1.0 - x, x)
    total = b.const(0.0, "float64")
    for _ in range(10):
        low = y < 10.0
        total = b.select(low, total - 1.0 / y, total)
        y = b.select(low, y + 1.0, y)
    v = 1.0 / (y * y)
    tail = _bernoulli(v, lambda k: 1.0) * v
    value = total + (log(y) - 0.5 / y - tail)
    near = b.rint(x)
    sine, cosine = _half_turn(x - near)
    reflected = value - math.pi * cosine / sine
    reflected = b.select(b.eq(x, near) | b.eq(x, -INFINITY), NAN, reflected)
    return b.select(x <= 0.0, reflected, value)
