"""Gradients of whole graphs, and of single ops whose sizes are not known yet.

`backward` walks what a graph's log saw and traces the walk: a graph that takes the
gradients of outputs and whatever forward values the rules use. A rule that needs sizes
which only a running graph knows becomes one node, `RilletGradient`, that runs the rule
then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.autodiff.backward import gradients
from rillet.autodiff.tape import GradientTape
from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import COMPLEX, FLOATING
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.graph.control import Host
from rillet.graph.inference import host_value
from rillet.graph.ir import Form, Graph, SymbolicTensor
from rillet.graph.trace import Tracer
from rillet.ops.composites import Form as Structure
from rillet.ops.composites import opened
from rillet.ops.dispatch import Recorded, spec_of
from rillet.ops.registry import GRAPH_TABLE

_state = context.state
_DIFFERENTIABLE = FLOATING | COMPLEX


class Backward:
    """A traced walk back.

    Attributes:
        graph: takes gradients of outputs, then forward values.
        forward: the forward graph's tensors that it takes.
        form: the gradients' structure: None where no path leads to a source.
    """

    def __init__(
        self, graph: Graph, forward: list[SymbolicTensor], form: Structure
    ) -> None:
        self.graph = graph
        self.forward = forward
        self.form = form


def backward(
    graph: Graph,
    targets: list[SymbolicTensor],
    sources: list[int],
) -> Backward:
    """Trace the gradients of some of a graph's tensors.

    Args:
        graph: the forward graph.
        targets: tensors of it, each with a gradient that will be given.
        sources: ids of its inputs, or of variables' cells.

    Returns:
        The backward graph.
    """
    tracer = Tracer(f"{graph.name}_grad")
    tracer.home = graph
    with tracer:
        seeds = [(y, tracer.graph.placeholder(y.spec, "grad")) for y in targets]
        found = gradients(graph.log.entries, seeds, sources)
        form, tensors = opened(found)
        tracer.graph.outputs = [tracer.lift(t) for t in tensors]
    forward = [outer for outer, _ in tracer.graph.captures]
    return Backward(tracer.graph, forward, form)


def unsure(values: Any) -> bool:
    """Whether a symbolic tensor among `values` has sizes that are not known."""
    for x in values:
        if isinstance(x, SymbolicTensor) and x.spec.dtype is not dtypes.variant:
            dims = x.spec.shape
            if dims is None or None in dims:
                return True
    return False


def vjp(
    op: Any, g: Any, y: Any, inputs: tuple[Any, ...], attrs: Any, wanted: list[int]
) -> list[Any] | None:
    """The gradients of one op as a node, where sizes are unknown.

    Args:
        op: what has the rule.
        g: the gradient of the output, or a tuple for several.
        y: the output, or a tuple.
        inputs: the op's inputs.
        attrs: its attributes, or None.
        wanted: which inputs' gradients are asked for.

    Returns:
        Those gradients; None where the rule can be traced as it stands.
    """
    rule = op.grad
    if isinstance(op, Form | Recorded) and not isinstance(op, _Again):
        return None
    if op.name in GRAPH_TABLE:
        return None  # rules of list ops need no sizes
    gs, ys = _tuple(g), _tuple(y)
    if not unsure([*gs, *ys, *inputs]):
        return None
    if isinstance(rule, tuple) and all(rule[i] is None for i in wanted):
        return []
    flat = [*gs, *ys, *inputs]
    places = [i for i, x in enumerate(flat) if isinstance(x, Tensor)]
    layout = _Layout(op, flat, places, len(gs), isinstance(g, tuple), attrs, wanted)
    specs = [
        inputs[i].spec if isinstance(inputs[i], SymbolicTensor) else spec_of(inputs[i])
        for i in wanted
    ]
    form = Form("RilletGradient", "", layout.again)
    tracer: Tracer = _state.tracer
    outs = tracer.add_form(
        form,
        [flat[i] for i in places],
        {"host": Host(layout.run, f"gradient of {op.name}")},
        specs,
        f"{op.name}_grad",
    )
    return list(outs)


class _Again(Recorded):
    """The gradient of a gradient node: a rule of eager tensors, run when sizes are."""

    __slots__ = ()


class _Layout:
    """How the inputs of a `RilletGradient` node are those of a rule."""

    def __init__(
        self,
        op: Any,
        flat: list[Any],
        places: list[int],
        count: int,
        several: bool,
        attrs: Any,
        wanted: list[int],
    ) -> None:
        self.op = op
        self.flat: list[Any] = [None if i in places else x for i, x in enumerate(flat)]
        self.places = places
        self.count = count
        self.several = several
        self.attrs = {
            k: v for k, v in (attrs or {}).items() if k not in ("host", "_instance")
        }
        self.wanted = wanted

    def parts(self, tensors: list[Any]) -> list[Any]:
        """The gradients wanted, of eager tensors; None where there is none."""
        flat: list[Any] = list(self.flat)
        for i, x in zip(self.places, tensors, strict=True):
            flat[i] = x
        count = self.count
        gs, ys, inputs = flat[:count], flat[count : 2 * count], flat[2 * count :]
        types = getattr(self.op, "types", ())
        if not getattr(self.op, "variadic", False):
            for i, want in enumerate(types):
                value = inputs[i]
                if want is None and isinstance(value, Tensor):
                    known = value._array
                    inputs[i] = (
                        host_value(known) if isinstance(known, np.ndarray) else value
                    )
        g: Any = tuple(gs) if self.several else gs[0]
        y: Any = tuple(ys) if self.several else ys[0]
        rule = self.op.grad
        if not isinstance(rule, tuple):
            found = list(rule(g, y, *inputs, **self.attrs))
            return [found[i] for i in self.wanted]
        return [
            None if rule[i] is None else rule[i](g, y, *inputs, **self.attrs)
            for i in self.wanted
        ]

    def run(self, arrays: list[Any], undo: list[Any]) -> list[Any]:
        """What the node does when it runs."""
        with init_scope():
            tensors = [Tensor(a) for a in arrays]
            found = self.parts(tensors)
            base = 2 * self.count
            out = []
            for i, part in zip(self.wanted, found, strict=True):
                if part is None:
                    like = tensors[self.places.index(base + i)]._array
                    out.append(like * 0)
                else:
                    out.append(to_tensor(part)._array)
        return out

    def again(self, gg: Any, yy: Any, *tensors: Any, **_: Any) -> list[Any]:
        """The node's own gradient: another node of this kind."""
        outer = self

        def rule(gs: Any, ys: Any, *inputs: Any) -> list[Any]:
            floats = [x for x in inputs if x.dtype.numpy_dtype in _DIFFERENTIABLE]
            with GradientTape() as tape:
                tape.watch(floats)
                found = outer.parts(list(inputs))
            pairs = [
                (part, flow)
                for part, flow in zip(found, _tuple(gs), strict=True)
                if part is not None
            ]
            if not pairs:
                return [None] * len(inputs)
            parts = iter(
                tape.gradient(
                    [to_tensor(p) for p, _ in pairs], floats, [f for _, f in pairs]
                )
            )
            return [
                next(parts) if x.dtype.numpy_dtype in _DIFFERENTIABLE else None
                for x in inputs
            ]

        which = [
            i for i, x in enumerate(tensors) if x.dtype.numpy_dtype in _DIFFERENTIABLE
        ]
        entry = _Again(self.op.name, rule)
        found = vjp(entry, gg, yy, tensors, None, which)
        out: list[Any] = [None] * len(tensors)
        if found is None:
            found = [p for i, p in enumerate(rule(gg, yy, *tensors)) if i in which]
        for i, part in zip(which, found, strict=True):
            out[i] = part
        return out


def _tuple(value: Any) -> Any:
    return value if isinstance(value, tuple) else (value,)


context.register_service("graph.vjp", vjp)
