"""Which pixels a resized image is made of, and in what parts, along one axis.

In flow sizes and a method; out flow `Taps`: for each new pixel the old ones and their
weights. `ops.resize` adds pixels up by them, forwards for images and backwards for
gradients. Positions are computed in float32, as TensorFlow does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

_F32: Final = np.float32
_TINY: Final = 1000 * np.finfo(np.float32).tiny
_TABLE: Final = 1024  # TensorFlow looks Keys' cubic up in so many steps


class Taps(NamedTuple):
    """For each of `n` new pixels `k` old ones: `source` and `weight` are ``(n, k)``."""

    source: Array
    weight: Array


def positions(old: int, new: int, align_corners: bool, half_pixel: bool) -> Array:
    """Where the centres of new pixels lie among the old ones."""
    scale = _F32(old) / _F32(new)
    if align_corners and new > 1:
        scale = _F32(old - 1) / _F32(new - 1)
    at = np.arange(new, dtype=_F32)
    if half_pixel:
        return (at + _F32(0.5)) * scale - _F32(0.5)
    return at * scale


def nearest(old: int, new: int, align_corners: bool, half_pixel: bool) -> Taps:
    """The nearest old pixel."""
    at = positions(old, new, align_corners, False)
    if half_pixel:
        at = (np.arange(new, dtype=_F32) + _F32(0.5)) * (_F32(old) / _F32(new))
    # halves away from zero, as C rounds
    whole = np.floor(at + _F32(0.5)) if align_corners else np.floor(at)
    index = np.clip(whole.astype(np.int64), 0, old - 1)
    return Taps(index[:, None], np.ones((new, 1), _F32))


def bilinear(old: int, new: int, align_corners: bool, half_pixel: bool) -> Taps:
    """The two old pixels around."""
    at = positions(old, new, align_corners, half_pixel)
    low = np.floor(at)
    part = at - low
    first = low.astype(np.int64)
    index = np.stack([np.maximum(first, 0), np.minimum(first + 1, old - 1)], 1)
    return Taps(np.maximum(index, 0), np.stack([1 - part, part], 1))


def keys_cubic(x: Array, a: float = -0.5) -> Array:
    """Keys' cubic convolution kernel (IEEE Trans. ASSP 29, 1981)."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def bicubic(old: int, new: int, align_corners: bool, half_pixel: bool) -> Taps:
    """The four old pixels around, those outside left out where `half_pixel`."""
    at = positions(old, new, align_corners, half_pixel)
    first = np.floor(at)
    part = np.rint((at - first) * _TABLE) / _TABLE
    offsets = np.arange(-1, 3)
    places = first.astype(np.int64)[:, None] + offsets
    index = np.clip(places, 0, old - 1)
    a = -0.5 if half_pixel else -0.75
    weight = keys_cubic(part[:, None] - offsets, a)
    if half_pixel:
        weight = np.where(index == places, weight, 0)
        total = weight.sum(1, keepdims=True)
        weight = np.where(np.abs(total) >= _TINY, weight / total, weight)
    return Taps(index, weight.astype(_F32))


def area(old: int, new: int, align_corners: bool, half_pixel: bool) -> Taps:
    """Every old pixel that the new one covers, by how much of it."""
    scale = old / new
    if align_corners and new > 1:
        scale = (old - 1) / (new - 1)
    start = np.arange(new) * scale
    end = start + scale
    first = np.floor(start).astype(np.int64)
    last = np.ceil(end).astype(np.int64)
    places = first[:, None] + np.arange(int((last - first).max(initial=1)))
    covered = np.minimum(places + 1, end[:, None]) - np.maximum(places, start[:, None])
    weight = np.clip(covered, 0, None) / scale
    return Taps(np.clip(places, 0, old - 1), weight.astype(_F32))


def _lanczos(radius: float) -> Callable[[Array], Array]:
    def kernel(x: Array) -> Array:
        x = np.abs(x)
        value = np.sinc(x) * np.sinc(x / radius)
        return np.where(x <= radius, value, 0)

    return kernel


def _gaussian(x: Array) -> Array:
    # the radius, 1.5, is three standard deviations
    return np.where(np.abs(x) < 1.5, np.exp(-2 * x * x), 0)


def _mitchell(x: Array) -> Array:
    """Mitchell and Netravali's cubic, B = C = 1/3 (SIGGRAPH 1988)."""
    x = np.abs(x)
    near = (7 / 6 * x - 2) * x * x + 16 / 18
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def _triangle(x: Array) -> Array:
    return np.clip(1 - np.abs(x), 0, None)


#: The kernels of ScaleAndTranslate by their names there, with their radius.
KERNELS: Final[dict[str, tuple[float, Callable[[Array], Array]]]] = {
    "lanczos1": (1.0, _lanczos(1.0)),
    "lanczos3": (3.0, _lanczos(3.0)),
    "lanczos5": (5.0, _lanczos(5.0)),
    "gaussian": (1.5, _gaussian),
    "triangle": (1.0, _triangle),
    "keyscubic": (2.0, keys_cubic),
    "mitchellcubic": (2.0, _mitchell),
}


def sampled(
    old: int, new: int, scale: Any, shift: Any, kernel_type: str, antialias: bool
) -> Taps:
    """The old pixels under a kernel, which widens with the step where `antialias`.

    Args:
        old: how many pixels there are.
        new: how many there will be.
        scale: new pixels an old one, float32.
        shift: how far new pixels are shifted.
        kernel_type: a name in `KERNELS`.
        antialias: whether the kernel widens.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError("Scale must be greater than zero")
    radius, kernel = KERNELS[kernel_type]
    step = _F32(1) / _F32(scale)
    wide = max(float(step), 1.0) if antialias else 1.0
    centre = (np.arange(new, dtype=_F32) + _F32(0.5)) * step - _F32(shift) * step
    start = np.ceil(centre - radius * wide - 0.5)
    end = np.floor(centre + radius * wide - 0.5)
    start = np.clip(start, 0, old - 1).astype(np.int64)
    end = np.clip(end, 0, old - 1).astype(np.int64) + 1
    places = start[:, None] + np.arange(int((end - start).max(initial=1)))
    distance = (places + 0.5 - centre[:, None]) / wide
    inside = (places < end[:, None]) & ((centre >= 0) & (centre <= old))[:, None]
    weight = np.where(inside, kernel(distance), 0)
    total = weight.sum(1, keepdims=True)
    weight = np.where(np.abs(total) >= _TINY, weight / np.where(total, total, 1), 0)
    return Taps(np.minimum(places, old - 1), weight.astype(_F32))


def turned(taps: Taps, old: int) -> Taps:
    """The taps of the way back: for each old pixel the new ones that it is part of."""
    new, count = taps.source.shape
    old_of, new_of = taps.source.reshape(-1), np.repeat(np.arange(new), count)
    weight = taps.weight.reshape(-1)
    order = np.argsort(old_of, kind="stable")
    old_of, new_of, weight = old_of[order], new_of[order], weight[order]
    counts = np.bincount(old_of, minlength=old)
    starts = np.cumsum(counts) - counts
    width = max(1, int(counts.max(initial=0)))
    index = np.zeros((old, width), np.int64)
    weights = np.zeros((old, width), np.float32)
    place = np.arange(len(old_of)) - starts[old_of]
    index[old_of, place], weights[old_of, place] = new_of, weight
    return Taps(index, weights)


def add_up(x: Array, taps: Taps, axis: int) -> Array:
    """The new pixels along an axis, each the weighted sum of old ones."""
    shape = [1] * x.ndim
    shape[axis] = len(taps.source)
    out: Any = None
    for k in range(taps.source.shape[1]):
        weight = taps.weight[:, k]
        if not weight.any():
            continue
        part = x.take(taps.source[:, k], axis)
        part *= weight.reshape(shape).astype(x.dtype)
        out = part if out is None else np.add(out, part, out)
    if out is None:
        return np.zeros_like(x.take(taps.source[:, 0], axis))
    return out
