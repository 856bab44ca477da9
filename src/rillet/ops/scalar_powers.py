"""Powers and roots of one element, for native loops.

In flow expressions; out flow expressions of the same type. Floats are raised through a
logarithm that carries more digits than the result: for float32 in float64, for float64
as a sum of two numbers. `scalar_math` offers these to `lower` functions.
"""

from __future__ import annotations

from rillet.ops import scalar_tables as tables
from rillet.ops.expressions import FLOATS, Expr, b
from rillet.ops.scalar_exponentials import exp_of_sum, split_any
from rillet.ops.scalar_formats import (
    INFINITY,
    NAN,
    format_of,
    polynomial,
    product_rest,
)

_TWO_THIRDS = 2 / 3
_TWO_THIRDS_REST = 3.700743415417188e-17  # 2/3 less the float64 next to it
_END = 200.0  # a float32 that is e to the power of more overflows


def _log_single(x: Expr) -> Expr:
    """log x of a positive float32 that was made a float64, to 42 bits."""
    f = format_of(x)
    e, m = split_any(x, f, False)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    near = b.fma(s * z, polynomial(z, tables.POW_LOG["float32"]), 2.0 * s)
    return b.fma(e, f.ln2 + f.ln2_rest, near)


def _power_single(x: Expr, y: Expr) -> Expr:
    """x^y for positive finite float32 numbers."""
    t = b.cast(y, "float64") * _log_single(b.cast(x, "float64"))
    t = b.select(t > _END, _END, b.select(t < -_END, -_END, t))
    return b.cast(exp_of_sum(t, None, tables.POW_EXP["float32"]), "float32")


def _log_double(x: Expr) -> tuple[Expr, Expr]:
    """log x of a positive finite float64 as a sum of two numbers."""
    f = format_of(x)
    e, m = split_any(x, f)
    above = m + 1.0
    above_rest = m - (above - 1.0)
    s = (m - 1.0) / above
    whole = s * above
    left = ((m - 1.0) - whole) - product_rest(s, above, whole)
    s_rest = (left - s * above_rest) / above
    z = s * s
    z_rest = product_rest(s, s, z) + 2.0 * s * s_rest
    tail = z * polynomial(z, tables.POW_LOG["float64"])
    w = tail + _TWO_THIRDS
    w_rest = (_TWO_THIRDS - w) + tail + _TWO_THIRDS_REST
    cube = s * z
    cube_rest = product_rest(s, z, cube) + (s * z_rest + s_rest * z)
    v = cube * w
    v_rest = product_rest(cube, w, v) + (cube * w_rest + cube_rest * w)
    high = 2.0 * s + v
    low = (2.0 * s - high) + v + (2.0 * s_rest + v_rest)
    ones = e * f.ln2
    total = ones + high
    back = total - ones
    rest = (ones - (total - back)) + (high - back)
    return total, rest + b.fma(e, f.ln2_rest, low)


def _power_double(x: Expr, y: Expr) -> Expr:
    """x^y for positive finite float64 numbers."""
    high, low = _log_double(x)
    t = y * high
    rest = product_rest(y, high, t) + y * low
    far = b.abs(t) > 760.0
    t = b.select(far, b.copysign(b.const(760.0, t.type), t), t)
    return exp_of_sum(t, b.select(far, 0.0, rest), tables.EXP["float64"])


def pow(x: Expr, y: Expr) -> Expr:
    """x^y; floats within 1 ULP, with C's results where an operand is 0 or infinite.

    Whole numbers wrap. Negative exponents of whole numbers are the caller's to check.
    """
    if x.type not in FLOATS:
        return _whole_power(x, y)
    known = y.args[0] if y.kind == "const" else None
    if known == 2.0:
        return x * x
    if known == 1.0:
        return x
    size = b.abs(x)
    one = b.const(1.0, x.type)
    out = (_power_single if x.type == "float32" else _power_double)(size, y)
    endless = b.eq(b.abs(y), INFINITY)
    grows = b.bit_xor(y < 0.0, size > 1.0)
    ends = b.select(grows, INFINITY, b.const(0.0, x.type))
    ends = b.select(endless & b.eq(size, 1.0), 1.0, ends)
    out = b.select(b.eq(size, 0.0) | b.eq(size, INFINITY) | endless, ends, out)
    whole = b.eq(b.trunc(y), y)
    odd = whole & b.ne(b.trunc(y * 0.5), y * 0.5) & ~endless
    out = b.select(odd, b.copysign(out, x), out)
    fails = (x < 0.0) & ~whole & (size < INFINITY)
    out = b.select(fails | b.is_nan(x) | b.is_nan(y), NAN, out)
    return b.select(b.eq(y, 0.0) | b.eq(x, 1.0), one, out)


def _whole_power(x: Expr, y: Expr) -> Expr:
    """A whole number to a power of 0 or more, by squaring."""
    known = y.args[0] if y.kind == "const" else None
    bits = int(x.type.lstrip("uint")) if known is None else int(known).bit_length()
    out = b.const(1, x.type)
    for k in range(bits):
        if known is None:
            taken = b.ne(y & (1 << k), 0)
            out = b.select(taken, out * x, out)
        elif known >> k & 1:
            out = out * x
        if k + 1 < bits:
            x = x * x
    return out


def rsqrt(x: Expr) -> Expr:
    """1 / sqrt(x), within 1.5 ULP; infinity at 0, NaN below."""
    return 1.0 / b.sqrt(x)


def square(x: Expr) -> Expr:
    """x · x."""
    return x * x
