"""Attributes of nodes as messages, and messages as Python values.

`graph_writer` and `graph_reader` call it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.saved_model.messages import (
    ATTR,
    ATTR_ENTRY,
    ATTR_LIST,
    FUNC,
    NODE,
    as_entries,
)
from rillet.saved_model.tensors import (
    array_of,
    dims_of,
    dtype_of,
    shape_message,
    tensor_message,
)

_ONE = {"int": "i", "float": "f", "bool": "b", "string": "s", "type": "type"}
_ONE |= {"shape": "shape", "tensor": "tensor", "func": "func"}


def attribute_message(kind: str, value: Any) -> Record:
    """A value as an attribute.

    Args:
        kind: ``int``, ``float``, ``bool``, ``string``, ``type``, ``shape``, ``tensor``
            (a pair of array and `DType`), ``func`` (a name), or ``list(...)`` of these.
        value: the value.
    """
    if kind.startswith("list("):
        inner = kind[5:-1]
        values = [_bare(inner, item) for item in _items(value)]
        return Record(ATTR, list=Record(ATTR_LIST, **{_ONE[inner]: values}))
    return Record(ATTR, **{_ONE[kind]: _bare(kind, value)})


def node_message(
    name: str, op: str, inputs: list[str], attrs: dict[str, tuple[str, Any]]
) -> Record:
    """A node of a graph.

    Args:
        name: its name.
        op: TensorFlow's name of its op.
        inputs: references to what it takes.
        attrs: by name the kind and the value of each attribute.
    """
    made = {k: attribute_message(kind, value) for k, (kind, value) in attrs.items()}
    return Record(
        NODE, name=name, op=op, input=inputs, attr=as_entries(ATTR_ENTRY, made)
    )


def _items(value: Any) -> Any:
    if isinstance(value, int | float | str | bytes):
        return [value]
    return () if value is None else value


def _bare(kind: str, value: Any) -> Any:
    if kind == "int":
        return int(value)
    if kind == "float":
        return float(value)
    if kind == "bool":
        return bool(value)
    if kind == "string":
        return value if isinstance(value, bytes) else str(value).encode()
    if kind == "type":
        if isinstance(value, int):
            return value
        found: DType = as_dtype(value)
        return found.as_datatype_enum
    if kind == "shape":
        if isinstance(value, TensorShape):
            value = value._dims
        return shape_message(value)
    if kind == "tensor":
        return tensor_message(*value)
    if kind == "func":
        return Record(FUNC, name=value)
    raise ValueError(house_message("SavedModel", "an attribute has no kind", kind))


def attribute_value(message: Record) -> Any:
    """The value of an attribute.

    Returns:
        A number, a bool, bytes, a `DType`, a tuple of sizes (None where unknown), an
        array, a function's message, or a list of these; None where nothing is set.
    """
    if message.has("list"):
        return _list(message.list)
    for name in ("i", "f", "b", "s", "type", "shape", "tensor", "func"):
        if message.has(name):
            return _value(name, getattr(message, name))
    return None


_CLASSES: dict[str, type] = {
    "int": int,
    "float": float,
    "bool": bool,
    "string": bytes,
    "type": DType,
    "shape": tuple,
    "tensor": np.ndarray,
    "func": Record,
}


def has_kind(value: Any, kind: str) -> bool:
    """Whether an attribute's value is of a kind, such as ``int`` or ``list(type)``."""
    if kind.startswith("list("):
        inner = kind[5:-1]
        return isinstance(value, list) and all(
            [item is None or has_kind(item, inner) for item in value]
        )
    if kind == "int" and isinstance(value, bool):
        return False
    return isinstance(value, _CLASSES[kind])


def _value(name: str, value: Any) -> Any:
    if name == "type":
        return dtype_of(value)
    if name == "shape":
        return dims_of(value)
    if name == "tensor":
        return array_of(value)
    if name == "f":
        # The shortest number of that float: 0.1 and not 0.10000000149011612.
        return float(str(np.float32(value)))
    return value


def _list(message: Record) -> list[Any]:
    for name in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
        if message.has(name):
            return [_value(name, item) for item in getattr(message, name)]
    return []
