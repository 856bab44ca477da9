"""Convolution kernels: forward, gradient of the input, gradient of the filter.

In flow arrays with their channels last, `(n, *spatial, c)`, filters `(*window, c of a
group, o)` and their `Windows`; out flow new arrays. The callers are the records in
`ops.conv`. Windows are copied into columns, a cache-sized block at a time, and
multiplied by `ops.blas`; blocks run over `core.threads` and come from shapes alone.

Columns lie `(outputs, taps)` where channels are many, `(taps, outputs)` where they are
few: so that what is copied in one run is long in both cases.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from rillet.core import threads
from rillet.ops.blas import matmul
from rillet.ops.windows import Windows, blocks, whole_images

_FEW_CHANNELS: Final = 8
_MOST_PARTS: Final = 16  # partial gradients of a filter, and their memory in bytes
_PART_BYTES: Final = 1 << 26


def convolve(x: np.ndarray, weights: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the convolution (in truth, correlation) of images with filters.

    Args:
      x: `(n, *sizes, c)`.
      weights: `(*window, c / groups, o)`, of x's dtype.
      at: the windows over x.

    Returns:
      `(n, *outputs, o)`.
    """
    groups = _groups(x.shape[-1], weights)
    depth, filters = weights.shape[-2:]
    taps = math.prod(at.window) * depth
    table = np.ascontiguousarray(weights).reshape(taps, filters)
    if at.is_pointwise and groups == 1:
        rows = matmul(x.reshape(-1, depth) if x.size else _no_rows(x), table)
        return rows.reshape(*x.shape[:-1], filters)
    out = np.empty((x.shape[0], *at.outputs, filters), x.dtype)
    if out.size == 0 or taps == 0:
        out.fill(0)
        return out
    view = at.view(at.pad(x))
    line = math.prod(at.outputs[1:]) * taps
    parts = blocks(x.shape[0], at.outputs[0], line)
    each = filters // groups

    def block(number: int) -> None:
        part = parts[number]
        rows = out[part].reshape(-1, filters)
        for group in range(groups):
            columns, few = _columns(view[part], group, depth, at)
            to = slice(group * each, (group + 1) * each)
            matmul(columns, table[:, to], transpose_a=few, out=rows[:, to])

    threads.parallel(block, len(parts))
    return out


def input_gradient(weights: np.ndarray, g: np.ndarray, at: Windows) -> np.ndarray:
    """Returns the gradient of a convolution's input: a transposed convolution.

    Args:
      weights: `(*window, c / groups, o)`.
      g: `(n, *outputs, o)`, the gradient of the convolution's result.
      at: the windows over the input.

    Returns:
      `(n, *sizes, c)`, with the channels that one group's depth leaves: see
      `grouped_input_gradient` for several groups.
    """
    return grouped_input_gradient(weights, g, at, 1)


def grouped_input_gradient(
    weights: np.ndarray, g: np.ndarray, at: Windows, groups: int
) -> np.ndarray:
    """The same for a convolution in groups; `c` is `groups` times a filter's depth."""
    depth, filters = weights.shape[-2:]
    taps = math.prod(at.window) * depth
    table = np.ascontiguousarray(weights).reshape(taps, filters)
    if at.is_pointwise and groups == 1:
        flat = (
            g.reshape(-1, filters) if g.size else np.empty((_rows(g), filters), g.dtype)
        )
        return matmul(flat, table, transpose_b=True).reshape(*g.shape[:-1], depth)
    around = _windows_over_gradient(at) if groups == 1 and g.size else None
    if around is not None and _FEW_CHANNELS <= filters <= 2 * depth:
        axes = tuple(range(len(at.window)))
        return convolve(g, np.flip(weights, axes).swapaxes(-1, -2), around)
    out = np.zeros((g.shape[0], *at.sizes, depth * groups), g.dtype)
    if out.size == 0 or g.size == 0:
        return out
    line = math.prod(at.outputs[1:]) * taps
    pieces = blocks(1, at.outputs[0], line)
    images = whole_images(
        g.shape[0], _images_at_once(len(pieces), line * at.outputs[0])
    )
    each = filters // groups

    def block(number: int) -> None:
        part = images[number]
        for _, lines in pieces:
            rows = g[part, lines].reshape(-1, filters)
            for group in range(groups):
                of = slice(group * each, (group + 1) * each)
                to = slice(group * depth, (group + 1) * depth)
                _scatter(table[:, of], rows[:, of], out[part][..., to], at, lines)

    threads.parallel(block, len(images))
    return out


def _windows_over_gradient(at: Windows) -> Windows | None:
    """Windows over a result that end at each input, where every step is 1.

    The input's gradient then is a convolution of the result's gradient with the filters
    turned round: it gathers in long runs what would be scattered a channel's run at a
    time. None where there is no such convolution.
    """
    reach = [(w - 1) * d for w, d in zip(at.window, at.dilations, strict=True)]
    before = tuple(r - b for r, b in zip(reach, at.before, strict=True))
    after = tuple(r - a for r, a in zip(reach, at.after, strict=True))
    if max(at.strides, default=2) > 1 or min(before + after) < 0:
        return None
    return at._replace(sizes=at.outputs, before=before, after=after, outputs=at.sizes)


def filter_gradient(
    x: np.ndarray, g: np.ndarray, at: Windows, depth: int
) -> np.ndarray:
    """Returns the gradient of a convolution's filters.

    Args:
      x: `(n, *sizes, c)`.
      g: `(n, *outputs, o)`, the gradient of the convolution's result.
      at: the windows over x.
      depth: channels that one filter reads, `c / groups`.

    Returns:
      `(*window, depth, o)`.
    """
    groups = x.shape[-1] // depth if depth else 1
    filters = g.shape[-1]
    taps = math.prod(at.window) * depth
    shape = (*at.window, depth, filters)
    if g.size == 0 or taps == 0:
        return np.zeros(shape, x.dtype)
    if at.is_pointwise and groups == 1:
        flat = matmul(x.reshape(-1, depth), g.reshape(-1, filters), transpose_a=True)
        return flat.reshape(shape)
    view = at.view(at.pad(x))
    pieces = blocks(x.shape[0], at.outputs[0], math.prod(at.outputs[1:]) * taps)
    size = taps * filters
    count = max(1, min(len(pieces), _MOST_PARTS, _PART_BYTES // (size * x.itemsize)))
    parts = np.empty((count, taps, filters), x.dtype)
    each = filters // groups

    def part(number: int) -> None:
        begin, end = (len(pieces) * (number + i) // count for i in (0, 1))
        for index in range(begin, end):
            rows = g[pieces[index]].reshape(-1, filters)
            for group in range(groups):
                columns, few = _columns(view[pieces[index]], group, depth, at)
                of = slice(group * each, (group + 1) * each)
                matmul(
                    columns,
                    rows[:, of],
                    transpose_a=not few,
                    out=parts[number][:, of],
                    accumulate=index > begin,
                )

    threads.parallel(part, count)
    total: np.ndarray = parts[0]
    for other in parts[1:]:
        np.add(total, other, out=total)
    return total.reshape(shape)


def _groups(channels: int, weights: np.ndarray) -> int:
    depth, filters = weights.shape[-2:]
    groups = channels // depth if depth else 1
    if groups * depth != channels or groups == 0 or filters % groups:
        raise ValueError(
            f"the input's {channels} channels and {filters} filters of depth {depth} "
            "make no whole groups"
        )
    return groups


def _columns(
    view: np.ndarray, group: int, depth: int, at: Windows
) -> tuple[np.ndarray, bool]:
    """Copies a block's windows: `(outputs, taps)`, or `(taps, outputs)` and True."""
    source = view[..., group * depth : (group + 1) * depth]
    axes = len(at.window)
    taps = math.prod(at.window) * depth
    if depth < _FEW_CHANNELS:
        order = (*range(1 + axes, 2 + 2 * axes), *range(1 + axes))
        return np.ascontiguousarray(source.transpose(order)).reshape(taps, -1), True
    return np.ascontiguousarray(source).reshape(-1, taps), False


def _scatter(
    table: np.ndarray, rows: np.ndarray, out: np.ndarray, at: Windows, lines: slice
) -> None:
    """Adds the gradient of a block of windows to the images they were cut from."""
    depth = out.shape[-1]
    shape = (out.shape[0], lines.stop - lines.start, *at.outputs[1:])
    few = depth < _FEW_CHANNELS
    if few:
        columns = matmul(table, rows, transpose_b=True)
        columns = columns.reshape(*at.window, depth, *shape)
    else:
        columns = matmul(rows, table, transpose_b=True)
        columns = columns.reshape(*shape, *at.window, depth)
    everything: tuple[slice | int, ...] = (slice(None),)
    for tap in at.taps():
        meets = at.slices(tap, lines.start, lines.stop)
        if meets is None:
            continue
        of, to = (everything + place for place in meets)
        if few:
            for channel in range(depth):
                target = out[(*to, channel)]
                np.add(target, columns[(*tap, channel)][of], out=target)
        else:
            target = out[to]
            np.add(target, columns[of + tap], out=target)


def _images_at_once(pieces: int, image_elements: int) -> int:
    """How many images one block takes: one, where an image is itself in pieces."""
    if pieces > 1:
        return 1
    return max(1, (1 << 18) // max(1, image_elements))


def _rows(g: np.ndarray) -> int:
    return math.prod(g.shape[:-1])


def _no_rows(x: np.ndarray) -> np.ndarray:
    return np.empty((_rows(x), x.shape[-1]), x.dtype)
