"""Branches, loops and host calls as nodes, and the gradients of the first two.

A branch or a body is a graph whose inputs are the node's: arguments first, then what
it captures. Variables that it reads come in as captures, those that it writes go out
as results, so branches and loops are pure. The gradient of a branch is a branch that
computes the chosen one again; the gradient of a loop is a loop that runs backwards over
what the values were in each round. Both are made of the same nodes, so they
differentiate again. `ops.control` calls these as services.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import COMPLEX, FLOATING
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.inline import inline
from rillet.graph.ir import CONST, Form, Graph, SymbolicTensor
from rillet.graph.passes import has_effects
from rillet.graph.trace import Tracer
from rillet.ops.filling import zeros_like_op
from rillet.ops.identity import identity_op
from rillet.ops.tensor_lists import (
    list_same_op,
)

_state = context.state
_DIFFERENTIABLE = FLOATING | COMPLEX

CASE = Form("Case", takes_none=True)
IF = Form("If", takes_none=True)
WHILE = Form("While", takes_none=True)
HOST = Form("EagerPyFunc", "io")


class Host:
    """Python that a graph calls when it runs.

    Args:
        run: arrays, and a list of ``(cell, tensor)`` to restore after a failure ->
            arrays.
        text: what `explain` says of it.
        told: a function of tensors that does the same by ops, for files that cannot
            hold Python; None where there is none.
    """

    def __init__(
        self,
        run: Callable[[list[Any], list[Any]], list[Any]],
        text: str,
        told: Callable[..., Any] | None = None,
    ):
        self.run = run
        self.text = text
        self.told = told

    def __repr__(self) -> str:
        return self.text


def host_call(
    run: Callable[[list[Any], list[Any]], list[Any]],
    inputs: list[Any],
    specs: list[Spec],
    text: str,
    grad: Any = None,
    told: Callable[..., Any] | None = None,
) -> tuple[Any, ...]:
    """Add a node that calls Python; variables are written before and read anew after.

    Args:
        run: see `Host`.
        inputs: tensors.
        specs: what comes out.
        text: what it is, for people.
        grad: a joint gradient rule, as an op's; None where there is none.
        told: see `Host`.

    Returns:
        The symbolic results.
    """
    tracer: Tracer = _state.tracer
    tracer.flush()
    form = HOST if grad is None else Form("EagerPyFunc", "io", grad)
    attrs: dict[str, Any] = {"host": Host(run, text, told)}
    outs = tracer.add_form(form, inputs, attrs, specs, text)
    tracer.flush()
    return outs


def differentiable(x: Any) -> bool:
    """Whether gradients flow through a tensor."""
    return x.dtype is dtypes.variant or x.dtype.numpy_dtype in _DIFFERENTIABLE


def zeros_of(x: Any) -> Any:
    """Zeros like a tensor, or a tensor list of no gradient."""
    tracer: Tracer = _state.tracer
    if x.dtype is dtypes.variant:
        node = tracer.graph.add(CONST, (), {"value": ()}, [x.spec])
        return node.outputs[0]
    dims = x.shape._dims
    if dims is not None and None not in dims:
        # a constant, so that the graph need not keep the value for its shape
        return tracer.constant(Tensor(np.zeros(dims, x.dtype.numpy_dtype)))
    return zeros_like_op.run(x)


def unrepeatable(graph: Graph) -> list[SymbolicTensor]:
    """Tensors that would be others if the graph ran a second time."""
    found: list[SymbolicTensor] = []
    for node in graph.nodes:
        if node.op.effects in ("random", "io") or _inner_unrepeatable(node):
            found.extend(node.outputs)
    return found


def _inner_unrepeatable(node: Any) -> bool:
    graphs = [*node.attrs.get("branches", ())]
    if "body" in node.attrs:
        graphs.append(node.attrs["body"])
    return any(unrepeatable(g) for g in graphs)


# Branches


def trace_branches(
    index: Any, functions: list[Callable[[], list[Any]]], form: Form, names: list[str]
) -> list[Any]:
    """Trace a node that runs one of several functions.

    Args:
        index: a scalar: a boolean for `IF`, a number for `CASE`.
        functions: each gives a flat list of tensors, equally many of equal types.
        form: `IF` or `CASE`.
        names: a name for each function's graph.

    Returns:
        The chosen function's tensors.
    """
    tracer: Tracer = _state.tracer
    inner: list[Tracer] = []
    for function, name in zip(functions, names, strict=True):
        sub = Tracer(name, tracer)
        with sub:
            sub.graph.outputs = [sub.lift(to_tensor(y)) for y in function()]
        inner.append(sub)
    count = len(inner[0].graph.outputs)
    written = written_in(inner)
    for sub in inner:
        for variable in written:
            with sub:
                sub.graph.outputs.append(sub.read_variable(variable))
    extras = [unrepeatable(sub.graph) for sub in inner]
    for i, sub in enumerate(inner):
        for j, found in enumerate(extras):
            for y in found:
                sub.graph.outputs.append(y if i == j else _nothing(sub, y))
    if any(has_effects(n) for sub in inner for n in sub.graph.nodes):
        tracer.flush()
    inputs = same_captures(inner)
    graphs = [sub.graph for sub in inner]
    firsts = [g.outputs for g in graphs]
    specs = [_common([outs[k].spec for outs in firsts]) for k in range(len(firsts[0]))]
    attrs = {"branches": tuple(graphs), "results": count + len(written)}
    outs = tracer.add_form(form, [index, *inputs], attrs, specs)
    for variable, y in zip(written, outs[count:], strict=False):
        tracer.assign_variable(variable, y, "assign")
    return list(outs[:count])


def written_in(inner: list[Tracer]) -> list[Any]:
    found: dict[int, Any] = {}
    for sub in inner:
        for variable, _ in sub.written():
            found.setdefault(id(variable._cell), variable)
    return list(found.values())


def _nothing(sub: Tracer, like: SymbolicTensor) -> SymbolicTensor:
    """What stands for a tensor of a branch that did not run."""
    kind = like.dtype
    value: Any = () if kind is dtypes.variant else np.zeros((0,), kind.numpy_dtype)
    node = sub.graph.add(CONST, (), {"value": value}, [Spec(None, kind)], "Const")
    return node.outputs[0]


def same_captures(inner: list[Tracer]) -> list[Any]:
    """Give every graph the captures of all; return what they are outside."""
    outer: dict[int, Any] = {}
    for sub in inner:
        for value, _ in sub.graph.captures:
            outer.setdefault(id(value), value)
    for sub in inner:
        mine = {id(value): x for value, x in sub.graph.captures}
        for key, value in outer.items():
            if key not in mine:
                sub.capture(value)
        mine = {id(value): x for value, x in sub.graph.captures}
        sub.graph.inputs = [mine[key] for key in outer]
        sub.graph.captures = [(value, mine[key]) for key, value in outer.items()]
    return list(outer.values())


def _common(specs: list[Spec]) -> Spec:
    shape = TensorShape.of(specs[0].shape)
    for spec in specs[1:]:
        shape = shape.most_specific_compatible_shape(TensorShape.of(spec.shape))
    return Spec(shape._dims, specs[0].dtype)


def _branch_grad(form: Form) -> Callable[..., Any]:
    def grad(
        g: Any, y: Any, index: Any, *inputs: Any, branches: Any, results: int
    ) -> list[Any]:
        flows, results_of = as_tuple(g), as_tuple(y)
        which = [i for i, x in enumerate(inputs) if differentiable(x)]
        if not which:
            return [None] * (1 + len(inputs))

        def backward(at: int, graph: Graph) -> Callable[[], list[Any]]:
            extras = _extras_of(branches, at, results, results_of)

            def function() -> list[Any]:
                return vjp_of(graph, list(inputs), which, flows, extras)

            return function

        functions = [backward(i, graph) for i, graph in enumerate(branches)]
        names = [f"{graph.name}_grad" for graph in branches]
        found = trace_branches(index, functions, form, names)
        out: list[Any] = [None] * (1 + len(inputs))
        for i, part in zip(which, found, strict=True):
            out[1 + i] = part
        return out

    return grad


def _extras_of(graphs: Any, at: int, start: int, ys: Any) -> dict[int, Any]:
    """What the unrepeatable tensors of branch `at` were when it ran."""
    for i, graph in enumerate(graphs):
        found = unrepeatable(graph)
        if i == at:
            outs = ys[start : start + len(found)]
            return {id(x): y for x, y in zip(found, outs, strict=True)}
        start += len(found)
    return {}


def vjp_of(
    graph: Graph,
    inputs: list[Any],
    which: list[int],
    flows: Any,
    given: dict[int, Any],
) -> list[Any]:
    """Run a graph again, and back: the gradients of its inputs."""
    from rillet.autodiff.tape import GradientTape

    tracer: Tracer = _state.tracer
    xs = [tracer.lift(to_tensor(x)) for x in inputs]
    for i in which:
        # a source of its own, even where one tensor comes in twice
        same = list_same_op if xs[i].dtype is dtypes.variant else identity_op
        xs[i] = same.run(xs[i])
    with GradientTape() as tape:
        tape.watch([xs[i] for i in which])
        ys = inline(graph, xs, given)
    pairs = [
        (y, flow)
        for y, flow in zip(ys, flows, strict=True)
        if flow is not None and differentiable(y)
    ]
    sources = [xs[i] for i in which]
    if not pairs:
        return [zeros_of(x) for x in sources]
    gs = tape.gradient([y for y, _ in pairs], sources, [flow for _, flow in pairs])
    return [
        zeros_of(x) if part is None else to_tensor(part)
        for x, part in zip(sources, gs, strict=True)
    ]


def as_tuple(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


IF.grad = _branch_grad(IF)
CASE.grad = _branch_grad(CASE)


context.register_service("graph.branches", trace_branches)
context.register_service("graph.host_call", host_call)
context.register_service("graph.form.If", lambda: IF)
context.register_service("graph.form.Case", lambda: CASE)
