"""Graphs as text: one line a node, inner graphs indented.

`Graph.text` asks for it; people read it in `explain`, in errors and in tests.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.graph.ir import PLACEHOLDER, Graph, Node, SymbolicTensor, inner_graphs


def listed(graph: Graph, indent: str = "") -> str:
    """The graph in readable lines."""
    lines = [f"{indent}graph {graph.name}({', '.join(map(_typed, graph.inputs))})"]
    inner = indent + "  "
    for node in graph.nodes:
        if node.op is PLACEHOLDER:
            continue
        lines.append(inner + _line(node))
        for value in inner_graphs(node):
            lines.append(listed(value, inner + "  "))
    for variable, tensor in graph.writes:
        lines.append(f"{inner}{variable.name} <- %{tensor.name}")
    outs = ", ".join(f"%{t.name}" for t in graph.outputs)
    lines.append(f"{inner}return {outs}")
    return "\n".join(lines)


def _typed(tensor: SymbolicTensor) -> str:
    dims = tensor.spec.shape
    shown = (
        "?" if dims is None else ",".join("?" if d is None else str(d) for d in dims)
    )
    return f"%{tensor.name}: {tensor.dtype.name}[{shown}]"


def _line(node: Node) -> str:
    outs = ", ".join(map(_typed, node.outputs))
    args = ", ".join(
        f"%{x.name}" if isinstance(x, SymbolicTensor) else _shown(x)
        for x in node.inputs
    )
    attrs = "".join(
        f" {key}={_shown(value)}"
        for key, value in node.attrs.items()
        if not key.startswith("_")
    )
    return f"{outs + ' = ' if outs else ''}{node.type}({args}){attrs}"


def _shown(value: Any) -> str:
    if isinstance(value, Graph):
        return f"@{value.name}"
    if isinstance(value, np.ndarray) and value.size > 4:
        return f"array{value.shape}"
    if isinstance(value, dtypes.DType):
        return value.name
    name = getattr(value, "name", None)
    text = name if isinstance(name, str) else repr(value).replace("\n", "")
    return text if len(text) <= 40 else text[:37] + "..."
