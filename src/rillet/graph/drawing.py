"""Graphs as pictures: `fn.graph.draw()` gives SVG that follows the reader's colours.

In flow a graph; out flows a `Drawing`, which notebooks show and `save` writes. Boxes
are nodes, from the top down; types and shapes stand where tensors leave them. Branches
and loop bodies are boxes in the boxes of their nodes. `layering` says where all stand.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rillet.core.errors import house_message
from rillet.graph.layering import Edge, Layout, laid_out

if TYPE_CHECKING:
    from rillet.graph.ir import Graph, Node, SymbolicTensor

_CHARACTER: Final = 6.7
_LINE: Final = 14.0
_PAD: Final = 8.0
_LONGEST: Final = 44
_STYLE: Final = """
.rillet-graph { --paper: #ffffff; --ink: #1f2328; --faint: #7d8590; --line: #9aa4b0;
  --op: #eef2f7; --input: #dbeafe; --variable: #fde7c7; --const: #f4f4f5;
  --output: #d7f3dd; --control: #f3ecfb; --host: #fbd9dc; background: var(--paper); }
@media (prefers-color-scheme: dark) { .rillet-graph { --paper: #16191d;
  --ink: #e6e9ed; --faint: #96a0ab; --line: #5d6771; --op: #272d35; --input: #1d3a5f;
  --variable: #5a4217; --const: #23272c; --output: #1d4a2b; --control: #372a47;
  --host: #5e2429; } }
.rillet-graph text { font: 11px ui-monospace, Menlo, Consolas, monospace;
  fill: var(--ink); text-anchor: middle; }
.rillet-graph .op-name { font-weight: 600; }
.rillet-graph .name, .rillet-graph .tensor text, .rillet-graph .inner-name {
  fill: var(--faint); }
.rillet-graph .tensor text { font-size: 10px; paint-order: stroke;
  stroke: var(--paper); stroke-width: 3px; }
.rillet-graph rect { stroke: var(--line); rx: 5px; }
.rillet-graph path { fill: none; stroke: var(--line); }
.rillet-graph .inner > rect { fill: var(--paper); stroke-dasharray: 4 3; }
""" + "".join(
    f".rillet-graph .{kind} > rect {{ fill: var(--{kind}); }}\n"
    for kind in ("op", "input", "variable", "const", "output", "control", "host")
)


class Drawing:
    """A picture of a graph.

    Attributes:
        svg: the picture as SVG.
    """

    def __init__(self, name: str, svg: str) -> None:
        self._name = name
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: Any) -> None:
        """Write the picture to a file, whole or not at all.

        Args:
            path: the file's name, which ends in ``.svg`` or in nothing.

        Raises:
            OSError: where it cannot be written.
            ValueError: where the name says that it is another kind of picture.
        """
        target = Path(os.fspath(path))
        if target.suffix not in ("", ".svg"):
            raise ValueError(
                house_message(
                    "Drawing.save",
                    "the picture is SVG",
                    f"the name ends in {target.suffix!r}",
                    "Name it graph.svg; browsers and notebooks show it",
                )
            )
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:
            beside.write_text(self.svg, encoding="utf-8")
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Drawing of {self._name!r}: {len(self.svg)} characters of SVG>"


def drawn(graph: Graph, inner: Callable[[Node], list[Graph]]) -> Drawing:
    """A picture of a graph.

    Args:
        graph: the graph.
        inner: the graphs that a node holds.
    """
    picture = _Picture(graph, inner)
    width, height = picture.width + 4 * _PAD, picture.height + 4 * _PAD
    body = "\n".join(picture.lines(2 * _PAD, 2 * _PAD))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rillet-graph"'
        f' width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}" role="img">'
        f"<title>{escape(graph.name)}</title>\n<style>{_STYLE}</style>\n{body}\n</svg>"
    )
    return Drawing(graph.name, svg)


class _Box(NamedTuple):
    """A rectangle with text.

    Attributes:
        kind: its class, which colours it.
        head: the first line.
        name: the second.
        note: what stands in its tooltip.
        outputs: the tensors that leave it.
        needs: the tensors that come in.
        inner: the pictures in it, each with a name.
    """

    kind: str
    head: str
    name: str
    note: str
    outputs: tuple[SymbolicTensor, ...]
    needs: list[SymbolicTensor]
    inner: list[tuple[str, _Picture]]

    def size(self) -> tuple[float, float]:
        """Width and height."""
        text = max(len(self.head), len(self.name)) * _CHARACTER
        ports = sum(len(typed(y)) * 6.2 + _PAD for y in self.outputs)
        width = max(text, ports) + 2 * _PAD
        height = 2 * _LINE + _PAD if self.name else _LINE + _PAD
        if self.inner:
            names = [len(name) * _CHARACTER for name, _ in self.inner]
            parts = [max(p.width, n) + 2 * _PAD for n, (_, p) in
                     zip(names, self.inner, strict=True)]  # fmt: skip
            width = max(width, sum(parts) + _PAD * (len(parts) + 1))
            height += max(p.height for _, p in self.inner) + _LINE + 3 * _PAD
        return width, height


class _Picture:
    """The boxes of one graph, and where they stand."""

    def __init__(self, graph: Graph, inner: Callable[[Node], list[Graph]]) -> None:
        self._inner = inner
        self._boxes = [self._box(node) for node in graph.nodes]
        self._boxes += [
            _Box("variable", variable.name, "is written", "", (), [tensor], [])
            for variable, tensor in graph.writes
        ]
        self._boxes += [
            _Box("output", "return", f"output {k}", "", (), [tensor], [])
            for k, tensor in enumerate(graph.outputs)
        ]
        self._whose = {
            id(y): k for k, box in enumerate(self._boxes) for y in box.outputs
        }
        self._sizes = [box.size() for box in self._boxes]
        self._layout: Layout = laid_out(self._sizes, list(dict.fromkeys(self._edges())))
        self.width, self.height = self._layout.width, self._layout.height

    def _edges(self) -> Iterator[Edge]:
        for target, box in enumerate(self._boxes):
            for x in box.needs:
                source = self._whose.get(id(x))
                if source is not None and source < target:
                    yield Edge(source, target)

    def _box(self, node: Node) -> _Box:
        kind, head, name = _words(node)
        inner = [(g.name, _Picture(g, self._inner)) for g in self._inner(node)]
        if inner:
            kind = "control"
        return _Box(kind, head, name, _note(node), node.outputs, node.tensors(), inner)

    def lines(self, dx: float, dy: float) -> Iterator[str]:
        """The picture as SVG, moved."""
        for target, box in enumerate(self._boxes):
            for port, x in enumerate(box.needs):
                source = self._whose.get(id(x))
                if source is not None and source < target:
                    yield self._path(source, target, port, x, dx, dy)
        for k, box in enumerate(self._boxes):
            width, height = self._sizes[k]
            left = self._layout.x[k] - width / 2 + dx
            yield from _box_lines(box, left, self._layout.y[k] + dy, width, height)

    def _path(
        self,
        source: int,
        target: int,
        port: int,
        x: SymbolicTensor,
        dx: float,
        dy: float,
    ) -> str:
        places = self._layout
        begin = (
            self._port(source, x.value_index, len(self._boxes[source].outputs)) + dx,
            places.y[source] + self._sizes[source][1] + dy,
        )
        end = (
            self._port(target, port, len(self._boxes[target].needs)) + dx,
            places.y[target] + dy,
        )
        path = [f"M{begin[0]:.1f} {begin[1]:.1f}"]
        at = begin
        for column, top, bottom in places.bends.get(Edge(source, target), ()):
            path.append(_curve(at, (column + dx, top + dy)))
            path.append(f"V{bottom + dy:.1f}")
            at = (column + dx, bottom + dy)
        path.append(_curve(at, end))
        return (
            f'<path class="edge" data-tensor="{escape(x.name)}" d="{"".join(path)}"/>'
        )

    def _port(self, box: int, number: int, count: int) -> float:
        width = self._sizes[box][0] - 2 * _PAD
        left = self._layout.x[box] - width / 2
        return left + width * (2 * number + 1) / (2 * max(1, count))


def _curve(begin: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (begin[1] + end[1]) / 2
    return (
        f"C{begin[0]:.1f} {middle:.1f} {end[0]:.1f} {middle:.1f}"
        f" {end[0]:.1f} {end[1]:.1f}"
    )


def _box_lines(
    box: _Box, left: float, top: float, width: float, height: float
) -> Iterator[str]:
    middle = left + width / 2
    yield f'<g class="node {box.kind}" data-name="{escape(box.name or box.head)}">'
    if box.note:
        yield f"<title>{escape(box.note)}</title>"
    yield _rectangle(left, top, width, height)
    yield _text(middle, top + _LINE, box.head, "op-name")
    if box.name:
        yield _text(middle, top + 2 * _LINE, box.name, "name")
    at = left + _PAD
    for name, picture in box.inner:
        across = max(picture.width, len(name) * _CHARACTER) + 2 * _PAD
        upper = top + 2 * _LINE + _PAD
        yield f'<g class="inner" data-graph="{escape(name)}">'
        yield _rectangle(at, upper, across, picture.height + _LINE + 2 * _PAD)
        yield _text(at + across / 2, upper + _LINE, name, "inner-name")
        shift = at + (across - picture.width) / 2
        yield from picture.lines(shift, upper + _LINE + _PAD)
        yield "</g>"
        at += across + _PAD
    count = len(box.outputs)
    for k, y in enumerate(box.outputs):
        x = left + _PAD + (width - 2 * _PAD) * (2 * k + 1) / (2 * count)
        yield f'<g class="tensor" data-tensor="{escape(y.name)}">'
        yield _text(x, top + height + 12, typed(y), "type")
        yield "</g>"
    yield "</g>"


def _rectangle(left: float, top: float, width: float, height: float) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}"/>'
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def typed(tensor: SymbolicTensor) -> str:
    """A tensor's type and shape: float32[?,10]."""
    dims = tensor.spec.shape
    if dims is None:
        return f"{tensor.dtype.name}[...]"
    return (
        f"{tensor.dtype.name}[{','.join('?' if d is None else str(d) for d in dims)}]"
    )


def _words(node: Node) -> tuple[str, str, str]:
    """A node's colour and its two lines."""
    if node.type == "Placeholder":
        return "input", _cut(node.name), ""
    if node.type == "Const":
        return "const", _value(node.attrs.get("value")), node.name
    variable = node.attrs.get("variable")
    if variable is not None:
        how = "is written" if node.type.startswith("Assign") else "variable"
        return "variable", _cut(variable.name), how
    if "host" in node.attrs:
        # gradients that wait for sizes are ops once these are known
        kind = "op" if node.type == "RilletGradient" else "host"
        return kind, _cut(repr(node.attrs["host"])), _cut(node.name)
    return "op", _cut(node.type), _cut(node.name)


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size == 1:
        return _cut(str(value.reshape(-1)[0]))
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.size <= 8:
        return _cut(f"[{', '.join(map(str, value))}]")
    return "Const"


def _note(node: Node) -> str:
    attrs = [
        f"{key}={_cut(repr(value))}"
        for key, value in node.attrs.items()
        if not key.startswith("_") and isinstance(value, bool | int | float | str)
    ]
    where = f"{node.where[0]}, line {node.where[1]}" if node.where else ""
    return "\n".join([f"{node.type} {node.name}", *attrs, *([where] if where else [])])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
