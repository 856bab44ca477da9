"""The object graph: numbers for all objects below a root, and names for their values.

A root flows in, with what is attached to it; out flow nodes in the order of a walk
breadth first, each with the path that reaches it first. `saver` writes it, and
SavedModel will.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rillet.checkpoint import messages
from rillet.checkpoint.children import VALUE, Attribute, attributes_of, children_of
from rillet.checkpoint.wire import Record

#: Where the graph itself stands in a file.
GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_ATTRIBUTES = "/.ATTRIBUTES/"
_SLOTS = "/.OPTIMIZER_SLOT/"
#: The arrays that a table saves: graphs of objects name both by what stands before.
PARTS = ("keys", "values")


def escaped(name: str) -> str:
    """A part's name as it stands in a path."""
    return name.replace(".", "..").replace("/", ".S")


class Node:
    """An object in the graph.

    Attributes:
        item: the object.
        number: its place.
        path: the way there, as it begins the names of its values.
        children: pairs of names and numbers.
    """

    __slots__ = ("item", "number", "path", "children", "attributes", "slots", "keys")

    def __init__(self, item: Any, number: int, path: str) -> None:
        self.item = item
        self.number = number
        self.path = path
        self.children: list[tuple[str, int]] = []
        self.attributes: list[Attribute] = attributes_of(item)
        self.keys: dict[str, str] = {}
        self.slots: list[tuple[int, str, int]] = []


def children_at(
    root: Any, item: Any, attached: Mapping[str, Any], save_type: str = "checkpoint"
) -> dict[str, Any]:
    """The parts of an object, with what is attached where it is the root."""
    found = children_of(item, save_type)
    return {**found, **attached} if item is root else found


def walk(
    root: Any, attached: Mapping[str, Any], save_type: str = "checkpoint"
) -> list[Node]:
    """All objects below a root.

    Args:
        root: the object to begin with.
        attached: further parts of the root, by name.
        save_type: as of `children_of`.
    """
    nodes = [Node(root, 0, "")]
    numbers = {id(root): 0}
    for node in nodes:
        for name, item in children_at(root, node.item, attached, save_type).items():
            number = numbers.get(id(item))
            if number is None:
                number = numbers[id(item)] = len(nodes)
                path = f"{node.path}/{escaped(name)}" if node.path else escaped(name)
                nodes.append(Node(item, number, path))
            node.children.append((name, number))
    for node in list(nodes):
        _add_slots(node, nodes, numbers)
    for node in nodes:
        for attribute in node.attributes:
            node.keys.setdefault(
                attribute.name, f"{node.path}{_ATTRIBUTES}{escaped(attribute.name)}"
            )
    return nodes


def _add_slots(node: Node, nodes: list[Node], numbers: dict[int, int]) -> None:
    """The slots of an optimizer whose slots stand under the variables they are of."""
    tell = getattr(node.item, "_checkpoint_slots", None)
    if tell is None:
        return
    for variable, name, slot in tell():
        original = numbers.get(id(variable))
        if original is None:
            continue
        number = numbers.get(id(slot))
        if number is None:
            number = numbers[id(slot)] = len(nodes)
            above = f"{nodes[original].path}{_SLOTS}{node.path}/{escaped(name)}"
            nodes.append(Node(slot, number, above))
        node.slots.append((original, name, number))


def message_of(nodes: list[Node]) -> Record:
    """The graph as a message."""
    saves = _saving(nodes)
    return Record(
        messages.OBJECT_GRAPH,
        nodes=[_object(node, saves[node.number]) for node in nodes],
    )


def _object(node: Node, saves: bool) -> Record:
    record = Record(messages.OBJECT)
    record.children = [
        Record(messages.REFERENCE, node_id=number, local_name=name)
        for name, number in node.children
    ]
    record.attributes = _attributes(node)
    record.slot_variables = [
        Record(
            messages.SLOT,
            original_variable_node_id=original,
            slot_name=name,
            slot_variable_node_id=number,
        )
        for original, name, number in node.slots
    ]
    record.has_checkpoint_values = Record(messages.BOOL_VALUE, value=saves)
    return record


def _attributes(node: Node) -> list[Record]:
    """What an object saves itself; a table's two arrays bear one name there."""
    found: dict[str, Record] = {}
    for attribute in node.attributes:
        name, key = attribute.name, node.keys[attribute.name]
        whole, _, part = name.rpartition("-")
        if part in PARTS:
            name, key = whole, key.removesuffix(f"-{part}")
        found[name] = Record(
            messages.ATTRIBUTE,
            name=name,
            full_name=attribute.full_name,
            checkpoint_key=key,
        )
    return list(found.values())


def _saving(nodes: list[Node]) -> list[bool]:
    """Whether each object or anything below it has values."""
    found = [bool(node.attributes or node.slots) for node in nodes]
    above: list[list[int]] = [[] for _ in nodes]
    for node in nodes:
        for _, number in node.children:
            above[number].append(node.number)
    line = [i for i, saves in enumerate(found) if saves]
    while line:
        for number in above[line.pop()]:
            if not found[number]:
                found[number] = True
                line.append(number)
    return found


__all__ = ["GRAPH_KEY", "VALUE", "Node", "children_at", "escaped", "message_of", "walk"]
