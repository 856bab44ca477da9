"""Arithmetic, element by element: what operators and most gradients are made of.

This file is the pattern for a family: a record an op, its public function beside it.
Comparisons and logic stand in `compare`, transcendental and special functions in
`transcendental`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import apply_op, has_whole
from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    COMPLEX,
    FLOATING,
    NUMERIC,
    REAL,
    SIGNED,
)
from rillet.core.errors import (
    InvalidArgumentError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast as cast
from rillet.ops.casting import cast_array as cast_array
from rillet.ops.casting import cast_op as cast_op
from rillet.ops.extremes import extreme
from rillet.ops.lowering import Map
from rillet.ops.quotients import checked_divisor as checked_divisor
from rillet.ops.quotients import div_no_nan_op as div_no_nan_op
from rillet.ops.quotients import div_op as div_op
from rillet.ops.quotients import divide as divide
from rillet.ops.quotients import divide_no_nan as divide_no_nan
from rillet.ops.quotients import floor_div_op as floor_div_op
from rillet.ops.quotients import floor_mod_op as floor_mod_op
from rillet.ops.quotients import floordiv as floordiv
from rillet.ops.quotients import floormod as floormod
from rillet.ops.quotients import reciprocal as reciprocal
from rillet.ops.quotients import reciprocal_op as reciprocal_op
from rillet.ops.quotients import truediv as truediv
from rillet.ops.quotients import zero_where_none_flows as zero_where_none_flows
from rillet.ops.registry import Op, define
from rillet.ops.ring import add_op as add_op
from rillet.ops.ring import conj_op as conj_op
from rillet.ops.ring import conjugate as conjugate
from rillet.ops.ring import mul_op as mul_op
from rillet.ops.ring import neg_op as neg_op
from rillet.ops.ring import ones_like_scalar as ones_like_scalar
from rillet.ops.ring import sub_op as sub_op
from rillet.ops.ring import zeros_scalar as zeros_scalar
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]


def _power(x: Array, y: Array) -> Any:
    if x.dtype.kind in "iu":
        if x.dtype.kind == "i" and y.size and y.min() < 0:
            raise InvalidArgumentError(
                house_message(
                    "pow",
                    "Integers to negative integer powers are not allowed",
                    f"the exponent holds {int(y.min())}",
                    "Cast both to a float first",
                )
            )
        return np.power(x, y)
    if y.ndim == 0:
        exponent = y[()]
        if exponent == 2:
            return np.square(x)
        if exponent == 1:
            return x.copy()
    return np.power(x, y)


def _lower_power(ctx: Any, x: Any, y: Any, **attrs: Any) -> Any:
    """As `Map`, with a known exponent a number in the code."""
    known = getattr(y, "known", None)
    value = known.item() if known is not None and known.size == 1 else None

    def element(b: Any, x: Any, y: Any) -> Any:
        if value is not None:
            y = b.const(value, x.type)
        if "int" in x.type:
            return b.checked(b.pow(x, y), y >= 0)
        return b.pow(x, y)

    return Map(element)(ctx, x, y)


pow_op: Op = define(
    "Pow",
    types=(NUMERIC - dtypes.type_set(dtypes.uint8, dtypes.uint16), 0),
    kernel=_power,
    infer=broadcast("pow"),
    grad=(
        lambda g, z, x, y: sum_to(_power_by_base(g, x, y), x),
        lambda g, z, x, y: sum_to(_power_by_exponent(g, z, x, y), y),
    ),
    lower=_lower_power,
)


def _power_by_base(g: Any, x: Any, y: Any) -> Any:
    if type(y) is Tensor and y._array.ndim == 0 and y._array[()] == 2:
        real = conjugate(x)
        return mul_op.run(g, add_op.run(real, real))
    one = ones_like_scalar(y)
    slope = mul_op(conjugate(y), pow_op(conjugate(x), sub_op(conjugate(y), one)))
    return mul_op(g, slope)


def _power_by_exponent(g: Any, z: Any, x: Any, y: Any) -> Any:
    """g · z · log x, and 0 where the base is 0 (or negative and real)."""
    if x.dtype.is_complex:
        return mul_op(g, conjugate(mul_op(z, log_op(x))))
    return mul_op(g, mul_op(z, _safe_log_op(x)))


log_op: Op = define(
    "Log",
    types=(FLOATING | COMPLEX,),
    kernel=np.log,
    infer=same_as_input,
    grad=(lambda g, y, x: div_op.run(g, conjugate(x)),),
    lower=Map(lambda b, x: b.log(x)),
)
_safe_log_op: Op = define(
    "RilletLogOrZero",
    types=(FLOATING,),
    kernel=lambda x: np.where(x > 0, np.log(x), x.dtype.type(0)).astype(x.dtype),
    infer=same_as_input,
    grad=(lambda g, y, x: div_no_nan_op(g, maximum_op(x, zeros_scalar(x))),),
    lower=Map(lambda b, x: b.select(x > 0.0, b.log(x), 0.0)),
)
square_op: Op = define(
    "Square",
    types=(NUMERIC,),
    kernel=np.square,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, add_op(conjugate(x), conjugate(x))),),
    lower=Map(lambda b, x: x * x),
)
sqrt_op: Op = define(
    "Sqrt",
    types=(FLOATING | COMPLEX,),
    kernel=np.sqrt,
    infer=same_as_input,
    grad=(lambda g, y, x: sqrt_grad_op(y, g),),
    lower=Map(lambda b, x: b.sqrt(x)),
)


def _sqrt_grad(y: Array, g: Array) -> Array:
    slope = np.true_divide(np.multiply(g, g.dtype.type(0.5)), np.conjugate(y))
    return zero_where_none_flows(g, slope)


sqrt_grad_op: Op = define(
    "SqrtGrad",
    types=(FLOATING | COMPLEX, 0),
    kernel=_sqrt_grad,
    infer=same_as_input,
    grad=(
        lambda h, z, y, g: neg_op(mul_op(conjugate(div_op(h, y)), z)),
        lambda h, z, y, g: sqrt_grad_op(conjugate(y), h),
    ),
    lower=Map(lambda b, y, g: b.select(b.eq(g, 0.0), 0.0, g * 0.5 / y)),
)
exp_op: Op = define(
    "Exp",
    types=(FLOATING | COMPLEX,),
    kernel=np.exp,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, conjugate(y)),),
    lower=Map(lambda b, x: b.exp(x)),
)
sign_op: Op = define(
    "Sign",
    types=(NUMERIC,),
    kernel=lambda x: np.sign(x),
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, zeros_scalar(g)),),
    lower=Map(lambda b, x: b.sign(x)),
)
abs_op: Op = define(
    "Abs",
    types=(FLOATING | SIGNED,),
    kernel=np.absolute,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, sign_op(x)),),
    lower=Map(lambda b, x: b.abs(x)),
)
_at_least_op: Op = define(
    "RilletAtLeast",
    types=(REAL, 0),
    kernel=lambda x, y: np.greater_equal(x, y).astype(x.dtype),
    infer=broadcast("maximum"),
    lower=Map(lambda b, x, y: b.cast(x >= y, x.type)),
)
_below_op: Op = define(
    "RilletBelow",
    types=(REAL, 0),
    kernel=lambda x, y: np.logical_not(np.greater_equal(x, y)).astype(x.dtype),
    infer=broadcast("maximum"),
    lower=Map(lambda b, x, y: b.cast(~(x >= y), x.type)),
)
maximum_op: Op = define(
    "Maximum",
    types=(REAL, 0),
    kernel=extreme(np.maximum),
    infer=broadcast("maximum"),
    grad=(
        lambda g, z, x, y: sum_to(mul_op(g, _at_least_op(x, y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, _below_op(x, y)), y),
    ),
    lower=Map(lambda b, x, y: b.maximum(x, y)),
)
minimum_op: Op = define(
    "Minimum",
    types=(REAL, 0),
    kernel=extreme(np.minimum),
    infer=broadcast("minimum"),
    grad=(
        lambda g, z, x, y: sum_to(mul_op(g, _at_least_op(y, x)), x),
        lambda g, z, x, y: sum_to(mul_op(g, _below_op(y, x)), y),
    ),
    lower=Map(lambda b, x, y: b.minimum(x, y)),
)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x + y, element by element, with broadcasting.

    Args:
        x: a numeric or string tensor.
        y: a tensor of the same type.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.

    Raises:
        InvalidArgumentError: where types differ or shapes do not broadcast.

    Example:
        >>> import rillet as tf
        >>> tf.add([1, 2], 3).numpy().tolist()
        [4, 5]
    """
    return add_op.run(x, y)


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x - y, element by element; arguments and errors as those of `tf.add`."""
    return sub_op.run(x, y)


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · y, element by element; arguments and errors as those of `tf.add`."""
    return mul_op.run(x, y)


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power of y, element by element.

    Args:
        x: a numeric tensor.
        y: a tensor of the same type.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.

    Raises:
        InvalidArgumentError: for integers to a negative power.

    Example:
        >>> import rillet as tf
        >>> tf.pow([2., 3.], 2.).numpy().tolist()
        [4.0, 9.0]
    """
    return pow_op.run(x, y)


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The greater of x and y, element by element; NaN where one is.

    The gradient goes to `x` where the two are equal.
    """
    return maximum_op.run(x, y)


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The smaller of x and y, element by element; NaN where one is.

    The gradient goes to `x` where the two are equal.
    """
    return minimum_op.run(x, y)


def negative(x: Any, name: str | None = None) -> Tensor:
    """-x, element by element."""
    return neg_op.run(x)


def square(x: Any, name: str | None = None) -> Tensor:
    """x · x, element by element."""
    return square_op.run(x)


def sqrt(x: Any, name: str | None = None) -> Tensor:
    """The square root; NaN for negative numbers."""
    return sqrt_op.run(x)


def exp(x: Any, name: str | None = None) -> Tensor:
    """e to the power of x; infinity where that overflows."""
    return exp_op.run(x)


def log(x: Any, name: str | None = None) -> Tensor:
    """The natural logarithm; minus infinity at 0, NaN below."""
    return log_op.run(x)


def sign(x: Any, name: str | None = None) -> Tensor:
    """-1, 0 or 1 by the sign of x; x / |x| for complex numbers."""
    return sign_op.run(x)


def abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value, element by element.

    Args:
        x: a numeric tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape; real for a complex `x`.
    """
    if type(x) is not Tensor:
        if has_whole(x):
            return apply_op(abs_op, (x,), {})
        x = to_tensor(x)
    return complex_abs_op.run(x) if x.dtype.is_complex else abs_op.run(x)


complex_abs_op: Op = define(
    "ComplexAbs",
    types=(COMPLEX,),
    kernel=np.absolute,
    infer=lambda x: Spec(x.shape, x.dtype.real_dtype),
    grad=(lambda g, y, x: mul_op(cast_op(div_no_nan_op(g, y), DstT=x.dtype), x),),
)
