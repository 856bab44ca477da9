"""Reshape, BroadcastTo and Sum: what broadcasting and its gradient are made of.

Every binary op's gradient comes home through `sum_to`. Callers are the other families.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.composite import dispatched
from rillet.core.dtypes import ANY, NUMERIC, float32
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.broadcast_axes import broadcast_axes_op
from rillet.ops.host import axis_or_none, integers, is_symbolic
from rillet.ops.lowering import Reduce
from rillet.ops.registry import Op, define
from rillet.ops.rows import SMALL, column_sum, is_narrow, row_sum
from rillet.ops.shape_rules import axes_in, reduced
from rillet.ops.sizes import shape_op
from rillet.ops.whole_loops import repeated, same_elements

Array = np.ndarray[Any, Any]


def _infer_reshape(x: Spec, shape: Any, **attrs: Any) -> Spec:
    if isinstance(shape, Spec):
        return Spec(None, x.dtype)
    sizes = list(shape)
    if sizes.count(-1) > 1 or any(d < -1 for d in sizes):
        raise InvalidArgumentError(
            house_message(
                "reshape",
                "sizes are 0 or more, and only one input size may be -1",
                f"shape is {sizes}",
            )
        )
    known = 1
    for d in sizes:
        known *= d if d != -1 else 1
    total = None
    if x.shape is not None and None not in x.shape:
        total = int(np.prod(np.array(x.shape, object))) if x.shape else 1
    if -1 in sizes:
        if total == 0 and known == 0 and x.shape is not None:
            known = _nonzero(sizes)
            total = _nonzero(x.shape)
        if total is not None:
            if known == 0 or total % known:
                raise _cannot_reshape(x, sizes, total, f"a multiple of {known}")
            sizes[sizes.index(-1)] = total // known
    elif total is not None and total != known:
        raise _cannot_reshape(x, sizes, total, str(known))
    return Spec(tuple(None if d == -1 else d for d in sizes), x.dtype)


def _nonzero(sizes: Any) -> int:
    """The product of the sizes above 0: what fixes a -1 beside a 0."""
    return math.prod(d for d in sizes if d and d > 0)


def _reshape(x: Array, shape: Any) -> Array:
    if x.size == 0 and -1 in shape:
        shape = _infer_reshape(Spec(x.shape, float32), shape).shape
    return x.reshape(shape)


def _cannot_reshape(
    x: Spec, sizes: list[int], total: int, wanted: str
) -> InvalidArgumentError:
    return InvalidArgumentError(
        house_message(
            "reshape",
            f"Input to reshape is a tensor with {total} values, but the requested"
            f" shape has {wanted}",
            f"the tensor has shape {list(x.shape or ())}, the new shape is {sizes}",
        )
    )


reshape_op: Op = define(
    "Reshape",
    types=(ANY, None),
    kernel=_reshape,
    infer=_infer_reshape,
    grad=(lambda g, y, x, shape: reshape_like(g, x), None),
    quiet=False,
    lower=same_elements,
)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor with the same elements in another shape.

    Args:
        tensor: any tensor.
        shape: the new sizes; one of them may be -1, which the rest decide.
        name: ignored when eager.

    Returns:
        A tensor of that shape, elements in row-major order.

    Raises:
        InvalidArgumentError: where the sizes do not hold the elements.

    Example:
        >>> import rillet as tf
        >>> tf.reshape([[1, 2, 3], [4, 5, 6]], [3, -1]).numpy().tolist()
        [[1, 2], [3, 4], [5, 6]]
    """
    return reshape_op(tensor, integers("reshape", "shape", shape))


def reshape_like(g: Any, x: Any) -> Any:
    """`g` in the shape of `x`."""
    if _rank_is_open(x):
        return reshape_op(g, shape_op.run(x))
    return reshape_op(g, static_dims(x))


def static_dims(x: Any) -> Any:
    """The sizes of `x` for a host input; symbolic scalars for those not known yet."""
    if type(x) is Tensor:
        return x._array.shape
    dims = tuple(x.shape.as_list())
    if None not in dims or not isinstance(x, Tensor):
        return dims
    sizes = shape_op.run(x)
    return tuple([sizes[i] if d is None else d for i, d in enumerate(dims)])


def could_match(a: Any, b: Any) -> bool:
    """Whether two tuples of `static_dims` can stand for one shape."""
    if len(a) != len(b):
        return False
    return all(
        type(x) is not int or type(y) is not int or x == y
        for x, y in zip(a, b, strict=True)
    )


def _infer_broadcast_to(x: Spec, shape: Any) -> Spec:
    if isinstance(shape, Spec) or x.shape is None:
        return Spec(None, x.dtype)
    out = broadcast_dims("broadcast_to", x.shape, shape)
    if out != tuple(shape):
        raise InvalidArgumentError(
            house_message(
                "broadcast_to",
                "Incompatible shapes",
                f"{list(x.shape)} does not broadcast to {list(shape)}",
            )
        )
    return Spec(out, x.dtype)


def _broadcast_to(x: Array, shape: Any) -> Array:
    """Large results are views with strides of 0: nothing is copied before its use."""
    if math.prod(shape) > SMALL:
        return np.broadcast_to(x, shape)
    out = np.empty(shape, x.dtype)
    out[...] = x
    return out


broadcast_to_op: Op = define(
    "BroadcastTo",
    types=(ANY, None),
    kernel=_broadcast_to,
    infer=_infer_broadcast_to,
    grad=(lambda g, y, x, shape: sum_to(g, x), None),
    quiet=False,
    lower=repeated,
)


@dispatched
def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input` repeated along axes of size 1, and new ones in front, to `shape`.

    Args:
        input: any tensor.
        shape: the sizes.
        name: ignored when eager.

    Returns:
        A tensor of that shape.

    Raises:
        InvalidArgumentError: where the shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> tf.broadcast_to([1, 2], [2, 2]).numpy().tolist()
        [[1, 2], [1, 2]]
    """
    return broadcast_to_op(input, integers("broadcast_to", "shape", shape))


_add_reduce: Any = np.add.reduce


def sum_array(x: Array, axis: Any, keep_dims: bool = False) -> Any:
    """The sum of an array over axes in its own type, 16-bit floats through float32."""
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        wide: Any = sum_array(x.astype(np.float32), axis, keep_dims)
        return np.asarray(wide).astype(x.dtype)
    if x.ndim > 1 and axis is not None and x.size > SMALL and x.flags.c_contiguous:
        axes = axes_in("reduce_sum", axis, x.ndim)
        count = len(axes)
        if 0 < count < x.ndim and max(axes) == count - 1:
            rest = x.shape[count:]
            out = column_sum(x.reshape(-1, math.prod(rest)))
            return out.reshape((1,) * count + rest if keep_dims else rest)
        if axes == (x.ndim - 1,) and is_narrow(x):
            return row_sum(x) if keep_dims else row_sum(x)[..., 0]
    if type(axis) is tuple and len(axis) > 1 or not x.ndim:
        axis = axes_in("reduce_sum", axis, x.ndim)
    return _add_reduce(x, axis, x.dtype, None, keep_dims)


sum_op: Op = define(
    "Sum",
    types=(NUMERIC, None),
    kernel=sum_array,
    infer=reduced("reduce_sum"),
    grad=(
        lambda g, y, x, axis, keep_dims=False: spread(g, x, axis, keep_dims),
        None,
    ),
    attrs={"keep_dims": False},
    lower=Reduce("sum", 0),
)


def spread(g: Any, x: Any, axis: Any, keep_dims: bool) -> Any:
    """A reduction's gradient, put back along the reduced axes of `x`."""
    if is_symbolic(axis) or _rank_is_open(x):
        if not keep_dims and axis is not None:
            # axes that only a run knows: a sum that keeps them has the shape between
            kept = shape_op.run(sum_op.run(x, axis, keep_dims=True))
            g = reshape_op.run(g, kept)
        return broadcast_to_op(g, shape_op.run(x))
    if not keep_dims and axis is not None:
        sizes = list(static_dims(x))
        for a in axes_in("reduce", axis, len(sizes)):
            sizes[a] = 1
        g = reshape_op(g, tuple(sizes))
    return broadcast_to_op(g, static_dims(x))


def reduce_sum(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The sum of elements over axes.

    Args:
        input_tensor: a numeric tensor.
        axis: an axis, several, or None for all.
        keepdims: keep reduced axes with size 1.
        name: ignored when eager.

    Returns:
        A tensor of the same type without the reduced axes; integers wrap around.

    Raises:
        InvalidArgumentError: where an axis does not exist.

    Example:
        >>> import rillet as tf
        >>> tf.reduce_sum([[1, 1, 1], [1, 1, 1]], axis=0).numpy().tolist()
        [2, 2, 2]
    """
    axis = axis_or_none("reduce_sum", axis)
    return sum_op(input_tensor, axis, keep_dims=bool(keepdims))


def _rank_is_open(x: Any) -> bool:
    """Whether only a run knows how many dimensions a tensor has."""
    return type(x) is not Tensor and x.shape.rank is None


def _sum_to_sizes(g: Any, x: Any) -> Any:
    """`sum_to` where only a run knows the sizes."""
    want = shape_op.run(x)
    axes, _ = broadcast_axes_op.run(want, shape_op.run(g))
    return reshape_op.run(sum_op.run(g, axes, keep_dims=False), want)


def sum_to(g: Any, x: Any) -> Any:
    """The gradient `g` of a broadcast result, summed to the shape of `x`."""
    if type(g) is Tensor and type(x) is Tensor and g._array.shape == x._array.shape:
        return g
    if _rank_is_open(g) or _rank_is_open(x):
        return _sum_to_sizes(g, x)
    have, want = static_dims(g), static_dims(x)
    if any(type(d) is not int for d in (*have, *want)):
        return _sum_to_sizes(g, x)
    if have == want:
        return g
    extra = len(have) - len(want)
    axes = [*range(extra)]
    axes += [i + extra for i, d in enumerate(want) if d == 1 and have[i + extra] != 1]
    if axes:
        g = sum_op(g, tuple(axes), keep_dims=False)
    return reshape_op(g, want)
