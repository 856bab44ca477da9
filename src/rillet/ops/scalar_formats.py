"""The two float formats as native functions see them: widths, limits, split constants.

`format_of` gives the format of an expression; the functions of `ops.scalar_*` are
written once for both and take from it what differs.
"""

from __future__ import annotations

import math
from typing import Final

from rillet.ops.expressions import Expr, b


class Format:
    """A binary float format.

    Attributes:
        type: its NumPy name.
        whole: the integer type of its width.
        digits: stored bits of the significand.
        bias: of the exponent.
        round: a number whose sum with a small one rounds that to an integer, which
            then stands in the sum's lowest bits.
        ln2, ln2_rest: log 2 in two parts; a whole number of up to 12 bits times the
            first is exact.
        tiny: the least normal number.
        most: the exponential of anything above overflows.
        least: the exponential of anything below is 0.
    """

    __slots__ = (
        "bias",
        "digits",
        "least",
        "ln2",
        "ln2_rest",
        "most",
        "round",
        "tiny",
        "type",
        "whole",
    )

    def __init__(
        self,
        type: str,
        whole: str,
        digits: int,
        bias: int,
        ln2: str,
        ln2_rest: str,
        most: str,
        least: float,
    ) -> None:
        self.type = type
        self.whole = whole
        self.digits = digits
        self.bias = bias
        self.round = 1.5 * 2.0**digits
        self.ln2 = float.fromhex(ln2)
        self.ln2_rest = float.fromhex(ln2_rest)
        self.tiny = 2.0 ** (1 - bias)
        self.most = float.fromhex(most)
        self.least = least


_SINGLE: Final = Format(
    "float32",
    "int32",
    23,
    127,
    "0x1.62ep-1",
    "0x1.0bfbe8p-15",
    "0x1.62e42ep+6",
    -104.0,
)
_DOUBLE: Final = Format(
    "float64",
    "int64",
    52,
    1023,
    "0x1.62e42fefa38p-1",
    "0x1.ef35793c7673p-45",
    "0x1.62e42fefa39efp+9",
    -746.0,
)

INFINITY: Final = math.inf
NAN: Final = math.nan


def format_of(x: Expr) -> Format:
    """The format of a float expression."""
    if x.type == "float32":
        return _SINGLE
    if x.type == "float64":
        return _DOUBLE
    raise TypeError(f"scalar function: a float is needed, not {x.type}")


def polynomial(x: Expr, coefficients: tuple[float, ...]) -> Expr:
    """Σ coefficients[k] · x^k, by Horner's rule."""
    out: Expr = b.const(coefficients[-1], x.type)
    for c in coefficients[-2::-1]:
        out = b.fma(out, x, c)
    return out


_fused = True


def assume_fused(yes: bool) -> None:
    """Say whether `b.fma` rounds once on the processor that code is made for."""
    global _fused
    _fused = yes


def product_rest(x: Expr, y: Expr | float, product: Expr) -> Expr:
    """What rounding left out of a float64 product: ``x * y - product``, exactly.

    Without a fused operation factors are cut in halves (Dekker, 1971).
    """
    if not isinstance(y, Expr):
        y = b.const(y, x.type)
    if _fused:
        return b.fma(x, y, -product)
    x1, y1 = _upper(x), _upper(y)
    x2, y2 = x - x1, y - y1
    return ((x1 * y1 - product) + x1 * y2 + x2 * y1) + x2 * y2


def _upper(x: Expr) -> Expr:
    """The upper half of a float64's digits."""
    return b.bitcast(bits_of(x) & -(1 << 27), x.type)


def bits_of(x: Expr) -> Expr:
    """The bits of a float as a signed integer."""
    return b.bitcast(x, format_of(x).whole)
