"""Rounding, and division and remainder that round towards zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, REAL, type_set
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import is_typed
from rillet.ops.elementwise import checked_divisor
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]

floor_op: Op = define(
    "Floor",
    types=(FLOATING,),
    kernel=np.floor,
    infer=same_as_input,
    lower=Map(lambda b, x: b.floor(x)),
)
ceil_op: Op = define(
    "Ceil",
    types=(FLOATING,),
    kernel=np.ceil,
    infer=same_as_input,
    lower=Map(lambda b, x: b.ceil(x)),
)
rint_op: Op = define(
    "Rint",
    types=(FLOATING,),
    kernel=np.rint,
    infer=same_as_input,
    lower=Map(lambda b, x: b.rint(x)),
)
round_op: Op = define(
    "Round",
    types=(FLOATING,),
    kernel=np.rint,
    infer=same_as_input,
    lower=Map(lambda b, x: b.rint(x)),
)


def _truncate_div(x: Array, y: Array) -> Any:
    checked_divisor("truncatediv", y)
    if x.dtype.kind in "iu":
        return np.floor_divide(np.subtract(x, np.fmod(x, y)), y)
    return np.trunc(np.true_divide(x, y))


def _truncate_mod(x: Array, y: Array) -> Any:
    checked_divisor("truncatemod", y)
    return np.fmod(x, y)


truncate_div_op: Op = define(
    "TruncateDiv",
    types=(REAL, 0),
    kernel=_truncate_div,
    infer=broadcast("truncatediv"),
    lower=Map(lambda b, x, y: b.truncate_div(x, y)),
)
truncate_mod_op: Op = define(
    "TruncateMod",
    types=(REAL, 0),
    kernel=_truncate_mod,
    infer=broadcast("truncatemod"),
    lower=Map(lambda b, x, y: b.truncate_mod(x, y)),
)
next_after_op: Op = define(
    "NextAfter",
    types=(type_set(dtypes.float32, dtypes.float64), 0),
    kernel=np.nextafter,
    infer=broadcast("nextafter"),
    grad=(
        lambda g, z, x1, x2: sum_to(g, x1),
        lambda g, z, x1, x2: sum_to(g * to_tensor(0.0, dtype=g.dtype), x2),
    ),
    lower=Map(lambda b, x, y: b.next_after(x, y)),
)


def floor(x: Any, name: str | None = None) -> Tensor:
    """The greatest whole number that is not above x, element by element.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type. It has no gradient.

    Raises:
        InvalidArgumentError: for integers.

    Example:
        >>> import rillet as tf
        >>> tf.floor([1.7, -1.2]).numpy().tolist()
        [1.0, -2.0]
    """
    return floor_op.run(x)


def ceil(x: Any, name: str | None = None) -> Tensor:
    """The least whole number that is not below x; as `tf.floor` otherwise."""
    return ceil_op.run(x)


def rint(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number, the even one of two; as `tf.floor` otherwise."""
    return rint_op.run(x)


def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number, the even one of two; integers stay as they are.

    Args:
        x: a real tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type. It has no gradient.

    Example:
        >>> import rillet as tf
        >>> tf.round([0.5, 1.5, 2.6]).numpy().tolist()
        [0.0, 2.0, 3.0]
    """
    value = x if is_typed(x) else to_tensor(x)
    return value if value.dtype.is_integer else round_op.run(value)


def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y rounded towards zero, as C divides integers.

    Args:
        x: a real tensor.
        y: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.

    Raises:
        InvalidArgumentError: where an integer divisor is 0.
    """
    return truncate_div_op.run(x, y)


def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x less truncatediv(x, y) · y: the remainder with the sign of x."""
    return truncate_mod_op.run(x, y)


def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """The float next to x1 in the direction of x2, element by element.

    Args:
        x1: a float32 or float64 tensor.
        x2: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.
    """
    return next_after_op.run(x1, x2)
