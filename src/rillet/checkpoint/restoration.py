"""Files to objects: saved values put in place by the names that lead to them.

A reader and a root flow in. The file's graph and the objects are walked side by side;
values of objects that are there are put in place at once, the rest when the objects
come (`waiting`). `status` tells what was found; `checkpoint` and Keras call it.
"""

from __future__ import annotations

import contextlib
import sys
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from rillet.checkpoint import messages
from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.children import (
    Attribute,
    attributes_of,
    children_of,
    is_trackable,
)
from rillet.checkpoint.graph import GRAPH_KEY, PARTS, children_at, walk
from rillet.checkpoint.waiting import waiting
from rillet.checkpoint.watched import watched
from rillet.checkpoint.wire import Record, decode
from rillet.core.errors import DataLossError, house_message
from rillet.core.logger import get_logger
from rillet.core.scopes import init_scope

Holder = Callable[[], Any]


def graph_in(reader: BundleReader) -> Record | None:
    """The object graph that a checkpoint holds; None in those of TensorFlow 1."""
    if GRAPH_KEY not in reader:
        return None
    graph = decode(messages.OBJECT_GRAPH, reader.read(GRAPH_KEY).item())
    count = len(graph.nodes)
    if not count:
        raise DataLossError(
            house_message("checkpoint", "the object graph is empty", reader.prefix)
        )
    for node in graph.nodes:
        pairs = [c.node_id for c in node.children]
        pairs += [s.slot_variable_node_id for s in node.slot_variables]
        pairs += [s.original_variable_node_id for s in node.slot_variables]
        if any(not 0 <= number < count for number in pairs):
            raise DataLossError(
                house_message(
                    "checkpoint",
                    "the object graph names an object that it does not hold",
                    reader.prefix,
                )
            )
    return graph


def _holder(item: Any) -> Holder:
    """What gives an object as long as it lives; containers are held on to."""
    try:
        return weakref.ref(item)
    except TypeError:
        return lambda: item


class Restoration:
    """One restoring, from its first walk until nothing is left to wait for.

    Args:
        reader: the checkpoint.
        graph: its object graph.
        root: the object that the graph's first node is.
        attached: further parts of the root, by name.
    """

    def __init__(
        self,
        reader: BundleReader,
        graph: Record,
        root: Any,
        attached: Mapping[str, Any],
    ) -> None:
        self.reader = reader
        self.graph = graph
        self.quiet = False
        #: The objects found, by the numbers of their nodes.
        self.found: dict[int, Holder] = {}
        #: Attributes in the file that an object there did not take.
        self.unused: dict[int, list[str]] = {}
        self._root = _holder(root)
        self._attached = {name: _holder(item) for name, item in attached.items()}
        self._lacking: dict[int, dict[str, int]] = {}
        self._slots: dict[int, list[Record]] = {}
        with init_scope():
            self._fill(self._bind(0, root))
            self.advance()
        if self._lacking or self._slots:
            self._wait(root)
        else:
            reader.close()

    def _wait(self, root: Any) -> None:
        # A later restoring of the same object takes this one's place.
        waiting[:] = [r for r in waiting if r._root() is not root and r._alive()]
        waiting.append(self)

    def _alive(self) -> bool:
        return any(
            holder() is not None
            for number, holder in self.found.items()
            if isinstance(holder, weakref.ref)
            and (number in self._lacking or number in self._slots or not number)
        )

    def _children(self, item: Any) -> dict[str, Any]:
        attached = {n: held() for n, held in self._attached.items()}
        kept = {n: v for n, v in attached.items() if v is not None}
        return children_at(self._root(), item, kept)

    def advance(self) -> None:
        """Look again for what was lacking, and put the values of what came in place."""
        if not (self._lacking or self._slots):
            return
        with init_scope():
            ready: list[tuple[Attribute, str]] = []
            for number in list(self._lacking):
                item = self.found[number]()
                if item is None:
                    del self._lacking[number]
                    continue
                ready += self._look(number, item)
            ready += self._look_for_slots()
            self._fill(ready)
        if not (self._lacking or self._slots):
            self.reader.close()
            if self in waiting:
                waiting.remove(self)

    def _look(self, number: int, item: Any) -> list[tuple[Attribute, str]]:
        """Bind those parts of an object that are there now."""
        lacking = self._lacking[number]
        ready: list[tuple[Attribute, str]] = []
        parts = self._children(item)
        for name in [n for n in lacking if n in parts]:
            child, part = lacking.pop(name), parts[name]
            if self._grows(child, part):
                part = watched(item, name, part)
            ready += self._bind(child, part)
        if not lacking:
            self._lacking.pop(number, None)
        return ready

    def _bind(self, number: int, item: Any) -> list[tuple[Attribute, str]]:
        """Say which object a node is, and those below; return what is to be read."""
        ready: list[tuple[Attribute, str]] = []
        line = [(number, item)]
        while line:
            number, item = line.pop()
            held = self.found.get(number)
            if held is not None and held() is not None:
                if held() is not item and not isinstance(item, list | tuple | dict):
                    self._differ(number, held(), item)
                continue
            self.found[number] = _holder(item)
            node = self.graph.nodes[number]
            ready += self._attributes(number, node, item)
            if node.children:
                parts = self._children(item)
                lacking = {}
                for child in node.children:
                    part = parts.get(child.local_name)
                    if part is None or not is_trackable(part):
                        if self._matters(child.node_id):
                            lacking[child.local_name] = child.node_id
                    else:
                        if self._grows(child.node_id, part):
                            part = watched(item, child.local_name, part)
                        line.append((child.node_id, part))
                if lacking:
                    self._lacking[number] = lacking
            if node.slot_variables:
                self._slots[number] = list(node.slot_variables)
        return ready

    def _matters(self, number: int) -> bool:
        """Whether the file has values for a node or what is below it."""
        node = self.graph.nodes[number]
        said = node.has("has_checkpoint_values")
        return not said or node.has_checkpoint_values.value

    def _grows(self, number: int, part: Any) -> bool:
        """Whether the file has more in a list or dictionary than is there."""
        if not isinstance(part, list | dict):
            return False
        return len(self.graph.nodes[number].children) > len(children_of(part))

    def _differ(self, number: int, one: Any, other: Any) -> None:
        get_logger().warning(
            "Inconsistent references when loading the checkpoint into this object"
            " graph. For example, in the saved checkpoint object, a part and another"
            " one are the same object, and here they are two: %r and %r",
            one,
            other,
        )

    def _attributes(
        self, number: int, node: Record, item: Any
    ) -> list[tuple[Attribute, str]]:
        saved = {a.name: a.checkpoint_key for a in node.attributes}
        if not saved:
            return []
        ready, taken = [], set()
        for attribute in attributes_of(item):
            name, _, part = attribute.name.rpartition("-")
            if attribute.name in saved:
                taken.add(attribute.name)
                ready.append((attribute, saved[attribute.name]))
            elif part in PARTS and name in saved:
                taken.add(name)
                ready.append((attribute, f"{saved[name]}-{part}"))
        saved = {name: key for name, key in saved.items() if name not in taken}
        if saved:
            self.unused[number] = list(saved)
        return ready

    def _look_for_slots(self) -> list[tuple[Attribute, str]]:
        """Bind the slots of optimizers whose variables were found."""
        ready: list[tuple[Attribute, str]] = []
        for number, slots in list(self._slots.items()):
            optimizer = self.found[number]()
            tell = getattr(optimizer, "_checkpoint_slots", None)
            if tell is None:
                del self._slots[number]
                continue
            there = {(id(v), name): slot for v, name, slot in tell()}
            left = []
            for record in slots:
                held = self.found.get(record.original_variable_node_id)
                variable = None if held is None else held()
                slot = there.get((id(variable), record.slot_name))
                if variable is None or slot is None:
                    left.append(record)
                else:
                    ready += self._bind(record.slot_variable_node_id, slot)
            if left:
                self._slots[number] = left
            else:
                del self._slots[number]
        return ready

    def _fill(self, ready: list[tuple[Attribute, str]]) -> None:
        """Read values and put them in place; nothing is changed where one does not fit.

        Raises:
            ValueError: where a shape differs.
            InvalidArgumentError: where a type does.
        """
        reader = self.reader
        for attribute, key in ready:
            if attribute.variable is not None or type(attribute) is not Attribute:
                attribute.check(key, reader.shape(key), reader.dtype(key))
        for attribute, key in ready:
            attribute.write(self.reader.read(key))

    def object_at(self, number: int) -> Any:
        """The object that a node is, or None where none was found."""
        held = self.found.get(number)
        return None if held is None else held()

    def left(self) -> list[tuple[str, str]]:
        """Values in the file that nothing took: the way there, and the attribute."""
        paths = self.paths()
        found = []
        for number, node in enumerate(self.graph.nodes):
            if number not in self.found:
                names = [a.name for a in node.attributes]
            else:
                names = self.unused.get(number, [])
            found += [(paths.get(number, "(root)"), name) for name in names]
        return found

    def paths(self) -> dict[int, str]:
        """The way to each node, as people write it."""
        paths = {0: "(root)"}
        line = [0]
        for number in line:
            for child in self.graph.nodes[number].children:
                if child.node_id not in paths:
                    paths[child.node_id] = f"{paths[number]}.{child.local_name}"
                    line.append(child.node_id)
        return paths

    def objects_now(self) -> list[Any]:
        """All objects below the root as it is now; none where it is gone."""
        root = self._root()
        if root is None:
            return []
        attached = {n: held() for n, held in self._attached.items()}
        return [node.item for node in walk(root, attached)]

    def __del__(self) -> None:
        if self.quiet or sys.is_finalizing() or "_slots" not in self.__dict__:
            return
        with contextlib.suppress(Exception):
            self._tell_left()

    def _tell_left(self) -> None:
        lines = [
            f"Value in checkpoint could not be found in the restored object: {path}"
            for path, _ in self.left()
            if path != "(root).save_counter"
        ]
        if lines:
            head = (
                "Detecting that an object or model or tf.train.Checkpoint is being"
                " deleted with unrestored values. See the following logs for the"
                " specific values in question. To silence these warnings, use"
                " `status.expect_partial()`."
            )
            for line in (head, *lines):
                get_logger().warning(line)
