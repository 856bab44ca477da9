"""Tables in TensorFlow's graphs, on rillet's.

A table is a `Store`, passed by reference. Files are read where they lie in the model's
own folder. Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rillet.core.errors import (
    PermissionDeniedError,
    UnimplementedError,
    house_message,
)
from rillet.core.tensor import Tensor
from rillet.graph.ir import SymbolicTensor
from rillet.ops.lookup.initializers import TextFileInitializer
from rillet.ops.lookup.records import (
    export_op,
    find_op,
    insert_op,
    remove_op,
    size_op,
)
from rillet.ops.lookup.store import DenseStore, Store
from rillet.saved_model.op_readers import reads
from rillet.saved_model.resources import store_of
from rillet.saved_model.tensors import damaged


def _known(x: Any, step: Any) -> Any:
    if isinstance(x, SymbolicTensor) and x.known is None:
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} fills a table with what only a run knows",
                f"node '{step.name}'",
            )
        )
    if not isinstance(x, Tensor):
        raise damaged("a table is filled with what is no tensor", step.name)
    return x._array


def _kinds(step: Any) -> tuple[Any, Any]:
    found = step.attrs.get("key_dtype"), step.attrs.get("value_dtype")
    if None in found:
        raise damaged("a table has no types", step.name)
    return found


def _kept(reader: Any, step: Any, make: Any) -> Any:
    """A table of a graph, the same one at every call."""
    shared = step.attrs.get("shared_name") or step.name.encode()
    found = reader.resources.get((step.op, shared))
    if found is None:
        found = make()
        found.name = step.name
        reader.resources[step.op, shared] = found
    return (found,)


@reads(
    "HashTable",
    "HashTableV2",
    "AnonymousHashTable",
    "MutableHashTable",
    "MutableHashTableV2",
    "AnonymousMutableHashTable",
)
def _table(reader: Any, step: Any, inputs: list[Any]) -> Any:
    key, value = _kinds(step)
    kind = "MutableHashTableV2" if "Mutable" in step.op else "HashTableV2"
    blank = np.zeros((), value.numpy_dtype)
    return _kept(reader, step, lambda: Store(kind, key, value, blank))


@reads(
    "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
    "AnonymousMutableHashTableOfTensors",
)
def _rows(reader: Any, step: Any, inputs: list[Any]) -> Any:
    key, value = _kinds(step)
    blank = np.zeros(_sizes(step), value.numpy_dtype)
    kind = "MutableHashTableOfTensorsV2"
    return _kept(reader, step, lambda: Store(kind, key, value, blank))


def _sizes(step: Any) -> tuple[int, ...]:
    dims = step.attrs.get("value_shape") or ()
    if None in dims:
        raise damaged("a table's values have no whole shape", step.name)
    return tuple(dims)


@reads(
    "MutableDenseHashTable", "MutableDenseHashTableV2", "AnonymousMutableDenseHashTable"
)
def _dense(reader: Any, step: Any, inputs: list[Any]) -> Any:
    key, value = _kinds(step)
    empty, deleted = [np.asarray(_known(x, step)) for x in inputs[:2]]
    blank = np.zeros(_sizes(step), value.numpy_dtype)
    return _kept(
        reader,
        step,
        lambda: DenseStore(
            "MutableDenseHashTableV2",
            key,
            value,
            blank,
            empty.shape,
            empty=empty,
            deleted=deleted,
        ),
    )


@reads("InitializeTable", "InitializeTableV2")
def _fill(reader: Any, step: Any, inputs: list[Any]) -> Any:
    store = store_of(inputs[0], step)
    store.clear()
    store.fill(_known(inputs[1], step), _known(inputs[2], step))
    return ()


@reads("LookupTableImport", "LookupTableImportV2")
def _import(reader: Any, step: Any, inputs: list[Any]) -> Any:
    store = store_of(inputs[0], step)
    keys, values = _known(inputs[1], step), _known(inputs[2], step)
    if isinstance(store, DenseStore):
        store.restore(keys, values)
    elif store.kind == "HashTableV2":
        store.clear()
        store.fill(keys, values)
    else:
        store.clear()
        store.insert(keys, values)
    return ()


@reads("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
def _fill_from_file(reader: Any, step: Any, inputs: list[Any]) -> Any:
    store, attrs = store_of(inputs[0], step), step.attrs
    path = _known(inputs[1], step).item().decode("utf-8", "surrogateescape")
    top = os.path.realpath(reader.folder)
    inside = reader.folder and os.path.realpath(path).startswith(top + os.sep)
    if not inside and step.op not in reader.allowed:
        raise PermissionDeniedError(
            house_message(
                "SavedModel",
                "a table is filled from a file outside the model's folder",
                path,
                f"Where the model is trusted, give LoadOptions(allowed_ops="
                f"[{step.op!r}])",
            )
        )
    count = attrs.get("vocab_size")
    filler = TextFileInitializer(
        path,
        store.key_dtype,
        attrs.get("key_index"),
        store.value_dtype,
        attrs.get("value_index"),
        None if count is None or count < 0 else count,
        (attrs.get("delimiter") or b"\t").decode(),
        value_index_offset=attrs.get("offset") or 0,
    )
    filler.initialize(store)
    return ()


@reads("LookupTableFind", "LookupTableFindV2")
def _find(reader: Any, step: Any, inputs: list[Any]) -> Any:
    store = store_of(inputs[0], step)
    return (find_op.run(inputs[1], inputs[2], table=store),)


@reads("LookupTableInsert", "LookupTableInsertV2")
def _insert(reader: Any, step: Any, inputs: list[Any]) -> Any:
    insert_op.run(inputs[1], inputs[2], table=store_of(inputs[0], step))
    return ()


@reads("LookupTableRemoveV2")
def _remove(reader: Any, step: Any, inputs: list[Any]) -> Any:
    remove_op.run(inputs[1], table=store_of(inputs[0], step))
    return ()


@reads("LookupTableSize", "LookupTableSizeV2")
def _size(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (size_op.run(table=store_of(inputs[0], step)),)


@reads("LookupTableExport", "LookupTableExportV2")
def _export(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return export_op.run(table=store_of(inputs[0], step))
