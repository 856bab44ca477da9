"""A tensor's sizes as values: shape, size, rank; shapes that broadcast or must hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.composite import has_whole
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX, DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape, as_shape, broadcast_dims
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.registry import Op, define
from rillet.ops.whole_loops import same_elements

Array = np.ndarray[Any, Any]

shape_op: Op = define(
    "Shape",
    types=(ANY,),
    kernel=lambda x, out_type=dtypes.int32: np.array(x.shape, out_type.numpy_dtype),
    infer=lambda x, out_type=dtypes.int32: Spec(
        (None if x.shape is None else len(x.shape),), out_type
    ),
    attrs={"out_type": dtypes.int32},
    quiet=False,
    lower=lambda ctx, x, out_type=dtypes.int32: ctx.constant(
        np.array(x.shape, out_type.numpy_dtype)
    ),
)
size_op: Op = define(
    "Size",
    types=(ANY,),
    kernel=lambda x, out_type=dtypes.int32: np.array(x.size, out_type.numpy_dtype),
    infer=lambda x, out_type=dtypes.int32: Spec((), out_type),
    attrs={"out_type": dtypes.int32},
    quiet=False,
    lower=lambda ctx, x, out_type=dtypes.int32: ctx.constant(
        np.array(x.size, out_type.numpy_dtype)
    ),
)
rank_op: Op = define(
    "Rank",
    types=(ANY,),
    kernel=lambda x: np.array(x.ndim, np.int32),
    infer=lambda x: Spec((), dtypes.int32),
    quiet=False,
    lower=lambda ctx, x: ctx.constant(np.array(x.rank, np.int32)),
)


def _index_type(op: str, out_type: Any) -> DType:
    kind = as_dtype(out_type)
    if kind.numpy_dtype not in INDEX:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Value for attr 'out_type' of {kind.name} is not in the list of"
                " allowed values",
                "allowed are int32, int64",
            )
        )
    return kind


def _sized(input: Any) -> Any:
    """What `input`'s sizes are those of; slices say their whole tensor's shape."""
    known = isinstance(input, Tensor) or has_whole(input)
    return input if known else to_tensor(input)


def shape(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """The sizes of a tensor, as a tensor.

    Args:
        input: any tensor.
        out_type: `tf.int32` or `tf.int64`; int32 where None.
        name: ignored when eager.

    Returns:
        A vector of as many sizes as the tensor has axes.

    Example:
        >>> import rillet as tf
        >>> tf.shape([[1, 2, 3], [4, 5, 6]]).numpy().tolist()
        [2, 3]
    """
    if out_type is None:
        return shape_op.run(_sized(input))
    return shape_op.run(_sized(input), out_type=_index_type("shape", out_type))


def shape_n(
    input: Any, out_type: Any = dtypes.int32, name: str | None = None
) -> list[Tensor]:
    """The sizes of several tensors.

    Args:
        input: a list of tensors.
        out_type: `tf.int32` or `tf.int64`.
        name: ignored when eager.

    Returns:
        A vector a tensor.

    Example:
        >>> import rillet as tf
        >>> [s.numpy().tolist() for s in tf.shape_n([[1, 2], 3])]
        [[2], []]
    """
    return [shape(x, out_type) for x in input]


def size(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    """The number of elements of a tensor.

    Args:
        input: any tensor.
        out_type: `tf.int32` or `tf.int64`; int32 where None.
        name: ignored when eager.

    Returns:
        A scalar.

    Example:
        >>> import rillet as tf
        >>> tf.size([[1, 2], [3, 4]]).numpy()
        np.int32(4)
    """
    if out_type is None:
        return size_op.run(_sized(input))
    return size_op.run(_sized(input), out_type=_index_type("size", out_type))


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of a tensor.

    Args:
        input: any tensor.
        name: ignored when eager.

    Returns:
        An int32 scalar.

    Example:
        >>> import rillet as tf
        >>> tf.rank([[1, 2], [3, 4]]).numpy()
        np.int32(2)
    """
    return rank_op.run(_sized(input))


def _broadcast_args(a: Array, b: Array) -> Array:
    found = broadcast_dims("broadcast_dynamic_shape", a.tolist(), b.tolist())
    return np.array(found, a.dtype)


broadcast_args_op: Op = define(
    "BroadcastArgs",
    types=(INDEX, 0),
    kernel=_broadcast_args,
    infer=lambda a, b: Spec((None,), a.dtype),
    quiet=False,
)


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape that two shapes broadcast to, as a tensor.

    Args:
        shape_x: a vector of sizes, int32 or int64.
        shape_y: another of the same type.

    Returns:
        A vector of sizes.

    Raises:
        InvalidArgumentError: where they do not broadcast.

    Example:
        >>> import rillet as tf
        >>> tf.broadcast_dynamic_shape([1, 2, 3], [5, 1, 3]).numpy().tolist()
        [5, 2, 3]
    """
    return broadcast_args_op(shape_x, shape_y)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape that two shapes broadcast to, as far as it is known.

    Args:
        shape_x: a `TensorShape`.
        shape_y: another.

    Returns:
        A `TensorShape`.

    Raises:
        ValueError: where they do not broadcast.

    Example:
        >>> import rillet as tf
        >>> a, b = tf.TensorShape([1, 2, 3]), tf.TensorShape([5, 1, 3])
        >>> tf.broadcast_static_shape(a, b)
        TensorShape([5, 2, 3])
    """
    x, y = as_shape(shape_x), as_shape(shape_y)
    if x.rank is None or y.rank is None:
        return TensorShape(None)
    try:
        return TensorShape.of(broadcast_dims("broadcast_static_shape", x, y))  # type: ignore[arg-type]
    except InvalidArgumentError:
        raise ValueError(
            house_message(
                "broadcast_static_shape",
                f"Incompatible shapes for broadcasting: {x} and {y}",
                fix="Sizes must be equal, or one of them 1",
            )
        ) from None


def _infer_ensure(x: Spec, shape: Any) -> Spec:
    if x.shape is not None and not as_shape(shape).is_compatible_with(x.shape):
        raise InvalidArgumentError(
            house_message(
                "ensure_shape",
                f"Shape of tensor input {list(x.shape)} is not compatible with expected"
                f" shape {as_shape(shape)}",
            )
        )
    return Spec(TensorShape.of(x.shape).merge_with(shape)._dims, x.dtype)


def _ensure(x: Array, shape: Any) -> Array:
    if not as_shape(shape).is_compatible_with(x.shape):
        raise ValueError("shape")
    return x


ensure_shape_op: Op = define(
    "EnsureShape",
    types=(ANY,),
    kernel=_ensure,
    infer=_infer_ensure,
    grad=(lambda g, y, x, shape: ensure_shape_op(g, shape=shape),),
    attrs={"shape": None},
    quiet=False,
    lower=same_elements,
)


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """`x`, once its shape is known to fit.

    Args:
        x: any tensor.
        shape: the sizes it must have, None for any.
        name: ignored when eager.

    Returns:
        A tensor with the same value.

    Raises:
        InvalidArgumentError: where the shape is another.

    Example:
        >>> import rillet as tf
        >>> tf.ensure_shape([[1, 2]], [None, 2]).shape
        TensorShape([1, 2])
    """
    return ensure_shape_op(x, shape=as_shape(shape))
