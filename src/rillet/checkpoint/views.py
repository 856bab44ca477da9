"""Object graphs to look at: of a saved checkpoint, and of an object as it is.

A prefix or an object flows in; numbers of nodes, names and objects flow out. `tf.train`
shows both classes. Nothing is read from a file but its graph.
"""

from __future__ import annotations

import os
from typing import Any

from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.children import children_of, is_trackable
from rillet.checkpoint.restoration import graph_in
from rillet.core.errors import NotFoundError, house_message


def _checked(owner: str, value: Any) -> None:
    if not is_trackable(value):
        raise ValueError(
            house_message(
                owner,
                f"Expected a Trackable, got {value!r} of type {type(value)}",
                fix="Give a module, a model, a variable or a tf.train.Checkpoint",
            )
        )


class TrackableView:
    """An object and all that it holds, as a checkpoint of it would, `tf.train`.

    Args:
        root: the object.

    Raises:
        ValueError: where a checkpoint cannot follow it.

    Example:
        >>> import rillet as tf
        >>> root = tf.train.Checkpoint(step=tf.Variable(1))
        >>> sorted(tf.train.TrackableView.children(root))
        ['step']
        >>> len(tf.train.TrackableView(root).descendants())
        2
    """

    def __init__(self, root: Any) -> None:
        _checked("TrackableView", root)
        self._root = root

    @property
    def root(self) -> Any:
        """The object."""
        return self._root

    @classmethod
    def children(
        cls, obj: Any, save_type: Any = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        """The parts of an object, by name.

        Args:
            obj: the object.
            save_type: ``"checkpoint"`` or ``"savedmodel"``.
            **kwargs: accepted.

        Raises:
            ValueError: where a checkpoint cannot follow it.
        """
        _checked("TrackableView.children", obj)
        return children_of(obj, getattr(save_type, "value", save_type))

    def descendants(self) -> list[Any]:
        """The object and all below it, each once, the nearest first."""
        found, seen = [self._root], {id(self._root)}
        for item in found:
            for part in children_of(item).values():
                if id(part) not in seen:
                    seen.add(id(part))
                    found.append(part)
        return found


class CheckpointView:
    """The objects that a checkpoint holds, by number, `tf.train.CheckpointView`.

    Args:
        save_path: what `Checkpoint.save` or `write` gave.

    Raises:
        NotFoundError: where there is no checkpoint.
        ValueError: where it holds variables without a graph of objects.

    Example:
        >>> import tempfile
        >>> import rillet as tf
        >>> root = tf.train.Checkpoint(step=tf.Variable(1))
        >>> view = tf.train.CheckpointView(root.write(tempfile.mkdtemp() + "/one"))
        >>> view.children(0), view.descendants()
        ({'step': 1}, [0, 1])
        >>> view.diff(root)[1:]
        ([], [])
    """

    def __init__(self, save_path: Any) -> None:
        path = os.fsdecode(save_path)
        if not os.path.exists(f"{path}.index"):
            raise NotFoundError(
                house_message(
                    "CheckpointView", f"Failed to find any matching files for {path}"
                )
            )
        reader = BundleReader(path)
        try:
            graph = graph_in(reader)
        finally:
            reader.close()
        if graph is None:
            raise ValueError(
                house_message(
                    "CheckpointView",
                    "the checkpoint holds variables by name alone, no graph of objects",
                    path,
                    "Look at it with tf.train.list_variables",
                )
            )
        self._children: list[dict[str, int]] = [
            {child.local_name: child.node_id for child in node.children}
            for node in graph.nodes
        ]

    def children(self, node_id: int) -> dict[str, int]:
        """The numbers of a node's parts, by name.

        Args:
            node_id: the node's number; 0 is the object that was saved.

        Raises:
            IndexError: where there is no such node.
        """
        return dict(self._children[node_id])

    def descendants(self) -> list[int]:
        """The numbers of all nodes below the first, and that one, the nearest first."""
        found, seen = [0], {0}
        for number in found:
            for child in self._children[number].values():
                if child not in seen:
                    seen.add(child)
                    found.append(child)
        return found

    def match(self, obj: Any) -> dict[int, Any]:
        """Which objects the checkpoint's nodes would be restored to.

        Args:
            obj: what the first node would be.

        Returns:
            Objects by the numbers of nodes; nodes without one are left out.

        Raises:
            ValueError: where a checkpoint cannot follow the object.
        """
        _checked("CheckpointView.match", obj)
        found: dict[int, Any] = {0: obj}
        line = [0]
        for number in line:
            parts = children_of(found[number])
            for name, child in self._children[number].items():
                if name in parts and child not in found:
                    found[child] = parts[name]
                    line.append(child)
        return found

    def diff(self, obj: Any) -> tuple[dict[int, Any], list[int], list[Any]]:
        """What the checkpoint and an object have in common, and what one of them has.

        Args:
            obj: what the first node would be.

        Returns:
            What `match` gives, the numbers of the other nodes, and the objects that no
            node would be restored to.

        Raises:
            ValueError: where a checkpoint cannot follow the object.
        """
        found = self.match(obj)
        nodes = [number for number in self.descendants() if number not in found]
        known = {id(item) for item in found.values()}
        items = TrackableView(obj).descendants()
        return found, nodes, [item for item in items if id(item) not in known]
