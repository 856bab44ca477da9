"""Pooling kernels: maxima and means over windows, and their gradients.

In flow arrays of any layout and `Windows` over all their axes (one tap along batch and
channels); out flow new arrays. The callers are the records in `ops.pools`. Taps are
folded in one after the other, a block of images at a time, so nothing is copied and
the data format does not matter.

As TensorFlow has it: padding never wins and is not counted in a mean; a maximum passes
over NaN and is never less than the type's lowest finite number; of equal elements the
first one is the winner that the gradient goes to, and a NaN that comes first wins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import ml_dtypes
import numpy as np

from rillet.core import threads
from rillet.ops.selecting import select
from rillet.ops.windows import Windows, whole_images

_BLOCK: Final = 1 << 17  # elements of input a block reads at a time
_MOST_BLOCKS: Final = 64


def maximum(x: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the largest element of every window.

    Args:
      x: of any shape.
      at: windows over all axes of x.

    Returns:
      An array of x's dtype with a result for every window.
    """
    out = np.full(at.outputs, _lowest(x.dtype), x.dtype)
    fold = np.fmax if x.dtype.kind in "fV" else np.maximum

    def block(part: slice) -> None:
        for _, of, to in _meetings(at):
            target = out[part][of]
            fold(target, x[part][to], out=target)

    _over_images(at, block)
    return out


def maximum_and_positions(
    x: np.ndarray, at: Windows, include_batch: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Returns maxima, NaN included, and where they lie in x.

    Args:
      x: `(n, ...)`.
      at: windows over all axes of x.
      include_batch: count positions from the start of x, not of the image.

    Returns:
      The maxima, and their flat positions, int64; both `at.outputs`.
    """
    winner, best = _compete(x, _meetings(at), at.outputs)
    position = np.zeros(at.outputs, np.int64)
    step = 1
    for axis in reversed(range(x.ndim)):
        winner, place = np.divmod(winner, at.window[axis])
        start = np.arange(at.outputs[axis]) * at.strides[axis] - at.before[axis]
        shape = [1] * x.ndim
        shape[axis] = -1
        if axis > 0 or include_batch:
            position += (start.reshape(shape) + place * at.dilations[axis]) * step
        step *= x.shape[axis]
    return best, position


def maximum_gradient(x: np.ndarray, g: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the gradient of a maximum's input: each window's goes to its winner.

    Args:
      x: the input of the maximum.
      g: `at.outputs`, the gradient of its result.
      at: windows over all axes of x.
    """
    out = np.zeros(x.shape, g.dtype)
    nothing = np.zeros((), g.dtype)

    def block(part: slice) -> None:
        for won, of, to in _wins(x[part], at):
            target = out[part][to]
            np.add(target, select(won, g[part][of], nothing), out=target)

    _over_images(at, block)
    return out


def winners_of(x: np.ndarray, values: np.ndarray, at: Windows) -> np.ndarray:
    """Returns, for every window over x, the element of `values` where its winner lies.

    It is the transpose of `maximum_gradient` in its second argument.

    Args:
      x: whose elements compete.
      values: of x's shape.
      at: windows over all axes of x.
    """
    out = np.zeros(at.outputs, values.dtype)

    def block(part: slice) -> None:
        for won, of, to in _wins(x[part], at):
            target = out[part][of]
            np.copyto(target, select(won, values[part][to], target))

    _over_images(at, block)
    return out


def mean(x: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the mean of every window, padding not counted.

    Args:
      x: of any shape, floating.
      at: windows over all axes of x.
    """
    total = np.zeros(at.outputs, _wide(x.dtype))

    def block(part: slice) -> None:
        for _, of, to in _meetings(at):
            target = total[part][of]
            np.add(target, x[part][to], out=target)
        np.divide(total[part], _counts(at, total.dtype), out=total[part])

    _over_images(at, block)
    return total.astype(x.dtype, copy=False)


def mean_gradient(g: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the gradient of a mean's input: every element's share of each window.

    Args:
      g: `at.outputs`, the gradient of the means.
      at: windows over all axes of the input.
    """
    out = np.zeros(at.sizes, _wide(g.dtype))

    def block(part: slice) -> None:
        share = g[part] / _counts(at, out.dtype)
        for _, of, to in _meetings(at):
            target = out[part][to]
            np.add(target, share[of], out=target)

    _over_images(at, block)
    return out.astype(g.dtype, copy=False)


def _wins(x: np.ndarray, at: Windows) -> Iterator[tuple[np.ndarray, Any, Any]]:
    """The windows over some images that each tap wins: (mask, output and input slices).

    Args:
      x: some images of the input that `at` describes.
      at: windows over all axes.
    """
    meetings = _meetings(at)
    best = np.full((x.shape[0], *at.outputs[1:]), _lowest(x.dtype, True), x.dtype)
    for _, of, to in meetings:
        target = best[of]
        np.maximum(target, x[to], out=target)
    if x.dtype.kind in "fV" and np.isnan(best).any():
        winner, _ = _compete(x, meetings, best.shape)
        for number, of, to in meetings:
            yield winner[of] == number, of, to
        return
    unclaimed = np.ones(best.shape, np.bool_)
    for _, of, to in meetings:
        won = x[to] == best[of]
        free = unclaimed[of]
        np.logical_and(won, free, out=won)
        np.logical_xor(free, won, out=free)
        yield won, of, to


def _compete(
    x: np.ndarray, meetings: list[tuple[int, Any, Any]], shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Which tap won each window (-1 in padding alone), and its value."""
    winner = np.full(shape, -1, np.int32)
    best = np.full(shape, _lowest(x.dtype), x.dtype)
    for number, of, to in meetings:
        candidate, holder = x[to], winner[of]
        better = (candidate > best[of]) | (holder < 0)
        np.copyto(holder, number, where=better)
        np.copyto(best[of], candidate, where=better)
    return winner, best


def _meetings(at: Windows) -> list[tuple[int, Any, Any]]:
    """The taps that meet the input: (number, slices of outputs, slices of the input).

    Batches are cut beforehand, so the slices leave the first axis alone.
    """
    found = []
    for number, tap in enumerate(at.taps()):
        meets = at.slices(tap)
        if meets is not None:
            of, to = (slice(None), *meets[0][1:]), (slice(None), *meets[1][1:])
            found.append((number, of, to))
    return found


def _over_images(at: Windows, block: Callable[[slice], None]) -> None:
    """Runs `block` over parts of the batch, cut by the shape alone."""
    images = at.sizes[0]
    if math.prod(at.outputs) == 0 or math.prod(at.sizes) == 0:
        return
    at_once = _BLOCK // max(1, math.prod(at.sizes[1:]))
    parts = whole_images(images, max(at_once, -(-images // _MOST_BLOCKS)))
    threads.parallel(lambda number: block(parts[number]), len(parts))


def _counts(at: Windows, dtype: Any) -> np.ndarray:
    """How many elements of the input each window holds, padding apart; at least 1."""
    counts: np.ndarray = np.ones((1,) * len(at.sizes), dtype)
    for axis, size in enumerate(at.sizes):
        if axis == 0:
            continue
        start = np.arange(at.outputs[axis]) * at.strides[axis] - at.before[axis]
        steps = np.arange(at.window[axis]) * at.dilations[axis]
        place = start[:, np.newaxis] + steps
        inside = np.maximum(((place >= 0) & (place < size)).sum(axis=1), 1)
        shape = [1] * len(at.sizes)
        shape[axis] = -1
        counts = counts * inside.reshape(shape).astype(dtype)
    return counts


def _wide(dtype: Any) -> Any:
    """The dtype that sums are kept in."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def _lowest(dtype: Any, infinite: bool = False) -> Any:
    """The least number of a dtype, finite or not."""
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    if infinite:
        return -np.inf
    return (np.finfo if dtype.kind == "f" else ml_dtypes.finfo)(dtype).min
