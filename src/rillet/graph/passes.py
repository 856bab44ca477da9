"""Rewriting graphs: what is dead goes, what is constant is computed, once.

A pass takes a graph and gives one with the same inputs, outputs, writes and effects.
Effects (host calls, prints, random numbers) are never removed, joined or moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.quiet import restore, silence
from rillet.core.spec import Spec
from rillet.graph.ir import (
    CONST,
    PLACEHOLDER,
    READ,
    Graph,
    Node,
    SymbolicTensor,
    inner_graphs,
)
from rillet.ops.registry import Op

#: Larger results of folding would only make a graph heavy.
_FOLDED = 4096


def live_nodes(graph: Graph, wanted: list[SymbolicTensor]) -> list[Node]:
    """The nodes that matter: those with effects, and all that the wanted need."""
    needed = {id(x.node) for x in wanted}
    found: list[Node] = []
    for node in reversed(graph.nodes):
        if id(node) in needed or has_effects(node) or node.op is PLACEHOLDER:
            found.append(node)
            needed.update(id(x.node) for x in node.tensors())
    found.reverse()
    return found


def has_effects(node: Node) -> bool:
    """Whether a node does something besides giving its outputs."""
    if node.op.effects in ("io", "write"):
        return True
    return any(has_effects(n) for g in inner_graphs(node) for n in g.nodes)


def is_pure(node: Node) -> bool:
    """Whether a node gives equal results for equal inputs, and does nothing else."""
    return isinstance(node.op, Op) and not node.op.effects


def optimise(graph: Graph) -> None:
    """Fold constants, join equal nodes and drop dead ones, in place."""
    fold(graph)
    join(graph)
    drop_dead(graph)
    for node in graph.nodes:
        for inner in inner_graphs(node):
            optimise(inner)


def drop_dead(graph: Graph) -> None:
    """Remove nodes that nothing needs."""
    wanted = [*graph.outputs, *[t for _, t in graph.writes]]
    graph.nodes = live_nodes(graph, wanted)


def replace(graph: Graph, table: dict[int, SymbolicTensor]) -> None:
    """Let every reader of a tensor in the table read its replacement."""
    if not table:
        return

    def other(x: Any) -> Any:
        while isinstance(x, SymbolicTensor) and id(x) in table:
            x = table[id(x)]
        return x

    for node in graph.nodes:
        node.inputs = tuple([other(x) for x in node.inputs])
    graph.outputs = [other(x) for x in graph.outputs]
    graph.writes = [(v, other(x)) for v, x in graph.writes]


def fold(graph: Graph) -> None:
    """Compute pure nodes whose inputs are constants."""
    for node in graph.nodes:
        if not is_pure(node) or node.op.outputs != 1:
            continue
        tensors = node.tensors()
        if not tensors or any(x.node.op is not CONST for x in tensors):
            continue
        value = _computed(node)
        if value is None or value.size > _FOLDED:
            continue
        out = node.outputs[0]
        node.op, node.inputs, node.attrs = CONST, (), {"value": value}
        out.spec = Spec(value.shape, out.spec.dtype)


def _computed(node: Node) -> Any:
    op = node.op
    if op.variadic or any(
        isinstance(x, SymbolicTensor) and i < len(op.types) and op.types[i] is None
        for i, x in enumerate(node.inputs)
    ):
        return None
    args = [
        x.node.attrs["value"] if isinstance(x, SymbolicTensor) else x
        for x in node.inputs
    ]
    token = silence()
    try:
        result = np.asarray(op.kernel(*args, **node.attrs))
    except Exception:
        return None
    finally:
        restore(token)
    same = result.dtype == node.outputs[0].spec.dtype.numpy_dtype
    return result if same else None


def join(graph: Graph) -> None:
    """Let equal pure nodes, and reads of one version, be one."""
    seen: dict[Any, Node] = {}
    table: dict[int, SymbolicTensor] = {}
    for node in graph.nodes:
        node.inputs = tuple([_found(table, x) for x in node.inputs])
        if node.op is READ and not node.inputs:
            continue
        if not is_pure(node):
            continue
        try:
            key = (node.op.name, *map(_key, node.inputs), _attrs_key(node.attrs))
            twin = seen.setdefault(key, node)
        except TypeError:
            continue
        if twin is not node:
            for mine, other in zip(node.outputs, twin.outputs, strict=True):
                table[id(mine)] = other
    replace(graph, table)


def _found(table: dict[int, SymbolicTensor], x: Any) -> Any:
    return table.get(id(x), x) if isinstance(x, SymbolicTensor) else x


def _key(value: Any) -> Any:
    if isinstance(value, SymbolicTensor):
        return ("tensor", id(value))
    hash(value)
    return (type(value).__name__, value)


def _attrs_key(attrs: dict[str, Any]) -> Any:
    return tuple([(name, _key(value)) for name, value in sorted(attrs.items())])
