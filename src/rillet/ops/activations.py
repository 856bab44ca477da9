"""Activations with op records of their own, and those made of other ops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, REAL
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.ops.array import concat
from rillet.ops.elementwise import add_op, mul_op, neg_op
from rillet.ops.error_functions import erfc_op
from rillet.ops.extremes import against_zero
from rillet.ops.filling import zeros_like_op
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.selecting import select
from rillet.ops.shape_rules import same_as_input
from rillet.ops.transcendental import sigmoid_op, tanh_op

Array = np.ndarray[Any, Any]


def _flat(h: Any, z: Any, g: Any, x: Any, **attrs: Any) -> Any:
    """The curve of a function made of straight lines: 0, as TensorFlow says, not None.

    A Hessian's diagonal or a penalty on gradients then is a tensor.
    """
    return zeros_like_op(x)


def _lower_relu(b: Any, x: Any) -> Any:
    """One comparison; NaN stays."""
    return b.select(x < 0, 0, x)


relu_op: Op = define(
    "Relu",
    types=(REAL,),
    kernel=lambda x: against_zero(np.maximum, x),
    infer=same_as_input,
    grad=(lambda g, y, x: relu_grad_op.run(g, y),),
    lower=Map(_lower_relu),
)
relu_grad_op: Op = define(
    "ReluGrad",
    types=(REAL, 0),
    kernel=lambda g, y: np.multiply(g, y > 0),
    infer=same_as_input,
    grad=(lambda h, z, g, y: relu_grad_op(h, y), _flat),
    lower=Map(lambda b, g, y: b.select(y > 0, g, 0)),
)
relu6_op: Op = define(
    "Relu6",
    types=(REAL,),
    kernel=lambda x: np.minimum(np.maximum(x, x.dtype.type(0)), x.dtype.type(6)),
    infer=same_as_input,
    grad=(lambda g, y, x: relu6_grad_op(g, y),),
    lower=Map(lambda b, x: b.minimum(_lower_relu(b, x), 6)),
)
relu6_grad_op: Op = define(
    "Relu6Grad",
    types=(REAL, 0),
    kernel=lambda g, y: np.multiply(g, (y > 0) & (y < 6)),
    infer=same_as_input,
    grad=(lambda h, z, g, y: relu6_grad_op(h, y), _flat),
    lower=Map(lambda b, g, y: b.select((y > 0) & (y < 6), g, 0)),
)


def _leaky(x: Array, alpha: float = 0.2) -> Array:
    slope = x.dtype.type(alpha)
    return np.maximum(x, x * slope) if alpha <= 1 else np.minimum(x, x * slope)


def _lower_leaky(b: Any, x: Any, alpha: float = 0.2) -> Any:
    return (b.maximum if alpha <= 1 else b.minimum)(x, x * alpha)


leaky_relu_op: Op = define(
    "LeakyRelu",
    types=(FLOATING,),
    kernel=_leaky,
    infer=same_as_input,
    grad=(lambda g, y, x, alpha=0.2: leaky_relu_grad_op(g, x, alpha=alpha),),
    attrs={"alpha": 0.2},
    lower=Map(_lower_leaky),
)
leaky_relu_grad_op: Op = define(
    "LeakyReluGrad",
    types=(FLOATING, 0),
    kernel=lambda g, x, alpha=0.2: select(x > 0, g, g * g.dtype.type(alpha)),
    infer=same_as_input,
    grad=(lambda h, z, g, x, alpha=0.2: leaky_relu_grad_op(h, x, alpha=alpha), _flat),
    attrs={"alpha": 0.2},
    lower=Map(lambda b, g, x, alpha=0.2: b.select(x > 0.0, g, g * alpha)),
)
elu_op: Op = define(
    "Elu",
    types=(FLOATING,),
    kernel=lambda x: select(x < 0, np.expm1(np.minimum(x, x.dtype.type(0))), x),
    infer=same_as_input,
    grad=(lambda g, y, x: elu_grad_op(g, y),),
    lower=Map(lambda b, x: b.select(x < 0.0, b.expm1(x), x)),
)
elu_grad_op: Op = define(
    "EluGrad",
    types=(FLOATING, 0),
    kernel=lambda g, y: select(y < 0, g * (y + y.dtype.type(1)), g),
    infer=same_as_input,
    grad=(
        lambda h, z, g, y: elu_grad_op(h, y),
        lambda h, z, g, y: mul_op(mul_op(h, g), _negative_op(y)),
    ),
    lower=Map(lambda b, g, y: b.select(y < 0.0, g * (y + 1.0), g)),
)
_negative_op: Op = define(
    "RilletIsNegative",
    types=(FLOATING,),
    kernel=lambda x: (x < 0).astype(x.dtype),
    infer=same_as_input,
    lower=Map(lambda b, x: b.cast(x < 0.0, x.type)),
)

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


def _selu(x: Array) -> Array:
    kind = x.dtype.type
    low = kind(_SELU_SCALE * _SELU_ALPHA) * np.expm1(np.minimum(x, kind(0)))
    return select(x < 0, low, kind(_SELU_SCALE) * x)


def _selu_grad(g: Array, y: Array) -> Array:
    kind = y.dtype.type
    low = g * (y + kind(_SELU_SCALE * _SELU_ALPHA))
    return select(y < 0, low, g * kind(_SELU_SCALE))


def _lower_selu(b: Any, x: Any) -> Any:
    low = b.expm1(x) * (_SELU_SCALE * _SELU_ALPHA)
    return b.select(x < 0.0, low, x * _SELU_SCALE)


def _lower_selu_grad(b: Any, g: Any, y: Any) -> Any:
    low = g * (y + _SELU_SCALE * _SELU_ALPHA)
    return b.select(y < 0.0, low, g * _SELU_SCALE)


selu_op: Op = define(
    "Selu",
    types=(FLOATING,),
    kernel=_selu,
    infer=same_as_input,
    grad=(lambda g, y, x: selu_grad_op(g, y),),
    lower=Map(_lower_selu),
)
selu_grad_op: Op = define(
    "SeluGrad",
    types=(FLOATING, 0),
    kernel=_selu_grad,
    infer=same_as_input,
    grad=(
        lambda h, z, g, y: selu_grad_op(h, y),
        lambda h, z, g, y: mul_op(mul_op(h, g), _negative_op(y)),
    ),
    lower=Map(_lower_selu_grad),
)
softsign_op: Op = define(
    "Softsign",
    types=(FLOATING,),
    kernel=lambda x: x / (x.dtype.type(1) + np.abs(x)),
    infer=same_as_input,
    grad=(lambda g, y, x: softsign_grad_op(g, x),),
    lower=Map(lambda b, x: x / (b.abs(x) + 1.0)),
)


def _softsign_grad_slope(h: Any, z: Any, g: Any, x: Any) -> Any:
    """d/dx of g / (1 + |x|)²: -2 g sign(x) / (1 + |x|)³."""
    from_x = softsign_curve_op(x)
    return mul_op(mul_op(h, g), from_x)


softsign_grad_op: Op = define(
    "SoftsignGrad",
    types=(FLOATING, 0),
    kernel=lambda g, x: g / np.square(x.dtype.type(1) + np.abs(x)),
    infer=same_as_input,
    grad=(lambda h, z, g, x: softsign_grad_op(h, x), _softsign_grad_slope),
    lower=Map(lambda b, g, x: g / b.square(b.abs(x) + 1.0)),
)
softsign_curve_op: Op = define(
    "RilletSoftsignCurve",
    types=(FLOATING,),
    kernel=lambda x: (
        x.dtype.type(-2) * np.sign(x) / np.power(x.dtype.type(1) + np.abs(x), 3)
    ).astype(x.dtype),
    infer=same_as_input,
    lower=Map(
        lambda b, x: b.sign(x) * -2.0 / b.pow(b.abs(x) + 1.0, b.const(3, x.type))
    ),
)


def relu(features: Any, name: str | None = None) -> Tensor:
    """max(x, 0), element by element; NaN stays NaN.

    Args:
        features: a real tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> tf.nn.relu([-1., 2.]).numpy().tolist()
        [0.0, 2.0]
    """
    return relu_op.run(features)


def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(x, 0), 6), element by element."""
    return relu6_op.run(features)


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x where it is positive, alpha · x elsewhere.

    Args:
        features: a real tensor; integers become float32.
        alpha: the slope below zero.
        name: ignored when eager.

    Returns:
        A tensor of the same shape.
    """
    features = to_tensor(features)
    if features.dtype.is_integer:
        features = to_tensor(np.asarray(features).astype(np.float32))
    return leaky_relu_op(features, alpha=float(alpha))


def elu(features: Any, name: str | None = None) -> Tensor:
    """x where it is positive, e^x - 1 elsewhere (Clevert et al., 2015)."""
    return elu_op.run(features)


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled elu that keeps mean 0 and variance 1 (Klambauer et al., 2017)."""
    return selu_op.run(features)


def softsign(features: Any, name: str | None = None) -> Tensor:
    """x / (1 + |x|), element by element."""
    return softsign_op.run(features)


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Tensor:
    """relu of x and of -x, joined along `axis` (Shang et al., 2016)."""
    features = to_tensor(features)
    return relu(concat([features, neg_op(features)], axis))


def silu(features: Any, beta: float = 1.0) -> Tensor:
    """x · sigmoid(beta · x), also called swish.

    Args:
        features: a float tensor.
        beta: how steep the gate is.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> round(float(tf.nn.silu(1.0)), 6)
        0.731059
    """
    features = to_tensor(features)
    gate = features if beta == 1.0 else mul_op(features, beta)
    return mul_op(features, sigmoid_op(gate))


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Tensor:
    """x · Φ(x), with Φ the normal distribution's function (Hendrycks & Gimpel, 2016).

    Args:
        features: a float tensor.
        approximate: use 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Raises:
        ValueError: where the tensor is not of a float type.

    Example:
        >>> import rillet as tf
        >>> round(float(tf.nn.gelu(1.0)), 5)
        0.84134
    """
    x = to_tensor(features)
    if not x.dtype.is_floating:
        raise ValueError(
            house_message(
                "gelu",
                "`features.dtype` must be a floating point tensor",
                repr(x.dtype),
            )
        )
    half = mul_op(x, 0.5)
    if approximate:
        cube = mul_op(mul_op(x, x), x)
        inner = mul_op(add_op(x, mul_op(cube, 0.044715)), math.sqrt(2 / math.pi))
        return mul_op(half, add_op(tanh_op(inner), 1.0))
    # The complement keeps its digits where 1 + erf would cancel.
    return mul_op(half, erfc_op(mul_op(x, -1 / math.sqrt(2.0))))


swish = silu
