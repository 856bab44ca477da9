"""Gamma, zeta and beta functions as ops; `ops.gamma_kernels` computes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import FLOATING, type_set
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import gamma_kernels as kernels
from rillet.ops.chebyshev import kernel
from rillet.ops.elementwise import add_op, exp_op, log_op, mul_op, neg_op, sub_op
from rillet.ops.gamma_gradient import gamma_sample_gradient
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_op, sum_to
from rillet.ops.zero_safe import xlog1py_op, xlogy_op

Array = np.ndarray[Any, Any]

_WIDE = type_set(dtypes.float32, dtypes.float64)


def _one(x: Any) -> Tensor:
    return Tensor(np.ones((), x.dtype.numpy_dtype))


lgamma_op: Op = define(
    "Lgamma",
    types=(FLOATING,),
    kernel=kernel(kernels.lgamma),
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, digamma_op(x)),),
    lower=Map(lambda b, x: b.lgamma(x)),
)
digamma_op: Op = define(
    "Digamma",
    types=(FLOATING,),
    kernel=kernel(kernels.digamma),
    infer=same_as_input,
    grad=(lambda g, y, x: mul_op(g, polygamma_op(_one(x), x)),),
    lower=Map(lambda b, x: b.digamma(x)),
)
polygamma_op: Op = define(
    "Polygamma",
    types=(_WIDE, 0),
    kernel=kernel(kernels.polygamma),
    infer=broadcast("polygamma"),
    grad=(
        None,
        lambda g, z, n, x: sum_to(mul_op(g, polygamma_op(add_op(n, _one(n)), x)), x),
    ),
)


def _grad_zeta(g: Any, z: Any, s: Any, q: Any) -> Any:
    slope = mul_op(neg_op(s), zeta_op(add_op(s, _one(s)), q))
    return sum_to(mul_op(g, slope), q)


zeta_op: Op = define(
    "Zeta",
    types=(_WIDE, 0),
    kernel=kernel(kernels.zeta),
    infer=broadcast("zeta"),
    grad=(None, _grad_zeta),
)


def _density(a: Any, x: Any) -> Any:
    """The derivative of the incomplete gamma function by x: a gamma density."""
    power = mul_op(sub_op(a, _one(a)), log_op(x))
    return exp_op(sub_op(sub_op(power, x), lgamma_op(a)))


def _igamma_by_shape(a: Array, x: Array) -> Array:
    with np.errstate(all="ignore"):
        density = np.exp((a - 1) * np.log(x) - x - kernels.lgamma(a))
        slope = -gamma_sample_gradient(a, x) * density
    return np.where(x == 0, 0.0, slope)


igamma_grad_a_op: Op = define(
    "IgammaGradA",
    types=(_WIDE, 0),
    kernel=kernel(_igamma_by_shape),
    infer=broadcast("igamma"),
)
igamma_op: Op = define(
    "Igamma",
    types=(FLOATING, 0),
    kernel=kernel(kernels.igamma),
    infer=broadcast("igamma"),
    grad=(
        lambda g, z, a, x: sum_to(mul_op(g, igamma_grad_a_op(a, x)), a),
        lambda g, z, a, x: sum_to(mul_op(g, _density(a, x)), x),
    ),
)
igammac_op: Op = define(
    "Igammac",
    types=(FLOATING, 0),
    kernel=kernel(kernels.igammac),
    infer=broadcast("igammac"),
    grad=(
        lambda g, z, a, x: sum_to(mul_op(neg_op(g), igamma_grad_a_op(a, x)), a),
        lambda g, z, a, x: sum_to(mul_op(neg_op(g), _density(a, x)), x),
    ),
)


def _infer_betainc(a: Spec, b: Spec, x: Spec) -> Spec:
    if a.shape is None or b.shape is None or x.shape is None:
        return Spec(None, a.dtype)
    return Spec(broadcast_dims("betainc", a.shape, b.shape, x.shape), a.dtype)


def _grad_betainc(g: Any, z: Any, a: Any, b: Any, x: Any) -> Any:
    one = _one(x)
    log_beta = sub_op(add_op(lgamma_op(a), lgamma_op(b)), lgamma_op(add_op(a, b)))
    powers = add_op(xlog1py_op(sub_op(b, one), neg_op(x)), xlogy_op(sub_op(a, one), x))
    return sum_to(mul_op(g, exp_op(sub_op(powers, log_beta))), x)


betainc_op: Op = define(
    "Betainc",
    types=(_WIDE, 0, 0),
    kernel=kernel(kernels.betainc),
    infer=_infer_betainc,
    grad=(None, None, _grad_betainc),
)


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function.

    Args:
        x: a floating tensor.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type; infinity at 0, -1, -2, …

    Example:
        >>> import rillet as tf
        >>> tf.math.lgamma([1., 2., 5.]).numpy().round(4).tolist()
        [0.0, 0.0, 3.178100109100342]
    """
    return lgamma_op.run(x)


def digamma(x: Any, name: str | None = None) -> Tensor:
    """The derivative of `tf.math.lgamma`; NaN at 0, -1, -2, …"""
    return digamma_op.run(x)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of order `a` of `tf.math.digamma` at `x`.

    Args:
        a: the order, whole numbers of 0 or more in a float32 or float64 tensor.
        x: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape; NaN where the order is none.

    Example:
        >>> import rillet as tf
        >>> tf.math.polygamma(1., 1.).numpy()
        np.float32(1.644934)
    """
    return polygamma_op.run(a, x)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz's zeta function, the sum of (q + k)^-x for k = 0, 1, 2, …"""
    return zeta_op.run(x, q)


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised lower incomplete gamma function: a gamma variable's distribution.

    Args:
        a: the shape, positive floats.
        x: where, 0 or more, of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape, from 0 to 1; NaN outside the domain.

    Example:
        >>> import rillet as tf
        >>> tf.math.igamma(1., 1.).numpy()
        np.float32(0.63212055)
    """
    return igamma_op.run(a, x)


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """1 - igamma(a, x), exact where that is small."""
    return igammac_op.run(a, x)


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised incomplete beta function: a beta variable's distribution at x.

    Args:
        a: a positive float32 or float64 tensor.
        b: a tensor of the same type.
        x: from 0 to 1, of the same type; all three broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape; NaN outside the domain. The gradient is by `x`.
    """
    return betainc_op.run(a, b, x)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """log |Beta(x)| over the last axis: the sum of lgamma less lgamma of the sum.

    Args:
        x: a floating tensor of shape ``(..., n)``.
        name: ignored when eager.

    Returns:
        A tensor of shape ``(...)``; minus infinity where n is 0.
    """
    values = to_tensor(x)
    parts = sum_op(lgamma_op.run(values), -1, keep_dims=False)
    whole = lgamma_op.run(sum_op(values, -1, keep_dims=False))
    return sub_op.run(parts, whole)
