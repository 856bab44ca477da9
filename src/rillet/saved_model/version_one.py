"""Models of TensorFlow 1: a graph, signatures, and variables by their names.

In flows a `MetaGraphDef` without objects; out flows an object with signatures, and
`prune` for any part of the graph. `load` calls it.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.wire import Record
from rillet.core.convert import to_tensor
from rillet.core.errors import NotFoundError, house_message
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.saved_model.assets import asset_path
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.messages import as_dict
from rillet.saved_model.restored import Restored, Signatures
from rillet.saved_model.tensors import array_of, damaged, dims_of, dtype_of
from rillet.saved_model.version_one_signatures import VersionOneSignature, tensor_name

#: Nodes that are variables.
HANDLES = ("VarHandleOp", "VariableV2", "Variable")
_RESERVED = ("__saved_model_init_op", "__saved_model_train_op")


def load_version_one(meta: Record, folder: str, options: Any) -> Any:
    """The object that stands for a model of version 1."""
    reader = Reader(meta.graph_def, options.allowed_ops, folder)
    root = Restored("version 1 model")
    variables = _variables(meta.graph_def, folder)
    reader.resources = variables
    space = root.__dict__
    space["variables"] = list(variables.values())
    space["signatures"] = Signatures()
    space["graph_def"] = meta.graph_def
    space["prune"] = lambda feeds, fetches: _pruned(meta, reader, feeds, fetches)
    _begin(meta, reader, folder)
    for name, signature in as_dict(meta.signature_def).items():
        if name not in _RESERVED and name not in ("init_op", "train_op"):
            space["signatures"][name] = VersionOneSignature(reader, name, signature)
    return root


def _begin(meta: Record, reader: Reader, folder: str) -> None:
    """Run what the model wants to be run first: it fills tables."""
    wanted = []
    for name, signature in as_dict(meta.signature_def).items():
        if name == "__saved_model_init_op":
            infos = [entry.value for entry in signature.outputs]
            wanted = [info.name.partition(":")[0] for info in infos]
    if not wanted:
        held = as_dict(meta.collection_def)
        for name in ("saved_model_main_op", "legacy_init_op"):
            if name in held and held[name].has("node_list"):
                wanted = list(held[name].node_list.value)
                break
    if not wanted:
        return
    feeds, paths = [], []
    for file in files_of(meta):
        feeds.append(file.tensor_info.name)
        paths.append(to_tensor(asset_path(folder, file.filename)))
    reader.files = dict(zip(feeds, paths, strict=True))
    known = {node.name for node in meta.graph_def.node}
    feeds = [feed for feed in feeds if feed.partition(":")[0] in known]
    plan = reader.part(feeds, [name for name in wanted if name])
    reader.check(plan)
    reader.run(plan, [reader.files[feed] for feed in feeds])


def files_of(meta: Record) -> list[Record]:
    """What a model says of its files; older ones say it in a collection.

    Args:
        meta: the graph.
    """
    found = list(meta.asset_file_def)
    held = as_dict(meta.collection_def)
    if not found and "saved_model_assets" in held:
        kept = held["saved_model_assets"]
        found = [item.value for item in kept.any_list.value if item.has("value")]
    return found


def _variables(graph: Record, folder: str) -> dict[str, Variable]:
    """The variables by the names of their nodes, with the values in the files."""
    nodes = {node.name: node for node in graph.node}
    held = {name: node for name, node in nodes.items() if node.op in HANDLES}
    if not held:
        return {}
    bundle = BundleReader(os.path.join(folder, "variables", "variables"))
    keys = _keys(nodes)
    found = {}
    for name, node in held.items():
        attrs = as_dict(node.attr)
        shared = attrs["shared_name"].s.decode() if "shared_name" in attrs else ""
        restored, part = keys.get(name, ("", ""))
        for key in (restored, shared, name):
            if key and key in bundle:
                value = bundle.read(key)
                if key == restored and part:
                    value = sliced(value, part)
                break
        else:
            raise NotFoundError(
                house_message("SavedModel", "a variable has no value", name)
            )
        kind = dtype_of(attrs["dtype"].type) if "dtype" in attrs else None
        if kind is None or kind.numpy_dtype != value.dtype:
            raise damaged("a variable's value has another type", name)
        found[name] = Variable(Tensor(value), name=name, dtype=kind)
    return found


def _keys(nodes: dict[str, Record]) -> dict[str, tuple[str, str]]:
    """Under which name, and of that which slice, the saver restores each variable."""
    found: dict[str, tuple[str, str]] = {}
    for node in nodes.values():
        if node.op not in ("Assign", "AssignVariableOp") or len(node.input) < 2:
            continue
        source, place = _followed(nodes, node.input[1])
        if source is None or source.op != "RestoreV2" or len(source.input) < 3:
            continue
        key, part = [_text(nodes, ref, place) for ref in source.input[1:3]]
        if key:
            found[node.input[0].partition(":")[0]] = key, part
    return found


def _text(nodes: dict[str, Record], ref: str, place: int) -> str:
    """One of the texts in a constant; "" where there is none."""
    node = nodes.get(ref.partition(":")[0])
    if node is None or node.op != "Const":
        return ""
    told = as_dict(node.attr)
    if "value" not in told:
        return ""
    texts = array_of(told["value"].tensor).ravel()
    if place >= len(texts) or not isinstance(texts[place], bytes):
        return ""
    text: str = texts[place].decode("utf-8", "replace")
    return text


def sliced(value: Any, text: str) -> Any:
    """The part of an array that a slice of a partitioned variable is.

    Args:
        value: the whole.
        text: its sizes, then ``start,length`` or ``-`` for each axis: "36 3 0,18:-".

    Raises:
        DataLossError: where the text does not fit the array.
    """
    parts = text.rpartition(" ")[2].split(":")
    if len(parts) != value.ndim:
        raise damaged("a slice has other axes than its variable", text)
    key = []
    for part in parts:
        if part == "-":
            key.append(slice(None))
            continue
        start, comma, length = part.partition(",")
        if not (comma and start.isdigit() and length.isdigit()):
            raise damaged("a slice has no plain form", text)
        key.append(slice(int(start), int(start) + int(length)))
    return value[tuple(key)]


def _followed(nodes: dict[str, Record], ref: str) -> tuple[Record | None, int]:
    for _ in range(8):
        name, _, index = ref.partition(":")
        node = nodes.get(name)
        if node is None or node.op != "Identity" or not node.input:
            return node, int(index) if index.isdigit() else 0
        ref = node.input[0]
    return None, 0


def _pruned(meta: Record, reader: Reader, feeds: Any, fetches: Any) -> Any:
    """A function of a part of the graph: tensors' names in, tensors' names out."""
    feeds = [tensor_name(f) for f in ([feeds] if isinstance(feeds, str) else feeds)]
    alone = isinstance(fetches, str)
    wanted = [fetches] if alone else list(fetches)
    plan = reader.part(feeds, [tensor_name(f) for f in wanted])
    reader.check(plan)

    def part(*tensors: Any) -> Any:
        found = reader.run(plan, list(tensors))
        return found[0] if alone else found

    nodes = {node.name: node for node in meta.graph_def.node}
    specs = []
    for feed in feeds:
        node = nodes.get(feed.partition(":")[0])
        attrs = {} if node is None else as_dict(node.attr)
        dims = dims_of(attrs["shape"].shape) if "shape" in attrs else None
        if "dtype" not in attrs:
            raise damaged("a tensor has no type", feed)
        specs.append(TensorSpec(dims, dtype_of(attrs["dtype"].type)))
    return Function(part, "pruned", input_signature=specs, autograph=False)
