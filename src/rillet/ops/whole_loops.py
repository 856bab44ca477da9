"""Loops over whole tensors: repeated, reshaped, transposed, filled.

In flow lazy tensors and host values; out flow lazy tensors. The records of
`ops.shaping`, `ops.transposes`, `ops.filling` and their kin name these functions as
their `lower`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.ops.expressions import HALVES, Expr, b
from rillet.ops.indices import Index, fitted
from rillet.ops.lowering import Lazy, Lowering, spread


def repeated(ctx: Lowering, x: Lazy, *sizes: Any, **attrs: Any) -> Lazy:
    """The lowering of ops that repeat elements along axes of size 1."""
    shape, type = ctx.outputs[0]
    x = spread(ctx, x, shape)
    return ctx.pointwise(shape, type, lambda place: x.at(fitted(place, x.shape)))


def same_elements(ctx: Lowering, x: Lazy, *others: Any, **attrs: Any) -> Lazy:
    """The lowering of ops that keep the elements and their order."""
    return ctx.reshaped(x, ctx.outputs[0][0])


def transposed(ctx: Lowering, x: Lazy, perm: Any, **attrs: Any) -> Lazy:
    """The lowering of a transposition."""
    shape, type = ctx.outputs[0]
    order = [int(p) for p in perm]

    def at(place: tuple[Index, ...]) -> Expr:
        position: list[Index] = [Index({})] * x.rank
        for index, axis in zip(place, order, strict=True):
            position[axis] = index
        return x.at(position)

    return ctx.pointwise(shape, type, at)


def filled(value: Any) -> Callable[..., Lazy]:
    """The lowering of ops whose elements are all one number."""

    def lower(ctx: Lowering, *inputs: Any, **attrs: Any) -> Lazy:
        shape, type = ctx.outputs[0]
        wide = "float32" if type in HALVES else type
        return ctx.pointwise(shape, type, lambda place: b.const(value, wide))

    return lower
