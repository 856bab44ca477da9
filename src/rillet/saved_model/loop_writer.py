"""Loops as TensorFlow's `While`, those that are differentiated among them.

What a gradient wants to know of each round goes on lists, which the loop carries along
as further state. `graph_writer` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.saved_model.list_writers import element_shape


class Stacks:
    """What rounds of a loop were, kept for its gradient as lists of TensorFlow's.

    Attributes:
        held: ids of tensors that are such lists.
        kept: for a body, the tensors to keep of each round.
        extra: how many lists come in and go out after the state.
    """

    def __init__(
        self,
        held: set[int] | None = None,
        kept: list[SymbolicTensor] | None = None,
        extra: int = 0,
    ) -> None:
        self.held = held or set()
        self.kept = kept or []
        self.extra = extra


def stacked(writer: Any, graph: Graph, given: Any) -> Stacks:
    """Which inputs of a graph are lists of a loop's rounds."""
    held = writer.stacks.held
    pairs = zip(graph.inputs, given, strict=True)
    return Stacks({id(inner) for inner, x in pairs if id(x) in held})


def write_loop(writer: Any, node: Node, inputs: list[str]) -> None:
    count = len(inputs)
    test, body = node.attrs["cond"], node.attrs["body"]
    used = {id(x) for other in writer.graph.nodes for x in other.tensors()}
    used |= {id(x) for x in writer.graph.outputs}
    places = [i for i, y in enumerate(node.outputs[count:]) if id(y) in used]
    rounds = [body.inputs[i] for i in node.attrs["carried"]] + body.outputs[count:]
    stacks = stacked(writer, body, node.inputs)
    stacks.kept, stacks.extra = [rounds[i] for i in places], len(places)
    asked = stacked(writer, test, node.inputs)
    asked.extra = len(places)
    kinds = [dtypes.variant if id(x) in stacks.held else x.dtype for x in body.inputs]
    shapes = [
        () if k is dtypes.variant else x.spec.shape
        for k, x in zip(kinds, body.inputs, strict=True)
    ]
    begun = [_empty_list(writer, x, id(x) in stacks.held) for x in stacks.kept]
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
        if id(body.inputs[i]) in stacks.held:
            writer.stacks.held.add(id(y))
    for k, i in enumerate(places):
        y = node.outputs[count + i]
        writer.refs[id(y)] = f"{made}:output:{count + k}"
        writer.stacks.held.add(id(y))
    writer.note_effects(made, [test, body])


def _empty_list(writer: Any, like: SymbolicTensor, is_list: bool) -> str:
    """A list for a value of each round."""
    kind = dtypes.variant if is_list else like.dtype
    dims = () if kind is dtypes.variant else like.spec.shape
    most = writer.constant(np.int32(-1), dtypes.int32)
    attrs = {"element_dtype": ("type", kind), "shape_type": ("type", dtypes.int32)}
    given = [element_shape(writer, dims), most]
    return f"{writer.emit('EmptyTensorList', 'rounds', given, attrs)}:handle:0"


def _shortened(graph: Graph, count: int) -> Graph:
    """A body without what only its gradient asks for."""
    short = Graph(graph.name)
    short.nodes, short.inputs = graph.nodes, graph.inputs
    short.outputs = graph.outputs[:count]
    return short
