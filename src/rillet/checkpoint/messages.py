"""The protocol-buffer messages that checkpoints hold, as tables of their fields.

`bundle` reads and writes the header and the entries, `saver` the object graph. Numbers
and names are those of TensorFlow's files.
"""

from __future__ import annotations

from rillet.checkpoint.wire import Field, Schema

VERSION = Schema(
    "VersionDef", Field(1, "producer", "int"), Field(2, "min_consumer", "int")
)
HEADER = Schema(
    "BundleHeaderProto",
    Field(1, "num_shards", "int"),
    Field(2, "endianness", "int"),
    Field(3, "version", VERSION),
)
DIM = Schema("Dim", Field(1, "size", "int"), Field(2, "name", "string"))
SHAPE = Schema(
    "TensorShapeProto", Field(2, "dim", DIM, True), Field(3, "unknown_rank", "bool")
)
EXTENT = Schema("Extent", Field(1, "start", "int"), Field(2, "length", "int"))
SLICE = Schema("TensorSliceProto", Field(1, "extent", EXTENT, True))
ENTRY = Schema(
    "BundleEntryProto",
    Field(1, "dtype", "int"),
    Field(2, "shape", SHAPE),
    Field(3, "shard_id", "int"),
    Field(4, "offset", "int"),
    Field(5, "size", "int"),
    Field(6, "crc32c", "fixed32"),
    Field(7, "slices", SLICE, True),
)

REFERENCE = Schema(
    "ObjectReference", Field(1, "node_id", "int"), Field(2, "local_name", "string")
)
ATTRIBUTE = Schema(
    "SerializedTensor",
    Field(1, "name", "string"),
    Field(2, "full_name", "string"),
    Field(3, "checkpoint_key", "string"),
)
SLOT = Schema(
    "SlotVariableReference",
    Field(1, "original_variable_node_id", "int"),
    Field(2, "slot_name", "string"),
    Field(3, "slot_variable_node_id", "int"),
)
REGISTERED_SAVER = Schema(
    "RegisteredSaver", Field(1, "name", "string"), Field(2, "object_name", "string")
)
BOOL_VALUE = Schema("BoolValue", Field(1, "value", "bool"))
OBJECT = Schema(
    "TrackableObject",
    Field(1, "children", REFERENCE, True),
    Field(2, "attributes", ATTRIBUTE, True),
    Field(3, "slot_variables", SLOT, True),
    Field(4, "registered_saver", REGISTERED_SAVER),
    Field(5, "has_checkpoint_values", BOOL_VALUE, later=True),
)
OBJECT_GRAPH = Schema("TrackableObjectGraph", Field(1, "nodes", OBJECT, True))
