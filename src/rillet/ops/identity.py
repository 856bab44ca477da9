"""Ops that leave values as they are: identity, stop_gradient, bitcast and kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, BOOL, NUMERIC, DType, as_dtype
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.array import pack_op
from rillet.ops.expressions import TYPES
from rillet.ops.lowering import Map
from rillet.ops.registry import Op, define
from rillet.ops.whole_loops import same_elements

Array = np.ndarray[Any, Any]

identity_op: Op = define(
    "Identity",
    types=(ANY,),
    kernel=lambda x: x,
    infer=lambda x: x,
    grad=(lambda g, y, x: g,),
    quiet=False,
    lower=same_elements,
)
stop_gradient_op: Op = define(
    "StopGradient",
    types=(ANY,),
    kernel=lambda x: x,
    infer=lambda x: x,
    quiet=False,
    lower=same_elements,
)


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor with the value of `input`.

    Args:
        input: a tensor, or a variable, of which this is the value now.
        name: ignored when eager.

    Returns:
        A tensor of the same shape and type.

    Example:
        >>> import rillet as tf
        >>> v = tf.Variable(1.0)
        >>> before = tf.identity(v)
        >>> before.numpy(), v.assign(2.0).numpy()
        (np.float32(1.0), np.float32(2.0))
    """
    if isinstance(input, IndexedSlices):
        values = identity_op.run(input.values)
        return IndexedSlices(values, input.indices, input.dense_shape)
    return identity_op.run(input)


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """Tensors with the values of several, of any types.

    Args:
        input: a list of tensors.
        name: ignored when eager.

    Returns:
        A list of tensors.

    Example:
        >>> import rillet as tf
        >>> [x.numpy().tolist() for x in tf.identity_n([[1, 2], 3.0])]
        [[1, 2], 3.0]
    """
    return [identity(x) for x in input]


def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """`input`, promised not to change; the same as `tf.identity`.

    Args:
        input: a tensor.
        name: ignored when eager.

    Returns:
        A tensor with the same value.
    """
    return identity_op.run(input)


def stop_gradient(input: Any, name: str | None = None) -> Any:
    """`input` as a constant: no gradient flows through the result.

    Args:
        input: a tensor, or a nest of them.
        name: ignored when eager.

    Returns:
        A tensor with the same value.

    Example:
        >>> import rillet as tf
        >>> x = tf.Variable(2.0)
        >>> with tf.GradientTape() as tape:
        ...     y = x * tf.stop_gradient(x)
        >>> tape.gradient(y, x).numpy()
        np.float32(2.0)
    """
    if isinstance(input, IndexedSlices):
        values = stop_gradient_op.run(input.values)
        return IndexedSlices(values, input.indices, input.dense_shape)
    return stop_gradient_op.run(input)


def no_op(name: str | None = None) -> None:
    """Do nothing; in a graph, a node to hang control edges on."""


def group(*inputs: Any, **kwargs: Any) -> None:
    """Several operations as one: when eager, all have run already.

    Args:
        *inputs: tensors or operations, or nests of them.
        **kwargs: `name`, ignored when eager.
    """


def _infer_bitcast(x: Spec, type: DType) -> Spec:
    if x.shape is None:
        return Spec(None, type)
    old, new = x.dtype.size, type.size
    if old == new:
        return Spec(x.shape, type)
    if old > new:
        return Spec((*x.shape, old // new), type)
    ratio = new // old
    if not x.shape or x.shape[-1] not in (None, ratio):
        raise InvalidArgumentError(
            house_message(
                "bitcast",
                f"Cannot bitcast from {x.dtype.name} to {type.name}",
                f"the tensor has shape {list(x.shape)}",
                f"Its last axis must hold {ratio} elements, one new element's bytes",
            )
        )
    return Spec(x.shape[:-1], type)


def _bitcast(x: Array, type: DType) -> Array:
    target = type.numpy_dtype
    old, new = x.dtype.itemsize, target.itemsize
    whole = x if x.flags.c_contiguous else x.copy()
    if old == new:
        return whole.view(target)
    if old > new:
        return whole.reshape((*x.shape, 1)).view(target)
    if not x.ndim or x.shape[-1] * old != new:
        raise ValueError("sizes")
    return whole.view(target).reshape(x.shape[:-1])


def _lower_bitcast(ctx: Any, x: Any, type: DType) -> Any:
    """For numbers of one width; others are no matter of single elements."""
    fits = x.type in TYPES and type.name in TYPES and "bool" not in (x.type, type.name)
    if not fits or np.dtype(x.type).itemsize != np.dtype(type.name).itemsize:
        return None
    return Map(lambda b, x: b.bitcast(x, type.name))(ctx, x)


bitcast_op: Op = define(
    "Bitcast",
    types=(NUMERIC | BOOL,),
    kernel=_bitcast,
    infer=_infer_bitcast,
    attrs={"type": None},
    quiet=False,
    lower=_lower_bitcast,
)


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The bytes of a tensor read as another type.

    Args:
        input: a tensor of numbers.
        type: the new type; a wider one takes up the last axis, a narrower one adds one.
        name: ignored when eager.

    Returns:
        A tensor of that type.

    Raises:
        InvalidArgumentError: where the last axis does not hold one new element.

    Example:
        >>> import rillet as tf
        >>> hex(tf.bitcast(1.0, tf.uint32).numpy())
        '0x3f800000'
    """
    return bitcast_op(input, type=as_dtype(type))


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """Tensors put side by side along a new first axis, inside a graph only.

    Args:
        values: tensors of one known shape and type.
        name: the node's name.

    Returns:
        A tensor of one rank more.

    Raises:
        RuntimeError: when eager, as in TensorFlow.
    """
    if context.state.tracer is None:
        raise RuntimeError(
            house_message(
                "parallel_stack",
                "tf.parallel_stack() is not compatible with eager execution",
                fix="Use tf.stack",
            )
        )
    return pack_op([to_tensor(v) for v in values])
