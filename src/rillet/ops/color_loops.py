"""Colours from one system to another as loops, for backends that compile.

In flow images as lazy tensors whose last axis holds three channels; out flow lazy
tensors. The records of `ops.image_colors` name these functions as their `lower`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.ops.expressions import Expr, b
from rillet.ops.indices import Index
from rillet.ops.lowering import Lazy, Lowering

Colour = tuple[Expr, Expr, Expr]


def _by_pixel(change: Callable[[Expr, Expr, Expr], Colour]) -> Callable[..., Any]:
    """The lowering of an op that makes three channels of three."""

    def lower(ctx: Lowering, x: Lazy, **attrs: Any) -> Lazy | None:
        shape, type = ctx.outputs[0]
        if not x.size or x.shape[-1] != 3:
            return None
        pixels = ctx.reshaped(ctx.settled(x), (x.size // 3, 3))

        def at(pixel: Index) -> Colour:
            first, second, third = [pixels.at((pixel, Index({}, k))) for k in range(3)]
            return change(first, second, third)

        return ctx.reshaped(ctx.grouped(x.size // 3, 3, type, at), shape)

    return lower


def _to_hsv(red: Expr, green: Expr, blue: Expr) -> Colour:
    value = b.maximum(b.maximum(red, green), blue)
    spread = value - b.minimum(b.minimum(red, green), blue)
    saturation = b.select(value > 0, spread / value, 0)
    sixth = 1.0 / (6.0 * spread)
    second = b.select(
        b.eq(green, value),
        sixth * (blue - red) + 2 / 6,
        sixth * (red - green) + 4 / 6,
    )
    hue = b.select(b.eq(red, value), sixth * (green - blue), second)
    hue = b.select(spread > 0, hue, 0)
    return b.select(hue < 0, hue + 1.0, hue), saturation, value


def _from_hsv(hue: Expr, saturation: Expr, value: Expr) -> Colour:
    hue = hue * 6.0
    ramps = (b.abs(hue - 3.0) - 1.0, 2.0 - b.abs(hue - 2.0), 2.0 - b.abs(hue - 4.0))
    pale = 1.0 - saturation
    red, green, blue = [
        (pale + saturation * b.minimum(b.maximum(d, 0), 1)) * value for d in ramps
    ]
    return red, green, blue


to_hsv = _by_pixel(_to_hsv)
from_hsv = _by_pixel(_from_hsv)
