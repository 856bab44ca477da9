"""Draws by rejection on Philox streams: gamma, Poisson, binomial, categorical.

In: a `philox.Stream` and NumPy arrays of parameters. Out: NumPy arrays. Each output
owns a region of the stream, so all outputs advance in lockstep here: every pass
takes the next words for those that have not yet accepted a value. Called by the op
records in `random` and `stateless_random` and by `generator`.

Sources: Marsaglia and Tsang, A simple method for generating gamma variables (ACM
TOMS 26, 2000); Hoermann, The transformed rejection method for generating Poisson
random variables (Insurance: Mathematics and Economics 12, 1993) and The generation
of binomial random variates (J. Stat. Comput. Simul. 46, 1993).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.ops import philox
from rillet.ops.philox import Array, Stream

# Outputs that advance together: their buffers stay in the cache.
_BATCH = 8192
_F8 = np.dtype(np.float64)
# What Stirling's formula leaves out of log k! for k = 0 to 9.
_STIRLING_TAIL = np.array(
    [
        0.0810614667953272,
        0.0413406959554092,
        0.0276779256849983,
        0.02079067210376509,
        0.0166446911898211,
        0.0138761288230707,
        0.0118967099458917,
        0.0104112652619720,
        0.00925546218271273,
        0.00833056343336287,
    ]
)


class _Cursors:
    """Where each of n outputs stands in its own region of the stream."""

    def __init__(self, stream: Stream, region: Array) -> None:
        self._stream = stream
        self._next = region.astype(np.uint64)

    def take(self, which: Array) -> Array:
        """Return the next block of each output in `which`: uint32, (n, 4)."""
        words = philox.blocks_at(self._stream, self._next[which])
        self._next[which] += np.uint64(1)
        return words


class _Buffers:
    """One buffer of draws an output, read from its end and refilled by blocks."""

    def __init__(
        self, cursors: _Cursors, count: int, make: Callable[[Array], Array]
    ) -> None:
        self._cursors, self._make = cursors, make
        self._left = np.zeros(count, np.int64)
        self._values: Array | None = None

    def draw(self, which: Array) -> Array:
        """Return one draw for each output in `which`."""
        dry = which[self._left[which] == 0]
        if dry.size:
            fresh = self._make(self._cursors.take(dry))
            if self._values is None:
                shape = (len(self._left), fresh.shape[1])
                self._values = np.zeros(shape, fresh.dtype)
            self._values[dry] = fresh
            self._left[dry] = fresh.shape[1]
        self._left[which] -= 1
        assert self._values is not None
        drawn: Array = self._values[which, self._left[which]]
        return drawn


def _uniforms_of(words: Array) -> Array:
    return philox.uniforms_of(words, _F8)


def _normals_of(words: Array) -> Array:
    return philox.normals_of(words, _F8)


def _regions(start: int, stop: int, stride: int) -> Array:
    return np.arange(start, stop, dtype=np.uint64) * np.uint64(stride)


def _each_batch(
    parameter: Array, samples: int, draw: Callable[[Array, int, int], Array]
) -> Array:
    """Run `draw` over batches of outputs ordered by parameter, then by sample.

    Args:
        parameter: flat array of k parameters.
        samples: how many draws each parameter gets.
        draw: takes the parameter of each output of a batch and the batch's bounds.

    Returns:
        shape (samples, k).
    """
    total = samples * len(parameter)
    parts = []
    for start in range(0, total, _BATCH):
        stop = min(start + _BATCH, total)
        owner = np.arange(start, stop) // samples
        parts.append(draw(parameter[owner], start, stop))
    flat = np.concatenate(parts) if parts else np.empty(0, parameter.dtype)
    return np.ascontiguousarray(flat.reshape(len(parameter), samples).T)


def gamma(stream: Stream, samples: int, alpha: Array) -> Array:
    """Return draws from Gamma(alpha, 1), computed in double precision.

    Args:
        stream: where to draw from.
        samples: how many draws each alpha gets.
        alpha: flat, float; all above 0. Where it is 1 the draw is an exponential.

    Returns:
        shape (samples, len(alpha)), alpha's dtype.
    """
    dtype = alpha.dtype

    def draw(shape: Array, start: int, stop: int) -> Array:
        region = _regions(start, stop, philox.RESERVED_PER_OUTPUT)
        wide = shape.astype(np.float64)
        with np.errstate(all="ignore"):
            out = _gamma_batch(stream, region, wide)
            ones = np.nonzero(wide == 1)[0]
            if ones.size:
                words = philox.blocks_at(stream, region[ones])
                out[ones] = -np.log1p(-philox.uniforms_of(words, _F8)[:, -1])
            return _narrowed(out, dtype)

    return _each_batch(alpha, samples, draw)


def _narrowed(values: Array, dtype: np.dtype[Any]) -> Array:
    """Convert float64, by way of float32 for the half types as the C++ types do."""
    if dtype.itemsize == 2:
        values = values.astype(np.float32)
    return values.astype(dtype)


def _gamma_batch(stream: Stream, region: Array, alpha: Array) -> Array:
    """Draw one gamma for each alpha by Marsaglia and Tsang's rejection."""
    small = alpha < 1
    d = alpha + np.where(small, 2 / 3, -1 / 3)
    c = 1 / 3 / np.sqrt(d)
    cursors = _Cursors(stream, region)
    normals = _Buffers(cursors, len(alpha), _normals_of)
    uniforms = _Buffers(cursors, len(alpha), _uniforms_of)
    out = np.zeros_like(alpha)
    active = np.arange(len(alpha))
    while active.size:
        x = normals.draw(active)
        v = 1 + c[active] * x
        # A negative or NaN alpha gives NaN here and is let through as NaN.
        viable = ~(v <= 0)
        trying, x, v = active[viable], x[viable], v[viable]
        v = v * v * v
        u = uniforms.draw(trying)
        square = x * x
        bound = 0.5 * x * x + d[trying] * (1 - v + np.log(v))
        accepted = (u < 1 - 0.0331 * square * square) | (np.log(u) < bound)
        done = trying[accepted]
        result = d[done] * v[accepted]
        boosted = small[done]
        if boosted.any():
            below = done[boosted]
            result[boosted] *= uniforms.draw(below) ** (1 / alpha[below])
        out[done] = result
        still = np.ones(len(active), bool)
        still[np.nonzero(viable)[0][accepted]] = False
        active = active[still]
    return out


def poisson(stream: Stream, samples: int, rate: Array, dtype: np.dtype[Any]) -> Array:
    """Return draws from Poisson(rate).

    Args:
        stream: where to draw from.
        samples: how many draws each rate gets.
        rate: flat, any real type.
        dtype: of the result.

    Returns:
        shape (samples, len(rate)), `dtype`.
    """

    def draw(mean: Array, start: int, stop: int) -> Array:
        region = _regions(start, stop, philox.RESERVED_PER_OUTPUT)
        wide = mean.astype(np.float64)
        out = np.empty(len(wide))
        invalid = ~np.isfinite(wide)
        out[invalid] = np.nan
        with np.errstate(all="ignore"):
            for chosen, batch in (
                (wide < 10, _poisson_products),
                (wide >= 10, _poisson_transformed),
            ):
                which = np.nonzero(chosen & ~invalid)[0]
                if which.size:
                    out[which] = batch(stream, region[which], wide[which])
            return _narrowed(out, dtype)

    return _each_batch(rate, samples, draw)


def _poisson_products(stream: Stream, region: Array, rate: Array) -> Array:
    """Count uniforms whose product stays above exp(-rate): Knuth's method."""
    floor = np.exp(-rate)
    uniforms = _Buffers(_Cursors(stream, region), len(rate), _uniforms_of)
    product = np.ones(len(rate))
    count = np.zeros(len(rate))
    active = np.arange(len(rate))
    while active.size:
        product[active] *= uniforms.draw(active)
        active = active[product[active] > floor[active]]
        count[active] += 1
    return count


def _poisson_transformed(stream: Stream, region: Array, rate: Array) -> Array:
    """Draw by Hoermann's transformed rejection, for rates of 10 and more."""
    log_rate = np.log(rate)
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    uniforms = _Buffers(_Cursors(stream, region), len(rate), _uniforms_of)
    out = np.empty(len(rate))
    active = np.arange(len(rate))
    while active.size:
        u = uniforms.draw(active) - 0.5
        v = uniforms.draw(active)
        us = 0.5 - np.abs(u)
        ai, bi, mean = a[active], b[active], rate[active]
        k = np.floor((2.0 * ai / us + bi) * u + mean + 0.43)
        squeezed = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (bi - 2.0))
        hopeless = (k < 0) | ((us < 0.013) & (v > us))
        left = np.log(v * inverse_alpha[active] / (ai / (us * us) + bi))
        right = -mean + k * log_rate[active] - log_factorial(k)
        accepted = squeezed | (~hopeless & (left <= right))
        out[active[accepted]] = k[accepted]
        active = active[~accepted]
    return out


def log_factorial(k: Array) -> Array:
    """Return log k! for whole k of 0 and more, as float64.

    Up to 20 the factorial is exact; beyond, Stirling's series to five terms, whose
    error is under one part in 1e15.
    """
    k = np.maximum(k, 0.0)
    small = _LOG_FACTORIALS[np.minimum(k, len(_LOG_FACTORIALS) - 1).astype(np.int64)]
    n = np.maximum(k, 1.0) + 1.0
    inverse = 1.0 / n
    square = inverse * inverse
    series = inverse * (
        1 / 12
        - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))
    )
    large = (n - 0.5) * np.log(n) - n + 0.5 * np.log(2 * np.pi) + series
    return np.where(k < len(_LOG_FACTORIALS), small, large)


_LOG_FACTORIALS = np.log(np.cumprod(np.maximum(np.arange(21.0), 1.0)))


def binomial(
    stream: Stream, samples: int, counts: Array, probs: Array, dtype: np.dtype[Any]
) -> Array:
    """Return draws from Binomial(counts, probs).

    Args:
        stream: where to draw from.
        samples: how many draws each pair gets.
        counts: flat float array, number of trials.
        probs: the same length and type, chance of success; outside [0, 1] is
            clipped.
        dtype: of the result.

    Returns:
        shape (samples, len(counts)), `dtype`.
    """
    pairs = np.arange(len(counts))

    def draw(owner: Array, start: int, stop: int) -> Array:
        n, p = counts[owner], probs[owner]
        q = (1 - p).astype(p.dtype)
        rare = np.where(p <= 0.5, p, q)
        often = n * rare >= 10
        trials, chance = n.astype(np.float64), rare.astype(np.float64)
        index = np.arange(start, stop, dtype=np.uint64)
        out = np.zeros(len(owner))
        inner = (n > 0) & (p > 0) & (p < 1)
        with np.errstate(all="ignore"):
            for chosen, stride, batch in (
                (~often, 42, _binomial_inverted),
                (often, 256, _binomial_transformed),
            ):
                which = np.nonzero(chosen & inner)[0]
                if which.size:
                    region = index[which] * np.uint64(stride)
                    out[which] = batch(stream, region, trials[which], chance[which])
            out = np.where(inner & (p > 0.5), trials - out, out)
            out = np.where((n > 0) & (p >= 1), trials, out)
            missing = np.nan if dtype.kind == "f" else 0.0
            out = np.where((n > 0) & np.isnan(p), missing, out)
            return _narrowed(out, dtype)

    return _each_batch(pairs, samples, draw).astype(dtype, copy=False)


def _binomial_inverted(
    stream: Stream, region: Array, count: Array, prob: Array
) -> Array:
    """Count geometric waits until they exceed the number of trials."""
    scale = np.log1p(-prob)
    uniforms = _Buffers(_Cursors(stream, region), len(count), _uniforms_of)
    waited = np.zeros(len(count))
    out = np.zeros(len(count))
    active = np.arange(len(count))
    while active.size:
        waited[active] += np.ceil(np.log(uniforms.draw(active)) / scale[active])
        active = active[waited[active] <= count[active]]
        out[active] += 1
    return out


def _stirling_tail(k: Array) -> Array:
    near = _STIRLING_TAIL[np.clip(k, 0, 9).astype(np.int64)]
    square = (k + 1) * (k + 1)
    far = (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
    return np.where(k <= 9, near, far)


def _binomial_transformed(
    stream: Stream, region: Array, count: Array, prob: Array
) -> Array:
    """Draw by Hoermann's transformed rejection, for means of 10 and more."""
    deviation = np.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    centre = count * prob + 0.5
    squeeze = 0.92 - 4.2 / b
    odds = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = np.floor((count + 1) * prob)
    fixed = (mode + 0.5) * np.log((mode + 1) / (odds * (count - mode + 1)))
    tails = _stirling_tail(mode) + _stirling_tail(count - mode)
    uniforms = _Buffers(_Cursors(stream, region), len(count), _uniforms_of)
    out = np.empty(len(count))
    active = np.arange(len(count))
    while active.size:
        u = uniforms.draw(active) - 0.5
        v = uniforms.draw(active)
        us = 0.5 - np.abs(u)
        n, m, r = count[active], mode[active], odds[active]
        k = np.floor((2 * a[active] / us + b[active]) * u + centre[active])
        squeezed = (us >= 0.07) & (v <= squeeze[active])
        possible = (k >= 0) & (k <= n)
        left = np.log(v * alpha[active] / (a[active] / (us * us) + b[active]))
        bound = (
            fixed[active]
            + (n + 1) * np.log((n - m + 1) / (n - k + 1))
            + (k + 0.5) * np.log(r * (n - k + 1) / (k + 1))
            + tails[active]
            - _stirling_tail(k)
            - _stirling_tail(n - k)
        )
        accepted = squeezed | (possible & (left <= bound))
        out[active[accepted]] = k[accepted]
        active = active[~accepted]
    return out
