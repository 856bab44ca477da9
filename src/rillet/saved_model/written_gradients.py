"""The gradients that programs gave to functions, as functions of their own.

In flows a graph that is about to be written; out flow calls of functions with such
gradients, each with a graph that computes it, and the tensors that these take.
`graph_writer` puts an ``IdentityN`` behind each call that bears the gradient's name;
`function_messages` writes the graphs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import InaccessibleTensorError, house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.graph.ir import Graph, Node, SymbolicTensor, inner_graphs
from rillet.graph.passes import live_nodes
from rillet.graph.trace import Tracer
from rillet.ops.dispatch import Recorded
from rillet.ops.filling import zeros_like_op
from rillet.saved_model.custom_gradients import UnsavedGradientError

#: How deep gradients in gradients are written; one may call its own function.
_DEEPEST = 2


class CustomCall:
    """A call of a function that has a gradient of its own.

    Attributes:
        entry: what the graph's log has of it.
        outputs: its results that somebody uses.
        inputs: its arguments that get a gradient.
        gradient: takes gradients of `outputs` and `inputs` and gives those of `inputs`;
            None where it is not written.
    """

    def __init__(self, entry: Any, outputs: list[SymbolicTensor]) -> None:
        self.entry = entry
        self.outputs = outputs
        self.inputs: list[SymbolicTensor] = []
        self.gradient: Graph | None = None


class WrittenCall(NamedTuple):
    """A call as it stands in a file.

    Attributes:
        call: the call.
        name: what its gradient is registered as.
        functions: the functions around it, the innermost last.
    """

    call: CustomCall
    name: str
    functions: tuple[str, ...]


class CustomCalls:
    """All such calls in a graph, in its branches and loops, and in gradients.

    Args:
        graph: the graph.
        keeps: whether their gradients are written.
    """

    def __init__(self, graph: Graph, keeps: bool) -> None:
        self._keeps = keeps
        self._after: dict[int, list[CustomCall]] = {}
        self._needed: dict[int, list[SymbolicTensor]] = {}
        self._taken: set[int] = set()
        self._seen: set[int] = set()
        #: Tensors that gradients take, by their ids.
        self.kept: dict[int, SymbolicTensor] = {}
        if _holds_calls(graph):
            self._learn(graph, [graph], 0)

    def after(self, node: Node) -> list[CustomCall]:
        """The calls that are complete once a node is written."""
        return self._after.get(id(node), [])

    def needed(self, graph: Graph) -> list[SymbolicTensor]:
        """Tensors that must be written for calls and gradients, needed or not."""
        if not self._needed:
            return []
        return [x for n in graph.nodes for x in self._needed.get(id(n), ())]

    def _need(self, tensors: list[Any]) -> None:
        for x in tensors:
            self._needed.setdefault(id(x.node), []).append(x)

    def _learn(self, graph: Graph, homes: list[Graph], depth: int) -> None:
        """Find the calls in a graph.

        Args:
            graph: the graph.
            homes: it and the graphs whose tensors its gradients may take.
            depth: how many gradients it is inside of.
        """
        self._seen.add(id(graph))
        calls = _calls_in(graph)
        while True:
            wanted = [*graph.outputs, *[t for _, t in graph.writes]]
            live = live_nodes(graph, [*wanted, *self.needed(graph)])
            ids = {id(node) for node in live}
            fresh = [
                call
                for call in calls
                if id(call.entry) not in self._taken
                and any(id(y.node) in ids for y in call.outputs)
            ]
            inner = [g for node in live for g in inner_graphs(node)]
            inner = [g for g in inner if id(g) not in self._seen]
            if not fresh and not inner:
                return
            for call in fresh:
                self._take(call, graph, homes, depth)
            for other in inner:
                self._learn(other, [other, *homes], depth)

    def _take(
        self, call: CustomCall, graph: Graph, homes: list[Graph], depth: int
    ) -> None:
        self._taken.add(id(call.entry))
        if self._keeps and depth < _DEEPEST:
            call.gradient = made = _traced(call, homes)
            if made is not None:
                self._learn(made, [made, *homes], depth + 1)
                held = self._captures(made)
                self.kept |= {id(x): x for x in held}
                self._need(held)
        self._need([*call.outputs, *call.inputs])
        ends = {id(x.node) for x in (*call.outputs, *call.inputs)}
        last = [node for node in graph.nodes if id(node) in ends][-1]
        self._after.setdefault(id(last), []).append(call)

    def _captures(self, graph: Graph) -> list[SymbolicTensor]:
        """The tensors that a gradient takes; it is freed of those it has no use for."""
        wanted = [*graph.outputs, *[t for _, t in graph.writes], *self.needed(graph)]
        live = live_nodes(graph, wanted)
        used = {id(x) for node in live for x in node.tensors()}
        used |= {id(x) for x in wanted}
        idle = {id(inner) for _, inner in graph.captures} - used
        graph.captures = [pair for pair in graph.captures if id(pair[1]) not in idle]
        graph.inputs = [x for x in graph.inputs if id(x) not in idle]
        return [x for x, _ in graph.captures if isinstance(x, SymbolicTensor)]


class _Tracer(Tracer):
    """Traces a gradient, which may take tensors of the graphs around its function."""

    def __init__(self, name: str, homes: list[Graph]) -> None:
        super().__init__(name, None, isolated=True)
        self._homes = homes

    def capture(self, value: Tensor) -> SymbolicTensor:
        """An input that stands for a value from outside."""
        if isinstance(value, SymbolicTensor):
            for graph in self._homes:
                if value.node.graph is graph:
                    self.home = graph
        return super().capture(value)


def _holds_calls(graph: Graph) -> bool:
    """Whether there are such calls in a graph, in its branches or loops."""
    line, seen = [graph], {id(graph)}
    while line:
        one = line.pop()
        if _calls_in(one):
            return True
        for node in one.nodes:
            for inner in inner_graphs(node):
                if id(inner) not in seen:
                    seen.add(id(inner))
                    line.append(inner)
    return False


def _calls_in(graph: Graph) -> list[CustomCall]:
    """The calls that a graph's log has, results that nobody uses left out."""
    entries = [] if graph.log is None else graph.log.entries
    entries = [entry for entry in entries if type(entry[0]) is Recorded]
    if not entries:
        return []
    used = {id(x) for node in graph.nodes for x in node.tensors()}
    used |= {id(x) for x in graph.outputs} | {id(t) for _, t in graph.writes}
    found = []
    for entry in entries:
        outputs = [y for y in entry[2] if id(y) in used]
        kinds = [y.dtype for y in (*outputs, *entry[1]) if isinstance(y, Tensor)]
        if outputs and dtypes.variant not in kinds:
            found.append(CustomCall(entry, outputs))
    return found


def _traced(call: CustomCall, homes: list[Graph]) -> Graph | None:
    """The graph of a call's gradient; the call's inputs that get none are dropped.

    None where the function came from a file that does not hold its gradient, or where
    no gradient can be asked for.

    Raises:
        ValueError: where it cannot be traced.
    """
    op, inputs, outputs, _ = call.entry
    tracer = _Tracer("__inference_internal_grad_fn", homes)
    graph = tracer.graph

    def seed(x: SymbolicTensor) -> SymbolicTensor:
        return graph.placeholder(x.spec, f"result_grads_{len(seeds)}")

    seeds: list[SymbolicTensor] = []
    try:
        with tracer:
            flows = []
            for y in outputs:
                if any(y is x for x in call.outputs):
                    seeds.append(seed(y))
                    flows.append(seeds[-1])
                else:
                    flows.append(zeros_like_op.run(y))
            several = len(outputs) > 1
            found = op.grad(
                tuple(flows) if several else flows[0],
                tuple(outputs) if several else outputs[0],
                *inputs,
            )
            pairs = [
                (x, tracer.lift(to_tensor(g)))
                for x, g in zip(inputs, found, strict=True)
                if g is not None and isinstance(x, SymbolicTensor)
            ]
            for x, _ in pairs:
                seeds.append(seed(x))
    except UnsavedGradientError:
        return None
    except InaccessibleTensorError:
        # it cannot be asked for here either
        get_logger().warning(
            "saved_model.save: the gradient that tf.custom_gradient gave to %s is not"
            " written: it takes a tensor of a function that was called around it."
            " Let the function take that tensor as an argument",
            op.name,
        )
        return None
    except Exception as error:
        raise ValueError(
            house_message(
                "saved_model.save",
                f"the gradient of a function under tf.custom_gradient, {op.name}, has"
                " no form in files",
                str(error),
                "Change it, or give tf.saved_model.SaveOptions("
                "experimental_custom_gradients=False)",
            )
        ) from error
    graph.writes = tracer.written()
    graph.outputs = [g for _, g in pairs]
    graph.inputs = [*seeds, *[inner for _, inner in graph.captures]]
    call.inputs = [x for x, _ in pairs]
    return graph
