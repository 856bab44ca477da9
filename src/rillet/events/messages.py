"""The messages of event files, as tables of their fields.

`files` and `writing` fill them in, `checkpoint.wire` makes bytes of them. Numbers and
names are those of TensorFlow's files.
"""

from __future__ import annotations

from rillet.checkpoint.graph_messages import GRAPH, TENSOR
from rillet.checkpoint.wire import Field, Record, Schema

PLUGIN = Schema(
    "PluginData", Field(1, "plugin_name", "string"), Field(2, "content", "bytes")
)
METADATA = Schema(
    "SummaryMetadata",
    Field(1, "plugin_data", PLUGIN),
    Field(2, "display_name", "string"),
    Field(3, "summary_description", "string"),
    Field(4, "data_class", "int"),
)
VALUE = Schema(
    "Value",
    Field(1, "tag", "string"),
    Field(2, "simple_value", "float", presence=True),
    Field(7, "node_name", "string"),
    Field(8, "tensor", TENSOR),
    Field(9, "metadata", METADATA),
)
SUMMARY = Schema("Summary", Field(1, "value", VALUE, True))
SOURCE = Schema("SourceMetadata", Field(1, "writer", "string"))
EVENT = Schema(
    "Event",
    Field(1, "wall_time", "double"),
    Field(2, "step", "int"),
    Field(3, "file_version", "string"),
    Field(4, "graph_def", "bytes", presence=True),
    Field(5, "summary", SUMMARY),
    Field(10, "source_metadata", SOURCE),
)

FUNCTION_GRAPHS = Schema(
    "FunctionGraphs",
    Field(1, "partition_graphs", GRAPH, True),
    Field(2, "pre_optimization_graph", GRAPH),
    Field(3, "post_optimization_graph", GRAPH),
)
RUN_METADATA = Schema(
    "RunMetadata",
    Field(3, "partition_graphs", GRAPH, True),
    Field(4, "function_graphs", FUNCTION_GRAPHS, True),
)


def plugin(name: str, content: bytes = b"", description: str | None = None) -> Record:
    """The metadata of a value that one of TensorBoard's plugins shows."""
    found = Record(METADATA, plugin_data=Record(PLUGIN, plugin_name=name))
    if content:
        found.plugin_data.content = content
    if description:
        found.summary_description = description
    return found
