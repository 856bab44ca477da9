"""Images between their pixels by splines of order 2 to 5, as SciPy's `ndimage` has it.

In: an image and places. Out: its values there. `affine` calls `at_places`. The spline
goes through all pixels: a filter finds its coefficients (M. Unser, «Splines: a perfect
fit for signal and image processing», 1999), and a value is a sum of coefficients around
a place, weighted by B-splines.
"""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

#: The poles of the filters by order.
_POLES: Final[dict[int, tuple[float, ...]]] = {
    2: (sqrt(8.0) - 3.0,),
    3: (sqrt(3.0) - 2.0,),
    4: (
        sqrt(664.0 - sqrt(438976.0)) + sqrt(304.0) - 19.0,
        sqrt(664.0 + sqrt(438976.0)) - sqrt(304.0) - 19.0,
    ),
    5: (
        sqrt(67.5 - sqrt(4436.25)) + sqrt(26.25) - 6.5,
        sqrt(67.5 + sqrt(4436.25)) - sqrt(26.25) - 6.5,
    ),
}
#: How many copies of an edge stand outside it where edges go on (`"nearest"`).
_MARGIN: Final = 12


def at_places(
    image: Array, rows: Array, columns: Array, order: int, mode: str
) -> Array:
    """The values of an image at places between its pixels.

    Args:
        image: ``(height, width, channels)``, float64.
        rows: places along the height, of any shape.
        columns: places along the width, of the same shape.
        order: 2 to 5.
        mode: what lies outside: ``"nearest"``, ``"reflect"``, and for other modes the
            image mirrored at the middle of its edges.

    Returns:
        The places' shape, followed by channels.
    """
    margin = _MARGIN if mode == "nearest" else 0
    if margin:
        image = np.pad(image, ((margin, margin), (margin, margin), (0, 0)), "edge")
    half = mode in ("nearest", "reflect")
    for axis in (0, 1):
        image = _coefficients(image, axis, order, half)
    found = np.zeros((*rows.shape, image.shape[2]))
    places = [rows + margin, columns + margin]
    if margin:
        ends = [size - 1 for size in image.shape[:2]]
        places = [np.clip(p, 0, end) for p, end in zip(places, ends, strict=True)]
    down = _around(places[0], image.shape[0], order, mode)
    right = _around(places[1], image.shape[1], order, mode)
    for y, own in down:
        line = np.zeros_like(found)
        for x, weight in right:
            line += image[y, x] * weight[..., None]
        found += line * own[..., None]
    return found


def _coefficients(image: Array, axis: int, order: int, half: bool) -> Array:
    """The spline's coefficients along an axis.

    Args:
        image: the values.
        axis: which axis.
        order: 2 to 5.
        half: whether the image is mirrored beside its edge pixels, not on them.
    """
    lines = np.moveaxis(image, axis, 0).copy()
    count = len(lines)
    if count < 2:
        return image
    for pole in _POLES[order]:
        lines *= (1 - pole) * (1 - 1 / pole)
        lines[0] = _first(lines, pole, half)
        for k in range(1, count):
            lines[k] += pole * lines[k - 1]
        if half:
            lines[-1] *= pole / (pole - 1)
        else:
            lines[-1] = (pole * lines[-2] + lines[-1]) * pole / (pole * pole - 1)
        for k in range(count - 2, -1, -1):
            lines[k] = pole * (lines[k + 1] - lines[k])
    return np.moveaxis(lines, 0, axis)


def _first(lines: Array, pole: float, half: bool) -> Array:
    """The first value of the filter that runs on from the mirrored image."""
    count = len(lines)
    steps = np.arange(count)
    if half:
        powers = pole ** (steps + 1) + pole ** (2 * count - steps)
        scale = 1 - pole ** (2 * count)
        powers /= scale
        powers[0] += 1
    else:
        powers = pole**steps + pole ** (2 * count - 2 - steps)
        powers[0], powers[-1] = 1.0, pole ** (count - 1)
        powers /= 1 - pole ** (2 * count - 2)
    found: Array = (lines * powers[:, None, None]).sum(0)
    return found


def _around(
    places: Array, size: int, order: int, mode: str
) -> list[tuple[Array, Array]]:
    """The coefficients around each place along an axis, and their weights."""
    shift = 0.0 if order % 2 else 0.5
    first = np.floor(places + shift).astype(np.int64) - order // 2
    found = []
    for k in range(order + 1):
        at = first + k
        found.append((_inside(at, size, mode), _weight(places - at, order)))
    return found


def _inside(at: Array, size: int, mode: str) -> Array:
    """Whole places brought into the image."""
    if size == 1:
        return np.zeros_like(at)
    if mode == "nearest":
        return np.clip(at, 0, size - 1)
    if mode == "reflect":
        at = at % (2 * size)
        return np.minimum(at, 2 * size - 1 - at)
    at = at % (2 * size - 2)
    return np.minimum(at, 2 * size - 2 - at)


def _weight(x: Array, order: int) -> Array:
    """The B-spline of an order, by the recursion of Cox and de Boor."""
    if order == 0:
        return ((x >= -0.5) & (x < 0.5)).astype(np.float64)
    half = (order + 1) / 2
    left, right = _weight(x + 0.5, order - 1), _weight(x - 0.5, order - 1)
    found: Array = ((half + x) * left + (half - x) * right) / order
    return found
