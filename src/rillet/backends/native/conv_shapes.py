"""The geometry of convolutions as loops over tiles.

In flow `Sizes`, what a convolution's record says of one image; out flow `Phase`s, the
windows of an output that are alike, and the `Tile` that fits registers best. The
callers are `conv_ir`, `conv_filter_ir` and `conv`.

A gradient of the input is again a convolution, of the result's gradient with turned
filters, at every stride-th place: a phase for each remainder of the place.
"""

from __future__ import annotations

import functools
import math
from typing import Final, NamedTuple

_LATENCY: Final = 4  # turns that a sum waits for the one before
_PORTS: Final = 2  # loads and fused operations in a cycle
_LONGEST: Final = 28  # rows of a tile, a bound on the text


class Sizes(NamedTuple):
    """A convolution over two axes, but for the batch; pairs are (vertical, horizontal).

    Attributes:
      size: of the input.
      channels: of the input.
      window: taps of a filter.
      filters: channels of the output.
      strides: from a window to the next.
      dilations: from a tap to the next.
      before: padding in front.
      outputs: windows.
      groups: parts of the channels that have filters of their own.
      channels_first: how input and output lie.
    """

    size: tuple[int, int]
    channels: int
    window: tuple[int, int]
    filters: int
    strides: tuple[int, int]
    dilations: tuple[int, int]
    before: tuple[int, int]
    outputs: tuple[int, int]
    groups: int = 1
    channels_first: bool = False

    @property
    def depth(self) -> int:
        """Channels that a filter reads."""
        return self.channels // self.groups

    @property
    def each(self) -> int:
        """Filters of a group."""
        return self.filters // self.groups

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel has filters of its own."""
        return self.groups > 1 and self.groups == self.channels

    @property
    def taps(self) -> int:
        """Taps of a filter."""
        return math.prod(self.window)

    @property
    def is_pointwise(self) -> bool:
        """Whether every window is one element, and together they are the input."""
        plain = self.taps == 1 and self.size == self.outputs
        return plain and self.before == (0, 0) and not self.channels_first

    @property
    def multiplications(self) -> int:
        """Multiply-adds for an image."""
        return math.prod(self.outputs) * self.taps * self.depth * self.filters


class Taps(NamedTuple):
    """Along one axis, the taps that reach every place of a kind.

    Attributes:
      begin: the first place.
      places: how many there are, a period apart.
      start: of the first tap in the source, for the first place; may be negative.
      taps: how many taps.
      numbers: which taps of the window, in rising order of their source.
    """

    begin: int
    places: int
    start: int
    taps: int
    numbers: tuple[int, ...]


class Axis(NamedTuple):
    """Sliding along one axis.

    Attributes:
      kinds: of places.
      period: from a place of a kind to the next.
      step: what that is in the source.
      tap_step: from a tap to the next in the source.
    """

    kinds: tuple[Taps, ...]
    period: int
    step: int
    tap_step: int

    @property
    def low(self) -> int:
        """The first source element, 0 or negative."""
        return min([0, *(kind.start for kind in self.kinds if kind.taps)])

    def end(self, kind: Taps) -> int:
        """One past the last source element that a kind reaches."""
        last = (kind.places - 1) * self.step
        return kind.start + last + (kind.taps - 1) * self.tap_step + 1

    @property
    def reach(self) -> int:
        """Source elements, from `low` on, that the first places of all kinds need."""
        ends = [
            kind.start + (kind.taps - 1) * self.tap_step + 1
            for kind in self.kinds
            if kind.taps
        ]
        return max([1, *ends]) - self.low

    def is_inside(self, size: int) -> bool:
        """Whether no tap leaves a source of a size."""
        reached = [kind for kind in self.kinds if kind.taps]
        return self.low == 0 and all(self.end(kind) <= size for kind in reached)


def forward_axis(sizes: Sizes, axis: int) -> Axis:
    """How windows slide over the input."""
    window = sizes.window[axis]
    kind = Taps(
        0, sizes.outputs[axis], -sizes.before[axis], window, tuple(range(window))
    )
    return Axis((kind,), 1, sizes.strides[axis], sizes.dilations[axis])


def backward_axis(sizes: Sizes, axis: int) -> Axis:
    """How turned filters slide over the result's gradient.

    The gradient at place i takes dy[o] * w[k] wherever
    o * stride + k * dilation - before = i.
    """
    stride, dilation = sizes.strides[axis], sizes.dilations[axis]
    before = sizes.before[axis]
    kinds = []
    for begin in range(min(stride, sizes.size[axis])):
        met = [
            ((begin + before - k * dilation) // stride, k)
            for k in range(sizes.window[axis])
            if (begin + before - k * dilation) % stride == 0
        ]
        met.sort()
        count = -(-(sizes.size[axis] - begin) // stride)
        start = met[0][0] if met else 0
        kinds.append(Taps(begin, count, start, len(met), tuple(k for _, k in met)))
    return Axis(tuple(kinds), stride, 1, dilation // math.gcd(stride, dilation))


class Tile(NamedTuple):
    """Sums that registers hold: lines times columns of places, times vectors."""

    lines: int
    columns: int
    vectors: int

    @property
    def rows(self) -> int:
        """Places in the tile."""
        return self.lines * self.columns


@functools.lru_cache(maxsize=1024)
def best_tile(
    lines: int,
    columns: int,
    vectors: int,
    registers: int,
    spread: bool = True,
    whole: bool = False,
) -> Tile:
    """Returns the tile with the least estimated time for a grid of places.

    Args:
      lines: of places; a tile that takes several needs all of them to be there.
      columns: of places in a line.
      vectors: across the result.
      registers: how many vectors they hold.
      spread: whether one register passes an element of a to all vectors.
      whole: whether a tile takes all vectors.
    """
    best = (math.inf, 0, Tile(1, 1, 1))
    for across in range(vectors if whole else 1, min(vectors, 8) + 1):
        extra = across + 1 if spread else across
        most = min(_LONGEST, (registers - extra) // across)
        for high in range(1, min(lines, most) + 1):
            for wide in range(1, min(columns, most // high) + 1):
                rows = high * wide
                tiles = -(-lines // high) * -(-columns // wide) * -(-vectors // across)
                loads = rows + across if spread else rows * across + across
                turn = max(rows * across / _PORTS, loads / _PORTS, _LATENCY)
                found = (tiles * (turn + 0.05), -rows, Tile(high, wide, across))
                best = min(best, found)
    return best[2]
