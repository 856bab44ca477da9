"""Blocks moved between axes: space and batch, space and depth."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import ANY
from rillet.core.errors import (
    InvalidArgumentError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import block_moves
from rillet.ops.host import integer, integers
from rillet.ops.lowering import Rewrite
from rillet.ops.registry import Op, define
from rillet.ops.tiling import pairs

Array = np.ndarray[Any, Any]


def _refused(op: str, rule: str, values: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(op, rule, values))


def _check_blocks(op: str, x: Spec, block: Any, margins: Any, what: str) -> None:
    for i, size in enumerate(block):
        if size < 1:
            raise _refused(
                op,
                "All values in block_shape must be positive, got value,"
                f" {size} at index {i}",
            )
    if len(margins) != len(block):
        raise _refused(
            op,
            f"{what} should have shape [{len(block)}, 2] instead of"
            f" [{len(margins)}, 2]",
        )
    if any(min(m) < 0 for m in margins):
        raise _refused(op, f"{what} must be non-negative".capitalize(), str(margins))
    if x.shape is not None and len(x.shape) < 1 + len(block):
        raise _refused(
            op,
            f"input rank should be >= {1 + len(block)} instead of {len(x.shape)}",
        )


def _infer_space_to_batch(x: Spec, block: Any, paddings: Any) -> Spec:
    op = "space_to_batch"
    if isinstance(block, Spec) or isinstance(paddings, Spec) or x.shape is None:
        return Spec(None if x.shape is None else (None,) * len(x.shape), x.dtype)
    _check_blocks(op, x, block, paddings, "paddings")
    out: list[int | None] = []
    batch = x.shape[0]
    for i, (size, (a, b)) in enumerate(zip(block, paddings, strict=True)):
        d = x.shape[i + 1]
        if d is not None and (d + a + b) % size:
            raise _refused(
                op,
                f"padded_shape[{i}]={d + a + b} is not divisible by"
                f" block_shape[{i}]={size}",
            )
        out.append(None if d is None else (d + a + b) // size)
        batch = None if batch is None else batch * size
    return Spec((batch, *out, *x.shape[1 + len(block) :]), x.dtype)


def _space_to_batch(x: Array, block: Any, paddings: Any) -> Array:
    shape = _infer_space_to_batch(Spec(x.shape, dtypes.int32), block, paddings).shape
    n = len(block)
    rest = [(0, 0)] * (x.ndim - 1 - n)
    padded = np.pad(x, [(0, 0), *paddings, *rest]) if n else x
    split: list[int] = [x.shape[0]]
    for d, size in zip(padded.shape[1:], block, strict=False):
        split += [d // size, size]
    parts = padded.reshape((*split, *x.shape[1 + n :]))
    order = [2 * i + 2 for i in range(n)] + [0] + [2 * i + 1 for i in range(n)]
    order += range(1 + 2 * n, parts.ndim)
    return parts.transpose(order).reshape(shape)


def _infer_batch_to_space(x: Spec, block: Any, crops: Any) -> Spec:
    op = "batch_to_space"
    if isinstance(block, Spec) or isinstance(crops, Spec) or x.shape is None:
        return Spec(None if x.shape is None else (None,) * len(x.shape), x.dtype)
    _check_blocks(op, x, block, crops, "crops")
    batch, product = x.shape[0], 1
    for size in block:
        product *= size
    if batch is not None:
        if batch % product:
            raise _refused(
                op,
                f"Input batch dimension ({batch}) is not divisible by product of block"
                f" sizes ({product})",
            )
        batch //= product
    out: list[int | None] = []
    for i, (size, (a, b)) in enumerate(zip(block, crops, strict=True)):
        d = x.shape[i + 1]
        left = None if d is None else d * size - a - b
        if left is not None and left < 0:
            raise _refused(op, f"cropped_shape[{i}]={left} must be non-negative")
        out.append(left)
    return Spec((batch, *out, *x.shape[1 + len(block) :]), x.dtype)


def _batch_to_space(x: Array, block: Any, crops: Any) -> Array:
    _infer_batch_to_space(Spec(x.shape, dtypes.int32), block, crops)
    n = len(block)
    batch = x.shape[0]
    for size in block:
        batch //= size
    parts = x.reshape((*block, batch, *x.shape[1:]))
    order = [n]
    for i in range(n):
        order += [n + 1 + i, i]
    order += range(2 * n + 1, parts.ndim)
    sizes = [d * size for d, size in zip(x.shape[1:], block, strict=False)]
    whole = parts.transpose(order).reshape((batch, *sizes, *x.shape[1 + n :]))
    key = [slice(a, d - b) for (a, b), d in zip(crops, sizes, strict=True)]
    return whole[(slice(None), *key)].copy()


space_to_batch_op: Op = define(
    "SpaceToBatchND",
    types=(ANY, None, None),
    kernel=_space_to_batch,
    infer=_infer_space_to_batch,
    grad=(
        lambda g, y, x, block, paddings: batch_to_space_op(g, block, paddings),
        None,
        None,
    ),
    quiet=False,
    lower=Rewrite(block_moves.to_batch),
)
batch_to_space_op: Op = define(
    "BatchToSpaceND",
    types=(ANY, None, None),
    kernel=_batch_to_space,
    infer=_infer_batch_to_space,
    grad=(
        lambda g, y, x, block, crops: space_to_batch_op(g, block, crops),
        None,
        None,
    ),
    quiet=False,
    lower=Rewrite(block_moves.to_space),
)


def space_to_batch(
    input: Any, block_shape: Any, paddings: Any, name: str | None = None
) -> Tensor:
    """Blocks of the space axes moved to the batch axis.

    Args:
        input: a tensor of shape ``(batch, *space, ...)``.
        block_shape: the size of a block along each space axis.
        paddings: zeros before and after each space axis, shape ``(axes, 2)``.
        name: ignored when eager.

    Returns:
        A tensor whose batch is larger by the product of the block, and whose space axes
        are smaller by it.

    Raises:
        InvalidArgumentError: where blocks do not divide the padded axes.

    Example:
        >>> import rillet as tf
        >>> tf.space_to_batch([[[1], [2], [3], [4]]], [2], [[0, 0]]).numpy().tolist()
        [[[1], [3]], [[2], [4]]]
    """
    block = integers("space_to_batch", "block_shape", block_shape)
    return space_to_batch_op(input, block, pairs("space_to_batch", paddings))


def space_to_batch_nd(
    input: Any, block_shape: Any, paddings: Any, name: str | None = None
) -> Tensor:
    """The same as `tf.space_to_batch`, under the op's own name."""
    return space_to_batch(input, block_shape, paddings)


def batch_to_space(
    input: Any, block_shape: Any, crops: Any, name: str | None = None
) -> Tensor:
    """Batches moved back into blocks of space: the inverse of `tf.space_to_batch`.

    Args:
        input: a tensor of shape ``(batch, *space, ...)``.
        block_shape: the size of a block along each space axis.
        crops: how much to cut off before and after each space axis.
        name: ignored when eager.

    Returns:
        A tensor with a smaller batch and larger space axes.

    Raises:
        InvalidArgumentError: where the block does not divide the batch.

    Example:
        >>> import rillet as tf
        >>> x = [[[1], [3]], [[2], [4]]]
        >>> tf.batch_to_space(x, [2], [[0, 0]]).numpy().tolist()
        [[[1], [2], [3], [4]]]
    """
    block = integers("batch_to_space", "block_shape", block_shape)
    return batch_to_space_op(input, block, pairs("batch_to_space", crops))


def required_space_to_batch_paddings(
    input_shape: Any,
    block_shape: Any,
    base_paddings: Any = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The paddings that let blocks divide a shape, and the crops that undo them.

    Args:
        input_shape: the sizes of the space axes.
        block_shape: the size of a block along each.
        base_paddings: paddings that are wanted anyway; zeros where None.
        name: ignored when eager.

    Returns:
        ``(paddings, crops)``, int32 of shape ``(axes, 2)``.

    Example:
        >>> import rillet as tf
        >>> paddings, crops = tf.required_space_to_batch_paddings([5, 4], [2, 3])
        >>> paddings.numpy().tolist(), crops.numpy().tolist()
        ([[0, 1], [0, 2]], [[0, 1], [0, 2]])
    """
    op = "required_space_to_batch_paddings"
    sizes = integers(op, "input_shape", input_shape)
    block = integers(op, "block_shape", block_shape)
    base = (
        pairs(op, base_paddings)
        if base_paddings is not None
        else ((0, 0),) * len(sizes)
    )
    paddings, crops = [], []
    for size, b, (before, after) in zip(sizes, block, base, strict=True):
        extra = -(size + before + after) % b
        paddings.append([before, after + extra])
        crops.append([0, extra])
    shape = (len(paddings), 2)
    return (
        Tensor(np.array(paddings, np.int32).reshape(shape)),
        Tensor(np.array(crops, np.int32).reshape(shape)),
    )


def _check_depth(op: str, x: Spec, block_size: int, data_format: str) -> None:
    if data_format not in ("NHWC", "NCHW"):
        raise _refused(
            op,
            f"Value for attr 'data_format' of \"{data_format}\" is not in the list of"
            ' allowed values: "NHWC", "NCHW"',
        )
    if block_size < 2:
        raise _refused(
            op,
            f"Value for attr 'block_size' of {block_size} must be at least minimum 2",
        )
    if x.shape is not None and len(x.shape) != 4:
        raise _refused(op, f"Input rank should be 4 instead of {len(x.shape)}")


def _infer_space_to_depth(x: Spec, block_size: int, data_format: str = "NHWC") -> Spec:
    _check_depth("space_to_depth", x, block_size, data_format)
    if x.shape is None:
        return Spec((None,) * 4, x.dtype)
    n, h, w, c = block_moves.spaced(x, data_format)
    if any(d is not None and d % block_size for d in (h, w)):
        raise _refused(
            "space_to_depth",
            f"Image width {w} and height {h} should be divisible by block_size:"
            f" {block_size}",
        )
    h, w = [None if d is None else d // block_size for d in (h, w)]
    c = None if c is None else c * block_size**2
    return Spec(block_moves.unspaced(n, h, w, c, data_format), x.dtype)


def _infer_depth_to_space(x: Spec, block_size: int, data_format: str = "NHWC") -> Spec:
    _check_depth("depth_to_space", x, block_size, data_format)
    if x.shape is None:
        return Spec((None,) * 4, x.dtype)
    n, h, w, c = block_moves.spaced(x, data_format)
    if c is not None and c % block_size**2:
        raise _refused(
            "depth_to_space",
            f"Input depth dimension {c} should be divisible by: {block_size**2}",
        )
    h, w = [None if d is None else d * block_size for d in (h, w)]
    c = None if c is None else c // block_size**2
    return Spec(block_moves.unspaced(n, h, w, c, data_format), x.dtype)


def _space_to_depth(x: Array, block_size: int, data_format: str = "NHWC") -> Array:
    out = _infer_space_to_depth(Spec(x.shape, dtypes.int32), block_size, data_format)
    b = block_size
    if data_format == "NHWC":
        n, h, w, c = x.shape
        parts = x.reshape(n, h // b, b, w // b, b, c).transpose(0, 1, 3, 2, 4, 5)
    else:
        n, c, h, w = x.shape
        parts = x.reshape(n, c, h // b, b, w // b, b).transpose(0, 3, 5, 1, 2, 4)
    return parts.reshape(out.shape)


def _depth_to_space(x: Array, block_size: int, data_format: str = "NHWC") -> Array:
    out = _infer_depth_to_space(Spec(x.shape, dtypes.int32), block_size, data_format)
    b = block_size
    if data_format == "NHWC":
        n, h, w, c = x.shape
        parts = x.reshape(n, h, w, b, b, c // b**2).transpose(0, 1, 3, 2, 4, 5)
    else:
        n, c, h, w = x.shape
        parts = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    return parts.reshape(out.shape)


_DEPTH_ATTRS = {"block_size": None, "data_format": "NHWC"}
space_to_depth_op: Op = define(
    "SpaceToDepth",
    types=(ANY,),
    kernel=_space_to_depth,
    infer=_infer_space_to_depth,
    grad=(lambda g, y, x, **attrs: depth_to_space_op(g, **attrs),),
    attrs=_DEPTH_ATTRS,
    quiet=False,
    lower=Rewrite(block_moves.to_depth),
)
depth_to_space_op: Op = define(
    "DepthToSpace",
    types=(ANY,),
    kernel=_depth_to_space,
    infer=_infer_depth_to_space,
    grad=(lambda g, y, x, **attrs: space_to_depth_op(g, **attrs),),
    attrs=_DEPTH_ATTRS,
    quiet=False,
    lower=Rewrite(block_moves.from_depth),
)


def space_to_depth(
    input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None
) -> Tensor:
    """Square blocks of an image moved into its depth.

    Args:
        input: images, shape ``(batch, height, width, depth)``, or NCHW.
        block_size: the side of a block, 2 or more.
        data_format: ``"NHWC"`` or ``"NCHW"``.
        name: ignored when eager.

    Returns:
        Images of ``block_size**2`` times the depth.

    Raises:
        InvalidArgumentError: where the block does not divide height and width.

    Example:
        >>> import rillet as tf
        >>> x = [[[[1], [2]], [[3], [4]]]]
        >>> tf.nn.space_to_depth(x, 2).numpy().tolist()
        [[[[1, 2, 3, 4]]]]
    """
    size = integer("space_to_depth", "block_size", block_size)
    return space_to_depth_op(input, block_size=size, data_format=data_format)


def depth_to_space(
    input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None
) -> Tensor:
    """Depth moved into square blocks of an image: the inverse of `space_to_depth`.

    Args:
        input: images, shape ``(batch, height, width, depth)``, or NCHW.
        block_size: the side of a block, 2 or more.
        data_format: ``"NHWC"`` or ``"NCHW"``.
        name: ignored when eager.

    Returns:
        Images of `block_size` times the height and width.

    Raises:
        InvalidArgumentError: where ``block_size**2`` does not divide the depth.

    Example:
        >>> import rillet as tf
        >>> tf.nn.depth_to_space([[[[1, 2, 3, 4]]]], 2).numpy().tolist()
        [[[[1], [2]], [[3], [4]]]]
    """
    size = integer("depth_to_space", "block_size", block_size)
    return depth_to_space_op(input, block_size=size, data_format=data_format)
