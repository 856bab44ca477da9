"""Blocks moved between axes by reshapes and transpositions, for backends that compile.

In flow symbolic tensors of known sizes; out flow tensors made of simpler ops, which
stand in place of those of `ops.blocks`.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.core.spec import Spec
from rillet.ops.array import pad_op, slice_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.transposes import transpose_op


def spaced(x: Spec, data_format: str) -> tuple[Any, Any, Any, Any]:
    """Batch, height, width and depth of a spec of rank 4."""
    """Batch, height, width and depth of images."""
    assert x.shape is not None
    n, a, b, c = x.shape
    return (n, a, b, c) if data_format == "NHWC" else (n, b, c, a)


def unspaced(n: Any, h: Any, w: Any, c: Any, data_format: str) -> tuple[Any, ...]:
    """The shape of images of those sizes."""
    return (n, h, w, c) if data_format == "NHWC" else (n, c, h, w)


def to_batch(x: Any, block: Any, paddings: Any) -> Any:
    """Blocks moved by reshapes and a transposition."""
    dims = static_dims(x)
    n = len(block)
    rest = dims[1 + n :]
    if any(a or b for a, b in paddings):
        x = pad_op(x, ((0, 0), *paddings, *((0, 0),) * len(rest)))
    inner = [
        (d + a + b) // s
        for d, s, (a, b) in zip(dims[1:], block, paddings, strict=False)
    ]
    split = [v for pair in zip(inner, block, strict=True) for v in pair]
    x = reshape_op(x, (dims[0], *split, *rest))
    order = [2 * i + 2 for i in range(n)] + [0] + [2 * i + 1 for i in range(n)]
    order += range(1 + 2 * n, 1 + 2 * n + len(rest))
    x = transpose_op(x, tuple(order))
    return reshape_op(x, (dims[0] * math.prod(block), *inner, *rest))


def to_space(x: Any, block: Any, crops: Any) -> Any:
    """Blocks moved back by reshapes and a transposition."""
    dims = static_dims(x)
    n = len(block)
    batch, rest = dims[0] // math.prod(block), dims[1 + n :]
    x = reshape_op(x, (*block, batch, *dims[1:]))
    order = [n] + [v for i in range(n) for v in (n + 1 + i, i)]
    order += range(2 * n + 1, 2 * n + 1 + len(rest))
    inner = [d * s for d, s in zip(dims[1:], block, strict=False)]
    x = reshape_op(transpose_op(x, tuple(order)), (batch, *inner, *rest))
    if not any(a or b for a, b in crops):
        return x
    begin = (0, *[a for a, _ in crops], *(0,) * len(rest))
    kept = [d - a - b for d, (a, b) in zip(inner, crops, strict=True)]
    return slice_op(x, begin, (batch, *kept, *rest))


def to_depth(x: Any, block_size: int, data_format: str = "NHWC") -> Any:
    """Blocks of height and width moved to the depth."""
    b = block_size
    n, h, w, c = spaced(Spec(static_dims(x), x.dtype), data_format)
    if data_format == "NHWC":
        x = reshape_op(x, (n, h // b, b, w // b, b, c))
        x = transpose_op(x, (0, 1, 3, 2, 4, 5))
    else:
        x = reshape_op(x, (n, c, h // b, b, w // b, b))
        x = transpose_op(x, (0, 3, 5, 1, 2, 4))
    return reshape_op(x, unspaced(n, h // b, w // b, c * b * b, data_format))


def from_depth(x: Any, block_size: int, data_format: str = "NHWC") -> Any:
    """Blocks of the depth moved to height and width."""
    b = block_size
    n, h, w, c = spaced(Spec(static_dims(x), x.dtype), data_format)
    c //= b * b
    if data_format == "NHWC":
        x = reshape_op(x, (n, h, w, b, b, c))
        x = transpose_op(x, (0, 1, 3, 2, 4, 5))
    else:
        x = reshape_op(x, (n, b, b, c, h, w))
        x = transpose_op(x, (0, 3, 4, 1, 5, 2))
    return reshape_op(x, unspaced(n, h * b, w * b, c, data_format))
