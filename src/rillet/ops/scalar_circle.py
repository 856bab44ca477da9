"""Sines, angles and their kin of one element, for native loops.

In flow float32 or float64 expressions; out flow expressions of the same type. Angles
of any size are reduced exactly, by as many digits of 2/π as they need (Payne and Hanek,
1983): a window of its pieces is selected by the angle's size. `scalar_math` offers
these to `lower` functions; bounds are in units in the last place over all finite
inputs.
"""

from __future__ import annotations

import math

from rillet.ops import scalar_tables as tables
from rillet.ops.expressions import Expr, b
from rillet.ops.scalar_formats import (
    INFINITY,
    NAN,
    Format,
    format_of,
    polynomial,
    product_rest,
)

_HALF_PI = math.pi / 2
_HALF_PI_REST = 6.123233995736766e-17  # π/2 less the float64 next to it
_TAN_EIGHTH = math.sqrt(2) - 1


def _window(
    size: Expr, width: int, words: tuple[int, ...], kept: int, digits: int
) -> tuple[Expr, list[Expr]]:
    """The pieces of 2/π that matter for an angle, those that give whole turns left out.

    Args:
        size: the angle, of 0 or more, as float64.
        width: bits a piece.
        words: the pieces.
        kept: how many are needed.
        digits: significant bits of the angle.

    Returns:
        The angle divided by 2 to the power of the bits left out, and the pieces as
        whole numbers: the k-th counts 2^(-width · (k + 1)).
    """
    pieces = [b.const(float(w), "float64") for w in words]
    step = 1 << max(len(words) - kept, 1).bit_length() - 1
    while step:
        # One more piece may go where the product's last bit would still be worth 4.
        large = size >= 2.0 ** (digits + 1 + width * step)
        size = b.select(large, size * 2.0 ** (-width * step), size)
        needed = kept + step - 1
        pieces = [
            b.select(large, pieces[k + step], pieces[k])
            if k + step < len(pieces)
            else pieces[k]
            for k in range(min(needed, len(pieces)))
        ]
        step //= 2
    return size, pieces


def _within(x: Expr) -> Expr:
    """x less a multiple of 4, from -2 to 2."""
    return b.fma(b.rint(x * 0.25), -4.0, x)


def _two_sum(x: Expr, y: Expr) -> tuple[Expr, Expr]:
    """A sum and what its rounding lost."""
    total = x + y
    back = total - x
    return total, (x - (total - back)) + (y - back)


def _single_turns(x: Expr) -> tuple[Expr, Expr]:
    """A float32 angle as n quarters of a turn and an angle up to π/4, both float32."""
    size = b.abs(b.cast(x, "float64"))
    size, words = _window(size, 28, tables.TURN_28, 4, 24)
    p = [size * 2.0 ** (-28 * (k + 1)) * w for k, w in enumerate(words)]
    first, second = _within(p[0]), _within(p[1])
    n = b.rint(first + second + p[2])
    r = (first - n) + second + (p[2] + p[3])
    return b.cast(n, "float32"), b.cast(r * _HALF_PI, "float32")


def _double_turns(x: Expr) -> tuple[Expr, Expr, Expr]:
    """A float64 angle as n quarters and the sum of two numbers, up to π/4."""
    size, words = _window(b.abs(x), 50, tables.TURN_50, 5, 53)
    whole, rest = [], []
    for k, w in enumerate(words):
        scaled = size * 2.0 ** (-50 * (k + 1))
        product = scaled * w
        whole.append(product)
        rest.append(product_rest(scaled, w, product))
    parts = [_within(v) for v in (whole[0], rest[0], whole[1], whole[2])]
    parts.insert(3, rest[1])
    n = b.rint(parts[0] + parts[1] + parts[2] + parts[3] + parts[4])
    high, low = parts[0] - n, rest[2] + whole[3] + (rest[3] + whole[4])
    lost = b.const(0.0, "float64")
    for part in parts[1:]:
        high, gone = _two_sum(high, part)
        lost = lost + gone
    high, low = _two_sum(high, lost + low)
    angle = high * _HALF_PI
    rest_of = product_rest(high, _HALF_PI, angle)
    rest_of = b.fma(high, _HALF_PI_REST, b.fma(low, _HALF_PI, rest_of))
    return n, angle, rest_of


def _waves(x: Expr) -> tuple[Expr, Expr, Expr, Format]:
    """The quarters of an angle's size, and sine and cosine of what is left."""
    if x.type == "float32":
        return _series(*_single_turns(x), 0.0)
    return _series(*_double_turns(x))


def _series(n: Expr, r: Expr, low: Expr | float) -> tuple[Expr, Expr, Expr, Format]:
    """Quarters as a whole number; sine and cosine of an angle of up to π/4.

    Args:
        n: the quarters.
        r: the angle.
        low: what is added to it; 0 for float32.
    """
    f = format_of(r)
    z = r * r
    series = polynomial(z, tables.SIN[f.type])
    sine = b.fma(r * z, series, r)
    half = 0.5 * z
    near = 1.0 - half
    cosine = b.fma(z * z, polynomial(z, tables.COS[f.type]), (1.0 - near) - half)
    if isinstance(low, Expr):
        sine = r + b.fma(r * z, series, b.fma(-half, low, low))
        cosine = b.fma(-r, low, cosine)
    quarters = b.bitcast(n + f.round, f.whole)
    return quarters, sine, near + cosine, f


def sin_and_cos(x: Expr) -> tuple[Expr, Expr]:
    """Sine and cosine of an angle between 0 and a few turns, within 1.5 ULP."""
    size = b.cast(x, "float64")
    n = b.rint(size * (1 / _HALF_PI))
    rest = b.fma(n, -_HALF_PI, size)
    low: Expr | float = n * -_HALF_PI_REST
    if x.type == "float32":
        n, rest, low = b.cast(n, "float32"), b.cast(rest, "float32"), 0.0
    quarters, sine, cosine, f = _series(n, rest, low)
    even = b.eq(quarters & 1, 0)
    up = _signed(b.select(even, sine, cosine), quarters, f)
    return up, _signed(b.select(even, cosine, sine), quarters + 1, f)


def _signed(x: Expr, quarters: Expr, f: Format) -> Expr:
    """`x`, negated in the second half of every four quarters."""
    top = f.digits + (8 if f.type == "float32" else 11)
    flip = (quarters & 2) << (top - 1)
    return b.bitcast(b.bitcast(x, f.whole) ^ flip, x.type)


def _odd(x: Expr, out: Expr) -> Expr:
    """An odd function of which `out` is right for the size, and which is x near 0."""
    sign = b.bitcast(x, format_of(x).whole) & -(2 ** _top(x))
    out = b.bitcast(b.bitcast(out, format_of(x).whole) ^ sign, x.type)
    return b.select(b.abs(x) < 2.0**-27, x, out)


def _top(x: Expr) -> int:
    return 31 if x.type == "float32" else 63


def sin(x: Expr) -> Expr:
    """The sine, within 1.5 ULP; NaN at the infinities."""
    quarters, sine, cosine, f = _waves(x)
    out = b.select(b.eq(quarters & 1, 0), sine, cosine)
    return _odd(x, _signed(out, quarters, f))


def cos(x: Expr) -> Expr:
    """The cosine, within 1.5 ULP; NaN at the infinities."""
    quarters, sine, cosine, f = _waves(x)
    out = b.select(b.eq(quarters & 1, 0), cosine, sine)
    out = _signed(out, quarters + 1, f)
    return b.select(b.abs(x) < 2.0**-27, 1.0, out)


def tan(x: Expr) -> Expr:
    """The tangent, within 3 ULP; NaN at the infinities."""
    quarters, sine, cosine, _ = _waves(x)
    even = b.eq(quarters & 1, 0)
    out = b.select(even, sine, -cosine) / b.select(even, cosine, sine)
    return _odd(x, out)


def _asin_near(x: Expr, z: Expr) -> Expr:
    """asin(x) - x for x up to 1/2, with z = x²."""
    return x * z * polynomial(z, tables.ASIN[x.type])


def _constants(x: Expr, times: float) -> tuple[float, float]:
    """A multiple of π/2, by a power of 2, in two parts of the type of x."""
    if x.type == "float64":
        return _HALF_PI * times, _HALF_PI_REST * times
    first = float.fromhex("0x1.921fb6p+0")
    return first * times, (_HALF_PI - first) * times


def asin(x: Expr) -> Expr:
    """The angle whose sine is x, within 2 ULP; NaN beyond ±1."""
    size = b.abs(x)
    far = size > 0.5
    z = b.select(far, 0.5 - 0.5 * size, size * size)
    s = b.select(far, b.sqrt(z), size)
    high, low = _constants(x, 1)
    rest = _asin_near(s, z)
    beyond = high - (2.0 * s - (low - 2.0 * rest))
    return b.copysign(b.select(far, beyond, s + rest), x)


def acos(x: Expr) -> Expr:
    """The angle whose cosine is x, within 2 ULP; NaN beyond ±1."""
    size = b.abs(x)
    far = size > 0.5
    z = b.select(far, 0.5 - 0.5 * size, size * size)
    s = b.select(far, b.sqrt(z), x)
    rest = _asin_near(s, z)
    high, low = _constants(x, 1)
    twice = 2.0 * (s + rest)
    left = 2.0 * high - (twice - 2.0 * low)
    middle = high - (s - (low - rest))
    return b.select(far, b.select(x > 0.0, twice, left), middle)


def _atan_near(t: Expr) -> Expr:
    """atan(t) - t for t up to tan(π/8)."""
    z = t * t
    return t * z * polynomial(z, tables.ATAN[t.type])


def atan(x: Expr) -> Expr:
    """The angle whose tangent is x, within 2 ULP."""
    size = b.abs(x)
    far, middle = size > 1 / _TAN_EIGHTH, size > _TAN_EIGHTH
    top = b.select(far, b.const(-1.0, x.type), b.select(middle, size - 1.0, size))
    bottom = b.select(far, size, b.select(middle, size + 1.0, 1.0))
    t = top / bottom
    high, low = _constants(x, 1)
    base = b.select(far, b.const(high, x.type), b.select(middle, _half(x, high), 0.0))
    rest = b.select(far, b.const(low, x.type), b.select(middle, _half(x, low), 0.0))
    return b.copysign(base + (t + (_atan_near(t) + rest)), x)


def _half(x: Expr, value: float) -> Expr:
    return b.const(value * 0.5, x.type)


def atan2(y: Expr, x: Expr) -> Expr:
    """The angle of the point (x, y), from -π to π, within 2.5 ULP."""
    up, across = b.abs(y), b.abs(x)
    steep = up > across
    large, small = b.select(steep, up, across), b.select(steep, across, up)
    both = b.eq(small, INFINITY)
    shrink = b.select(large > 2.0**100, b.const(0.25, x.type), 1.0)
    large, small = large * shrink, small * shrink
    middle = both | (small > _TAN_EIGHTH * large)
    top = b.select(middle, small - large, small)
    bottom = b.select(middle, small + large, large)
    empty = b.eq(large, 0.0)
    t = b.select(both | empty, 0.0, top / bottom)
    high, low = _constants(x, 1)
    near = t + _atan_near(t)
    # Quarters of π: 0 or 1, then 2 less that where steep, then 4 less that to the left.
    turn = b.select(steep, b.const(-1.0, x.type), 1.0)
    back = b.bitcast(x, format_of(x).whole) < 0
    count = b.select(middle, b.const(1.0, x.type), 0.0)
    count = b.select(steep, 2.0 - count, count)
    count = b.select(back, 4.0 - count, count)
    turn = b.select(back, -turn, turn)
    out = b.fma(count, high * 0.5, b.fma(count, low * 0.5, turn * near))
    out = b.select(b.is_nan(x) | b.is_nan(y), NAN, out)
    return b.copysign(out, y)
