"""How a gamma draw moves with its shape parameter.

In: arrays of alpha and of samples. Out: d sample / d alpha at a fixed quantile, that
is -(dP/dalpha) / (dP/dx) for the regularised lower incomplete gamma function P, by
its power series where the sample lies left of the bulk and by the continued fraction
of its complement elsewhere, each differentiated term by term. Called by `random`.

Source: Figurnov, Mohamed, Mnih: Implicit reparameterization gradients (NeurIPS
2018); DLMF 8.7.1 for the series, 8.9.2 for the fraction.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_MOST_TERMS = 2000
_PRECISION = np.finfo(np.float64).eps
# Past this the recurrences of the fraction are scaled down.
_BIG = 2.0**52
# From here on digamma's asymptotic series is exact to double precision; its terms, the
# last first, are |B(2k)| / 2k with Bernoulli's numbers.
_ASYMPTOTIC = 10.0
_DIGAMMA_TERMS = (1 / 12, 691 / 32760, 1 / 132, 1 / 240, 1 / 252, 1 / 120, 1 / 12)


def gamma_sample_gradient(alpha: Array, sample: Array) -> Array:
    """Return the derivative of gamma draws by alpha, for ``beta = 1``.

    Args:
        alpha: any shape, float; above 0.
        sample: broadcasts with `alpha`; the draws, 0 or more.

    Returns:
        The broadcast shape, alpha's dtype; NaN outside the domain, 0 for draws of 0.
    """
    a, x = np.broadcast_arrays(alpha.astype(np.float64), sample.astype(np.float64))
    shape, a, x = a.shape, a.reshape(-1), x.reshape(-1)
    out = np.full(a.shape, np.nan)
    with np.errstate(all="ignore"):
        valid = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
        beyond = (x > 1) & (x > a)
        for chosen, rule in ((valid & ~beyond, _series), (valid & beyond, _fraction)):
            which = np.nonzero(chosen)[0]
            if which.size:
                out[which] = rule(a[which], x[which])
        out[(a > 0) & (x == 0)] = 0.0
        return out.reshape(shape).astype(alpha.dtype)


def _series(a: Array, x: Array) -> Array:
    """Differentiate the power series of P."""
    term, total = np.ones_like(a), np.ones_like(a)
    term_slope, slope = np.zeros_like(a), np.zeros_like(a)
    n = a.copy()
    for _ in range(_MOST_TERMS):
        n += 1.0
        ratio = x / n
        term_slope = (term_slope - term / n) * ratio
        term = term * ratio
        total += term
        slope += term_slope
        if (np.abs(term_slope) <= _PRECISION * np.abs(slope)).all():
            break
    result: Array = -(slope + total * (np.log(x) - digamma(a + 1.0))) * x / a
    return result


def _fraction(a: Array, x: Array) -> Array:
    """Differentiate the continued fraction of 1 - P."""
    y, z, c = 1.0 - a, 2.0 - a + x, 0.0
    before, below, before_slope, below_slope = np.ones_like(a), x, 0.0 * a, 0.0 * a
    p, q, p_slope, q_slope = x + 1.0, z * x, 0.0 * a, -x
    value = p / q
    slope = (p_slope - value * q_slope) / q
    for _ in range(_MOST_TERMS):
        c += 1.0
        y, z = y + 1.0, z + 2.0
        yc = y * c
        # y and z each fall by one as alpha rises by one.
        p_new = p * z - before * yc
        q_new = q * z - below * yc
        p_new_slope = p_slope * z - p - before_slope * yc + before * c
        q_new_slope = q_slope * z - q - below_slope * yc + below * c
        before, below, before_slope, below_slope = p, q, p_slope, q_slope
        p, q, p_slope, q_slope = p_new, q_new, p_new_slope, q_new_slope
        settled = slope
        usable = q != 0
        value = np.where(usable, p / q, value)
        slope = np.where(usable, (p_slope - value * q_slope) / q, slope)
        if (np.abs(slope - settled) <= _PRECISION * np.abs(slope)).all():
            break
        scale = np.where(np.abs(p) > _BIG, 1.0 / _BIG, 1.0)
        p, q, p_slope, q_slope = p * scale, q * scale, p_slope * scale, q_slope * scale
        before, below = before * scale, below * scale
        before_slope, below_slope = before_slope * scale, below_slope * scale
    return x * ((np.log(x) - digamma(a)) * value + slope)


def digamma(x: Array) -> Array:
    """Return the logarithmic derivative of the gamma function, for x above 0."""
    x = x.copy()
    shift = np.zeros_like(x)
    for _ in range(int(_ASYMPTOTIC)):
        low = x < _ASYMPTOTIC
        shift = np.where(low, shift - 1.0 / x, shift)
        x = np.where(low, x + 1.0, x)
    square = 1.0 / (x * x)
    series = np.zeros_like(x)
    for term in _DIGAMMA_TERMS:
        series = square * (term - series)
    return shift + np.log(x) - 0.5 / x - series
