"""Branches and loops inside native programs.

In flow `If`, `Case` and `While` nodes whose graphs `static` made for known sizes; out
flow items that hold lists of items, and tensors. What a loop carries lies in buffers of
its own, written anew at the end of each round; what it only reads stays where it is.
What each round began with is kept, row by row, where a gradient asks for it. `lower`
calls `lowered`; `schedule` makes waves and branches between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from rillet.backends.native.element_types import item_bytes
from rillet.backends.native.list_specs import ListSpec, Lost, OnHost
from rillet.backends.native.lists import ListValue, fill
from rillet.backends.native.nests import Nest, Store, walk
from rillet.backends.native.static_control import ROUNDS
from rillet.core import dtypes
from rillet.graph.control import CASE, IF, WHILE
from rillet.graph.ir import Graph, Node, SymbolicTensor
from rillet.ops.expressions import HALVES, TYPES, Expr, b
from rillet.ops.indices import Index, Var, flat, index_of
from rillet.ops.lowering import Buffer, Lazy

if TYPE_CHECKING:
    from rillet.backends.native.lower import Lowering

#: The nodes that this file lowers.
FORMS: Final = (IF, CASE, WHILE)
ZERO: Final = Index({})
#: Bytes that the tensor lists of all rounds of a loop may take.
_MOST_LISTS: Final = 1 << 26


class LoopItem:
    """Items that are repeated.

    Attributes:
        first: what says whether there is a first round.
        flag: the byte that says whether there is another.
        rounds: what one round consists of, the flag for the next included.
        count: how many rounds there are; None where it is not known.
    """

    __slots__ = ("count", "first", "flag", "label", "rounds")

    def __init__(
        self,
        first: list[Any],
        flag: Buffer,
        rounds: list[Any],
        count: int | None,
        label: str,
    ) -> None:
        self.first = first
        self.flag = flag
        self.rounds = rounds
        self.count = count
        self.label = label

    def parts(self) -> list[list[Any]]:
        """The lists of items."""
        return [self.first, self.rounds]


class BranchItem:
    """Lists of items, one of which runs.

    Attributes:
        flags: bytes; the first that is true says which, the last list where none is.
        branches: the lists, one more than flags.
    """

    __slots__ = ("branches", "flags", "label")

    def __init__(
        self, flags: list[Buffer], branches: list[list[Any]], label: str
    ) -> None:
        self.flags = flags
        self.branches = branches
        self.label = label

    def parts(self) -> list[list[Any]]:
        """The lists of items."""
        return self.branches


def lowered(ctx: Lowering, node: Node) -> str | None:
    """Lower a branch or loop; why it cannot be, in words, where it cannot.

    Args:
        ctx: the lowering; its values of the node's outputs are set.
        node: the node.
    """
    kept = ctx.mark()
    try:
        if node.op is WHILE:
            _loop(ctx, node)
        else:
            _branch(ctx, node)
    except OnHost as error:
        if ctx.inside or isinstance(error, Lost):
            raise
        ctx.back(kept)
        return str(error)
    return None


# Values that go in and come out


def _state(spec: Any, name: str) -> Buffer:
    """Memory for what a loop carries or a branch gives."""
    if isinstance(spec, ListSpec):
        if not spec.whole or spec.element is None:
            raise OnHost("it holds a tensor list of unknown size")
        return Buffer(spec.element.dtype.name, spec.sizes, "state", None, name)
    kind = spec.dtype.name
    if spec.dtype is dtypes.variant:
        raise OnHost("it holds a tensor list of unknown size")
    if kind not in TYPES and kind not in HALVES:
        raise OnHost(f"it holds a tensor of type {kind}")
    if spec.shape is None or None in spec.shape:
        raise OnHost("it holds a tensor of a size that only the run knows")
    return Buffer(kind, tuple(spec.shape), "state", None, name)


def _lists(spec: ListSpec, rounds: int, name: str) -> Buffer:
    """Memory for a tensor list as it was in every round."""
    one = _state(spec, name)
    if rounds * one.size * item_bytes(one.type) > _MOST_LISTS:
        raise OnHost("it keeps tensor lists that are large")
    return Buffer(one.type, (rounds, *one.shape), "state", None, name)


def _held(spec: Any, buffer: Buffer) -> Any:
    """What lies in such memory."""
    rows = Lazy(buffer.shape, buffer.type, buffer=buffer)
    return ListValue(spec, rows, own=True) if isinstance(spec, ListSpec) else rows


def _given(ctx: Lowering, x: SymbolicTensor, uses: bool) -> Any:
    """A value from outside, for use inside."""
    value = ctx.value(x)
    if isinstance(value, Lazy):
        if value.known is not None:
            return ctx.constant(value.known)
        return ctx.settled(value) if uses else value
    if isinstance(value, ListValue):
        return value._replace(own=False)
    if uses:
        raise OnHost("it takes a value that only the host holds")
    return value


def _put(ctx: Lowering, buffer: Buffer, value: Any) -> None:
    """Write a value into memory."""
    if isinstance(value, ListValue):
        fill(ctx, buffer, value)
    elif not isinstance(value, Lazy):
        raise OnHost("it takes a value that only the host holds")
    elif value.shape != buffer.shape or value.type != buffer.type:
        raise OnHost("it holds a tensor of a size that only the run knows")
    else:
        ctx.write(buffer, value.at)


def _read(graph: Graph) -> set[int]:
    """The inputs that a graph's nodes or outputs use."""
    found = {id(x) for node in graph.nodes for x in node.tensors()}
    return found | {id(y) for y in graph.outputs}


# Branches


def _branch(ctx: Lowering, node: Node) -> None:
    graphs: Sequence[Graph] = node.attrs["branches"]
    given = node.inputs[1:]
    values = [
        _given(ctx, x, any(id(g.inputs[i]) in _read(g) for g in graphs))
        for i, x in enumerate(given)
    ]
    used = [k for k, y in enumerate(node.outputs) if ctx.used(y)]
    specs = {k: node.outputs[k].spec for k in used}
    buffers = {
        k: _state(spec, f"{node.name}:{k}")
        for k, spec in specs.items()
        if not isinstance(spec, ListSpec) or not spec.empty
    }
    flags = _flags(ctx, node, len(graphs))
    parts: list[list[Any]] = []
    for graph in graphs:
        with ctx.collecting() as items:
            outs = ctx.inner(graph, values, [graph.outputs[k] for k in used])
            for k, out in zip(used, outs, strict=True):
                if k in buffers:
                    _put(ctx, buffers[k], out)
        parts.append(items)
    ctx.made.items.append(BranchItem(flags, parts, node.name))
    for k in used:
        found = _held(specs[k], buffers[k]) if k in buffers else ListValue(specs[k])
        ctx.set_value(node.outputs[k], found)


def _flags(ctx: Lowering, node: Node, count: int) -> list[Buffer]:
    value = ctx.value(node.inputs[0])
    if not isinstance(value, Lazy):
        raise OnHost("it takes a value that only the host holds")
    chosen = value.at([ZERO] * value.rank)
    if node.op is IF:
        return [_flag(ctx, chosen if value.type == "bool" else b.ne(chosen, 0))]
    value = ctx.settled(value)
    chosen = value.at([ZERO] * value.rank)
    return [_flag(ctx, b.eq(chosen, k)) for k in range(count - 1)]


def _flag(ctx: Lowering, expr: Expr, buffer: Buffer | None = None) -> Buffer:
    buffer = buffer or Buffer("bool", (), "state", None, "flag")
    ctx.write(buffer, lambda _: expr)
    return buffer


# Loops


def _loop(ctx: Lowering, node: Node) -> None:
    test, body = node.attrs["cond"], node.attrs["body"]
    carried, count = node.attrs["carried"], len(node.inputs)
    read = [_read(test), _read(body)]
    values: list[Any] = []
    states: dict[int, Buffer] = {}
    for i, x in enumerate(node.inputs):
        if i in carried:
            spec = body.inputs[i].spec
            if isinstance(spec, ListSpec) and spec.empty:
                values.append(ListValue(spec))
                continue
            states[i] = _state(spec, f"{node.name}:{i}")
            _put(ctx, states[i], ctx.value(x))
            values.append(_held(spec, states[i]))
        else:
            inner = (test.inputs[i], body.inputs[i])
            uses = any(id(x) in r for x, r in zip(inner, read, strict=True))
            values.append(_given(ctx, x, uses))
    sources = [*carried, *range(count, len(body.outputs))]
    kept = {k: i for k, i in enumerate(sources) if ctx.used(node.outputs[count + k])}
    rows = _Rows(ctx, node, kept)
    with ctx.collecting() as first:
        flag = _go_on(ctx, test, values)
    known = node.attrs.get(ROUNDS)
    # only graphs with loops pay for loading this
    from rillet.backends.native.gathered import in_place

    ctx.onto.update(in_place(test, body, carried, states))
    with ctx.collecting(known, rows.number) as rounds:
        rows.before(values, count)
        wanted = list(states)
        more = [i for i in kept.values() if i >= count]
        outs = ctx.inner(body, values, [body.outputs[i] for i in [*wanted, *more]])
        rows.after(dict(zip(more, outs[len(wanted) :], strict=True)))
        _carry(ctx, dict(zip(wanted, outs[: len(wanted)], strict=True)), states)
        rows.go_on()
        _go_on(ctx, test, values, flag)
    rows.begin()
    ctx.made.items.append(LoopItem(first, flag, rounds, known, node.name))
    for i, y in enumerate(node.outputs[:count]):
        if i in carried:
            ctx.set_value(y, values[i])
        else:
            ctx.set_value(y, ctx.value(node.inputs[i]))
    rows.give()


def _go_on(
    ctx: Lowering, test: Graph, values: list[Any], flag: Buffer | None = None
) -> Buffer:
    """Compute whether there is another round."""
    (found,) = ctx.inner(test, values, test.outputs)
    if not isinstance(found, Lazy) or found.type != "bool":
        raise OnHost("its condition is no boolean")
    return _flag(ctx, found.at([ZERO] * found.rank), flag)


class _Rows:
    """What each round began with, and what it drew: row by row, for the gradient."""

    def __init__(self, ctx: Lowering, node: Node, kept: dict[int, int]) -> None:
        self._ctx = ctx
        self._node = node
        self._kept = kept
        self._count = len(node.inputs)
        self._buffers: dict[int, Buffer] = {}
        self._specs = {k: node.outputs[self._count + k].spec for k in kept}
        rounds = node.attrs.get(ROUNDS)
        if kept and rounds is None:
            raise OnHost("its gradient keeps rounds that only the run can count")
        self._rounds = 0 if rounds is None else rounds
        self._at = Buffer("int64", (), "state", None, "round")
        self._counts = False
        for k, spec in self._specs.items():
            name = f"{node.name}:{self._count + k}"
            if not isinstance(spec, ListSpec):
                self._buffers[k] = _state(spec, name)
            elif ctx.keeps and spec.inner is not None and not spec.inner.empty:
                self._buffers[k] = _lists(spec.inner, self._rounds, name)

    def before(self, values: list[Any], count: int) -> None:
        """Keep what a round begins with."""
        for k, i in self._kept.items():
            if i < count and k in self._buffers:
                self._keep(self._buffers[k], values[i])

    def after(self, outs: dict[int, Any]) -> None:
        """Keep what a round drew."""
        for k, i in self._kept.items():
            if i in outs and k in self._buffers:
                self._keep(self._buffers[k], outs[i])

    def number(self) -> Buffer:
        """Memory that holds the number of the round."""
        self._counts = True
        return self._at

    def go_on(self) -> None:
        """Count a round, at its end."""
        if self._counts:
            now = b.load(self._at, ZERO)
            self._ctx.write(self._at, lambda _: now + b.const(1, "int64"))

    def begin(self) -> None:
        """Count from 0, before the loop."""
        if self._counts:
            self._ctx.write(self._at, lambda _: b.const(0, "int64"))

    def _keep(self, buffer: Buffer, value: Any) -> None:
        dims = buffer.shape[1:]
        if isinstance(value, ListValue):
            value = value.rows
        if not isinstance(value, Lazy) or value.shape != dims:
            raise OnHost("it holds a tensor of a size that only the run knows")
        if not self._rounds:
            return
        domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(dims)]
        place = tuple([index_of(v) for v in domain])
        size = 1
        for n in dims:
            size *= n
        row = b.position(b.load(self.number(), ZERO), self._rounds)
        store = Store(buffer, row * size + flat(place, dims), value.at(place))
        self._ctx.made.items.append(Nest(domain, [store], self._node.name))

    def give(self) -> None:
        """Let the node's outputs be what was kept."""
        for k, spec in self._specs.items():
            y = self._node.outputs[self._count + k]
            buffer = self._buffers.get(k)
            rows = None
            if buffer is not None:
                rows = Lazy(buffer.shape, buffer.type, buffer=buffer)
            held: Any = rows
            if isinstance(spec, ListSpec):
                empty = spec.inner is not None and spec.inner.empty
                held = ListValue(spec, rows, lost=rows is None and not empty)
            self._ctx.set_value(y, held)


def _carry(ctx: Lowering, outs: dict[int, Any], states: dict[int, Buffer]) -> None:
    """Write what the next round begins with."""
    new: dict[int, Any] = {}
    for i, value in outs.items():
        rows = value.rows if isinstance(value, ListValue) else value
        if not isinstance(rows, Lazy) or rows.buffer is not states[i]:
            new[i] = value
    while new:
        ready = [i for i in new if not _read_by(states[i], new, i)]
        i = ready[0] if ready else next(iter(new))
        if not ready:
            # every one is read by another: a copy breaks the circle
            for j in list(new):
                if _loads(new[j], [states[i]]):
                    new[j] = _apart(ctx, new[j])
        value = new.pop(i)
        if _moves(value, states[i]):
            value = _apart(ctx, value)
        _put(ctx, states[i], value)


def _read_by(buffer: Buffer, new: dict[int, Any], but: int) -> bool:
    return any(j != but and _loads(value, [buffer]) for j, value in new.items())


def _apart(ctx: Lowering, value: Any) -> Any:
    if isinstance(value, ListValue):
        if value.rows is None:
            return value
        return value._replace(rows=ctx.copied(value.rows))
    return ctx.copied(value)


def _element(value: Any) -> tuple[Expr, Index] | None:
    lazy = value.rows if isinstance(value, ListValue) else value
    if not isinstance(lazy, Lazy):
        return None
    place = tuple([index_of(Var(f"i{k}", n)) for k, n in enumerate(lazy.shape)])
    return lazy.at(place), flat(place, lazy.shape)


def _loads(value: Any, buffers: Iterable[Buffer]) -> bool:
    found = _element(value)
    wanted = {id(x) for x in buffers}
    return found is not None and any(
        e.kind == "load" and id(e.args[0]) in wanted for e in walk([found[0]])
    )


def _moves(value: Any, own: Buffer) -> bool:
    """Whether a new value needs old elements of its own from other places."""
    found = _element(value)
    return found is not None and any(
        e.kind == "load" and e.args[0] is own and e.args[1] != found[1]
        for e in walk([found[0]])
    )
