"""Depthwise convolution kernels: each channel has filters of its own.

In flow arrays with their channels last, filters `(*window, c, m)` and their `Windows`;
out flow new arrays. The callers are the records in `ops.conv`. There is
no matrix product in it: taps are multiplied and added image by image, in cache.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from rillet.core import threads
from rillet.ops.windows import Windows, whole_images

_BLOCK: Final = 1 << 17  # results a block computes at a time
_EVERYTHING: Final = (slice(None),)
_MOST_PARTS: Final = 64


def convolve(x: np.ndarray, weights: np.ndarray, at: Windows) -> np.ndarray:
    """Returns every channel convolved with its own filters.

    Args:
      x: `(n, *sizes, c)`.
      weights: `(*window, c, m)`.
      at: the windows over x.

    Returns:
      `(n, *outputs, c * m)`, the filters of a channel side by side.
    """
    channels, each = weights.shape[-2:]
    out = np.zeros((x.shape[0], *at.outputs, channels, each), x.dtype)
    images = _blocks(out)

    def block(number: int) -> None:
        source, target = x[images[number]], out[images[number]]
        for tap in at.taps():
            meets = at.slices(tap)
            if meets is None:
                continue
            of, to = (_EVERYTHING + place for place in meets)
            values = source[to]
            for m in range(each):
                part = target[of][..., m]
                np.add(part, values * weights[tap][:, m], out=part)

    threads.parallel(block, len(images))
    return out.reshape(*out.shape[:-2], channels * each)


def input_gradient(weights: np.ndarray, g: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the gradient of a depthwise convolution's input.

    Args:
      weights: `(*window, c, m)`.
      g: `(n, *outputs, c * m)`.
      at: the windows over the input.

    Returns:
      `(n, *sizes, c)`.
    """
    channels, each = weights.shape[-2:]
    split = g.reshape(*g.shape[:-1], channels, each)
    out = np.zeros((g.shape[0], *at.sizes, channels), g.dtype)
    images = _blocks(split)

    def block(number: int) -> None:
        source, target = split[images[number]], out[images[number]]
        for tap in at.taps():
            meets = at.slices(tap)
            if meets is None:
                continue
            of, to = (_EVERYTHING + place for place in meets)
            part = target[to]
            for m in range(each):
                np.add(part, source[of][..., m] * weights[tap][:, m], out=part)

    threads.parallel(block, len(images))
    return out


def filter_gradient(x: np.ndarray, g: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the gradient of a depthwise convolution's filters.

    Args:
      x: `(n, *sizes, c)`.
      g: `(n, *outputs, c * m)`.
      at: the windows over x.

    Returns:
      `(*window, c, m)`.
    """
    channels = x.shape[-1]
    each = g.shape[-1] // channels if channels else 0
    split = g.reshape(*g.shape[:-1], channels, each)
    images = _blocks(split)
    parts = np.zeros((max(1, len(images)), *at.window, channels, each), x.dtype)
    axes = tuple(range(1 + len(at.window)))

    def block(number: int) -> None:
        source, over = x[images[number]], split[images[number]]
        for tap in at.taps():
            meets = at.slices(tap)
            if meets is None:
                continue
            of, to = (_EVERYTHING + place for place in meets)
            for m in range(each):
                product = source[to] * over[of][..., m]
                parts[(number, *tap)][:, m] = np.add.reduce(
                    product, axis=axes, dtype=x.dtype
                )

    threads.parallel(block, len(images))
    total: np.ndarray = parts[0]
    for other in parts[1:]:
        np.add(total, other, out=total)
    return total


def _blocks(stack: np.ndarray) -> list[slice]:
    """Whole images, few enough to stay in cache, and no more than 64 blocks."""
    images = stack.shape[0]
    at_once = _BLOCK // max(1, math.prod(stack.shape[1:]))
    return whole_images(images, max(at_once, -(-images // _MOST_PARTS)))
