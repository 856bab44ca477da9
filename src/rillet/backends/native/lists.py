"""Tensor lists in native programs: a list of known length and elements is one buffer.

In flow list nodes and `ListValue`s from `lower`, with what `list_specs` knows of them;
out flow tensors, and lists again. A list that nobody needs as it was before is written
in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rillet.backends.native.list_specs import ListSpec, Lost, OnHost
from rillet.backends.native.nests import Nest, Store
from rillet.core import dtypes
from rillet.core.spec import Spec
from rillet.graph.ir import Graph, Node
from rillet.ops.expressions import HALVES, TYPES, Expr, b
from rillet.ops.indices import Index, Var, flat, index_of
from rillet.ops.lowering import Buffer, Lazy
from rillet.ops.moving_loops import checked_index
from rillet.ops.tensor_lists import list_from_op

if TYPE_CHECKING:
    from rillet.backends.native.lower import Lowering


class ListValue(NamedTuple):
    """A list in a native program.

    Attributes:
        spec: what it is.
        rows: its elements in memory; None for zeros.
        own: whether it may be written in place once nobody else reads it.
        one: the only element that is no zero: its index and value.
        lost: whether its elements are not kept.
    """

    spec: Spec
    rows: Lazy | None = None
    own: bool = False
    one: tuple[Lazy, Lazy] | None = None
    lost: bool = False


def whole(ctx: Lowering, value: ListValue, spec: ListSpec) -> ListValue:
    """The list in memory of its own."""
    if value.lost:
        raise Lost
    if not spec.whole or spec.element is None:
        raise OnHost("it holds a tensor list of unknown size")
    buffer = Buffer(spec.element.dtype.name, spec.sizes, "state", None, "list")
    fill(ctx, buffer, value)
    rows = Lazy(buffer.shape, buffer.type, buffer=buffer)
    return ListValue(spec, rows, own=True)


def fill(ctx: Lowering, buffer: Buffer, value: ListValue) -> None:
    """Write a list into a buffer."""
    if value.lost:
        raise Lost
    zero = b.const(0, "float32" if buffer.type in HALVES else buffer.type)
    rows = value.rows
    if rows is not None and rows.shape == buffer.shape:
        ctx.write(buffer, rows.at)
    else:
        ctx.write(buffer, lambda _: zero)
        if rows is not None:
            _write_first(ctx, buffer, rows)
    if value.one is not None:
        index, item = value.one
        _write_row(ctx, buffer, index, item.at)


def _write_first(ctx: Lowering, buffer: Buffer, rows: Lazy) -> None:
    """Write a shorter list's elements."""
    if rows.shape[1:] != buffer.shape[1:] or rows.shape[0] > buffer.shape[0]:
        raise OnHost("it holds tensor lists of several sizes")
    domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(rows.shape)]
    place = tuple([index_of(v) for v in domain])
    store = Store(buffer, flat(place, buffer.shape), rows.at(place))
    ctx.made.items.append(Nest(domain, [store], "list"))


def _write_row(
    ctx: Lowering, buffer: Buffer, index: Lazy, at: Callable[..., Expr]
) -> None:
    """Write one row of a buffer; `at` gives its elements."""
    dims = buffer.shape[1:]
    domain = [Var(f"i{k}", n, k == 0) for k, n in enumerate(dims)]
    place = tuple([index_of(v) for v in domain])
    row = _place(index, buffer.shape[0]) * _size(dims)
    store = Store(buffer, row + flat(place, dims), at(place))
    ctx.made.items.append(Nest(domain, [store], "list"))


def _size(dims: tuple[int, ...]) -> int:
    return math.prod(dims)


def _place(index: Lazy, count: int) -> Index:
    expr = checked_index(index.at([Index({})] * index.rank), b.number(count))
    return b.position(expr, count)


def _own(ctx: Lowering, node: Node, at: int = 0) -> ListValue:
    """An input of a node as a list that the node may write in place."""
    x = node.inputs[at]
    value: ListValue = ctx.value(x)
    spec = node.outputs[0].spec
    if not isinstance(spec, ListSpec):
        raise OnHost("it holds a tensor list of unknown size")
    fits = value.rows is not None and value.rows.shape == spec.sizes
    if value.own and fits and ctx.last.get(id(x)) is node:
        return value
    return whole(ctx, value, spec)


def _dense(ctx: Lowering, node: Node, value: ListValue) -> Lazy | None:
    """A list's elements, to be read by a node; None for zeros."""
    if value.lost:
        raise Lost
    if value.one is not None:
        spec = value.spec
        if not isinstance(spec, ListSpec):
            raise OnHost("it holds a tensor list of unknown size")
        value = whole(ctx, value, spec)
    return value.rows


def _zeros(ctx: Lowering, shape: tuple[int, ...], type: str) -> Lazy:
    zero = b.const(0, "float32" if type in HALVES else type)
    return ctx.pointwise(shape, type, lambda _: zero)


def lowered(ctx: Lowering, node: Node) -> Any:
    """What a list node gives: a list or a tensor.

    Raises:
        OnHost: it cannot run natively.
    """
    for x in node.tensors():
        if not isinstance(ctx.value(x), Lazy | ListValue):
            raise OnHost("it holds a tensor list of unknown size")
    return RULES[node.type](ctx, node)


def _reserve(ctx: Lowering, node: Node) -> Any:
    spec = node.outputs[0].spec
    if not isinstance(spec, ListSpec):
        raise OnHost("it holds a tensor list of unknown size")
    return ListValue(spec)


def _set(ctx: Lowering, node: Node) -> Any:
    spec, item = node.outputs[0].spec, ctx.value(node.inputs[2])
    if not isinstance(spec, ListSpec) or not spec.whole:
        raise OnHost("it holds a tensor list of unknown size")
    rows = _own(ctx, node)
    assert rows.rows is not None and rows.rows.buffer is not None
    _write_row(ctx, rows.rows.buffer, ctx.value(node.inputs[1]), item.at)
    return rows._replace(spec=spec)


def _shape_type(node: Node) -> tuple[tuple[int, ...], str]:
    spec = node.outputs[0].spec
    dims = spec.shape
    name = spec.dtype.name
    if dims is None or None in dims or not (name in TYPES or name in HALVES):
        raise OnHost("it reads elements of unknown size")
    return tuple([n or 0 for n in dims]), name


def _get(ctx: Lowering, node: Node) -> Any:
    shape, type = _shape_type(node)
    value: ListValue = ctx.value(node.inputs[0])
    spec = value.spec
    if not isinstance(spec, ListSpec) or spec.length is None:
        raise OnHost("it holds a tensor list of unknown size")
    rows = _dense(ctx, node, value)
    row = _place(ctx.value(node.inputs[1]), spec.length)
    if rows is None:
        return _zeros(ctx, shape, type)
    if rows.shape[1:] != shape:
        raise OnHost("it reads elements of unknown size")
    found = ctx.pointwise(shape, type, lambda place: rows.at((row, *place)))
    return ctx.settled(found) if value.own else found


def _get_like(ctx: Lowering, node: Node) -> Any:
    shape, type = _shape_type(node)
    value: ListValue = ctx.value(node.inputs[0])
    rows = _dense(ctx, node, value)
    if rows is None:
        return _zeros(ctx, shape, type)
    if rows.shape[1:] != shape:
        raise OnHost("it reads elements of unknown size")
    index: Lazy = ctx.value(node.inputs[1])
    number = b.cast(index.at([Index({})] * index.rank), "int64")
    count = rows.shape[0]
    good = (number >= 0) & (number < b.number(count))
    row = b.position(b.select(good, number, 0), count)

    def at(place: tuple[Index, ...]) -> Expr:
        return b.select(good, rows.at((row, *place)), 0)

    found = ctx.pointwise(shape, type, at)
    return ctx.settled(found) if value.own else found


def _stack(ctx: Lowering, node: Node) -> Any:
    shape, type = _shape_type(node)
    x = node.inputs[0]
    value: ListValue = ctx.value(x)
    rows = _dense(ctx, node, value)
    if rows is None:
        return _zeros(ctx, shape, type)
    if rows.shape != shape:
        raise OnHost("it stacks elements of unknown size")
    if value.own and ctx.last.get(id(x)) is not node:
        return ctx.copied(rows)
    return rows


def _from(ctx: Lowering, node: Node) -> Any:
    spec = node.outputs[0].spec
    if not isinstance(spec, ListSpec) or not spec.whole:
        raise OnHost("it holds a tensor list of unknown size")
    return ListValue(spec, ctx.settled(ctx.value(node.inputs[0])))


def _same(ctx: Lowering, node: Node) -> Any:
    return ctx.value(node.inputs[0])


def _no_elements(ctx: Lowering, node: Node) -> Any:
    return ListValue(node.outputs[0].spec)


def _clear(ctx: Lowering, node: Node) -> Any:
    value: ListValue = ctx.value(node.inputs[0])
    if value.rows is None and value.one is None:
        return value
    value = _own(ctx, node)
    assert value.rows is not None and value.rows.buffer is not None
    buffer = value.rows.buffer
    zero = b.const(0, "float32" if buffer.type in HALVES else buffer.type)
    _write_row(ctx, buffer, ctx.value(node.inputs[1]), lambda _: zero)
    return value


def _only(ctx: Lowering, node: Node) -> Any:
    item, index = ctx.value(node.inputs[0]), ctx.value(node.inputs[1])
    spec = node.outputs[0].spec
    if not isinstance(spec, ListSpec) or not spec.whole:
        raise OnHost("it holds a tensor list of unknown size")
    return ListValue(spec, one=(ctx.settled(index), ctx.settled(item)))


def _add(ctx: Lowering, node: Node) -> Any:
    first, second = ctx.value(node.inputs[0]), ctx.value(node.inputs[1])
    spec = node.outputs[0].spec
    if not isinstance(spec, ListSpec):
        raise OnHost("it adds tensor lists of several sizes")
    for value, other in ((first, second), (second, first)):
        if value.rows is None and value.one is None and not value.lost:
            return other._replace(spec=spec, own=False)
    at = 0 if first.rows is not None else 1
    other = second if at == 0 else first
    total = _own(ctx, node, at)
    assert total.rows is not None and total.rows.buffer is not None
    buffer, old = total.rows.buffer, total.rows
    if other.one is not None and other.rows is None:
        index, item = other.one
        row = _place(index, buffer.shape[0])
        _write_row(ctx, buffer, index, lambda at: old.at((row, *at)) + item.at(at))
        return total._replace(spec=spec)
    more = _dense(ctx, node, other)
    assert more is not None
    ctx.write(buffer, lambda place: old.at(place) + more.at(place))
    return total._replace(spec=spec)


def _row(ctx: Lowering, node: Node) -> Any:
    history = ctx.value(node.inputs[0])
    if isinstance(history, ListValue):
        spec, rows = node.outputs[0].spec, history.rows
        if rows is None or not isinstance(spec, ListSpec):
            return ListValue(spec, lost=history.lost)
        where = _place(ctx.value(node.inputs[1]), rows.shape[0])
        part = ctx.pointwise(
            rows.shape[1:], rows.type, lambda place: rows.at((where, *place))
        )
        return ListValue(spec, part)
    shape, type = _shape_type(node)
    if history.shape[1:] != shape:
        raise OnHost("it reads elements of unknown size")
    row = _place(ctx.value(node.inputs[1]), history.shape[0])
    return ctx.pointwise(shape, type, lambda place: history.at((row, *place)))


def _row_spread(ctx: Lowering, node: Node) -> Any:
    g, index = ctx.value(node.inputs[0]), ctx.value(node.inputs[1])
    if isinstance(g, ListValue):
        if g.rows is None and g.one is None and not g.lost:
            return ListValue(node.outputs[0].spec)
        raise Lost
    shape, type = _shape_type(node)
    if shape[1:] != g.shape:
        raise OnHost("it reads elements of unknown size")
    number = b.cast(index.at([Index({})] * index.rank), "int64")
    g = ctx.settled(g)

    def at(place: tuple[Index, ...]) -> Expr:
        return b.select(b.eq(b.at(place[0]), number), g.at(place[1:]), 0)

    return ctx.pointwise(shape, type, at)


def _known(ctx: Lowering, node: Node) -> Any:
    found = node.outputs[0].known
    if found is None:
        raise OnHost("it holds a tensor list of unknown size")
    return ctx.constant(found)


RULES: Final[dict[str, Callable[[Lowering, Node], Any]]] = {
    "TensorListReserve": _reserve,
    "TensorListSetItem": _set,
    "TensorListGetItem": _get,
    "TensorListStack": _stack,
    "TensorListFromTensor": _from,
    "TensorListLength": _known,
    "RilletListIdentity": _same,
    "RilletListZeros": _no_elements,
    "RilletListClear": _clear,
    "RilletListOnly": _only,
    "RilletListAdd": _add,
    "RilletListGetLike": _get_like,
    "RilletListStackLike": _stack,
    "RilletRow": _row,
    "RilletRowSpread": _row_spread,
    "RilletRowsCount": _known,
}


def for_host(ctx: Lowering, value: ListValue) -> tuple[Node, Lazy]:
    """A node that makes what the host takes for a list, and what goes into it."""
    spec = value.spec
    if not isinstance(spec, ListSpec) or spec.inner is not None:
        raise OnHost("the host takes tensor lists of several rounds")
    if value.rows is None:
        value = whole(ctx, value, spec)
    assert value.rows is not None
    graph = Graph("list")
    x = graph.placeholder(Spec(value.rows.shape, dtypes.as_dtype(value.rows.type)))
    made = graph.add(list_from_op, (x,), {}, [Spec((), dtypes.variant)])
    return made, value.rows
