"""Exponentials, logarithms and hyperbolic curves of one element, for native loops.

In flow float32 or float64 expressions; out flow expressions of the same type, made of
additions, multiplications and selections only, which loops turn into vectors. Bounds
are in units in the last place (ULP) of the result, over all finite inputs.
`scalar_math` offers these to `lower` functions.

Sources: the argument's reduction by multiples of log 2 after Cody and Waite (1980);
sums with a kept rounding error after Knuth (The Art of Computer Programming 2, 4.2.2).
"""

from __future__ import annotations

import math

from rillet.ops import scalar_tables as tables
from rillet.ops.expressions import Expr, b
from rillet.ops.scalar_formats import INFINITY, NAN, Format, format_of, polynomial

_SHIFT = 64  # results below the normal numbers are made 2^64 times larger first
_LOG2_E = 1 / math.log(2)


def _reduced(x: Expr, f: Format, bias: Expr | int) -> tuple[Expr, Expr]:
    """x as n log 2 + r with |r| up to log(2)/2.

    Returns:
        r, and 2 to the power of n + bias - f.bias, which must be normal.
    """
    rounder = bias if isinstance(bias, Expr) else b.const(f.round + bias, x.type)
    shifted = b.fma(x, _LOG2_E, rounder)
    n = shifted - rounder
    r = b.fma(n, -f.ln2, x)
    r = b.fma(n, -f.ln2_rest, r)
    power = b.bitcast(b.bitcast(shifted, f.whole) << f.digits, x.type)
    return r, power


def _grown(r: Expr, f: Format) -> Expr:
    """2 e^r for small r."""
    inner = polynomial(r, tuple([2.0 * c for c in tables.EXP[f.type]]))
    return b.fma(r, b.fma(r, inner, 2.0), 2.0)


def _exp(x: Expr, halved: bool = False, above: bool = True) -> Expr:
    """e^x, or half of it; without `above` only for x up to 0."""
    f = format_of(x)
    start = f.bias - 1 - halved
    low = x < -(f.bias - 2) * math.log(2)
    far = b.const(f.round + start + _SHIFT, x.type)
    rounder = b.select(low, far, f.round + start)
    r, power = _reduced(x, f, rounder)
    out = _grown(r, f) * power * b.select(low, b.const(2.0**-_SHIFT, x.type), 1.0)
    if above:
        out = b.select(x > f.most + halved, INFINITY, out)
    return b.select(x < f.least, 0.0, out)


def exp_of_sum(x: Expr, rest: Expr | None, table: tuple[float, ...]) -> Expr:
    """e^(x + rest) of float64 for a small `rest`; x may be up to 760 either way."""
    f = format_of(x)
    start = f.bias - 1
    low = x < -(f.bias - 2) * math.log(2)
    far = b.const(f.round + start + 2 * _SHIFT, x.type)
    r, power = _reduced(x, f, b.select(low, far, f.round + start))
    if rest is not None:
        r = r + rest
    inner = polynomial(r, tuple([2.0 * c for c in table]))
    out = b.fma(r, b.fma(r, inner, 2.0), 2.0) * power
    if rest is None:
        return out
    out = out * b.select(low, b.const(4.0**-_SHIFT, x.type), 1.0)
    return b.select(x > f.most + 1.0, INFINITY, out)


def exp(x: Expr) -> Expr:
    """e^x, within 1 ULP; results below the normal numbers are kept."""
    return _exp(x)


def exp2(x: Expr) -> Expr:
    """2^x, within 1 ULP."""
    f = format_of(x)
    start = f.bias - 1
    low = x < -(f.bias - 2)
    rounder = b.select(low, b.const(f.round + start + _SHIFT, x.type), f.round + start)
    shifted = x + rounder
    r = (x - (shifted - rounder)) * math.log(2)
    power = b.bitcast(b.bitcast(shifted, f.whole) << f.digits, x.type)
    out = _grown(r, f) * power * b.select(low, b.const(2.0**-_SHIFT, x.type), 1.0)
    out = b.select(x >= f.bias + 1, INFINITY, out)
    return b.select(x < -(f.bias + f.digits + 1), 0.0, out)


def _expm1(x: Expr) -> Expr:
    """e^x - 1 for x from -40 up to where that overflows."""
    f = format_of(x)
    r, half = _reduced(x, f, f.bias - 1)
    rest = b.fma(r * r, polynomial(r, tables.EXP[f.type]), r)
    return 2.0 * b.fma(half, rest, half - 0.5)


def expm1(x: Expr) -> Expr:
    """e^x - 1, within 2 ULP, exact for small x."""
    f = format_of(x)
    out = _expm1(b.select(x < -40.0, -40.0, x))
    return b.copysign(b.select(x > f.most, INFINITY, out), x)


def _mantissa(x: Expr, f: Format) -> tuple[Expr, Expr]:
    """A normal x as 2^e · m with m from sqrt(1/2) to sqrt(2).

    Returns:
        e, as an integer, and m.
    """
    middle = _bits(math.sqrt(0.5), f)
    bits = b.bitcast(x, f.whole) - middle
    e = bits >> f.digits
    m = b.bitcast((bits & ((1 << f.digits) - 1)) + middle, x.type)
    return e, m


def _bits(value: float, f: Format) -> int:
    """The bits of a number between 1/2 and 1, rounded down."""
    return ((f.bias - 1) << f.digits) + int((value * 2 - 1) * 2**f.digits)


def _float_of(e: Expr, f: Format) -> Expr:
    """A small integer as a float; not every processor converts vectors of int64."""
    if f.type == "float32":
        return b.cast(e, f.type)
    base = ((f.digits + f.bias) << f.digits) + (1 << (f.digits - 1))
    return b.bitcast(e + base, f.type) - f.round


def _log_near(m: Expr, f: Format) -> Expr:
    """log(1 + m) - m for 1 + m from sqrt(1/2) to sqrt(2), to be added to m."""
    square = m * m
    if f.type == "float32":
        return square * b.fma(m, polynomial(m, tables.LOG[f.type]), -0.5)
    # log(1 + m) = 2 atanh(s): half of m² is taken apart so that its digits stay.
    half = 0.5 * square
    s = m / (2.0 + m)
    z = s * s
    series = z * polynomial(z, tables.LOG[f.type])
    return s * (half + series) - half


def _joined(e: Expr, m: Expr, f: Format) -> Expr:
    """e log 2 + log(1 + m)."""
    low = b.fma(e, f.ln2_rest, _log_near(m, f))
    return b.fma(e, f.ln2, m + low)


def _log_ends(x: Expr, out: Expr, pole: float) -> Expr:
    """The logarithm with its pole, its end and what is beyond."""
    out = b.select(x < INFINITY, out, x)
    ends = b.select(b.eq(x, pole), b.const(-INFINITY, x.type), NAN)
    return b.select(x <= pole, ends, out)


def log(x: Expr) -> Expr:
    """The natural logarithm, within 1.5 ULP; minus infinity at 0, NaN below."""
    f = format_of(x)
    e, m = split_any(x, f)
    return _log_ends(x, _joined(e, m - 1.0, f), 0.0)


def split_any(x: Expr, f: Format, tiny: bool = True) -> tuple[Expr, Expr]:
    """A positive x as 2^e · m with m from sqrt(1/2) to sqrt(2), both floats.

    Args:
        x: the number.
        f: its format.
        tiny: whether it may be below the normal numbers.
    """
    if not tiny:
        e, m = _mantissa(x, f)
        return _float_of(e, f), m
    small = x < f.tiny
    up = f.digits + 2
    e, m = _mantissa(b.select(small, x * 2.0**up, x), f)
    return _float_of(e, f) - b.select(small, b.const(float(up), x.type), 0.0), m


def log2(x: Expr) -> Expr:
    """The logarithm to base 2, within 2 ULP."""
    f = format_of(x)
    e, m = split_any(x, f)
    near = m - 1.0
    part = near + _log_near(near, f)
    return _log_ends(x, b.fma(part, _LOG2_E, e), 0.0)


def _log1p(x: Expr) -> Expr:
    """log(1 + x) for finite x above -1."""
    f = format_of(x)
    u = x + 1.0
    gap = u - x
    lost = (x - (u - gap)) + (1.0 - gap)
    e, m = _mantissa(u, f)
    # What the sum lost, scaled as m is: divided by 2^e.
    scale = b.bitcast(b.const(f.bias, f.whole) - e << f.digits, x.type)
    scale = b.select(e > f.digits + 1, 0.0, scale)
    return _joined(_float_of(e, f), b.fma(lost, scale, m - 1.0), f)


def log1p(x: Expr) -> Expr:
    """log(1 + x), within 2 ULP, exact for small x; minus infinity at -1, NaN below."""
    out = _log_ends(x, _log1p(x), -1.0)
    return b.select(b.eq(x, 0.0), x, out)


def sigmoid(x: Expr) -> Expr:
    """1 / (1 + e^-x), within 2.5 ULP."""
    shrunk = _exp(-b.abs(x), above=False)
    return b.select(x < 0.0, shrunk, 1.0) / (shrunk + 1.0)


def tanh(x: Expr) -> Expr:
    """The hyperbolic tangent, within 2.5 ULP."""
    size = b.abs(x)
    end = 10.0 if x.type == "float32" else 20.0
    grown = _expm1(2.0 * b.select(size > end, end, size))
    return b.copysign(grown / (grown + 2.0), x)


def softplus(x: Expr) -> Expr:
    """log(1 + e^x), within 2 ULP; never overflows."""
    rest = _log1p(_exp(-b.abs(x), above=False))
    return rest + b.select(x < 0.0, 0.0, x)


def log_sigmoid(x: Expr) -> Expr:
    """log(1 / (1 + e^-x)), within 2 ULP."""
    return -softplus(-x)


def sinh(x: Expr) -> Expr:
    """The hyperbolic sine, within 3 ULP."""
    size = b.abs(x)
    half = _exp(size, halved=True)
    z = x * x
    near = b.fma(x * z, polynomial(z, tables.SINH[x.type]), x)
    return b.select(size < 1.0, near, b.copysign(half - 0.25 / half, x))


def cosh(x: Expr) -> Expr:
    """The hyperbolic cosine, within 2 ULP."""
    half = _exp(b.abs(x), halved=True)
    return half + 0.25 / half


def asinh(x: Expr) -> Expr:
    """The inverse of the hyperbolic sine, within 3 ULP."""
    size = b.abs(x)
    large = size > 2.0**30
    square = size * size
    near = size + square / (1.0 + b.sqrt(square + 1.0))
    out = _log1p(b.select(large, size - 1.0, near))
    out = out + b.select(large, b.const(math.log(2), x.type), 0.0)
    out = b.select(size < INFINITY, out, size)
    return b.copysign(out, x)


def acosh(x: Expr) -> Expr:
    """The inverse of the hyperbolic cosine, within 3 ULP; NaN below 1."""
    large = x > 2.0**30
    above = x - 1.0
    near = above + b.sqrt(above * (above + 2.0))
    out = _log1p(b.select(large, above, near))
    out = out + b.select(large, b.const(math.log(2), x.type), 0.0)
    out = b.select(x < INFINITY, out, x)
    return b.select(x < 1.0, NAN, out)


def atanh(x: Expr) -> Expr:
    """The inverse of the hyperbolic tangent, within 3 ULP; NaN beyond ±1."""
    size = b.abs(x)
    ratio = 2.0 * size / (1.0 - size)
    out = 0.5 * log1p(b.select(size >= 1.0, INFINITY, ratio))
    return b.select(size > 1.0, NAN, b.copysign(out, x))
