"""Nodes that have another form in TensorFlow's files: tensor lists, assertions, texts.

rillet keeps the shape of a list's elements as an attribute, TensorFlow as an input.
`graph_writer` asks the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.graph.ir import Node

#: Adds a node's counterpart; gives references to its outputs.
Write = Callable[[Any, Node], list[str]]
_INT = ("type", dtypes.int32)


def element_shape(writer: Any, dims: Any) -> str:
    """The shape of elements as a constant; -1 where it is not known."""
    sizes: Any = -1 if dims is None else [-1 if d is None else d for d in dims]
    found: str = writer.constant(np.asarray(sizes, np.int32), dtypes.int32)
    return found


def empty_list(writer: Any, kind: DType, dims: Any = None, name: str = "list") -> str:
    """A list without elements, of a type and shape."""
    most = writer.constant(np.int32(-1), dtypes.int32)
    attrs = {"element_dtype": ("type", kind), "shape_type": _INT}
    given = [element_shape(writer, dims), most]
    return f"{writer.emit('EmptyTensorList', name, given, attrs)}:handle:0"


def as_type(writer: Any, tensor: Any, kind: DType) -> str:
    ref: str = writer.ref(tensor)
    if tensor.dtype is kind:
        return ref
    attrs = {"SrcT": ("type", tensor.dtype), "DstT": ("type", kind)}
    return f"{writer.emit('Cast', 'Cast', [ref], attrs)}:y:0"


def _reserve(writer: Any, node: Node) -> list[str]:
    if writer.library.kinds.is_optional(node.outputs[0]):
        return [f"{writer.emit('OptionalNone', node.name, [], {})}:optional:0"]
    shape = element_shape(writer, node.attrs.get("element_shape"))
    size = as_type(writer, node.inputs[0], dtypes.int32)
    kind = node.attrs.get("element_dtype", dtypes.float32)
    attrs = {"element_dtype": ("type", kind), "shape_type": _INT}
    made = writer.emit(node.type, node.name, [shape, size], attrs)
    return [f"{made}:handle:0"]


def _set(writer: Any, node: Node) -> list[str]:
    rows, index, item = node.inputs
    inputs = [writer.ref(rows), as_type(writer, index, dtypes.int32), writer.ref(item)]
    attrs = {
        "element_dtype": ("type", writer.kind(item)),
        "resize_if_index_out_of_bounds": ("bool", node.attrs.get("resize", False)),
    }
    made = writer.emit("TensorListSetItem", node.name, inputs, attrs)
    return [f"{made}:output_handle:0"]


def _get(writer: Any, node: Node) -> list[str]:
    rows, index = node.inputs
    shape = element_shape(writer, node.attrs.get("element_shape"))
    inputs = [writer.ref(rows), as_type(writer, index, dtypes.int32), shape]
    attrs = {"element_dtype": ("type", writer.kind(node.outputs[0]))}
    return [f"{writer.emit(node.type, node.name, inputs, attrs)}:item:0"]


def _rounds(writer: Any, node: Node) -> list[str]:
    """How many rounds a loop ran."""
    inputs = [writer.ref(node.inputs[0])]
    return [f"{writer.emit('TensorListLength', node.name, inputs, {})}:length:0"]


def _stack(writer: Any, node: Node) -> list[str]:
    shape = element_shape(writer, node.attrs.get("element_shape"))
    attrs = {
        "element_dtype": ("type", node.outputs[0].dtype),
        "num_elements": ("int", -1),
    }
    inputs = [writer.ref(node.inputs[0]), shape]
    return [f"{writer.emit(node.type, node.name, inputs, attrs)}:tensor:0"]


def _from(writer: Any, node: Node) -> list[str]:
    x = node.inputs[0]
    dims = x.spec.shape
    shape = element_shape(writer, None if dims is None else dims[1:])
    attrs = {"element_dtype": ("type", x.dtype), "shape_type": _INT}
    made = writer.emit(node.type, node.name, [writer.ref(x), shape], attrs)
    return [f"{made}:output_handle:0"]


def _concat(writer: Any, node: Node) -> list[str]:
    shape = element_shape(writer, node.attrs.get("element_shape"))
    none = writer.constant(np.zeros(0, np.int64), dtypes.int64)
    attrs = {"element_dtype": ("type", node.outputs[0].dtype), "shape_type": _INT}
    inputs = [writer.ref(node.inputs[0]), shape, none]
    return [f"{writer.emit(node.type, node.name, inputs, attrs)}:tensor:0"]


def _split(writer: Any, node: Node) -> list[str]:
    x, lengths = node.inputs
    dims = x.spec.shape
    shape = element_shape(writer, None if dims is None else (None, *dims[1:]))
    attrs = {"element_dtype": ("type", x.dtype), "shape_type": _INT}
    inputs = [writer.ref(x), shape, as_type(writer, lengths, dtypes.int64)]
    return [f"{writer.emit(node.type, node.name, inputs, attrs)}:output_handle:0"]


def _assert(writer: Any, node: Node) -> list[str]:
    inputs = [writer.ref(x) for x in node.inputs]
    attrs = {
        "T": ("list(type)", [x.dtype for x in node.inputs[1:]]),
        "summarize": ("int", node.attrs.get("summarize", 3)),
    }
    writer.effect("Assert", node.name, inputs, attrs)
    return []


def _format(writer: Any, node: Node) -> list[str]:
    attrs: dict[str, tuple[str, Any]] = {
        "T": ("list(type)", [x.dtype for x in node.inputs]),
        "template": ("string", node.attrs.get("template", "%s")),
        "placeholder": ("string", node.attrs.get("placeholder", "%s")),
        "summarize": ("int", node.attrs.get("summarize", 3)),
    }
    inputs = [writer.ref(x) for x in node.inputs]
    return [f"{writer.emit(node.type, node.name, inputs, attrs)}:output:0"]


WRITERS: dict[str, Write] = {
    "RilletRowsCount": _rounds,
    "StringFormat": _format,
    "Assert": _assert,
    "TensorListReserve": _reserve,
    "TensorListSetItem": _set,
    "RilletListPut": _set,
    "TensorListGetItem": _get,
    "TensorListStack": _stack,
    "TensorListFromTensor": _from,
    "TensorListConcatV2": _concat,
    "TensorListSplit": _split,
    "RilletListIdentity": lambda writer, node: [writer.ref(node.inputs[0])],
}
