"""Loops as nodes, and their gradients: a loop that runs backwards.

The state comes first among a node's inputs, then what condition and body capture. The
node also gives what each changing value was when a round began; its gradient, itself a
loop, computes each round again from that, last round first. `ops.control` calls `loop`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.autodiff.backward import add_gradients
from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.graph.control import (
    WHILE,
    as_tuple,
    differentiable,
    same_captures,
    unrepeatable,
    vjp_of,
    written_in,
    zeros_of,
)
from rillet.graph.ir import Graph, SymbolicTensor
from rillet.graph.passes import has_effects
from rillet.graph.trace import Tracer
from rillet.ops.loop_history import row_op, rows_count_op

_state = context.state


def loop(
    test: Callable[..., Any],
    body: Callable[..., list[Any]],
    state: list[Any],
    specs: list[Spec],
    names: tuple[str, str] = ("while_cond", "while_body"),
) -> list[Any]:
    """Trace a node that runs a body while a condition holds.

    Args:
        test: tensors of the state -> a scalar boolean.
        body: tensors of the state -> as many of the same types.
        state: what the loop starts from, flat.
        specs: what holds of each in every round.
        names: names for the graphs.

    Returns:
        The state when the condition first fails.
    """
    tracer: Tracer = _state.tracer
    inner = [Tracer(names[0], tracer), Tracer(names[1], tracer)]
    own: list[list[SymbolicTensor]] = []
    for sub, function in zip(inner, (test, body), strict=True):
        with sub:
            mine = [sub.graph.placeholder(s, "loop_var") for s in specs]
            own.append(mine)
            found = function(*mine)
            flat = found if isinstance(found, list) else [found]
            sub.graph.outputs = [sub.lift(to_tensor(y)) for y in flat]
            sub.graph.inputs = []
    _fit(inner[1].graph.outputs, specs)
    written = written_in(inner[1:])
    results = []
    for variable in written:
        for sub in inner[1:]:
            with sub:
                end = sub.read_variable(variable)
                sub._versions.pop(id(variable._cell))
                sub._reads.pop(id(variable._cell), None)
                start = sub._sources.get(id(variable._cell))
                begin = start[1] if start else sub.read_variable(variable)
                results.append((begin, end))
    if any(has_effects(n) for sub in inner for n in sub.graph.nodes):
        tracer.flush()
    captured = same_captures(inner)
    for sub, mine in zip(inner, own, strict=True):
        sub.graph.inputs = [*mine, *sub.graph.inputs]
    graph = inner[1].graph
    ends = {id(begin): end for begin, end in results}
    graph.outputs += [ends.get(id(x), x) for x in graph.inputs[len(state) :]]
    return _loop_node(inner, state, captured, written, [b for b, _ in results])


def _fit(outputs: list[SymbolicTensor], specs: list[Spec]) -> None:
    for i, (y, spec) in enumerate(zip(outputs, specs, strict=True)):
        if y.dtype is not spec.dtype:
            raise TypeError(
                house_message(
                    "while_loop",
                    "the body must give each loop variable its own type",
                    f"loop variable #{i} enters as {spec.dtype.name}, leaves as"
                    f" {y.dtype.name}",
                    f"Cast it with tf.cast(x, tf.{spec.dtype.name})",
                )
            )
        if spec.dtype is dtypes.variant:
            continue
        before, after = TensorShape.of(spec.shape), y.shape
        if not after.is_subtype_of(before) and not _could_be(before, after):
            raise ValueError(
                house_message(
                    "while_loop",
                    f"loop variable #{i} enters the loop with shape {before}, but has"
                    f" shape {after} after one iteration",
                    "the shape changes from round to round",
                    "Give `shape_invariants` with None for the sizes that change",
                )
            )


def _could_be(before: TensorShape, after: TensorShape) -> bool:
    return (
        False
        if before.is_fully_defined() and after.is_fully_defined()
        else (before.is_compatible_with(after))
    )


def _loop_node(
    inner: list[Tracer],
    state: list[Any],
    captured: list[Any],
    written: list[Any],
    begins: list[Any],
) -> list[Any]:
    """Add the node; its outputs are the state, the captures, then the histories."""
    tracer: Tracer = _state.tracer
    graph = inner[1].graph
    carried = [
        i
        for i, (x, y) in enumerate(zip(graph.inputs, graph.outputs, strict=True))
        if x is not y
    ]
    extras = unrepeatable(graph)
    graph.outputs += extras
    specs = [x.spec for x in graph.inputs]
    for y in [*[graph.inputs[i] for i in carried], *extras]:
        dims = y.spec.shape
        specs.append(Spec(None if dims is None else (None, *dims), y.dtype))
    attrs = {"cond": inner[0].graph, "body": graph, "carried": tuple(carried)}
    outs = tracer.add_form(WHILE, [*state, *captured], attrs, specs)
    places = {id(x): i for i, x in enumerate(graph.inputs)}
    for variable, begin in zip(written, begins, strict=True):
        tracer.assign_variable(variable, outs[places[id(begin)]], "assign")
    return list(outs[: len(state)])


def _row(history: Any, i: Any) -> Any:
    return row_op.run(history, i)


def _loop_grad(
    g: Any, y: Any, *inputs: Any, cond: Graph, body: Graph, carried: Any
) -> list[Any]:
    flows, ys = as_tuple(g), as_tuple(y)
    count = len(inputs)
    extras = body.outputs[count:]
    history = ys[count:]
    moving = [i for i in carried if differentiable(inputs[i])]
    still = [i for i, x in enumerate(inputs) if i not in carried and differentiable(x)]
    if not history or not moving and not still:
        return [None] * count
    rounds = _rounds(history, carried, inputs)
    saved = {i: history[k] for k, i in enumerate(carried)}
    inflow = {
        k: flows[count + k]
        for k in range(len(history))
        if flows[count + k] is not None and differentiable(history[k])
    }

    def step(t: Any, *gs: Any) -> list[Any]:
        t = t - 1
        tracer: Tracer = _state.tracer
        xs = [
            _row(saved[i], t) if i in saved else tracer.lift(to_tensor(inputs[i]))
            for i in range(count)
        ]
        for i, x in enumerate(xs):
            if x.dtype is not dtypes.variant:
                x.set_shape(body.inputs[i].shape)
        given = {
            id(x): _row(history[len(carried) + k], t) for k, x in enumerate(extras)
        }
        ends: list[Any] = [None] * len(body.outputs)
        for k, i in enumerate(moving):
            ends[i] = gs[k]
        for k, flow in inflow.items():
            if k >= len(carried):
                ends[count + k - len(carried)] = _row(flow, t)
        parts = vjp_of(body, xs, [*moving, *still], ends, given)
        out: list[Any] = []
        for k, i in enumerate(moving):
            part = parts[k]
            at = carried.index(i)
            if at in inflow:
                part = add_gradients(part, _row(inflow[at], t))
            out.append(part)
        for k in range(len(still)):
            out.append(add_gradients(gs[len(moving) + k], parts[len(moving) + k]))
        return [t, *out]

    start = [flows[i] if flows[i] is not None else zeros_of(ys[i]) for i in moving]
    start += [zeros_of(inputs[i]) for i in still]
    state = [rounds, *[to_tensor(x) for x in start]]
    specs = [Spec((), dtypes.int32)]
    specs += [
        Spec(body.inputs[i].spec.shape, s.dtype)
        for i, s in zip([*moving, *still], state[1:], strict=True)
    ]
    found = loop(
        lambda t, *gs: t > 0, step, state, specs, ("while_grad_cond", "while_grad")
    )
    out: list[Any] = [None] * count
    for k, i in enumerate([*moving, *still]):
        out[i] = found[1 + k]
        if i in still and flows[i] is not None:
            out[i] = add_gradients(out[i], flows[i])
    return out


def _rounds(history: Any, carried: Any, inputs: Any) -> Any:
    """How many rounds the loop ran: the length of a history."""
    return rows_count_op.run(history[0])


WHILE.grad = _loop_grad
context.register_service("graph.loop", loop)
