"""Bessel functions of orders 0 and 1, modified ones and scaled ones.

Sources, by DLMF's numbers: expansions for large arguments 10.17.3 and 10.40.1, leading
terms at 0 10.8.1 and 10.31.1, derivatives 10.6.2 and 10.29.2. The series are rillet's
own; see scripts/fit_special.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.dtypes import FLOATING
from rillet.core.tensor import Tensor
from rillet.ops import bessel_tables as tables
from rillet.ops.chebyshev import Series, evaluate, kernel, pieces
from rillet.ops.elementwise import add_op, div_op, mul_op, neg_op, sign_op, sub_op
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input

Array = np.ndarray[Any, Any]

_TWO_OVER_PI = 2 / math.pi


def _far(series: Series, x: Array) -> Array:
    """A series by 1/x, over √x; 0 at infinity."""
    x = np.minimum(x, 1e300)
    return evaluate(series, 1 / x) / np.sqrt(x)


def _i0e(x: Array) -> Array:
    x = np.absolute(x)
    return pieces(
        x,
        (x <= 8, lambda v: evaluate(tables.I0_NEAR, v)),
        (x > 8, lambda v: _far(tables.I0_FAR, v)),
        rest=np.nan,
    )


def _i1e(x: Array) -> Array:
    size = np.absolute(x)
    value = pieces(
        size,
        (size <= 8, lambda v: v * evaluate(tables.I1_NEAR, v)),
        (size > 8, lambda v: _far(tables.I1_FAR, v)),
        rest=np.nan,
    )
    return np.copysign(value, x)


def _grown(scaled: Any) -> Any:
    """exp(|x|) times a scaled function, in two factors so that it overflows late."""

    def function(x: Array) -> Array:
        half = np.exp(np.absolute(x) / 2)
        value: Array = half * scaled(x) * half
        return np.where(np.isinf(x), np.copysign(np.inf, scaled(x)), value)

    return function


_i0, _i1 = _grown(_i0e), _grown(_i1e)


def _k0_near(x: Array) -> Array:
    return evaluate(tables.K0_NEAR, np.square(x)) - np.log(x / 2) * _i0(x)


def _k1_near(x: Array) -> Array:
    return evaluate(tables.K1_NEAR, np.square(x)) / x + np.log(x / 2) * _i1(x)


def _k(near: Any, far: Series, scaled: bool) -> Any:
    def function(x: Array) -> Array:
        def low(v: Array) -> Array:
            value: Array = near(v)
            return value * np.exp(v) if scaled else value

        def high(v: Array) -> Array:
            value = _far(far, v)
            return value if scaled else value * np.exp(-v)

        return pieces(
            x,
            (x <= 0, lambda v: np.full_like(v, np.inf)),
            ((x > 0) & (x <= 2), low),
            (x == np.inf, np.zeros_like),
            (x > 2, high),
            rest=np.nan,
        )

    return function


def _wave(p: Series, q: Series, order: int, second: bool) -> Any:
    """J or Y for large x: a cosine or sine with slowly changing amplitudes."""

    def function(x: Array) -> Array:
        v = 1 / np.square(x)
        even, odd = evaluate(p, v), evaluate(q, v) / x
        # cos and sin of x - π/4 (order 0) or x - 3π/4, from those of x itself.
        sine, cosine = np.sin(x), np.cos(x)
        if order == 0:
            c, s = (cosine + sine), (sine - cosine)
        else:
            c, s = (sine - cosine), -(sine + cosine)
        wave = even * s + odd * c if second else even * c - odd * s
        value = wave / np.sqrt(np.pi * x)
        return np.where(np.isinf(x), 0.0, value)

    return function


_J0_FAR = _wave(tables.J0_P, tables.J0_Q, 0, False)
_Y0_FAR = _wave(tables.J0_P, tables.J0_Q, 0, True)
_J1_FAR = _wave(tables.J1_P, tables.J1_Q, 1, False)
_Y1_FAR = _wave(tables.J1_P, tables.J1_Q, 1, True)


def _j0(x: Array) -> Array:
    x = np.absolute(x)
    return pieces(
        x,
        (x <= 8, lambda v: evaluate(tables.J0_NEAR, np.square(v))),
        (x > 8, _J0_FAR),
        rest=np.nan,
    )


def _j1(x: Array) -> Array:
    size = np.absolute(x)
    value = pieces(
        size,
        (size <= 8, lambda v: v * evaluate(tables.J1_NEAR, np.square(v))),
        (size > 8, _J1_FAR),
        rest=np.nan,
    )
    return value * np.where(x < 0, -1.0, 1.0)


def _y0_near(x: Array) -> Array:
    return evaluate(tables.Y0_NEAR, np.square(x)) + _TWO_OVER_PI * np.log(x) * _j0(x)


def _y1_near(x: Array) -> Array:
    smooth = x * evaluate(tables.Y1_NEAR, np.square(x))
    return smooth + _TWO_OVER_PI * (np.log(x) * _j1(x) - 1 / x)


def _second(near: Any, far: Any) -> Any:
    def function(x: Array) -> Array:
        return pieces(
            x,
            (x <= 0, lambda v: np.full_like(v, -np.inf)),
            ((x > 0) & (x <= 8), near),
            (x > 8, far),
            rest=np.nan,
        )

    return function


def _curve(name: str, function: Any, slope: Any) -> Op:
    """A record whose gradient is g · slope(y, x)."""
    return define(
        name,
        types=(FLOATING,),
        kernel=kernel(function),
        infer=same_as_input,
        grad=(lambda g, y, x: mul_op(g, slope(y, x)),),
        lower=Map(lambda b, x: getattr(b, f"bessel_{name[6:].lower()}")(x)),
    )


def _number(x: Any, value: float) -> Tensor:
    return Tensor(np.array(value, x.dtype.numpy_dtype))


def _over_x(y: Any, x: Any, limit: float) -> Any:
    """y / x, and `limit` where x is 0."""
    return _ratio_op(y, x, limit=limit)


def _ratio(y: Array, x: Array, limit: float = 0.0) -> Array:
    return np.where(x == 0, y.dtype.type(limit), np.true_divide(y, x))


_ratio_op: Op = define(
    "RilletRatio",
    types=(FLOATING, 0),
    kernel=_ratio,
    infer=same_as_input,
    grad=(
        lambda g, z, y, x, limit=0.0: _ratio_op(g, x),
        lambda g, z, y, x, limit=0.0: neg_op(_ratio_op(mul_op(g, z), x)),
    ),
    attrs={"limit": 0.0},
    lower=Map(lambda b, y, x, limit=0.0: b.select(b.eq(x, 0.0), limit, y / x)),
)


def _i1_slope(y: Any, x: Any) -> Any:
    return sub_op(bessel_i0_op(x), _over_x(y, x, 0.5))


def _i1e_slope(y: Any, x: Any) -> Any:
    ratio = mul_op(y, sign_op(x))
    return sub_op(sub_op(bessel_i0e_op(x), _over_x(y, x, 0.5)), ratio)


bessel_i0_op: Op = _curve("BesselI0", _i0, lambda y, x: bessel_i1_op(x))
bessel_i1_op: Op = _curve("BesselI1", _i1, _i1_slope)
bessel_i0e_op: Op = _curve(
    "BesselI0e",
    _i0e,
    lambda y, x: sub_op(bessel_i1e_op(x), mul_op(sign_op(x), y)),
)
bessel_i1e_op: Op = _curve("BesselI1e", _i1e, _i1e_slope)
bessel_k0_op: Op = _curve(
    "BesselK0",
    _k(_k0_near, tables.K0_FAR, False),
    lambda y, x: neg_op(bessel_k1_op(x)),
)
bessel_k1_op: Op = _curve(
    "BesselK1",
    _k(_k1_near, tables.K1_FAR, False),
    lambda y, x: neg_op(add_op(bessel_k0_op(x), div_op(y, x))),
)
bessel_k0e_op: Op = _curve(
    "BesselK0e",
    _k(_k0_near, tables.K0_FAR, True),
    lambda y, x: sub_op(y, bessel_k1e_op(x)),
)
bessel_k1e_op: Op = _curve(
    "BesselK1e",
    _k(_k1_near, tables.K1_FAR, True),
    lambda y, x: sub_op(sub_op(y, div_op(y, x)), bessel_k0e_op(x)),
)
bessel_j0_op: Op = _curve("BesselJ0", _j0, lambda y, x: neg_op(bessel_j1_op(x)))
bessel_j1_op: Op = _curve(
    "BesselJ1", _j1, lambda y, x: sub_op(bessel_j0_op(x), _over_x(y, x, 0.5))
)
bessel_y0_op: Op = _curve(
    "BesselY0", _second(_y0_near, _Y0_FAR), lambda y, x: neg_op(bessel_y1_op(x))
)
bessel_y1_op: Op = _curve(
    "BesselY1",
    _second(_y1_near, _Y1_FAR),
    lambda y, x: sub_op(bessel_y0_op(x), div_op(y, x)),
)


def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> tf.math.bessel_i0([0., 1.]).numpy().tolist()
        [1.0, 1.2660658359527588]
    """
    return bessel_i0_op.run(x)


def bessel_i0e(x: Any, name: str | None = None) -> Tensor:
    """exp(-|x|) · bessel_i0(x), which does not overflow."""
    return bessel_i0e_op.run(x)


def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 1."""
    return bessel_i1_op.run(x)


def bessel_i1e(x: Any, name: str | None = None) -> Tensor:
    """exp(-|x|) · bessel_i1(x), which does not overflow."""
    return bessel_i1e_op.run(x)


def bessel_k0(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function K of order 0; infinite for x up to 0."""
    return bessel_k0_op.run(x)


def bessel_k0e(x: Any, name: str | None = None) -> Tensor:
    """exp(x) · bessel_k0(x), which does not underflow."""
    return bessel_k0e_op.run(x)


def bessel_k1(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function K of order 1; infinite for x up to 0."""
    return bessel_k1_op.run(x)


def bessel_k1e(x: Any, name: str | None = None) -> Tensor:
    """exp(x) · bessel_k1(x), which does not underflow."""
    return bessel_k1e_op.run(x)


def bessel_j0(x: Any, name: str | None = None) -> Tensor:
    """The Bessel function of the first kind, of order 0."""
    return bessel_j0_op.run(x)


def bessel_j1(x: Any, name: str | None = None) -> Tensor:
    """The Bessel function of the first kind, of order 1."""
    return bessel_j1_op.run(x)


def bessel_y0(x: Any, name: str | None = None) -> Tensor:
    """The Bessel function Y of order 0; minus infinity for x up to 0."""
    return bessel_y0_op.run(x)


def bessel_y1(x: Any, name: str | None = None) -> Tensor:
    """The Bessel function Y of order 1; minus infinity for x up to 0."""
    return bessel_y1_op.run(x)
