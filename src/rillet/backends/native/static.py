"""A graph made anew for inputs of known sizes.

In flow a graph, some of whose sizes may be unknown, and the shapes of arguments; out
flows a graph in which sizes are numbers wherever they follow from those. Gradients that
waited for sizes are traced now, and ops that stand for simpler ones give way to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.backends.native import control, list_specs, lists, static_control
from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.errors import OperatorNotAllowedInGraphError
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.gradient import unsure
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, Node, SymbolicTensor
from rillet.graph.passes import drop_dead, fold, join, live_nodes
from rillet.graph.places import point_out
from rillet.graph.trace import Tracer
from rillet.ops.filling import zeros_like
from rillet.ops.lowering import Rewrite
from rillet.ops.registry import Op


def static(
    graph: Graph,
    outputs: list[SymbolicTensor],
    specs: Sequence[Spec],
    known: Sequence[Any] | None = None,
) -> tuple[Graph, list[SymbolicTensor]]:
    """The graph for inputs of those specs.

    Args:
        graph: a graph without host calls that look at variables.
        outputs: tensors of it that are wanted.
        specs: for each of its inputs.
        known: for each of them its value where it is known; what the graph itself
            knows where left out.

    Returns:
        A graph with those inputs, and its writes; and the tensors wanted, in it.
    """
    made, wanted = _once(graph, outputs, specs, known)
    if _may_give_way(graph, made):
        made, wanted = _once(made, wanted, specs, known)
    fold(made)
    join(made)
    drop_dead(made)
    list_specs.late_clears(made)
    return made, made.outputs


def _may_give_way(graph: Graph, made: Graph) -> bool:
    """Whether gradients were traced that hold ops which simpler ones stand for."""
    return any(node.type == "RilletGradient" for node in graph.nodes) and any(
        isinstance(node.op, Op) and isinstance(node.op.lower, Rewrite)
        for node in made.nodes
    )


def _once(
    graph: Graph,
    outputs: list[SymbolicTensor],
    specs: Sequence[Spec],
    known: Sequence[Any] | None,
) -> tuple[Graph, list[SymbolicTensor]]:
    """Go through the nodes."""
    tracer = Tracer(graph.name)
    made = tracer.graph
    table: dict[int, Any] = {}
    wanted = [*outputs, *[t for _, t in graph.writes]]
    with tracer, context.recording_stopped():
        for i, (x, spec) in enumerate(zip(graph.inputs, specs, strict=True)):
            given = table[id(x)] = made.placeholder(spec, x.node.name)
            given.known = x.known if known is None else known[i]
        _run_nodes(tracer, live_nodes(graph, wanted), table)
        _settle_captures(made)
        made.outputs = [table[id(y)] for y in outputs]
        made.writes = [(v, table[id(t)]) for v, t in graph.writes]
    return made, made.outputs


def _run_nodes(tracer: Tracer, nodes: list[Node], table: dict[int, Any]) -> None:
    made = tracer.graph
    for node in nodes:
        if node.op is PLACEHOLDER:
            continue
        args = tuple(
            [table[id(x)] if isinstance(x, SymbolicTensor) else x for x in node.inputs]
        )
        before = len(made.nodes)
        try:
            outs = _again(tracer, node, args)
        except Exception as error:
            point_out(node, error)
            raise
        for fresh in made.nodes[before:]:
            if fresh.op is node.op or node.op not in control.FORMS:
                fresh.where = node.where
        for y, out in zip(node.outputs, outs, strict=True):
            table[id(y)] = tracer.lift(out, captured=False)


def _inline(
    tracer: Tracer, graph: Graph, args: Sequence[SymbolicTensor]
) -> list[SymbolicTensor]:
    """Put a graph's nodes into the one under construction."""
    table: dict[int, Any] = {id(x): y for x, y in zip(graph.inputs, args, strict=True)}
    _run_nodes(tracer, live_nodes(graph, graph.outputs), table)
    return [table[id(y)] for y in graph.outputs]


def _settle_captures(graph: Graph) -> None:
    """Let what gradient rules wrote down be constants of the graph."""
    for outer, inner in graph.captures:
        inner.node.op = CONST
        inner.node.attrs = {"value": outer._array}
    mine = {id(inner) for _, inner in graph.captures}
    graph.inputs = [x for x in graph.inputs if id(x) not in mine]
    graph.captures = []


def _again(tracer: Tracer, node: Node, args: tuple[Any, ...]) -> tuple[Any, ...]:
    op, attrs = node.op, node.attrs
    if op is CONST:
        value = attrs["value"]
        if not isinstance(value, np.ndarray):
            specs = [y.spec for y in node.outputs]
            if type(value) is tuple and not value:
                specs = [list_specs.ListSpec(None)]
            return tracer.graph.add(CONST, (), dict(attrs), specs, node.name).outputs
        return (tracer.lift(Tensor(value), captured=False),)
    if op is READ:
        spec = node.outputs[0].spec
        if args:
            return (args[0],)
        variable = attrs["variable"]
        array = variable._cell.tensor._array
        if hasattr(array, "shape"):
            spec = Spec(array.shape, spec.dtype)
        return tracer.graph.add(READ, (), dict(attrs), [spec], node.name).outputs
    if op.name == "RilletGradient" and not unsure(args):
        try:
            return _gradients(node, args)
        except (TypeError, NotImplementedError, OperatorNotAllowedInGraphError):
            pass  # the rule looks at values: it stays a call of Python
    if op in control.FORMS:
        made = static_control.made(
            tracer, node, args, static, lambda g, xs: _inline(tracer, g, xs)
        )
        if made is not None:
            return made
    if not isinstance(op, Op):
        specs = [y.spec for y in node.outputs]
        return tracer.add_form(op, list(args), attrs, specs, node.name)
    return _traced(tracer, op, args, attrs)


def _traced(
    tracer: Tracer, op: Op, args: tuple[Any, ...], attrs: dict[str, Any]
) -> tuple[Any, ...]:
    given: tuple[Any, ...] = args
    if op.variadic:
        head = len(args) - (len(op.types) - 1)
        given = (list(args[:head]), *args[head:])
    if isinstance(op.lower, Rewrite) and not unsure(args):
        public = {k: v for k, v in attrs.items() if not k.startswith("_")}
        found = op.lower.make(*given, **public)
        if found is not None:
            return found if isinstance(found, tuple) else (found,)
    out = tracer.trace(op, given, attrs)
    if op.name in lists.RULES:
        list_specs.note(out.node)
    return (out,) if op.outputs == 1 else tuple(out)


def _gradients(node: Node, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The gradients of an op whose sizes are known now."""
    layout = node.attrs["host"].run.__self__
    found = layout.parts(list(args))
    base = 2 * layout.count
    out = []
    for i, part in zip(layout.wanted, found, strict=True):
        if part is None:
            part = zeros_like(args[layout.places.index(base + i)])
        out.append(to_tensor(part))
    return tuple(out)
