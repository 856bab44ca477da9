"""A graph's nodes put into the graph under construction, or run at once.

Calls of functions inside functions and the gradients of branches and loops go through
here. Tapes see each node as if the program had written it here.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context, dtypes
from rillet.core.tensor import Tensor
from rillet.graph.ir import CONST, PLACEHOLDER, READ, WRITE, Graph, Node, SymbolicTensor
from rillet.graph.trace import Tracer
from rillet.ops.dispatch import Recorded
from rillet.ops.registry import Op

_state = context.state


def inline(
    graph: Graph, inputs: list[Any], given: dict[int, Any] | None = None
) -> list[Any]:
    """Trace a graph's nodes into the graph under construction.

    Args:
        graph: the graph.
        inputs: a tensor for each of its inputs.
        given: values of some of its tensors, by id: their nodes do not run again.

    Returns:
        A tensor for each of the graph's outputs. Variables are written too.
    """
    tracer: Tracer = _state.tracer
    table: dict[int, Any] = {
        id(x): value for x, value in zip(graph.inputs, inputs, strict=True)
    }
    known = given or {}
    with context.recording_stopped():
        _run_nodes(tracer, graph, table, known)
        for variable, tensor in graph.writes:
            tracer.assign_variable(variable, table[id(tensor)], "assign")
    _tell(tracer, graph, table)
    return [table[id(y)] for y in graph.outputs]


def _run_nodes(
    tracer: Tracer, graph: Graph, table: dict[int, Any], known: dict[int, Any]
) -> None:
    for node in graph.nodes:
        if node.op is PLACEHOLDER:
            continue
        args = tuple(
            [table[id(x)] if isinstance(x, SymbolicTensor) else x for x in node.inputs]
        )
        if node.outputs and id(node.outputs[0]) in known:
            outs: Any = tuple([known[id(y)] for y in node.outputs])
        else:
            outs = _again(tracer, node, args)
        for y, out in zip(node.outputs, outs, strict=True):
            table[id(y)] = out


def _tell(tracer: Tracer, graph: Graph, table: dict[int, Any]) -> None:
    """Let tapes see what the graph's own log saw, here."""
    recorders = _state.recorders
    if not recorders:
        return
    given = {id(x) for x in graph.inputs}
    for op, inputs, outputs, attrs in graph.log.entries:
        outs = tuple([table.get(id(y), y) for y in outputs])
        if op is None:
            if id(outputs[0]) in given:
                # a branch's or body's read: the value comes from outside, and so does
                # the way that gradients take from it to the variable
                continue
            variable = graph.log.variables[id(inputs[0])]
            for recorder in recorders:
                recorder.read(variable, outs[0])
            continue
        args = tuple([table.get(id(x), x) for x in inputs])
        if type(op) is Recorded:
            op = Recorded(op.name, _aliased(op.grad, table))
        for recorder in recorders:
            recorder.record(op, args, outs, attrs)


def _aliased(rule: Any, table: dict[int, Any]) -> Any:
    """A user's gradient, which may use tensors of the graph that was inlined."""

    def aliased(*args: Any, **attrs: Any) -> Any:
        tracer = _state.tracer
        if tracer is None:
            return rule(*args, **attrs)
        kept = tracer.aliases
        tracer.aliases = {**kept, **table}
        try:
            return rule(*args, **attrs)
        finally:
            tracer.aliases = kept

    return aliased


def _again(tracer: Tracer, node: Node, args: tuple[Any, ...]) -> tuple[Any, ...]:
    op, attrs = node.op, node.attrs
    if op is CONST and node.outputs[0].dtype is dtypes.variant:
        # an empty list of gradients, which is no array
        return tracer.graph.add(CONST, (), dict(attrs), [node.outputs[0].spec]).outputs
    if op is CONST:
        return (tracer.lift(Tensor(attrs["value"]), captured=False),)
    if op is READ:
        variable = attrs["variable"]
        if not args:
            return (tracer.read_variable(variable),)
        # the version in the inlined graph is not yet the tracer's: read it as such
        lifted = (tracer.lift(args[0]),)
        return tracer.graph.add(
            READ, lifted, dict(attrs), [node.outputs[0].spec]
        ).outputs
    if op is WRITE:
        tracer.assign_variable(attrs["variable"], args[0], "assign")
        return ()
    if isinstance(op, Op):
        if op.effects == "random":
            attrs = {k: v for k, v in attrs.items() if k != "_instance"}
        if op.variadic:
            head = len(args) - (len(op.types) - 1)
            out = op.run(list(args[:head]), *args[head:], **attrs)
        else:
            out = op.run(*args, **attrs)
        return (out,) if op.outputs == 1 else tuple(out)
    specs = [y.spec for y in node.outputs]
    return tracer.add_form(op, list(args), attrs, specs, node.name)
