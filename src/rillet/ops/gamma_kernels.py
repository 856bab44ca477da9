"""Gamma, zeta and beta functions over float64 arrays: the kernels of `ops.gamma`.

Sources, by DLMF's numbers: Stirling 5.11.1, digamma's 5.11.2, reflection 5.5.3 and
5.5.4; Hurwitz zeta by Euler and Maclaurin's formula 25.11.5; incomplete gamma by the
series 8.7.1 and the continued fraction 8.9.2; incomplete beta by 8.17.22.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.ops import special_tables as tables
from rillet.ops.chebyshev import evaluate, pieces

Array = np.ndarray[Any, Any]

_EPS = 2.0**-52
_TINY = 1e-300
_MOST_TERMS = 20_000
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)

#: B(2k) for k = 1, 2, …: Bernoulli's numbers.
_BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
    854513 / 138,
    -236364091 / 2730,
)


def _stirling_rest(x: Array) -> Array:
    """lgamma(x) - ((x - 1/2) log x - x + log(2π)/2), for x of 10 or more."""
    v, out = 1 / np.square(x), np.zeros_like(x)
    for k in range(8, 0, -1):
        out = out * v + _BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    return out / x


def _lgamma_far(x: Array) -> Array:
    whole = (x - 0.5) * (np.log(x) - 1) + (_HALF_LOG_2PI - 0.5)
    out: Array = np.where(x > 1e305, np.inf, whole + _stirling_rest(x))
    huge = np.isfinite(x) & (x > 1e300)
    if huge.any():
        out[huge] = x[huge] * (np.log(x[huge]) - 1)
    return out


def _lgamma_positive(x: Array) -> Array:
    return pieces(
        x,
        (x < 0.5, lambda v: _lgamma_low(v + 1) - np.log(v)),
        (x < 3, _lgamma_low),
        (x < 10, lambda v: evaluate(tables.LGAMMA_HIGH, v)),
        (x >= 10, _lgamma_far),
        rest=np.nan,
    )


def _lgamma_low(x: Array) -> Array:
    """lgamma from 1/2 to 3, exact next to its zeros at 1 and 2."""
    smooth = pieces(
        x,
        (x < 1.5, lambda v: evaluate(tables.LGAMMA_LOW, v)),
        (x >= 1.5, lambda v: evaluate(tables.LGAMMA_MIDDLE, v)),
        rest=np.nan,
    )
    return (x - 1) * (x - 2) * smooth + 0.0


def _sin_pi(x: Array) -> Array:
    """sin(πx), exact at integers."""
    near = np.round(x)
    sign = np.where(near % 2 == 0, 1.0, -1.0)
    return sign * np.sin(np.pi * (x - near))


def lgamma(x: Array) -> Array:
    """log |Γ(x)|; infinite at 0, -1, -2, … and at both infinities."""

    def reflected(v: Array) -> Array:
        sine = np.absolute(_sin_pi(v))
        value = np.log(np.pi / sine) - _lgamma_positive(1 - v)
        return np.where((sine == 0) | (v == -np.inf), np.inf, value)

    return pieces(x, (x > 0, _lgamma_positive), (x <= 0, reflected), rest=np.nan)


def _digamma_positive(x: Array) -> Array:
    out = np.zeros_like(x)
    for _ in range(10):
        low = x < 10
        if not low.any():
            break
        out = out - np.where(low, 1 / x, 0.0)
        x = np.where(low, x + 1, x)
    v = 1 / np.square(x)
    tail = np.zeros_like(x)
    for k in range(8, 0, -1):
        tail = (tail + _BERNOULLI[k - 1] / (2 * k)) * v
    return out + (np.log(x) - 0.5 / x - tail)


def digamma(x: Array) -> Array:
    """The derivative of log Γ(x); NaN at 0, -1, -2, … and at minus infinity."""

    def reflected(v: Array) -> Array:
        near = np.round(v)
        turn = np.pi * (v - near)
        value = _digamma_positive(1 - v) - np.pi / np.tan(turn)
        return np.where((v == near) | (v == -np.inf), np.nan, value)

    return pieces(x, (x > 0, _digamma_positive), (x <= 0, reflected), rest=np.nan)


def _zeta_sum(s: Array, q: Array) -> Array:
    total = np.zeros_like(s)
    steps = 0
    while True:
        low = q < 10 if steps >= 9 else np.ones(q.shape, bool)
        if not low.any() or steps >= _MOST_TERMS:
            break
        total = total + np.where(low, np.power(q, -s), 0.0)
        q = np.where(low, q + 1, q)
        steps += 1
    power = np.power(q, -s)
    total = total + power * q / (s - 1) + power / 2
    # B(2k)/(2k)! · s (s + 1) … (s + 2k - 2) · q^(-s - 2k + 1)
    factor, term = s, power / q
    for k in range(1, 13):
        total = total + _BERNOULLI[k - 1] / math.factorial(2 * k) * factor * term
        factor = factor * (s + 2 * k - 1) * (s + 2 * k)
        term = term / np.square(q)
    return total


def zeta(s: Array, q: Array) -> Array:
    """Hurwitz's zeta function: the sum of (q + k)^-s for k = 0, 1, …

    Infinite at s = 1; NaN for s below 1, and for negative q where s is no integer. At
    the poles, where q is 0, -1, …, infinite for even s, where both sides agree, else
    NaN.
    """
    value = _zeta_sum(np.where(s > 1, s, 2.0), np.where(np.isfinite(q), q, 1.0))
    value = np.where(q == np.inf, 0.0, value)
    whole = (q <= 0) & (q == np.floor(q))
    value = np.where((q <= 0) & ~whole & (s != np.floor(s)), np.nan, value)
    value = np.where(whole, np.where(np.fmod(s, 2) == 0, np.inf, np.nan), value)
    value = np.where(s == 1, np.inf, value)
    return np.where((s < 1) | np.isnan(s) | np.isnan(q), np.nan, value)


def polygamma(n: Array, x: Array) -> Array:
    """The n-th derivative of digamma; NaN where n is no whole number of 0 or more."""
    sign = np.where(n % 2 == 0, -1.0, 1.0)
    higher = sign * np.exp(lgamma(n + 1)) * zeta(n + 1, x)
    value = np.where(n == 0, digamma(x), higher)
    return np.where((n < 0) | (n != np.floor(n)), np.nan, value)


def _gamma_density(a: Array, x: Array) -> Array:
    """x^a exp(-x) / Γ(a + 1), without cancellation between large terms."""
    u = (x - a) / a
    far = np.absolute(u) > 0.4
    near_exponent = a * (np.log1p(np.where(far, 0.0, u)) - np.where(far, 0.0, u))
    far_exponent = a - x + a * np.log(x / a)
    exponent = np.where(far, far_exponent, near_exponent)
    large = a >= 10
    rest = _stirling_rest(np.where(large, a, 10.0))
    stirling = np.exp(exponent - rest) / np.sqrt(2 * np.pi * a)
    small = np.exp(a * np.log(x) - x - lgamma(a + 1))
    return np.where(large, stirling, small)


def _lower_series(a: Array, x: Array) -> Array:
    """P(a, x) for x up to about a."""
    total, term, n = np.ones_like(a), np.ones_like(a), a.copy()
    for _ in range(_MOST_TERMS):
        n += 1
        term = term * (x / n)
        total += term
        if not (term > total * _EPS / 2).any():
            break
    return total * _gamma_density(a, x)


def _upper_fraction(a: Array, x: Array) -> Array:
    """Q(a, x) for x beyond a, by Lentz's method."""
    b = x + 1 - a
    c, d = np.full_like(x, 1 / _TINY), 1 / b
    h = d
    for i in range(1, _MOST_TERMS):
        top = i * (a - i)
        b = b + 2
        d = 1 / _away(top * d + b)
        c = _away(b + top / c)
        step = d * c
        h = h * step
        if not (np.absolute(step - 1) > _EPS).any():
            break
    return _gamma_density(a, x) * a * h


def _away(x: Array) -> Array:
    """`x` with zeros moved off zero."""
    return np.where(np.absolute(x) < _TINY, _TINY, x)


def _incomplete(a: Array, x: Array, lower: bool) -> Array:
    out = np.full(a.shape, np.nan)
    inner = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    beyond = inner & (x > 1) & (x > a)
    within = inner & ~beyond
    if within.any():
        p = _lower_series(a[within], x[within])
        out[within] = p if lower else 1 - p
    if beyond.any():
        q = _upper_fraction(a[beyond], x[beyond])
        out[beyond] = 1 - q if lower else q
    out[(x == 0) & (a > 0)] = 0.0 if lower else 1.0
    out[(x == np.inf) & (a > 0) & np.isfinite(a)] = 1.0 if lower else 0.0
    out[(a == np.inf) & (x >= 0) & np.isfinite(x)] = 0.0 if lower else 1.0
    if lower:
        out[(x == 0) & (a == 0)] = 0.0
    return out


def igamma(a: Array, x: Array) -> Array:
    """The regularised lower incomplete gamma function P(a, x)."""
    return _incomplete(a, x, True)


def igammac(a: Array, x: Array) -> Array:
    """The regularised upper incomplete gamma function Q(a, x)."""
    return _incomplete(a, x, False)


def _beta_fraction(a: Array, b: Array, x: Array) -> Array:
    """The continued fraction of I(a, b, x), for x below (a + 1)/(a + b + 2)."""
    c = np.ones_like(x)
    d = 1 / _away(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        h = h * (d * c)
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        step = d * c
        h = h * step
        if not (np.absolute(step - 1) > _EPS).any():
            break
    front = a * np.log(x) + b * np.log1p(-x)
    front = front - (lgamma(a) + lgamma(b) - lgamma(a + b))
    return np.exp(front) * h / a


def betainc(a: Array, b: Array, x: Array) -> Array:
    """The regularised incomplete beta function; NaN outside a, b > 0, 0 <= x <= 1."""
    out = np.full(x.shape, np.nan)
    fine = (a > 0) & (b > 0) & np.isfinite(a) & np.isfinite(b)
    out[fine & (x == 0)], out[fine & (x == 1)] = 0.0, 1.0
    inner = fine & (x > 0) & (x < 1)
    left = inner & (x < (a + 1) / (a + b + 2))
    right = inner & ~left
    if left.any():
        out[left] = _beta_fraction(a[left], b[left], x[left])
    if right.any():
        out[right] = 1 - _beta_fraction(b[right], a[right], 1 - x[right])
    return out
