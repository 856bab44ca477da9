"""`rillet show FOLDER`: what a SavedModel holds: signatures, variables, functions, ops.

A folder flows in; readable lines flow out. Nothing in the model is run.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from rillet.core.errors import OpError
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.load import read_message
from rillet.saved_model.messages import as_dict
from rillet.saved_model.op_readers import FORBIDDEN
from rillet.saved_model.reader_table import reader_of
from rillet.saved_model.records import record_of
from rillet.saved_model.tensors import dims_of, dtype_of


def main(folder: str, every: bool = False) -> int:
    """Print what a folder holds.

    Args:
        folder: the model's folder.
        every: whether to list all ops and variables.

    Returns:
        The exit status: 0, or 2 where the folder holds no readable model.
    """
    try:
        whole = read_message(folder)
        lines = [line for graph in whole.meta_graphs for line in _graph(graph, every)]
    except (OSError, OpError) as error:
        print(f"rillet show: {error}", file=sys.stderr)
        return 2
    size = os.path.getsize(os.path.join(folder, "saved_model.pb"))
    print(f"{folder}: a SavedModel, {size:,} bytes without its variables")
    print("\n".join(lines))
    return 0


def _graph(meta: Any, every: bool) -> list[str]:
    info = meta.meta_info_def
    tags = ", ".join(info.tags) or "no tags"
    lines = [f"graph with tags {tags}, written by TensorFlow {info.tensorflow_version}"]
    for name, signature in sorted(as_dict(meta.signature_def).items()):
        if not name.startswith("__"):
            lines.append(f"  signature {name}")
            lines += _infos("in ", signature.inputs)
            lines += _infos("out", signature.outputs)
    variables = [n.variable for n in meta.object_graph_def.nodes if n.has("variable")]
    count = 0
    for variable in variables:
        sizes = dims_of(variable.shape) or ()
        number = 1
        for size in sizes:
            number *= size or 0
        count += number
    lines.append(f"  {len(variables)} variables of {count:,} numbers")
    if every:
        lines += [f"    {v.name}: {_typed(v.dtype, v.shape)}" for v in variables]
    for asset in meta.asset_file_def:
        lines.append(f"  asset {asset.filename}")
    return lines + _ops(meta, every)


def _infos(word: str, entries: Any) -> list[str]:
    return [
        f"    {word} {name}: {_typed(info.dtype, info.tensor_shape)}"
        for name, info in sorted(as_dict(entries).items())
    ]


def _typed(dtype: int, shape: Any) -> str:
    dims = dims_of(shape)
    if dims is None:
        shown = "any shape"
    else:
        shown = f"[{', '.join('?' if d is None else str(d) for d in dims)}]"
    return f"{dtype_of(dtype).name} {shown}"


def _ops(meta: Any, every: bool) -> list[str]:
    """How many functions and ops there are, and which ops rillet lacks or refuses."""
    graph = meta.graph_def
    counts: dict[str, int] = {}
    for nodes in [graph.node, *[f.node_def for f in graph.library.function]]:
        for node in nodes:
            counts[node.op] = counts.get(node.op, 0) + 1
    reader = Reader(graph)
    known = {op for op in counts if reader_of(op) or reader.has(op)}
    lacking = [op for op in sorted(counts) if op not in known and not record_of(op)]
    refused = [op for op in lacking if op in FORBIDDEN]
    missing = [op for op in lacking if op not in FORBIDDEN]
    functions = len(graph.library.function)
    lines = [f"  {functions} functions, {sum(counts.values())} nodes"]
    if every:
        lines += [f"    {counts[op]:>6} {op}" for op in sorted(counts)]
    if refused:
        lines.append(f"  refused where called: {', '.join(refused)}")
    if missing:
        lines.append(f"  rillet lacks: {', '.join(missing)}")
    return lines
