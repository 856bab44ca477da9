"""Strokes of a finger as an image like those of MNIST.

In: strokes, as places from 0 to 1. Out: 28 x 28 values from 0 to 1, the digit scaled
into 20 x 20 and its centre of mass in the middle, as MNIST's were made. `digits` calls
it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

SIDE: Final = 28
_BOX: Final = 20.0
#: Half a stroke's width, and how far its edge fades, in pixels.
_RADIUS, _FADE = 1.25, 1.0
_SMALLEST = 0.02
#: Segments that are drawn at once: bounds what is held in memory.
_CHUNK = 256


def image(strokes: list[list[list[float]]]) -> Array:
    """The image of some strokes.

    Args:
        strokes: each a list of ``[x, y]`` from the upper left; one place is a dot.

    Returns:
        float32 ``(28, 28)``, 0 where there is no ink.

    Example:
        >>> image([[[0.5, 0.1], [0.5, 0.9]]]).shape
        (28, 28)
    """
    drawn = [np.clip(np.array(stroke), -1, 2) for stroke in strokes if stroke]
    if not drawn:
        return np.zeros((SIDE, SIDE), np.float32)
    places = np.concatenate(drawn)
    low, high = places.min(axis=0), places.max(axis=0)
    scale = (_BOX - 2 * _RADIUS) / max(float((high - low).max()), _SMALLEST)
    middle = (low + high) / 2
    fitted = [(stroke - middle) * scale + SIDE / 2 for stroke in drawn]
    ink = _ink(fitted)
    weight = ink.sum()
    rows, columns = np.indices(ink.shape) + 0.5
    shift = SIDE / 2 - np.array([(columns * ink).sum(), (rows * ink).sum()]) / weight
    return _ink([stroke + np.clip(np.round(shift), -3, 3) for stroke in fitted])


def _ink(strokes: list[Array]) -> Array:
    """How dark each pixel is: 1 near a stroke, fading to 0."""
    starts = np.concatenate([s if len(s) == 1 else s[:-1] for s in strokes])
    ends = np.concatenate([s if len(s) == 1 else s[1:] for s in strokes])
    steps = np.arange(SIDE) + 0.5
    x, y = (v.ravel()[:, None] for v in np.meshgrid(steps, steps))
    nearest = np.full(SIDE * SIDE, np.inf)
    for at in range(0, len(starts), _CHUNK):
        (x0, y0), (x1, y1) = starts[at : at + _CHUNK].T, ends[at : at + _CHUNK].T
        dx, dy = x1 - x0, y1 - y0
        length = np.maximum(dx * dx + dy * dy, 1e-12)
        along = np.clip(((x - x0) * dx + (y - y0) * dy) / length, 0, 1)
        away = np.hypot(x - x0 - along * dx, y - y0 - along * dy)
        nearest = np.minimum(nearest, away.min(axis=1))
    dark = np.clip((_RADIUS + _FADE / 2 - nearest) / _FADE, 0, 1)
    return dark.reshape(SIDE, SIDE).astype(np.float32)
