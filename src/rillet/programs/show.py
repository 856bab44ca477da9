"""`rillet show FOLDER`: what a SavedModel holds: signatures, variables, functions, ops.

A folder flows in; readable lines flow out. Nothing in the model is run: of each
signature and function it is planned what would run, as a call would.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from rillet.core.composite import CompositeSpec
from rillet.core.errors import OpError
from rillet.core.spec import TensorSpec
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.load import read_message
from rillet.saved_model.messages import as_dict
from rillet.saved_model.naming import plain_name
from rillet.saved_model.op_readers import FORBIDDEN
from rillet.saved_model.structures import structure_of
from rillet.saved_model.tensors import dims_of, dtype_of
from rillet.saved_model.version_one import HANDLES, files_of
from rillet.saved_model.version_one_signatures import (
    parts_of_info,
    spec_of_info,
    tensor_name,
)


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
        place = "" if folder in str(error) else f"{folder}: "
        print(f"rillet show: {place}{error}", file=sys.stderr)
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
            method = signature.method_name
            lines.append(f"  signature {name}" + (f" ({method})" if method else ""))
            lines += _infos("in ", signature.inputs, every)
            lines += _infos("out", signature.outputs, every)
    lines += _functions(meta.object_graph_def, every)
    lines += _variables(meta, every)
    for asset in files_of(meta):
        lines.append(f"  asset {asset.filename}")
    return lines + _ops(meta, every)


def _infos(word: str, entries: Any, every: bool) -> list[str]:
    lines = []
    for name, info in sorted(as_dict(entries).items()):
        parts = parts_of_info(info, name, name)
        held = f" = {', '.join(part for _, part, _ in parts)}" if every else ""
        lines.append(f"    {word} {name}: {_told(spec_of_info(info, name))}{held}")
    return lines


def _told(spec: Any) -> str:
    """An argument or result in words: a tensor's spec, another, a plain value."""
    if isinstance(spec, CompositeSpec):
        kind = type(spec).__name__.removesuffix("TensorSpec").lower()
        held: Any = spec
        return f"{kind} {_sized(held.dtype, held.shape._dims)}"
    if isinstance(spec, TensorSpec):
        return _sized(spec.dtype, spec.shape._dims)
    if isinstance(spec, dict):
        return f"{{{', '.join(f'{k}: {_told(v)}' for k, v in spec.items())}}}"
    if isinstance(spec, list | tuple):
        return f"({', '.join(_told(item) for item in spec)})"
    return repr(spec)


def _sized(dtype: Any, dims: Any) -> str:
    if dims is None:
        return f"{dtype.name} any shape"
    return f"{dtype.name} [{', '.join('?' if d is None else str(d) for d in dims)}]"


def _functions(objects: Any, every: bool) -> list[str]:
    """The functions that the loaded object has, with what they were traced for."""
    traces = as_dict(objects.concrete_functions)
    lines = []
    for child in objects.nodes[0].children if objects.nodes else ():
        if not 0 <= child.node_id < len(objects.nodes):
            continue
        node = objects.nodes[child.node_id]
        if not node.has("function"):
            continue
        names = list(node.function.concrete_functions)
        count = "1 trace" if len(names) == 1 else f"{len(names)} traces"
        lines.append(f"  function {child.local_name}, {count}")
        for name in names if every else names[:3]:
            if name in traces:
                lines.append(f"    {_arguments(traces[name])}")
        if len(names) > 3 and not every:
            lines.append(f"    and {len(names) - 3} more")
    return lines


def _arguments(trace: Any) -> str:
    told = structure_of(trace.canonicalized_input_signature)
    if not isinstance(told, tuple) or len(told) != 2 or not isinstance(told[1], dict):
        return "(unknown)"
    rows = []
    for spec in told[0]:
        name = spec.name if isinstance(spec, TensorSpec) else None
        rows.append(f"{name}: {_told(spec)}" if name else _told(spec))
    rows += [f"{key}={_told(spec)}" for key, spec in told[1].items()]
    found = structure_of(trace.output_signature)
    return f"({', '.join(rows)}) -> {_told(found)}"


def _variables(meta: Any, every: bool) -> list[str]:
    rows = [
        (n.variable.name, dtype_of(n.variable.dtype), dims_of(n.variable.shape))
        for n in meta.object_graph_def.nodes
        if n.has("variable")
    ]
    if not meta.object_graph_def.nodes:
        # Graphs of TensorFlow 1 hold variables as nodes.
        for node in meta.graph_def.node:
            attrs = as_dict(node.attr)
            if node.op in HANDLES and {"dtype", "shape"} <= set(attrs):
                kind, dims = (
                    dtype_of(attrs["dtype"].type),
                    dims_of(attrs["shape"].shape),
                )
                rows.append((node.name, kind, dims))
    count = 0
    for _, _, dims in rows:
        number = 1
        for size in dims or ():
            number *= size or 0
        count += number
    word = "variable" if len(rows) == 1 else "variables"
    lines = [f"  {len(rows)} {word} of {count:,} numbers"]
    if every:
        lines += [f"    {name}: {_sized(kind, dims)}" for name, kind, dims in rows]
    return lines


def _ops(meta: Any, every: bool) -> list[str]:
    """How many functions and ops there are, and what of it cannot run here."""
    graph = meta.graph_def
    counts: dict[str, int] = {}
    for nodes in [graph.node, *[f.node_def for f in graph.library.function]]:
        for node in nodes:
            counts[node.op] = counts.get(node.op, 0) + 1
    functions = len(graph.library.function)
    lines = [f"  {functions} functions, {sum(counts.values())} nodes"]
    if every:
        lines += [f"    {counts[op]:>6} {op}" for op in sorted(counts)]
    reader = Reader(graph)
    called: dict[str, str] = {}
    broken = []
    for name, plan in _plans(meta, reader):
        try:
            for op in reader.ops_of(plan(), set()):
                called.setdefault(op, name)
        except OpError as error:
            broken.append(f"  {name} cannot run: {error}")
    unknown = [op for op in sorted(called) if not reader.knows(op)]
    rows = [
        ("refused where called", [op for op in sorted(called) if op in FORBIDDEN]),
        ("rillet lacks", [op for op in unknown if op not in FORBIDDEN]),
    ]
    for word, ops in rows:
        if ops:
            told = [f"{op} (in {called[op]})" for op in ops]
            lines.append(f"  {word}: {', '.join(told)}")
    return lines + broken


def _plans(meta: Any, reader: Reader) -> list[tuple[str, Any]]:
    """What a program may call, by name, each with what plans it."""
    found: list[tuple[str, Any]] = []
    for name, signature in sorted(as_dict(meta.signature_def).items()):
        feeds = _tensors(signature.inputs)
        if name.startswith("__"):
            # What runs first is named without a result, and has no type.
            infos = as_dict(signature.outputs).values()
            fetches = [info.name.partition(":")[0] for info in infos]
        else:
            fetches = _tensors(signature.outputs)
        found.append(
            (f"signature {name}", lambda a=feeds, b=fetches: reader.part(a, b))
        )
    for name in as_dict(meta.object_graph_def.concrete_functions):
        found.append((f"function {plain_name(name)}", lambda a=name: reader.plan(a)))
    return found


def _tensors(entries: Any) -> list[str]:
    return [
        tensor_name(part)
        for name, info in sorted(as_dict(entries).items())
        for _, part, _ in parts_of_info(info, name, name)
    ]
