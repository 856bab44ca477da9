"""Normals cut off at bounds of their own, on one Philox stream.

In: a `philox.Stream` and, for each distribution, mean, deviation and bounds. Out: a
NumPy array. The distributions are served one after the other from the same stream,
each starting on a fresh block. Called by `stateless_random`.

Source: Robert, Simulation of truncated normal variables (Statistics and Computing
5, 1995), for the exponential and the uniform proposals.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rillet.core import errors
from rillet.ops import philox
from rillet.ops.philox import Array, Stream

# From this many deviations inside the bounds on, plain normals are proposed.
_NORMAL_REACH = 1.3
# As many refusals in a row mean that the bounds cannot be served.
_MOST_REFUSALS = 1000

# Takes blocks to values in units of deviations and whether each is accepted.
_Proposal = Callable[[Array], tuple[Array, Array]]


def parameterized_truncated_normal(
    stream: Stream, samples: int, means: Array, stddevs: Array, low: Array, high: Array
) -> Array:
    """Return draws from normals within [low, high].

    Args:
        stream: where to draw from.
        samples: how many draws each distribution gets.
        means: flat float array of length k; also the type that is computed in.
        stddevs: likewise, above 0.
        low: likewise, below `high`; at most one of the bounds is infinite.
        high: likewise.

    Returns:
        shape (samples, k), the dtype of `means`.

    Raises:
        InvalidArgumentError: a deviation or a pair of bounds is out of order.
    """
    valid = (stddevs > 0) & (low < high) & (np.isfinite(low) | np.isfinite(high))
    if not valid.all():
        at = int(np.argmin(valid))
        raise errors.InvalidArgumentError(
            errors.house_message(
                "parameterized_truncated_normal",
                "Invalid parameters: needs stddev > 0, minval < maxval and a finite "
                "bound",
                f"stddev={stddevs[at]}, minval={low[at]}, maxval={high[at]}",
            )
        )
    out = np.empty((samples, len(means)), means.dtype)
    for column in range(len(means)):
        bottom, top = low[column], high[column]
        mean, deviation = means[column], stddevs[column]
        if np.isneginf(bottom) or top < mean:
            # Mirrored, so that a one-sided or far bound is the lower one.
            bottom, top, deviation = top, bottom, -deviation
        with np.errstate(all="ignore"):
            bounds = (bottom - mean) / deviation, (top - mean) / deviation
            proposal, each = _proposal(*bounds)
            standard, stream = _serve(stream, samples, proposal, each)
            out[:, column] = standard.astype(means.dtype) * deviation + mean
    return out


def _serve(
    stream: Stream, samples: int, proposal: _Proposal, each: int
) -> tuple[Array, Stream]:
    """Take the first `samples` accepted values; return the stream behind them."""
    found: list[Array] = []
    missing, refused = samples, 0
    while missing > 0:
        # Whole pairs of blocks, since the uniform proposal eats two at a time.
        count = 2 * (1 + missing // 2)
        values, accepted = proposal(philox.blocks(stream, count))
        where = np.nonzero(accepted)[0][:missing]
        found.append(values[where])
        missing -= len(where)
        if where.size == 0:
            refused += len(values)
            if refused > _MOST_REFUSALS:
                raise errors.InternalError(
                    "parameterized_truncated_normal: the rejection sampler accepted "
                    f"none of {refused} proposals."
                )
        else:
            refused = len(values) - 1 - int(where[-1])
        if missing:
            stream = stream.skip(count)
        else:
            steps = int(where[-1]) // each + 1
            stream = stream.skip(steps * count * each // len(values))
    return np.concatenate(found) if found else np.empty(0), stream


def _proposal(low: np.floating, high: np.floating) -> tuple[_Proposal, int]:
    """Choose how to propose, and how many values one step of it makes."""
    kind = type(low)
    dtype = np.dtype(kind)
    root = np.sqrt(low * low + kind(4))
    cutoff = kind(2) * np.exp(kind(0.5) + low * (low - root) / kind(4)) / (low + root)
    reach = kind(_NORMAL_REACH)
    each = philox.per_block(dtype)

    def normals(words: Array) -> tuple[Array, Array]:
        values = philox.normals_of(words, dtype).astype(dtype).reshape(-1)
        return values, (values >= low) & (values <= high)

    def uniforms(words: Array) -> tuple[Array, Array]:
        draws = philox.uniforms_of(words, dtype)
        values = (draws[0::2] * (high - low) + low).reshape(-1)
        peak = kind(0) if low < 0 else low * low
        height = (peak - values * values) / kind(2)
        return values, draws[1::2].reshape(-1) <= np.exp(height)

    def exponentials(words: Array) -> tuple[Array, Array]:
        draws = philox.uniforms_of(words, dtype)
        rate = (low + np.sqrt(low * low + kind(4))) / kind(2)
        values = (-np.log(draws[:, 0::2]) / rate + low).reshape(-1)
        off = rate - values if low < rate else np.full_like(values, low - rate)
        height = np.exp(-off * off / kind(2))
        return values, (draws[:, 1::2].reshape(-1) <= height) & (values < high)

    if (low < -reach and high >= 0) or (high > reach and low <= 0):
        return normals, each
    if high - low < cutoff:
        return uniforms, each
    return exponentials, each // 2
