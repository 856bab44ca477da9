"""Reductions: mean, extremes, products, logic and norms over axes.

Sum itself stands in `ops.shaping`, since every broadcast gradient needs it; positions
of extremes stand in `ops.positions`, running sums in `ops.cumulative`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import BOOL, NUMERIC, REAL
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast
from rillet.ops.compare import equal_op
from rillet.ops.cumulative import cumprod_op
from rillet.ops.dispatch import is_typed
from rillet.ops.elementwise import cast_op, conjugate, div_op, mul_op
from rillet.ops.expressions import FLOATS, HALVES
from rillet.ops.folding import fold
from rillet.ops.host import axis_or_none, is_symbolic
from rillet.ops.lowering import Reduce, greatest, least
from rillet.ops.registry import Op, define
from rillet.ops.rows import SMALL
from rillet.ops.shape_rules import axes_in, reduced
from rillet.ops.shaping import reshape_op, spread, static_dims, sum_array, sum_op

Array = np.ndarray[Any, Any]

# NumPy's stubs know no `keepdims` that is a variable.
_add: Any = np.add
_maximum: Any = np.maximum
_minimum: Any = np.minimum
_multiply: Any = np.multiply

_KEEP = {"keep_dims": False}


def _count(x: Any, axis: Any) -> int:
    """How many elements go into one result."""
    dims = static_dims(x) if not isinstance(x, np.ndarray) else x.shape
    count = 1
    for a in axes_in("reduce_mean", axis, len(dims)):
        count *= dims[a]
    return count


def _mean(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    count = x.size if axis is None else _count(x, axis)
    if x.dtype.kind in "iu":
        wide = np.int64 if x.dtype.kind == "i" else np.uint64
        axes = axes_in("reduce_mean", axis, x.ndim)
        total: Any = _add.reduce(x, axis=axes, keepdims=keep_dims, dtype=wide)
        if not count:
            return np.zeros_like(total, dtype=x.dtype)
        quotient = np.absolute(total) // wide(count)
        return (quotient * np.sign(total)).astype(x.dtype)
    if x.dtype.itemsize == 2:
        total = sum_array(x.astype(np.float32), axis, keep_dims)
        return np.asarray(total / np.float32(count)).astype(x.dtype)
    total = sum_array(x, axis, keep_dims)
    return np.true_divide(total, x.dtype.type(count))


def _grad_mean(g: Any, y: Any, x: Any, axis: Any, keep_dims: bool = False) -> Any:
    count = _count(x, axis)
    if is_symbolic(count):
        number = cast(count, x.dtype)
    else:
        number = Tensor(np.array(count, x.dtype.numpy_dtype))
    return spread(div_op(g, number), x, axis, keep_dims)


def _lower_mean(ctx: Any, x: Any, axis: Any, **attrs: Any) -> Any:
    if x.type not in FLOATS | HALVES:
        return None  # whole numbers are divided as the kernel does
    return _MEAN(ctx, x, axis, **attrs)


_MEAN = Reduce("sum", 0, finish=lambda b, total, n: total / b.cast(n, total.type))

mean_op: Op = define(
    "Mean",
    types=(NUMERIC, None),
    kernel=_mean,
    infer=reduced("reduce_mean"),
    grad=(_grad_mean, None),
    attrs=_KEEP,
    lower=_lower_mean,
)


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else dtype.type(-np.inf)


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else dtype.type(np.inf)


def max_array(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    """The greatest elements of an array over axes; of none, the lowest number."""
    return _extreme(_maximum, _lowest, "reduce_max", x, axis, keep_dims)


def _min(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    return _extreme(_minimum, _highest, "reduce_min", x, axis, keep_dims)


def _extreme(
    ufunc: Any, limit: Any, name: str, x: Array, axis: Any, keep_dims: bool
) -> Any:
    axes = axes_in(name, axis, x.ndim)
    if not x.size:
        first: Any = limit(x.dtype)
        return ufunc.reduce(x, axis=axes, keepdims=keep_dims, initial=first)
    if x.size < SMALL:
        return ufunc.reduce(x, axis=axes, keepdims=keep_dims)
    return fold(ufunc, x, axes, keep_dims)


def kept(y: Any, x: Any, axis: Any, keep_dims: bool) -> Any:
    """A reduction's result with its reduced axes back, of size 1."""
    if keep_dims:
        return y
    sizes = list(static_dims(x))
    for a in axes_in("reduce", axis, len(sizes)):
        sizes[a] = 1
    return reshape_op(y, tuple(sizes))


def _grad_extreme(g: Any, y: Any, x: Any, axis: Any, keep_dims: bool = False) -> Any:
    """The gradient, in equal parts to all elements that are the extreme one."""
    g, y = kept(g, x, axis, keep_dims), kept(y, x, axis, keep_dims)
    hits = cast_op(equal_op(y, x), DstT=g.dtype)
    ties = sum_op(hits, axis, keep_dims=True)
    return mul_op(div_op(hits, ties), g)


max_op: Op = define(
    "Max",
    types=(REAL, None),
    kernel=max_array,
    infer=reduced("reduce_max"),
    grad=(_grad_extreme, None),
    attrs=_KEEP,
    lower=Reduce("maximum", least),
)
min_op: Op = define(
    "Min",
    types=(REAL, None),
    kernel=_min,
    infer=reduced("reduce_min"),
    grad=(_grad_extreme, None),
    attrs=_KEEP,
    lower=Reduce("minimum", greatest),
)


def _prod(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    axes = axes_in("reduce_prod", axis, x.ndim)
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        wide: Any = x.astype(np.float32)
        wide = _multiply.reduce(wide, axis=axes, keepdims=keep_dims)
        return np.asarray(wide).astype(x.dtype)
    return _multiply.reduce(x, axis=axes, keepdims=keep_dims, dtype=x.dtype)


def _grad_prod(g: Any, y: Any, x: Any, axis: Any, keep_dims: bool = False) -> Any:
    """g times the product of all other elements, without dividing by any.

    Along one axis that is the product of those before and of those after. Over several,
    an element's others are the rest of its row times all other rows' products.
    """
    g = kept(g, x, axis, keep_dims)
    axes = axes_in("reduce_prod", axis, len(x.shape))
    part, slope = x, g
    for a in axes:
        before = cumprod_op(part, a, exclusive=True, reverse=False)
        after = cumprod_op(part, a, exclusive=True, reverse=True)
        slope = mul_op(slope, conjugate(mul_op(before, after)))
        part = prod_op(part, a, keep_dims=True)
    return slope if axes else mul_op(g, Tensor(np.ones((), x.dtype.numpy_dtype)))


prod_op: Op = define(
    "Prod",
    types=(NUMERIC, None),
    kernel=_prod,
    infer=reduced("reduce_prod"),
    grad=(_grad_prod, None),
    attrs=_KEEP,
    lower=Reduce("product", 1),
)


def _logic(name: str, function: Any) -> Any:
    def kernel(x: Array, axis: Any, keep_dims: bool = False) -> Any:
        axes = axes_in(name, axis, x.ndim)
        return function.reduce(x, axis=axes, keepdims=keep_dims)

    return kernel


any_op: Op = define(
    "Any",
    types=(BOOL, None),
    kernel=_logic("reduce_any", np.logical_or),
    infer=reduced("reduce_any"),
    attrs=_KEEP,
    quiet=False,
    lower=Reduce("or", False),
)
all_op: Op = define(
    "All",
    types=(BOOL, None),
    kernel=_logic("reduce_all", np.logical_and),
    infer=reduced("reduce_all"),
    attrs=_KEEP,
    quiet=False,
    lower=Reduce("and", True),
)


def reduce_mean(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean of elements over axes.

    Args:
        input_tensor: a numeric tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes. The mean of integers is
        rounded towards zero; of no numbers it is NaN, or 0 for integers.

    Raises:
        InvalidArgumentError: where an axis does not exist, or for booleans and strings.

    Example:
        >>> import rillet as tf
        >>> tf.reduce_mean([[1., 1.], [2., 2.]], axis=1).numpy().tolist()
        [1.0, 2.0]
    """
    axis = axis_or_none("reduce_mean", axis)
    if keepdims:
        return mean_op.run(input_tensor, axis, keep_dims=True)
    return mean_op.run(input_tensor, axis)


def reduce_max(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The greatest element over axes; NaN where one is NaN.

    Args:
        input_tensor: a real tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes; of no elements, the lowest
        number of the type. The gradient is shared evenly among equal maxima.

    Raises:
        InvalidArgumentError: where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.reduce_max([[1, 5], [7, 3]], axis=1).numpy().tolist()
        [5, 7]
    """
    axis = axis_or_none("reduce_max", axis)
    if keepdims:
        return max_op.run(input_tensor, axis, keep_dims=True)
    return max_op.run(input_tensor, axis)


def reduce_min(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The smallest element over axes; the rest is as with `tf.reduce_max`."""
    axis = axis_or_none("reduce_min", axis)
    if keepdims:
        return min_op.run(input_tensor, axis, keep_dims=True)
    return min_op.run(input_tensor, axis)


def reduce_prod(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The product of elements over axes; 1 of none.

    Args:
        input_tensor: a numeric tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes; integers wrap around. The
        gradient is right where elements are 0.

    Raises:
        InvalidArgumentError: where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.reduce_prod([2, 3, 4]).numpy()
        np.int32(24)
    """
    axis = axis_or_none("reduce_prod", axis)
    return prod_op.run(input_tensor, axis, keep_dims=bool(keepdims))


def reduce_any(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Whether any element over axes is true; False of none.

    Args:
        input_tensor: a boolean tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A boolean tensor without the reduced axes.

    Raises:
        TypeError: for Python numbers; InvalidArgumentError for tensors of them.
    """
    axis = axis_or_none("reduce_any", axis)
    return any_op.run(_booleans(input_tensor), axis, keep_dims=bool(keepdims))


def reduce_all(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """Whether all elements over axes are true; True of none.

    Arguments and errors are those of `tf.reduce_any`.
    """
    axis = axis_or_none("reduce_all", axis)
    return all_op.run(_booleans(input_tensor), axis, keep_dims=bool(keepdims))


def _booleans(value: Any) -> Any:
    return value if is_typed(value) else to_tensor(value, dtypes.bool_)
