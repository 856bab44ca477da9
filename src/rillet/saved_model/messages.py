"""The protocol-buffer messages of a SavedModel, as tables of their fields.

`save` writes them, `load` and `show` read them, all through `checkpoint.wire`. Numbers
and names are those of TensorFlow's files; fields that nobody here asks for are left
out, and skipped when read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rillet.checkpoint.graph_messages import ARGUMENT as ARGUMENT
from rillet.checkpoint.graph_messages import ARGUMENT_ATTRS as ARGUMENT_ATTRS
from rillet.checkpoint.graph_messages import (
    ARGUMENT_ATTRS_ENTRY as ARGUMENT_ATTRS_ENTRY,
)
from rillet.checkpoint.graph_messages import ATTR as ATTR
from rillet.checkpoint.graph_messages import ATTR_ENTRY as ATTR_ENTRY
from rillet.checkpoint.graph_messages import ATTR_LIST as ATTR_LIST
from rillet.checkpoint.graph_messages import FUNC as FUNC
from rillet.checkpoint.graph_messages import FUNCTION as FUNCTION
from rillet.checkpoint.graph_messages import GRAPH as GRAPH
from rillet.checkpoint.graph_messages import HANDLE as HANDLE
from rillet.checkpoint.graph_messages import LIBRARY as LIBRARY
from rillet.checkpoint.graph_messages import NODE as NODE
from rillet.checkpoint.graph_messages import OP as OP
from rillet.checkpoint.graph_messages import REGISTERED as REGISTERED
from rillet.checkpoint.graph_messages import TENSOR as TENSOR
from rillet.checkpoint.graph_messages import TEXT_ENTRY as TEXT_ENTRY
from rillet.checkpoint.graph_messages import entries
from rillet.checkpoint.messages import REFERENCE, SHAPE, SLOT, VERSION
from rillet.checkpoint.wire import Field, Record, Schema

#: The file that holds all of a model but the values.
FILE = "saved_model.pb"

NONE = Schema("NoneValue")
SPEC = Schema(
    "TensorSpecProto",
    Field(1, "name", "string"),
    Field(2, "shape", SHAPE),
    Field(3, "dtype", "int"),
)
TYPE_SPEC = Schema(
    "TypeSpecProto",
    Field(1, "type_spec_class", "int"),
    Field(2, "type_state", lambda: STRUCTURE),
    Field(3, "type_spec_class_name", "string"),
    Field(4, "num_flat_components", "int"),
)
LIST = Schema("ListValue", Field(1, "items", lambda: STRUCTURE, True))
DICT_ENTRY = Schema(
    "FieldsEntry", Field(1, "key", "string"), Field(2, "value", lambda: STRUCTURE)
)
DICT = Schema("DictValue", Field(1, "fields", DICT_ENTRY, True))
PAIR = Schema("Pair", Field(1, "key", "string"), Field(2, "value", lambda: STRUCTURE))
NAMED = Schema(
    "NamedTupleValue", Field(1, "name", "string"), Field(2, "pairs", PAIR, True)
)
STRUCTURE: Schema = Schema(
    "StructuredValue",
    Field(1, "none_value", NONE),
    Field(11, "float64_value", "double", presence=True),
    Field(12, "int64_value", "int", presence=True),
    Field(13, "string_value", "string", presence=True),
    Field(14, "bool_value", "bool", presence=True),
    Field(31, "tensor_shape_value", SHAPE),
    Field(32, "tensor_dtype_value", "int", presence=True),
    Field(33, "tensor_spec_value", SPEC),
    Field(34, "type_spec_value", TYPE_SPEC),
    Field(35, "bounded_tensor_spec_value", SPEC),
    Field(51, "list_value", LIST),
    Field(52, "tuple_value", LIST),
    Field(53, "dict_value", DICT),
    Field(54, "named_tuple_value", NAMED),
    Field(55, "tensor_value", TENSOR),
    Field(56, "numpy_value", TENSOR),
)

USER_OBJECT = Schema(
    "SavedUserObject",
    Field(1, "identifier", "string"),
    Field(2, "version", VERSION, later=True),
    Field(3, "metadata", "string"),
)
ASSET = Schema("SavedAsset", Field(1, "asset_file_def_index", "int"))
FUNCTION_SPEC = Schema(
    "FunctionSpec",
    Field(1, "fullargspec", STRUCTURE),
    Field(2, "is_method", "bool"),
    Field(5, "input_signature", STRUCTURE),
    Field(6, "jit_compile", "int"),
)
SAVED_FUNCTION = Schema(
    "SavedFunction",
    Field(1, "concrete_functions", "string", True),
    Field(2, "function_spec", FUNCTION_SPEC),
)
SAVED_VARIABLE = Schema(
    "SavedVariable",
    Field(1, "dtype", "int"),
    Field(2, "shape", SHAPE),
    Field(3, "trainable", "bool"),
    Field(4, "synchronization", "int"),
    Field(5, "aggregation", "int"),
    Field(6, "name", "string"),
    Field(7, "device", "string"),
)
BARE_FUNCTION = Schema(
    "SavedBareConcreteFunction",
    Field(1, "concrete_function_name", "string"),
    Field(2, "argument_keywords", "string", True),
    Field(3, "allowed_positional_arguments", "int"),
    Field(4, "function_spec", FUNCTION_SPEC, later=True),
)
CONSTANT = Schema("SavedConstant", Field(1, "operation", "string"))
RESOURCE = Schema("SavedResource", Field(1, "device", "string"))
CAPTURED = Schema(
    "CapturedTensor",
    Field(1, "name", "string"),
    Field(2, "concrete_function", "string"),
)
OBJECT = Schema(
    "SavedObject",
    Field(1, "children", REFERENCE, True),
    Field(3, "slot_variables", SLOT, True),
    Field(4, "user_object", USER_OBJECT),
    Field(5, "asset", ASSET),
    Field(6, "function", SAVED_FUNCTION),
    Field(7, "variable", SAVED_VARIABLE),
    Field(8, "bare_concrete_function", BARE_FUNCTION),
    Field(9, "constant", CONSTANT),
    Field(10, "resource", RESOURCE),
    Field(12, "captured_tensor", CAPTURED),
    Field(13, "registered_name", "string"),
)
CONCRETE = Schema(
    "SavedConcreteFunction",
    Field(2, "bound_inputs", "int", True),
    Field(3, "canonicalized_input_signature", STRUCTURE, later=True),
    Field(4, "output_signature", STRUCTURE, later=True),
)
CONCRETE_ENTRY = entries("ConcreteFunctions", CONCRETE)
OBJECTS = Schema(
    "SavedObjectGraph",
    Field(1, "nodes", OBJECT, True),
    Field(2, "concrete_functions", CONCRETE_ENTRY, True),
)

COO_SPARSE = Schema(
    "CooSparse",
    Field(1, "values_tensor_name", "string"),
    Field(2, "indices_tensor_name", "string"),
    Field(3, "dense_shape_tensor_name", "string"),
)
#: A tensor of a composite: a name, a type and a shape.
PART_INFO = Schema(
    "TensorInfo",
    Field(1, "name", "string"),
    Field(2, "dtype", "int"),
    Field(3, "tensor_shape", SHAPE),
)
COMPOSITE_INFO = Schema(
    "CompositeTensor",
    Field(1, "type_spec", TYPE_SPEC),
    Field(2, "components", PART_INFO, True),
)
TENSOR_INFO = Schema(
    "TensorInfo",
    Field(1, "name", "string"),
    Field(2, "dtype", "int"),
    Field(3, "tensor_shape", SHAPE),
    Field(4, "coo_sparse", COO_SPARSE),
    Field(5, "composite_tensor", COMPOSITE_INFO),
)
INFO_ENTRY = entries("TensorInfo", TENSOR_INFO)
SIGNATURE = Schema(
    "SignatureDef",
    Field(1, "inputs", INFO_ENTRY, True),
    Field(2, "outputs", INFO_ENTRY, True),
    Field(3, "method_name", "string"),
)
SIGNATURE_ENTRY = entries("Signature", SIGNATURE)
ASSET_FILE = Schema(
    "AssetFileDef", Field(1, "tensor_info", TENSOR_INFO), Field(2, "filename", "string")
)
NODE_LIST = Schema("NodeList", Field(1, "value", "string", True))
BYTES_LIST = Schema("BytesList", Field(1, "value", "bytes", True))
#: A message of another kind, here an `AssetFileDef`.
ANY = Schema("Any", Field(1, "type_url", "string"), Field(2, "value", ASSET_FILE))
ANY_LIST = Schema("AnyList", Field(1, "value", ANY, True))
COLLECTION = Schema(
    "CollectionDef",
    Field(1, "node_list", NODE_LIST),
    Field(2, "bytes_list", BYTES_LIST),
    Field(5, "any_list", ANY_LIST),
)
COLLECTION_ENTRY = entries("Collection", COLLECTION)
SAVER = Schema(
    "SaverDef",
    Field(1, "filename_tensor_name", "string"),
    Field(2, "save_tensor_name", "string"),
    Field(3, "restore_op_name", "string"),
    Field(4, "max_to_keep", "int"),
    Field(5, "sharded", "bool"),
    Field(6, "keep_checkpoint_every_n_hours", "float"),
    Field(7, "version", "int"),
)
META_INFO = Schema(
    "MetaInfoDef",
    Field(4, "tags", "string", True),
    Field(5, "tensorflow_version", "string"),
    Field(6, "tensorflow_git_version", "string"),
    Field(7, "stripped_default_attrs", "bool"),
    Field(8, "function_aliases", TEXT_ENTRY, True),
)
META_GRAPH = Schema(
    "MetaGraphDef",
    Field(1, "meta_info_def", META_INFO),
    Field(2, "graph_def", GRAPH),
    Field(3, "saver_def", SAVER),
    Field(4, "collection_def", COLLECTION_ENTRY, True),
    Field(5, "signature_def", SIGNATURE_ENTRY, True),
    Field(6, "asset_file_def", ASSET_FILE, True),
    Field(7, "object_graph_def", OBJECTS),
)
SAVED_MODEL = Schema(
    "SavedModel",
    Field(1, "saved_model_schema_version", "int"),
    Field(2, "meta_graphs", META_GRAPH, True),
)


def as_dict(entries: Iterable[Any]) -> dict[Any, Any]:
    """The entries of a map as a dictionary."""
    return {entry.key: entry.value for entry in entries}


def as_entries(schema: Schema, values: dict[Any, Any]) -> list[Record]:
    """A dictionary as the entries of a map, in the order of the keys."""
    return [Record(schema, key=key, value=values[key]) for key in sorted(values)]
