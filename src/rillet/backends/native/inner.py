"""Graphs inside graphs, as `lower` walks them: the part of `Lowering` that they need.

In flow a branch's or a body's graph and values for its inputs; out flow values of its
outputs, and items in a list of their own. `control` and `lists` call this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rillet.backends.native.list_specs import OnHost, last_uses
from rillet.backends.native.nests import Nest, elementwise_nest
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Index
from rillet.ops.lowering import Buffer, Lazy


class Made(Protocol):
    """What the walk fills."""

    items: list[Any]
    streams: list[Any]
    slots: int


class InnerGraphs:
    """What a lowering knows of the graphs inside its graph.

    Attributes:
        inside: how many branches and loops are around what is lowered now.
        keeps: whether loops keep the tensor lists of every round.
        around: for each of these how often it runs, and what makes the buffer that
            holds the number of the round; None where that is not known.
        onto: by the id of a node, memory of a loop that it may add to.
        last: for tensor lists, by id, the last node of the present graph to read them.
    """

    inside: int = 0
    keeps: bool = False
    around: list[tuple[int | None, Callable[[], Buffer] | None]]
    _present: Node | None
    onto: dict[int, Lazy]
    last: dict[int, Node]
    made: Made
    _graph: Graph
    _values: dict[int, Any]
    _uses: dict[int, int]
    _label: str
    _turns: dict[int, int] | None
    _turned: dict[int, tuple[Lazy, Lazy]]
    _node: Callable[[Node], None]
    _const: Callable[[Node], Any]
    _copied: Callable[[Lazy], Lazy]

    def value(self, x: SymbolicTensor) -> Any:
        """What a tensor is."""
        return self._values[id(x)]

    def set_value(self, x: SymbolicTensor, value: Any) -> None:
        """Say what a tensor is."""
        self._values[id(x)] = value

    def used(self, x: SymbolicTensor) -> bool:
        """Whether anything reads a tensor."""
        return self._uses.get(id(x), 0) > 0

    def copied(self, x: Lazy) -> Lazy:
        """The same tensor in memory of its own."""
        return self._copied(x)

    def write(self, buffer: Buffer, at: Callable[[tuple[Index, ...]], Expr]) -> None:
        """Write a whole buffer."""
        self.made.items.append(elementwise_nest(buffer, at, self._label))

    def mark(self) -> tuple[int, int, int]:
        """Where the lowering stands, for `back`."""
        return len(self.made.items), len(self.made.streams), self.made.slots

    def back(self, mark: tuple[int, int, int]) -> None:
        """Forget what was begun; tensors computed meanwhile stay in memory."""
        items, streams, self.made.slots = mark
        del self.made.streams[streams:]
        self.made.items[items:] = [
            x for x in self.made.items[items:] if not _begins_state(x)
        ]

    def drawing(self) -> tuple[Expr, int]:
        """Which draw of a random stream this is, and how many there are in a run.

        Raises:
            OnHost: only the run knows how many.
        """
        number, times = b.step(), 1
        for rounds, at in self.around:
            if rounds is None or at is None:
                if self._seeded():
                    raise OnHost("it draws random numbers, who knows how often")
                continue
            times *= rounds
            number = number * b.number(rounds) + b.load(at(), Index({}))
        return number, times

    def _seeded(self) -> bool:
        """Whether the present node's random numbers can be told from others."""
        node = self._present
        return node is None or any(node.attrs.get(k) for k in ("seed", "seed2"))

    @contextmanager
    def collecting(
        self, rounds: int | None = None, at: Callable[[], Buffer] | None = None
    ) -> Iterator[list[Any]]:
        """A list of items of their own.

        Args:
            rounds: how often they run, where it is known.
            at: makes the buffer that holds the number of the round.
        """
        items: list[Any] = []
        self.around = [*self.around, (rounds, at)]
        kept = (self.made.items, self._turned, self._graph, self._turns, self.last)
        self.made.items, self._turned = items, {}
        self.inside += 1
        label = self._label
        try:
            yield items
        finally:
            self.made.items, self._turned, self._graph, self._turns, self.last = kept
            self._label = label
            self.inside -= 1
            self.around = self.around[:-1]

    def inner(
        self, graph: Graph, values: Sequence[Any], outputs: list[SymbolicTensor]
    ) -> list[Any]:
        """Lower a graph into the items being collected.

        Args:
            graph: the graph.
            values: what its inputs are.
            outputs: the tensors of it that are wanted.

        Returns:
            What those are.

        Raises:
            OnHost: part of it can only run on the host.
        """
        nodes = live_nodes(graph, outputs)
        uses: dict[int, int] = {}
        for tensor in [*outputs, *[x for n in nodes for x in n.tensors()]]:
            uses[id(tensor)] = uses.get(id(tensor), 0) + 1
        self._uses.update(uses)
        self._graph, self._turns = graph, None
        self.last = last_uses(nodes, outputs)
        for x, value in zip(graph.inputs, values, strict=True):
            self._values[id(x)] = value
        for node in nodes:
            self._label = node.name
            if node.op is PLACEHOLDER:
                continue
            if node.op is CONST:
                self.set_value(node.outputs[0], self._const(node))
            elif node.op is READ:
                raise OnHost("it reads a variable anew")
            else:
                last, turns = self.last, self._turns
                self._node(node)
                self.last, self._graph, self._turns = last, graph, turns
        return [self.value(y) for y in outputs]


def _begins_state(item: Any) -> bool:
    """Whether an item does nothing but begin what a loop or branch would have held."""
    return isinstance(item, Nest) and all(s.buffer.role == "state" for s in item.stores)
