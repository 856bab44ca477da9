"""Resized images as loops, for backends that compile.

In flow images as lazy tensors, and for both axes which old pixels a new one is made
of; out flow lazy tensors. The records of `ops.resize_kernels` use these functions in
their `lower`.
"""

from __future__ import annotations

from typing import Final

from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Index
from rillet.ops.lowering import Lazy, Lowering
from rillet.ops.resize_weights import Taps

#: Up to so many old pixels are added up in one expression.
_FEW: Final = 8


def resized(ctx: Lowering, x: Lazy, rows: Taps, columns: Taps) -> Lazy | None:
    """Images resized along axes 1 and 2, first along the one that shrinks more.

    Args:
        ctx: the backend.
        x: images ``(batch, height, width, channels)``.
        rows: for each new row the old ones and what they count.
        columns: likewise.

    Returns:
        The node's output.
    """
    shape, type = ctx.outputs[0]
    if not x.size or 0 in rows.source.shape or 0 in columns.source.shape:
        return None
    kind = "float64" if x.type == "float64" else "float32"
    shrink = len(rows.source) * x.shape[2] <= len(columns.source) * x.shape[1]
    passes = [(rows, 1), (columns, 2)]
    for taps, axis in passes if shrink else passes[::-1]:
        x = _added(ctx, ctx.settled(x), taps, axis, kind)
    wide = "float64" if type == "float64" else "float32"
    return ctx.pointwise(shape, type, lambda place: b.cast(x.at(place), wide))


def _added(ctx: Lowering, x: Lazy, taps: Taps, axis: int, kind: str) -> Lazy:
    """Weighted sums of old pixels along an axis."""
    count, most = taps.source.shape
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    source = ctx.constant(taps.source.astype("int64"))
    weight = ctx.constant(taps.weight.astype(kind))

    def part(place: tuple[Index, ...], k: Index) -> Expr:
        at = (place[axis], k)
        old = b.position(source.at(at), x.shape[axis])
        pixel = x.at((*place[:axis], old, *place[axis + 1 :]))
        return b.cast(pixel, kind) * weight.at(at)

    if most > _FEW:
        out: Lazy = ctx.fold(
            shape,
            [most],
            "sum",
            [(0, kind)],
            lambda place, inner, accs: [part(place, inner[0])],
        )
        return out

    def element(place: tuple[Index, ...]) -> Expr:
        total = part(place, Index({}))
        for k in range(1, most):
            total = total + part(place, Index({}, k))
        return total

    return ctx.pointwise(shape, kind, element)


def picked(ctx: Lowering, x: Lazy, rows: Taps, columns: Taps) -> Lazy:
    """Images of which each new pixel is one old one."""
    shape, type = ctx.outputs[0]
    down = ctx.constant(rows.source[:, 0].astype("int64"))
    across = ctx.constant(columns.source[:, 0].astype("int64"))
    x = ctx.settled(x)

    def at(place: tuple[Index, ...]) -> Expr:
        row = b.position(down.at((place[1],)), x.shape[1])
        column = b.position(across.at((place[2],)), x.shape[2])
        return x.at((place[0], row, column, place[3]))

    return ctx.pointwise(shape, type, at)
