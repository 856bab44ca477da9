"""Softmax and cross-entropies as loops, for backends that compile.

In flow lazy tensors whose last axis holds classes; out flow lazy tensors. The records
of `ops.softmax` name these functions as their `lower`.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.ops.expressions import HALVES, Expr, b
from rillet.ops.indices import ZERO, Index
from rillet.ops.lowering import Lazy, Lowering, spread


def _wide(x: Lazy) -> str:
    return "float32" if x.type in HALVES else x.type


def _row(ctx: Lowering, x: Lazy, how: str, init: float, element: Any) -> Lazy:
    """What is gathered along the last axis, of size 1 now."""
    kind = _wide(x)

    def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        return [element((*place[:-1], inner[0]))]

    out: Lazy = ctx.fold((*x.shape[:-1], 1), [x.shape[-1]], how, [(init, kind)], update)
    return out


def _parts(ctx: Lowering, x: Lazy) -> tuple[Lazy, Lazy, Lazy]:
    """The greatest of each row, exp(x - greatest), and their sum."""
    x = spread(ctx, x, (*x.shape, 2))
    top = _row(ctx, x, "maximum", -math.inf, x.at)
    kind = _wide(x)

    def shifted(place: tuple[Index, ...]) -> Expr:
        found: Expr = b.exp(x.at(place) - top.at((*place[:-1], ZERO)))
        return found

    powers = ctx.settled(ctx.pointwise(x.shape, kind, shifted))
    total = _row(ctx, powers, "sum", 0.0, powers.at)
    return top, powers, total


def softmax(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy:
    """exp(x) over its sum along the last axis."""
    _, powers, total = _parts(ctx, x)

    def at(place: tuple[Index, ...]) -> Expr:
        return powers.at(place) / total.at((*place[:-1], ZERO))

    return ctx.pointwise(x.shape, x.type, at)


def log_softmax(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy:
    """log(softmax(x)), without the quotient."""
    x = spread(ctx, x, (*x.shape, 2))
    top, _, total = _parts(ctx, x)
    logs = ctx.settled(
        ctx.pointwise(total.shape, _wide(x), lambda place: b.log(total.at(place)))
    )

    def at(place: tuple[Index, ...]) -> Expr:
        row = (*place[:-1], ZERO)
        return x.at(place) - top.at(row) - logs.at(row)

    return ctx.pointwise(x.shape, x.type, at)


def sparse_cross_entropy(
    ctx: Lowering, logits: Lazy, labels: Lazy, **attrs: Any
) -> tuple[Lazy, Lazy]:
    """The loss of each row, and what the logits' gradient is for a loss of 1."""
    logits = spread(ctx, logits, (*logits.shape, 2))
    labels = spread(ctx, labels, logits.shape)
    top, powers, total = _parts(ctx, logits)
    classes = logits.shape[1]
    kind = _wide(logits)

    def label(row: Index) -> Expr:
        found = b.cast(labels.at((row,)), "int64")
        good = (found >= 0) & (found < classes)
        return b.checked(b.select(good, found, 0), good)

    def loss(place: tuple[Index, ...]) -> Expr:
        row = (place[0], ZERO)
        at = b.position(label(place[0]), classes)
        shifted = logits.at((place[0], at)) - top.at(row)
        found: Expr = b.log(total.at(row)) - shifted
        return found

    def back(place: tuple[Index, ...]) -> Expr:
        row = (place[0], ZERO)
        hit = b.eq(b.at(place[1]), b.cast(labels.at((place[0],)), "int64"))
        return powers.at(place) / total.at(row) - b.cast(hit, kind)

    rows = logits.shape[:1]
    return (
        # computed here: labels are checked before anything is written
        ctx.settled(ctx.pointwise(rows, logits.type, loss)),
        ctx.pointwise(logits.shape, logits.type, back),
    )


def cross_entropy(
    ctx: Lowering, logits: Lazy, labels: Lazy, **attrs: Any
) -> tuple[Lazy, Lazy] | None:
    """The loss of each row against probabilities, and the logits' gradient."""
    shape = ctx.outputs[1][0]
    if logits.shape != shape or labels.shape != shape:
        return None
    logits = spread(ctx, logits, (*shape, 2))
    labels = spread(ctx, labels, (*shape, 2))
    top, powers, total = _parts(ctx, logits)
    kind = _wide(logits)

    def update(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        at = (place[0], inner[0])
        row = (place[0], ZERO)
        norm = b.log(total.at(row)) - (logits.at(at) - top.at(row))
        share = labels.at(at)
        # what no label asks for counts nothing, an infinite distance too
        return [b.select(b.eq(share, 0), 0, share * norm)]

    loss = ctx.fold(
        shape[:1], [shape[1]], "sum", [(0.0, kind)], update, None, False, [logits.type]
    )

    def back(place: tuple[Index, ...]) -> Expr:
        return powers.at(place) / total.at((place[0], ZERO)) - labels.at(place)

    return loss, ctx.pointwise(shape, logits.type, back)
