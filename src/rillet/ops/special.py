"""Integrals without elementary form: Dawson, exponential, Fresnel, Spence.

Sources, by DLMF's numbers: Dawson 7.5.1, exponential integral 6.2.5 and 6.12.1, Fresnel
with auxiliary functions 7.5.3 and 7.5.4, dilogarithm 25.12.4 and 25.12.6. The series
are rillet's own; see scripts/fit_special.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.dtypes import FLOATING
from rillet.core.tensor import Tensor
from rillet.ops import special_tables as tables
from rillet.ops.chebyshev import Series, evaluate, kernel, pieces
from rillet.ops.elementwise import div_op, exp_op, mul_op, square_op, sub_op
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input
from rillet.ops.transcendental import cos_op, sin_op

Array = np.ndarray[Any, Any]

_EULER = 0.5772156649015329


def _dawsn(x: Array) -> Array:
    size = np.absolute(x)
    value = pieces(
        size,
        (size <= 3, lambda v: v * evaluate(tables.DAWSON_NEAR, np.square(v))),
        (size <= 6, lambda v: evaluate(tables.DAWSON_MIDDLE, v)),
        (size > 6, lambda v: evaluate(tables.DAWSON_FAR, 1 / np.square(v)) / v),
        rest=np.nan,
    )
    return np.copysign(value, x)


def _ei_far(series: Series) -> Any:
    def function(x: Array) -> Array:
        half = np.exp(x / 2)
        value: Array = half * (evaluate(series, 1 / x) / x) * half
        return np.where(np.isinf(x), np.inf, value)

    return function


def _ei_near(x: Array) -> Array:
    return _EULER + np.log(np.absolute(x)) + x * evaluate(tables.EI_NEAR, x)


def _expint(x: Array) -> Array:
    return pieces(
        x,
        ((x >= 0) & (x <= 6), _ei_near),
        ((x > 6) & (x <= 12), _ei_far(tables.EI_ABOVE_6)),
        ((x > 12) & (x <= 24), _ei_far(tables.EI_ABOVE_12)),
        (x > 24, _ei_far(tables.EI_ABOVE_24)),
        rest=np.nan,
    )


def _fresnel(near: Series, power: int, sine: bool) -> Any:
    """S or C: a series up to 2.5, beyond it 1/2 less two waves that die away."""

    def low(x: Array) -> Array:
        return np.power(x, power) * evaluate(near, np.square(np.square(x)))

    def high(x: Array) -> Array:
        v = 1 / np.square(np.square(x))
        f = evaluate(tables.FRESNEL_F, v) / (np.pi * x)
        g = evaluate(tables.FRESNEL_G, v) / (np.pi**2 * x**3)
        # πx²/2 less whole turns: x² modulo 4, the square taken in two exact parts.
        main = np.trunc(x * 1024) / 1024
        rest = (x - main) * (x + main)
        angle = np.pi / 2 * (np.fmod(np.square(main), 4) + rest)
        c, s = np.cos(angle), np.sin(angle)
        wave = f * c + g * s if sine else g * c - f * s
        return np.where(x > 1e8, 0.5, 0.5 - wave)

    def function(x: Array) -> Array:
        size = np.absolute(x)
        value = pieces(size, (size <= 2.5, low), (size > 2.5, high), rest=np.nan)
        return np.copysign(value, x)

    return function


def _spence_middle(x: Array) -> Array:
    return (1 - x) * evaluate(tables.SPENCE, x)


def _spence_low(x: Array) -> Array:
    """Below 1/2, by reflection; x log x is 0 at 0."""
    product = np.where(x == 0, 0.0, np.log(np.where(x == 0, 1.0, x)) * np.log1p(-x))
    return math.pi**2 / 6 - product - _spence_middle(1 - x)


def _spence_inside(x: Array) -> Array:
    return pieces(x, (x < 0.5, _spence_low), (x >= 0.5, _spence_middle), rest=np.nan)


def _spence(x: Array) -> Array:
    return pieces(
        x,
        ((x >= 0) & (x <= 1.5), _spence_inside),
        (x == np.inf, lambda v: np.full_like(v, -np.inf)),
        (x > 1.5, lambda v: -_spence_inside(1 / v) - np.square(np.log(v)) / 2),
        rest=np.nan,
    )


def _curve(name: str, function: Any, slope: Any, scalar: str) -> Op:
    """A record whose gradient is g · slope(y, x); `scalar` names one of `b`."""
    return define(
        name,
        types=(FLOATING,),
        kernel=kernel(function),
        infer=same_as_input,
        grad=(lambda g, y, x: mul_op(g, slope(y, x)),),
        lower=Map(lambda b, x: getattr(b, scalar)(x)),
    )


def _number(x: Any, value: float) -> Tensor:
    return Tensor(np.array(value, x.dtype.numpy_dtype))


def _dawsn_slope(y: Any, x: Any) -> Any:
    return sub_op(_number(x, 1), mul_op(_number(x, 2), mul_op(x, y)))


def _phase(x: Any) -> Any:
    return mul_op(_number(x, math.pi / 2), square_op(x))


def _log_slope(x: Array) -> Array:
    """log(x) / (1 - x), and -1 at 1."""
    away = 1 - x
    near = np.absolute(away) < 1e-3
    series = -(1 + away / 2 + away**2 / 3 + away**3 / 4 + away**4 / 5 + away**5 / 6)
    return np.where(near, series, np.log(x) / np.where(near, 1.0, away))


def _log_slope_slope(y: Any, x: Any) -> Any:
    """(1/x + y) / (1 - x), which is 1/2 at 1."""
    return _log_slope_slope_op(x)


def _second_slope(x: Array) -> Array:
    away = 1 - x
    near = np.absolute(away) < 0.02
    series = np.zeros_like(x)
    for k in range(9, 0, -1):
        series = series * away + k / (k + 1)
    plain = (1 / x + np.log(x) / np.where(near, 1.0, away)) / np.where(near, 1.0, away)
    return np.where(near, series, plain)


dawsn_op: Op = _curve("Dawsn", _dawsn, _dawsn_slope, "dawsn")
expint_op: Op = _curve("Expint", _expint, lambda y, x: div_op(exp_op(x), x), "expint")
fresnel_sin_op: Op = _curve(
    "FresnelSin",
    _fresnel(tables.FRESNEL_S_NEAR, 3, True),
    lambda y, x: sin_op(_phase(x)),
    "fresnel_sin",
)
fresnel_cos_op: Op = _curve(
    "FresnelCos",
    _fresnel(tables.FRESNEL_C_NEAR, 1, False),
    lambda y, x: cos_op(_phase(x)),
    "fresnel_cos",
)
spence_op: Op = _curve("Spence", _spence, lambda y, x: _log_slope_op(x), "spence")
_log_slope_op: Op = _curve("RilletLogSlope", _log_slope, _log_slope_slope, "log_slope")
_log_slope_slope_op: Op = define(
    "RilletLogSlopeGrad",
    types=(FLOATING,),
    kernel=kernel(_second_slope),
    infer=same_as_input,
    lower=Map(lambda b, x: b.log_slope_slope(x)),
)


def dawsn(x: Any, name: str | None = None) -> Tensor:
    """Dawson's integral exp(-x²) · ∫ exp(t²) dt from 0 to x.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> tf.math.special.dawsn([0., 1.]).numpy().tolist()
        [0.0, 0.5380795001983643]
    """
    return dawsn_op.run(x)


def expint(x: Any, name: str | None = None) -> Tensor:
    """The exponential integral Ei(x); minus infinity at 0, NaN below."""
    return expint_op.run(x)


def fresnel_cos(x: Any, name: str | None = None) -> Tensor:
    """Fresnel's integral of cos(πt²/2) from 0 to x."""
    return fresnel_cos_op.run(x)


def fresnel_sin(x: Any, name: str | None = None) -> Tensor:
    """Fresnel's integral of sin(πt²/2) from 0 to x."""
    return fresnel_sin_op.run(x)


def spence(x: Any, name: str | None = None) -> Tensor:
    """Spence's integral of -log(t)/(t - 1) from 1 to x; NaN below 0."""
    return spence_op.run(x)
