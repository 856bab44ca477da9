"""Loops as TensorFlow's `While`, those that are differentiated among them.

What a gradient wants to know of each round goes on lists, which the loop carries along
as further state. `graph_writer` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.spec import Spec
from rillet.graph.ir import CONST, Graph, Node, SymbolicTensor
from rillet.ops.elementwise import add_op
from rillet.saved_model.list_writers import empty_list

_COUNT = Spec((), dtypes.int32)


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
    """Write a loop with its count of rounds and their limit before its state.

    TensorFlow's own loops have these two first, and their gradient asks for them.

    Args:
        writer: the function's.
        node: the loop.
        inputs: references to its state.
    """
    count = len(inputs)
    test, body = node.attrs["cond"], node.attrs["body"]
    used = {id(x) for other in writer.graph.nodes for x in other.tensors()}
    used |= {id(x) for x in writer.graph.outputs}
    places = [i for i, y in enumerate(node.outputs[count:]) if id(y) in used]
    rounds = [body.inputs[i] for i in node.attrs["carried"]] + body.outputs[count:]
    stacks = Stacks([rounds[i] for i in places], len(places))
    asked = Stacks(extra=len(places))
    begun = [_list_of(writer, x) for x in stacks.kept]
    short = _shortened(body, count)
    added = 0 if _counts(body) else 2
    if added:
        test, short = _with_count(test), _with_count(short, whole=False)
        ends = [writer.constant(n, dtypes.int32, "count") for n in (0, -1)]
        inputs = [*ends, *inputs]
    kinds = [writer.kind(x) for x in short.inputs]
    shapes = [writer.shape(x) for x in short.inputs]
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
    emit = writer.adder([tested, done])
    made = emit("While", node.name, [*inputs, *begun], attrs)
    for i, y in enumerate(node.outputs[:count]):
        writer.refs[id(y)] = f"{made}:output:{added + i}"
    for k, i in enumerate(places):
        y = node.outputs[count + i]
        writer.refs[id(y)] = f"{made}:output:{added + count + k}"


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


def _counts(body: Graph) -> bool:
    """Whether a loop was read from a file: its count and limit come first."""
    if len(body.inputs) < 2 or any(x.spec != _COUNT for x in body.inputs[:2]):
        return False
    place, most = body.inputs[:2]
    after, same = map(_behind_names, body.outputs[:2])
    added = after.node.type in ("AddV2", "Add")
    return same is most and added and any(x is place for x in after.node.inputs)


def _behind_names(tensor: SymbolicTensor) -> SymbolicTensor:
    """What a tensor is but for nodes that only name it."""
    while tensor.node.type == "Identity":
        tensor = tensor.node.inputs[0]
    return tensor


def _with_count(graph: Graph, whole: bool = True) -> Graph:
    """A test or, not `whole`, a body with a count of rounds and a limit before all."""
    counted = Graph(graph.name)
    place, most = [counted.placeholder(_COUNT, name) for name in ("round", "rounds")]
    counted.nodes += graph.nodes
    counted.inputs += graph.inputs
    counted.outputs = list(graph.outputs)
    if not whole:
        one = counted.add(CONST, (), {"value": np.array(1, np.int32)}, [_COUNT])
        after = counted.add(add_op, (place, one.outputs[0]), {}, [_COUNT])
        counted.outputs = [after.outputs[0], most, *counted.outputs]
    return counted
