"""A graph of known sizes as items: nests, calls of kernels, and what the host does.

In flow a static `Graph`; every node's `lower` says what its elements are. Out flow
items in an order that works, each with the buffers it reads and writes. What is used
once is computed where it is used; what is used more often is computed once, in memory.
`schedule` takes it from here.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

import rillet.ops.scalar_math  # noqa: F401  signs functions in
from rillet.backends.native import computed, control, host, lists
from rillet.backends.native.inner import InnerGraphs
from rillet.backends.native.items import Batches, HostItem, Lowered, Slot
from rillet.backends.native.list_specs import ListSpec, Lost, OnHost, last_uses
from rillet.backends.native.lists import ListValue
from rillet.backends.native.nests import Nest, Store, elementwise_nest, walk
from rillet.backends.native.offers import CHEAP, Offers, cost
from rillet.core.dtypes import variant
from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, PLACEHOLDER, READ, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.ops.expressions import HALVES, TYPES, Expr, b
from rillet.ops.indices import Index, Var, flat, index_of
from rillet.ops.lowering import Buffer, Lazy
from rillet.ops.registry import Op
from rillet.ops.scalar_formats import assume_fused

#: Expressions with more parts than this are computed into memory.
_LARGEST: Final = 250
#: After so many nodes in a row that memory does not part, a value is computed into
#: memory: each asks the one before it, and Python calls only so deep.
_LONGEST: Final = 64


class Lowering(Offers, InnerGraphs):
    """Walks a graph; what `lower` functions are given as `ctx`."""

    def __init__(
        self,
        graph: Graph,
        outputs: list[SymbolicTensor],
        batches: Batches | None = None,
        lists: bool = True,
        keeps: bool = False,
    ) -> None:
        self._lists = lists
        self.around = []
        self.keeps = keeps
        assume_fused(host.fuses())
        self._graph = graph
        self._batches = batches
        self._rows = Buffer("int64", (1,), "rows", None, "rows")
        self._wanted = outputs
        self._values: dict[int, Any] = {}
        self._variables: dict[int, tuple[Any, Buffer]] = {}
        self._uses: dict[int, int] = {}
        self._in_a_row: dict[int, int] = {}
        self.onto = {}
        self._label = ""
        self._present: Node | None = None
        self._turns: dict[int, int] | None = None
        self._turned: dict[int, tuple[Lazy, Lazy]] = {}
        self.outputs: list[tuple[tuple[int, ...], str]] = []
        self.made: Lowered = Lowered()

    def run(self) -> Lowered:
        """The graph as items."""
        graph = self._graph
        wanted = [*self._wanted, *[t for _, t in graph.writes]]
        nodes = live_nodes(graph, wanted)
        for tensor in [*wanted, *[x for n in nodes for x in n.tensors()]]:
            self._uses[id(tensor)] = self._uses.get(id(tensor), 0) + 1
        inputs = {id(x): i for i, x in enumerate(graph.inputs)}
        self.last = last_uses(nodes, wanted)
        for node in nodes:
            self._label = node.name
            if node.op is PLACEHOLDER:
                self._input(node, inputs[id(node.outputs[0])])
            elif node.op is CONST:
                self._values[id(node.outputs[0])] = self._const(node)
            elif node.op is READ:
                self._read(node)
            else:
                self._node(node)
        self._label = "Output"
        for k, tensor in enumerate(self._wanted):
            value = self._values[id(tensor)]
            if self._batches is not None and self._batches.joined[k]:
                self.made.outputs.append(self._joined(value))
            else:
                self.made.outputs.append(self._output(value))
        self._label = "Assign"
        self._write_variables()
        for key, value in self._values.items():
            if isinstance(value, Lazy) and value.buffer is not None:
                self.made.places[key] = value.buffer
        return self.made

    # Nodes

    def _input(self, node: Node, number: int) -> None:
        out = node.outputs[0]
        if _static(out):
            buffer = Buffer(_type(out), _shape(out), "input", number, out.name)
            value = Lazy(buffer.shape, buffer.type, buffer=buffer)
            if self._batches is not None and number in self._batches.inputs:
                value = self._batch(buffer, self._batches)
                if self._uses.get(id(out), 0) > 1:
                    self.settled(value)
            self._values[id(out)] = value
        else:
            self._values[id(out)] = slot = self._slot()
            self.made.items.append(HostItem(node, [number], [slot], "an input"))

    def _batch(self, whole: Buffer, batches: Batches) -> Lazy:
        """The rows that a step takes of a whole array."""
        row = whole.size // batches.size

        def at(place: tuple[Index, ...]) -> Expr:
            number = b.at(place[0]) + b.step() * b.number(batches.size)
            if batches.by_rows:
                number = b.load(self._rows, b.position(number, None))
            rest = flat(place[1:], whole.shape[1:])
            return b.load(whole, b.position(number, None) * row + rest)

        return Lazy(whole.shape, whole.type, at)

    def _slot(self) -> Slot:
        self.made.slots += 1
        return Slot(self.made.slots - 1)

    def _const(self, node: Node) -> Any:
        value = node.attrs["value"]
        if isinstance(node.outputs[0].spec, ListSpec) and self._lists:
            return ListValue(node.outputs[0].spec)
        if not _static(node.outputs[0]):
            if self.inside:
                raise OnHost(f"it holds a constant {_why_not(node.outputs[0])}")
            slot = self._slot()
            self.made.items.append(HostItem(node, [], [slot], "a constant"))
            return slot
        return self.constant(value)

    def _read(self, node: Node) -> None:
        out = node.outputs[0]
        if node.inputs:
            self._values[id(out)] = self._values[id(node.inputs[0])]
            return
        variable = node.attrs["variable"]
        if _static(out):
            buffer = self._variable(variable)
            self._values[id(out)] = Lazy(buffer.shape, buffer.type, buffer=buffer)
        else:
            self._values[id(out)] = slot = self._slot()
            self.made.items.append(HostItem(node, [], [slot], "a variable"))

    def _variable(self, variable: Any) -> Buffer:
        cell = variable._cell
        found = self._variables.get(id(cell))
        if found is None:
            array = cell.tensor._array
            type = variable.dtype.name
            buffer = Buffer(type, array.shape, "variable", variable, variable.name)
            found = self._variables[id(cell)] = (variable, buffer)
        return found[1]

    def _node(self, node: Node) -> None:
        if len(node.outputs) == 1 and isinstance(node.outputs[0].known, np.ndarray):
            self._values[id(node.outputs[0])] = self.constant(node.outputs[0].known)
            return
        if node.type in ("Add", "AddV2") and self._added_already(node):
            self._values[id(node.outputs[0])] = self.onto[id(node)]
            return
        why = self._lower(node)
        if why is None:
            return
        if self.inside:
            raise OnHost(f"{node.type} in it: {why}")
        inputs = [self._for_host(self._values[id(x)]) for x in node.tensors()]
        outputs: list[Any] = []
        used = [id(y) in self._uses for y in node.outputs]
        for y, read in zip(node.outputs, used, strict=True):
            if read and _static(y):
                buffer = Buffer(_type(y), _shape(y), "host", None, y.name)
                outputs.append(buffer)
                self._values[id(y)] = Lazy(buffer.shape, buffer.type, buffer=buffer)
            else:
                outputs.append(self._slot())
                self._values[id(y)] = outputs[-1]
        self.made.items.append(HostItem(node, inputs, outputs, why, used))

    def _added_already(self, node: Node) -> bool:
        """Whether what is added to memory of a loop was written there at once."""
        kept = self.onto.get(id(node))
        if kept is None:
            return False
        added = [x for x in node.tensors() if x.node.op is not PLACEHOLDER]
        found = [self._values.get(id(x)) for x in added]
        return bool(found) and all(
            isinstance(x, Lazy) and x.buffer is kept.buffer for x in found
        )

    def _for_host(self, value: Any) -> Any:
        if isinstance(value, Slot):
            return value
        if isinstance(value, ListValue):
            made, rows = lists.for_host(self, value)
            slot = self._slot()
            item = HostItem(made, [self._for_host(rows)], [slot], "a list for the host")
            self.made.items.append(item)
            return slot
        return self.settled(value).buffer, value.shape

    def _lower(self, node: Node) -> str | None:
        """Lower a node; why it cannot be, in words, where it cannot."""
        op = node.op
        if "host" in node.attrs:
            return "it calls Python"
        if not isinstance(op, Op):
            if op in control.FORMS:
                return control.lowered(self, node)
            return "the compiler has no rule for it"
        if node.type in lists.RULES or computed.is_computed(node):
            return self._lower_places(node)
        if op.lower is None:
            return "the compiler has no rule for it"
        for y in node.outputs:
            if not _static(y):
                return f"its result is {_why_not(y)}"
        args: list[Any] = []
        head = len(node.inputs) - (len(op.types) - 1) if op.variadic else 0
        for i, x in enumerate(node.inputs):
            at = i if not op.variadic else max(0, i - head + 1)
            host = at < len(op.types) and op.types[at] is None
            if not isinstance(x, SymbolicTensor):
                args.append(x)
            elif host:
                if x.known is None:
                    return "sizes or axes are computed"
                args.append(host_value(x.known))
            else:
                value = self._values[id(x)]
                if isinstance(value, Slot):
                    return f"its input is {_why_not(x)}"
                args.append(value)
        self.outputs = [(_shape(y), _type(y)) for y in node.outputs]
        if op.variadic:
            args = [args[:head], *args[head:]]
        self._present = node
        found = op.lower(self, *args, **node.attrs)
        if found is None:
            return "the compiler has no rule for these arguments"
        self._take(node, found if isinstance(found, tuple) else (found,))
        return None

    def _lower_places(self, node: Node) -> str | None:
        """Lower a node of tensor lists, or of computed places."""
        kinds = [*node.tensors(), *node.outputs]
        if not self._lists and any(x.spec.dtype is variant for x in kinds):
            return "it holds a tensor list"
        try:
            if node.type in lists.RULES:
                found = lists.lowered(self, node)
            else:
                for x in [*node.tensors(), *node.outputs]:
                    if not _static(x) or isinstance(self._values.get(id(x)), Slot):
                        return f"it takes or gives a value {_why_not(x)}"
                self.outputs = [(_shape(y), _type(y)) for y in node.outputs]
                found = computed.lowered(self, node)
        except Lost:
            raise
        except OnHost as error:
            return str(error)
        if isinstance(found, Lazy):
            self._take(node, (found,))
        else:
            self._values[id(node.outputs[0])] = found
        return None

    def _take(self, node: Node, found: tuple[Lazy, ...]) -> None:
        row = 1 + max([self._in_a_row.get(id(x), 0) for x in node.tensors()], default=0)
        for y, value in zip(node.outputs, found, strict=True):
            shape = _shape(y)
            if value.shape != shape or value.type != _type(y):
                raise ValueError(
                    f"{node.type}: lowered to {value.type}{value.shape},"
                    f" inferred {_type(y)}{shape}"
                )
            uses = self._uses.get(id(y), 0)
            if value.buffer is None and uses:
                parts = cost(value)
                long = row > _LONGEST or parts > _LARGEST
                if long or (uses > 1 and parts > CHEAP):
                    self.settled(value)
            self._in_a_row[id(y)] = 0 if value.buffer is not None else row
            self._values[id(y)] = value

    # What comes out

    def _output(self, value: Any) -> Any:
        if isinstance(value, Slot):
            return value
        if isinstance(value, ListValue):
            return self._for_host(value)
        if value.buffer is None or value.buffer.role not in ("temp", "output", "host"):
            value = self._copied(value)
        assert value.buffer is not None
        if value.buffer.role == "temp":
            value.buffer.role = "output"
        return value.buffer, value.shape

    def _joined(self, value: Lazy | Slot) -> Any:
        """An output of which every step's rows are kept."""
        if isinstance(value, Slot):
            return value
        buffer = Buffer(value.type, value.shape, "output", "joined", self._label)
        domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(value.shape)]
        place = tuple([index_of(v) for v in domain])
        begin = b.position(b.step() * b.number(value.size), None)
        store = Store(buffer, flat(place, value.shape) + begin, value.at(place))
        self.made.items.append(Nest(domain, [store], self._label))
        return buffer, value.shape

    def _copied(self, value: Lazy) -> Lazy:
        buffer = Buffer(value.type, value.shape, "temp", None, self._label)
        self.made.items.append(elementwise_nest(buffer, value.at, self._label))
        return Lazy(value.shape, value.type, buffer=buffer)

    def _write_variables(self) -> None:
        written = {id(v._cell) for v, _ in self._graph.writes}
        stores: list[tuple[Any, Buffer, Lazy]] = []
        for variable, tensor in self._graph.writes:
            value = self._values[id(tensor)]
            if (
                isinstance(value, Slot)
                or value.shape != variable._cell.tensor._array.shape
            ):
                self.made.host_writes.append((variable, self._for_host(value)))
                continue
            buffer = self._variable(variable)
            if value.buffer is buffer:
                continue
            if self._entangled(value, buffer, written):
                value = self._copied(value)
            stores.append((variable, buffer, value))
        for variable, buffer, value in stores:
            self.made.items.append(elementwise_nest(buffer, value.at, self._label))
            self.made.writes.append((variable, buffer))

    def _entangled(self, value: Lazy, own: Buffer, written: set[int]) -> bool:
        """Whether a new value needs old ones that writing in place would spoil."""
        place = tuple([index_of(Var(f"i{k}", n)) for k, n in enumerate(value.shape)])
        mine = flat(place, value.shape)
        for e in walk([value.at(place)]):
            if e.kind != "load" or e.args[0].role != "variable":
                continue
            buffer, index = e.args
            if buffer is own and index != mine:
                return True
            if buffer is not own and id(buffer.source._cell) in written:
                return True
        return False


def lowered(
    graph: Graph, outputs: list[SymbolicTensor], batches: Batches | None = None
) -> Lowered:
    """A graph as items; tensor lists stay on the host where they must."""
    try:
        try:
            return Lowering(graph, outputs, batches).run()
        except Lost:
            return Lowering(graph, outputs, batches, keeps=True).run()
    except OnHost:
        return Lowering(graph, outputs, batches, lists=False).run()


def _static(tensor: SymbolicTensor) -> bool:
    dims = tensor.spec.shape
    name = tensor.spec.dtype.name
    return dims is not None and None not in dims and (name in TYPES or name in HALVES)


def _shape(tensor: SymbolicTensor) -> tuple[int, ...]:
    return tuple([n for n in tensor.spec.shape or () if n is not None])


def _why_not(tensor: SymbolicTensor) -> str:
    name = tensor.spec.dtype.name
    if name in TYPES or name in HALVES:
        return "of a size that only the run knows"
    return f"of type {name}"


def _type(tensor: SymbolicTensor) -> str:
    return str(tensor.spec.dtype.name)
