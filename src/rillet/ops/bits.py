"""The bits of integers: and, or, exclusive or, inversion and shifts."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import INTEGER
from rillet.core.tensor import Tensor
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input

Array = np.ndarray[Any, Any]

bitwise_and_op: Op = define(
    "BitwiseAnd",
    types=(INTEGER, 0),
    kernel=np.bitwise_and,
    infer=broadcast("bitwise_and"),
    quiet=False,
    lower=Map(lambda b, x, y: x & y),
)
bitwise_or_op: Op = define(
    "BitwiseOr",
    types=(INTEGER, 0),
    kernel=np.bitwise_or,
    infer=broadcast("bitwise_or"),
    quiet=False,
    lower=Map(lambda b, x, y: x | y),
)
bitwise_xor_op: Op = define(
    "BitwiseXor",
    types=(INTEGER, 0),
    kernel=np.bitwise_xor,
    infer=broadcast("bitwise_xor"),
    quiet=False,
    lower=Map(lambda b, x, y: x ^ y),
)
invert_op: Op = define(
    "Invert",
    types=(INTEGER,),
    kernel=np.invert,
    infer=same_as_input,
    quiet=False,
    lower=Map(lambda b, x: ~x),
)


def _distance(x: Array, y: Array) -> Array:
    """How far to shift: C leaves distances below 0 or beyond the width undefined.

    TensorFlow takes the nearest that is defined, and so do we.
    """
    return np.clip(y, 0, x.dtype.itemsize * 8 - 1).astype(y.dtype, copy=False)


left_shift_op: Op = define(
    "LeftShift",
    types=(INTEGER, 0),
    kernel=lambda x, y: np.left_shift(x, _distance(x, y)),
    infer=broadcast("left_shift"),
    quiet=False,
    lower=Map(lambda b, x, y: b.shift_left(x, y)),
)
right_shift_op: Op = define(
    "RightShift",
    types=(INTEGER, 0),
    kernel=lambda x, y: np.right_shift(x, _distance(x, y)),
    infer=broadcast("right_shift"),
    quiet=False,
    lower=Map(lambda b, x, y: b.shift_right(x, y)),
)


def bitwise_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that both integers have."""
    return bitwise_and_op.run(x, y)


def bitwise_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that either integer has."""
    return bitwise_or_op.run(x, y)


def bitwise_xor(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that just one of the integers has."""
    return bitwise_xor_op.run(x, y)


def invert(x: Any, name: str | None = None) -> Tensor:
    """Every bit of an integer turned over."""
    return invert_op.run(x)


def left_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits of x moved y places up; zeros come in below.

    Args:
        x: an integer tensor.
        y: distances, of the same type, from 0 to the type's width less 1; others
            count as the nearest of these.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.

    Example:
        >>> import rillet as tf
        >>> tf.bitwise.left_shift([1, -5], [3, 1]).numpy().tolist()
        [8, -10]
    """
    return left_shift_op.run(x, y)


def right_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits of x moved y places down; copies of the sign come in above.

    Arguments are those of `tf.bitwise.left_shift`.
    """
    return right_shift_op.run(x, y)
