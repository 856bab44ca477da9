"""Tables in TensorFlow's files: nodes that ask them, functions of their own.

In flow nodes with a `Store` as an attribute, and stores that a model's objects hold;
out flow nodes of TensorFlow's. `graph_writer` asks the table of nodes, `saved_tables`
and `main_graph` the rest.
"""

from __future__ import annotations

import hashlib
import os
import uuid
import weakref
from typing import Any

import numpy as np

from rillet.graph.ir import Node
from rillet.ops.lookup.initializers import TextFileInitializer
from rillet.ops.lookup.store import DenseStore, Store
from rillet.saved_model.list_writers import WRITERS

Attrs = dict[str, tuple[str, Any]]
#: Names of tables that change: two of them never share one.
_names: weakref.WeakKeyDictionary[Store, str] = weakref.WeakKeyDictionary()


def file_of(store: Store) -> TextFileInitializer | None:
    """What fills a table from a file that is still there; None for other tables."""
    found = store.initializer
    if isinstance(found, TextFileInitializer) and os.path.isfile(found.filename):
        return found
    return None


def shared_name(store: Store) -> str:
    """What TensorFlow's processes know a table by: equal only for equal ones."""
    if store.kind != "HashTableV2":
        return _names.setdefault(store, f"table_{uuid.uuid4()}")
    keys, values = store.export()
    told = hashlib.sha256(f"{keys.dtype} {values.dtype} {len(keys)}".encode())
    for part in (keys, values):
        told.update(repr(part.tolist()).encode())
    return f"hash_table_{told.hexdigest()[:32]}"


def creation(store: Store, constant: Any) -> tuple[list[str], Attrs]:
    """The inputs and attributes of the node that makes a table.

    Args:
        store: the table.
        constant: adds a constant; gives its reference.
    """
    attrs: Attrs = {
        "container": ("string", ""),
        "shared_name": ("string", shared_name(store)),
        "use_node_name_sharing": ("bool", store.kind != "HashTableV2"),
        "key_dtype": ("type", store.key_dtype),
        "value_dtype": ("type", store.value_dtype),
    }
    if store.kind not in ("HashTableV2", "MutableHashTableV2"):
        attrs["value_shape"] = ("shape", store.value_shape)
    if not isinstance(store, DenseStore):
        return [], attrs
    attrs["initial_num_buckets"] = ("int", 131072)
    attrs["max_load_factor"] = ("float", 0.8)
    marks = (store.empty, store.deleted)
    return [constant(mark, store.key_dtype) for mark in marks], attrs


def filling(store: Store, constant: Any, path: str | None) -> Any:
    """The op that fills a table, its further inputs and its attributes.

    Args:
        store: the table.
        constant: adds a constant; gives its reference.
        path: the reference to the path of its file, where it has one.
    """
    reader = file_of(store)
    if reader is not None and path is not None:
        attrs: Attrs = {
            "key_index": ("int", reader._key_index),
            "value_index": ("int", reader._value_index),
            "vocab_size": ("int", reader._vocab_size),
            "delimiter": ("string", reader._delimiter),
            "offset": ("int", reader._offset),
        }
        return reader.op_name, [path], attrs
    keys, values = store.export()
    given = [constant(keys, store.key_dtype), constant(values, store.value_dtype)]
    # What an import into other tables takes is their memory as it lies.
    op = "LookupTableImportV2" if store.kind == "HashTableV2" else "LookupTableInsertV2"
    return op, given, _types(store)


def _types(store: Store, *names: str) -> Attrs:
    keys, values = names or ("Tin", "Tout")
    return {keys: ("type", store.key_dtype), values: ("type", store.value_dtype)}


def _asked(writer: Any, node: Node, attrs: Attrs) -> str:
    """Add a node that takes a table; tables that change are asked in order."""
    store = node.attrs["table"]
    inputs = [writer.refs[id(store)]]
    for x in node.inputs:
        if hasattr(x, "node"):
            inputs.append(writer.ref(x))
        else:
            kind = store.value_dtype
            inputs.append(writer.constant(np.asarray(x, kind.numpy_dtype), kind))
    changes = store.kind != "HashTableV2"
    add = writer.effect if changes else writer.emit
    found: str = add(node.type, node.name, inputs, attrs)
    return found


def _find(writer: Any, node: Node) -> list[str]:
    return [f"{_asked(writer, node, _types(node.attrs['table']))}:values:0"]


def _change(writer: Any, node: Node) -> list[str]:
    attrs = _types(node.attrs["table"])
    if node.type == "LookupTableRemoveV2":
        del attrs["Tout"]
    _asked(writer, node, attrs)
    return []


def _size(writer: Any, node: Node) -> list[str]:
    return [f"{_asked(writer, node, {})}:size:0"]


def _export(writer: Any, node: Node) -> list[str]:
    made = _asked(writer, node, _types(node.attrs["table"], "Tkeys", "Tvalues"))
    return [f"{made}:keys:0", f"{made}:values:0"]


WRITERS |= {
    "LookupTableFindV2": _find,
    "LookupTableInsertV2": _change,
    "LookupTableRemoveV2": _change,
    "LookupTableSizeV2": _size,
    "LookupTableExportV2": _export,
}
