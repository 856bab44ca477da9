"""The error function, its complement and their inverses.

Sources: Abramowitz and Stegun 7.1 (definitions, derivatives), 26.2 (the normal
quantile). The series are rillet's own; see scripts/fit_special.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import threads
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING
from rillet.core.quiet import quiet
from rillet.core.tensor import Tensor
from rillet.ops import special_tables as tables
from rillet.ops.chebyshev import evaluate, kernel, pieces
from rillet.ops.elementwise import exp_op, mul_op, neg_op, square_op
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input
from rillet.ops.spreading import LARGE

Array = np.ndarray[Any, Any]

_ROOT2 = math.sqrt(2.0)
_ABOVE, _BELOW = tables.ERF_SINGLE
_SINGLE_LIMIT = np.float32(math.sqrt(15.0))
_ERFCX = [np.float32(c) for c in tables.ERFCX_SINGLE]
_SINGLE_END = np.float32(10.2)  # beyond, erfc is less than float32's least number
_ONE, _TWO = np.float32(1), np.float32(2)
_UPPER_BITS = np.int32(-1 << 12)
_SIGN_BIT = np.int32(-1 << 31)
_BLOCK = 1 << 16  # with smaller ones threads wait for Python's lock


def _small(x: Array) -> Array:
    return x * evaluate(tables.ERF_SMALL, np.square(x))


def _square_exp(x: Array) -> Array:
    """exp(-x²) in full precision: the square in two parts, the first one exact."""
    high = np.trunc(x * 65536) / 65536
    return np.exp(-high * high) * np.exp(-(x - high) * (x + high))


def _complement(x: Array) -> Array:
    """erfc(x) for x of 1 or more."""
    x = np.minimum(x, 40.0)
    scaled = evaluate(tables.ERFCX, (x - 4) / (x + 4))
    return _square_exp(x) * scaled


def _erf64(x: Array) -> Array:
    size = np.absolute(x)
    return pieces(
        x,
        (size < 1, _small),
        (size >= 1, lambda v: np.copysign(1 - _complement(np.absolute(v)), v)),
        rest=np.nan,
    )


def _erfc64(x: Array) -> Array:
    return pieces(
        x,
        (np.absolute(x) < 1, lambda v: 1 - _small(v)),
        (x >= 1, _complement),
        (x <= -1, lambda v: 2 - _complement(-v)),
        rest=np.nan,
    )


def _erf32(x: Array, out: Array) -> None:
    """erf by a quotient of polynomials, within 7 units in the last place."""
    size = np.clip(x, -_SINGLE_LIMIT, _SINGLE_LIMIT)
    squares = np.square(size)
    above = np.full_like(squares, _ABOVE[-1])
    below = np.full_like(squares, _BELOW[-1])
    for up, down in zip(_ABOVE[-2::-1], _BELOW[-2::-1], strict=True):
        above *= squares
        above += np.float32(up)
        below *= squares
        below += np.float32(down)
    above *= size
    np.divide(above, below, out=out)
    np.clip(out, -1, 1, out=out)
    # From 4 on the nearest float32 is 1, which the quotient misses by a unit.
    np.copysign(np.float32(1), x, out=out, where=np.absolute(x) >= 4)


def _erfc32(x: Array, out: Array) -> None:
    """erfc by exp(-x²) times a polynomial, within 6 units in the last place."""
    size = np.clip(x, -_SINGLE_END, _SINGLE_END)
    np.absolute(size, out=size)
    inverse = size + _TWO
    np.divide(_ONE, inverse, out=inverse)
    place = size - _TWO
    place *= inverse
    np.multiply(place, _ERFCX[-1], out=out)
    for factor in _ERFCX[-2:0:-1]:
        out += factor
        out *= place
    out += _ERFCX[0]
    out *= inverse
    # What rounding leaves out of the square: its upper 12 bits squared are exact.
    high = np.bitwise_and(size.view(np.int32), _UPPER_BITS).view(np.float32)
    left = np.add(size, high, out=inverse)
    left *= np.subtract(size, high, out=place)
    square = np.square(size, out=size)
    np.square(high, out=high)
    high -= square
    left += high
    np.subtract(_ONE, left, out=left)
    out *= left
    np.negative(square, out=square)
    out *= np.exp(square, out=square)
    bits = np.bitwise_and(x.view(np.int32), _SIGN_BIT, out=size.view(np.int32))
    np.bitwise_or(bits, _ONE.view(np.int32), out=bits)
    sign = bits.view(np.float32)
    out *= sign
    out += np.subtract(_ONE, sign, out=sign)


def _single(function: Callable[[Array, Array], None], wide: Any) -> Any:
    """A kernel with a way of its own for float32; 16 bits go through it too."""

    def kernel(x: Array) -> Array:
        kind = x.dtype
        if kind.itemsize == 8:
            return np.asarray(wide(x))
        flat = x.astype(np.float32, copy=False).reshape(-1)
        out = np.empty(flat.shape, np.float32)

        def run(i: int) -> None:
            part = slice(i * _BLOCK, (i + 1) * _BLOCK)
            function(flat[part], out[part])

        blocks = -(-flat.size // _BLOCK)
        if flat.size >= LARGE:
            threads.parallel(run, blocks)
        else:
            with quiet():
                for i in range(blocks):
                    run(i)
        return out.reshape(x.shape).astype(kind, copy=False)

    return kernel


erf_array = _single(_erf32, kernel(_erf64))


def _middle(q: Array) -> Array:
    """The normal quantile of 1/2 + q, for |q| up to 3/8."""
    return q * evaluate(tables.QUANTILE_MIDDLE, np.square(q))


def _tail(p: Array) -> Array:
    """Minus the normal quantile of p, for p up to 1/8."""
    r = np.sqrt(-np.log(p))
    gap = pieces(
        r,
        (r < 4, lambda v: evaluate(tables.QUANTILE_TAIL, v)),
        (r < 8, lambda v: evaluate(tables.QUANTILE_FAR, 1 / v) / v),
        (r < np.inf, lambda v: evaluate(tables.QUANTILE_FARTHEST, 1 / v) / v),
        rest=0.0,
    )
    return r * _ROOT2 + gap


def _ndtri64(p: Array) -> Array:
    return pieces(
        p,
        (np.absolute(p - 0.5) <= 0.375, lambda v: _middle(v - 0.5)),
        ((p >= 0) & (p < 0.5), lambda v: -_tail(v)),
        ((p > 0.5) & (p <= 1), lambda v: _tail(1 - v)),
        rest=np.nan,
    )


def _erfinv64(x: Array) -> Array:
    size = np.absolute(x)
    return pieces(
        x,
        (size <= 0.75, lambda v: _middle(v / 2) / _ROOT2),
        (size <= 1, lambda v: np.copysign(_tail((1 - np.absolute(v)) / 2), v) / _ROOT2),
        rest=np.nan,
    )


def _number(x: Any, value: float) -> Tensor:
    return Tensor(np.array(value, x.dtype.numpy_dtype))


def _bell(g: Any, x: Any, factor: float, sign: float) -> Any:
    """g · factor · exp(sign · x²)."""
    squares = square_op(x)
    power = exp_op(squares if sign > 0 else neg_op(squares))
    return mul_op(g, mul_op(_number(x, factor), power))


_SLOPE = 2 / math.sqrt(math.pi)

erf_op: Op = define(
    "Erf",
    types=(FLOATING,),
    kernel=erf_array,
    infer=same_as_input,
    grad=(lambda g, y, x: _bell(g, x, _SLOPE, -1),),
    lower=Map(lambda b, x: b.erf(x)),
)
erfc_op: Op = define(
    "Erfc",
    types=(FLOATING,),
    kernel=_single(_erfc32, kernel(_erfc64)),
    infer=same_as_input,
    grad=(lambda g, y, x: _bell(g, x, -_SLOPE, -1),),
    lower=Map(lambda b, x: b.erfc(x)),
)
erfinv_op: Op = define(
    "Erfinv",
    types=(FLOATING,),
    kernel=kernel(_erfinv64),
    infer=same_as_input,
    grad=(lambda g, y, x: _bell(g, y, 1 / _SLOPE, 1),),
    lower=Map(lambda b, x: b.erfinv(x)),
)


def _grad_ndtri(g: Any, y: Any, x: Any) -> Any:
    half = exp_op(mul_op(square_op(y), _number(y, 0.5)))
    return mul_op(g, mul_op(_number(y, math.sqrt(2 * math.pi)), half))


ndtri_op: Op = define(
    "Ndtri",
    types=(FLOATING,),
    kernel=kernel(_ndtri64),
    infer=same_as_input,
    grad=(_grad_ndtri,),
    lower=Map(lambda b, x: b.ndtri(x)),
)


def erf(x: Any, name: str | None = None) -> Tensor:
    """The error function 2/√π · ∫ exp(-t²) dt from 0 to x, element by element.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type, from -1 to 1.

    Raises:
        InvalidArgumentError: for integers.

    Example:
        >>> import rillet as tf
        >>> tf.math.erf([0., 1., -30.]).numpy().round(6).tolist()
        [0.0, 0.8427010178565979, -1.0]
    """
    return erf_op.run(x)


def erfc(x: Any, name: str | None = None) -> Tensor:
    """1 - erf(x), exact where erf is close to 1."""
    return erfc_op.run(x)


def erfinv(x: Any, name: str | None = None) -> Tensor:
    """The number whose error function is x; infinite at ±1, NaN outside [-1, 1]."""
    return erfinv_op.run(x)


def ndtri(x: Any, name: str | None = None) -> Tensor:
    """The number below which a standard normal variable lies with probability x."""
    return ndtri_op.run(x)


def erfcinv(x: Any, name: str | None = None) -> Tensor:
    """The number whose complementary error function is x, for x from 0 to 2."""
    value = to_tensor(x)
    low = ndtri_op.run(mul_op.run(value, _number(value, 0.5)))
    return mul_op.run(low, _number(value, -1 / _ROOT2))
