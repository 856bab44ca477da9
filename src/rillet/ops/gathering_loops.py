"""Loops whose places are computed: scatters, segments, runs, gathers by whole indices.

In flow lazy tensors and host values; out flow lazy tensors. The records of
`ops.gather`, `ops.gather_nd`, `ops.segment` and `ops.cumulative` name these functions
as their `lower`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from rillet.core.dtypes import as_dtype
from rillet.ops.expressions import FLOATS, HALVES, Expr, b
from rillet.ops.indices import Index, unflat
from rillet.ops.lowering import Lazy, Lowering, whole
from rillet.ops.moving_loops import checked_index, wide

Place = tuple[Index, ...]


def _lowest(type: str) -> Any:
    return as_dtype(type).min


def _highest(type: str) -> Any:
    return as_dtype(type).max


_STARTS: Final[dict[str, Callable[[str], Any]]] = {
    "sum": lambda type: 0,
    "product": lambda type: 1,
    "maximum": _lowest,
    "minimum": _highest,
}


def _narrowed(ctx: Lowering, out: Lazy, type: str) -> Lazy:
    """What was gathered in a wider type, in the node's own."""
    return out if out.type == type else ctx.pointwise(out.shape, type, out.at)


def unsorted_segments(how: str) -> Callable[..., Lazy | None]:
    """The lowering of an unsorted segment op.

    Args:
        how: as in `Lowering.scatter`.
    """

    def lower(
        ctx: Lowering, data: Lazy, ids: Lazy, count: Any, **attrs: Any
    ) -> Lazy | None:
        shape, type = ctx.outputs[0]
        rows = whole(count)
        if data.shape[: ids.rank] != ids.shape or (rows == 0 and ids.size):
            return None
        kind = wide(type)
        ids = ctx.settled(ids)
        rest = shape[1:]

        def target(place: Place) -> tuple[Expr, Expr]:
            found = b.cast(ids.at(place), "int64")
            below = found < b.number(rows)
            return b.checked(found, below), (found >= 0) & below

        def value(place: Place, column: Index) -> Expr:
            return data.at((*place, *unflat(column, rest)))

        first = b.const(_STARTS[how](type), kind)
        empty = ctx.pointwise(shape, kind, lambda place: first)
        out = ctx.scatter(empty, ids.shape, target, max(rows, 1), value, how)
        return _narrowed(ctx, out, type)

    return lower


def _named_row(indices: Lazy, sizes: Sequence[int]) -> Callable[[Place], Expr]:
    """The row among all that a whole index names; one outside is an error."""

    def row(place: Place) -> Expr:
        out = b.const(0, "int64")
        for k, size in enumerate(sizes):
            step = math.prod(sizes[k + 1 :])
            found = checked_index(indices.at((*place, Index({}, k))), _size(size, k))
            out = out + found * (step if k + 1 < len(sizes) else 1)
        return out

    return row


def _size(n: int, axis: int) -> Expr:
    known = axis and type(n) is int
    return b.const(n, "int64") if known else b.number(n)


def gather_nd(ctx: Lowering, params: Lazy, indices: Lazy, **attrs: Any) -> Lazy | None:
    """Slices named by whole indices."""
    shape, type = ctx.outputs[0]
    depth = indices.shape[-1]
    if not params.size:
        return None
    if params.known is None:
        params = ctx.settled(params)
    indices = ctx.settled(indices)
    count = indices.rank - 1
    sizes = params.shape[:depth]

    def taken(place: Place) -> Expr:
        found = []
        for k, size in enumerate(sizes):
            part = indices.at((*place[:count], Index({}, k)))
            found.append(b.position(checked_index(part, _size(size, k)), size))
        return params.at((*found, *place[count:]))

    return ctx.pointwise(shape, type, taken)


def _scattered(
    ctx: Lowering,
    x: Lazy,
    indices: Lazy,
    updates: Lazy,
    how: str,
    change: Callable[[Expr], Expr] | None = None,
) -> Lazy | None:
    """A tensor with updates gathered into the rows that whole indices name."""
    depth = indices.shape[-1]
    rows = math.prod(x.shape[:depth])
    rest = x.shape[depth:]
    if not rows and indices.size:
        return None
    indices = ctx.settled(indices)
    row = _named_row(indices, x.shape[:depth])

    def value(place: Place, column: Index) -> Expr:
        found = updates.at((*place, *unflat(column, rest)))
        return found if change is None else change(found)

    def target(place: Place) -> tuple[Expr, Expr]:
        return row(place), b.const(True, "bool")

    return ctx.scatter(x, indices.shape[:-1], target, max(rows, 1), value, how)


def scatter_nd(
    ctx: Lowering, indices: Lazy, updates: Lazy, shape: Any, **attrs: Any
) -> Lazy | None:
    """Updates added up in a tensor of zeros."""
    sizes, type = ctx.outputs[0]
    if type == "bool":
        return None
    zeros = ctx.pointwise(sizes, wide(type), lambda place: b.const(0, wide(type)))
    out = _scattered(ctx, zeros, indices, updates, "sum")
    return None if out is None else _narrowed(ctx, out, type)


def tensor_scatter(how: str, name: str = "") -> Callable[..., Lazy | None]:
    """The lowering of an op that writes updates into a copy of a tensor.

    Args:
        how: as in `Lowering.scatter`.
        name: "negated" where updates are subtracted; else empty.
    """

    def change(x: Expr) -> Expr:
        if name == "negated":
            return -x
        if how in ("maximum", "minimum") and x.type in FLOATS:
            # an update that is NaN changes nothing
            never = -math.inf if how == "maximum" else math.inf
            return b.select(b.is_nan(x), never, x)
        return x

    def lower(
        ctx: Lowering, x: Lazy, indices: Lazy, updates: Lazy, **attrs: Any
    ) -> Lazy | None:
        if how != "last" and x.type in HALVES:
            return None  # kernels round after every update
        return _scattered(ctx, x, indices, updates, how, change)

    return lower


def running(how: str) -> Callable[..., Lazy | None]:
    """The lowering of running sums and products.

    Args:
        how: "sum" or "product".
    """
    start = 0 if how == "sum" else 1
    update = b.add if how == "sum" else b.mul

    def lower(
        ctx: Lowering,
        x: Lazy,
        axis: Any,
        exclusive: bool = False,
        reverse: bool = False,
        **attrs: Any,
    ) -> Lazy | None:
        at = int(axis) % x.rank
        out = ctx.scan(x, at, start, update, exclusive, reverse)
        return _narrowed(ctx, out, x.type)

    return lower


def running_log(
    ctx: Lowering,
    x: Lazy,
    axis: Any,
    exclusive: bool = False,
    reverse: bool = False,
    **attrs: Any,
) -> Lazy | None:
    """The logarithm of running sums of powers."""

    def update(old: Expr, new: Expr) -> Expr:
        top, low = b.maximum(old, new), b.minimum(old, new)
        both = top + b.log1p(b.exp(low - top))
        # equal infinities differ by NaN
        return b.select(b.eq(old, new), old + math.log(2.0), both)

    at = int(axis) % x.rank
    out = ctx.scan(x, at, -math.inf if exclusive else None, update, exclusive, reverse)
    return _narrowed(ctx, out, x.type)
