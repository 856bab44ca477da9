"""Whole numbers, remainders and conversions of one element, for native loops.

In flow expressions; out flow expressions with what TensorFlow gives where processors
leave results open: division by zero fails, the least number divided by -1 wraps,
shifts stop at the type's width, floats beyond a type's range become its least number.
`scalar_math` offers these to `lower` functions.
"""

from __future__ import annotations

from rillet.ops.expressions import FLOATS, HALVES, Expr, b
from rillet.ops.scalar_formats import NAN, bits_of, format_of


def _width(type: str) -> int:
    return int(type.lstrip("uint"))


def _is_signed(x: Expr) -> bool:
    return x.type.startswith("int")


def sign(x: Expr) -> Expr:
    """-1, 0 or 1; NaN stays."""
    if x.type in FLOATS:
        one = b.const(1.0, x.type)
        out = b.select(x > 0.0, one, b.select(x < 0.0, -one, 0.0))
        return b.select(b.is_nan(x), x, out)
    up = b.cast(x > 0, x.type)
    return up - b.cast(x < 0, x.type) if _is_signed(x) else up


def _divided(x: Expr, y: Expr) -> tuple[Expr, Expr]:
    """Quotient towards zero and remainder of whole numbers; zero divisors fail."""
    zero = b.eq(y, 0)
    if not _is_signed(x):
        safe = b.select(zero, 1, y)
        return b.checked(b.quotient(x, safe), ~zero), b.remainder(x, safe)
    minus = b.eq(y, -1)
    safe = b.select(zero | minus, 1, y)
    quotient = b.select(minus, 0 - x, b.quotient(x, safe))
    return b.checked(quotient, ~zero), b.remainder(x, safe)


def truncate_div(x: Expr, y: Expr) -> Expr:
    """x / y towards zero."""
    return b.trunc(x / y) if x.type in FLOATS else _divided(x, y)[0]


def truncate_mod(x: Expr, y: Expr) -> Expr:
    """The remainder with the sign of x."""
    if x.type in FLOATS:
        return b.remainder(x, y)
    return b.checked(_divided(x, y)[1], b.ne(y, 0))


def floor_div(x: Expr, y: Expr) -> Expr:
    """x / y rounded down."""
    if x.type in FLOATS:
        return b.floor(x / y)
    quotient, rest = _divided(x, y)
    if not _is_signed(x):
        return quotient
    down = b.ne(rest, 0) & ((rest ^ y) < 0)
    return quotient - b.cast(down, x.type)


def floor_mod(x: Expr, y: Expr) -> Expr:
    """The remainder with the sign of y."""
    if x.type in FLOATS:
        rest = b.remainder(x, y)
        moved = b.select(b.bit_xor(rest < 0.0, y < 0.0), rest + y, rest)
        return b.select(b.eq(rest, 0.0), b.copysign(b.const(0.0, x.type), y), moved)
    rest = b.checked(_divided(x, y)[1], b.ne(y, 0))
    if not _is_signed(x):
        return rest
    return b.select(b.ne(rest, 0) & ((rest ^ y) < 0), rest + y, rest)


def _distance(x: Expr, y: Expr) -> Expr:
    """How far to shift: the nearest to y that the width allows."""
    return b.minimum(b.maximum(y, 0), _width(x.type) - 1)


def shift_left(x: Expr, y: Expr) -> Expr:
    """Bits moved up by y, or as far as the width allows."""
    return x << _distance(x, y)


def shift_right(x: Expr, y: Expr) -> Expr:
    """Bits moved down by y, or as far as the width allows."""
    return x >> _distance(x, y)


def next_after(x: Expr, y: Expr) -> Expr:
    """The float next to x in the direction of y."""
    whole = format_of(x).whole
    bits = bits_of(x)
    away = b.eq(b.bit_xor(y > x, x > 0.0), False)
    moved = b.bitcast(bits + b.select(away, b.const(1, whole), -1), x.type)
    least = b.bitcast(b.const(1, whole), x.type)
    out = b.select(b.eq(x, 0.0), b.copysign(least, y), moved)
    out = b.select(b.eq(x, y), y, out)
    return b.select(b.is_nan(x) | b.is_nan(y), NAN, out)


def converted(x: Expr, type: str) -> Expr:
    """x in another type, as `ops.casting` converts; halves are rounded to."""
    if type in HALVES:
        return _half(_single(x), type)
    if type == "bool" or x.type not in FLOATS or type in FLOATS:
        return b.cast(x, type)
    if type == "uint64":
        top = 2.0**63
        high = b.cast(_whole(x - top, "int64"), type) | (1 << 63)
        return b.select(x >= top, high, b.cast(_whole(x, "int64"), type))
    wide = "int64" if type in ("int64", "uint32") else "int32"
    return b.cast(_whole(x, wide), type)


def _whole(x: Expr, type: str) -> Expr:
    """A float as int32 or int64; the least number where it does not fit."""
    limit = 2.0 ** (_width(type) - 1)
    fits = (x >= -limit) & (x < limit)
    return b.select(fits, b.cast(x, type), -(2 ** (_width(type) - 1)))


def _single(x: Expr) -> Expr:
    """x as float32; float64 so that a further rounding is not a second one."""
    out = b.cast(x, "float32")
    if x.type != "float64":
        return out
    back = b.cast(out, "float64")
    bits = bits_of(out)
    # Towards zero, then odd: no tie of the narrower type is made or broken.
    bits = b.select(b.abs(back) > b.abs(x), bits - 1, bits)
    return b.select(b.eq(back, x) | b.is_nan(x), out, b.bitcast(bits | 1, "float32"))


def _half(x: Expr, type: str) -> Expr:
    """A float32 rounded to what a half float can hold."""
    cut = 16 if type == "bfloat16" else 13
    bits = bits_of(x)
    even = (bits >> cut) & 1
    kept = (bits + (even + ((1 << (cut - 1)) - 1))) & -(1 << cut)
    out = b.bitcast(kept, "float32")
    size = b.abs(x)
    if type == "float16":
        small = (size + 0.75) - 0.75
        out = b.select(size < 2.0**-14, b.copysign(small, x), out)
        endless = b.copysign(b.const(float("inf"), "float32"), x)
        out = b.select(size >= 65520.0, endless, out)
    return b.select(b.is_nan(x), x, out)
