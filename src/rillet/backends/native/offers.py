"""What a lowering offers to the `lower` functions of records: see `ops.lowering`.

In flow lazy tensors and what to do with them; out flow lazy tensors, and items in the
order in which they were needed. `lower` walks the graph and is given to the functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from rillet.backends.native import kernels, sweeps
from rillet.backends.native.calls import KernelCall
from rillet.backends.native.items import Lowered
from rillet.backends.native.nests import Nest, Store, elementwise_nest, walk
from rillet.backends.native.sized_arrays import SizedArray
from rillet.backends.native.sizes import varies
from rillet.graph.ir import Graph, Node
from rillet.ops.expressions import HALVES, Expr, b
from rillet.ops.indices import Index, Var, fitted, flat, index_of, unflat
from rillet.ops.lowering import Buffer, Fold, Lazy

#: Expressions with up to this many parts may be computed again for every reader.
CHEAP: Final = 4
#: Numbers that stand in code; others are read, so that code does not depend on them.
_LITERALS: Final = frozenset([0, 1, 2, -1, 0.5])
_SPLIT_WORK: Final = 1 << 16
_MOST_PARTS: Final = 64


class Offers:
    """The part of `Lowering` that `lower` functions call.

    Attributes:
        outputs: shapes and type names of the present node's outputs.
        made: what is being filled.
    """

    outputs: list[tuple[tuple[int, ...], str]]
    made: Lowered
    onto: dict[int, Lazy]
    _graph: Graph
    _label: str
    _present: Node | None
    _turns: dict[int, int] | None
    _turned: dict[int, tuple[Lazy, Lazy]]
    _copied: Callable[[Lazy], Lazy]
    drawing: Callable[..., Any]

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
        if cost(x) <= CHEAP:
            old = x

            def at(place: tuple[Index, ...]) -> Expr:
                return old.at(fitted(unflat(flat(place, shape), old.shape), old.shape))

            return Lazy(shape, x.type, at)
        return Lazy(shape, x.type, buffer=self.settled(x).buffer)

    def constant(self, array: Any) -> Lazy:
        """A tensor with a value known now."""
        if isinstance(array, SizedArray):
            return self._of_sizes(array)
        if np.size(array) > 1 and not any(np.asarray(array).strides):
            # a file's way to say one value for all: it takes no memory here either
            one = self.constant(np.asarray(array).flat[0])
            return Lazy(array.shape, one.type, lambda _: one.at(()), known=array)
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

    def _of_sizes(self, array: SizedArray) -> Lazy:
        """A tensor whose value hangs on the sizes of this call."""
        type, shape = array.dtype.name, array.extents
        if array.sizes is not None and array.size == 1 and array.dtype.kind in "iu":
            number = b.cast(b.number(array.item()), type)
            return Lazy(shape, type, lambda _: number, known=array)
        buffer = Buffer(type, shape, "const", array, "const")
        return Lazy(shape, type, buffer=buffer, known=array)

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
        if varies(parts) or parts > 1:
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
        out = self.onto.get(id(self._present)) or self._copied(x)
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

    @property
    def present(self) -> Node | None:
        """The node that is being lowered."""
        return self._present

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


def _parts(shape: tuple[int, ...], extents: list[int]) -> int:
    """In how many parts a fold's first extent is gathered."""
    out = math.prod(shape)
    work = out * math.prod(extents)
    if not extents or varies(out) or out > 1024:
        return 1
    if varies(work):
        # one way for all sizes: a single part costs next to nothing
        return min(_MOST_PARTS, work // _SPLIT_WORK + 1, extents[0])
    if work < 2 * _SPLIT_WORK or extents[0] < 16:
        return 1
    return min(_MOST_PARTS, work // _SPLIT_WORK, extents[0])


def cost(value: Lazy) -> int:
    """How many parts an element's expression has."""
    place = tuple([index_of(Var(f"i{k}", n)) for k, n in enumerate(value.shape)])
    return sum(1 for _ in walk([value.at(place)]))
