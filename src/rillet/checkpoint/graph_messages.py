"""The messages of tensors and graphs, as tables of their fields.

SavedModels and files of events hold them; `wire` reads and writes them. Numbers and
names are those of TensorFlow's files; fields that nobody here asks for are left out.
"""

from __future__ import annotations

from typing import Any

from rillet.checkpoint.messages import SHAPE, VERSION
from rillet.checkpoint.wire import Field, Schema


def entries(name: str, value: Any, key: str = "string") -> Schema:
    """The message of a map's entries."""
    return Schema(
        f"{name}Entry",
        Field(1, "key", key, presence=True),
        Field(2, "value", value, presence=True),
    )


TENSOR = Schema(
    "TensorProto",
    Field(1, "dtype", "int"),
    Field(2, "tensor_shape", SHAPE),
    Field(4, "tensor_content", "bytes"),
    Field(5, "float_val", "float", True),
    Field(6, "double_val", "double", True),
    Field(7, "int_val", "int", True),
    Field(8, "string_val", "bytes", True),
    Field(9, "scomplex_val", "float", True),
    Field(10, "int64_val", "int", True),
    Field(11, "bool_val", "bool", True),
    Field(12, "dcomplex_val", "double", True),
    Field(13, "half_val", "int", True),
    Field(16, "uint32_val", "int", True),
    Field(17, "uint64_val", "int", True),
)
FUNC = Schema(
    "NameAttrList",
    Field(1, "name", "string"),
    Field(2, "attr", lambda: ATTR_ENTRY, True),
)
ATTR_LIST = Schema(
    "ListValue",
    Field(2, "s", "bytes", True),
    Field(3, "i", "int", True),
    Field(4, "f", "float", True),
    Field(5, "b", "bool", True),
    Field(6, "type", "int", True),
    Field(7, "shape", SHAPE, True),
    Field(8, "tensor", TENSOR, True),
    Field(9, "func", FUNC, True),
)
ATTR = Schema(
    "AttrValue",
    Field(1, "list", ATTR_LIST),
    Field(2, "s", "bytes", presence=True),
    Field(3, "i", "int", presence=True),
    Field(4, "f", "float", presence=True),
    Field(5, "b", "bool", presence=True),
    Field(6, "type", "int", presence=True),
    Field(7, "shape", SHAPE),
    Field(8, "tensor", TENSOR),
    Field(9, "placeholder", "string", presence=True),
    Field(10, "func", FUNC),
)
ATTR_ENTRY: Schema = entries("Attr", ATTR)

HANDLE = Schema("DtypeAndShape", Field(1, "dtype", "int"), Field(2, "shape", SHAPE))
ARGUMENT = Schema(
    "ArgDef",
    Field(1, "name", "string"),
    Field(3, "type", "int"),
    Field(4, "type_attr", "string"),
    Field(5, "number_attr", "string"),
    Field(6, "type_list_attr", "string"),
    Field(7, "handle_data", HANDLE, True),
)
OP = Schema(
    "OpDef",
    Field(1, "name", "string"),
    Field(2, "input_arg", ARGUMENT, True, later=True),
    Field(3, "output_arg", ARGUMENT, True, later=True),
    Field(17, "is_stateful", "bool"),
    Field(20, "control_output", "string", True),
)
NODE = Schema(
    "NodeDef",
    Field(1, "name", "string"),
    Field(2, "op", "string"),
    Field(3, "input", "string", True),
    Field(4, "device", "string"),
    Field(5, "attr", ATTR_ENTRY, True, later=True),
)
TEXT_ENTRY = entries("Text", "string")
ARGUMENT_ATTRS = Schema("ArgAttrs", Field(1, "attr", ATTR_ENTRY, True))
ARGUMENT_ATTRS_ENTRY = entries("ArgAttr", ARGUMENT_ATTRS, "int")
FUNCTION = Schema(
    "FunctionDef",
    Field(1, "signature", OP),
    # Functions are most of a file, and many are never called.
    Field(3, "node_def", NODE, True, later=True),
    Field(4, "ret", TEXT_ENTRY, True, later=True),
    Field(5, "attr", ATTR_ENTRY, True, later=True),
    Field(6, "control_ret", TEXT_ENTRY, True, later=True),
    Field(7, "arg_attr", ARGUMENT_ATTRS_ENTRY, True, later=True),
)
REGISTERED = Schema(
    "RegisteredGradient",
    Field(1, "gradient_func", "string"),
    Field(2, "registered_op_type", "string"),
)
LIBRARY = Schema(
    "FunctionDefLibrary",
    Field(1, "function", FUNCTION, True),
    Field(3, "registered_gradients", REGISTERED, True),
)
GRAPH = Schema(
    "GraphDef",
    Field(1, "node", NODE, True),
    Field(2, "library", LIBRARY),
    Field(4, "versions", VERSION),
)
