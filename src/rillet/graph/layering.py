"""Where the boxes of a drawing stand: layers from the top down, few crossings.

In flow the sizes of boxes and the edges between them, all pointing down the list; out
flow places, and the bends of edges that pass other layers. `drawing` calls this. Layers
by longest path, order by barycentres (Sugiyama, Tagawa, Toda 1981, "Methods for Visual
Understanding of Hierarchical System Structures"), columns by isotonic regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

_SWEEPS: Final = 8
_GAP: Final = 18.0
_BEND: Final = 10.0
_ROW: Final = 44.0
#: Edges get bends until there are so many a box; what is left goes straight.
_BENDS: Final = 12
_SOME: Final = 400


class Edge(NamedTuple):
    """From one box to another further down the list."""

    source: int
    target: int


class Layout(NamedTuple):
    """Where boxes stand.

    Attributes:
        x: the middle of each box.
        y: its top.
        bends: for each edge the columns that it passes: x, from y, to y.
        width: of all.
        height: of all.
    """

    x: list[float]
    y: list[float]
    bends: dict[Edge, list[tuple[float, float, float]]]
    width: float
    height: float


def laid_out(sizes: Sequence[tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Places for boxes.

    Args:
        sizes: width and height of each box.
        edges: none of which points up the list.

    Example:
        >>> found = laid_out([(40, 20), (60, 20)], [Edge(0, 1)])
        >>> found.x[0] == found.x[1], found.y[0] < found.y[1]
        (True, True)
    """
    if not sizes:
        return Layout([], [], {}, 0.0, 0.0)
    level = _levels(len(sizes), edges)
    plan = _Plan(sizes, level)
    chains = plan.route(sorted(set(edges)))
    plan.order()
    x = plan.columns()
    tops, bottoms = plan.rows()
    bends = {
        edge: [(x[k], tops[plan.level[k]], bottoms[plan.level[k]]) for k in chain]
        for edge, chain in chains.items()
    }
    count = len(sizes)
    left = min(x[k] - plan.widths[k] / 2 for k in range(len(x)))
    right = max(x[k] + plan.widths[k] / 2 for k in range(len(x)))
    return Layout(
        [v - left for v in x[:count]],
        [
            tops[level[k]] + (bottoms[level[k]] - tops[level[k]] - sizes[k][1]) / 2
            for k in range(count)
        ],
        {e: [(v - left, a, b) for v, a, b in chain] for e, chain in bends.items()},
        right - left,
        bottoms[-1],
    )


def _levels(count: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each box: one below the lowest that it needs."""
    level = [0] * count
    needs = [False] * count
    for source, target in sorted(edges, key=lambda e: e.target):
        level[target] = max(level[target], level[source] + 1)
        needs[target] = True
    # what needs nothing stands right above what needs it
    first: dict[int, int] = {}
    for source, target in edges:
        first[source] = min(first.get(source, level[target]), level[target])
    for k, lowest in first.items():
        if not needs[k]:
            level[k] = lowest - 1
    bottom = min(level)
    return [k - bottom for k in level]


class _Plan:
    """Layers of boxes and of the columns that edges pass through."""

    def __init__(self, sizes: Sequence[tuple[float, float]], level: list[int]) -> None:
        self.widths = [w for w, _ in sizes]
        self._heights = [h for _, h in sizes]
        self.level = list(level)
        self._above: list[list[int]] = [[] for _ in sizes]
        self._below: list[list[int]] = [[] for _ in sizes]
        self._layers: list[list[int]] = []
        self._boxes = len(sizes)

    def route(self, edges: Sequence[Edge]) -> dict[Edge, list[int]]:
        """Give edges their columns; those from one box share them."""
        budget = _BENDS * self._boxes + _SOME
        columns: dict[tuple[int, int], int] = {}
        chains: dict[Edge, list[int]] = {}
        spans = sorted(edges, key=lambda e: self.level[e.target] - self.level[e.source])
        for edge in spans:
            chain: list[int] = []
            last = edge.source
            span = range(self.level[edge.source] + 1, self.level[edge.target])
            new = sum((edge.source, at) not in columns for at in span)
            if new > budget:
                chains[edge] = []
                continue
            budget -= new
            for at in span:
                k = columns.get((edge.source, at))
                if k is None:
                    k = columns[edge.source, at] = self._column(at)
                    self._join(last, k)
                chain.append(k)
                last = k
            self._join(last, edge.target)
            chains[edge] = chain
        layers: list[list[int]] = [[] for _ in range(max(self.level) + 1)]
        for k, at in enumerate(self.level):
            layers[at].append(k)
        self._layers = layers
        return chains

    def _column(self, level: int) -> int:
        self.widths.append(_BEND)
        self._heights.append(0.0)
        self.level.append(level)
        self._above.append([])
        self._below.append([])
        return len(self.widths) - 1

    def _join(self, upper: int, lower: int) -> None:
        self._below[upper].append(lower)
        self._above[lower].append(upper)

    def order(self) -> None:
        """Sort each layer by where its neighbours stand."""
        place = [0.0] * len(self.widths)
        for layer in self._layers:
            for at, k in enumerate(layer):
                place[k] = float(at)
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            near = self._above if down else self._below
            for layer in self._layers if down else reversed(self._layers):
                keys = {
                    k: sum(place[n] for n in near[k]) / len(near[k])
                    if near[k]
                    else place[k]
                    for k in layer
                }
                layer.sort(key=keys.__getitem__)
                for at, k in enumerate(layer):
                    place[k] = float(at)

    def columns(self) -> list[float]:
        """The middle of each box: near those of its neighbours."""
        x = [0.0] * len(self.widths)
        for layer in self._layers:
            at = 0.0
            for k in layer:
                x[k] = at + self.widths[k] / 2
                at += self.widths[k] + _GAP
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for layer in self._layers if down else reversed(self._layers):
                wanted = []
                for k in layer:
                    near = self._above[k] if down else self._below[k]
                    near = near or [*self._above[k], *self._below[k]]
                    found = sum(x[n] for n in near) / len(near) if near else x[k]
                    wanted.append(found)
                for k, found in zip(layer, self._apart(layer, wanted), strict=True):
                    x[k] = found
        return x

    def _apart(self, layer: list[int], wanted: list[float]) -> list[float]:
        """The places nearest to the wanted ones at which boxes do not overlap."""
        offsets = [0.0]
        for a, b in zip(layer, layer[1:], strict=False):
            gap = (self.widths[a] + self.widths[b]) / 2 + _GAP
            offsets.append(offsets[-1] + gap)
        groups: list[tuple[float, int]] = []
        for want, offset in zip(wanted, offsets, strict=True):
            mean, count = want - offset, 1
            while groups and groups[-1][0] > mean:
                before, many = groups.pop()
                mean = (before * many + mean * count) / (many + count)
                count += many
            groups.append((mean, count))
        found = [mean for mean, count in groups for _ in range(count)]
        return [a + b for a, b in zip(found, offsets, strict=True)]

    def rows(self) -> tuple[list[float], list[float]]:
        """Top and bottom of each layer."""
        tops, bottoms = [], []
        at = 0.0
        for layer in self._layers:
            tops.append(at)
            at += max((self._heights[k] for k in layer), default=0.0)
            bottoms.append(at)
            at += _ROW
        return tops, bottoms
