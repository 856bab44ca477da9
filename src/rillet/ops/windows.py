"""Sliding windows: where a window's taps fall on its input, for any rank.

In flow sizes, windows, strides, dilations and a padding; out flow `Windows`, from which
convolutions and pools take output sizes, the slices of each tap and views of all the
windows. The callers are `ops.convolve`, `ops.depthwise`, `ops.pooling` and the shape
rules of their records.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

Padding = str | Sequence[tuple[int, int]]
Tap = tuple[int, ...]
Slices = tuple[slice, ...]

_BLOCK_ELEMENTS: Final = 1 << 18  # of scratch a block fills: a megabyte of float32


class Windows(NamedTuple):
    """Windows over some axes.

    Attributes:
      sizes: of the input along those axes.
      window: taps along each.
      strides: from a window to the next.
      dilations: from a tap to the next.
      before: padding in front.
      after: padding behind.
      outputs: windows along each axis.
    """

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def is_pointwise(self) -> bool:
        """Whether every window is one element, and together they are the input."""
        taps = max(self.window, default=1)
        return self.sizes == self.outputs and taps == 1 and not self.is_padded

    @property
    def is_padded(self) -> bool:
        """Whether a window reaches beyond the input."""
        return any(self.before) or any(self.after)

    def taps(self) -> Iterator[Tap]:
        """Positions in the window, the last axis fastest."""
        return itertools.product(*map(range, self.window))

    def slices(
        self, tap: Tap, begin: int = 0, end: int | None = None
    ) -> tuple[Slices, Slices] | None:
        """Where a tap meets the input: (slices of the outputs, slices of the input).

        Args:
          tap: a position in the window.
          begin: the first output along the first axis.
          end: one past the last; the output slices count from `begin`.

        Returns:
          None where the tap only ever meets padding.
        """
        of_outputs, of_input = [], []
        for axis, (place, step) in enumerate(zip(tap, self.strides, strict=True)):
            offset = place * self.dilations[axis] - self.before[axis]
            first = begin if axis == 0 else 0
            last = self.outputs[axis] if axis or end is None else end
            low = max(first, -(offset // step))
            high = min(last, (self.sizes[axis] - 1 - offset) // step + 1)
            if high <= low:
                return None
            start = low * step + offset
            of_outputs.append(slice(low - first, high - first))
            of_input.append(slice(start, start + (high - low - 1) * step + 1, step))
        return tuple(of_outputs), tuple(of_input)

    def pad(self, x: np.ndarray) -> np.ndarray:
        """`x`, `(n, *sizes, c)`, with zeros around; itself where none are needed."""
        if not self.is_padded:
            return x
        total = [
            size + front + behind
            for size, front, behind in zip(
                self.sizes, self.before, self.after, strict=True
            )
        ]
        padded = np.zeros((x.shape[0], *total, x.shape[-1]), x.dtype)
        inner = tuple(
            slice(front, front + size)
            for front, size in zip(self.before, self.sizes, strict=True)
        )
        padded[(slice(None), *inner)] = x
        return padded

    def view(self, padded: np.ndarray) -> np.ndarray:
        """All windows of a padded input, `(n, *outputs, *window, c)`; a view."""
        steps = padded.strides[1:-1]
        to_output = [s * step for s, step in zip(self.strides, steps, strict=True)]
        to_tap = [d * step for d, step in zip(self.dilations, steps, strict=True)]
        return as_strided(
            padded,
            (padded.shape[0], *self.outputs, *self.window, padded.shape[-1]),
            (padded.strides[0], *to_output, *to_tap, padded.strides[-1]),
            writeable=False,
        )


def windows(
    sizes: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: Padding,
) -> Windows:
    """Places windows over an input.

    Args:
      sizes: of the input, an axis each.
      window: taps along each axis.
      strides: at least 1 each.
      dilations: at least 1 each.
      padding: "SAME", "VALID" or (before, after) for each axis.

    Raises:
      ValueError: a window larger than the padded input.
    """
    before, after, outputs = [], [], []
    for axis, (size, taps, stride, dilation) in enumerate(
        zip(sizes, window, strides, dilations, strict=True)
    ):
        reach = (taps - 1) * dilation + 1
        if padding == "SAME":
            count = -(-size // stride)
            missing = max(0, (count - 1) * stride + reach - size)
            front, behind = missing // 2, missing - missing // 2
        else:
            front, behind = (0, 0) if isinstance(padding, str) else padding[axis]
            room = size + front + behind - reach + stride
            if room < 0:
                raise ValueError(
                    f"Computed output size would be negative: {-(-room // stride)}: "
                    f"along spatial axis {axis} the input has size {size}, padding "
                    f"({front}, {behind}), and a window reaches over {reach}"
                )
            count = room // stride
        before.append(front)
        after.append(behind)
        outputs.append(count)
    return Windows(
        tuple(sizes),
        tuple(window),
        tuple(strides),
        tuple(dilations),
        tuple(before),
        tuple(after),
        tuple(outputs),
    )


def blocks(images: int, lines: int, line_elements: int) -> list[tuple[slice, slice]]:
    """Cuts images of lines into blocks whose scratch stays in cache.

    Args:
      images: how many.
      lines: outputs along the first spatial axis.
      line_elements: scratch that one line of outputs takes.

    Returns:
      (images, lines) a block: several whole images, or a part of one.
    """
    at_once = max(1, _BLOCK_ELEMENTS // max(1, line_elements))
    if at_once < lines:
        return [
            (slice(image, image + 1), slice(line, min(lines, line + at_once)))
            for image in range(images)
            for line in range(0, lines, at_once)
        ]
    return [(part, slice(0, lines)) for part in whole_images(images, at_once // lines)]


def whole_images(images: int, at_once: int) -> list[slice]:
    """Cuts images into nearly equal blocks of at most `at_once`."""
    count = max(1, -(-images // max(1, at_once)))
    cuts = [images * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in itertools.pairwise(cuts) if b > a]
