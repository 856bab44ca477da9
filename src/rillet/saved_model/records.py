"""Ops by TensorFlow's name, run on tensors with the attributes that a file gives.

`graph_reader` and `op_readers` call it.
"""

from __future__ import annotations

import importlib
from typing import Any

from rillet.core.errors import UnimplementedError, house_message
from rillet.core.tensor import Tensor
from rillet.graph.inference import host_value
from rillet.graph.ir import SymbolicTensor
from rillet.ops.registry import TABLE, Op
from rillet.saved_model.definitions import definition, parsed
from rillet.saved_model.resources import is_resource
from rillet.saved_model.tensors import damaged, dtype_of


def record_of(name: str) -> Op | None:
    """rillet's record of an op; its module is imported on first use."""
    found = TABLE.get(name)
    if found is None:
        known = definition(name)
        if known is not None and known.module and not name.startswith("TensorList"):
            importlib.import_module(f"rillet.ops.{known.module}")
            found = TABLE.get(name)
    return found


def run_record(op: Op, attrs: dict[str, Any], inputs: list[Any]) -> Any:
    """Run an op's record on tensors, those that are host inputs as plain values."""
    head = 0
    for value in inputs:
        if is_resource(value):
            raise UnimplementedError(
                house_message("SavedModel", f"{op.name} takes no resource here")
            )
    args: list[Any] = list(inputs)
    if op.variadic:
        head = len(args) - (len(op.types) - 1)
        args = [args[:head], *args[head:]]
    for i, kind in enumerate(op.types):
        if kind is None and i < len(args):
            args[i] = hosted(args[i])
    found = op.run(*args, **_attributes(op, attrs))
    return (found,) if op.outputs == 1 else tuple(found or ())


def run_op(name: str, attrs: dict[str, Any], inputs: list[Any]) -> Any:
    """Run rillet's record of an op, which readers count on.

    Raises:
        DataLossError: where there is none.
    """
    return run_record(needed_record(name), attrs, inputs)


def needed_record(name: str) -> Op:
    """The record of an op; DataLossError where there is none."""
    op = record_of(name)
    if op is None:
        raise damaged("an op is missing", name)
    return op


def hosted(value: Any) -> Any:
    """A host input's value where it is known, else the tensor."""
    if isinstance(value, SymbolicTensor):
        return value if value.known is None else host_value(value.known)
    return host_value(value._array) if isinstance(value, Tensor) else value


def _attributes(op: Op, attrs: dict[str, Any]) -> dict[str, Any]:
    """The attributes that the record knows, as it has them."""
    known = definition(op.name)
    kinds = {} if known is None else {a.name: a for a in known.attributes}
    found: dict[str, Any] = {}
    for name in op.attrs:
        value = attrs.get(name)
        attribute = kinds.get(name)
        if value is None and attribute is not None and attribute.default is not None:
            if attribute.kind != "shape":
                value = parsed(attribute.kind, attribute.default)
            if attribute.kind == "type":
                value = dtype_of(int(attribute.default))
        if value is None:
            continue
        found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_plain(item) for item in value])
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    return value
