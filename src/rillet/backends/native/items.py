"""What `lower` makes of a graph: items in an order that works.

In flow what a walk finds; `lower` fills a `Lowered`, `schedule` and `compiled` read it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.nests import Nest
from rillet.graph.ir import Node
from rillet.ops.lowering import Buffer


class Slot:
    """A value that only the host holds: a string, or an array of unknown sizes."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class HostItem:
    """A node whose kernel Python runs.

    Attributes:
        node: the node.
        inputs: for each of its tensors a buffer with its shape, or a slot.
        outputs: a buffer of role "host", or a slot, for each output; a slot where
            nothing uses it.
        used: for each output whether anything does.
        why: why it is here, in words.
    """

    __slots__ = ("inputs", "node", "outputs", "used", "why")

    def __init__(
        self,
        node: Node,
        inputs: list[Any],
        outputs: list[Any],
        why: str,
        used: list[bool] | None = None,
    ) -> None:
        self.node = node
        self.inputs = inputs
        self.outputs = outputs
        self.used = [True] * len(outputs) if used is None else used
        self.why = why


#: What a program consists of.
Item = Nest | KernelCall | HostItem | LoopItem | BranchItem


class Batches(NamedTuple):
    """Inputs that are rows of whole arrays, another batch of them each step.

    Attributes:
        inputs: the numbers of those inputs.
        size: rows of a batch.
        by_rows: whether a vector of row numbers says which; else they follow each
            other.
        joined: for each output whether all steps' rows are wanted, one after the other.
    """

    inputs: frozenset[int]
    size: int
    by_rows: bool
    joined: tuple[bool, ...]


class Lowered:
    """A graph as items.

    Attributes:
        items: in an order that works.
        outputs: for each tensor asked for a buffer with its shape, or a slot.
        writes: variables whose buffers the items write.
        host_writes: variables that get the value of a slot or buffer at the end.
        streams: random streams: buffer, instance, blocks a round, rounds a run.
        slots: how many slots there are.
        places: for tensors that lie in memory, by id, their buffers.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.outputs: list[Any] = []
        self.writes: list[Any] = []
        self.host_writes: list[tuple[Any, Any]] = []
        self.streams: list[tuple[Buffer, Any, int, int]] = []
        self.slots = 0
        self.places: dict[int, Buffer] = {}
