"""A graph of known sizes as items: nests, calls of kernels, and what the host does.

In flow a static `Graph`; every node's `lower` says what its elements are. Out flow
items in an order that works, each with the buffers it reads and writes. What is used
once is computed where it is used; what is used more often is computed once, in memory.
`schedule` takes it from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

import rillet.ops.scalar_math  # noqa: F401  signs functions in
from rillet.backends.native import computed, control, host, kernels, lists, sweeps
from rillet.backends.native.calls import KernelCall
from rillet.backends.native.control import BranchItem, LoopItem
from rillet.backends.native.inner import InnerGraphs
from rillet.backends.native.list_specs import ListSpec, Lost, OnHost, last_uses
from rillet.backends.native.lists import ListValue
from rillet.backends.native.nests import Nest, Store, elementwise_nest, walk
from rillet.core.dtypes import variant
from rillet.graph.inference import host_value
from rillet.graph.ir import CONST, PLACEHOLDER, READ, WRITE, Graph, Node, SymbolicTensor
from rillet.graph.passes import live_nodes
from rillet.ops.expressions import HALVES, TYPES, Expr, Index, Var, b, index_of
from rillet.ops.lowering import Buffer, Fold, Lazy, flat, unflat
from rillet.ops.registry import Op
from rillet.ops.scalar_formats import assume_fused

#: Expressions with more parts than this are computed into memory.
_LARGEST: Final = 250
#: Those with up to this many may be computed again for every reader.
_CHEAP: Final = 4
#: Numbers that stand in code; others are read, so that code does not depend on them.
_LITERALS: Final = frozenset([0, 1, 2, -1, 0.5])
_SPLIT_WORK: Final = 1 << 16
_MOST_PARTS: Final = 64


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
        outputs: a buffer of role "host", or a slot, for each output.
        why: why it is here, in words.
    """

    __slots__ = ("inputs", "node", "outputs", "why")

    def __init__(
        self, node: Node, inputs: list[Any], outputs: list[Any], why: str
    ) -> None:
        self.node = node
        self.inputs = inputs
        self.outputs = outputs
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


class Lowering(InnerGraphs):
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
        why = self._lower(node)
        if why is None:
            return
        if self.inside:
            raise OnHost(f"{node.type} in it: {why}")
        inputs = [self._for_host(self._values[id(x)]) for x in node.tensors()]
        outputs: list[Any] = []
        for y in node.outputs:
            if _static(y):
                buffer = Buffer(_type(y), _shape(y), "host", None, y.name)
                outputs.append(buffer)
                self._values[id(y)] = Lazy(buffer.shape, buffer.type, buffer=buffer)
            else:
                outputs.append(self._slot())
                self._values[id(y)] = outputs[-1]
        self.made.items.append(HostItem(node, inputs, outputs, why))

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
        for y, value in zip(node.outputs, found, strict=True):
            shape = _shape(y)
            if value.shape != shape or value.type != _type(y):
                raise ValueError(
                    f"{node.type}: lowered to {value.type}{value.shape},"
                    f" inferred {_type(y)}{shape}"
                )
            uses = self._uses.get(id(y), 0)
            if value.buffer is None and uses:
                cost = _cost(value)
                if cost > _LARGEST or (uses > 1 and cost > _CHEAP):
                    self.settled(value)
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

    # What `lower` functions call: see `ops.lowering.Lowering`

    def pointwise(
        self,
        shape: Sequence[int],
        type: str,
        at: Callable[[tuple[Index, ...]], Expr],
    ) -> Lazy:
        """A tensor whose elements `at` gives."""
        wide = "float32" if type in HALVES else type

        def typed(place: tuple[Index, ...]) -> Expr:
            found = at(place)
            if found.type != wide:
                raise TypeError(f"{self._label}: {found.type} where {wide} is wanted")
            return found

        return Lazy(shape, type, typed)

    def settled(self, x: Lazy) -> Lazy:
        """The same tensor, in memory."""
        if x.buffer is None:
            buffer = Buffer(x.type, x.shape, "temp", None, self._label)
            self.made.items.append(elementwise_nest(buffer, x.at, self._label))
            x.settle(buffer)
        return x

    def reshaped(self, x: Lazy, shape: Sequence[int]) -> Lazy:
        """The same elements in the same order with other sizes."""
        shape = tuple(shape)
        if shape == x.shape:
            return x
        if x.buffer is not None:
            return Lazy(shape, x.type, buffer=x.buffer, known=x.known)
        if _cost(x) <= _CHEAP:
            old = x

            def at(place: tuple[Index, ...]) -> Expr:
                return old.at(_placed(unflat(flat(place, shape), old.shape), old.shape))

            return Lazy(shape, x.type, at)
        return Lazy(shape, x.type, buffer=self.settled(x).buffer)

    def constant(self, array: Any) -> Lazy:
        """A tensor with a value known now."""
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        type = array.dtype.name
        wide = "float32" if type in HALVES else type
        value = array.item() if array.size == 1 else None
        if value is not None and value in _LITERALS:
            literal = b.const(value, wide)
            return Lazy(array.shape, type, lambda _: literal, known=array)
        if value is not None and array.dtype.kind in "iu" and -(2**63) <= value < 2**63:
            number = b.cast(b.number(value), wide)
            return Lazy(array.shape, type, lambda _: number, known=array)
        buffer = Buffer(type, array.shape, "const", array, "const")
        return Lazy(array.shape, type, buffer=buffer, known=array)

    def fold(
        self,
        shape: Sequence[int],
        extents: Sequence[int],
        how: str,
        inits: Sequence[tuple[Any, str]],
        update: Callable[[tuple[Index, ...], list[Index], list[Expr]], Any],
        finish: Callable[[tuple[Index, ...], list[Expr]], Any] | None = None,
        leading: bool = False,
        types: Sequence[str] | None = None,
    ) -> Any:
        """A tensor, or several, each element of which a loop gathers."""
        starts = [b.const(value, type) for value, type in inits]
        shape, extents = tuple(shape), list(extents)
        one = len(starts) == 1 and len(self.outputs) == 1
        if not extents and how != "other" and one:
            # nothing to gather along: the element itself
            kept = types[0] if types else starts[0].type

            def alone(place: tuple[Index, ...]) -> Expr:
                element = update(place, [], starts)[0]
                found: Expr = finish(place, [element]) if finish else element
                return b.cast(found, "float32" if kept in HALVES else kept)

            return self.pointwise(shape, kept, alone)
        parts = _parts(shape, extents) if how != "other" else 1
        if parts > 1:
            update, extents = self._in_parts(shape, extents, parts, how, starts, update)
            leading = True
        domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(shape)]
        place = tuple([index_of(v) for v in domain])
        counters = [Var(f"r{k}", n, leading and k == 0) for k, n in enumerate(extents)]
        fold = Fold(
            counters, how, starts, lambda inner, accs: update(place, inner, accs)
        )
        gathered = [fold.result(k) for k in range(len(starts))]
        found = finish(place, gathered) if finish else tuple(gathered)
        several = isinstance(found, tuple) and (finish is not None or len(found) > 1)
        elements = found if isinstance(found, tuple) else (found,)
        stores, out = [], []
        for k, element in enumerate(elements):
            type = types[k] if types else element.type
            wide = "float32" if type in HALVES else type
            buffer = Buffer(type, shape, "temp", None, self._label)
            stores.append(Store(buffer, flat(place, shape), b.cast(element, wide)))
            out.append(Lazy(shape, type, buffer=buffer))
        self.made.items.append(Nest(domain, stores, self._label))
        return tuple(out) if several else out[0]

    def _in_parts(
        self,
        shape: tuple[int, ...],
        extents: list[int],
        parts: int,
        how: str,
        starts: list[Expr],
        update: Any,
    ) -> Any:
        """Gather parts of the first extent apart, so that threads share the work."""
        first = extents[0]
        chunk = -(-first // parts)
        parts = -(-first // chunk)
        part = Var("part", parts, True)
        domain = [part, *[Var(f"i{k}", n) for k, n in enumerate(shape)]]
        place = tuple([index_of(v) for v in domain])
        begin = b.at(index_of(part)) * b.number(chunk)
        end = b.minimum(begin + b.number(chunk), b.number(first))
        counters = [Var(f"r{k}", n, k == 0) for k, n in enumerate(extents)]
        fold = Fold(
            counters,
            how,
            starts,
            lambda inner, accs: update(place[1:], inner, accs),
            (begin, end),
        )
        lazies = []
        stores = []
        for k, start in enumerate(starts):
            buffer = Buffer(start.type, (parts, *shape), "temp", None, self._label)
            stores.append(Store(buffer, flat(place, buffer.shape), fold.result(k)))
            lazies.append(Lazy(buffer.shape, buffer.type, buffer=buffer))
        self.made.items.append(Nest(domain, stores, self._label))

        def again(at: tuple[Index, ...], inner: list[Index], accs: Any) -> list[Expr]:
            return [x.at((inner[0], *at)) for x in lazies]

        return again, [parts]

    def assembled(
        self,
        shape: Sequence[int],
        type: str,
        parts: Sequence[
            tuple[
                Sequence[int],
                Callable[[tuple[Index, ...]], tuple[Index, ...]],
                Callable[[tuple[Index, ...]], Expr],
            ]
        ],
    ) -> Lazy:
        """A tensor written part by part; later parts lie over earlier ones."""
        buffer = Buffer(type, tuple(shape), "temp", None, self._label)
        for sizes, where, at in parts:
            domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(sizes)]
            place = tuple([index_of(v) for v in domain])
            store = Store(buffer, flat(where(place), buffer.shape), at(place))
            self.made.items.append(Nest(domain, [store], self._label))
        return Lazy(buffer.shape, type, buffer=buffer)

    def grouped(
        self, count: int, each: int, type: str, at: Callable[[Index], Sequence[Expr]]
    ) -> Lazy:
        """A vector of ``count * each`` elements, of which `at` gives `each` at once."""
        buffer = Buffer(type, (count * each,), "temp", None, self._label)
        var = Var("i0", count, True)
        elements = enumerate(at(index_of(var)))
        stores = [Store(buffer, index_of(var) * each + k, x) for k, x in elements]
        self.made.items.append(Nest([var], stores, self._label))
        return Lazy(buffer.shape, type, buffer=buffer)

    def scatter(
        self,
        x: Lazy,
        count: Sequence[int],
        target: Callable[[tuple[Index, ...]], tuple[Expr, Expr]],
        rows: int,
        value: Callable[[tuple[Index, ...], Index], Expr],
        how: str,
    ) -> Lazy:
        """`x` with values gathered into some of its rows, in the order of `count`."""
        out = self._copied(x)
        assert out.buffer is not None
        if out.size and 0 not in count:
            call = sweeps.scatter(
                out.buffer, count, target, rows, value, how, self._label
            )
            self.add(call)
        return out

    def scan(
        self,
        x: Lazy,
        axis: int,
        init: Any,
        update: Callable[[Expr, Expr], Expr],
        exclusive: bool,
        reverse: bool,
    ) -> Lazy:
        """What gathers up along an axis, at each place of it."""
        wide = "float32" if x.type in HALVES else x.type
        out = self.temporary(wide, x.shape)
        assert out.buffer is not None
        if not out.size:
            return out

        def start(place: tuple[Index, ...]) -> Expr:
            if init is None:
                return x.at(place)
            first = b.const(init, wide)
            return first if exclusive else update(first, x.at(place))

        def following(
            place: tuple[Index, ...], back: tuple[Index, ...], old: Expr
        ) -> Expr:
            return update(old, x.at(back if exclusive else place))

        self.add(sweeps.scan(out.buffer, axis, start, following, reverse, self._label))
        return out

    def stream(self, instance: Any, blocks: int) -> Lazy:
        """Key and counter of a random stream, anew each run."""
        number, times = self.drawing()
        buffer = Buffer("uint32", (6,), "stream", None, "stream")
        self.made.streams.append((buffer, instance, blocks, times))

        def at(place: tuple[Index, ...]) -> Expr:
            # a run of many steps has its numbers step by step, loops round by round
            return b.load(buffer, b.position(number * 6, None) + place[0])

        return Lazy((6,), "uint32", at)

    def call(self, name: str, *inputs: Any, **attrs: Any) -> Any:
        """What a kernel of the backend computes, or None where it has none."""
        rule = kernels.rule(name)
        return None if rule is None else rule(self, *inputs, **attrs)

    def temporary(self, type: str, shape: Sequence[int]) -> Lazy:
        """A new tensor in memory that a kernel call is going to write."""
        buffer = Buffer(type, tuple(shape), "temp", None, self._label)
        return Lazy(buffer.shape, type, buffer=buffer)

    def times_turned(self) -> int:
        """How many products turn the second input of the present node."""
        if self._turns is None:
            self._turns = {}
            for other in self._graph.nodes:
                if other.type == "MatMul" and other.attrs.get("transpose_b"):
                    key = id(other.inputs[1])
                    self._turns[key] = self._turns.get(key, 0) + 1
        node = self._present
        return 0 if node is None else self._turns.get(id(node.inputs[1]), 0)

    def turned(self, x: Lazy) -> Lazy:
        """A matrix with its axes changed, computed once."""
        x = self.settled(x)
        found = self._turned.get(id(x.buffer))
        if found is None:
            made = self.pointwise(
                (x.shape[1], x.shape[0]), x.type, lambda at: x.at((at[1], at[0]))
            )
            found = self._turned[id(x.buffer)] = (x, self.settled(made))
        return found[1]

    def add(self, call: KernelCall) -> None:
        """Add a call of a kernel."""
        call.label = call.label or self._label
        self.made.items.append(call)


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


def _placed(place: tuple[Index, ...], shape: Sequence[int]) -> tuple[Index, ...]:
    return tuple(
        [Index({}) if n == 1 else p for p, n in zip(place, shape, strict=True)]
    )


def _parts(shape: tuple[int, ...], extents: list[int]) -> int:
    """In how many parts a fold's first extent is gathered."""
    out = int(np.prod(shape, dtype=np.int64))
    work = out * int(np.prod(extents, dtype=np.int64))
    if not extents or out > 1024 or work < 2 * _SPLIT_WORK or extents[0] < 16:
        return 1
    return min(_MOST_PARTS, work // _SPLIT_WORK, extents[0])


def _cost(value: Lazy) -> int:
    """How many parts an element's expression has."""
    place = tuple([index_of(Var(f"i{k}", n)) for k, n in enumerate(value.shape)])
    return sum(1 for _ in walk([value.at(place)]))


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


__all__ = ["HostItem", "Item", "Lowered", "Lowering", "Slot", "WRITE"]
