"""Objects to files: the values below a root, and the graph that says whose they are.

`checkpoint` and Keras's `save_weights` call it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rillet.checkpoint.bundle import write_bundle
from rillet.checkpoint.graph import GRAPH_KEY, Node, message_of, walk
from rillet.checkpoint.wire import encode


def values_of(nodes: list[Node]) -> dict[str, Any]:
    """The values of all objects by their names in a file, the graph among them."""
    found: dict[str, Any] = {}
    for node in nodes:
        for attribute in node.attributes:
            found[node.keys[attribute.name]] = attribute.read()
    graph = np.empty((), object)
    message = message_of(nodes)
    graph[()] = encode(message.schema, message)
    found[GRAPH_KEY] = graph
    return found


def save(
    prefix: str,
    root: Any,
    attached: Mapping[str, Any] | None = None,
    save_type: str = "checkpoint",
) -> None:
    """Write the values below a root as a checkpoint.

    Args:
        prefix: the path that the files' names begin with.
        root: the object.
        attached: further parts of it, by name.
        save_type: ``"savedmodel"`` for the variables of a SavedModel.
    """
    write_bundle(prefix, values_of(walk(root, attached or {}, save_type)))
