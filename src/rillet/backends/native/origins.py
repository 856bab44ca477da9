"""Which nodes of a graph a kernel computes: for people who read `explain`.

In flow a binding's graph and where its tensors lie in memory; out flow names of ops. A
kernel computes the node whose result it writes, and every node before it whose result
is never stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.backends.native.calls import KernelCall
from rillet.backends.native.nests import Nest
from rillet.graph.ir import (
    CONST,
    PLACEHOLDER,
    READ,
    Graph,
    Node,
    SymbolicTensor,
    inner_graphs,
)
from rillet.ops.lowering import Buffer

#: What the host is said to do where a batch is a part of a whole array.
BATCH = "batch"


def op_name(node: Node) -> str:
    """What a node is called for people."""
    if node.op is PLACEHOLDER:
        return BATCH
    host = node.attrs.get("host")
    return node.type if host is None else repr(host)


class Origins:
    """Knows the nodes of a graph and where their results lie.

    Args:
        graph: the graph that was lowered.
        outputs: the tensors wanted of it.
        places: the buffers of tensors, by the tensors' ids.
        given: for each output the buffer it is written to, or None.
        live: ids of the buffers that some call reads or writes; under an input's
            number that of its buffer.
    """

    def __init__(
        self,
        graph: Graph,
        outputs: list[SymbolicTensor],
        places: dict[int, Buffer],
        given: list[Buffer | None],
        live: dict[Any, int],
    ) -> None:
        self._places = {k: x for k, x in places.items() if id(x) in live}
        self._wholes = {
            id(x): live[number]
            for number, x in enumerate(graph.inputs)
            if number in live
        }
        self._inputs = {id(x.node) for x in graph.inputs}
        self._nodes: dict[str, list[Node]] = {}
        self._made: dict[int, Node] = {}
        for node in _all_nodes(graph):
            if node.op is PLACEHOLDER and id(node) not in self._inputs:
                continue
            self._nodes.setdefault(node.name, []).append(node)
            for y in node.outputs:
                buffer = self._places.get(id(y))
                if buffer is not None and buffer.role not in ("input", "variable"):
                    self._made.setdefault(id(buffer), node)
        self._ends: dict[int, SymbolicTensor] = {
            id(v._cell): tensor for v, tensor in graph.writes
        }
        self._given: dict[int, SymbolicTensor] = {}
        for tensor, buffer in zip(outputs, given, strict=True):
            if buffer is not None and id(buffer) not in self._made:
                self._given[id(buffer)] = tensor

    def fused(self, item: Nest | KernelCall) -> list[str]:
        """The ops that an item computes, those first that others use."""
        if isinstance(item, KernelCall):
            return [self._title(part) for part in item.label.split("+")]
        reads: set[Any] = {id(x) for x, _ in item.reads()}
        # memory that an op needs for itself bears the op's name
        reads |= {x.name for x, _ in item.reads() if x.role == "temp"}
        found: dict[int, Node] = {}
        ends: list[str] = []
        stored = [s.buffer for s in item.stores]
        for part in item.label.split("+"):
            # a branch may use a name of the graph around it
            nodes = self._nodes.get(part, ())
            if len(nodes) == 1 and nodes[0].op is not PLACEHOLDER:
                self._gather(nodes[0], reads, found)
        for buffer in stored:
            self._gather_end(buffer, reads, found, ends)
        names = [op_name(node) for node in found.values()]
        out = list(dict.fromkeys([*names, *ends]))
        return out or [self._title(part) for part in item.label.split("+")]

    def _gather_end(
        self, buffer: Buffer, reads: set[Any], found: dict[int, Node], ends: list[str]
    ) -> None:
        tensor = None
        if buffer.role == "variable":
            ends.append("Assign")
            tensor = self._ends.get(id(buffer.source._cell))
        elif buffer.role == "output":
            tensor = self._given.get(id(buffer))
        if tensor is not None:
            known = self._places.get(id(tensor))
            if known is None or known is buffer:
                self._gather(tensor.node, reads, found)
        elif id(buffer) in self._made:
            self._gather(self._made[id(buffer)], reads, found)

    def _gather(self, root: Node, reads: set[Any], found: dict[int, Node]) -> None:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                found.setdefault(id(node), node)
                continue
            if id(node) in found:
                continue
            stack.append((node, True))
            for x in reversed(node.tensors()):
                if self._inside(x, reads):
                    stack.append((x.node, False))

    def _inside(self, x: SymbolicTensor, reads: set[Any]) -> bool:
        """Whether a kernel that reads `reads` computes a tensor on its way."""
        if id(x) in self._places or x.known is not None:
            return False
        if x.node.op in (CONST, READ):
            return False
        if x.node.op is PLACEHOLDER and id(x.node) not in self._inputs:
            return False
        if x.node.name in reads:
            return True
        leaves = self._leaves(x)
        return bool(leaves) and leaves <= reads

    def _leaves(self, x: SymbolicTensor) -> set[int]:
        """The buffers that an element of a tensor comes from."""
        out: set[int] = set()
        seen: set[int] = set()
        stack: list[Any] = [x]
        while stack:
            tensor = stack.pop()
            if id(tensor) in seen:
                continue
            seen.add(id(tensor))
            buffer = self._places.get(id(tensor))
            if buffer is None and id(tensor) in self._wholes:
                out.add(self._wholes[id(tensor)])
            elif buffer is None:
                stack.extend([t for t in tensor.node.tensors() if t.known is None])
            elif buffer.role != "const":
                out.add(id(buffer))
        return out

    def _title(self, part: str) -> str:
        nodes = self._nodes.get(part)
        return op_name(nodes[0]) if nodes else part


def _all_nodes(graph: Graph) -> Iterator[Node]:
    for node in graph.nodes:
        yield node
        for inner in inner_graphs(node):
            yield from _all_nodes(inner)


def origins(binding: Any) -> Origins:
    """The origins of a binding's items."""
    live: dict[Any, int] = {}
    for segment in binding.schedule.segments:
        for wave in segment.waves:
            for chain in wave:
                for call in chain.calls:
                    for x in call.buffers():
                        live[x.source if x.role == "input" else id(x)] = id(x)
                        live[id(x)] = id(x)
        for item in segment.host:
            live.update({id(x): id(x) for x in item.outputs})
    lowered = binding.lowered
    given = [x[0] if isinstance(x, tuple) else None for x in lowered.outputs]
    return Origins(
        binding.graph, list(binding.graph.outputs), lowered.places, given, live
    )
