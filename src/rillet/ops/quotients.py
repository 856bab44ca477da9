"""Division, plain, floored and safe, and its remainders."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import apply_op, has_whole
from rillet.core.dtypes import COMPLEX, FLOATING, REAL, DType
from rillet.core.errors import (
    InvalidArgumentError,
    house_message,
)
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast, cast_op
from rillet.ops.dispatch import matched
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.ring import add_op, conjugate, mul_op, neg_op
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]

div_op: Op = define(
    "RealDiv",
    types=(FLOATING | COMPLEX, 0),
    kernel=np.true_divide,
    infer=broadcast("divide"),
    grad=(
        lambda g, z, x, y: sum_to(div_op(g, conjugate(y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(div_op(neg_op(z), y))), y),
    ),
    lower=Map(lambda b, x, y: x / y),
)


def checked_divisor(op: str, y: Array) -> None:
    """Raise InvalidArgumentError where an integer divisor is 0."""
    if y.dtype.kind in "iu" and y.size and not y.all():
        raise InvalidArgumentError(
            house_message(
                op,
                "Integer division by zero",
                f"the divisor, of shape {y.shape}, holds 0",
                "Test it with tf.reduce_any(y == 0), or use tf.math.divide_no_nan",
            )
        )


def _floor_div(x: Array, y: Array) -> Any:
    checked_divisor("floordiv", y)
    if x.dtype.kind in "iu":
        return np.floor_divide(x, y)
    return np.floor(np.true_divide(x, y))


def _floor_mod(x: Array, y: Array) -> Any:
    checked_divisor("floormod", y)
    return np.mod(x, y)


floor_div_op: Op = define(
    "FloorDiv",
    types=(REAL, 0),
    kernel=_floor_div,
    infer=broadcast("floordiv"),
    lower=Map(lambda b, x, y: b.floor_div(x, y)),
)
floor_mod_op: Op = define(
    "FloorMod",
    types=(REAL, 0),
    kernel=_floor_mod,
    infer=broadcast("floormod"),
    grad=(
        lambda g, z, x, y: sum_to(g, x),
        lambda g, z, x, y: sum_to(neg_op(mul_op(g, floor_div_op(x, y))), y),
    ),
    lower=Map(lambda b, x, y: b.floor_mod(x, y)),
)
reciprocal_op: Op = define(
    "Reciprocal",
    types=(FLOATING | COMPLEX,),
    kernel=lambda x: np.true_divide(x.dtype.type(1), x),
    infer=same_as_input,
    grad=(lambda g, y, x: reciprocal_grad_op(y, g),),
    lower=Map(lambda b, x: 1.0 / x),
)


def zero_where_none_flows(g: Array, slope: Array) -> Array:
    """A gradient that is 0 where `g` is, even if the curve is infinitely steep there.

    TensorFlow's gradient ops of reciprocals and roots promise that: what `tf.where` has
    masked stays masked.
    """
    kept: Array = np.where(g == 0, g.dtype.type(0), slope)
    return kept.astype(g.dtype, copy=False)


def _reciprocal_grad(y: Array, g: Array) -> Array:
    slope = np.negative(np.multiply(g, np.square(np.conjugate(y))))
    return zero_where_none_flows(g, slope)


def _reciprocal_grad_by_y(h: Any, z: Any, y: Any, g: Any) -> Any:
    twice = add_op(conjugate(y), conjugate(y))
    return neg_op(mul_op(conjugate(h), mul_op(g, twice)))


reciprocal_grad_op: Op = define(
    "ReciprocalGrad",
    types=(FLOATING | COMPLEX, 0),
    kernel=_reciprocal_grad,
    infer=same_as_input,
    grad=(
        _reciprocal_grad_by_y,
        lambda h, z, y, g: reciprocal_grad_op(conjugate(y), h),
    ),
    lower=Map(lambda b, y, g: b.select(b.eq(g, 0.0), 0.0, -(g * (y * y)))),
)


def _div_no_nan(x: Array, y: Array) -> Any:
    zero = y == 0
    return np.where(
        zero, x.dtype.type(0), np.true_divide(x, np.where(zero, 1, y))
    ).astype(x.dtype)


div_no_nan_op: Op = define(
    "DivNoNan",
    types=(FLOATING | COMPLEX, 0),
    kernel=_div_no_nan,
    infer=broadcast("divide_no_nan"),
    grad=(
        lambda g, z, x, y: sum_to(div_no_nan_op(g, conjugate(y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(div_no_nan_op(neg_op(z), y))), y),
    ),
    lower=Map(lambda b, x, y: b.select(b.eq(y, 0.0), 0.0, x / y)),
)


_TRUE_DIVISION = {
    "int8": dtypes.float32,
    "uint8": dtypes.float32,
    "int16": dtypes.float32,
    "uint16": dtypes.float32,
    "int32": dtypes.float64,
    "uint32": dtypes.float64,
    "int64": dtypes.float64,
    "uint64": dtypes.float64,
}


def _true_operands(op: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Two tensors of one type, as the floats that Python's division would take."""
    if x.dtype is not y.dtype or x.dtype.is_bool:
        raise TypeError(
            house_message(
                op,
                "`x` and `y` must have the same dtype, and be numbers",
                f"got {x.dtype.name} and {y.dtype.name}",
                f"Convert one of them, e.g. tf.cast(x, tf.{y.dtype.name})",
            )
        )
    wide = _TRUE_DIVISION.get(x.dtype.name)
    if wide is not None:
        return cast_op(x, DstT=wide), cast_op(y, DstT=wide)
    return x, y


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python divides: integers become floats first.

    Args:
        x: a numeric tensor.
        y: a tensor of the same type.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape; float32 for integers of up to 16 bits, float64
        for wider ones.

    Raises:
        TypeError: where the types differ.

    Example:
        >>> import rillet as tf
        >>> tf.truediv([3, 4], 2).numpy().tolist()
        [1.5, 2.0]
    """
    if type(x) is not Tensor or type(y) is not Tensor:
        if has_whole(x, y):
            return apply_op(div_op, (_divisible(x), _divisible(y)), {})
        x, y = matched(div_op, x, y)
    x, y = _true_operands("truediv", x, y)
    return div_op.run(x, y)


def _divisible(value: Any) -> Any:
    """An operand beside a composite: integers as floats, Python's as they are."""
    kind = getattr(value, "dtype", None)
    if not isinstance(kind, DType) or not kind.is_integer:
        return value
    return cast(value, dtypes.float32 if kind.size <= 2 else dtypes.float64)


def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y for floating or complex tensors of one type."""
    return div_op.run(x, y)


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The same as `tf.truediv`."""
    return truediv(x, y)


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 where y is 0; types as with `tf.truediv`."""
    if type(x) is not Tensor or type(y) is not Tensor:
        if has_whole(x, y):
            return apply_op(div_no_nan_op, (_divisible(x), _divisible(y)), {})
        x, y = matched(div_no_nan_op, x, y)
    x, y = _true_operands("divide_no_nan", x, y)
    return div_no_nan_op.run(x, y)


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x // y, rounded towards minus infinity.

    Args:
        x: a real tensor.
        y: a tensor of the same type.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape and the operands' type.

    Raises:
        InvalidArgumentError: where an integer divisor is 0.
    """
    return floor_div_op.run(x, y)


def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x % y with the sign of y; arguments and errors as those of `tf.math.floordiv`."""
    return floor_mod_op.run(x, y)


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """1 / x, element by element."""
    return reciprocal_op.run(x)
