"""Products and quotients that are 0 where one factor is, whatever the other is.

With them, entropies and likelihoods need no masks: 0 · log 0 counts 0. In their
gradients the same ops stand for products, so that masked elements stay 0 there too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import COMPLEX, FLOATING
from rillet.core.tensor import Tensor
from rillet.ops.elementwise import (
    add_op,
    conjugate,
    div_no_nan_op,
    mul_op,
    neg_op,
)
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast
from rillet.ops.shaping import sum_to

Array = np.ndarray[Any, Any]


def _where_x(function: Any) -> Any:
    """A kernel that gives 0 where x is 0; 16-bit floats go through float32."""

    def kernel(x: Array, y: Array) -> Array:
        kind = x.dtype
        if kind.itemsize == 2:
            x, y = x.astype(np.float32), y.astype(np.float32)
        value: Any = np.where(x == 0, x.dtype.type(0), function(x, y))
        return value.astype(kind, copy=False)

    return kernel


def _one(x: Any) -> Tensor:
    return Tensor(np.ones((), x.dtype.numpy_dtype))


xlogy_op: Op = define(
    "Xlogy",
    types=(FLOATING | COMPLEX, 0),
    kernel=_where_x(lambda x, y: np.multiply(x, np.log(y))),
    infer=broadcast("xlogy"),
    grad=(
        lambda g, z, x, y: sum_to(
            mul_op(g, conjugate(xlogy_op(_is_not_zero_op(x), y))), x
        ),
        lambda g, z, x, y: sum_to(mul_op(g, conjugate(xdivy_op(x, y))), y),
    ),
    lower=Map(lambda b, x, y: b.select(b.eq(x, 0.0), 0.0, x * b.log(y))),
)
xlog1py_op: Op = define(
    "Xlog1py",
    types=(FLOATING | COMPLEX, 0),
    kernel=_where_x(lambda x, y: np.multiply(x, np.log1p(y))),
    infer=broadcast("xlog1py"),
    grad=(
        lambda g, z, x, y: sum_to(
            mul_op(g, conjugate(xlog1py_op(_is_not_zero_op(x), y))), x
        ),
        lambda g, z, x, y: sum_to(
            mul_op(g, conjugate(xdivy_op(x, add_op(y, _one(y))))), y
        ),
    ),
    lower=Map(lambda b, x, y: b.select(b.eq(x, 0.0), 0.0, x * b.log1p(y))),
)
_is_not_zero_op: Op = define(
    "RilletIsNotZero",
    types=(FLOATING | COMPLEX,),
    kernel=lambda x: np.not_equal(x, 0).astype(x.dtype),
    infer=lambda x: x,
    grad=(None,),
    lower=Map(lambda b, x: b.cast(b.ne(x, 0.0), x.type)),
)
xdivy_op: Op = define(
    "Xdivy",
    types=(FLOATING | COMPLEX, 0),
    kernel=_where_x(np.true_divide),
    infer=broadcast("xdivy"),
    grad=(
        lambda g, z, x, y: sum_to(
            mul_op(g, conjugate(xdivy_op(_is_not_zero_op(x), y))), x
        ),
        lambda g, z, x, y: sum_to(
            mul_op(g, conjugate(xdivy_op(neg_op(x), mul_op(y, y)))), y
        ),
    ),
    lower=Map(lambda b, x, y: b.select(b.eq(x, 0.0), 0.0, x / y)),
)


def _mul_no_nan(x: Array, y: Array) -> Array:
    value: Any = np.where(y == 0, y.dtype.type(0), np.multiply(x, y))
    return value.astype(x.dtype, copy=False)


mul_no_nan_op: Op = define(
    "MulNoNan",
    types=(FLOATING | COMPLEX, 0),
    kernel=_mul_no_nan,
    infer=broadcast("multiply_no_nan"),
    grad=(
        lambda g, z, x, y: sum_to(mul_no_nan_op(g, conjugate(y)), x),
        lambda g, z, x, y: sum_to(mul_no_nan_op(conjugate(x), g), y),
    ),
    lower=Map(lambda b, x, y: b.select(b.eq(y, 0.0), 0.0, x * y)),
)


def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · log(y), and 0 where x is 0, whatever y is.

    Args:
        x: a floating or complex tensor.
        y: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.

    Example:
        >>> import rillet as tf
        >>> tf.math.xlogy([0., 1.], [0., 1.]).numpy().tolist()
        [0.0, 0.0]
    """
    return xlogy_op.run(x, y)


def xlog1py(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · log(1 + y), and 0 where x is 0, whatever y is."""
    return xlog1py_op.run(x, y)


def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 where x is 0, whatever y is."""
    return xdivy_op.run(x, y)


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x · y, and 0 where y is 0, even if x is infinite or NaN."""
    return mul_no_nan_op.run(x, y)


def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """1 / x, and 0 where x is 0."""
    value = x if type(x) is Tensor else to_tensor(x)
    return div_no_nan_op.run(_one(value), value)
