"""A graph as a `GraphDef`, for TensorBoard to draw.

In: a graph that was traced. Out: a message with a node for each of its nodes, and a
function for each branch and body; types, shapes and small constants are told. It is
for looking at; `saved_model` writes graphs that run.
"""

from __future__ import annotations

import re
from typing import Any

from rillet.checkpoint.graph_messages import (
    ARGUMENT,
    ATTR,
    ATTR_ENTRY,
    ATTR_LIST,
    FUNC,
    FUNCTION,
    GRAPH,
    LIBRARY,
    NODE,
    OP,
    TEXT_ENTRY,
)
from rillet.checkpoint.messages import VERSION
from rillet.checkpoint.tensor_messages import shape_message, tensor_message
from rillet.checkpoint.wire import Record, encode
from rillet.core.tensor import Tensor
from rillet.graph.ir import Graph, Node, SymbolicTensor

#: Elements of a constant that is told whole.
_SMALL = 16
_VERSION = 1087
_BAD = re.compile(r"[^A-Za-z0-9_./>-]")


def is_graph(value: Any) -> bool:
    """Whether a value is a graph that was traced."""
    return isinstance(value, Graph)


def graph_bytes(graph: Graph) -> bytes:
    """A graph as the bytes of a `GraphDef`."""
    return encode(GRAPH, graph_message(graph))


def graph_message(graph: Graph) -> Record:
    """A graph as a `GraphDef`."""
    functions: list[Record] = []
    found = Record(
        GRAPH,
        node=_nodes(graph, functions, False)[0],
        versions=Record(VERSION, producer=_VERSION),
    )
    if functions:
        found.library = Record(LIBRARY, function=functions)
    return found


def _nodes(
    graph: Graph, functions: list[Record], inner: bool
) -> tuple[list[Record], dict[int, str]]:
    """The nodes of a graph, and what its tensors are called.

    Args:
        graph: the graph.
        functions: takes those of branches and bodies.
        inner: whether it is a function's, where inputs are no nodes.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    out = []
    for node in graph.nodes:
        name = _free(node.name or node.type, taken)
        if inner and node.type == "Placeholder":
            names |= {id(y): name for y in node.outputs}
            continue
        for i, y in enumerate(node.outputs):
            tail = f":output:{i}" if inner else f":{i}" if i else ""
            names[id(y)] = name + tail
        out.append(_node(node, name, names, functions))
    return out, names


def _node(
    node: Node, name: str, names: dict[int, str], functions: list[Record]
) -> Record:
    inputs = [names[id(x)] for x in node.tensors() if id(x) in names]
    shapes = [shape_message(_dims(y)) for y in node.outputs]
    entries = {}
    if node.outputs:
        entries["_output_shapes"] = Record(ATTR, list=Record(ATTR_LIST, shape=shapes))
        kind = node.outputs[0].dtype.as_datatype_enum
        entries["dtype" if not inputs else "T"] = Record(ATTR, type=kind)
    for key, value in node.attrs.items():
        told = _attribute(value, functions)
        if told is not None:
            entries[key] = told
    attrs = [Record(ATTR_ENTRY, key=k, value=entries[k]) for k in sorted(entries)]
    return Record(NODE, name=name, op=node.type, input=inputs, attr=attrs)


def _attribute(value: Any, functions: list[Record]) -> Record | None:
    """An attribute as a message; None for what TensorBoard has no use for."""
    if isinstance(value, Graph):
        return Record(ATTR, func=Record(FUNC, name=_function(value, functions)))
    if isinstance(value, bool):
        return Record(ATTR, b=value)
    if isinstance(value, int):
        return Record(ATTR, i=value)
    if isinstance(value, float):
        return Record(ATTR, f=value)
    if isinstance(value, str):
        return Record(ATTR, s=value.encode())
    if isinstance(value, Tensor) and not isinstance(value, SymbolicTensor):
        array = value._array
        if array.size <= _SMALL and value.dtype.name not in ("resource", "variant"):
            return Record(ATTR, tensor=tensor_message(array, value.dtype))
    return None


def _function(graph: Graph, functions: list[Record]) -> str:
    name = f"{graph.name}_{graph.serial}"
    nodes, names = _nodes(graph, functions, True)
    arguments = [
        Record(ARGUMENT, name=names[id(x)], type=x.dtype.as_datatype_enum)
        for x in graph.inputs
    ]
    results, returned = [], []
    for i, y in enumerate(graph.outputs):
        kind = y.dtype.as_datatype_enum
        results.append(Record(ARGUMENT, name=f"output_{i}", type=kind))
        source = names[id(y)]
        returned.append(Record(TEXT_ENTRY, key=f"output_{i}", value=source))
    signature = Record(OP, name=name, input_arg=arguments, output_arg=results)
    functions.append(
        Record(FUNCTION, signature=signature, node_def=nodes, ret=returned)
    )
    return name


def _dims(tensor: SymbolicTensor) -> Any:
    return tensor.shape._dims


def _free(name: str, taken: set[str]) -> str:
    name = _BAD.sub("_", name)
    found, at = name, 0
    while found in taken:
        at += 1
        found = f"{name}_{at}"
    taken.add(found)
    return found
