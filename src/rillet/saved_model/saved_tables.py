"""The tables of a model: which objects hold them, and the functions of each.

TensorFlow makes and fills a table by functions in the file: ``_create_resource``,
``_initialize`` and ``_destroy_resource``. `objects` lists them as parts of the table,
`function_messages` writes them.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.graph.ir import Graph
from rillet.ops.lookup.initializers import TextFileInitializer
from rillet.ops.lookup.store import Store
from rillet.saved_model.assets import Asset
from rillet.saved_model.function_library import Library
from rillet.saved_model.graph_writer import FunctionWriter
from rillet.saved_model.table_writers import creation, file_of, filling

_HANDLE = dtypes.as_dtype("resource")
_NAMES = ("_create_resource", "_initialize", "_destroy_resource")
_assets: weakref.WeakKeyDictionary[Any, Asset] = weakref.WeakKeyDictionary()


class TableFunction:
    """A function of a table.

    Args:
        holder: the object that holds the table.
        name: which of its functions.
    """

    def __init__(self, holder: Any, name: str) -> None:
        self.holder = holder
        self.store: Store = holder._store
        self.name = name

    @property
    def asset(self) -> Asset | None:
        """The file that fills the table, where there is one."""
        reader = file_of(self.store) if self.name == "_initialize" else None
        return None if reader is None else asset_of(reader)


def holds_table(item: Any) -> bool:
    """Whether an object is a table, and not one that asks another."""
    space = getattr(item, "__dict__", {})
    return isinstance(space.get("_store"), Store) and space.get("_table") is None


def asset_of(reader: TextFileInitializer) -> Asset:
    """The file that an initializer reads; the same object each time."""
    found = _assets.get(reader)
    if found is None:
        found = _assets[reader] = Asset(reader.filename)
    return found


def table_parts(item: Any) -> dict[str, Any]:
    """The parts of a table, or of what fills it, that only files have."""
    if isinstance(item, TextFileInitializer):
        return {"_filename": asset_of(item)}
    if holds_table(item):
        return {name: TableFunction(item, name) for name in _NAMES}
    return {}


def written(library: Library, part: TableFunction) -> str:
    """Write a function of a table; return its name."""
    store, name = part.store, library.free_name(f"__inference_{part.name}")
    writer = FunctionWriter(library, Graph(name), name, [], {})
    if part.name == "_create_resource":
        inputs, attrs = creation(store, writer.constant)
        made = writer.effect(store.kind, "table", inputs, attrs)
        library.functions[name] = writer.finished(
            [(f"{made}:table_handle:0", _HANDLE, ())]
        )
        return name
    if part.name == "_initialize":
        handle = writer.handle("table_handle")
        path = None if part.asset is None else writer.path("filename")
        op, inputs, attrs = filling(store, writer.constant, path)
        writer.effect(op, "fill", [handle, *inputs], attrs)
    done = writer.constant(np.int32(1), dtypes.int32)
    library.functions[name] = writer.finished([(done, dtypes.int32, ())])
    return name


def result_of(part: TableFunction) -> Any:
    """The type of what a function of a table gives."""
    return _HANDLE if part.name == "_create_resource" else dtypes.int32


def no_arguments() -> dict[str, Any]:
    """What `inspect.getfullargspec` tells of a function without arguments."""
    return {
        "args": [],
        "varargs": None,
        "varkw": None,
        "defaults": None,
        "kwonlyargs": [],
        "kwonlydefaults": None,
        "annotations": {},
    }
