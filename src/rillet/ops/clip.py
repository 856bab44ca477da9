"""Clipping by value and by norm, and the norm of several tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.tensor import Tensor
from rillet.ops.compare import greater_op
from rillet.ops.elementwise import (
    add_op,
    div_op,
    maximum_op,
    minimum_op,
    mul_op,
    sqrt_op,
    square_op,
    sub_op,
)
from rillet.ops.host import axis_or_none
from rillet.ops.mask import select_op
from rillet.ops.shaping import sum_op


@dispatched
def clip_by_value(
    t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None
) -> Any:
    """`t` with its elements brought into the range from a minimum to a maximum.

    Args:
        t: a real tensor, or `IndexedSlices`.
        clip_value_min: the least value: a number, or a tensor that broadcasts to `t`.
        clip_value_max: the greatest value; where it is below the least, the least wins.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `t`. NaN stays NaN. No gradient goes where a
        value was clipped.

    Raises:
        ValueError: where a bound's shape is larger than that of `t`.

    Example:
        >>> import rillet as tf
        >>> tf.clip_by_value([-5., 0.5, 5.], -1, 1).numpy().tolist()
        [-1.0, 0.5, 1.0]
    """
    if isinstance(t, IndexedSlices):
        clipped = clip_by_value(t.values, clip_value_min, clip_value_max)
        return IndexedSlices(clipped, t.indices, t.dense_shape)
    x = to_tensor(t)
    low = minimum_op.run(x, clip_value_max)
    _same_shape(x, low)
    high = maximum_op.run(low, clip_value_min)
    _same_shape(x, high)
    return high


def _same_shape(x: Any, y: Any) -> None:
    if not x.shape.is_compatible_with(y.shape):
        raise ValueError(
            house_message(
                "clip_by_value",
                f"Shapes {x.shape} and {y.shape} are incompatible",
                "a bound must broadcast to the shape of `t`",
            )
        )


def clip_by_norm(
    t: Any, clip_norm: Any, axes: Any = None, name: str | None = None
) -> Any:
    """`t`, scaled down where its norm is above a limit.

    Args:
        t: a floating tensor, or `IndexedSlices`.
        clip_norm: the greatest norm allowed.
        axes: the axes that one norm is taken over; all where None.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `t`.

    Example:
        >>> import rillet as tf
        >>> tf.clip_by_norm([3., 4.], 1.0).numpy().tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    slices = isinstance(t, IndexedSlices)
    x = to_tensor(t.values if slices else t)
    squares = mul_op.run(x, x)
    total = sum_op(squares, axis_or_none("clip_by_norm", axes), keep_dims=True)
    # The square root has no slope at 0: there the gradient goes round it.
    some = greater_op.run(total, Tensor(np.zeros((), total.dtype.numpy_dtype)))
    one = Tensor(np.ones((), total.dtype.numpy_dtype))
    root = sqrt_op.run(select_op.run(some, total, one))
    norm = select_op.run(some, root, total)
    out = div_op.run(mul_op.run(x, clip_norm), maximum_op.run(norm, clip_norm))
    if slices:
        return IndexedSlices(out, t.indices, t.dense_shape)
    return out


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """`t`, scaled down where its norm divided by its size is above a limit.

    Args:
        t: a floating tensor.
        clip_norm: the greatest average norm allowed.
        name: ignored when eager.

    Returns:
        A tensor of the shape and type of `t`.
    """
    x = to_tensor(t)
    size = to_tensor(float(x.shape.num_elements() or 0), x.dtype)
    one = to_tensor(1.0, x.dtype)
    norm = sqrt_op.run(sum_op(mul_op.run(x, x), None, keep_dims=False))
    least = minimum_op.run(div_op.run(size, norm), div_op.run(one, clip_norm))
    return mul_op.run(mul_op.run(x, clip_norm), least)


def _listed(op: str, t_list: Any) -> list[Any]:
    if isinstance(t_list, str) or not isinstance(t_list, Sequence):
        raise TypeError(
            house_message(
                op,
                "`t_list` should be a sequence of tensors",
                f"received {type(t_list).__name__}",
                "Put the tensor in a list",
            )
        )
    return list(t_list)


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The norm of several tensors taken as one long vector.

    Args:
        t_list: floating tensors, `IndexedSlices` or None (which counts nothing).
        name: ignored when eager.

    Returns:
        A scalar.

    Raises:
        TypeError: where `t_list` is no sequence.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.global_norm([[3.], None, [4.]]).numpy()
        np.float32(5.0)
    """
    total: Any = None
    for t in _listed("global_norm", t_list):
        if t is None:
            continue
        x = to_tensor(t.values if isinstance(t, IndexedSlices) else t)
        part = sum_op(square_op.run(x), None, keep_dims=False)
        total = part if total is None else add_op.run(total, part)
    if total is None:
        return Tensor(np.zeros((), np.float32))
    return sqrt_op.run(total)


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Several tensors, scaled down together where their common norm is above a limit.

    Args:
        t_list: floating tensors, `IndexedSlices` or None, which stays None.
        clip_norm: the greatest norm allowed.
        use_norm: the norm, where it is known already.
        name: ignored when eager.

    Returns:
        The tensors, and their norm before clipping. Where the norm is not finite, all
        elements become NaN.

    Raises:
        TypeError: where `t_list` is no sequence.

    Example:
        >>> import rillet as tf
        >>> clipped, norm = tf.clip_by_global_norm([[3.], [4.]], 1.0)
        >>> [t.numpy().tolist() for t in clipped], norm.numpy()
        ([[0.6000000238418579], [0.800000011920929]], np.float32(5.0))
    """
    tensors = _listed("clip_by_global_norm", t_list)
    norm = to_tensor(global_norm(tensors) if use_norm is None else use_norm)
    one = Tensor(np.ones((), norm.dtype.numpy_dtype))
    limit = to_tensor(clip_norm, hint=norm.dtype)
    least = minimum_op.run(div_op.run(one, norm), div_op.run(one, limit))
    # norm - norm is 0, and NaN where the norm is not finite.
    scale = add_op.run(mul_op.run(limit, least), sub_op.run(norm, norm))
    clipped: list[Any] = []
    for t in tensors:
        if isinstance(t, IndexedSlices):
            values = mul_op.run(t.values, scale)
            clipped.append(IndexedSlices(values, t.indices, t.dense_shape))
        else:
            clipped.append(None if t is None else mul_op.run(t, scale))
    return clipped, norm
