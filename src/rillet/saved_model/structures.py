"""Structures of arguments and results as messages, and messages as structures.

In flow tuples, lists, dictionaries with specs and plain values as leaves. `save` and
`load` call it.
"""

from __future__ import annotations

import collections
import functools
import importlib
from typing import Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core.composite import CompositeSpec
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.saved_model import messages
from rillet.saved_model.messages import STRUCTURE
from rillet.saved_model.tensors import (
    array_of,
    damaged,
    dims_of,
    dtype_of,
    shape_message,
    tensor_message,
)


class Opaque:
    """What stands for a value that a structure cannot be rebuilt from."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def structure_message(value: Any) -> Record:
    """A structure as a message.

    Raises:
        UnimplementedError: where a leaf is of no type that files hold.
    """
    if value is None:
        return Record(STRUCTURE, none_value=Record(messages.NONE))
    if isinstance(value, bool | np.bool_):
        return Record(STRUCTURE, bool_value=bool(value))
    if isinstance(value, int | np.integer):
        number = int(value)
        return Record(STRUCTURE, int64_value=(number << 1) ^ (number >> 63))
    if isinstance(value, float | np.floating):
        return Record(STRUCTURE, float64_value=float(value))
    if isinstance(value, str):
        return Record(STRUCTURE, string_value=value)
    if isinstance(value, TensorSpec):
        return Record(STRUCTURE, tensor_spec_value=spec_message(value))
    if isinstance(value, CompositeSpec):
        return Record(STRUCTURE, type_spec_value=_composite_message(value))
    if isinstance(value, DType):
        return Record(STRUCTURE, tensor_dtype_value=value.as_datatype_enum)
    if isinstance(value, TensorShape):
        return Record(STRUCTURE, tensor_shape_value=shape_message(value._dims))
    if isinstance(value, np.ndarray):
        message = tensor_message(value, as_dtype(value.dtype))
        return Record(STRUCTURE, numpy_value=message)
    if isinstance(value, Tensor):
        message = tensor_message(value.numpy(), value.dtype)
        return Record(STRUCTURE, tensor_value=message)
    return _nested(value)


def _composite_message(spec: CompositeSpec) -> Record:
    name = type(spec).__name__
    if name not in _COMPOSITES:
        raise UnimplementedError(
            house_message(
                "saved_model.save",
                "a function takes what files cannot hold",
                repr(spec),
            )
        )
    return Record(
        messages.TYPE_SPEC,
        type_spec_class=_COMPOSITES[name][0],
        type_state=structure_message(spec._parts()),
        type_spec_class_name=name,
        num_flat_components=len(spec._component_specs),
    )


def _composite_of(message: Record) -> Any:
    """The spec of a composite tensor; `Opaque` where rillet has no such thing."""
    name = message.type_spec_class_name or next(
        (n for n, (c, _) in _COMPOSITES.items() if c == message.type_spec_class), ""
    )
    if name not in _COMPOSITES:
        return Opaque(name or "TypeSpec")
    parts = structure_of(message.type_state)
    kind = getattr(importlib.import_module(_COMPOSITES[name][1]), name)
    try:
        return kind(*parts)
    except (TypeError, ValueError):
        raise damaged("a function takes a value of no plain kind", name) from None


#: Numbers of kinds of composites in files, and where rillet has them.
_COMPOSITES = {
    "SparseTensorSpec": (1, "rillet.core.sparse_tensor"),
    "IndexedSlicesSpec": (2, "rillet.core.indexed_slices"),
    "RaggedTensorSpec": (3, "rillet.ops.ragged.spec"),
}


def _nested(value: Any) -> Record:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = [
            Record(messages.PAIR, key=key, value=structure_message(item))
            for key, item in zip(value._fields, value, strict=True)
        ]
        named = Record(messages.NAMED, name=type(value).__name__, pairs=pairs)
        return Record(STRUCTURE, named_tuple_value=named)
    if isinstance(value, list | tuple):
        record = Record(messages.LIST, items=[structure_message(v) for v in value])
        name = "list_value" if isinstance(value, list) else "tuple_value"
        return Record(STRUCTURE, **{name: record})
    if isinstance(value, dict):
        fields = [
            Record(messages.DICT_ENTRY, key=str(k), value=structure_message(value[k]))
            for k in sorted(value, key=str)
        ]
        return Record(STRUCTURE, dict_value=Record(messages.DICT, fields=fields))
    raise UnimplementedError(
        house_message(
            "saved_model.save",
            "a function's arguments hold a value that files cannot hold",
            f"{value!r} of type {type(value).__name__}",
            "Give tensors, numbers, texts, or nests of them",
        )
    )


def spec_message(spec: TensorSpec) -> Record:
    """A `TensorSpec` as a message."""
    return Record(
        messages.SPEC,
        name=spec.name or "",
        shape=shape_message(spec.shape._dims),
        dtype=spec.dtype.as_datatype_enum,
    )


def structure_of(message: Record) -> Any:
    """The structure in a message; what cannot be rebuilt is an `Opaque`."""
    for name, value in message.values.items():
        return _READERS[name](value)
    return None


def _int(value: int) -> int:
    value &= 0xFFFFFFFFFFFFFFFF
    return (value >> 1) ^ -(value & 1)


def spec_of(message: Record) -> TensorSpec:
    """The `TensorSpec` in a message."""
    dims = dims_of(message.shape)
    return TensorSpec(dims, dtype_of(message.dtype), message.name or None)


@functools.lru_cache(maxsize=16)
def _tuple_type(name: str, fields: tuple[str, ...]) -> Any:
    """Python compiles each such type: most files have one of them in many places."""
    return collections.namedtuple(name, fields)


def _named(value: Record) -> Any:
    fields = tuple([pair.key for pair in value.pairs])
    values = [structure_of(pair.value) for pair in value.pairs]
    try:
        return _tuple_type(value.name or "Named", fields)(*values)
    except ValueError:
        return tuple(values)


_READERS: dict[str, Any] = {
    "none_value": lambda v: None,
    "float64_value": lambda v: v,
    "int64_value": _int,
    "string_value": lambda v: v,
    "bool_value": lambda v: v,
    "tensor_shape_value": lambda v: TensorShape(dims_of(v)),
    "tensor_dtype_value": dtype_of,
    "tensor_spec_value": spec_of,
    "type_spec_value": _composite_of,
    "bounded_tensor_spec_value": spec_of,
    "list_value": lambda v: [structure_of(item) for item in v.items],
    "tuple_value": lambda v: tuple([structure_of(item) for item in v.items]),
    "dict_value": lambda v: {f.key: structure_of(f.value) for f in v.fields},
    "named_tuple_value": _named,
    "tensor_value": array_of,
    "numpy_value": array_of,
}
