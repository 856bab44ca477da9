"""Exponentials, logarithms, trigonometry and the curves of neurons.

Sigmoid, Tanh, Softplus and Rsqrt have gradient ops of their own, as TensorFlow's: one
pass over memory instead of three. `special`, `gamma` and `bessel` hold the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.dtypes import COMPLEX, FLOATING
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import (
    add_op,
    conjugate,
    div_op,
    exp_op,
    mul_op,
    neg_op,
    reciprocal_op,
    sqrt_op,
    square_op,
    sub_op,
    zero_where_none_flows,
)
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]


def _widened(function: Any) -> Any:
    """A kernel that computes 16-bit floats in float32."""

    def kernel(*arrays: Array) -> Array:
        kind = arrays[0].dtype
        if kind.itemsize == 2:
            wide = function(*[a.astype(np.float32) for a in arrays])
            return np.asarray(wide).astype(kind)
        return function(*arrays)

    return kernel


def _number(x: Any, value: float) -> Tensor:
    """A constant in the type of `x`."""
    return Tensor(np.array(value, x.dtype.numpy_dtype))


def _sigmoid(x: Array) -> Array:
    out = np.asarray(np.exp(np.negative(x)))
    np.add(out, 1, out=out)
    return np.reciprocal(out, out=out)


sigmoid_op: Op = define(
    "Sigmoid",
    types=(FLOATING | COMPLEX,),
    kernel=_widened(_sigmoid),
    infer=same_as_input,
    grad=(lambda g, y, x: sigmoid_grad_op(conjugate(y), g),),
    lower=Map(lambda b, x: b.sigmoid(x)),
)


def _sigmoid_grad(y: Array, g: Array) -> Array:
    slope = np.subtract(y, np.square(y))
    return np.multiply(slope, g)


def _sigmoid_grad_by_curve(h: Any, z: Any, y: Any, g: Any) -> Any:
    part = mul_op(conjugate(g), h)
    return sub_op(part, mul_op(mul_op(_number(y, 2), part), conjugate(y)))


sigmoid_grad_op: Op = define(
    "SigmoidGrad",
    types=(FLOATING | COMPLEX, 0),
    kernel=_widened(_sigmoid_grad),
    infer=same_as_input,
    grad=(
        _sigmoid_grad_by_curve,
        lambda h, z, y, g: sigmoid_grad_op(conjugate(y), h),
    ),
    lower=Map(lambda b, y, g: g * (y - y * y)),
)
tanh_op: Op = define(
    "Tanh",
    types=(FLOATING | COMPLEX,),
    kernel=np.tanh,
    infer=same_as_input,
    grad=(lambda g, y, x: tanh_grad_op(conjugate(y), g),),
    lower=Map(lambda b, x: b.tanh(x)),
)


def _tanh_grad(y: Array, g: Array) -> Array:
    slope = np.asarray(np.square(y))
    np.subtract(1, slope, out=slope)
    return np.multiply(slope, g)


tanh_grad_op: Op = define(
    "TanhGrad",
    types=(FLOATING | COMPLEX, 0),
    kernel=_widened(_tanh_grad),
    infer=same_as_input,
    grad=(
        lambda h, z, y, g: mul_op(
            mul_op(_number(y, -2), mul_op(h, conjugate(g))), conjugate(y)
        ),
        lambda h, z, y, g: tanh_grad_op(conjugate(y), h),
    ),
    lower=Map(lambda b, y, g: g * (1.0 - y * y)),
)


def _softplus(x: Array) -> Any:
    """max(x, 0) + log1p(exp(-|x|)), which neither overflows nor loses small values."""
    out = np.asarray(np.absolute(x))
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    return np.add(out, np.maximum(x, x.dtype.type(0)), out=out)


softplus_op: Op = define(
    "Softplus",
    types=(FLOATING,),
    kernel=_widened(_softplus),
    infer=same_as_input,
    grad=(lambda g, y, x: softplus_grad_op(g, x),),
    lower=Map(lambda b, x: b.softplus(x)),
)


def _softplus_grad_by_x(h: Any, z: Any, g: Any, x: Any) -> Any:
    curve = sigmoid_op(x)
    return mul_op(sigmoid_grad_op(curve, g), h)


softplus_grad_op: Op = define(
    "SoftplusGrad",
    types=(FLOATING, 0),
    kernel=_widened(lambda g, x: np.multiply(g, _sigmoid(x))),
    infer=same_as_input,
    grad=(lambda h, z, g, x: softplus_grad_op(h, x), _softplus_grad_by_x),
    lower=Map(lambda b, g, x: g * b.sigmoid(x)),
)


def _rsqrt(x: Array) -> Any:
    root: Any = np.sqrt(x)
    return np.reciprocal(root)


rsqrt_op: Op = define(
    "Rsqrt",
    types=(FLOATING | COMPLEX,),
    kernel=_widened(_rsqrt),
    infer=same_as_input,
    grad=(lambda g, y, x: rsqrt_grad_op(y, g),),
    lower=Map(lambda b, x: b.rsqrt(x)),
)


def _rsqrt_grad(y: Array, g: Array) -> Array:
    root = np.conjugate(y)
    half = np.multiply(g, g.dtype.type(-0.5))
    return zero_where_none_flows(g, np.multiply(half, np.square(root) * root))


def _rsqrt_grad_by_y(h: Any, z: Any, y: Any, g: Any) -> Any:
    slope = mul_op(mul_op(_number(y, -1.5), g), square_op(conjugate(y)))
    return mul_op(conjugate(h), slope)


rsqrt_grad_op: Op = define(
    "RsqrtGrad",
    types=(FLOATING | COMPLEX, 0),
    kernel=_widened(_rsqrt_grad),
    infer=same_as_input,
    grad=(_rsqrt_grad_by_y, lambda h, z, y, g: rsqrt_grad_op(conjugate(y), h)),
    lower=Map(lambda b, y, g: b.select(b.eq(g, 0.0), 0.0, g * -0.5 * (y * y * y))),
)


def _curve(name: str, kernel: Any, slope: Any) -> Op:
    """A record whose gradient is g times the conjugate of a slope made of x."""
    return define(
        name,
        types=(FLOATING | COMPLEX,),
        kernel=_widened(kernel),
        infer=same_as_input,
        grad=(lambda g, y, x: mul_op(g, slope(conjugate(x))),),
        lower=Map(lambda b, x: getattr(b, name.lower())(x)),
    )


def _inverse_root(x: Any, sign: int) -> Any:
    """1 / sqrt(1 + sign · x²)."""
    one, squares = _number(x, 1), square_op(x)
    return reciprocal_op(sqrt_op((add_op if sign > 0 else sub_op)(one, squares)))


def _asin_slope(x: Any) -> Any:
    return _inverse_root(x, -1)


def _acosh_slope(x: Any) -> Any:
    """1 / sinh(acosh x), in two factors so that it is right for complex numbers."""
    one = _number(x, 1)
    return mul_op(rsqrt_op(sub_op(x, one)), rsqrt_op(add_op(x, one)))


log1p_op: Op = _curve(
    "Log1p", np.log1p, lambda x: reciprocal_op(add_op(_number(x, 1), x))
)
expm1_op: Op = _curve("Expm1", np.expm1, lambda x: exp_op(x))
sin_op: Op = _curve("Sin", np.sin, lambda x: cos_op(x))
cos_op: Op = _curve("Cos", np.cos, lambda x: neg_op(sin_op(x)))
tan_op: Op = _curve("Tan", np.tan, lambda x: square_op(reciprocal_op(cos_op(x))))
sinh_op: Op = _curve("Sinh", np.sinh, lambda x: cosh_op(x))
cosh_op: Op = _curve("Cosh", np.cosh, lambda x: sinh_op(x))
asin_op: Op = _curve("Asin", np.arcsin, _asin_slope)
acos_op: Op = _curve("Acos", np.arccos, lambda x: neg_op(_asin_slope(x)))
atan_op: Op = _curve(
    "Atan",
    np.arctan,
    lambda x: reciprocal_op(add_op(_number(x, 1), square_op(x))),
)
asinh_op: Op = _curve("Asinh", np.arcsinh, lambda x: _inverse_root(x, 1))
acosh_op: Op = _curve("Acosh", np.arccosh, _acosh_slope)
atanh_op: Op = _curve(
    "Atanh",
    np.arctanh,
    lambda x: reciprocal_op(sub_op(_number(x, 1), square_op(x))),
)


def _by_length(g: Any, y: Any, x: Any) -> Any:
    return div_op(g, add_op(square_op(x), square_op(y)))


atan2_op: Op = define(
    "Atan2",
    types=(FLOATING, 0),
    kernel=_widened(np.arctan2),
    infer=broadcast("atan2"),
    grad=(
        lambda g, z, y, x: sum_to(mul_op(x, _by_length(g, y, x)), y),
        lambda g, z, y, x: sum_to(neg_op(mul_op(y, _by_length(g, y, x))), x),
    ),
    lower=Map(lambda b, y, x: b.atan2(y, x)),
)


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """1 / (1 + exp(-x)), element by element; never overflows.

    Args:
        x: a floating or complex tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        InvalidArgumentError: for integers.

    Example:
        >>> import rillet as tf
        >>> tf.sigmoid([-1000., 0., 1000.]).numpy().tolist()
        [0.0, 0.5, 1.0]
    """
    return sigmoid_op.run(x)


def tanh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic tangent, element by element."""
    return tanh_op.run(x)


def softplus(features: Any, name: str | None = None) -> Tensor:
    """log(1 + exp(x)), element by element; never overflows."""
    return softplus_op.run(features)


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """log(1 / (1 + exp(-x))), element by element; never overflows."""
    return neg_op.run(softplus_op.run(neg_op.run(x)))


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """1 / sqrt(x), element by element; infinity at 0, NaN below."""
    return rsqrt_op.run(x)


def log1p(x: Any, name: str | None = None) -> Tensor:
    """log(1 + x), exact for small x."""
    return log1p_op.run(x)


def expm1(x: Any, name: str | None = None) -> Tensor:
    """exp(x) - 1, exact for small x."""
    return expm1_op.run(x)


def sin(x: Any, name: str | None = None) -> Tensor:
    """The sine of angles in radians."""
    return sin_op.run(x)


def cos(x: Any, name: str | None = None) -> Tensor:
    """The cosine of angles in radians."""
    return cos_op.run(x)


def tan(x: Any, name: str | None = None) -> Tensor:
    """The tangent of angles in radians."""
    return tan_op.run(x)


def asin(x: Any, name: str | None = None) -> Tensor:
    """The angle whose sine is x, from -π/2 to π/2; NaN outside [-1, 1]."""
    return asin_op.run(x)


def acos(x: Any, name: str | None = None) -> Tensor:
    """The angle whose cosine is x, from 0 to π; NaN outside [-1, 1]."""
    return acos_op.run(x)


def atan(x: Any, name: str | None = None) -> Tensor:
    """The angle whose tangent is x, from -π/2 to π/2."""
    return atan_op.run(x)


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """The angle of the point (x, y), from -π to π."""
    return atan2_op.run(y, x)


def sinh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic sine, element by element."""
    return sinh_op.run(x)


def cosh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic cosine, element by element."""
    return cosh_op.run(x)


def asinh(x: Any, name: str | None = None) -> Tensor:
    """The number whose hyperbolic sine is x."""
    return asinh_op.run(x)


def acosh(x: Any, name: str | None = None) -> Tensor:
    """The number whose hyperbolic cosine is x; NaN below 1."""
    return acosh_op.run(x)


def atanh(x: Any, name: str | None = None) -> Tensor:
    """The number whose hyperbolic tangent is x; NaN outside [-1, 1]."""
    return atanh_op.run(x)
