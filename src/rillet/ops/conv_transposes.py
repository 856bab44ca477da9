"""Transposed convolutions of `tf.nn`: each is the gradient of a convolution's input.

In flow tensors and TensorFlow's arguments; out flow tensors. Keras's transposed layers
call these too. Shapes below are those of channels last.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops import conv
from rillet.ops.host import integers
from rillet.ops.window_arguments import (
    default_format,
    padding_attributes,
    per_axis,
    plain_padding,
    rank_of,
    spatial_axes,
    with_axis,
    without_axis,
)


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A transposed convolution along one axis.

    Args:
        input: `(batch, width, in)`.
        filters: `(window, out, in)`.
        output_shape: the three sizes of the result.
        strides: from where one element is put to where the next is.
        padding: "SAME" or "VALID".
        data_format: "NWC" or "NCW".
        dilations: from a tap to the next.
        name: ignored when eager.

    Returns:
        A tensor of `output_shape`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> w = [[[1.0]], [[10.0]]]
        >>> y = tf.nn.conv1d_transpose([[[1.0], [2.0]]], w, [1, 4, 1], 2)
        >>> y.numpy().ravel()
        array([ 1., 10.,  2., 20.], dtype=float32)
    """
    op = "conv1d_transpose"
    space = spatial_axes(op, data_format or "NWC", 3)
    wide = {"NWC": "NHWC", "NCW": "NCHW"}.get(data_format or "NWC", str(data_format))
    steps = per_axis(op, "strides", strides, space, data_format)
    rates = per_axis(op, "dilations", dilations, space, data_format)
    sizes = integers(op, "output_shape", output_shape)
    axis = 2 if wide == "NCHW" else 1
    g = to_tensor(input)
    w = to_tensor(filters, hint=g.dtype)
    y = conv.conv2d_input_op(
        (*sizes[:axis], 1, *sizes[axis:]),
        with_axis(w, 0) if rank_of(w) == 3 else w,
        with_axis(g, axis) if rank_of(g) == 3 else g,
        strides=(*steps[:axis], 1, *steps[axis:]),
        padding=plain_padding(op, padding),
        data_format=wide,
        dilations=(*rates[:axis], 1, *rates[axis:]),
    )
    result: Tensor = without_axis(y, axis)
    return result


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A transposed convolution over two axes.

    Args:
        input: `(batch, height, width, in)`.
        filters: `(window height, window width, out, in)`.
        output_shape: the four sizes of the result.
        strides: one number, two, or four.
        padding: "SAME", "VALID", or (before, after) for each of the four axes.
        data_format: "NHWC" or "NCHW".
        dilations: from a tap to the next: one number, two, or four.
        name: ignored when eager.

    Returns:
        A tensor of `output_shape`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.conv2d_transpose(
        ...     tf.ones([1, 2, 2, 1]), tf.ones([2, 2, 3, 1]), [1, 4, 4, 3], 2)
        >>> y.shape
        TensorShape([1, 4, 4, 3])
    """
    op = "conv2d_transpose"
    g = to_tensor(input)
    y: Tensor = conv.conv2d_input_op(
        integers(op, "output_shape", output_shape),
        to_tensor(filters, hint=g.dtype),
        g,
        strides=per_axis(op, "strides", strides, 2, data_format),
        data_format=data_format or default_format(2),
        dilations=per_axis(op, "dilations", dilations, 2, data_format),
        **padding_attributes(op, padding, 4),
    )
    return y


def conv3d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A transposed convolution over three axes.

    Args:
        input: `(batch, depth, height, width, in)`.
        filters: `(window depth, window height, window width, out, in)`.
        output_shape: the five sizes of the result.
        strides: one number, three, or five.
        padding: "SAME" or "VALID".
        data_format: "NDHWC" or "NCDHW".
        dilations: from a tap to the next: one number, three, or five.
        name: ignored when eager.

    Returns:
        A tensor of `output_shape`.

    Raises:
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.conv3d_transpose(
        ...     tf.ones([1, 1, 1, 1, 1]), tf.ones([2, 2, 2, 3, 1]), [1, 2, 2, 2, 3], 2)
        >>> float(tf.reduce_sum(y))
        24.0
    """
    op = "conv3d_transpose"
    g = to_tensor(input)
    y: Tensor = conv.conv3d_input_op(
        integers(op, "output_shape", output_shape),
        to_tensor(filters, hint=g.dtype),
        g,
        strides=per_axis(op, "strides", strides, 3, data_format),
        padding=plain_padding(op, padding),
        data_format=data_format or default_format(3),
        dilations=per_axis(op, "dilations", dilations, 3, data_format),
    )
    return y


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """A transposed convolution over as many axes as `output_shape` has: 1, 2 or 3.

    Args:
        input: `(batch, *space, in)`.
        filters: `(*window, out, in)`.
        output_shape: the sizes of the result, all of them.
        strides: one number, or one a spatial axis.
        padding: "SAME" or "VALID".
        data_format: channels first if it begins with "NC".
        dilations: one number, or one a spatial axis.
        name: ignored when eager.

    Returns:
        A tensor of `output_shape`.

    Raises:
        ValueError: `output_shape` has not 3, 4 or 5 sizes.
        InvalidArgumentError: where shapes do not fit.

    Example:
        >>> import rillet as tf
        >>> x, w = tf.ones([1, 2, 1]), tf.ones([3, 4, 1])
        >>> tf.nn.conv_transpose(x, w, [1, 6, 4], 3).shape
        TensorShape([1, 6, 4])
    """
    sizes = integers("conv_transpose", "output_shape", output_shape)
    space = spatial_axes("conv_transpose", None, len(sizes))
    function: Any = (conv1d_transpose, conv2d_transpose, conv3d_transpose)[space - 1]
    layout = data_format or default_format(space)
    y: Tensor = function(input, filters, sizes, strides, padding, layout, dilations)
    return y


def atrous_conv2d_transpose(
    value: Any,
    filters: Any,
    output_shape: Any,
    rate: int,
    padding: Any,
    name: str | None = None,
) -> Tensor:
    """A transposed convolution over two axes whose taps lie `rate` apart.

    Args:
        value: `(batch, height, width, in)`.
        filters: `(window height, window width, out, in)`.
        output_shape: the four sizes of the result.
        rate: from a tap to the next, along both axes.
        padding: "SAME" or "VALID".
        name: ignored when eager.

    Returns:
        A tensor of `output_shape`.

    Example:
        >>> import rillet as tf
        >>> y = tf.nn.atrous_conv2d_transpose(
        ...     tf.ones([1, 1, 1, 1]), tf.ones([2, 2, 1, 1]), [1, 3, 3, 1], 2, "VALID")
        >>> y.numpy()[0, :, :, 0]
        array([[1., 0., 1.],
               [0., 0., 0.],
               [1., 0., 1.]], dtype=float32)
    """
    return conv2d_transpose(value, filters, output_shape, 1, padding, dilations=rate)
