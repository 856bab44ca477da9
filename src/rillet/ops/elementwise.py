"""Arithmetic, element by element: what operators and most gradients are made of.

This file is the pattern for a family: a record an op, its public function beside it.
Comparisons and logic stand in `compare`, transcendental and special functions in
`transcendental`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    ANY,
    COMPLEX,
    FLOATING,
    NUMERIC,
    REAL,
    SIGNED,
    UNSIGNED,
    DType,
    as_dtype,
)
from rillet.core.errors import (
    InvalidArgumentError,
    UnimplementedError,
    house_message,
)
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import matched
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]

cast_op: Op = define(
    "Cast",
    types=(ANY,),
    kernel=lambda x, DstT: cast_array(x, DstT),
    infer=lambda x, DstT: Spec(x.shape, DstT),
    grad=(lambda g, y, x, DstT: cast_op(g, DstT=x.dtype),),
    attrs={"DstT": None},
)


def cast_array(x: Array, dtype: DType) -> Array:
    """An array in another type, out-of-range floats as TensorFlow casts them.

    A float outside the integer type's range, or NaN, becomes that type's smallest
    value where it is int32 or int64 (what x86's conversion gives); narrower types take
    the low bits of that conversion.
    """
    target = dtype.numpy_dtype
    if x.dtype == target:
        return x
    if x.dtype.kind == "O" or dtype.name == "string":
        raise UnimplementedError(
            house_message(
                "cast",
                "strings and numbers do not convert",
                f"from {x.dtype} to {dtype.name}",
                "Use tf.strings.to_number or tf.strings.as_string",
            )
        )
    if x.dtype.kind == "c" and target.kind != "c":
        x = x.real
    if dtype.is_bool:
        return np.not_equal(x, x.dtype.type(0))
    if dtype.is_integer and x.dtype.kind in "fV":
        return _to_integer(x, target)
    return x.astype(target)


def _to_integer(x: Array, target: np.dtype[Any]) -> Array:
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    wide: Any = np.dtype(
        np.int64 if target.itemsize == 8 or target == np.uint32 else np.int32
    )
    limit = 2.0 ** (wide.itemsize * 8 - 1)
    if target.kind == "i" and (x.size == 0 or np.abs(x).max() < limit):
        return x.astype(wide).astype(target, copy=False)
    if target == np.uint64:
        low = np.where((x >= 0) & (x < limit), x, 0).astype(np.int64).view(np.uint64)
        high = np.where(x >= limit, x - limit, 0).astype(np.int64).view(np.uint64)
        value = np.where(x >= limit, high + np.uint64(2**63), low)
        negative = np.where(x < 0, x, 0).astype(np.int64).view(np.uint64)
        return np.where(x < 0, negative, value)
    inside = (x >= -limit) & (x < limit)
    whole = np.where(inside, x, 0).astype(wide)
    return np.where(inside, whole, np.iinfo(wide).min).astype(target)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """A tensor of another type.

    Args:
        x: a numeric or boolean tensor.
        dtype: the new type.
        name: ignored when eager.

    Returns:
        A tensor of the same shape; floats lose their fraction towards zero, complex
        numbers their imaginary part. `x` itself where it has the type.

    Raises:
        UnimplementedError: from or to strings.

    Example:
        >>> import rillet as tf
        >>> tf.cast([1.8, -2.2], tf.int32).numpy().tolist()
        [1, -2]
    """
    wanted = as_dtype(dtype)
    convert = getattr(x, "_cast", None)
    if convert is not None:
        return convert(wanted)
    x = to_tensor(x)
    return x if x.dtype is wanted else cast_op(x, DstT=wanted)


add_op: Op = define(
    "AddV2",
    types=(NUMERIC | dtypes.STRING, 0),
    kernel=np.add,
    infer=broadcast("add"),
    grad=(lambda g, z, x, y: sum_to(g, x), lambda g, z, x, y: sum_to(g, y)),
)
sub_op: Op = define(
    "Sub",
    types=(NUMERIC, 0),
    kernel=np.subtract,
    infer=broadcast("subtract"),
    grad=(lambda g, z, x, y: sum_to(g, x), lambda g, z, x, y: sum_to(neg_op(g), y)),
)
mul_op: Op = define(
    "Mul",
    types=(NUMERIC, 0),
    kernel=np.multiply,
    infer=broadcast("multiply"),
    grad=(
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(x)), y),
    ),
)
div_op: Op = define(
    "RealDiv",
    types=(FLOATING | COMPLEX, 0),
    kernel=np.true_divide,
    infer=broadcast("divide"),
    grad=(
        lambda g, z, x, y: sum_to(div_op(g, conjugate(y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(div_op(neg_op(z), y))), y),
    ),
)
neg_op: Op = define(
    "Neg",
    types=(NUMERIC - UNSIGNED,),
    kernel=np.negative,
    infer=same_as_input,
    grad=(lambda g, y, x: neg_op(g),),
)
conj_op: Op = define(
    "Conj",
    types=(COMPLEX,),
    kernel=np.conjugate,
    infer=same_as_input,
    grad=(lambda g, y, x: conj_op(g),),
)


def conjugate(x: Any) -> Any:
    """The complex conjugate, which of a real tensor is the tensor itself."""
    return conj_op(x) if x.dtype.is_complex else x


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
    "FloorDiv", types=(REAL, 0), kernel=_floor_div, infer=broadcast("floordiv")
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
)


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


pow_op: Op = define(
    "Pow",
    types=(NUMERIC - dtypes.type_set(dtypes.uint8, dtypes.uint16), 0),
    kernel=_power,
    infer=broadcast("pow"),
    grad=(
        lambda g, z, x, y: sum_to(_power_by_base(g, x, y), x),
        lambda g, z, x, y: sum_to(_power_by_exponent(g, z, x, y), y),
    ),
)


def _power_by_base(g: Any, x: Any, y: Any) -> Any:
    if type(y) is Tensor and y._array.ndim == 0 and y._array[()] == 2:
        return mul_op(g, add_op(conjugate(x), conjugate(x)))
    one = ones_like_scalar(y)
    slope = mul_op(conjugate(y), pow_op(conjugate(x), sub_op(conjugate(y), one)))
    return mul_op(g, slope)


def _power_by_exponent(g: Any, z: Any, x: Any, y: Any) -> Any:
    """g · z · log x, and 0 where the base is 0 (or negative and real)."""
    if x.dtype.is_complex:
        return mul_op(g, conjugate(mul_op(z, log_op(x))))
    return mul_op(g, mul_op(z, _safe_log_op(x)))


def ones_like_scalar(x: Any) -> Tensor:
    """The number 1 in the type of `x`."""
    return Tensor(np.ones((), x.dtype.numpy_dtype))


log_op: Op = define(
    "Log",
    types=(FLOATING | COMPLEX,),
    kernel=np.log,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, reciprocal_op(conjugate(x))),),
)
_safe_log_op: Op = define(
    "RilletLogOrZero",
    types=(FLOATING,),
    kernel=lambda x: np.where(x > 0, np.log(x), x.dtype.type(0)).astype(x.dtype),
    infer=same_as_input,
    grad=(lambda g, y, x: div_no_nan_op(g, maximum_op(x, zeros_scalar(x))),),
)
reciprocal_op: Op = define(
    "Reciprocal",
    types=(FLOATING | COMPLEX,),
    kernel=lambda x: np.true_divide(x.dtype.type(1), x),
    infer=same_as_input,
    grad=(lambda g, y, x: neg_op(mul_op(g, mul_op(conjugate(y), conjugate(y)))),),
)


def zeros_scalar(x: Any) -> Tensor:
    """The number 0 in the type of `x`."""
    return Tensor(np.zeros((), x.dtype.numpy_dtype))


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
)
square_op: Op = define(
    "Square",
    types=(NUMERIC,),
    kernel=np.square,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, add_op(conjugate(x), conjugate(x))),),
)
sqrt_op: Op = define(
    "Sqrt",
    types=(FLOATING | COMPLEX,),
    kernel=np.sqrt,
    infer=same_as_input,
    grad=(lambda g, y, x: div_op(g, conjugate(add_op(y, y))),),
)
exp_op: Op = define(
    "Exp",
    types=(FLOATING | COMPLEX,),
    kernel=np.exp,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, conjugate(y)),),
)
sign_op: Op = define(
    "Sign",
    types=(NUMERIC,),
    kernel=lambda x: np.sign(x),
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, zeros_scalar(g)),),
)
abs_op: Op = define(
    "Abs",
    types=(FLOATING | SIGNED,),
    kernel=np.absolute,
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, sign_op(x)),),
)
_at_least_op: Op = define(
    "RilletAtLeast",
    types=(REAL, 0),
    kernel=lambda x, y: np.greater_equal(x, y).astype(x.dtype),
    infer=broadcast("maximum"),
)
_below_op: Op = define(
    "RilletBelow",
    types=(REAL, 0),
    kernel=lambda x, y: np.logical_not(np.greater_equal(x, y)).astype(x.dtype),
    infer=broadcast("maximum"),
)
maximum_op: Op = define(
    "Maximum",
    types=(REAL, 0),
    kernel=np.maximum,
    infer=broadcast("maximum"),
    grad=(
        lambda g, z, x, y: sum_to(mul_op(g, _at_least_op(x, y)), x),
        lambda g, z, x, y: sum_to(mul_op(g, _below_op(x, y)), y),
    ),
)
minimum_op: Op = define(
    "Minimum",
    types=(REAL, 0),
    kernel=np.minimum,
    infer=broadcast("minimum"),
    grad=(
        lambda g, z, x, y: sum_to(mul_op(g, _at_least_op(y, x)), x),
        lambda g, z, x, y: sum_to(mul_op(g, _below_op(y, x)), y),
    ),
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
        x, y = matched(div_op, x, y)
    x, y = _true_operands("truediv", x, y)
    return div_op.run(x, y)


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The same as `tf.truediv`."""
    return truediv(x, y)


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 where y is 0; types as with `tf.truediv`."""
    if type(x) is not Tensor or type(y) is not Tensor:
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


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """1 / x, element by element."""
    return reciprocal_op.run(x)


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
        x = to_tensor(x)
    return complex_abs_op.run(x) if x.dtype.is_complex else abs_op.run(x)


complex_abs_op: Op = define(
    "ComplexAbs",
    types=(COMPLEX,),
    kernel=np.absolute,
    infer=lambda x: Spec(x.shape, x.dtype.real_dtype),
    grad=(lambda g, y, x: mul_op(cast_op(div_no_nan_op(g, y), DstT=x.dtype), x),),
)
