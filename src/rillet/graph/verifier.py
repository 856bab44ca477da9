"""The rules that every graph keeps, checked after tracing and after passes."""

from __future__ import annotations

from rillet.core.errors import house_message
from rillet.graph.ir import Graph, inner_graphs


def verify(graph: Graph) -> None:
    """Raise where a graph breaks its own rules.

    Every tensor is made before it is used and belongs to the graph; names are unique;
    outputs and writes are the graph's; what is written has the variable's type.

    Raises:
        ValueError: with the node that breaks the rule.
    """
    made: set[int] = set()
    names: set[str] = set()
    for node in graph.nodes:
        if node.graph is not graph or node.name in names:
            raise _broken(graph, f"node {node.name} is another graph's or named twice")
        names.add(node.name)
        for x in node.tensors():
            if id(x) not in made:
                raise _broken(graph, f"{node.name} takes {x.name} before it is made")
        made.update(id(y) for y in node.outputs)
        for value in inner_graphs(node):
            verify(value)
    for tensor in graph.outputs:
        if id(tensor) not in made:
            raise _broken(graph, f"output {tensor.name} is not made here")
    for variable, tensor in graph.writes:
        if id(tensor) not in made or tensor.dtype is not variable.dtype:
            raise _broken(graph, f"{variable.name} cannot hold {tensor.name}")


def _broken(graph: Graph, what: str) -> ValueError:
    return ValueError(house_message("graph", what, f"in {graph.name}"))
