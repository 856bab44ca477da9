"""Sums, differences, products and conjugates: what all other gradients use."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import (
    COMPLEX,
    NUMERIC,
    UNSIGNED,
)
from rillet.core.tensor import Tensor
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast, same_as_input
from rillet.ops.shaping import sum_to

add_op: Op = define(
    "AddV2",
    types=(NUMERIC | dtypes.STRING, 0),
    kernel=np.add,
    infer=broadcast("add"),
    grad=(lambda g, z, x, y: sum_to(g, x), lambda g, z, x, y: sum_to(g, y)),
    lower=Map(lambda b, x, y: x + y),
)
sub_op: Op = define(
    "Sub",
    types=(NUMERIC, 0),
    kernel=np.subtract,
    infer=broadcast("subtract"),
    grad=(lambda g, z, x, y: sum_to(g, x), lambda g, z, x, y: sum_to(neg_op(g), y)),
    lower=Map(lambda b, x, y: x - y),
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
    lower=Map(lambda b, x, y: x * y),
)
neg_op: Op = define(
    "Neg",
    types=(NUMERIC - UNSIGNED,),
    kernel=np.negative,
    infer=same_as_input,
    grad=(lambda g, y, x: neg_op(g),),
    lower=Map(lambda b, x: -x),
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
    if type(x) is Tensor:
        return conj_op.run(x) if x._array.dtype.kind == "c" else x
    return conj_op.run(x) if x.dtype.is_complex else x


def ones_like_scalar(x: Any) -> Tensor:
    """The number 1 in the type of `x`."""
    return Tensor(np.ones((), x.dtype.numpy_dtype))


def zeros_scalar(x: Any) -> Tensor:
    """The number 0 in the type of `x`."""
    return Tensor(np.zeros((), x.dtype.numpy_dtype))
