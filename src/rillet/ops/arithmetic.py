"""More arithmetic, most of it made of other ops: sums of lists, polynomials, norms.

`elementwise` holds what operators are made of; this holds what is built on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import slice_op
from rillet.ops.compare import less_equal_op, less_op
from rillet.ops.complexes import complex_op, imag, real
from rillet.ops.elementwise import (
    add_op,
    maximum_op,
    mul_op,
    neg_op,
    square_op,
    sub_op,
)
from rillet.ops.host import axis_or_none
from rillet.ops.lowering import Map
from rillet.ops.reduce import all_op
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import broadcast
from rillet.ops.shaping import reshape_op, sum_op, sum_to
from rillet.ops.transcendental import rsqrt_op

Array = np.ndarray[Any, Any]


def _squared_difference(x: Array, y: Array) -> Any:
    gap = np.subtract(x, y)
    if gap.dtype.kind == "c":
        return np.multiply(gap, np.conjugate(gap))
    return np.square(gap)


def _twice_gap(g: Any, x: Any, y: Any) -> Any:
    two = Tensor(np.array(2, x.dtype.numpy_dtype))
    return mul_op(mul_op(g, two), sub_op(x, y))


squared_difference_op: Op = define(
    "SquaredDifference",
    types=(NUMERIC, 0),
    kernel=_squared_difference,
    infer=broadcast("squared_difference"),
    grad=(
        lambda g, z, x, y: sum_to(_twice_gap(g, x, y), x),
        lambda g, z, x, y: sum_to(neg_op(_twice_gap(g, x, y)), y),
    ),
    lower=Map(lambda b, x, y: (x - y) * (x - y)),
)


def _infer_add_n(values: list[Spec]) -> Spec:
    found = TensorShape.of(None)
    for i, value in enumerate(values):
        shape = TensorShape.of(value.shape)
        if not shape.is_compatible_with(found):
            raise InvalidArgumentError(
                house_message(
                    "add_n",
                    "Inputs to operation AddN must have the same size and shape",
                    f"input 0 has shape {found.as_list()}, input {i} {shape.as_list()}",
                )
            )
        found = found.merge_with(shape)
    return Spec(found._dims, values[0].dtype)


def _add_n(values: list[Array]) -> Array:
    if any(v.shape != values[0].shape for v in values):
        raise ValueError("shapes differ")
    kind = values[0].dtype
    wide = np.float32 if kind.itemsize == 2 and kind.kind in "fV" else kind
    out = values[0].astype(wide)
    for value in values[1:]:
        out += value.astype(wide, copy=False)
    return out.astype(kind, copy=False)


def _sum_of(b: Any, first: Any, *others: Any) -> Any:
    return sum(others, start=first)


add_n_op: Op = define(
    "AddN",
    types=(NUMERIC,),
    kernel=_add_n,
    infer=_infer_add_n,
    grad=lambda g, y, *values: [g] * len(values),
    variadic=True,
    lower=lambda ctx, values, **attrs: Map(_sum_of)(ctx, *values),
)


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """(x - y)², element by element; |x - y|² for complex numbers.

    Args:
        x: a numeric tensor.
        y: a tensor of the same type; the two broadcast.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape.
    """
    return squared_difference_op.run(x, y)


@dispatched
def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of several tensors of one shape and type.

    Args:
        inputs: a list of numeric tensors or `IndexedSlices`.
        name: ignored when eager.

    Returns:
        A tensor of their shape and type.

    Raises:
        ValueError: for an empty list.
        InvalidArgumentError: where shapes or types differ.

    Example:
        >>> import rillet as tf
        >>> tf.add_n([[1, 2], [3, 4], [5, 6]]).numpy().tolist()
        [9, 12]
    """
    values = list(inputs) if isinstance(inputs, list | tuple | Tensor) else [inputs]
    if not values:
        raise ValueError(
            house_message(
                "add_n",
                "Inputs must be an iterable of at least one Tensor/IndexedSlices with"
                " the same dtype and shape",
                "the list is empty",
            )
        )
    if len(values) == 1:
        return to_tensor(values[0])
    return add_n_op.run([to_tensor(v) for v in values])


def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Any:
    """The same as `tf.add_n`; `shape` and `tensor_dtype` are ignored."""
    return add_n(inputs)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A number times a tensor, or times the rows of `IndexedSlices`.

    Args:
        scalar: a tensor of rank 0, or a Python number.
        x: a tensor or `IndexedSlices`.
        name: ignored when eager.

    Returns:
        What `x` is, of the same shape and type.

    Raises:
        ValueError: where `scalar` is no scalar.

    Example:
        >>> import rillet as tf
        >>> tf.math.scalar_mul(3, tf.constant([1., 2.])).numpy().tolist()
        [3.0, 6.0]
    """
    factor = to_tensor(scalar, hint=getattr(x, "dtype", None))
    if factor.shape.rank != 0:
        raise ValueError(
            house_message(
                "scalar_mul",
                "Only scalar multiply works",
                f"got shape {factor.shape}",
                "Use tf.multiply",
            )
        )
    if isinstance(x, IndexedSlices):
        values = mul_op.run(factor, x.values)
        return IndexedSlices(values, x.indices, x.dense_shape)
    return mul_op.run(factor, x)


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """A polynomial at points, by Horner's rule.

    Args:
        coeffs: a list of coefficients, the highest power's first; numbers or tensors.
        x: where.
        name: ignored when eager.

    Returns:
        A tensor of the broadcast shape; zeros where the list is empty.

    Raises:
        ValueError: where `coeffs` is no list.

    Example:
        >>> import rillet as tf
        >>> tf.math.polyval([3., 2., 1.], 2.).numpy()
        np.float32(17.0)
    """
    if not isinstance(coeffs, list):
        raise ValueError(
            house_message(
                "polyval",
                "Argument coeffs must be list type",
                f"received type {type(coeffs).__name__}",
            )
        )
    point = to_tensor(x)
    if not coeffs:
        return sub_op.run(point, point)
    value = to_tensor(coeffs[0], hint=point.dtype)
    for c in coeffs[1:]:
        value = add_op.run(c, mul_op.run(value, point))
    return value


def l2_normalize(
    x: Any,
    axis: Any = None,
    epsilon: float = 1e-12,
    name: str | None = None,
    dim: Any = None,
) -> Tensor:
    """`x` divided by its norm over axes.

    Args:
        x: a floating or complex tensor.
        axis: an axis, several, or None for all.
        epsilon: the least square of a norm.
        name: ignored when eager.
        dim: an old name of `axis`.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> tf.math.l2_normalize([3., 4.]).numpy().tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    value = to_tensor(x)
    over = axis_or_none("l2_normalize", axis if dim is None else dim)
    if value.dtype.is_complex:
        parts = add_op.run(square_op.run(real(value)), square_op.run(imag(value)))
        total = sum_op(parts, over, keep_dims=True)
        scale = rsqrt_op.run(maximum_op.run(total, epsilon))
        return mul_op.run(value, complex_op.run(scale, sub_op.run(scale, scale)))
    total = sum_op(square_op.run(value), over, keep_dims=True)
    return mul_op.run(value, rsqrt_op.run(maximum_op.run(total, epsilon)))


def _steps(x: Any) -> Any:
    """The differences of neighbours among all elements, and a zero of their type."""
    flat = reshape_op(to_tensor(x), (-1,))
    size = max(flat.shape[0], 1) - 1
    after = slice_op(flat, (flat.shape[0] - size,), (size,))
    before = slice_op(flat, (0,), (size,))
    return sub_op.run(after, before), Tensor(np.zeros((), flat.dtype.numpy_dtype))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element is below the one before it, as a boolean scalar.

    Example:
        >>> import rillet as tf
        >>> tf.math.is_non_decreasing([1, 2, 2]).numpy()
        np.True_
    """
    steps, zero = _steps(x)
    return all_op.run(less_equal_op.run(zero, steps), None, keep_dims=False)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether every element is above the one before it, as a boolean scalar."""
    steps, zero = _steps(x)
    return all_op.run(less_op.run(zero, steps), None, keep_dims=False)
