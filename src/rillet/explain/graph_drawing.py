"""Draws a `Computation`: boxes from the top down, what flows forward and back.

Black are values, red the derivatives that gradients are made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rillet.explain.picture import number, shown
from rillet.explain.svg import CHARACTER, Sheet
from rillet.graph.layering import Edge, laid_out

if TYPE_CHECKING:
    from rillet.explain.computation import Computation, Node

_KINDS: Final = {"variable": "variable", "input": "input", "constant": "op"}

#: What the numbers beside arrows between tensors are.
LENGTHS: Final = "|g| is the length of the gradient that comes back along an edge"


def _lines(node: Node) -> list[tuple[str, str]]:
    plain = node.is_source or node.kind == node.name
    head = node.name if plain else f"{node.name}  {node.kind}"
    value = shown(node.value)
    lines = [(head, "head")]
    if head != value:
        lines.append((value, ""))
    if node.gradient is not None and not node.is_result:
        said = shown(node.gradient)
        lines.append((f"gradient {said}", "back"))
    if node.count > 1:
        lines.append((f"{node.count} values", "faint"))
    return lines


def drawn(found: Computation) -> str:
    """A computation as SVG."""
    texts = [_lines(node) for node in found.nodes]
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
            x, y = (last[0] + end[0]) / 2, (last[1] + end[1]) / 2 + 4
            sheet.text(x, y, edge.said(), "label back")
    for i, node in enumerate(found.nodes):
        x, y = layout.x[rank[i]], layout.y[rank[i]] * spread
        width, height = sizes[i]
        kind = "result" if node.is_result else _KINDS.get(node.kind, "op")
        note = f"{node.kind} {node.name}: mean {_mean(node)}"
        sheet.box(x - width / 2, y, width, height, kind, note)
        for k, (text, look) in enumerate(texts[i]):
            sheet.text(x, y + 17 + 15 * k, text, look)
    if any(edge.said().startswith("|g|") for edge in found.edges):
        foot = max(y * spread + h for y, (_, h) in zip(layout.y, sizes, strict=True))
        centre = (min(layout.x) + max(layout.x)) / 2
        sheet.text(centre, foot + 40, LENGTHS, "faint")
    return sheet.done()


def _mean(node: Node) -> str:
    value = node.value
    if getattr(value, "dtype", None) is None or value.dtype.kind not in "fiu":
        return "-"
    return number(float(value.mean())) if value.size else "-"
