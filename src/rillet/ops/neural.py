"""Biases, moments and batch normalisation of `tf.nn`, and losses over replicas."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import FLOATING, NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import reordering_loops
from rillet.ops.elementwise import (
    add_op,
    cast_op,
    div_op,
    mul_op,
    sqrt_op,
    square_op,
    sub_op,
)
from rillet.ops.host import axis_or_none
from rillet.ops.lowering import Reduce
from rillet.ops.reduce import mean_op
from rillet.ops.registry import Op, define
from rillet.ops.rows import column_sum, is_narrow
from rillet.ops.shaping import reshape_op, static_dims, sum_op

Array = np.ndarray[Any, Any]


_add_reduce: Any = np.add.reduce


def _channel_axis(rank: int, data_format: str) -> int:
    return rank - 1 if data_format == "NHWC" else 1


def _infer_bias(x: Spec, bias: Spec, data_format: str = "NHWC") -> Spec:
    if x.shape is None or bias.shape is None:
        return x
    rule = "the bias is a vector with one number a channel"
    values = f"the value has shape {x.shape}, the bias {bias.shape}"
    if len(x.shape) < 2:
        rule = "Input tensor must be at least 2D"
    if len(bias.shape) != 1 or len(x.shape) < 2:
        raise InvalidArgumentError(house_message("bias_add", rule, values))
    channels = x.shape[_channel_axis(len(x.shape), data_format)]
    if None not in (channels, bias.shape[0]) and channels != bias.shape[0]:
        raise InvalidArgumentError(house_message("bias_add", rule, values))
    return x


def _bias_add(x: Array, bias: Array, data_format: str = "NHWC") -> Any:
    axis = -1 if data_format == "NHWC" else 1
    if bias.ndim != 1 or x.ndim < 2 or bias.shape[0] != x.shape[axis]:
        raise ValueError("bias_add: shapes differ")
    if axis == -1:
        return np.add(x, bias)
    return np.add(x, bias.reshape((-1,) + (1,) * (x.ndim - 2)))


def _bias_add_grad(g: Array, data_format: str = "NHWC") -> Any:
    if g.dtype.itemsize == 2:
        return _bias_add_grad(g.astype(np.float32), data_format).astype(g.dtype)
    if data_format == "NHWC":
        if is_narrow(g) and g.flags.c_contiguous:
            return column_sum(g.reshape(-1, g.shape[-1]))
        if g.ndim == 2:
            return _add_reduce(g, 0, g.dtype)
    axis = _channel_axis(g.ndim, data_format)
    axes = tuple([i for i in range(g.ndim) if i != axis])
    return _add_reduce(g, axes, g.dtype)


def _spread_bias(h: Any, z: Any, g: Any, data_format: str = "NHWC") -> Any:
    rank = len(g.shape)
    shape = [1] * rank
    shape[_channel_axis(rank, data_format)] = -1
    zeros = Tensor(np.zeros(static_dims(g), g.dtype.numpy_dtype))
    return add_op(zeros, reshape_op(h, tuple(shape)))


def _lower_bias(ctx: Any, x: Any, bias: Any, data_format: str = "NHWC") -> Any:
    axis = _channel_axis(x.rank, data_format) % x.rank
    bias = ctx.settled(bias)
    return ctx.pointwise(
        x.shape, x.type, lambda place: x.at(place) + bias.at((place[axis],))
    )


def _lower_bias_grad(ctx: Any, g: Any, data_format: str = "NHWC") -> Any:
    axis = _channel_axis(g.rank, data_format) % g.rank
    return _SUM(ctx, g, [i for i in range(g.rank) if i != axis])


_SUM = Reduce("sum", 0)

bias_add_op: Op = define(
    "BiasAdd",
    types=(NUMERIC, 0),
    kernel=_bias_add,
    infer=_infer_bias,
    grad=(
        lambda g, y, x, b, data_format="NHWC": g,
        lambda g, y, x, b, data_format="NHWC": bias_add_grad_op.run(
            g, data_format=data_format
        ),
    ),
    attrs={"data_format": "NHWC"},
    lower=_lower_bias,
)
bias_add_grad_op: Op = define(
    "BiasAddGrad",
    types=(NUMERIC,),
    kernel=_bias_add_grad,
    infer=lambda g, data_format="NHWC": Spec(
        None
        if g.shape is None
        else (g.shape[_channel_axis(len(g.shape), data_format)],),
        g.dtype,
    ),
    grad=(_spread_bias,),
    attrs={"data_format": "NHWC"},
    lower=_lower_bias_grad,
)


def bias_add(
    value: Any, bias: Any, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """`value` with a number a channel added.

    Args:
        value: a tensor of rank 2 or more.
        bias: a vector as long as the value has channels.
        data_format: ``"N...C"`` (or ``"NHWC"``) for channels last, which is the
            default, ``"NC..."`` (or ``"NCHW"``) for channels at axis 1.
        name: ignored when eager.

    Returns:
        A tensor of the shape of `value`.

    Raises:
        ValueError: where the format is unknown.
        InvalidArgumentError: where the bias does not fit.
    """
    layout = "NHWC"
    if data_format is not None:
        if data_format.startswith("NC"):
            layout = "NCHW"
        elif not (data_format.startswith("N") and data_format.endswith("C")):
            raise ValueError(
                house_message(
                    "bias_add",
                    "`data_format` must be of the form `N...C` or `NC...`",
                    repr(data_format),
                )
            )
    return bias_add_op(value, bias, data_format=layout)


l2_loss_op: Op = define(
    "L2Loss",
    types=(FLOATING,),
    kernel=lambda x: (
        np.add.reduce(np.square(x.astype(np.float64, copy=False)), axis=None) / 2
    ).astype(x.dtype),
    infer=lambda x: Spec((), x.dtype),
    grad=(lambda g, y, x: mul_op(x, g),),
    lower=reordering_loops.half_sum_of_squares,
)


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of squares.

    Args:
        t: a float tensor.
        name: ignored when eager.

    Returns:
        A scalar of the same type.

    Example:
        >>> import rillet as tf
        >>> float(tf.nn.l2_loss([3., 4.]))
        12.5
    """
    return l2_loss_op(t)


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Tensor:
    """scale · (x - mean) / √(variance + ε) + offset (Ioffe & Szegedy, 2015).

    Args:
        x: a float tensor.
        mean: its mean, broadcast against it.
        variance: its variance.
        offset: what is added, or None.
        scale: the factor, or None.
        variance_epsilon: ε.
        name: ignored when eager.

    Returns:
        A tensor of the shape of `x`.
    """
    x = to_tensor(x)
    inverse = div_op(
        1.0, sqrt_op(add_op(to_tensor(variance, hint=x.dtype), variance_epsilon))
    )
    if scale is not None:
        inverse = mul_op(inverse, scale)
    shift = mul_op(mean, inverse)
    centred = sub_op(mul_op(x, inverse), shift)
    return centred if offset is None else add_op(centred, offset)


def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    keepdims: bool = False,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and variance over axes.

    Args:
        x: a float tensor.
        axes: the axes.
        shift: ignored, as in TensorFlow.
        keepdims: keep those axes with size 1.
        name: ignored when eager.

    Returns:
        The mean and the (biased) variance; half precisions are computed in float32.

    Raises:
        TypeError: for integers, whose variance would be one too.

    Example:
        >>> import rillet as tf
        >>> mean, variance = tf.nn.moments(tf.constant([1., 3.]), axes=[0])
        >>> float(mean), float(variance)
        (2.0, 1.0)
    """
    given = to_tensor(x)
    if not (given.dtype.is_floating or given.dtype.is_complex):
        raise TypeError(
            house_message(
                "moments",
                "`x` must be of a float type",
                describe(given),
                "Convert it with tf.cast(x, tf.float32)",
            )
        )
    narrow = given.dtype.size == 2
    values = cast_op(given, DstT=dtypes.float32) if narrow else given
    over = axis_or_none("moments", axes)
    mean = mean_op(values, over, keep_dims=True)
    variance = mean_op(square_op(sub_op(values, mean)), over, keep_dims=keepdims)
    if not keepdims:
        mean = reshape_op(mean, static_dims(variance))
    if narrow:
        return cast_op(mean, DstT=given.dtype), cast_op(variance, DstT=given.dtype)
    return mean, variance


def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """A regularisation loss over the number of replicas, of which there is one."""
    return sum_op(to_tensor(regularization_loss), None)


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Tensor:
    """The sum of losses over the number of examples in the global batch.

    Args:
        per_example_loss: losses, an example a row.
        sample_weight: weights that multiply them, or None.
        global_batch_size: the number to divide by; the size of the batch where None.

    Returns:
        A scalar.
    """
    losses = to_tensor(per_example_loss)
    if sample_weight is not None:
        losses = mul_op(losses, to_tensor(sample_weight, hint=losses.dtype))
    size = (
        static_dims(losses)[0] if global_batch_size is None else int(global_batch_size)
    )
    return div_op(sum_op(losses, None), float(size))
