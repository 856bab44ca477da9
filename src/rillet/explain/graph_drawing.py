"""Draws a `Computation`: boxes from the top down, what flows forward and back.

Black are values, red the derivatives that gradients are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rillet.explain.picture import number, shown
from rillet.explain.svg import CHARACTER, Sheet
from rillet.graph.layering import Edge, laid_out

if TYPE_CHECKING:
    from rillet.explain.computation import Computation, Node

_KINDS: Final = {"variable": "variable", "input": "input", "constant": "op"}

_HIGH: Final = 13.0
#: Where along an arrow's last part its number may stand, the best place first.
_ALONG: Final = (0.5, 0.3, 0.7, 0.4, 0.6, 0.15, 0.85)

#: What the numbers of tensors' gradients are.
LENGTHS: Final = (
    "|g| is the length of the gradient that comes back: to a box, or along an edge"
)


def length(gradient: Any) -> str:
    """A gradient as a number: the root of the sum of its squares."""
    sizes = np.abs(np.asarray(gradient)).astype(np.float64)
    return f"|g| {number(float(np.sqrt(np.square(sizes).sum())))}"


def gradient_said(gradient: Any) -> str:
    """A gradient in few characters: its numbers, or its length where it has many."""
    said = shown(gradient)
    return length(gradient) if said.endswith(")") else said


def has_lengths(found: Computation) -> bool:
    """Whether the picture says how long gradients are."""
    said = [edge.said() for edge in found.edges]
    said += [gradient_said(n.gradient) for n in found.nodes if n.gradient is not None]
    return any(text.startswith("|g|") for text in said)


def _lines(node: Node, said: str) -> list[tuple[str, str]]:
    plain = node.is_source or node.kind == node.name
    head = node.name if plain else f"{node.name}: {said}"
    value = shown(node.value)
    lines = [(head, "head")]
    if head != value:
        lines.append((value, ""))
    if node.gradient is not None and not node.is_result:
        lines.append((f"gradient {gradient_said(node.gradient)}", "back"))
    if node.count > 1:
        lines.append((f"{node.count} values inside", "faint"))
    return lines


def _free(
    begin: tuple[float, float],
    end: tuple[float, float],
    text: str,
    taken: list[tuple[float, float, float]],
) -> tuple[float, float]:
    """A place on a line where a text meets no other; noted in ``taken``."""
    half = len(text) * CHARACTER / 2
    places = []
    for part in _ALONG:
        x = begin[0] + part * (end[0] - begin[0])
        y = begin[1] + part * (end[1] - begin[1]) + 4
        met = [
            1
            for u, v, other in taken
            if abs(x - u) < half + other and abs(y - v) < _HIGH
        ]
        places.append((len(met), x, y))
    _, x, y = min(places, key=lambda place: place[0])
    taken.append((x, y, half))
    return x, y


def drawn(found: Computation) -> str:
    """A computation as SVG."""
    texts = [_lines(node, found.said(node)) for node in found.nodes]
    sizes = [
        (max(len(t) for t, _ in lines) * CHARACTER + 20, 15.0 * len(lines) + 10)
        for lines in texts
    ]
    place = {id(node): i for i, node in enumerate(found.nodes)}
    order = sorted(place.values(), key=lambda i: not found.nodes[i].is_source)
    rank = {old: new for new, old in enumerate(order)}
    pairs = [
        Edge(rank[place[id(e.source)]], rank[place[id(e.target)]]) for e in found.edges
    ]
    forward = [p for p in dict.fromkeys(pairs) if p.source < p.target]
    layout = laid_out([sizes[i] for i in order], forward)
    sheet = Sheet(f"The computation graph of {found.name}")
    spread = 1.25
    taken: list[tuple[float, float, float]] = []
    for edge, pair in zip(found.edges, pairs, strict=True):
        a, b = pair
        begin = (layout.x[a], layout.y[a] * spread + sizes[order[a]][1])
        end = (layout.x[b], layout.y[b] * spread)
        bends = layout.bends.get(pair, [])
        middle = [
            p for x, top, low in bends for p in ((x, top * spread), (x, low * spread))
        ]
        sheet.line([begin, *middle, end])
        if edge.said():
            last = middle[-1] if middle else begin
            sheet.text(*_free(last, end, edge.said(), taken), edge.said(), "label back")
    for i, node in enumerate(found.nodes):
        x, y = layout.x[rank[i]], layout.y[rank[i]] * spread
        width, height = sizes[i]
        kind = "result" if node.is_result else _KINDS.get(node.kind, "op")
        note = f"{found.said(node)} {node.name}: mean {_mean(node)}"
        sheet.box(x - width / 2, y, width, height, kind, note)
        for k, (text, look) in enumerate(texts[i]):
            sheet.text(x, y + 17 + 15 * k, text, look)
    if has_lengths(found):
        foot = max(y * spread + h for y, (_, h) in zip(layout.y, sizes, strict=True))
        centre = (min(layout.x) + max(layout.x)) / 2
        sheet.text(centre, foot + 40, LENGTHS, "faint")
    return sheet.done()


def _mean(node: Node) -> str:
    value = node.value
    if getattr(value, "dtype", None) is None or value.dtype.kind not in "fiu":
        return "-"
    return number(float(value.mean())) if value.size else "-"
