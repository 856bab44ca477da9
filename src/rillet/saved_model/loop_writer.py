"""Loops as TensorFlow's `While`, those that are differentiated among them.

What a gradient wants to know of each round goes on lists, which the loop carries along
as further state. `graph_writer` calls it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import dtypes
from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.saved_model.list_writers import empty_list


class Stacks:
    """What rounds of a loop were, kept for its gradient as lists of TensorFlow's.

    Attributes:
        kept: for a body, the tensors to keep of each round.
        extra: how many lists come in and go out after the state.
    """

    def __init__(
        self, kept: list[SymbolicTensor] | None = None, extra: int = 0
    ) -> None:
        self.kept = kept or []
        self.extra = extra


def write_loop(writer: Any, node: Node, inputs: list[str]) -> None:
    count = len(inputs)
    test, body = node.attrs["cond"], node.attrs["body"]
    used = {id(x) for other in writer.graph.nodes for x in other.tensors()}
    used |= {id(x) for x in writer.graph.outputs}
    places = [i for i, y in enumerate(node.outputs[count:]) if id(y) in used]
    rounds = [body.inputs[i] for i in node.attrs["carried"]] + body.outputs[count:]
    stacks = Stacks([rounds[i] for i in places], len(places))
    asked = Stacks(extra=len(places))
    kinds = [writer.kind(x) for x in body.inputs]
    shapes = [writer.shape(x) for x in body.inputs]
    begun = [_list_of(writer, x) for x in stacks.kept]
    short = _shortened(body, count)
    stores = writer.stores_in([test, body])
    begun += [writer.refs[id(store)] for store in stores]
    kinds += [dtypes.variant] * len(places)
    kinds += [dtypes.as_dtype("resource")] * len(stores)
    add = writer.library.add
    tested = add(test, test.name, stacks=asked, stores=stores)
    done = add(short, body.name, stacks=stacks, stores=stores, passes_stores=True)
    attrs: dict[str, tuple[str, Any]] = {
        "T": ("list(type)", kinds),
        "output_shapes": ("list(shape)", [*shapes, *[()] * len(begun)]),
        "cond": ("func", tested),
        "body": ("func", done),
        "parallel_iterations": ("int", 10),
    }
    made = writer.emit("While", node.name, [*inputs, *begun], attrs)
    for i, y in enumerate(node.outputs[:count]):
        writer.refs[id(y)] = f"{made}:output:{i}"
    for k, i in enumerate(places):
        y = node.outputs[count + i]
        writer.refs[id(y)] = f"{made}:output:{count + k}"
    writer.note_effects(made, [test, body])


def _list_of(writer: Any, like: SymbolicTensor) -> str:
    """A list for a value of each round."""
    kind = writer.kind(like)
    # lists of lists are joined with others, whose elements' shape nobody says
    dims = None if kind is dtypes.variant else like.spec.shape
    return empty_list(writer, kind, dims, "rounds")


def _shortened(graph: Graph, count: int) -> Graph:
    """A body without what only its gradient asks for."""
    short = Graph(graph.name)
    short.nodes, short.inputs = graph.nodes, graph.inputs
    short.outputs = graph.outputs[:count]
    return short
