"""Folding of large computations: each layer is one box.

`computation` hands its nodes and edges over; they are changed in place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rillet.explain.computation import Computation, Edge, Node
    from rillet.explain.passage import Ran


@dataclass(frozen=True)
class Call:
    """One of the calls of a layer, counted from 1."""

    layer: Any
    number: int


def fold_differences(found: Computation, named: Iterable[str]) -> None:
    """Make one node of ``abs(a - b)``, where the difference has no name of its own."""
    names = set(named)
    for node in list(found.nodes):
        if node.kind != "Abs":
            continue
        (edge,) = [e for e in found.edges if e.target is node]
        inner = edge.source
        outward = [e for e in found.edges if e.source is inner]
        if inner.kind != "Sub" or len(outward) != 1 or inner.name in names:
            continue
        found.nodes.remove(inner)
        found.edges.remove(edge)
        node.kind = "|a - b|"
        for into in found.edges:
            if into.target is inner:
                into.target = node
                if into.derivative is not None and edge.derivative is not None:
                    into.derivative *= edge.derivative
    _number_anew(found, names)


def _number_anew(found: Computation, named: set[str]) -> None:
    count = 0
    for node in found.nodes:
        own = node.name[1:].isdigit() and node.name[0] == "x"
        if own and not node.is_source and node.name not in named:
            count += 1
            while f"x{count}" in named:
                count += 1
            node.name = f"x{count}"


def fold_by_layer(
    found: Computation, owner: dict[int, Ran], named: Iterable[str]
) -> None:
    """Make one node of each call of a layer, which holds its last value.

    A layer that is called several times has several boxes: in one, what goes from one
    call to the next would run in a circle.
    """
    groups = _groups(found, owner)
    _drop_shared(found, groups)
    heads: dict[Any, Node] = {}
    for node in found.nodes:
        key = groups.get(id(node))
        if key is None:
            continue
        head = heads.setdefault(key, node)
        if head is not node:
            node.count = head.count + 1
            heads[key] = node
    titles = {key: _title(key) for key in heads}
    for key, head in heads.items():
        head.name, head.kind = titles[key]
    into = {i: heads[key] for i, key in groups.items()}
    edges: dict[tuple[int, int], Any] = {}
    for edge in found.edges:
        edge.source = into.get(id(edge.source), edge.source)
        edge.target = into.get(id(edge.target), edge.target)
        if edge.source is edge.target:
            continue
        pair = (id(edge.source), id(edge.target))
        same = edges.setdefault(pair, edge)
        if same is not edge and same.gradient is not None and edge.gradient is not None:
            if np.shape(same.gradient) == np.shape(edge.gradient):
                same.gradient = same.gradient + edge.gradient
            same.derivative = None
    found.edges = list(edges.values())
    used = {id(e.source) for e in found.edges} | {id(e.target) for e in found.edges}
    found.nodes = [
        node
        for node in found.nodes
        if into.get(id(node), node) is node and (id(node) in used)
    ]
    _number_anew(found, {*named, *(name for name, _ in titles.values())})


def _drop_shared(found: Computation, groups: dict[int, Any]) -> None:
    """Leave out the edges from weights, in their layer's first box, to its others."""

    def is_shared(edge: Edge) -> bool:
        here, there = groups.get(id(edge.source)), groups.get(id(edge.target))
        if edge.source.kind not in ("variable", "constant") or here == there:
            return False
        if isinstance(here, Call) and isinstance(there, Call):
            return bool(here.layer is there.layer)
        return False

    found.edges = [edge for edge in found.edges if not is_shared(edge)]


def _calls(found: Computation, owner: dict[int, Ran]) -> dict[int, Call]:
    """The call of a layer that each node was made in.

    Ops of a call follow one another, so that a layer which is met again after another
    was called anew.
    """
    calls: dict[int, Call] = {}
    counts: dict[int, int] = {}
    last: Any = None
    for node in found.nodes:
        ran = owner.get(id(node))
        if ran is None:
            continue
        layer = ran.layer
        if layer is not None:
            if layer is not last:
                counts[id(layer)] = counts.get(id(layer), 0) + 1
            calls[id(node)] = Call(layer, counts[id(layer)])
        last = layer
    return calls


def _groups(found: Computation, owner: dict[int, Ran]) -> dict[int, Any]:
    """Which group each node is in: its layer, or the layer whose variables it needs."""
    groups: dict[int, Any] = {}
    calls = _calls(found, owner)
    inward: dict[int, list[Node]] = {}
    for edge in found.edges:
        inward.setdefault(id(edge.target), []).append(edge.source)
    for node in found.nodes:
        ran = owner.get(id(node))
        if ran is None:
            continue
        if ran.layers:
            if id(node) in calls:
                groups[id(node)] = calls[id(node)]
            continue
        # only a tape does not know layers; else this is a regularizer
        for source in () if calls else inward.get(id(node), ()):
            if source.kind == "variable" and "/" in source.name:
                groups[id(node)] = source.name.rpartition("/")[0]
    for node in found.nodes:
        if not groups:
            break
        if id(node) not in groups and owner.get(id(node)) is not None:
            if not owner[id(node)].layers:
                _follow(node, inward, groups)
    for node in found.nodes:
        # weights stand in their layer's box
        if node.kind not in ("variable", "constant"):
            continue
        users = {groups.get(id(e.target)) for e in found.edges if e.source is node}
        calls_of = [user for user in users if isinstance(user, Call)]
        layers = {id(call.layer) for call in calls_of}
        if len(calls_of) == len(users) and len(layers) == 1:
            groups[id(node)] = min(calls_of, key=lambda call: call.number)
        elif len(users) == 1 and None not in users:
            groups[id(node)] = users.pop()
    return groups


def _follow(node: Node, inward: dict[int, list[Node]], groups: dict[int, Any]) -> None:
    """What a tape shows after a layer's variables is the layer's, or else the loss."""
    keys = [groups.get(id(s)) for s in inward.get(id(node), ())]
    texts = [k for k in keys if isinstance(k, str)]
    groups[id(node)] = texts[-1] if texts else "loss"


def _title(key: Any) -> tuple[str, str]:
    if isinstance(key, str):
        return key, "Layer" if key != "loss" else "loss"
    again = f", call {key.number}" if key.number > 1 else ""
    return key.layer.name + again, type(key.layer).__name__
