"""Calling a graph: at once, under tapes, or from inside another graph.

In flow tensors, out flow tensors. Under tapes the graph runs with the intermediate
values that its gradient will want, and the tapes keep one entry, whose rule calls the
backward graph in the same way: so gradients nest to any order. `function` calls this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rillet.core import context
from rillet.core.dtypes import variant
from rillet.core.errors import InternalError, house_message
from rillet.core.tensor import Tensor
from rillet.graph.inline import inline
from rillet.graph.ir import PLACEHOLDER, READ, Graph, SymbolicTensor
from rillet.graph.trace import Tracer
from rillet.ops.composites import rebuilt
from rillet.ops.tensor_lists import ListTensor

if TYPE_CHECKING:
    from rillet.graph.gradient import Backward

_state = context.state
_listeners = context.graph_listeners


class _Entry:
    """What tapes keep of one call."""

    __slots__ = ("grad", "name")
    takes_none = True

    def __init__(self, name: str, grad: Callable[..., Any]) -> None:
        self.name = name
        self.grad = grad


class GraphCall:
    """A graph that can be called and differentiated.

    Args:
        graph: the graph; its captured values come from `captured`.
        backend: makes programs.
    """

    def __init__(self, graph: Graph, backend: Any) -> None:
        self.graph = graph
        self._backend = backend
        self._lock = threading.RLock()
        #: The program that keeps nothing for gradients, once there is one.
        self._plain: Any = None
        self._programs: dict[int, tuple[Any, list[SymbolicTensor]]] = {}
        self._backwards: dict[Any, tuple[Backward, GraphCall]] = {}
        self._read = self._variables_read()

    def _variables_read(self) -> list[Any]:
        found: dict[int, Any] = {}
        for node in self.graph.nodes:
            if node.op is READ and not node.inputs:
                variable = node.attrs["variable"]
                found.setdefault(id(variable._cell), variable)
        return list(found.values())

    @property
    def used(self) -> bool:
        """Whether a program was made."""
        return bool(self._programs)

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """Run, or trace, the graph.

        Args:
            inputs: a tensor for each of the graph's inputs.

        Returns:
            A tensor for each of its outputs.
        """
        tracer: Tracer | None = _state.tracer
        if tracer is not None:
            return inline(self.graph, inputs)
        if _listeners:
            for listener in _listeners:
                listener(self.graph)
        if _state.recorders:
            return self._recorded(inputs)
        program = self._plain
        if program is None:
            program = self._plain = self._program(0)[0]
        found = program([x._array for x in inputs])
        return [_tensor(a) if type(a) is tuple else Tensor(a) for a in found]

    def explain(self, inputs: list[Any] | None, timed: bool) -> str:
        """What the backend makes of the graph, and of its gradients that were used.

        Args:
            inputs: a tensor for each of the graph's inputs; None for all sizes that
                were run so far, or those of the graph itself where it has them.
            timed: whether to measure.
        """
        values = None
        if inputs is not None and not any(
            isinstance(x, SymbolicTensor) for x in inputs
        ):
            values = [x._array for x in inputs]
        if not self._programs:
            self._program(0)
        parts = []
        for order, (program, _) in self._programs.items():
            head = "Program" if not order else f"Program under {order} tapes"
            parts.append(f"{head}\n{program.explain(values, timed)}")
        for _, call in list(self._backwards.values()):
            if call._programs:
                parts.append(f"Gradient\n{call.explain(None, timed)}")
        return "\n\n".join(parts)

    def _program(self, order: int) -> tuple[Any, list[SymbolicTensor]]:
        """The program for gradients of that order, and what it gives for them."""
        found = self._programs.get(order)
        if found is None:
            with self._lock:
                saved = self._saved(order)
                program = self._backend.program(
                    self.graph, [*self.graph.outputs, *saved]
                )
                found = self._programs[order] = (program, saved)
        return found

    def _saved(self, order: int) -> list[SymbolicTensor]:
        saved: list[SymbolicTensor] = []
        skip = {id(x) for x in [*self.graph.inputs, *self.graph.outputs]}
        for _ in range(order):
            outs = self._targets([*self.graph.outputs, *saved])
            have = skip | {id(x) for x in saved}
            more = [
                x
                for x in self._backward(outs)[0].forward
                if id(x) not in have and isinstance(x, SymbolicTensor)
            ]
            if order > 1:
                # rules fill in for outputs that no gradient flows into
                kept = have | {id(x) for x in more}
                more += [x for x in self._parts_of_many() if id(x) not in kept]
            if not more:
                break
            saved = [*saved, *more]
        return saved

    def _parts_of_many(self) -> list[SymbolicTensor]:
        """The outputs of unknown sizes of ops that have several."""
        return [
            y
            for op, _, outs, _ in self.graph.log.entries
            if op is not None and len(outs) > 1
            for y in outs
            if y.dtype is not variant and not y.shape.is_fully_defined()
        ]

    def _targets(self, outs: list[SymbolicTensor]) -> tuple[SymbolicTensor, ...]:
        from rillet.graph.control import differentiable

        found = {id(y): y for y in outs if differentiable(y)}
        return tuple(found.values())

    def _backward(
        self, targets: tuple[SymbolicTensor, ...]
    ) -> tuple[Backward, GraphCall]:
        key = tuple([id(y) for y in targets])
        found = self._backwards.get(key)
        if found is None:
            from rillet.graph.gradient import backward

            with self._lock:
                sources = [id(x) for x in self.graph.inputs]
                sources += [id(v._cell) for v in self._read]
                made = backward(self.graph, list(targets), sources)
                found = self._backwards[key] = (
                    made,
                    GraphCall(made.graph, self._backend),
                )
        return found

    def _recorded(self, inputs: list[Any]) -> list[Any]:
        """Run under tapes."""
        recorders = _state.recorders
        order = len(recorders) + any(
            getattr(r, "_persistent", False) for r in recorders
        )
        values = [v._dense_tensor() for v in self._read]
        program, saved = self._program(order)
        arrays = program([x._array for x in inputs])
        outs = [_tensor(a) for a in arrays]
        syms = [*self.graph.outputs, *saved]
        held = {id(s): t for s, t in zip(self.graph.inputs, inputs, strict=True)}
        held.update({id(s): t for s, t in zip(syms, outs, strict=True)})
        entry = _Entry(self.graph.name, self._rule(syms, held))
        for recorder in recorders:
            recorder.record(entry, (*inputs, *values), tuple(outs), None)
        return outs[: len(self.graph.outputs)]

    def _rule(
        self, syms: list[SymbolicTensor], held: dict[int, Any]
    ) -> Callable[..., list[Any]]:
        def rule(gs: Any, ys: Any, *inputs: Any) -> list[Any]:
            flows = gs if isinstance(gs, tuple) else (gs,)
            given: dict[int, Any] = {}
            targets: dict[int, SymbolicTensor] = {}
            for sym, flow in zip(syms, flows, strict=True):
                if flow is None:
                    continue
                if hasattr(flow, "_dense_tensor"):
                    flow = flow._dense_tensor()
                known = given.get(id(sym))
                given[id(sym)] = flow if known is None else known + flow
                targets[id(sym)] = sym
            made, call = self._backward(tuple(targets.values()))
            forward = {id(inner): outer for outer, inner in made.graph.captures}
            args = []
            seeds = iter([given[key] for key in targets])
            for x in call.graph.inputs:
                outer = forward.get(id(x))
                if outer is None:
                    args.append(next(seeds))
                else:
                    args.append(held.get(id(outer), outer))
                    if isinstance(args[-1], SymbolicTensor):
                        raise InternalError(
                            house_message(
                                "GradientTape.gradient",
                                "a value that this gradient needs was not kept",
                                f"{outer!r}",
                                "Call the function under one tape more",
                            )
                        )
            return list(rebuilt(made.form, call(args)))

        return rule


def _tensor(value: Any) -> Tensor:
    return ListTensor(value) if type(value) is tuple else Tensor(value)  # type: ignore[arg-type]


def evaluate(tensor: SymbolicTensor, backend: Any) -> Any:
    """The value of a tensor of a graph under construction, if it needs no argument.

    Returns:
        An array; None where it depends on the function's arguments.
    """
    graph = tensor.node.graph
    needed = {id(tensor.node)}
    nodes = []
    for node in reversed(graph.nodes):
        if id(node) in needed:
            nodes.append(node)
            needed.update(id(x.node) for x in node.tensors())
    outer = {id(x): value for value, x in graph.captures}
    part = Graph(f"{graph.name}_initial")
    part.nodes = list(reversed(nodes))
    arrays = []
    for node in part.nodes:
        if node.op is PLACEHOLDER:
            value = outer.get(id(node.outputs[0]))
            if value is None or isinstance(value, SymbolicTensor):
                return None
            part.inputs.append(node.outputs[0])
            arrays.append(value._array)
    return backend.program(part, [tensor])(arrays)[0]
